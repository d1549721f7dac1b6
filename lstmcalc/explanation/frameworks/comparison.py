"""A layer beside its counterparts in other frameworks: their counts and arrays in tables, and why they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from lstmcalc.dims import Dim, to_text
from lstmcalc.explanation.cells import CELLS
from lstmcalc.explanation.frameworks import ARRAYS, KINDS, MEASURED, Counterpart, counterparts, recurrent_of
from lstmcalc.explanation.words import Lines, listed, shown_size
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.arguments import show
from lstmcalc.layers.rule import Inputs, LayerRule
from lstmcalc.shapes import show_count, show_shape

__all__ = ["Comparison", "comparison"]


#: How a layer that reads in both directions is written.
TWICE = {
    "Keras": "Bidirectional({})",
    "CuDNN": "Bidirectional({})",
    "PyTorch": "{}, bidirectional=True",
    "ONNX": "{}, direction = bidirectional",
    "Flax": "{} in Bidirectional",
}


class Comparison(NamedTuple):
    """The counterparts of a layer, and what is said of them: headings with the names of the columns and the lines."""

    counterparts: tuple[Counterpart, ...]
    sections: tuple[tuple[str, tuple[str, ...], Lines], ...]


def comparison(rule: LayerRule, x: Inputs) -> Comparison:
    """A layer beside its counterparts; a sentence where there are none."""
    found = counterparts(rule, x)
    if not found:
        known = ", ".join((*KINDS, *ARRAYS))
        which = " like this one" if rule.class_name in ("Bidirectional", "MultiHeadAttention") else ""
        why = (f"There is no comparison for {rule.class_name}{which}. There is one for {known}, for Bidirectional of "
               "the first three, and for MultiHeadAttention whose heads split the width of the query.")  # fmt: skip
        return Comparison((), (("In other frameworks", (), [(why,)]),))
    inner, directions = recurrent_of(rule) or (None, 1)
    columns = ["framework", "params", "biases", "gates", "layer"]
    rows = [_row(each, directions) for each in found]
    # A column that says nothing of this layer is left out.
    shown = [column for column in columns if inner is not None or column != "biases"]
    shown = [column for column in shown if column != "gates" or found[0].gates]
    counts: Lines = [tuple(row[columns.index(column)] for column in shown) for row in rows]
    reasons: Lines = [(sentence,) for sentence in _why(inner, found)]
    held = list(_arrays(found))
    return Comparison(
        found,
        (
            ("In other frameworks", tuple(shown), counts),
            ("What differs", (), reasons),
            ("Their weights", ("framework", "shape", "weight"), held),
        ),
    )


def _row(each: Counterpart, directions: int) -> tuple[str, ...]:
    layer = TWICE[each.framework].format(each.layer) if directions > 1 else each.layer
    return (each.framework, show_count(each.params), show_count(each.biases), " ".join(each.gates), layer)


def _arrays(found: tuple[Counterpart, ...]) -> Iterator[tuple[str, ...]]:
    for each in found:
        name = each.layer if each.framework == "Flax" else each.framework
        for shape, alike in groupby(each.arrays, key=lambda array: (array.shape, array.is_bias, array.is_param)):
            arrays = list(alike)
            ending = " each" if len(arrays) > 1 else ""
            kept = "" if shape[2] else ", no param there"
            yield name, f"{show_shape(shape[0])}{ending}{kept}", ", ".join(array.name for array in arrays)
            name = ""


def _why(rule: Any, found: tuple[Counterpart, ...]) -> Iterator[str]:
    keras, *others = found
    if rule is None:
        yield from _plain(keras, others)
    else:
        yield from _biases(rule, keras, others)
        yield from _order(rule, keras, others)
        yield "PyTorch and ONNX hold each kernel with rows and columns exchanged."
        yield from _lacks(rule, others)
    yield from (each.note for each in others if each.note)
    yield "Measured: " + "; ".join(MEASURED[name] for name in dict.fromkeys(each.framework for each in found)) + "."


def _lacks(rule: Any, others: list[Counterpart]) -> Iterator[str]:
    """Which arguments of this layer have no counterpart, and where."""
    lacking: dict[str, dict[str, None]] = {}
    for each in others:
        for key in each.lacks:
            lacking.setdefault(key, {})[_name(each, [one for one in others if key in one.lacks], others)] = None
    for key, names in lacking.items():
        have = "has" if len(names) == 1 else "have"
        yield (f"{listed(names)} {have} nothing for `{key}: {_shown(getattr(rule, key))}`; what stands here is "
               "the nearest.")  # fmt: skip


def _shown(value: Any) -> str:
    text = value.get("class_name") if isinstance(value, Mapping) else value
    return text if isinstance(text, str) else show(value)


def _multiplied(each: Counterpart) -> Dim:
    return each.params - each.biases


def _biases(rule: Any, keras: Counterpart, others: list[Counterpart]) -> Iterator[str]:
    """Who has how many biases; all other weights are as many everywhere."""
    assert {_multiplied(each) for each in others} == {_multiplied(keras)}
    yield f"The kernels hold {shown_size(_multiplied(keras))} params everywhere. Only the biases differ:"
    gates, directions = max(1, len(keras.gates)), "in each direction " * (len(_sides(keras)) > 1)
    for biases, alike in _grouped([keras, *others]):
        names = listed(dict.fromkeys(_name(each, alike, others) for each in alike))
        each = biases // (rule.units * len(_sides(keras)))
        has = "has" if len(names.split(" and ")) == 1 and "," not in names else "have"
        yield f"{names} {has} {directions}{_counted(each, gates)}{_more(biases - keras.biases)}."
    if keras.biases == 0 and any(each.biases != 0 for each in others):
        what = "gate and candidate" if gates > 1 else "unit"
        yield f"Those with a bias are able to do more: they add a constant to each {what}, which the others cannot."
    elif keras.biases != 0 and rule.class_name != "GRU":
        yield "Two biases only add up, so that one can do what both do: the layers are equally able."
    elif rule.reset_after:
        yield ("The second bias tells only in the candidate, where r stands between the two; in the gates they only "
               "add up.")  # fmt: skip


def _sides(keras: Counterpart) -> set[str]:
    return {array.name.rpartition("/")[0].partition("_")[0] for array in keras.arrays}


def _grouped(each: list[Counterpart]) -> Iterator[tuple[Dim, list[Counterpart]]]:
    amounts: dict[str, list[Counterpart]] = {}
    for one in each:
        amounts.setdefault(to_text(one.biases), []).append(one)
    yield from ((group[0].biases, group) for group in amounts.values())


def _name(each: Counterpart, alike: list[Counterpart], others: list[Counterpart]) -> str:
    """The framework, and which of its layers, where they differ from each other."""
    family = [other for other in others if other.framework == each.framework]
    together = all(other in alike for other in family)
    return each.framework if together or each.framework == "Keras" else f"{each.framework}'s {each.layer}"


def _counted(biases: Dim, gates: int) -> str:
    """A number of biases of `units` values each, for so many blocks."""
    blocks = "gate and candidate" if gates > 1 else "unit"
    if biases == gates:
        return f"one bias for each {blocks}"
    if biases == 2 * gates:
        return f"two biases for each {blocks}, one for the input and one for the hidden state"
    return "no bias" if biases == 0 else f"one bias for each {blocks}, and a second one for the candidate"


def _more(difference: Dim) -> str:
    text = to_text(difference)
    if text == "0":
        return ""
    less = text.startswith("-")
    return f": {shown_size(-difference if less else difference)} {'fewer' if less else 'more'} than Keras"


def _order(rule: Any, keras: Counterpart, others: list[Counterpart]) -> Iterator[str]:
    """What the letters stand for, and whose blocks must change places."""
    gates = CELLS[rule.class_name].gates
    if len(gates) < 2:
        return
    meant = [f"{gate.letter} is the {gate.name}" for gate in gates if gate.name != "candidate"]
    known = {gate.letter for gate in gates if gate.name != "candidate"}
    letters: dict[str, dict[str, None]] = {}
    for each in (keras, *others):
        letters.setdefault(next(letter for letter in each.gates if letter not in known), {})[each.framework] = None
    called = [f"{letter} in {listed(names)}" for letter, names in letters.items()]
    yield f"{', '.join(meant)}; the candidate is {listed(called)}."
    order = [letter if letter in known else "" for letter in keras.gates]
    moved = [each for each in others if [letter if letter in known else "" for letter in each.gates] != order]
    names = listed(dict.fromkeys(each.framework for each in moved))
    if moved:
        yield (f"In {names} the blocks stand in another order than in Keras: weights that are carried over must be "
               "moved.")  # fmt: skip


def _plain(keras: Counterpart, others: list[Counterpart]) -> Iterator[str]:
    if any(not array.is_param for each in others for array in each.arrays):
        yield ("Keras counts the moving statistics as non-trainable params; PyTorch keeps them as buffers and Flax in "
               "`batch_stats`, beside the params.")  # fmt: skip
    elif all(each.params - keras.params == 0 for each in others):
        yield "Not the counts: they are the same."
    turned = [
        each.framework
        for each in others
        for mine, there in zip(keras.arrays, each.arrays, strict=False)
        if mine.name == "kernel" and mine.shape != there.shape
    ]
    if turned:
        yield f"{listed(turned)} puts the axis of the outputs first, then that of the inputs, then the window's."
