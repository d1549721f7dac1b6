"""YAML text as a tree in which every part knows its place; its scalars are read here, and nothing is constructed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from lstmcalc.dims import MAX_SIZE
from lstmcalc.errors import Fault, Rejection, SpecError, Where
from lstmcalc.sources.bounds import first_faults, note

__all__ = ["Items", "Node", "Pairs", "Scalar", "compose", "described", "is_null", "shortened", "value_of"]

#: How many parts a file may have once its aliases are written out, and how deep they may lie in one another.
#: A layer has ten or so, and a part takes a fifth of a kilobyte.
MAX_NODES = 1_200_000
MAX_DEPTH = 100

#: Patterns, each of which is compiled where a text has what does not print.
SURROGATE = "[\ud800-\udfff]"
CONTROL = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]"


class Node:
    """A part of a file. `weight` counts it and all its parts, aliases written out; `height` is how deep they go."""

    __slots__ = ("where",)

    where: Where
    weight: int
    height: int


class Scalar(Node):
    """A single value as text. `plain` means without quotes.

    `offset` is how many characters (quotes) stand in the file before the text; None where the text is not written in
    the file as it reads, because of escapes or several lines.
    """

    __slots__ = ("offset", "plain", "text")

    weight = 1
    height = 0

    def __init__(self, where: Where, text: str, plain: bool, offset: int | None) -> None:
        self.where, self.text, self.plain, self.offset = where, text, plain, offset


class Items(Node):
    """A list."""

    __slots__ = ("height", "items", "weight")

    def __init__(self, where: Where, weight: int, height: int, items: tuple[Node, ...]) -> None:
        self.where, self.weight, self.height, self.items = where, weight, height, items


class Pairs(Node):
    """A mapping; its keys are distinct."""

    __slots__ = ("height", "pairs", "weight")

    def __init__(self, where: Where, weight: int, height: int, pairs: tuple[tuple[Scalar, Node], ...]) -> None:
        self.where, self.weight, self.height, self.pairs = where, weight, height, pairs

    def get(self, key: str) -> Node | None:
        """The value of a key, if it is there."""
        for name, value in self.pairs:
            if name.text == key:
                return value
        return None


def compose(text: str, file: str, faults: list[Fault]) -> Node | None:
    """The tree of a YAML text, None where it holds nothing; faults that reading can go on after join `faults`.

    It is read from the parser's events and not from its own composer, which recurses without a limit. Raises SpecError
    where the text is not YAML, or too deep or too large.
    """
    text = text.removeprefix("\ufeff")
    odd = _unwritable(text)
    if odd is not None:
        line = text.count("\n", 0, odd) + 1
        column = odd - text.rfind("\n", 0, odd)
        got = f"the character U+{ord(text[odd]):04X}"
        raise SpecError([*faults, Fault("not-yaml", "printable text", got, where=Where(file, line, column))])
    composer = _Composer(text, file, faults)
    try:
        return composer.run()
    except yaml.MarkedYAMLError as error:
        raise SpecError([*first_faults(faults), _syntax_fault(error, text, file)]) from None


def _syntax_fault(error: yaml.MarkedYAMLError, text: str, file: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file)
    lines = text.splitlines()
    if mark and mark.line < len(lines) and lines[mark.line][mark.column : mark.column + 1] == "\t":
        return Fault("not-yaml", "spaces", "a tab", "YAML indents with spaces only", "replace the tab", where)
    because = " ".join(part for part in (error.problem, error.context) if part)
    if error.context and (start := error.context_mark) and error.problem_mark:
        because += f" that starts at line {start.line + 1}, column {start.column + 1}"
    return Fault("not-yaml", "YAML", because=because or "it cannot be read", where=where)


class _Open:
    """A list or mapping whose end has not been read."""

    def __init__(self, event: Any, where: Where, before: int) -> None:
        self.anchor: str | None = event.anchor
        self.is_list = type(event) is yaml.SequenceStartEvent
        self.where, self.before = where, before
        self.parts: list[Node] = []


def _unwritable(text: str) -> int | None:
    """Where a text has the first character that no YAML has; a byte order mark is none but at the start."""
    # Compiling such a pattern takes as long as loading most modules, and yaml has done it.
    odd, mark = yaml.reader.Reader.NON_PRINTABLE.search(text), text.find("\ufeff")
    places = [odd.start()] if odd else []
    return min([*places, mark] if mark >= 0 else places, default=None)


class _Composer:
    def __init__(self, text: str, file: str, faults: list[Fault]) -> None:
        self.text, self.file, self.faults = text, file, faults
        self.count = 0
        self.open: list[_Open] = []
        self.anchors: dict[str, Node | None] = {}
        self.root: Node | None = None

    def run(self) -> Node | None:
        """Reads all events; those that are most come first."""
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(self.text)
        documents = 0
        try:
            for event in iter(loader.get_event, None):
                kind = type(event)
                if kind is yaml.ScalarEvent:
                    self._scalar(event)
                elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                    self._end()
                elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                    self._begin(event)
                elif kind is yaml.AliasEvent:
                    self._alias(event)
                elif kind is yaml.DocumentStartEvent:
                    documents += 1
                    if documents > 1:
                        raise self._stop("several-documents", self._place(event), "one model in a file",
                                         "a second document", "`---` starts another")  # fmt: skip
        finally:
            loader.dispose()
        return self.root

    def _place(self, event: Any) -> Where:
        mark = event.start_mark
        return Where(self.file, mark.line + 1, mark.column + 1)

    def _begin(self, event: Any) -> None:
        where = self._place(event)
        self._add(1, where)
        self._check_depth(1, where)
        if event.tag is not None:
            self._refuse_tag(event, where)
        self.open.append(_Open(event, where, self.count - 1))
        if event.anchor:
            self.anchors[event.anchor] = None

    def _end(self) -> None:
        ended = self.open.pop()
        weight = self.count - ended.before
        height = 1 + max((part.height for part in ended.parts), default=0)
        node: Node
        if ended.is_list:
            node = Items(ended.where, weight, height, tuple(ended.parts))
        else:
            node = Pairs(ended.where, weight, height, tuple(self._pairs(ended.parts)))
        self._put(node, ended.anchor)

    def _pairs(self, parts: list[Node]) -> Iterator[tuple[Scalar, Node]]:
        first: dict[str, Scalar] = {}
        merged: list[tuple[Scalar, Node]] = []
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._note("wrong-key", key.where, "a name before the colon", described(key))
            elif key.plain and key.text == "<<":
                merged += self._merged(value)
            elif key.text in first:
                there = first[key.text].where
                because = f"`{key.text}` stands at line {there.line}, column {there.column} already"
                self._note("duplicate-key", key.where, "every key once", f"`{shortened(key.text)}` again", because)
            else:
                first[key.text] = key
                yield key, value
        for key, value in merged:
            if key.text not in first:
                first[key.text] = key
                yield key, value

    def _merged(self, value: Node) -> list[tuple[Scalar, Node]]:
        """What `<<: *other` brings in; the mapping's own keys go before it."""
        others = value.items if isinstance(value, Items) else (value,)
        if not all(isinstance(other, Pairs) for other in others):
            self._note("wrong-key", value.where, "`<<` to be followed by mappings", described(value))
        return [pair for other in others if isinstance(other, Pairs) for pair in other.pairs]

    def _scalar(self, event: Any) -> None:
        start, value = event.start_mark, event.value
        where = Where(self.file, start.line + 1, start.column + 1)
        self._add(1, where)
        if event.tag is not None:
            self._refuse_tag(event, where)
        # What prints has no control characters; a line break does not print, and is none.
        control = None if value.isprintable() else re.search(CONTROL, value)
        if control is None and not value.isprintable() and re.search(SURROGATE, value):
            # The parser in C says so itself.
            raise self._stop("not-yaml", where, "characters", "half of one, as an escape")
        if control:
            got = f"the character U+{ord(control.group()):04X}"
            self._note("control-character", where, "text without control characters", got)
            value = re.sub(CONTROL, "\N{REPLACEMENT CHARACTER}", value)
        raw = self.text[start.index : event.end_mark.index]
        offset = 0 if raw == value else 1 if raw[1:-1] == value and raw[:1] in ("'", '"') else None
        self._put(Scalar(where, value, not event.style, offset), event.anchor)

    def _alias(self, event: Any) -> None:
        name, where = event.anchor, self._place(event)
        if name not in self.anchors:
            raise self._stop("unknown-alias", where, "the name of an anchor before it", f"`*{shortened(name)}`")
        node = self.anchors[name]
        if node is None:
            name = shortened(name)
            raise self._stop("cycle", where, "an alias of something else", f"`*{name}`",
                             f"it stands inside what it means, `&{name}`")  # fmt: skip
        self._add(node.weight, where)
        self._check_depth(node.height, where)
        self._put(node, None)

    def _put(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = node
        if self.open:
            self.open[-1].parts.append(node)
        else:
            self.root = node

    def _add(self, weight: int, where: Where) -> None:
        self.count += weight
        if self.count > MAX_NODES:
            raise self._stop("too-large", where, f"at most {MAX_NODES:,} values, with every alias written out", "more")

    def _check_depth(self, height: int, where: Where) -> None:
        if len(self.open) + height > MAX_DEPTH:
            expected = f"at most {MAX_DEPTH} lists and mappings inside one another"
            raise self._stop("too-deep", where, expected, "more")

    def _refuse_tag(self, event: Any, where: Where) -> None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        self._note("yaml-tag", where, "a value without a tag", f"`{shortened(tag)}`", fix="remove the tag")

    def _note(self, code: str, where: Where, expected: str, got: str, because: str = "", fix: str = "") -> None:
        note(self.faults, Fault(code, expected, got, because, fix, where))

    def _stop(self, code: str, where: Where, expected: str, got: str, because: str = "") -> SpecError:
        return SpecError([*first_faults(self.faults), Fault(code, expected, got, because, where=where)])


def _octal(text: str) -> Any:
    decimal = text.lower().replace("o", "").lstrip("0_") or "0"
    fix = f'write `{decimal}`, or "{shortened(text)}" for text'
    because = "readers of YAML disagree on whether a leading 0 means octal"
    raise Rejection("wrong-number", "a number without a leading 0", f"`{shortened(text)}`", because, fix)


def _sexagesimal(text: str) -> Any:
    fix = f'write "{shortened(text)}" for text'
    raise Rejection("wrong-number", "a decimal number", f"`{shortened(text)}`", "YAML 1.1 reads it in base 60", fix)


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    if len(digits) > 80 or abs(int(digits, 0)) > MAX_SIZE:
        raise Rejection("wrong-number", f"an integer of at most {MAX_SIZE:,}", f"`{shortened(text)}`")
    return int(digits, 0)


def _real(text: str) -> float:
    return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))


#: What a scalar without quotes means, the first that matches; all else is text. Words are compared in lower case.
WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "none"), None),
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}
#: What every number starts with.
DIGITS = frozenset("0123456789+-.")
NUMBERS: list[tuple[re.Pattern[str], Callable[[str], Any]]] = [
    (re.compile(r"[-+]?(0|[1-9][0-9_]*|0x[0-9a-fA-F_]*[0-9a-fA-F]|0b[01_]*[01])"), _integer),
    (re.compile(r"[-+]?0o?[0-9_]+"), _octal),
    (re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"), _sexagesimal),
    (re.compile(r"[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(e[-+]?[0-9]+)?|[-+]?\.inf|\.nan"), _real),
]  # fmt: skip


def value_of(scalar: Scalar) -> Any:
    """What a scalar means: null (also as None), true or false, a number, or text. Raises Rejection.

    >>> def read(text): return value_of(Scalar(Where(), text, True, 0))
    >>> [read(text) for text in ("None", "no", "1_000", "1e-3", "0x10", "2*T", "LSTM(64)")]
    [None, False, 1000, 0.001, 16, '2*T', 'LSTM(64)']
    """
    text = scalar.text
    if not scalar.plain:
        return text
    if (word := text.lower()) in WORDS and text in (word, word.capitalize(), word.upper()):
        return WORDS[word]
    if text[:1] not in DIGITS:
        return text
    for pattern, convert in NUMBERS:
        if pattern.fullmatch(text) or (convert is _real and pattern.fullmatch(text.lower())):
            return convert(text.lower())
    return text


def described(node: Node) -> str:
    """A part of a file as an error names it: the value as it was written, or what kind it is."""
    if isinstance(node, Scalar):
        if node.plain and is_null(node):
            return "nothing" if not node.text else f"`{node.text}`"
        return f"`{shortened(node.text)}`" if node.plain else f'"{shortened(node.text)}"'
    if isinstance(node, Items):
        return "a list" if node.items else "an empty list"
    assert isinstance(node, Pairs)
    return "a mapping" if node.pairs else "an empty mapping"


def is_null(node: Node) -> bool:
    """Whether a part of a file is null, written or left out."""
    return isinstance(node, Scalar) and node.plain and node.text.lower() in ("", "~", "null", "none")


def shortened(text: str) -> str:
    """A text in one line, cut where it is long."""
    line = " ".join(text.split())
    return f"{line[:60]}…" if len(line) > 61 else line
