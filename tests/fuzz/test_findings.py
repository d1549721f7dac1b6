"""What fuzzing found, each with the smallest input and what is answered now."""

from __future__ import annotations

import warnings

import pytest
from commands import run_command

from lstmcalc import infer, load
from lstmcalc.errors import Fault, SpecError
from lstmcalc.memory.optimizers import read_optimizer
from lstmcalc.sources.layer_options import read_layer


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
