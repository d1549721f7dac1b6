"""Sentences that were once wrong or odd: each holds what is true of its very model, and nothing that is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import lstmcalc
from lstmcalc.cli import app, page
from lstmcalc.errors import Fault
from lstmcalc.explanation.keras_calls import call_text
from lstmcalc.explanation.layer import explain_layer
from lstmcalc.layers import RULES
from lstmcalc.renderers.likewise import likewise
from lstmcalc.renderers.summary_text import render_summary

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def told(*words: str, stdin: str | None = None) -> str:
    """What `explain` prints where nothing wraps."""
    return CliRunner().invoke(app, ["explain", *words], input=stdin, catch_exceptions=False).stdout


def section(text: str, heading: str) -> list[str]:
    """The lines below a heading."""
    lines = text.split("\n")
    start = next(place for place, line in enumerate(lines) if line.startswith(heading))
    return [line.strip() for line in lines[start + 1 : lines.index("", start)]]


def of_model(text: str, about: str) -> list[str]:
    """What is said of a whole model on something."""
    return [line.split(maxsplit=1)[1] for line in told("-", stdin=text).split("\n") if line.split()[:1] == [about]]


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("[{ops.GetItem: {key: [':', -1]}}]", 'The 9 steps end at "get_item".'),
        ("[{ops.Mean: {axis: 1}}]", 'The 9 steps end at "mean".'),
        ("[{Lambda: {output_shape: [4]}}]", 'The 9 steps end at "lambda".'),
        (
            "[GlobalMaxPooling1D]",
            'The 9 steps end at "global_max_pooling1d": `keepdims: false` drops every axis but batch and channels.',
        ),
        ("[Flatten]", 'The 9 steps end at "flatten": it lays all values of a sample in one row.'),
    ],
)
def test_why_the_steps_end(layers: str, said: str) -> None:
    text = f"{{input: [9, 4], layers: [{{LSTM: {{units: 4, return_sequences: true}}}}, {layers[1:-1]}]}}"
    if "GetItem" in layers:
        text = (
            "import keras\nx = keras.Input((9, 4))\ny = keras.layers.LSTM(4, return_sequences=True)(x)\n"
            "model = keras.Model(x, y[:, -1])\n"
        )
    assert of_model(text, "time") == [said]


def test_the_steps_of_an_own_pooling_layer() -> None:
    assert '  time    The 15 steps end at "attention_pool".\n' in told("tests/models/custom_attention.py.txt")


@pytest.mark.parametrize("steps", [1, 2, 9])
def test_states_enter_the_first_step_in_both_directions(steps: int) -> None:
    drawn = told("Bidirectional(LSTM(4))", "--input", f"{steps},3", "--diagram").split("\n")
    below = next(place for place, line in enumerate(drawn) if line.lstrip().startswith("backward ┌"))
    above = next(place for place, line in enumerate(drawn) if line.lstrip().startswith("forward "))
    at = {place: line for place, line in enumerate(drawn) if re.search(r"\bh_0: 4", line)}
    (forward, backward) = sorted(at)
    assert above < forward < below < backward
    # Forward, the label stands left of the steps and the arrow ends in them; backward, it stands right of them.
    assert drawn[forward].index("h_0") < drawn[forward].index("│") and "▶│" in drawn[forward + 1]
    assert drawn[backward].index("h_0") > drawn[backward].index("│") and "│◀" in drawn[backward + 1]
    # Nothing leaves the last step that is read: no state is returned.
    assert not re.search(r"^ *◀─", "\n".join(drawn), re.MULTILINE)


def test_what_keras_shows_of_a_size_from_a_script_is_not_made_up() -> None:
    text = told("tests/models/series_from_data.py.txt")
    assert (
        "  `X_train_shape_2`  A size of the input that is left open; `--set X_train_shape_2=10` gives it a value.\n"
        in text
    )
    assert "shows as None" not in text


def test_nothing_is_said_of_the_mask_of_a_layer_with_a_fault() -> None:
    assert "mask" not in told("tests/models/several_faults.yaml").lower()


@pytest.mark.parametrize(
    ("words", "said", "unsaid"),
    [
        (("lstm", "--no-use-bias"), "they add a constant to each gate and candidate", "equally able"),
        (("simple-rnn", "--no-use-bias"), "they add a constant to each unit", "equally able"),
        (("lstm",), "the layers are equally able", "able to do more"),
        (("gru", "--no-use-bias"), "they add a constant to each gate and candidate", "equally able"),
    ],
    ids=str,
)
def test_whether_layers_are_equally_able(words: tuple[str, ...], said: str, unsaid: str) -> None:
    differs = " ".join(section(told(*words, "--units", "4", "--compare"), "What differs"))
    assert said in differs and unsaid not in differs


def test_what_add_takes() -> None:
    """Keras 3.15.1 refuses `Add()` of 3 and 5 values, and stretches a size of 1."""
    text = told("add", "--input", "1", "--input", "5")
    assert "widest" not in text
    assert "must be equal along every axis, but for a size of 1, which is stretched to that of the others." in text
    with pytest.raises(lstmcalc.SpecError):
        lstmcalc.infer(lstmcalc.load("m.yaml", text="{inputs: {a: [3], b: [5]}, layers: [{Add: {inputs: [a, b]}}]}"))


@pytest.mark.parametrize(
    ("words", "formula", "axes"),
    [
        (
            ["LayerNormalization(axis=[1, 2])", "--input", "3,42,42"],
            "= 2·axis_1·axis_2",
            "batch, axis_1, axis_2, axis_3",
        ),
        (["LayerNormalization", "--input", "3,42,42"], "= 2·input_dim", "batch, axis_1, axis_2, input_dim"),
        (["RMSNormalization", "--input", "3,42,42"], "= input_dim", "batch, axis_1, axis_2, input_dim"),
        (["LayerNormalization", "--input", "9,4"], "= 2·input_dim", "batch, timesteps, input_dim"),
    ],
    ids=str,
)
def test_no_axis_of_a_picture_is_called_channels_by_a_layer_that_cannot_know(
    words: list[str], formula: str, axes: str
) -> None:
    text = told(*words)
    assert formula in text and f"({axes})" in text
    assert "channels" not in text.partition("Often confused")[0]


def test_over_what_batch_normalization_normalizes() -> None:
    assert "over all other axes, in training" in told("batch-normalization", "--input", "28,28,8")
    row = section(told("layer-normalization", "--input", "10,8"), "Often confused")[0]
    assert "over the batch and all other axes but one" in row


CONFIGS: list[tuple[str, Any, str]] = [
    ("kernel_initializer", {"class_name": "GlorotUniform", "config": {"seed": None}}, "Dense(4)"),
    ("kernel_initializer", "glorot_uniform", "Dense(4)"),
    ("kernel_initializer", {"class_name": "HeNormal", "config": {}}, "Dense(4, kernel_initializer='he_normal')"),
    ("kernel_initializer", {"class_name": "GlorotUniform", "config": {"seed": 3}},
     "Dense(4, kernel_initializer=initializers.GlorotUniform(seed=3))"),
    ("bias_initializer", {"class_name": "Constant", "config": {"value": 0.1}},
     "Dense(4, bias_initializer=initializers.Constant(0.1))"),
    ("bias_initializer", {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02, "seed": None}},
     "Dense(4, bias_initializer=initializers.RandomNormal(stddev=0.02))"),
    ("kernel_regularizer", {"class_name": "L2", "config": {"l2": 0.02}},
     "Dense(4, kernel_regularizer=regularizers.L2(0.02))"),
    ("dtype", {"class_name": "DTypePolicy", "config": {"name": "float32"}}, "Dense(4)"),
    ("dtype", {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}, "Dense(4, dtype='mixed_float16')"),
    ("activation", "linear", "Dense(4)"),
    ("activation", {"module": "builtins", "class_name": "function", "config": "mine"}, "Dense(4, activation=mine)"),
    ("use_bias", True, "Dense(4)"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "call"), CONFIGS, ids=str)
def test_an_argument_stands_in_its_shortest_form_or_not_at_all(key: str, value: Any, call: str) -> None:
    assert call_text(RULES["Dense"]({"units": 4, key: value})) == call


def test_what_a_script_tells_an_initializer_is_shown() -> None:
    text = (
        "import keras\nfrom keras import initializers, regularizers\n"
        "model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4, kernel_regularizer=regularizers.l2(0.02),\n"
        "    bias_initializer=initializers.Constant(0.1))])\n"
    )
    call = "Dense(4, bias_initializer=initializers.Constant(0.1), kernel_regularizer=regularizers.l2(0.02))"
    assert f"`{call}` reads" in told("-", stdin=text)
    normal = text.replace("Constant(0.1)", "RandomNormal(0.0, 0.02)")
    assert "bias_initializer=initializers.RandomNormal(stddev=0.02)," in told("-", stdin=normal)


def test_a_saved_model_shows_no_config() -> None:
    for words in ((), ("--layer", "encoder", "--diagram")):
        text = told("tests/models/translator.keras", *words)
        assert "class_name" not in text and "initializer=" not in text and "LSTM(24, return_state=True)" in text


def test_nothing_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "on_terminal", lambda: True)
    monkeypatch.setattr(page, "terminal_width", lambda: 80)
    monkeypatch.setattr(page, "wants_colour", lambda: False)
    options = ("--units", "128", "--return-sequences", "--return-state", "--go-backwards", "--stateful")
    text = told("lstm", *options, "--input", "(2,10,3)")
    assert text.startswith("LSTM(128, return_sequences=True, return_state=True, go_backwards=True,\nstateful=True)\n")
    assert max(map(len, text.split("\n"))) <= 80


def test_a_share_stays_with_its_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "on_terminal", lambda: True)
    monkeypatch.setattr(page, "wants_colour", lambda: False)
    for width in range(60, 81):
        monkeypatch.setattr(page, "terminal_width", lambda width=width: width)
        assert not re.search(r"^ *% in ", told("specs/speaker_change_paper.yaml"), re.MULTILINE)


def test_no_title_of_a_column_is_broken() -> None:
    report = lstmcalc.infer(lstmcalc.load("tests/models/masked_merges.py.txt"))
    lines = render_summary(report, width=80).split("\n")
    assert [line for line in lines if "Arithmetic" in line] and max(map(len, lines)) <= 80


def test_given_states_are_not_said_to_be_zeros_or_kept() -> None:
    """Keras 3.15.1 reads the states that it kept only where none are given (RNN.call)."""
    text = "{batch: 4, inputs: {x: [5, 3], s: [6]}, layers: [{GRU: {units: 6, stateful: %s, inputs: x, name: it%s}}]}"
    given, kept = (
        {flag: spec_section(text % (flag, state)) for flag in ("true", "false")}
        for state in (", initial_state: [s]", "")
    )
    assert given["true"][1:] == [
        'Before the first step, h is what "s" gives: the call is given an `initial_state`.',
        "`stateful: true` has no effect on what comes out: every batch starts with the h that it is given.",
    ]
    assert given["false"][2].startswith(
        "Nothing is kept from batch to batch, and `stateful: true` would not change that"
    )
    assert kept["true"][1].startswith("Zeros before the first step of the first batch")
    assert "keeps h from batch to batch" in kept["true"][2]
    drawn = told("-", "--layer", "it", "--diagram", stdin=text % ("true", ", initial_state: [s]"))
    assert "not used: the next batch is given its own" in drawn and "kept for the next batch" not in drawn


def spec_section(text: str) -> list[str]:
    """The States of the layer "it"."""
    spec = lstmcalc.load("m.yaml", text=text)
    explanation = explain_layer(spec, lstmcalc.infer(spec), "it")
    found = next(section for section in explanation.sections if section.heading == "States")
    return ["  ".join(line) for line in found.lines]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["LSTMCell(4)"], ["the output", "h, the hidden state", "c, the cell state"]),
        (["GRUCell(4)"], ["the output", "h, the hidden state"]),
        (["LSTM(4, return_state=True)"], ["the output", "h, the hidden state", "c, the cell state"]),
        (["Bidirectional(GRU(4, return_state=True))"],
         ["the output", "h, the forward hidden state", "h, the backward hidden state"]),
        (["Bidirectional(GRU(4, return_state=True), merge_mode=None)"],
         ["the forward output", "the backward output", "h, the forward hidden state", "h, the backward hidden state"]),
        (["Bidirectional(LSTM(4), merge_mode=None)"], ["the forward output", "the backward output"]),
    ],
    ids=str,
)  # fmt: skip
def test_outputs_are_named(words: list[str], names: list[str]) -> None:
    rows = [re.split(r"\s{2,}", line) for line in section(told(*words), "Outputs")]
    assert [row[1] for row in rows if row[0].isdecimal()] == names


def test_one_state_is_one() -> None:
    text = "{inputs: {x: [5, 3], s: [6]}, layers: [{GRU: {units: 6, inputs: x, initial_state: [s]}}]}"
    assert 'It starts from the state that "s" gives.' in told("-", stdin=text)
    two = "{inputs: {x: [5, 3], s: [6], t: [6]}, layers: [{LSTM: {units: 6, inputs: x, initial_state: [s, t]}}]}"
    assert 'It starts from the states that "s" and "t" give.' in told("-", stdin=two)


def test_a_gru_has_one_state_to_keep_at_a_masked_step() -> None:
    text = "{input: [5, 3], layers: [Masking, {%s: 4}]}"
    assert "it keeps its state, so that" in told("-", stdin=text % "GRU")
    assert "it keeps its states, so that" in told("-", stdin=text % "LSTM")


def test_an_axis_without_a_name_is_numbered() -> None:
    rows = section(told("dropout", "0.5", "--input", "10,8"), "Input")
    assert rows[1:] == ["axis_1  10    entries along axis 1", "axis_2  8     entries along axis 2"]


def test_counts_of_an_embedding_are_written_alike() -> None:
    text = told("-", stdin="{inputs: {x: {shape: [5], dtype: int32}}, layers: [{Embedding: [8000, 4, ]}]}".replace(
        "{Embedding: [8000, 4, ]}", "{Embedding: {input_dim: 8000, output_dim: 4, mask_zero: true}}"))  # fmt: skip
    assert "from 0 to 7,999." in text and "the numbers 1 to 7,999 for" in text


def test_both_sides_of_a_picture_are_calculated_in_one_order() -> None:
    text = told("conv2d")
    assert "(None, height - kernel_height + 1, width - kernel_width + 1, filters)" in text
    assert "place of the output, (height - kernel_height + 1)·(width - kernel_width + 1) here." in text
    assert "place of the output, 26·18 = 468 here." in told("conv2d", "8", "3", "--input", "28,20,4")


def test_a_layer_without_weights_has_no_set_of_them() -> None:
    text = told("TimeDistributed(Dropout(0.5))", "--input", "10,3")
    assert "`Dropout(0.5)` is applied at every step, 10 steps; it has no weights.\n" in text
    assert "one set of weights" not in text and "0 params" not in text
    assert "one set of weights: 160 params, for 1 step as for 200" in told(
        "TimeDistributed(Dense(40))", "--input", "9,3"
    )


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("[Dens: 3]", "The count is not known."),
        ("[Dens: 3, Dense: {unit: 3}]", "Of no layer the count is known."),
        ("[Dense: 3, Dens: 3]", "15 params in 1 of 2 layers; what the other has is not known."),
        ("[Dense: 3, Dens: 3, Dense: 2]", "15 params in 1 of 3 layers; what the others have is not known."),
    ],
)
def test_what_is_known_of_the_count(layers: str, said: str) -> None:
    assert of_model(f"{{input: [4], layers: {layers}}}", "params")[0] == said


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("[LSTM: 4, Dense: 2]", "; a Sequential would hand all 3 to the next layer, which takes one."),
        ("[LSTM: 4, Dropout: 0.5]", "; a Sequential would hand all 3 to the next layer."),
        ("[LSTM: 4]", "."),
        ("[{LSTM: {units: 4, name: a}}, {Dense: {units: 2, name: b}}, {Add: {inputs: [b, b]}}]", "."),
    ],
)
def test_a_sequential_hands_on_all_outputs(layers: str, said: str) -> None:
    """Keras 3.15.1: `Layer "dense" expects 1 input(s), but it received 3 input tensors`; Dropout takes all three."""
    text = told("-", stdin=f"{{input: [5, 3], layers: {layers}}}")
    assert f"`return_state: true`: 2 more outputs, (None, 4) each{said}\n" in text


def test_hints_that_differ_in_more_than_numbers_are_told_each() -> None:
    def hint(name: str, because: str, fix: str) -> Fault:
        return Fault("a-code", "this", because=because, fix=fix, layer=(name, "LSTM"), severity="hint")

    first, same, reason, remedy = (
        hint("a", '"a" has 3 of 1,000', "leave `a` out"),
        hint("lstm_1", '"lstm_1" has 12 of 7', "leave `lstm_1` out"),
        hint("c", "it has none", "leave `c` out"),
        hint("d", '"d" has 3 of 9', "write another"),
    )
    assert list(likewise((first, same, reason, remedy))) == [(first, ("lstm_1",)), (reason, ()), (remedy, ())]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("import keras\nx = = 3\n", 2),
        (
            "import keras\nfrom keras import layers\ndef f(:\n    return keras.Sequential([layers.LSTM(4)])\nm = f()\n",
            3,
        ),
        ("import keras\nm = keras.Sequential()\nm.add(keras.layers.LSTM(4,, input_shape=(3, 4)))\n", 3),
    ],
)
def test_the_line_that_is_no_python_is_named(code: str, line: int, tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(code, encoding="utf-8")
    result = CliRunner().invoke(app, ["explain", str(path)])
    assert result.exit_code == 1
    assert f"error[not-python] {path}:{line}:1\n" in result.stdout + result.stderr


def test_a_batch_and_a_stand_in_are_said_below_the_answer() -> None:
    assert told("lstm", "--units", "3", "--input", "10,3,4").endswith(
        '\nhint[batch-in-input] layer "lstm" (LSTM)\n'
        "  expected `--input` without the batch\n"
        "  got      `10,3,4`\n"
        "  because  LSTM takes 2 sizes (timesteps, input_dim), so that 10 is taken for the batch\n"
        "  fix      write `--batch 10 --input 3,4`\n"
    )
    text = told("bidirectional")
    assert text.startswith("Bidirectional(LSTM(units))\n")
    assert text.endswith(
        '\nhint[stand-in] layer "bidirectional" (Bidirectional)\n'
        "  expected `layer`\n"
        "  got      nothing\n"
        "  because  `LSTM` stands in for it\n"
        '  fix      state your own, such as `--layer "LSTM(64, return_sequences=True)"`\n'
    )
