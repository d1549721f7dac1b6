"""Where a layer stands in a model: what feeds it, what reads it, and its rule run on what the report says it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lstmcalc.building import Builder
from lstmcalc.dims import Dim, lift, lift_size, lower, parse, substitute, symbol, symbols_of
from lstmcalc.errors import Rejection, SpecError
from lstmcalc.explanation.facts import Facts, run
from lstmcalc.explanation.keras_calls import differs, reduced, written
from lstmcalc.explanation.words import listed, quoted
from lstmcalc.frozen import NamedTuple
from lstmcalc.graph import numbered_calls
from lstmcalc.inference import Walk
from lstmcalc.layers.rule import Inputs, LayerRule
from lstmcalc.layers.rule import Shape as Dims
from lstmcalc.nesting import ModelRule
from lstmcalc.report import LayerReport, Port, Report, Shape
from lstmcalc.spec import Call, Ref, Spec

__all__ = ["Place", "Told", "inner_places", "ordinals"]


class Told(NamedTuple):
    """What a call is told besides its inputs: shapes of first states, and keywords with shapes for outputs."""

    states: tuple[Shape, ...]
    keywords: Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """A model with its report, where in the whole it stands (`path`, the names of the layers that hold it), and what
    its symbols stand for there.
    """

    spec: Spec
    report: Report
    path: tuple[str, ...]
    values: Mapping[str, Dim]

    @cached_property
    def builder(self) -> Builder:
        """Makes rules, also of layers that hold a nested model."""
        return Walk(self.spec, self.values).builder

    @cached_property
    def calls(self) -> dict[tuple[str, int], Call]:
        """The calls by layer and number."""
        return numbered_calls(self.spec)

    @cached_property
    def layers(self) -> dict[str, LayerReport]:
        """The layers of the report by name."""
        return {layer.name: layer for layer in self.report.layers}

    @cached_property
    def readers(self) -> dict[tuple[str, int], list[str]]:
        """For each input and each application of a layer, the names of the layers that read what it gives."""
        found: dict[tuple[str, int], dict[str, None]] = {}
        for call in self.spec.calls:
            for ref in call.refs:
                if call.layer in self.layers:
                    found.setdefault((ref.name, ref.call), {})[call.layer] = None
        return {key: list(names) for key, names in found.items()}

    @cached_property
    def following(self) -> dict[str, list[str]]:
        """The name of the layer that stands behind each in the report, in a list of at most one; behind "" the first,
        inputs left out.
        """
        order = [layer.name for layer in self.report.layers if layer.class_name != "InputLayer"]
        return {name: order[place : place + 1] for place, name in enumerate(["", *order])}

    @cached_property
    def _leaving(self) -> dict[tuple[str, int], dict[int, None]]:
        found: dict[tuple[str, int], dict[int, None]] = {}
        for port in self.report.outputs:
            if port.ref:
                found.setdefault((port.ref.name, port.ref.call), {})[port.ref.index] = None
        return found

    @cached_property
    def ports(self) -> dict[str, Port]:
        """The inputs of the report by name."""
        return {port.name: port for port in reversed(self.report.inputs)}

    @cached_property
    def bound(self) -> Spec:
        """The spec with what its symbols stand for here."""
        return self.spec._replace(symbols=self.values)  # type: ignore[arg-type]  # sizes of a nested model may be open

    def called(self, name: str) -> str:
        """How a sentence calls what feeds a layer; a Sequential model shows no row for its input."""
        inputs = self.report.inputs
        return "the input" if self.report.sequential and len(inputs) == 1 and inputs[0].name == name else quoted(name)

    @property
    def owner(self) -> str:
        """How a sentence calls this model."""
        return quoted("/".join(self.path)) if self.path else "the model"

    def leaving(self, name: str, number: int) -> list[int]:
        """Which outputs of an application of a layer are outputs of the model."""
        return list(self._leaving.get((name, number), ()))

    def full_name(self, name: str) -> str:
        """A layer's name with those of the models around it: `encoder/reader`."""
        return "/".join((*self.path, name))

    def shape_of(self, ref: Ref) -> Shape | None:
        """What an output of a layer is, or a model input; None where that is not known."""
        port = self.ports.get(ref.name)
        if port is not None:
            return port.shape
        layer = self.layers.get(ref.name)
        outputs = layer.calls[ref.call].outputs if layer and ref.call < len(layer.calls) else None
        return outputs[ref.index] if outputs and ref.index < len(outputs) else None

    def told(self, call: Call) -> Told | None:
        """What a call is told besides its inputs; None where the shape of something is not known."""
        states = [self.shape_of(ref) for ref in call.initial_state]
        keywords = {key: self._told(value) for key, value in call.keywords.items()}
        known = [shape for shape in states if shape is not None]
        unknown = any(value is None and call.keywords[key] is not None for key, value in keywords.items())
        return None if unknown or len(known) < len(states) else Told(tuple(known), keywords)

    def _told(self, value: Any) -> Any:
        if isinstance(value, Ref):
            return self.shape_of(value)
        if isinstance(value, (list, tuple)):
            items = [self._told(item) for item in value]
            pairs = zip(items, value, strict=True)
            return None if any(item is None and isinstance(ref, Ref) for item, ref in pairs) else items
        return value

    def refuses(self, name: str, source: str, outputs: Sequence[Dims]) -> bool:
        """Whether a layer would refuse its input, if a layer that it reads gave other outputs."""
        rule, call, here = self.rule(name), self.calls[name, 0], self.layers[name].calls[0]
        if rule is None or None in here.inputs or here.outputs is None or len(self.layers[name].calls) != 1:
            return False
        told = self.told(call)
        if told is None or all(ref.name != source for ref in call.inputs):
            return False
        shapes = []
        for ref, shape in zip(call.inputs, here.inputs, strict=True):
            if ref.name == source and ref.index >= len(outputs):
                return True
            shapes.append(outputs[ref.index] if ref.name == source else lift(shape or ()))
        return _fails(rule, shapes, told)

    def rule(self, name: str) -> LayerRule | None:
        """The rule of a layer; None where its arguments are wrong, and for an input."""
        return self.builder.build(self.spec.layers[name]) if name in self.spec.layers else None

    def facts(self, layer: LayerReport, rule: LayerRule | None, number: int = 0) -> Facts | None:
        """What the rule says of an application of a layer; None where that is not what the report has."""
        here, call = layer.calls[number] if layer.calls else None, self.calls.get((layer.name, number))
        told = self.told(call) if call else None
        if rule is None or isinstance(rule, ModelRule) or here is None or told is None or here.outputs is None:
            return None
        inputs = [shape for shape in here.inputs if shape is not None]
        call_text = written(rule, self.spec.layers[layer.name].class_name)
        rule = reduced(rule, differs)
        done = run(rule, inputs, told.states, told.keywords) if len(inputs) == len(here.inputs) else None
        if done is None or tuple(map(lower, done[1])) != here.outputs:
            return None
        count = layer.formula, layer.arithmetic
        # What Keras believes of the shape is a hint of the layer's.
        return Facts(call_text, rule, *done, layer.params, *count, keywords=told.keywords)


def _fails(rule: LayerRule, shapes: Sequence[Dims], told: Told) -> bool:
    """Whether a rule refuses a call."""
    try:
        x = Inputs(shapes, rule.axis_names(len(shapes[0])), [lift(shape) for shape in told.states], told.keywords)
        rule.output_shape(x)
        rule.count(x)
    except (Rejection, SpecError):
        return True
    return False


def ordinals(places: Sequence[int]) -> str:
    """Which of several outputs are meant, counted from 0: `the second and the third`."""
    names = ("first", "second", "third", "fourth", "fifth")
    return listed(f"the {names[place]}" if place < len(names) else f"number {place + 1}" for place in places)


def inner_places(place: Place, layer: LayerReport) -> Iterator[Place]:
    """The model that a layer is, with the sizes that it is given there; nothing for any other layer."""
    if layer.nested is None or layer.name not in place.spec.layers:
        return
    spec = place.spec.models[place.spec.layers[layer.name].class_name]
    values = dict(place.values)
    for port, given in zip(spec.inputs, layer.nested.inputs, strict=True):
        for size, actual in zip(port.shape, (given.shape or ())[1:], strict=False):
            declared = substitute(parse(size), values) if isinstance(size, str) else size
            names = symbols_of(declared) if declared is not None else ()
            if len(names) == 1 and declared == symbol(names[0]):
                values[names[0]] = lift_size(actual)
    yield Place(spec, layer.nested, (*place.path, layer.name), values)
