"""Messages as they are pasted: coloured, quoted, wrapped, cut, among other words; and texts made to break it."""

from __future__ import annotations

import random
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from lstmcalc.diagnosis import diagnose
from lstmcalc.diagnosis.diagnosis import Diagnosis
from lstmcalc.diagnosis.families import families
from lstmcalc.diagnosis.message import Family, Form, Found

if sys.version_info >= (3, 11):
    from re import _parser as parser
else:
    import sre_parse as parser

_, *PARTS = re.split(r"^=== (.*)\n", (Path(__file__).parent / "messages.txt").read_text(encoding="utf-8"), flags=re.M)
MESSAGES = dict(zip(PARTS[::2], (text.rstrip("\n") for text in PARTS[1::2]), strict=True))


def each_line(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "\n".join(change(line) for line in text.split("\n"))


def cut(width: int) -> Callable[[str], str]:
    """Lines cut wherever they are full, as a terminal does."""
    return each_line(lambda line: "\n".join(line[i : i + width] for i in range(0, max(len(line), 1), width)))


def wrapped(line: str) -> str:
    return textwrap.fill(line, 80, break_on_hyphens=False, break_long_words=False)


DAMAGE: dict[str, Callable[[str], str]] = {
    "quoted": each_line(lambda line: f"> {line}"),
    "coloured": each_line(lambda line: "\x1b[0;31m" + line.replace(":", "\x1b[0m:\x1b[1m", 1) + "\x1b[0m"),
    "wrapped": each_line(wrapped),
    "pytest": each_line(lambda line: f"E       {line}"),
    "commented": each_line(lambda line: f"# {line}"),
    "curly quotes": lambda text: text.replace("'", "’").replace('"', "”"),
    "among words": lambda text: f"Hi, what is this?\n\n{text}\n\nMy model is below.\nThanks",
    "no class": lambda text: re.sub(r"^[\w.]*(?:Error|Exception): ?", "", text),
    "html": lambda text: f"<pre>{text.replace('<', '&lt;').replace('>', '&gt;')}</pre>",
    "windows": lambda text: text.replace("\n", "\r\n"),
    "odd blanks": lambda text: text.replace(" ", "\u00a0"),
    "one string": lambda text: '"' + text.replace('"', '\\"').replace("\n", "\\n") + '"',
    "cell": lambda text: (
        f"---------------------\nValueError   Traceback (most recent call last)\n<ipython-input-3> in "
        f"<module>()\n      1 model.fit(x, y)\n----> 2 main()\n\n{text}"
    ),
}


def facts(found: Diagnosis) -> tuple[object, ...]:
    return found.code, found.layer, found.expected, found.got, found.meaning, found.causes


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_changes_nothing(damage: str) -> None:
    changed = {
        name
        for name, text in MESSAGES.items()
        if not name.startswith("torch") and facts(diagnose(text)) != facts(diagnose(DAMAGE[damage](text)))
    }
    assert changed == set()


@pytest.mark.parametrize("width", [60, 72, 80, 100])
def test_lines_cut_where_they_are_full_are_read_right_or_not_at_all(width: int) -> None:
    """A number cut in two must never be read as two."""
    whole = {name: facts(diagnose(text)) for name, text in MESSAGES.items()}
    found = {name: diagnose(cut(width)(text)) for name, text in MESSAGES.items()}
    right = sum(facts(found[name]) == whole[name] for name in MESSAGES)
    assert right >= 0.95 * len(MESSAGES)
    sizes = {name: set(re.findall(r"\d+", " ".join(map(str, whole[name][2:4])))) for name in MESSAGES}
    wrong = {
        name
        for name, one in found.items()
        if one.code == whole[name][0] and not set(re.findall(r"\d+", f"{one.expected} {one.got}")) <= sizes[name]
    }
    assert wrong == set()


@pytest.mark.parametrize("stamp", ["2024-01-01 12:00:00,123 - ERROR - root - ", "[12:00:01] ", "ERROR:root:"])
def test_stamps_in_front_of_lines(stamp: str) -> None:
    text = each_line(lambda line: stamp + line)(wrapped(MESSAGES["older: tf20"]))
    assert facts(diagnose(text)) == facts(diagnose(MESSAGES["older: tf20"]))


def test_cut_at_the_start() -> None:
    """What is left of a message says what it can."""
    text = MESSAGES["older: tf20"]
    left = diagnose(text[text.index("expected ndim") :])
    assert (left.code, left.layer, left.got) == ("wrong-ndim", "", "(None, 64)")
    assert left.meaning == "The layer reads 3 axes. It was given 2 axes: (None, 64)."


SIGNS = sorted({form.sign for family in families() for form in family.forms})


def is_sound(answer: Diagnosis) -> bool:
    """Whether a message has a meaning where it is known, and nothing that could only be guessed where it is not."""
    told = bool(answer.code and answer.meaning)
    return told if answer.recognised else not (answer.code or answer.causes)


@seed(7)
@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(SIGNS), st.sampled_from([*MESSAGES.values()]), st.text(max_size=40)), max_size=6)
)
def test_nothing_breaks_it(parts: list[str]) -> None:
    assert is_sound(diagnose(" ".join(parts)))
    assert is_sound(diagnose("\n".join(parts)))


def test_numbers_changed_at_random_break_nothing() -> None:
    """Sizes of 0, huge ones, and None in every place where a message has a number."""
    draw = random.Random(7)
    for text in MESSAGES.values():
        for _ in range(20):
            changed = re.sub(r"\d+|None", lambda match: draw.choice(["0", "1", "7", "None", "9" * 14, match[0]]), text)
            assert is_sound(diagnose(changed))


def repetitions(parsed: Iterable[Any]) -> Iterator[int]:
    """The most that each repetition in a parsed pattern may take, at any depth."""
    for operation, value in parsed:
        if operation in (parser.MAX_REPEAT, parser.MIN_REPEAT):
            yield int(value[1])
        for part in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(part, parser.SubPattern):
                yield from repetitions(part)
            elif isinstance(part, list) and part and isinstance(part[0], parser.SubPattern):
                for one in part:
                    yield from repetitions(one)


@pytest.mark.parametrize("form", [form for family in families() for form in family.forms], ids=lambda form: form.sign)
def test_a_search_takes_time_that_grows_with_the_text_alone(form: Form) -> None:
    """No repetition is without a bound, so what one place in a text costs has one."""
    assert all(most <= 2_000 for most in repetitions(parser.parse(form.pattern)))


def test_of_very_many_messages_only_the_last_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def refuse(found: Found) -> None:
        tried.append(found)

    monkeypatch.setattr("lstmcalc.diagnosis.families", lambda: (Family("none", (Form("ab", "ab"),), refuse),))
    assert not diagnose("ab " * 10_000).recognised
    assert 0 < len(tried) < 100
