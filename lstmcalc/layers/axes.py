"""The axes of layers that take inputs of any number of axes: their names, and checks of an `axis` argument."""

from __future__ import annotations

from collections.abc import Sequence

from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.rule import expand_axes

__all__ = ["check_axes", "usual_axes"]

USUAL = {
    2: "batch input_dim",
    3: "batch timesteps input_dim",
    4: "batch height width channels",
    5: "batch depth height width channels",
}


def usual_axes(ndim: int) -> tuple[str, ...]:
    """What the axes of an input mostly are, given how many there are.

    >>> usual_axes(3)
    ('batch', 'timesteps', 'input_dim')
    """
    return expand_axes(USUAL.get(ndim, "..."), ndim)


def check_axes(axes: Sequence[int], ndim: int) -> None:
    """Refuses an `axis` that an input of `ndim` axes does not have, and one that is named twice."""
    for axis in axes:
        if not -ndim <= axis < ndim:
            raise Rejection("wrong-value", f"`axis` from {-ndim} to {ndim - 1}", str(axis))
    if len({axis % ndim for axis in axes}) < len(axes):
        raise Rejection("wrong-value", "every axis once in `axis`", arg.show(tuple(axes)))
