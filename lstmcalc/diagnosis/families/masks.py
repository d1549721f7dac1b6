"""Masks that a layer refuses, and the fused cuDNN kernel where it cannot be used."""

from __future__ import annotations

import re

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis, Shape
from lstmcalc.diagnosis.families.batches import caller
from lstmcalc.diagnosis.message import SHAPE, Found, family, read_shape
from lstmcalc.diagnosis.traced import Called, call_of
from lstmcalc.diagnosis.words import class_named, named


@family(
    "mask-unsupported",
    (
        "does not support masking",
        r"Layer (?:[\"']?(?P<layer>[\w./-]{1,200}?)[\"']? )?does not support masking"
        r"(?:, but was passed an input_mask)?",
    ),
    ("Attached non-masking layer", r"Attached non-masking layer to layer with masked output"),
)
def mask_unsupported(found: Found) -> Diagnosis:
    """A mask reaches a layer that takes none (Keras 1 and 2; Keras 3 drops it without a word)."""
    layer = found["layer"]
    meaning = f"A mask, from Embedding(mask_zero=True) or Masking, reaches {named(layer)}, which takes none."
    causes: tuple[Cause, ...] = (
        Cause(
            "The mask is not needed behind a recurrent layer's last step, and is before it.",
            "Move the layer behind a recurrent layer without `return_sequences`:",
            ("Embedding(1000, 64, mask_zero=True)", "LSTM(64)  # uses the mask, and ends it"),
        ),
        Cause(
            "Without recurrent layers the padding can only be ignored by not masking.",
            "Leave `mask_zero=True` or Masking away:",
            ("Embedding(1000, 64)",),
        ),
        Cause(
            "The average over the steps was wanted.", "Use the layer that reads a mask:", ("GlobalAveragePooling1D()",)
        ),
    )
    if class_named(layer) == "InputLayer":
        causes = (INNER_MODEL, causes[1])
    return Diagnosis("", meaning, causes, layer, class_named(layer), "no mask", "a mask")


INNER_MODEL = Cause(
    "A model is used as a layer, and its input takes no mask in Keras 2.2 and older.",
    "Bring Keras up to date, or make the mask inside the inner model:",
    ("Masking()  # the first layer of the inner model",),
)


@family(
    "cudnn-not-eligible",
    (
        "use_cudnn=True was specified",
        r"use_cudnn=True was specified, but cuDNN is not supported for this layer configuration",
    ),
)
def cudnn_not_eligible(found: Found) -> Diagnosis:
    """`use_cudnn=True` on a layer, a backend or a machine without the fused kernel."""
    layer, class_name = caller(found)
    call = call_of(found, "LSTM", "GRU")
    class_name = class_name or (call.name if call else "LSTM")
    meaning = (
        "`use_cudnn=True` asks for the fused kernel or an error, and "
        f"{named(layer, class_name)} cannot use it here: "
        "for its arguments, its mask, the backend, or want of a GPU."
    )
    own = call or Called(class_name, ("64",))
    no_gpu = Cause(
        "There is no GPU, or the backend has no kernel of its own for it.",
        "Let Keras choose:",
        (own.written(use_cudnn='"auto"'),),
    )
    defaults = Cause(
        'An argument rules the kernel out. It needs `activation="tanh"`, `recurrent_activation="sigmoid"`, '
        "`use_bias=True`, `recurrent_dropout=0`, `unroll=False`, and for a GRU `reset_after=True`: the defaults.",
        "Leave these arguments at their defaults; `dropout` may have any value.",
        (f"{class_name}(64)",),
    )
    odd = [name for name, value in (call.keywords if call else {}).items() if _rules_out(name, value)]
    causes = [no_gpu, NOT_RIGHT_PADDED] if call else [no_gpu, defaults, NOT_RIGHT_PADDED]
    if call and odd:
        said = " and ".join(f"`{name}={call.keywords[name]}`" for name in odd)
        fix = "Leave it at its default:" if len(odd) == 1 else "Leave them at their defaults:"
        causes.insert(0, Cause(f"The kernel cannot calculate {said}.", fix, (call.written("", *odd),)))
    return Diagnosis("", meaning, tuple(causes), layer, class_name)


NOT_RIGHT_PADDED = Cause(
    "A mask is not right-padded.",
    "Pad behind the values:",
    ('x = keras.utils.pad_sequences(x, padding="post")',),
)
#: What the fused kernel needs of an LSTM or GRU, as the arguments are written.
FUSED = {
    "activation": ("tanh",),
    "recurrent_activation": ("sigmoid",),
    "use_bias": ("True",),
    "recurrent_dropout": ("0", "0.0"),
    "unroll": ("False",),
    "reset_after": ("True",),
}


def _rules_out(name: str, value: str) -> bool:
    return name in FUSED and value.strip("'\"") not in FUSED[name]


@family(
    "cudnn-no-kernel",
    (
        "CudnnRNN",
        r"No OpKernel was registered to support Op 'CudnnRNN\w{0,20}' used by (?:node"
        r" )?(?:\{\{node )?(?P<path>[\w./-]{1,300})",
    ),
    ("CudnnRNN", r"Could not find device for node: \{\{node CudnnRNN\w{0,10}\}\}"),
    ("dnn implementation", r"Fail to find the dnn implementation"),
    ("only available with the TensorFlow backend", r"CuDNN RNNs are only available with the TensorFlow backend"),
)
def cudnn_no_kernel(found: Found) -> Diagnosis:
    """A layer that runs on a GPU only."""
    layer = found["path"].rpartition("/")[0].rpartition("/")[2]
    call = call_of(found, "CuDNNLSTM", "CuDNNGRU")
    name = call.name if call else class_named(layer)
    plain = (name[5:],) if name.startswith("CuDNN") else ("LSTM", "GRU")
    meaning = (
        "The layer was to run on the cuDNN kernel, which works on an NVIDIA GPU only, and "
        "TensorFlow finds no such GPU or cuDNN."
    )
    causes = (
        Cause(
            f"{name if name.startswith('CuDNN') else 'CuDNNLSTM or CuDNNGRU'} runs on a machine without a GPU.",
            f"Use {' or '.join(plain)}: since TensorFlow 2 the kernel is chosen by itself.",
            (call.written(plain[0]),) if call else tuple(f"{one}(64)" for one in plain),
        ),
        Cause(
            "There is a GPU, and its memory is full or cuDNN does not fit TensorFlow.",
            "Look at what TensorFlow sees; close other notebooks that hold the GPU:",
            ('tf.config.list_physical_devices("GPU")',),
        ),
    )
    return Diagnosis("", meaning, causes, layer, class_named(layer), "an NVIDIA GPU with cuDNN")


@family(
    "cudnn-mask",
    ("Masking is not supported for CuDNN", r"Masking is not supported for CuDNN RNNs"),
    (
        "right-padded",
        r"You are passing a RNN mask that does not correspond to right-padded sequences," r" while using cuDNN",
    ),
    (
        "cudnnSetRNNDataDescriptor",
        r"CUDNN_STATUS_BAD_PARAM in [\w./()]{1,120}: 'cudnnSetRNNDataDescriptor\("
        r" ?data_desc\.get\(\), data_type, layout,"
        r" max_seq_length, batch_size, data_size, seq_lengths_array",
    ),
)
def cudnn_mask(found: Found) -> Diagnosis:
    """A mask that the cuDNN kernel cannot follow."""
    if "right-padded" in found.message or "CUDNN_STATUS" in found.message:
        meaning = (
            "The cuDNN kernel follows a mask only where every sequence is padded behind its values, and none is empty."
        )
        if "use_cudnn" in found.text:
            meaning += " Called directly, the layer takes its other kernel instead; in `fit` and `predict` it cannot."
        causes = [
            Cause(
                "The sequences are padded before their values (the default of `pad_sequences`).",
                "Pad behind them:",
                ('x = keras.utils.pad_sequences(x, padding="post")',),
            ),
            Cause(
                "A sequence is all padding, or has 0 (or the `mask_value`) in its middle.",
                "Leave empty sequences away:",
                ("x = x[(x != 0).any(axis=1)]",),
            ),
            Cause("Neither can be changed.", "Run the layer without the kernel:", _without_kernel(found)),
        ]
    else:
        meaning = "CuDNNLSTM and CuDNNGRU take no mask."
        causes = [
            Cause(
                "Embedding(mask_zero=True) or Masking stands before it.",
                "Use LSTM or GRU, which take masks:",
                ("Embedding(1000, 64, mask_zero=True)", "LSTM(64)"),
            ),
            Cause("The mask is not needed.", "Leave `mask_zero=True` or Masking away."),
        ]
    if "CUDNN_STATUS" in found.message:
        # What TensorFlow 2.2 says of a sequence without a value.
        causes[:2] = reversed(causes[:2])
    return Diagnosis("", meaning, tuple(causes))


def _without_kernel(found: Found) -> tuple[str, ...]:
    """What keeps a layer from the cuDNN kernel: an argument in Keras 3, a cell in Keras 2."""
    call = call_of(found, "LSTM", "GRU")
    own = call or Called("LSTM", ("64",))
    if "use_cudnn" in found.text:
        return (own.written(use_cudnn="False"),)
    return (f"{own.written(use_cudnn='False')}  # Keras 3", "RNN(LSTMCell(64))  # Keras 2")


@family("mask-list", ("mask must be a list", r"layer mask must be a list, namely \[query_mask, value_mask\]"))
def mask_list(found: Found) -> Diagnosis:
    """One mask where Attention takes two."""
    layer, class_name = caller(found)
    meaning = (
        f"{named(layer, class_name)} takes two masks, one of the query and one of the value, each None or an array."
    )
    fix = Cause("One array was given.", "Give two:", ("Attention()([query, value], mask=[None, value_mask])",))
    return Diagnosis("", meaning[0].upper() + meaning[1:], (fix,), layer, class_name, "[query_mask, value_mask]")


ATTENTION = ("Attention", "AdditiveAttention")
_SIZES = re.compile(r"shape=(?:torch\.Size\()?([\[(][\d, ]{1,60}[\])])")


def attention_masks(found: Found) -> Diagnosis | None:
    """Masks of an attention layer that do not fit its query and value; None where the message shows none."""
    layer, class_name = caller(found)
    said = found.near(r"inputs=\[(.{1,600}?)\](?: •|$)")
    inputs = [shape for one in _SIZES.findall(said) if (shape := read_shape(one))]
    if class_name not in ATTENTION or len(inputs) < 2 or not found.near(r"mask=(\[)"):
        return None
    given = found.near(r" mask=\[(.{1,600}?)\](?: •|$)")
    masks = [shape for one in _SIZES.findall(given) if (shape := read_shape(one))]
    wanted = " and ".join(str(shape[:2]) for shape in inputs[:2])
    got = " and ".join(map(str, masks))
    who = named(layer, class_name)
    meaning = f"{who[0].upper()}{who[1:]} takes one mask of the query and one of the value, here of shape {wanted}."
    meaning += f" It was given {got}." if got else ""
    codes = ("query_mask.shape == query.shape[:2]", "value_mask.shape == value.shape[:2]")
    swapped = Cause(
        "A mask has the number of steps of the other input.",
        "Give them in the order of the inputs, each of the steps of its own:",
        (f"{class_name}()([query, value], mask=[query_mask, value_mask])", *codes),
    )
    return Diagnosis("mask-length", meaning, (swapped,), layer, class_name, wanted, got)


#: `DT_BOOL` in TensorFlow's graph: what is joined there is masks.
MASKS_JOINED = (
    Cause(
        "One input has a mask and the other none, and they are joined along another axis than the last one: "
        "Keras 2 makes masks of different shapes of them.",
        "Give the other one a mask too, or end the first one's:",
        ("b = Masking()(b)  # masks the steps of b that are all 0", "a = Lambda(lambda x: x)(a)  # passes no mask on"),
    ),
    Cause("The mask is not needed.", "Leave `mask_zero=True` or Masking away."),
)


def joined_masks(shapes: tuple[Shape, ...]) -> Diagnosis:
    """The masks of what a Concatenate joins, in Keras 2."""
    both = " and ".join(map(str, shapes))
    meaning = "The shapes of the inputs agree; the masks that Concatenate joins with them do not"
    meaning += f": {both}." if both else "."
    return Diagnosis("mask-shapes", meaning, MASKS_JOINED, "", "Concatenate", "", both)


@family(
    "mask-length",
    (
        "Tried to read from index",
        r"Tried to read from index (?P<index>\d{1,12}) but array size is:" r" (?P<size>\d{1,12})",
    ),
    (
        "scan got values with different leading axis sizes",
        r"scan got values with different leading axis sizes: (?P<steps>\d{1,12})," r" (?P<size>\d{1,12})",
    ),
)
def mask_length(found: Found) -> Diagnosis | None:
    """A mask of fewer steps than the sequence."""
    layer, class_name = caller(found)
    if "mask=None" in found.text or (not class_name and not found["index"]):
        return None
    size = found.number("size") or 0
    steps = found.near(r"(?:inputs|sequences)=[\w.]{1,30}\(shape=(?:torch\.Size\()?[\[(]\d{1,12}," r" (\d{1,12})")
    if not class_name:
        return Diagnosis("", _read_behind(found["index"], size), MASK_TOO_SHORT, got=str(size))
    said = f"the input has {steps} time steps and its mask {size}" if steps else f"the mask has only {size} time steps"
    meaning = f"A mask has one value per sample and time step; here {said}."
    expected = f"{steps} time steps" if steps else ""
    return Diagnosis("", meaning, MASK_TOO_SHORT, layer, class_name, expected, f"{size}")


MASK_TOO_SHORT = (
    Cause(
        "The layers between changed the number of steps, and the mask was handed on by hand.",
        "Make the mask of the same shape as the input without its last axis:",
        ("mask.shape == x.shape[:2]",),
    ),
    Cause("The mask belongs to another input.", "Give this layer the mask of its own input."),
)


def _read_behind(index: str, size: int) -> str:
    return (
        f"A loop over time steps, as of a recurrent layer, reads step {index} (counted from 0) of an array of {size}. "
        "As a rule that array is a mask."
    )


@family(
    "mask-axes",
    (
        "must be broadcastable",
        rf"condition (?P<mask>{SHAPE}), then (?P<values>{SHAPE}), and else {SHAPE} must be broadcastable",
    ),
)
def mask_axes(found: Found) -> Diagnosis | None:
    """A mask with an axis more than (batch, timesteps), as the layer's arguments in the message show it."""
    layer, class_name = caller(found)
    given = read_shape(found.near(rf"mask=(?:\['?)?[\w.]{{1,40}}\(shape=({SHAPE})"))
    if given is None or len(given) < 3 or not class_name:
        return None
    who = named(layer, class_name)
    meaning = f"{who[0].upper()}{who[1:]} takes a mask of 2 axes (batch, timesteps). It was given {given}."
    cause = Cause(
        "The mask was made of data that ends in an axis of its own, as `x != 0` does.",
        "Take that axis away:",
        (f"mask = mask[..., 0]  # {given} -> {given[:-1]}" if given[-1] == 1 else "mask = mask.any(axis=-1)",),
    )
    expected = "2 axes (batch, timesteps)"
    return Diagnosis("", meaning, (cause,), layer, class_name, expected, str(given))
