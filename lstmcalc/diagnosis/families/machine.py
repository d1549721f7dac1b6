"""What the machine says: a GPU without memory, or a cuDNN that does not work; the model's shapes are not at fault."""

from __future__ import annotations

from math import prod

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import SHAPE, Found, family

LESS_AT_ONCE = Cause(
    "A batch is too large for the memory.",
    "Give fewer samples, or shorter sequences, at once:",
    ("model.fit(x, y, batch_size=8)",),
)
SMALLER_MODEL = Cause("The layers are too wide.", "See which of them has most params:", ("model.summary()",))
HELD = Cause(
    "Another program or notebook holds the GPU.",
    "Look at who does, and end it:",
    ("nvidia-smi",),
)
GROWTH = (
    'for gpu in tf.config.list_physical_devices("GPU"):',
    "    tf.config.experimental.set_memory_growth(gpu, True)  # before anything else",
)


@family(
    "out-of-memory",
    (
        "OOM when allocating",
        rf"OOM when allocating tensor (?:with|of) shape ?(?P<shape>{SHAPE})(?: and type (?P<type>\w{{1,20}}))?",
    ),
    ("CUDA out of memory", r"CUDA out of memory"),
    ("RESOURCE_EXHAUSTED", r"RESOURCE_EXHAUSTED: (?:Out of memory|Failed to allocate)"),
    ("Unable to allocate", r"Unable to allocate [\d.]{1,12} [KMGTP]iB for an array with shape (?P<shape>\([\d, ]{1,80}\))"),
)
def out_of_memory(found: Found) -> Diagnosis:
    """An array that finds no room."""
    shape = found.shape("shape")
    sizes = [size for size in shape or () if size]
    each = {"half": 2, "bfloat16": 2, "double": 8, "int64": 8}.get(found["type"], 4)
    many = f" of shape {shape}, {prod(sizes):,} values" if shape and len(sizes) == len(shape) else ""
    room = f" ({prod(sizes) * each / 1e6:,.0f} MB)" if many and found["type"] else ""
    meaning = f"The memory is full: there is no room for an array{many}{room}. The shapes themselves agree."
    if "Unable to allocate" in found.message:
        cause = Cause("The data does not fit into memory as a whole.", "Use smaller numbers, or load it in parts:",
                      ('x = x.astype("float32")',))  # fmt: skip
        return Diagnosis("", meaning, (cause, LESS_AT_ONCE), got=str(shape or ""))
    return Diagnosis("", meaning, (LESS_AT_ONCE, SMALLER_MODEL, HELD), got=str(shape or ""))


@family(
    "cudnn-failed",
    (
        "Failed to get convolution algorithm",
        r"Failed to get convolution algorithm\.(?: This is probably because cuDNN failed to initialize)?",
    ),
    ("to call ThenRnn", r"Fail(?:ed)? to call (?:ThenRnn(?:Forward|Backward)|DoRnn(?:Forward|Backward)Impl)"),
    ("to call ThenRNN", r"Fail(?:ed)? to call ThenRNN(?:Forward|Backward)"),
    ("to call DoRnn", r"Fail(?:ed)? to call DoRnn(?:Forward|Backward)Impl"),
    ("Could not create cudnn handle", r"Could not create cudnn handle: CUDNN_STATUS_\w{1,40}"),
    ("DNN library is not found", r"DNN library is not found"),
    ("DNN library initialization failed", r"DNN library initialization failed"),
    ("cudnnSetRNNMatrixMathType", r"Check failed: cudnnSetRNNMatrixMathType\("),
)
def cudnn_failed(found: Found) -> Diagnosis:
    """cuDNN, which calculates on the GPU, gave up."""
    meaning = (
        "cuDNN, which calculates on the GPU, could not start or failed. That is a matter of the machine: the message "
        "says nothing against the layers or the shapes."
    )
    causes = (
        Cause("The memory of the GPU is full.", "Let TensorFlow take only what it needs, or use a smaller batch:", GROWTH),
        Cause(
            "The versions of the driver, CUDA and cuDNN do not fit TensorFlow.",
            "Compare them with what this TensorFlow was built for:",
            ("tf.sysconfig.get_build_info()",),
        ),
        Cause(
            "To see whether it is the machine, run without the GPU.",
            "Hide it before TensorFlow is imported:",
            ("import os", 'os.environ["CUDA_VISIBLE_DEVICES"] = "-1"'),
        ),
    )
    return Diagnosis("", meaning, causes)
