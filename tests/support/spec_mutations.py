"""What people get wrong in a model: every single change of a good one, with what was done and to which layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstmcalc.spec import Call, LayerSpec, Ref, Spec

RECURRENT = ("LSTM", "GRU", "SimpleRNN", "ConvLSTM2D")
SIZES = ("units", "filters", "kernel_size", "n", "pool_size", "output_dim", "input_dim", "num_heads", "key_dim", "size")
#: What is written for a size that is none, or another one.
WRONG_SIZES = ("64", 2.5, 0, -3, None, 1000, [3, 3, 3, 3])
MISSPELT = {
    "units": "unit", "return_sequences": "return_sequence", "activation": "activations", "filters": "filter",
    "kernel_size": "kernal_size", "input_dim": "input_dims", "axis": "axes", "pool_size": "poolsize",
    "target_shape": "targetshape", "padding": "paddings", "return_state": "return_states", "rate": "rates",
    "mask_zero": "maskzero", "num_heads": "n_heads", "stateful": "statefull", "output_dim": "outputdim",
}  # fmt: skip
MISSPELT_CLASSES = {
    "LSTM": "LTSM", "Dense": "Dens", "Flatten": "Flaten", "Embedding": "Embeding", "GRU": "GRUs",
    "Bidirectional": "BiDirectional", "TimeDistributed": "Timedistributed", "Conv2D": "Conv2d",
    "Concatenate": "Concat", "Dropout": "DropOut", "MaxPooling2D": "Maxpooling2D",
}  # fmt: skip
#: Layers that are put in where they do not belong.
INSERTED = [
    LayerSpec("Flatten", "inserted"),
    LayerSpec("GlobalAveragePooling1D", "inserted"),
    LayerSpec("RepeatVector", "inserted", {"n": 3}),
    LayerSpec("LSTM", "inserted", {"units": 8}),
    LayerSpec("Conv2D", "inserted", {"filters": 4, "kernel_size": 3}),
    LayerSpec("Reshape", "inserted", {"target_shape": [-1, 7]}),
]
#: What a layer is taken for.
TAKEN_FOR = {"LSTM": "Conv1D", "GRU": "Conv2D", "SimpleRNN": "ConvLSTM2D", "Conv2D": "LSTM"}


def mutants(spec: Spec) -> Iterator[tuple[str, Spec]]:
    """Every single change of a model."""
    for name, layer in spec.layers.items():
        for what, changed in _of_layer(layer):
            yield f"{what} of {name}", spec._replace(layers={**spec.layers, name: changed})
    for index in range(len(spec.calls)):
        yield from _of_call(spec, index)
    for index, port in enumerate(spec.inputs):
        for what, shape in _of_input(port.shape):
            ports = [port._replace(shape=shape) if i == index else other for i, other in enumerate(spec.inputs)]
            yield f"{what} of input {port.name}", spec._replace(inputs=tuple(ports))
    if spec.batch is not None:
        yield "batch forgotten", spec._replace(batch=None)


def without(spec: Spec, index: int) -> Spec:
    """The model without a call; what read its output reads its first input."""
    gone = spec.calls[index]
    spec = _redirected(spec, gone.layer, gone.inputs[0])
    return spec._replace(calls=(*spec.calls[:index], *spec.calls[index + 1 :]))


def with_call(spec: Spec, index: int, *calls: Call) -> Spec:
    """The model with other calls in the place of one."""
    return spec._replace(calls=(*spec.calls[:index], *calls, *spec.calls[index + 1 :]))


def _of_layer(layer: LayerSpec) -> Iterator[tuple[str, LayerSpec]]:
    given = dict(layer.arguments)
    for key, value in given.items():
        if isinstance(value, LayerSpec):
            for what, inner in _of_layer(value):
                yield f"{what} inside", _changed(layer, key, inner)
            yield "layer taken out", value.changed(name=layer.name)
            yield "cell inside", _changed(layer, key, LayerSpec("LSTMCell", "cell", {"units": 4}))
            continue
        if key in MISSPELT:
            renamed = {MISSPELT[key] if k == key else k: v for k, v in given.items()}
            yield f"{key} misspelt", layer.changed(arguments=renamed)
        if key in SIZES:
            for wrong in WRONG_SIZES:
                yield f"{key} {wrong!r}", _changed(layer, key, wrong)
            yield f"{key} left out", layer.changed(arguments={k: v for k, v in given.items() if k != key})
    yield from _of_class(layer, given)


def _of_class(layer: LayerSpec, given: dict[str, Any]) -> Iterator[tuple[str, LayerSpec]]:
    """Changes that only some classes take."""
    if layer.class_name in RECURRENT:
        for key in ("return_sequences", "return_state", "stateful"):
            yield f"{key} otherwise", _changed(layer, key, not given.get(key, False))
    if layer.class_name == "Concatenate":
        for axis in (0, 1, 2, 5):
            yield f"axis {axis}", _changed(layer, "axis", axis)
    if layer.class_name == "Bidirectional":
        for mode in (None, "concatenate", "sum"):
            yield f"merge_mode {mode}", _changed(layer, "merge_mode", mode)
        yield "Dense inside", _changed(layer, "layer", LayerSpec("Dense", "inner", {"units": 8}))
    if layer.class_name == "Reshape":
        yield "target too large", _changed(layer, "target_shape", [7, 11])
    if layer.class_name in ("Conv2D", "Conv1D", "ConvLSTM2D"):
        yield "kernel_size 50", _changed(_changed(layer, "kernel_size", 50), "padding", "valid")
        yield "padding typo", _changed(layer, "padding", "sames")
    if layer.class_name in ("Dense", "LSTM", "GRU", "Conv2D", "Conv1D", "Activation"):
        yield "activation typo", _changed(layer, "activation", "rellu")
    if layer.class_name in TAKEN_FOR:
        other, size = TAKEN_FOR[layer.class_name], given.get("units", given.get("filters"))
        arguments = {"units": size} if other == "LSTM" else {"filters": size, "kernel_size": 3}
        yield f"{other} instead", layer.changed(class_name=other, arguments=arguments)
        yield "argument of another layer", _changed(layer, "strides" if "units" in given else "units", 2)
    if layer.class_name in MISSPELT_CLASSES:
        yield "class misspelt", layer.changed(class_name=MISSPELT_CLASSES[layer.class_name])


def _of_call(spec: Spec, index: int) -> Iterator[tuple[str, Spec]]:
    call = spec.calls[index]
    shared = sum(other.layer == call.layer for other in spec.calls) > 1
    if len(spec.calls) > 1 and not shared and spec.layers[call.layer].class_name not in spec.models:
        yield f"{call.layer} forgotten", without(spec, index)
    before = spec.calls[index - 1]
    users = [other for other in spec.calls if Ref(before.layer) in other.refs]
    if index and users == [call] and call.inputs == (Ref(before.layer),) and not call.initial_state:
        yield f"{before.layer} and {call.layer} swapped", _swapped(spec, index)
    for layer in () if shared else INSERTED:
        behind = Call(layer.name, (Ref(call.layer),))
        changed = with_call(_redirected(spec, call.layer, Ref(layer.name)), index, call, behind)
        yield (
            f"{layer.class_name} behind {call.layer}",
            changed._replace(layers={**spec.layers, layer.name: layer}),
        )
    if len(call.inputs) == 2:
        yield f"one input of {call.layer} forgotten", with_call(spec, index, call._replace(inputs=call.inputs[:1]))
    if call.initial_state:
        lone = call._replace(initial_state=call.initial_state[:1])
        yield f"one state of {call.layer} forgotten", with_call(spec, index, lone)
        outputs = call._replace(initial_state=tuple(Ref(ref.name) for ref in call.initial_state))
        yield f"states of {call.layer} from an output", with_call(spec, index, outputs)


def _of_input(shape: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if len(shape) > 1 and shape[::-1] != shape:
        yield "axes swapped", shape[::-1]
    if len(shape) > 1:
        yield "first axis dropped", shape[1:]
        yield "last axis dropped", shape[:-1]
        yield "last axis open", (*shape[:-1], None)
        yield "every axis open", (None,) * len(shape)
    yield "batch stated", (None, *shape)
    yield "batch size stated", (32, *shape)
    yield "axis of 1 added", (*shape, 1)


def _changed(layer: LayerSpec, key: str, value: Any) -> LayerSpec:
    return layer.changed(arguments={**layer.arguments, key: value})


def _redirected(spec: Spec, old: str, new: Ref) -> Spec:
    def past(refs: tuple[Ref, ...]) -> tuple[Ref, ...]:
        return tuple(new if ref.name == old and ref.call == 0 else ref for ref in refs)

    calls = [call._replace(inputs=past(call.inputs), initial_state=past(call.initial_state)) for call in spec.calls]
    return spec._replace(calls=tuple(calls), outputs=past(spec.outputs))


def _swapped(spec: Spec, index: int) -> Spec:
    first, second = spec.calls[index - 1], spec.calls[index]
    spec = _redirected(spec, second.layer, Ref(first.layer))
    calls = list(spec.calls)
    calls[index - 1] = second._replace(inputs=first.inputs)
    calls[index] = first._replace(inputs=(Ref(second.layer), *first.inputs[1:]))
    return spec._replace(calls=tuple(calls))
