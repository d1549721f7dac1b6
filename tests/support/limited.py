"""A limit on what the processor may spend, for texts on which a careless pattern would never end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["at_most"]


@contextmanager
def at_most(seconds: int = 20) -> Iterator[None]:
    """Fails where the processor is at work for longer; a pattern lets go of it only when it is done."""

    def ended(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"takes longer than {seconds} s")

    before = signal.signal(signal.SIGPROF, ended)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
