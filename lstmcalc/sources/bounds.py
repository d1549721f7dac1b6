"""How many faults of one source are kept and told: enough to mend it by, and no more than anyone reads."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from lstmcalc.errors import Fault, SpecError, Where

__all__ = ["MAX_FAULTS", "first_faults", "note"]

#: How many faults of one source are told. What finds more need not look for a fix of them.
MAX_FAULTS = 100
#: How long each of their texts may be, which hold what the source does.
MAX_TEXT = 2_000
#: After how many faults reading ends.
MAX_KEPT = 10_000


def note(faults: list[Fault], fault: Fault) -> None:
    """Adds a fault to those of a source; raises SpecError where they are so many that reading on is of no use."""
    faults.append(fault)
    if len(faults) >= MAX_KEPT:
        raise SpecError(first_faults(faults))


def first_faults(faults: Collection[Fault]) -> list[Fault]:
    """The faults of a source by their places, each once; of very many the first, and how many there are.

    >>> found = first_faults([Fault("wrong-size", where=Where("m.yaml", line)) for line in range(900, 0, -1)])
    >>> len(found), str(found[0].where), found[-1].got
    (101, 'm.yaml:1', '900')
    """
    found = [_shortened(fault) for fault in sorted(dict.fromkeys(faults), key=_position)]
    if len(found) <= MAX_FAULTS:
        return found
    number = f"{len(found):,}" if len(faults) < MAX_KEPT else f"at least {len(found):,}"
    more = Fault("too-many-faults", f"at most {MAX_FAULTS} faults, which are those that are told", number,
                 fix="mend the first ones, and read it again",
                 where=Where(found[0].where.file if found[0].where else None))  # fmt: skip
    return [*found[:MAX_FAULTS], more]


def _shortened(fault: Fault) -> Fault:
    cut: dict[str, Any] = {slot: f"{text[:MAX_TEXT]}…" for slot, text in fault.slots() if len(text) > MAX_TEXT}
    return fault._replace(**cut) if cut else fault


def _position(fault: Fault) -> tuple[int, int]:
    where = fault.where or Where()
    return where.line or 0, where.column or 0
