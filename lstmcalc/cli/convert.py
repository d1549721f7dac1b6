"""`convert`: a model written down in another way."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from lstmcalc.cli.forms import Output
from lstmcalc.cli.options import Batch, Model, Values
from lstmcalc.cli.page import Page
from lstmcalc.cli.room import with_room
from lstmcalc.cli.values import checked_target, values_of

__all__ = ["convert"]


def convert(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A model file; `-` is standard input.")],
    target: Annotated[str, typer.Option("--to", metavar="yaml|keras-json|python", help="What to write.")],
    values: Values = None,
    batch: Batch = None,
    model: Model = None,
    output: Output = None,
) -> None:
    """Write a model down as YAML, as Keras's JSON, or as Python."""
    checked_target(target)
    symbols = values_of(values)
    page = Page("text", output)
    with page.source(source):
        from lstmcalc import load
        from lstmcalc.conversion import convert as converted
        from lstmcalc.opening import bound

        spec = with_room(partial(bound, load(source, model=model), symbols, batch))
        page.text(with_room(partial(converted, spec, target)))
    page.close()
