"""A spec as YAML, in the format that README describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import yaml

from lstmcalc.conversion.arguments import telling_arguments, written_key
from lstmcalc.conversion.limits import check_leads_back, check_sayable
from lstmcalc.conversion.names import used_names, with_fewest_names
from lstmcalc.conversion.nested import flattened, with_frozen_layers, with_stated_shapes
from lstmcalc.inference import infer
from lstmcalc.sources.yaml_spec import is_sequential, read_yaml
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec
from lstmcalc.steering import visible

__all__ = ["to_yaml"]


def to_yaml(spec: Spec) -> str:
    """The YAML text of a spec, with names only where they are used or the automatic ones would be others.

    Models in models are written side by side. Raises SpecError for a model that has faults, and where YAML cannot say
    it, such as a name with `/` in it.
    """
    report = infer(spec)
    check_sayable(spec, report, "yaml")
    flat = flattened(with_frozen_layers(with_stated_shapes(spec, report)))
    read = partial(read_yaml, source=spec.source)
    text = with_fewest_names(flat, used_names(flat), partial(_text, flat), read)
    check_leads_back(text, spec, report, "yaml", read)
    return text


def _text(spec: Spec, stated: set[str]) -> str:
    lines = [f"name: {_flow(spec.name)}", *_Writer(spec, stated, spec.models).lines()]
    if spec.models:
        lines.append("models:")
        for name, model in spec.models.items():
            lines += [
                f"  {_flow(name)}:",
                *(f"    {line}" for line in _Writer(model, stated, spec.models).lines(nested=True)),
            ]
    return "\n".join(lines) + "\n"


#: From this application of a layer on, the name of what it gives has a number.
MOST_AGAIN = 4


class _Writer:
    """Writes one model; `stated` are the names that it states, and `models` all models that stand beside it."""

    def __init__(self, spec: Spec, stated: set[str], models: Mapping[str, Spec]) -> None:
        self.spec, self.stated, self.models = spec._replace(models=models), stated, models
        taken = {*spec.layers, *models, *(port.name for port in spec.inputs)}
        counts: dict[str, int] = {}
        #: The name of every call's result: the layer's own at first, a new one when it is applied again.
        self.results: dict[tuple[str, int], str] = {}
        for call in spec.calls:
            number = counts[call.layer] = counts.get(call.layer, -1) + 1
            # One more word for each of thousands of applications would be a text of megabytes.
            name = call.layer if number < MOST_AGAIN else f"{call.layer}_{number + 1}"
            while number and name in taken:
                name = f"{name}_again"
            taken.add(name)
            self.results[call.layer, number] = name

    def lines(self, nested: bool = False) -> Iterator[str]:
        """The lines of the model; the batch and the symbols are stated by the outermost one."""
        spec = self.spec
        if spec.sequential != is_sequential(spec):
            yield f"sequential: {_flow(spec.sequential)}"
        yield "inputs:"
        yield from (f"  {_flow(port.name)}: {_flow(_input(port))}" for port in spec.inputs)
        if spec.batch is not None and not nested:
            yield f"batch: {_flow(spec.batch)}"
        if spec.symbols and not nested:
            yield f"symbols: {_flow(dict(spec.symbols))}"
        yield "layers:"
        before = (Ref(spec.inputs[0].name),) if len(spec.inputs) == 1 else ()
        for (layer, number), call in zip(self.results, spec.calls, strict=True):
            yield f"  - {self._entry(call, number, before)}"
            before = (Ref(layer, call=number),)
        if spec.outputs != before:
            yield f"outputs: {_flow([self._reference(ref) for ref in spec.outputs])}"

    def _entry(self, call: Call, number: int, before: tuple[Ref, ...]) -> str:
        layer = self.spec.layers[call.layer]
        told: dict[str, Any] = {}
        if call.inputs != before:
            told["inputs"] = _single([self._reference(ref) for ref in call.inputs])
        if call.initial_state:
            told["initial_state"] = [self._reference(ref) for ref in call.initial_state]
        for key, value in call.keywords.items():
            told[key] = self._told(value)
        if layer.class_name == "ops.GetItem":
            told["key"] = written_key(told["key"])
        if number:
            return _flow({"apply": call.layer, **told, "name": self.results[call.layer, number]})
        class_name, arguments = self._layer(layer)
        arguments = {**arguments, **told}
        return f"{_flow(class_name)}: {_flow(arguments)}" if arguments else _flow(class_name)

    def _layer(self, layer: LayerSpec) -> tuple[str, dict[str, Any]]:
        arguments = {key: self._value(value) for key, value in telling_arguments(layer).items()}
        if layer.name in self.stated and layer.class_name not in self.models:
            arguments["name"] = layer.name
        return layer.class_name, arguments

    def _value(self, value: Any) -> Any:
        if isinstance(value, LayerSpec):
            class_name, arguments = self._layer(value)
            return {class_name: arguments or None}
        if isinstance(value, (list, tuple)):
            return [self._value(item) for item in value]
        return value

    def _told(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [self._told(item) for item in value]
        return self._reference(value) if isinstance(value, Ref) else value

    def _reference(self, ref: Ref) -> str:
        name = self.results.get((ref.name, ref.call), ref.name)
        return f"{name}[{ref.index}]" if ref.index else name


def _input(port: InputSpec) -> Any:
    shape = list(port.shape)
    return shape if port.dtype == "float32" else {"shape": shape, "dtype": port.dtype}


def _single(items: list[str]) -> Any:
    return items[0] if len(items) == 1 else items


def _flow(value: Any) -> str:
    """A value on one line."""
    plain = _plain(value)
    text = _dumped(plain, allow_unicode=True)
    # YAML holds some characters as they are that would steer what shows it.
    return text if text == visible(text) else _dumped(plain, allow_unicode=False)


def _dumped(value: Any, allow_unicode: bool) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1e9, allow_unicode=allow_unicode)
    return text.removesuffix("\n").removesuffix("\n...")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
