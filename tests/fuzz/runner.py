"""Inputs by number: made from a seed and tried, and what they find told by kind and place, the smallest of each.

The same seed and number give the same input, in any process; a chunk of numbers runs in a process of its own, which is
bounded in memory and whose end, whatever it is, is seen from outside.
"""

from __future__ import annotations

import random
import re
import time
import traceback
import warnings
from bisect import bisect
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from properties import Broken
from targets import TARGETS, Input, Target
from watchdog import TooSlow, limited_time, peak_memory, seconds_for

__all__ = ["Chunk", "Finding", "made", "run_numbers", "shrunk", "tried"]

BY_NAME = {target.name: target for target in TARGETS}
SHARES = list(accumulate(target.weight for target in TARGETS))


@dataclass
class Finding:
    """One thing that went wrong: its kind and place, the input that shows it, and how often it happened."""

    key: str
    target: str
    number: int
    data: Input
    options: str
    told: str
    times: int = 1

    def merged(self, other: Finding) -> Finding:
        """The smaller of two findings of one key, counted together."""
        smaller = self if size_of(self.data) <= size_of(other.data) else other
        return Finding(**{**vars(smaller), "times": self.times + other.times})


@dataclass
class Chunk:
    """What came of a range of numbers."""

    inputs: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)
    #: Seconds per kilobyte, target and number of the slowest input that took long enough to be measured.
    slowest: tuple[float, str, int] = (0.0, "", -1)
    peak: int = 0

    def add(self, other: Chunk) -> None:
        """Takes in what another chunk found."""
        self.inputs += other.inputs
        self.seconds += other.seconds
        for finding in other.findings.values():
            self.note(finding)
        self.slowest = max(self.slowest, other.slowest)
        self.peak = max(self.peak, other.peak)

    def note(self, finding: Finding) -> None:
        """Takes in a finding."""
        known = self.findings.get(finding.key)
        self.findings[finding.key] = known.merged(finding) if known else finding


def size_of(data: Input) -> int:
    """The size of an input, about as many bytes."""
    return sum(len(word) + 1 for word in data) if isinstance(data, list) else len(data)


def made(seed: int, number: int, only: str = "") -> tuple[Target, Input, str]:
    """The target, the input and the seed of the options of one number."""
    rng = random.Random(f"{seed}:{only}:{number}")
    target = BY_NAME[only] if only else TARGETS[bisect(SHARES, rng.random() * SHARES[-1])]
    return target, target.make(rng), f"{seed}:{number}"


def tried(target: Target, data: Input, options: str, patience: float = 1.0) -> tuple[str, str] | None:
    """What goes wrong with an input: its key and its traceback; None where nothing does.

    `patience` is how many seconds any input may take, however small.
    """
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            with limited_time(seconds_for(size_of(data), max(patience, target.least))):
                target.run(data, random.Random(options))
        except Broken as error:
            return _key_of(error), f"{error}"
        except (TooSlow, Exception) as error:
            return f"{type(error).__name__} at {_place(error)}", "".join(traceback.format_exception(error))[-6_000:]
    if warned:
        first = warned[0]
        return f"warning: {first.category.__name__} from {_short(first.filename)}", str(first.message)
    return None


def _key_of(error: Broken) -> str:
    """A broken property by its words, without what is of this input alone."""
    text = re.sub(r"'.*|\".*|\d+", "", str(error))
    return text[:90].rstrip(": ")


def _place(error: BaseException) -> str:
    """The innermost function of ours that an exception came from, and its line of code."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/lstmcalc/" in frame.filename]
    if not frames:
        frames = list(traceback.extract_tb(error.__traceback__))
    if isinstance(error, RecursionError):
        # The bottom of a recursion is anywhere: the function that stands there most often is the one.
        name, _ = Counter((frame.filename, frame.name) for frame in frames[-300:]).most_common(1)[0]
        return f"{_short(name[0])}:{name[1]}"
    frame = frames[-1]
    if isinstance(error, TooSlow):
        return f"{_short(frame.filename)}:{frame.name}"
    return f"{_short(frame.filename)}:{frame.name}: {frame.line}"


def _short(filename: str) -> str:
    return Path(filename).as_posix().rpartition("/lstmcalc/")[2]


def run_numbers(seed: int, numbers: Iterable[int], only: str = "", mark: Any = None, patience: float = 1.0) -> Chunk:
    """Tries every number; `mark` is shared memory in which the one at work is written, for who watches."""
    chunk = Chunk()
    for number in numbers:
        if mark is not None:
            mark[0] = number
        target, data, options = made(seed, number, only)
        start = time.process_time()
        wrong = tried(target, data, options, patience)
        taken = time.process_time() - start
        chunk.inputs[target.name] += 1
        chunk.seconds[target.name] += taken  # type: ignore[assignment]
        chunk.slowest = max(chunk.slowest, (taken / max(size_of(data) / 1000, 1.0), target.name, number))
        if wrong:
            chunk.note(Finding(wrong[0], target.name, number, data, options, wrong[1]))
    chunk.peak = peak_memory()
    return chunk


def shrunk(finding: Finding, attempts: int = 400) -> Finding:
    """The finding with a smaller input that shows the same."""
    target, data = BY_NAME[finding.target], finding.data
    size = max(len(data) // 2, 1)
    while size and attempts > 0:
        at = 0
        while at < len(data) and attempts > 0:
            smaller = data[:at] + data[at + size :]
            attempts -= 1
            wrong = tried(target, smaller, finding.options)
            if wrong and wrong[0] == finding.key:
                data = smaller
            else:
                at += size
        size //= 2
    return Finding(**{**vars(finding), "data": data})


@lru_cache(maxsize=1)
def warm() -> None:
    """Loads what all targets need, so that no input is charged for it."""
    for number, target in enumerate(TARGETS):
        for again in range(3):
            tried(target, target.make(random.Random(number + again)), str(again))
