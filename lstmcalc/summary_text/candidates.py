"""The layers that print a given row, likeliest first; where there is none, those that come closest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf
from typing import Any

from lstmcalc.layers import LayerRule, find_rule
from lstmcalc.spec import LayerSpec
from lstmcalc.summary_text.classes import ClassChoice
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals import propose
from lstmcalc.summary_text.reading import Candidate
from lstmcalc.summary_text.solving import Miss, Seen, solve

__all__ = ["Found", "find_candidates"]

#: What a call is told to make it return the attention scores, too.
SCORES = "return_attention_scores"
#: The most axes that a shape is taken to have of which the end is cut off.
MOST_AXES = 6
#: How many candidates and misses are kept of a row.
MOST_KEPT = 40


@dataclass(frozen=True)
class Found:
    """What the rules made of a row: candidates and near misses, likeliest first."""

    candidates: tuple[Candidate, ...] = ()
    misses: tuple[Miss, ...] = ()


def find_candidates(choices: Sequence[ClassChoice], seen: Seen, most: float = inf) -> Found:
    """The layers of these classes that print what is seen, and are no more unusual than `most`."""
    candidates: list[Candidate] = []
    misses: list[Miss] = []
    for choice in choices:
        if choice.rule is None:
            continue
        # Attention that also returns its scores is told so by the call, and has no argument for it.
        several = seen.outputs is not None and (len(seen.outputs) == 2 or seen.several)
        with_scores = SCORES in choice.rule.keywords and several
        shown = replace(_shown_to(choice.rule, seen), keywords=((SCORES, True),) if with_scores else ())
        for closed, unusual in _closed(choice.rule, shown):
            cost = choice.cost + unusual
            if cost > most:
                continue
            found = _of_class(choice.class_name, closed, most - cost)
            most = min((most, *(each.cost + cost + closed.plausible for each in found.candidates[:1])))
            candidates += (
                replace(each, cost=each.cost + cost, keywords=dict(shown.keywords)) for each in found.candidates
            )
            misses += found.misses
    candidates.sort(key=lambda each: each.cost)
    return Found(
        tuple(_named(each, seen.name) for each in candidates[:MOST_KEPT]),
        tuple(Miss(_named(each.candidate, seen.name), each.difference) for each in misses),
    )


def _closed(rule: type[LayerRule], seen: Seen) -> Iterator[tuple[Seen, float]]:
    """What is seen with the last shape closed where its end is cut off: each number of axes that it may have."""
    if not seen.outputs or not seen.cut:
        yield seen, 0.0
        return
    *whole, last = seen.outputs
    usual = len(seen.input) if "..." in rule.axes else len(rule.axes.split())
    usual = max(usual or 3, len(last))
    for number in sorted(range(len(last), MOST_AXES + 1), key=lambda number: abs(number - usual)):
        padded = (*last, *[Cut("")] * (number - len(last)))
        yield replace(seen, outputs=(*whole, padded)), 0.4 * abs(number - usual)


def _shown_to(rule: type[LayerRule], seen: Seen) -> Seen:
    """What is seen, without the name where that can tell nothing, so that equal rows are solved once."""
    wraps = any(argument.kind in ("layer", "layers") for argument in rule.arguments.values())
    return seen if wraps else replace(seen, name="")


def _named(candidate: Candidate, name: str) -> Candidate:
    return replace(candidate, layer=replace(candidate.layer, name=name))


@lru_cache(maxsize=4096)
def _of_class(class_name: str, seen: Seen, most: float) -> Found:
    rule = find_rule(class_name)
    assert rule is not None
    candidates: dict[Any, Candidate] = {}
    misses: list[Miss] = []
    for arguments, cost, stand_ins in propose(rule, seen):
        if cost > most:
            break
        for found in solve(rule, arguments, seen, cost, class_name):
            if isinstance(found, Miss):
                if len(misses) < MOST_KEPT:
                    misses.append(found)
                continue
            most = min(most, found.cost + seen.plausible)
            key = (_key(found.layer), found.inputs)
            candidates.setdefault(key, replace(found, stand_ins=stand_ins))
    kept = sorted(candidates.values(), key=lambda each: each.cost)
    return Found(tuple(kept), tuple(misses))


def _key(value: Any) -> Any:
    """What makes two layers the same: class and arguments, also of the layers inside."""
    if isinstance(value, LayerSpec):
        return value.class_name, tuple((key, _key(item)) for key, item in sorted(value.arguments.items()))
    if isinstance(value, (list, tuple)):
        return tuple(map(_key, value))
    return repr(value)
