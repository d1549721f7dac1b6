"""What a rule sees of a call: the shapes that come in, with names for the axes of the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lstmcalc.dims import lift
from lstmcalc.layers.kinds import is_cell
from lstmcalc.layers.rule import Inputs, LayerRule
from lstmcalc.report import LayerReport, Shape
from lstmcalc.spec import Call, Ref

__all__ = ["first_inputs", "inputs_of"]


def _axes_of(rule: LayerRule, ndim: int) -> tuple[str, ...]:
    """The names of the input's axes; those that a wrapper leaves open are called as the wrapped layer calls them."""
    axes = rule.axis_names(ndim)
    axes = ("batch", *axes[1:]) if axes[:1] == ("axis_0",) else axes
    wrapped = getattr(rule, "layer", None)
    if axes[2:3] != ("axis_2",) or not isinstance(wrapped, LayerRule):
        return axes
    named = (*axes[:2], *wrapped.axis_names(ndim - 1)[1:])
    return named if len(set(named)) == ndim else axes


def inputs_of(
    rule: LayerRule, shapes: Sequence[Shape], states: Sequence[Shape] = (), keywords: Mapping[str, Any] | None = None
) -> Inputs:
    """What a rule sees of a call that was checked before; a cell that is given no states sees those that it keeps."""
    lifted = [lift(shape) for shape in shapes]
    axes = _axes_of(rule, len(lifted[0])) if lifted else ()
    x = Inputs(lifted, axes, [lift(shape) for shape in states], keywords or {})
    if is_cell(rule) and not x.states:
        x.states = rule.state_shapes(x)
    x.checked = False
    return x


def first_inputs(rule: LayerRule | None, layer: LayerReport, call: Call | None) -> Inputs | None:
    """What the rule sees of a layer's first application; None where that is not known."""
    first = layer.calls[0] if layer.calls else None
    if rule is None or first is None or not first.inputs or first.outputs is None or None in first.inputs:
        return None
    told = {key: value for key, value in call.keywords.items() if not isinstance(value, Ref)} if call else {}
    x = inputs_of(rule, [shape for shape in first.inputs if shape is not None], keywords=told)
    x.batched = first.effort.batched or x.batched
    if rule.takes_mask and first.mask.reason != "initial_state":
        carried = zip(x.shapes, first.mask.inputs, strict=False)
        x.masks = x.told = tuple(shape[:-1] if carries else None for shape, carries in carried)
    return x
