"""Hints that only the layers around a layer tell: what Keras accepts in a model though it is most likely a mistake."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lstmcalc.applied import Applied
from lstmcalc.dims import lower_size, to_text, total
from lstmcalc.errors import Fault
from lstmcalc.flow import Flow, Place
from lstmcalc.graph import CallKey
from lstmcalc.layers import LayerRule
from lstmcalc.layers.kinds import is_bidirectional, is_recurrent, is_time_distributed
from lstmcalc.layers.rule import Inputs
from lstmcalc.shapes import show_count, show_shape
from lstmcalc.spec import Call, Spec

if TYPE_CHECKING:
    from lstmcalc.layers.recurrent import Recurrent

__all__ = ["hints_on_model"]

#: Layers that set values to zero or spread them, while training.
DROPPING = ("AlphaDropout", "Dropout", "GaussianDropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
#: Layers that move and scale values.
SCALING = ("BatchNormalization", "GroupNormalization", "LayerNormalization", "RMSNormalization")
#: Layers that only apply a function, and its name where they apply no other.
FUNCTIONS = {"ELU": "elu", "LeakyReLU": "leaky_relu", "PReLU": "prelu"}
#: Layers that leave every value in its place.
PASSING = (*DROPPING, *SCALING, *FUNCTIONS, "Activation", "ReLU", "Identity", "GaussianNoise", "UnitNormalization")
#: Layers that make new values of all that they get.
WEIGHING = ("Conv1D", "Conv2D", "Conv3D", "Dense", "GRU", "LSTM", "SimpleRNN")
#: The values that these functions give, from and to.
RANGES = {"relu": (0.0, math.inf), "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}
#: What is true of the values of these, until something changes them.
LIMITS = {"softmax": "no longer sum to 1", "sigmoid": "no longer lie between 0 and 1"}
#: What these change in values of at least 0: nothing.
IDLE_ABOVE_0 = ("relu", "elu", "leaky_relu", "prelu")


def hints_on_model(spec: Spec, calls: Mapping[CallKey, Call], applied: Mapping[CallKey, Applied]) -> Iterator[Fault]:
    """Every such hint; `applied` holds the calls whose layers are known."""
    flow = Flow(spec, calls, applied)
    told = set()
    checks_of: dict[Applied, Sequence[Check]] = {}
    for key, found in applied.items():
        checks = checks_of.get(found)
        if checks is None:
            checks = checks_of[found] = _checks_of(found.rule)
        if not checks or (place := flow.place(key)) is None:
            continue
        for check in checks:
            for hint in check(flow, place):
                if (hint.code, key[0]) not in told:
                    told.add((hint.code, key[0]))
                    yield hint


def _checks_of(rule: LayerRule) -> Sequence[Check]:
    """The checks that may find something at a layer like this."""
    if is_recurrent(rule) or is_bidirectional(rule):
        return (_one_timestep,)
    if is_time_distributed(rule):
        return CHECKS
    checks = CHECKS_OF.get(rule.class_name, ())
    if getattr(rule, "activation", None) == "softmax":
        return checks
    return tuple(check for check in checks if check is not _hidden_softmax)


def _last_function(place: Place) -> str:
    """The name of the function that a layer applies to its values in the end; empty where there is no such.

    A recurrent layer has none: its gates stand behind its activation.
    """
    rule = place.held
    if rule.class_name == "ReLU":
        plain = (rule.max_value, rule.negative_slope, rule.threshold) == (None, 0, 0)  # type: ignore[attr-defined]
        return "relu" if plain else ""
    if rule.class_name == "Softmax":
        return "softmax" if rule.axis in ((-1,), (len(place.came) - 1,)) else ""  # type: ignore[attr-defined]
    if rule.class_name in FUNCTIONS:
        return FUNCTIONS[rule.class_name]
    if is_recurrent(rule) or not hasattr(rule, "activation"):
        return ""
    return rule.activation or "linear" if isinstance(rule.activation, str | None) else ""


def _second_activation(flow: Flow, place: Place) -> Iterator[Fault]:
    """Two activations in a row."""
    before = flow.before(place)
    if before is None or place.held.class_name not in (*FUNCTIONS, "Activation", "ReLU", "Softmax"):
        return
    first = _last_function(before)
    second = _last_function(place) if first in RANGES else ""
    because = _of_a_range(first, second, place)
    if not because:
        return
    fix = f"leave {place} out" if first == second else f"keep one of the two: {place}, or the {first} of {before}"
    got = f"{first} in {before}, then {second} in {place}"
    yield place.hint("second-activation", "one activation", got, because, fix)


def _of_a_range(first: str, second: str, place: Place) -> str:
    """What a function makes of the values of another, where that is of no use."""
    if first not in RANGES:
        return ""
    low, high = RANGES[first]
    if second in IDLE_ABOVE_0 and low == 0:
        return f"{first} gives no value below 0, and {second} changes no others"
    if first == "relu":
        return "relu gives no value below 0, and so sigmoid none below 0.5" if second == "sigmoid" else ""
    if second in ("sigmoid", "tanh"):
        function: Callable[[float], float] = math.tanh if second == "tanh" else _sigmoid
        made = f"values from {function(low):.2g} to {function(high):.2g}"
        return f"of values from {low:g} to {high:g}, {second} makes {made}"
    classes = place.went[-1]
    if second == "softmax" and low == 0 and isinstance(classes, int) and classes > 1:
        most = math.e / (math.e + classes - 1)
        return f"of {classes} values from 0 to 1, softmax makes shares of which none exceeds {_shown(most)}"
    return ""


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def _shown(share: float) -> str:
    """A share, rounded up."""
    digits = 2 if share > 0.01 else 2 - math.floor(math.log10(share))
    return f"{math.ceil(share * 10**digits) / 10**digits:.{digits}g}"


def _hidden_softmax(flow: Flow, place: Place) -> Iterator[Fault]:
    """Shares of 1 inside the model, which further weights read."""
    if _last_function(place) != "softmax" or place.held.class_name not in ("Dense", "Conv1D", "Conv2D"):
        return
    reader = flow.after(place)
    while reader is not None and reader.held.class_name in PASSING:
        reader = flow.after(reader)
    values = place.went[-1]
    if reader is None or reader.held.class_name not in WEIGHING or values == 1:
        return
    yield place.hint(
        "hidden-softmax",
        "softmax at the output of the model only",
        f"softmax in {place}, whose values {reader} reads",
        f"its {to_text(values)} values always sum to 1, so that one rises only where others fall",
        f"use `activation: relu` in {place}",
    )


def _over_the_steps(flow: Flow, place: Place) -> Iterator[Fault]:
    """The model's shares run over the time steps instead of the values of each step."""
    before = flow.before(place)
    if place.rule.class_name != "Softmax" or not flow.is_end(place) or before is None or len(place.came) != 3:
        return
    if place.rule.axis not in ((1,), (-2,)) or 1 in place.came[1:]:  # type: ignore[attr-defined]  # Softmax has it
        return
    if before.held.class_name != "Dense" and not is_recurrent(before.rule):
        return
    steps, values = map(to_text, place.came[1:])
    axis = place.rule.axis[0]  # type: ignore[attr-defined]
    yield place.hint(
        "softmax-over-steps",
        f"shares over the {values} values of each time step",
        f"`axis: {axis}` of {show_shape(place.came)}",
        f"that axis is the time: each of the {values} values sums to 1 over the {steps} timesteps",
        "leave `axis` out",
    )


def _linear_stack(flow: Flow, place: Place) -> Iterator[Fault]:
    """Two layers of weighted sums that one could replace, since nothing stands between them and nothing is narrower."""
    after = flow.after(place)
    if after is None or flow.spec.printed or flow.is_shared(place) or flow.is_shared(after):
        return
    if not _one_suffices(place, after):
        return
    there = Inputs([place.came], after.rule.axis_names(len(place.came)))
    one = after.rule.count(there)
    own = Inputs([place.came], place.rule.axis_names(len(place.came)))
    both = place.rule.count(own) + after.rule.count(Inputs([after.came], after.rule.axis_names(len(after.came))))
    yield place.hint(
        "linear-stack",
        f"an activation between {place} and {after}",
        f"{place} without an `activation`",
        f"without one, {after} alone could give the same values, with {show_count(one)} params instead of "
        f"{show_count(both)}",
        f"set `activation: relu` in {place}, or leave {place} out",
    )


def _one_suffices(place: Place, after: Place) -> bool:
    """Whether the second of two Dense layers could be trained to do what both do."""
    rule, reader = place.held, after.held
    if rule.class_name != "Dense" or reader.class_name != "Dense" or _last_function(place) != "linear":
        return False
    if not rule.trainable or (rule.use_bias and not reader.use_bias):  # type: ignore[attr-defined]  # Dense has them
        return False
    if any(getattr(rule, key) is not None for key in ("kernel_constraint", "lora_rank", "activity_regularizer")):
        return False
    size, width, last = place.came[-1], place.went[-1], reader.units  # type: ignore[attr-defined]
    return all(isinstance(each, int) for each in (size, width, last)) and bool(width >= min(size, last))


def _one_timestep(flow: Flow, place: Place) -> Iterator[Fault]:
    """A recurrent layer that reads a single step of the data, and so has nothing to remember."""
    rule = _recurrent(place)
    if rule is None or rule.stateful or place.came[1] != 1 or len(place.came) != 3:
        return
    before = flow.before(place)
    if not flow.is_start(place) and (before is None or before.rule.class_name != "Reshape"):
        return
    there = Inputs([place.came], place.rule.axis_names(3))
    idle = total(weight.params for weight in place.rule.weights(there) if weight.name.endswith("recurrent_kernel"))
    values, fix = to_text(place.came[2]), ""
    if place.came[2] != 1:
        fix = f"if the {values} values are a series, make them {values} timesteps of 1 value: ({values}, 1)"
    count = show_count(lower_size(idle))
    because = f"the state is 0 on the first step, so that the recurrent weights ({count} params) have no effect"
    yield place.hint("one-timestep", "several timesteps", show_shape(place.came), because, fix)


def _params_per_step(flow: Flow, place: Place) -> Iterator[Fault]:
    """A Dense layer with weights of its own for every time step of a recurrent layer, by way of Flatten."""
    flatten = _first_other(flow, flow.before(place))
    if place.rule.class_name != "Dense" or flatten is None or flatten.rule.class_name != "Flatten":
        return
    source = _first_other(flow, flow.before(flatten))
    if source is None or len(source.went) != 3 or source.went[1] == 1:
        return
    remedy, recurrent = source.rule.remedy(), _recurrent(source)
    if remedy is None or recurrent is None or not recurrent.return_sequences:
        return
    without = (place.came[0], place.came[-1] - source.went[-1])
    axes = place.rule.axis_names(2)
    cost = place.rule.count(Inputs([place.came], axes)) - place.rule.count(Inputs([without], axes))
    yield flatten.hint(
        "params-per-step",
        "one vector for the whole sequence",
        f"{show_shape(flatten.came)} from {source}, as {show_shape(flatten.went)}",
        f"each time step costs {show_count(cost)} params of {place}, and another number of timesteps does not fit",
        f"for the last step only, {remedy.fix} {remedy.place} {source}, and leave {flatten} out",
    )


def _recurrent(place: Place) -> Recurrent | None:
    """The recurrent layer that reads the time steps here, alone or in both directions."""
    rule = place.rule
    inner = rule.layer if is_bidirectional(rule) else rule
    return inner if is_recurrent(inner) else None


def _first_other(flow: Flow, place: Place | None) -> Place | None:
    """The place, or the first one before it that does more than pass values on."""
    while place is not None and place.rule.class_name in PASSING:
        place = flow.before(place)
    return place


def _behind_output(flow: Flow, place: Place) -> Iterator[Fault]:
    """Dropout or a normalization that changes what the model gives out."""
    if not _leads_out(flow, place):
        return
    name, before = place.rule.class_name, flow.before(place)
    if before is None or name not in (*DROPPING, *SCALING):
        return
    limits = LIMITS.get(_last_function(before))
    because = ""
    if limits and name in SCALING:
        because = f"{name} moves and scales the values, which then {limits}"
    elif limits:
        because = f"while training, {name} changes values at random, which then {limits}"
    elif name in DROPPING and before.held.class_name == "Dense" and before.went[-1] == 1:
        because = f"while training, {name} changes predictions at random, and the loss is taken from those"
    if because:
        fix = f"put {place} in front of {before}, or leave it out"
        yield place.hint("behind-output", f"{before} as the last layer", f"{name} behind it", because, fix)


def _leads_out(flow: Flow, place: Place | None) -> bool:
    """Whether what comes out here leaves the model, at most through layers of the same kind."""
    while place is not None and not flow.is_end(place):
        place = flow.after(place)
        if place is not None and place.rule.class_name not in (*DROPPING, *SCALING):
            return False
    return place is not None


Check = Callable[[Flow, Place], Iterator[Fault]]
CHECKS: tuple[Check, ...] = (
    _second_activation,
    _hidden_softmax,
    _over_the_steps,
    _linear_stack,
    _one_timestep,
    _params_per_step,
    _behind_output,
)
#: The checks for each class, recurrent ones and wrappers left out; most layers of most models have none.
CHECKS_OF: dict[str, tuple[Check, ...]] = {
    "Dense": (_hidden_softmax, _linear_stack, _params_per_step),
    "Softmax": (_second_activation, _over_the_steps),
    **dict.fromkeys(("Activation", "ReLU", *FUNCTIONS), (_second_activation,)),
    **dict.fromkeys(("Conv1D", "Conv2D"), (_hidden_softmax,)),
    **dict.fromkeys((*DROPPING, *SCALING), (_behind_output,)),
}
