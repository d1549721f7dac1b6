"""Files that would run code, write a file or read another one if anything of them were more than read."""

from __future__ import annotations

import base64
import io
import json
import marshal
import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

__all__ = ["MARK", "PYTHON", "byte_code", "keras3", "lambda_layer", "model_files"]

#: What the file is called that an attack writes.
MARK = "pwned"


def byte_code(folder: Path) -> str:
    """A function as Keras saves it, which leaves the mark in a folder and returns what it is given."""
    source = f"lambda x: (open({str(folder / MARK)!r}, 'w').close(), x)[1]"
    function = eval(source)
    assert isinstance(function, FunctionType)
    return base64.b64encode(marshal.dumps(function.__code__)).decode()


def lambda_layer(folder: Path, **others: Any) -> dict[str, Any]:
    """The config of a Lambda as Keras 3 writes it."""
    function = {"class_name": "__lambda__", "config": {"code": byte_code(folder), "defaults": None, "closure": None}}
    return {"module": "keras.layers", "class_name": "Lambda",
            "config": {"name": "lambda", "function": function, "arguments": {}, **others}}  # fmt: skip


def keras3(*layers: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    """The config of a Sequential as Keras 3 writes it, with four features coming in."""
    first = {"module": "keras.layers", "class_name": "InputLayer",
             "config": {"batch_shape": [None, 4], "dtype": "float32", "name": "x"}}  # fmt: skip
    config = {"name": "model", "layers": [first, *layers]}
    return {"module": "keras", "class_name": "Sequential", "config": config, **others}


def keras2(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """The same as Keras 2 writes it."""
    first = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "dtype": "float32", "name": "x"}}
    return {"class_name": "Sequential", "config": {"name": "model", "layers": [first, *layers]}}


def dense(**arguments: Any) -> dict[str, Any]:
    """The config of a Dense."""
    return {"module": "keras.layers", "class_name": "Dense", "config": {"name": "dense", "units": 3, **arguments}}


def archive(config: Any, **members: bytes) -> bytes:
    """A `.keras` file; `members` are more files in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("config.json", json.dumps(config))
        for name, data in members.items():
            made.writestr(name, data)
    return file.getvalue()


def hdf5(config: Any, fill: Callable[[Any], None] = lambda file: None) -> bytes:
    """An `.h5` file."""
    import h5py

    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        fill(file)
    return data.getvalue()


class Pickled:
    """Leaves the mark where it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return open, (str(self.folder / MARK), "w")


MODEL = "import keras\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])\n"
#: Python code around a sound model, with HIT for an expression that leaves the mark.
PYTHON = {
    "at the top": f"HIT\n{MODEL}",
    "below": f"{MODEL}HIT\n",
    "decorator": f"@HIT\ndef f(): pass\n{MODEL}",
    "default": f"def f(a=HIT): pass\n{MODEL}",
    "annotation": f"def f(a: HIT) -> HIT: pass\nx: HIT = 1\n{MODEL}",
    "import by name": f"__import__('os').system('touch ' + MARK)\n{MODEL}",
    "import of a file beside it": f"import evil\nfrom evil import *\n{MODEL}",
    "formatted": f"name = f'{{HIT}}'\nother = '{{0.__class__}}'.format(HIT)\n{MODEL}",
    "walrus": f"if (n := HIT): pass\n{MODEL}",
    "eval": f"eval('HIT')\nexec('HIT')\ncompile('HIT', 'x', 'exec')\n{MODEL}",
    "comprehensions": f"[HIT for _ in range(3)]\n{{HIT: HIT for _ in range(3)}}\nlist(HIT for _ in range(3))\n{MODEL}",
    "class body": f"class A:\n    HIT\n    a = HIT\n{MODEL}",
    "metaclass": f"class M(type):\n    def __new__(*a): HIT\nclass A(metaclass=M): pass\n{MODEL}",
    "subclass hook": f"class A:\n    def __init_subclass__(cls): HIT\nclass B(A): pass\n{MODEL}",
    "attributes": f"class A:\n    def __getattr__(self, n): HIT\nunits = A().units\n{MODEL.replace('3)', 'units)')}",
    "item": f"class A:\n    def __getitem__(self, n): return HIT\nunits = A()[0]\n{MODEL.replace('3)', 'units)')}",
    "property": f"class A:\n    @property\n    def u(self): return HIT\n{MODEL.replace('3)', 'A().u)')}",
    "import hook": f"import sys\nsys.meta_path.insert(0, HIT)\nsys.path.insert(0, '.')\nimport evil\n{MODEL}",
    "argument": MODEL.replace("3)", "HIT)"),
    "argument by name": MODEL.replace("3)", "3, name=HIT, activation=HIT)"),
    "argument's lambda": MODEL.replace("3)", "3, activation=lambda x: HIT)"),
    "lambda": MODEL.replace("keras.layers.Dense(3)", "keras.layers.Lambda(lambda x: HIT)"),
    "called lambda": f"(lambda: HIT)()\n{MODEL}",
    "function of the model": f"def units():\n    HIT\n    return 3\n{MODEL.replace('3)', 'units())')}",
    "layer of one's own": "import keras\nclass Mine(keras.layers.Layer):\n    def call(self, x):\n        HIT\n"
    f"        return x\n{MODEL.replace('keras.layers.Dense(3)', 'Mine()')}",
    "condition": f"assert HIT\nwhile HIT: break\ntry:\n    HIT\nfinally:\n    HIT\nwith HIT as f: pass\n{MODEL}",
    "deletion": f"class A:\n    def __del__(self): HIT\na = A()\ndel a\n{MODEL}",
    "loader": f"model = keras.models.load_model('lambda.keras', safe_mode=False)\n{MODEL}",
    "coding": f"# -*- coding: rot13 -*-\n{MODEL}",
}


def model_files(folder: Path) -> dict[str, Path]:
    """Writes every attack into a folder, and returns the files by what they attack."""
    hit = f'open("{folder / MARK}", "w")'
    found: dict[str, Path] = {}

    def write(what: str, name: str, data: Any) -> None:
        found[what] = folder / name
        found[what].write_bytes(data if isinstance(data, bytes) else str(data).encode())

    (folder / "evil.py").write_text(hit)
    for what, config in configs(folder).items():
        name = what.replace(" ", "_").replace("'", "")
        write(f"{what}, json", f"{name}.json", json.dumps(config))
        write(f"{what}, keras", f"{name}.keras", archive(config))
    for number, (what, code) in enumerate(PYTHON.items()):
        code = code.replace("HIT", hit).replace("MARK", repr(str(folder / MARK)))
        write(f"python: {what}", f"python_{number}.py", code)
        cells = [
            {"cell_type": "code", "source": ["!touch " + str(folder / MARK), "\n%%bash\n", f"\n%run evil.py\n{code}"]}
        ]
        write(f"notebook: {what}", f"notebook_{number}.ipynb", json.dumps({"nbformat": 4, "cells": cells}))
    for kind, tag in {
        "apply": f"!!python/object/apply:os.system ['touch {folder / MARK}']",
        "new": f"!!python/object/new:os.system ['touch {folder / MARK}']",
        "name": "!!python/name:os.system",
        "module": "!!python/module:evil",
        "object": "!!python/object:evil.A {}",
        "local": "!evil {a: 1}",
    }.items():
        write(f"yaml: {kind}", f"tag_{kind}.yaml", f"name: {tag}\ninput: [4]\nlayers:\n  - Dense: {tag}\n")
    for ending in ("keras", "h5", "npz", "yaml", "py", "json", "pkl"):
        write(f"pickle: {ending}", f"pickle.{ending}", pickle.dumps(Pickled(folder)))
    sound = keras3(dense())
    for member in ("../" + MARK, "/" + str(folder / MARK), "assets/../../" + MARK):
        write(f"zip: {member}", f"zip_{len(found)}.keras", archive(sound, **{member: b"!"}))
    return found


def configs(folder: Path) -> dict[str, Any]:
    """Configs that name code, or hold it."""
    code, touch = byte_code(folder), f"touch {folder / MARK}"
    old = {"class_name": "Lambda", "config": {"name": "lambda", "function": [code, None, None],
                                              "function_type": "lambda", "output_shape": [4]}}  # fmt: skip
    function = lambda_layer(folder)["config"]["function"]

    def system(module: str, name: str) -> dict[str, Any]:
        return {"module": module, "class_name": name, "config": {"command": touch, "args": touch, "name": "evil"},
                "registered_name": name}  # fmt: skip

    def called(module: str, name: str) -> dict[str, Any]:
        return {"module": module, "class_name": "function", "config": name, "registered_name": name}

    wrapped = {"module": "keras.layers", "class_name": "TimeDistributed",
               "config": {"name": "each", "layer": lambda_layer(folder, output_shape=[4])}}  # fmt: skip
    return {
        "lambda": keras3(lambda_layer(folder)),
        "lambda with its shape": keras3(lambda_layer(folder, output_shape=[4])),
        "lambda of a shape": keras3(lambda_layer(folder, output_shape=function)),
        "lambda of a mask": keras3(lambda_layer(folder, output_shape=[4], mask=function)),
        "lambda in a wrapper": keras3(wrapped),
        "lambda in a model": keras3(keras3(lambda_layer(folder, output_shape=[4]))),
        "lambda of Keras 2": keras2(old),
        "lambda as an activation": keras3(dense(activation=function)),
        "lambda as an activation of Keras 2": keras2(dense(activation=[code, None, None])),
        "os.system as a layer": keras3(system("os", "system")),
        "Popen as a layer": keras3(system("subprocess", "Popen")),
        "a file's class as a layer": keras3(system("evil", "A")),
        "os.system as an initializer": keras3(dense(kernel_initializer=system("os", "system"))),
        "os.system as a function": keras3(dense(activation=called("os", "system"))),
        "get_file as a function": keras3(dense(activation=called("keras.utils", "get_file"))),
        "load_model as a function": keras3(dense(kernel_regularizer=called("keras.models", "load_model"))),
        "os.system inside Keras's own": keras3(
            dense(kernel_initializer={"module": "keras.initializers", "class_name": "Constant",
                                      "config": {"value": system("os", "system")}})),
        "os.system as a policy": keras3(dense(dtype=system("os", "system"))),
        "os.system as a model": keras3(dense(), module="os", registered_name="system"),
        "a class to build": keras3({**dense(), "build_config": {"input_shape": system("os", "system")}}),
        "a class to compile": keras3(dense(), compile_config={"optimizer": system("os", "system"), "loss": function}),
    }  # fmt: skip
