"""Which names a text must state, because it uses them or because the automatic ones would be others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from lstmcalc.conversion.nested import distinct_models, layers_of
from lstmcalc.errors import SpecError
from lstmcalc.spec import OWN_NAMES, Ref, Spec, snake_case

__all__ = ["used_names", "with_fewest_names"]

#: How often a text is read back to find out which names it must state.
ROUNDS = 5


def with_fewest_names(
    spec: Spec, stated: set[str], write: Callable[[set[str]], str], read: Callable[[str], Spec]
) -> str:
    """The text that `write` makes of the fewest names with which `read` finds all of them again.

    `stated` are the names that it has in any case. Keras counts automatic names by themselves, so that one of them may
    be that of a layer which states its own: then all layers with such names state theirs.
    """
    names = list(_names(spec))
    stated = stated | set(_own_names(spec))
    for _ in range(ROUNDS):
        text = write(stated)
        try:
            back = read(text)
        except SpecError:
            break
        found = list(_names(back))
        if back.faults or len(found) != len(names):
            bases = {_base(name) for name in stated}
            stated = stated | {name for name in names if _base(name) in bases}
            continue
        other = {name for name, now in zip(names, found, strict=True) if name != now}
        if not other:
            return text
        stated = stated | other
    return write(set(names))


def _base(name: str) -> str:
    return re.sub(r"_\d+$", "", name)


def _names(spec: Spec) -> Iterator[str]:
    """Every name of a layer, in order, model by model."""
    return (layer.name for model in distinct_models(spec) for layer in layers_of(model))


def _own_names(spec: Spec) -> Iterator[str]:
    """The names that Keras would never choose for their layers."""
    for model in distinct_models(spec):
        for layer in layers_of(model):
            if not re.fullmatch(rf"{snake_case(OWN_NAMES.get(layer.class_name, layer.class_name))}(_\d+)?", layer.name):
                yield layer.name


def used_names(spec: Spec) -> set[str]:
    """The names that a list of layers refers to: those of layers applied again, or taken by another than the next."""
    used: set[str] = set()
    before = (Ref(spec.inputs[0].name),) if len(spec.inputs) == 1 else ()
    for call in spec.calls:
        used |= {ref.name for ref in call.refs if call.refs != before}
        before = (Ref(call.layer),)
    used |= {ref.name for ref in spec.outputs if spec.outputs != before}
    used |= {name for name, times in Counter(call.layer for call in spec.calls).items() if times > 1}
    return used.union(*(used_names(model) for model in spec.models.values()))
