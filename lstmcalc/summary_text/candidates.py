"""The layers that print a given row, likeliest first; where there is none, those that come closest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from math import inf
from typing import Any

from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import LayerRule, find_rule
from lstmcalc.spec import LayerSpec
from lstmcalc.summary_text.classes import ClassChoice
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals import propose, telling_words
from lstmcalc.summary_text.reading import Candidate
from lstmcalc.summary_text.solving import Miss, Seen, solve

__all__ = ["Found", "find_candidates"]

#: What a call is told to make it return the attention scores, too.
SCORES = "return_attention_scores"
#: The most axes that a shape is taken to have of which the end is cut off.
MOST_AXES = 6
#: How many candidates and misses are kept of a row.
MOST_KEPT = 40
#: How many arguments are tried for a class; of rows that Keras printed, none has needed more than 40.
MOST_TRIED = 120
#: How many layers in plain numbers are; of rows that Keras printed whole, none has needed more than 50.
MOST_CONFIRMED = 400


class Found(NamedTuple):
    """What the rules made of a row: candidates and near misses, likeliest first."""

    candidates: tuple[Candidate, ...] = ()
    misses: tuple[Miss, ...] = ()


def find_candidates(choices: Sequence[ClassChoice], seen: Seen, most: float = inf) -> Found:
    """The layers of these classes that print what is seen, and are no more unusual than `most`."""
    known = tuple(choice for choice in choices if choice.rule is not None)
    # A name tells only what a wrapper holds; equal rows are solved once, whatever they are called.
    name = telling_words(seen.name) if any(_wraps(choice.class_name) for choice in known) else ""
    return _found(known, seen._replace(name=name), most)


@lru_cache(maxsize=4096)
def _found(choices: Sequence[ClassChoice], seen: Seen, most: float) -> Found:
    candidates: list[Candidate] = []
    misses: list[Miss] = []
    for choice in choices:
        assert choice.rule is not None
        # Attention that also returns its scores is told so by the call, and has no argument for it.
        several = seen.outputs is not None and (len(seen.outputs) == 2 or seen.several)
        with_scores = SCORES in choice.rule.keywords and several
        shown = seen._replace(keywords=((SCORES, True),) if with_scores else ())
        if not _wraps(choice.class_name):
            shown = shown._replace(name="")
        for closed, unusual in _closed(choice.rule, shown):
            cost = choice.cost + unusual
            if cost > most:
                continue
            found = _of_class(choice.class_name, closed, most - cost)
            most = min((most, *(each.cost + cost + closed.plausible for each in found.candidates[:1])))
            candidates += (
                each._replace(cost=each.cost + cost, keywords=dict(shown.keywords)) for each in found.candidates
            )
            misses += found.misses
    candidates.sort(key=lambda each: each.cost)
    return Found(tuple(candidates[:MOST_KEPT]), tuple(misses))


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
        yield seen._replace(outputs=(*whole, padded)), 0.4 * abs(number - usual)


@lru_cache(maxsize=256)
def _wraps(class_name: str) -> bool:
    """Whether layers of a class hold others."""
    rule = find_rule(class_name)
    return rule is not None and any(argument.kind in ("layer", "layers") for argument in rule.arguments.values())


@lru_cache(maxsize=4096)
def _of_class(class_name: str, seen: Seen, most: float) -> Found:
    rule = find_rule(class_name)
    assert rule is not None
    candidates: dict[Any, Candidate] = {}
    misses: list[Miss] = []
    room = iter(range(MOST_CONFIRMED))
    for arguments, cost, stand_ins in islice(propose(rule, seen), MOST_TRIED):
        if cost > most:
            break
        # What is nearly right tells something only where nothing is right.
        for _, found in zip(room, solve(rule, arguments, seen, cost, class_name, missed=not candidates), strict=False):
            if not isinstance(found, Candidate):
                if found is not None and len(misses) < MOST_KEPT:
                    misses.append(found)
                continue
            most = min(most, found.cost + seen.plausible)
            key = (_key(found.layer), found.inputs)
            candidates.setdefault(key, found._replace(stand_ins=stand_ins))
    kept = sorted(candidates.values(), key=lambda each: each.cost)
    return Found(tuple(kept), tuple(misses))


def _key(value: Any) -> Any:
    """What makes two layers the same: class and arguments, also of the layers inside."""
    if isinstance(value, LayerSpec):
        return value.class_name, tuple((key, _key(item)) for key, item in sorted(value.arguments.items()))
    if isinstance(value, (list, tuple)):
        return tuple(map(_key, value))
    return repr(value)
