"""What an HDF5 file of Keras's holds: the config's text, and the shapes of its arrays. No array is read.

libhdf5 may never end on a damaged file, or end the interpreter, so this file is also a program: `apart` starts it as a
process of its own, which finds the file's bytes by asking for them. For that it imports nothing of ours.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

__all__ = ["Answer", "Question", "look", "serve"]

#: What layers store besides their weights: the table that a lookup counts with (Keras 3.15.1, `save_own_variables`).
TABLES = ("idf_weights",)
#: How much memory a file may take beyond what Python and h5py take without one.
MAX_MEMORY = 350_000_000
#: How much is asked for at a time.
BLOCK = 1 << 16

Shape = tuple[int, ...]


class Question(NamedTuple):
    """What is asked of a file: whether it is a whole model of Keras 2's form, and how much may be looked at."""

    with_config: bool
    max_arrays: int
    max_bytes: int


class Answer(NamedTuple):
    """What a file holds, or why that cannot be told: the code, what was expected, what is there, and the reason."""

    stored: Mapping[str, tuple[Shape, ...]] = {}
    config: str = ""
    fault: tuple[str, str, str, str] | None = None


class _Refused(Exception):
    """A file that is not looked at any further: the code, what was expected, and what is there."""


def look(file: Any, question: Question) -> Answer:
    """What an open file holds; whatever is wrong with it is part of the answer."""
    try:
        import h5py
    except ModuleNotFoundError:
        return Answer(fault=("missing-package", "h5py, which reads `.h5` files", "none", ""))
    try:
        with h5py.File(file, "r") as opened:
            arrays = _Arrays(question.max_arrays)
            if not question.with_config:
                return Answer(_by_keras3(arrays, opened, question.max_bytes))
            text = _text(opened, "model_config", question.max_bytes)
            if text is None:
                got = "weights without a model" if len(opened) else "neither a model nor weights"
                raise _Refused("no-model", "a saved model", got)
            return Answer(_by_keras2(arrays, opened), text)
    except _Refused as refused:
        return Answer(fault=(*refused.args, ""))
    except MemoryError:
        return Answer(fault=("unreadable-file", "a file that can be read", "",
                             f"h5py, which reads it, takes more than {MAX_MEMORY // 1_000_000} MB"))  # fmt: skip
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError, ValueError and more on damaged files.
        return Answer(fault=("damaged-file", "a file as Keras saved it", "", str(error)))


class _Arrays:
    """The arrays of weights that a file holds; what lies in another file is refused."""

    def __init__(self, most: int) -> None:
        self._most, self._count = most, 0

    def child(self, group: Any, name: str) -> Any:
        """What a group has under a name, None where it has nothing. Keras links to nothing else."""
        from h5py import HardLink

        link = group.get(name, getlink=True) if hasattr(group, "get") else None
        if link is not None and not isinstance(link, HardLink):
            raise _outside(f"a link at `{name[:80]}`")
        return group.get(name) if link is not None else None

    def below(self, group: Any) -> list[tuple[str, Shape]]:
        """Every array below a group: path and shape. No link is followed."""
        found: list[tuple[str, Shape]] = []

        def visit(path: str, item: Any) -> bool | None:
            if not hasattr(item, "shape"):
                return None
            self._count += 1
            # The shape of a virtual array may be that of arrays in other files, which would be opened.
            if item.is_virtual:
                raise _outside(f"a virtual array at `{path[:80]}`")
            found.append((path, tuple(item.shape or ())))
            return True if self._count > self._most else None

        group.visititems(visit)
        if self._count > self._most:
            raise _Refused("too-large", f"at most {self._most:,} arrays of weights", "more")
        return found


def _outside(got: str) -> _Refused:
    return _Refused("unsafe-archive", "weights in the file itself", got)


def _text(group: Any, name: str, max_bytes: int) -> str | None:
    """A text among the attributes of a group; None where there is none. What is no text is refused."""
    if name not in group.attrs:
        return None
    from h5py import check_string_dtype

    stored = group.attrs.get_id(name)
    if stored.shape != () or not check_string_dtype(stored.dtype) or stored.dtype.itemsize > max_bytes:
        raise _Refused("damaged-file", f"`{name}` to be a text", "something else")
    value = group.attrs[name]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _by_keras3(arrays: _Arrays, weights: Any, max_bytes: int) -> dict[str, tuple[Shape, ...]]:
    """Keras 3 stores arrays under `layers/CLASS/.../vars/N`, and the layer's name beside its own arrays."""
    layers = arrays.child(weights, "layers")
    stored = {}
    for key in layers if hasattr(layers, "get") else ():
        group = arrays.child(layers, key)
        own = arrays.child(group, "vars")
        name = _text(own, "name", max_bytes) if own is not None else None
        if name is not None:
            stored[name] = tuple(shape for path, shape in arrays.below(group) if path.rpartition("/")[2] not in TABLES)
    return stored


def _by_keras2(arrays: _Arrays, weights: Any) -> dict[str, tuple[Shape, ...]]:
    """An `.h5` file stores arrays under `model_weights/LAYER/...`, as both Keras 2 and 3 write it."""
    layers = arrays.child(weights, "model_weights")
    groups = {str(name): arrays.child(layers, name) for name in (layers if hasattr(layers, "get") else ())}
    return {name: tuple(shape for _, shape in arrays.below(group)) for name, group in groups.items()}


# The program. A line of JSON tells where packages lie, then each asks for one file; the config's text, which may be
# long, follows the line that answers.


class PartByPart(io.RawIOBase):
    """A file of so many bytes, of which `ask` gives those from a place on, at most so many."""

    def __init__(self, size: int, ask: Callable[[int, int], bytes]) -> None:
        self._size, self._ask, self._at = size, ask, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        data = self._ask(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def serve() -> None:
    """Answers until standard input ends, over what standard output was; nothing else can write there."""
    import os
    import signal

    # Who started it hears of an interrupt too, and ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.path[:] = json.loads(source.readline())
    import h5py  # noqa: F401  # before the limit, of what is left for a file

    _limit_memory()
    target.write(b"ready\n")
    target.flush()

    def ask(offset: int, size: int) -> bytes:
        target.write(b"%d %d\n" % (offset, size))
        target.flush()
        return source.read(int(source.readline()))

    while line := source.readline():
        size, seconds, *question = json.loads(line)
        if alarm := getattr(signal, "alarm", None):
            # Should who started it be gone, nobody else ends it.
            alarm(seconds)
        answer = look(io.BufferedReader(PartByPart(size, ask), BLOCK), Question(*question))
        if alarm:
            alarm(0)
        text = answer.config.encode("utf-8", "surrogatepass")
        target.write(json.dumps([len(text), answer.stored, answer.fault]).encode() + b"\n" + text)
        target.flush()


def _limit_memory() -> None:
    """Limits what is taken from now on, where the system tells what is taken already."""
    try:
        import resource

        with open("/proc/self/statm") as pages:
            taken = int(pages.read().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        if most == resource.RLIM_INFINITY or most > taken + MAX_MEMORY:
            resource.setrlimit(resource.RLIMIT_AS, (taken + MAX_MEMORY, most))
    except (ImportError, OSError, ValueError):
        pass


if __name__ == "__main__":
    serve()
