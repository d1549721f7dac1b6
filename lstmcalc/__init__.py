"""Every shape and parameter of a Keras model, and why, without importing TensorFlow.

>>> import lstmcalc
>>> spec = lstmcalc.load("specs/speaker_change.yaml")
>>> report = lstmcalc.infer(spec)
>>> report.totals.params
108941
>>> report.layers[0].output_shapes, report.layers[0].arithmetic
(((None, 200, 128),), '4·64·(35 + 64 + 1)·2')
"""

from lstmcalc.errors import Fault, SpecError
from lstmcalc.inference import infer
from lstmcalc.report import Report
from lstmcalc.sources import load
from lstmcalc.spec import Spec

__version__ = "0.1.0"

__all__ = ["Fault", "Report", "Spec", "SpecError", "infer", "load"]
