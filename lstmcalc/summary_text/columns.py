"""Reads a table's rows by where its columns stand: between separators, after gaps, or at fixed places."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from lstmcalc.patterns import lazily
from lstmcalc.summary_text.pieces import SEPARATORS, Column, Piece
from lstmcalc.summary_text.rows import RawRow, levels, nesting

__all__ = ["by_gaps", "by_places", "by_separators"]

Cells = dict[str, str]
_BAR = lazily(f"[{SEPARATORS}]")
_CHUNK = lazily(r"\S+(?:\s\S+)*")
_NESTED = lazily(r"\s*\|{1,12}(?=[\s\w])")


def _starts_row(cells: Cells, after_rule: bool, counted: bool, drawn: bool = False) -> bool:
    """Whether these cells begin a row: a count stands in its first line only; without counts, rules part the rows.

    `drawn` tells that the line is nested by a drawing, which may stand alone: Keras 3 wraps a long name behind it.
    """
    layer = cells.get("layer") or cells.get("name") or cells.get("class") or ""
    if not layer and not drawn:
        return False
    params = cells.get("params", "")
    if counted and params and not params.startswith("("):
        return True
    shaped = cells.get("shape", "")[:1] in tuple("([{m?")
    return (after_rule and not params) or (shaped and bool(re.match(r"[^(]+\(.*\)$", layer)))


def _put(rows: list[RawRow], place: tuple[int, Piece], cells: Cells, level: int, begins: bool) -> RawRow | None:
    """Adds one line's cells to the row that they belong to."""
    index, piece = place
    if begins:
        rows.append(RawRow([piece], level=level, index=index))
    elif not rows:
        return None
    else:
        rows[-1].pieces.append(piece)
    for kind, text in cells.items():
        rows[-1].add(kind, text)
    return rows[-1]


_LOOKS = (
    ("params", lazily(r"\d[\d.,'’_ ]*(?:…|\.{3})?(?:\(\w+\))?|[~≈=+-]?\s?\d[\w.,/]*(?:\s\w+)?")),
    ("shape", lazily(r"[(\[{](?!['\"])[^A-Za-z_]*(?:None.*)?|[(\[{]['\"]?\w*['\"]?:.*|\?|multiple")),
    ("connected", lazily(r".*\w\[.*")),
    ("trainable", lazily(r"[YN]")),
    ("layer", lazily(r".*\w.*")),
)
_SAMPLE = 50


def _guessed(pieces: Sequence[Piece]) -> tuple[str, ...]:
    """What the columns hold where no header tells, by what stands in them."""
    lines = [_cells_between(piece.text) for piece in pieces if piece.kind == "text"][:_SAMPLE]
    size = max((len(line) for line in lines), key=[len(line) for line in lines].count, default=0)
    kinds: list[str] = []
    met: set[str] = set()
    for column in zip(*(line for line in lines if len(line) == size), strict=True):
        seen = Counter(kind for cell in column if (kind := _look(cell.strip())))
        kind = next((kind for kind, _ in seen.most_common() if kind not in met), "")
        if kinds == ["layer"] and all(re.fullmatch(r"[A-Z]\w*", cell.strip()) for cell in column):
            kind = "class"
        if not kind and "params" in met and "connected" not in met and any(cell.strip() for cell in column):
            kind = "connected"
        kinds.append(kind)
        met.add(kind)
    return tuple(kinds) if "layer" in kinds and {"params", "shape"} & set(kinds) else ()


def _kinds(pieces: Sequence[Piece], columns: Sequence[Column]) -> tuple[str, ...]:
    """What the columns hold, as the header says; what it does not say, as the cells show."""
    named = tuple(column.kind for column in columns)
    if named and all(named):
        return named
    guessed = _guessed(pieces)
    if not named or len(named) != len(guessed):
        return named or guessed
    taken = set(named)
    return tuple(kind or (other if other not in taken else "") for kind, other in zip(named, guessed, strict=True))


def _look(cell: str) -> str:
    return next((kind for kind, pattern in _LOOKS if pattern.fullmatch(cell)), "")


def _cells_between(text: str) -> list[str]:
    cells = _BAR.split(re.sub(r"\|(_+ ?)(?=\w)", r"└ ", text))
    if cells and not cells[0].strip():
        cells = cells[1:]
    return cells[:-1] if cells and not cells[-1].strip() else cells


def _unflattened(piece: Piece, size: int) -> list[tuple[Piece, list[str]]]:
    """A piece's lines of cells; one line that holds several gives them all."""
    bars = len(_BAR.findall(piece.text))
    if size < 2 or bars < 2 * (size + 1) or bars % (size + 1) or piece.text.lstrip()[:1] not in SEPARATORS:
        return [(piece, _cells_between(piece.text) if bars else [])]
    cells = _BAR.split(piece.text.strip())[1:-1]
    lines = [cells[start : start + size] for start in range(0, len(cells), size + 1)]
    texts = ["│" + "│".join(line) + "│" for line in lines]
    return [(piece._replace(raw=text, text=text, whole=False), line) for text, line in zip(texts, lines, strict=True)]


def by_separators(pieces: Sequence[Piece], columns: Sequence[Column]) -> tuple[list[RawRow], set[int]]:
    """The rows of a table with a drawn line between its columns, and the pieces that it has no place for."""
    kinds = _kinds(pieces, columns)
    rows: list[RawRow] = []
    strange: set[int] = set()
    indents: list[int | None] = []
    after_rule = True
    for index, piece in enumerate(pieces):
        if piece.kind != "text":
            after_rule |= piece.kind == "rule"
            continue
        for part, texts in _unflattened(piece, len(kinds)):
            if 1 < len(texts) < len(kinds):
                missing = [""] * (len(kinds) - len(texts))
                begun = part.text.lstrip()[:1] in SEPARATORS or part.text[-1:] not in SEPARATORS
                texts = [*texts, *missing] if begun else [*missing, *texts]
            if len(texts) != len(kinds) or len(texts) < 2:
                strange.add(index)
                continue
            cells = dict(zip(kinds, texts, strict=True))
            indent, cells["layer"] = nesting(cells.get("layer", "").removeprefix(" "))
            cells = {kind: text.strip() for kind, text in cells.items() if kind}
            begins = _starts_row(cells, after_rule, "params" in kinds, indent is not None)
            if row := _put(rows, (index, part), cells, 0, begins):
                row.words, row.kinds = True, kinds
            else:
                strange.add(index)
            indents += [indent] if begins else []
            after_rule = False
    for row, level in zip(rows, levels(indents, bool(columns)), strict=True):
        row.level = level
    return rows, strange


def _without_bars(text: str) -> tuple[int, str]:
    """How many lines drawn at the left nest a row, and the text with blanks in place of the drawing."""
    match = _NESTED.match(text)
    if not match:
        return 0, text
    bars = match[0].count("|")
    end = text.rstrip()
    end = end.rstrip("|") if end.endswith("|") else end
    return bars, " " * match.end() + end[match.end() :]


def by_gaps(pieces: Sequence[Piece], columns: Sequence[Column]) -> tuple[list[RawRow], set[int]]:
    """The rows of a table with two blanks or more between its columns, its cells wrapped over lines."""
    rows: list[RawRow] = []
    strange: set[int] = set()
    starts = [(column.start, column.kind) for column in columns]
    parted = any(piece.kind == after.kind == "text" for piece, after in pairwise(pieces))
    apart = True
    for index, piece in enumerate(pieces):
        if piece.kind != "text":
            apart |= parted and piece.kind in ("blank", "rule")
            continue
        level, text = _without_bars(piece.text)
        cells: Cells = _lone_connection(text, columns)
        for match in () if cells else _CHUNK.finditer(text):
            far, kind = min((abs(start - match.start()), kind) for start, kind in starts)
            indent, chunk = nesting(" " * far + match[0]) if kind == "layer" else (None, match[0])
            level = level if indent is None else max(1, round(indent / 3))
            if kind in cells or (far > 3 + 2 * level and indent is None):
                strange.add(index)
            cells[kind] = chunk.strip()
        after = bool(rows) and (apart or not parted)
        begins = _starts_row(cells, after, True) and (apart or not rows or _is_whole(rows[-1]))
        if index in strange or not _put(rows, (index, piece), cells, level, begins):
            strange.add(index)
        apart = False
    return rows, strange


_LONE = lazily(r"[^\s()\[\]']+\[\d*(?:\](?:\[\d*\]?)?)?")


def _lone_connection(text: str, columns: Sequence[Column]) -> Cells:
    """The connection that is all of a line, also where the blanks before it were lost."""
    lone = any(column.kind == "connected" for column in columns) and _LONE.fullmatch(text.strip())
    return {"connected": text.strip()} if lone else {}


def _is_whole(row: RawRow) -> bool:
    """Whether nothing of the row's layer and shape is missing, so that what follows is another row."""
    shape = "".join(row.cells.get("shape", ()))
    return "".join(row.cells.get("layer", ())).endswith(")") and all(
        shape.count(opening) <= shape.count(closing) for opening, closing in ("()", "[]", "{}")
    )


def _blanked(texts: Sequence[str], places: Sequence[int]) -> bool:
    """Whether the last place of every column is blank, so that a text one shorter than its column fills it."""
    return all(text[place - 1 : place].isspace() for text in texts for place in places if len(text) >= place)


_LAYER_LIKE = lazily(r"[^\s()\[\]']+(?:\s?\([\w.>]*\)?)?")


def _row_like(cells: Cells) -> bool:
    """Whether the cells of a line can be a row's, though perhaps the end is missing."""
    shape = cells.get("shape", "")
    if not shape and not cells.get("params"):
        return bool(_LAYER_LIKE.fullmatch(cells["layer"]))
    return shape[:1] in tuple("([{m?") or not shape


def by_places(pieces: Sequence[Piece], columns: Sequence[Column], width: int) -> tuple[list[RawRow], set[int]]:
    """The rows of a table whose cells are cut where the next column begins; `width` is that of the table."""
    rows: list[RawRow] = []
    strange: set[int] = set()
    starts = [column.start for column in columns]
    ends = [*starts[1:], max(starts[0] + width, starts[-1] + 1) if width else sys.maxsize]
    spare = 1 if _blanked([piece.text for piece in pieces if piece.kind == "text"], starts[1:]) else 0
    for index, piece in enumerate(pieces):
        if piece.kind != "text":
            continue
        cells, full = {}, set()
        for number, (column, start, end) in enumerate(zip(columns, starts, ends, strict=True)):
            last = number == len(starts) - 1
            cell = piece.text[start : None if last else end]
            cells[column.kind] = cell.strip()
            if len(cell.rstrip()) >= end - start - (0 if last else spare):
                full.add(column.kind)
        cells = _lone_connection(piece.text, columns) or cells
        begins = bool(cells.get("layer"))
        if begins and not _row_like(cells):
            strange.add(index)
        elif row := _put(rows, (index, piece), cells, 0, begins):
            row.full |= full | {"class"}
            row.apart = True
        else:
            strange.add(index)
    return rows, strange
