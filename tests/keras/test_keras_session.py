"""Keras as a process has it: its backend, its device, and its silence."""

from __future__ import annotations

import os
import subprocess
import sys

import keras
import pytest
from layer_examples import one_layer

from lstmcalc.verification import VerificationError, verify

DENSE = one_layer("Dense", {"units": 3}, (None, 4))


def test_progress_is_told_step_by_step() -> None:
    told: list[tuple[str, int, int]] = []
    verify(one_layer("LSTM", {"units": 8}, (None, "T", 4)), progress=lambda *step: told.append(step))
    assert told == [
        ("starting Keras", 0, 1), ("batch 2, T = 7", 0, 2), ("batch 3, T = 11", 1, 2), ("done", 2, 2),
    ]  # fmt: skip


def test_versions_and_device_are_those_that_ran() -> None:
    result = verify(DENSE, device="cpu", backend=keras.config.backend())
    assert (result.keras, result.backend, result.device) == (keras.__version__, keras.config.backend(), "CPU")
    assert result.backend_version == sys.modules[result.backend].__version__
    assert 0 < result.seconds < 100


def test_a_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(VerificationError, match=r"^no GPU that \w+ can use on this machine: leave `--device` out$"):
        verify(DENSE, device="gpu")


def test_another_backend_than_the_running_one_is_an_error() -> None:
    other = "jax" if keras.config.backend() != "jax" else "torch"
    with pytest.raises(VerificationError) as caught:
        verify(DENSE, backend=other)
    assert str(caught.value) == (
        f"Keras already runs on {keras.config.backend()} in this process and cannot change to {other}: "
        "start a new process"
    )


def test_nothing_but_the_result_is_written() -> None:
    code = (
        "from layer_examples import one_layer; from lstmcalc.verification import verify;"
        "print(verify(one_layer('LSTM', {'units': 4}, (None, None, 3))).agrees)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert (ran.stdout, ran.stderr) == ("True\n", "")
