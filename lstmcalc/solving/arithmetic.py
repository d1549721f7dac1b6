"""How a measure comes about in numbers: the layers' own arithmetic for params, the model's polynomial for the rest."""

from __future__ import annotations

from collections.abc import Mapping

from lstmcalc.dims import Dim, symbols_of, to_text
from lstmcalc.report import Report

__all__ = ["arithmetic_of"]

#: What is longer than this, or of more parts, nobody reads.
MOST_TEXT, MOST_PARTS = 160, 5


def arithmetic_of(measure: str, open_report: Report, report: Report, size: Dim, values: Mapping[str, str]) -> str:
    """The arithmetic of a measure with these values for its symbols; empty where it would be long.

    `open_report` is the model with its sizes open, `report` the same with the values.
    """
    text = _of_layers(open_report, report, values) if measure == "params" else ""
    text = text or to_text(size, values)
    return text if len(text) <= MOST_TEXT and not text.replace(",", "").isdecimal() else ""


def _of_layers(open_report: Report, report: Report, values: Mapping[str, str]) -> str:
    """The sum over the layers whose params depend on the values, and all others as one number; empty if too long."""
    parts: dict[str, int] = {}
    told = 0
    for before, layer in zip(open_report.layers, report.layers, strict=True):
        if not set(symbols_of(before.params)) & set(values):
            continue
        if layer.arithmetic is None or not isinstance(layer.params, int):
            return ""
        parts[layer.arithmetic] = parts.get(layer.arithmetic, 0) + 1
        told += layer.params
    total = report.totals.params
    # Layers that share a weight have more between them than the model.
    if total != sum(layer.params for layer in report.layers if isinstance(layer.params, int)):
        return ""
    if not parts or len(parts) > MOST_PARTS or not isinstance(total, int):
        return ""
    texts = [text if number == 1 else f"{number}·({text})" for text, number in parts.items()]
    return " + ".join([*texts, f"{total - told:,}"] if total > told else texts)
