"""Drawn models full of layers that are almost equal: what may be shared between them, and what must not."""

from __future__ import annotations

from random import Random
from typing import Any

from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec

__all__ = ["drawn_spec"]

#: What layers of several places share: the very arguments, as sources hand them on.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "four": {"units": 4}, "steps": {"units": 4, "return_sequences": True}, "rate": {"rate": 0.5},
}  # fmt: skip
MAPPED = {
    "class_name": "DTypePolicyMap",
    "config": {
        "default_policy": "float32",
        "policy_map": {
            "a.*": {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}},
            "b1": {"class_name": "DTypePolicy", "config": {"name": "bfloat16"}},
        },
    },
}
#: Layers that take (…, steps, 4) and mostly give as much.
ONE: list[tuple[str, dict[str, Any]]] = [
    ("Dense", ARGUMENTS["four"]), ("Dense", {"units": 4}), ("Dense", {"units": 4.0}), ("Dense", {"units": True}),
    ("Dense", {"units": "U"}), ("Dense", {"units": "U - 1"}), ("Dense", {"units": 4, "trainable": False}),
    ("Dense", {"units": 4, "dtype": MAPPED}), ("Dense", {"units": 4, "dtype": "float16"}), ("Dense", {"unit": 4}),
    ("Dense", {"units": 4, "input_shape": [6, 4]}), ("Dense", {"units": 4, "activation": "softmax"}),
    ("LSTM", ARGUMENTS["steps"]), ("LSTM", {"units": 4, "return_sequences": True}), ("LSTM", ARGUMENTS["four"]),
    ("LSTM", {"units": 4, "return_sequences": True, "return_state": True}),
    ("GRU", ARGUMENTS["steps"]), ("GRU", {"units": 4, "return_sequences": True, "go_backwards": True}),
    ("GRU", {"units": 4, "return_sequences": True, "stateful": True}),
    ("Masking", {}), ("Masking", {}), ("Dropout", ARGUMENTS["rate"]), ("Dropout", {"rate": 0.5}), ("Identity", {}),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "same"}), ("Conv1D", {"filters": 4, "kernel_size": "U"}),
    ("BatchNormalization", {}), ("LayerNormalization", {}), ("Activation", {"activation": "relu"}), ("ReLU", {}),
    ("Softmax", {}), ("Softmax", {"axis": 1}), ("Flatten", {}), ("GlobalAveragePooling1D", {}),
    ("GlobalMaxPooling1D", {}), ("Embedding", {"input_dim": 9, "output_dim": 4, "mask_zero": True}),
    ("Mine", {"output_shape": [6, 4], "params": 3}), ("Lambda", {}), ("Lambda", {"output_shape": [6, 4]}),
    ("ops.Transpose", {"axes": [1, 0, 2]}), ("ops.Reshape", {"newshape": [-1, 4]}), ("ops.Relu", {}),
    ("StringLookup", {}), ("StringLookup", {"vocabulary": ["a"]}), ("Reshape", {"target_shape": [-1, 4]}),
]  # fmt: skip
#: Those of them that always fit.
PLAIN = [
    (name, arguments)
    for name, arguments in ONE
    if arguments in (*ARGUMENTS.values(), {}) and name not in ("Flatten", "Lambda", "StringLookup")
]
SEVERAL: list[tuple[str, dict[str, Any]]] = [
    ("Add", {}), ("Add", {}), ("Multiply", {}), ("Concatenate", {"axis": 1}), ("Attention", {}), ("ops.Add", {}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 2}), ("Dot", {"axes": -1}),
]  # fmt: skip
#: Layers around others.
AROUND = {
    "TimeDistributed": ("Dense", "Dropout", "Activation", "part", "LayerNormalization"),
    "Bidirectional": ("LSTM", "GRU"),
}


def layer(draw: Random, name: str, several: bool, names: tuple[str, ...]) -> LayerSpec:
    """A layer, one in a while inside another."""
    class_name, arguments = draw.choice(SEVERAL if several else ONE if draw.random() < 0.3 else PLAIN)
    if names and not several and draw.random() < 0.4:
        class_name, arguments = draw.choice(names), {}
    if draw.random() < 0.5:
        arguments = dict(reversed(arguments.items()))
    shared = draw.choice(["", "", "", "", "the one"]) if class_name == "Dense" else ""
    made = LayerSpec(class_name, name, arguments, shared=shared)
    for wrapper, inner in AROUND.items():
        if class_name in inner and not several and draw.randint(0, 3) == 0:
            more = {"merge_mode": "sum"} if wrapper == "Bidirectional" else {}
            return LayerSpec(wrapper, name, {"layer": made.changed(name=f"{name}_in"), **more})
    return made


def call(draw: Random, name: str, made: LayerSpec, several: bool, there: list[Ref], stated: bool) -> Call:
    """An application to what is there, told what such a layer can be told."""
    inputs = tuple(draw.choice(there) for _ in range(2 if several else 1))
    states: tuple[Ref, ...] = ()
    keywords: dict[str, Any] = {}
    if made.class_name in ("LSTM", "GRU") and draw.randint(0, 5) == 0:
        states = tuple(draw.choice(there) for _ in range(1 + (made.class_name == "LSTM")))
    if draw.randint(0, 5) == 0:
        keywords["training"] = draw.random() < 0.5
    takes_mask = made.class_name in ("LSTM", "GRU", "Bidirectional", "TimeDistributed", "part", "chain", "Softmax")
    if takes_mask and draw.randint(0, 3) == 0:
        keywords["mask"] = Ref("mask")
    shapes = draw.choice([((None, 6, 4),), ((None, 6, 5),)]) if stated else ()
    return Call(name, inputs, states, keywords=keywords, stated=shapes)


SHAPES: list[tuple[int | str | None, ...]] = [(6, 4), (6, 4), (6, 4), (7, 4), (None, 4), ("T", 4), ("T + 1", 4), (1, 4)]


def model(draw: Random, name: str, models: dict[str, Spec], most: int) -> Spec:
    """A model of calls in any order, of layers in pairs that differ in their names alone."""
    number = draw.randint(1, 2)
    shape = draw.choice(SHAPES)
    ports = [InputSpec(f"x{place}", draw.choice([shape, *SHAPES])) for place in range(number)]
    there = [Ref(port.name) for port in ports]
    ports.append(InputSpec("mask", (*shape[:1],), "bool"))
    layers: dict[str, LayerSpec] = {}
    calls: list[Call] = []
    counts: dict[str, int] = {}
    for place in range(draw.randint(1, most)):
        twin = draw.choice([None, *layers]) if layers else None
        again = twin is not None and draw.random() < 0.5
        key = twin if again and twin else f"{'ab'[place % 2]}{place}"
        if twin is None:
            layers[key] = layer(draw, key, draw.randint(0, 4) == 0, tuple(models))
        elif not again:
            layers[key] = layers[twin].changed(name=key)
        several = any(layers[key].class_name == kind for kind, _ in SEVERAL)
        # Mostly a chain: what came last is taken up again.
        reach = there[-1:] if draw.random() < 0.5 else there
        stated = layers[key].class_name in ("Lambda", "Mine") and draw.random() < 0.5
        calls.append(call(draw, key, layers[key], several, reach, stated))
        there.append(Ref(key, call=counts.get(key, 0)))
        counts[key] = counts.get(key, 0) + 1
    outputs = tuple({Ref(key, call=count - 1): None for key, count in counts.items() if draw.random() < 0.5})
    told = {"symbols": draw.choice([{}, {}, {"U": 4}, {"U": 4, "T": 6}]), "trainable": draw.random() < 0.5}
    named = frozenset(draw.sample(sorted(layers), draw.randint(0, 1)))
    batch = draw.choice([None, None, 3])
    return Spec(name, tuple(ports), layers, tuple(calls), (*outputs, there[-1]), models=models, adapted=named,
                batch=batch, **told)  # fmt: skip


def drawn_spec(seed: int) -> Spec:
    """A model that may hold another twice, which may hold a third."""
    draw = Random(seed)
    models: dict[str, Spec] = {}
    if draw.random() < 0.5:
        part = _used_alone(draw, "part", {})
        models["part"] = part
        if draw.random() < 0.5:
            models["chain"] = _used_alone(draw, "chain", {"part": part})
    return model(draw, "drawn", models, 8)


def _used_alone(draw: Random, name: str, models: dict[str, Spec]) -> Spec:
    """A model of one input and one output."""
    made = model(draw, name, models, 3)
    first = made.inputs[0]
    taken = {"x1": first.name, "mask": first.name}
    calls = tuple(
        each._replace(
            inputs=tuple(ref.changed(name=taken.get(ref.name, ref.name)) for ref in each.inputs),
            initial_state=tuple(ref.changed(name=taken.get(ref.name, ref.name)) for ref in each.initial_state),
            keywords={key: value for key, value in each.keywords.items() if key != "mask"},
        )
        for each in made.calls
    )
    return made._replace(inputs=(first,), calls=calls, outputs=made.outputs[-1:], batch=None)
