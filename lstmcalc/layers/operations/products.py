"""Operations that multiply values and add products up: matrices, dot products, `einsum`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, equal
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.places import lesser
from lstmcalc.layers.operations.rule import Operation, operation
from lstmcalc.layers.operations.sizes import axes_of, axis, axis_of, broadcast, flat, put, require_ndim, require_same
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape
from lstmcalc.shapes import show_shape

__all__ = ["CDist", "Correlate", "Cross", "Dot", "Inner", "Kron", "Matmul", "Outer", "Tensordot"]

SUMMED = "the same size along the summed axes"
BECAUSE = "a sum of products takes as many values from each operand"


def _require_summed(call: Inputs, x1: Shape, i: int, x2: Shape, j: int) -> None:
    require_same(call, ("x1", x1, i), ("x2", x2, j), SUMMED, BECAUSE)


@operation("numpy", "x1 x2")
class Matmul(Operation):
    """Multiplies matrices, those of the last two axes; the axes before them are matched, and sizes of 1 repeated.

    keras/src/ops/numpy.py, 3.15.1; a row of one axis is a matrix of one row, or of one column.
    """

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        require_ndim(x1, 1, name="x1")
        require_ndim(x2, 1, name="x2")
        rows, columns = len(x1) > 1, len(x2) > 1
        _require_summed(call, x1, len(x1) - 1, x2, len(x2) - 2 if columns else 0)
        before = broadcast(call, {"x1": x1[:-2], "x2": x2[:-2]}, self.class_name)
        return (*before, *(x1[-2:-1] if rows else ()), *(x2[-1:] if columns else ()))

    examples = [
        Example({}, [(None, 10, 8), (None, 8, 5)], params=0, output=(None, 10, 5)),
        Example({}, [(None, 4, 10, 8), (None, 4, 8, None)], params=0, output=(None, 4, 10, None)),
        Rejected(
            {},
            "expected the same size along the summed axes, got (None, 10, 8) and (None, 7, 5): "
            "axis 2 of x1 is 8, axis 1 of x2 is 7",
            [(None, 10, 8), (None, 7, 5)],
        ),
    ]


@operation("numpy", "x1 x2")
class Dot(Operation):
    """Sums products over the last axis of `x1` and the last but one of `x2`; all other axes stay, side by side.

    keras/src/ops/numpy.py, 3.15.1.
    """

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        if not x1 or not x2:
            return x1 or x2
        j = max(len(x2) - 2, 0)
        if len(x2) == 1 < len(x1) and isinstance(x1[-1], int) != isinstance(x2[0], int):
            got = f"{show_shape(x1)} and {show_shape(x2)}"
            raise Rejection("unknown-size", "both summed sizes to be known, or neither", got, BECAUSE)
        _require_summed(call, x1, len(x1) - 1, x2, j)
        return (*x1[:-1], *put(x2, j))

    examples = [
        Example({}, (None, 10, 2), params=0, output=(None, 10), keywords={"x2": [0.5, 0.5]}),
        Example({}, [(None, 10, 8), (None, 8, 4)], params=0, output=(None, 10, None, 4)),
    ]


@operation("numpy", "x1 x2")
class Inner(Operation):
    """Sums products over the last axes of both; all other axes stay, side by side.

    keras/src/ops/numpy.py, 3.15.1.
    """

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        if not x1 or not x2:
            return x1 or x2
        _require_summed(call, x1, len(x1) - 1, x2, len(x2) - 1)
        return (*x1[:-1], *x2[:-1])

    examples = [Example({}, [(None, 10, 8), (None, 8)], params=0, output=(None, 10, None))]


@operation("numpy", "x1 x2")
class Outer(Operation):
    """Multiplies every value of one operand with every value of the other.

    keras/src/ops/numpy.py, 3.15.1.
    """

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        return flat(x1), flat(x2)

    examples = [Example({}, [(2, 3), (2, 4)], params=0, output=(6, 8))]


def _read_axes(name: str, value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    pairs = value if isinstance(value, (list, tuple)) and len(value) == 2 else [value]
    if len(pairs) != 2 or not all(isinstance(pair, (list, tuple)) for pair in pairs):
        raise arg.refuse(name, "a number of at least 0, or two lists of axes, of `x1` and of `x2`", value)
    return [list(pair) for pair in pairs]


@operation("numpy", "x1 x2")
class Tensordot(Operation):
    """Sums products over axes of both: the last `axes` of `x1` and the first of `x2`, or those that two lists name.

    keras/src/ops/numpy.py, 3.15.1; all other axes stay, side by side.
    """

    axes_: Any = arg.Argument(2, _read_axes)

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        if isinstance(self.axes_, int):
            number = self.axes_
            require_ndim(x1, number, name="x1")
            require_ndim(x2, number, name="x2")
            mine, theirs = tuple(range(len(x1) - number, len(x1))), tuple(range(number))
        else:
            mine, theirs = axes_of(self.axes_[0], len(x1), "axes"), axes_of(self.axes_[1], len(x2), "axes")
        if len(mine) != len(theirs):
            raise Rejection("wrong-value", "as many axes of `x1` as of `x2` in `axes`", arg.show(self.axes_))
        for i, j in zip(mine, theirs, strict=True):
            _require_summed(call, x1, i, x2, j)
        kept = [size for place, size in enumerate(x1) if place not in mine]
        return (*kept, *(size for place, size in enumerate(x2) if place not in theirs))

    examples = [
        Example({"axes": [[2], [1]]}, [(None, 3, 4), (None, 4, 5)], params=0, output=(None, 3, None, 5)),
        Example({"axes": 1}, (None, 3, 2), 0, (None, 3, 3), keywords={"x2": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]}),
        Rejected(
            {"axes": [[1], [1]]},
            "expected the same size along the summed axes, got (None, 3) and (None, 4): "
            "axis 1 of x1 is 3, axis 1 of x2 is 4",
            [(None, 3), (None, 4)],
        ),
    ]


@operation("numpy", "x1 x2")
class Cross(Operation):
    """The cross product of vectors of 2 or 3 values along an axis.

    keras/src/ops/numpy.py, 3.15.1. Two vectors of 2 give one value, and the axis goes.
    """

    axisa: int = arg.integer(-1)
    axisb: int = arg.integer(-1)
    axisc: int = arg.integer(-1)
    axis: int | None = axis(None)

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        ours = (self.axisa, self.axisb, self.axisc) if self.axis is None else (self.axis,) * 3
        i, j = axis_of(ours[0], len(x1), "axisa"), axis_of(ours[1], len(x2), "axisb")
        sizes = x1[i], x2[j]
        for size, shape in zip(sizes, (x1, x2), strict=True):
            if isinstance(size, int) and size not in (2, 3):
                raise Rejection("wrong-size", "vectors of 2 or 3 values", show_shape(shape))
            elif not isinstance(size, int):
                wanted = 3 if 3 in sizes else 2
                because = "Keras counts on 3 values where the other vector has them, and on 2 otherwise"
                call.require(equal(size, wanted), "wrong-size", "", because=because, unknown="the number of values")
        before = broadcast(call, {"x1": put(x1, i), "x2": put(x2, j)}, self.class_name)
        if 3 in sizes:
            place = axis_of(ours[2], len(before) + 1, "axisc")
            return (*before[:place], 3, *before[place:])
        axis_of(ours[2], len(before), "axisc")
        return before

    examples = [
        Example({}, [(None, 10, 3), (None, 10, 3)], params=0, output=(None, 10, 3)),
        Example({}, [(None, 2), (None, 2)], params=0, output=(None,)),
        Rejected({}, "expected vectors of 2 or 3 values, got (None, 4)", [(None, 4), (None, 4)]),
    ]


@operation("numpy", "x1 x2")
class Kron(Operation):
    """Puts in the place of every value of `x1` the whole of `x2`, times that value.

    keras/src/ops/numpy.py, 3.15.1, which states as many axes as the one with fewer has; TensorFlow multiplies
    rows and matrices, and hardly anything of more axes.
    """

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        ndim = max(len(x1), len(x2))
        one, other = ((1,) * (ndim - len(shape)) + shape for shape in (x1, x2))
        return tuple(a * b for a, b in zip(one, other, strict=True))

    def believed(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        return None if len(x1) == len(x2) else tuple(a * b for a, b in zip(x1, x2, strict=False))

    examples = [Example({}, [(2, 3), (2, 4)], params=0, output=(4, 12))]


@operation("math", "x y")
class CDist(Operation):
    """The distance of every row of `x` from every row of `y`.

    keras/src/ops/math.py, 3.15.1.
    """

    def result(self, call: Inputs, /, x: Shape, y: Shape) -> Any:
        require_ndim(x, 2, name="x")
        require_ndim(y, 2, name="y")
        left, right = ("x", x, len(x) - 1), ("y", y, len(y) - 1)
        require_same(call, left, right, "rows of the same length", "a distance takes as many values of each")
        before = broadcast(call, {"x": x[:-2], "y": y[:-2]}, self.class_name)
        return (*before, x[-2], y[-2])

    examples = [Example({}, [(None, 3, 4), (None, 5, 4)], params=0, output=(None, 3, 5))]


@operation("numpy", "x1 x2")
class Correlate(Operation):
    """The sums of products of two rows, at every offset of one against the other.

    keras/src/ops/numpy.py, 3.15.1, which needs both lengths.
    """

    mode: str = arg.exact_choice("valid", "same", "full", default="valid")

    def result(self, call: Inputs, /, x1: Shape, x2: Shape) -> Any:
        require_ndim(x1, 1, 1, "x1")
        require_ndim(x2, 1, 1, "x2")
        for size in (x1[0], x2[0]):
            call.require_known(size, "the length of both rows", "Keras counts the offsets")
        short = lesser(x1[0], x2[0])
        longest = x1[0] + x2[0] - short
        return ({"valid": longest - short + 1, "same": longest, "full": x1[0] + x2[0] - 1}[self.mode],)

    examples = [Example({"mode": "full"}, (5,), params=0, output=(7,), keywords={"x2": [1.0, 2.0, 3.0]})]


def _read_subscripts(name: str, value: Any) -> Any:
    def right(text: str) -> bool:
        letters = text.replace("...", "", 1)
        return not letters or (letters.isascii() and letters.isalpha() and letters.islower())

    inputs, arrow, output = value.partition("->") if isinstance(value, str) else ("?", "", "")
    terms = inputs.split(",")
    kept = output.replace("...", "", 1)
    if not all(map(right, [*terms, output])) or len(set(kept)) < len(kept) or not set(kept) <= set(inputs) or (
        arrow and "..." in output and "..." not in inputs):  # fmt: skip
        also = "behind which every letter stands once and also before"
        raise arg.refuse(name, f"small letters, commas, `...` and `->`, {also}", value)
    return value


@operation("numpy", "*operands")
class Einsum(Operation):
    """Multiplies and sums over letters that stand for axes: `bij,bjk->bik` is a product of matrices.

    keras/src/ops/numpy.py, 3.15.1, which takes small letters, without spaces. Without `->`, letters that stand once
    are kept, in the order of the alphabet.
    """

    subscripts: str = arg.Argument(arg.REQUIRED, _read_subscripts)  # type: ignore[assignment]  # a descriptor

    def result(self, call: Inputs, /, operands: list[Shape]) -> Any:
        inputs, _, output = self.subscripts.partition("->")
        terms = inputs.split(",")
        if len(terms) != len(operands):
            raise Rejection("wrong-number-of-inputs", f"{len(terms)} operands, as `subscripts` has", str(len(operands)))
        if "->" not in self.subscripts:
            once = sorted(letter for letter in set(inputs) - set(",.") if inputs.count(letter) == 1)
            output = "..." * ("..." in inputs) + "".join(once)
        sizes: dict[str, list[tuple[str, Shape, int]]] = {}
        wild: dict[str, Shape] = {}
        for number, (term, shape) in enumerate(zip(terms, operands, strict=True), start=1):
            name = f"operand {number}"
            before, dots, behind = term.partition("...")
            least = len(before) + len(behind)
            require_ndim(shape, least, None if dots else least, name)
            for place, letter in enumerate(before):
                sizes.setdefault(letter, []).append((name, shape, place))
            for place, letter in enumerate(behind, start=len(shape) - len(behind)):
                sizes.setdefault(letter, []).append((name, shape, place))
            if dots:
                wild[name] = shape[len(before) : len(shape) - len(behind)]
        found = {letter: self._agreed(call, letter, places) for letter, places in sizes.items()}
        spread = broadcast(call, wild, self.class_name) if wild else ()
        head, dots, tail = output.partition("...")
        return (*(found[letter] for letter in head), *(spread if dots else ()), *(found[letter] for letter in tail))

    @staticmethod
    def _agreed(call: Inputs, letter: str, places: Sequence[tuple[str, Shape, int]]) -> Dim:
        """The size that a letter stands for: a number where one is known, a name otherwise."""
        because = f"`{letter}` stands for one size"
        best = min(places, key=lambda at: (not isinstance(at[1][at[2]], int), at[1][at[2]] is UNKNOWN))
        for other in places:
            if other is not best:
                left, right = sorted((best, other), key=places.index)
                require_same(call, left, right, f"one size for `{letter}`", because)
        sizes = [shape[place] for _, shape, place in places]
        # Keras repeats a size of 1 until data comes, and so knows no number there.
        return next((size for size in sizes if not isinstance(size, int)), 1) if 1 in sizes else best[1][best[2]]

    examples = [
        Example({"subscripts": "bij,bkj->bik"}, [(None, 10, 8), (None, 10, 8)], params=0, output=(None, 10, 10)),
        Example({"subscripts": "b...i->b..."}, [(None, 3, 4)], params=0, output=(None, 3)),
        Example({"subscripts": "bij,bjk"}, [(None, 3, 4), (None, 4, 5)], params=0, output=(3, 5)),
        Rejected(
            {"subscripts": "bij,bjk->bik"},
            "expected one size for `j`, got (None, 3, 4) and (None, 5, 6): "
            "axis 2 of operand 1 is 4, axis 1 of operand 2 is 5",
            [(None, 3, 4), (None, 5, 6)],
        ),
        Rejected(
            {"subscripts": "bij->bk"},
            "expected `subscripts` to be small letters, commas, `...` and `->`, behind which every letter stands once "
            'and also before, got "bij->bk"',
        ),
    ]
