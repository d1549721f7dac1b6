"""Merging against real Keras: what it builds, and what then runs on data."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import agree, agree_on_data
from drawing import data, drawn, sizes
from hypothesis import strategies as st

ELEMENTWISE = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
VALUES = [{"T": t, "U": u} for t in (1, 4, 5) for u in (1, 5)]


@pytest.mark.parametrize(
    "other", [(None, 5, 4), (None, 1, 4), (None, 4), (None, 5, 1), (None, 3, 4), (None, 2), (None,)]
)
@pytest.mark.parametrize("class_name", ELEMENTWISE)
def test_elementwise(class_name: str, other: Any) -> None:
    accepted = agree(class_name, {}, [(None, 5, 4), other])
    assert accepted == (other not in [(None, 3, 4), (None, 2)])
    assert agree(class_name, {}, [other, (None, 5, 4)]) == accepted


@pytest.mark.parametrize("other", [(None, "T", 4), (None, "U", 4), (None, 1, 4), (None, 5, 4), (None, 4), (None, "U")])
@pytest.mark.parametrize("class_name", ELEMENTWISE)
def test_elementwise_of_names(class_name: str, other: Any) -> None:
    assert agree_on_data(class_name, {}, [(None, "T", 4), other], VALUES, lenient=True)
    assert agree_on_data(class_name, {}, [other, (None, "T", 4)], VALUES, lenient=True)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("class_name", [*ELEMENTWISE, "Concatenate", "Dot"])
def test_number_of_inputs(class_name: str, number: int) -> None:
    accepted = agree(class_name, {"axes": 1} if class_name == "Dot" else {}, [(None, 3, 4)] * number)
    assert accepted == (number == 2 or class_name not in ("Subtract", "Dot"))


@pytest.mark.parametrize("axis", range(-4, 5))
@pytest.mark.parametrize("number", [1, 2, 3])
def test_concatenation_along_any_axis(number: int, axis: int) -> None:
    accepted = agree("Concatenate", {"axis": axis}, [(None, 3, 4)] * number)
    assert accepted == (-3 <= axis < 3 or (number == 1 and axis >= 3))


@pytest.mark.parametrize(
    "inputs", [[(None, 1, 4), (None, "T", 4)], [(None, "T", 4), (None, "U", 4)], [(None, "T", 4)] * 2]
)
@pytest.mark.parametrize("axis", [1, 2, -1])
def test_concatenation_of_names(axis: int, inputs: Any) -> None:
    assert agree_on_data("Concatenate", {"axis": axis}, inputs, VALUES)


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("axes", [-4, -3, -2, -1, 0, 1, 2, 3, [1, 2], [2, 1], [-1, 1], [0, 1], [1], [1, 1, 1], [-4, 1]])
def test_dot(axes: Any, normalize: bool) -> None:
    arguments = {"axes": axes, "normalize": normalize}
    square = agree("Dot", arguments, [(None, 3, 3), (None, 3, 3)])
    assert square == (axes not in (-3, 0, 3, [0, 1], [1], [1, 1, 1], [-4, 1]))
    assert agree("Dot", arguments, [(None, 3, 4), (None, 4, 3)]) == (axes in ([1, 2], [2, 1], [-1, 1]))


def test_dot_keeps_the_order_of_axes() -> None:
    assert agree("Dot", {"axes": [2, 2]}, [(None, 5, 4, 2), (None, 3, 4, 6)])
    assert agree("Dot", {"axes": [-1, 1]}, [(None, 5, 2, 4), (None, 4, 6, 3)])


def elementwise_sizes() -> st.SearchStrategy[Any]:
    return st.sampled_from([1, 1, 3, 3, 3, 4, "T", "T", "U"])


@st.composite
def elementwise(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    shape = st.lists(elementwise_sizes(), max_size=3).map(lambda rest: (None, *rest))
    inputs = draw(st.lists(shape, min_size=1, max_size=3))
    return draw(st.sampled_from(ELEMENTWISE)), {}, inputs, draw(data(4))


@drawn(elementwise())
def test_drawn_elementwise(case: Any) -> bool:
    """Any inputs of a layer that goes value by value."""
    return agree_on_data(*case, lenient=True)


@st.composite
def concatenations(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    """Shapes that mostly agree off the axis."""
    ndim = draw(st.integers(1, 4))
    base = draw(st.lists(sizes(3), min_size=ndim - 1, max_size=ndim - 1))
    axis = draw(st.integers(-ndim, ndim - 1) | st.integers(-5, 5))
    inputs = []
    for _ in range(draw(st.integers(1, 3))):
        shape = list(base)
        for place in range(ndim - 1):
            if (place + 1 - axis) % ndim == 0 or draw(st.integers(0, 5)) == 0:
                shape[place] = draw(sizes(3))
        if draw(st.integers(0, 15)) == 0:
            shape.append(2)
        inputs.append((None, *shape))
    return "Concatenate", {"axis": axis}, inputs, draw(data(3))


@drawn(concatenations())
def test_drawn_concatenation(case: Any) -> bool:
    """Any axis, and inputs that may agree."""
    return agree_on_data(*case)


@st.composite
def dots(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    """Two shapes with, mostly, a size in common along the axes."""
    first, second = (list(draw(st.lists(sizes(4), min_size=1, max_size=3))) for _ in "ab")
    a, b = draw(st.integers(1, len(first))), draw(st.integers(1, len(second)))
    if draw(st.integers(0, 5)):
        second[b - 1] = first[a - 1]
    axes: Any = [a - draw(st.booleans()) * (len(first) + 1), b - draw(st.booleans()) * (len(second) + 1)]
    if axes[0] == axes[1] and draw(st.booleans()):
        axes = axes[0]
    if draw(st.integers(0, 7)) == 0:
        axis = st.integers(-5, 4)
        axes = draw(axis | st.lists(axis, max_size=3))
    return "Dot", {"axes": axes, "normalize": draw(st.booleans())}, [(None, *first), (None, *second)], draw(data(4))


@drawn(dots())
def test_drawn_dot(case: Any) -> bool:
    """Any axes of any two inputs."""
    return agree_on_data(*case)
