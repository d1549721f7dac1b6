r"""A family of error messages: how it is recognised, and what is made of what it says.

A module of `families` holds one function per family:

    @family(
        "embedding-range",
        ("is not in [0,", r"indices\[(?P<place>[\d, ]{1,40})\] = (?P<index>-?\d+) is not in \[0, (?P<size>\d+)\)"),
    )
    def embedding_range(found: Found) -> Diagnosis:
        return Diagnosis("embedding-range", meaning=..., causes=(Cause(...), Cause(...)), got=found["index"])

The pattern is searched in the text with its colours, quote signs and backticks removed and every run of whitespace made
one blank. It begins with words, and every repetition in it has a bound (`{1,200}`), so that a search takes linear time.
The words before it (`sign`) stand in every message of this form; without them the pattern is not even compiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from lstmcalc.diagnosis.diagnosis import Diagnosis, Shape

__all__ = ["NAME", "SHAPE", "Family", "Form", "Found", "family", "read_shape", "shown"]

#: A layer's name in a message, with or without quotes around it: `(?:{QUOTE}(?P<layer>{NAME}){QUOTE})`.
NAME = r"[\w./-]{1,200}"
#: A shape as Keras, TensorFlow, JAX and numpy print it: (None, 50), [?,50], (None,), TensorShape([None, 50]).
SHAPE = (
    r"(?:(?:TensorShape|torch\.Size)\()?[\[(]"
    r"(?:(?:Dimension\()?(?:None|\?|-?\d{1,15}L?)\)?(?:, ?| ?(?=[\])]))){0,12}[\])]\)?"
)


@dataclass(frozen=True)
class Form:
    """One wording of a family: words that it always has, and its pattern."""

    sign: str
    pattern: str


@dataclass(frozen=True)
class Found:
    """A recognised message: the pattern's named groups, the message, and the text around it.

    `found["layer"]` is the text of a group, empty where it took no part; `text` is the whole text in one line, for
    what stands elsewhere in it (`Call arguments received by layer ...`), `message` the part that the pattern matched.
    """

    message: str
    text: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.groups.get(name, "")

    def shape(self, name: str) -> Shape | None:
        """A group as a shape; None where it is none."""
        return read_shape(self[name])

    def number(self, name: str) -> int | None:
        """A group as an integer; None where it is none."""
        digits = self[name].strip().replace("L", "")
        return int(digits) if digits.lstrip("-").isdigit() and len(digits) < 20 else None

    def near(self, pattern: str) -> str:
        """The first group of a pattern in the whole text, "" where it does not stand there.

        Like every pattern it begins with words and repeats with bounds.
        """
        match = _compiled(pattern).search(self.text)
        return (match[1] or "") if match else ""


@dataclass(frozen=True)
class Family:
    """A family of messages; `diagnose` may answer None where the numbers of a message say that it is another one."""

    code: str
    forms: tuple[Form, ...]
    diagnose: Callable[[Found], Diagnosis | None]

    def find(self, text: str) -> list[tuple[int, int, Found]]:
        """Where messages of this family stand in a text (one line, single blanks)."""
        found = []
        for form in self.forms:
            if form.sign in text:
                for match in _compiled(form.pattern).finditer(text):
                    groups = {name: value for name, value in match.groupdict().items() if value is not None}
                    found.append((match.start(), match.end(), Found(match[0], text, groups)))
        return found


def family(code: str, *forms: tuple[str, str]) -> Callable[[Callable[[Found], Diagnosis | None]], Family]:
    """Makes a function a family of messages: its code, then pairs of a sign and a pattern."""

    def made(diagnose: Callable[[Found], Diagnosis | None]) -> Family:
        def coded(found: Found) -> Diagnosis | None:
            diagnosis = diagnose(found)
            return replace(diagnosis, code=diagnosis.code or code) if diagnosis else None

        return Family(code, tuple(Form(*form) for form in forms), coded)

    return made


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_SIZE = re.compile(r"None|\?|-?\d+")


def read_shape(text: str) -> Shape | None:
    """A shape as a message prints it.

    >>> read_shape("(None, 50)"), read_shape("[?,50]"), read_shape("(50L,)"), read_shape("()")
    ((None, 50), (None, 50), (50,), ())
    >>> read_shape("50") is None
    True
    """
    inner = text.strip().removeprefix("TensorShape(").removeprefix("torch.Size(")
    if inner[:1] not in ("(", "["):
        return None
    sizes = [piece for piece in _SIZE.findall(inner) if len(piece) < 20]
    return tuple(None if size in ("None", "?", "-1") else int(size) for size in sizes)


def shown(shape: Shape | None) -> str:
    """A shape as it is written in sentences.

    >>> shown((None, 50)), shown((None,)), shown(None)
    ('(None, 50)', '(None,)', 'an unknown shape')
    """
    return "an unknown shape" if shape is None else str(shape)
