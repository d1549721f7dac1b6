"""What happens to a summary on its way into a paste, and what of it a careful reader still finds there.

`DAMAGES` maps a name to what it does to a genuine text; the same text is always damaged in the same way. `damaged`
gives the text with the tables that are left in it, ready to be held against what a reader makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from damage_kinds import (
    around,
    before,
    colours,
    elided,
    headed,
    html_entities,
    html_escaped,
    html_spans,
    lone_row,
    lone_row_in_a_line,
    markdown,
    newlines,
    numbers,
    one_line,
    spaced,
    spaces,
    stripped,
    truncated,
    without,
)
from damage_state import FIELDS, Change, Damaged, Left, State, begin, end
from genuine import Genuine
from genuine_wanted import Wanted, WantedRow


@dataclass(frozen=True)
class Case:
    """A text and the tables that a careful reader finds in it."""

    name: str
    text: str
    tables: tuple[Wanted, ...] = field(repr=False)

    def __str__(self) -> str:
        return self.name


def damaged(text: Genuine, damage: str) -> Case:
    """A genuine text after one kind of damage, with the tables that are left in it."""
    left = DAMAGES[damage](text.text)
    return Case(f"{text} {damage}", left.text, (_wanted(text.tables[0], left),))


def together(first: Genuine, second: Genuine, between: str = "\n\nAnd the other one:\n\n") -> Case:
    """Two genuine texts in one."""
    table = second.tables[0]
    lines = (first.text + between).count("\n")
    moved = replace(table, rows=tuple(replace(row, line=row.line + lines) for row in table.rows))
    return Case(f"{first} and {second}", first.text + between + second.text, (first.tables[0], moved))


def _wanted(table: Wanted, left: Damaged) -> Wanted:
    return Wanted(
        rows=tuple(_row(table.rows[row.row], row) for row in left.rows),
        name=table.name if left.title else "",
        style=table.style if left.styled else None,
        totals={key: value for key, value in table.totals.items() if key in left.totals},
        elided=left.elided,
        cut_start=left.start,
        cut_end=left.end,
        input_shapes=table.input_shapes if left.input_shapes else (),
    )


def _row(row: WantedRow, left: Left) -> WantedRow:
    optional = row.optional | left.optional
    if "columns" in left.optional:
        optional |= _untold(row)
    if "no header" in left.optional:
        optional |= {"row"} if not row.class_name.text else set()
        optional |= {"connections"} if not any(node is not None for _, node, _ in row.connections or ()) else set()
    return replace(row, line=left.line, optional=optional)


def _untold(row: WantedRow) -> frozenset[str]:
    """What nothing tells of a row whose columns are lost: where one cell ends, what was cut, what comes next."""
    if "touching" in row.optional:
        return FIELDS | {"params"}
    optional = {"connections"} if row.connections_cut else set()
    shape = row.shape_text.text
    if row.shape_text.cut and shape.endswith((",", "(")) and ")" not in shape[shape.rfind("(") :]:
        optional |= {"shapes", "params"}  # what follows may be the next size or the number of params
    return frozenset(optional)


def _both(*names: str) -> Change:
    def change(state: State) -> State:
        for name in names:
            state = _CHANGES[name](state)
        return state

    return change


_QUESTION = """I am learning Keras 2 and my network (an encoder with 3 layers) prints this:
"""
_ANSWER = """
Why does the first layer have so many parameters? I expected 4 * (100 + 1) = 404, on Python 3.7.
Thanks (and sorry for my English)!"""
_FENCE = """Here is the summary of `model` (see the [docs](https://keras.io/api/)):

```text"""
_FENCE_END = """```

The loss is 0.6931 after 10 epochs."""

_CHANGES: dict[str, Change] = {
    "single spaces": spaces(" +", " "),
    "tabs for wide blanks": spaces(" {2,}", "\t"),
    "tabs": spaces(" +", "\t"),
    "stripped": stripped,
    "no blanks at line ends": lambda state: state.each(lambda item: item.text.rstrip()),
    "indented": before("    "),
    "no rules": without("rule"),
    "no blank lines": without("blank"),
    "no rules, no blank lines": without("rule", "blank"),
    "no header": without("head"),
    "no header, no rules": without("head", "rule"),
    "blank line behind every line": spaced,
    "quoted": before("> "),
    "quoted twice": before("> > ", ">> "),
    "commented": before("# "),
    "commented with slashes": before("// "),
    "timestamps": before("2024-05-01 12:34:59 ", "12:34:59 ", "[2023-11-30T08:00:59.123Z] "),
    "log levels": before("INFO: ", "[INFO] ", "INFO:root:", "DEBUG "),
    "timestamps and log levels": before("2024-05-01 12:34:59,123 - train - INFO - ", "[2024-05-01 12:34:59] [INFO] "),
    "colours": colours("\x1b"),
    "colours as text": colours("\\u001b"),
    "colours as hexadecimal text": colours("\\x1b"),
    "HTML-escaped": html_escaped,
    "HTML entities": html_entities,
    "HTML spans": html_spans,
    "Markdown": markdown,
    "fenced": around(_FENCE, _FENCE_END),
    "prose around": around(_QUESTION, _ANSWER),
    "one row alone": lone_row,
    "one row in a line": lone_row_in_a_line,
    "one line": one_line,
    "start missing": truncated(True, False),
    "end missing": truncated(False, True),
    "start and end missing": truncated(True, True),
    "elided by dots": elided("..."),
    "elided by an ellipsis": elided(" …"),
    "no separators": numbers(lambda number: number.replace(",", "")),
    "separators": numbers(lambda number: f"{int(number.replace(',', '')):,}"),
    "numbers with .0": numbers(lambda number: f"{number.replace(',', '')}.0"),
    "header with Params": headed(**{"Param_#": "Params"}),
    "header with Parameter #": headed(**{"Param_#": "Parameter #", "Layer_(type)": "Layer", "Output_Shape": "Output"}),
    "header with Parameters": headed(
        **{"Param_#": "# Params", "Layer_(type)": "Layer name (type)", "Output_Shape": "Shape"}
    ),
    "non-breaking spaces": lambda state: state.each(lambda item: item.text.replace(" ", "\xa0")),
    "CRLF": newlines,
}
_CHANGES |= {
    " + ".join(names): _both(*names)
    for names in (
        ("single spaces", "quoted"),
        ("single spaces", "commented"),
        ("single spaces", "no rules, no blank lines"),
        ("stripped", "no rules, no blank lines"),
        ("stripped", "blank line behind every line"),
        ("tabs for wide blanks", "timestamps and log levels"),
        ("no rules", "timestamps"),
        ("no rules, no blank lines", "start and end missing"),
        ("start and end missing", "quoted"),
        ("end missing", "commented"),
        ("start missing", "single spaces"),
        ("start missing", "CRLF"),
        ("no separators", "single spaces"),
        ("colours as text", "quoted"),
        ("colours", "timestamps"),
        ("HTML-escaped", "quoted"),
        ("Markdown", "quoted"),
        ("Markdown", "start missing"),
        ("non-breaking spaces", "CRLF"),
        ("non-breaking spaces", "prose around"),
        ("single spaces", "prose around"),
        ("one row in a line", "quoted"),
        ("one row in a line", "commented"),
        ("one line", "quoted"),
        ("elided by dots", "single spaces"),
        ("fenced", "CRLF"),
    )
}


def _kind(change: Change) -> Callable[[str], Damaged]:
    return lambda text: end(change(begin(text)))


DAMAGES: dict[str, Callable[[str], Damaged]] = {name: _kind(change) for name, change in _CHANGES.items()}
