"""Solving for two sizes at once: for each number of one, the other is solved for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lstmcalc.dims import Condition, Dim, substitute, symbol, symbols_of, terms_of
from lstmcalc.dims.divisions import divisors_of, floors_of
from lstmcalc.dims.quotients import least_value
from lstmcalc.errors import Fault
from lstmcalc.solving.domain import allowed
from lstmcalc.solving.one import MOST_ANSWERS, Found, Line
from lstmcalc.solving.problem import Problem
from lstmcalc.solving.ranges import next_in
from lstmcalc.solving.solution import Answer

__all__ = ["MOST_OUTER", "solve_pairs"]

#: For how many numbers of the one size the other is solved for.
MOST_OUTER = 2_000
#: How many numbers of the other one are tried one by one, where there is no other way, and how much is done in all.
MOST_INNER, MOST_EFFORT = 500, 10_000

Pair = tuple[int, int]


class Plane:
    """A model's measures over two symbols; `outer` is the one that is gone through.

    `rises` tells that no measure falls where a symbol grows, which is proven from the coefficients. `cut` is the last
    number of the inner symbol that was looked at, where not all could be.
    """

    def __init__(self, problem: Problem, conditions: Sequence[Condition]) -> None:
        self.problem, self.conditions = problem, conditions
        self.effort = 0
        self.cut: int | None = None
        first, second = problem.symbols.values()
        self.outer, self.inner = first, second
        sizes = problem.sizes.values()
        least = {name: (next_in(allowed(conditions, name), 0) or 1) - 1 for name in (first, second)}
        ahead = {name: symbol(name) + more for name, more in least.items()}
        self.rises = all(never_falls(substitute(size, ahead)) for size in sizes)
        if self.rises:
            swap = self.greatest(second, first) < self.greatest(first, second)
        else:
            # With a number for what is divided by, the rest is mostly a polynomial.
            swap = not any(first in divided_by(size) for size in sizes) and any(
                second in divided_by(size) for size in sizes
            )
        if swap:
            self.outer, self.inner = second, first
        self.numbers = allowed(conditions, self.outer)
        self.last = self.greatest(self.outer, self.inner) if self.rises else None

    def line(self, name: str, other: str, number: int, conditions: Sequence[Condition] | None = None) -> Line | None:
        """The measures along one symbol, with a number for the other; None where the conditions rule it out."""
        left = []
        for condition in self.conditions if conditions is None else conditions:
            rest = condition.substitute({other: number})
            if rest is False:
                return None
            if isinstance(rest, Condition):
                left.append(rest)
        sizes = {key: substitute(size, {other: number}) for key, size in self.problem.sizes.items()}
        line = Line.along(name, sizes, self.problem.budgets, left, MOST_INNER)
        self.effort += 1 + sum(curve.effort for curve in line.curves.values())
        if name == self.inner and line.searched is not None:
            self.cut = max(self.cut or 0, line.searched)
        return line

    def across(self, number: int) -> Line | None:
        """The measures along the inner symbol at a number of the outer one."""
        return self.line(self.inner, self.outer, number)

    def along(self, number: int) -> Line | None:
        """The measures along the outer symbol at a number of the inner one."""
        return self.line(self.outer, self.inner, number)

    def of(self, name: str) -> list[Condition]:
        """The conditions that say something of this symbol alone."""
        return [each for each in self.conditions if each.symbols == {name}]

    def greatest(self, name: str, other: str) -> int:
        """How great a symbol can get within the budgets, with the other as small as it ever can be.

        What ties the two together is left out: it would have the one small because the other is.
        """
        least = next_in(allowed(self.conditions, other), 0)
        line = None if least is None else self.line(name, other, least, self.of(name))
        return 0 if line is None else max((each[-1] for each in line.within()), default=0)

    @property
    def start(self) -> int:
        """The first number of the outer symbol from which on the budget can be reached, of sizes that never fall."""
        inner = allowed(self.conditions, self.inner)
        most = max((each[-1] for each in inner), default=1)
        line = self.line(self.outer, self.inner, most, self.of(self.outer))
        return 1 if line is None else line.best(line.over(), most=False) or 1

    def answer(self, pair: Pair) -> Answer | None:
        """The model with a pair of numbers, for the outer symbol and the inner one; None where `infer` refuses it."""
        numbers = {self.outer: pair[0], self.inner: pair[1]}
        found = self.problem.answer({name: numbers[there] for name, there in self.problem.symbols.items()})
        return None if isinstance(found, Fault) else found


def never_falls(size: Dim) -> bool:
    """Whether a size certainly does not fall where one of its symbols grows.

    >>> from lstmcalc.dims import symbol
    >>> T = symbol("T")
    >>> never_falls(T * (T // 2) - 3), never_falls(T * T - T)
    (True, False)
    """
    if any(monomial and coefficient < 0 for monomial, coefficient in terms_of(size).items()):
        return False
    return all(isinstance(floor.divisor, int) and _grows(floor.numerator) for floor in floors_of(size))


def _grows(numerator: Dim) -> bool:
    """Whether a division of this by a number certainly does not fall."""
    least = least_value(numerator)
    return never_falls(numerator) and least is not None and least >= 0


def divided_by(size: Dim) -> set[str]:
    """The symbols that something is divided by.

    >>> from lstmcalc.dims import symbol
    >>> divided_by((symbol("T") // 2 - 3) // symbol("S"))
    {'S'}
    """
    return {name for divisor in divisors_of(size) for name in symbols_of(divisor)}


def solve_pairs(problem: Problem, conditions: Sequence[Condition]) -> Found:
    """The pairs that meet the budgets, some of them where there are many."""
    plane, found = Plane(problem, conditions), Found()
    if problem.goal != "at most":
        last = _each(plane, found)
    elif plane.rises:
        last = None
        _greatest_pairs(plane, found)
    else:
        last = _best_for_each(plane, found)
    names = {there: name for name, there in problem.symbols.items()}
    found.searched = {} if last is None else {names[plane.outer]: last}
    if plane.cut is not None:
        found.searched = {**found.searched, names[plane.inner]: (1, plane.cut)}
    return found


def _greatest_pairs(plane: Plane, found: Found) -> None:
    """The pairs of which neither number can be greater: all of them if they are few, or some over the whole range."""
    found.greatest = True
    outer = _first(plane.numbers, MOST_OUTER, plane.last)
    complete = _is_all(plane, outer)
    pairs = (_greatest_pair(plane, number) for number in (outer if complete else _spread(plane)))
    listed = sorted({pair for pair in pairs if pair is not None})
    found.count = len(listed) if complete else None
    _show(plane, found, listed)
    if not listed:
        found.above = _smallest(plane)


def _best_for_each(plane: Plane, found: Found) -> tuple[int, int] | None:
    """For the first numbers of the outer symbol, what of the inner one makes the most of the budget."""
    pairs: list[Pair] = []
    first = number = next_in(plane.numbers, 0)
    while number is not None and plane.effort < MOST_EFFORT:
        line = plane.across(number)
        inner = line.best(line.within()) if line else None
        pairs += [] if inner is None else [(number, inner)]
        if len(pairs) == MOST_ANSWERS:
            break
        number = next_in(plane.numbers, number)
    _show(plane, found, pairs)
    if not pairs:
        found.above = _smallest(plane)
    if first is None or number is None:
        found.count = len(pairs)
        return None
    return first, number


def _spread(plane: Plane) -> Iterator[int]:
    """Numbers of the outer symbol over its whole range, the greater the farther apart."""
    last = plane.last or MOST_OUTER
    steps = 2 * MOST_ANSWERS
    exponents = last.bit_length() - 1
    for step in range(steps + 1):
        power, part = divmod(exponents * step, steps)
        number = min(last, (1 << power) + ((1 << power) * part) // steps)
        if (there := next_in(plane.numbers, number - 1)) is not None:
            yield there


def _greatest_pair(plane: Plane, number: int) -> Pair | None:
    """From a number of the outer symbol on: a pair of which neither can be greater."""
    pair: Pair | None = None
    while True:
        line = plane.across(number)
        inner = max((each[-1] for each in line.within()), default=None) if line else None
        if inner is None or line is None:
            return pair
        back = plane.along(inner)
        outer = max((each[-1] for each in back.within()), default=number) if back else number
        if pair == (outer, inner):
            return pair
        pair, number = (outer, inner), outer


def _smallest(plane: Plane) -> Answer | None:
    """The model with both numbers as small as they can be."""
    number = next_in(plane.numbers, 0)
    line = None if number is None else plane.across(number)
    inner = None if line is None else next_in(line.numbers, 0)
    return None if number is None or inner is None else plane.answer((number, inner))


def _each(plane: Plane, found: Found) -> tuple[int, int] | None:
    """The pairs that meet the budgets exactly, or come closest to the first."""
    exactly = plane.problem.goal == "exactly"
    last = None if plane.last is None else plane.last + (not exactly)
    outer: list[int] = []
    near: list[tuple[int, Pair, bool]] = []
    for number in _first(plane.numbers, MOST_OUTER, last, plane.start if plane.rises else 1):
        if plane.effort > MOST_EFFORT:
            break
        outer.append(number)
        line = plane.across(number)
        near += _near(line, number, exactly) if line else []
    best = min((abs(distance) for distance, _, _ in near), default=0)
    pairs = [pair for distance, pair, meets in near if (meets if exactly else abs(distance) == best)]
    found.count = len(pairs)
    _show(plane, found, pairs)
    if exactly and not pairs:
        found.below, found.above = (_nearest(plane, near, side) for side in (False, True))
        found.above = found.above if outer else _smallest(plane)
    return (outer[0], outer[-1]) if outer and not _is_all(plane, outer, last) else None


def _near(line: Line, number: int, exactly: bool) -> Iterator[tuple[int, Pair, bool]]:
    """How far each pair is from the budget, and whether it meets all: those that do, or those on both sides."""
    amount, at = line.main.amount, line.curve.at
    meeting = [inner for numbers in line.exact() for inner in numbers[:MOST_OUTER]] if exactly else []
    yield from ((0, (number, inner), True) for inner in meeting)
    if not meeting:
        sides = {line.best(line.within()), line.best(line.over(), most=False)}
        yield from ((at(inner) - amount, (number, inner), False) for inner in sides if inner is not None)


def _nearest(plane: Plane, near: Sequence[tuple[int, Pair, bool]], above: bool) -> Answer | None:
    """The nearest pair on one side of the budget."""
    side = [(abs(distance), pair) for distance, pair, _ in near if (distance > 0) == above]
    return plane.answer(min(side)[1]) if side else None


def _first(ranges: Sequence[range], most: int, last: int | None, start: int = 1) -> list[int]:
    """The first numbers of a set from `start` on, up to `last` where there is one."""
    found: list[int] = []
    number: int | None = start - 1
    while len(found) < most and number is not None:
        number = next_in(ranges, number)
        if number is None or (last is not None and number > last):
            break
        found.append(number)
    return found


def _is_all(plane: Plane, outer: Sequence[int], last: int | None = None) -> bool:
    """Whether these numbers are all that the outer symbol can have, within the budgets."""
    last = plane.last if last is None else last
    after = next_in(plane.numbers, outer[-1] if outer else 0)
    return after is None or (last is not None and after > last)


def _show(plane: Plane, found: Found, pairs: Sequence[Pair]) -> None:
    """Answers for the pairs, for some over the whole of them where there are many."""
    chosen = pairs
    if len(pairs) > MOST_ANSWERS:
        chosen = [pairs[place * (len(pairs) - 1) // (MOST_ANSWERS - 1)] for place in range(MOST_ANSWERS)]
    answers = [plane.answer(pair) for pair in chosen]
    found.answers = tuple(sorted(filter(None, answers), key=lambda answer: tuple(answer.values.values())))
