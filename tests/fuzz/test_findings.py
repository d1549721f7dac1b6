"""What fuzzing found, each with the smallest input and what is answered now."""

from __future__ import annotations

import json
import warnings

import pytest
from commands import run_command
from limited import at_most

from lstmcalc import infer, load, read_summary
from lstmcalc.diagnosis.notebook import _is_whole
from lstmcalc.diagnosis.traced import _calls
from lstmcalc.errors import Fault, SpecError
from lstmcalc.memory.optimizers import read_optimizer
from lstmcalc.sources.layer_options import read_layer
from lstmcalc.sources.python import looks_like_python
from lstmcalc.summary_text import solving
from lstmcalc.summary_text.model import to_spec


def told(text: str, name: str = "-") -> str:
    """What is wrong with a source, as it is shown."""
    with pytest.raises(SpecError) as caught:
        infer(load(name, text=text))
    return str(caught.value)


def test_a_fault_is_on_one_line_whatever_it_quotes() -> None:
    assert told('{input: [4, 2], layers: [{LSTM: "x\\ny\\u202e"}]}') == (
        'error[wrong-value] -:1:33  layer "lstm" (LSTM)\n'
        "  expected `units` to be a positive integer\n"
        '  got      "x\\ny\\u202e"\n'
        "  fix      for example `units: 128`"
    )


IMPORT = "from keras import *\n"


def test_a_class_whose_layer_refuses_its_input_has_no_known_weights() -> None:
    text = (
        "class Encoder(layers.Layer):\n"
        "    def __init__(self):\n"
        "        self.gru = layers.GRU(4)\n"
        "    def call(self, x):\n"
        "        return self.gru(x, i=self.gru.get_initial_state([0]))\n"
        "x = layers.Dense(3)(Input((5,)))\n"
        "m = Model(x, Encoder(5)(x))\n"
    )
    assert told(IMPORT + text) == (
        'error[unknown-layer] -:8:14  layer "encoder" (Encoder)\n'
        "  expected a layer or model whose `call` can be followed\n"
        "  got      `Encoder`\n"
        "  because  what it makes of its input exists only when it runs\n"
        "  fix      build it of Keras layers alone, or state its `output_shape` and `params` in a YAML model"
    )


def test_a_model_without_layers_cannot_be_wrapped() -> None:
    text = "s = Sequential([])\nm = Sequential([Input((3, 4)), layers.TimeDistributed(s)])\n"
    assert told(IMPORT + text) == (
        'error[wrong-value] -:3:32  layer "time_distributed" (TimeDistributed)\n'
        "  expected `layer` to be a layer that takes one input\n"
        "  got      a layer (Sequential)\n"
        "  fix      leave TimeDistributed out"
    )


def test_a_layer_is_no_mask() -> None:
    text = "x = Input((4, 3))\nm = Model(x, layers.LSTM(4)(x, mask=layers.Masking()))\n"
    assert told(IMPORT + text) == (
        'error[wrong-value] -:3:37  layer "lstm" (LSTM)\n'
        "  expected `mask` to be a tensor or a constant\n"
        "  got      a layer `masking`\n"
        "  fix      apply it: `layer(x)`"
    )


def test_masks_that_are_not_known_are_left_out() -> None:
    report = infer(load("-", text="layers.Attention()([q, v], mask=[a, b])\n"))
    assert [(layer.class_name, layer.params) for layer in report.layers][-1] == ("Attention", 0)


def test_a_model_that_refuses_its_input_does_so_each_time() -> None:
    text = (
        "m = Sequential([Input((10, 2*T)), layers.LSTM(4)])\n"
        "a, b = Input((10, 3)), Input((10, 3))\n"
        "x = Model([a, b], layers.Subtract()([m(a), m(b)]))\n"
    )
    refused = (
        'layer "sequential" (Sequential)\n  expected (None, 10, 2·T), its input "input_layer"\n  got      (None, 10, 3)'
    )
    assert told(IMPORT + text) == f"error[wrong-size] -:4:38  {refused}\n\nerror[wrong-size] -:4:44  {refused}"


def test_a_stack_of_an_input_alone_gives_back_what_it_gets() -> None:
    stack = "m = Sequential([Input((4,)), Sequential([Input((4,))]), layers.Dense(3)])\n"
    report = infer(load("-", text=IMPORT + stack))
    assert [(layer.name, layer.output_shapes, layer.params) for layer in report.layers] == [
        ("sequential", ((None, 4),), 0),
        ("dense", ((None, 3),), 15),
    ]


def test_a_layer_that_would_steer_the_terminal_is_named_escaped() -> None:
    fault = Fault("unknown-layer", "a layer", layer=("\u202e", "\n"))
    assert str(fault) == 'error[unknown-layer] layer "\\u202e" (\\n)\n  expected a layer'


@pytest.mark.parametrize("words", [["dense", "--activation", "1not in 3"], ["dense", "--dtype", "1or 2"]])
def test_what_python_says_of_an_option_is_not_repeated(words: list[str]) -> None:
    with warnings.catch_warnings(record=True) as told_by_python:
        warnings.simplefilter("always")
        with pytest.raises(SpecError):
            infer(read_layer(words))
        with pytest.raises(ValueError, match=r"^expected one of SGD"):
            read_optimizer(words[2])
    assert told_by_python == []


@pytest.mark.parametrize("words", [["paste", "-"], ["check", "-", "--max-params", "1"]])
def test_an_answer_without_a_picture_says_so_even_where_it_is_no(words: list[str]) -> None:
    done = run_command(
        [*words, "--format", "svg"], b"VError" if words[0] == "paste" else b"{input: [4], layers: [Dense: 3]}"
    )
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(
        "Error: Invalid value for --format: expected text, json, markdown or html, got svg for an answer that has no "
        "picture\n"
    )


def test_what_is_unpacked_into_nothing() -> None:
    code = "from keras import Input, Sequential, layers\n[] = len\nm = Sequential([Input((3,)), layers.Dense(2)])\n"
    assert infer(load("m.py", text=code)).totals.params == 8


def told_mask(mask: object, class_name: str = "LSTM") -> str:
    """A config whose layer is called with a mask."""
    port = {"class_name": "InputLayer", "name": "x", "config": {"name": "x", "batch_shape": [None, 10, 4]}}
    x = {"class_name": "__keras_tensor__", "config": {"shape": [None, 10, 4], "keras_history": ["x", 0, 0]}}
    operand = [x, x] if class_name == "Attention" else x
    config = {"name": "l", "units": 3} if class_name == "LSTM" else {"name": "l"}
    layer = {"class_name": class_name, "name": "l", "config": config,
             "inbound_nodes": [{"args": [operand], "kwargs": {"mask": mask}}]}  # fmt: skip
    graph = {"name": "f", "layers": [{**port, "inbound_nodes": []}, layer], "input_layers": ["x", 0, 0],
             "output_layers": ["l", 0, 0]}  # fmt: skip
    return json.dumps({"class_name": "Functional", "config": graph})


NO_TENSOR = {"class_name": "_d ", "config": {"shape": [None, 10], "dtype": "bool", "ky": ["m", 0, 0]}}


@pytest.mark.parametrize(
    ("mask", "got"),
    [
        (NO_TENSOR, "a mapping with `class_name`, `config`"),
        ({"a": 1}, "a mapping with `a`"),
        ([{"a": 2}, None], "a list of 2 values"),
        ("x", '"x"'),
        (True, "true"),
    ],
    ids=repr,
)
def test_a_mask_that_is_no_output_is_refused(mask: object, got: str) -> None:
    assert told(told_mask(mask), "m.json") == (
        f'error[wrong-node] m.json  layer "l" (LSTM)\n  expected `mask` to be an output of a layer\n  got      {got}'
    )


def test_masks_of_which_one_is_no_output_are_refused() -> None:
    x = {"class_name": "__keras_tensor__", "config": {"shape": [None, 10, 4], "keras_history": ["x", 0, 0]}}
    assert told(told_mask([NO_TENSOR, x], "Attention"), "m.json") == (
        'error[wrong-node] m.json  layer "l" (Attention)\n'
        "  expected `mask` to be an output of a layer\n"
        "  got      a list of 2 values"
    )


def test_a_mask_of_numbers_is_left_out() -> None:
    report = infer(load("m.json", text=told_mask([[True] * 10])))
    assert (report.layers[-1].output_shapes, report.totals.params) == (((None, 3),), 96)


@pytest.mark.parametrize(
    "text",
    [
        "│ gru (Bidirectional) │ (816 │None, 64) │ 18,\n",
        "Layer (type)  Output Shape  Param #\n"
        "stacked_cells (RNN)   [(None, 3),       1450\n"
        "                      [(None, 5), (None, 5)], [(=, 3), (None, 3)]]\n",
    ],
)
def test_a_row_that_no_layer_prints_is_given_up_soon(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    confirmed = []
    real = solving.confirm
    monkeypatch.setattr(solving, "confirm", lambda *rest: confirmed.append(rest) or real(*rest))
    with at_most(20):
        read_summary(text)
    assert len(confirmed) < 5_000


@pytest.mark.parametrize("layer", ["Rescaling(scale='1or 2')", "Rescaling(scale='1if 2 else 3')"])
def test_what_python_says_of_a_constant_is_not_repeated(layer: str) -> None:
    with warnings.catch_warnings(record=True) as told_by_python:
        warnings.simplefilter("always")
        with pytest.raises(SpecError):
            infer(load("m.yaml", text=f'{{input: [4], layers: ["{layer}"]}}'))
    assert told_by_python == []


def test_what_python_says_of_a_traced_line_is_not_repeated() -> None:
    line = "model.add(Dense(1or 2))"
    trace = f'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\n    {line}\nValueError: x\n'
    with warnings.catch_warnings(record=True) as told_by_python:
        warnings.simplefilter("always")
        assert len(_calls(line)) == 2
        assert _is_whole(line)
        run_command(["paste", "-"], trace.encode())
    assert told_by_python == []


KERAS = "import keras\nfrom keras import layers\nx = keras.Input((5, 4))\n"


def test_a_mask_that_is_no_output_is_refused_in_python() -> None:
    assert told(KERAS + "m = keras.Model(x, layers.LSTM(3)(x, mask=0.5))\n", "m.py") == (
        'error[wrong-value] m.py:4:20  layer "lstm" (LSTM)\n'
        "  expected `mask` to be an output of a layer\n"
        "  got      0.5"
    )


@pytest.mark.parametrize("mask", ["np.ones((1, 5))", "np", "unheard_of"])
def test_a_mask_of_which_no_shape_depends_is_left_out(mask: str) -> None:
    text = f"import numpy as np\n{KERAS}m = keras.Model(x, layers.LSTM(3)(x, mask={mask}))\n"
    assert infer(load("m.py", text=text)).totals.params == 96


def test_what_a_source_holds_is_told_in_its_words() -> None:
    assert told(KERAS + "m = keras.Model(x, layers.Dense(2)(x) + {a: x})\n", "m.py").endswith(
        "expected `x2` to be an output of a layer, a number, or lists of numbers of one length\n"
        "  got      {a: a tensor}"
    )
    assert "  because  Keras has no such operation on tensors\n" in told(
        "import keras\nx <<= keras.Input((3,))\nm = keras.Model(x, keras.layers.Dense(2)(x))\n", "m.py"
    )


def test_a_calculation_that_fails_is_told_in_words() -> None:
    source = "import keras\nsizes = {'a': 3}\nm = keras.Sequential([keras.Input((3,)), %s])\n"
    product = told(source % "keras.layers.Dense @ 0", "m.py")
    assert "got      `keras.layers.Dense @ 0`, which cannot be known\n" in product
    assert "because  only running the code would tell what it is\n" in product
    assert "because  there is no `b` in it\n" in told(source % "sizes['b']", "m.py")


def test_an_output_counted_from_the_end_of_unknown_ones_is_not_known() -> None:
    text = KERAS + "r = layers.RNN([layers.LSTMCell(.5)], return_state=True)(x)\nm = keras.Model(x, r[-2])\n"
    assert told(text, "m.py") == (
        'error[wrong-value] m.py:4:33  layer "lstm_cell" (LSTMCell)\n'
        "  expected `units` to be a positive integer\n"
        "  got      0.5\n"
        "  fix      for example `units: 64`"
    )


def test_a_range_is_counted_however_long() -> None:
    text = f"import keras\nx = keras.Input((5, {2**64}))\nm = keras.Model(x, x[:, :, 1:])\n"
    assert told(text, "m.py").startswith('error[too-large] m.py:3:20  layer "get_item" (GetItem)\n')
    text = f"import keras\nx = keras.Input((5,))\nm = keras.Model(x, x + keras.ops.arange({2**70}))\n"
    assert told(text, "m.py").startswith("error[")


def test_a_layer_that_a_class_calls_on_nothing_has_no_known_weights() -> None:
    text = (
        "class Block(keras.Model):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.dense = layers.Dense(2)\n"
        "    def call(self, x):\n"
        "        return self.dense()\n"
        "m = keras.Sequential([keras.Input((4,)), Block()])\n"
    )
    assert "AttributeError" not in told(KERAS + text, "m.py")


def test_special_tokens_are_counted_without_being_made() -> None:
    text = (
        "{inputs: {x: {shape: [5], dtype: int64}}, layers: [{IntegerLookup: {vocabulary: [10], output_mode: one_hot, "
    )
    with at_most(5):
        report = infer(load("m.yaml", text=text + "num_oov_indices: 0x7fffffff}}]}"))
    assert report.layers[-1].calls[0].outputs == ((None, 5, 2**31),)


def test_the_lines_of_a_notebook_may_stand_together() -> None:
    source = ["import keras\nm = keras.Sequential([\n", "    keras.Input((3,)),\r\n    keras.layers.Dense(2),\n])"]
    text = json.dumps({"cells": [{"cell_type": "code", "source": source}], "nbformat": 4})
    assert infer(load("m.ipynb", text=text)).totals.params == 8
    assert told(text.replace("Dense(2)", "Dense(0)"), "m.ipynb").startswith("error[wrong-value] m.ipynb:1:")
    block = json.dumps({"cells": [{"cell_type": "code", "source": ["def f():\none", "x = 1\none"]}], "nbformat": 4})
    assert told(block, "m.ipynb").startswith("error[no-model]")


@pytest.mark.parametrize("command", ["explain lstm --units 3", "solve lstm --params 100", "sweep lstm --units 3,4"])
def test_an_option_is_no_shape(command: str) -> None:
    done = run_command([*command.split(), "--input", "--json"])
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("Invalid value for '--input': expected a shape, such as 300, got the option `--json`\n")


def test_true_is_no_size_of_a_state() -> None:
    done = run_command(["explain", "grucell", "True", "--input", "3", "--json"])
    assert json.loads(done.out)["report"]["inputs"][1]["shape"] == [None, None]


def test_a_row_named_like_a_wrapper_wraps_nothing() -> None:
    rows = (
        "____________________________________________________________\n"
        "Layer (type)       Output Shape  Param  Connected to        \n"
        "============================================================\n"
        "steps (InputLayer) (None, 11, 4) 0                          \n"
        "____________________________________________________________\n"
        "bi_concat (Bidirec (None, 11, 10 400    steps[0]params: 23\n"
        "0]         \n"
        "____________________________________________________________\n"
        "bidirectional_1 (B (None, 6)     144    steps[0][0]         \n"
        "============================================================\n"
        "Total params: 1,744\n"
    )
    [reading] = read_summary(rows)
    classes = [layer.class_name for layer in infer(to_spec(reading)).layers]
    assert classes == ["InputLayer", "Bidirectional", "Bidirectional"]


@pytest.mark.parametrize("line", ["", " " * 46, " " * 46 + "\t", "a, "])
def test_whether_a_text_is_python_is_told_at_once(line: str) -> None:
    with at_most(2):
        assert not looks_like_python("Layer (type)\n" + f"{line}\n" * 200 + line * 500)


def test_no_target_shape_at_all_is_mended_too() -> None:
    assert told("{input: [3, 4], layers: [{Reshape: {target_shape: []}}]}").endswith(
        "  expected 1 values in a sample, for `target_shape: []`\n"
        "  got      12, from (None, 3, 4)\n"
        '  fix      set `target_shape: [-1]` on "reshape"'
    )


def test_outputs_and_groups_of_words_are_bounded() -> None:
    text = "import keras\nx = keras.Input((8,))\nm = keras.Model(x, keras.ops.array_split(x, 2**40, axis=1)[0])\n"
    words = "{inputs: {x: {shape: [], dtype: string}}, layers: [{TextVectorization: {ngrams: 0x7fffffff}}]}"
    with at_most(5):
        assert "expected at most 10,000 outputs\n  got      1,099,511,627,776" in told(text, "m.py")
        assert "expected `ngrams` to be at most 1,000" in told(words)
