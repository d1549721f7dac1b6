"""Keras's image layers that move pixels: flips, turns, shifts and bends, at random while training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lstmcalc.dims import at_least
from lstmcalc.errors import Fault
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.arguments import show
from lstmcalc.layers.images import arguments as image
from lstmcalc.layers.images.rule import ImageRule, image_layer
from lstmcalc.layers.rule import Example, Inputs, Rejected
from lstmcalc.shapes import show_shape

__all__ = [
    "RandomElasticTransform",
    "RandomFlip",
    "RandomPerspective",
    "RandomRotation",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
]

FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")


@image_layer()
class RandomElasticTransform(ImageRule):
    """While training, bends a share of the images as if they were painted on rubber.

    image_preprocessing/random_elastic_transform.py, 3.15.1. Its `fill_mode: mirror` fails on TensorFlow.
    """

    compiled_axes = ("height", "width", "channels")

    factor: Any = image.factor(0, 1, 1.0)
    scale: Any = image.factor(0, 1, 1.0)
    interpolation: str = image.interpolation()
    fill_mode: str = image.fill_mode()
    fill_value: float = arg.number(0.0)
    value_range: Any = image.value_range()
    seed: Any = image.seed()
    data_format: str | None = image.data_format()

    examples = [
        Example({}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"scale": 2}, "expected `scale` to be a number from 0 to 1, or a list of two, the first at most 1 and "
                 "the second at least 0, got 2"),
        Rejected({"fill_mode": "mirror"}, "expected `fill_mode` to be one of `reflect`, `wrap`, `constant`, `nearest`, "
                 'got "mirror"'),
    ]  # fmt: skip


@image_layer()
class RandomFlip(ImageRule):
    """While training, mirrors images left to right, upside down, or both, each with a chance of one half.

    image_preprocessing/random_flip.py, 3.15.1, which takes any other `mode` in silence and then never flips.
    """

    mode: Any = arg.anything("horizontal_and_vertical")
    seed: Any = image.seed()
    data_format: str | None = image.data_format()

    def __init__(self, values: Mapping[str, Any], name: str = "") -> None:
        super().__init__(values, name)
        self.returns_input = self.mode not in FLIPS

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        if self.mode not in FLIPS:
            near = arg.closest(self.mode, FLIPS) if isinstance(self.mode, str) else None
            yield Fault(
                "no-effect",
                f"`mode` to be one of {', '.join(f'`{flip}`' for flip in FLIPS)}",
                show(self.mode),
                "Keras takes any other word in silence, and then never flips",
                f"did you mean `{near}`?" if near else "",
            )

    examples = [
        Example({"mode": "horizontal"}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Example({"mode": "diagonal"}, (None, None, None, 1), params=0, output=(None, None, None, 1)),
        Rejected({"seed": "x"}, 'expected `seed` to be an integer, got "x"'),
    ]


@image_layer()
class RandomPerspective(ImageRule):
    """While training, shows a share of the images as if they were seen from the side.

    image_preprocessing/random_perspective.py, 3.15.1; the matrix that moves the corners needs four different ones.
    """

    compiled_axes = ("height", "width")

    factor: Any = image.factor(0, 1, 1.0)
    scale: float = arg.number(1.0, low=0, high=1)
    interpolation: str = image.interpolation()
    fill_value: float = arg.number(0.0)
    seed: Any = image.seed()
    data_format: str | None = image.data_format()

    def check_images(self, x: Inputs) -> None:
        for axis in ("height", "width"):
            because = "an image one pixel wide or high has no four corners, and training fails"
            x.require(
                at_least(getattr(x, axis), 2), "wrong-size", f"{axis} of at least 2", show_shape(x.shape), because
            )

    examples = [
        Example({"factor": 0.5}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"scale": 2}, "expected `scale` to be a number from 0 to 1, got 2"),
        Rejected(
            {},
            "expected width of at least 2, got (None, 32, 1, 3): "
            "an image one pixel wide or high has no four corners, and training fails",
            (None, 32, 1, 3),
        ),
    ]


@image_layer()
class RandomRotation(ImageRule):
    """While training, turns each image by a random angle; `factor` counts in full turns.

    image_preprocessing/random_rotation.py, 3.15.1. A `factor` of null is 0.
    """

    factor: Any = image.factor(-1, 1, optional=True)
    fill_mode: str = image.fill_mode()
    interpolation: str = image.interpolation()
    seed: Any = image.seed()
    fill_value: float = arg.number(0.0)
    data_format: str | None = image.data_format()

    examples = [
        Example({"factor": 0.2}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Example({"factor": [-5, 5]}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"factor": 90}, "expected `factor` to be a number from -1 to 1, or a list of two, the first at most 1 "
                 "and the second at least -1, got 90"),
        Rejected({"factor": 0.2, "interpolation": "bicubic"},
                 'expected `interpolation` to be one of `nearest`, `bilinear`, got "bicubic"'),
    ]  # fmt: skip


@image_layer()
class RandomShear(ImageRule):
    """While training, slants the images sideways and upwards.

    image_preprocessing/random_shear.py, 3.15.1.
    """

    x_factor: Any = image.shear_factor()
    y_factor: Any = image.shear_factor()
    interpolation: str = image.interpolation()
    fill_mode: str = image.fill_mode()
    fill_value: float = arg.number(0.0)
    data_format: str | None = image.data_format()
    seed: Any = image.seed()

    examples = [
        Example({"x_factor": 0.3, "y_factor": [0.1, 0.2]}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Rejected({"x_factor": -0.3},
                 "expected `x_factor` to be a number from 0 to 1, or a list of two of them, got -0.3"),
        Rejected({"y_factor": [-0.3, 0.3]},
                 "expected `y_factor` to be a number from 0 to 1, or a list of two of them, got [-0.3, 0.3]: Keras "
                 "3.15.1 saves the number as this list, and refuses it when it loads the model"),
    ]  # fmt: skip


@image_layer()
class RandomTranslation(ImageRule):
    """While training, shifts the images up or down and to the side; factors count in image heights and widths.

    image_preprocessing/random_translation.py, 3.15.1.
    """

    height_factor: Any = image.factor(-1, 1, each=True)
    width_factor: Any = image.factor(-1, 1, each=True)
    fill_mode: str = image.fill_mode()
    interpolation: str = image.interpolation()
    seed: Any = image.seed()
    fill_value: float = arg.number(0.0)
    data_format: str | None = image.data_format()

    examples = [
        Example({"height_factor": 0.1, "width_factor": [-0.2, 0.3]}, (None, 32, 28, 3), 0, (None, 32, 28, 3)),
        Rejected({"height_factor": 0.1, "width_factor": [-2, 0.3]},
                 "expected `width_factor` to be a number from -1 to 1, or a list of two of them, got [-2, 0.3]"),
        Rejected({"height_factor": 0.1, "width_factor": 0, "fill_mode": "mirror"},
                 'expected `fill_mode` to be one of `reflect`, `wrap`, `constant`, `nearest`, got "mirror"'),
    ]  # fmt: skip


@image_layer()
class RandomZoom(ImageRule):
    """While training, shows a part of each image larger, or the whole smaller; height and width stay what they were.

    image_preprocessing/random_zoom.py, 3.15.1. Without `width_factor` both are zoomed alike.
    """

    height_factor: Any = image.factor(-1, 1, each=True, above=True)
    width_factor: Any = image.factor(-1, 1, None, each=True, above=True)
    fill_mode: str = image.fill_mode()
    interpolation: str = image.interpolation()
    seed: Any = image.seed()
    fill_value: float = arg.number(0.0)
    data_format: str | None = image.data_format()

    examples = [
        Example({"height_factor": 0.2}, (None, 32, 28, 3), params=0, output=(None, 32, 28, 3)),
        Example({"height_factor": [-0.2, 0.1], "width_factor": 0.3}, (None, None, 28, 1), 0, (None, None, 28, 1)),
        Rejected({"height_factor": -1}, "expected `height_factor` to be a number above -1 and at most 1, or a list of "
                 "two of them, got -1"),
        Rejected({"height_factor": None}, "expected `height_factor` to be a number above -1 and at most 1, or a list "
                 "of two of them, got null"),
    ]  # fmt: skip
