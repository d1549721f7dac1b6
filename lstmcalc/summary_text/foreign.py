"""Recognises what is no Keras summary though it looks like one: what other libraries print of a model."""

from __future__ import annotations

import re

from lstmcalc.errors import Fault
from lstmcalc.patterns import lazily

__all__ = ["foreign_fault"]

_SIGNS = (
    (
        "torchinfo-table",
        "torchinfo's table of a PyTorch model",
        r"\(type(?:\s*\(var_name\))?:depth-idx\)|[├└]─+[\w.]+(?:\s\([\w.]+\))?:\s\d+-\d+"
        r"|^[ \t]*[\w.]+: \d+-\d+\s+[\[\d-]|Total mult-adds",
    ),
    (
        "torchsummary-table",
        "torchsummary's table of a PyTorch model",
        r"Forward/backward pass size|^[ \t]*[A-Z]\w*-\d+\s+\[(?:\[)?-1,",
    ),
    (
        "gluon-table",
        "the summary of an MXNet Gluon block",
        r"Parameters in forward computation graph|Shared params in forward computation graph",
    ),
    (
        "flax-table",
        "Flax's table of a module",
        r"[│┃|]\s*path\s*[│┃|]\s*(?:module|type)\s*[│┃|]|^[ \t]*Total Parameters: [\d,]+\s*\(",
    ),
    (
        "haiku-table",
        "Haiku's table of a module",
        r"[│┃|]\s*Module\s*[│┃|]\s*(?:Config|Module params)\s*[│┃|]",
    ),
    (
        "lightning-table",
        "Lightning's table of a PyTorch model",
        r"[│┃|]\s*Name\s*[│┃|]\s*Type\s*[│┃|]\s*Params\b|Total estimated model params size",
    ),
    (
        "pytorch-print",
        "the print of a PyTorch model",
        r"^[ \t]*\([\w.]+\): [A-Z]\w*\(|^[ \t]*\([\w.]+\): \d+ x [A-Z]\w*\(",
    ),
)
_COMPILED = tuple((code, what, lazily(pattern, re.MULTILINE)) for code, what, pattern in _SIGNS)


def foreign_fault(text: str) -> Fault | None:
    """Why the text cannot be read, where another library has printed it.

    >>> foreign_fault("Net(\\n  (lstm): LSTM(50, 128)\\n)").code
    'pytorch-print'
    """
    for code, what, sign in _COMPILED:
        if sign.search(text):
            return Fault(code, "a Keras `model.summary()`", what, fix="print the model with Keras's own `summary()`")
    return None
