"""How a verification reads on a terminal: plain lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from lstmcalc.shapes import show_count, show_shape
from lstmcalc.steering import visible
from lstmcalc.verification import RULES_OF, ForwardCheck, Verification

__all__ = ["verification_lines"]

WIDTH = 80
#: Where the second column begins.
MARGIN = 11
#: Between two short things on one line.
GAP = "   "


def verification_lines(verification: Verification) -> list[str]:
    """The headline, then one block each for what agrees, each layer that does not, the model, and the passes."""
    lines = [_headline(verification)]
    lines += _block("weights", [_agreed(verification)])
    for layer in verification.layers:
        if layer.mismatches:
            lines += _block("layer", [f'"{visible(layer.name)}"', *(f"  {text}" for text in layer.mismatches)])
        elif layer.note:
            lines += _block("layer", [f'"{visible(layer.name)}": {layer.note}'])
    lines += _block("model", verification.mismatches)
    lines += _block("forward", _passes(verification.forward))
    if not verification.agrees and not verification.keras.startswith(f"{RULES_OF}."):
        lines += _block("note", [f"lstmcalc's rules are those of Keras {RULES_OF}; this is another version"])
    return lines


def _headline(verification: Verification) -> str:
    backend = f"{verification.backend} {verification.backend_version}".strip()
    verdict = "agrees with" if verification.agrees else "DIFFERS from"
    about = f"({backend}, {verification.device}, {verification.seconds:.1f} s)"
    return f"{visible(verification.name)}: {verdict} Keras {verification.keras} {about}"


def _agreed(verification: Verification) -> str:
    if not verification.layers:
        return "no layers, so there are none to compare"
    layers, weights, params = verification.agreed
    found = f"{_count(weights, 'weight')}, {show_count(params)} params"
    if all(layer.agrees and not layer.note for layer in verification.layers):
        return f"{_count(layers, 'layer')}, {found}: all as Keras has them"
    return f"{_count(layers, 'layer')} {'agrees' if layers == 1 else 'agree'}: {found}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _passes(checks: Iterable[ForwardCheck]) -> list[str]:
    """A line per pass; those that agree share a line where there is room."""
    lines: list[str] = []
    for text, short in (passed for check in checks for passed in _pass(check)):
        if short and lines and len(lines[-1]) + len(GAP) + len(text) <= WIDTH - MARGIN:
            lines[-1] += GAP + text
        else:
            lines.append(text)
    return lines


def _pass(check: ForwardCheck) -> Iterator[tuple[str, bool]]:
    sizes = "".join(f", {name} = {size}" for name, size in check.sizes.items())
    opening = f"batch {check.batch}{sizes}: "
    shapes = " ".join(map(show_shape, check.output_shapes))
    if check.expected_to_fail:
        verdict = f"fails, as it should: it holds only if {check.assumption}"
        yield opening + (verdict if check.agrees else f"DIFFERS: should hold only if {check.assumption}"), False
        yield f"  {check.message}", False
    elif check.agrees:
        yield opening + shapes, True
    else:
        yield f"{opening}DIFFERS {shapes}".rstrip(), False
        yield f"  {check.message}", False


def _block(title: str, texts: Iterable[str]) -> Iterator[str]:
    """Texts below one another, the title before the first, each wrapped with its own indentation."""
    start = f"  {title}".ljust(MARGIN)
    for text in texts:
        indent = " " * (len(text) - len(text.lstrip()))
        for number, line in enumerate(wrap(text.strip(), WIDTH - MARGIN - len(indent), break_long_words=False,
                                           break_on_hyphens=False)):  # fmt: skip
            yield f"{start}{indent}{'  ' if number else ''}{line}"
            start = " " * MARGIN
