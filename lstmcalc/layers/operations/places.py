"""Operations on diagonals, grids and rows of numbers: sizes that are counted out of others."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, at_least, to_text
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.rule import Operation, made, operation
from lstmcalc.layers.operations.sizes import axis, axis_of, broadcast, dims, flat, put, require_ndim, whole
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape

__all__ = ["Diag", "Diagflat", "Diagonal", "Diff", "Spaced", "Trace", "Vander", "lesser"]


def lesser(one: Dim, other: Dim) -> Dim:
    """The lesser of two sizes, as far as Keras knows it before it has data: unknown where a name could be either.

    >>> from lstmcalc.dims import symbol
    >>> lesser(3, 5), lesser(symbol("T"), 5), lesser(symbol("T"), symbol("T") + 1)
    (3, UNKNOWN, T)
    """
    if one is UNKNOWN or other is UNKNOWN:
        return UNKNOWN
    if isinstance(one, int) and isinstance(other, int):
        return min(one, other)
    if at_least(one, other) is True and not isinstance(other, int):
        return other
    return one if at_least(other, one) is True and not isinstance(one, int) else UNKNOWN


def _on_diagonal(call: Inputs, rows: Dim, columns: Dim, offset: int, name: str) -> Dim:
    """How long a diagonal is, `offset` places to the right of the main one."""
    side, least = (columns, offset + 1) if offset > 0 else (rows, 1 - offset)
    because = "the diagonal would lie outside"
    call.require(
        at_least(side, least), "wrong-size", f"at least {least}, for `{name}: {offset}`", to_text(side), because
    )
    return lesser(rows, columns - offset) if offset > 0 else lesser(rows + offset, columns)


@operation("numpy")
class Diag(Operation):
    """Lays a row on a diagonal of a square of zeros, or takes a diagonal out of a matrix.

    keras/src/ops/numpy.py, 3.15.1.
    """

    k: int = arg.integer(0)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        require_ndim(x, 1, 2)
        if len(x) == 1:
            return (x[0] + abs(self.k),) * 2
        return (_on_diagonal(call, x[0], x[1], self.k, "k"),)

    examples = [
        Example({"k": 1}, (3, 4), params=0, output=(3,)),
        Example({}, (5,), params=0, output=(5, 5)),
        Rejected({}, "expected 1 to 2 axes, got (None, 3, 4)", (None, 3, 4)),
    ]


@operation("numpy")
class Diagflat(Operation):
    """Lays all values on a diagonal of a square of zeros.

    keras/src/ops/numpy.py, 3.15.1.
    """

    k: int = arg.integer(0)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        return (flat(x) + abs(self.k),) * 2

    examples = [Example({"k": 1}, (3, 4), params=0, output=(13, 13))]


@operation("numpy")
class Diagonal(Operation):
    """Takes a diagonal out of the plane of two axes; it becomes the last axis.

    keras/src/ops/numpy.py, 3.15.1.
    """

    offset: int = arg.integer(0)
    axis1: int = axis(0)
    axis2: int = axis(1)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        one, other = two_axes(x, self.axis1, self.axis2)
        kept = tuple(size for place, size in enumerate(x) if place not in (one, other))
        return (*kept, _on_diagonal(call, x[one], x[other], self.offset, "offset"))

    examples = [
        Example({"offset": 1, "axis1": 1, "axis2": 2}, (None, 3, 4), params=0, output=(None, 3)),
        Rejected({"axis1": 1, "axis2": -1}, "expected two different axes, got `axis1: 1` and `axis2: -1`", (None, 4)),
    ]


def two_axes(x: Shape, axis1: int, axis2: int) -> tuple[int, int]:
    """Two different axes, counted from 0."""
    require_ndim(x, 2)
    one, other = axis_of(axis1, len(x), "axis1"), axis_of(axis2, len(x), "axis2")
    if one == other:
        raise Rejection("wrong-value", "two different axes", f"`axis1: {axis1}` and `axis2: {axis2}`")
    return one, other


@operation("numpy")
class Trace(Operation):
    """The sum along a diagonal of the plane of two axes.

    keras/src/ops/numpy.py, 3.15.1; TensorFlow fails on some diagonals below the main one.
    """

    offset: int = arg.integer(0)
    axis1: int = axis(0)
    axis2: int = axis(1)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        gone = two_axes(x, self.axis1, self.axis2)
        _on_diagonal(call, x[gone[0]], x[gone[1]], self.offset, "offset")
        return tuple(size for place, size in enumerate(x) if place not in gone)

    examples = [Example({"axis1": 1, "axis2": 2}, (None, 3, 3, 8), params=0, output=(None, 8))]


@operation("numpy", "a")
class Diff(Operation):
    """The steps from each value to the next along the axis, `n` times over.

    keras/src/ops/numpy.py, 3.15.1.
    """

    n: int = arg.integer(1, least=0)
    axis: int = axis(-1)

    def result(self, call: Inputs, /, a: Shape) -> Any:
        place = axis_of(self.axis, len(a))
        size = a[place]
        if isinstance(size, int):
            return put(a, place, max(size - self.n, 0))
        call.require(at_least(size, self.n), "wrong-size", "", because=f"there are {self.n} steps less than values")
        return put(a, place, size - self.n)

    examples = [Example({"n": 2, "axis": 1}, (None, 10, 32), params=0, output=(None, 8, 32))]


@operation("numpy")
class Vander(Operation):
    """The powers of every value, `N` of them, or as many as there are values.

    keras/src/ops/numpy.py, 3.15.1.
    """

    N: Dim | None = whole(None, least=1)
    increasing: bool = arg.flag(False)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        require_ndim(x, 1, 1)
        return (x[0], x[0] if self.N is None else self.N)

    examples = [
        Example({"N": 4}, (None,), params=0, output=(None, 4)),
        Rejected({}, "expected 1 axis, got (None, 3)", (None, 3)),
    ]


class Spaced(Operation):
    """What puts `num` values between two, along a new axis."""

    num: Dim
    axis: int

    def result(self, call: Inputs, /, start: Shape, stop: Shape) -> Any:
        shape = broadcast(call, {"start": start, "stop": stop}, self.class_name)
        place = axis_of(self.axis, len(shape) + 1)
        return (*shape[:place], self.num, *shape[place:])


class Steps(Spaced):
    """What may also be asked for the step, which Keras then cannot hold in a model."""

    retstep: bool

    def validate(self) -> None:
        if self.retstep:
            raise Rejection("wrong-value", "`retstep: false`", "`retstep: true`", "Keras states no tensor for the step")


_ENDS = [Example({"num": 5, "axis": 1}, [(None, 3), (None, 1)], params=0, output=(None, 5, 3))]
made("Linspace", Steps, "numpy", "Puts `num` values between two, at equal distances.", _ENDS, "start stop",
     num=whole(50), endpoint=arg.flag(True), retstep=arg.flag(False), dtype=arg.anything(None),
     axis=axis(0))  # fmt: skip
made("Logspace", Spaced, "numpy", "Puts `num` values between two powers of `base`, each as many times the last.",
     _ENDS, "start stop", num=whole(50), endpoint=arg.flag(True), base=arg.anything(10), dtype=arg.anything(None),
     axis=axis(0))  # fmt: skip


@operation("numpy", "fill_value")
class Full(Operation):
    """Puts `fill_value` in every place of the stated shape.

    keras/src/ops/numpy.py, 3.15.1.
    """

    shape_: Any = dims(least=1)
    dtype: Any = arg.anything(None)

    def result(self, call: Inputs, /, fill_value: Shape) -> Any:
        from lstmcalc.layers.operations.repeating import BroadcastTo

        return BroadcastTo({"shape": self.shape_}).result(call, fill_value)

    examples = [Example({"shape": [2, 3]}, (1,), params=0, output=(2, 3))]


@operation("numpy", "indices")
class UnravelIndex(Operation):
    """Turns places in a row into places along the axes of `shape`, one output for each axis.

    keras/src/ops/numpy.py, 3.15.1.
    """

    shape_: Any = dims(least=1)

    def result(self, call: Inputs, /, indices: Shape) -> Any:
        return (indices,) * len(self.shape_)

    examples = [Example({"shape": [3, 4]}, (None, 10), params=0, output=[(None, 10)] * 2, dtype="int32")]


@operation("numpy", "x1 x2")
class IsIn(Operation):
    """Tells of every value of `x1` whether it is among those of `x2`.

    keras/src/ops/numpy.py, 3.15.1.
    """

    assume_unique: bool = arg.flag(False)
    invert: bool = arg.flag(False)

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        return x1

    examples = [Example({}, (None, 10), params=0, output=(None, 10), keywords={"x2": [1.0, 2.0]})]


@operation("numpy", "x bins")
class Digitize(Operation):
    """Tells of every value which of the `bins` it lies in.

    keras/src/ops/numpy.py, 3.15.1.
    """

    def result(self, call: Inputs, /, x: Shape, bins: Shape) -> Any:
        require_ndim(bins, 1, 1, "bins")
        return x

    examples = [Example({}, (None, 10), params=0, output=(None, 10), keywords={"bins": [0.0, 0.5]})]


@operation("numpy", "sorted_sequence values")
class SearchSorted(Operation):
    """Tells of every value where it belongs in a row that is in order.

    keras/src/ops/numpy.py, 3.15.1; TensorFlow takes one row of values, and no more.
    """

    side: str = arg.exact_choice("left", "right", default="left")

    def result(self, call: Inputs, /, sorted_sequence: Shape, values: Shape) -> Any:
        require_ndim(sorted_sequence, 1, 1, "sorted_sequence")
        require_ndim(values, 1, 1, "values")
        return values

    examples = [
        Example({}, (None,), params=0, output=(None,), keywords={"sorted_sequence": [0.0, 0.5]}),
        Rejected({}, "expected 1 axis in `values`, got (None, 3)", (None, 3),
                 keywords={"sorted_sequence": [0.0, 0.5]}),
    ]  # fmt: skip


@operation("numpy")
class Corrcoef(Operation):
    """How much each row goes with each other one; Keras states the shape of the rows.

    keras/src/ops/numpy.py, 3.15.1.
    """

    def result(self, call: Inputs, /, x: Shape) -> Any:
        require_ndim(x, 2, 2)
        return x[0], x[0]

    def believed(self, call: Inputs, /, x: Shape) -> Any:
        return x

    examples = [Example({}, (4, 3), params=0, output=(4, 4)),
                Rejected({}, "expected 2 axes, got (None, 3, 2)", (None, 3, 2))]  # fmt: skip
