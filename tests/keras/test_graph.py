"""The order of layers is Keras's own, also where branches, shared layers and several outputs compete."""

from __future__ import annotations

from typing import Any

import keras
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmcalc.graph import keras_order
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec


@st.composite
def graphs(draw: st.DrawFn) -> Spec:
    """A random functional model of identity-like layers; some are applied more than once."""
    inputs = [f"in_{i}" for i in range(draw(st.integers(1, 3)))]
    results = [Ref(name) for name in inputs]
    layers: dict[str, LayerSpec] = {}
    counts: dict[str, int] = {}
    calls = []
    for index in range(draw(st.integers(1, 12))):
        merges = draw(st.booleans())
        shared = [name for name, layer in layers.items() if layer.class_name == "Dense"]
        if not merges and shared and draw(st.booleans()):
            name = draw(st.sampled_from(shared))
        else:
            name = f"layer_{index}"
            layers[name] = LayerSpec("Add" if merges else "Dense", name)
        sources = draw(st.lists(st.sampled_from(results), min_size=2, max_size=4)) if merges else None
        calls.append(Call(name, tuple(sources or [draw(st.sampled_from(results))])))
        results.append(Ref(name, 0, counts.get(name, 0)))
        counts[name] = counts.get(name, 0) + 1
    made = results[len(inputs) :]
    outputs = draw(st.lists(st.sampled_from(made), min_size=1, max_size=3, unique=True))
    return Spec("m", tuple(InputSpec(name, (4,)) for name in inputs), layers, tuple(calls), tuple(outputs))


def build(spec: Spec) -> Any:
    tensors = {(port.name, 0): keras.Input((4,), name=port.name) for port in spec.inputs}
    inputs = list(tensors.values())
    made: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for call in spec.calls:
        if call.layer not in made:
            is_add = spec.layers[call.layer].class_name == "Add"
            made[call.layer] = keras.layers.Add(name=call.layer) if is_add else keras.layers.Dense(4, name=call.layer)
        sources = [tensors[ref.name, ref.call] for ref in call.inputs]
        count = counts.get(call.layer, 0)
        tensors[call.layer, count] = made[call.layer](sources if len(sources) > 1 else sources[0])
        counts[call.layer] = count + 1
    return keras.Model(inputs, [tensors[ref.name, ref.call] for ref in spec.outputs])


@settings(derandomize=True, deadline=None, max_examples=150)
@given(graphs())
def test_layers_come_in_keras_order(spec: Spec) -> None:
    assert keras_order(spec) == [layer.name for layer in build(spec).layers]
