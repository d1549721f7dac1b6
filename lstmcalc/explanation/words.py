"""The words in which sizes, shapes and lists of things are said, whatever they are said of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lstmcalc.dims import UNKNOWN, Dim, Size, to_text
from lstmcalc.errors import Fault
from lstmcalc.frozen import NamedTuple
from lstmcalc.shapes import show_count

__all__ = [
    "MERGED",
    "NOUNS",
    "ROLES",
    "Lines",
    "Sentence",
    "amount",
    "amount_along",
    "as_sentence",
    "capitalized",
    "in_steps",
    "joined",
    "kind_of",
    "listed",
    "named_up_to",
    "quoted",
    "show_input",
    "shown_size",
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
#: What each `merge_mode` does (keras/src/layers/rnn/bidirectional.py, 3.15.1).
MERGED = {
    "concat": "puts the two outputs side by side",
    "sum": "adds the two outputs value by value",
    "mul": "multiplies the two outputs value by value",
    "ave": "takes the mean of the two outputs value by value",
    None: "keeps the two outputs apart",
}
#: What the inputs are called, in the order in which Keras takes them.
ROLES = ("query", "value", "key")
#: Lines of a section: one cell is a sentence, several are a row of a table.
Lines = list[tuple[str, ...]]

NUMBER = re.compile(r"[\d,]*\d")


class Sentence(NamedTuple):
    """What is said of a layer, in full, and what is left to say where an earlier one has said the like (`brief`).

    `kind` is layer, purpose, shape, params or note; of a row of a summary also fault, nearest or other, and in a walk
    through a model gives, cost, states, mask, choice or hint. `subject` is what it teaches: the text without its
    numbers, unless stated.
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
        yield sentence if sentence.topic in said else sentence._replace(brief=sentence.text)
        said.add(sentence.topic)


def kind_of(fault: Fault) -> tuple[str, str, str]:
    """What makes two hints the like: code, reason and fix, but for the layer's name and numbers.

    >>> kind_of(Fault("a", because='"lstm_1" has 3 steps', fix="leave `lstm_1` out", layer=("lstm_1", "LSTM")))
    ('a', '"*" has # steps', 'leave `*` out')
    """
    name = rf"(?<!\w){re.escape(fault.layer[0])}(?!\w)" if fault.layer else r"(?!)"
    because, fix = (NUMBER.sub("#", re.sub(name, "*", text)) for text in (fault.because, fault.fix))
    return fault.code, because, fix


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


def named_up_to(parts: Iterable[str], most: int) -> list[str]:
    """The first of some parts, and how many more there are.

    >>> named_up_to("abcd", 2), named_up_to("ab", 2)
    (['a', 'b', '2 more'], ['a', 'b'])
    """
    items = list(parts)
    return items if len(items) <= most else [*items[:most], f"{len(items) - most} more"]


def capitalized(text: str) -> str:
    """A text as the beginning of a sentence; an empty one stays empty.

    >>> capitalized("an LSTM reads"), capitalized("")
    ('An LSTM reads', '')
    """
    return f"{text[:1].upper()}{text[1:]}"


def as_sentence(text: str) -> str:
    """A text with a capital in front and one full stop behind; an empty one stays empty.

    >>> as_sentence("leave it out"), as_sentence("Leave it out."), as_sentence("")
    ('Leave it out.', 'Leave it out.', '')
    """
    return text and f"{capitalized(text.rstrip('.'))}."


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


def amount(size: Dim, noun: str) -> str:
    """So many of a thing: a symbol in backticks, an unknown size as `any number`.

    >>> from lstmcalc.dims import symbol
    >>> amount(1, "value"), amount(3000, "value"), amount(symbol("T"), "step"), amount(UNKNOWN, "step")
    ('1 value', '3,000 values', '`T` steps', 'any number of steps')
    """
    if size is UNKNOWN:
        return f"any number of {noun}s"
    return f"{shown_size(size)} {noun}{'' if size == 1 else 's'}"


def shown_size(size: Dim) -> str:
    """A size with separators; a symbol in backticks."""
    return show_count(size) if isinstance(size, int) else f"`{to_text(size)}`"


def in_steps(*steps: str) -> str:
    """Arithmetic in steps, each of them once.

    >>> in_steps("units·4", "3·4", "12"), in_steps("units", "units")
    ('units·4 = 3·4 = 12', 'units')
    """
    return " = ".join(dict.fromkeys(steps))
