"""What Keras itself says of a spec, asked in the plainest way: its classes, called with the arguments as they stand."""

from __future__ import annotations

from typing import Any

from lstmcalc.spec import LayerSpec, Spec


def says(spec: Spec) -> tuple[str, str]:
    """`runs`, `builds` where data then fails, or `refuses`, and Keras's words."""
    import keras
    import numpy as np

    keras.backend.clear_session()
    try:
        model = _model(spec, dict(spec.symbols))
    except Exception as error:
        return "refuses", _words(error)
    random = np.random.default_rng(0)
    for batch, steps in ((2, 7), (3, 11)):
        data = []
        for tensor in model.inputs:
            sizes = [steps if size is None else size for size in tensor.shape[1:]]
            shape = (spec.batch or batch, *sizes)
            data.append(random.integers(0, 2, shape) if "int" in tensor.dtype else random.random(shape, "float32"))
        try:
            model(data if len(data) > 1 else data[0])
        except Exception as error:
            return "builds", _words(error)
    return "runs", ""


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _model(spec: Spec, symbols: dict[str, int]) -> Any:
    import keras

    tensors: dict[tuple[str, int], list[Any]] = {}
    for port in spec.inputs:
        shape = tuple(_size(size, symbols) for size in port.shape)
        tensors[port.name, 0] = [keras.Input(shape, batch_size=spec.batch, dtype=port.dtype)]
    inputs = [tensor for (tensor,) in tensors.values()]
    layers: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for call in spec.calls:
        number = counts.get(call.layer, 0)
        counts[call.layer] = number + 1
        layer = spec.layers[call.layer]
        if call.layer not in layers:
            layers[call.layer] = _layer(layer, symbols, spec.models)
        taken = [tensors[ref.name, ref.call][ref.index] for ref in call.inputs]
        states = [tensors[ref.name, ref.call][ref.index] for ref in call.initial_state]
        told = {**call.keywords, **({"initial_state": states} if states else {})}
        apart = layer.class_name == "MultiHeadAttention"
        made = layers[call.layer](*(taken if apart or len(taken) == 1 else [taken]), **told)
        tensors[call.layer, number] = list(made) if isinstance(made, (list, tuple)) else [made]
    return keras.Model(inputs, [tensors[ref.name, ref.call][ref.index] for ref in spec.outputs])


def _layer(layer: LayerSpec, symbols: dict[str, int], models: Any) -> Any:
    import keras

    if layer.class_name in models:
        return _model(models[layer.class_name], symbols)
    arguments = {key: _argument(value, symbols) for key, value in layer.arguments.items()}
    return getattr(keras.layers, layer.class_name)(**arguments)


def _argument(value: Any, symbols: dict[str, int]) -> Any:
    if isinstance(value, LayerSpec):
        return _layer(value, symbols, {})
    if isinstance(value, list):
        return [_argument(item, symbols) for item in value]
    if isinstance(value, str):
        try:
            return eval(value, {"__builtins__": {}}, symbols)
        except Exception:
            return value
    return value


def _size(size: Any, symbols: dict[str, int]) -> int | None:
    return _argument(size, symbols) if isinstance(_argument(size, symbols), int) else None
