"""Reports and errors as the documents of the JSON contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lstmcalc.errors import SpecError
from lstmcalc.explanation.costs.model import Figures, ModelCost, cost_of_model
from lstmcalc.renderers.bounds import check_weights_told, layers_in
from lstmcalc.report import LayerReport, Report, WeightReport
from lstmcalc.shapes import shape_to_json, size_to_json
from lstmcalc.steering import escaped_json

if TYPE_CHECKING:
    from lstmcalc.explanation.costs.compared import ToolTotal

__all__ = ["dumps", "error_json", "report_json"]


def dumps(document: Any) -> str:
    """A document on one line; what would steer a terminal, or is no whole character, is escaped."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    return escaped_json(text)


def report_json(report: Report, cost: ModelCost | None = None) -> dict[str, Any]:
    """`lstmcalc.report/1`: a model's shapes, parameters and costs; those of a whole batch where `cost` knows them."""
    check_weights_told(layers_in(report), report.source)
    totals, found = report.totals, cost or cost_of_model(report)
    document: dict[str, Any] = {
        "schema": "lstmcalc.report/1",
        "source": report.source,
        "name": report.name,
        "inputs": [{"name": p.name, "shape": shape_to_json(p.shape), "dtype": p.dtype} for p in report.inputs],
        "outputs": [{"name": p.name, "shape": shape_to_json(p.shape)} for p in report.outputs],
        "layers": [_layer(layer, found, "") for layer in report.layers],
        "totals": {
            "params": size_to_json(totals.params),
            "trainable_params": size_to_json(totals.trainable_params),
            "non_trainable_params": size_to_json(totals.non_trainable_params),
            "bytes": size_to_json(totals.bytes),
            **_figures(found.complete),
        },
        "assumptions": [held.to_json() for held in report.assumptions],
        "hints": [hint.to_json() for hint in report.hints],
    }
    if cost is not None and cost.batch is not None:
        document["batch"] = {"size": cost.batch, **_figures(cost.complete.times(cost.batch))}
    if cost is not None and cost.tools is not None:
        document["tools"] = [_tool(each) for each in cost.tools]
    return document


def _tool(found: ToolTotal) -> dict[str, Any]:
    tool = found.tool
    return {
        "tool": tool.name,
        "version": tool.version,
        "counts": tool.unit,
        "prints": size_to_json(found.number),
        "without": list(found.left),
    }


def error_json(source: str, error: SpecError) -> dict[str, Any]:
    """A source that failed: its faults, and the report of what could be known regardless."""
    document: dict[str, Any] = {"source": source, "errors": [fault.to_json() for fault in error.faults]}
    if isinstance(error.report, Report):
        document["report"] = report_json(error.report)
    return document


def _figures(figures: Figures) -> dict[str, Any]:
    macs, flops, training = map(size_to_json, figures)
    return {"macs": macs, "flops": flops, "training_macs": training}


def _layer(layer: LayerReport, cost: ModelCost, path: str) -> dict[str, Any]:
    totals = layer.totals
    document: dict[str, Any] = {
        "name": layer.name,
        "type": layer.class_name,
        "input_shapes": [shape_to_json(shape) for shape in layer.input_shapes],
        "output_shapes": [shape_to_json(shape) for shape in layer.output_shapes],
        "params": size_to_json(layer.params),
        "trainable_params": size_to_json(totals.trainable_params) if layer.known else None,
        "non_trainable_params": size_to_json(totals.non_trainable_params) if layer.known else None,
        "weights": [_weight(weight) for weight in layer.weights],
        "formula": layer.formula,
        "connected_to": list(layer.connected_to),
        "mask": _mask(layer),
        **_figures(cost.layers[path + layer.name]),
        "notes": list(layer.notes),
    }
    if layer.nested is not None:
        document["layers"] = [_layer(inner, cost, f"{path}{layer.name}/") for inner in layer.nested.layers]
    return document


def _mask(layer: LayerReport) -> dict[str, Any]:
    """What a layer does with masks; null where that is not known, or differs between its applications."""
    masks = [call.mask for call in layer.calls]
    roles = {mask.role for mask in masks}
    role = roles.pop() if len(roles) == 1 else None
    came, went = ({getattr(mask, key) for mask in masks} for key in ("comes_in", "goes_out"))
    return {
        "in": came.pop() if len(came) == 1 else None,
        "out": went.pop() if len(went) == 1 else None,
        "role": None if role == "unknown" else role,
    }


def _weight(weight: WeightReport) -> dict[str, Any]:
    return {"name": weight.name, "shape": shape_to_json(weight.shape), "trainable": weight.trainable}
