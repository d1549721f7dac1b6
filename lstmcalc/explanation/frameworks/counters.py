"""What other tools that count operations print for the same layer, one sample at a time, and why it is another number.

Every formula was read off what the tools print, in the versions of `TOOLS`, over several sizes; it is told here in the
figures of the rule. What was not measured is left out. PyTorch's tools see PyTorch's layer, which must do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, total
from lstmcalc.explanation.costs.layer import closed, cost_over
from lstmcalc.explanation.frameworks import USUAL, is_split, recurrent_of
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.batch import moved
from lstmcalc.layers.costs import Cost
from lstmcalc.layers.rule import Inputs, LayerRule, all_work

__all__ = ["ONCE", "TOOLS", "Print", "Tool", "prints"]


class Tool(NamedTuple):
    """A tool that counts: its name, the version that was measured, what it counts, and what it counts it of."""

    name: str
    version: str
    unit: str
    of: str


#: In the order in which they are shown. What fvcore calls flops are MACs.
TOOLS = {
    "torchinfo": Tool("torchinfo", "1.8.0", "MACs", "PyTorch"),
    "thop": Tool("thop", "0.1.1", "MACs", "PyTorch"),
    "ptflops": Tool("ptflops, backend pytorch", "0.7.5", "MACs", "PyTorch"),
    "aten": Tool("ptflops, backend aten", "0.7.5", "MACs", "PyTorch"),
    "fvcore": Tool("fvcore", "0.1.5", "MACs", "PyTorch"),
    "torch": Tool("torch's FlopCounterMode, CPU", "2.13.0", "FLOPs", "PyTorch"),
    "tf": Tool("TensorFlow's profiler on a function", "2.21.0", "FLOPs", "Keras"),
    "frozen": Tool("TensorFlow's profiler on a frozen function", "2.21.0", "FLOPs", "Keras"),
    "unrolled": Tool("TensorFlow's profiler, unroll=True", "2.21.0", "FLOPs", "Keras"),
    "xla": Tool("XLA's cost analysis, not compiled", "jax 0.10.2", "FLOPs", "Keras on JAX"),
    "flax": Tool("Flax's tabulate", "0.12.8", "FLOPs", "Flax"),
    "onnx": Tool("onnx-tool", "1.0.1", "MACs", "ONNX"),
}


@dataclass(frozen=True)
class Print:
    """What a tool prints for a layer, and why it is another number than the MACs, or the FLOPs, of the layer."""

    tool: Tool
    number: Dim
    why: str


class Seen(NamedTuple):
    """A layer as the tools see it: its cost, and that of one time step; the additions of PyTorch's biases.

    `each` is how many values its state has in all directions and over all steps.
    """

    rule: Any
    x: Inputs
    cost: Cost
    step: Cost
    biases: Dim
    each: Dim
    directions: int

    @property
    def params(self) -> Dim:
        """The numbers in all weights."""
        return total(weight.params for weight in self.rule.weights(self.x))


BIASES = "a bias counts like a multiplication"
TWO_BIASES = "a bias counts like a multiplication, and PyTorch has two"
OUTSIDE = "it has no rule for this layer"
ONCE = "the inside of the loop counts once, whatever the number of steps"
PRODUCTS = "nothing but products counts"
NO_FUNCTIONS = "tanh and sigmoid do not count"
#: What thop and ptflops add for gates and states, per value and step.
THOP = {"LSTM": 8, "GRU": 7, "SimpleRNN": 1}
PTFLOPS = {"LSTM": 10, "GRU": 7, "SimpleRNN": 1}
#: What Flax's cells calculate per value besides products, as XLA counts it, and what onnx-tool adds per value and step.
FLAX = {"LSTM": 21, "GRU": 18, "SimpleRNN": 2}
ONNX = {"LSTM": 188, "GRU": 116}
#: What TensorFlow's profiler counts a second time per unit in a frozen function, with a bias and without.
AGAIN = {"LSTM": (9, 5), "GRU": (3, 0), "SimpleRNN": (1, 0)}


def prints(rule: LayerRule, x: Inputs) -> dict[str, Print]:
    """What the tools print for a layer, by their keys in `TOOLS`; empty for a layer that was not measured.

    >>> from lstmcalc.layers.rule import RULES
    >>> lstm = RULES["LSTM"]({"units": 128})
    >>> prints(lstm, Inputs([(None, 10, 300)], lstm.axis_names(3)))["torchinfo"].number
    2201600
    """
    seen = None if moved(x) else _seen(rule, closed(x))
    if seen is None or UNKNOWN in seen.cost:
        return {}
    found = {key: Print(TOOLS[key], number, why) for key, number, why in _kind(seen)(seen)}
    return {key: found[key] for key in TOOLS if key in found}


def _seen(rule: Any, x: Inputs) -> Seen | None:
    steps = all_work(rule, x, tuple(rule.built_weights(x)))
    cost = Cost.of(step.cost for step in steps)
    biases = total(each.params * each.uses for each in rule.weights(x) if each.name.endswith("bias"))
    found = recurrent_of(rule) or ((rule, 1) if rule.class_name in CELLS else None)
    if found is None:
        usual = {weight.name for weight in rule.weights(x)} <= WEIGHTS or rule.class_name == "MultiHeadAttention"
        return Seen(rule, x, cost, cost, biases, 0, 1) if rule.class_name in PLAIN and usual else None
    inner, directions = found
    if any(getattr(inner, key, values[0]) not in values for key, values in USUAL.items() if key != "reset_after"):
        return None
    over = inner.class_name not in CELLS
    each = inner.units * directions * (x.timesteps if over else 1)
    blocks = GATES[inner.class_name.removesuffix("Cell")]
    return Seen(inner, x, cost, cost_over(rule, x, 1) if over else cost, 2 * blocks * each * inner.use_bias, each,
                directions)  # fmt: skip


def _kind(seen: Seen) -> Callable[[Seen], Iterator[tuple[str, Dim, str]]]:
    name = seen.rule.class_name
    return _cell if name in CELLS else PLAIN.get(name, _recurrent)


def _recurrent(seen: Seen) -> Iterator[tuple[str, Dim, str]]:
    name, macs = seen.rule.class_name, seen.cost.macs
    biased = TWO_BIASES if seen.rule.use_bias else ""
    if getattr(seen.rule, "reset_after", True):
        yield "torchinfo", macs + seen.biases, biased
        for key, more in (("thop", THOP[name]), ("ptflops", PTFLOPS[name])):
            yield key, macs + seen.biases + more * seen.each, _and(_more(more), biased)
        if name == "LSTM":
            yield "aten", 0, OUTSIDE
            yield "torch", 0, OUTSIDE
        else:
            yield "aten", macs + seen.biases, biased
            yield "torch", 2 * macs, PRODUCTS
        yield "fvcore", 0, OUTSIDE
    if not seen.rule.unroll:
        once = 2 * seen.step.macs + seen.step.arithmetic
        yield "tf", once, f"{ONCE}; {NO_FUNCTIONS}"
        yield "frozen", once + _again(seen), f"{ONCE}, and once more where sizes are known; {NO_FUNCTIONS}"
    yield "unrolled", 2 * macs + seen.cost.arithmetic, NO_FUNCTIONS
    if seen.rule.use_bias and getattr(seen.rule, "reset_after", True) and seen.directions == 1:
        yield from _of_scans(seen)


def _and(*reasons: str) -> str:
    return "; ".join(filter(None, reasons))


def _again(seen: Seen) -> Dim:
    """What the profiler counts a second time in a function whose variables were made constants: the product with the
    input and what is done to it, since the sizes of states are not known there.
    """
    name: str = seen.rule.class_name
    wide: Dim = seen.rule.units * seen.directions
    biased, plain = AGAIN[name]
    again: Dim = 2 * GATES[name] * wide * seen.x.input_dim + (biased if seen.rule.use_bias else plain) * wide
    return again


def _more(number: int) -> str:
    return f"{number} more per unit and step for gates and states" if number > 1 else "1 more per unit and step"


def _of_scans(seen: Seen) -> Iterator[tuple[str, Dim, str]]:
    """What looks at the loop of JAX, and ONNX's layers, with a bias and in one direction alone."""
    name, units, step = seen.rule.class_name, seen.rule.units, seen.step
    inputs = units * seen.x.input_dim
    if seen.x.timesteps != 1:
        looped = not seen.rule.unroll
        if name == "GRU" and looped:
            # The product with the input, and its bias, stand before the loop.
            loop = 6 * units * units + 17 * units + 2
            why = "the inside of the loop counts once; the product with the input stands before it"
            yield "xla", seen.x.timesteps * (6 * inputs + 3 * units) + loop, why
        elif looped:
            yield "xla", 2 * step.macs + FLAX[name] * units + 2, ONCE
        yield "flax", 2 * step.macs + FLAX[name] * units + 2, ONCE
    if name in ONNX:
        more = f"{ONNX[name]} more per unit and step: a tanh or a sigmoid counts as dozens of MACs"
        yield "onnx", seen.cost.macs + ONNX[name] * seen.each, more


def _cell(seen: Seen) -> Iterator[tuple[str, Dim, str]]:
    name, macs = seen.rule.class_name.removesuffix("Cell"), seen.cost.macs
    if not getattr(seen.rule, "reset_after", True):
        return
    biased = TWO_BIASES if seen.rule.use_bias else ""
    yield "torchinfo", (macs + seen.biases) * seen.rule.units, _and("it multiplies by the units once too often", biased)
    yield "thop", macs + seen.biases + THOP[name] * seen.each, _and(_more(THOP[name]), biased)
    yield "ptflops", macs + seen.biases + PTFLOPS[name] * seen.each, _and(_more(PTFLOPS[name]), biased)
    yield "aten", macs + seen.biases, biased
    yield "fvcore", macs, ""
    yield "torch", 2 * macs, PRODUCTS


def _products(seen: Seen) -> Iterator[tuple[str, Dim, str]]:
    """What all tools of PyTorch do alike with Linear and convolutions, but for torchinfo with Linear."""
    macs, biased = seen.cost.macs, BIASES if seen.biases != 0 else ""
    yield "thop", macs, ""
    yield "ptflops", macs + seen.biases, biased
    yield "aten", macs + seen.biases, biased
    yield "fvcore", macs, ""
    yield "torch", 2 * macs, PRODUCTS


def _dense(seen: Seen) -> Iterator[tuple[str, Dim, str]]:
    is_one, biased = seen.x.ndim == 2, BIASES if seen.biases != 0 else ""
    yield from _products(seen)
    yield "torchinfo", seen.params, _and("" if is_one else "one place counts, not all of them", biased)
    plain = seen.rule.activation in (None, "linear")
    if plain or seen.rule.activation in ("tanh", "relu"):
        yield "tf", 2 * seen.cost.macs + seen.biases, "" if plain else f"{seen.rule.activation} does not count"
    if plain and seen.rule.use_bias:
        yield "xla", 2 * seen.cost.macs + seen.biases, ""
        yield "flax", 2 * seen.cost.macs + seen.biases, ""
    if seen.rule.use_bias and is_one:
        yield "onnx", seen.cost.macs + seen.biases, BIASES


def _conv(seen: Seen) -> Iterator[tuple[str, Dim, str]]:
    rule = seen.rule
    if rule.padding == "causal" or rule.data_format == "channels_first":
        return
    same = rule.padding == "same"
    if not same or set(rule.strides) == {1}:
        yield from _products(seen)
        yield "torchinfo", seen.cost.macs + seen.biases, BIASES if seen.biases != 0 else ""
        if same:
            yield "fvcore", 0, "it has no rule for a convolution with `padding: same`"
    if rule.activation in (None, "linear") and rule.groups == 1:
        yield "tf", 2 * seen.cost.macs + seen.biases, ""


def _attention(seen: Seen) -> Iterator[tuple[str, Dim, str]]:
    if not is_split(seen.rule, seen.x) or len(set(seen.x.shapes)) != 1 or seen.x.ndim != 3:
        return
    macs = seen.cost.macs
    yield "torchinfo", 0, OUTSIDE
    yield "thop", 0, OUTSIDE
    yield "aten", macs + seen.biases, BIASES if seen.biases != 0 else ""
    yield "fvcore", macs, ""
    yield "torch", 2 * macs, PRODUCTS


def _embedding(seen: Seen) -> Iterator[tuple[str, Dim, str]]:
    yield "torchinfo", seen.params, "it counts the whole table, of which a row is only looked up"
    for key in ("thop", "ptflops", "aten", "fvcore", "torch"):
        yield key, 0, ""


CELLS = {"LSTMCell": "LSTM", "GRUCell": "GRU", "SimpleRNNCell": "SimpleRNN"}
GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
#: The weights of the layers below; with others, as a `lora_rank` brings, they were not measured.
WEIGHTS = {"kernel", "bias", "embeddings"}
#: The layers without steps that were measured.
PLAIN = {"Dense": _dense, "Conv1D": _conv, "Conv2D": _conv, "MultiHeadAttention": _attention, "Embedding": _embedding}
