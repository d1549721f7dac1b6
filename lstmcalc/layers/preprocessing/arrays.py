"""Arrays of numbers among the arguments of layers, and what broadcasting makes of a shape and theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, equal
from lstmcalc.layers.rule import Inputs, Shape
from lstmcalc.shapes import show_shape

__all__ = ["array_shape", "broadcast"]


def array_shape(value: Any) -> tuple[int, ...] | None:
    """The shape of numbers in lists; None for anything that is no array, or an empty one.

    >>> array_shape(2.5), array_shape([[1, 2, 3], [4, 5, 6]]), array_shape([[1, 2], 3]), array_shape([])
    ((), (2, 3), None, None)
    """
    if isinstance(value, (int, float)):
        return ()
    if not isinstance(value, (list, tuple)) or not value:
        return None
    shapes = {array_shape(item) for item in value}
    inner = shapes.pop()
    return None if shapes or inner is None else (len(value), *inner)


def broadcast(x: Inputs, shape: Shape, other: Sequence[Dim], name: str) -> Shape:
    """The shape of `shape` combined value by value with an array of shape `other`, the argument `name`.

    Sizes of 1 are repeated. Where a size is not known, it is required to be that of the array, and comes out as that.
    """
    ndim = max(len(shape), len(other))
    left = (1,) * (ndim - len(shape)) + tuple(shape)
    right = (1,) * (ndim - len(other)) + tuple(other)
    return tuple(
        _combined(x, size, there, axis, name, other) for axis, (size, there) in enumerate(zip(left, right, strict=True))
    )


def _combined(x: Inputs, size: Dim, there: Dim, axis: int, name: str, other: Sequence[Dim]) -> Dim:
    if equal(size, 1) is True:
        return there
    if equal(there, 1) is True:
        return size
    x.require(
        equal(size, there),
        "wrong-size",
        f"an input that `{name}` of shape {show_shape(other)} fits",
        show_shape(x.shape),
        "sizes must be equal or 1, counted from the last axis",
        unknown=f"axis {axis}" if size is UNKNOWN else f"axis {axis} of `{name}`",
    )
    # Whether it is 1 or the array's, the output has the array's.
    return there if isinstance(there, int) else size
