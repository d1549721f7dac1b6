"""Every rule's examples, which are its documentation, hold; no rule is without."""

from __future__ import annotations

from typing import Any

import pytest
from layer_examples import cases, one_layer, shapes_of

from lstmcalc.dims import to_text
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.layers.rule import RULES, Example, Rejected


def model_of(class_name: str, case: Any, inputs: Any) -> Any:
    return one_layer(class_name, case.arguments, inputs, case.states, keywords=dict(case.keywords), dtype=case.dtype)


@pytest.mark.parametrize(("class_name", "example"), cases(Example))
def test_example(class_name: str, example: Any) -> None:
    report = infer(model_of(class_name, example, example.inputs))
    layer = next(layer for layer in report.layers if layer.name == "layer")
    counted = layer.params if isinstance(example.params, int) else to_text(layer.params)
    assert counted == example.params
    if example.trainable_params is not None:
        assert layer.totals.trainable_params == example.trainable_params
    assert layer.output_shapes == shapes_of(example.output)


@pytest.mark.parametrize(("class_name", "rejected"), cases(Rejected))
def test_rejected(class_name: str, rejected: Any) -> None:
    inputs = rejected.inputs or RULES[class_name].examples[0].inputs
    with pytest.raises(SpecError) as caught:
        infer(model_of(class_name, rejected, inputs))
    assert [fault.message for fault in caught.value.faults] == [rejected.message]


@pytest.mark.parametrize("class_name", RULES)
def test_every_rule_has_examples(class_name: str) -> None:
    kinds = {type(case) for case in vars(RULES[class_name]).get("examples", ())}
    # Keras exports these two, and cannot call the one, nor hold the other in a model.
    assert (Rejected if class_name in ("Wrapper", "Equalization") else Example) in kinds


@pytest.mark.parametrize(
    ("words", "size"),
    [
        (["", "[UNK]", "a"], 3),
        (["[UNK]", "a"], 4),
        (["x", "[UNK]", "a"], 5),
        (["a"], 3),
    ],
)
def test_special_tokens_count_once_where_a_vocabulary_begins_with_all_of_them(words: list[str], size: int) -> None:
    # As `vocabulary_size()` of Keras 3.15.1 has it.
    rule: Any = RULES["StringLookup"]({"vocabulary": tuple(words), "mask_token": ""})
    assert rule.size() == size
