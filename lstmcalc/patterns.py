"""Regular expressions that are compiled when they are first asked: an answer needs few of all there are."""

from __future__ import annotations

import re
from typing import Any, cast

__all__ = ["lazily"]


class _Lazy:
    """What stands for a pattern: its first use gives it the pattern's own methods, which are all that later uses see.

    Compiling all patterns that a text may need takes as long as all the rest of an answer.
    """

    def __init__(self, pattern: str, flags: int) -> None:
        self._asked = pattern, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self._asked)
        for method in ("match", "fullmatch", "search", "finditer", "findall", "split", "sub"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazily(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, later.

    >>> word = lazily(r"[a-z]+")
    >>> [match[0] for match in word.finditer("ab cd")], word.pattern
    (['ab', 'cd'], '[a-z]+')
    """
    return cast("re.Pattern[str]", _Lazy(pattern, flags))
