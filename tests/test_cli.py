"""The commands as a user runs them: exit codes, streams, many sources, files, and what is printed where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lstmcalc import SpecError, load
from lstmcalc.cli import app
from lstmcalc.cli.terminal import wants_colour

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=stdin, catch_exceptions=False)


def documents(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_summary_of_several_sources_is_one_call() -> None:
    result = run("summary", "--json", "specs/forecast.yaml", "specs/char_rnn.yaml")
    assert result.exit_code == 0
    assert [(d["source"], d["totals"]["params"]) for d in documents(result)] == [
        ("specs/forecast.yaml", 368_420),
        ("specs/char_rnn.yaml", 5_330_241),
    ]


def test_json_is_the_contract() -> None:
    (document,) = documents(run("summary", "--json", "specs/speaker_change.yaml"))
    first = document["layers"][0]
    assert document["schema"] == "lstmcalc.report/1"
    assert document["inputs"] == [{"name": "input", "shape": [None, 200, 35], "dtype": "float32"}]
    assert document["outputs"] == [{"name": "time_distributed_2", "shape": [None, 200, 1]}]
    assert document["totals"] == {
        "params": 108_941, "trainable_params": 108_941, "non_trainable_params": 0, "bytes": 435_764,
        "macs": 21_611_600, "flops": 43_950_800, "training_macs": 61_205_232,
    }  # fmt: skip
    assert document["assumptions"] == []
    assert {key: first[key] for key in ("name", "type", "input_shapes", "output_shapes", "params", "formula")} == {
        "name": "bidirectional",
        "type": "Bidirectional",
        "input_shapes": [[None, 200, 35]],
        "output_shapes": [[None, 200, 128]],
        "params": 51_200,
        "formula": "2·4·units·(input_dim + units + 1)",
    }
    assert first["connected_to"] == ["input"]
    assert first["weights"][0] == {"name": "forward_lstm/kernel", "shape": [35, 256], "trainable": True}
    assert {"trainable_params", "non_trainable_params", "mask", "macs", "flops", "notes"} <= set(first)


def test_symbolic_sizes_are_python_arithmetic() -> None:
    text = "{input: [T, 35], layers: [{Conv1D: [U, 3]}, {LSTM: U}]}"
    (document,) = documents(run("summary", "--json", "-", stdin=text.replace("[U, 3]", "{filters: U, kernel_size: 3}")))
    conv, lstm = document["layers"]
    assert conv["output_shapes"] == [[None, "T - 2", "U"]]
    assert eval(lstm["params"], {"U": 10}) == 4 * 10 * (10 + 10 + 1)


def test_a_failing_source_is_a_document_too_and_the_others_still_come() -> None:
    result = run("summary", "--json", "tests/models/several_faults.yaml", "nope.yaml", "specs/forecast.yaml")
    assert result.exit_code == 1
    faulty, missing, fine = documents(result)
    assert [error["code"] for error in faulty["errors"]] == ["wrong-ndim", "unknown-argument", "unknown-layer"]
    assert faulty["errors"][0]["where"] == {"file": "tests/models/several_faults.yaml", "line": 5, "column": 5}
    assert faulty["report"]["layers"][0]["params"] == 25_600
    assert missing["errors"][0]["code"] == "missing-file"
    assert fine["name"] == "forecast"


def test_errors_go_to_standard_error_and_what_is_known_to_standard_output() -> None:
    result = run("summary", "tests/models/several_faults.yaml")
    assert result.exit_code == 1
    assert "error[wrong-ndim] tests/models/several_faults.yaml:5:5" in result.stderr
    assert "4·64·(35 + 64 + 1)" in result.stdout
    assert "Traceback" not in result.output


def test_standard_input_is_a_source() -> None:
    result = run("summary", "-", stdin="{input: [10, 50], layers: [LSTM(128)]}")
    assert (result.exit_code, "91,648" in result.stdout) == (0, True)


def test_set_and_batch() -> None:
    (document,) = documents(run("summary", "--json", "--set", "T=12", "--batch", "8", "specs/target_token.yaml"))
    assert document["outputs"][0]["shape"] == [8, 13, 9]


@pytest.mark.parametrize("word", ["T", "T=", "T=x", "T=0", "T=-1", "T=1.5", "=3", "2=3"])
def test_a_bad_value_is_a_usage_error(word: str) -> None:
    result = run("summary", "--set", word, "specs/char_rnn.yaml")
    assert result.exit_code == 2
    assert "positive integer" in result.stderr


def test_a_symbol_that_is_not_there_is_an_error() -> None:
    result = run("summary", "--set", "Q=3", "specs/char_rnn.yaml")
    assert result.exit_code == 1
    assert "error[unknown-symbol] specs/char_rnn.yaml" in result.stderr


@pytest.mark.parametrize("words", [[], ["nonsense"], ["summary"], ["summary", "--batch", "0", "specs/forecast.yaml"]])
def test_usage_errors_end_with_2(words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    result = run("summary", "-o", str(tmp_path / "table.txt"), "specs/forecast.yaml")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "362,400" in (tmp_path / "table.txt").read_text(encoding="utf-8")
    assert run("summary", "-o", str(tmp_path / "no" / "table.txt"), "specs/forecast.yaml").exit_code == 2


def test_weights_show_below_their_layer() -> None:
    lines = run("summary", "--weights", "specs/forecast.yaml").stdout.splitlines()
    start = next(i for i, line in enumerate(lines) if "lstm (LSTM)" in line)
    assert [line.split()[0] for line in lines[start + 1 : start + 4]] == ["kernel", "recurrent_kernel", "bias"]


def test_explain_answers_the_two_questions_of_the_issue() -> None:
    small = run("explain", "lstm", "--units", "10", "--input", "20,30").stdout
    for figure in ("(30, 40)", "(10, 40)", "(40,)", "1,640"):
        assert figure in small
    assert "219,648" in run("explain", "lstm", "--units", "128", "--input", "300").stdout


def test_explain_in_json() -> None:
    (document,) = documents(run("explain", "--json", "gru", "--units", "3", "--input", "5,2"))
    assert (document["schema"], document["params"]) == ("lstmcalc.explanation/1", 3 * 3 * (2 + 3 + 2))


def test_explain_takes_a_layer_or_a_file() -> None:
    result = run("explain", "specs/forecast.yaml")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "Model: forecast")
    assert run("explain", "specs/forecst.yaml").stderr.startswith("error[missing-file] specs/forecst.yaml")


def test_a_call_may_be_longer_than_a_file_name() -> None:
    call = f"LSTM(3, kernel_initializer='{'glorot_uniform'}', bias_initializer='zeros'{' ' * 300})"
    assert run("explain", call, "--input", "3,4").exit_code == 0


def test_standard_input_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstmcalc.sources.sys.stdin", None)
    with pytest.raises(SpecError) as caught:
        load("-")
    assert caught.value.faults[0].because == "standard input is closed"


def test_explain_reports_every_wrong_option() -> None:
    result = run("explain", "lstm", "--unit", "3", "--retrun-sequences", "--input", "5,2")
    assert result.exit_code == 1
    assert result.stderr.count("error[unknown-argument]") == 2


@pytest.mark.parametrize("command", [info.name for info in app.registered_commands])
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_version() -> None:
    import lstmcalc

    assert run("--version").stdout == f"lstmcalc {lstmcalc.__version__}\n"


def test_nothing_is_coloured_or_wrapped_in_a_pipe() -> None:
    result = run("summary", "specs/target_token.yaml")
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) > 100


def test_verify_without_keras_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keras", None)
    result = run("verify", "specs/forecast.yaml")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "pip install 'lstmcalc[verify]'" in result.stderr


def test_answers_are_a_blank_line_apart() -> None:
    text = run("summary", "specs/forecast.yaml", "specs/char_rnn.yaml").stdout
    assert "\n\nModel: char_rnn\n" in text
    assert not text.startswith("\n")


def test_an_explanation_that_fails_is_its_errors_alone() -> None:
    result = run("explain", "lstm", "--units", "0", "--input", "3,4")
    assert (result.exit_code, result.stdout) == (1, "")


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_is_only_where_it_is_wanted(
    environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colour() is coloured


WHOLE = """
name: whole
inputs: {a: {shape: [1], dtype: int32}, b: [T, 6]}
models: {m: {input: [6], layers: [{Dense: {units: 1, activation: softmax, trainable: false}}]}}
layers:
  - Embedding: {input_dim: 9, output_dim: 6, name: words, inputs: a}
  - Add: {inputs: [words, b], name: sum}
  - Concatenate: {inputs: [words, b], name: both}
  - GlobalMaxPooling1D: {inputs: sum, name: flat}
  - {m: {inputs: flat}}
outputs: [m, both]
"""


def test_whole_documents() -> None:
    for name, text in (("document", WHOLE), ("failed", WHOLE.replace("Concatenate", "Mine"))):
        (printed,) = documents(run("summary", "--json", "-", stdin=text))
        golden = ROOT / "tests" / "golden" / f"{name}.json"
        if os.environ.get("LSTMCALC_UPDATE_GOLDEN"):
            golden.write_text(json.dumps(printed, indent=1) + "\n", encoding="utf-8")
        assert printed == json.loads(golden.read_text(encoding="utf-8"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_told_in_a_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from lstmcalc.cli import main; main()", "layers"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "lstmcalc: cannot write: No space left on device\n")
