"""Where everything stands in a genuine summary, the text exactly as Keras printed it: its rows, columns and cells.

It is no reader of pastes: it knows that the text is whole, which the reader under test may not know.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

BOX = ("│", "┃", "|")
_RULE = re.compile(r"[_=\-━─┄¯+|│┃┏┓┗┛┡┩┳┻╇└┘├┤┬┴┼ ]+")
_WALL = re.compile("[│┃|]")
_ANSI = re.compile("\x1b\\[[0-9;]*m")
_TAG = re.compile(r"<[^>\n]*>")
_TOTAL = re.compile(r"\s*(Total|Trainable|Non-trainable|Optimizer) params: ([\d,.]+)")
_TITLE = re.compile(r'\s*Model: "(.*)"\s*$')
_HEADS = ("Lay", "Out", "Par", "Con", "Tra")
COLUMNS = ("layer", "shape", "params", "connections", "trainable")
TOTALS = {
    "Total": "params",
    "Trainable": "trainable_params",
    "Non-trainable": "non_trainable_params",
    "Optimizer": "optimizer_params",
}


def plain(text: str) -> str:
    """The text without colours and without a notebook's HTML, line by line the same.

    >>> plain('<pre><span style="x">dense</span> &lt;1&gt;</pre>'), plain("a\\x1b[1mb\\x1b[0m")
    ('dense <1>', 'ab')
    """
    text = _ANSI.sub("", text)
    return html.unescape(_TAG.sub("", text)) if "<pre" in text else text


@dataclass(frozen=True)
class Line:
    """One line and what it is: title, rule, head, row, blank, total or other; `row` numbers the row it belongs to."""

    text: str
    role: str
    row: int | None = None


@dataclass(frozen=True)
class Layout:
    """A genuine text taken apart; `starts` says at which column of the text each column of the table begins."""

    style: str
    lines: tuple[Line, ...]
    columns: tuple[str, ...]
    starts: tuple[int, ...]

    @cached_property
    def rows(self) -> tuple[tuple[int, ...], ...]:
        """For each row the numbers of its lines, from 0."""
        rows: dict[int, list[int]] = {}
        for number, line in enumerate(self.lines):
            if line.row is not None:
                rows.setdefault(line.row, []).append(number)
        return tuple(tuple(rows[row]) for row in sorted(rows))

    @cached_property
    def boxed(self) -> bool:
        return self.style == "boxes"

    def cells(self, row: int) -> dict[str, list[str]]:
        """The pieces of each cell of a row from top to bottom, without blanks around them; empty pieces left out."""
        found: dict[str, list[str]] = {column: [] for column in self.columns}
        for number in self.rows[row]:
            for column, piece in zip(self.columns, self.pieces(number), strict=False):
                if piece.strip():
                    found[column].append(piece.strip())
        return found

    def pieces(self, number: int) -> list[str]:
        """One line cut at the columns, blanks kept."""
        text = self.lines[number].text
        if self.boxed:
            return _WALL.split(text)[1:]
        if self.style == "blank lines" and text.startswith("|"):
            return self._nested_pieces(text)
        bounds = [*self.starts[1:], len(text)]
        return [text[start:end] for start, end in zip(self.starts, bounds, strict=True)]

    def _nested_pieces(self, text: str) -> list[str]:
        """A line within a nested model's frame, where some versions shift the columns to the left."""
        depth = len(text) - len(text.lstrip("|"))
        text = " " * depth + text[depth : len(text) - depth]
        found = list(re.finditer(r"\S(?:\S| (?! ))*", text))
        if len(found) == len(self.starts):
            return [match[0] for match in found]
        pieces = [""] * len(self.starts)
        for match in found:
            pieces[min(range(len(pieces)), key=lambda at: abs(self.starts[at] - match.start()))] += match[0]
        return pieces

    def ends(self, row: int, column: str) -> bool:
        """Whether the column has room behind what a cell shows, so that the cell cannot have been cut there."""
        at = self.columns.index(column)
        if self.style != "underscores" or at + 1 >= len(self.columns):
            return True
        cell = self.lines[self.rows[row][0]].text[self.starts[at] : self.starts[at + 1]]
        return cell.endswith("  ") or (cell.endswith(" ") and not self.gap)

    @cached_property
    def gap(self) -> bool:
        """Whether a blank stands between the columns whatever they hold, which Keras 1.0 did not see to."""
        return not any(self.touches(row) for row in range(len(self.rows)))

    def touches(self, row: int) -> bool:
        """Whether two cells of a row stand beside each other with nothing between them."""
        text = self.lines[self.rows[row][0]].text
        return not self.boxed and any(
            " " not in text[start - 1 : start + 1] and text[start - 1 : start + 1].strip() for start in self.starts[1:]
        )

    @cached_property
    def title(self) -> str:
        """The model's name, empty where it is not printed."""
        found = [match[1] for line in self.lines if line.role == "title" and (match := _TITLE.match(line.text))]
        return found[0] if found else ""

    @cached_property
    def totals(self) -> dict[str, int]:
        """The numbers below the table, by the field of PrintedTotals that they are."""
        found = {}
        for line in self.lines:
            if line.role == "total" and (match := _TOTAL.match(line.text)):
                found[TOTALS[match[1]]] = int(match[2].replace(",", "").removesuffix(".0"))
        return found


@lru_cache(maxsize=4096)
def layout(text: str) -> Layout:
    """Takes a genuine text apart."""
    lines = plain(text).split("\n")
    first = next(number for number, line in enumerate(lines) if "Layer (" in line)
    style = _style(lines[first], lines[first - 1])
    head = range(first, next(at for at in range(first, len(lines)) if _is_rule(lines[at])))
    if style == "boxes":
        head = range(next(at for at, line in enumerate(lines) if line.lstrip().startswith(BOX)), head.stop)
    starts, columns = _columns([lines[at] for at in head], style)
    marked: list[Line] = []
    row = -1
    open_row = False
    for number, line in enumerate(lines):
        role = _role(line, number, head, style)
        if role == "row" and (not open_row or style == "dashes"):
            row += 1
        open_row = role == "row"
        marked.append(Line(line, role, row if open_row else None))
    return Layout(style, tuple(marked), columns, starts)


def _style(head: str, above: str) -> str:
    if head.lstrip().startswith(BOX):
        return "boxes"
    if above.startswith("-"):
        return "dashes"
    return "blank lines" if head.startswith(" ") else "underscores"


def _columns(head: Sequence[str], style: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Where the columns of a table begin, and which they are, from the lines of its head."""
    if style == "boxes":
        cells = zip(*(_WALL.split(line)[1:] for line in head), strict=True)
        names = ["".join("".join(cell).split()) for cell in cells]
        starts = [0] * len(names)
    elif style == "blank lines":
        found = list(re.finditer(r"\S(?:\S| (?! ))*", head[0]))
        names, starts = [match[0] for match in found], [match.start() for match in found]
    else:
        starts = [at for prefix in _HEADS if (at := head[0].find(prefix)) >= 0]
        names = [head[0][at:] for at in starts]
    kept = [(start, column) for start, name in zip(starts, names, strict=True) if (column := _column(name))]
    return (0, *(start for start, _ in kept[1:])), tuple(column for _, column in kept)


def _column(name: str) -> str:
    return next(
        (
            column
            for column, head in zip(COLUMNS, _HEADS, strict=True)
            if name and name[:3] in (head, head[: len(name)])
        ),
        "",
    )


def _is_rule(line: str) -> bool:
    return len(line.strip()) > 1 and _RULE.fullmatch(line) is not None and bool(line.strip("| "))


def _role(line: str, number: int, head: range, style: str) -> str:
    if _is_rule(line):
        return "rule"
    if number in head:
        return "head"
    if _TITLE.match(line) and number < head.start:
        return "title"
    if not line.strip("| "):
        return "blank"
    if _TOTAL.match(line):
        return "total"
    if number < head.start or (style == "boxes" and not line.lstrip().startswith(BOX)):
        return "other"
    return "row"
