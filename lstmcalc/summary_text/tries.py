"""Sizes that no equation tells: which are worth trying, and how unusual those are that were found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import log2

from lstmcalc.dims import Dim, substitute, symbols_of, terms_of
from lstmcalc.summary_text.equations import roots
from lstmcalc.summary_text.printed import Cut, PrintedShape
from lstmcalc.summary_text.reading import Shape

__all__ = ["Values", "completed", "least", "oddness", "tries", "unevenness"]

#: How many values of a size are tried of which only the first digits are printed.
MOST_TRIES = 2000
#: The same where not even a digit is printed.
MOST_BLIND_TRIES = 300

Values = Mapping[str, Dim]


def oddness(values: Values) -> float:
    """How unusual sizes are: round ones and powers of two, neither tiny nor huge, are what people choose."""
    sizes = [value for name, value in values.items() if isinstance(value, int) and not name.startswith("axis_")]
    return sum(0.02 * abs(log2(size) - 6) + 0.15 * (size % 10 != 0 and size & (size - 1) != 0) for size in sizes)


def completed(values: Values, cuts: Sequence[tuple[Dim, Cut]], printed: Sequence[int]) -> Values:
    """Values for the names that only sizes without an end tell: another size that starts so, or the digits as they are.

    Images are mostly square.
    """
    done = dict(values)
    for left, cut in cuts:
        names = symbols_of(substitute(left, done))
        if len(names) == 1 and cut.digits:
            alike = [size for size in printed if cut.allows(size)]
            size = alike[0] if alike else int(cut.digits)
            found = roots(substitute(left, done), names[0], size)
            done.update(dict.fromkeys(names, found[0]) if found else {})
    return done


def unevenness(inputs: tuple[Shape, ...], output: PrintedShape) -> float:
    """How unusual an image is that only a stride tells: odd sizes, and unequal ones where the output is square."""
    if not inputs:
        return 0.0
    sizes = [size for size in inputs[0][1:-1] if isinstance(size, int)]
    square = len(sizes) > 1 and len(set(output[1:-1])) == 1
    return 0.05 * any(size % 2 for size in sizes) + 0.6 * (square and len(set(sizes)) > 1)


def least(count: Dim) -> int:
    """A count with every name at 1, which it never falls below."""
    terms = terms_of(count)
    if all(isinstance(atom, str) for monomial in terms for atom in monomial):
        return sum(terms.values())
    least = substitute(count, dict.fromkeys(symbols_of(count), 1))
    return least if isinstance(least, int) else 0


def tries(
    cuts: Sequence[tuple[Dim, Cut]], values: Values, names: Sequence[str], anything: bool
) -> Iterator[tuple[str, int]]:
    """Values for a name in the count: those that start with the printed digits, or `anything` where no shape is."""
    for left, cut in cuts:
        left = substitute(left, values)
        inside = symbols_of(left)
        if len(inside) == 1 and inside[0] in names:
            for size in sizes_from(cut):
                yield from ((inside[0], value) for value in roots(left, inside[0], size))
            return
    arguments = [name for name in names if not name.startswith("axis_")]
    if anything and arguments:
        yield from ((arguments[0], value) for value in range(1, 2 * MOST_BLIND_TRIES))


def sizes_from(cut: Cut) -> Iterator[int]:
    """The sizes that start with some digits, shorter ones first.

    >>> from itertools import islice
    >>> list(islice(sizes_from(Cut("12")), 4))
    [12, 120, 121, 122]
    """
    start = int(cut.digits or "0")
    tried = 0 if cut.digits else MOST_TRIES - MOST_BLIND_TRIES
    for extra in range(5):
        for size in range(start * 10**extra, (start + 1) * 10**extra):
            if size:
                yield size
                tried += 1
            if tried >= MOST_TRIES:
                return
