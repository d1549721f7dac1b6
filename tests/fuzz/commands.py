"""A run of the console script within this process: arguments and standard input in, exit code and both outputs out."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from properties import Broken, check_html, check_json, check_plain, check_svg, check_words, require
from strange_words import CONTROLS

__all__ = ["FORBIDDEN", "Done", "check_run", "run_command", "streams"]

#: Words that would write files, load Keras, speak to the network or change the shell: no damage may make them.
FORBIDDEN = ("-o", "--out", "--ver", "--sched", "--install", "--show-comp", "--device", "--backend", "--trust")
SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: What is missing for the time of a command, so that none of them is loaded.
BLOCKED = ("keras", "tensorflow", "jax", "torch", "numpy")


class Done(NamedTuple):
    """What a run came to."""

    code: int
    out: str
    err: str


def run_command(words: Sequence[str], data: bytes = b"") -> Done:
    """Runs `lstmcalc WORDS` on standard input; raises what would have been a traceback."""
    from lstmcalc.cli import main

    out, err = io.BytesIO(), io.BytesIO()
    with streams(words, data, out, err):
        try:
            main()
            code: Any = 0
        except SystemExit as end:
            code = end.code
    whole = out.getvalue(), err.getvalue()
    try:
        shown, told = (each.decode("utf-8") for each in whole)
    except UnicodeDecodeError as error:
        raise Broken(f"output encoding: {error}") from None
    return Done(0 if code is None else code, shown, told)


@contextmanager
def streams(words: Sequence[str], data: bytes, out: io.BytesIO, err: io.BytesIO) -> Iterator[None]:
    """The world of a command: pipes for its streams, and what it may not load missing. All is as before behind it."""
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    collects, handlers = gc.isenabled(), {number: signal.getsignal(number) for number in SIGNALS}
    there = {name: sys.modules[name] for name in BLOCKED if name in sys.modules}
    leave = os._exit
    sys.argv = ["lstmcalc", *words]
    sys.stdin = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="surrogateescape")
    sys.stdout, sys.stderr = (_Pipe(stream, encoding="utf-8", write_through=True) for stream in (out, err))
    os._exit = sys.exit  # type: ignore[assignment]
    for name in BLOCKED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    try:
        yield
    finally:
        os._exit = leave
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, _Pipe):
                stream.flush()
        sys.argv, sys.stdin, sys.stdout, sys.stderr = before
        for name in BLOCKED:
            if name not in there and sys.modules.get(name, name) is None:
                del sys.modules[name]
        for number, handler in handlers.items():
            signal.signal(number, handler)
        (gc.enable if collects else gc.disable)()


class _Pipe(io.TextIOWrapper):
    """A stream that leaves what it wrote to be looked at."""

    def close(self) -> None:
        self.flush()

    def __del__(self) -> None:
        self.detach()


def check_run(done: Done, form: str, source: str = "", codes: Sequence[int] = (0, 1, 2)) -> Any:
    """Holds a run to the contract: its exit code, both outputs, and the form that was asked for."""
    require(done.code in codes, f"exit code: {done.code}")
    require("Traceback (most" not in done.err or "Traceback (most" in source, "traceback: on standard error")
    found = CONTROLS.search(done.err.replace("\n", ""))
    require(found is None, f"control character on standard error: {found and found[0]!r} in {_around(done.err, found)}")
    check_words(done.err, source, "standard error")
    if done.code == 2:
        require(bool(done.err.strip()), "usage error: nothing is said")
        return None
    if done.out.lstrip().startswith("Usage:"):
        # Any word with an `h` behind one dash asks for help.
        form = "text"
    if form != "json":
        require(done.code == 0 or bool(done.err.strip()) or bool(done.out.strip()), "silence: a failure without a word")
    if form == "json":
        return check_json(done.out, source)
    if form == "html" and done.out:
        check_html(done.out)
    elif form == "svg" and done.out:
        check_svg(done.out)
    elif form in ("text", "markdown"):
        check_plain(done.out, source)
    return None


def _around(text: str, found: Any) -> str:
    if found is None:
        return ""
    text = text.replace("\n", "")
    return repr(text[max(found.start() - 40, 0) : found.end() + 40])
