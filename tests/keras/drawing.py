"""What the drawn tests share: sizes, shapes, data for named sizes, and a short and a long run of the same test."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

NAMES = ("T", "U")
#: Data for tests of layers over space, and the sizes of their inputs by rank.
VALUES = [{"T": size, "U": 9 - size} for size in (2, 3, 8)]
SPATIAL = {1: ["T"], 2: [7, "T"], 3: ["T", 6, 5]}
#: How many draws there are in the long run.
LONG = int(os.environ.get("LSTMCALC_DRAWS", "1000"))


def sizes(greatest: int = 6) -> st.SearchStrategy[Any]:
    """A size: mostly a number, sometimes a name."""
    return st.one_of(
        st.integers(1, greatest), st.integers(1, greatest), st.integers(1, greatest), st.sampled_from(NAMES)
    )


def shapes(least: int = 1, most: int = 5, greatest: int = 6) -> st.SearchStrategy[tuple[Any, ...]]:
    """An input shape, batch included."""
    return st.lists(sizes(greatest), min_size=least - 1, max_size=most - 1).map(lambda rest: (None, *rest))


def numbered(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    """The shape without names."""
    return tuple(3 if isinstance(size, str) else size for size in shape)


def data(greatest: int = 8) -> st.SearchStrategy[list[dict[str, int]]]:
    """Values for the names, three times."""
    return st.lists(st.fixed_dictionaries({name: st.integers(1, greatest) for name in NAMES}), min_size=3, max_size=3)


def some(**arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments, each stated or left at its default."""
    return st.fixed_dictionaries({}, optional=arguments)


def drawn(strategy: st.SearchStrategy[Any], short: int = 60, long: int = LONG) -> Callable[[Callable[..., bool]], Any]:
    """Runs a test on draws: a few by default, many where it is asked for with `-m long`.

    The test returns whether the layer was accepted, which the statistics then tell.
    """

    def decorate(check: Callable[..., bool]) -> Any:
        @pytest.mark.filterwarnings("ignore:You are using a softmax:UserWarning")
        @pytest.mark.parametrize("draws", [short, pytest.param(long, marks=pytest.mark.long)])
        def test(draws: int) -> None:
            found = {True: 0, False: 0}

            @settings(
                derandomize=True,
                deadline=None,
                max_examples=draws,
                suppress_health_check=list(HealthCheck),
                database=None,
            )
            @given(strategy)
            def run(case: Any) -> None:
                accepted = check(case)
                event("accepted" if accepted else "refused")
                found[accepted] += 1

            run()
            print(f"{check.__name__}: {found[True]} accepted, {found[False]} refused")
            assert min(found.values()) > draws // 20, found

        test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
        return test

    return decorate


def laid_out(spatial: list[Any], channels: Any, data_format: str | None) -> tuple[Any, ...]:
    """The shape of an input over space, as `data_format` orders it."""
    first = data_format is not None and data_format.lower() == "channels_first"
    return (None, channels, *spatial) if first else (None, *spatial, channels)


def mostly(usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any], times: int = 8) -> st.SearchStrategy[Any]:
    """The usual, and now and then the other."""
    return st.integers(0, times).flatmap(lambda pick: other if pick == times else usual)


def per_axis(rank: int, most: int) -> st.SearchStrategy[Any]:
    """One number, one per axis, or seldom a list of any length or a number that is too small."""
    number = st.integers(1, most)
    usual = number | st.lists(number, min_size=rank, max_size=rank)
    return mostly(usual, st.lists(number, max_size=3) | st.integers(-1, 0))
