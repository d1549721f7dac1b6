"""Reports as far as every source can state what they say."""

from __future__ import annotations

from typing import Any

from lstmcalc.report import LayerReport, Report


def comparable(report: Report, named: bool = True) -> Any:
    """Everything that a report says of a model, without the file it came from; without `named`, names of sizes too."""
    return (
        report.name,
        report.sequential,
        _plain([(port.name, port.shape, port.dtype) for port in report.inputs], named),
        _plain([(port.name, port.shape) for port in report.outputs], named),
        [_layer(layer, named) for layer in report.layers],
        _plain(report.totals, named),
    )


def by_position(report: Report) -> Any:
    """The same without names, where a source cannot state them: every layer is its number."""
    numbers = {layer.name: number for number, layer in enumerate(report.layers)}
    return [
        (layer.class_name, layer.output_shapes, layer.params, [numbers[name] for name in layer.connected_to])
        for layer in report.layers
    ]


def _layer(layer: LayerReport, named: bool) -> Any:
    calls = [(call.inputs, call.outputs, call.connected_to) for call in layer.calls]
    weights = [(w.name, w.shape, w.trainable, w.params, w.dtype) for w in layer.weights]
    nested = comparable(layer.nested, named) if layer.nested else None
    formula = layer.arithmetic if named else None
    return layer.name, layer.class_name, _plain(calls, named), _plain(weights, named), formula, nested


def _plain(value: Any, named: bool) -> Any:
    """The same with None for every size that is a name, where names do not count."""
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item, named) for item in value)
    return value if named or value is None or isinstance(value, (int, str, bool)) else None
