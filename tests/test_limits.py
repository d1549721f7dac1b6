"""How great sizes can get: of every shape that an array has somewhere in a model."""

from __future__ import annotations

import pytest

from lstmcalc import infer, load
from lstmcalc.limits import limits


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{input: [4, 2], layers: [{LSTM: U}]}", {"U <= 9223372036854775807", "U <= 2305843009213693951"}),
        (
            "{input: [T, 2], layers: [inner], models: {inner: {input: [T, 2], layers: [{UpSampling1D: 3},"
            " GlobalAveragePooling1D]}}}",
            {"T <= 9223372036854775807", "T <= 3074457345618258602"},
        ),
        ("{input: [4, 2], layers: [{LSTM: 3}]}", set()),
        ("{input: [null, 2], layers: [{LSTM: 3}]}", set()),
    ],
    ids=["a weight", "inside a model", "numbers", "unknown"],
)
def test_every_array_has_its_limit(text: str, told: set[str]) -> None:
    assert {held.text for held in limits(infer(load("m.yaml", text=text)))} == told
