"""Where a command's answers go: text or JSON, standard output or a file, and errors beside them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lstmcalc.errors import Fault, SpecError

if TYPE_CHECKING:
    from lstmcalc.renderers.document import Document
    from lstmcalc.report import Report
    from lstmcalc.spec import Spec

__all__ = ["Page"]


class Page:
    """The answers of one run, source by source; `failed` remembers whether any of them was an error."""

    def __init__(self, as_json: bool, output: Path | None) -> None:
        self.as_json = as_json
        self.output = output
        self.failed = False
        self.parts: list[str] = []
        terminal = output is None and sys.stdout.isatty()
        self.width = terminal_width() if terminal else None
        self.colour = terminal and wants_colour()

    @contextmanager
    def source(self, name: str, partly: bool = True) -> Iterator[None]:
        """Answers about one source; what is wrong with it is shown, and the next source goes on.

        `partly` shows what of the model is known regardless.
        """
        try:
            yield
        except SpecError as error:
            self._error(name, error, partly)
            self.failed = True

    def lines(self, lines: Iterable[str]) -> None:
        """Shows plain lines."""
        self.text("".join(f"{line}\n" for line in lines))

    def text(self, text: str) -> None:
        """Shows a text, a blank line behind what was shown before."""
        self._write("\n" + text if self.parts else text)

    def report(self, report: Report, weights: bool = False) -> None:
        """Shows a report."""
        if self.as_json:
            from lstmcalc.renderers.json_document import report_document

            self.document(report_document(report))
        else:
            from lstmcalc.renderers.summary_text import render_summary

            self.text(render_summary(report, weights=weights, width=self.width, colour=self.colour))

    def answer(self, document: Callable[[], Document], data: Callable[[], Mapping[str, Any]]) -> None:
        """Shows an answer in the form that was asked for: `document` makes what is read, `data` what JSON holds."""
        if self.as_json:
            self.document(data())
            return
        from lstmcalc.renderers.document_text import document_text

        self.text(document_text(document(), self.width, self.colour))

    def explanation(self, spec: Spec) -> None:
        """Explains the last layer of a model."""
        from lstmcalc.explanation import explain_layer, to_json
        from lstmcalc.inference import infer
        from lstmcalc.renderers.explanation_text import render

        explanation = explain_layer(spec, infer(spec), spec.calls[-1].layer)
        if self.as_json:
            self.document({**to_json(explanation), "source": spec.source})
        else:
            self.text(render(explanation, self.width, self.colour))

    def verification(
        self,
        spec: Spec,
        values: Mapping[str, int],
        batch: int | None,
        device: str,
        backend: str | None,
    ) -> None:
        """Holds a model against real Keras, and shows how far it got meanwhile."""
        from lstmcalc.renderers.verification_text import verification_lines
        from lstmcalc.verification import VerificationError, to_json, verify

        try:
            with _progress(self.as_json) as progress:
                result = verify(spec, values, batch, device=device, backend=backend, progress=progress)
        except VerificationError as error:
            typer.echo(f"lstmcalc: {error}", err=True)
            raise typer.Exit(2) from None
        self.failed |= not result.agrees
        if self.as_json:
            self.document(to_json(result))
        else:
            self.lines(verification_lines(result))

    def close(self) -> None:
        """Writes the file, if one was asked for, and ends with 1 if a source was wrong."""
        if self.output is not None:
            try:
                self.output.write_text("".join(self.parts), encoding="utf-8")
            except OSError as error:
                reason = os.strerror(error.errno) if error.errno else str(error)
                raise typer.BadParameter(f"cannot write {self.output}: {reason}", param_hint="--output") from None
        if self.failed:
            raise typer.Exit(1)

    def _error(self, name: str, error: SpecError, partly: bool) -> None:
        if self.as_json:
            from lstmcalc.renderers.json_document import error_document

            self.document(error_document(name, error))
            return
        from lstmcalc.renderers.summary_text import render_faults

        if partly and error.report is not None and error.report.layers:
            self.report(error.report)
        colour = sys.stderr.isatty() and wants_colour()
        width = terminal_width() if sys.stderr.isatty() else None
        faults: tuple[Fault, ...] = error.faults
        apart = "\n" if self.parts or self.failed else ""
        typer.echo(apart + render_faults(faults, width=width, colour=colour), err=True, nl=False)

    def document(self, document: Mapping[str, Any]) -> None:
        from lstmcalc.renderers.json_document import dumps

        self._write(dumps(document) + "\n")

    def _write(self, text: str) -> None:
        self.parts.append(text)
        if self.output is None:
            typer.echo(text, nl=False, color=self.colour)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """Shows on a terminal what a long run is at; nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting Keras", total=None)

        def show(label: str, done: int, whole: int) -> None:
            bar.update(task, description=label, completed=done, total=whole)

        yield show


def terminal_width() -> int:
    """The columns of the terminal."""
    from shutil import get_terminal_size

    return get_terminal_size().columns


def wants_colour() -> bool:
    """Whether a terminal may be coloured (https://no-color.org, and terminals that cannot)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
