"""The rules, one module per Keras family; importing this package registers them all."""

from lstmcalc.layers import core, rnn
from lstmcalc.layers.core import Stated
from lstmcalc.layers.rule import ALIASES, RULES, Example, Inputs, LayerRule, Rejected, Weight

__all__ = ["ALIASES", "RULES", "Example", "Inputs", "LayerRule", "Rejected", "Stated", "Weight", "core", "rnn"]
