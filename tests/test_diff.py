"""`diff` as a user runs it: what is printed, in which form, and how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lstmcalc import compare, load
from lstmcalc.cli import app
from lstmcalc.comparing import ASPECTS
from lstmcalc.renderers.difference_text import difference_text

ROOT = Path(__file__).parent.parent
OLD = "{input: [10, 8], layers: [LSTM: 64, Dense: 3]}"
NEW = "{input: [10, 8], layers: [Bidirectional: {LSTM: 64}, Dropout: 0.3, Dense: {units: 3, activation: relu}]}"


@pytest.fixture(autouse=True)
def two_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.yaml").write_text(OLD, encoding="utf-8")
    (tmp_path / "new.yaml").write_text(NEW, encoding="utf-8")
    (tmp_path / "open.yaml").write_text(OLD.replace("[10, 8]", "[null, 8]"), encoding="utf-8")
    (tmp_path / "faulty.yaml").write_text(OLD.replace("Dense: 3", "Dense: {unit: 3}"), encoding="utf-8")
    (tmp_path / "symbolic.yaml").write_text(OLD.replace("64", "U"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["diff", *words], input=stdin, catch_exceptions=False)


WHOLE = """\
--- old.yaml
+++ new.yaml

~ lstm → bidirectional (LSTM → Bidirectional)  changed
    layer       LSTM(64) → Bidirectional(LSTM(64))
    shape       (None, 64) → (None, 128)
    params      18,688 → 37,376  (+18,688)
    MACs        184,320 → 368,640  (+184,320)
    FLOPs       379,520 → 759,040  (+379,520)

+ dropout (Dropout)  added
    layer       Dropout(0.3)
    shape       (None, 128)

~ dense (Dense)  changed
    activation  linear → relu
    params      195 → 387  (+192)
    MACs        192 → 384  (+192)
    FLOPs       387 → 774  (+387)

  Total                 old      new  difference
  params             18,883   37,763     +18,880
  bytes of weights   75,532  151,052     +75,520
  MACs per sample   184,512  369,024    +184,512
  FLOPs per sample  379,907  759,814    +379,907
"""


def test_the_whole_text() -> None:
    result = run("old.yaml", "new.yaml")
    assert (result.exit_code, result.stdout) == (0, WHOLE)


def test_what_was_removed() -> None:
    text = run("new.yaml", "old.yaml").stdout
    assert "\n- dropout (Dropout)  removed\n    layer       Dropout(0.3)\n    shape       (None, 128)\n" in text
    assert "\n  params             37,763   18,883     -18,880\n" in text


def test_how_it_ends() -> None:
    assert run("old.yaml", "new.yaml", "--exit-code").exit_code == 1
    assert run("old.yaml", "old.yaml", "--exit-code").exit_code == 0
    assert run("old.yaml", "old.yaml").stdout == "No difference: old.yaml and old.yaml are the same model.\n"
    same = run("old.yaml", "new.yaml", "--exit-code", "--only", "order,connections")
    assert (same.exit_code, same.stdout) == (
        0,
        "No difference in order and connections between old.yaml and new.yaml.\n",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["old.yaml"], "Missing argument 'NEW'"),
        (["-", "-"], "expected two sources, got standard input twice"),
        (["old.yaml", "new.yaml", "--only", "shape"], f"expected {', '.join(ASPECTS)}, got shape"),
        (["old.yaml", "new.yaml", "--only", "params,"], "got nothing"),
        (["old.yaml", "new.yaml", "--set", "T=0"], "positive integer"),
        (["old.yaml", "new.yaml", "--model", "a", "--model", "b", "--model", "c"], "expected one name or two, got 3"),
    ],
)
def test_usage_errors(words: list[str], message: str) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in re.sub(r"\s*│\s*│?\s*", " ", result.stderr)


def test_standard_input_is_a_source() -> None:
    assert run("old.yaml", "-", stdin=OLD).stdout == "No difference: old.yaml and - are the same model.\n"


def test_a_source_that_fails_is_told_and_the_rest_is_compared() -> None:
    result = run("old.yaml", "faulty.yaml")
    assert result.exit_code == 1
    assert result.stderr.startswith("error[unknown-argument] faulty.yaml:1:")
    assert "params" in result.stdout
    assert "?" in result.stdout.splitlines()[-1], "what the whole takes is not known"
    assert "lstm (LSTM)" not in result.stdout, "it is the same"
    missing = run("old.yaml", "nope.yaml")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert missing.stderr.startswith("error[missing-file] nope.yaml")


def test_values_are_for_the_model_that_has_the_symbol() -> None:
    assert run("old.yaml", "symbolic.yaml", "--set", "U=64").stdout.startswith("No difference: ")
    assert "units       64 → U" in run("old.yaml", "symbolic.yaml").stdout
    unknown = run("old.yaml", "symbolic.yaml", "--set", "Q=3")
    assert (unknown.exit_code, unknown.stderr.count("error[unknown-symbol]")) == (1, 2)


def test_a_size_that_is_not_known_can_get_a_value() -> None:
    text = run("old.yaml", "open.yaml").stdout
    assert "MACs        184,320 → 18432·T  (18432·(T - 10))" in text
    assert text.endswith("\nT stands for a size of the input that is not known.\n")
    assert run("old.yaml", "open.yaml", "--set", "T=10").stdout.startswith("No difference: ")


def documents(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_json() -> None:
    (document,) = documents(run("old.yaml", "new.yaml", "--json"))
    assert document["schema"] == "lstmcalc.difference/1"
    assert (document["old"], document["equal"]) == ({"source": "old.yaml", "name": "sequential"}, False)
    assert [(layer["kind"], layer["new"]["name"]) for layer in document["layers"]] == [
        ("changed", "bidirectional"), ("added", "dropout"), ("changed", "dense"),
    ]  # fmt: skip
    dense = document["layers"][2]
    assert dense["changes"] == [{"aspect": "arguments", "what": "activation", "old": "linear", "new": "relu"}]
    for key, value in document["totals"]["delta"].items():
        assert value == sum(layer["delta"][key] for layer in document["layers"])
    (same,) = documents(run("old.yaml", "old.yaml", "--json"))
    assert (same["equal"], same["layers"]) == (True, [])
    failed, rest = documents(run("old.yaml", "faulty.yaml", "--json"))
    assert (failed["errors"][0]["code"], rest["schema"]) == ("unknown-argument", "lstmcalc.difference/1")


MARKDOWN = """\
# Difference: `old.yaml` → `new.yaml`

|  | Layer (type) | What | Old | New | Difference |
| --- | --- | --- | --- | --- | ---: |
| changed | `lstm` → `bidirectional` (LSTM → Bidirectional) | layer | `LSTM(64)` | `Bidirectional(LSTM(64))` |  |
|  |  | shape | (None, 64) | (None, 128) |  |
|  |  | params | 18,688 | 37,376 | +18,688 |
|  |  | MACs | 184,320 | 368,640 | +184,320 |
|  |  | FLOPs | 379,520 | 759,040 | +379,520 |
| added | `dropout` (Dropout) | layer |  | `Dropout(0.3)` |  |
|  |  | shape |  | (None, 128) |  |
| changed | `dense` (Dense) | activation | `linear` | `relu` |  |
|  |  | params | 195 | 387 | +192 |
|  |  | MACs | 192 | 384 | +192 |
|  |  | FLOPs | 387 | 774 | +387 |

| Total | Old | New | Difference |
| --- | ---: | ---: | ---: |
| params | 18,883 | 37,763 | +18,880 |
| bytes of weights | 75,532 | 151,052 | +75,520 |
| MACs per sample | 184,512 | 369,024 | +184,512 |
| FLOPs per sample | 379,907 | 759,814 | +379,907 |
"""


def test_markdown_for_a_pull_request() -> None:
    assert run("old.yaml", "new.yaml", "--format", "markdown").stdout == MARKDOWN


def test_html_and_a_file(tmp_path: Path) -> None:
    assert run("old.yaml", "new.yaml", "-o", "page.html").exit_code == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<td>added</td><td><code>dropout</code> (Dropout)</td>" in page
    assert run("old.yaml", "new.yaml", "--format", "svg").exit_code == 2


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_width_cuts_anything(width: int) -> None:
    difference = compare(load("old.yaml"), load("new.yaml"))
    text = difference_text(difference, width)
    assert max(map(len, text.splitlines())) <= max(width, 48)
    figures = re.findall(r"\S*\d\S*", WHOLE)
    for figure in figures:
        assert figure in text


def test_colour_is_never_alone() -> None:
    difference = compare(load("old.yaml"), load("new.yaml"))
    coloured = difference_text(difference, 80, colour=True)
    assert "\x1b[1;32m+ dropout (Dropout)  added\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == difference_text(difference, 80) == WHOLE


def test_names_steer_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        '{input: [8], layers: [{Dense: {units: 3, name: "a\\e[31mb"}}]}', encoding="utf-8"
    )
    assert "\x1b" not in run("old.yaml", "bad.yaml").output
