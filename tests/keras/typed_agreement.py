"""One preprocessing layer in lstmcalc and in Keras, on data of the kind that it takes: texts, integers or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from agreement import counted, fits, flat, holds, ours, same_weights, theirs
from layer_examples import one_layer

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.report import LayerReport

POOLS: dict[str, Sequence[Any]] = {
    "string": ["a", "b", "a b", "b c a", "d d d d"],
    "int32": [0, 1, 2],
    "int64": [0, 1, 2],
}


def agree_on_values(
    class_name: str,
    arguments: Mapping[str, Any],
    inputs: Any,
    values: Sequence[Mapping[str, int]] = ({},),
    dtype: str = "float32",
    pool: Sequence[Any] | None = None,
    lenient: bool = False,
    unsafe: bool = False,
) -> bool:
    """Like `agree_on_data`, for layers that take data of other kinds, learn from it, or state a wrong shape.

    What Keras states must be our `believed` shape where we have one, and the shape that data has must be ours. A layer
    that has to see data first adapts to it. An output without values counts as refused. Where wrong data is `unsafe`,
    Keras is asked to build a model for its sizes instead.
    """
    label = f"{class_name}({arguments}) on {inputs}"
    shapes = inputs if isinstance(inputs, list) else [inputs]
    opened = [tuple(None if isinstance(size, str) else size for size in shape) for shape in shapes]
    unknown = opened if isinstance(inputs, list) else opened[0]
    mine = ours(class_name, arguments, unknown, dtype=dtype)
    try:
        layer, model = theirs(class_name, arguments, unknown, dtype=dtype)
    except Exception as refusal:  # Keras raises whatever its backend raises.
        assert isinstance(mine, SpecError), f"{label}: Keras refuses it, lstmcalc accepts: {refusal}"
        return counted(False, class_name, arguments, inputs, (), None, dtype)
    runs = [_run(layer, model, shapes, given, dtype, pool) for given in values]
    if isinstance(mine, SpecError):
        assert runs == [None] * len(runs), f"{label}: Keras runs {values}: {runs}, lstmcalc refuses:\n{mine}"
        return counted(False, class_name, arguments, inputs, (), None, dtype)
    same_weights(mine, layer, label)
    printed = flat(model.outputs)
    assert believed(mine) == printed, f"{label}: {believed(mine)} != {printed}"
    named = infer(one_layer(class_name, arguments, inputs, dtype=dtype))
    report = next(found for found in named.layers if found.name == "layer")
    shown = [tuple(s if isinstance(s, int) else None for s in shape) for shape in believed(report)]
    assert shown == printed, f"{label}: {shown} != {printed}"
    for given, real in zip(values, runs, strict=True):
        held = all(holds(assumption.condition, given) for assumption in named.assumptions)
        if unsafe and not held:
            numbers = [tuple(given.get(size, size) for size in shape) for shape in shapes]
            with pytest.raises(ValueError):
                theirs(class_name, arguments, numbers if isinstance(inputs, list) else numbers[0], dtype=dtype)
            continue
        if real is None or not (held or lenient):
            assert held == (real is not None), f"{label}: {named.assumptions}, and on {given} Keras gives {real}"
        if held and real is not None:
            right = all(_fits(shape, actual, given) for shape, actual in zip(report.output_shapes, real, strict=True))
            assert right, f"{label}: {report.output_shapes}, and on {given} Keras gives {real}"
    return counted(True, class_name, arguments, inputs, (), None, dtype)


def _fits(shape: Any, actual: Any, given: Mapping[str, int]) -> bool:
    """Like `fits`, also for data whose rows differ in length, so that Keras has no one number for it."""
    known = [i for i, size in enumerate(actual) if size is not None]
    return len(shape) == len(actual) and fits([shape[i] for i in known], tuple(actual[i] for i in known), given)


def believed(report: LayerReport) -> list[tuple[Any, ...]]:
    """What Keras should state, by our account."""
    call = report.calls[0]
    return list(call.believed or call.outputs or ())


def _run(
    layer: Any, model: Any, shapes: Any, given: Mapping[str, int], dtype: str, pool: Sequence[Any] | None
) -> list[tuple[Any, ...]] | None:
    """The output shapes on data of these sizes; None where Keras fails, or gives nothing."""
    rng = np.random.default_rng(0)
    data = []
    for shape in shapes:
        sizes = [2 if size is None else given.get(size, size) for size in shape]
        choices = POOLS.get(dtype) if pool is None else pool
        drawn = rng.standard_normal(sizes) if choices is None else rng.choice(np.array(choices, object), sizes)
        data.append(tf.constant(drawn.tolist(), dtype, sizes))
    try:
        if needs_data(layer):
            # Some modes adapt only to samples of one axis.
            layer.adapt(tf.reshape(data[0], [-1, data[0].shape[-1]]))
        outputs = flat(model(data if len(data) > 1 else data[0], training=False))
    except Exception:  # Keras raises whatever its backend raises.
        return None
    return None if any(0 in shape for shape in outputs) else outputs


def needs_data(layer: Any) -> bool:
    """Whether the layer works only after it has adapted to data."""
    lookup = getattr(layer, "_lookup_layer", layer)
    if hasattr(lookup, "vocabulary_size"):
        return lookup.input_vocabulary is None and not lookup._has_input_vocabulary
    return hasattr(layer, "bin_boundaries") and layer.bin_boundaries is None
