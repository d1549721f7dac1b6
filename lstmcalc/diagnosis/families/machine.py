"""What the machine says: a GPU without memory, or a cuDNN that does not work; the model's shapes are not at fault."""

from __future__ import annotations

from math import prod

from lstmcalc.diagnosis.diagnosis import Diagnosis
from lstmcalc.diagnosis.message import SHAPE, Found, family


@family(
    "out-of-memory",
    (
        "OOM when allocating",
        rf"OOM when allocating tensor (?:with|of) shape ?(?P<shape>{SHAPE})(?: and type (?P<type>\w{{1,20}}))?",
    ),
    ("CUDA out of memory", r"CUDA out of memory"),
    ("RESOURCE_EXHAUSTED", r"RESOURCE_EXHAUSTED: (?:Out of memory|Failed to allocate)"),
    (
        "Unable to allocate",
        r"Unable to allocate [\d.]{1,12} [KMGTP]iB for an array with shape (?P<shape>\([\d, ]{1,80}\))",
    ),
)
def out_of_memory(found: Found) -> Diagnosis:
    """An array that finds no room."""
    shape = found.shape("shape")
    sizes = [size for size in shape or () if size]
    each = {"half": 2, "bfloat16": 2, "double": 8, "int64": 8}.get(found["type"], 4)
    many = f" of shape {shape}, {prod(sizes):,} values" if shape and len(sizes) == len(shape) else ""
    room = f" ({prod(sizes) * each / 1e6:,.0f} MB)" if many and found["type"] else ""
    meaning = f"The memory is full: there is no room for an array{many}{room}; the shapes themselves agree."
    return Diagnosis("", meaning, got=str(shape or ""))


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
        "cuDNN, which calculates on the GPU, could not start or gave up: that is a matter of the machine (its memory, "
        "driver or versions), and the message says nothing against the model."
    )
    return Diagnosis("", meaning)
