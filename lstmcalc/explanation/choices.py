"""What a layer would be with the other value of an argument: the same rule is run once more, and the answers compared.

No argument is named here for a class: whatever is true or false, or one of a few words, is tried, and what changes
neither the output's shape nor the count is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim
from lstmcalc.errors import Rejection, SpecError
from lstmcalc.explanation.keras_calls import changed
from lstmcalc.explanation.words import listed
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.arguments import show
from lstmcalc.layers.rule import Inputs, LayerRule, as_shapes, show_shapes
from lstmcalc.layers.rule import Shape as Dims
from lstmcalc.shapes import show_count

__all__ = ["Choice", "other_choices"]

#: Arguments that say how the data lies, not what is done with it; another value would be wrong for the same data.
LAYOUT = ("data_format",)
#: How many choices are told of one layer.
MOST_CHOICES = 5


class Choice(NamedTuple):
    """Other values of one argument that all change the layer alike; `inside` is the layer that has it, in words, where
    a wrapper holds that layer.
    """

    argument: str
    values: tuple[Any, ...]
    inside: str
    outputs: tuple[Dims, ...]
    outputs_here: tuple[Dims, ...]
    params: Dim
    params_here: Dim

    @property
    def written(self) -> str:
        """The argument with its values, as a source states them."""
        texts = [value if isinstance(value, str) else show(value) for value in self.values]
        values = listed([f"`{self.argument}: {texts[0]}`", *(f"`{text}`" for text in texts[1:])], "or")
        return f"{values} of the {self.inside}" if self.inside else values

    @property
    def text(self) -> str:
        """The whole in one sentence: `` `return_sequences: true`: (None, 10, 128) instead of (None, 128). ``"""
        return f"{self.written}: {self.change}."

    @property
    def change(self) -> str:
        """What it would change."""
        parts = [self._shapes()] if self.outputs != self.outputs_here else []
        if self.params != self.params_here:
            parts.append(_difference(self.params, self.params_here))
        return "; ".join(parts)

    def _shapes(self) -> str:
        (there, *others), (here, *others_here) = self.outputs, self.outputs_here
        if there != here:
            alike, several = others == others_here, len(self.outputs) > 1
            shapes = show_shapes(there if alike else self.outputs), show_shapes(here if alike else self.outputs_here)
            return f"{'the first output is ' if alike and several else ''}{shapes[0]} instead of {shapes[1]}"
        if not others:
            return "the first output alone"
        more = others[len(others_here) :]
        if not more or others[: len(others_here)] != others_here:
            return f"{show_shapes(self.outputs)} instead of {show_shapes(self.outputs_here)}"
        if len(more) == 1:
            return f"one more output, {show_shapes(more[0])}"
        each = f"{show_shapes(more[0])} each" if len(set(more)) == 1 else listed(map(show_shapes, more))
        return f"{len(more)} more outputs, {each}"

    @property
    def weight(self) -> int:
        """How much changes, the most first: axes of the output, its sizes, further outputs, the count alone."""
        (there, *others), (here, *others_here) = self.outputs, self.outputs_here
        if len(there) != len(here):
            return 0
        if there != here:
            return 1
        return 2 if others != others_here else 3


def _difference(count: Dim, here: Dim) -> str:
    if UNKNOWN in (count, here):
        return "another number of params"
    difference = count - here
    if not isinstance(difference, int):
        return f"{show_count(count)} params instead of {show_count(here)}"
    amount = show_count(abs(difference))
    return f"{amount} param{'' if amount == '1' else 's'} {'more' if difference > 0 else 'fewer'}"


def other_choices(rule: LayerRule, x: Inputs) -> list[Choice]:
    """What else the layer could be on this input, the greatest change first; each argument once before any twice.

    >>> from lstmcalc.dims import lift
    >>> from lstmcalc.layers import RULES
    >>> x = Inputs([lift((None, 10, 50))], ("batch", "timesteps", "input_dim"))
    >>> for choice in other_choices(RULES["LSTM"]({"units": 128}), x):
    ...     print(choice.text)
    `return_sequences: true`: (None, 10, 128) instead of (None, 128).
    `return_state: true`: 2 more outputs, (None, 128) each.
    `use_bias: false`: 512 params fewer.
    """
    here = _answer(rule, x)
    if here is None:
        return []
    found: dict[Any, Choice] = {}
    for argument, value, inside, other in _others(rule):
        answer = _answer(other, x)
        if answer is None or answer == here:
            continue
        key = argument, inside, answer
        known = found.get(key)
        if known is None:
            (outputs, count), (outputs_here, count_here) = answer, here
            found[key] = Choice(argument, (value,), inside, outputs, outputs_here, count, count_here)
        else:
            found[key] = known._replace(values=(*known.values, value))
    ranked = sorted(found.values(), key=lambda choice: choice.weight)
    arguments = [(choice.argument, choice.inside) for choice in ranked]
    first = [choice for place, choice in enumerate(ranked) if arguments.index(arguments[place]) == place]
    return [*first, *(choice for choice in ranked if choice not in first)][:MOST_CHOICES]


def _others(rule: LayerRule) -> Iterator[tuple[str, Any, str, LayerRule]]:
    """The layer with each other value of each of its arguments, and of those of the layers inside."""
    held = [key for key in rule.arguments if isinstance(rule.given.get(key), LayerRule)]
    for key, argument in rule.arguments.items():
        value = getattr(rule, argument.attribute)
        if key in LAYOUT or (argument.keyword_only and key in LayerRule.arguments):
            continue
        if argument.kind == "flag":
            yield key, not value, "", changed(rule, **{key: not value})
        elif argument.kind == "choice":
            yield from ((key, each, "", changed(rule, **{key: each})) for each in argument.names if each != value)
        elif argument.kind == "layer" and isinstance(value, LayerRule) and value.given:
            where = f"{value.class_name} inside" if len(held) < 2 else f"{value.class_name} in `{key}`"
            for name, each, inside, other in _others(value):
                yield name, each, inside or where, changed(rule, **{key: other})


def _answer(rule: LayerRule, x: Inputs) -> tuple[tuple[Dims, ...], Dim] | None:
    """The outputs and the count; None where the layer refuses the input or its arguments."""
    view = Inputs(x.shapes, x.axes, x.states, x.keywords)
    try:
        rule.validate()
        return as_shapes(rule.output_shape(view)), rule.count(view)
    except (Rejection, SpecError):
        return None
