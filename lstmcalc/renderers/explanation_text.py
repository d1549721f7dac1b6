"""The explanation of one layer as text for the terminal."""

from __future__ import annotations

from lstmcalc.explanation.layer import Explanation
from lstmcalc.renderers.document_text import document_text
from lstmcalc.renderers.explanation_document import explanation_document

__all__ = ["render"]


def render(explanation: Explanation, width: int | None = 80, colour: bool = False) -> str:
    """An explanation as text. What is longer than `width` wraps, nothing is cut; without a width, nothing wraps.

    In colour it carries the codes that a terminal understands.
    """
    # A title that is nothing but code needs no backticks.
    document = explanation_document(explanation)._replace(title=explanation.written)
    return document_text(document, width, colour)
