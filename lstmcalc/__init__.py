"""Every shape and parameter of a Keras model, and why, without importing TensorFlow.

>>> import lstmcalc
>>> spec = lstmcalc.load("specs/speaker_change.yaml")
>>> report = lstmcalc.infer(spec)
>>> report.totals.params
108941
>>> report.layers[0].output_shapes, report.layers[0].arithmetic
(((None, 200, 128),), '4·64·(35 + 64 + 1)·2')
"""

from __future__ import annotations

# Loading `typing` takes a while, in which a command could be interrupted with a traceback.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lstmcalc.budgets import Budget, Check, WantedShapes, check
    from lstmcalc.comparing import Difference, compare
    from lstmcalc.diagnosis import Diagnosis, diagnose
    from lstmcalc.errors import Fault, SpecError
    from lstmcalc.explanation.layer import Explanation
    from lstmcalc.explanation.walk import explain_model
    from lstmcalc.inference import infer
    from lstmcalc.memory import Memory, Setting, memory_of
    from lstmcalc.report import Report
    from lstmcalc.solving import Solution, solve
    from lstmcalc.sources import load
    from lstmcalc.spec import Spec
    from lstmcalc.summary_text import Reading, read_summary
    from lstmcalc.sweeping import sweep
    from lstmcalc.verification import verify

__version__ = "0.1.0"

__all__ = [
    "Budget",
    "Check",
    "Diagnosis",
    "Difference",
    "Fault",
    "Memory",
    "Reading",
    "Report",
    "Setting",
    "Solution",
    "Spec",
    "SpecError",
    "WantedShapes",
    "check",
    "compare",
    "diagnose",
    "explain",
    "explain_model",
    "infer",
    "load",
    "memory_of",
    "read_summary",
    "solve",
    "sweep",
    "verify",
]

#: Where each name comes from; it is imported when it is first asked for, so that no command pays for another.
_HOMES = {
    "Budget": "lstmcalc.budgets",
    "Check": "lstmcalc.budgets",
    "Diagnosis": "lstmcalc.diagnosis",
    "Difference": "lstmcalc.comparing",
    "Fault": "lstmcalc.errors",
    "Memory": "lstmcalc.memory",
    "Reading": "lstmcalc.summary_text",
    "Report": "lstmcalc.report",
    "Setting": "lstmcalc.memory",
    "Spec": "lstmcalc.spec",
    "Solution": "lstmcalc.solving",
    "SpecError": "lstmcalc.errors",
    "WantedShapes": "lstmcalc.budgets",
    "check": "lstmcalc.budgets",
    "compare": "lstmcalc.comparing",
    "diagnose": "lstmcalc.diagnosis",
    "explain_model": "lstmcalc.explanation.walk",
    "infer": "lstmcalc.inference",
    "load": "lstmcalc.sources",
    "memory_of": "lstmcalc.memory",
    "read_summary": "lstmcalc.summary_text",
    "sweep": "lstmcalc.sweeping",
    "solve": "lstmcalc.solving",
    "verify": "lstmcalc.verification",
}


def explain(layer: str, *inputs: str) -> Explanation:
    """One layer in words, from its name or call and its input shapes without the batch.

    `"300"` on a recurrent layer is 300 features per time step, `"10,300"` is 10 steps of 300; what is left out stands
    for itself as a symbol. Raises `SpecError`.

    >>> explain("LSTM(10)", "20,30").arithmetic
    '4·10·(30 + 10 + 1)'
    >>> explain("lstm").arithmetic
    '4·units·(input_dim + units + 1)'
    """
    from lstmcalc.explanation.layer import explain_layer
    from lstmcalc.inference import infer
    from lstmcalc.sources.layer_options import read_layer

    spec = read_layer([layer], inputs)
    return explain_layer(spec, infer(spec), spec.calls[-1].layer)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
