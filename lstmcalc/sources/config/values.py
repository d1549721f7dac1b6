"""The values of a Keras config: read from JSON, checked for what no config holds, and turned into those of a `Spec`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lstmcalc.dims import MAX_SIZE
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.layers.arguments import show

__all__ = ["LAMBDA", "Notes", "check_tree", "excerpt", "leaves", "mappings_in", "parse_json", "plain"]

#: How deep values may stand in one another: a model in a model takes four steps, and Keras's own need fewer than 20.
MAX_DEPTH = 100
#: How many faults of one source are told.
MAX_FAULTS = 50
MAX_SHOWN = 60
#: What stands for a lambda, of which a config holds nothing but byte code.
LAMBDA = {"class_name": "function", "config": "<lambda>"}

#: What Python's reader says, in words.
EXPECTED = {
    "Expecting value": "a value",
    "Expecting ',' delimiter": "a comma or the closing bracket",
    "Expecting ':' delimiter": "a colon",
    "Expecting property name enclosed in double quotes": "a key in double quotes",
    "Illegal trailing comma before end of object": "a key in double quotes",
    "Illegal trailing comma before end of array": "a value",
    "Unterminated string starting at": "the closing quote of this text",
    "Invalid control character at": "printable text",
    "Invalid \\escape": "an escape that JSON has",
    "Invalid \\uXXXX escape": "four hexadecimal digits after `\\u`",
    "Extra data": "the end of the file",
}


class Notes:
    """Collects the faults of one source; `layer` is the name and class of the layer that a fault is in."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.faults: list[Fault] = []

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
        self.faults.append(Fault(code, expected, got, because, fix, Where(self.source), layer))

    def refuse(self) -> None:
        """Raises `SpecError` with what was noted, if anything was."""
        if self.faults:
            raise SpecError(list(dict.fromkeys(self.faults))[:MAX_FAULTS])


def excerpt(value: Any) -> str:
    """A value as it stands in the file, cut where it is long.

    >>> excerpt(None), excerpt("a"), excerpt({"units": 3}), excerpt(["x"] * 100)
    ('null', '"a"', 'a mapping with `units`', 'a list of 100 values')
    """
    if isinstance(value, Mapping):
        keys = ", ".join(f"`{key}`" for key in list(value)[:3])
        return _cut(f"a mapping with {keys}" if keys else "an empty mapping")
    if isinstance(value, (list, tuple)):
        text = show(value) if len(value) <= 8 and not any(isinstance(v, (list, tuple, Mapping)) for v in value) else ""
        return text if text and len(text) <= MAX_SHOWN else f"a list of {len(value)} values"
    return _cut(show(value))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def parse_json(text: str, source: str) -> Any:
    """The value that a JSON text states. Raises `SpecError` with line and column where it is none."""
    notes = Notes(source)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            _note_repeated(items, notes)
        return found

    def integer(digits: str) -> int:
        if len(digits) > 20:
            notes.add("wrong-number", f"an integer of at most {MAX_SIZE:,}", f"`{_cut(digits)}`")
            return 0
        return int(digits)

    try:
        value = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=pairs, parse_int=integer)
    except json.JSONDecodeError as error:
        raise SpecError([_not_json(error, source)]) from None
    except RecursionError:
        raise SpecError([_too_deep(source)]) from None
    notes.refuse()
    return value


def _note_repeated(items: list[tuple[str, Any]], notes: Notes) -> None:
    found = dict(items)
    config = found.get("config")
    name = found.get("name", config.get("name") if isinstance(config, Mapping) else None)
    because = f"in the mapping whose `name` is {excerpt(name)}" if isinstance(name, str) else ""
    counts: dict[str, int] = {}
    for key, _ in items:
        counts[key] = counts.get(key, 0) + 1
    for key, count in counts.items():
        if count > 1:
            notes.add("duplicate-key", "each key once", f"`{_cut(key)}` {count} times", because)


def _not_json(error: json.JSONDecodeError, source: str) -> Fault:
    end = len(error.doc.rstrip())
    cut_off = error.pos >= end or error.msg.startswith("Unterminated string")
    got = "the end of the file" if error.pos >= end else f"`{_cut(error.doc[error.pos : end].splitlines()[0])}`"
    because = "the text is cut off there" if cut_off and end else ""
    where = Where(source, error.lineno, error.colno)
    return Fault("not-json", EXPECTED.get(error.msg, "JSON"), got, because, where=where)


def _too_deep(source: str) -> Fault:
    return Fault("too-deep", f"at most {MAX_DEPTH} values inside one another", "more", where=Where(source))


def check_tree(value: Any, source: str) -> None:
    """Raises `SpecError` for values that no config holds: too deep in one another, too large, or text that is none."""
    notes = Notes(source)
    stack = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise SpecError([_too_deep(source)])
        if isinstance(item, str):
            _check_text(item, notes)
        elif isinstance(item, Mapping):
            for key, inner in item.items():
                if isinstance(key, str):
                    _check_text(key, notes)
                else:
                    notes.add("wrong-key", "text as a key", excerpt(key))
                stack.append((inner, depth + 1))
        elif isinstance(item, (list, tuple)):
            stack.extend((inner, depth + 1) for inner in item)
        elif isinstance(item, int) and abs(item) > MAX_SIZE:
            notes.add("wrong-number", f"an integer of at most {MAX_SIZE:,}", "a larger one")
        elif not isinstance(item, (int, float, type(None))):
            notes.add("wrong-value", "a number, text, a list or a mapping", f"a {type(item).__name__}")
    notes.refuse()


def _check_text(text: str, notes: Notes) -> None:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        shown = _cut(text.encode("utf-8", "backslashreplace").decode())
        notes.add("wrong-value", "whole characters", f"half of one in `{shown}`")


def plain(value: Any) -> Any:
    """A value of a config without the wrapping that Keras gives to slices, tuples, arrays and functions.

    A slice becomes a `slice`, an ellipsis `...`, a shape or tuple a list, a tensor the list of its values, a function
    of Keras its name. Any other object keeps its mapping.

    >>> plain({"class_name": "__slice__", "config": {"start": None, "stop": 3, "step": None}})
    slice(None, 3, None)
    >>> plain({"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"})
    'relu'
    """
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kind, config = value.get("class_name"), value.get("config")
    if kind in ("__tuple__", "TensorShape") and isinstance(value.get("items"), (list, tuple)):
        return plain(value["items"])
    if kind == "__ellipsis__" or value.get("type") == "ellipsis":
        return ...
    if value.get("type") == "ndarray" and "value" in value:
        return plain(value["value"])
    if kind == "__slice__":
        bounds = [config.get(key) for key in ("start", "stop", "step")] if isinstance(config, Mapping) else [""]
        if all(type(bound) in (int, type(None)) for bound in bounds):
            return slice(*bounds)
        return f"a slice with {excerpt(config)}"
    if kind in ("__tensor__", "__numpy__", "__bytes__"):
        return plain(config["value"]) if isinstance(config, Mapping) and "value" in config else f"`{kind}`"
    if kind == "function" and isinstance(config, str):
        return config
    if kind == "__lambda__":
        return LAMBDA
    return {key: plain(item) for key, item in value.items()}


def mappings_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """The mappings in a value, itself included."""
    if isinstance(value, Mapping):
        yield value
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    for item in items:
        yield from mappings_in(item)


def leaves(value: Any) -> Iterable[Any]:
    """The values in lists and mappings, mappings in the order of their keys, as Keras takes them.

    >>> list(leaves({"b": [1, 2], "a": 3}))
    [3, 1, 2]
    """
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from leaves(value[key])
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    else:
        yield value
