"""Layers without weights that widen, cut, enlarge or resize the spatial axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.views import Axis, accepts, is_open, view, written
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS"]

CHANNELS_FIRST = 3.0
NO_CHANNELS = 4.0
FACTORS = (2, 3, 4, 8)
MOST = 14

Pair = tuple[int, int]


def _alike(before: Any, behind: Any) -> bool:
    if is_open(before) or is_open(behind):
        return True
    return behind.allows(before) if isinstance(behind, Cut) else bool(before == behind)


def _either_way(
    rule: type[LayerRule], seen: Seen, options: Callable[[Sequence[Axis]], list[Proposal]]
) -> list[Proposal]:
    """The options for the channels last, or, where there are none, for the channels first."""
    rank = getattr(rule, "rank", None)
    if seen.outputs is None or rank is None:
        return [Proposal({})]
    found: list[Proposal] = []
    for first in (False, True):
        if first and not accepts(rule, "data_format", "channels_first"):
            break
        looked = view(seen, rank, first)
        if looked is None or not _alike(looked.channels, looked.filters):
            continue
        given = {"data_format": "channels_first"} if first else {}
        # Channels of unknown number are rarer than channels that come first.
        more = CHANNELS_FIRST * first + NO_CHANNELS * (looked.channels is None)
        found += [Proposal({**each.arguments, **given}, each.cost + more) for each in options(looked.axes)]
        if found and looked.channels is not None:
            break
    return sorted(found, key=lambda each: each.cost)[:MOST]


def _enlarged(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Upsampling by whole factors."""
    return _either_way(rule, seen, _factors)


def _factors(axes: Sequence[Axis]) -> list[Proposal]:
    per_axis: list[Sequence[int]] = []
    for size, places in axes:
        if isinstance(size, int) and isinstance(places, int):
            if places % size or not places:
                return []
            per_axis.append((places // size,))
        elif isinstance(size, int) and isinstance(places, Cut) and not is_open(places):
            per_axis.append([factor for factor in (*FACTORS, 1) if places.allows(size * factor)])
        elif size is None and not (places is None or is_open(places)):
            return []
        else:
            per_axis.append(())
    told = {factors[0] for factors in per_axis if factors}
    rest = (told.pop(),) if len(told) == 1 else FACTORS[:3] if not told else (2, 1)
    whole = all(not factors for factors in per_axis)
    if whole:
        # A length of the output is a multiple of its factor.
        usable = [each for each in FACTORS if all(not isinstance(n, int) or n % each == 0 for _, n in axes)]
        return [Proposal({"size": each}, 0.7 * number) for number, each in enumerate(usable or [1])]
    combinations = list(product(*(factors or rest for factors in per_axis)))
    return [Proposal({"size": written(sizes)}, 0.3 * number) for number, sizes in enumerate(combinations)]


def _zeros(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Zeros around the input; what `padding` is to a window is told with its strides."""
    if {"strides", "frame_step"} & rule.arguments.keys():
        return [Proposal({})]
    return _either_way(rule, seen, lambda axes: _edges("padding", axes, 1))


def _cut_off(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Edges that are cut off."""
    return _either_way(rule, seen, lambda axes: _edges("cropping", axes, -1))


def _edges(argument: str, axes: Sequence[Axis], sign: int) -> list[Proposal]:
    """How much is added or taken before and behind each axis: in equal halves, or on one side."""
    totals: list[int | None] = []
    for size, places in axes:
        if not isinstance(size, int) or not isinstance(places, (int, Cut)) or is_open(places):
            if size is None and not (places is None or is_open(places)):
                return []
            totals.append(None)
            continue
        total = _difference(size, places, sign)
        if total is None:
            return []
        totals.append(total)
    known = [total for total in totals if total is not None]
    if not known:
        return [Proposal({argument: side}, 0.5 * (side != 1) * side) for side in (1, 2, 3)]
    rest = known[0] if len(set(known)) == 1 else 0
    per_axis = [_sides(rest if total is None else total) for total in totals]
    return _combined(argument, per_axis)


def _difference(size: int, places: int | Cut, sign: int) -> int | None:
    """What is added or taken, in all; of a size that is cut, the least that its digits allow."""
    if isinstance(places, int):
        total = sign * (places - size)
        return total if total >= 0 else None
    return next((more for more in (2, 4, 6, 1, 3, 0, *range(5, 40)) if places.allows(size + sign * more)), None)


def _sides(total: int) -> dict[str, Pair]:
    """The ways to part what is added or taken, by name."""
    half, rest = divmod(total, 2)
    return {
        "even": (half, half + rest),
        "behind": (0, total),
        "before": (total, 0),
        "more before": (half + rest, half),
    }


def _combined(argument: str, per_axis: Sequence[dict[str, Pair]]) -> list[Proposal]:
    costs = {"even": 0.0, "behind": 0.8, "before": 0.9, "more before": 1.2}
    found: dict[str, Proposal] = {}
    ways = product(costs, repeat=len(per_axis)) if len(per_axis) < 3 else ((way,) * len(per_axis) for way in costs)
    for names in ways:
        pairs = [sides[name] for sides, name in zip(per_axis, names, strict=True)]
        cost = max(costs[name] for name in names) + 0.5 * (len(set(names)) - 1)
        if any(before + behind == 1 for before, behind in pairs):
            cost += 0.1
        value = _edge_value(pairs)
        known = found.get(repr(value))
        if known is None or known.cost > cost:
            found[repr(value)] = Proposal({argument: value}, cost)
    return list(found.values())


def _edge_value(pairs: Sequence[Pair]) -> Any:
    """Edges as one writes them: one number, one for each axis, or a pair for each."""
    if all(before == behind for before, behind in pairs):
        return written([before for before, _ in pairs])
    return list(pairs[0]) if len(pairs) == 1 else [list(pair) for pair in pairs]


def _resized(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Height and width as printed."""
    if seen.outputs is None:
        return [Proposal({})]
    found: list[Proposal] = []
    shape = list(seen.output)
    if seen.cut and len(seen.outputs) == 1:
        shape += [Cut("")] * ((len(seen.input) or 4) - len(shape))
    for first in (False, True):
        if len(shape) < 3 or (seen.inputs and len(seen.input) != len(shape)):
            break
        at = -2 if first else -3
        channels = shape[-3 if first else -1]
        if seen.inputs and not _alike(seen.input[-3 if first else -1], channels):
            continue
        sizes = shape[at : at + 2 or None]
        height, width = _one_size(sizes[0], sizes[1]), _one_size(sizes[1], sizes[0])
        if height and width and not (first and found):
            given = {"data_format": "channels_first"} if first else {}
            found.append(Proposal({"height": height, "width": width, **given}, CHANNELS_FIRST * first))
    return found


def _one_size(size: Any, other: Any) -> int:
    """A printed size; one that is cut is taken for the other's equal, or for its digits; 0 where nothing is known."""
    if isinstance(size, int):
        return size
    if isinstance(size, Cut):
        return other if isinstance(other, int) and size.allows(other) else int(size.digits or "0")
    return 0


PROPOSERS = (
    Proposer(frozenset({"size"}), _enlarged),
    Proposer(frozenset({"padding"}), _zeros),
    Proposer(frozenset({"cropping"}), _cut_off),
    Proposer(frozenset({"height", "width"}), _resized),
)
