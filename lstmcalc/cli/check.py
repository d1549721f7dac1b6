"""`check`: a model against its budgets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lstmcalc.cli.forms import WordForms, form_of
from lstmcalc.cli.memory import checked_optimizer, checked_precision
from lstmcalc.cli.options import (
    AsJson,
    Model,
    OptimizerFor,
    PrecisionFor,
    Sources,
    Values,
    WithAmounts,
    amount_option,
    amount_text,
)
from lstmcalc.cli.page import Page
from lstmcalc.cli.room import with_room
from lstmcalc.cli.terminal import one_by_one
from lstmcalc.cli.values import read_amount, values_of

if TYPE_CHECKING:
    from typer.core import TyperOption

    from lstmcalc.budgets import Budget, WantedShapes
    from lstmcalc.memory import Setting
    from lstmcalc.report import Report
    from lstmcalc.spec import Spec

__all__ = ["WithBudgets", "check"]

SHAPE = '"(None, 10)"'


class WithBudgets(WithAmounts):
    """The command, with an option for each bound on each measure."""

    def amount_options(self) -> Iterator[TyperOption]:
        """`--max-params`, `--min-params`, `--params` and so on."""
        from lstmcalc.budgets import BOUNDS
        from lstmcalc.measures import MEASURES

        for measure in MEASURES.values():
            for kind, bound in BOUNDS.items():
                told = f"{bound.capitalize()} so many {measure.quantity}."
                told += " 1 KB is 1,000 bytes, 1 KiB 1,024." if measure.unit else ""
                yield amount_option(f"{kind}{measure.name}", "AMOUNT", told)


#: What typer is to know of the command besides its parameters.
SETTINGS = {"cls": WithBudgets}

Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        metavar="SHAPE",
        help=f"The shape that the output must have, such as {SHAPE}: None for an open size, ? for any; that of one "
        "sample without brackets: 200,1; once for each output.",
    ),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input", metavar="SHAPE", help="The shape that the input must have, in the same form; once for each."
    ),
]
Batch = Annotated[int | None, typer.Option("--batch", min=1, metavar="N", help="Fix the batch size: memory needs it.")]
File = Annotated[Path | None, typer.Option("-o", metavar="FILE", help="Write to a file instead.")]


def check(
    context: typer.Context,
    sources: Sources,
    output: Outputs = None,
    input: Inputs = None,
    values: Values = None,
    batch: Batch = None,
    optimizer: OptimizerFor = None,
    precision: PrecisionFor = None,
    model: Model = None,
    form: WordForms = None,
    as_json: AsJson = False,
    file: File = None,
) -> None:
    """Whether models keep within budgets and have the right shapes; ends with 1 where one does not."""
    symbols = values_of(values)
    budgets: list[Budget | WantedShapes] = list(_budgets(context))
    budgets += [*_shapes("input", input), *_shapes("output", output)]
    if not budgets:
        raise typer.BadParameter(
            "expected a budget, such as --max-params 1M, --max-flops 2G, --params 91648 or "
            f"--output {SHAPE}; `lstmcalc check --help` lists them"
        )
    trained = checked_optimizer(optimizer), checked_precision(precision)
    page = Page(form_of(form, as_json, file), file)
    page.failing = {"schema": "lstmcalc.check/1", "kept": False, "budgets": []}
    for source in one_by_one(sources, page.watched):
        with page.source(source, partly=False):
            from lstmcalc import infer, load
            from lstmcalc.opening import named_sizes

            spec = with_room(partial(named_sizes, load(source, model=model)))
            report = with_room(partial(infer, spec, symbols, batch))
            with_room(partial(_show, page, spec, report, budgets, _setting(spec, batch, *trained)))
    page.close()


def _budgets(context: typer.Context) -> Iterator[Budget]:
    """The budgets that are asked for."""
    from lstmcalc.budgets import BOUNDS, Budget
    from lstmcalc.measures import MEASURES

    for measure in MEASURES.values():
        for kind in BOUNDS:
            name = f"{kind}{measure.name}"
            text = amount_text(context, name)
            if text is not None:
                above_zero = "an amount above 0" if kind else ""
                yield Budget(measure.name, kind, read_amount(text, measure.unit, f"--{name}", above_zero))


def _shapes(what: str, texts: Sequence[str] | None) -> Iterator[WantedShapes]:
    """The shapes that are asked for."""
    from lstmcalc.budgets import WantedShapes, read_shape

    if not texts:
        return
    try:
        yield WantedShapes(what, tuple(map(read_shape, texts)))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=f"--{what}") from None


def _setting(spec: Spec, batch: int | None, optimizer: str, precision: str) -> Setting:
    """What the model is trained with; a batch that nobody states stays open."""
    from lstmcalc.dims import symbol
    from lstmcalc.memory import Setting

    stated = batch or spec.batch
    return Setting(stated if isinstance(stated, int) else symbol("batch"), optimizer, precision)


def _show(page: Page, spec: Spec, report: Report, budgets: Sequence[Budget | WantedShapes], setting: Setting) -> None:
    from lstmcalc.budgets import check as held
    from lstmcalc.budgets import hidden_in
    from lstmcalc.renderers.check_words import check_document, check_json, check_text

    result = held(report, budgets, setting, hidden_in(spec))
    page.failed |= not result.kept
    page.answer(
        lambda: check_document(result),
        lambda: check_json(result),
        text=lambda: check_text(result, page.width, page.colour),
    )
