"""Keras's adaptive pooling: as many windows as the output has places, whatever the size of the input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import gcd
from typing import Any, ClassVar

from lstmcalc.dims import UNKNOWN, Dim, equal, is_multiple, product, total
from lstmcalc.errors import Fault
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.costs import Cost
from lstmcalc.layers.kept import Held, Kept, Made
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, Work, layer
from lstmcalc.layers.spatial import AXES, SpatialRule
from lstmcalc.shapes import show_shape

__all__ = [
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
]


class AdaptivePooling(SpatialRule):
    """Pooling to a given size (keras/src/layers/pooling/base_adaptive_pooling.py, 3.15.1), which may be a larger one.

    Keras states a shape for an input with any number of axes, and fails on data, or gives another shape.
    """

    #: Whether a window gives its mean value, and not its greatest.
    means: ClassVar[bool] = False

    output_size: Shape

    def output_shape(self, x: Inputs) -> Any:
        return self.arranged(x, self.output_size, x.channels)

    def kept(self, x: Inputs, made: Made) -> Kept:
        if self.means:
            return Kept()
        # Keras pools one axis after the other, and keeps what it has in between.
        sizes, places = self.spatial_sizes(x), self.output_size
        between = (product((*places[:done], *sizes[done:])) for done in range(1, self.rank))
        return Kept(most=Held((0,), values=x.channels * total(between)))

    def work(self, x: Inputs) -> Iterable[Work]:
        # What the windows themselves take: Keras on JAX and TensorFlow slides windows of two lengths over every place.
        axes = zip(self.spatial_sizes(x), self.output_size, strict=True)
        read = x.channels * product(values_read(length, places) for length, places in axes)
        if read is UNKNOWN:
            yield Work("pooling", Cost(arithmetic=UNKNOWN), "how many windows share a value depends on the sizes")
        elif self.means:
            yield Work("pooling", Cost(arithmetic=read), "the values of each window are added, and the sum divided")
        else:
            made = x.channels * product(self.output_size)
            yield Work("pooling", Cost(arithmetic=read - made), "the greatest of the values of each window is found")


def values_read(length: Dim, places: Dim) -> Dim:
    """How many values the windows along an axis hold together: one more for each edge within a value, shared by two.

    Window number i goes from floor(i * length / places) up to, but without, ceil((i + 1) * length / places).
    """
    if isinstance(length, int) and isinstance(places, int):
        return length + places - gcd(length, places)
    return length if is_multiple(length, places) is True else UNKNOWN


class AdaptiveMaxPooling(AdaptivePooling):
    """The greatest value of each window."""

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        axis, size, places = AXES[self.rank][-1], self.spatial_sizes(x)[-1], self.output_size[-1]
        if equal(size, 1) is True or equal(places, 1) is True:
            to_one = all(equal(number, 1) is True for number in self.output_size)
            yield Fault(
                "fails-on-tensorflow",
                f"{axis} of at least 2, before and after",
                f"{show_shape(x.shape)} to {show_shape(self.output_shape(x))}",
                "TensorFlow with oneDNN, its default on a CPU, then stops the program",
                f"use `GlobalMaxPooling{self.rank}D` with `keepdims: true`"
                if to_one
                else "set the environment variable `TF_ENABLE_ONEDNN_OPTS` to 0",
            )


@layer(family="pooling", axes="batch timesteps channels")
class AdaptiveAveragePooling1D(AdaptivePooling):
    """Parts the time steps into `output_size` windows, and gives the mean value of each, channel by channel.

    keras/src/layers/pooling/adaptive_average_pooling1d.py, 3.15.1.
    """

    rank = 1
    means = True

    output_size: Shape = arg.sizes(1)
    data_format: str | None = arg.exact_choice("channels_last", "channels_first", default=None)

    examples = [
        Example({"output_size": 4}, (None, 10, 8), params=0, output=(None, 4, 8)),
        Example({"output_size": [16]}, (None, None, 8), 0, (None, 16, 8)),
        Example({"output_size": 4, "data_format": "channels_first"}, (None, 8, 10), 0, (None, 8, 4)),
        Rejected({"output_size": 0}, "expected `output_size` to be a positive integer, got 0"),
        Rejected({"output_size": 4, "data_format": "Channels_Last"}, "expected `data_format` to be one of "
                 '`channels_last`, `channels_first`, got "Channels_Last"'),
    ]  # fmt: skip


@layer(family="pooling", axes="batch height width channels")
class AdaptiveAveragePooling2D(AdaptivePooling):
    """Parts a picture into `output_size` windows, and gives the mean value of each, channel by channel.

    keras/src/layers/pooling/adaptive_average_pooling2d.py, 3.15.1.
    """

    rank = 2
    means = True

    output_size: Shape = arg.sizes(2, names=("output_height", "output_width"))
    data_format: str | None = arg.exact_choice("channels_last", "channels_first", default=None)

    examples = [
        Example({"output_size": 7}, (None, 100, 80, 3), params=0, output=(None, 7, 7, 3)),
        Example({"output_size": [1, 4]}, (None, None, None, 3), 0, (None, 1, 4, 3)),
        Rejected({"output_size": 7}, "expected 4 axes (batch, height, width, channels), got (None, 100, 3) from input "
                 '"input_0"', (None, 100, 3)),
    ]  # fmt: skip


@layer(family="pooling", axes="batch depth height width channels")
class AdaptiveAveragePooling3D(AdaptivePooling):
    """Parts a volume into `output_size` windows, and gives the mean value of each, channel by channel.

    keras/src/layers/pooling/adaptive_average_pooling3d.py, 3.15.1.
    """

    rank = 3
    means = True

    output_size: Shape = arg.sizes(3, names=("output_depth", "output_height", "output_width"))
    data_format: str | None = arg.exact_choice("channels_last", "channels_first", default=None)

    examples = [
        Example({"output_size": [2, 3, 4]}, (None, 5, 6, 7, 2), params=0, output=(None, 2, 3, 4, 2)),
        Rejected({"output_size": [2, 3]}, "expected `output_size` to be a positive integer or 3 of them, got [2, 3]"),
    ]


@layer(family="pooling", axes="batch timesteps channels")
class AdaptiveMaxPooling1D(AdaptiveMaxPooling):
    """Parts the time steps into `output_size` windows, and gives the greatest value of each, channel by channel.

    keras/src/layers/pooling/adaptive_max_pooling1d.py, 3.15.1.
    """

    rank = 1

    output_size: Shape = arg.sizes(1)
    data_format: str | None = arg.exact_choice("channels_last", "channels_first", default=None)

    examples = [
        Example({"output_size": 4}, (None, 10, 8), params=0, output=(None, 4, 8)),
        Rejected({"output_size": [4, 4]}, "expected `output_size` to be a positive integer, got [4, 4]"),
    ]


@layer(family="pooling", axes="batch height width channels")
class AdaptiveMaxPooling2D(AdaptiveMaxPooling):
    """Parts a picture into `output_size` windows, and gives the greatest value of each, channel by channel.

    keras/src/layers/pooling/adaptive_max_pooling2d.py, 3.15.1.
    """

    rank = 2

    output_size: Shape = arg.sizes(2, names=("output_height", "output_width"))
    data_format: str | None = arg.exact_choice("channels_last", "channels_first", default=None)

    examples = [
        Example({"output_size": [1, 3]}, (None, 10, 8, 3), params=0, output=(None, 1, 3, 3)),
        Example({"output_size": 3, "data_format": "channels_first"}, (None, 3, None, 8), 0, (None, 3, 3, 3)),
    ]


@layer(family="pooling", axes="batch depth height width channels")
class AdaptiveMaxPooling3D(AdaptiveMaxPooling):
    """Parts a volume into `output_size` windows, and gives the greatest value of each, channel by channel.

    keras/src/layers/pooling/adaptive_max_pooling3d.py, 3.15.1.
    """

    rank = 3

    output_size: Shape = arg.sizes(3, names=("output_depth", "output_height", "output_width"))
    data_format: str | None = arg.exact_choice("channels_last", "channels_first", default=None)

    examples = [Example({"output_size": 2}, (None, 5, 6, 7, 2), params=0, output=(None, 2, 2, 2, 2))]
