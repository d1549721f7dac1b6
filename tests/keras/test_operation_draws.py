"""Operations against real Keras, family by family: any arguments, shapes with names, constants among the operands."""

from __future__ import annotations

from typing import Any

from drawing import drawn, some
from hypothesis import strategies as st
from operation_drawing import Case, array, case, check, shapes, sizes, values

from lstmcalc.layers.operations import elementwise, reductions

PAIRS = sizes(3, 4, 5, 1, 1, "T", "U")
TWO = [*elementwise.BINARY, *elementwise.TENSORS_ONLY]


@st.composite
def elementwise_cases(draw: st.DrawFn) -> Case:
    kind = draw(st.sampled_from("unary binary binary binary constant bits where close".split()))
    shape, given = draw(shapes(size=PAIRS)), draw(values())
    if kind == "unary":
        name = draw(st.sampled_from([name for texts in elementwise.UNARY.values() for name in texts]))
        return case(name, {}, shape, given, dtype="complex64" if name in ("Imag", "Real", "Conj") else "")
    others = [shape, draw(shapes(2, size=PAIRS))]
    if kind == "binary":
        return case(draw(st.sampled_from(TWO)), {}, others, given)
    if kind == "bits":
        names = [*elementwise.BITS, *elementwise.SHIFTS, *elementwise.INTEGER_BINARY]
        return case(draw(st.sampled_from(names)), {}, others, given, dtype="int32")
    if kind == "close":
        return case(draw(st.sampled_from(("Isclose", "AllClose"))), {}, others, given)
    if kind == "where":
        return case("Where", {}, [*others, draw(shapes(size=PAIRS))], given)
    constant = draw(st.just(2.0) | st.lists(st.integers(1, 4), max_size=2).map(array))
    place = draw(st.sampled_from(("x1", "x2")))
    return case(draw(st.sampled_from(list(elementwise.BINARY))), {}, shape, given, {place: constant})


@drawn(elementwise_cases())
def test_drawn_elementwise(one: Case) -> bool:
    """Any operands of an operation that goes value by value."""
    return check(one)


def some_axes(low: int = -5, high: int = 4) -> st.SearchStrategy[Any]:
    axis = st.integers(low, high) | st.integers(-2, 1)
    return axis | st.lists(axis, max_size=3)


@st.composite
def reduction_cases(draw: st.DrawFn) -> Case:
    kind = draw(st.sampled_from("many many one running quantile norm moments average".split()))
    shape, given, keep = draw(shapes()), draw(values()), draw(some(keepdims=st.booleans()))
    one = draw(some(axis=st.integers(-5, 4) | st.integers(-2, 1)))
    if kind == "many":
        name = draw(st.sampled_from([*reductions.REDUCTIONS, "Logsumexp"]))
        keep = {} if name == "CountNonzero" else keep
        return case(name, {**keep, **draw(some(axis=some_axes()))}, shape, given)
    if kind == "one":
        return case(draw(st.sampled_from(list(reductions.PLACES))), {**keep, **one}, shape, given)
    if kind == "running":
        name = draw(st.sampled_from([*reductions.RUNNING, "Trapezoid"]))
        return case(name, one, shape, given)
    if kind == "quantile":
        q = draw(st.sampled_from((0.5, [0.25, 0.75], [0.1, 0.5, 0.9])))
        name = draw(st.sampled_from(list(reductions.QUANTILE)))
        return case(name, {**keep, **draw(some(axis=some_axes()))}, shape, given, {"q": q})
    if kind == "norm":
        order = draw(some(ord=st.sampled_from((1, 2, "fro", "nuc", 3))))
        return case("Norm", {**keep, **order, **draw(some(axis=some_axes()))}, shape, given)
    if kind == "moments":
        return case(
            "Moments",
            {**keep, "axes": draw(some_axes().filter(lambda axes: isinstance(axes, list) and axes != []))},
            shape,
            given,
        )
    weights = draw(st.integers(1, 4).map(lambda length: [0.5] * length))
    return case("Average", one, shape, given, {"weights": weights} if draw(st.booleans()) else {})


@drawn(reduction_cases())
def test_drawn_reductions(one: Case) -> bool:
    """Any axes of an operation that makes one value of many, or goes along an axis."""
    return check(one)


def targets(shape: Any) -> st.SearchStrategy[Any]:
    """New shapes that may fit."""
    numbers = st.lists(sizes(1, 2, 3, 4, 6, 12, -1, -1), min_size=1, max_size=4)
    return numbers | st.permutations([-1, *(2 if isinstance(size, str) else size for size in shape[1:])])


@st.composite
def rearranging_cases(draw: st.DrawFn) -> Case:
    kind = draw(
        st.sampled_from(
            "Reshape Reshape Transpose ExpandDims Squeeze Squeeze Moveaxis Swapaxes Rot90 Flip Roll Tril Ravel Repeat "
            "Repeat Tile Pad Pad BroadcastTo BroadcastTo Fliplr".split()
        )
    )
    shape, given = draw(shapes()), draw(values())
    axis = st.integers(-5, 4) | st.integers(-2, 1)
    ndim, keywords = len(shape), {}
    if kind in ("Squeeze", "BroadcastTo"):
        shape = draw(shapes(size=sizes(1, 1, 1, 3, 4, "T")))
        ndim = len(shape)
    if kind == "Reshape":
        shape = draw(shapes() | st.just((2, 3, 4)) | st.just((12,)))
        arguments = {"newshape": list(draw(targets(shape)))}
    elif kind == "Transpose":
        arguments = draw(some(axes=st.permutations(range(ndim)).map(list) | st.lists(axis, max_size=4)))
    elif kind == "Moveaxis":
        arguments = {"source": draw(some_axes()), "destination": draw(some_axes())}
    elif kind == "Swapaxes":
        arguments = {"axis1": draw(axis), "axis2": draw(axis)}
    elif kind == "Rot90":
        arguments = draw(some(k=st.integers(-3, 4), axes=st.lists(axis, min_size=2, max_size=2)))
    elif kind == "Roll":
        arguments = {
            "shift": draw(st.integers(-3, 3) | st.lists(st.integers(-3, 3), max_size=2)),
            **draw(some(axis=some_axes())),
        }
    elif kind == "Repeat":
        arguments = {
            "repeats": draw(st.integers(1, 3) | st.lists(st.integers(0, 3), min_size=1, max_size=4)),
            **draw(some(axis=axis)),
        }
    elif kind == "Tile":
        arguments = {"repeats": draw(st.integers(0, 3) | st.lists(st.integers(1, 3), min_size=1, max_size=5))}
    elif kind == "Pad":
        pair = st.lists(st.integers(0, 2), min_size=2, max_size=2)
        arguments = {"pad_width": draw(st.lists(pair, min_size=ndim, max_size=ndim) | pair | st.integers(0, 2)),
                     **draw(some(mode=st.sampled_from(("constant", "reflect", "symmetric", "edge"))))}  # fmt: skip
        keywords = draw(some(constant_values=st.just(1.0)))
    elif kind == "BroadcastTo":
        arguments = {"shape": draw(st.lists(sizes(1, 3, 4, 7), min_size=max(ndim - 1, 1), max_size=ndim + 1))}
    else:
        arguments = {"axis": draw(some_axes())} if kind in ("ExpandDims", "Flip") else {}
        arguments = draw(some(axis=some_axes())) if kind == "Squeeze" else arguments
    return case(kind, arguments, shape, given, keywords)


@drawn(rearranging_cases())
def test_drawn_rearranging(one: Case) -> bool:
    """Any arguments of an operation that leaves the values."""
    return check(one)


@st.composite
def joining_cases(draw: st.DrawFn) -> Case:
    kind = draw(
        st.sampled_from(
            "Concatenate Concatenate Stack Append Hstack Vstack Dstack Meshgrid Split Split ArraySplit Hsplit Vsplit "
            "Dsplit Unstack".split()
        )
    )
    given, axis = draw(values()), draw(st.integers(-4, 3) | st.integers(-1, 1))
    if kind in ("Split", "ArraySplit", "Hsplit", "Vsplit", "Dsplit", "Unstack"):
        shape = draw(shapes(size=sizes(2, 4, 6, 3, "T")))
        number = st.integers(1, 3)
        if kind == "Unstack":
            return case(kind, {"axis": axis, **draw(some(num=number))}, shape, given)
        cut = (
            number if kind == "ArraySplit" else number | st.lists(st.integers(0, 4), min_size=1, max_size=3).map(sorted)
        )
        along = {"axis": axis} if kind in ("Split", "ArraySplit") else {}
        return case(kind, {"indices_or_sections": draw(cut), **along}, shape, given)
    base = draw(shapes(1, 4))
    inputs = []
    for _ in range(2 if kind == "Append" else draw(st.integers(1, 3))):
        shape = list(base)
        for place in range(1, len(base)):
            if (place - axis) % len(base) == 0 or draw(st.integers(0, 5)) == 0:
                shape[place] = draw(sizes())
        inputs.append(tuple(shape) + ((2,) if draw(st.integers(0, 15)) == 0 else ()))
    if kind == "Meshgrid":
        return case(kind, draw(some(indexing=st.sampled_from(("xy", "ij")))), [s[:2] for s in inputs], given)
    along = {"axis": axis} if kind in ("Concatenate", "Stack", "Append") else {}
    return case(kind, along, inputs, given)


@drawn(joining_cases())
def test_drawn_joining(one: Case) -> bool:
    """Inputs that may agree, and any places to cut at."""
    return check(one)


@st.composite
def parts(draw: st.DrawFn) -> Any:
    """One part of what stands in the brackets of `x[...]`."""
    bound = st.none() | st.integers(-5, 5)
    step = draw(st.none() | st.sampled_from((1, 2, 3, -1, -2)))
    bounds = {"start": draw(bound), "stop": draw(bound), "step": step}
    return draw(
        st.sampled_from(
            [{"class_name": "__slice__", "config": bounds}] * 4 + [None, {"class_name": "__ellipsis__", "config": {}}]
        )
        | st.integers(-4, 3)
    )


@st.composite
def slice_cases(draw: st.DrawFn) -> Case:
    key = draw(st.lists(parts(), min_size=1, max_size=4) | st.integers(-2, 1))
    return case("GetItem", {}, draw(shapes()), draw(values()), {"key": key})


@drawn(slice_cases())
def test_drawn_slices(one: Case) -> bool:
    """Any key, of any input."""
    return check(one)
