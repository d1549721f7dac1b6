"""The JSON Schema accepts what is read, refuses what is not, and is up to date."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from yaml_models import SAME, SPECS

from lstmcalc.layers import ALIASES, RULES
from lstmcalc.sources import yaml_schema, yaml_spec


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(yaml_schema.SCHEMA_FILE.read_text()))


def test_the_shipped_schema_is_up_to_date() -> None:
    jsonschema.Draft202012Validator.check_schema(yaml_schema.schema())
    update = "SCHEMA_FILE.write_text(schema_text()) of lstmcalc.sources.yaml_schema brings it up to date"
    assert yaml_schema.SCHEMA_FILE.read_text() == yaml_schema.schema_text(), update


def test_the_schema_knows_every_layer_and_every_key() -> None:
    schema = yaml_schema.schema()
    assert {*RULES, *ALIASES} == set(schema["$defs"]["class"]["properties"])
    assert set(schema["properties"]) == set(yaml_spec.KEYS)
    assert set(schema["$defs"]["model"]["properties"]) == set(yaml_spec.MODEL_KEYS)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_schema_accepts_the_specs(path: Path) -> None:
    assert [error.message for error in validator().iter_errors(yaml.safe_load(path.read_text()))] == []


# The form that YAML reads otherwise is text in this one, and the schema sees what YAML reads.
@pytest.mark.parametrize("form", [form for forms in SAME for form in forms])
def test_the_schema_accepts_every_form(form: str) -> None:
    model = yaml.safe_load(f"input: [10, 32]\nlayers:\n  - {form}")
    assert [error.message for error in validator().iter_errors(model)] == []


@pytest.mark.parametrize(
    "text",
    [
        "layers: [Dense: 3]",
        "input: [3]",
        "input: [3]\nlayers: []",
        "input: [3]\ninputs: {a: [3]}\nlayers: [Dense: 3]",
        "input: [3]\nlayers: [Dense: 3]\nfoo: 3",
        "input: [-3]\nlayers: [Dense: 3]",
        "input: {dtype: int32}\nlayers: [Dense: 3]",
        "input: [3]\nlayers: [7]",
        "input: [3]\nlayers: [Dense: 0]",
        "input: [3]\nlayers: [Dense: {units: 3, unit: 3}]",
        "input: [3]\nlayers: [Dense: {use_bias: true}]",
        "input: [3]\nlayers: [Dense: {units: 3, use_bias: 1}]",
        "input: [3]\nlayers: [Dense: {units: 3, activation: rleu}]",
        "input: [3]\nlayers: [{Dense: 3, Flatten: null}]",
        "input: [3]\nlayers: [Dense: 3]\nsymbols: {T: 0}",
        "input: [3]\nlayers: [{apply: x, foo: 3}]",
        "input: [3]\nlayers: [Dense: {units: 3, name: a/b}]",
        "input: [3]\nlayers: [Dense: 3]\nmodels: {m: {layers: [Dense: 3]}}",
    ],
)
def test_the_schema_refuses(text: str) -> None:
    assert not validator().is_valid(yaml.safe_load(text))
