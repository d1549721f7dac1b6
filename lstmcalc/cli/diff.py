"""`diff`: two models beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from lstmcalc.cli.forms import Format, Output, form_of
from lstmcalc.cli.options import Batch, Values
from lstmcalc.cli.page import Page
from lstmcalc.cli.room import with_room
from lstmcalc.cli.values import values_of
from lstmcalc.errors import SpecError

if TYPE_CHECKING:
    from lstmcalc.comparing import Difference
    from lstmcalc.renderers.document import Document
    from lstmcalc.report import Report
    from lstmcalc.spec import Spec

__all__ = ["diff"]


Old = Annotated[str, typer.Argument(metavar="OLD", help="A model file; `-` is standard input.")]
New = Annotated[str, typer.Argument(metavar="NEW", help="The model file to lay beside it.")]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME", help="Which model, where a file holds several; twice: of OLD, of NEW."),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="WHAT",
        help="What counts as a difference, by commas: layers, names, order, arguments, code, connections, "
        "shapes, params, cost.",
    ),
]
ExitCode = Annotated[
    bool, typer.Option("--exit-code", help="End with 1 where the models differ, or that is not known.")
]
AsJson = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


def diff(
    old: Old,
    new: New,
    values: Values = None,
    batch: Batch = None,
    model: Models = None,
    only: Only = None,
    exit_code: ExitCode = False,
    form: Format = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """What differs between two models: layers, arguments, shapes, parameters and cost."""
    symbols, aspects = values_of(values), _aspects(only)
    if old == new == "-":
        raise typer.BadParameter("expected two sources, got standard input twice", param_hint="NEW")
    models: list[str | None] = [*model] if model else [None]
    if len(models) > 2:
        raise typer.BadParameter(f"expected one name or two, got {len(models)}", param_hint="--model")
    page = Page(form_of(form, as_json, output), output)
    page.failing = {"schema": "lstmcalc.difference/1", "equal": None}
    sides = _sides(page, (old, new), (models[0], models[-1]), symbols, batch)
    if len(sides) == 2:
        from lstmcalc.comparing import laid_beside
        from lstmcalc.renderers.bounds import check_depth

        with page.source(new, partly=False):
            for _, report in sides:
                check_depth(report, "where two are compared")
            difference = with_room(
                partial(laid_beside, sides[0], sides[1], symbols, batch, aspects, whole=not page.failed)
            )
            with_room(partial(_show, page, difference))
            page.failed |= exit_code and not (difference.equal and _was_compared(difference, only and aspects))
    page.close()


def _was_compared(difference: Difference, asked: Sequence[str] | None) -> bool:
    """Whether all was compared that should be."""
    return not difference.untold and set(asked or ()) <= set(difference.compared)


def _aspects(only: Sequence[str] | None) -> Sequence[str]:
    """What counts; all of it where nothing is said."""
    from lstmcalc.comparing.difference import ASPECTS

    words = [word.strip() for each in only or [] for word in each.split(",")]
    for word in words:
        if word not in ASPECTS:
            raise typer.BadParameter(f"expected {', '.join(ASPECTS)}, got {word or 'nothing'}", param_hint="--only")
    return words or ASPECTS


def _sides(
    page: Page,
    sources: Sequence[str],
    models: Sequence[str | None],
    symbols: Mapping[str, int],
    batch: int | None,
) -> list[tuple[Spec, Report]]:
    """Both models as far as they are known; errors are shown."""
    from lstmcalc import load

    if len(sources) == 2 and (sources[0], models[0]) == (sources[1], models[1]):
        # What is wrong with it is said once.
        return _sides(page, sources[:1], models[:1], symbols, batch) * 2
    specs: list[Spec] = []
    for source, model in zip(sources, models, strict=True):
        with page.source(source, partly=False):
            specs.append(load(source, model=model))
    if len(specs) < len(sources):
        return []
    from lstmcalc.comparing import with_named_sizes

    with page.source(sources[0], partly=False):
        specs = [*with_room(partial(with_named_sizes, specs[0], specs[-1], symbols))][: len(specs)]
    sides: list[tuple[Spec, Report]] = []
    for spec in specs:
        with page.source(spec.source, partly=False):
            sides.append(_inferred(spec, specs, symbols, batch, sides))
    return sides


def _inferred(
    spec: Spec, specs: Sequence[Spec], symbols: Mapping[str, int], batch: int | None, sides: list[tuple[Spec, Report]]
) -> tuple[Spec, Report]:
    """A model and its report; where it has faults, what is known is among the sides already."""
    from lstmcalc.comparing import own_values
    from lstmcalc.inference import infer

    try:
        return spec, with_room(partial(infer, spec, own_values(spec, specs, symbols), batch))
    except SpecError as error:
        if error.report is not None and error.report.layers:
            sides.append((spec, error.report))
        raise


def _show(page: Page, difference: Difference) -> None:
    def text() -> str:
        from lstmcalc.renderers.difference_text import difference_text

        return difference_text(difference, page.width, page.colour)

    def document() -> Document:
        from lstmcalc.renderers.difference_document import difference_document

        return difference_document(difference)

    def data() -> Mapping[str, object]:
        from lstmcalc.renderers.difference_json import difference_json

        return difference_json(difference)

    page.answer(document, data, text=text)
