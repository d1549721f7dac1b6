"""Which class a row is of: the printed one, or those that a cut one may have been."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import ALIASES, RULES, LayerRule, find_rule
from lstmcalc.layers.opaque import OPAQUE
from lstmcalc.spec import snake_case
from lstmcalc.summary_text.printed import PrintedRow

__all__ = ["INPUT", "ClassChoice", "classes_of", "is_certain", "is_input"]

#: The class of the rows that are a model's inputs.
INPUT = "InputLayer"
#: What Keras calls a model that is used as a layer.
MODELS = ("Sequential", "Functional", "Model")
#: Classes that old versions had and that are another class today, or are opaque.
FORMER = {"TimeDistributedDense": "TimeDistributed"}
#: Classes that have a rule, and arguments that no summary shows.
HIDDEN = {*OPAQUE, "Lambda"}
#: Further classes that a summary may print, without a rule.
OTHERS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "Merge", "Highway", "MaxoutDense", "ClassMethod",
          "InstanceMethod", "InstanceProperty", "ModuleWrapper", "KerasLayer", *MODELS)  # fmt: skip
#: The families of layers that have an operation of the same name.
SHARED = ("merging", "reshaping", "activations")
#: How the names of layers start that tf.keras makes of operations.
NAMED_SO = {"tf_op_layer_": "TensorFlowOpLayer", "tf.__operators__.getitem": "SlicingOpLambda", "tf.": "TFOpLambda"}
#: So many letters of a class tell it.
TELLING = 8


class ClassChoice(NamedTuple):
    """A class that a row may be of, its rule (None where a summary cannot show its arguments), how unusual that is."""

    class_name: str
    rule: type[LayerRule] | None
    cost: float = 0.0


def classes_of(row: PrintedRow, style: str = "") -> Sequence[ClassChoice]:
    """The classes that a row may be of, likeliest first; empty where none that is known starts as the row's does.

    Only Keras 3, which draws boxes, prints operations as rows of their own.

    >>> [choice] = classes_of(PrintedRow(1, (), "time_distributed", "TimeDistri", class_cut=True))
    >>> choice.class_name
    'TimeDistributed'
    """
    if not row.class_cut and row.class_name:
        return _whole(row.class_name, style in ("boxes", ""))
    names = _named_after(row.name, row.name_cut)
    choices = _starting(row.class_name)
    likely = [choice for choice in choices if choice.class_name in names]
    # Without a letter of the class, there is only the name to go by.
    return likely or (choices if row.class_name else ())


def is_certain(row: PrintedRow) -> bool:
    """Whether the class of a row is told: printed whole, or so far that its name, or its length, leaves one.

    A class of one's own may start with the same letters as one of Keras.
    """
    if not row.class_cut and row.class_name:
        return True
    choices = {choice.class_name for choice in classes_of(row)}
    return bool(choices & _named_after(row.name, row.name_cut)) or (bool(choices) and len(row.class_name) >= TELLING)


def is_input(row: PrintedRow) -> bool:
    """Whether a row is one of the model's inputs."""
    return [choice.class_name for choice in classes_of(row)] == [INPUT]


@lru_cache(maxsize=1024)
def _whole(name: str, operations: bool) -> tuple[ClassChoice, ...]:
    known = _todays(name)
    choices = []
    if known in RULES and known not in HIDDEN:
        choices.append(ClassChoice(known, RULES[known]))
    # Their rules take their time to load, and few layers share their name with one.
    if (
        operations
        and (not choices or RULES[known].family in SHARED)
        and (operation := find_rule(f"ops.{name}")) is not None
    ):
        choices.append(ClassChoice(f"ops.{name}", operation, 1.0))
    return tuple(choices) or (ClassChoice(known, None),)


def _todays(name: str) -> str:
    """What a class is called today."""
    return FORMER.get(name, ALIASES.get(name, name))


@lru_cache(maxsize=256)
def _starting(prefix: str) -> tuple[ClassChoice, ...]:
    """Every class whose name starts so, today's first."""
    names = dict.fromkeys([*RULES, INPUT, *OTHERS, *ALIASES, *FORMER])
    fitting = [name for name in names if name.startswith(prefix)]
    found: dict[str, ClassChoice] = {}
    for name in fitting:
        known = _todays(name)
        rule = RULES.get(known) if known not in HIDDEN else None
        found.setdefault(known, ClassChoice(known, rule, 0.2 * (known != name)))
    return tuple(found.values())


def _named_after(name: str, cut: bool) -> set[str]:
    """The classes that Keras names so: `bidirectional_1`, and `timedistributed_1` as Keras 1 did."""
    if name.startswith(tuple(NAMED_SO)):
        return {class_name for start, class_name in NAMED_SO.items() if name.startswith(start)}
    table = _by_name()
    plain = re.sub(r"_?\d*$", "", name).replace("_", "")
    if plain in table or not cut or not plain:
        return {table[plain]} if plain in table else set()
    return {class_name for known, class_name in table.items() if known.startswith(plain)}


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    """Classes by their names in lower case without underscores; today's name wins."""
    names = [*FORMER, *ALIASES, *OTHERS, INPUT, *RULES]
    table = {snake_case(name).replace("_", ""): _todays(name) for name in names}
    return {**table, "input": INPUT, "model": "Model"}
