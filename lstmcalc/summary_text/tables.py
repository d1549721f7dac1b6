"""Reads the tables of a pasted text: finds where each begins and ends, and reads each in the way that reads it best."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.patterns import lazily
from lstmcalc.summary_text.body import read_body
from lstmcalc.summary_text.cells import is_class, read_shape
from lstmcalc.summary_text.cleaning import clean_lines
from lstmcalc.summary_text.foreign import foreign_fault
from lstmcalc.summary_text.frame import Frame
from lstmcalc.summary_text.grammar import find_rows
from lstmcalc.summary_text.pieces import Piece, cut_into_pieces, unstacked
from lstmcalc.summary_text.printed import PrintedRow, PrintedShape, PrintedTable
from lstmcalc.summary_text.totals import read_totals

__all__ = ["looks_like_summary", "read_tables"]


class _Block:
    """The pieces of one table: what stands above its rows, its rows, and its totals."""

    def __init__(self) -> None:
        self.top: list[Piece] = []
        self.header: Piece | None = None
        self.body: list[Piece] = []
        self.totals: list[Piece] = []
        #: How many pieces were asked whether they are rows, and whether one was.
        self.seen = 0
        self.rowed = False

    def holds_rows(self) -> bool:
        """Whether a row has been met, or what may be one where a header announced rows."""
        fresh, self.seen = [piece.text for piece in self.body[self.seen :] if piece.kind == "text"], len(self.body)
        self.rowed = self.rowed or bool(fresh and self.header) or any(map(_is_row, fresh))
        return self.rowed

    def ends_before(self, piece: Piece) -> bool:
        """Whether this piece belongs to the next table."""
        if piece.kind in ("model", "header", "input"):
            return bool(self.totals) or self.holds_rows() or (piece.kind == "header" and self.header is not None)
        return bool(self.totals) and piece.kind == "text" and _is_row(piece.text)


def _is_row(text: str) -> bool:
    return next(find_rows(text), None) is not None


def _blocks(pieces: Iterable[Piece]) -> Iterator[_Block]:
    """The pieces, parted where a table begins: at a model's name, at a header, after totals."""
    block = _Block()
    for piece in pieces:
        if block.ends_before(piece):
            yield block
            block = _Block()
        if piece.kind in ("model", "input"):
            block.top.append(piece)
        elif piece.kind == "header":
            block.header = piece
            block.top += block.body
            block.body, block.seen = [], 0
        elif piece.kind == "total":
            block.totals.append(piece)
        elif not block.totals:
            block.body.append(piece)
    if not block.totals and block.body and "Total params".startswith(block.body[-1].text.strip()):
        block.body.pop()
    yield block


_BOXES = lazily(r"[│┃┏└├┡]|\+-{3,}\+|\|-{3,}\+")


def _style(block: _Block) -> str:
    """How the table is drawn, as far as the paste shows it."""
    pieces = [*block.top, *([block.header] if block.header else []), *block.body]
    rules = [piece.text.strip() for piece in pieces if piece.kind == "rule"]
    if any(_BOXES.search(piece.text) for piece in pieces if piece.kind in ("rule", "text", "header")):
        return "boxes"
    if block.header and "(name)" in block.header.text.lower() and "|" not in block.header.text:
        return "dashes"
    if not any(rule.startswith(("===", "___")) for rule in rules):
        return ""
    return "blank lines" if _wrapped(block) else "underscores"


def _fixed(block: _Block) -> bool:
    """Whether lines stand between the rows, as where Keras cuts cells at the end of their column."""
    return any(piece.kind == "rule" and piece.text.strip().startswith("____") for piece in block.body[1:])


def _wrapped(block: _Block) -> bool:
    """Whether the table is one whose rows begin with a blank and wrap their cells, as those of tf.keras from 2.7."""
    if _fixed(block):
        return False
    if any(piece.kind == "text" and ("['" in piece.text or " []" in piece.text) for piece in block.body):
        return True
    rules = [piece.text for piece in (*block.top, *block.body) if piece.kind == "rule"]
    kinds = "".join(piece.kind[0] for piece in block.body).strip("br")
    if not block.header or not rules:
        return bool(block.header) and "b" in kinds
    indents = [len(text) - len(text.lstrip()) for text in (block.header.text, rules[0])]
    return indents[0] > indents[1] or "b" in kinds


def _read_block(block: _Block) -> PrintedTable | None:
    """The table of a block, None where it holds none."""
    totals, faults = read_totals(block.totals)
    rules = [len(piece.text.strip()) for piece in (*block.top, *block.body) if piece.kind == "rule"]
    fixed = _fixed(block)
    frame = Frame(block.header, totals, bool(block.totals), max(rules, default=0), _wrapped(block), fixed)
    body = read_body(block.body, frame)
    if not block.header and not _is_table(block, body.rows):
        return None
    if not body.rows and not block.totals and not any(piece.kind == "model" for piece in block.top):
        return None
    line = block.header.number if block.header else body.rows[0].line if body.rows else block.totals[0].number
    names = [re.findall(r"[\"'](.*)[\"']", piece.text)[0] for piece in block.top if piece.kind == "model"]
    return PrintedTable(
        line=min([line, *(piece.number for piece in block.top if piece.kind in ("model", "input"))]),
        name=" ".join(names[0].split()) if names else "",
        rows=body.rows,
        totals=totals,
        style=_style(block),
        elided=body.elided,
        cut_start=block.header is None,
        cut_end=not block.totals,
        input_shapes=_input_shapes(block.top),
        faults=(*faults, *body.faults),
    )


def _is_table(block: _Block, rows: Sequence[PrintedRow]) -> bool:
    """Whether what stands below no header is a table all the same: one row that shows what it is, or totals alone."""
    texts = sum(piece.kind == "text" for piece in block.body)
    if not rows:
        return len(block.totals) > 1
    if any(row.class_name and (not row.fault or row.fault.severity == "hint" or _is_told(row)) for row in rows):
        return True
    return texts == len(rows) and all(row.name and row.shapes and row.shapes[0][:1] == (None,) for row in rows)


def _is_told(row: PrintedRow) -> bool:
    """Whether a row that cannot be read whole is surely one all the same."""
    if is_class(row.class_name) and not row.class_cut and (row.shapes or row.params is not None):
        return True
    assert row.fault
    cells = bool(row.shape_text and row.params_text) or is_class(row.class_name)
    return row.fault.code in ("unreadable-shape", "unreadable-count") and cells


def _input_shapes(pieces: Iterable[Piece]) -> tuple[PrintedShape, ...]:
    shapes: list[PrintedShape] = []
    for piece in pieces:
        if piece.kind == "input":
            shapes += read_shape(piece.text.partition(":")[2]).shapes or ()
    return tuple(shapes)


def read_tables(text: str, source: str = "-") -> list[PrintedTable]:
    """Every summary that stands in a text, in order; a text without one is a fault that says what was looked for.

    >>> [row.name for row in read_tables("lstm_1 (LSTM) (None, 10, 128) 91648")[0].rows]
    ['lstm_1']
    """
    if not text.strip("\ufeff \t\r\n"):
        raise SpecError([Fault("empty-file", "a printed summary", "nothing", where=Where(source))])
    blocks = _blocks(unstacked(cut_into_pieces(clean_lines(text))))
    tables = [table for table in map(_read_block, blocks) if table]
    keras = any(row.class_name and not row.fault for table in tables for row in table.rows)
    if not keras and (fault := foreign_fault(text)):
        raise SpecError([fault.placed(Where(source))])
    if not tables:
        raise SpecError([_no_summary(source)])
    return [_placed(table, source) for table in tables]


def _placed(table: PrintedTable, source: str) -> PrintedTable:
    """The table, its faults with the places where they stand in the source."""
    rows = tuple(
        row._replace(fault=row.fault.placed(Where(source, row.line))) if row.fault else row for row in table.rows
    )
    faults = tuple(
        fault._replace(where=Where(source, fault.where.line if fault.where else table.line)) for fault in table.faults
    )
    return table._replace(rows=rows, faults=faults)


def _no_summary(source: str) -> Fault:
    return Fault(
        "no-summary",
        "a row such as `lstm_1 (LSTM)  (None, 10, 128)  91648`, or a header `Layer (type)  Output Shape  Param #`",
        "a text without either",
        fix="paste what `model.summary()` prints, or an error message of Keras, from its first line to its last",
        where=Where(source),
    )


_SIGN = lazily(
    r"Layer\s+\((?:type|name)\)|\bTotal params:\s*\d"
    r"|[\w./-]\s*\([A-Za-z]\w*\)[\s│|]*[(\[{]{1,3}(?:None|\?|\d+),[\s\d,Noe?]*\)[)\]}\s│|]*\d"
)
_OTHER = lazily(r"^(?:layers|inputs?|models|symbols)\s*:|\"class_name\"\s*:", re.MULTILINE)


def looks_like_summary(text: str) -> bool:
    """Whether a text is a printed summary rather than a model in a form that others read (YAML, Python, JSON).

    >>> looks_like_summary("lstm_1 (LSTM) (None, 10, 128) 91648"), looks_like_summary("layers: [LSTM: 3]")
    (True, False)
    """
    return bool(_SIGN.search(text) or foreign_fault(text)) and not _OTHER.search(text) and not _is_python(text)


#: How much of a text is parsed as Python: what has parsed takes some five hundred times as much memory.
MOST_PARSED = 100_000
#: Where a statement may begin, if no decorator stands before it.
_STATEMENT = lazily(r"^(?!except\b|finally\b)[\w@]", re.MULTILINE)


def _is_python(text: str) -> bool:
    """Whether a text is Python that says more than a string; of a long one, what stands whole at its beginning."""
    if len(text) > MOST_PARSED:
        end = text.rfind("\n", 0, MOST_PARSED) + 1
        starts = [found.start() for found in _STATEMENT.finditer(text, 0, end)]
        while len(starts) > 1 and text[starts[-2]] == "@":
            starts.pop()
        text = text[: starts[-1] if starts else 0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(not isinstance(statement, ast.Expr) for statement in statements)
