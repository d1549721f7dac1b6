"""`summary --memory`: what a training step takes, and which batch fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from lstmcalc.cli.values import read_amount
from lstmcalc.frozen import NamedTuple

if TYPE_CHECKING:
    from lstmcalc.explanation.memory import MemoryTold
    from lstmcalc.report import Report
    from lstmcalc.spec import Spec

__all__ = ["AskedMemory", "Fits", "Memory", "OptimizerName", "Precision", "asked_memory", "checked_batch",
           "checked_optimizer", "checked_precision", "only_with_memory"]  # fmt: skip

Memory = Annotated[bool, typer.Option("--memory", help="Show the memory of a training step, part by part.")]
OptimizerName = Annotated[
    str | None,
    typer.Option("--optimizer", metavar="NAME", help="Show it with this optimizer, as in SGD(momentum=0.9)."),
]
Precision = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="float32|mixed_float16|mixed_bfloat16",
        help="Show it with this precision of layers that state no dtype.",
    ),
]
Fits = Annotated[
    str | None,
    typer.Option(
        "--fit", metavar="BYTES", help="Show it with the largest batch that fits in 8GB (8·10⁹) or 8GiB (8·2³⁰)."
    ),
]


class AskedMemory(NamedTuple):
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
    """What is asked of the memory, as each of its options does; ends the run where one is wrong."""
    if not memory and (optimizer, precision, fit) == (None, None, None):
        return None
    budget = None if fit is None else read_amount(fit, "B", "--fit", above_zero="at least 1 byte")
    return AskedMemory(checked_optimizer(optimizer), checked_precision(precision), budget)


def only_with_memory(measured: bool, how: str, optimizer: str | None, precision: str | None) -> None:
    """Ends the run where an option states what only the memory depends on, and the memory is not `measured`."""
    for option, value in (("--optimizer", optimizer), ("--precision", precision)):
        if value is not None and not measured:
            raise typer.BadParameter(f"expected {how} beside it, which alone depends on it", param_hint=option)


def checked_batch(spec: Spec, batch: int | None, measured: bool, how: str) -> None:
    """Ends the run where a batch is stated, and neither the memory is `measured` nor does the model need it."""
    from lstmcalc.opening import is_stateful

    if batch is not None and not measured and not is_stateful(spec):
        reason = f"expected {how} beside it, as all else is measured per sample"
        raise typer.BadParameter(reason, param_hint="--batch")


def checked_precision(text: str | None) -> str:
    """The precision that is asked for, `float32` where none is; a usage error where it is none."""
    from lstmcalc.layers.arguments import closest
    from lstmcalc.memory import PRECISIONS

    chosen = "float32" if text is None else text
    if chosen not in PRECISIONS:
        near = closest(chosen, list(PRECISIONS))
        hint = f"; did you mean {near}?" if near else ""
        raise typer.BadParameter(
            f"expected one of {', '.join(PRECISIONS)}, got {chosen}{hint}", param_hint="--precision"
        )
    return chosen


def checked_optimizer(text: str | None) -> str:
    """The optimizer that is asked for, `adam` where none is; a usage error where there is none of this name."""
    from lstmcalc.memory.optimizers import read_optimizer

    chosen = "adam" if text is None else text
    try:
        read_optimizer(chosen)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--optimizer") from None
    return chosen
