"""What one sample has an operation calculate.

The cost of all samples together is told first, in the size of the batch; one sample costs what it grows by with each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstmcalc.dims import Dim, product
from lstmcalc.errors import Rejection
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.activation_costs import activation_work
from lstmcalc.layers.batch import by_name, each_sample
from lstmcalc.layers.costs import STATES, UNKNOWN_COST, Cost, Work
from lstmcalc.layers.operations.prices import (
    ACTIVATIONS,
    BY_VALUE,
    FREE_OF_COST,
    REDUCTIONS,
    RUNNING,
    UNKNOWN_COSTS,
    Along,
)
from lstmcalc.layers.rule import Inputs, Shape, as_shapes

__all__ = ["Called", "Operands", "along", "work_of"]

Operands = tuple[tuple[int, ...], ...]


class Called(NamedTuple):
    """An operation with its operands by name, their batch as `BATCH`; what each reads, and the shapes that come out.

    A constant reads nothing: () stands for it.
    """

    rule: Any
    shapes: dict[str, Any]
    reads: dict[str, tuple[int, ...]]
    made: tuple[Shape, ...]

    @property
    def first(self) -> Shape:
        """The shape of the first operand."""
        return next(iter(self.shapes.values()))

    def factors(self, *names: str) -> Operands:
        """The operands of a product that may want a gradient, which no constant does."""
        return tuple(self.reads[name] for name in names if self.reads[name])


def work_of(rule: Any, x: Inputs) -> Iterator[Work]:
    """The steps of an operation; `UNKNOWN` with the reason where it cannot be told."""
    name = rule.class_name
    if name in FREE_OF_COST:
        return
    if name in UNKNOWN_COSTS:
        yield Work(name, UNKNOWN_COST, UNKNOWN_COSTS[name])
        return
    if name in ACTIVATIONS:
        yield from _activation(rule, x)
        return
    try:
        called = call_of(rule, x)
        steps = list(_steps(called))
    except Rejection:
        steps = [Work(name, UNKNOWN_COST, "what one sample has of it is not known where the batch is elsewhere")]
    for step in each_sample(steps):
        yield step._replace(name=step.name or name)


def call_of(rule: Any, x: Inputs) -> Called:
    """The call with its batch by name."""
    inputs = [by_name(*pair) for pair in zip(x.shapes, x.batched, strict=True)]
    keywords = {key: by_name(value, None) if isinstance(value, tuple) else value for key, value in x.keywords.items()}
    numbered = rule.placed([_Input(number) for number in range(len(inputs))], keywords)
    view = Inputs(inputs, keywords=keywords)
    view.checked = False
    shapes = rule.seen(view)
    reads = {name: _reads(value) for name, value in numbered.items()}
    return Called(rule, shapes, reads, as_shapes(rule.result(view, **shapes)))


class _Input:
    """An input of the call, by its number."""

    def __init__(self, number: int) -> None:
        self.number = number


def _reads(value: Any) -> tuple[int, ...]:
    if isinstance(value, _Input):
        return (value.number,)
    if isinstance(value, list) and any(isinstance(item, _Input) for item in value):
        return tuple(item.number for item in value if isinstance(item, _Input))
    return (STATES,) if isinstance(value, tuple) else ()


def _activation(rule: Any, x: Inputs) -> Iterator[Work]:
    """An activation, whose cost is told for one sample already."""
    axis = getattr(rule, "axis", -1)
    if any(shape is not None for shape in x.batched):
        shape = by_name(x.shape, x.batched[0])
        steps = activation_work(ACTIVATIONS[rule.class_name], (1, *shape), 1 + axis % x.ndim if axis is not None else 0)
        yield from each_sample(steps)
        return
    # Without an axis, all values are one row.
    place = 0 if axis is None else axis % x.ndim
    yield from activation_work(ACTIVATIONS[rule.class_name], x.shape, place, rule.class_name)


def _steps(called: Called) -> Iterator[Work]:
    """The steps for all samples together."""
    from lstmcalc.layers.operations.cost_rules import RULES_OF_COST

    name = called.rule.class_name
    if name in BY_VALUE:
        yield _by_value(called)
    elif name in REDUCTIONS:
        yield along(REDUCTIONS[name], called.first, product(called.made[0]))
    elif name in RUNNING:
        rows = 1 if called.rule.axis is None else product(_without(called.first, called.rule.axis))
        yield along(RUNNING[name], called.first, rows)
    else:
        yield from RULES_OF_COST[name](called)


def _by_value(called: Called) -> Work:
    price = BY_VALUE[called.rule.class_name]
    costs = [price.made.times(product(called.made[0]))]
    for each, shape in zip((price.first, price.second), called.shapes.values(), strict=False):
        if each != Cost():
            costs.append(each.times(product(shape)))
    return Work("", Cost.of(costs), "value by value")


def along(price: Along, x: Shape, rows: Dim) -> Work:
    """A step along axes: so much for every value, and for every row."""
    return Work("", Cost.of([price.value.times(product(x)), price.row.times(rows)]), "row by row")


def _without(x: Shape, axis: int) -> Shape:
    place = axis % len(x)
    return (*x[:place], *x[place + 1 :])
