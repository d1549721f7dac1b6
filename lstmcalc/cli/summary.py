"""`summary`: shapes, parameters and their arithmetic."""

from __future__ import annotations

from typing import Annotated

import typer

from lstmcalc.cli.costs import CompareCosts, Cost, costed, with_cost
from lstmcalc.cli.forms import Format, Output, Pictures, form_of
from lstmcalc.cli.memory import Fits, Memory, OptimizerName, Precision, asked_memory
from lstmcalc.cli.options import AsJson, Batch, Model, Sources, Values
from lstmcalc.cli.page import Page
from lstmcalc.cli.terminal import one_by_one
from lstmcalc.cli.values import values_of

__all__ = ["summary"]


def summary(
    sources: Sources,
    values: Values = None,
    batch: Batch = None,
    model: Model = None,
    weights: Annotated[bool, typer.Option("--weights", help="Show every weight below its layer.")] = False,
    cost: Cost = False,
    compare: CompareCosts = False,
    memory: Memory = False,
    optimizer: OptimizerName = None,
    precision: Precision = None,
    fit: Fits = None,
    verify: Annotated[bool, typer.Option("--verify", help="Hold the answer against real Keras.")] = False,
    diagram: Pictures = False,
    form: Format = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Shapes, parameters and their arithmetic, layer by layer."""
    symbols = values_of(values)
    with_cost(cost, compare)
    asked = asked_memory(memory, optimizer, precision, fit)
    page = Page(form_of(form, as_json, output), output)
    if page.form == "svg" and (cost or asked):
        reason = "expected text, json, markdown or html, got svg: a picture has no room for cost and memory"
        raise typer.BadParameter(reason, param_hint="--format")
    for source in one_by_one(sources, page.watched or verify):
        with page.source(source):
            from lstmcalc import infer, load

            spec = load(source, model=model)
            if cost:
                costed(page, spec, symbols, batch, weights, diagram, compare, asked)
            else:
                taken = asked.of_spec(spec, symbols, batch) if asked else None
                page.report(infer(spec, symbols, batch), weights, diagram=diagram, memory=taken)
            if verify:
                page.verification(spec, symbols, batch, "auto", None)
    page.close()
