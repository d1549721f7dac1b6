"""A difference as a document of the JSON contract."""

from __future__ import annotations

from typing import Any

from lstmcalc.comparing.arguments import shown_value
from lstmcalc.comparing.difference import (
    ASPECTS,
    Amounts,
    Change,
    Difference,
    LayerDifference,
    LayerSide,
    PortDifference,
)
from lstmcalc.dims import Expression
from lstmcalc.report import Port
from lstmcalc.shapes import shape_to_json, size_to_json

__all__ = ["difference_json"]


def difference_json(difference: Difference) -> dict[str, Any]:
    """`lstmcalc.difference/1`: the layers that differ, or whose delta is not 0: the deltas sum to the total."""
    return {"schema": "lstmcalc.difference/1", **_difference(difference)}


def _difference(difference: Difference) -> dict[str, Any]:
    listed = [layer for layer in difference.layers if layer.aspects or any(part != 0 for part in layer.delta)]
    return {
        "old": {"source": difference.old_source, "name": difference.old_name},
        "new": {"source": difference.new_source, "name": difference.new_name},
        "equal": None if difference.equal and not _is_told(difference) else difference.equal,
        "compared": list(difference.compared),
        "printed": difference.printed,
        "inputs": [_port(port) for port in difference.ports if port.what == "input" and port.aspects],
        "outputs": [_port(port) for port in difference.ports if port.what == "output" and port.aspects],
        "layers": [_layer(layer) for layer in listed],
        "totals": {
            "old": _amounts(difference.old_totals),
            "new": _amounts(difference.new_totals),
            "delta": _amounts(difference.delta),
            "known": _known(difference),
        },
        "stand_ins": list(difference.stand_ins),
        "assumptions": [{"model": whose, **held.to_json()} for whose, held in difference.conditions],
        "not_compared": list(difference.untold),
        "whole": difference.whole,
    }


def _known(difference: Difference) -> dict[str, Any]:
    """The totals without the layers whose amounts are not known, which are named."""
    old, new = difference.known_totals
    without = {key: [layer.side.name for layer in difference.without(key)] for key in Amounts._fields}
    told = {key: names for key, names in without.items() if names}
    return {"old": _amounts(old), "new": _amounts(new), "delta": _amounts(new - old), "without": told}


def _is_told(difference: Difference) -> bool:
    """Whether all that should be compared could be."""
    return difference.whole and bool(difference.compared) and not difference.untold


def _layer(layer: LayerDifference) -> dict[str, Any]:
    changes = sorted(layer.changes, key=lambda change: ASPECTS.index(change.aspect))
    document = {
        "kind": layer.kind,
        "old": layer.old and _side(layer.old),
        "new": layer.new and _side(layer.new),
        "aspects": sorted(layer.aspects),
        "changes": [{"aspect": change.aspect, **_change(change)} for change in changes],
        "delta": _amounts(layer.delta),
    }
    if layer.inside is not None:
        document["inside"] = _difference(layer.inside)
    return document


def _side(side: LayerSide) -> dict[str, Any]:
    return {
        "name": side.name,
        "type": side.class_name,
        "place": side.place,
        "output_shapes": [shape_to_json(shape) for shape in side.layer.output_shapes],
        **_amounts(side.amounts),
    }


def _port(port: PortDifference) -> dict[str, Any]:
    return {
        "kind": port.kind,
        "old": port.old and _port_side(port.old),
        "new": port.new and _port_side(port.new),
        "changes": [_change(change) for change in port.changes],
    }


def _port_side(port: Port) -> dict[str, Any]:
    return {"name": port.name, "shape": shape_to_json(port.shape)}


def _change(change: Change) -> dict[str, Any]:
    return {"what": change.what, "old": _value(change.what, change.old), "new": _value(change.what, change.new)}


def _value(what: str, value: Any) -> Any:
    if what == "shape" and value is not None:
        one = not value or not isinstance(value[0], tuple)
        return shape_to_json(value) if one else [shape_to_json(shape) for shape in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Expression):
        return size_to_json(value)
    if isinstance(value, (list, tuple)):
        return [_value("", item) for item in value]
    return shown_value(value)


def _amounts(amounts: Amounts) -> dict[str, Any]:
    return {key: size_to_json(value) for key, value in amounts._asdict().items()}
