"""What training takes: the arithmetic by hand, symbols, the largest batch, and what the command prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from layer_examples import cases, one_layer
from typer.testing import CliRunner, Result

from lstmcalc import infer, load
from lstmcalc.cli import app
from lstmcalc.dims import UNKNOWN, substitute, symbol
from lstmcalc.explanation.memory import BASIS, tell_memory
from lstmcalc.layers.kept import Held
from lstmcalc.layers.rule import Example
from lstmcalc.measures import measure
from lstmcalc.memory import Memory, Setting, memory_of
from lstmcalc.memory.fitting import fit_of
from lstmcalc.memory.optimizers import read_optimizer
from lstmcalc.report import Report

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def report_of(layers: str, shape: str = "[10, 3]") -> Report:
    return infer(load("-", text=f"input: {shape}\nlayers: {layers}"))


def kept(layers: str, shape: str = "[10, 3]", **setting: Any) -> tuple[Any, Any]:
    """What one sample has the layers keep, least and most."""
    part = memory_of(report_of(layers, shape), Setting(**setting)).part("activations")
    return part.least, part.most


def test_a_step_of_an_lstm_keeps_its_gates_and_states() -> None:
    # Least: four gates, the carry and the hidden state; the last hidden state is of no use to the gradients, and the
    # input is there anyway. Most: what JAX keeps, 12 for each unit, and the input with its steps in front.
    assert kept("[LSTM: 4]") == (4 * (6 * 10 * 4 - 4), 4 * 10 * (12 * 4 + 3))
    assert kept("['LSTM(4, return_sequences=True)']") == (4 * 6 * 10 * 4, 4 * 10 * (12 * 4 + 3))
    assert kept("[GRU: 4]") == (4 * (5 * 10 * 4 - 4), 4 * 10 * (9 * 4 + 3))
    assert kept("['GRU(4, reset_after=False)']") == (4 * (4 * 10 * 4 - 4), 4 * 10 * (9 * 4 + 3))
    assert kept("[SimpleRNN: 4]") == (4 * (10 * 4 - 4), 4 * 10 * (3 * 4 + 3))
    one = kept("[LSTM: 4]")
    assert kept("['Bidirectional(LSTM(4))']") == (2 * one[0], 2 * one[1])


def test_a_mask_and_dropout_inside_keep_more() -> None:
    plain = kept("[LSTM: 4]")[1]
    assert kept("['LSTM(4, dropout=0.1)']")[1] == plain + 10 * 3 * 3 * 5
    assert kept("['LSTM(4, recurrent_dropout=0.1)']")[1] == plain + 10 * 3 * 4 * 5
    embedded = kept("['Embedding(9, 3, mask_zero=True)', LSTM: 4]", "[10]")
    # Of the output and both states, both that was chosen between and which.
    assert embedded[1] == plain + 4 * 10 + 10 * 2 * 3 * 4 * 5


@pytest.mark.parametrize(
    ("layer", "plain", "masked"), [("BatchNormalization", 320, 1360), ("GlobalAveragePooling1D", 0, 680)]
)
def test_a_mask_that_comes_or_may_come_has_more_kept(layer: str, plain: int, masked: int) -> None:
    unknown = "{Lambda: {output_shape: [10, 3], mask: mine}}"
    assert [kept(f"[{before}'Dense(4)', {layer}]")[1] for before in ("", "{Masking: {}}, ", f"{unknown}, ")] == [
        plain, masked, masked,
    ]  # fmt: skip


def test_an_array_that_two_layers_read_is_kept_once() -> None:
    # The activation of the first, which the second reads.
    assert kept("['Dense(4, activation=\"tanh\")', Dense: 2]", "[3]")[0] == 4 * 4
    assert kept("['Dense(4, activation=\"relu\")', Dense: 2]", "[3]") == (4 * 4, 4 * 4 + 4 + 4 * 4)
    # A Flatten gives the same numbers on.
    flat = kept("['Dense(4, activation=\"tanh\")', Flatten, Dense: 2]", "[5, 3]")
    assert flat[0] == 4 * 5 * 4


def test_what_dropout_gives_is_an_array_of_its_own() -> None:
    layers = (
        "[{name: a, layer: 'Dense(4, activation=\"tanh\")', inputs: input}, {name: b, layer: 'Dropout(0.5)'}, "
        "{name: c, layer: Dense(4), inputs: b}, {name: d, layer: Dense(4), inputs: a}, "
        "{name: e, layer: Add, inputs: [c, d]}]"
    )
    # At most two arrays of tanh, what the products read, each its own, and of dropout zeros and which values stay.
    assert kept(layers, "[3]") == (4 * 4, 4 * (2 + 2 + 1) * 4 + 4)


def test_what_no_gradient_passes_keeps_nothing() -> None:
    assert kept("['LSTM(4, trainable=False)']") == (0, 0)
    # The frozen layer behind a trained one still has its gates, but no product with a trained weight.
    least, most = kept("[Dense: 3, 'LSTM(4, trainable=False)']")
    assert least == 4 * (6 * 10 * 4 - 10 * 4)
    assert most == 4 * 10 * (12 * 4 + 3)
    assert kept("[Flatten]") == (0, 0)


def test_a_nested_model_keeps_what_its_layers_keep() -> None:
    inside = "models:\n  inner:\n    input: [10, 3]\n    layers: [{LSTM: 4}]\ninput: [10, 3]\nlayers: [inner]"
    part = memory_of(infer(load("-", text=inside)), Setting()).part("activations")
    assert (part.least, part.most) == kept("[LSTM: 4]")


def test_half_precision_halves_activations_and_keeps_weights() -> None:
    report = report_of("[LSTM: 4]")
    full, half = (memory_of(report, Setting(precision=name)) for name in ("float32", "mixed_bfloat16"))
    assert half.part("weights") == full.part("weights")
    # The input is there in float32, and once more as the layer reads it.
    assert half.part("activations").least == full.part("activations").least // 2 + 2 * 10 * 3
    assert half.part("activations").most == full.part("activations").most // 2
    assert half.part("copies").most == (4 + 2) * report.totals.params
    # A layer that states its own dtype is not asked.
    own = report_of("['Dense(4, dtype=\"float32\")', 'Dense(2, dtype=\"float32\")']")
    assert memory_of(own, Setting(precision="mixed_bfloat16")).part("activations").most == 4 * 10 * 4


def test_symbols_and_numbers_agree() -> None:
    spec = load("specs/seq2seq.yaml")
    named = memory_of(infer(spec), Setting(symbol("B")))
    numbers = memory_of(infer(spec, {"S": 5, "T": 9}), Setting(32))
    values = {"S": 5, "T": 9, "B": 32}
    for there, here in zip(named.parts, numbers.parts, strict=True):
        assert (substitute(there.least, values), substitute(there.most, values)) == here[1:]
    assert measure(infer(spec, {"S": 5, "T": 9}), "memory", Setting(32)) == numbers.most


@pytest.mark.parametrize(("name", "example"), cases(Example))
def test_every_layer_says_what_it_keeps(name: str, example: Example) -> None:
    report = infer(one_layer(name, example.arguments, example.inputs, example.states, keywords=example.keywords,
                             dtype=example.dtype))  # fmt: skip
    memory = memory_of(report, Setting(symbol("B")))
    assert isinstance(memory, Memory)
    calls = [call for layer in report.layers for call in layer.calls]
    for held in (held for call in calls for held in call.effort.kept[:2]):
        assert isinstance(held, Held)
        assert all(0 <= place < max(len(call.inputs) for call in calls) for place in held.inputs)


@pytest.mark.parametrize("budget", [4_421_048 + 144_080, 7_000_000, 8_000_000_000])
def test_the_batch_that_fits_is_the_largest(budget: int) -> None:
    report = infer(load("specs/forecast.yaml"))
    fit = fit_of(report, Setting(), budget)
    for batch, end in ((fit.surely, "most"), (fit.perhaps, "least")):
        assert batch is not None
        taken, more = (getattr(memory_of(report, Setting(size)), end) for size in (batch, batch + 1))
        assert (taken <= budget or batch == 0) and more > budget


def test_a_size_that_is_not_known_makes_the_answer_unknown() -> None:
    report = infer(load("-", text="input: [null, 3]\nlayers: [LSTM: 4]"))
    assert memory_of(report, Setting()).most is UNKNOWN
    told = tell_memory(report, Setting(), 10**9)
    assert told.fits == (
        "How many samples fit in 1,000,000,000 bytes is not known, because the most that a layer keeps is not."
    )
    assert "`?`: how much a layer keeps is not known" in told.basis[-1]


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("1MB", "Not even one sample fits in 1,000,000 bytes."),
        ("4.7MB", "In 4,700,000 bytes fit at most 1 sample, on a backend that takes the least. On one that takes the "
         "most, not even one sample fits."),
        ("8GB", "In 8,000,000,000 bytes fit between 24,167 and 55,494 samples: 24,167 also where a backend takes the "
         "most, more than 55,494 nowhere. Trust the smaller number before you have tried a larger one."),
    ],
)  # fmt: skip
def test_what_fits_is_said(budget: str, said: str) -> None:
    result = run("summary", "specs/forecast.yaml", "--fit", budget)
    assert said in result.stdout.splitlines()[-5]
    assert result.exit_code == 0


def test_open_sizes_are_named() -> None:
    said = run("summary", "specs/seq2seq.yaml", "--memory", "--fit", "8GB").stdout
    assert "depends on `S` and `T`: give a value, as with `--set S=100 --set T=100`." in said
    assert "between" in run("summary", "specs/seq2seq.yaml", "--fit", "8GB", "--set", "S=9", "--set", "T=9").stdout


def test_the_whole_block() -> None:
    said = run("summary", "specs/forecast.yaml", "--memory", "--batch", "32").stdout
    block = said[said.index("Memory of") :].splitlines()
    assert block[0] == "Memory of a training step in bytes: 32 samples, Adam, float32"
    assert [line.split("  ")[1] for line in block[1:11]] == [
        "Part", "weights", "weights again", "gradients", "optimizer", "inputs", "activations", "their gradients",
        "loss", "total",
    ]  # fmt: skip
    assert "4,608,000 (4.39 MiB)  9,256,960 (8.83 MiB)" in block[7]
    assert [line.strip() for line in block[11:]] == list(BASIS)


def test_json_only_adds() -> None:
    plain = json.loads(run("summary", "--json", "specs/forecast.yaml").stdout)
    full = json.loads(run("summary", "--json", "specs/forecast.yaml", "--memory", "--fit", "8GB").stdout)
    memory = full.pop("memory")
    assert full == plain
    assert memory["batch"] == "B" and memory["optimizer"] == "adam" and memory["precision"] == "float32"
    assert memory["parts"]["activations"] == {"least": "144000*B", "most": "289280*B"}
    assert memory["fit"]["batch_least"] == 24_167 and memory["fit"]["batch_most"] == 55_494
    assert memory["fit"]["open"] == []


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_other_forms_hold_the_block(form: str) -> None:
    said = run("summary", "specs/forecast.yaml", "--memory", "--format", form).stdout
    assert "Memory of a training step" in said and "289,280·B" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fit", "0"], "--fit: expected at least 1 byte, got 0"),
        (["--fit=-3"], "--fit: expected an amount such as 500, 8GB or 8GiB, got -3"),
        (["--memory", "--precision", "mixed_flot16"], "--precision: expected one of float32, mixed_float16, "
         "mixed_bfloat16, got mixed_flot16; did you mean mixed_float16?"),
        (["--memory", "--optimizer", "SGD(momentu=3)"], "--optimizer: expected an option of SGD, got momentu; did you "
         "mean momentum?"),
        (["--memory", "--optimizer", "SGD("], "--optimizer: expected an optimizer such as adam or `SGD(momentum=0.9)`, "
         "got SGD("),
        (["--memory", "--optimizer", "Adam(1, 2)"], "--optimizer: expected the options of Adam by name, got "
         "Adam(1, 2)"),
        (["--memory", "--optimizer", "SGD(momentum=U)"], "--optimizer: expected a value for momentum of SGD, got U"),
        (["--memory", "--optimizer", "Adam(use_ema=3)"], "--optimizer: expected use_ema to be True or False, got 3"),
        (["--memory", "--optimizer", "Adam(gradient_accumulation_steps=1)"], "--optimizer: expected "
         "gradient_accumulation_steps to be an integer of at least 2, got 1"),
        (["--memory", "--optimizer", "LossScaleOptimizer"], "--optimizer: expected LossScaleOptimizer around "
         "another optimizer, such as `LossScaleOptimizer(Adam())`, got LossScaleOptimizer"),
        (["--memory", "--optimizer", "adm"], "--optimizer: expected one of SGD, RMSprop, Adam, AdamW, Adadelta, "
         "Adagrad, Adamax, Nadam, Ftrl, Lion, Lamb, ScheduleFreeAdamW, Adafactor, Muon, LossScaleOptimizer, got adm; "
         "did you mean Adam?"),
    ],
)  # fmt: skip
def test_wrong_options(words: list[str], said: str) -> None:
    result = run("summary", "specs/forecast.yaml", *words)
    shown = result.output.partition("\nError: ")[2]
    assert (result.exit_code, shown) == (2, f"Invalid value for {said}\n")


def test_an_optimizer_is_read_once_for_all_its_spellings() -> None:
    assert str(read_optimizer("keras.optimizers.sgd(0.1, nesterov=True)")) == "SGD(learning_rate=0.1, nesterov=True)"
    assert str(read_optimizer("LossScaleOptimizer(adam)")) == "LossScaleOptimizer(Adam)"


def of_part(layers: str, shape: str, name: str = "forward") -> Any:
    return memory_of(report_of(layers, shape), Setting()).part(name).most


def test_layers_without_trained_weights_hold_what_they_give_until_it_is_read() -> None:
    frozen = "'Dense({}, trainable=False)'"
    # Of a chain, an array and the one made of it at a time: 4 and 9 numbers, here.
    assert of_part(f"[{frozen.format(4)}, {frozen.format(9)}, {frozen.format(2)}, Dense: 1]", "[3]") == 4 * (4 + 9)
    # The relu keeps a number and a condition for each that comes out, besides what it gives.
    assert of_part("['Dense(4, activation=\"relu\", trainable=False)', Dense: 1]", "[3]") == 4 * 4 + 4 * 4 + 4
    # What is trained keeps its own; behind it, nothing only passes.
    assert of_part(f"[Dense: 4, {frozen.format(9)}]", "[3]") == 0
    # An array that is read once more later stays until then.
    again = (
        "[{name: a, layer: 'Dense(4, trainable=False)', inputs: input}, {name: b, layer: 'Dense(4, trainable=False)', "
        "inputs: a}, {name: c, layer: 'Dense(4, trainable=False)', inputs: b}, {name: d, layer: Add, inputs: [a, c]}]"
    )
    assert of_part(again, "[3]") == 4 * 3 * 4
    assert of_part("['RandomFlip()', 'MaxPooling2D(8)', Flatten, Dense: 1]", "[8, 8, 3]") == 4 * (8 * 8 * 3 + 3)


def test_attention_keeps_scores_and_what_is_multiplied() -> None:
    each = "{name: a, layer: 'MultiHeadAttention(2, 3, {})', inputs: [d, d]}"
    layers = "[{name: d, layer: Dense(5)}, " + each + "]"
    least, most = kept(layers.replace("{}", ""), "[7, 4]")
    # Query, key, value and what is found, of 2 heads with 3 values at 7 steps; what all of them read is kept once.
    assert least == 4 * (4 * 7 * 6 + 7 * 5)
    assert most == least + 4 * (2 * 2 * 7 * 7 + 2 * 2 * 7)
    # With dropout, which scores stay, and the scores once more.
    assert kept(layers.replace("{}", "dropout=0.1"), "[7, 4]") == (least, most + 5 * 2 * 7 * 7)


def test_a_layer_that_moves_numbers_or_adds_them_keeps_nothing() -> None:
    for layer in ("Flatten", "Reshape([30])", "Permute([2, 1])", "AveragePooling1D(2)", "GlobalAveragePooling1D()",
                  "ZeroPadding1D(1)", "Rescaling(2.0)", "GaussianNoise(0.1)"):  # fmt: skip
        assert kept(f"[Dense: 3, '{layer}']") == (0, 0), layer
    assert kept("[Dense: 3, 'MaxPooling1D(2)']") == (0, 4 * 10 * 3)
    assert kept("[Dense: 3, LayerNormalization]") == (0, 4 * (3 * 10 * 3 + 4 * 10))
    assert kept("[Dense: 3, BatchNormalization]") == (0, 4 * 2 * 10 * 3)


def test_what_only_passes_is_told_where_there_is_any() -> None:
    frozen = report_of("['LSTM(4, trainable=False)', 'Dense(2, trainable=False)']")
    told = tell_memory(frozen, Setting(4, "SGD"))
    assert told.title == "Memory of a training step in bytes: 4 samples, SGD, float32"
    parts = {label: (least, most) for label, least, most, _ in told.rows}
    # All steps of the LSTM, and what comes out of it.
    assert parts["in passing"] == (0, 4 * 4 * (10 * (12 * 4 + 3) + 4))
    assert parts["gradients"] == parts["activations"] == parts["their gradients"] == (0, 0)
