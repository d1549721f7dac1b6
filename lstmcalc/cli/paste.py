"""The command `paste`: a `model.summary()` from a file, a pipe or the clipboard, explained or turned into a model."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lstmcalc.cli.page import Page
from lstmcalc.errors import Fault, SpecError, Where

if TYPE_CHECKING:
    from lstmcalc.summary_text import Reading

__all__ = ["explain_file", "paste"]

#: Where the end of what is typed has other keys.
WINDOWS = os.name == "nt"

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE]...", help="Files with a summary; `-`, or no file, is standard input."),
]
Target = Annotated[
    str | None, typer.Option("--to", metavar="yaml|keras-json|python", help="Write the model that prints the summary.")
]
Model = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Which model, where a file holds several.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document per line and summary.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to a file instead.")]


def paste(
    files: Files = None, target: Target = None, model: Model = None, as_json: AsJson = False, output: Output = None
) -> None:
    """A pasted `model.summary()`, explained line by line."""
    sources = files or ["-"]
    if target is not None:
        from lstmcalc.conversion import TARGETS

        if target not in TARGETS:
            raise typer.BadParameter(f"expected {', '.join(TARGETS)}, got {target}", param_hint="--to")
        if as_json or len(sources) > 1:
            got = "--json" if as_json else f"{len(sources)} files"
            raise typer.BadParameter(f"expected one file and no --json beside it, got {got}", param_hint="--to")
    page = Page(as_json, output)
    for source in sources:
        with page.source(source, partly=False):
            text = _read(source)
            if target is None:
                _explain(page, text, source, model)
            else:
                _convert(page, text, source, model, target)
    page.close()


def explain_file(name: str, as_json: bool, output: Path | None) -> bool:
    """Explains a file that holds a summary, as `paste` does; False where it holds something else."""
    from lstmcalc.summary_text.tables import looks_like_summary

    try:
        if not looks_like_summary(_read(name)):
            return False
    except SpecError:
        return False
    paste([name], None, None, as_json, output)
    return True


def _explain(page: Page, text: str, source: str, model: str | None) -> None:
    from lstmcalc.explanation.readings import explain_reading, understood
    from lstmcalc.renderers.reading_json import reading_document
    from lstmcalc.renderers.reading_text import render_reading

    for reading in _picked(text, source, model):
        explanation = explain_reading(reading)
        if page.as_json:
            page.document(reading_document(explanation))
        else:
            page.text(render_reading(explanation, page.width, page.colour))
        page.failed |= not understood(reading)


def _convert(page: Page, text: str, source: str, model: str | None, target: str) -> None:
    """Writes the model down; where the summary contradicts itself, that is said as well."""
    from lstmcalc.conversion import convert
    from lstmcalc.sources.printed import read_printed

    page.text(convert(read_printed(text, source, model), target))
    problems = [problem for reading in _picked(text, source, model) for problem in reading.problems]
    if any(problem.severity == "error" for problem in problems):
        raise SpecError(problems)


def _picked(text: str, source: str, model: str | None) -> list[Reading]:
    """The summaries in a text, or the one of this name."""
    from lstmcalc.summary_text import read_summary

    readings = [reading for reading in read_summary(text, source) if model in (None, reading.table.name)]
    if not readings:
        from lstmcalc.sources.printed import read_printed

        # It says which names there are.
        read_printed(text, source, model)
    return readings


def _read(source: str) -> str:
    """The text of a paste; what is no UTF-8 in it is replaced, since the table can be read without."""
    from lstmcalc.sources import NO_TEXT, opened, read_rest

    if source == "-" and sys.stdin is not None and sys.stdin.isatty():
        end = "Ctrl-Z and Enter" if WINDOWS else "Ctrl-D"
        typer.echo(f"Paste the summary here, then press Enter and {end}.", err=True)
    with opened(source) as file:
        data = read_rest(file, b"", source)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        # What `>` writes in the PowerShell of Windows.
        return data.decode("utf-16", "replace")
    text = data.decode("utf-8-sig", "replace")
    if "\0" in text or ("\ufffd" in text and NO_TEXT.search(data[:64])):
        raise SpecError([Fault("binary-file", "a text file", "a binary one", where=Where(source))])
    return text
