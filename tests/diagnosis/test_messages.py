"""What is said of every known message: whole texts, held against `answers.txt`, and the facts behind them."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

import lstmcalc
from lstmcalc.diagnosis import diagnose
from lstmcalc.diagnosis.families import (
    arithmetic,
    axes,
    building,
    checking,
    data,
    families,
    losses,
    merging,
    reshaping,
    windows,
)
from lstmcalc.diagnosis.message import Family
from lstmcalc.diagnosis.text import joined
from lstmcalc.renderers.diagnosis_document import diagnosis_document
from lstmcalc.renderers.document_text import document_text

HERE = Path(__file__).parent
NAMED = re.compile(r"^=== (.*)\n", re.MULTILINE)


def sections(name: str) -> dict[str, str]:
    """The parts of a file, by the names above them."""
    _, *parts = NAMED.split((HERE / name).read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


MESSAGES = sections("messages.txt")
OWN = (axes, checking, losses, windows, reshaping, merging, arithmetic, building, data)


def answer(text: str) -> str:
    return document_text(diagnosis_document(diagnose(text)), 80)


def test_whole_answers() -> None:
    answers = "".join(f"=== {name}\n{answer(text)}" for name, text in MESSAGES.items())
    golden = HERE / "answers.txt"
    if os.environ.get("LSTMCALC_UPDATE_GOLDEN"):
        golden.write_text(answers, encoding="utf-8")
    kept = sections("answers.txt")
    for name, text in MESSAGES.items():
        assert answer(text) == kept.get(name), name
    assert answers == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "code", "layer", "expected", "got"),
    [
        ("keras 3: ndim rnn", "wrong-ndim", "lstm_1", "3 axes (batch, timesteps, input_dim)", "(None, 4)"),
        ("older: k2 ndim", "wrong-ndim", "lstm_2", "3 axes (batch, timesteps, input_dim)", "2 axes"),
        ("older: tf20", "wrong-ndim", "lstm_1", "3 axes (batch, timesteps, input_dim)", "(None, 64)"),
        ("keras 3: bidirectional ndim", "wrong-ndim", "bidirectional", "3 axes (batch, timesteps, input_dim)",
         "(None, 50)"),
        ("keras 3: min_ndim", "wrong-ndim", "dense_3", "at least 2 axes (batch, input_dim)", "(None,)"),
        ("keras 3: axis value", "wrong-size", "dense_4", "5 on the last axis", "(None, 6)"),
        ("older: k2 axis", "wrong-size", "dense_2", "4 on the last axis", "(None, 5)"),
        ("older: tf model", "wrong-input", "sequential", "(None, 50, 1)", "(None, 50)"),
        ("older: cannot feed", "wrong-input", "lstm_1", "(None, 50, 1)", "(8, 40)"),
        ("older: check input 4dim", "checking-input", "conv2d_1", "4 axes (batch, height, width, channels)",
         "(60000, 28, 28)"),
        ("older: check target shape", "checking-target", "dense_2", "(None, 10)", "(None, 1)"),
        ("older: check target old2", "checking-target", "dense_3", "(None, 1)", "(500, 4)"),
        ("older: incompatible", "incompatible-shapes", "", "(None, 10)", "(None, 1)"),
        ("older: logits", "target-shape", "", "(None, 10)", "(None, 1)"),
        ("older: dims", "unequal-dimensions", "", "(None, 10)", "(None, 20)"),
        ("keras 3: mse 3 vs 1", "unequal-dimensions", "", "(None, 3)", "(None, 2)"),
        ("older: dims tf1", "matrix-sizes", "", "100 values", "(None, 784)"),
        ("older: neg tf1", "window-too-large", "conv2d_2", "at least 5 places", "(None, 3, 3, 32)"),
        ("keras 3: neg dim pool", "window-too-large", "", "at least 5 places", "(None, 3, 3, 1)"),
        ("keras 3: sparse range", "label-range", "", "0 to 9", "10"),
        ("keras 3: reshape", "reshape-total", "", "784 values", "700"),
        ("older: np reshape", "reshape-total", "", "1,000 values", "5,000"),
        ("keras 3: lstm undefined", "undefined-size", "lstm_10", "a size that is known", "(None, 12)"),
        ("older: disconnected", "graph-disconnected", "input_1", "", ""),
        ("keras 3: number inputs", "number-of-inputs", "lstm_5", "1", "2"),
        ("older: list numpy", "number-of-inputs", "", "1", "2"),
        ("older: card", "cardinality", "", "", "x: 1000, y: 50000"),
    ],
)  # fmt: skip
def test_what_a_message_states(name: str, code: str, layer: str, expected: str, got: str) -> None:
    found = diagnose(MESSAGES[name])
    assert (found.code, found.layer, found.expected, found.got) == (code, layer, expected, got)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_answer_is_whole(name: str) -> None:
    found = diagnose(MESSAGES[name])
    assert found.recognised and found.code
    # What the machine says is no fault of the model, and there is nothing to change in it.
    assert found.causes or found.code in ("out-of-memory", "cudnn-failed")
    assert found.meaning.endswith((".", ")"))
    for cause in found.causes:
        assert cause.cause[:1].isupper() or cause.cause[:1] == "`"
        assert cause.cause.endswith((".", ".)")), cause.cause
        assert (cause.fix or cause.code) and (not cause.fix or cause.fix[-1] in ".:"), cause.fix
        assert cause.fix.endswith(":") <= bool(cause.code), cause.fix


def change(text: str, number: int = 0) -> str:
    return "; ".join(diagnose(text).causes[number].code)


def test_the_change_has_the_numbers_of_the_message() -> None:
    found = "expected lstm_input to have {}, but got array with shape {}"
    three = "Error when checking input: " + found.format("3 dimensions", "(1000, 50)")
    assert change(three) == "x = x[..., None]  # (1000, 50) -> (1000, 50, 1)"
    assert change(three, 1) == "x = x[:, None, :]  # (1000, 50) -> (1000, 1, 50)"
    shape = "Error when checking input: " + found.format("shape (50, 3)", "(3, 50)")
    assert change(shape) == "x = x.transpose(0, 2, 1)  # (None, 3, 50) -> (None, 50, 3)"
    last = "Expected shape (None, 28, 28), but input has incompatible shape (28, 28)"
    assert change(last) == "x = x[None]  # (28, 28) -> (1, 28, 28)"
    flat = "expected shape=(None, 784), found shape=(None, 28, 28)"
    assert change(flat) == "x = x.reshape(-1, 784)  # (None, 28, 28) -> (None, 784)"


def test_the_order_of_a_pair_depends_on_who_compares() -> None:
    loss = diagnose("in categorical_crossentropy\nValueError: Shapes (None, 1) and (None, 10) are incompatible")
    metric = diagnose('File "metrics_utils.py"\nValueError: Shapes (None, 10) and (None, 1) are incompatible')
    assert (loss.got, loss.expected) == (metric.got, metric.expected) == ("(None, 1)", "(None, 10)")
    weights = diagnose("model.load_weights(path)\nValueError: Shapes (5, 3) and (4, 3) are incompatible")
    assert weights.code != loss.code or "stored weight" in weights.meaning


def test_the_last_message_counts() -> None:
    first, second = MESSAGES["older: k2 ndim"], MESSAGES["older: incompatible"]
    assert diagnose(first + "\nDuring handling of the above exception, ...\n" + second).code == "incompatible-shapes"
    assert diagnose(second + "\n" + first).code == "wrong-ndim"
    # The whole of a message, not the part of it that another family knows as well.
    assert diagnose(first).layer == "lstm_2"


@pytest.mark.parametrize(
    "text",
    [
        "KeyError: 'loss'",
        "ValueError: something about shapes (None, 3)",
        "",
        'Traceback (most recent call last):\n  File "a.py", line 1\nZeroDivisionError: division by zero',
    ],
)
def test_what_is_not_known_is_not_guessed_at(text: str) -> None:
    found = lstmcalc.diagnose(text)
    assert (found.recognised, found.code, found.causes, found.meaning) == (False, "", (), "")
    assert found.message == (text.splitlines() or [""])[-1].strip()


def test_json_is_the_contract() -> None:
    found = diagnose(MESSAGES["older: tf20"]).to_json()
    assert list(found) == [
        "schema", "source", "recognised", "code", "message", "layer", "expected", "got", "meaning", "causes", "model",
    ]  # fmt: skip
    assert found["schema"] == "lstmcalc.diagnosis/1"
    assert found["causes"][0] == {
        "cause": "A recurrent layer before it returns only its last step, without the axis of the time steps.",
        "fix": "Set `return_sequences=True` on every recurrent layer whose output goes to another one:\n"
        "LSTM(64, return_sequences=True)",
        "code": ["LSTM(64, return_sequences=True)"],
        "where": {"file": None, "line": None, "column": None},
    }


def test_every_family_is_reached() -> None:
    """A family of the modules that these messages are for, whose pattern nothing reaches, is dead."""
    here = [one for module in OWN for one in vars(module).values() if isinstance(one, Family)]
    assert set(here) <= set(families())
    unreached = {
        form.sign
        for one in here
        for form in one.forms
        if not any(
            Family(one.code, (form,), one.diagnose).find(way.text) for text in MESSAGES.values() for way in joined(text)
        )
    }
    assert unreached == set()


#: A change of shape, as it stands behind a line of code.
SHOWN = re.compile(r"([xy]) = (.*?)  # (\(.*?\)) -> (\(.*?\))$")


def test_the_lines_of_numpy_do_what_stands_behind_them() -> None:
    numpy = pytest.importorskip("numpy")
    lines = {line for text in MESSAGES.values() for cause in diagnose(text).causes for line in cause.code}
    changes = [match for line in lines if (match := SHOWN.match(line))]
    assert len(changes) > 15
    for match in changes:
        name, code, before, after = match.groups()
        # None stands for any size: the same one before and after.
        array = numpy.zeros([2 if size is None else min(size, 100) for size in ast.literal_eval(before)])
        made = eval(code, {"np": numpy, name: array})
        assert made.shape == tuple(2 if size is None else min(size, 100) for size in ast.literal_eval(after)), match[0]
