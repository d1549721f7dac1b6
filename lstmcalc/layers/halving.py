"""What `activation: glu` makes of a shape: it halves the last axis, and Keras states a shape that is not halved."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import is_multiple
from lstmcalc.errors import Fault
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, show_shapes

__all__ = ["HALVES", "activated", "other_shape"]

HALVES = "`activation: glu` halves the last axis, which Keras leaves out of account"


def activated(x: Inputs, shape: Shape, activation: Any) -> Shape:
    """The shape of an output after its activation: `glu` halves the last axis, all others keep the shape."""
    if activation != "glu" or not shape:
        return shape
    x.require(
        is_multiple(shape[-1], 2),
        "wrong-size",
        "an even number of values for `activation: glu`",
        arg.show(shape[-1]),
        "it halves them",
    )
    return (*shape[:-1], shape[-1] // 2)


def other_shape(rule: LayerRule, x: Inputs, because: str, fix: str = "") -> Fault:
    """The hint that Keras states another shape than data then has."""
    stated = f"{show_shapes(rule.keras_output_shape(x))}, which Keras states before it has data"
    return Fault("other-shape-in-keras", stated, show_shapes(rule.output_shape(x)), because, fix)
