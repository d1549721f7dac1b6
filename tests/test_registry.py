"""A class is known by a rule, as another name for one, or with the reason why it has none; and only once."""

from __future__ import annotations

from lstmcalc.layers import ALIASES, RULES
from lstmcalc.layers.checked import CHECKED_FILE, checked
from lstmcalc.layers.opaque import NOT_LAYERS, OPAQUE


def test_no_class_is_known_twice() -> None:
    groups = [set(RULES), set(ALIASES), set(OPAQUE), set(NOT_LAYERS)]
    assert sum(map(len, groups)) == len(set().union(*groups))
    assert set(ALIASES.values()) <= set(RULES)


def test_every_rule_was_checked_against_keras() -> None:
    """Layers that `keras.layers` does not export are checked in other ways; two that it does are always refused."""
    rules = {name for name, rule in RULES.items() if rule.family not in ("legacy", "applications")}
    few = {name for name in rules - {"Wrapper", "Equalization"} if checked(name).accepted < 5}
    assert few == set(), f"write {CHECKED_FILE.name} anew"
