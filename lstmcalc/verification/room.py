"""Whether a model fits into this machine, which ends the whole run where it does not."""

from __future__ import annotations

import os
from contextlib import suppress
from math import prod
from pathlib import Path

from lstmcalc.dims import lift_size, lower_size, substitute
from lstmcalc.report import Report
from lstmcalc.verification.comparison import evaluate
from lstmcalc.verification.trial_sizes import Trial

__all__ = ["no_room"]

#: Where Linux says how much a container may take.
CONTAINER = Path("/sys/fs/cgroup/memory.max")
#: The bytes of a number of an output; a narrower one is made from one of these.
WIDTH = 4


def no_room(report: Report, trial: Trial) -> str:
    """Why a trial is not made: its weights, or the largest output, take more than all memory; empty where it is."""
    sizes, memory = trial.sizes or {}, _memory()
    weights = lower_size(substitute(lift_size(report.totals.bytes), sizes))
    calls = (shape for layer in report.layers for call in layer.calls for shape in call.outputs or ())
    shapes = [evaluate(shape, sizes) for shape in (*(port.shape or () for port in report.inputs), *calls)]
    known = (tuple(size for size in shape[1:] if isinstance(size, int)) for shape in shapes)
    largest = max((WIDTH * trial.batch * prod(each) for each in known), default=0)
    for what, needed in (("weights", weights), ("largest output", largest)):
        if memory is not None and isinstance(needed, int) and needed > memory:
            return (
                f"not tried: its {what} take{'' if what[-1] == 's' else 's'} {needed:,} bytes, and there are {memory:,}"
            )
    return ""


def _memory() -> int | None:
    """The bytes that this process can have at most; None where the system does not say."""
    with suppress(OSError, ValueError, AttributeError):
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        with suppress(OSError, ValueError):
            return min(whole, int(CONTAINER.read_text()))
        return whole
    return None
