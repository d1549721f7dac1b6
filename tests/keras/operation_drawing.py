"""What the drawn tests of operations share: sizes, shapes, data for names, constants, and the check."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from operation_agreement import agree_on_operation

NAMES = ("T", "U")
Case = tuple[str, dict[str, Any], Any, Any, dict[str, Any], Any]


def values() -> st.SearchStrategy[list[dict[str, int]]]:
    """Numbers for the names, twice."""
    return st.lists(st.fixed_dictionaries({name: st.integers(1, 7) for name in NAMES}), min_size=2, max_size=2)


def sizes(*choices: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(choices or (1, 2, 3, 4, 5, 6, 3, 4, "T", "T", "U"))


def shapes(least: int = 1, most: int = 4, size: Any = None) -> st.SearchStrategy[tuple[Any, ...]]:
    """A shape, batch included, which is mostly open."""
    rest = st.lists(sizes() if size is None else size, min_size=least - 1, max_size=most - 1)
    return st.tuples(st.sampled_from((None, None, None, 2)), rest).map(lambda pair: (pair[0], *pair[1]))


def array(shape: Any) -> Any:
    """A constant of a shape, as lists."""
    return [array(shape[1:]) for _ in range(shape[0])] if shape else 1.0


def case(
    name: str, arguments: Any, inputs: Any, given: Any, keywords: dict[str, Any] | None = None, dtype: Any = ""
) -> Case:
    listed = inputs if isinstance(inputs, list) else [inputs]
    # One batch for all: an input of another one is another test.
    same = [(listed[0][0], *shape[1:]) for shape in listed]
    return f"ops.{name}", arguments, same, given, keywords or {}, dtype


def check(drawn_case: Case) -> bool:
    name, arguments, inputs, given, keywords, dtype = drawn_case
    return agree_on_operation(name, arguments, inputs, given, keywords, dtype, batches=(7,))
