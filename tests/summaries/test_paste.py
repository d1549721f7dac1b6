"""The command `paste` as a user runs it: where the text comes from, what is printed, and how it ends."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lstmcalc import load
from lstmcalc.cli import app
from lstmcalc.cli.paste import paste
from lstmcalc.explanation.readings import explain_reading
from lstmcalc.renderers.reading_text import render_reading
from lstmcalc.summary_text import read_summary

GOLDEN = Path(__file__).parent / "golden"
PASTED = sorted(path.stem for path in GOLDEN.glob("*.txt"))
ROW = "lstm_1 (LSTM) (None, 10, 128) 91648\n"
TABLE = (GOLDEN / "bidirectional_keras_2.txt").read_text(encoding="utf-8")


def run(*words: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=stdin, catch_exceptions=False)


def documents(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def expect(name: str, text: str) -> None:
    """Holds a text against the golden file of this name, or writes it where that is asked for."""
    golden = GOLDEN / name
    if os.environ.get("LSTMCALC_UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, None], ids=["80", "pipe"])
@pytest.mark.parametrize("name", PASTED)
def test_whole_pages(name: str, width: int | None) -> None:
    readings = read_summary((GOLDEN / f"{name}.txt").read_text(encoding="utf-8"))
    text = "\n".join(render_reading(explain_reading(reading), width) for reading in readings)
    expect(f"{name}.{width or 'pipe'}.out", text)


def test_whole_document() -> None:
    (document,) = documents(run("paste", "--json", stdin=ROW))
    expect("one_row.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def test_standard_input_is_read_with_a_dash_and_without() -> None:
    for words in (("paste",), ("paste", "-")):
        result = run(*words, stdin=ROW)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.startswith(f"{ROW}    layer    `LSTM(128, return_sequences=True)` reads (None, 10, 50)")


class Terminal:
    """Standard input that is a terminal, with what is typed there."""

    def __init__(self, text: bytes) -> None:
        self.buffer = self
        self._text = text

    def isatty(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._text


@pytest.mark.parametrize(("windows", "keys"), [(False, "Ctrl-D"), (True, "Ctrl-Z and Enter")])
def test_a_terminal_is_told_how_to_paste(
    windows: bool, keys: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(ROW.encode()))
    # The command has the name of its module.
    monkeypatch.setattr(sys.modules["lstmcalc.cli.paste"], "WINDOWS", windows)
    paste()
    out, err = capsys.readouterr()
    assert err == f"Paste the summary or the error message here, then press Enter and {keys}.\n"
    assert out.startswith(ROW)


def test_files_and_their_tables_come_in_order(tmp_path: Path) -> None:
    both = tmp_path / "both.txt"
    both.write_text(f"{TABLE}\nand then\n\n{TABLE.replace('bidirectional_1', 'renamed_1')}", encoding="utf-8")
    read = documents(run("paste", "--json", str(both), "-", stdin=ROW))
    assert [(each["source"], each["rows"][0]["name"]) for each in read] == [
        (str(both), "bidirectional_1"),
        (str(both), "renamed_1"),
        ("-", "lstm_1"),
    ]
    text = run("paste", str(both), "-", stdin=ROW).stdout
    assert text.count(f"\n\n{both}\n\n") == 1 and text.startswith(f"{both}\n\n") and f"\n\n{ROW}" in text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ROW, 0),
        (TABLE, 0),
        ((GOLDEN / "unbuilt.txt").read_text(encoding="utf-8"), 0),
        ((GOLDEN / "ambiguous.txt").read_text(encoding="utf-8"), 0),
        ((GOLDEN / "nested.txt").read_text(encoding="utf-8"), 0),
        ((GOLDEN / "edited.txt").read_text(encoding="utf-8"), 1),
        (TABLE.replace("108,941", "108,942"), 1),
        (TABLE.replace("54080", "54O80"), 1),
        ("x (Dense) (None, 10) 1.650\n", 0),
        ("nothing of the kind\n", 1),
        ("", 1),
    ],
)  # fmt: skip
def test_exit_codes(text: str, code: int) -> None:
    for words in (["paste"], ["paste", "--json"]):
        assert run(*words, stdin=text).exit_code == code


def test_a_file_that_fails_does_not_stop_the_next() -> None:
    result = run("paste", "nope.txt", "-", stdin=ROW)
    assert (result.exit_code, "error[missing-file] nope.txt" in result.stderr) == (1, True)
    assert "4·128·(50 + 128 + 1) = 91,648 params" in result.stdout
    failed, fine = documents(run("paste", "--json", "nope.txt", "-", stdin=ROW))
    assert failed["errors"][0]["code"] == "missing-file"
    assert fine["schema"] == "lstmcalc.reading/1"


def test_what_a_paste_has_lost_of_its_bytes_is_no_reason_to_refuse_it(tmp_path: Path) -> None:
    table = TABLE.encode().replace(b"Layer (type)", b"\xb3Layer (type)\xb3")
    assert run("paste", stdin=table).exit_code == 0
    wide = tmp_path / "powershell.txt"
    wide.write_bytes(b"\xff\xfe" + TABLE.replace("\n", "\r\n").encode("utf-16-le"))
    assert run("paste", str(wide)).exit_code == 0


@pytest.mark.parametrize(
    "data", [Path(sys.executable).read_bytes()[:5000], b"\x89PNG\r\n\x1a\n\xff\x01\x02", b"ab\0cd"]
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    result = run("paste", stdin=data)
    assert result.exit_code == 1
    assert result.stderr.startswith("error[binary-file] -\n  expected a text file\n")


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    result = run("paste", "-o", str(tmp_path / "said.txt"), stdin=ROW)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "91,648 params" in (tmp_path / "said.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["yaml", "python", "keras-json"])
def test_the_model_that_prints_the_summary(target: str) -> None:
    result = run("paste", "--to", target, stdin=TABLE)
    assert (result.exit_code, result.stderr) == (0, "")
    name = {"yaml": "model.yaml", "python": "model.py", "keras-json": "model.json"}[target]
    layers = load(name, text=result.stdout).layers
    assert [layers[name].class_name for name in layers] == ["Bidirectional"] * 2 + ["TimeDistributed"] * 3
    assert layers["bidirectional_1"].arguments["layer"].arguments["units"] == 64


def test_a_contradiction_is_said_beside_the_model() -> None:
    result = run("paste", "--to", "yaml", stdin=TABLE.replace("108,941", "108,942"))
    assert (result.exit_code, "bidirectional_1" in result.stdout) == (1, True)
    assert "error[wrong-total]" in result.stderr


def test_what_is_no_model_is_not_written_down() -> None:
    result = run("paste", "--to", "yaml", stdin=(GOLDEN / "edited.txt").read_text(encoding="utf-8"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[no-layer-fits]" in result.stderr


def test_one_of_several_models_is_picked_by_its_name() -> None:
    text = "\n".join((GOLDEN / f"{name}.txt").read_text(encoding="utf-8") for name in ("optimizer", "encoder_decoder"))
    several = run("paste", "--to", "yaml", stdin=text)
    assert (several.exit_code, several.stdout) == (1, "")
    assert "error[several-models]" in several.stderr
    assert run("paste", "--to", "yaml", "--model", "seq2seq", stdin=text).stdout.startswith("name: seq2seq\n")
    (picked,) = documents(run("paste", "--json", "--model", "seq2seq", stdin=text))
    assert picked["name"] == "seq2seq"
    unknown = run("paste", "--model", "nope", stdin=text)
    assert (unknown.exit_code, "error[unknown-model]" in unknown.stderr) == (1, True)


@pytest.mark.parametrize("command", ["paste", "summary"])
def test_models_are_picked_from_every_kind_of_file(command: str) -> None:
    assert "Which model, where a file holds several." in " ".join(
        run(command, "--help").stdout.replace("│", "").split()
    )


def test_what_is_only_noted_does_not_fail_the_model() -> None:
    table = TABLE.replace("=\n", "=\nsome words that are no row\n", 1)
    for text in ("x (Dense) (None, 10) 1.650\n", table):
        result = run("paste", "--to", "yaml", stdin=text)
        assert (result.exit_code, "Dense" in result.stdout) == (0, True)
    assert "hint[no-row]" in run("paste", stdin=table).stdout


@pytest.mark.parametrize(
    "words", [("--to", "xml"), ("--to", "yaml", "--json"), ("--to", "yaml", "a.txt", "b.txt"), ("--nonsense",)]
)
def test_usage_errors_end_with_2(words: tuple[str, ...]) -> None:
    assert run("paste", *words, stdin=ROW).exit_code == 2


def test_explain_and_summary_take_a_pasted_file(tmp_path: Path) -> None:
    pasted = tmp_path / "pasted.txt"
    pasted.write_text(TABLE, encoding="utf-8")
    assert re.search(r"Total params +108,941", run("summary", str(pasted)).stdout)
    assert run("explain", str(pasted)).stdout == run("paste", str(pasted)).stdout
    assert run("explain", "-", stdin=TABLE).stdout == run("paste", "-", stdin=TABLE).stdout
    pasted.write_text("{input: [3], layers: [Dense(2)]}", encoding="utf-8")
    assert run("explain", str(pasted)).stdout.startswith("Model: ")
    assert "binary-file" in run("explain", sys.executable).stderr
