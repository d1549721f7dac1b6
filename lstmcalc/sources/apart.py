"""HDF5 files looked at in a process of its own, which can be ended: libhdf5 may never end on a damaged file.

The process reads no file: it is sent what it asks for. It stays for the next file, and goes with this process.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import subprocess
import sys
from threading import Timer
from typing import IO, Any, BinaryIO

from lstmcalc.sources import hdf5
from lstmcalc.sources.hdf5 import Answer, Question, look

__all__ = ["looked_at"]

#: How long a file may take, and how much longer for each MB.
SECONDS, SECONDS_PER_MB, MOST_SECONDS = 10, 1, 120
#: How long loading h5py may take, perhaps over a network.
SECONDS_TO_START = 60
#: The most that is sent at once.
CHUNK = 1_000_000


def looked_at(file: BinaryIO | io.IOBase, question: Question) -> Answer:
    """What a file holds. Where no process can be started, it is looked at in this one."""
    worker = _idle_worker()
    if worker is None:
        return look(file, question)
    answer = None
    try:
        answer = worker.answer(file, question)
    finally:
        # After an interrupt, too.
        if answer is None or worker.late:
            worker.end()
        else:
            _idle.append(worker)
    if answer is not None:
        return answer
    because = f"is not done after {worker.seconds} s" if worker.late else "crashes on it"
    return Answer(fault=("unreadable-file", "a file that can be read", "", f"h5py, which reads it, {because}"))


class _Worker:
    """A process that looks at one file after the other."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.late, self.seconds = False, SECONDS_TO_START
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", hdf5.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # NumPy needs no threads to tell a shape, and takes memory for each.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def starts(self) -> bool:
        """Whether the process is one that answers: what is called `sys.executable` may be no Python."""
        with self._in_time(SECONDS_TO_START), contextlib.suppress(OSError):
            self._send(json.dumps([place for place in sys.path if isinstance(place, str)]).encode() + b"\n")
            return self._output.readline() == b"ready\n" and not self.late
        return False

    def answer(self, file: BinaryIO | io.IOBase, question: Question) -> Answer | None:
        """What a file holds; None where the process ends before it tells."""
        size = file.seek(0, io.SEEK_END)
        seconds = min(SECONDS + size * SECONDS_PER_MB // 1_000_000, MOST_SECONDS)
        with self._in_time(seconds):
            if not self._sent(json.dumps([size, seconds + SECONDS, *question]).encode() + b"\n"):
                return None
            while (line := self._output.readline()).endswith(b"\n"):
                if not line.startswith(b"["):
                    offset, wanted = map(int, line.split())
                    file.seek(offset)
                    data = file.read(min(wanted, CHUNK))
                    if not self._sent(b"%d\n" % len(data) + data):
                        return None
                    continue
                length, stored, fault = json.loads(line)
                text = self._output.read(length)
                if len(text) < length:
                    return None
                shapes = {name: tuple(map(tuple, arrays)) for name, arrays in stored.items()}
                return Answer(shapes, text.decode("utf-8", "surrogatepass"), fault and tuple(fault))
        return None

    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def end(self) -> None:
        """Ends the process, whatever it does, and waits for that."""
        self._process.kill()
        self._close()
        self._process.wait()

    def leave(self) -> None:
        """Lets go of a process that another has started, as after a fork."""
        self._close()
        # Python warns of a process that goes on; this one is not ours to wait for.
        self._process.returncode = 0

    def _close(self) -> None:
        for pipe in (self._input, self._output):
            with contextlib.suppress(OSError):
                pipe.close()

    @contextlib.contextmanager
    def _in_time(self, seconds: int) -> Any:
        """What takes longer within ends with the process."""
        timer = Timer(seconds, self._too_late)
        self.seconds = seconds
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _too_late(self) -> None:
        self.late = True
        self._process.kill()

    def _sent(self, data: bytes) -> bool:
        """Whether the process is still there to be told."""
        try:
            self._send(data)
        except OSError:
            return False
        return True

    def _send(self, data: bytes) -> None:
        self._input.write(data)
        self._input.flush()

    @property
    def _input(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout


_idle: list[_Worker] = []


def _idle_worker() -> _Worker | None:
    """A process that waits for a file; None where none can be started."""
    while _idle:
        worker = _idle.pop()
        if worker.owner != os.getpid():
            worker.leave()
        elif worker.is_alive():
            return worker
        else:
            worker.end()
    if not sys.executable or getattr(sys, "frozen", False) or not os.path.isfile(hdf5.__file__):
        return None
    try:
        worker = _Worker()
    except OSError:
        return None
    started = False
    try:
        started = worker.starts()
    finally:
        if not started:
            worker.end()
    return worker if started else None


@atexit.register
def _end_all() -> None:
    while _idle:
        worker = _idle.pop()
        if worker.owner == os.getpid():
            worker.end()
        else:
            worker.leave()
