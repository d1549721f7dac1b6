"""The words in which sizes, shapes and lists of things are said of a reading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from lstmcalc.dims import Size, to_text
from lstmcalc.shapes import show_count

__all__ = [
    "NOUNS",
    "Sentence",
    "amount_along",
    "joined",
    "listed",
    "quoted",
    "show_input",
    "size_along",
    "told_once",
]

#: What one entry along an axis is called.
NOUNS = {
    "timesteps": "step",
    "input_dim": "feature",
    "channels": "channel",
    "height": "row",
    "width": "column",
    "depth": "plane",
}
NUMBER = re.compile(r"[\d,]*\d")


@dataclass(frozen=True)
class Sentence:
    """What is said of a row, in full, and what is left to say where an earlier row has said the like (`brief`).

    `kind` is one of fault, layer, purpose, shape, params, note, nearest, other of a row, and in a walk through a model
    also states, mask, choice and hint. `subject` is what it teaches; that is
    the text without its numbers, unless stated.
    """

    kind: str
    text: str
    brief: str = ""
    subject: str = ""

    @property
    def topic(self) -> str:
        """What makes two sentences say the like.

        >>> Sentence("shape", "The last axis is `units` = 1,280.").topic
        'shape The last axis is `units` = #.'
        """
        return f"{self.kind} {self.subject or NUMBER.sub('#', self.text)}"


def told_once(sentences: Iterable[Sentence], said: set[str]) -> Iterator[Sentence]:
    """The sentences in order; those whose like was not `said` yet are told in full, also where only `brief` is read."""
    for sentence in sentences:
        yield sentence if sentence.topic in said else replace(sentence, brief=sentence.text)
        said.add(sentence.topic)


def quoted(name: str) -> str:
    """A layer's name as errors show it; a row without one is one that stands before."""
    return f'"{name}"' if name else "a row before"


def listed(parts: Iterable[str], word: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`.

    >>> listed("abc"), listed("ab", "or"), listed("a")
    ('a, b and c', 'a or b', 'a')
    """
    items = list(parts)
    return f" {word} ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def joined(*texts: str) -> str:
    """Texts behind one another, without the empty ones."""
    return " ".join(filter(None, texts))


def amount_along(axis: str, size: Size, ndim: int) -> str:
    """How many there are along an axis; of two axes the last holds values, not features. Empty for an unnamed axis.

    >>> amount_along("timesteps", None, 3), amount_along("input_dim", 1, 3), amount_along("input_dim", 2000, 2)
    ('any number of steps', '1 feature', '2,000 values')
    """
    noun = "value" if axis == "input_dim" and ndim == 2 else NOUNS.get(axis, "")
    if not noun or size is None:
        return noun and f"any number of {noun}s"
    return f"{show_count(size)} {noun}{'' if size == 1 else 's'}"


def size_along(axis: str, size: Size, ndim: int) -> str:
    """The same with the article, or the axis and its size where it has no noun: `the 10 steps`, `axis_1 (10)`."""
    amount = amount_along(axis, size, ndim)
    if size is None:
        return f"the {NOUNS[axis]}s" if amount else axis
    return f"the {amount}" if amount else f"{axis} ({to_text(size)})"


def show_input(shape: Sequence[Size], axes: Sequence[str], untold: frozenset[str]) -> str:
    """A shape with `?` for the sizes that nothing tells.

    >>> show_input((None, None, 50), ("batch", "timesteps", "input_dim"), frozenset({"timesteps"}))
    '(None, ?, 50)'
    """
    sizes = ["?" if axis in untold else to_text(size) for axis, size in zip(axes, shape, strict=True)]
    return f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"
