"""The commands: arguments are parsed, the library is called, the answer is printed, the exit code says how it went."""

from __future__ import annotations

# Loading `typing` takes a while, in which a run could be interrupted with a traceback.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lstmcalc.cli.commands import app

__all__ = ["app", "main"]


def main() -> None:
    """The console script; nothing is loaded before it can be interrupted without a traceback."""
    import sys

    try:
        _prepare()
        from lstmcalc.cli.commands import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        # Of help and the version, which typer prints.
        sys.stderr.write(f"lstmcalc: cannot write: {error.strerror}\n")
        sys.exit(2)


def _prepare() -> None:
    """What makes a short run short."""
    import atexit
    import gc
    import os
    import sys
    from io import StringIO, TextIOWrapper

    # Hardly anything of a run is cyclic garbage. Looking for it while a short run starts takes a tenth of its time, and
    # another fifth when the interpreter ends, which looks through all that there is: what is frozen, it leaves alone.
    gc.set_threshold(300_000, 50, 100)
    atexit.register(gc.freeze)
    for stream in (sys.stdout, sys.stderr):
        # The same answer is the same bytes in any locale; a terminal says itself what it can show.
        if isinstance(stream, TextIOWrapper) and not stream.isatty() and "PYTHONIOENCODING" not in os.environ:
            stream.reconfigure(encoding="utf-8")
    if sys.stderr is None:
        # What is wrong with a command line would be printed where answers go.
        sys.stderr = StringIO()
    if "_LSTMCALC_COMPLETE" in os.environ:
        # Where typer finds rich, it loads all of it to take markup out of help lines, which have none.
        sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # as documented: it is not to be found


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lstmcalc.cli.commands import app

    return app
