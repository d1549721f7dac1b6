"""What lstmcalc says of a layer or a model beside what Keras holds: every difference, as one line of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from lstmcalc.dims import lift, lift_size, lower, lower_size, substitute
from lstmcalc.report import CallReport, LayerReport, Report, Shape, WeightReport
from lstmcalc.shapes import show_count, show_shape

__all__ = ["compare_layer", "compare_model", "compare_outputs", "compare_real", "evaluate"]

Values = Mapping[str, int]
MODELS = ("Functional", "Sequential")


@dataclass(frozen=True)
class HeldWeight:
    """A weight as Keras holds it; `path` are the parts of its path, the last of which is its own name."""

    path: tuple[str, ...]
    shape: tuple[int, ...]
    trainable: bool
    dtype: str


def evaluate(shape: Iterable[Any], values: Values) -> Shape:
    """A shape with values put in for its symbols.

    >>> from lstmcalc.dims import symbol
    >>> evaluate((None, symbol("T") + 1, 9), {"T": 7})
    (None, 8, 9)
    """
    return lower(substitute(size, values) for size in lift(shape))


def compare_layer(ours: LayerReport, theirs: Any, values: Values, trained: bool = True) -> Iterator[str]:
    """Class, weights one by one and params of a layer; a nested model's layers too, each with its name before it.

    In a frozen model, which is not `trained`, no weight of its layers is.
    """
    held_class = type(theirs).__name__
    # A model of a class of the user's own is built from its layers.
    is_own_model = ours.nested is not None and ours.class_name not in MODELS
    if not is_own_model and held_class not in (ours.class_name, "StandIn"):
        yield _differ("class", held_class, ours.class_name)
    yield from _compare_weights(ours.weights, _held_weights(theirs, trained), values)
    # An operation has no weights, and no count of them.
    count = theirs.count_params() if hasattr(theirs, "count_params") else 0
    counts = count, _evaluate_size(ours.params, values)
    if counts[0] != counts[1]:
        yield _differ("params", *map(show_count, counts))
    if ours.nested is not None:
        yield from _compare_order(ours.nested, theirs)
        held = {layer.name: layer for layer in _held_layers(theirs, ours.nested)}
        for layer in ours.nested.layers:
            if layer.name in held:
                yield from (f'"{layer.name}": {text}' for text in compare_layer(layer, held[layer.name], values))


def compare_outputs(ours: CallReport, theirs: Sequence[Any], values: Values) -> Iterator[str]:
    """The shapes that Keras gives the outputs of one call before there is data; None where ours is not a number."""
    stated = ours.outputs if ours.believed is None else ours.believed
    shapes = [_numbers(evaluate(shape, values)) for shape in stated or ()]
    yield from _compare_shapes("output", shapes, [tuple(tensor.shape) for tensor in theirs])


def compare_real(ours: CallReport, theirs: Sequence[Sequence[int]], values: Values, batch: int) -> Iterator[str]:
    """The shapes that data took in one call, beside the symbolic ones at the sizes of that data."""
    expected = []
    for index, shape in enumerate(evaluate(shape, values) for shape in ours.outputs or ()):
        sizes = (batch, *shape[1:]) if shape and shape[0] is None else shape
        real = theirs[index] if index < len(theirs) else ()
        # What lstmcalc does not know, it cannot get wrong.
        known = [r if s is None else s for s, r in zip(sizes, real, strict=False)]
        expected.append((*known, *sizes[len(known) :]))
    yield from _compare_shapes("real output", expected, [tuple(shape) for shape in theirs])


def compare_model(ours: Report, theirs: Any, values: Values) -> Iterator[str]:
    """The order of a model's layers, and its totals."""
    yield from _compare_order(ours, theirs)
    totals = ours.totals
    for what, weights, params in (
        ("trainable params", theirs.trainable_weights, totals.trainable_params),
        ("non-trainable params", theirs.non_trainable_weights, totals.non_trainable_params),
    ):
        counts = sum(prod(weight.shape) for weight in weights), _evaluate_size(params, values)
        if counts[0] != counts[1]:
            yield _differ(what, *map(show_count, counts))
    # A Sequential without layers has none.
    outputs = getattr(theirs, "outputs", ())
    if len(ours.outputs) != len(outputs):
        yield _differ("number of outputs", str(len(outputs)), str(len(ours.outputs)))


def _compare_order(ours: Report, theirs: Any) -> Iterator[str]:
    names, held = [layer.name for layer in ours.layers], [layer.name for layer in _held_layers(theirs, ours)]
    if names != held:
        yield _differ("layers in order", ", ".join(held), ", ".join(names))


def _held_layers(model: Any, ours: Report) -> list[Any]:
    """A model's layers in Keras's order, and those operations among them that the spec has.

    The others are Keras's own: it puts operations into a model to make and to merge masks.
    """
    known = {layer.name for layer in ours.layers}
    layers = {id(layer) for layer in model.layers}
    listed = getattr(model, "operations", None) or model.layers
    return [layer for layer in listed if id(layer) in layers or layer.name in known]


def _held_weights(layer: Any, trained: bool) -> list[HeldWeight]:
    # What a model trains are the weights that are themselves trainable, whatever the layer around them says.
    return [
        HeldWeight(tuple(weight.path.split("/")), tuple(weight.shape), trained and weight.trainable, str(weight.dtype))
        for weight in getattr(layer, "weights", ())
    ]


def _compare_weights(ours: Sequence[WeightReport], theirs: Sequence[HeldWeight], values: Values) -> Iterator[str]:
    if len(ours) != len(theirs):
        yield _differ("weights", _list(weight.path[-1] for weight in theirs), _list(weight.name for weight in ours))
        return
    for number, (weight, held) in enumerate(zip(ours, theirs, strict=True), 1):
        if not _is_called(weight.name, held.path):
            yield _differ(f"weight {number}", f"`{'/'.join(held.path)}`", f"`{weight.name}`")
            continue
        shape = evaluate(weight.shape, values)
        facts = (
            ("shape", show_shape(held.shape), show_shape(shape)),
            ("trainable", _yes(held.trainable), _yes(weight.trainable)),
            ("dtype", held.dtype, weight.dtype),
        )
        yield from (_differ(f"`{weight.name}` {what}", a, b) for what, a, b in facts if a != b)


def _is_called(name: str, path: Sequence[str]) -> bool:
    """Whether a weight's name fits Keras's path: the last parts are the same, and what stands before comes in order."""
    *before, last = name.split("/")
    if path[0] in before:
        # A nested model's weights got their paths where it was built, without what is around it now.
        before = before[before.index(path[0]) :]
    parts = iter(path[:-1])
    return last == path[-1] and all(part in parts for part in before)


def _compare_shapes(what: str, ours: Sequence[Shape], theirs: Sequence[Shape]) -> Iterator[str]:
    if len(ours) != len(theirs):
        yield _differ(f"{what}s", _list(map(show_shape, theirs)), _list(map(show_shape, ours)))
        return
    for index, (shape, held) in enumerate(zip(ours, theirs, strict=True)):
        if shape != held:
            yield _differ(what if len(ours) == 1 else f"{what} {index}", show_shape(held), show_shape(shape))


def _numbers(shape: Shape) -> Shape:
    """A shape as Keras knows it before there is data: None for all that is not a number."""
    return tuple(size if isinstance(size, int) else None for size in shape)


def _evaluate_size(size: Any, values: Values) -> Any:
    return lower_size(substitute(lift_size(size), values))


def _list(items: Iterable[str]) -> str:
    return ", ".join(items) or "none"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _differ(what: str, keras: str, lstmcalc: str) -> str:
    return f"{what}: Keras {keras}, lstmcalc {lstmcalc}"
