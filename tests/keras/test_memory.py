"""What lstmcalc says a training step takes, held against JAX: what `jax.vjp` keeps, and what XLA plans on a CPU."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest
from layer_examples import cases, one_layer

from lstmcalc import infer, load
from lstmcalc.dims import UNKNOWN, Dim, lift, product, symbols_of
from lstmcalc.layers.kept import ACTIVATIONS, Held
from lstmcalc.layers.rule import RULES, Example
from lstmcalc.memory import Memory, Setting, memory_of
from lstmcalc.memory.activations import activations_of
from lstmcalc.opening import named_sizes
from lstmcalc.report import CallReport

HERE = Path(__file__).parent
#: Unknown sizes, as the oracle takes them.
FREE = 7
#: Layers of which JAX keeps exactly the most that lstmcalc states.
EXACT = {"LSTM", "GRU", "SimpleRNN", "RNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells", "ConvLSTM1D",
         "ConvLSTM2D", "ConvLSTM3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "DepthwiseConv1D",
         "DepthwiseConv2D", "Conv2D", "Conv3D", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
         "Activation", "Masking", "Flatten", "Reshape", "Permute", "RepeatVector", "BatchNormalization",
         "LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization", "GroupQueryAttention",
         "MultiHeadAttention", "Attention", "AdditiveAttention", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D",
         "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
         "GlobalMaxPooling3D", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D",
         "AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D",
         "AdaptiveMaxPooling3D", "Add", "Subtract", "Multiply",
         "Average", "Maximum", "Minimum", "Concatenate", "Dot", "ZeroPadding1D", "ZeroPadding2D", "Cropping1D",
         "Cropping2D", "UpSampling1D", "UpSampling2D", "LeakyReLU", "ELU", "PReLU", "Softmax"}  # fmt: skip
#: Layers that no gradient reaches in a usual model, and which take long to be asked about.
FAMILIES = {"image preprocessing", "preprocessing"}
#: What the rules' own examples leave out, as arguments, inputs, and what the call is told.
X, Y, Z = (None, 5, 12), (None, 7, 12), (None, 4, 5, 12)
HEADS, GROUPS = {"num_heads": 2, "key_dim": 3}, {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}
CAUSAL, SCORES = {"use_causal_mask": True}, {"return_attention_scores": True}
MORE: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    *(("MultiHeadAttention", {**HEADS, **more}, [X, X], told) for more in (
        {}, {"dropout": 0.1}, {"use_gate": True}, {"sliding_window": 2}, {"output_shape": [10]})
      for told in ({}, CAUSAL, SCORES, {**CAUSAL, **SCORES})),
    ("MultiHeadAttention", {**HEADS, "attention_axes": [2]}, [Z, Z], {}),
    ("MultiHeadAttention", HEADS, [X, Y, Y], {}),
    *(("GroupQueryAttention", {**GROUPS, **more}, [X, X], told) for more in ({}, {"dropout": 0.1}, {"use_gate": True})
      for told in ({}, CAUSAL, SCORES)),
    *((name, {**more, "dropout": drop}, [X, X], told) for name in ("Attention", "AdditiveAttention")
      for more in ({}, {"use_scale": True}, {"score_mode": "concat"}) for drop in (0.0, 0.1) for told in ({}, CAUSAL)),
    *(("LayerNormalization", {"axis": axis, "scale": on}, Z, {}) for axis in (-1, 1, [1, 2]) for on in (True, False)),
    ("BatchNormalization", {"trainable": False}, X, {}),
    ("GroupNormalization", {"groups": 2, "axis": 1}, Z, {}),
    *((name, {}, [X] * 4, {}) for name in ("Add", "Multiply", "Average", "Maximum", "Concatenate")),
    ("Multiply", {}, [X, (None, 1, 12)], {}),
    *(("Dot", {"axes": 2, "normalize": on}, [X, Y], {}) for on in (True, False)),
    *((name, {"data_format": "channels_first"}, Z, {}) for name in ("MaxPooling2D", "GlobalMaxPooling2D")),
    ("Softmax", {"axis": 1}, X, {}),
    *(("ReLU", options, X, {}) for options in ({"negative_slope": 0.1}, {"max_value": 6.0}, {"threshold": 0.1})),
    *(("TimeDistributed", {"layer": layer}, Z, {}) for layer in (
        "LayerNormalization()", "MaxPooling1D(2)", "GlobalMaxPooling1D()", "Softmax()", "BatchNormalization()")),
]  # fmt: skip
LAYERS = [(name, example) for name, example in cases(Example) if RULES[name].family not in FAMILIES]
LAYERS += [(name, Example(arguments, inputs, 0, None, keywords=told)) for name, arguments, inputs, told in MORE]
#: Batches for the models; sizes for the symbols that they leave open; and a size in place of one in the spec, where
#: JAX unrolls as many steps and takes minutes. All are small enough to be compiled soon.
MODELS = {
    "forecast": (1, 32, 256),
    "frozen": (32,),
    "many_to_many": (1, 256),
    "many_to_many_per_step": (64,),
    "masked_binary": (64,),
    "sentence_encoder": (1, 256),
    "seq2seq": (1, 32),
    "speaker_change": (32,),
    "surname_classifier": (64,),
    "target_token": (32,),
    "transformer_encoder": (1, 32),
}
SIZES = {"S": 9, "T": 20}
FEWER = {"speaker_change": ("200", "12"), "target_token": ("[T]", "[9]")}


def ask(questions: list[Any]) -> list[Any]:
    """The answers of Keras on JAX, which needs a process of its own."""
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, str(HERE / "jax_memory.py")],
        input=pickle.dumps(questions),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=HERE.parent.parent,
        check=True,
    )
    answers: list[Any] = json.loads(done.stdout)
    return answers


def as_asked(name: str, example: Example) -> tuple[Any, ...]:
    return (name, dict(example.arguments), example.inputs, example.states, example.dtype, dict(example.keywords))


def of_activation(name: str) -> Example:
    return Example({"activation": name}, (None, 3, 8), 0, None)


@pytest.fixture(scope="module")
def kept_on_jax(request: pytest.FixtureRequest) -> dict[Any, Any]:
    """What JAX keeps of the layers of this run by their places, and of activations and models by their names."""
    places = [
        item.callspec.params["place"]
        for item in request.session.items
        if item.path == request.path and "place" in getattr(item, "callspec", Nothing).params
        if item.get_closest_marker("skip") is None
    ]
    questions: dict[Any, Any] = {place: ("layer", as_asked(*LAYERS[place])) for place in places}
    questions.update({name: ("layer", as_asked("Activation", of_activation(name))) for name in ACTIVATIONS})
    questions.update({name: ("kept", text) for name, text in NETS.items()})
    return dict(zip(questions, ask([*questions.values()]), strict=True))


class Nothing:
    """A test without cases."""

    params: ClassVar[dict[str, Any]] = {}


def filled(shape: Any) -> tuple[Any, ...]:
    """A shape as the oracle runs it."""
    return tuple(FREE if size is None and place else size for place, size in enumerate(shape))


def call_of(name: str, example: Example) -> CallReport:
    """The call of the layer, on the sizes that the oracle takes."""
    inputs: Any = list(map(filled, example.inputs)) if isinstance(example.inputs, list) else filled(example.inputs)
    states = [filled(state) for state in example.states]
    spec = one_layer(name, example.arguments, inputs, states, keywords=example.keywords, dtype=example.dtype)
    return next(layer for layer in infer(spec).layers if layer.name == "layer").calls[0]


def bytes_of(held: Held, call: CallReport) -> Dim:
    """What is held, in float32, with the inputs and the output."""
    shapes = [call.inputs[place] for place in held.inputs] + [(call.outputs or ((),))[0]] * held.output
    arrays = sum((product(lift((shape or ())[1:])) for shape in shapes), start=0)
    return 4 * (arrays + held.values) + held.bytes


@pytest.mark.parametrize("place", range(len(LAYERS)), ids=[name for name, _ in LAYERS])
def test_what_jax_keeps_lies_in_the_range(place: int, kept_on_jax: dict[Any, Any]) -> None:
    name, example = LAYERS[place]
    answer = kept_on_jax[place]
    if "error" in answer:
        pytest.skip(answer["error"].splitlines()[0][:100])
    call = call_of(name, example)
    kept = call.effort.kept
    least, most = bytes_of(kept.least, call), bytes_of(kept.most, call)
    if most is UNKNOWN:
        return
    assert least <= answer["bytes"] <= most, f"{name} {example.arguments} keeps {answer}, not {least} to {most}"
    # Of a frozen layer JAX leaves out what only the gradients to its own weights need.
    if name in EXACT and not kept.wide and example.arguments.get("trainable", True):
        assert answer["bytes"] == most, f"{name} {example.arguments}"


def test_activations_keep_what_the_table_says(kept_on_jax: dict[Any, Any]) -> None:
    for name in ACTIVATIONS:
        call = call_of("Activation", of_activation(name))
        assert kept_on_jax[name] == {"bytes": bytes_of(call.effort.kept.most, call)}, name


#: Models whose layers share what they keep.
NETS = {
    "transformer": """
input: [6, 8]
layers:
- {name: at, layer: 'MultiHeadAttention(2, 4, dropout=0.1)', inputs: [input, input]}
- {name: sum, layer: Add, inputs: [at, input]}
- {name: norm, layer: LayerNormalization}
- {name: wide, layer: 'Dense(16, activation="gelu")'}
- {name: back, layer: Dense(8)}
- {name: sum2, layer: Add, inputs: [back, norm]}
- LayerNormalization
- GlobalAveragePooling1D
- Dense(2)
""",
    "two of one": """
input: [6, 8]
layers:
- {name: first, layer: Dense(8)}
- {name: a, layer: LayerNormalization, inputs: first}
- {name: b, layer: LayerNormalization, inputs: first}
- {name: c, layer: BatchNormalization, inputs: first}
- {name: p, layer: MaxPooling1D(2), inputs: first}
- {name: q, layer: GlobalMaxPooling1D, inputs: p}
- {name: r, layer: RMSNormalization, inputs: first}
- {name: u, layer: UnitNormalization, inputs: first}
- {name: both, layer: Multiply, inputs: [a, b, c, r, u]}
- {name: d, layer: Flatten, inputs: both}
- {name: all, layer: Concatenate, inputs: [d, q]}
- Dense(2)
""",
    "pictures": """
input: [12, 12, 3]
layers: ['Conv2D(4, 3, activation="relu")', BatchNormalization, MaxPooling2D, 'Conv2D(4, 3)', ReLU, 'Dropout(0.2)',
         GlobalMaxPooling2D, 'Dense(3, activation="softmax")']
""",
}


def test_of_a_model_jax_keeps_the_most(kept_on_jax: dict[Any, Any]) -> None:
    for name, text in NETS.items():
        found = activations_of(infer(load("-", text=text)))
        assert kept_on_jax[name]["bytes"] == found.most + found.reread, name
        assert 0 < found.least < found.most, name


#: Most of it is frozen, and so holds for a moment what nothing else asks for.
FROZEN = """
input: [32, 32, 3]
layers: ['Conv2D(16, 3, activation="relu", trainable=False)', 'BatchNormalization(trainable=False)',
         'Conv2D(16, 3, activation="relu", trainable=False)', 'MaxPooling2D(2)', Flatten, 'Dense(2)']
"""


def text_of(name: str) -> str:
    """A model, with fewer steps where it takes them one by one."""
    if name == "frozen":
        return FROZEN
    return (HERE.parent.parent / f"specs/{name}.yaml").read_text(encoding="utf-8").replace(*FEWER.get(name, ("", "")))


@cache
def planned() -> dict[tuple[str, int], int]:
    """The bytes that XLA plans for a training step of each model and batch."""
    asked = [(name, batch) for name, batches in MODELS.items() for batch in batches]
    answers = ask([("model", text_of(name), sizes_of(name), batch, "Adam()") for name, batch in asked])
    return {question: sum(answer.values()) for question, answer in zip(asked, answers, strict=True)}


def sizes_of(name: str) -> dict[str, int]:
    """A value for each symbol that a model leaves open."""
    shapes = [port.shape or () for port in infer(load("-", text=text_of(name))).inputs]
    return {symbol: SIZES.get(symbol, 9) for shape in shapes for size in shape for symbol in symbols_of(size)}


def step_of(name: str, batch: int) -> Memory:
    """What lstmcalc says of a training step, on the sizes that the oracle takes."""
    spec, own = named_sizes(load("-", text=text_of(name))), sizes_of(name)
    names = {symbol for port in infer(spec).inputs for size in port.shape or () for symbol in symbols_of(size)}
    return memory_of(infer(spec, {symbol: own.get(symbol, FREE) for symbol in names}), Setting(batch))


@pytest.mark.long
@pytest.mark.parametrize(("name", "batch"), [(name, batch) for name, batches in MODELS.items() for batch in batches])
def test_what_xla_plans_lies_in_the_range(name: str, batch: int) -> None:
    memory = step_of(name, batch)
    assert memory.least <= planned()[name, batch] <= memory.most
    # A range that says nothing would be no answer; what passes through frozen layers may take nothing at all.
    assert memory.most - memory.part("forward").most <= 4 * memory.least


@pytest.mark.long
@pytest.mark.parametrize(("name", "few", "many"), [("forecast", 32, 256), ("transformer_encoder", 1, 32)])
def test_more_samples_take_what_is_between(name: str, few: int, many: int) -> None:
    """What more samples take lies in the range as well, without weights and slots to hide in."""
    one, other = step_of(name, few), step_of(name, many)
    more = planned()[name, many] - planned()[name, few]
    assert other.least - one.least <= more <= other.most - one.most
