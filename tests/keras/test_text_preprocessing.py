"""Lookups in a vocabulary and TextVectorization against real Keras."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from agreement import flat
from drawing import data, drawn, shapes, some
from hypothesis import strategies as st
from layer_examples import one_layer
from typed_agreement import agree_on_values, believed

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer

SHAPES = [(None,), (1,), (None, 1), (None, "T"), (None, "T", 4), (None, 3, "T"), (None, 1, 1), (None, "T", "U", 1)]
VALUES = [{"T": 2, "U": 3}, {"T": 4, "U": 1}, {"T": 1, "U": 2}]
MODES = ["int", "one_hot", "multi_hot", "count", "tf_idf", "binary", "tf-idf"]
KINDS = {"StringLookup": ("string", ["a", "b", "c"]), "IntegerLookup": ("int64", [10, 20, 30])}


def lookup(class_name: str, arguments: dict[str, Any], shape: Any = (None, 3), values: Any = ({},)) -> bool:
    """Whether both take a lookup, on data that its vocabulary holds where it must."""
    dtype, tokens = KINDS[class_name]
    stated = arguments.get("vocabulary")
    pool = stated[-1:] if isinstance(stated, list) and stated else tokens
    return agree_on_values(class_name, arguments, shape, values, dtype, pool, lenient=True)


def in_mode(mode: str, tokens: Any) -> dict[str, Any]:
    """The arguments that a mode asks for."""
    weights = {"idf_weights": [1.0] * len(tokens)} if mode in ("tf_idf", "tf-idf") and tokens else {}
    return {"output_mode": mode, **weights}


@pytest.mark.parametrize("pad", [False, True])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("class_name", KINDS)
def test_a_vocabulary_that_adapt_finds(class_name: str, mode: str, pad: bool) -> None:
    most = {"max_tokens": 9, "pad_to_max_tokens": True} if pad else {}
    arguments = {"output_mode": mode, **most}
    assert lookup(class_name, arguments, (8, 3))
    report = infer(one_layer(class_name, arguments, (None, 3), dtype=KINDS[class_name][0]))
    codes = [hint.code for hint in report.hints]
    assert codes == ["adapt-first" if mode == "int" or pad else "vocabulary-unknown"]


SPECIAL: dict[str, list[tuple[Any, Any]]] = {
    "StringLookup": [("", "[UNK]"), (None, "[UNK]"), ("a", "[UNK]"), ("", "b"), ("", None), ("[UNK]", "[UNK]"),
                     (1, "b"), ("", 1)],
    "IntegerLookup": [(0, -1), (None, -1), (10, -1), (0, 20), (0, None), (-1, -1), ("a", 20), (0, 1.5), (0, "a")],
}  # fmt: skip
VOCABULARIES: dict[str, list[Any]] = {
    "StringLookup": [["a", "b"], ["", "a"], ["[UNK]", "a"], ["", "[UNK]", "a"], ["a", "[UNK]"], ["[UNK]"],
                     ["", "[UNK]"], ["[UNK]", "[UNK]", "a"], ["b", "b"], ["a", ""], [], [1, 2], ["a", 1], ["1", 1],
                     ["a", None], [["a"], ["b"]], ["a", 1.5, True], 3],
    "IntegerLookup": [[10, 20], [0, 10], [-1, 10], [0, -1, 10], [10, -1], [-1], [0, -1], [-1, -1, 10], [20, 20],
                      [10, 0], [], ["1", "2"], [1, "a"], [1, None], [[1, 2]], [1.0, 2.0], [1.5, 1.2], [1, 2.5],
                      [True, 2], [10**20], [1, "1"], 3],
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("class_name", KINDS)
def test_modes(class_name: str, mode: str, sparse: bool, shape: Any) -> None:
    tokens = KINDS[class_name][1]
    accepted = lookup(class_name, {"vocabulary": tokens, "sparse": sparse, **in_mode(mode, tokens)}, shape, VALUES)
    weighed = mode in ("tf_idf", "tf-idf")
    assert accepted == (
        not sparse or mode in ("one_hot", "multi_hot", "count", "binary") or (weighed and len(shape) == 1)
    )


@pytest.mark.parametrize("method", ["floormod", "farmhash", "x"])
@pytest.mark.parametrize("salt", [None, 3, [1, 2], [1], "a", 2.5])
@pytest.mark.parametrize("class_name", KINDS)
def test_salt(class_name: str, salt: Any, method: str) -> None:
    arguments = {"vocabulary": KINDS[class_name][1], "num_oov_indices": 2, "salt": salt, "oov_method": method}
    right = salt in (None, 3, [1, 2]) and method != "x"
    salted = class_name == "StringLookup" or salt is None or method == "farmhash"
    assert lookup(class_name, arguments) == (right and salted)


@pytest.mark.parametrize("pad", [False, True])
@pytest.mark.parametrize("most", [None, 1, 2, 4, 5, 9])
@pytest.mark.parametrize("mode", ["int", "tf_idf"])
@pytest.mark.parametrize("oov", [0, 2])
@pytest.mark.parametrize("class_name", KINDS)
def test_sizes(class_name: str, oov: int, mode: str, most: int | None, pad: bool) -> None:
    tokens = KINDS[class_name][1]
    arguments = {"vocabulary": tokens, "num_oov_indices": oov, "max_tokens": most, "pad_to_max_tokens": pad}
    accepted = lookup(class_name, {**arguments, **in_mode(mode, tokens)})
    assert accepted == (not pad if most is None else most >= oov + 3)


@pytest.mark.parametrize("class_name", KINDS)
def test_special_tokens(class_name: str) -> None:
    """Every vocabulary with every pair of special tokens, in an order that mixes them."""
    found = {True: 0, False: 0}
    modes = [("int", False), ("int", True), ("count", False)]
    drawn = list(itertools.product(SPECIAL[class_name], VOCABULARIES[class_name], modes, [0, 1, 2]))
    random.Random(0).shuffle(drawn)
    for (mask, out), tokens, (mode, invert), oov in drawn:
        arguments = {"vocabulary": tokens, "mask_token": mask, "oov_token": out, "num_oov_indices": oov,
                     "output_mode": mode, "invert": invert}  # fmt: skip
        dtype = "int64" if invert else KINDS[class_name][0]
        pool = [1] if invert else [token_of(class_name, tokens)]
        found[agree_on_values(class_name, arguments, (None, 3), ({},), dtype, pool)] += 1
    assert min(found.values()) > 100, found


def token_of(class_name: str, tokens: Any) -> Any:
    """A token that data may hold: the last of the vocabulary, where it has one."""
    last = tokens[-1] if isinstance(tokens, list) and tokens else None
    if class_name == "StringLookup":
        return str(last)
    return int(last) if isinstance(last, (int, float)) and last < 10**9 else 1


@pytest.mark.parametrize("arguments", [
    {"output_mode": "tf_idf"}, {"output_mode": "tf_idf", "idf_weights": [1.0, 2.0]},
    {"output_mode": "tf_idf", "idf_weights": [1, 2, 3]}, {"output_mode": "tf_idf", "idf_weights": [[1], [2], [3]]},
    {"output_mode": "tf_idf", "idf_weights": []}, {"output_mode": "tf_idf", "idf_weights": 3},
    {"output_mode": "tf_idf", "idf_weights": ["a", "b", "c"]}, {"output_mode": "count", "idf_weights": [1, 2, 3]},
    {"invert": True, "output_mode": "count"}, {"num_oov_indices": -1}, {"output_mode": "INT"},
    {"output_mode": "Binary"}, {"vocabulary_size": 4}, {"vocabulary_size": 9}, {"output_mode": "count",
    "vocabulary_size": 4}, {"output_mode": "count", "vocabulary_size": 9}, {"output_mode": "count", "max_tokens": 9,
    "pad_to_max_tokens": True, "vocabulary_size": 9},
])  # fmt: skip
@pytest.mark.parametrize("class_name", KINDS)
def test_arguments(class_name: str, arguments: dict[str, Any]) -> None:
    refused = [{"output_mode": "tf_idf"}, {"num_oov_indices": -1}, {"output_mode": "INT"}, {"output_mode": "Binary"},
               {"output_mode": "count", "vocabulary_size": 9}, {"invert": True, "output_mode": "count"}]  # fmt: skip
    wrong = arguments in refused or arguments.get("idf_weights", [1, 2, 3]) != [1, 2, 3]
    wrong = wrong or ("idf_weights" in arguments and arguments["output_mode"] == "count")
    assert lookup(class_name, {"vocabulary": KINDS[class_name][1], **arguments}) == (not wrong)


@pytest.mark.parametrize("class_name", ["StringLookup", "TextVectorization"])
def test_a_file_is_not_read(class_name: str, tmp_path: Path) -> None:
    """Keras reads it when it builds the layer; here the size is unknown until it is stated."""
    path = tmp_path / "words.txt"
    path.write_text("a\nb\nc")
    arguments = {"vocabulary": str(path), "output_mode": "count"}
    layer = getattr(keras.layers, class_name)(**arguments)
    stated = tuple(layer(keras.Input((), dtype="string")).shape)
    report = infer(one_layer(class_name, arguments, (None,), dtype="string"))
    assert (stated[-1], report.layers[-1].output_shapes[0][-1]) == (4, None)
    assert (
        str(report.hints[-1])
        == f"""\
hint[vocabulary-unknown] layer "layer" ({class_name})
  expected the size of the vocabulary
  got      the file "{path}"
  because  the output is as wide as the vocabulary, which the file holds
  fix      state `vocabulary` as a list, `vocabulary_size`, or `max_tokens` with `pad_to_max_tokens: true`"""
    )
    told = {**arguments, "vocabulary_size": 4}
    assert tuple(getattr(keras.layers, class_name)(**told)(keras.Input((), dtype="string")).shape)[-1] == 4
    assert infer(one_layer(class_name, told, (None,), dtype="string")).layers[-1].output_shapes[0][-1] == 4
    with pytest.raises(ValueError, match="idf_weights"):
        getattr(keras.layers, class_name)(vocabulary=str(path), output_mode="tf_idf")
    with pytest.raises(SpecError, match="Keras reads no file there"):
        infer(one_layer(class_name, {**arguments, "output_mode": "tf_idf"}, (None,), dtype="string"))


def test_what_a_config_says_is_enough() -> None:
    """A saved lookup states the size of the vocabulary that it adapted to, and keeps the words elsewhere."""
    layer = keras.layers.StringLookup(output_mode="multi_hot")
    layer.adapt(np.array([["a", "b", "c"]]))
    config = layer.get_config()
    told = {key: config[key] for key in ("output_mode", "vocabulary_size", "oov_method", "vocabulary", "max_tokens")}
    report = infer(one_layer("StringLookup", told, (None, 3), dtype="string"))
    assert report.layers[-1].output_shapes == ((None, 4),)
    assert [hint.code for hint in report.hints] == ["adapt-first"]


def test_a_token_is_no_symbol() -> None:
    spec = one_layer("StringLookup", {"vocabulary": ["T", "U"], "output_mode": "count"}, (None, 3), dtype="string")
    assert infer(spec, {}).layers[-1].output_shapes == ((None, 3),)
    named = one_layer("StringLookup", {"output_mode": "count", "max_tokens": "T", "pad_to_max_tokens": True,
                                       "vocabulary": ["T", "U"]}, (None, 3), dtype="string")  # fmt: skip
    assert infer(named, {"T": 7}).layers[-1].output_shapes == ((None, 7),)
    assert [held.text for held in infer(named).assumptions] == ["T >= 3"]


@pytest.mark.parametrize(
    "mode", [{}, {"output_sequence_length": 3}, {"output_mode": "one_hot"}, {"output_mode": "count"}]
)
@pytest.mark.parametrize("ngrams", [2, 0, (2,), (1, 3)])
@pytest.mark.parametrize(("split", "shape"), [("whitespace", (None,)), ("whitespace", (None, 1)),
                                              ("whitespace", (None, 3, 1)), (None, (4,)), (None, (None, 1)),
                                              (None, (None, 3)), (None, (None, "T")), (None, (None, 2, 3)),
                                              (None, (None, 2, "T"))])  # fmt: skip
def test_ngrams(split: str | None, shape: Any, ngrams: Any, mode: dict[str, Any]) -> None:
    arguments = {"vocabulary": ["a", "b"], "split": split, "ngrams": ngrams, **mode}
    values = [{"T": 5}, {"T": 6}, {"T": 9}]
    agree_on_values("TextVectorization", arguments, shape, values, "string", ["a b c d e", "a b c d e f"], True)


@pytest.mark.parametrize(("arguments", "accepted"), [
    ({}, True), ({"vocabulary": None}, True), ({"vocabulary": None, "output_mode": "count"}, True),
    ({"vocabulary": None, "output_mode": "count", "max_tokens": 9, "pad_to_max_tokens": True}, True),
    ({"max_tokens": 1}, False), ({"max_tokens": 3}, False), ({"max_tokens": 4}, True),
    ({"max_tokens": 3, "output_mode": "count"}, True), ({"max_tokens": 2, "output_mode": "count"}, False),
    ({"pad_to_max_tokens": True}, False), ({"output_mode": "count", "ragged": True}, False),
    ({"output_mode": "count", "output_sequence_length": 3}, False), ({"output_sequence_length": -1}, False),
    ({"output_sequence_length": 0}, False), ({"output_sequence_length": 2.5}, False), ({"standardize": "x"}, False),
    ({"standardize": None}, True), ({"standardize": "lower"}, True), ({"standardize": "Lower"}, False),
    ({"split": "x"}, False), ({"output_mode": "INT"}, False), ({"vocabulary": ["", "[UNK]", "a"]}, True),
    ({"vocabulary": ["", "[UNK]", "a"], "output_mode": "count"}, False),
    ({"vocabulary": ["[UNK]", "a"], "output_mode": "count"}, True), ({"vocabulary": ["", "a"]}, False),
    ({"vocabulary": ["a", "a"]}, False), ({"vocabulary": []}, False), ({"idf_weights": [1, 2]}, False),
    ({"sparse": True}, False), ({"trainable": False, "dtype": "float32", "autocast": False}, True),
    ({"vocabulary_size": 4, "output_mode": "count"}, False), ({"vocabulary_size": 3, "output_mode": "count"}, True),
])  # fmt: skip
def test_text_arguments(arguments: dict[str, Any], accepted: bool) -> None:
    stated = {"vocabulary": ["a", "b"], **arguments}
    assert agree_on_values("TextVectorization", stated, (8, 1), dtype="string") == accepted


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("split", ["whitespace", "character", None])
@pytest.mark.parametrize("arguments", [
    {"output_mode": "count", "sparse": True}, {"output_mode": "one_hot", "sparse": True},
    {**in_mode("tf_idf", ["a", "b"]), "sparse": True}, {"ragged": True, "output_sequence_length": 2},
    {}, {"output_sequence_length": 4}, {"ragged": True}, *(in_mode(mode, ["a", "b"]) for mode in MODES[1:]),
])  # fmt: skip
def test_text(arguments: dict[str, Any], split: str | None, shape: Any) -> None:
    stated = {"vocabulary": ["a", "b"], "split": split, **arguments}
    agree_on_values("TextVectorization", stated, shape, VALUES, "string", lenient=True)


def test_keras_states_texts_as_if_they_were_not_split() -> None:
    report = infer(one_layer("TextVectorization", {"vocabulary": ["a"], "output_mode": "count"}, (None, 1)))
    assert report.layers[-1].output_shapes == ((None, 2),)
    assert believed(report.layers[-1]) == [(None, 1, 2)]
    assert [str(hint) for hint in report.hints] == [
        """\
hint[other-shape-in-keras] layer "layer" (TextVectorization)
  expected (None, 1, 2), which Keras states before it has data
  got      (None, 2)
  because  Keras states the shape without looking at how the texts are split"""
    ]
    layer = keras.layers.TextVectorization(vocabulary=["a"], output_mode="count")
    model = keras.Sequential([keras.Input((1,), dtype="string"), layer])
    assert (model.output_shape, flat(model(np.array([["a b"], ["b"]])))) == ((None, 1, 2), [(2, 2)])


def mostly(usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any], times: int) -> st.SearchStrategy[Any]:
    """The usual, and now and then the other."""
    return st.integers(0, times).flatmap(lambda pick: other if pick == times else usual)


@st.composite
def lookups(draw: st.DrawFn) -> tuple[Any, ...]:
    class_name = draw(st.sampled_from(list(KINDS)))
    tokens = KINDS[class_name][1]
    special = {"StringLookup": ("[UNK]", ""), "IntegerLookup": (-1, 0)}[class_name]
    stated = draw(mostly(st.just(tokens), st.sampled_from([None, [*special[:1], *tokens], [*tokens, special[1]],
                                                           [*special[::-1], *tokens], tokens * 2]), 2))  # fmt: skip
    mode = draw(st.sampled_from(MODES))
    arguments = {"vocabulary": stated, **in_mode(mode, stated), **draw(some(
        num_oov_indices=st.integers(0, 2), max_tokens=st.integers(1, 9), sparse=st.booleans(),
        mask_token=st.sampled_from([None, special[1]]), invert=mostly(st.just(False), st.just(True), 6)))}  # fmt: skip
    if "max_tokens" in arguments:
        arguments |= draw(some(pad_to_max_tokens=st.booleans()))
    dtype = "int64" if arguments.get("invert") else KINDS[class_name][0]
    pool = [tokens[0]] if dtype == KINDS[class_name][0] else [1]
    # What adapt finds must be worth a vocabulary, and be told from what it is not.
    if stated is None:
        pool = tokens if not arguments.get("invert") else pool
        arguments.pop("invert", None)
        dtype = KINDS[class_name][0]
        arguments["max_tokens"] = max(6, arguments.get("max_tokens", 6))
        return class_name, arguments, (8, *draw(shapes(1, 3, 4))[1:]), draw(data(4)), dtype, tokens
    return class_name, arguments, draw(shapes(1, 4, 4)), draw(data(4)), dtype, pool


@drawn(lookups())
def test_drawn_lookup(case: Any) -> bool:
    """Any arguments of a lookup."""
    return agree_on_values(*case, lenient=True)


@st.composite
def texts(draw: st.DrawFn) -> tuple[Any, ...]:
    mode = draw(st.sampled_from([*MODES, "int", "int", "int"]))
    tokens = draw(st.sampled_from([["a", "b"], ["a", "b", "c"], ["[UNK]", "a"], ["a", "a"]]))
    arguments = {"vocabulary": tokens, **in_mode(mode, tokens), **draw(some(
        split=st.sampled_from([None, None, "whitespace", "character"]), max_tokens=st.integers(2, 9),
        ngrams=st.sampled_from([None, 1, 2, (1, 2), (2,)]), sparse=mostly(st.just(False), st.just(True), 4),
        standardize=st.sampled_from([None, "lower", "strip_punctuation"])))}  # fmt: skip
    if mode == "int":
        arguments |= draw(some(output_sequence_length=st.integers(1, 5), ragged=st.booleans()))
    if "max_tokens" in arguments:
        arguments |= draw(some(pad_to_max_tokens=st.booleans()))
    shape = draw(shapes(1, 4, 4))
    if arguments.get("split", "whitespace") is not None and len(shape) > 1:
        shape = (*shape[:-1], draw(mostly(st.sampled_from([1, 1, "T"]), st.just(2), 6)))
    if len(shape) == 1 and arguments.get("split", "") is None and arguments.get("ngrams"):
        shape = (3,)
    return "TextVectorization", arguments, shape, draw(data(5)), "string", ["a b c", "b a b c"]


@drawn(texts())
def test_drawn_text(case: Any) -> bool:
    """Any arguments of TextVectorization."""
    return agree_on_values(*case, lenient=True)
