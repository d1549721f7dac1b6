"""What a genuine text shows of its truth, cell by cell: what the print itself cut is wanted as cut."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genuine_layout import TOTALS, Layout, layout
from genuine_truth import Shape, TrueRow


@dataclass(frozen=True)
class Piece:
    """A text as far as it is shown; `cut` where its end is missing."""

    text: str
    cut: bool = False


@dataclass(frozen=True)
class Part:
    """One size: `shown` is how much of it is printed where that is not all of it."""

    size: int | None
    shown: str | None = None


@dataclass(frozen=True)
class WantedRow:
    """What a careful reader finds in one row. None: the table has no such column, or the paste lost it.

    `optional` names the fields that may be missing or cut in the reading, though never wrong.
    """

    line: int
    name: Piece
    class_name: Piece
    level: int = 0
    shapes: tuple[tuple[Part, ...], ...] | None = None
    shape_text: Piece = Piece("")
    shapes_cut: bool = False
    keys: tuple[str, ...] = ()
    params: int | None = None
    params_text: Piece = Piece("")
    built: bool | None = True
    connections: tuple[tuple[Piece, int | None, int | None], ...] | None = None
    connections_cut: bool = False
    trainable: bool | None = None
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Wanted:
    """What a careful reader finds in one table; `style` None where the paste hides it."""

    rows: tuple[WantedRow, ...]
    name: str = ""
    style: str | None = None
    totals: Mapping[str, int] = field(default_factory=dict)
    elided: tuple[int, ...] = ()
    cut_start: bool | None = False
    cut_end: bool | None = False
    input_shapes: tuple[Shape, ...] = ()


def wanted(text: str, name: str, rows: Sequence[TrueRow], totals: Sequence[int | None], where: str) -> Wanted:
    """What a genuine text shows of the truth; that it shows anything else is a fault of the corpus."""
    found = layout(text)
    if len(rows) != len(found.rows):
        raise ValueError(f"{where}: {len(rows)} layers, {len(found.rows)} rows printed")
    true = dict(zip(TOTALS.values(), totals, strict=True))
    if any(true[key] != value for key, value in found.totals.items()):
        raise ValueError(f"{where}: totals {found.totals} are printed, {true} are true")
    if found.title not in ("", name):
        raise ValueError(f"{where}: printed name {found.title!r}")
    above = "".join(line.text for line in found.lines if line.text.startswith("Initial input shape"))
    return Wanted(
        rows=tuple(_wanted_row(row, found, number, where) for number, row in enumerate(rows)),
        name=found.title,
        style=found.style,
        totals=found.totals,
        input_shapes=tuple(_sizes(shape) for shape in re.findall(r"\(([^()]*)\)", above)),
    )


def _sizes(text: str) -> Shape:
    return tuple(None if size.strip() == "None" else int(size) for size in text.split(",") if size.strip())


def _wanted_row(row: TrueRow, found: Layout, number: int, where: str) -> WantedRow:
    cells = found.cells(number)
    layer = cells["layer"]
    if found.boxed and row.level:
        layer = [layer[0].removeprefix("└ "), *layer[1:]]
    words = [row.class_name, f"({row.name})"] if found.style == "dashes" else [row.name, f"({row.class_name})"]
    if found.boxed:
        words[:1] = row.name.split()
    *head, last = _words(words, layer, found.boxed, where)
    first = Piece(" ".join(word for word, _ in head if word), any(cut for _, cut in head))
    second = Piece(last[0].removeprefix("(").removesuffix(")"), not last[0].endswith(")"))
    if not last[0] and not found.boxed:
        first = Piece(first.text, first.cut or not found.ends(number, "layer"))
    name, class_name = (second, first) if found.style == "dashes" else (first, second)
    optional = {"params"} if "params" in cells and not found.ends(number, "params") else set()
    if found.touches(number):
        optional |= {"touching"}
    return WantedRow(
        line=found.rows[number][0] + 1,
        name=name,
        class_name=class_name,
        level=row.level,
        optional=frozenset(optional),
        **_wanted_shape(row, cells.get("shape", []), found.boxed, where),
        **_wanted_params(row, cells.get("params", []), where),
        **_wanted_connections(row, cells.get("connections"), found, where),
        trainable={"Y": True, "N": False}.get("".join(cells.get("trainable", []))),
    )


def _words(full: Sequence[str], shown: Sequence[str], boxed: bool, where: str) -> list[tuple[str, bool]]:
    """How much of each word is shown: in boxes words are cut one by one (`…`), elsewhere the cell's end is."""
    if boxed:
        words = [word for piece in shown for word in piece.split()]
        if len(words) > len(full):
            raise ValueError(f"{where}: {shown} printed for {full}")
        words += [""] * (len(full) - len(words))
        result = [(word.removesuffix("…"), word != all_of) for word, all_of in zip(words, full, strict=True)]
    else:
        rest, result = "".join("".join(shown).split()), []
        for word in full:
            part, rest = rest[: len(word)], rest[len(word) :]
            result.append((part, part != word))
        if rest:
            raise ValueError(f"{where}: {shown} printed for {full}")
    if any(not word.startswith(part) for word, (part, _) in zip(full, result, strict=True)):
        raise ValueError(f"{where}: {shown} printed for {full}")
    return result


def _bare(text: str) -> str:
    """A text of shapes without what differs between versions: blanks, brackets around it, a lone size's comma."""
    return re.sub(r"[\s'\[\]]", "", text).replace(",)", ")")


_SIZE = re.compile(r"None|\d+")


def _wanted_shape(row: TrueRow, shown: Sequence[str], boxed: bool, where: str) -> dict[str, Any]:
    full = [_bare(word) for word in row.printed_shape.split()]
    parts = _words(full, [_bare(piece) if not boxed else piece for piece in map(_unbracket, shown)], boxed, where)
    text = "".join(part for part, _ in parts)
    cut = any(cut for _, cut in parts) or _open("".join(shown))
    if row.outputs is None or "(" not in text:
        return {"shape_text": Piece(text, cut)}
    visible: list[bool] = []
    for word, (part, _) in zip(full, parts, strict=True):
        visible += [True] * len(part) + [False] * (len(word) - len(part))
    whole = "".join(full)
    shapes: list[tuple[Part, ...]] = []
    for match in re.finditer(r"\(([^()]*)\)", whole):
        if visible[match.start()]:
            shapes.append(tuple(_part(size, visible, match.start(1)) for size in _SIZE.finditer(match[1])))
    if not cut and tuple(tuple(part.size for part in shape) for shape in shapes) != row.outputs:
        raise ValueError(f"{where}: {whole} printed for {row.outputs}")
    return {"shapes": tuple(shapes), "shapes_cut": cut, "keys": row.keys[: len(shapes)], "shape_text": Piece(text, cut)}


def _open(text: str) -> bool:
    """Whether a list, tuple or dict begins in the text and does not end in it."""
    return any(text.count(opening) > text.count(closing) for opening, closing in ("()", "[]", "{}"))


def _unbracket(piece: str) -> str:
    return " ".join(_bare(word) for word in piece.split())


def _part(size: re.Match[str], visible: Sequence[bool], start: int) -> Part:
    value = None if size[0] == "None" else int(size[0])
    at = start + size.start()
    shown = sum(visible[at : at + len(size[0])])
    if shown == len(size[0]) and visible[at + shown]:
        return Part(value)
    return Part(value, size[0][:shown] if value is not None else "")


def _wanted_params(row: TrueRow, shown: Sequence[str], where: str) -> dict[str, Any]:
    text = "".join("".join(shown).split())
    full = "".join(row.printed_params.split())
    bare = text.replace(",", "").removesuffix("…").removesuffix(".0")
    if not full.startswith(bare):
        raise ValueError(f"{where}: {shown} printed for {full} params")
    built = None if not text or "(unused)" in full else "(unbuilt)" not in full
    return {
        "params": row.params if bare == full else None,
        "params_text": Piece(text.removesuffix("…"), bare != full),
        "built": built,
    }


def _boxed_connections(full: Sequence[str], shown: Sequence[str], where: str) -> list[str]:
    """How much of each connection is shown, word by word, as names may hold blanks."""
    texts = [f"{text}," for text in full[:-1]] + list(full[-1:])
    parts = iter(_words([word for text in texts for word in text.split()], shown, True, where))
    found = [[next(parts)[0] for _ in text.split()] for text in texts]
    return [" ".join(filter(None, words)).removesuffix(",") for words in found if any(words)]


_CONNECTION = re.compile(r"(.*?)(?:\[(\d*)(\])?)?(?:\[(\d*)(\])?)?")


def _wanted_connections(row: TrueRow, shown: Sequence[str] | None, found: Layout, where: str) -> dict[str, Any]:
    if shown is None or row.connected_to is None:
        return {}
    full = [f"{name}[{node}][{tensor}]" for name, node, tensor in row.connected_to]
    if found.boxed:
        printed = _boxed_connections(full, [] if list(shown) == ["-"] else shown, where)
    elif found.style == "blank lines":
        printed = [word for word in re.split("[, ]+", re.sub(r"^\[|'|\]$", "", "".join(shown))) if word]
    else:
        printed = list(shown)
    if len(printed) > len(full):
        raise ValueError(f"{where}: {shown} printed for {full}")
    pairs = list(zip(printed, full, strict=False))
    if any(not whole.startswith(part) for part, whole in pairs):
        raise ValueError(f"{where}: {shown} printed for {full}")
    cut = len(printed) < len(full) or any(part != whole for part, whole in pairs)
    return {"connections": tuple(map(_connection, printed)), "connections_cut": cut}


def _connection(text: str) -> tuple[Piece, int | None, int | None]:
    match = _CONNECTION.fullmatch(text)
    assert match is not None
    node = int(match[2]) if match[3] else None
    tensor = int(match[4]) if match[5] else None
    return Piece(match[1], match[2] is None), node, tensor
