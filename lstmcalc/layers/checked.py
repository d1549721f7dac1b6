"""How often each rule was held against real Keras: figures that the tests write, and `lstmcalc layers` shows."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from lstmcalc.frozen import NamedTuple

__all__ = ["CHECKED_FILE", "Checked", "checked", "checked_with"]

#: Written by the tests in `tests/keras` when LSTMCALC_UPDATE_CHECKED is set.
CHECKED_FILE = Path(__file__).parent / "checked.json"


class Checked(NamedTuple):
    """In how many cases lstmcalc and Keras agreed: both accepted, with the same weights and shapes, or both refused."""

    accepted: int = 0
    refused: int = 0


def checked(class_name: str) -> Checked:
    """The cases in which a layer's rule was held against Keras.

    >>> checked("LSTM").accepted > 10
    True
    """
    return Checked(*_figures()["layers"].get(class_name, ()))


def checked_with() -> str:
    """The version of Keras that the rules were held against."""
    return str(_figures()["keras"])


@cache
def _figures() -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(CHECKED_FILE.read_text(encoding="utf-8"))
    return figures
