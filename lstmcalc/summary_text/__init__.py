"""A pasted `model.summary()`: read as it was printed, then understood by running the rules on it."""

from __future__ import annotations

from lstmcalc.summary_text.printed import PrintedTable
from lstmcalc.summary_text.reading import Reading

__all__ = ["Reading", "read_summary"]


def read_summary(text: str, source: str = "-") -> list[Reading]:
    """Every summary in a text, understood row by row.

    Raises SpecError where the text holds none; a row that cannot be read or fits no layer is said to be so in its
    reading, beside the others.

    >>> [reading] = read_summary("lstm_1 (LSTM)    (None, 10, 128)    91648")
    >>> reading.rows[0].candidates[0].inputs
    ((None, 10, 50),)
    """
    from lstmcalc.summary_text.tables import read_tables

    return [_understood(table, source) for table in read_tables(text, source)]


def _understood(table: PrintedTable, source: str) -> Reading:
    # Who only asks whether a text is a summary does without the rules.
    from lstmcalc.summary_text.sums import compute_totals, find_problems, freezing_of, notes_on
    from lstmcalc.summary_text.understanding import understand

    rows = understand(table)
    computed = compute_totals(table, rows)
    freezing = freezing_of(table, rows, computed)
    problems = find_problems(table, rows, computed, freezing, source)
    notes = notes_on(table, rows, computed, freezing)
    return Reading(source, table, rows, computed, tuple(problems), tuple(notes), freezing.rows or ())
