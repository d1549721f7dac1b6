"""The axes of a layer's output, each with its name and its reason: the rule's `output_shape`, run on names."""

from __future__ import annotations

from collections.abc import Mapping

from lstmcalc.dims import UNKNOWN, Dim, substitute, symbol, symbols_of, to_text
from lstmcalc.errors import Rejection
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, as_shapes

__all__ = ["Made", "axis_list", "axis_names_of", "named_outputs", "reason_of", "rule_in_names"]


class Made(NamedTuple):
    """A shape in names, what each name stands for, and which of them are the names of the input's axes."""

    shape: Shape
    values: Mapping[str, Dim]
    axes: tuple[str, ...] = ()


def named_outputs(rule: LayerRule, x: Inputs) -> list[Made] | None:
    """The output shapes in the names of axes and of the arguments that were given, with what each name stands for.

    They come from running the same `output_shape` on names, and are held against the real shapes; None where that
    does not give them.
    """
    named, given, defaults = rule_in_names(rule)
    given = {name: size for name, size in given.items() if size is not UNKNOWN}
    # Resizing has a `height`, and so have its images.
    axes = tuple(f"input_{axis}" if axis in given else axis for axis in x.axes)
    given = {**given, **dict(zip(axes, x.shape, strict=False))}
    names = tuple(map(symbol, axes))
    view = x.replace([names, *(_named_beside(rule, x, names, shape) for shape in x.shapes[1:])], x.axes, x.states)
    view.checked = False
    try:
        shapes = as_shapes(named.output_shape(view))
    except Rejection:
        return None
    made = [tuple(substitute(size, defaults) for size in shape) for shape in shapes]
    real = [tuple(shape) for shape in as_shapes(rule.output_shape(x))]
    if [tuple(substitute(size, given) for size in shape) for shape in made] != real:
        return None
    return [Made(shape, given, axes) for shape in made]


def _named_beside(rule: LayerRule, x: Inputs, names: Shape, shape: Shape) -> Shape:
    """Another input with the names of the first, where an attention layer takes both to be one, or equally wide."""
    if rule.family != "attention":
        return shape
    if shape == x.shape:
        return names
    return (*shape[:-1], names[-1]) if isinstance(shape[-1], int) and shape[-1] == x.shape[-1] else shape


def rule_in_names(rule: LayerRule) -> tuple[LayerRule, dict[str, Dim], dict[str, Dim]]:
    """The rule with names for its sizes, and for those of the one layer that it wraps; what the names stand for: those
    of arguments that were given, and those of arguments left at their defaults.
    """
    named, values = rule.named()
    arguments = {key: getattr(rule, argument.attribute) for key, argument in rule.arguments.items()}
    left = [rule.arguments[key].named(key, value)[1] for key, value in arguments.items() if key not in rule.given]
    defaults = {name: value for names in left for name, value in names.items()}
    given = {name: value for name, value in values.items() if name not in defaults}
    wrapped = [key for key, value in arguments.items() if isinstance(value, LayerRule)]
    if len(wrapped) == 1:
        inner, inner_given, inner_defaults = rule_in_names(arguments[wrapped[0]])
        named = type(rule)({**named.given, wrapped[0]: inner}, rule.name)
        given, defaults = {**inner_given, **given}, {**inner_defaults, **defaults}
    return named, given, defaults


def axis_names_of(made: Made) -> tuple[str, ...]:
    """What the axes of an output are called: as the argument or axis they are the size of, or as the one axis of the
    input that they are made from; empty for any other.
    """
    names = []
    for size in made.shape:
        text = to_text(size)
        sources = [axis for axis in made.axes if axis in symbols_of(size)]
        names.append(text if text in made.values else sources[0] if len(sources) == 1 else "")
    return tuple(names)


def axis_list(made: Made) -> str:
    """The axes of an output on one line; one without a name as the expression of its size."""
    return ", ".join(name or to_text(size) for name, size in zip(axis_names_of(made), made.shape, strict=True))


def reason_of(made: Made, position: int, size: Dim) -> str:
    """Where a size of the output comes from."""
    expression = made.shape[position]
    written = to_text(expression)
    if written in made.axes:
        return "as in the input"
    if written in made.values:
        return f"the layer's `{written}`"
    ordered, names = _in_order(expression, made)
    known = {key: to_text(value) for key, value in made.values.items()}
    numbers = to_text(ordered, {key: known[name] for key, name in names.items()})
    # What the column of sizes says already is not said again, whatever the order.
    texts = {written: to_text(ordered, names), to_text(expression, known): numbers}
    return " = ".join(dict.fromkeys(text for plain, text in texts.items() if plain != to_text(size)))


def _in_order(expression: Dim, made: Made) -> tuple[Dim, Mapping[str, str]]:
    """The expression with stand-ins that sort as a reader expects, the input's axes first and then the arguments, and
    their names: `height·vertical_stride` and `width·horizontal_stride`, not the letters' `horizontal_stride·width`.
    """
    names = dict.fromkeys((*made.axes, *made.values))
    stand_ins = {f"s{place:03}": name for place, name in enumerate(names) if name in made.values}
    return substitute(expression, {name: symbol(key) for key, name in stand_ins.items()}), stand_ins
