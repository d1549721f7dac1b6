"""What solving finds is what Keras builds: just so many params, and with the next value more than the budget."""

from __future__ import annotations

import pytest

from lstmcalc import Spec, load, solve
from lstmcalc.opening import opened
from lstmcalc.verification.keras_model import KerasModel

CASES = [
    ("{input: [10, 7], layers: [{LSTM: {units: U, return_sequences: true}}, GRU: U, Dense: 3]}", "U", 50_000),
    ("{input: [10, F], layers: [Bidirectional(LSTM(16)), Dense: 3]}", "F", 9_999),
    ("{input: [T, 4], layers: [{Conv1D: {filters: 8, kernel_size: 3, strides: 2}}, Flatten, Dense: 5]}", "T", 3_000),
    ("{input: [40, 4], layers: [{Conv1D: {filters: 8, kernel_size: K}}, Flatten, Dense: 5]}", "K", 1_500),
    ("{input: [9, 12], layers: [Bidirectional(GRU(4)), Dense: 3]}", "bidirectional.units", 12_345),
    ("{input: [9], layers: [{Embedding: {input_dim: V, output_dim: 24}}, LSTM: 8]}", "V", 100_000),
    ("{inputs: {x: [9, 12]}, layers: [{MultiHeadAttention: {num_heads: 3, key_dim: D, inputs: [x, x]}}]}", "D", 2_500),
    ("{input: [S, S, 3], layers: [{Conv2D: {filters: 4, kernel_size: 3}}, Flatten, Dense: 2]}", "S", 4_000),
]


def params_of(spec: Spec, name: str, value: int) -> int:
    """The params of the model that Keras builds with this value."""
    import keras

    open_spec, symbols = opened(spec, [name])
    count: int = KerasModel(keras, open_spec, {symbols[name]: value}).build().model.count_params()
    return count


@pytest.mark.parametrize(("text", "name", "budget"), CASES, ids=[name for _, name, _ in CASES])
def test_keras_has_as_many(text: str, name: str, budget: int) -> None:
    spec = load("m.yaml", text=text)
    found = solve(spec, name, params=budget)
    (answer,) = found.answers
    assert params_of(spec, name, answer.values[name]) == answer.measured["params"] <= budget
    assert found.above is not None
    assert params_of(spec, name, found.above.values[name]) == found.above.measured["params"] > budget
    exactly = solve(spec, name, goal="exactly", params=answer.measured["params"])
    assert answer.values[name] in [each.values[name] for each in exactly.answers]
