"""What a layer or a model costs in lstmcalc, and what Keras on JAX calculates, side by side."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from jax_costs import FREE
from layer_examples import one_layer

from lstmcalc.costs import training_macs
from lstmcalc.dims import UNKNOWN, substitute, symbols_of
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.opening import named_sizes
from lstmcalc.spec import Spec

KINDS = ("macs", "arithmetic", "functions", "training")
#: For each layer, how many cases there were, and in how many of them each kind agreed; cases that JAX or lstmcalc does
#: not know are counted as such.
CHECKED: dict[str, Counter[str]] = {}


class Case(NamedTuple):
    """The arguments of `agreement.theirs`."""

    class_name: str
    arguments: Mapping[str, Any]
    inputs: Any
    states: Sequence[Any] = ()
    dtype: str = "float32"
    keywords: Mapping[str, Any] = {}


class Costs(NamedTuple):
    """What one sample costs: forward, and the multiply-adds of a training step."""

    macs: Any
    arithmetic: Any
    functions: Any
    training: Any

    @property
    def unknown(self) -> bool:
        """Whether any of it is not known."""
        return any(cost is UNKNOWN for cost in self)


class Oracle:
    """Keras on JAX, in a process of its own that is started when it is first asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        #: What nobody has read: a test that fails may leave its answers.
        self._unread = 0

    def ask(self, questions: Iterable[tuple[Any, ...]]) -> Callable[[], list[dict[str, Any]]]:
        """Sends questions, and gives what waits for the answers, so that ours can be found meanwhile."""
        if self._process is None:
            script = Path(__file__).with_name("jax_costs.py")
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            self._process = subprocess.Popen([sys.executable, script], **pipes)
        while self._unread:
            self._read()
        self._process.stdin.write(pickle.dumps(list(questions)))  # type: ignore[union-attr]  # it is a pipe
        self._process.stdin.flush()  # type: ignore[union-attr]
        self._unread += 1
        return self._read

    def _read(self) -> list[dict[str, Any]]:
        self._unread -= 1
        return json.loads(self._process.stdout.readline())  # type: ignore[union-attr, no-any-return]

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.communicate()


def named(shapes: Any, names: Iterable[str]) -> Any:
    """The shapes with a name for every unknown size but the batch."""
    if isinstance(shapes, list):
        return [named(shape, names) for shape in shapes]
    return (shapes[0], *(next(iter(names)) if size is None else size for size in shapes[1:]))


def ours(case: Case) -> Costs:
    """lstmcalc's answer, in symbols where sizes are unknown, and then with `FREE` for them."""
    names = (f"T{number}" for number in count())
    inputs, states = named(case.inputs, names), named(list(case.states), names)
    stated = {"keywords": case.keywords, "dtype": case.dtype}
    try:
        report = infer(one_layer(case.class_name, case.arguments, inputs, states, **stated))
    except SpecError:
        # A few layers take an unknown size, and no symbol for it.
        report = infer(one_layer(case.class_name, case.arguments, case.inputs, case.states, **stated))
    cost = next(layer for layer in report.layers if layer.name == "layer").cost
    return at_free(Costs(*cost, training_macs(report)))


def of_spec(spec: Spec) -> Costs:
    """lstmcalc's answer for a whole model."""
    report = infer(named_sizes(spec))
    return at_free(Costs(*report.cost, training_macs(report)))


def at_free(costs: Costs) -> Costs:
    """The costs with `FREE` for every symbol."""
    return Costs(*(cost if cost is UNKNOWN else at(cost, FREE) for cost in costs))


def at(cost: Any, value: int) -> Any:
    """A cost with one value for all of its symbols."""
    return substitute(cost, dict.fromkeys(symbols_of(cost), value))


def theirs(answer: Mapping[str, Any], label: str = "") -> Costs:
    """Keras on JAX's answer; every operation in it must be one that is counted."""
    forward, training = answer["forward"], answer["training"]
    uncounted = {*forward, *training} - {*KINDS}
    assert not uncounted, f"{label}: {uncounted} is not counted"
    return Costs(*(forward.get(kind, 0) for kind in KINDS[:3]), training.get("macs", 0))


def differing(mine: Costs, real: Costs) -> list[str]:
    """The kinds of cost that are not the same."""
    return [kind for kind, cost, actual in zip(KINDS, mine, real, strict=True) if cost != actual]


def noted(class_name: str, found: Iterable[str]) -> None:
    """Counts one more case of a layer, and what is to be told of it."""
    CHECKED.setdefault(class_name, Counter()).update(["cases", *found])


def questions(cases: Iterable[Case], unrolled: bool = True) -> list[tuple[Any, ...]]:
    """Cases as the oracle is asked them."""
    return [("case", (*case[:5], dict(case.keywords)), unrolled) for case in cases]


__all__ = ["CHECKED", "Case", "Costs", "Oracle", "differing", "noted", "of_spec", "ours", "questions", "theirs"]
