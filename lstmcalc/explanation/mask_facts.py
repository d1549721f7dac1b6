"""What a layer does with a mask, whatever the model: its first example is run with masks, and with other arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lstmcalc.dims import lift
from lstmcalc.errors import Fault, SpecError
from lstmcalc.explanation.masking import mask_sentences, not_handed
from lstmcalc.frozen import NamedTuple
from lstmcalc.inference import Walk
from lstmcalc.layers.recurrent_hints import argument_text
from lstmcalc.layers.rule import RULES, Example, LayerRule, Shape
from lstmcalc.masks import Array
from lstmcalc.report import MaskReport
from lstmcalc.sources.layer_call import read_call
from lstmcalc.spec import Call, InputSpec, LayerSpec, Namer, Ref, Spec

__all__ = ["MaskFact", "mask_facts"]

NAME = "layer"


class MaskFact(NamedTuple):
    """What a layer does with a mask, and when, if not always."""

    when: str
    sentences: Sequence[str]


class Trial(NamedTuple):
    """One run of a layer on masks: what became of them, in a word and in sentences, or why they do not fit."""

    role: str
    sentences: Sequence[str]
    fault: Fault | None = None


def mask_facts(class_name: str) -> Iterator[MaskFact]:
    """What the layer does with a mask; then what is otherwise with another argument, with fewer masks, with states.

    >>> [fact.when for fact in mask_facts("GRU")]
    ['', 'With `return_sequences: true`', 'With `initial_state`']
    """
    rule = RULES[class_name]
    example = next((case for case in vars(rule).get("examples", ()) if isinstance(case, Example)), None)
    if example is None:
        return
    arguments = _read(rule, example.arguments)
    usual = _fitting(rule, example, arguments)
    yield MaskFact("", usual.sentences)
    for text, changed in _changes(rule, arguments):
        other = _fitting(rule, example, changed)
        if other.role not in (usual.role, "none", "unknown"):
            yield MaskFact(f"With {text}", other.sentences)
    if isinstance(example.inputs, list) and usual.role not in ("lost", "none", "unknown"):
        alone = _fitting(rule, example, arguments, alone=True)
        if alone.sentences != usual.sentences:
            yield MaskFact("With a mask on the first input alone", alone.sentences)
    if rule.takes_state and rule.takes_mask:
        yield MaskFact("With `initial_state`", list(not_handed()))


def _read(rule: type[LayerRule], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """An example's arguments, with the layers that are written as calls."""
    namer = Namer()

    def read(key: str, value: Any) -> Any:
        if rule.arguments[key].kind not in ("layer", "layers"):
            return value
        if isinstance(value, (list, tuple)):
            return [read(key, item) for item in value]
        return read_call(value, namer) if isinstance(value, str) else value

    return {key: read(key, value) for key, value in arguments.items()}


def _changes(rule: type[LayerRule], arguments: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each argument that is true or false turned around, also that of a wrapped layer; with how one says it."""
    for key, argument in rule.arguments.items():
        if isinstance(argument.default, bool):
            turned = not arguments.get(key, argument.default)
            yield argument_text(key, turned), {**arguments, key: turned}
    wrapped = arguments.get("layer")
    if isinstance(wrapped, LayerSpec) and wrapped.class_name in RULES:
        for text, changed in _changes(RULES[wrapped.class_name], wrapped.arguments):
            inner = wrapped.changed(arguments=changed)
            yield f"{text} on the {wrapped.class_name} inside", {**arguments, "layer": inner}


def _fitting(rule: type[LayerRule], example: Example, arguments: Mapping[str, Any], alone: bool = False) -> Trial:
    """The layer on the masks that it usually gets, or else on those that fit it."""
    shapes = example.inputs if isinstance(example.inputs, list) else [example.inputs]
    first: Trial | None = None
    for most in (2, 9):
        # Usually a mask has the first two axes; what does not take that is shown what fits.
        masks = [None if alone and index else lift(shape[: min(most, len(shape) - (most == 2))])
                 for index, shape in enumerate(shapes)]  # fmt: skip
        trial = _try(rule, example, arguments, masks)
        if trial.fault is None:
            wanted = [] if first is None or first.fault is None else [f"It takes {first.fault.expected}."]
            return trial._replace(sentences=[*wanted, *trial.sentences])
        first = first or trial
    return Trial("none", [])


def _try(rule: type[LayerRule], example: Example, arguments: Mapping[str, Any], masks: Sequence[Shape | None]) -> Trial:
    shapes = [*(example.inputs if isinstance(example.inputs, list) else [example.inputs]), *example.states]
    ports = [InputSpec(f"input_{i}", tuple(shape[1:]), example.dtype) for i, shape in enumerate(shapes)]
    refs = tuple(Ref(port.name) for port in ports)
    number = len(masks)
    call = Call(NAME, refs[:number], refs[number:], keywords=example.keywords)
    layer = LayerSpec(rule.__name__, NAME, arguments)
    walk = Walk(Spec("m", tuple(ports), {NAME: layer}, (call,), (Ref(NAME),), batch=shapes[0][0]), {})
    try:
        walk.run()
        if walk.faults:
            return Trial("none", [])
        followed = walk.follow([Array(mask) for mask in masks])
    except SpecError:
        return Trial("none", [])
    if followed.faults:
        return Trial("none", [], followed.faults[0])
    made = walk.layers[NAME].rule
    told = next(layer for layer in followed.report.layers if layer.name == NAME).calls[0]
    assert made is not None
    mask: MaskReport = told.mask._replace(needed=True)
    return Trial(mask.role, mask_sentences(made, told._replace(mask=mask)))
