"""Arguments that Keras's image layers share: factors, ranges of values, ways to fill and to interpolate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.arguments import REQUIRED, Argument

__all__ = [
    "data_format",
    "factor",
    "fill_mode",
    "interpolation",
    "is_number",
    "pair",
    "seed",
    "shear_factor",
    "unused_factor",
    "value_range",
    "whole",
]


def is_number(value: Any) -> bool:
    """Whether a value is a real number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Whether a value is an integer."""
    return isinstance(value, int) and not isinstance(value, bool)


def factor(
    low: int,
    high: int,
    default: Any = REQUIRED,
    *,
    each: bool = False,
    above: bool = False,
    integer: bool = False,
    optional: bool = False,
    keyword_only: bool = False,
) -> Any:
    """How strong an effect is: a number from `low` to `high`, or a list of two, between which it is drawn.

    Of a list Keras asks only that the first be at most `high` and the second at least `low`
    (image_preprocessing/base_image_preprocessing_layer.py, 3.15.1), so that `[-5, 5]` passes for a factor from 0 to 1;
    with `each` both must lie in the range. `above` excludes `low` itself; `optional` allows null.
    """
    kind = "an integer" if integer else "a number"
    reach = f"above {low} and at most {high}" if above else f"from {low} to {high}"
    two = "a list of two of them" if each else f"a list of two, the first at most {high} and the second at least {low}"
    is_right = is_whole if integer else is_number

    def inside(value: Any) -> bool:
        return bool((low < value if above else low <= value) and value <= high)

    def is_fine(pair: Sequence[Any]) -> bool:
        if len(pair) != 2 or not all(map(is_right, pair)):
            return False
        return all(map(inside, pair)) if each else pair[0] <= high and pair[1] >= low

    def read(name: str, value: Any) -> Any:
        listed = isinstance(value, (list, tuple))
        if not (is_fine(value) if listed else is_right(value) and inside(value)):
            raise arg.refuse(name, f"{kind} {reach}, or {two}", value)
        return tuple(value) if listed else value

    argument = Argument(default, read, keyword_only=keyword_only)
    argument.optional = argument.optional or optional
    return argument


def shear_factor() -> Any:
    """A factor from 0 to 1; Keras writes 0.3 into a saved model as [-0.3, 0.3], and then refuses to read it."""
    argument = factor(0, 1, 0.0, each=True)
    plain = argument.read

    def read(name: str, value: Any) -> Any:
        try:
            return plain(name, value)
        except Rejection as refusal:
            number = _saved_number(value)
            if number is None:
                raise
            because = "Keras 3.15.1 saves the number as this list, and refuses it when it loads the model"
            fix = f"write `{name}: {arg.show(number)}`"
            raise Rejection(refusal.fault.code, refusal.fault.expected, refusal.fault.got, because, fix) from None

    argument.read = read
    return argument


def _saved_number(value: Any) -> Any:
    """The number that Keras wrote as `[-number, number]`; None where it is something else."""
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(map(is_number, value)):
        return None
    return value[1] if -value[0] == value[1] <= 1 else None


def unused_factor() -> Any:
    """A `factor` that the base of Keras's image layers checks, and that the layer then does not use."""
    return factor(-1, 1, None, keyword_only=True)


def value_range() -> Any:
    """The least and the greatest value of the images, in either order.

    Some layers let a longer list pass, whose other entries they never read; it is refused here for all of them.
    """

    def read(name: str, value: Any) -> tuple[float, ...]:
        if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(map(is_number, value)):
            raise arg.refuse(name, "a list of two numbers, the least and the greatest value of the images", value)
        return tuple(value)

    return Argument((0, 255), read)


def pair(default: Any, odd: bool = False) -> Any:
    """Two positive integers; `odd` ones, for which one number may stand for both. Rules see a tuple."""
    expected = "an odd positive integer or a list of two of them" if odd else "a list of two positive integers"

    def read(name: str, value: Any) -> tuple[int, ...]:
        values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * (2 if odd else 0)
        if len(values) != 2 or not all(is_whole(size) and size > 0 and (size % 2 or not odd) for size in values):
            raise arg.refuse(name, expected, value)
        return values

    return Argument(default, read)


def whole(default: Any = REQUIRED) -> Any:
    """A number that Keras makes an integer of, also where it is written as text."""

    def read(name: str, value: Any) -> int:
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            raise arg.refuse(name, "an integer", value) from None

    return Argument(default, read)


def interpolation(*more: str) -> Any:
    """How values between pixels are found."""
    return arg.exact_choice("nearest", "bilinear", *more, default="bilinear")


def fill_mode() -> Any:
    """What stands where the image has moved away."""
    return arg.exact_choice("reflect", "wrap", "constant", "nearest", default="reflect")


def seed() -> Any:
    """What the random numbers start from; null is a new start each time."""
    return arg.integer(None)


def data_format(keyword_only: bool = False) -> Any:
    """Whether the channels stand last, as they do by default, or before height and width."""
    argument = arg.choice("channels_last", "channels_first", default=None)
    argument.keyword_only = keyword_only
    return argument
