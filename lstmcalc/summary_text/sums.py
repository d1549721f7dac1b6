"""The totals of a table: recomputed from its rows, and held against those that it prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lstmcalc.errors import Fault, Where
from lstmcalc.shapes import show_count
from lstmcalc.summary_text.classes import INPUT
from lstmcalc.summary_text.flow import parents_of
from lstmcalc.summary_text.freezing import Freezing, find_frozen
from lstmcalc.summary_text.printed import PrintedTable
from lstmcalc.summary_text.reading import RowReading

__all__ = ["compute_totals", "find_problems", "freezing_of", "lacks_rows", "notes_on"]

Totals = dict[str, int | None]


def compute_totals(table: PrintedTable, rows: Sequence[RowReading]) -> Totals:
    """The totals of the rows that are there, those of a nested model once; None for what they do not tell."""
    parents = parents_of(table.rows)
    top = [row for row, parent in zip(rows, parents, strict=True) if parent is None]
    params = _sum([row.row.params for row in top])
    frozen = _frozen(rows, parents)
    known = params is not None and frozen is not None
    return {
        "params": params,
        "trainable_params": params - frozen if known and params is not None and frozen is not None else None,
        "non_trainable_params": frozen if known else None,
    }


def lacks_rows(table: PrintedTable, computed: Totals) -> bool:
    """Whether rows of the table are not in the text: it says so, or is cut and has a total that is greater."""
    if table.elided:
        return True
    total, there = _model_total(table), computed["params"]
    return (table.cut_start or table.cut_end) and total is not None and there is not None and total > there


def _counted_twice(table: PrintedTable, computed: Totals) -> bool:
    """Whether Keras counts frozen layers twice, as Keras 2 does where they were frozen after `compile`."""
    model, frozen = _model_total(table), table.totals.non_trainable_params
    rows = computed["params"]
    if table.style != "underscores" or not frozen or model is None or rows is None:
        return False
    return model - rows == frozen and table.totals.trainable_params == rows


def _model_total(table: PrintedTable) -> int | None:
    """The printed total, without what Keras 3 counts in of the optimizer."""
    total = table.totals.params
    return None if total is None else total - (table.totals.optimizer_params or 0)


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _children(parents: Sequence[int | None]) -> dict[int | None, list[int]]:
    """The places of the rows of each nested model, and of those of the model itself."""
    children: dict[int | None, list[int]] = {}
    for place, parent in enumerate(parents):
        children.setdefault(parent, []).append(place)
    return children


def _frozen(rows: Sequence[RowReading], parents: Sequence[int | None]) -> int | None:
    """How many params of the whole model no training changes; None where that cannot be told."""
    children = _children(parents)
    frozen: list[int | None] = [None] * len(rows)
    # From the last row up: the rows of a nested model stand below its own, however deep they are nested.
    for place in range(len(rows) - 1, -1, -1):
        row = rows[place]
        if not row.row.params or row.class_name == INPUT or row.row.trainable is False:
            frozen[place] = row.row.params
        elif place in children:
            frozen[place] = _sum([frozen[index] for index in children[place]])
        elif row.candidates:
            frozen[place] = row.candidates[0].untrained
    return _sum([frozen[index] for index in children.get(None, [])])


def freezing_of(table: PrintedTable, rows: Sequence[RowReading], computed: Totals) -> Freezing:
    """The rows that must be frozen for the table to have as many non-trainable params as it says."""
    printed, own = table.totals.non_trainable_params, computed["non_trainable_params"]
    if printed is None or own is None or lacks_rows(table, computed) or _counted_twice(table, computed):
        return Freezing(())
    if printed < own:
        return Freezing((), possible=False)
    top = [place for place, parent in enumerate(parents_of(table.rows)) if parent is None]
    return find_frozen(rows, top, printed - own)


def find_problems(
    table: PrintedTable, rows: Sequence[RowReading], computed: Totals, freezing: Freezing, source: str
) -> list[Fault]:
    """What contradicts itself in a table: its totals, and nested models against their rows."""
    where = Where(source, table.line)
    faults = [*_sums(table, computed), *_nested(rows, parents_of(table.rows))]
    # Where the sum is wrong already, so is what is left of it.
    if not faults and not freezing.possible:
        faults.append(_impossible(table, computed))
    return [*table.faults, *(fault.placed(where) for fault in faults)]


def _sums(table: PrintedTable, computed: Totals) -> Iterator[Fault]:
    printed = table.totals
    model = _model_total(table)
    rows = computed["params"]
    twice = _counted_twice(table, computed)
    if model is not None and rows is not None and rows != model and not twice and not lacks_rows(table, computed):
        yield Fault("wrong-total", f"{show_count(rows)}, the sum of the rows", show_count(model),
                    f"the rows have {_apart(rows, model)} than the total says: a row or the total was changed, or rows "
                    "are missing or share weights")  # fmt: skip
    if twice:
        return
    if model is not None and printed.trainable_params is not None and printed.non_trainable_params is not None:
        parts = printed.trainable_params + printed.non_trainable_params
        if parts != model:
            yield Fault("wrong-total", f"{show_count(parts)}, the trainable and the non-trainable params together",
                        f"{show_count(model)} as the total")  # fmt: skip


def _impossible(table: PrintedTable, computed: Totals) -> Fault:
    printed, own = table.totals.non_trainable_params or 0, computed["non_trainable_params"] or 0
    if printed < own:
        expected = f"at least {show_count(own)} non-trainable params, which its layers never train"
        return Fault("wrong-total", expected, show_count(printed))
    because = f"{show_count(own)} are never trained, and no set of layers has the other {show_count(printed - own)}"
    return Fault("wrong-total", "as many non-trainable params as whole layers have", show_count(printed), because)


def _apart(one: int, other: int) -> str:
    return f"{show_count(abs(one - other))} {'more' if one > other else 'fewer'}"


def _nested(rows: Sequence[RowReading], parents: Sequence[int | None]) -> Iterator[Fault]:
    for place, inside in _children(parents).items():
        count = _sum([rows[index].row.params for index in inside])
        row = rows[place or 0]
        if place is not None and count is not None and row.row.params is not None and count != row.row.params:
            yield Fault("wrong-total", f"{show_count(count)}, the sum of its rows", show_count(row.row.params),
                        layer=(row.row.name, row.class_name))  # fmt: skip


def notes_on(table: PrintedTable, rows: Sequence[RowReading], computed: Totals, freezing: Freezing) -> list[str]:
    """What is worth knowing of the totals: the optimizer's share, frozen layers, rows that are not there."""
    return [*_optimizer(table), *_freezing(table, rows, computed, freezing), *_missing(table, computed)]


def _optimizer(table: PrintedTable) -> Iterator[str]:
    optimizer, whole = table.totals.optimizer_params, table.totals.params
    if not optimizer or whole is None:
        return
    yield (f"Of the {show_count(whole)} that Keras 3 calls total params, {show_count(optimizer)} are the optimizer's "
           f"own; the model has {show_count(whole - optimizer)}.")  # fmt: skip
    trained = table.totals.trainable_params
    if trained:
        each, rest = divmod(optimizer, trained)
        if rest <= 4 and each in (1, 2):
            keeps = {1: "one number", 2: "two numbers"}[each]
            like = {1: "SGD with momentum or RMSprop", 2: "Adam"}[each]
            yield (f"{show_count(optimizer)} = {each}·{show_count(trained)} + {rest}: {keeps} for every trainable "
                   f"param, as {like} keeps, and {rest} of its own.")  # fmt: skip


def _freezing(table: PrintedTable, rows: Sequence[RowReading], computed: Totals, frozen: Freezing) -> Iterator[str]:
    printed, own = table.totals.non_trainable_params, computed["non_trainable_params"]
    if lacks_rows(table, computed):
        return
    if _counted_twice(table, computed) and printed:
        yield (f"Keras counts {show_count(printed)} params twice here: their layers were frozen after `compile`. The "
               f"model has {show_count(computed['params'])}.")  # fmt: skip
        return
    if frozen.rows:
        names = ", ".join(f'"{rows[place].row.name}"' for place in frozen.rows)
        which = "this layer is" if len(frozen.rows) == 1 else "these layers are"
        yield f"Of the {show_count(printed)} non-trainable params, {which} frozen (`trainable: false`): {names}."
    elif frozen.possible and printed is not None and own is not None and printed > own:
        yield (f"Its layers themselves keep {show_count(own)} params from training; the table has "
               f"{show_count(printed)} non-trainable ones, so some are frozen (`trainable: false`).")  # fmt: skip


def _missing(table: PrintedTable, computed: Totals) -> Iterator[str]:
    total, there = _model_total(table), computed["params"]
    if total is None or there is None or not lacks_rows(table, computed):
        return
    if table.elided:
        yield f"The rows that are not in the text have {show_count(total - there)} params together."
    else:
        yield (f"The rows add up to {show_count(there)}, {show_count(total - there)} fewer than the total: rows are "
               "missing where the text is cut, or a number was changed.")  # fmt: skip
