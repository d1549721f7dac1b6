"""What is said of a whole summary: the flow of shapes, where time ends, where the params sit, and the totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lstmcalc.dims import lower
from lstmcalc.explanation.facts import Facts
from lstmcalc.explanation.readings.inputs import untold_axes
from lstmcalc.explanation.readings.printed import MOST_ADDED, is_unused, show_printed
from lstmcalc.explanation.whole import Member, Remark, flow, open_sizes, shares, time
from lstmcalc.explanation.words import listed, show_input
from lstmcalc.shapes import show_count, show_shape
from lstmcalc.summary_text.flow import parents_of
from lstmcalc.summary_text.reading import Reading, RowReading
from lstmcalc.summary_text.sums import lacks_rows

__all__ = ["Remark", "overview"]


def overview(reading: Reading, facts: Sequence[Facts | None]) -> Iterator[Remark]:
    """Everything that is said below the rows; of one row alone there is no whole."""
    rows = reading.rows
    top = [place for place, parent in enumerate(parents_of(reading.table.rows)) if parent is None]
    if len(rows) > 1:
        members = [_member(rows[place], facts[place]) for place in top]
        yield from flow(members)
        ends = not reading.table.cut_end and len(rows) not in reading.table.elided
        yield from time(members, {members[-1].name: "The last layer" if ends else "The last row"})
        yield from _largest([rows[place] for place in top], reading)
    yield from _total(reading, [rows[place] for place in top])
    yield from _not_trained(reading)
    for note in reading.notes:
        yield Remark("note", note)
    yield from open_sizes(shape for row in rows for shape in row.row.shapes or ())


def _member(row: RowReading, facts: Facts | None) -> Member:
    reads = show_input(lower(facts.x.shape), facts.x.axes, untold_axes(row, facts)) if facts else ""
    return Member(row.row.name, row.class_name, row.sources, reads, _output(row), facts)


def _output(reading: RowReading) -> str:
    """The outputs of a row as they are, or as they are printed; empty where they are not known."""
    if reading.candidates:
        return ", ".join(map(show_shape, reading.candidates[0].outputs))
    row = reading.row
    return ", ".join(show_printed(shape, row.shapes_cut) for shape in row.shapes or ())


def _largest(rows: Sequence[RowReading], reading: Reading) -> Iterator[Remark]:
    """The layers with most of the params, with their shares: of the model, where its total is known."""
    counts = [(row.row.params or 0, row.row.name) for row in rows]
    here = sum(count for count, _ in counts)
    if len([count for count, _ in counts if count]) < 2 or here != reading.computed.get("params"):
        return
    whole, of_which = here, ""
    if _lacks_rows(reading):
        printed = _model_total(reading)
        whole = here if printed is None or printed < here else printed
        of_which = ", of the rows that are here" if whole == here else f", of the {show_count(whole)} in the total"
    yield Remark("params", f"{listed(shares(counts, whole))}{of_which}.")


def _lacks_rows(reading: Reading) -> bool:
    """Whether rows of the model are not in the text, or may not be: then the rows are no whole."""
    table = reading.table
    unended = (table.cut_start or table.cut_end) and table.totals.params is None
    return unended or lacks_rows(table, {"params": None, **reading.computed})


def _model_total(reading: Reading) -> int | None:
    """The printed total, without what Keras 3 counts in of the optimizer."""
    printed = reading.table.totals
    return None if printed.params is None else printed.params - (printed.optimizer_params or 0)


def _total(reading: Reading, rows: Sequence[RowReading]) -> Iterator[Remark]:
    """The sum of the rows, and whether it is the printed one."""
    computed, printed = reading.computed.get("params"), reading.table.totals
    unbuilt = [row for row in rows if not row.row.built and not is_unused(row.row)]
    if unbuilt and not any(row.row.params for row in rows):
        yield Remark("total", "There is no total yet: layers that are not built have no weights.")
        return
    if computed is None or (len(reading.rows) == 1 and printed.params is None):
        return
    counts = [row.row.params for row in rows if row.row.params]
    steps = f"{' + '.join(map(show_count, counts))} =" if 1 < len(counts) <= MOST_ADDED else "The rows add up to"
    model = _model_total(reading)
    if model is None:
        verdict = "; no total is printed"
    elif model != computed:
        all_rows = f"; with the rows that are not here, the table says {show_count(model)}"
        verdict = all_rows if _lacks_rows(reading) else f", where the table says {show_count(model)}"
    else:
        verdict = (
            ", as the table says" if not printed.optimizer_params else ", as the table says without the optimizer's"
        )
    yield Remark("total", f"{steps} {show_count(computed)}{verdict}.")


def _not_trained(reading: Reading) -> Iterator[Remark]:
    frozen, printed = reading.computed.get("non_trainable_params"), reading.table.totals.non_trainable_params
    if frozen and frozen == printed:
        yield Remark("trained", f"{show_count(frozen)} params are not trained, as the table says.")
