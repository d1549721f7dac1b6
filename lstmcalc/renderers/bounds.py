"""How large an answer may get: models in one another make some forms of it far larger than the models are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.held import InnerWeights
from lstmcalc.report import LayerReport, Report

__all__ = ["check_depth", "check_weights_told", "layers_in"]

#: How many letters the weights of all models in a model may take, each of which tells all weights below it.
MAX_LETTERS = 50_000_000
#: What JSON writes for a weight besides its name, at least.
AROUND_NAME = 50
#: How deep models may be in one another where each is looked into for all that it holds.
MAX_DEPTH = 100


def check_weights_told(layers: Iterable[LayerReport], source: str) -> None:
    """Raises `SpecError` where the weights of these layers, by their names, are too much to tell."""
    held = [layer.weights for layer in layers if isinstance(layer.weights, InnerWeights)]
    letters = sum(weights.letters + AROUND_NAME * len(weights) for weights in held)
    if letters > MAX_LETTERS:
        expected = f"weights of models in one another that take at most {MAX_LETTERS:,} letters"
        because = "every model lists all weights below it, by their paths"
        fix = "`lstmcalc summary` as text lists each layer once"
        raise SpecError([Fault("too-large", expected, f"{letters:,}", because, fix, Where(source))])


def check_depth(report: Report, use: str, fix: str = "") -> None:
    """Raises `SpecError` where models are too deep in one another for a `use` of them."""
    depth = max((depth for depth, _ in _with_depth(report)), default=0)
    if depth > MAX_DEPTH:
        raise SpecError([Fault("too-deep", f"at most {MAX_DEPTH} models inside one another {use}", f"{depth:,}",
                               fix=fix, where=Where(report.source))])  # fmt: skip


def layers_in(report: Report) -> Iterator[LayerReport]:
    """The layers of a model and of the models in it; however deep, without recursion."""
    return (layer for _, layer in _with_depth(report))


def _with_depth(report: Report) -> Iterator[tuple[int, LayerReport]]:
    waiting = [(0, report)]
    while waiting:
        depth, model = waiting.pop()
        for layer in model.layers:
            yield depth, layer
            if layer.nested is not None:
                waiting.append((depth + 1, layer.nested))
