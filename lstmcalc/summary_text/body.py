"""Reads the rows between a table's header and its totals, in the way that reads most of them without a fault."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence

from lstmcalc.errors import Fault, Where
from lstmcalc.frozen import NamedTuple
from lstmcalc.patterns import lazily
from lstmcalc.summary_text.cells import is_class
from lstmcalc.summary_text.columns import by_gaps, by_places, by_separators
from lstmcalc.summary_text.frame import Frame
from lstmcalc.summary_text.grammar import ODD_COUNT
from lstmcalc.summary_text.pieces import SEPARATORS, Piece
from lstmcalc.summary_text.printed import PrintedRow, PrintedTotals
from lstmcalc.summary_text.rows import RawRow, build_row
from lstmcalc.summary_text.stream import by_grammar
from lstmcalc.summary_text.totals import settle_counts

__all__ = ["Body", "read_body"]

_READ = ("cut-count", "ambiguous-count")
#: How many lines of a table that are no rows are told one by one.
MOST_STRANGE = 100
_Way = Callable[[], tuple[list[RawRow], set[int]]]


class Body(NamedTuple):
    """What stands between a header and the totals; `faults` are the lines that are no rows."""

    rows: tuple[PrintedRow, ...]
    elided: tuple[int, ...] = ()
    faults: tuple[Fault, ...] = ()


def _ways(pieces: Sequence[Piece], frame: Frame) -> list[_Way]:
    """The ways that this table can be read in, the likeliest first."""
    columns = frame.columns
    ways: list[_Way] = []
    if frame.barred or (not columns and any(map(_is_barred, pieces))):
        ways.append(lambda: by_separators(pieces, columns))
    elif columns and re.search(r"\S(?:\s{2,}|#)\S", frame.drawn.strip()):
        ways += [lambda: by_places(pieces, columns, frame.width), lambda: by_gaps(pieces, columns)]
        if frame.wrapped:
            ways.reverse()
    ways.append(lambda: by_grammar(pieces, frame))
    return ways


def _is_barred(piece: Piece) -> bool:
    """Whether lines part the cells of this piece, not only enclose it."""
    if piece.kind != "text" or not any(bar in piece.text for bar in SEPARATORS):
        return False
    inside = sum(map(piece.text.strip(f" {SEPARATORS}").count, SEPARATORS))
    return inside > (0 if piece.text.lstrip()[0] in SEPARATORS else 1)


class _Attempt(NamedTuple):
    """What one way reads: `strange` are the places of the pieces that it has no place for."""

    raws: Sequence[RawRow]
    rows: Sequence[PrintedRow]
    strange: set[int]
    score: tuple[int, int, int, bool]

    @property
    def whole(self) -> bool:
        return bool(self.rows) and not self.strange and not self.score[1]


def _attempt(way: _Way, frame: Frame) -> _Attempt:
    raws, strange = way()
    built = [build_row(raw, frame.kinds, frame.class_first) for raw in raws]
    rows = settle_counts(built, frame.totals)
    read = sum(
        bool(row.name or is_class(row.class_name)) and (not row.fault or row.fault.code in _READ) for row in rows
    )
    if rows and not frame.ended and rows[-1].fault and rows[-1].fault.code == "cut-row":
        read += 1
    if len(rows) > 1 and not frame.header and rows[0].fault:
        read += 1
    return _Attempt(raws, rows, strange, (read, read - len(rows), -len(strange), _agrees(rows, frame.totals)))


def _agrees(rows: Sequence[PrintedRow], totals: PrintedTotals) -> bool:
    own = (totals.params or 0) - (totals.optimizer_params or 0)
    return sum(row.params or 0 for row in rows if not row.level) in (totals.params, own)


def read_body(pieces: Sequence[Piece], frame: Frame) -> Body:
    """The rows of the pieces, as the way that reads most of them reads them; the first of equals."""
    best: _Attempt | None = None
    for way in _ways(pieces, frame):
        attempt = _attempt(way, frame)
        if best is None or attempt.score > best.score:
            best = attempt
        if attempt.whole:
            break
    assert best is not None
    return _mended(pieces, frame, best)


_PARTIAL = lazily(
    r"(?P<layer>[^\s()\[\]{},'\"]+\s*\([A-Za-z_][\w.>]*\)?)"
    rf"[\s{SEPARATORS}]*(?P<shape>[(\[{{][^()\[\]{{}}]*[)\]}}]*|multiple(?!\w)|\?)?[\s{SEPARATORS}]*(?P<params>{ODD_COUNT})?"
)
_NAMELESS = lazily(rf"(?P<shape>[(\[{{]?[\s\dNone,()\[\]]*[)\]}}])[\s{SEPARATORS}]*(?P<params>\d[\d,.]*)?")


def _unread(piece: Piece, index: int, outermost: bool) -> RawRow | None:
    """A row of which a part is missing or cannot be read; None where the piece is no row at all."""
    text = piece.text.strip(f" \t{SEPARATORS}")
    if outermost and (match := _NAMELESS.fullmatch(text)):
        return RawRow([piece], {kind: [cell] for kind, cell in match.groupdict().items() if cell}, index=index)
    match = _PARTIAL.match(text)
    if match and not outermost and not match["shape"] and not match["layer"].endswith(")"):
        return None
    if not match or (match.end() < len(text) and not match["shape"]) or (not match["shape"] and match["params"]):
        return None
    return RawRow([piece], {kind: [cell] for kind, cell in match.groupdict().items() if cell}, index=index)


def _mended(pieces: Sequence[Piece], frame: Frame, attempt: _Attempt) -> Body:
    """The rows with what can be read of those that this way could not read, and the lines that are no rows."""
    placed = [(raw.index, row) for raw, row in zip(attempt.raws, attempt.rows, strict=True)]
    kinds, faults = frame.kinds or ("layer", "shape", "params"), []
    texts = [index for index, piece in enumerate(pieces) if piece.kind == "text"]
    ends = {texts[0] if not frame.header else -1, texts[-1] if not frame.ended else -1} if texts else set()
    for index in sorted(attempt.strange):
        if not frame.header and index not in ends:
            continue
        raw = _unread(pieces[index], index, index in ends)
        if raw and (frame.header or attempt.rows or raw.cells.get("shape")):
            placed.append((index, build_row(raw, kinds, frame.class_first)))
        elif frame.header:
            faults.append(_strange(pieces[index]))
    placed.sort(key=lambda entry: entry[0])
    starts = [index for index, _ in placed]
    elided = tuple(bisect_left(starts, index) for index, piece in enumerate(pieces) if piece.kind == "elided")
    rows = [row if frame.header or row.fault else _told_apart(row) for _, row in placed]
    if rows and not frame.ended:
        rows[-1] = _ended(rows, frame)
    if any(row.connections for row in rows):
        rows = [row._replace(connections=()) if row.connections is None else row for row in rows]
    return Body(tuple(rows), elided if placed else (), _first(faults))


def _told_apart(row: PrintedRow) -> PrintedRow:
    """The row; of digits right behind a comma it is said that they are read as the count."""
    if not row.shape_text.endswith(",") or len(row.params_text) < 2 or row.params is None:
        return row
    got, because = f"`{row.shape_text} {row.params_text}`", "read as the count, though a cut size may stand before it"
    fault = Fault("ambiguous-count", "a blank between shape and count", got, because, severity="hint")
    return row._replace(fault=fault.placed(None, (row.name, row.class_name)))


def _ended(rows: Sequence[PrintedRow], frame: Frame) -> PrintedRow:
    """The last row; its count is cut where the text ends in it and every other row goes on behind its own."""
    row, ends = rows[-1], {other.lines[0][-1:] for other in rows[:-1]}
    if not row.class_name and any(other.class_name for other in rows):
        row = row._replace(name_cut=row.name_cut or frame.wrapped, class_cut=True)
    ends |= {frame.header.raw[-1:]} if frame.header else set()
    if row.params is None or row.connections or not row.lines[-1].endswith(row.params_text):
        return row
    if not ends or not ends <= {" ", *SEPARATORS}:
        return row
    fault = Fault(
        "cut-count", "a whole count", f"`{row.params_text}`", "the text ends here", layer=(row.name, row.class_name)
    )
    return row._replace(params=None, fault=fault)


def _first(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """The lines that are no rows; of very many the first, and how many more there are."""
    left = len(faults) - MOST_STRANGE
    if left < 2:
        return tuple(faults)
    got, where = f"{left:,} more lines that are none", faults[MOST_STRANGE].where
    return (*faults[:MOST_STRANGE], Fault("no-row", "a layer's row", got, where=where, severity="hint"))


def _strange(piece: Piece) -> Fault:
    text = piece.text.strip()
    shown = text if len(text) <= 60 else text[:59] + "…"
    return Fault("no-row", "a layer's row", f"`{shown}`", where=Where(None, piece.number), severity="hint")
