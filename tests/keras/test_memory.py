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
from lstmcalc.memory import Setting, memory_of
from lstmcalc.opening import named_sizes
from lstmcalc.report import CallReport

HERE = Path(__file__).parent
#: Unknown sizes, as the oracle takes them.
FREE = 7
#: Layers of which JAX keeps exactly the most that lstmcalc states.
EXACT = {"LSTM", "GRU", "SimpleRNN", "RNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells", "ConvLSTM1D",
         "ConvLSTM2D", "ConvLSTM3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "DepthwiseConv1D",
         "DepthwiseConv2D", "Conv2D", "Conv3D", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
         "Activation", "Masking", "Flatten", "Reshape", "Permute", "RepeatVector"}  # fmt: skip
#: Layers that no gradient reaches in a usual model, and which take long to be asked about.
FAMILIES = {"image preprocessing", "preprocessing"}
LAYERS = [(name, example) for name, example in cases(Example) if RULES[name].family not in FAMILIES]
#: Sizes for the symbols of the models, and batches, small enough to be compiled soon.
MODELS = {
    "forecast": (1, 32, 256),
    "many_to_many": (1, 256),
    "sentence_encoder": (1, 256),
    "seq2seq": (1, 32),
}
SIZES = {"S": 9, "T": 20}


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


@pytest.fixture(scope="module")
def kept_by_layers(request: pytest.FixtureRequest) -> dict[int, Any]:
    """What JAX keeps of the layers of this run."""
    places = [
        item.callspec.params["place"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and "place" in getattr(item, "callspec", Nothing).params
        if item.get_closest_marker("skip") is None
    ]
    answers = ask([("layer", as_asked(*LAYERS[place])) for place in places])
    return dict(zip(places, answers, strict=True))


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
def test_what_jax_keeps_lies_in_the_range(place: int, kept_by_layers: dict[int, Any]) -> None:
    name, example = LAYERS[place]
    answer = kept_by_layers[place]
    if "error" in answer:
        pytest.skip(answer["error"].splitlines()[0][:100])
    call = call_of(name, example)
    kept = call.keeps()
    least, most = bytes_of(kept.least, call), bytes_of(kept.most, call)
    if most is UNKNOWN:
        return
    assert least <= answer["bytes"] <= most, f"{name} {example.arguments} keeps {answer}, not {least} to {most}"
    # Of a frozen layer JAX leaves out what only the gradients to its own weights need.
    if name in EXACT and not kept.wide and example.arguments.get("trainable", True):
        assert answer["bytes"] == most, f"{name} {example.arguments}"


def test_activations_keep_what_the_table_says() -> None:
    examples = [Example({"activation": name}, (None, 3, 8), 0, None) for name in ACTIVATIONS]
    answers = ask([("layer", as_asked("Activation", example)) for example in examples])
    for example, answer in zip(examples, answers, strict=True):
        call = call_of("Activation", example)
        assert answer == {"bytes": bytes_of(call.keeps().most, call)}, example.arguments


@cache
def planned() -> dict[tuple[str, int], int]:
    """The bytes that XLA plans for a training step of each model and batch."""
    asked = [(name, batch) for name, batches in MODELS.items() for batch in batches]
    answers = ask([("model", f"specs/{name}.yaml", sizes_of(name), batch, "Adam()") for name, batch in asked])
    return {question: sum(answer.values()) for question, answer in zip(asked, answers, strict=True)}


def sizes_of(name: str) -> dict[str, int]:
    """A value for each symbol that a model leaves open."""
    shapes = [port.shape or () for port in infer(load(f"specs/{name}.yaml")).inputs]
    return {symbol: SIZES.get(symbol, 9) for shape in shapes for size in shape for symbol in symbols_of(size)}


@pytest.mark.long
@pytest.mark.parametrize(("name", "batch"), [(name, batch) for name, batches in MODELS.items() for batch in batches])
def test_what_xla_plans_lies_in_the_range(name: str, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE.parent.parent)
    spec, own = named_sizes(load(f"specs/{name}.yaml")), sizes_of(name)
    names = {symbol for port in infer(spec).inputs for size in port.shape or () for symbol in symbols_of(size)}
    report = infer(spec, {symbol: own.get(symbol, FREE) for symbol in names})
    memory = memory_of(report, Setting(batch))
    assert memory.least <= planned()[name, batch] <= memory.most
    # A range that says nothing would be no answer.
    assert memory.most <= 4 * memory.least


@pytest.mark.long
def test_twice_the_batch_takes_what_is_between() -> None:
    """What a sample more takes lies in the range as well, without weights and slots to hide in."""
    memory = [memory_of(infer(load("specs/forecast.yaml")), Setting(batch)) for batch in (32, 256)]
    more = planned()["forecast", 256] - planned()["forecast", 32]
    assert memory[1].least - memory[0].least <= more <= memory[1].most - memory[0].most
