"""What Keras's image layers share: the axes of one image or a batch of them, and what runs only while training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

from lstmcalc.dims import UNKNOWN, Dim, equal
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.images import arguments as image
from lstmcalc.layers.kept import Held, Kept, Made
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, count_axes, layer
from lstmcalc.shapes import show_shape

__all__ = ["ImageRule", "image_layer"]

#: A list of inputs is refused by the rule, which knows why.
ANY_NUMBER = (1, None)


class ImageRule(LayerRule):
    """A layer over images: 4 axes are a batch of them, 3 axes one image, whose first axis Keras takes the batch for.

    image_preprocessing/base_image_preprocessing_layer.py, 3.15.1, refuses any other number of axes on data, whatever
    it states before. A call takes the images alone; Keras also takes a dictionary of `images` and, along with them,
    `labels`, `bounding_boxes` or `segmentation_masks`, which no spec can state. No image layer has weights: seeds are
    none. What a layer cannot do while training is refused too, though the model may run without. A model that is called
    without `training` counts as training for these layers; `predict` and `evaluate` do not.
    """

    #: The axes whose sizes a compiled model has to know, and the calls that fail where it does not.
    compiled_axes: ClassVar[tuple[str, ...]] = ()
    compiled_calls: ClassVar[str] = "`fit`"

    data_format: str | None = image.data_format(keyword_only=True)
    bounding_box_format: Any = arg.anything(None, keyword_only=True)

    @property
    def channels_first(self) -> bool:
        """Whether the channels stand before height and width."""
        return self.data_format == "channels_first"

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        names = ("channels", "height", "width") if self.channels_first else ("height", "width", "channels")
        if ndim not in (3, 4):
            batch = f"4 axes (batch, {', '.join(names)})"
            raise Rejection("wrong-ndim", f"{batch}, or {count_axes(3)} for one image ({', '.join(names)})")
        return names if ndim == 3 else ("batch", *names)

    def output_shape(self, x: Inputs) -> Any:
        if len(x.shapes) > 1:
            raise Rejection(
                "wrong-number-of-inputs",
                "one input, the images",
                str(len(x.shapes)),
                "`labels`, `bounding_boxes` and `segmentation_masks` come with them in a dictionary, not in a list",
                "apply the layer to the images alone, or to the data before the model",
            )
        self.check_images(x)
        return self.sized(x)

    def kept(self, x: Inputs, made: Made) -> Kept:
        # They move numbers about by tables of indices, which no training step reaches in a usual model.
        return Kept(most=Held(values=UNKNOWN))

    def check_images(self, x: Inputs) -> None:
        """Refuses images that the layer cannot work on, also where it would fail only while training."""

    def sized(self, x: Inputs) -> Shape:
        """The shape of the images that come out."""
        return x.shape

    def resized(self, x: Inputs, height: Dim, width: Dim) -> Shape:
        """The input's shape with another height and width."""
        sizes = list(x.shape)
        sizes[x.axes.index("height")] = height
        sizes[x.axes.index("width")] = width
        return tuple(sizes)

    def require_rgb(self, x: Inputs, because: str, grey: bool) -> None:
        """Requires 3 channels; with `grey`, 1 is right as well."""
        if grey and equal(x.channels, 1) is True:
            return
        expected = "1 or 3 channels" if grey else "3 channels"
        called = "the number of channels"
        x.require(equal(x.channels, 3), "wrong-size", expected, show_shape(x.shape), because, unknown=called)

    def needed_axes(self, x: Inputs) -> tuple[str, ...]:
        """The axes whose sizes a compiled model has to know, for these images."""
        return self.compiled_axes

    def hints(self, x: Inputs) -> Iterator[Fault]:
        if x.ndim == 3:
            yield Fault(
                "one-image",
                f"4 axes (batch, {', '.join(x.axes)})",
                show_shape(x.shape),
                f"Keras takes 3 axes for one image, and so the batch for its {x.axes[0]}",
                "give the input the axis that is missing, such as 1 channel",
            )
        open_axes = [axis for axis in self.needed_axes(x) if not isinstance(getattr(x, axis), int)]
        if open_axes:
            yield Fault(
                "size-when-compiled",
                f"{' and '.join(open_axes)} to be known",
                show_shape(x.shape),
                f"{self.compiled_calls} on a compiled model, as models are by default, fails here on unknown sizes",
                "state the sizes, or compile with `run_eagerly: true`",
            )


R = TypeVar("R", bound=type[LayerRule])


def image_layer() -> Callable[[R], R]:
    """Registers a rule of the family "image preprocessing"."""
    return layer(family="image preprocessing", arity=ANY_NUMBER)
