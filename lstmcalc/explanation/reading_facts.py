"""A candidate of a row run once more by its rule, for what the sentences about it need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lstmcalc.building import Builder
from lstmcalc.dims import Dim, lift, symbols_of, to_text
from lstmcalc.errors import Rejection
from lstmcalc.explanation import Made, input_axes_of, named_outputs, purpose_of
from lstmcalc.explanation.recurrence import call_text
from lstmcalc.layers import Stated
from lstmcalc.layers.recurrent import Recurrent
from lstmcalc.layers.rule import Inputs, LayerRule, as_shapes
from lstmcalc.layers.rule import Shape as Dims
from lstmcalc.layers.wrappers import Bidirectional
from lstmcalc.summary_text.reading import Candidate

#: A tuple of one number, which Keras takes as the number: `kernel_size=(3,)`.
ONE_OF_ITS_KIND = re.compile(r"\((\d+),\)")

__all__ = ["Facts", "call_of", "facts_of", "purpose_of_class"]


@dataclass(frozen=True)
class Facts:
    """The rule of a candidate, what it sees and gives, and its outputs in names (None: names do not give them)."""

    candidate: Candidate
    rule: Any
    x: Inputs
    outputs: tuple[Dims, ...]
    made: tuple[Made, ...] | None

    @cached_property
    def call(self) -> str:
        """The layer as a Keras call."""
        return call_of(self.candidate)

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
        formula = self.rule.formula(self.x) if self.candidate.params != 0 else None
        names = {name for term in formula.terms for name in term.values} if formula else set()
        return frozenset(names & set(self.x.axes))


def facts_of(candidate: Candidate) -> Facts | None:
    """What a candidate's rule says of it; None where it has no rule or nothing is known of its input.

    >>> from lstmcalc.spec import LayerSpec
    >>> layer = LayerSpec("LSTM", "lstm", {"units": 128, "return_sequences": True, "use_bias": True})
    >>> facts = facts_of(Candidate(layer, ((None, 10, 50),), ((None, 10, 128),), 91648))
    >>> sorted(facts.told), sorted(facts.counted)
    (['batch', 'timesteps'], ['input_dim'])
    """
    built = Builder().build(candidate.layer)
    if built is None or not candidate.inputs:
        return None
    rule = _reduced(built, _differs)
    shapes = [lift(shape) for shape in candidate.inputs]
    # What else a recurrent layer is connected to are its first states.
    states = shapes[1:] if isinstance(rule, (Recurrent, Bidirectional)) else []
    try:
        x = Inputs(shapes[: len(shapes) - len(states)], input_axes_of(rule, len(shapes[0])), states, candidate.keywords)
        x.checked = False
        outputs = as_shapes(rule.output_shape(x))
        made = named_outputs(rule, x)
    except Rejection:
        return None
    return Facts(candidate, rule, x, outputs, None if made is None else tuple(made))


def call_of(candidate: Candidate) -> str:
    """A candidate as a Keras call, without arguments that equal Keras's defaults or that only stand in for others.

    >>> from lstmcalc.spec import LayerSpec
    >>> layer = LayerSpec("Bidirectional", "both", {"layer": LayerSpec("LSTM", "", {"units": 8, "use_bias": True})})
    >>> call_of(Candidate(layer, (), (), 0))
    'Bidirectional(LSTM(8))'
    >>> call_of(Candidate(LayerSpec("Dropout", "dropout", {"rate": 0.5}), (), (), 0, stand_ins=("rate",)))
    'Dropout'
    """
    built = Builder().build(candidate.layer)
    if built is None:
        return candidate.layer.class_name

    def shown(rule: LayerRule, key: str, value: Any) -> bool:
        return _differs(rule, key, value) and key not in candidate.stand_ins and not isinstance(rule, Stated)

    text = ONE_OF_ITS_KIND.sub(r"\1", call_text(_reduced(built, shown)))
    return f"ops.{text}" if candidate.layer.class_name.startswith("ops.") else text


def purpose_of_class(rule: type[LayerRule]) -> str:
    """The first sentence of a rule's docstring."""
    return purpose_of(rule({}))


def _reduced(rule: LayerRule, kept: Callable[[LayerRule, str, Any], bool]) -> LayerRule:
    """The same layer with some of its arguments, and so the layers that it wraps."""

    def reduced(value: Any) -> Any:
        if isinstance(value, LayerRule):
            return _reduced(value, kept)
        return [reduced(item) for item in value] if isinstance(value, list) else value

    given = {key: reduced(value) for key, value in rule.given.items() if kept(rule, key, value)}
    made = type(rule)(given, rule.name)
    if isinstance(rule, Stated) and isinstance(made, Stated):
        made.stated_class = rule.stated_class
    return made


def _differs(rule: LayerRule, key: str, value: Any) -> bool:
    """Whether a value is another one than Keras's default."""
    return bool(value != rule.arguments[key].initial)
