"""From arguments worth trying to layers that print exactly a given row: the rules are run on names, then on numbers.

What is not known, an argument or a size of the input, is a symbol. The rule gives the output shapes and the count as
expressions of it; holding those against the printed numbers solves for it. Every solution is then run again in plain
numbers, so that nothing is a candidate that its rule does not confirm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Any

from lstmcalc.building import Builder
from lstmcalc.dims import UNKNOWN, Dim, Expression, lift_size, lower, substitute, symbol, symbols_of
from lstmcalc.errors import Rejection
from lstmcalc.layers import LayerRule
from lstmcalc.layers.recurrent import Cell
from lstmcalc.layers.rule import Inputs, as_shapes
from lstmcalc.spec import LayerSpec
from lstmcalc.summary_text.equations import nearest_root, put, root, roots
from lstmcalc.summary_text.printed import Cut, PrintedShape, PrintedSize
from lstmcalc.summary_text.reading import Candidate, Shape

__all__ = ["Miss", "Seen", "matches", "outputs_on", "solve", "view_of"]

#: A layer that is this much more unusual than the likeliest is not listed; less where a size leaves many open.
PLAUSIBLE, LESS_PLAUSIBLE = 2.5, 1.2
#: How many values of a size are tried of which only the first digits are printed.
MOST_TRIES = 2000
#: The same where not even a digit is printed.
MOST_BLIND_TRIES = 300
#: The greatest number of axes that an input which nothing tells is taken to have.
MOST_AXES = 6

Values = Mapping[str, Dim]


@dataclass(frozen=True)
class Seen:
    """What the text shows of one layer: `inputs` (None: nothing tells), `outputs` (None: not printed), the count.

    `cut` tells that more shapes may follow the last one, `several` that there are more than one for certain. `name` is
    the layer's, and a hint at what it holds; `style` is the table's, a hint at the version of Keras. `keywords` is what
    the call is told; `start` holds the first digits of a count that was cut off.
    """

    inputs: tuple[Shape, ...] | None
    outputs: tuple[PrintedShape, ...] | None
    params: int | None
    cut: bool = False
    several: bool = False
    name: str = ""
    style: str = ""
    keywords: tuple[tuple[str, bool], ...] = ()
    start: str = ""

    @property
    def plausible(self) -> float:
        """How much more unusual than the likeliest layer another may be: less where a size leaves many open."""
        is_open = self.outputs is None or any(isinstance(size, Cut) for size in self.output)
        return LESS_PLAUSIBLE if is_open else PLAUSIBLE

    @property
    def output(self) -> PrintedShape:
        """The first output shape; empty where none is printed."""
        return self.outputs[0] if self.outputs else ()

    @property
    def input(self) -> Shape:
        """The first input shape; empty where nothing tells it."""
        return self.inputs[0] if self.inputs else ()


@dataclass(frozen=True)
class Miss:
    """A layer that prints the row's shapes and another count."""

    candidate: Candidate
    difference: int


def solve(
    rule: type[LayerRule], arguments: Mapping[str, Any], seen: Seen, cost: float = 0.0, class_name: str = ""
) -> Iterator[Candidate | Miss]:
    """The layers with these arguments that print what is seen; text in `arguments` names a size to be solved for.

    >>> from lstmcalc.layers import RULES
    >>> seen = Seen(None, ((None, 10, 128),), 91648)
    >>> [found] = solve(RULES["LSTM"], {"units": "units", "return_sequences": True}, seen)
    >>> found.layer.arguments, found.inputs
    ({'units': 128, 'return_sequences': True}, ((None, 10, 50),))
    """
    layer = LayerSpec(class_name or rule.__name__, seen.name or "layer", arguments)
    made = Builder().build(layer)
    if made is None:
        return
    for shapes in _input_shapes(made, seen):
        problem = _Problem(made, layer, shapes, seen)
        solved = False
        for values in problem.solutions():
            inputs = problem.inputs_with(values)
            odd = (0.0 if problem.determined else oddness(values)) + _unevenness(inputs, seen)
            found = confirm(layer_with(layer, values), inputs, seen, cost + odd)
            if found is not None:
                solved |= isinstance(found, Candidate)
                yield found
        if solved and seen.inputs is None:
            # Often any number of axes would do; the first is the likeliest.
            return


def confirm(layer: LayerSpec, inputs: tuple[Shape, ...], seen: Seen, cost: float) -> Candidate | Miss | None:
    """The layer in plain numbers: a candidate, a miss where only the count differs, None where its shapes do."""
    rule = Builder().build(layer)
    if rule is None:
        return None
    shapes = [tuple(map(lift_size, shape)) for shape in inputs]
    try:
        x = view_of(rule, shapes, dict(seen.keywords))
        outputs = as_shapes(rule.output_shape(x))
        count = rule.count(x)
        known = count if isinstance(count, int) else None
        believed = () if matches(outputs, seen) else _believed(rule, x)
        if (known is None and seen.params is not None) or (believed is None or not matches(believed or outputs, seen)):
            return None
        if any(symbols_of(size) for shape in outputs for size in shape):
            return None
        formula = rule.formula(x) if known else None
    except Rejection:
        return None
    names, numbers = (formula.in_names(), formula.in_numbers()) if formula else (None, None)
    found = Candidate(layer, inputs, tuple(map(lower, outputs)), known, names, numbers, cost)
    if believed:
        found = replace(found, believed=tuple(map(lower, believed)))
    if seen.params is None or known is None:
        return found if known is None or str(known).startswith(seen.start) else None
    return found if known == seen.params else Miss(found, seen.params - known)


def _believed(rule: LayerRule, x: Inputs) -> tuple[tuple[Dim, ...], ...] | None:
    """What Keras prints for the outputs where it is mistaken: it has no data yet.

    Of layers over time it is so for two halves that differ only, which no proposal has.
    """
    if type(rule).keras_output_shape is LayerRule.keras_output_shape or rule.family == "rnn":
        return None
    stated = rule.keras_output_shape(x)
    return None if stated is None else as_shapes(stated)


def view_of(rule: LayerRule, shapes: Sequence[tuple[Dim, ...]], keywords: Mapping[str, bool] | None = None) -> Inputs:
    """What a rule sees of a call on these inputs; raises `Rejection` where it cannot take so many, or so many axes."""
    if len(shapes) < rule.arity[0]:
        raise Rejection("wrong-number-of-inputs", f"{rule.arity[0]} inputs", str(len(shapes)))
    x = Inputs(shapes, rule.axis_names(len(shapes[0])) if shapes else (), keywords=keywords)
    if isinstance(rule, Cell):
        # A cell outside an RNN is always given its states.
        x.states = rule.state_shapes(x)
    return x


def outputs_on(layer: LayerSpec, inputs: tuple[Shape, ...]) -> tuple[Shape, ...] | None:
    """What a layer gives on inputs; None where it cannot take them."""
    found = confirm(layer, inputs, Seen(inputs, None, None), 0.0)
    return found.outputs if isinstance(found, Candidate) else None


def matches(outputs: Sequence[Sequence[Dim]], seen: Seen) -> bool:
    """Whether a rule's outputs are the printed ones, as far as these are printed."""
    if seen.outputs is None:
        return True
    printed = seen.outputs
    if seen.several and len(outputs) < 2:
        return False
    if len(outputs) < len(printed) or (len(outputs) > len(printed) and not seen.cut):
        return False
    return all(
        len(shape) == len(text) and all(map(_agree, shape, text)) for shape, text in zip(outputs, printed, strict=False)
    )


def _agree(size: Dim, printed: PrintedSize) -> bool:
    known = None if size is UNKNOWN else size
    return printed.allows(known) if isinstance(printed, Cut) else known == printed  # type: ignore[arg-type]  # no names left


def _input_shapes(rule: LayerRule, seen: Seen) -> Iterator[tuple[Shape, ...]]:
    """The shapes that may reach the layer: those that are known, or names for all sizes, in every number of axes."""
    if seen.inputs is not None:
        yield seen.inputs
        return
    batch = seen.output[0] if seen.output else None
    first = None if isinstance(batch, Cut) else batch
    likely = len(seen.output)
    for ndim in sorted(range(1, MOST_AXES + 1), key=lambda ndim: (abs(ndim - likely), -ndim)):
        try:
            rule.axis_names(ndim)
        except Rejection:
            continue
        shape: Shape = (first, *(symbol(f"axis_{axis}_") for axis in range(1, ndim)))
        yield (shape,) * max(rule.arity[0], 1)
        if rule.arity[0] > 1:
            yield tuple(
                (first, *(symbol(f"axis_{axis}_{number}_") for axis in range(1, ndim)))
                for number in range(rule.arity[0])
            )


class _Problem:
    """The equations of one layer on one input: printed sizes and count on one side, expressions on the other."""

    def __init__(self, rule: LayerRule, layer: LayerSpec, inputs: tuple[Shape, ...], seen: Seen) -> None:
        self.rule, self.layer, self.inputs, self.seen = rule, layer, inputs, seen
        #: Whether no size had to be tried.
        self.determined = True

    def solutions(self) -> Iterator[Values]:
        """Values for the names, each set of which satisfies every equation; none where one cannot be satisfied."""
        lifted = [tuple(map(lift_size, shape)) for shape in self.inputs]
        try:
            x = view_of(self.rule, lifted, dict(self.seen.keywords))
            # What is assumed of names does not count: the layer is run again in numbers.
            x.checked = False
            outputs = as_shapes(self.rule.output_shape(x))
            count = self.rule.count(x)
            solutions = list(self._from_shapes(outputs, count))
            if not solutions and (believed := _believed(self.rule, x)):
                solutions = list(self._from_shapes(believed, count))
        except Rejection:
            return
        yield from solutions

    def _from_shapes(self, outputs: Sequence[Sequence[Dim]], count: Dim) -> Iterator[Values]:
        printed = self.seen.outputs
        pairs = [] if printed is None else _pairs(outputs, printed, self.seen.cut)
        if pairs is None:
            return
        equations = [(left, right) for left, right in pairs if isinstance(right, int)]
        cuts = [(left, right) for left, right in pairs if isinstance(right, Cut)]
        for values in _solve_all(equations, {}):
            for solved in self._with_count(substitute(count, values), cuts, values):
                yield _completed(solved, cuts, [right for _, right in equations])

    def _with_count(self, count: Dim, cuts: Sequence[tuple[Dim, Cut]], values: Values) -> Iterator[Values]:
        """Solves the count for what is left: one name at once, of several those first whose digits are printed."""
        names = symbols_of(count)
        params = self.seen.params
        if not names or (params is None and not self.seen.start):
            yield values
        elif params is None:
            for name, tried in _tries(cuts, values, names, False):
                self.determined = False
                whole = put(count, name, tried)
                if not isinstance(whole, int) or str(whole).startswith(self.seen.start):
                    yield {**values, name: tried}
        elif len(names) == 1:
            # A count that no whole number gives is still a near miss.
            yield {**values, names[0]: root(count, names[0], params) or nearest_root(count, names[0], params)}
        else:
            for name, tried in _tries(cuts, values, names, self.seen.outputs is None):
                self.determined = False
                rest = put(count, name, tried)
                if _least(rest) > params:
                    break
                if (names := symbols_of(rest)) and (value := root(rest, names[0], params)):
                    yield {**values, name: tried, names[0]: value}

    def inputs_with(self, values: Values) -> tuple[Shape, ...]:
        """The inputs in numbers; a size that no equation tells is unknown."""
        return tuple(tuple(_lowered(size, values) for size in shape) for shape in self.inputs)


def _lowered(size: Any, values: Values) -> int | None:
    value = substitute(size, values) if isinstance(size, Expression) else size
    return value if isinstance(value, int) else None


def layer_with(layer: LayerSpec, values: Values) -> LayerSpec:
    """The layer with numbers for the names in its arguments, also in the layers that it wraps."""

    def filled(value: Any) -> Any:
        if isinstance(value, LayerSpec):
            return layer_with(value, values)
        if isinstance(value, (list, tuple)):
            return type(value)(filled(item) for item in value)
        return values.get(value, value) if isinstance(value, str) else value

    return replace(layer, arguments={key: filled(value) for key, value in layer.arguments.items()})


def _pairs(
    outputs: Sequence[Sequence[Dim]], printed: Sequence[PrintedShape], cut: bool
) -> list[tuple[Dim, PrintedSize]] | None:
    """Each size of the rule's outputs beside the printed one; None where the numbers of axes do not fit."""
    if len(outputs) < len(printed) or (len(outputs) > len(printed) and not cut):
        return None
    pairs: list[tuple[Dim, PrintedSize]] = []
    for shape, text in zip(outputs, printed, strict=False):
        if len(shape) != len(text):
            return None
        pairs += zip(shape, text, strict=True)
    return pairs


def _solve_all(equations: Sequence[tuple[Dim, int]], values: dict[str, Dim]) -> Iterator[dict[str, Dim]]:
    """Values that satisfy `expression = number` for all; an equation in several names waits for the others."""
    waiting: list[tuple[Dim, int]] = []
    for left, right in equations:
        left = substitute(left, values)
        names = symbols_of(left)
        if len(names) == 1:
            for value in roots(left, names[0], right):
                yield from _solve_all([*waiting, *_rest(equations, left, right, values)], {**values, names[0]: value})
            return
        if names:
            waiting.append((left, right))
        elif left != right:
            return
    yield values


def _rest(equations: Sequence[tuple[Dim, int]], done: Dim, number: int, values: Values) -> list[tuple[Dim, int]]:
    """The equations behind the one that was just solved."""
    lefts = [(substitute(left, values), right) for left, right in equations]
    return lefts[lefts.index((done, number)) + 1 :]


def oddness(values: Values) -> float:
    """How unusual sizes are: round ones and powers of two, neither tiny nor huge, are what people choose."""
    sizes = [value for name, value in values.items() if isinstance(value, int) and not name.startswith("axis_")]
    return sum(0.02 * abs(log2(size) - 6) + 0.15 * (size % 10 != 0 and size & (size - 1) != 0) for size in sizes)


def _completed(values: Values, cuts: Sequence[tuple[Dim, Cut]], printed: Sequence[int]) -> Values:
    """Values for the names that only sizes without an end tell: another size that starts so, or the digits as they are.

    Images are mostly square.
    """
    done = dict(values)
    for left, cut in cuts:
        names = symbols_of(substitute(left, done))
        if len(names) == 1 and cut.digits:
            alike = [size for size in printed if cut.allows(size)]
            size = alike[0] if alike else int(cut.digits)
            found = roots(substitute(left, done), names[0], size)
            done.update(dict.fromkeys(names, found[0]) if found else {})
    return done


def _unevenness(inputs: tuple[Shape, ...], seen: Seen) -> float:
    """How unusual an image is that only a stride tells: odd sizes, and unequal ones where the output is square."""
    if seen.inputs is not None or not inputs:
        return 0.0
    sizes = [size for size in inputs[0][1:-1] if isinstance(size, int)]
    square = len(sizes) > 1 and len(set(seen.output[1:-1])) == 1
    return 0.05 * any(size % 2 for size in sizes) + 0.6 * (square and len(set(sizes)) > 1)


def _least(count: Dim) -> int:
    """A count with every name at 1, which it never falls below."""
    least = substitute(count, dict.fromkeys(symbols_of(count), 1))
    return least if isinstance(least, int) else 0


def _tries(
    cuts: Sequence[tuple[Dim, Cut]], values: Values, names: Sequence[str], anything: bool
) -> Iterator[tuple[str, int]]:
    """Values for a name in the count: those that start with the printed digits, or `anything` where no shape is."""
    for left, cut in cuts:
        left = substitute(left, values)
        inside = symbols_of(left)
        if len(inside) == 1 and inside[0] in names:
            for size in sizes_from(cut):
                yield from ((inside[0], value) for value in roots(left, inside[0], size))
            return
    arguments = [name for name in names if not name.startswith("axis_")]
    if anything and arguments:
        yield from ((arguments[0], value) for value in range(1, 2 * MOST_BLIND_TRIES))


def sizes_from(cut: Cut) -> Iterator[int]:
    """The sizes that start with some digits, shorter ones first.

    >>> from itertools import islice
    >>> list(islice(sizes_from(Cut("12")), 4))
    [12, 120, 121, 122]
    """
    start = int(cut.digits or "0")
    tried = 0 if cut.digits else MOST_TRIES - MOST_BLIND_TRIES
    for extra in range(5):
        for size in range(start * 10**extra, (start + 1) * 10**extra):
            if size:
                yield size
                tried += 1
            if tried >= MOST_TRIES:
                return
