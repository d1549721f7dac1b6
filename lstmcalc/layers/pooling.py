"""Keras's pooling: a window, or the whole input, is reduced to its greatest or its mean value, channel by channel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from lstmcalc.dims import Dim, product
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.costs import Cost
from lstmcalc.layers.kept import Held, Kept, Made, per_sample
from lstmcalc.layers.masks import one_per_step
from lstmcalc.layers.rule import Example, Inputs, Rejected, Remedy, Shape, Work, layer
from lstmcalc.layers.spatial import SpatialRule

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
]


class Pooling(SpatialRule):
    """Pooling by windows (keras/src/layers/pooling/base_pooling.py, 3.15.1); `strides` are `pool_size` by default."""

    window_argument = "pool_size"
    #: Whether a window gives its mean value, and not its greatest.
    means: ClassVar[bool] = False

    pool_size: Shape
    strides: Shape | None

    def windows(self) -> tuple[Shape, Shape, Shape]:
        return self.pool_size, self.strides or self.pool_size, (1,) * self.rank

    def output_shape(self, x: Inputs) -> Any:
        self.require_windows(x)
        return self.arranged(x, self.slid(x), x.channels)

    def work(self, x: Inputs) -> Iterable[Work]:
        yield pooled(product(self.pool_size), product(self.slid(x)) * x.channels, self.means)

    def kept(self, x: Inputs, made: Made) -> Kept:
        return Kept() if self.means else Kept(most=Held((0,)))


class GlobalPooling(SpatialRule):
    """Pooling of everything (keras/src/layers/pooling/base_global_pooling.py, 3.15.1)."""

    #: Whether the mean value comes out, and not the greatest.
    means: ClassVar[bool] = False

    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    keepdims: bool = arg.flag(False)

    def output_shape(self, x: Inputs) -> Any:
        return self.arranged(x, (1,) * self.rank if self.keepdims else (), x.channels)

    def remedy(self) -> Remedy | None:
        if self.keepdims:
            return Remedy("`keepdims: true`, which keeps every axis", "set `keepdims: false`")
        return Remedy("`keepdims: false`, which drops every axis but batch and channels", "set `keepdims: true`")

    def work(self, x: Inputs) -> Iterable[Work]:
        yield pooled(product(self.spatial_sizes(x)), x.channels, self.means, "each channel")

    def kept(self, x: Inputs, made: Made) -> Kept:
        if made.masked and self.takes_mask:
            return super().kept(x, made)
        return Kept() if self.means else Kept(most=Held((0,), values=per_sample(made.outputs[0])))


def pooled(window: Dim, windows: Dim, means: bool, of: str = "each window") -> Work:
    """The greatest or the mean value of so many windows of so many values."""
    if means:
        return Work("pooling", Cost(arithmetic=window * windows), f"the values of {of} are added, and the sum divided")
    return Work("pooling", Cost(arithmetic=(window - 1) * windows), f"the greatest of the values of {of} is found")


@layer(family="pooling", axes="batch timesteps channels", aliases="MaxPool1D")
class MaxPooling1D(Pooling):
    """Of every window of time steps, the greatest value of each channel.

    keras/src/layers/pooling/max_pooling1d.py, 3.15.1.
    """

    rank = 1

    pool_size: Shape = arg.sizes(1, 2)
    strides: Shape | None = arg.sizes(1, None)
    padding: str = arg.exact_choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [
        Example({}, (None, 9, 4), params=0, output=(None, 4, 4)),
        Example({"pool_size": 3, "strides": 2, "padding": "same"}, (None, 9, 4), 0, (None, 5, 4)),
        Example({"data_format": "channels_first"}, (None, 9, 4), 0, (None, 9, 2)),
        Rejected(
            {"pool_size": 3},
            "expected timesteps of at least 3, got (None, 2, 4): "
            "`padding: valid` gives floor((2 - 3)/3) + 1 = 0 time steps",
            (None, 2, 4),
        ),
        Rejected({"padding": "Same"}, 'expected `padding` to be one of `valid`, `same`, got "Same"'),
    ]


@layer(family="pooling", axes="batch height width channels", aliases="MaxPool2D")
class MaxPooling2D(Pooling):
    """Of every window of pixels, the greatest value of each channel.

    keras/src/layers/pooling/max_pooling2d.py, 3.15.1.
    """

    rank = 2

    pool_size: Shape = arg.sizes(2, (2, 2))
    strides: Shape | None = arg.sizes(2, None)
    padding: str = arg.exact_choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [
        Example({}, (None, 28, 27, 8), params=0, output=(None, 14, 13, 8)),
        Example({"pool_size": [3, 1], "strides": 1}, (None, None, 9, 8), 0, (None, None, 9, 8)),
        Rejected(
            {"pool_size": 4, "strides": 1},
            "expected height of at least 4, got (None, 3, 9, 8): `padding: valid` gives 3 - 4 + 1 = 0 rows",
            (None, 3, 9, 8),
        ),
    ]


@layer(family="pooling", axes="batch depth height width channels", aliases="MaxPool3D")
class MaxPooling3D(Pooling):
    """Of every block of voxels, the greatest value of each channel.

    keras/src/layers/pooling/max_pooling3d.py, 3.15.1.
    """

    rank = 3

    pool_size: Shape = arg.sizes(3, (2, 2, 2))
    strides: Shape | None = arg.sizes(3, None)
    padding: str = arg.exact_choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [Example({}, (None, 10, 16, 17, 2), params=0, output=(None, 5, 8, 8, 2))]


@layer(family="pooling", axes="batch timesteps channels", aliases="AvgPool1D")
class AveragePooling1D(Pooling):
    """Of every window of time steps, the mean value of each channel.

    keras/src/layers/pooling/average_pooling1d.py, 3.15.1.
    """

    means = True

    rank = 1

    pool_size: Shape = arg.sizes(1)
    strides: Shape | None = arg.sizes(1, None)
    padding: str = arg.exact_choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [
        Example({"pool_size": 3}, (None, 10, 4), params=0, output=(None, 3, 4)),
        Rejected({"pool_size": 0}, "expected `pool_size` to be a positive integer, got 0"),
    ]


@layer(family="pooling", axes="batch height width channels", aliases="AvgPool2D")
class AveragePooling2D(Pooling):
    """Of every window of pixels, the mean value of each channel.

    keras/src/layers/pooling/average_pooling2d.py, 3.15.1.
    """

    means = True

    rank = 2

    pool_size: Shape = arg.sizes(2)
    strides: Shape | None = arg.sizes(2, None)
    padding: str = arg.exact_choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [Example({"pool_size": 2, "padding": "same"}, (None, 9, 8, 4), params=0, output=(None, 5, 4, 4))]


@layer(family="pooling", axes="batch depth height width channels", aliases="AvgPool3D")
class AveragePooling3D(Pooling):
    """Of every block of voxels, the mean value of each channel.

    keras/src/layers/pooling/average_pooling3d.py, 3.15.1.
    """

    means = True

    rank = 3

    pool_size: Shape = arg.sizes(3)
    strides: Shape | None = arg.sizes(3, None)
    padding: str = arg.exact_choice("valid", "same", default="valid")
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [Example({"pool_size": [1, 2, 2]}, (None, 4, 8, 8, 2), params=0, output=(None, 4, 4, 4, 2))]


@layer(family="pooling", axes="batch timesteps channels", aliases="GlobalMaxPool1D")
class GlobalMaxPooling1D(GlobalPooling):
    """Over all time steps, the greatest value of each channel.

    keras/src/layers/pooling/global_max_pooling1d.py, 3.15.1.
    """

    rank = 1
    examples = [
        Example({}, (None, None, 64), params=0, output=(None, 64)),
        Example({"keepdims": True}, (None, None, 64), 0, (None, 1, 64)),
    ]


@layer(family="pooling", axes="batch height width channels", aliases="GlobalMaxPool2D")
class GlobalMaxPooling2D(GlobalPooling):
    """Over the whole picture, the greatest value of each channel.

    keras/src/layers/pooling/global_max_pooling2d.py, 3.15.1.
    """

    rank = 2
    examples = [
        Example({}, (None, 7, 7, 64), params=0, output=(None, 64)),
        Example({"data_format": "channels_first", "keepdims": True}, (None, 3, 7, 7), 0, (None, 3, 1, 1)),
    ]


@layer(family="pooling", axes="batch depth height width channels", aliases="GlobalMaxPool3D")
class GlobalMaxPooling3D(GlobalPooling):
    """Over the whole volume, the greatest value of each channel.

    keras/src/layers/pooling/global_max_pooling3d.py, 3.15.1.
    """

    rank = 3
    examples = [Example({}, (None, 4, 7, 7, 64), params=0, output=(None, 64))]


@layer(family="pooling", axes="batch timesteps channels", aliases="GlobalAvgPool1D")
class GlobalAveragePooling1D(GlobalPooling):
    """Over all time steps, the mean value of each channel.

    keras/src/layers/pooling/global_average_pooling1d.py, 3.15.1.
    """

    takes_mask = True
    means = True

    rank = 1

    def check_mask(self, x: Inputs) -> None:
        one_per_step(x, x.told[0], self.spatial_sizes(x)[0])

    def work(self, x: Inputs) -> Iterable[Work]:
        yield from super().work(x)
        if x.told[0] is not None:
            number = Cost(arithmetic=self.spatial_sizes(x)[0] - 1)
            yield Work("mask", number, "the time steps that the mask leaves are counted, to divide by their number")

    examples = [Example({}, (None, None, 64), params=0, output=(None, 64))]


@layer(family="pooling", axes="batch height width channels", aliases="GlobalAvgPool2D")
class GlobalAveragePooling2D(GlobalPooling):
    """Over the whole picture, the mean value of each channel.

    keras/src/layers/pooling/global_average_pooling2d.py, 3.15.1.
    """

    means = True

    rank = 2
    examples = [Example({}, (None, 7, 7, 64), params=0, output=(None, 64))]


@layer(family="pooling", axes="batch depth height width channels", aliases="GlobalAvgPool3D")
class GlobalAveragePooling3D(GlobalPooling):
    """Over the whole volume, the mean value of each channel.

    keras/src/layers/pooling/global_average_pooling3d.py, 3.15.1.
    """

    means = True

    rank = 3
    examples = [Example({}, (None, 4, 7, 7, 64), params=0, output=(None, 64))]
