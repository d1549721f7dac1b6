"""HDF5 files that h5py never gets done with, or that crash it: looked at in a process that can be ended."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lstmcalc import load
from lstmcalc.errors import SpecError
from lstmcalc.sources import apart, hdf5
from lstmcalc.sources.apart import looked_at
from lstmcalc.sources.hdf5 import Answer, Question

h5py = pytest.importorskip("h5py")

CONFIG = json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": [
    {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "x"}},
    {"class_name": "Dense", "config": {"name": "zeta", "units": 3}}]}})  # fmt: skip
WHOLE = Question(True, 100, 1_000_000)


def model(text: Any = CONFIG) -> bytes:
    """A small model of Keras 2's form."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["model_config"] = text
        file.create_dataset("model_weights/zeta/kernel:0", (4, 3), "float32")
        file.create_dataset("model_weights/zeta/bias:0", (3,), "float32")
    return buffer.getvalue()


def endless() -> bytes:
    """A model whose text lies in a heap where something has no size: libhdf5 looks for the next one there forever.

    A heap has a header of 16 bytes; of each object in it number, uses, four bytes of nothing, and size.
    """
    data = model()
    heap = data.find(b"GCOL") + 16
    assert heap > 16 and struct.unpack_from("<Q", data, heap + 8)[0] == len(CONFIG)
    return data[:heap] + struct.pack("<HH4xQ", 0, 0, 0) + data[heap + 16 :]


@pytest.fixture(autouse=True)
def fresh() -> Any:
    """No process is taken over from another test, or left to one."""
    apart._end_all()
    yield
    apart._end_all()


def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> None:
    """Another program in place of the one that looks: `code` stands where it would be asked for a file."""
    program = tmp_path / "planted.py"
    program.write_text(
        f"import os, sys, time\nos.write(1, b'ready\\n')\nsys.stdin.buffer.readline()\n"
        f"sys.stdin.buffer.readline()\n{code}\n"
    )
    monkeypatch.setattr(hdf5, "__file__", str(program))


def told(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        load(path)
    return str(caught.value).replace(str(path.parent), "")


def test_a_file_is_looked_at_by_another_process_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "look", lambda *rest: pytest.fail("looked at in this process"))
    stored = {"zeta": ((3,), (4, 3))}
    assert looked_at(io.BytesIO(model()), WHOLE) == Answer(stored, CONFIG)
    (worker,) = apart._idle
    assert looked_at(io.BytesIO(model("é \u2028")), WHOLE) == Answer(stored, "é \u2028")
    assert apart._idle == [worker]
    apart._end_all()
    assert not worker.is_alive()


def test_a_file_on_which_h5py_never_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "SECONDS", 1)
    path = tmp_path / "m.h5"
    path.write_bytes(endless())
    assert told(path) == (
        "error[unreadable-file] /m.h5\n  expected a file that can be read\n"
        "  because  h5py, which reads it, is not done after 1 s"
    )
    assert apart._idle == []
    path.write_bytes(model())
    assert load(path).stored == {"zeta": ((3,), (4, 3))}


def test_a_file_on_which_h5py_crashes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, tmp_path, "os.abort()")
    (tmp_path / "m.h5").write_bytes(model())
    assert told(tmp_path / "m.h5") == (
        "error[unreadable-file] /m.h5\n  expected a file that can be read\n"
        "  because  h5py, which reads it, crashes on it"
    )


@pytest.mark.parametrize("half", [b"0 8\n", b"[9, {}, null]\nab", b"[5", b""])
def test_half_an_answer_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, half: bytes) -> None:
    planted(monkeypatch, tmp_path, f"os.write(1, {half!r})\nos._exit(0)")
    answer = looked_at(io.BytesIO(model()), WHOLE)
    assert answer.fault and answer.fault[3] == "h5py, which reads it, crashes on it"


def test_an_interrupt_ends_the_process_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise KeyboardInterrupt

    begun: list[Any] = []
    real = apart._Worker.starts
    monkeypatch.setattr(apart._Worker, "starts", lambda worker: begun.append(worker) or real(worker))
    with pytest.raises(KeyboardInterrupt):
        looked_at(Interrupted(model()), WHOLE)
    assert [worker.is_alive() for worker in begun] == [False] and apart._idle == []


@pytest.mark.parametrize("executable", ["", None, "/nowhere/python", "frozen", "/bin/echo", "/bin/cat"])
def test_without_a_python_to_start_a_file_is_looked_at_here(monkeypatch: pytest.MonkeyPatch, executable: Any) -> None:
    monkeypatch.setattr(apart, "SECONDS_TO_START", 2)
    if executable == "frozen":
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    else:
        monkeypatch.setattr(sys, "executable", executable)
    assert looked_at(io.BytesIO(model()), WHOLE) == Answer({"zeta": ((3,), (4, 3))}, CONFIG)
    assert apart._idle == []


def test_what_takes_too_much_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class File:
        def __init__(self, *rest: Any) -> None:
            raise MemoryError

    monkeypatch.setattr(h5py, "File", File)
    assert hdf5.look(io.BytesIO(), WHOLE).fault == (
        "unreadable-file", "a file that can be read", "", "h5py, which reads it, takes more than 350 MB",
    )  # fmt: skip


def process_with_a_file(tmp_path: Path, data: bytes) -> tuple[subprocess.Popen[bytes], int]:
    """A process that reads a file on which h5py never ends, and the number of the one that it started."""
    (tmp_path / "m.h5").write_bytes(data)
    code = (
        "from lstmcalc import load; from lstmcalc.sources import apart\n"
        "real = apart._Worker.starts\n"
        "def starts(worker):\n    print(worker._process.pid, flush=True)\n    return real(worker)\n"
        "apart._Worker.starts = starts\n"
        "apart.SECONDS = 3\n"
        "load('m.h5')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=-3)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def is_running(number: int) -> bool:
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="tells processes by /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("data", [endless, model])
def test_no_process_is_left_behind(tmp_path: Path, number: signal.Signals, data: Any) -> None:
    process, other = process_with_a_file(tmp_path, data())
    with process:
        time.sleep(1)
        process.send_signal(number)
        process.wait(20)
    for _ in range(200):
        if not is_running(other):
            break
        time.sleep(0.1)
    assert not is_running(other)
    assert [path.name for path in tmp_path.iterdir()] == ["m.h5"]


FORKS = """
import gc, io, os, sys
from lstmcalc.sources import apart

data, question = io.BytesIO(sys.stdin.buffer.read()), apart.Question(True, 100, 1_000_000)
shapes = apart.looked_at(data, question).stored
ours = apart._idle[0]._process.pid
if os.fork() == 0:
    same = apart.looked_at(data, question).stored == shapes and apart._idle[0]._process.pid != ours
    gc.collect()
    apart._end_all()
    os._exit(0 if same else 1)
ended = os.waitstatus_to_exitcode(os.wait()[1])
again = apart.looked_at(data, question).stored == shapes and apart._idle[0]._process.pid == ours
print(ended, again)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_starts_a_process_of_its_own_and_leaves_the_other_to_its_parent() -> None:
    words = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", FORKS]
    done = subprocess.run(words, input=model(), capture_output=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == (b"0 True\n", b"")
