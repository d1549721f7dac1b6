"""A layer in words as the document of the JSON contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lstmcalc.dims import lower, lower_size
from lstmcalc.explanation.layer import Explanation
from lstmcalc.shapes import shape_to_json, size_to_json

if TYPE_CHECKING:
    from lstmcalc.explanation.frameworks import Counterpart

__all__ = ["explanation_json"]


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """`lstmcalc.explanation/1`: an explanation in the JSON contract; the cells of a row are joined by two spaces."""
    compared = [_counterpart(each) for each in explanation.frameworks]
    return {
        "schema": "lstmcalc.explanation/1",
        "layer": explanation.layer,
        "class_name": explanation.class_name,
        "input_shapes": [shape_to_json(shape) for shape in explanation.input_shapes],
        "output_shapes": [shape_to_json(shape) for shape in explanation.output_shapes],
        "params": size_to_json(explanation.params),
        "formula": explanation.formula,
        "arithmetic": explanation.arithmetic,
        "weights": [
            {
                "name": weight.name,
                "shape": shape_to_json(weight.shape),
                "trainable": weight.trainable,
                "params": size_to_json(weight.params),
                "uses": size_to_json(weight.uses),
                "why": weight.why,
            }
            for weight in explanation.weights
        ],
        "sections": [
            {
                "heading": section.heading,
                "lines": ["  ".join(filter(None, line)) for line in (section.header, *section.lines) if line],
            }
            for section in explanation.sections
        ],
        "hints": [hint.to_json() for hint in explanation.hints],
        "assumptions": [held.to_json() for held in explanation.assumptions],
        **_cost(explanation),
        **({"frameworks": compared} if compared else {}),
    }


def _cost(explanation: Explanation) -> dict[str, Any]:
    """What one sample costs, in the first application; sizes that are left open stand by the names of their axes."""
    found = explanation.cost
    if found is None:
        return {"macs": None, "flops": None, "training_macs": None}
    training = None if found.training is None else size_to_json(found.training.macs)
    return {"macs": size_to_json(found.cost.macs), "flops": size_to_json(found.cost.flops), "training_macs": training}


def _counterpart(counterpart: Counterpart) -> dict[str, Any]:
    from lstmcalc.explanation.frameworks import MEASURED

    return {
        "framework": counterpart.framework,
        "layer": counterpart.layer,
        "measured": MEASURED[counterpart.framework],
        "params": size_to_json(lower_size(counterpart.params)),
        "biases": size_to_json(lower_size(counterpart.biases)),
        "gates": list(counterpart.gates),
        "lacks": list(counterpart.lacks),
        "arrays": [
            {"name": each.name, "shape": shape_to_json(lower(each.shape)), "is_param": each.is_param}
            for each in counterpart.arrays
        ],
    }
