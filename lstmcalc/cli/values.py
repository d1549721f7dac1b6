"""What `--set` and `--to` say."""

from __future__ import annotations

from collections.abc import Iterable

import typer

__all__ = ["checked_target", "values_of"]


def values_of(words: Iterable[str] | None) -> dict[str, int]:
    """`NAME=VALUE` words as a mapping; a usage error where one is something else.

    >>> values_of(["T=10", "U=64"])
    {'T': 10, 'U': 64}
    """
    values = {}
    for word in words or []:
        name, _, number = word.partition("=")
        if not name.isidentifier() or not number.isdecimal() or len(number) > 4000 or int(number) < 1:
            raise typer.BadParameter(f"expected NAME=VALUE with a positive integer, got {word}", param_hint="--set")
        values[name] = int(number)
    return values


def checked_target(target: str) -> str:
    """What a model is to be written as; a usage error where that is none of the ways that there are."""
    from lstmcalc.conversion import TARGETS

    if target not in TARGETS:
        raise typer.BadParameter(f"expected {', '.join(TARGETS)}, got {target}", param_hint="--to")
    return target
