"""Keras's image layers that change the values of pixels: brightness, contrast and colours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lstmcalc.dims import at_least, equal, product
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.images import arguments as image
from lstmcalc.layers.images.costs import equalized, of_one_image, stretched
from lstmcalc.layers.images.rule import ImageRule, image_layer
from lstmcalc.layers.rule import Example, Inputs, Rejected, Work
from lstmcalc.shapes import show_shape

__all__ = [
    "AutoContrast",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "Equalization",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPosterization",
    "RandomSaturation",
    "Solarization",
]

IN_HUES = "hue and saturation are those of red, green and blue; with any other number of channels, training fails"


@image_layer()
class AutoContrast(ImageRule):
    """Stretches the values of each channel of an image, so that they fill the whole range.

    image_preprocessing/auto_contrast.py, 3.15.1.
    """

    value_range: Any = image.value_range()

    def work(self, x: Inputs) -> Iterable[Work]:
        if x.ndim == 3:
            return [of_one_image()]
        # Keras looks along the second and the third axis, whatever `data_format` says.
        return stretched(product(x.shape[1:]), x.shape[3], sorted(self.value_range))

    examples = [
        Example({"value_range": [0, 1]}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"value_range": 255}, "expected `value_range` to be a list of two numbers, the least and the greatest "
                 "value of the images, got 255"),
    ]  # fmt: skip


@image_layer()
class ContrastLimitedAdaptiveHistogramEqualization(ImageRule):
    """Evens out the brightness within each tile of an image, and blends the tiles.

    image_preprocessing/clahe.py, 3.15.1. An image that the tiles do not fill is mirrored at its edge, which can at
    most double it. The base checks a `factor` that has no effect.
    """

    compiled_axes = ("height", "width")
    compiled_calls = "`fit` or `predict`"

    value_range: Any = image.value_range()
    clip_limit: float = arg.number(4.0)
    tile_grid_size: tuple[int, int] = image.pair((8, 8))
    data_format: str | None = image.data_format()
    factor: Any = image.unused_factor()

    def work(self, x: Inputs) -> Iterable[Work]:
        if x.ndim == 3:
            return [of_one_image()]
        sizes = (x.height, x.width, x.channels)
        return equalized(sizes, self.tile_grid_size, self.clip_limit > 0, self.value_range)

    def check_images(self, x: Inputs) -> None:
        rows, columns = self.tile_grid_size
        for axis, tiles in (("height", rows), ("width", columns)):
            least = (tiles + 1) // 2
            x.require(
                at_least(getattr(x, axis), least),
                "wrong-size",
                f"{axis} of at least {least}",
                show_shape(x.shape),
                f"`tile_grid_size: {arg.show(self.tile_grid_size)}` needs {tiles}, and mirroring can only double",
                f"use a `tile_grid_size` of at most twice the {axis}",
            )

    examples = [
        Example({}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Example({"tile_grid_size": [2, 14]}, (None, 1, 7, 3), params=0, output=(None, 1, 7, 3)),
        Rejected(
            {},
            "expected height of at least 4, got (None, 3, 28, 3): "
            "`tile_grid_size: [8, 8]` needs 8, and mirroring can only double",
            (None, 3, 28, 3),
        ),
        Rejected({"tile_grid_size": 8}, "expected `tile_grid_size` to be a list of two positive integers, got 8"),
        Rejected({"clip_limit": None}, "expected `clip_limit` to be a number, got null"),
    ]


@image_layer()
class Equalization(ImageRule):
    """While training, spreads the values of each channel evenly; Keras cannot hold it in a model.

    image_preprocessing/equalization.py, 3.15.1, gives its input tensor out again when it is asked for a shape, so that
    every functional or Sequential model around it is a cycle. It works on data, in `RandAugment` and in `AugMix`.
    """

    value_range: Any = image.value_range()
    bins: int = arg.integer(256)
    data_format: str | None = image.data_format()
    factor: Any = image.unused_factor()

    def check_images(self, x: Inputs) -> None:
        raise Rejection(
            "not-in-a-model",
            "a layer that a Keras model can hold",
            "`Equalization`",
            "Keras 3.15.1 takes its output for its input, and finds a cycle in the model",
            "apply it to the data before the model",
        )

    examples = [
        Rejected(
            {},
            "expected a layer that a Keras model can hold, got `Equalization`: "
            "Keras 3.15.1 takes its output for its input, and finds a cycle in the model",
            (None, 32, 28, 3),
        )
    ]


@image_layer()
class RandomBrightness(ImageRule):
    """While training, adds one random number to all values of an image.

    image_preprocessing/random_brightness.py, 3.15.1. A `factor` of null is 0.
    """

    factor: Any = image.factor(-1, 1, optional=True)
    value_range: Any = image.value_range()
    seed: Any = image.seed()

    examples = [
        Example({"factor": 0.2}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"factor": 1.5}, "expected `factor` to be a number from -1 to 1, or a list of two, the first at most "
                 "1 and the second at least -1, got 1.5"),
    ]  # fmt: skip


@image_layer()
class RandomColorDegeneration(ImageRule):
    """While training, takes some of the colour out of each image.

    image_preprocessing/random_color_degeneration.py, 3.15.1.
    """

    compiled_axes = ("channels",)

    factor: Any = image.factor(-1, 1)
    value_range: Any = image.value_range()
    data_format: str | None = image.data_format()
    seed: Any = image.seed()

    def check_images(self, x: Inputs) -> None:
        self.require_rgb(x, "the colour is taken out of red, green and blue", grey=False)

    examples = [
        Example({"factor": 0.2}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"factor": None}, "expected `factor` to be a number from -1 to 1, or a list of two, the first at most "
                 "1 and the second at least -1, got null"),
        Rejected({"factor": 0.2}, "expected 3 channels, got (None, 32, 28, 1): the colour is taken out of red, green "
                 "and blue", (None, 32, 28, 1)),
    ]  # fmt: skip


@image_layer()
class RandomColorJitter(ImageRule):
    """While training, changes brightness, contrast, saturation and hue, each where its factor is given.

    image_preprocessing/random_color_jitter.py, 3.15.1, which does not pass `data_format` on: saturation and hue are
    looked for along the last axis. The base checks a `factor` that has no effect.
    """

    value_range: Any = image.value_range()
    brightness_factor: Any = image.factor(-1, 1, None)
    contrast_factor: Any = image.factor(0, 1, None)
    saturation_factor: Any = image.factor(-1, 1, None)
    hue_factor: Any = image.factor(0, 1, None)
    seed: Any = image.seed()
    data_format: str | None = image.data_format()
    factor: Any = image.unused_factor()

    def check_images(self, x: Inputs) -> None:
        if self.saturation_factor is None and self.hue_factor is None:
            return
        if not self.channels_first:
            self.require_rgb(x, IN_HUES, grey=False)
            return
        x.require(
            equal(x.width, 3),
            "wrong-size",
            "a last axis of 3",
            show_shape(x.shape),
            "Keras 3.15.1 looks for red, green and blue along the last axis, whatever `data_format` says, and training "
            "fails",
            "use `RandomSaturation` and `RandomHue`, which heed `data_format`",
            unknown="the last axis",
        )

    examples = [
        Example({"brightness_factor": 0.2, "hue_factor": [0.1, 0.5]}, (None, 32, 28, 3), 0, (None, 32, 28, 3)),
        Example({"brightness_factor": 0.2, "contrast_factor": 0.5}, (None, 32, 28, 1), 0, (None, 32, 28, 1)),
        Rejected({"contrast_factor": -0.2}, "expected `contrast_factor` to be a number from 0 to 1, or a list of two, "
                 "the first at most 1 and the second at least 0, got -0.2"),
        Rejected({"hue_factor": 0.2}, f"expected 3 channels, got (None, 32, 28, 1): {IN_HUES}", (None, 32, 28, 1)),
        Rejected({"hue_factor": 0.2, "data_format": "channels_first"},
                 "expected a last axis of 3, got (None, 3, 32, 28): Keras 3.15.1 looks for red, green and blue along "
                 "the last axis, whatever `data_format` says, and training fails", (None, 3, 32, 28)),
    ]  # fmt: skip


@image_layer()
class RandomContrast(ImageRule):
    """While training, moves the values of each channel nearer to their mean, or away from it.

    image_preprocessing/random_contrast.py, 3.15.1.
    """

    factor: Any = image.factor(0, 1)
    value_range: Any = image.value_range()
    seed: Any = image.seed()

    examples = [
        Example({"factor": 0.2}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"factor": [2, 3]}, "expected `factor` to be a number from 0 to 1, or a list of two, the first at "
                 "most 1 and the second at least 0, got [2, 3]"),
    ]  # fmt: skip


@image_layer()
class RandomGrayscale(ImageRule):
    """While training, makes a share `factor` of the images grey; they keep all their channels.

    image_preprocessing/random_grayscale.py, 3.15.1. It is the one image layer that takes no dictionary.
    """

    compiled_axes = ("channels",)

    factor: float = arg.number(0.5, low=0, high=1)
    data_format: str | None = image.data_format()
    seed: Any = image.seed()

    def check_images(self, x: Inputs) -> None:
        self.require_rgb(x, "grey is made of red, green and blue; otherwise training fails", grey=True)

    examples = [
        Example({"factor": 0.2}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Example({"data_format": "channels_first"}, (None, 1, 32, 28), params=0, output=(None, 1, 32, 28)),
        Rejected({"factor": [0, 0.5]}, "expected `factor` to be a number from 0 to 1, got [0, 0.5]"),
        Rejected({}, "expected 1 or 3 channels, got (None, 32, 28, 4): grey is made of red, green and blue; otherwise "
                 "training fails", (None, 32, 28, 4)),
    ]  # fmt: skip


@image_layer()
class RandomHue(ImageRule):
    """While training, turns all colours of an image by the same random step of the colour wheel.

    image_preprocessing/random_hue.py, 3.15.1.
    """

    factor: Any = image.factor(0, 1)
    value_range: Any = image.value_range()
    data_format: str | None = image.data_format()
    seed: Any = image.seed()

    def check_images(self, x: Inputs) -> None:
        self.require_rgb(x, IN_HUES, grey=False)

    examples = [
        Example({"factor": 0.2, "data_format": "channels_first"}, (None, 3, 32, 28), 0, (None, 3, 32, 28)),
        Rejected({"factor": -0.2}, "expected `factor` to be a number from 0 to 1, or a list of two, the first at most "
                 "1 and the second at least 0, got -0.2"),
        Rejected({"factor": 0.2}, f"expected 3 channels, got (None, 32, 28, 4): {IN_HUES}", (None, 32, 28, 4)),
    ]  # fmt: skip


@image_layer()
class RandomInvert(ImageRule):
    """While training, turns a share of the images into negatives.

    image_preprocessing/random_invert.py, 3.15.1.
    """

    factor: Any = image.factor(0, 1, 1.0)
    value_range: Any = image.value_range()
    seed: Any = image.seed()
    data_format: str | None = image.data_format()

    examples = [
        Example({"factor": 0.2}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"value_range": [0]}, "expected `value_range` to be a list of two numbers, the least and the greatest "
                 "value of the images, got [0]"),
    ]  # fmt: skip


@image_layer()
class RandomPosterization(ImageRule):
    """While training, keeps only the highest `factor` of the 8 bits of each value.

    image_preprocessing/random_posterization.py, 3.15.1, which takes a fraction, and then fails on data.
    """

    factor: Any = image.factor(1, 8, integer=True)
    value_range: Any = image.value_range()
    data_format: str | None = image.data_format()
    seed: Any = image.seed()

    examples = [
        Example({"factor": 3}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"factor": 0.5}, "expected `factor` to be an integer from 1 to 8, or a list of two, the first at most "
                 "8 and the second at least 1, got 0.5"),
    ]  # fmt: skip


@image_layer()
class RandomSaturation(ImageRule):
    """While training, makes the colours of an image stronger or paler.

    image_preprocessing/random_saturation.py, 3.15.1.
    """

    factor: Any = image.factor(-1, 1)
    value_range: Any = image.value_range()
    data_format: str | None = image.data_format()
    seed: Any = image.seed()

    def check_images(self, x: Inputs) -> None:
        self.require_rgb(x, IN_HUES, grey=False)

    examples = [
        Example({"factor": 0.2}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"factor": 0.2}, f"expected 3 channels, got (None, 32, 28, 1): {IN_HUES}", (None, 32, 28, 1)),
    ]  # fmt: skip


@image_layer()
class Solarization(ImageRule):
    """While training, adds a random number to the values, and turns those above a random threshold into their negative.

    image_preprocessing/solarization.py, 3.15.1.
    """

    addition_factor: Any = image.factor(0, 1, 0.0, each=True)
    threshold_factor: Any = image.factor(0, 1, 0.0, each=True)
    value_range: Any = image.value_range()
    seed: Any = image.seed()

    examples = [
        Example({"addition_factor": 0.2, "threshold_factor": [0.1, 0.5]}, (None, 32, 28, 3), 0, (None, 32, 28, 3)),
        Rejected({"addition_factor": [-5, 5]},
                 "expected `addition_factor` to be a number from 0 to 1, or a list of two of them, got [-5, 5]"),
    ]  # fmt: skip
