"""Keras's transposed convolutions: every input value is spread over a window of the output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim, at_least, is_multiple, product, to_text
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.activation_costs import activation_work
from lstmcalc.layers.convolutional import KernelRule, shown
from lstmcalc.layers.costs import ADD
from lstmcalc.layers.kept import Kept, Made, multiplied
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, Weight, Work, layer
from lstmcalc.layers.spatial import AXES, COUNTED, is_count
from lstmcalc.shapes import show_shape

__all__ = ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"]


def paddings(rank: int) -> Any:
    """A size of at least 0 per spatial axis, or null; one number stands for all of them. Rules see a tuple."""
    expected = "a number of at least 0" + ("" if rank == 1 else f" or {rank} of them")

    def read(name: str, value: Any) -> Shape:
        values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * rank
        if len(values) != rank or not all(map(is_count, values)):
            raise arg.refuse(name, expected, value)
        return values

    return arg.Argument(None, read, "sizes")


class ConvTranspose(KernelRule):
    """The transposed convolution of any rank.

    keras/src/layers/convolutional/base_conv_transpose.py, 3.15.1; the output's sizes are those of
    `compute_conv_transpose_output_shape` in keras/src/backend/common/backend_utils.py.
    """

    one_spread = "Keras spaces the input out or spreads the window, not both"

    filters: Dim
    output_padding: Shape | None

    activation: Any = arg.activation(None)
    use_bias: bool = arg.flag(True)
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    bias_initializer: Any = arg.initializer("zeros")
    kernel_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    activity_regularizer: Any = arg.regularizer()
    kernel_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()

    def validate(self) -> None:
        self.check_one_spread()
        for spare, stride in self._spare():
            if at_least(stride, spare + 1) is False:
                raise self._too_much_padding()

    def weights(self, x: Inputs) -> Iterable[Weight]:
        shape = (*self.kernel_size, self.filters, x.channels)
        places = product(self.spatial_sizes(x))
        yield Weight("kernel", shape, places, "each input value is spread over a window, in every filter")
        if self.use_bias:
            places = product(self.stretched(x))
            yield Weight("bias", (self.filters,), places, "each filter adds one offset", cost=ADD)

    def work(self, x: Inputs) -> Iterable[Work]:
        yield from activation_work(self.activation, self.arranged(x, self.stretched(x), self.filters))

    def kept(self, x: Inputs, made: Made) -> Kept:
        return multiplied(self.activation, x.shapes, made)

    def before_activation(self, x: Inputs) -> Shape:
        self.require_one_spread(x)
        for spare, stride in self._spare():
            fault = self._too_much_padding().fault
            x.require(at_least(stride, spare + 1), fault.code, fault.expected, fault.got, fault.because)
        sizes = self.stretched(x)
        for axis, length, size in zip(AXES[self.rank], self.spatial_sizes(x), sizes, strict=True):
            x.require(
                at_least(size, 1),
                "empty-output",
                f"{axis} of at least 2",
                show_shape(x.shape),
                f"`padding: same` with `output_padding: 0` gives {to_text(size)} {COUNTED[axis]} for {to_text(length)}",
                "leave `output_padding` out",
            )
        return self.arranged(x, sizes, self.filters)

    def stretched(self, x: Inputs) -> Shape:
        """The sizes of the output's spatial axes."""
        spares = self.output_padding or (None,) * self.rank
        axes = zip(self.spatial_sizes(x), self._reaches(), self.strides, spares, strict=True)
        return tuple(self._stretch(x, *numbers) for numbers in axes)

    def _stretch(self, x: Inputs, length: Dim, reach: Dim, stride: Dim, spare: Dim | None) -> Dim:
        if spare is not None:
            return (length - 1) * stride + (reach if self.padding == "valid" else _odd(reach)) + spare
        return length * stride if self.padding == "same" else (length - 1) * stride + self._greater(x, reach, stride)

    def _greater(self, x: Inputs, reach: Dim, stride: Dim) -> Dim:
        is_wide = at_least(reach, stride)
        if is_wide is False:
            return stride
        because = "a window that is smaller than its stride would leave room, which `padding: valid` fills"
        x.require(is_wide, "wrong-value", "", because=because)
        return reach

    def _reaches(self) -> Shape:
        """How many places the window spans along each axis."""
        windows, _, dilations = self.windows()
        return tuple((window - 1) * dilation + 1 for window, dilation in zip(windows, dilations, strict=True))

    def _spare(self) -> Iterator[tuple[Dim, Dim]]:
        """The padding and the stride along each axis, where a padding is stated."""
        return zip(self.output_padding or (), self.strides, strict=self.output_padding is not None)

    def _too_much_padding(self) -> Rejection:
        return Rejection(
            "wrong-value",
            "`output_padding` to be less than `strides`",
            f"`output_padding: {shown(self.output_padding or ())}` and `strides: {shown(self.strides)}`",
            "it says which of `strides` possible sizes is meant, counted from 0",
        )

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        if self.padding != "same" or self.output_padding is None:
            return
        for spare, reach in zip(self.output_padding, self._reaches(), strict=True):
            if at_least(0, spare) is True and is_multiple(reach, 2) is True:
                yield Fault(
                    "fails-on-tensorflow",
                    "an odd window for `padding: same` with `output_padding: 0`",
                    f"a window over {to_text(reach)}",
                    "Keras builds it, and TensorFlow fails on data, where JAX does not",
                    "leave `output_padding` out",
                )
                return


def _odd(size: Dim) -> Dim:
    """1 for an odd size, 0 for an even one."""
    return size - size // 2 * 2


@layer(family="convolutional", axes="batch timesteps channels", aliases="Convolution1DTranspose")
class Conv1DTranspose(ConvTranspose):
    """Spreads every time step over a window of the output, `strides` apart, and adds up where windows overlap.

    keras/src/layers/convolutional/conv1d_transpose.py, 3.15.1.
    """

    rank = 1

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(1)
    strides: Shape = arg.sizes(1, 1)
    padding: str = arg.choice("valid", "same", default="valid")
    output_padding: Shape | None = paddings(1)
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(1, 1)

    examples = [
        Example({"filters": 8, "kernel_size": 3, "strides": 2}, (None, 10, 4), params=104, output=(None, 21, 8)),
        Example({"filters": 8, "kernel_size": 3, "activation": "glu"}, (None, 10, 4), 104, (None, 12, 4)),
        Example({"filters": 8, "kernel_size": 3, "strides": 2, "padding": "same"}, (None, None, 4), 104,
                (None, None, 8)),
        Example({"filters": 8, "kernel_size": 2, "strides": 3, "output_padding": 2}, (None, 10, 4), 72, (None, 31, 8)),
        Example({"filters": 8, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 0}, (None, 10, 4),
                104, (None, 19, 8)),
        Example({"filters": 8, "kernel_size": 3, "dilation_rate": 2, "use_bias": False}, (None, 10, 4), 96,
                (None, 14, 8)),
        Rejected({"filters": 8, "kernel_size": 3, "strides": 2, "output_padding": 2},
                 "expected `output_padding` to be less than `strides`, got `output_padding: 2` and `strides: 2`: it "
                 "says which of `strides` possible sizes is meant, counted from 0"),
        Rejected({"filters": 8, "kernel_size": 3, "output_padding": -1},
                 "expected `output_padding` to be a number of at least 0, got -1"),
        Rejected({"filters": 8, "kernel_size": 3, "strides": 2, "dilation_rate": 2},
                 "expected `strides` or `dilation_rate` to be 1, got `strides: 2` and `dilation_rate: 2`: Keras spaces "
                 "the input out or spreads the window, not both"),
        Rejected({"filters": 8, "kernel_size": 2, "padding": "same", "output_padding": 0},
                 "expected timesteps of at least 2, got (None, 1, 4): `padding: same` with `output_padding: 0` gives 0 "
                 "time steps for 1", (None, 1, 4)),
    ]  # fmt: skip


@layer(family="convolutional", axes="batch height width channels", aliases="Convolution2DTranspose")
class Conv2DTranspose(ConvTranspose):
    """Spreads every pixel over a window of the output, `strides` apart, and adds up where windows overlap.

    keras/src/layers/convolutional/conv2d_transpose.py, 3.15.1.
    """

    rank = 2

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(2, names=("kernel_height", "kernel_width"))
    strides: Shape = arg.sizes(2, (1, 1), names=("vertical_stride", "horizontal_stride"))
    padding: str = arg.choice("valid", "same", default="valid")
    output_padding: Shape | None = paddings(2)
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    dilation_rate: Shape = arg.sizes(2, (1, 1), names=("vertical_dilation", "horizontal_dilation"))

    examples = [
        Example({"filters": 64, "kernel_size": 4, "strides": 2, "padding": "same"}, (None, 7, 7, 128), params=131_136,
                output=(None, 14, 14, 64)),
        Example({"filters": 8, "kernel_size": [3, 2], "strides": [1, 3]}, (None, 5, None, 4), 200, (None, 7, None, 8)),
        Example({"filters": 8, "kernel_size": 3, "strides": 2, "output_padding": [1, 0],
                 "data_format": "channels_first"}, (None, 4, 5, 6), params=296, output=(None, 8, 12, 13)),
        Rejected({"filters": 8, "kernel_size": 3, "strides": [2, 1], "output_padding": 1},
                 "expected `output_padding` to be less than `strides`, got `output_padding: [1, 1]` and "
                 "`strides: [2, 1]`: it says which of `strides` possible sizes is meant, counted from 0"),
        Rejected({"filters": 8, "kernel_size": 3, "strides": 2, "output_padding": [1, 0, 0]},
                 "expected `output_padding` to be a number of at least 0 or 2 of them, got [1, 0, 0]"),
    ]  # fmt: skip


@layer(family="convolutional", axes="batch depth height width channels", aliases="Convolution3DTranspose")
class Conv3DTranspose(ConvTranspose):
    """Spreads every voxel over a block of the output, `strides` apart, and adds up where blocks overlap.

    keras/src/layers/convolutional/conv3d_transpose.py, 3.15.1.
    """

    rank = 3

    filters: Dim = arg.positive()
    kernel_size: Shape = arg.sizes(3, names=("kernel_depth", "kernel_height", "kernel_width"))
    strides: Shape = arg.sizes(3, (1, 1, 1))
    padding: str = arg.choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    output_padding: Shape | None = paddings(3)
    dilation_rate: Shape = arg.sizes(3, (1, 1, 1))

    examples = [
        Example({"filters": 4, "kernel_size": 2, "strides": [1, 2, 2]}, (None, 3, 4, 5, 2), params=68,
                output=(None, 4, 8, 10, 4)),
        Example({"filters": 4, "kernel_size": 1, "padding": "same", "strides": 3}, (None, 3, 4, None, 2), 12,
                (None, 9, 12, None, 4)),
        Rejected({"filters": 4, "kernel_size": 2}, "expected 5 axes (batch, depth, height, width, channels), got "
                 '(None, 3, 4, 2) from input "input_0"', (None, 3, 4, 2)),
    ]  # fmt: skip
