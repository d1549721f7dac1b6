"""The command `solve`: the sizes with which a model, or one layer, meets a budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from lstmcalc.cli.forms import Format, Output, form_of
from lstmcalc.cli.models import is_source
from lstmcalc.cli.page import Page
from lstmcalc.cli.values import values_of

if TYPE_CHECKING:
    from lstmcalc.spec import Spec

__all__ = ["solve"]

What = Annotated[
    str, typer.Argument(metavar="SOURCE|LAYER", help="A model's file, a layer's name, or a call such as `LSTM(64)`.")
]
Sizes = Annotated[
    list[str] | None,
    typer.Option("--for", metavar="SIZE", help="What to solve for: U, lstm.units, batch, U,V; else what is open."),
]
Budget = Annotated[str | None, typer.Option(metavar="N", help="The budget: a number such as 91648, 1.5M, 1e6.")]
Bytes = Annotated[str | None, typer.Option(metavar="N", help="The same in bytes: 500, 8GB, 8GiB.")]
Exactly = Annotated[bool, typer.Option("--exactly", help="Just as many, not at most.")]
Closest = Annotated[bool, typer.Option("--closest", help="As near as it gets, below or above.")]
Shapes = Annotated[
    list[str] | None, typer.Option("--input", metavar="SHAPE", help="Of a layer: its input, as `explain` takes it.")
]
Values = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Give another symbol a value; repeatable.")
]
Batch = Annotated[int | None, typer.Option("--batch", min=1, metavar="N", help="The batch, for the memory.")]
Model = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Which model, where a file holds several.")]
Optimizer = Annotated[str | None, typer.Option("--optimizer", metavar="NAME", help="The optimizer, for the memory.")]
AsJson = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


def solve(
    context: typer.Context,
    what: What,
    sizes: Sizes = None,
    params: Budget = None,
    trainable_params: Budget = None,
    bytes: Bytes = None,
    macs: Budget = None,
    flops: Budget = None,
    training_macs: Budget = None,
    memory: Bytes = None,
    exactly: Exactly = False,
    closest: Closest = False,
    inputs: Shapes = None,
    values: Values = None,
    batch: Batch = None,
    optimizer: Optimizer = None,
    model: Model = None,
    form: Format = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """The size with which a model has at most, exactly, or about so many params, operations or bytes."""
    told = {"params": params, "trainable_params": trainable_params, "bytes": bytes, "macs": macs, "flops": flops,
            "training_macs": training_macs, "memory": memory}  # fmt: skip
    goal = "exactly" if exactly else "closest" if closest else "at most"
    if exactly and closest:
        raise typer.BadParameter("expected --exactly or --closest, got both", param_hint="--closest")
    asked = _Asked(_wanted(sizes or []), goal, values_of(values), _budgets(told), batch, _checked(optimizer))
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
    optimizer: str | None


def _answer(page: Page, spec: Spec, asked: _Asked) -> None:
    """Solves, and shows what was found."""
    from dataclasses import replace

    from lstmcalc.memory import Setting
    from lstmcalc.renderers.solution_document import solution_document
    from lstmcalc.renderers.solution_json import solution_json
    from lstmcalc.solving import solve as solved

    setting, batch = Setting(), asked.batch or spec.batch
    if isinstance(batch, int):
        setting = replace(setting, batch=batch)
    if asked.optimizer is not None:
        setting = replace(setting, optimizer=asked.optimizer)
    found = solved(spec, *asked.sizes, goal=asked.goal, values=asked.values, setting=setting, **asked.budgets)
    page.answer(lambda: solution_document(found), lambda: solution_json(found))
    page.failed |= not found.answers


def _wanted(words: Sequence[str]) -> list[str]:
    """The sizes that `--for` names."""
    wanted = [name.strip() for word in words for name in word.split(",")]
    if "" in wanted:
        raise typer.BadParameter("expected a size such as U or lstm.units, got nothing", param_hint="--for")
    return wanted


def _checked(optimizer: str | None) -> str | None:
    """The optimizer; a usage error where there is none of this name."""
    if optimizer is not None:
        from lstmcalc.memory.optimizers import read_optimizer

        try:
            read_optimizer(optimizer)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--optimizer") from None
    return optimizer


def _budgets(told: dict[str, str | None]) -> dict[str, int]:
    """The budgets as numbers; a usage error where one is none, and where there are none."""
    from lstmcalc.measures import MEASURES, amount

    budgets = {}
    for name, text in told.items():
        if text is None:
            continue
        option = name.replace("_", "-")
        try:
            budgets[name] = amount(text, MEASURES[option].unit)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint=f"--{option}") from None
        if budgets[name] < 1:
            raise typer.BadParameter(f"expected a positive number, got {text}", param_hint=f"--{option}")
    if not budgets:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in told)
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
