"""Layers that no window and no recurrence explains are read back from what a summary prints of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from layers_people_write import drawn_layers

from lstmcalc.building import Builder
from lstmcalc.dims import UNKNOWN, lift_size, lower
from lstmcalc.errors import Rejection
from lstmcalc.layers import RULES, LayerRule, find_rule
from lstmcalc.layers.arguments import REQUIRED
from lstmcalc.layers.einsum_dense import Equation
from lstmcalc.layers.preprocessing.encoding import Encoder
from lstmcalc.layers.rule import Example, Inputs, as_shapes
from lstmcalc.spec import LayerSpec
from lstmcalc.summary_text.candidates import MOST_KEPT
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals import propose
from lstmcalc.summary_text.reading import Candidate
from lstmcalc.summary_text.solving import Seen, matches, solve

#: Families that have tests of their own, by the module of their rules.
ELSEWHERE = {
    f"lstmcalc.layers.{module}"
    for module in (
        "adaptive_pooling cells conv_lstm convolutional depthwise padding pooling rnn spectral transposed wrappers"
    ).split()
}
ELSEWHERE_CLASSES = {"Dense", "CuDNNLSTM", "CuDNNGRU", "LocallyConnected1D", "LocallyConnected2D", "CenterCrop",
                     "RandomCrop", "Resizing"}  # fmt: skip
#: Rules, or single examples, that are not read back, each with the reason.
NOT_READ = {
    "Pipeline": "its layers cannot be told; only one that keeps its shape and has no weights is read, by a stand-in",
    "Wrapper": "Keras cannot call it",
    "Equalization": "it has no example that Keras can hold in a model",
}
#: Values that stand in for what no row shows, where the layer's default is none or cannot be.
IN_PLACE = {"GroupNormalization": {"groups"}, "Discretization": {"num_bins"},
            "ContrastLimitedAdaptiveHistogramEqualization": {"tile_grid_size"}}  # fmt: skip
#: Arguments that a row shows only as more weights, of which many other sizes would have as many.
NOT_LOOKED_FOR = {"lora_rank": "a low-rank update", "dtype": "a quantised form"}


Inputs_ = Sequence[tuple[Any, ...]]
NONE_TOLD: Mapping[str, Any] = {}
#: What a call may be told and still be read back.
TOLD = {"return_attention_scores", "use_causal_mask"}


class Read:
    """A candidate beside the arguments in it that only stand in."""

    def __init__(self, candidate: Candidate, stand_ins: Sequence[str]) -> None:
        self.candidate, self.stand_ins = candidate, stand_ins

    @property
    def arguments(self) -> dict[str, Any]:
        return {key: value for key, value in self.candidate.layer.arguments.items() if key not in self.stand_ins}


def read(rule: type[LayerRule], seen: Seen, class_name: str = "") -> list[Read]:
    """What is worth listing of a row, likeliest first."""
    found: list[Read] = []
    for each in propose(rule, seen):
        if found and each.cost > found[0].candidate.cost + seen.plausible:
            break
        for one in solve(rule, each.arguments, seen, each.cost, class_name):
            if isinstance(one, Candidate):
                found.append(Read(one, each.stand_ins))
    return sorted(found, key=lambda each: each.candidate.cost)[:MOST_KEPT]


def built(class_name: str, arguments: Mapping[str, Any]) -> LayerRule | None:
    return Builder().build(LayerSpec(class_name, "layer", arguments))


def view(rule: LayerRule, inputs: Inputs_, keywords: Mapping[str, Any]) -> Inputs:
    shapes = [tuple(map(lift_size, shape)) for shape in inputs]
    return Inputs(shapes, rule.axis_names(len(shapes[0])), keywords=keywords)


def printed(
    class_name: str, arguments: Mapping[str, Any], inputs: Inputs_, keywords: Mapping[str, Any] = NONE_TOLD
) -> Any:
    """The shapes and the count that a layer prints; None where it cannot be."""
    rule = built(class_name, arguments)
    if rule is None:
        return None
    try:
        x = view(rule, inputs, keywords)
        # That `glu` halves the output, Keras does not print.
        halves = arguments.get("activation") == "glu"
        shapes = as_shapes(rule.keras_output_shape(x) if halves else rule.output_shape(x))
        return tuple(map(lower, shapes)), rule.count(x)
    except Rejection:
        return None


def plain(class_name: str, key: str, value: Any, inputs: Inputs_) -> Any:
    """An argument's value in the form in which two that mean the same are equal."""
    if value is REQUIRED:
        return value
    value = RULES[class_name].arguments[key].check(key, value)
    if key == "axes":
        values = value if isinstance(value, tuple) else (value, value)
        return tuple(axis % len(shape) for axis, shape in zip(values, inputs, strict=True))
    if key == "axis" and value is not None:
        values = value if isinstance(value, tuple) else (value,)
        return tuple(sorted(axis % len(inputs[0]) for axis in values))
    if key == "shared_axes":
        return tuple(sorted(value or ()))
    return value


def letters(arguments: Mapping[str, Any], ndim: int) -> tuple[str, tuple[str, ...]]:
    """An equation and its bias in letters in the order of their first use, without an ellipsis."""
    equation = Equation.parse(arguments["equation"])
    more = "".join(chr(ord("A") + place) for place in range(ndim - len(equation.read)))
    left = equation.ellipsis == "left"
    whole = [more + text if left else text + more for text in (equation.read, equation.made)]
    names: dict[str, str] = {}
    for letter in whole[0] + equation.kernel + whole[1]:
        names.setdefault(letter, chr(ord("a") + len(names)))
    renamed = ["".join(names[letter] for letter in text) for text in (whole[0], whole[1])]
    kernel = "".join(sorted(names[letter] for letter in equation.kernel))
    bias = tuple(sorted(names[letter] for letter in arguments.get("bias_axes") or ""))
    return f"{renamed[0]},{kernel}->{renamed[1]}", bias


def as_shown(class_name: str, truth: Mapping[str, Any], inputs: Inputs_) -> dict[str, Any]:
    """The truth as a row can show it: how many tokens there are instead of the tokens."""
    rule = built(class_name, truth)
    shown = dict(truth)
    if isinstance(rule, Encoder):
        depth = rule.depth()
        for key in ("vocabulary", "idf_weights", "max_tokens", "pad_to_max_tokens", "bin_boundaries", "num_bins",
                    "num_oov_indices"):  # fmt: skip
            shown.pop(key, None)
        if rule.output_mode != "int":
            key = next(key for key in ("num_tokens", "num_bins", "vocabulary_size") if key in rule.arguments)
            shown[key] = None if depth is UNKNOWN else depth
            shown["output_mode"] = rule.output_mode
    if class_name == "Normalization" and truth.get("mean") is not None:
        shown.update(mean=0.0, variance=1.0)
    return shown


def is_truth(class_name: str, found: Read, truth: Mapping[str, Any], inputs: Inputs_, known: bool) -> bool:
    """Whether a candidate is the layer, as far as its row can show the layer's arguments."""
    rule, ndim = RULES[class_name], len(inputs[0])
    if known and printed(class_name, found.candidate.layer.arguments, inputs) != printed(class_name, truth, inputs):
        return False
    if class_name == "EinsumDense":
        return letters(found.arguments, ndim) == letters(truth, ndim)
    if class_name == "Reshape":
        target = printed(class_name, truth, inputs)[0][0][1:]
        return tuple(None if size == -1 else size for size in found.arguments["target_shape"]) == target
    shown = as_shown(class_name, truth, inputs)
    for key in {*shown, *found.arguments}:
        argument = rule.arguments[key]
        value = shown.get(key, argument.default)
        if key in found.stand_ins or in_place(class_name, key, shown) or not shows(class_name, truth, key, inputs):
            continue
        there = found.candidate.layer.arguments.get(key, argument.default)
        if plain(class_name, key, value, inputs) != plain(class_name, key, there, inputs):
            return False
    return True


def in_place(class_name: str, key: str, shown: Mapping[str, Any]) -> bool:
    return key in IN_PLACE.get(class_name, ()) and (key != "num_bins" or shown.get("output_mode", "int") == "int")


def shows(class_name: str, truth: Mapping[str, Any], key: str, inputs: Inputs_) -> bool:
    """Whether the row shows an argument at all: left out, or at its default, the layer prints another row."""
    if key not in truth:
        return True
    without = {name: value for name, value in truth.items() if name != key}
    return printed(class_name, without, inputs) != printed(class_name, truth, inputs)


def several(shapes: Any) -> tuple[Any, ...]:
    return tuple(shapes) if isinstance(shapes, list) else (shapes,)


def read_here() -> Iterator[str]:
    for class_name, rule in RULES.items():
        if rule.__module__ not in ELSEWHERE and class_name not in ELSEWHERE_CLASSES:
            yield class_name


def examples() -> list[Any]:
    return [
        pytest.param(class_name, example, id=f"{class_name}-{number}")
        for class_name in read_here()
        if class_name not in NOT_READ
        for number, example in enumerate(RULES[class_name].examples)
        if isinstance(example, Example) and not NOT_LOOKED_FOR.keys() & example.arguments.keys()
        and isinstance(example.params, int) and example.keywords.keys() <= TOLD
    ]  # fmt: skip


@pytest.mark.parametrize(("class_name", "example"), examples())
def test_every_example_is_read_back(class_name: str, example: Any) -> None:
    inputs = several(example.inputs)
    shapes, count = printed(class_name, example.arguments, inputs, example.keywords)
    found = read(RULES[class_name], Seen(inputs, shapes, count, keywords=tuple(example.keywords.items())))
    assert any(is_truth(class_name, each, example.arguments, inputs, True) for each in found), (
        f"{class_name} with {dict(example.arguments)} on {inputs} prints {shapes} and {count}, and is read as "
        f"{[each.candidate.layer.arguments for each in found] or 'nothing'}: does an argument need a proposer?"
    )


FIRST = [
    ("Dot", [(None, 64), (None, 7, 64)], (None, 7), 0, {"axes": [1, 2]}),
    ("Concatenate", [(None, 7, 64), (None, 9, 64)], (None, 16, 64), 0, {"axis": 1}),
    ("Permute", [(None, 3, 8, 9)], (None, 8, 9, 3), 0, {"dims": [2, 3, 1]}),
    ("Reshape", [(None, None, 12)], (None, None, 3, 4), 0, {"target_shape": [-1, 3, 4]}),
    ("BatchNormalization", [(None, 7, 64)], (None, 7, 64), 192, {"axis": -1, "center": True, "scale": False}),
    ("BatchNormalization", [(None, 7, 64)], (None, 7, 64), None, {"axis": -1, "center": True, "scale": True}),
    ("MultiHeadAttention", [(None, 9, 512)] * 2, (None, 9, 512), 1_050_624, {"num_heads": 8, "key_dim": 64}),
    ("MultiHeadAttention", [(None, 9, 32)] * 2, (None, 9, 32), 8_416, {"num_heads": 2, "key_dim": 32}),
    ("Softmax", [(None, 7, 64)], (None, 7, 64), 0, {}),
    ("ops.Mean", [(None, 7, 64)], (None, 64), 0, {"axis": 1, "keepdims": False}),
    ("ops.Mean", [(None, 7, 64)], (None, 7, 1), 0, {"axis": -1, "keepdims": True}),
    ("ops.Stack", [(None, 64), (None, 64)], (None, 2, 64), 0, {"axis": 1}),
    ("ops.ExpandDims", [(None, 64)], (None, 64, 1), 0, {"axis": -1}),
    ("ops.Transpose", [(None, 7, 64)], (None, 64, 7), 0, {"axes": [0, 2, 1]}),
    ("ops.OneHot", [(None, 7)], (None, 7, 5), 0, {"num_classes": 5}),
]


@pytest.mark.parametrize(("class_name", "inputs", "output", "params", "expected"), FIRST)
def test_what_comes_first(class_name: str, inputs: Any, output: Any, params: Any, expected: dict[str, Any]) -> None:
    rule = find_rule(class_name)
    assert rule is not None
    first, *_ = read(rule, Seen(tuple(inputs), (output,), params), class_name)
    assert expected.items() <= first.arguments.items()
    assert class_name != "Softmax" or first.arguments == {}


@pytest.mark.parametrize("class_name", NOT_READ)
def test_no_exception_is_stale(class_name: str) -> None:
    """A rule that is read after all has no place among those that are not."""
    for example in (each for each in RULES[class_name].examples if isinstance(each, Example)):
        inputs = several(example.inputs)
        shapes, count = printed(class_name, example.arguments, inputs) or ((), 0)
        assert not shapes or not read(RULES[class_name], Seen(inputs, shapes, count))


#: Layers of which some example's row tells too little where its input is not known, and what it would take.
INPUT_NEEDED = {
    "MultiHeadAttention": "query and value of one shape",
    "GroupQueryAttention": "query and value of one shape",
    "Attention": "query and value of one shape",
    "AdditiveAttention": "query and value of one shape",
    "Concatenate": "the axis that the inputs differ along",
    "Dot": "the shapes of both inputs",
    "EinsumDense": "the axis that is summed over",
    "STFTSpectrogram": "how many samples there were",
    "MelSpectrogram": "how many samples there were",
    "TextVectorization": "whether the texts were words already",
}


def test_examples_without_inputs() -> None:
    """Where nothing tells the input, the truth is still among the candidates as far as the row tells it."""
    missed, cases = [], examples()
    for case in cases:
        class_name, example = case.values
        inputs = several(example.inputs)
        shapes, count = printed(class_name, example.arguments, inputs, example.keywords)
        found = read(RULES[class_name], Seen(None, shapes, count, keywords=tuple(example.keywords.items())))
        if not any(is_truth(class_name, each, example.arguments, inputs, False) for each in found):
            missed.append(class_name)
    assert set(missed) <= INPUT_NEEDED.keys()
    assert len(missed) <= len(cases) // 10


#: What a row leaves open by its nature: how many heads share a width; how often a word was counted.
OPEN = {"MultiHeadAttention", "GroupQueryAttention"}


def test_realistic_layers_come_first() -> None:
    """Every layer is among its row's candidates, and, but for the split into heads, the first of them."""
    first: dict[str, list[bool]] = {}
    wrong = []
    for class_name, arguments, inputs in drawn_layers(600):
        row = printed(class_name, arguments, inputs)
        assert row is not None, (class_name, arguments, inputs)
        found = read(RULES[class_name], Seen(inputs, *row))
        right = [is_truth(class_name, each, arguments, inputs, True) for each in found]
        assert any(right), (class_name, arguments, inputs, row, [each.arguments for each in found])
        first.setdefault(class_name, []).append(right[0])
        if not right[0]:
            wrong.append((class_name, arguments, inputs, found[0].arguments))
    told = [each for class_name, rights in first.items() if class_name not in OPEN for each in rights]
    assert sum(told) >= 0.97 * len(told), wrong


@pytest.mark.parametrize("known", [True, False], ids=["inputs", "no inputs"])
def test_every_candidate_prints_exactly_its_row(known: bool) -> None:
    for class_name, arguments, inputs in drawn_layers(100):
        row = printed(class_name, arguments, inputs)
        for each in read(RULES[class_name], Seen(inputs if known else None, *row)):
            candidate = each.candidate
            again = printed(class_name, candidate.layer.arguments, candidate.inputs)
            shown = candidate.outputs if candidate.believed is None else candidate.believed
            assert again == (candidate.outputs, row[1]), (class_name, candidate)
            assert row == (shown, candidate.params), (class_name, candidate)


#: What tells how many categories there are, or how wide an output is made: a size that is cut off tells nothing.
LAST_SIZE = {"CategoryEncoding", "Discretization", "Embedding", "Hashing", "HashedCrossing", "IntegerLookup",
             "StringLookup",
             "TextVectorization", "MultiHeadAttention", "EinsumDense", "STFTSpectrogram"}  # fmt: skip
NEEDED_WHOLE = {
    "shape": LAST_SIZE | {"RepeatVector", "Reshape"},
    "last size": LAST_SIZE,
    "all sizes": LAST_SIZE | {"RepeatVector", "Reshape"},
    "more shapes": set(),
}


@pytest.mark.parametrize("what", NEEDED_WHOLE)
def test_what_is_cut_or_missing_is_no_obstacle(what: str) -> None:
    """The truth stays among the candidates where the shape is left out, cut in a number, or where more may follow."""
    lost = []
    drawn = drawn_layers(150)
    for class_name, arguments, inputs in drawn:
        shapes, count = printed(class_name, arguments, inputs)
        *sizes, last = shapes[0]
        cut_last = last if last is None else Cut(str(last)[:-1])
        seen = {
            "shape": Seen(inputs, None, count),
            "last size": Seen(inputs, ((*sizes, cut_last),), count),
            "all sizes": Seen(inputs, (tuple(Cut("") for _ in shapes[0]),), count),
            "more shapes": Seen(inputs, shapes, count, cut=True),
        }[what]
        found = read(RULES[class_name], seen)
        for each in found:
            candidate = each.candidate
            shown = candidate.outputs if candidate.believed is None else candidate.believed
            assert all(size is None or isinstance(size, int) for shape in shown for size in shape), candidate
            assert matches(tuple(tuple(map(lift_size, shape)) for shape in shown), seen)
            assert candidate.params == count
        if not any(is_truth(class_name, each, arguments, inputs, True) for each in found):
            lost.append(class_name)
    assert set(lost) <= NEEDED_WHOLE[what]


@pytest.mark.long
def test_a_row_takes_milliseconds() -> None:
    read(RULES["LayerScale"], Seen(((None, 7, 8),), ((None, 7, 8),), 8))  # loads the rules of operations
    times = []
    for class_name, arguments, inputs in drawn_layers(200):
        seen = Seen(inputs, *printed(class_name, arguments, inputs))
        fastest = min(_seconds(RULES[class_name], seen) for _ in range(3))
        times.append((fastest, class_name, arguments, inputs))
    times.sort(key=lambda each: each[0])
    assert times[len(times) // 2][0] < 0.01
    assert times[-1][0] < 0.1, times[-1]


def _seconds(rule: type[LayerRule], seen: Seen) -> float:
    start = time.perf_counter()
    read(rule, seen)
    return time.perf_counter() - start
