"""What is asked of a command counts: sizes left open, options that go together, what is left out is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lstmcalc import infer, load
from lstmcalc.cli import app
from lstmcalc.errors import SpecError
from lstmcalc.explanation.costs.model import cost_of_model
from lstmcalc.renderers.summary_text import render_summary

OPEN = "input: [null, 8]\nlayers: [{GRU: {units: 16, name: g}}, {Dense: 3}]\n"
TWO = """\
inputs: {a: {shape: [null, 35]}, b: {shape: [null, 35]}}
layers:
  - LSTM: {units: 8, inputs: a, name: left}
  - LSTM: {units: 8, inputs: b, name: right}
  - Concatenate: {inputs: [left, right]}
"""
STATEFUL = "input: [10, 8]\nlayers: [{LSTM: {units: U, stateful: true}}]\n"


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models, which is the one that the commands are run in."""
    for name, text in (("open", OPEN), ("two", TWO), ("stateful", STATEFUL)):
        (tmp_path / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def printed(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def refusal(*words: str) -> str:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    return " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("summary open.yaml --set T=5", "Input: (None, 5, 8)"),
        ("summary open.yaml --cost --set T=5", "5,808"),
        ("summary open.yaml --fit 8GB --set T=100", "In 8,000,000,000 bytes fit between"),
        ("explain open.yaml --set T=5", "The 5 steps end"),
        ("explain open.yaml --layer g --set T=5", "5 uses"),
        ("check open.yaml --macs 5808 --set T=5", "kept"),
        ("sweep open.yaml --set g.units=16 --set T=5", "5,808"),
        ("solve open.yaml --for g.units --macs 5808 --set T=5", "g.units = 16"),
        ("diff open.yaml open.yaml --set T=5", "the same model"),
        ("convert open.yaml --to yaml --set T=5", "symbols: {T: 5}"),
    ],
)
def test_a_value_for_an_unknown_size_counts_everywhere(words: str, told: str, sources: Path) -> None:
    assert told in printed(*words.split())


def test_values_for_some_of_the_unknown_sizes_leave_the_others_open(sources: Path) -> None:
    spec = load("two.yaml")
    assert [port.shape for port in infer(spec, {"T1": 5}).inputs] == [(None, 5, 35), (None, None, 35)]
    with pytest.raises(SpecError) as caught:
        infer(spec, {"X": 5})
    [fault] = caught.value.faults
    assert fault.code == "unknown-symbol"
    assert fault.expected == 'one of `T1` (axis 1 of the input "a"), `T2` (axis 1 of the input "b")'


def test_uses_over_open_steps_have_the_name_of_the_axis(sources: Path) -> None:
    text = printed("explain", "open.yaml", "--layer", "g")
    [row] = [line for line in text.splitlines() if line.startswith("  kernel ")][:1]
    assert row.split()[:5] == ["kernel", "(8,", "48)", "384", "timesteps"]


def test_nothing_is_said_of_tools_that_are_not_there() -> None:
    text = printed("explain", "gru", "--units", "8", "--input", "5,4", "--no-reset-after", "--compare")
    assert "TensorFlow's profiler" in text
    assert "their own layer" not in text and "fvcore" not in text


def test_sums_stand_in_parentheses_before_what_they_are_multiplied_with() -> None:
    text = printed("explain", "RNN([LSTMCell(4),GRUCell(3)])", "--input", "10,F")
    assert "(16·F + 127) · 10 = 160·F + 1,270 MACs" in text


def test_a_picture_refuses_what_it_has_no_room_for(sources: Path) -> None:
    for option in (("--cost",), ("--memory",), ("--fit", "8GB")):
        assert "a picture has no room for cost and memory" in refusal("summary", "open.yaml", *option, "-o", "a.svg")
    assert not (sources / "a.svg").exists()


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_a_sweep_leaves_out_is_said_beside_it(form: str, sources: Path) -> None:
    result = run("sweep", "open.yaml", "--set", "g.units=8,16", "--format", form)
    assert result.stderr == (
        "lstmcalc: sequential: MACs forward and FLOPs forward are left out: no value is given for `T`.\n"
    )
    if form == "json":
        assert set(json.loads(result.stdout)["left_out"]) == {"macs", "flops"}


def test_training_macs_wrap_their_title_before_they_are_left_out() -> None:
    report = infer(load("specs/forecast.yaml"))
    cost = cost_of_model(report)
    wide, narrow = (render_summary(report, width=width, cost=cost) for width in (80, 60))
    assert wide.splitlines()[3].split() == ["Training"] and "21,288,000" in wide.split("Total params")[0]
    assert "Training MACs of each layer are left out for want of room" in " ".join(narrow.split())
    assert "left out" not in wide


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("solve open.yaml --for batch --batch 4 --memory 1GB", "--batch: expected --batch or --for batch, got both"),
        ("solve open.yaml --for g.units --params 5k --batch 4", "--batch: expected --memory beside it"),
        ("solve open.yaml --for g.units --params 5k --optimizer sgd", "--optimizer: expected --memory beside it"),
        ("solve open.yaml --params 5k --params 6k", "--params: expected it once, got 5k and 6k"),
        ("sweep open.yaml --set g.units=8,16 --batch 8", "--batch: expected `--measure memory` beside it"),
        ("summary open.yaml --optimizer=", "--optimizer: expected an optimizer such as adam or `SGD(momentum=0.9)`, "
                                            "got nothing"),
        ("summary open.yaml --precision float", "--precision: expected one of"),
        ("explain lstm --cost", "--cost: expected it left out: explain tells what a layer costs without it"),
        ("explain open.yaml --fit 8GB", "--fit: expected it left out"),
        ("sweep lstm --units nan --input 10,3", "--units: expected values to go through"),
        ("sweep lstm --units -1,5 --input 10,3", "--units: expected whole numbers from 1 on, got -1 in -1,5"),
        ("sweep lstm --units 1e400,5 --input 10,3", "--units: expected whole numbers from 1 on, got 1e400"),
        ("sweep lstm --units 5..1 --input 10,3", "--units: expected a range that goes up, such as 1..5, got 5..1"),
        ("sweep lstm --units 5 --input 10,5..1", "--input: expected a range that goes up"),
    ],
)  # fmt: skip
def test_what_would_be_passed_over_is_refused(words: str, reason: str, sources: Path) -> None:
    assert reason in refusal(*words.split())


def test_options_of_the_memory_ask_for_it(sources: Path) -> None:
    for option in (("--optimizer", "sgd"), ("--precision", "mixed_float16"), ("--fit", "8GB")):
        assert "Memory of a training step" in printed("summary", "open.yaml", *option)


def test_a_stateful_model_takes_the_batch_that_it_needs(sources: Path) -> None:
    assert "U = 11" in printed("solve", "stateful.yaml", "--params", "1000", "--batch", "4")
    assert "880" in printed("sweep", "stateful.yaml", "--set", "U=11", "--batch", "4")


def test_memory_alone_points_to_the_batch(sources: Path) -> None:
    result = run("solve", "open.yaml", "--memory", "8GB", "--set", "T=100")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "  fix      name one, such as `--for batch`")


def test_an_argument_of_a_layer_may_be_set_for_solve(sources: Path) -> None:
    words = ("solve", "open.yaml", "--for", "dense.units", "--params", "300")
    # 3·8·(8 + 8 + 2) = 432 is too many; 3·4·(8 + 4 + 2) = 168 leaves room for 26·(4 + 1).
    assert "dense.units = 26" in printed(*words, "--set", "g.units=4")
    result = run(*words, "--set", "g.unit=4")
    assert "did you mean `g.units`?" in result.stderr and result.exit_code == 1


def sizes(*words: str) -> dict[str, list[int]]:
    return dict(json.loads(printed("sweep", *words, "--json", "--measure", "params"))["sizes"])


def test_a_sweep_goes_through_any_size_of_a_layer() -> None:
    assert sizes("lstm", "--units", "32,64", "--input", "10,300") == {"units": [32, 64]}
    assert sizes("lstm", "--units=32,64", "--input", "10,300") == {"units": [32, 64]}
    assert sizes("lstm", "--units", "4", "--input", "10,32..96:32") == {"input_dim": [32, 64, 96]}
    assert sizes("LSTM(64)", "--input", "10,300", "--set", "units=3,4") == {"units": [3, 4]}
    # Of sizes along several axes, a list is one value.
    assert sizes("conv2d", "--filters", "4,8", "--kernel-size", "3,5", "--input", "32,32,3") == {"filters": [4, 8]}


def test_help_tells_how_to_go_through_time_steps() -> None:
    text = " ".join(CliRunner().invoke(app, ["sweep", "--help"], env={"COLUMNS": "160"}).stdout.split())
    assert "--input T,300 --set T=10,25" in text
    assert sizes("lstm", "--units", "4", "--input", "T,300", "--set", "T=10,25") == {"T": [10, 25]}
    assert sizes("lstm", "--units", "4", "--input", "10..50:20,300") == {"timesteps": [10, 30, 50]}


def test_a_picture_of_many_measures_is_a_grid(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "picture.png"
    every = "params,trainable-params,bytes,macs,flops,training-macs,memory"
    printed("sweep", "lstm", "--units", "4..8", "--input", "10,3", "--measure", every, "-o", str(path))
    width, height = (int.from_bytes(path.read_bytes()[place : place + 4], "big") for place in (16, 20))
    assert width < 1600 and 1200 < height < 1600


def test_help_tells_what_is_measured() -> None:
    text = " ".join(CliRunner().invoke(app, ["solve", "--help"], env={"COLUMNS": "160"}).stdout.split())
    assert "--bytes BYTES The memory of the weights alone." in text
    assert "--macs N Products added up, of one sample, forward." in text
    assert "text|json|markdown|html " in text


@pytest.mark.parametrize(("padding", "fix"), [("valid", 'put "lstm", or another'), ("same", "in a functional model")])
def test_what_mends_a_lost_mask_is_the_same_with_and_without_costs(padding: str, fix: str, tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(
        "input: [null]\nlayers:\n- Embedding: {input_dim: 9, output_dim: 8, mask_zero: true}\n"
        f"- Conv1D: {{filters: 4, kernel_size: 3, padding: {padding}}}\n- LSTM: 16\n"
    )
    plain, costed = (printed("summary", str(path), *words) for words in ((), ("--cost",)))
    for text in (plain, costed):
        assert fix in text[text.index("hint[mask-lost]") :].partition("  fix ")[2].strip()[: len(fix)]


def test_several_layers_are_spoken_of_as_several(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    layers = "\n".join(f"- Lambda: {{function: f, output_shape: [4], name: {name}}}" for name in ("one", "two"))
    path.write_text(f"input: [4]\nlayers:\n{layers}\n")
    text = printed("summary", str(path), "--cost")
    assert '`?` at "one" (Lambda) and "two" (Lambda): what they calculate is not known.' in text


def test_totals_have_separators_in_expressions_too(sources: Path) -> None:
    (sources / "wide.yaml").write_text("input: [20, 1234]\nlayers: [{LSTM: U}]\n")
    assert "4·U·(U + 1,235)" in printed("summary", "wide.yaml").split("Total params")[1]


def test_every_tool_has_a_row_once_any_layer_was_measured(sources: Path) -> None:
    (sources / "both.yaml").write_text("input: [20, 8]\nlayers: [Bidirectional(GRU(16)), {Dense: {units: 3}}]\n")
    (sources / "last.yaml").write_text("input: [8]\nlayers: [{Dense: {units: 3, activation: softmax}}]\n")
    rows = [printed("summary", name, "--cost", "--compare") for name in ("both.yaml", "last.yaml")]
    assert all("Flax's tabulate" in text and "XLA's cost analysis" in text for text in rows)
    assert "`?`: none of these layers was measured with this tool." in rows[1] and "`?`" not in rows[0]


def test_units_of_memory_say_that_they_are_powers_of_1024() -> None:
    text = printed("summary", "specs/forecast.yaml", "--memory", "--batch", "32")
    assert "1,473,680 (1.41 MiB)" in text and "368,420  (1.41 MB)" in text
