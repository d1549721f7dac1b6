"""A report as blocks: the table that Keras prints, and how each count comes about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lstmcalc.errors import Fault
from lstmcalc.renderers.document import Block, Document, Faults, Prose, Table, likewise
from lstmcalc.renderers.marking import code
from lstmcalc.renderers.summary_rows import (
    CONNECTED,
    MASK,
    TITLES,
    SummaryRow,
    summary_rows,
    summary_titles,
    totals_rows,
)
from lstmcalc.report import Holds, Port, Report
from lstmcalc.shapes import show_shape

__all__ = ["remarks", "summary_document"]


def summary_document(report: Report, weights: bool = False) -> Document:
    """The summary of a model, with every weight below its layer where they are asked for."""
    rows = summary_rows(report, weights)
    titles = summary_titles(report)
    masked = MASK in titles
    titles = titles if report.sequential else (*titles, CONNECTED)
    blocks: list[Block] = [] if report.source in ("", "-") else [Prose(f"Source: {code(report.source)}")]
    blocks += [Prose(_input(port, len(report.inputs) > 1)) for port in report.inputs]
    blocks.append(Table(tuple(_cells(row, masked)[: len(titles)] for row in rows), titles, (TITLES.index("Param #"),)))
    blocks.append(Table(tuple(totals_rows(report)), counts=(1,)))
    blocks += [Prose(_assumption(held)) for held in report.assumptions]
    if report.hints:
        blocks.append(Faults(report.hints))
    return Document(f"Model: {code(report.name)}", tuple(blocks))


def remarks(report: Report, faults: Sequence[Fault] = ()) -> Iterator[tuple[str, str]]:
    """What is said of a model besides its figures, in short: what it rests on, hints, and errors."""
    for held in report.assumptions:
        because = f", {held.because}" if held.because else ""
        yield "holds only if", f'{held.text}: in "{held.layer}"{because}'
    for fault, others in likewise((*faults, *report.hints)):
        names = dict.fromkeys((*(fault.layer[:1] if fault.layer else ()), *others))
        layers = ", ".join(f'"{name}"' for name in names)
        parts = (layers, fault.message, fault.fix and f"fix: {fault.fix}")
        yield f"{fault.severity} {fault.code}", "; ".join(filter(None, parts))


def _input(port: Port, several: bool) -> str:
    return f"Input: {code(show_shape(port.shape))}" + (f" {code(port.name)}" if several else "")


def _cells(row: SummaryRow, masked: bool) -> tuple[str, ...]:
    name = "  " * row.depth + code(row.name) + (f" ({row.class_name})" if row.class_name else "")
    mask = (row.mask,) if masked else ()
    return (name, "\n".join(row.shapes), row.params, *mask, row.arithmetic, ", ".join(map(code, row.connected)))


def _assumption(held: Holds) -> str:
    because = f", {held.because}" if held.because else ""
    return f"This holds only if {code(held.text)}: in {code(held.layer)}{because}."
