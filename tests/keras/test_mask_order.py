"""The order of a model's layers is Keras's own where masks are in its graph: made, merged, and handed to calls."""

from __future__ import annotations

import random
from typing import Any

import keras
import pytest
from drawing import LONG

from lstmcalc import infer
from lstmcalc.errors import SpecError
from lstmcalc.graph import keras_order
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec

#: Layers that take steps of 4 values and give as many: by class, with arguments and how many inputs they take.
LAYERS: list[tuple[str, dict[str, Any], int]] = [
    ("Masking", {}, 1),
    ("Masking", {}, 1),
    ("Dense", {"units": 4}, 1),
    ("Dropout", {"rate": 0.1}, 1),
    ("LSTM", {"units": 4, "return_sequences": True}, 1),
    ("GRU", {"units": 4, "return_sequences": True}, 1),
    ("Bidirectional", {"layer": LayerSpec("GRU", "", {"units": 2, "return_sequences": True})}, 1),
    ("TimeDistributed", {"layer": LayerSpec("Dense", "", {"units": 4})}, 1),
    ("BatchNormalization", {}, 1),
    ("Lambda", {"output_shape": [5, 4]}, 1),
    ("Conv1D", {"filters": 4, "kernel_size": 1}, 1),
    ("GlobalAveragePooling1D", {"keepdims": True}, 1),
    ("Add", {}, 2),
    ("Add", {}, 3),
    ("Multiply", {}, 2),
    ("Concatenate", {"axis": 1}, 2),
    ("Concatenate", {"axis": 1}, 3),
    ("Attention", {}, 2),
    ("AdditiveAttention", {}, 3),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 2}, 2),
]


def draw(seed: int) -> Spec:
    """A functional model of two or three inputs; every result that nothing takes is an output."""
    rng = random.Random(seed)
    inputs = [f"in_{i}" for i in range(rng.randint(2, 3))]
    results, layers, calls = [Ref(name) for name in inputs], {}, []
    counts: dict[str, int] = {}
    for index in range(rng.randint(4, 14)):
        if layers and rng.random() < 0.15:
            name = rng.choice(list(layers))
            number = len(next(call for call in calls if call.layer == name).inputs)
        else:
            name = f"layer_{index}"
            class_name, arguments, number = rng.choice(LAYERS)
            layers[name] = LayerSpec(class_name, name, arguments)
        taken = tuple(rng.choice(results[-4:] if rng.random() < 0.7 else results) for _ in range(number))
        calls.append(Call(name, taken))
        results.append(Ref(name, 0, counts.get(name, 0)))
        counts[name] = counts.get(name, 0) + 1
    taken_up = {(ref.name, ref.call) for call in calls for ref in call.inputs}
    ends = [ref for ref in results[len(inputs) :] if (ref.name, ref.call) not in taken_up]
    rng.shuffle(ends)
    ports = tuple(InputSpec(name, (None, 4)) for name in inputs)
    return Spec("m", ports, layers, tuple(calls), tuple(ends[:3]))


def made(layer: LayerSpec) -> Any:
    arguments = {key: made(value) if isinstance(value, LayerSpec) else value for key, value in layer.arguments.items()}
    if layer.class_name == "Lambda":
        arguments = {"function": lambda x: x + 1.0}
    return getattr(keras.layers, layer.class_name)(**arguments, **({"name": layer.name} if layer.name else {}))


def build(spec: Spec) -> Any:
    """The model in Keras, called as one writes it."""
    tensors = {(port.name, 0): keras.Input(port.shape, name=port.name) for port in spec.inputs}
    inputs, layers, counts = list(tensors.values()), {}, dict.fromkeys(spec.layers, 0)
    for call in spec.calls:
        layer = layers.setdefault(call.layer, None) or made(spec.layers[call.layer])
        layers[call.layer] = layer
        taken = [tensors[ref.name, ref.call] for ref in call.inputs]
        separate = spec.layers[call.layer].class_name == "MultiHeadAttention"
        tensors[call.layer, counts[call.layer]] = layer(*taken) if separate or len(taken) == 1 else layer(taken)
        counts[call.layer] += 1
    return keras.Model(inputs, [tensors[ref.name, ref.call] for ref in spec.outputs])


def in_order(spec: Spec) -> list[str]:
    """The names of a model's layers as lstmcalc lists them; empty where a mask does not fit."""
    try:
        return [layer.name for layer in infer(spec).layers]
    except SpecError:
        return []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("draws", [600, pytest.param(20 * LONG, marks=pytest.mark.long)])
def test_layers_come_in_keras_order(draws: int) -> None:
    """Of the models whose order does not depend on masks, a few are looked at as well."""
    specs = {seed: draw(seed) for seed in range(draws)}
    found = {seed: names for seed, spec in specs.items() if (names := in_order(spec))}
    moved = {seed for seed, names in found.items() if names != keras_order(specs[seed])}
    wrong, seen = [], 0
    for seed, names in found.items():
        if seed not in moved and seed % 25:
            continue
        try:
            held = [layer.name for layer in build(specs[seed]).layers]
        except ValueError:
            # Keras itself found that masks do not fit each other; that is the matter of another test.
            continue
        seen += 1
        if names != held:
            wrong.append(f"seed {seed}: {names} != {held}")
    print(f"{seen} functional models, {len(moved)} of them in another order than without masks: {len(wrong)} differ")
    assert not wrong, "\n".join(wrong[:5])
    assert len(moved) > draws // 100
