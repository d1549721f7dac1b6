"""`verify`: models against real Keras."""

from __future__ import annotations

from typing import Annotated

import typer

from lstmcalc.cli.cluster import Scheduler, verify_on_cluster
from lstmcalc.cli.forms import Format, Output, form_of
from lstmcalc.cli.options import AsJson, Batch, Model, Sources, Values
from lstmcalc.cli.page import Page
from lstmcalc.cli.values import values_of

__all__ = ["SETTINGS", "verify"]

Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|gpu", help="Where the forward pass runs.")]
Backend = Annotated[str | None, typer.Option("--backend", metavar="tensorflow|jax|torch", help="Keras's backend.")]
Trust = Annotated[
    bool,
    typer.Option("--trust", help="Run a saved Lambda's byte code, and read the files that vocabularies are in."),
]
#: What typer is to know of the command besides its options.
SETTINGS = {
    "epilog": "The Keras model is made from the layers and arguments that the file states. Byte code in it, and "
    "vocabularies in other files, are refused without --trust. Python code is read and never run, not even with "
    "--trust."
}


def verify(
    sources: Sources,
    values: Values = None,
    batch: Batch = None,
    model: Model = None,
    device: Device = "auto",
    backend: Backend = None,
    trust: Trust = False,
    scheduler: Scheduler = None,
    form: Format = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Build the real Keras model, compare every weight, and run it on random data."""
    symbols = values_of(values)
    page = Page(form_of(form, as_json, output), output)
    if scheduler is not None:
        verify_on_cluster(page, scheduler, sources, model, (symbols, batch, device, backend, trust))
    for place, source in enumerate(sources if scheduler is None else ()):
        with page.source(source):
            from lstmcalc import load

            turn = place, len(sources)
            page.verification(load(source, model=model), symbols, batch, device, backend, trust, turn)
    page.close()
