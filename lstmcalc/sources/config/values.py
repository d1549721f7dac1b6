"""The values of a Keras config, turned into those of a `Spec`, and the faults found on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.layers.arguments import show

__all__ = ["LAMBDA", "MAX_FAULTS", "Notes", "cut", "excerpt", "leaves", "mappings_in", "plain"]

#: How many faults of one source are told.
MAX_FAULTS = 50
MAX_SHOWN = 60
#: What stands for a lambda, of which a config holds nothing but byte code.
LAMBDA = {"class_name": "function", "config": "<lambda>"}


class Notes:
    """Collects the faults of one source; `layer` is the name and class of the layer that a fault is in."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.where = Where(source)
        #: How many were noted, and those that are told.
        self.count = 0
        self.faults: dict[Fault, None] = {}

    def add(
        self,
        code: str,
        expected: str,
        got: str = "",
        because: str = "",
        fix: str = "",
        layer: tuple[str, str] | None = None,
    ) -> None:
        """Notes a fault."""
        self.count += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults[Fault(code, expected, got, because, fix, self.where, layer)] = None

    def refuse(self) -> None:
        """Raises `SpecError` with what was noted, if anything was."""
        if self.faults:
            raise SpecError(self.faults)


def excerpt(value: Any) -> str:
    """A value as it stands in the file, cut where it is long.

    >>> excerpt(None), excerpt("a"), excerpt({"units": 3}), excerpt(["x"] * 100)
    ('null', '"a"', 'a mapping with `units`', 'a list of 100 values')
    """
    if isinstance(value, dict):
        keys = ", ".join(f"`{key}`" for key in list(value)[:3])
        return cut(f"a mapping with {keys}" if keys else "an empty mapping")
    if isinstance(value, (list, tuple)):
        text = show(value) if len(value) <= 8 and not any(isinstance(v, (list, dict)) for v in value) else ""
        return text if text and len(text) <= MAX_SHOWN else f"a list of {len(value)} values"
    return cut(show(value))


def cut(text: str) -> str:
    """A text, cut where it is long."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def plain(value: Any) -> Any:
    """A value of a config without the wrapping that Keras gives to slices, tuples, arrays and functions.

    A slice becomes a `slice`, an ellipsis `...`, a shape or tuple a list, a tensor the list of its values, a function
    of Keras its name. Any other object keeps its mapping.

    >>> plain({"class_name": "__slice__", "config": {"start": None, "stop": 3, "step": None}})
    slice(None, 3, None)
    >>> plain({"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"})
    'relu'
    """
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind, config = value.get("class_name"), value.get("config")
    if kind in ("__tuple__", "TensorShape") and isinstance(value.get("items"), list):
        return plain(value["items"])
    if kind == "__ellipsis__" or value.get("type") == "ellipsis":
        return ...
    if value.get("type") == "ndarray" and "value" in value:
        return plain(value["value"])
    if kind == "__slice__":
        bounds = [config.get(key) for key in ("start", "stop", "step")] if isinstance(config, dict) else [""]
        if all(type(bound) in (int, type(None)) for bound in bounds):
            return slice(*bounds)
        return f"a slice with {excerpt(config)}"
    if kind in ("__tensor__", "__numpy__", "__bytes__"):
        return plain(config["value"]) if isinstance(config, dict) and "value" in config else f"`{kind}`"
    if kind == "function" and isinstance(config, str):
        return config
    if kind == "__lambda__":
        return LAMBDA
    return {key: plain(item) for key, item in value.items()}


def mappings_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """The mappings in a value, itself included."""
    if isinstance(value, dict):
        yield value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield from mappings_in(item)


def leaves(value: Any) -> Iterable[Any]:
    """The values in lists and mappings, mappings in the order of their keys, as Keras takes them.

    >>> list(leaves({"b": [1, 2], "a": 3}))
    [3, 1, 2]
    """
    if isinstance(value, dict):
        for key in sorted(value):
            yield from leaves(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value
