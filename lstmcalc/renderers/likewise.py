"""Hints that say the like of several layers."""

from __future__ import annotations

from collections.abc import Iterator

from lstmcalc.errors import Fault

__all__ = ["likewise"]


def likewise(faults: tuple[Fault, ...]) -> Iterator[tuple[Fault, tuple[str, ...]]]:
    """Errors one by one; behind them hints, those that differ in nothing but the layer and numbers as one, with the
    names of the other layers.

    >>> hints = [Fault("no-cudnn", layer=(name, "LSTM"), severity="hint") for name in ("a", "b", "b", "c")]
    >>> [(hint.layer[0], names) for hint, names in likewise(tuple(hints))]
    [('a', ('b', 'c'))]
    """
    yield from ((fault, ()) for fault in faults if fault.severity != "hint")
    hints = dict.fromkeys(fault for fault in faults if fault.severity == "hint")
    if not hints:
        return
    from lstmcalc.explanation.words import kind_of

    kinds: dict[tuple[str, ...], list[Fault]] = {}
    for fault in hints:
        kinds.setdefault(kind_of(fault), []).append(fault)
    for first, *others in kinds.values():
        names = dict.fromkeys(other.layer[0] for other in others if other.layer and other.layer != first.layer)
        yield first, tuple(names)
        # Another one of the same layer says something else.
        yield from ((other, ()) for other in others if not other.layer or other.layer == first.layer)
