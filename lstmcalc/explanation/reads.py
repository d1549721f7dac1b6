"""What a layer reads, in words: its inputs with where they come from, and what the axes of the first one hold."""

from __future__ import annotations

from collections.abc import Sequence

from lstmcalc.dims import lower
from lstmcalc.explanation.facts import Facts
from lstmcalc.explanation.words import NOUNS, amount_along, listed, show_input
from lstmcalc.shapes import show_shape

__all__ = ["described", "reads_from"]


def reads_from(facts: Facts, names: Sequence[str], verb: str = "reads", untold: frozenset[str] = frozenset()) -> str:
    """The call and what it reads, from what is called so: `` `LSTM(128)` reads (None, 10, 50) from "words" ``."""
    if not facts.x.shapes:
        return f"`{facts.call}` {verb} nothing"
    shapes = [show_input(lower(facts.x.shape), facts.x.axes, untold), *map(show_shape, facts.x.shapes[1:])]
    sources = names[: len(shapes)]
    if len(set(shapes)) == 1 and len(shapes) > 1:
        return f"`{facts.call}` {verb} {len(shapes)} inputs of {shapes[0]}{_origin(sources)}"
    if len(sources) == len(shapes):
        pairs = zip(shapes, sources, strict=True)
        return f"`{facts.call}` {verb} {listed(f'{shape} from {name}' for shape, name in pairs)}"
    return f"`{facts.call}` {verb} {listed(shapes)}{_origin(sources)}"


def _origin(names: Sequence[str]) -> str:
    return f" from {listed(dict.fromkeys(names))}" if names else ""


def described(facts: Facts, untold: frozenset[str] = frozenset()) -> str:
    """What the first input holds: `10 steps of 50 features`; empty where its axes have no names."""
    shape, words = lower(facts.x.shape), []
    for axis, size in zip(facts.x.axes[1:], shape[1:], strict=True):
        noun = NOUNS.get(axis, "")
        unknown = axis in untold and noun
        words.append((axis, f"an unknown number of {noun}s" if unknown else amount_along(axis, size, len(shape))))
    if len(facts.x.shapes) > 1 or not words or not all(text for _, text in words):
        return ""
    *places, (_, last) = sorted(words, key=lambda word: word[0] in ("channels", "input_dim"))
    steps = [text for axis, text in places if axis == "timesteps"]
    grid = " by ".join(text for axis, text in places if axis != "timesteps")
    return " of ".join(filter(None, (*steps, grid, last)))
