"""`check`: budgets kept, broken and undecided, and what is said of each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lstmcalc import infer, load
from lstmcalc.budgets import ANY, BATCH, BOUNDS, Budget, WantedShapes, check, read_shape
from lstmcalc.cli import app
from lstmcalc.measures import MEASURES, measure
from lstmcalc.memory import Setting, memory_of
from lstmcalc.report import Report

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["check", *words], input=stdin, catch_exceptions=False)


def report(text: str) -> Report:
    return infer(load("m.yaml", text=text))


def states(text: str, *budgets: Budget | WantedShapes) -> list[str]:
    return [verdict.state for verdict in check(report(text), budgets).verdicts]


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_can_be_bounded(name: str) -> None:
    made = infer(load("specs/forecast.yaml"))
    value = measure(made, name, Setting(batch=8))
    assert isinstance(value, int)
    if MEASURES[name].least:
        # It is a range.
        return
    asked = [(kind, value + by) for kind in BOUNDS for by in (-1, 0, 1)]
    budgets = [Budget(name, kind, limit) for kind, limit in asked]
    found = {(v.budget.kind, v.margin): v.state for v in check(made, budgets, Setting(batch=8)).verdicts}  # type: ignore[union-attr]
    assert found == {
        ("max-", -1): "broken", ("max-", 0): "kept", ("max-", 1): "kept",
        ("min-", 1): "kept", ("min-", 0): "kept", ("min-", -1): "broken",
        ("", 1): "broken", ("", 0): "kept", ("", -1): "broken",
    }  # fmt: skip


def test_memory_lies_between_two_numbers() -> None:
    made, setting = infer(load("specs/forecast.yaml")), Setting(batch=8)
    memory = memory_of(made, setting)
    least, most = memory.least, memory.most
    assert isinstance(least, int)
    assert isinstance(most, int)
    expected = {
        ("max-", most): ("kept", 0), ("max-", most - 1): ("undecided", -1),
        ("max-", least): ("undecided", least - most), ("max-", least - 1): ("broken", -1),
        ("min-", least): ("kept", 0), ("min-", least + 1): ("undecided", -1),
        ("min-", most): ("undecided", least - most), ("min-", most + 1): ("broken", -1),
        ("", least - 1): ("broken", 1), ("", most + 1): ("broken", -1),
    }  # fmt: skip
    budgets = [Budget("memory", kind, limit) for kind, limit in [*expected, ("", least), ("", most)]]
    *found, first, last = check(made, budgets, setting).verdicts
    assert [(verdict.state, verdict.margin) for verdict in found] == list(expected.values())
    assert (first.state, last.state) == ("undecided", "undecided"), "which of the two it is, nobody knows"
    assert {(verdict.least, verdict.value) for verdict in found} == {(least, most)}


def test_memory_is_told_as_a_range_with_what_it_is_trained_with() -> None:
    words = ("specs/forecast.yaml", "--batch", "8", "--max-memory", "10MB", "--optimizer", "sgd")
    setting = Setting(batch=8, optimizer="sgd", precision="mixed_float16")
    memory: Any = memory_of(infer(load("specs/forecast.yaml")), setting)
    assert run(*words, "--precision", "mixed_float16").stdout == (
        "specs/forecast.yaml: the budget is kept\n"
        f"  kept       bytes for training: between {memory.least:,} and {memory.most:,}, at most 10,000,000 "
        f"(at least {10_000_000 - memory.most:,} to spare)\n"
        "  Training is with LossScaleOptimizer(SGD), mixed_float16 and a batch of 8; "
        "--optimizer, --precision and --batch take others.\n"
    )
    between = run(*words[:3], "--max-memory", "8MB")
    assert between.exit_code == 1
    assert "The backend decides it: some of what lies between is within the budget" in between.stdout
    assert "Training is with Adam, float32 and a batch of 8" in between.stdout
    (document,) = [json.loads(line) for line in run(*words, "--json").stdout.splitlines()]
    assert document["training"] == {"optimizer": "SGD", "precision": "float32", "batch": 8}
    assert document["budgets"][0]["least"] < document["budgets"][0]["value"]


def test_a_condition_is_said() -> None:
    words = ("specs/target_token_as_asked.yaml", "--max-params", "1M")
    result = run(*words)
    assert (result.exit_code, result.stdout) == (
        0,
        "specs/target_token_as_asked.yaml: the budget is kept\n"
        "  kept       params: 615,689, at most 1,000,000 (384,311 to spare)\n"
        '  This holds only if T = 1: in "concatenate", axis 1 is 1 in input 1 and T in input 2; Concatenate joins '
        "along axis 2 only.\n",
    )
    (document,) = [json.loads(line) for line in run(*words, "--json").stdout.splitlines()]
    assert [held["holds_if"] for held in document["assumptions"]] == ["T = 1"]
    assert "This holds only if `T = 1`" in run(*words, "--format", "markdown").stdout


PASTED = """\
Model: "sequential"
 Layer (type)                Output Shape              Param #
=================================================================
 lstm (LSTM)                 (None, 16)                1152
 dense (Dense)               (None, 2)                 34
=================================================================
Total params: 1186
"""
TRAINED = "Trainable params: 1186\nNon-trainable params: 0\n"


def test_what_a_printed_summary_does_not_show_is_undecided() -> None:
    words = [f"--max-{name}" for name in MEASURES]
    asked = [each for word in words for each in (word, "1G")]
    found = {}
    for text in (PASTED, PASTED + TRAINED):
        result = run("-", *asked, "--batch", "1", "--json", stdin=text)
        assert result.exit_code == 1
        (document,) = [json.loads(line) for line in result.stdout.splitlines()]
        found[text] = [budget["budget"] for budget in document["budgets"] if budget["state"] == "kept"]
    assert found == {PASTED: ["max-params"], PASTED + TRAINED: ["max-params", "max-trainable-params"]}
    assert (
        "  undecided  MACs forward, per sample: ?, at most 1,000,000,000\n"
        "             A printed summary does not show what it depends on: check the model itself.\n"
    ) in run("-", "--max-macs", "1G", stdin=PASTED).stdout


def test_what_takes_most() -> None:
    (verdict,) = check(report("{input: [10, 8], layers: [LSTM: 4, Dense: 3]}"), [Budget("params", "max-", 10)]).verdicts
    assert [(share.layer, share.value, share.percent) for share in verdict.most] == [
        ("lstm", 4 * 4 * 13, 93.3),
        ("dense", 15, 6.7),
    ]
    (few,) = check(report("{input: [8], layers: [Dense: 3]}"), [Budget("params", "min-", 100)]).verdicts
    assert (few.state, few.margin, few.most) == ("broken", 27 - 100, ())


@pytest.mark.parametrize("name", ["params", "bytes", "macs", "flops", "training-macs"])
def test_what_layers_take_sums_to_the_whole(name: str) -> None:
    made = infer(load("specs/many_to_many.yaml"))
    (verdict,) = check(made, [Budget(name, "max-", 1)]).verdicts
    assert sum(share.value for share in verdict.most) == verdict.value, "it has three layers, and three are told"


def test_symbols() -> None:
    text = "{input: [T, 8], layers: [LSTM: U]}"
    (verdict,) = check(report(text), [Budget("params", "max-", 1000)]).verdicts
    assert (verdict.state, verdict.needs) == ("undecided", ("U",))
    # A symbol is at least 1, which may be enough to tell.
    assert states(text, Budget("params", "min-", 40), Budget("params", "max-", 39)) == ["kept", "broken"]
    assert states("{input: [T, 8], layers: [LSTM: 4]}", Budget("macs", "max-", 191)) == ["broken"]
    assert states("{input: [T, 8], layers: [LSTM: 4]}", Budget("macs", "max-", 192)) == ["undecided"]


SHAPED = "{inputs: {a: [T, 8], b: [5]}, layers: [{LSTM: {units: 4, inputs: a}}, {Dense: {units: 2, inputs: b}}], outputs: [lstm, dense]}"  # noqa: E501


@pytest.mark.parametrize(
    ("what", "shapes", "state"),
    [
        ("output", ["(None, 4)", "(None, 2)"], "kept"),
        ("output", ["[null, 4]", "2"], "kept"),
        ("output", ["4", "1, 2"], "broken"),
        ("output", ["(None, 4)", "3"], "broken"),
        ("input", ["T,8", "5"], "kept"),
        ("input", ["None,8", "5"], "kept"),
        ("output", ["(?, ?)", "(None, 2,)"], "kept"),
        ("output", ["(None, 4)"], "broken"),
        ("output", ["(None, 2)", "(None, 4)"], "broken"),
        ("output", ["(4,)", "(None, 2)"], "broken"),
        ("output", ["(None, None)", "(None, 2)"], "broken"),
        ("output", ["(32, 4)", "(None, 2)"], "undecided"),
        ("input", ["(None, T, 8)", "(None, 5)"], "kept"),
        ("input", ["(None, None, 8)", "(None, 5)"], "kept"),
        ("input", ["(None, T + 1, 8)", "(None, 5)"], "broken"),
        ("input", ["(None, 10, 8)", "(None, 5)"], "undecided"),
        ("input", ["(None, 10, 9)", "(None, 5)"], "broken"),
    ],
)
def test_shapes(what: str, shapes: list[str], state: str) -> None:
    assert states(SHAPED, WantedShapes(what, tuple(map(read_shape, shapes)))) == [state]


def test_shapes_are_read_as_people_write_them() -> None:
    assert read_shape(" ( None , 10 ) ") == read_shape("[null, 10]") == read_shape("(none,10)") == (None, 10)
    assert read_shape("(None,)") == read_shape("(None)") == (None,)
    assert read_shape("200, 1") == (BATCH, 200, 1), "as `--input 200,1` is that of one sample elsewhere"
    assert read_shape("(?, 3)") == (ANY, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a shape such as (None, 10), got nothing"),
        ("()", "expected a shape such as (None, 10), got ()"),
        ("(None,,3)", "expected a shape such as (None, 10), got (None,,3)"),
        ("(None, 10", "expected a shape such as (None, 10), got (None, 10"),
        ("(None, ten!)", "expected a shape such as (None, 10), got (None, ten!)"),
        ("(None, 0)", "expected sizes of at least 1, got (None, 0)"),
        ("(None, -3)", "expected sizes of at least 1, got (None, -3)"),
        ("(None, 1.5)", "expected a shape such as (None, 10), got (None, 1.5)"),
    ],
)
def test_what_is_no_shape_is_a_usage_error(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        read_shape(text)
    result = run("specs/forecast.yaml", "--output", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--output" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--max-params", "abc"], "a number such as 91648"),
        (["--max-params", "-5"], "got -5"),
        (["--max-params", "0"], "expected an amount above 0, got 0"),
        (["--min-macs", "0"], "expected an amount above 0, got 0"),
        (["--max-memory", "8 apples"], "an amount such as"),
        (["--max-params", "1e4000"], "expected a number of at most 1,000 digits, got 1e4000"),
        (["--max-params", "600", "--max-params", "500"], "expected it once, got 600 and 500"),
        (["--max-memory", "1GB", "--precision", "float8"], "expected one of float32, mixed_float16, mixed_bfloat16"),
        (["--max-memory", "1GB", "--optimizer", "adams"], "--optimizer"),
        (["--max-parms", "5"], "No such option"),
        ([], "expected a budget, such as --max-params 1M"),
    ],
)
def test_a_wrong_budget_is_a_usage_error(words: list[str], message: str) -> None:
    result = run("specs/forecast.yaml", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in re.sub(r"[\s│]+", " ", result.stderr)


def test_the_whole_text() -> None:
    result = run("specs/target_token.yaml", "--max-params", "1M", "--max-trainable-params", "100k", "--max-macs", "1M",
                 "--output", "(None, None, 9)", "--output", "5,1")  # fmt: skip
    assert result.exit_code == 1
    assert result.stdout == (
        "specs/target_token.yaml: 2 broken, 1 undecided, 1 kept of 4 budgets\n"
        "  kept       params: 550,153, at most 1,000,000 (449,847 to spare)\n"
        "  broken     trainable params: 165,897, at most 100,000 (65,897 too many)\n"
        '             Most of it: "bidirectional" 59.6 %, "target_projection" 39.6 %, "time_distributed" 0.7 %.\n'
        "  undecided  MACs forward, per sample: 128·(777·T + 1,289), at most 1,000,000\n"
        "             It is kept only if T <= 8: --set T=NUMBER decides it.\n"
        "  broken     output: (None, T + 1, 9), expected (None, None, 9), (batch, 5, 1)\n"
    )


def test_what_is_undecided_can_be_decided() -> None:
    words = ("specs/target_token.yaml", "--max-macs", "1M")
    assert [run(*words, "--set", f"T={length}").exit_code for length in (8, 9)] == [0, 1]
    unnamed = "{input: [null, 8], layers: [LSTM: 4]}"
    assert (
        "It is kept only if T <= 5: --set T=NUMBER decides it." in run("-", "--max-macs", "1000", stdin=unnamed).stdout
    )
    assert run("-", "--max-macs", "1000", "--set", "T=5", stdin=unnamed).exit_code == 0


def test_memory_needs_a_batch() -> None:
    words = ("specs/forecast.yaml", "--max-memory", "8GB")
    undecided = run(*words)
    assert undecided.exit_code == 1
    assert "It is sure to be kept if batch <= " in undecided.stdout
    assert ": --batch N tells more.\n" in undecided.stdout
    assert run(*words, "--batch", "32").exit_code == 0
    assert run(*words[:1], "--max-memory", "1MB", "--batch", "32", "--optimizer", "sgd").exit_code == 1


def test_a_layer_of_which_nothing_is_known_is_named() -> None:
    text = "{input: [8], layers: [Mine: {output_shape: [4], params: 3}, Dense: 2]}"
    result = run("-", "--max-macs", "1M", "--max-params", "1k", stdin=text)
    assert result.exit_code == 1
    assert '             It is not known what "mine" takes.\n' in result.stdout
    assert "kept       params: 13, at most 1,000 (987 to spare)" in result.stdout


def test_several_sources_and_one_that_fails() -> None:
    result = run("specs/forecast.yaml", "nope.yaml", "specs/many_to_many.yaml", "--max-params", "400k")
    assert result.exit_code == 1
    assert result.stdout.count("the budget is kept") == 2
    assert result.stderr.strip().startswith("error[missing-file] nope.yaml")
    assert run("specs/forecast.yaml", "specs/many_to_many.yaml", "--max-params", "400k").exit_code == 0


def test_json() -> None:
    result = run("specs/forecast.yaml", "--max-params", "300_000", "--output", "(None, ?)", "--json")
    (document,) = [json.loads(line) for line in result.stdout.splitlines()]
    first, second = document.pop("budgets")
    assert document == {
        "schema": "lstmcalc.check/1",
        "source": "specs/forecast.yaml",
        "name": "forecast",
        "kept": False,
        "assumptions": [],
        "training": None,
    }
    (failed,) = [json.loads(line) for line in run("nope.yaml", "--max-params", "1", "--json").stdout.splitlines()]
    assert (failed["schema"], failed["kept"], failed["budgets"]) == ("lstmcalc.check/1", False, [])
    assert failed["errors"][0]["code"] == "missing-file"
    assert first == {
        "budget": "max-params", "state": "broken", "limit": 300_000, "value": 368_420, "margin": -68_420,
        "holds_if": None, "needs": [],
        "most": [{"layer": "lstm", "value": 362_400}, {"layer": "dense", "value": 6_020}], "unknown": [],
    }  # fmt: skip
    assert (second["budget"], second["state"], second["limit"]) == ("output", "kept", [[None, "?"]])


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_other_forms(form: str) -> None:
    result = run("specs/forecast.yaml", "--max-params", "300k", "--format", form)
    assert result.exit_code == 1
    assert "68,420 too many" in result.stdout


def test_a_narrow_terminal_cuts_nothing() -> None:
    from lstmcalc.renderers.check_words import check_text

    made = check(infer(load("specs/target_token.yaml")), [Budget("macs", "max-", 10**6)])
    narrow = check_text(made, 60)
    assert max(map(len, narrow.splitlines())) <= 60
    assert narrow.split() == check_text(made).split()
    assert "\x1b[1;33mundecided" in check_text(made, 60, colour=True)


def test_the_options_are_those_of_the_measures() -> None:
    text = run("--help").stdout
    assert "1 KB is 1,000 bytes, 1 KiB 1,024." in re.sub(r"[\s│]+", " ", text)
    listed: Any = re.findall(r"--([a-z-]+) +AMOUNT", text)
    assert listed == [f"{kind}{name}" for name in MEASURES for kind in BOUNDS]


PARTLY_KNOWN = """\
from keras import Sequential, layers
model = Sequential([
    layers.Input((10, 8)), layers.LSTM(16), layers.Lambda(lambda x: x * 2, output_shape=(16,)), layers.Dense(3),
])
"""
PARTLY_DECIDED = """\
m.py: 1 broken, 1 undecided, 1 kept of 3 budgets
  broken     MACs forward, per sample: 15,408 or more, at most 1,000 (at least 14,408 too many, without what "lambda" \
calculates)
  kept       FLOPs forward, per sample: 33,539 or more, at least 1,000 (at least 32,539 more than it must, without \
what "lambda" calculates)
  undecided  MACs of a training step, per sample: 15,456 or more, at most 1,000,000
             It is not known what "lambda" takes.
"""


@pytest.fixture
def partly_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    (tmp_path / "m.py").write_text(PARTLY_KNOWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return infer(load("m.py"))


def test_what_is_known_of_the_layers_breaks_and_keeps_budgets(partly_known: Report) -> None:
    at_least = {"macs": 15_408, "flops": 33_539, "training-macs": 15_360 + 2 * 48}
    for name, least in at_least.items():
        asked = [("max-", -1), ("max-", 0), ("min-", 0), ("min-", 1), ("", -1), ("", 0)]
        found = check(partly_known, [Budget(name, kind, least + by) for kind, by in asked]).verdicts
        states = ["broken", "undecided", "kept", "undecided", "broken", "undecided"]
        assert [verdict.state for verdict in found] == states
        assert {verdict.least for verdict in found} == {least}
        assert {verdict.unknown for verdict in found} == {("lambda",)}


def test_what_is_said_of_a_budget_that_part_of_a_model_decides(partly_known: Report) -> None:
    result = run("m.py", "--max-macs", "1k", "--min-flops", "1k", "--max-training-macs", "1M")
    assert result.stdout == PARTLY_DECIDED
    document = json.loads(run("m.py", "--max-macs", "1k", "--json").stdout)["budgets"][0]
    assert (document["state"], document["value"], document["least"]) == ("broken", None, 15_408)
    assert (document["margin"], document["unknown"]) == (-14_408, ["lambda"])


def test_a_layer_that_is_not_known_may_let_no_gradients_through(partly_known: Report) -> None:
    """The LSTM in front of it is then not trained: it is done forwards only."""
    apart = MEASURES["training-macs"].by_layer(partly_known, Setting())
    assert apart["lstm"] != 15_360, "gradients that came back would have it do more"
    (verdict,) = check(partly_known, [Budget("training-macs", "max-", 15_456)]).verdicts
    assert verdict.state == "undecided"
