"""A whole model in words as the document of the JSON contract."""

from __future__ import annotations

from typing import Any

from lstmcalc.errors import Fault
from lstmcalc.explanation.walk import KINDS, ModelExplanation, WalkedLayer
from lstmcalc.renderers.bounds import check_weights_told
from lstmcalc.shapes import shape_to_json, size_to_json

__all__ = ["walk_json"]


def walk_json(walk: ModelExplanation, faults: tuple[Fault, ...] = ()) -> dict[str, Any]:
    """`lstmcalc.walk/1`: a model in words in the JSON contract, with `errors` where it has any."""
    check_weights_told((walked.layer for walked in walk.layers), walk.source)
    document: dict[str, Any] = {
        "schema": "lstmcalc.walk/1",
        "source": walk.source,
        "name": walk.name,
        "explanation": [remark.to_json() for remark in walk.overview],
        "layers": [_walked(layer) for layer in walk.layers],
        "hints": [hint.to_json() for hint in walk.hints],
    }
    return {**document, "errors": [fault.to_json() for fault in faults]} if faults else document


def _walked(walked: WalkedLayer) -> dict[str, Any]:
    layer = walked.layer
    return {
        "name": layer.name,
        "type": layer.class_name,
        "path": walked.path,
        "call": walked.call or None,
        "like": walked.like or None,
        "sentences": {kind: texts for kind in KINDS if (texts := walked.texts(kind))},
        "numbers": {
            "input_shapes": [shape_to_json(shape) for shape in layer.input_shapes],
            "output_shapes": [shape_to_json(shape) for shape in layer.output_shapes],
            "params": size_to_json(layer.params),
            "formula": layer.formula,
            "arithmetic": layer.arithmetic,
            "weights": [
                {"name": weight.name, "shape": shape_to_json(weight.shape), "params": size_to_json(weight.params)}
                for weight in layer.weights
            ],
        },
    }
