"""SpectralNormalization against real Keras."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import agree, agree_on_data, counted, ours, theirs
from drawing import data, drawn, shapes, some
from hypothesis import strategies as st

from lstmcalc.errors import SpecError
from lstmcalc.report import LayerReport

IMAGE = (None, 6, 6, 3)
HELD = {
    "Dense(4)": (None, 3),
    "Dense(4, use_bias=False)": (None, "T", 3),
    "Dense(4, lora_rank=2)": (None, 3),
    "Dense(4, lora_rank=2, dtype='mixed_float16')": (None, 3),
    "Dense(4, lora_rank=2, dtype='int8_from_float32')": (None, 3),
    "Dense(5, lora_rank=2, dtype='int4/2_from_mixed_bfloat16')": (None, 3),
    "Embedding(7, 3, lora_rank=2, dtype='int4_from_float32')": (None, 4),
    "Dense(4, dtype='float16')": (None, 3),
    "Dense(4, dtype='mixed_float16')": (None, 3),
    "Dense(4, dtype='float8_from_float32')": (None, 3),
    "Dense(4, trainable=False)": (None, 3),
    "EinsumDense('abc,cde->abde', [None, 2, 5], bias_axes='de')": (None, "T", 3),
    "Embedding(7, 3)": (None, "T"),
    "Embedding(7, 3, lora_rank=2)": (None, 4),
    "ReversibleEmbedding(7, 3, tie_weights=False)": (None, 4),
    "Conv1D(2, 2, data_format='channels_first')": (None, 3, 6),
    "Conv2D(2, 2)": IMAGE,
    "Conv2D(2, 2, lora_rank=2)": IMAGE,
    "Conv2DTranspose(2, 2)": IMAGE,
    "DepthwiseConv2D(2, depth_multiplier=3)": IMAGE,
    "SpectralNormalization(Dense(4))": (None, 3),
    "SpectralNormalization(Dense(4, lora_rank=2))": (None, 3),
}
REFUSED = {
    "LSTM(3)": (None, 5, 3),
    "RNN(LSTMCell(3))": (None, 5, 3),
    "LSTMCell(3)": (None, 3),
    "ConvLSTM1D(2, 2)": IMAGE,
    "BatchNormalization()": (None, 3),
    "ReLU()": (None, 3),
    "SeparableConv1D(2, 2)": (None, 5, 3),
    "MultiHeadAttention(2, 3)": (None, 5, 3),
    "TimeDistributed(Dense(4))": (None, 5, 3),
    "Bidirectional(LSTM(3))": (None, 5, 3),
    "Dense(4, dtype='int8_from_float32')": (None, 3),
    "Dense(4, dtype='int4/2_from_float32')": (None, 3),
    "Dense(4, dtype='gptq/4/4_from_float32')": (None, 3),
    "Embedding(7, 3, dtype='int8_from_float32')": (None, 3),
}


@pytest.mark.parametrize("dtype", [None, "bfloat16"])
@pytest.mark.parametrize("trainable", [False, True])
@pytest.mark.parametrize("held", HELD)
def test_held(held: str, trainable: bool, dtype: str | None) -> None:
    arguments = {"layer": held, "trainable": trainable, "dtype": dtype}
    assert agree_on_data("SpectralNormalization", arguments, HELD[held], [{"T": 2}, {"T": 5}])


@pytest.mark.parametrize("held", HELD)
def test_dtypes(held: str) -> None:
    """The vector has the dtype of the kernel: of the arithmetic, where a low-rank update makes the kernel."""
    shape = tuple(4 if size == "T" else size for size in HELD[held])
    layer, _ = theirs("SpectralNormalization", {"layer": held}, shape)
    mine = ours("SpectralNormalization", {"layer": held}, shape)
    assert isinstance(mine, LayerReport)
    assert [weight.dtype for weight in mine.weights] == [weight.dtype for weight in layer.weights]
    counted(True, "SpectralNormalization", {"layer": held}, shape, (), None)


@pytest.mark.parametrize("held", REFUSED)
def test_refused(held: str) -> None:
    assert not agree("SpectralNormalization", {"layer": held}, REFUSED[held])


@pytest.mark.parametrize("power_iterations", [-1, 0, 0.5, 1, 3])
def test_power_iterations(power_iterations: float) -> None:
    arguments = {"layer": "Dense(4)", "power_iterations": power_iterations}
    assert agree("SpectralNormalization", arguments, (None, 3)) == (power_iterations > 0)


@pytest.mark.parametrize(("held", "inputs", "formula"), [
    ("Dense(4)", (None, 3), "units·(input_dim + 1) + units"),
    ("Embedding(7, 3)", (None, 5), "input_dim·output_dim + output_dim"),
    ("EinsumDense('ab,bc->ac', 5)", (None, 3), "b·c + c"),
])  # fmt: skip
def test_formula(held: str, inputs: Any, formula: str) -> None:
    report = ours("SpectralNormalization", {"layer": held}, inputs)
    assert isinstance(report, LayerReport)
    assert report.formula == formula


def test_message() -> None:
    error = ours("SpectralNormalization", {"layer": "ReLU()"}, (None, 3))
    assert isinstance(error, SpecError)
    assert str(error) == (
        'error[wrong-value] layer "layer" (SpectralNormalization)\n'
        "  expected `layer` to be a layer with a `kernel` or `embeddings`, such as Dense, EinsumDense, Conv2D or "
        "Embedding\n"
        "  got      a layer (ReLU)"
    )


@st.composite
def wrapped(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    inner = draw(st.sampled_from([
        "Dense({}, use_bias=False)", "Dense({})", "Dense({}, lora_rank=2)", "Embedding(9, {})", "Conv1D({}, 2)",
        "Conv2D({}, 2, padding='same')", "EinsumDense('...ab,bc->...ac', [None, {}], bias_axes='c')", "Dropout(0.{})",
        "Dense({}, trainable=False)", "LayerNormalization(epsilon={})", "SpectralNormalization(Dense({}))",
    ]))  # fmt: skip
    arguments = draw(some(power_iterations=st.integers(-1, 3), trainable=st.booleans()))
    shape = draw(shapes(2, 4))
    return "SpectralNormalization", {"layer": inner.format(draw(st.integers(1, 5))), **arguments}, shape, draw(data())


@drawn(wrapped())
def test_drawn_spectral(case: Any) -> bool:
    """Any of the layers that may stand in SpectralNormalization, and some that may not."""
    return agree_on_data(*case, unsafe=True)
