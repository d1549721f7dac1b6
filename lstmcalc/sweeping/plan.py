"""What a sweep calculates, as data that can be sent elsewhere, and a stretch of its points calculated."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from lstmcalc.dims import Condition, Dim
from lstmcalc.dims.divisions import divisors_of
from lstmcalc.frozen import NamedTuple
from lstmcalc.sweeping.arithmetic import at_points, evaluate, holds, numpy_or_none
from lstmcalc.sweeping.columns import Column
from lstmcalc.sweeping.ranges import Axis, kept_for

__all__ = ["Plan", "Stretch", "axis_column", "calculate"]


#: From so many points on numpy is worth the time that it takes to start.
WORTH_NUMPY = 2_000


@dataclass(frozen=True)
class Plan:
    """The values of every symbol, the sizes that are asked for, and the conditions on which the model holds.

    The points are all combinations of the values, the last symbol's changing fastest.
    """

    axes: Mapping[str, Axis]
    sizes: tuple[Dim, ...]
    conditions: tuple[Condition, ...] = ()

    def __len__(self) -> int:
        return prod(map(len, self.axes.values()))


class Stretch(NamedTuple):
    """The sizes at some points, and at each which condition fails first, counted from 1; 0 where all hold."""

    columns: tuple[Column, ...]
    fails: Column


def calculate(plan: Plan, start: int, stop: int) -> Stretch:
    """The points from one place up to another, the same with numpy and without."""
    few = stop - start < WORTH_NUMPY
    return _without(plan, start, stop) if few or numpy_or_none() is None else _with_numpy(plan, start, stop)


def axis_column(plan: Plan, name: str) -> Column:
    """The value of a symbol at every point.

    >>> axis_column(Plan({"U": (1, 2), "T": range(5, 8)}, ()), "U").tolist()
    [1, 1, 1, 2, 2, 2]
    """
    inner = kept_for(plan.axes, name)
    once = array("q")
    for value in plan.axes[name]:
        once.extend(array("q", [value]) * inner)
    return Column((once * (len(plan) // len(once))).tobytes())


def _with_numpy(plan: Plan, start: int, stop: int) -> Stretch:
    np = numpy_or_none()
    places = np.arange(start, stop)
    columns = {name: _taken(axis, places // kept_for(plan.axes, name) % len(axis)) for name, axis in plan.axes.items()}
    greatest = {name: int(column.max()) for name, column in columns.items()}

    def at(size: Dim) -> Any:
        return at_points(size, columns, greatest, stop - start)

    def divided_by_zero(size: Dim) -> Any:
        marks = np.zeros(stop - start, dtype=bool)
        for divisor in divisors_of(size):
            marks |= (at(divisor) == 0).astype(bool)
        return marks

    fails = np.zeros(stop - start, dtype=np.int64)
    for number, condition in reversed(list(enumerate(plan.conditions, start=1))):
        left, right = at(condition.left), at(condition.right)
        zero = divided_by_zero(condition.left) | divided_by_zero(condition.right)
        if condition.relation == "multiple of":
            zero |= (right == 0).astype(bool)
            right = right + (right == 0)
        fails[~holds(condition, left, right).astype(bool) | zero] = number
    columns_of_sizes = (_column(at(size), (fails > 0) | divided_by_zero(size)) for size in plan.sizes)
    return Stretch(tuple(columns_of_sizes), Column(fails.tobytes()))


def _taken(axis: Axis, places: Any) -> Any:
    """The values of an axis at some places."""
    if isinstance(axis, range):
        return axis.start + places * axis.step
    return numpy_or_none().array(axis, dtype="int64")[places]


def _column(numbers: Any, absent: Any) -> Column:
    """An array as a column; what is not there is 0, so that equal columns have equal bytes."""
    if absent.any():
        numbers = numbers.copy()
        numbers[absent] = 0
    marks = absent.astype("u1").tobytes() if absent.any() else b""
    if numbers.dtype != object:
        return Column(numbers.astype("int64", copy=False).tobytes(), marks)
    return Column(Column.of(numbers.tolist())._data, marks)


def _without(plan: Plan, start: int, stop: int) -> Stretch:
    found: list[list[int | None]] = [[] for _ in plan.sizes]
    fails = []
    for values in _points(plan, start, stop):
        fails.append(_first_failing(plan, values))
        for size, numbers in zip(plan.sizes, found, strict=True):
            numbers.append(None if fails[-1] else _number(size, values))
    return Stretch(tuple(map(Column.of, found)), Column.of(fails))


def _points(plan: Plan, start: int, stop: int) -> Iterator[dict[str, int]]:
    names = list(plan.axes)
    inner = {name: kept_for(plan.axes, name) for name in names}
    for place in range(start, stop):
        yield {name: plan.axes[name][place // inner[name] % len(plan.axes[name])] for name in names}


def _first_failing(plan: Plan, values: Mapping[str, int]) -> int:
    for number, condition in enumerate(plan.conditions, start=1):
        left, right = _number(condition.left, values), _number(condition.right, values)
        if left is None or right is None or (condition.relation == "multiple of" and right == 0):
            return number
        if not holds(condition, left, right):
            return number
    return 0


def _number(size: Dim, values: Mapping[str, int]) -> int | None:
    """A size at a point; None where it would be divided by zero."""
    try:
        number: int = evaluate(size, values)
    except ZeroDivisionError:
        return None
    return number
