"""What the sentences about a layer draw from, whether a spec states the layer or a printed summary shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from lstmcalc.dims import Dim, Size, symbols_of, to_text
from lstmcalc.errors import Rejection, SpecError
from lstmcalc.explanation.named_axes import Made, named_outputs
from lstmcalc.explanation.rule_inputs import inputs_of
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.rule import Inputs, LayerRule, as_shapes
from lstmcalc.layers.rule import Shape as Dims
from lstmcalc.report import Shape

__all__ = ["Facts", "run"]


class _Known(NamedTuple):
    """What is known of a layer, one by one."""

    call: str
    rule: Any
    x: Inputs
    outputs: tuple[Dims, ...]
    made: tuple[Made, ...] | None
    params: Size
    formula: str | None = None
    arithmetic: str | None = None
    believed: tuple[Shape, ...] | None = None
    keywords: Mapping[str, Any] = {}
    stand_ins: tuple[str, ...] = ()


class Facts(_Known):
    """The rule of a layer, what it sees and gives, its count, and its outputs in names (None: names do not give them).

    `call` is the layer as a Keras call, `params` is None where the count is not known, and `believed` is what Keras
    states for the outputs where that is not what data then has. `stand_ins` are arguments that nothing tells.
    """

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
    try:
        x = inputs_of(rule, shapes, states, keywords)
        made = _in_names(rule, x) if shapes else None
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
