"""`summary`: shapes, parameters and their arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from lstmcalc.cli.costs import CompareCosts, Cost, costed, with_cost
from lstmcalc.cli.forms import Format, Output, Pictures, form_of
from lstmcalc.cli.memory import AskedMemory, Fits, Memory, OptimizerName, Precision, asked_memory
from lstmcalc.cli.options import AsJson, Batch, Model, Sources, Values
from lstmcalc.cli.page import Page
from lstmcalc.cli.room import with_room
from lstmcalc.cli.terminal import one_by_one
from lstmcalc.cli.values import values_of

if TYPE_CHECKING:
    from lstmcalc.spec import Spec

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
    for place, source in enumerate(one_by_one(sources, page.watched or verify)):
        with page.source(source):
            from lstmcalc import load

            spec = load(source, model=model)
            if cost:
                with_room(partial(costed, page, spec, symbols, batch, weights, diagram, compare, asked))
            else:
                with_room(partial(_plain, page, spec, symbols, batch, weights, diagram, asked))
            if verify:
                page.verification(spec, symbols, batch, turn=(place, len(sources)))
    page.close()


def _plain(
    page: Page,
    spec: Spec,
    values: Mapping[str, int],
    batch: int | None,
    weights: bool,
    diagram: bool,
    memory: AskedMemory | None,
) -> None:
    """Shows a model without its cost."""
    from lstmcalc import infer

    taken = memory.of_spec(spec, values, batch) if memory else None
    page.report(infer(spec, values, batch), weights, diagram=diagram, memory=taken)
