"""Python as people write and paste it becomes the model that the same lines would have made, and nothing is run."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstmcalc.dims import to_text
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.report import Report
from lstmcalc.sources import load
from lstmcalc.sources.python import looks_like_python, read_python

SCRIPTS = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent.parent / "models").glob("*.txt"))]

Row = tuple[str, str, tuple[Any, ...], str]


def rows(report: Report) -> list[Row]:
    """Name, class, output shapes and params of every layer."""
    return [(layer.name, layer.class_name, layer.output_shapes, to_text(layer.params)) for layer in report.layers]


def read(code: str, model: str | None = None) -> list[Row]:
    return rows(infer(read_python(code, "m.py", model)))


def refused(code: str, model: str | None = None) -> str:
    """The whole text of every fault."""
    with pytest.raises(SpecError) as caught:
        infer(read_python(code, "m.py", model))
    return str(caught.value)


YAML = {
    "stack": "{input: [10, 3], layers: [LSTM: {units: 8, return_sequences: true}, Dropout: 0.1, Dense: 2]}",
    "graph": """
inputs: {a: [10, 3], b: [10, 3]}
layers:
  - {layer: "LSTM(4)", name: enc, inputs: a}
  - {apply: enc, inputs: b, name: other}
  - Concatenate: {inputs: [enc, other]}
  - {layer: Dense(2), inputs: concatenate}
outputs: [dense]
""",
    "nested": """
models: {tower: {input: [6], layers: [Dense: 4]}}
input: [7, 6]
layers: [TimeDistributed(tower), Bidirectional(LSTM(3))]
""",
    "symbols": "{input: [T, D], layers: [Embedding: {input_dim: V + 1, output_dim: 2*U}, Dense: U//2]}",
}

SAME: list[tuple[str, str]] = [
    ("stack", "m = Sequential([Input((10, 3)), LSTM(8, return_sequences=True), Dropout(0.1), Dense(2)])"),
    ("stack", "m = Sequential()\nm.add(LSTM(8, True and 'tanh', return_sequences=1 == 1, input_shape=(10, 3)))\n"
              "m.add(Dropout(.1))\nm.add(Dense(2))"),
    ("stack", "m = keras.models.Sequential(layers=[layers.LSTM(units=8, return_sequences=not False, "
              "batch_input_shape=(None, 10, 3)), layers.Dropout(rate=1e-1), layers.Dense(units=4 // 2)], name='m')"),
    ("stack", "LAYERS = [LSTM(2 ** 3, **{'return_sequences': True}), Dropout(0.1)]\n"
              "m = Sequential([InputLayer(input_shape=(10, 3)), *LAYERS] + [Dense(len(LAYERS))])"),
    ("stack", "m = Sequential([LSTM(8, return_sequences=True), Dropout(rate), Dense(2)])\nm.build((None, 10, 3))"),
    ("stack", "model.add(LSTM(8, input_length=10, input_dim=3, return_sequences=True))\n"
              "model.add(Dropout(0.1))\nmodel.add(Dense(2))"),
    ("graph", "a, b = Input((10, 3), name='a'), Input((10, 3), name='b')\nenc = LSTM(4, name='enc')\n"
              "m = Model([a, b], Dense(2)(concatenate([enc(a), enc(b)])))"),
    ("graph", "a, b = [Input(shape=[10, 3], name=n) for n in 'ab']\nenc = LSTM(4, name='enc')\n"
              "both = [enc(x) for x in (a, b)]\nm = tf.keras.models.Model(inputs=dict(a=a, b=b), "
              "outputs={'out': Dense(2)(Concatenate()(both))})"),
    ("nested", "t = Input((6,))\ntower = Model(t, Dense(4)(t), name='tower')\nx = Input((7, 6), name='input')\n"
               "m = Sequential([x, TimeDistributed(tower), Bidirectional(LSTM(3))])"),
    ("symbols", "m = Sequential([Input((T, D)), Embedding(V + 1, 2 * U), Dense(U // 2)])"),
    ("symbols", "m = Sequential([Input((T, D)), Embedding(1 + V, U + U), Dense(int(U / 2))])"),
]  # fmt: skip


def weights(report: Report) -> list[tuple[Any, ...]]:
    return [(weight.name, weight.shape, weight.trainable) for weight in report.weights]


@pytest.mark.parametrize(("name", "code"), SAME, ids=[f"{name}-{i}" for i, (name, _) in enumerate(SAME)])
def test_python_and_yaml_give_the_same_report(name: str, code: str) -> None:
    theirs = infer(load("m.yaml", text=YAML[name]))
    ours = infer(read_python(code, "m.py"))
    assert rows(ours) == rows(theirs)
    assert weights(ours) == weights(theirs)
    assert (ours.totals, ours.sequential) == (theirs.totals, theirs.sequential)


PLAIN = """import keras
from keras.layers import *
m = keras.Sequential([
    Input((4,)),
    Dense(3),
])
m.add(Dense(2))"""
PASTED = {
    "doctest": ">>> import keras\n>>> from keras.layers import *\n>>> m = keras.Sequential([\n...     Input((4,)),\n"
               "...     Dense(3),\n... ])\n>>> m.summary()\nModel: \"sequential\"\n dense (Dense)   (None, 3)\n"
               ">>> m.add(Dense(2))",
    "ipython": "In [1]: import keras\n   ...: from keras.layers import *\n\nIn [2]: m = keras.Sequential([\n"
               "   ...:     Input((4,)),\n   ...:     Dense(3),\n   ...: ])\n\nIn [3]: m.count_params()\nOut[3]: 15\n\n"
               "In [4]: m.add(Dense(2))",
    "prompts of their own": "In [1]:\nimport keras\nfrom keras.layers import *\nIn [2]:\nm = keras.Sequential([\n"
                            "    Input((4,)),\n    Dense(3),\n])\nm\nOut[2]:\n<Sequential name=sequential>\nIn [ ]:\n"
                            "m.add(Dense(2))",
    "markdown": f"My model, what's wrong?\n```python\n{PLAIN}\n```\nIt says: error in Dense(7).\n",
    "one fence": f"{PLAIN}\n```",
    "magics": f"!pip install -q keras\n%matplotlib inline\n%%time\n{PLAIN}\n?m",
    "Python 2": f"print 'hello'\n{PLAIN}\nprint \"params: %d\" % m.count_params()\nexec \"x = 1\"",
    "indented": "\n".join(f"        {line}" for line in PLAIN.split("\n")),
    "tabs": PLAIN.replace("    ", "\t"),
    "indented by the way": PLAIN.replace("\nm.add", "\n    m.add"),
    "CRLF": PLAIN.replace("\n", "\r\n"),
    "unfinished": f"{PLAIN}\nhistory = m.fit(X, y, epochs=",
    "byte order mark": f"\ufeff{PLAIN}",
}  # fmt: skip


@pytest.mark.parametrize("text", PASTED.values(), ids=PASTED)
def test_pasted_code_is_read_like_the_code_itself(text: str) -> None:
    assert read(text) == read(PLAIN) == [
        ("dense", "Dense", ((None, 3),), "15"),
        ("dense_1", "Dense", ((None, 2),), "8"),
    ]  # fmt: skip
    assert looks_like_python(text)


def test_a_notebook_is_read_with_the_lines_of_its_file() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Dense(7)\n"]},
        {
            "cell_type": "code",
            "source": ["!pip install keras\n", "from keras import *\n", "from keras.layers import *"],
        },
        {"cell_type": "code", "source": ["m = Sequential([Input((3,)),\n", "    Dense(units=4, actvation='relu')])\n"]},
    ]
    text = json.dumps({"cells": cells, "nbformat": 4}, indent=1)
    assert looks_like_python(text)
    with pytest.raises(SpecError) as caught:
        infer(read_python(text, "m.ipynb"))
    where = caught.value.faults[0].where
    assert where is not None and where.line is not None and where.column is not None
    assert text.split("\n")[where.line - 1][where.column - 1 :].startswith("'relu'")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("from keras import layers\nx = 1", True),
        ("model.add(Dense(3))", True),
        ("x = Dense(3)(x)", True),
        ("input: [10, 3]\nlayers:\n  - LSTM(3)\n", False),
        ("{input: [10], layers: [Dense(3)]}", False),
        ('{"class_name": "Sequential", "config": {}}', False),
        ('Model: "sequential"\n_____\nLayer (type)  Output Shape  Param #\ndense (Dense)  (None, 3)  12', False),
        ("Total params: 12", False),
        ("", False),
    ],
)
def test_python_is_told_from_other_texts(text: str, answer: bool) -> None:
    assert looks_like_python(text) is answer


SYMBOLS: list[tuple[str, dict[str, str]]] = [
    ("Dense(units)", {"units": "units"}),
    ("Dense(args.hidden)", {"units": "args_hidden"}),
    ("Dense(X.shape[1])", {"units": "X_shape_1"}),
    ("Dense(len(tokenizer.word_index) + 1)", {"units": "len_tokenizer_word_index + 1"}),
    ("Dense(2 * (a + b) - a)", {"units": "a + 2*b"}),
    ("Dense(units=n if n > 0 else 1)", {"units": "n"}),
    ("Dense(hp.Int('units', 8, 64))", {"units": "hp_Int_units"}),
    ("Conv1D(filters, [k])", {"filters": "filters", "kernel_size": "['k']"}),
    ("Reshape((n, -1, None))", {"target_shape": "['n', -1, None]"}),
    ("LSTM(int(h / 2))", {"units": "h//2"}),
    ("Dense(len(list(range(20_000))))", {"units": "len_list_range_20_000"}),
]


@pytest.mark.parametrize(("call", "arguments"), SYMBOLS)
def test_sizes_that_are_not_known_are_symbols(call: str, arguments: dict[str, str]) -> None:
    spec = read_python(f"m = Sequential([Input((6, 4)), {call}])", "m.py")
    (layer,) = spec.layers.values()
    assert {key: str(value) for key, value in layer.arguments.items()} == arguments


def test_a_name_stands_for_what_it_is_set_to_and_its_values_are_told_apart() -> None:
    code = (
        "vocab = len(tokens) + 1\nn, m = data.shape\nx = load()\nx = load(x)\n"
        "model = Sequential([Input((n, m - 1)), Dense(vocab), Dense(x)])\nx = other()\nmodel.add(Dense(x))"
    )
    spec = read_python(code, "m.py")
    assert spec.inputs[0].shape == ("n", "m - 1")
    assert [layer.arguments["units"] for layer in spec.layers.values()] == ["vocab", "x", "x_2"]


HARMLESS = (
    "Dense(4, activation=act, kernel_initializer=init, bias_regularizer=reg(3), kernel_constraint=c)",
    "Dropout(rate, seed=SEED)",
    "Dense(4, activation=lambda x: x * 2)",
    "LSTM(4, dropout=cfg['dropout'], recurrent_initializer=keras.initializers.Orthogonal(gain=g), implementation=2)",
    "LayerNormalization(epsilon=EPS)",
    "Dense(4, dtype=policy, activation=tf.nn.relu)",
)


@pytest.mark.parametrize("call", HARMLESS)
def test_what_changes_no_shape_may_be_unknown(call: str) -> None:
    assert read(f"m = Sequential([Input((6, 4)), {call}])")[0][0] in ("dense", "dropout", "lstm", "layer_normalization")


def test_without_an_input_sizes_are_called_as_the_axes_of_the_first_layer() -> None:
    assert read("m = Sequential([LSTM(64), Dense(2)])") == [
        ("lstm", "LSTM", ((None, 64),), "256·(input_dim + 65)"),
        ("dense", "Dense", ((None, 2),), "130"),
    ]
    code = "def build(shape, n):\n    x = Input(shape=shape)\n    return Model(x, Conv2D(n, 3, padding='same')(x))"
    assert read(code)[1] == ("conv2d", "Conv2D", read(code)[1][2], "n·(9·channels + 1)")
    assert read("x = GRU(5)(x)\ny = Dense(2)(x)")[0][:2] == ("x", "InputLayer")


OPERATIONS: list[tuple[str, str, tuple[Any, ...]]] = [
    ("x[:, -1]", "GetItem", (None, 4)),
    ("x[..., None]", "GetItem", (None, 6, 4, 1)),
    ("1.0 / x", "TrueDivide", (None, 6, 4)),
    ("-x", "Negative", (None, 6, 4)),
    ("x @ keras.ops.transpose(x, (0, 2, 1))", "Matmul", (None, 6, 6)),
    ("x > 0", "Greater", (None, 6, 4)),
    ("x + np.zeros((4,))", "Add", (None, 6, 4)),
    ("keras.ops.mean(x, axis=1)", "Mean", (None, 4)),
    ("keras.ops.einsum('bij,bkj->bik', x, x)", "Einsum", (None, 6, 6)),
    ("keras.ops.concatenate([x, x], -1)", "Concatenate", (None, 6, 8)),
    ("tf.reduce_mean(x, 1, keepdims=True)", "Mean", (None, 1, 4)),
    ("tf.math.reduce_sum(input_tensor=x, axis=[1, 2])", "Sum", (None,)),
    ("tf.concat([x, x], axis=1)", "Concatenate", (None, 12, 4)),
    ("tf.nn.relu(x)", "Relu", (None, 6, 4)),
    ("tf.expand_dims(x, 1)", "ExpandDims", (None, 1, 6, 4)),
    ("tf.transpose(x, perm=[0, 2, 1])", "Transpose", (None, 4, 6)),
    ("tf.reshape(x, (-1, 24))", "Reshape", (None, 24)),
    ("tf.reshape(x, (tf.shape(x)[0], x.shape[1] * x.shape[2]))", "Reshape", (None, 24)),
    ("concatenate([x, x], 1)", "Concatenate", (None, 12, 4)),
    ("partial(Conv1D, kernel_size=3)(5, kernel_size=1)(x)", "Conv1D", (None, 6, 5)),
    ("inner({'b': x, 'a': x[:, :3]})", "Functional", (None, 9, 4)),
    ("K.mean(x, axis=-1)", "Mean", (None, 6)),
    ("K.permute_dimensions(x, (0, 2, 1))", "Transpose", (None, 4, 6)),
]


@pytest.mark.parametrize(("expression", "class_name", "shape"), OPERATIONS)
def test_arithmetic_and_functions_of_tensors_are_operations(
    expression: str, class_name: str, shape: tuple[Any, ...]
) -> None:
    start = (
        "from functools import partial\nports = {'b': Input((6, 4), name='b'), 'a': Input((3, 4), name='a')}\n"
        "inner = Model(ports, concatenate([ports['a'], ports['b']], axis=1))\nx = Input((6, 4))\n"
    )
    last = read(f"{start}m = Model(x, {expression})", "m")[-1]
    assert last[1:3] == (class_name, (shape,))


TWO = "a = Sequential([Input((3,)), Dense(2)], name='first')\nb = Sequential([Input((3,)), Dense(4)])\n"


@pytest.mark.parametrize(("model", "units"), [("a", 2), ("first", 2), ("b", 4), ("sequential", 4)])
def test_one_of_several_models_is_picked_by_its_variable_or_its_name(model: str, units: int) -> None:
    assert read(TWO, model)[0][2] == ((None, units),)


def test_a_model_used_in_another_or_part_of_one_is_not_meant() -> None:
    code = "i = Input((3,))\nh = Dense(2)(i)\nencoder = Model(i, h)\nwhole = Model(i, Dense(3)(h))\n"
    assert [row[0] for row in read(code)] == ["input_layer", "dense", "dense_1"]
    used = f"{TWO}x = Input((3,))\nc = Model(x, add([a(x), Dense(2)(b(x))]))"
    assert [row[0] for row in read(used)] == ["input_layer_2", "sequential", "first", "dense_2", "add"]
    assert len(read(code, "encoder")) == 2


ERRORS: list[tuple[str, str]] = [
    (
        TWO,
        "error[several-models] m.py\n  expected one model\n  got      2: `a` (line 1), `b` (line 2)\n"
        "  fix      pick one: `--model b`",
    ),
    ("x = 1", "error[no-model] m.py\n  expected a Keras model\n  got      none"),
    (
        "d = [Dense(3)]",
        "error[no-model] m.py\n  expected a Keras model\n  got      1 layer that no model holds\n"
        "  fix      put them in `Sequential([...])`",
    ),
    (
        "m = Sequential([Input((9, 3)), LSTM(4, return_sequences=flag)])",
        'error[unknown-value] m.py:1:57  layer "lstm" (LSTM)\n  expected `return_sequences` to be known\n'
        "  got      `flag`\n  because  the file does not set it\n"
        "  fix      write `return_sequences=True` or `return_sequences=False`",
    ),
    (
        "i = Input((9, 3))\nx = GRU(4)(i)\nif fancy:\n    x = Dropout(0.1)(x)\nm = Model(i, Dense(2)(x))",
        'error[unknown-value] m.py:3:1  layer "dense" (Dense)\n  expected the output of a layer\n'
        "  got      `x`, which cannot be known\n  because  it depends on `fancy`, which is not known\n"
        "  fix      set it above; or read what `model.to_json()` gives, which leaves nothing open",
    ),
    (
        "m = Sequential([Input((3,))])\nfor n in sizes:\n    m.add(Dense(n))\nm.add(Dense(2))",
        "error[unknown-value] m.py:3:5\n  expected to know whether, and how often, this is done\n"
        "  got      `m.add(Dense(n))`\n  because  how many there are in `sizes` is not known",
    ),
    (
        "m = Sequential([Input((3,)), Dense(“4”)])",
        "error[smart-quotes] m.py:1:36\n  expected \" or '\n  got      `“`\n"
        "  because  a word processor or a web page has put typographic quotes in place of Python's\n"
        '  fix      replace them all\n\nerror[wrong-value] m.py:1:36  layer "dense" (Dense)\n'
        '  expected `units` to be a positive integer\n  got      "4"',
    ),
    (
        "def f(x):\n    return f(Dense(3)(x))\ni = Input((3,))\nm = Model(i, f(i))",
        "error[unknown-value] m.py:2:12\n  expected the output of a layer\n"
        "  got      `f(Dense(3)(x))`, which cannot be known\n  because  more than 40 calls in one another\n"
        "  fix      set it above; or read what `model.to_json()` gives, which leaves nothing open",
    ),
    (
        "def block(x):\n    return Dense(3)(x)",
        "error[no-model] m.py\n  expected a Keras model\n  got      1 layer that no model holds\n"
        "  fix      put them in `Sequential([...])`",
    ),
    (
        "m = Sequential([Input((3,)), Dense(4)])\nm.add(Dense(5)\nm.add(Dense(6, unit=3))",
        "error[not-python] m.py:2:1\n  expected Python\n  got      `m.add(Dense(5)`\n"
        "  because  this line cannot be read\n  fix      close every bracket and quote\n\n"
        'error[unknown-argument] m.py:3:21  layer "dense_2" (Dense)\n  expected a Dense argument\n  got      `unit`\n'
        "  fix      did you mean `units`?",
    ),
    (
        "a, b = Input((3,)), Input((3,))\nm = Model(a, Add()([a, b]))",
        'error[disconnected-graph] m.py:1:21  layer "input_layer_1" (InputLayer)\n'
        "  expected outputs that need no input but `input_layer`\n  got      `input_layer_1`\n"
        "  because  the model is not told of it\n  fix      add it to `inputs`",
    ),
    (
        "m = Sequential([Input((3,)), Dense(4, name='a'), Dense(4, name='a')])",
        "error[duplicate-name] m.py:1:50\n  expected a name of its own\n  got      `a` again\n"
        "  because  what stands at line 1, column 30 has this name",
    ),
    (
        "m = Sequential([Input((3,)), Desne(4)])\nn = my.thing(m)",
        'error[unknown-layer] m.py:1:30  layer "desne" (Desne)\n'
        "  expected a layer that lstmcalc knows, or the name of a model\n  got      `Desne`\n"
        "  fix      did you mean `Dense`?",
    ),
    (
        "m = Sequential([Input(10), Dense])",
        "error[wrong-value] m.py:1:5\n  expected a layer\n  got      `keras.layers.Dense`\n"
        "  fix      call it: `Dense(…)`\n\nerror[wrong-value] m.py:1:23\n  expected `shape` to be a tuple\n"
        "  got      `10`\n  fix      write a comma behind it: `(10,)`",
    ),
    (
        "class M(keras.Model):\n    def call(self, x):\n        while tf.reduce_sum(x) > 0:\n            x = step(x)\n"
        "        return x\nmodel = M()",
        "error[unknown-layer] m.py:6:9\n  expected a layer or model whose `call` can be followed\n  got      `M`\n"
        "  because  what it makes of its input exists only when it runs\n"
        "  fix      build it of Keras layers alone, or state its `output_shape` and `params` in a YAML model",
    ),
    (
        "m = Sequential([Input((3,))])\nwhile True:\n    m.add(Dense(3))",
        "error[too-large] m.py:2:1\n  expected a loop that makes layers to have at most 5,000 rounds\n  got      more",
    ),
    (
        f"m = Sequential([Input((3,)), Dense({'9' * 400})])",
        'error[wrong-number] m.py:1:36  layer "dense" (Dense)\n'
        "  expected an integer of at most 9,223,372,036,854,775,807\n"
        "  got      a number of more digits than a size can have",
    ),
]


@pytest.mark.parametrize(("code", "text"), ERRORS, ids=[str(i) for i in range(len(ERRORS))])
def test_what_is_not_understood_is_named_with_its_place(code: str, text: str) -> None:
    assert refused(code) == text


def test_what_does_not_depend_on_a_fault_is_reported() -> None:
    code = "i = Input((9, 3))\nx = GRU(4, name='known')(i)\ny = helper(x)\nm = Model(i, [Dense(2)(y), Dense(5)(x)])"
    with pytest.raises(SpecError) as caught:
        infer(read_python(code, "m.py"))
    assert [fault.code for fault in caught.value.faults] == ["unknown-layer"]
    shapes = {layer.name: layer.output_shapes for layer in caught.value.report.layers}
    assert (shapes["known"], shapes["dense_1"], shapes["dense"]) == (((None, 4),), ((None, 5),), ())
    code = "i = Input((9, 3))\nx = GRU(4, name='known')(i)\nif u:\n    x = Dropout(r)(x)\nm = Model(i, Dense(2)(x))"
    with pytest.raises(SpecError) as caught:
        infer(read_python(code, "m.py"))
    assert [(layer.name, layer.params) for layer in caught.value.report.layers] == [
        ("input_layer", 0), ("known", 108), ("dense", None)
    ]  # fmt: skip


READY_MADE = """i = Input((8, 8, 3))
base = keras.applications.VGG16(include_top=False)
x = base(keras.applications.vgg16.preprocess_input(i))
m = Model(i, Dense(2)(x))"""
SAVE = "save the model with `model.save('model.keras')`, and read that file"
UNREAD: list[tuple[str, str]] = [
    (
        "a = Input((4,))\nm = Model(a, Add()([a, Dense(4)(b)]))",
        "error[unknown-value] m.py:2:33\n  expected the output of a layer\n"
        "  got      `b`, which cannot be known\n  because  the file does not set it\n"
        "  fix      set it above; or read what `model.to_json()` gives, which leaves nothing open",
    ),
    (
        "i = Input((4,))\nm = Model(i, Dense(2)(Dense(3, name='a/b')(i)), name='c/d')",
        "error[wrong-name] m.py:2:5\n  expected a name without `/`\n  got      `c/d`\n\n"
        'error[wrong-name] m.py:2:37  layer "a/b" (Dense)\n  expected a name without `/`\n  got      `a/b`',
    ),
    (
        "m = Sequential([Input((4,)), Dense(-3), Dense('a'), Dense(2, bias=1)])",
        'error[wrong-value] m.py:1:36  layer "dense" (Dense)\n  expected `units` to be a positive integer\n'
        '  got      -3\n  fix      for example `units: 3`\n\nerror[wrong-value] m.py:1:47  layer "dense_1" (Dense)\n'
        '  expected `units` to be a positive integer\n  got      "a"\n\n'
        'error[unknown-argument] m.py:1:67  layer "dense_2" (Dense)\n  expected a Dense argument\n'
        "  got      `bias`\n  fix      did you mean `use_bias`?",
    ),
    (
        READY_MADE,
        'error[unknown-layer] m.py:2:8  layer "vgg16" (VGG16)\n'
        "  expected a model whose layers stand in the code\n  got      `VGG16`\n"
        f"  because  `VGG16` is ready-made, and its layers do not stand in the code\n  fix      {SAVE}\n\n"
        'error[unknown-layer] m.py:3:10  layer "preprocess_input" (preprocess_input)\n'
        "  expected operations that stand in the code\n  got      a step that belongs to a ready-made network\n"
        f"  because  each network has its own\n  fix      {SAVE}",
    ),
]


@pytest.mark.parametrize(("code", "text"), UNREAD, ids=[str(i) for i in range(len(UNREAD))])
def test_what_cannot_be_read_has_a_row_all_the_same_and_the_rest_is_checked(code: str, text: str) -> None:
    assert refused(code) == text


def test_a_class_of_which_a_part_cannot_be_read_does_not_look_complete() -> None:
    code = """
class Encoder(Layer):
    def __init__(self):
        super().__init__()
        self.embed, self.last = Embedding(1000, 64), Dense(3)
    def call(self, x):
        return self.last(self.embed(x) + places(40)[:4])
i = Input((4,))
m = Model(i, Dense(2)(Encoder()(i)))"""
    spec = read_python(code, "m.py")
    assert [fault.code for fault in spec.faults] == ["unknown-value"]
    assert spec.models["encoder"].faults == spec.faults
    with pytest.raises(SpecError) as caught:
        infer(spec)
    assert caught.value.faults == spec.faults
    assert [(row.name, row.params) for row in caught.value.report.layers] == [
        ("input_layer", 0), ("encoder", None), ("dense", None)
    ]  # fmt: skip


def totals(code: str) -> tuple[Any, Any]:
    found = infer(read_python(code, "m.py")).totals
    return found.params, found.trainable_params


def test_layers_in_a_frozen_model_train_again_only_where_another_is_looked_at() -> None:
    code = "b = Sequential([Input((8,)), Dense(4), Dense(4)])\nb.trainable = False\nb.layers[-1].trainable = True\n"
    assert totals(code) == (56, 0)
    assert totals(code + "i = Input((8,))\nm = Model(i, Dense(2)(b(i)))") == (66, 30)


def test_a_layer_at_several_places_counts_once() -> None:
    code = "i, j = Input((5, 8)), Input((8,))\nd = Dense(3)\nm = Model([i, j], [TimeDistributed(d)(i), {}(j)])"
    assert totals(code.format("d")) == (27, 27)
    assert totals(code.format("Dense(3)")) == (54, 54)
    assert totals("i = Input((5, 8))\nd = LSTM(3)\nm = Model(i, [Bidirectional(d)(i), d(i)])") == (3 * 144, 3 * 144)


def test_a_weight_that_is_not_trained_counts_so() -> None:
    code = """
class Scale(Layer):
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], 6))
        self.g = self.add_weight(shape=(6,), trainable={})
    def call(self, x):
        return keras.ops.matmul(x, self.w) * self.g
i = Input((5,))
m = Model(i, Scale()(i))"""
    assert totals(code.format(False)) == (36, 30)
    assert totals(code.format(True)) == (36, 36)


def test_a_model_of_ones_own_that_makes_data_is_one_row_with_all_that_it_holds() -> None:
    code = """
class Writer(keras.Model):
    def __init__(self, words, width, units):
        super().__init__(self)
        self.embedding = Embedding(words, width)
        self.gru = GRU(units, return_sequences=True, return_state=True)
        self.dense = Dense(words)
    def call(self, inputs, states=None):
        x = self.embedding(inputs)
        if states is None:
            states = self.gru.get_initial_state(x)
        x, states = self.gru(x, initial_state=states)
        return self.dense(x)
model = Writer(66, 256, 1024)"""
    assert [row[:2] for row in read(code)] == [("inputs", "InputLayer"), ("writer", "Writer")]
    # The number that TensorFlow's tutorial on writing text prints.
    assert totals(code) == (4_022_850, 4_022_850)


def test_places_are_those_of_the_file() -> None:
    code = "# -*- coding: utf-8 -*-\n\nnet = Sequential([\n    Input((3,)),\n\tDense(  4 ),  # é\n])\n"
    code += "y = 'é'; net.add(Dense(5))"
    spec = read_python(code, "m.py")
    assert [str(layer.where) for layer in spec.layers.values()] == ["m.py:5:2", "m.py:7:18"]
    assert [str(layer.argument_where["units"]) for layer in spec.layers.values()] == ["m.py:5:10", "m.py:7:24"]
    assert str(spec.where) == "m.py:3:7"


HOSTILE = {
    "loop": "for i in range(10 ** 9):\n    x = i",
    "while": "while True:\n    n = 1",
    "power": "a = 10 ** 10 ** 10\nb = 2 << 10 ** 9\nc = 9 ** 99999",
    "text": """
a = 'a' * 10 ** 9
b = '%1000000000d' % 3
c = f'{3:1000000000}'
d = 'x'.ljust(10 ** 9)
e = '{:>1000000000}'.format(1)""",
    "list": """
a = [0] * 10 ** 9
b = list(range(10 ** 9))
c = sum(range(10 ** 9))
d = [[0] * 9000] * 9000
Dense(d)""",
    "doubling": "x = [0]\nn = 3\nfor i in range(200):\n    x = x + x\n    n = n * n",
    "comprehension": "a = [i * j * k for i in range(999) for j in range(999) for k in range(999)]",
    "recursion": "def f(n):\n    return f(n + 1)\nf(0)",
    "branching": "def f(n):\n    return [f(n + 1), f(n + 1)]\nf(0)",
    "digits": "9" * 100_000,
    "brackets": "(" * 100_000,
    "minus": "-" * 50_000 + "1",
    "dots": "a" + ".b" * 20_000,
    "sum": "+".join(["a"] * 20_000),
    "nested": "x = " + "[" * 90 + "]" * 90,
    "itself": "x = []\nx.append(x)\nDense(x)\nDense(4)(x)",
    "names": "\n".join(f"def f{i}():\n    f{i + 1}(); f{i + 1}()" for i in range(40)) + "\nif u:\n    f0()",
    "code": """
import os
os.system('touch HACKED')
exec('1/0')
eval('1/0')
open('HACKED', 'w')
__import__('os').abort()""",
    "async": """
async def f():
    await g()
    async for x in y:
        yield x
(n := 3)
def h():
    yield 1
list(h())""",
    "match": "match x:\n    case 1:\n        y = 2",
    "exit": "import sys\nsys.exit(3)\nraise SystemExit\nassert False\ndel x, y\nreturn 3\nbreak",
    "nul": "x = 1\0\nDense(3)\0",
}


@pytest.mark.parametrize("code", HOSTILE.values(), ids=HOSTILE)
def test_hostile_code_ends_soon_and_does_nothing(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    start = time.perf_counter()
    try:
        report = infer(read_python(f"m = Sequential([Input((3,)), Dense(2)])\n{code}", "m.py"))
    except SpecError as error:
        assert {fault.code for fault in error.faults} <= {"not-python", "too-large"}
    else:
        assert rows(report) == [("dense", "Dense", ((None, 2),), "8")]
    assert time.perf_counter() - start < 20
    assert list(tmp_path.iterdir()) == []


@st.composite
def scrambled(draw: Any) -> str:
    """A script that was cut, mixed with another, or changed here and there."""
    text = draw(st.sampled_from(SCRIPTS))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        other = draw(st.sampled_from(SCRIPTS))
        text = draw(st.sampled_from(_changes(text, other, at)))
    return str(text)


def _changes(text: str, other: str, at: int) -> Sequence[str]:
    lines = text.split("\n")
    line = len(text[:at].split("\n")) - 1
    words: list[str] = re.split(r"(\w+)", text)
    word = min(at, len(words) - 1)
    swapped = [*words[:word], *re.findall(r"\w+", other)[at % 50 : at % 50 + 1], *words[word + 1 :]]
    return [
        text[:at],
        text[at:],
        text[:at] + other[at:],
        "\n".join(lines[:line] + lines[line + 1 :]),
        "\n".join(lines[line:] + lines[:line]),
        "\n".join(f"  {found}" if i == line else found for i, found in enumerate(lines)),
        "".join(swapped),
        *(text[:at] + sign + text[at + 1 :] for sign in "()[]{},:='\"#\\*-\t0 “é\0"),
    ]


@pytest.mark.parametrize("draws", [150, pytest.param(3000, marks=pytest.mark.long)])
def test_scrambled_scripts_give_a_report_or_a_spec_error(draws: int) -> None:
    ends = {"read": 0, "refused": 0}

    @settings(
        derandomize=True, deadline=None, max_examples=draws, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(scrambled())
    def run(code: str) -> None:
        try:
            infer(read_python(code, "m.py"))
            ends["read"] += 1
        except SpecError as error:
            assert all(fault.code and fault.where for fault in error.faults), str(error)
            ends["refused"] += 1

    run()
    assert min(ends.values()) > draws // 10, ends
