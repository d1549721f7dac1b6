"""Operations that say values again, or put others around them."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import UNKNOWN, Condition, at_least, equal, to_text, total
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.rule import Operation, operation
from lstmcalc.layers.operations.sizes import axis, axis_of, dims, flat, put
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, count_axes
from lstmcalc.shapes import show_shape

__all__ = ["BroadcastTo", "Pad", "Repeat", "Tile"]


@operation("numpy")
class Repeat(Operation):
    """Says every value `repeats` times along the axis, or each its own number of times.

    keras/src/ops/numpy.py, 3.15.1.
    """

    repeats: Any = dims(one=True)
    axis: int | None = axis(None)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        shape = (flat(x),) if self.axis is None else x
        place = 0 if self.axis is None else axis_of(self.axis, len(x))
        size = shape[place]
        each = self.repeats if isinstance(self.repeats, tuple) else (self.repeats,)
        if len(each) == 1:
            return put(shape, place, size * each[0])
        expected = f"{len(each)} values along the axis, one for each of `repeats`"
        condition = equal(size, len(each))
        because = "each value has its own number of times" if isinstance(condition, Condition) else ""
        call.require(condition, "wrong-size", expected, show_shape(x), because, unknown=f"axis {place}")
        return put(shape, place, total(each) if isinstance(size, int) else UNKNOWN)

    examples = [
        Example({"repeats": 2, "axis": 1}, (None, 10, 32), params=0, output=(None, 20, 32)),
        Example({"repeats": [1, 2, 3], "axis": 1}, (None, 3), params=0, output=(None, 6)),
        Rejected({"repeats": [1, 2], "axis": 1},
                 "expected 2 values along the axis, one for each of `repeats`, got (None, 3)", (None, 3)),
    ]  # fmt: skip


@operation("numpy")
class Tile(Operation):
    """Lays copies one behind the other, along each axis as many as `repeats` says, matched from the last.

    keras/src/ops/numpy.py, 3.15.1.
    """

    repeats: Any = dims(one=True)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        each = self.repeats if isinstance(self.repeats, tuple) else (self.repeats,)
        ndim = max(len(x), len(each))
        shape, each = (1,) * (ndim - len(x)) + x, (1,) * (ndim - len(each)) + each
        return tuple(size * number for size, number in zip(shape, each, strict=True))

    examples = [Example({"repeats": [1, 2, 1]}, (None, 10, 32), params=0, output=(None, 20, 32))]


def _read_width(name: str, value: Any) -> Any:
    pairs = value if isinstance(value, (list, tuple)) else [value]
    numbers = [number for pair in pairs for number in (pair if isinstance(pair, (list, tuple)) else [pair])]
    whole = all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers)
    flat_pair = isinstance(value, (list, tuple)) and len(value) == 2 and not any(
        isinstance(pair, (list, tuple)) for pair in value)  # fmt: skip
    nested = all(isinstance(pair, (list, tuple)) and len(pair) in (1, 2) for pair in pairs)
    even = nested and len({len(pair) for pair in pairs}) == 1
    if not whole or not (isinstance(value, int) or flat_pair or even):
        raise arg.refuse(name, "a number of at least 0, a pair of them, or a pair for each axis", value)
    return value if isinstance(value, int) else [list(pair) if nested else pair for pair in value]


@operation("numpy", constant_values=arg.anything(None))
class Pad(Operation):
    """Puts values before and behind, along each axis as many as its pair in `pad_width` says.

    keras/src/ops/numpy.py, 3.15.1. Modes that only numpy has, and one pair for several axes, fail on TensorFlow.
    """

    pad_width: Any = arg.Argument(arg.REQUIRED, _read_width)
    mode: str = arg.exact_choice("constant", "reflect", "symmetric", default="constant")

    def _pairs(self) -> list[tuple[int, int]]:
        width: list[Any] = self.pad_width if isinstance(self.pad_width, list) else [self.pad_width]
        pairs = width if isinstance(width[0], list) else [width]
        return [(pair[0], pair[-1]) for pair in pairs]

    def result(self, call: Inputs, /, x: Shape, constant_values: Any) -> Any:
        if constant_values is not None and self.mode != "constant":
            raise Rejection("wrong-value", "no `constant_values` beside another `mode`", f"`mode: {self.mode}`")
        pairs = self._pairs()
        if len(pairs) != len(x):
            because = "one pair for all axes is not enough for TensorFlow" if len(pairs) == 1 else ""
            raise Rejection(
                "wrong-value", f"{len(x)} pairs in `pad_width`, one for each axis", str(len(pairs)), because
            )
        for place, (size, pair) in enumerate(zip(x, pairs, strict=True)):
            least = max(pair) + (self.mode == "reflect")
            if self.mode != "constant":
                because = f"`mode: {self.mode}` takes what it puts there from the values themselves"
                expected = f"at least {least} along axis {place}"
                call.require(at_least(size, least), "wrong-size", expected, show_shape(x), because)
        return tuple(size + sum(pair) for size, pair in zip(x, pairs, strict=True))

    examples = [
        Example({"pad_width": [[0, 0], [2, 1], [0, 0]]}, (None, 10, 32), params=0, output=(None, 13, 32)),
        Rejected({"pad_width": [[0, 0], [1, 1]]}, "expected 3 pairs in `pad_width`, one for each axis, got 2",
                 (None, 10, 32)),
        Rejected({"pad_width": 1}, "expected 2 pairs in `pad_width`, one for each axis, got 1: "
                 "one pair for all axes is not enough for TensorFlow", (None, 10)),
    ]  # fmt: skip


@operation("numpy")
class BroadcastTo(Operation):
    """Repeats sizes of 1, and the whole along new axes in front, until the shape is as stated.

    keras/src/ops/numpy.py, 3.15.1.
    """

    shape_: Shape = dims(least=1)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        target = self.shape_
        if len(target) < len(x):
            raise Rejection("wrong-value", f"`shape` of at least {count_axes(len(x))}", arg.show(target))
        for place in range(-len(x), 0):
            size, wanted = x[place], target[place]
            if size != 1:
                expected = f"axis {place} to be 1 or {to_text(wanted)}"
                condition = equal(size, wanted)
                condition = equal(size, 1) if condition is False else condition
                because = "only a size of 1 is repeated" if isinstance(condition, Condition) else ""
                call.require(condition, "wrong-size", expected, show_shape(x), because, unknown=f"axis {place}")
        return target

    examples = [
        Example({"shape": [4, 10, 32]}, (1, 10, 1), params=0, output=(4, 10, 32)),
        Rejected({"shape": [4, 10, 32]}, "expected axis -2 to be 1 or 10, got (1, 5, 32)", (1, 5, 32)),
    ]
