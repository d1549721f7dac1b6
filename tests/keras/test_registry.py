"""Every class that `keras.layers` exports has a rule, or is named with the reason why it has none."""

from __future__ import annotations

import inspect
from collections import defaultdict

import keras

from lstmcalc.layers import ALIASES, RULES
from lstmcalc.layers.opaque import NOT_LAYERS, OPAQUE

#: Families that `keras.layers` does not export: of Keras 2, and of the models in `keras.applications`.
ELSEWHERE = {"legacy", "applications"}


def exported() -> dict[type, set[str]]:
    """The classes of `keras.layers`, each with all its names."""
    names = defaultdict(set)
    for name, found in vars(keras.layers).items():
        if inspect.isclass(found):
            names[found].add(name)
    return names


def test_every_class_of_keras_is_known_by_all_its_names() -> None:
    known = {*RULES, *OPAQUE, *NOT_LAYERS}
    for found, names in exported().items():
        spelt = names | {found.__name__}
        (primary,) = spelt & known or {None}
        assert primary, f"{found.__name__} has no rule, and no reason why"
        assert {ALIASES.get(name) for name in spelt - {primary}} <= {primary}


def test_nothing_is_known_that_keras_has_not() -> None:
    names = {name for found, names in exported().items() for name in (*names, found.__name__)}
    known = {name for name, rule in RULES.items() if rule.family not in ELSEWHERE}
    others = {name for name, target in ALIASES.items() if RULES[target].family not in ELSEWHERE}
    assert known | others | set(OPAQUE) | set(NOT_LAYERS) <= names
