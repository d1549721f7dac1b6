"""Saved models: `.keras` archives and HDF5 files (`.h5`). Nothing in them is run, and nothing is unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import chain
from typing import BinaryIO

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.sources.apart import looked_at
from lstmcalc.sources.config import read_config
from lstmcalc.sources.hdf5 import PartByPart, Question
from lstmcalc.spec import Spec, snake_case

__all__ = ["read_archive"]

#: How the files of an archive may be packed; zipfile unpacks others without a bound.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
#: A saved model has three files and its assets, such as vocabularies.
MAX_MEMBERS = 10_000
#: The largest description of a model, or compressed weights, that are read into memory; and so of all vocabularies.
MAX_BYTES = 64_000_000
#: How much is unpacked at a time, whatever a file says of its size.
CHUNK = 1_000_000
#: The most that is read at once: the directory of an archive with as many files as there may be takes half of it.
MAX_READ = 2_000_000
#: How many arrays of weights are looked at; a file may show the same ones at many places.
MAX_ARRAYS = 100_000


def read_archive(file: BinaryIO, source: str) -> Spec:
    """The spec of a saved model, with the shapes of its stored weights; `source` names it in errors.

    Raises SpecError. The weights are looked at where h5py is installed; an `.h5` file cannot be read without it.
    """
    if file.read(4) == b"PK\x03\x04":
        return _read_zip(file, source)
    if find_spec("h5py") is None:
        raise SpecError([_placed(("missing-package", "h5py, which reads `.h5` files", "none", ""), source)])
    stored, text, fault = looked_at(file, Question(True, MAX_ARRAYS, MAX_BYTES))
    if fault:
        raise SpecError([_placed(fault, source)])
    return read_config(text, source)._replace(stored=stored)


#: What helps where a file cannot be read, by the fault's code.
FIXES = {
    "missing-package": "install it: `pip install 'lstmcalc[h5]'`; or save the model as `.keras`",
    "no-model": "save the whole model, `model.save(...)`, or its architecture, `model.to_json()`",
}


def _placed(fault: tuple[str, str, str, str], source: str) -> Fault:
    """What looking at an HDF5 file told, as a fault of the source."""
    code, expected, got, because = fault
    if code == "damaged-file" and not got:
        return _damaged(source, because)
    return Fault(code, expected, got, because, FIXES.get(code, ""), where=Where(source))


def _read_zip(file: BinaryIO, source: str) -> Spec:
    with _damage_told(source):
        archive = zipfile.ZipFile(_InPieces(file))
        members = _checked_members(archive, source)
        if CONFIG not in members:
            fix = 'a model saved with `model.save("model.keras")` has one'
            raise SpecError([Fault("no-model", f"an archive with `{CONFIG}`", "one without", fix=fix,
                                   where=Where(source))])  # fmt: skip
        text = b"".join(_unpacked(archive, members[CONFIG])).decode("utf-8", "replace")
    spec = read_config(text, source)
    with _damage_told(source):
        spec = _Vocabularies(archive, members).added(spec, "assets/layers")
        return _with_weights(spec, file, archive, members[WEIGHTS]) if WEIGHTS in members else spec


@contextmanager
def _damage_told(source: str) -> Iterator[None]:
    """What zipfile and what it unpacks with raise on damaged files becomes a SpecError."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, OSError,
            ValueError, OverflowError) as error:  # fmt: skip
        raise SpecError([_damaged(source, str(error))]) from None


class _InPieces:
    """A file of which not much can be read at once: zipfile takes in a whole directory, however many files it lists."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.seek, self.tell, self.seekable = file, file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > MAX_READ:
            raise ValueError("its list of files is too long")
        return self._file.read(size)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of a member, as much of it as it says to have, in pieces."""
    with archive.open(member) as file:
        while piece := file.read(CHUNK):
            yield piece


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
    odd = [info.filename for info in infos if info.compress_type not in METHODS]
    if odd:
        because = "no saved model is compressed in another way"
        faults.append(Fault("unsafe-archive", "files that are stored or deflated", f"`{odd[0][:80]}`", because))
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


class _Vocabularies:
    """The vocabularies in an archive, which lookups have there that were adapted to data."""

    def __init__(self, archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> None:
        self._archive, self._members = archive, members
        self._left = MAX_BYTES

    def added(self, spec: Spec, folder: str) -> Spec:
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
            file = self._members.get(f"{place}/vocabulary.txt")
            if model:
                models[layer.class_name] = self.added(model, f"{place}/layers")
            elif file and layer.arguments.get("vocabulary") is None:
                adapted.add(name)
                if layer.arguments.get("vocabulary_size") is None:
                    layers[name] = layer.changed(arguments={**layer.arguments, **self._size(file)})
        return spec._replace(layers=layers, models=models, adapted=frozenset(adapted))

    def _size(self, member: zipfile.ZipInfo) -> dict[str, int]:
        """How many tokens a vocabulary has; nothing of one that is too large, alone or behind the others."""
        self._left -= member.file_size
        tokens = _count_lines(_unpacked(self._archive, member)) if self._left >= 0 else 0
        return {"vocabulary_size": tokens} if tokens else {}


def _count_lines(pieces: Iterable[bytes]) -> int:
    """How many lines a text has, as Keras reads them; empty ones at the end do not count. 0 where one has no end.

    >>> _count_lines([b"a\\r", b"\\nb\\n\\n", b"c", b"d\\n\\n"])
    4
    """
    decoder = getincrementaldecoder("utf-8")("replace")
    count = up_to_here = 0
    begun = ""
    for piece in chain(pieces, [b""]):
        text = begun + decoder.decode(piece, final=not piece)
        end = text.rfind("\n") + 1 if piece else len(text)
        lines, begun = text[:end], text[end:]
        if len(begun) > CHUNK:
            return 0
        if filled := lines.rstrip("\n"):
            count = up_to_here + len(filled.splitlines())
        up_to_here += len(lines.splitlines())
    return count


def _with_weights(spec: Spec, file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Spec:
    """The spec with the shapes of the stored weights, where they can be looked at."""
    if member.compress_type == zipfile.ZIP_STORED:
        start = _start_of_data(file, member)

        def part(at: int, size: int) -> bytes:
            file.seek(start + at)
            return file.read(max(0, min(size, member.file_size - at)))

        # So that weights of any size are looked at where they lie.
        weights: io.IOBase = PartByPart(member.file_size, part)
    elif member.file_size <= MAX_BYTES:
        weights = io.BytesIO(b"".join(_unpacked(archive, member)))
    else:
        return spec
    if find_spec("h5py") is None:
        return spec
    stored, _, fault = looked_at(weights, Question(False, MAX_ARRAYS, MAX_BYTES))
    if fault:
        return spec._replace(faults=(*spec.faults, _placed(fault, spec.source)))
    return spec._replace(stored=stored)


def _start_of_data(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin: behind its local header, a name and an extra field (APPNOTE.TXT 4.3.7)."""
    file.seek(member.header_offset + 26)
    lengths = file.read(4)
    return member.header_offset + 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")


def _damaged(source: str, because: str) -> Fault:
    because = because.splitlines()[0].lower() if because else ""
    return Fault("damaged-file", "a file as Keras saved it", because=because, where=Where(source))
