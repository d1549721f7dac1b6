"""What happens to a summary on its way into a paste, and what of it a careful reader still finds there.

`DAMAGES` maps a name to what it does to a genuine text; the same text is always damaged in the same way. `damaged`
gives the text with the tables that are left in it, ready to be held against what a reader makes of it.
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from genuine import Genuine
from genuine_layout import TOTALS, Layout, layout, plain
from genuine_wanted import Wanted, WantedRow

#: Whether the table's columns still stand below each other; are lost; or are lost while every cell is set apart.
INTACT, LOST, APART = "intact", "lost", "apart"
_FIELDS = frozenset(("name", "class_name", "shapes", "keys", "connections"))


@dataclass(frozen=True)
class Item:
    """One line of a text, its role in the genuine one, and the row that it belongs to; `joined` are lines put in it."""

    text: str
    role: str
    row: int | None = None
    joined: tuple[Item, ...] = ()


@dataclass(frozen=True)
class State:
    """A text while damage is done to it; several kinds of damage can follow each other."""

    source: str
    items: tuple[Item, ...]
    columns: str = INTACT
    styled: bool = True
    header: bool = True
    start: bool | None = False
    end: bool | None = False
    elided: tuple[int, ...] = ()
    newline: str = "\n"

    @property
    def random(self) -> Random:
        return Random(zlib.crc32(self.source.encode()))

    def each(self, change: Callable[[Item], str]) -> State:
        """The same with every line's text changed."""
        return replace(self, items=tuple(replace(item, text=change(item)) for item in self.items))

    def without(self, *roles: str) -> State:
        """The same without the lines that have these roles."""
        return replace(self, items=tuple(item for item in self.items if item.role not in roles))


Change = Callable[[State], State]


@dataclass(frozen=True)
class Left:
    """A row that is left: which one of the genuine text, on which line, and what of it cannot be demanded any more."""

    row: int
    line: int
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Damaged:
    """A damaged text and what is left of the genuine one; `start`, `end`: whether the table begins, ends cut off."""

    text: str
    rows: tuple[Left, ...]
    title: bool = True
    styled: bool = True
    totals: frozenset[str] = frozenset()
    input_shapes: bool = True
    start: bool | None = False
    end: bool | None = False
    elided: tuple[int, ...] = ()


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
        return _FIELDS | {"params"}
    optional = {"connections"} if row.connections_cut else set()
    shape = row.shape_text.text
    if row.shape_text.cut and shape.endswith((",", "(")) and ")" not in shape[shape.rfind("(") :]:
        optional |= {"shapes", "params"}  # what follows may be the next size or the number of params
    return frozenset(optional)


def _begin(text: str) -> State:
    raw = text.split("\n")
    lines = layout(text).lines
    return State(text, tuple(Item(own, line.role, line.row) for own, line in zip(raw, lines, strict=True)))


def _bare(state: State) -> State:
    """The same without colours and a notebook's HTML: where these are lost together with what is done next."""
    texts = plain("\n".join(item.text for item in state.items)).split("\n")
    return replace(state, items=tuple(replace(item, text=text) for item, text in zip(state.items, texts, strict=True)))


def _end(state: State) -> Damaged:
    found = layout(state.source)
    lines: dict[int, int] = {}
    totals: set[str] = set()
    roles: set[str] = set()
    above = False
    number = 1
    for line in state.items:
        for item in line.joined or (line,):
            if item.row is not None:
                lines.setdefault(item.row, number)
            text = " ".join(plain(item.text).split())
            totals |= {key for label, key in TOTALS.items() if item.role == "total" and f"{label} params" in text}
            roles.add(item.role)
            above = above or "Initial input shape" in text
        number += 1 + line.text.count("\n")
    return Damaged(
        text=state.newline.join(item.text.replace("\n", state.newline) for item in state.items),
        rows=tuple(Left(row, line, _optional(state, found, row)) for row, line in sorted(lines.items())),
        title="title" in roles,
        styled=state.styled,
        totals=frozenset(totals),
        input_shapes=above,
        start=state.start,
        end=state.end,
        elided=state.elided,
    )


def _optional(state: State, found: Layout, row: int) -> frozenset[str]:
    """What cannot be demanded of a row: what only its place in the line, or the header, would tell."""
    optional: set[str] = set()
    if not state.header:
        optional |= {"trainable", "no header"} | ({"swapped"} if found.style == "dashes" else set())
    if state.columns == APART or state.items[0].joined or (state.columns == LOST and found.boxed):
        optional |= {"level"}
    if found.boxed:
        return frozenset(optional)
    if state.columns != INTACT or not state.header:
        optional |= {"name end"}
        if "params" in found.columns and not found.ends(row, "params"):
            optional |= {"params", "as shown"}
        if state.columns != APART:
            optional |= {"columns"}
    if state.columns == LOST and found.style == "blank lines":
        continued = {column for column, pieces in found.cells(row).items() if len(pieces) > 1}
        if len(continued) > 1 or "params" in continued:
            optional |= _FIELDS | (continued & {"params"})
    return frozenset(optional)


def _spaces(pattern: str, by: str) -> Change:
    """Puts `by` in place of white space."""

    def change(state: State) -> State:
        changed = _bare(state).each(lambda item: re.sub(pattern, by, item.text))
        return replace(changed, columns=LOST, styled=False)

    return change


def _stripped(state: State) -> State:
    boxed = layout(state.source).boxed
    changed = state.each(lambda item: item.text.strip())
    return replace(changed, columns=state.columns if boxed else LOST, styled=False)


def _without(*roles: str) -> Change:
    """Leaves out the rules, the blank lines, the header."""

    def change(state: State) -> State:
        left = replace(_bare(state).without(*roles), styled=False)
        return replace(left, header=False, start=None) if "head" in roles else left

    return change


def _before(*prefixes: str) -> Change:
    """Puts something before every line: one and the same text, or what a clock gives."""

    def change(state: State) -> State:
        prefix = state.random.choice(prefixes)
        seconds = iter(range(len(state.items)))
        return state.each(lambda item: prefix.replace("59", f"{next(seconds) // 7 % 60:02}") + item.text)

    return change


def _colours(escape: str) -> Change:
    """Colours numbers and makes the title bold, as a terminal does; `escape` is how the escape is written."""

    def change(state: State) -> State:
        def paint(item: Item) -> str:
            if item.role in ("title", "head"):
                return f"{escape}[1m{item.text}{escape}[0m"
            if item.role not in ("row", "total"):
                return item.text
            return re.sub(
                r"(?<![\w.])(None|\d[\d,]*)(?![\w.])",
                rf"{re.escape(escape)}[38;5;34m\1{re.escape(escape)}[0m",
                item.text,
            )

        return _bare(state).each(paint)

    return change


def _html_escaped(state: State) -> State:
    return _bare(state).each(lambda item: html.escape(item.text))


def _html_entities(state: State) -> State:
    """Everything that is not ASCII as a number, too."""
    return _bare(state).each(lambda item: html.escape(item.text).encode("ascii", "xmlcharrefreplace").decode())


def _html_spans(state: State) -> State:
    """As a notebook keeps it: one block, numbers in spans."""

    def span(item: Item) -> str:
        text = html.escape(item.text, quote=False)
        if item.role not in ("row", "total"):
            return text
        return re.sub(r"(?<![\w.])(None|\d[\d,]*)(?![\w.;])", r'<span style="color: #00af00">\1</span>', text)

    changed = _bare(state).each(span)
    first, *middle = changed.items
    first = replace(first, text='<pre style="white-space:pre;overflow-x:auto">' + first.text)
    return replace(changed, items=(first, *middle, Item("</pre>", "other")))


def _markdown(state: State) -> State:
    """The table rendered anew, a line for every row."""
    found = layout(state.source)
    heads = {"layer": "Layer (type)", "shape": "Output Shape", "params": "Param #"}
    heads |= {"connections": "Connected to", "trainable": "Trainable"}
    if found.style == "dashes":
        heads["layer"] = "Layer (name)"
    items = [item for item in _bare(state).items if item.role == "title"]
    items.append(Item(f"| {' | '.join(heads[column] for column in found.columns)} |", "head"))
    items.append(Item("|" + " --- |" * len(found.columns), "rule"))
    for row in range(len(found.rows)):
        cells = found.cells(row)
        texts = [_joined(cells[column], column, found) for column in found.columns]
        items.append(Item(f"| {' | '.join(texts)} |", "row", row))
    items += [Item("", "blank"), *(item for item in _bare(state).items if item.role == "total")]
    return replace(state, items=tuple(items), columns=APART, styled=False)


def _joined(pieces: list[str], column: str, found: Layout) -> str:
    if found.boxed:
        return " ".join(pieces)
    return ", ".join(pieces) if column == "connections" and found.style == "underscores" else "".join(pieces)


def _around(before: str, after: str) -> Change:
    """Puts prose, or a fence, around the table."""

    def change(state: State) -> State:
        return replace(state, items=(Item(before, "other"), *state.items, Item(after, "other")))

    return change


def _lone_row(state: State) -> State:
    """One row, and nothing else."""
    row = state.random.randrange(len(layout(state.source).rows))
    items = tuple(item for item in state.items if item.row == row)
    return replace(_bare(replace(state, items=items)), styled=False, header=False, start=None, end=None)


def _lone_row_in_a_line(state: State) -> State:
    """One row, its cells in one line: what people write into a question."""
    found = layout(state.source)
    row = state.random.randrange(len(found.rows))
    cells = found.cells(row)
    text = " ".join(_joined(cells[column], column, found) for column in found.columns if cells[column])
    apart = replace(state, items=(Item(text, "row", row),), columns=APART, styled=False, header=False)
    return replace(apart, start=None, end=None)


def _one_line(state: State) -> State:
    state = _bare(state)
    text = re.sub(r"\s+", " ", " ".join(item.text for item in state.items)).strip()
    return replace(state, items=(Item(text, "other", None, state.items),), columns=LOST, styled=False)


def _truncated(start: bool, end: bool) -> Change:
    """Only what stands behind some row, before some row, or between two."""

    def change(state: State) -> State:
        rows = len(layout(state.source).rows)
        random = state.random
        first = random.randint(1, rows - 1) if start and rows > 1 else 0
        last = random.randint(first, rows - 2) if end and rows - 2 >= first else rows - 1
        places = [at for at, item in enumerate(state.items) if item.row is not None and first <= item.row <= last]
        items = state.items[places[0] if start else 0 : places[-1] + 1 if end else len(state.items)]
        cut = replace(state, items=items, styled=False)
        return replace(cut, start=start or cut.start, end=end or cut.end, header=cut.header and not start)

    return change


def _elided(sign: str) -> Change:
    """Rows in the middle left out, with a sign in their place."""

    def change(state: State) -> State:
        rows = len(layout(state.source).rows)
        if rows < 3:
            return state
        first = state.random.randint(1, rows - 2)
        last = state.random.randint(first, rows - 2)
        at = next(at for at, item in enumerate(state.items) if item.row == first)
        behind = next(at for at, item in enumerate(state.items) if item.row == last + 1)
        items = (*state.items[:at], Item(sign, "other"), *state.items[behind:])
        return replace(state, items=items, elided=(first,), styled=False)

    return change


def _numbers(change_number: Callable[[str], str]) -> Change:
    """Writes the numbers of params otherwise."""

    def change(state: State) -> State:
        found = layout(state.source)
        at = found.columns.index("params") if "params" in found.columns else None

        def rewrite(item: Item) -> str:
            if item.role == "total":
                return re.sub(r"(?<=params: )[\d,]+", lambda match: change_number(match[0]), item.text)
            if item.row is None or at is None or len(found.cells(item.row)["params"]) != 1:
                return item.text
            return _rewritten(item, found, at, change_number)

        return replace(_bare(state).each(rewrite), styled=False)

    return change


def _rewritten(item: Item, found: Layout, at: int, change_number: Callable[[str], str]) -> str:
    """A line with its number of params changed, where there is room for it."""
    assert item.row is not None
    number = found.cells(item.row)["params"][0]
    if found.touches(item.row) or not re.fullmatch(r"\d[\d,]*", number):
        return item.text
    if found.boxed:
        pieces = re.split("([│|])", item.text)
        cell = pieces[2 * at + 2]
        if cell.strip() == number:
            other = change_number(number)
            pieces[2 * at + 2] = cell.replace(number.rjust(len(other)), other.rjust(len(number)))
        return "".join(pieces)
    start = found.starts[at] - 1
    other = change_number(number)
    match = re.compile(re.escape(number) + " *(?= |$)").search(item.text, start)
    if match is None or len(other) >= len(match[0]):
        return item.text
    return item.text[: match.start()] + other.ljust(len(match[0])) + item.text[match.end() :]


def _headed(**words: str) -> Change:
    """Other words in the header."""

    def change(state: State) -> State:
        def rewrite(item: Item) -> str:
            text = item.text
            for word, other in words.items() if item.role == "head" else ():
                old = word.replace("_", " ")
                text = text.replace(old.ljust(len(other)), other.ljust(len(old))) if old in text else text
            return text

        return _bare(state).each(rewrite)

    return change


def _newlines(state: State) -> State:
    return replace(state, newline="\r\n")


def _spaced(state: State) -> State:
    """A blank line behind every line."""
    return replace(state.each(lambda item: item.text + "\n"), styled=False)


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
    "single spaces": _spaces(" +", " "),
    "tabs for wide blanks": _spaces(" {2,}", "\t"),
    "tabs": _spaces(" +", "\t"),
    "stripped": _stripped,
    "no blanks at line ends": lambda state: state.each(lambda item: item.text.rstrip()),
    "indented": _before("    "),
    "no rules": _without("rule"),
    "no blank lines": _without("blank"),
    "no rules, no blank lines": _without("rule", "blank"),
    "no header": _without("head"),
    "no header, no rules": _without("head", "rule"),
    "blank line behind every line": _spaced,
    "quoted": _before("> "),
    "quoted twice": _before("> > ", ">> "),
    "commented": _before("# "),
    "commented with slashes": _before("// "),
    "timestamps": _before("2024-05-01 12:34:59 ", "12:34:59 ", "[2023-11-30T08:00:59.123Z] "),
    "log levels": _before("INFO: ", "[INFO] ", "INFO:root:", "DEBUG "),
    "timestamps and log levels": _before("2024-05-01 12:34:59,123 - train - INFO - ", "[2024-05-01 12:34:59] [INFO] "),
    "colours": _colours("\x1b"),
    "colours as text": _colours("\\u001b"),
    "colours as hexadecimal text": _colours("\\x1b"),
    "HTML-escaped": _html_escaped,
    "HTML entities": _html_entities,
    "HTML spans": _html_spans,
    "Markdown": _markdown,
    "fenced": _around(_FENCE, _FENCE_END),
    "prose around": _around(_QUESTION, _ANSWER),
    "one row alone": _lone_row,
    "one row in a line": _lone_row_in_a_line,
    "one line": _one_line,
    "start missing": _truncated(True, False),
    "end missing": _truncated(False, True),
    "start and end missing": _truncated(True, True),
    "elided by dots": _elided("..."),
    "elided by an ellipsis": _elided(" …"),
    "no separators": _numbers(lambda number: number.replace(",", "")),
    "separators": _numbers(lambda number: f"{int(number.replace(',', '')):,}"),
    "numbers with .0": _numbers(lambda number: f"{number.replace(',', '')}.0"),
    "header with Params": _headed(**{"Param_#": "Params"}),
    "header with Parameter #": _headed(**{"Param_#": "Parameter #", "Layer_(type)": "Layer", "Output_Shape": "Output"}),
    "header with Parameters": _headed(
        **{"Param_#": "# Params", "Layer_(type)": "Layer name (type)", "Output_Shape": "Shape"}
    ),
    "non-breaking spaces": lambda state: state.each(lambda item: item.text.replace(" ", "\xa0")),
    "CRLF": _newlines,
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
    return lambda text: _end(change(_begin(text)))


DAMAGES: dict[str, Callable[[str], Damaged]] = {name: _kind(change) for name, change in _CHANGES.items()}
