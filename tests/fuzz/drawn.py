"""Models drawn from the registry: right ones and wrong ones, as the document of a YAML model or the words of a command.

A model is a plain document, `{"input": [...], "layers": [{"Dense": {"units": 3}}, ...]}`, which `as_text` writes in one
of the ways in which YAML can say it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from layer_examples import cases
from strange_words import NAMES

from lstmcalc.layers.rule import Example, Rejected

__all__ = ["as_text", "draw_model", "draw_words", "leaves", "with_leaf"]

#: Layers that take what most others give, so that a chain of them holds.
USUAL: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Dense", {"units": 3}), ("LSTM", {"units": 4, "return_sequences": True}), ("GRU", {"units": 2}),
    ("Dropout", {"rate": 0.5}), ("Flatten", {}), ("Activation", {"activation": "relu"}), ("LayerNormalization", {}),
    ("BatchNormalization", {}), ("TimeDistributed", {"layer": "Dense(5)"}),
    ("Bidirectional", {"layer": "LSTM(3, return_sequences=True)"}),
    ("Conv1D", {"filters": 4, "kernel_size": 2, "padding": "same"}), ("RepeatVector", {"n": 3}), ("Masking", {}),
    ("GlobalAveragePooling1D", {}), ("MaxPooling1D", {"pool_size": 2}), ("Reshape", {"target_shape": [-1, 2]}),
    ("Permute", {"dims": [2, 1]}), ("SimpleRNN", {"units": "U"}), ("Dense", {"units": "2*U"}), ("ReLU", {}),
    ("ZeroPadding1D", {"padding": 1}), ("UpSampling1D", {"size": 2}), ("GaussianNoise", {"stddev": 0.1}),
)  # fmt: skip
#: What stands where an argument is wanted and something else belongs.
STRANGE: tuple[Any, ...] = (
    0, -1, 1, 2, 3, 7, 2**31, 2**63, 10**30, 0.5, 1e308, float("nan"), float("inf"), True, None, "", "same", "relu",
    "U", "T", "2*U", "U-3", "U//2", [], [1], [2, 2], [[1, 2], [3, 4]], [-1], [None], {}, {"a": 1}, "Dense(2)",
    {"class_name": "L2", "config": {"l2": 0.1}}, {"Dense": 3}, [1] * 40, "x" * 200, *NAMES[:40],
)  # fmt: skip
SIZES: tuple[Any, ...] = (1, 2, 3, 4, 5, 8, 10, 28, 100, None, "T", "F", "2*T", "T + 1", 2**31, 2**62, 0, -3, 10**20)


@lru_cache(maxsize=1)
def _examples() -> tuple[tuple[str, Any], ...]:
    """Every example of the registry, good and bad, that has an input."""
    both = [*cases(Example), *cases(Rejected)]
    return tuple((name, case) for name, case in both if case.inputs and not isinstance(case.inputs, str))


def draw_model(rng: random.Random, wild: float = 0.3) -> dict[str, Any]:
    """A document of one to six layers; each value is strange with a chance of `wild`."""
    if rng.random() < 0.5:
        name, example = rng.choice(_examples())
        document = _of_example(name, example)
    else:
        document = {"input": [rng.choice((None, 6, 10, "T")), rng.choice((1, 4, 8))], "layers": []}
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5)) if document["layers"] else rng.randint(1, 5)):
        name, arguments = rng.choice(USUAL) if rng.random() < 0.8 else _any_layer(rng)
        document["layers"].append({name: dict(arguments)})
    if rng.random() < 0.2:
        document["symbols"] = {"U": rng.choice((1, 3, 64))}
    if rng.random() < 0.1:
        document["batch"] = rng.choice((1, 2, 32))
    if rng.random() < wild:
        _make_strange(rng, document)
    return document


def _of_example(name: str, example: Any) -> dict[str, Any]:
    shapes = example.inputs if isinstance(example.inputs, list) else [example.inputs]
    shapes = [*shapes, *example.states]
    arguments = {key: _plain(value) for key, value in example.arguments.items()}
    document: dict[str, Any] = {}
    if shapes[0] and isinstance(shapes[0][0], int):
        document["batch"] = shapes[0][0]
    if len(shapes) == 1 and example.dtype == "float32":
        return {**document, "input": [_plain(size) for size in shapes[0][1:]], "layers": [{name: arguments}]}
    ports = {f"in_{i}": {"shape": [_plain(size) for size in shape[1:]], "dtype": example.dtype}
             for i, shape in enumerate(shapes)}  # fmt: skip
    taken = list(ports)
    count = len(shapes) - len(example.states)
    entry = {**arguments, "inputs": taken[:count] if count > 1 else taken[0]}
    if example.states:
        entry["initial_state"] = taken[count:]
    return {**document, "inputs": ports, "layers": [{name: entry}]}


def _any_layer(rng: random.Random) -> tuple[str, dict[str, Any]]:
    name, example = rng.choice(_examples())
    return name, {key: _plain(value) for key, value in example.arguments.items()}


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _make_strange(rng: random.Random, document: dict[str, Any]) -> None:
    """Puts values where others belong, in one or two places."""
    for _ in range(rng.choice((1, 1, 2))):
        change = rng.randrange(5)
        layer = rng.choice(document["layers"])
        name = next(iter(layer))
        arguments = layer[name] if isinstance(layer[name], dict) else {}
        if change == 0 and isinstance(document.get("input"), list):
            document["input"] = [rng.choice(SIZES) for _ in range(rng.choice((0, 1, 2, 3, 5)))]
        elif change == 1:
            arguments["name"] = rng.choice(NAMES)
        elif change == 2:
            arguments["inputs"] = rng.choice(("input", "dense", "in_0", ["input", "input"], "input[1]", "", *NAMES[:9]))
        elif change == 3 and arguments:
            arguments[rng.choice(list(arguments))] = rng.choice(STRANGE)
        else:
            places = list(leaves(document))
            document_changed = with_leaf(document, rng.choice(places), rng.choice(STRANGE))
            document.clear()
            document.update(document_changed)
            return


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value of a tree that holds no other, and to every tree within it."""
    if path:
        yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif isinstance(tree, list):
        for place, value in enumerate(tree):
            yield from leaves(value, (*path, place))


def with_leaf(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The tree with another value at a path; nothing is changed in place."""
    if not path:
        return value
    changed = dict(tree) if isinstance(tree, dict) else list(tree)
    changed[path[0]] = with_leaf(tree[path[0]], path[1:], value)
    return changed


def as_text(rng: random.Random, document: Any) -> str:
    """A document as YAML: on one line, as JSON would, or in blocks with a line for each layer."""
    if rng.random() < 0.5:
        return json.dumps(document, ensure_ascii=rng.random() < 0.5)
    if not isinstance(document, dict) or not all(isinstance(key, str) and key.isidentifier() for key in document):
        return json.dumps(document)
    lines = []
    for key, value in document.items():
        if key == "layers" and isinstance(value, list):
            lines += ["layers:", *(f"  - {json.dumps(entry)}" for entry in value)]
        else:
            lines.append(f"{key}: {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def draw_words(rng: random.Random) -> tuple[list[str], list[str]]:
    """A layer as the words of a command line, and its input shapes."""
    name, example = rng.choice(_examples())
    words = [rng.choice((name, name.lower(), f"keras.layers.{name}"))]
    if rng.random() < 0.4:
        inside = ", ".join(f"{key}={value!r}" for key, value in example.arguments.items())
        words[0] = f"{name}({inside})"
    else:
        for key, value in example.arguments.items():
            option = f"--{key.replace('_', '-')}"
            words += [option] if value is True and rng.random() < 0.5 else [option, _as_word(rng, value)]
    shapes = example.inputs if isinstance(example.inputs, list) else [example.inputs]
    return words, [_as_word(rng, list(shape[1:])) for shape in shapes] if rng.random() < 0.8 else []


def _as_word(rng: random.Random, value: Any) -> str:
    if isinstance(value, (list, tuple)) and rng.random() < 0.6:
        return ",".join(str(item) for item in value)
    return str(value)
