"""Genuine summaries are understood: the truth is among the readings, mostly first, and the model prints them again."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from damage import DAMAGES
from genuine import Genuine, genuine
from measured import figures_damaged, figures_of

FIGURES = Path(__file__).parent / "figures.json"
BY_NAME = {str(text): text for text in genuine()}
VERSIONS = sorted({text.version for text in genuine()})
#: Of every so many texts one is damaged in the short run.
STEP = 97


def recorded(kind: str, name: str) -> dict[str, int]:
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    found = figures[kind][name]
    assert isinstance(found, dict)
    return found


def record(kind: str, name: str, counts: Counter[str]) -> None:
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    figures.setdefault(kind, {})[name] = dict(sorted(counts.items()))
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def hold(kind: str, name: str, counts: Counter[str]) -> None:
    """Fails where a figure is below the one that was recorded."""
    if os.environ.get("LSTMCALC_UPDATE_GOLDEN"):
        record(kind, name, counts)
    before = recorded(kind, name)
    worse = {key: (value, counts[key]) for key, value in before.items() if key != "failed" and counts[key] < value}
    assert worse == {}, "figure: (recorded, now)"
    assert counts["failed"] <= before.get("failed", 0)


def total(each: Iterable[Counter[str]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for one in each:
        counts.update(one)
    return counts


@cache
def figures(name: str) -> Counter[str]:
    return figures_of(BY_NAME[name])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_is_understood(version: str) -> None:
    hold("genuine", version, total(figures(name) for name, text in BY_NAME.items() if text.version == version))


def everyday(text: Genuine) -> bool:
    """Whether a text is of one of the seven models that every version prints."""
    return text.model in ("bilstm_mlp", "char_rnn", "forecast", "lstm128", "masking_lstm", "stacked", "surname")


@pytest.mark.parametrize("version", sorted({text.version for text in genuine() if everyday(text)}))
def test_what_people_ask_about_is_understood_whole(version: str) -> None:
    names = [name for name, text in BY_NAME.items() if text.version == version and everyday(text)]
    counts = total(map(figures, names))
    assert counts["texts"] == len(names) >= 10
    assert counts["exact"] == counts["rows"]
    assert counts["holding"] == counts["first"] == counts["readable"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_text_is_understood(damage: str) -> None:
    hold("damaged, sampled", damage, total(figures_damaged(text, damage) for text in genuine()[::STEP]))


@pytest.mark.long
@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damaged_text_is_understood(damage: str) -> None:
    hold("damaged", damage, total(figures_damaged(text, damage) for text in genuine()))
