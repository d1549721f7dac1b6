"""The command `solve`: the sizes with which a model, or one layer, meets a budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from lstmcalc.cli.forms import Output, WordForms, form_of
from lstmcalc.cli.memory import checked_batch, checked_optimizer, checked_precision, only_with_memory
from lstmcalc.cli.models import is_source
from lstmcalc.cli.options import Model, OptimizerFor, PrecisionFor, WithAmounts, amount_option, amount_text
from lstmcalc.cli.page import Page
from lstmcalc.cli.values import no_options, read_amount, values_of
from lstmcalc.frozen import NamedTuple

if TYPE_CHECKING:
    from typer.core import TyperOption

    from lstmcalc.spec import Spec

__all__ = ["WithMeasures", "solve"]

What = Annotated[
    str, typer.Argument(metavar="SOURCE|LAYER", help="A model's file, a layer's name, or a call such as `LSTM(64)`.")
]
Sizes = Annotated[
    list[str] | None,
    typer.Option("--for", metavar="SIZE", help="What to solve for: U, lstm.units, batch, U,V; else what is open."),
]
Exactly = Annotated[bool, typer.Option("--exactly", help="Just as many, not at most.")]
Closest = Annotated[bool, typer.Option("--closest", help="As near as it gets, below or above.")]
Shapes = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="SHAPE", help="Of a layer: its input, as `explain` takes it.", callback=no_options),
]
Values = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Give another symbol a value; repeatable.")
]
Batch = Annotated[int | None, typer.Option("--batch", min=1, metavar="N", help="The batch, for the memory.")]
AsJson = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


class WithMeasures(WithAmounts):
    """The command, with an option for each measure, behind what is solved for."""

    place = 2

    def amount_options(self) -> Iterator[TyperOption]:
        """`--params`, `--memory` and so on."""
        from lstmcalc.measures import MEASURES

        for measure in MEASURES.values():
            about = f"{measure.about[0].upper()}{measure.about[1:]}."
            yield amount_option(measure.name, "BYTES" if measure.unit else "N", about)


#: What typer is to know of the command besides its parameters.
SETTINGS = {
    "cls": WithMeasures,
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "epilog": "A budget is 91648, 1.5M or 1e6; of bytes 500, 8GB (8·10⁹) or 8GiB (8·2³⁰). Of a layer, any argument is "
    "an option, as `explain` takes it: solve lstm --units 128 --params 91648.",
}


def solve(
    context: typer.Context,
    what: What,
    sizes: Sizes = None,
    exactly: Exactly = False,
    closest: Closest = False,
    inputs: Shapes = None,
    values: Values = None,
    batch: Batch = None,
    optimizer: OptimizerFor = None,
    precision: PrecisionFor = None,
    model: Model = None,
    form: WordForms = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """The size with which a model has at most, exactly, or about so many params, operations or bytes."""
    goal = "exactly" if exactly else "closest" if closest else "at most"
    if exactly and closest:
        raise typer.BadParameter("expected --exactly or --closest, got both", param_hint="--closest")
    wanted, budgets = _wanted(sizes or []), _budgets(context)
    only_with_memory("memory" in budgets, "--memory", optimizer, precision)
    if batch and "batch" in wanted:
        raise typer.BadParameter("expected --batch or --for batch, got both", param_hint="--batch")
    trained = checked_optimizer(optimizer), checked_precision(precision)
    asked = _Asked(wanted, goal, values_of(values, of_layers=True), budgets, batch, *trained)
    page = Page(form_of(form, as_json, output), output)
    words = [what, *context.args]
    with page.source(" ".join(words) if not is_source(what) else what, partly=False):
        _answer(page, _spec(words, inputs or [], model), asked)
    page.close()


class _Asked(NamedTuple):
    """What is asked of a model, and what it is run with."""

    sizes: Sequence[str]
    goal: str
    values: Mapping[str, int]
    budgets: Mapping[str, int]
    batch: int | None
    optimizer: str
    precision: str


def _answer(page: Page, spec: Spec, asked: _Asked) -> None:
    """Solves, and shows what was found."""

    from lstmcalc.memory import Setting
    from lstmcalc.renderers.solution_document import solution_document
    from lstmcalc.renderers.solution_json import solution_json
    from lstmcalc.solving import solve as solved

    checked_batch(spec, asked.batch, "memory" in asked.budgets, "--memory")
    batch = asked.batch or spec.batch
    spec = spec._replace(batch=batch)
    setting = Setting(batch if isinstance(batch, int) else 1, asked.optimizer, asked.precision)
    found = solved(spec, *asked.sizes, goal=asked.goal, values=asked.values, setting=setting, **asked.budgets)
    page.answer(lambda: solution_document(found), lambda: solution_json(found))
    page.failed |= not found.answers


def _wanted(words: Sequence[str]) -> list[str]:
    """The sizes that `--for` names."""
    wanted = [name.strip() for word in words for name in word.split(",")]
    if "" in wanted:
        raise typer.BadParameter("expected a size such as U or lstm.units, got nothing", param_hint="--for")
    return wanted


def _budgets(context: typer.Context) -> dict[str, int]:
    """The budgets as numbers; a usage error where there are none."""
    from lstmcalc.measures import MEASURES

    told = {measure: amount_text(context, measure.name) for measure in MEASURES.values()}
    budgets = {
        measure.name.replace("-", "_"): read_amount(text, measure.unit, f"--{measure.name}", "a positive number")
        for measure, text in told.items()
        if text is not None
    }
    if not budgets:
        options = ", ".join(f"--{name}" for name in MEASURES)
        raise typer.BadParameter(f"expected a budget, one or more of {options}")
    return budgets


def _spec(words: Sequence[str], inputs: Sequence[str], model: str | None) -> Spec:
    """The model of a file, or of one layer."""
    if not is_source(words[0]):
        from lstmcalc.sources.layer_options import read_layer

        return read_layer(words, inputs)
    if len(words) > 1 or inputs:
        got = words[1] if len(words) > 1 else "--input"
        raise typer.BadParameter(f"expected one file and options of solve, as {words[0]} is a file, got {got}")
    from lstmcalc import load

    return load(words[0], model=model)
