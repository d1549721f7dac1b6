"""Bounds for one input: processor time by a timer, memory by the size of the address space."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["MEMORY", "TooSlow", "limited_memory", "limited_time", "peak_memory", "seconds_for"]

#: What an input may take beside what was there before it, in bytes.
MEMORY = 500_000_000


class TooSlow(BaseException):
    """An input took longer than it may; no `except Exception` of the code that is tried must catch it."""


def seconds_for(size: int, least: float = 1.0) -> float:
    """How long an input of so many bytes may take: a second per kilobyte, and at least one, or whatever is `least`."""
    return max(least, size / 1000)


@contextmanager
def limited_time(seconds: float) -> Iterator[None]:
    """Raises `TooSlow` from what runs longer, in processor time, which does not depend on what else runs."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TooSlow(f"more than {seconds:.1f} s")

    before = signal.signal(signal.SIGPROF, ring)
    # Rings again, should the first be lost in a destructor.
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def limited_memory(more: int = MEMORY) -> None:
    """Lets this process grow by so many bytes and no further; what wants more gets a `MemoryError`.

    For a process of its own: what was limited stays so.
    """
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def peak_memory() -> int:
    """The most bytes that this process has had in memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
