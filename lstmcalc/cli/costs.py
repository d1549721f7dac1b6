"""`summary --cost`: what a model costs beside its shapes and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from lstmcalc.cli.page import Page
from lstmcalc.errors import SpecError

if TYPE_CHECKING:
    from lstmcalc.cli.memory import AskedMemory
    from lstmcalc.report import Report
    from lstmcalc.spec import Spec

__all__ = ["CompareCosts", "Cost", "costed", "named_report", "with_cost"]

Cost = Annotated[
    bool, typer.Option("--cost", help="Show MACs and FLOPs of each layer, forward and of a training step.")
]
CompareCosts = Annotated[bool, typer.Option("--compare", help="With --cost: what other tools would print, and why.")]


def with_cost(cost: bool, compare: bool) -> None:
    """Ends the run where tools are to be compared of whose figures none is asked for."""
    if compare and not cost:
        raise typer.BadParameter("expected --cost beside it", param_hint="--compare")


def costed(
    page: Page,
    spec: Spec,
    values: Mapping[str, int],
    batch: int | None,
    weights: bool = False,
    diagram: bool = False,
    compare: bool = False,
    memory: AskedMemory | None = None,
) -> None:
    """Shows a model with its cost; sizes that its source leaves open get names, in which it is told."""
    from lstmcalc.explanation.costs.model import cost_of_model

    report, told, named = named_report(spec, values, batch)
    sizes = {port.shape[0] for port in report.inputs if port.shape}
    fixed = next(iter(sizes), None) if len(sizes) == 1 else None
    cost = cost_of_model(report, fixed if isinstance(fixed, int) else None, named)
    if compare:
        from lstmcalc.explanation.costs.compared import totals_of_tools
        from lstmcalc.explanation.walk import outermost

        cost = replace(cost, tools=totals_of_tools(outermost(told, report)))
    page.report(report, weights, diagram=diagram, cost=cost, memory=memory.told(report, batch) if memory else None)


def named_report(spec: Spec, values: Mapping[str, int], batch: int | None) -> tuple[Report, Spec, Mapping[str, str]]:
    """The report and its model with names for open sizes of the inputs, and where each stands; as they are where names
    do not do.
    """
    from lstmcalc import infer
    from lstmcalc.opening import named_sizes, stand_ins

    opened, places = named_sizes(spec), stand_ins(spec)
    # What is wrong with the model is told of its own sizes.
    plain = infer(spec, values, batch)
    try:
        report = infer(opened, values, batch) if places else plain
    except SpecError:
        opened, report, places = spec, plain, {}
    bound = opened._replace(symbols={**opened.symbols, **values}, batch=batch or opened.batch)
    return report, bound, {name: where for name, where in places.items() if name not in values}
