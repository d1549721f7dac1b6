"""Sizes: exact cases to read, then hypothesis against plain integers and sympy."""

from __future__ import annotations

import copy
import itertools
import operator
import pickle
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lstmcalc.dims import (
    UNKNOWN,
    Condition,
    Dim,
    at_least,
    ceil_div,
    conv_length,
    equal,
    is_multiple,
    lift,
    lift_size,
    lower,
    lower_size,
    parse,
    product,
    substitute,
    symbol,
    symbols_of,
    to_python,
    to_text,
    total,
)

F, H, K, S, T, U, V, W = map(symbol, "FHKSTUVW")

# --- One canonical form -----------------------------------------------------------------------------------------------

SAME = [
    ((T + U) * V, T * V + V * U),
    ((T + 1) ** 2 - (T - 1) ** 2, 4 * T),
    (3 - (2 - T), T + 1),
    (U**0, 1),
    (T - T, 0),
    (T * 0, 0),
    # Whole parts come out.
    ((4 * T) // 2, 2 * T),
    ((2 * T + 3) // 2, T + 1),
    ((3 * T) // 2, T + T // 2),
    ((T + 2) // 2, T // 2 + 1),
    ((-T) // 2, T // 2 - T),
    ((T - 3) // 2 + 1, (T - 1) // 2),
    # Common factors cancel, and a rest too small to matter goes.
    ((2 * T) // 4, T // 2),
    ((2 * T + 1) // 4, T // 2),
    ((6 * T + 9) // 12, (2 * T + 3) // 4),
    ((2 * T + 1) // (2 * U), T // U),
    # A division of a division is one division.
    ((T // 2) // 3, T // 6),
    ((T // 2 + 1) // 3, (T + 2) // 6),
    ((T // 2 + U) // 3, (T + 2 * U) // 6),
    ((T // U) // V, T // (U * V)),
    ((T // 2) // U, T // (2 * U)),
    # Symbolic divisors.
    ((2 * U * T) // U, 2 * T),
    ((U**2 + 3 * U + 2) // (U + 1), U + 2),
    ((T * U) // (U * V), T // V),
    ((T + U) // U, T // U + 1),
    ((T - U) // (-U), (U - T) // U),
    (T // (T + 1), 0),
    (T // (T + U), 0),
    ((U - 1) // (T + U), 0),
    ((-T) // (T + U), -1),
    (1 // (T + 1), 0),
    (T // T, 1),
    (0 // T, 0),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_equal_sizes_are_one_size(left: Dim, right: Dim) -> None:
    assert left == right
    assert hash(left) == hash(right)
    assert type(left) is type(right)


def test_a_divisor_that_may_be_negative_is_left_alone() -> None:
    assert substitute((2 * T + 1) // (2 * U - 6), {"T": 2, "U": 1}) == -2
    assert substitute((T // 2) // (U - 3), {"T": 1, "U": 1}) == 0
    assert substitute(T // (3 - U), {"T": 1, "U": 5}) == -1
    condition = at_least(T // (U - 3), 1)
    assert isinstance(condition, Condition)
    assert condition.substitute({"T": 4, "U": 1}) is False


def test_a_long_division_may_stay_unwritten() -> None:
    names = "bcdefghijklmnopqrstuvwxyz"
    size = symbol("a") ** 16 // (symbol("a") - total(map(symbol, names)))
    assert substitute(size, {"a": 26} | dict.fromkeys(names, 1)) == 26**16


@pytest.mark.parametrize(("left", "right"), [(T, U), (T, T + 1), (T, 1), (T // 2, T // 3), (T * U, T + U), (T**2, T)])
def test_different_sizes_differ(left: Dim, right: Dim) -> None:
    assert left != right


def test_sizes_without_names_are_plain_ints() -> None:
    for size in (T - T, T - T + 3, T * 0, (T + 4) - T, (T + U) // (T + U), substitute(T // 2, {"T": 9}), T**0):
        assert type(size) is int


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
def test_sizes_have_no_order(compare: Callable[[Any, Any], bool]) -> None:
    with pytest.raises(TypeError):
        compare(T, 3)
    with pytest.raises(TypeError):
        compare(3, T)


def test_a_size_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match=r"^cannot decide whether T \+ 1 is true: it depends on values"):
        bool(T + 1)
    with pytest.raises(TypeError, match=r"^cannot decide whether T >= 3: it depends on sizes"):
        bool(at_least(T, 3))


def test_what_cannot_be_calculated() -> None:
    with pytest.raises(ZeroDivisionError):
        T // 0
    with pytest.raises(ZeroDivisionError):
        T // (U - U)
    with pytest.raises(ValueError, match="positive number, got -2"):
        T // -2
    with pytest.raises(ValueError, match="must not be negative"):
        T**-1
    for wrong in (1.5, "T", None, [1]):
        for operate in (operator.add, operator.sub, operator.mul, operator.floordiv, operator.pow):
            with pytest.raises(TypeError):
                operate(T, wrong)


@pytest.mark.parametrize("name", ["", "64x", "a b", "T-1", "lambda", "None"])
def test_a_symbol_needs_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="expected a name as Python allows it"):
        symbol(name)


def test_sizes_survive_copies() -> None:
    size = (T // U - 3) // 2 + T**2
    for twin in (copy.copy(size), copy.deepcopy(size), pickle.loads(pickle.dumps(size))):
        assert twin == size
        assert substitute(twin, {"T": 9, "U": 2}) == substitute(size, {"T": 9, "U": 2}) == 81
    for twin in (copy.copy(UNKNOWN), copy.deepcopy(UNKNOWN), pickle.loads(pickle.dumps(UNKNOWN))):
        assert twin is UNKNOWN
    condition = at_least(T, 3)
    assert copy.deepcopy(condition) == condition


# --- Unknown ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [0, 3, T, T // 2 + 1, UNKNOWN])
@pytest.mark.parametrize("operate", [operator.add, operator.sub, operator.mul, operator.floordiv])
def test_unknown_absorbs_arithmetic(operate: Callable[[Any, Any], Any], other: Any) -> None:
    assert operate(UNKNOWN, other) is UNKNOWN
    assert operate(other, UNKNOWN) is UNKNOWN


def test_unknown_absorbs_the_rest() -> None:
    assert -UNKNOWN is UNKNOWN
    assert UNKNOWN**2 is UNKNOWN
    assert total([1, T, UNKNOWN]) is UNKNOWN
    assert product([0, UNKNOWN]) is UNKNOWN
    assert ceil_div(UNKNOWN, 2) is UNKNOWN
    assert conv_length(UNKNOWN, 3, 2) is UNKNOWN
    assert substitute(T + U, {"T": UNKNOWN}) is UNKNOWN
    assert substitute(U, {"T": UNKNOWN}) == U
    assert (repr(UNKNOWN), to_text(UNKNOWN), to_text(None), symbols_of(UNKNOWN)) == ("UNKNOWN", "None", "None", ())


def test_lift_and_lower_are_inverse() -> None:
    assert lift((None, 3, T)) == (UNKNOWN, 3, T)
    assert lower((UNKNOWN, 3, T)) == (None, 3, T)
    assert (lift_size(None), lift_size(3), lower_size(UNKNOWN), lower_size(T)) == (UNKNOWN, 3, None, T)


# --- Text -------------------------------------------------------------------------------------------------------------

WRITTEN = [
    (219648, "219648", "219648"),
    (-3, "-3", "-3"),
    (0 * T, "0", "0"),
    (T, "T", "T"),
    (-T, "-T", "-T"),
    (T + 1, "T + 1", "T + 1"),
    (T - 3, "T - 3", "T - 3"),
    (3 - T, "3 - T", "3 - T"),
    (2 * U + 1, "2·U + 1", "2*U + 1"),
    (U**2, "U²", "U**2"),
    (5 * U**12 * F, "5·F·U¹²", "5*F*U**12"),
    (4 * U * (F + U + 1), "4·U·(F + U + 1)", "4*U*(F + U + 1)"),
    (3 * U * (F + U + 2), "3·U·(F + U + 2)", "3*U*(F + U + 2)"),
    (F * (K**2 * U + 1), "F·(K²·U + 1)", "F*(K**2*U + 1)"),
    (-2 * T - 2 * U, "-2·(T + U)", "-2*(T + U)"),
    # Sums multiply where that shows, also under the + 1 of a bias.
    ((H - 2) * (W - 2) * 64, "64·(H - 2)·(W - 2)", "64*(H - 2)*(W - 2)"),
    (U * (F * (H - 2) * (W - 2) + 1), "U·(F·(H - 2)·(W - 2) + 1)", "U*(F*(H - 2)*(W - 2) + 1)"),
    ((2 - U) * (T + 1), "(T + 1)·(2 - U)", "(T + 1)*(2 - U)"),
    # A convolution reads as in the textbook.
    (conv_length(T, 3, 2), "floor((T - 3)/2) + 1", "(T - 3)//2 + 1"),
    (conv_length(T, K, 2), "floor((T - K)/2) + 1", "(T - K)//2 + 1"),
    (conv_length(T, K, S), "floor((T - K)/S) + 1", "(T - K)//S + 1"),
    (conv_length(T, 2, 2), "floor(T/2)", "T//2"),
    (conv_length(conv_length(T, 3, 2), 3, 2), "floor((T - 7)/4) + 1", "(T - 7)//4 + 1"),
    (conv_length(T, 3, 2) * U, "U·(floor((T - 3)/2) + 1)", "U*((T - 3)//2 + 1)"),
    (ceil_div(T, 2), "floor((T + 1)/2)", "(T + 1)//2"),
    (U - T // 2, "U - floor(T/2)", "U - (T//2)"),
    (T // 2 - U, "floor(T/2) - U", "T//2 - U"),
    ((U + 2 * (T // 2)) // 3, "floor((U + 2·floor(T/2))/3)", "(U + 2*(T//2))//3"),
    (-(T // 2), "-floor(T/2)", "-(T//2)"),
    (3 * (T // 2) ** 2, "3·floor(T/2)²", "3*(T//2)**2"),
    (T // (2 * U), "floor(T/(2·U))", "T//(2*U)"),
    ((T * U) // (T + U), "U + floor(-U²/(T + U))", "U + (-U**2)//(T + U)"),
    (T // (U + 1), "floor(T/(U + 1))", "T//(U + 1)"),
    (T * U // 3, "floor(T·U/3)", "T*U//3"),
]


@pytest.mark.parametrize(("size", "text", "python"), WRITTEN)
def test_text(size: Dim, text: str, python: str) -> None:
    assert to_text(size) == text
    assert to_python(size) == python
    assert parse(python) == size


@pytest.mark.parametrize(
    ("size", "names", "text"),
    [
        (4 * U * (F + U + 1), {"U": "64", "F": "35"}, "4·64·(35 + 64 + 1)"),
        (300 * (U + V + 1), {"U": "1", "V": "300"}, "300·(1 + 300 + 1)"),
        (U**2 * F, {"U": "64"}, "F·64·64"),
        (U**2 * F, {"U": "units"}, "F·units²"),
        (U**2 * F, {"F": "T + 1"}, "(T + 1)·U²"),
        (U**2 * F, {"U": "2·T"}, "F·(2·T)²"),
        (U + F, {"F": "T + 1"}, "T + 1 + U"),
        (U - F, {"F": "T + 1"}, "U - (T + 1)"),
        (U // 2, {"U": "T + 1"}, "floor((T + 1)/2)"),
        (F // U, {"U": "2·T"}, "floor(F/(2·T))"),
        (conv_length(T, 3, 2), {"T": "28"}, "floor((28 - 3)/2) + 1"),
    ],
)
def test_text_with_other_names(size: Dim, names: dict[str, str], text: str) -> None:
    assert to_text(size, names) == text


def test_sizes_show_as_python() -> None:
    assert repr([T // 2 + 1, U]) == "[T//2 + 1, U]"


# --- Reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("64", 64),
        ("-T + 3", 3 - T),
        (" ( T-3 ) //\t2+\n1", (T - 3) // 2 + 1),
        ("-T**2", -(T**2)),
        ("2**3**2", 512),
        ("T//2*U", (T // 2) * U),
        ("7 // -2", -4),
        ("+-+T", -T),
        ("ceil_div(T + 1, 2)", (T + 2) // 2),
        ("ceil_div(ceil_div(T, 2), 2)", ceil_div(T, 4)),
        ("ceil_div", symbol("ceil_div")),
        ("größe * 单位_2", symbol("größe") * symbol("单位_2")),
    ],
)
def test_parse(text: str, size: Dim) -> None:
    assert parse(text) == size


HOW = "expected whole numbers and names with + - * // ** and parentheses, got "
POWER = "expected a number from 0 to 16 as the power after `**`"
LARGE = "expected a size of at most 4000 characters when multiplied out, got a larger one"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a number or a name, got the end"),
        ("64x", "expected + - * // ** or the end after `64`, got `x`"),
        ("2 U", "expected + - * // ** or the end after `2`, got `U`"),
        ("f(T)", "expected + - * // ** or the end after `f`, got `(`"),
        ("T +", "expected a number or a name after `+`, got the end"),
        ("(T", "expected `)` after `T`, got the end"),
        ("T)", "expected + - * // ** or the end after `T`, got `)`"),
        ("ceil_div(T)", "expected a comma after `T`, got `)`"),
        ("T / 2", "expected `//`, which divides to a whole number, got `/`"),
        ("1.5", HOW + "`.`"),
        ("T < 3", HOW + "`<`"),
        ("T % 2", HOW + "`%`"),
        ("T²", HOW + "`²`"),
        ("٣", HOW + "`٣`"),
        ("007", "expected a number without leading zeros, got `007`"),
        ("None", "expected a name as Python allows it, got `None`"),
        ("T // 0", "a size cannot be divided by zero"),
        ("1 // 0", "a size cannot be divided by zero"),
        ("T // -2", "a size can only be divided by a positive number, got -2"),
        ("T ** -1", POWER),
        ("2 ** T", POWER),
        ("T ** 17", POWER),
        ("T + " * 300 + "T", "expected at most 1000 characters, got 1201"),
        ("(" * 1000, "expected fewer parentheses or signs in one another"),
        ("-" * 999 + "1", "expected fewer parentheses or signs in one another"),
        ("9**16" + "**16" * 200, POWER),
        ("(((9**16)**16)**16)**16", LARGE),
        ("((a+b+c+d+e+f+g)**16)**16", LARGE),
        ("((T**16)**16)**16", LARGE),
        ("T" + "//(a + b + c + d + e)" * 40, LARGE),
    ],
)
def test_parse_says_what_it_expected(text: str, message: str) -> None:
    with pytest.raises(ValueError) as fault:
        parse(text)
    assert str(fault.value) == message


# --- Sums, products, values -------------------------------------------------------------------------------------------


def test_total_and_product() -> None:
    assert (total([]), product([])) == (0, 1)
    assert total([1, T, 2, T]) == 2 * T + 3
    assert product([2, T, T + 1]) == 2 * T**2 + 2 * T


def test_a_total_of_a_hundred_thousand_terms() -> None:
    size = total(2 * symbol(f"s{i}") + 1 for i in range(100_000))
    names = symbols_of(size)
    assert len(names) == 100_000
    assert substitute(size, dict.fromkeys(names, 3)) == 700_000
    assert to_text(size).startswith("2·(s0 + s1 + s10 + ")


def test_substitute() -> None:
    assert substitute(T + U, {"T": U, "U": T}) == T + U
    assert substitute(T - U, {"T": U, "U": T}) == U - T
    assert substitute((T - 3) // S + 1, {"S": 2}) == (T - 1) // 2
    assert substitute((T - 3) // S + 1, {"S": 2, "T": 2 * U + 1}) == U
    assert substitute(7, {"T": 2}) == 7
    with pytest.raises(ZeroDivisionError):
        substitute(T // (U - 3), {"U": 3})


def test_symbols_of() -> None:
    assert symbols_of((T // (U + 1) + 2) * V) == ("T", "U", "V")
    assert symbols_of(T - T) == symbols_of(3) == symbols_of(None) == ()


@pytest.mark.parametrize(
    ("arguments", "length"),
    [
        ((28, 3), 26),
        ((28, 3, 2), 13),
        ((28, 3, 2, "same"), 14),
        ((27, 3, 2, "same"), 14),
        ((27, 3, 2, "causal"), 14),
        ((28, 3, 1, "valid", 2), 24),
        ((28, 3, 1, "same", 2), 28),
        ((28, 5, 3, "valid", 4), 4),
        ((2, 3), 0),
        ((T, 3), T - 2),
        ((T, 3, 1, "same"), T),
        ((T, 3, 2, "same"), (T + 1) // 2),
        ((None, 3), None),
    ],
)
def test_conv_length(arguments: tuple[Any, ...], length: Dim | None) -> None:
    assert lower_size(conv_length(lift_size(arguments[0]), *arguments[1:])) == length


def test_conv_length_knows_three_paddings() -> None:
    with pytest.raises(ValueError, match=r"^`padding` must be `valid`, `same` or `causal`, got `full`$"):
        conv_length(28, 3, padding="full")


# --- Decisions --------------------------------------------------------------------------------------------------------

DECIDED = [
    (equal(3, 3), True),
    (equal(3, 4), False),
    (equal(T, T), True),
    (equal(T + 1, 1), False),
    (equal(2 * T, 3), False),
    (equal(2 * T + 4 * U, 7), False),
    (equal(T + U, 1), False),
    (equal(T // 2 + (T + 1) // 2, T), True),
    (at_least(3, 3), True),
    (at_least(2, 3), False),
    (at_least(T, 1), True),
    (at_least(0, T), False),
    (at_least(T * U, T), True),
    (at_least(T + U, 2), True),
    (at_least(1, T + U), False),
    (at_least(T, ceil_div(T, 2)), True),
    (at_least(T // 2, T), False),
    (at_least(T, 2 * (T // 2)), True),
    (at_least(T // U, 0), True),
    (is_multiple(6, 3), True),
    (is_multiple(7, 3), False),
    (is_multiple(4 * T, 2), True),
    (is_multiple(4 * T + 1, 2), False),
    (is_multiple(4 * T + 2, 4), False),
    (is_multiple(T * U, T), True),
    (is_multiple(0, T), True),
    (is_multiple(3, T + 5), False),
]


@pytest.mark.parametrize(("answer", "expected"), DECIDED)
def test_decided(answer: bool | Condition, expected: bool) -> None:
    assert answer is expected


UNDECIDED = [
    (equal(T, 1), "T = 1"),
    (equal(1, T), "T = 1"),
    (equal(T + 2, 3), "T = 1"),
    (equal(2 * T, 6), "T = 3"),
    (equal(T, U), "T = U"),
    (equal(U, T), "T = U"),
    (equal(U, T + 3), "T = U - 3"),
    (equal(2 * T, U), "U = 2·T"),
    (equal(2 * T, 3 * U), "2·T = 3·U"),
    (equal(T * U, U), "T = 1"),
    (equal(T + U, 5), "T + U = 5"),
    (at_least(T, 3), "T >= 3"),
    (at_least(2 * T, 5), "T >= 3"),
    (at_least(T - 3, 1), "T >= 4"),
    (at_least(5, T), "T <= 5"),
    (at_least(T, U), "T >= U"),
    (at_least(T, U + 2), "T >= U + 2"),
    (at_least(2 * T, U), "U <= 2·T"),
    (at_least(conv_length(T, 3, 2), 3), "T >= 7"),
    (at_least(conv_length(conv_length(T, 3, 2), 3, 2), 1), "T >= 7"),
    (at_least(3, T // 2), "T <= 7"),
    (equal(2 * T + 3, 3 * U), "2·T + 3 = 3·U"),
    (at_least(2 * (T // 2), T), "T <= 2·floor(T/2)"),
    (at_least(T - 1, 2 * (T // 2)), "T >= 2·floor(T/2) + 1"),
    (at_least(U * ((T - 5) // U), -4), "U·floor((T - 5)/U) >= -4"),
    (is_multiple(3 * T + 1, 4), "3·T + 1 a multiple of 4"),
    (is_multiple(T, 4), "T a multiple of 4"),
    (is_multiple(2 * T, 4), "T a multiple of 2"),
    (is_multiple(3 * T, 4), "T a multiple of 4"),
    (is_multiple(T + 5, 4), "T + 1 a multiple of 4"),
    (is_multiple(12, T), "12 a multiple of T"),
    (equal(UNKNOWN, 1), "None = 1"),
    (equal(1, UNKNOWN), "None = 1"),
    (equal(UNKNOWN, UNKNOWN), "None = None"),
    (at_least(3, UNKNOWN), "None <= 3"),
    (is_multiple(UNKNOWN, 4), "None a multiple of 4"),
]


@pytest.mark.parametrize(("answer", "text"), UNDECIDED)
def test_undecided(answer: bool | Condition, text: str) -> None:
    assert isinstance(answer, Condition)
    assert str(answer) == text
    assert answer.has_unknown is ("None" in text)


def test_conditions_are_values() -> None:
    assert Condition(T + 2, "=", 3) == Condition(2 * T, "=", 2) == equal(T, 1)
    assert hash(Condition(T + 2, "=", 3)) == hash(equal(T, 1))
    assert Condition(T, "=", 3) != Condition(T, ">=", 3)
    assert len({at_least(T, 3), at_least(T + 1, 4), at_least(T, 4)}) == 2
    with pytest.raises(AttributeError, match="cannot be changed"):
        at_least(T, 3).left = U  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="relation must be one of =, >=, multiple of, got <"):
        Condition(T, "<", 3)
    with pytest.raises(ValueError, match="positive number is meant, got 0"):
        is_multiple(T, 0)


def test_conditions_take_values() -> None:
    assert Condition(2 * T + 1, "multiple of", 4).substitute({"T": 2}) is False
    condition = equal(T, U + 1)
    assert isinstance(condition, Condition)
    assert condition.substitute({"T": 3, "U": 2}) is True
    assert condition.substitute({"T": 3, "U": 3}) is False
    assert str(condition.substitute({"T": 3})) == "U = 2"
    assert condition.substitute({"T": 1}) is False
    assert str(condition.substitute({"T": UNKNOWN})) == "None = U + 1"


# --- Anything at all, against plain integers and sympy ----------------------------------------------------------------

NAMES = ("T", "U", "V")
Tree = Any  # an int, a name, or (operator, tree, tree)
Operators = dict[str, Callable[[Any, Any], Any]]
OPERATORS: Operators = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "**": operator.pow,
}


def grown(parts: st.SearchStrategy[Tree], *operators: str) -> st.SearchStrategy[Tree]:
    return st.tuples(st.sampled_from(operators), parts, parts) | st.tuples(st.just("**"), parts, st.integers(0, 3))


leaves = st.integers(-4, 7) | st.sampled_from(NAMES)
polynomials = st.recursive(leaves, lambda parts: grown(parts, "+", "-", "*"), max_leaves=6)
divisors = st.integers(1, 6) | st.recursive(leaves, lambda parts: grown(parts, "+", "-", "*"), max_leaves=3)
trees = st.recursive(
    leaves,
    lambda parts: grown(parts, "+", "-", "*") | st.tuples(st.just("//"), parts, divisors),
    max_leaves=7,
)
numbers = st.fixed_dictionaries({name: st.integers(1, 9) for name in NAMES})
drawn = settings(derandomize=True, deadline=None, max_examples=200)


def build(tree: Tree, leaf: Callable[[str], Any], operators: Operators = OPERATORS) -> Any:
    """The tree in any arithmetic: ours, sympy's or that of plain ints."""
    if isinstance(tree, tuple):
        name, left, right = tree
        return operators[name](build(left, leaf, operators), build(right, leaf, operators))
    return leaf(tree) if isinstance(tree, str) else tree


def ours(tree: Tree) -> Dim:
    try:
        size: Dim = build(tree, symbol)
    except (ZeroDivisionError, ValueError):  # a divisor that is a number below 1
        assume(False)
    return size


def substituted(size: Dim, values: dict[str, int]) -> Dim:
    try:
        return substitute(size, dict(values))
    except ValueError:  # a divisor became a number below 1
        assume(False)
        raise


def plain(tree: Tree, at: dict[str, int]) -> int:
    try:
        number: int = build(tree, at.__getitem__)
    except ZeroDivisionError:
        assume(False)
    return number


def theirs(tree: Tree) -> Any:
    def floor_divide(a: Any, b: Any) -> Any:
        return sympy.floor(sympy.sympify(a) / b)

    def name(text: str) -> sympy.Symbol:
        return sympy.Symbol(text, integer=True, positive=True)

    return sympy.sympify(build(tree, name, OPERATORS | {"//": floor_divide}))


def worth(text: str, at: dict[str, int]) -> int:
    """The number that a typographic text stands for."""
    digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda power: f"**{power[0].translate(digits)}", text)
    number: int = eval(text.replace("·", "*").replace("/", "//"), {"floor": int} | at)
    return number


@drawn
@given(trees, numbers)
def test_arithmetic_is_that_of_integers(tree: Tree, at: dict[str, int]) -> None:
    expected = plain(tree, at)
    assert substitute(ours(tree), at) == expected
    assert substitute(substituted(ours(tree), {"T": at["T"]}), at) == expected


@drawn
@given(trees, numbers)
def test_arithmetic_is_that_of_sympy(tree: Tree, at: dict[str, int]) -> None:
    plain(tree, at)
    size, expected = ours(tree), theirs(tree)
    assert substitute(size, at) == expected.subs({s: at[s.name] for s in expected.free_symbols})


@drawn
@given(polynomials)
def test_polynomials_are_those_of_sympy(tree: Tree) -> None:
    expanded = sympy.Poly(theirs(tree), *sympy.symbols(NAMES, integer=True, positive=True))
    terms = (
        coefficient * product(symbol(name) ** power for name, power in zip(NAMES, powers, strict=True))
        for powers, coefficient in ((powers, int(coefficient)) for powers, coefficient in expanded.terms())
    )
    assert ours(tree) == total(terms)


@drawn
@given(trees, trees, trees, st.integers(1, 6), st.integers(1, 6))
def test_equal_however_built(p: Tree, q: Tree, r: Tree, m: int, n: int) -> None:
    a, b, c = ours(p), ours(q), ours(r)
    for left, right in [
        ((a + b) * c, a * c + c * b),
        (a - b, -(b - a)),
        ((a + b) ** 2, a * a + 2 * a * b + b * b),
        ((a + n * b) // n, a // n + b),
        ((m * a) // (m * n), a // n),
        ((m * a + m - 1) // (m * n), a // n),
        (total([a, b, c, a]), 2 * a + b + c),
    ]:
        assert left == right
        assert hash(left) == hash(right)


@drawn
@given(polynomials, st.integers(1, 6), st.integers(1, 6))
def test_a_division_of_a_division_is_one_division(p: Tree, m: int, n: int) -> None:
    assert ours(p) // m // n == ours(p) // (m * n) == ours(p) // n // m


@drawn
@given(polynomials, polynomials, st.integers(0, 3))
def test_a_division_by_a_sum_is_undone(p: Tree, q: Tree, plus: int) -> None:
    divisor = ours(q) ** 2 + symbol("T") + plus
    assert (ours(p) * divisor) // divisor == ours(p)


@drawn
@given(trees, numbers)
def test_text_is_worth_the_size(tree: Tree, at: dict[str, int]) -> None:
    expected = plain(tree, at)
    size = ours(tree)
    assume(all(int(power) <= 16 for power in re.findall(r"\*\*(\d+)", to_python(size))))
    assert parse(to_python(size)) == size
    assert eval(to_python(size), dict(at)) == expected
    assert worth(to_text(size), at) == expected
    assert worth(to_text(size, {name: str(value) for name, value in at.items()}), {}) == expected
    sums = {name: f"{name} + 1 - {value}" for name, value in at.items()}
    assert worth(to_text(size, sums), {name: 2 * value - 1 for name, value in at.items()}) == expected


def holds(a: int, relation: str, b: int) -> bool:
    return {"=": a == b, ">=": a >= b, "<=": a <= b, "a multiple of": b != 0 and a % b == 0}[relation]


small = st.recursive(
    leaves,
    lambda parts: grown(parts, "+", "-", "*") | st.tuples(st.just("//"), parts, st.integers(2, 4) | st.just("U")),
    max_leaves=4,
)


@drawn
@given(small, small, st.sampled_from(["=", ">=", "a multiple of"]))
def test_decisions_never_contradict_the_numbers(p: Tree, q: Tree, relation: str) -> None:
    a, b = ours(p), ours(q)
    assume(relation != "a multiple of" or at_least(b, 1) is True)
    answer = {"=": equal, ">=": at_least, "a multiple of": is_multiple}[relation](a, b)
    shown = re.fullmatch(r"(.*) (=|>=|<=|a multiple of) (.*)", str(answer))
    for sizes in itertools.product(range(1, 7), repeat=len(NAMES)):
        at = dict(zip(NAMES, sizes, strict=True))
        truth = holds(plain(p, at), relation, plain(q, at))
        if isinstance(answer, Condition):
            assert shown
            assert answer.substitute(at) is truth
            assert holds(worth(shown[1], at), shown[2], worth(shown[3], at)) is truth
        else:
            assert answer is truth


@drawn
@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 4), st.integers(1, 3), st.sampled_from(["valid", "same"]))
def test_conv_length_counts_windows(length: int, window: int, stride: int, dilation: int, padding: str) -> None:
    reach = (window - 1) * dilation + 1 if padding == "valid" else 1
    assume(reach <= length)
    starts = range(0, length - reach + 1, stride)
    assert conv_length(length, window, stride, padding, dilation) == len(starts)
    names = {"T": length, "K": window, "S": stride, "D": dilation}
    assert substitute(conv_length(T, K, S, padding, symbol("D")), names) == len(starts)


def distinct(number: int) -> Dim:
    """A sum of so many names, each with a number."""
    return total(3 * symbol(f"s{i}") + i for i in range(number))


#: What is done to one sum, which must take twice as long for twice the terms.
LINEAR: dict[str, Callable[[Dim], object]] = {
    "total": lambda size: total([size, 1, symbol("T")]),
    "substitute": lambda size: substitute(size, {"s1": 7, "s2": symbol("T") * 2}),
    "substitute nothing": lambda size: substitute(size, {"T": 7}),
    "symbols_of": symbols_of,
    "times": lambda size: size * (symbol("T") + 1),
    "divided": lambda size: (size // 2, size // symbol("T")),
    "at_least": lambda size: (at_least(size, 1), at_least(0, size), at_least(size, symbol("T"))),
    "equal": lambda size: equal(size, symbol("T")),
    "is_multiple": lambda size: is_multiple(size, 7),
    "to_text": lambda size: (to_text(size), to_python(size)),
}


@pytest.mark.parametrize("name", LINEAR)
def test_long_sums_take_work_in_proportion(name: str) -> None:
    """Counted in the calls that Python makes, which no other program on the machine changes."""

    def calls(number: int) -> int:
        size, made = distinct(number), 0

        def count(*_: object) -> None:
            nonlocal made
            made += 1

        sys.setprofile(count)
        try:
            LINEAR[name](size)
        finally:
            sys.setprofile(None)
        return made

    assert calls(4_000) < 2.2 * calls(2_000)


def test_what_is_substituted_in_a_long_sum() -> None:
    size = distinct(3)
    assert substitute(size, {"T": 7}) is size
    assert to_python(substitute(size, {"s1": 5, "s0": symbol("T")})) == "3*(T + s2 + 6)"
    assert to_python(substitute(symbol("T") // 2 * symbol("U") + symbol("F") // 2, {"U": 3})) == "F//2 + 3*(T//2)"
    assert substitute(symbol("T") // symbol("U"), {"U": 2}) == symbol("T") // 2


def test_a_product_of_long_sums_stays_unknown() -> None:
    long = distinct(1_000)
    assert long * long is UNKNOWN
    assert distinct(200) * distinct(200) is not UNKNOWN
    assert long**2 is UNKNOWN
    assert substitute(symbol("T") * symbol("U") + 1, {"T": long, "U": long}) is UNKNOWN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9" * 100_000, "expected at most 1000 characters, got 100000"),
        ("(" * 100_000, "expected at most 1000 characters, got 100000"),
        ("(" * 500 + "1" + ")" * 499, "expected fewer parentheses or signs in one another"),
        ("T**99999999", "expected a number from 0 to 16 as the power after `**`"),
        ("9" * 900 + "**16", "expected a size of at most 4000 characters when multiplied out, got a larger one"),
        ("((T + U + V)**16)**16", "expected a size of at most 4000 characters when multiplied out, got a larger one"),
        ("2**16**16", "expected a number from 0 to 16 as the power after `**`"),
    ],
    ids=range(7),
)
def test_absurd_texts_are_refused_at_once(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse(text)


def test_a_long_number_that_is_read_can_be_written() -> None:
    """Python refuses to write numbers of more than 4300 digits."""
    size = parse("9" * 900 + "**3")
    assert len(to_text(size)) == 2_700
