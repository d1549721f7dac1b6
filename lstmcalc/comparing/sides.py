"""One of two models, ready to be laid beside the other: its layers with their arguments, and what each takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lstmcalc.comparing.arguments import resolved_arguments, shown_value
from lstmcalc.comparing.code import code_of_layer
from lstmcalc.comparing.difference import Amounts
from lstmcalc.conversion.arguments import written_key
from lstmcalc.dims import UNKNOWN, Dim, lift_size, symbols_of
from lstmcalc.errors import SpecError
from lstmcalc.explanation.keras_calls import written
from lstmcalc.explanation.walk.places import Place, inner_places
from lstmcalc.inference import infer
from lstmcalc.layers import find_rule
from lstmcalc.layers.costs import UNKNOWN_COST
from lstmcalc.nesting import ModelRule
from lstmcalc.opening import named_sizes
from lstmcalc.report import LayerReport, Report, Totals
from lstmcalc.spec import OWN_NAMES, LayerSpec, Spec, snake_case

__all__ = ["Part", "Side", "automatic", "in_same_names", "side_of"]

#: What the readers of sources, and Keras, call inputs without a name of their own.
INPUT_NAMES = ("input", "input_layer", "keras_tensor")


@dataclass(frozen=True)
class Part:
    """A layer of a model: its arguments, and what they are as text, by which it is recognised.

    `read` tells that a rule has taken the arguments, and filled in defaults; `kinds` are those of the arguments.
    """

    layer: LayerReport
    family: str
    automatic: bool
    arguments: Mapping[str, Any]
    call: str
    facts: tuple[tuple[str, str], ...]
    code: Mapping[str, str] = field(default_factory=dict)
    read: bool = True
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.layer.name

    @property
    def kind(self) -> str:
        """The layer's class; a model is one, however it was written."""
        return "model" if self.layer.nested is not None else self.layer.class_name


@dataclass(frozen=True)
class Side:
    """A model to compare, or one inside it; `costed` is the report with unknown sizes of inputs as symbols."""

    place: Place
    costed: Report
    trained: bool

    @property
    def spec(self) -> Spec:
        """The model."""
        return self.place.spec

    @property
    def report(self) -> Report:
        """What is known of it."""
        return self.place.report

    @cached_property
    def stand_ins(self) -> frozenset[str]:
        """The symbols that stand for sizes of inputs which are not known."""
        pairs = zip(self.report.inputs, self.costed.inputs, strict=False)
        sizes = (pair for old, new in pairs for pair in zip(old.shape or (), new.shape or (), strict=False))
        return frozenset(name for old, new in sizes if old is None for name in symbols_of(new))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The layers but for inputs, in Keras's order."""
        return tuple(self._part(layer) for layer in self.report.layers if layer.name in self.spec.layers)

    @cached_property
    def inputs(self) -> Mapping[str, int]:
        """The places of the inputs by name."""
        return {port.name: place for place, port in enumerate(self.report.inputs)}

    @cached_property
    def amounts(self) -> Mapping[str, Amounts]:
        """What each layer takes; a weight that several hold is counted once."""
        costs = {layer.name: layer.cost for layer in self.costed.layers}
        found = {}
        for layer in self.report.apart:
            weights = tuple(each._replace(trainable=each.trainable and self.trained) for each in layer.weights)
            cost = UNKNOWN_COST if self.spec.printed else costs.get(layer.name, layer.cost)
            counts = _counts(Totals.of(weights), layer.known)
            if self.spec.printed:
                counts = counts[0], *(counts[1:3] if self.spec.shows_trained else (UNKNOWN, UNKNOWN)), UNKNOWN
            found[layer.name] = Amounts(*counts, cost.macs, cost.flops)
        return found

    def inner(self, name: str) -> Side | None:
        """The model that a layer is; None for any other layer."""
        layer = self.place.layers[name]
        place = next(inner_places(self.place, layer), None)
        if place is None:
            return None
        costed = next((each.nested for each in self.costed.layers if each.name == name), None)
        return Side(place, costed or place.report, self.trained and place.spec.trainable)

    def refs_of(self, name: str) -> Iterator[tuple[tuple[str, tuple[Any, ...]], ...]]:
        """What each application of a layer is told, by name: its inputs, first states, and anything else."""
        for (layer, _), call in self.place.calls.items():
            if layer == name:
                told = [("", call.inputs), ("initial_state", call.initial_state)]
                told += [(key, self._told(name, key, value)) for key, value in sorted(call.keywords.items())]
                yield tuple((key, tuple(items)) for key, items in told if items)

    def _told(self, name: str, key: str, value: Any) -> tuple[Any, ...]:
        rule = self.place.rule(name)
        argument = rule.keywords.get(key) if rule else None
        drawn = rule is not None and key == "training" and rule.family.endswith("preprocessing")
        left_out = isinstance(value, (list, tuple)) and all(item is None for item in value)
        if value is None or left_out or drawn or (argument is not None and value == argument.default):
            # Keras writes down what was left out.
            return ()
        if key == "key" and self.spec.layers[name].class_name == "ops.GetItem":
            return (written_key(value),)
        return tuple(value) if isinstance(value, (list, tuple)) else (value,)

    def _part(self, layer: LayerReport) -> Part:
        spec = self.spec.layers[layer.name]
        rule = self.place.rule(layer.name)
        own = automatic(layer.name, layer.class_name)
        if layer.nested is not None:
            inner = self.inner(layer.name)
            facts = tuple((part.kind, str(part.facts)) for part in inner.parts) if inner else ()
            return Part(layer, "", own, {}, layer.class_name, facts)
        shape = next((shape for call in layer.calls for shape in call.inputs if shape), ())
        if rule is None or isinstance(rule, ModelRule):
            arguments, call, family = dict(spec.arguments), spec.class_name, ""
        else:
            arguments, call, family = (
                resolved_arguments(rule, spec, self.trained, shape),
                written(rule, spec.class_name),
                rule.family,
            )
        code = code_of_layer(spec)
        facts = tuple((key, shown_value(value)) for key, value in (*arguments.items(), *code.items()))
        return Part(layer, family, own, arguments, call, facts, code, rule is not None, _kinds(spec))


def _kinds(spec: LayerSpec) -> dict[str, str]:
    """The kinds of a layer's arguments by name, those of a layer that it wraps, too."""
    rule = find_rule(spec.class_name)
    found = {key: argument.kind for key, argument in rule.arguments.items()} if rule else {}
    for value in spec.arguments.values():
        if isinstance(value, LayerSpec):
            found = {**_kinds(value), **found}
    return found


def side_of(spec: Spec, report: Report, named: Spec, values: Mapping[str, int], batch: int | None) -> Side:
    """A model to compare; `named` is the same with names for unknown sizes of its inputs, in which costs are told."""
    bound: dict[str, Dim] = {**spec.symbols, **values}
    return Side(
        Place(spec, report, (), bound), _costed(spec, report, named_sizes(named), values, batch), spec.trainable
    )


def _costed(spec: Spec, report: Report, named: Spec, values: Mapping[str, int], batch: int | None) -> Report:
    """The report of a model in which sizes have names."""
    if named == spec:
        return report
    try:
        return infer(named, values, batch)
    except SpecError:
        return report


def in_same_names(spec: Spec, other: Spec, values: Mapping[str, int]) -> Spec:
    """A model in which unknown sizes of inputs have the names that the other model has for them."""
    inputs = []
    for place, port in enumerate(spec.inputs):
        theirs = other.inputs[place].shape if place < len(other.inputs) else ()
        shape = tuple(
            theirs[axis] if size is None and axis < len(theirs) and _is_open(theirs[axis], other, values) else size
            for axis, size in enumerate(port.shape)
        )
        inputs.append(port._replace(shape=shape))
    return spec._replace(inputs=tuple(inputs))


def _is_open(size: Any, spec: Spec, values: Mapping[str, int]) -> bool:
    return isinstance(size, str) and size.isidentifier() and size not in spec.symbols and size not in values


def _counts(totals: Totals, known: bool) -> tuple[Dim, Dim, Dim, Dim]:
    if not known:
        return (UNKNOWN,) * 4
    frozen = totals.non_trainable_params
    return lift_size(totals.params), lift_size(totals.trainable_params), lift_size(frozen), lift_size(totals.bytes)


def automatic(name: str, class_name: str) -> bool:
    """Whether a layer has a name that Keras gives to those without one.

    >>> [automatic(name, "LSTM") for name in ("lstm", "lstm_12", "encoder")]
    [True, True, False]
    """
    bases = INPUT_NAMES if class_name == "InputLayer" else (snake_case(OWN_NAMES.get(class_name, class_name)),)
    return any(name == base or (name.startswith(f"{base}_") and name[len(base) + 1 :].isdecimal()) for base in bases)
