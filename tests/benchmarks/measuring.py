"""What the benchmarks share: runs that alternate with their references, and the exponent of a growth.

A child's time is that of its processor, user and system, which tells more than the clock where a machine is busy.
"""

from __future__ import annotations

import math
import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import NamedTuple

__all__ = ["Spent", "alternating", "exponent", "spent"]


class Spent(NamedTuple):
    """What a child took: seconds of the clock, seconds of the processor, and the most memory it held, in MB."""

    clock: float
    processor: float
    memory: float


def spent(command: Sequence[str], terminal: bool = False) -> Spent:
    """Runs a command into a pipe, or on a terminal of its own; raises `CalledProcessError` where it fails."""
    read, write = pty.openpty() if terminal else os.pipe()
    start = perf_counter()
    child = subprocess.Popen(command, stdin=write if terminal else subprocess.DEVNULL, stdout=write, stderr=write)
    os.close(write)
    while _read(read):
        pass
    os.close(read)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Spent(perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _read(source: int) -> bytes:
    try:
        return os.read(source, 65536)
    except OSError:
        # A terminal whose other side is closed.
        return b""


def alternating(commands: Mapping[str, Sequence[str]], times: int, terminal: bool = False) -> dict[str, Spent]:
    """Each command's median over so many rounds, in each of which all commands run once, one after the other."""
    runs: dict[str, list[Spent]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            runs[name].append(spent(command, terminal))
    return {name: Spent(*(median(column) for column in zip(*found, strict=True))) for name, found in runs.items()}


def exponent(sizes: Sequence[float], amounts: Sequence[float]) -> float:
    """The power of the size that the amounts grow with: the slope of the line through their logarithms.

    >>> round(exponent([1, 10, 100], [3, 30, 300]), 3)
    1.0
    """
    xs, ys = [math.log(size) for size in sizes], [math.log(amount) for amount in amounts]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)
