"""What solving found as the document of the JSON contract."""

from __future__ import annotations

from typing import Any

from lstmcalc.memory import optimizer_of
from lstmcalc.shapes import size_to_json
from lstmcalc.solving import Answer, Solution

__all__ = ["solution_json"]


def solution_json(solution: Solution) -> dict[str, Any]:
    """`lstmcalc.solution/1`: `solutions` holds the sizes that were found, `measured` what the model has with each.

    `params` is that of the first solution.
    """
    answers = solution.answers
    return {
        "schema": "lstmcalc.solution/1",
        "source": solution.source,
        "name": solution.name,
        "for": list(solution.asked),
        "goal": solution.goal,
        "budgets": {budget.name: budget.amount for budget in solution.budgets},
        "solutions": [dict(answer.values) for answer in answers],
        "params": answers[0].measured["params"] if answers else None,
        "measured": [dict(answer.measured) for answer in answers],
        "arithmetic": [dict(answer.arithmetic) for answer in answers],
        "below": _answer(solution.below),
        "above": _answer(solution.above),
        "count": solution.count,
        "ranges": [[each[0], each[-1], each.step] for each in solution.ranges],
        "formulas": {name: size_to_json(size) for name, size in solution.sizes.items()},
        "symbols": dict(solution.symbols),
        "assumptions": [held.to_json() for held in solution.conditions],
        "refused": [
            {solution.asked[0]: number, "error": fault.to_json()} for number, fault in solution.refused.items()
        ],
        "optimizer": str(optimizer_of(solution.setting)),
        "precision": solution.setting.precision,
        "searched": {name: list(ends) for name, ends in solution.searched.items()},
        "alone": dict(solution.alone),
    }


def _answer(answer: Answer | None) -> dict[str, Any] | None:
    return None if answer is None else {"values": dict(answer.values), "measured": dict(answer.measured)}
