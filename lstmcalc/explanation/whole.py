"""What is said of a whole model, printed or stated: the flow of shapes, where time ends, where the params sit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from lstmcalc.dims import Size, lower_size, symbols_of
from lstmcalc.explanation.facts import Facts
from lstmcalc.explanation.output_shapes import because
from lstmcalc.explanation.words import amount_along, quoted
from lstmcalc.frozen import NamedTuple
from lstmcalc.shapes import show_count

__all__ = ["Member", "Remark", "flow", "open_sizes", "shares", "time", "total_of"]

#: A flow of more shapes than these is not shown: the layers show it.
MOST_SHAPES = 16
#: How many layers are named that have most of the params, and up to which share of all.
MOST_NAMED, ENOUGH = 3, 0.8
#: Why the steps end at a layer, where no argument of it decides that.
WHY = {"Flatten": "it lays all values of a sample in one row"}


class Remark(NamedTuple):
    """A sentence on the whole, and what it is about: input, output, shapes, time, params, total, trained, `None`, …"""

    about: str
    text: str

    def to_json(self) -> dict[str, str]:
        """The remark as the JSON contract spells it."""
        return {"about": self.about.strip("`"), "text": self.text}


class Member(NamedTuple):
    """A layer among others: what feeds it, the shapes of its first input and of its outputs as text, and its facts."""

    name: str
    class_name: str
    sources: tuple[str, ...]
    reads: str
    gives: str
    facts: Facts | None


def flow(members: Sequence[Member]) -> Iterator[Remark]:
    """The shapes in order, where the layers are one chain."""
    layers = [member for member in members if member.class_name != "InputLayer"]
    chained = all(len(member.sources) <= 1 for member in layers) and all(
        after.sources == (before.name,) for before, after in pairwise(layers)
    )
    if not chained or not layers or not all(member.gives for member in layers):
        return
    given = [member.gives for member in members if member.class_name == "InputLayer"]
    start = [layers[0].reads] if layers[0].reads else given[:1]
    shapes = [shape for shape, _ in groupby([*start, *(member.gives for member in layers)])]
    if 2 < len(shapes) <= MOST_SHAPES:
        yield Remark("shapes", " → ".join(shapes))


def time(members: Sequence[Member], ends: Mapping[str, str]) -> Iterator[Remark]:
    """Where the steps end; and of the members in `ends`, called as it says, which give an output for every step."""
    timed: dict[str, str] = {}
    for member in members:
        fact = member.facts
        steps = _steps(member, fact, timed) if fact else ""
        if fact is None or not steps:
            continue
        if fact.made and _keeps(fact):
            timed[member.name] = _after(fact)
        elif len(fact.outputs[0]) < fact.x.ndim:
            why = because(fact).replace(f"the {steps}", "them") or WHY.get(fact.rule.class_name, "")
            yield Remark("time", f"The {steps} end at {quoted(member.name)}{': ' * bool(why)}{why}.")
    for name, called in ends.items():
        if name in timed:
            number = timed[name].removesuffix("steps").removesuffix("step").strip()
            each = "the one step" if number == "1" else f"each of the {timed[name]}" if number else "every step"
            yield Remark("time", f"{called}, {quoted(name)}, gives an output for {each}.")


def _steps(member: Member, fact: Facts, timed: Mapping[str, str]) -> str:
    """The steps that reach a layer; empty where what reaches it has none."""
    if "timesteps" in fact.x.axes:
        return amount_along("timesteps", lower_size(fact.x.timesteps), 3).removeprefix("any number of ")
    return next((timed[name] for name in member.sources if name in timed and fact.x.ndim > 2), "")


def _keeps(fact: Facts) -> bool:
    """Whether the second axis of the output still goes over the steps."""
    size = fact.made[0].shape[1] if fact.made and len(fact.made[0].shape) > 2 else 0
    return fact.x.axes[1] in symbols_of(size)


def _after(fact: Facts) -> str:
    return amount_along("timesteps", lower_size(fact.outputs[0][1]), 3).removeprefix("any number of ")


def shares(counts: Iterable[tuple[int, str]], whole: int) -> list[str]:
    """The layers with most of the params, with their shares of the whole: `` `65.3 % in "embedding"` ``."""
    named, share = [], 0.0
    for count, name in sorted(counts, key=lambda each: -each[0])[:MOST_NAMED]:
        if share >= ENOUGH or not count:
            break
        share += count / whole
        named.append(f"{_percent(count, whole)} in {quoted(name)}")
    return named


def _percent(part: int, whole: int) -> str:
    """A share, rounded to a tenth, and never to none or all of it.

    >>> _percent(1, 3), _percent(1, 100_000), _percent(99_999, 100_000)
    ('33.3 %', 'less than 0.1 %', 'more than 99.9 %')
    """
    tenths = round(1000 * part / whole)
    if tenths == 0 or (tenths == 1000 and part < whole):
        return "less than 0.1 %" if tenths == 0 else "more than 99.9 %"
    return f"{tenths / 10:g} %"


def open_sizes(shapes: Iterable[Sequence[object]]) -> Iterator[Remark]:
    """What `None` stands for, once."""
    shapes = list(shapes)
    batch = any(tuple(shape[:1]) == (None,) for shape in shapes)
    inner = any(None in shape[1:] for shape in shapes)
    if batch:
        more = " Elsewhere it is a size that is left open as well." if inner else ""
        yield Remark("`None`", f"In front it is the batch: how many samples are taken at once is left open.{more}")
    elif inner:
        yield Remark("`None`", "A size that is left open until data comes.")


def total_of(count: Size, frozen: Size) -> str:
    """A count with what of it is not trained: `88,018 params, all trained`."""
    if frozen == 0:
        return f"{show_count(count)} params, all of them trained"
    return f"{show_count(count)} params, of which {show_count(frozen)} are not trained"
