"""JSON text into values, checked for what no Keras config holds: keys twice, huge numbers, half characters, depth."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from itertools import chain
from typing import Any

from lstmcalc.dims import MAX_SIZE
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.sources.config.layers import models_in
from lstmcalc.sources.config.values import Notes, cut, excerpt

__all__ = ["check_tree", "parse_json", "too_deep"]

#: How deep values may stand in one another, not counting the models that stand among the layers of others; Keras's own
#: need fewer than 20.
MAX_DEPTH = 100
#: How deep models may; Python's own reader of JSON follows some 300.
MAX_MODELS = 1_000
#: How many bytes the values of a file may take; those of a model of 100,000 layers take 200 MB.
MAX_MEMORY = 480_000_000
#: How many values are looked at together.
CHUNK = 3_000
#: What Python makes of the values of JSON that hold others.
HOLDERS = frozenset((dict, list))

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


def parse_json(text: str, source: str) -> Any:
    """The value that a JSON text states. Raises `SpecError`, with line and column where the text is no JSON."""
    text = text.removeprefix("\ufeff")
    # Each value takes at most so much, and a short text has few.
    if 30 * len(text) > MAX_MEMORY and 200 * (text.count("{") + text.count("[")) + 72 * text.count(",") > MAX_MEMORY:
        fault = Fault("too-large", "a file that takes less memory", "too many values", where=Where(source))
        raise SpecError([fault])
    value = _sound_value(text)
    if value is None:
        value = _parse_closely(text, source)
        check_tree(value, source)
    return value


def _sound_value(text: str) -> Any:
    """The value of a text in which nothing is wrong; None where it takes a closer look to tell, which is slower.

    A key that stands twice in a mapping stands once in what Python makes of it, so that the text has more colons than
    the value has keys. Colons inside names, which few models have, lead to a closer look as well.
    """
    if "\\" in text and ("\\ud" in text or "\\uD" in text):
        return None
    try:
        value = json.loads(text, parse_int=_Integers().__getitem__)
        if not text.isascii():
            text.encode()
    except (ValueError, RecursionError):
        return None
    return value if _count_keys(value) == text.count(":") else None


class _Integers(dict[str, int]):
    """Integers by their digits, which a file has few of, again and again; `ValueError` for those of too many digits."""

    def __missing__(self, digits: str) -> int:
        if len(digits) > 18:
            raise ValueError("a closer look tells how large it is")
        value = int(digits)
        if len(digits) < 5:
            self[digits] = value
        return value


def _count_keys(value: Any) -> int:
    """How many keys the mappings in a value of JSON have; -1 where values stand too deep in one another."""
    keys = 0
    waiting = [(0, [value])]
    while waiting:
        depth, items = waiting.pop()
        if depth > MAX_DEPTH:
            return -1
        holders = [item for item in items if type(item) in HOLDERS]
        mappings = [item for item in holders if type(item) is dict]
        lists = [item for item in holders if type(item) is list]
        keys += sum(map(len, mappings))
        inner = [*chain.from_iterable(map(dict.values, mappings)), *chain.from_iterable(lists)]
        waiting += [(depth + 1, inner[start : start + CHUNK]) for start in range(0, len(inner), CHUNK)]
    return keys


def _parse_closely(text: str, source: str) -> Any:
    """The value of a JSON text; raises `SpecError` with all keys that stand twice and all integers of many digits."""
    notes = Notes(source)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            _note_repeated(items, notes)
        return found

    def integer(digits: str) -> int:
        if len(digits) > 20:
            notes.add("wrong-number", f"an integer of at most {MAX_SIZE:,}", f"`{cut(digits)}`")
            return 0
        return int(digits)

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_int=integer)
    except json.JSONDecodeError as error:
        raise SpecError([_not_json(error, source)]) from None
    except RecursionError:
        raise SpecError([too_deep(source)]) from None
    notes.refuse()
    return value


def _note_repeated(items: list[tuple[str, Any]], notes: Notes) -> None:
    found = dict(items)
    config = found.get("config")
    name = found.get("name", config.get("name") if isinstance(config, dict) else None)
    because = f"in the mapping whose `name` is {excerpt(name)}" if isinstance(name, str) else ""
    counts: dict[str, int] = {}
    for key, _ in items:
        counts[key] = counts.get(key, 0) + 1
    for key, count in counts.items():
        if count > 1:
            notes.add("duplicate-key", "each key once", f"`{cut(key)}` {count} times", because)


def _not_json(error: json.JSONDecodeError, source: str) -> Fault:
    end = len(error.doc.rstrip())
    cut_off = error.pos >= end or error.msg.startswith("Unterminated string")
    got = "the end of the file" if error.pos >= end else f"`{cut(error.doc[error.pos : end].splitlines()[0])}`"
    because = "the text is cut off there" if cut_off and end else ""
    where = Where(source, error.lineno, error.colno)
    return Fault("not-json", EXPECTED.get(error.msg, "JSON"), got, because, where=where)


def too_deep(source: str) -> Fault:
    """The fault of a source in which values stand too deep in one another."""
    return Fault("too-deep", f"at most {MAX_DEPTH} values inside one another", "more", where=Where(source))


def check_tree(value: Any, source: str) -> None:
    """Raises `SpecError` for values that no config holds: too deep in one another, too large, or text that is none."""
    notes = Notes(source)
    models: list[tuple[int, Any]] = [(0, value)]
    while models:
        depth, model = models.pop()
        if depth > MAX_MODELS:
            fault = Fault("too-deep", f"at most {MAX_MODELS:,} models inside one another", "more", where=Where(source))
            raise SpecError([fault])
        inner = {id(entry): entry for entry in models_in(model)}
        models += [(depth + 1, entry) for entry in inner.values()]
        _check_values(model, inner, notes)
    notes.refuse()


def _check_values(model: Any, inner: Container[int], notes: Notes) -> None:
    """Checks all that stands in a value but the models in it, by their identities."""
    waiting: list[Iterator[Any]] = [iter([model])]
    while waiting:
        for item in waiting[-1]:
            if len(waiting) > MAX_DEPTH + 1:
                raise SpecError([too_deep(notes.source)])
            if isinstance(item, (Mapping, list, tuple)):
                if id(item) not in inner:
                    waiting.append(_values_in(item, notes))
                    break
            else:
                _check_leaf(item, notes)
        else:
            waiting.pop()


def _values_in(item: Mapping[Any, Any] | list[Any] | tuple[Any, ...], notes: Notes) -> Iterator[Any]:
    """The values in a list or a mapping, the last one first."""
    if not isinstance(item, Mapping):
        return iter(reversed(list(item)))
    for key in item:
        if isinstance(key, str):
            _check_text(key, notes)
        else:
            notes.add("wrong-key", "text as a key", excerpt(key))
    return iter(reversed([*item.values()]))


def _check_leaf(item: Any, notes: Notes) -> None:
    if isinstance(item, str):
        _check_text(item, notes)
    elif isinstance(item, int) and abs(item) > MAX_SIZE:
        notes.add("wrong-number", f"an integer of at most {MAX_SIZE:,}", "a larger one")
    elif not isinstance(item, (int, float, type(None))):
        notes.add("wrong-value", "a number, text, a list or a mapping", f"a {type(item).__name__}")


def _check_text(text: str, notes: Notes) -> None:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        shown = cut(text.encode("utf-8", "backslashreplace").decode())
        notes.add("wrong-value", "whole characters", f"half of one in `{shown}`")
