"""The mask of one layer in lstmcalc and in Keras, side by side: as Keras states it, and as data has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from agreement import nested, theirs
from keras import tree
from keras.src.backend import get_keras_mask, set_keras_mask
from layer_examples import one_layer

from lstmcalc.dims import lift, lower
from lstmcalc.errors import Rejection
from lstmcalc.inference import Walk
from lstmcalc.layers import RULES, Example
from lstmcalc.masks import Array, Track, decide, masked, masks_seen

Shape = tuple[Any, ...]


class Case(NamedTuple):
    """An example of a layer, with the mask of each of its inputs, None where it has none."""

    class_name: str
    example: Example
    masks: tuple[Shape | None, ...]


class Masks(NamedTuple):
    """The masks of a call's outputs: stated before there is data, and on data; None where the call fails."""

    stated: list[Shape | None]
    real: list[Shape | None] | None


def shapes_of(example: Example) -> list[Shape]:
    """The input shapes of an example."""
    return list(example.inputs) if isinstance(example.inputs, list) else [example.inputs]


def cases(class_name: str) -> Iterator[Case]:
    """Every example of a layer: with a mask on all inputs, with one on the first only, on the second only, and with one
    that has only the first two axes."""
    for example in RULES[class_name].examples:
        if not isinstance(example, Example):
            continue
        shapes = shapes_of(example)
        usual = tuple(shape[:-1] if len(shape) > 1 else None for shape in shapes)
        short = tuple(shape[:2] if len(shape) > 1 else None for shape in shapes)
        lone = [tuple(mask if i == j else None for j, mask in enumerate(usual)) for i in range(min(2, len(usual)))]
        for masks in dict.fromkeys([usual, *lone, short]):
            if any(masks):
                yield Case(class_name, example, masks)


def ours(case: Case) -> Masks:
    """lstmcalc's answer."""
    example = case.example
    walk = Walk(one_layer(case.class_name, example.arguments, example.inputs, example.states, keywords=example.keywords,
                          dtype=example.dtype), {})  # fmt: skip
    walk.run()
    applied = walk.applied["layer", 0]
    rule, x = applied.rule, applied.x
    assert rule is not None and x is not None and applied.outputs is not None
    masks = [None if mask is None else lift(mask) for mask in case.masks]
    tracks = [Track(mask, Array(mask)) for mask in masks]
    seen = masks_seen(rule, x, tracks)
    number = len(applied.outputs)
    stated = filled(decide(rule, x, seen.stated) if rule.states_mask else (), number)
    real = filled(decide(rule, x, seen.real), number)
    if rule.returns_input:
        real[0] = masks[0]
    view = masked(x, seen.told)
    try:
        rule.check_mask(view)
    except Rejection:
        return Masks(lowered(stated), None)
    return Masks(lowered(stated), lowered(real))


def lowered(masks: Sequence[Any]) -> list[Shape | None]:
    """Masks as a report holds them."""
    return [None if mask is None else lower(mask) for mask in masks]


def filled(masks: Sequence[Any], number: int) -> list[Any]:
    """One entry for each output."""
    return [*masks, *[None] * number][:number]


def keras_masks(case: Case) -> Masks:
    """Keras's answer."""
    example = case.example
    layer, _ = theirs(case.class_name, *example[:2], example.states, example.dtype, example.keywords)
    return Masks(_stated(case, layer), _real(case, layer))


def _call(case: Case, layer: Any, inputs: list[Any], states: list[Any]) -> list[Any]:
    example, name = case.example, case.class_name
    keyword = "states" if name.endswith(("Cell", "Cells")) else "initial_state"
    keywords = {**example.keywords, **({keyword: nested(layer, states)} if states else {})}
    separate = " " in RULES[name].operands
    operands = inputs if separate else [inputs if isinstance(example.inputs, list) else inputs[0]]
    return list(tree.flatten(layer(*operands, **keywords)))


def _stated(case: Case, layer: Any) -> list[Shape | None]:
    example = case.example
    inputs = [keras.Input(batch_shape=shape, dtype=example.dtype) for shape in shapes_of(example)]
    for tensor, mask in zip(inputs, case.masks, strict=True):
        if mask is not None:
            set_keras_mask(tensor, keras.Input(batch_shape=mask, dtype="bool"))
    states = [keras.Input(batch_shape=shape) for shape in example.states]
    return [shape_of(tensor) for tensor in _call(case, layer, inputs, states)]


def _real(case: Case, layer: Any) -> list[Shape | None] | None:
    example, rng = case.example, np.random.default_rng(0)
    inputs = [numbers(shape, example.dtype, rng) for shape in shapes_of(example)]
    for tensor, mask in zip(inputs, case.masks, strict=True):
        if mask is not None:
            steps = np.ones(sized(mask), bool)
            steps[..., -1:] = len(mask) == 1
            set_keras_mask(tensor, keras.ops.convert_to_tensor(steps))
    try:
        outputs = _call(case, layer, inputs, [numbers(shape, "float32", rng) for shape in example.states])
    except Exception:  # Keras raises whatever its backend raises.
        return None
    return [shape_of(tensor) for tensor in outputs]


def sized(shape: Shape) -> list[int]:
    """A shape with numbers: a batch of 2, and 7 for every other unknown size."""
    return [size or (7 if axis else 2) for axis, size in enumerate(shape)]


def numbers(shape: Shape, dtype: str, rng: np.random.Generator) -> Any:
    """Random data."""
    sizes = sized(shape)
    if dtype == "string":
        return keras.ops.convert_to_tensor(np.full(sizes, "some words"))
    values = rng.integers(0, 2, sizes) if "int" in dtype else rng.random(sizes)
    return keras.ops.convert_to_tensor(values.astype(dtype))


def shape_of(tensor: Any) -> Shape | None:
    """The shape of a tensor's mask."""
    mask = get_keras_mask(tensor)
    return None if mask is None else tuple(mask.shape)


def alike(mine: Sequence[Shape | None], held: Sequence[Shape | None]) -> bool:
    """Whether two rows of masks are the same; a size that lstmcalc does not know may be anything."""
    return len(mine) == len(held) and all(map(_alike, mine, held))


def _alike(mine: Shape | None, held: Shape | None) -> bool:
    if mine is None or held is None:
        return mine is held
    if len(mine) != len(held):
        return False
    return all(not isinstance(size, int) or there in (size, None) for size, there in zip(mine, held, strict=True))


#: For each layer, in how many cases its masks were as Keras has them, and of how many, in this run of the tests.
CHECKED: dict[str, list[int]] = {}


def agree(case: Case) -> str:
    """Whether lstmcalc and Keras say the same of a case, as the difference in words; empty where there is none."""
    mine = ours(case)
    try:
        held = keras_masks(case)
    except ValueError:
        # Keras itself may find out that masks do not fit each other.
        held = Masks(mine.stated, None)
    if held.real is None and not runs(case):
        # The CPU cannot run everything: then there is nothing to compare it with.
        held = held._replace(real=mine.real)
    number = RULES[case.class_name].followed_outputs or len(mine.stated)
    same = alike(mine.stated[:number], held.stated[:number]) and _same(mine.real, held.real, number)
    counts = CHECKED.setdefault(case.class_name, [0, 0])
    counts[0] += same
    counts[1] += 1
    return "" if same else f"{case.class_name}({case.example.arguments}) with masks {case.masks}: {mine} != {held}"


def _same(mine: list[Shape | None] | None, held: list[Shape | None] | None, number: int) -> bool:
    if mine is None or held is None:
        return mine is held
    return alike(mine[:number], held[:number])


def runs(case: Case) -> bool:
    """Whether Keras runs the layer without masks."""
    return keras_masks(case._replace(masks=(None,) * len(case.masks))).real is not None
