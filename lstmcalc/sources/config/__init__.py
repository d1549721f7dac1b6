"""A model that Keras wrote down, `model.to_json()` of Keras 2 or 3, read into a `Spec`. Nothing in it is run."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.layers import find_rule
from lstmcalc.sources.config.json_text import check_tree, parse_json, too_deep
from lstmcalc.sources.config.layers import class_of, is_model
from lstmcalc.sources.config.models import Models
from lstmcalc.sources.config.values import Notes, excerpt
from lstmcalc.spec import Spec

__all__ = ["read_config", "read_config_data"]


def read_config(text: str, source: str) -> Spec:
    """The spec of a model from its JSON text; `source` names it in errors. Raises `SpecError` with every fault in it.

    >>> dense = {"class_name": "Dense", "config": {"units": 3, "batch_input_shape": [None, 4], "name": "d"}}
    >>> import json
    >>> spec = read_config(json.dumps({"class_name": "Sequential", "config": {"layers": [dense]}}), "model.json")
    >>> spec.inputs[0].shape, spec.layers["d"].arguments
    ((4,), {'units': 3})
    """
    with collector_paused():
        return _read(parse_json(text, source), source)


def read_config_data(config: Any, source: str) -> Spec:
    """The same from the value that the JSON text states."""
    check_tree(config, source)
    try:
        copy = json.loads(json.dumps(config, default=dict))
    except RecursionError:
        raise SpecError([too_deep(source)]) from None
    return _read(copy, source)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without the search for garbage: nothing read is garbage, and all of it would be searched again and again.

    What was made meanwhile counts as old, which freezing and thawing does, so that it is not searched right behind.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _read(config: Any, source: str) -> Spec:
    notes = Notes(source)
    data = _model_data(config, source)
    spec = Models(notes).read(data)
    notes.refuse()
    assert spec is not None
    config = data.get("config")
    # A frozen model trains nothing; of one inside another, and of a Sequential, Keras's JSON does not hold it.
    frozen = isinstance(config, dict) and config.get("trainable") is False and not spec.sequential
    return spec._replace(trainable=False) if frozen else spec


def _model_data(config: Any, source: str) -> Mapping[str, Any]:
    """The model in a config, which may also be what `model.get_config()` gives; raises `SpecError`."""
    if isinstance(config, list) and config and all(isinstance(item, dict) for item in config):
        return {"class_name": "Sequential", "config": config}
    if isinstance(config, dict):
        version = config.get("keras_version")
        if isinstance(version, str) and version.startswith(("0.", "1.")):
            raise _not_a_model(source, "a model of Keras 2 or 3", f"one of Keras {excerpt(version)}")
        if is_model(config, class_of(config)):
            return config
        if "layers" in config and "class_name" not in config:
            return {"class_name": "Functional" if "input_layers" in config else "Sequential", "config": config}
        if isinstance(config.get("class_name"), str):
            because = "" if find_rule(class_of(config)) else "its own code makes its layers, and no config holds them"
            raise _not_a_model(source, "a Sequential or functional model", f"`{config['class_name']}`", because)
    raise _not_a_model(source, "a mapping with `class_name` and `config`, as `model.to_json()` gives", excerpt(config))


def _not_a_model(source: str, expected: str, got: str, because: str = "") -> SpecError:
    return SpecError([Fault("not-a-model", expected, got, because, where=Where(source))])
