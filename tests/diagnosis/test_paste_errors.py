"""The command `paste` on error messages: what is printed, in which form, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lstmcalc.cli import app

MESSAGE = (
    "Traceback (most recent call last):\n"
    '  File "train.py", line 5, in <module>\n'
    "    model.add(LSTM(32))\n"
    'ValueError: Input 0 of layer "lstm_1" is incompatible with the layer: expected ndim=3, found ndim=2. '
    "Full shape received: (None, 64)\n"
)
ROW = "lstm_1 (LSTM) (None, 10, 128) 91648\n"
MODEL = (
    "from keras import Sequential\nfrom keras.layers import *\n\n"
    "model = Sequential([Input((50, 1)), LSTM(64), LSTM(32)])\n"
)
FIRST = "  A recurrent layer before it returns only its last step, without the axis of the time steps.\n"


def run(*words: str, stdin: str) -> Result:
    return CliRunner().invoke(app, ["paste", *words], input=stdin, catch_exceptions=False)


def documents(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_known_message_is_answered() -> None:
    result = run(stdin=MESSAGE)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith('  ValueError: Input 0 of layer "lstm_1" is incompatible with the layer:\n')
    assert FIRST in result.stdout


def test_an_unknown_message_is_said_to_be_unknown() -> None:
    result = run(stdin="KeyError: 'loss'\n")
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout == (
        "  KeyError: 'loss'\n\nWhat it means\n  lstmcalc does not know this message, and does not guess.\n"
    )
    (document,) = documents(run("--json", stdin="KeyError: 'loss'\n"))
    assert (document["recognised"], document["causes"], document["code"]) == (False, [], None)


def test_what_is_neither_is_still_asked_for() -> None:
    result = run(stdin="hello\n")
    assert result.exit_code == 1
    assert result.stderr.startswith("error[no-summary]")


def test_a_summary_and_then_a_message_are_both_answered() -> None:
    result = run(stdin=ROW + "\n" + MESSAGE)
    assert result.exit_code == 0
    assert result.stdout.index("`LSTM(128, return_sequences=True)` reads") < result.stdout.index(FIRST)
    reading, diagnosis = documents(run("--json", stdin=ROW + "\n" + MESSAGE))
    assert [one["schema"] for one in (reading, diagnosis)] == ["lstmcalc.reading/1", "lstmcalc.diagnosis/1"]


def test_a_summary_above_the_message_is_its_model() -> None:
    rows = "lstm (LSTM) (None, 50, 128) 66560\nlstm_1 (LSTM) (None, 64) 49408\ndense (Dense) (None, 3) 195\n"
    message = "ValueError: Shapes (None, 50, 3) and (None, 3) are incompatible\n"
    (_, diagnosis) = documents(run("--json", stdin=rows + "\n" + message))
    assert diagnosis["model"] == ["The model gives (None, 3)."]
    assert 'Here it is "lstm_1" (LSTM).' in diagnosis["causes"][0]["cause"]


def test_a_summary_alone_has_no_diagnosis() -> None:
    (reading,) = documents(run("--json", stdin=ROW))
    assert reading["schema"] == "lstmcalc.reading/1"


def test_a_model_beside_the_message_names_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(MODEL, encoding="utf-8")
    Path("error.txt").write_text(MESSAGE, encoding="utf-8")
    result = run("error.txt", "--model", "model.py", stdin="")
    assert result.exit_code == 0
    assert "The cause, at model.py:4:" in result.stdout
    (document,) = documents(run("error.txt", "--model", "model.py", "--json", stdin=""))
    assert document["causes"][0]["where"]["line"] == 4
    # Beside a summary in the same text, the file is that of the message.
    both = documents(run("--model", "model.py", "--json", stdin=ROW + "\n" + MESSAGE))
    assert [one["schema"] for one in both] == ["lstmcalc.reading/1", "lstmcalc.diagnosis/1"]
    assert both[1]["causes"] == document["causes"]


def test_a_model_that_cannot_be_read_leaves_the_answer(tmp_path: Path) -> None:
    result = run("--model", str(tmp_path / "none.py"), stdin=MESSAGE)
    assert result.exit_code == 1
    assert FIRST in result.stdout
    assert result.stderr.strip().startswith("error[missing-file]")


def test_a_name_still_picks_one_of_several_summaries() -> None:
    text = f'Model: "a"\n{ROW}\nModel: "b"\n{ROW}'
    (document,) = documents(run("--model", "b", "--json", stdin=text))
    assert document["name"] == "b"


@pytest.mark.parametrize(("form", "sign"), [("markdown", "# What it means"), ("html", ">What it means<")])
def test_other_forms(form: str, sign: str) -> None:
    result = run("--format", form, stdin=MESSAGE)
    assert result.exit_code == 0
    assert sign in result.stdout
    assert "LSTM(64, return_sequences=True)" in result.stdout


def test_help_tells_of_messages() -> None:
    shown = " ".join(run("--help", stdin="").stdout.split())
    assert "error message" in shown and "NAME|SOURCE" in shown


@pytest.mark.parametrize("name", ["model.py", "model.yaml", "model.json"])
def test_a_file_with_a_model_is_sent_to_explain(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("layers: [LSTM(4)]\n" if name.endswith("yaml") else "model = None\n", encoding="utf-8")
    result = run(str(path), stdin="")
    assert result.exit_code == 1
    assert result.stderr == (
        f"error[model-file] {path}\n"
        "  expected what `model.summary()` prints, or an error message\n"
        "  got      a file with a model\n"
        f"  fix      `lstmcalc explain {path}`, or `lstmcalc summary {path}`\n"
    )


def test_an_archive_is_sent_to_explain(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"PK\x03\x04\x00\x00")
    assert f"`lstmcalc explain {path}`" in run(str(path), stdin="").stderr


def test_a_model_goes_with_an_error_message_only(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(MODEL, encoding="utf-8")
    result = run("--model", str(path), stdin=ROW)
    assert result.exit_code == 1
    assert "expected an error message beside `--model FILE`\n" in result.stderr
    assert "leave `--model` out" in result.stderr


def test_what_is_nothing_is_told_of_error_messages_too() -> None:
    assert "or an error message of Keras" in run(stdin="what is this?\n").stderr
