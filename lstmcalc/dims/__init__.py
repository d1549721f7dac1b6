"""Sizes: a plain int, unknown (Keras's None), or an exact expression over named positive integers.

Rules calculate with a `Dim`, where unknown is `UNKNOWN`, which absorbs all arithmetic; users see a `Size`, where it is
`None`; `lift` and `lower` go between the two. A rule never branches on a comparison of sizes: it asks `equal`,
`at_least` or `is_multiple`, and gets a bool, or the `Condition` under which it would be true.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from lstmcalc.dims.notation import parse, to_python, to_sum, to_text
from lstmcalc.dims.polynomial import (
    UNKNOWN,
    Dim,
    Expression,
    Floor,
    Monomial,
    atoms_of,
    from_terms,
    leads_negative,
    linear_floors,
    product,
    replace_atoms,
    symbol,
    terms_of,
    total,
)
from lstmcalc.dims.quotients import common_monomial, content, divide, divide_out, is_positive, least_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "MAX_SIZE",
    "UNKNOWN",
    "Condition",
    "Dim",
    "Expression",
    "Size",
    "at_least",
    "ceil_div",
    "conv_length",
    "equal",
    "is_multiple",
    "lift",
    "lift_size",
    "lower",
    "lower_size",
    "parse",
    "product",
    "range_length",
    "substitute",
    "symbol",
    "symbols_of",
    "terms_of",
    "to_python",
    "to_sum",
    "to_text",
    "total",
]

Size = int | Expression | None

#: The greatest size that an array can have.
MAX_SIZE = 2**63 - 1


def lift_size(size: Size) -> Dim:
    """One size as rules calculate with it: None becomes UNKNOWN.

    >>> lift_size(None), lift_size(3)
    (UNKNOWN, 3)
    """
    return UNKNOWN if size is None else size


def lower_size(size: Dim) -> Size:
    """One size as users see it: UNKNOWN becomes None.

    >>> lower_size(UNKNOWN + 1), lower_size(3)
    (None, 3)
    """
    return None if size is UNKNOWN else size


def lift(shape: Iterable[Size]) -> tuple[Dim, ...]:
    """A shape as rules calculate with it: None becomes UNKNOWN.

    >>> lift((None, 10, 32))
    (UNKNOWN, 10, 32)
    """
    return tuple(map(lift_size, shape))


def lower(shape: Iterable[Dim]) -> tuple[Size, ...]:
    """A shape as users see it: UNKNOWN becomes None.

    >>> lower((UNKNOWN, 10, symbol("U")))
    (None, 10, U)
    """
    return tuple(map(lower_size, shape))


def ceil_div(a: Dim, b: Dim) -> Dim:
    """The least whole number that is not below `a / b`, for positive `b`.

    >>> ceil_div(7, 2), ceil_div(symbol("T"), 2)
    (4, (T + 1)//2)
    """
    return (a + b - 1) // b


def range_length(start: int, stop: int, step: int) -> int:
    """How many numbers `range(start, stop, step)` has, also where they are more than Python's own can tell.

    >>> range_length(2, 9, 3), range_length(9, 2, 3), range_length(0, 2**70, 1) == 2**70
    (3, 0, True)
    """
    return max(0, -((start - stop) // step))


def conv_length(length: Dim, window: Dim, stride: Dim = 1, padding: str = "valid", dilation: Dim = 1) -> Dim:
    """The length of a convolution's or pooling's output along one axis, as Keras counts it.

    Whether a `valid` window fits is for the caller to ask, with `at_least`: where it does not, the result is below 1.
    Raises ValueError for a `padding` other than `valid`, `same` and `causal`.

    >>> conv_length(28, 3), conv_length(28, 3, 2, "same"), conv_length(symbol("T"), 3, 2)
    (26, 14, (T - 3)//2 + 1)
    """
    if padding == "valid":
        return (length - (window - 1) * dilation - 1) // stride + 1
    if padding in ("same", "causal"):
        return ceil_div(length, stride)
    raise ValueError(f"`padding` must be `valid`, `same` or `causal`, got `{padding}`")


def substitute(size: Dim, values: Mapping[str, Dim]) -> Dim:
    """The size with values for some of its symbols, all put in at once.

    >>> T, U = symbol("T"), symbol("U")
    >>> substitute(T // 2 + U, {"T": 7}), substitute(T - U, {"T": U, "U": T})
    (U + 3, U - T)
    """
    if isinstance(size, int) or size is UNKNOWN:
        return size

    def image(atom: str) -> Dim | None:
        if not isinstance(atom, Floor):
            return values.get(atom)
        numerator, divisor = substitute(atom.numerator, values), substitute(atom.divisor, values)
        return None if numerator is atom.numerator and divisor is atom.divisor else numerator // divisor

    return replace_atoms(size, image)


def symbols_of(size: Size) -> tuple[str, ...]:
    """The names in a size, sorted.

    >>> symbols_of(symbol("U") * 4 + symbol("T") // 2), symbols_of(None)
    (('T', 'U'), ())
    """
    if size is None or size is UNKNOWN:
        return ()
    names: set[str] = set()
    for atom in atoms_of(size):
        names.update((*symbols_of(atom.numerator), *symbols_of(atom.divisor)) if isinstance(atom, Floor) else (atom,))
    return tuple(sorted(names))


class Condition:
    """What must hold of sizes that are not known: `left relation right`, in its simplest form.

    The relation is "=", ">=" or "multiple of". Conditions that say the same of the same sizes are mostly equal, as a
    lone symbol is brought to the left and common factors are cancelled. A condition has no truth value: it is neither
    true nor false before its symbols have values, which `substitute` gives.

    >>> T = symbol("T")
    >>> str(Condition(T + 2, "=", 3)), str(Condition(2 * T, ">=", 5)), str(Condition(T, "multiple of", 4))
    ('T = 1', 'T >= 3', 'T a multiple of 4')
    """

    __slots__ = ("left", "relation", "right")
    left: Dim
    relation: str
    right: Dim

    def __init__(self, left: Dim, relation: str, right: Dim) -> None:
        if relation not in _SIMPLEST:
            raise ValueError(f"the relation must be one of {', '.join(_SIMPLEST)}, got {relation}")
        if left is not UNKNOWN and right is not UNKNOWN:
            left, right = _SIMPLEST[relation](left, right)
        elif relation == "=" and left is not UNKNOWN:
            left, right = right, left
        for slot, value in zip(self.__slots__, (left, relation, right), strict=True):
            object.__setattr__(self, slot, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a condition cannot be changed, so `{name}` cannot be set")

    @property
    def has_unknown(self) -> bool:
        """Whether a side is unknown, so that no values for symbols can decide it."""
        return self.left is UNKNOWN or self.right is UNKNOWN

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that decide it.

        >>> sorted(at_least(symbol("T"), symbol("S") + 3).symbols)
        ['S', 'T']
        """
        return frozenset((*symbols_of(self.left), *symbols_of(self.right)))

    def substitute(self, values: Mapping[str, Dim]) -> bool | Condition:
        """The answer once these symbols have values, or the condition that remains.

        >>> at_least(symbol("T"), 3).substitute({"T": 2})
        False
        """
        return _DECIDE[self.relation](substitute(self.left, values), substitute(self.right, values))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Dim, str, Dim]:
        return self.left, self.relation, self.right

    def __reduce__(self) -> tuple[object, ...]:
        return Condition, self._key()

    def __bool__(self) -> bool:
        raise TypeError(f"cannot decide whether {self}: it depends on sizes that are not known yet")

    def __str__(self) -> str:
        left, right = to_text(self.left), to_text(self.right)
        if self.relation == "multiple of":
            return f"{left} a multiple of {right}"
        if self.relation == ">=" and not _is_lone(self.left) and (isinstance(self.left, int) or _is_lone(self.right)):
            return f"{right} <= {left}"
        return f"{left} {self.relation} {right}"

    def __repr__(self) -> str:
        return f"<{self}>"


def equal(a: Dim, b: Dim) -> bool | Condition:
    """Whether two sizes are equal for all values, for none, or under a condition.

    >>> T = symbol("T")
    >>> equal(T + 1, 1), equal(2 * T, 3), equal(T, 1)
    (False, False, <T = 1>)
    """
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    if a is UNKNOWN or b is UNKNOWN:
        return Condition(a, "=", b)
    difference = a - b
    if isinstance(difference, int):
        return difference == 0
    if terms_of(difference).get((), 0) % content(difference, constant=False):
        return False
    answers = at_least(a, b), at_least(b, a)
    if False in answers:
        return False
    return True if answers == (True, True) else Condition(a, "=", b)


def at_least(a: Dim, b: Dim) -> bool | Condition:
    """Whether `a >= b` for all values, for none, or under a condition.

    >>> T = symbol("T")
    >>> at_least(T, 1), at_least(1, T + 1), at_least((T - 3) // 2 + 1, 4)
    (True, False, <T >= 9>)
    """
    if isinstance(a, int) and isinstance(b, int):
        return a >= b
    if a is UNKNOWN or b is UNKNOWN:
        return Condition(a, ">=", b)
    difference = a - b
    if _never_negative(difference):
        return True
    return False if _never_negative(-1 - difference) else Condition(a, ">=", b)


def is_multiple(a: Dim, b: Dim) -> bool | Condition:
    """Whether `a` is a multiple of `b` for all values, for none, or under a condition.

    Raises ValueError where `b` is an int below 1.

    >>> T = symbol("T")
    >>> is_multiple(4 * T, 2), is_multiple(4 * T + 1, 2), is_multiple(2 * T, 4)
    (True, False, <T a multiple of 2>)
    """
    if isinstance(b, int) and b < 1:
        raise ValueError(f"a multiple of a positive number is meant, got {b}")
    if isinstance(a, int) and isinstance(b, int):
        return a % b == 0
    if a is UNKNOWN or b is UNKNOWN:
        return Condition(a, "multiple of", b)
    remainder = divide(a, b)[1]
    if remainder == 0:
        return True
    if isinstance(b, int):
        never = terms_of(remainder).get((), 0) % gcd(content(remainder, constant=False), b) != 0
    else:
        never = at_least(remainder, 1) is True and at_least(b - 1, remainder) is True
    return False if never else Condition(a, "multiple of", b)


def _never_negative(size: Dim) -> bool:
    """Whether the size is certainly at least 0; False where that is not clear."""
    size = _tightest(size)
    least = least_value(size)
    if least is not None:
        return least >= 0
    for floor, c in linear_floors(size):
        if isinstance(d := floor.divisor, int):
            # d * floor(n/d) lies between n - (d - 1) and n.
            lowest = floor.numerator - (d - 1 if c > 0 else 0)
            return _never_negative(d * (size - Expression({(floor,): c})) + c * lowest)
    return False


def _tightest(size: Dim) -> Dim:
    """The simplest size that is at least 0 for exactly the same values."""
    while isinstance(size, Expression):
        size = divide_out(size, content(size, constant=False), _common_symbols(size))
        floors = [(floor, c) for floor, c in linear_floors(size) if abs(c) == 1 and is_positive(floor.divisor)]
        if not floors:
            break
        # n//d >= -b where n >= -b*d, and n//d <= b where n < (b + 1)*d.
        floor, c = floors[0]
        n, d, b = floor.numerator, floor.divisor, size - Expression({(floor,): c})
        size = n + d * b if c > 0 else d * b + d - 1 - n
    return size


def _common_symbols(size: Dim) -> Monomial:
    # A division can be zero, and then it must not be cancelled.
    return tuple(atom for atom in common_monomial(size) if not isinstance(atom, Floor))


def _is_lone(size: Dim) -> bool:
    terms = terms_of(size)
    return len(terms) == 1 and all(len(m) == c == 1 and not isinstance(m[0], Floor) for m, c in terms.items())


def _simplest_bound(left: Dim, right: Dim) -> tuple[Dim, Dim]:
    difference = _tightest(left - right)
    return _sides(difference) if isinstance(difference, Expression) else (left, right)


def _simplest_equation(left: Dim, right: Dim) -> tuple[Dim, Dim]:
    difference = left - right
    if isinstance(difference, int):
        return left, right
    difference = divide_out(difference, content(difference), _common_symbols(difference))
    if leads_negative(difference):
        difference = -difference
    left, right = _sides(difference)
    return (right, left) if _is_lone(right) and not _is_lone(left) else (left, right)


def _simplest_multiple(left: Dim, right: Dim) -> tuple[Dim, Dim]:
    remainder = divide(left, right)[1]
    if isinstance(remainder, int) or not isinstance(right, int):
        return left, right
    shared = gcd(content(remainder), right)
    remainder, right = divide_out(remainder, shared), right // shared
    # What has no factor in common with the right side cannot help to reach a multiple of it.
    return divide_out(remainder, content(remainder)), right


def _sides(difference: Dim) -> tuple[Dim, Dim]:
    """`(left, right)` without minus signs as far as possible, with `left - right == difference`."""
    terms = terms_of(difference)
    left = from_terms({m: c for m, c in terms.items() if m and c > 0})
    right = from_terms({m: -c for m, c in terms.items() if m and c < 0})
    constant = terms.get((), 0)
    to_the_left = constant > 0
    if right == 0 or _is_lone(left):
        to_the_left = False
    elif left == 0 or _is_lone(right):
        to_the_left = True
    return (left + constant, right) if to_the_left else (left, right - constant)


_SIMPLEST = {"=": _simplest_equation, ">=": _simplest_bound, "multiple of": _simplest_multiple}
_DECIDE = {"=": equal, ">=": at_least, "multiple of": is_multiple}
