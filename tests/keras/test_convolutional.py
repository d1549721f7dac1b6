"""Convolution and pooling against real Keras.

TensorFlow's own kernels have no channels_first on a CPU; Keras 3.15.1 transposes around them, so that both
`data_format`s run on data here. What does not fit is not run on data:
TensorFlow's pooling then ends the process, and its convolution gives the input back.
"""

from __future__ import annotations

from typing import Any

import pytest
from agreement import agree, agree_on_data
from drawing import SPATIAL, VALUES, data, drawn, laid_out, mostly, per_axis, sizes, some
from hypothesis import strategies as st


@pytest.mark.parametrize("data_format", [None, "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
@pytest.mark.parametrize("extra", [{}, {"strides": 2}, {"dilation_rate": 2}, {"groups": 2}, {"use_bias": False}])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convolution(rank: int, extra: dict[str, Any], padding: str, data_format: str | None) -> None:
    arguments = {"filters": 4, "kernel_size": 3, "padding": padding, "data_format": data_format, **extra}
    shape = laid_out(SPATIAL[rank], 6, data_format)
    accepted = agree_on_data(f"Conv{rank}D", arguments, shape, VALUES, unsafe=True)
    assert accepted == (padding != "causal" or rank == 1)


@pytest.mark.parametrize("data_format", [None, "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [None, 1, 3])
@pytest.mark.parametrize("kind", ["Max", "Average"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pooling(rank: int, kind: str, strides: int | None, padding: str, data_format: str | None) -> None:
    arguments = {"pool_size": 2, "strides": strides, "padding": padding, "data_format": data_format}
    shape = laid_out(SPATIAL[rank], 3, data_format)
    assert agree_on_data(f"{kind}Pooling{rank}D", arguments, shape, VALUES, unsafe=True)


@pytest.mark.parametrize("padding", ["SAME", "Valid", "full", "causal"])
def test_case_of_padding(padding: str) -> None:
    """Convolutions fold case, poolings do not."""
    folded = padding in ("SAME", "Valid")
    assert agree("Conv2D", {"filters": 2, "kernel_size": 2, "padding": padding}, (None, 5, 5, 3)) == folded
    assert not agree("MaxPooling2D", {"padding": padding}, (None, 5, 5, 3))


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("data_format", [None, "channels_last", "Channels_First"])
@pytest.mark.parametrize("kind", ["Max", "Average"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_global_pooling(rank: int, kind: str, data_format: str | None, keepdims: bool) -> None:
    arguments = {"data_format": data_format, "keepdims": keepdims}
    assert agree_on_data(f"Global{kind}Pooling{rank}D", arguments, laid_out(SPATIAL[rank], "U", data_format), VALUES)


@pytest.mark.parametrize("ndim", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_number_of_axes(rank: int, ndim: int) -> None:
    shape = (None, *[5] * (ndim - 1))
    right = ndim == rank + 2
    assert agree(f"Conv{rank}D", {"filters": 2, "kernel_size": 2}, shape) == right
    assert agree(f"AveragePooling{rank}D", {"pool_size": 2}, shape) == right
    assert agree(f"GlobalMaxPooling{rank}D", {}, shape) == right


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    rank = draw(st.sampled_from([1, 1, 2, 2, 3]))
    spread = st.sampled_from(["strides", "dilation_rate"])
    groups = draw(mostly(st.sampled_from([1, 1, 2, 3]), st.sampled_from([0, -1, 2, 3])))
    arguments = {
        "filters": draw(mostly(st.integers(1, 3).map(lambda n: n * abs(groups or 1)), st.integers(-1, 8))),
        "kernel_size": draw(per_axis(rank, 4)),
        "groups": groups,
        draw(spread): draw(per_axis(rank, 3)),
        **draw(
            some(
                padding=mostly(st.sampled_from(["valid", "same", "Same"]), st.sampled_from(["causal", "full"]), 8),
                data_format=mostly(
                    st.sampled_from([None, "channels_last", "channels_first", "CHANNELS_LAST"]), st.just("NHWC")
                ),
                use_bias=st.booleans(),
                activation=st.sampled_from([None, "relu"]),
                lora_rank=st.sampled_from([None, None, 1, 2]),
                kernel_constraint=st.sampled_from([None, None, None, "non_neg"]),
            )
        ),
        **draw(mostly(st.just({}), st.fixed_dictionaries({"strides": st.just(2), "dilation_rate": st.just(2)}))),
    }
    ndim = draw(mostly(st.just(rank + 2), st.sampled_from([rank + 1, rank + 3])))
    spatial = draw(st.lists(sizes(9), min_size=ndim - 2, max_size=ndim - 2))
    channels = draw(mostly(st.integers(1, 2).map(lambda n: n * abs(groups or 1)), st.sampled_from(["U", 1, 5])))
    shape = laid_out(spatial, channels, arguments.get("data_format"))
    return f"Conv{rank}D", arguments, shape, draw(data(9))


@drawn(convolutions())
def test_drawn_convolution(case: Any) -> bool:
    """Any arguments of a convolution."""
    return agree_on_data(*case, unsafe=True)


@st.composite
def poolings(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    rank = draw(st.integers(1, 3))
    kind = draw(st.sampled_from(["Max", "Average", "GlobalMax", "GlobalAverage"]))
    data_format = mostly(st.sampled_from([None, "channels_last", "channels_first", "Channels_First"]), st.just("NCHW"))
    arguments = draw(some(data_format=data_format))
    if kind.startswith("Global"):
        arguments |= draw(some(keepdims=st.booleans()))
    else:
        arguments["pool_size"] = draw(per_axis(rank, 4))
        strides = per_axis(rank, 3)
        padding = mostly(st.sampled_from(["valid", "same"]), st.sampled_from(["Valid", "causal"]))
        arguments |= draw(some(strides=st.none() | strides, padding=padding))
    ndim = draw(mostly(st.just(rank + 2), st.just(rank + 3)))
    spatial = draw(st.lists(sizes(9), min_size=ndim - 2, max_size=ndim - 2))
    shape = laid_out(spatial, draw(sizes()), arguments.get("data_format"))
    return f"{kind}Pooling{rank}D", arguments, shape, draw(data(9))


@drawn(poolings())
def test_drawn_pooling(case: Any) -> bool:
    """Any arguments of a pooling layer."""
    return agree_on_data(*case, unsafe=True)
