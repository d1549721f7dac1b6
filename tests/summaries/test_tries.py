"""Sizes that no equation tells: which are tried, where trying ends, and which of them are odd."""

from __future__ import annotations

from itertools import islice

from lstmcalc.dims import symbol
from lstmcalc.patterns import lazily
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.tries import MOST_TRIES, completed, least, sizes_from, unevenness

UNITS, SIZE = symbol("units"), symbol("size")


def test_no_count_falls_below_its_least() -> None:
    assert least(4 * UNITS * (SIZE + UNITS + 1)) == 12
    assert least(7) == 7
    assert least(4 * UNITS * ((SIZE + 3) // 2)) == 8


def test_a_size_that_is_cut_is_the_first_that_starts_so() -> None:
    assert completed({}, [(UNITS, Cut("12"))], [64, 128, 12]) == {"units": 128}
    assert completed({}, [(UNITS, Cut("12"))], [64]) == {"units": 12}
    assert completed({}, [(UNITS, Cut(""))], [64]) == {}


def test_an_odd_image_is_less_usual_and_one_of_unequal_sides_far_less() -> None:
    square = (None, 14, 14, 8)
    assert unevenness(((None, 28, 28, 3),), square) == 0
    assert unevenness(((None, 27, 27, 3),), square) == 0.05
    assert unevenness(((None, 28, 26, 3),), square) == 0.6
    assert unevenness(((None, 28, 26, 3),), (None, 14, 13, 8)) == 0


def test_sizes_are_tried_up_to_a_limit() -> None:
    assert list(islice(sizes_from(Cut("12")), 4)) == [12, 120, 121, 122]
    assert len(list(sizes_from(Cut("3")))) == MOST_TRIES


def test_a_pattern_that_is_compiled_late_is_the_same() -> None:
    assert [found[0] for found in lazily("[A-B]+", 2).finditer("ab CB")] == ["ab", "B"]
    pattern = lazily("a")
    for method in ("match", "fullmatch", "search"):
        assert getattr(pattern, method)("a")[0] == "a"
    assert (pattern.sub("b", "a"), pattern.split("xay"), pattern.flags) == ("b", ["x", "y"], 32)
