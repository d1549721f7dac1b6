"""How well texts are read and understood: the figures that tests demand, counted row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from damage import DAMAGES, damaged
from genuine import Genuine, rows_read_exactly
from genuine_truth import TrueRow
from genuine_wanted import Wanted
from readings import holds_truth, starts_with_truth

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.report import LayerReport
from lstmcalc.summary_text import read_summary
from lstmcalc.summary_text.model import to_spec
from lstmcalc.summary_text.printed import Cut, PrintedRow
from lstmcalc.summary_text.reading import Reading


def figures_of(text: Genuine) -> Counter[str]:
    """How a genuine text is read: its rows, those read exactly, readings with the truth, models that come round."""
    readings = read_summary(text.text)
    exact, rows = rows_read_exactly([reading.table for reading in readings], text)
    figures = Counter(texts=1, rows=rows, exact=exact)
    if len(readings) == 1 and len(readings[0].rows) == rows:
        figures += _readings(readings[0], shown_rows(text), text.tables[0])
        figures["round"] += comes_round(readings[0])
    return figures


def figures_damaged(text: Genuine, damage: str) -> Counter[str]:
    """The same of a text after some damage, which no model need come through."""
    if not text.tables[0].rows:
        # An empty model has nothing that could be damaged.
        return Counter(texts=1)
    left, case = DAMAGES[damage](text.text), damaged(text, damage)
    true = shown_rows(text)
    try:
        readings = read_summary(case.text)
    except SpecError:
        return Counter(texts=1, rows=len(left.rows), failed=1)
    exact, rows = rows_read_exactly([reading.table for reading in readings], case)
    figures = Counter(texts=1, rows=rows, exact=exact)
    if len(readings) == 1 and len(readings[0].rows) == len(left.rows):
        figures += _readings(readings[0], [true[row.row] for row in left.rows], case.tables[0])
    return figures


def shown_rows(text: Genuine) -> list[TrueRow]:
    """The rows that a text prints."""
    return [row for row in text.truth.rows if not row.level or text.options.get("expand_nested")]


def _readings(reading: Reading, rows: Sequence[TrueRow], shown: Wanted) -> Counter[str]:
    """Of the rows whose arguments a summary can show: how many readings hold the truth, and how many start with it."""
    counts: Counter[str] = Counter()
    for found, row, wanted in zip(reading.rows, rows, shown.rows, strict=True):
        if not found.opaque and row.built and wanted.class_name.text:
            counts["readable"] += 1
            counts["holding"] += holds_truth(found, row)
            counts["first"] += starts_with_truth(found, row)
    return counts


def comes_round(reading: Reading) -> bool:
    """Whether the model that a reading becomes prints the table again: names, shapes and counts."""
    try:
        report = infer(to_spec(reading))
    except SpecError:
        return False
    made = [(layer.name, shapes, layer.params) for layer in report.layers for shapes in _shapes_of(layer)]
    top = [row for row in reading.table.rows if row.level == 0]
    if len(report.layers) != len(top):
        return False
    return all(any(name.startswith(row.name) and _prints(row, *rest) for name, *rest in made) for row in top)


def _shapes_of(layer: LayerReport) -> list[list[object]]:
    """The shapes that data has, and those that Keras states before it has data, which some versions print."""
    return [
        [shape for call in layer.distinct_calls for shape in call.outputs or ()],
        [shape for call in layer.distinct_calls for shape in call.believed or call.outputs or ()],
    ]


def _prints(row: PrintedRow, made: object, params: object) -> bool:
    assert isinstance(made, list)
    if row.params not in (None, params):
        return False
    if row.shapes is None:
        return True
    return any(
        all(_fits(there, here) for there, here in zip(row.shapes, made[start:], strict=False))
        for start in range(len(made) - len(row.shapes) + 1)
    )


def _fits(printed: object, made: object) -> bool:
    assert isinstance(printed, tuple) and isinstance(made, tuple)
    return len(made) >= len(printed) and all(
        there.allows(size) if isinstance(there, Cut) else there == size
        for there, size in zip(printed, made, strict=False)
    )
