"""The model behind a reading: a `Spec` whose own summary is the table again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lstmcalc.dims import Size
from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.layers import RULES, find_rule
from lstmcalc.spec import Call, InputSpec, LayerSpec, Namer, Ref, Spec
from lstmcalc.summary_text.calls import Member, calls_of, outputs_of
from lstmcalc.summary_text.classes import INPUT
from lstmcalc.summary_text.flow import parents_of
from lstmcalc.summary_text.printed import Cut
from lstmcalc.summary_text.reading import Reading, RowReading, Shape
from lstmcalc.summary_text.sums import lacks_rows

__all__ = ["to_spec"]

#: The dtype of an input, by the class of the first layer that takes it; float32 for any other.
DTYPES = {"Embedding": "int32", "ReversibleEmbedding": "int32", "Hashing": "int32", "IntegerLookup": "int64",
          "StringLookup": "string", "TextVectorization": "string", "CategoryEncoding": "int32"}  # fmt: skip
#: Classes with a rule whose output can be stated, or that of what they hold.
STATED = ("Lambda", "TimeDistributed")


def to_spec(reading: Reading) -> Spec:
    """The likeliest model that prints a summary.

    Layers whose arguments no summary shows are stated by their shape and count. Raises SpecError where rows are
    missing, cannot be read, or fit no layer.
    """
    faults = list(_obstacles(reading))
    if faults:
        raise SpecError(faults)
    return _Model(reading).whole(reading.table.name or "model")


def _obstacles(reading: Reading) -> Iterator[Fault]:
    """Why a reading is no model."""
    table = reading.table
    where = Where(reading.source, table.line)
    if not reading.rows or lacks_rows(table, dict(reading.computed)):
        fix = "paste the whole summary, from its header to its totals"
        yield Fault("rows-missing", "every row of the model", "a table with rows left out", fix=fix, where=where)
        return
    parents = parents_of(table.rows)
    for place, row in enumerate(reading.rows):
        at = where._replace(line=row.row.line)
        layer = (row.row.name, row.class_name)
        if not row.exact and (not row.opaque or row.class_name == INPUT):
            yield (row.fault or Fault("unreadable-row", "a row that can be read")).placed(at, layer)
        elif None in row.feeds and (len(row.feeds) > 1 or (place > 0 and parents[place] is None)):
            yield Fault("unknown-input", "the rows that feed the layer", "some that the text does not show",
                        where=at, layer=layer)  # fmt: skip
        elif not row.exact and place not in parents and (not row.row.shapes or row.row.params is None):
            yield Fault("unknown-shape", "an output shape and a count", row.row.shape_text or "none",
                        "no summary shows the arguments of this layer, so it is stated by its shape and count",
                        where=at, layer=layer)  # fmt: skip


class _Model:
    """The specs of a table's rows: of the whole model, and of each row with rows of its own."""

    def __init__(self, reading: Reading) -> None:
        self.reading, self.rows = reading, reading.rows
        self.parents = parents_of(reading.table.rows)
        self.names = _unique_names(self.rows, self.parents)
        self.namer = Namer(set(self.names))
        self.children: dict[int | None, list[int]] = {}
        for place, parent in enumerate(self.parents):
            self.children.setdefault(parent, []).append(place)
        #: The place of each row among those of its model, and the models of the rows that have rows of their own.
        self.order = {place: number for places in self.children.values() for number, place in enumerate(places)}
        self.made: dict[int, Spec] = {}

    def whole(self, name: str) -> Spec:
        """The model of all rows; those in it are made before it, so that they may be nested however deep."""
        for place in sorted((place for place in self.children if place is not None), reverse=True):
            self.made[place] = self.spec(place, self.names[place])
        return self.spec(None, name)

    def spec(self, parent: int | None, name: str) -> Spec:
        """The model of the rows under a parent."""
        places = self.children[parent]
        ports = [place for place in places if self.rows[place].class_name == INPUT]
        layers = [place for place in places if self.rows[place].class_name != INPUT]
        stated = {self.names[place]: self.rows[place].candidates[0].outputs[0] for place in ports}
        shapes = stated or ({"input": self._taken(layers[0])} if layers else {})
        models = {self.names[place]: model for place in layers if (model := self._nested(place)) is not None}
        members = [Member(self.names[place], self.rows[place], place, self._arity(place)) for place in layers]
        calls = calls_of(members, {place: self.names[place] for place in ports}, list(shapes))
        return Spec(
            name,
            tuple(_inputs(shapes, calls, {member.name: member.row.class_name for member in members})),
            {self.names[place]: self._layer(place, models) for place in layers},
            tuple(calls),
            outputs_of(calls) or tuple(map(Ref, shapes)),
            _batch(shapes.values()),
            models=models,
            sequential=not ports,
            source=self.reading.source,
            printed=True,
            shows_trained=_shows_trained(self.reading),
        )

    def _nested(self, place: int) -> Spec | None:
        """The model behind a row: of its own rows, or of stated layers where it has several outputs and no rows."""
        row, name = self.rows[place], self.names[place]
        if place in self.children:
            return self.made[place]
        shapes = row.row.shapes or ()
        # A known class with one output is stated so, too: its own rule would refuse a stated shape.
        if row.exact or (len(shapes) < 2 and row.class_name not in RULES) or row.class_name in STATED:
            return None
        parts = [f"output_{number}" for number in range(1, len(shapes) + 1)]
        counts = [row.row.params, *([0] * (len(shapes) - 1))]
        stated = {
            part: _stated("Stated", part, shape, count)
            for part, shape, count in zip(parts, shapes, counts, strict=True)
        }
        taken = row.inputs or (self._before(place),)
        ports = [
            InputSpec(f"input_{number}", tuple(map(_plain_size, shape[1:])))
            for number, shape in enumerate(taken, start=1)
        ]
        calls = tuple(Call(part, (Ref(ports[0].name),)) for part in parts)
        return Spec(name, tuple(ports), stated, calls, tuple(map(Ref, parts)), class_name=row.class_name)

    def _before(self, place: int) -> Shape:
        """What the row before gives, which a row that nothing is known to feed is called on."""
        members = self.children[self.parents[place]]
        before = self.rows[members[max(self.order[place] - 1, 0)]]
        if before.candidates:
            return before.candidates[0].outputs[0]
        shapes = before.row.shapes or ((None, None),)
        return tuple(map(_plain_size, shapes[0]))

    def _taken(self, place: int) -> Shape:
        """What the first layer takes; where nothing tells it, a size without a number."""
        row = self.rows[place]
        while not (row.candidates and row.candidates[0].inputs) and place in self.children:
            place = self.children[place][0]
            row = self.rows[place]
            if row.class_name == INPUT:
                return row.candidates[0].outputs[0]
        if row.candidates and row.candidates[0].inputs:
            return row.candidates[0].inputs[0]
        return (row.inputs or ((None, None),))[0]

    def _arity(self, place: int) -> int | None:
        """How many inputs a nested model takes, as far as the table shows it."""
        inside = self.children.get(place)
        if inside is None:
            return None
        return max(sum(self.rows[child].class_name == INPUT for child in inside), 1)

    def _layer(self, place: int, models: Mapping[str, Spec]) -> LayerSpec:
        row, name = self.rows[place], self.names[place]
        if name in models:
            return LayerSpec(name, name)
        if row.candidates:
            layer = _plain(row.candidates[0].layer, self.namer).changed(name=name)
            frozen = place in self.reading.frozen or (row.row.trainable is False and bool(row.row.params))
            return layer.changed(arguments={**layer.arguments, "trainable": False}) if frozen else layer
        shape = (row.row.shapes or ((),))[0]
        if row.class_name == "TimeDistributed":
            inner = _stated("Functional", "model", (*shape[:1], *shape[2:]), row.row.params)
            return LayerSpec(row.class_name, name, {"layer": inner})
        if row.class_name == "Lambda":
            return LayerSpec(row.class_name, name, {"output_shape": list(shape[1:])})
        return _stated(row.class_name, name, shape, row.row.params)


def _shows_trained(reading: Reading) -> bool:
    """Whether a summary tells what is trained: in its totals, or row by row."""
    told = reading.table.totals.trainable_params is not None
    return told or any(row.row.trainable is not None for row in reading.rows)


def _stated(class_name: str, name: str, shape: Sequence[Any], params: int | None) -> LayerSpec:
    """A layer that is stated by its shape and count."""
    return LayerSpec(class_name, name, {"output_shape": list(shape[1:]), "params": params})


def _inputs(shapes: Mapping[str, Shape], calls: Sequence[Call], classes: Mapping[str, str]) -> Iterator[InputSpec]:
    takers = {ref.name: classes[call.layer] for call in reversed(calls) for ref in call.inputs}
    for name, shape in shapes.items():
        dtype = DTYPES.get(takers.get(name, ""), "float32")
        yield InputSpec(name, tuple(map(_plain_size, shape[1:])), dtype)


def _batch(shapes: Any) -> int | None:
    """The batch size, where all inputs have the same."""
    sizes = {_plain_size(shape[0]) for shape in shapes if shape}
    return sizes.pop() if len(sizes) == 1 else None


def _unique_names(rows: Sequence[RowReading], parents: Sequence[int | None]) -> list[str]:
    """A name for every row; Keras 0 lets layers have the same, a model of today does not."""
    taken: set[tuple[int | None, str]] = set()
    #: How many numbers behind a name are taken.
    numbers: dict[tuple[int | None, str], int] = {}
    names = []
    for row, parent in zip(rows, parents, strict=True):
        name, key = row.row.name, (parent, row.row.name)
        while (parent, name) in taken:
            numbers[key] = numbers.get(key, 0) + 1
            name = f"{row.row.name}_{numbers[key]}"
        taken.add((parent, name))
        names.append(name)
    return names


def _plain_size(size: Size | Cut) -> int | None:
    return size if isinstance(size, int) else None


def _plain(layer: LayerSpec, namer: Namer) -> LayerSpec:
    """The layer without the arguments that equal Keras's defaults; no summary shows the names of layers inside."""
    rule = find_rule(layer.class_name)

    def simple(value: Any) -> Any:
        if isinstance(value, LayerSpec):
            return _plain(value.changed(name=namer.name(value.class_name)), namer)
        return [simple(item) for item in value] if isinstance(value, list) else value

    kept = {
        key: simple(value)
        for key, value in layer.arguments.items()
        if rule is None or type(value) is not type(rule.arguments[key].default) or value != rule.arguments[key].default
    }
    return layer.changed(arguments=kept)
