"""Where a command's answers go: in which form, to standard output or a file, and errors beside them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lstmcalc.cli.forms import is_same_file, put, show
from lstmcalc.cli.room import out_of_room, with_room
from lstmcalc.cli.terminal import complain, errors_on_terminal, on_terminal, progress, terminal_width, wants_colour
from lstmcalc.errors import Fault, SpecError
from lstmcalc.steering import harmless

if TYPE_CHECKING:
    from lstmcalc.explanation.costs.model import ModelCost
    from lstmcalc.explanation.diagrams import Diagram
    from lstmcalc.explanation.layer import Explanation
    from lstmcalc.explanation.memory import MemoryTold
    from lstmcalc.explanation.readings import ReadingExplanation
    from lstmcalc.renderers.document import Block, Document
    from lstmcalc.report import Report
    from lstmcalc.spec import Spec
    from lstmcalc.verification import Verification

__all__ = ["Page"]


class Page:
    """The answers of one run, source by source; `failed` remembers whether any of them was an error.

    `form` is one of `forms.FORMS`. Text, JSON and Markdown are shown as they come; a page of HTML and a picture, which
    are one for all sources, at the end.
    """

    def __init__(self, form: str, output: Path | None) -> None:
        self.form = form
        self.output = output
        self.failed = False
        #: Whether standard error says why, or all of the answer.
        self.told = False
        #: What the JSON of a source that failed says besides its errors.
        self.failing: Mapping[str, Any] = {}
        #: Whether anything was shown or kept for the file.
        self.begun = False
        #: What the file gets; what is printed is not kept.
        self.parts: list[str] = []
        self.documents: list[Document] = []
        self.diagrams: list[Diagram] = []
        #: Whether the answers are looked at as they come.
        self.watched = output is None and on_terminal()
        self.width = terminal_width() if self.watched else None
        self.colour = self.watched and wants_colour()

    @contextmanager
    def source(self, name: str, partly: bool = True) -> Iterator[None]:
        """Answers about one source; what is wrong with it is shown, and the next source goes on.

        `partly` shows what of the model is known regardless.
        """
        self.spare(name)
        try:
            yield
        except (SpecError, RecursionError, MemoryError) as error:
            wrong = error if isinstance(error, SpecError) else out_of_room(error, name)
            try:
                with_room(lambda: self._error(name, wrong, partly))
            except (RecursionError, MemoryError):
                self._error(name, wrong, False)
            self.failed = self.told = True

    def spare(self, source: str) -> None:
        """Ends the run where its output would overwrite what it reads."""
        if is_same_file(self.output, source):
            reason = f"expected another file than the source, got {self.output}"
            raise typer.BadParameter(reason, param_hint="--output")

    def lines(self, lines: Iterable[str]) -> None:
        """Shows plain lines."""
        self.text("".join(f"{line}\n" for line in lines))

    def text(self, text: str) -> None:
        """Shows a text, a blank line behind what was shown before."""
        self._write("\n" + text if self.begun else text)

    def report(
        self,
        report: Report,
        weights: bool = False,
        faults: Sequence[Fault] = (),
        diagram: bool = False,
        cost: ModelCost | None = None,
        memory: MemoryTold | None = None,
    ) -> None:
        """Shows a report, with what is wrong with the model; `diagram` adds its graph to forms of words, `cost` what
        the model costs, `memory` what its training takes.
        """

        def document() -> Document:
            from lstmcalc.renderers.document import Faults
            from lstmcalc.renderers.summary_document import summary_document

            made = summary_document(report, weights, cost)
            made = made._replace(blocks=(*made.blocks, *_memory_blocks(memory)))
            return made._replace(blocks=(*made.blocks, Faults(tuple(faults)))) if faults else made

        def data() -> dict[str, Any]:
            from lstmcalc.renderers.report_json import report_json

            return {**report_json(report, cost), **_memory_data(memory)}

        def text() -> str:
            from lstmcalc.renderers.summary_text import render_summary

            shown = render_summary(report, weights=weights, width=self.width, colour=self.colour, cost=cost)
            if cost and cost.tools is not None:
                from lstmcalc.renderers.summary_document import tools_blocks

                shown += self._blocks(tools_blocks(cost))
            return shown + (self._blocks(_memory_blocks(memory)) if memory else "")

        self.answer(document, data, lambda: [self.graph(report, faults)], text, diagram)

    def graph(self, report: Report, faults: Sequence[Fault] = ()) -> Diagram:
        """A model's graph; where nothing but pictures is shown, what else is to be said stands below it."""
        from lstmcalc.explanation.diagrams.graph import graph_of
        from lstmcalc.renderers.bounds import check_depth
        from lstmcalc.renderers.summary_document import remarks

        check_depth(report, "in a picture", "`--format text` or `--format markdown`")
        graph = graph_of(report)
        return graph._replace(notes=tuple(remarks(report, faults))) if self.form == "svg" else graph

    def explanation(self, spec: Spec, diagram: bool = False, compare: bool = False) -> None:
        """Explains the last layer of a model; `diagram` adds its pictures to forms of words, `compare` its counterparts
        in other frameworks.
        """
        from lstmcalc.explanation.layer import explain_layer
        from lstmcalc.inference import infer

        report = infer(spec)
        self.layer(explain_layer(spec, report, spec.calls[-1].layer, compare), spec, report, diagram)

    def layer(self, explanation: Explanation, spec: Spec, report: Report, diagram: bool = False) -> None:
        """Shows the explanation of a layer of a model; `diagram` adds its pictures to forms of words."""

        def document() -> Document:
            from lstmcalc.renderers.explanation_document import explanation_document

            return explanation_document(explanation)

        def data() -> dict[str, Any]:
            from lstmcalc.renderers.explanation_json import explanation_json

            return {**explanation_json(explanation), "source": spec.source}

        def text() -> str:
            from lstmcalc.renderers.explanation_text import render

            return render(explanation, self.width, self.colour)

        def diagrams() -> Sequence[Diagram]:
            from lstmcalc.explanation.diagrams.layer import diagrams_of_layer

            return diagrams_of_layer(spec, report, explanation.layer)

        self.answer(document, data, diagrams, text, diagram)

    def reading(self, explanation: ReadingExplanation, diagram: bool = False) -> None:
        """Shows a pasted summary with what each line means; `diagram` adds the model's graph to forms of words."""

        def document() -> Document:
            from lstmcalc.renderers.pasted_document import pasted_document

            return pasted_document(explanation)

        def data() -> dict[str, Any]:
            from lstmcalc.renderers.reading_json import reading_json

            return reading_json(explanation)

        def text() -> str:
            from lstmcalc.renderers.reading_text import render_reading

            return render_reading(explanation, self.width, self.colour)

        def diagrams() -> Sequence[Diagram]:
            from lstmcalc.inference import infer
            from lstmcalc.summary_text.model import to_spec

            try:
                return [self.graph(infer(to_spec(explanation.reading)))]
            except SpecError:
                if self.form == "svg":
                    raise
                return []

        self.answer(document, data, diagrams, text, diagram)

    def answer(
        self,
        document: Callable[[], Document],
        data: Callable[[], Mapping[str, Any]],
        diagrams: Callable[[], Sequence[Diagram]] | None = None,
        text: Callable[[], str] | None = None,
        diagram: bool = False,
    ) -> None:
        """Shows an answer in the form that was asked for: `document` makes what is read, `data` what JSON holds.

        `diagrams` makes its pictures: all of an SVG, a part of HTML, and with `diagram` of text and Markdown; without
        it they are those in the document. `text` makes the text where it is not drawn from the document.
        """
        if self.form == "json":
            self._json(data())
        elif self.form == "svg":
            self._picture(document, diagrams)
        elif self.form == "text" and text is not None:
            self.text(text() + (self._drawn(diagrams()) if diagram and diagrams else ""))
        else:
            drawn = diagrams() if diagrams and (diagram or self.form == "html") else ()
            from lstmcalc.renderers.document import with_diagrams

            self._words(with_diagrams(document(), drawn))

    def _picture(self, document: Callable[[], Document], diagrams: Callable[[], Sequence[Diagram]] | None) -> None:
        from lstmcalc.renderers.document import Drawn

        pictures = [b.diagram for b in document().blocks if isinstance(b, Drawn)] if diagrams is None else diagrams()
        self.diagrams += pictures

    def _words(self, document: Document) -> None:
        """Shows a document in a form of words."""
        if self.form == "html":
            self.documents.append(document)
        elif self.form == "markdown":
            from lstmcalc.renderers.markdown import document_markdown

            self.text(document_markdown(document))
        else:
            from lstmcalc.renderers.document_text import document_text

            self.text(document_text(document, self.width, self.colour))

    def _drawn(self, diagrams: Sequence[Diagram]) -> str:
        """Diagrams as text, each behind a blank line."""
        from lstmcalc.renderers.document import Drawn

        return self._blocks(map(Drawn, diagrams))

    def _blocks(self, blocks: Iterable[Block]) -> str:
        """Blocks as text, behind a blank line."""
        from lstmcalc.renderers.document import Document
        from lstmcalc.renderers.document_text import document_text

        return "\n" + document_text(Document("", tuple(blocks)), self.width, self.colour)

    def verification(
        self,
        spec: Spec,
        values: Mapping[str, int],
        batch: int | None,
        device: str = "auto",
        backend: str | None = None,
        trust: bool = False,
        turn: tuple[int, int] = (0, 1),
    ) -> None:
        """Holds a model against real Keras, and shows how far it got meanwhile; `turn` is its place among how many."""
        from lstmcalc.cli.terminal import among
        from lstmcalc.verification import VerificationError, verify
        from lstmcalc.verification.session import release

        try:
            with progress("starting Keras", quiet=self.form != "text") as show:
                tell = show and among(show, spec.source, turn)
                result = verify(spec, values, batch, device=device, backend=backend, trust=trust, progress=tell)
        except VerificationError as error:
            complain(f"lstmcalc: {error}")
            raise typer.Exit(2) from None
        finally:
            release()
        self.verified(result)

    def verified(self, result: Verification) -> None:
        """Shows what came of holding a model against real Keras."""
        from lstmcalc.renderers.verification_text import verification_lines
        from lstmcalc.verification import to_json

        self.failed |= not result.agrees
        if self.form == "json":
            self._json(to_json(result))
        elif self.form == "text":
            self.lines(verification_lines(result))
        elif self.form == "svg":
            complain("\n".join(verification_lines(result)))
            self.told = True
        else:
            from lstmcalc.renderers.document import Document, Lines

            self._words(Document("Against Keras", (Lines(tuple(verification_lines(result))),)))

    def close(self) -> None:
        """Shows what is one for all sources, writes the file, if one was asked for, and ends with 1 on a failure."""
        try:
            self._show_whole()
        except (RecursionError, MemoryError) as error:
            complain(str(out_of_room(error, None)))
            self.failed = self.told = True
        if self.form == "svg" and not self.diagrams and not (self.failed and self.told):
            reason = "expected text, json, markdown or html, got svg for an answer that has no picture"
            raise typer.BadParameter(reason, param_hint="--format")
        if self.output is not None and (self.begun or not self.failed):
            self.save("".join(self.parts))
        if self.failed:
            raise typer.Exit(1)

    def _show_whole(self) -> None:
        if self.documents:
            from lstmcalc.renderers.html import page_html

            self._write(with_room(lambda: page_html(self.documents)))
        if self.diagrams:
            from lstmcalc.renderers.svg import svg_of

            self._write(with_room(lambda: svg_of(self.diagrams)))

    def save(self, data: str | bytes) -> None:
        """Writes the file that was asked for."""
        assert self.output is not None
        try:
            put(self.output, data)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise typer.BadParameter(f"cannot write {self.output}: {reason}", param_hint="--output") from None

    def _error(self, name: str, error: SpecError, partly: bool) -> None:
        """Shows what is wrong: within the answer in JSON, Markdown and HTML, and beside it where nobody reads along."""
        known: Report | None = error.report if partly and error.report is not None and error.report.layers else None
        if self.form == "json":
            from lstmcalc.renderers.report_json import error_json

            self._json({**self.failing, **error_json(name, error)})
            return
        within = self.form in ("markdown", "html")
        if known is not None:
            self.report(known, faults=error.faults)
        elif within:
            from lstmcalc.renderers.document import Document, Faults
            from lstmcalc.renderers.marking import code

            self._words(Document(code(name), (Faults(error.faults),)))
        if within and self.output is None and on_terminal():
            return
        from lstmcalc.renderers.summary_text import render_faults

        watched = errors_on_terminal()
        shown = render_faults(
            error.faults, width=terminal_width() if watched else None, colour=watched and wants_colour()
        )
        complain(("\n" if self.begun or self.failed else "") + shown.removesuffix("\n"))

    def _json(self, document: Mapping[str, Any]) -> None:
        """Shows a document of the JSON contract."""
        from lstmcalc.renderers.report_json import dumps

        self._write(dumps(document) + "\n")

    def _write(self, text: str) -> None:
        self.begun = True
        if self.form not in ("json", "html", "svg"):
            text = harmless(text, self.colour)
        if self.output is not None:
            self.parts.append(text)
        else:
            show(text, self.form, self.colour)


def _memory_blocks(memory: MemoryTold | None) -> Iterable[Block]:
    """What a document says of memory, where that was asked for."""
    if memory is None:
        return ()
    from lstmcalc.renderers.memory_document import memory_blocks

    return memory_blocks(memory)


def _memory_data(memory: MemoryTold | None) -> dict[str, Any]:
    if memory is None:
        return {}
    from lstmcalc.renderers.memory_document import memory_json

    return {"memory": memory_json(memory)}
