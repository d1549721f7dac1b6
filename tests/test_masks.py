"""The mask on its way through models: roles, what is said of them, errors and hints, word for word."""

from __future__ import annotations

import json
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import pytest

from lstmcalc import infer, load
from lstmcalc.building import Builder
from lstmcalc.dims import UNKNOWN
from lstmcalc.errors import SpecError
from lstmcalc.explanation.mask_facts import mask_facts
from lstmcalc.explanation.masking import mask_sentences
from lstmcalc.layers.rule import RULES, Inputs
from lstmcalc.masks import Unknown, decide
from lstmcalc.renderers.layers_text import layer_lines
from lstmcalc.renderers.report_json import report_json
from lstmcalc.renderers.summary_text import render_summary
from lstmcalc.report import Report
from lstmcalc.verification.masks import compare_masks

WORDS = "inputs: {words: {shape: [T], dtype: int32}, more: [T, 8], h: [4]}\n"
EMBEDDED = "Embedding: {input_dim: 9, output_dim: 8, mask_zero: true, inputs: words, name: e}"


def report_of(text: str) -> Report:
    return infer(load("m.yaml", text=text))


def after_embedding(*layers: str, models: str = "") -> Report:
    lines = "".join(f"  - {layer}\n" for layer in (EMBEDDED, *layers))
    return report_of(f"{WORDS}{models}layers:\n{lines}")


def roles(report: Report) -> dict[str, str]:
    return {layer.name: " ".join(call.mask.role for call in layer.calls) for layer in report.layers
            if layer.class_name != "InputLayer"}  # fmt: skip


CASES = {
    ("LSTM: 4",): "made ended",
    ("LSTM: {units: 4, return_sequences: true}",): "made used",
    ("Dense: 4", "Dropout: 0.2", "LayerNormalization", "GRU: 4"): "made passed passed passed ended",
    ("Conv1D: {filters: 3, kernel_size: 3, padding: same}", "GRU: 4"): "made lost none",
    ("GlobalAveragePooling1D",): "made ended",
    ("GlobalMaxPooling1D",): "made lost",
    ("BatchNormalization",): "made used",
    ("TimeDistributed: {layer: {Dense: 3}}", "LSTM: 3"): "made passed ended",
    ("Bidirectional(LSTM(4, return_sequences=True))", "LSTM: 3"): "made used ended",
    ("Bidirectional(LSTM(4))",): "made ended",
    ("{layer: 'LSTM(4, return_sequences=True, return_state=True)', name: r}", "{layer: 'GRU(4)', inputs: 'r[0]'}"):
        "made used ended",
    ("Masking",): "made made",
    ("Add: {inputs: [e, e]}",): "made merged",
    ("Add: {inputs: [e, more]}",): "made lost",
    ("Multiply: {inputs: [e, more]}",): "made lost",
    ("Concatenate: {inputs: [e, more], axis: 1}",): "made merged",
    ("Dot: {axes: 1, inputs: [e, e]}",): "made lost",
    ("ops.Add: {inputs: [e, e]}",): "made lost",
    ("MultiHeadAttention: {num_heads: 2, key_dim: 4, inputs: [e, e]}",): "made used",
    ("MultiHeadAttention: {num_heads: 2, key_dim: 4, inputs: [more, e]}",): "made ended",
    ("Attention: {inputs: [e, more]}",): "made used",
    ("{layer: 'GRU(4, return_sequences=True)', initial_state: [h]}", "GRU: 4"): "made passed ended",
    ("{layer: 'GRU(4)', initial_state: [h]}",): "made lost",
    ("Lambda: {output_shape: [null, 8]}", "LSTM: 4"): "made lost none",
}  # fmt: skip


@pytest.mark.parametrize(("layers", "expected"), CASES.items(), ids=str)
def test_roles(layers: tuple[str, ...], expected: str) -> None:
    assert list(roles(after_embedding(*layers)).values()) == expected.split()


def test_states_carry_no_mask() -> None:
    report = after_embedding("LSTM: {units: 4, return_sequences: true, return_state: true}")
    mask = next(layer for layer in report.layers if layer.name == "lstm").calls[0].mask
    assert (mask.inputs, mask.outputs) == ((True,), (True, False, False))


def test_the_mask_of_a_bidirectional_with_two_outputs_goes_out_with_both() -> None:
    layer = "{layer: 'Bidirectional(GRU(4, return_sequences=True, return_state=True), merge_mode=None)', name: b}"
    mask = next(layer for layer in after_embedding(layer).layers if layer.name == "b").calls[0].mask
    assert mask.outputs == (True, True, False, False)


def test_shapes_of_masks() -> None:
    report = after_embedding("Concatenate: {inputs: [e, more], axis: 1, name: both}")
    masks = {layer.name: layer.calls[0].mask.shapes for layer in report.layers}
    assert [[str(size) for size in masks[name][0] or ()] for name in ("e", "both")] == [["None", "T"], ["None", "2*T"]]


def test_what_is_not_known_is_not_called_lost() -> None:
    own = "Mine: {output_shape: [T, 8], name: own}"
    report = after_embedding(own, "LSTM: {units: 4, return_sequences: true, name: r}", "Dense: 3", "Masking")
    assert list(roles(report).values()) == ["made", "unknown", "unknown", "unknown", "made"]
    assert not [hint for hint in report.hints if hint.code.startswith("mask")]
    masks = {layer["name"]: layer["mask"] for layer in report_json(report)["layers"]}
    assert masks["own"] == {"in": True, "out": None, "role": None}
    assert masks["r"] == {"in": None, "out": None, "role": None}
    assert masks["masking"]["role"] == "made"


NESTED = """inputs: {words: {shape: [10], dtype: int32}}
models:
  inner: {input: [10, 8], layers: [Dense: 8, {LSTM: {units: 4, return_sequences: true}}]}
layers:
  - Embedding: {input_dim: 9, output_dim: 8, mask_zero: true}
  - inner
  - GRU: 4
"""


def test_a_model_used_as_a_layer_passes_the_mask_through_its_layers() -> None:
    report = report_of(NESTED)
    inner = next(layer for layer in report.layers if layer.nested).nested
    assert inner is not None
    assert list(roles(report).values()) == ["made", "used", "ended"]
    assert list(roles(inner).values()) == ["passed", "used"]
    # On its own inputs, it has none.
    assert "Mask" not in render_summary(report_of(NESTED.replace(", mask_zero: true", "")), width=80)


def test_a_shared_layer_has_a_role_for_each_call() -> None:
    report = after_embedding(
        "Dense: {units: 8, name: d}", "{apply: d, inputs: more, name: again}", "Add: {inputs: [again, e]}"
    )
    assert roles(report)["d"] == "passed none"
    layer = next(layer for layer in report_json(report)["layers"] if layer["name"] == "d")
    assert layer["mask"] == {"in": None, "out": None, "role": None}


ATTENTION = """inputs: {{x: [10, 8]}}
models:
  block:
    input: [10, 8]
    layers:
      - {{layer: "MultiHeadAttention(2, 4)", name: look, inputs: [input, input]}}
      - Add: {{inputs: {order}}}
layers:
  - Masking
  - block
  - GRU: 4
"""


def test_attention_takes_the_mask_off_its_input() -> None:
    """In a model used as a layer nothing is stated before there is data, so that the sum finds one mask only."""
    assert list(roles(report_of(ATTENTION.format(order="[input, look]"))).values()) == ["made", "ended", "none"]
    # In the model itself, what is stated makes up for it.
    look = "{layer: 'MultiHeadAttention(2, 4)', name: look, inputs: [masking, masking]}"
    report = report_of(f"input: [10, 8]\nlayers: [Masking, {look}, {{Add: {{inputs: [masking, look]}}}}, GRU: 4]")
    assert list(roles(report).values()) == ["made", "used", "merged", "ended"]


def test_a_later_layer_needs_what_is_passed_on() -> None:
    report = after_embedding("LSTM: {units: 4, return_sequences: true}", "Dense: 4", "GRU: 4")
    needed = {layer.name: [call.mask.needed for call in layer.calls] for layer in report.layers}
    assert [needed[name] for name in ("lstm", "dense", "gru")] == [[True], [True], [False]]


def sentences(report: Report, text: str, name: str) -> list[str]:
    spec = load("m.yaml", text=text)
    rule = Builder(spec.symbols, {}).build(spec.layers[name])
    assert rule is not None
    call = next(layer for layer in report.layers if layer.name == name).calls[0]
    return mask_sentences(rule, call)


SAID = {
    ("LSTM: {units: 4, name: x}",): [
        "At a masked step it keeps its states, so that its output is the one after the last step that counts.",
        "On a CPU padding may be anywhere.",
        "With TensorFlow on a GPU, `fit` and `predict` run the fused cuDNN kernel: all padding must then be at the "
        "end, behind at least one step; `use_cudnn: false` rules it out.",
        "The mask ends here: no steps are left that it could be of.",
    ],
    ("SimpleRNN: {units: 4, return_sequences: true, name: x}", "GRU: 3"): [
        "At a masked step it keeps its state, and repeats the output of the step that it read before.",
        "It passes the mask on.",
        "This holds up to Keras 3.15.1; in later versions SimpleRNN loses the mask, and the layers behind it no longer "
        "get it.",
    ],
    ("SimpleRNN: {units: 4, return_sequences: true, go_backwards: true, name: x}",): [
        "At a masked step it keeps its state, and repeats the output of the step that it read before.",
        "It passes the mask on.",
        "The last step comes out first, and the mask stays as it was: it is then laid over other steps.",
    ],
    ("Conv1D: {filters: 3, kernel_size: 3, name: x}",): [
        "The mask is lost: Conv1D has none for what it gives, and reads masked steps like all others.",
        "Layers behind it cannot tell padding from data.",
    ],
    ("GlobalAveragePooling1D: {name: x}",): [
        "It leaves masked steps out: the mean is that of the others.",
        "The mask ends here: no steps are left that it could be of.",
    ],
    ("Add: {inputs: [e, more], name: x}",): [
        "One of its inputs has no mask, and Add then gives none: the mask is lost.",
        "Layers behind it cannot tell padding from data.",
    ],
    ("Concatenate: {inputs: [e, more], name: x}",): [
        "One of its inputs has no mask, and counts as not masked at any step. Joined along the last axis, every step "
        "then counts: the mask that goes out masks nothing.",
    ],
    ("{layer: 'GRU(4)', initial_state: [h], name: x}",): [
        "Beside `initial_state` Keras does not hand the layer the mask of its input: it reads masked steps like all "
        "others. To have it skip them, give the call the mask too, as `mask`.",
    ],
    ("{layer: 'Bidirectional(GRU(4, return_sequences=True))', name: x}",): [
        "At a masked step each direction keeps its state, and gives zeros there: padding changes nothing else.",
        "On a CPU padding may be anywhere.",
        "With TensorFlow on a GPU, `fit` and `predict` run the fused cuDNN kernel: all padding must then be at the "
        "end, behind at least one step; `use_cudnn: false` rules it out.",
        "It passes the mask on.",
    ],
}


@pytest.mark.parametrize(("layers", "expected"), SAID.items(), ids=str)
def test_sentences(layers: tuple[str, ...], expected: list[str]) -> None:
    text = f"{WORDS}layers:\n" + "".join(f"  - {layer}\n" for layer in (EMBEDDED, *layers))
    assert sentences(report_of(text), text, "x") == expected


def test_no_sentence_where_there_is_no_mask() -> None:
    text = "input: [10, 3]\nlayers: [LSTM: {units: 4, name: x}]"
    assert sentences(report_of(text), text, "x") == []


HINTS = {
    ("Conv1D: {filters: 3, kernel_size: 3, padding: same, name: c}", "GRU: {units: 4, name: g}"): """
        hint[mask-lost] m.yaml:4:5  layer "c" (Conv1D)
          expected the mask from "e" to reach "g", which would use it
          got      a layer that does not pass it on
          because  Conv1D has no mask for what it gives, so that padding counts as data behind it
          fix      give "g" the mask in its call, as `mask`
    """,
    ("Conv1D: {filters: 3, kernel_size: 3, name: c}", "Dense: 3", "GlobalAveragePooling1D: {name: g}"): """
        hint[mask-lost] m.yaml:4:5  layer "c" (Conv1D)
          expected the mask from "e" to reach "g", which would use it
          got      a layer that does not pass it on
          because  Conv1D has no mask for what it gives, so that padding counts as data behind it
          fix      put "g", or another layer that uses the mask, before "c"
    """,
    ("{layer: 'GRU(4)', initial_state: [h], name: g}",): """
        hint[mask-unused] m.yaml:4:5  layer "g" (GRU)
          expected the mask from "e" to reach the layer
          got      a call that is given states, and so not the mask
          because  beside `initial_state` Keras does not look for the mask of the input, and padding counts as data
          fix      give "g" the mask in its call, as `mask`
    """,
    ("ops.Add: {inputs: [e, e], name: s}", "GRU: {units: 4, name: g}"): """
        hint[mask-lost] m.yaml:4:5  layer "s" (Add)
          expected the mask from "e" to reach "g", which would use it
          got      a layer that does not pass it on
          because  what an operation gives carries no mask
          fix      use the layer `Add`, which merges masks, or give "g" the mask in its call, as `mask`
    """,
    ("GRU: {units: 4, return_sequences: true, go_backwards: true, name: b}", "GRU: {units: 4, name: g}"): """
        hint[mask-reversed] m.yaml:4:5  layer "b" (GRU)
          expected the mask from "e" to reach "g", which would use it
          got      a mask in the order of the input, with outputs in reverse order
          because  with `go_backwards: true` the last step comes out first, so that the mask is laid over other steps
          fix      leave `go_backwards` out of "b"
    """,
    ("Concatenate: {inputs: [e, more], name: j}", "GRU: {units: 4, name: g}"): """
        hint[mask-lost] m.yaml:4:5  layer "j" (Concatenate)
          expected the mask from "e" to reach "g", which would use it
          got      a mask that masks nothing
          because  another input has no mask, so that every step counts
          fix      give every input a mask, or give "g" the mask in its call, as `mask`
    """,
}


@pytest.mark.parametrize(("layers", "expected"), HINTS.items(), ids=str)
def test_hints(layers: tuple[str, ...], expected: str) -> None:
    hints = [hint for hint in after_embedding(*layers).hints if hint.code.startswith("mask")]
    assert [str(hint) for hint in hints] == [dedent(expected).strip()]


@pytest.mark.parametrize(
    "layers",
    [
        ("Conv1D: {filters: 3, kernel_size: 3}", "GlobalMaxPooling1D", "Dense: 3"),
        ("Flatten", "RepeatVector: 3", "LSTM: 3"),
        ("LSTM: 4", "RepeatVector: 3", "LSTM: 3"),
        ("Conv1D: {filters: 3, kernel_size: 3}", "Masking", "LSTM: 3"),
    ],
    ids=str,
)
def test_no_hint_where_no_layer_would_have_used_it(layers: tuple[str, ...]) -> None:
    assert not [hint for hint in after_embedding(*layers).hints if hint.code.startswith("mask")]


REFUSED = {
    "Dense(4)": "leave `mask` out: Dense passes on the one of its input",
    "Conv1D(3, 1)": "leave `mask` out",
}


@pytest.mark.parametrize(("layer", "fix"), REFUSED.items())
def test_a_mask_is_refused_where_keras_takes_none(layer: str, fix: str) -> None:
    head = "inputs: {x: [10, 3], m: {shape: [10], dtype: bool}}\nlayers:\n"
    with pytest.raises(SpecError) as error:
        report_of(f"{head}  - {{layer: '{layer}', inputs: x, mask: m, name: d}}\n")
    name = layer.partition("(")[0]
    expected = f"""
        error[unknown-argument] m.yaml:3:5  layer "d" ({name})
          expected no `mask`
          got      one
          because  a call of {name} takes none
          fix      {fix}
    """
    assert str(error.value) == dedent(expected).strip()


def test_a_mask_given_to_the_call_is_used() -> None:
    text = """inputs: {x: [10, 3], m: {shape: [10], dtype: bool}, h: [4]}
layers: [{layer: 'GRU(4, return_sequences=True)', inputs: x, initial_state: [h], mask: m}, GRU: 3]
"""
    report = report_of(text)
    assert list(roles(report).values()) == ["used", "ended"]
    assert not [hint for hint in report.hints if hint.code.startswith("mask")]


MISFITS = {
    ("Dense: 5", "Softmax: {name: s}"): """
        error[mask-misfit] m.yaml:5:5  layer "s" (Softmax)
          expected no mask, or one of the input's 3 axes
          got      the mask (None, T) with (None, T, 5), from "e"
          because  Softmax lays the mask along the last axes of the input; Keras builds this, and fails on data
          fix      use `Activation: softmax`, which does the same without a mask
    """,
    ("TimeDistributed: {layer: {Softmax: {}}, name: s}",): """
        error[mask-misfit] m.yaml:4:5  layer "s" (TimeDistributed)
          expected no mask, or one of the input's 2 axes in each step, for the wrapped Softmax
          got      the mask (None, T) with (None, T, 8), from "e"
          because  Softmax lays the mask along the last axes of the input; Keras builds this, and fails on data
          fix      use `Activation: softmax`, which does the same without a mask
    """,
}  # fmt: skip


@pytest.mark.parametrize(("layers", "expected"), MISFITS.items(), ids=str)
def test_misfits(layers: tuple[str, ...], expected: str) -> None:
    with pytest.raises(SpecError) as error:
        after_embedding(*layers)
    assert str(error.value) == dedent(expected).strip()


def test_a_mask_of_steps_in_steps_fits_inside_and_no_longer_outside() -> None:
    text = """input: [5, 6]
layers:
  - Embedding: {input_dim: 9, output_dim: 8, mask_zero: true}
  - TimeDistributed(LSTM(4))
  - GRU: {units: 3, name: g}
"""
    with pytest.raises(SpecError) as error:
        report_of(text)
    assert [(fault.code, fault.got) for fault in error.value.faults] == [
        ("mask-misfit", 'the mask (None, 5, 6) with (None, 5, 4), from "embedding"')
    ]


NUMBERS = {
    "vocabulary: [a, b], mask_token: ''": [],
    "vocabulary: [a, b]": ["zero-is-no-padding"],
    "vocabulary: [a, b, c, d, e, f, g, i], mask_token: ''": ["no-room-for-mask"],
}


@pytest.mark.parametrize(("lookup", "codes"), NUMBERS.items(), ids=str)
def test_numbers_that_an_embedding_masks(lookup: str, codes: list[str]) -> None:
    text = f"inputs: {{words: {{shape: [T], dtype: string}}}}\nlayers:\n  - StringLookup: {{{lookup}}}\n"
    report = report_of(text + "  - Embedding: {input_dim: 9, output_dim: 8, mask_zero: true}\n  - LSTM: 4\n")
    assert [hint.code for hint in report.hints if hint.code in ("zero-is-no-padding", "no-room-for-mask")] == codes


def test_the_column_is_there_only_where_a_layer_has_a_mask() -> None:
    report = after_embedding("LSTM: {units: 4, return_sequences: true}", "Conv1D: {filters: 3, kernel_size: 3}")
    lines = render_summary(report, width=80).splitlines()
    table = [" ".join(line.split()) for line in lines]
    assert "Layer (type) Output Shape Param # Mask Arithmetic" in table
    assert any(line.startswith("e (Embedding) (None, T, 8) 72 made 9·8") for line in table)
    assert any(line.startswith("conv1d (Conv1D) (None, T - 2, 3) 39 lost 3·(4·3 + 1)") for line in table)
    assert max(map(len, lines)) <= 80
    assert "Mask" not in render_summary(report_of("{input: [10, 8], layers: [LSTM: 4]}"), width=80)


def test_json_of_roles() -> None:
    document: dict[str, Any] = json.loads(json.dumps(report_json(after_embedding("GRU: 4"))))
    masks = {layer["name"]: layer["mask"] for layer in document["layers"]}
    assert masks["e"] == {"in": False, "out": True, "role": "made"}
    assert masks["gru"] == {"in": True, "out": False, "role": "ended"}
    assert masks["words"] == {"in": False, "out": False, "role": "none"}


def test_an_answer_that_does_not_depend_on_what_is_unknown_is_known() -> None:
    x = Inputs([(UNKNOWN, 10, 8)])
    rules = {
        name: RULES[name](values) for name, values in {"Dense": {"units": 3}, "Flatten": {}, "Masking": {}}.items()
    }
    masks = {name: decide(rule, x, (Unknown.MASK,)) for name, rule in rules.items()}
    assert masks == {"Dense": (Unknown.MASK,), "Flatten": (), "Masking": ((UNKNOWN, 10),)}


def keras_of(version: str) -> Any:
    """What `compare_masks` asks of Keras; a tensor is its mask here."""
    backend = SimpleNamespace(get_keras_mask=lambda tensor: tensor)
    return SimpleNamespace(__version__=version, src=SimpleNamespace(backend=backend))


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.15.1", "mask: Keras none, lstmcalc (None, T)"),
        ("3.8.0", "mask: Keras none, lstmcalc (None, T)"),
        (
            "3.16.0",
            "mask: Keras none, lstmcalc (None, T); up to 3.15.1, Keras passes it on from GRU, and 3.16.0 does not",
        ),
    ],
)
def test_verify_tells_what_another_keras_does(version: str, expected: str) -> None:
    text = f"{WORDS}layers:\n  - {EMBEDDED}\n  - GRU: {{units: 4, return_sequences: true, name: g}}\n"
    layers = [layer for layer in report_of(text).layers if layer.name == "g"]
    model: Any = SimpleNamespace(rules={"g": RULES["GRU"]({"units": 4})}, tensors={("g", 0): [None]})
    found = list(compare_masks(keras_of(version), model, layers, {("g", 0): [None]}))
    assert found == [("g", expected)]
    assert not list(compare_masks(keras_of(version), model, layers, {("g", 0): ["a mask"]}))


def test_verify_tells_of_a_mask_that_only_keras_has() -> None:
    report = after_embedding("Conv1D: {filters: 3, kernel_size: 3, name: f}")
    layers = [layer for layer in report.layers if layer.name == "f"]
    model: Any = SimpleNamespace(rules={}, tensors={("f", 0): ["a mask"]})
    found = list(compare_masks(keras_of("3.15.1"), model, layers, {("f", 0): [None]}))
    assert found == [("f", "mask: Keras one, lstmcalc none")]


@pytest.mark.parametrize(
    ("layer", "codes"),
    [
        ("GRU(4, return_sequences=True)", []),
        ("GRU(4, return_sequences=True, go_backwards=True)", ["mask-unused"]),
        ("GRU(4, return_sequences=True, return_state=True)", ["mask-unused"]),
    ],
)
def test_states_without_the_mask_do_harm_only_where_padding_is_read_first(layer: str, codes: list[str]) -> None:
    hints = after_embedding(f"{{layer: '{layer}', initial_state: [h]}}").hints
    assert [hint.code for hint in hints if hint.code.startswith("mask")] == codes


TOLD = {
    "LSTM": """
        Mask
          At a masked step it keeps its states, so that its output is the one after the
          last step that counts. On a CPU padding may be anywhere. With TensorFlow on a
          GPU, `fit` and `predict` run the fused cuDNN kernel: all padding must then be
          at the end, behind at least one step; `use_cudnn: false` rules it out. The
          mask ends here: no steps are left that it could be of.
          With `return_sequences: true`
            At a masked step it keeps its states, and repeats the output of the step
            that it read before. On a CPU padding may be anywhere. With TensorFlow on a
            GPU, `fit` and `predict` run the fused cuDNN kernel: all padding must then
            be at the end, behind at least one step, and the outputs there are zeros;
            `use_cudnn: false` rules it out. It passes the mask on. This holds up to
            Keras 3.15.1; in later versions LSTM loses the mask, and the layers behind
            it no longer get it.
          With `initial_state`
            Beside `initial_state` Keras does not hand the layer the mask of its input:
            it reads masked steps like all others. To have it skip them, give the call
            the mask too, as `mask`.
    """,
    "Softmax": """
        Mask
          It takes no mask, or one of the input's 2 axes. Masked values get no share. It
          passes the mask on.
    """,
    "Embedding": """
        Mask
          The mask is lost: Embedding has none for what it gives, and reads masked steps
          like all others. Layers behind it cannot tell padding from data.
          With `mask_zero: true`
            `mask_zero: true` makes a mask (None, 10): the number 0 is padding, every
            other number counts. That leaves the numbers 1 to 4,999 for what the data
            hold.
    """,
    "Add": """
        Mask
          A step of its output counts where it counts in any input.
          With a mask on the first input alone
            One of its inputs has no mask, and Add then gives none: the mask is lost.
            Layers behind it cannot tell padding from data.
    """,
}


@pytest.mark.parametrize(("name", "expected"), TOLD.items())
def test_layers_tells_what_a_layer_does_with_a_mask(name: str, expected: str) -> None:
    lines = list(layer_lines(name))
    start = lines.index("Mask")
    assert "\n".join(lines[start : lines.index("", start)]) == dedent(expected).strip()


def test_of_every_layer_something_is_told() -> None:
    assert [name for name in RULES if not list(mask_facts(name))] == ["Equalization", "Wrapper"]


def test_masks_joined_along_the_last_axis_are_joined_step_by_step() -> None:
    """Keras 3.15.1, `Concatenate.compute_mask`: a step is kept where any of the inputs has it."""
    text = """
inputs: {a: {shape: [7], dtype: int32}, b: {shape: [7], dtype: int32}}
layers:
  - Embedding: {input_dim: 9, output_dim: 4, mask_zero: true, name: e, inputs: a}
  - Embedding: {input_dim: 9, output_dim: 4, mask_zero: true, name: f, inputs: b}
  - Concatenate: {inputs: [e, f], name: wide}
  - Concatenate: {inputs: [e, f], axis: 1, name: long}
outputs: [wide, long]
"""
    report = infer(load("m.yaml", text=text))
    assert [sentences(report, text, name) for name in ("wide", "long")] == [
        ["Joined along the last axis, a step of its output counts where it counts in any input."],
        ["It joins the masks of its inputs as it joins the inputs."],
    ]


def test_a_maximum_over_all_steps_does_not_look_at_the_mask() -> None:
    text = """
inputs: {words: {shape: [10], dtype: int32}}
layers:
  - Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}
  - GlobalMaxPooling1D: {name: greatest}
"""
    assert [str(hint) for hint in infer(load("m.yaml", text=text)).hints] == [
        'hint[mask-unused] m.yaml:5:5  layer "greatest" (GlobalMaxPooling1D)\n'
        "  expected a layer that uses the mask\n"
        "  got      a maximum over all steps, the masked ones too\n"
        "  because  GlobalMaxPooling1D does not look at the mask\n"
        "  fix      use `GlobalAveragePooling1D`, which leaves masked steps out"
    ]
    assert infer(load("m.yaml", text=text.replace("GlobalMax", "GlobalAverage"))).hints == ()


def test_a_stack_is_told_that_only_a_functional_model_can_hand_on_a_mask() -> None:
    text = """
import keras
m = keras.Sequential([keras.Input((10,)), Embedding(9, 4, mask_zero=True), Conv1D(4, 3, padding="same"), LSTM(4)])
"""
    (hint,) = infer(load("m.py", text=text)).hints
    assert hint.fix == 'in a functional model, call "lstm" with `mask=embedding.compute_mask(…)`'
