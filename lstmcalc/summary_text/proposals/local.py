"""Locally connected layers whose weights are held in a form that hides the kernel: `implementation` 2 and 3."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as combinations
from math import prod

from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.proposals.counts import kernel_shapes
from lstmcalc.summary_text.proposals.proposal import Proposal
from lstmcalc.summary_text.proposals.views import View, written
from lstmcalc.summary_text.proposals.windows import slides

__all__ = ["held_otherwise"]

SIDES = (3, 1, 5, 2, 7, 4)


def held_otherwise(rule: type[LayerRule], seen: View, params: int | None, use_bias: bool) -> list[Proposal]:
    """The kernels of a layer that holds one weight for each pair of places, all of them (2) or the connected (3)."""
    sizes = [pair for pair in seen.axes if isinstance(pair[0], int) and isinstance(pair[1], int)]
    if len(sizes) < len(seen.axes) or not isinstance(seen.channels, int) or not isinstance(seen.filters, int):
        return []
    filters = seen.filters
    places = prod(places for _, places in sizes if isinstance(places, int))
    all_pairs = (
        seen.channels * prod(size for size, _ in sizes if isinstance(size, int)) * places * filters
        + use_bias * places * filters
    )
    if params == all_pairs:
        return list(_slid(seen, 2, filters, ("valid", "same")))
    return list(_slid(seen, 3, filters, ("same",)))


def _slid(seen: View, implementation: int, filters: int, paddings: tuple[str, ...]) -> Iterator[Proposal]:
    rank = len(seen.axes)
    for sides in combinations(SIDES, repeat=rank):
        cost = next(cost for shape, cost in kernel_shapes(prod(sides), rank) if shape == sides)
        for way in slides(seen.axes, sides, paddings):
            if "dilation_rate" not in way.arguments:
                shown = {"filters": filters, "kernel_size": written(sides), **way.arguments}
                # Keras refuses `padding: same` in the first form, so that it is shown even where it changes no size.
                shown.setdefault("padding", paddings[0])
                yield Proposal({**shown, "implementation": implementation}, 2.0 + cost + way.cost)
