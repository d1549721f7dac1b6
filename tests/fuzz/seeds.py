"""What damage starts from: short sources of every kind, out of the tests' own models, specs, summaries and messages."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from convertible import MODELS
from drawn import as_text, draw_model, draw_words
from genuine import genuine

from lstmcalc.conversion import convert
from lstmcalc.errors import SpecError
from lstmcalc.sources import load

__all__ = ["TESTS", "TINY", "seeds", "word_seeds"]

TESTS = Path(__file__).parent.parent
#: Small sources that say much, each by its kind.
TINY: dict[str, tuple[str, ...]] = {
    "yaml": (
        "input: [4]\nlayers: [Dense: 3]\n",
        "input: [T, 8]\nsymbols: {U: 4}\nlayers:\n  - LSTM: {units: U, return_sequences: true}\n  - Dense(2*U)\n",
        "{input: [200, 35], layers: ['Bidirectional(LSTM(64))', {layer: 'Dense(1)', name: out}]}",
        "inputs: {a: [4], b: {shape: [4], dtype: int32}}\nlayers:\n  - Add: {inputs: [a, b]}\noutputs: [add]\n",
        "input: [4]\nlayers:\n  - &d {Dense: 3}\n  - *d\n  - {<<: *d, name: x}\n",
        "input: [4]\nlayers:\n  - Custom: {output_shape: [3], params: 7}\n  - Dense: {units: 2, name: last}\n",
    ),
    "python": (
        "model = Sequential([Input((4,)), Dense(3)])\n",
        "m = Sequential()\nm.add(LSTM(4, input_shape=(10, 3)))\nm.add(Dense(1))\nm.summary()\n",
        "x = inp = Input((10, 3))\nfor n in range(3):\n    x = Conv1D(2**n, 3, padding='same')(x)\nm = Model(inp, x)\n",
        "def block(x, n=4):\n    return Dense(n)(x) + x\ni = Input((4,))\nm = Model(i, block(block(i)))\n",
        "class M(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.d = Dense(3)\n"
        "    def call(self, x):\n        return self.d(x)\nm = M()\nm.build((None, 4))\n",
        "n = int(input())\nm = Sequential([Dense(n if n > 3 else 2, input_dim=4), *[Dense(k) for k in (1, 2)]])\n",
    ),
    "summary": (
        "lstm_1 (LSTM)    (None, 10, 128)    91648\n",
        "dense (Dense)  (None, 3)  15\ndense_1 (Dense)  (None, 2)  8\nTotal params: 23\n",
        "Layer (type)   Output Shape   Param #   Connected to\na (InputLayer)  [(None, 4)]  0\n"
        "d (Dense)  (None, 3)  15  a[0][0]\ne (Add)  (None, 3)  0  d[0][0]\n   d[0][0]\n",
        "│ gru (Bidirectional) │ (None, 64) │ 18,816 │\n",
    ),
    "message": (
        "ValueError: Input 0 of layer lstm is incompatible with the layer: expected ndim=3, found ndim=2\n",
        "ValueError: Shapes (None, 1) and (None, 10) are incompatible\n",
        "ValueError: logits and labels must have the same shape, received ((None, 10) vs (None, 1)).\n",
        "Traceback (most recent call last):\n  File \"a.py\", line 3, in <module>\nTypeError: ('Keyword argument not "
        "understood:', 'unit')\n",
    ),
}  # fmt: skip
WORDS: tuple[tuple[str, ...], ...] = (
    ("lstm", "--units", "128", "--input", "300"),
    ("lstm", "--units", "U", "--input", "T,F", "--return-sequences"),
    ("Bidirectional(LSTM(64))", "--input", "200,35"),
    ("dense", "--units", "10", "--no-use-bias", "--input", "(None, 4)"),
    ("conv2d", "--filters", "3", "--kernel-size", "3,3", "--input", "28,28,1", "--padding", "same"),
    ("TimeDistributed", "--layer", "Dense(3)", "--input", "5,4"),
    ("Concatenate", "--axis", "1", "--input", "2,3", "--input", "4,3"),
    ("RNN(LSTMCell(3))", "--input", "5,4", "--stateful", "--batch", "2"),
)


@cache
def seeds(kind: str) -> tuple[str | bytes, ...]:
    """The seeds of a kind, in an order that does not change."""
    found = {
        "yaml": _yaml, "json": _json, "python": _python, "notebook": _notebooks, "summary": _summaries,
        "message": _messages, "archive": _archives, "h5": _h5,
    }[kind]()  # fmt: skip
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=1)
def word_seeds() -> tuple[tuple[str, ...], ...]:
    """Command lines that state a layer."""
    rng = random.Random(7)
    drawn = []
    for _ in range(200):
        words, inputs = draw_words(rng)
        drawn.append((*words, *(word for shape in inputs for word in ("--input", shape))))
    return (*WORDS, *drawn)


def _short(paths: Iterable[Path], most: int = 1_500) -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(paths)]
    return [text for text in texts if len(text) <= most]


@lru_cache(maxsize=1)
def _yaml() -> list[str]:
    folders = ("../specs", "models", "told", "keras/mutated")
    files = [text for folder in folders for text in _short((TESTS / folder).glob("*.yaml"))]
    rng = random.Random(1)
    return [*TINY["yaml"], *MODELS.values(), *files, *(as_text(rng, draw_model(rng, 0)) for _ in range(200))]


def _converted(target: str) -> list[str]:
    """Models of the tests and drawn ones as something else; some of each, as it takes its time."""
    made = []
    for text in (*_yaml()[:50], *_yaml()[50::5]):
        try:
            made.append(convert(load("m.yaml", text=text), target))
        except SpecError:
            continue
    return made


def _json() -> list[str]:
    versions = sorted((TESTS / "models/keras2").glob("*-*.json"))
    saved = [*versions, TESTS / "models/keras3.json"]
    models = [model["json"] for path in saved for model in json.loads(path.read_text(encoding="utf-8"))]
    return [text for text in (*_converted("keras-json"), *models) if len(text) < 3_500]


@lru_cache(maxsize=1)
def _python() -> list[str]:
    files = _short([*(TESTS / "models").glob("*.py.txt"), *(TESTS / "models").glob("*.py")], 1_200)
    return [*TINY["python"], *files, *_converted("python")]


def _notebooks() -> list[str]:
    def notebook(*codes: str) -> str:
        cells: list[Any] = [{"cell_type": "code", "source": code.splitlines(True), "outputs": []} for code in codes]
        cells.insert(0, {"cell_type": "markdown", "source": "# A model"})
        return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    return [notebook(code) for code in _python()[:30]] + [notebook("%pip install keras\n!ls", *TINY["python"][:2])]


def _summaries() -> list[str]:
    short = [text.text for text in genuine() if len(text.text) < 1_100]
    return [*TINY["summary"], *short[::6], *_short((TESTS / "summaries/golden").glob("*.txt"), 1_000)]


def _messages() -> list[str]:
    folder = TESTS / "diagnosis/messages"
    return [*TINY["message"], *_short(folder.glob("*.txt"), 700), *_short((TESTS / "told").glob("error*.txt"))]


def _archives() -> list[bytes]:
    return [*(_zipped(str(config)) for config in _small_configs()), _zipped("{}"), _zipped("")]


def _small_configs() -> Sequence[str | bytes]:
    return sorted(seeds("json"), key=len)[:12]


def _zipped(config: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (("metadata.json", '{"keras_version": "3.15.1"}'), ("config.json", config)):
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _h5() -> list[bytes]:
    """Files of old Keras; none where h5py is missing."""
    try:
        import h5py
    except ImportError:
        return []
    made = []
    for config in _small_configs()[:6]:
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            file.attrs["model_config"] = config
            file.create_dataset("model_weights/dense/dense/kernel:0", (4, 3), "float32")
        made.append(buffer.getvalue())
    return made
