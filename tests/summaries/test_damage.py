"""The corpus of genuine summaries shows its truth, and every damage leaves what it says it leaves."""

from __future__ import annotations

import html
import re
from collections import Counter

import pytest
from damage import DAMAGES, damaged, together
from genuine import Genuine, Score, genuine, misses, rows_read_exactly
from genuine_layout import layout, plain
from genuine_misses import row_misses
from genuine_wanted import Piece, Wanted, WantedRow

from lstmcalc.summary_text.printed import Connection, Cut, PrintedRow, PrintedTable, PrintedTotals

BY_NAME = {str(text): text for text in genuine()}


def read_perfectly(want: Wanted) -> PrintedTable:
    """What a reader gives that reads everything that is wanted, and nothing else."""
    return PrintedTable(
        line=1,
        name=want.name,
        rows=tuple(map(row_read_perfectly, want.rows)),
        totals=PrintedTotals(**want.totals),
        style=want.style or "",
        elided=want.elided,
        cut_start=bool(want.cut_start),
        cut_end=bool(want.cut_end),
        input_shapes=want.input_shapes,
    )


def row_read_perfectly(want: WantedRow) -> PrintedRow:
    shapes = want.shapes and tuple(
        tuple(part.size if part.shown is None else Cut(part.shown) for part in shape) for shape in want.shapes
    )
    connections = want.connections and tuple(
        Connection(name.text, node or 0, tensor or 0, name.cut or node is None or tensor is None)
        for name, node, tensor in want.connections
    )
    return PrintedRow(
        line=want.line,
        lines=("",),
        name=want.name.text,
        class_name=want.class_name.text,
        name_cut=want.name.cut,
        class_cut=want.class_name.cut,
        shapes=shapes,
        shape_text=want.shape_text.text,
        shapes_cut=want.shapes_cut,
        keys=want.keys,
        params=want.params,
        params_text=want.params_text.text,
        built=want.built is not False,
        connections=connections,
        connections_cut=want.connections_cut,
        trainable=want.trainable,
        level=want.level,
    )


def sample(step: int) -> list[Genuine]:
    return list(genuine()[::step])


def test_the_corpus_is_whole() -> None:
    assert len(genuine()) == len(BY_NAME) == 1508
    assert sum(len(text.tables[0].rows) for text in genuine()) == 7373


@pytest.mark.parametrize("version", sorted({text.version for text in genuine()}))
def test_every_text_shows_its_truth(version: str) -> None:
    for text in genuine():
        if text.version == version:
            (want,) = text.tables
            assert misses([read_perfectly(want)], text) == []
            assert rows_read_exactly([read_perfectly(want)], text) == Score(len(want.rows), len(want.rows))
            assert want.totals or text.variant.endswith("clipped")
            for row in want.rows:
                assert row.name.text[:3] in plain(text.text).split("\n")[row.line - 1]


def test_the_corpus_has_every_layout() -> None:
    """What makes summaries hard to read is in it, so that a reader is held against it."""
    found: Counter[str] = Counter()
    for text in genuine():
        for want in text.tables:
            found[want.style or ""] += 1
            found["ascii"] += "+--" in text.text
            found["colours"] += "\x1b[" in text.text
            found["html"] += "<pre" in text.text
            found["optimizer"] += "optimizer_params" in want.totals
            for row in want.rows:
                found[row.shape_text.text] += row.shapes is None
                found["name cut"] += row.name.cut
                found["class cut"] += row.class_name.cut
                found["shape cut"] += row.shapes_cut
                found["connections cut"] += row.connections_cut
                found["params cut"] += row.params_text.cut
                found["several connections"] += len(row.connections or ()) > 2
                found["several shapes"] += len(row.shapes or ()) > 2
                found["keys"] += bool(row.keys)
                found["scalar"] += row.shapes == ((),)
                found["unbuilt"] += row.built is False
                found["unused"] += "unused" in row.params_text.text
                found["frozen"] += row.trainable is False
                found[f"level {row.level}"] += 1
    missing = [
        what
        for what in (
            *(
                "boxes",
                "blank lines",
                "underscores",
                "dashes",
                "ascii",
                "colours",
                "html",
                "optimizer",
                "multiple",
                "?",
            ),
            *("name cut", "class cut", "shape cut", "connections cut", "params cut", "several connections", "frozen"),
            *("several shapes", "keys", "scalar", "unbuilt", "unused", "level 1", "level 2"),
        )
        if not found[what]
    ]
    assert missing == []


def test_a_cell_that_the_print_cut_is_wanted_as_cut() -> None:
    _, lstm, dense = BY_NAME["keras-1.2.2/char_rnn.ll60"].tables[0].rows
    assert row_read_perfectly(lstm).shapes == ((64, 100, Cut("102")),)
    assert (lstm.params, lstm.params_text) == (None, Piece("524697", True))
    assert (dense.name, dense.class_name) == (Piece("timedistributedden", True), Piece("", True))
    _, lstm, _ = BY_NAME["keras-1.0.8/char_rnn.ll60"].tables[0].rows
    assert row_read_perfectly(lstm).shapes == ((64, 100, Cut("1024")),)
    assert lstm.params == 5_246_976


def test_a_word_cut_in_a_box_is_wanted_as_cut_and_the_next_one_whole() -> None:
    row = next(row for row in BY_NAME["keras-3.15.1/long_names.cols60"].tables[0].rows if row.connections)
    assert (row.name, row.class_name) == (Piece("the_bidirect", True), Piece("Bidirection", True))
    assert row.connections == ((Piece("a_rather_lo", True), None, None),)
    row = BY_NAME["keras-3.15.1/encoder_decoder.positions_connected"].tables[0].rows[2]
    assert (row.params, row.params_text) == (None, Piece("1,4", True))


MUTATIONS = {
    "name": lambda row: row._replace(name=row.name + "x"),
    "class_name": lambda row: row._replace(class_name="Dens", class_cut=False),
    "shapes": lambda row: row._replace(shapes=(*row.shapes, (None, 1))),
    "params": lambda row: row._replace(params=(row.params or 0) + 1),
    "level": lambda row: row._replace(level=row.level + 1),
    "line": lambda row: row._replace(line=row.line + 1),
    "trainable": lambda row: row._replace(trainable=not row.trainable),
    "connections": lambda row: row._replace(connections=((*(row.connections or ()), Connection("x")))),
}


@pytest.mark.parametrize("field", MUTATIONS)
def test_what_is_read_wrongly_is_a_miss(field: str) -> None:
    text = BY_NAME["tf_keras-2.21.0/transformer.show_trainable"]
    table = read_perfectly(text.tables[0])
    rows = [MUTATIONS[field](row) if number == 3 else row for number, row in enumerate(table.rows)]
    found = misses([table._replace(rows=tuple(rows))], text)
    assert [miss.row for miss in found] == [3]
    assert found[0].what.startswith(field)
    assert rows_read_exactly([table._replace(rows=tuple(rows))], text) == Score(len(rows) - 1, len(rows))


def test_a_cut_size_taken_for_whole_is_a_miss() -> None:
    text = BY_NAME["keras-1.2.2/char_rnn.ll60"]
    want = text.tables[0].rows[1]
    right = row_read_perfectly(want)
    assert not list(row_misses(right, want))
    assert not list(row_misses(right._replace(shapes_cut=False), want))
    for shapes in (((64, 100, 102),), ((64, 100, 1024),), ((64, 100),), ((64, Cut("100"), Cut("102")),), None):
        assert list(row_misses(right._replace(shapes=shapes), want)), shapes
    for params in (524_697, 5_246_976):
        assert list(row_misses(right._replace(params=params), want)), params


def test_a_size_behind_a_cut_may_be_left_out_or_be_any() -> None:
    text = BY_NAME["keras-2.3.1/cells_state.ll60"]
    want = next(row for row in text.tables[0].rows if row.shapes_cut)
    right = row_read_perfectly(want)
    assert right.shapes is not None
    assert not list(row_misses(right, want))
    assert not list(row_misses(right._replace(shapes=right.shapes[:2]), want))
    assert list(row_misses(right._replace(shapes=right.shapes[:1]), want))
    assert list(row_misses(right._replace(shapes=right.shapes[:2], shapes_cut=False), want))


def test_what_is_not_cut_is_no_cut_name_and_the_other_way_round() -> None:
    lstm, dense = BY_NAME["keras-1.2.2/char_rnn.ll60"].tables[0].rows[1:]
    assert list(row_misses(row_read_perfectly(dense)._replace(name_cut=False), dense))
    assert list(row_misses(row_read_perfectly(lstm)._replace(name_cut=True), lstm))


def test_the_names_of_shapes_count() -> None:
    want = next(row for row in BY_NAME["keras-3.15.1/dict_subclassed"].tables[0].rows if row.keys)
    assert want.keys == ("mean", "all_values")
    assert list(row_misses(row_read_perfectly(want)._replace(keys=("mean",)), want))


def test_a_list_that_does_not_end_may_go_on() -> None:
    row = next(row for row in BY_NAME["tf-2.3.4/operators.ll60"].tables[0].rows if row.shape_text.text == "(None,4,1)")
    assert row.shapes_cut
    assert row_read_perfectly(row).shapes == ((None, 4, 1),)


def test_a_row_too_many_and_one_too_few_are_misses() -> None:
    text = BY_NAME["keras-3.15.1/transformer"]
    table = read_perfectly(text.tables[0])
    rows = len(table.rows)
    fewer = table._replace(rows=table.rows[:4] + table.rows[5:])
    assert rows_read_exactly([fewer], text) == Score(rows - 1, rows)
    more = table._replace(rows=(*table.rows[:4], table.rows[4]._replace(name="prose"), *table.rows[4:]))
    assert rows_read_exactly([more], text) == Score(rows, rows + 1)
    assert rows_read_exactly([], text) == Score(0, rows)
    assert rows_read_exactly([table, table], text) == Score(rows, 2 * rows)
    assert [miss.what for miss in misses([table._replace(elided=(2,))], text)] == ["elided (2,), wanted ()"]
    other = table._replace(name="other", totals=PrintedTotals(1), style="dashes", cut_end=True)
    assert [miss.what.split()[0] for miss in misses([other], text)] == [
        *("name", "style", "totals.params", "totals.trainable_params", "totals.non_trainable_params", "cut_end")
    ]


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_leaves_what_it_says(damage: str) -> None:
    changed = 0
    for text in sample(23):
        case = damaged(text, damage)
        assert damaged(text, damage).text == case.text
        changed += case.text != text.text
        (want,) = case.tables
        lines = re.split(r"\r?\n", case.text)
        for row in want.rows:
            assert row.name.text[:3] in readable(lines[row.line - 1])
        printed = re.sub(r"[\s>#/]+", " ", readable(case.text)).replace(",", "")
        assert all(re.search(rf"\b{number}(?!\d)", printed) for number in want.totals.values())
        assert not want.name or f'Model: "{want.name}"' in printed
        assert rows_read_exactly([read_perfectly(want)], case) == Score(len(want.rows), len(want.rows))
    assert changed


def readable(text: str) -> str:
    """A damaged text without colours and HTML, however they are written."""
    text = re.sub(r"(\x1b|\\u001b|\\x1b)\[[0-9;]*m", "", text)
    return re.sub(r"<[^>]*>", "", html.unescape(text) if "&" in text else text)


def test_the_kinds_of_damage_do_what_they_are_called() -> None:
    text = BY_NAME["tf-2.15.1/surname"]
    assert damaged(text, "single spaces").text.split("\n")[4] == " dense (Dense) (None, 20, 100) 5800 "
    assert damaged(text, "tabs for wide blanks").text.split("\n")[4] == " dense (Dense)\t(None, 20, 100)\t5800\t"
    assert damaged(text, "Markdown").text.split("\n")[3] == "| dense (Dense) | (None, 20, 100) | 5800 |"
    assert damaged(text, "quoted twice").text.split("\n")[4].startswith((">>  dense", "> >  dense"))
    assert (
        damaged(text, "separators").text.split("\n")[4]
        == " dense (Dense)               (None, 20, 100)           5,800     "
    )
    assert damaged(text, "numbers with .0").text.split("\n")[4].split()[-1] == "5800.0"
    assert damaged(text, "colours as text").text.startswith('\\u001b[1mModel: "sequential"\\u001b[0m')
    assert damaged(text, "HTML-escaped").text.startswith("Model: &quot;sequential&quot;")
    assert damaged(text, "one line").text.count("\n") == 0
    assert "\r\n" in damaged(text, "CRLF").text
    assert "_____" not in damaged(text, "no rules").text
    assert "" not in [line.strip() for line in damaged(text, "no blank lines").text.rstrip().split("\n")]
    (want,) = damaged(text, "start and end missing").tables
    assert 0 < len(want.rows) < len(text.tables[0].rows)
    assert (want.name, want.totals, want.cut_start, want.cut_end) == ("", {}, True, True)
    (want,) = damaged(text, "elided by dots").tables
    assert len(want.rows) + 1 <= len(text.tables[0].rows)
    assert 0 < want.elided[0] < len(want.rows)
    (want,) = damaged(text, "one row in a line").tables
    assert [row.line for row in want.rows] == [1]


def test_what_columns_alone_told_is_not_demanded_without_them() -> None:
    text = BY_NAME["keras-1.0.8/char_rnn.ll60"]
    assert "shapes" not in text.tables[0].rows[1].optional
    assert "shapes" in damaged(text, "single spaces").tables[0].rows[1].optional
    assert "shapes" not in damaged(text, "quoted").tables[0].rows[1].optional
    text = BY_NAME["keras-1.2.2/char_rnn.ll60"]
    want = damaged(text, "single spaces").tables[0].rows[1]
    assert not list(row_misses(row_read_perfectly(want)._replace(params=524_697), want))
    assert list(row_misses(row_read_perfectly(want)._replace(params=52_469), want))


def test_a_number_behind_an_open_shape_may_be_either() -> None:
    text = BY_NAME["keras-2.3.1/encoder_decoder.ll60"]
    (want,) = damaged(text, "single spaces").tables
    assert [row.shape_text.text[-1] for row in want.rows if "params" in row.optional] == [",", ",", ",", ","]
    assert "params" not in want.rows[2].optional


def test_a_row_without_a_class_and_a_header_need_not_be_seen() -> None:
    text = BY_NAME["keras-2.3.1/long_names.ll60"]
    case = damaged(text, "no header")
    assert rows_read_exactly([], case) == Score(4, 4)
    assert rows_read_exactly([], damaged(text, "quoted")) == Score(0, 4)


def test_two_texts_in_one() -> None:
    first, second = BY_NAME["keras-2.3.1/surname"], BY_NAME["keras-3.15.1/surname"]
    case = together(first, second)
    assert len(case.tables) == 2
    for want in case.tables:
        for row in want.rows:
            assert row.name.text in case.text.split("\n")[row.line - 1]


def test_rows_and_cells_are_found_in_every_layout() -> None:
    found = layout(BY_NAME["tf_keras-2.21.0/nested_twice.expand_nested"].text)
    assert found.cells(5) == {"layer": ["inner_lstm (LSTM)"], "shape": ["(None, 4)"], "params": ["128"]}
    found = layout(BY_NAME["tf-2.8.4/nested_functional.expand_nested_ll50"].text)
    assert found.cells(2)["shape"] == ["[(None, 1", "2)]"]
    found = layout(BY_NAME["keras-0.3.3/lstm128"].text)
    assert found.cells(1) == {"layer": ["LSTM (lstm)"], "shape": ["(None, 10, 128)"], "params": ["91648"]}
    found = layout(BY_NAME["keras-3.15.1/shared_twice.html"].text)
    assert found.cells(4)["connections"] == ["shared_dense[0][…", "shared_dense[1][…"]
