"""Other frameworks' arrays and counts: against what was measured always, against the libraries where they are there.

The gate order of each is proved by carrying random weights over and comparing what comes out.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from layer_examples import cases, one_layer
from typer.testing import CliRunner

from lstmcalc.cli import app
from lstmcalc.dims import substitute, symbol
from lstmcalc.explanation.frameworks import ARRAYS, KINDS, MEASURED, Counterpart, counterparts
from lstmcalc.explanation.frameworks.comparison import comparison
from lstmcalc.explanation.layer import explain_layer
from lstmcalc.inference import infer
from lstmcalc.layers.rule import RULES, Example, Inputs, LayerRule
from lstmcalc.sources.layer_options import read_layer

D, U, T, B = 5, 3, 4, 2

#: Read off the libraries in the versions of `MEASURED`, for 5 values per step and 3 units.
SHAPES: dict[tuple[str, str], dict[str, tuple[int, ...]]] = {
    ("LSTM", "CuDNNLSTM"): {"kernel": (5, 12), "recurrent_kernel": (3, 12), "bias": (24,)},
    ("GRU", "CuDNNGRU"): {"kernel": (5, 9), "recurrent_kernel": (3, 9), "bias": (18,)},
    ("LSTM", "torch.nn.LSTM"): {"weight_ih_l0": (12, 5), "weight_hh_l0": (12, 3), "bias_ih_l0": (12,),
                                "bias_hh_l0": (12,)},
    ("GRU", "torch.nn.GRU"): {"weight_ih_l0": (9, 5), "weight_hh_l0": (9, 3), "bias_ih_l0": (9,), "bias_hh_l0": (9,)},
    ("SimpleRNN", "torch.nn.RNN"): {"weight_ih_l0": (3, 5), "weight_hh_l0": (3, 3), "bias_ih_l0": (3,),
                                    "bias_hh_l0": (3,)},
    ("LSTM", "LSTM"): {"W": (1, 12, 5), "R": (1, 12, 3), "B": (1, 24)},
    ("GRU", "GRU"): {"W": (1, 9, 5), "R": (1, 9, 3), "B": (1, 18)},
    ("SimpleRNN", "RNN"): {"W": (1, 3, 5), "R": (1, 3, 3), "B": (1, 6)},
    ("LSTM", "linen.LSTMCell"): {
        **{f"i{gate}/kernel": (5, 3) for gate in "ifgo"},
        **{f"h{gate}/kernel": (3, 3) for gate in "ifgo"},
        **{f"h{gate}/bias": (3,) for gate in "ifgo"},
    },
    ("GRU", "linen.GRUCell"): {
        **{f"i{gate}/kernel": (5, 3) for gate in "rzn"},
        **{f"i{gate}/bias": (3,) for gate in "rzn"},
        **{f"h{gate}/kernel": (3, 3) for gate in "rzn"},
        "hn/bias": (3,),
    },
    ("SimpleRNN", "linen.SimpleCell"): {"i/kernel": (5, 3), "i/bias": (3,), "h/kernel": (3, 3)},
    ("LSTM", "nnx.OptimizedLSTMCell"): {"dense_i/kernel": (5, 12), "dense_h/kernel": (3, 12), "dense_h/bias": (12,)},
    ("GRU", "nnx.GRUCell"): {"dense_i/kernel": (5, 9), "dense_i/bias": (9,), "dense_h/kernel": (3, 9)},
    ("SimpleRNN", "nnx.SimpleCell"): {"dense_i/kernel": (5, 3), "dense_i/bias": (3,), "dense_h/kernel": (3, 3)},
}  # fmt: skip
TOTALS = {
    "CuDNNLSTM": 120, "CuDNNGRU": 90, "torch.nn.LSTM": 120, "torch.nn.GRU": 90, "torch.nn.RNN": 30,
    "linen.LSTMCell": 108, "linen.GRUCell": 84, "linen.SimpleCell": 27, "nnx.OptimizedLSTMCell": 108,
    "nnx.GRUCell": 81, "nnx.SimpleCell": 27, "LSTM": 120, "GRU": 90, "RNN": 30,
}  # fmt: skip


def compared(class_name: str, **arguments: Any) -> dict[str, Counterpart]:
    """The counterparts of a layer of 3 units on 5 values, by the names of the layers."""
    rule = RULES[class_name]({"units": U, **arguments})
    return {each.layer: each for each in counterparts(rule, inputs_of(rule))[1:]}


def inputs_of(rule: LayerRule, shape: tuple[Any, ...] = (B, T, D)) -> Inputs:
    return Inputs([shape] * rule.arity[0], rule.axis_names(len(shape)))


def shapes_of(counterpart: Counterpart) -> dict[str, tuple[Any, ...]]:
    return {array.name: array.shape for array in counterpart.arrays}


@pytest.mark.parametrize(("class_name", "layer"), SHAPES)
def test_arrays_are_those_that_were_measured(class_name: str, layer: str) -> None:
    found = compared(class_name)[layer]
    assert shapes_of(found) == SHAPES[class_name, layer]
    assert found.params == TOTALS[layer]


def test_the_order_of_the_gates() -> None:
    orders = {name: {layer: " ".join(each.gates) for layer, each in compared(name).items()} for name in KINDS}
    assert orders == {
        "LSTM": {"CuDNNLSTM": "i f c o", "torch.nn.LSTM": "i f g o", "LSTM": "i o f c", "linen.LSTMCell": "i f g o",
                 "nnx.OptimizedLSTMCell": "i f g o"},
        "GRU": {"CuDNNGRU": "z r h", "torch.nn.GRU": "r z n", "GRU": "z r h", "linen.GRUCell": "r z n",
                "nnx.GRUCell": "r z n"},
        "SimpleRNN": dict.fromkeys(("torch.nn.RNN", "RNN", "linen.SimpleCell", "nnx.SimpleCell"), ""),
    }  # fmt: skip


def test_every_counterpart_was_measured() -> None:
    stated = {(name, layer) for name in KINDS for layer in compared(name)}
    assert stated == set(SHAPES)
    assert {kind.framework for kinds in KINDS.values() for kind in kinds} < set(MEASURED)


def test_a_lstm_of_128_on_300() -> None:
    rule = RULES["LSTM"]({"units": 128})
    found = counterparts(rule, inputs_of(rule, (None, 10, 300)))
    assert [(each.framework, each.params, each.biases) for each in found] == [
        ("Keras", 219_648, 512),
        ("CuDNN", 220_160, 1_024),
        ("PyTorch", 220_160, 1_024),
        ("ONNX", 220_160, 1_024),
        ("Flax", 219_648, 512),
        ("Flax", 219_648, 512),
    ]


@pytest.mark.parametrize("class_name", KINDS)
def test_names_give_the_same_as_numbers(class_name: str) -> None:
    units, inputs = symbol("U"), symbol("D")
    rule = RULES[class_name]({"units": units})
    for each in counterparts(rule, inputs_of(rule, (B, T, inputs)))[1:]:
        assert substitute(each.params, {"U": U, "D": D}) == TOTALS[each.layer]


@pytest.mark.parametrize("class_name", KINDS)
def test_two_directions_have_twice_as_many(class_name: str) -> None:
    rule = RULES["Bidirectional"]({"layer": RULES[class_name]({"units": U}, "inside")})
    twice = {each.layer: each for each in counterparts(rule, inputs_of(rule))[1:]}
    assert {layer: each.params for layer, each in twice.items()} == {
        layer: 2 * each.params for layer, each in compared(class_name).items()
    }
    torch = next(each for each in twice.values() if each.framework == "PyTorch")
    assert [array.name for array in torch.arrays[4:6]] == ["weight_ih_l0_reverse", "weight_hh_l0_reverse"]
    onnx = next(each for each in twice.values() if each.framework == "ONNX")
    assert {array.shape[0] for array in onnx.arrays} == {2}
    flax = next(each for each in twice.values() if each.framework == "Flax")
    assert {array.name.partition("/")[0] for array in flax.arrays} == {"forward_rnn", "backward_rnn"}


def test_what_a_framework_cannot_follow() -> None:
    lacks = {layer: each.lacks for layer, each in compared("GRU", reset_after=False).items()}
    assert {layer for layer, keys in lacks.items() if not keys} == {"GRU"}
    without = compared("LSTM", use_bias=False, activation="relu")
    assert {layer: (each.params, each.lacks) for layer, each in without.items()} == {
        "CuDNNLSTM": (120, ("activation", "use_bias")),
        "torch.nn.LSTM": (96, ("activation",)),
        "LSTM": (96, ()),
        "linen.LSTMCell": (108, ("use_bias",)),
        "nnx.OptimizedLSTMCell": (108, ("use_bias",)),
    }
    assert compared("SimpleRNN", activation="relu")["torch.nn.RNN"].lacks == ()
    assert compared("SimpleRNN", activation="selu")["torch.nn.RNN"].lacks == ("activation",)


def said(class_name: str, shape: tuple[Any, ...] = (None, T, D), **arguments: Any) -> list[str]:
    rule = RULES[class_name](arguments)
    sections = {heading: lines for heading, _, lines in comparison(rule, inputs_of(rule, shape)).sections}
    return [line[0] for line in sections["What differs"]]


def test_why_an_lstm_differs() -> None:
    assert said("LSTM", units=U) == [
        "The kernels hold 96 params everywhere. Only the biases differ:",
        "Keras and Flax have one bias for each gate and candidate.",
        "CuDNN, PyTorch and ONNX have two biases for each gate and candidate, one for the input and one for the hidden "
        "state: 12 more than Keras.",
        "Two biases only add up, so that one can do what both do: the layers are equally able.",
        "i is the input gate, f is the forget gate, o is the output gate; the candidate is c in Keras, CuDNN and ONNX "
        "and g in PyTorch and Flax.",
        "In ONNX the blocks stand in another order than in Keras: weights that are carried over must be moved.",
        "PyTorch and ONNX hold each kernel with rows and columns exchanged.",
        "`linen.OptimizedLSTMCell` has the arrays of `linen.LSTMCell`.",
        "Measured: keras 3.15.1; tf_keras 2.21.0; torch 2.13.0; onnx 1.23.2, onnxruntime 1.31.1; flax 0.12.8.",
    ]


def test_why_a_gru_differs() -> None:
    assert said("GRU", units=U)[1:5] == [
        "Keras, CuDNN, PyTorch and ONNX have two biases for each gate and candidate, one for the input and one for the "
        "hidden state.",
        "Flax's linen.GRUCell has one bias for each gate and candidate, and a second one for the candidate: 6 fewer "
        "than Keras.",
        "Flax's nnx.GRUCell has one bias for each gate and candidate: 9 fewer than Keras.",
        "The second bias tells only in the candidate, where r stands between the two; in the gates they only add up.",
    ]
    assert "CuDNN, PyTorch and Flax have nothing for `reset_after: false`; what stands here is the nearest." in said(
        "GRU", units=U, reset_after=False
    )


def test_layers_without_steps() -> None:
    rule = RULES["Conv2D"]({"filters": 8, "kernel_size": (2, 4)})
    keras, torch, flax = counterparts(rule, inputs_of(rule, (None, 9, 9, 3)))
    assert shapes_of(torch) == {"weight": (8, 3, 2, 4), "bias": (8,)}
    assert shapes_of(flax) == shapes_of(keras) == {"kernel": (2, 4, 3, 8), "bias": (8,)}
    norm = RULES["BatchNormalization"]({})
    counted = counterparts(norm, inputs_of(norm, (None, 10, 8)))
    assert [(each.framework, each.params) for each in counted] == [("Keras", 32), ("PyTorch", 16), ("Flax", 16)]
    assert said("Dense", (None, 5), units=3)[0] == "Not the counts: they are the same."
    assert said("LayerNormalization", (None, 5))[0] == "Not the counts: they are the same."
    assert said("BatchNormalization", (None, 5))[0].startswith("Keras counts the moving statistics as non-trainable")


def test_attention_that_splits_a_width() -> None:
    rule = RULES["MultiHeadAttention"]({"num_heads": 2, "key_dim": 4})
    shapes = [(None, 5, 8), (None, 5, 8)]
    keras, torch, flax = counterparts(rule, Inputs(shapes, rule.axis_names(3)))
    assert keras.params == torch.params == flax.params == 288
    assert shapes_of(torch) == {
        "in_proj_weight": (24, 8), "in_proj_bias": (24,), "out_proj.weight": (8, 8), "out_proj.bias": (8,)
    }  # fmt: skip
    assert shapes_of(flax) == {
        **{f"{name}/kernel": (8, 2, 4) for name in ("query", "key", "value")}, "out/kernel": (2, 4, 8),
        **{f"{name}/bias": (2, 4) for name in ("query", "key", "value")}, "out/bias": (8,),
    }  # fmt: skip
    plain = RULES["MultiHeadAttention"]({"num_heads": 2, "key_dim": 4, "use_bias": False})
    assert [each.params for each in counterparts(plain, Inputs(shapes, plain.axis_names(3)))] == [256] * 3
    for arguments, wide in (({"key_dim": 3}, 8), ({"key_dim": 4, "value_dim": 3}, 8), ({"key_dim": 4}, 6)):
        other = RULES["MultiHeadAttention"]({"num_heads": 2, **arguments})
        assert counterparts(other, Inputs([(None, 5, 8), (None, 5, wide)], other.axis_names(3))) == ()


def test_the_command() -> None:
    run = CliRunner().invoke(app, ["explain", "lstm", "--units", "128", "--input", "300", "--compare"])
    assert run.exit_code == 0
    assert "  PyTorch    220,160   1,024  i f g o  torch.nn.LSTM\n" in run.output
    found = CliRunner().invoke(app, ["explain", "lstm", "--units", "U", "--input", "300", "--compare", "--json"])
    frameworks = json.loads(found.output)["frameworks"]
    assert frameworks[2] == {
        "framework": "PyTorch",
        "layer": "torch.nn.LSTM",
        "measured": "torch 2.13.0",
        "params": "4*U*(U + 302)",
        "biases": "8*U",
        "gates": ["i", "f", "g", "o"],
        "lacks": [],
        "arrays": [
            {"name": "weight_ih_l0", "shape": ["4*U", 300], "is_param": True},
            {"name": "weight_hh_l0", "shape": ["4*U", "U"], "is_param": True},
            {"name": "bias_ih_l0", "shape": ["4*U"], "is_param": True},
            {"name": "bias_hh_l0", "shape": ["4*U"], "is_param": True},
        ],
    }
    assert "frameworks" not in json.loads(CliRunner().invoke(app, ["explain", "lstm", "--json"]).output)


def test_a_layer_without_counterparts_says_so() -> None:
    run = CliRunner().invoke(app, ["explain", "flatten", "--compare"])
    assert run.exit_code == 0
    assert "There is no comparison for Flatten. There is one for LSTM, GRU, SimpleRNN, Dense, " in run.output


@pytest.mark.parametrize(("class_name", "example"), cases(Example))
def test_every_layer_can_be_compared(class_name: str, example: Example) -> None:
    spec = one_layer(class_name, example.arguments, example.inputs, example.states)
    explanation = explain_layer(spec, infer(spec), "layer", compare=True)
    known = {*KINDS, *ARRAYS}
    assert bool(explanation.frameworks) or class_name not in known
    assert not explanation.frameworks or class_name in known | {"Bidirectional", "MultiHeadAttention"}
    if explanation.frameworks:
        assert explanation.frameworks[0].params == explanation.params
        assert explanation.sections[0].heading == "In other frameworks"


# The libraries themselves.


def order(class_name: str, gates: tuple[str, ...]) -> list[int]:
    """For each block of a framework its place in Keras; the letter that Keras does not know is the candidate."""
    mine, candidate = {"LSTM": ("ifco", "c"), "GRU": ("zrh", "h"), "SimpleRNN": ("", "")}[class_name]
    return [mine.index(gate if gate in mine else candidate) for gate in gates] or [0]


class Drawn:
    """A layer of Keras with random weights, and what it gives for random data, calculated step by step."""

    def __init__(self, class_name: str, second_bias: bool = True) -> None:
        self.np = np = pytest.importorskip("numpy")
        random = np.random.default_rng(3)
        self.class_name, self.blocks = class_name, {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}[class_name]
        wide = self.blocks * U
        self.x = random.standard_normal((B, T, D)).astype("float32")
        self.kernel = random.standard_normal((D, wide)).astype("float32")
        self.recurrent = random.standard_normal((U, wide)).astype("float32")
        self.bias = random.standard_normal(wide).astype("float32")
        self.second = random.standard_normal(wide).astype("float32") * (second_bias and class_name == "GRU")

    def output(self) -> Any:
        """h after every step."""
        np = self.np

        def sigmoid(z: Any) -> Any:
            return 1 / (1 + np.exp(-z))

        h, c, steps = np.zeros((B, U)), np.zeros((B, U)), []
        for t in range(T):
            reads, recalls = self.x[:, t] @ self.kernel + self.bias, h @ self.recurrent + self.second
            if self.class_name == "LSTM":
                i, f, g, o = np.split(reads + recalls, 4, axis=-1)
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
            elif self.class_name == "GRU":
                (xz, xr, xn), (hz, hr, hn) = np.split(reads, 3, axis=-1), np.split(recalls, 3, axis=-1)
                z = sigmoid(xz + hz)
                h = z * h + (1 - z) * np.tanh(xn + sigmoid(xr + hr) * hn)
            else:
                h = np.tanh(reads + recalls)
            steps.append(h)
        return np.stack(steps, axis=1)

    def moved(self, array: Any, found: Counterpart) -> Any:
        """The blocks of an array in the order of a framework."""
        blocks = self.np.split(array, self.blocks, axis=-1)
        return self.np.concatenate([blocks[place] for place in order(self.class_name, found.gates)], axis=-1)


def framework(class_name: str, name: str) -> Counterpart:
    return next(each for each in compared(class_name).values() if name in each.layer or each.framework == name)


@pytest.mark.parametrize("class_name", KINDS)
def test_pytorch(class_name: str) -> None:
    torch = pytest.importorskip("torch")
    drawn, found = Drawn(class_name), framework(class_name, "PyTorch")
    layer = getattr(torch.nn, found.layer.rpartition(".")[2])(D, U, batch_first=True)
    assert {name: tuple(value.shape) for name, value in layer.named_parameters()} == shapes_of(found)
    assert sum(value.numel() for value in layer.parameters()) == found.params
    values = {"weight_ih_l0": drawn.moved(drawn.kernel, found).T, "weight_hh_l0": drawn.moved(drawn.recurrent, found).T,
              "bias_ih_l0": drawn.moved(drawn.bias, found), "bias_hh_l0": drawn.moved(drawn.second, found)}  # fmt: skip
    layer.load_state_dict({name: torch.tensor(value.copy()) for name, value in values.items()})
    drawn.np.testing.assert_allclose(layer(torch.tensor(drawn.x))[0].detach().numpy(), drawn.output(), atol=1e-5)


@pytest.mark.parametrize("class_name", KINDS)
def test_onnx(class_name: str) -> None:
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    drawn, found = Drawn(class_name), framework(class_name, "ONNX")
    np = drawn.np
    biases = np.concatenate([drawn.moved(drawn.bias, found), drawn.moved(drawn.second, found)])[None]
    values = {"W": drawn.moved(drawn.kernel, found).T[None], "R": drawn.moved(drawn.recurrent, found).T[None],
              "B": biases}  # fmt: skip
    assert {name: value.shape for name, value in values.items()} == shapes_of(found)
    more = {"linear_before_reset": 1} if class_name == "GRU" else {}
    node = onnx.helper.make_node(found.layer, ["X", "W", "R", "B"], ["Y"], hidden_size=U, **more)
    graph = onnx.helper.make_graph(
        [node],
        "one",
        [onnx.helper.make_tensor_value_info("X", 1, (T, B, D))],
        [onnx.helper.make_tensor_value_info("Y", 1, None)],
        [onnx.numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in values.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 14)], ir_version=8)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {"X": drawn.x.transpose(1, 0, 2)})
    np.testing.assert_allclose(output[:, 0].transpose(1, 0, 2), drawn.output(), atol=1e-5)


@pytest.mark.parametrize("class_name", KINDS)
def test_flax_linen(class_name: str) -> None:
    linen, jax = pytest.importorskip("flax.linen"), pytest.importorskip("jax")
    drawn, found = Drawn(class_name), framework(class_name, "linen")
    layer = linen.RNN(getattr(linen, found.layer.rpartition(".")[2])(U))
    params = layer.init(jax.random.PRNGKey(0), drawn.x)["params"]["cell"]
    assert {f"{part}/{name}": value.shape for part, held in params.items() for name, value in held.items()} == (
        shapes_of(found)
    )
    places = order(class_name, found.gates)
    split = {name: drawn.np.split(getattr(drawn, name), drawn.blocks, axis=-1) for name in
             ("kernel", "recurrent", "bias", "second")}  # fmt: skip
    for gate, place in zip(found.gates or ("",), places, strict=True):
        candidate = gate == "n"
        params[f"i{gate}"]["kernel"], params[f"h{gate}"]["kernel"] = split["kernel"][place], split["recurrent"][place]
        together = split["bias"][place] + split["second"][place]
        beside = "h" if class_name == "LSTM" else "i"
        params[f"{beside}{gate}"]["bias"] = split["bias"][place] if candidate else together
        if candidate:
            params[f"h{gate}"]["bias"] = split["second"][place]
    drawn.np.testing.assert_allclose(layer.apply({"params": {"cell": params}}, drawn.x), drawn.output(), atol=1e-5)


@pytest.mark.parametrize("class_name", KINDS)
def test_flax_nnx(class_name: str) -> None:
    nnx = pytest.importorskip("flax.nnx")
    # Its GRU has one bias only, for the input.
    drawn, found = Drawn(class_name, second_bias=False), framework(class_name, "nnx")
    cell = getattr(nnx, found.layer.rpartition(".")[2])(D, U, rngs=nnx.Rngs(0))
    held = {
        f"{part}/{name}": value.shape
        for part, layer in (("dense_i", cell.dense_i), ("dense_h", cell.dense_h))
        for name, value in (("kernel", layer.kernel), ("bias", layer.bias))
        if value is not None
    }
    assert held == shapes_of(found)
    cell.dense_i.kernel[...] = drawn.moved(drawn.kernel, found)
    cell.dense_h.kernel[...] = drawn.moved(drawn.recurrent, found)
    side = "dense_h" if class_name == "LSTM" else "dense_i"
    getattr(cell, side).bias[...] = drawn.moved(drawn.bias, found)
    output = nnx.RNN(cell)(drawn.x)
    drawn.np.testing.assert_allclose(output, drawn.output(), atol=1e-5)


PLAIN = ["Dense", "Embedding", "Conv2D", "BatchNormalization", "LayerNormalization", "MultiHeadAttention"]


@pytest.mark.parametrize("class_name", PLAIN)
def test_pytorch_without_steps(class_name: str) -> None:
    torch = pytest.importorskip("torch")
    rule, shape, layer = {
        "Dense": (RULES["Dense"]({"units": 3}), (None, 5), lambda: torch.nn.Linear(5, 3)),
        "Embedding": (RULES["Embedding"]({"input_dim": 7, "output_dim": 3}), (None, 4),
                      lambda: torch.nn.Embedding(7, 3)),
        "Conv2D": (RULES["Conv2D"]({"filters": 3, "kernel_size": (2, 4)}), (None, 9, 9, 5),
                   lambda: torch.nn.Conv2d(5, 3, (2, 4))),
        "BatchNormalization": (RULES["BatchNormalization"]({}), (None, 5), lambda: torch.nn.BatchNorm1d(5)),
        "LayerNormalization": (RULES["LayerNormalization"]({}), (None, 5), lambda: torch.nn.LayerNorm(5)),
        "MultiHeadAttention": (RULES["MultiHeadAttention"]({"num_heads": 2, "key_dim": 4}), (None, 5, 8),
                               lambda: torch.nn.MultiheadAttention(8, 2)),
    }[class_name]  # fmt: skip
    found, made = counterparts(rule, inputs_of(rule, shape))[1], layer()
    kept = {name: tuple(value.shape) for name, value in made.state_dict().items() if value.ndim}
    assert kept == shapes_of(found)
    assert sum(value.numel() for value in made.parameters()) == found.params


@pytest.mark.parametrize("class_name", PLAIN)
def test_flax_without_steps(class_name: str) -> None:
    linen, jax = pytest.importorskip("flax.linen"), pytest.importorskip("jax")
    import numpy as np

    rule, data, layer = {
        "Dense": (RULES["Dense"]({"units": 3}), np.zeros((2, 5)), linen.Dense(3)),
        "Embedding": (RULES["Embedding"]({"input_dim": 7, "output_dim": 3}), np.zeros((2, 4), int), linen.Embed(7, 3)),
        "Conv2D": (RULES["Conv2D"]({"filters": 3, "kernel_size": (2, 4)}), np.zeros((2, 9, 9, 5)),
                   linen.Conv(3, (2, 4))),
        "BatchNormalization": (RULES["BatchNormalization"]({}), np.zeros((2, 5)),
                               linen.BatchNorm(use_running_average=False)),
        "LayerNormalization": (RULES["LayerNormalization"]({}), np.zeros((2, 5)), linen.LayerNorm()),
        "MultiHeadAttention": (RULES["MultiHeadAttention"]({"num_heads": 2, "key_dim": 4}), np.zeros((2, 5, 8)),
                               linen.MultiHeadDotProductAttention(num_heads=2)),
    }[class_name]  # fmt: skip
    found = counterparts(rule, inputs_of(rule, data.shape))[2]
    made = layer.init(jax.random.PRNGKey(0), data)
    held = [jax.tree_util.tree_flatten_with_path(part)[0] for part in made.values()]
    names = {"/".join(key.key for key in path): value.shape for part in held for path, value in part}
    assert names == shapes_of(found)
    assert sum(value.size for value in jax.tree_util.tree_leaves(made["params"])) == found.params


@pytest.mark.parametrize("class_name", ["LSTM", "GRU"])
def test_cudnn(class_name: str) -> None:
    pytest.importorskip("tf_keras")
    from tf_keras.src.layers.rnn import cudnn_gru, cudnn_lstm
    from tf_keras.src.saving.legacy import hdf5_format

    drawn, found = Drawn(class_name), framework(class_name, "CuDNN")
    layer = {"LSTM": cudnn_lstm.CuDNNLSTM, "GRU": cudnn_gru.CuDNNGRU}[class_name](U)
    layer.build((None, T, D))
    assert {weight.name.partition(":")[0]: tuple(weight.shape) for weight in layer.weights} == shapes_of(found)
    # Keras 2 itself carries the weights of its other layer over, block by block, each block transposed.
    np = drawn.np
    plain = [
        drawn.kernel,
        drawn.recurrent,
        drawn.bias if class_name == "LSTM" else np.stack([drawn.bias, drawn.second]),
    ]
    kernel, _, bias = hdf5_format._convert_rnn_weights(layer, plain)
    for there, here in zip(np.split(kernel, drawn.blocks, -1), np.split(drawn.kernel, drawn.blocks, -1), strict=True):
        np.testing.assert_allclose(there.reshape((U, D)), here.T)
    beside_input, beside_state = np.split(bias, 2)
    np.testing.assert_allclose(beside_input + beside_state, drawn.bias + drawn.second, rtol=1e-6)


def test_the_page_names_every_array() -> None:
    spec = read_layer(["Bidirectional(GRU(3))"], ["4,5"])
    explanation = explain_layer(spec, infer(spec), "bidirectional", compare=True)
    weights = " ".join(line[-1] for section in explanation.sections for line in section.lines)
    for each in explanation.frameworks:
        for array in each.arrays:
            assert array.name in weights
