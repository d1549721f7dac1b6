"""Reads a table's rows by what a row is, wherever its columns stand: for texts in which no column is left."""

from __future__ import annotations

from collections.abc import Sequence

from lstmcalc.patterns import lazily
from lstmcalc.summary_text.cells import is_class, read_count
from lstmcalc.summary_text.frame import Frame
from lstmcalc.summary_text.grammar import Found, consume_rest, find_rows, part_cells
from lstmcalc.summary_text.pieces import SEPARATORS, Piece
from lstmcalc.summary_text.rows import RawRow, nesting

__all__ = ["by_grammar"]

_Entry = tuple[Found, list[Piece], int, int]
_UNKNOWN = 100
_FOLDED = lazily(r"[()\[\]']")
_NARROWEST, _WIDEST = 8, 40
_WORDS = lazily(r"\s*[\w./-]+(?: [\w./-]+)*\s*")


def _raw(found: Found, pieces: list[Piece], level: int, index: int) -> RawRow:
    cells = {"layer": [found.layer]}
    if found.shape:
        cells["shape"] = [found.shape]
    if found.params:
        cells["params"] = [found.params]
    if found.unread:
        cells["unread"] = [found.unread]
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


def by_grammar(pieces: Sequence[Piece], frame: Frame) -> tuple[list[RawRow], set[int]]:
    """The rows by what a row is, wherever its columns stand, and the pieces that are none."""
    connected, widths = (
        "connected" in frame.kinds or (not frame.header and any(map(_is_connected, pieces))),
        frame.widths,
    )
    wraps = not widths and not frame.fixed
    found: list[_Entry] = []
    strange: set[int] = set()
    last = max((index for index, piece in enumerate(pieces) if piece.kind == "text"), default=-1)
    for index, piece in enumerate(pieces):
        if piece.kind != "text":
            continue
        text = " ".join(piece.text.split()) if frame.touching else piece.text
        rows = list(find_rows(text, frame.typed))
        if index == last and not frame.ended and rows and rows[-1].shape.endswith(",") and not rows[-1].rest.strip():
            rows[-1].shape, rows[-1].params = text[rows[-1].shape_start : rows[-1].end], ""
        before = text[: rows[0].start] if rows else text
        went_on = bool(found) and bool(_shown(before)) and _continues(found[-1], piece, before, connected, wraps)
        if not rows and not went_on:
            strange.add(index)
        elif rows and frame.header and piece.whole and not went_on and _WORDS.fullmatch(before):
            rows[0].layer = f"{before.strip()} {rows[0].layer}"
        for row in rows:
            if frame.touching and "shape" in widths:
                part_cells(row, widths["shape"])
            read = consume_rest(row, row.rest, connected, own=True, wraps=False)
            row.unread = row.rest.strip() if not read and len(rows) > 1 and _FOLDED.search(row.rest) else ""
            part = text[row.start : row.end + len(row.rest)] if len(rows) > 1 else ""
            place = piece._replace(raw=part.strip(), text=part, whole=False) if part else piece
            found.append((row, [place], _level(before) if row is rows[0] else 0, index))
    if frame.touching and not widths and frame.totals.params is not None:
        _part_by_total([row for row, *_ in found], frame.totals.params)
    return _raws(found, frame.typed, widths.get("params", _UNKNOWN)), strange


def _part_by_total(rows: Sequence[Found], total: int) -> None:
    """Parts shapes and counts that touch where only one width of the shapes makes the counts add up to the total."""
    touching = [row for row in rows if row.shape.endswith(",")]
    fitting = []
    for width in range(_NARROWEST, _WIDEST) if touching else ():
        trials = [row.copy() for row in rows]
        for row in trials:
            part_cells(row, width)
        if sum(read_count(row.params).value or 0 for row in trials) == total:
            fitting.append(width)
    for row in rows if len(fitting) == 1 else ():
        part_cells(row, fitting[0])


def _is_connected(piece: Piece) -> bool:
    return piece.kind == "text" and "][" in piece.text


def _shown(before: str) -> str:
    return before.strip(f" \t{SEPARATORS}└")


def _raws(found: Sequence[_Entry], typed: bool, width: int) -> list[RawRow]:
    """The rows found, each with the cells that may be cut: a name without a class, a count as wide as its column."""
    raws = [_raw(*entry) for entry in found]
    typed = typed or any("(" in row.layer for row, *_ in found)
    for raw in raws:
        layer = raw.cells["layer"][0]
        if typed and "(" not in layer and not is_class(layer.rpartition(" ")[2]):
            raw.full |= {"class", "layer"}
        if len(raw.joined("params")) >= width - 1:
            raw.full.add("params")
    return raws


def _continues(entry: _Entry, piece: Piece, text: str, connected: bool, wraps: bool) -> bool:
    """Gives a row what a piece, or the beginning of one, holds of it; whether all of that is its rest."""
    row, pieces, *_ = entry
    trial = row.copy()
    if not consume_rest(trial, text, connected, wraps=wraps):
        return False
    row.layer, row.shape, row.params = trial.layer, trial.shape, trial.params
    row.connected[:], row.trainable = trial.connected, trial.trainable
    pieces.append(piece if text == piece.text else piece._replace(text=text))
    return True
