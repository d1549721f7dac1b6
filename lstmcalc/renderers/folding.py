"""Lines that are too long, in parts."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from rich.cells import chop_cells

__all__ = ["folded", "titled"]


def folded(line: str, width: int | None) -> Iterator[str]:
    """A line in parts of at most `width` columns, broken anywhere."""
    line = line.rstrip()
    if width is None or not line:
        yield line
    else:
        yield from chop_cells(line, max(width, 2))


def titled(text: str, width: int | None) -> list[str]:
    """A heading in lines, broken between words where it can be."""
    if width is None:
        return [text]
    return wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
