"""What one layer costs, step by step: the products with its weights, all else, and what a training step adds.

The figures are those of the rule's own steps; the formula comes from running the same rule on names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lstmcalc.costs import Training, training_of_work
from lstmcalc.dims import UNKNOWN, Dim, substitute, symbol, total
from lstmcalc.errors import Rejection, SpecError
from lstmcalc.explanation.costs.words import as_factor, in_words, told
from lstmcalc.explanation.named_axes import rule_in_names
from lstmcalc.explanation.words import in_steps, listed
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.batch import moved, of_sample, used
from lstmcalc.layers.costs import Cost, Work
from lstmcalc.layers.rule import Formula, Inputs, LayerRule, Term, Weight, all_work
from lstmcalc.report import Report

__all__ = ["COLUMNS", "LayerCost", "closed", "cost_lines", "cost_of_layer", "cost_over"]

Row = tuple[str, ...]
#: What heads the columns of the steps.
COLUMNS = ("step", "MACs", "other", "how")
#: More weights than these are not named in a sentence.
MOST_NAMED = 4
#: What tells the two directions of a Bidirectional apart in the names of steps.
DIRECTION = re.compile(r"^(forward|backward)_.*?/")


class LayerCost(NamedTuple):
    """A layer's steps for one sample, in one application; sizes that are left open stand by the names of their axes.

    `weights` are those behind the first steps. `formula` is that of the MACs, `training` what a training step takes,
    and `reading` what it would take besides if the gradient to the layer's input were needed.
    """

    steps: tuple[Work, ...]
    weights: tuple[Weight, ...]
    formula: Formula | None
    training: Training | None
    reading: Dim
    #: The MACs, FLOPs and params that the layer has per time step, if that is how they grow.
    timesteps: Dim | None
    params: Dim

    @property
    def cost(self) -> Cost:
        """All steps together."""
        return Cost.of(step.cost for step in self.steps)


def cost_of_layer(rule: LayerRule, x: Inputs, report: Report, name: str, alone: bool = True) -> LayerCost:
    """What a layer of a model costs, in its first application; what a training step takes where the model is `alone`,
    not used as a layer of another one.

    >>> from lstmcalc import infer
    >>> from lstmcalc.layers.rule import RULES
    >>> from lstmcalc.sources.layer_options import read_layer
    >>> report = infer(read_layer(["dense", "--units", "3"], ["4"]))
    >>> rule = RULES["Dense"]({"units": 3})
    >>> cost_of_layer(rule, Inputs([(None, 4)], ("batch", "input_dim")), report, "dense").cost.macs
    12
    """
    seen = closed(x)
    weights = used(rule, seen, tuple(rule.built_weights(seen)))
    steps = of_sample(rule, seen, weights)
    training = training_of_work(report, name, steps) if alone else None
    every = training_of_work(report, name, steps, frozenset(range(len(report.inputs))))
    reading = every.macs - training.macs if training and every else 0
    formula = _formula(rule, seen, total(step.cost.macs for step in steps))
    timesteps = seen.timesteps if _grows_with_time(rule, seen) else None
    return LayerCost(steps, weights, formula, training, reading, timesteps, total(each.params for each in weights))


def closed(x: Inputs) -> Inputs:
    """The call with the names of axes for sizes that are left open, but for the batch."""
    names = {place: symbol(axis) for place, axis in enumerate(x.axes)}

    def size(place: int, here: Dim) -> Dim:
        return names.get(place, here) if here is UNKNOWN and place else here

    shapes = [tuple(size(place, here) for place, here in enumerate(shape)) for shape in x.shapes]
    view = x.replace(shapes, x.axes, x.states)
    view.masks, view.told, view.batched, view.checked = x.masks, x.told, x.batched, False
    return view


def _grows_with_time(rule: LayerRule, x: Inputs) -> bool:
    """Whether twice as many steps cost exactly twice as much."""
    if "timesteps" not in x.axes or x.ndim < 3 or moved(x):
        return False
    single = cost_over(rule, x, symbol("timesteps"))
    double = cost_over(rule, x, 2 * symbol("timesteps"))
    return single.macs != 0 and UNKNOWN not in single and double == single.times(2)


def cost_over(rule: LayerRule, x: Inputs, steps: Dim) -> Cost:
    """The cost over another number of time steps."""
    place = x.axes.index("timesteps")
    view = x.replace([(*shape[:place], steps, *shape[place + 1 :]) for shape in x.shapes], x.axes, x.states)
    view.checked = False
    return Cost.of(step.cost for step in all_work(rule, view, rule.weights(view)))


def _formula(rule: LayerRule, x: Inputs, macs: Dim) -> Formula | None:
    """The MACs in the names of arguments and axes; None where names do not give them."""
    if not x.shapes or macs is UNKNOWN or moved(x):
        return None
    named, given, defaults = rule_in_names(rule)
    values = {**defaults, **given, **dict(zip(x.axes, x.shape, strict=False))}
    names = tuple(symbol(axis) for axis in x.axes)
    view = x.replace([names if shape == x.shape else shape for shape in x.shapes], x.axes, x.states)
    view.checked = False
    try:
        found = total(step.cost.macs for step in all_work(named, view, named.weights(view)))
    except (Rejection, SpecError, TypeError, AttributeError):
        return None
    found = substitute(found, {name: value for name, value in defaults.items() if value is not UNKNOWN})
    return Formula((Term(found, values),)) if found is not UNKNOWN and substitute(found, values) == macs else None


def cost_lines(cost: LayerCost, uses: int = 1) -> Iterator[Row]:
    """The steps as rows, then what is to be said of them; nothing for a layer that calculates nothing."""
    all_of_it = cost.cost
    if all_of_it.flops == 0:
        return
    rows = [_row(*each) for each in _both_ways(cost)]
    yield from rows
    others = all_of_it.arithmetic + all_of_it.functions
    if len(rows) > 1:
        yield "all", in_words(all_of_it.macs), in_words(others), ""
    if uses > 1:
        yield (f"This is one of its {uses} uses.",)
    if UNKNOWN in all_of_it:
        yield ("`?` stands for what is not known.",)
        return
    if all_of_it.macs != 0:
        formula = cost.formula
        steps = (formula.in_names(), formula.in_numbers()) if formula else ()
        yield (f"MACs: {in_steps(*steps, in_words(all_of_it.macs))}.",)
    yield (f"FLOPs: {_flops(all_of_it, others)}.",)
    yield from ((text,) for text in (*_meaning(all_of_it), *_over_time(cost), *_training(cost)) if text)


def _both_ways(cost: LayerCost) -> Iterator[tuple[Work, Weight | None, str]]:
    """The steps that cost anything, each with its weight; what both directions of a Bidirectional do alike once."""
    steps = [step for step in cost.steps if step.cost.flops != 0]
    alike: dict[tuple[str, Cost], list[Work]] = {}
    for step in steps:
        alike.setdefault((DIRECTION.sub("", step.name), step.cost), []).append(step)
    told = len(alike) * 2 == len(steps) and all(len(each) == 2 for each in alike.values())
    for step in steps[: len(steps) // 2] if told else steps:
        weight = next((each for each in cost.weights if each.name == step.name and step.cost in _costs(each)), None)
        yield step, weight, "both directions, each " if told else ""


def _costs(weight: Weight) -> tuple[Cost, Cost]:
    """What a weight costs that is multiplied, or added, at each use."""
    number = weight.params * weight.uses
    return Cost(macs=number), Cost(arithmetic=number)


def _row(step: Work, weight: Weight | None, which: str) -> Row:
    """A step with its figures, and how they come about; of two steps that are alike, those of both."""
    name, cost, how = step.name, step.cost, step.why
    if weight is not None:
        plural = "" if weight.params == 1 else "s"
        number, uses = f"{in_words(weight.params)} number{plural}", as_factor(weight.uses)
        how = number if weight.uses == 1 else f"{as_factor(weight.params)} number{plural} · {uses} uses"
        how += "" if cost.macs != 0 else ", added" if weight.name.endswith("bias") else ""
    if which:
        name, cost = DIRECTION.sub("", name), cost.times(2)
        how = f"2 · {how}" if weight is not None else f"{how}, in both directions"
    return name, in_words(cost.macs), in_words(cost.arithmetic + cost.functions), how


def _flops(cost: Cost, others: Dim) -> str:
    """`2·12 + 3 = 27`."""
    if cost.macs == 0:
        return told(cost.flops)
    more = "" if others == 0 else f" + {in_words(others)}"
    if isinstance(cost.flops, int):
        return f"2·{in_words(cost.macs)}{more} = {told(cost.flops)}"
    return f"2 · MACs{' + other' if more else ''} = {in_words(cost.flops)}"


def _meaning(cost: Cost) -> Iterator[str]:
    """What the two words mean."""
    if cost.macs != 0:
        yield ("A MAC multiplies two numbers and adds the product to a sum, which is 2 FLOPs; everything else, an "
               "addition or a tanh, is 1. FLOPs are a number of operations; FLOPS, with a capital S, are operations "
               "per second, the speed of a chip.")  # fmt: skip


def _over_time(cost: LayerCost) -> Iterator[str]:
    """Why the cost grows with the steps, and the params do not."""
    if cost.timesteps is None or cost.timesteps == 1:
        return
    done = {step.name: step.cost for step in cost.steps}
    multiplied = [weight for weight in cost.weights if done.get(weight.name) == _costs(weight)[0]]
    held, macs = total(weight.params for weight in multiplied), cost.cost.macs
    steps = as_factor(cost.timesteps)
    if held != 0 and held * cost.timesteps == macs:
        added = [f"`{weight.name}`" for weight in cost.weights if weight not in multiplied]
        without = f" but those of {listed(added)}, which are added," if 0 < len(added) <= MOST_NAMED else ""
        yield (f"Each of the params{without} is multiplied once at every step: {as_factor(held)} · {steps} = "
               f"{in_words(macs)} MACs.")  # fmt: skip
    stay = in_words(cost.params) if isinstance(cost.params, int) else "what they are"
    yield f"Twice as many steps cost twice as much; the params stay {stay}."


def _training(cost: LayerCost) -> Iterator[str]:
    """What a training step takes, and what it is spared."""
    training: Any = cost.training
    if training is None or training.macs is UNKNOWN or training.forward == 0:
        return
    if training.macs == training.forward:
        yield f"A training step takes as many MACs, {told(training.macs)}: it needs no gradient from this layer."
        return
    parts = [f"{in_words(training.forward)} forwards"]
    if training.weights != 0:
        as_many = "as many" if training.weights == training.forward else in_words(training.weights)
        parts.append(f"{as_many} for the gradients to the weights")
    if training.values != 0:
        alone = training.weights == 0
        as_many = "as many" if not alone and training.values == training.forward else in_words(training.values)
        parts.append(f"{as_many} for {'the gradients' if alone else 'those'} to what {'is' if alone else 'they are'} "
                     "multiplied" + ("" if alone else " with"))  # fmt: skip
    less = (f"; less {in_words(training.spared)}, since the states before the first step are not trained. The loop of "
            "JAX calculates those too")  # fmt: skip
    yield (f"A training step takes {told(training.macs)} MACs: {listed(parts)}"
           f"{less if training.spared != 0 else ''}.")  # fmt: skip
    if cost.reading is not UNKNOWN and cost.reading != 0:
        yield ("Where nothing that is trained stands before it, no gradient is needed to what it reads: here that "
               f"spares {in_words(cost.reading)}.")  # fmt: skip
