"""Operations that put the same values into another shape or another order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lstmcalc.dims import UNKNOWN, Condition, Dim, at_least, equal, is_multiple, product, to_text
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.rule import Operation, made, operation
from lstmcalc.layers.operations.sizes import axes, axes_of, axis, axis_of, flat, put, require_ndim
from lstmcalc.layers.rule import Assumption, Example, Inputs, Rejected, Shape, count_axes
from lstmcalc.shapes import show_shape

__all__ = ["ExpandDims", "Moveaxis", "Reshape", "Rot90", "Squeeze", "Transpose"]


def _read_newshape(name: str, value: Any) -> tuple[Dim, ...]:
    sizes = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    read = arg.open_shape(remainder=True).read(name, sizes)
    if UNKNOWN in read or sum(size == -1 for size in read) > 1:
        raise arg.refuse(name, "a list of positive integers, with -1 at most once for what remains", value)
    return sizes


@operation("numpy")
class Reshape(Operation):
    """Deals all values, those of the whole batch, into another shape, in their order; -1 stands for what remains.

    keras/src/ops/numpy.py and `compute_reshape_output_shape` in operation_utils.py, 3.15.1: the remainder is only known
    where every size is.
    """

    newshape: Shape = arg.Argument(arg.REQUIRED, _read_newshape, "shape")  # type: ignore[assignment]  # a descriptor

    def result(self, call: Inputs, /, x: Shape) -> Any:
        known = product(size for size in x if size is not UNKNOWN)
        stated = product(size for size in self.newshape if size != -1)
        remainder = -1 in self.newshape
        open_axes = [place for place, size in enumerate(x) if size is UNKNOWN]
        fits = is_multiple(known, stated) if remainder else is_multiple(stated, known) if open_axes else (
            equal(known, stated))  # fmt: skip
        if remainder and open_axes:
            if fits is not True:
                self._assume(call, f"{_values(known, open_axes)} is a multiple of {to_text(stated)}", stated)
        else:
            self._require(call, fits, x, stated, remainder)
            if open_axes:
                text = f"{_values(1, open_axes)} is {to_text(stated // known)}"
                self._assume(call, text, stated // known, "=")
        rest = UNKNOWN if open_axes else known // stated
        return tuple(rest if size == -1 else size for size in self.newshape)

    def _require(self, call: Inputs, fits: bool | Condition, x: Shape, stated: Dim, remainder: bool) -> None:
        number = f"a multiple of {to_text(stated)}" if remainder else to_text(stated)
        there = f"{to_text(flat(x))}, from {show_shape(x)}" if UNKNOWN not in x else show_shape(x)
        expected = f"{number} values, for `newshape: {arg.show(self.newshape)}`"
        call.require(fits, "wrong-size", expected, there, self._because() if isinstance(fits, Condition) else "")

    def _assume(self, call: Inputs, text: str, size: Dim, relation: str = "multiple of") -> None:
        if call.checked:
            call.assumptions.append(Assumption(Condition(UNKNOWN, relation, size), text, self._because()))

    def _because(self) -> str:
        return f"`newshape: {arg.show(self.newshape)}` takes so many values"

    examples = [
        Example({"newshape": [-1, 24]}, (None, 3, 8), params=0, output=(None, 24)),
        Example({"newshape": [2, -1]}, (4, 3, 8), params=0, output=(2, 48)),
        Rejected(
            {"newshape": [5, 5]},
            "expected 25 values, for `newshape: [5, 5]`, got 24, from (4, 6)",
            (4, 6),
        ),
        Rejected(
            {"newshape": [-1, -1]},
            "expected `newshape` to be a list of positive integers, with -1 at most once for what remains, "
            "got [-1, -1]",
        ),
    ]


def _values(known: Dim, open_axes: Sequence[int]) -> str:
    parts = [f"axis {place}" for place in open_axes]
    return " * ".join([*parts, *([to_text(known)] if known != 1 else [])])


@operation("numpy")
class Transpose(Operation):
    """Puts the axes into another order, by default into the opposite one.

    keras/src/ops/numpy.py, 3.15.1.
    """

    axes_: tuple[int, ...] | None = arg.axis_list(None)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        if self.axes_ is None:
            return x[::-1]
        if len(self.axes_) != len(x):
            raise Rejection("wrong-ndim", count_axes(len(self.axes_)), show_shape(x),
                            f"`axes: {arg.show(self.axes_)}` orders so many")  # fmt: skip
        return tuple(x[place] for place in axes_of(self.axes_, len(x), "axes"))

    examples = [
        Example({"axes": [0, 2, 1]}, (None, 10, 64), params=0, output=(None, 64, 10)),
        Example({}, (None, 10, 64), params=0, output=(64, 10, None)),
        Rejected(
            {"axes": [1, 0]}, "expected 2 axes, got (None, 10, 64): `axes: [1, 0]` orders so many", (None, 10, 64)
        ),
    ]


@operation("numpy")
class ExpandDims(Operation):
    """Puts in an axis of size 1, or several, so that each has the place in the output that `axis` says.

    keras/src/ops/numpy.py, 3.15.1.
    """

    axis: Any = axes()

    def result(self, call: Inputs, /, x: Shape) -> Any:
        number = 1 if isinstance(self.axis, int) else len(self.axis)
        new = axes_of(self.axis, len(x) + number)
        rest = iter(x)
        return tuple(1 if place in new else next(rest) for place in range(len(x) + number))

    examples = [
        Example({"axis": 1}, (None, 24), params=0, output=(None, 1, 24)),
        Example({"axis": [-1, 1]}, (None, 24), params=0, output=(None, 1, 24, 1)),
        Rejected({"axis": 3}, "expected `axis` from -3 to 2, got 3", (None, 24)),
    ]


@operation("numpy")
class Squeeze(Operation):
    """Takes axes of size 1 away: those that `axis` names, or all there are.

    keras/src/ops/numpy.py, 3.15.1, where an axis of unknown size is never taken away before data comes. An empty list
    takes none away then, and all when it comes.
    """

    axis: Any = axes(None)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        if self.axis is None or self.axis == ():
            for size in x:
                if size != 1:
                    because = "an axis of size 1 goes, and Keras counts on it to stay"
                    call.require(at_least(size, 2), "wrong-size", "", because=because)
            return tuple(size for size in x if size != 1)
        gone = axes_of(self.axis, len(x))
        for place in gone:
            call.require_known(x[place], f"the size of axis {place}", "only an axis of size 1 can be squeezed")
            call.require(equal(x[place], 1), "wrong-size", f"axis {place} to have size 1", show_shape(x))
        return tuple(size for place, size in enumerate(x) if place not in gone)

    def believed(self, call: Inputs, /, x: Shape) -> Any:
        return x if self.axis == () else None

    examples = [
        Example({"axis": -1}, (None, 10, 1), params=0, output=(None, 10)),
        Example({}, (None, 1, 10, 1), params=0, output=(None, 10)),
        Rejected({"axis": 1}, "expected axis 1 to have size 1, got (None, 10, 1)", (None, 10, 1)),
    ]


@operation("numpy")
class Moveaxis(Operation):
    """Moves axes to other places; the others keep their order.

    keras/src/ops/numpy.py, 3.15.1.
    """

    source: Any = axes()
    destination: Any = axes()

    def result(self, call: Inputs, /, x: Shape) -> Any:
        moved, places = axes_of(self.source, len(x), "source"), axes_of(self.destination, len(x), "destination")
        if len(moved) != len(places):
            got = f"{arg.show(self.source)} and {arg.show(self.destination)}"
            raise Rejection("wrong-value", "as many axes in `source` as in `destination`", got)
        to = dict(zip(places, moved, strict=True))
        others = iter(place for place in range(len(x)) if place not in moved)
        return tuple(x[to[place] if place in to else next(others)] for place in range(len(x)))

    examples = [
        Example({"source": 1, "destination": -1}, (None, 3, 8, 9), params=0, output=(None, 8, 9, 3)),
        Rejected({"source": [0, 1], "destination": [1]},
                 "expected as many axes in `source` as in `destination`, got [0, 1] and [1]", (None, 3)),
    ]  # fmt: skip


@operation("numpy")
class Swapaxes(Operation):
    """Lets two axes change places.

    keras/src/ops/numpy.py, 3.15.1.
    """

    axis1: int = axis()
    axis2: int = axis()

    def result(self, call: Inputs, /, x: Shape) -> Any:
        one, other = axis_of(self.axis1, len(x), "axis1"), axis_of(self.axis2, len(x), "axis2")
        return put(put(x, one, x[other]), other, x[one])

    examples = [Example({"axis1": 1, "axis2": -1}, (None, 3, 8, 9), params=0, output=(None, 9, 8, 3))]


@operation("numpy", "array")
class Rot90(Operation):
    """Turns the plane of two axes by 90 degrees, `k` times.

    keras/src/ops/numpy.py, 3.15.1, which states turned sizes also where an even `k` leaves them.
    """

    k: int = arg.integer(1)
    axes_: tuple[int, ...] = arg.integers((0, 1))

    def _turned(self, array: Shape) -> Shape:
        require_ndim(array, 2)
        if len(self.axes_) != 2 or self.axes_[0] == self.axes_[1]:
            raise Rejection("wrong-value", "two different axes in `axes`", arg.show(self.axes_))
        one, other = (axis_of(item, len(array), "axes") for item in self.axes_)
        if one == other and self.k % 2:
            raise Rejection("wrong-value", "two different axes in `axes`", arg.show(self.axes_))
        return put(put(array, one, array[other]), other, array[one])

    def result(self, call: Inputs, /, array: Shape) -> Any:
        turned = self._turned(array)
        return turned if self.k % 2 else array

    def believed(self, call: Inputs, /, array: Shape) -> Any:
        return None if self.k % 2 else self._turned(array)

    examples = [Example({"axes": [1, 2]}, (None, 8, 9, 3), params=0, output=(None, 9, 8, 3))]


class Kept(Operation):
    """What changes the order of values along axes that must be there, and keeps the shape."""

    axis: Any = None

    def result(self, call: Inputs, /, x: Shape) -> Any:
        axes_of(self.axis, len(x))
        return x


_AXIS: list[Example | Rejected] = [Example({"axis": 1}, (None, 10, 32), params=0, output=(None, 10, 32)),
         Rejected({"axis": 3}, "expected `axis` from -3 to 2, got 3", (None, 10, 32))]  # fmt: skip
made("Flip", Kept, "numpy", "Turns the order of the values around, along the axes.", _AXIS, axis=axes(None))


@operation("numpy")
class Roll(Operation):
    """Moves the values along the axes by `shift` places; what falls out comes in at the other end.

    keras/src/ops/numpy.py, 3.15.1.
    """

    shift: Any = axes()
    axis: Any = axes(None)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        lengths = [len(value) if isinstance(value, tuple) else None for value in (self.shift, self.axis)]
        axes_of(self.axis, len(x))
        if lengths[0] != lengths[1] or lengths[0] == 0:
            got = f"{arg.show(self.shift)} and {arg.show(self.axis)}"
            raise Rejection("wrong-value", "as many numbers in `shift` as in `axis`", got)
        return x

    examples = [Example({"shift": 2, "axis": 1}, (None, 10, 32), params=0, output=(None, 10, 32))]


class AtLeast(Operation):
    """What keeps the shape of an input with enough axes."""

    ndim = 2

    def result(self, call: Inputs, /, x: Shape) -> Any:
        require_ndim(x, self.ndim)
        return x


_TWO: list[Example | Rejected] = [
    Example({}, (None, 10, 32), params=0, output=(None, 10, 32)),
    Rejected({}, "expected at least 2 axes, got (None,)", (None,)),
]
made("Fliplr", AtLeast, "numpy", "Turns the order of the values around, along axis 1.", _TWO)
made("Flipud", AtLeast, "numpy", "Turns the order of the values around, along axis 0.", _TWO[:1], ndim=1)
made("Tril", AtLeast, "numpy", "Puts 0 above a diagonal of the last two axes.", _TWO, k=arg.integer(0))
made("Triu", AtLeast, "numpy", "Puts 0 below a diagonal of the last two axes.", _TWO, k=arg.integer(0))


@operation("numpy")
class Ravel(Operation):
    """Lays all values in one row, those of the whole batch.

    keras/src/ops/numpy.py, 3.15.1.
    """

    def result(self, call: Inputs, /, x: Shape) -> Any:
        return (flat(x),)

    examples = [
        Example({}, (None, 10, 32), params=0, output=(None,)),
        Example({}, (2, 10, 32), params=0, output=(640,)),
    ]
