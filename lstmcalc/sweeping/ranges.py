"""The values that symbols go through, as a program gives them and as a command line spells them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

from lstmcalc.dims import MAX_SIZE

__all__ = ["MAX_POINTS", "Axis", "RangeError", "axes_of", "greatest_of", "kept_for", "read_values"]

#: A sweep may have so many points: what a machine of 4 GB holds.
MAX_POINTS = 10_000_000
ITEM = re.compile(r"(?P<first>(?:(?!\.\.)[^:])+)(?:\.\.(?P<last>[^:]+)(?::(?P<step>[^:]+))?)?")

Axis = Sequence[int]


class RangeError(ValueError):
    """What is wrong with the values of a sweep, as a sentence for the user."""


def read_values(text: str) -> Axis:
    """Values as a command line spells them: numbers and ranges with commas between, `1,2,32..512:32`.

    A range holds both its ends, as far as its steps reach them. Raises `RangeError`.

    >>> read_values("50,100"), list(read_values("32..100:32"))
    ((50, 100), [32, 64, 96])
    """
    parts = [_read_item(item.strip(), text) for item in text.split(",")]
    if len(parts) == 1:
        return parts[0]
    _check_number([sum(map(_length, parts))])
    return tuple(value for part in parts for value in part)


def _read_item(item: str, text: str) -> Axis:
    found = ITEM.fullmatch(item)
    if found is None:
        raise RangeError(f"expected numbers and ranges such as 64, 50,100 or 32..512:32, got {text or 'nothing'}")
    first = _number(found["first"], text)
    if found["last"] is None:
        return (first,)
    last = _number(found["last"], text)
    step = 1 if found["step"] is None else _number(found["step"], text, "a step of at least 1")
    if last < first:
        raise RangeError(f"expected a range that goes up, such as {last}..{first}, got {item}")
    return range(first, last + 1, step)


def _number(text: str, whole: str, expected: str = "whole numbers from 1 on") -> int:
    digits = text.strip().replace("_", "")
    in_words = "" if text == whole else f" in {whole}"
    if not (digits.isascii() and digits.isdecimal()):
        raise RangeError(f"expected {expected}, got {text}{in_words}")
    number = int(digits) if len(digits) <= len(str(MAX_SIZE)) else MAX_SIZE + 1
    if number < 1:
        raise RangeError(f"expected {expected}, got {text}{in_words}")
    if number > MAX_SIZE:
        raise RangeError(f"expected numbers of at most {MAX_SIZE}, got {text}{in_words}")
    return number


def axes_of(ranges: Mapping[str, Any]) -> dict[str, Axis]:
    """The values of each symbol, checked; a value may be a number, a `range`, or any iterable of numbers.

    Raises `RangeError`, before anything of the size of the sweep is made.

    >>> axes_of({"U": range(32, 97, 32), "T": 10})
    {'U': range(32, 97, 32), 'T': (10,)}
    """
    if not ranges:
        raise RangeError("expected a symbol to go through values, got none")
    axes = {name: _axis(name, values) for name, values in ranges.items()}
    _check_number([_length(axis) for axis in axes.values()])
    for name, axis in axes.items():
        if not isinstance(axis, range) and len(set(axis)) < len(axis):
            twice = Counter(axis).most_common(1)[0][0]
            raise RangeError(f"expected every value once, got {twice} twice for {name}")
    return axes


def greatest_of(axes: Mapping[str, Axis]) -> dict[str, int]:
    """The greatest value of every symbol."""
    return {name: max(axis[0], axis[-1]) if isinstance(axis, range) else max(axis) for name, axis in axes.items()}


def kept_for(axes: Mapping[str, Axis], name: str) -> int:
    """For how many points in a row a symbol keeps its value, where the last symbol's change fastest.

    >>> kept_for({"U": (32, 64), "T": (1, 2, 3)}, "U")
    3
    """
    names = list(axes)
    return prod(len(axes[other]) for other in names[names.index(name) + 1 :])


def _axis(name: str, values: Any) -> Axis:
    if isinstance(values, int) and not isinstance(values, bool):
        values = (values,)
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise RangeError(f"expected numbers for {name}, got {values!r}")
    axis: Axis = values if isinstance(values, range) else tuple(values)
    if _length(axis) == 0:
        raise RangeError(f"expected at least one value for {name}, got none")
    ends: Sequence[Any] = (axis[0], axis[-1]) if isinstance(axis, range) else axis
    for value in ends:
        whole = hasattr(value, "__index__") and not isinstance(value, bool)
        if not whole or not 1 <= value.__index__() <= MAX_SIZE:
            raise RangeError(f"expected whole numbers from 1 to {MAX_SIZE} for {name}, got {value}")
    return axis if isinstance(axis, range) else tuple(value.__index__() for value in axis)


def _length(axis: Axis) -> int:
    # len() fails on ranges longer than a machine's word.
    if isinstance(axis, range):
        return max(0, (axis.stop - axis.start + axis.step - (1 if axis.step > 0 else -1)) // axis.step)
    return len(axis)


def _check_number(lengths: Sequence[int]) -> None:
    points = prod(lengths)
    if points > MAX_POINTS:
        product = f", {' · '.join(f'{length:,}' for length in lengths)}" if len(lengths) > 1 else ""
        raise RangeError(
            f"expected at most {MAX_POINTS:,} points, got {points:,}{product}: "
            "narrow a range, or give it a greater step"
        )
