"""What a difference shows, in every form of words: an entry for each layer that differs, and rows in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from lstmcalc.comparing.arguments import shown_value
from lstmcalc.comparing.difference import (
    ASPECTS,
    Amounts,
    Change,
    Difference,
    LayerDifference,
    LayerSide,
    PortDifference,
)
from lstmcalc.dims import UNKNOWN, Dim, at_least, symbols_of
from lstmcalc.explanation.words import listed, quoted
from lstmcalc.renderers.marking import code
from lstmcalc.shapes import show_count, show_shape

__all__ = ["SIGNS", "Entry", "Row", "caveats", "entries", "equal_line", "notes", "show_delta", "total_rows"]

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
#: What may not be known of a layer: which totals are then without it, and the amounts.
UNTOLD = {"params": ("params",), "MACs and FLOPs": ("macs", "flops")}
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
    inside: str = ""

    @property
    def state(self) -> str:
        """What became of it; what is inside a model is part of what that model takes."""
        return f"{self.kind} inside {code(self.inside)}" if self.inside else self.kind

    @property
    def title(self) -> str:
        """The name with the class, where there is one."""
        return f"{self.name} ({self.class_name})" if self.class_name else self.name


def entries(difference: Difference, path: str = "") -> Iterator[Entry]:
    """Everything that differs, layers of a model used as a layer behind that layer."""
    for port in difference.ports:
        # The shapes of a model inside are those of the layer that it is.
        if port.kind != "same" and port.aspects and (not path or port.aspects != {"shapes"}):
            entry = _port_entry(port, sum(other.what == port.what for other in difference.ports) > 1)
            yield replace(entry, inside=path)
    for layer in difference.changed:
        rows = tuple(_layer_rows(layer, difference))
        if rows or layer.inside is None:
            yield Entry(layer.kind, _names(layer, f"{path}." if path else ""), _classes(layer), rows, path)
        if layer.inside is not None:
            yield from entries(layer.inside, f"{path}.{layer.side.name}".lstrip("."))


def total_rows(difference: Difference) -> Iterator[Row]:
    """The totals of both models, of what is known; those of which nothing is are left out."""
    printed = difference.printed
    old, new = (difference.old_totals, difference.new_totals) if printed else difference.known_totals
    for key, label in LABELS.items():
        mine, theirs = getattr(old, key), getattr(new, key)
        frozen = key in ("trainable_params", "non_trainable_params")
        partly = not printed and bool(difference.without(key))
        if (
            (mine is UNKNOWN and theirs is UNKNOWN)
            or (frozen and (old.non_trainable_params, new.non_trainable_params) == (0, 0))
            or (partly and (mine, theirs) == (0, 0))
        ):
            continue
        label = f"{label} per sample" if key in ("macs", "flops") else label
        label = f"known {label}" if partly else label
        yield Row(label, show_count(mine), show_count(theirs), show_delta(theirs - mine))


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
        return f"+{show_count(delta)}"
    return f"-{show_count(-delta)}" if at_least(0, delta) is True else show_count(delta)


def equal_line(difference: Difference) -> str:
    """What is said of two models between which nothing differs."""
    names = f"{difference.old_source} and {difference.new_source}"
    if not difference.compared:
        return f"Nothing of {names} was compared."
    if not difference.whole:
        return f"No difference in what is known of {names}; not all of them is."
    if difference.printed:
        return f"No difference that a printed summary shows between {names}."
    if len(difference.compared) < len(ASPECTS):
        return f"No difference in {listed(difference.compared)} between {names}."
    if difference.untold:
        return f"No difference in what {names} both hold."
    return f"No difference: {names} are the same model."


def caveats(difference: Difference) -> Iterator[str]:
    """What the models rest on, and what was not compared."""
    sources = {"old": difference.old_source, "new": difference.new_source}
    for whose, held in difference.conditions:
        who = "Both hold" if whose == "both" else f"{code(sources[whose])} holds"
        because = f", {held.because}" if held.because else ""
        yield f"{who} only if {code(held.text)}: in {quoted(held.layer)}{because}."
    if difference.untold:
        yield f"The code of {listed(map(quoted, difference.untold))} is not in both sources: it was not compared."
    if difference.printed:
        yield (
            "A printed summary shows no activations, dropout rates, dtypes and the like: of those, and of what the "
            "models cost, nothing is said."
        )


def notes(difference: Difference) -> Iterator[str]:
    """The same, and what stands in the figures."""
    yield from caveats(difference)
    if not difference.printed:
        yield from _left_out(difference)
    totals = [amount for side in difference.known_totals for amount in side]
    used = {name for amount in totals for name in symbols_of(amount)}
    names = [name for name in difference.stand_ins if name in used]
    if names:
        stands = "stands for a size" if len(names) == 1 else "stand for sizes"
        yield f"{listed(map(code, names))} {stands} of the input that is not known."


def _left_out(difference: Difference) -> Iterator[str]:
    """The layers that the totals are without."""
    for what, keys in UNTOLD.items():
        found: dict[str, list[str]] = {}
        for layer in difference.without(*keys):
            known = [
                side
                for side in (layer.old, layer.new)
                if side and UNKNOWN not in [getattr(side.amounts, key) for key in keys]
            ]
            found.setdefault("known in one model only" if known else "not known", []).append(quoted(_names(layer, "")))
        told = [
            f"{listed(names)}, whose {'cost is' if 'macs' in keys else 'params are'} {how}"
            for how, names in found.items()
        ]
        if told:
            yield f"The totals of {what} are without {', and without '.join(told)}."


def _layer_rows(layer: LayerDifference, difference: Difference) -> Iterator[Row]:
    if layer.old is None or layer.new is None:
        yield from _alone_rows(layer, layer.side, difference)
        return
    yield from map(_change_row, layer.changes)
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
    text = show_shape(side.shape)
    return Entry(port.kind, name, "", (Row("shape", *("", text) if port.new else (text, "")),))


def _change_row(change: Change) -> Row:
    if change.aspect in ("code", "order"):
        return Row(change.what, *(NOTHING if value is None else str(value) for value in (change.old, change.new)))
    return Row(change.what, _value(change.what, change.old), _value(change.what, change.new))


def _value(what: str, value: Any) -> str:
    if what == "shape":
        return show_shape(value) if value is None or not value or not isinstance(value[0], tuple) else _shapes(value)
    if what in ("connected to", "layer", "name", "from") and isinstance(value, str):
        return value or NOTHING
    return shown_value(value)


def _shapes(shapes: tuple[Any, ...]) -> str:
    return ", ".join(map(show_shape, shapes)) or "?"


def _names(layer: LayerDifference, path: str) -> str:
    return " → ".join(dict.fromkeys(path + side.name for side in (layer.old, layer.new) if side))


def _classes(layer: LayerDifference) -> str:
    return " → ".join(dict.fromkeys(side.class_name for side in (layer.old, layer.new) if side))
