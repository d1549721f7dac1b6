"""What a rule is held against: arguments and inputs with what Keras says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstmcalc.frozen import NamedTuple

__all__ = ["Example", "Rejected"]


class Example(NamedTuple):
    """A layer on an input, with what Keras says of it; both a test and documentation.

    `inputs` is a shape, or a list of shapes where the layer takes several inputs; `output` likewise for outputs,
    `states` holds the shapes of an `initial_state`, `keywords` what else the call is told, `dtype` is the inputs'.
    Layers inside `arguments` are written as Keras calls.
    """

    arguments: Mapping[str, Any]
    inputs: Any
    params: int | str
    output: Any
    trainable_params: int | None = None
    states: Any = ()
    keywords: Mapping[str, Any] = {}
    dtype: str = "float32"


class Rejected(NamedTuple):
    """Arguments, or an input, that the layer refuses, and the message."""

    arguments: Mapping[str, Any]
    message: str
    inputs: Any = None
    states: Any = ()
    keywords: Mapping[str, Any] = {}
    dtype: str = "float32"
