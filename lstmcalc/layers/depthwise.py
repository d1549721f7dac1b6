"""Keras's depthwise and separable convolutions: a window for every channel by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lstmcalc.dims import Dim, product
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.activation_costs import activation_work
from lstmcalc.layers.convolutional import KernelRule
from lstmcalc.layers.costs import ADD, INSIDE
from lstmcalc.layers.kept import Kept, Made, multiplied
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, Weight, Work, layer

__all__ = ["DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"]


class DepthwiseConv(KernelRule):
    """The depthwise convolution of any rank (keras/src/layers/convolutional/base_depthwise_conv.py, 3.15.1)."""

    depth_multiplier: Dim

    activation: Any = arg.activation(None)
    use_bias: bool = arg.flag(True)
    depthwise_initializer: Any = arg.initializer("glorot_uniform")
    bias_initializer: Any = arg.initializer("zeros")
    depthwise_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    activity_regularizer: Any = arg.regularizer()
    depthwise_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()

    def weights(self, x: Inputs) -> Iterable[Weight]:
        places = product(self.slid(x))
        shape = (*self.kernel_size, x.channels, self.depth_multiplier)
        yield Weight("kernel", shape, places, "each channel has windows of its own, `depth_multiplier` of them")
        if self.use_bias:
            yield Weight("bias", (self.depth_multiplier * x.channels,), places, "each window adds one offset", cost=ADD)

    def work(self, x: Inputs) -> Iterable[Work]:
        made = self.arranged(x, self.slid(x), self.depth_multiplier * x.channels)
        yield from activation_work(self.activation, made)

    def kept(self, x: Inputs, made: Made) -> Kept:
        return multiplied(self.activation, x.shapes, made)

    def before_activation(self, x: Inputs) -> Shape:
        self.require_windows(x)
        return self.arranged(x, self.slid(x), self.depth_multiplier * x.channels)


class SeparableConv(KernelRule):
    """The separable convolution of any rank (keras/src/layers/convolutional/base_separable_conv.py, 3.15.1)."""

    filters: Dim
    depth_multiplier: Dim

    activation: Any = arg.activation(None)
    use_bias: bool = arg.flag(True)
    depthwise_initializer: Any = arg.initializer("glorot_uniform")
    pointwise_initializer: Any = arg.initializer("glorot_uniform")
    bias_initializer: Any = arg.initializer("zeros")
    depthwise_regularizer: Any = arg.regularizer()
    pointwise_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    activity_regularizer: Any = arg.regularizer()
    depthwise_constraint: Any = arg.constraint()
    pointwise_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()

    def weights(self, x: Inputs) -> Iterable[Weight]:
        places, one = product(self.slid(x)), (1,) * self.rank
        shape = (*self.kernel_size, x.channels, self.depth_multiplier)
        yield Weight("depthwise_kernel", shape, places, "each channel has windows of its own")
        mixing = (*one, self.depth_multiplier * x.channels, self.filters)
        why = "each filter mixes the channels of one place"
        yield Weight("pointwise_kernel", mixing, places, why, reads=(INSIDE,))
        if self.use_bias:
            yield Weight("bias", (self.filters,), places, "each filter adds one offset", cost=ADD)

    def work(self, x: Inputs) -> Iterable[Work]:
        yield from activation_work(self.activation, self.arranged(x, self.slid(x), self.filters))

    def before_activation(self, x: Inputs) -> Shape:
        self.require_windows(x)
        return self.arranged(x, self.slid(x), self.filters)


@layer(family="convolutional", axes="batch timesteps channels")
class DepthwiseConv1D(DepthwiseConv):
    """Every output step is, channel by channel, a weighted sum of a window of time steps; channels are not mixed.

    keras/src/layers/convolutional/depthwise_conv1d.py, 3.15.1. Unlike Conv1D it takes strides and a dilation together.
    """

    rank = 1

    kernel_size: Shape = arg.sizes(1)
    strides: Shape = arg.sizes(1, 1)
    padding: str = arg.choice("valid", "same", default="valid")
    depth_multiplier: Dim = arg.positive(1)
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(1, 1)

    examples = [
        Example({"kernel_size": 3}, (None, 10, 6), params=24, output=(None, 8, 6)),
        Example({"kernel_size": 3, "activation": "glu"}, (None, 10, 6), params=24, output=(None, 8, 3)),
        Example({"kernel_size": 3, "strides": 2, "dilation_rate": 2, "padding": "same"}, (None, None, 6), 24,
                (None, None, 6)),
        Example({"kernel_size": 4, "depth_multiplier": 2, "use_bias": False, "data_format": "channels_first"},
                (None, 6, 10), params=48, output=(None, 12, 7)),
        Rejected({"kernel_size": 3, "padding": "causal"},
                 'expected `padding` to be one of `valid`, `same`, got "causal"'),
        Rejected(
            {"kernel_size": 3, "dilation_rate": 5},
            "expected timesteps of at least 11, got (None, 10, 6): `dilation_rate: 5` spreads 3 over 11, and "
            "`padding: valid` gives 10 - 11 + 1 = 0 time steps",
        ),
        Rejected({"kernel_size": 3, "depth_multiplier": 0}, "expected `depth_multiplier` to be a positive integer, "
                 "got 0"),
        Rejected({"kernel_size": 3}, "expected `channels` to be known, since `kernel` has that size, got "
                 '(None, 10, None) from input "input_0"', (None, 10, None)),
    ]  # fmt: skip


@layer(family="convolutional", axes="batch height width channels")
class DepthwiseConv2D(DepthwiseConv):
    """Every output pixel is, channel by channel, a weighted sum of a window of pixels; channels are not mixed.

    keras/src/layers/convolutional/depthwise_conv2d.py, 3.15.1. Unlike Conv2D it takes strides and a dilation together.
    """

    rank = 2

    kernel_size: Shape = arg.sizes(2, names=("kernel_height", "kernel_width"))
    strides: Shape = arg.sizes(2, (1, 1), names=("vertical_stride", "horizontal_stride"))
    padding: str = arg.choice("valid", "same", default="valid")
    depth_multiplier: Dim = arg.positive(1)
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(2, (1, 1), names=("vertical_dilation", "horizontal_dilation"))

    examples = [
        Example({"kernel_size": 3, "padding": "same", "strides": 2}, (None, 112, 112, 64), params=640,
                output=(None, 56, 56, 64)),
        Example({"kernel_size": [3, 2], "depth_multiplier": 4}, (None, None, 9, 3), 84, (None, None, 8, 12)),
        Example({"kernel_size": 3, "strides": [2, 1], "data_format": "channels_first"}, (None, 3, 9, 9), 30,
                (None, 3, 4, 7)),
        Rejected(
            {"kernel_size": 5},
            "expected height of at least 5, got (None, 4, 9, 3): `padding: valid` gives 4 - 5 + 1 = 0 rows",
            (None, 4, 9, 3),
        ),
        Rejected({"kernel_size": [3, 3, 3]}, "expected `kernel_size` to be a positive integer or 2 of them, got "
                 "[3, 3, 3]"),
    ]  # fmt: skip


@layer(family="convolutional", axes="batch timesteps channels", aliases="SeparableConvolution1D")
class SeparableConv1D(SeparableConv):
    """A window of time steps for every channel by itself, and then, at every step, a weighted sum of the channels.

    keras/src/layers/convolutional/separable_conv1d.py, 3.15.1. Unlike Conv1D it takes strides and a dilation together.
    """

    rank = 1

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(1)
    strides: Shape = arg.sizes(1, 1)
    padding: str = arg.choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(1, 1)
    depth_multiplier: Dim = arg.positive(1)

    examples = [
        Example({"filters": 32, "kernel_size": 5}, (None, 200, 35), params=1_327, output=(None, 196, 32)),
        Example({"filters": 8, "kernel_size": 3, "depth_multiplier": 2, "strides": 2, "use_bias": False},
                (None, None, 4), 88, (None, None, 8)),
        Rejected(
            {"filters": 8, "kernel_size": 12},
            "expected timesteps of at least 12, got (None, 10, 4): `padding: valid` gives 10 - 12 + 1 = -1 time steps",
            (None, 10, 4),
        ),
        Rejected({"filters": 0, "kernel_size": 3}, "expected `filters` to be a positive integer, got 0"),
    ]  # fmt: skip


@layer(family="convolutional", axes="batch height width channels", aliases="SeparableConvolution2D")
class SeparableConv2D(SeparableConv):
    """A window of pixels for every channel by itself, and then, at every pixel, a weighted sum of the channels.

    keras/src/layers/convolutional/separable_conv2d.py, 3.15.1. Unlike Conv2D it takes strides and a dilation together.
    """

    rank = 2

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(2, names=("kernel_height", "kernel_width"))
    strides: Shape = arg.sizes(2, (1, 1), names=("vertical_stride", "horizontal_stride"))
    padding: str = arg.choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(2, (1, 1), names=("vertical_dilation", "horizontal_dilation"))
    depth_multiplier: Dim = arg.positive(1)

    examples = [
        Example({"filters": 128, "kernel_size": 3, "use_bias": False}, (None, 147, 147, 64), params=8_768,
                output=(None, 145, 145, 128)),
        Example({"filters": 8, "kernel_size": [3, 1], "padding": "same", "strides": 2, "dilation_rate": 2,
                 "data_format": "channels_first"}, (None, 4, 9, 8), params=52, output=(None, 8, 5, 4)),
        Rejected(
            {"filters": 8, "kernel_size": 3, "dilation_rate": 4},
            "expected width of at least 9, got (None, 9, 8, 1): `dilation_rate: 4` spreads 3 over 9, and "
            "`padding: valid` gives 8 - 9 + 1 = 0 columns",
            (None, 9, 8, 1),
        ),
    ]  # fmt: skip
