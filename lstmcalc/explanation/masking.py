"""What a layer does with the mask, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lstmcalc.explanation.cells import states_of
from lstmcalc.layers.kinds import (
    is_bidirectional,
    is_concatenate,
    is_embedding,
    is_fused,
    is_layer,
    is_masking,
    is_merge,
    is_recurrent,
    is_time_distributed,
)
from lstmcalc.layers.rule import LayerRule
from lstmcalc.report import CallReport
from lstmcalc.shapes import show_count, show_shape

if TYPE_CHECKING:
    from lstmcalc.layers.merging import Concatenate
    from lstmcalc.layers.recurrent import Recurrent

__all__ = ["mask_sentences", "not_handed"]

GIVE = "To have it skip them, give the call the mask too, as `mask`."


def mask_sentences(rule: LayerRule, call: CallReport) -> list[str]:
    """What this application of a layer does with the mask; no sentence where no mask comes and none is made.

    >>> from lstmcalc.layers import RULES
    >>> from lstmcalc.report import MaskReport
    >>> mask = MaskReport((True,), (False,), "ended", (None,))
    >>> call = CallReport(((None, 10, 3),), ((None, 3),), ("input",), mask=mask)
    >>> mask_sentences(RULES["GlobalAveragePooling1D"]({}), call)[0]
    'It leaves masked steps out: the mean is that of the others.'
    """
    return list(ROLES[call.mask.role](rule, call)) if call.mask.role in ROLES else []


def _made(rule: LayerRule, call: CallReport) -> Iterator[str]:
    shape = next((show_shape(shape) for shape in call.mask.shapes if shape is not None), "")
    if is_embedding(rule):
        yield f"`mask_zero: true` makes a mask {shape}: the number 0 is padding, every other number counts."
        if isinstance(rule.input_dim, int) and rule.input_dim > 1:
            most = rule.input_dim - 1
            left = "number 1" if most == 1 else f"numbers 1 to {show_count(most)}"
            yield f"That leaves the {left} for what the data hold."
    elif is_masking(rule):
        yield f"It makes a mask {shape}: a step is masked where all its values are {rule.mask_value:g}."
        if call.mask.comes_in:
            yield "It takes the place of the mask that comes in."
    else:
        yield f"It makes a mask {shape}."


def _passed(rule: LayerRule, call: CallReport) -> Iterator[str]:
    if call.mask.reason == "initial_state":
        yield from not_handed()
        yield "The mask goes on to the next layer all the same."
    else:
        yield "It passes the mask on, and works on masked steps like on all others."
    yield from _until(rule, call)


def _used(rule: LayerRule, call: CallReport) -> Iterator[str]:
    yield from _use(rule, call)
    yield "It passes the mask on."
    if call.mask.reason == "reversed":
        yield "The last step comes out first, and the mask stays as it was: it is then laid over other steps."
    yield from _until(rule, call)


def _ended(rule: LayerRule, call: CallReport) -> Iterator[str]:
    yield from _use(rule, call)
    if rule.family == "attention":
        yield "The query has no mask, so none goes out."
    elif len((call.outputs or ((),))[0]) < len(call.inputs[0] or ()):
        yield "The mask ends here: no steps are left that it could be of."
    else:
        yield "The mask ends here."


def _lost(rule: LayerRule, call: CallReport) -> Iterator[str]:
    if call.mask.reason == "initial_state":
        yield from not_handed()
        return
    if call.mask.reason == "missing" and is_merge(rule):
        yield f"One of its inputs has no mask, and {rule.class_name} then gives none: the mask is lost."
    elif is_layer(rule, "Lambda"):
        yield "The mask is lost: Lambda gives none where its argument `mask` is not stated."
    elif rule.family == "operations":
        yield "What an operation gives carries no mask: it is lost here."
    else:
        yield f"The mask is lost: {rule.class_name} has none for what it gives, and reads masked steps like all others."
    yield "Layers behind it cannot tell padding from data."


def _merged(rule: LayerRule, call: CallReport) -> Iterator[str]:
    if not is_concatenate(rule):
        if is_merge(rule) and rule.reads_masks:
            yield "It leaves masked values out."
        yield "A step of its output counts where it counts in any input."
    elif False not in call.mask.inputs and _joins_last(rule, call):
        yield "Joined along the last axis, a step of its output counts where it counts in any input."
    elif False not in call.mask.inputs:
        yield "It joins the masks of its inputs as it joins the inputs."
    elif call.mask.reason == "void":
        yield (
            "One of its inputs has no mask, and counts as not masked at any step. Joined along the last axis, every "
            "step then counts: the mask that goes out masks nothing."
        )
    else:
        yield "It joins the masks of its inputs as it joins the inputs; one without a mask counts at every step."


def _joins_last(rule: Concatenate, call: CallReport) -> bool:
    ndim = len(call.inputs[0] or ())
    return rule.axis % ndim == ndim - 1 if ndim else False


def _unknown(rule: LayerRule, call: CallReport) -> Iterator[str]:
    if call.mask.comes_in is not None:
        yield f"Whether it gives a mask is not known: only running {rule.class_name} would tell."


def not_handed() -> Iterator[str]:
    yield "Beside `initial_state` Keras does not hand the layer the mask of its input: it reads masked steps like all "\
          f"others. {GIVE}"  # fmt: skip


def _use(rule: LayerRule, call: CallReport) -> Iterator[str]:
    """What the layer does with the mask that it gets."""
    if is_recurrent(rule):
        yield from _recurrent(rule)
    elif is_bidirectional(rule):
        each = (
            "gives zeros there" if rule.layer.return_sequences else "gives what it has after the last one that counts"
        )
        keeps = f"each direction keeps its {_states(rule.layer)}, and {each}"
        yield f"At a masked step {keeps}: padding changes nothing else."
        yield from _kernel(rule.layer, zeros=False)
    elif is_time_distributed(rule):
        yield f"It hands the {rule.layer.class_name} inside the part of the mask that belongs to its step."
    elif is_layer(rule, "GlobalAveragePooling1D"):
        yield "It leaves masked steps out: the mean is that of the others."
    elif is_layer(rule, "BatchNormalization"):
        yield "While training, it leaves masked steps out of mean and variance."
    elif rule.family == "attention":
        query, value = (call.mask.inputs[i : i + 1] == (True,) for i in range(2))
        # With heads, a masked step of the query looks at all steps alike.
        who = "No step that counts" if query else "No step of the query"
        yield f"{who} looks at a masked step of the value." if value else "The value has no mask: all its steps count."
        if query and rule.takes_mask:
            yield "At masked steps of the query it gives zeros."
    elif rule.class_name == "Softmax":
        yield "Masked values get no share."
    elif is_merge(rule):
        yield "It leaves masked values out."
    else:
        yield "What it gives depends on the mask."


def _recurrent(rule: Recurrent) -> Iterator[str]:
    keeps = f"At a masked step it keeps its {_states(rule)}"
    if not rule.return_sequences:
        yield f"{keeps}, so that its output is the one after the last step that counts."
    elif getattr(rule, "zero_output_for_mask", False):
        yield f"{keeps}, and gives zeros."
    else:
        yield f"{keeps}, and repeats the output of the step that it read before."
    yield from _kernel(rule, rule.return_sequences and not getattr(rule, "zero_output_for_mask", False))


def _states(rule: LayerRule) -> str:
    """How the states of a recurrent layer are called, of which a GRU has one."""
    cell = getattr(rule, "cell", None)
    held = states_of(rule) or (states_of(cell) if isinstance(cell, LayerRule) else {})
    return "state" if len(held) == 1 else "states"


def _kernel(rule: LayerRule, zeros: bool) -> Iterator[str]:
    """What the fused kernel asks of padding (keras/src/backend/tensorflow/rnn.py, `_cudnn_lstm`, 3.15.1)."""
    if not is_fused(rule) or rule.use_cudnn is False or rule.obstacles():
        return
    yield "On a CPU padding may be anywhere."
    yield (
        "With TensorFlow on a GPU, `fit` and `predict` run the fused cuDNN kernel: all padding must then be at the "
        f"end, behind at least one step{', and the outputs there are zeros' if zeros else ''}; `use_cudnn: false` "
        "rules it out."
    )


def _until(rule: LayerRule, call: CallReport) -> Iterator[str]:
    if rule.passes_mask_until and call.mask.needed:
        yield (
            f"This holds up to Keras {rule.passes_mask_until}; in later versions {rule.class_name} loses the mask, and "
            "the layers behind it no longer get it."
        )


ROLES: dict[str, Callable[[LayerRule, CallReport], Iterator[str]]] = {
    "made": _made,
    "passed": _passed,
    "used": _used,
    "ended": _ended,
    "lost": _lost,
    "merged": _merged,
    "unknown": _unknown,
}
