"""Models in models: which there are, and all of them side by side, each under a name of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lstmcalc.layers import find_rule
from lstmcalc.report import LayerReport, Report
from lstmcalc.sources.drafts import wrapped_layers
from lstmcalc.spec import Call, LayerSpec, Ref, Spec

__all__ = ["distinct_models", "flattened", "layers_of", "with_frozen_layers", "with_stated_shapes"]


def layers_of(spec: Spec) -> Iterator[LayerSpec]:
    """Every layer of a model, also those inside others, but none of its nested models."""
    for top in spec.layers.values():
        yield from wrapped_layers(top)


def distinct_models(spec: Spec) -> list[Spec]:
    """A model and all models in it, each once, with those in front that stand in others; equal ones are one object."""
    found: list[Spec] = []
    _collect(spec, found)
    return found


def _collect(spec: Spec, found: list[Spec]) -> None:
    if spec not in found:
        for model in spec.models.values():
            _collect(model, found)
        found.append(spec)


def flattened(spec: Spec) -> Spec:
    """The same model with every nested one directly in `models`, by a name that YAML can say.

    A layer that is a model has the model's name, as in YAML.
    """
    names: list[tuple[Spec, str]] = []
    models: dict[str, Spec] = {}
    every = distinct_models(spec)
    for model in every[:-1]:
        wanted = next(name for outer in every for name, it in outer.models.items() if it == model)
        base = re.sub(r"\W+$", "", re.sub(r"[/\[\]()\s]+", "_", wanted)) or "model"
        name, number = base, 1
        while name in models or find_rule(name):
            number += 1
            name = f"{base}_{number}"
        names.append((model, name))
        models[name] = _renamed(model, names)
    return _renamed(spec, names)._replace(models=models)


def _renamed(spec: Spec, names: list[tuple[Spec, str]]) -> Spec:
    """A model whose nested ones are called otherwise."""
    new = {old: next(name for it, name in names if it == model) for old, model in spec.models.items()}
    tops = {layer.name: new[layer.class_name] for layer in spec.layers.values() if layer.class_name in new}
    layers = {tops.get(name, name): _relabelled(layer, new) for name, layer in spec.layers.items()}
    calls = tuple(_rewired(call, tops) for call in spec.calls)
    return spec._replace(layers=layers, calls=calls, outputs=tuple(_ref(ref, tops) for ref in spec.outputs), models={})


def _relabelled(layer: LayerSpec, new: Mapping[str, str]) -> LayerSpec:
    if layer.class_name in new:
        return layer.changed(class_name=new[layer.class_name], name=new[layer.class_name])
    return layer.changed(arguments={key: _inside(value, new) for key, value in layer.arguments.items()})


def _inside(value: Any, new: Mapping[str, str]) -> Any:
    if isinstance(value, LayerSpec):
        return _relabelled(value, new)
    return [_inside(item, new) for item in value] if isinstance(value, list) else value


def _rewired(call: Call, names: Mapping[str, str]) -> Call:
    inputs, states = (tuple(_ref(ref, names) for ref in refs) for refs in (call.inputs, call.initial_state))
    keywords = {key: _ref(value, names) for key, value in call.keywords.items()}
    return call._replace(layer=names.get(call.layer, call.layer), inputs=inputs, initial_state=states,
                   keywords=keywords)  # fmt: skip


def _ref(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, (list, tuple)):
        return [_ref(item, names) for item in value]
    return value.changed(name=names.get(value.name, value.name)) if isinstance(value, Ref) else value


def with_stated_shapes(spec: Spec, report: Report) -> Spec:
    """The same model where every layer that runs unknown code states its shape, as far as the report has it."""
    reports = {layer.name: layer for layer in report.layers}
    layers = {name: _with_shape(layer, spec, reports.get(name)) for name, layer in spec.layers.items()}
    inner = {row.class_name: row.nested for row in report.layers if row.nested}
    used = {layer.class_name: row.nested for name, layer in spec.layers.items() if (row := reports.get(name))}
    models = {
        name: with_stated_shapes(model, nested) if (nested := used.get(name) or inner.get(name)) else model
        for name, model in spec.models.items()
    }
    return spec._replace(layers=layers, models=models)


def _with_shape(layer: LayerSpec, spec: Spec, row: LayerReport | None) -> LayerSpec:
    is_code = layer.class_name == "Lambda" or not (layer.class_name in spec.models or find_rule(layer.class_name))
    if not is_code or row is None or not row.calls or layer.arguments.get("output_shape") is not None:
        return layer
    outputs = row.calls[0].outputs or ()
    if len(outputs) != 1:
        return layer
    sizes = [size if size is None or isinstance(size, int) else str(size) for size in outputs[0][1:]]
    return layer.changed(arguments={**layer.arguments, "output_shape": sizes})


def with_frozen_layers(spec: Spec, frozen: bool = False) -> Spec:
    """The same model where no model is frozen as a whole, but every layer in it: the same weights are trained."""
    frozen = frozen or not spec.trainable
    models = {name: with_frozen_layers(model, frozen) for name, model in spec.models.items()}
    layers = {name: _frozen(layer, models) for name, layer in spec.layers.items()} if frozen else spec.layers
    return spec._replace(layers=layers, models=models, trainable=True)


def _frozen(layer: LayerSpec, models: Mapping[str, Spec]) -> LayerSpec:
    if layer.class_name in models or layer.class_name.startswith("ops."):
        return layer
    return layer.changed(arguments={**layer.arguments, "trainable": False})
