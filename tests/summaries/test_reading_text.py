"""Reading the text: every genuine print, what copying did to it, and what is no summary at all."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from damage import DAMAGES, damaged
from genuine import Genuine, Score, genuine, misses, rows_read_exactly
from genuine_misses import row_misses

from lstmcalc.errors import SpecError
from lstmcalc.summary_text.cells import read_connections, read_count, read_layer, read_shape
from lstmcalc.summary_text.cleaning import clean_line
from lstmcalc.summary_text.printed import Connection, Cut, PrintedRow, PrintedTable
from lstmcalc.summary_text.tables import looks_like_summary, read_tables

ROOT = Path(__file__).parents[2]
VERSIONS = sorted({text.version for text in genuine()})
ROW = "lstm_1 (LSTM) (None, 10, 128) 91648"
HEAD = "Layer (type)                 Output Shape              Param #   \n" + "=" * 65 + "\n"


def line(layer: str, shape: str, count: str) -> str:
    return f"{layer:<29}{shape:<26}{count:<10}\n"


def row(text: str) -> PrintedRow:
    [table] = read_tables(text)
    [found] = table.rows
    return found


def table(text: str) -> PrintedTable:
    [found] = read_tables(text)
    return found


def codes(text: str) -> list[str]:
    with pytest.raises(SpecError) as error:
        read_tables(text)
    return [fault.code for fault in error.value.faults]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_genuine_text_reads_exactly(version: str) -> None:
    for text in genuine():
        if text.version == version:
            found = read_tables(text.text)
            assert [str(miss) for miss in misses(found, text)] == [], text
            assert not any(fault for printed in found for fault in printed.faults), text


#: What is really lost: a table in one line whose cells were wrapped, 1.0.8's cells that touch without any total.
HARDEST = {"one line": 0.97, "one line + quoted": 0.97}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_texts_read_as_far_as_they_show(damage: str) -> None:
    exact = rows = 0
    for text in genuine()[::11]:
        if not text.tables[0].rows:
            continue
        case = damaged(text, damage)
        try:
            score = rows_read_exactly(read_tables(case.text), case)
        except SpecError:
            score = Score(0, sum(len(want.rows) for want in case.tables))
        exact, rows = exact + score.exact, rows + score.rows
    assert exact >= HARDEST.get(damage, 0.985) * rows, f"{exact} of {rows}"


def _is_told(found: PrintedRow, wanted: list[str], outermost: bool) -> bool:
    """Whether a row that a cut went through says so, or loses only what no text can show to be lost."""
    if found.fault or not wanted:
        return True
    told = ("name", "class_name", "shapes", "connection", "trainable", "level", "params_text")
    return outermost and all(what.startswith(told) or "optional" in what for what in wanted)


@pytest.mark.parametrize("text", genuine()[::37], ids=str)
def test_a_cut_text_never_makes_another_number_of_a_row(text: Genuine) -> None:
    want = {row.line: row for row in text.tables[0].rows}
    for end in range(len(text.text) // 3, len(text.text), 97):
        try:
            found = read_tables(text.text[:end])
        except SpecError:
            continue
        for printed in found:
            for got in printed.rows:
                wrong = list(row_misses(got, want[got.line]))
                assert _is_told(got, wrong, got is printed.rows[-1]), (end, got, wrong)


ALONE = {
    "plain": ROW,
    "wide": "lstm_1 (LSTM)                (None, 10, 128)           91648     ",
    "tabs": "lstm_1 (LSTM)\t(None, 10, 128)\t91648",
    "separators": "lstm_1 (LSTM) (None, 10, 128) 91,648",
    "apart": "lstm_1 (LSTM) (None, 10, 128) 91 648",
    "box": "│ lstm_1 (LSTM) │ (None, 10, 128) │ 91,648 │",
    "Markdown": "| lstm\\_1 (LSTM) | (None, 10, 128) | 91,648 |",
    "name and type apart": "lstm_1 | LSTM | (None, 10, 128) | 91648",
    "item": "- `lstm_1 (LSTM) (None, 10, 128) 91648`",
    "question": "Why has lstm_1 (LSTM) (None, 10, 128) 91648 params?",
    "count first": "lstm_1 (LSTM) 91648 (None, 10, 128)",
    "no blanks": "lstm_1 (LSTM) (None,10,128) 91648",
    "Keras 0": "LSTM (lstm_1)   (None, 10, 128)   91648",
    "log": "2024-01-01 12:00:00,123 - root - INFO - lstm_1 (LSTM) (None, 10, 128) 91648",
    "glog": "I0101 12:00:00.1 123 file.py:12] lstm_1 (LSTM) (None, 10, 128) 91648",
    "quoted twice": "> > lstm_1 (LSTM) (None, 10, 128) 91648",
    "HTML": "<span>lstm_1&nbsp;(LSTM)</span>&#9474; (None, 10, 128) &#9474; 91,648",
    "colours": "lstm_1 (\\u001b[38;5;33mLSTM\\u001b[0m) (\x1b[38;5;45mNone\x1b[0m, [38;5;34m10[0m, 128) 91648",
}


@pytest.mark.parametrize("text", ALONE.values(), ids=ALONE)
def test_one_row_alone(text: str) -> None:
    found = row(text)
    assert (found.name, found.class_name, found.shapes, found.params) == ("lstm_1", "LSTM", ((None, 10, 128),), 91648)
    assert (found.name_cut, found.class_cut, found.fault, found.lines) == (False, False, None, (text,))
    assert (table(text).cut_start, table(text).cut_end) == (True, True)


PARTS: dict[str, tuple[str, str]] = {
    "a point": ("lstm_1 (LSTM) (None, 10, 128) 91.648", "ambiguous-count"),
    "no count": ("lstm_1 (LSTM) (None, 10, 128)", "cut-row"),
    "a letter in the count": (HEAD + line("lstm_1 (LSTM)", "(None, 10, 128)", "9l648"), "unreadable-count"),
    "half a parameter": (HEAD + line("lstm_1 (LSTM)", "(None, 10, 128)", "91648.5"), "unreadable-count"),
    "a letter in the shape": (HEAD + line("lstm_1 (LSTM)", "(None, 1O, 128)", "91648"), "unreadable-shape"),
    "axes left out": (HEAD + line("lstm_1 (LSTM)", "(None, …, 128)", "91648"), "unreadable-shape"),
    "the end": (HEAD + line("lstm_1 (LSTM)", "(None, 10, 128)", "91648") + "dense_1 (Dense)      (None, 1", "cut-row"),
}


@pytest.mark.parametrize(("text", "code"), PARTS.values(), ids=PARTS)
def test_what_cannot_be_read_of_a_row_is_said(text: str, code: str) -> None:
    found = table(text).rows[-1]
    assert found.fault is not None
    assert (found.fault.code, found.fault.layer) == (code, (found.name, found.class_name))
    assert found.name in ("lstm_1", "dense_1")
    assert (found.params is None) == (code in ("cut-row", "unreadable-count"))


@pytest.mark.parametrize(
    ("text", "value"),
    [("91648", 91648), ("91,648", 91648), ("91 648", 91648), ("91'648", 91648), ("1.234.567", 1234567), ("146.0", 146),
     ("5,246.5", None), ("1,2…", None), ("9.16", None), ("1,23", None), ("91k", None), ("9" * 5000, None)],
)  # fmt: skip
def test_counts(text: str, value: int | None) -> None:
    assert read_count(text).value == value


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("(None, 20, 10", ((None, 20, Cut("10")),)),
        ("(None, 20, 10)", ((None, 20, 10),)),
        ("(None, 20,", ((None, 20, Cut("")),)),
        ("(None, 1…", ((None, Cut("1")),)),
        ("[(None, 5), (None, 7", ((None, 5), (None, Cut("7")))),
        ("[(None, 5), (", ((None, 5), (Cut(""),))),
        ("{a: (None, 3), b: (None)}", ((None, 3), (None,))),
        ("((None, 4), ((None, 1), (None, 3)))", ((None, 4), (None, 1), (None, 3))),
        ("[()]", ((),)),
        ("(?, 10.0, 3)", ((None, 10, 3),)),
        ("(None, 10.5)", None),
        ("(None 10)", None),
        ("(None, 10) 3", None),
        ("multiple", None),
        ("(" * 500, None),
    ],
)
def test_shapes(text: str, shapes: object) -> None:
    assert read_shape(text).shapes == shapes


def test_names_and_connections() -> None:
    assert read_layer("timedistributed_1 (TimeDistribute", full=True).class_cut
    assert read_layer("timedistributeddens", full=True).name_cut
    assert (read_layer("my layer (Dense)").name, read_layer("my layer (Dense)").class_name) == ("my layer", "Dense")
    assert read_connections("lstm_1[0][0") == ((Connection("lstm_1", open=True),), True)
    assert read_connections("a[1][2], b[0…") == ((Connection("a", 1, 2), Connection("b", open=True)), True)
    assert read_connections("-") == ((), False)


def test_a_cut_count_is_whole_only_where_the_total_says_so() -> None:
    head = "Layer (type)       Output Shape  Param  Connected to        \n" + "=" * 60 + "\n"
    rows = "lstm_1 (LSTM)      (None, 300)   362400 x[0][0]             \n" + "_" * 60 + "\n"
    [cut], [whole] = table(head + rows).rows, table(head + rows + "Total params: 362,400\n").rows
    assert (cut.params, cut.params_text, cut.fault and cut.fault.code) == (None, "362400", "cut-count")
    assert (whole.params, whole.fault) == (362400, None)


def test_what_stands_between_rows() -> None:
    rows = [line("lstm_1 (LSTM)", "(None, 10, 128)", "91648"), line("dense_1 (Dense)", "(None, 10, 1)", "129")]
    found = table(HEAD + rows[0] + "...\n" + "and this is what I don't get\n" + rows[1] + "Total params: 100,000\n")
    assert [row.name for row in found.rows] == ["lstm_1", "dense_1"]
    assert found.elided == (1,)
    assert [(fault.code, fault.severity, fault.where and fault.where.line) for fault in found.faults] == [
        ("no-row", "hint", 5)
    ]


@pytest.mark.parametrize("dots", ["…", "...", "⋮", ":", "| ... | ... | ... |", "... (12 more layers)", "[...]"])
def test_rows_left_out(dots: str) -> None:
    assert table(HEAD + line("lstm_1 (LSTM)", "(None, 10, 128)", "91648") + dots + "\n").elided == (1,)


def test_several_tables_and_what_stands_around_them() -> None:
    text = HEAD + line("lstm_1 (LSTM)", "(None, 10, 128)", "91648") + "Total params: 91,648\n"
    first, second = read_tables(
        f"The first:\n{text}\nand my second, with a Dense (of one unit):\n\n{text}\nThanks (a lot)!"
    )
    assert (first.line, second.line) == (2, 9)
    assert [row.line for row in (*first.rows, *second.rows)] == [4, 11]
    assert first.totals == second.totals


HEADERS = {
    "other words": ("Layer", "Shape", "# Params"),
    "other order": ("Parameters", "Layer (type)", "Output"),
    "more columns": ("Layer (type)", "Activation", "Output Shape", "Parameter #"),
    "apart": ("Name", "Type", "Output Shape", "Params"),
}
CELLS = {"Layer": "lstm_1 (LSTM)", "Name": "lstm_1", "Type": "LSTM", "Activation": "tanh"}


@pytest.mark.parametrize("bar", ["|", "│"])
@pytest.mark.parametrize("titles", HEADERS.values(), ids=HEADERS)
def test_headers_of_other_wording(titles: tuple[str, ...], bar: str) -> None:
    def cell(title: str) -> str:
        if "aram" in title:
            return "91,648"
        return CELLS.get(title.partition(" ")[0], "(None, 10, 128)")

    found = row("\n".join(f"{bar} {f' {bar} '.join(texts)} {bar}" for texts in (titles, tuple(map(cell, titles)))))
    assert (found.name, found.class_name, found.shapes, found.params) == ("lstm_1", "LSTM", ((None, 10, 128),), 91648)


@pytest.mark.parametrize("prefix", ["worker7 ~ {:03} ~ ", "web_1  | ", "train.py:{:03}:", "{:3}: "])
def test_a_common_prefix_that_no_log_is_known_for(prefix: str) -> None:
    lines = (HEAD + line("lstm_1 (LSTM)", "(None, 10, 128)", "91648")).splitlines()
    found = row("\n".join(prefix.format(number) + text for number, text in enumerate(lines)))
    assert (found.name, found.params, found.level) == ("lstm_1", 91648, 0)


NARROW = {
    "counts broken in two": ("tf_keras-2.21.0/bidirectional_merges.ll50", "no blank lines"),
    "counts broken in two, and blank lines": (
        "tf_keras-2.21.0/bidirectional_merges.ll50",
        "blank line behind every line",
    ),
    "a header over two lines": ("keras-3.15.1/recurrent.ll40", "blank line behind every line"),
    "a header over four lines": ("tf_keras-2.21.0/residual.ll60", "no rules"),
    "cells that touch, no rules": ("keras-1.0.8/bilstm_mlp.ll60", "single spaces + no rules, no blank lines"),
    "clipped at the right": ("keras-3.15.1/surname.ll120_clipped", "no header, no rules"),
}


@pytest.mark.parametrize(("name", "damage"), NARROW.values(), ids=NARROW)
def test_narrow_tables_damaged(name: str, damage: str) -> None:
    [text] = (text for text in genuine() if str(text) == name)
    case = damaged(text, damage)
    assert [str(miss) for miss in misses(read_tables(case.text), case)] == []


def test_what_goes_on_in_the_next_line() -> None:
    unbuilt, cut = table("dense (Dense)  ?  0\n(unbuilt)\nlstm (LS  (None, 3)  48\n").rows
    assert (unbuilt.built, unbuilt.params, unbuilt.shapes) == (False, 0, None)
    assert (cut.name, cut.class_name, cut.class_cut) == ("lstm", "LS", True)
    [whole] = table("lstm (LS  (None, 3)  48  ['a[0][\nTM)       0]']\n").rows
    assert (whole.class_name, whole.class_cut, whole.connections) == ("LSTM", False, (Connection("a"),))


ODD_COUNTS = ["1.2M", "91.6K", "92 k", "~92k", "650 million", "1/650", "9l648", "-650"]


@pytest.mark.parametrize("count", ODD_COUNTS)
@pytest.mark.parametrize(
    "text",
    [
        "lstm_1 (LSTM) (None, 10, 128) {}",
        "| lstm_1 (LSTM) | (None, 10, 128) | {} |",
        HEAD + line("lstm_1 (LSTM)", "(None, 10, 128)", "{}"),
    ],
    ids=["alone", "bars", "table"],
)
def test_a_count_that_is_none_is_never_read_in_part(text: str, count: str) -> None:
    found = row(text.format(count))
    assert (found.name, found.class_name, found.shapes) == ("lstm_1", "LSTM", ((None, 10, 128),))
    assert (found.params, found.params_text) == (None, count)
    assert found.fault and (found.fault.code, found.fault.got) == ("unreadable-count", f"`{count}`")
    assert ("rounded" in found.fault.because) == (count[-1] in "MKkn")


@pytest.mark.parametrize("count", ODD_COUNTS)
def test_a_total_that_is_none_is_never_read_in_part(count: str) -> None:
    found = table(f"{ROW}\nTotal params: {count}\nTrainable params: 5\n")
    assert (found.totals.params, found.totals.trainable_params) == (None, 5)
    assert [(fault.code, fault.got, str(fault.where)) for fault in found.faults] == [
        ("unreadable-count", f"`{count}`", "-:2")
    ]


@pytest.mark.parametrize("count", ["= 65", "65 params", "65.", "65, which is few", "65)", "65, embedding[0][0]"])
def test_what_may_stand_around_a_count(count: str) -> None:
    found = row(f"lstm_1 (LSTM) (None, 10, 128) {count}")
    assert (found.params, found.fault) == (65, None)


STRUCTURE = (
    "TFBaseModelOutputWithPooling(last_hidden_state=(None, 43, 768), pooler_output=(None, 768), "
    "past_key_values=None, attentions=None)"
)
WIDE = "{:<31}{:<21}{:<12}{:<34}\n"


def wrapped_structure() -> str:
    """A table as tf.keras prints it whose shape is an object, so long that it goes on over many lines."""
    parts = [STRUCTURE[start : start + 19] for start in range(0, len(STRUCTURE), 19)]
    blank = " " * 98 + "\n"
    lines = [
        WIDE.format(" Layer (type)", " Output Shape", " Param #", " Connected to") + "=" * 98 + "\n",
        WIDE.format(" ids (InputLayer)", " [(None, 43)]", " 0", " []") + blank,
        WIDE.format(" tf_bert_model (TFBertModel)", f" {parts[0]}", " 109482240", " ['ids[0][0]',"),
        WIDE.format("", f" {parts[1]}", "", "  'mask[0][0]']"),
        *(WIDE.format("", f" {part}", "", "") for part in parts[2:]),
        blank + WIDE.format(" dense (Dense)", " (None, 43, 1)", " 769", " ['tf_bert_model[0][0]']") + blank,
    ]
    return "".join(lines) + "=" * 98 + "\nTotal params: 109,483,009\n"


@pytest.mark.parametrize("collapsed", [False, True])
def test_an_object_in_place_of_a_shape(collapsed: bool) -> None:
    text = wrapped_structure()
    if collapsed:
        text = "\n".join(" ".join(line.split()) for line in text.splitlines())
    found = table(text)
    assert [row.name for row in found.rows] == ["ids", "tf_bert_model", "dense"]
    bert = found.rows[1]
    assert (bert.shapes, bert.shapes_cut) == (((None, 43, 768), (None, 768)), False)
    assert (bert.keys, bert.params) == (("last_hidden_state", "pooler_output"), 109482240)
    assert bert.connections == (Connection("ids"), Connection("mask"))
    assert not bert.fault and not found.faults


def test_an_object_of_which_parts_are_missing() -> None:
    bert = "tf_bert_model (TFBertModel) TFBaseModelOutput…(last_hidden_state=(None, 128, 768), …) 109482240 ids[0][0]"
    [_, part, _] = table(f"{ROW}\n{bert}\n{ROW}").rows
    assert (part.shapes, part.shapes_cut, part.params) == (((None, 128, 768),), True, 109482240)
    none = row("tf_bert_model (TFBertModel) TFBaseModelOutputWi 109482240 ids[0][0]")
    assert (none.shapes, none.shape_text, none.params) == (None, "TFBaseModelOutputWi", 109482240)
    assert none.fault and none.fault.code == "unreadable-shape"
    assert read_shape("Output(a=(None, 3), b=oops)").shapes is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("LSTM (None, 10, 128) 91648", ""),
        ("and then LSTM (None, 10, 128) 91648", ""),
        ("lstm_1 LSTM (None, 10, 128) 91648", "lstm_1"),
        ("see lstm_1 LSTM (None, 10, 128) 91648", "lstm_1"),
        ("lstm_1   LSTM   (None, 10, 128)   91648", "lstm_1"),
        (HEAD + line("LSTM", "(None, 10, 128)", "91648"), ""),
    ],
)
def test_a_class_without_parentheses(text: str, name: str) -> None:
    found = row(text)
    assert (found.name, found.class_name, found.class_cut) == (name, "LSTM", False)
    assert (found.shapes, found.params, found.fault) == (((None, 10, 128),), 91648, None)


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
@pytest.mark.parametrize("head", ["", "Layer (type)\nOutput Shape\nParam #\n"])
def test_one_cell_per_line(head: str, gap: str) -> None:
    cells = ["lstm_1 (LSTM)", "(None, 10, 128)", "91648", "dense (Dense)", "(None, 1)", "129"]
    lstm, dense = table((head + "\n".join(cells)).replace("\n", gap)).rows
    assert (lstm.name, lstm.shapes, lstm.params, lstm.fault) == ("lstm_1", ((None, 10, 128),), 91648, None)
    assert (dense.name, dense.params, [text for text in dense.lines if text]) == ("dense", 129, cells[3:])
    assert lstm.line == 1 + len(gap) * head.count("\n")


@pytest.mark.parametrize(
    ("shape", "because"),
    [("(-1, 10, 128)", "no size is negative"), (f"(None, 10, {'9' * 30})", "no size is as large as that")],
)
def test_a_shape_that_none_can_have(shape: str, because: str) -> None:
    found = row(f"lstm_1 (LSTM) {shape} 91648")
    assert (found.name, found.class_name, found.shapes, found.params) == ("lstm_1", "LSTM", None, 91648)
    assert found.fault and (found.fault.code, found.fault.because) == ("unreadable-shape", because)


def test_a_layer_with_a_count_alone_is_a_row() -> None:
    found = row("lstm_1 (LSTM) 91648")
    assert (found.params, found.fault and found.fault.code) == (91648, "cut-row")


def test_faults_say_where_they_stand() -> None:
    text = HEAD + line("lstm_1 (LSTM)", "(None, 10, 128)", "1.650") + "what is this?\nTotal params: 1.2M\n"
    [found] = read_tables(text, "notes.txt")
    assert str(found.rows[0].fault and found.rows[0].fault.where) == "notes.txt:3"
    assert {str(fault.where) for fault in found.faults} == {"notes.txt:4", "notes.txt:5"}


def test_a_class_that_is_missing_is_told_from_one_that_never_was() -> None:
    [cut] = table("Layer (type) Output Shape Param #\ntimedistributeddens (None, 3) 48\n").rows
    [never] = table("Layer Output Shape Param #\ntimedistributeddens (None, 3) 48\n").rows
    assert (cut.class_name, cut.name_cut, cut.class_cut) == ("", True, True)
    assert (never.class_name, never.name_cut, never.class_cut) == ("", False, False)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("> >  lstm (LSTM)", "  lstm (LSTM)"),
        ("INFO:root:lstm (LSTM)", "lstm (LSTM)"),
        ("info (Dense)   (None, 1)", "info (Dense)   (None, 1)"),
        ("[INFO]    0]']", "    0]']"),
        ('    "lstm (LSTM)', "lstm (LSTM)"),
        ("2024-01-01 12:00:00.1 | INFO     | app:<module>:3 - | lstm (LSTM)", " | lstm (LSTM)"),
        ("&amp;lt;b&amp;gt;&amp;#x27;", "'"),
        ("x\u00a0\u200by", "x y"),
    ],
)
def test_cleaning(raw: str, text: str) -> None:
    assert clean_line(raw) == text


FOREIGN = {
    "pytorch-print": """
Net(
  (lstm): LSTM(50, 128, batch_first=True)
  (fc): Linear(in_features=128, out_features=1)
)
""",
    "torchinfo-table": """
============================================================
Layer (type:depth-idx)        Output Shape        Param #
============================================================
Net                           [32, 1]             --
├─LSTM: 1-1                   [32, 10, 128]       92,160
============================================================
Total params: 92,160
Trainable params: 92,160
Non-trainable params: 0
Total mult-adds (M): 29.49
""",
    "torchsummary-table": """
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1            [-1, 6, 28, 28]             156
            Linear-2                   [-1, 10]             850
================================================================
Total params: 1,006
Trainable params: 1,006
Non-trainable params: 0
Forward/backward pass size (MB): 0.04
""",
    "flax-table": """
                  Net Summary
┏━━━━━━┳━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━┓
┃ path ┃ module ┃ inputs       ┃ outputs      ┃ params ┃
┡━━━━━━╇━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━┩
│      │ Net    │ float32[1,4] │ float32[1,2] │        │
└──────┴────────┴──────────────┴──────────────┴────────┘
""",
    "lightning-table": """
  | Name | Type | Params | Mode
---------------------------------
0 | lstm | LSTM | 91.6 K | train
""",
}


@pytest.mark.parametrize("code", FOREIGN)
def test_what_others_print_is_named(code: str) -> None:
    assert codes(FOREIGN[code]) == [code]
    assert looks_like_summary(FOREIGN[code])


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty-file"), (" \n\t\n", "empty-file"), ("Hello (World) 12", "no-summary"), ("\x00\x01\x02", "no-summary"),
     ("lstm_1 (LSTM)", "no-summary"), ("Total params: 12", "no-summary"), ("(None, 10, 128)", "no-summary")],
)  # fmt: skip
def test_no_summary(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_summaries_are_told_from_models_in_other_forms() -> None:
    for text in genuine()[::9]:
        assert looks_like_summary(text.text), text
        commented = "\n".join(f"# {line}" for line in text.text.splitlines())
        assert looks_like_summary(commented) and not looks_like_summary(f"import keras\n{commented}"), text
    others = [*ROOT.glob("specs/*.yaml"), *ROOT.glob("tests/models/*.py.txt"), *ROOT.glob("tests/models/*.json")]
    assert len(others) > 20
    for path in others:
        assert not looks_like_summary(path.read_text(encoding="utf-8")), path


def _many(size: int) -> dict[str, Callable[[], str]]:
    single = " ".join(line("lstm_1 (LSTM)", "(None, 10, 128)", "91648").split())
    return {
        "a table": lambda: HEAD + line("lstm_1 (LSTM)", "(None, 10, 128)", "91648") * size,
        "rows": lambda: f"{single}\n" * size,
        "one line": lambda: "Layer (type) Output Shape Param # " + f"{single} " * size,
        "boxes": lambda: "┃ Layer (type) ┃ Output Shape ┃ Param # ┃\n" + "│ a │ (None, 2) │ 5 │\n│ (B) │ │ │\n" * size,
        "prose": lambda: (
            "The quick brown fox (jumps, over) the lazy dog: 12 times, [1] and so on; multiple 12?\n" * size
        ),
        "headers": lambda: ('Model: "x"\nprose (a) 1\n' + HEAD) * (size // 4),
        "open shapes": lambda: "(None, " * size,
        "open rows": lambda: "lstm (LSTM) [(None, 3), 4\n" + "(None, 3),\n" * size,
        "connections": lambda: "lstm (LSTM) (None, 3) 4 " + "a[0][0] " * size,
        "lists": lambda: HEAD + line("lstm (LSTM)", "(None, 3)", "4") + "['a[0][0]',\n" * size,
        "brackets": lambda: "(" * size * 10,
        "objects": lambda: "a (Bert) Out(b=(None, 3), " * size,
        "cells in lines": lambda: "lstm_1 (LSTM)\n\n(None, 3)\n" * size + "lstm_1 (LSTM)" + "\n" * size,
        "backslashes": lambda: "\\" * size * 10,
        "dots": lambda: "... " * size * 3 + "x",
        "blank lines": lambda: "\n" * size * 10 + "x",
        "bars": lambda: "| " * size * 10 + "x",
    }


@pytest.mark.long
@pytest.mark.parametrize("name", _many(0))
def test_time_grows_with_the_text(name: str) -> None:
    def seconds(size: int) -> float:
        text = _many(size)[name]()
        begin = time.perf_counter()
        with contextlib.suppress(SpecError):
            read_tables(text)
        looks_like_summary(text)
        return time.perf_counter() - begin

    small = min(seconds(300) for _ in range(3))
    assert seconds(3000) < 30 * small + 0.5


def test_lines_keep_their_numbers_and_their_looks() -> None:
    text = "\r\n".join(["Look:", "", "> " + ROW, "", "> dense (Dense) (None, 10, 1) 129"])
    found = table(text)
    assert [(row.line, row.lines) for row in found.rows] == [
        (3, ("> " + ROW,)),
        (5, ("> dense (Dense) (None, 10, 1) 129",)),
    ]


def test_one_line_gives_each_row_its_own_part() -> None:
    found = table(re.sub(r"\s+", " ", HEAD + line("a (LSTM)", "(None, 3)", "48") + line("b (Dense)", "(None, 1)", "4")))
    assert [row.lines for row in found.rows] == [("a (LSTM) (None, 3) 48",), ("b (Dense) (None, 1) 4",)]
