"""What memory a model takes: weights, gradients, optimizer slots, and the activations that training keeps."""

from __future__ import annotations

from dataclasses import dataclass

from lstmcalc.dims import Dim
from lstmcalc.report import Report

__all__ = ["Memory", "Setting", "memory_of"]


@dataclass(frozen=True)
class Setting:
    """What a model is run with, as far as its memory depends on it; `batch` may be a symbol."""

    batch: Dim = 1
    optimizer: str = "adam"


@dataclass(frozen=True)
class Memory:
    """Bytes, from the least to the most that a backend takes."""

    least: Dim
    most: Dim


def memory_of(report: Report, setting: Setting) -> Memory:
    """The memory of a training step."""
    raise NotImplementedError
