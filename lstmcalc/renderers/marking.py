"""What stands in backticks is Keras's or the user's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lstmcalc.steering import visible

__all__ = ["code", "spans", "visible"]

#: What stands in backticks; a longer run of them holds what has backticks itself.
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)


def code(text: str) -> str:
    """What is Keras's or the user's, in backticks; in more of them where it has some itself, as Markdown has it.

    >>> code("lstm"), code("a`b"), code("`"), code("")
    ('`lstm`', '``a`b``', '`` ` ``', '')
    """
    if not text:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    blank = " " if "`" in (text[0], text[-1]) or _is_padded(text) else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def spans(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text in order, and whether each stood in backticks.

    >>> list(spans("the `units` of ``a`b``"))
    [('the ', False), ('units', True), (' of ', False), ('a`b', True)]
    """
    end = 0
    for found in CODE.finditer(text):
        if found.start() > end:
            yield text[end : found.start()], False
        yield found[2][1:-1] if _is_padded(found[2]) else found[2], True
        end = found.end()
    if end < len(text):
        yield text[end:], False


def _is_padded(text: str) -> bool:
    return text[0] == text[-1] == " " and not text.isspace()
