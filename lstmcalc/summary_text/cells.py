"""Reads the cells of a row: a name with its class, a shape, a count, connections; each as far as it can be read."""

from __future__ import annotations

import re
from functools import lru_cache

from lstmcalc.errors import Fault
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import ALIASES, RULES
from lstmcalc.patterns import lazily
from lstmcalc.summary_text.printed import Connection, Cut, PrintedShape, PrintedSize

__all__ = ["CountCell", "LayerCell", "ShapeCell", "is_class", "read_connections", "read_count", "read_layer",
           "read_shape"]  # fmt: skip

_KEPT = 4096
_ELLIPSIS = lazily(r"\s*(?:…|\.{3})\s*$")


class LayerCell(NamedTuple):
    """A layer's name and class; `class_cut` also where the class is missing because the cell was too narrow."""

    name: str
    class_name: str
    name_cut: bool = False
    class_cut: bool = False


class ShapeCell(NamedTuple):
    """The shapes of a cell, None where it shows none; `fault` where it cannot be read."""

    shapes: tuple[PrintedShape, ...] | None
    cut: bool = False
    keys: tuple[str, ...] = ()
    fault: Fault | None = None


class CountCell(NamedTuple):
    """A count, None where no whole number can be read; `point` where a point may separate thousands."""

    value: int | None
    built: bool = True
    cut: bool = False
    point: bool = False
    fault: Fault | None = None


def is_class(word: str) -> bool:
    """Whether a word is the whole name of a class of Keras."""
    return word in RULES or word in ALIASES or word == "InputLayer"


@lru_cache(maxsize=_KEPT)
def read_layer(text: str, class_first: bool | None = None, full: bool = False) -> LayerCell:
    """The name and the class of a cell; `full` if the text fills its cell, so that its end may be missing.

    >>> read_layer("lstm_1 (LSTM)")
    LayerCell(name='lstm_1', class_name='LSTM', name_cut=False, class_cut=False)
    >>> read_layer("time_distributed_1… (TimeDistr…")
    LayerCell(name='time_distributed_1', class_name='TimeDistr', name_cut=True, class_cut=True)
    >>> read_layer("Embedding (embedding)").name
    'embedding'
    >>> read_layer("lstm_1 LSTM").class_name
    'LSTM'
    """
    text = " ".join(text.split())
    outer, opened, inner = text.rpartition("(") if "(" in text else (text, "", "")
    first, second = outer.strip(), inner.strip()
    first_cut = bool(_ELLIPSIS.search(first))
    first = _ELLIPSIS.sub("", first)
    closed = second.endswith(")")
    second = second.rstrip(") ")
    second_cut = bool(_ELLIPSIS.search(second)) or (bool(opened) and not closed)
    second = _ELLIPSIS.sub("", second)
    if class_first is None:
        class_first = first[:1].isupper() and second[:1].islower() and second.islower()
    if not opened:
        name, _, last = first.rpartition(" ")
        if is_class(last) and not first_cut and not full:
            return LayerCell(name, last)
        if class_first:
            return LayerCell("", first, full, first_cut or full)
        return LayerCell(first, "", first_cut or full, full)
    if class_first:
        return LayerCell(second, first, second_cut, first_cut)
    return LayerCell(first, second, first_cut, second_cut)


#: What people put around a count that changes nothing about it.
_DRESSED = lazily(r"^=\s*|(?<=\d)\s+(?:params?|parameters|weights)$", re.IGNORECASE)
_ROUNDED = lazily(r"[~≈]?\s*\d[\d.,]*\s*(?:[kmgbt]|thousand|mil|mio|mln|million|bn|billion)", re.IGNORECASE)
_COUNT = lazily(r"(?P<number>\d[\d.,'’_ ]*?)(?P<cut>\s?(?:…|\.{3}))?\s*(?P<state>\(\s*un[bu]\w*\s*\)?)?")
_WHOLE = lazily(r"(\d{1,18})(?:\.0{1,2})?")
_GROUPED = lazily(r"\d{1,3}(?:([,'’_ ])\d{3})(?:\1\d{3}){0,5}(?:\.0{1,2})?")
_POINTED = lazily(r"\d{1,3}(?:\.\d{3}){1,6}")


@lru_cache(maxsize=_KEPT)
def read_count(text: str) -> CountCell:
    """The number of a count, however it is written.

    >>> [read_count(text).value for text in ("91648", "91,648", "146.0", "0 (unbuilt)", "1,2…", "unused")]
    [91648, 91648, 146, 0, None, 0]
    >>> read_count("91.648")
    CountCell(value=91648, built=True, cut=False, point=True, fault=None)
    """
    text = text.strip()
    if text.strip("()") in ("unbuilt", "unused"):
        return CountCell(0, built=False)
    match = _COUNT.fullmatch(_DRESSED.sub("", text))
    if not match:
        return CountCell(None, fault=_unreadable_count(text))
    number, built = match["number"].strip(), not match["state"]
    if match["cut"]:
        return CountCell(None, built, cut=True)
    if whole := _WHOLE.fullmatch(number):
        return CountCell(int(whole[1]), built)
    if _GROUPED.fullmatch(number):
        return CountCell(int(re.sub(r"\D", "", re.sub(r"\.0+$", "", number))), built)
    if _POINTED.fullmatch(number):
        return CountCell(int(number.replace(".", "")), built, point=number.count(".") == 1)
    return CountCell(None, built, fault=_unreadable_count(text))


def _unreadable_count(text: str) -> Fault:
    got = f"`{text}`" if text else "nothing"
    rounded = _ROUNDED.fullmatch(text) or text.startswith(("~", "≈"))
    because = "it is rounded, and so no exact count" if rounded else ""
    return Fault("unreadable-count", "a whole number, such as 91,648 or 91648", got, because)


_TOKEN = lazily(
    r"\s+|(?P<none>None\b|\?)|(?P<size>\d{1,18})(?:\.0{1,2})?(?![\d.\w])|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)"
    r"|(?P<ellipsis>…|\.\.\.)|(?P<key>(?:'[^']*'|\"[^\"]*\"|[A-Za-z_][\w./-]*|\d+)\s*:)|(?P<partial>N|No|Non)$"
    r"|(?P<half_key>'[^']*|[A-Za-z_][\w./-]*)$|(?P<wrapper>TensorShape|Dimension|torch\.Size|NoneType)"
)
_WORDS = ("", "multiple", "?", "-", "unknown", "unused", "unbuilt", "none", "n/a", "—", "–")


class _Shapes:
    """Collects the shapes of a nest of brackets; `fault` turns true where the nest is no nest of shapes."""

    def __init__(self) -> None:
        self.frames: list[tuple[list[PrintedSize], list[str], str]] = []
        self.key = ""
        self.shapes: list[PrintedShape] = []
        self.keys: list[str] = []
        self.fault = False
        self.last = ""

    def add(self, kind: str, text: str) -> None:
        """Takes the next token."""
        if kind == "open":
            self.fault |= self.last in ("size", "none", "close") or (not self.frames and bool(self.shapes))
            self.frames.append(([], [], text))
        elif not self.frames:
            self.fault = True
        elif kind in ("size", "none", "partial"):
            self.fault |= self.last in ("size", "none", "close")
            self.frames[-1][0].append(int(text) if kind == "size" else Cut("") if kind == "partial" else None)
        elif kind == "close":
            self._close()
        elif kind == "key":
            self.key = text.rstrip(" :").strip("'\"")
        elif kind == "comma":
            self.fault |= self.last in ("comma", "open")
        self.last = kind

    def _close(self) -> None:
        sizes, children, bracket = self.frames.pop()
        self.fault |= bool(sizes and children)
        if not children and (sizes or bracket == "("):
            self._finish(sizes)
        if self.frames:
            self.frames[-1][1].append("shape")

    def _finish(self, sizes: list[PrintedSize]) -> None:
        self.shapes.append(tuple(sizes))
        self.keys.append(self.key)

    def cut(self) -> None:
        """Ends a nest of which the rest is missing: its last size may have more digits."""
        sizes, children, bracket = self.frames.pop() if self.frames else ([], [], "")
        self.fault |= bool(sizes and children)
        if self.last == "comma" and len(sizes) > 1:
            sizes.append(Cut(""))
        elif self.last == "size":
            sizes[-1] = Cut(str(sizes[-1]))
        elif self.last == "none":
            sizes[-1] = Cut("")
        elif self.last == "open" and bracket == "(" and not any(frame[2] == "(" for frame in self.frames):
            sizes.append(Cut(""))
        if sizes:
            self._finish(sizes)


_STRUCTURE = lazily(r"[A-Za-z_]\w*(?:…|\.{3})?\s*\((?=\s*[A-Za-z_]\w*\s*=)")
_ABSENT = lazily(r"\b[A-Za-z_]\w*\s*=\s*None\s*(?:,\s*|(?=[)…]|$))")
_FIELD = lazily(r"\b([A-Za-z_]\w*)\s*=(?=\s*[(\[{])")


def _without_structure(text: str) -> str:
    """The shapes of an object with named parts as those of a dict; any other text as it is."""
    match = _STRUCTURE.match(text)
    if not match or not text.endswith(")"):
        return text
    inside = _FIELD.sub(r"\1:", _ABSENT.sub("", text[match.end() : -1]))
    return "{" + inside.rstrip(", ") + "}"


_NEGATIVE = lazily(r"[(\[,]\s*-\d")
_HUGE = lazily(r"\d{19}")


def _why_no_shape(text: str) -> str:
    if text[:1] not in tuple("([{"):
        return "a shape stands in parentheses"
    if _NEGATIVE.search(text):
        return "no size is negative"
    return "no size is as large as that" if _HUGE.search(text) else ""


@lru_cache(maxsize=_KEPT)
def read_shape(text: str) -> ShapeCell:
    """The shapes of a cell; what is missing at its end is marked, a size there is never taken for complete.

    >>> read_shape("(None, 10, 12").shapes, read_shape("(None, 10, 12)").shapes
    (((None, 10, Cut(digits='12')),), ((None, 10, 12),))
    >>> read_shape("{'a': (None, 3), 'b': (None,)}")
    ShapeCell(shapes=((None, 3), (None,)), cut=False, keys=('a', 'b'), fault=None)
    >>> read_shape("multiple").shapes
    >>> read_shape("TFBaseModelOutput(last_hidden_state=(None, 43, 768), attentions=None)").keys
    ('last_hidden_state',)
    """
    printed, text = text.strip(), _without_structure(text.strip())
    if text.lower() in _WORDS or not text.strip(".…"):
        return ShapeCell(None, cut=bool(text) and not text.strip(".…"))
    shapes, position = _Shapes(), 0
    ellipsis = False
    while position < len(text) and not shapes.fault:
        match = _TOKEN.match(text, position)
        if not match or (shapes.shapes and not shapes.frames and not match[0].isspace()):
            shapes.fault = True
            break
        kind = match.lastgroup
        if kind == "ellipsis":
            ellipsis = True
            shapes.cut()
            shapes.fault |= bool(text[match.end() :].strip(" )]}"))
            break
        if kind and kind != "wrapper":
            shapes.add(kind, match["size"] if kind == "size" else match[0])
        position = match.end()
    return _shape_cell(printed, shapes, ellipsis)


def _shape_cell(text: str, shapes: _Shapes, ellipsis: bool) -> ShapeCell:
    cut = ellipsis or bool(shapes.frames)
    if shapes.frames and not ellipsis and not shapes.fault:
        shapes.cut()
    if shapes.fault or (not shapes.shapes and not cut):
        because = _why_no_shape(text)
        return ShapeCell(
            None, fault=Fault("unreadable-shape", "a shape, such as (None, 10, 128)", f"`{text}`", because)
        )
    keys = tuple(shapes.keys) if any(shapes.keys) else ()
    return ShapeCell(tuple(shapes.shapes) or None, cut, keys)


_CONNECTION = lazily(
    r"(?P<name>[^\[\]'\",]*)(?:(?P<node>\[\d{0,9})(?:(?P<ended>\])(?:(?P<tensor>\[\d{0,9})(?P<whole>\])?)?)?)?"
)


@lru_cache(maxsize=_KEPT)
def read_connections(text: str) -> tuple[tuple[Connection, ...], bool]:
    """The connections of a cell, and whether more of it is missing.

    >>> connections, cut = read_connections("['a[0][0]', 'b[0][1]']")
    >>> [(connection.name, connection.tensor) for connection in connections], cut
    ([('a', 0), ('b', 1)], False)
    >>> read_connections("bidirectional_input_")
    ((Connection(name='bidirectional_input_', node=0, tensor=0, cut=True, open=False),), True)
    """
    text = text.strip()
    opened = text.startswith("[")
    text = re.sub(r"\s+\]$", "]", text)
    ended = not opened or text.endswith("]]") or text.endswith("']") or text.endswith('"]')
    text = text.removeprefix("[")
    if text in ("", "-", "—"):
        return (), False
    found, cut = [], not ended
    for part in re.split(r"\s*,\s*|(?<=…)\s+", text):
        part = part.strip("'\" ")
        short = _ELLIPSIS.sub("", part)
        if part in ("", "]", "-") or (short == "" and part):
            cut |= bool(part) and not short
            continue
        match = _CONNECTION.match(short)
        if not match or not match["name"]:
            cut = True
            continue
        node, tensor = (int((match[group] or "[")[1:] or 0) for group in ("node", "tensor"))
        whole = bool(match["whole"]) and short == part
        name_cut = match["node"] is None
        found.append(Connection(match["name"], node, tensor, name_cut, open=not whole and not name_cut))
        cut |= not whole
    return tuple(found), cut
