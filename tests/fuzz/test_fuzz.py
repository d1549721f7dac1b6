"""A seeded minute: the same inputs in every run. `long_run.py` tries a million others."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import runner
from hypothesis import HealthCheck, given, settings
from properties import Broken, check_error, check_html, check_json, check_plain, check_svg
from runner import Finding, made, run_numbers, shrunk, tried
from strategies import documents, models
from targets import TARGETS, Target, try_load
from watchdog import MEMORY, limited_time, peak_memory

from lstmcalc.errors import Fault, SpecError

#: How many inputs of each target; together some 40 seconds.
INPUTS = 16_000
SEED = 20_261
drawn = settings(
    derandomize=True, deadline=None, max_examples=150, database=None, suppress_health_check=list(HealthCheck)
)


def told(findings: dict[str, Finding]) -> list[str]:
    """Findings as a test shows them: enough to try each again."""
    return [f"{key}: {f.target} {f.number}, options {f.options!r}: {f.data!r:.400}" for key, f in findings.items()]


@pytest.mark.parametrize("part", range(8))
def test_a_seeded_minute_finds_nothing(part: int) -> None:
    runner.warm()
    before = peak_memory()
    chunk = run_numbers(SEED, range(part, INPUTS, 8), patience=20.0)
    assert told(chunk.findings) == []
    assert chunk.inputs.total() == INPUTS // 8
    assert chunk.peak - before < MEMORY


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_target_is_tried(target: Target) -> None:
    runner.warm()
    assert told(run_numbers(SEED, range(6), target.name, patience=20.0).findings) == []


def holds(text: str) -> None:
    """Whether a text has a right answer or a right error, in time."""
    with limited_time(20.0):
        try_load(text, random.Random(1))


@drawn
@given(models())
def test_drawn_models_are_answered(document: dict[str, Any]) -> None:
    holds(json.dumps(document))


@drawn
@given(documents())
def test_drawn_documents_are_answered(document: Any) -> None:
    holds(json.dumps(document))
    holds(json.dumps({"class_name": "Sequential", "config": document}))
    holds(json.dumps({"class_name": "Functional", "config": {"name": "m", "layers": [document]}}))


def test_inputs_do_not_change() -> None:
    first, again = ([made(3, number)[1:] for number in range(200)] for _ in range(2))
    assert first == again
    assert len({str(data) for data, _ in first}) > 190
    assert first != [made(4, number)[1:] for number in range(200)]


def recursion(text: Any) -> None:
    recursion(text)


def forever(text: Any) -> None:
    while True:
        pass


def warning(text: Any) -> None:
    warnings.warn("careless", SyntaxWarning, stacklevel=2)


def fault_of_two_lines(text: Any) -> None:
    error = SpecError([Fault("wrong-value", "a size")])
    error.faults = (Fault("wrong-value", "a size", "x\ny"),)
    check_error(error)


@pytest.mark.parametrize(
    ("careless", "key"),
    [
        (recursion, "RecursionError at "),
        (forever, "TooSlow at "),
        (lambda text: [][0], "IndexError at "),
        (lambda text: int("9" * 5000), "ValueError at "),
        (warning, "warning: SyntaxWarning"),
        (fault_of_two_lines, "fault control character: wrong-value got"),
    ],
    ids=["recursion", "forever", "index", "digits", "warning", "fault"],
)
def test_what_is_careless_is_found(careless: Callable[[Any], None], key: str) -> None:
    wrong = tried(Target("x", 1, lambda rng: "", lambda data, rng: careless(data)), "", "1")
    assert wrong is not None and wrong[0].startswith(key)


def test_findings_are_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(text: str, rng: random.Random) -> None:
        if "(" in text and "9" in text:
            raise Broken("brackets: and nine")

    monkeypatch.setitem(runner.BY_NAME, "x", Target("x", 1, lambda rng: "", run))
    finding = Finding("brackets: and nine", "x", 0, "layers: [Dense(9), LSTM(99)]", "1", "")
    assert shrunk(finding).data in ("(9", "9(")


@pytest.mark.parametrize(
    ("check", "text", "key"),
    [
        (check_plain, "a\x1b[31mb\n", "control character"),
        (check_plain, "a\u202eb\n", "control character"),
        (check_plain, "got <keras.Layer object at 0x7f>\n", "python repr"),
        (check_json, '{"schema": NaN}\n', "json constant"),
        (check_json, '{"schema": "lstmcalc.report/1"}\n', "json keys"),
        (check_json, "{}", "json end"),
        (check_html, "<p>a</b></p>", "html nesting"),
        (check_html, "<p>a", "html end"),
        (check_html, "<p><b id=hostile></b></p>", "html markup"),
        (check_html, '<p><a href="http://x">y</a></p>', "html link"),
        (check_html, "<script>1</script>", "html element"),
        (check_svg, "<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "svg element"),
        (check_svg, "<svg xmlns='http://www.w3.org/2000/svg'><text>a</svg>", "svg"),
        (check_svg, "<svg xmlns='http://www.w3.org/2000/svg'><text onclick='x'>a</text></svg>", "svg handler"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_an_answer_must_not_hold_is_seen(check: Callable[[str], Any], text: str, key: str) -> None:
    with pytest.raises(Broken, match=f"^{key}"):
        check(text)
