"""A model from its printed summary: the one that prints the same."""

from __future__ import annotations

from collections.abc import Sequence

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.spec import Spec
from lstmcalc.summary_text import read_summary
from lstmcalc.summary_text.model import to_spec
from lstmcalc.summary_text.reading import Reading

__all__ = ["read_printed"]


def read_printed(text: str, source: str = "-", model: str | None = None) -> Spec:
    """The likeliest model that prints the summary in a text; `model` picks one of several tables by its name.

    Raises SpecError where rows are missing, cannot be read, or fit no layer.

    >>> read_printed("lstm_1 (LSTM)    (None, 10, 128)    91648").layers["lstm_1"].arguments
    {'units': 128, 'return_sequences': True}
    """
    readings = read_summary(text, source)
    if model is not None:
        named = [reading for reading in readings if reading.table.name == model]
        if not named:
            raise SpecError([Fault("unknown-model", f"one of {_listed(readings)}", f"`{model}`", where=Where(source))])
        readings = named
    if len(readings) > 1:
        fix = f"pick one: `--model {readings[0].table.name}`" if model is None else "keep one of them in the text"
        got = f"{len(readings)}: {_listed(readings)}"
        raise SpecError([Fault("several-models", "one model", got, fix=fix, where=Where(source))])
    return to_spec(readings[0])


def _listed(readings: Sequence[Reading]) -> str:
    return ", ".join(f"`{reading.table.name or 'a table'}` (line {reading.table.line})" for reading in readings)
