"""One operation in lstmcalc and in Keras, side by side: accept or refuse, symbolic shapes, forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from agreement import fits, flat, holds
from operation_models import one_operation

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.report import CallReport, Report
from lstmcalc.spec import Spec
from lstmcalc.verification.keras_model import KerasModel

#: For each operation, in how many cases lstmcalc and Keras both accepted, and both refused, in this run of the tests.
CHECKED: dict[str, list[int]] = {}


def data_for(shape: Sequence[int], dtype: str, rng: np.random.Generator) -> Any:
    """Data of a shape; integers are 0 and 1, and square matrices can be solved for."""
    if "float" in dtype or "complex" in dtype:
        numbers = rng.random(shape)
        if len(shape) > 1 and shape[-1] == shape[-2]:
            numbers = (numbers + np.swapaxes(numbers, -1, -2)) / 2 + 4 * np.eye(shape[-1])
        return numbers.astype(dtype)
    return rng.integers(0, 2, shape).astype(dtype)


def ran(model: Any, spec: Spec, values: Mapping[str, int], batch: int) -> list[tuple[int, ...]] | None:
    """The real shapes of the outputs on data of these sizes; None where Keras fails."""
    rng = np.random.default_rng(0)
    data = []
    for port in spec.inputs:
        sizes = [spec.batch or batch, *(5 if size is None else values.get(size, size) for size in port.shape)]
        data.append(keras.ops.convert_to_tensor(data_for(sizes, port.dtype, rng), port.dtype))
    try:
        return flat(model(data, training=False))
    except Exception:  # Keras raises whatever its backend raises.
        return None


def call_of(report: Report) -> CallReport:
    return next(layer for layer in report.layers if layer.name == "operation").calls[0]


def agree_on_operation(
    name: str,
    arguments: Mapping[str, Any],
    inputs: Any,
    values: Sequence[Mapping[str, int]] = ({"T": 3, "U": 4},),
    keywords: Mapping[str, Any] | None = None,
    dtype: Any = "",
    batches: Sequence[int] = (2, 3),
) -> bool:
    """Asserts that lstmcalc and Keras agree on one operation; returns whether they accept it.

    Names in the shapes are unknown to Keras, and get each of `values` as data. What lstmcalc refuses, Keras refuses, or
    no data runs through; what it accepts must run through wherever its assumptions hold, in the shape that it states.
    Sizes are numbers exactly where Keras's are. Where an assumption does not hold, Keras fails, or gives what lstmcalc
    did not state; a size of 1 that is repeated may make up for one that is not equal.
    """
    label = f"{name}({dict(arguments)}) on {inputs} with {keywords}"
    shapes = inputs if isinstance(inputs, list) else [inputs]
    opened = [tuple(None if isinstance(size, str) else size for size in shape) for shape in shapes]
    spec, named = (one_operation(name, arguments, each, keywords, dtype) for each in (opened, shapes))
    try:
        mine: CallReport | SpecError = call_of(infer(spec))
    except SpecError as error:
        mine = error
    try:
        built = KerasModel(keras, named, {}).build()
    except Exception as refusal:
        assert isinstance(mine, SpecError), f"{label}: Keras refuses it, lstmcalc accepts: {refusal}"
        return counted(name, False)
    probe = built.probe([("operation", 0)])
    cases = [(given, batch) for given in values for batch in batches]
    if isinstance(mine, SpecError):
        for given, batch in cases:
            real = ran(probe, named, given, batch)
            assert real is None, f"{label}: Keras runs {given}, lstmcalc refuses:\n{mine}"
        return counted(name, False)
    printed = [tuple(tensor.shape) for tensor in built.tensors["operation", 0]]
    stated = list(mine.outputs if mine.believed is None else mine.believed)
    assert stated == printed, f"{label}: lstmcalc states {stated}, Keras {printed}"
    try:
        report = infer(named)
    except SpecError as error:
        for given, batch in cases:
            real = ran(probe, named, given, batch)
            assert real is None, f"{label}: Keras runs {given}, lstmcalc refuses the names:\n{error}"
        return counted(name, False)
    on_data(label, report, probe, named, cases)
    return counted(name, True)


def on_data(label: str, report: Report, model: Any, spec: Spec, cases: Any) -> None:
    """Asserts that what a report states with names in it is what data gives, or that an assumption does not hold."""
    outputs = call_of(report).outputs
    ran_once = False
    for given, batch in cases:
        real = ran(model, spec, given, batch)
        conditions = [assumption.condition for assumption in report.assumptions]
        held = all(holds(condition, given) for condition in conditions if not condition.has_unknown)
        right = real is not None and len(real) == len(outputs) and all(
            fits(shape, actual, given) for shape, actual in zip(outputs, real, strict=True)
        )  # fmt: skip
        ran_once |= right
        if any(condition.has_unknown for condition in conditions):
            continue
        assert right or not held, f"{label}: {outputs} where {report.assumptions}, and on {given} Keras gives {real}"
    open_ones = any(assumption.condition.has_unknown for assumption in report.assumptions)
    closed = all(
        not all(holds(a.condition, given) for a in report.assumptions if not a.condition.has_unknown)
        for given, _ in cases
    )
    assert ran_once or open_ones or closed, f"{label}: Keras runs none of {cases}"


def counted(name: str, accepted: bool) -> bool:
    """Notes that lstmcalc and Keras agreed on one more case of an operation, and on what."""
    CHECKED.setdefault(name, [0, 0])[0 if accepted else 1] += 1
    return accepted
