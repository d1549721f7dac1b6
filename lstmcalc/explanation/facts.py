"""What the sentences about a layer draw from, whether a spec states the layer or a printed summary shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lstmcalc.dims import Dim, Size, lift, symbols_of, to_text
from lstmcalc.errors import Rejection, SpecError
from lstmcalc.explanation import purpose_of
from lstmcalc.explanation.named_axes import Made, input_axes_of, named_outputs
from lstmcalc.explanation.recurrence import call_text
from lstmcalc.layers import Stated
from lstmcalc.layers.recurrent import Cell
from lstmcalc.layers.rule import Inputs, LayerRule, as_shapes
from lstmcalc.layers.rule import Shape as Dims

__all__ = ["Facts", "differs", "purpose_of_class", "reduced", "run", "true_purpose", "written"]

Shape = tuple[Size, ...]

#: A tuple of one number, which Keras takes as the number: `kernel_size=(3,)`.
ONE_OF_ITS_KIND = re.compile(r"\((\d+),\)")


@dataclass(frozen=True)
class Facts:
    """The rule of a layer, what it sees and gives, its count, and its outputs in names (None: names do not give them).

    `call` is the layer as a Keras call, `params` is None where the count is not known, and `believed` is what Keras
    states for the outputs where that is not what data then has. `stand_ins` are arguments that nothing tells.
    """

    call: str
    rule: Any
    x: Inputs
    outputs: tuple[Dims, ...]
    made: tuple[Made, ...] | None
    params: Size
    formula: str | None = None
    arithmetic: str | None = None
    believed: tuple[Shape, ...] | None = None
    keywords: Mapping[str, Any] = field(default_factory=dict)
    stand_ins: tuple[str, ...] = ()

    @cached_property
    def told(self) -> frozenset[str]:
        """The axes of the input that stand in an output as they are."""
        return self._axes_in(lambda size: (to_text(size),))

    @cached_property
    def used(self) -> frozenset[str]:
        """The axes of the input on which a size of an output depends."""
        return self._axes_in(symbols_of)

    def _axes_in(self, names: Callable[[Dim], Iterable[str]]) -> frozenset[str]:
        """The axes that some output names; `Made` has names of its own for those that an argument is called like."""
        found = set()
        for each in self.made or ():
            own = dict(zip(each.axes, self.x.axes, strict=True))
            found |= {own[name] for size in each.shape for name in names(size) if name in own}
        return frozenset(found)

    @cached_property
    def counted(self) -> frozenset[str]:
        """The axes of the input on which the count depends."""
        formula = self.rule.formula(self.x) if self.params != 0 else None
        names = {name for term in formula.terms for name in term.values} if formula else set()
        return frozenset(names & set(self.x.axes))


def run(
    rule: LayerRule, shapes: Sequence[Shape], states: Sequence[Shape], keywords: Mapping[str, Any]
) -> tuple[Inputs, tuple[Dims, ...], tuple[Made, ...] | None] | None:
    """What a rule sees of a call, what it gives, and that in names; None where it refuses the call.

    >>> from lstmcalc.layers import RULES
    >>> x, outputs, made = run(RULES["LSTM"]({"units": 128}), [(None, 10, 50)], (), {})
    >>> x.axes, [to_text(size) for size in made[0].shape]
    (('batch', 'timesteps', 'input_dim'), ['batch', 'units'])
    """
    lifted = [lift(shape) for shape in shapes]
    try:
        axes = input_axes_of(rule, len(lifted[0])) if lifted else ()
        x = Inputs(lifted, axes, [lift(shape) for shape in states], keywords)
        if isinstance(rule, Cell) and not x.states:
            x.states = rule.state_shapes(x)
        x.checked = False
        made = _in_names(rule, x) if lifted else None
        return x, as_shapes(rule.output_shape(x)), made
    except Rejection:
        return None


def _in_names(rule: LayerRule, x: Inputs) -> tuple[Made, ...] | None:
    """The outputs in names; a model inside the layer may refuse names for its sizes."""
    try:
        made = named_outputs(rule, x)
    except SpecError:
        return None
    return None if made is None else tuple(made)


def written(rule: LayerRule, class_name: str, hidden: Sequence[str] = ()) -> str:
    """A rule as a Keras call, without arguments that equal Keras's defaults or that are `hidden`.

    >>> from lstmcalc.layers import RULES
    >>> written(RULES["Dropout"]({"rate": 0.5, "seed": None}), "Dropout")
    'Dropout(0.5)'
    """

    def shown(rule: LayerRule, key: str, value: Any) -> bool:
        return differs(rule, key, value) and key not in hidden and not isinstance(rule, Stated)

    text = ONE_OF_ITS_KIND.sub(r"\1", call_text(reduced(rule, shown)))
    return f"ops.{text}" if class_name.startswith("ops.") else text


def purpose_of_class(rule: type[LayerRule]) -> str:
    """The first sentence of a rule's docstring."""
    return purpose_of(rule({}))


def true_purpose(facts: Facts) -> str:
    """What the layer is for, without the parts that its arguments switch off."""
    rule, text = facts.rule, purpose_of_class(type(facts.rule))
    if getattr(rule, "use_bias", True) is False:
        text = text.replace(", plus an offset", "")
    if not (getattr(rule, "scale", True) and getattr(rule, "center", True)):
        text = text.partition(", then scales")[0].rstrip(".") + "."
    return text


def reduced(rule: LayerRule, kept: Callable[[LayerRule, str, Any], bool]) -> LayerRule:
    """The same layer with some of its arguments, and so the layers that it wraps."""
    if not rule.given:
        return rule

    def inside(value: Any) -> Any:
        if isinstance(value, LayerRule):
            return reduced(value, kept)
        return [inside(item) for item in value] if isinstance(value, list) else value

    given = {key: inside(value) for key, value in rule.given.items() if kept(rule, key, value)}
    made = type(rule)(given, rule.name)
    if isinstance(rule, Stated) and isinstance(made, Stated):
        made.stated_class = rule.stated_class
    return made


def differs(rule: LayerRule, key: str, value: Any) -> bool:
    """Whether a value is another one than Keras's default."""
    return bool(value != rule.arguments[key].initial)
