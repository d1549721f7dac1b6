"""From printed rows to readings: each row is understood on the shapes that the rows before it give.

A row whose shape was cut off may print several layers; which of them fit together, the rows behind it tell. So every
row keeps all that it may give, and what no row behind it can take is struck out at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, product
from math import inf

from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import LayerRule, find_rule
from lstmcalc.spec import LayerSpec
from lstmcalc.summary_text.arrivals import (
    MOST_WAYS,
    Arrival,
    Gives,
    Outputs,
    applications,
    arrivals_at,
    fits,
    leaves_cut,
    leaves_open,
    merges,
    ways_of,
    whole,
    whole_shapes,
)
from lstmcalc.summary_text.candidates import find_candidates
from lstmcalc.summary_text.classes import INPUT, ClassChoice, classes_of, is_certain, is_input
from lstmcalc.summary_text.flow import Feed, Feeds, feeds_of, parents_of
from lstmcalc.summary_text.misfits import explain_misfit, input_not_shown, inputs_not_shown, may_be_anything, not_built
from lstmcalc.summary_text.printed import Connection, Cut, PrintedRow, PrintedTable
from lstmcalc.summary_text.reading import Candidate, RowReading, Shape
from lstmcalc.summary_text.solving import LESS_PLAUSIBLE, Miss, Seen, outputs_on
from lstmcalc.summary_text.telling import tell_apart

__all__ = ["understand"]

#: How many rows of a nested model are tried as what feeds another, where the table does not tell.
MOST_SIBLINGS = 12
#: A layer whose class is cut off is not believed in with more features than this, where only its count tells them.
MOST_FEATURES = 4096
#: How many rows are tried as one of those that feed another, and in how many ways, where their names are cut off.
MOST_NAMESAKES, MOST_TAKEN = 24, 200
#: From this cost on, a layer is so unusual that another row is looked for as what feeds it, where that is cut off.
ODD = 2.0


#: What was told apart already, by the identities of candidates.
Told = dict[tuple[int, ...], tuple[Candidate, ...]]


class Entry(NamedTuple):
    """A candidate of a row, what it takes of which rows, and its cost with theirs."""

    candidate: Candidate
    taken: dict[int, Outputs]
    cost: float


class Place:
    """What is known of one row: its class, its entries, and what it may give (None: nothing tells), with its cost.

    `tensors` is how many outputs rows behind it refer to.
    """

    def __init__(self, row: PrintedRow, choices: Sequence[ClassChoice], feeds: Feeds, tensors: int = 1) -> None:
        self.row = row
        self.choices = choices
        self.feeds = feeds
        self.tensors = tensors
        self.entries: list[Entry] = []
        self.gives = Gives()
        self.seen: Seen | None = None
        #: The shapes that reach the row, all applications of it.
        self.arrived: tuple[Shape, ...] | None = None
        self.misses: tuple[Miss, ...] = ()
        self.wanted: set[Outputs] | None = None


def understand(table: PrintedTable) -> tuple[RowReading, ...]:
    """A reading for every row of a table."""
    parents = parents_of(table.rows)
    tensors = _tensors(table)
    branched = _is_branched(table)
    places: list[Place] = []
    gives: list[Gives] = []
    siblings: dict[int | None, list[int]] = {}
    for index, (row, feeds) in enumerate(zip(table.rows, feeds_of(table), strict=True)):
        choices = classes_of(row, table.style)
        if branched and any(map(_merges, choices)):
            feeds = (None,)
        place = Place(row, choices, feeds, tensors=tensors.get(row.name, 1))
        _meet(place, gives, table)
        cut = any(connection.cut or connection.open for connection in row.connections or ())
        if not place.entries and cut:
            _meet_outputs(place, siblings.get(parents[index], []), gives, table)
        untold = not row.connections and (parents[index] is not None or branched)
        place = _likelier_place(place, siblings.get(parents[index], []), gives, table, untold)
        if not place.entries and (cut or untold):
            _meet_siblings(place, siblings.get(parents[index], []), gives, table)
        places.append(place)
        gives.append(place.gives)
        siblings.setdefault(parents[index], []).append(index)
    _strike_out(places)
    chosen = _choose(places)
    _complete_inputs(places, chosen)
    told: Told = {}
    return tuple(_reading(place, entry, places, told) for place, entry in zip(places, chosen, strict=True))


def _is_branched(table: PrintedTable) -> bool:
    """Whether the rows are no chain, though the column that would say what feeds what was lost."""
    if any(row.connections for row in table.rows):
        return False
    merging = any(_merges(choice) for row in table.rows for choice in classes_of(row))
    return merging or any(is_input(row) and row.level == 0 for row in table.rows[1:])


def _merges(choice: ClassChoice) -> bool:
    """Whether a class is that of a layer, not an operation, with several inputs."""
    return choice.rule is not None and merges(choice.rule) and not choice.class_name.startswith("ops.")


def _tensors(table: PrintedTable) -> dict[str, int]:
    """How many outputs each layer has at least, since rows refer to them."""
    found: dict[str, int] = {}
    for row in table.rows:
        for connection in row.connections or ():
            found[connection.name] = max(found.get(connection.name, 1), connection.tensor + 1)
    return found


def _meet(place: Place, gives: Sequence[Gives], table: PrintedTable) -> None:
    """Finds out what a row may be, given what reaches it, and so what it may give."""
    row = place.row
    printed = whole_shapes(row)
    told = row.shapes is not None
    if is_input(row):
        place.entries = [_input_entry(row, printed)] if printed else []
    elif row.built:
        place.arrived = next(ways_of(place.feeds, gives)).shapes
        for choice in place.choices:
            if choice.rule is not None:
                told |= _meet_class(place, choice, choice.rule, gives, table)
    place.entries.sort(key=lambda entry: entry.cost)
    # Of a layer of which neither input nor output is known, not even the number of axes is.
    options = {printed: 0.0} if printed else _outputs_of(row, place.entries) if told else None
    if options is None and row.shapes and not leaves_cut(row):
        # Of a list of which the end is cut off, what is there may be whole.
        options = {tuple(map(whole, row.shapes)): 0.0}
    loose = not printed or not (is_input(row) or any(choice.rule for choice in place.choices))
    place.gives = Gives(options, tuple(_outputs_by_node(place, gives)), loose)


def _meet_class(
    place: Place, choice: ClassChoice, rule: type[LayerRule], gives: Sequence[Gives], table: PrintedTable
) -> bool:
    """Finds out what a row may be if it is of one class; whether its inputs are known."""
    told = False
    for arrival in arrivals_at(rule, place.feeds, gives, table.input_shapes):
        known = arrival.shapes is not None
        told |= known
        # What a layer merges, its output alone does not tell.
        solved = (known or rule.arity[1] is not None or not merges(rule)) and _solve(place, choice, arrival, table)
        if solved and not arrival.more:
            break
    return told


def _input_entry(row: PrintedRow, shapes: Outputs) -> Entry:
    layer = LayerSpec(INPUT, row.name, {"shape": list(shapes[0][1:])})
    return Entry(Candidate(layer, (), shapes, 0), {}, 0.0)


def _complete_inputs(places: Sequence[Place], chosen: list[Entry | None]) -> None:
    """Finds the shape of an input of which the end is cut off, by what takes it."""
    for place, entry in zip(places, list(chosen), strict=True):
        for feed, shape in zip(place.feeds, entry.candidate.inputs if entry else (), strict=False):
            if feed is None or chosen[feed.row] is not None or not is_input(places[feed.row].row):
                continue
            row = places[feed.row].row
            if row.shapes and fits(shape, row.shapes[0]):
                chosen[feed.row] = _input_entry(row, (shape,))
                places[feed.row].entries = [_input_entry(row, (shape,))]


def _meet_outputs(place: Place, siblings: Sequence[int], gives: Sequence[Gives], table: PrintedTable) -> None:
    """Looks for the rows, and the outputs of theirs, that a row takes, where what says so is cut off."""
    names = [(index, table.rows[index].name) for index in reversed(siblings[-MOST_NAMESAKES:])]
    feeds, arrived = place.feeds, place.arrived
    taken = zip(feeds, place.row.connections or (), strict=False)
    ways = list(islice(product(*(_outputs_at(gives, names, *each) for each in taken)), MOST_TAKEN))
    # Of several outputs of one layer each is taken once; `sorted` keeps their order.
    for way in sorted(ways, key=lambda way: len(way) - len(set(way))):
        if way != feeds:
            place.feeds = way
            _meet(place, gives, table)
            if place.entries:
                return
    place.feeds, place.arrived = feeds, arrived


def _likelier_place(
    place: Place, siblings: Sequence[int], gives: Sequence[Gives], table: PrintedTable, untold: bool
) -> Place:
    """The row fed by another one, where what feeds it is cut off, or `untold`, and makes an odd layer of it."""
    connections = place.row.connections or ()
    odd = bool(connections and not place.entries) or any(entry.cost >= ODD for entry in place.entries[:1])
    if not odd or not (untold or (len(connections) == 1 and connections[0].cut)):
        return place
    start = "" if untold else connections[0].name
    for index in reversed(siblings[-MOST_SIBLINGS:]):
        if table.rows[index].name.startswith(start):
            other = Place(place.row, place.choices, (Feed(index),), tensors=place.tensors)
            _meet(other, gives, table)
            if other.entries and (not place.entries or other.entries[0].cost < place.entries[0].cost):
                place = other
    return place


def _outputs_at(
    gives: Sequence[Gives], names: Sequence[tuple[int, str]], feed: Feed | None, connection: Connection
) -> list[Feed | None]:
    """What a connection may mean: every output of its row, or of all rows whose names start so, where that is open."""
    if feed is None or not (connection.cut or connection.open):
        return [feed]
    rows = [index for index, name in names if connection.cut and name.startswith(connection.name)]
    return [
        Feed(row, tensor, feed.node if row == feed.row else 0)
        for row in dict.fromkeys((feed.row, *rows))
        for tensor in range(max(map(len, gives[row].options or ()), default=1))
    ]


def _meet_siblings(place: Place, siblings: Sequence[int], gives: Sequence[Gives], table: PrintedTable) -> None:
    """Looks for what feeds a row of a nested model, in which tables do not show it: not always the row before."""
    feeds, arrived = place.feeds, place.arrived
    for index in reversed(siblings[-MOST_SIBLINGS:]):
        tensors = max(map(len, gives[index].options or ()), default=1)
        for feed in (Feed(index, tensor) for tensor in range(tensors)):
            if not place.entries and (feed,) != feeds:
                place.feeds = (feed,)
                _meet(place, gives, table)
    if not place.entries:
        place.feeds = (None,)
        _meet(place, gives, table)
    if not place.entries:
        place.feeds, place.arrived = feeds, arrived


def _solve(place: Place, choice: ClassChoice, arrival: Arrival, table: PrintedTable) -> bool:
    """Adds what the row may be on these inputs; whether it may be anything."""
    row = place.row
    digits = re.sub(r"[,.…\s]", "", row.params_text) if row.params is None else ""
    start = digits if digits.isdecimal() else ""
    cut = row.shapes_cut or bool(row.shapes and row.shapes[-1] and isinstance(row.shapes[-1][-1], Cut))
    several = place.tensors > 1 or (row.shapes_cut and row.shape_text.startswith(("[", "{", "((")))
    seen = Seen(arrival.shapes, row.shapes, row.params, cut, several, row.name, table.style, start=start)
    best = min((entry.cost for entry in place.entries), default=inf)
    found = find_candidates([choice], seen, best + seen.plausible - arrival.cost)
    place.seen = place.seen or seen
    place.misses = place.misses or found.misses
    place.entries += (Entry(each, arrival.taken, arrival.cost + each.cost) for each in found.candidates)
    return bool(found.candidates)


def _outputs_by_node(place: Place, gives: Sequence[Gives]) -> Iterator[dict[Outputs, Outputs]]:
    """What each application of a layer with several gives, since tables print the shape of one of them."""
    best = place.entries[0].candidate if place.entries else None
    rule = find_rule(best.layer.class_name) if best else None
    if best is None or rule is None or len(place.feeds) <= len(best.inputs) or rule.takes_state:
        return
    for used in applications(rule, place.feeds):
        shapes = next(ways_of(used, gives)).shapes
        found: dict[Outputs, Outputs] = {}
        for entry in place.entries if shapes else ():
            outputs = outputs_on(entry.candidate.layer, shapes or ())
            if outputs:
                found.setdefault(outputs, entry.candidate.outputs)
        yield found


def _outputs_of(row: PrintedRow, entries: Sequence[Entry]) -> dict[Outputs, float] | None:
    """What a row may give, by its entries; nothing where a size is open that Keras printed."""
    gives: dict[Outputs, float] = {}
    for entry in entries:
        outputs = entry.candidate.outputs
        if entry.cost <= entries[0].cost + LESS_PLAUSIBLE and not leaves_open(outputs, row):
            gives.setdefault(outputs, entry.cost)
    return dict(islice(gives.items(), MOST_WAYS)) if gives else None


def _strike_out(places: Sequence[Place]) -> None:
    """Keeps of every row what the rows behind it can take, from the last row up."""
    for place in reversed(places):
        if place.wanted is not None:
            fitting = [entry for entry in place.entries if entry.candidate.outputs in place.wanted]
            place.entries = fitting or place.entries
        needed: dict[int, set[Outputs]] = {}
        for entry in place.entries:
            for row, outputs in entry.taken.items():
                needed.setdefault(row, set()).add(outputs)
        for row, outputs_of in needed.items():
            before = places[row]
            before.wanted = outputs_of if before.wanted is None else (before.wanted & outputs_of) or before.wanted


def _choose(places: Sequence[Place]) -> list[Entry | None]:
    """The likeliest entry of every row, such that all fit together."""
    fixed: dict[int, Outputs] = {}
    chosen: list[Entry | None] = [None] * len(places)
    for place_of in range(len(places) - 1, -1, -1):
        entries = places[place_of].entries
        if place_of in fixed:
            entries = [entry for entry in entries if entry.candidate.outputs == fixed[place_of]] or entries
        if entries:
            best = min(entries, key=lambda entry: entry.cost)
            chosen[place_of] = best
            for row, outputs in best.taken.items():
                fixed.setdefault(row, outputs)
    return chosen


def _reading(place: Place, chosen: Entry | None, places: Sequence[Place], told: Told) -> RowReading:
    row, seen = place.row, place.seen
    sources = tuple(places[feed.row].row.name for feed in place.feeds if feed is not None)
    entries = [chosen, *(entry for entry in place.entries if entry is not chosen)] if chosen else []
    # Rows that are alike have the very same candidates, and what tells those apart is found out once.
    alike = tuple(id(entry.candidate) for entry in entries)
    if alike not in told:
        told[alike] = tell_apart(_distinct(entries))
    candidates = told[alike]
    if not is_certain(row) and seen and seen.inputs is None and any(map(_is_far_fetched, candidates[:1])):
        candidates = ()
    class_name = candidates[0].layer.class_name if candidates else _class_name(place)
    # What is known of the input is what reaches the chosen layer, unless its count alone tells it.
    known = seen.inputs if seen else place.arrived
    inputs = candidates[0].inputs if candidates and known is not None else known
    reading = RowReading(row, class_name, candidates, inputs, sources, place.feeds)
    if not row.built:
        return reading._replace(fault=not_built(row))
    if candidates:
        return reading._replace(fault=row.fault)
    if is_input(row):
        return reading._replace(fault=row.fault or input_not_shown(row))
    layers = [choice for choice in place.choices if choice.rule and not choice.class_name.startswith("ops.")]
    unsure = any(connection.cut for connection in row.connections or ()) and any(map(_merges, layers))
    if layers and unsure:
        return reading._replace(fault=row.fault or inputs_not_shown(row))
    if seen is None or not is_certain(row) or may_be_anything(place.choices, seen, place.misses):
        return reading._replace(fault=row.fault, opaque=bool(row.class_name))
    return explain_misfit(reading, place.choices, seen, place.misses)


def _is_far_fetched(candidate: Candidate) -> bool:
    """Whether a layer has more features than one would give a layer of its kind."""
    return any(isinstance(size, int) and size > MOST_FEATURES for shape in candidate.inputs for size in shape[-1:])


def _distinct(entries: Sequence[Entry]) -> tuple[Candidate, ...]:
    """The candidates of entries, each layer on each input once."""
    found: list[Candidate] = []
    for entry in entries:
        if entry.candidate not in found:
            found.append(entry.candidate)
    return tuple(found)


def _class_name(place: Place) -> str:
    names = [choice.class_name for choice in place.choices]
    return names[0] if len(names) == 1 and not names[0].startswith("ops.") else place.row.class_name
