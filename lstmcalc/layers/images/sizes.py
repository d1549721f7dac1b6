"""Keras's image layers that change height and width: CenterCrop, RandomCrop and Resizing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import Dim, at_least, equal, product
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.costs import UNKNOWN_COST
from lstmcalc.layers.images import arguments as image
from lstmcalc.layers.images.costs import interpolated, of_one_image
from lstmcalc.layers.images.rule import ImageRule, image_layer
from lstmcalc.layers.kept import Kept, Made
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, Work
from lstmcalc.shapes import show_shape

__all__ = ["CenterCrop", "RandomCrop", "Resizing"]

#: Wherever an image layer is refused for its number of axes.
NDIM = "expected 4 axes (batch, height, width, channels), or 3 axes for one image (height, width, channels)"


@image_layer()
class CenterCrop(ImageRule):
    """Cuts the middle out of each image; a smaller image is enlarged, keeping its proportions, and then cut.

    image_preprocessing/center_crop.py, 3.15.1. A compiled model does not enlarge where the sizes are unknown.
    """

    height: Dim = arg.positive()
    width: Dim = arg.positive()
    data_format: str | None = image.data_format()

    def sized(self, x: Inputs) -> Shape:
        return self.resized(x, self.height, self.width)

    def work(self, x: Inputs) -> Iterable[Work]:
        fits = [at_least(x.height, self.height), at_least(x.width, self.width)]
        if fits == [True, True]:
            return []
        if False not in fits:
            why = "whether images are smaller than the crop, and are enlarged, is not known"
            return [Work("interpolation", UNKNOWN_COST, why)]
        return [of_one_image()] if x.ndim == 3 else interpolated(product(self.sized(x)[1:]), "bilinear")

    def kept(self, x: Inputs, made: Made) -> Kept:
        return Kept()

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        if not (isinstance(x.height, int) and isinstance(x.width, int)):
            yield Fault(
                "smaller-image",
                "height and width to be known",
                show_shape(x.shape),
                "a compiled model enlarges no image of unknown size, and makes one below the crop smaller still",
                "state the sizes, or put `Resizing` before it",
            )

    examples = [
        Example({"height": 224, "width": 224}, (None, 256, 320, 3), params=0, output=(None, 224, 224, 3)),
        Example({"height": 8, "width": 6}, (None, 4, 9, 1), params=0, output=(None, 8, 6, 1)),
        Example({"height": 8, "width": 6, "data_format": "channels_first"}, (None, 3, None, 9), 0, (None, 3, 8, 6)),
        Example({"height": 8, "width": 6}, (None, 10, 3), params=0, output=(8, 6, 3)),
        Rejected({"height": 8}, "expected `width`, which CenterCrop cannot do without, got nothing"),
        Rejected({"height": 0, "width": 6}, "expected `height` to be a positive integer, got 0"),
    ]


@image_layer()
class RandomCrop(ImageRule):
    """While training, cuts a random piece out of the images, enlarging smaller ones; otherwise leaves them as they are.

    image_preprocessing/random_crop.py, 3.15.1, which states the shape of the piece in either case: here the output is
    what the model gives when it is used. The base checks a `factor` that has no effect.
    """

    compiled_axes = ("height", "width")
    compiled_calls = "`fit` or `predict`"

    height: Dim = arg.positive()
    width: Dim = arg.positive()
    seed: Any = image.seed()
    data_format: str | None = image.data_format()
    factor: Any = image.unused_factor()

    def keras_output_shape(self, x: Inputs) -> Any:
        cropped = self.resized(x, self.height, self.width)
        return None if cropped == x.shape else cropped

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        stated = self.keras_output_shape(x)
        if stated is not None:
            yield Fault(
                "other-shape-in-keras",
                f"{show_shape(stated)}, which Keras states, and which comes out while training",
                show_shape(x.shape),
                "RandomCrop crops while training only, and lets the images through when the model is used",
                "use images of one size for both, or `CenterCrop` or `Resizing` in its place",
            )

    examples = [
        Example({"height": 32, "width": 28}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Example({"height": 9, "width": 8, "data_format": "channels_first"}, (None, 3, 9, 8), 0, (None, 3, 9, 8)),
        Rejected({"height": 8, "width": -6}, "expected `width` to be a positive integer, got -6"),
        Rejected({"height": 8, "width": 6, "seed": 1.5}, "expected `seed` to be an integer, got 1.5"),
    ]


@image_layer()
class Resizing(ImageRule):
    """Scales the images to `height` by `width`; their proportions change unless they are cropped or padded first.

    image_preprocessing/resizing.py, 3.15.1, whose `fill_mode` can only be `constant`.
    """

    height: Dim = arg.positive()
    width: Dim = arg.positive()
    interpolation: str = image.interpolation("bicubic", "lanczos3", "lanczos5", "area")
    crop_to_aspect_ratio: bool = arg.flag(False)
    pad_to_aspect_ratio: bool = arg.flag(False)
    fill_mode: str = arg.exact_choice("constant", default="constant")
    fill_value: float = arg.number(0.0)
    antialias: bool = arg.flag(False)
    data_format: str | None = image.data_format()

    def validate(self) -> None:
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise Rejection(
                "wrong-value",
                "`crop_to_aspect_ratio` or `pad_to_aspect_ratio`, not both",
                "both",
                "the one cuts what is too much, the other fills what is missing",
            )

    def sized(self, x: Inputs) -> Shape:
        return self.resized(x, self.height, self.width)

    def work(self, x: Inputs) -> Iterable[Work]:
        if x.ndim == 3 and self.interpolation != "nearest":
            return [of_one_image()]
        changed = [axis for axis in ("height", "width") if equal(getattr(x, axis), getattr(self, axis)) is not True]
        return interpolated(product(self.sized(x)[1:]), self.interpolation, self.antialias, len(changed))

    def kept(self, x: Inputs, made: Made) -> Kept:
        return Kept()

    examples = [
        Example({"height": 224, "width": 160}, (None, None, None, 3), params=0, output=(None, 224, 160, 3)),
        Example({"height": 8, "width": 6, "pad_to_aspect_ratio": True}, (None, 9, 9, 1), 0, (None, 8, 6, 1)),
        Example({"height": 8, "width": 6, "data_format": "channels_first"}, (None, 3, 9), 0, (None, 8, 6)),
        Rejected({"height": None, "width": 6}, "expected `height` to be a positive integer, got null"),
        Rejected({"height": 8, "width": 6, "fill_mode": "reflect"},
                 'expected `fill_mode` to be one of `constant`, got "reflect"'),
        Rejected({"height": 8, "width": 6, "interpolation": "gaussian"},
                 "expected `interpolation` to be one of `nearest`, `bilinear`, `bicubic`, `lanczos3`, `lanczos5`, "
                 '`area`, got "gaussian"'),
        Rejected({"height": 8, "width": 6, "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True},
                 "expected `crop_to_aspect_ratio` or `pad_to_aspect_ratio`, not both, got both: "
                 "the one cuts what is too much, the other fills what is missing"),
        Rejected({"height": 8, "width": 6}, f"{NDIM}, got (None, 9) from input \"input_0\"", (None, 9)),
        Rejected({"height": 8, "width": 6},
                 "expected one input, the images, got 2: `labels`, `bounding_boxes` and "
                 "`segmentation_masks` come with them in a dictionary, not in a list", [(None, 9, 9, 3), (None, 5)]),
    ]  # fmt: skip
