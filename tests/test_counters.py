"""What other tools print: every number that was recorded from them, and every case where none was."""

from __future__ import annotations

from typing import Any

import pytest
from counted_elsewhere import FORECAST, PRINTED

import lstmcalc
from lstmcalc.building import Builder
from lstmcalc.explanation.costs.compared import layer_lines, totals_of_tools
from lstmcalc.explanation.frameworks.counters import TOOLS, prints
from lstmcalc.explanation.rule_inputs import inputs_of
from lstmcalc.explanation.walk import outermost
from lstmcalc.layers.costs import Cost
from lstmcalc.layers.rule import RULES, Inputs, LayerRule, all_work
from lstmcalc.spec import LayerSpec


def seen(class_name: str, arguments: dict[str, Any], shape: tuple[int | None, ...]) -> tuple[LayerRule, Inputs]:
    wrapper, _, inner = class_name.rstrip(")").rpartition("(")
    rule = Builder().build(LayerSpec(inner, "layer", arguments))
    assert rule is not None
    if wrapper:
        rule = RULES[wrapper]({"layer": rule})
    shapes = [(None, *shape)] * (2 if class_name == "MultiHeadAttention" else 1)
    return rule, inputs_of(rule, shapes)


def numbers(class_name: str, arguments: dict[str, Any], shape: tuple[int | None, ...]) -> dict[str, Any]:
    return {key: each.number for key, each in prints(*seen(class_name, arguments, shape)).items()}


@pytest.mark.parametrize(("class_name", "arguments", "shape", "printed"), PRINTED)
def test_every_number_is_the_one_that_was_recorded(
    class_name: str, arguments: dict[str, Any], shape: tuple[int, ...], printed: dict[str, int]
) -> None:
    found = numbers(class_name, arguments, shape)
    # A tool that was recorded is told; one that is told in other sizes may be missing here.
    assert {key: found.get(key) for key in printed} == printed


def test_no_tool_is_told_that_was_never_recorded() -> None:
    recorded: dict[str, set[str]] = {}
    for class_name, _, _, printed in PRINTED:
        recorded.setdefault(class_name, set()).update(printed)
    told = {name: set(numbers(name, arguments, shape)) for name, arguments, shape, _ in PRINTED}
    assert {name: keys - recorded[name] for name, keys in told.items() if keys - recorded[name]} == {}
    assert set().union(*recorded.values()) == set(TOOLS)


@pytest.mark.parametrize(
    ("class_name", "arguments", "shape", "missing"),
    [
        ("LSTM", {"units": 3, "activation": "relu"}, (7, 5), set(TOOLS)),
        ("LSTM", {"units": 3, "recurrent_activation": "hard_sigmoid"}, (7, 5), set(TOOLS)),
        ("GRU", {"units": 3, "reset_after": False}, (7, 5), set(TOOLS) - {"tf", "frozen", "unrolled"}),
        ("LSTM", {"units": 3, "use_bias": False}, (7, 5), {"xla", "flax", "onnx"}),
        ("LSTM", {"units": 3, "unroll": True}, (7, 5), {"tf", "frozen", "xla"}),
        ("Bidirectional(GRU)", {"units": 3}, (7, 5), {"xla", "flax", "onnx"}),
        ("Dense", {"units": 3, "activation": "softmax"}, (5,), {"tf", "unrolled", "xla", "flax"}),
        ("Dense", {"units": 3, "lora_rank": 2}, (5,), set(TOOLS)),
        ("Conv1D", {"filters": 3, "kernel_size": 2, "padding": "causal"}, (7, 5), set(TOOLS)),
        ("Conv2D", {"filters": 3, "kernel_size": 2, "padding": "same", "strides": 2}, (7, 7, 5), set(TOOLS) - {"tf"}),
        ("Conv1D", {"filters": 6, "kernel_size": 2, "groups": 3}, (7, 6), {"tf", "unrolled", "xla", "flax", "onnx"}),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 5}, (7, 6), set(TOOLS)),
        ("LayerNormalization", {}, (7, 6), set(TOOLS)),
        ("ConvLSTM1D", {"filters": 2, "kernel_size": 2}, (4, 7, 6), set(TOOLS)),
    ],
)
def test_what_was_not_measured_is_not_told(
    class_name: str, arguments: dict[str, Any], shape: tuple[int, ...], missing: set[str]
) -> None:
    assert missing & set(numbers(class_name, arguments, shape)) == set()


def test_a_loop_counted_once_does_not_grow_with_the_steps_and_everything_else_does() -> None:
    few, many = (numbers("LSTM", {"units": 3}, (steps, 5)) for steps in (7, 14))
    once = {key for key in few if few[key] == many[key] != 0}
    assert once == {"tf", "frozen", "xla", "flax"}
    assert {key for key in few if many[key] == 2 * few[key] != 0} == {
        "torchinfo",
        "thop",
        "ptflops",
        "unrolled",
        "onnx",
    }


def test_any_number_of_steps_stands_in_the_numbers_by_name() -> None:
    found = numbers("LSTM", {"units": 128}, (None, 300))
    assert str(found["torchinfo"]) == "220160*timesteps"
    assert found["tf"] == 439_808


def test_a_whole_model_is_the_sum_of_its_layers_as_recorded() -> None:
    spec = lstmcalc.load("specs/forecast.yaml")
    found = {each.tool: each for each in totals_of_tools(outermost(spec, lstmcalc.infer(spec)))}
    assert {key: found[TOOLS[key]].number for key in FORECAST} == FORECAST
    assert all(each.left == () for each in found.values())


def test_layers_that_were_not_measured_are_named() -> None:
    spec = lstmcalc.load("specs/transformer_encoder.yaml")
    found = {each.tool.name: each for each in totals_of_tools(outermost(spec, lstmcalc.infer(spec)))}
    assert {"with_text", "first_norm", "cross_attention"} <= set(found["torchinfo"].left)
    assert "wide" not in found["torchinfo"].left


def test_a_layer_used_twice_is_not_told() -> None:
    spec = lstmcalc.load("specs/seq2seq.yaml")
    found = totals_of_tools(outermost(spec, lstmcalc.infer(spec)))
    assert {"words"} == set(found[0].left)


def test_lines_on_an_lstm() -> None:
    rule, x = seen("LSTM", {"units": 128}, (10, 300))
    cost = Cost.of(step.cost for step in all_work(rule, x, tuple(rule.built_weights(x))))
    biased = "a bias counts like a multiplication, and PyTorch has two"
    once = "the inside of the loop counts once, whatever the number of steps"
    none = "it has no rule for this layer"
    assert list(layer_lines(rule, x, cost)) == [
        ("lstmcalc", "MACs", "2,191,360", ""),
        ("", "FLOPs", "4,404,480", ""),
        ("torchinfo (1.8.0)", "MACs", "2,201,600", biased),
        ("thop (0.1.1)", "MACs", "2,211,840", f"8 more per unit and step for gates and states; {biased}"),
        ("ptflops, backend pytorch (0.7.5)", "MACs", "2,214,400",
         f"10 more per unit and step for gates and states; {biased}"),
        ("ptflops, backend aten (0.7.5)", "MACs", "0", none),
        ("fvcore (0.1.5)", "MACs", "0", none),
        ("torch's FlopCounterMode, CPU (2.13.0)", "FLOPs", "0", none),
        ("TensorFlow's profiler on a function (2.21.0)", "FLOPs", "439,808", f"{once}; tanh and sigmoid do not count"),
        ("TensorFlow's profiler on a frozen function (2.21.0)", "FLOPs", "748,160",
         f"{once}, and once more where sizes are known; tanh and sigmoid do not count"),
        ("TensorFlow's profiler, unroll=True (2.21.0)", "FLOPs", "4,398,080", "tanh and sigmoid do not count"),
        ("XLA's cost analysis, not compiled (jax 0.10.2)", "FLOPs", "440,962", once),
        ("Flax's tabulate (0.12.8)", "FLOPs", "440,962", once),
        ("onnx-tool (1.0.1)", "MACs", "2,432,000",
         "188 more per unit and step: a tanh or a sigmoid counts as dozens of MACs"),
        ("A MAC is 2 FLOPs: torchinfo prints 2,201,600 MACs, TensorFlow's profiler, unroll=True prints 4,398,080 "
         "FLOPs, and both mean the same work. What remains between twice the one and the other is what each makes of "
         "additions.",),
        ("A count that stays the same for twice as many steps misses the loop, as that of TensorFlow's profiler on "
         "a function, TensorFlow's profiler on a frozen function, XLA's cost analysis, not compiled and Flax's "
         "tabulate does.",),
        ("Of PyTorch, Flax and ONNX it is their own layer that is counted. fvcore calls MACs flops.",),
    ]  # fmt: skip
