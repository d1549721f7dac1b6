"""What is known of the terminal, and what a long run shows on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["on_terminal", "progress", "terminal_width", "wants_colour"]


def on_terminal() -> bool:
    """Whether standard output is looked at."""
    return sys.stdout is not None and sys.stdout.isatty()


def terminal_width() -> int:
    """The columns of the terminal."""
    from shutil import get_terminal_size

    return get_terminal_size().columns


def wants_colour() -> bool:
    """Whether a terminal may be coloured (https://no-color.org, and terminals that cannot)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@contextmanager
def progress(label: str, quiet: bool = False) -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on a terminal's standard error; it is told what the run is at, how much is done, and of how much.

    None where nobody looks.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda label, done, whole: bar.update(task, description=label, completed=done, total=whole)
