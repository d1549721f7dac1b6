"""What commands print, whole and pinned: models made to have every kind of sentence that the other goldens lack."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

import lstmcalc
from lstmcalc.cli import app, page
from lstmcalc.renderers.document import Document, Heading, Prose, Table
from lstmcalc.renderers.document_text import document_text

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"
TOLD = "tests/told"
#: What is pinned, by name: the words of a command.
COMMANDS = {
    "masks": ["explain", f"{TOLD}/masks.yaml"],
    "open": ["explain", f"{TOLD}/open.yaml"],
    "faults": ["explain", f"{TOLD}/faults.yaml"],
    "parts": ["explain", f"{TOLD}/parts.yaml"],
    "parts_json": ["explain", f"{TOLD}/parts.yaml", "--json"],
    "parts_inside": ["explain", f"{TOLD}/parts.yaml", "--layer", "watcher/reader"],
    "parts_markdown": ["summary", f"{TOLD}/parts.yaml", "--format", "markdown", "--diagram"],
    "two": ["explain", f"{TOLD}/two.yaml"],
    "one": ["explain", f"{TOLD}/one.yaml"],
    "open_layer": ["explain", f"{TOLD}/open.yaml", "--layer", "difference"],
    "open_layer_markdown": ["explain", f"{TOLD}/open.yaml", "--layer", "difference", "--format", "markdown"],
    "film_diagram": ["explain", f"{TOLD}/cells.yaml", "--layer", "film", "--diagram"],
    "crossing_svg": ["summary", "tests/models/inception.py.txt", "--format", "svg"],
    "open_diagram": ["summary", f"{TOLD}/open.yaml", "--diagram"],
    "faults_diagram": ["explain", f"{TOLD}/faults.yaml", "--diagram"],
    "crossing_diagram": ["summary", "tests/models/inception.py.txt", "--diagram"],
    "both_ways_svg": ["explain", "Bidirectional(GRU(4, reset_after=False))", "--input", "9,3", "--format", "svg"],
    "cells": ["explain", f"{TOLD}/cells.yaml"],
    "cells_layer": ["explain", f"{TOLD}/cells.yaml", "--layer", "stack", "--diagram"],
    "words": ["summary", f"{TOLD}/words.yaml"],
    "repairs": ["summary", f"{TOLD}/repairs.yaml"],
    "error": ["paste", f"{TOLD}/error.txt", "--model", f"{TOLD}/error_model.py.txt"],
    "error_unlike_its_model": ["paste", f"{TOLD}/error.txt", "--model", "specs/forecast.yaml"],
    "printed_json": ["paste", f"{TOLD}/printed.txt", "--json"],
    "printed_markdown": ["paste", f"{TOLD}/printed.txt", "--format", "markdown"],
    "printed_chain": ["paste", f"{TOLD}/printed_chain.txt"],
    "printed_diagram": ["paste", "tests/models/question.txt", "--diagram"],
    "compare_bidirectional": ["explain", "Bidirectional(LSTM(4))", "--input", "10,3", "--compare"],
    "compare_gru": ["explain", "GRU(4, reset_after=False)", "--compare"],
}


#: The same on a terminal of 44 columns.
NARROW = {
    "both_ways_narrow": ["explain", "Bidirectional(GRU(4, return_sequences=True))", "--input", "9,3", "--diagram"],
    "open_narrow": ["explain", f"{TOLD}/open.yaml", "--diagram"],
    "printed_narrow": ["paste", f"{TOLD}/printed.txt", "--diagram"],
}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=stdin, catch_exceptions=False)


@pytest.mark.parametrize("name", COMMANDS)
def test_command_prints_as_before(name: str) -> None:
    result = run(*COMMANDS[name])
    printed = result.stdout
    if COMMANDS[name][-1] == "--json":
        printed = json.dumps(json.loads(printed), indent=1, ensure_ascii=False) + "\n"
    as_before(name, printed + (f"\n{result.stderr}" if result.stderr else ""))


@pytest.mark.parametrize("name", NARROW)
def test_command_prints_as_before_where_there_is_little_room(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "on_terminal", lambda: True)
    monkeypatch.setattr(page, "terminal_width", lambda: 44)
    monkeypatch.setattr(page, "wants_colour", lambda: False)
    as_before(name, run(*NARROW[name]).stdout)


def as_before(name: str, printed: str) -> None:
    golden = GOLDEN / f"told_{name}.txt"
    if os.environ.get("LSTMCALC_UPDATE_GOLDEN"):
        golden.write_text(printed, encoding="utf-8")
    assert printed == golden.read_text(encoding="utf-8")


def test_a_diagram_below_a_pasted_summary_is_the_one_of_its_model() -> None:
    """In every form of words, from both commands that read a summary, and for each of several."""
    for command in ("paste", "explain"):
        plain = run(command, "tests/models/question.txt").stdout
        drawn = run(command, "tests/models/question.txt", "--diagram").stdout
        assert drawn.startswith(plain)
        assert drawn[len(plain) :].startswith("\nmodel: 382,929 params\n\n  ┌")
        assert "│ 41,216 params                   │" in drawn[len(plain) :]
    text = (ROOT / "tests" / "models" / "question.txt").read_text(encoding="utf-8")
    markdown = run("paste", "--diagram", "--format", "markdown", stdin=text).stdout
    assert markdown.count("```text\nmodel: 382,929 params\n") + markdown.count("```text\n  ┌") == 1
    two = run("paste", "--diagram", "tests/models/question.txt", f"{TOLD}/printed.txt")
    assert [two.stdout.count(title) for title in ("model: 382,929 params", "functional_3: ")] == [1, 0]
    picture = ElementTree.fromstring(run("paste", "tests/models/question.txt", "--format", "svg").stdout)
    assert "model: 382,929 params" in "\n".join(element.text or "" for element in picture.iter())


def test_a_diagram_stands_beside_no_other_form() -> None:
    result = run("paste", "--to", "yaml", "--diagram", "tests/models/question.txt")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--diagram" in result.stderr


def test_a_page_shows_every_picture_and_names_every_source() -> None:
    html = run("explain", "lstm", "--units", "4", "--input", "9,3", "--format", "html").stdout
    assert html.count('<figure tabindex="0"><svg ') == 2
    html = run("summary", "specs/forecast.yaml", "specs/seq2seq.yaml", "--format", "html").stdout
    assert "<title>Model: forecast, Model: seq2seq</title>" in html
    assert html.count('<figure tabindex="0"><svg ') == 2


def test_what_a_summary_is_called() -> None:
    row = "lstm_1 (LSTM)   (None, 10, 128)   91648\n"
    named = 'Model: "net"\n' + row
    titles = [run("paste", "--format", "markdown", stdin=text).stdout.splitlines()[0] for text in (row, named)]
    assert titles == ["# A pasted summary", "# Model: `net`"]
    both = run("paste", f"{TOLD}/printed.txt", "tests/models/question.txt", "--format", "markdown").stdout
    assert [line for line in both.splitlines() if line.startswith("# ")] == [
        "# Model: `functional_3` in `tests/told/printed.txt`",
        "# Summary in `tests/models/question.txt`",
    ]


def test_states_that_are_given_are_not_kept() -> None:
    """`stateful` reads the states that it kept only where none are given (RNN.call of Keras 3.15.1)."""
    text = "{batch: 4, inputs: {x: [5, 3], s: [6]}, layers: [GRU: {units: 6, stateful: true, inputs: x%s}]}"
    assert "never-reset" in run("summary", "-", stdin=text % "").stdout
    assert "never-reset" not in run("summary", "-", stdin=text % ", initial_state: [s]").stdout


@pytest.mark.parametrize(("words", "got"), [(("--input", "3"), "--input"), (("--units", "3"), "--units")], ids=str)
def test_what_is_for_a_layer_is_named_beside_a_file(words: tuple[str, ...], got: str) -> None:
    result = run("explain", "specs/forecast.yaml", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    said = " ".join(result.stderr.replace("│", " ").split())
    assert f"expected files, as specs/forecast.yaml is one, got {got}, which is for a layer" in said


def test_a_batch_of_one_is_a_batch() -> None:
    assert "(1, T, 65)" in run("explain", "specs/char_rnn.yaml", "--batch", "1").stdout
    assert "(1, T, 65)" in run("summary", "specs/char_rnn.yaml", "--batch", "1").stdout
    assert run("explain", "specs/char_rnn.yaml", "--batch", "0").exit_code == 2


def test_colours_are_those_of_the_words() -> None:
    """A heading is bold, what stands in backticks is coloured, over the end of a line as well, and nothing else."""
    blocks = (Prose("The layer `Dense(3, use_bias=False)` reads `x`."), Heading("Then"), Table((("`a`", "one"),)))
    text = document_text(Document("Title", blocks), 24, colour=True)
    assert text == (
        "\x1b[1mTitle\x1b[0m\n"
        "\n"
        "  The layer \x1b[36m`Dense(3,\x1b[0m\n"
        "\x1b[36m  use_bias=False)`\x1b[0m reads\n"
        "  \x1b[36m`x`\x1b[0m.\n"
        "\n"
        "\x1b[1mThen\x1b[0m\n"
        "  \x1b[36m`a`\x1b[0m  one\n"
    )


def test_the_version_is_said() -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"lstmcalc {lstmcalc.__version__}\n")
