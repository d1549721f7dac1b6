"""`lstmcalc sweep` as a user runs it: every form of the answer, what it says at the edges, and what it refuses."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lstmcalc import load, sweep
from lstmcalc.cli import app
from lstmcalc.renderers import sweep_document as words
from lstmcalc.renderers.sweep_data import sweep_csv
from lstmcalc.renderers.sweep_document import sweep_document, sweep_text
from lstmcalc.spec import Spec

ROOT = Path(__file__).parent.parent.parent
SEQ2SEQ = "specs/seq2seq.yaml"
BECAUSE = "`padding: valid` gives T - 3 + 1 = T - 2 time steps"
WINDOW = """
name: window
input: [T, 8]
layers:
  - Conv1D: {filters: U, kernel_size: 3}
  - GlobalMaxPooling1D
"""


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def window(tmp_path: Path) -> str:
    path = tmp_path / "window.yaml"
    path.write_text(WINDOW)
    return str(path)


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["sweep", *words], input=stdin, catch_exceptions=False)


def refusal(*words: str) -> str:
    """What a usage error says."""
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr.partition("\nError: ")[2].rstrip("\n")


# What is said.


def test_a_sweep_as_text() -> None:
    result = run(SEQ2SEQ, "--set", "width=64..128:64", "--set", "T=50,100", "--set", "S=30")
    assert result.exit_code == 0
    assert (
        result.stdout
        == """\
Sweep: seq2seq, 4 points

  Source  specs/seq2seq.yaml
  width   64, 128
  T       50, 100
  S       30

  width    T   S     params  MACs forward  FLOPs forward
                               per sample     per sample
  ─────  ───  ──  ─────────  ────────────  ─────────────
     64   50  30  1,098,048    28,221,440     58,929,820
     64  100  30  1,098,048    55,459,840    115,860,920
    128   50  30  2,319,168    61,685,760    125,945,500
    128  100  30  2,319,168   119,439,360    243,961,400
"""
    )


def test_where_a_model_does_not_hold_is_told(window: str) -> None:
    result = run(window, "--set", "T=2..4", "--set", "U=5")
    assert result.exit_code == 0
    assert (
        result.stdout
        == f"""\
Sweep: window, 3 points

  Source  {window}
  T       2, 3, 4
  U       5

  T  U  params  MACs forward  FLOPs forward  holds only if
                  per sample     per sample
  ─  ─  ──────  ────────────  ─────────────  ─────────────
  2  5                                       T >= 3
  3  5     125           120            245
  4  5     125           240            495

  At 1 of 3 points the model does not hold: `conv1d` holds only if `T >= 3`, as {BECAUSE}.
"""
    )


def test_a_model_that_holds_nowhere_is_wrong(window: str, tmp_path: Path) -> None:
    result = run(window, "--set", "T=1..2", "--set", "U=5", "--format", "csv")
    assert (result.exit_code, result.stdout) == (
        1,
        "T,U,params,macs,flops,holds_only_if\n1,5,,,,T >= 3\n2,5,,,,T >= 3\n",
    )
    assert refusal(window, "--set", "T=1..2", "--set", "U=5", "-o", str(tmp_path / "a.png")) == (
        "Invalid value for --format: expected a model that holds at some of the points, got window, which holds at none"
    )


def test_what_is_left_out_and_what_is_not_decided_is_told(window: str) -> None:
    assert (
        run(window, "--set", "U=5..6").stdout
        == f"""\
Sweep: window, 2 points

  Source  {window}
  U       5, 6

  U  params
  ─  ──────
  5     125
  6     150

  This holds only if `T >= 3`: in `conv1d`, `padding: valid` gives T - 3 + 1 = T - 2 time steps.

  MACs forward and FLOPs forward are left out: no value is given for `T`.
"""
    )


def test_a_layer_goes_through_its_arguments() -> None:
    result = run("lstm", "--units", "32..96:32", "--input", "10,300", "--measure", "params,macs")
    assert (
        result.stdout
        == """\
Sweep: lstm, 3 points

  Source  lstm --units 32..96:32 --input 10,300
  units   32, 64, 96

  units   params  MACs forward
                    per sample
  ─────  ───────  ────────────
     32   42,624       424,960
     64   93,440       931,840
     96  152,448     1,520,640
"""
    )
    same = run("LSTM", "--units=32..96:32", "--input", "10,300", "--measure", "macs", "--format", "csv")
    set_by_name = run("lstm", "--set", "units=32..96:32", "--input", "10,300", "--measure=macs", "--format=csv")
    assert same.stdout == set_by_name.stdout == "units,macs\n32,424960\n64,931840\n96,1520640\n"


def test_an_argument_of_a_layer_in_a_model() -> None:
    result = run("specs/forecast.yaml", "--set", "lstm.units=3..5", "--format", "csv", "--measure", "params")
    assert result.stdout == "lstm.units,params\n3,140\n4,196\n5,260\n"


def test_the_memory_over_batches() -> None:
    words = ("specs/forecast.yaml", "--set", "lstm.units=3", "--batch", "1,32", "--measure", "params,memory")
    result = run(*words, "--optimizer", "sgd", "--precision", "mixed_float16", "--format", "csv")
    lines = result.stdout.splitlines()
    assert lines[0] == "lstm.units,batch,params,memory"
    assert [line.rpartition(",")[0] for line in lines[1:]] == ["3,1,140", "3,32,140"]
    told = run(*words, "--optimizer", "sgd").stdout
    assert "  Memory      with optimizer sgd, precision float32\n" in told
    assert run(*words[:3], "--batch", "32", *words[5:], "--optimizer", "sgd", "--format", "csv").stdout.endswith(
        f",{run(*words, '--optimizer', 'sgd', '--format', 'csv').stdout.rpartition(',')[2]}"
    )
    fixed = run("specs/char_rnn.yaml", "--set", "T=10", "--measure", "memory").stdout
    assert "  Memory  with batch 64, optimizer adam, precision float32\n" in fixed


def test_a_model_from_standard_input() -> None:
    result = run("-", "--set", "U=5", "--measure", "params", "--format", "csv", stdin=WINDOW)
    assert result.stdout == "U,params\n5,125\n"


def test_many_points_on_a_terminal_are_cut() -> None:
    found = sweep(load(SEQ2SEQ), {"width": range(1, 1001)}, ["params"])
    text = sweep_text(found, 80, few=True)
    rows = [line.split()[0] for line in text.splitlines() if re.match(r"  +[\d…]", line)]
    assert rows == [*map(str, range(1, 21)), "…", "996", "997", "998", "999", "1,000"]
    assert (
        "  These are the first 20 and the last 5 of 1,000 points: `-o sweep.csv` writes\n"
        "  all of them to a file, and a pipe gets all of them.\n"
    ) in text
    assert len(sweep_text(found, None).splitlines()) == 1000 + 7
    few = sweep(load(SEQ2SEQ), {"width": range(1, 31)}, ["params"])
    assert "…" not in sweep_text(few, 80, few=True)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_a_table_fits_its_terminal(width: int, window: str) -> None:
    found = sweep(load(window), {"T": range(1, 100), "U": 5})
    for line in sweep_text(found, width, few=True).splitlines():
        assert len(line) <= width or line.startswith("  Source  ")


NARROW = """\
  width   T   S  params
     64  50  30  1,098,048
    MACs forward, per sample:
    28,221,440
    FLOPs forward, per sample:
    58,929,820
""".splitlines()


def test_a_narrow_table_names_what_stands_below_its_row() -> None:
    found = sweep(load(SEQ2SEQ), {"width": (64,), "T": 50, "S": 30})
    assert sweep_text(found, 34).splitlines()[7:] == NARROW


def test_the_values_of_a_symbol_in_short() -> None:
    assert words.axis_text(range(1, 1001)) == "1 to 1,000"
    assert words.axis_text(range(9, 0, -2)) == "9 to 1 in steps of -2"
    assert words.axis_text((7,)) == "7"


# Other forms.


def test_csv_is_one_line_a_point(window: str) -> None:
    result = run(window, "--set", "T=2..4", "--set", "U=5", "--format", "csv")
    assert list(csv.DictReader(StringIO(result.stdout))) == [
        {"T": "2", "U": "5", "params": "", "macs": "", "flops": "", "holds_only_if": "T >= 3"},
        {"T": "3", "U": "5", "params": "125", "macs": "120", "flops": "245", "holds_only_if": ""},
        {"T": "4", "U": "5", "params": "125", "macs": "240", "flops": "495", "holds_only_if": ""},
    ]


def test_what_is_put_together_in_pieces_is_whole(monkeypatch: pytest.MonkeyPatch, window: str) -> None:
    found = sweep(load(window), {"T": range(1, 24), "U": (5, 6)})
    text, lines = sweep_text(found, None), sweep_csv(found)
    monkeypatch.setattr(words, "PIECE", 7)
    monkeypatch.setattr("lstmcalc.renderers.sweep_data.PIECE", 7)
    assert (sweep_text(found, None), sweep_csv(found)) == (text, lines)
    assert len(list(csv.DictReader(StringIO(lines)))) == 46


def test_json_is_the_contract(window: str) -> None:
    result = run(window, "--set", "T=2..4", "--set", "U=5", "--json")
    assert json.loads(result.stdout) == {
        "schema": "lstmcalc.sweep/1",
        "source": window,
        "name": "window",
        "points": 3,
        "sizes": {"T": [2, 3, 4], "U": [5, 5, 5]},
        "measures": {"params": [None, 125, 125], "macs": [None, 120, 240], "flops": [None, 245, 495]},
        "formulas": {"params": "25*U", "macs": "24*U*(T - 2)", "flops": "U*(50*T - 101)"},
        "conditions": [{"layer": "conv1d", "holds_if": "T >= 3", "because": BECAUSE}],
        "fails": [1, 0, 0],
        "assumptions": [],
        "left_out": {},
    }


def test_the_formulas_give_the_columns() -> None:
    document = json.loads(run(SEQ2SEQ, "--set", "width=1..9", "--set", "T=3,4", "--set", "S=7", "--json").stdout)
    points = [
        dict(zip(document["sizes"], values, strict=True)) for values in zip(*document["sizes"].values(), strict=True)
    ]
    for name, formula in document["formulas"].items():
        assert [eval(formula, {}, point) for point in points] == document["measures"][name]


def test_every_source_is_a_document(window: str) -> None:
    result = run(window, window, "no.yaml", "--set", "T=3", "--set", "U=5", "--json")
    assert result.exit_code == 1
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [document.get("points") for document in documents] == [1, 1, None]
    assert documents[2]["errors"][0]["code"] == "missing-file"


def test_markdown_and_html(window: str) -> None:
    markdown = run(window, "--set", "T=2..3", "--set", "U=5", "--format", "markdown").stdout
    assert (
        "| `T` | `U` | params | MACs forward<br>per sample | FLOPs forward<br>per sample | holds only if |\n"
        "| ---: | ---: | ---: | ---: | ---: | --- |\n"
        "| 2 | 5 |  |  |  | `T >= 3` |\n"
        "| 3 | 5 | 125 | 120 | 245 |  |\n"
    ) in markdown
    html = run(window, "--set", "T=2..3", "--set", "U=5", "--format", "html").stdout
    assert "<td class=n>245</td>" in html
    assert "At 1 of 2 points the model does not hold" in html


@pytest.mark.parametrize("form", ["text", "csv", "json", "markdown", "html", "svg", "png"])
def test_every_form_goes_to_a_file(form: str, tmp_path: Path) -> None:
    if form in ("svg", "png"):
        pytest.importorskip("matplotlib")
    output = tmp_path / f"sweep.{ {'text': 'txt', 'markdown': 'md'}.get(form, form) }"
    result = run(SEQ2SEQ, "--set", "width=1..9", "--measure", "params", "-o", str(output))
    assert (result.exit_code, result.output) == (0, "")
    assert output.stat().st_size > 80
    assert [path.name for path in tmp_path.iterdir()] == [output.name]


def test_a_page_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "MOST_ROWS", 5)
    assert refusal(SEQ2SEQ, "--set", "width=1..6", "--measure", "params", "--format", "html") == (
        "Invalid value for --format: expected at most 5 points for html, got 6: csv, json and text take them"
    )


# What is refused.


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "--set: expected a symbol to go through values, got none"),
        (["--set", "U"], "--set: expected NAME=VALUES such as U=64, U=32..512:32 or lstm.units=50,100, got U"),
        (["--set", "=5"], "--set: expected NAME=VALUES such as U=64, U=32..512:32 or lstm.units=50,100, got =5"),
        (
            ["--set", "a..b=5"],
            "--set: expected NAME=VALUES such as U=64, U=32..512:32 or lstm.units=50,100, got a..b=5",
        ),
        (["--set", "U="], "--set: U: expected numbers and ranges such as 64, 50,100 or 32..512:32, got nothing"),
        (["--set", "U=5..1"], "--set: U: expected a range that goes up, such as 1..5, got 5..1"),
        (["--set", "U=1..5:0"], "--set: U: expected a step of at least 1, got 0 in 1..5:0"),
        (["--set", "U=0"], "--set: U: expected whole numbers from 1 on, got 0"),
        (["--set", "U=-4..4"], "--set: U: expected whole numbers from 1 on, got -4 in -4..4"),
        (["--set", "U=0.5"], "--set: U: expected whole numbers from 1 on, got 0.5"),
        (["--set", "U=1", "--set", "U=2"], "--set: expected every symbol once, got U twice"),
        (["--set", "U=3,3"], "--set: expected every value once, got 3 twice for U"),
        (
            ["--set", "U=1..1000000000000"],
            "--set: expected at most 10,000,000 points, got 1,000,000,000,000: narrow a range, "
            "or give it a greater step",
        ),
        (
            ["--set", "U=1..1000000", "--set", "T=1..1000000"],
            "--set: expected at most 10,000,000 points, got 1,000,000,000,000, 1,000,000 · 1,000,000: narrow a range, "
            "or give it a greater step",
        ),
        (
            ["--set", "U=1", "--measure", "parms"],
            "--measure: expected params, trainable-params, bytes, macs, flops, training-macs, memory, got parms",
        ),
        (["--set", "U=1", "--measure", ""], None),
        (
            ["--set", "U=1", "--batch", "1..8"],
            "--batch: expected `--measure memory` beside several sizes, as all else is measured per sample",
        ),
        (["--set", "U=1", "--batch", "0"], "--batch: expected whole numbers from 1 on, got 0"),
        (
            ["--set", "U=1", "--optimizer", "sgd"],
            "--optimizer: expected `--measure memory` beside it, which alone depends on it",
        ),
        (
            ["--set", "U=1", "--measure", "memory", "--optimizer", "adm"],
            None,
        ),
        (["--set", "U=1", "--input", "3"], None),
        (["--set", "U=1", "--format", "png"], "--output: expected a file to write the picture to, got none"),
        (
            ["--set", "U=1", "--format", "svg", "--measure", "params"],
            "--format: expected a symbol with at least two values to draw window over, got single ones",
        ),
        (["--set", "U=1", "--format", "gif"], "--format: expected text, json, markdown, html, svg, csv, png, got gif"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_no_sweep_is(options: list[str], reason: str | None, window: str) -> None:
    said = refusal(window, *options)
    assert reason is None or said == f"Invalid value for {reason}"


def test_options_of_a_layer_for_a_file(window: str) -> None:
    assert refusal(window, "--set", "U=1", "--units", "5") == (
        f"Invalid value: expected files, as {window} is one, got --units, which is for a layer"
    )


def test_an_unknown_symbol_is_an_error(window: str) -> None:
    result = run(window, "--set", "V=1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"error[unknown-symbol] {window}\n  expected one of `T`, `U`\n  got      V\n"


def test_a_measure_without_its_values_is_an_error(window: str) -> None:
    result = run(window, "--set", "U=1", "--measure", "macs")
    assert result.exit_code == 1
    assert result.stderr == (
        f"error[unset-symbol] {window}\n"
        "  expected a value for every symbol in: MACs forward, per sample\n"
        "  got      none for `T`\n"
        "  fix      add `--set T=…`\n"
    )


def test_nothing_is_written_where_nothing_is_known(tmp_path: Path, window: str) -> None:
    output = tmp_path / "sweep.svg"
    assert run(window, "--set", "V=1,2", "-o", str(output)).exit_code == 1
    assert not output.exists()


def test_a_plot_needs_matplotlib(monkeypatch: pytest.MonkeyPatch, window: str) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run(window, "--set", "U=1,2", "--format", "svg")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "lstmcalc: a plot needs matplotlib, which is not installed: pip install 'lstmcalc[plot]'\n"


def test_a_small_sweep_loads_no_numpy() -> None:
    code = (
        "import sys; from lstmcalc.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "sys.exit(str({'numpy', 'matplotlib', 'distributed', 'keras', 'tensorflow'} & set(sys.modules) or '') or 0)"
    )
    command = [sys.executable, "-c", code, "sweep", SEQ2SEQ, "--set", "width=1..100"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_numpy_the_answers_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise ImportError")
    code = "from lstmcalc.cli import main; main()"
    command = [
        sys.executable,
        "-c",
        code,
        "sweep",
        SEQ2SEQ,
        "--set",
        "width=1..100",
        "--set",
        "T=1..50",
        "--set",
        "S=3",
        "--json",
    ]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    plain = subprocess.run(command, capture_output=True, cwd=ROOT, check=True, env=environment)
    fast = subprocess.run(command, capture_output=True, cwd=ROOT, check=True)
    assert plain.stdout == fast.stdout
    assert json.loads(fast.stdout)["points"] == 5000


def model(text: str) -> Spec:
    return load("-", text=text)


def test_a_hostile_name_does_no_harm() -> None:
    spec: Any = model('name: "<b>|x`"\ninput: [T, 8]\nlayers: [{LSTM: {units: 4, name: "a<b>"}}]')
    document = sweep_document(sweep(spec, {"T": (1, 2)}))
    from lstmcalc.renderers.html import page_html

    assert "<b>" not in page_html([document])
