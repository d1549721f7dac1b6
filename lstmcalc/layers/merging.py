"""Keras's merging layers: several inputs become one output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from lstmcalc.dims import UNKNOWN, Dim, Expression, equal, product, to_text, total
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.costs import Cost
from lstmcalc.layers.kept import Held, Kept, Made, per_sample
from lstmcalc.layers.masks import one_per_place, refuse_mask, repeated_to_fit
from lstmcalc.layers.rule import Example, Inputs, LayerRule, MaskStep, Rejected, Shape, Work, layer
from lstmcalc.shapes import show_shape

__all__ = ["Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"]


class Merge(LayerRule):
    """What elementwise merging shares (keras/src/layers/merging/base_merge.py, 3.15.1).

    Inputs with fewer axes get axes of size 1 behind the batch, and a size of 1 is repeated. Keras prints None wherever
    an input has it, and finds out on data that the sizes differ.
    """

    kinds = ("merge",)
    #: Whether what is merged depends on the masks: masked places are left out.
    reads_masks: ClassVar[bool] = False
    #: What is done to one value and the next.
    joined: ClassVar[str] = "merged"

    def work(self, x: Inputs) -> Iterable[Work]:
        # One input after the other, which may be of fewer values than all of them together.
        ndim = max(len(shape) for shape in x.shapes)
        aligned = [(1,) * (ndim - len(shape)) + shape[1:] for shape in x.shapes]
        steps = [product(map(_merged, zip(*aligned[:end], strict=True))) for end in range(2, len(aligned) + 1)]
        if steps:
            yield Work("merge", Cost(arithmetic=total(steps)), f"the inputs are {self.joined}, value by value")

    def output_shape(self, x: Inputs) -> Any:
        if () in x.shapes:
            raise Rejection("wrong-ndim", "inputs with at least 1 axis (batch)", ", ".join(map(show_shape, x.shapes)))
        ndim = max(len(shape) for shape in x.shapes)
        aligned = [(1,) * (ndim - len(shape)) + shape[1:] for shape in x.shapes]
        batches = [shape[0] for shape in x.shapes]
        because = "a batch has one size"
        self._require_equal(x, batches, "axis 0", "inputs of one batch size", because)
        batch = next((size for size in batches if size is not UNKNOWN), UNKNOWN)
        uneven = len({len(shape) for shape in x.shapes}) > 1
        sizes = []
        for place, column in enumerate(zip(*aligned, strict=True), start=1):
            axis = f"axis {place - ndim if uneven else place}"
            because = f"{self.class_name} goes value by value, and repeats only along sizes of 1"
            self._require_equal(x, column, axis, "inputs whose sizes are equal or 1, axis by axis", because, 1)
            sizes.append(_merged(column))
        return (batch, *sizes)

    def _require_equal(
        self, x: Inputs, column: Sequence[Dim], axis: str, expected: str, because: str, free: int = 0
    ) -> None:
        """Requires all sizes but `free` ones to be equal, against the best known of them."""
        binding = [(size, number) for number, size in enumerate(column, start=1) if size != free]
        if not binding:
            return
        best, first = min(binding, key=lambda pair: (not isinstance(pair[0], int), pair[0] is UNKNOWN))
        for size, number in binding:
            if number != first:
                require_same(x, (best, first), (size, number), axis, expected, because)

    def kept(self, x: Inputs, made: Made) -> Kept:
        if self.joined in ("added", "subtracted"):
            return Kept()
        if made.masked and self.reads_masks:
            return super().kept(x, made)
        number, values = len(x.shapes), per_sample(made.outputs[0])
        if self.joined == "multiplied":
            # All inputs, and what comes of all but the last.
            return Kept(most=Held(tuple(range(number)), values=max(number - 2, 0) * values))
        return Kept(most=Held(values=2 * (number - 1) * values))

    def output_masks(self, x: Inputs) -> tuple[Shape | None, ...]:
        masks = [mask for mask in x.masks if mask is not None]
        return (repeated_to_fit(masks),) if len(masks) == len(x.masks) else ()

    def mask_step(self, x: Inputs) -> MaskStep | None:
        step = None
        for index in range(1, len(x.masks)):
            step = MaskStep(masks=[index], steps=[step]) if step else MaskStep(masks=[0, index])
        return step

    def uses_mask(self, x: Inputs) -> bool:
        return self.reads_masks and any(mask is not None for mask in x.told)

    def check_mask(self, x: Inputs) -> None:
        masks = [mask for mask in x.told if mask is not None]
        if self.reads_masks:
            for mask, shape in zip(x.told, x.shapes, strict=True):
                one_per_place(mask, shape)
        if len(masks) < len(x.told):
            return
        got = " and ".join(map(show_shape, masks))
        if len({len(mask) for mask in masks}) > 1:
            raise refuse_mask("masks with the same number of axes", got)
        for size, other in ((a, b) for mask in masks[1:] for a, b in zip(masks[0], mask, strict=True)):
            if size != 1 and other != 1 and equal(size, other) is False:
                raise refuse_mask("masks whose sizes are equal or 1, axis by axis", got)

    def hints(self, x: Inputs) -> Iterator[Fault]:
        if len(x.shapes) == 1:
            yield Fault("one-input", "several inputs", show_shape(x.shape), "there is nothing to merge")


def _merged(column: Sequence[Dim]) -> Dim:
    if UNKNOWN in column:
        return UNKNOWN
    named = [size for size in column if isinstance(size, Expression)]
    return named[0] if named else next((size for size in column if size != 1), 1)


def require_same(
    x: Inputs, one: tuple[Dim, int], other: tuple[Dim, int], axis: str, expected: str, because: str
) -> None:
    """Requires a size of two inputs to be equal; each is given with the number of its input, counted from 1."""
    (left, i), (right, j) = (one, other) if one[1] < other[1] else (other, one)
    condition = equal(left, right)
    if condition is True:
        return
    found = f"{axis} is {to_text(left)} in input {i} and {to_text(right)} in input {j}"
    x.require(
        condition,
        "wrong-size",
        expected,
        f"{show_shape(x.shapes[i - 1])} and {show_shape(x.shapes[j - 1])}",
        found if condition is False else f"{found}; {because}",
        unknown=f"{axis} of input {i if left is UNKNOWN else j}",
    )


@layer(family="merging", arity=(1, None))
class Add(Merge):
    """The sum of its inputs, value by value.

    keras/src/layers/merging/add.py, 3.15.1.
    """

    joined = "added"

    examples = [
        Example({}, [(None, 10, 32), (None, 10, 32)], params=0, output=(None, 10, 32)),
        Example({}, [(None, 10, 32), (None, 32)], params=0, output=(None, 10, 32)),
        Example({}, [(None, None, 32), (None, 1, 32)], params=0, output=(None, None, 32)),
        Rejected(
            {},
            "expected inputs whose sizes are equal or 1, axis by axis, got (None, 10, 32) and (None, 12, 32): "
            "axis 1 is 10 in input 1 and 12 in input 2",
            [(None, 10, 32), (None, 12, 32)],
        ),
    ]


@layer(family="merging", arity=(2, 2))
class Subtract(Merge):
    """The first input minus the second, value by value.

    keras/src/layers/merging/subtract.py, 3.15.1.
    """

    joined = "subtracted"

    examples = [
        Example({}, [(None, 32), (None, 32)], params=0, output=(None, 32)),
        Rejected({}, "expected 2 inputs, got 3", [(None, 32), (None, 32), (None, 32)]),
    ]


@layer(family="merging", arity=(1, None))
class Multiply(Merge):
    """The product of its inputs, value by value.

    keras/src/layers/merging/multiply.py, 3.15.1.
    """

    reads_masks = True
    joined = "multiplied"

    examples = [Example({}, [(None, 10, 32), (None, 10, 1)], params=0, output=(None, 10, 32))]


@layer(family="merging", arity=(1, None))
class Average(Merge):
    """The mean of its inputs, value by value.

    keras/src/layers/merging/average.py, 3.15.1.
    """

    joined = "added"

    def work(self, x: Inputs) -> Iterable[Work]:
        yield from super().work(x)
        values = product(self.output_shape(x)[1:])
        yield Work("mean", Cost(arithmetic=values), "every sum is divided by the number of inputs")

    examples = [Example({}, [(None, 32), (None, 32), (None, 32)], params=0, output=(None, 32))]


@layer(family="merging", arity=(1, None))
class Maximum(Merge):
    """The greatest of its inputs, value by value.

    keras/src/layers/merging/maximum.py, 3.15.1.
    """

    reads_masks = True
    joined = "compared"

    examples = [Example({}, [(None, 32), (None, 32)], params=0, output=(None, 32))]


@layer(family="merging", arity=(1, None))
class Minimum(Merge):
    """The least of its inputs, value by value.

    keras/src/layers/merging/minimum.py, 3.15.1.
    """

    reads_masks = True
    joined = "compared"

    examples = [Example({}, [(None, 32), (None, 32)], params=0, output=(None, 32))]


@layer(family="merging", arity=(1, None))
class Concatenate(Merge):
    """Lays its inputs one behind the other along `axis`; along every other axis they must agree.

    keras/src/layers/merging/concatenate.py, 3.15.1, where the other sizes of the output are the first input's, and an
    unknown size counts as equal to any until data comes.
    """

    axis: int = arg.integer(-1)

    def work(self, x: Inputs) -> Iterable[Work]:
        return ()

    def kept(self, x: Inputs, made: Made) -> Kept:
        return Kept()

    def output_shape(self, x: Inputs) -> Any:
        first = x.shape
        ndims = {len(shape) for shape in x.shapes}
        if len(ndims) > 1:
            shapes = " and ".join(map(show_shape, x.shapes))
            raise Rejection("wrong-ndim", "inputs with the same number of axes", shapes)
        alone = len(x.shapes) == 1
        if self.axis < -x.ndim or (self.axis >= x.ndim and not alone):
            fix = "for example `axis: -1`"
            raise Rejection("wrong-value", f"`axis` from {-x.ndim} to {x.ndim - 1}", str(self.axis), fix=fix)
        if alone:
            return first
        joined = self.axis % x.ndim
        for place in range(x.ndim):
            if place != joined:
                self._require_equal(
                    x,
                    [shape[place] for shape in x.shapes],
                    f"axis {place}",
                    f"inputs that agree in every axis but {joined}",
                    f"Concatenate joins along axis {joined} only",
                )
        return (*first[:joined], total(shape[joined] for shape in x.shapes), *first[joined + 1 :])

    def output_masks(self, x: Inputs) -> tuple[Shape | None, ...]:
        return (self.output_shape(x)[:-1],) if any(mask is not None for mask in x.masks) else ()

    def mask_step(self, x: Inputs) -> MaskStep | None:
        # A mask of fewer axes gets one, and is laid over zeros like its input; a missing one is an array of ones.
        whole = [i for i, mask in enumerate(x.masks) if mask is not None and len(mask) == len(x.shapes[i])]
        laid = [
            MaskStep(inputs=[i]) if mask is None else MaskStep(steps=[MaskStep(masks=[i]), MaskStep(inputs=[i])])
            for i, mask in enumerate(x.masks)
            if i not in whole
        ]
        return MaskStep(steps=[MaskStep(masks=whole, steps=laid)])

    def voids_mask(self, x: Inputs) -> bool:
        # An input without a mask counts as true everywhere, and a step counts where any of its values does.
        return self.axis % x.ndim == x.ndim - 1 and None in x.told

    def check_mask(self, x: Inputs) -> None:
        for mask, shape in zip(x.told, x.shapes, strict=True):
            one_per_place(mask, shape)

    examples = [
        Example({}, [(None, 10, 32), (None, 10, 64)], params=0, output=(None, 10, 96)),
        Example({"axis": 1}, [(None, 1, 128), (None, None, 128)], params=0, output=(None, None, 128)),
        Rejected(
            {},
            "expected inputs that agree in every axis but 2, got (None, 10, 32) and (None, 12, 32): "
            "axis 1 is 10 in input 1 and 12 in input 2",
            [(None, 10, 32), (None, 12, 32)],
        ),
        Rejected(
            {},
            "expected inputs with the same number of axes, got (None, 10, 32) and (None, 32)",
            [(None, 10, 32), (None, 32)],
        ),
        Rejected({"axis": 3}, "expected `axis` from -3 to 2, got 3"),
    ]


def _read_axes(name: str, value: Any) -> Any:
    pair = list(value) if isinstance(value, (list, tuple)) else [value, value]
    if len(pair) != 2 or not all(isinstance(axis, int) and not isinstance(axis, bool) for axis in pair):
        raise arg.refuse(name, "an integer, or one for each of the two inputs", value)
    return value if isinstance(value, int) else tuple(pair)


@layer(family="merging", arity=(2, 2))
class Dot(LayerRule):
    """For each sample, the sums of products of its two inputs along one axis of each.

    keras/src/layers/merging/dot.py, 3.15.1. With `normalize` the values are scaled first, which changes no shape.
    """

    axes_: Any = arg.Argument(arg.REQUIRED, _read_axes)
    normalize: bool = arg.flag(False)

    def work(self, x: Inputs) -> Iterable[Work]:
        axes = [self._axis(index, len(shape)) for index, shape in enumerate(x.shapes)]
        kept = self._vectors(x)
        if self.normalize:
            values = total(product(shape[1:]) for shape in x.shapes)
            cost = Cost(arithmetic=3 * values, functions=total(kept))
            yield Work("normalize", cost, "every vector is divided by the root of the sum of its squares")
        summed = x.shape[axes[0]] if x.shape[axes[0]] is not UNKNOWN else x.shapes[1][axes[1]]
        cost = Cost(macs=product((*kept, summed)))
        yield Work("dot", cost, "vectors of the one input are multiplied with those of the other", ((0,), (1,)))

    def kept(self, x: Inputs, made: Made) -> Kept:
        values = total(map(per_sample, x.shapes))
        return Kept(most=Held(values=3 * (values + total(self._vectors(x))) if self.normalize else values))

    def _vectors(self, x: Inputs) -> list[Dim]:
        """How many vectors each input has, one behind the other along its axis."""
        axes = [self._axis(index, len(shape)) for index, shape in enumerate(x.shapes)]
        return [product(shape[1:axis] + shape[axis + 1 :]) for shape, axis in zip(x.shapes, axes, strict=True)]

    def output_shape(self, x: Inputs) -> Any:
        first, second = x.shapes
        a, b = (self._axis(index, len(shape)) for index, shape in enumerate(x.shapes))
        require_same(x, (first[0], 1), (second[0], 2), "axis 0", "inputs of one batch size", "a batch has one size")
        because = "a sum of products takes as many values from each input"
        if {first[a] is UNKNOWN, second[b] is UNKNOWN} == {True, False}:
            known = second[b] if first[a] is UNKNOWN else first[a]
            if isinstance(known, int):
                shapes = f"{show_shape(first)} and {show_shape(second)}"
                raise Rejection("wrong-size", "both summed sizes to be known, or neither", shapes, because)
        axis = f"axis {a}" if a == b else f"the summed axis, {a} and {b},"
        require_same(x, (first[a], 1), (second[b], 2), axis, "the same size along the summed axes", because)
        kept = (*first[:a], *first[a + 1 :], *second[1:b], *second[b + 1 :])
        return (*kept, 1) if len(kept) == 1 else kept

    def _axis(self, index: int, ndim: int) -> int:
        if isinstance(self.axes_, int) and self.axes_ < 0:
            axis = self.axes_
        else:
            axis = self.axes_ if isinstance(self.axes_, int) else self.axes_[index]
            if not -ndim <= axis < ndim:
                got = f"{axis} for input {index + 1}, which has {ndim}"
                raise Rejection("wrong-value", "`axes` to be axes of the inputs", got)
        if axis % ndim == 0:
            because = "axis 0 is the batch, which is never summed over"
            raise Rejection("wrong-value", "`axes` to be behind the batch", f"{axis} for input {index + 1}", because)
        return axis % ndim

    examples = [
        Example({"axes": 1}, [(None, 32), (None, 32)], params=0, output=(None, 1)),
        Example({"axes": [1, 2]}, [(None, 3, 5), (None, 10, 3)], params=0, output=(None, 5, 10)),
        Example({"axes": -1}, [(None, None, 64), (None, 64)], params=0, output=(None, None)),
        Rejected(
            {"axes": 1},
            "expected the same size along the summed axes, got (None, 32) and (None, 16): "
            "axis 1 is 32 in input 1 and 16 in input 2",
            [(None, 32), (None, 16)],
        ),
        Rejected(
            {"axes": 0},
            "expected `axes` to be behind the batch, got 0 for input 1: "
            "axis 0 is the batch, which is never summed over",
        ),
        Rejected(
            {"axes": [1, 2]},
            "expected `axes` to be axes of the inputs, got 2 for input 2, which has 2",
        ),
    ]
