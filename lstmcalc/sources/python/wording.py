"""How values of Python source are named and described, in symbols and in errors."""

from __future__ import annotations

import keyword
import re
from typing import Any

from lstmcalc.dims import MAX_SIZE
from lstmcalc.errors import Fault, Where
from lstmcalc.sources.python.values import Arguments, Imported, Layer, Unknown

__all__ = ["batch_input_shape_hint", "described", "identifier", "not_known", "shortest", "wrong_name"]


def shortest(unknown: Unknown) -> str:
    """What an unknown value is called after: of `hp.Int("units", 8, 64)`, what tells it from others."""
    name, given = unknown.call or ("", Arguments())
    first = given.positional[0] if given.positional else None
    return f"{name}_{first}" if isinstance(first, str) and unknown.key[0] != "name" else unknown.text


def identifier(text: str) -> str:
    """A name for what a text says.

    >>> identifier("X.shape[1]"), identifier("len(tokenizer.word_index)"), identifier("3d")
    ('X_shape_1', 'len_tokenizer_word_index', 'n_3d')
    """
    name = re.sub(r"\W+", "_", text).strip("_")[:60].strip("_") or "unknown"
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"n_{name}"


def not_known(value: Any, expected: str, where: Where) -> Fault:
    """What is wrong with a value that is not what is expected."""
    if isinstance(value, Unknown):
        got = f"`{value.text}`, which cannot be known"
        because = value.because or "only running the code would tell what it is"
        fix = value.fix or "set it above; or read what `model.to_json()` gives, which leaves nothing open"
        return Fault("unknown-value", expected, got, because, fix, value.where)
    fix = ""
    if isinstance(value, Imported) and value.last[:1].isupper():
        fix = f"call it: `{value.last}(…)`"
    elif isinstance(value, Layer):
        fix = "apply it: `layer(x)`"
    return Fault("wrong-value", expected, described(value), fix=fix, where=where)


def described(value: Any) -> str:
    """A value as an error names it."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_SIZE:
        return "a number of more digits than a size can have"
    if isinstance(value, (bool, int, float, str, type(None))):
        text = repr(value)
        return f"`{text if len(text) < 60 else text[:59] + '…'}`"
    name = getattr(value, "name", "") or getattr(value, "path", "")
    kind = {"Tensor": "the output of a layer", "Imported": "", "Class": "the class"}.get(
        type(value).__name__, f"a {type(value).__name__.lower()}"
    )
    return f"{kind} `{name}`".strip() if name else kind or "something else"


def wrong_name(name: str, where: Where) -> list[Fault]:
    """What is wrong with the name of a layer or model (keras/src/ops/operation.py, 3.15.1)."""
    return [Fault("wrong-name", "a name without `/`", f"`{name}`", where=where)] if "/" in name else []


def batch_input_shape_hint(layer: Layer) -> Fault:
    """An argument that Keras 2 takes and Keras 3 refuses (keras/src/layers/layer.py, 3.15.1)."""
    return Fault(
        "not-in-keras-3",
        "an `Input` with `batch_shape` before the layer",
        "`batch_input_shape`",
        "Keras 3 refuses it; Keras 2 takes it for the shape of the input, batch included",
        "put `Input(batch_shape=...)` in front, with the same shape, and leave `batch_input_shape` out",
        layer.places.get("batch_input_shape", layer.where),
        (layer.name, layer.class_name),
        "hint",
    )
