"""What the normalization layers calculate of every row of values, and what backpropagation keeps of it."""

from __future__ import annotations

from collections.abc import Iterator

from lstmcalc.dims import Dim
from lstmcalc.layers.costs import UNKNOWN_COST, Cost
from lstmcalc.layers.kept import Held, Kept
from lstmcalc.layers.rule import Inputs, Work

__all__ = ["ACROSS", "kept_of_rows", "shifted", "spans_batch", "statistics"]

#: What a sample costs where the batch is among the normalized axes, which no rule says.
ACROSS = Work("normalization", UNKNOWN_COST, "the samples of a batch are normalized together")


def statistics(values: Dim, rows: Dim) -> Iterator[Work]:
    """The mean and the deviation of every row of values; Keras finds the mean once more for the variance."""
    why = "the values normalized together are added, and the sum divided by how many they are"
    yield Work("mean", Cost(arithmetic=values), why)
    why = "the mean once more, the differences to it, their squares, the mean of these, and one over its root"
    yield Work("deviation", Cost(arithmetic=4 * values + rows, functions=rows), why)


def shifted(values: Dim, factors: Dim, rows: Dim) -> Work:
    """Every value times a factor plus an offset, which is the mean, negative, times the factor."""
    why = "every value times a factor plus an offset, which are made of deviation and mean"
    return Work("normalization", Cost(arithmetic=2 * values + factors + rows), why)


def spans_batch(x: Inputs, axes: tuple[int, ...]) -> bool:
    """Whether the samples of a batch are normalized together."""
    return any(axis % x.ndim == 0 for axis in axes)


def kept_of_rows(values: Dim, arrays: int, rows: Dim, reads: bool = True) -> Kept:
    """The values so many times, such as differences to the mean, and what is known of each row.

    One of the arrays is the input, if the layer `reads` it as it is. On the way back there are as many gradients to the
    values as normalized.
    """
    held = Held((0,) if reads else (), values=(arrays - reads) * values + rows)
    return Kept(most=held, wide=True, passing=values)
