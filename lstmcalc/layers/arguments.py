"""Constructor arguments: for each, Keras's default, what it accepts, and what a wrong value is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from lstmcalc.dims import Dim, Expression, at_least, lift_size, symbol, to_text
from lstmcalc.errors import Rejection

__all__ = ["REQUIRED", "Argument", "closest", "own_arguments", "show"]

ACTIVATIONS = (
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear "
    "log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus "
    "sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink"
).split()
INITIALIZERS = (
    "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer Initializer LecunNormal "
    "LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT STFTInitializer "
    "TruncatedNormal VarianceScaling Zeros constant glorot_normal glorot_uniform he_normal he_uniform identity "
    "initializer lecun_normal lecun_uniform normal one ones orthogonal random_normal random_uniform stft "
    "truncated_normal uniform variance_scaling zero zeros"
).split()
REGULARIZERS = ("L1 L1L2 L2 OrthogonalRegularizer Regularizer l1 l1l2 l2 orthogonal_regularizer regularizer").split()
CONSTRAINTS = (
    "Constraint MaxNorm MinMaxNorm NonNeg UnitNorm constraint max_norm min_max_norm non_neg unit_norm"
).split()
DTYPES = (
    "float16 float32 float64 bfloat16 mixed_float16 mixed_bfloat16 uint8 uint16 uint32 uint64 int8 int16 int32 int64 "
    "bool string complex64 complex128"
).split()


class _Required:
    """The default of an argument that has none."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()

#: Checks a value and returns it in the one form that rules use; raises `Rejection`, told the argument's name.
Reader = Callable[[str, Any], Any]


class Argument:
    """One constructor argument of a layer.

    `kind` says what a source may write there: `size` and `sizes` take symbols, `layer` and `layers` take layers.
    `names` are those of the entries of `sizes`, and the values of a `choice`.
    `default` is Keras's own; `initial` is the same in the form that rules use. An argument that shares its name with
    something of the rule's own (`weights`, `output_shape`) is declared, and read, with an underscore behind it.

    A rule on which an argument is not set has its default.
    """

    __slots__ = ("_initial", "attribute", "default", "keyword_only", "kind", "names", "optional", "read")

    def __init__(
        self,
        default: Any,
        read: Reader,
        kind: str = "plain",
        names: Sequence[Any] = (),
        keyword_only: bool = False,
    ) -> None:
        self.default = default
        self.kind = kind
        self.names = tuple(names)
        self.keyword_only = keyword_only
        self.optional = default is None
        self.read = read
        self.attribute = ""
        #: What `initial` found, since rules ask for it whenever one is made.
        self._initial: Any = REQUIRED

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name

    def __get__(self, rule: object, owner: type) -> Any:
        if rule is None:
            return self
        return self.initial if self._initial is REQUIRED else self._initial

    @property
    def initial(self) -> Any:
        """The default as rules see it; None where the argument is required."""
        if self._initial is REQUIRED:
            self._initial = None if self.default is REQUIRED else self.check("", self.default)
        return self._initial

    def check(self, name: str, value: Any) -> Any:
        """The value in the form that rules use; raises `Rejection`. None is accepted where it is the default."""
        return None if value is None and self.optional else self.read(name, value)

    def named(self, key: str, value: Any) -> tuple[Any, Mapping[str, Dim]]:
        """The value with its sizes replaced by names, and what each name stands for."""
        if self.kind == "size" and value is not None:
            return symbol(key), {key: value}
        if self.kind == "sizes" and isinstance(value, tuple) and value:
            names = self.names or ((key,) if len(value) == 1 else tuple(f"{key}_{i}" for i in range(len(value))))
            return tuple(map(symbol, names)), dict(zip(names, value, strict=True))
        return value, {}


@cache
def own_arguments(rule: type) -> Mapping[str, Argument]:
    """The arguments that a class itself declares, in order."""
    return {key.rstrip("_"): value for key, value in vars(rule).items() if isinstance(value, Argument)}


def show(value: Any) -> str:
    """A value as its user wrote it: `true`, `"64x"`, `null`, `[2, 3]`, `2·U`.

    >>> [show(value) for value in (True, None, "64x", -3, 2.5, (2, 3))]
    ['true', 'null', '"64x"', '-3', '2.5', '[2, 3]']
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(show, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k if isinstance(k, str) else show(k)}: {show(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (int, Expression)):
        return to_text(value)
    if isinstance(value, float):
        return repr(value)
    name = getattr(value, "class_name", None)
    return f"a layer ({name})" if name else getattr(value, "text", f"a {type(value).__name__.lower()}")


def closest(name: str, known: Sequence[str]) -> str | None:
    """The known name that a misspelt one most likely means.

    >>> closest("unit", ["units", "use_bias"])
    'units'
    >>> closest("units_size", ["units", "use_bias"])
    'units'
    """
    # Few models hold a misspelt name.
    from lstmcalc.layers import spelling

    return spelling.closest(name, known)


def refuse(name: str, expected: str, value: Any, fix: str = "") -> Rejection:
    """The refusal of one argument's value."""
    return Rejection("wrong-value", f"`{name}` to be {expected}", show(value), fix=fix)


def _is_size(value: Any) -> bool:
    return isinstance(value, Expression) or (isinstance(value, int) and not isinstance(value, bool))


def positive(default: Any = REQUIRED, keyword_only: bool = False) -> Any:
    """A size of at least 1, or an expression; None too where that is the default."""

    def read(name: str, value: Any) -> Dim:
        if not _is_size(value) or at_least(value, 1) is False:
            raise refuse(name, "a positive integer", value)
        return value  # type: ignore[no-any-return]  # _is_size has checked it

    return Argument(default, read, "size", keyword_only=keyword_only)


def count(default: Any = REQUIRED) -> Any:
    """A number of at least 0, or an expression."""

    def read(name: str, value: Any) -> Dim:
        if not _is_size(value) or at_least(value, 0) is False:
            raise refuse(name, "a number of at least 0", value)
        return value  # type: ignore[no-any-return]  # _is_size has checked it

    return Argument(default, read, "size")


def sizes(rank: int, default: Any = REQUIRED, names: Sequence[str] = ()) -> Any:
    """A positive size per spatial axis; one number stands for all of them. Rules see a tuple."""

    def read(name: str, value: Any) -> tuple[Dim, ...]:
        values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * rank
        if len(values) != rank or not all(_is_size(size) and at_least(size, 1) is not False for size in values):
            expected = "a positive integer" + ("" if rank == 1 else f" or {rank} of them")
            raise refuse(name, expected, value)
        return values

    return Argument(default, read, "sizes", names)


def integer(default: Any = REQUIRED, least: int | None = None) -> Any:
    """A plain integer, which no symbol can stand for."""

    def read(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
            raise refuse(name, "an integer" + ("" if least is None else f" of at least {least}"), value, _unset(value))
        return value

    return Argument(default, read)


def integers(default: Any = REQUIRED) -> Any:
    """One or several plain integers, such as `axis`; rules see a tuple."""

    def read(name: str, value: Any) -> tuple[int, ...]:
        values = value if isinstance(value, (list, tuple)) else [value]
        if not values or not all(isinstance(item, int) and not isinstance(item, bool) for item in values):
            raise refuse(name, "an integer or a list of them", value)
        return tuple(values)

    return Argument(default, read)


def flag(default: bool, keyword_only: bool = False) -> Any:
    """True or false."""

    def read(name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise refuse(name, "true or false", value)
        return value

    return Argument(default, read, "flag", keyword_only=keyword_only)


def number(default: Any = REQUIRED, low: float | None = None, high: float | None = None) -> Any:
    """A real number within bounds."""
    bounds = {
        (True, True): "a number",
        (False, True): f"a number of at least {low}",
        (True, False): f"a number of at most {high}",
        (False, False): f"a number from {low} to {high}",
    }[low is None, high is None]

    def read(name: str, value: Any) -> float:
        real = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not real or not (low is None or value >= low) or not (high is None or value <= high):
            raise refuse(name, bounds, value, _unset(value))
        return value  # type: ignore[no-any-return]  # checked just above

    return Argument(default, read)


def _unset(value: Any) -> str:
    if isinstance(value, str) and value.isidentifier():
        return "a symbol cannot stand here; write the number"
    return ""


def choice(*options: Any, default: Any = REQUIRED) -> Any:
    """One of a few values; text is compared without regard to case, as Keras does."""

    def read(name: str, value: Any) -> Any:
        folded = value.lower() if isinstance(value, str) else value
        for option in options:
            if type(folded) is type(option) and folded == option:
                return option
        near = closest(folded, [o for o in options if isinstance(o, str)]) if isinstance(folded, str) else None
        fix = f"did you mean `{near}`?" if near else ""
        raise refuse(
            name, "one of " + ", ".join(f"`{o if isinstance(o, str) else show(o)}`" for o in options), value, fix
        )

    argument = Argument(default, read, "choice", options)
    argument.optional = default is None or None in options
    return argument


def known(what: str, names: Sequence[str], default: Any = REQUIRED) -> Any:
    """One of Keras's objects by name (`relu`, `glorot_uniform`, …), or its config as a mapping."""

    def read(name: str, value: Any) -> Any:
        label = value.get("class_name") if isinstance(value, Mapping) else value
        if isinstance(label, str) and label.rpartition(">")[2] in names:
            return value
        if isinstance(value, Mapping) and isinstance(label, str):
            return value
        near = closest(label, names) if isinstance(label, str) else None
        raise refuse(name, f"the name of a Keras {what}", value, f"did you mean `{near}`?" if near else "")

    return Argument(default, read, what)


def activation(default: Any = REQUIRED) -> Any:
    """The name of an activation function; null is none."""
    argument = known("activation", ACTIVATIONS, default)
    argument.optional = True
    return argument


def initializer(default: Any) -> Any:
    """The name or config of an initializer; it changes values, never shapes. Null stands for Keras's choice."""
    argument = known("initializer", INITIALIZERS, default)
    argument.optional = True
    return argument


def regularizer() -> Any:
    """The name or config of a regularizer; it changes the loss, never shapes."""
    return known("regularizer", REGULARIZERS, None)


def constraint() -> Any:
    """The name or config of a constraint; it changes values, never shapes."""
    return known("constraint", CONSTRAINTS, None)


def dtype_policy(keyword_only: bool = False, modes: Sequence[str] = ()) -> Any:
    """A dtype, or a policy: mixed, whose weights stay float32, or one of the quantised `modes` that the layer has."""

    def read(name: str, value: Any) -> Any:
        # The policies' module needs this one.
        from lstmcalc.layers.policies import PolicyError, policies_in

        try:
            policy, *_ = policies_in(value)
        except PolicyError as error:
            raise refuse(name, error.expected, value, error.fix) from None
        if policy.mode and policy.mode not in modes:
            expected, because = f"`{name}` to be a dtype or a mixed policy", "the layer has no other quantised form"
            if modes:
                expected += f" or one of the modes {', '.join(modes)}"
            else:
                because = "only Dense, EinsumDense and embeddings have quantised forms; others fail on data"
            raise Rejection("wrong-value", expected, show(value), because)
        return value

    return Argument(None, read, "dtype", keyword_only=keyword_only)


def anything(default: Any = REQUIRED, keyword_only: bool = False) -> Any:
    """An argument that changes neither shape nor params and that is not looked into."""
    argument = Argument(default, lambda name, value: value, keyword_only=keyword_only)
    argument.optional = True
    return argument


def tensor() -> Any:
    """An output of another layer, such as a call's `mask`, or a list of them; rules see the shapes, or None."""

    def read(name: str, value: Any) -> Any:
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, tuple | None) for item in items):
            raise refuse(name, "an output of a layer", value)
        return value

    return Argument(None, read, "tensor")


def layer_argument(default: Any = REQUIRED, several: bool = False) -> Any:
    """A wrapped layer, or (`several`) one or a list of them. Rules see rules."""

    def read(name: str, value: Any) -> Any:
        items = value if several and isinstance(value, (list, tuple)) else [value]
        if not items or not all(hasattr(item, "output_shape") for item in items):
            raise refuse(name, "a layer" + (" or a list of them" if several else ""), value)
        return tuple(items) if several and isinstance(value, (list, tuple)) else value

    return Argument(default, read, "layers" if several else "layer")


def exact_choice(*options: str, default: Any = REQUIRED) -> Any:
    """One of a few words, in the very letters: where Keras does not fold case."""
    argument = choice(*options, default=default)
    folding = argument.read

    def read(name: str, value: Any) -> Any:
        option = folding(name, value)
        if option != value:
            raise refuse(name, "one of " + ", ".join(f"`{o}`" for o in options), value, f"did you mean `{option}`?")
        return option

    argument.read = read
    return argument


def axis_list(default: Any = REQUIRED) -> Any:
    """One axis or a list of them, which may be empty; rules see a tuple."""
    argument = integers(default)
    filled = argument.read
    argument.read = lambda name, value: () if value in ([], ()) else filled(name, value)
    return argument


def open_shape(default: Any = REQUIRED, remainder: bool = False) -> Any:
    """A list of sizes, some of which may be null; rules see unknown for null. `remainder` allows -1 as well."""
    expected = "a list of positive integers, with " + ("-1 for what remains" if remainder else "null where unknown")

    def read(name: str, value: Any) -> tuple[Dim, ...]:
        def is_right(size: Any) -> bool:
            return size is None or (_is_size(size) and (at_least(size, 1) is not False or (remainder and size == -1)))

        if not isinstance(value, (list, tuple)) or not all(map(is_right, value)):
            raise refuse(name, expected, value)
        return tuple(map(lift_size, value))

    return Argument(default, read, "shape")
