"""Truths that hold between answers: they find what is wrong where nothing fails."""

from __future__ import annotations

import json
import random
from typing import Any

import yaml
from commands import run_command
from drawn import leaves, with_leaf
from properties import Broken, check_json, require

from lstmcalc.conversion import TARGETS, convert
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.opening import bound, symbols_in
from lstmcalc.renderers.report_json import report_json
from lstmcalc.report import LayerReport, Report
from lstmcalc.sources import load
from lstmcalc.spec import OWN_NAMES

__all__ = ["check_sums", "try_commands", "try_other_forms", "try_other_names", "try_printed", "try_solved",
           "try_unknown_sizes"]  # fmt: skip


def _known(text: str) -> Report | None:
    """The report of a model without faults."""
    try:
        return infer(load("m.yaml", text=text))
    except SpecError:
        return None


#: What may hold a layer that stands elsewhere as well.
WRAPPERS = ("Bidirectional", "RNN", "TimeDistributed")


def check_sums(document: Any) -> None:
    """The totals of a report are the sums of its layers, trained and not trained ones are all."""
    if document.get("schema") != "lstmcalc.report/1":
        return
    for keys in (document["totals"], *document["layers"]):
        trained, frozen, both = (keys[f"{kind}params"] for kind in ("trainable_", "non_trainable_", ""))
        if isinstance(trained, int) and isinstance(frozen, int):
            require(trained + frozen == both, f"sum of trained and frozen: {trained} + {frozen} is not {both}")
    params = [layer["params"] for layer in document["layers"]]
    # What stands in several models or wrappers at once is counted in each of them, and once in the total.
    holds = any("layers" in layer or layer["type"] in WRAPPERS for layer in document["layers"])
    if not holds and all(isinstance(count, int) for count in params):
        require(sum(params) == document["totals"]["params"], f"sum of layers: {params}, {document['totals']['params']}")


def _figures(report: Report) -> Any:
    """What a model comes to, whatever its layers are called: shapes and counts, layer by layer, and in all."""
    rows = [(row.class_name, row.output_shapes, row.params) for row in report.layers]
    return sorted(map(repr, rows)), repr(report.totals.params), [repr(port.shape) for port in report.outputs]


def try_other_forms(text: str, rng: random.Random) -> None:
    """A model that is written as something else and read again has the same layers, shapes and counts."""
    target = rng.choice(sorted(TARGETS))
    try:
        spec = load("m.yaml", text=text)
        # Keras has no names for sizes: they get numbers, so that nothing is lost on the way.
        spec = bound(spec, dict.fromkeys(symbols_in(spec), 12), None)
        report = infer(spec)
        written = convert(spec, target)
    except SpecError:
        return
    try:
        again = infer(load({"yaml": "m.yaml", "python": "m.py"}.get(target, "m.json"), text=written))
    except SpecError as error:
        raise Broken(f"other form: {target} is refused: {error.faults[0].code}: {error.faults[0].message}") from None
    mine, theirs = _figures(report), _figures(again)
    require(mine[1:] == theirs[1:], f"other form: {target} comes to {theirs[1:]}, not {mine[1:]}")


def try_unknown_sizes(text: str, rng: random.Random) -> None:
    """A size of the input that is not known changes no count, where the model still holds."""
    known = _known(text)
    document = yaml.safe_load(text) if known is not None else None
    places = [path for path in leaves(document) if _is_input_size(document, path)] if known is not None else []
    if known is None or not places:
        return
    opened = _known(json.dumps(with_leaf(document, rng.choice(places), None)))
    if opened is not None:
        for before, after in zip(known.layers, opened.layers, strict=True):
            require(before.params == after.params, f"unknown size: {before.class_name} {before.params} {after.params}")


def _is_input_size(document: Any, path: tuple[Any, ...]) -> bool:
    value = document
    for key in path:
        value = value[key]
    return path[0] in ("input", "inputs") and isinstance(value, int) and isinstance(path[-1], int)


def try_other_names(text: str, rng: random.Random) -> None:
    """Layers by another name are the same layers: nothing but names changes."""
    report = _known(text)
    document = yaml.safe_load(text) if report is not None else None
    if report is None or document.get("outputs") or document.get("models"):
        return
    taken = {port.name for port in report.inputs}
    for place, entry in enumerate(document["layers"]):
        if not isinstance(entry, dict) or len(entry) != 1 or not isinstance(next(iter(entry.values())), dict):
            return
        [[class_name, arguments]] = entry.items()
        wanted = arguments.get("inputs", [])
        if not {*([wanted] if isinstance(wanted, str) else map(str, wanted))} <= taken:
            return
        document["layers"][place] = {class_name: {**arguments, "name": f"other_{place}"}}
    other = _known(yaml.safe_dump(document))
    require(other is not None, "other names: the model is refused")
    if other is not None:
        require(_figures(other) == _figures(report), f"other names: {_figures(other)} {_figures(report)}")


def try_solved(text: str, rng: random.Random) -> None:
    """A size that is solved for is one with which the model holds, and has no more params than it may."""
    report = _known(text)
    if report is None or isinstance(report.totals.params, int) or report.totals.params is None:
        return
    budget = rng.choice((100, 5_000, 10**6))
    done = run_command(["solve", "-", "--params", str(budget), "--json"], text.encode("utf-8", "surrogatepass"))
    for document in check_json(done.out) if done.code == 0 else ():
        for found in document["solutions"][:2]:
            values = {name: size for name, size in found.items() if name in document["for"]}
            if not all(isinstance(size, int) and name.isidentifier() for name, size in values.items()):
                continue
            try:
                count = infer(load("m.yaml", text=text), values).totals.params
            except SpecError as error:
                raise Broken(f"solution: refused with {error.faults[0].code}: {values}") from None
            within = not isinstance(count, int) or count <= budget
            require(within, f"solution: {values} has {count} params, which is more than {budget}")


def try_commands(text: str, rng: random.Random) -> None:
    """What `summary` says, the other commands say as well."""
    report = _known(text)
    if report is None or not isinstance(params := report.totals.params, int):
        return
    data = text.encode("utf-8", "surrogatepass")
    for most, kept in ((params, True), (params - 1, False)) if params > 1 else ():
        done = run_command(["check", "-", f"--max-params={most}"], data)
        require(done.code == 1 - kept, f"check: {params} params against {most}: {done.err or done.out}")
    for row in report.layers[-2:]:
        done = run_command(["explain", "-", "--layer", row.name, "--json"], data)
        found = check_json(done.out)[0] if done.code == 0 else {}
        require(found.get("params", row.params) == row.params, f"explain: {row.class_name}: {found.get('params')}")
    require(report_json(report) == report_json(infer(load("m.yaml", text=text))), "determinism: of a report")


def try_printed(text: str, rng: random.Random) -> None:
    """A model printed as Keras prints it is read as it was printed, and its rows add up."""
    report = _known(text)
    if report is None or not all(map(_is_printable, report.layers)):
        return
    rows = [(f"{row.name} ({row.class_name})", str(row.output_shapes[0]), str(row.params)) for row in report.layers]
    widths = [max(map(len, column)) + rng.choice((2, 3, 9)) for column in zip(*rows, strict=True)]
    lines = ["".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    total = sum(row.params for row in report.layers)
    table = "\n".join([*lines, f"Total params: {total:,}", ""])
    done = run_command(["paste", "-", "--json"], table.encode())
    [document] = check_json(done.out)
    require("rows" in document, f"printed: refused: {document.get('errors')}")
    # Keras shows some classes by another name, which the reading gives back as they are called.
    found = [(row["name"], _shown(row["type"]), row["output_shapes"], row["params"]) for row in document["rows"]]
    wanted = [(row.name, _shown(row.class_name), [list(row.output_shapes[0])], row.params) for row in report.layers]
    require(found == wanted, f"printed: {found} was read, not {wanted}")
    require(document["computed_totals"]["params"] in (total, None), f"printed: {document['computed_totals']}, {total}")


def _shown(class_name: str) -> str:
    return OWN_NAMES.get(class_name, class_name)


def _is_printable(row: LayerReport) -> bool:
    """Whether a layer can stand in one line of a table, as any reader would take it."""
    plain = row.name.isascii() and row.name.isidentifier() and row.class_name.isidentifier()
    sizes = row.output_shapes[0] if len(row.output_shapes) == 1 and row.output_shapes[0] else ("",)
    return (
        plain
        and isinstance(row.params, int)
        and all(size is None or (isinstance(size, int) and size < 10**9) for size in sizes)
    )
