"""The largest batch whose training step fits in a given memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lstmcalc.dims import UNKNOWN, Dim, symbols_of
from lstmcalc.memory import Setting, memory_of
from lstmcalc.report import Report

__all__ = ["Fit", "fit_of"]


@dataclass(frozen=True)
class Fit:
    """The largest batches that fit in `budget` bytes: `surely` if a backend takes the most, `perhaps` if the least.

    A batch is None where any fits, and where it is not known: because of `open_sizes`, or because what the model keeps
    cannot be known (`unknown`).
    """

    budget: int
    surely: int | None = None
    perhaps: int | None = None
    open_sizes: tuple[str, ...] = ()
    unknown: bool = False


def fit_of(report: Report, setting: Setting, budget: int) -> Fit:
    """The largest batch that fits: with one sample more, it does not.

    >>> from lstmcalc import infer, load
    >>> fit_of(infer(load("specs/forecast.yaml")), Setting(), 8_000_000_000).surely
    24167
    """
    fixed, one = (memory_of(report, replace(setting, batch=batch)) for batch in (0, 1))
    ends: tuple[tuple[Dim, Dim], ...] = ((fixed.most, one.most), (fixed.least, one.least))
    open_sizes = sorted({name for pair in ends for size in pair for name in symbols_of(size)})
    if open_sizes:
        return Fit(budget, open_sizes=tuple(open_sizes))
    surely, perhaps = (_largest(budget, base, with_one) for base, with_one in ends)
    return Fit(budget, surely, perhaps, unknown=any(size is UNKNOWN for pair in ends for size in pair))


def _largest(budget: int, base: Dim, with_one: Dim) -> int | None:
    if not isinstance(base, int) or not isinstance(with_one, int) or with_one == base:
        return None
    return max((budget - base) // (with_one - base), 0)
