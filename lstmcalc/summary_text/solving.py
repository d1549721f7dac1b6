"""From arguments worth trying to layers that print exactly a given row: the rules are run on names, then on numbers.

What is not known, an argument or a size of the input, is a symbol. The rule gives the output shapes and the count as
expressions of it; holding those against the printed numbers solves for it. Every solution is then run again in plain
numbers, so that nothing is a candidate that its rule does not confirm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lstmcalc.building import Builder
from lstmcalc.dims import UNKNOWN, Dim, Expression, lift_size, lower, substitute, symbol, symbols_of
from lstmcalc.errors import Rejection
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import LayerRule
from lstmcalc.layers.kinds import is_cell
from lstmcalc.layers.rule import Inputs, as_shapes
from lstmcalc.spec import LayerSpec
from lstmcalc.summary_text.equations import nearest_root, put, root, roots
from lstmcalc.summary_text.printed import Cut, PrintedShape, PrintedSize
from lstmcalc.summary_text.reading import Candidate, Shape
from lstmcalc.summary_text.tries import Values, completed, least, oddness, tries, unevenness

__all__ = ["Miss", "Seen", "matches", "outputs_on", "solve", "view_of", "with_arithmetic"]

#: A layer that is this much more unusual than the likeliest is not listed; less where a size leaves many open.
PLAUSIBLE, LESS_PLAUSIBLE = 2.5, 1.2
#: The greatest number of axes that an input which nothing tells is taken to have.
MOST_AXES = 6


class Seen(NamedTuple):
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


class Miss(NamedTuple):
    """A layer that prints the row's shapes and another count; its arithmetic is left out (`with_arithmetic`)."""

    candidate: Candidate
    difference: int


def solve(
    rule: type[LayerRule],
    arguments: Mapping[str, Any],
    seen: Seen,
    cost: float = 0.0,
    class_name: str = "",
    missed: bool = True,
) -> Iterator[Candidate | Miss | None]:
    """The layers with these arguments that print what is seen; text in `arguments` names a size to be solved for.

    None stands for one that was tried, and does not.

    Near misses are looked for only where they are asked for (`missed`): each takes as long as a layer that fits.

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
        problem = _Problem(made, layer, shapes, seen, missed)
        solved = False
        for values in problem.solutions():
            inputs = problem.inputs_with(values)
            odd = 0.0 if problem.determined else oddness(values)
            odd += unevenness(inputs, seen.output) if seen.inputs is None else 0.0
            found = confirm(layer_with(layer, values), inputs, seen, cost + odd)
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
        found = Candidate(layer, inputs, tuple(map(lower, outputs)), known, cost=cost)
        if believed:
            found = found._replace(believed=tuple(map(lower, believed)))
        if seen.params is not None and known is not None and known != seen.params:
            return Miss(found, seen.params - known)
        if seen.params is None and known is not None and not str(known).startswith(seen.start):
            return None
        return _told(found, rule, x)
    except Rejection:
        return None


def _told(candidate: Candidate, rule: LayerRule, x: Inputs) -> Candidate:
    """The candidate with the arithmetic of its count, in names and in numbers, and what of it is not trained."""
    kept = [weight.params for weight in rule.built_weights(x) if not weight.trainable] if candidate.inputs else [None]
    formula = rule.formula(x) if candidate.params else None
    names, numbers = (formula.in_names(), formula.in_numbers()) if formula else (None, None)
    untrained = sum(count for count in kept if isinstance(count, int)) if candidate.inputs else None
    return candidate._replace(formula=names, arithmetic=numbers, untrained=untrained)


def with_arithmetic(candidate: Candidate) -> Candidate:
    """A candidate of a `Miss`, with what a miss leaves out."""
    rule = Builder().build(candidate.layer)
    if rule is None:
        return candidate
    return _told(candidate, rule, view_of(rule, [tuple(map(lift_size, shape)) for shape in candidate.inputs]))


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
    if is_cell(rule):
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

    def __init__(self, rule: LayerRule, layer: LayerSpec, inputs: tuple[Shape, ...], seen: Seen, missed: bool) -> None:
        self.rule, self.layer, self.inputs, self.seen, self.missed = rule, layer, inputs, seen, missed
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
        if any(not symbols_of(left) and not _agree(left, right) for left, right in cuts):
            return
        for values in _solve_all(equations, {}):
            for solved in self._with_count(substitute(count, values), cuts, values):
                yield completed(solved, cuts, [right for _, right in equations])

    def _with_count(self, count: Dim, cuts: Sequence[tuple[Dim, Cut]], values: Values) -> Iterator[Values]:
        """Solves the count for what is left: one name at once, of several those first whose digits are printed."""
        names = symbols_of(count)
        params = self.seen.params
        if not names or (params is None and not self.seen.start):
            yield values
        elif params is None:
            for name, tried in tries(cuts, values, names, False):
                self.determined = False
                whole = put(count, name, tried)
                if not isinstance(whole, int) or str(whole).startswith(self.seen.start):
                    yield {**values, name: tried}
        elif len(names) == 1:
            value = root(count, names[0], params)
            if value is None and self.missed:
                # A count that no whole number gives is still a near miss.
                value = nearest_root(count, names[0], params)
            if value is not None:
                yield {**values, names[0]: value}
        else:
            for name, tried in tries(cuts, values, names, self.seen.outputs is None):
                self.determined = False
                rest = put(count, name, tried)
                if least(rest) > params:
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

    return layer.changed(arguments={key: filled(value) for key, value in layer.arguments.items()})


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
