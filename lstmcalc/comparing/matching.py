"""Which layer of one model stands for which of another: by their own names first, then by what they are and where.

What decides between equally good matches is the layers themselves, never which model comes first: the other way round,
the same layers are matched.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from lstmcalc.comparing.sides import Part

__all__ = ["in_order", "matched"]

#: How well two layers fit: the very same; of one class, by how many arguments differ; of one family, or one in the
#: other.
SAME, CLASS, FAMILY, NAME = 100.0, 40.0, 5.0, 1.0
#: The largest table of layers by layers; beyond it the longest stretches of layers that are the very same come first.
MOST_CELLS = 40_000

Pair = tuple[int, int]


def matched(olds: Sequence[Part], news: Sequence[Part]) -> dict[int, int]:
    """The places of matching layers, old to new; what has no counterpart is left out."""
    pairs = dict(_of_one_name(olds, news))
    fixed = in_order(sorted(pairs.items()))
    bounds = [(-1, -1), *fixed, (len(olds), len(news))]
    for (old_from, new_from), (old_to, new_to) in pairwise(bounds):
        taken = set(pairs.values())
        here = [place for place in range(old_from + 1, old_to) if place not in pairs]
        there = [place for place in range(new_from + 1, new_to) if place not in taken]
        pairs |= _aligned(olds, news, here, there)
    return pairs | dict(_elsewhere(olds, news, pairs))


def in_order(pairs: Sequence[Pair]) -> list[Pair]:
    """The most pairs, sorted by their first, whose second numbers go up too.

    >>> in_order([(0, 2), (1, 0), (2, 1), (3, 3)])
    [(1, 0), (2, 1), (3, 3)]
    """
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, (_, new) in enumerate(pairs):
        at = bisect_left(ends, new)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1] = [new]
        last[at : at + 1] = [index]
    found = []
    index = last[-1] if last else -1
    while index >= 0:
        found.append(pairs[index])
        index = before[index]
    return found[::-1]


def _of_one_name(olds: Sequence[Part], news: Sequence[Part]) -> Iterator[Pair]:
    """Layers that have the same name, where a person chose it on either side."""
    there = {part.name: place for place, part in enumerate(news)}
    for place, part in enumerate(olds):
        other = there.get(part.name)
        if other is not None and not (part.automatic and news[other].automatic):
            yield place, other


def _aligned(olds: Sequence[Part], news: Sequence[Part], here: list[int], there: list[int]) -> dict[int, int]:
    """The best match of two stretches that keeps their order."""
    found = {}
    while here and there and _same(olds[here[0]], news[there[0]]):
        found[here.pop(0)] = there.pop(0)
    tail = {}
    while here and there and _same(olds[here[-1]], news[there[-1]]):
        tail[here.pop()] = there.pop()
    for mine, theirs in _stretches(olds, news, here, there):
        pairs = _best([olds[place] for place in mine], [news[place] for place in theirs], fit)
        found |= {mine[old]: theirs[new] for old, new in pairs}
    return found | tail


def _stretches(
    olds: Sequence[Part], news: Sequence[Part], here: list[int], there: list[int]
) -> Iterator[tuple[list[int], list[int]]]:
    """What is to be aligned: all at once, or parts of it where that is too much."""
    if len(here) * len(there) <= MOST_CELLS:
        yield here, there
        return
    from difflib import SequenceMatcher

    numbers: dict[object, int] = {}
    mine = [numbers.setdefault(_very_same(olds[place]), len(numbers)) for place in here]
    theirs = [numbers.setdefault(_very_same(news[place]), len(numbers)) for place in there]
    for _, old_from, old_to, new_from, new_to in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        # What is far too long to be aligned is compared layer by layer, as far as both go.
        many = (old_to - old_from) * (new_to - new_from) > MOST_CELLS
        same = mine[old_from:old_to] == theirs[new_from:new_to]
        if not (many or same):
            yield here[old_from:old_to], there[new_from:new_to]
            continue
        for old, new in zip(here[old_from:old_to], there[new_from:new_to], strict=False):
            yield [old], [new]


def _best(olds: Sequence[Part], news: Sequence[Part], fits: Callable[[Part, Part], float]) -> Iterator[Pair]:
    """The pairs of the greatest fit in all that keep the order."""
    scores = [[fits(old, new) for new in news] for old in olds] if olds and news else []
    best = [[0.0] * (len(news) + 1) for _ in range(len(olds) + 1)]
    for old in range(len(olds) - 1, -1, -1):
        for new in range(len(news) - 1, -1, -1):
            paired = best[old + 1][new + 1] + scores[old][new] if scores[old][new] else 0.0
            best[old][new] = max(paired, best[old + 1][new], best[old][new + 1])
    old = new = 0
    while old < len(olds) and new < len(news):
        score, here = scores[old][new], best[old][new]
        without_old, without_new = best[old + 1][new], best[old][new + 1]
        if score and here == best[old + 1][new + 1] + score:
            yield old, new
            old, new = old + 1, new + 1
        elif without_old == without_new:
            leaves_old = (olds[old].facts, olds[old].name) <= (news[new].facts, news[new].name)
            old, new = (old + 1, new) if leaves_old else (old, new + 1)
        elif without_old > without_new:
            old += 1
        else:
            new += 1


def fit(old: Part, new: Part) -> float:
    """How well one layer stands for another; 0 where it does not."""
    named = NAME * (old.name == new.name)
    if old.kind == new.kind:
        if old.facts == new.facts:
            return SAME + named
        if not (old.automatic or new.automatic):
            # People gave them two names, and they are not the same: they are two layers.
            return 0.0
        return CLASS / (1 + len(set(old.facts) ^ set(new.facts))) + named
    if not (old.automatic and new.automatic):
        return 0.0
    related = old.family and old.family == new.family
    return FAMILY + named if related or _wraps(old, new) or _wraps(new, old) else 0.0


def _wraps(outer: Part, inner: Part) -> bool:
    return outer.arguments.get("layer") == inner.kind


def _same(old: Part, new: Part) -> bool:
    return old.kind == new.kind and old.facts == new.facts and old.name == new.name


def _elsewhere(olds: Sequence[Part], news: Sequence[Part], pairs: dict[int, int]) -> Iterator[Pair]:
    """The layers left that are the very same, wherever they stand; then those that are the only ones of their kind."""
    here = [place for place in range(len(olds)) if place not in pairs]
    taken = set(pairs.values())
    there = [place for place in range(len(news)) if place not in taken]
    for same in (_very_same, _kind, _family):
        left = _groups(olds, here, same), _groups(news, there, same)
        for key, mine in left[0].items():
            theirs = left[1].get(key, [])
            only = len(mine) == len(theirs) == 1 and fit(olds[mine[0]], news[theirs[0]]) > 0
            for old, new in zip(mine, theirs, strict=False) if same is _very_same or only else ():
                yield old, new
                here.remove(old)
                there.remove(new)


def _groups(parts: Sequence[Part], places: Sequence[int], key: Callable[[Part], object]) -> dict[object, list[int]]:
    found: dict[object, list[int]] = {}
    for place in places:
        found.setdefault(key(parts[place]), []).append(place)
    return found


def _very_same(part: Part) -> object:
    return part.kind, part.facts


def _kind(part: Part) -> object:
    return part.kind


def _family(part: Part) -> object:
    # Layers without a family have nothing in common.
    return part.family or part.name
