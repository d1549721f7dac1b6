"""How a window may slide along the axes of a row: strides, padding and dilation, by arithmetic on plain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any

from lstmcalc.frozen import NamedTuple
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals.views import Axis, is_open, is_round, written

__all__ = ["Slide", "choices", "slides", "stretches"]

#: The strides of an axis that tells nothing of them.
FREE = range(1, 10**9)
USUAL_STRIDES = {1: 0.0, 2: 0.2, 4: 0.5, 3: 0.6, 8: 0.8, 5: 1.0, 16: 0.8, 6: 1.2, 10: 1.2, 7: 1.3, 32: 1.3}
ODD_STRIDE = 1.5
PADDINGS = {"valid": 0.0, "same": 0.1, "causal": 0.5}
#: What a window of even sides costs in the middle of which no place stands.
LOPSIDED = 0.6
#: How many strides are given where a run of them fits.
MOST_STRIDES = 4
DILATIONS = {1: 0.0, 2: 0.6, 4: 0.7, 8: 0.8, 3: 0.9, 16: 0.9, 5: 1.1, 6: 1.1, 32: 1.1, 12: 1.2, 18: 1.2}
ODD_DILATION = 2.0

Sizes = tuple[int, ...]


class Slide(NamedTuple):
    """One way in which a window may slide; `arguments` holds what the row shows of it."""

    arguments: dict[str, Any]
    cost: float


def slides(
    axes: Sequence[Axis], window: Sizes, paddings: Iterable[str] = ("valid", "same"), both: bool = False
) -> list[Slide]:
    """The ways in which a window leads from each axis' input size to its output size, likeliest first.

    What the row does not tell is left out: a padding that makes no difference, a dilation behind `same`. `both` tells
    that the layer takes strides and a dilation together.

    >>> [slide.arguments for slide in slides([(28, 13), (28, 13)], (3, 3))]
    [{'strides': 2, 'padding': 'valid'}]
    >>> [slide.arguments for slide in slides([(28, 24)], (3,))]
    [{'padding': 'valid', 'dilation_rate': 2}]
    """
    if all(is_open(size) or size is None for size, _ in axes):
        return _unseen(axes, window, paddings)
    found: list[Slide] = []
    fitting: dict[str, list[tuple[Sizes, float]]] = {}
    for padding in paddings:
        runs = [_strides(axis, side, 1, padding) for axis, side in zip(axes, window, strict=True)]
        fitting[padding] = choices(runs, window) if all(runs) else []
    plain = {strides for strides, _ in fitting.get("valid", ())}
    others = {strides for padding in fitting if padding != "valid" for strides, _ in fitting[padding]}
    for padding, options in fitting.items():
        for strides, cost in options:
            if padding == "valid":
                found.append(Slide(_shown(strides, "" if strides in others else padding), cost))
            elif strides not in plain:
                found.append(Slide(_shown(strides, padding), cost + _padding_cost(padding, strides, window)))
    found += _dilated([(size, places) for size, places in axes], window)
    if both:
        found += _spread_twice(axes, window)
    return sorted(found, key=lambda slide: slide.cost)


def _shown(strides: Sizes, padding: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"strides": written(strides)} if set(strides) != {1} else {}
    return {**shown, "padding": padding} if padding else shown


def _padding_cost(padding: str, strides: Sizes, window: Sizes) -> float:
    lopsided = padding == "same" and set(strides) == {1} and any(side % 2 == 0 for side in window)
    return PADDINGS[padding] + LOPSIDED * lopsided


def _unseen(axes: Sequence[Axis], window: Sizes, paddings: Iterable[str]) -> list[Slide]:
    """What is usual, where no input size is known: that nothing is said, and the few other ways."""
    if any(size is None and isinstance(places, int) for size, places in axes):
        return []
    known = [(places, side) for (_, places), side in zip(axes, window, strict=True) if isinstance(places, int)]
    to_valid = all(is_round(places + side - 1) for places, side in known)
    to_same = all(is_round(places) for places, _ in known)
    is_wide = max(window) > 1
    found = [Slide({}, 0.3 * (is_wide and to_same and not to_valid and bool(known)))]
    if "same" in paddings:
        found += [Slide({"padding": "same"}, 0.2 + 0.2 * (not to_same))] if is_wide else []
        found += [Slide({"strides": 2, "padding": "same"} if is_wide else {"strides": 2}, 0.9)]
    if is_wide:
        found.append(Slide({"strides": 2}, 1.2))
    return sorted(found, key=lambda slide: slide.cost)


def _unseen_stretches(axes: Sequence[Axis]) -> list[Slide]:
    """What is usual of a transposed convolution, which mostly doubles the sizes."""
    if any(size is None and isinstance(places, int) for size, places in axes):
        return []
    is_even = all(not isinstance(places, int) or places % 2 == 0 for _, places in axes)
    found = [Slide({"strides": 2, "padding": "same"}, 0.0)] if is_even else []
    return [*found, Slide({}, 0.3), Slide({"padding": "same"}, 0.4), Slide({"strides": 2}, 0.6)]


def _strides(axis: Axis, side: int, dilation: int, padding: str) -> Sequence[int]:
    """The strides that lead from an axis' input size to its output size: none, some, or a run of them."""
    size, places = axis
    if not isinstance(size, int):
        return () if size is None and not (places is None or is_open(places)) else FREE
    room = size - 1 - (side - 1) * dilation if padding == "valid" else size - 1
    if room < 0 or places is None:
        return ()
    if isinstance(places, Cut):
        return FREE if is_open(places) else [each for each in USUAL_STRIDES if places.allows(room // each + 1)]
    last = places - 1
    return range(room // places + 1, (room // last if last else FREE[-1]) + 1) if places else ()


def choices(runs: Sequence[Sequence[int]], window: Sizes) -> list[tuple[Sizes, float]]:
    """One stride per axis out of those that fit, with a cost: the same for all first, then the least of each."""
    rank = len(runs)
    tried = dict.fromkeys([*USUAL_STRIDES, *window, *(run[0] for run in runs)])
    found = [((each,) * rank, _stride_cost(each, window)) for each in tried if all(each in run for run in runs)]
    found = sorted(found, key=lambda pair: pair[1])[:MOST_STRIDES]
    least = tuple(run[0] for run in runs)
    usual = tuple(next((each for each in USUAL_STRIDES if each in run), run[0]) for run in runs)
    for strides in dict.fromkeys((least, usual)):
        if (strides, rank) not in [(each, rank) for each, _ in found]:
            found.append((strides, 0.8 + max(_stride_cost(each, window) for each in strides)))
    return found


def _stride_cost(stride: int, window: Sizes) -> float:
    cost = USUAL_STRIDES.get(stride, ODD_STRIDE)
    if stride > 1 and all(side == stride for side in window):
        return max(cost - 0.4, 0.0)
    return cost + 0.8 * (stride > max(window))


def _dilated(axes: Sequence[Axis], window: Sizes) -> Iterator[Slide]:
    """The dilations that shorten each axis by what the row shows, at every place."""
    found: list[int | None] = []
    for (size, places), side in zip(axes, window, strict=True):
        if not (isinstance(size, int) and isinstance(places, int)):
            found.append(None)
        elif side == 1 or size <= places or (size - places) % (side - 1):
            if size != places or side > 1:
                return
            found.append(None)
        else:
            found.append((size - places) // (side - 1))
    known = [each for each in found if each is not None]
    if not known or max(known) == 1:
        return
    rest = known[0] if len(set(known)) == 1 else 1
    rates = tuple(rest if each is None else each for each in found)
    cost = max(DILATIONS.get(rate, ODD_DILATION) for rate in rates) + 0.6 * (len(set(rates)) > 1)
    yield Slide({"padding": "valid", "dilation_rate": written(rates)}, cost)


def _spread_twice(axes: Sequence[Axis], window: Sizes) -> Iterator[Slide]:
    """Strides and a dilation together."""
    if max(window) == 1:
        return
    for rate in (2, 3, 4):
        runs = [_strides(axis, side, rate, "valid") for axis, side in zip(axes, window, strict=True)]
        if not all(runs):
            continue
        for strides, cost in choices(runs, window)[:2]:
            if max(strides) > 1:
                yield Slide({**_shown(strides, "valid"), "dilation_rate": rate}, cost + 2.0)


def stretches(axes: Sequence[Axis], window: Sizes) -> list[Slide]:
    """The ways in which a transposed convolution leads from each axis' input size to its output size.

    >>> [slide.arguments for slide in stretches([(7, 14), (7, 14)], (4, 4))]
    [{'strides': 2, 'padding': 'same'}]
    >>> [slide.arguments for slide in stretches([(5, 12)], (3,))]
    [{'strides': 2, 'padding': 'valid', 'output_padding': 1}]
    """
    if all(is_open(size) or size is None for size, _ in axes):
        return _unseen_stretches(axes)
    fitting: dict[str, list[tuple[Sizes, float]]] = {}
    for padding in ("valid", "same"):
        runs = [_stretching(axis, side, padding) for axis, side in zip(axes, window, strict=True)]
        fitting[padding] = choices(runs, window) if all(runs) else []
    plain = {strides for strides, _ in fitting["valid"]}
    same = {strides for strides, _ in fitting["same"]}
    found = [Slide(_shown(strides, "" if strides in same else "valid"), cost) for strides, cost in fitting["valid"]]
    found += [Slide(_shown(strides, "same"), cost) for strides, cost in fitting["same"] if strides not in plain]
    found += _dilated([(places, size) for size, places in axes], window)
    found += _padded(axes, window, {"valid": plain, "same": same})
    return sorted(found, key=lambda slide: slide.cost)


def _stretching(axis: Axis, side: int, padding: str) -> Sequence[int]:
    size, places = axis
    if not isinstance(size, int):
        return () if size is None and not (places is None or is_open(places)) else FREE
    if places is None or is_open(places):
        return () if places is None else FREE
    return [stride for stride in _tried(axis, side) if _meets(places, _stretched(size, side, stride, padding, None))]


def _tried(axis: Axis, side: int) -> list[int]:
    size, places = axis
    tried = list(USUAL_STRIDES)
    if isinstance(size, int) and isinstance(places, int):
        tried += [places // size, (places - side) // max(size - 1, 1)]
    return [stride for stride in dict.fromkeys(tried) if stride > 0]


def _stretched(size: int, side: int, stride: int, padding: str, spare: int | None) -> int:
    if spare is not None:
        return (size - 1) * stride + (side if padding == "valid" else side % 2) + spare
    return size * stride if padding == "same" else (size - 1) * stride + max(side, stride)


def _meets(printed: Any, size: int) -> bool:
    return printed.allows(size) if isinstance(printed, Cut) else printed == size


def _padded(axes: Sequence[Axis], window: Sizes, without: dict[str, set[Sizes]]) -> Iterator[Slide]:
    """Those with an `output_padding`, where they make another size than the layer has without it."""
    tried = dict.fromkeys(stride for axis, side in zip(axes, window, strict=True) for stride in _tried(axis, side))
    uniform = [(stride,) * len(axes) for stride in tried]
    mixed = list(product((1, 2, 3), repeat=len(axes))) if len(axes) < 3 else []
    for padding in ("valid", "same"):
        for strides in dict.fromkeys([*uniform, *mixed]):
            spares = _spares(axes, window, strides, padding) if strides not in without[padding] else None
            if spares:
                cost = 1.0 + max(_stride_cost(each, window) for each in strides) + 0.8 * (len(set(strides)) > 1)
                shown = {**_shown(strides, padding), "output_padding": written(spares)}
                yield Slide(shown, cost + PADDINGS[padding] + 0.2 * (len(set(spares)) > 1))


def _spares(axes: Sequence[Axis], window: Sizes, strides: Sizes, padding: str) -> Sizes | None:
    found: list[int | None] = []
    for (size, places), side, stride in zip(axes, window, strides, strict=True):
        if not isinstance(size, int) or not isinstance(places, int):
            found.append(None)
            continue
        spare = places - _stretched(size, side, stride, padding, 0)
        if not 0 <= spare < stride:
            return None
        found.append(spare)
    known = [spare for spare in found if spare is not None]
    return tuple(min(known) if spare is None else spare for spare in found) if known else None
