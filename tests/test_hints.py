"""Hints that any layer may get, as they are printed."""

from __future__ import annotations

import pytest

from lstmcalc import infer, load


def hints(text: str) -> list[str]:
    return [str(hint) for hint in infer(load("m.yaml", text=text)).hints]


def test_an_input_shape_with_the_batch_in_it() -> None:
    assert hints("{input: [10, 8], layers: [{LSTM: {units: 4, input_shape: [null, 10, 8]}}]}") == [
        'hint[batch-in-input-shape] m.yaml:1:27  layer "lstm" (LSTM)\n'
        "  expected the shape of one sample\n"
        "  got      `input_shape: [null, 10, 8]`, where (None, 10, 8) comes in\n"
        "  because  `input_shape` does not count the batch\n"
        "  fix      write `input_shape: [10, 8]`, or leave it out"
    ]


def test_an_input_shape_on_a_layer_that_is_not_first() -> None:
    layers = "[{Dense: 3}, {LSTM: {units: 4, input_shape: [10, 8]}}]"
    assert hints(f"{{input: [10, 8], layers: {layers}}}") == [
        'hint[ignored-input-shape] m.yaml:1:39  layer "lstm" (LSTM)\n'
        "  expected no `input_shape`\n"
        "  got      `input_shape: [10, 8]`, where (None, 10, 3) comes in\n"
        "  because  Keras ignores it: the input is known\n"
        "  fix      leave it out"
    ]


def test_an_input_shape_that_is_right_by_chance_is_ignored_all_the_same() -> None:
    layers = "[{Dense: 8}, {LSTM: {units: 4, input_shape: [10, 8]}}]"
    assert [hint.split("]")[0] for hint in hints(f"{{input: [10, 8], layers: {layers}}}")] == [
        "hint[ignored-input-shape"
    ]


def test_an_input_shape_that_is_right_needs_no_word() -> None:
    assert hints("{input: [10, 8], layers: [{LSTM: {units: 4, input_shape: [10, 8]}}]}") == []


@pytest.mark.parametrize("layer", ["{Dense: 3}", "{LSTM: 3}"])
def test_a_free_size_in_a_weight_is_asked_for(layer: str) -> None:
    report = infer(load("m.yaml", text=f"{{input: [4, F], layers: [{layer}]}}"))
    assert report.needs == ("F",)
    assert [hint.expected for hint in report.hints] == ["a number for `F` when Keras builds the model"]


def test_a_free_size_that_no_weight_has_is_left_alone() -> None:
    report = infer(load("m.yaml", text="{input: [T, 4], layers: [{LSTM: U}]}"))
    assert (report.needs, report.hints) == ((), ())
