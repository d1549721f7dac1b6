"""What solving found, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lstmcalc.dims import Dim
from lstmcalc.errors import Fault
from lstmcalc.measures import MEASURES, Measure
from lstmcalc.memory import Setting
from lstmcalc.report import Holds, Report

__all__ = ["GOALS", "Answer", "Budget", "Solution"]

#: What is asked of a budget: to stay within it, to meet it, to come near it.
GOALS = ("at most", "exactly", "closest")


@dataclass(frozen=True)
class Budget:
    """A measure, and how much of it there is."""

    name: str
    amount: int

    @property
    def measure(self) -> Measure:
        """What is measured."""
        return MEASURES[self.name]

    def left(self, answer: Answer) -> int:
        """What an answer leaves of it; below 0 where it is exceeded."""
        return self.amount - answer.measured[self.name]


@dataclass(frozen=True)
class Answer:
    """Numbers for the sizes that were asked for, and what the model has with them, as `infer` says.

    `measured` has the params and the measure of every budget by its name, `arithmetic` how each comes about, where that
    is short enough to be read.
    """

    values: Mapping[str, int]
    measured: Mapping[str, int]
    arithmetic: Mapping[str, str] = field(default_factory=dict)
    report: Report | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Solution:
    """The sizes that meet the budgets: `answers`, empty where there are none.

    Of one size asked for, `above` is the next value that exceeds a budget. Where none is met, or only nearly, `below`
    and `above` are the nearest on both sides. `count` is how many there are in all, where they were counted: of
    `exactly` all that meet the budgets, of two sizes the pairs, of which `answers` shows some. `ranges` holds all
    values of one size that stay within the budgets; `every` tells that these are all that it can have.
    """

    source: str
    name: str
    asked: tuple[str, ...]
    goal: str
    budgets: tuple[Budget, ...]
    answers: tuple[Answer, ...]
    below: Answer | None = None
    above: Answer | None = None
    count: int | None = None
    ranges: tuple[range, ...] = ()
    every: bool = False
    #: Whether in each pair neither number can be greater while the other stays.
    greatest: bool = False
    #: Each measure in the model's symbols, and which symbol stands for each size asked for.
    sizes: Mapping[str, Dim] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    #: What the model requires of the sizes asked for, and the values of one size that it refuses besides.
    conditions: tuple[Holds, ...] = ()
    refused: Mapping[int, Fault] = field(default_factory=dict)
    #: The first and the last value that were looked at, where not all could be, by the size that they are of.
    searched: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    #: Of several budgets that no value meets together, the values that come out for each alone.
    alone: Mapping[str, int | None] = field(default_factory=dict)
    #: The sizes of the inputs that had no name, and have one here.
    named: tuple[str, ...] = ()
    #: What the model is trained with.
    setting: Setting = field(default_factory=Setting)

    @property
    def measures(self) -> tuple[str, ...]:
        """What is told of every answer: the measures of the budgets, and params."""
        return tuple(dict.fromkeys((*(budget.name for budget in self.budgets), "params")))
