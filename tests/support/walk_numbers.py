"""The numbers that a walk may say of a layer: those of its report and of its source, and what follows from them."""

from __future__ import annotations

import re
from typing import Any

from lstmcalc.report import LayerReport
from lstmcalc.spec import LayerSpec, Spec

__all__ = ["digits", "names_in", "numbers_of"]

NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?![\w.]*\w)")


def digits(text: str) -> set[int]:
    return {int(found.replace(",", "").rstrip(",") or 0) for found in NUMBER.findall(text)}


def numbers_of(layer: LayerReport, spec: Spec) -> set[int]:
    """What the report knows of a layer, what the spec says of it, and what follows from these in one step."""
    shapes = [shape for call in layer.calls for shape in (*call.inputs, *(call.outputs or ())) if shape]
    shapes += [weight.shape for weight in layer.weights]
    known = digits(str(shapes)) | digits(f"{layer.arithmetic} {layer.formula} {layer.params} {len(layer.calls)}")
    known |= {weight.params for weight in layer.weights if isinstance(weight.params, int)}
    known |= {each.params for each in (layer.nested.layers if layer.nested else ()) if isinstance(each.params, int)}
    known |= arguments_of(spec)
    for group in {weight.name.partition("/")[0] for weight in layer.weights}:
        counts = [weight.params for weight in layer.weights if weight.name.startswith(group + "/")]
        known.add(sum(count for count in counts if isinstance(count, int)))
    frozen = layer.totals.non_trainable_params
    known |= {frozen} if isinstance(frozen, int) else set()
    # The last index of a table, the widths and counts of one direction, the values of a sample.
    known |= {number - 1 for number in known} | {number // 2 for number in known}
    for shape in shapes:
        sizes = [size for size in shape[1:] if isinstance(size, int)]
        for start in range(len(sizes)):
            product = 1
            for size in sizes[start:]:
                product *= size
                known.add(product)
    return known


def arguments_of(spec: Spec) -> set[int]:
    found: set[int] = set()

    def collect(value: Any) -> None:
        if isinstance(value, LayerSpec):
            collect(dict(value.arguments))
        elif isinstance(value, dict):
            for item in value.values():
                collect(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                collect(item)
        else:
            found.update(digits(str(value)))

    for layer in spec.layers.values():
        collect(layer)
    for call in spec.calls:
        collect(dict(call.keywords))
    for model in spec.models.values():
        found |= arguments_of(model)
    return found | set(spec.symbols.values())


def names_in(spec: Spec) -> list[str]:
    inner = [name for model in spec.models.values() for name in names_in(model)]
    return [*spec.layers, *(port.name for port in spec.inputs), *inner]
