"""What backpropagation keeps of attention: what is multiplied, the scores, and what is known of their rows."""

from __future__ import annotations

from lstmcalc.dims import Dim, product, total
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.kept import Held, Kept, Made
from lstmcalc.layers.rule import Shape

__all__ = ["Projected", "kept_with_heads", "kept_without_heads", "of_scores"]


class Projected(NamedTuple):
    """How many numbers the projections give; `repeated` are those of key and value, one for each head of the query.

    `found` is what the heads find, of which the output is made.
    """

    query: Dim
    key: Dim
    value: Dim
    repeated: Dim
    found: Dim
    gate: Dim = 0


def of_scores(scores: Shape, drops: bool, besides: Dim = 0, conditions: int = 0) -> Held:
    """What a softmax over the last axis of the scores keeps, with `besides` numbers and conditions for each score.

    >>> of_scores((1, 5, 7), drops=False).values
    80
    """
    number = product(scores[1:])
    values = (2 + drops + besides) * number + 2 * product(scores[1:-1])
    return Held(values=values, bytes=(drops + conditions) * number)


def kept_with_heads(projected: Projected, scores: Shape, made: Made, drops: bool, masks: int) -> Kept:
    """Attention between heads; `masks` is how many numbers and conditions a mask adds to each score.

    A backend with flash attention keeps no scores.
    """
    query, key, value, repeated, found, gate = projected
    trained = any(weight.trainable for weight in made.weights if weight.name == "attention_output/kernel")
    # Of a gate: itself, its derivative, and what it lets through.
    several = total([query, repeated, found, 3 * gate])
    most = of_scores(scores, drops, masks, masks).plus(several)._replace(inputs=made.needed)
    least = total([query, key, value, found if trained else 0])
    return Kept(Held(made.needed, values=least), most, wide=True, passing=several + 2 * product(scores[1:]))


def kept_without_heads(scores: Shape, held: Held, drops: bool, masked: bool, sums: Dim = 0) -> Kept:
    """Attention between the inputs themselves, of which `held` are kept; `sums` are the values behind the scores."""
    most = of_scores(scores, drops, 0, masked).plus(held.values + sums)
    return Kept(most=most._replace(inputs=held.inputs), wide=True, passing=2 * product(scores[1:]) + sums)
