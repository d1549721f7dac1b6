"""The same input gives the same bytes, whatever the hash seed, language, time zone, terminal, home and folder are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
#: Runs calls in one process (`call`), and is a script that does it.
RUNNER = Path(__file__).parent / "security" / "watch.py"
FORMS = ("text", "json", "markdown", "html", "svg")
MODELS = ("specs/seq2seq.yaml", "specs/transformer_encoder.yaml", "tests/models/translator.keras",
          "tests/models/residual_blocks.py.txt")  # fmt: skip

CALLS: Sequence[Sequence[str]] = [
    *(["summary", *MODELS, "--format", form] for form in FORMS),
    *(["summary", *MODELS, "--cost", "--memory", "--weights", "--format", form] for form in FORMS[:4]),
    *(["explain", MODELS[0], "--diagram", "--format", form] for form in FORMS),
    *(["explain", "lstm", "--units", "128", "--input", "10,300", "--diagram", "--format", form] for form in FORMS),
    *(["explain", "MultiHeadAttention", "--num-heads", "4", "--key-dim", "T", "--format", form] for form in FORMS[:4]),
    *(["paste", "tests/models/question.txt", "--diagram", "--format", form] for form in FORMS),
    *(["paste", "tests/diagnosis/messages.txt", "--format", form] for form in FORMS[:4]),
    *(["diff", MODELS[0], MODELS[1], "--format", form] for form in FORMS[:4]),
    *(["check", *MODELS, "--max-params", "10000", "--format", form] for form in FORMS[:4]),
    *(["solve", MODELS[0], "--params", "2M", "--for", "width", "--format", form] for form in FORMS[:4]),
    *(["sweep", MODELS[0], "--set", "width=32..128:32", "--format", form] for form in FORMS[:4]),
    *(["convert", MODELS[0], "--to", target] for target in ("yaml", "keras-json", "python")),
    ["summary", "tests/models/several_faults.yaml", "nowhere.yaml"],
    ["summary", "--json", "tests/models/several_faults.yaml"],
    ["layers"],
    ["layers", "lstm"],
    ["--help"],
    ["summary", "--help"],
    ["verify", "--device", "none", MODELS[0]],
]

#: What surrounds a run, which must not be seen in what it prints.
SURROUNDINGS = {
    "plain": {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
    "C": {"PYTHONHASHSEED": "1", "LC_ALL": "C", "LANG": "C", "TZ": "Asia/Tokyo", "TERM": "dumb", "COLUMNS": "40",
          "HOME": "/nowhere", "NO_COLOR": "1"},
    "Turkish": {"PYTHONHASHSEED": "4294967295", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "LANGUAGE": "tr",
                "TZ": "America/St_Johns", "TERM": "xterm-256color", "COLUMNS": "300", "LINES": "3", "FORCE_COLOR": "1",
                "COLORTERM": "truecolor"},
    "German": {"PYTHONHASHSEED": "random", "LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8", "LANGUAGE": "de",
               "TZ": "Europe/Berlin", "TERM": "", "COLUMNS": "x", "CLICOLOR_FORCE": "1", "PY_COLORS": "1"},
}  # fmt: skip
#: What of the surroundings of the test itself is passed on.
KEPT = ("PATH", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONPATH")


def answers(name: str, folder: Path = ROOT) -> list[dict[str, Any]]:
    """What every call prints in some surroundings, all in one process."""
    environment = {key: os.environ[key] for key in KEPT if key in os.environ} | SURROUNDINGS[name]
    done = subprocess.run(
        [sys.executable, RUNNER], input=json.dumps(CALLS), capture_output=True, text=True, encoding="utf-8",
        cwd=folder, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def plain() -> list[dict[str, Any]]:
    return answers("plain")


def test_every_call_gives_an_answer(plain: list[dict[str, Any]]) -> None:
    """An answer that is empty everywhere would be the same everywhere, too."""
    for words, answer in zip(CALLS, plain, strict=True):
        assert answer["code"] in (0, 1, 2) and "Traceback" not in answer["err"], words
        assert answer["out"] or words[0] == "verify" or "nowhere.yaml" in words, (words, answer["err"])
    assert sum(answer["code"] == 0 for answer in plain) > len(CALLS) * 0.7


def different(mine: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[str]:
    return [
        " ".join(words) for words, one, other in zip(CALLS, mine, theirs, strict=True)
        if (one["code"], one["out"], one["err"]) != (other["code"], other["out"], other["err"])
    ]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in SURROUNDINGS if name != "plain"])
def test_the_surroundings_are_not_seen(plain: list[dict[str, Any]], name: str) -> None:
    assert different(plain, answers(name)) == []


def test_the_folder_is_not_seen(plain: list[dict[str, Any]], tmp_path: Path) -> None:
    for path in (
        *MODELS,
        "tests/models/question.txt",
        "tests/models/several_faults.yaml",
        "tests/diagnosis/messages.txt",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    assert different(plain, answers("plain", tmp_path)) == []


def test_pages_and_pictures_hold_no_dates_and_no_addresses(plain: list[dict[str, Any]]) -> None:
    shown = [answer["out"] for words, answer in zip(CALLS, plain, strict=True) if words[-1] in ("html", "svg")]
    assert len(shown) > 10
    for text in shown:
        assert re.findall(r"\b20\d\d-\d\d|\b\d\d:\d\d\b|\b0x[0-9a-f]{5,}|[0-9a-f]{8}-[0-9a-f]{4}-", text) == []


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_order_of_sources_changes_no_answer(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that one source leaves behind is seen in the answer to the next."""
    from typer.testing import CliRunner

    from lstmcalc.cli import app

    monkeypatch.chdir(ROOT)

    def printed(command: str, *sources: str) -> str:
        return CliRunner().invoke(app, [command, *sources, "--format", form]).stdout

    apart = "" if form == "json" else "\n"
    for command in ("summary", "explain"):
        alone = {source: printed(command, source) for source in MODELS}
        for order in (MODELS, MODELS[::-1], (*MODELS[1:], MODELS[0], MODELS[1])):
            assert printed(command, *order) == apart.join(alone[source] for source in order)


def test_a_pipe_gets_the_same_bytes_in_every_language(tmp_path: Path) -> None:
    """Python itself takes the encoding of its output from the language; in those that are UTF-8 it is the same."""
    code = "from lstmcalc.cli import main; main()"
    found = set()
    for name in SURROUNDINGS:
        environment = {key: os.environ[key] for key in KEPT if key in os.environ} | SURROUNDINGS[name]
        done = subprocess.run(
            [sys.executable, "-c", code, "summary", MODELS[0]],
            capture_output=True,
            cwd=ROOT,
            env=environment,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1
