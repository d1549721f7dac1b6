"""A document as GitHub Markdown: whatever users and Keras wrote is in code or escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lstmcalc.errors import Fault
from lstmcalc.renderers.document import (
    Block,
    Document,
    Drawn,
    Heading,
    Lines,
    Prose,
    Table,
    counts_of,
    depth,
    fault_head,
    fault_slots,
    is_list,
)
from lstmcalc.renderers.likewise import likewise
from lstmcalc.renderers.marking import code, spans, visible

__all__ = ["document_markdown"]

#: What means something to Markdown wherever it stands.
ANYWHERE = re.compile(r"[\\`*\[|~$]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=[wW]{3})\.|!(?=\[)")
#: What means something at the beginning of a line.
IN_FRONT = re.compile(r"^(\s*)([#+\-=]|\d+(?=[.)]))")
#: What would be taken for the end of a heading.
AT_THE_END = re.compile(r"#(?=#*$)")
#: What GitHub makes a link to a person, an address or an issue.
LINKED = re.compile(r"[@#](?=[0-9A-Za-z])")
BLANK = "&emsp;"
BACKSLASHED = r"\\\g<0>"


def document_markdown(document: Document) -> str:
    """A document as Markdown, blocks a blank line apart.

    >>> print(document_markdown(Document("A `LSTM`", (Prose("a*b"), Table((("x|y", "4"),), ("name", "params"))))))
    # A `LSTM`
    <BLANKLINE>
    a\\*b
    <BLANKLINE>
    | name | params |
    | --- | ---: |
    | x\\|y | 4 |
    <BLANKLINE>
    """
    blocks = [_heading(1, document.title)] if document.title else []
    blocks += ["\n".join(_block(block, document)) for block in document.blocks]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _block(block: Block, document: Document) -> Iterator[str]:
    if isinstance(block, Heading):
        yield _heading(depth(block, document), block.text)
    elif isinstance(block, Prose):
        yield _line(block.text)
    elif isinstance(block, Lines):
        yield from _fence(block.lines)
    elif isinstance(block, Drawn):
        from lstmcalc.renderers.diagram_text import diagram_lines

        yield from _fence(tuple(diagram_lines(block.diagram)))
    elif isinstance(block, Table):
        yield from _list(block) if is_list(block) else _table(block)
    else:
        yield "\n\n".join("\n".join(_fault(*each)) for each in likewise(block.faults))


def _heading(level: int, text: str) -> str:
    return f"{'#' * level} {AT_THE_END.sub(BACKSLASHED, _inline(text.strip()))}"


def _list(table: Table) -> Iterator[str]:
    """Rows of a label and a text; above a table without a header GitHub would draw an empty row.

    A row without a label goes on with the one above.
    """
    items: list[str] = []
    for label, text in table.rows:
        if label or not items:
            items.append(f"- **{_cell(label)}** {_cell(text)}" if label else f"- {_cell(text)}")
        else:
            items[-1] += f"<br>{_cell(text)}"
    yield from items


def _fence(lines: tuple[str, ...]) -> Iterator[str]:
    """Lines as they are, between fences longer than any run of backticks in them."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}text"
    yield from ("\t".join(map(visible, line.split("\t"))) for line in lines)
    yield fence


def _table(table: Table) -> Iterator[str]:
    width = max(map(len, (table.header, *table.rows)), default=0)
    if not width:
        return
    counts = counts_of(table)
    yield _row(table.header, width)
    yield f"| {' | '.join('---:' if place in counts else '---' for place in range(width))} |"
    yield from (_row(row, width) for row in table.rows)


def _row(cells: tuple[str, ...], width: int) -> str:
    texts = [_cell(cell) for cell in cells] + [""] * (width - len(cells))
    return f"| {' | '.join(texts)} |"


def _cell(cell: str) -> str:
    """A cell; one line of Markdown, whatever it holds."""
    lines = []
    for line in cell.split("\n"):
        text = line.lstrip(" ")
        lines.append(BLANK * ((len(line) - len(text)) // 2) + _inline(text.rstrip(), in_table=True))
    return "<br>".join(lines)


def _fault(fault: Fault, others: tuple[str, ...]) -> Iterator[str]:
    """A fault as a line and a list of its slots."""
    yield f"**{fault.severity}** {_inline(fault_head(fault))}"
    yield ""
    yield from (f"- **{slot}** {_inline(text)}" for slot, text in fault_slots(fault, others))


def _line(text: str) -> str:
    return IN_FRONT.sub(_escaped_front, _inline(text.strip()))


def _escaped_front(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}\\" if found[2].isdigit() else f"{found[1]}\\{found[2]}"


def _inline(text: str, in_table: bool = False) -> str:
    """A text on one line: what stands in backticks as code, anything else escaped.

    >>> print(_inline("`a|b` is <b>, return_sequences [x](y) __init__"))
    `a|b` is &lt;b&gt;, return_sequences \\[x](y) \\_\\_init\\_\\_
    """
    parts = []
    for part, is_code in spans(text):
        part = visible(part)
        if is_code:
            shown = code(part)
            parts.append(shown.replace("|", "\\|") if in_table else shown)
        else:
            part = ANYWHERE.sub(BACKSLASHED, part.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
            parts.append(LINKED.sub(r"\g<0><!-- -->", part))
    return "".join(parts)
