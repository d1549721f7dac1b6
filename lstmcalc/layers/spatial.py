"""What convolution and pooling share: named spatial axes, `data_format`, and a window that slides over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from lstmcalc.dims import Dim, Expression, at_least, conv_length, to_text
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, expand_axes
from lstmcalc.shapes import show_shape

__all__ = ["AXES", "COUNTED", "SpatialRule", "is_count"]

AXES = {1: ("timesteps",), 2: ("height", "width"), 3: ("depth", "height", "width")}
COUNTED = {"timesteps": "time steps", "depth": "planes", "height": "rows", "width": "columns"}


class SpatialRule(LayerRule):
    """A layer over `rank` spatial axes and one of channels, which `data_format` puts last or behind the batch."""

    rank: ClassVar[int]
    #: The argument that holds the window's sizes.
    window_argument: ClassVar[str] = ""

    padding: str
    data_format: str | None

    @property
    def channels_first(self) -> bool:
        """Whether the channels stand before the spatial axes; Keras's default is that they do not."""
        return self.data_format == "channels_first"

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        spatial = AXES[self.rank]
        names = ("batch", "channels", *spatial) if self.channels_first else ("batch", *spatial, "channels")
        return expand_axes(" ".join(names), ndim)

    def spatial_sizes(self, x: Inputs) -> Shape:
        """The sizes of the spatial axes."""
        return tuple(getattr(x, axis) for axis in AXES[self.rank])

    def arranged(self, x: Inputs, sizes: Sequence[Dim], channels: Dim) -> Shape:
        """A shape with these spatial sizes and channels, in the order of `data_format`."""
        return (x.batch, channels, *sizes) if self.channels_first else (x.batch, *sizes, channels)

    def windows(self) -> tuple[Shape, Shape, Shape]:
        """The window's sizes, strides and dilations, one per spatial axis."""
        raise NotImplementedError

    def slid(self, x: Inputs) -> Shape:
        """How many places the window takes along each axis."""
        return tuple(
            conv_length(length, window, stride, self.padding, dilation)
            for length, window, stride, dilation in zip(self.spatial_sizes(x), *self.windows(), strict=True)
        )

    def require_windows(self, x: Inputs) -> None:
        """Refuses an input that is smaller than the window (keras/src/ops/operation_utils.py, 3.15.1)."""
        if self.padding != "valid":
            return
        for axis, length, window, stride, dilation in zip(
            AXES[self.rank], self.spatial_sizes(x), *self.windows(), strict=True
        ):
            span = (window - 1) * dilation + 1
            fits = at_least(length, span)
            if fits is True:
                continue
            x.require(
                fits,
                "window-too-large",
                f"{axis} of at least {to_text(span)}",
                show_shape(x.shape),
                _arithmetic(axis, length, window, stride, dilation),
                f"use `padding: same` or a `{self.window_argument}` of at most {to_text((length - 1) // dilation + 1)}",
            )


def is_count(value: Any) -> bool:
    """Whether a value is a number of at least 0, or an expression that may be one."""
    number = isinstance(value, (int, Expression)) and not isinstance(value, bool)
    return number and at_least(value, 0) is not False


def _arithmetic(axis: str, length: Dim, window: Dim, stride: Dim, dilation: Dim) -> str:
    span = (window - 1) * dilation + 1
    spread = f"`dilation_rate: {to_text(dilation)}` spreads {to_text(window)} over {to_text(span)}, and "
    places = f"{to_text(length)} - {to_text(span)}"
    if stride != 1:
        places = f"floor(({places})/{to_text(stride)})"
    number = to_text(conv_length(length, window, stride, "valid", dilation))
    result = "" if number == f"{places} + 1" else f" = {number}"
    return f"{spread if dilation != 1 else ''}`padding: valid` gives {places} + 1{result} {COUNTED[axis]}"
