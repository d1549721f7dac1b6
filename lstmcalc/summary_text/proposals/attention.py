"""The arguments of attention layers: how many heads, how wide each is, and what of them has weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import gcd, isqrt
from typing import Any

from lstmcalc.dims import Dim
from lstmcalc.errors import Rejection
from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.trying import agreeing, shows, view_of, whole
from lstmcalc.summary_text.reading import Shape
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS"]

#: How unusual a number of heads is.
HEADS = {8: 0.0, 4: 0.1, 2: 0.2, 12: 0.15, 16: 0.3, 1: 0.5, 6: 0.4, 3: 0.5, 10: 0.6, 5: 0.6, 32: 0.5, 20: 0.8, 24: 0.7}
#: How unusual any other number of heads is.
ODD_HEADS = 1.5
#: More heads nobody has.
MOST_HEADS = 128
#: How many ways to split two widths into heads are proposed.
MOST_SPLITS = 16
#: With more widths than these, only those are tried that usual heads make up.
MOST_WIDTHS = 200
LIKELY_WIDTHS = {heads * size for heads in HEADS for size in (8, 16, 24, 32, 40, 48, 64, 80, 96, 128, 192, 256, 512)}
#: How far divisors are looked for.
MOST_TRIED = 100_000


def _gate(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> list[Proposal]:
    """Whether there is a gate, which has weights."""
    return [Proposal({}), Proposal({"use_gate": True}, 1.5)]


def _scale(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """The factors that scores have: those of the default, or others where the count tells."""
    default = {key: rule.arguments[key].default for key in ("use_scale", "score_mode")}
    pairs = [{"use_scale": scale, "score_mode": mode} for scale in (False, True) for mode in ("dot", "concat")]
    seen_inputs = seen.inputs or ((None, 3, 5),) * 2
    view = seen._replace(inputs=seen_inputs)
    if not shows(rule, view, {**before, "use_scale": True}, [Proposal({"score_mode": m}) for m in ("dot", "concat")]):
        pairs = [{"use_scale": scale} for scale in (False, True)]
    costs = {"use_scale": 0.5, "score_mode": 1.0}
    options = [Proposal(pair, sum(costs[key] for key in pair if pair[key] != default[key])) for pair in pairs]
    options.sort(key=lambda each: each.cost)
    yield from agreeing(rule, seen, before, options)


def _multi_head(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """Heads and their widths that give the count, from an input that is known, or one that attends to itself."""
    inputs = _attended(seen)
    if inputs is None:
        return
    width = inputs[0][-1]
    shaped = _joined_shape(inputs[0], seen)
    if seen.params is None:
        yield from (Proposal({**shaped, **pair}, cost) for pair, cost in _pairs(width, width))
        return
    line = _line(rule, seen, inputs, {**before, **shaped}, _as_multi_head)
    if line is None:
        return
    start, per_key, per_value = line
    joined, rest = divmod(seen.params - start, per_key + per_value)
    alike = rest == 0 and joined > 0
    apart = [] if before.get("use_gate") or (alike and seen.inputs is None) else _apart(line, seen.params, width)
    if alike:
        yield from (Proposal({**shaped, **pair}, cost) for pair, cost in _pairs(joined, width))
    elif not apart:
        # The nearest is worth showing as a miss.
        pair, cost = min(_pairs(max(joined, 1), width), key=lambda each: each[1])
        yield Proposal({**shaped, **pair}, 4.0 + cost)
    yield from (Proposal({**shaped, **each}, cost) for each, cost in apart)


def _pairs(joined: Any, width: Any) -> list[tuple[dict[str, int], float]]:
    """The numbers of heads that together are so wide, with the width of each."""
    if not isinstance(joined, int):
        return []
    return [
        ({"num_heads": heads, "key_dim": joined // heads}, _heads_cost(heads, joined // heads, width))
        for heads in _divisors(joined)
        if heads <= MOST_HEADS
    ]


def _apart(line: tuple[int, int, int], params: int, width: Any) -> list[tuple[dict[str, int], float]]:
    """Heads whose values are of another width than their keys."""
    found = [
        ({"num_heads": heads, "key_dim": keys // heads, "value_dim": values // heads},
         1.2 + _heads_cost(heads, keys // heads, width) + _apart_cost(keys // heads, values // heads))
        for keys, values in _two_widths(line, params)
        if keys != values
        for heads in _divisors(gcd(keys, values))
        if heads in HEADS
    ]  # fmt: skip
    return sorted(found, key=lambda each: each[1])[:MOST_SPLITS]


def _apart_cost(key: int, value: int) -> float:
    """How unusual values of another width are: twice as wide, or half, is what people try."""
    low, high = sorted((key, value))
    return 0.0 if high == 2 * low else _width_cost(value) + (0.3 if high % low == 0 else 0.6)


def _shared_heads(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """Heads of the query, fewer of key and value, and the width of each, that give the count."""
    inputs = _attended(seen)
    line = _line(rule, seen, inputs, before, _as_shared_heads) if inputs is not None else None
    if inputs is None or line is None or seen.params is None:
        return
    width = inputs[0][-1]
    found = [
        Proposal(
            {"head_dim": size, "num_query_heads": asking // size, "num_key_value_heads": shared // size},
            _heads_cost(asking // size, size, width) + (0.0 if asking > shared else 0.7),
        )
        for asking, shared in _two_widths(line, seen.params)
        if asking % shared == 0
        for size in _divisors(shared)
    ]
    yield from sorted(found, key=lambda each: each.cost)[:MOST_SPLITS]


def _attended(seen: Seen) -> tuple[Shape, ...] | None:
    if seen.inputs is not None:
        return seen.inputs if seen.inputs and all(seen.inputs) else None
    shape = whole(seen)
    return None if not shape or shape[-1] is None else (shape, shape)


def _joined_shape(query: Shape, seen: Seen) -> dict[str, Any]:
    """The `output_shape` that the row states, where the output is not as wide as the query."""
    output = whole(seen)
    made = list(output[len(query) - 1 :]) if output else []
    if not made or made == [query[-1]] or None in made:
        return {}
    return {"output_shape": made[0] if len(made) == 1 else made}


def _as_multi_head(first: int, second: int) -> dict[str, int]:
    return {"num_heads": 1, "key_dim": first, "value_dim": second}


def _as_shared_heads(first: int, second: int) -> dict[str, int]:
    return {"head_dim": 1, "num_query_heads": first, "num_key_value_heads": second}


def _line(
    rule: type[LayerRule],
    seen: Seen,
    inputs: tuple[Shape, ...],
    before: Mapping[str, Any],
    arguments: Callable[[int, int], dict[str, int]],
) -> tuple[int, int, int] | None:
    """What the count starts from, and what each step of two widths adds to it: the rule tells, run on three pairs."""

    def count(first: int, second: int) -> Dim:
        made = rule({**{key: rule.arguments[key].check(key, value) for key, value in before.items()},
                     **arguments(first, second)})  # fmt: skip
        return made.count(view_of(made, inputs, seen))

    try:
        at_one, more, other = count(1, 1), count(2, 1), count(1, 2)
    except Rejection:
        return None
    if not (isinstance(at_one, int) and isinstance(more, int) and isinstance(other, int)):
        return None
    return at_one - (more - at_one) - (other - at_one), more - at_one, other - at_one


def _two_widths(line: tuple[int, int, int], params: int) -> Iterator[tuple[int, int]]:
    """All pairs of whole numbers, at least 1, with which the count comes out; of too many, what heads make up.

    >>> list(_two_widths((2, 3, 5), 33))
    [(2, 5), (7, 2)]
    """
    start, first, second = line
    rest, common = params - start, gcd(first, second)
    if rest <= 0 or rest % common:
        return
    first, second, rest = first // common, second // common, rest // common
    one = rest * pow(first, -1, second) % second if second > 1 else 0
    most = rest // first
    values = range(one or second, most + 1, second)
    for value in values if len(values) <= MOST_WIDTHS else sorted(LIKELY_WIDTHS):
        left = rest - value * first
        if left >= second and left % second == 0:
            yield value, left // second


def _divisors(number: int) -> list[int]:
    """The divisors; of a number that no layer is so wide as, the small ones and what they divide it to."""
    low = [value for value in range(1, min(isqrt(number), MOST_TRIED) + 1) if number % value == 0]
    return sorted({*low, *(number // value for value in low)})


def _heads_cost(heads: int, size: int, width: Any) -> float:
    """How unusual heads of a size are: one expects them to divide the width, or each to be as wide as it."""
    number = HEADS.get(heads, ODD_HEADS)
    if heads * size == width:
        return number + _size_cost(size)
    if size == width:
        return number + (0.0 if heads in (2, 4, 8) else 0.3)
    return number + 0.1 + _width_cost(size) + _size_cost(size)


def _size_cost(size: int) -> float:
    """Heads of fewer than 16 values are rare, and those of 64 the most usual."""
    return {64: 0.0, 32: 0.0, 16: 0.05, 128: 0.1}.get(size, 0.2 if size > 16 else 0.4)


def _width_cost(size: int) -> float:
    if size >= 8 and size & (size - 1) == 0:
        return 0.0 if size <= 256 else 0.6
    return 0.5 if size % 8 == 0 or size == 1 else 0.7 if size % 10 == 0 else 1.0


PROPOSERS = (
    Proposer(frozenset({"use_gate"}), _gate),
    Proposer(frozenset({"num_heads", "key_dim", "value_dim"}), _multi_head),
    Proposer(frozenset({"head_dim", "num_query_heads", "num_key_value_heads"}), _shared_heads),
    Proposer(frozenset({"use_scale", "score_mode"}), _scale),
)
