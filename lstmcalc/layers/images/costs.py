"""What image layers calculate when a model is used: interpolation, and the two layers that change values always."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lstmcalc.dims import Dim, ceil_div
from lstmcalc.layers.costs import INSIDE, UNKNOWN_COST, Cost
from lstmcalc.layers.rule import Work

__all__ = ["equalized", "interpolated", "of_one_image", "stretched"]

#: How many neighbours along an axis each interpolation weighs.
TAPS = {"bilinear": 2, "bicubic": 4, "lanczos3": 6, "lanczos5": 10}
#: How many grey levels Keras sorts pixels into.
LEVELS = 256


def interpolated(values: Dim, interpolation: str, antialias: bool = False, axes: int = 2) -> Iterator[Work]:
    """What so many new values cost, each the weighted sum of its neighbours; the nearest one is only looked up.

    `axes` is how many of height and width change.

    >>> [work.cost.macs for work in interpolated(10, "bilinear")]
    [40]
    """
    if interpolation == "nearest" or axes == 0:
        return
    if antialias or interpolation not in TAPS:
        called = "`antialias: true`" if antialias else f"`interpolation: {interpolation}`"
        why = (
            f"how many pixels are weighed for a new one with {called} depends on the backend and on the ratio of sizes"
        )
        yield Work("interpolation", UNKNOWN_COST, why)
        return
    taps = TAPS[interpolation] ** axes
    why = f"every new value is a weighted sum of {taps} neighbours"
    yield Work("interpolation", Cost(macs=taps * values), why, ((INSIDE,),))


def of_one_image() -> Work:
    """What a sample costs where the batch is taken for an axis of one image."""
    return Work("image", UNKNOWN_COST, "Keras takes 3 axes for one image, and so the batch for a part of it")


def stretched(values: Dim, channels: Dim, value_range: Sequence[Any]) -> Iterator[Work]:
    """What AutoContrast costs: the least and the greatest value of each channel go to the ends of the range."""
    yield from _in_range(values, value_range)
    why = "the least and the greatest value of each channel are found"
    yield Work("range", Cost(arithmetic=2 * values + 2 * channels), why)
    why = "every value is scaled and shifted, kept in range by two comparisons, and compared with itself to find errors"
    yield Work("stretch", Cost(arithmetic=5 * values), why)


def equalized(
    sizes: tuple[Dim, Dim, Dim], grid: tuple[int, int], clips: bool, value_range: Sequence[Any]
) -> Iterator[Work]:
    """What ContrastLimitedAdaptiveHistogramEqualization costs, for images of height, width and channels."""
    height, width, channels = sizes
    tall, wide = ceil_div(height, grid[0]), ceil_div(width, grid[1])
    tiles, pixels = grid[0] * grid[1] * channels, tall * wide
    yield from _in_range(height * width * channels, value_range)
    counted = LEVELS * (pixels - 1) * tiles
    yield Work(
        "histograms", Cost(arithmetic=counted), "a one or a zero for every level and pixel of a tile is added up"
    )
    if clips:
        why = "what is above `clip_limit` is cut off and dealt to all levels"
        yield Work("clipping", Cost(arithmetic=5 * LEVELS * tiles), why)
    why = "the levels up to each one are added up and brought to the range"
    yield Work("cumulation", Cost(arithmetic=7 * LEVELS * tiles), why)
    why = "every pixel is a mean of what its four tiles make of it"
    yield Work("interpolation", Cost(arithmetic=11 * tiles * pixels), why)


def _in_range(values: Dim, value_range: Sequence[Any]) -> Iterator[Work]:
    """Every value on its way to the range from 0 to 255 and back, where its own is another."""
    if tuple(value_range) != (0, 255):
        yield Work(
            "value range", Cost(arithmetic=8 * values), "every value is brought to 0 to 255, and back at the end"
        )
