"""What is known of the terminal, and what a long run shows on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from stat import S_ISFIFO
from time import monotonic

import typer

from lstmcalc.steering import harmless, visible

__all__ = ["among", "complain", "errors_on_terminal", "on_terminal", "one_by_one", "progress", "terminal_width",
           "wants_colour"]  # fmt: skip

#: A run of so many seconds is a long one.
LONG = 2


def on_terminal() -> bool:
    """Whether standard output is looked at."""
    return sys.stdout is not None and sys.stdout.isatty()


def errors_on_terminal() -> bool:
    """Whether standard error is looked at."""
    return sys.stderr is not None and sys.stderr.isatty()


def has_room_for_bar() -> bool:
    """Whether a bar can be drawn on standard error, and nothing else draws there.

    What reads answers from a pipe most likely prints on the same terminal, and would leave bars between its lines.
    """
    if not errors_on_terminal() or sys.stdout is None:
        return False
    with suppress(OSError, ValueError):
        return not S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    return True


def complain(text: str) -> None:
    """Says lines on standard error; nothing where that is closed, as there is no other place to say it."""
    with suppress(OSError):
        typer.echo(harmless(text, errors_on_terminal() and wants_colour()), err=True)


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
    if quiet or not has_room_for_bar():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    # What is printed meanwhile stands above the bar, unless it goes elsewhere, where it has to stay.
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=on_terminal()) as bar:
        task = bar.add_task(label, total=None)

        def show(label: str, done: int, whole: int) -> None:
            bar.update(task, description=escape(visible(label)), completed=done, total=whole)

        yield show


def one_by_one(sources: Sequence[str], watched: bool) -> Iterator[str]:
    """The sources; a bar tells how far a long run is, unless the answers are `watched` as they come."""
    if len(sources) == 1 or watched or not has_room_for_bar():
        yield from sources
        return
    start, show = monotonic(), None
    with ExitStack() as stack:
        for done, source in enumerate(sources):
            if show is None and monotonic() - start > LONG:
                show = stack.enter_context(progress("models"))
            if show is not None:
                show(f"{done:,} of {len(sources):,}: {source}", done, len(sources))
            yield source


def among(show: Callable[[str, int, int], None], name: str, turn: tuple[int, int]) -> Callable[[str, int, int], None]:
    """What tells a bar for all sources how far one of them is; `turn` is its place among how many.

    >>> among(print, "b.yaml", (1, 4))("batch 2", 1, 2)
    2 of 4, b.yaml: batch 2 3 8
    """
    place, count = turn
    if count == 1:
        return show

    def tell(label: str, done: int, whole: int) -> None:
        show(f"{place + 1} of {count}, {name}: {label}", place * whole + done, count * whole)

    return tell
