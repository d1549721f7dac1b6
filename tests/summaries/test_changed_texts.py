"""Genuine texts with parts taken out, put in, moved: whatever comes of it is said, and nothing breaks."""

from __future__ import annotations

import json
from random import Random

import pytest
from genuine import genuine

from lstmcalc.errors import SpecError
from lstmcalc.explanation.readings import explain_reading
from lstmcalc.inference import infer
from lstmcalc.renderers.reading_json import reading_json
from lstmcalc.renderers.reading_text import render_reading
from lstmcalc.summary_text import read_summary
from lstmcalc.summary_text.model import to_spec

SIGNS = "()[],0123456789 None…|│\n\t'\"{}#>"


def changed(text: str, random: Random) -> str:
    """The text after a few changes of any kind."""
    for _ in range(random.randint(1, 6)):
        at, kind = random.randrange(len(text) + 1), random.choice(("out", "in", "again", "line", "shuffled"))
        lines = text.split("\n")
        if kind == "out":
            text = text[:at] + text[at + random.randint(1, 40) :]
        elif kind == "in":
            text = text[:at] + random.choice(SIGNS) * random.randint(1, 3) + text[at:]
        elif kind == "again":
            start = random.randrange(len(text) + 1)
            text = text[:at] + text[start : start + random.randint(1, 200)] + text[at:]
        elif kind == "line":
            lines.pop(random.randrange(len(lines)))
            text = "\n".join(lines)
        elif random.random() < 0.2:
            random.shuffle(lines)
            text = "\n".join(lines)
        text = text or "x"
    return text


@pytest.mark.parametrize("seed", range(12))
def test_nothing_breaks(seed: int) -> None:
    random = Random(seed)
    texts = genuine()
    for _ in range(25):
        text = changed(random.choice(texts).text, random)
        try:
            readings = read_summary(text)
        except SpecError as error:
            assert error.faults
            continue
        for reading in readings:
            assert len(reading.rows) == len(reading.table.rows)
            explanation = explain_reading(reading)
            shown = render_reading(explanation, 80)
            assert shown.count("\n") > len(reading.rows)
            assert len(json.loads(json.dumps(reading_json(explanation)))["rows"]) == len(reading.rows)
            try:
                infer(to_spec(reading))
            except SpecError as error:
                assert error.faults
