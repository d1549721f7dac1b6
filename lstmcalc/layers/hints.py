"""Hints that layers of several families give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstmcalc.errors import Fault
from lstmcalc.layers.rule import Shape
from lstmcalc.shapes import show_shape

__all__ = ["high_dropout", "of_one"]

#: What these functions make of a single value, whatever it is.
OF_ONE = {"softmax": 1, "log_softmax": 0, "sparsemax": 1}
#: From this share on, it is mostly the share to keep that was meant, as TensorFlow 1 had it.
HIGH = 0.8


def of_one(activation: Any, shape: Shape, got: str = "") -> Iterator[Fault]:
    """The hint that a softmax runs over a single value, where it does: the last axis has size 1."""
    if not isinstance(activation, str) or activation not in OF_ONE or not shape or shape[-1] != 1:
        return
    fix = "use `activation: sigmoid` for a yes or no"
    if len(shape) == 3:
        fix += " at each step, or `Dense: 1` and then `Softmax: {axis: 1}` for shares over the steps"
    yield Fault(
        "softmax-of-one",
        "several units, or another activation",
        got or show_shape(shape),
        f"{activation} over one value is always {OF_ONE[activation]}",
        fix,
    )


def high_dropout(key: str, rate: float) -> Iterator[Fault]:
    """The hint that hardly anything is kept."""
    if HIGH <= rate <= 1:
        kept = round(1 - rate, 10)
        yield Fault(
            "high-dropout",
            f"`{key}` as the share to drop",
            f"`{key}: {rate:g}`",
            f"while training, {100 * rate:.10g} % of the values become 0, and {100 * kept:.10g} % are kept",
            f"if {rate:g} was meant as the share to keep, write `{key}: {kept:g}`",
        )
