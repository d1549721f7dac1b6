"""Keras's convolutions: a small window of weights slides over the input, the same weights at every place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim, at_least, equal, is_multiple, product, symbol, symbols_of, to_text
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.activation_costs import activation_work
from lstmcalc.layers.costs import ADD, FREE, MULTIPLY
from lstmcalc.layers.halving import HALVES, activated, other_shape
from lstmcalc.layers.hints import of_one
from lstmcalc.layers.kept import Kept, Made, multiplied
from lstmcalc.layers.lora import LORA, check_lora
from lstmcalc.layers.rule import Example, Formula, Inputs, Rejected, Shape, Term, Weight, Work, layer
from lstmcalc.layers.spatial import SpatialRule
from lstmcalc.shapes import show_shape

__all__ = ["Conv1D", "Conv2D", "Conv3D", "KernelRule"]


class KernelRule(SpatialRule):
    """A layer whose window is a kernel of weights."""

    window_argument = "kernel_size"
    #: Why Keras refuses strides and a dilation together.
    one_spread = "Keras skips places or spreads the window, not both"

    kernel_size: Shape
    strides: Shape
    dilation_rate: Shape
    activation: Any

    def before_activation(self, x: Inputs) -> Shape:
        """The shape that the windows make."""
        raise NotImplementedError

    def output_shape(self, x: Inputs) -> Any:
        return activated(x, self.before_activation(x), self.activation)

    def keras_output_shape(self, x: Inputs) -> Any:
        return self.before_activation(x) if self.activation == "glu" else None

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        if self.activation == "glu":
            yield other_shape(self, x, HALVES)

    def windows(self) -> tuple[Shape, Shape, Shape]:
        return self.kernel_size, self.strides, self.dilation_rate

    def check_one_spread(self) -> None:
        """Refuses strides together with a dilation, where both are known to be more than 1."""
        if _widened(self.strides) and _widened(self.dilation_rate):
            raise Rejection(
                "wrong-value",
                "`strides` or `dilation_rate` to be 1",
                f"`strides: {shown(self.strides)}` and `dilation_rate: {shown(self.dilation_rate)}`",
                self.one_spread,
            )

    def require_one_spread(self, x: Inputs) -> None:
        """Assumes that one of strides and dilation is 1, where the other is more."""
        if not _widened(self.strides) and not _widened(self.dilation_rate):
            return
        name = "dilation_rate" if _widened(self.strides) else "strides"
        for size in getattr(self, name):
            x.require(equal(size, 1), "wrong-value", f"`{name}` to be 1", to_text(size), self.one_spread)


class Conv(KernelRule):
    """The convolution of any rank (keras/src/layers/convolutional/base_conv.py, 3.15.1)."""

    filters: Dim

    groups: int = arg.integer(1, least=1)
    activation: Any = arg.activation(None)
    use_bias: bool = arg.flag(True)
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    bias_initializer: Any = arg.initializer("zeros")
    kernel_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    activity_regularizer: Any = arg.regularizer()
    kernel_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    lora_rank: Dim | None = arg.positive(None, keyword_only=True)
    lora_alpha: Any = arg.anything(None, keyword_only=True)

    def validate(self) -> None:
        check_lora(self.lora_rank, "kernel_constraint", self.kernel_constraint)
        self.check_one_spread()

    def weights(self, x: Inputs) -> Iterable[Weight]:
        places = product(self.slid(x))
        window = (*self.kernel_size, x.channels // self.groups)
        frozen = self.lora_rank is not None
        # What a low-rank update makes of the kernel once per call is what the windows are weighed with.
        cost = FREE if frozen else MULTIPLY
        why = "each filter weighs a window of channels"
        yield Weight("kernel", (*window, self.filters), places, why, not frozen, cost=cost)
        if self.use_bias:
            yield Weight("bias", (self.filters,), places, "each filter adds one offset", cost=ADD)
        if self.lora_rank is not None:
            factors = (*window, self.lora_rank), (self.lora_rank, self.filters)
            yield Weight("lora_kernel_a", factors[0], places, LORA[0], dtype="float32", cost=FREE)
            yield Weight("lora_kernel_b", factors[1], places, LORA[1], dtype="float32", cost=FREE)

    def work(self, x: Inputs) -> Iterable[Work]:
        if self.lora_rank is not None:
            kernel = next(iter(self.weights(x)))
            cost = MULTIPLY.times(kernel.params * kernel.uses)
            yield Work("kernel", cost, "each filter weighs a window of channels", ((0,),), self.trainable)
        yield from activation_work(self.activation, self.arranged(x, self.slid(x), self.filters))

    def kept(self, x: Inputs, made: Made) -> Kept:
        # With `padding: causal`, the input that is kept has zeros in front.
        return super().kept(x, made) if self.padding == "causal" else multiplied(self.activation, x.shapes, made)

    def before_activation(self, x: Inputs) -> Shape:
        for name, size in (("`filters`", self.filters), ("the number of channels", x.channels)):
            shares = is_multiple(size, self.groups)
            if shares is True:
                continue
            x.require(
                shares,
                "wrong-value",
                f"{name} to be a multiple of `groups`, {self.groups}",
                to_text(size) if name == "`filters`" else f"{to_text(size)} in {show_shape(x.shape)}",
                "every group takes an equal share",
            )
        self.require_one_spread(x)
        self.require_windows(x)
        return self.arranged(x, self.slid(x), self.filters)

    def formula(self, x: Inputs) -> Formula | None:
        if self.groups == 1:
            return super().formula(x)
        rule, values = self.named()
        assert isinstance(rule, Conv)
        rule.groups = 1
        axes = self.axis_names(x.ndim)
        named = Inputs([tuple(symbol("channels_per_group" if axis == "channels" else axis) for axis in axes)], axes)
        count = rule.count(named)
        values["channels_per_group"] = x.channels // self.groups
        return Formula((Term(count, {name: values[name] for name in symbols_of(count)}),))

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        shape = self.arranged(x, self.slid(x), self.filters)
        got = f"`filters: 1` with `activation: {self.activation}`" if self.filters == 1 else ""
        yield from of_one(self.activation, shape, got)


def _widened(sizes: Shape) -> bool:
    return any(at_least(size, 2) is True for size in sizes)


def shown(sizes: Shape) -> str:
    """One size per axis, as their argument is written."""
    return to_text(sizes[0]) if len(sizes) == 1 else f"[{', '.join(map(to_text, sizes))}]"


@layer(family="convolutional", axes="batch timesteps channels", aliases="Convolution1D")
class Conv1D(Conv):
    """Every output step is, per filter, a weighted sum of a window of time steps, plus an offset.

    keras/src/layers/convolutional/conv1d.py, 3.15.1. `padding: causal` looks back only, and keeps every step.
    """

    rank = 1

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(1)
    strides: Shape = arg.sizes(1, 1)
    padding: str = arg.choice("valid", "same", "causal", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(1, 1)

    examples = [
        Example({"filters": 32, "kernel_size": 5}, (None, 200, 35), params=5_632, output=(None, 196, 32)),
        Example({"filters": 8, "kernel_size": 3, "padding": "causal"}, (None, None, 4), 104, (None, None, 8)),
        Example({"filters": 8, "kernel_size": 3, "strides": 2, "use_bias": False}, (None, 10, 4), 96, (None, 4, 8)),
        Example({"filters": 8, "kernel_size": 2, "groups": 4}, (None, 10, 16), 72, (None, 9, 8)),
        Rejected(
            {"filters": 8, "kernel_size": 12},
            "expected timesteps of at least 12, got (None, 10, 4): `padding: valid` gives 10 - 12 + 1 = -1 time steps",
            (None, 10, 4),
        ),
        Rejected(
            {"filters": 8, "kernel_size": 3, "groups": 3},
            "expected `filters` to be a multiple of `groups`, 3, got 8: every group takes an equal share",
            (None, 10, 6),
        ),
        Rejected(
            {"filters": 8, "kernel_size": 3, "strides": 2, "dilation_rate": 2},
            "expected `strides` or `dilation_rate` to be 1, got `strides: 2` and `dilation_rate: 2`: "
            "Keras skips places or spreads the window, not both",
        ),
    ]


@layer(family="convolutional", axes="batch height width channels", aliases="Convolution2D")
class Conv2D(Conv):
    """Every output pixel is, per filter, a weighted sum of a window of pixels in all channels, plus an offset.

    keras/src/layers/convolutional/conv2d.py, 3.15.1.
    """

    rank = 2

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(2, names=("kernel_height", "kernel_width"))
    strides: Shape = arg.sizes(2, (1, 1), names=("vertical_stride", "horizontal_stride"))
    padding: str = arg.choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(2, (1, 1), names=("vertical_dilation", "horizontal_dilation"))

    examples = [
        Example({"filters": 32, "kernel_size": 5}, (None, 28, 28, 3), params=2_432, output=(None, 24, 24, 32)),
        Example({"filters": 8, "kernel_size": [3, 1], "padding": "same", "strides": 2}, (None, 9, 8, 4),
                104, (None, 5, 4, 8)),
        Example({"filters": 8, "kernel_size": 3, "dilation_rate": 2}, (None, None, 9, 4), 296, (None, None, 5, 8)),
        Example({"filters": 8, "kernel_size": 3, "activation": "glu"}, (None, 9, 9, 4), 296, (None, 7, 7, 4)),
        Example({"filters": 8, "kernel_size": 3, "data_format": "channels_first"}, (None, 4, 9, 9),
                296, (None, 8, 7, 7)),
        Rejected(
            {"filters": 8, "kernel_size": 5},
            "expected width of at least 5, got (None, 28, 3, 1): `padding: valid` gives 3 - 5 + 1 = -1 columns",
            (None, 28, 3, 1),
        ),
        Rejected(
            {"filters": 8, "kernel_size": 3, "dilation_rate": 4},
            "expected width of at least 9, got (None, 9, 8, 1): `dilation_rate: 4` spreads 3 over 9, and "
            "`padding: valid` gives 8 - 9 + 1 = 0 columns",
            (None, 9, 8, 1),
        ),
        Rejected(
            {"filters": 8, "kernel_size": 3, "groups": 2},
            "expected the number of channels to be a multiple of `groups`, 2, got 3 in (None, 9, 9, 3): "
            "every group takes an equal share",
            (None, 9, 9, 3),
        ),
        Rejected({"filters": 8, "kernel_size": [3, 3, 3]},
                 "expected `kernel_size` to be a positive integer or 2 of them, got [3, 3, 3]"),
    ]  # fmt: skip


@layer(family="convolutional", axes="batch depth height width channels", aliases="Convolution3D")
class Conv3D(Conv):
    """Every output voxel is, per filter, a weighted sum of a block of voxels in all channels, plus an offset.

    keras/src/layers/convolutional/conv3d.py, 3.15.1.
    """

    rank = 3

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(3, names=("kernel_depth", "kernel_height", "kernel_width"))
    strides: Shape = arg.sizes(3, (1, 1, 1))
    padding: str = arg.choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(3, (1, 1, 1))

    examples = [
        Example({"filters": 8, "kernel_size": 3}, (None, 10, 16, 16, 2), params=440, output=(None, 8, 14, 14, 8)),
        Example({"filters": 4, "kernel_size": [1, 2, 3], "padding": "same", "strides": [1, 2, 2]}, (None, 4, 8, 9, 1),
                28, (None, 4, 4, 5, 4)),
        Rejected(
            {"filters": 8, "kernel_size": 3, "strides": 2},
            "expected depth of at least 3, got (None, 1, 8, 8, 2): "
            "`padding: valid` gives floor((1 - 3)/2) + 1 = 0 planes",
            (None, 1, 8, 8, 2),
        ),
    ]  # fmt: skip
