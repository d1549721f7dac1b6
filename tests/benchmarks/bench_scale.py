"""How time and memory grow with the number of layers, for every kind of source.

python tests/benchmarks/bench_scale.py [LAYERS ...]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from measuring import alternating, exponent

SIZES = (100, 1_000, 10_000, 100_000)
LAYERS: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("Dense", {"units": 32}, 1056),
    ("LayerNormalization", {}, 64),
    ("Dropout", {"rate": 0.1}, 0),
    ("Activation", {"activation": "relu"}, 0),
)


def keras_json(number: int) -> str:
    """A functional model as Keras 3 writes it."""
    layers: list[dict[str, Any]] = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 10, 32], "dtype": "float32", "name": "x"},
         "name": "x", "inbound_nodes": []}
    ]  # fmt: skip
    source = "x"
    for i in range(number):
        class_name, arguments, _ = LAYERS[i % len(LAYERS)]
        tensor = {"class_name": "__keras_tensor__",
                  "config": {"shape": [None, 10, 32], "dtype": "float32", "keras_history": [source, 0, 0]}}  # fmt: skip
        source = f"layer_{i}"
        config = {"name": source, "trainable": True, "dtype": "float32", **arguments}
        layers.append({"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None,
                       "name": source, "inbound_nodes": [{"args": [tensor], "kwargs": {}}]})  # fmt: skip
    config = {"name": "m", "trainable": True, "layers": layers, "input_layers": [["x", 0, 0]],
              "output_layers": [[source, 0, 0]]}  # fmt: skip
    return json.dumps({"module": "keras", "class_name": "Functional", "config": config, "keras_version": "3.15.1"})


def yaml(number: int) -> str:
    """A list of layers."""
    entries = ("  - Dense: 32", "  - LayerNormalization", "  - Dropout: 0.1", "  - Activation: relu")
    return "\n".join(["input: [10, 32]", "layers:", *(entries[i % len(entries)] for i in range(number))])


def python(number: int) -> str:
    """A model that layers are added to, one by one."""
    calls = ("Dense(32)", "LayerNormalization()", "Dropout(0.1)", "Activation('relu')")
    begin = ["from keras import Input, Sequential, layers", "model = Sequential()", "model.add(Input((10, 32)))"]
    return "\n".join([*begin, *(f"model.add(layers.{calls[i % len(calls)]})" for i in range(number))])


def printed(number: int) -> str:
    """A table as Keras 2 prints it."""
    rows = [(f"layer_{i} ({name})", params) for i, (name, _, params) in zip(range(number), _around(), strict=False)]
    lines = [f"{name:33}{'(None, 10, 32)':22}{params}" for name, params in rows]
    total = sum(params for _, params in rows)
    rule = "=" * 65
    head = ['Model: "sequential"', f"{'Layer (type)':33}{'Output Shape':22}Param #", rule]
    return "\n".join([*head, *lines, rule, f"Total params: {total:,}"])


def _around() -> Any:
    while True:
        yield from LAYERS


WRITERS: Mapping[str, Callable[[int], str]] = {"json": keras_json, "yaml": yaml, "py": python, "txt": printed}
#: What is measured in a process of its own.
INFER = "import sys, lstmcalc; r = lstmcalc.infer(lstmcalc.load(sys.argv[1])); assert len(r.layers) >= int(sys.argv[2])"
PASTE = (
    "import sys; from lstmcalc import read_summary; from lstmcalc.explanation.readings import explain_reading\n"
    "told = [explain_reading(reading) for reading in read_summary(open(sys.argv[1]).read())]\n"
    "assert sum(len(each.rows) for each in told) >= int(sys.argv[2])"
)


def main() -> None:
    """Prints seconds and megabytes for each size, and the exponents of their growth from the second size on."""
    if sys.argv[1:2] == ["--write"]:
        _, _, kind, size, path = sys.argv
        Path(path).write_text(WRITERS[kind](int(size)))
        return
    sizes = [int(word) for word in sys.argv[1:]] or list(SIZES)
    with tempfile.TemporaryDirectory() as folder:
        for kind in WRITERS:
            commands = {"nothing": [sys.executable, "-c", "import lstmcalc.inference, lstmcalc.summary_text"]}
            for size in sizes:
                path = os.path.join(folder, f"{size}.{kind}")
                # In a process of its own: a child counts what its parent holds as its own memory.
                subprocess.run([sys.executable, __file__, "--write", kind, str(size), path], check=True)
                code = PASTE if kind == "txt" else INFER
                commands[str(size)] = [sys.executable, "-c", code, path, str(size)]
            show(kind, sizes, commands)


def show(kind: str, sizes: list[int], commands: dict[str, list[str]]) -> None:
    """Prints what one kind of source takes, beyond what it takes to start."""
    found = alternating(commands, 3)
    start = found["nothing"]
    seconds = [found[str(size)].processor - start.processor for size in sizes]
    memory = [found[str(size)].memory - start.memory for size in sizes]
    for size, time, space in zip(sizes, seconds, memory, strict=True):
        print(f"{kind:5}{size:>8,} layers {time:8.2f} s {time / size * 1e6:7.0f} µs each {space:7.0f} MB")
    if len(sizes) > 3:
        powers = exponent(sizes[1:], seconds[1:]), exponent(sizes[2:], memory[2:])
        print(f"{kind:5}exponent of time {powers[0]:.2f}, of memory {powers[1]:.2f}\n")


if __name__ == "__main__":
    main()
