"""Keras's image layers that mix images or chain other image layers, and those that blur, sharpen and erase."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import equal
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.arguments import show
from lstmcalc.layers.images import arguments as image
from lstmcalc.layers.images.rule import ImageRule, image_layer
from lstmcalc.layers.rule import Example, Inputs, Rejected
from lstmcalc.shapes import show_shape

__all__ = [
    "AugMix",
    "CutMix",
    "MaxNumBoundingBoxes",
    "MixUp",
    "RandAugment",
    "RandomErasing",
    "RandomGaussianBlur",
    "RandomSharpness",
]

GREY_INSIDE = "`RandomColorDegeneration` inside makes images grey; otherwise training fails"


class Augmentation(ImageRule):
    """A layer that applies others, drawn anew for each batch, among them Equalization and RandomColorDegeneration."""

    value_range: Any

    def needed_axes(self, x: Inputs) -> tuple[str, ...]:
        return ("channels",) if self.equalizes else ()

    @property
    def degenerates(self) -> bool:
        """Whether RandomColorDegeneration may be among the layers that are applied."""
        raise NotImplementedError

    @property
    def equalizes(self) -> bool:
        """Whether Equalization may be."""
        raise NotImplementedError

    def validate(self) -> None:
        if self.equalizes and self.value_range[0] == self.value_range[1]:
            because = "`Equalization` inside divides by their difference, and training fails"
            raise Rejection("wrong-value", "`value_range` to be two different numbers", show(self.value_range), because)

    def check_images(self, x: Inputs) -> None:
        if self.degenerates:
            self.require_rgb(x, GREY_INSIDE, grey=True)


@image_layer()
class AugMix(Augmentation):
    """While training, mixes an image with what several random chains of other image layers make of it.

    Hendrycks et al. 2020; image_preprocessing/aug_mix.py, 3.15.1. Without `all_ops` no layer changes colours. Of a
    list of factors both must lie between 0 and 1, as the layers inside ask it.
    """

    value_range: Any = image.value_range()
    num_chains: int = arg.integer(3, least=0)
    chain_depth: int = arg.integer(3)
    factor: Any = image.factor(0, 1, 0.3, each=True)
    alpha: float = arg.number(1.0)
    all_ops: bool = arg.flag(True)
    interpolation: str = image.interpolation()
    seed: Any = image.seed()
    data_format: str | None = image.data_format()

    @property
    def equalizes(self) -> bool:
        return self.num_chains > 0 and self.chain_depth > 0

    @property
    def degenerates(self) -> bool:
        return self.equalizes and self.all_ops

    examples = [
        Example({}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Example({"all_ops": False}, (None, 32, 28, 4), params=0, output=(None, 32, 28, 4)),
        Rejected({"factor": [-5, 5]},
                 "expected `factor` to be a number from 0 to 1, or a list of two of them, got [-5, 5]"),
        Rejected({"value_range": [1, 1]}, "expected `value_range` to be two different numbers, got [1, 1]: "
                 "`Equalization` inside divides by their difference, and training fails"),
        Rejected({"num_chains": -1}, "expected `num_chains` to be an integer of at least 0, got -1"),
        Rejected({}, f"expected 1 or 3 channels, got (None, 32, 28, 4): {GREY_INSIDE}", (None, 32, 28, 4)),
    ]  # fmt: skip


@image_layer()
class RandAugment(Augmentation):
    """While training, applies `num_ops` other image layers, drawn at random for each batch.

    Cubuk et al. 2019; image_preprocessing/rand_augment.py, 3.15.1.
    """

    value_range: Any = image.value_range()
    num_ops: int = arg.integer(2, least=0)
    factor: Any = image.factor(0, 1, 0.5, each=True)
    interpolation: str = image.interpolation()
    seed: Any = image.seed()
    data_format: str | None = image.data_format()

    @property
    def equalizes(self) -> bool:
        return self.num_ops > 0

    @property
    def degenerates(self) -> bool:
        return self.equalizes

    examples = [
        Example({}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"interpolation": "bicubic"},
                 'expected `interpolation` to be one of `nearest`, `bilinear`, got "bicubic"'),
        Rejected({}, f"expected 1 or 3 channels, got (None, 32, 28, 2): {GREY_INSIDE}", (None, 32, 28, 2)),
    ]  # fmt: skip


@image_layer()
class CutMix(ImageRule):
    """While training, puts a random piece of one image of the batch into another; one image alone stays as it is.

    Yun et al. 2019; image_preprocessing/cut_mix.py, 3.15.1.
    """

    factor: Any = image.factor(0, 1, 1.0)
    seed: Any = image.seed()
    data_format: str | None = image.data_format()

    def needed_axes(self, x: Inputs) -> tuple[str, ...]:
        return ("height", "width") if "batch" in x.axes else ()

    examples = [
        Example({}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"factor": -1}, "expected `factor` to be a number from 0 to 1, or a list of two, the first at most 1 "
                 "and the second at least 0, got -1"),
    ]  # fmt: skip


@image_layer()
class MixUp(ImageRule):
    """While training, lays two images of the batch over each other.

    Zhang et al. 2018; image_preprocessing/mix_up.py, 3.15.1. The base checks a `factor` that has no effect.
    """

    alpha: float = arg.number(0.2)
    data_format: str | None = image.data_format()
    seed: Any = image.seed()
    factor: Any = image.unused_factor()

    examples = [
        Example({}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"alpha": None}, "expected `alpha` to be a number, got null"),
        Rejected({"factor": 5}, "expected `factor` to be a number from -1 to 1, or a list of two, the first at most 1 "
                 "and the second at least -1, got 5"),
    ]  # fmt: skip


@image_layer()
class MaxNumBoundingBoxes(ImageRule):
    """Cuts or fills the lists of boxes that come with the images to `max_number`; images stay as they are.

    image_preprocessing/max_num_bounding_box.py, 3.15.1. The base checks a `factor` that has no effect.
    """

    returns_input = True

    max_number: int = image.whole()
    fill_value: int = image.whole(-1)
    factor: Any = image.unused_factor()

    examples = [
        Example({"max_number": 10}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"max_number": "ten"}, 'expected `max_number` to be an integer, got "ten"'),
    ]


def _read_fill(name: str, value: Any) -> Any:
    several = isinstance(value, (list, tuple))
    values = list(value) if several else [value]
    if len(values) != (3 if several else 1) or not all(map(image.is_number, values)):
        raise arg.refuse(name, "a number, a list of three, or null for random values", value)
    return tuple(values) if several else value


@image_layer()
class RandomErasing(ImageRule):
    """While training, covers a random piece of a share of the images.

    Zhong et al. 2017; image_preprocessing/random_erasing.py, 3.15.1, which lays three values of `fill_value` along the
    last axis, whatever `data_format` says.
    """

    compiled_axes = ("height", "width")

    factor: Any = image.factor(0, 1, 1.0)
    scale: Any = image.factor(0, 1, (0.02, 0.33))
    fill_value: Any = arg.Argument(None, _read_fill)
    value_range: Any = image.value_range()
    seed: Any = image.seed()
    data_format: str | None = image.data_format()

    def check_images(self, x: Inputs) -> None:
        if isinstance(self.fill_value, tuple):
            expected = "a last axis of 3" if self.channels_first else "3 channels"
            because = f"`fill_value: {show(self.fill_value)}` is laid along the last axis, and training fails"
            x.require(equal(x.shape[-1], 3), "wrong-size", expected, show_shape(x.shape), because,
                      unknown="the last axis")  # fmt: skip

    examples = [
        Example({}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Example({"fill_value": [0, 128, 255]}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"fill_value": [0, 1]},
                 "expected `fill_value` to be a number, a list of three, or null for random values, got [0, 1]"),
        Rejected({"fill_value": [0, 128, 255]}, "expected 3 channels, got (None, 32, 28, 1): `fill_value: [0, 128, "
                 "255]` is laid along the last axis, and training fails", (None, 32, 28, 1)),
    ]  # fmt: skip


@image_layer()
class RandomGaussianBlur(ImageRule):
    """While training, blurs a share of the images.

    image_preprocessing/random_gaussian_blur.py, 3.15.1.
    """

    factor: Any = image.factor(0, 1, 1.0)
    kernel_size: tuple[int, int] = image.pair(3, odd=True)
    sigma: Any = image.factor(0, 1, 1.0)
    value_range: Any = image.value_range()
    data_format: str | None = image.data_format()
    seed: Any = image.seed()

    examples = [
        Example({"kernel_size": [3, 5]}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"kernel_size": 4},
                 "expected `kernel_size` to be an odd positive integer or a list of two of them, got 4"),
    ]  # fmt: skip


@image_layer()
class RandomSharpness(ImageRule):
    """While training, sharpens or blurs each image.

    image_preprocessing/random_sharpness.py, 3.15.1.
    """

    factor: Any = image.factor(0, 1)
    value_range: Any = image.value_range()
    data_format: str | None = image.data_format()
    seed: Any = image.seed()

    examples = [
        Example({"factor": 0.2}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"factor": 2}, "expected `factor` to be a number from 0 to 1, or a list of two, the first at most 1 "
                 "and the second at least 0, got 2"),
    ]  # fmt: skip
