"""Running a rule on what is seen, to keep of many proposals those that may print the row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lstmcalc.dims import Size, lift
from lstmcalc.errors import Rejection
from lstmcalc.layers import LayerRule
from lstmcalc.layers.arguments import REQUIRED
from lstmcalc.layers.rule import Example, Inputs, as_shapes
from lstmcalc.summary_text import solving
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals.proposal import Proposal
from lstmcalc.summary_text.reading import Shape
from lstmcalc.summary_text.solving import Seen, matches

__all__ = [
    "accepts",
    "agreeing",
    "inputs_or_output",
    "known_size",
    "missing",
    "shows",
    "standing_in",
    "view_of",
    "whole",
    "with_arguments",
]

#: Sizes that tell axes apart where none are known.
APART = (3, 5, 7, 11, 13)


def accepts(rule: type[LayerRule], name: str, value: Any) -> bool:
    """Whether an argument takes a value."""
    try:
        rule.arguments[name].check(name, value)
    except Rejection:
        return False
    return True


def missing(rule: type[LayerRule], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Stand-ins, from the rule's first example, for what the layer cannot do without."""
    example = next((each.arguments for each in rule.examples if isinstance(each, Example)), {})
    return {
        key: example[key]
        for key, argument in rule.arguments.items()
        if argument.default is REQUIRED and key not in arguments and key in example
    }


def with_arguments(rule: type[LayerRule], arguments: Mapping[str, Any]) -> LayerRule | None:
    """The layer with these arguments; None where it refuses them, or cannot do without others."""
    arguments = {**arguments, **missing(rule, arguments)}
    try:
        made = rule({key: rule.arguments[key].check(key, value) for key, value in arguments.items()})
        made.validate()
    except Rejection:
        return None
    return made


def view_of(made: LayerRule, inputs: tuple[Shape, ...], seen: Seen) -> Inputs:
    """What the layer sees of a call; raises `Rejection`."""
    return solving.view_of(made, [lift(shape) for shape in inputs], dict(seen.keywords))


def standing_in(arguments: Mapping[str, Any], cost: float = 0.0, only: tuple[str, ...] = ()) -> Proposal:
    """A proposal whose values, or `only` some of them, stand for what no summary shows."""
    return Proposal(arguments, cost, only or tuple(arguments))


def known_size(size: Size) -> int | None:
    """A size where it is a number."""
    return size if isinstance(size, int) else None


def whole(seen: Seen) -> Shape | None:
    """The first output, where all of it is printed."""
    shape = tuple(size for size in seen.output if not isinstance(size, Cut))
    return shape if seen.outputs and len(shape) == len(seen.output) else None


def inputs_or_output(seen: Seen, number: int = 1) -> tuple[Shape, ...] | None:
    """The inputs, or for a layer that keeps the shape as many as its output; None where neither is known."""
    if seen.inputs is not None:
        return seen.inputs
    shape = whole(seen)
    return None if shape is None else (shape,) * number


def agreeing(
    rule: type[LayerRule], seen: Seen, before: Mapping[str, Any], options: Iterable[Proposal]
) -> Iterator[Proposal]:
    """The options with which a layer prints what is seen, given whole inputs; where none does, the first as a miss."""
    options = list(options)
    inputs = seen.inputs
    named = any(isinstance(value, str) and value in rule.arguments for value in before.values())
    if inputs is None or named:
        yield from options
        return
    fitting = [each for each in options if _prints(rule, seen, inputs, {**before, **each.arguments})]
    yield from fitting or options[:1]


def _prints(rule: type[LayerRule], seen: Seen, inputs: tuple[Shape, ...], arguments: Mapping[str, Any]) -> bool:
    made = with_arguments(rule, arguments)
    if made is None:
        return False
    try:
        x = view_of(made, inputs, seen)
        outputs, stated, count = made.output_shape(x), made.keras_output_shape(x), made.count(x)
    except Rejection:
        return False
    fits = any(shape is not None and matches(as_shapes(shape), seen) for shape in (outputs, stated))
    return fits and (seen.params is None or count == seen.params)


def shows(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any], options: Iterable[Proposal]) -> bool:
    """Whether a layer prints different rows with different options."""
    inputs = inputs_or_output(seen) or ((None, *APART[: max(len(seen.output), 2) - 1]),)
    return len({_print(rule, seen, inputs, {**before, **each.arguments}) for each in options}) > 1


def _print(rule: type[LayerRule], seen: Seen, inputs: tuple[Shape, ...], arguments: Mapping[str, Any]) -> Any:
    """What a layer prints of these inputs; None where it refuses them."""
    made = with_arguments(rule, arguments)
    if made is None:
        return None
    try:
        x = view_of(made, inputs, seen)
        return as_shapes(made.output_shape(x)), made.count(x)
    except Rejection:
        return None
