"""Finds rows in a stream of text by what a row is, wherever its columns stand: `name (Type)`, a shape, a count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy

from lstmcalc.patterns import lazily
from lstmcalc.summary_text.cells import is_class
from lstmcalc.summary_text.pieces import SEPARATORS

__all__ = ["ODD_COUNT", "Found", "consume_rest", "find_rows", "part_cells", "shape_end"]


class Found:
    """The texts of one row's cells, in a piece of text from `start` to `end`; `rest` is what follows them."""

    def __init__(
        self, layer: str, shape: str, params: str, start: int, end: int, shape_start: int = 0, text: str = ""
    ) -> None:
        self.layer = layer
        self.shape = shape
        self.params = params
        self.start = start
        self.end = end
        self.shape_start = shape_start
        self.text = text
        self.rest = ""
        self.connected: list[str] = []
        self.trainable = ""
        self.unread = ""

    def copy(self) -> Found:
        """A row that can be changed without changing this one."""
        made = copy(self)
        made.connected = list(self.connected)
        return made

    @property
    def shape_open(self) -> bool:
        """Whether the shape's brackets do not close yet."""
        if self.shape[:1] not in ("(", "[", "{") or len(self.shape) > _LONGEST:
            return False
        return not shape_end(self.shape, 0, counted=True)[1]

    @property
    def structure_open(self) -> bool:
        """Whether the shape is an object of named parts of which the end is missing yet."""
        if not self.shape[:1].isalpha() or self.shape == "multiple" or len(self.shape) > 4 * _LONGEST:
            return False
        return "(" not in self.shape or self.shape.count("(") > self.shape.count(")")

    @property
    def listed(self) -> bool:
        """Whether the connections are a list whose bracket does not close yet."""
        return (
            bool(self.connected) and self.connected[0].startswith("['") and not "".join(self.connected).endswith("']")
        )


_BARS = str.maketrans(dict.fromkeys(SEPARATORS, " "))
_EDGE = rf"(?=[\s{SEPARATORS}]|$)"
_SPACE = rf"[\s{SEPARATORS}]*"
_SHAPE_START = lazily(
    r"(?:[(\[{]\s{0,8}){1,6}(?:None|Non?\b|N\b|\?|\d+\s*[,).]|(?<=\()\d+$|…|'[^']{0,200}'\s*:|[A-Za-z_]\w{0,200}\s*:\s*[(\[])"
    r"|[\[(]?\(\s*\)\]?(?=\s+\d)"
    rf"|(?<![^\s{SEPARATORS}])(?:multiple|\?)(?=[\s{SEPARATORS}])"
)
_NAME = rf"[^\s()\[\]{{}},'\"{SEPARATORS}]+"
_CLASS = r"[A-Za-z_][\w.>]*(?:…|\.{3})?|…"
_NUMBER = r"\d[\d,.]*(?:…|\.{3})|\d{1,3}(?:[ ,.'’_]\d{3})+(?!\d)(?:\.0{1,2})?|\d+(?:\.\d+)?"
_COUNT = rf"(?P<params>(?:{_NUMBER})(?!\d)(?:\s*\(un[bu]\w*\)?)?|\(?(?:unbuilt|unused)\)?)"
_LAYER = lazily(
    rf"(?<![(\w])(?P<layer>(?P<name>{_NAME}){_SPACE}(?P<class>\((?:{_CLASS})?\)?)?){_SPACE}(?:(?P<before>{_NUMBER}){_SPACE})?$"
)
_END = rf"(?=[\s{SEPARATORS}]|$)"
#: What may stand right behind a count: the end, prose's punctuation, a connection.
_COUNT_ENDS = rf"(?=[(\[]|[A-Za-z_][\w./-]*\[|,\s*[A-Za-z_'\[]|[.,;:!?)\]'\"\\&]*(?:[\s{SEPARATORS}]|$))"
_MAGNITUDE = r"(?:[kKMGBT]|thousand|million|billion|mil|mio|mln)"
_COUNT_AFTER = lazily(
    rf"{_SPACE}(?:=\s*)?{_COUNT}{_COUNT_ENDS}(?!\s*[,)]\s*\d)(?!\s{_MAGNITUDE}{_END})(?:\s+(?:params|parameters){_END})?"
)
#: A count that is none, with all that belongs to it: `1.2M`, `~92k`, `1/650`, `650 million`.
ODD_COUNT = rf"[=~≈<>≤≥±+-]?\s?\d[^\s{SEPARATORS}\[\]]*(?:\s{_MAGNITUDE}{_END})?"
_ODD_AFTER = lazily(rf"{_SPACE}(?P<params>{ODD_COUNT}){_END}")
_WINDOW = 400
_LONGEST = 1000
_DEEPEST = 8
_WORDS = 8
_MOST = 2000

_SHAPE_TOKEN = lazily(
    r"\s+|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)|(?P<none>None|\?)|(?P<size>\d{1,18}(?:\.0)?(?![\d.]))"
    r"|(?P<key>'[^'\n]{0,200}'\s*:|\"[^\"\n]{0,200}\"\s*:|[A-Za-z_][\w.-]{0,200}\s*:)|(?P<partial>Non?\b|N\b)"
    r"|(?P<dots>…|\.\.\.)|TensorShape|(?P<half>'[\w.-]{0,200}(?=\s))"
)
_GROUPED = lazily(r"\d{1,3}(?:,\d{3})+(?!\d)(?!\s*[,)\]])")
_COUNT_NEXT = lazily(rf"{_SPACE}(?:{_NUMBER})(?!\d)(?!\s*[,)\]])")
_REST_NEXT = lazily(r"\s+(?:None|\d+)\s*[,)\]]")


def shape_end(text: str, start: int, counted: bool = False) -> tuple[int, bool]:
    """Where the shapes that begin here end, and whether their brackets close.

    A number behind a comma that no bracket closes is the count, unless another number follows that can be it, or
    unless the count is known (`counted`).

    >>> text = "(None, 11, 144 input_1[0][0]"
    >>> text[:shape_end(text, 0)[0]]
    '(None, 11,'
    >>> text = "(None, 11, 14 144 input_1[0][0]"
    >>> text[:shape_end(text, 0)[0]]
    '(None, 11, 14'
    """
    groups: list[bool] = []
    end, last = start, ""
    position, limit = start, min(len(text), start + _LONGEST)
    while position < limit:
        match = _SHAPE_TOKEN.match(text, position)
        if not match or len(groups) > _DEEPEST:
            break
        kind, position = match.lastgroup or "", match.end()
        if not kind:
            continue
        if _misplaced(kind, match[0], last, groups) or (kind == "size" and not counted and _is_count(match)):
            break
        if kind == "open":
            groups[-1:] = [True] * len(groups[-1:])
            groups.append(False)
        elif kind == "close":
            groups.pop()
            if not groups:
                return position, True
        end, last = position, kind
        if kind in ("partial", "half"):
            break
    return end, False


def _misplaced(kind: str, token: str, last: str, groups: list[bool]) -> bool:
    """Whether a token cannot follow the last one; `groups` tells for each open bracket whether it holds brackets."""
    if kind in ("size", "none", "open", "key", "partial") and last in ("size", "none", "close"):
        return True
    return (kind == "size" and groups[-1:] == [True]) or (kind == "close" and token != ")" and last == "comma")


def _is_count(number: re.Match[str]) -> bool:
    """Whether a number is no size but the count behind shapes that do not close."""
    text, start, end = number.string, number.start(), number.end()
    if grouped := _GROUPED.match(text, start):
        return grouped.end() > end
    following = text[end : end + 40].lstrip()
    if following[:1] in (",", ")", "]", "…") or following.startswith("..."):
        return False
    return bool(_REST_NEXT.match(text, end)) or not _COUNT_NEXT.match(text, end)


_DOUBLE = lazily(r"\(\s*(?=[(\[{])")


def _shape_spans(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where shapes begin and end: `((None, 3` is a class cut to nothing and a shape, `((None, 3), …` two shapes."""
    if text[start] in "m?":
        yield start, start + (len("multiple") if text[start] == "m" else 1)
        return
    end, closed = shape_end(text, start)
    if not closed and (outer := _DOUBLE.match(text, start)):
        inner, inner_closed = shape_end(text, outer.end())
        if text[inner : inner + 1] != "," if inner_closed else ")" not in text[start:end]:
            yield outer.end(), inner
    yield start, end


_ODD_ROW = lazily(
    rf"[\s{SEPARATORS}└]*(?!└)(?P<layer>{_NAME}{_SPACE}\([A-Z][\w.>]{{0,100}}\)?){_SPACE}"
    rf"(?:(?P<shape>[A-Za-z_]\w{{0,200}}(?:…|\.{{3}})?\s?\(\w{{1,200}}\s?=[^\n]{{1,4000}}?\)"
    rf"|[A-Z]\w{{1,100}}(?:Output|Out)\w{{0,100}}(?:…|\.{{3}})?"
    rf"|(?=[^()\[\]]{{0,9}}[(\[][^()\[\]]{{0,400}}[\dN])[(\[][^()\[\]]{{0,400}}[)\]]){_SPACE})?"
    rf"(?P<params>{ODD_COUNT}){_END}"
)
_LAST = lazily(r"\s*(?:$|\S+\[)")
#: What may stand before the first row of a text.
_BEFORE = f" \t{SEPARATORS}└"


def _odd_row(text: str) -> Found | None:
    """The row that a text begins with though what stands for its shape is none."""
    match = _ODD_ROW.match(text)
    if not match:
        return None
    name = " ".join(match["layer"].translate(_BARS).split())
    if not match["shape"] and not (is_class(name.rpartition("(")[2].rstrip(")")) and _LAST.match(text, match.end())):
        return None
    begin, end = match.start("layer"), match.end()
    return Found(name, match["shape"] or "", match["params"], begin, end, shape_start=match.start("params"), text=text)


def find_rows(text: str, loose: bool = False) -> Iterator[Found]:
    """All rows that stand in a text, whole ones: a layer, a shape and a count; what is between them is their rest.

    `loose` takes a name without a class for a layer also where the shape is but a word (`multiple`).

    >>> [(row.layer, row.shape, row.params) for row in find_rows("so lstm_1 (LSTM) (None, 10, 128) 91648 it says")]
    [('lstm_1 (LSTM)', '(None, 10, 128)', '91648')]
    """
    row: Found | None = None
    for match in _SHAPE_START.finditer(text):
        low = row.end if row else 0
        if match.start() < low:
            continue
        found = next(
            filter(None, (_row_at(text, low, span, loose) for span in _shape_spans(text, match.start()))), None
        )
        if not found:
            continue
        if not row and text[: found.start].strip(_BEFORE):
            # An odd row is what the text begins with.
            odd = _odd_row(text)
            row = odd if odd and odd.end <= found.start else None
        if row:
            row.rest = text[row.end : found.start]
            yield row
        row = found
    row = row or _odd_row(text)
    if row:
        row.rest = text[row.end :]
        yield row


#: A name before a class: the first word of its line, or one that no prose has.
_NAME_BEFORE = lazily(rf"(?:^[\s{SEPARATORS}]*([A-Za-z_][\w./-]*)|(?<![\w./-])([A-Za-z][a-z]*[\d_][\w./-]*)){_SPACE}$")


def _row_at(text: str, low: int, span: tuple[int, int], loose: bool) -> Found | None:
    """The row whose shape stands at this span, if a layer stands before it and a count behind it."""
    start, stop = span
    low = max(low, start - _WINDOW)
    words = text[low:start].rsplit(None, _WORDS)
    layer = _LAYER.search(text, low + (len(words[0]) if len(words) > _WORDS else 0), start)
    if not layer or _is_number(layer["name"]) or (text[start] in "m?" and not layer["class"] and not loose):
        return None
    count, closed = _COUNT_AFTER.match(text, stop), text[stop - 1 : stop] in tuple(")]}")
    if count and not closed and text[count.end() : count.end() + 1] in tuple(")]}"):
        count = None
    if not count and not layer["before"] and layer["class"] and closed:
        count = _ODD_AFTER.match(text, stop)
    if not count and not layer["before"]:
        return None
    params, end = (count["params"], count.end()) if count else (layer["before"], stop)
    name = " ".join(layer["layer"].translate(_BARS).split())
    begin = layer.start()
    if not layer["class"] and is_class(name) and (before := _NAME_BEFORE.search(text, low, begin)):
        group = before.lastindex or 0
        name, begin = f"{before[group]} {name}", before.start(group)
    return Found(name, text[start:stop].strip(), params, begin, end, shape_start=start, text=text)


def _is_number(text: str) -> bool:
    return not re.search(r"[^\W\d_]", text)


_DIGITS = lazily(r"\d+")


def part_cells(row: Found, width: int) -> None:
    """Parts a shape as wide as this from a count that stands right behind it.

    >>> row = next(find_rows("lstm_30 (LSTM) (None, 10, 12891648 embedding_5[0][0]"))
    >>> part_cells(row, 14), row.shape, row.params
    (None, '(None, 10, 128', '91648')
    """
    text, middle = row.text, row.shape_start + width
    if text[middle - 1 : middle].isspace() or ")" in text[row.shape_start : middle]:
        return
    if count := _DIGITS.match(text, middle):
        row.shape, row.params, row.end = text[row.shape_start : middle], count[0], count.end()
        row.rest = text[row.end : row.end + len(row.rest)] if row.rest else ""


_NAME_REST = lazily(rf"[^\s()\[\]{{}}',]*(?:\s*\([\w.>]*(?:…|\.{{3}})?\)?)?{_EDGE}")
_CLASS_REST = lazily(rf"[\w.>]*\)?{_EDGE}")
_REST = lazily(
    r"\s*(?:(?P<state>\(un[bu]\w*\)?)"
    r"|(?P<empty>\[\s*\]|-(?=\s|$))"
    r"|(?P<trainable>[YN](?=\s|$))"
    r"|(?P<listed>\[?'\S*)"
    r"|(?P<connected>[^\s\[\]'\",()]+\[(?:\d+\]?(?:\[\d*\]?)?)?(?:…|\.{3})?,?)"
    r"|(?P<opened>\([A-Za-z][\w.>]*(?:…|\.{3})?\)?)"
    r"|(?P<closing>[\w.>]*…?\))"
    r"|(?P<number>\d+)"
    r"|(?P<word>[^\s\[\]'\",()]+)"
    r"|(?P<other>\S+))(?=\s|$)"
)


def consume_rest(row: Found, text: str, connected: bool, own: bool = False, wraps: bool = True) -> bool:
    """Gives the row what follows its cells, in its own line or the next; false if it is not all the row's.

    Whatever of a cell `wraps` goes on in the very next line, so that there the cells that are not whole come first.

    >>> row = next(find_rows("bidirectional (Bidirec (None, 200, 80) 54080"))
    >>> consume_rest(row, "tional) lstm[0][0]", True), row.layer, row.connected
    (True, 'bidirectional (Bidirectional)', ['lstm[0][0]'])
    """
    text = text.translate(_BARS).rstrip()
    position = len(text) - len(text.lstrip())
    if wraps:
        position = _wrapped_cells(row, text, position)
    if row.structure_open and not own:
        return _structure_rest(row, text[position:])
    while position < len(text):
        match = _REST.match(text, position)
        kind = str(match.lastgroup) if match else ""
        if not match or not _take(row, kind, match[kind], connected, own):
            extended = _shape_rest(row, text, position)
            if extended == position:
                return False
            position = extended
        else:
            position = match.end()
        position = _past_blanks(text, position)
    return len(row.connected) < _MOST


def _structure_rest(row: Found, text: str) -> bool:
    """Takes the next line of an object's named parts; a connection beside it is none of them."""
    words = text.split()
    row.connected += [word for word in words if "'" in word or "][" in word]
    row.shape += " ".join(word for word in words if "'" not in word and "][" not in word)
    return len(row.connected) < _MOST


_BLANKS = lazily(r"\s*")


def _past_blanks(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return match.end() if match else position


def _wrapped_cells(row: Found, text: str, position: int) -> int:
    """Takes the rest of a layer and of a shape that are not whole from the beginning of a line."""
    if not row.layer.endswith((")", "…")):
        opened = "(" in row.layer
        match = (_CLASS_REST if opened else _NAME_REST).match(text, position)
        apart = bool(row.connected) and "'" not in row.connected[0]
        if match and match[0] and not match[0].isdigit() and (not apart or "(" in match[0] or ")" in match[0]):
            row.layer += match[0] if not match[0].startswith("(") else f" {match[0]}"
            position = _past_blanks(text, match.end())
    return _shape_rest(row, text, position)


def _shape_rest(row: Found, text: str, position: int) -> int:
    """Takes the rest of a shape whose brackets do not close; where it ends."""
    if not row.shape_open:
        return position
    joined = row.shape + text[position : position + _LONGEST]
    end, _ = shape_end(joined, 0, counted=True)
    if end <= len(row.shape):
        return position
    taken = end - len(row.shape)
    row.shape = joined[:end]
    return position + taken


def _take(row: Found, kind: str, text: str, connected: bool, own: bool) -> bool:
    opened, closed = "(" in row.layer, row.layer.endswith((")", "…"))
    if kind == "closing" and opened and not closed:
        row.layer += text
    elif kind == "opened" and not opened:
        row.layer += f" {text}"
    elif kind == "state" or (kind == "number" and not own):
        row.params += f" {text}" if kind == "state" else text
    elif kind in ("connected", "listed"):
        row.connected.append(text)
    elif kind == "trainable":
        row.trainable = text
    elif kind in ("word", "other", "closing", "number") and row.listed:
        row.connected[-1] += text
    elif kind == "word" and connected and (not own or not row.connected):
        row.connected.append(text)
    else:
        return kind == "empty"
    return True
