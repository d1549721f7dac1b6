"""The count of a layer with a kernel, as a polynomial that its own rule gives, and what solves it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import gcd, prod
from typing import Any

from lstmcalc.dims import Expression, symbol, terms_of
from lstmcalc.errors import Rejection
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import LayerRule
from lstmcalc.layers.rule import Inputs
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.proposals.views import View, is_open, once, rank_of

__all__ = ["Case", "cases", "kernel_shapes", "oddness"]

#: The names in the polynomial: places in the kernel, channels, `filters`, `depth_multiplier`, places in the output.
KERNEL, CHANNELS, FILTERS, MULTIPLIER, PLACES = "kernel", "channels", "filters", "multiplier", "places"

#: How unusual a kernel's side is.
SIDES = {3: 0.0, 1: 0.4, 5: 0.3, 7: 0.4, 2: 0.5, 4: 0.5, 9: 0.7, 11: 0.8, 8: 0.8, 6: 1.4, 10: 1.2, 16: 1.0}
ODD_SIDE = 1.8
#: The numbers of channels that are tried where neither they nor the kernel are known.
USUAL_FILTERS = (
    *(2**power for power in range(12)), 3, 6, 10, 12, 20, 24, 25, 30, 36, 40, 48, 50, 60, 80, 84, 96, 100, 120, 160,
    192, 200, 320, 384, 500, 640, 768,
)  # fmt: skip
MOST_MULTIPLIER = 16
MOST_UNKNOWN = 5
#: No kernel has more places, and no layer with groups more channels.
MOST_PLACES = 65_536

Terms = Mapping[tuple[str, ...], int]


class Case(NamedTuple):
    """How many places a kernel has, and the arguments that go with it."""

    places: int
    arguments: dict[str, Any]
    cost: float


@once
def _terms(rule: type[LayerRule], settings: tuple[tuple[str, Any], ...]) -> Terms | None:
    """The rule's count in names, run on a kernel of which the first side alone is more than 1; None without one."""
    rank = rank_of(rule, "kernel_size")
    kernel, places = symbol(KERNEL), symbol(PLACES)
    sizes: dict[str, Any] = {"kernel_size": (kernel, *(1,) * (rank - 1)), **dict(settings)}
    for argument, name in (("filters", FILTERS), ("depth_multiplier", MULTIPLIER)):
        if argument in rule.arguments:
            sizes[argument] = symbol(name)
    lead = (1, 2) if "return_sequences" in rule.arguments else (1,)
    shape = (*lead, places + kernel - 1, *(1,) * (rank - 1), symbol(CHANNELS))
    try:
        built = rule({key: rule.arguments[key].check(key, value) for key, value in sizes.items()})
        count = built.count(Inputs([shape], built.axis_names(len(shape))))
    except Rejection:
        return None
    terms = terms_of(count) if isinstance(count, Expression) else {}
    return terms if all(type(atom) is str for monomial in terms for atom in monomial) else None


def _line(terms: Terms, name: str, values: Mapping[str, int]) -> tuple[int, int]:
    """A polynomial with all values but one put in: what is left without that name, and what stands beside it."""
    fixed = slope = 0
    for monomial, factor in terms.items():
        if name in monomial:
            slope += factor * prod(values[atom] for atom in monomial if atom != name)
        else:
            fixed += factor * prod(values[atom] for atom in monomial)
    return fixed, slope


def _root(terms: Terms, name: str, values: Mapping[str, int], params: int) -> int:
    """The value of a name with which the count is `params`, where it stands in no power; 0 if none does."""
    fixed, slope = _line(terms, name, values)
    value, rest = divmod(params - fixed, slope) if slope else (0, 1)
    return value if value > 0 and not rest else 0


def _growing_root(terms: Terms, name: str, values: Mapping[str, int], params: int) -> int:
    """The same for a name that may stand in powers, by halving."""

    def count(value: int) -> int:
        known = {**values, name: value}
        return sum(factor * prod(known[atom] for atom in monomial) for monomial, factor in terms.items())

    low, high = 1, max(params, 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if count(middle) >= params else (middle + 1, high)
    return low if count(low) == params else 0


def cases(rule: type[LayerRule], seen: View, params: int, settings: Mapping[str, Any]) -> list[Case]:
    """The kernels that make the count `params`, with the `filters`, groups or multiplier that they need."""
    terms = _terms(rule, tuple(sorted(settings.items())))
    if not terms:
        return []
    values = {}
    if any(PLACES in monomial for monomial in terms):
        places = [size for _, size in seen.axes if isinstance(size, int)]
        if len(places) < len(seen.axes):
            return []
        values[PLACES] = prod(places)
    has_filters = "filters" in rule.arguments
    channels = seen.channels if isinstance(seen.channels, int) else None
    width = seen.filters if isinstance(seen.filters, int) else None
    if not has_filters:
        return list(_depthwise(terms, channels, seen, params, values, rank_of(rule, "kernel_size")))
    if channels is not None and width is not None:
        found: Iterable[Case] = _exact(rule, terms, {**values, CHANNELS: channels, FILTERS: width}, params)
    elif width is not None:
        found = _without_channels(rule, terms, {**values, FILTERS: width}, params)
    elif channels is not None:
        found = _without_filters(rule, terms, {**values, CHANNELS: channels}, params, seen.filters)
    else:
        found = _without_both(rule, terms, values, params, seen.filters)
    return sorted(found, key=lambda case: case.cost)


def _exact(rule: type[LayerRule], terms: Terms, values: Mapping[str, int], params: int) -> Iterator[Case]:
    """Channels and filters are known: the count gives the kernel, for each multiplier and number of groups."""
    filters, channels = values[FILTERS], values[CHANNELS]
    for multiplier in range(1, MOST_MULTIPLIER + 1 if "depth_multiplier" in rule.arguments else 2):
        places = _root(terms, KERNEL, {**values, MULTIPLIER: multiplier}, params)
        if places:
            yield Case(places, _several(rule, filters, multiplier), (multiplier > 1) * (1.5 + 0.1 * multiplier))
    shared = gcd(filters, channels)
    if "groups" in rule.arguments and shared <= MOST_PLACES:
        for groups in (number for number in range(2, shared + 1) if shared % number == 0):
            places = _root(terms, KERNEL, {**values, CHANNELS: channels // groups}, params)
            if places:
                cost = 2.0 + (0 if groups & (groups - 1) == 0 or groups == channels else 0.5)
                yield Case(places, {"filters": filters, "groups": groups}, cost)


def _several(rule: type[LayerRule], filters: int, multiplier: int) -> dict[str, Any]:
    """`filters`, and the multiplier where the layer has one: then the count shows it."""
    return {"filters": filters, **({"depth_multiplier": multiplier} if "depth_multiplier" in rule.arguments else {})}


def _usual(rank: int) -> Iterator[tuple[int, float]]:
    """Numbers of places in kernels, with a cost: of equal sides, and along one axis alone."""
    for side, cost in SIDES.items():
        yield side**rank, cost
    if rank == 2:
        yield from ((side, 1.5 + SIDES[side]) for side in (3, 5, 7))
    elif rank == 1:
        yield from ((side, ODD_SIDE) for side in (32, 64, 128))


def _multipliers(rule: type[LayerRule]) -> tuple[int, ...]:
    return (1, 2, 3, 4) if "depth_multiplier" in rule.arguments else (1,)


def _without_channels(rule: type[LayerRule], terms: Terms, values: Mapping[str, int], params: int) -> list[Case]:
    found = []
    for multiplier in _multipliers(rule):
        for places, cost in _usual(rank_of(rule, "kernel_size")):
            known = {**values, KERNEL: places, MULTIPLIER: multiplier}
            channels = _root(terms, CHANNELS, known, params)
            if channels:
                cost += oddness(channels) + (multiplier > 1) * (1.2 + 0.2 * multiplier)
                found.append(Case(places, _several(rule, values[FILTERS], multiplier), cost))
    return _cheapest(found)


def _without_filters(
    rule: type[LayerRule], terms: Terms, values: Mapping[str, int], params: int, printed: Any
) -> list[Case]:
    found = []
    for multiplier in _multipliers(rule):
        for places, cost in _usual(rank_of(rule, "kernel_size")):
            filters = _growing_root(terms, FILTERS, {**values, KERNEL: places, MULTIPLIER: multiplier}, params)
            if filters and _allowed(printed, filters):
                cost += oddness(filters) + (multiplier > 1) * (1.2 + 0.2 * multiplier)
                found.append(Case(places, _several(rule, filters, multiplier), cost))
    return _cheapest(found)


def _without_both(
    rule: type[LayerRule], terms: Terms, values: Mapping[str, int], params: int, printed: Any
) -> list[Case]:
    found = []
    for filters in (each for each in USUAL_FILTERS if _allowed(printed, each)):
        for places, cost in _usual(rank_of(rule, "kernel_size")):
            channels = _root(terms, CHANNELS, {**values, KERNEL: places, FILTERS: filters, MULTIPLIER: 1}, params)
            if channels:
                cost += oddness(filters) + 1.5 * oddness(channels)
                found.append(Case(places, _several(rule, filters, 1), cost))
    return _cheapest(found)


def _depthwise(
    terms: Terms, channels: int | None, seen: View, params: int, values: Mapping[str, int], rank: int
) -> Iterator[Case]:
    """Without `filters`: as many channels come out as go in, times the multiplier."""
    width = seen.filters if isinstance(seen.filters, int) else None
    if channels is not None:
        wanted: Iterable[int] = (1, 2, 3, 4, 8, 6) if width is None else (width // channels,)
        pairs = [(channels, each) for each in wanted if width is None or each * channels == width]
    elif width is not None:
        pairs = [(width // each, each) for each in (1, 2, 4) if width % each == 0]
    else:
        pairs = [(0, 1)]
    for size, multiplier in pairs:
        known = {**values, MULTIPLIER: multiplier, CHANNELS: size}
        cost = (multiplier > 1) * (1.0 + 0.1 * multiplier)
        if not size:
            for places, more in _usual(rank):
                solved = _root(terms, CHANNELS, {**known, KERNEL: places}, params)
                if solved and _allowed(seen.filters, solved):
                    yield Case(places, {"depth_multiplier": 1}, more + oddness(solved))
        elif size * multiplier and _allowed(seen.filters, size * multiplier):
            found = _root(terms, KERNEL, known, params)
            if found:
                yield Case(found, {"depth_multiplier": multiplier}, cost)


def _cheapest(found: list[Case]) -> list[Case]:
    return sorted(found, key=lambda case: case.cost)[:MOST_UNKNOWN]


def _allowed(printed: Any, size: int) -> bool:
    return printed.allows(size) if isinstance(printed, Cut) else printed is None or is_open(printed) or printed == size


def oddness(channels: int) -> float:
    """How unusual a number of channels is.

    >>> [oddness(channels) for channels in (3, 64, 96, 10, 37, 2048)]
    [0.0, 0.0, 0.1, 0.4, 1.2, 0.8]
    """
    many = 0.0 if channels <= 512 else 0.4 * ((channels - 1).bit_length() - 9)
    if channels in (1, 3) or channels & (channels - 1) == 0:
        return many
    for divisor, cost in ((32, 0.1), (16, 0.2), (8, 0.3), (10, 0.4), (6, 0.5), (2, 0.8)):
        if channels % divisor == 0:
            return many + cost
    return many + (0.9 if channels < 10 else 1.2)


@once
def kernel_shapes(places: int, rank: int) -> tuple[tuple[tuple[int, ...], float], ...]:
    """The kernels with so many places, and how unusual each is: equal sides first, then a line, then oblongs.

    >>> kernel_shapes(9, 2)
    (((3, 3), 0.0), ((1, 9), 2.5), ((9, 1), 2.5))
    """
    found = [(sides, _shape_cost(sides)) for sides in _factors(places, rank)] if places <= MOST_PLACES else []
    return tuple(sorted(found, key=lambda pair: (pair[1], pair[0])))


def _factors(number: int, count: int) -> list[tuple[int, ...]]:
    if count == 1:
        return [(number,)]
    small = [each for each in range(1, int(number**0.5) + 1) if number % each == 0]
    divisors = sorted({*small, *(number // each for each in small)})
    return [(first, *rest) for first in divisors for rest in _factors(number // first, count - 1)]


def _shape_cost(sides: tuple[int, ...]) -> float:
    if len(set(sides)) == 1:
        return SIDES.get(sides[0], ODD_SIDE)
    wide = [side for side in sides if side > 1]
    spread = max(wide) / min(wide)
    worst = max(SIDES.get(side, ODD_SIDE) for side in wide)
    return 1.2 + worst + (0.6 if max(sides) > 7 and 1 in sides else 0.0) + 0.1 * (spread - 1)
