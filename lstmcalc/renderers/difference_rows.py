"""What a difference shows, in every form of words: an entry for each layer that differs, and rows in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lstmcalc.comparing.arguments import shown_value
from lstmcalc.comparing.difference import Amounts, Change, Difference, LayerDifference, LayerSide, PortDifference
from lstmcalc.dims import UNKNOWN, Dim, at_least, symbols_of, to_text
from lstmcalc.report import Port
from lstmcalc.shapes import show_count, show_shape

__all__ = ["SIGNS", "Entry", "Row", "entries", "equal_line", "notes", "show_delta", "total_rows"]

#: What stands in front of an entry.
SIGNS = {"added": "+", "removed": "-", "changed": "~"}
#: How the amounts of a layer are called.
LABELS = {
    "params": "params",
    "trainable_params": "trainable params",
    "non_trainable_params": "non-trainable params",
    "bytes": "bytes of weights",
    "macs": "MACs",
    "flops": "FLOPs",
}
#: What is said of the change of something that has no old or no new value.
NOTHING = "none"


@dataclass(frozen=True)
class Row:
    """One thing that differs: what it is in the old model, in the new one, and by how much; empty where it is not."""

    what: str
    old: str = ""
    new: str = ""
    delta: str = ""

    @property
    def text(self) -> str:
        """The row without its label."""
        change = " → ".join(filter(None, (self.old, self.new)))
        return f"{change}  ({self.delta})" if change and self.delta else change or self.delta


@dataclass(frozen=True)
class Entry:
    """A layer that differs, or an input or output: whether it was added, removed or changed, and in what."""

    kind: str
    name: str
    class_name: str
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """The name with the class, where there is one."""
        return f"{self.name} ({self.class_name})" if self.class_name else self.name


def entries(difference: Difference, path: str = "") -> Iterator[Entry]:
    """Everything that differs, layers of a model used as a layer behind that layer."""
    for port in difference.ports:
        if port.kind != "same" and port.aspects and not path:
            yield _port_entry(port, sum(other.what == port.what for other in difference.ports) > 1)
    for layer in difference.changed:
        rows = tuple(_layer_rows(layer, difference))
        yield Entry(layer.kind, path + _names(layer), _classes(layer), rows)
        if layer.inside is not None:
            yield from entries(layer.inside, f"{path}{layer.side.name}/")


def total_rows(difference: Difference) -> Iterator[Row]:
    """The totals of both models; those that are known of none are left out."""
    old, new, delta = difference.old_totals, difference.new_totals, difference.delta
    for key, label in LABELS.items():
        mine, theirs = getattr(old, key), getattr(new, key)
        frozen = key in ("trainable_params", "non_trainable_params")
        if (mine is UNKNOWN and theirs is UNKNOWN) or (
            frozen and (old.non_trainable_params, new.non_trainable_params) == (0, 0)
        ):
            continue
        label = f"{label} per sample" if key in ("macs", "flops") else label
        yield Row(label, show_count(mine), show_count(theirs), show_delta(getattr(delta, key)))


def show_delta(delta: Dim) -> str:
    """By how much something is more; an expression as it is, where its sign depends on its symbols.

    >>> show_delta(1200), show_delta(-3), show_delta(0), show_delta(UNKNOWN)
    ('+1,200', '-3', '0', '?')
    >>> from lstmcalc.dims import symbol
    >>> T = symbol("T")
    >>> show_delta(3 * T), show_delta(-2 * T - 2), show_delta(T - 50)
    ('+3·T', '-2·(T + 1)', 'T - 50')
    """
    if delta is UNKNOWN:
        return "?"
    if isinstance(delta, int):
        return f"{delta:+,}" if delta else "0"
    if at_least(delta, 0) is True:
        return f"+{to_text(delta)}"
    return f"-{to_text(-delta)}" if at_least(0, delta) is True else to_text(delta)


def equal_line(difference: Difference, all_aspects: int) -> str:
    """What is said of two models between which nothing differs."""
    names = f"{difference.old_source} and {difference.new_source}"
    if difference.printed:
        return f"No difference that a printed summary shows between {names}."
    if len(difference.compared) < all_aspects:
        return f"No difference in {_listed(difference.compared)} between {names}."
    return f"No difference: {names} are the same model."


def notes(difference: Difference) -> Iterator[str]:
    """What is to be known of the figures."""
    if difference.printed:
        yield (
            "A printed summary shows no activations, dropout rates and the like: of those, and of what the models "
            "cost, nothing is said."
        )
    totals = (*difference.old_totals, *difference.new_totals)
    used = {name for amount in totals for name in symbols_of(amount)}
    names = [name for name in difference.stand_ins if name in used]
    if names:
        stands = "stands for a size" if len(names) == 1 else "stand for sizes"
        yield f"{_listed([f'`{name}`' for name in names])} {stands} of the input that is not known."


def _layer_rows(layer: LayerDifference, difference: Difference) -> Iterator[Row]:
    if layer.old is None or layer.new is None:
        yield from _alone_rows(layer, layer.side, difference)
        return
    for change in (*layer.named, *layer.moved, *layer.arguments, *layer.shapes, *layer.connections):
        yield _change_row(change)
    if layer.aspects & {"params", "cost"}:
        yield from _amount_rows(layer.old.amounts, layer.new.amounts, layer.delta, layer.aspects)


def _alone_rows(layer: LayerDifference, side: LayerSide, difference: Difference) -> Iterator[Row]:
    """What a layer is that was added or removed."""
    is_new = layer.new is not None

    def row(what: str, text: str, delta: str = "") -> Row:
        return Row(what, "" if is_new else text, text if is_new else "", delta)

    if "layers" in layer.aspects:
        if side.layer.nested is None:
            yield row("layer", side.call)
        yield row("shape", _shapes(side.layer.output_shapes))
        if not difference.sequential:
            yield row("connected to", "; ".join(side.connected_to))
    for key, label in LABELS.items():
        amount = getattr(layer.delta, key)
        if key in ("params", "macs", "flops") and amount != 0 and _is_seen(key, difference.compared):
            yield Row(label, delta=show_delta(amount))


def _is_seen(key: str, aspects: tuple[str, ...] | frozenset[str]) -> bool:
    return ("cost" if key in ("macs", "flops") else "params") in aspects


def _amount_rows(old: Amounts, new: Amounts, delta: Amounts, aspects: frozenset[str]) -> Iterator[Row]:
    """What a layer takes, where that is another; what goes without saying is left out."""
    for key, label in LABELS.items():
        amount = getattr(delta, key)
        if amount == 0 or amount is UNKNOWN or not _is_seen(key, aspects):
            continue
        if key == "trainable_params" and delta.non_trainable_params == 0:
            continue
        if key == "bytes" and delta.params != 0:
            continue
        yield Row(label, show_count(getattr(old, key)), show_count(getattr(new, key)), show_delta(amount))


def _port_entry(port: PortDifference, several: bool) -> Entry:
    side = port.new or port.old
    assert side is not None
    name = f"{port.what} {side.name}" if several or port.what == "input" else port.what
    if port.old and port.new:
        return Entry(port.kind, name, "", tuple(map(_change_row, port.changes)))
    text = _port_text(side)
    return Entry(port.kind, name, "", (Row("shape", *("", text) if port.new else (text, "")),))


def _port_text(port: Port) -> str:
    return show_shape(port.shape)


def _change_row(change: Change) -> Row:
    return Row(change.what, _value(change.what, change.old), _value(change.what, change.new))


def _value(what: str, value: Any) -> str:
    if what == "shape":
        return show_shape(value) if value is None or not value or not isinstance(value[0], tuple) else _shapes(value)
    if what in ("connected to", "layer", "name", "from") and isinstance(value, str):
        return value or NOTHING
    return shown_value(value)


def _shapes(shapes: tuple[Any, ...]) -> str:
    return ", ".join(map(show_shape, shapes)) or "?"


def _names(layer: LayerDifference) -> str:
    names = (layer.old.name if layer.old else "", layer.new.name if layer.new else "")
    return " → ".join(dict.fromkeys(filter(None, names)))


def _classes(layer: LayerDifference) -> str:
    names = (layer.old.class_name if layer.old else "", layer.new.class_name if layer.new else "")
    return " → ".join(dict.fromkeys(filter(None, names)))


def _listed(words: Any) -> str:
    items = list(words)
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))
