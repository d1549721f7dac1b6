"""What other tools would print for a layer or a model, beside what it costs, and why the numbers differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lstmcalc.dims import UNKNOWN, Dim, total
from lstmcalc.explanation.costs.words import in_words
from lstmcalc.explanation.frameworks.counters import ONCE, TOOLS, Print, Tool, prints
from lstmcalc.explanation.rule_inputs import inputs_of
from lstmcalc.explanation.walk.places import Place, inner_places
from lstmcalc.explanation.words import listed, named_up_to, quoted
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.costs import Cost
from lstmcalc.layers.rule import Inputs, LayerRule
from lstmcalc.report import Shape

__all__ = [
    "HEADING",
    "LAYER_COLUMNS",
    "MODEL_COLUMNS",
    "MODEL_HEADING",
    "ToolTotal",
    "layer_lines",
    "model_lines",
    "totals_of_tools",
]

HEADING = "What other tools print for one sample"
MODEL_HEADING = "What other tools print for one sample, over the layers that were measured"
LAYER_COLUMNS = ("tool", "counts", "prints", "why")
MODEL_COLUMNS = ("tool", "counts", "prints", "left out")
#: More layers than these are not named.
MOST_NAMED = 3


class Counted(NamedTuple):
    """A layer of a model: its name, whether it costs anything here or with a tool, and what the tools print for it,
    which is known of one that is used once.
    """

    name: str
    matters: bool
    prints: Mapping[str, Dim]


def layer_lines(rule: LayerRule, x: Inputs, cost: Cost) -> Iterator[tuple[str, ...]]:
    """The tools one by one, then why there are two kinds of numbers; nothing for a layer that was not measured."""
    found = prints(rule, x)
    if not found:
        return
    yield "lstmcalc", "MACs", in_words(cost.macs), ""
    yield "", "FLOPs", in_words(cost.flops), ""
    for each in found.values():
        tool = each.tool
        yield f"{tool.name} ({tool.version})", tool.unit, in_words(each.number), each.why
    yield from ((text,) for text in _remarks(found))


def _remarks(found: Mapping[str, Print]) -> Iterator[str]:
    pair = [found[key] for key in ("torchinfo", "unrolled" if "unrolled" in found else "tf") if key in found]
    if len(pair) == 2 and all(isinstance(each.number, int) and each.number > 0 for each in pair):
        one, other = (f"{each.tool.name} prints {in_words(each.number)}" for each in pair)
        yield (f"A MAC is 2 FLOPs: {one} MACs, {other} FLOPs, and both mean the same work. What remains between twice "
               "the one and the other is what each makes of additions.")  # fmt: skip
    looped = [each.tool.name for each in found.values() if ONCE in each.why]
    if looped:
        yield f"A count that stays the same for twice as many steps misses the loop, as that of {listed(looped)} does."
    sides = dict.fromkeys(each.tool.of for each in found.values() if each.tool.of in ("PyTorch", "Flax", "ONNX"))
    if sides:
        its = "its" if len(sides) == 1 else "their"
        fvcore = " fvcore calls MACs flops." if "fvcore" in found else ""
        yield f"Of {listed(sides)} it is {its} own layer that is counted.{fvcore}"


class ToolTotal(NamedTuple):
    """What a tool prints for a model, and the layers with products that this leaves out, as they were not measured; the
    number is `UNKNOWN` where none of them was.
    """

    tool: Tool
    number: Dim
    left: tuple[str, ...]


def totals_of_tools(place: Place) -> tuple[ToolTotal, ...]:
    """What the tools print for all layers of a model that were measured.

    >>> from lstmcalc import infer, load
    >>> from lstmcalc.explanation.walk import outermost
    >>> spec = load("specs/forecast.yaml")
    >>> totals_of_tools(outermost(spec, infer(spec)))[0].number
    7278020
    """
    layers = list(_counted(place))
    costly = [layer for layer in layers if layer.matters]
    made = []
    loops = any(layer.prints.get("unrolled", 0) != layer.prints.get("tf", 0) for layer in costly)
    for key, tool in TOOLS.items():
        if key in ("unrolled", "frozen") and not loops:
            continue
        told = [layer for layer in costly if key in layer.prints]
        left = tuple(layer.name for layer in costly if layer not in told)
        made.append(ToolTotal(tool, total(layer.prints[key] for layer in told) if told else UNKNOWN, left))
    return tuple(made) if any(layer.prints for layer in costly) else ()


def _counted(place: Place) -> Iterator[Counted]:
    """The layers, those of models used once as a layer too."""
    for layer in place.report.layers:
        inner = list(inner_places(place, layer))
        if inner and len(layer.calls) == 1:
            yield from _counted(inner[0])
            continue
        rule = place.rule(layer.name) if layer.name in place.spec.layers else None
        found = _prints(rule, layer.calls[0].inputs) if rule and layer.calls else {}
        matters = layer.cost.flops is UNKNOWN or layer.cost.flops != 0 or bool(found)
        yield Counted(place.full_name(layer.name), matters, found if len(layer.calls) == 1 else {})


def _prints(rule: LayerRule, shapes: Sequence[Shape | None]) -> Mapping[str, Dim]:
    """What the tools print for a layer that is used once."""
    known = [shape for shape in shapes if shape is not None]
    found = prints(rule, inputs_of(rule, known)) if known and len(known) == len(shapes) else {}
    numbers = {key: each.number for key, each in found.items()}
    # A layer without a loop has none to unroll, and none that counts twice.
    return {"unrolled": numbers["tf"], "frozen": numbers["tf"], **numbers} if "tf" in numbers else numbers


def model_lines(found: Sequence[ToolTotal]) -> Iterator[tuple[str, ...]]:
    """The tools one by one, each with what it leaves out."""
    if not found:
        yield ("None of these layers was measured with another tool.",)
        return
    for each in found:
        left = listed(named_up_to(map(quoted, each.left), MOST_NAMED))
        yield f"{each.tool.name} ({each.tool.version})", each.tool.unit, in_words(each.number), left
    if any(each.number is UNKNOWN for each in found):
        yield ("`?`: none of these layers was measured with this tool.",)
    yield ("`explain SOURCE --layer NAME --compare` tells of a layer why the numbers differ.",)
