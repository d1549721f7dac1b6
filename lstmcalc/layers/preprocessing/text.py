"""Keras's preprocessing of text: TextVectorization, and the lookups in a vocabulary that it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, at_least, equal, total
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.preprocessing.arguments import (
    function_or,
    idf_weights,
    lookup_modes,
    max_tokens,
    ngrams,
    vocabulary,
)
from lstmcalc.layers.preprocessing.encoding import Encoder, encoded, require_last, stated_encoding
from lstmcalc.layers.preprocessing.lookups import IntegerLookup, StringLookup
from lstmcalc.layers.rule import Example, Inputs, Rejected, Shape, layer
from lstmcalc.shapes import show_shape

__all__ = ["IntegerLookup", "StringLookup", "TextVectorization"]

#: The arguments that TextVectorization hands on to its lookup.
HANDED_ON = "max_tokens vocabulary idf_weights pad_to_max_tokens output_mode sparse encoding vocabulary_size".split()


@layer(family="preprocessing", axes="batch ...")
class TextVectorization(Encoder):
    """Splits texts into words and puts the number that a word has in a vocabulary in its place.

    keras/src/layers/preprocessing/text_vectorization.py, 3.15.1. How many words a text has is not known before there
    is data; `output_sequence_length` cuts and pads to a length.
    """

    max_tokens: Dim | None = max_tokens()
    standardize: Any = function_or(
        "lower_and_strip_punctuation", "lower", "strip_punctuation", default="lower_and_strip_punctuation"
    )
    split: Any = function_or("whitespace", "character", default="whitespace")
    ngrams: tuple[int, ...] | None = ngrams()
    output_mode: str = lookup_modes()
    output_sequence_length: Dim | None = arg.positive(None)
    pad_to_max_tokens: bool = arg.flag(False)
    vocabulary: Any = vocabulary("texts")
    idf_weights: tuple[float, ...] | None = idf_weights()
    sparse: bool = arg.flag(False)
    ragged: bool = arg.flag(False)
    encoding: Any = arg.anything("utf-8")
    vocabulary_size: Dim | None = arg.positive(None, keyword_only=True)
    has_input_vocabulary: Any = arg.anything(None, keyword_only=True)

    def validate(self) -> None:
        for key in ("output_sequence_length", "ragged"):
            if getattr(self, key) not in (None, False) and self.output_mode != "int":
                got = f"`output_mode: {self.output_mode}`"
                raise Rejection("wrong-value", f"`{key}` with `output_mode: int` only", got)
        self.lookup().validate()

    def lookup(self) -> StringLookup:
        """The layer that looks the words up, which Keras makes so."""
        return StringLookup({**{key: getattr(self, key) for key in HANDED_ON}, "mask_token": ""}, self.name)

    def depth(self) -> Dim:
        return self.lookup().depth()

    def _words(self, x: Inputs) -> Shape:
        """The shape of the words that the texts are split into."""
        if self.split is None:
            return x.shape if self.ngrams is None else (*x.shape[:-1], self._number_of_ngrams(x))
        if self.ngrams == () and self.output_mode == "int" and self.output_sequence_length is None:
            self._refuse_empty(x)
        if x.ndim == 1:
            return (x.shape[0], UNKNOWN)
        x.require(
            equal(x.shape[-1], 1),
            "wrong-size",
            "one text in a sample: (batch,), or a last axis of size 1",
            show_shape(x.shape),
            "`split` makes an axis of the words of each text, and needs that place",
            "set `split: null` where the texts are words already",
            unknown="the last axis",
        )
        return (*x.shape[:-1], UNKNOWN)

    def _number_of_ngrams(self, x: Inputs) -> Dim:
        length, widths = x.shape[-1], self.ngrams or ()
        if widths and not isinstance(length, int):
            for width in widths:
                because = f"`ngrams` puts {width} words together"
                x.require(at_least(length, width), "too-few-words", "", because=because)
            return total(length - width + 1 for width in widths)
        number = sum(max(0, length - width + 1) for width in widths) if isinstance(length, int) else 0
        if number == 0 and (self.output_mode in ("int", "one_hot") or x.ndim > 2):
            self._refuse_empty(x)
        return number

    @staticmethod
    def _refuse_empty(x: Inputs) -> None:
        x.require(False, "too-few-words", "as many words as `ngrams` puts together", show_shape(x.shape),
                  "there is nothing in the output otherwise")  # fmt: skip

    def output_shape(self, x: Inputs) -> Any:
        self.lookup().require_size(x)
        words = self._words(x)
        if self.output_mode == "int":
            return (*words[:-1], self._length(words[-1]))
        if self.sparse and self.split is not None and (self.output_mode == "one_hot" or len(words) > 2):
            raise Rejection("wrong-value", "no `sparse: true` for texts that are split", "`sparse: true`",
                            "Keras builds this, and fails on data")  # fmt: skip
        self.lookup().refuse_sparse_weights(words)
        return encoded(x, words, self.output_mode, self.depth())

    def _length(self, words: Dim) -> Dim:
        """How many words a text has after cutting and padding."""
        most = self.output_sequence_length
        if most is None or not self.ragged:
            return words if most is None else most
        return min(words, most) if isinstance(words, int) and isinstance(most, int) else UNKNOWN

    def require_traceable(self, x: Inputs) -> None:
        self.lookup().require_known_size()
        if self.split is None:
            super().require_traceable(x)
        elif x.ndim > 1:
            require_last(x, "it must be 1")

    def stated_shape(self, x: Inputs) -> Shape:
        if self.output_mode == "int":
            length = self.output_sequence_length
            return (x.shape[0], UNKNOWN if length is None else length)
        added = (UNKNOWN,) if self.split is not None else (1,) if x.ndim == 1 else ()
        return stated_encoding((*x.shape, *added), self.output_mode, self.depth())

    def because_otherwise(self) -> str:
        return "Keras states the shape without looking at how the texts are split"

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from super().hints(x)
        yield from self.lookup().vocabulary_hints()

    examples = [
        Example({"vocabulary": ["a", "b"]}, (None, 1), params=0, output=(None, None), dtype="string"),
        Example({"vocabulary": ["a", "b"], "output_sequence_length": 8}, (None, 1), 0, (None, 8), dtype="string"),
        Example({"vocabulary": ["a", "b"], "output_mode": "multi_hot"}, (None,), 0, (None, 3), dtype="string"),
        Example({"vocabulary": ["a"], "output_mode": "tf_idf", "idf_weights": [2]}, (None,),
                0, (None, 2), dtype="string"),
        Example({"vocabulary": ["a"], "output_mode": "count", "max_tokens": 9, "pad_to_max_tokens": True}, (None,), 0,
                (None, 9), dtype="string"),
        Example({"vocabulary": ["a"], "output_mode": "count", "split": None}, (None, 5), 0, (None, 2), dtype="string"),
        Rejected({"vocabulary": ["a"]}, "expected one text in a sample: (batch,), or a last axis of size 1, got "
                 "(None, 5): `split` makes an axis of the words of each text, and needs that place", (None, 5)),
        Rejected({"output_mode": "count", "ragged": True},
                 "expected `ragged` with `output_mode: int` only, got `output_mode: count`"),
        Rejected({"output_mode": "count", "output_sequence_length": 5},
                 "expected `output_sequence_length` with `output_mode: int` only, got `output_mode: count`"),
        Rejected({"vocabulary": ["a", "b"], "max_tokens": 3},
                 "expected `max_tokens` of at least 4, got 3: `vocabulary` and its special tokens are 4"),
        Rejected({"ngrams": [0]}, "expected `ngrams` to be an integer, or a list of positive ones, got [0]"),
        Rejected({"split": "words"}, 'expected `split` to be one of `whitespace`, `character`, got "words"'),
    ]  # fmt: skip
