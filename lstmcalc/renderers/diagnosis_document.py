"""A diagnosis as a document: the message, what it means, and its causes, likeliest first."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.renderers.document import Block, Document, Heading, Lines, Prose

__all__ = ["diagnosis_document"]

#: A message is long, and stays readable in every form where it is broken.
WIDTH = 76


def diagnosis_document(diagnosis: Diagnosis) -> Document:
    """A diagnosis as blocks."""
    return Document("", tuple(_blocks(diagnosis)))


def _blocks(diagnosis: Diagnosis) -> Iterator[Block]:
    message = wrap(diagnosis.message, WIDTH, break_long_words=False, break_on_hyphens=False)
    yield Lines(tuple(message) or ("",))
    if not diagnosis.recognised:
        yield Heading("What it means")
        yield Prose("lstmcalc does not know this message, and does not guess.")
        return
    yield Heading("What it means")
    yield Prose(diagnosis.meaning)
    if diagnosis.model_says:
        yield Heading("What the model says")
        yield from map(Prose, diagnosis.model_says)
    for place, cause in enumerate(diagnosis.causes, 1):
        yield from _cause(cause, place, len(diagnosis.causes))


def _cause(cause: Cause, place: int, number: int) -> Iterator[Block]:
    called = "The cause" if number == 1 else f"{place}. {'The likeliest cause' if place == 1 else 'Otherwise'}"
    yield Heading(f"{called}, at {cause.where}" if cause.where else called)
    yield Prose(cause.cause)
    if cause.fix:
        yield Prose(cause.fix)
    if cause.code:
        yield Lines(tuple(f"  {line}" for line in cause.code))
