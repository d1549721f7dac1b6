"""Which rows feed which: by "Connected to" where that is printed, by order where it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lstmcalc.frozen import NamedTuple
from lstmcalc.summary_text.classes import is_input
from lstmcalc.summary_text.printed import Connection, PrintedRow, PrintedTable

__all__ = ["MASK", "Feed", "Feeds", "feeds_of", "nodes_of", "parents_of"]

#: The operation with which Keras 3 makes a mask.
MASK = "NotEqual"


class Feed(NamedTuple):
    """One input of a row: output `tensor` of another row, by that row's place in the table.

    `node` is the application that is meant of a layer with several, counted from 0 in this table alone.
    """

    row: int
    tensor: int = 0
    node: int = 0


#: What feeds a row: other rows, or None where nothing in the table tells.
Feeds = tuple[Feed | None, ...]


class _Names:
    """The rows before a row, by their names, and by how their names start."""

    def __init__(self, rows: Sequence[PrintedRow]) -> None:
        self._rows = rows
        self._nodes = {
            name: {node: number for number, node in enumerate(nodes)} for name, nodes in nodes_of(rows).items()
        }
        self._whole: dict[tuple[int | None, str], int] = {}
        #: Rows whose own name is cut off, and how long such names are.
        self._cut: dict[str, list[int]] = {}
        self._lengths: set[int] = set()
        self._starts: dict[int, dict[str, list[int]]] = {}

    def add(self, parent: int | None, row: PrintedRow, place: int) -> None:
        """Adds a row of a nested model, or of the model itself."""
        name = row.name
        self._whole[parent, name] = place
        if row.name_cut and name:
            self._cut.setdefault(name, []).append(place)
            self._lengths.add(len(name))
        for length, places in self._starts.items():
            places.setdefault(name[:length], []).append(place)

    def find_all(self, connections: Sequence[Connection], parent: int | None) -> Feeds:
        """The rows that connections name.

        Of a name that was cut off, the row is meant whose name starts so; of several the last, or, where one row names
        as many connections so as there are such rows, each of them.
        """
        counts = Counter(connection.name for connection in connections)
        met: Counter[str] = Counter()
        feeds: list[Feed | None] = []
        for connection in connections:
            feed = self._find(connection, parent)
            if feed is not None and connection.open:
                # Of several outputs of one layer, each is taken once, in their order.
                last = len(self._rows[feed.row].shapes or ((),)) - 1
                feed = feed._replace(tensor=max(feed.tensor, min(met[connection.name], last)))
                met[connection.name] += 1
            if feed is None:
                places = self._starting(connection.name) if connection.cut else []
                places = places or self._shortened(connection.name)
                if len(places) == counts[connection.name]:
                    feed = Feed(places[met[connection.name]], connection.tensor)
                elif places:
                    feed = Feed(places[-1], connection.tensor)
                met[connection.name] += 1
            feeds.append(feed)
        return tuple(feeds)

    def _find(self, connection: Connection, parent: int | None) -> Feed | None:
        for scope in dict.fromkeys((parent, None)):
            if (scope, connection.name) in self._whole:
                node = self._nodes[connection.name][connection.node]
                return Feed(self._whole[scope, connection.name], connection.tensor, node)
        places = self._starting(connection.name) if connection.cut else []
        return Feed(places[0], connection.tensor) if len(places) == 1 else None

    def _shortened(self, name: str) -> list[int]:
        """The rows of which the name is cut off, and starts as this one does."""
        return [place for length in self._lengths for place in self._cut.get(name[:length], [])]

    def _starting(self, start: str) -> list[int]:
        # A column cuts all names at nearly one length, so that few tables are made.
        length = len(start)
        if length not in self._starts:
            places: dict[str, list[int]] = {}
            for (_, name), place in self._whole.items():
                places.setdefault(name[:length], []).append(place)
            self._starts[length] = places
        return self._starts[length].get(start, [])


def feeds_of(table: PrintedTable) -> list[Feeds]:
    """The inputs of every row, in order; empty for an InputLayer.

    A row of a nested model that has no row before it in there is fed by what feeds the model.
    """
    parents = parents_of(table.rows)
    names = _Names(table.rows)
    breaks = set(table.elided)
    feeds: list[Feeds] = []
    latest: dict[int | None, int] = {}
    for place, row in enumerate(table.rows):
        parent = parents[place]
        if place in breaks:
            latest.clear()
        if is_input(row):
            feeds.append(())
        elif row.connections:
            feeds.append(names.find_all(row.connections, parent))
        elif parent in latest:
            feeds.append((Feed(latest[parent]),))
        else:
            feeds.append(feeds[parent] if parent is not None else (None,))
        names.add(parent, row, place)
        # Keras 3 writes the mask of an embedding between rows, and no row goes on from it.
        if row.class_name != MASK:
            latest[parent] = place
    return feeds


def nodes_of(rows: Sequence[PrintedRow]) -> dict[str, list[int]]:
    """The applications of each layer to which rows refer, in order; Keras also counts those in other models."""
    found: dict[str, set[int]] = {}
    for row in rows:
        for connection in row.connections or ():
            found.setdefault(connection.name, set()).add(connection.node)
    return {name: sorted(numbers) for name, numbers in found.items()}


def parents_of(rows: Sequence[PrintedRow]) -> list[int | None]:
    """For every row, the row of the nested model that it is a part of; None for the rows of the model itself."""
    open_rows: list[int] = []
    parents: list[int | None] = []
    for place, row in enumerate(rows):
        while open_rows and rows[open_rows[-1]].level >= row.level:
            open_rows.pop()
        parents.append(open_rows[-1] if open_rows and row.level > 0 else None)
        open_rows.append(place)
    return parents
