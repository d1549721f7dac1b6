"""Which layers are frozen: those whose params make up what the table has more of non-trainable ones."""

from __future__ import annotations

from collections.abc import Sequence

from lstmcalc.frozen import NamedTuple
from lstmcalc.summary_text.classes import INPUT
from lstmcalc.summary_text.reading import RowReading

__all__ = ["Freezing", "find_frozen"]

#: With more different sums of rows than this, no set of them is looked for.
MOST_SUMS = 20_000


class Freezing(NamedTuple):
    """The rows that are frozen, by their places; `possible` is false where no rows make up the number.

    `rows` is None where several sets of rows would, or where a row does not tell what it trains.
    """

    rows: tuple[int, ...] | None
    possible: bool = True


def find_frozen(rows: Sequence[RowReading], places: Sequence[int], excess: int) -> Freezing:
    """The only rows, among those at some places, that train `excess` params together."""
    trained = [(place, _trained(rows[place])) for place in places]
    if any(count is None for _, count in trained):
        return Freezing(None)
    # For every sum, the first rows that have it, or None where several sets of rows do.
    sums: dict[int, tuple[int, ...] | None] = {0: ()}
    for place, count in trained:
        for start, chosen in list(sums.items()) if count else ():
            reached = start + (count or 0)
            if reached <= excess:
                sums[reached] = None if reached in sums or chosen is None else (*chosen, place)
        if len(sums) > MOST_SUMS:
            return Freezing(None)
    return Freezing(sums[excess]) if excess in sums else Freezing((), possible=False)


def _trained(row: RowReading) -> int | None:
    """How many params of a row are trained unless it is frozen; None where that cannot be told."""
    params = row.row.params
    if not params or row.class_name == INPUT or row.row.trainable is not None:
        # Where the table says what is trained, no more is to be found out.
        return 0 if params is not None else None
    kept = row.candidates[0].untrained if row.candidates else None
    return None if kept is None else params - kept
