"""Sizes as text: written for reading and as Python, and read back from Python.

Both writings are factored alike: what all terms share stands before a parenthesis, `4·U·(F + U + 1)`.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from lstmcalc.dims.polynomial import (
    UNKNOWN,
    Dim,
    Expression,
    Floor,
    Monomial,
    from_terms,
    linear_floors,
    sorted_terms,
    symbol,
    terms_of,
)
from lstmcalc.dims.quotients import common_monomial, content, divide, divide_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_TEXT = 1_000
MAX_POWER = 16
# How long a size that was read may get when it is multiplied out, in characters: no text is a bomb.
MAX_SPELLED = 4_000
# Looking for factors takes a division for each name, which a total of many layers is not worth.
MAX_FACTORED = 64

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
DIGITS = "0123456789"


def to_text(size: Dim | None, names: Mapping[str, str] | None = None) -> str:
    """The size for reading: typographic and factored, `None` where it is unknown.

    `names` gives symbols another text, numbers included, and leaves the structure as it is.

    >>> F, U = symbol("F"), symbol("U")
    >>> params = 4 * U * (F + U + 1)
    >>> to_text(params)
    '4·U·(F + U + 1)'
    >>> to_text(params, {"F": "35", "U": "64"})
    '4·64·(35 + 64 + 1)'
    >>> to_text((U - 3) // 2 + 1)
    'floor((U - 3)/2) + 1'
    """
    return "None" if size is None or size is UNKNOWN else _Typeset(names or {}).size(size)


def to_sum(size: Dim) -> str:
    """The size for reading, as a sum of terms: what a polynomial in one size is easiest to compare by.

    >>> T = symbol("T")
    >>> to_sum(4 * (3 * T - 2)), to_text(4 * (3 * T - 2))
    ('12·T - 8', '4·(3·T - 2)')
    """
    return "None" if size is UNKNOWN else _Typeset({}).joined(sorted_terms(size))


def to_python(size: Dim) -> str:
    """The size in Python's integer arithmetic, factored like `to_text`; `parse` reads it back.

    >>> F, U = symbol("F"), symbol("U")
    >>> to_python(4 * U * (F + U + 1)), to_python((U**2 - 3) // 2 + 1)
    ('4*U*(F + U + 1)', '(U**2 - 3)//2 + 1')
    """
    return "None" if size is UNKNOWN else _Python().size(size)


class _Python:
    """Writes sizes as Python."""

    times = "*"

    def size(self, size: Dim) -> str:
        if isinstance(size, int):
            return str(size)
        number, monomial = content(size), common_monomial(size)
        if all(coefficient < 0 for coefficient in terms_of(size).values()):
            number = -number
        rest = divide_out(size, number, monomial)
        if rest == 1:
            return self.term(number, monomial)
        factors = _factors(rest)
        if number == 1 and not monomial and len(factors) == 1:
            return self.sum(rest)
        return self.term(number, monomial, *(f"({self.sum(factor)})" for factor in factors))

    def sum(self, size: Dim) -> str:
        # The `+ 1` of a bias hides a product: units*(height - 2)*(width - 2) + 1.
        without_bias = size - 1
        if terms_of(size).get(()) and len(_factors(without_bias)) > 1:
            return f"{self.size(without_bias)} + 1"
        terms = sorted_terms(_with_familiar_floor(size))
        if terms[0][1] < 0:
            # What is taken away stands behind something that it is taken from: width - kernel_width + 1.
            first = next((place for place, (_, number) in enumerate(terms) if number > 0), 0)
            terms.insert(0, terms.pop(first))
        return self.joined(terms)

    def joined(self, terms: Iterable[tuple[Monomial, int]]) -> str:
        texts = (self.term(coefficient, monomial) for monomial, coefficient in terms)
        return "".join(f" - {text[1:]}" if text.startswith("-") else f" + {text}" for text in texts).removeprefix(" + ")

    def term(self, number: int, monomial: Monomial, *more: str) -> str:
        if number == 1 and len(monomial) == 1 and not more:
            return self.atom(monomial[0])
        powers = [self.power(self.factor(atom), len(list(group))) for atom, group in groupby(monomial)]
        numbers = [str(abs(number))] if abs(number) != 1 or not (powers or more) else []
        return "-" * (number < 0) + self.times.join((*numbers, *powers, *more))

    def atom(self, atom: str) -> str:
        return self.floor(atom.numerator, atom.divisor) if isinstance(atom, Floor) else atom

    def factor(self, atom: str) -> str:
        return f"({self.atom(atom)})" if isinstance(atom, Floor) else atom

    def power(self, base: str, power: int) -> str:
        return f"{base}**{power}" if power > 1 else base

    def floor(self, numerator: Dim, divisor: Dim) -> str:
        # Bare, the minus of -T//2 would be taken for one between two terms.
        return f"{enclosed(self.size(numerator), ' -')}//{enclosed(self.size(divisor), ' */')}"


class _Typeset(_Python):
    """Writes sizes for reading."""

    times = "·"

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def atom(self, atom: str) -> str:
        return super().atom(atom) if isinstance(atom, Floor) else self.names.get(atom, atom)

    def factor(self, atom: str) -> str:
        return enclosed(self.atom(atom), " ")

    def power(self, base: str, power: int) -> str:
        if base.isdecimal():
            return self.times.join([base] * power)
        return enclosed(base, "·²") + str(power).translate(SUPERSCRIPTS) if power > 1 else base

    def floor(self, numerator: Dim, divisor: Dim) -> str:
        return f"floor({enclosed(self.size(numerator), ' ')}/{enclosed(self.size(divisor), ' ·/')})"


def enclosed(text: str, marks: str) -> str:
    """The text, in parentheses if one of the marks stands in it outside parentheses."""
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth == 0 and character in marks:
            return f"({text})"
    return text


def _factors(size: Dim) -> list[Dim]:
    """The size as a product, `(H - 2)*(W - 2)`, as far as that shows from atoms that occur once in each term."""
    terms = terms_of(size)
    if len(terms) > MAX_FACTORED:
        return [size]
    for atom in sorted({atom for monomial in terms for atom in monomial}):
        if any(monomial.count(atom) > 1 for monomial in terms):
            continue
        beside = from_terms({tuple(a for a in m if a != atom): c for m, c in terms.items() if atom in m})
        factor = divide_out(beside, content(beside), common_monomial(beside))
        if isinstance(factor, int):
            continue
        quotient, remainder = divide(size, factor)
        if remainder == 0:
            return [*_factors(quotient), *_factors(factor)]
    return [size]


def _with_familiar_floor(size: Dim) -> Dim:
    """The same sum, its floor written as in the textbook: `(T - 3)//2 + 1`, canonically `(T + 1)//2 - 1`.

    What is taken away outside moves inside, but for one step that stays: the first position of a window. The result
    is for writing only, as it is not canonical.
    """
    floors = [floor for floor, coefficient in linear_floors(size) if coefficient == 1]
    if len(floors) != 1 or not isinstance(divisor := floors[0].divisor, int):
        return size
    inside = terms_of(floors[0].numerator)
    moved = from_terms({m: c - (not m) for m, c in terms_of(size).items() if c < 0 and (m in inside or not m)})
    numerator = floors[0].numerator + divisor * moved
    if moved == 0 or not any(c > 0 for m, c in terms_of(numerator).items() if m):
        return size
    return size - moved - Expression({(floors[0],): 1}) + Expression({(Floor(numerator, divisor),): 1})


def parse(text: str) -> Dim:
    """Reads a size from Python's integer arithmetic: `+ - * // **`, parentheses, names and `ceil_div(a, b)`.

    Raises ValueError, with a sentence for the user, on anything else, and on texts that are too long, too deep or would
    make too large a size.

    >>> parse("4*U*(F + U + 1)") == 4 * symbol("U") * (symbol("F") + symbol("U") + 1)
    True
    >>> parse("64x")
    Traceback (most recent call last):
    ValueError: expected + - * // ** or the end after `64`, got `x`
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"expected at most {MAX_TEXT} characters, got {len(text)}")
    try:
        return _Reader(text).read()
    except (RecursionError, MemoryError):
        raise ValueError("expected fewer parentheses or signs in one another") from None
    except ZeroDivisionError:
        raise ValueError("a size cannot be divided by zero") from None


class _Reader:
    """Reads one size by recursive descent; each method is a rule of the grammar.

    sum = product {("+" | "-") product};  product = signed {("*" | "//") signed};  signed = {"+" | "-"} power
    power = primary ["**" signed];  primary = number | name | "ceil_div" "(" sum "," sum ")" | "(" sum ")"
    """

    def __init__(self, text: str) -> None:
        self.tokens = [*_tokens(text), ""]
        self.position = 0

    def read(self) -> Dim:
        size = self.sum()
        self.expect("", "+ - * // ** or the end")
        return size

    def take(self, *tokens: str) -> str:
        """The next token if it is one of these, and then it is passed; otherwise the empty string."""
        token = self.tokens[self.position]
        if token not in tokens:
            return ""
        self.position += 1
        return token

    def expect(self, token: str, described: str) -> None:
        got = self.tokens[self.position]
        if got != token:
            after = f" after `{self.tokens[self.position - 1]}`" if self.position else ""
            raise ValueError(f"expected {described}{after}, got " + (f"`{got}`" if got else "the end"))
        self.position += 1

    def sum(self) -> Dim:
        size = self.product()
        while sign := self.take("+", "-"):
            size = size + self.product() if sign == "+" else size - self.product()
        return size

    def product(self) -> Dim:
        size = self.signed()
        while operator := self.take("*", "//"):
            size = _times(size, self.signed()) if operator == "*" else _bounded(size // self.signed())
        return size

    def signed(self) -> Dim:
        sign = self.take("+", "-")
        if not sign:
            return self.power()
        return -self.signed() if sign == "-" else self.signed()

    def power(self) -> Dim:
        base = self.primary()
        if not self.take("**"):
            return base
        power = self.signed()
        if not isinstance(power, int) or not 0 <= power <= MAX_POWER:
            raise ValueError(f"expected a number from 0 to {MAX_POWER} as the power after `**`")
        size: Dim = 1
        for _ in range(power):
            size = _times(size, base)
        return size

    def primary(self) -> Dim:
        token = self.tokens[self.position]
        if token == "ceil_div" and self.tokens[self.position + 1] == "(":
            self.position += 2
            a = self.sum()
            self.expect(",", "a comma")
            b = self.sum()
            self.expect(")", "`)`")
            return _bounded((a + b - 1) // b)
        if self.take("("):
            size = self.sum()
            self.expect(")", "`)`")
            return size
        if not token or not (token[0] in DIGITS or token.isidentifier()):
            self.expect("a number", "a number or a name")
        self.position += 1
        return symbol(token) if token.isidentifier() else int(token)


def _tokens(text: str) -> list[str]:
    tokens = []
    start = 0
    while start < len(text):
        end = start + 1
        character = text[start]
        if character in DIGITS:
            while end < len(text) and text[end] in DIGITS:
                end += 1
            if character == "0" and end > start + 1:
                raise ValueError(f"expected a number without leading zeros, got `{text[start:end]}`")
        elif character.isidentifier():
            while end < len(text) and text[start : end + 1].isidentifier():
                end += 1
        elif text[start : start + 2] in ("**", "//"):
            end += 1
        elif character == "/":
            raise ValueError("expected `//`, which divides to a whole number, got `/`")
        elif character not in "+-*()," and not character.isspace():
            raise ValueError(f"expected whole numbers and names with + - * // ** and parentheses, got `{character}`")
        if not character.isspace():
            tokens.append(text[start:end])
        start = end
    return tokens


def _times(left: Dim, right: Dim) -> Dim:
    # Asked before multiplying: the product of what two short texts say can be too large to wait for.
    if len(terms_of(left)) * _spelled(right) + len(terms_of(right)) * _spelled(left) > MAX_SPELLED:
        raise ValueError(f"expected a size of at most {MAX_SPELLED} characters when multiplied out, got a larger one")
    return left * right


def _bounded(size: Dim) -> Dim:
    return _times(size, 1)


def _spelled(size: Dim) -> int:
    return sum(c.bit_length() // 3 + 1 + sum(map(len, m)) for m, c in terms_of(size).items())
