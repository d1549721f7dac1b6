"""Operations that lay several inputs together, or take one input apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, at_least, ceil_div, product, to_text, total
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.rule import Operation, made, operation
from lstmcalc.layers.operations.sizes import axis, axis_of, flat, put, require_multiple, require_ndim, require_same
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, count_axes
from lstmcalc.shapes import show_shape

__all__ = ["Append", "Concatenate", "Meshgrid", "Split", "Stack", "Unstack"]

#: How many outputs an operation may have.
MOST_OUTPUTS = 10_000


def _agreeing(call: Inputs, shapes: Sequence[Shape], but: int | None, class_name: str) -> None:
    """Requires inputs to have the same sizes along all axes but one."""
    first = shapes[0]
    if len({len(shape) for shape in shapes}) > 1:
        got = " and ".join(map(show_shape, shapes))
        raise Rejection("wrong-ndim", "inputs with the same number of axes", got)
    expected = "inputs that agree in every axis" + ("" if but is None else f" but {but}")
    because = f"{class_name} lays them side by side"
    for number, shape in enumerate(shapes[1:], start=2):
        for place in range(len(first)):
            if place != but:
                left, right = ("input 1", first, place), (f"input {number}", shape, place)
                require_same(call, left, right, expected, because)


def _joined(call: Inputs, shapes: Sequence[Shape], place: int, class_name: str) -> Shape:
    _agreeing(call, shapes, place, class_name)
    return put(shapes[0], place, total(shape[place] for shape in shapes))


@operation("numpy", "[xs]")
class Concatenate(Operation):
    """Lays its inputs one behind the other along `axis`; along every other axis they must agree.

    keras/src/ops/numpy.py, 3.15.1, where the other sizes of the output are the first input's.
    """

    axis: int = arg.integer(0)

    def result(self, call: Inputs, /, xs: list[Shape]) -> Any:
        return _joined(call, xs, axis_of(self.axis, len(xs[0])), self.class_name)

    examples = [
        Example({"axis": -1}, [(None, 10, 32), (None, 10, 64)], params=0, output=(None, 10, 96)),
        Example({}, [(2, 10), (2, 10)], params=0, output=(4, 10)),
        Rejected(
            {"axis": 1},
            "expected inputs that agree in every axis but 1, got (None, 10, 32) and (None, 10, 64): "
            "axis 2 of input 1 is 32, axis 2 of input 2 is 64",
            [(None, 10, 32), (None, 10, 64)],
        ),
    ]


class Stacked(Operation):
    """Lays its inputs one behind the other along an axis that each has already, or gets."""

    place = 0

    def promoted(self, shape: Shape) -> Shape:
        """An input as it is laid to the others."""
        return shape

    def result(self, call: Inputs, /, xs: list[Shape]) -> Any:
        return _joined(call, [self.promoted(shape) for shape in xs], self.place, self.class_name)


@operation("numpy", "[xs]")
class Hstack(Stacked):
    """Lays its inputs one behind the other along axis 1.

    keras/src/ops/numpy.py, 3.15.1, which has no axis 1 for inputs of one axis, and fails.
    """

    place = 1

    def promoted(self, shape: Shape) -> Shape:
        require_ndim(shape, 2)
        return shape

    examples = [
        Example({}, [(None, 10, 32), (None, 5, 32)], params=0, output=(None, 15, 32)),
        Rejected({}, "expected at least 2 axes, got (None,)", [(None,), (None,)]),
    ]


@operation("numpy", "[xs]")
class Vstack(Stacked):
    """Lays its inputs one below the other along axis 0.

    keras/src/ops/numpy.py, 3.15.1; TensorFlow makes one long row of inputs of one axis, as Keras states.
    """

    examples = [Example({}, [(2, 10), (2, 10)], params=0, output=(4, 10))]


@operation("numpy", "[xs]")
class Dstack(Stacked):
    """Lays its inputs one behind the other along axis 2, which those of fewer axes get.

    keras/src/ops/numpy.py, 3.15.1.
    """

    place = 2

    def promoted(self, shape: Shape) -> Shape:
        return (1, *shape, 1) if len(shape) == 1 else (*shape, 1) if len(shape) == 2 else shape

    examples = [Example({}, [(None, 10), (None, 10)], params=0, output=(None, 10, 2))]


@operation("numpy", "[x]")
class Stack(Operation):
    """Lays its inputs one behind the other along a new axis; they must be of one shape.

    keras/src/ops/numpy.py, 3.15.1.
    """

    axis: int = arg.integer(0)

    def result(self, call: Inputs, /, x: list[Shape]) -> Any:
        _agreeing(call, x, None, self.class_name)
        place = axis_of(self.axis, len(x[0]) + 1)
        return (*x[0][:place], len(x), *x[0][place:])

    examples = [
        Example({"axis": 1}, [(None, 32), (None, 32)], params=0, output=(None, 2, 32)),
        Rejected(
            {},
            "expected inputs that agree in every axis, got (None, 32) and (None, 64): "
            "axis 1 of input 1 is 32, axis 1 of input 2 is 64",
            [(None, 32), (None, 64)],
        ),
    ]


@operation("numpy", "x1 x2")
class Append(Operation):
    """Lays two operands one behind the other along `axis`, or all their values in one row.

    keras/src/ops/numpy.py, 3.15.1, which adds up the sizes along the axis, and fails where one is unknown.
    """

    axis: int | None = axis(None)

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        if self.axis is None:
            return (flat(x1) + flat(x2),)
        place = axis_of(self.axis, len(x1))
        _agreeing(call, [x1, x2], place, self.class_name)
        for shape in (x1, x2):
            call.require_known(shape[place], f"the size of axis {place}", "Keras adds the two")
        return put(x1, place, x1[place] + x2[place])

    examples = [
        Example({"axis": 1}, [(None, 10, 32), (None, 5, 32)], params=0, output=(None, 15, 32)),
        Example({}, [(None, 10), (None, 5)], params=0, output=(None,)),
    ]


@operation("numpy", "*x")
class Meshgrid(Operation):
    """Makes of each input a grid with an axis for every input, along which its own values run.

    keras/src/ops/numpy.py, 3.15.1.
    """

    indexing: str = arg.exact_choice("xy", "ij", default="xy")

    def result(self, call: Inputs, /, x: list[Shape]) -> Any:
        sizes = [product(shape) for shape in x]
        if self.indexing == "xy":
            if len(sizes) < 2:
                raise Rejection("wrong-number-of-inputs", "at least 2 inputs with `indexing: xy`", str(len(sizes)))
            sizes[:2] = sizes[1], sizes[0]
        return (tuple(sizes),) * len(x)

    examples = [
        Example({}, [(2,), (2,)], params=0, output=[(2, 2), (2, 2)]),
        Example({"indexing": "ij"}, [(2,), (2,), (2,)], params=0, output=[(2, 2, 2)] * 3),
    ]


def _read_sections(name: str, value: Any) -> Any:
    numbers = list(value) if isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
        raise arg.refuse(name, "a number of parts, or a list of the places to cut at", value)
    if not isinstance(value, (list, tuple)) and value < 1:
        raise arg.refuse(name, "at least 1 part, or a list of the places to cut at", value)
    return tuple(numbers) if isinstance(value, (list, tuple)) else value


def _require_few(outputs: int) -> None:
    """Refuses more outputs than anybody takes."""
    if outputs > MOST_OUTPUTS:
        raise Rejection("too-large", f"at most {MOST_OUTPUTS:,} outputs", f"{outputs:,}")


class Cut(Operation):
    """What cuts its input into parts along an axis: into equal ones, or at the places that a list tells."""

    indices_or_sections: Any = None

    def place(self, x: Shape) -> int:
        """The axis to cut along."""
        raise NotImplementedError

    def result(self, call: Inputs, /, x: Shape) -> Any:
        place = self.place(x)
        return tuple(put(x, place, size) for size in self._sizes(call, x, place))

    def _sizes(self, call: Inputs, x: Shape, place: int) -> list[Dim]:
        size, cuts = x[place], self.indices_or_sections
        if isinstance(cuts, int):
            _require_few(cuts)
            require_multiple(call, x, place, cuts, "the parts are equal")
            return [size // cuts] * cuts
        if not cuts or any(low > high for low, high in zip((0, *cuts), cuts, strict=False)):
            raise Rejection("wrong-value", "places from 0 on in order, in `indices_or_sections`", arg.show(cuts))
        expected = f"at least {cuts[-1]} along axis {place}, where it is cut last"
        call.require(at_least(size, cuts[-1]), "wrong-size", expected, show_shape(x), "it is cut there last")
        starts = (0, *cuts)
        return [end - start for start, end in zip(starts, (*cuts, size), strict=True)]


@operation("numpy")
class Split(Cut):
    """Cuts its input into parts along `axis`: into so many equal ones, or at the places that a list tells.

    keras/src/ops/numpy.py, 3.15.1.
    """

    indices_or_sections: Any = arg.Argument(arg.REQUIRED, _read_sections)
    axis: int = arg.integer(0)

    def place(self, x: Shape) -> int:
        return axis_of(self.axis, len(x))

    examples = [
        Example({"indices_or_sections": 2, "axis": 1}, (None, 10, 8), params=0, output=[(None, 5, 8)] * 2),
        Example({"indices_or_sections": [3, 5], "axis": 1}, (None, 10), 0, [(None, 3), (None, 2), (None, 5)]),
        Rejected({"indices_or_sections": 3, "axis": 1}, "expected axis 1 to be a multiple of 3, got (None, 10)",
                 (None, 10)),
    ]  # fmt: skip


class Fixed(Cut):
    """What cuts along an axis of its own."""

    least = 1
    along = 0

    def place(self, x: Shape) -> int:
        require_ndim(x, self.least)
        return self.along if len(x) > self.along else 0


_FIXED = {"Dsplit": (2, 3), "Hsplit": (1, 1), "Vsplit": (0, 2)}
for _name, (_along, _least) in _FIXED.items():
    _examples: list[Example | Rejected] = [
        Example({"indices_or_sections": 2}, (4, 10, 8), 0, [put((4, 10, 8), _along, (4, 10, 8)[_along] // 2)] * 2)
    ]
    if _least > 1:
        _examples.append(
            Rejected({"indices_or_sections": 2}, f"expected at least {count_axes(_least)}, got (4,)", (4,))
        )
    made(_name, Fixed, "numpy", f"Cuts its input into parts along axis {_along}.", _examples,
         indices_or_sections=arg.Argument(arg.REQUIRED, _read_sections), least=_least, along=_along)  # fmt: skip


@operation("numpy")
class ArraySplit(Operation):
    """Cuts its input into so many parts along `axis`, the first ones longer by 1 where they cannot be equal.

    keras/src/ops/numpy.py, 3.15.1.
    """

    indices_or_sections: int = arg.integer(least=1)
    axis: int = arg.integer(0)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        place, parts = axis_of(self.axis, len(x)), self.indices_or_sections
        _require_few(parts)
        return tuple(put(x, place, ceil_div(x[place] - number, parts)) for number in range(parts))

    examples = [Example({"indices_or_sections": 3, "axis": 1}, (None, 10), 0, [(None, 4), (None, 3), (None, 3)])]


@operation("core")
class Unstack(Operation):
    """Cuts its input into pieces of 1 along `axis`, and takes the axis away.

    keras/src/ops/core.py, 3.15.1.
    """

    num: int | None = arg.integer(None, least=1)
    axis: int = arg.integer(0)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        place = axis_of(self.axis, len(x))
        number = x[place] if self.num is None else self.num
        if not isinstance(number, int):
            fix = "state `num`"
            raise Rejection("unknown-size", f"axis {place} to be a number, since it counts the outputs",
                            to_text(number) if number is not UNKNOWN else show_shape(x), fix=fix)  # fmt: skip
        if self.num is not None:
            left, right = ("x", x, place), ("`num`", (number,), 0)
            require_same(call, left, right, f"{number} along axis {place}, as `num` says", "each piece is an output")
        _require_few(number)
        return (put(x, place),) * number

    examples = [
        Example({"axis": 1}, (None, 3, 8), params=0, output=[(None, 8)] * 3),
        Rejected({}, "expected axis 0 to be a number, since it counts the outputs, got (None, 3, 8) from input "
                 "\"input_0\"", (None, 3, 8)),
    ]  # fmt: skip
