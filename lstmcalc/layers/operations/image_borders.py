"""Operations that put rows and columns around pictures, or take them away."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, at_least, to_text
from lstmcalc.errors import Rejection
from lstmcalc.layers.operations.images import Picture
from lstmcalc.layers.operations.rule import operation
from lstmcalc.layers.operations.sizes import put, whole
from lstmcalc.layers.operations.windows import data_format
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape
from lstmcalc.shapes import show_shape

__all__ = ["Borders", "CropImages", "PadImages"]


class Borders(Picture):
    """What puts rows and columns around pictures, or takes them away: two of three numbers for each direction."""

    verb = ""

    def borders(self) -> tuple[tuple[Any, Any, Any, str], tuple[Any, Any, Any, str]]:
        """For height and width: what is before, what is behind, the size that comes of it, and their names."""
        word = f"{self.verb}ping" if self.verb == "crop" else "padding"
        return tuple(
            (getattr(self, f"{before}_{word}"), getattr(self, f"{behind}_{word}"), getattr(self, f"target_{size}"),
             f"`{before}_{word}`, `{behind}_{word}` and `target_{size}`")
            for before, behind, size in (("top", "bottom", "height"), ("left", "right", "width"))
        )  # type: ignore[return-value]  # there are two  # fmt: skip

    def validate(self) -> None:
        for *given, names in self.borders():
            if sum(number is not None for number in given) != 2:
                raise Rejection("wrong-value", f"two of {names}", str(sum(number is not None for number in given)))

    def result(self, call: Inputs, /, images: Shape, **operands: Any) -> Any:
        places = self.check(call, images)
        shape = images
        for place, (before, behind, target, _) in zip(places, self.borders(), strict=False):
            shape = put(shape, place, self._size(call, images, place, before, behind, target))
        return shape

    def _size(self, call: Inputs, images: Shape, place: int, before: Any, behind: Any, target: Any) -> Dim:
        there = images[place]
        edge = behind if before is None else before
        if target is None:
            return self.changed(call, images, place, before + behind)
        smaller, larger = (there, target) if self.verb == "pad" else (target, there)
        because = f"so much is to {self.verb}"
        if there is not UNKNOWN:
            expected = f"room for {to_text(edge)} along axis {place}"
            call.require(at_least(larger - smaller, edge), "wrong-size", expected, show_shape(images), because)
        return target  # type: ignore[no-any-return]  # an argument that `whole` has read

    def changed(self, call: Inputs, images: Shape, place: int, by: Dim) -> Dim:
        """A size with both borders changed."""
        raise NotImplementedError


@operation("image", "images")
class PadImages(Borders):
    """Puts rows and columns of zeros around pictures.

    keras/src/ops/image.py, 3.15.1.
    """

    verb = "pad"

    top_padding: Dim | None = whole(None)
    left_padding: Dim | None = whole(None)
    bottom_padding: Dim | None = whole(None)
    right_padding: Dim | None = whole(None)
    target_height: Dim | None = whole(None)
    target_width: Dim | None = whole(None)
    data_format: str | None = data_format()

    def changed(self, call: Inputs, images: Shape, place: int, by: Dim) -> Dim:
        return images[place] + by

    examples = [
        Example({"top_padding": 1, "bottom_padding": 2, "left_padding": 0, "target_width": 10}, (None, 9, 8, 3),
                params=0, output=(None, 12, 10, 3)),
        Rejected({"top_padding": 1}, "expected two of `top_padding`, `bottom_padding` and `target_height`, got 1"),
    ]  # fmt: skip


@operation("image", "images")
class CropImages(Borders):
    """Takes rows and columns away at the sides of pictures.

    keras/src/ops/image.py, 3.15.1.
    """

    verb = "crop"

    top_cropping: Dim | None = whole(None)
    left_cropping: Dim | None = whole(None)
    bottom_cropping: Dim | None = whole(None)
    right_cropping: Dim | None = whole(None)
    target_height: Dim | None = whole(None)
    target_width: Dim | None = whole(None)
    data_format: str | None = data_format()

    def changed(self, call: Inputs, images: Shape, place: int, by: Dim) -> Dim:
        fix = "state the target size"
        call.require_known(images[place], f"the size of axis {place}", "Keras takes the borders from it", fix)
        expected = f"at least {to_text(by)} along axis {place}, which are to crop"
        call.require(at_least(images[place], by), "wrong-size", expected, show_shape(images), "so much is to crop")
        return images[place] - by

    examples = [
        Example({"top_cropping": 1, "bottom_cropping": 2, "left_cropping": 0, "target_width": 5}, (None, 9, 8, 3),
                params=0, output=(None, 6, 5, 3)),
        Rejected({"top_cropping": 8, "bottom_cropping": 2, "left_cropping": 0, "right_cropping": 0},
                 "expected at least 10 along axis 1, which are to crop, got (None, 9, 8, 3): so much is to crop",
                 (None, 9, 8, 3)),
    ]  # fmt: skip
