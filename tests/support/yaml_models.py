"""The forms of a YAML model that tests compare, and what compares them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lstmcalc.errors import SpecError
from lstmcalc.sources import load
from lstmcalc.spec import Spec

SPECS = sorted((Path(__file__).parent.parent.parent / "specs").glob("*.yaml"))


def read(text: str) -> Spec:
    return load("m.yaml", text=text)


def layers(*entries: str, head: str = "input: [10, 32]") -> Spec:
    return read("\n".join([head, "layers:", *(f"  - {entry}" for entry in entries)]))


def faults(text: str) -> list[tuple[str, int | None, int | None]]:
    with pytest.raises(SpecError) as caught:
        read(text)
    return [(f.code, f.where.line, f.where.column) for f in caught.value.faults if f.where]


def unplaced(value: Any) -> Any:
    """A value without its places, for comparing what was written differently."""
    names = getattr(value, "_fields", None) or getattr(type(value), "__slots__", ())
    if names:
        kept = [name for name in names if name not in ("where", "argument_where", "source")]
        return type(value).__name__, {name: unplaced(getattr(value, name)) for name in kept}
    if isinstance(value, dict):
        return {key: unplaced(item) for key, item in value.items()}
    return [unplaced(item) for item in value] if isinstance(value, (list, tuple)) else value


def edges(spec: Spec) -> list[tuple[str, list[tuple[str, int, int]]]]:
    return [(c.layer, [(r.name, r.index, r.call) for r in (*c.inputs, *c.initial_state)]) for c in spec.calls]


SAME: list[list[str]] = [
    ["Flatten", "Flatten()", "Flatten:", "Flatten: {}", "Flatten: null", "{layer: Flatten}", "keras.layers.Flatten"],
    [
        "Dense: 10",
        "Dense(10)",
        "Dense(units=10)",
        "keras.layers.Dense(10)",
        "Dense: {units: 10}",
        "{Dense: 10}",
        '{layer: "Dense(10)"}',
        "{layer: {Dense: 10}}",
        "{layer: {Dense: {units: 10}}}",
        '"Dense(10)"',
        "|\n    Dense(\n      10\n    )",
    ],
    ["Dense: 2*U", "Dense: {units: '2*U'}", "Dense: {units: 2*U}"],
    [
        "LSTM: {units: 4, name: enc, inputs: input}",
        "{layer: LSTM(4), name: enc, inputs: [input]}",
        "{layer: {LSTM: 4}, inputs: input, name: enc}",
        "{layer: {LSTM: {units: 4, name: enc}}, inputs: input}",
        "{layer: {LSTM: {units: 4, inputs: input}}, name: enc}",
        "{layer: \"LSTM(4, name='enc')\"}",
        'LSTM(4, name="enc")',
        "LSTM: {units: 4, name: enc}",
    ],
    ["Reshape: [5, 64]", "Reshape([5, 64])", "Reshape((5, 64))", "Reshape: {target_shape: [5, 64]}"],
    [
        "TimeDistributed: Dense(8)",
        "TimeDistributed(Dense(8))",
        "TimeDistributed: {Dense: 8}",
        "TimeDistributed: {Dense: {units: 8}}",
        "TimeDistributed: {layer: {Dense: 8}}",
        "TimeDistributed: {layer: Dense(8)}",
        "TimeDistributed: {layer: {layer: Dense(8)}}",
        "TimeDistributed(layer=Dense(units=8))",
        "{layer: {TimeDistributed: {Dense: 8}}}",
    ],
    [
        "RNN: {cell: [LSTMCell(8), LSTMCell(9)], return_sequences: true}",
        "RNN: {cell: [{LSTMCell: 8}, {LSTMCell: {units: 9}}], return_sequences: yes}",
        "RNN([LSTMCell(8), LSTMCell(9)], return_sequences=True)",
    ],
    ["RNN: [LSTMCell(8), LSTMCell: 9]", "RNN: {cell: [LSTMCell(8), {LSTMCell: 9}]}"],
    [
        "Bidirectional: {layer: LSTM(4), merge_mode: None}",
        "Bidirectional(LSTM(4), merge_mode=None)",
        "Bidirectional: {layer: {LSTM: 4}, merge_mode: ~}",
    ],
    [
        "Bidirectional: {layer: {LSTM: 4}, backward_layer: {LSTM: {units: 4, name: back}}}",
        "Bidirectional(LSTM(4), backward_layer=LSTM(4, name='back'))",
    ],
    ["Mine: {output_shape: [10, 4], params: 3}", "Mine(output_shape=[10, 4], params=3)"],
]
