"""`verify` agrees where Keras does, and finds every wrong rule that is planted."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import keras
import pytest

from lstmcalc.errors import SpecError
from lstmcalc.layers import RULES
from lstmcalc.layers.rule import Inputs, Weight
from lstmcalc.renderers.verification_text import verification_lines
from lstmcalc.sources.layer_call import read_call
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec
from lstmcalc.verification import Verification, VerificationError, verify


def chain(*calls: str, shape: tuple[Any, ...] = (5, 4), name: str = "chain", **others: Any) -> Spec:
    """A sequential model of layer calls, named layer_0, layer_1, … in order."""
    layers = {f"layer_{i}": replace(read_call(call), name=f"layer_{i}") for i, call in enumerate(calls)}
    names = ["x", *layers]
    steps = tuple(Call(layer, (Ref(before),)) for before, layer in zip(names, layers, strict=False))
    spec = Spec(name, (InputSpec("x", shape),), layers, steps, (Ref(names[-1]),), sequential=True)
    return replace(spec, **others)


def graph(
    inputs: dict[str, Any], layers: dict[str, str], calls: Iterable[Call], outputs: Iterable[str], **others: Any
) -> Spec:
    """A functional model; `inputs` are shapes, `layers` calls by name, `outputs` names."""
    ports = tuple(InputSpec(name, shape) for name, shape in inputs.items())
    made = {name: replace(read_call(call), name=name) for name, call in layers.items()}
    return replace(Spec("graph", ports, made, tuple(calls), tuple(map(Ref, outputs))), **others)


def to(layer: str, *inputs: str | Ref, states: Iterable[Ref] = ()) -> Call:
    """A call on inputs, by name or reference."""
    return Call(layer, tuple(Ref(i) if isinstance(i, str) else i for i in inputs), tuple(states))


def problems(result: Verification) -> list[str]:
    """All that was found, in order: layers, model, passes."""
    layers = [f"{layer.name}: {text}" for layer in result.layers for text in layer.mismatches]
    passes = [f"batch {check.batch}: {check.message}" for check in result.forward if not check.agrees]
    return [*layers, *result.mismatches, *passes]


def sequence_pair(axis: int) -> Spec:
    """A target of one step beside a sequence of T steps, concatenated."""
    layers = {"both": f"Concatenate(axis={axis})", "lstm": "LSTM(8, return_sequences=True)"}
    inputs = {"target": (1, 4), "sentence": ("T", 4)}
    return graph(inputs, layers, [to("both", "target", "sentence"), to("lstm", "both")], ["lstm"])


def encoder() -> Spec:
    """A nested model that gives the two states of an LSTM; its number of steps is its own."""
    layers = {"drop": "Dropout(0.1)", "reader": "LSTM(U, return_state=True)"}
    inner = graph({"steps": ("S", "F")}, layers, [to("drop", "steps"), to("reader", "drop")], [])
    return replace(inner, outputs=(Ref("reader", 1), Ref("reader", 2)))


AGREEING = {
    "chain": chain("LSTM(8, return_sequences=True)", "Dense(3)"),
    "bidirectional": chain("Bidirectional(LSTM(4, return_sequences=True))", "TimeDistributed(Dense(2))"),
    "frozen": chain("LSTM(8, return_sequences=True, trainable=False)", "BatchNormalization()"),
    "free steps": chain("LSTM(8, return_sequences=True)", shape=("T", 4)),
    "unknown steps": chain("LSTM(8, return_sequences=True)", shape=(None, 4)),
    "free units": chain("LSTM(U, return_sequences=True)", "Dense(2*U)", shape=("T", "F")),
    "flattened": chain("Flatten()", "Dense(3)", shape=("T", 4)),
    "window": chain("Conv1D(3, 5)", shape=("T", 4)),
    "stateful": chain("LSTM(8, stateful=True, return_sequences=True)", shape=("T", 4), batch=6),
    "embedding": chain("Embedding(1, 8)", "LSTM(3)", shape=(5,)),
    "half precision": chain("LSTM(8, dtype='float16')", "Dense(3, dtype='mixed_float16')"),
    "stated": chain("Mine(output_shape=[3, T], params=7)", "LSTM(2)", shape=(None, 4)),
    "shared": graph(
        {"a": ("A", 4), "b": ("B", 4)},
        {"lstm": "LSTM(8)", "add": "Add()"},
        [to("lstm", "a"), to("lstm", "b"), to("add", "lstm", Ref("lstm", call=1))],
        ["add"],
    ),
    "states": graph(
        {"source": ("S", 4), "target": ("T", 3)},
        {"read": "LSTM(8, return_state=True)", "write": "LSTM(8, return_sequences=True)"},
        [to("read", "source"), to("write", "target", states=(Ref("read", 1), Ref("read", 2)))],
        ["write", "read"],
    ),
    "nested": graph(
        {"a": ("T", 4), "b": (3, 4)},
        {"enc": "encoder", "add": "Add()"},
        [to("enc", "a"), to("enc", "b"), to("add", Ref("enc", 1), Ref("enc", 1, 1))],
        ["add"],
        models={"encoder": encoder()},
    ),
    "joined on the steps": sequence_pair(1),
}


@pytest.mark.parametrize("spec", AGREEING.values(), ids=AGREEING)
def test_agrees(spec: Spec) -> None:
    result = verify(spec)
    assert problems(result) == []
    assert result.agrees
    assert len([check for check in result.forward if not check.expected_to_fail]) == 1 + (
        result.forward[0].batch == 2 or bool(result.forward[0].sizes)
    )


def test_passes_take_two_values_for_each_free_size() -> None:
    result = verify(chain("LSTM(U, return_sequences=True)", shape=(None, "F")))
    assert [(check.batch, dict(check.sizes), check.output_shapes) for check in result.forward] == [
        (2, {"F": 7, "U": 13, 'axis 1 of input "x"': 19}, ((2, 19, 13),)),
        (3, {"F": 11, "U": 5, 'axis 1 of input "x"': 23}, ((3, 23, 5),)),
    ]
