"""Keras's normalization layers: values are brought to mean 0 and deviation 1, then scaled and shifted by weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lstmcalc.dims import Dim, equal, is_multiple, product
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.axes import check_axes, usual_axes
from lstmcalc.layers.costs import ADD, FREE, SCALE, Cost
from lstmcalc.layers.kept import Kept, Made
from lstmcalc.layers.masks import one_per_place
from lstmcalc.layers.normalization_costs import ACROSS, kept_of_rows, shifted, spans_batch, statistics
from lstmcalc.layers.rule import (
    Example,
    Inputs,
    LayerRule,
    Rejected,
    Shape,
    Weight,
    Work,
    expand_axes,
    layer,
    show_shapes,
)
from lstmcalc.shapes import show_shape

__all__ = [
    "BatchNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "UnitNormalization",
]


@layer(family="normalization")
class BatchNormalization(LayerRule):
    """Normalizes each channel over all other axes, in training; after it by moving statistics, which are not trained.

    keras/src/layers/normalization/batch_normalization.py, 3.15.1.
    """

    takes_mask = True
    passes_mask = True

    axis: int = arg.integer(-1)
    momentum: float = arg.number(0.99)
    epsilon: float = arg.number(0.001)
    center: bool = arg.flag(True)
    scale: bool = arg.flag(True)
    beta_initializer: Any = arg.initializer("zeros")
    gamma_initializer: Any = arg.initializer("ones")
    moving_mean_initializer: Any = arg.initializer("zeros")
    moving_variance_initializer: Any = arg.initializer("ones")
    beta_regularizer: Any = arg.regularizer()
    gamma_regularizer: Any = arg.regularizer()
    beta_constraint: Any = arg.constraint()
    gamma_constraint: Any = arg.constraint()
    renorm: bool = arg.flag(False)
    renorm_clipping: Any = arg.anything(None)
    renorm_momentum: float = arg.number(0.99)
    synchronized: bool = arg.flag(False)

    def check_mask(self, x: Inputs) -> None:
        one_per_place(x.told[0], x.shape)

    def validate(self) -> None:
        if not self.renorm or not self.renorm_clipping:
            return
        clipping, keys = self.renorm_clipping, ("rmax", "rmin", "dmax")
        if not isinstance(clipping, Mapping) or set(clipping) - set(keys):
            raise Rejection("wrong-value", "`renorm_clipping` to have `rmax`, `rmin`, `dmax` only", arg.show(clipping))
        rmax, rmin, dmax = (clipping.get(key) for key in keys)
        if rmax is not None and rmin is not None and rmax < rmin:
            raise Rejection("wrong-value", "`rmax` to be at least `rmin`", arg.show(clipping))
        if dmax is not None and dmax < 0:
            raise Rejection("wrong-value", "`dmax` to be at least 0", arg.show(clipping))

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        check_axes((self.axis,), ndim)
        names = list(expand_axes("batch ...", ndim))
        names[self.axis] = "channels"
        return tuple(names)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        shape, uses = (x.channels,), _uses(x, (self.axis,))
        if self.scale:
            yield Weight("gamma", shape, uses, "scales each channel", cost=FREE)
        if self.center:
            yield Weight("beta", shape, uses, "shifts each channel", cost=FREE)
        yield Weight("moving_mean", shape, uses, "each channel's mean, as training met it", False, cost=FREE)
        yield Weight("moving_variance", shape, uses, "each channel's variance, as training met it", False, cost=FREE)
        if self.renorm:
            yield Weight("moving_stddev", shape, 0, "what moving_variance is kept from", False)
            yield Weight("renorm_mean", shape, 0, "corrects the mean while training", False)
            yield Weight("renorm_stddev", shape, 0, "corrects the deviation while training", False)

    def work(self, x: Inputs) -> Iterable[Work]:
        why = "every value times a factor plus an offset, of which the weights make one for each channel, once per call"
        yield Work("normalization", Cost(arithmetic=2).times(product(x.shape[1:])), why)

    def kept(self, x: Inputs, made: Made) -> Kept:
        if made.masked:
            return super().kept(x, made)
        # Frozen, it goes by moving statistics, and so multiplies with constants.
        return kept_of_rows(product(x.shape[1:]), 2, 0) if self.trainable else Kept()

    examples = [
        Example({}, (None, 10, 128), params=512, output=(None, 10, 128), trainable_params=256),
        Example({"axis": 1}, (None, 3, 28, None), 12, (None, 3, 28, None), trainable_params=6),
        Example({"scale": False}, (None, 10), params=30, output=(None, 10), trainable_params=10),
        Example({"renorm": True}, (None, 10), params=70, output=(None, 10), trainable_params=20),
        Rejected({"axis": 3}, "expected `axis` from -3 to 2, got 3"),
        Rejected(
            {"renorm": True, "renorm_clipping": {"rmax": 1, "rmin": 2}},
            "expected `rmax` to be at least `rmin`, got {rmax: 1, rmin: 2}",
        ),
        Rejected(
            {"axis": 1},
            'expected `channels` to be known, since `gamma` has that size, got (None, None, 8) from input "input_0"',
            (None, None, 8),
        ),
    ]


@layer(family="normalization")
class LayerNormalization(LayerRule):
    """Normalizes each sample over the axes of `axis`, then scales and shifts every place along them.

    keras/src/layers/normalization/layer_normalization.py, 3.15.1. Keras sorts `axis` as it is written, so that
    `[1, -1]` puts the last axis first.
    """

    passes_mask = True

    axis: tuple[int, ...] = arg.axis_list(-1)
    epsilon: float = arg.number(0.001)
    center: bool = arg.flag(True)
    scale: bool = arg.flag(True)
    beta_initializer: Any = arg.initializer("zeros")
    gamma_initializer: Any = arg.initializer("ones")
    beta_regularizer: Any = arg.regularizer()
    gamma_regularizer: Any = arg.regularizer()
    beta_constraint: Any = arg.constraint()
    gamma_constraint: Any = arg.constraint()

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        check_axes(self.axis, ndim)
        return _axis_names(self.axis, ndim)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        shape, uses = tuple(x.shape[axis] for axis in sorted(self.axis)), _uses(x, self.axis)
        if self.scale:
            yield Weight("gamma", shape, uses, "scales each place along the normalized axes", cost=SCALE)
        if self.center:
            yield Weight("beta", shape, uses, "shifts each place along the normalized axes", cost=ADD)

    def work(self, x: Inputs) -> Iterable[Work]:
        if spans_batch(x, self.axis):
            yield ACROSS
            return
        values, rows = product(x.shape[1:]), _uses(x, self.axis)
        yield from statistics(values, rows)
        # Of the mean times the factor, there are as many as factors.
        yield shifted(values, values if self.scale else rows, rows)

    def kept(self, x: Inputs, made: Made) -> Kept:
        return kept_of_rows(product(x.shape[1:]), 2 + self.scale, 4 * _uses(x, self.axis))

    examples = [
        Example({}, (None, 10, 128), params=256, output=(None, 10, 128)),
        Example({"axis": [1, 2, 3]}, (5, 20, 30, 40), params=48_000, output=(5, 20, 30, 40)),
        Example({"center": False}, (None, 10), params=10, output=(None, 10)),
        Rejected({"axis": [1, 3]}, "expected `axis` from -3 to 2, got 3"),
        Rejected({"axis": [2, -1]}, "expected every axis once in `axis`, got [2, -1]"),
    ]


@layer(family="normalization")
class GroupNormalization(LayerRule):
    """Normalizes each sample within groups of channels, then scales and shifts each channel.

    Wu and He 2018, arXiv 1803.08494; keras/src/layers/normalization/group_normalization.py, 3.15.1. With `groups: -1`
    every channel is a group of its own.
    """

    passes_mask = True

    groups: int = arg.integer(32, least=-1)
    axis: int = arg.integer(-1)
    epsilon: float = arg.number(0.001)
    center: bool = arg.flag(True)
    scale: bool = arg.flag(True)
    beta_initializer: Any = arg.initializer("zeros")
    gamma_initializer: Any = arg.initializer("ones")
    beta_regularizer: Any = arg.regularizer()
    gamma_regularizer: Any = arg.regularizer()
    beta_constraint: Any = arg.constraint()
    gamma_constraint: Any = arg.constraint()

    def validate(self) -> None:
        if self.groups == 0:
            raise Rejection("wrong-value", "`groups` to be a positive integer, or -1 for a group per channel", "0")

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        check_axes((self.axis,), ndim)
        if self.axis == -ndim:
            raise Rejection(
                "wrong-value",
                f"`axis` from {1 - ndim} to {ndim - 1}" if ndim > 1 else "`axis: 0` on an input of one axis",
                str(self.axis),
                "Keras 3.15.1 counts wrongly from the end here, and fails on data",
            )
        names = list(expand_axes("batch ...", ndim))
        names[self.axis] = "channels"
        return tuple(names)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        uses = _uses(x, (self.axis,))
        if self.scale:
            yield Weight("gamma", (x.channels,), uses, "scales each channel", cost=FREE)
        if self.center:
            yield Weight("beta", (x.channels,), uses, "shifts each channel", cost=FREE)

    def work(self, x: Inputs) -> Iterable[Work]:
        values, groups = product(x.shape[1:]), x.channels if self.groups == -1 else self.groups
        yield from statistics(values, groups)
        # The weights are put into one factor and one offset per sample and channel.
        if self.scale:
            yield Work("gamma", SCALE.times(x.channels), "scales the factor of each channel")
        if self.center:
            yield Work("beta", ADD.times(x.channels), "is added to the offset of each channel")
        yield shifted(values, x.channels if self.scale else groups, groups)

    def kept(self, x: Inputs, made: Made) -> Kept:
        groups = x.channels if self.groups == -1 else self.groups
        return kept_of_rows(product(x.shape[1:]), 2, 4 * groups + (x.channels if self.scale else 0), reads=False)

    def output_shape(self, x: Inputs) -> Any:
        x.require_known(x.channels, "`channels`", "Keras divides the channels into groups when it builds the layer")
        if self.groups > 0:
            x.require(
                is_multiple(x.channels, self.groups),
                "wrong-size",
                f"`channels` to be a multiple of `groups: {self.groups}`",
                arg.show(x.channels),
                fix="use `groups: -1` for a group per channel",
            )
        return x.shape

    examples = [
        Example({"groups": 8}, (None, 28, 28, 32), params=64, output=(None, 28, 28, 32)),
        Example({"groups": -1, "axis": 1}, (None, 3, None), params=6, output=(None, 3, None)),
        Example({"groups": 2, "scale": False}, (None, 4), params=4, output=(None, 4)),
        Rejected({}, "expected `channels` to be a multiple of `groups: 32`, got 48", (None, 10, 48)),
        Rejected({"groups": 0}, "expected `groups` to be a positive integer, or -1 for a group per channel, got 0"),
        Rejected({"groups": 2}, "expected `channels` to be a number, since Keras divides the channels into groups when "
                 'it builds the layer, got (None, None) from input "input_0"', (None, None)),
        Rejected({"groups": 2, "axis": -2}, "expected `axis` from -1 to 1, got -2: Keras 3.15.1 counts wrongly from "
                 "the end here, and fails on data", (4, 4)),
    ]  # fmt: skip


@layer(family="normalization")
class RMSNormalization(LayerRule):
    """Divides each sample by its root mean square over `axis`, then scales every place along it.

    Zhang and Sennrich 2019, arXiv 1910.07467; keras/src/layers/normalization/rms_normalization.py, 3.15.1. Keras lays
    the scale along the last axes, whatever `axis` is.
    """

    axis: tuple[int, ...] = arg.axis_list(-1)
    epsilon: float = arg.number(1e-6)

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        check_axes(self.axis, ndim)
        return _axis_names(self.axis, ndim)

    def _scale(self, x: Inputs) -> Shape:
        return tuple(x.shape[axis] for axis in sorted(self.axis))

    def weights(self, x: Inputs) -> Iterable[Weight]:
        why = "scales each place along the normalized axes"
        yield Weight("scale", self._scale(x), self._scale_uses(x), why, cost=SCALE)

    def _scale_uses(self, x: Inputs) -> Dim:
        """How many places of one sample share a factor, with those that come by repeating what has size 1."""
        scale, made = self._scale(x), self.output_shape(x)
        kept = x.ndim - len(scale)
        laid = zip(made[kept:], scale, strict=True)
        return product(made[1:kept]) * product(size for size, factor in laid if equal(factor, 1) is True)

    def work(self, x: Inputs) -> Iterable[Work]:
        if spans_batch(x, self.axis):
            yield ACROSS
            return
        values, rows = product(x.shape[1:]), _uses(x, self.axis)
        why = "the squares of the values normalized together, their mean, and one over its root"
        yield Work("root mean square", Cost(arithmetic=2 * values + rows, functions=rows), why)
        yield Work("normalization", Cost(arithmetic=values), "every value is multiplied by it")

    def kept(self, x: Inputs, made: Made) -> Kept:
        return kept_of_rows(product(made.outputs[0][1:]), 3, 2 * _uses(x, self.axis))

    def output_shape(self, x: Inputs) -> Any:
        scale = self._scale(x)
        kept, last = x.shape[: x.ndim - len(scale)], x.shape[x.ndim - len(scale) :]
        return (*kept, *(self._scaled(x, size, factor) for size, factor in zip(last, scale, strict=True)))

    def _scaled(self, x: Inputs, size: Dim, factor: Dim) -> Dim:
        """The size of an axis once the scale is laid along it: one value is repeated, on either side."""
        if equal(size, 1) is True:
            return factor
        if equal(factor, 1) is not True:
            x.require(
                equal(size, factor),
                "wrong-value",
                f"`axis` to be the last axes, or others of the same sizes: the scale is {show_shape(self._scale(x))}",
                show_shape(x.shape),
                "Keras lays the scale along the last axes, and fails on data",
            )
        return size

    def keras_output_shape(self, x: Inputs) -> Any:
        return None if self.output_shape(x) == x.shape else x.shape

    def hints(self, x: Inputs) -> Iterator[Fault]:
        if self.keras_output_shape(x) is not None:
            yield Fault(
                "other-shape-in-keras",
                f"{show_shape(x.shape)}, which Keras states before it has data",
                show_shapes(self.output_shape(x)),
                "the scale is laid along the last axes, and repeats what has size 1 there",
                "normalize the last axes",
            )

    examples = [
        Example({}, (None, 10, 128), params=128, output=(None, 10, 128)),
        Example({"axis": [1, 2]}, (None, 10, 16), params=160, output=(None, 10, 16)),
        Rejected({"axis": 1}, "expected `axis` to be the last axes, or others of the same sizes: the scale is (10,), "
                 "got (None, 10, 128): Keras lays the scale along the last axes, and fails on data"),
        Rejected({"axis": 3}, "expected `axis` from -3 to 2, got 3"),
    ]  # fmt: skip


@layer(family="normalization")
class UnitNormalization(LayerRule):
    """Divides the values along `axis` by their length, so that their squares sum to 1.

    keras/src/layers/normalization/unit_normalization.py, 3.15.1.
    """

    passes_mask = True

    axis: tuple[int, ...] = arg.axis_list(-1)

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        check_axes(self.axis, ndim)
        return _axis_names(self.axis, ndim)

    def work(self, x: Inputs) -> Iterable[Work]:
        if spans_batch(x, self.axis):
            yield ACROSS
            return
        values, rows = product(x.shape[1:]), _uses(x, self.axis)
        why = "the squares of the values normalized together, their sum, and one over its root"
        yield Work("length", Cost(arithmetic=2 * values, functions=rows), why)
        yield Work("normalization", Cost(arithmetic=values), "every value is multiplied by it")

    def kept(self, x: Inputs, made: Made) -> Kept:
        return kept_of_rows(product(x.shape[1:]), 2, 3 * _uses(x, self.axis))

    examples = [
        Example({}, (None, 10, 128), params=0, output=(None, 10, 128)),
        Example({"axis": [1, 2]}, (None, None, 16), params=0, output=(None, None, 16)),
        Rejected({"axis": -4}, "expected `axis` from -3 to 2, got -4"),
    ]


def _axis_names(axes: tuple[int, ...], ndim: int) -> tuple[str, ...]:
    """What the axes are; of more than three only the last, where it alone is normalized.

    Which of them holds the channels of a picture, the layer does not know: there is no `data_format`.
    """
    if ndim < 4:
        return usual_axes(ndim)
    is_last = {axis % ndim for axis in axes} == {ndim - 1}
    return expand_axes("batch ... input_dim" if is_last else "batch ...", ndim)


def _uses(x: Inputs, axes: tuple[int, ...]) -> Dim:
    """How many places of one sample share a weight that spans these axes."""
    spanned = {0, *(axis % x.ndim for axis in axes)}
    return product(size for place, size in enumerate(x.shape) if place not in spanned)
