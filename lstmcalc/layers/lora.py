"""Low-rank updates: a frozen weight, and the product of two small factors that is trained in its place."""

from __future__ import annotations

from typing import Any

from lstmcalc.dims import Dim
from lstmcalc.errors import Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.costs import FREE
from lstmcalc.layers.weights import Shape, Weight

__all__ = ["LORA", "check_lora", "low_rank", "rank_argument"]

LORA = "the low-rank update's first factor", "the low-rank update's second factor"


def rank_argument() -> Any:
    """`lora_rank`: a positive size; 0 is none, as in Keras."""
    argument = arg.positive(None)
    positive = argument.read
    argument.read = lambda name, value: None if value == 0 and value is not False else positive(name, value)
    return argument


def check_lora(rank: Dim | None, constraint: str, value: Any) -> None:
    """Refuses a constraint on the weight that low-rank factors stand in for."""
    if rank is not None and value is not None:
        raise Rejection("wrong-value", f"no `{constraint}` beside `lora_rank`", "both", fix=f"remove `{constraint}`")


def low_rank(name: str, shape: Shape, rank: Dim | None, uses: Dim) -> list[Weight]:
    """The factors of a low-rank update of a weight, where it has one: always float32."""
    if rank is None:
        return []
    return [
        Weight(f"lora_{name}_a", (*shape[:-1], rank), uses, LORA[0], dtype="float32", cost=FREE),
        Weight(f"lora_{name}_b", (rank, shape[-1]), uses, LORA[1], dtype="float32", cost=FREE),
    ]
