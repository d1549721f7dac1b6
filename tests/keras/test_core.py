"""The core layers, activations and regularization against real Keras."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import agree, agree_on_data, ours
from drawing import data, drawn, shapes, some
from hypothesis import strategies as st

PLAIN = {
    "Identity": {},
    "Masking": {"mask_value": 1.0},
    "Activation": {"activation": "tanh"},
    "ReLU": {"max_value": 6.0, "negative_slope": 0.1, "threshold": 0.5},
    "LeakyReLU": {"negative_slope": 0.1},
    "ELU": {"alpha": 0.5},
    "Softmax": {"axis": -1},
    "Dropout": {"rate": 0.5, "noise_shape": [None, 1]},
    "GaussianNoise": {"stddev": 0.5},
    "GaussianDropout": {"rate": 0.5},
    "AlphaDropout": {"rate": 0.5, "noise_shape": [None, 1]},
    "ActivityRegularization": {"l1": 0.1, "l2": 0.2},
}


@pytest.mark.parametrize("shape", [(None,), (None, 4), (None, "T", 4), (None, 3, "T", "U")])
@pytest.mark.parametrize("class_name", PLAIN)
def test_layers_that_keep_the_shape(class_name: str, shape: Any) -> None:
    assert agree_on_data(class_name, PLAIN[class_name], shape, [{"T": 2, "U": 3}, {"T": 5, "U": 2}])


@pytest.mark.parametrize("arguments", [
    ("Dropout", {"rate": 1.5}), ("Dropout", {"rate": -0.1}), ("Dropout", {"rate": 0.5, "noise_shape": 3}),
    ("Dropout", {"rate": 0.5, "noise_shape": [0]}), ("Dropout", {"rate": 0.5, "noise_shape": "ab"}),
    ("GaussianNoise", {"stddev": -1}), ("GaussianNoise", {"stddev": 2}), ("GaussianDropout", {"rate": 2}),
    ("AlphaDropout", {"rate": 2}), ("ActivityRegularization", {"l1": -1}), ("ReLU", {"max_value": -1}),
    ("ReLU", {"negative_slope": -1}), ("ReLU", {"threshold": -1}), ("ReLU", {"threshold": None}),
    ("LeakyReLU", {"negative_slope": -1}), ("LeakyReLU", {"negative_slope": None}),
    ("Activation", {"activation": "no"}), ("Softmax", {"axis": []}), ("Wrapper", {"layer": "Dense(3)"}),
])  # fmt: skip
def test_refused(arguments: tuple[str, dict[str, Any]]) -> None:
    assert not agree(*arguments, (None, 4))


@pytest.mark.parametrize("ndim", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_spatial_dropout(rank: int, ndim: int) -> None:
    assert agree(f"SpatialDropout{rank}D", {"rate": 0.5}, (None, *[3] * (ndim - 1))) == (ndim == rank + 2)


@pytest.mark.parametrize("activation", [None, "relu", "softmax"])
@pytest.mark.parametrize("use_bias", [False, True])
@pytest.mark.parametrize("lora_rank", [None, 2])
@pytest.mark.parametrize("shape", [(None,), (None, 4), (None, "T", 4), (None, 3, "T", 4), (None, None)])
def test_dense(shape: Any, lora_rank: int | None, use_bias: bool, activation: str | None) -> None:
    arguments = {"units": 3, "use_bias": use_bias, "lora_rank": lora_rank, "activation": activation}
    assert agree_on_data("Dense", arguments, shape, [{"T": 2}, {"T": 5}]) == (4 in shape)


@pytest.mark.parametrize("shape", [(None,), (None, 4), (None, None), (2, 3, 4)])
@pytest.mark.parametrize(
    "extra", [{}, {"mask_zero": True}, {"lora_rank": 2}, {"trainable": False}, {"dtype": "float16"}]
)
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_embedding(dtype: str, extra: dict[str, Any], shape: Any) -> None:
    assert agree("Embedding", {"input_dim": 7, "output_dim": 3, **extra}, shape, dtype=dtype)


@pytest.mark.parametrize("arguments", [
    {"input_dim": 0, "output_dim": 3}, {"input_dim": 7, "output_dim": -1}, {"input_dim": 7},
    {"input_dim": 7.5, "output_dim": 3}, {"input_dim": True, "output_dim": 3},
    {"input_dim": 7, "output_dim": 3, "lora_rank": 2, "embeddings_constraint": "non_neg"},
])  # fmt: skip
def test_embedding_refuses(arguments: dict[str, Any]) -> None:
    assert not agree("Embedding", arguments, (None, 4), dtype="int32")


@pytest.mark.parametrize("output_shape", [[5], [5, None], [], None, 5])
@pytest.mark.parametrize("inputs", [(None, 4), (2, 4), [(None, 4), (None, 3)]])
def test_lambda(inputs: Any, output_shape: Any) -> None:
    arguments = {} if output_shape is None else {"output_shape": output_shape}
    if output_shape is None or output_shape == 5:
        assert "output_shape" in str(ours("Lambda", arguments, inputs))
    else:
        assert agree("Lambda", arguments, inputs)


@pytest.mark.parametrize("shared_axes", [None, [], 1, [1], [2], [1, 2], 0, -1, [3], [-2], [1, 1]])
@pytest.mark.parametrize("shape", [(None,), (None, 4), (None, 3, 4), (None, None, 4)])
def test_prelu(shape: Any, shared_axes: Any) -> None:
    agree("PReLU", {"shared_axes": shared_axes}, shape)


@st.composite
def plain(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    share = st.floats(-0.1, 1.1)
    axis = st.integers(-4, 4)
    kinds: dict[str, Any] = {
        "Dense": {
            "units": st.integers(0, 5), "use_bias": st.booleans(), "lora_rank": st.sampled_from([None, 1, 2]),
            "activation": st.sampled_from([None, "relu", "softmax", "none"]), "trainable": st.booleans(),
            "kernel_constraint": st.sampled_from([None, "non_neg"]),
        },
        "Embedding": {
            "input_dim": st.integers(0, 9), "output_dim": st.integers(0, 5), "mask_zero": st.booleans(),
            "lora_rank": st.sampled_from([None, 1, 2]), "embeddings_constraint": st.sampled_from([None, "non_neg"]),
        },
        "Masking": {"mask_value": st.floats(-1, 1)},
        "Identity": {"trainable": st.booleans()},
    }  # fmt: skip
    if draw(st.booleans()):
        kinds = {
            "PReLU": {"shared_axes": st.none() | axis | st.lists(axis, max_size=3)},
            "Softmax": {"axis": axis | st.lists(axis, max_size=3)},
            "ReLU": {"max_value": st.none() | share, "negative_slope": share, "threshold": share},
            "LeakyReLU": {"negative_slope": share},
            "ELU": {"alpha": share},
            "Activation": {"activation": st.sampled_from(["relu", "linear", None, "gelu", "softmax", "Relu"])},
            "Dropout": {"rate": share, "noise_shape": st.none() | st.lists(st.none() | st.integers(0, 3), max_size=3)},
            "SpatialDropout1D": {"rate": share},
            "SpatialDropout2D": {"rate": share, "data_format": st.sampled_from([None, "channels_first", "x"])},
            "SpatialDropout3D": {"rate": share, "data_format": st.sampled_from([None, "channels_last", "x"])},
            "GaussianNoise": {"stddev": share},
            "GaussianDropout": {"rate": share},
            "AlphaDropout": {"rate": share, "noise_shape": st.none() | st.lists(st.integers(1, 3), max_size=3)},
            "ActivityRegularization": {"l1": share, "l2": share},
        }
    kind = draw(st.sampled_from(list(kinds)))
    return kind, draw(some(**kinds[kind])), draw(shapes(1, 5)), draw(data())


@drawn(plain(), short=150)
def test_drawn_core(case: Any) -> bool:
    """Any arguments of the core, activation and regularization layers."""
    return agree_on_data(*case)
