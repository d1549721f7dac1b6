"""Operations on pictures, alone (height, width, channels) or in batches."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import at_least, equal, product
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.operations.rule import Operation, made, operation
from lstmcalc.layers.operations.sizes import dims, put, require_ndim, require_same
from lstmcalc.layers.operations.windows import data_format, each, slid, spatial_axes
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape
from lstmcalc.shapes import show_shape

__all__ = ["SSIM", "ExtractPatches", "MapCoordinates", "Picture", "Resize"]


class Picture(Operation):
    """What takes pictures of three axes, or batches of them of four, and keeps their shape."""

    data_format: str | None = None
    #: Whether a single picture will do, and which numbers of channels.
    single = True
    colours: tuple[int, ...] = ()

    def check(self, call: Inputs, images: Shape) -> tuple[int, int, int]:
        """The axes of height, width and channels; raises `Rejection` for what is no picture."""
        require_ndim(images, 3 if self.single else 4, 4)
        start = len(images) - 3
        channels, height = (start, start + 1) if self.data_format == "channels_first" else (start + 2, start)
        size = images[channels]
        expected = f"{' or '.join(map(str, self.colours))} channels"
        if isinstance(size, int) and self.colours and size not in self.colours:
            raise Rejection("wrong-size", expected, show_shape(images))
        if self.colours and not isinstance(size, int):
            condition = equal(size, self.colours[-1])
            call.require(condition, "wrong-size", expected, show_shape(images), "colours are mixed of so many", "",
                         f"axis {channels}")  # fmt: skip
        return height, height + 1, channels

    def result(self, call: Inputs, /, images: Shape, **operands: Any) -> Any:
        self.check(call, images)
        return images


HSV: list[Example | Rejected] = [
    Example({}, (None, 9, 8, 3), params=0, output=(None, 9, 8, 3)),
    Rejected({}, "expected 3 channels, got (None, 9, 8, 4)", (None, 9, 8, 4)),
]
made("RGBToHSV", Picture, "image", "Turns red, green and blue into hue, saturation and value.", HSV,
     operands="images", data_format=data_format(), colours=(3,))  # fmt: skip
made("HSVToRGB", Picture, "image", "Turns hue, saturation and value into red, green and blue.", HSV,
     operands="images", data_format=data_format(), colours=(3,))  # fmt: skip


@operation("image", "images")
class RGBToGrayscale(Picture):
    """Mixes red, green and blue into one channel.

    keras/src/ops/image.py, 3.15.1.
    """

    data_format: str | None = data_format()
    colours = (1, 3)

    def result(self, call: Inputs, /, images: Shape, **operands: Any) -> Any:
        return put(images, self.check(call, images)[2], 1)

    examples = [
        Example({}, (None, 9, 8, 3), params=0, output=(None, 9, 8, 1)),
        Rejected({}, "expected 1 or 3 channels, got (None, 9, 8, 4)", (None, 9, 8, 4)),
    ]


FILL = "constant", "nearest", "wrap", "mirror", "reflect"
METHODS = "bilinear", "nearest", "lanczos3", "lanczos5", "bicubic", "area"


@operation("image", "images")
class Resize(Picture):
    """Scales pictures to `size`, height and width.

    keras/src/ops/image.py, 3.15.1.
    """

    size: Shape = dims(least=1, rank=2)
    interpolation: str = arg.exact_choice(*METHODS, default="bilinear")
    antialias: bool = arg.flag(False)
    crop_to_aspect_ratio: bool = arg.flag(False)
    pad_to_aspect_ratio: bool = arg.flag(False)
    fill_mode: str = arg.exact_choice("constant", default="constant")
    fill_value: float = arg.number(0.0)
    data_format: str | None = data_format()

    def validate(self) -> None:
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise Rejection("wrong-value", "`crop_to_aspect_ratio` or `pad_to_aspect_ratio`", "both")

    def result(self, call: Inputs, /, images: Shape, **operands: Any) -> Any:
        height, width, _ = self.check(call, images)
        return put(put(images, height, self.size[0]), width, self.size[1])

    examples = [
        Example({"size": [3, 4]}, (None, 9, 8, 3), params=0, output=(None, 3, 4, 3)),
        Example({"size": [3, 4], "data_format": "channels_first"}, (None, 3, None, None), 0, (None, 3, 3, 4)),
        Rejected({"size": 3}, "expected `size` to be 2 numbers of at least 1, got 3"),
        Rejected({"size": [3, 4]}, "expected 3 to 4 axes, got (None, 3)", (None, 3)),
    ]


@operation("image", "images")
class ExtractPatches(Operation):
    """Lays every patch of a picture, all channels of it, along the channels.

    keras/src/ops/image.py, 3.15.1. With three sizes it takes volumes.
    """

    size: Any = dims(least=1, one=True)
    strides: Any = dims(None, least=1, one=True)
    dilation_rate: Any = dims(1, least=1, one=True)
    padding: str = arg.exact_choice("valid", "same", default="valid")
    data_format: str | None = data_format()

    def result(self, call: Inputs, /, images: Shape) -> Any:
        window = self.size if isinstance(self.size, tuple) else (self.size,) * 2
        rank = len(window)
        if rank not in (2, 3):
            raise Rejection("wrong-value", "`size` to be a number, 2 of them or 3", arg.show(self.size))
        require_ndim(images, rank + 1, rank + 2)
        alone = len(images) == rank + 1
        shape = (1, *images) if alone else images
        channels = 1 if self.data_format == "channels_first" else len(shape) - 1
        call.require_known(shape[channels], "the number of channels", "Keras multiplies it")
        over = spatial_axes(len(shape), self.data_format)
        strides = window if self.strides is None else each(self.strides, rank, "strides")
        spread = each(self.dilation_rate, rank, "dilation_rate")
        if any(at_least(size, 2) is True for size in strides) and any(size != 1 for size in spread):
            because = "TensorFlow skips places or spreads the window, not both"
            raise Rejection("wrong-value", "`strides` or `dilation_rate` to be 1", "neither", because)
        patches = slid(call, shape, over, window, strides, spread, self.padding)
        patches = put(patches, channels, shape[channels] * product(window))
        return patches[1:] if alone else patches

    examples = [
        Example({"size": 3}, (None, 9, 9, 3), params=0, output=(None, 3, 3, 27)),
        Rejected({"size": 10}, "expected at least 10 along axis 1, got (None, 9, 9, 3): "
                 "`padding: valid` leaves a window of 10 no place", (None, 9, 9, 3)),
    ]  # fmt: skip


@operation("image", "images transform")
class AffineTransform(Picture):
    """Turns, moves, scales and shears pictures, each by 8 numbers.

    keras/src/ops/image.py, 3.15.1.
    """

    interpolation: str = arg.exact_choice("nearest", "bilinear", default="bilinear")
    fill_mode: str = arg.exact_choice("constant", "nearest", "wrap", "reflect", default="constant")
    fill_value: float = arg.number(0)
    data_format: str | None = data_format()

    def result(self, call: Inputs, /, images: Shape, transform: Shape, **operands: Any) -> Any:  # type: ignore[override]  # operands come by name
        self.check(call, images)
        require_ndim(transform, 1, 2, "transform")
        call.require(equal(transform[-1], 8), "wrong-size", "8 numbers in `transform`", show_shape(transform))
        if len(transform) == 2 and transform[0] != 1:
            pictures = images[:1] if len(images) == 4 else (1,)
            require_same(call, ("images", pictures, 0), ("transform", transform, 0), "as many transforms as pictures",
                         "each has its own")  # fmt: skip
        return images

    examples = [
        Example({}, (None, 9, 8, 3), 0, (None, 9, 8, 3),
                keywords={"transform": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]}),
        Rejected({}, "expected 8 numbers in `transform`, got (2,)", (None, 9, 8, 3),
                 keywords={"transform": [1.0, 0.0]}),
    ]  # fmt: skip


POINTS = [[0.0, 0.0], [0.0, 7.0], [8.0, 0.0], [8.0, 7.0]]


@operation("image", "images start_points end_points")
class PerspectiveTransform(Picture):
    """Draws pictures so that four points come to four others.

    keras/src/ops/image.py, 3.15.1.
    """

    interpolation: str = arg.exact_choice("nearest", "bilinear", default="bilinear")
    fill_value: float = arg.number(0)
    data_format: str | None = data_format()

    def result(self, call: Inputs, /, images: Shape, start_points: Shape, end_points: Shape, **operands: Any) -> Any:  # type: ignore[override]  # operands come by name
        self.check(call, images)
        for name, shape in (("start_points", start_points), ("end_points", end_points)):
            if shape[-2:] != (4, 2) or len(shape) not in (2, len(images) - 1) or len(shape) != len(start_points):
                raise Rejection("wrong-size", f"`{name}` of (4, 2), for one picture or for each", show_shape(shape))
            if len(shape) == 3 and shape[0] != 1:
                require_same(call, ("images", images, 0), (name, shape, 0), "points for each picture",
                             "each has its own")  # fmt: skip
        return images

    examples = [
        Example({}, (None, 9, 8, 3), 0, (None, 9, 8, 3), keywords={"start_points": POINTS, "end_points": POINTS})
    ]


@operation("image", "images")
class GaussianBlur(Picture):
    """Blurs pictures, each pixel with those around it.

    keras/src/ops/image.py, 3.15.1, which takes a pair of sizes and a pair of deviations, and fails on single ones.
    """

    kernel_size: Any = dims((3, 3), least=1, rank=2)
    sigma: Any = arg.anything((1.0, 1.0))
    data_format: str | None = data_format()

    examples = [
        Example({}, (None, 9, 8, 3), params=0, output=(None, 9, 8, 3)),
        Rejected({"kernel_size": 3}, "expected `kernel_size` to be 2 numbers of at least 1, got 3"),
    ]


@operation("image", "images")
class ElasticTransform(Picture):
    """Moves the pixels of pictures a little, neighbours alike.

    keras/src/ops/image.py, 3.15.1.
    """

    alpha: float = arg.number(20.0)
    sigma: float = arg.number(5.0)
    interpolation: str = arg.exact_choice("nearest", "bilinear", default="bilinear")
    fill_mode: str = arg.exact_choice(*FILL, default="reflect")
    fill_value: float = arg.number(0.0)
    seed: Any = arg.anything(None)
    data_format: str | None = data_format()

    examples = [Example({}, (None, 9, 8, 3), params=0, output=(None, 9, 8, 3))]


@operation("image", "images")
class SobelEdges(Picture):
    """How steep pictures are, downwards and to the right: two numbers for each value.

    keras/src/ops/image.py, 3.15.1.
    """

    single = False
    data_format: str | None = data_format()

    def result(self, call: Inputs, /, images: Shape, **operands: Any) -> Any:
        self.check(call, images)
        return (*images, 2)

    examples = [
        Example({}, (None, 9, 8, 3), params=0, output=(None, 9, 8, 3, 2)),
        Rejected({}, "expected 4 axes, got (None, 8, 3)", (None, 8, 3)),
    ]


@operation("image", "image1 image2")
class SSIM(Picture):
    """How alike two pictures are, one number for each pair.

    Wang et al. 2004; keras/src/ops/image.py, 3.15.1.
    """

    max_val: float = arg.number(1.0)
    filter_size: int = arg.integer(11, least=1)
    filter_sigma: float = arg.number(1.5)
    k1: float = arg.number(0.01)
    k2: float = arg.number(0.03)
    data_format: str | None = data_format()

    def result(self, call: Inputs, /, image1: Shape, image2: Shape) -> Any:  # type: ignore[override]  # operands come by name
        height, width, _ = self.check(call, image1)
        require_ndim(image2, len(image1), len(image1), "image2")
        for place in range(len(image1)):
            left, right = ("image1", image1, place), ("image2", image2, place)
            require_same(call, left, right, "two pictures of one size", "they are compared")
        for place in (height, width):
            expected = f"at least {self.filter_size} along axis {place}, as `filter_size` says"
            because = "a window of that size slides over both"
            condition = at_least(image1[place], self.filter_size)
            call.require(condition, "window-too-large", expected, show_shape(image1), because)
        return image1[: len(image1) - 3]

    examples = [
        Example({}, [(None, 19, 18, 3), (None, 19, 18, 3)], params=0, output=(None,)),
        Rejected({}, "expected at least 11 along axis 1, as `filter_size` says, got (None, 9, 8, 3): "
                 "a window of that size slides over both", [(None, 9, 8, 3), (None, 9, 8, 3)]),
    ]  # fmt: skip


@operation("image", "inputs coordinates")
class MapCoordinates(Operation):
    """Takes the values at places between pixels; the first axis of the coordinates counts the axes.

    keras/src/ops/image.py, 3.15.1.
    """

    order: int = arg.choice(0, 1)
    fill_mode: str = arg.exact_choice(*FILL, default="constant")
    fill_value: float = arg.number(0)

    def result(self, call: Inputs, /, inputs: Shape, coordinates: Shape) -> Any:
        require_ndim(coordinates, 2, name="coordinates")
        if coordinates[0] != len(inputs):
            raise Rejection("wrong-size", f"{len(inputs)} rows of `coordinates`, one for each axis",
                            show_shape(coordinates))  # fmt: skip
        return coordinates[1:]

    examples = [
        Example({"order": 1}, (None, 9), params=0, output=(3,),
                keywords={"coordinates": [[0.0, 1.0, 1.0], [2.0, 3.0, 4.0]]}),
        Rejected({"order": 1}, "expected 2 rows of `coordinates`, one for each axis, got (1, 2)", (None, 9),
                 keywords={"coordinates": [[0.0, 1.0]]}),
    ]  # fmt: skip
