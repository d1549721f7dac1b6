"""Runs commands in one process, and tells of each what it did besides reading its sources and printing.

Given as a script: the calls come as JSON on standard input, the findings go there on standard output.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback
from importlib import import_module
from typing import Any

MARK = "pwned"
#: What is looked into only to load what is installed.
ROOTS = tuple({os.path.realpath(p) for p in (sys.prefix, sys.base_prefix, *filter(None, sys.path[1:]))})
#: What no command does: start, remove, fetch, or unpickle anything.
NEVER = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "pickle.find_class", "socket.connect",
         "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate",
         "urllib.Request", "webbrowser.open", "shutil.move", "shutil.rmtree")  # fmt: skip
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

seen: list[str] | None = None
allowed: set[str] = set()


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Notes what is out of the ordinary."""
    if seen is None:
        return
    if event in NEVER:
        seen.append(f"{event} {arguments!r:.80}")
    # Python looks for a wrong line of code in a file that is called as the code is, `<unknown>`.
    elif event == "open" and not isinstance(arguments[0], int):
        path, flags = os.path.realpath(os.fsdecode(arguments[0])), arguments[2] or 0
        if flags & WRITES:
            seen.append(f"write {path}")
        elif (
            path not in allowed
            and not path.endswith("<unknown>")
            and not path.startswith((*ROOTS, "/proc", "/sys", "/usr", "/lib", "/etc/ld"))
        ):
            seen.append(f"read {path}")
    elif event == "exec" and MARK in repr((arguments[0].co_consts, arguments[0].co_names)):
        seen.append("exec of the model's own code")


def call(words: list[str]) -> dict[str, Any]:
    """One call, and what it did."""
    global seen
    from lstmcalc.cli import main

    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    allowed.clear()
    allowed.update(os.path.realpath(word) for word in words)
    sys.argv, code, seen = ["lstmcalc", *words], 0, []
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
            code = 70
    did, seen = seen, None
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]  # a BytesIO
    return {"code": code, "did": did, "out": texts[0], "err": texts[1]}


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    calls = json.load(sys.stdin)
    # Without a Python to start, an HDF5 file is looked at in this process, by the same code, and so before our eyes.
    sys.executable = ""
    with contextlib.suppress(ImportError):
        # As it is loaded, NumPy asks `uname` for the processor, whatever the file.
        import_module("h5py")
    sys.addaudithook(watch)
    print(json.dumps([call(words) for words in calls]))
    sys.stdout.flush()
    # A hook that is asked while the interpreter ends has nothing to look things up in.
    os._exit(0)
