"""What rich draws, as text."""

from __future__ import annotations

from io import StringIO

from rich.console import Console, RenderableType
from rich.text import Text

__all__ = ["draw"]


def draw(content: RenderableType, width: int | None, colour: bool) -> str:
    """The content as text without trailing blanks; without a width nothing wraps, in colour it carries the codes."""
    file = StringIO()
    console = Console(file=file, width=width or 100_000, force_terminal=colour, no_color=not colour, highlight=False,
                      color_system="standard" if colour else None, legacy_windows=False)  # fmt: skip
    console.print(content, soft_wrap=width is None and isinstance(content, Text))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"
