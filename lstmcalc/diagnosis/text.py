"""An error message as it was pasted, made one line: what copying added is gone, and wrapped lines are joined."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from lstmcalc.diagnosis.notebook import ARROW, as_python
from lstmcalc.summary_text.cleaning import broken_lines, plain_line, without_prefix

__all__ = ["Joined", "error_lines", "joined", "looks_like_error"]

#: What an exception's own line begins with (`ValueError: `, `tensorflow.python...InvalidArgumentError: `).
_ERROR = re.compile(r"\b(?:[A-Za-z_][\w.]{0,150}\.)?[A-Z]\w{0,60}(?:Error|Exception|Warning|Exit|Interrupt)\b(?=:|$)")
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)")
#: A line of pytest's report of an error, and IPython's arrow; both stand before what was printed.
_MARGIN = re.compile(r"E {3,}|-{2,}> ?\d* ")
#: No terminal is narrower.
LEAST_WIDTH = 40
#: What `without_prefix` would take for the start of a comment, and what a wrapped message may begin with.
_OWN = "\"'*;%-•"


@dataclass(frozen=True)
class Joined:
    """A text in one line with single blanks; `starts` is where each of its lines begins in it."""

    text: str
    starts: tuple[int, ...]

    def lines_around(self, start: int, end: int) -> str:
        """The whole lines from a place to another; only what stands between where the lines are long."""
        first = self.starts[max(bisect_right(self.starts, start) - 1, 0)]
        after = bisect_right(self.starts, max(end - 1, start))
        last = self.starts[after] if after < len(self.starts) else len(self.text)
        whole = self.text[first:last].strip()
        return whole if len(whole) <= 300 else self.text[start:end].strip()

    def printed_from_the_end(self, place: int) -> int:
        """How many characters but blanks stand behind a place: how late it is, in whatever way lines were joined."""
        return sum(map(len, self.text[place:].split()))


#: Messages are quoted with the signs of the keyboard at hand.
_WIDE_SIGNS = str.maketrans({"，": ", ", "：": ": ", "（": "(", "）": ")", "“": '"', "”": '"', "‘": "'", "’": "'"})


def _clean(raw: str) -> str:
    text = plain_line(raw).translate(_WIDE_SIGNS)
    if text.lstrip()[:1] not in _OWN:
        text = without_prefix(text)
    return _MARGIN.sub("", text, count=1) if _MARGIN.match(text) and not ARROW.match(text) else text


def joined(text: str) -> list[Joined]:
    r"""A text in one line, in each way in which its lines may have been broken: between words, or where it was full.

    >>> [one.text for one in joined("> expected ndim=3,\n>   found \x1b[31mndim=2\x1b[0m")]
    ['expected ndim=3, found ndim=2']
    """
    raws = [raw for _, raw in broken_lines(text)]
    lines = as_python([_clean(raw) for raw in raws])
    widest, longest = max(map(len, raws), default=0), max(map(len, lines), default=0)
    # Colours lengthen a line, and cleaning shortens it.
    full = [
        longest >= LEAST_WIDTH and (len(raw) == widest or len(line) == longest) and not raw[-1:].isspace()
        for raw, line in zip(raws, lines, strict=True)
    ]
    ways = [_join(lines, [False] * len(lines))]
    if any(full[:-1]):
        ways.append(_join(lines, full))
    return ways


def _join(lines: list[str], full: list[bool]) -> Joined:
    """The lines in one; what follows a line that is full goes on with it."""
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    goes_on = False
    for line, is_full in zip(lines, full, strict=True):
        part = " ".join(line.split())
        if not part:
            goes_on = False
            continue
        if parts and not (goes_on and not line[:1].isspace()):
            parts.append(" ")
            length += 1
        starts.append(length)
        parts.append(part)
        length += len(part)
        goes_on = is_full
    return Joined("".join(parts), tuple(starts) or (0,))


def error_lines(text: str) -> list[str]:
    """The lines that name an exception, as Python prints it at the end of a traceback."""
    lines = (" ".join(_clean(raw).split()) for _, raw in broken_lines(text))
    return [line[:1_000] for line in lines if _ERROR.match(line)]


def looks_like_error(text: str) -> bool:
    """Whether a text shows an exception, known or not.

    >>> looks_like_error("ValueError: no"), looks_like_error("lstm (LSTM) (None, 10) 440")
    (True, False)
    """
    return bool(_TRACEBACK.search(text)) or bool(error_lines(text))
