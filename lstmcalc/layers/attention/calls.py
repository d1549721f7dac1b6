"""What the attention layers share: what a call may be told, how sizes must agree, masks, and what Keras states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, equal, symbols_of, to_text
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.attention.operands import operands
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, as_shapes, show_shapes
from lstmcalc.shapes import show_shape

__all__ = [
    "MASKS",
    "TOLD",
    "broadcast",
    "causal_mask",
    "check_masks",
    "hint_on_other_shape",
    "require_equal",
    "require_known_alike",
    "spread_mask",
]

#: What a call of any attention layer may be told.
TOLD = {"return_attention_scores": arg.flag(False), "use_causal_mask": arg.flag(False)}


def one_mask() -> arg.Argument:
    """A mask that is no list of them."""
    argument: arg.Argument = arg.tensor()
    any_number = argument.read

    def read(name: str, value: Any) -> Any:
        if isinstance(value, list):
            raise arg.refuse(name, "one output of a layer", value)
        return any_number(name, value)

    argument.read = read
    return argument


#: What a call of a layer with heads may be told besides.
MASKS = {name: one_mask() for name in ("query_mask", "value_mask", "key_mask", "attention_mask")}
#: A shape with what it is called.
Named = tuple[str, Shape]


def require_equal(x: Inputs, axis: int, one: Named, other: Named, because: str) -> None:
    """Requires two shapes to have the same size at an axis."""
    (name, shape), (other_name, other_shape) = one, other
    size, there = shape[axis], other_shape[axis]
    found = f"axis {axis % len(shape)} is {to_text(size)} in the {name} and {to_text(there)} in the {other_name}"
    condition = equal(size, there)
    x.require(
        condition,
        "wrong-size",
        f"the same size in {name} and {other_name} at axis {axis % len(shape)}",
        f"{show_shape(shape)} and {show_shape(other_shape)}",
        because if condition is False else f"{found}; {because}",
        unknown=f"axis {axis % len(shape)} of the {name if size is UNKNOWN else other_name}",
    )


def require_known_alike(x: Inputs, value: Shape, key: Shape) -> None:
    """Requires value and key to agree between batch and last axis, where Keras takes unknown for a size of its own.

    keras/src/layers/attention/multi_head_attention.py, 3.15.1, `compute_output_shape`.
    """
    because = "each key belongs to one value"
    shapes = f"{show_shape(value)} and {show_shape(key)}"
    if len(value) != len(key) and x.checked:
        raise Rejection("wrong-ndim", "value and key with the same number of axes", shapes, because)
    for axis in range(1, len(value) - 1):
        sizes = value[axis], key[axis]
        if UNKNOWN in sizes and any(isinstance(size, int) for size in sizes) and x.checked:
            expected = f"the same size in value and key at axis {axis}, or an unknown one in both"
            raise Rejection("wrong-size", expected, shapes, because)
        if any(isinstance(size, int) for size in sizes):
            since = f"value and key must agree at axis {axis}, where one of them has a number"
            x.needed.update({name: since for size in sizes for name in symbols_of(size)})
        require_equal(x, axis, ("value", value), ("key", key), because)
    require_equal(x, 0, ("value", value), ("key", key), "a batch has one size")


def broadcast(x: Inputs, shapes: Sequence[Named], expected: str, best_known: bool = False) -> Shape:
    """The shape that several shapes have together, sizes of 1 repeated.

    Shapes with fewer axes get axes of size 1 in front. Of sizes that must be equal the first is taken, as Keras states
    it, or the `best_known`.
    """
    ndim = max(len(shape) for _, shape in shapes)
    aligned = [(name, (1,) * (ndim - len(shape)) + shape) for name, shape in shapes]
    sizes: list[Dim] = []
    for axis in range(ndim):
        binding = [(name, shape[axis]) for name, shape in aligned if shape[axis] != 1]
        if not binding:
            sizes.append(1)
            continue
        first, best = min(binding, key=lambda pair: (not isinstance(pair[1], int), pair[1] is UNKNOWN))
        sizes.append(best if best_known else binding[0][1])
        for name, size in binding:
            text = f"axis {axis - ndim} is {to_text(best)} in the {first} and {to_text(size)} in the {name}"
            got = " and ".join(show_shape(shape) for _, shape in shapes)
            unknown = f"axis {axis - ndim} of the {first if best is UNKNOWN else name}"
            x.require(equal(best, size), "wrong-size", expected, got, text, unknown=unknown)
    return tuple(sizes)


def spread_mask(name: str, shape: Shape) -> Named:
    """A mask over steps of value or key as it lies beside the scores: the same for every step of the query."""
    return name, (*shape[:-1], 1, *shape[-1:])


def causal_mask(x: Inputs, name: str) -> Named:
    """The mask that Keras makes between the steps of query and value, which are axis 1 of both."""
    query, value, _ = operands(x)
    return name, (1, query[1], value[1])


def check_masks(x: Inputs, scores: Shape, masks: Sequence[Named], axes: int) -> None:
    """Requires the masks, joined, to fit the scores, which have `axes` axes of the query and as many of the key behind.

    Keras puts axes of size 1 before those that attention goes along, so that a mask must have at least those.
    """
    if not masks:
        return
    named = " and ".join(f"`{name}`" for name, _ in masks)
    got = " and ".join(show_shape(shape) for _, shape in masks)
    expected = f"{named} to fit the attention scores {show_shape(scores)}, where sizes of 1 are repeated"
    mask = broadcast(x, [(f"`{name}`", shape) for name, shape in masks], expected, best_known=True)
    missing = len(scores) - len(mask)
    if x.checked and (missing < 0 or (missing and len(mask) < 2 * axes)):
        because = f"attention goes along {axes} axes of the query and {axes} of the key" if missing > 0 else ""
        raise Rejection("wrong-ndim", expected, got, because)
    place = len(mask) - 2 * axes
    if missing:
        mask = (*mask[:place], *(1,) * missing, *mask[place:])
    for axis, (size, there) in enumerate(zip(mask, scores, strict=False)):
        if size != 1:
            because = f"axis {axis} is {to_text(size)} in the mask and {to_text(there)} in the scores"
            unknown = f"axis {axis} of the {'mask' if size is UNKNOWN else 'scores'}"
            x.require(equal(size, there), "wrong-size", expected, got, because, unknown=unknown)


def hint_on_other_shape(rule: LayerRule, x: Inputs) -> Iterator[Fault]:
    """Tells where Keras states other shapes than data will have."""
    stated = rule.keras_output_shape(x)
    if stated is None:
        return
    scores = len(as_shapes(stated)) > 1
    because = "Keras takes the scores to be as long as the query in both directions" if scores else ""
    yield Fault(
        "other-shape-in-keras",
        f"{show_shapes(stated)}, which Keras states before it has data",
        show_shapes(rule.output_shape(x)),
        because,
    )
