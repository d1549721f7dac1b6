"""`check`: a model against its budgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from lstmcalc.cli.forms import Format, form_of
from lstmcalc.cli.page import Page
from lstmcalc.cli.values import values_of

if TYPE_CHECKING:
    from lstmcalc.budgets import Budget, Check, WantedShapes
    from lstmcalc.memory import Setting
    from lstmcalc.renderers.document import Document
    from lstmcalc.report import Report
    from lstmcalc.spec import Spec

__all__ = ["WithBudgets", "check"]

SHAPE = '"(None, 10)"'
#: Where the context keeps the budgets that are asked for.
ASKED = "lstmcalc.budgets"


class WithBudgets(TyperCommand):
    """A command with an option for each bound on each measure, which are looked up when it is run."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The options, those of budgets last."""
        params: list[Any] = super().get_params(ctx)
        if not any(param.name == "max_params" for param in self.params):
            self.params += _options()
            params = super().get_params(ctx)
        return params


Sources = Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Model files; `-` is standard input.")]
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        metavar="SHAPE",
        help=f"The shape that the output must have, such as {SHAPE}: None for an open size, ? for any; "
        "once for each output.",
    ),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="SHAPE", help="The shape that the input must have; once for each input."),
]
Values = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Give a symbol a value; may be repeated.")
]
Batch = Annotated[int | None, typer.Option("--batch", min=1, metavar="N", help="Fix the batch size: memory needs it.")]
Optimizer = Annotated[str | None, typer.Option("--optimizer", metavar="NAME", help="The optimizer, for the memory.")]
Model = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Which model, where a file holds several.")]
AsJson = Annotated[bool, typer.Option("--json", help="The same as --format json: a document per line and source.")]
File = Annotated[Path | None, typer.Option("-o", metavar="FILE", help="Write to a file instead.")]


def check(
    context: typer.Context,
    sources: Sources,
    output: Outputs = None,
    input: Inputs = None,
    values: Values = None,
    batch: Batch = None,
    optimizer: Optimizer = None,
    model: Model = None,
    form: Format = None,
    as_json: AsJson = False,
    file: File = None,
) -> None:
    """Whether models keep within budgets and have the right shapes; ends with 1 where one does not."""
    symbols = values_of(values)
    budgets: list[Budget | WantedShapes] = list(_budgets(context.meta.get(ASKED, {})))
    budgets += [*_shapes("input", input), *_shapes("output", output)]
    if not budgets:
        raise typer.BadParameter(
            "expected a budget, such as --max-params 1M, --max-flops 2G, --params 91648 or "
            f"--output {SHAPE}; `lstmcalc check --help` lists them"
        )
    optimizer = "adam" if optimizer is None else _checked(optimizer)
    page = Page(form_of(form, as_json, file), file)
    for source in sources:
        with page.source(source, partly=False):
            from lstmcalc import infer, load
            from lstmcalc.opening import named_sizes

            spec = named_sizes(load(source, model=model))
            _show(page, spec, infer(spec, symbols, batch), budgets, _setting(spec, batch, optimizer))
    page.close()


def _options() -> Iterator[TyperOption]:
    """An option for each bound on each measure."""
    from lstmcalc.budgets import BOUNDS, label_of
    from lstmcalc.measures import MEASURES

    def note(context: Any, option: Any, value: str | None) -> None:
        context.meta.setdefault(ASKED, {})[option.name] = value

    for measure in MEASURES.values():
        for kind, bound in BOUNDS.items():
            name = f"--{kind}{measure.name}"
            told = f"{bound.capitalize()} so many {label_of(measure)}."
            yield TyperOption(
                param_decls=[name], metavar="AMOUNT", help=told, callback=note, expose_value=False,
                rich_help_panel="Budgets", show_default=False,
            )  # fmt: skip


def _budgets(amounts: Mapping[str, str | None]) -> Iterator[Budget]:
    """The budgets that are asked for; a usage error where an amount is none."""
    from lstmcalc.budgets import BOUNDS, Budget
    from lstmcalc.measures import MEASURES, amount

    for measure in MEASURES.values():
        for kind in BOUNDS:
            name = f"{kind}{measure.name}"
            text = amounts.get(name.replace("-", "_"))
            if text is None:
                continue
            try:
                limit = amount(text, measure.unit)
            except ValueError as error:
                raise typer.BadParameter(str(error), param_hint=f"--{name}") from None
            if limit < 1 and kind != "":
                raise typer.BadParameter(f"expected an amount above 0, got {text}", param_hint=f"--{name}")
            yield Budget(measure.name, kind, limit)


def _shapes(what: str, texts: Sequence[str] | None) -> Iterator[WantedShapes]:
    """The shapes that are asked for."""
    from lstmcalc.budgets import WantedShapes, read_shape

    if not texts:
        return
    try:
        yield WantedShapes(what, tuple(map(read_shape, texts)))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=f"--{what}") from None


def _checked(optimizer: str) -> str:
    """An optimizer that there is; a usage error where it is none."""
    from lstmcalc.memory.optimizers import read_optimizer

    try:
        read_optimizer(optimizer)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--optimizer") from None
    return optimizer


def _setting(spec: Spec, batch: int | None, optimizer: str) -> Setting:
    """What the model is trained with; a batch that nobody states stays open."""
    from lstmcalc.dims import symbol
    from lstmcalc.memory import Setting

    stated = batch or spec.batch
    return Setting(stated if isinstance(stated, int) else symbol("batch"), optimizer)


def _show(page: Page, spec: Spec, report: Report, budgets: Sequence[Budget | WantedShapes], setting: Setting) -> None:
    from lstmcalc.budgets import check as held

    result: Check = held(report, budgets, setting)
    page.failed |= not result.kept

    def text() -> str:
        from lstmcalc.renderers.check_words import check_text

        return check_text(result, page.width, page.colour)

    def document() -> Document:
        from lstmcalc.renderers.check_words import check_document

        return check_document(result)

    def data() -> Mapping[str, object]:
        from lstmcalc.renderers.check_words import check_json

        return check_json(result)

    page.answer(document, data, text=text)
