"""The JSON Schema of the YAML format, made from the rules; editors read it from `lstmcalc/spec.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lstmcalc.layers import ALIASES, RULES, LayerRule
from lstmcalc.layers.arguments import ACTIVATIONS, CONSTRAINTS, DTYPES, INITIALIZERS, REGULARIZERS, REQUIRED, Argument

__all__ = ["SCHEMA_FILE", "schema", "schema_text"]

SCHEMA_FILE = Path(__file__).parent.parent / "spec.schema.json"

SIZE = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "minLength": 1}]}
NULL = {"type": "null"}
#: The schemas of arguments by their kind; what is missing may be anything.
KINDS = {
    "size": "size",
    "sizes": "sizes",
    "shape": "sizes_of_shape",
    "layer": "layer",
    "layers": "layers",
    "activation": "activation",
    "initializer": "initializer",
    "regularizer": "regularizer",
    "constraint": "constraint",
    "dtype": "dtype",
    "tensor": "reference",
}


def schema_text() -> str:
    """The schema as the file holds it; write this to `SCHEMA_FILE` after a rule has changed."""
    return json.dumps(schema(), indent=1) + "\n"


def schema() -> dict[str, Any]:
    """The schema: what one model may be, with a definition for every layer that has a rule."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lstmcalc model",
        **_object(
            {
                "name": _described(_ref("name"), "The model's name."),
                **_model_properties(),
                "batch": _described(_nullable(_ref("size")), "The batch size; stateful layers need it."),
                "symbols": {
                    "description": "Values of names that stand for sizes; `--set` overrides them.",
                    "type": ["object", "null"],
                    "additionalProperties": {"type": "integer", "minimum": 1},
                },
                "models": {
                    "description": "Nested models, used as layers by name.",
                    "type": ["object", "null"],
                    "additionalProperties": _ref("model"),
                },
            },
            ["layers"],
        ),
        "oneOf": [{"required": ["input"]}, {"required": ["inputs"]}],
        "$defs": {**_definitions(), **{name: _layer(rule) for name, rule in sorted(RULES.items())}},
    }


def _model_properties() -> dict[str, Any]:
    return {
        "input": _described(_ref("input"), "The shape of the only input, without the batch: `[10, 32]`."),
        "inputs": {
            "description": "Several inputs by name.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": _ref("input"),
        },
        "layers": {
            "description": "One entry for every application of a layer; each takes the one before unless it says so.",
            "type": "array",
            "minItems": 1,
            "items": _ref("entry"),
        },
        "sequential": _described({"type": "boolean"}, "Whether it is a Sequential; its layers say so if left out."),
        "outputs": _described(_ref("references"), "What the model returns; the last entry if left out."),
    }


def _definitions() -> dict[str, Any]:
    known = {name: _ref(name) for name in sorted(RULES)}
    aliases = {alias: _ref(name) for alias, name in sorted(ALIASES.items())}
    own = _own_properties()
    told = {key: value for rule in RULES.values() for key, value in _keywords(rule).items()}
    return {
        "name": {"type": "string", "pattern": "^[^/\\[\\]\\n\\t]+$"},
        "reference": {"type": "string", "pattern": "^[^/\\n\\t]+$"},
        "references": _any({"type": "array", "minItems": 1, "items": _ref("reference")}, _ref("reference")),
        "size": SIZE,
        "sizes": _any(_ref("size"), {"type": "array", "items": _ref("size")}),
        "sizes_of_shape": _any({"type": "array", "items": {"type": ["integer", "string", "null"]}},
                               {"type": ["integer", "string"]}),
        "input": _any({"type": "array", "items": _nullable(_ref("size"))},
                      _object({"shape": {"type": "array", "items": _nullable(_ref("size"))}, "dtype": _ref("dtype")},
                              ["shape"])),
        "model": {**_object(_model_properties(), ["layers"]),
                  "oneOf": [{"required": ["input"]}, {"required": ["inputs"]}]},
        "entry": _any({"type": "string"}, _object({"apply": _ref("reference"), **told, **own}, ["apply"]),
                      _object({"layer": _ref("layer"), **told, **own}, ["layer"]), _ref("class")),
        "layer": _any({"type": "string"}, _object({"layer": _ref("layer"), **own}, ["layer"]), _ref("class")),
        "layers": _any(_ref("layer"), {"type": "array", "items": _ref("layer")}),
        "class": {
            "type": "object", "minProperties": 1, "maxProperties": 1, "properties": {**known, **aliases},
            "propertyNames": {"not": {"enum": ["layer", "apply"]}}, "patternProperties": {"^ops\\.": {}},
            "additionalProperties": _described({"type": ["object", "null"]}, "A nested model, or a class of your own."),
        },
        "activation": _known(ACTIVATIONS),
        "initializer": _known(INITIALIZERS),
        "regularizer": _known(REGULARIZERS),
        "constraint": _known(CONSTRAINTS),
        "dtype": _any(_known(DTYPES), {"type": "string", "pattern": "_from_"}),
    }  # fmt: skip


def _own_properties() -> dict[str, Any]:
    return {"name": _ref("name"), "inputs": _ref("references"), "initial_state": _ref("references")}


def _layer(rule: type[LayerRule]) -> dict[str, Any]:
    """`LSTM: 64`, `LSTM: {units: 64}`, and nothing at all where no argument is required."""
    arguments = {key: _argument(argument) for key, argument in rule.arguments.items()}
    required = [key for key, argument in rule.arguments.items() if argument.default is REQUIRED]
    forms = [_object({**_keywords(rule), **arguments, **_own_properties()}, required)]
    positional = [key for key, argument in rule.arguments.items() if not argument.keyword_only]
    if positional and required in ([], positional[:1]):
        # Without its default, which stands where the argument has its name.
        forms.append({key: value for key, value in arguments[positional[0]].items() if key != "default"})
    if not required:
        forms.append(NULL)
    summary = (rule.__doc__ or "").strip().partition("\n")[0]
    return _described(_any(*forms), summary)


def _keywords(rule: type[LayerRule]) -> dict[str, Any]:
    """What a call of the layer may be told."""
    return {key: _argument(argument) for key, argument in rule.keywords.items()}


def _argument(argument: Argument) -> dict[str, Any]:
    if argument.kind == "flag":
        found: dict[str, Any] = {"type": "boolean"}
    else:
        found = _ref(KINDS[argument.kind]) if argument.kind in KINDS else {}
    if found and argument.optional:
        found = _nullable(found)
    plain = isinstance(argument.default, (str, int, float, list, tuple, type(None)))
    return {**found, "default": argument.default} if plain else found


def _object(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": required, "additionalProperties": False}


def _known(names: list[str]) -> dict[str, Any]:
    return _any({"enum": names}, {"type": "string", "pattern": ">"}, {"type": "object"})


def _any(*schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": list(schemas)}


def _nullable(found: Mapping[str, Any]) -> dict[str, Any]:
    return _any(found, NULL)


def _described(found: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, **found}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}
