"""A reader who does what the first fix of an error says, word for word, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from spec_mutations import with_call, without

from lstmcalc.errors import Fault
from lstmcalc.layers import find_rule
from lstmcalc.sources.layer_call import read_call
from lstmcalc.spec import Call, LayerSpec, Ref, Spec

#: Does one kind of advice: given the model, the fault, and what the advice names.
Step = Callable[[Spec, Fault, "re.Match[str]"], Spec]


def follow(spec: Spec, fault: Fault) -> Spec | None:
    """The model after the fix is applied; None where the fix is no instruction."""
    for pattern, step in STEPS.items():
        if found := re.match(pattern, fault.fix):
            return step(spec, fault, found)
    return None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip('"')


def _parts(layer: LayerSpec) -> Iterator[LayerSpec]:
    """A layer and those that it holds."""
    yield layer
    for value in layer.arguments.values():
        if isinstance(value, LayerSpec):
            yield from _parts(value)


def _with(layer: LayerSpec, old: LayerSpec, new: LayerSpec) -> LayerSpec:
    if layer is old:
        return new
    held = {key: _with(v, old, new) if isinstance(v, LayerSpec) else v for key, v in layer.arguments.items()}
    return layer.changed(arguments=held)


def _edited(spec: Spec, name: str, change: Callable[[LayerSpec], LayerSpec], class_name: str = "") -> Spec:
    """The model with a layer changed that is called so, or is of this class inside the one that is."""
    for outer, layer in spec.layers.items():
        for part in _parts(layer):
            if (outer == name and part.class_name == class_name) if class_name else part.name == name:
                return spec._replace(layers={**spec.layers, outer: _with(layer, part, change(part))})
    raise LookupError(name)


def _setting(key: str, value: Any) -> Callable[[LayerSpec], LayerSpec]:
    return lambda layer: layer.changed(arguments={**layer.arguments, key: value})


def _set(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    return _edited(spec, found["name"], _setting(found["key"], _value(found["value"])), found["inside"] or "")


def _state(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    """An argument of the layer, or of the one inside that takes it."""
    assert fault.layer
    name, key = fault.layer[0], found["key"]
    takers = [part.class_name for part in _parts(spec.layers[name]) if takes(part, key)] if name in spec.layers else []
    inside = takers[-1] if len(takers) == 1 and "layer" in spec.layers[name].arguments else ""
    return _edited(spec, name, _setting(key, _value(found["value"])), inside)


def takes(layer: LayerSpec, key: str) -> bool:
    rule = find_rule(layer.class_name)
    return rule is not None and key in rule.arguments


def _respell(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    assert fault.layer
    right, wrong = found["right"], fault.got.strip("`")

    def change(layer: LayerSpec) -> LayerSpec:
        if fault.code == "unknown-layer":
            return layer.changed(class_name=right)
        if fault.code == "unknown-argument":
            return layer.changed(arguments={right if k == wrong else k: v for k, v in layer.arguments.items()})
        key = fault.expected.split("`")[1]
        return _setting(key, _value(right))(layer)

    return _edited(spec, fault.layer[0], change)


def _drop_argument(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    assert fault.layer
    left = found["key"]
    if left == "initial_state":
        index = _place(spec, fault.layer[0])
        return with_call(spec, index, spec.calls[index]._replace(initial_state=()))
    return _edited(
        spec,
        fault.layer[0],
        lambda layer: layer.changed(arguments={k: v for k, v in layer.arguments.items() if k != left}),
    )


def _unwrap(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    assert fault.layer
    return _edited(spec, fault.layer[0], lambda layer: layer.arguments["layer"].changed(name=layer.name))


def _reclass(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    """Another class for the layer inside the one that has the fault."""
    assert fault.layer
    return _edited(spec, fault.layer[0], lambda layer: layer.changed(class_name=found["right"]), found["wrong"])


def _leave_out(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    return without(spec, _place(spec, found["name"]))


def _reshape_input(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    shape = tuple(json.loads(re.sub(r"\b(?!null)([A-Za-z]\w*)", r'"\1"', found["shape"])))
    ports = [port._replace(shape=shape) if port.name == found["name"] else port for port in spec.inputs]
    return spec._replace(inputs=tuple(ports))


def _fill_input(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    """Any number for every size that is open."""
    ports = [
        port._replace(shape=tuple(4 if size is None else size for size in port.shape))
        if port.name == found["name"]
        else port
        for port in spec.inputs
    ]
    return spec._replace(inputs=tuple(ports))


def _put(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    index = _place(spec, found["name"])
    victim, written = spec.calls[index], found["layer"]
    layer = read_call(written) if "(" in written else LayerSpec(written, "")
    if found["all"]:
        call, inputs = Call("put_in", victim.inputs), (Ref("put_in"),)
    else:
        place = next((i for i, ref in enumerate(victim.inputs) if str(ref) == found["ref"]), 0)
        call = Call("put_in", (victim.inputs[place],))
        inputs = tuple(Ref("put_in") if i == place else ref for i, ref in enumerate(victim.inputs))
    changed = with_call(spec, index, call, victim._replace(inputs=inputs))
    return changed._replace(layers={**spec.layers, "put_in": layer.changed(name="put_in")})


def _wrap(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    name = found["name"]
    wrapped = LayerSpec("TimeDistributed", name, {"layer": spec.layers[name]})
    return spec._replace(layers={**spec.layers, name: wrapped})


def _take_states(spec: Spec, fault: Fault, found: re.Match[str]) -> Spec:
    assert fault.layer
    index = _place(spec, fault.layer[0])
    refs = [
        Ref(found[1], int(found[2] or 0))
        for found in (re.match(r"([^\[]+)(?:\[(\d+)\])?", text) for text in json.loads(found["refs"]))
        if found
    ]
    return with_call(spec, index, spec.calls[index]._replace(initial_state=tuple(refs)))


def _place(spec: Spec, name: str) -> int:
    return next(index for index, call in enumerate(spec.calls) if call.layer == name)


NAMED = r'"(?P<name>[^"]+)"'
STEPS: dict[str, Step] = {
    rf"(?:set|use) `(?P<key>\w+): (?P<value>[^`]*)` on (?:the (?P<inside>\w+) in )?{NAMED}": _set,
    r"(?:for example|use) `(?P<key>(?!initial_state)\w+): (?P<value>[^`]*)`": _state,
    r"did you mean `(?P<right>[^`]*)`\?": _respell,
    r"leave `(?P<key>[a-z_]+)` out": _drop_argument,
    r"leave (?P<wrapper>[A-Z]\w+) out": _unwrap,
    r"write `(?P<right>[A-Z]\w+)` for `(?P<wrong>\w+)`": _reclass,
    rf"leave {NAMED} out": _leave_out,
    rf".*leave (?:the batch|it) out of the shape of input {NAMED}: (?P<shape>\[.*\])": _reshape_input,
    rf"give input {NAMED} one axis more, such as (?P<shape>\[[^\]]*\])": _reshape_input,
    rf"write a number for the unknown size of input {NAMED}": _fill_input,
    r"state `batch: (?P<size>\d+)`": lambda spec, fault, found: spec._replace(batch=int(found["size"])),
    rf'put `(?P<layer>[^`]+)` before {NAMED}(?:, on (?:"(?P<ref>[^"]+)"|(?P<all>its .* inputs)))?': _put,
    rf"put {NAMED} into `TimeDistributed`": _wrap,
    r"write `initial_state: (?P<refs>\[.*\])`": _take_states,
}
