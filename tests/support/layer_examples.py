"""One-layer models from examples, as tests need them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstmcalc.dims import lift
from lstmcalc.layers.rule import RULES, Example, Rejected
from lstmcalc.sources.layer_call import read_call
from lstmcalc.spec import Call, InputSpec, LayerSpec, Namer, Ref, Spec


def one_layer(
    class_name: str,
    arguments: Mapping[str, Any],
    inputs: Any,
    states: Any = (),
    name: str = "layer",
    keywords: Mapping[str, Any] | None = None,
    dtype: str = "float32",
) -> Spec:
    """A functional model of one layer; `inputs` is a shape with the batch, or a list of them."""
    shapes = inputs if isinstance(inputs, list) else [inputs]
    ports = [InputSpec(f"input_{i}", tuple(shape[1:]), dtype) for i, shape in enumerate([*shapes, *states])]
    refs = tuple(Ref(port.name) for port in ports)
    layer = LayerSpec(class_name, name, wrap(class_name, arguments))
    call = Call(name, refs[: len(shapes)], refs[len(shapes) :], keywords=keywords or {})
    return Spec(class_name, tuple(ports), {name: layer}, (call,), (Ref(name),), batch=shapes[0][0])


def wrap(class_name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments with the calls written in them read as layers."""
    namer = Namer()
    rule = RULES[class_name]

    def read(key: str, value: Any) -> Any:
        if key in rule.arguments and rule.arguments[key].kind in ("layer", "layers"):
            if isinstance(value, (list, tuple)):
                return [read(key, item) for item in value]
            return read_call(value, namer) if isinstance(value, str) else value
        return value

    return {key: read(key, value) for key, value in arguments.items()}


def shapes_of(output: Any) -> tuple[Any, ...]:
    """An example's output as a tuple of shapes."""
    return tuple(map(tuple, output)) if isinstance(output, list) else (tuple(output),)


def cases(kind: type[Example] | type[Rejected]) -> list[Any]:
    """(class name, example) for every example of that kind."""
    return [
        (name, case) for name, rule in RULES.items() for case in vars(rule).get("examples", ()) if type(case) is kind
    ]


__all__ = ["cases", "lift", "one_layer", "shapes_of", "wrap"]
