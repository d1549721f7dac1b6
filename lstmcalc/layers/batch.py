"""Where the batch is in a call's shapes, so that what all samples cost together tells what one of them does.

Layers keep the batch in front. Operations need not: `Transpose` moves it, `Reshape` joins it with other axes, and a sum
over the first axis leaves none. From there on, shapes are told with the batch by name, as `Inputs.batched` has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, substitute, symbol, symbols_of
from lstmcalc.errors import Rejection
from lstmcalc.layers.costs import UNKNOWN_COST, Cost, Work
from lstmcalc.layers.rule import all_work

__all__ = ["BATCH", "Batches", "by_name", "each_sample", "per_sample"]

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


def usual(shape: Shape) -> bool:
    """Whether the batch is in front, and nowhere else."""
    return bool(shape) and shape[0] == BATCH and not any("__batch__" in symbols_of(size) for size in shape[1:])


class Batches:
    """The outputs of a model that do not have the batch in front, with the batch by name."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], Shape] = {}

    def follow(
        self, key: tuple[str, int], refs: Iterable[Any], rule: Any, x: Any, weights: Any, outputs: Shapes
    ) -> tuple[Work, ...]:
        """What one sample has a layer calculate on the outputs `refs`, wherever their batch is."""
        x.batched = tuple(self._known.get((ref.name, ref.call, ref.index)) for ref in refs)
        steps, batched = worked(rule, x, all_work(rule, x, weights), outputs)
        self._known.update({(*key, index): shape for index, shape in enumerate(batched) if shape is not None})
        return steps


def worked(
    rule: Any, x: Any, work: Iterable[Work], outputs: Shapes
) -> tuple[tuple[Work, ...], tuple[Shape | None, ...]]:
    """What one sample has a layer calculate, and each output with the batch by name where that is not in front.

    `work` is what it calculates where the batch is in front, as layers expect it.
    """
    operates = rule.family == "operations"
    if all(shape is None for shape in x.batched) and not operates:
        return tuple(work), (None,) * len(outputs)
    view = x.replace([by_name(*pair) for pair in zip(x.shapes, x.batched, strict=True)], x.axes, x.states)
    view.checked, view.assumptions, view.needed = False, [], {}
    try:
        made = rule.output_shape(view)
        shapes = made if made and isinstance(made[0], tuple) else (made,)
        steps = tuple(work) if operates else _all_samples(rule, view)
    except Rejection:
        shapes = tuple((UNKNOWN,) * len(shape) for shape in outputs)
        steps = tuple(work) if operates else (Work(rule.class_name, UNKNOWN_COST),)
    stated = any(batched is None and shape and isinstance(shape[0], int)
                 for shape, batched in zip(x.shapes, x.batched, strict=True))  # fmt: skip
    return steps, tuple(_told(shape, stated) for shape in shapes)


def _told(shape: Shape, stated: bool) -> Shape | None:
    """A shape with the batch by name; None where it is in front.

    Where the batch is stated, a size without the batch may still be a multiple of it, as an argument writes it.
    """
    if usual(shape):
        return None
    has_batch = any("__batch__" in symbols_of(size) for size in shape)
    return (UNKNOWN,) * len(shape) if stated and not has_batch else shape


def _all_samples(rule: Any, view: Any) -> tuple[Work, ...]:
    """The steps of a layer whose input has the batch elsewhere: those of every row along its first axis."""
    steps = (*(weight.work for weight in rule.built_weights(view)), *rule.work(view))
    return each_sample(step.times(view.shape[0]) for step in steps)
