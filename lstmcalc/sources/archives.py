"""Saved models: `.keras` archives and HDF5 files (`.h5`). Nothing in them is run, and nothing is unpacked."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, BinaryIO

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.sources.config import read_config
from lstmcalc.spec import Spec, snake_case

__all__ = ["read_archive"]

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
#: A saved model has three files and its assets, such as vocabularies.
MAX_MEMBERS = 10_000
#: The largest description of a model, or compressed weights, that are read into memory.
MAX_BYTES = 64_000_000

#: What layers store besides their weights: the table that a lookup counts with (Keras 3.15.1, `save_own_variables`).
TABLES = ("idf_weights",)

#: The shapes of the arrays that a file stores for each layer, by the layer's name.
Stored = Mapping[str, tuple[tuple[int, ...], ...]]


def read_archive(file: BinaryIO, source: str) -> Spec:
    """The spec of a saved model, with the shapes of its stored weights; `source` names it in errors.

    Raises SpecError. The weights are looked at where h5py is installed; an `.h5` file cannot be read without it.
    """
    if file.read(4) == b"PK\x03\x04":
        return _read_zip(file, source)
    with _hdf5(file, source) as weights:
        config = weights.attrs.get("model_config")
        if config is None:
            got = "weights without a model" if len(weights) else "neither a model nor weights"
            fix = "save the whole model, `model.save(...)`, or its architecture, `model.to_json()`"
            raise SpecError([Fault("no-model", "a saved model", got, fix=fix, where=Where(source))])
        text = config.decode("utf-8", "replace") if isinstance(config, bytes) else str(config)
        return replace(read_config(text, source), stored=_stored_by_keras2(weights))


def _read_zip(file: BinaryIO, source: str) -> Spec:
    try:
        with zipfile.ZipFile(file) as archive:
            members = _checked_members(archive, source)
            if CONFIG not in members:
                fix = 'a model saved with `model.save("model.keras")` has one'
                raise SpecError([Fault("no-model", f"an archive with `{CONFIG}`", "one without", fix=fix,
                                       where=Where(source))])  # fmt: skip
            with archive.open(members[CONFIG]) as member:
                text = member.read(MAX_BYTES).decode("utf-8", "replace")
            spec = _with_vocabularies(read_config(text, source), archive, members, "assets/layers")
            return _with_weights(spec, file, archive, members[WEIGHTS]) if WEIGHTS in members else spec
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise SpecError([_damaged(source, str(error))]) from None


def _checked_members(archive: zipfile.ZipFile, source: str) -> dict[str, zipfile.ZipInfo]:
    """The members by name; raises SpecError on what no saved model has, and a hostile file may."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    faults = []
    if len(infos) > MAX_MEMBERS:
        faults.append(Fault("unsafe-archive", f"at most {MAX_MEMBERS:,} files in an archive", f"{len(infos):,}"))
    for name in (CONFIG, WEIGHTS):
        if names.count(name) > 1:
            faults.append(Fault("unsafe-archive", f"one `{name}`", str(names.count(name))))
    outside = [name for name in names if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/")]
    if outside:
        because = "its path leads out of the archive"
        faults.append(Fault("unsafe-archive", "files inside the archive", f"`{outside[0][:80]}`", because))
    members = dict(zip(names, infos, strict=True))
    if CONFIG in members and members[CONFIG].file_size > MAX_BYTES:
        size = f"{members[CONFIG].file_size:,} bytes"
        faults.append(Fault("too-large", f"`{CONFIG}` of at most {MAX_BYTES:,} bytes", size))
    if faults:
        raise SpecError(fault.placed(Where(source)) for fault in faults)
    return members


def _with_vocabularies(
    spec: Spec, archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], folder: str
) -> Spec:
    """The spec with the lookups known that have their vocabulary in the archive, and how large it is.

    Keras names the folder of a layer by its class and counts (`saving_lib._save_container_state`, 3.15.1).
    """
    counts: Counter[str] = Counter()
    layers, models, adapted = dict(spec.layers), dict(spec.models), set()
    for name, layer in spec.layers.items():
        model = models.get(layer.class_name)
        key = snake_case(model.class_name or ("Sequential" if model.sequential else "Functional")
                         if model else layer.class_name)  # fmt: skip
        place = f"{folder}/{key}_{counts[key]}" if counts[key] else f"{folder}/{key}"
        counts[key] += 1
        if model:
            models[layer.class_name] = _with_vocabularies(model, archive, members, f"{place}/layers")
        elif f"{place}/vocabulary.txt" in members and layer.arguments.get("vocabulary") is None:
            adapted.add(name)
            if layer.arguments.get("vocabulary_size") is None:
                size = _lines(archive, members[f"{place}/vocabulary.txt"])
                layers[name] = replace(layer, arguments={**layer.arguments, **size})
    return replace(spec, layers=layers, models=models, adapted=frozenset(adapted))


def _lines(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> dict[str, int]:
    """How many tokens a vocabulary has, one in a line as Keras reads them; nothing of one that is too large."""
    with archive.open(member) as file:
        data = file.read(MAX_BYTES + 1)
    tokens = len(data.decode("utf-8", "replace").rstrip("\n").splitlines())
    return {"vocabulary_size": tokens} if tokens and len(data) <= MAX_BYTES else {}


def _with_weights(spec: Spec, file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Spec:
    """The spec with the shapes of the stored weights, where they can be looked at."""
    if member.compress_type == zipfile.ZIP_STORED:
        weights: io.IOBase = _Window(file, _start_of_data(file, member), member.file_size)
    elif member.file_size <= MAX_BYTES:
        weights = io.BytesIO(archive.read(member))
    else:
        return spec
    if find_spec("h5py") is None:
        return spec
    try:
        with _hdf5(weights, spec.source) as found:
            return replace(spec, stored=_stored_by_keras3(found))
    except SpecError as error:
        return replace(spec, faults=(*spec.faults, *error.faults))


def _start_of_data(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin: behind its local header, a name and an extra field (APPNOTE.TXT 4.3.7)."""
    file.seek(member.header_offset + 26)
    lengths = file.read(4)
    return member.header_offset + 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")


class _Window(io.RawIOBase):
    """A part of a file as a file, so that weights of any size are looked at where they lie."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

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
        self._file.seek(self._start + self._at)
        data = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


@contextmanager
def _hdf5(file: BinaryIO | io.IOBase, source: str) -> Iterator[Any]:
    """An HDF5 file, opened for reading; whatever h5py raises on a damaged one becomes a SpecError."""
    try:
        import h5py
    except ModuleNotFoundError:
        fix = "install it: `pip install 'lstmcalc[h5]'`; or save the model as `.keras`"
        fault = Fault("missing-package", "h5py, which reads `.h5` files", "none", fix=fix, where=Where(source))
        raise SpecError([fault]) from None
    try:
        with h5py.File(file, "r") as opened:
            yield opened
    except SpecError:
        raise
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError, ValueError and more on damaged files.
        raise SpecError([_damaged(source, str(error))]) from None


def _damaged(source: str, because: str) -> Fault:
    because = because.splitlines()[0].lower() if because else ""
    return Fault("damaged-file", "a file as Keras saved it", because=because, where=Where(source))


def _arrays(group: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every array below a group: path and shape. Links to other files are not followed."""
    found: list[tuple[str, tuple[int, ...]]] = []
    group.visititems(lambda path, item: found.append((path, tuple(item.shape))) if hasattr(item, "shape") else None)
    yield from found


def _stored_by_keras3(weights: Any) -> Stored:
    """Keras 3 stores arrays under `layers/CLASS/.../vars/N`, and the layer's name beside its own arrays."""
    layers = weights.get("layers")
    stored = {}
    for key in layers if layers is not None else ():
        group = layers.get(key)
        own = group.get("vars") if hasattr(group, "get") else None
        name = own.attrs.get("name") if own is not None else None
        if name is not None:
            arrays = (shape for path, shape in _arrays(group) if path.rpartition("/")[2] not in TABLES)
            stored[str(name)] = tuple(arrays)
    return stored


def _stored_by_keras2(weights: Any) -> Stored:
    """An `.h5` file stores arrays under `model_weights/LAYER/...`, as both Keras 2 and 3 write it."""
    layers = weights.get("model_weights")
    return {str(name): tuple(shape for _, shape in _arrays(layers[name])) for name in (layers if layers else ())}
