"""Layers without a name of their own are named as Keras names them, wrapped ones included."""

from __future__ import annotations

import keras
import pytest

import lstmcalc


def wrapped_names(layer: keras.Layer) -> set[str]:
    """The names of the layers inside a layer, from the paths of its weights; cells aside, which we do not name."""
    paths = [weight.path.split("/") for weight in layer.weights]
    return {part for path in paths for part in path[path.index(layer.name) + 1 : -1] if "cell" not in part}


@pytest.mark.parametrize(
    "calls",
    [
        ["LSTM(3, return_sequences=True)", "LSTM(3)", "Dense(2)", "Dense(2)"],
        ["Bidirectional(LSTM(3, return_sequences=True))", "LSTM(3, return_sequences=True)", "Bidirectional(GRU(3))"],
        ["TimeDistributed(Dense(3))", "Dense(4)", "TimeDistributed(Dense(2))"],
        ["Conv1D(3, 2)", "MaxPooling1D(2)", "BatchNormalization()", "GlobalAveragePooling1D()", "PReLU()"],
        ["Bidirectional(LSTM(3), backward_layer=LSTM(3, go_backwards=True))", "Dense(2)"],
        ["RNN([LSTMCell(3), GRUCell(2)], return_sequences=True)", "RNN(SimpleRNNCell(2))"],
    ],
    ids=lambda calls: calls[0],
)
def test_names_are_those_of_keras(calls: list[str]) -> None:
    keras.backend.clear_session()
    layers = [eval(call, vars(keras.layers)) for call in calls]
    keras.Sequential([keras.Input((12, 4)), *layers])
    report = lstmcalc.infer(lstmcalc.load("m.yaml", text=f"{{input: [12, 4], layers: {calls!r}}}".replace('"', "'")))
    assert [layer.name for layer in report.layers] == [layer.name for layer in layers]
    for ours, theirs in zip(report.layers, layers, strict=True):
        parts = {part for weight in ours.weights for part in weight.name.split("/")[:-1] if "cell" not in part}
        assert parts == wrapped_names(theirs)
