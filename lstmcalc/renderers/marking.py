"""What stands in backticks is Keras's or the user's; and what would steer whatever shows it is made visible."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["SIGNS", "code", "spans", "visible"]

#: What stands in backticks; a longer run of them holds what has backticks itself.
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
#: What would steer a terminal, turn the direction of a line, or is no whole character; as signs that can be seen.
SIGNS = {
    **{number: 0x2400 + number for number in range(0x20)},
    0x7F: 0x2421,
    **dict.fromkeys(
        (*range(0x80, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
    ),
    **dict.fromkeys((*range(0xD800, 0xE000), 0xFEFF, 0xFFFE, 0xFFFF), 0xFFFD),
}


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


def visible(text: str) -> str:
    """A text on one line, with a sign for each character that would steer what shows it.

    >>> visible("a\\x1b[31mb\\nc\\u202e")
    'a␛[31mb␊c�'
    """
    return text.translate(SIGNS)
