"""Which layers have a rule, and what a rule states: arguments with Keras's defaults, masks, and examples."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from lstmcalc.explanation.mask_facts import mask_facts
from lstmcalc.layers import ALIASES, RULES
from lstmcalc.layers.arguments import REQUIRED, show
from lstmcalc.layers.checked import checked, checked_with
from lstmcalc.layers.rule import Example
from lstmcalc.shapes import show_shape

__all__ = ["layer_lines", "registry_lines"]


def registry_lines(width: int = 80) -> Iterator[str]:
    """Every layer that has a rule, by Keras family."""
    families: dict[str, list[str]] = {}
    for name, rule in RULES.items():
        families.setdefault(rule.family, []).append(name)
    for family in sorted(families):
        yield family
        yield from (f"  {line}" for line in wrap(", ".join(sorted(families[family])), max(width - 2, 20)))
    cases = sum(sum(checked(name)) for name in RULES)
    yield ""
    yield f"{len(RULES)} layers, held against Keras {checked_with()} in {cases:,} cases."
    yield "`lstmcalc layers NAME` shows a layer's arguments, what it does with a mask,"
    yield "examples, and what was checked."


def layer_lines(class_name: str, width: int = 80) -> Iterator[str]:
    """One rule: what the layer does, its arguments in Keras's order, what it does with a mask, its examples."""
    rule = RULES[class_name]
    aliases = [alias for alias, name in ALIASES.items() if name == class_name]
    yield class_name + (f", also called {', '.join(aliases)}" if aliases else "")
    yield ""
    yield from (f"  {line}".rstrip() for line in (rule.__doc__ or "").strip().split("\n\n")[0].splitlines()[:1])
    yield f"  input  ({', '.join(rule.axes.split())})" if rule.axes != "..." else "  input  any axes"
    yield ""
    yield "Arguments"
    yield from _columns([(key, _default(argument)) for key, argument in rule.arguments.items()])
    yield from _mask(class_name, width)
    examples = [case for case in vars(rule).get("examples", ()) if isinstance(case, Example)]
    if examples:
        yield ""
        yield "Examples"
        yield from _columns([("arguments", "input", "output", "params"), *map(_example, examples)])
    yield from _checks(class_name)


def _mask(class_name: str, width: int) -> Iterator[str]:
    facts = list(mask_facts(class_name))
    if facts:
        yield ""
        yield "Mask"
    for fact in facts:
        if fact.when:
            yield f"  {fact.when}"
        indent = "    " if fact.when else "  "
        yield from wrap(" ".join(fact.sentences), max(width, 40), initial_indent=indent, subsequent_indent=indent)


def _checks(class_name: str) -> Iterator[str]:
    accepted, refused = checked(class_name)
    if accepted or refused:
        yield ""
        yield f"Held against Keras {checked_with()}"
        yield f"  {accepted:,} cases that both take, with the same weights and the same shapes"
        yield f"  {refused:,} cases that both refuse"


def _default(argument: Any) -> str:
    return "required" if argument.default is REQUIRED else show(argument.default)


def _example(case: Example) -> tuple[str, ...]:
    arguments = ", ".join(f"{key}: {show(value)}" for key, value in case.arguments.items())
    params = f"{case.params:,}" if isinstance(case.params, int) else case.params
    return arguments or "none", _shapes(case.inputs), _shapes(case.output), params


def _shapes(shapes: Any) -> str:
    return ", ".join(map(show_shape, shapes)) if isinstance(shapes, list) else show_shape(shapes)


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
