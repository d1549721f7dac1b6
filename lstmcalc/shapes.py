"""Shapes as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterable

from lstmcalc.dims import UNKNOWN, Size, to_python, to_text

__all__ = ["shape_to_json", "show_count", "show_shape", "show_stated", "size_to_json"]


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

    >>> show_count(91648), show_count(None)
    ('91,648', '?')
    """
    if count is None or count is UNKNOWN:
        return "?"
    return f"{count:,}" if isinstance(count, int) else to_text(count)


def size_to_json(size: Size) -> int | str | None:
    """A size in the JSON contract: a number, Python arithmetic as text, or null."""
    if size is None or size is UNKNOWN:
        return None
    return size if isinstance(size, int) else to_python(size)


def shape_to_json(shape: Iterable[Size] | None) -> list[int | str | None] | None:
    """A shape in the JSON contract."""
    return None if shape is None else [size_to_json(size) for size in shape]
