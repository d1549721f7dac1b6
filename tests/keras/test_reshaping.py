"""Reshaping against real Keras."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import agree, agree_on_data
from drawing import data, drawn, shapes, some
from hypothesis import strategies as st

VALUES = [{"T": t, "U": u} for t in (1, 2, 3, 4, 6, 12) for u in (1, 2)]


@pytest.mark.parametrize("data_format", [None, "channels_last", "channels_first"])
@pytest.mark.parametrize("shape", [(None,), (None, 3), (None, 3, 4), (None, "T", 4), (None, "T", "U", 2)])
def test_flatten(shape: Any, data_format: str | None) -> None:
    assert agree_on_data("Flatten", {"data_format": data_format}, shape, VALUES)


@pytest.mark.parametrize(
    "shape", [(None, 12), (None, 2, 6), (None, "T"), (None, "T", 2), (None, "T", "U"), (None, 0 + 1)]
)
@pytest.mark.parametrize("target", [[12], [3, 4], [-1], [-1, 4], [2, -1, 3], [-1, 1], [None, 4]])
def test_reshape(target: Any, shape: Any) -> None:
    accepted = agree_on_data("Reshape", {"target_shape": target}, shape, VALUES)
    assert accepted == (shape != (None, 1) or target in ([-1], [-1, 1]))


@pytest.mark.parametrize("target", [[-1, -1], [None, None], [-1, None], [0], [-2], 12, [5], [-1, 5]])
def test_reshape_refuses(target: Any) -> None:
    assert not agree("Reshape", {"target_shape": target}, (None, 3, 4))


@pytest.mark.parametrize("dims", [[1], [2, 1], [1, 2], [3, 1, 2], [0, 1], [1, 1], [2, 3], [], [-1, 1]])
@pytest.mark.parametrize("ndim", [1, 2, 3, 4])
def test_permute(ndim: int, dims: list[int]) -> None:
    accepted = agree("Permute", {"dims": dims}, (None, *[3, None, 5][: ndim - 1]))
    assert accepted == (len(dims) + 1 == ndim and dims not in ([0, 1], [1, 1], [2, 3], [-1, 1]))


@pytest.mark.parametrize("n", [1, 3, 0, -1, 2.5, "3x"])
@pytest.mark.parametrize("shape", [(None, 4), (None, None), (None,), (None, 3, 4)])
def test_repeat_vector(shape: Any, n: Any) -> None:
    assert agree("RepeatVector", {"n": n}, shape) == (len(shape) == 2 and n in (1, 3))


@st.composite
def reshapings(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    kind = draw(st.sampled_from(["Flatten", "Reshape", "Reshape", "Reshape", "Permute", "RepeatVector"]))
    shape = draw(shapes(1, 4))
    if kind == "Flatten":
        arguments = draw(some(data_format=st.sampled_from([None, "channels_first", "Channels_Last", "nchw"])))
    elif kind == "Reshape":
        size = st.sampled_from([1, 2, 3, 4, 6, 12, -1, -1, None])
        arguments = {"target_shape": draw(st.lists(size, max_size=3) | st.permutations(list(shape[1:])))}
        arguments["target_shape"] = [2 if isinstance(entry, str) else entry for entry in arguments["target_shape"]]
    elif kind == "Permute":
        dims = st.permutations(range(1, len(shape))) | st.lists(st.integers(0, 3), max_size=3)
        arguments = {"dims": list(draw(dims))}
    else:
        arguments = {"n": draw(st.integers(0, 4))}
        shape = shape[:2] if draw(st.booleans()) else shape
    return kind, arguments, shape, draw(data(6))


@drawn(reshapings())
def test_drawn_reshaping(case: Any) -> bool:
    """Any arguments of a reshaping layer."""
    return agree_on_data(*case)
