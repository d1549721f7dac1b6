"""Solving for one size: exactly, from where each measure rises and falls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from lstmcalc.dims import Condition, Dim
from lstmcalc.errors import Fault
from lstmcalc.solving.curves import MOST_TRIED, Curve
from lstmcalc.solving.domain import allowed
from lstmcalc.solving.problem import Problem
from lstmcalc.solving.ranges import between, meet_all, next_in, number_of
from lstmcalc.solving.solution import Answer, Budget

__all__ = ["MOST_ANSWERS", "Found", "Line", "joined", "solve_one"]

#: How many answers are given where there are many, and how many refused values are passed over.
MOST_ANSWERS, MOST_REFUSED = 12, 50

Confirm = Callable[[int], Answer | Fault]


@dataclass
class Found:
    """What was found, under the names that `Solution` has for it."""

    answers: tuple[Answer, ...] = ()
    below: Answer | None = None
    above: Answer | None = None
    count: int | None = None
    ranges: tuple[range, ...] = ()
    every: bool = False
    greatest: bool = False
    refused: dict[int, Fault] = field(default_factory=dict)
    searched: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    alone: dict[str, int | None] = field(default_factory=dict)


class Line:
    """The measures of a model along one symbol, over the numbers that it may have."""

    def __init__(self, curves: Mapping[str, Curve], numbers: Sequence[range], budgets: Sequence[Budget]) -> None:
        self.curves, self.numbers, self.budgets = curves, numbers, budgets
        #: The budget that answers are compared by: the first one that the symbol has an influence on.
        self.main = next((each for each in budgets if not isinstance(curves[each.name].size, int)), budgets[0])

    @classmethod
    def along(
        cls,
        name: str,
        sizes: Mapping[str, Dim],
        budgets: Sequence[Budget],
        conditions: Sequence[Condition],
        most: int = MOST_TRIED,
    ) -> Line:
        """The line along a symbol, of which `most` numbers are tried one by one where there is no other way."""
        numbers = allowed(conditions, name)
        return cls({key: Curve(size, name, numbers, most) for key, size in sizes.items()}, numbers, budgets)

    def only(self, budget: Budget) -> Line:
        """The same line with one budget alone."""
        return Line(self.curves, self.numbers, [budget])

    @property
    def curve(self) -> Curve:
        """The measure that answers are compared by."""
        return self.curves[self.main.name]

    @property
    def searched(self) -> int | None:
        """The last number that was looked at, where not all could be."""
        found = [curve.searched for curve in self.curves.values() if curve.searched is not None]
        return min(found, default=None)

    def within(self) -> list[range]:
        """The numbers that stay within all budgets, in pieces over which the main measure rises or falls."""
        return self._meeting([(budget, None, budget.amount) for budget in self.budgets])

    def exact(self) -> list[range]:
        """The numbers that meet all budgets."""
        return self._meeting([(budget, budget.amount, budget.amount) for budget in self.budgets])

    def over(self) -> list[range]:
        """The numbers that reach or exceed the main budget, in pieces over which it rises or falls."""
        return self._meeting([(self.main, self.main.amount, None)])

    def _meeting(self, wanted: Sequence[tuple[Budget, int | None, int | None]]) -> list[range]:
        ordered = sorted(wanted, key=lambda each: each[0] is not self.main)
        found: list[range] = [piece.numbers for piece in self.curve.pieces]
        for budget, least, most in ordered:
            found = meet_all(found, self.curves[budget.name].where(least, most))
        return found

    def exceeds(self, number: int) -> bool:
        """Whether a number exceeds any budget."""
        return any(self.curves[budget.name].at(number) > budget.amount for budget in self.budgets)

    def best(self, ranges: Sequence[range], most: bool = True) -> int | None:
        """The number with the greatest main measure, the last of several; or with the least, the first of several."""
        at = self.curve.at
        found: list[int] = []
        for numbers in ranges:
            rises = at(numbers[-1]) >= at(numbers[0])
            end = numbers[-1] if rises == most else numbers[0]
            level = between(numbers, at, rises, at(end), at(end))
            found.append(level[-1] if most else level[0])
        if most:
            return max(found, key=lambda number: (at(number), number), default=None)
        return min(found, key=lambda number: (at(number), number), default=None)


def solve_one(problem: Problem, conditions: Sequence[Condition]) -> Found:
    """The answers for one size, each of them confirmed."""
    [(name, inside)] = problem.symbols.items()
    line = Line.along(inside, problem.sizes, problem.budgets, conditions)
    solve = {"at most": _at_most, "exactly": _exactly, "closest": _closest}[problem.goal]
    found = solve(line, lambda number: problem.answer({name: number}), Found())
    if line.searched is not None:
        found.searched = {name: (line.numbers[0][0], line.searched)}
    return found


def _at_most(line: Line, confirm: Confirm, found: Found) -> Found:
    within = line.within()
    found.ranges = joined(within)
    found.every = line.searched is None and number_of(within) == number_of(line.numbers)
    best = _confirmed(line, within, confirm, found)
    if best is not None:
        found.answers, found.above = (best,), _beyond(line, best, confirm)
        return found
    found.alone = _alone(line, lambda each: each.best(each.within()))
    hopeless = next((each for each in map(line.only, line.budgets) if not each.within()), None)
    if hopeless is not None:
        found.above = _confirmed(hopeless, hopeless.over(), confirm, found, most=False)
    return found


def _exactly(line: Line, confirm: Confirm, found: Found) -> Found:
    exact = joined(line.exact())
    found.count = number_of(exact)
    answers = []
    for number in chain.from_iterable(exact):
        answer = confirm(number)
        if isinstance(answer, Fault):
            found.refused[number] = answer
        else:
            answers.append(answer)
        if len(answers) == MOST_ANSWERS or len(found.refused) == MOST_REFUSED:
            break
    found.answers = tuple(answers)
    found.count -= len(found.refused)
    if not answers:
        found.alone = _alone(line, lambda each: next(chain.from_iterable(joined(each.exact())), None))
        found.below, found.above = _neighbours(line, confirm, found)
    return found


def _closest(line: Line, confirm: Confirm, found: Found) -> Found:
    below, above = _neighbours(line, confirm, found)
    name, amount = line.main.name, line.main.amount
    if above is None or (below and amount - below.measured[name] <= above.measured[name] - amount):
        found.answers, found.above = (below,) if below else (), above
        if below and below.measured[name] == amount:
            found.above = _beyond(line, below, confirm)
    else:
        found.answers, found.below = (above,), below
    return found


def _neighbours(line: Line, confirm: Confirm, found: Found) -> tuple[Answer | None, Answer | None]:
    """The nearest answers below the main budget, or at it, and above it, or at it."""
    below = _confirmed(line, line.only(line.main).within(), confirm, found)
    return below, _confirmed(line, line.over(), confirm, found, most=False)


def _alone(line: Line, pick: Callable[[Line], int | None]) -> dict[str, int | None]:
    """What comes out for each of several budgets by itself."""
    if len(line.budgets) < 2:
        return {}
    return {budget.name: pick(line.only(budget)) for budget in line.budgets}


def _confirmed(line: Line, ranges: Sequence[range], confirm: Confirm, found: Found, most: bool = True) -> Answer | None:
    """The answer with the best number that `infer` accepts."""
    left = list(ranges)
    while len(found.refused) < MOST_REFUSED and (number := line.best(left, most)) is not None:
        answer = found.refused.get(number) or confirm(number)
        if not isinstance(answer, Fault):
            return answer
        found.refused[number] = answer
        left = [part for each in left for part in _without(each, number)]
    return None


def _without(numbers: range, number: int) -> Iterator[range]:
    if number not in numbers:
        yield numbers
        return
    place = (number - numbers.start) // numbers.step
    yield from (part for part in (numbers[:place], numbers[place + 1 :]) if part)


def _beyond(line: Line, best: Answer, confirm: Confirm) -> Answer | None:
    """The next value that exceeds a budget: upwards, or else downwards."""
    (number,) = best.values.values()
    for up in (True, False):
        after = next_in(line.numbers, number, up)
        refused = 0
        while after is not None and line.exceeds(after) and refused < MOST_REFUSED:
            answer = confirm(after)
            if not isinstance(answer, Fault):
                return answer
            refused += 1
            after = next_in(line.numbers, after, up)
    return None


def joined(ranges: Sequence[range]) -> tuple[range, ...]:
    """Ranges in order, those that go on from one to the next as one.

    >>> joined([range(5, 9), range(1, 5), range(20, 21)])
    (range(1, 9), range(20, 21))
    """
    found: list[range] = []
    for each in sorted(ranges, key=lambda each: each.start):
        last = found[-1] if found else None
        step = each.step if len(each[:2]) > 1 else 1
        if last is not None and len(last[:2]) == 1 and len(each[:2]) == 1:
            step = last.step
        if last is not None and each.start == last[-1] + step and (step == last.step or len(last[:2]) == 1):
            found[-1] = range(last.start, each[-1] + 1, step)
        else:
            found.append(each)
    return tuple(found)
