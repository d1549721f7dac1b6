"""Cuts cleaned lines into pieces and says what each is: a rule, a header, a model's name, a total, or text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lstmcalc.frozen import NamedTuple
from lstmcalc.patterns import lazily
from lstmcalc.summary_text.cleaning import Line

__all__ = ["SEPARATORS", "Column", "Piece", "column_kind", "cut_into_pieces", "header_columns", "unstacked"]

SEPARATORS = "│┃║|¦"


class Column(NamedTuple):
    """One column of a table: what it holds (empty where nothing of ours), and where its title begins."""

    kind: str
    start: int


class Piece(NamedTuple):
    """A part of a line, `whole` if all of it. `kind`: blank, rule, model, input, header, total, elided or text."""

    kind: str
    number: int
    raw: str
    text: str
    whole: bool = True
    columns: tuple[Column, ...] = ()


_BOX_RULE = "─━═╌┄┅┈┉╍┏┓┗┛┡┩├┤┼┬┴┌┐└┘╇╈╋┳┻┠┨┿┝┥┢┪╔╗╚╝╠╣╦╩╬╞╡╪╟╢╫╤╧╭╮╰╯¯‾"
_RULE = lazily(rf"[\s{_BOX_RULE}{SEPARATORS}_=+~:*.#-]+")
_RULE_CHAR = lazily(rf"[{_BOX_RULE}]|[_=~*#-]{{3}}|:-+:?|-+:")
_INNER_RULE = lazily(rf"[{_BOX_RULE}]{{3,}}|[+|]?(?:[=-]{{5,}}[+|]?)+|_{{5,}}|[|]?(?:\s?:?-{{3,}}:?\s?[|])+")
_BLANK = lazily(rf"[\s{SEPARATORS}]*")
_DOTS = lazily(r"[…⋮⋯︙:.\[\]()<>]+")
_DOTTED = lazily(r"[…⋮⋯︙]|\.\.|^:+$")
_ELIDED_WORDS = lazily(r"\s*[\[(]?(?:…|\.{3}).*\b(?:layers?|rows?|lines?|more|omitted|skipped|same|etc)\b.*")
_LEFT_OUT = tuple("….⋮⋯︙:[(<")
_NO_BARS = str.maketrans(dict.fromkeys(f"{SEPARATORS} \t", None))

_TITLES = (
    ("layer", r"layers?(?:\s*name)?\s*(?:\(\s*(?:type|name|class)\s*\)|type|name|\((?:ty?p?|na?m?)(?![a-z]))|layers?"),
    ("input", r"input\s*shapes?|initial input shape"),
    ("shape", r"output\s*(?:shapes?|sizes?|sh?a?p?(?![a-z]))|out\s?shape|output|shapes?"),
    (
        "params",
        r"(?:(?:#|no\.?|num(?:ber)?\.?)\s*(?:of\s+)?)?par(?:a?|am(?:eter)?s?)(?-i:(?![a-z]))\.?"
        r"(?:\s*(?:#|count|num\w*))?",
    ),
    ("connected", r"connected\s*to?|connected|connections?"),
    ("trainable", r"trainable\??"),
    ("class", r"type|class"),
    ("name", r"name"),
)
_TITLE = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _TITLES)
_ONE_TITLE = lazily(_TITLE, re.IGNORECASE)
_ANY_TITLE = "|".join(pattern for _, pattern in _TITLES)
_PLAIN_HEADER = lazily(rf"(?:{_ANY_TITLE})(?:\s*(?:{_ANY_TITLE}))+", re.IGNORECASE)
_SURE_HEADER = lazily(
    rf"layer\s*\((?:type|name)\)(?:[\s{SEPARATORS}]*(?:{_ANY_TITLE}))+[\s{SEPARATORS}]*", re.IGNORECASE
)
_ENDINGS = {"(type)": "layer", "(name)": "layer", "#": "params", "to": "connected"}
_SHORTENED = {
    "layer(type)": "layer",
    "layer(name)": "layer",
    "outputshape": "shape",
    "param#": "params",
    "connectedto": "connected",
    "trainable": "trainable",
}
_MODEL = r"Model:?\s+[\"'][^\"'\n]*[\"']"
_MAGNITUDE = r"(?:\s?(?:[kKMGBT]|thousand|million|billion|mil|mio|mln)\b)?"
_TOTAL = (
    rf"\b(?:Total|Non[- ]?trainable|Trainable|Optimizer)\s+(?:number\s+of\s+)?param(?:eter)?s?\b"
    rf"[\s:={SEPARATORS}*]*(?:[~≈-]?\d[\d.,'_]*(?: \d{{3}}(?!\d))*(?:[A-Za-z/]\d[\w.,/]*)?{_MAGNITUDE})?"
    rf"(?:\s*\([\d.,]+\s*[KMGT]?i?B(?:ytes?)?\))?[\s{SEPARATORS}]*"
)
_INPUT = r"Initial\s+input\s+shape:\s*[(\[][^\n]*?[)\]]+(?=\s|$)"
_MARKER = lazily(rf"(?P<model>{_MODEL})|(?P<total>{_TOTAL})|(?P<input>{_INPUT})", re.IGNORECASE)
_MARKED = ("param", "model", "input", "layer")


def column_kind(title: str) -> str:
    """What the column of this title holds, empty where nothing that a summary has.

    >>> [column_kind(title) for title in ("Layer (type)", "# Params", "Trai…", "Param", "Kernel")]
    ['layer', 'params', 'trainable', 'params', '']
    """
    title = " ".join(title.split()).strip(":*")
    if title in _ENDINGS:
        return _ENDINGS[title]
    if match := _ONE_TITLE.fullmatch(title):
        return str(match.lastgroup)
    return _shortened_kind(re.split(r"…|\.{2,}", title)[0]) if "…" in title or title.endswith("..") else ""


def _shortened_kind(title: str) -> str:
    short = title.replace(" ", "").lower()
    return next((kind for full, kind in _SHORTENED.items() if full.startswith(short)), "") if len(short) > 1 else ""


def _is_header(kinds: Iterable[str]) -> bool:
    found = list(kinds)
    named = {"layer", "name", "class"} & set(found)
    return (
        bool(named) and bool({"shape", "params"} & set(found)) and all(found.count(kind) == 1 for kind in found if kind)
    )


def header_columns(text: str) -> tuple[Column, ...]:
    """The columns that a line announces, none if it is no header.

    >>> [column.kind for column in header_columns("Layer (type)       Output Shape  Param #Connected to")]
    ['layer', 'shape', 'params', 'connected']
    >>> [column.kind for column in header_columns("| Params | Layer | Notes | Shape |")]
    ['params', 'layer', '', 'shape']
    """
    lower = text.lower()
    if "layer" not in lower and "name" not in lower and "type" not in lower:
        return ()
    columns = []
    if any(separator in text for separator in SEPARATORS):
        for match in re.finditer(rf"[^{SEPARATORS}]+", text):
            if match[0].strip() or match.end() < len(text):
                columns.append(Column(column_kind(match[0]), match.start()))
        if columns and not text[: columns[0].start].strip() and not columns[0].kind and text[0] not in SEPARATORS:
            columns = columns[1:]
    else:
        found = _PLAIN_HEADER.search(text)
        if found and not text[found.end() :].strip(" .…#"):
            columns = [
                Column(str(match.lastgroup), match.start())
                for match in _ONE_TITLE.finditer(text, found.start(), found.end())
            ]
        else:
            columns = _spaced_titles(text)
    return tuple(columns) if _is_header(column.kind for column in columns) else ()


_CHUNK = lazily(r"\S+(?:\s\S+)*")


def _spaced_titles(text: str) -> list[Column]:
    """The columns of a header in which titles are cut, so that only the gaps part them."""
    columns = [Column(_shortened_kind(match[0]), match.start()) for match in _CHUNK.finditer(text)]
    return columns if len(columns) > 1 and all(column.kind for column in columns) else []


def _completed(titles: dict[int, str], text: str) -> dict[int, str] | None:
    """The titles with what a second line of the header adds to them; None where the line adds something else."""
    added = dict(titles)
    for match in _CHUNK.finditer(text):
        start = min(titles, key=lambda start: abs(start - match.start()))
        added[start] += match[0].replace(" ", "").lower()
        if not any(full.startswith(added[start]) for full in _SHORTENED):
            return None
    return added


def _is_rule(text: str) -> bool:
    return bool(_RULE.fullmatch(text) and _RULE_CHAR.search(text))


def _is_elision(text: str) -> bool:
    """Whether a line stands for rows that were left out."""
    bare = text[:200].translate(_NO_BARS)
    if bare[:1] not in _LEFT_OUT or len(text) > 200:
        return False
    return bool(_DOTS.fullmatch(bare) and _DOTTED.search(bare)) or bool(_ELIDED_WORDS.fullmatch(text))


_HEADING = lazily(
    rf"[\s{SEPARATORS}]*(?:(?:layer|\(type\)|\(name\)|output|shape|param|#|connected|to|trainable|[a-z]{{2,9}}…)[\s{SEPARATORS}]*)+",
    re.IGNORECASE,
)


def _folded_header(text: str) -> tuple[Column, ...]:
    """The columns of a header whose lines, of as many bars each, stand behind each other in one."""
    cells = [cell.strip() for cell in re.split(f"[{SEPARATORS}]", text.strip())]
    if len(cells) < 6 or cells[0] or cells[-1] or not _HEADING.fullmatch(text):
        return ()
    bars = len(cells) - 1
    for count in (lines for lines in (2, 3, 4) if not bars % lines):
        size = bars // count
        parts = [cells[start + 1 : start + size] for start in range(0, bars, size)]
        if columns := header_columns("│".join(f" {' '.join(cell).strip()} " for cell in zip(*parts, strict=True))):
            return columns
    return ()


def _flattened(text: str) -> bool:
    """Whether a line holds rules and more, as that of a table pasted into one line."""
    if text.isascii() and not any(sign in text for sign in ("=====", "_____", "---")):
        return False
    return bool(_INNER_RULE.search(text)) and not _is_rule(text)


def _kind(text: str) -> tuple[str, tuple[Column, ...]]:
    """What a piece is that holds no marker."""
    if _BLANK.fullmatch(text):
        return "blank", ()
    if _is_rule(text):
        return "rule", ()
    if _is_elision(text):
        return "elided", ()
    if columns := header_columns(text):
        return "header", columns
    return "text", ()


def _marked(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in _MARKED)


def _sure_headers(text: str) -> Iterator[tuple[int, int]]:
    """Where headers stand inside a text, each with the blanks and lines before it."""
    end = 0
    for match in _SURE_HEADER.finditer(text):
        start = match.start()
        # A pattern that began with these would go through every run of blanks as often as it is long.
        while start > end and (text[start - 1] in SEPARATORS or text[start - 1].isspace()):
            start -= 1
        end = match.end()
        yield start, end


def _at_markers(line: Line, text: str, whole: bool) -> Iterator[Piece]:
    """A text without rules in it, cut at every marker."""
    spans: list[tuple[int, int, str]] = []
    if folded := _folded_header(text):
        yield Piece("header", line.number, text, text, False, folded)
        return
    if _marked(text):
        spans = [(match.start(), match.end(), str(match.lastgroup)) for match in _MARKER.finditer(text)]
        if "layer" in text.lower() and not header_columns(text):
            spans += [(start, end, "header") for start, end in _sure_headers(text)]
    end = 0
    pieces = []
    for start, stop, kind in sorted(spans):
        if start < end:
            continue
        pieces += [("", text[end:start]), (kind, text[start:stop])]
        end = stop
    pieces = [(kind, part) for kind, part in [*pieces, ("", text[end:])] if part.strip() or not spans]
    whole = whole and len(pieces) == 1
    for kind, part in pieces:
        columns: tuple[Column, ...] = ()
        if not kind:
            kind, columns = _kind(part)
        elif kind == "header":
            columns = header_columns(part)
        yield Piece(kind, line.number, line.raw if whole else part, part, whole, columns)


def cut_into_pieces(lines: Iterable[Line]) -> Iterator[Piece]:
    """Every line in order as its pieces; the lines of a header that is broken over several make one piece.

    >>> lines = [Line(1, "", "┃              ┃ Output ┃ Param ┃"), Line(2, "", "┃ Layer (type) ┃ Shape  ┃     # ┃")]
    >>> [[column.kind for column in piece.columns] for piece in cut_into_pieces(lines)]
    [['layer', 'shape', 'params']]
    """
    waiting: list[Piece] = []
    titles: dict[int, str] | None = None
    for piece in _pieces(lines):
        if titles and piece.kind == "text" and (added := _completed(titles, piece.text)):
            titles = added
            continue
        titles = _plain_titles(piece)
        heading = piece.kind in ("text", "header") and ("┃" in piece.text or "|" in piece.text or "│" in piece.text)
        if heading and piece.whole and _HEADING.fullmatch(piece.text):
            waiting.append(piece)
            continue
        if waiting:
            yield from _joined(waiting)
            waiting = []
        yield piece
    yield from _joined(waiting)


_STACKED = (
    lazily(r"[^\s()\[\]{},'\"]+\s*\([A-Za-z_][\w.>]*\)"),
    lazily(r"[(\[{][^A-Za-z_]*(?:None[^A-Za-z_]*)*[)\]}]|multiple|\?"),
    lazily(r"\d[\d.,]*"),
)
_STACKED_CONNECTION = lazily(r"\[?'?[^\s()\[\]{},'\"]+\[\d+\]\[\d+\].*|\[\s*\]")


def unstacked(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces, with those rows in one line of which every cell stands in a line of its own.

    >>> lines = [Line(number, text, text) for number, text in enumerate(("a (LSTM)", "(None, 3)", "48"))]
    >>> [piece.text for piece in unstacked(cut_into_pieces(lines))]
    ['a (LSTM) | (None, 3) | 48']
    """
    waiting: list[Piece] = []
    for piece in pieces:
        if waiting and piece.kind == "blank":
            waiting.append(piece)
            continue
        if waiting and not _goes_on(waiting, piece):
            yield from _as_row(waiting)
            waiting = []
        if waiting or _goes_on(waiting, piece):
            waiting.append(piece)
        else:
            yield piece
    yield from _as_row(waiting)


def _goes_on(cells: list[Piece], piece: Piece) -> bool:
    """Whether a piece is the next cell of a row, or of a header, each in a line of its own."""
    if piece.kind != "text" or not piece.whole:
        return False
    texts, text = _texts(cells), piece.text.strip()
    if (texts or [text])[0].lower().startswith("layer ("):
        return len(texts) < 4 and column_kind(text) == ("layer", "shape", "params", "connected")[len(texts)]
    if len(texts) == len(_STACKED):
        return bool(_STACKED_CONNECTION.fullmatch(text))
    return len(texts) < len(_STACKED) and bool(_STACKED[len(texts)].fullmatch(text))


def _texts(pieces: Iterable[Piece]) -> list[str]:
    return [piece.text.strip() for piece in pieces if piece.kind == "text"]


def _as_row(cells: list[Piece]) -> list[Piece]:
    texts = _texts(cells)
    if len(texts) < len(_STACKED):
        return cells
    end = max(index for index, piece in enumerate(cells) if piece.kind == "text") + 1
    text, raw = " | ".join(texts), "\n".join(piece.raw for piece in cells[:end])
    columns = header_columns(text)
    return [Piece("header" if columns else "text", cells[0].number, raw, text, True, columns), *cells[end:]]


def _plain_titles(piece: Piece) -> dict[int, str] | None:
    """The titles of a header without separators, by where they begin."""
    if piece.kind != "header" or not piece.columns or any(separator in piece.text for separator in SEPARATORS):
        return None
    ends = [*(column.start for column in piece.columns[1:]), len(piece.text)]
    return {
        column.start: "".join(piece.text[column.start : end].split()).lower()
        for column, end in zip(piece.columns, ends, strict=True)
    }


def _joined(pieces: list[Piece]) -> list[Piece]:
    """The lines of one header as a header, where they are that; a whole one stays as it is."""
    if len(pieces) < 2 or all(piece.kind == "header" for piece in pieces[:2]):
        return pieces
    cells = [[cell.strip() for cell in re.split(f"[{SEPARATORS}]", piece.text)] for piece in pieces]
    if len({len(line) for line in cells}) > 1:
        return pieces
    bar = next(char for char in pieces[0].text if char in SEPARATORS)
    text = bar.join(f" {' '.join(cell).strip()} " for cell in zip(*cells, strict=True)).strip()
    columns = header_columns(text)
    raw = "\n".join(piece.raw for piece in pieces)
    return [Piece("header", pieces[0].number, raw, text, True, columns)] if columns else pieces


def _pieces(lines: Iterable[Line]) -> Iterator[Piece]:
    """Every line in order as its pieces; a line that holds a whole table gives many.

    >>> line = Line(1, "", "____________ Layer (type) Output Shape Param # ======== lstm (LSTM) (None, 3) 4")
    >>> [piece.kind for piece in cut_into_pieces([line])]
    ['rule', 'header', 'rule', 'text']
    """
    for line in lines:
        flattened = _flattened(line.text)
        kind, columns = ("", ()) if flattened else _kind(line.text)
        if kind in ("blank", "rule", "elided", "header") or (kind == "text" and not _marked(line.text)):
            yield Piece(kind, line.number, line.raw, line.text, True, columns)
            continue
        end = 0
        for match in _INNER_RULE.finditer(line.text) if flattened else ():
            if before := line.text[end : match.start()].rstrip():
                yield from _at_markers(line, before, False)
            yield Piece("rule", line.number, match[0], match[0], False)
            end = match.end()
        if not end or line.text[end:].strip():
            yield from _at_markers(line, line.text[end:], not end)
