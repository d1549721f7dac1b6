"""`explain SOURCE` on drawn models, and on every text that other tests read: each layer, and no made-up number."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result
from walk_numbers import digits, names_in, numbers_of

import lstmcalc
from lstmcalc.cli import app
from lstmcalc.explanation.walk import KINDS, ModelExplanation, explain_model
from lstmcalc.renderers.document_text import document_text
from lstmcalc.renderers.html import page_html
from lstmcalc.renderers.markdown import document_markdown
from lstmcalc.renderers.walk_document import walk_document
from lstmcalc.renderers.walk_json import walk_json
from lstmcalc.report import LayerReport, Report
from lstmcalc.shapes import shape_to_json, show_count, show_shape, size_to_json
from lstmcalc.spec import Spec

TESTS = Path(__file__).parent
#: The sizes of drawn models are numbers that occur nowhere else.
SIZES = st.sampled_from([7, 11, 13, 17, 19])
Draw = Any


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=stdin, catch_exceptions=False)


def recurrent(draw: Draw) -> dict[str, Any]:
    """A recurrent layer, alone or in both directions."""
    name = draw(st.sampled_from(["LSTM", "GRU", "SimpleRNN"]))
    flags = draw(st.sets(st.sampled_from(["go_backwards", "use_bias", "return_state"]), max_size=2))
    arguments = {flag: flag != "use_bias" for flag in sorted(flags)}
    layer: dict[str, Any] = {name: {"units": draw(SIZES), "return_sequences": draw(st.booleans()), **arguments}}
    if draw(st.integers(0, 3)) == 0 and "return_state" not in flags:
        return {"Bidirectional": {"layer": layer, "merge_mode": draw(st.sampled_from(["concat", "sum", "ave"]))}}
    return layer


def over_time(draw: Draw) -> dict[str, Any]:
    """A layer that reads steps of features."""
    size = draw(SIZES)
    others: list[dict[str, Any]] = [
        {"Dense": {"units": size, "trainable": False}},
        {"TimeDistributed": {"layer": {"Dense": size}}},
        {"Conv1D": {"filters": size, "kernel_size": 3, "padding": draw(st.sampled_from(["same", "causal", "valid"]))}},
        {"MaxPooling1D": 2}, {"Flatten": {}}, {"GlobalAveragePooling1D": {}}, {"BatchNormalization": {}},
        {"Masking": {}}, {"LayerNormalization": {}}, {"Dropout": 0.5}, {"Reshape": [-1, size]}, {"Permute": [2, 1]},
    ]  # fmt: skip
    return recurrent(draw) if draw(st.booleans()) else draw(st.sampled_from(others))


def flat(draw: Draw) -> dict[str, Any]:
    """A layer that reads one row of values."""
    size = draw(SIZES)
    return draw(st.sampled_from([{"Dense": size}, {"RepeatVector": size}, {"Activation": "relu"}, {"Dropout": 0.5}]))


@st.composite
def models(draw: Draw) -> dict[str, Any]:
    """A model as a YAML file states it: a chain that mostly fits, now and then with a second branch or a part twice."""
    steps = draw(st.one_of(SIZES, st.just("T"), st.none()))
    model: dict[str, Any] = {"name": "drawn", "symbols": draw(st.sampled_from([{}, {"T": 23}])), "layers": []}
    if steps != "T":
        model.pop("symbols")
    words = draw(st.booleans())
    model["inputs"] = {"x": {"shape": [steps], "dtype": "int32"} if words else {"shape": [steps, draw(SIZES)]}}
    if words:
        model["layers"].append({"Embedding": {"input_dim": 29, "output_dim": draw(SIZES), "mask_zero": True}})
    kinds = draw(st.lists(st.sampled_from([over_time, over_time, flat]), min_size=1, max_size=6))
    model["layers"] += [kind(draw) for kind in kinds]
    for number, layer in enumerate(model["layers"]):
        [(name, arguments)] = layer.items()
        if isinstance(arguments, dict):
            arguments["name"] = f"{'abcdefgh'[number]}_{name.lower()}"
    if draw(st.integers(0, 3)) == 0:
        model["models"] = {"part": {"input": model["inputs"]["x"], "layers": model["layers"]}}
        model["layers"] = [{"part": {"inputs": "x"}}, {"apply": "part", "inputs": "x", "name": "again"}]
    return model


def inferred(spec: Spec) -> tuple[Report, bool]:
    try:
        return lstmcalc.infer(spec), True
    except lstmcalc.SpecError as error:
        assert error.report is not None
        return error.report, False


def held(walk: ModelExplanation, spec: Spec, report: Report) -> None:
    """What must be true of the walk of any model."""
    reported = list(every_layer(report, ""))
    assert [(layer.path, layer.layer.name) for layer in walk.layers] == [(path, each.name) for path, each in reported]
    document = walk_document(walk)
    text = document_text(document, 80)
    forms = text, document_markdown(document), page_html([document])
    names = {part for name in names_in(spec) for part in digits(name)}
    for layer, row in zip(walk.layers, walk_json(walk)["layers"], strict=True):
        assert all(layer.path in form for form in forms) or layer.like, layer.path
        assert row["numbers"]["params"] == size_to_json(layer.layer.params)
        assert row["numbers"]["input_shapes"] == [shape_to_json(shape) for shape in layer.layer.input_shapes]
        assert row["numbers"]["output_shapes"] == [shape_to_json(shape) for shape in layer.layer.output_shapes]
        assert [kind for kind in KINDS if kind in row["sentences"]] == list(row["sentences"])
        gives = " ".join(layer.texts("gives"))
        assert not layer.layer.calls or all(show_shape(shape) in gives for shape in layer.layer.calls[0].outputs or ())
        if layer.call and layer.layer.params not in (0, None):
            assert show_count(layer.layer.params) in " ".join(layer.texts("params")), layer.path
        allowed = numbers_of(layer.layer, spec) | names
        for kind in ("layer", "gives", "shape", "params", "states"):
            for sentence in layer.texts(kind):
                assert not [each for each in digits(sentence) if each not in allowed and each > 5], sentence
    assert [line for line in text.splitlines() if len(line) > 80] == []


def every_layer(report: Report, before: str) -> Iterator[tuple[str, LayerReport]]:
    for layer in report.layers:
        yield before + layer.name, layer
        if layer.nested:
            yield from every_layer(layer.nested, f"{before}{layer.name}/")


def test_drawn_models_are_walked_through() -> None:
    ends = []

    @settings(derandomize=True, database=None, deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
    @given(models())
    def check(model: dict[str, Any]) -> None:
        text = json.dumps(model)
        try:
            spec = lstmcalc.load("-", text=text)
        except lstmcalc.SpecError:
            ends.append("no model")
            return
        report, fine = inferred(spec)
        held(explain_model(spec, report), spec, report)
        result = run("explain", "-", stdin=text)
        assert result.exit_code == (0 if fine else 1)
        assert fine == ("error[" not in result.output)
        ends.append("fine" if fine else "wrong")

    check()
    # The draws say something: most are models, and many of them fit.
    assert ends.count("fine") > 25, ends
    assert ends.count("wrong") > 5, ends
    assert ends.count("no model") < 5, ends


def texts() -> list[Any]:
    """Every text in the tests of sources that may be a model."""
    found = {}
    for path in sorted((TESTS / "sources").glob("test_*.py")):
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and len(each.value) > 15:
                found.setdefault(each.value, f"{path.stem}:{each.lineno}")
    return [pytest.param(text, id=where) for text, where in found.items()]


@pytest.mark.parametrize("text", texts())
def test_texts_of_sources_are_walked_through(text: str) -> None:
    try:
        spec = lstmcalc.load("-", text=text)
    except lstmcalc.SpecError:
        assert run("explain", "-", stdin=text).exit_code == 1
        return
    report, fine = inferred(spec)
    held(explain_model(spec, report), spec, report)
    assert run("explain", "-", stdin=text).exit_code == (0 if fine else 1)
