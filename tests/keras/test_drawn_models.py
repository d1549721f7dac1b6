"""Whole models drawn at random: what Keras builds and writes down is read, converted and built again as it has it.

A model is drawn as a script. Every line is tried on the tensors that are there and kept where Keras takes it, so that
the text of a failure is a program to run.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
from config_agreement import disagreements, keras_rows
from drawing import LONG
from same_report import by_position, comparable

import lstmcalc
from lstmcalc.conversion import convert
from lstmcalc.errors import SpecError
from lstmcalc.report import Report
from lstmcalc.spec import Spec

ENDINGS = {"yaml": "yaml", "keras-json": "json", "python": "py"}

#: Layers by the number of axes they take (`2+` is two or more); a `$word` is drawn by that word's rule, and of the
#: arguments with a name some are left out, unless they end in `!`.
LAYERS = {
    "1+": """Activation($act); Identity(); ReLU(max_value=6); LeakyReLU(0.2); ELU(); Dropout(0.2); GaussianNoise(0.1)
        GaussianDropout(0.1); AlphaDropout(0.1); ActivityRegularization(l2=0.1); Rescaling(0.5, offset=$n)""",
    "2+": """Dense($n, activation=$act, use_bias=$flag, kernel_regularizer=$reg, kernel_initializer=$init)
        Dense($n); Dense($n, lora_rank=$n); BatchNormalization(axis=$one, scale=$flag, center=$flag)
        LayerNormalization(axis=$features, scale=$flag, center=$flag); LayerNormalization()
        RMSNormalization(scale=$flag); UnitNormalization(axis=$features); GroupNormalization($n, axis=$one)
        Softmax(axis=$one)
        PReLU(shared_axes=$features); Flatten(); Flatten(data_format=$fmt); Reshape($target); Reshape($target)
        Normalization(mean=0.0!, variance=1.0!); Masking(mask_value=0.0); SpectralNormalization($dense)
        EinsumDense("...a,ab->...b", $einsum, bias_axes="b")
        LayerNormalization(axis=-1, rms_scaling=True!); Discretization([0.0, 1.0, 2.0])""",
    "2": """RepeatVector($n); Dense($n, activation=$act); Embedding(9, $n, mask_zero=$flag); Embedding(9, $n)
        CategoryEncoding(9, output_mode=$mode); EinsumDense("ab,bcd->acd", ($n, $n), bias_axes="cd")
        Hashing(5); IntegerLookup(vocabulary=[1, 2, 3]!, output_mode=$mode); ReversibleEmbedding(9, $n)""",
    "3": """LSTM($n, return_sequences=$flag, return_state=$flag, go_backwards=$flag, use_bias=$flag, unroll=$flag)
        GRU($n, return_sequences=$flag, return_state=$flag, reset_after=$flag, dropout=0.1)
        SimpleRNN($n, return_sequences=$flag, return_state=$flag); LSTM($n, return_sequences=True!); GRU($n)
        RNN($cell, return_sequences=$flag, return_state=$flag); RNN([$cell, $cell], return_sequences=$flag)
        Bidirectional($rnn, merge_mode=$merge); Bidirectional($rnn); StackedRNN($cell, $cell, return_state=$flag)
        Conv1D($n, $k, strides=$k, padding=$causal, activation=$act, data_format=$fmt, use_bias=$flag)
        Conv1D($n, $k, dilation_rate=$k, padding=$causal); Conv1D($n, $k, groups=$n)
        SeparableConv1D($n, $k, strides=$k, padding=$causal, depth_multiplier=$k); Conv1DTranspose($n, $k, strides=$k)
        DepthwiseConv1D($k, depth_multiplier=$k, padding=$pad); Conv1DTranspose($n, $k, padding=$pad)
        MaxPooling1D($k, strides=$k, padding=$pad, data_format=$fmt); AveragePooling1D($k, padding=$pad)
        GlobalAveragePooling1D(keepdims=$flag, data_format=$fmt); GlobalMaxPooling1D(keepdims=$flag)
        AdaptiveAveragePooling1D($k); SpatialDropout1D(0.2)
        ZeroPadding1D($two); Cropping1D($two); UpSampling1D($k); STFTSpectrogram(frame_length=4, frame_step=2)""",
    "4": """Conv2D($n, $k2, strides=$k, padding=$pad, activation=$act, data_format=$fmt, groups=$k)
        Conv2D($n, $k2, dilation_rate=$k2, padding=$pad, use_bias=$flag); Conv2D($n, $k, padding="same"!)
        Conv2DTranspose($n, $k2, strides=$k2, padding=$pad, dilation_rate=$k)
        Conv2DTranspose($n, 3, strides=2, output_padding=1)
        SeparableConv2D($n, $k, strides=$k, padding=$pad, depth_multiplier=$k)
        DepthwiseConv2D($k2, strides=$k, depth_multiplier=$k, padding=$pad)
        MaxPooling2D($k2, strides=$k2, padding=$pad); AveragePooling2D($k, padding=$pad, data_format=$fmt)
        GlobalAveragePooling2D(keepdims=$flag); GlobalMaxPooling2D(keepdims=$flag, data_format=$fmt)
        AdaptiveAveragePooling2D($k2); SpatialDropout2D(0.2)
        ZeroPadding2D($two); Cropping2D($two2); UpSampling2D($k2, interpolation="bilinear"); UpSampling2D($k)
        Resizing($n, $n, crop_to_aspect_ratio=$flag); CenterCrop($n, $n); RandomFlip("horizontal"); RandomCrop($n, $n)
        RandomRotation(0.1); RandomZoom(0.1); RandomTranslation(0.1, 0.1); RandomContrast(0.1)
        SpectralNormalization($conv); ConvLSTM1D($n, $k, return_sequences=$flag, padding=$pad, return_state=$flag)""",
    "5": """Conv3D($n, $k, strides=$k, padding=$pad); Conv3DTranspose($n, $k, strides=$k, padding=$pad)
        MaxPooling3D($k, strides=$k, padding=$pad); AveragePooling3D($k, padding=$pad); GlobalMaxPooling3D()
        GlobalAveragePooling3D(keepdims=$flag); ZeroPadding3D($k); Cropping3D(1); UpSampling3D($k)
        SpatialDropout3D(0.1); AdaptiveAveragePooling3D($k)
        ConvLSTM2D($n, $k, return_sequences=$flag, strides=$k, padding=$pad, data_format=$fmt, return_state=$flag)
        Bidirectional($conv_rnn); Conv3D($n, $k, groups=$k)""",
    "3+": """Permute($perm); Permute($perm); TimeDistributed($inner); TimeDistributed($inner)
        TimeDistributed(L.LSTM($n, return_sequences=$flag)); TimeDistributed($dense)""",
}
#: What is done with several tensors: of one shape mostly.
MERGES = """Add()([$x, $y]); Subtract()([$x, $y]); Multiply()([$x, $y, $x]); Average()([$x, $y]); Maximum()([$x, $y])
    Minimum()([$x, $y]); Concatenate(axis=$one)([$x, $y]); Concatenate()([$x, $y, $y]); Dot(axes=$pair)([$x, $y])
    Dot(axes=-1, normalize=$flag)([$x, $y]); Attention(use_scale=$flag, score_mode=$score)([$x, $y])
    AdditiveAttention()([$x, $y, $y]); Attention()([$x, $y], return_attention_scores=True)
    MultiHeadAttention($k, $n, value_dim=$n, use_bias=$flag)($x, $y)
    MultiHeadAttention($k, $n, output_shape=$n)($x, $y)
    MultiHeadAttention($k, $n)($x, $y, return_attention_scores=True); MultiHeadAttention($k, $n)(query=$x, value=$y)
    MultiHeadAttention($k, $n, attention_axes=$features)($x, $x, use_causal_mask=$flag)
    GroupQueryAttention($n, 4, $k, use_bias=$flag)($x, $y); GroupQueryAttention($n, 2, 1)($x, $y, $y)
    LSTM($n)($x, mask=$x[..., 0] > 0); Add()([$x, $y]); Concatenate()([$x, $y])"""
#: Operations: on one tensor, or on several.
OPERATIONS = """$x + $y; $x - $y; $x * $y; $x / 2.0; 1.0 - $x; $x ** 2; -$x; $x @ $y; abs($x); 2 * $x + $y
    $x > $y; ops.where($x > 0, $x, $y)
    $x[$key]; $x[$key]; $x[$key]; $x[..., $zero]; $x[:, None]; ops.relu($x); ops.softmax($x, axis=$one); ops.tanh($x)
    ops.mean($x, axis=$one, keepdims=$flag); ops.sum($x, axis=$features); ops.max($x, axis=$one); ops.var($x, axis=$one)
    ops.concatenate([$x, $y], axis=$one); ops.stack([$x, $y], axis=$one); ops.expand_dims($x, $one)
    ops.squeeze($x, axis=$one); ops.squeeze($x); ops.reshape($x, $whole); ops.transpose($x, $turn)
    ops.swapaxes($x, 1, -1); ops.moveaxis($x, 1, -1); ops.split($x, $k, axis=$one); ops.split($x, [1, 2], axis=$one)
    ops.matmul($x, ops.swapaxes($y, -1, -2)); ops.einsum("bij,bkj->bik", $x, $y); ops.tensordot($x, $y, axes=$k)
    ops.argmax($x, axis=$one); ops.one_hot(ops.cast($x, "int32"), 4); ops.cast($x, "float16")
    ops.repeat($x, $k, axis=$one); ops.norm($x, axis=$one)
    ops.tile($x, [1, 2]); ops.pad($x, $pads); ops.flip($x, axis=$one); ops.cumsum($x, axis=$one)
    ops.maximum($x, 0.0); ops.minimum($x, $y); ops.clip($x, 0.0, 1.0); ops.take($x, [0, 0, 0], axis=$one)
    ops.broadcast_to($x, $broad); ops.roll($x, 1, axis=$one); ops.sort($x, axis=$one); ops.top_k($x, $k)
    ops.unstack($x, axis=$one); ops.zeros_like($x); ops.ones_like($x) + $x; ops.logsumexp($x, axis=$one)
    ops.normalize($x, axis=$one); ops.moments($x, axes=$features); ops.count_nonzero($x, axis=$one)
    ops.max_pool($x, 2, padding=$pad); ops.average_pool($x, $k); ops.image.resize($x, ($n, $n)); ops.dot($x, $y)
    ops.outer($x, $y); ops.diagonal($x, axis1=1, axis2=2); ops.tril($x); ops.meshgrid($x, $y); ops.hstack([$x, $y])
    ops.vstack([$x, $y]); ops.array_split($x, 2, axis=$one); ops.nonzero($x); ops.full_like($x, 2.0); ops.isnan($x)
    ops.average($x, axis=$one); ops.logical_and($x > 0, $y > 0); ops.multiply($x, [[1.0]]); ops.subtract($x, $y)
    ops.slice($x, $starts, $starts2); ops.diff($x); ops.prod($x, axis=$one); ops.append($x, $y, axis=$one)"""
CHOICES = {
    "n": "1 2 3 4 5 6", "k": "1 2 3", "zero": "0 -1 1", "flag": "True False", "pad": "'same' 'valid'",
    "causal": "'same' 'valid' 'causal'", "fmt": "'channels_last' 'channels_first'", "reg": "'l2' None",
    "act": "None 'relu' 'tanh' 'sigmoid' 'gelu' 'softmax'", "init": "'zeros' 'he_normal'", "score": "'dot' 'concat'",
    "mode": "'one_hot' 'multi_hot' 'count' 'int'", "merge": "'sum' 'mul' 'ave' 'concat' None",
    "policy": "'float16' 'bfloat16' 'mixed_float16' 'float64' 'mixed_bfloat16'", "pair": "1 2 (1,2) (2,1) -1",
    "cell": "L.LSTMCell($n) L.GRUCell($n,reset_after=$flag) L.SimpleRNNCell($n,use_bias=$flag)",
    "rnn": "L.LSTM($n,return_sequences=$flag,return_state=$flag) L.GRU($n,return_sequences=$flag) L.SimpleRNN($n) "
    "L.RNN(L.LSTMCell($n)) L.LSTM($n,return_sequences=True)",
    "conv_rnn": "L.ConvLSTM2D($n,$k,padding='same',return_sequences=$flag) L.ConvLSTM2D($n,$k)",
    "dense": "L.Dense($n) L.Dense($n,use_bias=False) L.Dense($n,activation='relu')", "conv": "L.Conv2D($n,$k)",
}  # fmt: skip
#: What a line is, and how often.
KINDS = {"layer": 12, "operation": 5, "merge": 5, "shared": 2, "again": 3, "nested": 2, "stack": 2, "states": 1}
HOLDERS = re.compile(r"\$(cell|rnn|inner|dense|conv)|HeadAttention|QueryAttention|ConvLSTM")
#: More numbers in a tensor than this are too slow.
MOST = 4000


def entries(table: str) -> list[str]:
    """The templates of a table."""
    return [entry for line in table.splitlines() for part in line.split("; ") if (entry := part.strip().rstrip(";"))]


def fits(axes: str, ndim: int) -> bool:
    """Whether a tensor of so many axes is one for a key of `LAYERS`."""
    return ndim >= int(axes[0]) if axes.endswith("+") else ndim == int(axes)


class Draft:
    """A model in the making: the lines that Keras took, what they made, and the tensors to go on with."""

    def __init__(self, rng: random.Random, lines: list[str], scope: dict[str, Any], letter: str = "x") -> None:
        self.rng, self.lines, self.scope, self.letter = rng, lines, scope, letter
        self.inputs: list[str] = []
        self.tensors: dict[str, Any] = {}
        self.callables: list[str] = []

    def add(self, text: str) -> str:
        """Tries a line, under a name of its own, and keeps it; empty where Keras does not take it."""
        name = f"{self.letter if text.startswith('keras.Input(') else 't'}{len(self.lines)}"
        try:
            made = eval(text, self.scope)
        except Exception:
            return ""
        if isinstance(made, keras.layers.Layer):
            tensors = {}
        else:
            flat = keras.tree.flatten(made)
            if not flat or not all(isinstance(tensor, keras.KerasTensor) for tensor in flat):
                return ""
            if any(math.prod(size or 4 for size in tensor.shape) > MOST or 0 in tensor.shape for tensor in flat):
                return ""
            tensors = {path: keras.tree.flatten(made)[i] for i, path in enumerate(paths(made, name))}
        self.scope[name] = made
        self.lines.append(f"{name} = {text}")
        self.tensors |= tensors
        return name

    def name(self, base: str) -> str:
        """The argument that states a name of one's own, seldom one that has to be quoted."""
        name = f"{base}{len(self.lines)}"
        if self.rng.random() < 0.04:
            name = self.rng.choice([f"a.{name}", f"{name} b", f'{name}"s', f"{name}'s", f"LSTM_{name}"])
        return f"name={name!r}"

    def input(self, shape: Any = None, batch: int | None = None) -> None:
        """An input of the model."""
        rng = self.rng
        if shape is None:
            sizes = [rng.choice([None, 1, 2, 3, 4, 5, 6, 8, 8]) for _ in range(rng.choice([1, 1, 2, 2, 2, 3, 3, 4]))]
            shape = (*sizes[:-1], rng.choice([sizes[-1], 3, 4, 6]))
        more = f", batch_size={batch}" if batch else ""
        if rng.random() < 0.1:
            more += f", dtype={rng.choice(['int32', 'float16', 'float64', 'int64', 'bool'])!r}"
        if rng.random() < 0.3:
            more += f", {self.name('in')}"
        if name := self.add(f"keras.Input({tuple(shape)!r}{more})"):
            self.inputs.append(name)

    def tensor(self, wanted: Callable[[Any], bool] = lambda tensor: True) -> str:
        """A tensor to go on with, a late one mostly; empty where none is as wanted."""
        names = [name for name, tensor in self.tensors.items() if tensor.shape and wanted(tensor)]
        if not names:
            return ""
        return self.rng.choice(names[-4:] if self.rng.random() < 0.7 else names)

    def layer(self, ndim: int) -> str:
        """The constructor call of a layer that may take so many axes."""
        keys = [axes for axes in LAYERS if fits(axes, ndim)]
        # Those of the very number of axes are what the many others must not crowd out.
        weights = [1 + 2 * (not axes.endswith("+")) for axes in keys]
        template = self.rng.choice(entries(LAYERS[self.rng.choices(keys, weights)[0]]))
        template = template.replace("StackedRNN($cell, $cell", "RNN(L.StackedRNNCells([$cell, $cell])")
        return f"L.{self.some(template, named=True)}"

    def some(self, template: str, named: bool = False) -> str:
        """A template with some of its optional arguments, and sometimes with those that every layer has."""
        if not template.endswith(")") or template.startswith("ops."):
            return template
        head, _, rest = template.partition("(")
        own, _, call = rest.partition(")(") if ")(" in rest else (rest[:-1], "", "")
        kept = [part.rstrip("!") for part in re.split(r", (?![^(\[]*[)\]])", own) if part and self._keeps(part)]
        for more in ("dtype=$policy", "trainable=False", self.name("own")) if named or call else ():
            # Of an untrainable layer that holds layers, Keras's layer and Keras's model say different things.
            if self.rng.random() < 0.05 and not (more == "trainable=False" and HOLDERS.search(template)):
                kept.append(more)
        return f"{head}({', '.join(kept)})" + (f"({call}" if call else "")

    def _keeps(self, part: str) -> bool:
        return not re.match(r"\w+=", part) or part.endswith("!") or self.rng.random() < 0.4

    def filled(self, template: str, x: str = "", y: str = "") -> str:
        """A template with every `$word` drawn; `x` and `y` are the tensors it is about."""
        shape = tuple(self.tensors[x].shape) if x else (None, 4)
        while "$" in template:
            template = re.sub(r"\$(\w+?)\b", lambda found: self.word(found[1], shape, x, y), template)
        return template

    def word(self, word: str, shape: tuple[Any, ...], x: str, y: str) -> str:
        """What stands for a word, for a tensor of this shape."""
        rng, ndim = self.rng, len(shape)
        if word in ("x", "y"):
            return x if word == "x" else y
        if word == "einsum":
            return f"{(*[None] * (ndim - 2), rng.randint(1, 4))!r}"
        if word == "inner":
            return self.layer(ndim - 1)
        if word in ("k2", "two2", "two"):
            least = 0 if word != "k2" else 1
            pair = f"({rng.randint(least, 3)}, {rng.randint(1, 2)})"
            return pair if word != "two2" else f"({pair}, (0, {rng.randint(0, 2)}))"
        if word in CHOICES:
            return rng.choice(CHOICES[word].split())
        return repr(self.by_shape(word, shape)).replace("Ellipsis", "...")

    def by_shape(self, word: str, shape: tuple[Any, ...]) -> Any:
        """The value of a word that depends on the shape it is for."""
        rng, ndim = self.rng, len(shape)
        if word == "one":
            return rng.choice([*range(1, ndim), -1, -1]) if rng.random() < 0.95 else 0
        if word == "features":
            return sorted(rng.sample(range(1, ndim), rng.randint(1, ndim - 1))) if ndim > 1 else -1
        if word in ("perm", "turn"):
            axes = rng.sample(range(1, ndim), ndim - 1)
            return tuple(axes) if word == "perm" or rng.random() < 0.1 else (0, *axes)
        if word in ("target", "whole"):
            known = math.prod(size or 1 for size in shape[1:])
            first = rng.choice([size for size in range(1, known + 1) if known % size == 0])
            target = rng.choice([(known,), (first, known // first), (first, -1), (-1, first), (-1,), (1, -1, first)])
            return target if word == "target" else (rng.choice([-1, -1, shape[0] or -1]), *target)
        if word == "broad":
            return tuple(3 if size == 1 else size for size in shape)
        if word == "pads":
            return [(0, 0), *((rng.randint(0, 1), rng.randint(0, 2)) for _ in shape[1:])]
        if word in ("starts", "starts2"):
            return [0 if word == "starts" else size or 1 for size in shape]
        assert word == "key", word
        return self.key(ndim)

    def key(self, ndim: int) -> Any:
        """What may stand in the brackets behind a tensor."""
        bound = [None, None, 0, 1, 2, -1, -2]
        parts: list[Any] = [slice(None) if self.rng.random() < 0.9 else slice(1, None)]
        for _ in range(self.rng.randint(0, ndim - 1)):
            cut = slice(self.rng.choice(bound), self.rng.choice(bound), self.rng.choice([None, None, None, 2, -1]))
            parts.append(self.rng.choice([cut, cut, 0, -1, None, slice(None)]))
        if self.rng.random() < 0.2:
            parts.insert(self.rng.randint(1, len(parts)), ...)
        return tuple(parts)

    def step(self, depth: int) -> None:
        """One more line or more, of any kind."""
        kind = self.rng.choices(list(KINDS), list(KINDS.values()))[0]
        if not (x := self.tensor()):
            return
        ndim = len(self.tensors[x].shape)
        if kind == "layer":
            self.add(f"{self.filled(self.layer(ndim), x)}({x})")
        elif kind == "shared":
            if layer := self.add(self.filled(self.layer(ndim), x)):
                self.use(layer, x)
        elif kind == "again" and self.callables:
            self.use(self.rng.choice(self.callables), x)
        elif kind == "stack":
            self.stack(x)
        elif kind == "nested" and depth < 2:
            self.nested(x, depth)
        elif kind == "states":
            self.states()
        elif kind in ("merge", "operation"):
            self.combine(MERGES if kind == "merge" else OPERATIONS, x)

    def combine(self, table: str, x: str) -> None:
        """Something with two tensors, or an operation."""
        shape = self.tensors[x].shape
        alike = self.tensor(lambda tensor: tensor.shape == shape) if self.rng.random() < 0.6 else ""
        y = alike or self.tensor(lambda tensor: len(tensor.shape) == len(shape))
        template = self.rng.choice(entries(table))
        text = self.some(template) if table is MERGES else template
        self.add(("L." if table is MERGES else "") + self.filled(text, x, y))

    def use(self, layer: str, x: str) -> None:
        """Applies a layer or a model that there is; one that refuses is left alone from there on."""
        made = self.scope[layer]
        operand = x
        if isinstance(made, keras.Model) and made.built and made.inputs:
            ports = [self.tensor(lambda tensor, port=port: alike(tensor.shape, port.shape)) for port in made.inputs]
            if not all(ports):
                return
            operand = ports[0] if len(ports) == 1 else f"[{', '.join(ports)}]"
            if isinstance(getattr(made, "_inputs_struct", None), dict):
                named = zip(sorted(made._inputs_struct), ports, strict=True)
                operand = "{" + ", ".join(f"{key!r}: {port}" for key, port in named) + "}"
        if self.rng.random() < 0.1 and isinstance(made, keras.Model) and made.built and layer not in self.callables:
            # No JSON of Keras's tells that a model in a wrapper is also used outside.
            operand = self.tensor(lambda tensor: len(tensor.shape) == len(made.inputs[0].shape) + 1) or operand
            if operand in self.tensors and len(self.tensors[operand].shape) > len(made.inputs[0].shape):
                self.add(f"L.TimeDistributed({layer})({operand})")
                return
        done = self.add(f"{layer}({operand})")
        if done and layer not in self.callables:
            self.callables.append(layer)
        if not done and layer in self.callables:
            self.callables.remove(layer)

    def stack(self, x: str) -> None:
        """A Sequential model of a few layers, used."""
        tensor, layers = self.tensors[x], []
        if self.rng.random() < 0.5:
            layers.append(f"keras.Input({self.opened(tuple(tensor.shape))!r})")
        for _ in range(self.rng.randint(1, 6)):
            text = self.filled(self.layer(len(tensor.shape)), x) if len(tensor.shape) > 1 else "L.Identity()"
            try:
                made = eval(text, self.scope)(tensor)
            except Exception:
                continue
            if isinstance(made, keras.KerasTensor) and math.prod(size or 4 for size in made.shape) <= MOST:
                tensor = made
                layers.append(text)
        name = f", {self.name('stack')}" if self.rng.random() < 0.3 else ""
        if model := self.add(f"keras.Sequential([{', '.join(layers)}]{name})"):
            self.use(model, x)
            self.freeze(model)

    def opened(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """The shape of an input that takes a tensor of this shape; now and then it takes others too."""
        return tuple(None if self.rng.random() < 0.15 else size for size in shape[1:])

    def freeze(self, layer: str) -> None:
        """Makes a layer untrainable, sometimes."""
        inside = self.scope[layer]._flatten_layers()
        # Keras itself forgets, on its way through JSON, that layers in layers are frozen.
        holds = any(one._layers and not isinstance(one, keras.Model) for one in inside)
        if self.rng.random() < 0.15 and layer in self.callables and not holds:
            self.lines.append(f"{layer}.trainable = False")
            self.scope[layer].trainable = False

    def nested(self, x: str, depth: int) -> None:
        """A functional model of its own inputs, used."""
        inner = Draft(self.rng, self.lines, self.scope, "a")
        for _ in range(self.rng.choice([1, 1, 2])):
            inner.input(self.opened(tuple(self.tensors[self.tensor() if inner.inputs else x].shape)))
        inner.grow(self.rng.randint(1, 6), depth + 1)
        if model := inner.finish():
            self.use(model, x)
            self.freeze(model)

    def states(self) -> None:
        """A recurrent layer that begins with states that others made."""
        x = self.tensor(lambda tensor: len(tensor.shape) == 3)
        h = self.tensor(lambda tensor: len(tensor.shape) == 2 and tensor.shape[1])
        if x and h:
            units = self.tensors[h].shape[1]
            c = self.tensor(lambda tensor: tuple(tensor.shape[1:]) == (units,))
            layers = [f"L.LSTM({units}, return_state=True)({x}, initial_state=[{h}, {c}])",
                      f"L.GRU({units}, return_sequences=True)({x}, initial_state={h})",
                      f"L.Bidirectional(L.GRU({units}))({x}, initial_state=[{h}, {c}])",
                      f"L.LSTM({units})({x}, initial_state=[{h}, {c}], training=True)",
                      f"L.GRUCell({units})({h}, {c})"]  # fmt: skip
            self.add(self.rng.choice(layers))

    def grow(self, lines: int, depth: int = 0) -> None:
        """Adds so many lines, as far as Keras takes enough of what is tried."""
        end = len(self.lines) + lines
        for _ in range(4 * lines):
            if len(self.lines) < end:
                self.step(depth)

    def finish(self) -> str:
        """The model; empty where there is none to be made."""
        made = [name for name in self.tensors if name not in self.inputs]
        if not made:
            return ""
        late = made[-8:]
        outputs = self.rng.sample(late, min(self.rng.choice([1, 1, 2, 3, 6]), len(late)))
        name = f", {self.name('model')}" if self.rng.random() < 0.3 else ""
        return self.add(f"keras.Model({self.ends(self.inputs, 0.1)}, {self.ends(outputs, 0.2)}{name})")

    def ends(self, names: list[str], share: float) -> str:
        """Inputs or outputs of a model: one, a list, or sometimes a mapping whose keys are in another order."""
        if len(names) > 1 and self.rng.random() < share:
            return "{" + ", ".join(f"'key{9 - i}': {name}" for i, name in enumerate(names)) + "}"
        return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def paths(value: Any, name: str) -> Iterator[str]:
    """How the tensors in a value are reached, in Keras's order."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from paths(value[key], f"{name}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from paths(item, f"{name}[{index}]")
    else:
        yield name


def alike(shape: Any, port: Any) -> bool:
    """Whether a tensor may go into an input."""
    return len(shape) == len(port) and all(a == b or b is None for a, b in zip(shape[1:], port[1:], strict=True))


def scope() -> dict[str, Any]:
    """The names that a drawn script uses."""
    keras.backend.clear_session()
    keras.config.set_dtype_policy("float32")
    return {"keras": keras, "L": keras.layers, "ops": keras.ops}


def draw(seed: int) -> tuple[Any, str]:
    """A model, and the script that makes it."""
    rng = random.Random(seed)
    draft = Draft(rng, [], scope())
    if rng.random() < 0.05:
        draft.lines.append(f"keras.config.set_dtype_policy({draft.word('policy', (), '', '')})")
        exec(draft.lines[0], draft.scope)
    batch = rng.choice([None] * 7 + [2])
    count = rng.choice([1, 1, 2, 3])
    while len(draft.inputs) < count:
        draft.input(batch=batch)
    model = ""
    while not model:
        if rng.random() < 0.1:
            draft.stack(draft.inputs[0])
            stacks = [line for line in draft.lines if re.search(r"= keras.Sequential\(\[keras.Input\(.*, L\.", line)]
            model = stacks[-1].split()[0] if stacks else ""
        else:
            draft.grow(rng.randint(3, 20))
            model = draft.finish()
    if rng.random() < 0.03:
        draft.lines.append(f"{model}.trainable = False")
        draft.scope[model].trainable = False
    return draft.scope[model], "\n".join([*draft.lines, f"model = {model}"])


#: How many conversions were refused, as what cannot be said in the target: an empty Sequential in YAML, for one.
REFUSED = {"not-convertible": 0}


def problems(model: Any) -> list[str]:
    """Where lstmcalc says otherwise of a model than Keras, or of what it converts the model to."""
    text = model.to_json()
    try:
        found = disagreements(model)
    except SpecError as refusal:
        return [f"refused, though Keras runs it:\n{refusal}"] if runs(model) else []
    spec = lstmcalc.load("m.json", text=text)
    report = lstmcalc.infer(spec)
    found += inside(report, model)
    for target in ENDINGS:
        found += converted(spec, report, target)
    try:
        return found + built_from(convert(spec, "keras-json"), model)
    except SpecError:
        return found


def inside(report: Report, model: Any) -> list[str]:
    """Where a nested model is told otherwise than Keras has it."""
    found = []
    for layer in report.layers:
        if layer.nested:
            inner = model.get_layer(layer.name)
            theirs = inner.layers if isinstance(inner, keras.Sequential) else inner.operations
            rows = [(one.name, type(one).__name__, getattr(one, "count_params", int)()) for one in theirs]
            told = [(one.name, one.class_name, one.params) for one in layer.nested.layers]
            found += [] if told == rows else [f"{layer.name} holds {told} != Keras's {rows}"]
            found += inside(layer.nested, inner)
    return found


def converted(spec: Spec, report: Report, target: str) -> list[str]:
    """What is wrong with a model written down in another way, and read from there."""
    written = ""
    try:
        try:
            written = convert(spec, target)
        except SpecError as refusal:
            if all(fault.code == "not-convertible" for fault in refusal.faults):
                REFUSED["not-convertible"] += 1
                return []
            raise
        again = lstmcalc.infer(lstmcalc.load(f"m.{ENDINGS[target]}", text=written))
    except SpecError as refusal:
        return [f"{target} is refused:\n{refusal}\n{written}"]
    if target == "python" and has_operations(spec):
        same = by_position(again) == by_position(report)
    else:
        same = comparable(again, target == "yaml") == comparable(report, target == "yaml")
    return [] if same else [f"{target} says otherwise:\n{written}"]


def built_from(written: str, model: Any) -> list[str]:
    """Where Keras makes another model of a text, if it can make this one from its own."""
    try:
        # Keras's own JSON does not hold all of a freeze.
        allowed = [keras_rows(keras.models.model_from_json(model.to_json())), keras_rows(model)]
    except Exception:
        return []
    try:
        same = keras_rows(keras.models.model_from_json(written)) in allowed
    except Exception as error:
        return [f"Keras does not build it: {error!r}\n{written}"]
    return [] if same else [f"Keras builds another model:\n{written}"]


def has_operations(spec: Spec) -> bool:
    """Whether a model has operations, which have no names in Python."""
    names = [layer.class_name for layer in spec.layers.values()]
    return any(name.startswith("ops.") for name in names) or any(map(has_operations, spec.models.values()))


def runs(model: Any) -> bool:
    """Whether any data go through a model."""
    for size in (8, 4, 3, 1):
        data = [np.ones([each or (size if i else 2) for i, each in enumerate(port.shape)], port.dtype)
                for port in model.inputs]  # fmt: skip
        given = keras.tree.pack_sequence_as(getattr(model, "_inputs_struct", data), data)
        try:
            model(given, training=False)
        except Exception:
            continue
        return True
    return False


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("draws", [25, pytest.param(LONG, marks=pytest.mark.long)])
def test_drawn_models_are_told_as_keras_has_them(draws: int) -> None:
    """Keras warns of what is drawn on purpose, such as a softmax over one value."""
    wrong: dict[int, str] = {}
    for seed in range(draws):
        model, script = draw(seed)
        if found := problems(model):
            wrong[seed] = "\n\n".join([f"seed {seed}", *found, script])
    keras.config.set_dtype_policy("float32")
    assert REFUSED["not-convertible"] < draws * len(ENDINGS) // 10
    assert not wrong, f"{len(wrong)} of {draws}: {list(wrong)}\n\n" + "\n\n".join(list(wrong.values())[:5])
