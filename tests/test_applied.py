"""What is shared and what is put off changes nothing: the same is found with nothing shared, and all at once."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from drawn_specs import drawn_spec
from genuine import genuine
from unshared import difference, everything, outcome, unshared

import lstmcalc
from lstmcalc.applied import Kinds
from lstmcalc.report import Report
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec
from lstmcalc.summary_text import read_summary
from lstmcalc.summary_text.model import to_spec
from lstmcalc.summary_text.reading import Reading

TESTS = Path(__file__).parent
SPECS = sorted((TESTS.parent / "specs").glob("*.yaml"))
FILES = [*SPECS, *(path for folder in ("models", "told") for path in sorted((TESTS / folder).rglob("*.*")))]
SEEDS = 240
PARTS = 4


def same(spec: Spec, values: Mapping[str, int] | None = None, batch: int | None = None) -> Any:
    """What is found of a model, after a look that nothing shared finds the same."""
    found = outcome(spec, values, batch)
    with unshared():
        apart = everything(outcome(spec, values, batch))
    assert difference(everything(found), apart) == ""
    return found


def loaded(source: str, text: str | None = None) -> Spec | None:
    try:
        return lstmcalc.load(source, text=text)
    except (lstmcalc.SpecError, OSError):
        return None


def texts() -> Iterator[str]:
    """Every text in the tests of sources, masks and layers that may be a model."""
    found: dict[str, None] = {}
    for path in (*sorted((TESTS / "sources").glob("test_*.py")), *sorted(TESTS.glob("test_[hilmuw]*.py"))):
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and len(each.value) > 15:
                found[each.value] = None
    yield from found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS.parent)))
def test_files(path: Path) -> None:
    spec = loaded(str(path))
    if spec is not None:
        same(spec)
        same(spec, batch=3)


def test_models_in_the_texts_of_tests() -> None:
    specs = [spec for spec in (loaded("-", text) for text in texts()) if spec is not None]
    for spec in specs:
        same(spec)
    assert len(specs) > 100


def test_genuine_summaries() -> None:
    # One text of each model: whichever version printed it, it becomes much the same.
    readings = [
        reading for text in {text.model: text for text in genuine()}.values() for reading in read_summary(text.text)
    ]
    specs = [spec for spec in map(specified, readings) if spec is not None]
    for spec in specs:
        same(spec)
    assert len(specs) > 30


def specified(reading: Reading) -> Spec | None:
    try:
        return to_spec(reading)
    except lstmcalc.SpecError:
        return None


@pytest.mark.parametrize("part", range(PARTS))
def test_drawn_models(part: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(part, SEEDS, PARTS):
        report, faults = same(drawn_spec(seed))
        seen["fine" if not faults else "wrong"] += 1
        if report:
            roles = {call.mask.role for layer in report.layers for call in layer.calls}
            seen["masked"] += not roles <= {"none", "unknown"}
            seen["nested"] += any(layer.nested for layer in report.layers)
            seen["supposed"] += bool(report.assumptions)
    # The draws say something.
    assert min(seen[kind] for kind in ("fine", "wrong", "masked", "nested")) > 0, seen


def model(
    calls: list[Call], layers: dict[str, tuple[str, dict[str, Any]]], outputs: str, ports: int = 1, **more: Any
) -> Spec:
    """A model of inputs `x`, `y` and `z`, of 6 steps of 4."""
    inputs = tuple(InputSpec(name, (6, 4)) for name in "xyz"[:ports])
    made = {name: LayerSpec(kind, name, arguments) for name, (kind, arguments) in layers.items()}
    return Spec("m", inputs, made, tuple(calls), tuple(map(Ref, outputs.split())), **more)


def call(layer: str, *inputs: str, mask: str = "", stated: Any = ()) -> Call:
    return Call(layer, tuple(map(Ref, inputs)), keywords={"mask": Ref(mask)} if mask else {}, stated=stated)


def roles(report: Report) -> dict[str, str]:
    return {layer.name: " ".join(call.mask.role for call in layer.calls) for layer in report.layers}


def test_stated_shapes_are_not_shared() -> None:
    calls = [
        call("a", "x", stated=((None, 5),)),
        call("b", "x", stated=((None, 7),)),
        call("c", "x", stated=((None, 5),)),
    ]
    spec = model(calls, dict.fromkeys("abc", ("Lambda", {})), "a b c")
    report, faults = same(spec)
    assert ([port.shape for port in report.outputs], faults) == ([(None, 5), (None, 7), (None, 5)], ())


def test_arguments_that_compare_equal_and_are_not() -> None:
    units = {"a": 4, "b": 4.0, "c": True, "d": 4}
    spec = model([call(name, "x") for name in units], {k: ("Dense", {"units": v}) for k, v in units.items()}, "a b c d")
    faults = same(spec)[1]
    assert [(fault.layer[0], fault.got) for fault in faults] == [("b", "4.0"), ("c", "true")]


def test_what_arguments_suppose_is_supposed_of_each_layer() -> None:
    spec = model([call("a", "x"), call("b", "x")], dict.fromkeys("ab", ("Dense", {"units": "U - 1"})), "a b")
    report = same(spec)[0]
    assert [(held.layer, held.text) for held in report.assumptions] == [("a", "U >= 2"), ("b", "U >= 2")]


def test_a_batch_among_the_rows_is_not_that_in_front() -> None:
    calls = [call("flat", "y"), call("a", "flat"), call("rows", "x"), call("b", "rows"), call("c", "flat")]
    dense = ("Dense", {"units": 4})
    spec = model(
        calls, {"rows": ("ops.Reshape", {"newshape": [-1, 4]}), **dict.fromkeys(("flat", *"abc"), dense)}, "a b c"
    )
    report = same(spec._replace(inputs=(*spec.inputs, InputSpec("y", (4,)))))[0]
    macs = {layer.name: layer.cost.macs for layer in report.layers}
    assert (macs["a"], macs["b"], macs["c"]) == (16, 6 * 16, 16)


def test_a_map_of_policies_goes_by_the_name() -> None:
    entries = {"b": {"class_name": "DTypePolicy", "config": {"name": "float16"}}}
    dtype = {"class_name": "DTypePolicyMap", "config": {"default_policy": "float32", "policy_map": entries}}
    spec = model([call("a", "x"), call("b", "x")], dict.fromkeys("ab", ("Dense", {"units": 4, "dtype": dtype})), "a b")
    report = same(spec)[0]
    assert [layer.weights[0].dtype for layer in report.layers if layer.weights] == ["float32", "float16"]


def test_one_layer_told_several_times_where_another_is_like_its_second() -> None:
    dense = ("Dense", {"units": 4})
    calls = [call("a", "x"), call("c", "x"), call("c", "flat"), call("b", "flat"), call("d", "x")]
    layers = {"flat": ("Flatten", {}), **dict.fromkeys("abcd", dense)}
    report, faults = same(model([call("flat", "x"), *calls], layers, "a b c d"))
    assert [(fault.code, fault.layer) for fault in faults] == [("wrong-size", ("c", "Dense"))]
    assert {layer.name: layer.params for layer in report.layers} == {
        "x": 0,
        "flat": 0,
        "a": 20,
        "b": 100,
        "c": 20,
        "d": 20,
    }


def test_a_model_in_each_step_costs_what_it_costs_there() -> None:
    part = {"input": [None, 3], "layers": [{"LSTM": {"units": 4, "return_sequences": True}}, "GlobalMaxPooling1D"]}
    twice = [{"TimeDistributed": {"layer": "part", "name": name, "inputs": name[0]}} for name in ("x_steps", "y_steps")]
    inputs = {"x": {"shape": [2, 5, 3]}, "y": {"shape": [2, 9, 3]}}
    text = json.dumps({"inputs": inputs, "models": {"part": part}, "layers": twice, "outputs": ["x_steps", "y_steps"]})
    report = same(lstmcalc.load("-", text=text))[0]
    assert [layer.cost.macs for layer in report.layers if layer.weights] == [2 * 5 * 4 * 4 * 7, 2 * 9 * 4 * 4 * 7]


def test_a_mask_told_later_reaches_what_gives_its_input_back() -> None:
    part = model([call("l", "x")], {"l": ("LSTM", {"units": 4, "return_sequences": True})}, "l")
    dense, drop = ("Dense", {"units": 4}), ("Dropout", {"rate": 0.5})
    chain = "d1:a f1:d1 f2:f1 f3:f2 d2:b e1:d2 e2:e1 e3:e2 end:d2".split()
    calls = [call("mask", "z"), call("a", "x"), call("b", "y"), *(call(*pair.split(":")) for pair in chain)]
    calls += [call("p", "b", mask="mask"), call("sum", "p", "f3"), call("all", "sum", "e3")]
    layers = {
        **dict.fromkeys(("a", "b", "f1", "f2", "f3", "e1", "e2", "e3"), dense), "d1": drop, "d2": drop,
        "end": ("LSTM", {"units": 4}), "p": ("part", {}), "sum": ("Add", {}), "all": ("Add", {}),
        "mask": ("ops.Any", {"axis": -1}),
    }  # fmt: skip
    report = same(model(calls, layers, "all end", 3, models={"part": part}))[0]
    assert roles(report)["end"] == "ended"


def test_what_one_use_of_a_model_is_told_is_no_matter_of_the_next() -> None:
    inner = {"shares": ("Softmax", {}), "gone": ("Dropout", {"rate": 0.5})}
    part = model([call("shares", "x"), call("gone", "x")], inner, "shares")
    calls = [call("mask", "z"), call("a", "x"), call("b", "a", mask="mask"), call("c", "x"), call("d", "c"),
             call("e", "y", mask="mask")]  # fmt: skip
    layers = {"mask": ("ops.Any", {"axis": -1}), **dict.fromkeys("abcde", ("part", {}))}
    report = same(model(calls, layers, "b d e", 3, models={"part": part}))[0]
    assert [roles(report)[name] for name in "abcde"] == ["none", "used", "none", "none", "used"]
    counts = {layer.name: len(layer.nested.hints) for layer in report.layers if layer.nested}
    assert counts == dict.fromkeys("abcde", 1)


def test_what_a_use_supposes_of_its_mask_is_not_supposed_of_another() -> None:
    steps = InputSpec("x", ("T", 4))
    part = model([call("l", "x")], {"l": ("LSTM", {"units": 4, "return_sequences": True})}, "l")
    dense = [call(name, "x") for name in "def"]
    masks = [call("six", "z"), call("seven", "y")]
    calls = [*masks, *dense, call("a", "d", mask="six"), call("b", "e"), call("c", "f", mask="seven")]
    layers = {
        **dict.fromkeys(("six", "seven"), ("ops.Any", {"axis": -1})),
        **dict.fromkeys("def", ("Dense", {"units": 4})),
    }
    layers |= dict.fromkeys("abc", ("part", {}))
    spec = model(calls, layers, "a b c", 3, models={"part": part._replace(inputs=(steps,))})
    report = same(spec._replace(inputs=(steps, InputSpec("y", (7, 4)), spec.inputs[2])))[0]
    nested = {layer.name: layer.nested.assumptions for layer in report.layers if layer.nested}
    assert {name: [held.text for held in held] for name, held in nested.items()} == {
        "a": ["T = 6"],
        "b": [],
        "c": ["T = 7"],
    }


def test_a_recurrent_layer_of_one_step_that_leads_to_no_output() -> None:
    spec = model([call("a", "x"), call("b", "x")], {"a": ("LSTM", {"units": 4}), "b": ("Flatten", {})}, "b")
    report, faults = same(spec._replace(inputs=(InputSpec("x", (1, 4)),)))
    assert ([hint.code for hint in report.hints], faults) == (["unused-layer", "one-timestep"], ())


def test_kinds_tell_apart_what_is_not_equal() -> None:
    kinds = Kinds(["part"])
    arguments = {"units": 4, "activation": "relu"}

    def kind(class_name: str = "Dense", given: Any = arguments, **more: Any) -> Any:
        return kinds.of(LayerSpec(class_name, "name", given, **more))

    assert kind() is not None
    assert kind() == kind(given=dict(arguments)) == kinds.of(LayerSpec("Dense", "other", arguments))
    others = [
        kind("LSTM"),
        kind(given={"units": 4}),
        kind(given={**arguments, "units": "4"}),
        kind(given={**arguments, "use_bias": False}),
    ]
    assert len({kind(), *others}) == 5
    inner = LayerSpec("Dense", "inner", arguments)
    for alone in (
        kind("part"),
        kind(shared="one"),
        kind(unread=True),
        kind(given={"layer": inner}),
        kind(given={"x": [inner]}),
    ):
        assert alone is None
