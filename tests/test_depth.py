"""Models deep in one another, and a model shared a thousand times: an answer, or a limit that is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from limited import at_most
from runs import run, start

from lstmcalc import SpecError, infer, load
from lstmcalc.cli import page, room
from lstmcalc.cli.room import with_room
from lstmcalc.report import Report

DEEP = 1_000


def chain(depth: int, beside: str = "") -> str:
    """A model in a model in a model; `beside` is what each has of its own."""
    lines = ["input: [8]", f"layers: [m{depth}]", "models:", "  m0: {input: [8], layers: [Dense: 8]}"]
    lines += [f"  m{level}: {{input: [8], layers: [m{level - 1}{beside}]}}" for level in range(1, depth + 1)]
    return "\n".join(lines)


def inferred(text: str) -> Report:
    return infer(load("m.yaml", text=text))


def nested_json(depth: int) -> str:
    dense = {"class_name": "Dense", "config": {"units": 8, "name": "d", "batch_input_shape": [None, 8]}}
    model = {"class_name": "Sequential", "config": {"name": "m0", "layers": [dense]}}
    for level in range(1, depth + 1):
        model = {"class_name": "Sequential", "config": {"name": f"m{level}", "layers": [model]}}
    return json.dumps(model)


def test_a_thousand_models_in_one_another_are_inferred_and_count_each_weight_once() -> None:
    with at_most():
        report = inferred(chain(DEEP, ", Dense: 8"))
        assert report.totals.params == (DEEP + 1) * 72
        assert report.cost.macs == (DEEP + 1) * 64


def test_weights_of_models_in_models_are_named_by_their_path() -> None:
    names = [weight.name for weight in inferred(chain(2, ", Dense: 8")).weights]
    assert names == [
        *("m1/m0/dense/kernel", "m1/m0/dense/bias", "m1/dense_1/kernel", "m1/dense_1/bias"),
        *("dense_2/kernel", "dense_2/bias"),
    ]


def test_only_the_outermost_model_names_all_weights() -> None:
    report = inferred(chain(3, ", Dense: 8"))
    assert len(report.weights) == 8
    inner = report.layers[-1].nested
    assert inner is not None and "_found" not in vars(inner.layers[0].weights)


def test_inner_weights_are_a_sequence_that_equals_a_tuple() -> None:
    layer = inferred(chain(2)).layers[-1]
    assert layer.weights == tuple(layer.weights) and len(layer.weights) == len(tuple(layer.weights)) == 2
    assert layer.totals.params == sum(weight.params for weight in layer.weights) == 72
    assert layer.weights.letters == sum(len(weight.name) for weight in layer.weights)
    assert layer.weights[0].origin == "m0/dense/kernel"


def test_one_model_used_a_thousand_times_has_one_set_of_weights() -> None:
    uses = ", ".join(["{apply: m}"] * (DEEP - 1))
    text = f"{{input: [8], layers: [m, {uses}], models: {{m: {{input: [8], layers: [Dense: 8]}}}}}}"
    with at_most():
        report = inferred(text)
    assert report.totals.params == 72 and report.cost.macs == DEEP * 64


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["summary"], 0, "72,072"),
        (["summary", "--cost"], 0, "72,072"),
        (["summary", "--json"], 1, "weights of models in one another that take at most 50,000,000 letters"),
        (["summary", "--format", "svg"], 1, "at most 100 models inside one another in a picture"),
        (["check", "--max-params", "100k"], 0, "72,072"),
        # Which of its limits comes first depends on how deep this Python follows.
        (["convert", "--to", "keras-json"], 1, "as Keras's JSON needs it|more than Python can follow"),
    ],
)
def test_commands_answer_or_tell_the_limit(words: list[str], code: int, said: str, tmp_path: Path) -> None:
    source = tmp_path / "deep.yaml"
    source.write_text(chain(DEEP, ", Dense: 8"))
    done = start(words[0], str(source), *words[1:])
    told = (done.stdout + done.stderr).decode()
    assert (done.returncode, "Traceback" in told) == (code, False) and any(one in told for one in said.split("|"))


def test_a_difference_is_told_up_to_a_depth(tmp_path: Path) -> None:
    for depth, code in ((20, 0), (DEEP, 1)):
        old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
        old.write_text(chain(depth))
        new.write_text(chain(depth, ", Dense: 8"))
        done = start("diff", str(old), str(new))
        assert (done.returncode, b"error[too-deep]" in done.stderr) == (code, bool(code))


def test_keras_json_of_models_in_one_another() -> None:
    # Keras writes some 150 (3.15.1); how many Python's own reader of JSON follows depends on the Python.
    assert infer(load("m.json", text=nested_json(200))).totals.params == 72
    level = '{"class_name": "Sequential", "config": {"layers": ['
    for depth in (2_000, 100_000):
        with pytest.raises(SpecError, match="too-deep"):
            load("m.json", text=level * depth + "]}}" * depth)


@pytest.mark.parametrize(
    "value",
    [
        "[" * 150 + "]" * 150,
        '{"config": {"layers": [' * 150 + "]}}" * 150,
        '{"class_name": "Sequential", "config": {"layers": [' * 150 + "]}}" * 150,
    ],
    ids=["lists", "layers", "models"],
)
def test_only_models_among_layers_may_stand_so_deep(value: str) -> None:
    text = nested_json(60).replace('"units": 8', f'"units": {value}')
    with pytest.raises(SpecError, match="too-deep"):
        load("m.json", text=text)


@pytest.mark.parametrize("form", ["Sequential", "Model"])
def test_python_code_of_models_in_one_another(form: str) -> None:
    made = {
        "Sequential": "m = Sequential([Input((8,)), *([m] if m else []), layers.Dense(8)])",
        "Model": "x = Input((8,)); m = Model(x, layers.Dense(8)(m(x) if m else x))",
    }
    text = f"from keras import *\nm = None\nfor i in range({DEEP + 1}):\n    {made[form]}\n"
    with at_most():
        assert infer(load("m.py", text=text)).totals.params == (DEEP + 1) * 72


def test_more_room_is_made_once_and_taken_back() -> None:
    import sys

    def depth(left: int) -> int:
        return 0 if left == 0 else 1 + depth(left - 1)

    limit = sys.getrecursionlimit()
    assert with_room(lambda: depth(20_000)) == 20_000
    assert sys.getrecursionlimit() == limit
    with pytest.raises(RecursionError):
        with_room(lambda: depth(10 * room.CALLS))
    with pytest.raises(ZeroDivisionError):
        with_room(lambda: depth(20_000) // 0)


@pytest.mark.parametrize(("error", "code"), [(RecursionError, "too-deep"), (MemoryError, "too-large")])
@pytest.mark.parametrize("form", ["text", "json"])
def test_what_python_cannot_do_is_told_and_the_next_source_goes_on(
    error: type[Exception], code: str, form: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bad, good = tmp_path / "bad.yaml", tmp_path / "good.yaml"
    for path in (bad, good):
        path.write_text("{input: [4], layers: [Dense: 3]}")
    shown = page.Page.report

    def planted(self: page.Page, report: Report, *args: object, **more: object) -> None:
        if report.source == str(bad):
            raise error
        shown(self, report, *args, **more)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(page.Page, "report", planted)
    done = run("summary", str(bad), str(good), "--format", form)
    assert done.exit_code == 1 and code in done.output and "dense" in done.stdout
