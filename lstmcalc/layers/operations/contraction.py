"""The cost of an einsum: letters of one operand alone are summed first, then operands are multiplied two by two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from lstmcalc.dims import Dim, product, substitute
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.costs import UNKNOWN_COST, Cost, Work
from lstmcalc.layers.rule import Shape

__all__ = ["contracted"]

#: So many operands at most are put into every order to find the cheapest, as `opt_einsum` does.
MOST = 4
ORDER = "in which order that many operands are multiplied depends on the backend"


class Term(NamedTuple):
    """An operand, or what was made of several: its letters, and the inputs that it reads."""

    letters: frozenset[str]
    reads: tuple[int, ...]


def contracted(subscripts: str, shapes: Sequence[Shape], reads: Sequence[int]) -> Iterator[Work]:
    """The steps of an einsum on operands of these shapes, which are the inputs `reads`.

    >>> [work.cost.macs for work in contracted("ij,jk->ik", [(2, 3), (3, 5)], (0, 1))]
    [30]
    """
    inputs, arrow, output = subscripts.partition("->")
    terms, sizes = _terms(inputs.split(","), shapes, reads)
    kept = frozenset(output) if arrow else frozenset(letter for letter in sizes if inputs.count(letter) == 1)
    if "..." in (output if arrow else inputs):
        kept |= frozenset(letter for letter in sizes if letter.isdigit())
    kept -= {"."}
    summed: list[Term] = []
    for number, term in enumerate(terms):
        others = kept.union(*(other.letters for place, other in enumerate(terms) if place != number))
        left = Term(term.letters & others, term.reads)
        if left != term:
            before, after = (product(sizes[letter] for letter in sorted(each.letters)) for each in (term, left))
            yield Work("sum", Cost(arithmetic=before - after), "what one operand alone has is added up")
        summed.append(left)
    if len(summed) > 1:
        yield from _multiplied(summed, kept, sizes)


def _terms(written: Sequence[str], shapes: Sequence[Shape], reads: Sequence[int]) -> tuple[list[Term], dict[str, Dim]]:
    """The operands as letters, an ellipsis as numbers counted from the last axis, and the size of each."""
    sizes: dict[str, Dim] = {}
    terms = []
    for text, shape, place in zip(written, shapes, reads, strict=True):
        head, _, tail = text.partition("...")
        elided = len(shape) - len(head) - len(tail)
        letters = [*head, *(str(number) for number in range(elided, 0, -1)), *tail]
        for letter, size in zip(letters, shape, strict=True):
            if sizes.get(letter, 1) == 1:
                sizes[letter] = size
        terms.append(Term(frozenset(letters), (place,)))
    return terms, sizes


def _multiplied(terms: list[Term], kept: frozenset[str], sizes: dict[str, Dim]) -> Iterator[Work]:
    """The products, in the order that is cheapest for few samples and for many; UNKNOWN where that differs."""
    if len(terms) == 2:
        orders = [[(0, 1)]]
    else:
        found = [_cheapest(terms, kept, sizes, batch) for batch in (2, 1024)] if len(terms) <= MOST else []
        orders = [order for order in found if order is not None and order == found[0]]
    if len(orders) < min(len(terms) - 1, 2):
        yield Work("", UNKNOWN_COST, ORDER)
        return
    waiting = list(terms)
    for one, other in orders[0]:
        right, left = waiting.pop(other), waiting.pop(one)
        letters = left.letters | right.letters
        macs = product(sizes[letter] for letter in sorted(letters))
        yield Work("", Cost(macs=macs), "products are added up", (left.reads, right.reads))
        waiting.append(_joined(left, right, waiting, kept))


def _joined(left: Term, right: Term, others: Sequence[Term], kept: frozenset[str]) -> Term:
    needed = kept.union(*(term.letters for term in others))
    return Term((left.letters | right.letters) & needed, (*left.reads, *right.reads))


def _cheapest(
    terms: Sequence[Term], kept: frozenset[str], sizes: dict[str, Dim], batch: int
) -> list[tuple[int, int]] | None:
    """The pairs to be multiplied one after the other, what they make standing last; None where sizes are open."""
    numbers = {letter: substitute(size, {"__batch__": batch}) for letter, size in sizes.items()}
    known = {letter: size for letter, size in numbers.items() if isinstance(size, int)}
    if len(known) < len(numbers):
        return None
    return _search(list(terms), kept, known)[1]


def _search(terms: list[Term], kept: frozenset[str], sizes: dict[str, int]) -> tuple[int, list[tuple[int, int]]]:
    if len(terms) == 1:
        return 0, []
    best: tuple[int, list[tuple[int, int]]] | None = None
    for one, other in combinations(range(len(terms)), 2):
        others = [term for place, term in enumerate(terms) if place not in (one, other)]
        joined = _joined(terms[one], terms[other], others, kept)
        letters = terms[one].letters | terms[other].letters
        steps = 2 if letters - joined.letters else 1
        for letter in letters:
            steps *= sizes[letter]
        rest, path = _search([*others, joined], kept, sizes)
        if best is None or steps + rest < best[0]:
            best = steps + rest, [(one, other), *path]
    assert best is not None
    return best
