"""What operations share: axes of an operand, sizes that must agree, and sizes that are repeated to agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lstmcalc.dims import UNKNOWN, Condition, Dim, Expression, at_least, equal, is_multiple, product, to_text
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.rule import Assumption, Inputs, Shape, count_axes
from lstmcalc.shapes import show_shape

__all__ = ["axes", "axes_of", "axis", "axis_of", "broadcast", "dims", "flat", "put", "require_multiple", "require_ndim",
           "require_same", "whole"]  # fmt: skip

REPEATS = "{} goes value by value, and repeats only along sizes of 1"


def axis(default: Any = arg.REQUIRED) -> Any:
    """One axis; None too where that is the default."""
    return arg.integer(default)


def axes(default: Any = arg.REQUIRED) -> Any:
    """One axis or a list of axes, in the form that the source has; None too where that is the default."""

    def read(name: str, value: Any) -> int | tuple[int, ...]:
        items = list(value) if isinstance(value, (list, tuple)) else [value]
        if not all(isinstance(item, int) and not isinstance(item, bool) for item in items):
            raise arg.refuse(name, "an integer or a list of them", value)
        return tuple(items) if isinstance(value, (list, tuple)) else items[0]

    return arg.Argument(default, read)


def whole(default: Any = arg.REQUIRED, least: int = 0) -> Any:
    """A size of at least `least`, or an expression."""

    def read(name: str, value: Any) -> Dim:
        if not _is_size(value) or at_least(value, least) is False:
            raise arg.refuse(name, f"a number of at least {least}", value)
        return value  # type: ignore[no-any-return]  # _is_size has checked it

    return arg.Argument(default, read, "shape")


def dims(default: Any = arg.REQUIRED, least: int = 0, rank: int | None = None, one: bool = False) -> Any:
    """A list of sizes of at least `least`, `rank` of them where that is given; `one` allows a bare size."""
    number = "a list of" if rank is None else f"{rank}"

    def read(name: str, value: Any) -> Any:
        items = list(value) if isinstance(value, (list, tuple)) else [value]
        listed = isinstance(value, (list, tuple)) and (rank is None or len(items) == rank)
        fits = all(_is_size(item) and at_least(item, least) is not False for item in items)
        if not (listed or (one and not isinstance(value, (list, tuple)))) or not fits:
            also = f"a number of at least {least}, or " if one else ""
            raise arg.refuse(name, f"{also}{number} numbers of at least {least}", value)
        return tuple(items) if isinstance(value, (list, tuple)) else value

    return arg.Argument(default, read, "shape")


def _is_size(value: Any) -> bool:
    return isinstance(value, Expression) or (isinstance(value, int) and not isinstance(value, bool))


def axis_of(value: int, ndim: int, name: str = "axis") -> int:
    """An axis counted from 0; raises `Rejection` where there is none.

    >>> axis_of(-1, 3)
    2
    """
    if not -ndim <= value < ndim:
        expected = f"`{name}` from {-ndim} to {ndim - 1}" if ndim else f"an input that has an axis, for `{name}`"
        raise Rejection("wrong-value", expected, str(value))
    return value % ndim


def axes_of(value: int | Sequence[int] | None, ndim: int, name: str = "axis") -> tuple[int, ...]:
    """The axes of an argument, counted from 0: all where it is None. Raises `Rejection` where one is named twice."""
    if value is None:
        return tuple(range(ndim))
    listed = (value,) if isinstance(value, int) else tuple(value)
    found = tuple(axis_of(item, ndim, name) for item in listed)
    if len(set(found)) < len(found):
        raise Rejection("wrong-value", f"every axis once in `{name}`", arg.show(listed))
    return found


def put(shape: Shape, place: int, *sizes: Dim) -> Shape:
    """The shape with other sizes, or none, in the place of one.

    >>> put((3, 4, 5), 1, 8), put((3, 4, 5), 1)
    ((3, 8, 5), (3, 5))
    """
    return (*shape[:place], *sizes, *shape[place + 1 :])


def flat(shape: Shape) -> Dim:
    """The number of values."""
    return product(shape)


def require_ndim(shape: Shape, least: int, most: int | None = None, name: str = "") -> None:
    """Refuses an operand with fewer than `least` axes, and where `most` is given with more than that."""
    if len(shape) < least or (most is not None and len(shape) > most):
        number = f"at least {count_axes(least)}" if most is None else (
            count_axes(least) if least == most else f"{least} to {most} axes")  # fmt: skip
        raise Rejection("wrong-ndim", f"{number} in `{name}`" if name else number, show_shape(shape))


def require_same(
    x: Inputs, left: tuple[str, Shape, int], right: tuple[str, Shape, int], expected: str, because: str
) -> None:
    """Requires a size of two operands to be equal; each is given by name, shape and axis."""
    (one, first, i), (other, second, j) = left, right
    found = f"axis {i} of {one} is {to_text(first[i])}, axis {j} of {other} is {to_text(second[j])}"
    condition = equal(first[i], second[j])
    x.require(
        condition,
        "wrong-size",
        expected,
        f"{show_shape(first)} and {show_shape(second)}",
        found if condition is False else f"{found}; {because}",
        unknown=f"axis {i} of {one}" if first[i] is UNKNOWN else f"axis {j} of {other}",
    )


def require_multiple(x: Inputs, shape: Shape, place: int, by: Dim, because: str) -> None:
    """Requires a size to be a multiple of another; also recorded of an unknown one."""
    condition = is_multiple(shape[place], by)
    if shape[place] is UNKNOWN and condition is not True and x.checked:
        assert isinstance(condition, Condition)
        x.assumptions.append(Assumption(condition, f"axis {place} is a multiple of {to_text(by)}", because))
    expected = f"axis {place} to be a multiple of {to_text(by)}"
    because = because if isinstance(condition, Condition) else ""
    x.require(condition, "wrong-size", expected, show_shape(shape), because)


def broadcast(x: Inputs, operands: Mapping[str, Shape], class_name: str) -> Shape:
    """The shape that operands have together: axes are matched from the last, and sizes of 1 are repeated.

    As in `broadcast_shapes` (keras/src/ops/operation_utils.py, 3.15.1), a known size stands for one that is not.
    Two names count as equal, though 1 would do as well.
    """
    ndim = max(len(shape) for shape in operands.values())
    sizes = []
    for place in range(-ndim, 0):
        column = [(name, shape[place]) for name, shape in operands.items() if len(shape) >= -place]
        sizes.append(_joined(x, column, place, operands, class_name))
    return tuple(sizes)


def _joined(
    x: Inputs, column: list[tuple[str, Dim]], place: int, operands: Mapping[str, Shape], class_name: str
) -> Dim:
    binding = [(name, size) for name, size in column if size != 1]
    if not binding:
        return 1
    name, best = min(binding, key=lambda pair: (not isinstance(pair[1], int), pair[1] is UNKNOWN))
    result = best
    for other, size in binding:
        if other == name:
            continue
        condition = equal(best, size)
        if condition is False:
            condition, result = _one_of(best, size)
        found = f"axis {place} of {name} is {to_text(best)}, of {other} {to_text(size)}"
        x.require(
            condition,
            "wrong-size",
            "operands whose sizes are equal or 1, axis by axis",
            " and ".join(show_shape(shape) for shape in operands.values()),
            found if condition is False else f"{found}; {REPEATS.format(class_name)}",
            unknown=f"axis {place} of {other if size is UNKNOWN else name}",
        )
    return result


def _one_of(best: Dim, size: Dim) -> tuple[bool | Condition, Dim]:
    """What makes two sizes that are never equal go together, namely that one of them is 1, and the other then."""
    condition = equal(size, 1)
    return (condition, best) if condition is not False else (equal(best, 1), size)
