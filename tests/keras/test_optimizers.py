"""The variables of every Keras optimizer, held one by one against `optimizer.variables`."""

from __future__ import annotations

import inspect
from collections import Counter
from functools import cache
from typing import Any

import keras
import pytest

from lstmcalc import infer, load
from lstmcalc.memory import Setting, memory_of, trained_weights
from lstmcalc.memory.optimizers import COMMON, OPTIMIZERS, SCALING, read_optimizer
from lstmcalc.report import Report
from lstmcalc.verification.keras_model import KerasModel

#: Matrices, vectors, kernels of more axes, embeddings, frozen and shared weights, other dtypes, and none at all.
MODELS = {
    "recurrent": "input: [20, 3]\nlayers: [LSTM: 4, Dense: 2]",
    "convolutional": "input: [9, 9, 3]\nlayers: ['Conv2D(2, 3)', BatchNormalization, 'Dense(3, trainable=False)']",
    "embedding": "input: [5]\nlayers: ['Embedding(11, 4)', 'Bidirectional(GRU(3))', 'Dense(2)']",
    "shared": "input: [4]\nlayers:\n- {name: twice, layer: Dense(4)}\n- {apply: twice, name: again}\n- Dense(1)",
    "mixed": "input: [4]\nlayers: ['Dense(3, dtype=\"mixed_bfloat16\")', 'Dense(3, dtype=\"float64\")', 'Dense(2)']",
    "float8": "input: [16]\nlayers: ['Dense(16, dtype=\"float8_from_float32\")', 'Dense(2)']",
    "attention": "input: [6, 8]\nlayers: [LayerNormalization, Flatten, Dense: 3]",
    "frozen": "input: [4]\nlayers: ['Dense(3, trainable=False)']",
}
OPTIONS = {
    **{name: [""] for name in OPTIMIZERS},
    "SGD": ["", "momentum=0.9", "momentum=0.9, nesterov=True"],
    "RMSprop": ["", "momentum=0.5", "centered=True", "momentum=0.1, centered=True"],
    "Adam": ["", "amsgrad=True", "0.1, clipnorm=1.0"],
    "AdamW": ["", "amsgrad=True"],
    "Muon": ["", "exclude_embeddings=False"],
}
#: What every optimizer takes; `learning_rate` with a schedule is no variable.
EVERY = [
    "use_ema=True",
    "gradient_accumulation_steps=4",
    "use_ema=True, gradient_accumulation_steps=2",
    "learning_rate=keras.optimizers.schedules.CosineDecay(0.1, 10)",
]
CASES = [f"{name}({options})" for name, each in OPTIONS.items() for options in (*each, *EVERY)]
CASES += [f"{SCALING}(keras.optimizers.{case})" for case in ("Adam()", "SGD(momentum=0.9)", "Muon(use_ema=True)")]


@cache
def built(model: str) -> tuple[Report, Any]:
    """A model as lstmcalc and as Keras has it."""
    spec = load("-", text=MODELS[model])
    return infer(spec), KerasModel(keras, spec, {}).build().model


def assert_same_variables(model: str, cases: list[str]) -> None:
    report, keras_model = built(model)
    for case in cases:
        optimizer = eval(f"keras.optimizers.{case}", {"keras": keras})
        optimizer.build(keras_model.trainable_variables)
        theirs = Counter((tuple(v.shape), "int" if v.dtype == "int64" else v.dtype) for v in optimizer.variables)
        ours = Counter((slot.shape, slot.dtype) for slot in read_optimizer(case).slots(trained_weights(report)))
        assert ours == theirs, f"{case} on {model}: {ours - theirs} more, {theirs - ours} less"


@pytest.mark.parametrize(("place", "model"), list(enumerate(MODELS)), ids=list(MODELS))
def test_variables_are_those_of_keras(place: int, model: str) -> None:
    """Every optimizer with one of the models, which takes seconds instead of minutes."""
    assert_same_variables(model, CASES[place :: len(MODELS)])


@pytest.mark.long
@pytest.mark.parametrize("model", MODELS)
def test_variables_are_those_of_keras_for_every_model(model: str) -> None:
    assert_same_variables(model, CASES)


@pytest.mark.parametrize("model", MODELS)
def test_bytes_are_those_of_keras(model: str) -> None:
    """Of the optimizer on TensorFlow, whose counters take 8 bytes, and of the weights."""
    report, keras_model = built(model)
    for case in ("Adam()", "RMSprop(centered=True)", "Nadam()", "Adafactor()"):
        optimizer = eval(f"keras.optimizers.{case}", {"keras": keras})
        optimizer.build(keras_model.trainable_variables)
        part = memory_of(report, Setting(optimizer=case)).part("optimizer")
        counters = 4 * sum(variable.dtype == "int64" for variable in optimizer.variables)
        # A value of numpy holds as many bytes as the variable.
        taken = sum(variable.numpy().nbytes for variable in optimizer.variables)
        assert (part.least, part.most) == (taken - counters, taken), case


def test_every_optimizer_of_keras_is_known_with_its_options() -> None:
    there = {
        name
        for name, value in vars(keras.optimizers).items()
        if isinstance(value, type) and issubclass(value, keras.optimizers.Optimizer)
    }
    # One for several others is made of objects, which no option can hold.
    assert there - {"Optimizer", "MultiOptimizer", SCALING} == set(OPTIMIZERS)
    for name, kind in OPTIMIZERS.items():
        theirs = set(inspect.signature(getattr(keras.optimizers, name).__init__).parameters) - {"self", "kwargs"}
        # Muon's names of layers to leave out are patterns of paths, which lstmcalc does not have.
        assert {*COMMON, *kind.own} == theirs - {"exclude_layers"}, name


def test_mixed_float16_scales_the_loss() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)
    finally:
        keras.config.set_dtype_policy("float32")
    report = infer(load("-", text="input: [4]\nlayers: [Dense: 3]"))
    part = memory_of(report, Setting(precision="mixed_float16")).part("optimizer")
    assert part.most == sum(variable.numpy().nbytes for variable in model.optimizer.variables)
    assert model.optimizer.__class__.__name__ == SCALING
