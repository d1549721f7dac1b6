"""What stands inside a layer that wraps another: the same question, asked of what reaches the layer inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from lstmcalc.layers import RULES, LayerRule
from lstmcalc.spec import LayerSpec, snake_case
from lstmcalc.summary_text.printed import Cut, PrintedShape
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.recurrent import returned
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS"]

#: How unusual each layer is inside a Bidirectional, a TimeDistributed, an RNN.
IN_BIDIRECTIONAL = {"LSTM": 0.0, "GRU": 0.3, "SimpleRNN": 1.0, "CuDNNLSTM": 1.2, "CuDNNGRU": 1.4, "ConvLSTM2D": 0.5,
                    "ConvLSTM1D": 0.6, "ConvLSTM3D": 0.7}  # fmt: skip
IN_TIME_DISTRIBUTED = {"Dense": 0.0, "Conv2D": 0.1, "MaxPooling2D": 0.1, "Flatten": 0.05, "Dropout": 0.0,
                       "Activation": 0.3, "BatchNormalization": 0.2, "GlobalAveragePooling2D": 0.2,
                       "GlobalMaxPooling2D": 0.4, "AveragePooling2D": 0.5, "Conv1D": 0.1, "MaxPooling1D": 0.1,
                       "GlobalMaxPooling1D": 0.3, "GlobalAveragePooling1D": 0.4, "Embedding": 0.2, "LSTM": 0.2,
                       "GRU": 0.5, "Reshape": 0.8, "RepeatVector": 0.9, "Bidirectional": 0.6, "SeparableConv2D": 0.6,
                       "DepthwiseConv2D": 0.7, "LayerNormalization": 0.5, "Conv3D": 0.6, "SimpleRNN": 1.0,
                       "Permute": 1.5, "ZeroPadding2D": 0.7, "LeakyReLU": 0.9, "PReLU": 0.9}  # fmt: skip
IN_RNN = {"LSTMCell": 0.0, "GRUCell": 0.2, "SimpleRNNCell": 0.3}
IN_SPECTRAL = {"Dense": 0.0, "Conv2D": 0.0, "Conv1D": 0.2, "Conv3D": 0.3, "Embedding": 0.4, "Conv2DTranspose": 0.4}

#: What a Bidirectional does with its two outputs, and how unusual that is. `ave`, `sum` and `mul` print the same.
MERGED: dict[str | None, float] = {"concat": 0.0, "sum": 1.0, "ave": 1.2, "mul": 1.4, None: 0.5}

#: How unusual a layer in a TimeDistributed may be.
MOST_INSIDE = 1.2
#: A layer is called what it holds more often than not, but that proves nothing.
NAMED_AFTER_IT = 0.6


#: The words of a wrapper's name that may tell what it holds, or how it merges.
TELLING = {
    word
    for classes in (IN_BIDIRECTIONAL, IN_TIME_DISTRIBUTED, IN_RNN, IN_SPECTRAL)
    for class_name in classes
    for word in snake_case(class_name).split("_")
} | {mode for mode in MERGED if mode}


def _inside(classes: Mapping[str, float], seen: Seen) -> Iterator[tuple[LayerSpec, float, tuple[str, ...]]]:
    """Layers that may stand inside, which are shown what is seen from there."""
    # The package asks this module, and this module the package.
    from lstmcalc.summary_text.proposals import propose

    words = f"_{seen.name.lower()}_"
    for class_name, cost in classes.items():
        rule = RULES[class_name]
        if seen.inputs and not _takes(rule, len(seen.input)):
            continue
        name = snake_case(class_name)
        cost -= NAMED_AFTER_IT if f"_{name}_" in words else 0
        for proposed in propose(rule, seen._replace(name="")):
            if "lora_rank" in proposed.arguments:
                # Any count would be one; nobody can fine-tune a layer that is in another so.
                continue
            yield LayerSpec(class_name, name, proposed.arguments), cost + proposed.cost, proposed.stand_ins


def _takes(rule: type[LayerRule], ndim: int) -> bool:
    """Whether a rule's pattern of axes has room for so many."""
    names = rule.axes.split()
    return ndim >= len(names) - 1 if "..." in names else ndim == len(names)


def _halved(shape: PrintedShape) -> PrintedShape | None:
    """The output of one direction of two that are put side by side; None where an odd width cannot be."""
    if not shape or shape[-1] is None:
        return shape
    if isinstance(shape[-1], Cut):
        return (*shape[:-1], Cut(""))
    return (*shape[:-1], shape[-1] // 2) if shape[-1] % 2 == 0 else None


def _bidirectional(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    params = None if seen.params is None else seen.params // 2
    words = seen.name.lower().split("_")
    for mode, unusual in MERGED.items():
        unusual -= NAMED_AFTER_IT if mode in words else 0
        outputs = seen.outputs
        if outputs is not None:
            first = _halved(outputs[0]) if mode == "concat" else outputs[0]
            if first is None:
                continue
            # What one direction returns: its output, and half of the states.
            states = outputs[2 if mode is None else 1 :]
            outputs = (first, *states[: (len(states) + 1) // 2])
        one = seen._replace(outputs=outputs, params=params)
        if mode is None:
            # The two outputs that are kept apart are several by themselves.
            one = one._replace(several=False)
        for layer, cost, stand_ins in _inside(IN_BIDIRECTIONAL, one):
            yield Proposal({"layer": layer, "merge_mode": mode}, cost + unusual, stand_ins)


def _time_distributed(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    outputs = None if seen.outputs is None else tuple((*shape[:1], *shape[2:]) for shape in seen.outputs)
    inputs = None if seen.inputs is None else tuple((*shape[:1], *shape[2:]) for shape in seen.inputs)
    step = seen._replace(inputs=inputs, outputs=outputs)
    classes = dict(IN_TIME_DISTRIBUTED)
    if len(step.output) > 3:
        # Of images at every step, a Dense is what nobody makes.
        classes["Dense"] += 1.0
    for layer, cost, stand_ins in _inside(classes, step):
        # What is odd by itself is less likely here than a whole model, whose rows no table shows.
        if cost <= (MOST_INSIDE if seen.inputs is None else 2 * MOST_INSIDE):
            yield Proposal({"layer": layer}, cost, stand_ins)


def _cells(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    inputs = None if seen.inputs is None else tuple((*shape[:1], *shape[2:]) for shape in seen.inputs)
    last = seen.output[-1:] or (Cut(""),)
    step = seen._replace(inputs=inputs, outputs=((*seen.output[:1], *last),), params=None)
    cells = list(_inside(IN_RNN, step))
    for (cell, cost, _), (given, more, _) in product(cells, returned(rule, seen, before)):
        yield Proposal({"cell": cell, **given}, cost + more)
        for other, odd, _ in cells:
            # Two cells upon each other; the count tells the width of the lower one.
            below = other.changed(arguments={**other.arguments, "units": "units_below"})
            unlike = 0.0 if other.class_name == cell.class_name else 0.5
            yield Proposal({"cell": [below, cell], **given}, cost + more + odd + unlike + 1.0)


def _spectral(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    for layer, cost, stand_ins in _inside(IN_SPECTRAL, seen._replace(params=None)):
        yield Proposal({"layer": layer}, cost, stand_ins)


def _of(argument: str, class_name: str, propose: Any) -> Proposer:
    """A proposer for one class only: what a wrapper shows its layer is its own."""

    def asked(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterable[Proposal]:
        return propose(rule, seen, before) if rule.__name__ == class_name else [Proposal({})]

    return Proposer(frozenset({argument}), asked)


PROPOSERS = (
    _of("layer", "Bidirectional", _bidirectional),
    _of("layer", "TimeDistributed", _time_distributed),
    _of("cell", "RNN", _cells),
    _of("layer", "SpectralNormalization", _spectral),
)
