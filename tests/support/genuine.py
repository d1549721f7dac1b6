"""Genuine summaries of many Keras versions with the truth about each, and how exactly tables were read from them.

`genuine()` gives every text. `rows_read_exactly` and `misses` hold what a reader made of a text against what the text
shows: a cell that the print itself cut is wanted as cut, and taking it for whole is a miss.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from genuine_misses import row_misses, table_misses
from genuine_truth import Truth, truth_from
from genuine_wanted import Wanted, WantedRow, wanted

from lstmcalc.summary_text.printed import PrintedRow, PrintedTable

FOLDER = Path(__file__).parents[1] / "summaries" / "genuine"


class Text(Protocol):
    """A text, and the tables that a careful reader finds in it."""

    @property
    def text(self) -> str: ...
    @property
    def tables(self) -> tuple[Wanted, ...]: ...


@dataclass(frozen=True)
class Genuine:
    """One text as Keras printed it, with the truth. `totals`: params, trainable, non-trainable, optimizer."""

    version: str
    model: str
    variant: str
    options: Mapping[str, Any]
    text: str
    truth: Truth
    totals: tuple[int | None, ...]

    def __str__(self) -> str:
        return f"{self.version}/{self.model}{'.' if self.variant else ''}{self.variant}"

    @cached_property
    def tables(self) -> tuple[Wanted, ...]:
        """What the text shows."""
        rows = [row for row in self.truth.rows if not row.level or self.options.get("expand_nested")]
        return (wanted(self.text, self.truth.name, rows, self.totals, str(self)),)


@lru_cache(maxsize=1)
def genuine() -> tuple[Genuine, ...]:
    """Every genuine text, by version, model and variant."""
    return tuple(text for path in sorted(FOLDER.glob("*.json")) for text in _version(path))


def _version(path: Path) -> Iterator[Genuine]:
    document = json.loads(path.read_text(encoding="utf-8"))
    for model, entry in document["models"].items():
        truths = [truth_from(truth) for truth in entry["truths"]]
        for variant, text in entry["texts"].items():
            yield Genuine(
                document["version"],
                model,
                variant,
                text.get("options", {}),
                "\n".join(text["text"]),
                truths[text["truth"]],
                tuple(text["totals"]),
            )


class Score(NamedTuple):
    """How many rows were read exactly, of how many; a row that nobody printed counts as one read wrongly."""

    exact: int
    rows: int


@dataclass(frozen=True)
class Miss:
    """One thing read wrongly: in row `row` of table `table` (from 0), or in the table itself where `row` is None."""

    table: int
    row: int | None
    what: str

    def __str__(self) -> str:
        return f"table {self.table}{'' if self.row is None else f' row {self.row}'}: {self.what}"


def rows_read_exactly(tables: Sequence[PrintedTable], text: Text) -> Score:
    """Holds tables read from a text against what the text shows; `text` is a genuine one or a damaged one."""
    wrong = {(miss.table, miss.row) for miss in misses(tables, text) if miss.row is not None}
    rows = sum(len(table.rows) for table in text.tables)
    phantoms = sum(1 for table, row in wrong if table >= len(text.tables) or row >= len(text.tables[table].rows))
    return Score(rows + phantoms - len(wrong), rows + phantoms)


def misses(tables: Sequence[PrintedTable], text: Text) -> list[Miss]:
    """Everything that was read otherwise than the text shows it."""
    found = []
    demanded = [table for table in text.tables if any("row" not in row.optional for row in table.rows)]
    if not len(demanded) <= len(tables) <= len(text.tables):
        found.append(Miss(0, None, f"{len(tables)} tables read, {len(text.tables)} wanted"))
    for number, want in enumerate(text.tables):
        if number >= len(tables):
            found += [Miss(number, at, "not read") for at, row in enumerate(want.rows) if "row" not in row.optional]
            continue
        found += [Miss(number, None, what) for what in table_misses(tables[number], want)]
        for row, got, wanted_row in _paired(tables[number], want):
            if wanted_row is None and got is not None:
                found.append(Miss(number, row, f"read a row that is none: {got.lines}"))
            elif got is None and wanted_row is not None and "row" not in wanted_row.optional:
                found.append(Miss(number, row, f"not read: {wanted_row.name.text!r} on line {wanted_row.line}"))
            elif got is not None and wanted_row is not None:
                found += [Miss(number, row, f"{what} | {got.lines}") for what in row_misses(got, wanted_row)]
    for number in range(len(text.tables), len(tables)):
        found += [
            Miss(number, row, f"read a row that is none: {got.lines}") for row, got in enumerate(tables[number].rows)
        ]
    return found


def _paired(table: PrintedTable, want: Wanted) -> Iterator[tuple[int, PrintedRow | None, WantedRow | None]]:
    """The rows that belong together, by the names they begin with; rows that nobody printed are numbered behind all."""
    if len(table.rows) == len(want.rows):
        yield from (
            (row, got, wanted_row) for row, (got, wanted_row) in enumerate(zip(table.rows, want.rows, strict=True))
        )
        return
    left = [row.name for row in table.rows]
    right = [row.name.text for row in want.rows]
    pairs: dict[int, int] = {}
    for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        pairs |= {block.b + step: block.a + step for step in range(block.size)}
    for number, wanted_row in enumerate(want.rows):
        yield number, table.rows[pairs[number]] if number in pairs else None, wanted_row
    phantoms = [row for number, row in enumerate(table.rows) if number not in set(pairs.values())]
    for number, got in enumerate(phantoms[max(0, len(want.rows) - len(pairs)) :], start=len(want.rows)):
        yield number, got, None
