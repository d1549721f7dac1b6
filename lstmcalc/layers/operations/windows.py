"""Operations whose window slides: convolution and pooling with kernels that come as operands, patches."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import Dim, at_least, conv_length, equal, is_multiple, product, to_text
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.rule import Operation, made, operation
from lstmcalc.layers.operations.sizes import dims, require_multiple, require_ndim, require_same
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape
from lstmcalc.shapes import show_shape

__all__ = ["AdaptivePool", "Conv", "DepthwiseConv", "Fold", "Pool", "SeparableConv", "Unfold", "slid"]

LAYOUT = "channels_last", "channels_first"


def data_format(default: Any = None) -> Any:
    """Where the channels stand; Keras's default is last."""
    return arg.choice(*LAYOUT, default=default)


def spatial_axes(ndim: int, layout: str | None) -> tuple[int, ...]:
    """The axes that are neither batch nor channels."""
    return tuple(range(2, ndim)) if layout == "channels_first" else tuple(range(1, ndim - 1))


def each(value: Any, rank: int, name: str) -> Shape:
    """One size per spatial axis; one stands for all."""
    sizes = value if isinstance(value, tuple) else (value,)
    if len(sizes) not in (1, rank):
        raise Rejection("wrong-value", f"`{name}` to be a number, or {rank} of them", arg.show(value))
    return sizes if len(sizes) == rank else sizes * rank


def slid(call: Inputs, x: Shape, over: tuple[int, ...], window: Shape, strides: Shape, spread: Shape, padding: str,
         ) -> Shape:  # fmt: skip
    """A shape with as many places along some axes as a window takes there; raises `Rejection` where it does not fit."""
    sizes = list(x)
    for place, width, stride, dilation in zip(over, window, strides, spread, strict=True):
        span = (width - 1) * dilation + 1
        if padding == "valid":
            because = f"`padding: valid` leaves a window of {to_text(span)} no place"
            expected = f"at least {to_text(span)} along axis {place}"
            call.require(at_least(x[place], span), "window-too-large", expected, show_shape(x), because)
        sizes[place] = conv_length(x[place], width, stride, padding, dilation)
    return tuple(sizes)


class Pool(Operation):
    """What makes one value of all in a window, channel by channel."""

    pool_size: Any
    strides: Any
    padding: str
    data_format: str | None

    def result(self, call: Inputs, /, inputs: Shape) -> Any:
        require_ndim(inputs, 3, 5)
        over = spatial_axes(len(inputs), self.data_format)
        window = each(self.pool_size, len(over), "pool_size")
        strides = window if self.strides is None else each(self.strides, len(over), "strides")
        return slid(call, inputs, over, window, strides, (1,) * len(over), self.padding)


_POOL: dict[str, Any] = {
    "pool_size": dims(least=1, one=True),
    "strides": dims(None, least=1, one=True),
    "padding": arg.choice("valid", "same", default="valid"),
    "data_format": data_format(),
}
_POOLED: list[Example | Rejected] = [
    Example({"pool_size": 2}, (None, 9, 8, 3), params=0, output=(None, 4, 4, 3)),
    Example({"pool_size": [3], "strides": 2, "padding": "same"}, (None, None, 3), params=0, output=(None, None, 3)),
    Rejected({"pool_size": 4}, "expected at least 4 along axis 1, got (None, 3, 3): "
             "`padding: valid` leaves a window of 4 no place", (None, 3, 3)),
    Rejected({"pool_size": 2}, "expected 3 to 5 axes, got (None, 3)", (None, 3)),
]  # fmt: skip
made("MaxPool", Pool, "nn", "Of every window, the greatest value.", _POOLED, operands="inputs", **_POOL)
made("AveragePool", Pool, "nn", "Of every window, the mean.", _POOLED, operands="inputs", **_POOL)


class AdaptivePool(Operation):
    """What makes so many windows of the input that the output has the stated size.

    Keras states a wrong shape where the channels are last: it keeps the first spatial sizes and puts all new ones in.
    TensorFlow 2.21 ends the process where an `AdaptiveMaxPool` is asked for one place along an axis.
    """

    output_size: Any
    data_format: str | None

    def result(self, call: Inputs, /, inputs: Shape) -> Any:
        require_ndim(inputs, 3, 5)
        over = spatial_axes(len(inputs), self.data_format)
        if len(self.output_size) != len(over):
            raise Rejection("wrong-value", f"{len(over)} sizes in `output_size`", arg.show(self.output_size))
        sizes = dict(zip(over, self.output_size, strict=True))
        return tuple(sizes.get(place, size) for place, size in enumerate(inputs))

    def believed(self, call: Inputs, /, inputs: Shape) -> Any:
        if self.data_format == "channels_first":
            return None
        return (*inputs[: -len(self.output_size)], *self.output_size, inputs[-1])


_ADAPTIVE: list[Example | Rejected] = [
    Example({"output_size": [3, 2]}, (None, 9, 8, 4), params=0, output=(None, 3, 2, 4)),
    Example({"output_size": [3], "data_format": "channels_first"}, (None, 4, 9), params=0, output=(None, 4, 3)),
]
for _name, _text in (("AdaptiveMaxPool", "the greatest value"), ("AdaptiveAveragePool", "the mean")):
    made(_name, AdaptivePool, "nn", f"Of each of so many windows that the output has the stated size, {_text}.",
         _ADAPTIVE, operands="inputs", output_size=dims(least=1), data_format=data_format())  # fmt: skip


class Convolution(Operation):
    """What slides a kernel over its input; the kernel has spatial axes, then channels in and out."""

    most = 5

    strides: Any
    padding: str
    data_format: str | None
    dilation_rate: Any

    def convolved(self, call: Inputs, x: Shape, kernel: Shape, filters: Dim) -> Shape:
        """The output's shape with so many filters."""
        require_ndim(x, 3, self.most, "inputs")
        require_ndim(kernel, len(x), len(x), "kernel")
        over = spatial_axes(len(x), self.data_format)
        channels = 1 if self.data_format == "channels_first" else len(x) - 1
        require_same(call, ("inputs", x, channels), ("kernel", kernel, len(kernel) - 2),
                     "as many channels as the kernel takes", "the kernel weighs each channel")  # fmt: skip
        strides, spread = each(self.strides, len(over), "strides"), each(self.dilation_rate, len(over), "dilation_rate")
        self.check_steps(call, strides, spread)
        shape = slid(call, x, over, kernel[: len(over)], strides, spread, self.padding)
        return (*shape[:channels], filters, *shape[channels + 1 :])

    def check_steps(self, call: Inputs, strides: Shape, spread: Shape) -> None:
        """Refuses strides and dilations that do not go together."""
        if any(at_least(size, 2) is True for size in strides) and any(size != 1 for size in spread):
            got = f"`strides: {arg.show(self.strides)}` and `dilation_rate: {arg.show(self.dilation_rate)}`"
            because = "TensorFlow skips places or spreads the window, not both"
            raise Rejection("wrong-value", "`strides` or `dilation_rate` to be 1", got, because)


def _convolution() -> dict[str, Any]:
    return {
        "strides": dims(1, least=1, one=True),
        "padding": arg.choice("valid", "same", default="valid"),
        "data_format": data_format(),
        "dilation_rate": dims(1, least=1, one=True),
    }


KERNEL = [[[1.0, 2.0], [1.0, 2.0]], [[1.0, 2.0], [1.0, 2.0]], [[1.0, 2.0], [1.0, 2.0]]]


class Conv(Convolution):
    """Every output is, per filter, a weighted sum of a window in all channels."""

    def result(self, call: Inputs, /, inputs: Shape, kernel: Shape) -> Any:
        require_ndim(kernel, 3, 5, "kernel")
        return self.convolved(call, inputs, kernel, kernel[-1])


class ByChannel(Convolution):
    """What weighs each channel by kernels of its own."""

    most = 4

    def check_steps(self, call: Inputs, strides: Shape, spread: Shape) -> None:
        pass


class DepthwiseConv(ByChannel):
    """Every channel is weighed by kernels of its own."""

    def result(self, call: Inputs, /, inputs: Shape, kernel: Shape) -> Any:
        require_ndim(kernel, 3, 4, "kernel")
        return self.convolved(call, inputs, kernel, kernel[-1] * kernel[-2])


class SeparableConv(ByChannel):
    """Every channel is weighed by kernels of its own, and the results of each place are mixed."""

    def result(self, call: Inputs, /, inputs: Shape, depthwise_kernel: Shape, pointwise_kernel: Shape) -> Any:
        require_ndim(depthwise_kernel, 3, 4, "depthwise_kernel")
        wide = depthwise_kernel[-1] * depthwise_kernel[-2]
        shape = self.convolved(call, inputs, depthwise_kernel, wide)
        require_ndim(pointwise_kernel, len(inputs), len(inputs), "pointwise_kernel")
        for size in pointwise_kernel[:-2]:
            call.require(
                equal(size, 1), "wrong-size", "windows of 1 in `pointwise_kernel`", show_shape(pointwise_kernel)
            )
        call.require(equal(pointwise_kernel[-2], wide), "wrong-size",
                     f"`pointwise_kernel` for {to_text(wide)} channels", show_shape(pointwise_kernel))  # fmt: skip
        channels = 1 if self.data_format == "channels_first" else len(inputs) - 1
        return (*shape[:channels], pointwise_kernel[-1], *shape[channels + 1 :])


made("Conv", Conv, "nn", "Every output is, per filter, a weighted sum of a window in all channels.",
     [Example({"padding": "same", "strides": 2}, (None, 9, 2), 0, (None, 5, 2), keywords={"kernel": KERNEL}),
      Rejected({}, "expected as many channels as the kernel takes, got (None, 9, 3) and (3, 2, 2): "
               "axis 2 of inputs is 3, axis 1 of kernel is 2", (None, 9, 3), keywords={"kernel": KERNEL})],
     "inputs kernel", **_convolution())  # fmt: skip
made("DepthwiseConv", DepthwiseConv, "nn", "Weighs a window of each channel with kernels of its own.",
     [Example({}, (None, 9, 2), 0, (None, 7, 4), keywords={"kernel": KERNEL})],
     "inputs kernel", **_convolution())  # fmt: skip
made("SeparableConv", SeparableConv, "nn",
     "Weighs a window of each channel with kernels of its own, and mixes the results of each place.",
     [Example({}, (None, 9, 2), 0, (None, 7, 1),
              keywords={"depthwise_kernel": KERNEL, "pointwise_kernel": [[[1.0], [1.0], [1.0], [1.0]]]})],
     "inputs depthwise_kernel pointwise_kernel", **_convolution())  # fmt: skip


def _two(value: Any) -> tuple[Dim, Dim]:
    return tuple(value) if isinstance(value, tuple) else (value, value)


@operation("nn")
class Unfold(Operation):
    """Lays every window of a picture, all channels of it, in a row; channels come before height and width.

    keras/src/ops/nn.py, 3.15.1, which must know channels, height and width.
    """

    kernel_size: Any = dims(least=1, rank=2, one=True)
    dilation: Any = dims(1, least=1, rank=2, one=True)
    padding: Any = dims(0, rank=2, one=True)
    stride: Any = dims(1, least=1, rank=2, one=True)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        require_ndim(x, 4, 4)
        for size in x[1:]:
            call.require_known(size, "every size but the batch's", "Keras multiplies them")
        window, spread, padding, stride = map(_two, (self.kernel_size, self.dilation, self.padding, self.stride))
        places = []
        for number in range(2):
            length, span = x[2 + number] + 2 * padding[number], (window[number] - 1) * spread[number] + 1
            because = "the window would have no place"
            expected = f"at least {to_text(span - 2 * padding[number])} along axis {2 + number}"
            call.require(at_least(length, span), "window-too-large", expected, show_shape(x), because)
            places.append((length - span) // stride[number] + 1)
        return x[0], x[1] * product(window), product(places)

    examples = [
        Example({"kernel_size": 3}, (None, 3, 9, 9), params=0, output=(None, 27, 49)),
        Rejected({"kernel_size": 3}, "expected 4 axes, got (None, 9, 9)", (None, 9, 9)),
    ]


@operation("nn")
class Fold(Operation):
    """Puts windows that lie in rows back to where they were, and adds up where they overlap.

    keras/src/ops/nn.py, 3.15.1.
    """

    output_size: Any = dims(least=1, rank=2, one=True)
    kernel_size: Any = dims(least=1, rank=2, one=True)
    dilation: Any = dims(1, least=1, rank=2, one=True)
    padding: Any = dims(0, rank=2, one=True)
    stride: Any = dims(1, least=1, rank=2, one=True)

    def result(self, call: Inputs, /, x: Shape) -> Any:
        require_ndim(x, 3, 3)
        window, spread, padding, stride = map(_two, (self.kernel_size, self.dilation, self.padding, self.stride))
        size = _two(self.output_size)
        values = product(window)
        call.require_known(x[1], "the size of axis 1", "Keras counts the channels in it")
        call.require(is_multiple(x[1], values), "wrong-size", f"axis 1 to be a multiple of {to_text(values)}",
                     show_shape(x))  # fmt: skip
        places = product(
            (size[i] + 2 * padding[i] - (window[i] - 1) * spread[i] - 1) // stride[i] + 1 for i in range(2)
        )
        call.require(equal(x[2], places), "wrong-size", f"axis 2 to be {to_text(places)}, the number of windows",
                     show_shape(x), unknown="axis 2")  # fmt: skip
        return x[0], x[1] // values, *size

    examples = [
        Example({"output_size": [9, 9], "kernel_size": 3}, (None, 27, 49), params=0, output=(None, 3, 9, 9)),
        Rejected({"output_size": 9, "kernel_size": 3}, "expected axis 1 to be a multiple of 9, got (None, 26, 49)",
                 (None, 26, 49)),
        Rejected({"output_size": 9, "kernel_size": 3}, "expected axis 2 to be 49, the number of windows, "
                 "got (None, 27, 50)", (None, 27, 50)),
    ]  # fmt: skip


class Blocks(Operation):
    """What moves values between channels and the places of a picture."""

    block_size: int
    data_format: str

    def _layout(self, x: Shape) -> tuple[int, int, int]:
        require_ndim(x, 4, 4)
        return (1, 2, 3) if self.data_format == "channels_first" else (3, 1, 2)

    def _divided(self, call: Inputs, x: Shape, place: int, by: int) -> Dim:
        require_multiple(call, x, place, by, "blocks are whole")
        return x[place] // by


_BLOCKS: dict[str, Any] = {
    "block_size": arg.integer(least=2),
    "data_format": arg.choice(*LAYOUT, default="channels_last"),
}


class DepthToSpace(Blocks):
    """Channels become blocks of pixels."""

    def result(self, call: Inputs, /, x: Shape) -> Any:
        channels, height, width = self._layout(x)
        sizes = {channels: self._divided(call, x, channels, self.block_size**2),
                 height: x[height] * self.block_size, width: x[width] * self.block_size}  # fmt: skip
        return tuple(sizes.get(place, size) for place, size in enumerate(x))


class SpaceToDepth(Blocks):
    """Blocks of pixels become channels."""

    def result(self, call: Inputs, /, x: Shape) -> Any:
        channels, height, width = self._layout(x)
        sizes = {channels: x[channels] * self.block_size**2, height: self._divided(call, x, height, self.block_size),
                 width: self._divided(call, x, width, self.block_size)}  # fmt: skip
        return tuple(sizes.get(place, size) for place, size in enumerate(x))


made("DepthToSpace", DepthToSpace, "nn", "Lays the values of so many channels out as a block of pixels.",
     [Example({"block_size": 2}, (None, 4, 4, 8), 0, (None, 8, 8, 2)),
      Rejected({"block_size": 2}, "expected axis 3 to be a multiple of 4, got (None, 4, 4, 6)",
               (None, 4, 4, 6))], **_BLOCKS)  # fmt: skip
made("SpaceToDepth", SpaceToDepth, "nn", "Lays the pixels of a block out as so many channels.",
     [Example({"block_size": 2}, (None, 4, 6, 8), 0, (None, 2, 3, 32))], **_BLOCKS)  # fmt: skip
