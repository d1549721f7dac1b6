"""The command `paste`: a `model.summary()` or an error message from a file, a pipe or the clipboard, explained."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lstmcalc.cli.forms import Format, Output, Pictures, form_of
from lstmcalc.cli.page import Page
from lstmcalc.cli.terminal import complain
from lstmcalc.cli.values import checked_target, once
from lstmcalc.errors import Fault, SpecError, Where

if TYPE_CHECKING:
    from lstmcalc.renderers.document import Document
    from lstmcalc.spec import Spec
    from lstmcalc.summary_text import Reading

__all__ = ["MODEL_FILES", "decoded", "explain_text", "invite", "paste", "read_text"]

#: Where the end of what is typed has other keys.
WINDOWS = os.name == "nt"
#: A text without any of these names no exception.
ERROR_SIGNS = ("Error", "Exception", "Warning", "Exit", "Interrupt", "Traceback")
#: The endings of files that hold a model.
MODEL_FILES = (".py", ".ipynb", ".yaml", ".yml", ".json", ".keras", ".h5", ".hdf5")

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE]...",
        help="Files with a summary or an error message; `-`, or no file, is standard input.",
        callback=once,
    ),
]
Target = Annotated[
    str | None, typer.Option("--to", metavar="yaml|keras-json|python", help="Write the model that prints the summary.")
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME|SOURCE",
        help="Which model, where a file holds several. Beside an error message: the file with its model.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document per line and summary or message.")]


def paste(
    files: Files = None,
    target: Target = None,
    model: Model = None,
    diagram: Pictures = False,
    form: Format = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """A pasted `model.summary()`, explained line by line, or an error message of Keras, with what to change."""
    sources = files or ["-"]
    if target is not None:
        checked_target(target)
        others = {"--json": as_json, f"--format {form}": form, "--diagram": diagram}
        got = next((other for other, asked in others.items() if asked), None)
        if got or len(sources) > 1:
            got = got or f"{len(sources)} files"
            raise typer.BadParameter(f"expected one file and no other form beside it, got {got}", param_hint="--to")
    page = Page("text" if target else form_of(form, as_json, output), output)
    for source in sources:
        with page.source(source, partly=False):
            text = read_text(source)
            if target is None:
                _answer(page, text, source, model, diagram)
            else:
                _convert(page, text, source, model, target)
    page.close()


def _answer(page: Page, text: str, source: str, model: str | None, diagram: bool) -> None:
    """Explains the summaries in a text, or its error message, or both."""
    from lstmcalc.summary_text.tables import looks_like_summary

    failed = _names_error(text)
    summary = looks_like_summary(text)
    beside = model is not None and _is_file(model)
    if not (failed and summary):
        if not summary and _diagnose(page, text, source, model, failed):
            return
        if beside and summary:
            raise SpecError([_needs_message(source, model or "")])
        if not summary and source.endswith(MODEL_FILES):
            raise SpecError([_is_model(source)])
        explain_text(page, text, source, model, diagram)
        return
    try:
        explain_text(page, text, source, None if beside else model, diagram)
    except SpecError:
        # An error message may look like a row of a summary.
        if not _diagnose(page, text, source, model, False):
            raise
    else:
        _diagnose(page, text, source, model if beside else None, True)


def _names_error(text: str) -> bool:
    """Whether a text shows an exception; what finds that out is loaded only where a word says that it may."""
    if not any(sign in text for sign in ERROR_SIGNS):
        return False
    from lstmcalc.diagnosis.text import looks_like_error

    return looks_like_error(text)


def _diagnose(page: Page, text: str, source: str, model: str | None, surely: bool) -> bool:
    """Says what an error message means; False where a text holds none that is known, unless it is `surely` one."""
    from lstmcalc.diagnosis import diagnose

    diagnosis = diagnose(text, source=source)
    if not (diagnosis.recognised or surely):
        return False
    fault = None
    if diagnosis.recognised:
        try:
            if spec := _beside(text, source, model):
                diagnosis = diagnose(text, spec, source)
        except SpecError as error:
            fault = error

    def document() -> Document:
        from lstmcalc.renderers.diagnosis_document import diagnosis_document

        return diagnosis_document(diagnosis)

    page.answer(document, diagnosis.to_json)
    page.failed |= not diagnosis.recognised
    if fault is not None:
        raise fault
    return True


def _beside(text: str, source: str, model: str | None) -> Spec | None:
    """The model of a message: the file that was named, else the one summary in the same text, where it can be read."""
    from lstmcalc.summary_text.tables import looks_like_summary

    if model is not None:
        from lstmcalc.sources import load

        return load(model)
    if not looks_like_summary(text):
        return None
    from lstmcalc.sources.printed import read_printed

    try:
        return read_printed(text, source)
    except SpecError:
        # The summary's own answer stands above, with what is wrong in it.
        return None


def _needs_message(source: str, model: str) -> Fault:
    """A file with a model beside a summary, which is the model itself."""
    return Fault(
        "no-message",
        "an error message beside `--model FILE`",
        "a summary",
        because=f"`--model` names the file with the model that an error message came from, here `{model}`",
        fix="leave `--model` out",
        where=Where(source),
    )


def _is_model(source: str) -> Fault:
    """A file with a model, which another command explains."""
    return Fault(
        "model-file",
        "what `model.summary()` prints, or an error message",
        "a file with a model",
        fix=f"`lstmcalc explain {source}`, or `lstmcalc summary {source}`",
        where=Where(source),
    )


def _is_file(model: str) -> bool:
    """Whether `--model` names a file rather than a model in a text."""
    return os.path.exists(model) or model.endswith(MODEL_FILES)


def explain_text(page: Page, text: str, source: str, model: str | None, diagram: bool = False) -> None:
    """Explains every summary in a text; `diagram` adds each one's graph to forms of words."""
    from lstmcalc.explanation.readings import explain_reading, understood

    for reading in _picked(text, source, model):
        page.reading(explain_reading(reading), diagram)
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


def read_text(source: str) -> str:
    """The text of a file or of standard input."""
    from lstmcalc.sources import opened, whole

    invite(source)
    with opened(source) as file:
        return decoded(whole(file, source), source)


def invite(source: str) -> None:
    """Says what to do where a terminal is read."""
    if source == "-" and sys.stdin is not None and sys.stdin.isatty():
        end = "Ctrl-Z and Enter" if WINDOWS else "Ctrl-D"
        complain(f"Paste the summary or the error message here, then press Enter and {end}.")


def decoded(data: bytes, source: str) -> str:
    """The text of a paste; what is no UTF-8 in it is replaced, since the table can be read without."""
    from lstmcalc.sources import ARCHIVES, holds_no_text, wide_encoding

    if wide := wide_encoding(data):
        # What `>` writes in the PowerShell of Windows.
        return data.decode(wide, "replace")
    text = data.decode("utf-8-sig", "replace")
    if data.startswith(ARCHIVES) and source.endswith(MODEL_FILES):
        raise SpecError([_is_model(source)])
    if "\0" in text or ("\ufffd" in text and holds_no_text(data)):
        raise SpecError([Fault("binary-file", "a text file", "a binary one", where=Where(source))])
    return text
