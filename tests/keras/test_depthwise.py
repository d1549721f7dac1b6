"""Depthwise and separable convolutions against real Keras; what does not fit the window is not run on data."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import agree, agree_on_data
from drawing import SPATIAL, VALUES, data, drawn, laid_out, mostly, per_axis, sizes, some
from hypothesis import strategies as st

from lstmcalc.spec import LayerSpec

EXTRAS: list[dict[str, Any]] = [
    {},
    {"strides": 2},
    {"dilation_rate": 2},
    {"strides": 2, "dilation_rate": 3},
    {"depth_multiplier": 3},
    {"use_bias": False},
    {"activation": "relu", "trainable": False},
    {"depth_multiplier": None},
]


def stated(kind: str, **arguments: Any) -> dict[str, Any]:
    return {**({"filters": 4} if kind == "Separable" else {}), **arguments}


@pytest.mark.parametrize("data_format", [None, "channels_first", "Channels_First"])
@pytest.mark.parametrize("padding", ["valid", "same", "SAME", "causal"])
@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("kind", ["Depthwise", "Separable"])
def test_grid(kind: str, rank: int, extra: dict[str, Any], padding: str, data_format: str | None) -> None:
    arguments = stated(kind, kernel_size=2, padding=padding, data_format=data_format, **extra)
    shape = laid_out(SPATIAL[rank], 3, data_format)
    accepted = agree_on_data(f"{kind}Conv{rank}D", arguments, shape, VALUES, unsafe=True)
    assert accepted == (padding != "causal" and extra.get("depth_multiplier", 1) is not None)


@pytest.mark.parametrize("ndim", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("kind", ["Depthwise", "Separable"])
def test_number_of_axes(kind: str, rank: int, ndim: int) -> None:
    accepted = agree(f"{kind}Conv{rank}D", stated(kind, kernel_size=2), (None, *[5] * (ndim - 1)))
    assert accepted == (ndim == rank + 2)


@pytest.mark.parametrize("dtype", ["mixed_float16", "float16", "float64"])
@pytest.mark.parametrize("kind", ["Depthwise", "Separable"])
def test_dtype(kind: str, dtype: str) -> None:
    assert agree(f"{kind}Conv2D", stated(kind, kernel_size=2, dtype=dtype), (None, 5, 5, 3))


@pytest.mark.parametrize("shape", [(None, 4, 7, 3), (None, "T", 7, 3), (None, 4, "T", 3)])
@pytest.mark.parametrize("kind", ["Depthwise", "Separable"])
def test_in_every_step(kind: str, shape: Any) -> None:
    inner = LayerSpec(f"{kind}Conv1D", "inner", stated(kind, kernel_size=3, strides=2, depth_multiplier=2))
    assert agree_on_data("TimeDistributed", {"layer": inner}, shape, VALUES, unsafe=True)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    kind, rank = draw(st.sampled_from(["Depthwise", "Separable"])), draw(st.integers(1, 2))
    arguments = {
        "kernel_size": draw(per_axis(rank, 4)),
        **({"filters": draw(mostly(st.integers(1, 5), st.integers(-1, 0)))} if kind == "Separable" else {}),
        **draw(
            some(
                strides=per_axis(rank, 3),
                dilation_rate=per_axis(rank, 3),
                depth_multiplier=mostly(st.integers(1, 3), st.integers(-1, 0)),
                padding=mostly(st.sampled_from(["valid", "same", "Same"]), st.sampled_from(["causal", "full"])),
                data_format=mostly(
                    st.sampled_from([None, "channels_last", "channels_first", "CHANNELS_LAST"]), st.just("NHWC")
                ),
                use_bias=st.booleans(),
                activation=st.sampled_from([None, "relu"]),
                depthwise_constraint=st.sampled_from([None, "non_neg"]),
                trainable=st.booleans(),
            )
        ),
    }
    ndim = draw(mostly(st.just(rank + 2), st.sampled_from([rank + 1, rank + 3])))
    spatial = draw(st.lists(sizes(9), min_size=ndim - 2, max_size=ndim - 2))
    channels = draw(mostly(st.integers(1, 4), st.just("U")))
    shape = laid_out(spatial, channels, arguments.get("data_format"))
    name = f"{kind}Conv{rank}D"
    if draw(st.integers(0, 9)) == 9:
        return "TimeDistributed", {"layer": LayerSpec(name, "inner", arguments)}, (None, 2, *shape[1:]), draw(data(9))
    return name, arguments, shape, draw(data(9))


@drawn(convolutions())
def test_drawn_convolution(case: Any) -> bool:
    """Any arguments of a depthwise or separable convolution, now and then in every step of a sequence."""
    return agree_on_data(*case, unsafe=True)
