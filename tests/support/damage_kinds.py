"""The kinds of damage: each changes the lines of a text, and notes what is lost with that."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace

from damage_state import APART, LOST, Change, Item, State, bare
from genuine_layout import Layout, layout


def spaces(pattern: str, by: str) -> Change:
    """Puts `by` in place of white space."""

    def change(state: State) -> State:
        changed = bare(state).each(lambda item: re.sub(pattern, by, item.text))
        return replace(changed, columns=LOST, styled=False)

    return change


def stripped(state: State) -> State:
    boxed = layout(state.source).boxed
    changed = state.each(lambda item: item.text.strip())
    return replace(changed, columns=state.columns if boxed else LOST, styled=False)


def without(*roles: str) -> Change:
    """Leaves out the rules, the blank lines, the header."""

    def change(state: State) -> State:
        left = replace(bare(state).without(*roles), styled=False)
        return replace(left, header=False, start=None) if "head" in roles else left

    return change


def before(*prefixes: str) -> Change:
    """Puts something before every line: one and the same text, or what a clock gives."""

    def change(state: State) -> State:
        prefix = state.random.choice(prefixes)
        seconds = iter(range(len(state.items)))
        return state.each(lambda item: prefix.replace("59", f"{next(seconds) // 7 % 60:02}") + item.text)

    return change


def colours(escape: str) -> Change:
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

        return bare(state).each(paint)

    return change


def html_escaped(state: State) -> State:
    return bare(state).each(lambda item: html.escape(item.text))


def html_entities(state: State) -> State:
    """Everything that is not ASCII as a number, too."""
    return bare(state).each(lambda item: html.escape(item.text).encode("ascii", "xmlcharrefreplace").decode())


def html_spans(state: State) -> State:
    """As a notebook keeps it: one block, numbers in spans."""

    def span(item: Item) -> str:
        text = html.escape(item.text, quote=False)
        if item.role not in ("row", "total"):
            return text
        return re.sub(r"(?<![\w.])(None|\d[\d,]*)(?![\w.;])", r'<span style="color: #00af00">\1</span>', text)

    changed = bare(state).each(span)
    first, *middle = changed.items
    first = replace(first, text='<pre style="white-space:pre;overflow-x:auto">' + first.text)
    return replace(changed, items=(first, *middle, Item("</pre>", "other")))


def markdown(state: State) -> State:
    """The table rendered anew, a line for every row."""
    found = layout(state.source)
    heads = {"layer": "Layer (type)", "shape": "Output Shape", "params": "Param #"}
    heads |= {"connections": "Connected to", "trainable": "Trainable"}
    if found.style == "dashes":
        heads["layer"] = "Layer (name)"
    items = [item for item in bare(state).items if item.role == "title"]
    items.append(Item(f"| {' | '.join(heads[column] for column in found.columns)} |", "head"))
    items.append(Item("|" + " --- |" * len(found.columns), "rule"))
    for row in range(len(found.rows)):
        cells = found.cells(row)
        texts = [_joined(cells[column], column, found) for column in found.columns]
        items.append(Item(f"| {' | '.join(texts)} |", "row", row))
    items += [Item("", "blank"), *(item for item in bare(state).items if item.role == "total")]
    return replace(state, items=tuple(items), columns=APART, styled=False)


def _joined(pieces: list[str], column: str, found: Layout) -> str:
    if found.boxed:
        return " ".join(pieces)
    return ", ".join(pieces) if column == "connections" and found.style == "underscores" else "".join(pieces)


def around(before: str, after: str) -> Change:
    """Puts prose, or a fence, around the table."""

    def change(state: State) -> State:
        return replace(state, items=(Item(before, "other"), *state.items, Item(after, "other")))

    return change


def lone_row(state: State) -> State:
    """One row, and nothing else."""
    row = state.random.randrange(len(layout(state.source).rows))
    items = tuple(item for item in state.items if item.row == row)
    return replace(bare(replace(state, items=items)), styled=False, header=False, start=None, end=None)


def lone_row_in_a_line(state: State) -> State:
    """One row, its cells in one line: what people write into a question."""
    found = layout(state.source)
    row = state.random.randrange(len(found.rows))
    cells = found.cells(row)
    text = " ".join(_joined(cells[column], column, found) for column in found.columns if cells[column])
    apart = replace(state, items=(Item(text, "row", row),), columns=APART, styled=False, header=False)
    return replace(apart, start=None, end=None)


def one_line(state: State) -> State:
    state = bare(state)
    text = re.sub(r"\s+", " ", " ".join(item.text for item in state.items)).strip()
    return replace(state, items=(Item(text, "other", None, state.items),), columns=LOST, styled=False)


def truncated(start: bool, end: bool) -> Change:
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


def elided(sign: str) -> Change:
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


def numbers(change_number: Callable[[str], str]) -> Change:
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

        return replace(bare(state).each(rewrite), styled=False)

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


def headed(**words: str) -> Change:
    """Other words in the header."""

    def change(state: State) -> State:
        def rewrite(item: Item) -> str:
            text = item.text
            for word, other in words.items() if item.role == "head" else ():
                old = word.replace("_", " ")
                text = text.replace(old.ljust(len(other)), other.ljust(len(old))) if old in text else text
            return text

        return bare(state).each(rewrite)

    return change


def newlines(state: State) -> State:
    return replace(state, newline="\r\n")


def spaced(state: State) -> State:
    """A blank line behind every line."""
    return replace(state.each(lambda item: item.text + "\n"), styled=False)
