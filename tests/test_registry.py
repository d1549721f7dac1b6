"""A class is known by a rule, as another name for one, or with the reason why it has none; and only once.

The index tells where each rule is, so that nothing is loaded but what is asked for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from rule_index import index_text

from lstmcalc.layers import ALIASES, RULES, find_rule, index, kinds
from lstmcalc.layers.arguments import Argument
from lstmcalc.layers.checked import CHECKED_FILE, checked
from lstmcalc.layers.einsum import Equation
from lstmcalc.layers.opaque import NOT_LAYERS, OPAQUE
from lstmcalc.layers.registry import OPERATIONS, Rules, stated_rule

UPDATE = bool(os.environ.get("LSTMCALC_UPDATE_INDEX"))


def test_no_class_is_known_twice() -> None:
    groups = [set(RULES), set(ALIASES), set(OPAQUE), set(NOT_LAYERS)]
    assert sum(map(len, groups)) == len(set().union(*groups))
    assert set(ALIASES.values()) <= set(RULES)


def test_every_rule_was_checked_against_keras() -> None:
    """Layers that `keras.layers` does not export are checked in other ways; two that it does are always refused."""
    rules = {name for name, rule in RULES.items() if rule.family not in ("legacy", "applications")}
    few = {name for name in rules - {"Wrapper", "Equalization"} if checked(name).accepted < 5}
    assert few == set(), f"write {CHECKED_FILE.name} anew"


def test_the_index_is_what_the_rules_register() -> None:
    file, text = Path(index.__file__), index_text()
    if UPDATE:
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text, "run this test with LSTMCALC_UPDATE_INDEX=1"


def test_every_name_of_the_index_has_its_rule() -> None:
    assert [rule.__name__ for rule in RULES.values()] == list(RULES)
    assert [f"ops.{rule.__name__}" for rule in OPERATIONS.values()] == list(OPERATIONS)
    assert all(f"lstmcalc.layers.{module}" in sys.modules for module in (*index.LAYERS, *index.OPERATIONS))


def loaded(code: str) -> set[str]:
    """The modules of rules that a fresh process has loaded after this code, by their names in the index."""
    show = "import sys; print(*(name.removeprefix('lstmcalc.layers.') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, check=True)
    return set(done.stdout.split()) & {*index.LAYERS, *index.OPERATIONS}


@pytest.mark.parametrize(
    ("asked", "modules"),
    [
        ("", set()),
        ("list(RULES), len(RULES), 'LSTM' in RULES, RULES.get('Nonsense'), find_rule('ops.Nonsense')", set()),
        ("find_rule('LSTM')", {"rnn", "cells"}),
        ("find_rule('Convolution2D')", {"convolutional"}),
        ("find_rule('Dense')", {"core"}),
        ("RULES['Bidirectional']", {"wrappers"}),
        ("RULES['BatchNormalization']", {"normalization"}),
        ("RULES['Resizing']", {"images.sizes"}),
        ("find_rule('ops.Add')", {"operations.elementwise"}),
    ],
)
def test_asking_for_a_rule_loads_its_module_alone(asked: str, modules: set[str]) -> None:
    assert loaded(f"from lstmcalc.layers import RULES, find_rule; {asked}") == modules


def test_values_load_everything() -> None:
    assert loaded("from lstmcalc.layers import RULES; list(RULES.values())") >= set(index.LAYERS)


def test_a_rule_that_no_index_has_yet_is_last() -> None:
    rules: Rules[type] = Rules({"Dense": "core"})
    assert "Denser" not in rules
    rules["Denser"] = int
    assert (list(rules), len(rules), rules["Denser"], "Denser" in rules) == (["Dense", "Denser"], 2, int, True)
    del rules["Denser"]
    assert list(rules) == ["Dense"]
    with pytest.raises(KeyError):
        rules["Denser"]


#: Where the classes are that `kinds` asks for without loading them.
KINDS = {
    "is_bidirectional": "wrappers.Bidirectional",
    "is_cell": "recurrent.Cell",
    "is_concatenate": "merging.Concatenate",
    "is_embedding": "core.Embedding",
    "is_fused": "recurrent.Fused",
    "is_headed": "attention.projections.HeadedAttention",
    "is_headless": "attention.without_heads.HeadlessAttention",
    "is_lookup": "preprocessing.lookups.Lookup",
    "is_masking": "core.Masking",
    "is_merge": "merging.Merge",
    "is_recurrent": "recurrent.Recurrent",
    "is_stated": "unknowable.Stated",
    "is_time_distributed": "wrappers.TimeDistributed",
}


@pytest.mark.parametrize("question", KINDS)
def test_kinds_are_what_the_classes_say(question: str) -> None:
    module, _, name = KINDS[question].rpartition(".")
    base = getattr(import_module(f"lstmcalc.layers.{module}"), name)
    ask = getattr(kinds, question)
    rules = [stated_rule(), *RULES.values(), *OPERATIONS.values()]
    assert [rule.__name__ for rule in rules if ask(rule({}))] == [r.__name__ for r in rules if issubclass(r, base)]
    assert any(issubclass(rule, base) for rule in rules)


def test_every_kind_is_tested() -> None:
    assert set(kinds.__all__) - set(KINDS) == {"is_cell_class", "is_equation", "is_layer", "kinds_of"}
    assert kinds.is_equation(Equation("a", "b", "c"))
    assert not kinds.is_equation(("a", "b", "c"))
    cells = [name for name, rule in RULES.items() if kinds.is_cell_class(rule)]
    assert cells == ["LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"]


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_a_layer_and_its_cell_have_the_same_defaults(name: str) -> None:
    """The layer hands its cell what is stated, and nothing else."""
    layer, cell = RULES[name].arguments, RULES[f"{name}Cell"].arguments
    assert {key: repr(layer[key].initial) for key in cell} == {key: repr(cell[key].initial) for key in cell}
    rule = RULES[name]({"units": 3, "use_bias": False, "return_sequences": True})
    assert rule.cell_rule() is rule.cell_rule()
    assert (rule.cell_rule().units, rule.cell_rule().use_bias, rule.cell_rule().activation) == (3, False, "tanh")


def test_an_argument_that_is_not_stated_has_its_default() -> None:
    rule = RULES["Dense"]({"units": 3})
    assert (rule.units, rule.use_bias, rule.trainable, rule.activation) == (3, True, True, None)
    assert isinstance(RULES["Dense"].use_bias, Argument)
    assert vars(RULES["Dense"]({"units": 3, "no_such": 1})).keys() == vars(rule).keys()


def test_nothing_else_is_found() -> None:
    assert find_rule("Nonsense") is find_rule("ops.LSTM") is find_rule("Add ") is find_rule("Stated") is None
    assert "Stated" not in RULES
