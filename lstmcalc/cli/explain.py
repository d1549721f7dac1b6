"""The command `explain`: one layer, a whole model, or a printed summary, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from lstmcalc.cli.forms import Format, Output, form_of
from lstmcalc.cli.models import Asked, explain_sources, files_of, is_source
from lstmcalc.cli.options import Model
from lstmcalc.cli.page import Page
from lstmcalc.cli.values import no_options, values_of

__all__ = ["explain"]

#: What typer is to know of the command besides its parameters.
SETTINGS = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "epilog": "Any argument of the Keras layer is an option, and so is --batch N: --units 128, "
    "--return-sequences, --no-use-bias.",
}

What = Annotated[
    str, typer.Argument(metavar="LAYER|SOURCE", help="A layer's name, a call such as `LSTM(64)`, or a model's file.")
]
Shapes = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="SHAPE",
        help="The input without the batch: 300, or 10,300 for 10 steps.",
        callback=no_options,
    ),
]
Layer = Annotated[str | None, typer.Option("--layer", metavar="NAME", help="Of a model, this layer alone, in full.")]
Values = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Give a model's symbol a value; repeatable.")
]
Batch = Annotated[str | None, typer.Option("--batch", metavar="N", help="Fix the batch size.")]
Compare = Annotated[bool, typer.Option("--compare", help="Set one layer beside other frameworks'.")]
Diagram = Annotated[bool, typer.Option("--diagram", help="Add the pictures: over time, inside the cell, the graph.")]
Verify = Annotated[bool, typer.Option("--verify", help="Add what real Keras says.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document per line and source.")]

#: Options of `summary` that are no arguments of a layer, and what shows the same.
MEASURED = {
    "--cost": "explain tells what a layer costs without it; of a model, `lstmcalc summary SOURCE --cost` shows a table",
    "--memory": "`lstmcalc summary SOURCE --memory` tells the memory of a model",
    "--fit": "`lstmcalc summary SOURCE --fit BYTES` tells which batch fits",
}


def explain(
    context: typer.Context,
    what: What,
    inputs: Shapes = None,
    layer: Layer = None,
    values: Values = None,
    batch: Batch = None,
    model: Model = None,
    compare: Compare = False,
    diagram: Diagram = False,
    verify: Verify = False,
    form: Format = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """One layer in words: shapes, weights, the count and the reason, and what one sample costs in MACs and FLOPs; in
    symbols where no numbers are given. Of a file, the whole model, layer by layer."""
    _refuse_measures(context.args)
    page = Page(form_of(form, as_json, output), output)
    if is_source(what):
        sources = files_of([what, *context.args], inputs or [])
        if compare and layer is None:
            raise typer.BadParameter("expected one layer beside it, with --layer NAME", param_hint="--compare")
        asked = Asked(values_of(values), _batch(batch), model, layer, verify, compare, diagram)
        explain_sources(page, sources, asked)
    else:
        # What a model's options are called, a layer's arguments are called as well.
        options = {"--layer": layer, "--batch": batch, "--model": model}
        told = [word for option, value in options.items() if value is not None for word in (option, value)]
        if values:
            raise typer.BadParameter("expected a model's file beside it, got a layer", param_hint="--set")
        _explain_words(page, [what, *context.args, *told], inputs or [], compare, verify, diagram)
    page.close()


def _refuse_measures(words: Sequence[str]) -> None:
    """Ends the run where what `summary` measures is asked for, and tells what shows it."""
    asked = next((word for word in words if word.partition("=")[0] in MEASURED), None)
    if asked is not None:
        option = asked.partition("=")[0]
        raise typer.BadParameter(f"expected it left out: {MEASURED[option]}", param_hint=option)


def _explain_words(page: Page, words: list[str], inputs: list[str], compare: bool, verify: bool, diagram: bool) -> None:
    """Explains the layer that the words of a command line state."""
    from lstmcalc.sources.layer_options import read_layer

    with page.source(" ".join(words), partly=False):
        spec = read_layer(words, inputs)
        page.explanation(spec, diagram, compare)
        if verify:
            page.verification(spec, {}, None, "auto", None)


def _batch(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 4000 or int(text) < 1:
        raise typer.BadParameter(f"expected a positive integer, got {text}", param_hint="--batch")
    return int(text)
