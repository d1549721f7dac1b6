"""The masks of whole models beside Keras's: those that it states, and those that arrays carry on data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras.src.backend import get_keras_mask
from keras.src.ops.function import make_node_key

import lstmcalc
from lstmcalc.errors import SpecError
from lstmcalc.inference import Walk
from lstmcalc.masks import Unknown, present

#: Layers that make masks, pass them on, use them and lose them, in the form that drawn models take.
LAYERS = {
    "1+": "Activation('relu'); Identity(); Dropout(0.2); Rescaling(0.5)",
    "2+": """Dense($n); LayerNormalization(); RMSNormalization(); UnitNormalization(); BatchNormalization(); Masking()
        Flatten(); Softmax(axis=$one); EinsumDense("...a,ab->...b", $einsum, bias_axes="b"); Masking(); Masking()""",
    "2": """Embedding(9, $n, mask_zero=True!); Embedding(9, $n, mask_zero=True!); Embedding(9, $n)
        RepeatVector($n); ReversibleEmbedding(9, $n, mask_zero=True!); SpectralNormalization(L.Embedding(9, $n))""",
    "3": """LSTM($n, return_sequences=True!); LSTM($n, return_sequences=True!, return_state=$flag); GRU($n)
        GRU($n, return_sequences=True!, go_backwards=$flag); SimpleRNN($n, return_sequences=True!)
        RNN($cell, return_sequences=True!); Bidirectional($rnn, merge_mode=$merge); Bidirectional($rnn)
        Conv1D($n, $k, padding="same"!); GlobalAveragePooling1D(keepdims=$flag); GlobalMaxPooling1D()
        MaxPooling1D($k); SpatialDropout1D(0.2); UpSampling1D(2); Masking(mask_value=0.0!); Masking(mask_value=0.0!)""",
    "4": "ConvLSTM1D($n, 1, return_sequences=$flag); BatchNormalization(); TimeDistributed($inner); Masking()",
    "5": "ConvLSTM2D($n, 1, return_sequences=$flag); Masking()",
    "3+": "Permute($perm); TimeDistributed($inner); TimeDistributed($dense); TimeDistributed(L.GRU($n))",
}
MERGES = """Add()([$x, $y]); Multiply()([$x, $y]); Average()([$x, $y]); Maximum()([$x, $y]); Concatenate()([$x, $y])
    Concatenate(axis=1)([$x, $y]); Dot(axes=-1)([$x, $y]); Attention()([$x, $y]); AdditiveAttention()([$x, $y])
    MultiHeadAttention($k, $n)($x, $x); MultiHeadAttention($k, $n)($x, $y); GroupQueryAttention(4, 2, 1)($x, $y)
    LSTM($n, return_sequences=True)($x, mask=$x[..., 0] > 0); Add()([$x, $y]); Add()([$x, $x])"""
OPERATIONS = "$x + $y; $x * 2.0; ops.relu($x); ops.concatenate([$x, $y], axis=$one)"


def compared(model: Any) -> tuple[int, int, list[str]]:
    """How many outputs of layers were compared, how many of them had a mask, and where lstmcalc says otherwise."""
    try:
        walk = Walk(lstmcalc.load("m.json", text=model.to_json()), {})
        walk.run()
    except SpecError:
        return 0, 0, []
    if walk.faults:
        # Over more than 3 axes a mask of the value can be laid along other axes than its own, and run by chance.
        chance = "at most 3 axes where the value has a mask"
        misfits = [fault for fault in walk.faults if fault.code == "mask-misfit" and chance not in fault.expected]
        return 0, 0, [f"Keras runs it: {fault}" for fault in misfits if real_masks(model)]
    nodes = dict(nodes_of(model))
    found = [text for key, node in nodes.items() for text in differ(f"{key} as stated", walk, key, node.outputs, True)]
    real = real_masks(model)
    found += [
        text
        for key, node in nodes.items()
        if real
        for text in differ(f"{key} on data", walk, key, real[id(node)], False)
    ]
    masks = [present(track.mask) for key in nodes for track in walk.flow.tracks[key]]
    return len(masks), masks.count(True), found


def differ(what: str, walk: Walk, key: tuple[str, int], tensors: list[Any], stated: bool) -> Iterator[str]:
    """Where the masks of a call's outputs differ, in presence or in number of axes."""
    layer = walk.layers[key[0]].rule
    tracks = walk.flow.tracks[key]
    number = (layer.followed_outputs if layer is not None else None) or len(tracks)
    for track, tensor in list(zip(tracks, tensors, strict=True))[:number]:
        mine = track.stated if stated else track.array.mask
        held = get_keras_mask(tensor)
        if isinstance(mine, Unknown):
            continue
        axes = None if mine is None else len(mine), None if held is None else len(held.shape)
        if axes[0] != axes[1]:
            yield f"{what}: lstmcalc has a mask of {axes[0]} axes, Keras of {axes[1]}"


def nodes_of(model: Any) -> Iterator[tuple[tuple[str, int], Any]]:
    """The calls of a model's layers, as a spec numbers them."""
    functional = getattr(model, "_functional", None) or model
    known = {operation.name for operation in model.layers}
    for operation in functional.operations:
        nodes = [
            node for i, node in enumerate(operation._inbound_nodes) if make_node_key(operation, i) in functional._nodes
        ]
        if operation.name in known and not nodes[0].is_input:
            yield from (((operation.name, place), node) for place, node in enumerate(nodes))


def real_masks(model: Any) -> dict[int, list[Any]]:
    """What the calls of a model give on data, by node; empty where Keras fails."""
    functional = getattr(model, "_functional", None) or model
    for size in (8, 4, 3, 1):
        data = [keras.ops.convert_to_tensor(np.ones([each or (size if i else 2) for i, each in enumerate(port.shape)]),
                                            port.dtype) for port in functional.inputs]  # fmt: skip
        there = {id(port): numbers for port, numbers in zip(functional.inputs, data, strict=True)}
        made: dict[int, list[Any]] = {}
        try:
            for depth in sorted(functional._nodes_by_depth, reverse=True):
                for node in functional._nodes_by_depth[depth]:
                    if not node.is_input:
                        args, kwargs = node.arguments.fill_in(there)
                        made[id(node)] = keras.tree.flatten(node.operation(*args, **kwargs))
                        there |= {id(one): real for one, real in zip(node.outputs, made[id(node)], strict=True)}
        except Exception:  # Keras raises whatever its backend raises.
            continue
        return made
    return {}
