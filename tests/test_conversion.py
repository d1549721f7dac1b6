"""Every way out leads back: the same report from what a model was converted to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from convertible import MODELS
from same_report import by_position, comparable
from typer.testing import CliRunner

from lstmcalc import load
from lstmcalc.cli import app
from lstmcalc.conversion import TARGETS, convert
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.spec import Spec

FOLDER = Path(__file__).parent
SPECS = sorted((FOLDER.parent / "specs").glob("*.yaml"))
ENDINGS = {"yaml": ".yaml", "keras-json": ".json", "python": ".py"}


def sources() -> list[object]:
    specs = [pytest.param(load(path), id=path.stem) for path in SPECS]
    return specs + [pytest.param(load(f"{name}.yaml", text=text), id=name) for name, text in MODELS.items()]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("spec", sources())
def test_the_way_out_leads_back(spec: Spec, target: str) -> None:
    text = convert(spec, target)
    back = load(f"back{ENDINGS[target]}", text=text)
    # Keras's JSON and Python have no names for sizes, and Python none for operations.
    named = target == "yaml"
    if target == "python" and spec.source.startswith("operations"):
        assert by_position(infer(back)) == by_position(infer(spec)), text
    else:
        assert comparable(infer(back), named) == comparable(infer(spec), named), text
    assert target == "python" or convert(back, target) == text


def test_yaml_says_no_more_than_it_must() -> None:
    text = (FOLDER.parent / "specs" / "many_to_many.yaml").read_text(encoding="utf-8")
    assert convert(load("m.yaml", text=text), "yaml") == (
        "name: many_to_many\n"
        "inputs:\n"
        "  input: [15, 10]\n"
        "layers:\n"
        "  - LSTM: {units: 10, return_sequences: true}\n"
        "  - LSTM: {units: 10}\n"
        "  - Dense: {units: 8}\n"
    )


def test_python_reads_as_people_write_it() -> None:
    assert convert(load("shared.yaml", text=MODELS["shared"]), "python") == (
        "import keras\n"
        "from keras import layers\n"
        "\n"
        'a = keras.Input((10, 8), name="a")\n'
        'b = keras.Input((12, 8), name="b")\n'
        'enc_layer = layers.LSTM(4, return_state=True, name="enc")\n'
        "enc = enc_layer(a)\n"
        "enc_2 = enc_layer(b)\n"
        "concatenate = layers.Concatenate()([enc[1], enc_2[2]])\n"
        "dense = layers.Dense(3)(concatenate)\n"
        'model = keras.Model([a, b], [dense, enc_2[0]], name="functional")\n'
    )


@pytest.mark.parametrize("target", ["keras-json", "python"])
def test_an_argument_without_a_value_is_asked_for(target: str) -> None:
    spec = load("m.yaml", text="{input: [T, 8], layers: [{LSTM: {units: 2*U}}, Dense: V]}")
    with pytest.raises(SpecError) as caught:
        convert(spec, target)
    assert [str(fault) for fault in caught.value.faults] == [
        'error[unset-symbol] m.yaml:1:41  layer "lstm" (LSTM)\n'
        "  expected `units` to be a number\n"
        "  got      `2*U`\n"
        "  fix      give its names a value: `--set NAME=VALUE`",
        'error[unset-symbol] m.yaml:1:55  layer "dense" (Dense)\n'
        "  expected `units` to be a number\n"
        "  got      `V`\n"
        "  fix      give its names a value: `--set NAME=VALUE`",
    ]
    assert convert(replace(spec, symbols={"U": 2, "V": 3}), target)


def test_the_command(tmp_path: Path) -> None:
    runner = CliRunner()
    out = tmp_path / "model.json"
    source = str(FOLDER.parent / "specs" / "forecast.yaml")
    assert runner.invoke(app, ["convert", source, "--to", "keras-json", "-o", str(out)]).exit_code == 0
    again = runner.invoke(app, ["convert", str(out), "--to", "yaml"])
    assert again.output == runner.invoke(app, ["convert", source, "--to", "yaml"]).output
    wrong = runner.invoke(app, ["convert", source, "--to", "onnx"])
    assert wrong.exit_code == 2
    assert "expected yaml, keras-json, python, got onnx" in wrong.output
