"""Undoes what copying does to a text: colours, HTML, escapes, quotes, comments and log prefixes, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from lstmcalc.frozen import NamedTuple
from lstmcalc.patterns import lazily

__all__ = ["Line", "broken_lines", "clean_line", "clean_lines", "plain_line", "without_prefix"]


class Line(NamedTuple):
    """One line: its number in the text, how it was pasted, and what it says."""

    number: int
    raw: str
    text: str


_ESCAPE = r"(?:\\{1,4}(?:u001[bB]|x1[bB]|033|e)|\^\[|\x1b)"
_ANSI = lazily(
    rf"{_ESCAPE}\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[()][A-Z0-9]|\[\d{{1,3}}(?:;\d+)*m"
)
_CODE_POINT = lazily(r"\\{1,4}u([0-9a-fA-F]{4})")
_BACKSLASHED = lazily(r"\\{1,4}([_*|#\[\](){}`~.<>\"'+=/-])")
_TAG = lazily(
    r"</?(?:pre|span|div|p|code|b|strong|em|i|u|a|s|font|samp|tt|tbody|thead|table|html|body|blockquote|li|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_CELL_END = lazily(r"</t[dh]\s*>", re.IGNORECASE)
_CELL_START = lazily(r"<t[dhr]\b[^<>]*>", re.IGNORECASE)
_BREAK = lazily(r"<br\s*/?>|</tr\s*>|(?:\\{1,4}r)?\\{1,4}n", re.IGNORECASE)
_SPACES = {ord(char): " " for char in "\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000\x0b\x0c\x85\u2028\u2029"}
_NOTHING = {ord(char): None for char in "\u200b\u200c\u200d\u2060\ufeff\u00ad\x00\x08"}
_QUOTES = {ord(char): plain for char, plain in zip("“”„‘’‚", "\"\"\"'''", strict=True)}
_ODD = {**_SPACES, **_NOTHING, **_QUOTES}

_QUOTED = lazily(r"\s*>(?: ?>)*")
_COMMENT = lazily(r"\s*(?:#+|//+|/\*+|\*+(?=\s)|;+|%+|--(?=\s)|\"+|'{3}|[-•](?= [A-Za-z_]\S* ?\())")
_NUMBERED = lazily(r"\s{0,6}(?:\d+\s?[:|](?=\s|$)|(?:In|Out) ?\[\d*\]:)")
_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL|trace|debug|info|notice|warn(?:ing)?|error)"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|\s?[+-]\d\d:?\d\d)?"
_STAMP = (
    rf"(?:[IWEF]\d{{4}}\s{_CLOCK}\s+\d+\s\S+?:\d+\]"
    rf"|[A-Z][a-z]{{2}}\s[\s\d]\d\s{_CLOCK}\s\S+\s[^\s:]+:"
    rf"|\[?\d{{4}}[-/.]\d\d[-/.]\d\d(?:[T ]\s?{_CLOCK})?\]?"
    rf"|\[?{_CLOCK}\]?"
    rf"|[\[(<]{_LEVEL}\s*[\])>]:?|{_LEVEL}(?=[\s:|-]|$)(?! ?\()[:|]?)"
)
_LOGGER = r"(?:(?!Model\b)[A-Za-z_<][\w./<>-]*(?::\d+|:<\w+>)*(?::|\s[-:](?=\s|$))|\[[A-Za-z][\w./: -]*\](?=\s|$))"
#: How the text of a stamp begins; most lines have none, and the pattern of all stamps takes its time to compile.
_STAMPED = lazily(rf"\s*(?:[IWEF]\d|[A-Z][a-z]{{2}}\s[\s\d]\d|\[?\d\d|[\[(<]?{_LEVEL})")
_LOGGED = lazily(rf"\s*{_STAMP}(?:\s*(?:[-|:]\s+)?(?:{_STAMP}|{_LOGGER}))*(?:\s*[-:](?=\s|$))?")


def without_prefix(text: str) -> str:
    """The line without what a mail, an editor or a log put before it; the blank after that stays, as in every line."""
    for _ in range(4):
        start = text.lstrip()[:1]
        if not start:
            return ""
        if start == ">":
            match = _QUOTED.match(text)
        elif start in "#/*;%-\"'•":
            match = _COMMENT.match(text)
        elif start.isalnum() or start in "[(<":
            match = (_LOGGED.match(text) if _STAMPED.match(text) else None) or _NUMBERED.match(text)
        else:
            return text
        if not match or not match.end():
            return text
        text = text[match.end() :]
    return text


def clean_line(raw: str) -> str:
    r"""What a line says.

    >>> clean_line("> \x1b[1m lstm_1 (LSTM)&nbsp;\x1b[0m")
    '  lstm_1 (LSTM)'
    >>> clean_line("2024-01-01 12:00:00,123 - INFO - root - Total params: 1\\_0")
    ' Total params: 1_0'
    """
    return without_prefix(plain_line(raw))


def plain_line(raw: str) -> str:
    """A line without colours, HTML, escapes and odd blanks; what a mail or a log put before it stays."""
    text = raw
    if "[" in text or "\x1b" in text:
        text = _ANSI.sub("", text)
    if "\\" in text:
        text = _CODE_POINT.sub(lambda match: chr(int(match[1], 16)), text)
        text = _BACKSLASHED.sub(r"\1", text).replace("\\t", " ")
    for _ in range(3):
        if "<" in text:
            text = _TAG.sub("", _CELL_START.sub("", _CELL_END.sub(" | ", text)))
        if "&" not in text:
            break
        # Its table of names takes its time to load.
        from html import unescape

        text = unescape(text)
    if not text.isascii() or "\x00" in text or "\x08" in text or "\x0c" in text or "\x0b" in text:
        text = text.translate(_ODD)
    return text.expandtabs(8).replace("`", "").replace("**", "").rstrip()


def _broken(raw: str) -> list[str]:
    """A line, at the line breaks that stand in it as text (`\\n`, `<br>`)."""
    if "\\" not in raw and "<" not in raw:
        return [raw]
    return [part for part in _BREAK.split(raw) if part.strip("\", '")] or [""]


def clean_lines(text: str) -> list[Line]:
    r"""All lines of a text, cleaned; a line with breaks written out in it gives several of the same number.

    >>> [(line.number, line.text) for line in clean_lines("a\r\n<b>b</b><br>c")]
    [(1, 'a'), (2, 'b'), (2, 'c')]
    """
    return _without_common_prefix([Line(number, part, clean_line(part)) for number, part in broken_lines(text)])


def broken_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text, counted from 1; one with breaks written out in it gives several of the same number."""
    raws = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, raw in enumerate(raws, 1):
        for part in _broken(raw):
            yield number, part


_HEADER = lazily(r"Layer \((?:type|name)\)")
_DIGIT = lazily(r"\d")


def _without_common_prefix(lines: list[Line]) -> list[Line]:
    """The lines without what stands before a header and before the lines around it, whatever that is."""
    for index, line in enumerate(lines):
        match = _HEADER.search(line.text)
        if match and line.text[: match.start()].strip(" │┃|_=-"):
            around = [*lines[max(0, index - 1) : index], *lines[index + 1 : index + 2]]
            shared = filter(None, (_shared(line.text[: match.start()], other.text) for other in around))
            prefix = min(shared, key=len, default="")
            return [_stripped(other, prefix) for other in lines] if prefix else lines
    return lines


def _shared(before: str, text: str) -> str:
    """What two lines have in common at their beginning, any digit for another."""
    pairs = zip(_DIGIT.sub("0", before), _DIGIT.sub("0", text), strict=False)
    start = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return start if len(start.strip(" │┃|")) > 1 else ""


def _stripped(line: Line, prefix: str) -> Line:
    start = _DIGIT.sub("0", line.text[: len(prefix)])
    if start == prefix:
        return Line(line.number, line.raw, line.text[len(prefix) :])
    return Line(line.number, line.raw, "") if start == prefix.rstrip() == _DIGIT.sub("0", line.text) else line
