"""What a user has, read into a `Spec`."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from io import BytesIO
from stat import S_ISREG
from typing import BinaryIO

from lstmcalc.collector import uncollected
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.patterns import lazily
from lstmcalc.spec import Spec

__all__ = ["load"]

#: The largest text that is read; a model of ten thousand layers takes less than 1 MB.
MAX_BYTES = 64_000_000
#: How a zip archive (`.keras`) and an HDF5 file (`.h5`) begin.
ARCHIVES = (b"PK\x03\x04", b"\x89HDF\r\n\x1a\n")

#: What the start of a text never holds, and that of a picture or an ONNX model does.
NO_TEXT = bytes([*range(1, 9), *range(14, 27), *range(28, 32)])

#: What a printed summary has; whether it is one, reading it tells.
PRINTED = lazily(r"Param\w* ?#|# ?Param|(?i:total params)|\w \([A-Z]\w*\)?[ \t|]+[\[{]?\(")

#: What Python code that builds a model has, and a YAML model hardly ever.
CODE = lazily(r"\bimport\b|Sequential\(|Model\(|Input\(|\)\(|\.add\(")


@uncollected
def load(source: str | os.PathLike[str], *, text: str | None = None, model: str | None = None) -> Spec:
    """Reads a model from a file, or from standard input where `source` is `-`; its content tells what it is.

    With `text`, that is read, and `source` only names it in errors. `model` picks one of several models in a Python
    file. Raises SpecError with every fault of the file.

    >>> load("model.yaml", text="{input: [10, 32], layers: [LSTM(64)]}").layers["lstm"].arguments
    {'units': 64}
    """
    name = os.fspath(source)
    if text is not None:
        return _read(text, name, model)
    held = held_by(name, model)
    return load_bytes(held, name, model) if isinstance(held, bytes) else held


def held_by(name: str, model: str | None = None) -> bytes | Spec:
    """What a file holds, which is read once: all of its bytes, or, of an archive, the model in it."""
    with opened(name) as file:
        start = file.read(len(ARCHIVES[-1]))
        file.seek(0)
        if not start.startswith(ARCHIVES):
            return whole(file, name)
        from lstmcalc.sources.archives import read_archive

        return _only(read_archive(file, name), model)


def load_bytes(data: bytes, name: str, model: str | None = None) -> Spec:
    """Reads a model from the bytes of a text."""
    return _read(_decode(data, name), name, model)


def _read(text: str, name: str, model: str | None) -> Spec:
    """Reads a model from a text."""
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
    """The bytes of a source, from its start, which can be read again; what the system refuses becomes a SpecError."""
    try:
        with _open(name) as file:
            # What a pipe or a device gives it gives once, and perhaps without end.
            is_file = name != "-" and S_ISREG(os.fstat(file.fileno()).st_mode)
            yield file if is_file else BytesIO(whole(file, name))
    except FileNotFoundError:
        raise SpecError([Fault("missing-file", "a file", "none of this name", where=Where(name))]) from None
    except IsADirectoryError:
        raise SpecError([Fault("not-a-file", "a file", "a directory", where=Where(name))]) from None
    except OSError as error:
        raise SpecError([_unreadable(name, error.strerror or str(error))]) from None


def _open(name: str) -> AbstractContextManager[BinaryIO]:
    if name == "-":
        if sys.stdin is None:
            raise SpecError([_unreadable(name, "standard input is closed")])
        return nullcontext(sys.stdin.buffer)
    try:
        return open(name, "rb")
    except ValueError as error:
        raise SpecError([_unreadable(name, str(error))]) from None


def _unreadable(name: str, because: str) -> Fault:
    return Fault("unreadable-file", "a file that can be read", because=because.lower(), where=Where(name))


def whole(file: BinaryIO, name: str) -> bytes:
    """All that a file holds from here; its size is not asked first, which `/proc` gives as 0."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        expected = f"a file of at most {MAX_BYTES // 1_000_000} MB"
        raise SpecError([Fault("too-large", expected, "a larger one", where=Where(name))])
    return data


def wide_encoding(data: bytes) -> str:
    """The encoding of a text in two or four bytes a letter, as its mark or the zeros in it tell; "" for any other.

    >>> [wide_encoding("input: [3]".encode(name)) for name in ("utf-16", "utf-16-be", "utf-32", "utf-8")]
    ['utf-16', 'utf-16-be', 'utf-32', '']
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark, a text that begins with letters of ASCII has a zero beside each.
    start = data[:32]
    if len(start) >= 4 and len(start) % 2 == 0:
        for letters, zeros, name in ((start[::2], start[1::2], "utf-16-le"), (start[1::2], start[::2], "utf-16-be")):
            if not any(zeros) and all(letters):
                return name
    return ""


def holds_no_text(data: bytes) -> bool:
    """Whether bytes that are no UTF-8 are no text of another encoding either, by how they start."""
    return any(byte in NO_TEXT for byte in data[:64])


def _decode(data: bytes, name: str) -> str:
    fix = "save the file as UTF-8"
    if wide := wide_encoding(data):
        raise SpecError([Fault("not-utf8", "UTF-8 text", wide.upper()[:6], fix=fix, where=Where(name, 1, 1))])
    if b"\0" in data:
        raise SpecError([Fault("binary-file", "a text file", "a binary one", where=Where(name))])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if holds_no_text(data):
            raise SpecError([Fault("binary-file", "a model file", "a binary file of another kind",
                                   fix="lstmcalc reads YAML, Python, Keras's JSON, `.keras` and `.h5` files",
                                   where=Where(name))]) from None  # fmt: skip
        before = error.object[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        where = Where(name, before.count(b"\n") + 1, column)
        got = f"the byte 0x{error.object[error.start]:02X}"
        raise SpecError([Fault("not-utf8", "UTF-8 text", got, fix=fix, where=where)]) from None
