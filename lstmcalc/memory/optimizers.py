"""The variables that Keras's optimizers keep for a model's trained weights, each by its own rule.

keras/src/optimizers, 3.15.1; tests/keras/test_optimizers.py holds them against `optimizer.variables`.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lstmcalc.dims import Dim, product
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.arguments import closest

__all__ = ["OPTIMIZERS", "Optimizer", "Slot", "Trained", "read_optimizer"]

Shape = tuple[Dim, ...]

#: The dtype of a whole number that Keras is given as a variable's first value.
ZERO = "int32"


class Trained(NamedTuple):
    """A trained weight as an optimizer sees it: where it is in the model, its shape and its dtype.

    `overwritten` tells of the scales of a float8 layer, which Keras sets, and does not train.
    """

    path: str
    shape: Shape
    dtype: str = "float32"
    overwritten: bool = False


class Slot(NamedTuple):
    """A variable of an optimizer; `int` is the dtype of a counter: 8 bytes on TensorFlow, 4 elsewhere."""

    shape: Shape
    dtype: str = "float32"

    @property
    def size(self) -> Dim:
        """How many numbers it holds."""
        return product(self.shape)


Options = Mapping[str, Any]


def _copies(number: int) -> Callable[[Options], int]:
    return lambda options: number


class Kind(NamedTuple):
    """How many copies of each weight a class of optimizers keeps, by its options; its own options, and what else."""

    copies: Callable[[Options], int]
    own: tuple[str, ...] = ()
    #: Variables besides the copies: of each weight, or of all together.
    each: Callable[[Trained, Options], Iterable[Slot]] = lambda weight, options: ()
    once: Callable[[Sequence[Trained]], Iterable[Slot]] = lambda weights: ()


#: What all optimizers take, with Keras's defaults where they matter here.
COMMON = ("learning_rate", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum",
          "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps", "name")  # fmt: skip
ADAM = ("beta_1", "beta_2", "epsilon")
FTRL = ("learning_rate_power", "initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
        "l2_shrinkage_regularization_strength", "beta")  # fmt: skip
MUON = ("adam_beta_1", "adam_beta_2", "adam_weight_decay", "epsilon", "exclude_embeddings", "muon_a", "muon_b",
        "muon_c", "adam_lr_ratio", "momentum", "ns_steps", "nesterov", "rms_rate")  # fmt: skip


def _factors(weight: Trained, options: Options) -> Iterator[Slot]:
    """Adafactor's two factors of a matrix: what its rows and its columns have in common; of a vector, two zeros."""
    if len(weight.shape) < 2:
        yield from (Slot((), ZERO), Slot((), ZERO))
    elif not weight.overwritten:
        yield Slot(weight.shape[:-1], weight.dtype)
        yield Slot((*weight.shape[:-2], weight.shape[-1]), weight.dtype)


def _velocity(weight: Trained, options: Options) -> Iterator[Slot]:
    """Muon treats as Adam does what is no matrix, and embeddings."""
    embedded = options.get("exclude_embeddings", True) and "embedding" in weight.path.lower()
    if not weight.overwritten and (len(weight.shape) != 2 or embedded):
        yield Slot(weight.shape, weight.dtype)


def _product(weights: Sequence[Trained]) -> Iterator[Slot]:
    """Nadam's product of its schedule, in the dtype of the first weight."""
    yield Slot((), weights[0].dtype if weights else "float32")


def _rmsprop(options: Options) -> int:
    return 1 + bool(options.get("momentum", 0.0) > 0) + bool(options.get("centered", False))


OPTIMIZERS: dict[str, Kind] = {
    "SGD": Kind(lambda options: int(options.get("momentum", 0.0) != 0), ("momentum", "nesterov")),
    "RMSprop": Kind(_rmsprop, ("rho", "momentum", "epsilon", "centered")),
    "Adam": Kind(lambda options: 2 + bool(options.get("amsgrad", False)), (*ADAM, "amsgrad")),
    "AdamW": Kind(lambda options: 2 + bool(options.get("amsgrad", False)), (*ADAM, "amsgrad")),
    "Adadelta": Kind(_copies(2), ("rho", "epsilon")),
    "Adagrad": Kind(_copies(1), ("initial_accumulator_value", "epsilon")),
    "Adamax": Kind(_copies(2), ADAM),
    "Nadam": Kind(_copies(2), ADAM, once=_product),
    "Ftrl": Kind(_copies(2), FTRL),
    "Lion": Kind(_copies(1), ("beta_1", "beta_2")),
    "Lamb": Kind(_copies(2), ADAM),
    "ScheduleFreeAdamW": Kind(_copies(2), (*ADAM, "warmup_steps")),
    "Adafactor": Kind(
        _copies(1), ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step"), each=_factors
    ),
    "Muon": Kind(_copies(1), MUON, each=_velocity),
}
#: Multiplies the loss, so that float16 does not lose small gradients; what it wraps does the rest.
SCALING = "LossScaleOptimizer"
FLAGS = {"use_ema", "amsgrad", "centered", "nesterov", "exclude_embeddings", "relative_step"}


@dataclass(frozen=True)
class Optimizer:
    """An optimizer with its options; `inner` is the one that a LossScaleOptimizer wraps.

    >>> optimizer = read_optimizer("SGD(momentum=0.9)")
    >>> [str(slot.shape) for slot in optimizer.slots([Trained("dense/kernel", (3, 4))])]
    ['()', '()', '(3, 4)']
    """

    class_name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    inner: Optimizer | None = None

    def __str__(self) -> str:
        listed = ", ".join(f"{key}={value}" for key, value in self.options.items())
        inside = ", ".join(filter(None, (str(self.inner) if self.inner else "", listed)))
        return f"{self.class_name}({inside})" if inside else self.class_name

    def slots(self, weights: Sequence[Trained]) -> Iterator[Slot]:
        """All its variables, the counter of steps and the learning rate among them."""
        yield Slot((), "int")
        if not isinstance(self.options.get("learning_rate"), Schedule):
            yield Slot(())
        if self.inner is not None:
            yield from (Slot((), "int"), Slot(()))
            yield from self.inner.slots(weights)
            return
        kind = OPTIMIZERS[self.class_name]
        copies = kind.copies(self.options) + bool(self.options.get("use_ema", False))
        for weight in weights:
            if self.options.get("gradient_accumulation_steps"):
                yield Slot(weight.shape, weight.dtype)
            if not weight.overwritten:
                yield from [Slot(weight.shape, weight.dtype)] * copies
            yield from kind.each(weight, self.options)
        yield from kind.once(weights)

    def scaled(self) -> Optimizer:
        """The optimizer as Keras wraps it where the model is in mixed_float16."""
        return self if self.class_name == SCALING else Optimizer(SCALING, {}, self)


class Schedule(str):
    """A learning rate that follows a schedule, as it was written; it is no variable."""

    __slots__ = ()


@lru_cache(maxsize=64)
def read_optimizer(text: str) -> Optimizer:
    """An optimizer as people name it: `adam`, or with options `SGD(momentum=0.9)`.

    Raises ValueError, whose text says what is expected.

    >>> print(read_optimizer("adam"), read_optimizer("keras.optimizers.SGD(0.1, momentum=0.9)"))
    Adam SGD(learning_rate=0.1, momentum=0.9)
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip()[:1000], mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(
            f"expected an optimizer such as adam or `SGD(momentum=0.9)`, got {text[:60] or 'nothing'}"
        ) from None
    return _read(tree, text)


def _read(node: ast.expr, text: str) -> Optimizer:
    call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
    class_name = _class_name(call.func, text)
    pairs = list(zip(_positional(class_name), call.args, strict=False))
    pairs += [(keyword.arg or "**", keyword.value) for keyword in call.keywords]
    if len(call.args) > len(_positional(class_name)):
        raise ValueError(f"expected the options of {class_name} by name, got {text[:60]}")
    options: dict[str, Any] = {}
    inner = None
    for key, value in pairs:
        _check_key(class_name, key)
        if key == "inner_optimizer":
            inner = _read(value, text)
        else:
            options[key] = _value(class_name, key, value)
    if class_name == SCALING and (inner is None or inner.class_name == SCALING):
        raise ValueError(f"expected {SCALING} around another optimizer, such as `{SCALING}(Adam())`, got {text[:60]}")
    return Optimizer(class_name, options, inner)


def _class_name(node: ast.expr, text: str) -> str:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else text[:60]
    known = {each.lower(): each for each in (*OPTIMIZERS, SCALING)}
    if name.lower() in known:
        return known[name.lower()]
    near = closest(name, list(known.values()))
    hint = f"; did you mean {near}?" if near else ""
    raise ValueError(f"expected one of {', '.join(known.values())}, got {name}{hint}")


def _positional(class_name: str) -> tuple[str, ...]:
    return ("inner_optimizer",) if class_name == SCALING else ("learning_rate",)


def _check_key(class_name: str, key: str) -> None:
    if class_name == SCALING:
        known: tuple[str, ...] = ("inner_optimizer", "initial_scale", "dynamic_growth_steps", "name")
    else:
        known = (*COMMON, *OPTIMIZERS[class_name].own)
    if key in known:
        return
    near = closest(key, list(known))
    hint = f"did you mean {near}?" if near else f"it has {', '.join(known)}"
    raise ValueError(f"expected an option of {class_name}, got {key}; {hint}")


def _value(class_name: str, key: str, node: ast.expr) -> Any:
    if key == "learning_rate" and isinstance(node, ast.Call):
        return Schedule(ast.unparse(node))
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise ValueError(f"expected a value for {key} of {class_name}, got {ast.unparse(node)[:60]}") from None
    if key in FLAGS and not isinstance(value, bool):
        raise ValueError(f"expected {key} to be True or False, got {value}")
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 2
    if key == "gradient_accumulation_steps" and value is not None and not is_count:
        raise ValueError(f"expected {key} to be an integer of at least 2, got {value}")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if key == "momentum" and not (is_number and 0 <= value <= 1):
        raise ValueError(f"expected momentum to be a number from 0 to 1, got {value}")
    return value
