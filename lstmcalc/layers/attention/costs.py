"""What attention costs besides its weights: scores of all queries with all keys, shares, and what they pick."""

from __future__ import annotations

from collections.abc import Iterator

from lstmcalc.dims import Dim, product
from lstmcalc.layers.activation_costs import activation_work
from lstmcalc.layers.costs import INSIDE, Cost, Work
from lstmcalc.layers.rule import Shape

__all__ = ["BLEND", "headed_work", "headless_work", "shares"]

SCORES = "for each score, a position of the query is multiplied with one of the key, value by value"
BLEND = "for each position of the query, the values are added up, each times its share"
ADDED = "for each score, a position of the query is added to one of the key"
SHARES = "the scores of each position of the query become shares, which add up to 1"


def shares(scores: Shape, along: int = 1) -> Iterator[Work]:
    """A softmax over the last axes of the scores, `along` of them; the batch is the first axis.

    Over several axes Keras takes exp of each score minus the logarithm of the sum of all their exp.

    >>> [work.cost for work in shares((None, 2, 3, 4), 2)]
    [Cost(macs=0, arithmetic=96, functions=50)]
    """
    if along == 1:
        yield from (step._replace(why=SHARES) for step in activation_work("softmax", scores, name="softmax"))
        return
    values, rows = product(scores[1:]), product(scores[1:-along])
    # The greatest, the differences to it, the sum, what is taken away again, and the differences to that.
    cost = Cost(arithmetic=4 * values, functions=2 * values + rows)
    yield Work("softmax", cost, f"{SHARES}, along {along} axes")


def headed_work(
    scores: Shape, query: Dim, widths: tuple[Dim, Dim], along: int = 1, fused: bool = True
) -> Iterator[Work]:
    """Attention between projected heads; a fused one scales all scores, any other the `query` values of the query.

    `widths` are those of one head in the key and in the value.
    """
    number = product(scores[1:])
    scaled = "score" if fused else "value of the query"
    why = f"every {scaled} is divided by the square root of the size of a key"
    yield Work("scale", Cost(arithmetic=number if fused else query), why)
    yield Work("scores", Cost(macs=number * widths[0]), SCORES, ((INSIDE,), (INSIDE,)))
    yield from shares(scores, along)
    yield Work("blend", Cost(macs=number * widths[1]), BLEND, ((INSIDE,), (INSIDE,)))


def headless_work(
    scores: Shape, width: Dim, value_width: Dim, key: int, weighs: bool, multiplies: bool, masks: bool
) -> Iterator[Work]:
    """Attention without heads: scores from `width` values of query and key, the inputs 0 and `key`.

    `weighs` tells that a trained weight has a part in the scores, `multiplies` that they are sums of products, and
    `masks` that some of them may be masked.
    """
    number = product(scores[1:])
    if multiplies:
        yield Work("scores", Cost(macs=number * width), SCORES, ((0,), (key,)))
    else:
        yield Work("sums", Cost(arithmetic=number * width), ADDED)
        yield Work("tanh", Cost(functions=number * width), "tanh of every value of these sums")
        yield Work("scores", Cost(arithmetic=number * (width - 1)), "for each score, what tanh gives is added up")
    if masks:
        why = "a great number is taken from each score; only what is masked keeps the result"
        yield Work("mask", Cost(arithmetic=number), why)
    yield from shares(scores)
    scored = (INSIDE,) if weighs else (0, key)
    yield Work("blend", Cost(macs=number * value_width), BLEND, (scored, (1,)))
