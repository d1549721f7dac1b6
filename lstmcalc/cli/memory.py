"""`summary --memory`: what a training step takes, and which batch fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lstmcalc.explanation.memory import MemoryTold
    from lstmcalc.report import Report
    from lstmcalc.spec import Spec

__all__ = ["AskedMemory", "Fits", "Memory", "OptimizerName", "Precision", "asked_memory"]

Memory = Annotated[bool, typer.Option("--memory", help="Show the memory of a training step, part by part.")]
OptimizerName = Annotated[
    str | None,
    typer.Option("--optimizer", metavar="NAME", help="With --memory: the optimizer, as in SGD(momentum=0.9)."),
]
Precision = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="float32|mixed_float16|mixed_bfloat16",
        help="With --memory: the precision of layers that state no dtype.",
    ),
]
Fits = Annotated[
    str | None,
    typer.Option("--fit", metavar="BYTES", help="With --memory: the largest batch that fits, as in --fit 8GB."),
]


@dataclass(frozen=True)
class AskedMemory:
    """What is asked of a model's memory; `batch` None leaves it open, as `B`."""

    optimizer: str
    precision: str
    budget: int | None

    def of_spec(self, spec: Spec, values: Mapping[str, int], batch: int | None) -> MemoryTold:
        """The answer for a model whose open sizes get names, and where each of these stands."""
        from dataclasses import replace

        from lstmcalc.cli.costs import named_report

        report, _, places = named_report(spec, values, batch)
        told = self.told(report, batch)
        return replace(told, basis=(*(f"`{name}` is {where}." for name, where in places.items()), *told.basis))

    def told(self, report: Report, batch: int | None) -> MemoryTold:
        """The answer for a model; a batch that the model states counts where none is given."""
        from lstmcalc.dims import symbol
        from lstmcalc.explanation.memory import tell_memory
        from lstmcalc.memory import Setting

        stated = {port.shape[0] for port in report.inputs if port.shape and isinstance(port.shape[0], int)}
        taken = {str(size) for port in report.inputs for size in port.shape or ()}
        name = next(name for name in ("B", "batch", "B_") if name not in taken)
        size = batch or (stated.pop() if len(stated) == 1 else symbol(name))
        return tell_memory(report, Setting(size, self.optimizer, self.precision), self.budget)


def asked_memory(memory: bool, optimizer: str | None, precision: str | None, fit: str | None) -> AskedMemory | None:
    """What is asked of the memory, if anything; ends the run where an option is wrong."""
    if not (memory or fit):
        for name, value in (("--optimizer", optimizer), ("--precision", precision), ("--fit", fit)):
            if value is not None:
                raise typer.BadParameter("expected --memory beside it", param_hint=name)
        return None
    from lstmcalc.layers.arguments import closest
    from lstmcalc.memory import PRECISIONS
    from lstmcalc.memory.optimizers import read_optimizer

    chosen = precision or "float32"
    if chosen not in PRECISIONS:
        near = closest(chosen, list(PRECISIONS))
        hint = f"; did you mean {near}?" if near else ""
        raise typer.BadParameter(
            f"expected one of {', '.join(PRECISIONS)}, got {chosen}{hint}", param_hint="--precision"
        )
    try:
        read_optimizer(optimizer or "adam")
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--optimizer") from None
    return AskedMemory(optimizer or "adam", chosen, None if fit is None else _budget(fit))


def _budget(text: str) -> int:
    from lstmcalc.measures import amount

    try:
        budget = amount(text, "B")
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fit") from None
    if budget == 0:
        raise typer.BadParameter(f"expected at least 1 byte, got {text}", param_hint="--fit")
    return budget
