"""What a layer is to lstmcalc: its arguments, its weights, its output shape, and examples that prove them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from lstmcalc.dims import UNKNOWN, Condition, Dim, symbol, symbols_of, to_text, total
from lstmcalc.errors import Fault, Rejection
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.arguments import Argument, anything, dtype_policy, flag, own_arguments, tensor
from lstmcalc.layers.costs import FREE, Cost, Work
from lstmcalc.layers.examples import Example, Rejected
from lstmcalc.layers.formula import Formula, Term
from lstmcalc.layers.kept import Kept, Made, bounded
from lstmcalc.layers.policies import variable_dtype
from lstmcalc.layers.registry import RULES
from lstmcalc.layers.weights import Weight
from lstmcalc.shapes import show_shape

__all__ = [
    "RULES",
    "Assumption",
    "Cost",
    "Example",
    "Formula",
    "Inputs",
    "LayerRule",
    "MaskStep",
    "Rejected",
    "Remedy",
    "Term",
    "Weight",
    "Work",
    "all_work",
    "as_shapes",
    "layer",
    "show_shapes",
    "variable_dtype",
]

Shape = tuple[Dim, ...]


class Assumption(NamedTuple):
    """A comparison that could not be decided: the model holds only where it is true."""

    condition: Condition
    text: str
    because: str = ""


class Remedy(NamedTuple):
    """Why a layer's output has fewer axes than its input, or as many, and the change that would make it otherwise.

    `place` is how the change is said to be on the layer: `set … on "enc"`, or of it, where a wrapped layer is meant.
    """

    because: str
    fix: str
    place: str = "on"


class MaskStep(NamedTuple):
    """An operation with which Keras makes a mask: a place in the model's graph, though no layer of it.

    It takes inputs of the call and their masks, by number, and what other such operations give.
    """

    inputs: Sequence[int] = ()
    masks: Sequence[int] = ()
    steps: Sequence[MaskStep] = ()


class Inputs:
    """What a rule sees of a call: the input shapes, with the axes of the first as attributes (`x.timesteps`).

    `states` holds the shapes of an `initial_state`, `keywords` what else the call is told: the shape of an output, any
    other value as it is. `masks` holds the shape of each input's mask, None where there is none. Unknown
    sizes absorb arithmetic; `require` is the only way to compare sizes, so that an undecidable comparison is recorded
    instead of picking a branch.
    """

    def __init__(
        self,
        shapes: Sequence[Shape],
        axes: Sequence[str] = (),
        states: Sequence[Shape] = (),
        keywords: Mapping[str, Any] | None = None,
    ) -> None:
        self.shapes = tuple(shapes)
        self.states = tuple(states)
        self.keywords = dict(keywords or {})
        self.axes = tuple(axes)
        none = (None,) * len(self.shapes)
        self.masks: tuple[Shape | None, ...] = none
        #: The masks that the call itself gets, which can be fewer.
        self.told: tuple[Shape | None, ...] = none
        #: The inputs with the batch by name (`layers/batch.py`); None where it is in front, as it mostly is.
        self.batched: tuple[Shape | None, ...] = none
        self.assumptions: list[Assumption] = []
        #: The symbols that must be numbers when Keras builds the model, each with the reason.
        self.needed: dict[str, str] = {}
        #: Whether `require` raises and records; off where a formula is derived from names instead of sizes.
        self.checked = True
        self.__dict__.update(zip(self.axes, self.shape, strict=False))

    @property
    def shape(self) -> Shape:
        """The first input's shape."""
        return self.shapes[0] if self.shapes else ()

    @property
    def ndim(self) -> int:
        """The number of axes of the first input, the batch included."""
        return len(self.shape)

    if TYPE_CHECKING:

        def __getattr__(self, axis: str) -> Dim: ...

    def replace(self, shapes: Sequence[Shape], axes: Sequence[str] = (), states: Sequence[Shape] = ()) -> Inputs:
        """A view with other shapes, for a wrapped layer; what it assumes is recorded here."""
        inner = Inputs(shapes, axes, states, self.keywords)
        inner.assumptions, inner.needed, inner.checked = self.assumptions, self.needed, self.checked
        return inner

    def require_known(self, size: Dim, called: str, since: str, fix: str = "") -> None:
        """Refuses an unknown size; of one with names in it, remembers that Keras needs a number for them, and why."""
        if size is UNKNOWN and self.checked:
            raise Rejection("unknown-size", f"{called} to be a number, since {since}", show_shape(self.shape), fix=fix)
        self.needed.update(dict.fromkeys(symbols_of(size), since))

    def require(
        self,
        condition: bool | Condition,
        code: str,
        expected: str,
        got: str = "",
        because: str = "",
        fix: str = "",
        unknown: str = "an unknown size",
    ) -> None:
        """Refuses the input unless the condition is true; records an assumption where it cannot be decided.

        `unknown` names a side of the condition that has no symbol. Nothing is recorded where that leaves nothing to
        check: an unknown size of at least 3, or equal to another unknown one.
        """
        if condition is True or not self.checked:
            return
        if condition is False:
            raise Rejection(code, expected, got, because, fix)
        assert isinstance(condition, Condition)
        if condition.has_unknown:
            known = condition.right if condition.left is UNKNOWN else condition.left
            if known is UNKNOWN or condition.relation != "=":
                return
            text = f"{unknown} is {to_text(known)}"
        else:
            text = str(condition)
        self.assumptions.append(Assumption(condition, text, because))


class LayerRule:
    """The base of every rule: arguments as class attributes in Keras's order, then weights and output shape.

    A subclass is registered by `@layer`, and is all that lstmcalc knows of that Keras class. `axes` names the input's
    axes: `"batch timesteps input_dim"` demands exactly three, `"batch ... input_dim"` at least two.
    """

    #: The Keras class that this is the rule of: that of the rule, unless it states another.
    class_name: str = ""
    family: ClassVar[str] = ""
    #: What the layer is besides, as `kinds.py` asks it.
    kinds: ClassVar[tuple[str, ...]] = ()
    #: Keras's other names for the class.
    aliases: ClassVar[tuple[str, ...]] = ()
    axes: ClassVar[str] = "..."
    #: How many inputs a call takes: (least, most), most None for any number.
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    #: How Keras's `call` takes the inputs: `inputs` is one tensor, or a list where there are several; `[xs]` a list in
    #: any case; `query value key` are tensors one by one, `*operands` any number of them.
    operands: ClassVar[str] = "inputs"
    #: What else a call may be told, by Keras's names; those of the base are merged in, and `mask` where it is taken.
    keywords: ClassVar[dict[str, Argument]] = {"training": flag(False)}
    #: Whether a call takes `initial_state`.
    takes_state: ClassVar[bool] = False
    #: Whether Keras's `call` takes a mask; it then gets the input's, unless it is given other arrays besides.
    takes_mask: ClassVar[bool] = False
    #: Whether the mask of the first input goes out again with the first output; most layers lose it.
    passes_mask: ClassVar[bool] = False
    #: Whether Keras knows what mask goes out before it has data.
    states_mask: ClassVar[bool] = True
    #: The last Keras whose layer passes a mask on, where later ones lose it.
    passes_mask_until: ClassVar[str] = ""
    #: Whether what goes out, when not training, is the very array that came in, with the mask that it has.
    returns_input: bool = False
    #: How many of its outputs are followed for their masks; None for all.
    followed_outputs: ClassVar[int | None] = None
    #: Whether the layer takes the masks off the arrays that come in, also for layers that get them later.
    clears_masks: ClassVar[bool] = False
    arguments: ClassVar[dict[str, Argument]] = {}
    examples: ClassVar[list[Example | Rejected]] = []

    activity_regularizer: Any = anything(None, keyword_only=True)
    trainable: bool = flag(True, keyword_only=True)
    dtype: str | None = dtype_policy(keyword_only=True)
    autocast: bool = flag(True, keyword_only=True)
    input_shape: Any = anything(None, keyword_only=True)
    #: An `input_shape` of one size, as Keras also takes it; some layers have an argument of their own so called.
    input_dim: Any = anything(None, keyword_only=True)

    def __init__(self, values: Mapping[str, Any], name: str = "") -> None:
        self.name = name
        #: What identifies the layer where it stands at several places, and holds one set of weights.
        self.shared = ""
        #: The arguments that were stated, as opposed to left at their defaults.
        self.given: dict[str, Any] = dict(values)
        for key in values.keys() & self.arguments.keys():
            setattr(self, self.arguments[key].attribute, values[key])

    def __init_subclass__(cls) -> None:
        if "class_name" not in vars(cls):
            cls.class_name = cls.__name__

    def validate(self) -> None:
        """Refuses arguments that are right one by one and wrong together; raises `Rejection`."""

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        """The names of an input's axes, given how many it has; raises `Rejection` where the number is wrong."""
        return expand_axes(self.axes, ndim)

    def weights(self, x: Inputs) -> Iterable[Weight]:
        """The layer's arrays, in Keras's order."""
        return ()

    def built_weights(self, x: Inputs) -> Iterator[Weight]:
        """The weights as Keras holds them: in the layer's dtype, and not trainable where the layer is frozen."""
        dtype = variable_dtype(self.dtype, self.name)
        for weight in self.weights(x):
            yield weight.held(self.trainable, dtype)

    def work(self, x: Inputs) -> Iterable[Work]:
        """What one sample has the layer calculate besides what its weights cost: activations, sums, products of data.

        What is not known is `UNKNOWN`.
        """
        return ()

    def kept(self, x: Inputs, made: Made) -> Kept:
        """What backpropagation keeps of a call, for one sample; bounded by what it calculates, unless it is stated."""
        return bounded(x.shapes, made)

    def count(self, x: Inputs) -> Dim:
        """How many numbers the weights hold."""
        return total(weight.params for weight in self.weights(x))

    def output_shape(self, x: Inputs) -> Any:
        """The shape of the output; a tuple of shapes where the layer returns several."""
        return x.shape

    def formula(self, x: Inputs) -> Formula | None:
        """The parameter count in names: the same `weights`, run on the names of arguments and axes."""
        rule, values = self.named()
        axes = self.axis_names(x.ndim) if x.shapes else ()
        named = Inputs([tuple(symbol(axis) for axis in axes), *x.shapes[1:]], axes)
        named.checked = False
        count = rule.count(named)
        values.update(zip(axes, x.shape, strict=False))
        return Formula((Term(count, {name: values[name] for name in symbols_of(count)}),))

    def named(self) -> tuple[LayerRule, dict[str, Dim]]:
        """A copy whose sizes are the names of their arguments, and what each name stands for."""
        values: dict[str, Dim] = {}
        changed = {}
        for key, argument in self.arguments.items():
            changed[key], names = argument.named(key, getattr(self, argument.attribute))
            values.update(names)
        rule = type(self)({**self.given, **changed}, self.name)
        return rule, values

    def output_masks(self, x: Inputs) -> tuple[Shape | None, ...]:
        """The shapes of the masks that go out, one for each output; those that are left out have none."""
        return x.masks[:1] if self.passes_mask else ()

    def mask_step(self, x: Inputs) -> MaskStep | None:
        """The last operation that Keras makes the stated mask with; None where it passes the first input's on."""
        return None

    def passes_gradient(self) -> bool:
        """Whether a gradient goes back through the layer, from what comes out to what goes in."""
        return True

    def knows_masks(self) -> bool:
        """Whether it is known what the layer does with a mask."""
        return True

    def voids_mask(self, x: Inputs) -> bool:
        """Whether the mask that goes out masks nothing, though one that came in did."""
        return False

    def reverses_steps(self) -> bool:
        """Whether steps go out in reverse order, which a mask that goes out with them does not."""
        return False

    def uses_mask(self, x: Inputs) -> bool:
        """Whether what comes out depends on a mask that came in."""
        return self.takes_mask and any(mask is not None for mask in x.told)

    def check_mask(self, x: Inputs) -> None:
        """Refuses masks that Keras can do nothing with once it has data; raises `Rejection`."""

    def remedy(self) -> Remedy | None:
        """The argument that drops axes or keeps them, and the other choice; None where no argument decides it."""
        return None

    def hints(self, x: Inputs) -> Iterator[Fault]:
        """What Keras accepts here though it is most likely a mistake."""
        yield from ()

    def keras_output_shape(self, x: Inputs) -> Any:
        """The shape that Keras states before it has data, where that differs from the shape that data then has."""
        return None


def own_weights(rule: LayerRule, x: Inputs) -> Iterator[Weight]:
    """The weights of a layer; where it stands at several places, each with what identifies it there."""
    for weight in rule.built_weights(x):
        yield weight._replace(origin=weight.origin or f"{rule.shared}/{weight.name}") if rule.shared else weight


def all_work(rule: LayerRule, x: Inputs, weights: Iterable[Weight]) -> tuple[Work, ...]:
    """All that one sample has a layer calculate: what its weights cost, then the rest."""
    used = (weight.work for weight in weights if weight.uses != 0 and weight.cost != FREE)
    return (*used, *rule.work(x))


@cache
def expand_axes(pattern: str, ndim: int) -> tuple[str, ...]:
    """The axis names of a pattern for a number of axes.

    >>> expand_axes("batch timesteps input_dim", 3)
    ('batch', 'timesteps', 'input_dim')
    >>> expand_axes("batch ... channels", 4)
    ('batch', 'axis_1', 'axis_2', 'channels')
    """
    names = pattern.split()
    if "..." not in names:
        if len(names) != ndim:
            raise Rejection("wrong-ndim", f"{count_axes(len(names))} ({', '.join(names)})")
        return tuple(names)
    at = names.index("...")
    tail = names[at + 1 :]
    if ndim < at + len(tail):
        raise Rejection("wrong-ndim", f"at least {count_axes(at + len(tail))} ({', '.join(names)})")
    return (*names[:at], *(f"axis_{i}" for i in range(at, ndim - len(tail))), *tail)


def as_shapes(output: Any) -> tuple[Shape, ...]:
    """A rule's output as a tuple of shapes, also where it returned the only one bare."""
    return output if output and isinstance(output[0], tuple) else (output,)


def show_shapes(output: Any) -> str:
    """A rule's output as text, one shape or several."""
    return ", ".join(map(show_shape, as_shapes(output)))


def count_axes(number: int) -> str:
    """`1 axis`, `3 axes`."""
    return f"{number} {'axis' if number == 1 else 'axes'}"


R = TypeVar("R", bound=type[LayerRule])


def layer(
    family: str, axes: str = "...", aliases: str = "", arity: tuple[int, int | None] = (1, 1)
) -> Callable[[R], R]:
    """Registers a rule under its class's name and aliases, and collects its arguments in Keras's order.

    A rule without a family is of no Keras class, and is not registered.
    """

    def register(rule: R) -> R:
        rule.family, rule.axes, rule.aliases, rule.arity = family, axes, tuple(aliases.split()), arity
        rule.arguments = {}
        for base in rule.__mro__:
            for key, argument in own_arguments(base).items():
                if isinstance(getattr(rule, argument.attribute), Argument):
                    rule.arguments.setdefault(key, argument)
        told = {"mask": tensor()} if rule.takes_mask else {}
        rule.keywords = {**told, **LayerRule.keywords, **rule.keywords}
        if family:
            RULES[rule.__name__] = rule
        return rule

    return register
