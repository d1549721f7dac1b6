"""A batch that operations move: what is said of one sample is what is said of it where the batch stays in front."""

from __future__ import annotations

from typing import Any

import pytest

from lstmcalc import infer
from lstmcalc.costs import training_macs_of_layers
from lstmcalc.dims import UNKNOWN
from lstmcalc.explanation.layer import explain_layer
from lstmcalc.layers.costs import UNKNOWN_COST
from lstmcalc.memory.activations import activations_of
from lstmcalc.report import LayerReport, Report
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec

Step = tuple[str, str, dict[str, Any]]
FIRST: Step = ("first", "Dense", {"units": 32, "activation": "tanh"})
LAST: Step = ("last", "Dense", {"units": 2})
LAYER: Step = ("dense", "Dense", {"units": 4, "activation": "softmax"})
#: What moves the batch, and brings it back behind a layer that makes 4 values of 32.
WAYS: dict[str, tuple[Step, Step]] = {
    "joined with the steps": (
        ("there", "ops.Reshape", {"newshape": [-1, 32]}),
        ("back", "ops.Reshape", {"newshape": [-1, 10, 4]}),
    ),
    "behind the steps": (
        ("there", "ops.Transpose", {"axes": [1, 0, 2]}),
        ("back", "ops.Transpose", {"axes": [1, 0, 2]}),
    ),
}


def chain(*steps: Step, batch: Any = None) -> Spec:
    sources = ["x", *(name for name, _, _ in steps)]
    layers = {name: LayerSpec(kind, name, given) for name, kind, given in steps}
    calls = tuple(Call(name, (Ref(source),)) for (name, _, _), source in zip(steps, sources, strict=False))
    return Spec("chain", (InputSpec("x", (10, 16)),), layers, calls, (Ref(sources[-1]),), batch=batch)


PLAIN = infer(chain(FIRST, LAYER, LAST))


def layer_of(report: Report, name: str = "dense") -> LayerReport:
    return next(layer for layer in report.layers if layer.name == name)


@pytest.mark.parametrize("way", WAYS)
def test_a_moved_batch_changes_nothing_of_one_sample(way: str) -> None:
    there, back = WAYS[way]
    report = infer(chain(FIRST, there, LAYER, back, LAST))
    assert layer_of(report).cost == layer_of(PLAIN).cost
    assert layer_of(report).cost.macs == 10 * 32 * 4
    assert [weight.uses for weight in layer_of(report).weights] == [10, 10]
    plain, training = (training_macs_of_layers(each) for each in (PLAIN, report))
    assert {name: training[name] for name in plain} == plain
    kept, before = activations_of(report), activations_of(PLAIN)
    assert kept[:3] == before[:3]
    # The two that move it have gradients of their own: to what comes in and goes out, in 4 bytes.
    assert kept.passing == before.passing + 2 * 4 * (10 * 32 + 10 * 4)


@pytest.mark.parametrize("way", WAYS)
def test_an_explanation_says_what_the_summary_does(way: str) -> None:
    there, back = WAYS[way]
    spec = chain(FIRST, there, LAYER, back, LAST)
    report = infer(spec)
    found = explain_layer(spec, report, "dense").cost
    assert found is not None
    assert found.cost == layer_of(report).cost
    assert found.training is not None
    assert found.training.macs == training_macs_of_layers(report)["dense"]
    assert [weight.uses for weight in found.weights] == [10, 10]
    # In the names of its axes one sample is not told from the others.
    assert (found.formula, found.timesteps) == (None, None)


def test_what_is_there_whatever_the_batch_has_no_share_of_it() -> None:
    """The mean of all samples is kept once, however many there are."""
    report = infer(chain(("mean", "ops.Mean", {"axis": 0}), LAYER))
    assert layer_of(report).cost.flops == 0
    assert activations_of(report).most is UNKNOWN


def test_rows_of_a_recurrent_layer_are_counted_with_the_steps() -> None:
    given = {"units": 4}
    rows = infer(chain(("there", "ops.Reshape", {"newshape": [-1, 5, 16]}), ("dense", "LSTM", given)))
    whole = infer(chain(("dense", "LSTM", given))._replace(inputs=(InputSpec("x", (5, 16)),)))
    assert layer_of(rows).cost == layer_of(whole).cost.times(2)
    assert activations_of(rows).most == 2 * activations_of(whole).most
    assert activations_of(rows).passing == 2 * activations_of(whole).passing
    assert {weight.uses for weight in layer_of(rows).weights} == {10}


def test_a_batch_that_is_stated_hides_what_a_sample_uses() -> None:
    spec = chain(("there", "ops.Reshape", {"newshape": [20, 16]}), LAYER, batch=2)
    assert [weight.uses for weight in layer_of(infer(spec)).weights] == [None, None]
    found = explain_layer(spec, infer(spec), "dense").cost
    assert found is not None
    assert found.cost == UNKNOWN_COST
