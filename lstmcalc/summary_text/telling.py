"""What would tell apart the layers that print the same row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lstmcalc.building import Builder
from lstmcalc.dims import lift
from lstmcalc.errors import Rejection
from lstmcalc.layers.arguments import show
from lstmcalc.layers.rule import Weight
from lstmcalc.shapes import show_shape
from lstmcalc.spec import LayerSpec
from lstmcalc.summary_text.reading import Candidate
from lstmcalc.summary_text.solving import view_of

__all__ = ["tell_apart", "weights_of"]


def tell_apart(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidates, each but the first with what would tell it from the first: weights, the input, or arguments.

    >>> def embedding(vocabulary, width):
    ...     return Candidate(LayerSpec("Embedding", "e", {"input_dim": vocabulary, "output_dim": width}),
    ...                      ((None, 10),), ((None, 10, width),), 100)
    >>> tell_apart([embedding(10, 10), embedding(20, 5)])[1].tells
    'its weights would be (20, 5), not (10, 10)'
    """
    if not candidates:
        return ()
    first = candidates[0]
    return (first, *(each._replace(tells=_difference(first, each)) for each in candidates[1:]))


def _difference(first: Candidate, other: Candidate) -> str:
    mine, its = _shapes(first), _shapes(other)
    if mine != its and None not in (mine, its):
        return f"its weights would be {_weights(its)}, not {_weights(mine)}"
    if first.inputs != other.inputs:
        return f"its input would be {_listed(other.inputs)}, not {_listed(first.inputs)}"
    pairs = list(_arguments(first.layer, other.layer))
    if not pairs:
        return ""
    its_own = " and ".join(f"`{key}: {show(value)}`" for key, _, value in pairs)
    instead = " and ".join(f"`{show(value)}`" for _, value, _ in pairs)
    return f"only its config would tell: {its_own}, not {instead}"


def _listed(shapes: Any) -> str:
    return ", ".join(map(show_shape, shapes or ())) or "none"


def _weights(shapes: Any) -> str:
    """The shapes of weights; a size that follows from what the text does not show is a `?`."""
    return _listed(shapes).replace("None", "?")


def weights_of(candidate: Candidate) -> list[Weight] | None:
    """A candidate's weights, in Keras's order; None where its inputs are not known well enough."""
    rule = Builder().build(candidate.layer)
    if rule is None or not candidate.inputs:
        return None
    try:
        x = view_of(rule, [lift(shape) for shape in candidate.inputs], candidate.keywords)
        rule.output_shape(x)
        return list(rule.built_weights(x))
    except Rejection:
        return None


def _shapes(candidate: Candidate) -> list[Any] | None:
    weights = weights_of(candidate)
    return None if weights is None else [weight.shape for weight in weights]


def _arguments(first: LayerSpec, other: LayerSpec) -> Iterator[tuple[str, Any, Any]]:
    """The arguments in which two layers differ, those of the layers inside among them."""
    for key in dict.fromkeys((*first.arguments, *other.arguments)):
        mine, its = first.arguments.get(key), other.arguments.get(key)
        if isinstance(mine, LayerSpec) and isinstance(its, LayerSpec):
            if mine.class_name != its.class_name:
                yield key, mine.class_name, its.class_name
            else:
                yield from _arguments(mine, its)
        elif mine != its:
            yield key, mine, its
