"""The attention layers without Keras: formulas, assumptions, refusals, hints, and what `explain` says of them."""

from __future__ import annotations

from typing import Any

import pytest
from layer_examples import one_layer

import lstmcalc
from lstmcalc.dims import symbol
from lstmcalc.errors import SpecError
from lstmcalc.explanation.layer import Explanation, explain_layer
from lstmcalc.inference import infer
from lstmcalc.report import LayerReport, Report
from lstmcalc.sources.layer_options import read_layer
from lstmcalc.spec import Ref

T, S = symbol("T"), symbol("S")
MHA = {"num_heads": 2, "key_dim": 3}
GQA = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}
SCORES = {"return_attention_scores": True}


def inferred(class_name: str, arguments: Any, inputs: Any, keywords: Any = None) -> Report:
    return infer(one_layer(class_name, arguments, inputs, keywords=keywords))


def the_layer(report: Report) -> LayerReport:
    return next(layer for layer in report.layers if layer.name == "layer")


def refused(class_name: str, arguments: Any, inputs: Any, keywords: Any = None) -> str:
    with pytest.raises(SpecError) as caught:
        inferred(class_name, arguments, inputs, keywords)
    return str(caught.value)


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "formula", "arithmetic"), [
    ("MultiHeadAttention", MHA, [(None, 5, 6), (None, 5, 6)],
     "3·key_dim·num_heads·(input_dim + 1) + input_dim·(key_dim·num_heads + 1)", "3·2·(6 + 1)·3 + 6·(3·2 + 1)"),
    ("MultiHeadAttention", {**MHA, "use_bias": False}, [(None, 5, 6), (None, 5, 6)],
     "4·input_dim·key_dim·num_heads", "6·3·2·4"),
    ("MultiHeadAttention", {**MHA, "value_dim": 4}, [(None, 5, 6), (None, 7, 8)],
     "key_dim·num_heads·(query_width + 1) + key_dim·num_heads·(value_width + 1) "
     "+ num_heads·value_dim·(value_width + 1) + query_width·(num_heads·value_dim + 1)",
     "3·2·(6 + 1) + 3·2·(8 + 1) + 2·4·(8 + 1) + 6·(2·4 + 1)"),
    ("MultiHeadAttention", {**MHA, "use_gate": True, "output_shape": 7}, [(None, 5, 6), (None, 5, 8), (None, 5, 9)],
     "2·key_dim·num_heads·(query_width + 1) + key_dim·num_heads·(key_width + 1) "
     "+ key_dim·num_heads·(value_width + 1) + output_shape·(key_dim·num_heads + 1)",
     "3·2·(6 + 1)·2 + 3·2·(9 + 1) + 3·2·(8 + 1) + 7·(3·2 + 1)"),
    ("MultiHeadAttention", {**MHA, "output_shape": [7, 4]}, [(None, 5, 5, 6), (None, 5, 5, 6)],
     "3·key_dim·num_heads·(channels + 1) + output_shape_0·output_shape_1·(key_dim·num_heads + 1)",
     "3·2·(6 + 1)·3 + 7·4·(3·2 + 1)"),
    ("GroupQueryAttention", GQA, [(None, 5, 6), (None, 5, 6)],
     "head_dim·num_query_heads·(input_dim + 1) + 2·head_dim·num_key_value_heads·(input_dim + 1) "
     "+ input_dim·(head_dim·num_query_heads + 1)", "3·4·(6 + 1) + 3·2·(6 + 1)·2 + 6·(3·4 + 1)"),
    ("AdditiveAttention", {}, [(None, 5, 6), (None, 7, 6)], "input_dim", "6"),
    ("Attention", {"use_scale": True, "score_mode": "concat"}, [(None, 5, 6), (None, 7, 6)], "2", "2"),
])  # fmt: skip
def test_formula(class_name: str, arguments: Any, inputs: Any, formula: str, arithmetic: str) -> None:
    layer = the_layer(inferred(class_name, arguments, inputs))
    assert (layer.formula, layer.arithmetic) == (formula, arithmetic)
    assert eval(arithmetic.replace("·", "*")) == layer.params


def test_uses_are_the_steps_that_a_weight_meets() -> None:
    layer = the_layer(inferred("MultiHeadAttention", {**MHA, "use_gate": True}, [(None, "T", 6), (None, "S", 8)]))
    uses = {weight.name: weight.uses for weight in layer.weights}
    assert uses == {f"{name}/{part}": steps for name, steps in
                    (("query", T), ("key", S), ("gate", T), ("value", S), ("attention_output", T))
                    for part in ("kernel", "bias")}  # fmt: skip
    scale = the_layer(inferred("Attention", {"use_scale": True}, [(None, "T", 6), (None, 7, 6)])).weights[0]
    inside = the_layer(inferred("Attention", {"use_scale": True, "score_mode": "concat"}, [(None, 5, 6)] * 2)).weights
    assert (scale.uses, [weight.uses for weight in inside]) == (7 * T, [5 * 5 * 6, 5 * 5])


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "keywords", "assumptions"), [
    ("MultiHeadAttention", MHA, [(None, "T", 6), (None, "S", 6), (None, 7, 6)], {},
     [("S = 7", "axis 1 is S in the value and 7 in the key; each key belongs to one value")]),
    ("MultiHeadAttention", MHA, [(None, "T", 6), (None, "S", 6), (None, None, 6)], {},
     [("axis 1 of the key is S", "axis 1 is S in the value and None in the key; each key belongs to one value")]),
    ("MultiHeadAttention", {**MHA, "attention_axes": [2]}, [(None, "T", 5, 6), (None, "S", 4, 6)], {},
     [("S = T", "axis 1 is T in the query and S in the value; attention goes along `attention_axes: [2]` only")]),
    ("Attention", {}, [(None, "T", 6), (None, "S", "T")], {},
     [("T = 6", "axis 2 is 6 in the query and T in the key; a score sums up products of their values, one by one")]),
    ("AdditiveAttention", {}, [(None, 2, "T", 6), (None, "S", 4, 6)], {},
     [("S = 2", "axis -1 is 2 in the query and S in the key")]),
    ("GroupQueryAttention", {**GQA, "num_query_heads": "H"}, [(None, 5, 6), (None, 7, 6)], {},
     [("H a multiple of 2", "as many heads of the query share each of the others")]),
], ids=lambda value: value if isinstance(value, str) else None)  # fmt: skip
def test_assumptions(class_name: str, arguments: Any, inputs: Any, keywords: Any, assumptions: Any) -> None:
    report = inferred(class_name, arguments, inputs, keywords)
    assert [(held.text, held.because) for held in report.assumptions] == assumptions


def masked(mask: str, **more: str) -> Any:
    """A model with a mask as an input, read from YAML."""
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return lstmcalc.load("m.yaml", text=f"""
inputs: {{x: [T, 6], y: [S, 6], m: {mask}, steps: [S]}}
layers:
  - MultiHeadAttention: {{num_heads: 2, key_dim: 3, name: layer, inputs: [x, y], attention_mask: m{extra}}}
""")  # fmt: skip


def test_masks_that_fit() -> None:
    assert infer(masked("[T, S]")).assumptions == ()
    assert infer(masked("[2, T, S]")).assumptions == ()
    assert infer(masked("[1, S]")).assumptions == ()
    held = infer(masked("[S]")).assumptions
    assert [(each.text, each.because) for each in held] == [
        ("axis 2 of the mask is T", "axis 2 is None in the mask and T in the scores")
    ]


def test_masks_that_do_not_fit() -> None:
    with pytest.raises(SpecError) as caught:
        infer(masked("[3, T, S]"))
    assert str(caught.value) == (
        'error[wrong-size] m.yaml:4:5  layer "layer" (MultiHeadAttention)\n'
        "  expected `attention_mask` to fit the attention scores (None, 2, T, S), where sizes of 1 are repeated\n"
        "  got      (None, 3, T, S)\n"
        "  because  axis 1 is 3 in the mask and 2 in the scores\n"
        '  fix      if 3 is the batch, leave it out of the shape of input "m": [T, S]'
    )
    with pytest.raises(SpecError) as caught:
        infer(masked("[1, 2, T, S]"))
    assert [fault.message for fault in caught.value.faults] == [
        "expected `attention_mask` to fit the attention scores (None, 2, T, S), where sizes of 1 are repeated, "
        "got (None, 1, 2, T, S)"
    ]


def test_several_masks_are_joined_before_they_meet_the_scores() -> None:
    """So that a mask for each head meets the batch of the other."""
    assert infer(masked("[T, S]", value_mask="steps")).assumptions == ()
    held = infer(masked("[2, T, S]", value_mask="steps")).assumptions
    assert [(each.text, each.because) for each in held] == [
        ("axis -3 of the `value_mask` is 2", "axis -3 is 2 in the `attention_mask` and None in the `value_mask`")
    ]


def test_a_size_that_keras_needs() -> None:
    """Keras compares value and key as it builds, and takes None for other than 7."""
    report = inferred("MultiHeadAttention", MHA, [(None, "T", 6), (None, "S", 6), (None, 7, 6)])
    assert report.needs == ("S",)


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "keywords", "text"), [
    ("MultiHeadAttention", MHA, [(None, 5, 6), (None, 7, 6), (None, 7, 7, 6)], {},
     'error[wrong-ndim] layer "layer" (MultiHeadAttention)\n'
     "  expected value and key with the same number of axes\n"
     "  got      (None, 7, 6) and (None, 7, 7, 6)\n"
     "  because  each key belongs to one value\n"
     '  fix      if 7 is the batch, leave it out of the shape of input "input_2": [7, 6]'),
    ("MultiHeadAttention", {**MHA, "attention_axes": 4}, [(None, 5, 6), (None, 7, 6)], {},
     'error[wrong-value] layer "layer" (MultiHeadAttention)\n'
     "  expected `attention_axes` from -7 to 3 for (None, 5, 6)\n"
     "  got      [4]"),
    ("MultiHeadAttention", {**MHA, "flash_attention": True}, [(None, 5, 6), (None, 7, 6)], SCORES,
     'error[wrong-value] layer "layer" (MultiHeadAttention)\n'
     "  expected no `return_attention_scores` beside `flash_attention`\n"
     "  got      both\n"
     "  because  flash attention never has all scores at once\n"
     "  fix      leave one of them out"),
    ("MultiHeadAttention", MHA, [(None, 5, 6), (None, 7, 6)], {"return_scores": True},
     'error[unknown-argument] layer "layer" (MultiHeadAttention)\n'
     "  expected what a call of MultiHeadAttention takes\n"
     "  got      `return_scores`\n"
     "  fix      did you mean `return_attention_scores`?"),
    ("GroupQueryAttention", GQA, [(None, 5, 6), (None, 7, 5)], {},
     'error[wrong-size] layer "layer" (GroupedQueryAttention)\n'
     "  expected the same size in query and value at axis 2\n"
     "  got      (None, 5, 6) and (None, 7, 5)\n"
     "  because  Keras's GroupedQueryAttention wants query and value equally wide"),
    ("Attention", {}, [(None, 5, 6), (None, 7, 6)], {"mask": Ref("input_0")},
     'error[wrong-value] layer "layer" (Attention)\n'
     "  expected `mask` to be a list of two or three masks\n"
     "  got      one output"),
], ids=lambda value: value if isinstance(value, str) and " " not in value else None)  # fmt: skip
def test_refusals(class_name: str, arguments: Any, inputs: Any, keywords: Any, text: str) -> None:
    assert refused(class_name, arguments, inputs, keywords) == text


def test_what_keras_states_and_what_data_has() -> None:
    layer = the_layer(inferred("MultiHeadAttention", MHA, [(None, "T", 6), (None, "S", 6)], SCORES))
    assert layer.calls[0].outputs == ((None, T, 6), (None, 2, T, S))
    assert layer.calls[0].believed == ((None, T, 6), (None, 2, T, T))
    same = inferred("MultiHeadAttention", MHA, [(None, "T", 6), (None, "T", 6)], SCORES)
    assert (the_layer(same).calls[0].believed, same.hints) == (None, ())
    pictures = the_layer(inferred("MultiHeadAttention", MHA, [(None, 4, 5, 6), (None, 2, 3, 6)], SCORES))
    assert pictures.calls[0].outputs == ((None, 4, 5, 6), (None, 2, 4, 5, 2, 3))
    assert pictures.calls[0].believed == ((None, 4, 5, 6), (None, 2, 4, 4))


@pytest.mark.parametrize(("class_name", "arguments", "inputs", "keywords", "codes"), [
    ("MultiHeadAttention", MHA, [(None, 5, 6), (None, 5, 6)], {}, []),
    ("MultiHeadAttention", {**MHA, "attention_axes": 2}, [(None, 5, 6), (None, 5, 6)], {}, ["ignored-argument"]),
    ("MultiHeadAttention", {**MHA, "attention_axes": 1}, [(None, 5, 6), (None, 5, 6)], {}, []),
    ("MultiHeadAttention", {**MHA, "attention_axes": 2, "dropout": 0.1}, [(None, 5, 6), (None, 5, 6)], {}, []),
    ("MultiHeadAttention", {**MHA, "trainable": False}, [(None, 5, 6), (None, 5, 6)], {}, ["trains-anyway"]),
    ("MultiHeadAttention", {**MHA, "flash_attention": True}, [(None, 5, 6), (None, 5, 6)], {}, ["backend-needed"]),
    ("MultiHeadAttention", MHA, [(None, 5, 6), (None, 7, 6)], SCORES, ["other-shape-in-keras"]),
    ("GroupQueryAttention", {**GQA, "trainable": False}, [(None, 5, 6), (None, 7, 6)], SCORES, ["trains-anyway"]),
    ("Attention", {}, [(None, 1, 5, 6), (None, 3, 7, 6)], {}, ["other-shape-in-keras"]),
    ("Attention", {"trainable": False}, [(None, 5, 6), (None, 7, 6)], SCORES, []),
], ids=str)  # fmt: skip
def test_hints(class_name: str, arguments: Any, inputs: Any, keywords: Any, codes: list[str]) -> None:
    assert [hint.code for hint in inferred(class_name, arguments, inputs, keywords).hints] == codes


def explained(words: str, *inputs: str) -> Explanation:
    spec = read_layer(words.split(" "), inputs)
    return explain_layer(spec, infer(spec), next(iter(spec.layers)))


def lines(explanation: Explanation, heading: str) -> list[str]:
    section = next(section for section in explanation.sections if section.heading.startswith(heading))
    return ["  ".join(line) for line in section.lines]


def test_one_input_stands_for_query_value_and_key() -> None:
    explanation = explained("multi-head-attention --num-heads 2 --key-dim 64", "10,128")
    assert explanation.answer == (
        ("input", "(None, 10, 128)", "(batch, timesteps, input_dim), as query, value and key"),
        ("output", "(None, 10, 128)", "(batch, timesteps, input_dim)"),
        ("params", "66,048", "= 64·2·(128 + 1)·3 + 128·(64·2 + 1)"),
        ("", "", "= 3·key_dim·num_heads·(input_dim + 1) + input_dim·(key_dim·num_heads + 1)"),
    )
    assert explanation.sections[0].heading == "Input, as query, value and key (None, 10, 128)"
    assert lines(explanation, "Heads") == [
        "`key_dim` is the size of one head, not of all together: 2 heads of 64 values make 128.",
        "That is the width of the query, 128, as in the paper, which splits it among the heads. "
        "Keras does not ask for it.",
    ]
    assert lines(explanation, "Where")[-2:] == [
        "attention_output  input_dim·(key_dim·num_heads + 1) = 128·(64·2 + 1) = 16,512",
        "The number of steps is in none of them: the same weights serve every step. Each + 1 is a bias.",
    ]
    assert lines(explanation, "Output and") == [
        "The output is as wide as the query, 128: `attention_output` leads back to that width, so that the two can be "
        "added up. `output_shape` would give another.",
        "It has the steps of the query, however many steps key and value have.",
        "Every step of the query has a score for every step of the key in each head: 2·10·10 = 200 scores for one "
        "sample. The scores grow with the steps, the params do not.",
    ]


def test_the_width_that_a_paper_splits_among_the_heads() -> None:
    explanation = explained("multi-head-attention --num-heads 8 --key-dim 512", "20,512")
    assert lines(explanation, "Heads")[1:] == [
        "Keras does not ask that this be the width of the query, 512.",
        "When a paper splits a width of 512 among 8 heads, it is `MultiHeadAttention(8, key_dim=64)`: "
        "1,050,624 params.",
    ]
    assert explanation.params == 4 * 8 * 512 * 512 + 3 * 8 * 512 + 512


def test_inputs_of_their_own_have_steps_of_their_own() -> None:
    explanation = explained("GroupedQueryAttention(16,8,2) --return-attention-scores", "64", "64")
    assert explanation.input_shapes == ((None, T, 64), (None, S, 64))
    assert explanation.output_shapes == ((None, T, 64), (None, 8, T, S))
    assert explanation.written == "GroupQueryAttention(16, num_query_heads=8, num_key_value_heads=2)"
    assert [section.heading for section in explanation.sections[:3]] == [
        "Input 1, the query (None, T, 64)", "Input 2, the value and key (None, S, 64)", "Outputs",
    ]  # fmt: skip
    assert lines(explanation, "Outputs")[1] == "2  (None, 8, T, S)  batch, num_query_heads, timesteps, S"
    assert "Key and value have 2 heads only; each serves 4 heads of the query." in lines(explanation, "Heads")


def test_without_numbers() -> None:
    explanation = explained("multi_head_attention")
    assert explanation.formula == "3·key_dim·num_heads·(input_dim + 1) + input_dim·(key_dim·num_heads + 1)"
    assert explanation.answer[0][1] == "(None, timesteps, input_dim)"
    unknown = explained("multi-head-attention --num-heads 2 --key-dim 4", "None,16")
    assert lines(unknown, "Output and")[-1] == (
        "Every step of the query has a score for every step of the key in each head. The scores grow with the steps, "
        "the params do not."
    )
    assert explained("attention").answer[2] == ("params", "0", "it has no weights")


def test_the_lines_that_flags_add() -> None:
    plain = lines(explained("attention --dropout 0.1", "10,8"), "One sample")
    assert plain[-1] == "`dropout: 0.1`: in training, that share of the scores is set to zero and the rest scaled up."
    told = "multi-head-attention --num-heads 2 --key-dim 4 --use-causal-mask --sliding-window 3"
    assert lines(explained(told, "10,8"), "One sample")[-2:] == [
        "`use_causal_mask: true`: before the softmax, the scores of step t for all steps s after it are made so small "
        "that it turns them to 0.",
        "`sliding_window: 3`: step t looks at the steps s less than 3 away from it; the scores of all others are 0.",
    ]


def test_axes_and_steps_on_the_command_line() -> None:
    assert [port.shape for port in read_layer(["attention"], ["8,9,64"]).inputs] == [(8, 9, 64)]
    assert [port.shape for port in read_layer(["attention"], ["64", "S,64", "64"]).inputs] == [
        ("T", 64), ("S", 64), ("value_steps", 64),
    ]  # fmt: skip
    calls = read_layer(["attention"], ["64"]).calls
    assert calls[0].inputs == (Ref("input"), Ref("input"))
