"""What `--set` says."""

from __future__ import annotations

from collections.abc import Iterable

import typer

__all__ = ["values_of"]


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
