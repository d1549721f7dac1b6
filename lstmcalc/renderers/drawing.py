"""What rich draws, as text."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from lstmcalc.renderers.marking import SIGNS

__all__ = ["draw", "styled"]

#: What would steer the terminal; line breaks are the renderers' own.
STEERING = {number: sign for number, sign in SIGNS.items() if number not in map(ord, "\t\n")}


def draw(content: RenderableType, width: int | None, colour: bool) -> str:
    """The content as text without trailing blanks; without a width nothing wraps, in colour it carries the codes."""
    file = StringIO()
    console = Console(file=file, width=width or 100_000, force_terminal=colour, no_color=not colour, highlight=False,
                      color_system="standard" if colour else None, legacy_windows=False)  # fmt: skip
    console.print(_Harmless(content), soft_wrap=width is None and isinstance(content, Text))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


class _Harmless:
    """Content whose text steers nothing, whatever the names in it are; colours are not text."""

    def __init__(self, content: RenderableType) -> None:
        self.content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self.content, options):
            yield Segment(segment.text.translate(STEERING), segment.style, segment.control)


def styled(lines: Iterable[str]) -> Text:
    """Lines with what stands in backticks, which may go over two of them, in colour."""
    text = Text("\n".join(line.rstrip() for line in lines))
    text.highlight_regex(r"`[^`]+`", "cyan")
    return text
