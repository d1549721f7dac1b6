"""The commands: arguments are parsed, the library is called, the answer is printed, the exit code says how it went."""

from __future__ import annotations

from typing import Annotated

import typer

from lstmcalc.cli.check import WithBudgets, check
from lstmcalc.cli.cluster import Scheduler, verify_on_cluster
from lstmcalc.cli.costs import CompareCosts, Cost, costed, with_cost
from lstmcalc.cli.diff import diff
from lstmcalc.cli.explain import explain
from lstmcalc.cli.forms import Format, Output, Pictures, form_of
from lstmcalc.cli.memory import Fits, Memory, OptimizerName, Precision, asked_memory
from lstmcalc.cli.options import AsJson, Batch, Model, Sources, Values
from lstmcalc.cli.page import Page
from lstmcalc.cli.paste import paste
from lstmcalc.cli.solve import WithMeasures, solve
from lstmcalc.cli.sweep import sweep
from lstmcalc.cli.values import checked_target, values_of

app = typer.Typer(
    name="lstmcalc",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Every shape and parameter of a Keras model, and why, without importing TensorFlow.",
)

Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|gpu", help="Where the forward pass runs.")]
Backend = Annotated[str | None, typer.Option("--backend", metavar="tensorflow|jax|torch", help="Keras's backend.")]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        from lstmcalc import __version__

        typer.echo(f"lstmcalc {__version__}")
        raise typer.Exit


@app.command()
def summary(
    sources: Sources,
    values: Values = None,
    batch: Batch = None,
    model: Model = None,
    weights: Annotated[bool, typer.Option("--weights", help="Show every weight below its layer.")] = False,
    cost: Cost = False,
    compare: CompareCosts = False,
    memory: Memory = False,
    optimizer: OptimizerName = None,
    precision: Precision = None,
    fit: Fits = None,
    verify: Annotated[bool, typer.Option("--verify", help="Hold the answer against real Keras.")] = False,
    diagram: Pictures = False,
    form: Format = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Shapes, parameters and their arithmetic, layer by layer."""
    symbols = values_of(values)
    with_cost(cost, compare)
    asked = asked_memory(memory, optimizer, precision, fit)
    page = Page(form_of(form, as_json, output), output)
    if page.form == "svg" and (cost or asked):
        reason = "expected text, json, markdown or html, got svg: a picture has no room for cost and memory"
        raise typer.BadParameter(reason, param_hint="--format")
    for source in sources:
        with page.source(source):
            from lstmcalc import infer, load

            spec = load(source, model=model)
            if cost:
                costed(page, spec, symbols, batch, weights, diagram, compare, asked)
            else:
                taken = asked.of_spec(spec, symbols, batch) if asked else None
                page.report(infer(spec, symbols, batch), weights, diagram=diagram, memory=taken)
            if verify:
                page.verification(spec, symbols, batch, "auto", None)
    page.close()


app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog="Any argument of the Keras layer is an option: --units 128, --return-sequences, --no-use-bias; "
    "and so is --batch N.",
)(explain)
app.command()(paste)
app.command(
    cls=WithMeasures,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog="Of a layer, any argument is an option, as `explain` takes it: solve lstm --units 128 --params 91648.",
)(solve)
app.command()(diff)
app.command(cls=WithBudgets)(check)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog="`32..512:32` is every 32nd number from 32 to 512. Of a layer, arguments and sizes of its input go through "
    "values as well: lstmcalc sweep lstm --units 32,64 --input 10..50:10,300. A list of time steps has a name: "
    "--input T,300 --set T=10,25.",
)(sweep)


@app.command()
def verify(
    sources: Sources,
    values: Values = None,
    batch: Batch = None,
    model: Model = None,
    device: Device = "auto",
    backend: Backend = None,
    scheduler: Scheduler = None,
    form: Format = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Build the real Keras model, compare every weight, and run it on random data."""
    symbols = values_of(values)
    page = Page(form_of(form, as_json, output), output)
    if scheduler is not None:
        verify_on_cluster(page, scheduler, sources, model, (symbols, batch, device, backend))
    for source in sources if scheduler is None else ():
        with page.source(source):
            from lstmcalc import load

            page.verification(load(source, model=model), symbols, batch, device, backend)
    page.close()


@app.command()
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

        page.text(converted(bound(load(source, model=model), symbols, batch), target))
    page.close()


@app.command()
def layers(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A layer's name, in any spelling.")] = None,
) -> None:
    """The layers that are known, or one of them with its arguments and examples."""
    from lstmcalc.errors import Fault, SpecError
    from lstmcalc.layers import ALIASES, RULES
    from lstmcalc.layers.arguments import closest
    from lstmcalc.renderers.layers_text import layer_lines, registry_lines
    from lstmcalc.sources.layer_options import find_class

    page = Page("text", None)
    with page.source("layers"):
        if name is None:
            page.lines(registry_lines(page.width or 80))
        elif (class_name := find_class(name)) is not None:
            page.lines(layer_lines(class_name, page.width or 80))
        else:
            near = closest(name, [*RULES, *ALIASES])
            fix = f"did you mean `{near}`?" if near else "`lstmcalc layers` lists them"
            raise SpecError([Fault("unknown-layer", "a Keras layer that has a rule", f"`{name}`", fix=fix)])
    page.close()


def main() -> None:
    """The console script."""
    app()
