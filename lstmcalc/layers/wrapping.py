"""What Keras's wrappers say of the layer inside, and how Bidirectional merges what its two give."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim
from lstmcalc.errors import with_article
from lstmcalc.layers.kept import Held, Kept, Made, per_sample
from lstmcalc.layers.recurrent import Cell
from lstmcalc.layers.rule import Inputs, LayerRule, Remedy, all_work, as_shapes

__all__ = ["MERGING", "RECURRENT", "inner_remedy", "instead", "kept_by_both", "kept_over_time"]

#: How much of each value of the output a way of merging takes, and why.
MERGING = {
    "sum": (1, "the two outputs are added"),
    "mul": (1, "the two outputs are multiplied"),
    "ave": (2, "the two outputs are added, and the sum is halved"),
}
RECURRENT = "a recurrent layer: LSTM, GRU, SimpleRNN, RNN, ConvLSTM1D, ConvLSTM2D or ConvLSTM3D"


def inner_remedy(rule: LayerRule) -> Remedy | None:
    """The remedy of a wrapped layer, told of the wrapper."""
    remedy = rule.remedy()
    if remedy is None:
        return None
    inside = f"{with_article(rule.class_name)} inside with {remedy.because}"
    return Remedy(inside, f"{remedy.fix} {remedy.place} the {rule.class_name}", "in")


def kept_by_both(halves: Iterable[tuple[LayerRule, Inputs]], x: Inputs, made: Made, multiplied: bool) -> Kept:
    """What two directions keep, each its own; and what they give, where that is `multiplied`."""
    given = 2 * per_sample(made.outputs[0])
    least, most, passing = Held(), Held(), given + per_sample(x.shape)
    for rule, seen in halves:
        one = _kept_inside(rule, seen, made.masked)
        inputs = tuple(sorted({*least.inputs, *one.least.inputs}))
        least = least.plus(one.least.values)._replace(inputs=inputs)
        most, passing = most.plus(one.most.values, one.most.bytes), passing + one.passing
    return Kept(least, most.plus(given) if multiplied else most, passing=passing)


def kept_over_time(rule: LayerRule, seen: Inputs, x: Inputs, masked: bool) -> Kept:
    """What a layer keeps at every step; the steps of the input are arrays of their own on JAX."""
    one, steps = _kept_inside(rule, seen, masked), x.shape[1]
    if one.model is not None:
        return Kept(most=Held(values=UNKNOWN))
    again: Dim = len(one.most.inputs) * per_sample(x.shape)
    again += one.most.output * per_sample(as_shapes(rule.output_shape(seen))[0]) * steps
    most = one.most.times(steps)._replace(inputs=(), output=False).plus(again)
    return Kept(one.least.times(steps), most, wide=one.wide, passing=one.passing * steps)


def _kept_inside(rule: LayerRule, x: Inputs, masked: bool) -> Kept:
    weights = tuple(rule.built_weights(x))
    return rule.kept(x, Made(as_shapes(rule.output_shape(x)), weights, all_work(rule, x, weights), masked))


def instead(wrapper: LayerRule, wrapped: Any) -> str:
    """What to write for a layer that a wrapper does not take."""
    if isinstance(wrapped, Cell) and wrapped.class_name.removesuffix("Cell") in RECURRENT:
        return f"write `{wrapped.class_name.removesuffix('Cell')}` for `{wrapped.class_name}`"
    return f"leave {wrapper.class_name} out" if isinstance(wrapped, LayerRule) else ""
