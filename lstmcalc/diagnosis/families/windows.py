"""Windows larger than what they slide over: convolutions and poolings that leave nothing."""

from __future__ import annotations

import re

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis, Shape
from lstmcalc.diagnosis.message import SHAPE, Found, family
from lstmcalc.diagnosis.traced import own_line
from lstmcalc.diagnosis.words import after, class_named, named

#: Sizes as Python or numpy prints them: (5, 5), [5 5].
LISTED = r"[\[(](?:(?:None|\d{1,12}),? ?){1,8}[\])]"


def too_large(found: Found, layer: str, size: int | None, window: int | None, shape: Shape | None) -> Diagnosis:
    """A window that does not fit."""
    class_name = class_named(layer) or found["class"]
    pool = "Pooling" in class_name or found["kind"] == "pool_size"
    who = named(layer, class_name) if layer or class_name else "a pooling layer" if pool else "a convolution"
    needs = f"needs at least {window} places for its window" if window else "needs more places for its window"
    has = _what_there_is(size, shape)
    meaning = f'{who[:1].upper()}{who[1:]} {needs}, and {has}. With `padding="valid"` nothing would be left.'
    causes = _window_causes(pool, class_name, size, shape, "NCHW" in found.message)
    received = (shape,) if shape else ()
    got = str(shape) if shape else str(size or "")
    expected = f"at least {window} places" if window else ""
    return Diagnosis("window-too-large", meaning, tuple(causes), layer, class_name, expected, got, received)


def _what_there_is(size: int | None, shape: Shape | None) -> str:
    if shape:
        return f"its input {shape} has {size}" if size else f"its input is {shape}"
    return "fewer are left" if size is None else f"there are {size}"


def _window_causes(
    pool: bool, class_name: str, size: int | None, shape: Shape | None, channels_first: bool = False
) -> list[Cause]:
    """Why a window does not fit, likeliest first; `channels_first` where the message says that it is read so."""
    argument = "pool_size" if pool else "kernel_size"
    causes = [
        Cause(
            "The layers before it made the picture or sequence too small: each convolution or pooling takes some.",
            "Leave out a pooling layer before it, or keep the size:",
            ('padding="same"',),
        ),
    ]
    if not (pool and size == 1):
        fix = f"Use a `{argument}` of at most {size}." if size else f"Use a smaller `{argument}`."
        causes.append(Cause("The window is too large.", fix))
    if shape and _channels_first(shape):
        change = ""
        if shape[2] == shape[3]:
            change = after(shape, (shape[0], shape[2], shape[3], shape[1]))
        said = f"The channels of the data stand first, and Keras reads {shape[1]} as the height."
        causes.insert(0, Cause(said, "Put them last:", (f"x = x.transpose(0, 2, 3, 1){change}",)))
    if (
        shape
        and len(shape) == 4
        and shape[-1] == 1
        and shape[2] == 1
        and shape[1]
        and shape[1] > 1
        and not channels_first
    ):
        causes.insert(0, Cause("One picture was given without the batch axis.", code=("x = x[None]",)))
    causes.append(
        Cause("The input is smaller than the model was made for.", "Give it larger pictures or longer sequences.")
    )
    if shape is None and size in (1, 3) and (pool or class_name in ("", "Conv2D")):
        said = f"The channels of the data stand first, and Keras reads them (1 or 3) as the height, here {size}."
        causes.append(Cause(said, "Put them last:", ("x = x.transpose(0, 2, 3, 1)",)))
    return causes


def _channels_first(shape: Shape) -> bool:
    """Whether pictures look as if their channels stood before their height and width."""
    if len(shape) != 4 or None in shape[1:]:
        return False
    first, height, width = (size or 0 for size in shape[1:])
    # A grey or RGB picture; or few channels before a square of another size.
    grey_or_rgb = first in (1, 3) and height > 3 * first and width > 4
    # What a first convolution and a pooling leave of 3, beside a height that is many times as large.
    return grey_or_rgb or (first <= 8 and first * 4 < height == width) or (first <= 2 and height >= 32 < width)


@family(
    "window-too-large",
    (
        "Negative dimension size caused by subtracting",
        r"Negative dimension size caused by subtracting (?P<window>\d{1,12}) from (?P<size>-?\d{1,12})"
        r"(?: for '?(?:\{\{node )?(?P<place>[\w./-]{1,300}))?"
        r"(?:.{0,700}?with input shapes: (?P<shape>\[[\d?,]{1,60}\]))?",
    ),
    (
        "Computed output size would be negative:",
        r"Computed output size would be negative: -?\d{1,12} \[input_size: (?P<size>\d{1,12}),"
        r" effective_filter_size: (?P<window>\d{1,12}), stride: \d{1,12}\]",
    ),
)
def negative(found: Found) -> Diagnosis | None:
    """TensorFlow's own words."""
    place = found["place"].split("/")
    # The graph of Keras 3 names a layer `conv2d_4_1` in its first trace: only the path tells how far it goes.
    names = [part for part in place if class_named(part)]
    shape = found.shape("shape")
    class_name = found.near(r"Exception encountered when calling (?:layer \"[\w./-]{1,200}\" \(type )?(\w{1,60})")
    layer = found.near(r"Exception encountered when calling layer \"([\w./-]{1,200})\"")
    if not layer and names and not found.near(r"Exception encountered when calling (\w{1,60})\.call"):
        layer = names[-1]
    if class_name and not layer:
        found = Found(found.message, found.text, {**found.groups, "class": class_name})
    if (
        "Pool" in found.message
        or "Pool" in own_line(found)
        or "Pooling" in found.text[found.text.find(found.message) :]
    ):
        found = Found(found.message, found.text, {**found.groups, "kind": "pool_size"})
    return too_large(found, layer, found.number("size"), found.number("window"), shape)


@family(
    "window-too-large",
    (
        "Computed output size would be",
        r"Computed output size would be (?:zero or )?negative\. Received:? inputs[. ]shape="
        rf"(?P<shape>{LISTED}), (?P<kind>kernel shape|kernel_size|pool_size)=(?P<window>{LISTED})"
        rf"(?:, dilation_rate=(?P<dilation>{LISTED}))?",
    ),
    (
        "dimensions in the output is <= 0 due to downsampling",
        r"One of the dimensions in the output is <= 0 due to downsampling in (?P<layer>[\w/-]{1,200})"
        rf"(?:\. .{{0,60}}?Received input shape (?P<shape>{SHAPE}))?",
    ),
    # Theano.
    ("contains a dimension with value <= 0", r"The specified size contains a dimension with value <= 0"),
)
def computed(found: Found) -> Diagnosis | None:
    """Keras's own words."""
    sizes = re.findall(r"None|\d{1,12}", found["shape"])
    shape = tuple(None if size == "None" else int(size) for size in sizes) or None
    window = [int(size) for size in re.findall(r"\d{1,12}", found["window"])]
    inner = shape[1:-1] if shape else ()
    if found["kind"] == "kernel shape":
        window = window[: len(inner)]
    apart = [int(rate) for rate in re.findall(r"\d{1,12}", found["dilation"])] or [1] * len(window)
    window = [(one - 1) * rate + 1 for one, rate in zip(window, apart, strict=False)]
    short = [(size, one) for size, one in zip(inner, window, strict=False) if size is not None and size < one]
    size, one = short[0] if short else (None, None)
    class_name = found.near(r"Exception encountered when calling (\w{1,60})\.call")
    found = Found(found.message, found.text, {**found.groups, "class": class_name})
    return too_large(found, found["layer"], size, one, shape)
