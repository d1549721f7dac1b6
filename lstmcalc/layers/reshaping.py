"""Keras's reshaping layers: the same values in another shape, or repeated."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import UNKNOWN, Condition, Dim, equal, is_multiple, product, to_text
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.rule import Assumption, Example, Inputs, LayerRule, Rejected, Shape, count_axes, layer
from lstmcalc.shapes import show_shape

__all__ = ["Flatten", "Permute", "RepeatVector", "Reshape"]


@layer(family="reshaping", axes="batch ...")
class Flatten(LayerRule):
    """Lays all values of a sample in one row.

    keras/src/layers/reshaping/flatten.py, 3.15.1. `data_format` changes the order of the values, not the shape.
    """

    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    def output_shape(self, x: Inputs) -> Any:
        return (x.shape[0], product(x.shape[1:]))

    examples = [
        Example({}, (None, 10, 64), params=0, output=(None, 640)),
        Example({}, (None, None, 64), params=0, output=(None, None)),
        Example({}, (None,), params=0, output=(None, 1)),
    ]


@layer(family="reshaping", axes="batch ...")
class Reshape(LayerRule):
    """Deals the values of a sample into `target_shape`, in their order; -1 stands for what remains.

    keras/src/layers/reshaping/reshape.py and `compute_reshape_output_shape` in keras/src/ops/operation_utils.py,
    3.15.1, where null means -1 and stays unknown.
    """

    target_shape: Shape = arg.open_shape(remainder=True)

    def validate(self) -> None:
        if sum(size is UNKNOWN or size == -1 for size in self.target_shape) > 1:
            raise Rejection("wrong-value", "at most one -1 or null in `target_shape`", arg.show(self._written()))

    def output_shape(self, x: Inputs) -> Any:
        target = self.target_shape
        stated = product(size for size in target if size is not UNKNOWN and size != -1)
        known = product(size for size in x.shape[1:] if size is not UNKNOWN)
        open_axes = [axis for axis, size in enumerate(x.shape) if axis and size is UNKNOWN]
        if UNKNOWN in target or -1 in target:
            self._require_share(x, known, stated, open_axes)
            remaining = UNKNOWN if open_axes else known // stated
            return (x.shape[0], *(remaining if size == -1 else size for size in target))
        if open_axes:
            self._require(x, is_multiple(stated, known), known, stated)
            what = f"axis {open_axes[0]}" if len(open_axes) == 1 else f"the product of axes {_listed(open_axes)}"
            x.require(
                equal(UNKNOWN, stated // known),
                "wrong-size",
                "",
                because=self._because(stated),
                unknown=what,
            )
        else:
            self._require(x, equal(known, stated), known, stated)
        return (x.shape[0], *target)

    def _require_share(self, x: Inputs, known: Dim, stated: Dim, open_axes: list[int]) -> None:
        fits = is_multiple(known, stated)
        if not open_axes:
            self._require(x, fits, known, stated)
        elif fits is not True and x.checked:
            condition = is_multiple(UNKNOWN, stated)
            assert isinstance(condition, Condition)
            values = " * ".join([*(f"axis {axis}" for axis in open_axes), *([to_text(known)] if known != 1 else [])])
            text = f"{values} is a multiple of {to_text(stated)}"
            x.assumptions.append(Assumption(condition, text, self._because(stated)))

    def _require(self, x: Inputs, condition: bool | Condition, known: Dim, stated: Dim) -> None:
        rest = UNKNOWN in self.target_shape or -1 in self.target_shape
        number = f"a multiple of {to_text(stated)}" if rest else to_text(stated)
        x.require(
            condition,
            "wrong-size",
            f"{number} values in a sample, for `target_shape: {arg.show(self._written())}`",
            f"{to_text(product(x.shape[1:]) if UNKNOWN not in x.shape[1:] else known)}"
            + (" times an unknown number" if UNKNOWN in x.shape[1:] else "")
            + f", from {show_shape(x.shape)}",
            self._because(stated) if isinstance(condition, Condition) else "",
        )

    def _because(self, stated: Dim) -> str:
        rest = UNKNOWN in self.target_shape or -1 in self.target_shape
        return f"`target_shape: {arg.show(self._written())}` deals the values into " + (
            f"rows of {to_text(stated)}" if rest else f"{to_text(stated)} places"
        )

    def _written(self) -> list[Any]:
        return [None if size is UNKNOWN else size for size in self.target_shape]

    examples = [
        Example({"target_shape": [3, 4]}, (None, 12), params=0, output=(None, 3, 4)),
        Example({"target_shape": [-1, 2, 2]}, (None, 12), params=0, output=(None, 3, 2, 2)),
        Example({"target_shape": [-1, 64]}, (None, None, 8, 8), params=0, output=(None, None, 64)),
        Example({"target_shape": [-1]}, (None, 3, 4), params=0, output=(None, 12)),
        Rejected(
            {"target_shape": [5, 2]},
            "expected 10 values in a sample, for `target_shape: [5, 2]`, got 12, from (None, 12)",
        ),
        Rejected(
            {"target_shape": [-1, 5]},
            "expected a multiple of 5 values in a sample, for `target_shape: [-1, 5]`, got 12, from (None, 12)",
        ),
        Rejected({"target_shape": [-1, -1]}, "expected at most one -1 or null in `target_shape`, got [-1, -1]"),
        Rejected({"target_shape": 12}, "expected `target_shape` to be a list of positive integers, with -1 for what "
                 "remains, got 12"),
    ]  # fmt: skip


def _listed(axes: list[int]) -> str:
    return " and ".join((", ".join(map(str, axes[:-1])), str(axes[-1])))


@layer(family="reshaping")
class Permute(LayerRule):
    """Puts the axes into another order; `dims` counts them from 1, without the batch.

    keras/src/layers/reshaping/permute.py, 3.15.1.
    """

    dims: tuple[int, ...] = arg.axis_list()

    def validate(self) -> None:
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise Rejection("wrong-value", "`dims` to hold every axis from 1 on once", arg.show(self.given["dims"]))

    def output_shape(self, x: Inputs) -> Any:
        if x.ndim != len(self.dims) + 1:
            because = f"`dims: {arg.show(self.dims)}` orders {count_axes(len(self.dims))} behind the batch"
            raise Rejection("wrong-ndim", count_axes(len(self.dims) + 1), show_shape(x.shape), because)
        return (x.shape[0], *(x.shape[axis] for axis in self.dims))

    examples = [
        Example({"dims": [2, 1]}, (None, 10, 64), params=0, output=(None, 64, 10)),
        Rejected({"dims": [0, 1]}, "expected `dims` to hold every axis from 1 on once, got [0, 1]"),
        Rejected(
            {"dims": [2, 1]},
            "expected 3 axes, got (None, 10, 64, 3): `dims: [2, 1]` orders 2 axes behind the batch",
            (None, 10, 64, 3),
        ),
    ]


@layer(family="reshaping", axes="batch input_dim")
class RepeatVector(LayerRule):
    """Gives the same vector at each of `n` time steps.

    keras/src/layers/reshaping/repeat_vector.py, 3.15.1.
    """

    n: Dim = arg.positive()

    def output_shape(self, x: Inputs) -> Any:
        return (x.batch, self.n, x.input_dim)

    examples = [
        Example({"n": 3}, (None, 32), params=0, output=(None, 3, 32)),
        Rejected({"n": 0}, "expected `n` to be a positive integer, got 0"),
    ]
