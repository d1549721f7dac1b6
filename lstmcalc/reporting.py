"""What the walk over a model found, layer by layer, as the report holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from lstmcalc.costs import inner_work
from lstmcalc.dims import UNKNOWN, Dim, lower, lower_size
from lstmcalc.graph import CallKey
from lstmcalc.layers.backward import kept_of_call
from lstmcalc.layers.batch import numbers
from lstmcalc.layers.kept import Held, Kept, Made
from lstmcalc.layers.rule import Cost, Formula, LayerRule, Shape, Weight, Work, all_work
from lstmcalc.masks import Applied, Mask, MaskFlow, Unknown, assumed, masked
from lstmcalc.report import CallReport, LayerReport, MaskReport, Report, WeightReport
from lstmcalc.spec import Spec

__all__ = ["Layer", "input_report", "layer_report"]


@dataclass
class Layer:
    """What the walk knows of one layer: its rule, its calls, and the weights of its first call."""

    rule: LayerRule | None
    calls: list[CallReport] = field(default_factory=list)
    weights: tuple[Weight, ...] | None = None
    formula: Formula | None = None
    nested: Report | None = None


def input_report(name: str, shape: Shape, flow: MaskFlow) -> LayerReport:
    """The row of an input; the mask is that of a model used as a layer."""
    mask = MaskReport(outputs=flow.came_with(name))
    return LayerReport(name, "InputLayer", (CallReport((), (lower(shape),), (), mask=mask),))


def layer_report(
    spec: Spec, name: str, layer: Layer, flow: MaskFlow, applied: Mapping[CallKey, Applied]
) -> LayerReport:
    """The row of a layer."""
    class_name = layer.rule.class_name if layer.rule else spec.layers[name].class_name
    formula, times = layer.formula, len(layer.calls)
    calls = (_call_report(call, (name, place), spec, flow, applied) for place, call in enumerate(layer.calls))
    return LayerReport(
        name,
        class_name,
        tuple(calls),
        tuple(_weight_report(weight, spec.trainable) for weight in layer.weights or ()),
        formula.in_names() if formula else None,
        formula.in_numbers() if formula else None,
        (f"applied {times} times, with one set of weights",) if times > 1 else (),
        flow.nested.get((name, 0), layer.nested),
        layer.weights is not None,
    )


def _call_report(
    call: CallReport, key: CallKey, spec: Spec, flow: MaskFlow, applied: Mapping[CallKey, Applied]
) -> CallReport:
    """An application with its mask, what it calculates, and what backpropagation keeps of it."""
    mask, seen = flow.reports[key], applied.get(key)
    keeps = partial(_kept, seen, mask.comes_in, flow.nested.get(key))
    work, sizes = _work(seen, key, spec, flow), _numbers(seen)
    batched = seen.x.batched if seen and seen.x else ()
    passes = seen is None or seen.rule is None or seen.rule.passes_gradient()
    return replace(call, mask=mask, work=work, passes_gradient=passes, batched=batched, numbers=sizes, keeps=keeps)


def _numbers(applied: Applied | None) -> tuple[Dim, ...]:
    """How many numbers of each output belong to one sample."""
    if applied is None or applied.outputs is None:
        return ()
    batched = applied.batched or (None,) * len(applied.outputs)
    return tuple(numbers(*each) for each in zip(applied.outputs, batched, strict=True))


def _kept(applied: Applied | None, masked: bool | None, nested: Report | None) -> Kept:
    """What backpropagation keeps of an application, which few ask for."""
    if nested is not None:
        return Kept(model=nested)
    if applied is None or applied.rule is None or applied.x is None or applied.outputs is None:
        return Kept(most=Held(values=UNKNOWN))
    weights = tuple(applied.rule.built_weights(applied.x))
    made = Made(applied.outputs, weights, applied.work, masked is not False, _numbers(applied))
    return kept_of_call(applied.rule, applied.x, made)


def _work(applied: Applied | None, key: CallKey, spec: Spec, flow: MaskFlow) -> tuple[Work, ...] | None:
    """What an application has one sample calculate; a frozen model trains nothing."""
    if applied is None:
        return None
    steps = _masked_work(applied, flow.told.get(key, ()), flow.nested.get(key))
    return steps if spec.trainable else tuple(step._replace(trained=False) for step in steps)


def _masked_work(applied: Applied, told: Sequence[Mask], nested: Report | None) -> tuple[Work, ...]:
    """What an application has one sample calculate, with the masks that it is told.

    Where it is not known whether there is one, what that adds is not either.
    """
    rule, x = applied.rule, applied.x
    if rule is None or x is None or not (rule.takes_mask and any(told)) or any(x.batched):
        return applied.work
    if nested is not None:
        return tuple(inner_work(nested))
    steps = all_work(rule, masked(x, assumed(x, told)), rule.built_weights(x))
    if steps == applied.work or Unknown.MASK not in told:
        return steps
    added = Work("mask", Cost(arithmetic=UNKNOWN), "whether a mask comes in is not known")
    return (*applied.work, added)


def _weight_report(weight: Weight, trainable: bool = True) -> WeightReport:
    """A weight as the report holds it; a frozen model trains none."""
    return WeightReport(
        weight.name,
        lower(weight.shape),
        weight.trainable and trainable,
        lower_size(weight.params),
        weight.dtype,
        lower_size(weight.uses),
        weight.why,
        weight.origin,
    )
