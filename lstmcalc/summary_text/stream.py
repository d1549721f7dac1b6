"""Reads a table's rows by what a row is, wherever its columns stand: for texts in which no column is left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from lstmcalc.summary_text.frame import Frame
from lstmcalc.summary_text.grammar import Found, consume_rest, find_rows, part_cells
from lstmcalc.summary_text.pieces import SEPARATORS, Piece
from lstmcalc.summary_text.rows import RawRow, nesting

__all__ = ["by_grammar"]

_UNKNOWN = 100
_WORDS = re.compile(r"\s*[\w./-]+(?: [\w./-]+)*\s*")


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


def by_grammar(pieces: Sequence[Piece], frame: Frame) -> tuple[list[RawRow], set[int]]:
    """The rows by what a row is, wherever its columns stand, and the pieces that are none."""
    connected, typed, widths = "connected" in frame.kinds, frame.typed, frame.widths
    wraps = not widths and not frame.fixed
    last = max((index for index, piece in enumerate(pieces) if piece.kind == "text"), default=-1)
    found: list[tuple[Found, list[Piece], int, int]] = []
    strange: set[int] = set()
    for index, piece in enumerate(pieces):
        if piece.kind != "text":
            continue
        text = " ".join(piece.text.split()) if frame.touching else piece.text
        rows = list(find_rows(text, typed))
        if index == last and not frame.ended and rows and rows[-1].shape.endswith(",") and not rows[-1].rest.strip():
            rows.pop()
        if not rows and not (found and _continues(found[-1], piece, connected, wraps)):
            strange.add(index)
        before = text[: rows[0].start] if rows else ""
        if rows and before.strip(f" \t{SEPARATORS}└"):
            went_on = found and _continues(found[-1], replace(piece, text=before), connected, wraps)
            if frame.header and piece.whole and not went_on and _WORDS.fullmatch(before):
                rows[0].layer = f"{before.strip()} {rows[0].layer}"
        for row in rows:
            if frame.touching:
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
        if len(raw.cells["params"][0]) >= widths.get("params", _UNKNOWN) - 1:
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
