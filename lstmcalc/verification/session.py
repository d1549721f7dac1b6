"""Keras, started on a backend and a device: the only place that imports it."""

from __future__ import annotations

import gc
import importlib
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

__all__ = ["KerasMissing", "KerasSession", "VerificationError", "device_of", "keras_session", "one_line", "release"]

BACKENDS = ("tensorflow", "jax", "torch")
DEVICES = ("auto", "cpu", "gpu")


class VerificationError(Exception):
    """Why a model cannot be held against Keras here, in one line."""


class KerasMissing(VerificationError):
    """Keras, or the backend that it shall run on, is not installed; the text says what to install."""


@dataclass(frozen=True)
class KerasSession:
    """Keras as it runs in this process."""

    keras: Any
    version: str
    backend: str
    backend_version: str


@contextmanager
def keras_session(device: str = "auto", backend: str | None = None, trust: bool = False) -> Iterator[KerasSession]:
    """Keras on a backend, with everything inside the `with` on a device; Keras's warnings are not shown.

    Unless told to `trust`, it is in Keras's safe mode, in which it loads no code and reads no file that a config names.
    Raises `KerasMissing`, and `VerificationError` where the device or the backend cannot be had in this process.
    """
    _check_choice("device", device, DEVICES)
    if backend is not None:
        _check_choice("backend", backend, BACKENDS)
    with warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("ignore")
        keras = _import_keras(backend)
        running = keras.config.backend()
        stack.enter_context(keras.src.saving.serialization_lib.SafeModeScope(not trust))
        if device != "auto":
            _check_device(keras, device, running)
            # Without a number behind it: on torch, Keras 3.15.1 cannot make weights on "cpu:0".
            stack.enter_context(keras.device(device))
        version = str(getattr(sys.modules.get(running), "__version__", ""))
        yield KerasSession(keras, keras.__version__, running, version)


def release() -> None:
    """Lets go of what was built with Keras in this process, so that many models take no more memory than one."""
    keras = sys.modules.get("keras")
    if keras is not None:
        keras.utils.clear_session(free_memory=False)
        gc.collect()
        # What is left is Keras itself, which takes 0.2 s to look through each time.
        gc.freeze()


def device_of(tensor: Any) -> str:
    """Where a tensor of any backend lies: "CPU", "GPU", or what the backend calls it."""
    text = str(getattr(tensor, "device", "cpu")).lower()
    if "gpu" in text or "cuda" in text:
        return "GPU"
    return "CPU" if "cpu" in text else text


def one_line(error: BaseException) -> str:
    """What an exception of Keras says, in one line, without the layer's arguments and terminal colours.

    >>> one_line(ValueError("Exception encountered when calling Dense.call().\\n\\n\\x1b[1mToo wide\\x1b[0m\\nMore"))
    'Dense: Too wide'
    >>> one_line(KeyError())
    'KeyError'
    """
    lines = [line.strip() for line in _plain(str(error)).splitlines() if line.strip()]
    opening, ending = "Exception encountered when calling ", ".call()."
    layer = ""
    if len(lines) > 1 and lines[0].startswith(opening):
        layer = lines.pop(0).removeprefix(opening).partition(ending)[0] + ": "
    if len(lines) > 1 and lines[0].endswith(":"):
        lines[0] += f" {lines[1]}"
    return layer + lines[0] if lines else type(error).__name__


def _plain(text: str) -> str:
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    # TensorFlow puts the kernel that ran before what went wrong, and the operation behind it.
    text = re.sub(r"\{\{function_node [^}]*\}\}\s*", "", text)
    return re.sub(r" \[Op:\w+\]( name: ?\S*)?", "", text)


def _check_choice(what: str, value: str, options: tuple[str, ...]) -> None:
    if value not in options:
        raise VerificationError(f"expected `{what}` to be one of {', '.join(options)}, got {value}")


def _import_keras(backend: str | None) -> Any:
    """Keras on a backend, or on its own choice; raises `VerificationError` where it already runs on another."""
    keras = sys.modules.get("keras")
    if keras is not None:
        running = keras.config.backend()
        if backend not in (None, running):
            raise VerificationError(
                f"Keras already runs on {running} in this process and cannot change to {backend}: start a new process"
            )
        return keras
    for package in ("keras", backend or "keras"):
        if find_spec(package) is None:
            raise KerasMissing(_missing(package))
    if backend is not None:
        os.environ["KERAS_BACKEND"] = backend
    # TensorFlow logs as errors what it then does in another way; what goes wrong is raised.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # oneDNN ends the process where an adaptive maximum over one value is taken (TensorFlow 2.21).
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        with _without_start_up_logs():
            keras = importlib.import_module("keras")
            # The first tensor is what makes a backend look for its devices.
            keras.ops.zeros((1,))
    except ModuleNotFoundError as error:
        raise KerasMissing(_missing((error.name or "keras").partition(".")[0])) from error
    except Exception as error:
        raise KerasMissing(f"Keras is installed and does not start: {one_line(error)}") from error
    return keras


def _missing(package: str) -> str:
    name = {"keras": "Keras", "tensorflow": "TensorFlow"}.get(package, f"`{package}`")
    also = "" if package in ("keras", "tensorflow") else f" {package}"
    return f"verify needs {name}, which is not installed: pip install 'lstmcalc[verify]'{also}"


def _check_device(keras: Any, device: str, backend: str) -> None:
    """Refuses a device on which a tensor cannot be made; backends differ in whether they raise or go elsewhere."""
    landed = ""
    try:
        with _without_start_up_logs(), keras.device(device):
            landed = device_of(keras.ops.zeros((1,)))
    except Exception:  # Each backend raises something else.
        pass
    if landed != device.upper():
        raise VerificationError(f"no {device.upper()} that {backend} can use on this machine: leave `--device` out")


@contextmanager
def _without_start_up_logs() -> Iterator[None]:
    """Holds back what libraries write to the terminal as they start; it is let through where they fail."""
    with tempfile.TemporaryFile() as held:
        try:
            shown = os.dup(2)
        except OSError:
            yield
            return
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:
            held.seek(0)
            os.write(shown, held.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)
