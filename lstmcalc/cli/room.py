"""What asks too much of Python's stack or of memory: it gets a larger stack once, and is then told as an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lstmcalc.errors import Fault, SpecError, Where

__all__ = ["out_of_room", "with_room"]

R = TypeVar("R")

#: The stack for what is deep, of which only what is used takes memory, and the calls in one another that fit into it.
STACK = 512 * 1024 * 1024
CALLS = 60_000


def with_room(function: Callable[[], R]) -> R:
    """What a function returns that shows nothing until it has its answer.

    Rules, reports and answers of models in one another are in one another too. Where these are too deep for the usual
    stack, the function runs once more, in a thread with a larger one. Raises `RecursionError` where that does not do.
    """
    try:
        return function()
    except RecursionError:
        return _on_larger_stack(function)


def _on_larger_stack(function: Callable[[], R]) -> R:
    import sys
    from concurrent.futures import Future
    from threading import Thread, stack_size

    answer: Future[R] = Future()

    def run() -> None:
        try:
            answer.set_result(function())
        except BaseException as error:
            answer.set_exception(error)

    limit, size = sys.getrecursionlimit(), stack_size(STACK)
    sys.setrecursionlimit(max(limit, CALLS))
    try:
        # Whoever interrupts the run does not wait for it.
        Thread(target=run, daemon=True).start()
        return answer.result()
    except RuntimeError as error:
        if isinstance(error, RecursionError):
            raise
        raise RecursionError("there is no room for a larger stack") from None
    finally:
        stack_size(size)
        sys.setrecursionlimit(limit)


def out_of_room(error: RecursionError | MemoryError, source: str | None) -> SpecError:
    """The error of a source whose answer Python could not make.

    >>> print(out_of_room(MemoryError(), "m.yaml"))
    error[too-large] m.yaml
      expected a model whose answer fits into memory
      got      a larger one
    """
    code, expected, got = (
        ("too-deep", "models, layers and values less deep in one another", "more than Python can follow")
        if isinstance(error, RecursionError)
        else ("too-large", "a model whose answer fits into memory", "a larger one")
    )
    return SpecError([Fault(code, expected, got, where=Where(source))])
