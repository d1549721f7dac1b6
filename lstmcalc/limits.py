"""How great the sizes of a model can get: no axis of an array is longer than `MAX_SIZE`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lstmcalc.dims import MAX_SIZE, UNKNOWN, Condition, Expression
from lstmcalc.report import Holds, Report, Shape
from lstmcalc.shapes import show_shape

__all__ = ["limits", "shapes_in"]


def limits(report: Report, doubted: Callable[[Expression], bool] = lambda size: True) -> Iterator[Holds]:
    """A condition for every size of a shape that symbols could make too great; for those alone that are `doubted`.

    >>> from lstmcalc import infer, load
    >>> [held.text for held in limits(infer(load("-", text="{input: [4], layers: [{Dense: 3*U}]}")))]
    ['U <= 3074457345618258602']
    """
    seen = set()
    for layer, shape in shapes_in(report):
        for size in shape:
            if isinstance(size, Expression) and size is not UNKNOWN and size not in seen and doubted(size):
                seen.add(size)
                condition = Condition(MAX_SIZE, ">=", size)
                yield Holds(layer, str(condition), f"no array is longer, and {show_shape(shape)} would be", condition)


def shapes_in(report: Report) -> Iterator[tuple[str, Shape]]:
    """Every shape of a model, those of weights and of models used as layers too, with the layer that it belongs to."""
    for port in report.inputs:
        yield port.name, port.shape or ()
    for layer in report.layers:
        for shape in (*layer.input_shapes, *layer.output_shapes, *(weight.shape for weight in layer.weights)):
            yield layer.name, shape or ()
        if layer.nested is not None:
            yield from shapes_in(layer.nested)
