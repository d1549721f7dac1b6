"""The content of a source tells what it is; its ending decides where the content leaves that open."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from threading import Thread

import pytest

from lstmcalc import load
from lstmcalc.errors import SpecError

YAML = "{input: [10, 8], layers: [LSTM: 4]}"
JSON = (
    '{"class_name": "Sequential", "config": {"name": "sequential", "layers": [{"class_name": "LSTM", '
    '"config": {"name": "lstm", "units": 4, "batch_input_shape": [null, 10, 8]}}]}}'
)
PYTHON = "from keras import Sequential, layers\nmodel = Sequential([layers.Input((10, 8)), layers.LSTM(4)])\n"


@pytest.mark.parametrize("name", ["-", "model", "model.txt", "model.yaml", "model.py", "model.json"])
@pytest.mark.parametrize("text", [YAML, JSON, PYTHON], ids=["yaml", "json", "python"])
def test_the_content_tells_what_a_text_is(text: str, name: str) -> None:
    if (text is YAML and name.endswith((".py", ".json"))) or (text is PYTHON and name.endswith(".yaml")):
        with pytest.raises(SpecError):
            load(name, text=text)
        return
    spec = load(name, text=text)
    assert [(layer.name, layer.arguments) for layer in spec.layers.values()] == [("lstm", {"units": 4})]
    assert spec.inputs[0].shape == (10, 8)


@pytest.mark.parametrize("text", [YAML, JSON, PYTHON], ids=["yaml", "json", "python"])
def test_standard_input(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert load("-").layers["lstm"].arguments == {"units": 4}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=(YAML,))
    writer.start()
    assert load(pipe).layers["lstm"].arguments == {"units": 4}
    writer.join()


def test_one_of_several_models() -> None:
    code = PYTHON + "other = Sequential([layers.Input((3,)), layers.Dense(2, name='d')])\n"
    assert list(load("m.py", text=code, model="model").layers) == ["lstm"]
    assert list(load("m.py", text=code, model="other").layers) == ["d"]
    with pytest.raises(SpecError, match="several-models"):
        load("m.py", text=code)


def test_the_only_model_is_the_one_that_is_asked_for() -> None:
    nested = "{name: whole, input: [8], models: {part: {input: [8], layers: [Dense: 3]}}, layers: [part]}"
    assert load("m.yaml", text=nested, model="whole").name == "whole"
    assert list(load("m.yaml", text=nested, model="part").layers) == ["dense"]
    with pytest.raises(SpecError) as caught:
        load("m.yaml", text=nested, model="other")
    assert str(caught.value) == (
        "error[unknown-model] m.yaml\n  expected `whole`, the model of this file\n  got      `other`"
    )


def test_a_notebook_is_read_with_the_lines_of_its_file() -> None:
    code = {"cell_type": "code", "source": PYTHON.splitlines(True)}
    cells = [{"cell_type": "markdown", "source": ["Sequential("]}, code]
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}, indent=1)
    spec = load("m.ipynb", text=text)
    assert spec.layers["lstm"].arguments == {"units": 4}
    line = next(i for i, line in enumerate(text.splitlines(), 1) if "model = " in line)
    assert spec.layers["lstm"].where.line == line


@pytest.mark.parametrize("text", ['{"cells": []}', '{"cells": [{"cell_type": "code"}]}', "{}"])
def test_a_notebook_without_code_is_no_yaml(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        load("m.ipynb", text=text)
    assert str(caught.value) == "error[no-model] m.ipynb\n  expected a Keras model\n  got      none"


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\xff", b"\x08\x07\x12\x07pytorch\x1a\x051.9.0:\x80\x01\n\x10"])
def test_a_picture_or_another_programs_model_is_told_from_text(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    with pytest.raises(SpecError) as caught:
        load(path)
    assert str(caught.value) == (
        f"error[binary-file] {path}\n"
        "  expected a model file\n"
        "  got      a binary file of another kind\n"
        "  fix      lstmcalc reads YAML, Python, Keras's JSON, `.keras` and `.h5` files"
    )
