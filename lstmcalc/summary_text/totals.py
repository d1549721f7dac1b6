"""The numbers below a table: what they are, and what they settle about counts that can be read in two ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lstmcalc.errors import Fault, Where
from lstmcalc.patterns import lazily
from lstmcalc.summary_text.cells import read_count
from lstmcalc.summary_text.pieces import SEPARATORS, Piece
from lstmcalc.summary_text.printed import PrintedRow, PrintedTotals

__all__ = ["read_totals", "settle_counts"]

_WHAT = lazily(r"\s*(total|non|trainable|optimizer)", re.IGNORECASE)
_NUMBER = lazily(rf"param\w*[\s:={SEPARATORS}*]*([~≈-]?\s?\d[^({SEPARATORS}]*)", re.IGNORECASE)
_SLOTS = {
    "total": "params",
    "trainable": "trainable_params",
    "non": "non_trainable_params",
    "optimizer": "optimizer_params",
}


def read_totals(pieces: Iterable[Piece]) -> tuple[PrintedTotals, tuple[Fault, ...]]:
    """The totals that these pieces print; of one printed twice, the first."""
    found: dict[str, int] = {}
    faults = []
    for piece in pieces:
        what, number = _WHAT.match(piece.text), _NUMBER.search(piece.text)
        if not what:
            continue
        text = number[1].strip(" ,.*:") if number else ""
        count = read_count(text)
        if count.value is not None:
            found.setdefault(_SLOTS[what[1].lower()], count.value)
        elif text:
            faults += [count.fault.placed(Where(None, piece.number))] if count.fault else []
    return PrintedTotals(**found), tuple(faults)


def _sum(rows: Iterable[PrintedRow], values: dict[int, int]) -> int:
    return sum(values.get(index, row.params or 0) for index, row in enumerate(rows) if row.level == 0)


def settle_counts(rows: Sequence[PrintedRow], totals: PrintedTotals) -> tuple[PrintedRow, ...]:
    """The rows, with those counts that may be cut taken as whole where the printed total says that they are.

    A cut count is at most a tenth of the count: the counts as they stand add up to the total only if none is cut, and
    one that is more than a tenth of the total is whole.
    """
    suspects: dict[int, int] = {}
    settled = list(rows)
    for index, row in enumerate(rows):
        if totals.params is not None and row.shapes_cut and (row.params or 0) > totals.params:
            settled[index] = _run_together(row)
        elif row.fault and row.fault.code == "cut-count":
            value = read_count(row.params_text).value
            if value is not None:
                suspects[index] = value
    if totals.params is not None:
        own = totals.params - (totals.optimizer_params or 0)
        adds_up = _sum(settled, suspects) == own
        for index, value in suspects.items():
            if adds_up or value * 10 > own:
                settled[index] = settled[index]._replace(params=value, fault=None)
    return _pointed(settled)


def _pointed(rows: Sequence[PrintedRow]) -> tuple[PrintedRow, ...]:
    """The rows; a point in a count is said to be taken for a separator of thousands, unless another count shows it."""
    single = {index for index, row in enumerate(rows) if not row.fault and read_count(row.params_text).point}
    if not single or len(single) > 1 or any(row.params_text.count(".") > 1 for row in rows):
        return tuple(rows)
    return tuple(_ambiguous(row) if index in single else row for index, row in enumerate(rows))


def _run_together(row: PrintedRow) -> PrintedRow:
    got = f"`{row.shape_text}{row.params_text}`"
    fault = Fault("cut-row", "a shape and a count with a blank between", got, layer=(row.name, row.class_name))
    return row._replace(params=None, fault=fault)


def _ambiguous(row: PrintedRow) -> PrintedRow:
    fault = Fault(
        "ambiguous-count",
        "a whole count, such as 91,648",
        f"`{row.params_text}`",
        f"read as {row.params:,}, the point taken to separate thousands",
        layer=(row.name, row.class_name),
        severity="hint",
    )
    return row._replace(fault=fault)
