"""What an error message of Keras or TensorFlow means, and where in a model, if one is given, its cause stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.families import families
from lstmcalc.diagnosis.message import Family, Found
from lstmcalc.diagnosis.text import Joined, error_lines, joined, looks_like_error
from lstmcalc.spec import Spec

__all__ = ["Cause", "Diagnosis", "diagnose", "looks_like_error"]

#: A text of a thousand messages is answered by its end.
MOST_TRIED = 40


def diagnose(text: str, spec: Spec | None = None, source: str = "-") -> Diagnosis:
    """What an error message or traceback means; the last one in the text that is known counts.

    With `spec`, the model that the message came from, its layers and lines are named. A message that is not known gives
    a diagnosis with `recognised` false, and nothing else is said of it.

    >>> diagnose('Input 0 of layer "lstm_1" is incompatible with the layer: expected ndim=3, found ndim=2. '
    ...          'Full shape received: (None, 64)').expected
    '3 axes (batch, timesteps, input_dim)'
    >>> diagnose("KeyError: 'loss'").recognised
    False
    """
    diagnosis = _recognised(text)
    if diagnosis is None:
        last = error_lines(text)[-1:] or [" ".join(text[:2_000].split())[:1_000]]
        return Diagnosis("", "", message=last[0], source=source, recognised=False)
    diagnosis = replace(diagnosis, source=source)
    if spec is None:
        return diagnosis
    from lstmcalc.diagnosis.beside import beside_model

    return beside_model(diagnosis, spec)


def _recognised(text: str) -> Diagnosis | None:
    """The last message that a family knows, in whichever way of joining the lines has the most of it."""
    best: tuple[tuple[int, int, int], Diagnosis] | None = None
    for way in joined(text):
        for start, end, found, diagnosis in _found(way):
            behind = way.printed_from_the_end(end)
            # The later one; of two that end at the same place the longer one; of two as long the one that says more.
            rank = behind, behind - way.printed_from_the_end(start), -len(found.groups)
            if best is None or rank < best[0]:
                best = rank, diagnosis
            break
    return best[1] if best else None


def _found(way: Joined) -> Iterator[tuple[int, int, Found, Diagnosis]]:
    """The messages in a text that families know, the last first; of those that share words, the longest first."""
    spans = [
        (start, end, place, one, found)
        for place, one in enumerate(families())
        for start, end, found in one.find(way.text)
    ]
    for start, end, _, one, found in _latest_first(spans)[:MOST_TRIED]:
        if diagnosis := one.diagnose(found):
            yield start, end, found, replace(diagnosis, message=way.lines_around(start, end))


_Span = tuple[int, int, int, Family, Found]


def _latest_first(spans: list[_Span]) -> list[_Span]:
    groups: list[list[_Span]] = []
    reach = -1
    for span in sorted(spans, key=lambda span: (span[0], -span[1], span[2])):
        if span[0] < reach:
            groups[-1].append(span)
        else:
            groups.append([span])
        reach = max(reach, span[1])
    return [span for group in reversed(groups) for span in sorted(group, key=_longest_first)]


def _longest_first(span: _Span) -> tuple[int, ...]:
    return (span[0] - span[1], span[2])
