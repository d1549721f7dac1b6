"""Shapes as people and programs read them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lstmcalc.dims import UNKNOWN, Size, to_python, to_text

__all__ = ["separated", "shape_to_json", "show_count", "show_shape", "show_stated", "size_to_json"]

#: A number on its own within an expression.
NUMBER = re.compile(r"(?<![\w,.])\d{4,}(?![\w,.])")


def show_shape(shape: Iterable[Size] | None) -> str:
    """A shape as Keras prints it; `?` where it cannot be known.

    >>> show_shape((None, 10)), show_shape((None,)), show_shape(None)
    ('(None, 10)', '(None,)', '?')
    """
    if shape is None:
        return "?"
    sizes = [to_text(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def show_stated(sizes: Iterable[Size | str]) -> str:
    """The sizes of one sample as a YAML file states them.

    >>> show_stated((None, "T", 10))
    '[null, T, 10]'
    """
    texts = (size if isinstance(size, str) else to_text(size) for size in sizes)
    return f"[{', '.join('null' if text == 'None' else text for text in texts)}]"


def show_count(count: Size) -> str:
    """A count with separators; an expression where it is symbolic; `?` where it is not known.

    >>> from lstmcalc.dims import symbol
    >>> show_count(91648), show_count(17_285 * symbol("U") + 1), show_count(None)
    ('91,648', '17,285·U + 1', '?')
    """
    return "?" if count is None or count is UNKNOWN else separated(to_text(count))


def separated(text: str) -> str:
    """The text of an expression with separators in its numbers.

    >>> separated("15360·T1000 - 4")
    '15,360·T1000 - 4'
    """
    return NUMBER.sub(lambda found: f"{int(found[0]):,}", text)


def size_to_json(size: Size) -> int | str | None:
    """A size in the JSON contract: a number, Python arithmetic as text, or null."""
    if size is None or size is UNKNOWN:
        return None
    return size if isinstance(size, int) else to_python(size)


def shape_to_json(shape: Iterable[Size] | None) -> list[int | str | None] | None:
    """A shape in the JSON contract."""
    return None if shape is None else [size_to_json(size) for size in shape]
