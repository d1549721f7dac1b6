"""Constants in the calls of operations: numbers, arrays as lists or as a Keras config writes them, and slices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lstmcalc.dims import lift
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.rule import Shape

__all__ = ["array_value", "constant_shape", "is_array", "read_key"]

#: What a config calls an array of numpy's and one of the backend's (keras/src/saving/serialization_lib.py, 3.15.1).
ARRAYS = ("__numpy__", "__tensor__")
KEY = "integers, slices, null for a new axis and ... for the axes between, such as `[:, 0, ::2]`"


def is_array(value: Any) -> bool:
    """Whether a value is an array as a Keras config writes it."""
    return isinstance(value, Mapping) and value.get("class_name") in ARRAYS


def array_value(value: Any) -> Any:
    """The numbers of an array as lists in one another; any other value as it is.

    >>> array_value({"class_name": "__numpy__", "config": {"value": [1.0, 2.0], "dtype": "float32"}})
    [1.0, 2.0]
    """
    return value["config"]["value"] if is_array(value) else value


def constant_shape(name: str, value: Any) -> Shape:
    """The shape of a constant: none of a number's, that of an array, also of one that has nothing but a `shape`.

    Raises `Rejection` for anything else.

    >>> constant_shape("x2", 2.5), constant_shape("x2", [[1, 2, 3], [4, 5, 6]])
    ((), (2, 3))
    """
    value = array_value(value)
    if isinstance(value, (bool, int, float)):
        return ()
    if isinstance(shape := getattr(value, "shape", None), tuple):
        return lift(shape)
    if isinstance(value, (list, tuple)):
        shapes = {constant_shape(name, item) for item in value}
        if len(shapes) <= 1:
            return (len(value), *next(iter(shapes), ()))
    raise arg.refuse(name, "an output of a layer, a number, or lists of numbers of one length", value)


def read_key(name: str, value: Any) -> tuple[Any, ...]:
    """What stands in the brackets of `x[...]`: integers, `slice`, None for a new axis, and `...`.

    A source writes it as text, `"[:, 0, ::2]"`, as one integer, or as a list of what Keras's config has for each part.
    Keras takes a part alone only where it is an integer (`GetItem.compute_output_spec` in numpy.py, 3.15.1).

    >>> read_key("key", "[:, 0, ::-2, ...]")
    (slice(None, None, None), 0, slice(None, None, -2), Ellipsis)
    """
    parts = value if isinstance(value, (list, tuple)) else [value]
    if isinstance(value, str):
        text = value.strip()
        inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        parts = [part.strip() for part in inner.removesuffix(",").split(",")]
    key = tuple(_read_part(name, part, value) for part in parts)
    alone = not isinstance(value, (list, tuple)) and len(key) == 1 and not (isinstance(value, str) and "," in value)
    if alone and not isinstance(key[0], int):
        fix = f"write `[{parts[0] if isinstance(value, str) else ':'}, ...]`"
        raise arg.refuse(name, "an integer, or several parts", value, fix)
    if sum(part is Ellipsis for part in key) > 1:
        raise Rejection("wrong-value", f"one ... at most in `{name}`", arg.show(value))
    return key


def _read_part(name: str, part: Any, whole: Any) -> Any:
    if part is None or part is Ellipsis:
        return part
    if isinstance(part, slice):
        return _slice(name, whole, part.start, part.stop, part.step)
    if isinstance(part, int) and not isinstance(part, bool):
        return part
    if isinstance(part, Mapping) and part.get("class_name") == "__ellipsis__":
        return Ellipsis
    if isinstance(part, Mapping) and part.get("class_name") == "__slice__" and isinstance(part.get("config"), Mapping):
        bounds = [part["config"].get(bound) for bound in ("start", "stop", "step")]
        if all(bound is None or (isinstance(bound, int) and not isinstance(bound, bool)) for bound in bounds):
            return _slice(name, whole, *bounds)
    if isinstance(part, str):
        if part in ("null", "None", "newaxis", "np.newaxis"):
            return None
        if part == "...":
            return Ellipsis
        if re.fullmatch(r"-?\d{1,18}", part):
            return int(part)
        if match := re.fullmatch(r"(-?\d{1,18})?\s*:\s*(-?\d{1,18})?\s*(?::\s*(-?\d{1,18})?)?", part):
            return _slice(name, whole, *(None if bound is None else int(bound) for bound in match.groups()))
    raise arg.refuse(name, KEY, whole)


def _slice(name: str, whole: Any, start: int | None, stop: int | None, step: int | None) -> slice:
    if step == 0:
        raise Rejection("wrong-value", f"no step of 0 in `{name}`", arg.show(whole))
    return slice(start, stop, step)
