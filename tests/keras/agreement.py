"""One layer in lstmcalc and in Keras, side by side: accept or reject, weights, shapes, forward pass."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from layer_examples import one_layer, wrap

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.report import LayerReport
from lstmcalc.spec import LayerSpec


def keras_value(value: Any) -> Any:
    """An argument as Keras takes it."""
    if isinstance(value, LayerSpec):
        return getattr(keras.layers, value.class_name)(**{k: keras_value(v) for k, v in value.arguments.items()})
    if isinstance(value, (list, tuple)):
        return type(value)(keras_value(item) for item in value)
    return value


def ours(class_name: str, arguments: dict[str, Any], inputs: Any, states: Any = ()) -> LayerReport | SpecError:
    """lstmcalc's answer: the layer's report, or the error."""
    try:
        report = infer(one_layer(class_name, arguments, inputs, states))
    except SpecError as error:
        return error
    return next(layer for layer in report.layers if layer.name == "layer")


def theirs(class_name: str, arguments: dict[str, Any], inputs: Any, states: Any = (), dtype: str = "float32") -> Any:
    """Keras's answer: the layer and its symbolic outputs; raises what Keras raises."""
    shapes = inputs if isinstance(inputs, list) else [inputs]
    tensors = [keras.Input(batch_shape=shape, dtype=dtype) for shape in shapes]
    state = [keras.Input(batch_shape=shape) for shape in states]
    values = {key: keras_value(value) for key, value in wrap(class_name, arguments).items()}
    layer = getattr(keras.layers, class_name)(**values)
    kwargs = {"initial_state": state} if state else {}
    outputs = layer(tensors if isinstance(inputs, list) else tensors[0], **kwargs)
    model = keras.Model([*tensors, *state], outputs)
    return layer, model


def flat(shapes: Any) -> list[tuple[Any, ...]]:
    """Shapes from whatever structure Keras returns them in."""
    return [tuple(leaf.shape) for leaf in keras.tree.flatten(shapes)]


def real_shapes(model: Any, batch: int = 2, free: int = 7) -> list[tuple[Any, ...]]:
    """The shapes of a forward pass on random data; every unknown size but the batch is `free`."""
    rng = np.random.default_rng(0)
    data = []
    for tensor in model.inputs:
        sizes = [size or (free if axis else batch) for axis, size in enumerate(tensor.shape)]
        if "int" in tensor.dtype:
            data.append(rng.integers(0, 2, sizes).astype(tensor.dtype))
        else:
            data.append(rng.standard_normal(sizes).astype(tensor.dtype))
    return flat(model(data, training=False))


def agree(class_name: str, arguments: dict[str, Any], inputs: Any, states: Any = (), dtype: str = "float32") -> bool:
    """Asserts that lstmcalc and Keras accept alike, with the same weights and shapes; returns whether they accept.

    Unknown sizes in our output must be unknown in Keras's; a forward pass must have the shape that both stated.
    """
    label = f"{class_name}({arguments}) on {inputs}"
    mine = ours(class_name, arguments, inputs, states)
    try:
        layer, model = theirs(class_name, arguments, inputs, states, dtype)
        real = real_shapes(model)
    except Exception as refusal:  # Keras raises whatever its backend raises.
        assert isinstance(mine, SpecError), f"{label}: Keras refuses it, lstmcalc accepts: {refusal}"
        return False
    assert not isinstance(mine, SpecError), f"{label}: Keras accepts it, lstmcalc refuses:\n{mine}"
    stated = [(w.shape, w.trainable) for w in mine.weights]
    held = [(tuple(w.shape), w.trainable) for w in layer.weights]
    assert sorted(stated, key=str) == sorted(held, key=str), f"{label}: weights {stated} != Keras's {held}"
    assert [w.name.rpartition("/")[2] for w in mine.weights] == [w.name for w in layer.weights], label
    assert mine.params == layer.count_params(), label
    assert list(mine.output_shapes) == flat(model.outputs), f"{label}: {mine.output_shapes} != {flat(model.outputs)}"
    for shape, actual in zip(mine.output_shapes, real, strict=True):
        assert len(shape) == len(actual) and all(s in (None, a) for s, a in zip(shape, actual, strict=True)), label
    return True
