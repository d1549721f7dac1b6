"""Every way out leads back: the same report from what a model was converted to."""

from __future__ import annotations

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
from lstmcalc.spec import LayerSpec, Ref, Spec

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
    assert convert(spec._replace(symbols={"U": 2, "V": 3}), target)


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


def refusals(spec: Spec, target: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        convert(spec, target)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("target", TARGETS)
def test_a_model_with_faults_is_not_converted(target: str) -> None:
    spec = load("m.yaml", text="{input: [8], layers: [Dense: 3, LSTM: 4]}")
    assert [fault.partition(" ")[0] for fault in refusals(spec, target)] == ["error[wrong-ndim]"]


SHARED_MODEL = """
    inputs: {i: [8], j: [8]}
    models:
      a: {input: [8], layers: [Dense: 4]}
      b: {input: [8], layers: [a, Dense: 2]}
    layers: [{a: {inputs: i}}, {b: {inputs: j}}]
    outputs: [a, b]
"""


def test_a_model_in_two_models_is_one_object() -> None:
    spec = load("m.yaml", text=SHARED_MODEL)
    text = convert(spec, "python")
    assert text.count("keras.Sequential(") == 2
    assert infer(load("m.py", text=text)).totals.params == infer(spec).totals.params == 46
    assert refusals(spec, "keras-json") == [
        'error[not-convertible] m.yaml:4:7  layer "a" (Sequential)\n'
        "  expected a model that stands in one model\n"
        '  because  it stands in "b" and "functional", and Keras\'s JSON has no way to say that one layer stands in two'
        " models\n"
        "  fix      convert to YAML or Python"
    ]


def test_models_of_models_stand_side_by_side() -> None:
    assert convert(load("m.yaml", text=MODELS["models_in_models"]), "yaml") == (
        "name: sequential\n"
        "inputs:\n"
        "  input: [4]\n"
        "layers:\n"
        "  - mid\n"
        "  - Dense: {units: 1}\n"
        "models:\n"
        "  net_1.00_96:\n"
        "    inputs:\n"
        "      input: [4]\n"
        "    layers:\n"
        "      - Dense: {units: 3}\n"
        "  mid:\n"
        "    inputs:\n"
        "      input: [4]\n"
        "    layers:\n"
        "      - net_1.00_96\n"
        "      - Dense: {units: 2}\n"
    )


def test_two_models_of_one_name_get_two() -> None:
    inner, other = (
        load("m.yaml", text=f"{{name: same, input: [4], layers: [Dense: {{units: {units}, name: d{units}}}]}}")
        for units in (4, 5)
    )
    outer = load("m.yaml", text="{input: [4], layers: [x: {output_shape: [4]}, y: {output_shape: [5]}]}")
    middle = load("m.yaml", text="{name: mid, input: [4], layers: [x: {output_shape: [5]}]}")
    middle = middle._replace(models={"same": other}, layers={"x": LayerSpec("same", "x")})
    layers = {"x": LayerSpec("same", "x"), "y": LayerSpec("mid", "y")}
    spec = outer._replace(models={"same": inner, "mid": middle}, layers=layers)
    back = load("m.yaml", text=convert(spec, "yaml"))
    assert list(back.models) == ["same", "same_2", "mid"]
    assert infer(back).totals.params == infer(spec).totals.params == 45


def test_one_layer_at_two_places() -> None:
    spec = load("m.yaml", text="{input: [5, 4], layers: [{TimeDistributed: {Dense: 4}}, Dense: 4]}")
    wrapper, dense = spec.layers.values()
    dense = dense.changed(shared="1")
    layers = {wrapper.name: wrapper.changed(arguments={"layer": dense}), dense.name: dense}
    spec = spec._replace(layers=layers)
    text = convert(spec, "python")
    assert 'dense_1_layer = layers.Dense(4, name="dense_1")\n' in text
    assert "        layers.TimeDistributed(dense_1_layer),\n        dense_1_layer,\n" in text
    assert infer(load("m.py", text=text)).totals.params == infer(spec).totals.params == 20
    for target, name in (("yaml", "YAML"), ("keras-json", "Keras's JSON")):
        assert refusals(spec, target) == [
            f'error[not-convertible] m.yaml:1:57  layer "{dense.name}" (Dense)\n'
            "  expected a layer that stands at one place\n"
            f"  because  {name} has no way to say that one layer stands at two places\n"
            "  fix      convert to Python"
        ]


def test_a_frozen_model_trains_nothing_in_any_text() -> None:
    spec = load("m.yaml", text="{input: [8], layers: [Dense: 4, Dense: 2]}")._replace(trainable=False)
    for target in TARGETS:
        totals = infer(load(f"back{ENDINGS[target]}", text=convert(spec, target))).totals
        assert (totals.params, totals.trainable_params) == (46, 0)


@pytest.mark.parametrize("target", ["keras-json", "python"])
def test_code_is_not_convertible(target: str) -> None:
    spec = load("m.yaml", text="{input: [8], layers: [Lambda: {output_shape: [3]}, Mine: {output_shape: [2]}]}")
    because = {"keras-json": "Keras's JSON cannot hold a function", "python": "its function is not part of the model"}
    assert refusals(spec, target) == [
        'error[not-convertible] m.yaml:1:23  layer "lambda" (Lambda)\n'
        "  expected a layer without a function\n"
        f"  because  {because[target]}\n"
        "  fix      convert to YAML, which states its output shape",
        'error[not-convertible] m.yaml:1:52  layer "mine" (Mine)\n'
        "  expected a layer of Keras's\n"
        "  because  its code is not part of the model\n"
        "  fix      convert to YAML, which states its output shape",
    ]
    assert load("back.yaml", text=convert(spec, "yaml")).layers["mine"].arguments == {"output_shape": [2]}


def test_the_states_of_several_cells_and_unwritten_objects() -> None:
    cells = "{input: [5, 4], layers: [{RNN: {cell: [LSTMCell(3), GRUCell(2)], return_state: true, name: r}}], "
    assert refusals(load("m.yaml", text=cells + 'outputs: [r, "r[3]"]}'), "python") == [
        'error[not-convertible] m.yaml:1:27  layer "r" (RNN)\n'
        "  expected no states of several cells\n"
        "  because  Keras nests the states of cells in one another there\n"
        "  fix      convert to YAML or Keras's JSON"
    ]
    quantized = "{class_name: Int8QuantizationConfig, config: {}}"
    spec = load("m.yaml", text=f"{{input: [4], layers: [Dense: {{units: 3, quantization_config: {quantized}}}]}}")
    assert [fault.splitlines()[1] for fault in refusals(spec, "python")] == [
        "  expected `quantization_config` by name or number"
    ]


@pytest.mark.parametrize("target", ["keras-json", "python"])
def test_a_weight_needs_a_number(target: str) -> None:
    spec = load("m.yaml", text="{input: [T, 8], layers: [Flatten, Dense: 3]}")
    assert refusals(spec, target) == [
        "error[unset-symbol] m.yaml\n"
        "  expected `T` to be a number\n"
        "  got      `T`\n"
        "  because  a weight has that size, and Keras makes no weight without a number\n"
        "  fix      give it a value: `--set T=NUMBER`"
    ]


def test_errors_do_not_point_into_the_text_that_was_written() -> None:
    spec = load("m.yaml", text="{input: [8], layers: [{Dense: {units: 3, name: d}}]}")
    dense = spec.layers["d"].changed(name="a/b")
    call = spec.calls[0]._replace(layer="a/b")
    spec = spec._replace(layers={"a/b": dense}, calls=(call,), outputs=(Ref("a/b"),))
    assert refusals(spec, "yaml") == [
        "error[not-convertible] m.yaml\n"
        "  expected a name without `/`, brackets and line breaks, as YAML needs it\n"
        "  got      `a/b`"
    ]


def test_a_shape_that_only_a_config_states_is_kept() -> None:
    stated = load("m.yaml", text="{input: [8], layers: [{Lambda: {output_shape: [3], name: l}}, Dense: 2]}")
    bare = stated.layers["l"].changed(arguments={})
    calls = (stated.calls[0]._replace(stated=((None, 3),)), *stated.calls[1:])
    spec = stated._replace(layers={**stated.layers, "l": bare}, calls=calls)
    assert load("back.yaml", text=convert(spec, "yaml")).layers["l"].arguments == {"output_shape": [3]}
