"""A spec written down as what it can be read from: YAML, Keras's JSON, or Python."""

from __future__ import annotations

from importlib import import_module

from lstmcalc.spec import Spec

__all__ = ["TARGETS", "convert"]

#: What a model can be turned into, each with the module and the function that write it.
TARGETS = {
    "yaml": ("lstmcalc.conversion.yaml_text", "to_yaml"),
    "keras-json": ("lstmcalc.conversion.keras_json", "to_keras_json"),
    "python": ("lstmcalc.conversion.python_text", "to_python"),
}


def convert(spec: Spec, target: str) -> str:
    """The text of a model in one of `TARGETS`. Raises `SpecError` where the target cannot say what the model is.

    >>> from lstmcalc import load
    >>> print(convert(load("model.yaml", text="{input: [10, 32], layers: [LSTM(64), Dense(1)]}"), "yaml"))
    name: sequential
    inputs:
      input: [10, 32]
    layers:
      - LSTM: {units: 64}
      - Dense: {units: 1}
    <BLANKLINE>
    """
    module, function = TARGETS[target]
    return str(getattr(import_module(module), function)(spec))
