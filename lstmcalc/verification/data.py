"""The data that a model is run on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lstmcalc.dims import parse, substitute
from lstmcalc.report import Port
from lstmcalc.spec import LayerSpec, Spec
from lstmcalc.verification.comparison import evaluate
from lstmcalc.verification.trial_sizes import Trial

__all__ = ["random_data"]


def random_data(keras: Any, spec: Spec, inputs: Sequence[Port], trial: Trial) -> list[Any]:
    """Random data for every input: numbers from 0 to 1, 0 and 1 where an input holds integers, or a few words."""
    import numpy as np

    rng = np.random.default_rng(0)
    most = min((2, *_vocabularies(spec, {**spec.symbols, **(trial.sizes or {})})))
    data = []
    for port in inputs:
        shape = [trial.batch, *evaluate((port.shape or ())[1:], trial.sizes or {})]
        if port.dtype == "string":
            values = np.full(shape, "a few words")
        else:
            values = rng.random(shape) if "float" in port.dtype else rng.integers(0, most, shape)
        data.append(keras.ops.convert_to_tensor(values, dtype=port.dtype))
    return data


def _vocabularies(spec: Spec, values: Mapping[str, int]) -> Iterator[int]:
    """The `input_dim` of every Embedding, wherever it is: no integer in the data may reach it."""

    def inside(value: Any) -> Iterator[int]:
        if isinstance(value, (list, tuple)):
            for item in value:
                yield from inside(item)
        elif isinstance(value, LayerSpec):
            size = value.arguments.get("input_dim")
            size = substitute(parse(size), values) if isinstance(size, str) else size
            if value.class_name == "Embedding" and isinstance(size, int):
                yield size
            yield from inside(tuple(value.arguments.values()))

    yield from inside(tuple(spec.layers.values()))
    for model in spec.models.values():
        yield from _vocabularies(model, values)
