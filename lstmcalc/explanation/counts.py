"""How the count of a row comes about, in its own numbers, and what in the arithmetic stands for what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from lstmcalc.dims import Size, total
from lstmcalc.explanation.cells import CELLS
from lstmcalc.explanation.facts import Facts
from lstmcalc.explanation.words import Sentence, listed
from lstmcalc.layers.rule import LayerRule
from lstmcalc.shapes import show_count, show_shape

__all__ = ["arithmetic", "count_sentences"]

#: Gates and candidate in words, by how many there are.
BLOCKS = {4: "three gates and a candidate", 3: "two gates and a candidate"}
#: More arrays than these are not listed one by one.
MOST_ARRAYS = 5


class Counted(Protocol):
    """What has a count with its arithmetic: the facts of a layer, or a candidate for a row."""

    @property
    def params(self) -> Size: ...
    @property
    def formula(self) -> str | None: ...
    @property
    def arithmetic(self) -> str | None: ...


def count_sentences(facts: Facts) -> Iterator[Sentence]:
    """The arithmetic, and once for each kind of layer what its factors are."""
    rule = facts.rule
    if facts.params == 0:
        yield Sentence("params", "It has no weights.")
        return
    if facts.params is None:
        yield _untold(facts)
        return
    brief = arithmetic(facts, names=False)
    yield Sentence("params", f"{arithmetic(facts)}.", f"{brief}.", f"{rule.class_name} {facts.formula}")
    yield from _frozen(facts)
    for text in (_arrays(facts), _blocks(rule), _twice(facts), _shared(facts), _table(facts)):
        if text:
            yield Sentence("params", text)


def arithmetic(counted: Counted, names: bool = True) -> str:
    """`units·(input_dim + 1) = 3·(4 + 1) = 15 params`, each step once; only in names where a size is not known.

    >>> from lstmcalc.spec import LayerSpec
    >>> from lstmcalc.summary_text.reading import Candidate
    >>> layer = LayerSpec("Dense", "dense", {"units": 3})
    >>> arithmetic(Candidate(layer, ((None, 4),), ((None, 3),), 15, "units·(input_dim + 1)", "3·(4 + 1)"))
    'units·(input_dim + 1) = 3·(4 + 1) = 15 params'
    """
    if counted.params is None:
        return "a number of params that is not shown"
    total = show_count(counted.params)
    steps = (counted.formula if names else "", counted.arithmetic, total)
    shown = dict.fromkeys(step for step in steps if step and (step == total or step != str(counted.params)))
    return f"{' = '.join(shown)} param{'' if counted.params == 1 else 's'}"


def _untold(facts: Facts) -> Sentence:
    """That the count is not shown, and the sizes on which it depends."""
    formula = facts.rule.formula(facts.x)
    values = {name: value for term in formula.terms for name, value in term.values.items()} if formula else {}
    unknown = [name for name, value in values.items() if not isinstance(value, int)]
    own = [f"`{name}`" for name in unknown if name not in facts.x.axes]
    depends = listed([*own, *(["the size of the input"] if len(own) < len(unknown) else [])])
    because = f"; it depends on {depends}: {formula.in_names()}" if formula and depends else ""
    return Sentence("params", f"The text does not show the count{because}.", "The text does not show the count.")


def _arrays(facts: Facts) -> str:
    weights = list(facts.rule.weights(facts.x))
    if not 1 < len(weights) <= MOST_ARRAYS or facts.rule.class_name == "Bidirectional":
        return ""
    # What the one layer inside a wrapper is called, no summary tells.
    wrapped = len({weight.name.rpartition("/")[0] for weight in weights}) == 1
    names = (weight.name.rpartition("/")[2] if wrapped else weight.name for weight in weights)
    parts = (
        f"`{name}` {show_shape(weight.shape)}, {show_count(weight.params)}"
        for name, weight in zip(names, weights, strict=True)
    )
    return f"Its weights: {'; '.join(parts)}."


def _blocks(rule: Any) -> str:
    """What the 4 of an LSTM and the 3 of a GRU count, also inside wrappers."""
    inner = rule
    while isinstance(getattr(inner, "layer", None), LayerRule):
        inner = inner.layer
    name = inner.class_name
    cell = CELLS.get(name.removeprefix("CuDNN"))
    number = len(cell.gates) if cell else 0
    if number not in BLOCKS:
        return ""
    biases = {0: "", 1: "; the `+ 1` is the bias", 2: "; the `+ 2` is two biases"}[_biases(inner)]
    return f"The {number} counts {BLOCKS[number]}, each with weights of its own{biases}."


def _biases(rule: Any) -> int:
    """How many biases each unit of each block has."""
    if rule.class_name.startswith("CuDNN"):
        return 2
    return int(rule.use_bias) + int(rule.use_bias and getattr(rule, "reset_after", False))


def _twice(facts: Facts) -> str:
    rule = facts.rule
    if rule.class_name != "Bidirectional":
        return ""
    there, back = (show_count(half.count(facts.x)) for half in (rule.layer, rule.other))
    if there == back:
        return f"Each of the two directions has {there} params of its own."
    return f"The two directions have {there} and {back} params of their own."


def _shared(facts: Facts) -> str:
    rule = facts.rule
    if rule.class_name != "TimeDistributed":
        return ""
    return "All steps share these weights, so the number of steps is not in the count."


def _table(facts: Facts) -> str:
    rule = facts.rule
    if rule.class_name not in ("Embedding", "ReversibleEmbedding"):
        return ""
    last = show_count(rule.input_dim - 1)
    rows = show_count(rule.input_dim)
    return f"The table has a row for each of {rows} indices: the input holds whole numbers from 0 to {last}."


def _frozen(facts: Facts) -> Iterator[Sentence]:
    """Weights that training leaves alone, because of what they are."""
    frozen = [weight for weight in facts.rule.weights(facts.x) if not weight.trainable]
    if frozen:
        names = listed(f"`{weight.name}`" for weight in frozen)
        number = show_count(total(weight.params for weight in frozen))
        yield Sentence("params", f"{number} of them are not trained: {names}.", f"{number} of them are not trained.")
