"""How costs are shown: `summary --cost`, the cost of a layer and of a model in words, and JSON; whole texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from layer_examples import cases, one_layer
from typer.testing import CliRunner

import lstmcalc
from lstmcalc.cli import app
from lstmcalc.costs import training_macs
from lstmcalc.dims import UNKNOWN, symbol
from lstmcalc.explanation.costs.model import cost_of_model
from lstmcalc.explanation.costs.words import in_short, in_words, told
from lstmcalc.explanation.layer import Explanation, explain_layer
from lstmcalc.inference import infer
from lstmcalc.layers.rule import Example
from lstmcalc.renderers.summary_text import render_summary
from lstmcalc.sources.layer_options import read_layer

NESTED = """
inputs: {left: [9, 8], right: [7, 8]}
models:
  reader: {input: [null, 8], layers: [LSTM: 4]}
layers:
  - {layer: reader, inputs: left, name: enc}
  - {apply: reader, inputs: right, name: again}
  - Dense: {units: 2, inputs: enc}
outputs: [dense, again]
"""
CONVENTION = (
    "Forward, for one sample. A MAC multiplies two numbers and adds the product to a sum. FLOPs are 2 for a MAC, and 1 "
    "for every other addition, multiplication, comparison, tanh, sigmoid and the like. Not counted: moving and picking "
    "numbers, random numbers, and what is done once however large the batch."
)
TRAINING = (
    "A training step calculates forwards, then the gradients to the trained weights and to what those need. Its MACs "
    "are those of the model alone, without the loss and the optimizer."
)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def printed(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def explained(*words: str, inputs: str) -> Explanation:
    spec = read_layer(list(words), [inputs] if inputs else [])
    return explain_layer(spec, infer(spec), spec.calls[-1].layer)


def section(explanation: Explanation, heading: str) -> tuple[tuple[str, ...], ...]:
    return next((each.lines for each in explanation.sections if each.heading.startswith(heading)), ())


def test_summary_in_full() -> None:
    assert (
        printed("summary", "specs/forecast.yaml", "--cost", "--batch", "32")
        == f"""\
Model: forecast
Input: (32, 20, 1)

 Layer (type)    Output Shape   Param #        MACs        FLOPs   Training MACs
─────────────────────────────────────────────────────────────────────────────────
 lstm (LSTM)     (32, 300)      362,400   7,224,000   14,550,000      21,288,000
 dense (Dense)   (32, 20)         6,020       6,000       12,020          18,000

 Total params                    368,420  (1.41 MB)
 Trainable params                368,420  (1.41 MB)
 Non-trainable params                  0  (0 B)
 Total MACs                    7,230,000  (7.23 M)
 Total FLOPs                  14,562,020  (14.6 M)
 Training MACs                21,306,000  (21.3 M)
 Total MACs, batch of 32     231,360,000  (231 M)
 Total FLOPs, batch of 32    465,984,640  (466 M)
 Training MACs, batch of 32  681,792,000  (682 M)

{CONVENTION}

{TRAINING}
"""
    )


def test_without_cost_nothing_is_said_of_it() -> None:
    text = printed("summary", "specs/forecast.yaml")
    assert "MAC" not in text and "FLOP" not in text and "Arithmetic" in text


def test_columns_hold_their_numbers_where_there_is_little_room() -> None:
    report = infer(lstmcalc.load("specs/speaker_change.yaml"))
    cost = cost_of_model(report)
    wide = render_summary(report, width=200, cost=cost)
    assert "Training MACs" in wide.splitlines()[3]
    for width in (80, 60):
        text = render_summary(report, width=width, cost=cost)
        head = next(line for line in text.splitlines() if "FLOPs" in line)
        assert "Training MACs" not in head
        assert ("Training MACs of each layer are left out" in " ".join(text.split())) == (width < 80)
        assert all(len(line) <= width for line in text.splitlines())
        for number in ("10,137,600", "20,710,400", "43,950,800", "61,205,232"):
            assert number in text.split()


def test_sizes_left_open_are_named() -> None:
    text = printed("summary", "tests/models/any_length.yaml", "--cost")
    assert "Input: (None, T, 35)" in text
    assert "50,688·T" in text and "134,144·T - 32,768" in text
    assert "`T` is a size that the source leaves open: axis 1 of the input. `--set T=10` gives it a value." in text
    given = printed("summary", "tests/models/any_length.yaml", "--cost", "--set", "T=200")
    assert "10,137,600" in given and "Input: (None, 200, 35)" in given and "leaves open" not in given


def test_a_symbol_of_the_source_keeps_its_name() -> None:
    text = printed("summary", "specs/seq2seq.yaml", "--cost")
    assert "131,072·S" in text and "leaves open" not in text


def test_a_size_left_open_gets_a_name_that_nothing_else_has(tmp_path: Path) -> None:
    source = tmp_path / "model.yaml"
    source.write_text("input: [null, 3]\nlayers: [LSTM: T]\n", encoding="utf-8")
    document = json.loads(printed("summary", str(source), "--cost", "--json"))
    assert document["totals"]["macs"] == "4*T*T1*(T + 3)"


def test_what_is_not_known_is_named_with_its_reason(tmp_path: Path) -> None:
    source = tmp_path / "model.py"
    source.write_text(
        "m = keras.Sequential([keras.Input((10, 4)), layers.LSTM(3, return_sequences=True),"
        " layers.Lambda(lambda x: x * 2, output_shape=(10, 3)), layers.Dense(2)])\n",
        encoding="utf-8",
    )
    text = printed("summary", str(source), "--cost")
    lines = [line.split() for line in text.splitlines()]
    assert ["lambda", "(Lambda)", "(None,", "10,", "3)", "0", "?", "?", "?"] in lines
    assert ["Total", "MACs", "known", "900"] in lines
    assert '`?` at "lambda" (Lambda): what it calculates is not known.' in text
    document = json.loads(printed("summary", str(source), "--json"))
    assert document["totals"]["macs"] is None and document["layers"][1]["flops"] is None
    assert document["layers"][0]["macs"] == 840


def test_a_model_used_twice_as_a_layer(tmp_path: Path) -> None:
    report = infer(lstmcalc.load("nested.yaml", text=NESTED))
    cost = cost_of_model(report)
    one_step = 4 * 4 * (8 + 4)
    assert cost.layers["reader"].macs == (9 + 7) * one_step
    assert cost.layers["reader/lstm"].macs == 9 * one_step
    assert cost.remarks[0] == (
        '"reader" is used 2 times: its figures are those of all uses; the rows below it are those of the first.'
    )
    text = render_summary(report, cost=cost)
    assert " reader (Sequential)   (None, 4)          208   3,072   7,232           7,040   left, right\n" in text


@pytest.mark.parametrize("path", sorted(Path("specs").glob("*.yaml")), ids=lambda path: path.stem)
def test_layers_add_up_to_the_model(path: Path) -> None:
    report = infer(lstmcalc.load(str(path)))
    cost = cost_of_model(report)
    outer = [cost.layers[layer.name] for layer in report.layers]
    known = [figures for figures in outer if UNKNOWN not in figures]
    assert sum(figures.macs for figures in known) == cost.known.macs
    if UNKNOWN not in cost.complete:
        assert cost.complete == (report.cost.macs, report.cost.flops, training_macs(report))


def test_rows_of_a_model_used_once_add_up_to_its_row() -> None:
    cost = cost_of_model(infer(lstmcalc.load("specs/seq2seq.yaml"))).layers
    assert cost["encoder/reader"].macs == cost["encoder"].macs != 0
    # The embedding before the model is trained, so that its inputs want gradients too.
    assert cost["encoder/reader"].training == cost["encoder"].training


def test_json_holds_costs_with_and_without_the_option() -> None:
    plain = json.loads(printed("summary", "specs/forecast.yaml", "--json"))
    assert plain["totals"]["macs"] == 7_230_000
    assert plain["totals"]["flops"] == 14_562_020
    assert plain["totals"]["training_macs"] == 21_306_000
    assert [layer["training_macs"] for layer in plain["layers"]] == [21_288_000, 18_000]
    assert "batch" not in plain and "tools" not in plain
    asked = json.loads(printed("summary", "specs/forecast.yaml", "--json", "--cost", "--compare", "--batch", "4"))
    assert asked["batch"] == {"size": 4, "macs": 28_920_000, "flops": 58_248_080, "training_macs": 85_224_000}
    assert asked["tools"][0] == {
        "tool": "torchinfo", "version": "1.8.0", "counts": "MACs", "prints": 7_278_020, "without": [],
    }  # fmt: skip
    open_length = json.loads(printed("summary", "tests/models/any_length.yaml", "--json", "--cost"))
    assert open_length["totals"]["macs"] == "50816*T"
    assert open_length["layers"][0]["training_macs"] == "1024*(131*T - 32)"


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_other_forms_hold_the_same_figures(form: str) -> None:
    text = printed("summary", "specs/forecast.yaml", "--cost", "--compare", "--format", form)
    for figure in ("7,224,000", "14,562,020", "21,306,000", "7,278,020", "738,020"):
        assert figure in text


def test_tools_need_the_cost_beside_them() -> None:
    result = run("summary", "specs/forecast.yaml", "--compare")
    assert result.exit_code == 2 and "expected --cost beside it" in result.output


def test_a_wrong_model_fails_as_without_the_option() -> None:
    result = run("summary", "tests/models/several_faults.yaml", "--cost")
    assert result.exit_code == 1 and "error[wrong-ndim]" in result.stderr


def test_the_cost_of_an_lstm_in_full() -> None:
    assert section(explained("lstm", "--units", "128", inputs="10,300"), "Cost") == (
        ("kernel", "1,536,000", "0", "153,600 numbers · 10 uses"),
        ("recurrent_kernel", "655,360", "0", "65,536 numbers · 10 uses"),
        ("bias", "0", "5,120", "512 numbers · 10 uses, added"),
        ("products", "0", "5,120", "what comes from input and hidden state is added"),
        ("recurrent_activation", "0", "3,840", "sigmoid of every value"),
        ("activation", "0", "2,560", "tanh of every value"),
        ("carry", "0", "3,840", "the gates scale the carry and the candidate, which are added"),
        ("output", "0", "1,280", "the output gate scales what the carry shows"),
        ("all", "2,191,360", "21,760", ""),
        ("MACs: 4·timesteps·units·(input_dim + units) = 4·10·128·(300 + 128) = 2,191,360.",),
        ("FLOPs: 2·2,191,360 + 21,760 = 4,404,480 (4.4 M).",),
        ("A MAC multiplies two numbers and adds the product to a sum, which is 2 FLOPs; everything else, an addition "
         "or a tanh, is 1. FLOPs are a number of operations; FLOPS, with a capital S, are operations per second, the "
         "speed of a chip.",),
        ("Each of the params but those of `bias`, which are added, is multiplied once at every step: 219,136 · 10 = "
         "2,191,360 MACs.",),
        ("Twice as many steps cost twice as much; the params stay 219,648.",),
        ("A training step takes 4,972,544 (4.97 M) MACs: 2,191,360 forwards, as many for the gradients to the weights "
         "and 655,360 for those to what they are multiplied with; less 65,536, since the states before the first step "
         "are not trained. The loop of JAX calculates those too.",),
        ("Where nothing that is trained stands before it, no gradient is needed to what it reads: here that spares "
         "1,536,000.",),
    )  # fmt: skip


def test_json_of_a_layer_holds_its_cost() -> None:
    document = json.loads(printed("explain", "lstm", "--units", "128", "--input", "10,300", "--json"))
    assert (document["macs"], document["flops"], document["training_macs"]) == (2_191_360, 4_404_480, 4_972_544)
    document = json.loads(printed("explain", "lstm", "--units", "2", "--input", "3", "--json"))
    assert (document["macs"], document["training_macs"]) == ("40*T", "16*(6*T - 1)")


def test_open_sizes_of_a_layer_stand_by_the_names_of_their_axes() -> None:
    lines = section(explained("lstm", inputs=""), "Cost")
    assert ("MACs: 4·timesteps·units·(input_dim + units).",) in lines
    assert ("Twice as many steps cost twice as much; the params stay what they are.",) in lines


def test_two_directions_are_told_once_where_they_are_alike() -> None:
    alike = section(explained("Bidirectional(LSTM(64))", inputs="200,35"), "Cost")
    assert alike[0] == ("kernel", "3,584,000", "0", "2 · 8,960 numbers · 200 uses")
    apart = section(
        explained("Bidirectional(LSTM(64), backward_layer=GRU(64, go_backwards=True))", inputs="200,35"), "Cost"
    )
    assert [row[0] for row in apart if len(row) > 1][:2] == ["forward_lstm/kernel", "forward_lstm/recurrent_kernel"]


def test_what_grows_otherwise_than_with_the_steps_is_not_said_to() -> None:
    lines = section(explained("MultiHeadAttention(8, 8)", inputs="10,64"), "Cost")
    assert lines and not [text for (text, *_) in lines if text.startswith("Twice")]


def test_a_layer_with_something_trained_before_it_is_spared_nothing() -> None:
    spec = lstmcalc.load("specs/speaker_change.yaml")
    first, second = (
        " ".join(text for (text, *_) in section(explain_layer(spec, infer(spec), name), "Cost"))
        for name in ("bidirectional", "bidirectional_1")
    )
    assert "here that spares" in first and "here that spares" not in second


def test_a_layer_that_calculates_nothing_has_no_section() -> None:
    assert section(explained("flatten", inputs="10,64"), "Cost") == ()


def test_a_layer_of_a_model_used_as_a_layer_says_nothing_of_training() -> None:
    text = printed("explain", "specs/seq2seq.yaml", "--layer", "encoder/reader")
    assert "Twice as many steps" in text and "training step" not in text


@pytest.mark.parametrize(("class_name", "example"), cases(Example))
def test_every_layer_tells_its_cost_as_its_report_does(class_name: str, example: Any) -> None:
    spec = one_layer(class_name, example.arguments, example.inputs, example.states)
    report = infer(spec)
    layer = next(layer for layer in report.layers if layer.name == "layer")
    cost = explain_layer(spec, report, "layer").cost
    assert cost is not None
    first = layer.calls[0].cost
    for mine, there in zip(cost.cost, first, strict=True):
        assert there is UNKNOWN or mine == there
    if cost.formula is not None:
        assert cost.formula.value == cost.cost.macs
    if cost.training is not None and UNKNOWN not in (cost.training.macs, training_macs(report)):
        assert cost.training.macs == training_macs(report)


def test_a_walk_tells_the_cost_of_the_whole_and_of_each_layer() -> None:
    lines = printed("explain", "specs/forecast.yaml").splitlines()
    costs = [line.strip() for line in lines if line.startswith("  cost")]
    assert costs == [
        "cost    7,230,000 (7.23 M) MACs, 14,562,020 (14.6 M) FLOPs for one sample, forward; a training step takes "
        "21,306,000 (21.3 M) MACs.",
        "cost    7,224,000 MACs, 14,550,000 FLOPs for one sample, forward.",
        "cost    6,000 MACs, 12,020 FLOPs for one sample, forward.",
    ]
    text = printed("explain", "tests/models/any_length.yaml")
    assert "cost    `summary --cost` tells it in names for the sizes that are left open." in text


@pytest.mark.parametrize(
    ("number", "short"),
    [(999_999, ""), (1_000_000, "1 M"), (9_994_999, "9.99 M"), (9_995_000, "10 M"), (999_499_999, "999 M"),
     (999_500_000, "1 G"), (10_137_600, "10.1 M"), (1_234 * 10**9, "1.23 T"), (5 * 10**17, "500 P"),
     (12 * 10**20, "1,200,000 P"), (10**400, ""), (symbol("T"), ""), (None, "")],
)  # fmt: skip
def test_large_numbers_in_short(number: Any, short: str) -> None:
    assert in_short(number) == short or (number == 10**400 and in_short(number).endswith(" P"))


def test_numbers_within_expressions_have_separators() -> None:
    assert in_words(50_688 * symbol("T1000") + 1_234) == "50,688·T1000 + 1,234"
    assert told(10_137_600) == "10,137,600 (10.1 M)"


def test_a_walk_tells_what_the_known_layers_cost(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text(
        "from keras import Sequential, layers\n"
        "model = Sequential([layers.Input((10, 8)), layers.LSTM(16),\n"
        " layers.Lambda(lambda x: x * 2, output_shape=(16,)), layers.Dense(3)])\n",
        encoding="utf-8",
    )
    lines = printed("explain", str(source)).splitlines()
    told = '15,408 MACs, 33,539 FLOPs for one sample, forward, without "lambda": what it calculates is not known.'
    assert next(line.split(None, 1)[1] for line in lines if line.startswith("  cost")) == told
