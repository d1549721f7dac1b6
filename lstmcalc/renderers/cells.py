"""How many columns of a terminal a text takes."""

from __future__ import annotations

import re

__all__ = ["cell_len", "chop_cells"]

#: Signs of one column each beside those of Latin, which are nearly all that is printed; a pattern, which is compiled
#: where a text has any. A test holds it against rich's tables.
NARROW = "[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u2010-\u2027\u2190-\u22ff\u2500-\u25fc]*"


def cell_len(text: str) -> int:
    """The columns that a text takes; rich knows of wide characters, and is loaded for them alone.

    >>> cell_len("4·U²"), cell_len("模型")
    (4, 4)
    """
    if _is_narrow(text):
        return len(text)
    from rich.cells import cell_len as measured

    return measured(text)


def _is_narrow(text: str) -> bool:
    """Whether every sign takes one column."""
    if text.isprintable() and (text.isascii() or max(text) < "\u0300"):
        return True
    return bool(re.fullmatch(NARROW, text))


def chop_cells(text: str, width: int) -> list[str]:
    """A text in parts of at most `width` columns.

    >>> chop_cells("lstm", 3), chop_cells("模型", 3)
    (['lst', 'm'], ['模', '型'])
    """
    if _is_narrow(text):
        return [text[start : start + width] for start in range(0, len(text), width)]
    from rich.cells import chop_cells as chopped

    return chopped(text, width)
