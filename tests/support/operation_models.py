"""Models of one operation, as tests need them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstmcalc.layers.operations import OPERATIONS
from lstmcalc.layers.rule import Example, Rejected
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec


def one_operation(
    name: str, arguments: Mapping[str, Any], inputs: Any, keywords: Mapping[str, Any] | None = None, dtype: Any = ""
) -> Spec:
    """A functional model of one operation; `inputs` is a shape with the batch, or a list of them.

    `dtype` is that of all inputs, or a list with one for each.
    """
    shapes = inputs if isinstance(inputs, list) else [inputs]
    dtypes = dtype if isinstance(dtype, list) else [dtype or "float32"] * len(shapes)
    ports = tuple(
        InputSpec(f"input_{i}", tuple(shape[1:]), kind)
        for i, (shape, kind) in enumerate(zip(shapes, dtypes, strict=True))
    )
    call = Call("operation", tuple(Ref(port.name) for port in ports), keywords=keywords or {})
    layer = LayerSpec(name, "operation", arguments)
    return Spec(name, ports, {"operation": layer}, (call,), (Ref("operation"),), batch=shapes[0][0])


def operation_cases(kind: type[Example] | type[Rejected]) -> list[Any]:
    """(operation, example) for every example of that kind."""
    return [(name, case) for name, rule in OPERATIONS.items() for case in rule.examples if type(case) is kind]
