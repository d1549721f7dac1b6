"""Models as hypothesis draws them: layers of the registry with arguments that are right, strange or missing.

What it finds it makes small by itself; the plain random numbers of `drawn` are faster, and are for the long run.
"""

from __future__ import annotations

from typing import Any

from drawn import SIZES, STRANGE, USUAL
from hypothesis import strategies as st
from strange_words import NAMES

from lstmcalc.layers.rule import RULES

__all__ = ["documents", "models"]

_sizes = st.sampled_from(SIZES) | st.integers(-3, 40)
_names = st.sampled_from(NAMES) | st.text(max_size=8)
_values = st.sampled_from(STRANGE) | st.integers(-4, 2**70) | st.floats() | _names | st.lists(_sizes, max_size=4)
_shapes = st.lists(_sizes, max_size=5)


@st.composite
def _entries(draw: st.DrawFn) -> dict[str, Any]:
    """One layer of a model: a usual one, or any of the registry with some of its arguments."""
    if draw(st.booleans()):
        name, arguments = draw(st.sampled_from(USUAL))
        arguments = dict(arguments)
    else:
        name, arguments = draw(st.sampled_from(sorted(RULES))), {}
        for key in draw(st.lists(st.sampled_from(sorted(RULES[name].arguments)), max_size=3, unique=True)):
            arguments[key] = draw(_values)
    if draw(st.integers(0, 3)) == 0:
        key = draw(st.sampled_from(("name", "inputs", "dtype", "trainable", "initial_state", "unit")))
        arguments[key] = draw(_values)
    return {name: arguments}


def models() -> st.SearchStrategy[dict[str, Any]]:
    """Documents of YAML models of up to four layers."""
    one = st.fixed_dictionaries({"input": _shapes, "layers": st.lists(_entries(), min_size=1, max_size=4)})
    named = st.dictionaries(_names, _shapes, min_size=1, max_size=3)
    several = st.fixed_dictionaries({"inputs": named, "layers": st.lists(_entries(), min_size=1, max_size=4)})
    return one | several


def documents() -> st.SearchStrategy[Any]:
    """Trees of what JSON and YAML hold, with the words of models for keys."""
    words = st.sampled_from(("class_name", "config", "layers", "name", "input", "inputs", "units", "Dense", "outputs"))
    return st.recursive(
        _values | words | st.none() | st.booleans(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | _names, inner, max_size=3),
        max_leaves=12,
    )
