"""Solving for one size: exactly, from where each measure rises and falls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lstmcalc.dims import Condition, Dim
from lstmcalc.errors import Fault
from lstmcalc.solving.curves import MOST_TRIED, Curve
from lstmcalc.solving.domain import allowed
from lstmcalc.solving.ranges import between, meet_all, next_in, number_of
from lstmcalc.solving.solution import Answer, Budget

__all__ = ["MOST_ANSWERS", "Confirm", "Found", "Line", "joined", "solve_line"]

#: How many answers are given where there are many, and how many refused values are passed over.
MOST_ANSWERS, MOST_REFUSED = 12, 50

Confirm = Callable[[int], Answer | Fault]


@dataclass
class Found:
    """What was found for one size; as in `Solution`."""

    answers: tuple[Answer, ...] = ()
    below: Answer | None = None
    above: Answer | None = None
    count: int | None = None
    ranges: tuple[range, ...] = ()
    every: bool = False
    greatest: bool = False
    refused: dict[int, Fault] = field(default_factory=dict)
    searched: int | None = None
    alone: dict[str, int | None] = field(default_factory=dict)


class Line:
    """The measures of a model along one symbol, over the numbers that it may have."""

    def __init__(
        self,
        name: str,
        sizes: Mapping[str, Dim],
        budgets: Sequence[Budget],
        conditions: Sequence[Condition],
        most: int = MOST_TRIED,
    ) -> None:
        self.name, self.budgets = name, budgets
        self.numbers = allowed(conditions, name)
        self.curves = {key: Curve(size, name, self.numbers, most) for key, size in sizes.items()}
        #: The budget that answers are compared by: the first one that the symbol has an influence on.
        self.main = next((each for each in budgets if not isinstance(sizes[each.name], int)), budgets[0])

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


def solve_line(line: Line, goal: str, confirm: Confirm) -> Found:
    """The answers along one symbol, each of them confirmed."""
    found = {"at most": _at_most, "exactly": _exactly, "closest": _closest}[goal](line, confirm, Found())
    found.searched = line.searched
    return found


def _at_most(line: Line, confirm: Confirm, found: Found) -> Found:
    within = line.within()
    found.ranges = joined(within)
    found.every = line.searched is None and number_of(within) == number_of(line.numbers)
    best = _confirmed(line, within, confirm, found)
    if best is None:
        found.alone = _alone(line, lambda each: each.best(each.within()))
        hopeless = next((each for each in line.budgets if not _only(line, each).within()), None)
        if hopeless is None:
            return found
        alone = _only(line, hopeless)
        least = _confirmed(alone, alone.over(), confirm, found, most=False)
        found.above = least[1] if least else None
        return found
    found.answers = (best[1],)
    found.above = _beyond(line, best[0], confirm, found)
    return found


def _exactly(line: Line, confirm: Confirm, found: Found) -> Found:
    exact = joined(line.exact())
    found.count = number_of(exact)
    answers = []
    for number in _first_of(exact):
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
        found.alone = _alone(line, lambda each: next(_first_of(joined(each.exact())), None))
        found.below, found.above = _neighbours(line, confirm, found)
    return found


def _closest(line: Line, confirm: Confirm, found: Found) -> Found:
    below, above = _neighbours(line, confirm, found)
    name, amount = line.main.name, line.main.amount
    if above is None or (below and amount - below.measured[name] <= above.measured[name] - amount):
        found.answers, found.above = (below,) if below else (), above
        if below and below.measured[name] == amount:
            found.above = _beyond(line, next(iter(below.values.values())), confirm, found)
    else:
        found.answers, found.below = (above,), below
    return found


def _neighbours(line: Line, confirm: Confirm, found: Found) -> tuple[Answer | None, Answer | None]:
    """The nearest answers below the main budget, or at it, and above it, or at it."""
    alone = _only(line, line.main)
    below = _confirmed(line, alone.within(), confirm, found)
    above = _confirmed(line, alone.over(), confirm, found, most=False)
    return (below[1] if below else None), (above[1] if above else None)


def _only(line: Line, budget: Budget) -> Line:
    """The same line with one budget alone."""
    other = Line.__new__(Line)
    other.name, other.budgets, other.main = line.name, [budget], budget
    other.numbers, other.curves = line.numbers, line.curves
    return other


def _alone(line: Line, pick: Callable[[Line], int | None]) -> dict[str, int | None]:
    """What comes out for each of several budgets by itself."""
    if len(line.budgets) < 2:
        return {}
    return {budget.name: pick(_only(line, budget)) for budget in line.budgets}


def _confirmed(
    line: Line, ranges: Sequence[range], confirm: Confirm, found: Found, most: bool = True
) -> tuple[int, Answer] | None:
    """The best number that `infer` accepts."""
    left = list(ranges)
    while len(found.refused) < MOST_REFUSED and (number := line.best(left, most)) is not None:
        answer = found.refused.get(number) or confirm(number)
        if not isinstance(answer, Fault):
            return number, answer
        found.refused[number] = answer
        left = [part for each in left for part in _without(each, number)]
    return None


def _without(numbers: range, number: int) -> Iterator[range]:
    if number not in numbers:
        yield numbers
        return
    place = (number - numbers.start) // numbers.step
    yield from (part for part in (numbers[:place], numbers[place + 1 :]) if part)


def _beyond(line: Line, number: int, confirm: Confirm, found: Found) -> Answer | None:
    """The next value that exceeds a budget: upwards, or else downwards."""
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


def _first_of(ranges: Sequence[range]) -> Iterator[int]:
    for numbers in ranges:
        yield from numbers


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
