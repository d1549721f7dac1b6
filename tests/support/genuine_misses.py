"""Holds one printed table, one printed row, against what a careful reader finds in the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from genuine_wanted import Part, Piece, Wanted, WantedRow

from lstmcalc.summary_text.printed import Cut, PrintedRow, PrintedShape, PrintedSize, PrintedTable


def table_misses(table: PrintedTable, want: Wanted) -> Iterator[str]:
    """What was read of the table itself otherwise than the text shows it."""
    if table.name != want.name:
        yield f"name {table.name!r}, wanted {want.name!r}"
    if want.style is not None and table.style != want.style:
        yield f"style {table.style!r}, wanted {want.style!r}"
    for field in ("params", "trainable_params", "non_trainable_params", "optimizer_params"):
        if getattr(table.totals, field) != want.totals.get(field):
            yield f"totals.{field} {getattr(table.totals, field)}, wanted {want.totals.get(field)}"
    if table.elided != want.elided:
        yield f"elided {table.elided}, wanted {want.elided}"
    for field in ("cut_start", "cut_end"):
        if getattr(want, field) is not None and getattr(table, field) != getattr(want, field):
            yield f"{field} {getattr(table, field)}, wanted {getattr(want, field)}"
    if table.input_shapes != want.input_shapes:
        yield f"input_shapes {table.input_shapes}, wanted {want.input_shapes}"


def row_misses(row: PrintedRow, want: WantedRow) -> Iterator[str]:
    """What was read of the row otherwise than the text shows it."""
    if row.line != want.line:
        yield f"line {row.line}, wanted {want.line}"
    if "swapped" in want.optional and (row.class_name, row.name) == (want.name.text, want.class_name.text):
        row = row._replace(name=row.class_name, class_name=row.name)
    yield from _piece("name", row.name, row.name_cut, want.name, want.optional)
    yield from _piece("class_name", row.class_name, row.class_cut, want.class_name, want.optional)
    if row.level != want.level and "level" not in want.optional:
        yield f"level {row.level}, wanted {want.level}"
    yield from _shape_misses(row, want)
    yield from _params_misses(row, want)
    yield from _connection_misses(row, want)
    if row.trainable != want.trainable and not (row.trainable is None and "trainable" in want.optional):
        yield f"trainable {row.trainable}, wanted {want.trainable}"


def _piece(field: str, text: str, cut: bool, want: Piece, optional: frozenset[str]) -> Iterator[str]:
    if text == want.text and (cut == want.cut or not text or (field == "name" and "name end" in optional)):
        return
    if field in optional and cut and want.text.startswith(text):
        return
    wanted = f"{want.text!r}{' cut' if want.cut else ''}"
    yield f"{field} {text!r}{' cut' if cut else ''}, wanted {wanted}"


def _shape_misses(row: PrintedRow, want: WantedRow) -> Iterator[str]:
    if want.shapes is None:
        if row.shapes is not None:
            yield f"shapes {row.shapes}, where the text has {want.shape_text.text!r}"
        elif _bare(row.shape_text) != _bare(want.shape_text.text) and "shapes" not in want.optional:
            yield f"shape_text {row.shape_text!r}, wanted {want.shape_text.text!r}"
        return
    told_cut = row.shapes_cut or any(isinstance(size, Cut) for shape in row.shapes or () for size in shape)
    if "shapes" in want.optional and (row.shapes is None or told_cut) and _agree(row.shapes or (), want.shapes, True):
        return
    if told_cut != want.shapes_cut or not _agree(row.shapes or (), want.shapes, want.shapes_cut):
        yield f"shapes {row.shapes}{' cut' if told_cut else ''}, wanted {_text(want.shapes)}{' cut' * want.shapes_cut}"
    elif len(row.shapes or ()) < len(want.shapes) and "shapes" not in want.optional:
        yield f"shapes {row.shapes}, wanted {_text(want.shapes)}"
    if row.keys != want.keys and "keys" not in want.optional:
        yield f"keys {row.keys}, wanted {want.keys}"


def _bare(text: str) -> str:
    return "".join(text.replace("…", "").split())


def _agree(shapes: Sequence[PrintedShape], want: Sequence[Sequence[Part]], cut: bool) -> bool:
    """Whether every size read is one that is shown, and nothing shown is left out (but what lies behind a cut)."""
    if len(shapes) > len(want) or (not cut and len(shapes) != len(want)):
        return False
    return all(_same(shape, parts, cut) for shape, parts in zip(shapes, want, strict=False))


def _same(shape: PrintedShape, parts: Sequence[Part], cut: bool) -> bool:
    shown = [part for part in parts if part.shown != "" or not cut]
    if not len(shown) <= len(shape) <= len(parts):
        return False
    return all(_fits(size, part) for size, part in zip(shape, parts, strict=False))


def _fits(size: PrintedSize, part: Part) -> bool:
    if part.shown is None:
        return not isinstance(size, Cut) and size == part.size
    return isinstance(size, Cut) and size.digits == part.shown


def _text(shapes: Sequence[Sequence[Part]]) -> str:
    def one(part: Part) -> str:
        return str(part.size) if part.shown is None else f"{part.shown}…"

    return ", ".join(f"({', '.join(map(one, shape))})" for shape in shapes)


def _params_misses(row: PrintedRow, want: WantedRow) -> Iterator[str]:
    optional = "params" in want.optional
    if row.params != want.params and not (optional and row.params is None):
        shown = int(want.params_text.text) if optional and want.params_text.text.isdigit() else None
        if row.params is None or row.params != shown or "as shown" not in want.optional:
            yield f"params {row.params}, wanted {want.params} ({want.params_text.text!r} is shown)"
    told = optional or not want.params_text.text or _digits(row.params_text) == _digits(want.params_text.text)
    if row.params is None and not told:
        yield f"params_text {row.params_text!r}, wanted {want.params_text.text!r}"
    if want.built is not None and row.built != want.built:
        yield f"built {row.built}, wanted {want.built}"


def _digits(text: str) -> str:
    return _bare(text).replace(",", "").rstrip(".")


def _connection_misses(row: PrintedRow, want: WantedRow) -> Iterator[str]:
    optional = "connections" in want.optional
    if want.connections is None:
        if row.connections:
            yield f"connections {row.connections}, where the text shows none"
        return
    if row.connections is None and not want.connections and "no header" in want.optional:
        return
    if row.connections is None or len(row.connections) != len(want.connections):
        if not (optional and (row.connections is None or row.connections_cut)):
            yield f"connections {row.connections}, wanted {want.connections}"
        return
    for got, (name, node, tensor) in zip(row.connections, want.connections, strict=True):
        exact = got.name == name.text and node in (None, got.node) and tensor in (None, got.tensor)
        told_cut = got.cut or got.open or row.connections_cut
        exact = exact and told_cut == (name.cut or node is None or tensor is None or want.connections_cut)
        if not exact and not (optional and told_cut and name.text.startswith(got.name)):
            yield f"connection {got}, wanted {name.text!r}{' cut' * name.cut}[{node}][{tensor}]"
