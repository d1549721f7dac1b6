"""`explain` of a source: a model as a walk, or one of its layers."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lstmcalc.cli.page import Page
from lstmcalc.cli.paste import MODEL_FILES, explain_text, read_text
from lstmcalc.errors import Fault, SpecError

if TYPE_CHECKING:
    from lstmcalc.explanation.diagrams import Diagram
    from lstmcalc.report import Report
    from lstmcalc.spec import Spec

__all__ = ["Asked", "explain_sources", "files_of", "is_source"]

#: The endings of files that hold a model or a printed summary.
ENDINGS = (*MODEL_FILES, ".txt", ".md", ".log", ".html")


@dataclass(frozen=True)
class Asked:
    """What is asked of a model: values for its symbols, its batch, which of several models, which layer, and how."""

    values: Mapping[str, int] = field(default_factory=dict)
    batch: int | None = None
    model: str | None = None
    layer: str | None = None
    verify: bool = False
    compare: bool = False
    diagram: bool = False


def is_source(word: str) -> bool:
    """Whether a word of the command line means a file, and not a layer.

    >>> [is_source(word) for word in ("-", "model.yaml", "nets/gan", "lstm", "keras.layers.LSTM", "Dense(U//2)")]
    [True, True, True, False, False, False]
    """
    if word == "-" or (0 < len(word) < 256 and Path(word).is_file()):
        return True
    if "(" in word:
        return False
    return word.lower().endswith(ENDINGS) or any(sign in word for sign in {"/", os.sep})


def files_of(words: Sequence[str], inputs: Sequence[str]) -> Sequence[str]:
    """The files of a command line, which states no layer; a usage error where it has what a layer's has."""
    strange = next((word for word in words if word.startswith("-") and word != "-"), "--input" if inputs else "")
    if strange:
        raise typer.BadParameter(f"expected files, as {words[0]} is one, got {strange}, which is for a layer")
    return words


def explain_sources(page: Page, sources: Sequence[str], asked: Asked) -> None:
    """Explains every source, as a walk or the one layer that is asked for."""
    for source in sources:
        with page.source(source, partly=False):
            text = _text(source)
            if text is None or asked.layer is not None or not _explains_print(page, text, source, asked):
                _explain(page, text, source, asked)


def _text(source: str) -> str | None:
    """What standard input or a text file holds; None for a file that is read elsewhere."""
    from lstmcalc.sources import ARCHIVES

    if source == "-":
        peek = getattr(getattr(sys.stdin, "buffer", None), "peek", None)
        return None if peek and peek(8).startswith(ARCHIVES) else read_text(source)
    try:
        return read_text(source)
    except SpecError:
        return None


def _explains_print(page: Page, text: str, source: str, asked: Asked) -> bool:
    """Explains a printed summary line by line, as `paste` does; False where the text is something else."""
    from lstmcalc.sources.python import looks_like_python
    from lstmcalc.summary_text.tables import looks_like_summary

    # Code may quote what it prints.
    if looks_like_python(text) or not looks_like_summary(text):
        return False
    explain_text(page, text, source, asked.model, asked.diagram)
    return True


def _explain(page: Page, text: str | None, source: str, asked: Asked) -> None:
    from lstmcalc import load
    from lstmcalc.opening import bound

    spec = load(source, text=text if source == "-" else None, model=asked.model)
    report, faults = _inferred(spec, asked)
    spec = bound(spec, asked.values, asked.batch)
    if asked.layer is None:
        _walk(page, spec, report, faults, asked)
    else:
        _layer(page, spec, report, asked.layer, asked)
        if faults:
            raise SpecError(faults)
    if asked.verify and not faults:
        page.verification(spec, asked.values, asked.batch, "auto", None)


def _inferred(spec: Spec, asked: Asked) -> tuple[Report, tuple[Fault, ...]]:
    """The report, and what is wrong with the model where that leaves something to explain."""
    from lstmcalc import infer

    try:
        return infer(spec, asked.values, asked.batch), ()
    except SpecError as error:
        if error.report is None or not error.report.layers:
            raise
        return error.report, error.faults


def _walk(page: Page, spec: Spec, report: Report, faults: tuple[Fault, ...], asked: Asked) -> None:
    from lstmcalc.explanation.walk import explain_model
    from lstmcalc.renderers.walk_document import walk_document
    from lstmcalc.renderers.walk_json import walk_json

    walk = explain_model(spec, report)

    def diagrams() -> Sequence[Diagram]:
        return [page.graph(report, faults)]

    page.answer(lambda: walk_document(walk, faults), lambda: walk_json(walk, faults), diagrams, diagram=asked.diagram)
    page.failed |= bool(faults)


def _layer(page: Page, spec: Spec, report: Report, name: str, asked: Asked) -> None:
    """Explains one layer; of one that is a model, all of its layers."""
    from lstmcalc.explanation.walk import explain_place
    from lstmcalc.explanation.walk.lookup import explain_layer_at, find_layer
    from lstmcalc.explanation.walk.places import inner_places
    from lstmcalc.renderers.walk_document import walk_document
    from lstmcalc.renderers.walk_json import walk_json

    place, layer = find_layer(spec, report, name)
    inner = next(inner_places(place, layer), None)
    if inner is None and layer.name in place.spec.layers:
        page.layer(explain_layer_at(place, layer, asked.compare), place.bound, place.report, asked.diagram)
        return
    walk = explain_place(inner or place)
    if inner is None:
        # Of an input there is no more to say than the walk does.
        only = tuple(each for each in walk.layers if each.layer is layer)
        walk = replace(walk, overview=(), layers=only, hints=())
    page.answer(lambda: walk_document(walk), lambda: walk_json(walk))
