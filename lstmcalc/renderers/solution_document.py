"""What solving found as blocks: the sizes, how the measures come about, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lstmcalc.explanation.memory import training_words
from lstmcalc.explanation.words import listed, named_up_to
from lstmcalc.renderers.document import Block, Document, Prose, Table
from lstmcalc.renderers.marking import code
from lstmcalc.solving import Answer, Budget, Solution

__all__ = ["solution_document"]

#: How many ranges of values, and how many refused ones, are told.
MOST_RANGES, MOST_REFUSED = 6, 3
#: What is asked of a budget, as it stands before its amount.
ASKED = {"at most": "at most ", "exactly": "exactly ", "closest": "closest to "}
#: The column of what several answers leave of the first budget, where they can.
LEFT: dict[str, tuple[str, ...]] = {"at most": ("left",), "exactly": (), "closest": ("off",)}


def solution_document(solution: Solution) -> Document:
    """The solution as blocks."""
    answers = solution.answers
    if not answers:
        return Document(_none(solution), (Table((*_asked(solution), *_nearest(solution), *_rest(solution))),))
    if len(answers) == 1 and len(solution.asked) == 1:
        rows = (*_measured(answers[0], solution), *_budgets(answers[0], solution), *_next(solution), *_rest(solution))
        return Document(_values(answers[0].values), (Table(rows),))
    return Document(_number(solution), tuple(_several(solution)))


def _values(values: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {value:,}" for name, value in values.items())


def _measured(answer: Answer, solution: Solution) -> Iterator[tuple[str, str]]:
    """How each measure comes about."""
    for budget in solution.budgets:
        arithmetic = answer.arithmetic.get(budget.name, "")
        total = f"{answer.measured[budget.name]:,}"
        label = budget.measure.label
        unit = f" ({label})" if label != budget.name else ""
        yield budget.name, (f"{arithmetic} = {total}" if arithmetic else total) + unit
    if all(budget.name != "params" for budget in solution.budgets):
        yield "params", f"{answer.measured['params']:,}"


def _amount(budget: Budget, goal: str) -> str:
    return f"{ASKED[goal]}{budget.amount:,} {budget.measure.noun}"


def _budgets(answer: Answer, solution: Solution) -> Iterator[tuple[str, str]]:
    """How far the answer is from each budget."""
    for place, budget in enumerate(solution.budgets):
        left = budget.left(answer)
        told = f"{left:,} left" if solution.goal == "at most" and left else _off(left)
        yield "" if place else "budget", f"{_amount(budget, solution.goal)}: {told}"


def _off(left: int) -> str:
    """How far the model is from a budget, of which so much is left."""
    return f"{abs(left):,} {'too many' if left < 0 else 'too few'}" if left else "just as many"


def _has(answer: Answer, solution: Solution) -> str:
    """An answer beside the one asked for, with its distance from the first budget that it does not meet."""
    budget = next((budget for budget in solution.budgets if budget.left(answer) < 0), solution.budgets[0])
    number = answer.measured[budget.name]
    return f"{_values(answer.values)} has {number:,} {budget.measure.noun}, {_off(budget.left(answer))}"


def _next(solution: Solution) -> Iterator[tuple[str, str]]:
    for label, answer in (("below", solution.below), ("next", solution.above)):
        if answer is not None:
            yield label, _has(answer, solution)
    if solution.every:
        yield "next", f"none: every value that {code(solution.asked[0])} can have stays within it"
    elif solution.ranges and (len(solution.ranges) > 1 or len(solution.ranges[0][:2]) > 1 < solution.ranges[0].step):
        yield "fits", f"{code(solution.asked[0])} from {listed(_spans(solution))}"


def _spans(solution: Solution) -> list[str]:
    spans = []
    for each in solution.ranges[: MOST_RANGES + 1]:
        steps = f" in steps of {each.step:,}" if each.step > 1 else ""
        spans.append(f"{each[0]:,} to {each[-1]:,}{steps}")
    return named_up_to(spans, MOST_RANGES)


def _none(solution: Solution) -> str:
    asked = " and ".join(solution.asked)
    several = "numbers" if len(solution.asked) > 1 else "number"
    return f"No {several} found for {asked}" if solution.searched else f"No {several} for {asked}"


def _asked(solution: Solution) -> Iterator[tuple[str, str]]:
    for place, budget in enumerate(solution.budgets):
        yield "" if place else "budget", _amount(budget, solution.goal)


def _nearest(solution: Solution) -> Iterator[tuple[str, str]]:
    """What comes nearest where nothing meets the budgets."""
    for label, answer in (("below", solution.below), ("above", solution.above)):
        if answer is not None:
            yield label, _has(answer, solution)
    nouns = {budget.name: budget.measure.noun for budget in solution.budgets}
    for place, (name, value) in enumerate(solution.alone.items()):
        size = solution.asked[0]
        told = f"{size} = {value:,}" if value is not None else f"no number for {size}"
        yield "" if place else "alone", f"for the {nouns[name]} alone: {told}"


def _rest(solution: Solution) -> Iterator[tuple[str, str]]:
    """What the answer rests on."""
    if solution.named:
        names = listed(map(code, solution.named))
        is_one = len(solution.named) == 1
        yield "where", f"{names} {'is a size' if is_one else 'are sizes'} of the input that the source leaves open"
    if any(budget.name == "memory" for budget in solution.budgets):
        words = training_words(solution.setting)
        yield "training", f"with {words.partition(' and ')[0] if 'batch' in solution.asked else words}"
    for place, held in enumerate(solution.conditions):
        yield "" if place else "needs", f"{code(held.text)}" + (f": {held.because}" if held.because else "")
    for place, (number, fault) in enumerate([*solution.refused.items()][:MOST_REFUSED]):
        yield "" if place else "refused", f"{solution.asked[0]} = {number:,}: {fault.message}"
    for name, (first, last) in solution.searched.items():
        yield "looked at", f"{code(name)} from {first:,} to {last:,} alone: greater ones were not tried"


def _number(solution: Solution) -> str:
    if solution.count is None:
        return f"Pairs for {' and '.join(solution.asked)}"
    number = solution.count
    noun = "pairs for" if len(solution.asked) > 1 else "numbers for"
    return f"{number:,} {noun if number > 1 else noun.replace('s ', ' ')} {' and '.join(solution.asked)}"


def _several(solution: Solution) -> Iterator[Block]:
    """Several answers as a table."""
    shown, count = len(solution.answers), solution.count
    pairs = len(solution.asked) > 1
    if solution.greatest:
        yield Prose("In each pair, neither number can be greater while the other stays.")
    elif pairs and solution.goal == "at most":
        yield Prose("For each number of the one, that of the other which makes the most of the budget.")
    if count is None:
        yield Prose(f"{shown:,} of many{', over the whole range' if solution.greatest else ', the first ones'}.")
    elif count > shown:
        yield Prose(f"{shown:,} of them:" if not pairs else f"{shown:,} of them, over the whole range:")
    yield Table((*_asked(solution), *_rest(solution)))
    header = (*solution.asked, *solution.measures, *LEFT[solution.goal])
    rows = tuple(tuple(_cells(answer, solution)) for answer in solution.answers)
    yield Table(rows, header, tuple(range(len(header))))


def _cells(answer: Answer, solution: Solution) -> Iterator[str]:
    yield from (f"{answer.values[name]:,}" for name in solution.asked)
    yield from (f"{answer.measured[name]:,}" for name in solution.measures)
    if LEFT[solution.goal]:
        yield f"{solution.budgets[0].left(answer):,}"
