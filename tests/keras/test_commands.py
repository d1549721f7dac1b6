"""`verify`, and the `--verify` of the other commands, as a user runs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lstmcalc.cli import app
from lstmcalc.layers.rule import RULES, Inputs, Weight

ROOT = Path(__file__).parent.parent.parent
SPECS = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "specs").glob("*.yaml"))]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


@pytest.fixture
def without_a_bias(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plants a wrong rule: an LSTM that forgets its bias."""
    right = RULES["LSTM"].weights

    def weights(self: Any, x: Inputs) -> Iterator[Weight]:
        return (weight for weight in right(self, x) if weight.name != "bias")

    monkeypatch.setattr(RULES["LSTM"], "weights", weights)


@pytest.mark.parametrize("path", SPECS)
def test_every_spec_agrees(path: str) -> None:
    result = run("verify", "--json", path)
    document = json.loads(result.stdout)
    assert (result.exit_code, document["agrees"]) == (0, True), result.stdout
    assert {"schema", "source", "keras", "backend", "device", "layers", "forward"} <= set(document)
    assert document["schema"] == "lstmcalc.verification/1"
    assert all(layer["agrees"] and layer["mismatches"] == [] for layer in document["layers"])
    passes = [check for check in document["forward"] if not check.get("expected_to_fail")]
    assert len(passes) == 2
    assert all({"batch", "sizes", "output_shapes", "agrees"} <= set(check) for check in passes)


def test_the_model_that_cannot_run_is_shown_so() -> None:
    result = run("verify", "specs/target_token_as_asked.yaml")
    assert result.exit_code == 0
    assert "fails, as it should: it holds only if T = 1" in result.stdout
    assert "Keras fails on data: " in result.stdout


@pytest.mark.usefixtures("without_a_bias")
def test_a_wrong_rule_ends_with_1() -> None:
    result = run("verify", "specs/forecast.yaml")
    assert result.exit_code == 1
    assert result.stdout.startswith("forecast: DIFFERS from Keras ")
    found = "weights: Keras kernel, recurrent_kernel, bias, lstmcalc kernel, recurrent_kernel"
    assert found in " ".join(result.stdout.split())


@pytest.mark.usefixtures("without_a_bias")
@pytest.mark.parametrize(
    "words",
    [("summary", "--verify", "specs/forecast.yaml"), ("explain", "lstm", "--units", "3", "--input", "4", "--verify")],
)
def test_verify_beside_an_answer_ends_with_1_too(words: tuple[str, ...]) -> None:
    result = run(*words)
    assert (result.exit_code, "DIFFERS from Keras" in result.stdout) == (1, True)


def test_keras_has_its_word_beneath_an_explanation() -> None:
    result = run("explain", "lstm", "--units", "128", "--input", "300", "--verify")
    explanation, word = result.stdout.split("\nlstm: agrees with Keras ")
    assert result.exit_code == 0
    assert "219,648" in explanation
    assert "3 weights, 219,648 params: all as Keras has them" in word


def test_a_symbolic_explanation_can_be_verified_too() -> None:
    result = run("explain", "gru", "--verify")
    assert (result.exit_code, "agrees with Keras" in result.stdout) == (0, True)


def test_a_gpu_that_is_not_there_is_one_clear_line() -> None:
    result = run("verify", "--device", "gpu", "specs/forecast.yaml")
    assert result.exit_code == 2
    assert result.stderr.startswith("lstmcalc: no GPU that ") and result.stderr.count("\n") == 1


def test_a_wrong_model_fails_before_keras() -> None:
    result = run("verify", "tests/models/several_faults.yaml")
    assert result.exit_code == 1
    assert "error[wrong-ndim]" in result.stderr
