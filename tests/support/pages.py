"""Pages of HTML and Markdown as a reader's program takes them in, with nothing active allowed in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["TAGS", "Page", "read_html", "read_markdown"]


class Page(HTMLParser):
    """A page of HTML that was read: its words, block by block, and everything that it refers to."""

    VOID = {"meta", "br"}
    INSIDE = {"code", "strong", "a"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.blocks: list[str] = [""]
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag not in self.INSIDE:
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag not in self.INSIDE:
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.blocks[-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    @property
    def words(self) -> str:
        return "\n".join(self.blocks)


#: Elements of a page and of the pictures in it; none of them runs or loads anything.
TAGS = set(
    "html head meta title style body nav ol li a article h1 h2 h3 p pre figure div table thead tbody tr th td code br "
    "section strong dl dt dd svg rect path text desc".split()
)


def read_html(text: str) -> Page:
    """A page, once nothing in it refers to elsewhere."""
    page = Page(text)
    assert page.tags <= TAGS
    names = {(tag, name) for tag, name, _ in page.attributes}
    assert not {name for _, name in names} & {"src", "action", "background", "formaction", "xlink:href"}
    assert not [name for _, name in names if name.startswith("on")]
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value for _, name, value in page.attributes if name == "href"} <= {f"#{each}" for each in ids}
    assert "url(" not in text.replace("url(#", "") and "@import" not in text
    return page


def read_markdown(text: str) -> tuple[str, list[Token]]:
    """The words of Markdown, block by block, and its tokens, once every table is even and nothing in it is active."""
    tokens = list(_flat(MarkdownIt("commonmark").enable("table").parse(text)))
    raw = [token.content for token in tokens if token.type in ("html_inline", "html_block")]
    assert set(raw) <= {"<br>", "<!-- -->"}
    assert not {token.type for token in tokens} & {"link_open", "image", "blockquote_open", "hr", "code_block"}
    for table in re.findall(r"(?:^\|.*\n)+", re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", text), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    words, block = [], ""
    for token in tokens:
        if token.type in ("text", "text_special", "code_inline", "fence"):
            block += token.content
        elif token.block or token.content == "<br>":
            words.append(block)
            block = ""
    return "\n".join([*words, block]), tokens


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.children is None:
            yield token
        else:
            yield from token.children
