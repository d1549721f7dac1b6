"""Verification as a call that another process or machine runs."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from lstmcalc.spec import Spec
from lstmcalc.verification import Verification, verify

__all__ = ["verify_in_turn"]

#: Keras is one for all threads of a process: its session holds back what libraries print, and warnings.
ONE_AT_A_TIME = Lock()


def verify_in_turn(
    spec: Spec, values: Mapping[str, int], batch: int | None, device: str, backend: str | None, trust: bool
) -> Verification:
    """The same as `verify`, one model after another in each process."""
    with ONE_AT_A_TIME:
        return verify(spec, values, batch, device=device, backend=backend, trust=trust)
