"""Where the batch is in a call's shapes, so that what all samples cost together tells what one of them does.

Layers keep the batch in front. Operations need not: `Transpose` moves it, `Reshape` joins it with other axes, and a sum
over the first axis leaves none. From there on, shapes are told with the batch by name, as `Inputs.batched` has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, product, substitute, symbol, symbols_of
from lstmcalc.errors import Rejection
from lstmcalc.layers.costs import UNKNOWN_COST, Cost, Work
from lstmcalc.layers.rule import Weight, all_work

__all__ = ["BATCH", "Batches", "all_rows", "by_name", "each_sample", "moved", "numbers", "of_sample", "per_sample",
           "share", "used"]  # fmt: skip

#: The batch, under a name that no symbol of a model has.
BATCH = symbol("__batch__")

Shape = tuple[Dim, ...]
Shapes = tuple[Shape, ...]


def per_sample(size: Dim) -> Dim:
    """How much a size grows with each sample; `UNKNOWN` where that is not the same for every one.

    >>> per_sample(BATCH * 12 + 5), per_sample(BATCH * BATCH)
    (12, UNKNOWN)
    """
    if isinstance(size, int):
        return 0
    one, two, three = (substitute(size, {"__batch__": number}) for number in (1, 2, 3))
    return three - two if three - two == two - one else UNKNOWN


def each_sample(work: Iterable[Work]) -> tuple[Work, ...]:
    """The steps of all samples together as those of one."""
    return tuple(step._replace(cost=Cost(*map(per_sample, step.cost)), spared=per_sample(step.spared)) for step in work)


def by_name(shape: Shape, batched: Shape | None) -> Shape:
    """A shape with the batch by name: as it is told, or in front."""
    return batched if batched is not None else (BATCH, *shape[1:]) if shape else shape


def numbers(shape: Shape, batched: Shape | None) -> Dim:
    """How many numbers of an array belong to one sample, wherever its batch is.

    >>> numbers((UNKNOWN, 32), None), numbers((UNKNOWN, 32), (BATCH * 10, 32))
    (32, 320)
    """
    return product(shape[1:]) if batched is None else share(product(batched))


def share(size: Dim) -> Dim:
    """How much of a size each sample has; `UNKNOWN` where a part of it is there whatever the batch.

    >>> share(BATCH * 12), share(BATCH * 12 + 5)
    (12, UNKNOWN)
    """
    rest = size if isinstance(size, int) else substitute(size, {"__batch__": 0})
    return per_sample(size) if rest == 0 else UNKNOWN


def moved(x: Any) -> bool:
    """Whether any input of a call has its batch elsewhere than in front."""
    return any(shape is not None for shape in x.batched)


def all_rows(x: Any) -> Any:
    """The call with the batch by name, to be read as one of as many samples as its first axis is long."""
    view = x.replace([by_name(*pair) for pair in zip(x.shapes, x.batched, strict=True)], x.axes, x.states)
    view.checked, view.assumptions, view.needed = False, [], {}
    return view


def of_sample(rule: Any, x: Any, weights: Iterable[Weight]) -> tuple[Work, ...]:
    """What one sample has a layer calculate, wherever its batch is."""
    if rule.family == "operations" or not moved(x):
        return all_work(rule, x, weights)
    view = all_rows(x)
    try:
        steps = all_work(rule, view, tuple(rule.built_weights(view)))
    except Rejection:
        why = "what one sample has of it is not known where the batch is elsewhere"
        return (Work(rule.class_name, UNKNOWN_COST, why),)
    return each_sample(step.times(view.shape[0]) for step in steps)


def used(rule: Any, x: Any, weights: tuple[Weight, ...]) -> tuple[Weight, ...]:
    """The weights of a layer with how often one sample uses each, wherever its batch is."""
    if not weights or not moved(x):
        return weights
    view = all_rows(x)
    try:
        every: list[Dim] = [per_sample(weight.uses * view.shape[0]) for weight in rule.built_weights(view)]
    except Rejection:
        every = [UNKNOWN] * len(weights)
    return tuple(weight._replace(uses=uses) for weight, uses in zip(weights, every, strict=True))


def usual(shape: Shape) -> bool:
    """Whether the batch is in front, and nowhere else."""
    return bool(shape) and shape[0] == BATCH and not any("__batch__" in symbols_of(size) for size in shape[1:])


class Batches:
    """The outputs of a model that do not have the batch in front, with the batch by name."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], Shape] = {}

    @property
    def moved(self) -> bool:
        """Whether there are any."""
        return bool(self._known)

    def seen(self, refs: Iterable[Any]) -> tuple[Shape | None, ...]:
        """The outputs `refs` with the batch by name; None where it is in front."""
        return tuple(self._known.get((ref.name, ref.call, ref.index)) for ref in refs)

    def follow(self, key: tuple[str, int], rule: Any, x: Any, outputs: Shapes) -> tuple[Shape | None, ...]:
        """What a layer gives, with the batch by name; None where it is in front."""
        batched = _followed(rule, x, outputs)
        self._known.update({(*key, index): shape for index, shape in enumerate(batched) if shape is not None})
        return batched


def _followed(rule: Any, x: Any, outputs: Shapes) -> tuple[Shape | None, ...]:
    if rule.family != "operations" and not moved(x):
        return (None,) * len(outputs)
    try:
        made = rule.output_shape(all_rows(x))
        shapes = made if made and isinstance(made[0], tuple) else (made,)
    except Rejection:
        shapes = tuple((UNKNOWN,) * len(shape) for shape in outputs)
    stated = any(batched is None and shape and isinstance(shape[0], int)
                 for shape, batched in zip(x.shapes, x.batched, strict=True))  # fmt: skip
    return tuple(_told(shape, stated) for shape in shapes)


def _told(shape: Shape, stated: bool) -> Shape | None:
    """A shape with the batch by name; None where it is in front.

    Where the batch is stated, a size without the batch may still be a multiple of it, as an argument writes it.
    """
    if usual(shape):
        return None
    has_batch = any("__batch__" in symbols_of(size) for size in shape)
    return (UNKNOWN,) * len(shape) if stated and not has_batch else shape
