"""Documents as one HTML page that needs nothing else: no script, no font, no link to elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

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
)
from lstmcalc.renderers.html_style import STYLE
from lstmcalc.renderers.likewise import likewise
from lstmcalc.renderers.marking import spans, visible

__all__ = ["page_html"]

#: The page may load and run nothing, whatever stands in it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
#: From this many headings of layers on, a document has a table of contents.
MANY = 4


def page_html(documents: Sequence[Document]) -> str:
    """Documents as one page, below a table of contents where there is more to see than one look shows.

    >>> print(page_html([Document("A `LSTM`", (Prose("a < b"),))]).splitlines()[-6:-3])
    ['<article id="d1">', '<h1>A <code>LSTM</code></h1>', '<p>a &lt; b</p>']
    """
    titles = ", ".join(_plain(document.title) for document in documents if document.title)
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f"<title>{titles or 'lstmcalc'}</title>",
        f"<style>\n{STYLE}</style>",
        "</head>",
        "<body>",
        *_contents(documents),
        *(line for number, document in enumerate(documents, start=1) for line in _article(document, f"d{number}")),
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _contents(documents: Sequence[Document]) -> Iterator[str]:
    """Links to every document and to the layers in it; nothing where one look shows all of them."""
    entries = [(number, document, tuple(_headings(document))) for number, document in enumerate(documents, start=1)]
    if len(documents) < 2 and all(len(headings) < MANY for _, _, headings in entries):
        return
    yield '<nav aria-label="Contents">'
    yield "<ol>"
    for number, document, headings in entries:
        inner = "".join(f'<li><a href="#d{number}-{place}">{_inline(text)}</a></li>' for place, text in headings)
        title = f'<a href="#d{number}">{_inline(document.title) or f"Answer {number}"}</a>'
        yield f"<li>{title}{f'<ol>{inner}</ol>' if len(headings) >= MANY else ''}</li>"
    yield "</ol>"
    yield "</nav>"


def _headings(document: Document) -> Iterator[tuple[int, str]]:
    for place, block in enumerate(document.blocks):
        if isinstance(block, Heading) and block.level == 1:
            yield place, block.text


def _article(document: Document, key: str) -> Iterator[str]:
    yield f'<article id="{key}">'
    if document.title:
        yield f"<h1>{_inline(document.title)}</h1>"
    for place, block in enumerate(document.blocks):
        yield from _block(block, document, f"{key}-{place}")
    yield "</article>"


def _block(block: Block, document: Document, key: str) -> Iterator[str]:
    if isinstance(block, Heading):
        level = depth(block, document)
        yield f'<h{level} id="{key}">{_inline(block.text)}</h{level}>'
    elif isinstance(block, Prose):
        yield f"<p>{_inline(block.text)}</p>"
    elif isinstance(block, Lines):
        yield f'<pre tabindex="0">{chr(10).join(map(_verbatim, block.lines))}</pre>'
    elif isinstance(block, Drawn):
        from lstmcalc.renderers.svg import diagram_svg

        yield f'<figure tabindex="0">{diagram_svg(block.diagram).strip()}</figure>'
    elif isinstance(block, Table):
        yield from _table(block)
    else:
        for fault, others in likewise(block.faults):
            yield from _fault(fault, others)


def _table(table: Table) -> Iterator[str]:
    width = max(map(len, (table.header, *table.rows)), default=0)
    if not width:
        return
    counts = counts_of(table)
    yield '<div class="table" tabindex="0">'
    yield f"<table{'' if table.header else ' class=plain'}>"
    if table.header:
        yield f"<thead>{_row(table.header, width, counts, 'th scope=col')}</thead>"
    yield "<tbody>"
    yield from (_row(row, width, counts, "td") for row in table.rows)
    yield "</tbody>"
    yield "</table>"
    yield "</div>"


def _row(cells: tuple[str, ...], width: int, counts: Iterable[int], opening: str) -> str:
    texts = [*map(_cell, cells), *[""] * (width - len(cells))]
    name = opening.split()[0]
    made = (f"<{opening}{' class=n' if place in counts else ''}>{text}</{name}>" for place, text in enumerate(texts))
    return f"<tr>{''.join(made)}</tr>"


def _cell(cell: str) -> str:
    lines = []
    for line in cell.split("\n"):
        text = line.lstrip(" ")
        lines.append("&emsp;" * ((len(line) - len(text)) // 2) + _inline(text.rstrip()))
    return "<br>".join(lines)


def _fault(fault: Fault, others: tuple[str, ...]) -> Iterator[str]:
    """A fault as a box with its slots."""
    kind = "error" if fault.severity == "error" else "hint"
    yield f'<section class="fault {kind}">'
    yield f"<p><strong>{escape(fault.severity)}</strong> {_inline(fault_head(fault))}</p>"
    if slots := fault_slots(fault, others):
        yield "<dl>"
        yield from (f"<dt>{slot}</dt><dd>{_inline(text)}</dd>" for slot, text in slots)
        yield "</dl>"
    yield "</section>"


def _inline(text: str) -> str:
    """A text, with what stands in backticks as code.

    >>> _inline("`units` is <b>")
    '<code>units</code> is &lt;b&gt;'
    """
    parts = ((escape(visible(part)), is_code) for part, is_code in spans(text))
    return "".join(f"<code>{part}</code>" if is_code else part for part, is_code in parts)


def _plain(text: str) -> str:
    return escape("".join(visible(part) for part, _ in spans(text)))


def _verbatim(line: str) -> str:
    return "\t".join(escape(visible(part)) for part in line.split("\t"))
