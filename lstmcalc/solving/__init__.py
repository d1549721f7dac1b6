"""Solving for sizes: which numbers for one or two of a model's symbols meet a budget of params, operations or bytes.

The model is read once, with its symbols open; its measures are then exact expressions, which are solved in whole
numbers. Every answer is confirmed by `infer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lstmcalc.dims import Condition, Dim
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.measures import MEASURES
from lstmcalc.memory import Setting
from lstmcalc.report import Holds
from lstmcalc.solving.one import solve_one
from lstmcalc.solving.pairs import solve_pairs
from lstmcalc.solving.problem import Problem, problem_of, spoken
from lstmcalc.solving.solution import GOALS, Answer, Budget, Solution
from lstmcalc.spec import Spec

__all__ = ["GOALS", "Answer", "Budget", "Solution", "solve"]

#: From such a budget on, sizes can become greater than an array can have them.
HUGE = 2**40


def solve(
    spec: Spec,
    *sizes: str,
    goal: str = "at most",
    values: Mapping[str, int] | None = None,
    setting: Setting | None = None,
    **budgets: int,
) -> Solution:
    """The numbers for one or two sizes of a model that meet its budgets: the greatest use of them, by default.

    A size is a symbol, an argument (`lstm.units`), or `batch`; left out, it is the only one that is open. Budgets are
    measures: `params`, `trainable_params`, `bytes`, `macs`, `flops`, `training_macs`, `memory`; several must all hold.
    `goal` is "at most", "exactly" or "closest". `values` gives other symbols and arguments a value. Raises
    `SpecError` where it cannot be answered; where nothing meets the budgets, `answers` is empty, and `below` and
    `above` are the nearest.

    >>> from lstmcalc import load
    >>> found = solve(load("specs/forecast.yaml"), "lstm.units", params=1_000_000)
    >>> found.answers[0].values, found.answers[0].measured, found.above.measured
    ({'lstm.units': 496}, {'params': 997972}, {'params': 1001972})
    """
    wanted = tuple(dict.fromkeys(sizes))
    told = _checked(spec, wanted, goal, budgets)
    problem = problem_of(spec, wanted, told, goal, dict(values or {}), setting or Setting())
    huge = max(budget.amount for budget in told) > HUGE
    conditions = [*problem.conditions, *(problem.limits if huge else [])]
    found = (solve_pairs if len(problem.symbols) == 2 else solve_one)(problem, conditions)
    return Solution(
        spec.source,
        spec.name,
        tuple(problem.symbols),
        goal,
        problem.budgets,
        **vars(found),
        sizes=problem.sizes,
        symbols=problem.symbols,
        conditions=tuple(_conditions(problem)),
        named=problem.named,
        setting=setting or Setting(),
    )


def _conditions(problem: Problem) -> Iterator[Holds]:
    """What the model requires, in the names that were asked for; of several bounds of a size the tightest."""
    bounds: dict[tuple[Dim, bool], int] = {}
    for held in problem.report.assumptions:
        if (bound := _bound(held)) is not None:
            size, number, least = bound
            pick = max if least else min
            bounds[size, least] = pick(number, bounds.get((size, least), number))
    for held in problem.report.assumptions:
        bound = _bound(held)
        if bound is None or bounds[bound[0], bound[2]] == bound[1]:
            text, because = (spoken(problem.symbols, text) for text in (held.text, held.because))
            yield held._replace(text=text, because=because)


def _bound(held: Holds) -> tuple[Dim, int, bool] | None:
    """The size that a condition bounds by a number, the number, and whether it is the least that it can be."""
    condition = held.condition
    if not isinstance(condition, Condition) or condition.relation != ">=":
        return None
    if isinstance(condition.right, int):
        return condition.left, condition.right, True
    return (condition.right, condition.left, False) if isinstance(condition.left, int) else None


def _checked(spec: Spec, sizes: Sequence[str], goal: str, budgets: Mapping[str, int]) -> list[Budget]:
    """The budgets, after everything is refused that is wrong with the question itself."""
    faults = []
    told = [Budget(name.replace("_", "-"), amount) for name, amount in budgets.items()]
    known = ", ".join(f"`{name.replace('-', '_')}`" for name in MEASURES)
    if not told:
        fix = "for example `params=1_000_000`"
        faults.append(Fault("missing-budget", f"a budget, one of {known}", "none", fix=fix))
    for budget in told:
        if budget.name not in MEASURES:
            faults.append(Fault("unknown-measure", f"a measure, one of {known}", f"`{budget.name}`"))
        elif not isinstance(budget.amount, int) or isinstance(budget.amount, bool) or budget.amount < 1:
            expected = f"a positive whole number of {budget.measure.noun}"
            faults.append(Fault("wrong-budget", expected, f"{budget.amount}"))
    if goal not in GOALS:
        faults.append(Fault("wrong-goal", f"one of {', '.join(GOALS)}", f"`{goal}`"))
    if goal == "closest" and len(told) > 1:
        got = " and ".join(budget.measure.noun for budget in told)
        faults.append(Fault("too-many-budgets", "one budget to come closest to", f"{len(told)}: {got}"))
    if len(sizes) > 2:
        got = f"{len(sizes)}: {', '.join(f'`{name}`' for name in sizes)}"
        faults.append(Fault("too-many-symbols", "one size to solve for, or two", got, fix="give the others a value"))
    if faults:
        raise SpecError([fault.placed(Where(spec.source)) for fault in faults])
    return told
