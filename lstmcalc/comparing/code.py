"""What layers calculate by code of the user's own: whether it is the same, as far as the sources hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from lstmcalc.comparing.difference import Change
from lstmcalc.spec import LayerSpec

__all__ = ["code_changes", "code_of_layer", "is_untold"]

#: How many lines of code are shown; of more it is said how many differ.
MOST_LINES = 3
#: What code says of a name that stands for something in another file.
ELSEWHERE = re.compile(r"^from \S+ import \S+$", re.MULTILINE)


def code_of_layer(spec: LayerSpec) -> dict[str, str]:
    """The code of a layer by argument or attribute, that of a layer that it wraps behind a dot."""
    found = dict(spec.code)
    for key, value in spec.arguments.items():
        items = enumerate(value) if isinstance(value, (list, tuple)) else [(None, value)]
        for place, item in items:
            if isinstance(item, LayerSpec):
                path = key if place is None else f"{key}[{place}]"
                found |= {f"{path}.{name}": text for name, text in code_of_layer(item).items()}
    return found


def code_changes(mine: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Change]:
    """The code that both sources hold, where it differs.

    >>> list(code_changes({"function": "lambda x: x * 2"}, {"function": "lambda x: x * 3"}))
    [Change(aspect='code', what='function', old='lambda x: x * 2', new='lambda x: x * 3')]
    """
    for key in dict.fromkeys((*mine, *theirs)):
        old, new = mine.get(key), theirs.get(key)
        if old == new or (None in (old, new) and not _is_attribute(key, mine, theirs)):
            continue
        what = re.sub(r"\bclass$", "code", key)
        yield Change("code", what, *_differing((old or "").splitlines(), (new or "").splitlines()))


def is_untold(mine: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    """Whether there is code that not both sources hold."""
    for key in {**mine, **theirs}:
        old, new = mine.get(key), theirs.get(key)
        if old is None or new is None:
            if not _is_attribute(key, mine, theirs):
                return True
        elif old == new and ELSEWHERE.search(old):
            return True
    return False


def _is_attribute(key: str, mine: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    """Whether it is a value that an object holds whose class is in both sources."""
    owner = f"{key.rpartition('.')[0]}.class".lstrip(".")
    return owner in mine and owner in theirs


def _differing(old: list[str], new: list[str]) -> tuple[str | None, str | None]:
    """The lines of each that the other does not have there."""
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    mine = [line for tag, start, end, _, _ in codes if tag != "equal" for line in old[start:end]]
    theirs = [line for tag, _, _, start, end in codes if tag != "equal" for line in new[start:end]]
    if max(len(mine), len(theirs)) > MOST_LINES:
        return f"{len(mine)} of {len(old)} lines", f"{len(theirs)} other lines"
    texts = ["; ".join(line.strip() for line in lines) for lines in (mine, theirs)]
    if texts[0] == texts[1]:
        texts = ["; ".join(line.replace("    ", "····") for line in lines) for lines in (mine, theirs)]
    return texts[0] or None, texts[1] or None
