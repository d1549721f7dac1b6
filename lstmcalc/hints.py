"""Hints that any layer may get: what Keras accepts though it is most likely a mistake, or will want to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lstmcalc.dims import lower, symbols_of
from lstmcalc.errors import Fault
from lstmcalc.layers.arguments import show
from lstmcalc.layers.rule import Inputs, LayerRule, Weight
from lstmcalc.shapes import show_shape

__all__ = ["hints_on_input_shape", "hints_on_sizes", "is_on_mask"]


#: Of more symbols than this, one hint tells that Keras needs numbers for them.
MOST_NAMES = 20


def hints_on_input_shape(rule: LayerRule, x: Inputs, is_first: bool) -> Iterator[Fault]:
    """A stated `input_shape`, which a model that states its inputs ignores; worth a word unless it is right."""
    own = "input_dim" not in rule.arguments or not rule.arguments["input_dim"].keyword_only
    key = "input_dim" if rule.given.get("input_dim") is not None and not own else "input_shape"
    stated = rule.given.get(key)
    if stated is None or not x.shapes:
        return
    sizes = tuple(stated) if isinstance(stated, (list, tuple)) else (stated,)
    actual = lower(x.shape)
    if is_first and sizes == actual[1:]:
        return
    got = f"`{key}: {show(stated if key == 'input_dim' else sizes)}`, where {show_shape(actual)} comes in"
    if sizes[1:] == actual[1:] and len(sizes) == len(actual):
        fix = f"write `input_shape: {show(actual[1:])}`, or leave it out"
        yield Fault(
            "batch-in-input-shape", "the shape of one sample", got, "`input_shape` does not count the batch", fix
        )
    else:
        yield Fault("ignored-input-shape", f"no `{key}`", got, "Keras ignores it: the input is known", "leave it out")


def hints_on_sizes(x: Inputs, weights: Iterable[Weight], free: set[str]) -> Iterator[tuple[str, Fault]]:
    """The names among `free`, the symbols of the model's inputs, that Keras needs a number for, each with a hint."""
    needed = dict(x.needed)
    for weight in weights:
        since = f"a weight is {show_shape(weight.shape)}, and Keras must know its size"
        for name in (name for size in weight.shape for name in symbols_of(size)):
            needed.setdefault(name, since)
    names = sorted(free & set(needed))
    if len(names) > MOST_NAMES:
        listed = f"`{names[0]}`, `{names[1]}` and {len(names) - 2:,} other symbols"
        every = Fault("size-needed", f"numbers for {listed} when Keras builds the model", because=needed[names[0]])
        yield from ((name, every) for name in names)
        return
    for name in names:
        yield name, Fault("size-needed", f"a number for `{name}` when Keras builds the model", because=needed[name])


def is_on_mask(hint: Fault) -> bool:
    """Whether a hint is on a mask that does not arrive, with a fix that depends on the steps."""
    return hint.code in ("mask-lost", "mask-unused")
