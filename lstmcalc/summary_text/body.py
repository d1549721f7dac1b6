"""Reads the rows between a table's header and its totals, in the way that reads most of them without a fault."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from lstmcalc.errors import Fault, Where
from lstmcalc.summary_text.columns import by_gaps, by_places, by_separators, printed_widths
from lstmcalc.summary_text.grammar import Found, consume_rest, find_rows, part_cells
from lstmcalc.summary_text.pieces import SEPARATORS, Column, Piece
from lstmcalc.summary_text.printed import PrintedRow, PrintedTotals
from lstmcalc.summary_text.rows import RawRow, build_row, nesting
from lstmcalc.summary_text.totals import settle_counts

__all__ = ["Body", "read_body"]

_READ = ("cut-count", "ambiguous-count")
_LONGEST = 100
_Way = Callable[[], tuple[list[RawRow], set[int]]]


@dataclass(frozen=True)
class Body:
    """What stands between a header and the totals; `faults` are the lines that are no rows."""

    rows: tuple[PrintedRow, ...]
    elided: tuple[int, ...] = ()
    faults: tuple[Fault, ...] = ()
    unplaced: int = 0


def _raw(found: Found, pieces: list[Piece], level: int, index: int) -> RawRow:
    cells = {"layer": [found.layer], "shape": [found.shape], "params": [found.params]}
    if found.connected:
        cells["connected"] = found.connected
    if found.trainable:
        cells["trainable"] = [found.trainable]
    return RawRow(pieces, cells, level=level, index=index, apart=not any("'" in text for text in found.connected))


def _level(before: str) -> int:
    before = before.rstrip()
    bars = len(before) - len(before.rstrip("|"))
    indent, _ = nesting(f"{before} ")
    return bars or (0 if indent is None else max(1, round(indent / 3)))


def by_grammar(
    pieces: Sequence[Piece], connected: bool, typed: bool, widths: Mapping[str, int], touching: bool
) -> tuple[list[RawRow], set[int]]:
    """The rows by what a row is, wherever its columns stand.

    `typed` tells that a header promises classes; `widths` holds how wide the columns were printed, where that is known,
    and `touching` tells that nothing parts a cell that fills its column from the next.
    """
    found: list[tuple[Found, list[Piece], int, int]] = []
    strange: set[int] = set()
    for index, piece in enumerate(pieces):
        if piece.kind != "text":
            continue
        text = " ".join(piece.text.split()) if touching else piece.text
        rows = list(find_rows(text, typed))
        if not rows and not (found and _continues(found[-1], piece, connected, not widths)):
            strange.add(index)
        before = text[: rows[0].start] if rows else ""
        if rows and before.strip(f" \t{SEPARATORS}└") and found:
            _continues(found[-1], replace(piece, text=before), connected, not widths)
        for row in rows:
            if touching:
                part_cells(row, text, widths)
            consume_rest(row, row.rest, connected, own=True, wraps=False)
            part = text[row.start : row.end + len(row.rest)] if len(rows) > 1 else ""
            place = replace(piece, raw=part.strip(), text=part, whole=False) if part else piece
            found.append((row, [place], _level(before), index))
            before = ""
    raws = [_raw(*entry) for entry in found]
    typed = typed or any("(" in row.layer for row, *_ in found)
    for raw in raws:
        if typed:
            raw.full |= {"class"} if "(" in raw.cells["layer"][0] else {"class", "layer"}
        if len(raw.cells["params"][0]) >= widths.get("params", _LONGEST) - 1:
            raw.full.add("params")
    return raws, strange


def _continues(entry: tuple[Found, list[Piece], int, int], piece: Piece, connected: bool, wraps: bool) -> bool:
    row, pieces, *_ = entry
    trial = replace(row, connected=list(row.connected))
    if not consume_rest(trial, piece.text, connected, wraps=wraps):
        return False
    row.layer, row.shape, row.params = trial.layer, trial.shape, trial.params
    row.connected[:], row.trainable = trial.connected, trial.trainable
    pieces.append(piece)
    return True


_PARTIAL = re.compile(
    r"\s*(?P<layer>[^\s()\[\]{},'\"]+\s*\([A-Za-z_][\w.>]*\)?)\s*(?P<shape>[(\[{][^()\[\]{}]*)?(?P<rest>.*)"
)
_NAMELESS = re.compile(r"\s*(?P<shape>[(\[{]?[\s\dNone,()\[\]]*[)\]}])\s*(?P<params>\d[\d,.]*)\s*$")


def _unread(piece: Piece, first: bool, last: bool) -> RawRow | None:
    """A row of which a part is missing or cannot be read; None where the piece is no row at all."""
    text = piece.text.strip(f" \t{SEPARATORS}")
    if match := _NAMELESS.fullmatch(text):
        return RawRow([piece], {"shape": [match["shape"]], "params": [match["params"]]})
    match = _PARTIAL.fullmatch(text)
    if not match or (match["rest"] and not re.match(r"[\d(\[{?]", match["shape"] or match["rest"])):
        return None
    if match["rest"]:
        return RawRow([piece], {"layer": [match["layer"]], "shape": [(match["shape"] or "") + match["rest"]]})
    return RawRow([piece], {"layer": [match["layer"]], "shape": [match["shape"]] if match["shape"] else []})


def _ways(
    pieces: Sequence[Piece], columns: Sequence[Column], drawn: str, width: int, wrapped: bool, touching: bool
) -> list[_Way]:
    """The ways that this table can be read in, the likeliest first."""
    kinds = [column.kind for column in columns]
    ways: list[_Way] = []
    if any(separator in drawn for separator in SEPARATORS) or (not columns and _barred(pieces)):
        ways.append(lambda: by_separators(pieces, columns))
    elif columns and re.search(r"\S(?:\s{2,}|#)\S", drawn.strip()):
        ways += [lambda: by_places(pieces, columns, width), lambda: by_gaps(pieces, columns)]
        if wrapped:
            ways.reverse()
    widths = {} if wrapped or any(char in drawn for char in SEPARATORS) else printed_widths(kinds, width)
    ways.append(lambda: by_grammar(pieces, "connected" in kinds, "(t" in drawn.lower(), widths, touching))
    return ways


def _barred(pieces: Sequence[Piece]) -> bool:
    return any(
        piece.kind == "text" and len(re.findall(f"[{SEPARATORS}]", piece.text.strip(f" {SEPARATORS}"))) > 1
        for piece in pieces
    )


def _kinds(columns: Sequence[Column]) -> tuple[str, ...]:
    return tuple(column.kind for column in columns)


def read_body(pieces: Sequence[Piece], header: Piece | None, totals: PrintedTotals, width: int, wrapped: bool) -> Body:
    """The rows of the pieces, as the way that reads most of them reads them; the first of equals."""
    columns = header.columns if header else ()
    drawn = header.text if header else ""
    class_first = "(name)" in drawn.lower() if header else None
    touching = "#C" in drawn or (totals.params is not None and totals.trainable_params is None)
    best: tuple[tuple[int, int, bool], list[RawRow], tuple[PrintedRow, ...], set[int]] | None = None
    for way in _ways(pieces, columns, drawn, width, wrapped, touching):
        raws, strange = way()
        rows = settle_counts([build_row(raw, _kinds(columns), class_first) for raw in raws], totals)
        whole = sum(bool(row.name) and (not row.fault or row.fault.code in _READ) for row in rows)
        score = (whole, whole - len(rows), _agrees(rows, totals))
        if best is None or score > best[0]:
            best = (score, raws, rows, strange)
        if rows and whole == len(rows) and not strange:
            break
    assert best is not None
    return _mended(pieces, columns, class_first, best[1], best[2], best[3])


def _agrees(rows: Sequence[PrintedRow], totals: PrintedTotals) -> bool:
    return sum(row.params or 0 for row in rows if not row.level) in (
        totals.params,
        (totals.params or 0) - (totals.optimizer_params or 0),
    )


def _mended(
    pieces: Sequence[Piece],
    columns: Sequence[Column],
    class_first: bool | None,
    raws: list[RawRow],
    rows: Sequence[PrintedRow],
    strange: set[int],
) -> Body:
    """The rows with what can be read of those that this way could not read, and the lines that are no rows."""
    placed = [(raw.index, row) for raw, row in zip(raws, rows, strict=True)]
    kinds, faults = _kinds(columns), []
    if columns or rows:
        last = max((index for index, piece in enumerate(pieces) if piece.kind == "text"), default=-1)
        for index in sorted(strange):
            raw = _unread(pieces[index], index == 0, index == last)
            if raw and (columns or index == last):
                placed.append((index, build_row(raw, kinds or ("layer", "shape", "params"), class_first)))
            elif columns:
                faults.append(_strange(pieces[index]))
    placed.sort(key=lambda entry: entry[0])
    starts = [index for index, _ in placed]
    elided = tuple(bisect_left(starts, index) for index, piece in enumerate(pieces) if piece.kind == "elided")
    return Body(tuple(row for _, row in placed), elided if placed else (), tuple(faults))


def _strange(piece: Piece) -> Fault:
    text = piece.text.strip()
    shown = text if len(text) <= 60 else text[:59] + "…"
    return Fault("no-row", "a layer's row", f"`{shown}`", where=Where(None, piece.number), severity="hint")
