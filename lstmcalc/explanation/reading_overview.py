"""What is said of a whole summary: the flow of shapes, where time ends, where the params sit, and the totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from lstmcalc.dims import lower, lower_size, symbols_of
from lstmcalc.explanation.reading_facts import Facts
from lstmcalc.explanation.reading_inputs import untold_axes
from lstmcalc.explanation.reading_printed import MOST_ADDED, is_unused
from lstmcalc.explanation.reading_shapes import because
from lstmcalc.explanation.reading_words import amount_along, listed, quoted, show_input, show_printed
from lstmcalc.shapes import show_count, show_shape
from lstmcalc.summary_text.flow import parents_of
from lstmcalc.summary_text.reading import Reading, RowReading
from lstmcalc.summary_text.sums import lacks_rows

__all__ = ["Remark", "overview"]

#: A flow of more shapes than these is not shown: the rows show it.
MOST_SHAPES = 16
#: How many layers are named that have most of the params, and up to which share of all.
MOST_NAMED, ENOUGH = 3, 0.8


@dataclass(frozen=True)
class Remark:
    """A sentence on the whole, and what it is about: shapes, time, params, total, trained, note or `None`."""

    about: str
    text: str


def overview(reading: Reading, facts: Sequence[Facts | None]) -> Iterator[Remark]:
    """Everything that is said below the rows; of one row alone there is no whole."""
    rows = reading.rows
    top = [place for place, parent in enumerate(parents_of(reading.table.rows)) if parent is None]
    if len(rows) > 1:
        yield from _shapes([rows[place] for place in top], [facts[place] for place in top])
        ends = not reading.table.cut_end and len(rows) not in reading.table.elided
        yield from _time([rows[place] for place in top], [facts[place] for place in top], ends)
        yield from _largest([rows[place] for place in top], reading)
    yield from _total(reading, [rows[place] for place in top])
    yield from _not_trained(reading)
    for note in reading.notes:
        yield Remark("note", note)
    yield from _unknown(rows)


def _shapes(rows: Sequence[RowReading], facts: Sequence[Facts | None]) -> Iterator[Remark]:
    """The shapes in order, where the rows are one chain."""
    layers = [(row, fact) for row, fact in zip(rows, facts, strict=True) if row.class_name != "InputLayer"]
    chained = all(len(row.sources) <= 1 for row, _ in layers) and all(
        row.sources == (before.row.name,) for (before, _), (row, _) in pairwise(layers)
    )
    outputs = [_output(row) for row, _ in layers]
    if not chained or not layers or not all(outputs):
        return
    first, fact = layers[0]
    given = [_output(row) for row in rows if row.class_name == "InputLayer"]
    start = [show_input(lower(fact.x.shape), fact.x.axes, untold_axes(first, fact))] if fact else given[:1]
    shapes = [shape for shape, _ in groupby([*start, *outputs])]
    if 2 < len(shapes) <= MOST_SHAPES:
        yield Remark("shapes", " → ".join(shapes))


def _output(reading: RowReading) -> str:
    """The outputs of a row as they are, or as they are printed; empty where they are not known."""
    if reading.candidates:
        return ", ".join(map(show_shape, reading.candidates[0].outputs))
    row = reading.row
    return ", ".join(show_printed(shape, row.shapes_cut) for shape in row.shapes or ())


def _time(rows: Sequence[RowReading], facts: Sequence[Facts | None], ends: bool) -> Iterator[Remark]:
    """Where the steps end; or that they go on to the end, which is the model's only if the table `ends` there."""
    timed: dict[str, str] = {}
    for row, fact in zip(rows, facts, strict=True):
        if fact is None:
            continue
        steps = _steps(row, fact, timed)
        if not steps:
            continue
        if fact.made and _keeps(fact):
            timed[row.row.name] = _after(fact)
        elif len(fact.outputs[0]) < fact.x.ndim:
            why = because(fact).replace(f"the {steps}", "them") or "it lays all values of a sample in one row"
            yield Remark("time", f"The {steps} end at {quoted(row.row.name)}: {why}.")
    last = rows[-1].row.name
    if last in timed:
        number = timed[last].removesuffix("steps").removesuffix("step").strip()
        each = "the one step" if number == "1" else f"each of the {timed[last]}" if number else "every step"
        which = "layer" if ends else "row"
        yield Remark("time", f"The last {which}, {quoted(last)}, gives an output for {each}.")


def _steps(row: RowReading, fact: Facts, timed: dict[str, str]) -> str:
    """The steps that reach a row; empty where what reaches it has none."""
    if "timesteps" in fact.x.axes:
        return amount_along("timesteps", lower_size(fact.x.timesteps), 3).removeprefix("any number of ")
    return next((timed[name] for name in row.sources if name in timed and fact.x.ndim > 2), "")


def _keeps(fact: Facts) -> bool:
    """Whether the second axis of the output still goes over the steps."""
    size = fact.made[0].shape[1] if fact.made and len(fact.made[0].shape) > 2 else 0
    return fact.x.axes[1] in symbols_of(size)


def _after(fact: Facts) -> str:
    return amount_along("timesteps", lower_size(fact.outputs[0][1]), 3).removeprefix("any number of ")


def _largest(rows: Sequence[RowReading], reading: Reading) -> Iterator[Remark]:
    """The layers with most of the params, with their shares: of the model, where its total is known."""
    counts = sorted(((row.row.params or 0, row.row.name) for row in rows), key=lambda each: -each[0])
    here = sum(count for count, _ in counts)
    if len([count for count, _ in counts if count]) < 2 or here != reading.computed.get("params"):
        return
    whole, of_which = here, ""
    if _lacks_rows(reading):
        printed = _model_total(reading)
        whole = here if printed is None or printed < here else printed
        of_which = ", of the rows that are here" if whole == here else f", of the {show_count(whole)} in the total"
    named, share = [], 0.0
    for count, name in counts[:MOST_NAMED]:
        if share >= ENOUGH or not count:
            break
        share += count / whole
        named.append(f"{_percent(count, whole)} in {quoted(name)}")
    yield Remark("params", f"{listed(named)}{of_which}.")


def _lacks_rows(reading: Reading) -> bool:
    """Whether rows of the model are not in the text, or may not be: then the rows are no whole."""
    table = reading.table
    unended = (table.cut_start or table.cut_end) and table.totals.params is None
    return unended or lacks_rows(table, {"params": None, **reading.computed})


def _model_total(reading: Reading) -> int | None:
    """The printed total, without what Keras 3 counts in of the optimizer."""
    printed = reading.table.totals
    return None if printed.params is None else printed.params - (printed.optimizer_params or 0)


def _percent(part: int, whole: int) -> str:
    """A share, rounded to a tenth, and never to none or all of it.

    >>> _percent(1, 3), _percent(1, 100_000), _percent(99_999, 100_000)
    ('33.3 %', 'less than 0.1 %', 'more than 99.9 %')
    """
    tenths = round(1000 * part / whole)
    if tenths == 0 or (tenths == 1000 and part < whole):
        return "less than 0.1 %" if tenths == 0 else "more than 99.9 %"
    return f"{tenths / 10:g} %"


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


def _unknown(rows: Iterable[RowReading]) -> Iterator[Remark]:
    """What `None` stands for, once."""
    shapes = [shape for row in rows for shape in row.row.shapes or ()]
    batch = any(shape[:1] == (None,) for shape in shapes)
    inner = any(None in shape[1:] for shape in shapes)
    if batch:
        more = " Elsewhere it is a size that is left open as well." if inner else ""
        yield Remark("`None`", f"In front it is the batch: how many samples are taken at once is left open.{more}")
    elif inner:
        yield Remark("`None`", "A size that is left open until data comes.")
