"""What rules ask of a mask: Keras takes any, builds the model, and fails on data where the mask does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from lstmcalc.dims import Dim, equal
from lstmcalc.errors import Rejection
from lstmcalc.layers.rule import Inputs, Shape, count_axes
from lstmcalc.shapes import show_shape

__all__ = ["FAILS", "MISFIT", "one_per_place", "one_per_step", "refuse_mask", "repeated_to_fit"]

MISFIT = "mask-misfit"
FAILS = "Keras builds this, and fails on data"


def refuse_mask(expected: str, got: str, fix: str = "", because: str = "") -> Rejection:
    """The refusal of a mask that does not fit."""
    return Rejection(MISFIT, expected, got, f"{because}; {FAILS}" if because else FAILS, fix)


def one_per_step(x: Inputs, mask: Shape | None, steps: Dim, within: Shape = ()) -> None:
    """Requires one entry for each time step, or as many as the first sizes of what one step gives (`within`)."""
    if mask is None:
        return
    expected, got = "a mask (batch, timesteps), one entry for each step", f"the mask {show_shape(mask)}"
    got += f" with {show_shape(x.shape)}"
    if not 2 <= len(mask) <= 2 + len(within):
        raise refuse_mask(expected, got)
    for size, there in zip(mask[1:], (steps, *within), strict=False):
        x.require(size == 1 or equal(size, there), MISFIT, expected, got, FAILS)


def one_per_place(mask: Shape | None, shape: Shape) -> None:
    """Requires a mask with all axes of an input but the last."""
    if mask is not None and len(mask) != len(shape) - 1:
        expected = f"a mask of {count_axes(len(shape) - 1)}, one less than the input"
        raise refuse_mask(expected, f"the mask {show_shape(mask)} with {show_shape(shape)}")


def repeated_to_fit(masks: Sequence[Shape]) -> Shape:
    """The shape of masks that are joined entry by entry, sizes of 1 repeated; that of the longest where none fits."""
    longest = max(masks, key=len)
    sizes = zip(*(mask if len(mask) == len(longest) else longest for mask in masks), strict=True)
    return tuple(next((size for size in column if size != 1), 1) for column in sizes)
