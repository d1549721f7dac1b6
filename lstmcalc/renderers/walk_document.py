"""A walk through a model as a document: the whole first, then the layers; those that are alike are told once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from lstmcalc.errors import Fault
from lstmcalc.explanation.walk import ModelExplanation, WalkedLayer
from lstmcalc.renderers.document import Block, Document, Faults, Heading, Table

__all__ = ["walk_document"]

#: What each row of a layer is headed, and the kinds of sentences that stand in it, one behind the other.
ROWS = {"reads": ("layer",), "does": ("purpose",), "gives": ("gives", "shape"), "params": ("params",),
        "cost": ("cost",), "states": ("states",), "mask": ("mask",), "note": ("note",), "if": ("choice",),
        "hint": ("hint",)}  # fmt: skip
#: Rows in which every sentence stands on a line of its own.
ONE_BY_ONE = ("if", "hint")
#: From so many layers in a row that were told before, they stand in one table.
MANY = 3
NUMBER = re.compile(r"\d+")


def walk_document(walk: ModelExplanation, faults: tuple[Fault, ...] = ()) -> Document:
    """The walk as blocks, with what is wrong with the model at the end."""
    blocks: list[Block] = []
    if walk.overview:
        blocks.append(Table(tuple((remark.about, remark.text) for remark in walk.overview)))
    for repeated, group in groupby(walk.layers, key=lambda layer: bool(layer.like)):
        layers = list(group)
        if repeated and len(layers) >= MANY:
            blocks += _repeats(layers)
        else:
            for layer in layers:
                blocks += [Heading(f"{layer.path} ({layer.layer.class_name})", 1), Table(tuple(_rows(layer)))]
    blocks += [Faults(each) for each in (walk.hints, faults) if each]
    return Document(f"Model: {walk.name}", tuple(blocks))


def _rows(layer: WalkedLayer) -> Iterator[tuple[str, str]]:
    if layer.like:
        gives = (f"It gives {text}" for text in layer.texts("gives"))
        yield "like", " ".join((f'"{layer.like}".', *layer.texts("layer"), *gives))
        return
    for label, kinds in ROWS.items():
        texts = [text for kind in kinds for text in layer.texts(kind, brief=True)]
        if label not in ONE_BY_ONE:
            texts = [" ".join(texts)] if texts else []
        for place, text in enumerate(texts):
            yield label if place == 0 else "", text


def _repeats(layers: Sequence[WalkedLayer]) -> Iterator[Block]:
    """Layers in a row that were all told before, by what they are like."""
    first, last = layers[0].path, layers[-1].path
    yield Heading(f"{first} … {last} ({len(layers)} layers)", 1)
    alike: dict[str, list[str]] = {}
    for layer in layers:
        alike.setdefault(layer.like, []).append(layer.path)
    rows = [(f'like "{like}"', ", ".join(_spans(paths))) for like, paths in alike.items()]
    yield Table(tuple(rows))


def _spans(names: Sequence[str]) -> Iterator[str]:
    """Names that count on in one number as a span: `"dense_2" … "dense_9"`.

    >>> list(_spans(["a_2", "a_3", "a_4", "b_1", "b_7"]))
    ['"a_2" … "a_4"', '"b_1"', '"b_7"']
    """
    start = 0
    while start < len(names):
        end, place = start, None
        while end + 1 < len(names):
            step = _counts_on(names[end], names[end + 1])
            if step is None or place not in (None, step):
                break
            end, place = end + 1, step
        if end - start < 2:
            end = start
        yield f'"{names[start]}"' + (f' … "{names[end]}"' if end > start else "")
        start = end + 1


def _counts_on(name: str, after: str) -> int | None:
    """Which of its numbers one name has one higher than the other, everything else being the same; None for none."""
    if NUMBER.split(name) != NUMBER.split(after):
        return None
    pairs = list(zip(NUMBER.findall(name), NUMBER.findall(after), strict=True))
    different = [place for place, (one, other) in enumerate(pairs) if one != other]
    if len(different) != 1:
        return None
    one, other = pairs[different[0]]
    return different[0] if other == str(int(one) + 1) else None
