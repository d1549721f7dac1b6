"""Tracebacks as IPython, Jupyter and Colab print them, written as Python prints its own."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence

__all__ = ["ARROW", "as_python"]

#: Editors make a link of each number.
_NUMBER = r"\[?(?P<number>\d{1,6})\]?(?:\(file:[^)]{0,400}\))?"
#: What points at the line that failed.
ARROW = re.compile(rf" *-{{1,}}> ?{_NUMBER}(?: (?P<code>.*))?$")
_BESIDE = re.compile(rf" *{_NUMBER}(?: (?P<code>.*))?$")
#: What stands above the lines of a frame: where they are from.
_HEAD = re.compile(
    r" *(?:File )?\[?(?P<file><(?:ipython-input|timed)[^>]{0,80}>|(?:Cell|Input) In ?\[\d{1,6}\]"
    r"|[A-Za-z~./\\][^\[\]()\"'<>]{0,300}?\.pyc?)"
    r"\]?(?:\([^)]{0,300}\))?(?::\d{1,7})?,? (?:in|line) .{1,}$"
)
_FOLDED = re.compile(r" *\d{1,4} frames?$")
#: No statement in such a traceback is longer.
MOST_LINES = 15


def as_python(lines: Sequence[str]) -> list[str]:
    """The lines of a text with every frame of IPython as one line, `File "...", line 3 code`, as Python writes it.

    What stands around the line that failed is left out; an empty line takes the place of each line that goes.

    >>> as_python(["<ipython-input-1-ab> in <module>", "  1 m = Sequential()", "----> 2 m.add(", "  3   Dense(4))"])
    ['', '', 'File "<ipython-input-1-ab>", line 2 m.add( Dense(4))', '']
    """
    made = list(lines)
    head, start = "", -1
    for place, line in enumerate(lines):
        if found := _HEAD.match(line):
            head, start = found["file"], place
        elif arrow := ARROW.match(line):
            number, code = int(arrow["number"]), arrow["code"] or ""
            before = list(_beside(lines, range(place - 1, -1, -1), number, -1))
            after = list(_beside(lines, range(place + 1, len(lines)), number, 1))
            if not (head or before or after or line.lstrip().startswith("--")):
                # An arrow in a sentence.
                continue
            first = start if 0 <= place - start <= MOST_LINES and head else place - len(before)
            last = place + len(after)
            made[first : last + 1] = [""] * (last + 1 - first)
            code = _statement(before, code, after)
            made[place] = f'File "{head or "<input>"}", line {number} {code}'.rstrip()
            head, start = "", -1
        elif _FOLDED.match(line):
            made[place] = ""
    return made


def _beside(lines: Sequence[str], places: range, number: int, step: int) -> Iterator[str]:
    """The code of the lines that stand next to a numbered one, the nearest first."""
    for place in places:
        number += step
        found = _BESIDE.match(lines[place])
        if found is None or int(found["number"]) != number:
            return
        yield found["code"] or ""


def _statement(before: list[str], code: str, after: list[str]) -> str:
    """The whole statement of a line: the arrow of older Pythons stands at its end, that of newer ones at its start."""
    for more in range(min(len(after), MOST_LINES) + 1):
        if _is_whole(written := _one_line([code, *after[:more]])):
            return written
    for more in range(1, min(len(before), MOST_LINES) + 1):
        if _is_whole(written := _one_line([*reversed(before[:more]), code])):
            return written
    return _one_line([code])


def _one_line(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines if line.strip())


def _is_whole(code: str) -> bool:
    if code.count("(") != code.count(")"):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code.removeprefix("return "))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
