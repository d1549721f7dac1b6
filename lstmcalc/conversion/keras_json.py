"""A spec as Keras 3's own JSON, which `keras.models.model_from_json` builds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from lstmcalc.conversion.arguments import telling_arguments
from lstmcalc.conversion.limits import check_leads_back, check_sayable
from lstmcalc.conversion.nested import with_frozen_layers
from lstmcalc.dims import parse, substitute
from lstmcalc.errors import Fault, SpecError
from lstmcalc.inference import infer
from lstmcalc.layers import ALIASES, find_rule
from lstmcalc.layers.operations.constants import read_key
from lstmcalc.report import Report
from lstmcalc.sources.config import read_config
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec
from lstmcalc.steering import escaped_json

__all__ = ["to_keras_json"]

MODEL_MODULES = {"Functional": "keras.src.models.functional", "Sequential": "keras.src.models.sequential"}
#: The arguments that Keras reads from a config without asking whether they are there, by layer.
WHOLE = {"Rescaling": ("scale", "offset"), "TextVectorization": ("standardize", "split", "ngrams")}


def to_keras_json(spec: Spec) -> str:
    """The JSON text of a spec, in the form of Keras 3.15. A size that is a name without a value is null in inputs.

    Raises SpecError for a model that has faults, and where an argument needs a number that has none.
    """
    report = infer(spec)
    check_sayable(spec, report, "keras-json")
    faults: list[Fault] = []
    model = _Model(with_frozen_layers(spec), report, faults).model()
    # Its layers are frozen one by one, too; the flag is for those that do not pass it on to what they hold.
    if not spec.trainable:
        _freeze(model)
    if faults:
        raise SpecError(dict.fromkeys(faults))
    text = escaped_json(json.dumps(model, ensure_ascii=False)) + "\n"
    check_leads_back(text, spec, report, "keras-json", partial(read_config, source=spec.source))
    return text


class _Model:
    """Writes one model; `report` is what it comes to on the inputs that it is used on."""

    def __init__(self, spec: Spec, report: Report, faults: list[Fault]) -> None:
        self.spec, self.report, self.faults = spec, report, faults
        self.nested = {layer.name: layer.nested for layer in report.layers if layer.nested}
        self.shapes = {port.name: [port.shape] for port in report.inputs}
        self.shapes |= {
            f"{layer.name}:{i}": list(call.believed or call.outputs or ())
            for layer in report.layers
            for i, call in enumerate(layer.calls)
            if layer.class_name != "InputLayer"
        }
        self.dtypes = {port.name: port.dtype for port in spec.inputs}

    def model(self) -> dict[str, Any]:
        """The model as an object of Keras's."""
        spec = self.spec
        kind = "Sequential" if spec.sequential else "Functional"
        if spec.sequential:
            layers = [self._input(port) for port in spec.inputs]
            layers += [self._layer(spec.layers[call.layer]) for call in spec.calls]
            config: dict[str, Any] = {"name": spec.name, "trainable": spec.trainable, "layers": layers}
        else:
            config = {
                "name": spec.name,
                "trainable": spec.trainable,
                "layers": [*map(self._input_node, spec.inputs), *map(self._layer_nodes, spec.layers.values())],
                "input_layers": _ends([[port.name, 0, 0] for port in spec.inputs]),
                "output_layers": _ends([[ref.name, self._counted(ref), ref.index] for ref in spec.outputs]),
            }
        return {"module": MODEL_MODULES[kind], "class_name": kind, "config": config, "registered_name": kind}

    def _counted(self, ref: Ref) -> int:
        """The number of a call among the outputs, where Keras counts those of a functional model from 1."""
        layer = self.spec.layers.get(ref.name)
        inner = self.spec.models.get(layer.class_name) if layer else None
        return ref.call + (inner is not None and not inner.sequential)

    def _input(self, port: InputSpec) -> dict[str, Any]:
        shape = [self._number(size) for size in (self.spec.batch, *port.shape)]
        config = {"batch_shape": shape, "dtype": port.dtype, "sparse": False, "ragged": False, "name": port.name}
        return _object("keras.layers", "InputLayer", config)

    def _input_node(self, port: InputSpec) -> dict[str, Any]:
        return {**self._input(port), "name": port.name, "inbound_nodes": []}

    def _layer_nodes(self, layer: LayerSpec) -> dict[str, Any]:
        calls = [call for call in self.spec.calls if call.layer == layer.name]
        return {**self._layer(layer), "name": layer.name, "inbound_nodes": [self._node(layer, call) for call in calls]}

    def _layer(self, layer: LayerSpec) -> dict[str, Any]:
        if layer.class_name in self.spec.models:
            inner = self.spec.models[layer.class_name]
            report = self.nested.get(layer.name) or infer(inner)
            return _Model(inner, report, self.faults).model()
        rule = find_rule(layer.class_name)
        config = {"name": layer.name, **self._arguments(layer)}
        if rule is not None and layer.class_name.startswith("ops."):
            return _object(f"keras.src.ops.{getattr(rule, 'module', 'numpy')}", rule.__name__, config)
        class_name = ALIASES.get(layer.class_name, layer.class_name)
        return _object("keras.layers", class_name, config)

    def _arguments(self, layer: LayerSpec) -> dict[str, Any]:
        rule = find_rule(layer.class_name)
        kinds = {key: argument.kind for key, argument in rule.arguments.items()} if rule else {}
        arguments = telling_arguments(layer)
        if rule is not None and layer.class_name in WHOLE:
            arguments = {key: rule.arguments[key].default for key in WHOLE[layer.class_name]} | arguments
        if layer.class_name == "RNN" and isinstance(arguments.get("cell"), (list, tuple)):
            arguments["cell"] = LayerSpec("StackedRNNCells", "stacked_rnn_cells", {"cells": arguments["cell"]})
        return {key: self._value(layer, key, kinds.get(key, ""), value) for key, value in arguments.items()}

    def _value(self, layer: LayerSpec, key: str, kind: str, value: Any) -> Any:
        if isinstance(value, LayerSpec):
            return self._layer(value)
        if isinstance(value, (list, tuple)):
            return [self._value(layer, key, kind, item) for item in value]
        if kind in ("size", "sizes", "shape") and isinstance(value, str):
            size = self._number(value)
            if size is None:
                fix = "give its names a value: `--set NAME=VALUE`"
                where = layer.argument_where.get(key, layer.where)
                fault = Fault("unset-symbol", f"`{key}` to be a number", f"`{value}`", fix=fix, where=where)
                self.faults.append(fault.placed(None, (layer.name, layer.class_name)))
            return size
        return value

    def _number(self, size: Any) -> int | None:
        known = substitute(parse(size), self.spec.symbols) if isinstance(size, str) else size
        return known if isinstance(known, int) else None

    def _node(self, layer: LayerSpec, call: Call) -> dict[str, Any]:
        rule = find_rule(layer.class_name)
        operands = rule.operands if rule else "inputs"
        tensors = [self._tensor(ref) for ref in call.inputs]
        keywords = {key: self._told(value) for key, value in call.keywords.items()}
        if layer.class_name == "ops.GetItem":
            keywords["key"] = [_key_part(part) for part in read_key("key", call.keywords["key"])]
        if call.initial_state:
            # A cell, which makes one step, calls it differently.
            is_cell = layer.class_name.endswith(("Cell", "Cells"))
            keywords["states" if is_cell else "initial_state"] = [self._tensor(ref) for ref in call.initial_state]
        names = operands.split()
        if len(names) > 1:
            free = (name for name in names if name not in keywords)
            keywords = {**dict(zip(free, tensors, strict=False)), **keywords}
            return {"args": [], "kwargs": keywords}
        together = operands.startswith("[") or len(tensors) > 1
        args = tensors if operands.startswith("*") or not together else [tensors]
        return {"args": args, "kwargs": keywords}

    def _told(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [self._told(item) for item in value]
        return self._tensor(value) if isinstance(value, Ref) else value

    def _tensor(self, ref: Ref) -> dict[str, Any]:
        shapes = self.shapes.get(f"{ref.name}:{ref.call}") or self.shapes.get(ref.name) or [()]
        shape = [size if isinstance(size, int) else None for size in shapes[ref.index] or ()]
        dtype = self.dtypes.get(ref.name, "float32")
        config: Mapping[str, Any] = {
            "shape": shape,
            "dtype": dtype,
            "keras_history": [ref.name, ref.call, ref.index],
        }
        return {"class_name": "__keras_tensor__", "config": config}


def _object(module: str, class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": dict(config), "registered_name": None}


def _key_part(part: Any) -> Any:
    """One part of what stands in the brackets of `x[...]`, as Keras writes it."""
    if isinstance(part, slice):
        return {"class_name": "__slice__", "config": {"start": part.start, "stop": part.stop, "step": part.step}}
    return {"class_name": "__ellipsis__", "config": {}} if part is Ellipsis else part


def _ends(ends: list[Any]) -> Any:
    """The inputs or outputs of a model; Keras writes the only one by itself."""
    return ends[0] if len(ends) == 1 else ends


def _freeze(model: dict[str, Any]) -> None:
    """Marks a model and those in it as frozen."""
    model["config"]["trainable"] = False
    for layer in model["config"]["layers"]:
        if layer["class_name"] in MODEL_MODULES:
            _freeze(layer)
