"""What backpropagation keeps of each layer, where more is known than follows from what it calculates.

The figures of *most* are those of Keras 3.15.1 on JAX 0.10, as tests/keras/test_memory.py measures them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import NamedTuple

from lstmcalc.dims import UNKNOWN, Dim, product
from lstmcalc.layers.activations import Activation, Softmax
from lstmcalc.layers.cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from lstmcalc.layers.conv_lstm import ConvLSTM
from lstmcalc.layers.convolutional import Conv
from lstmcalc.layers.core import Dense, Embedding, Masking
from lstmcalc.layers.depthwise import DepthwiseConv
from lstmcalc.layers.einsum_dense import EinsumDense
from lstmcalc.layers.kept import ANY, Held, Kept, activated, bounded, needed_inputs, per_sample
from lstmcalc.layers.policies import policy_of
from lstmcalc.layers.recurrent import Cell, Recurrent, view
from lstmcalc.layers.regularization import AlphaDropout, Dropping, GaussianDropout
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, Weight, Work, all_work, as_shapes
from lstmcalc.layers.transposed import ConvTranspose
from lstmcalc.layers.wrappers import Bidirectional, TimeDistributed

__all__ = ["Made", "kept", "kept_of_call"]


class Made(NamedTuple):
    """What is known of a call besides its inputs: what comes out, the weights it uses, and what it calculates."""

    outputs: Sequence[Shape]
    weights: tuple[Weight, ...]
    work: tuple[Work, ...]
    #: Whether a mask comes with the input, or may.
    masked: bool = False


def kept_of_call(rule: LayerRule, x: Inputs, made: Made) -> Kept:
    """What a call keeps, in the dtype of the layer's arithmetic."""
    found = kept(rule, x, made)
    compute = policy_of(rule.dtype, rule.name).compute if rule.dtype is not None else ""
    return found._replace(compute=compute)


@singledispatch
def kept(rule: LayerRule, x: Inputs, made: Made) -> Kept:
    """What a call of a layer keeps, for one sample; bounded by what it calculates, unless stated below."""
    if rule.family == "image preprocessing":
        # They move numbers about by tables of indices, which no training step reaches in a usual model.
        return Kept(most=Held(values=UNKNOWN))
    return bounded(x.shapes, made.outputs, made.weights, made.work)


@kept.register(Dense)
@kept.register(Conv)
@kept.register(ConvTranspose)
@kept.register(DepthwiseConv)
@kept.register(EinsumDense)
def _product(rule: LayerRule, x: Inputs, made: Made) -> Kept:
    """One product of the input with a trained kernel, and an activation."""
    simple = {"kernel", "bias"}.issuperset(weight.name for weight in made.weights)
    if not simple or getattr(rule, "padding", "") == "causal":
        return bounded(x.shapes, made.outputs, made.weights, made.work)
    needed = needed_inputs(made.weights, made.work)
    after = activated(rule.activation, made.outputs[0])  # type: ignore[attr-defined]  # each of them has one
    return Kept(after.least._replace(inputs=needed), after.most._replace(inputs=needed))


@kept.register(Activation)
def _activation(rule: Activation, x: Inputs, made: Made) -> Kept:
    return activated(rule.activation, made.outputs[0])


@kept.register(Softmax)
def _softmax(rule: Softmax, x: Inputs, made: Made) -> Kept:
    if not made.masked and rule.axis in ((-1,), (x.ndim - 1,)):
        return activated("softmax", x.shape)
    return bounded(x.shapes, made.outputs, made.weights, made.work)


@kept.register(Dropping)
def _dropping(rule: Dropping, x: Inputs, made: Made) -> Kept:
    """Which values are kept, and zeros for the others."""
    size = per_sample(x.shape) if rule.rate else 0
    return Kept(most=Held(values=size, bytes=size))


@kept.register(GaussianDropout)
def _factors(rule: GaussianDropout, x: Inputs, made: Made) -> Kept:
    """The factors by which the values change."""
    return Kept(most=Held(values=per_sample(x.shape)))


@kept.register(AlphaDropout)
def _alpha(rule: AlphaDropout, x: Inputs, made: Made) -> Kept:
    return Kept(most=Held(values=per_sample(x.shape)))


@kept.register(Masking)
def _masking(rule: Masking, x: Inputs, made: Made) -> Kept:
    size = per_sample(x.shape)
    return Kept(most=Held(values=size, bytes=size))


@kept.register(Embedding)
def _table(rule: Embedding, x: Inputs, made: Made) -> Kept:
    """The rows that were looked up, as whole numbers of 4 bytes."""
    if len(made.weights) != 1 or len(made.outputs[0]) != x.ndim + 1:
        return bounded(x.shapes, made.outputs, made.weights, made.work)
    return Kept(most=Held(bytes=4 * per_sample(x.shape)))


class Step(NamedTuple):
    """What one step of a cell keeps: for each unit, and for all of what comes in."""

    least: Dim
    most: Held


def _step(rule: LayerRule, x: Inputs, made: Made, kind: type[Cell], size: Dim) -> Step:
    """One step of a cell whose states are of this size.

    JAX keeps the derivative of each activation and what it is multiplied with; of tanh one of them is the same array.
    """
    inner = _unit(getattr(rule, "activation", None))
    if kind is SimpleRNNCell:
        least, most = 1, inner.plus(1)
    elif kind is GRUCell:
        gate = _unit(rule.recurrent_activation).plus(1)  # type: ignore[attr-defined]  # a GRU has one
        value = inner.plus(rule.activation != "tanh")  # type: ignore[attr-defined]
        least = 5 if rule.reset_after else 4  # type: ignore[attr-defined]
        most = Held(values=2 * gate.values + value.values + 3, bytes=2 * gate.bytes + value.bytes)
    else:
        gate = _unit(rule.recurrent_activation).plus(1)  # type: ignore[attr-defined]  # an LSTM has one
        value = inner.plus(rule.activation != "tanh")  # type: ignore[attr-defined]
        least = 6
        most = Held(values=3 * gate.values + 2 * value.values + 2, bytes=3 * gate.bytes + 2 * value.bytes)
    held = most.times(size).plus(per_sample(x.shape))
    return Step(least * size, held.plus(*_dropped(rule, x, size)))


def _unit(activation: object) -> Held:
    """What an activation keeps for each value that comes out, as a part of a cell."""
    most = activated(activation, (1, 1)).most
    return most if isinstance(activation, str) else Held(values=ANY[0], bytes=ANY[1]) if activation else Held()


def _dropped(rule: LayerRule, x: Inputs, size: Dim) -> tuple[Dim, Dim]:
    """What dropout in a cell adds: the shares that stay, and what is multiplied with them."""
    shares = (getattr(rule, "dropout", 0), per_sample(x.shape)), (getattr(rule, "recurrent_dropout", 0), size)
    values = sum((3 * many for share, many in shares if share), start=0)
    return values, values


def _cell_kept(cell: Cell, step: Inputs) -> tuple[Dim, Held]:
    """What one step of a cell keeps, least and most; of stacked cells each keeps its own."""
    if isinstance(cell, StackedRNNCells):
        least: Dim = 0
        most = Held()
        for inner, seen in cell.each(step):
            one = _cell_kept(inner, seen)
            least, most = least + one[0], most.plus(one[1].values, one[1].bytes)
        return least, most
    kind = next(kind for kind in (SimpleRNNCell, GRUCell, LSTMCell) if isinstance(cell, kind))
    return _step(cell, step, Made((), (), ()), kind, product(cell.state_shapes(step)[0][1:]))


@kept.register(Cell)
def _cell(rule: Cell, x: Inputs, made: Made) -> Kept:
    least, most = _cell_kept(rule, x)
    return Kept(Held(needed_inputs(made.weights, made.work), values=least), most)


@kept.register(Recurrent)
def _recurrent(rule: Recurrent, x: Inputs, made: Made) -> Kept:
    """Each step keeps as much; a mask keeps what it chose between, for the output and every state."""
    states = rule.state_shapes(x)
    size = product(states[0][1:])
    if isinstance(rule, ConvLSTM):
        least, most = _step(rule, x.replace([(x.shape[0], *x.shape[2:])]), made, LSTMCell, size)
    else:
        least, most = _cell_kept(rule.cell_rule(), rule.one_step(x))
    if made.masked:
        chosen = 2 * (sum((product(state[1:]) for state in states), start=0) + size)
        most = most.plus(chosen, chosen)
    trained = needed_inputs(made.weights, made.work)
    hidden = sum((product(state[1:]) for state in states[: 1 if len(states) < 3 else None]), start=0)
    # The hidden states are what comes out, where all of them do.
    values = least * x.timesteps - (hidden * x.timesteps if rule.return_sequences or not trained else hidden)
    # The gradients to the hidden state at all steps, and to all that is kept of one.
    passing = size * x.timesteps + most.values
    least_held = Held(trained, bool(rule.return_sequences and trained), values)
    return Kept(least_held, most.times(x.timesteps), passing=passing)


@kept.register(Bidirectional)
def _bidirectional(rule: Bidirectional, x: Inputs, made: Made) -> Kept:
    """Both directions keep their own."""
    least, most, passing = Held(), Held(), 2 * per_sample(made.outputs[0])
    for inner in (rule.layer, rule.other):
        one = _inside(inner, view(x, inner, x.shape), made.masked)
        least = least.plus(one.least.values)._replace(inputs=tuple(sorted({*least.inputs, *one.least.inputs})))
        most, passing = most.plus(one.most.values, one.most.bytes), passing + one.passing
    if rule.merge_mode == "mul":
        most = most.plus(2 * per_sample(made.outputs[0]))
    return Kept(least, most, passing=passing + per_sample(x.shape))


@kept.register(TimeDistributed)
def _over_time(rule: TimeDistributed, x: Inputs, made: Made) -> Kept:
    """Every step keeps its own; the steps of the input are arrays of their own on JAX."""
    seen = view(x, rule.layer, (x.shape[0], *x.shape[2:]))
    one = _inside(rule.layer, seen, made.masked)
    if one.model is not None:
        return Kept(most=Held(values=UNKNOWN))
    steps = x.shape[1]
    least = one.least.times(steps)
    most = one.most.times(steps)._replace(inputs=())
    most = most.plus(len(one.most.inputs) * per_sample(x.shape))
    return Kept(least, most, wide=one.wide, passing=one.passing * steps)


def _inside(rule: LayerRule, x: Inputs, masked: bool) -> Kept:
    """What a wrapped layer keeps."""
    weights = tuple(rule.built_weights(x))
    return kept(rule, x, Made(as_shapes(rule.output_shape(x)), weights, all_work(rule, x, weights), masked))
