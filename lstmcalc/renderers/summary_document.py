"""A report as blocks: the table that Keras prints, and how each count comes about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lstmcalc.errors import Fault
from lstmcalc.renderers.document import Block, Document, Faults, Heading, Prose, Table
from lstmcalc.renderers.likewise import likewise
from lstmcalc.renderers.marking import code
from lstmcalc.renderers.summary_rows import (
    CONNECTED,
    COSTS,
    MASK,
    SummaryRow,
    summary_rows,
    summary_titles,
    totals_rows,
)
from lstmcalc.report import Holds, Port, Report
from lstmcalc.shapes import show_shape

if TYPE_CHECKING:
    from lstmcalc.explanation.costs.model import ModelCost

__all__ = ["holds_only_if", "remarks", "summary_document", "tools_blocks"]


def summary_document(report: Report, weights: bool = False, cost: ModelCost | None = None) -> Document:
    """The summary of a model, with every weight below its layer and with its cost, where they are asked for."""
    rows = summary_rows(report, weights, cost=cost)
    titles = summary_titles(report, cost)
    masked = MASK in titles
    counts = tuple(titles.index(title) for title in ("Param #", *(COSTS if cost else ())))
    titles = titles if report.sequential else (*titles, CONNECTED)
    blocks: list[Block] = [] if report.source in ("", "-") else [Prose(f"Source: {code(report.source)}")]
    blocks += [Prose(_input(port, len(report.inputs) > 1)) for port in report.inputs]
    blocks.append(Table(tuple(_cells(row, masked, cost is not None)[: len(titles)] for row in rows), titles, counts))
    blocks.append(Table(tuple(totals_rows(report, cost)), counts=(1,)))
    blocks += [Prose(remark) for remark in (cost.remarks if cost else ())]
    blocks += tools_blocks(cost)
    blocks += [Prose(holds_only_if(held)) for held in report.assumptions]
    if report.hints:
        blocks.append(Faults(report.hints))
    return Document(f"Model: {code(report.name)}", tuple(blocks))


def tools_blocks(cost: ModelCost | None) -> Iterator[Block]:
    """What other tools print, under a heading of its own, where that was asked for."""
    if cost is None or cost.tools is None:
        return
    from lstmcalc.explanation.costs.compared import MODEL_COLUMNS, MODEL_HEADING, model_lines
    from lstmcalc.renderers.explanation_document import section_blocks

    yield Heading(MODEL_HEADING)
    yield from section_blocks(model_lines(cost.tools), MODEL_COLUMNS)


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


def _cells(row: SummaryRow, masked: bool, costed: bool) -> tuple[str, ...]:
    name = "  " * row.depth + code(row.name) + (f" ({row.class_name})" if row.class_name else "")
    middle = row.costs if costed else (*((row.mask,) if masked else ()), row.arithmetic)
    return (name, "\n".join(row.shapes), row.params, *middle, ", ".join(map(code, row.connected)))


def holds_only_if(held: Holds) -> str:
    """What a model rests on, as a sentence."""
    because = f", {held.because}" if held.because else ""
    return f"This holds only if {code(held.text)}: in {code(held.layer)}{because}."
