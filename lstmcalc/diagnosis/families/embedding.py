"""Embedding: word numbers outside of its table, and its `input_length`."""

from __future__ import annotations

import re

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import SHAPE, Found, family

GATHERS = re.compile(
    r"([\w.-]{1,150}?)((?:_\d{1,4})?)/(?:GatherV2|ResourceGather|Gather|embedding_lookup|[\w.-]{0,40}embedding_lookup\w{0,20})(?:_\d{1,3})?$"
)


def _layer(path: str, text: str) -> str:
    """The layer in the path of an operation: `sequential/words/embedding_lookup` -> `words`.

    Keras 3 builds a model once before it is called, and numbers the names of the second time:
    `sequential_1/words_1/...`.
    """
    found = GATHERS.search(path)
    if not found:
        return ""
    name, number = found[1].rpartition("/")[2], found[2]
    first = path.partition("/")[0]
    if name.endswith("_loss"):
        # A loss that looks its labels up.
        return ""
    again = number and first.endswith(number) and "keras/src" in text and "tf_keras" not in text
    return name if again else name + number


def _index_causes(index: int, size: int) -> tuple[Cause, ...]:
    if index <= -(2**31):
        said = "A missing value (NaN), or a number too large for the integers of the data, was made an integer."
        return (Cause(said, "Look for it before that:", ("np.isnan(x).any(), x.min(), x.max()",)),)
    if index < 0:
        said = "A negative number stands for unknown or missing words."
        return (Cause(said, "Shift the numbers, or map it to 0:", ("x = np.maximum(x, 0)",)),)
    if index == size:
        said = "The words are numbered from 1 (0 is the padding), so n words need n + 1 rows."
        first = Cause(said, "Add one row:", (f"Embedding({size + 1}, 64)  # {index:,} words and the 0",))
    else:
        both = ("Embedding(int(x.max()) + 1, 64)", f"Embedding({index + 1}, 64)  # at least")
        first = Cause("`input_dim` is smaller than the vocabulary.", "It must be the largest number + 1:", both)
    said = f"The vocabulary was meant to have {size:,} entries."
    code = (f"x = np.where(x < {size}, x, 1)  # 1 for unknown words",)
    return (first, Cause(said, "Keep to it when words are numbered:", code))


@family(
    "embedding-range",
    (
        "is not in [0,",
        r"indices\[(?P<place>[\d,]{1,60})\] = (?P<index>-?\d{1,20}) is not in \[0," r" (?P<size>\d{1,20})\)",
    ),
    (
        "is out of bounds for size",
        r"index (?P<index>-?\d{1,20}) is out of bounds for size (?P<size>\d{1,20}) Apply"
        r" node that"
        r" caused the error: AdvancedSubtensor1\((?P<layer>[\w.-]{1,100}?)_(?:W|embeddings)?",
    ),
    ("index out of range in self", r"index out of range in self"),
)
def embedding_range(found: Found) -> Diagnosis:
    """A word number that an Embedding has no row for."""
    index, size = found.number("index"), found.number("size")
    path = (
        found.near(r"\{\{node ([\w./-]{1,300})\}\}")
        or found.near(r"\[\[[Nn]ode:? ([\w./-]{1,300})")
        or found.near(r"Detected at node \"?'?([\w./-]{1,300})")
    )
    layer = (
        found["layer"]
        or _layer(path, found.text)
        or found.near(r"Exception encountered when calling layer [\"']([\w./-]{1,200})[\"'] \(type Embedding\)")
    )
    who = f'"{layer}" (Embedding)' if layer else "The Embedding"
    if index is None or size is None:
        meaning = "A word number is negative, or not below `input_dim` of the Embedding."
        said = "`input_dim` is too small: it must be the largest number + 1."
        fix = Cause(said, "Make room for it:", ("Embedding(int(x.max()) + 1, 64)",))
        return Diagnosis("", meaning, (fix, _UNKNOWN), layer, "Embedding")
    meaning = f"{who} has {size:,} rows, for the numbers 0 to {size - 1:,}. The data holds {index:,}."
    return Diagnosis("", meaning, _index_causes(index, size), layer, "Embedding", f"0 to {size - 1:,}", f"{index:,}")


_UNKNOWN = Cause(
    "The data is not word numbers: real values, or those of another column.", "Look at it:", ("x.min(), x.max()",)
)


@family(
    "embedding-length",
    (
        "input_length",
        rf"[\"']?input_length[\"']? is [\[(]?(?P<wanted>\d{{1,12}}).{{0,3}}, but received"
        rf" input has shape (?P<shape>{SHAPE})",
    ),
)
def embedding_length(found: Found) -> Diagnosis:
    """An `input_length` that is not the length of the input (Keras 2)."""
    shape, wanted = found.shape("shape"), found.number("wanted")
    steps = shape[1] if shape and len(shape) > 1 else None
    meaning = f"`input_length` of the Embedding says {wanted} time steps, and its input {shape} has {steps}."
    causes = [
        Cause(
            "The two were written apart.", "Leave `input_length` away: the input states it.", ("Embedding(1000, 64)",)
        )
    ]
    if steps:
        causes.append(
            Cause(
                f"The sequences were to have {wanted} steps.",
                "Pad or cut them:",
                (f"x = keras.utils.pad_sequences(x, maxlen={wanted})",),
            )
        )
    received = (shape,) if shape else ()
    return Diagnosis("", meaning, tuple(causes), "", "Embedding", f"{wanted} time steps", str(shape), received)
