"""Operations that pick values by their places, put values at places, or find places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstmcalc.dims import UNKNOWN, Condition, Dim, at_least, to_text
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.constants import array_value
from lstmcalc.layers.operations.rule import Operation, operation
from lstmcalc.layers.operations.sizes import (
    axis,
    axis_of,
    broadcast,
    dims,
    flat,
    put,
    require_ndim,
    require_same,
    whole,
)
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, count_axes
from lstmcalc.shapes import show_shape

__all__ = ["MultiHot", "Nonzero", "OneHot", "Scatter", "Slice", "Take", "TakeAlongAxis", "TopK", "Unique"]


def _numbers(value: Any) -> Iterator[int]:
    """The integers of a constant, however deep; none of a tensor, whose numbers only data tells."""
    value = array_value(value)
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value


@operation("numpy", "x indices")
class Take(Operation):
    """Takes the values at `indices` along the axis, or of all values laid in a row; negative ones count from the end.

    keras/src/ops/numpy.py, 3.15.1.
    """

    axis: int | None = axis(None)

    def result(self, call: Inputs, /, x: Shape, indices: Shape) -> Any:
        place = None if self.axis is None else axis_of(self.axis, len(x))
        size = flat(x) if place is None else x[place]
        reach = max(
            (index + 1 if index >= 0 else -index for index in _numbers(call.keywords.get("indices"))), default=0
        )
        because = "an index counts a place that is there"
        where = "values" if place is None else f"along axis {place}"
        call.require(at_least(size, reach), "wrong-size", f"at least {reach} {where}", show_shape(x), because)
        return indices if place is None else put(x, place, *indices)

    examples = [
        Example({"axis": 1}, (None, 10, 32), params=0, output=(None, 2, 32), keywords={"indices": [1, -1]}),
        Example({"axis": 1}, (None, 10, 32), params=0, output=(None, 32), keywords={"indices": 3}),
        Rejected(
            {"axis": 1},
            "expected at least 21 along axis 1, got (None, 10, 32): an index counts a place that is there",
            (None, 10, 32),
            keywords={"indices": [1, 20]},
        ),
    ]


@operation("numpy", "x indices")
class TakeAlongAxis(Operation):
    """Takes for every place the value that `indices` says there, along the axis.

    keras/src/ops/numpy.py and operation_utils.py, 3.15.1. Along the other axes both must agree, or be 1.
    """

    axis: int | None = axis(None)

    def result(self, call: Inputs, /, x: Shape, indices: Shape) -> Any:
        shape = (flat(x),) if self.axis is None else x
        if len(shape) != len(indices):
            raise Rejection("wrong-ndim", f"`indices` of {count_axes(len(shape))}", show_shape(indices))
        place = 0 if self.axis is None else axis_of(self.axis, len(x))
        return broadcast(call, {"x": put(shape, place, indices[place]), "indices": indices}, self.class_name)

    examples = [
        Example({"axis": 1}, [(None, 10, 32), (None, 4, 32)], params=0, output=(None, 4, 32), dtype="int32"),
        Rejected({"axis": 1}, "expected `indices` of 2 axes, got (None, 4, 1)", [(None, 10), (None, 4, 1)]),
    ]


@operation("core", "inputs start_indices")
class Slice(Operation):
    """Takes a block of the stated `shape`, from `start_indices` on; -1 takes all that follows.

    keras/src/ops/core.py, 3.15.1.
    """

    shape_: Any = dims(least=-1)

    def result(self, call: Inputs, /, inputs: Shape, start_indices: Shape) -> Any:
        if len(self.shape_) != len(inputs):
            raise Rejection("wrong-ndim", f"{count_axes(len(self.shape_))}, as `shape` has", show_shape(inputs))
        if start_indices not in ((len(inputs),), (UNKNOWN,)):
            raise Rejection("wrong-size", f"{len(inputs)} numbers in `start_indices`", show_shape(start_indices))
        known = list(_numbers(call.keywords.get("start_indices")))
        starts: list[int | None] = [*known] or [None] * len(inputs)
        return tuple(self._size(call, inputs, place, start) for place, start in enumerate(starts))

    def _size(self, call: Inputs, inputs: Shape, place: int, start: int | None) -> Dim:
        size, there = self.shape_[place], inputs[place]
        if start is not None and start < 0:
            raise Rejection("wrong-value", "numbers of at least 0 in `start_indices`", str(start))
        first = 0 if start is None else start
        end = first if size == -1 else first + size
        because = "the block must lie within"
        expected = f"at least {to_text(end)} along axis {place}"
        call.require(at_least(there, end), "wrong-size", expected, show_shape(inputs), because)
        if size != -1:
            return size  # type: ignore[no-any-return]  # an argument that `dims` has read
        return UNKNOWN if start is None else there - start

    examples = [
        Example({"shape": [-1, 3, 4]}, (None, 10, 32), 0, (None, 3, 4), keywords={"start_indices": [0, 1, 2]}),
        Rejected(
            {"shape": [-1, 3]},
            "expected at least 11 along axis 1, got (None, 10): the block must lie within",
            (None, 10),
            keywords={"start_indices": [0, 8]},
        ),
    ]


@operation("core", "inputs start_indices updates")
class SliceUpdate(Operation):
    """Puts a block of other values in, from `start_indices` on.

    keras/src/ops/core.py, 3.15.1.
    """

    def result(self, call: Inputs, /, inputs: Shape, start_indices: Shape, updates: Shape) -> Any:
        if len(updates) != len(inputs):
            raise Rejection("wrong-ndim", f"`updates` of {count_axes(len(inputs))}", show_shape(updates))
        if start_indices not in ((len(inputs),), (UNKNOWN,)):
            raise Rejection("wrong-size", f"{len(inputs)} numbers in `start_indices`", show_shape(start_indices))
        for place, (there, size) in enumerate(zip(inputs, updates, strict=True)):
            expected = f"`updates` of at most {to_text(there)} along axis {place}"
            because = "the block must lie within"
            call.require(at_least(there, size), "wrong-size", expected, show_shape(updates), because)
        return inputs

    examples = [
        Example({}, [(None, 10, 32), (None, 3, 4)], 0, (None, 10, 32), keywords={"start_indices": [0, 1, 2]}),
        Rejected(
            {},
            "expected `updates` of at most 10 along axis 1, got (None, 30, 4): the block must lie within",
            [(None, 10, 32), (None, 30, 4)],
            keywords={"start_indices": [0, 1, 2]},
        ),
    ]


@operation("core", "inputs indices updates")
class ScatterUpdate(Operation):
    """Puts other values, rows or blocks at the places that `indices` says; its last axis counts along the first axes.

    keras/src/ops/core.py, 3.15.1.
    """

    reduction: str | None = arg.exact_choice("add", "max", "min", "mul", default=None)

    def result(self, call: Inputs, /, inputs: Shape, indices: Shape, updates: Shape) -> Any:
        check_places(call, inputs, indices, updates)
        return inputs

    examples = [
        Example({}, (None, 10), 0, (None, 10), keywords={"indices": [[0, 1], [1, 2]], "updates": [1.0, 2.0]}),
        Rejected({}, "expected `updates` of 1 axis, got (2, 1)", (None, 10),
                 keywords={"indices": [[0, 1], [1, 2]], "updates": [[1.0], [2.0]]}),
    ]  # fmt: skip


@operation("core", "indices values")
class Scatter(Operation):
    """Puts values, rows or blocks at the places that `indices` says, into zeros of the stated `shape`.

    keras/src/ops/core.py, 3.15.1.
    """

    shape_: Any = dims(least=1)

    def result(self, call: Inputs, /, indices: Shape, values: Shape) -> Any:
        check_places(call, self.shape_, indices, values)
        return self.shape_

    examples = [Example({"shape": [5, 10]}, (2, 10), 0, (5, 10), keywords={"indices": [[0], [3]]})]


def check_places(call: Inputs, shape: Shape, indices: Shape, updates: Shape) -> None:
    """Requires updates to be as many as indices, and as large as what each of these stands for."""
    require_ndim(indices, 1, name="indices")
    depth = indices[-1]
    if not isinstance(depth, int) or depth > len(shape):
        raise Rejection("wrong-size", f"at most {len(shape)} numbers for each place in `indices`", show_shape(indices))
    wanted = (*indices[:-1], *shape[depth:])
    if len(updates) != len(wanted):
        raise Rejection("wrong-ndim", f"`updates` of {count_axes(len(wanted))}", show_shape(updates))
    expected = f"{show_shape(wanted)}, one for each place"
    for place in range(len(wanted)):
        require_same(call, ("updates", updates, place), ("it", wanted, place), expected, "each place gets one")


@operation("nn")
class OneHot(Operation):
    """Puts in the place of every number a row of `num_classes` values, of which the one it counts is 1.

    keras/src/ops/nn.py, 3.15.1.
    """

    num_classes: Dim = whole(least=1)
    axis: int = axis(-1)
    dtype: Any = arg.anything(None)
    sparse: bool = arg.flag(False)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        return with_classes(x, self.axis, self.num_classes)

    examples = [
        Example({"num_classes": 5}, (None, 10), params=0, output=(None, 10, 5), dtype="int32"),
        Example({"num_classes": 5, "axis": 1}, (None, 10), params=0, output=(None, 5, 10), dtype="int32"),
        Rejected({"num_classes": 5, "axis": 2}, "expected `axis` to be -1, or from 0 to 1, got 2", (None, 10)),
    ]


def with_classes(x: Shape, place: int, number: Dim) -> Shape:
    """A shape with one axis more, of so many classes; raises `Rejection` where Keras puts none."""
    if place == -1:
        return (*x, number)
    if not 0 <= place < len(x):
        raise Rejection("wrong-value", f"`axis` to be -1, or from 0 to {len(x) - 1}", str(place))
    return (*x[:place], number, *x[place:])


@operation("nn", "inputs")
class MultiHot(Operation):
    """Tells for each of `num_classes` whether a sample's numbers have it.

    keras/src/ops/nn.py, 3.15.1, where a lone axis makes one row of all.
    """

    num_classes: Dim | None = whole(None, least=1)
    axis: int = axis(-1)
    dtype: Any = arg.anything(None)
    sparse: bool = arg.flag(False)

    def validate(self) -> None:
        if self.num_classes is None:
            raise Rejection("missing-argument", "`num_classes`", "nothing")

    def result(self, call: Inputs, /, inputs: Shape) -> Any:
        assert self.num_classes is not None
        spread = with_classes(inputs, self.axis, self.num_classes)
        return put(spread, 0 if len(spread) == 2 else 1)

    examples = [
        Example({"num_classes": 5}, (None, 10), params=0, output=(None, 5), dtype="int32"),
        Rejected({}, "expected `num_classes`, got nothing", (None, 10)),
    ]


@operation("math")
class TopK(Operation):
    """The `k` greatest values along the last axis, and their places.

    keras/src/ops/math.py, 3.15.1.
    """

    k: Dim = whole(least=1)
    sorted: bool = arg.flag(True)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        require_ndim(x, 1)
        condition = at_least(x[-1], self.k)
        because = "there is no more to take" if isinstance(condition, Condition) else ""
        expected = f"at least {to_text(self.k)} along the last axis"
        call.require(condition, "wrong-size", expected, show_shape(x), because)
        return (put(x, len(x) - 1, self.k),) * 2

    examples = [
        Example({"k": 3}, (None, 10), params=0, output=[(None, 3), (None, 3)]),
        Rejected({"k": 11}, "expected at least 11 along the last axis, got (None, 10)", (None, 10)),
    ]


@operation("math", "targets predictions")
class InTopK(Operation):
    """Tells for every sample whether its target is among the `k` classes that are predicted most.

    keras/src/ops/math.py, 3.15.1.
    """

    k: Dim = whole(least=1)

    def result(self, call: Inputs, /, targets: Shape, predictions: Shape) -> Any:
        require_ndim(targets, 1, 1, "targets")
        require_ndim(predictions, 2, 2, "predictions")
        require_same(call, ("targets", targets, 0), ("predictions", predictions, 0), "as many predictions as targets",
                     "each target has a row")  # fmt: skip
        return targets

    examples = [Example({"k": 2}, (None, 5), 0, (3,), keywords={"targets": [1, 0, 2]})]


@operation("numpy")
class Nonzero(Operation):
    """The places of the values that are not 0, axis by axis; how many there are, only data tells.

    keras/src/ops/numpy.py, 3.15.1.
    """

    def result(self, call: Inputs, /, x: Shape) -> Any:
        return ((UNKNOWN,),) * len(x)

    examples = [Example({}, (None, 10), params=0, output=[(None,), (None,)])]


@operation("numpy")
class Unique(Operation):
    """Every value that there is, once; how many there are, only data tells, unless `size` does.

    keras/src/ops/numpy.py, 3.15.1.
    """

    sorted: bool = arg.flag(True)
    return_index: bool = arg.flag(False)
    return_inverse: bool = arg.flag(False)
    return_counts: bool = arg.flag(False)
    axis: int | None = axis(None)
    size: Dim | None = whole(None, least=1)
    fill_value: Any = arg.anything(None)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        size = UNKNOWN if self.size is None else self.size
        place = None if self.axis is None else axis_of(self.axis, len(x))
        outputs: list[Shape] = [(size,) if place is None else put(x, place, size)]
        if self.return_index:
            outputs.append((size,))
        if self.return_inverse:
            outputs.append(x if place is None else (x[place],))
        if self.return_counts:
            outputs.append((size,))
        return tuple(outputs)

    examples = [
        Example({}, (None, 10), params=0, output=(None,)),
        Example({"size": 4, "return_counts": True}, (None, 10), params=0, output=[(4,), (4,)]),
    ]
