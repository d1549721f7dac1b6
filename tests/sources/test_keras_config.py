"""Keras configs without Keras: what old versions wrote, and what no version would write."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_examples import one_layer

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.report import Report
from lstmcalc.sources.config import read_config, read_config_data
from lstmcalc.sources.config.layers import class_of
from lstmcalc.spec import Call, LayerSpec, Ref, Spec

MODELS = Path(__file__).parent.parent / "models" / "keras2"
#: What Keras 2 wrote, with what it said of each layer: its name, class, output shapes, params and trainable params.
SAVED = [
    pytest.param(case, id=f"{path.stem}-{case['model']}")
    for path in sorted(MODELS.glob("*-*.json"))
    for case in json.loads(path.read_text())
]
#: What Keras 3 writes (tests/keras/test_keras_config.py holds it against Keras): shapes by call.
STORED = [pytest.param(case, id=case["model"]) for case in json.loads((MODELS.parent / "keras3.json").read_text())]
#: Layers of Keras 2 alone: class, arguments, input shape, weights by name (null where it refuses), output shape.
OLD_LAYERS = json.loads((MODELS / "layers.json").read_text())


def read(config: Any) -> Spec:
    return read_config(json.dumps(config), "m.json")


def report_of(config: Any) -> Report:
    return infer(read(config))


def refused(config: Any) -> str:
    text = config if isinstance(config, str) else json.dumps(config)
    with pytest.raises(SpecError) as caught:
        infer(read_config(text, "m.json"))
    return str(caught.value)


def tensor(name: str, node: int = 0, index: int = 0, shape: Any = (None, 4)) -> dict[str, Any]:
    config = {"shape": list(shape), "dtype": "float32", "keras_history": [name, node, index]}
    return {"class_name": "__keras_tensor__", "config": config}


def node(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return {"args": list(args), "kwargs": kwargs}


def port(name: str = "x", shape: Any = (None, 4)) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": "InputLayer", "name": name, "inbound_nodes": [],
            "config": {"batch_shape": list(shape), "name": name}}  # fmt: skip


def layer(class_name: str, name: str, *nodes: Any, module: str = "keras.layers", **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "name": name, "inbound_nodes": list(nodes),
            "config": {"name": name, **config}, "registered_name": None}  # fmt: skip


def model(*layers: Any, outputs: Any, inputs: Any = ("x", 0, 0), name: str = "m", **more: Any) -> dict[str, Any]:
    config = {"name": name, "layers": list(layers), "input_layers": inputs, "output_layers": outputs}
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config, **more}


def chain(*layers: Any, **config: Any) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "s", "layers": list(layers), **config}}


def dense(name: str, *nodes: Any, units: int = 3, **config: Any) -> dict[str, Any]:
    return layer("Dense", name, *nodes, units=units, **config)


@pytest.mark.parametrize("case", SAVED)
def test_what_keras_2_wrote(case: Mapping[str, Any]) -> None:
    report = infer(read_config(case["json"], "m.json"))
    rows = [
        [found.name, [list(shape) for shape in found.output_shapes], found.params, found.totals.trainable_params]
        for found in report.layers
    ]
    # An older Keras does not tell the shapes of a layer with several calls.
    wanted = [
        [name, rows[i][1] if shapes is None and i < len(rows) else shapes, params, trainable]
        for i, (name, _, shapes, params, trainable) in enumerate(case["layers"])
    ]
    assert rows == wanted
    assert (report.totals.params, report.totals.trainable_params) == (case["total"], case["trainable"])


@pytest.mark.parametrize("case", STORED)
def test_what_keras_3_writes(case: Mapping[str, Any]) -> None:
    report = infer(read_config(case["json"], "m.json"))
    rows = [
        [
            found.name,
            [[list(shape) for shape in call.believed or call.outputs or ()] for call in found.calls],
            found.params,
            found.totals.trainable_params,
        ]
        for found in report.layers
    ]
    assert rows == case["layers"]
    assert (report.totals.params, report.totals.trainable_params) == (case["total"], case["trainable"])


@pytest.mark.parametrize("case", OLD_LAYERS, ids=lambda case: "-".join(map(str, [case[0], *case[1].values()])))
def test_layers_that_only_keras_2_has(case: list[Any]) -> None:
    class_name, arguments, shape, weights, output = case
    spec = one_layer(class_name, arguments, tuple(shape))
    if weights is None:
        with pytest.raises(SpecError):
            infer(spec)
        return
    found = next(found for found in infer(spec).layers if found.name == "layer")
    assert [[weight.name, list(weight.shape)] for weight in found.weights] == weights
    shapes = output if isinstance(output[0], list) else [output]
    assert [list(shape) for shape in found.output_shapes] == shapes


def test_call_takes_operands_states_and_the_rest() -> None:
    states = [tensor("h", shape=(None, 6)), tensor("h", shape=(None, 6))]
    x, encoded = tensor("x", shape=(None, 5, 4)), tensor("enc", shape=(None, 5, 6))
    config = model(
        port("x", (None, 5, 4)),
        port("h", (None, 6)),
        layer("LSTM", "enc", node(x, initial_state=states, training=False, mask=None), units=6, return_sequences=True),
        layer("MultiHeadAttention", "heads", node(encoded, x, key=encoded, return_attention_scores=True), num_heads=2,
              key_dim=3),
        inputs=[["x", 0, 0], ["h", 0, 0]],
        outputs=[["heads", 0, 1], ["heads", 0, 0]],
    )  # fmt: skip
    encoder, heads = read(config).calls
    assert (encoder.inputs, encoder.initial_state) == ((Ref("x"),), (Ref("h"), Ref("h")))
    assert dict(encoder.keywords) == {"training": False}
    assert heads.inputs == (Ref("enc"), Ref("x"), Ref("enc"))
    assert dict(heads.keywords) == {"return_attention_scores": True}


def test_operations_take_constants_by_name() -> None:
    piece = {"class_name": "__slice__", "config": {"start": 1, "stop": None, "step": 2}}
    config = model(
        port(),
        layer("Multiply", "times", node(2.0, tensor("x")), module="keras.src.ops.numpy"),
        layer("GetItem", "item", node(tensor("times"), [piece, None, {"class_name": "__ellipsis__", "config": {}}]),
              module="keras.src.ops.numpy"),
        layer("Concatenate", "both", node([tensor("x"), tensor("times")]), module="keras.src.ops.numpy", axis=0),
        outputs={"b": ["both", 0, 0], "a": ["item", 0, 0]},
    )  # fmt: skip
    spec = read(config)
    times, item, both = spec.calls if spec.calls[1].layer == "item" else (spec.calls[0], *spec.calls[:0:-1])
    assert (times.inputs, dict(times.keywords)) == ((Ref("x"),), {"x1": 2.0})
    assert dict(item.keywords) == {"key": [slice(1, None, 2), None, ...]}
    assert both.inputs == (Ref("x"), Ref("times"))
    assert spec.layers["both"] == LayerSpec("ops.Concatenate", "both", {"axis": 0}, spec.where)
    assert spec.outputs == (Ref("item"), Ref("both"))


def test_none_that_an_operation_is_told_stays() -> None:
    item = layer("GetItem", "item", node(tensor("x"), None), module="keras.src.ops.numpy")
    (call,) = read(model(port(), item, outputs=["item", 0, 0])).calls
    assert dict(call.keywords) == {"key": None}


def test_operands_by_name_come_in_the_order_of_their_names() -> None:
    own = layer("Mine", "own", node({"b": tensor("x"), "a": tensor("y")}), module="my.layers")
    ends = {"inputs": [["x", 0, 0], ["y", 0, 0]], "outputs": ["own", 0, 0]}
    (call,) = read(model(port(), port("y"), own, **ends)).calls
    assert call.inputs == (Ref("y"), Ref("x"))


def test_product_of_turned_matrices() -> None:
    def product(**turned: bool) -> Report:
        x = {
            "class_name": "InputLayer",
            "name": "x",
            "config": {"batch_input_shape": [None, 3, 4]},
            "inbound_nodes": [],
        }
        config = {"function": "linalg.matmul", "name": "p"}
        call = [["x", 0, 0, {"b": ["x", 0, 0], **turned}]]
        op = {"class_name": "TFOpLambda", "name": "p", "config": config, "inbound_nodes": call}
        return report_of({"class_name": "Functional", "config": {"name": "m", "layers": [x, op],
                          "input_layers": [["x", 0, 0]], "output_layers": [["p", 0, 0]]}})  # fmt: skip

    assert product(transpose_a=True, transpose_b=False).outputs[0].shape == (None, 4, 4)
    assert product(adjoint_b=True).outputs[0].shape == (None, 3, 3)


def test_calls_of_a_nested_model_are_counted_from_0_and_in_the_outputs_from_1() -> None:
    inner = {**model(port("i"), dense("d", node(tensor("i"))), outputs=["d", 0, 0], inputs=["i", 0, 0], name="inner"),
             "name": "inner", "inbound_nodes": [node(tensor("x")), node(tensor("y"))]}  # fmt: skip
    last = dense("last", node(tensor("inner", 1, shape=(None, 3))))
    ends = {"inputs": [["x", 0, 0], ["y", 0, 0]], "outputs": [["inner", 1, 0], ["last", 0, 0]]}
    spec = read(model(port(), port("y"), inner, last, **ends))
    assert spec.outputs == (Ref("inner", 0, 0), Ref("last"))
    assert next(call for call in spec.calls if call.layer == "last").inputs == (Ref("inner", 0, 1),)


def test_shapes_that_the_file_states() -> None:
    config = model(
        port(),
        layer("Mine", "own", node(tensor("x")), module="my.layers", anything=[1]),
        layer("Add", "add", node([tensor("own", 0, 1, (None, 7)), tensor("own", 0, 0, (None, 6))])),
        outputs=["add", 0, 0],
    )
    spec = read(config)
    assert spec.calls[0] == Call("own", (Ref("x"),), where=spec.where, stated=((None, 6), (None, 7)))
    assert spec.layers["own"] == LayerSpec("Mine", "own", {}, spec.where)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"class_name": "Addons>GELU"}, "GELU"),
        ({"class_name": "Custom>Attention"}, "Custom>Attention"),
        ({"class_name": "Attention", "module": None, "registered_name": "Custom>Attention"}, "Custom>Attention"),
        ({"class_name": "Attention", "module": "my.layers"}, "Custom>Attention"),
        ({"class_name": "Mine", "module": "my.layers", "registered_name": "my>Mine"}, "Mine"),
        ({"class_name": "BatchNormalizationV2"}, "BatchNormalization"),
        ({"class_name": "LayerScale", "module": "keras.src.applications.convnext"}, "LayerScale"),
        ({"class_name": "Dense", "module": "keras_hub.layers"}, "Custom>Dense"),
        ({"class_name": "Mean", "module": "keras.src.ops.numpy"}, "ops.Mean"),
    ],
)
def test_a_class_of_the_users_own_is_not_taken_for_keras(data: dict[str, Any], expected: str) -> None:
    shown = read(chain(port(), {**data, "config": {"name": "own"}}))
    assert shown.layers["own"].class_name == expected


def without_module(entry: dict[str, Any]) -> dict[str, Any]:
    """A layer as Keras 3 writes it into an `.h5` file."""
    return {key: value for key, value in entry.items() if key not in ("module", "registered_name")}


def test_operations_without_a_module_are_known_by_their_config() -> None:
    rows = report_of(
        model(
            port(),
            without_module(layer("Multiply", "op", node(tensor("x"), 2.0))),
            without_module(layer("NotEqual", "mask", node(tensor("op"), 0))),
            without_module(layer("Cast", "cast", node(tensor("mask")), dtype="float32")),
            without_module(
                layer("Multiply", "own", node([tensor("cast"), tensor("x")]), trainable=True, dtype="float32")
            ),
            outputs=["own", 0, 0],
        )
    ).layers
    assert [(row.name, row.calls[0].outputs) for row in rows[1:]] == [
        (name, ((None, 4),)) for name in ("op", "mask", "cast", "own")
    ]
    written = [
        layer("Add", "a", node(tensor("x"), 1)),
        layer("Add", "a", node([tensor("x")]), trainable=True),
        layer("Add", "a", [["x", 0, 0, {}]]),
        layer("Mine", "a", node(tensor("x"))),
        layer("Conv2D", "a", node(tensor("x")), dtype="float32"),
    ]
    assert [class_of(without_module(entry)) for entry in written] == ["ops.Add", "Add", "Add", "Mine", "Conv2D"]


@pytest.mark.parametrize(
    "function", [{"value": ["4wEAAA==", None, None]}, {"class_name": "__lambda__", "config": {"value": ["4w==", None]}}]
)
def test_a_lambda_is_an_activation_that_changes_no_shape(function: dict[str, Any]) -> None:
    config = chain(port(), dense("dense", activation=function))
    assert read(config).layers["dense"].arguments["activation"] == {"class_name": "function", "config": "<lambda>"}
    assert report_of(config).totals.params == 15
    assert "expected `activation`" in refused(chain(port(), dense("dense", activation={"value": 1, "other": 2})))


def test_adapted_discretization_holds_both_the_boundaries_and_how_many_were_asked_for() -> None:
    config = {"bin_boundaries": [0.5, 1.0], "num_bins": 7, "output_mode": "one_hot", "dtype": "float32"}
    report = report_of(chain(port(), layer("Discretization", "bins", **config)))
    assert report.outputs[0].shape == (None, 4, 3)
    config["bin_boundaries"] = None
    assert report_of(chain(port(), layer("Discretization", "bins", **config))).outputs[0].shape == (None, 4, 7)


def test_hashing_may_state_its_dtype_as_a_policy() -> None:
    def policy(name: str) -> dict[str, Any]:
        return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": name}, "registered_name": None}

    for name in ("int64", "int32"):
        hashing = layer("Hashing", "hashing", num_bins=3, dtype=policy(name))
        assert report_of(chain(port(), hashing)).outputs[0].shape == (None, 4)
    assert refused(chain(port(), layer("Hashing", "hashing", num_bins=3, dtype=policy("float32")))) == (
        'error[wrong-value] m.json  layer "hashing" (Hashing)\n'
        "  expected `dtype` to be `int32` or `int64` with `output_mode: int`\n"
        '  got      "float32"\n'
        "  because  the output are numbers of bins"
    )


def test_old_arguments_without_effect_are_left_out_and_others_refused() -> None:
    old = {"time_major": False, "batch_input_shape": [None, 5, 4], "dynamic": False}
    assert report_of(chain(layer("LSTM", "lstm", units=3, **old))).totals.params == 96
    assert refused(chain(layer("LSTM", "lstm", units=3, **{**old, "time_major": True}))) == (
        'error[old-argument] m.json  layer "lstm" (LSTM)\n'
        "  expected `time_major: false`\n"
        "  got      `time_major: true`\n"
        "  because  it puts the time steps before the batch, which Keras 3 cannot do"
    )


def test_layer_normalization_that_scales_only() -> None:
    norm = layer("LayerNormalization", "norm", rms_scaling=True, center=True, scale=False)
    weights = report_of(chain(port(), norm)).layers[0].weights
    assert [weight.name for weight in weights] == ["gamma"]


def test_backward_layer_that_keras_made_itself_is_left_out() -> None:
    forward = layer("GRU", "forward_gru", units=2)
    backward = layer("GRU", "backward_gru", units=2, go_backwards=True)
    both = layer("Bidirectional", "both", layer=forward, backward_layer=backward, merge_mode="concat")
    assert "backward_layer" not in read(chain(port("x", (None, 5, 4)), both)).layers["both"].arguments
    backward["config"]["units"] = 3
    both = layer("Bidirectional", "both", layer=forward, backward_layer=backward, merge_mode="concat")
    assert report_of(chain(port("x", (None, 5, 4)), both)).layers[0].output_shapes == ((None, 5),)


def test_model_shared_with_a_wrapper_counts_once() -> None:
    inner = model(port("i"), dense("d", node(tensor("i"))), outputs=["d", 0, 0], inputs=["i", 0, 0], name="inner",
                  shared_object_id=7)  # fmt: skip
    called = {**inner, "name": "inner", "inbound_nodes": [node(tensor("x"))]}
    over = layer("TimeDistributed", "over", node(tensor("y", shape=(None, 2, 4))), layer=inner)
    ends = {"inputs": [["x", 0, 0], ["y", 0, 0]], "outputs": [["inner", 1, 0], ["over", 0, 0]]}
    assert report_of(model(port(), port("y", (None, 2, 4)), called, over, **ends)).totals.params == 15
    del inner["shared_object_id"]
    apart = layer("TimeDistributed", "over", node(tensor("y", shape=(None, 2, 4))), layer=inner)
    assert report_of(model(port(), port("y", (None, 2, 4)), called, apart, **ends)).totals.params == 30


def test_what_get_config_gives_is_a_model_too() -> None:
    config = chain(port(), dense("d"))
    assert report_of(config["config"]).totals.params == 15
    assert report_of(config["config"]["layers"]).totals.params == 15
    functional = model(port(), dense("d", node(tensor("x"))), outputs=["d", 0, 0])
    assert report_of(functional["config"]).totals.params == 15


def test_name_of_a_model_may_be_that_of_a_layer() -> None:
    inner = {**chain(port("i"), dense("d")), "name": "Dense"}
    inner["config"]["name"] = "Dense"
    inner["inbound_nodes"] = [node(tensor("x"))]
    config = model(port(), inner, outputs=["Dense", 0, 0])
    assert list(read(config).models) == ["Dense (2)"]
    report = report_of(config)
    assert [(found.name, found.class_name, found.params) for found in report.layers] == [
        ("x", "InputLayer", 0),
        ("Dense", "Sequential", 15),
    ]


HOSTILE: dict[str, tuple[Any, str]] = {
    "truncated": (
        '{"class_name": "Sequential",\n "config": {"layers": [',
        """\
error[not-json] m.json:2:24
  expected a value
  got      the end of the file
  because  the text is cut off there""",
    ),
    "cut in a text": (
        '{"class_name": "Sequ',
        """\
error[not-json] m.json:1:16
  expected the closing quote of this text
  got      `"Sequ`
  because  the text is cut off there""",
    ),
    "no comma": (
        '{"a": 1\n "b": 2}',
        """\
error[not-json] m.json:2:2
  expected a comma or the closing bracket
  got      `"b": 2}`""",
    ),
    "too deep": (
        # Closed, since newer versions of Python read so deep before they find the end missing.
        '{"config":' * 5000 + "1" + "}" * 5000,
        """\
error[too-deep] m.json
  expected at most 100 values inside one another
  got      more""",
    ),
    "a million lists": (
        "[" * 1_000_000,
        """\
error[too-deep] m.json
  expected at most 100 values inside one another
  got      more""",
    ),
    "deep enough to be read": (
        "[" * 102 + "]" * 102,
        """\
error[too-deep] m.json
  expected at most 100 values inside one another
  got      more""",
    ),
    "the same key twice": (
        '{"class_name": "Sequential", "config": {"name": "s", "units": 3, "units": 4, "layers": []}}',
        """\
error[duplicate-key] m.json
  expected each key once
  got      `units` 2 times
  because  in the mapping whose `name` is "s\"""",
    ),
    "400 digits": (
        '{"class_name": "Sequential", "config": ' + "9" * 400 + "}",
        f"""\
error[wrong-number] m.json
  expected an integer of at most 9,223,372,036,854,775,807
  got      `{"9" * 60}…`""",
    ),
    "half a character": (
        '{"class_name": "\\ud800"}',
        """\
error[wrong-value] m.json
  expected whole characters
  got      half of one in `\\ud800`""",
    ),
    "a number": (
        3,
        """\
error[not-a-model] m.json
  expected a mapping with `class_name` and `config`, as `model.to_json()` gives
  got      3""",
    ),
    "a layer": (
        dense("d"),
        """\
error[not-a-model] m.json
  expected a Sequential or functional model
  got      `Dense`""",
    ),
    "a subclassed model": (
        {"class_name": "MyModel", "config": {"units": 3}, "keras_version": "2.15.0"},
        """\
error[not-a-model] m.json
  expected a Sequential or functional model
  got      `MyModel`
  because  its own code makes its layers, and no config holds them""",
    ),
    "Keras 1": (
        {"class_name": "Sequential", "config": [{"class_name": "Dense"}], "keras_version": "1.2.2"},
        """\
error[not-a-model] m.json
  expected a model of Keras 2 or 3
  got      one of Keras "1.2.2\"""",
    ),
    "no layers": (
        {"class_name": "Sequential", "config": {"name": "s"}},
        """\
error[missing-key] m.json  layer "s" (Sequential)
  expected `layers`, the list of the model's layers
  got      null""",
    ),
    "unbuilt": (
        chain(dense("d")),
        """\
error[missing-input] m.json  layer "s" (Sequential)
  expected the shape of the input
  got      none
  because  the model was written down before it knew its input
  fix      call `model.build((None, ...))` before `model.to_json()`, or begin the model with `keras.Input`""",
    ),
    "several outputs in a row": (
        chain(port("x", [None, 5, 4]), layer("LSTM", "l", units=3, return_state=True), dense("d")),
        """\
error[several-outputs] m.json  layer "l" (LSTM)
  expected layers of one output in a Sequential model
  got      `return_state: true`
  fix      build it as a functional model, which says which output goes where""",
    ),
    "two batch sizes": (
        model(
            port("x", [2, 4]), port("y", [None, 4]), layer("Add", "a", node([tensor("x"), tensor("y")])),
            inputs=[["x", 0, 0], ["y", 0, 0]], outputs=["a", 0, 0],
        ),
        """\
error[wrong-size] m.json
  expected one batch size for all inputs
  got      2 and null""",
    ),
    "text for a size": (
        chain(port(), dense("d", units="T")),
        """\
error[wrong-value] m.json  layer "d" (Dense)
  expected `units` to be a number, or a list of them
  got      "T\"""",
    ),
    "unknown layer": (
        model(port(), dense("first", node(tensor("x"))), dense("d", node(tensor("frist"))), outputs=["d", 0, 0]),
        """\
error[unknown-reference] m.json  layer "d" (Dense)
  expected the name of a layer
  got      "frist"
  fix      did you mean `first`?""",
    ),
    "call out of range": (
        model(port(), dense("d", node(tensor("x", 3)), node(tensor("d", 1))), outputs=["d", 9, 0]),
        """\
error[unknown-reference] m.json
  expected a call of "d", which is called 2 times
  got      call 9

error[unknown-reference] m.json  layer "d" (Dense)
  expected a call of "x", which is called once
  got      call 3

error[cycle] m.json  layer "d" (Dense)
  expected layers that do not feed themselves
  got      `d` among its own inputs
  because  `d` needs `d`""",
    ),
    "output out of range": (
        model(port(), dense("d", node(tensor("x"))), outputs=["d", 0, 2]),
        """\
error[unknown-output] m.json
  expected the only output of "d", counted from 0
  got      `d[2]`""",
    ),
    "cycle": (
        model(
            port(),
            layer("Add", "a", node([tensor("x"), tensor("c")])),
            dense("b", node(tensor("a"))),
            dense("c", node(tensor("b"))),
            outputs=["c", 0, 0],
        ),
        """\
error[cycle] m.json  layer "a" (Add)
  expected layers that do not feed themselves
  got      `a` among its own inputs
  because  `a` needs `c`, which needs `b`, which needs `a`""",
    ),
    "several faults": (
        model(
            port("x", [None, "four"]),
            dense("d", node(tensor("x")), {"args": 3}),
            dense("d", node(tensor("x"))),
            {"class_name": "Dense", "config": {"units": 2}},
            7,
            outputs=["e", 0, 0],
        ),
        """\
error[wrong-value] m.json  layer "x" (InputLayer)
  expected `batch_shape` to be a list of sizes, the batch first and null where unknown
  got      [null, "four"]

error[duplicate-name] m.json  layer "d" (Dense)
  expected a name of its own
  got      "d"

error[missing-key] m.json  layer "layers[3]" (Dense)
  expected `name`, by which other layers refer to it
  got      nothing

error[wrong-value] m.json
  expected `layers[4]` to be a mapping
  got      7

error[wrong-node] m.json  layer "d" (Dense)
  expected `args` to be a list and `kwargs` a mapping
  got      3 and an empty mapping

error[unknown-reference] m.json
  expected `output_layers` to name layers
  got      "e\"""",
    ),
    "wrong history": (
        model(
            port(), dense("d", node({"class_name": "__keras_tensor__", "config": {"keras_history": ["x", -1, 0]}})),
            outputs=["d", 0, 0],
        ),
        """\
error[wrong-node] m.json  layer "d" (Dense)
  expected `keras_history` to be a layer, its call and its output, such as `["x", 0, 0]`
  got      ["x", -1, 0]""",
    ),
    "two shapes of one output": (
        model(
            port(), dense("a", node(tensor("x")), node(tensor("x", shape=(None, 5)))), outputs=["a", 0, 0],
        ),
        """\
error[shape-contradiction] m.json  layer "a" (Dense)
  expected one shape of the output of "x"
  got      [null, 4] and [null, 5]""",
    ),
    "an input of another shape": (
        model(port(), dense("a", node(tensor("x", shape=(None, 5)))), outputs=["a", 0, 0]),
        """\
error[shape-contradiction] m.json  layer "x" (InputLayer)
  expected [null, 4], the shape of the input, where it is used
  got      [null, 5]""",
    ),
    "input that is a layer": (
        model(port(), dense("a", node(tensor("x"))), outputs=["a", 0, 0], inputs=["a", 0, 0]),
        """\
error[unknown-reference] m.json  layer "m" (Functional)
  expected `input_layers` to name inputs
  got      "a", which is a layer (Dense)

error[missing-input] m.json  layer "x" (InputLayer)
  expected every input in `input_layers`
  got      one that is not""",
    ),
    "no ends": (
        model(port(), dense("a", node(tensor("x"))), outputs=[["a", 0]], inputs=None),
        """\
error[missing-key] m.json  layer "m" (Functional)
  expected `input_layers`, outputs such as `[["x", 0, 0]]`
  got      null

error[missing-key] m.json  layer "m" (Functional)
  expected `output_layers`, outputs such as `[["x", 0, 0]]`
  got      a list of 1 values""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_config(name: str) -> None:
    config, text = HOSTILE[name]
    assert refused(config) == text


def test_unknown_class_leaves_the_rest_known() -> None:
    config = model(port(), layer("Mine", "own", node(tensor("x")), module="my"), dense("d", node(tensor("x"))),
                   outputs=[["own", 0, 0], ["d", 0, 0]])  # fmt: skip
    with pytest.raises(SpecError) as caught:
        infer(read(config))
    assert [(fault.code, fault.layer) for fault in caught.value.faults] == [("unknown-layer", ("own", "Mine"))]
    assert {found.name: found.params for found in caught.value.report.layers} == {"x": 0, "own": None, "d": 15}


def test_models_inside_models_cannot_grow_without_bound() -> None:
    config = model(port(), dense("d", node(tensor("x"))), outputs=["d", 0, 0])
    for depth in range(17):
        name = f"s{depth}"
        inner = {**config, "name": name, "config": {**config["config"], "name": name}}
        inner["inbound_nodes"] = [node(tensor("x")), node(tensor(name))]
        config = model(port(), inner, outputs=[name, 1, 0])
    assert refused(config).splitlines()[:2] == [
        "error[too-large] m.json",
        "  expected at most 100,000 layer calls, with every nested model written out",
    ]


def long_model(count: int) -> str:
    layers = [port(), dense("d0", node(tensor("x")), units=4)]
    layers += [dense(f"d{i}", node(tensor(f"d{i - 1}")), units=4) for i in range(1, count)]
    return json.dumps(model(*reversed(layers), outputs=[f"d{count - 1}", 0, 0]))


def test_ten_thousand_layers_take_linear_time() -> None:
    def seconds(count: int) -> float:
        text = long_model(count)
        start = time.process_time()
        assert len(read_config(text, "m.json").calls) == count
        return time.process_time() - start

    seconds(100)
    few, many = min(seconds(2_000) for _ in range(3)), seconds(10_000)
    assert many < 15 * few


def test_python_data_that_no_json_holds() -> None:
    with pytest.raises(SpecError) as caught:
        read_config_data({1: 2, "class_name": "Sequential", "config": {3}}, "m")
    assert [fault.message for fault in caught.value.faults] == [
        "expected text as a key, got 1",
        "expected a number, text, a list or a mapping, got a set",
    ]


ENCODER = model(
    port("x", (None, 5, 4)),
    port("h", (None, 6)),
    layer("LSTM", "enc", node(tensor("x", shape=(None, 5, 4)), initial_state=[tensor("h", shape=(None, 6))] * 2),
          units=6, dtype={"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}),
    layer("Multiply", "m", node(tensor("enc", shape=(None, 6)), 2.0), module="keras.src.ops.numpy"),
    inputs=[["x", 0, 0], ["h", 0, 0]],
    outputs={"a": ["m", 0, 0]},
)  # fmt: skip
IMAGES = chain(
    port("x", (None, 8, 8, 2)),
    layer("Conv2D", "c", filters=2, kernel_size=[3, 3]),
    layer("BatchNormalization", "b", axis=-1),
    layer("Flatten", "f"),
    dense("d"),
)
REAL = [*(case.values[0]["json"] for case in SAVED + STORED), json.dumps(ENCODER), json.dumps(IMAGES)]
ODD = [
    *(None, True, False, 0, -1, 1, 2, 3.5, float("nan"), float("inf"), 2**70, "", "x", "Dense", "\n", "a" * 300),
    *([], {}, [[]], [None], ["x", 0, 0], ["x", 0, 99], [["x", 0, 0, {}]], {"class_name": "Dense"}),
    {"class_name": None},
    {"class_name": "__keras_tensor__", "config": None},
    {"class_name": "__slice__", "config": {"start": "x"}},
    {"class_name": "LSTM", "config": {"units": -3}},
    {"args": [], "kwargs": {}},
    {"config": {"layers": [{}]}},
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a value."""
    found: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        item = stack.pop()
        keys = list(item) if isinstance(item, dict) else list(range(len(item)))
        for key in keys:
            found.append((item, key))
            if isinstance(item[key], (dict, list)):
                stack.append(item[key])
    return found


def damage(config: Any, choices: list[tuple[int, int, int]]) -> Any:
    """The config with a few values taken out, replaced, doubled, or put where another was."""
    for kind, where, what in choices:
        spots = places(config)
        if not spots:
            break
        container, key = spots[where % len(spots)]
        if kind == 0:
            del container[key]
        elif kind == 1:
            container[key] = copy.deepcopy(ODD[what % len(ODD)])
        elif kind == 2 and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        else:
            other, there = spots[what % len(spots)]
            container[key] = copy.deepcopy(other[there])
        if len(places(config)) > 20_000:
            break
    return config


def survives(config: Any, choices: list[tuple[int, int, int]]) -> None:
    text = json.dumps(damage(json.loads(config), choices))
    try:
        report = infer(read_config(text, "m.json"))
    except SpecError as error:
        assert error.faults
        assert all(fault.code and fault.where and fault.where.file == "m.json" for fault in error.faults), str(error)
        assert str(error).isprintable() or "\n" in str(error)
        str(error).encode()
    else:
        assert isinstance(report.totals.params, int)


CHOICES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=4)


def fuzz(examples: int) -> Callable[[], None]:
    @settings(derandomize=True, deadline=None, max_examples=examples, database=None)
    @given(st.sampled_from(REAL), CHOICES)
    def run(config: str, choices: list[tuple[int, int, int]]) -> None:
        survives(config, choices)

    return run


@pytest.mark.parametrize("examples", [300, pytest.param(20_000, marks=pytest.mark.long)])
def test_damaged_config_is_refused_or_read(examples: int) -> None:
    fuzz(examples)()


@settings(derandomize=True, deadline=None, max_examples=200, database=None)
@given(st.sampled_from(REAL), st.integers(0, 10**6))
def test_truncated_config_names_line_and_column(config: str, end: int) -> None:
    with pytest.raises(SpecError) as caught:
        read_config(config[: end % len(config)], "m.json")
    where = caught.value.faults[0].where
    assert where and where.line == 1 and where.column
