"""Keras's layers that widen, cut or enlarge the spatial axes, without weights: padding, cropping, upsampling."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lstmcalc.dims import Dim, at_least, equal, product, to_text
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.images.costs import interpolated
from lstmcalc.layers.kept import Kept, Made
from lstmcalc.layers.rule import Example, Inputs, Rejected, Work, layer
from lstmcalc.layers.spatial import AXES, COUNTED, SpatialRule, is_count
from lstmcalc.shapes import show_shape

__all__ = [
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]

INTERPOLATIONS = "nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"

Pair = tuple[Dim, Dim]


def edges(rank: int, default: Any) -> Any:
    """How much before and behind each spatial axis; one number stands for all, or for both sides.

    Rules see a pair per axis, and the pair itself where there is one axis, as Keras has it.
    """
    forms = "2 of them, before and behind"
    if rank > 1:
        forms = f"{rank} of them, each of which may be [before, behind]"

    def read(name: str, value: Any) -> Pair | tuple[Pair, ...]:
        several = rank > 1 and isinstance(value, (list, tuple))
        pairs = [_pair(item) for item in (value if several else [value] * rank)]
        found = tuple(pair for pair in pairs if pair is not None)
        if len(found) != rank or len(pairs) != rank:
            raise arg.refuse(name, f"a number of at least 0 or {forms}", value)
        return found if rank > 1 else found[0]

    return arg.Argument(default, read)


def _pair(value: Any) -> Pair | None:
    sides = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    return sides if len(sides) == 2 and all(map(is_count, sides)) else None


class ZeroPadding(SpatialRule):
    """Zeros around the input (keras/src/layers/reshaping/zero_padding2d.py, 3.15.1)."""

    padding: Any

    def output_shape(self, x: Inputs) -> Any:
        pairs = zip(self.spatial_sizes(x), self.padding if self.rank > 1 else (self.padding,), strict=True)
        return self.arranged(x, [size + before + behind for size, (before, behind) in pairs], x.channels)


class Cropping(SpatialRule):
    """The input without its edges (keras/src/layers/reshaping/cropping2d.py, 3.15.1)."""

    cropping: Any

    def output_shape(self, x: Inputs) -> Any:
        sizes = []
        pairs = self.cropping if self.rank > 1 else (self.cropping,)
        for axis, size, (before, behind) in zip(AXES[self.rank], self.spatial_sizes(x), pairs, strict=True):
            cut = before + behind
            x.require(
                at_least(size, cut + 1),
                "crop-too-large",
                f"{axis} of at least {to_text(cut + 1)}",
                show_shape(x.shape),
                f"`cropping` takes {to_text(before)} + {to_text(behind)} {COUNTED[axis]} away",
                f"crop at most {to_text(size - 1)}",
            )
            sizes.append(size - cut)
        return self.arranged(x, sizes, x.channels)


class UpSampling(SpatialRule):
    """The input, enlarged (keras/src/layers/reshaping/up_sampling2d.py, 3.15.1)."""

    size: Any

    def output_shape(self, x: Inputs) -> Any:
        factors = self.size if isinstance(self.size, tuple) else (self.size,)
        sizes = [size * factor for size, factor in zip(self.spatial_sizes(x), factors, strict=True)]
        return self.arranged(x, sizes, x.channels)


@layer(family="reshaping", axes="batch timesteps channels")
class ZeroPadding1D(ZeroPadding):
    """Puts time steps of zeros before and behind a sequence.

    keras/src/layers/reshaping/zero_padding1d.py, 3.15.1.
    """

    rank = 1

    padding: Any = edges(1, 1)
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [
        Example({}, (None, 10, 4), params=0, output=(None, 12, 4)),
        Example({"padding": [2, 0]}, (None, None, 4), 0, (None, None, 4)),
        Example({"padding": [1, 2], "data_format": "channels_first"}, (None, 4, 10), 0, (None, 4, 13)),
        Rejected({"padding": -1}, "expected `padding` to be a number of at least 0 or 2 of them, before and behind, "
                 "got -1"),
        Rejected({"padding": [1, 2, 3]}, "expected `padding` to be a number of at least 0 or 2 of them, before and "
                 "behind, got [1, 2, 3]"),
    ]  # fmt: skip


@layer(family="reshaping", axes="batch height width channels")
class ZeroPadding2D(ZeroPadding):
    """Puts rows and columns of zeros around a picture.

    keras/src/layers/reshaping/zero_padding2d.py, 3.15.1, which takes a negative number too, and then fails on data.
    """

    rank = 2

    padding: Any = edges(2, (1, 1))
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [
        Example({"padding": 3}, (None, 224, 224, 3), params=0, output=(None, 230, 230, 3)),
        Example({"padding": [[0, 1], [2, 3]]}, (None, 28, None, 3), 0, (None, 29, None, 3)),
        Example({"padding": [[0, 1], 2], "data_format": "channels_first"}, (None, 3, 28, 28), 0, (None, 3, 29, 32)),
        Rejected({"padding": -1}, "expected `padding` to be a number of at least 0 or 2 of them, each of which may be "
                 "[before, behind], got -1"),
        Rejected({"padding": [1]}, "expected `padding` to be a number of at least 0 or 2 of them, each of which may be "
                 "[before, behind], got [1]"),
    ]  # fmt: skip


@layer(family="reshaping", axes="batch depth height width channels")
class ZeroPadding3D(ZeroPadding):
    """Puts zeros around a volume.

    keras/src/layers/reshaping/zero_padding3d.py, 3.15.1, which takes a negative number too, and then fails on data.
    """

    rank = 3

    padding: Any = edges(3, ((1, 1), (1, 1), (1, 1)))
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [
        Example({}, (None, 4, 5, 6, 2), params=0, output=(None, 6, 7, 8, 2)),
        Example({"padding": [0, [1, 2], 3]}, (None, 4, None, 6, 2), 0, (None, 4, None, 12, 2)),
    ]


@layer(family="reshaping", axes="batch timesteps channels")
class Cropping1D(Cropping):
    """Cuts time steps off the start and the end of a sequence.

    keras/src/layers/reshaping/cropping1d.py, 3.15.1.
    """

    rank = 1
    data_format = None

    cropping: Any = edges(1, (1, 1))

    examples = [
        Example({}, (None, 10, 4), params=0, output=(None, 8, 4)),
        Example({"cropping": [0, 3]}, (None, None, 4), 0, (None, None, 4)),
        Rejected(
            {"cropping": [1, 2]},
            "expected timesteps of at least 4, got (None, 3, 4): `cropping` takes 1 + 2 time steps away",
            (None, 3, 4),
        ),
        Rejected({"cropping": [0, -1]}, "expected `cropping` to be a number of at least 0 or 2 of them, before and "
                 "behind, got [0, -1]"),
    ]  # fmt: skip


@layer(family="reshaping", axes="batch height width channels")
class Cropping2D(Cropping):
    """Cuts rows and columns off the edges of a picture.

    keras/src/layers/reshaping/cropping2d.py, 3.15.1.
    """

    rank = 2

    cropping: Any = edges(2, ((0, 0), (0, 0)))
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [
        Example({"cropping": [[2, 2], [4, 0]]}, (None, 28, 28, 3), params=0, output=(None, 24, 24, 3)),
        Example({}, (None, 28, 28, 3), 0, (None, 28, 28, 3)),
        Example({"cropping": [1, 2], "data_format": "channels_first"}, (None, 3, 28, None), 0, (None, 3, 26, None)),
        Rejected(
            {"cropping": 2},
            "expected width of at least 5, got (None, 28, 4, 3): `cropping` takes 2 + 2 columns away",
            (None, 28, 4, 3),
        ),
    ]


@layer(family="reshaping", axes="batch depth height width channels")
class Cropping3D(Cropping):
    """Cuts a volume off at its sides.

    keras/src/layers/reshaping/cropping3d.py, 3.15.1.
    """

    rank = 3

    cropping: Any = edges(3, ((1, 1), (1, 1), (1, 1)))
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [
        Example({}, (None, 4, 5, 6, 2), params=0, output=(None, 2, 3, 4, 2)),
        Example({"cropping": [0, [1, 2], 2]}, (None, None, 5, 6, 2), 0, (None, None, 2, 2, 2)),
        Rejected(
            {"cropping": [[1, 3], 0, 0]},
            "expected depth of at least 5, got (None, 4, 5, 6, 2): `cropping` takes 1 + 3 planes away",
        ),
    ]


@layer(family="reshaping", axes="batch timesteps channels")
class UpSampling1D(UpSampling):
    """Repeats every time step `size` times.

    keras/src/layers/reshaping/up_sampling1d.py, 3.15.1.
    """

    rank = 1
    data_format = None

    size: Any = arg.positive(2)

    examples = [
        Example({}, (None, 10, 4), params=0, output=(None, 20, 4)),
        Example({"size": 3}, (None, 10, 4), 0, (None, 30, 4)),
        Example({}, (None, None, 4), 0, (None, None, 4)),
        Rejected({"size": [2]}, "expected `size` to be a positive integer, got [2]"),
    ]


@layer(family="reshaping", axes="batch height width channels")
class UpSampling2D(UpSampling):
    """Enlarges a picture by whole factors: repeats its pixels, or interpolates between them.

    keras/src/layers/reshaping/up_sampling2d.py, 3.15.1. `interpolation: area` is TensorFlow's alone, and undocumented.
    """

    rank = 2

    size: Any = arg.sizes(2, (2, 2), names=("vertical_factor", "horizontal_factor"))
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)
    interpolation: str = arg.choice(*INTERPOLATIONS, default="nearest")

    def work(self, x: Inputs) -> Iterable[Work]:
        changed = [factor for factor in self.size if equal(factor, 1) is not True]
        return interpolated(product(self.output_shape(x)[1:]), self.interpolation, axes=len(changed))

    def kept(self, x: Inputs, made: Made) -> Kept:
        return Kept()

    examples = [
        Example({}, (None, 7, 7, 64), params=0, output=(None, 14, 14, 64)),
        Example({"size": [2, 3], "interpolation": "bilinear"}, (None, None, 7, 3), 0, (None, None, 21, 3)),
        Example({"size": [1, 4], "data_format": "channels_first"}, (None, 3, 7, 7), 0, (None, 3, 7, 28)),
        Rejected({"size": 0}, "expected `size` to be a positive integer or 2 of them, got 0"),
        Rejected({"interpolation": "linear"}, "expected `interpolation` to be one of `nearest`, `bilinear`, `bicubic`, "
                 '`lanczos3`, `lanczos5`, `area`, got "linear"'),
    ]  # fmt: skip


@layer(family="reshaping", axes="batch depth height width channels")
class UpSampling3D(UpSampling):
    """Enlarges a volume by whole factors, repeating its voxels.

    keras/src/layers/reshaping/up_sampling3d.py, 3.15.1.
    """

    rank = 3

    size: Any = arg.sizes(3, (2, 2, 2))
    data_format: str | None = arg.choice("channels_last", "channels_first", default=None)

    examples = [
        Example({}, (None, 4, 5, 6, 2), params=0, output=(None, 8, 10, 12, 2)),
        Example({"size": [1, 2, 3]}, (None, 4, None, 6, 2), 0, (None, 4, None, 18, 2)),
    ]
