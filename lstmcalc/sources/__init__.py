"""What a user has, read into a `Spec`."""

from __future__ import annotations

import os
import sys

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.spec import Spec

__all__ = ["load"]

#: The largest file that is read; a model of ten thousand layers takes less than 1 MB.
MAX_BYTES = 64_000_000


def load(source: str | os.PathLike[str], *, text: str | None = None) -> Spec:
    """Reads a model from a file, or from standard input where `source` is `-`.

    With `text`, that is read, and `source` only names it in errors. Raises SpecError with every fault of the file.

    >>> load("model.yaml", text="{input: [10, 32], layers: [LSTM(64)]}").layers["lstm"].arguments
    {'units': 64}
    """
    name = os.fspath(source)
    if text is None:
        text = _decode(_read(name), name)
    if not text.strip("\ufeff \t\r\n"):
        raise SpecError([Fault("empty-file", "a model", "nothing", where=Where(name))])
    from lstmcalc.sources.yaml_spec import read_yaml

    return read_yaml(text, name)


def _read(name: str) -> bytes:
    try:
        if name == "-":
            if sys.stdin is None:
                raise ValueError("standard input is closed")
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SpecError([Fault("missing-file", "a file", "none of this name", where=Where(name))]) from None
    except IsADirectoryError:
        raise SpecError([Fault("not-a-file", "a file", "a directory", where=Where(name))]) from None
    except (OSError, ValueError) as error:
        because = (getattr(error, "strerror", None) or str(error)).lower()
        raise SpecError(
            [Fault("unreadable-file", "a file that can be read", because=because, where=Where(name))]
        ) from None
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
        before = error.object[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        where = Where(name, before.count(b"\n") + 1, column)
        got = f"the byte 0x{error.object[error.start]:02X}"
        raise SpecError([Fault("not-utf8", "UTF-8 text", got, fix=fix, where=where)]) from None
