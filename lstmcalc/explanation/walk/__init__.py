"""A whole model in words: the model in a few lines, then layer by layer what comes in, what happens, what goes out."""

from __future__ import annotations

from collections.abc import Iterator

from lstmcalc.errors import Fault
from lstmcalc.explanation.choices import Choice, other_choices
from lstmcalc.explanation.facts import Facts
from lstmcalc.explanation.keras_calls import written
from lstmcalc.explanation.walk.layer import choice_sentences, frozen_sentences, own_sentences, placed_sentences
from lstmcalc.explanation.walk.overview import about_model
from lstmcalc.explanation.walk.places import Place, inner_places
from lstmcalc.explanation.whole import Remark
from lstmcalc.explanation.words import Sentence, told_once
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.rule import LayerRule
from lstmcalc.nesting import ModelRule
from lstmcalc.report import LayerReport, Report
from lstmcalc.spec import Spec

__all__ = ["KINDS", "ModelExplanation", "WalkedLayer", "explain_model", "explain_place", "outermost"]

#: The kinds of sentences on a layer, in the order in which they are read.
KINDS = ("layer", "purpose", "gives", "shape", "params", "cost", "states", "mask", "note", "choice", "hint")


class WalkedLayer(NamedTuple):
    """A layer and what is said of it; `path` is its name behind those of the models around it, `call` its Keras call.

    Of a sentence whose like an earlier layer has said, `brief` holds what is left to say. `like` is the path of an
    earlier layer that is the same in all but where it stands; nothing but that then needs to be said.
    """

    path: str
    call: str
    layer: LayerReport
    sentences: tuple[Sentence, ...]
    like: str = ""

    def texts(self, kind: str, brief: bool = False) -> list[str]:
        """The sentences of a kind, in full or what is left to say of them."""
        texts = (sentence.brief if brief else sentence.text for sentence in self.sentences if sentence.kind == kind)
        return [text for text in texts if text]


class ModelExplanation(NamedTuple):
    """A model as a walk: what is said of the whole, every layer, and the hints that no layer stands for."""

    source: str
    name: str
    overview: tuple[Remark, ...]
    layers: tuple[WalkedLayer, ...]
    hints: tuple[Fault, ...] = ()


def explain_model(spec: Spec, report: Report) -> ModelExplanation:
    """Explains every layer of a model; `spec` is the one that the report was inferred from.

    >>> from lstmcalc import infer, load
    >>> spec = load("model.yaml", text="{input: [10, 32], layers: [LSTM: 64, Dense: 1]}")
    >>> walk = explain_model(spec, infer(spec))
    >>> walk.layers[0].texts("shape")
    ['`return_sequences: false` drops the 10 steps, which leaves 2 axes; the last axis is `units` = 64.']
    """
    return explain_place(outermost(spec, report))


def outermost(spec: Spec, report: Report) -> Place:
    """The whole model as a place."""
    return Place(spec, report, (), dict(spec.symbols))


def explain_place(place: Place) -> ModelExplanation:
    """Explains a model that may stand inside another one."""
    walk = _Walk()
    layers = tuple(walk.layers(place))
    report, said = place.report, {layer.layer.name for layer in layers}
    inner = {hint for layer in report.layers if layer.nested for hint in _all_hints(layer.nested)}
    left = [hint for hint in report.hints if hint not in inner and not (hint.layer and hint.layer[0] in said)]
    name = "/".join(place.path) or report.name
    return ModelExplanation(report.source, name, tuple(about_model(place, walk.facts)), layers, tuple(left))


def _all_hints(report: Report) -> Iterator[Fault]:
    yield from report.hints
    for layer in report.layers:
        if layer.nested:
            yield from _all_hints(layer.nested)


class _Own(NamedTuple):
    """What follows from a layer and its input alone, and the path of the first such layer."""

    facts: Facts | None
    sentences: tuple[Sentence, ...]
    choices: tuple[Choice, ...]
    path: str


class _Walk:
    """One walk; what a layer says by itself is found once for all that are alike."""

    def __init__(self) -> None:
        self.alike: dict[object, _Own] = {}
        self.facts: dict[str, Facts] = {}
        self.said: set[str] = set()
        self.hints: dict[str, set[str]] = {}

    def layers(self, place: Place) -> Iterator[WalkedLayer]:
        """The layers of a model in the report's order, those of a nested model behind it."""
        for layer in place.report.layers:
            rule = place.rule(layer.name)
            own = self._own(place, layer, rule)
            path = place.full_name(layer.name)
            if own.facts is not None:
                self.facts[path] = own.facts
            here = tuple(placed_sentences(place, layer, rule, own.facts))
            beside = *frozen_sentences(layer, own.facts), *choice_sentences(place, layer, own.choices)
            sentences = (*here, *own.sentences, *beside)
            call = own.facts.call if own.facts else ""
            codes = {sentence.subject for sentence in here if sentence.kind == "hint"}
            if own.path == path:
                self.hints[path] = codes
            elif _is_plain(layer, here) and codes <= self.hints.get(own.path, set()):
                yield WalkedLayer(path, call, layer, sentences, own.path)
                continue
            yield WalkedLayer(path, call, layer, tuple(told_once(sentences, self.said)))
            for inner in inner_places(place, layer):
                yield from self.layers(inner)

    def _own(self, place: Place, layer: LayerReport, rule: LayerRule | None) -> _Own:
        path = place.full_name(layer.name)
        key = _key(place, layer, rule)
        if key is None or key not in self.alike:
            facts = place.facts(layer, rule)
            own = _Own(facts, (), (), path)
            if facts is not None:
                own = _Own(facts, tuple(own_sentences(facts)), tuple(other_choices(facts.rule, facts.x)), path)
            if key is None or facts is None:
                return own
            self.alike[key] = own
        return self.alike[key]


def _key(place: Place, layer: LayerReport, rule: LayerRule | None) -> object:
    """What makes two layers say the same of themselves; None where they are not to be compared."""
    if rule is None or isinstance(rule, ModelRule) or not layer.calls:
        return None
    call = place.calls.get((layer.name, 0))
    told = place.told(call) if call else None
    if told is None:
        return None
    text = written(rule, place.spec.layers[layer.name].class_name)
    first, totals = layer.calls[0], layer.totals
    counts = totals.params, totals.trainable_params
    given = repr((told, first.inputs, first.outputs, first.believed, first.mask, counts))
    return text, rule.class_name, given, repr(getattr(rule, "stateful", None)), layer.known


def _is_plain(layer: LayerReport, here: tuple[Sentence, ...]) -> bool:
    """Whether nothing but its inputs and outputs, and its hints, tells a layer from others like it."""
    return len(layer.calls) == 1 and not any(sentence.kind == "note" for sentence in here)
