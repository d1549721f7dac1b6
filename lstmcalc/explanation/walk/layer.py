"""What a walk says of one layer: what comes in and from where, what it does, what goes out, and what else it could be.

What follows from the rule alone comes from the sentences that a pasted summary gets, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lstmcalc.errors import Fault
from lstmcalc.explanation.cells import states_of
from lstmcalc.explanation.choices import Choice
from lstmcalc.explanation.costs.model import cost_sentence
from lstmcalc.explanation.counts import count_sentences
from lstmcalc.explanation.facts import Facts
from lstmcalc.explanation.masking import mask_sentences
from lstmcalc.explanation.output_shapes import shape_sentences, units_sentences
from lstmcalc.explanation.purposes import true_purpose
from lstmcalc.explanation.reads import described, reads_from
from lstmcalc.explanation.walk.places import Place, ordinals
from lstmcalc.explanation.words import ROLES, Sentence, as_sentence, joined, kind_of, listed, named_up_to, quoted
from lstmcalc.layers.kinds import is_bidirectional, is_recurrent, is_stated
from lstmcalc.layers.rule import LayerRule
from lstmcalc.nesting import ModelRule
from lstmcalc.report import CallReport, LayerReport
from lstmcalc.shapes import show_count, show_shape

__all__ = ["choice_sentences", "frozen_sentences", "own_sentences", "placed_sentences"]

#: More names, applications or counts than these are not listed one by one.
MOST_NAMED = 4


def own_sentences(facts: Facts) -> Iterator[Sentence]:
    """What follows from the layer and its input alone, wherever it stands."""
    rule = facts.rule
    if is_stated(rule):
        text = f"lstmcalc has no rule for {rule.class_name}: its output and its count are what the source states."
        yield Sentence("note", text, subject=f"stated {rule.class_name}")
    elif purpose := true_purpose(facts):
        yield Sentence("purpose", purpose)
    for sentence in shape_sentences(facts):
        # What a layer does to the axes of this model is said every time.
        yield Sentence("shape", sentence.text, sentence.text)
    if facts.params is None or facts.params == 0:
        text = "It has no weights." if facts.params == 0 else "The count depends on a size that is left open."
        yield Sentence("params", text, text)
    else:
        yield from count_sentences(facts)
    yield from _states(facts)
    yield from units_sentences(rule)


def choice_sentences(place: Place, layer: LayerReport, choices: Sequence[Choice]) -> Iterator[Sentence]:
    """What else the layer could be, and which layers of this model could then not read it."""
    for number, choice in enumerate(choices):
        refusing = _refusing(place, layer, choice)
        refused = listed(named_up_to(map(quoted, refusing), MOST_NAMED))
        which = f", which {refused} cannot read" if refusing else ""
        crowded = _crowded(place, layer, choice)
        missed = any(index >= len(choice.outputs) for index in place.leaving(layer.name, 0))
        needs = f"; {place.owner} needs the others, which are its outputs" if missed else ""
        text = f"{choice.written}: {choice.change}{which}{needs}{crowded}."
        subject = f"{layer.class_name} {choice.argument} {choice.inside}"
        yield Sentence("choice", text, text if number == 0 and choice.weight < 2 else "", subject)


def _refusing(place: Place, layer: LayerReport, choice: Choice) -> list[str]:
    """The layers that read this one and refuse what it would give."""
    if len(layer.calls) != 1 or choice.outputs == choice.outputs_here:
        return []
    readers = place.readers.get((layer.name, 0), [])
    return [name for name in readers if place.refuses(name, layer.name, choice.outputs)]


def _crowded(place: Place, layer: LayerReport, choice: Choice) -> str:
    """That the next layer of a Sequential would get several outputs, and whether it reads one."""
    readers = place.readers.get((layer.name, 0), [])
    rule = place.rule(readers[0]) if place.report.sequential and readers else None
    if rule is None or len(choice.outputs) < 2:
        return ""
    # Layers for any number of axes, such as Dropout, mostly take several arrays as well.
    refused = ", which takes one" if rule.arity[1] == 1 and rule.axes != "..." else ""
    return f"; a Sequential would hand all {len(choice.outputs)} to the next layer{refused}"


def placed_sentences(
    place: Place, layer: LayerReport, rule: LayerRule | None, facts: Facts | None
) -> Iterator[Sentence]:
    """What follows from where the layer stands."""
    if layer.class_name == "InputLayer" and rule is None:
        yield from _input(place, layer)
        return
    if facts is not None:
        yield _reads(place, layer, facts)
    elif isinstance(rule, ModelRule):
        yield from _model(place, layer)
    else:
        yield from _without_facts(place, layer)
    yield from _applications(place, layer)
    if layer.calls and layer.calls[0].outputs is not None:
        text = f"{_shapes(layer.calls[0].outputs)}{_goes_to(place, layer)}."
        yield Sentence("gives", text, text)
    if rule is not None and layer.calls and layer.calls[0].outputs is not None:
        yield from (Sentence("mask", text, text) for text in mask_sentences(rule, layer.calls[0]))
    if text := cost_sentence(layer):
        yield Sentence("cost", text, text)
    yield from _conditions(place, layer)
    yield from (_hint(hint) for hint in place.report.hints if hint.layer and hint.layer[0] == layer.name)


def _input(place: Place, layer: LayerReport) -> Iterator[Sentence]:
    port = place.ports.get(layer.name)
    dtype = f" {port.dtype}" if port else ""
    shapes = _shapes(layer.calls[0].outputs or ()) if layer.calls else "?"
    text = f"{shapes}{dtype}, an input of {place.owner}{_goes_to(place, layer)}."
    yield Sentence("gives", text, text)


def _reads(place: Place, layer: LayerReport, facts: Facts) -> Sentence:
    """`` `LSTM(128)` reads (None, 10, 50) from "embedding": 10 steps of 50 features. ``"""
    call = place.calls[layer.name, 0]
    text, words = reads_from(facts, [place.called(ref.name) for ref in call.inputs]), described(facts)
    text = f"{text}: {words}." if words else f"{text}."
    if facts.rule.family == "attention" and len(call.inputs) > 1:
        three = f"They are {listed(f'the {role}' for role in ROLES)}."
        text += f" {three if len(call.inputs) == 3 else 'The first is the query, the second both value and key.'}"
    if call.initial_state:
        givers = list(dict.fromkeys(place.called(ref.name) for ref in call.initial_state))
        states = "state" if len(call.initial_state) == 1 else "states"
        text += f" It starts from the {states} that {listed(givers)} {'give' if len(givers) > 1 else 'gives'}."
    return Sentence("layer", text, text)


def _model(place: Place, layer: LayerReport) -> Iterator[Sentence]:
    """A model that is used as a layer."""
    first = layer.calls[0] if layer.calls else None
    text = (
        f"A model, used as a layer.{_from(place, first)} Its own layers follow, as `{place.full_name(layer.name)}/…`."
    )
    yield Sentence("layer", text, text)
    counts = [inner.params for inner in layer.nested.layers if inner.params != 0] if layer.nested else []
    if not counts:
        yield Sentence("params", "It has no weights.")
    elif layer.known:
        steps = f"{' + '.join(map(show_count, counts))} = " if 1 < len(counts) <= MOST_NAMED else ""
        text = f"{steps}{show_count(layer.params)} params: those of its layers."
        yield Sentence("params", text, text)


def _without_facts(place: Place, layer: LayerReport) -> Iterator[Sentence]:
    """A layer of which the rule does not say what it does here."""
    first = layer.calls[0] if layer.calls else None
    if first is None:
        return
    if None in first.inputs:
        sources = listed(dict.fromkeys(map(place.called, first.connected_to)))
        text = f"What it reads from {sources} is not known."
    else:
        unknown = " What it gives is not known: see the errors." if first.outputs is None else ""
        text = f"{_from(place, first).strip()}{unknown}".strip()
    yield Sentence("layer", text, text)
    if layer.known and layer.params is not None:
        count = " = ".join(filter(None, (layer.arithmetic, show_count(layer.params))))
        text = f"{count} params." if layer.params != 0 else "It has no weights."
        yield Sentence("params", text, text)


def _from(place: Place, call: CallReport | None) -> str:
    """What a call reads, as a sentence behind another one."""
    if call is None or not call.inputs:
        return ""
    sources = listed(dict.fromkeys(map(place.called, call.connected_to)))
    return f" It reads {listed(map(show_shape, call.inputs))}{f' from {sources}' if sources else ''}."


def _applications(place: Place, layer: LayerReport) -> Iterator[Sentence]:
    """The other places of a layer that stands at several."""
    others = layer.calls[1:]
    if not others:
        return
    parts = []
    for number, call in enumerate(others, start=1):
        sources = listed(dict.fromkeys(map(place.called, call.connected_to)))
        gives = f", and gives {_shapes(call.outputs)}" if call.outputs else ""
        parts.append(f"{listed(map(show_shape, call.inputs))} from {sources}{gives}{_goes_to(place, layer, number)}")
    shown = "; ".join(named_up_to(parts, MOST_NAMED))
    text = f"It is used {len(layer.calls)} times, with the same weights, which count once. It also reads {shown}."
    yield Sentence("layer", text, text)


def _goes_to(place: Place, layer: LayerReport, number: int = 0) -> str:
    """Where an application's output goes: whether it leaves the model, and the layers that read it, unless that is the
    next layer alone.
    """
    name, mine = layer.name, place.leaving(layer.name, number)
    parts, leaves = [], ""
    if mine:
        article = "an" if len(place.report.outputs) > len(mine) else "the"
        of = f"{article} output of {place.owner}" if len(mine) == 1 else f"outputs of {place.owner}"
        several = len(layer.calls[number].outputs or ()) > 1
        leaves = f"{ordinals(mine)} {'is' if len(mine) == 1 else 'are'} {of}" if several else ""
        parts += [] if several else [of]
    follows = place.following.get(name, place.following[""])
    readers = place.readers.get((name, number), [])
    if readers and (readers != follows or mine or number):
        parts.append(f"read by {listed(named_up_to(map(quoted, readers), MOST_NAMED))}")
    if leaves:
        # Which of its outputs the readers take is theirs to say.
        parts = [f"{parts[0]}, and {leaves}" if parts else f"of which {leaves}"]
    return f", {' and '.join(parts)}" if parts else ""


def _shapes(shapes: Iterable[Sequence[Any]] | None) -> str:
    return listed(map(show_shape, shapes or ()))


def frozen_sentences(layer: LayerReport, facts: Facts | None) -> Iterator[Sentence]:
    """That training leaves all weights alone, where that is not because of what they are."""
    totals = layer.totals
    if not layer.weights or totals.trainable_params != 0:
        return
    if facts is None or any(weight.trainable for weight in facts.rule.weights(facts.x)):
        because = ": `trainable: false`" if facts and getattr(facts.rule, "trainable", True) is False else ""
        text = f"None of them is trained{because}."
        yield Sentence("params", text, text)


def _states(facts: Facts) -> Iterator[Sentence]:
    """What a recurrent layer keeps from step to step, and whether from batch to batch."""
    rule = facts.rule
    inner = rule.layer if is_bidirectional(rule) else rule
    if not is_recurrent(inner):
        return
    shapes = [show_shape(shape) for shape in inner.state_shapes(facts.x)]
    names = [f"{letter} ({name})" for letter, name in states_of(inner).items()]
    named = f", {listed(names)}" if len(names) == len(shapes) else ""
    each = " each" if len(set(shapes)) == 1 and len(shapes) > 1 else ""
    where = " in each direction" if inner is not rule else ""
    what = "Its states" if len(shapes) > 1 else "Its state"
    held = f"{shapes[0]}{each}" if len(set(shapes)) == 1 else listed(shapes)
    verb = "are" if len(shapes) > 1 else "is"
    yield Sentence("states", f"{what}{where}{named}, {verb} {held}." if named else f"{what}{where} {verb} {held}.")
    if not facts.x.states:
        yield Sentence("states", _kept(inner, len(shapes) > 1))


def _kept(rule: Any, several: bool) -> str:
    """What the states are before the first step of a batch."""
    if not rule.stateful:
        return "Every batch starts with zeros: `stateful: false` keeps nothing from batch to batch."
    start, stand = ("They start", "they stand") if several else ("It starts", "it stands")
    reset = "`reset_states()`" if rule.family == "legacy" else "`reset_state()`"
    return f"{start} every batch as {stand} after the one before, by `stateful: true`, until {reset} is called."


def _conditions(place: Place, layer: LayerReport) -> Iterator[Sentence]:
    """What must be true for the model to be right, where that is for this layer to say."""
    for held in place.report.assumptions:
        if held.layer == layer.name:
            text = f"This holds only if {held}."
            yield Sentence("note", text, text)


def _hint(hint: Fault) -> Sentence:
    """A hint as a sentence, with what to do about it; where the same was said before, without."""
    brief = as_sentence(hint.message if hint.expected or not hint.got else hint.message.removeprefix("got "))
    return Sentence("hint", joined(brief, as_sentence(hint.fix)), brief, f"{hint.code} {kind_of(hint)[-1]}")
