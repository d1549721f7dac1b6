"""The command `explain`: one layer, a whole model, or a printed summary, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lstmcalc.cli.page import Page

__all__ = ["explain"]

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document per line and source.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to a file instead.")]


def explain(
    context: typer.Context,
    layer: Annotated[str, typer.Argument(help="A layer's name, or a call: `Bidirectional(LSTM(64))`.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="SHAPE", help="The input without the batch: 300, or 10,300 for 10 steps."),
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Add what real Keras says.")] = False,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """One layer in words: shapes, weights, the count and the reason; in symbols where no numbers are given."""
    from lstmcalc.sources.layer_options import read_layer

    if len(layer) < 256 and Path(layer).is_file():
        from lstmcalc.cli.paste import explain_file

        if explain_file(layer, as_json, output):
            return
        raise typer.BadParameter(f"expected one layer, got the file {layer}: use `lstmcalc summary {layer}`")
    page = Page(as_json, output)
    words = [layer, *context.args]
    with page.source(" ".join(words), partly=False):
        spec = read_layer(words, inputs or [])
        page.explanation(spec)
        if verify:
            page.verification(spec, {}, None, "auto", None)
    page.close()
