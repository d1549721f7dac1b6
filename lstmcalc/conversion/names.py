"""Which names a text must state, because it uses them or because the automatic ones would be others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lstmcalc.errors import SpecError
from lstmcalc.sources.drafts import wrapped_layers
from lstmcalc.spec import OWN_NAMES, Ref, Spec, snake_case

__all__ = ["used_names", "with_fewest_names"]

#: How often a text is read back to find out which names it must state.
ROUNDS = 5


def with_fewest_names(
    spec: Spec, stated: set[str], write: Callable[[set[str]], str], read: Callable[[str], Spec]
) -> str:
    """The text that `write` makes of the fewest names with which `read` finds all of them again.

    `stated` are the names that it has in any case. Raises the SpecError of reading it with all names stated.
    """
    names = list(_names(spec))
    stated = stated | set(_own_names(spec))
    for _ in range(ROUNDS):
        text = write(stated)
        try:
            found = list(_names(read(text)))
        except SpecError:
            break
        other = {name for name, back in zip(names, found, strict=False) if name != back}
        if not other:
            return text
        stated = stated | other
    text = write(set(names))
    read(text)
    return text


def _names(spec: Spec) -> Iterator[str]:
    """Every name of a layer, in order, and those of nested models."""
    for top in spec.layers.values():
        for layer in wrapped_layers(top):
            yield layer.name
    for name, model in spec.models.items():
        yield name
        yield from _names(model)


def _own_names(spec: Spec) -> Iterator[str]:
    """The names that Keras would never choose for their layers."""
    for top in spec.layers.values():
        for layer in wrapped_layers(top):
            if not re.fullmatch(rf"{snake_case(OWN_NAMES.get(layer.class_name, layer.class_name))}(_\d+)?", layer.name):
                yield layer.name
    for model in spec.models.values():
        yield from _own_names(model)


def used_names(spec: Spec) -> set[str]:
    """The names that a list of layers refers to: those of layers applied again, or taken by another than the next."""
    used: set[str] = set()
    before = (Ref(spec.inputs[0].name),) if len(spec.inputs) == 1 else ()
    for call in spec.calls:
        used |= {ref.name for ref in call.refs if call.refs != before}
        before = (Ref(call.layer),)
    used |= {ref.name for ref in spec.outputs if spec.outputs != before}
    calls = [call.layer for call in spec.calls]
    used |= {name for name in calls if calls.count(name) > 1}
    return used.union(*(used_names(model) for model in spec.models.values()))
