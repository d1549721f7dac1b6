"""Scripts as people write them: what we read is what real Keras builds when it runs them."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras.src.ops.function import make_node_key

from lstmcalc.inference import infer
from lstmcalc.report import Report
from lstmcalc.sources.python import read_python

#: Keras's advice on what people write all the same.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning"),
    pytest.mark.filterwarnings("ignore:Layer .* does not support masking:UserWarning"),
    pytest.mark.filterwarnings("ignore:Argument `input_length` is deprecated:UserWarning"),
]
SCRIPTS = sorted((Path(__file__).parent.parent / "models").glob("*.py.txt"))

#: What a script takes for granted, and what the symbols that we make of it stand for.
GIVEN: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "series_from_data": (
        {"make_series": lambda: (np.zeros((9, 30, 4)), np.zeros((9, 3)))},
        {"X_train_shape_1": 30, "X_train_shape_2": 4, "y_train_shape_1": 3},
    ),
    "text_with_tokenizer": (
        {"tokenizer": SimpleNamespace(word_index=range(99)), "sentences": ["a b c", "d"]},
        {"vocab_size": 100, "max_len": 3},
    ),
}
#: Where Keras puts operations on masks into the graph, which are no part of the code.
MASKED = {"masked_merges", "masked_text"}
#: Where there are several models, of which one is meant.
SEVERAL = {"autoencoder_parts"}


def run(name: str, code: str) -> Any:
    """The model that Keras builds."""
    keras.backend.clear_session()
    namespace = {"__name__": "__main__", **GIVEN.get(name, ({}, {}))[0]}
    exec(compile(code, f"{name}.py", "exec"), namespace)
    return namespace["model"]


def keras_rows(model: Any) -> list[tuple[str, str, list[tuple[Any, ...]], int]]:
    """Name, class, output shapes and params of every layer and operation, in Keras's order."""
    functional = isinstance(model, keras.Model) and not isinstance(model, keras.Sequential)
    rows = []
    for layer in model.operations if functional else model.layers:
        nodes = [
            node
            for index, node in enumerate(layer._inbound_nodes)
            if not functional or make_node_key(layer, index) in model._nodes
        ]
        shapes = [tuple(tuple(tensor.shape) for tensor in node.output_tensors) for node in nodes]
        flat = [shape for outputs in dict.fromkeys(shapes) for shape in outputs]
        rows.append((layer.name, type(layer).__name__, flat, getattr(layer, "count_params", lambda: 0)()))
    return rows


def our_rows(report: Report) -> list[tuple[str, str, list[tuple[Any, ...]], Any]]:
    """The same of ours; the shapes are those that Keras states, where it is mistaken too."""
    return [
        (
            layer.name,
            layer.class_name,
            [shape for call in layer.distinct_calls for shape in call.believed or call.outputs or ()],
            layer.params,
        )
        for layer in report.layers
    ]


def assert_same(report: Report, model: Any, masked: bool = False) -> None:
    """Asserts that ours and Keras's have the same layers, in order, and the same totals, inputs and outputs."""
    theirs = keras_rows(model)
    if masked:
        kept = {layer.name for layer in model.layers} | {layer.name for layer in report.layers}
        theirs = [row for row in theirs if row[0] in kept]
    # Where operations on masks stand between layers, Keras's order follows from them, too.
    assert (sorted if masked else list)(our_rows(report)) == (sorted if masked else list)(theirs)
    assert report.totals.params == model.count_params()
    assert report.totals.trainable_params == sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert report.name == model.name
    assert [port.shape for port in report.inputs] == [tuple(tensor.shape) for tensor in model.inputs]
    if not any(call.believed for layer in report.layers for call in layer.calls):
        assert [port.shape for port in report.outputs] == [tuple(tensor.shape) for tensor in model.outputs]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name.partition(".")[0])
def test_a_script_is_read_as_keras_runs_it(path: Path) -> None:
    name, code = path.name.partition(".")[0], path.read_text(encoding="utf-8")
    model = run(name, code)
    report = infer(read_python(code, path.name, "model" if name in SEVERAL else None), GIVEN.get(name, ({}, {}))[1])
    assert_same(report, model, name in MASKED)


#: Lines that make a tensor of (None, 6, 4) of two others, `a` and `b`.
LINES = """
layers.Dense(4, activation="relu")(a)
layers.LSTM(4, return_sequences=True)(a)
layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode="sum")(a)
layers.TimeDistributed(layers.Dense(4))(a)
layers.Conv1D(4, 3, padding="same")(layers.Dropout(0.1)(a))
layers.MultiHeadAttention(2, 2)(a, b)
layers.MultiHeadAttention(num_heads=2, key_dim=3)(a, value=b)
layers.LayerNormalization()(a + b)
layers.add([a, b])
layers.Multiply()([a, b])
layers.Dense(4)(layers.concatenate([a, b]))
layers.Concatenate(axis=-1)([a[:, :, :2], b[:, :, 2:]])
ops.concatenate([a[:, 3:], b[:, :3]], axis=1)
a * 2.0 - b
1 - a
ops.maximum(a, b)
ops.relu(a)
a - ops.mean(b, axis=1, keepdims=True)
shared(a)
inner(a)
inner(shared(b))
stack(a)
block(a, 4)
block(b, units=a.shape[-1])
layers.RNN(layers.LSTMCell(4), return_sequences=True)(a)
layers.Lambda(lambda t: t * 2)(a)
[layers.Dense(n) for n in (3, 4)][-1](a)
layers.Reshape((6, 4))(layers.Flatten()(a))
layers.RepeatVector(6)(layers.LSTM(4)(a))
layers.LSTM(4, return_sequences=True)(a, initial_state=list(layers.LSTM(4, return_state=True)(b)[1:]))
""".strip().split("\n")

START = """
import keras
from keras import layers, ops

def block(x, units):
    y = layers.Dense(units)(x)
    for _ in range(2):
        y = layers.Dense(units)(y)
    return layers.Add()([x, y])

first = keras.Input((6, 4))
second = keras.Input((6, 4), name="second")
shared = layers.Dense(4)
stack = keras.Sequential([layers.Dense(5), layers.Dense(4)])
port = keras.Input((6, 4))
inner = keras.Model(port, layers.Conv1D(4, 1)(port + 1))
"""


@st.composite
def programs(draw: Any) -> str:
    """Code of random lines, each of which uses what those before it made."""
    names, lines = ["first", "second"], [START]
    for i in range(draw(st.integers(1, 8))):
        recent = st.sampled_from(names[-3:])
        line = draw(st.sampled_from(LINES)).replace("(b", f"({draw(recent)}")
        a, b = draw(recent), draw(recent)
        line = re.sub(r"\ba\b", a, re.sub(r"\bb\b", b, line))
        lines.append(f"x{i} = {line}")
        names.append(f"x{i}")
    outputs = draw(st.lists(st.sampled_from(names[2:]), min_size=1, max_size=3, unique=True))
    return "\n".join([*lines, f"model = keras.Model([first, second], [{', '.join(outputs)}])"])


@pytest.mark.parametrize("draws", [12, pytest.param(1000, marks=pytest.mark.long)])
def test_random_programs_are_read_as_keras_runs_them(draws: int) -> None:
    @settings(
        derandomize=True, deadline=None, max_examples=draws, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(programs())
    def check(code: str) -> None:
        model = run("program", code)
        assert_same(infer(read_python(code, "program.py", "model")), model)

    check()
