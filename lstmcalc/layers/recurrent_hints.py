"""What Keras accepts in a recurrent layer though it is most likely a mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lstmcalc.errors import Fault
from lstmcalc.layers.arguments import show
from lstmcalc.layers.hints import high_dropout
from lstmcalc.layers.rule import LayerRule

__all__ = ["FUSED", "activation_hints", "argument_text", "dropout_hints", "fused_fix", "listed", "stateful_hint"]

#: What the fused cuDNN kernel asks of a layer (keras/src/backend/tensorflow/rnn.py, `cudnn_ok`, and the layers'
#: `inner_loop`, 3.15.1). Each is the default.
FUSED: dict[str, Any] = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "recurrent_dropout": 0,
    "unroll": False,
    "reset_after": True,
}

#: Activations without a limit (keras/src/activations/activations.py, 3.15.1).
UNBOUNDED = set(
    "celu elu exponential gelu hard_shrink hard_silu hard_swish leaky_relu linear log_sigmoid log_softmax mish relu "
    "selu silu soft_shrink softplus sparse_plus squareplus swish tanh_shrink".split()
)
#: Activations that keep every value between 0 and 1, as a gate needs it.
GATES = ("sigmoid", "hard_sigmoid", "sparse_sigmoid", "softmax", "sparsemax")


def argument_text(key: str, value: Any) -> str:
    """An argument as it stands in a spec.

    >>> argument_text("use_bias", False), argument_text("activation", {"class_name": "LeakyReLU"})
    ('`use_bias: false`', '`activation: LeakyReLU`')
    """
    text = value.get("class_name") if isinstance(value, Mapping) else value
    return f"`{key}: {text if isinstance(text, str) else show(value)}`"


def dropout_hints(rule: LayerRule) -> Iterator[Fault]:
    """A hint for every dropout rate that Keras clips, or that drops nearly everything."""
    for key in ("dropout", "recurrent_dropout"):
        rate = getattr(rule, key, 0)
        if not 0 <= rate <= 1:
            taken = min(1.0, max(0.0, rate))
            because = f"Keras takes it for {taken:g} without a word"
            yield Fault("clipped-dropout", f"`{key}` from 0 to 1", argument_text(key, rate), because)
        else:
            yield from high_dropout(key, rate)


def activation_hints(rule: LayerRule) -> Iterator[Fault]:
    """Functions that do not suit the gates and states of an LSTM or a GRU."""
    if not hasattr(rule, "recurrent_activation"):
        return
    chosen, gate = (getattr(rule, key) or "linear" for key in ("activation", "recurrent_activation"))
    got = argument_text("activation", rule.activation)  # type: ignore[attr-defined]  # gates come with states
    if chosen in ("softmax", "sparsemax"):
        yield _no_shares(rule, got, chosen)
    elif isinstance(chosen, str) and chosen in UNBOUNDED:
        behind = "" if chosen == "linear" else f", or put `Activation: {chosen}` behind the layer"
        yield Fault(
            "unbounded-state",
            "an `activation` with limits, such as `tanh`",
            got,
            f"`tanh` keeps the hidden state between -1 and 1; with `{chosen}` it can grow from step to step",
            f"leave `activation` out{behind}",
        )
    if isinstance(gate, str) and gate not in GATES:
        yield Fault(
            "not-a-gate",
            "a `recurrent_activation` from 0 to 1, such as `sigmoid`",
            argument_text("recurrent_activation", rule.recurrent_activation),
            "a gate says how much of a value passes: from 0, nothing, to 1, all of it",
            "leave `recurrent_activation` out",
        )


def _no_shares(rule: LayerRule, got: str, chosen: str) -> Fault:
    is_gru = hasattr(rule, "reset_after")
    because = "a GRU mixes it with the state before" if is_gru else "the output gate scales it"
    units = getattr(rule, "units", None)
    fix = "leave `activation` out"
    if units is not None:
        fix += f", and put `Dense: {{units: {show(units)}, activation: {chosen}}}` behind the layer"
    text = f"{because}, so that the layer's values do not sum to 1"
    return Fault("no-shares", f"`{chosen}` in a layer of its own", got, text, fix)


def stateful_hint() -> Fault:
    """States outlive the batch, and nobody but the user ends them."""
    return Fault(
        "never-reset",
        "",
        "`stateful: true`",
        "the states go on from batch to batch and from epoch to epoch: Keras never resets them by itself",
        "call the layer's `reset_state()` where a new sequence begins",
    )


def listed(texts: Iterable[str]) -> str:
    """Several things in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


def fused_fix(keys: Iterable[str]) -> str:
    """Which arguments to leave out for the fused kernel, and what it takes in their place."""
    named = list(keys)
    fix = f"leave {listed([f'`{key}`' for key in named])} out"
    if "reset_after" in named:
        fix += ", unless you load weights that were trained with it"
    if "recurrent_dropout" in named:
        fix += "; `dropout` does not matter to the kernel"
    return fix
