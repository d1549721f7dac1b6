"""A sweep as blocks and as text: what it goes through, a row for every point, and where the model does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields

from lstmcalc.dims import to_text
from lstmcalc.measures import MEASURES
from lstmcalc.renderers.cells import cell_len
from lstmcalc.renderers.document import Block, Document, Prose, Table
from lstmcalc.renderers.document_text import document_text
from lstmcalc.renderers.lines import GAP, INDENT, table_lines
from lstmcalc.renderers.marking import code
from lstmcalc.renderers.summary_document import holds_only_if
from lstmcalc.sweeping import Column, Sweep

__all__ = ["MOST_ROWS", "axis_text", "failing_notes", "label_of", "sweep_document", "sweep_text"]

#: A page of more rows is of no use to anyone who opens it.
MOST_ROWS = 100_000
#: On a terminal so many rows are shown in full, and of more so many at the beginning and the end.
FEW, FIRST, LAST = 30, 20, 5
#: The column that says at which points the model does not hold.
HOLDS = "holds only if"
#: So many rows are put together at once: one text for each cell of a long table would take ten times its room.
PIECE = 50_000
#: As many values are listed one by one.
LISTED = 8
Row = tuple[str, ...]


def sweep_document(sweep: Sweep) -> Document:
    """A sweep with a row for every point."""
    header = _header(sweep)
    rows = tuple(zip(*_cells(sweep, range(len(sweep))), strict=True))
    places = tuple(range(len(sweep.sizes) + len(sweep.measures)))
    return Document(_title(sweep), (*_above(sweep), Table(rows, header, places), *_below(sweep)))


def sweep_text(sweep: Sweep, width: int | None = 80, colour: bool = False, few: bool = False) -> str:
    """A sweep as text; with `few` the first points and the last where there are many."""
    points = len(sweep)
    cut = few and points > FEW
    places = [*range(FIRST), *range(points - LAST, points)] if cut else range(points)
    rows = _rows(sweep, places, width, FIRST if cut else 0)
    notes = [*_below(sweep)]
    if cut:
        notes.insert(0, Prose(f"These are the first {FIRST} and the last {LAST} of {points:,} points: "
                              "`-o sweep.csv` writes all of them to a file, and a pipe gets all of them."))  # fmt: skip
    above = document_text(Document(_title(sweep).replace("`", ""), _above(sweep)), width, colour)
    below = document_text(Document("", tuple(notes)), width, colour) if notes else ""
    return "\n".join((above, *rows, "")) + (f"\n{below}" if below else "")


def label_of(name: str) -> str:
    """What a measure is called; a line break where more than its name is said."""
    return MEASURES[name].label.replace(", ", "\n", 1)


def axis_text(values: Sequence[int]) -> str:
    """The values of a symbol in short.

    >>> axis_text(range(32, 513, 32)), axis_text((50, 100)), axis_text(tuple(range(1, 10)) + (20,))
    ('32 to 512 in steps of 32', '50, 100', '10 values from 1 to 20')
    """
    if len(values) <= LISTED and not (isinstance(values, range) and len(values) > 3):
        return ", ".join(f"{value:,}" for value in values)
    if isinstance(values, range):
        steps = f" in steps of {values.step:,}" if values.step != 1 else ""
        return f"{values[0]:,} to {values[-1]:,}{steps}"
    return f"{len(values):,} values from {min(values):,} to {max(values):,}"


def failing_notes(sweep: Sweep) -> Iterator[str]:
    """Where the model does not hold, and why: a sentence for each condition."""
    points = len(sweep)
    for held, number in zip(sweep.conditions, sweep.failing, strict=True):
        if number:
            because = f", as {held.because}" if held.because else ""
            at = f"At {number:,} of {points:,} points" if points > 1 else "Here"
            yield f"{at} the model does not hold: {code(held.layer)} holds only if {code(held.text)}{because}."


def _title(sweep: Sweep) -> str:
    points = f"{len(sweep):,} points" if len(sweep) > 1 else "1 point"
    return f"Sweep: {code(sweep.name)}, {points}"


def _above(sweep: Sweep) -> tuple[Block, ...]:
    rows = [] if sweep.source in ("", "-") else [("Source", sweep.source)]
    rows += [(name, axis_text(values)) for name, values in sweep.axes.items()]
    if "memory" in sweep.measures:
        rows.append(("Memory", f"with {', '.join(_setting(sweep))}"))
    return (Table(tuple(rows)),)


def _setting(sweep: Sweep) -> Iterator[str]:
    for each in fields(sweep.setting):
        value = getattr(sweep.setting, each.name)
        if value is not None and value != "":
            text = value if isinstance(value, str) else to_text(value)
            if text != each.name:
                yield f"{each.name.replace('_', ' ')} {text}"


def _below(sweep: Sweep) -> Iterator[Block]:
    for note in failing_notes(sweep):
        yield Prose(note)
    for held in sweep.undecided:
        yield Prose(holds_only_if(held))
    yield from map(Prose, left_out_notes(sweep))


def left_out_notes(sweep: Sweep) -> Iterator[str]:
    """Which measures are left out, and why."""
    reasons: dict[str, list[str]] = {}
    for name, reason in sweep.left_out.items():
        reasons.setdefault(reason, []).append(MEASURES[name].noun)
    for reason, labels in reasons.items():
        named = " and ".join(filter(None, (", ".join(labels[:-1]), labels[-1])))
        # Params and FLOPs are several by themselves.
        yield f"{named} are left out: {reason}."


def _header(sweep: Sweep) -> Row:
    holds = (HOLDS,) if any(sweep.failing) else ()
    return (*map(code, sweep.sizes), *map(label_of, sweep.measures), *holds)


def _cells(sweep: Sweep, places: range | Sequence[int]) -> list[list[str]]:
    """The cells of the rows at some points, column by column."""
    cells = [
        ["" if number is None else f"{number:,}" for number in _at(column, places)]
        for column in (*sweep.sizes.values(), *sweep.measures.values())
    ]
    if any(sweep.failing):
        texts = ["", *(code(held.text) for held in sweep.conditions)]
        cells.append([texts[number or 0] for number in _at(sweep.fails, places)])
    return cells


def _at(column: Column, places: range | Sequence[int]) -> Iterable[int | None]:
    if isinstance(places, range):
        return column[places.start : places.stop]
    return [column[place] for place in places]


def _rows(sweep: Sweep, places: range | Sequence[int], width: int | None, gap: int) -> Iterator[str]:
    """The lines of the table, many in one text, three dots behind the first `gap` rows."""
    plain = [name.replace("`", "") for name in _header(sweep)]
    titles = [name.split("\n") for name in plain]
    widths = [max(*map(cell_len, title), size) for title, size in zip(titles, _widths(sweep, places), strict=True)]
    numbers = len(sweep.sizes) + len(sweep.measures)
    if width is not None and INDENT + sum(widths) + GAP * (len(widths) - 1) > width:
        yield from _stacked(sweep, places, width, gap, plain)
        return
    for place in range(max(map(len, titles))):
        yield _line([title[place] if place < len(title) else "" for title in titles], widths, numbers)
    yield " " * INDENT + (" " * GAP).join("─" * each for each in widths)
    if gap:
        yield from (_line(row, widths, numbers) for row in _table(sweep, places[:gap]))
        yield _line(["…"] * numbers, widths, numbers)
        yield from (_line(row, widths, numbers) for row in _table(sweep, places[gap:]))
        return
    for start in range(0, len(places), PIECE):
        yield "\n".join(_line(row, widths, numbers) for row in _table(sweep, places[start : start + PIECE]))


def _stacked(sweep: Sweep, places: range | Sequence[int], width: int, gap: int, plain: Sequence[str]) -> Iterator[str]:
    """The lines of a table that is wider than its terminal."""
    header = tuple(name.replace("\n", ", ") for name in plain)
    rows = list(_table(sweep, places))
    yield from table_lines(rows[: gap or None], width, header)
    if gap:
        yield " " * INDENT + "…"
        yield from list(table_lines(rows[gap:], width, header))[1:]


def _table(sweep: Sweep, places: range | Sequence[int]) -> Iterator[Row]:
    columns = [[cell.replace("`", "") for cell in column] for column in _cells(sweep, places)]
    return zip(*columns, strict=True)


def _widths(sweep: Sweep, places: range | Sequence[int]) -> list[int]:
    """How long the longest cell of each column is."""
    widths = []
    for column in (*sweep.sizes.values(), *sweep.measures.values()):
        present = [number for number in _at(column, places) if number is not None] or [0]
        widths.append(max(len(f"{number:,}") for number in (min(present), max(present))))
    if any(sweep.failing):
        widths.append(max(cell_len(held.text) for held in sweep.conditions))
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], numbers: int) -> str:
    """A line of the table; the columns of numbers stand to the right."""
    placed = [cell.rjust(size) for cell, size in zip(cells[:numbers], widths, strict=False)]
    return (" " * INDENT + (" " * GAP).join((*placed, *cells[numbers:]))).rstrip()
