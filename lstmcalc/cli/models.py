"""`explain` of a source: a model as a walk, or one of its layers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from lstmcalc.cli.page import Page
from lstmcalc.cli.paste import MODEL_FILES, decoded, explain_text, invite
from lstmcalc.cli.room import with_room
from lstmcalc.cli.terminal import one_by_one
from lstmcalc.cli.values import once
from lstmcalc.errors import Fault, SpecError
from lstmcalc.frozen import NamedTuple

if TYPE_CHECKING:
    from lstmcalc.renderers.document import Document
    from lstmcalc.report import Report
    from lstmcalc.spec import Spec

__all__ = ["Asked", "explain_sources", "files_of", "is_source"]

#: The endings of files that hold a model or a printed summary.
ENDINGS = (*MODEL_FILES, ".txt", ".md", ".log", ".html")


class Asked(NamedTuple):
    """What is asked of a model: values for its symbols, its batch, which of several models, which layer, and how."""

    values: Mapping[str, int]
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
    if word == "-" or os.path.isfile(word):
        return True
    if "(" in word:
        return False
    return word.lower().endswith(ENDINGS) or any(sign in word for sign in {"/", os.sep})


def files_of(words: Sequence[str], inputs: Sequence[str]) -> Sequence[str]:
    """The files of a command line, which states no layer; a usage error where it has what a layer's has."""
    strange = next((word for word in words if word.startswith("-") and word != "-"), "--input" if inputs else "")
    if strange:
        raise typer.BadParameter(f"expected files, as {words[0]} is one, got {strange}, which is for a layer")
    once([*words])
    return words


def explain_sources(page: Page, sources: Sequence[str], asked: Asked) -> None:
    """Explains every source, as a walk or the one layer that is asked for."""
    from lstmcalc.sources import held_by, load_bytes

    for source in one_by_one(sources, page.watched or asked.verify):
        with page.source(source, partly=False):
            invite(source)
            # It is read once: a pipe gives what it has only once, and a file may change meanwhile.
            held = held_by(source, asked.model)
            if isinstance(held, bytes):
                if asked.layer is None and _explains_print(page, held, source, asked):
                    continue
                held = load_bytes(held, source, asked.model)
            _explain(page, held, asked)


def _explains_print(page: Page, data: bytes, source: str, asked: Asked) -> bool:
    """Explains a printed summary line by line, as `paste` does; False where a file holds something else."""
    from lstmcalc.summary_text.tables import looks_like_summary

    try:
        text = decoded(data, source)
    except SpecError:
        return False
    if not looks_like_summary(text):
        return False
    from lstmcalc.sources.python import looks_like_python

    # Code may quote what it prints.
    if looks_like_python(text):
        return False
    explain_text(page, text, source, asked.model, asked.diagram)
    return True


def _explain(page: Page, spec: Spec, asked: Asked) -> None:
    from lstmcalc.opening import bound

    report, faults = with_room(partial(_inferred, spec, asked))
    spec = bound(spec, asked.values, asked.batch)
    if asked.layer is None:
        with_room(partial(_walk, page, spec, report, faults, asked))
    else:
        with_room(partial(_layer, page, spec, report, asked.layer, asked))
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

    walk = explain_model(spec, report)

    def document() -> Document:
        from lstmcalc.renderers.walk_document import walk_document

        return walk_document(walk, faults)

    def data() -> dict[str, Any]:
        from lstmcalc.renderers.walk_json import walk_json

        return walk_json(walk, faults)

    page.answer(document, data, lambda: [page.graph(report, faults)], diagram=asked.diagram)
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
        walk = walk._replace(overview=(), layers=only, hints=())
    page.answer(lambda: walk_document(walk), lambda: walk_json(walk))
