"""What the tables of removed arguments and names say, tried on the Keras that is installed: old fails, new works."""

from __future__ import annotations

import re
import traceback
from typing import Any

import pytest

from lstmcalc.diagnosis import diagnose
from lstmcalc.diagnosis.families.removed_arguments import ARGUMENTS, Gone
from lstmcalc.diagnosis.families.removed_names import NAMES

pytestmark = pytest.mark.keras

#: What an argument was given in code of its time.
GIVEN = {
    "batch_input_shape": "(32, 10, 8)",
    "batch_size": "32",
    "weights": "[]",
    "dynamic": "True",
    "experimental_autocast": "True",
    "time_major": "False",
    "input_length": "10",
    "inner_init": "'orthogonal'",
    "forget_bias_init": "'one'",
    "inner_activation": "'hard_sigmoid'",
    "consume_less": "'gpu'",
    "dropout_W": "0.2",
    "dropout_U": "0.2",
    "U_regularizer": "'l2'",
    "init": "'uniform'",
    "W_regularizer": "'l2'",
    "b_regularizer": "'l2'",
    "W_constraint": "'max_norm'",
    "b_constraint": "'max_norm'",
    "bias": "False",
    "border_mode": "'same'",
    "subsample": "(2, 2)",
    "dim_ordering": "'tf'",
    "pool_length": "2",
    "subsample_length": "2",
    "stride": "2",
    "mode": "0",
    "fused": "True",
    "input": "1",
    "output": "1",
    "lr": "0.001",
    "decay": "1e-6",
}
#: How each kind of thing was called.
CALLS = {
    "Conv1D": "layers.Conv1D(4, 3, ",
    "Conv2D": "layers.Conv2D(4, (3, 3), ",
    "MaxPooling1D": "layers.MaxPooling1D(",
    "BatchNormalization": "layers.BatchNormalization(",
    "Model": "keras.Model(",
    "fit": "model.fit(x, y, ",
    "evaluate": "model.evaluate(x, y, ",
    "compile": "model.compile(loss='mse', ",
    "optimizer": "keras.optimizers.Adam(",
    "ModelCheckpoint": "keras.callbacks.ModelCheckpoint('m.keras', ",
    "TensorBoard": "keras.callbacks.TensorBoard(",
    "Input": "keras.Input((8,), ",
}
OWNERS = {"model": "model", "a layer": "model.layers[0]", "an optimizer": "keras.optimizers.Adam()"}
#: What Keras 3 takes with a warning, and does nothing with.
IGNORED = {("optimizer", "decay")}


@pytest.fixture(scope="module")
def space() -> dict[str, Any]:
    import keras
    import numpy as np

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    model.compile(loss="mse")
    inputs = keras.Input((8,))
    layer = keras.layers.Dense(4)
    outputs = layer(inputs)
    x, y = np.zeros((2, 8), "float32"), np.zeros((2, 4), "float32")
    names = {name: value for name, value in vars(keras.layers).items() if name[:1].isupper()}
    values = {"a": inputs, "b": keras.Input((8,)), "sample_weights": np.ones(2), "variable": keras.Variable(0.5)}
    values |= {"optimizer": keras.optimizers.Adam(), "weights": layer.get_weights(), "layer": layer}
    values |= {"keras": keras, "layers": keras.layers, "Model": keras.Model, "Sequential": keras.Sequential}
    return names | values | {"model": model, "inputs": inputs, "outputs": outputs, "x": x, "y": y, "np": np}


def old_code(row: Gone) -> str:
    """A line of the old days that uses what is gone."""
    if row in ARGUMENTS:
        kinds = row.where.split()
        kind = next((kind for kind in ("Conv2D", "MaxPooling1D", "Conv1D") if kind in kinds), kinds[0])
        kind = {"pool_length": "MaxPooling1D", "stride": "MaxPooling1D", "subsample_length": "Conv1D"}.get(
            row.name, kind
        )
        call = CALLS.get(
            kind, "layers.LSTM(4, " if kind in ("LSTM", "layer") and row.name != "bias" else "layers.Dense(4, "
        )
        return f"{call}{row.name}={GIVEN.get(row.name, '1')})"
    if row.where in OWNERS:
        return f"{OWNERS[row.where]}.{row.name}"
    if row.name == "legacy":
        return "keras.optimizers.legacy.Adam()"
    return f"from {row.where} import {row.name}" if row.name else f"import {row.where}.x"


def failure(code: str, space: dict[str, Any]) -> str:
    try:
        exec(code, space | {"generator": ((space["x"], space["y"]) for _ in range(3))})
    except Exception:
        return traceback.format_exc()
    return ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", [*ARGUMENTS, *NAMES], ids=lambda row: f"{row.where.split()[0]}.{row.name}")
def test_what_is_gone_fails_and_its_successor_works(
    row: Gone, space: dict[str, Any], tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    printed = failure(old_code(row), space)
    if (row.where, row.name) in IGNORED:
        assert printed == ""
        # The words of Keras 2.
        printed = "ValueError: decay is deprecated in the new Keras optimizer\nkeras.optimizers.Adam("
    diagnosis = diagnose(printed)
    assert diagnosis.code in ("unknown-argument", "removed-name"), printed
    code = next(cause.code for cause in diagnosis.causes if cause.code or not row.new)
    assert len(code) == len(row.new)
    if row.name:
        assert re.search(rf"\b{row.name}\b", diagnosis.causes[0].cause)
    assert failure("\n".join(code).replace("...", GIVEN.get(row.name, "1")), space) == ""
