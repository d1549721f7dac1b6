"""What Keras's activations cost, value by value and row by row, as Keras on JAX calculates them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lstmcalc.dims import Dim, product
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.costs import UNKNOWN_COST, Cost, Work

__all__ = ["PRICED", "activation_name", "activation_work"]

Shape = tuple[Dim, ...]


class Price(NamedTuple):
    """What an activation costs for every value, and what each row, of the values along its axis, costs besides."""

    value: Cost
    row: Cost = Cost()


#: The greatest, the differences to it, their exp, the sum, the shares: 2 of them take one step less than values.
_SHARES = Cost(arithmetic=-2)

#: Every activation whose cost goes by values and rows.
PRICED = {
    "celu": Price(Cost(arithmetic=5, functions=1)),
    "elu": Price(Cost(arithmetic=3, functions=1)),
    "exponential": Price(Cost(functions=1)),
    "gelu": Price(Cost(arithmetic=4, functions=1)),
    "hard_shrink": Price(Cost(arithmetic=2)),
    "hard_sigmoid": Price(Cost(arithmetic=4)),
    "hard_silu": Price(Cost(arithmetic=5)),
    "hard_swish": Price(Cost(arithmetic=5)),
    "hard_tanh": Price(Cost(arithmetic=2)),
    "leaky_relu": Price(Cost(arithmetic=2)),
    "log_sigmoid": Price(Cost(arithmetic=9, functions=2)),
    "log_softmax": Price(Cost(arithmetic=4, functions=1), _SHARES._replace(functions=1)),
    "mish": Price(Cost(arithmetic=8, functions=3)),
    "relu": Price(Cost(arithmetic=1)),
    "relu6": Price(Cost(arithmetic=2)),
    "selu": Price(Cost(arithmetic=4, functions=1)),
    "sigmoid": Price(Cost(functions=1)),
    "silu": Price(Cost(arithmetic=1, functions=1)),
    "soft_shrink": Price(Cost(arithmetic=4)),
    "softmax": Price(Cost(arithmetic=4, functions=1), _SHARES),
    "softplus": Price(Cost(arithmetic=7, functions=2)),
    "softsign": Price(Cost(arithmetic=3)),
    "sparse_plus": Price(Cost(arithmetic=5)),
    "sparse_sigmoid": Price(Cost(arithmetic=4)),
    "sparsemax": Price(Cost(arithmetic=10)),
    "squareplus": Price(Cost(arithmetic=4, functions=1)),
    "swish": Price(Cost(arithmetic=1, functions=1)),
    "tanh": Price(Cost(functions=1)),
    "tanh_shrink": Price(Cost(arithmetic=1, functions=1)),
}
#: Of one half of the values the sigmoid, times the other half.
_GLU = Cost(arithmetic=1, functions=1)


def activation_name(activation: Any) -> str | None:
    """The name of one of Keras's activation functions, also from its config; None where it is something else.

    >>> activation_name({"module": "builtins", "class_name": "function", "config": "relu"})
    'relu'
    """
    if isinstance(activation, Mapping):
        config = activation.get("config")
        if activation.get("class_name") == "function" and isinstance(config, str):
            return activation_name(config)
        return None if config else activation_name(activation.get("class_name"))
    known = {*PRICED, "glu", "linear"}
    return activation if isinstance(activation, str) and activation in known else None


def activation_work(activation: Any, shape: Shape, axis: int = -1, name: str = "activation") -> Iterator[Work]:
    """What one sample costs in an activation of an array of this shape, the batch included; `UNKNOWN` where not known.

    `axis` is where softmax and its like run; the activation of a layer runs along the last, whatever the layer's axes.

    >>> [work.cost for work in activation_work("softmax", (None, 10))]
    [Cost(macs=0, arithmetic=38, functions=10)]
    """
    called = activation_name(activation)
    if activation is None or called == "linear":
        return
    if called is None:
        yield Work(name, UNKNOWN_COST, "what this activation calculates is not known")
        return
    axis %= max(len(shape), 1)
    others = product(shape[place] for place in range(1, len(shape)) if place != axis)
    along = shape[axis] if axis else 1
    if called == "glu":
        yield Work(name, _GLU.times(others * (along // 2)), "the sigmoid of one half of the values scales the other")
        return
    price = PRICED[called]
    # A row along the batch is no more rows for more samples.
    cost = Cost.of([price.value.times(others * along), *([price.row.times(others)] if axis else [])])
    yield Work(name, cost, f"{called} of every row" if price.row != Cost() else f"{called} of every value")
