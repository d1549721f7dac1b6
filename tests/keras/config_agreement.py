"""A whole model in lstmcalc, read from what Keras writes down, beside the model itself, call by call."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import keras

from lstmcalc.inference import infer
from lstmcalc.report import Report
from lstmcalc.sources.config import read_config


class Row(NamedTuple):
    """What is to be the same of a layer; `calls` holds the output shapes of each of its calls."""

    name: str
    class_name: str
    calls: tuple[tuple[Any, ...], ...]
    params: int
    trainable: int


def keras_rows(model: Any) -> list[Row]:
    """The layers and operations of a model as Keras has them, in its order."""
    graph = model if hasattr(model, "_nodes") else model._functional
    shown = [op for op in graph.operations if graph is model or not isinstance(op, keras.layers.InputLayer)]
    return [_keras_row(graph, operation) for operation in shown]


def _keras_row(graph: Any, operation: Any) -> Row:
    nodes = [
        node for index, node in enumerate(operation._inbound_nodes) if f"{id(operation)}_ib-{index}" in graph._nodes
    ]
    calls = tuple(tuple(tuple(tensor.shape) for tensor in node.output_tensors) for node in nodes)
    is_layer = isinstance(operation, keras.layers.Layer)
    params = operation.count_params() if is_layer else 0
    trainable = sum(math.prod(weight.shape) for weight in operation.trainable_weights) if is_layer else 0
    return Row(operation.name, type(operation).__name__, calls, params, trainable)


def our_rows(report: Report) -> list[Row]:
    """The same as lstmcalc has it."""
    return [
        Row(
            layer.name,
            layer.class_name.removeprefix("ops."),
            tuple(call.believed or call.outputs or () for call in layer.calls),
            layer.params,
            layer.totals.trainable_params,
        )
        for layer in report.layers
    ]


def disagreements(model: Any) -> list[str]:
    """Where lstmcalc, reading `model.to_json()`, says otherwise than Keras; raises SpecError where it refuses."""
    report = infer(read_config(model.to_json(), "model.json"))
    mine, theirs = our_rows(report), keras_rows(model)
    found = [f"{a} != Keras's {b}" for a, b in zip(mine, theirs, strict=False) if a != b]
    if len(mine) != len(theirs):
        found.append(f"{len(mine)} layers != Keras's {len(theirs)}")
    counts = report.totals.params, report.totals.trainable_params, report.totals.non_trainable_params
    totals = model.count_params(), sum(math.prod(w.shape) for w in model.trainable_weights)
    if counts != (*totals, totals[0] - totals[1]):
        found.append(f"totals {counts} != Keras's {totals}")
    shapes = [port.shape for port in report.inputs], [port.shape for port in report.outputs]
    mistaken = any(call.believed for layer in report.layers for call in layer.calls)
    if not mistaken and shapes != ([tuple(t.shape) for t in model.inputs], [tuple(t.shape) for t in model.outputs]):
        found.append(f"inputs and outputs {shapes}")
    return found
