"""The example models have the figures that Keras 3.15.1 gives them, and print as they always did."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import lstmcalc
from lstmcalc.dims import symbol
from lstmcalc.renderers.summary_text import render_summary

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
T, Q = symbol("T"), symbol("Q")

FIGURES = {
    "surname_classifier": ([5_800, 0, 80_400, 0, 1_818], 88_018),
    "masked_binary": ([0, 1_152, 34, 0], 1_186),
    "sentence_encoder": ([250_000, 91_648], 341_648),
    "speaker_change": ([51_200, 54_080, 3_240, 410, 11], 108_941),
    "speaker_change_paper": ([17_408, 13_600, 1_640, 410, 11], 33_069),
    "forecast": ([362_400, 6_020], 368_420),
    "many_to_many": ([840, 840, 88], 1_768),
    "many_to_many_per_step": ([840, 840, 88], 1_768),
    "char_rnn": ([16_640, 5_246_976, 66_625], 5_330_241),
    "target_token": ([256_000, 65_664, 128_000, 0, 98_816, 512, 1_161], 550_153),
    "target_token_as_asked": ([256_000, 65_664, 128_000, 0, 164_352, 512, 1_161], 615_689),
    "seq2seq": ([1_024_000, 131_584, 131_584, 1_032_000], 2_319_168),
    "transformer_encoder": ([512_000, 16_640, 0, 128, 16_640, 16_448, 0, 128, 16_640, 65], 578_689),
}
OUTPUTS = {
    "surname_classifier": (None, 18),
    "masked_binary": (None, 2),
    "sentence_encoder": (None, 10, 128),
    "speaker_change": (None, 200, 1),
    "speaker_change_paper": (None, 200, 1),
    "forecast": (None, 20),
    "many_to_many": (None, 8),
    "many_to_many_per_step": (None, 15, 8),
    "char_rnn": (64, T, 65),
    "target_token": (None, T + 1, 9),
    "target_token_as_asked": (None, 1, 9),
    "seq2seq": (None, T, 8000),
    "transformer_encoder": (None, Q, 1),
}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_figures(path: Path) -> None:
    report = lstmcalc.infer(lstmcalc.load(path))
    rows = [layer.params for layer in report.layers if layer.class_name != "InputLayer"]
    assert (rows, report.totals.params) == FIGURES[path.stem]
    assert [port.shape for port in report.outputs] == [OUTPUTS[path.stem]]


def test_the_surname_lstm_returns_its_last_step() -> None:
    report = lstmcalc.infer(lstmcalc.load(ROOT / "specs" / "surname_classifier.yaml"))
    assert report.layers[2].output_shapes == ((None, 100),)


def test_frozen_layers_are_not_trainable() -> None:
    totals = lstmcalc.infer(lstmcalc.load(ROOT / "specs" / "target_token.yaml")).totals
    assert (totals.trainable_params, totals.non_trainable_params) == (165_897, 256_000 + 128_000 + 256)


def test_the_model_as_asked_holds_only_for_one_word() -> None:
    spec = lstmcalc.load(ROOT / "specs" / "target_token_as_asked.yaml")
    assert [(held.layer, held.text) for held in lstmcalc.infer(spec).assumptions] == [("concatenate", "T = 1")]
    assert lstmcalc.infer(spec, {"T": 1}).assumptions == ()
    with pytest.raises(lstmcalc.SpecError) as caught:
        lstmcalc.infer(spec, {"T": 7})
    assert [fault.code for fault in caught.value.faults] == ["wrong-size"]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("width", [None, 80], ids=["pipe", "80"])
def test_summary_prints_as_before(path: Path, width: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    report = lstmcalc.infer(lstmcalc.load(f"specs/{path.name}"))
    printed = render_summary(report, weights=width is not None, width=width)
    golden = GOLDEN / f"summary_{path.stem}_{width or 'pipe'}.txt"
    if os.environ.get("LSTMCALC_UPDATE_GOLDEN"):
        golden.write_text(printed, encoding="utf-8")
    assert printed == golden.read_text(encoding="utf-8")
    assert all(len(line) <= (width or 200) for line in printed.splitlines())


def test_the_scores_of_cross_attention_are_as_long_as_the_text() -> None:
    report = lstmcalc.infer(lstmcalc.load(ROOT / "specs" / "transformer_encoder.yaml"))
    cross = next(layer for layer in report.layers if layer.name == "cross_attention")
    assert cross.output_shapes == ((None, Q, 64), (None, 4, Q, T))
    assert cross.calls[0].believed == ((None, Q, 64), (None, 4, Q, Q))
