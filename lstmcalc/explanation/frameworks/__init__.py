"""The same layer in other frameworks: their arrays, with names, shapes and the order of the gates, and their counts.

Everything stated here was read off the libraries themselves, in the versions of `MEASURED`; Keras's own side, and that
of its former layers on cuDNN, comes from their rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lstmcalc.dims import Dim, product, total
from lstmcalc.explanation.cells import CELLS
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.rule import RULES, Inputs, LayerRule, Shape, Weight

__all__ = ["ARRAYS", "KINDS", "MEASURED", "Array", "Counterpart", "counterparts", "is_split", "recurrent_of"]

#: What was measured. cuDNN stands for Keras 2's layers on it, which `tf.compat.v1.keras.layers` still has.
MEASURED = {
    "Keras": "keras 3.15.1",
    "CuDNN": "tf_keras 2.21.0",
    "PyTorch": "torch 2.13.0",
    "ONNX": "onnx 1.23.2, onnxruntime 1.31.1",
    "Flax": "flax 0.12.8",
}


class Array(NamedTuple):
    """An array of a framework's layer; `is_bias` where it is added and not multiplied."""

    name: str
    shape: Shape
    is_bias: bool = False
    is_param: bool = True

    @property
    def params(self) -> Dim:
        """How many numbers it holds."""
        return product(self.shape)


@dataclass(frozen=True)
class Counterpart:
    """A layer of a framework that does what a Keras layer does; `gates` in the order in which its arrays hold them.

    `lacks` names the arguments of this very layer that the framework's layer cannot follow.
    """

    framework: str
    layer: str
    arrays: tuple[Array, ...]
    gates: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    note: str = ""

    @property
    def params(self) -> Dim:
        """What the framework counts as its params."""
        return total(array.params for array in self.arrays if array.is_param)

    @property
    def biases(self) -> Dim:
        """How many of the params are added, not multiplied."""
        return total(array.params for array in self.arrays if array.is_bias and array.is_param)


class Sizes(NamedTuple):
    """What the arrays of a recurrent layer are made of: `wide` is the width of all its gates together."""

    inputs: Dim
    units: Dim
    wide: Dim
    directions: int


class Kind(NamedTuple):
    """A framework's layer for one of Keras's recurrent classes."""

    framework: str
    layer: str
    gates: str
    arrays: Callable[[Sizes, tuple[str, ...]], Iterator[Array]]
    #: The values of arguments that it follows, where it does not follow all.
    follows: Mapping[str, tuple[Any, ...]] = {}
    note: str = ""


def _torch(s: Sizes, gates: tuple[str, ...]) -> Iterator[Array]:
    for end in ("", "_reverse")[: s.directions]:
        yield Array(f"weight_ih_l0{end}", (s.wide, s.inputs))
        yield Array(f"weight_hh_l0{end}", (s.wide, s.units))
        yield Array(f"bias_ih_l0{end}", (s.wide,), True)
        yield Array(f"bias_hh_l0{end}", (s.wide,), True)


def _onnx(s: Sizes, gates: tuple[str, ...]) -> Iterator[Array]:
    yield Array("W", (s.directions, s.wide, s.inputs))
    yield Array("R", (s.directions, s.wide, s.units))
    yield Array("B", (s.directions, 2 * s.wide), True)


def _halves(s: Sizes, sides: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{side}/" for side in sides) if s.directions > 1 else ("",)


def _linen(s: Sizes, gates: tuple[str, ...], reads: str = "", recalls: str = "") -> Iterator[Array]:
    """One array for each gate; `reads` and `recalls` name the gates with a bias beside the input and beside h."""
    for side in _halves(s, ("forward_rnn/cell", "backward_rnn/cell")):
        for letter, size, biased in (("i", s.inputs, reads), ("h", s.units, recalls)):
            for gate in gates or ("",):
                yield Array(f"{side}{letter}{gate}/kernel", (size, s.units))
            for gate in biased.split():
                yield Array(f"{side}{letter}{gate.strip('.')}/bias", (s.units,), True)


def _nnx(s: Sizes, gates: tuple[str, ...], biased: str = "dense_i") -> Iterator[Array]:
    for side in _halves(s, ("forward_rnn/cell", "backward_rnn/cell")):
        for name, size in (("dense_i", s.inputs), ("dense_h", s.units)):
            yield Array(f"{side}{name}/kernel", (size, s.wide))
            if name == biased:
                yield Array(f"{side}{name}/bias", (s.wide,), True)


USUAL = {"activation": ("tanh",), "recurrent_activation": ("sigmoid",), "reset_after": (True,)}
BIASED = {"use_bias": (True,)}
AFTER = {"reset_after": (True,)}
ONNX_RESET = "`reset_after: true` is `linear_before_reset = 1` in ONNX."

#: The layers of PyTorch, ONNX and Flax for each of Keras's.
KINDS: dict[str, tuple[Kind, ...]] = {
    "LSTM": (
        Kind("PyTorch", "torch.nn.LSTM", "i f g o", _torch, USUAL),
        Kind("ONNX", "LSTM", "i o f c", _onnx),
        Kind("Flax", "linen.LSTMCell", "i f g o", lambda s, gates: _linen(s, gates, recalls="i f g o"), BIASED,
             "`linen.OptimizedLSTMCell` has the arrays of `linen.LSTMCell`."),
        Kind("Flax", "nnx.OptimizedLSTMCell", "i f g o", lambda s, gates: _nnx(s, gates, "dense_h"), BIASED),
    ),
    "GRU": (
        Kind("PyTorch", "torch.nn.GRU", "r z n", _torch, USUAL),
        Kind("ONNX", "GRU", "z r h", _onnx, note=ONNX_RESET),
        Kind("Flax", "linen.GRUCell", "r z n", lambda s, gates: _linen(s, gates, "r z n", "n"), {**BIASED, **AFTER}),
        Kind("Flax", "nnx.GRUCell", "r z n", _nnx, {**BIASED, **AFTER}),
    ),
    "SimpleRNN": (
        Kind("PyTorch", "torch.nn.RNN", "", _torch, {"activation": ("tanh", "relu")}),
        Kind("ONNX", "RNN", "", _onnx),
        Kind("Flax", "linen.SimpleCell", "", lambda s, gates: _linen(s, gates, "."), BIASED),
        Kind("Flax", "nnx.SimpleCell", "", _nnx, BIASED),
    ),
}  # fmt: skip

#: For layers without steps: what PyTorch and Flax call the arrays that hold Keras's weights, and whether the axes of
#: the output values come first there. An array in brackets is kept, but is none of the framework's params.
ARRAYS: dict[str, dict[tuple[str, str], dict[str, str]]] = {
    "Dense": {
        ("PyTorch", "torch.nn.Linear"): {"kernel": "weight", "bias": "bias"},
        ("Flax", "linen.Dense"): {"kernel": "kernel", "bias": "bias"},
    },
    "Embedding": {
        ("PyTorch", "torch.nn.Embedding"): {"embeddings": "weight"},
        ("Flax", "linen.Embed"): {"embeddings": "embedding"},
    },
    **{
        f"Conv{rank}D": {
            ("PyTorch", f"torch.nn.Conv{rank}d"): {"kernel": "weight", "bias": "bias"},
            ("Flax", "linen.Conv"): {"kernel": "kernel", "bias": "bias"},
        }
        for rank in (1, 2, 3)
    },
    "BatchNormalization": {
        ("PyTorch", "torch.nn.BatchNorm1d/2d/3d"): {"gamma": "weight", "beta": "bias", "moving_mean": "(running_mean)",
                                            "moving_variance": "(running_var)"},
        ("Flax", "linen.BatchNorm"): {"gamma": "scale", "beta": "bias", "moving_mean": "(mean)",
                                      "moving_variance": "(var)"},
    },
    "LayerNormalization": {
        ("PyTorch", "torch.nn.LayerNorm"): {"gamma": "weight", "beta": "bias"},
        ("Flax", "linen.LayerNorm"): {"gamma": "scale", "beta": "bias"},
    },
}  # fmt: skip


def recurrent_of(rule: LayerRule) -> tuple[Any, int] | None:
    """The recurrent layer that is compared, and in how many directions it reads; None for any other layer."""
    inner, directions = rule, 1
    if rule.class_name == "Bidirectional" and getattr(rule, "backward_layer", None) is None:
        inner, directions = getattr(rule, "layer", rule), 2
    return (inner, directions) if inner.class_name in KINDS else None


def counterparts(rule: LayerRule, x: Inputs) -> tuple[Counterpart, ...]:
    """Keras's layer itself, then its counterparts; empty for a layer that is not compared.

    >>> rule = RULES["LSTM"]({"units": 128})
    >>> x = Inputs([(None, 10, 300)], rule.axis_names(3))
    >>> [(each.framework, each.params) for each in counterparts(rule, x)][:3]
    [('Keras', 219648), ('CuDNN', 220160), ('PyTorch', 220160)]
    """
    found = recurrent_of(rule)
    if found is None and rule.class_name not in ARRAYS and not is_split(rule, x):
        return ()
    own = tuple(rule.weights(x))
    arrays = tuple(Array(weight.name, weight.shape, weight.name.endswith("bias")) for weight in own)
    if found is None:
        keras = Counterpart("Keras", rule.class_name, arrays)
        return (keras, *(_plain(rule, own) if rule.class_name in ARRAYS else _attention(rule, x, arrays)))
    inner, directions = found
    keras = Counterpart("Keras", inner.class_name, arrays, _gates(inner.class_name))
    return (keras, *_cudnn(inner, x, directions), *_recurrent(inner, x, directions))


def _gates(class_name: str) -> tuple[str, ...]:
    return tuple(gate.letter for gate in CELLS[class_name].gates if gate.letter)


def _cudnn(rule: Any, x: Inputs, directions: int) -> Iterator[Counterpart]:
    name = f"CuDNN{rule.class_name}"
    if name not in RULES:
        return
    sides = ("forward_", "backward_") if directions > 1 else ("",)
    at = f"cu_dnn{rule.class_name.lower()}/" if directions > 1 else ""
    arrays = [
        Array(f"{side}{at}{weight.name}", weight.shape, weight.name == "bias")
        for side in sides
        for weight in RULES[name]({"units": rule.units}).weights(x)
    ]
    yield Counterpart("CuDNN", name, tuple(arrays), _gates(rule.class_name), _lacks(rule, {**USUAL, **BIASED}))


def _recurrent(rule: Any, x: Inputs, directions: int) -> Iterator[Counterpart]:
    blocks = max(1, len(_gates(rule.class_name)))
    sizes = Sizes(x.input_dim, rule.units, blocks * rule.units, directions)
    for kind in KINDS[rule.class_name]:
        gates = tuple(kind.gates.split())
        arrays = [each for each in kind.arrays(sizes, gates) if rule.use_bias or not each.is_bias or _always(kind)]
        yield Counterpart(kind.framework, kind.layer, tuple(arrays), gates, _lacks(rule, kind.follows), kind.note)


def _always(kind: Kind) -> bool:
    return "use_bias" in kind.follows


def _lacks(rule: Any, follows: Mapping[str, tuple[Any, ...]]) -> tuple[str, ...]:
    """The arguments of the layer that a counterpart cannot follow."""
    return tuple(key for key, values in follows.items() if getattr(rule, key, values[0]) not in values)


def is_split(rule: Any, x: Inputs) -> bool:
    """Whether this is a MultiHeadAttention whose heads split the one width of its inputs, as PyTorch's always do."""
    if rule.class_name != "MultiHeadAttention" or rule.use_gate or getattr(rule, "output_shape_", None):
        return False
    widths = {shape[-1] for shape in x.shapes}
    return widths == {rule.num_heads * rule.key_dim} and rule.value_dim in (None, rule.key_dim)


def _attention(rule: Any, x: Inputs, keras: tuple[Array, ...]) -> Iterator[Counterpart]:
    width = x.shape[-1]
    made = [
        Array("in_proj_weight", (3 * width, width)),
        Array("in_proj_bias", (3 * width,), True),
        Array("out_proj.weight", (width, width)),
        Array("out_proj.bias", (width,), True),
    ]
    held = tuple(each for each in made if rule.use_bias or not each.is_bias)
    note = "PyTorch holds query, key and value in one array, in this order, and has no axis for the heads."
    yield Counterpart("PyTorch", "torch.nn.MultiheadAttention", held, note=note)
    renamed = tuple(each._replace(name=each.name.replace("attention_output", "out")) for each in keras)
    yield Counterpart("Flax", "linen.MultiHeadDotProductAttention", renamed)


def _plain(rule: LayerRule, weights: tuple[Weight, ...]) -> Iterator[Counterpart]:
    for (framework, layer), names in ARRAYS[rule.class_name].items():
        arrays = []
        for weight in weights:
            name = names.get(weight.name, "")
            # PyTorch puts the axis of the outputs first, and that of the inputs behind it.
            turned = framework == "PyTorch" and weight.name == "kernel"
            shape = (*weight.shape[:-3:-1], *weight.shape[:-2]) if turned else weight.shape
            if name:
                arrays.append(Array(name.strip("()"), shape, weight.name == "bias", not name.startswith("(")))
        yield Counterpart(framework, layer, tuple(arrays))
