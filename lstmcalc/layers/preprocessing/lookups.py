"""Keras's lookups in a vocabulary: StringLookup and IntegerLookup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from lstmcalc.dims import UNKNOWN, Dim, at_least, equal
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.preprocessing.arguments import (
    idf_weights,
    lookup_modes,
    max_tokens,
    oov_method,
    salt,
    vocabulary,
)
from lstmcalc.layers.preprocessing.encoding import Encoder, refuse_arguments
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, layer

__all__ = ["IntegerLookup", "Lookup", "StringLookup"]


class Lookup(Encoder):
    """What the lookups share (keras/src/layers/preprocessing/index_lookup.py, 3.15.1).

    The vocabulary stands in a table, which is no weight. The output is as wide as the vocabulary with its special
    tokens, or as `max_tokens` with `pad_to_max_tokens`. `vocabulary_size` is what Keras writes into a config.
    """

    kinds = ("lookup",)
    #: The tokens that stand for themselves in a vocabulary: text or integers.
    token_type: ClassVar[type]

    max_tokens: Dim | None
    num_oov_indices: int
    mask_token: Any
    oov_token: Any
    vocabulary: Any
    idf_weights: tuple[float, ...] | None
    invert: bool
    pad_to_max_tokens: bool
    vocabulary_size: Dim | None = arg.positive(None, keyword_only=True)
    has_input_vocabulary: Any = arg.anything(None, keyword_only=True)

    def validate(self) -> None:
        refuse_arguments(self, "activity_regularizer", "autocast", "input_shape", "input_dim")
        self._check_arguments()
        self._check_idf()
        if isinstance(self.vocabulary, tuple):
            self._check_vocabulary()

    def _check_arguments(self) -> None:
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise Rejection("missing-argument", "`max_tokens` with `pad_to_max_tokens: true`", "nothing")
        if self.invert and self.output_mode != "int":
            got = f"`output_mode: {self.output_mode}`"
            raise Rejection("wrong-value", "`output_mode: int` with `invert: true`", got)
        self.refuse_sparse_int()
        what = "text" if self.token_type is str else "an integer"
        for key in ("mask_token", *(("oov_token",) if self.invert else ())):
            value = getattr(self, key)
            if not isinstance(value, self.token_type) and (value is not None or key == "oov_token"):
                raise arg.refuse(key, what, value)

    def _check_idf(self) -> None:
        weights, tokens = self.idf_weights, self.vocabulary
        if self.output_mode != "tf_idf":
            if weights is not None:
                raise Rejection("wrong-value", "`idf_weights` with `output_mode: tf_idf` only",
                                f"`output_mode: {self.output_mode}`")  # fmt: skip
        elif isinstance(tokens, str):
            raise Rejection("wrong-value", "`vocabulary` as a list with `output_mode: tf_idf`", arg.show(tokens),
                            "Keras reads no file there")  # fmt: skip
        elif tokens is not None and weights is None:
            raise Rejection("missing-argument", "`idf_weights`, one for each token, with `output_mode: tf_idf`",
                            "nothing")  # fmt: skip
        elif tokens is not None and weights is not None and len(weights) != len(tokens):
            raise Rejection("wrong-size", f"`idf_weights` to hold one number for each of the {len(tokens)} tokens",
                            str(len(weights)))  # fmt: skip

    def _check_vocabulary(self) -> None:
        tokens = self._tokens()
        fix = "leave the special tokens out, or put them first, the mask before the others"
        if not tokens:
            raise Rejection("wrong-value", "a `vocabulary` with other tokens than special ones",
                            arg.show(self.vocabulary))  # fmt: skip
        numbers = [self._read(token) for token in tokens]
        repeated = [token for token, number in zip(tokens, numbers, strict=True) if numbers.count(number) > 1]
        if repeated:
            raise Rejection("wrong-value", "every token once in `vocabulary`", f"{arg.show(repeated[0])} twice")
        for key in ("mask_token", *(("oov_token",) if self.invert else ())):
            if getattr(self, key) is not None and getattr(self, key) in tokens:
                expected = f"`{key}` at its place before the other tokens of `vocabulary`, or not there"
                raise Rejection("wrong-value", expected, arg.show(getattr(self, key)), fix=fix)

    def _read(self, token: Any) -> Any:
        """What the table holds of a token; with `invert` it stands for a number, and may do so twice."""
        return int(token) if self.token_type is int and not self.invert else token

    def _masks(self) -> bool:
        """Whether the first token is the one that is masked."""
        return self.mask_token is not None and self.output_mode == "int"

    def _special(self) -> int:
        """How many special tokens there are."""
        return self._masks() + int(self.num_oov_indices)

    def _tokens(self) -> tuple[Any, ...]:
        """The stated tokens without special ones, which a vocabulary may begin with."""
        starts = self.vocabulary[: self._special()]
        masked, unknown = starts[: self._masks()], starts[self._masks() :]
        there = all(token == self.mask_token for token in masked) and all(token == self.oov_token for token in unknown)
        whole = there and len(starts) == self._special()
        return tuple(self.vocabulary[len(starts) :] if whole else self.vocabulary)

    def size(self) -> Dim:
        """How many tokens there are, special ones included; unknown where neither a list nor a size is stated."""
        if isinstance(self.vocabulary, tuple):
            return self._special() + len(self._tokens())
        return UNKNOWN if self.vocabulary_size is None else self.vocabulary_size

    def depth(self) -> Dim:
        return self.max_tokens if self.pad_to_max_tokens and self.max_tokens is not None else self.size()

    def refuse_sparse_weights(self, shape: Shape) -> None:
        """Refuses `tf_idf` where Keras cannot multiply: a sparse array of several samples with the weights."""
        if self.sparse and self.output_mode == "tf_idf" and len(shape) > 1:
            raise Rejection("wrong-value", "no `sparse: true` with `output_mode: tf_idf`", "both",
                            "Keras builds this, and fails on data")  # fmt: skip

    def output_shape(self, x: Inputs) -> Any:
        self.refuse_sparse_weights(x.shape)
        self.require_size(x)
        return super().output_shape(x)

    def require_size(self, x: Inputs) -> None:
        """Refuses a vocabulary that is larger than it may be, and one of another size than is stated."""
        if not isinstance(self.vocabulary, tuple):
            return
        size = self.size()
        if self.max_tokens is not None:
            because = f"`vocabulary` and its special tokens are {size}"
            x.require(at_least(self.max_tokens, size), "wrong-value", f"`max_tokens` of at least {size}",
                      arg.show(self.max_tokens), because)  # fmt: skip
        if self.vocabulary_size is not None and self.output_mode != "int" and not self.pad_to_max_tokens:
            x.require(equal(self.vocabulary_size, size), "wrong-value", f"`vocabulary_size` to be {size}",
                      arg.show(self.vocabulary_size), "`vocabulary` is stated, and has its size")  # fmt: skip

    def require_traceable(self, x: Inputs) -> None:
        super().require_traceable(x)
        self.require_known_size()

    def require_known_size(self) -> None:
        """Refuses a vocabulary of unknown size where the layer is run."""
        if self.output_mode != "int" and self.depth() is UNKNOWN:
            raise Rejection("vocabulary-unknown", "the size of the vocabulary inside a Pipeline", "nothing",
                            "Keras runs the layer when it builds the Pipeline",
                            "state `vocabulary` as a list, or `vocabulary_size`")  # fmt: skip

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        yield from self.vocabulary_hints()

    def vocabulary_hints(self) -> Iterator[Fault]:
        """What to state where the vocabulary is not known here."""
        if self.output_mode != "int" and self.depth() is UNKNOWN:
            named = isinstance(self.vocabulary, str)
            because = f"the output is as wide as the vocabulary, which {'the file holds' if named else '`adapt` finds'}"
            fix = "state `vocabulary` as a list, `vocabulary_size`, or `max_tokens` with `pad_to_max_tokens: true`"
            got = f"the file {arg.show(self.vocabulary)}" if named else "nothing"
            yield Fault("vocabulary-unknown", "the size of the vocabulary", got, because, fix)
        elif self.vocabulary is None:
            yield Fault("adapt-first", "`vocabulary`, or `adapt` before there is data to work on", "neither",
                        "Keras builds the layer, and fails on data as long as its table is empty")  # fmt: skip


@layer(family="preprocessing", axes="batch ...")
class StringLookup(Lookup):
    """Puts the number that a text has in a vocabulary in its place; texts that are not there share the first numbers.

    keras/src/layers/preprocessing/string_lookup.py, 3.15.1. Beside the modes of CategoryEncoding there is `tf_idf`,
    which counts every token by its weight in `idf_weights`.
    """

    token_type = str

    max_tokens: Dim | None = max_tokens()
    num_oov_indices: int = arg.integer(1, 0)
    mask_token: Any = arg.anything(None)
    oov_token: Any = arg.anything("[UNK]")
    vocabulary: Any = vocabulary("texts")
    idf_weights: tuple[float, ...] | None = idf_weights()
    invert: bool = arg.flag(False)
    output_mode: str = lookup_modes()
    pad_to_max_tokens: bool = arg.flag(False)
    sparse: bool = arg.flag(False)
    encoding: Any = arg.anything("utf-8")
    salt: Any = salt()
    oov_method: str = oov_method(keyword_only=True)

    examples = [
        Example({"vocabulary": ["a", "b"]}, (None, 5), params=0, output=(None, 5), dtype="string"),
        Example({"vocabulary": ["a", "b"], "output_mode": "multi_hot"}, (None, 5), 0, (None, 3), dtype="string"),
        Example({"vocabulary": ["a", "b"], "output_mode": "one_hot"}, (None, 1), 0, (None, 3), dtype="string"),
        Example({"vocabulary": ["[UNK]", "a"], "output_mode": "count"}, (None, 5), 0, (None, 2), dtype="string"),
        Example({"vocabulary": ["a", "b"], "output_mode": "tf_idf", "idf_weights": [1, 2]}, (None, 5),
                0, (None, 3), dtype="string"),
        Rejected({"vocabulary": ["a", "a"]}, 'expected every token once in `vocabulary`, got "a" twice'),
        Rejected({"vocabulary": []},
                 "expected `vocabulary` to be a list of texts, or the name of a file with one in a line, got []"),
        Rejected({"vocabulary": ["[UNK]"]},
                 'expected a `vocabulary` with other tokens than special ones, got ["[UNK]"]'),
        Rejected({"vocabulary": ["a", ""], "mask_token": ""}, "expected `mask_token` at its place before the other "
                 'tokens of `vocabulary`, or not there, got ""'),
        Rejected({"vocabulary": ["a", "b"], "max_tokens": 2},
                 "expected `max_tokens` of at least 3, got 2: `vocabulary` and its special tokens are 3"),
        Rejected({"max_tokens": 1}, "expected `max_tokens` to be an integer of at least 2, got 1"),
        Rejected({"pad_to_max_tokens": True}, "expected `max_tokens` with `pad_to_max_tokens: true`, got nothing"),
        Rejected({"vocabulary": ["a"], "output_mode": "tf_idf"},
                 "expected `idf_weights`, one for each token, with `output_mode: tf_idf`, got nothing"),
        Rejected({"vocabulary": ["a"], "output_mode": "tf_idf", "idf_weights": [1, 2]},
                 "expected `idf_weights` to hold one number for each of the 1 tokens, got 2"),
        Rejected({"vocabulary": ["a"], "idf_weights": [1]},
                 "expected `idf_weights` with `output_mode: tf_idf` only, got `output_mode: int`"),
        Rejected({"invert": True, "output_mode": "count"},
                 "expected `output_mode: int` with `invert: true`, got `output_mode: count`"),
        Rejected({"vocabulary": ["a"], "num_oov_indices": -1},
                 "expected `num_oov_indices` to be an integer of at least 0, got -1"),
        Rejected({"vocabulary": ["a"], "autocast": False}, "expected a StringLookup argument, got `autocast`"),
    ]  # fmt: skip


@layer(family="preprocessing", axes="batch ...")
class IntegerLookup(Lookup):
    """Puts the place that an integer has in a vocabulary in its place; those that are not there share the first places.

    keras/src/layers/preprocessing/integer_lookup.py, 3.15.1.
    """

    token_type = int

    max_tokens: Dim | None = max_tokens()
    num_oov_indices: int = arg.integer(1, 0)
    mask_token: Any = arg.anything(None)
    oov_token: Any = arg.anything(-1)
    vocabulary: Any = vocabulary("integers")
    vocabulary_dtype: Any = arg.exact_choice("int64", default="int64")
    idf_weights: tuple[float, ...] | None = idf_weights()
    invert: bool = arg.flag(False)
    output_mode: str = lookup_modes()
    sparse: bool = arg.flag(False)
    pad_to_max_tokens: bool = arg.flag(False)
    oov_method: str = oov_method()
    salt: Any = salt()

    def validate(self) -> None:
        super().validate()
        if self.salt is not None and self.oov_method != "farmhash":
            got = f"`oov_method: {self.oov_method}`"
            raise Rejection("wrong-value", "`salt` with `oov_method: farmhash` only", got)

    examples = [
        Example({"vocabulary": [10, 20]}, (None, 5), params=0, output=(None, 5), dtype="int64"),
        Example({"vocabulary": [10, 20], "output_mode": "multi_hot"}, (None, 5), 0, (None, 3), dtype="int64"),
        Example({"vocabulary": [10, 20], "output_mode": "one_hot", "num_oov_indices": 2}, (None, 5),
                0, (None, 5, 4), dtype="int64"),
        Example({"vocabulary": [-1, 10], "output_mode": "count"}, (None, 5), params=0, output=(None, 2), dtype="int64"),
        Rejected({"vocabulary": [10, 10]}, "expected every token once in `vocabulary`, got 10 twice"),
        Rejected({"vocabulary": ["a"]}, "expected `vocabulary` to be a list of integers, or the name of a file with "
                 'one in a line, got ["a"]'),
        Rejected({"vocabulary": [1], "salt": 3},
                 "expected `salt` with `oov_method: farmhash` only, got `oov_method: floormod`"),
        Rejected({"vocabulary": [1], "mask_token": "a"}, 'expected `mask_token` to be an integer, got "a"'),
        Rejected({"vocabulary": [1], "vocabulary_dtype": "int32"},
                 'expected `vocabulary_dtype` to be one of `int64`, got "int32"'),
    ]  # fmt: skip
