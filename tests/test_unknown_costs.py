"""Every cost that is not known, with the reason that is given for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from layer_examples import one_layer

from lstmcalc import infer
from lstmcalc.dims import UNKNOWN
from lstmcalc.errors import SpecError
from lstmcalc.layers import RULES, Example
from lstmcalc.opening import named_sizes
from lstmcalc.report import Report

_WINDOWS = "how many windows share a value depends on the sizes"
#: Of the examples of all layers, all that is not known, and why.
OF_EXAMPLES = {
    ("AdaptiveAveragePooling1D", "arithmetic", _WINDOWS),
    ("AdaptiveAveragePooling2D", "arithmetic", _WINDOWS),
    ("AdaptiveMaxPooling2D", "arithmetic", _WINDOWS),
    ("CenterCrop", "macs arithmetic functions",
     "whether images are smaller than the crop, and are enlarged, is not known"),
    ("Lambda", "macs arithmetic functions", "only running the function would tell what it calculates"),
    ("MelSpectrogram", "arithmetic functions", "how many steps a fast Fourier transform takes depends on the backend"),
    ("Resizing", "macs arithmetic functions", "Keras takes 3 axes for one image, and so the batch for a part of it"),
}  # fmt: skip
_ALL = "macs arithmetic functions"
_TOGETHER = "the samples of a batch are normalized together"
#: What no example has.
OTHERS = [
    ("Dense", {"units": 3, "activation": {"module": "mine", "class_name": "function", "config": "mine"}}, (None, 4),
     _ALL, "what this activation calculates is not known"),
    ("Discretization", {"num_bins": 4}, (None, 4), _ALL,
     "how many boundaries there are is not known before `adapt` finds them"),
    ("LayerNormalization", {"axis": [0, 1]}, (2, 4), _ALL, _TOGETHER),
    ("RMSNormalization", {"axis": [0, 1]}, (2, 4), _ALL, _TOGETHER),
    ("UnitNormalization", {"axis": [0, 1]}, (2, 4), _ALL, _TOGETHER),
    ("Resizing", {"height": 4, "width": 4, "interpolation": "area"}, (None, 8, 8, 3), _ALL,
     "how many pixels are weighed for a new one with `interpolation: area` depends on the backend and on the ratio of "
     "sizes"),
    ("Resizing", {"height": 4, "width": 4, "antialias": True}, (None, 8, 8, 3), _ALL,
     "how many pixels are weighed for a new one with `antialias: true` depends on the backend and on the ratio of "
     "sizes"),
]  # fmt: skip


def unknown(report: Report) -> Iterator[tuple[str, str]]:
    """The kinds of cost that are not known, and the reason, for every step of a model."""
    for layer in report.layers:
        for call in layer.calls:
            assert call.work is not None, layer.name
            for step in call.work:
                kinds = [kind for kind, cost in zip(step.cost._fields, step.cost, strict=True) if cost is UNKNOWN]
                if kinds:
                    yield " ".join(kinds), step.why


def reported(name: str, example: Example) -> Report:
    """An example with names for unknown sizes, or as it is where its layer takes none."""
    stated: dict[str, Any] = {"keywords": example.keywords, "dtype": example.dtype}
    spec = one_layer(name, example.arguments, example.inputs, example.states, **stated)
    try:
        return infer(named_sizes(spec))
    except SpecError:
        return infer(spec)


def test_every_unknown_cost_of_an_example_has_this_reason() -> None:
    found = {
        (name, *each)
        for name, rule in RULES.items()
        for example in rule.examples
        if isinstance(example, Example)
        for each in unknown(reported(name, example))
    }
    assert found == OF_EXAMPLES


@pytest.mark.parametrize(("name", "arguments", "inputs", "kinds", "why"), OTHERS)
def test_every_other_unknown_cost_has_this_reason(name: str, arguments: Any, inputs: Any, kinds: str, why: str) -> None:
    assert set(unknown(infer(one_layer(name, arguments, inputs)))) == {(kinds, why)}
