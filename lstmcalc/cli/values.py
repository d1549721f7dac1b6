"""What `--set`, `--to` and options of amounts say."""

from __future__ import annotations

from collections.abc import Iterable

import typer

__all__ = ["checked_target", "no_options", "once", "read_amount", "values_of"]


def once(sources: list[str] | None) -> list[str] | None:
    """The sources of a command line; a usage error where standard input, which gives what it has once, is two of them.

    >>> once(["-", "model.yaml"])
    ['-', 'model.yaml']
    """
    if sources and sources.count("-") > 1:
        raise typer.BadParameter("expected standard input once, got `-` twice", param_hint="SOURCE")
    return sources


def no_options(shapes: list[str] | None) -> list[str] | None:
    """The shapes of a command line; a usage error where one was left out, so that the next option is read as one.

    >>> no_options(["300", "-1"])
    ['300', '-1']
    """
    for shape in shapes or ():
        if shape.startswith("--"):
            raise typer.BadParameter(f"expected a shape, such as 300, got the option `{shape}`")
    return shapes


def values_of(words: Iterable[str] | None, of_layers: bool = False) -> dict[str, int]:
    """`NAME=VALUE` words as a mapping; a usage error where one is something else.

    With `of_layers` a name may be `layer.argument`.

    >>> values_of(["T=10", "U=64"])
    {'T': 10, 'U': 64}
    """
    values = {}
    for word in words or []:
        name, _, number = word.partition("=")
        named = all(name.split(".")) if of_layers else name.isidentifier()
        if not named or not number.isdecimal() or len(number) > 4000 or int(number) < 1:
            raise typer.BadParameter(f"expected NAME=VALUE with a positive integer, got {word}", param_hint="--set")
        values[name] = int(number)
    return values


def read_amount(text: str, unit: str, option: str, above_zero: str = "") -> int:
    """An amount as people write it; a usage error where it is none, or 0 where something `above_zero` is expected."""
    from lstmcalc.measures import amount

    try:
        found = amount(text, unit)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
    if above_zero and found < 1:
        raise typer.BadParameter(f"expected {above_zero}, got {text}", param_hint=option)
    return found


def checked_target(target: str) -> str:
    """What a model is to be written as; a usage error where that is none of the ways that there are."""
    from lstmcalc.conversion import TARGETS

    if target not in TARGETS:
        raise typer.BadParameter(f"expected {', '.join(TARGETS)}, got {target}", param_hint="--to")
    return target
