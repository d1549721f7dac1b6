"""The arguments of layers that rearrange or repeat values, or merge inputs along an axis that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from math import prod
from typing import Any

from lstmcalc.layers import LayerRule
from lstmcalc.layers.arguments import own_arguments
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.trying import accepts, agreeing, known_size, whole
from lstmcalc.summary_text.reading import Shape
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS"]

#: Arguments that every layer has.
COMMON = own_arguments(LayerRule).keys()
#: With more axes there are too many orders.
MOST_AXES = 7
#: How many orders of axes are proposed where nothing tells the input.
MOST_ORDERS = 24


def _target(argument: str, batch: bool) -> Proposer:
    """The shape that the values are dealt into, as it is printed; -1 where a size is unknown."""

    def propose(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
        sizes = _target_sizes(seen)
        if sizes is not None and sizes.count(None) <= 1:
            target = [-1 if size is None else size for size in sizes]
            yield Proposal({argument: [-1, *target] if batch else target})

    return Proposer(frozenset({argument}), propose)


def _target_sizes(seen: Seen) -> list[int | None] | None:
    """The output's sizes behind the batch; one that is cut off is what the values of the input leave."""
    printed = seen.output[1:]
    numbers = [size for size in printed if not isinstance(size, Cut)]
    if len(numbers) == len(printed):
        return numbers if seen.outputs else None
    values = [size for size in seen.input[1:] if isinstance(size, int)]
    known = [size for size in numbers if size is not None]
    if len(values) < len(seen.input) - 1 or len(known) != len(printed) - 1:
        return None
    left = prod(values) // prod(known)
    return [left if isinstance(size, Cut) else size for size in printed]


def _order(argument: str, batch: bool) -> Proposer:
    """The order that the axes are put into: those that lead from the input to the output."""

    def propose(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
        ndim = len(seen.input) if seen.inputs else len(seen.output)
        if not {argument} >= rule.arguments.keys() - COMMON or " " in rule.operands:
            yield Proposal({})
            return
        if ndim > MOST_AXES:
            return
        start = 0 if batch and seen.inputs and seen.output[:1] != seen.input[:1] else 1
        for dims in sorted(permutations(range(start, ndim)), key=_oddness)[: None if seen.inputs else MOST_ORDERS]:
            if _leads(seen, (*range(start), *dims)):
                written = [*range(start), *dims] if batch else list(dims)
                yield Proposal({argument: written}, _oddness(dims))

    return Proposer(frozenset({argument}), propose)


def _leads(seen: Seen, order: Sequence[int]) -> bool:
    """Whether axes in this order are the output's, as far as both are known."""
    if not seen.inputs or not seen.outputs:
        return True
    if max(order, default=0) >= len(seen.input):
        return False
    return all(
        printed.allows(known_size(size)) if isinstance(printed, Cut) else printed == size
        for size, printed in zip((seen.input[axis] for axis in order), seen.output, strict=False)
    )


def _oddness(order: Sequence[int]) -> float:
    """How unusual an order is: moving one axis to the other end is usual, leaving all in place is not.

    >>> [_oddness(order) for order in ((2, 1), (3, 1, 2), (1, 3, 2), (3, 2, 1), (1, 2))]
    [0.0, 0.0, 0.2, 0.4, 2.0]
    """
    kept = sorted(order)
    if list(order) == kept:
        return 2.0
    turned = [[*kept[place:], *kept[:place]] for place in (1, -1)]
    if list(order) in turned:
        return 0.0
    moved = sum(axis != there for axis, there in zip(order, kept, strict=True))
    return 0.2 if moved == 2 and abs(order.index(kept[0])) == 0 else 0.4 if moved == 2 else 0.8


def _size(argument: str) -> Proposer:
    """A size that is solved for."""

    def propose(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
        return [Proposal({argument: argument})]

    return Proposer(frozenset({argument}), propose)


def _summed(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """The axes of two inputs that a product sums over."""
    shapes = seen.inputs if seen.inputs and len(seen.inputs) == 2 else None
    ndims = (len(shapes[0]), len(shapes[1])) if shapes else _likely_ndims(seen)
    options = []
    for first in range(1, ndims[0]):
        for second in range(1, ndims[1]):
            cost = _sum_cost(first, second, ndims)
            one = first == second and accepts(rule, "axes", first)
            options.append(Proposal({"axes": first if one else [first, second]}, cost))
    yield from agreeing(rule, seen, before, sorted(options, key=lambda each: each.cost))


def _likely_ndims(seen: Seen) -> tuple[int, int]:
    return (2, 2) if len(seen.output) == 2 and seen.output[1] == 1 else (3, 3)


def _sum_cost(first: int, second: int, ndims: tuple[int, int]) -> float:
    """Like axes are usual, the last ones most; of others the last with the first behind the batch."""
    last = (first == ndims[0] - 1, second == ndims[1] - 1)
    if ndims[0] == ndims[1] and first == second:
        return 0.0 if all(last) else 0.1
    return 0.05 if all(last) else 0.2 if last[0] and second == 1 else 0.4


def _stated(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """The shape of a function's output, which nothing but the row tells."""
    shape: Shape | None = whole(seen)
    if shape:
        yield Proposal({"output_shape": list(shape[1:])})


PROPOSERS = (
    _target("target_shape", batch=False),
    _target("newshape", batch=True),
    _order("dims", batch=False),
    _order("axes", batch=True),
    _size("n"),
    _size("num_classes"),
    _size("projection_dim"),
    Proposer(frozenset({"axes", "normalize"}), _summed),
    Proposer(frozenset({"function", "output_shape"}), _stated),
)
