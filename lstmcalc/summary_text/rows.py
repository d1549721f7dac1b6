"""From the texts of a row's cells to the row: whatever of them can be read, and why the rest cannot."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lstmcalc.errors import Fault
from lstmcalc.patterns import lazily
from lstmcalc.summary_text.cells import (
    CountCell,
    LayerCell,
    ShapeCell,
    read_connections,
    read_count,
    read_layer,
    read_shape,
)
from lstmcalc.summary_text.pieces import Piece
from lstmcalc.summary_text.printed import PrintedRow

__all__ = ["RawRow", "build_row", "levels", "nesting"]


class RawRow:
    """One row as texts: for each kind of column its cell, one text per line; `full` holds those that fill their column.

    `words` tells that lines are broken between words only, `apart` that no connection goes on in the next line;
    `index` is the place of its first piece in the table, `kinds` are the columns where the row itself shows them.
    """

    def __init__(
        self,
        pieces: list[Piece],
        cells: dict[str, list[str]] | None = None,
        level: int = 0,
        index: int = 0,
        apart: bool = False,
    ) -> None:
        self.pieces = pieces
        self.cells: dict[str, list[str]] = {} if cells is None else cells
        self.full: set[str] = set()
        self.words = False
        self.apart = apart
        self.level = level
        self.index = index
        self.kinds: tuple[str, ...] = ()

    def add(self, kind: str, text: str) -> None:
        """Puts a text below what the cell holds."""
        if text:
            self.cells.setdefault(kind, []).append(text)

    def joined(self, kind: str) -> str:
        """A cell's text in one line."""
        return (" " if self.words else "").join(self.cells.get(kind, ()))


_DRAWN = lazily(r"(?P<indent>\s*)(?:[└╰├]─*|\|_+|`-+|\+-+|\\_+|[+?](?=\s))\s*")


def nesting(text: str) -> tuple[int | None, str]:
    """How far a drawing indents a nested row, None where nothing is drawn, and the text without the drawing.

    >>> nesting("      └ lstm (LSTM)"), nesting("lstm (LSTM)")
    ((6, 'lstm (LSTM)'), (None, 'lstm (LSTM)'))
    """
    match = _DRAWN.match(text)
    return (len(match["indent"]), text[match.end() :]) if match else (None, text)


def levels(indents: Sequence[int | None], begun: bool = True) -> list[int]:
    """The levels of rows drawn that far from the left: three blanks each, or as many as differ where blanks were lost.

    `begun` tells that the table's beginning is there, and so the first level.

    >>> levels([None, 3, 6, None]), levels([None, 1, 9, 1])
    ([0, 1, 2, 0], [0, 1, 2, 1])
    """
    drawn = sorted({indent for indent in indents if indent is not None})
    if drawn and drawn[0] in ((3,) if begun else (3, 6, 9)) and all(indent % 3 == 0 for indent in drawn):
        return [indent // 3 if indent else 0 for indent in indents]
    return [0 if indent is None else drawn.index(indent) + 1 for indent in indents]


def _layer_text(raw: RawRow) -> str:
    """Name and class in one text: a class goes on where its line ends, a name too unless lines end between words."""
    text = ""
    for part in raw.cells.get("layer", ()):
        if not text or ("(" in text and not text.endswith("(")):
            text += part
        else:
            text += f" {part}" if part.startswith("(") or raw.words else part
    if "name" in raw.cells or "class" in raw.cells:
        name, class_name = raw.joined("name") or text, raw.joined("class").strip("()")
        text = f"{name} ({class_name})" if class_name else name
    return text


def _trainable(text: str) -> bool | None:
    text = text.strip().lower()
    return True if text in ("y", "yes", "true", "✓") else False if text in ("n", "no", "false", "✗") else None


def _connected(raw: RawRow) -> str:
    """The connections in one text, a comma between those that stand on lines of their own."""
    parts = [part.strip() for part in raw.cells.get("connected", ())]
    if raw.apart:
        return ", ".join(part.rstrip(",") for part in parts)
    return (" " if raw.words else "").join(parts)


_NAME = lazily(r"[^()\[\]{}'\"]*")
_CLASS = lazily(r"(?:[A-Za-z_][\w.>-]*)?")


def _fault(raw: RawRow, layer: LayerCell, shape: ShapeCell, count: CountCell, kinds: Sequence[str]) -> Fault | None:
    """Why a part of the row cannot be read, the first of the reasons."""
    nameless = not layer.class_name and not re.search(r"[^\W\d_]", layer.name)
    if nameless or not _NAME.fullmatch(layer.name) or not _CLASS.fullmatch(layer.class_name):
        return Fault("unreadable-layer", "a name and a class, such as lstm_1 (LSTM)", f"`{_layer_text(raw)}`")
    if shape.fault:
        return shape.fault
    if unread := raw.joined("unread"):
        return Fault("unread-rest", "the rest of the row's cells", f"`{unread}`", "it fits none of them")
    if ("shape" in kinds or not kinds) and not raw.cells.get("shape"):
        return Fault("cut-row", "an output shape after the layer", "nothing")
    if ("params" in kinds or not kinds) and not raw.cells.get("params"):
        return Fault("cut-row", "a count after the output shape", "nothing")
    if count.cut:
        got = raw.joined("params").strip()
        return Fault("cut-count", "a whole count", f"`{got}`", "the column is too narrow for what follows")
    return count.fault if raw.cells.get("params") else None


def build_row(raw: RawRow, kinds: Sequence[str], class_first: bool | None = None) -> PrintedRow:
    """The row that these texts print; `kinds` are the columns that its table has."""
    kinds = raw.kinds or kinds
    layer = read_layer(_layer_text(raw), class_first, "layer" in raw.full)
    shape_text = "".join(raw.cells.get("shape", ())).strip()
    shape = read_shape(shape_text)
    params_text = raw.joined("params").strip()
    count = read_count(params_text)
    if "params" in raw.full and count.value is not None and not params_text.endswith(")"):
        count = count._replace(value=None, cut=True)
    connections, connections_cut = read_connections(_connected(raw))
    fault = _fault(raw, layer, shape, count, kinds)
    label = (layer.name, layer.class_name)
    return PrintedRow(
        line=raw.pieces[0].number,
        lines=_lines(raw.pieces),
        name=layer.name,
        class_name=layer.class_name,
        name_cut=layer.name_cut,
        class_cut=layer.class_cut or (not layer.class_name and "class" in raw.full),
        shapes=shape.shapes,
        shape_text=shape_text,
        shapes_cut=shape.cut,
        keys=shape.keys,
        params=count.value if params_text else None,
        params_text=params_text,
        built=count.built,
        connections=connections if "connected" in kinds or "connected" in raw.cells else None,
        connections_cut=connections_cut,
        trainable=_trainable(raw.joined("trainable")),
        level=raw.level,
        fault=fault._replace(layer=label) if fault else None,
    )


def _lines(pieces: Sequence[Piece]) -> tuple[str, ...]:
    seen: list[tuple[int, str]] = []
    for piece in pieces:
        if (piece.number, piece.raw) not in seen[-1:]:
            seen.append((piece.number, piece.raw))
    return tuple(line for _, raw in seen for line in raw.split("\n"))
