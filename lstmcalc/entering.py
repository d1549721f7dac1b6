"""The shapes with which a model begins: those that it states for its inputs, or those that it is given as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lstmcalc.building import Builder
from lstmcalc.checks import MAX_NDIM
from lstmcalc.dims import UNKNOWN, Dim, Expression, equal, substitute, symbol, symbols_of
from lstmcalc.errors import Fault, Rejection
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.rule import Assumption, Inputs, Shape
from lstmcalc.shapes import show_shape
from lstmcalc.spec import Spec, Where

__all__ = ["Entered", "enter"]


class Entered(NamedTuple):
    """The shapes of a model's inputs by name, and what has to hold of them, each with the input's name.

    An input that no array can be has none.
    """

    shapes: dict[str, Shape | None]
    assumptions: list[tuple[str, Assumption]]


def enter(spec: Spec, builder: Builder, given: Sequence[Shape] | None) -> Entered:
    """The shapes of a model's inputs; `given` are those that it gets where it is used as a layer.

    What is wrong with them is noted by the builder. Raises `Rejection` where a given shape does not fit.
    """
    shapes: dict[str, Shape | None] = {}
    assumptions: list[tuple[str, Assumption]] = []
    batch = _batch(spec, builder)
    for index, port in enumerate(spec.inputs):
        sizes = port.shape
        if len(sizes) >= MAX_NDIM:
            fault = Fault("too-large", f"an input of at most {MAX_NDIM} axes", str(len(sizes) + 1))
            builder.faults.append(fault.placed(port.where))
            shapes[port.name] = None
            continue
        what = f'every size of input "{port.name}"'
        shape: Shape = (batch, *(_size(builder, size, what, port.where) for size in sizes))
        if given is not None:
            x = Inputs([given[index]])
            shape = _take(builder, port.name, shape, x)
            assumptions += [(port.name, assumption) for assumption in x.assumptions]
        shapes[port.name] = shape
    return Entered(shapes, assumptions)


def _batch(spec: Spec, builder: Builder) -> Dim:
    batch = _size(builder, spec.batch, "`batch`", spec.where)
    if not isinstance(batch, Expression) or batch is UNKNOWN:
        return batch
    names = " and ".join(f"`{name}`" for name in symbols_of(batch))
    fix = f"give {names} a value, or state the number"
    got = f"`{spec.batch}`"
    builder.faults.append(Fault("unset-symbol", "`batch` to be a number", got, fix=fix, where=spec.where))
    return UNKNOWN


def _size(builder: Builder, value: Any, what: str, where: Where) -> Dim:
    """A size of an input or the batch; what cannot be read is a fault, and unknown from there on."""
    if value is None:
        return UNKNOWN
    try:
        size = builder.size(value)
    except ValueError as error:
        builder.faults.append(Fault("wrong-size", f"{what} to be an integer, null, or arithmetic with names",
                                    f"`{value}`", str(error), where=where))  # fmt: skip
        return UNKNOWN
    if isinstance(size, int) and size < 1:
        builder.faults.append(Fault("wrong-size", f"{what} to be at least 1", str(size), where=where))
        return UNKNOWN
    return size


def _take(builder: Builder, name: str, declared: Shape, x: Inputs) -> Shape:
    """The shape that a nested model's input takes on; a free symbol of its own stands for what is given."""
    given = x.shape
    if len(declared) != len(given):
        raise Rejection("wrong-ndim", f'{show_shape(declared)}, the shape of its input "{name}"', show_shape(given))
    for size, actual in zip(declared[1:], given[1:], strict=True):
        size = substitute(size, builder.values)
        free = symbols_of(size)
        if len(free) == 1 and size == symbol(free[0]):
            builder.values[free[0]] = actual
        elif size is not UNKNOWN and actual is not UNKNOWN:
            expected = f'{show_shape(declared)}, its input "{name}"'
            x.require(equal(size, actual), "wrong-size", expected, show_shape(given))
    return given
