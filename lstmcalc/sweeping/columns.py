"""A column of exact integers: eight bytes each where they fit, Python's own where they do not."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, overload

__all__ = ["Column"]

Numbers = bytes | tuple[int, ...]


class Column(Sequence["int | None"]):
    """Integers that cannot be changed; None at a point where the model does not hold.

    `numpy.asarray` makes an array of it: of int64 where all numbers are there and fit, of objects elsewhere.

    >>> column = Column.of([1, None, 2**70])
    >>> column[2], column.tolist(), column == Column.of(column)
    (1180591620717411303424, [1, None, 1180591620717411303424], True)
    """

    __slots__ = ("_absent", "_numbers")

    def __init__(self, numbers: Numbers, absent: bytes = b"") -> None:
        """`numbers` as bytes are those of int64; `absent` marks with 1 each place at which there is none."""
        self._numbers = memoryview(numbers).cast("q") if isinstance(numbers, bytes) else numbers
        self._absent = absent if any(absent) else b""

    @classmethod
    def of(cls, numbers: Iterable[int | None]) -> Column:
        """The column of these numbers."""
        listed = list(numbers)
        absent = bytes(number is None for number in listed)
        present = [0 if number is None else number for number in listed]
        try:
            return cls(array("q", present).tobytes(), absent)
        except OverflowError:
            return cls(tuple(present), absent)

    @classmethod
    def joined(cls, parts: Sequence[Column]) -> Column:
        """Columns below each other as one."""
        absent = b"".join(part._absent or bytes(len(part)) for part in parts)
        if all(isinstance(part._numbers, memoryview) for part in parts):
            return cls(b"".join(part._data for part in parts if isinstance(part._data, bytes)), absent)
        return cls(tuple(chain.from_iterable(part._numbers for part in parts)), absent)

    @property
    def _data(self) -> Numbers:
        return self._numbers.tobytes() if isinstance(self._numbers, memoryview) else self._numbers

    @property
    def absent(self) -> int:
        """How many numbers are not there."""
        return sum(self._absent)

    def tolist(self) -> list[int | None]:
        """The numbers as a list."""
        numbers: list[int | None] = list(self._numbers)
        if self._absent:
            return [None if gone else number for number, gone in zip(numbers, self._absent, strict=True)]
        return numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> int | None: ...
    @overload
    def __getitem__(self, place: slice) -> Column: ...
    def __getitem__(self, place: int | slice) -> int | Column | None:
        if isinstance(place, int):
            number = self._numbers[place]
            return None if self._absent and self._absent[place] else number
        numbers = self._numbers[place]
        data = numbers.tobytes() if isinstance(numbers, memoryview) else numbers
        return Column(data, self._absent[place])

    def __iter__(self) -> Iterator[int | None]:
        return iter(self.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Column) and self.tolist() == other.tolist()

    def __hash__(self) -> int:
        return hash((len(self), tuple(self[:8].tolist())))

    def __repr__(self) -> str:
        few = ", ".join(map(str, self[:5]))
        return f"Column([{few}{', …' if len(self) > 5 else ''}])"

    def __reduce__(self) -> tuple[Any, ...]:
        return Column, (self._data, self._absent)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy as np

        if self._absent or isinstance(self._numbers, tuple):
            return np.array(self.tolist(), dtype=dtype or object)
        return np.array(self._numbers, dtype=dtype or np.int64)
