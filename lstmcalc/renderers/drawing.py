"""Lines of styled text, and how they go to a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lstmcalc.renderers.cells import cell_len
from lstmcalc.steering import visible

__all__ = ["Line", "Run", "drawn", "marked", "parted"]

#: A text in one style, which is words of `CODES`, or none.
Run = tuple[str, str]
Line = Sequence[Run]

#: What a terminal is told for each word of a style.
CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
#: How far apart the stops of tabs are.
TAB = 8
QUOTED = r"`[^`]+`"


def drawn(lines: Iterable[Line], colour: bool) -> str:
    r"""Lines as text without trailing blanks; in colour it carries the codes that a terminal understands.

    Nothing in them steers the terminal, whatever the names are; colours are not text.

    >>> drawn([[("fix", "bold"), (" it\x07", "")]], colour=True)
    '\x1b[1mfix\x1b[0m it\\x07\n'
    """
    return "".join(f"{''.join(_shown(_expanded(line), colour)).rstrip()}\n" for line in lines)


def _shown(line: Line, colour: bool) -> Iterator[str]:
    for text, style in line:
        text = visible(text)
        codes = ";".join(map(CODES.__getitem__, style.split())) if colour and text else ""
        yield f"\x1b[{codes}m{text}\x1b[0m" if codes else text


def _expanded(line: Line) -> Line:
    """A line with blanks for its tabs."""
    if not any("\t" in text for text, _ in line):
        return line
    runs, column = [], 0
    for text, style in line:
        first, *others = text.split("\t")
        column += cell_len(first)
        for other in others:
            blanks = TAB - column % TAB
            first += " " * blanks + other
            column += blanks + cell_len(other)
        runs.append((first, style))
    return runs


def parted(runs: Iterable[Run]) -> list[Line]:
    r"""Runs in lines, where their text has line breaks.

    >>> parted([("a\nb", "bold"), ("c", "")])
    [[('a', 'bold')], [('b', 'bold'), ('c', '')]]
    """
    lines: list[list[Run]] = [[]]
    for text, style in runs:
        first, *others = text.split("\n")
        lines[-1].append((first, style))
        lines += ([(other, style)] for other in others)
    return list(lines)


def marked(lines: Iterable[str]) -> list[Line]:
    """Lines with what stands in backticks, which may go over two of them, in colour."""
    text, end, runs = "\n".join(line.rstrip() for line in lines), 0, []
    for found in re.finditer(QUOTED, text):
        runs += [(text[end : found.start()], ""), (found[0], "cyan")]
        end = found.end()
    return parted([*runs, (text[end:], "")])
