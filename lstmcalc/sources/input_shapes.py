"""Input shapes as words, `10,300` or `(None, 10, 300)`, and what a layer's axes make of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from lstmcalc.dims import Expression, at_least, parse
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import RULES, LayerRule
from lstmcalc.layers.arguments import REQUIRED
from lstmcalc.layers.kinds import is_cell_class
from lstmcalc.layers.rule import expand_axes
from lstmcalc.spec import LayerSpec

__all__ = [
    "NUMBER",
    "attends_to_itself",
    "axes_of",
    "described",
    "example_input",
    "parsed",
    "place",
    "read_sizes",
    "split_sizes",
    "states_of",
    "symbolic_shapes",
]

NUMBER = re.compile(r"[1-9]\d{0,17}")


def split_sizes(text: str) -> list[str]:
    """The sizes in a text, still as text.

    >>> split_sizes("10,300"), split_sizes("3x3"), split_sizes("(None, 10, 300)")
    (['10', '300'], ['3', '3'], ['None', '10', '300'])
    """
    text = text.strip().strip("()[]").strip()
    if "," in text:
        return [part.strip() for part in text.rstrip(",").split(",")]
    crossed = re.split(r"\s*[xX×]\s*", text)
    if all(re.fullmatch(r"\d+|[A-Z]|[Nn]one", part) for part in crossed):
        return crossed
    return text.split() if re.fullmatch(r"[\w?]+(\s+[\w?]+)+", text) else [text]


def read_sizes(text: str) -> tuple[list[int | str | None], list[Fault]]:
    """The sizes in a text: numbers, None, or arithmetic with names as text; and a fault for each that is none."""
    sizes: list[int | str | None] = []
    faults = []
    for part in split_sizes(text):
        if part == "?" or part.lower() in ("none", "null"):
            sizes.append(None)
            continue
        sizes.append(int(part) if NUMBER.fullmatch(part) else part)
        try:
            because, wrong = "", at_least(parse(part), 1) is False
        except ValueError as error:
            because, wrong = str(error), True
        if wrong:
            expected = "every size to be a positive integer, None, or arithmetic with names"
            got = f"`{part}`" if part == text else f"`{part}` in `{text}`"
            faults.append(Fault("wrong-size", expected, got, because))
    return sizes, faults


def parsed(value: Any) -> Any:
    """A value with texts of sizes read; what cannot be read stays text."""
    if isinstance(value, list):
        return [parsed(item) for item in value]
    try:
        return parse(value) if isinstance(value, str) else value
    except ValueError:
        return value


def axes_of(layer: LayerSpec) -> tuple[str, ...]:
    """The names of the axes that a layer reads; a wrapper's follow from what it wraps.

    >>> axes_of(LayerSpec("TimeDistributed", "", {"layer": LayerSpec("Dense", "")}))
    ('batch', 'timesteps', '...', 'input_dim')
    """
    rule = RULES.get(layer.class_name)
    axes = tuple(rule.axes.split()) if rule else ("...",)
    if layer.arguments.get("data_format") == "channels_first" and axes[-1] == "channels":
        leading = 2 if axes[1] == "timesteps" and len(axes) > 3 else 1
        axes = (*axes[:leading], "channels", *axes[leading:-1])
    inner = layer.arguments.get("layer")
    if not isinstance(inner, LayerSpec):
        return axes
    if layer.class_name == "TimeDistributed":
        return ("batch", "timesteps", *(axis for axis in axes_of(inner) if axis != "batch"))
    return axes_of(inner)


def place(sizes: list[Any], axes: Sequence[str], bracketed: bool, steps: str) -> tuple[int | None, list[Any]] | None:
    """The batch and the other sizes, as the layer's axes suggest; None where they do not fit.

    `steps` stands for a number of time steps that was left out.

    >>> place([300], ("batch", "timesteps", "input_dim"), False, "T")
    (None, ['T', 300])
    >>> place([8, 10, 300], ("batch", "timesteps", "input_dim"), False, "T")
    (8, [10, 300])
    """
    open_ended = "..." in axes
    least, ndim = len(axes) - open_ended, len(sizes) + 1
    if open_ended and bracketed and sizes and sizes[0] is None and ndim > least:
        return None, sizes[1:]
    if ndim == least or (open_ended and ndim > least):
        return None, sizes
    if ndim == least + 1:
        return sizes[0] if isinstance(sizes[0], int) else None, sizes[1:]
    return (None, [steps, *sizes]) if ndim == least - 1 and "timesteps" in axes[1:2] else None


def described(axes: Sequence[str]) -> str:
    """How many sizes an input needs, and what they are.

    >>> described(("batch", "timesteps", "input_dim")), described(("batch", "...", "input_dim"))
    ('2 sizes (timesteps, input_dim)', 'at least 1 size (input_dim)')
    """
    named = [axis for axis in axes if axis not in ("batch", "...")]
    number = f"{len(named)} size" if len(named) == 1 else f"{len(named)} sizes"
    return f"{'at least ' if '...' in axes else ''}{number} ({', '.join(named)})"


def states_of(layer: LayerSpec) -> list[Any]:
    """The width of every state that a cell takes, which Keras passes to it; nothing for any other layer."""
    rule = RULES.get(layer.class_name)
    if layer.class_name == "StackedRNNCells":
        cells = layer.arguments.get("cells") or []
        return [size for cell in cells if isinstance(cell, LayerSpec) for size in states_of(cell)]
    if rule is None or not is_cell_class(rule):
        return []
    units = layer.arguments.get("units")
    size = parsed(units)
    known = isinstance(size, (int, Expression)) and not isinstance(size, bool) and at_least(size, 1) is not False
    return [units if known else None] * rule.state_count


def attends_to_itself(layer: LayerSpec, inputs: int) -> bool:
    """Whether so many inputs are one that stands for the query, the value and the key of an attention layer."""
    return inputs == 1 and RULES[layer.class_name].family == "attention"


def symbolic_shapes(layer: LayerSpec) -> list[list[Any]]:
    """The shapes of the inputs where none was given, every size the name of its axis.

    Where that is the name of an argument as well, which is another size, it is the input's: `input_height`.
    An input has as many axes as the layer takes; where any number will do, as many as in the rule's first example. An
    attention layer gets one input, and attends to itself.

    >>> symbolic_shapes(LayerSpec("LSTM", "")), symbolic_shapes(LayerSpec("BatchNormalization", ""))
    ([['timesteps', 'input_dim']], [['axis_1', 'channels']])
    """
    rule, axes = RULES[layer.class_name], axes_of(layer)
    inputs = next((example.inputs for example in rule.examples if example.inputs), (None, 1))
    shapes = inputs if isinstance(inputs, list) else [inputs]
    if attends_to_itself(layer, 1):
        shapes = shapes[:1]
    ndims = [len(axes) if "..." not in axes else max(len(shape), len(axes) - 1) for shape in shapes]
    taken = _open_sizes(layer)
    names = [_axis_names(layer, axes, ndim)[1:] for ndim in ndims]
    return [[f"input_{name}" if name in taken else name for name in shape] for shape in names]


def _open_sizes(layer: LayerSpec) -> set[str]:
    """The arguments of a layer, or of one that it wraps, for which their own names stand, as no size was given."""
    inner = layer.arguments.get("layer")
    named = {key for key, value in layer.arguments.items() if key == value}
    return named | _open_sizes(inner) if isinstance(inner, LayerSpec) else named


def _axis_names(layer: LayerSpec, axes: Sequence[str], ndim: int) -> tuple[str, ...]:
    """The names of so many axes, some of which a layer's arguments may decide."""
    rule = RULES[layer.class_name]
    values = {}
    for key, value in layer.arguments.items():
        if isinstance(value, LayerSpec):
            return expand_axes(" ".join(axes), ndim)
        with suppress(KeyError, Rejection):
            values[key] = rule.arguments[key].check(key, parsed(value))
    missing = any(argument.default is REQUIRED and key not in values for key, argument in rule.arguments.items())
    if "..." in axes and not missing:
        with suppress(Rejection):
            return rule(values).axis_names(ndim)
    return expand_axes(" ".join(axes), ndim)


def example_input(rule: type[LayerRule], axes: Sequence[str]) -> str:
    """An input that fits, from the rule's examples; sizes of 10 where they have none of as many axes."""
    for example in rule.examples:
        shape = example.inputs[0] if isinstance(example.inputs, list) else example.inputs
        if shape and (len(shape) == len(axes) or ("..." in axes and len(shape) >= len(axes) - 1)):
            return ",".join("None" if size is None else str(size) for size in shape[1:])
    return ",".join(["10"] * (len(axes) - 1))
