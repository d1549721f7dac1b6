"""Pooling: by windows, of everything, and to a given size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.views import (
    ANY,
    Axis,
    accepts,
    is_open,
    rank_of,
    surplus_of_axes,
    view,
    written,
)
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS"]

USUAL_POOLS = {2: 0.0, 3: 0.5, 4: 0.7, 5: 0.9, 8: 0.9, 7: 1.0, 1: 1.5, 6: 1.1, 10: 1.1, 16: 1.1}
ODD_POOL = 1.4
#: Strides other than the window's own size: by window and stride, then by stride alone.
USUAL_PAIRS = {(3, 2): 0.1, (3, 1): 0.3, (2, 1): 0.9}
OWN_STRIDES = {1: 1.5, 2: 1.2, 3: 1.5, 4: 1.5}
MOST = 8
CHANNELS_FIRST = 3.0
NO_CHANNELS = 4.0


class _Pool(NamedTuple):
    side: int
    stride: int
    padding: str


def _pools(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Windows that lead from input to output; where nothing tells them, those of 2, and a few others."""
    if seen.outputs is None:
        return [Proposal({})]
    rank = rank_of(rule, "pool_size")
    found: list[Proposal] = []
    for first in (False, True):
        if first and not accepts(rule, "data_format", "channels_first"):
            break
        looked = view(seen, rank, first)
        if looked is None or not _same_channels(looked.channels, looked.filters):
            continue
        given = {"data_format": "channels_first"} if first else {}
        is_seen = any(isinstance(size, int) for size, _ in looked.axes)
        options = _fitting(looked.axes) if is_seen else _unseen(looked.axes)
        # Channels of unknown number are rarer than channels that come first.
        more = CHANNELS_FIRST * first + NO_CHANNELS * (looked.channels is None)
        found += [Proposal({**each.arguments, **given}, each.cost + more) for each in options]
        if found and looked.channels is not None:
            break
    return sorted(found, key=lambda each: each.cost)


def _same_channels(before: Any, behind: Any) -> bool:
    if is_open(before) or is_open(behind):
        return True
    return behind.allows(before) if isinstance(behind, Cut) else bool(before == behind)


def _unseen(axes: Sequence[Axis]) -> list[Proposal]:
    """What is usual, where no input size is known."""
    if any(size is None and not (places is None or isinstance(places, Cut)) for size, places in axes):
        return []
    found: list[tuple[dict[str, Any], float]] = [
        ({"pool_size": 2}, 0.0),
        ({"pool_size": 3, "strides": 2, "padding": "same"}, 0.8),
        ({"pool_size": 3}, 1.0),
    ]
    if all(places == 1 for _, places in axes):
        found += [({"pool_size": side}, 0.9) for side in (7, 4, 8)]
    # Along three axes a stride leaves too many input sizes to list them for every window.
    return [Proposal(arguments, cost) for arguments, cost in (found if len(axes) < 3 else found[:1])]


def _fitting(axes: Sequence[Axis]) -> list[Proposal]:
    """Windows of equal sides that fit every axis; where there are none, those that fit each."""
    found = []
    sides = dict.fromkeys([*USUAL_POOLS, *(side for axis in axes for side in _sides(axis))])
    for pool in _usual(sides):
        if all(_fits(axis, pool) for axis in axes):
            found.append(Proposal(_shown(axes, [pool] * len(axes)), _cost(axes, [pool] * len(axes))))
    if not found or min(each.cost for each in found) > ODD_POOL:
        found += _mixed(axes)
    unlike = {repr(each.arguments): each for each in sorted(found, key=lambda each: -each.cost)}
    return sorted(unlike.values(), key=lambda each: each.cost)[:MOST]


def _sides(axis: Axis) -> Iterator[int]:
    """Windows that the lengths themselves suggest: their quotient, what one step of stride 1 takes away, all."""
    size, places = axis
    if isinstance(size, int) and isinstance(places, int) and places:
        sides = (size // places, -(-size // places), size // (places + 1) + 1, size - places + 1)
        yield from (side for side in sides if side > 0)


def _usual(sides: Mapping[int, None]) -> Iterator[_Pool]:
    for side in sides:
        for stride in dict.fromkeys((side, 2, 1, *((3, 4) if side > 3 else ()))):
            yield _Pool(side, stride, "valid")
            yield _Pool(side, stride, "same")


def _fits(axis: Axis, pool: _Pool) -> bool:
    size, places = axis
    if not isinstance(size, int):
        return places is None or isinstance(places, Cut)
    found = _length(size, pool)
    if isinstance(places, Cut):
        return found > 0 and places.allows(found)
    return found == places and found > 0


def _length(size: int, pool: _Pool) -> int:
    if pool.padding == "same":
        return -(-size // pool.stride)
    return (size - pool.side) // pool.stride + 1 if size >= pool.side else 0


def _mixed(axes: Sequence[Axis]) -> list[Proposal]:
    """Windows of unequal sides: strides of their own size, or one stride for all."""
    found = []
    for padding in ("valid", "same"):
        per_axis = []
        for axis in axes:
            sides = dict.fromkeys([*USUAL_POOLS, *_sides(axis)])
            fitting = [_Pool(side, side, padding) for side in sides if _fits(axis, _Pool(side, side, padding))]
            per_axis.append(sorted(fitting, key=lambda pool: _own_cost(axis, pool))[:3])
        found += [pools for pools in _products(per_axis) if len(set(pools)) > 1]
        for stride in (1, 2):
            per_axis = []
            for axis in axes:
                sides = dict.fromkeys([*USUAL_POOLS, *_sides(axis)])
                per_axis.append([p for s in sides if _fits(axis, p := _Pool(s, stride, padding))][:2])
            found += [pools for pools in _products(per_axis) if len(set(pools)) > 1]
    return [Proposal(_shown(axes, pools), 0.6 + _cost(axes, pools)) for pools in found]


def _products(per_axis: Sequence[Sequence[_Pool]]) -> list[list[_Pool]]:
    found: list[list[_Pool]] = [[]]
    for pools in per_axis:
        found = [[*before, pool] for before in found for pool in pools]
    return found


def _own_cost(axis: Axis, pool: _Pool) -> float:
    """How unusual a window is along one axis; one that takes all of it at once is not."""
    size, places = axis
    cost = USUAL_POOLS.get(pool.side, ODD_POOL)
    if places == 1 and pool.side == size and pool.stride == pool.side:
        cost = min(cost, 0.3)
    if pool.side == pool.stride == 1 and isinstance(size, int) and size == places:
        cost = 0.1
    if pool.stride != pool.side:
        cost += USUAL_PAIRS.get((pool.side, pool.stride), OWN_STRIDES.get(pool.stride, 1.5))
    if isinstance(size, int) and pool.side > size:
        cost += 1.0
    return cost + 0.2 * (pool.padding == "same")


def _cost(axes: Sequence[Axis], pools: Sequence[_Pool]) -> float:
    if all(pool.side == pool.stride == 1 for pool in pools):
        return USUAL_POOLS[1]
    return max(_own_cost(axis, pool) for axis, pool in zip(axes, pools, strict=True))


def _shown(axes: Sequence[Axis], pools: Sequence[_Pool]) -> dict[str, Any]:
    """The arguments, with padding only where the other one would give another size."""
    shown: dict[str, Any] = {"pool_size": written([pool.side for pool in pools])}
    if any(pool.stride != pool.side for pool in pools):
        shown["strides"] = written([pool.stride for pool in pools])
    valid = all(_fits(axis, pool._replace(padding="valid")) for axis, pool in zip(axes, pools, strict=True))
    same = all(_fits(axis, pool._replace(padding="same")) for axis, pool in zip(axes, pools, strict=True))
    if not (valid and same):
        shown["padding"] = pools[0].padding
    return shown


def _everything(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Global pooling, which keeps its axes or drops them."""
    rank = getattr(rule, "rank", None)
    if seen.outputs is None or rank is None:
        return [Proposal({})]
    found: list[Proposal] = []
    surplus = surplus_of_axes(seen, 0)
    before_last = seen.input[-1] if seen.inputs and len(seen.input) == rank + 2 else ANY
    before_first = seen.input[1] if seen.inputs and len(seen.input) == rank + 2 else ANY
    for keeps in (False, True):
        if surplus is not None and surplus != rank * keeps:
            continue
        sizes = (*seen.output[1:], *(ANY,) * (rank * keeps + 2 - len(seen.output)))
        pooled_last, pooled_first = (sizes[:-1], sizes[1:]) if keeps else ((), ())
        if _same_channels(before_last, sizes[-1]) and all(_same_channels(1, size) for size in pooled_last):
            found.append(Proposal({"keepdims": keeps}, 1.0 * keeps * (surplus is None)))
        elif _same_channels(before_first, sizes[0]) and all(_same_channels(1, size) for size in pooled_first):
            found.append(Proposal({"keepdims": keeps, "data_format": "channels_first"}, CHANNELS_FIRST))
    return found


def _adaptive(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Pooling to the sizes that are printed."""
    rank = rank_of(rule, "output_size")
    found: list[Proposal] = []
    for first in (False, True):
        looked = view(seen, rank, first)
        if looked is None or seen.outputs is None or not _same_channels(looked.channels, looked.filters):
            continue
        sizes = _completed([places for _, places in looked.axes])
        given = {"data_format": "channels_first"} if first else {}
        if sizes and not (first and found):
            found.append(Proposal({"output_size": written(sizes), **given}, CHANNELS_FIRST * first))
    return found if found or seen.outputs is not None else [Proposal({})]


def _completed(sizes: Sequence[Any]) -> list[int] | None:
    """The sizes, one that is cut taken for an equal of another, or for its own digits."""
    known = [size for size in sizes if isinstance(size, int)]
    found: list[int] = []
    for size in sizes:
        if isinstance(size, int):
            found.append(size)
        elif isinstance(size, Cut):
            alike = next((each for each in known if size.allows(each)), int(size.digits or "0"))
            if not alike:
                return None
            found.append(alike)
        else:
            return None
    return found


PROPOSERS = (
    Proposer(frozenset({"pool_size", "strides", "padding"}), _pools),
    Proposer(frozenset({"keepdims", "data_format"}), _everything),
    Proposer(frozenset({"output_size", "data_format"}), _adaptive),
)
