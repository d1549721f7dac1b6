"""What a user has, read into a `Spec`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.spec import Spec

__all__ = ["load"]

#: The largest text that is read; a model of ten thousand layers takes less than 1 MB.
MAX_BYTES = 64_000_000
#: How a zip archive (`.keras`) and an HDF5 file (`.h5`) begin.
ARCHIVES = (b"PK\x03\x04", b"\x89HDF\r\n\x1a\n")

#: What the start of a text never holds, and that of a picture or an ONNX model does.
NO_TEXT = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")

#: What a printed summary has; whether it is one, reading it tells.
PRINTED = re.compile(r"Param\w* ?#|# ?Param|(?i:total params)|\w \([A-Z]\w*\)?[ \t|]+[\[{]?\(")

#: What Python code that builds a model has, and a YAML model hardly ever.
CODE = re.compile(r"\bimport\b|Sequential\(|Model\(|Input\(|\)\(|\.add\(")


def load(source: str | os.PathLike[str], *, text: str | None = None, model: str | None = None) -> Spec:
    """Reads a model from a file, or from standard input where `source` is `-`; its content tells what it is.

    With `text`, that is read, and `source` only names it in errors. `model` picks one of several models in a Python
    file. Raises SpecError with every fault of the file.

    >>> load("model.yaml", text="{input: [10, 32], layers: [LSTM(64)]}").layers["lstm"].arguments
    {'units': 64}
    """
    name = os.fspath(source)
    if text is None:
        with opened(name) as file:
            start = file.read(len(ARCHIVES[-1]))
            if start.startswith(ARCHIVES):
                from lstmcalc.sources.archives import read_archive

                if not file.seekable():
                    file = BytesIO(read_rest(file, start, name))
                file.seek(0)
                return _only(read_archive(file, name), model)
            text = _decode(read_rest(file, start, name), name)
    if not text.strip("\ufeff \t\r\n"):
        raise SpecError([Fault("empty-file", "a model", "nothing", where=Where(name))])
    return _reader(text, name)(text, name, model)


def _reader(text: str, name: str) -> Callable[[str, str, str | None], Spec]:
    """What reads a text, as Keras's JSON, Python or YAML; the ending decides where the content leaves it open."""
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start == "{" and ('"nbformat"' in text or name.endswith(".ipynb")):
        from lstmcalc.sources.python import read_python

        return read_python
    if start in ("{", "[") and ('"class_name"' in text or name.endswith(".json")):
        from lstmcalc.sources.config import read_config

        return lambda text, name, model: _only(read_config(text, name), model)
    if name.endswith(".py") or (not name.endswith((".yaml", ".yml")) and CODE.search(text)):
        from lstmcalc.sources.python import looks_like_python, read_python

        if name.endswith(".py") or looks_like_python(text):
            return read_python
    if not name.endswith((".yaml", ".yml")) and PRINTED.search(text):
        from lstmcalc.summary_text.tables import looks_like_summary

        if looks_like_summary(text):
            from lstmcalc.sources.printed import read_printed

            return read_printed
    from lstmcalc.sources.yaml_spec import read_yaml

    return lambda text, name, model: _only(read_yaml(text, name), model)


def _only(spec: Spec, model: str | None) -> Spec:
    """The spec of a source that holds one model, which a name can only confirm."""
    if model is not None and model not in (spec.name, *spec.models):
        fault = Fault("unknown-model", f"`{spec.name}`, the model of this file", f"`{model}`", where=Where(spec.source))
        raise SpecError([fault])
    return spec if model in (None, spec.name) else spec.models[model]


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The bytes of a source, from its start; what the system refuses becomes a SpecError."""
    try:
        with _open(name) as file:
            yield file
    except FileNotFoundError:
        raise SpecError([Fault("missing-file", "a file", "none of this name", where=Where(name))]) from None
    except IsADirectoryError:
        raise SpecError([Fault("not-a-file", "a file", "a directory", where=Where(name))]) from None
    except OSError as error:
        raise SpecError([_unreadable(name, error.strerror or str(error))]) from None


def _open(name: str) -> BinaryIO:
    if name == "-" and sys.stdin is None:
        raise SpecError([_unreadable(name, "standard input is closed")])
    try:
        return BytesIO(sys.stdin.buffer.read(MAX_BYTES + 1)) if name == "-" else open(name, "rb")
    except ValueError as error:
        raise SpecError([_unreadable(name, str(error))]) from None


def _unreadable(name: str, because: str) -> Fault:
    return Fault("unreadable-file", "a file that can be read", because=because.lower(), where=Where(name))


def read_rest(file: BinaryIO, start: bytes, name: str) -> bytes:
    """A whole file, of which the start was read."""
    data = start + file.read(MAX_BYTES + 1 - len(start))
    if len(data) > MAX_BYTES:
        expected = f"a file of at most {MAX_BYTES // 1_000_000} MB"
        raise SpecError([Fault("too-large", expected, "a larger one", where=Where(name))])
    return data


def _decode(data: bytes, name: str) -> str:
    fix = "save the file as UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SpecError([Fault("not-utf8", "UTF-8 text", "UTF-16", fix=fix, where=Where(name, 1, 1))])
    if b"\0" in data:
        raise SpecError([Fault("binary-file", "a text file", "a binary one", where=Where(name))])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if NO_TEXT.search(data[:64]):
            raise SpecError([Fault("binary-file", "a model file", "a binary file of another kind",
                                   fix="lstmcalc reads YAML, Python, Keras's JSON, `.keras` and `.h5` files",
                                   where=Where(name))]) from None  # fmt: skip
        before = error.object[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        where = Where(name, before.count(b"\n") + 1, column)
        got = f"the byte 0x{error.object[error.start]:02X}"
        raise SpecError([Fault("not-utf8", "UTF-8 text", got, fix=fix, where=where)]) from None
