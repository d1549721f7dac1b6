"""What one step of a recurrent cell keeps for backpropagation through time."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import Dim
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.kept import ANY, Held, kept_by_function, per_sample
from lstmcalc.layers.rule import Inputs

__all__ = ["Step", "candidate", "gate", "gated_step", "one_step", "together"]


class Step(NamedTuple):
    """What one step keeps: least, of numbers, and most."""

    least: Dim = 0
    most: Held = Held()


def together(*parts: Held) -> Held:
    """All of them, as parts of one step.

    >>> together(Held(values=1), Held(values=2, bytes=3))
    Held(inputs=(), output=False, values=3, bytes=3)
    """
    held = Held()
    for part in parts:
        held = held.plus(part.values, part.bytes)
    return held


def gate(activation: Any) -> Held:
    """What a gate keeps for each unit: of its activation, and what it is multiplied with."""
    return _unit(activation).plus(1)


def candidate(activation: Any) -> Held:
    """What a candidate keeps for each unit; of tanh, what it is multiplied with is kept anyway."""
    return _unit(activation).plus(0 if activation == "tanh" else 1)


def gated_step(rule: Any, x: Inputs, size: Dim) -> Step:
    """One step of an LSTM, whose state has this size."""
    gates, values = gate(rule.recurrent_activation).times(3), candidate(rule.activation).times(2)
    return one_step(rule, x, size, 6, together(gates, values).plus(2))


def one_step(rule: Any, x: Inputs, size: Dim, least: Dim, each: Held) -> Step:
    """One step of a cell whose state has this size, and which keeps `least` numbers, or `each`, for each unit.

    The input is laid in front of the steps, and so kept once more.
    """
    return Step(least * size, together(each.times(size), Held(values=per_sample(x.shape)), _dropped(rule, x, size)))


def _unit(activation: Any) -> Held:
    """What an activation keeps for each number that comes out."""
    if not activation:
        return Held()
    return (
        kept_by_function(activation, (1, 1)).most if isinstance(activation, str) else Held(values=ANY[0], bytes=ANY[1])
    )


def _dropped(rule: Any, x: Inputs, size: Dim) -> Held:
    """What dropout in a cell adds: the shares that stay, and what is multiplied with them."""
    shares = (getattr(rule, "dropout", 0), per_sample(x.shape)), (getattr(rule, "recurrent_dropout", 0), size)
    values = sum((3 * many for share, many in shares if share), start=0)
    return Held(values=values, bytes=values)
