"""Texts that nobody prints: each is answered, with a reading, a problem or an error, and in time that grows with it."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable

import pytest
from genuine import genuine
from limited import at_most

from lstmcalc.errors import SpecError
from lstmcalc.explanation.readings import ReadingExplanation, explain_reading
from lstmcalc.spec import Call, Ref
from lstmcalc.summary_text import read_summary
from lstmcalc.summary_text.calls import _in_order
from lstmcalc.summary_text.model import to_spec
from lstmcalc.summary_text.proposals import MODULES, proposers_of
from lstmcalc.summary_text.tables import MOST_PARSED, looks_like_summary

HEADER = "Layer (type)                 Output Shape              Param #   \n" + "=" * 65 + "\n"
CONNECTED = "Layer (type)                 Output Shape         Param #     Connected to\n" + "=" * 98 + "\n"
ROW = "lstm (LSTM)                  (None, 10, 128)           91648\n"
TOTALS = "\n" + "=" * 65 + "\nTotal params: 91648\n"


def answer(text: str) -> list[ReadingExplanation] | SpecError:
    """What is said of a text; anything but these two is a traceback."""
    looks_like_summary(text)
    try:
        return [explain_reading(reading) for reading in read_summary(text)]
    except SpecError as error:
        assert str(error)
        return error


SIGNS = "a ([{_=-|─│.1,'\">#*…\t\\&<:+`└N\n\r\0\x1b\u200f\u0301漢\u3000\u200b"
PARTS = ["( ", "a(b) ", "(None, 10) ", "a (LSTM) (None, 3) 4 ", "123,456 ", "(None, ", "a[0][0], ", "Total params: 1 ",
         "Layer (type) Output Shape ", 'Model: "m" ', "\x1b[31m", "<b>", "&amp;", "\\n", "| a ", "layer name ",
         "'a': (None, 3), ", "2024-01-01 12:00:00 INFO ", "(unbuilt) ", "Initial input shape: (None, 3) ",
         "x (OutOut", "└"]  # fmt: skip
PLACES: dict[str, Callable[[str], str]] = {
    "alone": lambda many: many,
    "below a header": lambda many: HEADER + many + TOTALS,
    "as a shape": lambda many: f"{HEADER}lstm (LSTM)                  {many}   91648{TOTALS}",
    "in a name": lambda many: f"{HEADER}l{many} (LSTM)  (None, 10, 128)    91648{TOTALS}",
    "in a class": lambda many: f"lstm (L{many}) (None, 10, 128) 91648",
    "in an open class": lambda many: f"model.fit(N{many})\nlstm (LSTM) (None, 10, 128) 91648",
    "behind a row": lambda many: ROW.strip() + many,
    "before a row": lambda many: f"{many} {ROW}",
    "as a total": lambda many: f"{HEADER}{ROW}{'=' * 65}\nTotal params: {many}",
    "behind the header": lambda many: f"Layer (type)  Output Shape  Param #{many}\n{ROW}",
    "below a row": lambda many: f"{CONNECTED}{ROW}      {many}{TOTALS}",
}


@pytest.mark.parametrize("place", PLACES)
def test_some_of_anything_is_answered_anywhere(place: str) -> None:
    with at_most():
        for sign in (*SIGNS, *PARTS):
            answer(PLACES[place](sign * (600 // len(sign))))


#: What patterns may begin with, or repeat, over and over.
REPEATED = " |│└N(1-=_."


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("sign", [*REPEATED, "xOut"])
def test_much_of_what_patterns_repeat_is_gone_through_once(place: str, sign: str) -> None:
    with at_most():
        answer(PLACES[place](sign * (100_000 // len(sign))))


HOSTILE = {
    "10^5 digits": HEADER + ROW.replace("91648", "9" * 10**5) + TOTALS,
    "10^5 digits in all": HEADER + ROW + TOTALS.replace("91648", "9" * 10**5),
    "groups of digits": HEADER + ROW.replace("91648", ",".join(["999"] * 30_000)) + TOTALS,
    "10^5 digits in a shape": HEADER + ROW.replace("128", "9" * 10**5) + TOTALS,
    "10^4 axes": HEADER + ROW.replace("10, 128", "3, " * 10**4) + TOTALS,
    "10^6 brackets": HEADER + ROW.replace("(None, 10, 128)", "(" * 10**6) + TOTALS,
    "brackets in brackets": HEADER + ROW.replace("(None, 10, 128)", "(" * 10**5 + ")" * 10**5) + TOTALS,
    "lone carriage returns": (HEADER + ROW + TOTALS).replace("\n", "\r"),
    "a place of 10^4 digits": f"{CONNECTED}{ROW.strip()}   lstm[{'9' * 10**4}][0]\n{TOTALS}",
    "20,000 colours": HEADER + ("\x1b[1m" * 1000 + ROW) * 20 + TOTALS,
    "300 tables": (HEADER + ROW + TOTALS) * 300,
    "3,000 headers": HEADER * 3000 + ROW + TOTALS,
    "3,000 names": 'Model: "m"\n' * 3000 + HEADER + ROW + TOTALS,
    "3,000 totals": HEADER + ROW + TOTALS * 3000,
    "3,000 gaps": HEADER + ("...\n" + ROW) * 3000 + TOTALS,
    "3,000 lines of prose": HEADER + "words of prose, that mean nothing at all\n" * 3000 + TOTALS,
    "3,000 rows that are wrong": HEADER + ROW.replace("91648", "91649") * 3000 + TOTALS,
    "3,000 rows of one name": CONNECTED + "a (Dense)   (None, 10)    110    a[0][0]\n" * 3000 + TOTALS,
    "3,000 places": "".join((
        CONNECTED, "i (InputLayer)   [(None, 10)]   0\n",
        *(f"a{number} (Dense)   (None, 10)    110    i[{number}][{number}]\n" for number in range(3000)), TOTALS,
    )),
    "each fed by the next": CONNECTED + "".join(
        f"a{number} (Dense)   (None, 10)    110    a{number + 1}[0][0]\n" for number in range(2000)) + TOTALS,
    "all in a circle": CONNECTED + "".join(
        f"a{number} (Add)   (None, 10)    0    a{(number + 1) % 500}[0][0]\n{' ' * 60}a{(number + 7) % 500}[0][0]\n"
        for number in range(500)) + TOTALS,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_nobody_prints_is_answered(name: str) -> None:
    with at_most():
        answer(HOSTILE[name])


ODD_COUNTS = ("-5", "1.5", "1e308", "nan", "inf", "-0", "0x10", "٣", "²", "1_000", "9" * 18, "9" * 19, "1.000.000")
ODD_SHAPES = (
    "(None, -1)",
    "(None, nan)",
    "(None, 1.5, 3)",
    "(0, 0)",
    f"(None, {'9' * 19}, 4)",
    "((None, 3), " * 100,
    "()",
    "(,)",
    "None",
    "(None, 3",
    "(None, ٣)",
    f"(None, {10**9 + 7}, 128)",
    "(None, " + "3, " * 12 + "3)",
)


@pytest.mark.parametrize("class_name", ["LSTM", "Dense", "Conv2D", "Bidirectional", "TimeDistributed", "Embedding",
                                        "Reshape", "Add", "Permute", "RNN", "MultiHeadAttention"])  # fmt: skip
def test_odd_numbers_break_no_class(class_name: str) -> None:
    cells = [(shape, "91648") for shape in ODD_SHAPES] + [("(None, 10, 128)", count) for count in ODD_COUNTS]
    rows = "".join(f"x{number} ({class_name})   {shape}   {count}\n" for number, (shape, count) in enumerate(cells))
    with at_most():
        for text in (HEADER + rows + TOTALS, HEADER + f"i (InputLayer)   [(None, 10, 32)]   0\n{rows}", rows):
            answer(text)


def test_names_of_any_signs_are_read_as_they_are() -> None:
    for name in ("[red]x[/red]", "évil", "漢字", "a" * 10**5):
        said = answer(f"{HEADER}{name} (LSTM)                  (None, 10, 128)           91648{TOTALS}")
        assert isinstance(said, list)


@pytest.mark.parametrize("version", ["keras-0.3.3", "keras-2.2.4", "tf_keras-2.21.0", "keras-3.15.1"])
def test_summaries_cut_shuffled_and_doubled_are_answered(version: str) -> None:
    texts = [each.text for each in genuine() if each.version == version]
    draw = random.Random(7)
    short = min(texts, key=len)
    with at_most(200):
        for end in range(0, len(short), 7):
            answer(short[:end])
            answer(short[end:])
        for text in draw.sample(texts, 6):
            lines = text.splitlines()
            draw.shuffle(lines)
            answer("\n".join(lines))
            answer("\n".join(line for line in text.splitlines() for _ in range(2)))
            answer("\n".join(line[::-1] for line in text.splitlines()))
            answer("".join(draw.sample(text, len(text))))


def test_models_in_models_are_counted_however_deep() -> None:
    boxes = "┏━━━┳━━━┳━━━┓\n┃ Layer (type) ┃ Output Shape ┃ Param # ┃\n┡━━━╇━━━╇━━━┩\n"
    rows = [f"│{'   ' * level} └ m{level} (Functional) │ (None, 4) │ 20 │\n" for level in range(1, 1200)]
    rows[0] = "│ m (Functional) │ (None, 4) │ 20 │\n"
    rows.append(f"│{'   ' * 1200} └ dense (Dense) │ (None, 4) │ 20 │\n")
    with at_most(40):
        [reading] = read_summary(boxes + "".join(rows) + "└───┴───┴───┘\n Total params: 20\n")
        spec = to_spec(reading)
    assert [row.row.level for row in reading.rows][-1] == 1199
    assert reading.computed == {"params": 20, "trainable_params": 20, "non_trainable_params": 0}
    depth = 0
    while spec.models:
        [spec] = spec.models.values()
        depth += 1
    assert depth == 1199


def by_passes(calls: list[Call], inputs: list[str]) -> list[Call]:
    """The order of calls in plain words: pass by pass, each call that has what it takes."""
    done, ordered, waiting = set(inputs), [], calls
    while True:
        later = []
        for call in waiting:
            if all(ref.name in done for ref in call.refs):
                ordered.append(call)
                done.add(call.layer)
            else:
                later.append(call)
        if len(later) == len(waiting):
            return ordered + later
        waiting = later


def test_calls_are_put_in_order_as_by_passes() -> None:
    draw = random.Random(3)
    for _ in range(300):
        names = [f"l{number}" for number in range(draw.randrange(1, 12))]
        taken = ["i", "nowhere", *names] if draw.random() < 0.2 else ["i", *names]
        calls = [Call(name, tuple(Ref(draw.choice(taken)) for _ in range(draw.randrange(1, 3)))) for name in names]
        assert _in_order(calls, ["i"]) == by_passes(calls, ["i"])


def test_every_proposer_is_asked_though_its_module_is_loaded_late() -> None:
    from importlib import import_module

    from lstmcalc.layers import RULES

    modules = {name: import_module(f"lstmcalc.summary_text.proposals.{name}").PROPOSERS for name in MODULES}
    everyone = [each for proposers in modules.values() for each in proposers]
    for name, proposers in modules.items():
        assert all(each.arguments & MODULES[name] for each in proposers), name
    for rule in RULES.values():
        assert list(proposers_of(rule)) == [each for each in everyone if each.arguments <= rule.arguments.keys()]


def test_of_very_many_lines_that_are_no_rows_the_first_are_told() -> None:
    strange = [f"a strange thing, the {number}th of many\n" for number in range(1200)]
    for number, last in ((101, "`a strange thing, the 100th of many`"), (1200, "1,100 more lines that are none")):
        [reading] = read_summary(HEADER + ROW + "".join(strange[:number]) + TOTALS)
        assert {(fault.code, fault.severity) for fault in reading.table.faults} == {("no-row", "hint")}
        assert (len(reading.table.faults), reading.table.faults[-1].got) == (101, last)
        places = [fault.where.line for fault in reading.table.faults if fault.where]
        assert places == list(range(4, 105))


def test_of_a_long_text_the_beginning_tells_whether_it_is_python() -> None:
    row = f'"""\n{ROW}"""\n'
    build = "def build(\n    x,\n):\n    return [\n        x,\n    ]\n"
    tried = "try:\n    x\nexcept ValueError:\n    y\nfinally:\n    z\n"
    for code in ("x = 1\n", build, tried, f"@decorated\n@again\n{build}"):
        for shift in range(0, 60, 5):
            text = row + "#" * shift + "\n" + code * (2 * MOST_PARSED // len(code))
            assert not looks_like_summary(text), (code, shift)
        assert looks_like_summary(row + "x = )\n" + code * (2 * MOST_PARSED // len(code)))
    assert looks_like_summary(ROW * (2 * MOST_PARSED // len(ROW)))
    assert looks_like_summary(" " * 2 * MOST_PARSED + ROW)


HELD = [
    ("200,000 lines that are no summary", "words of prose, that mean nothing at all\n" * 200_000),
    ("200,000 lines of Python", "x = 1\n" * 200_000 + ROW),
    ("100,000 strange lines", HEADER + "words of prose, that mean nothing at all\n" * 100_000 + TOTALS),
]


@pytest.mark.parametrize(("name", "text"), HELD, ids=[name for name, _ in HELD])
def test_large_texts_take_no_more_memory_than_a_multiple_of_their_size(name: str, text: str) -> None:
    answer(HEADER + ROW + TOTALS)
    tracemalloc.start()
    try:
        looks_like_summary(text)
        asked = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert asked < 120_000_000
