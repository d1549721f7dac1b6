"""What is said of a model's budgets, in text, Markdown, HTML and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.budgets import ANY, BATCH, Budget, Check, Verdict, WantedShapes
from lstmcalc.dims import UNKNOWN, Dim, to_text
from lstmcalc.explanation.memory import training_words
from lstmcalc.explanation.words import listed, quoted
from lstmcalc.measures import MEASURES
from lstmcalc.memory import Setting, optimizer_of
from lstmcalc.renderers.document import Document, Prose, Table
from lstmcalc.renderers.drawing import Line, drawn
from lstmcalc.renderers.lines import wrapped_lines
from lstmcalc.renderers.marking import code
from lstmcalc.shapes import shape_to_json, show_count, show_shape, size_to_json

__all__ = ["check_document", "check_json", "check_text"]

STYLES = {"kept": "green", "broken": "bold red", "undecided": "bold yellow"}
#: Where the words behind the verdict begin.
START = 13


def check_text(check: Check, width: int | None = None, colour: bool = False) -> str:
    """Every budget on a line, with what is to be known of one that is not kept below it."""
    lines: list[Line] = [[(_headline(check), "bold")]]
    for verdict in check.verdicts:
        first, *more = wrapped_lines(_said(verdict), width, START)
        lines.append([("  ", ""), (verdict.state.ljust(START - 2), STYLES[verdict.state]), (first[START:], "")])
        lines += _plain(more)
        for note in _notes(verdict):
            lines += _plain(wrapped_lines(note.replace("`", ""), width, START))
    for remark in _remarks(check):
        lines += _plain(wrapped_lines(remark.replace("`", ""), width, 2))
    return drawn(lines, colour)


def _plain(lines: Iterable[str]) -> Iterator[Line]:
    return ([(line, "")] for line in lines)


def check_document(check: Check) -> Document:
    """The same as a table."""
    rows = [(verdict.state, _said(verdict), " ".join(_notes(verdict))) for verdict in check.verdicts]
    table = Table(tuple(rows), ("", "Budget", "Why"))
    return Document(f"Budgets: {code(check.source)}", (Prose(_count(check)), table, *map(Prose, _remarks(check))))


def check_json(check: Check) -> dict[str, Any]:
    """`lstmcalc.check/1`."""
    return {
        "schema": "lstmcalc.check/1",
        "source": check.source,
        "name": check.name,
        "kept": check.kept,
        "budgets": [_verdict_json(verdict) for verdict in check.verdicts],
        "assumptions": [holds.to_json() for holds in check.assumptions],
        "training": _training_json(check.setting) if _is_about_training(check) else None,
    }


def _training_json(setting: Setting) -> dict[str, Any]:
    batch = size_to_json(setting.batch)
    return {"optimizer": str(optimizer_of(setting)), "precision": setting.precision, "batch": batch}


def _headline(check: Check) -> str:
    return f"{check.source}: {_count(check)}"


def _count(check: Check) -> str:
    number = len(check.verdicts)
    if check.kept:
        return "the budget is kept" if number == 1 else f"all {number} budgets are kept"
    states = [verdict.state for verdict in check.verdicts]
    told = [f"{states.count(state)} {state}" for state in ("broken", "undecided", "kept") if state in states]
    return (
        f"{', '.join(told)} of {number} budget{'s' if number > 1 else ''}"
        if number > 1
        else f"the budget is {states[0]}"
    )


def _said(verdict: Verdict) -> str:
    """What was found, what was asked, and what is between the two."""
    budget = verdict.budget
    if isinstance(budget, WantedShapes):
        assert isinstance(verdict.value, tuple)
        found = ", ".join(map(show_shape, verdict.value)) or "none"
        plural = "s" if len(verdict.value) > 1 else ""
        return f"{budget.what}{plural}: {found}, expected {_wanted(budget)}"
    assert not isinstance(verdict.value, tuple)
    found = show_count(verdict.value)
    if verdict.least is not None and verdict.value is UNKNOWN:
        found = f"{show_count(verdict.least)} or more"
    elif verdict.least is not None:
        found = f"between {show_count(verdict.least)} and {found}"
    text = f"{MEASURES[budget.measure].quantity}: {found}, {budget.bound} {budget.limit:,}"
    between = _between(budget, verdict.margin) if verdict.state != "undecided" else ""
    least = "at least " if between and verdict.least is not None else ""
    told = ", ".join(filter(None, (f"{least}{between}" if between else "", _left_out(verdict))))
    return f"{text} ({told})" if told else text


def _left_out(verdict: Verdict) -> str:
    """Which layers a verdict did not need to know."""
    if verdict.state == "undecided" or not verdict.unknown:
        return ""
    names = listed(map(quoted, verdict.unknown))
    calculates = verdict.budget.name.endswith(("macs", "flops"))
    verb = "calculate" if calculates else "take"
    return f"without what {names} {verb}{'s' * (len(verdict.unknown) == 1)}"


def _between(budget: Budget, margin: Dim | None) -> str:
    if margin is None or margin == 0 or not isinstance(margin, int):
        return ""
    if budget.kind == "max-":
        return f"{margin:,} to spare" if margin > 0 else f"{-margin:,} too many"
    if budget.kind == "min-":
        return f"{margin:,} more than it must" if margin > 0 else f"{-margin:,} too few"
    return f"{margin:,} too many" if margin > 0 else f"{-margin:,} too few"


def _wanted(budget: WantedShapes) -> str:
    texts = []
    for shape in budget.shapes:
        parts = [str(size) if size in (ANY, BATCH) else to_text(size) for size in shape]  # type: ignore[arg-type]  # those are told apart
        texts.append(f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})")
    return ", ".join(texts)


def _notes(verdict: Verdict) -> Iterator[str]:
    """What decides an undecided one, and which layers take most."""
    if verdict.state == "undecided":
        yield _undecided(verdict)
    told = [f"{quoted(share.layer)} {share.percent:g} %" for share in verdict.most]
    if told:
        yield f"Most of it: {', '.join(told)}."


def _remarks(check: Check) -> Iterator[str]:
    """What all of it rests on."""
    for holds in check.assumptions:
        where = f"in {quoted(holds.layer)}, {holds.because}" if holds.because else f"of {quoted(holds.layer)}"
        yield f"This holds only if {code(holds.text)}: {where}."
    if _is_about_training(check):
        others = "`--optimizer`, `--precision` and `--batch` take others"
        yield f"Training is with {training_words(check.setting)}; {others}."


def _is_about_training(check: Check) -> bool:
    return any(verdict.budget.name.endswith("memory") and not verdict.not_shown for verdict in check.verdicts)


def _undecided(verdict: Verdict) -> str:
    if verdict.not_shown:
        return "A printed summary does not show what it depends on: check the model itself."
    if verdict.unknown:
        return f"It is not known what {listed(map(quoted, verdict.unknown))} take{'s' * (len(verdict.unknown) == 1)}."
    if verdict.least is not None and not verdict.needs:
        return "The backend decides it: some of what lies between is within the budget, and some is not."
    if not verdict.needs:
        return "It depends on a size that is not known."
    options = " ".join("--batch N" if name == "batch" else f"--set {name}=NUMBER" for name in verdict.needs)
    if verdict.least is not None:
        return f"It is sure to be kept if {code(verdict.holds_if)}: {code(options)} tells more."
    return f"It is kept only if {code(verdict.holds_if)}: {code(options)} decides it."


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    budget, value = verdict.budget, verdict.value
    document: dict[str, Any] = {"budget": budget.name, "state": verdict.state}
    if isinstance(value, tuple):
        assert isinstance(budget, WantedShapes)
        limit: Any = [[_size_json(size) for size in shape] for shape in budget.shapes]
        document |= {"limit": limit, "value": [shape_to_json(shape) for shape in value], "margin": None}
    else:
        assert isinstance(budget, Budget)
        margin = None if verdict.margin is None else size_to_json(verdict.margin)
        document |= {"limit": budget.limit, "value": size_to_json(value), "margin": margin}
        if verdict.least is not None:
            document["least"] = size_to_json(verdict.least)
    shares = [{"layer": share.layer, "value": size_to_json(share.value)} for share in verdict.most]
    return {**document, "holds_if": verdict.holds_if or None, "needs": list(verdict.needs), "most": shares,
            "unknown": list(verdict.unknown)}  # fmt: skip


def _size_json(size: Any) -> Any:
    return "?" if size in (ANY, BATCH) else size_to_json(size)
