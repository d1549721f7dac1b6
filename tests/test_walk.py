"""`explain SOURCE`: whole walks as golden files, and what holds for every model: nothing is left out or made up."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from convertible import MODELS
from layer_examples import cases, one_layer
from typer.testing import CliRunner, Result
from walk_numbers import digits, names_in, numbers_of

import lstmcalc
from lstmcalc.cli import app
from lstmcalc.cli.models import is_source
from lstmcalc.dims import lift
from lstmcalc.explanation.choices import Choice, other_choices
from lstmcalc.explanation.walk import ModelExplanation, explain_model, outermost
from lstmcalc.explanation.walk.layer import choice_sentences
from lstmcalc.explanation.walk.places import inner_places
from lstmcalc.layers import RULES
from lstmcalc.layers.rule import Example, Inputs
from lstmcalc.renderers.document_text import document_text
from lstmcalc.renderers.walk_document import walk_document
from lstmcalc.renderers.walk_json import walk_json
from lstmcalc.report import Report
from lstmcalc.shapes import show_count, show_shape
from lstmcalc.spec import Spec

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
FILES = sorted(path for path in (ROOT / "tests" / "models").rglob("*") if path.is_file())


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*words: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=stdin, catch_exceptions=False)


def inferred(spec: Spec) -> Report:
    """The report of a model, or what is known of it."""
    try:
        return lstmcalc.infer(spec)
    except lstmcalc.SpecError as error:
        assert error.report is not None
        return error.report


def walked(text: str) -> ModelExplanation:
    spec = lstmcalc.load("model.yaml", text=text)
    return explain_model(spec, inferred(spec))


def told(walk: ModelExplanation, path: str, kind: str) -> list[str]:
    return next(layer for layer in walk.layers if layer.path == path).texts(kind)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("width", [None, 80], ids=["pipe", "80"])
def test_walk_prints_as_before(path: Path, width: int | None) -> None:
    spec = lstmcalc.load(f"specs/{path.name}")
    printed = document_text(walk_document(explain_model(spec, lstmcalc.infer(spec))), width)
    golden = GOLDEN / f"walk_{path.stem}_{width or 'pipe'}.txt"
    if os.environ.get("LSTMCALC_UPDATE_GOLDEN"):
        golden.write_text(printed, encoding="utf-8")
    assert printed == golden.read_text(encoding="utf-8")
    assert all(len(line) <= (width or len(line)) for line in printed.splitlines())


def corpus() -> Iterator[Any]:
    """Every model at hand, by name."""
    yield from (pytest.param(lambda path=path: lstmcalc.load(path), id=path.stem) for path in SPECS)
    yield from (pytest.param(lambda path=path: lstmcalc.load(path), id=path.name) for path in FILES)
    yield from (
        pytest.param(lambda text=text: lstmcalc.load("model.yaml", text=text), id=name) for name, text in MODELS.items()
    )


@pytest.mark.parametrize("load", list(corpus()))
def test_every_layer_occurs_and_every_number_is_the_report_s(load: Any) -> None:
    try:
        spec = load()
    except lstmcalc.SpecError:
        pytest.skip("no model")
    report = inferred(spec)
    walk = explain_model(spec, report)
    assert json.loads(json.dumps(walk_json(walk))) == walk_json(walk)
    text = document_text(walk_document(walk), 80)
    assert {layer.path for layer in walk.layers} >= {layer.name for layer in report.layers}
    for layer in walk.layers:
        if not layer.like:
            assert f"\n{layer.path} ({layer.layer.class_name})\n" in text
        allowed = numbers_of(layer.layer, spec) | {part for name in names_in(spec) for part in digits(name)}
        for kind in ("layer", "gives", "shape", "params", "states"):
            for sentence in layer.texts(kind):
                made_up = {each for each in digits(sentence) if each not in allowed and each > 5}
                assert not made_up, (layer.path, sentence)


def test_a_class_is_introduced_once_and_its_numbers_every_time() -> None:
    walk = walked("{input: [9, 4], layers: [LSTM: {units: 5, return_sequences: true}, LSTM: 7]}")
    first, second = walk.layers
    assert first.texts("purpose", brief=True) == first.texts("purpose") != []
    assert second.texts("purpose", brief=True) == [] != second.texts("purpose")
    assert second.texts("params")[0] == "4·units·(input_dim + units + 1) = 4·7·(5 + 7 + 1) = 364 params."
    assert second.texts("params", brief=True) == ["4·7·(5 + 7 + 1) = 364 params."]
    assert second.texts("choice", brief=True) == ["`return_sequences: true`: (None, 9, 7) instead of (None, 7)."]


def test_where_things_come_from_and_go_to() -> None:
    walk = walked("""
        inputs: {a: [4], b: [4]}
        layers:
          - Dense: {units: 3, name: left, inputs: a}
          - Dense: {units: 3, name: right, inputs: b}
          - Add: {inputs: [left, right], name: both}
          - Dense: {units: 2, name: end, inputs: left}
        outputs: [both, end]
    """)
    assert told(walk, "a", "gives") == ["(None, 4) float32, an input of the model."]
    assert told(walk, "left", "gives") == ['(None, 3), read by "both" and "end".']
    assert told(walk, "both", "layer") == ['`Add` reads 2 inputs of (None, 3) from "left" and "right".']
    assert told(walk, "both", "gives") == ["(None, 3), an output of the model."]


def test_a_shared_layer_is_told_once_with_all_its_places() -> None:
    walk = walked(MODELS["shared"])
    assert [layer.path for layer in walk.layers].count("enc") == 1
    assert told(walk, "enc", "layer") == [
        '`LSTM(4, return_state=True)` reads (None, 10, 8) from "a": 10 steps of 8 features.',
        'It is used 2 times, with the same weights, which count once. It also reads (None, 12, 8) from "b", and '
        'gives (None, 4), (None, 4) and (None, 4), read by "concatenate", and the first is an output of the model.',
    ]


def test_the_layers_of_a_model_are_told_behind_it() -> None:
    walk = walked("""
        inputs: {a: [6, 3], b: [6, 3]}
        models: {tower: {sequential: true, input: [S, 3], layers: [{LSTM: {units: S, name: reader}}]}}
        layers:
          - tower: {inputs: a}
          - {apply: tower, inputs: b, name: again}
          - Subtract: {inputs: [tower, again]}
    """)
    assert [layer.path for layer in walk.layers] == ["a", "b", "tower", "tower/reader", "subtract"]
    # What a name of the inner model stands for is what comes in.
    assert told(walk, "tower/reader", "layer") == [
        "`LSTM(6)` reads (None, 6, 3) from the input: 6 steps of 3 features."
    ]
    assert told(walk, "tower", "layer") == [
        'A model, used as a layer. It reads (None, 6, 3) from "a". Its own layers follow, as `tower/…`.',
        'It is used 2 times, with the same weights, which count once. It also reads (None, 6, 3) from "b", and gives '
        '(None, 6), read by "subtract".',
    ]


def test_states_and_what_they_start_from() -> None:
    walk = walked("""
        batch: 8
        inputs: {x: [5, 3], y: [4, 3]}
        layers:
          - LSTM: {units: 2, return_state: true, stateful: true, name: enc, inputs: x}
          - LSTM: {units: 2, name: dec, inputs: y, initial_state: ["enc[1]", "enc[2]"]}
    """)
    assert told(walk, "enc", "states") == [
        "Its states, h (hidden state) and c (cell state), are (8, 2) each.",
        "They start every batch as they stand after the one before, by `stateful: true`, until `reset_state()` is "
        "called.",
    ]
    assert told(walk, "dec", "layer")[0].endswith('It starts from the states that "enc" gives.')
    assert len(told(walk, "dec", "states")) == 1


def test_a_thousand_layers_stay_readable() -> None:
    conv = "{{Conv1D: {{filters: 8, kernel_size: 3, padding: same, name: block{0}_conv}}}}"
    block = f"{conv}, {{{{ReLU: {{{{name: block{{0}}_relu}}}}}}}}"
    text = (
        f"{{input: [64, 8], layers: [{', '.join(block.format(number) for number in range(500))}, Flatten, Dense: 2]}}"
    )
    walk = walked(text)
    assert len(walk.layers) == 1002
    printed = document_text(walk_document(walk), 80)
    assert len(printed.splitlines()) < 60
    assert "\nblock1_conv … block499_relu (998 layers)\n" in printed
    assert 'like "block0_conv"  "block1_conv" … "block499_conv"' in printed


def test_layers_that_differ_are_not_called_alike() -> None:
    walk = walked("""
        {input: [9, 4], layers: [{Dense: {units: 4, activation: relu, name: a}},
          {Dense: {units: 4, activation: relu, name: b}},
          {Dense: {units: 4, activation: relu, trainable: false, name: c}},
          {Dense: {units: 4, activation: relu, use_bias: false, name: d}}, {Dense: {units: 4, name: e}},
          {Dense: {units: 4, activation: relu, name: f}}]}
    """)
    assert [layer.like for layer in walk.layers] == ["", "a", "", "", "", "a"]
    assert told(walk, "c", "params")[-1] == "None of them is trained: `trainable: false`."


def test_the_whole_in_a_few_lines() -> None:
    spec = lstmcalc.load("specs/target_token_as_asked.yaml")
    about = {remark.about: remark.text for remark in explain_model(spec, lstmcalc.infer(spec)).overview}
    assert about == {
        "inputs": '(None, 1) int32 "target" and (None, T) int32 "sentence".',
        "output": '(None, 1, 9) from "time_distributed".',
        "time": 'The last layer, "time_distributed", gives an output for the one step.',
        "params": '615,689 params, of which 384,256 are not trained: 41.6 % in "target_embedding", 26.7 % in '
        '"bidirectional" and 20.8 % in "word_embedding".',
        "cost": "230,528 MACs, 463,796 FLOPs for one sample, forward; a training step takes 593,280 MACs.",
        "only if": 'T = 1: see "concatenate".',
        "`None`": "In front it is the batch: how many samples are taken at once is left open.",
        "`T`": 'A size of the input "sentence" that is left open; `--set T=10` gives it a value.',
    }


def test_what_is_known_of_a_wrong_model_and_then_what_is_wrong() -> None:
    result = run("explain", "tests/models/several_faults.yaml")
    assert result.exit_code == 1
    assert result.stdout.index("encoder (LSTM)") < result.stdout.index("error[wrong-ndim]")
    assert 'reads  It reads (None, 64) from "encoder". What it gives is not known: see the errors.' in result.stdout
    document = json.loads(run("explain", "--json", "tests/models/several_faults.yaml").stdout)
    assert [fault["code"] for fault in document["errors"]] == ["wrong-ndim", "unknown-argument", "unknown-layer"]
    assert document["layers"][0]["numbers"]["params"] == 25_600


def choices(class_name: str, arguments: dict[str, Any], *shape: int | None) -> list[str]:
    rule = RULES[class_name]
    made = rule({key: rule.arguments[key].check(key, value) for key, value in arguments.items()})
    return [choice.text for choice in other_choices(made, Inputs([lift(shape)], made.axis_names(len(shape))))]


def test_other_choices_are_found_by_running() -> None:
    assert choices("GRU", {"units": 4}, None, 9, 3) == [
        "`return_sequences: true`: (None, 9, 4) instead of (None, 4).",
        "`return_state: true`: one more output, (None, 4).",
        "`use_bias: false`: 24 params fewer.",
        "`reset_after: false`: 12 params fewer.",
    ]
    lstm = RULES["LSTM"]({"units": 4, "return_sequences": True})
    assert choices("Bidirectional", {"layer": lstm}, None, 9, 3) == [
        "`return_sequences: false` of the LSTM inside: (None, 8) instead of (None, 9, 8).",
        "`merge_mode: sum`, `mul` or `ave`: (None, 9, 4) instead of (None, 9, 8).",
        "`return_state: true` of the LSTM inside: 4 more outputs, (None, 4) each.",
        "`use_bias: false` of the LSTM inside: 32 params fewer.",
        "`merge_mode: null`: (None, 9, 4), (None, 9, 4) instead of (None, 9, 8).",
    ]
    assert choices("Conv1D", {"filters": 2, "kernel_size": 3}, None, 9, 3) == [
        "`padding: same` or `causal`: (None, 9, 2) instead of (None, 7, 2).",
        "`use_bias: false`: 2 params fewer.",
    ]
    assert choices("Dropout", {"rate": 0.5}, None, 9) == []


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_what_could_not_read_another_choice_is_what_the_model_then_fails_at(path: Path) -> None:
    spec = lstmcalc.load(path)
    place = outermost(spec, lstmcalc.infer(spec))
    for name, layer in place.layers.items():
        facts = place.facts(layer, place.rule(name)) if name in spec.layers else None
        found = other_choices(facts.rule, facts.x) if facts else []
        for sentence, choice in zip(choice_sentences(place, layer, found), found, strict=True):
            changed = changed_at(spec, name, choice)
            try:
                lstmcalc.infer(changed)
                failed = set()
            except lstmcalc.SpecError as error:
                failed = {fault.layer[0] for fault in error.faults if fault.layer}
            told_of = re.findall(r'"(\w+)"', sentence.text)
            # What the layers behind a reader refuse is not said.
            assert set(told_of) == failed & set(place.readers.get((name, 0), [])), sentence.text


def changed_at(spec: Spec, name: str, choice: Choice) -> Spec:
    """The model with another choice at one of its layers."""
    layer = spec.layers[name]
    if choice.inside:
        inner = layer.arguments["layer"]
        told = {"layer": inner.changed(arguments={**inner.arguments, choice.argument: choice.values[0]})}
    else:
        told = {choice.argument: choice.values[0]}
    return spec._replace(layers={**spec.layers, name: layer.changed(arguments={**layer.arguments, **told})})


def test_a_model_without_weights_and_one_without_layers_that_are_known() -> None:
    about = {remark.about: remark.text for remark in walked("{input: [9, 4], layers: [Flatten]}").overview}
    assert about["params"] == "The model has no weights."
    about = {remark.about: remark.text for remark in walked("{input: [9, 4], layers: [Dens: 3]}").overview}
    assert about["params"] == "The count is not known."


@pytest.mark.parametrize(("class_name", "example"), cases(Example))
def test_every_example_is_explained(class_name: str, example: Example) -> None:
    spec = one_layer(
        class_name, example.arguments, example.inputs, example.states, keywords=example.keywords, dtype=example.dtype
    )
    report = inferred(spec)
    layer = next(each for each in explain_model(spec, report).layers if each.path == "layer")
    # What the rule says again is what the report has, so that its sentences are of this layer.
    assert layer.call or layer.layer.calls[0].outputs is None
    shown = " ".join(layer.texts("gives"))
    assert all(show_shape(shape) in shown for shape in layer.layer.calls[0].outputs or ())
    counts = " ".join(layer.texts("params"))
    assert (show_count(layer.layer.params) if layer.layer.params else "It has no weights.") in counts


def test_a_choice_that_the_layer_would_refuse_is_none() -> None:
    # `same` fits no stride with dilation, and a causal window has no two axes.
    texts = choices("Conv2D", {"filters": 2, "kernel_size": 3}, None, 9, 9, 3)
    assert texts[0] == "`padding: same`: (None, 9, 9, 2) instead of (None, 7, 7, 2)."
    assert not any("causal" in text for text in texts)


@pytest.mark.parametrize("word", ["decoder", "encoder/reader", "reader", "Embedding", "dense"])
def test_one_layer_in_full(word: str) -> None:
    result = run("explain", "specs/seq2seq.yaml", "--layer", word)
    assert result.exit_code == 0
    assert re.search(r"\nIn (the model|\"encoder\")\n  reads", result.stdout)


def test_one_layer_with_its_place() -> None:
    text = run("explain", "specs/seq2seq.yaml", "--layer", "decoder").stdout
    assert text.startswith("LSTM(128, return_sequences=True)\n")
    place = text[text.index("In the model") :].splitlines()[1:4]
    assert place == [
        '  reads        (None, T, 128) from "words"',
        '  starts from  "encoder"',
        '  read by      "dense"',
    ]
    reader = run("explain", "specs/seq2seq.yaml", "--layer", "encoder/reader").stdout
    assert '  output  the second and the third, of "encoder"' in reader
    assert "  output  of the model" in run("explain", "specs/seq2seq.yaml", "--layer", "dense").stdout


def test_a_layer_that_is_a_model_is_a_walk() -> None:
    text = run("explain", "specs/seq2seq.yaml", "--layer", "encoder").stdout
    assert text.startswith("Model: encoder\n")
    assert re.findall(r"^(\S+) \(", text, re.MULTILINE) == ["encoder/input", "encoder/dropout", "encoder/reader"]


def test_an_input_and_a_layer_that_is_not_known() -> None:
    assert run("explain", "specs/seq2seq.yaml", "--layer", "source").stdout.endswith(
        "\nsource (InputLayer)\n  gives  (None, S) int32, an input of the model.\n"
    )
    result = run("explain", "tests/models/several_faults.yaml", "--layer", "decoder")
    assert result.exit_code == 1
    assert "has no weights" not in result.stdout
    assert 'reads    (None, 64) from "encoder"' in result.stdout
    assert result.stderr.lstrip().startswith("error[wrong-ndim]")


def test_a_choice_that_takes_outputs_away_says_who_needs_them() -> None:
    spec = lstmcalc.load("specs/seq2seq.yaml")
    assert told(explain_model(spec, lstmcalc.infer(spec)), "encoder/reader", "choice")[1] == (
        '`return_state: false`: the first output alone; "encoder" needs the others, which are its outputs.'
    )


def test_an_unknown_and_an_unclear_layer() -> None:
    result = run("explain", "specs/many_to_many.yaml", "--layer", "lstm_2")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error[unknown-layer] specs/many_to_many.yaml\n"
        '  expected a layer of the model: "lstm", "lstm_1" or "dense"\n'
        "  got      `lstm_2`\n"
        "  fix      did you mean `lstm_1`?\n"
    )
    text = "{input: [4], layers: [{Dense: {units: 3, name: a}}, {Dense: {units: 2, name: b}}]}"
    unclear = run("explain", "-", "--layer", "dense", stdin=text)
    assert unclear.exit_code == 1
    assert 'expected the name of one layer: "a" or "b"' in unclear.stderr


@pytest.mark.parametrize(
    ("word", "source"),
    [("-", True), ("specs/forecast.yaml", True), ("missing.yaml", True), ("nets/x", True), ("lstm", False),
     ("LSTM(64)", False), ("Dense(U/2)", False), ("keras.layers.LSTM", False), ("", False), ("x" * 5000, False)],
)  # fmt: skip
def test_what_is_a_source(word: str, source: bool) -> None:
    assert is_source(word) is source


def test_options_reach_the_model_or_the_layer() -> None:
    assert "(7, 5, 65)" in run("explain", "specs/char_rnn.yaml", "--batch", "7", "--set", "T=5").stdout
    assert "(4, 10, 3)" in run("explain", "lstm", "--units", "2", "--input", "10,3", "--batch", "4").stdout
    assert run("explain", "timedistributed", "--layer", "Dense(3)", "--input", "10,4").stdout.startswith(
        "TimeDistributed(Dense(3))\n"
    )
    assert "unknown-symbol" in run("explain", "specs/forecast.yaml", "--set", "Q=3").stdout


@pytest.mark.parametrize(
    "words",
    [("specs/forecast.yaml", "--units", "3"), ("specs/forecast.yaml", "--input", "3"), ("lstm", "--set", "T=3"),
     ("specs/forecast.yaml", "--batch", "0"), ("specs/forecast.yaml", "--compare")],
    ids=" ".join,
)  # fmt: skip
def test_usage_errors_end_with_2(words: tuple[str, ...]) -> None:
    result = run("explain", *words)
    assert (result.exit_code, result.stdout) == (2, "")


def test_several_sources_and_standard_input() -> None:
    result = run("explain", "--json", "specs/forecast.yaml", "missing.yaml", "specs/char_rnn.yaml")
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [(each.get("schema"), each["source"]) for each in documents] == [
        ("lstmcalc.walk/1", "specs/forecast.yaml"), (None, "missing.yaml"), ("lstmcalc.walk/1", "specs/char_rnn.yaml"),
    ]  # fmt: skip
    text = (ROOT / "specs" / "forecast.yaml").read_text(encoding="utf-8")
    assert run("explain", "-", stdin=text).stdout == run("explain", "specs/forecast.yaml").stdout


def test_the_rules_of_a_place_are_those_of_the_report() -> None:
    """What the walk runs again gives the report's shapes: in a nested model, too."""
    spec = lstmcalc.load("specs/seq2seq.yaml")
    place = outermost(spec, lstmcalc.infer(spec))
    [inner] = inner_places(place, place.layers["encoder"])
    facts = inner.facts(inner.layers["reader"], inner.rule("reader"))
    assert facts is not None
    assert facts.call == "LSTM(128, return_state=True)"
    names = [layer.name for layer in place.report.layers if layer.class_name not in ("InputLayer", "Functional")]
    assert all(place.facts(place.layers[name], place.rule(name)) for name in names)
    assert all(a != b for a, b in pairwise(names))
