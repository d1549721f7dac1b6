"""Characters that would steer whatever shows a text: the one list of them, and the ways to make them visible."""

from __future__ import annotations

import re

__all__ = ["LONGEST_WORD", "STEERING", "escaped_json", "harmless", "readable", "visible"]

#: What would steer a terminal, turn the direction of a line, cannot be seen, or is no whole character: a pattern, which
#: is compiled where a text has any.
STEERING = (
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
#: A word of so many letters is no word of anybody's.
LONGEST_WORD = 400


def visible(text: str) -> str:
    r"""A text on one line, each character that would steer what shows it escaped, as Python does.

    A text gets longer by this: what is laid out is made visible before.

    >>> print(visible("a\x1b[31mb\nc\u202e"))
    a\x1b[31mb\nc\u202e
    """
    # Nothing that steers is printable, and asking takes a tenth of the time.
    return text if text.isprintable() else re.sub(STEERING, _escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def harmless(text: str, coloured: bool = False) -> str:
    r"""Lines without what would steer a terminal but line breaks, tabs and, where they have some, their own colours.

    Names are made visible where they are laid out; this is what holds for everything else.

    >>> print(harmless("a\x07b\nc")); harmless("\x1b[1ma\x1b[0m\x1b[2J", coloured=True)
    a\x07b
    c
    '\x1b[1ma\x1b[0m\\x1b[2J'
    """
    if text.replace("\n", "").isprintable():
        return text
    kept = r"(?![\n\t])" + r"(?!\x1b\[[\d;]*m)" * coloured
    return re.sub(kept + STEERING, _escape, text)


def readable(text: str) -> str:
    """A text of ours as it is told: made visible, and with words cut that nobody reads to the end.

    >>> len(readable("got " + "9" * 100_000))
    65
    """
    text = visible(text)
    return (
        text if len(text) < LONGEST_WORD else re.sub(rf"\S{{{LONGEST_WORD},}}", lambda word: f"{word[0][:60]}…", text)
    )


def escaped_json(text: str) -> str:
    r"""JSON on one line that means the same, without what would steer.

    >>> print(escaped_json('"a\u202e\ud800"'))
    "a\u202e\ud800"
    """
    if text.isprintable():
        return text
    import json

    return re.sub(STEERING, lambda found: json.dumps(found[0])[1:-1], text)
