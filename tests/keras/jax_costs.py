"""What Keras on JAX calculates, counted in its jaxpr: the oracle for costs. Runs as a process of its own.

A case holds the arguments of `agreement.theirs`, or a whole spec. Counted is what grows with the batch: the difference
between a batch of 3 and one of 2. The loop of a scan counts as often as it runs. Conventions are those of
`lstmcalc.layers.costs`.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf, prod
from pathlib import Path
from typing import Any

#: The batches whose difference is taken, and the size of whatever is unknown.
BATCHES = (2, 3)
FREE = 7

#: One operation per number that comes out.
ARITHMETIC = set(
    "add sub mul div max min neg abs sign floor ceil round rem add_any square clamp gt lt ge le eq ne nextafter".split()
)
FUNCTIONS = set(
    "exp exp2 log log1p expm1 tanh logistic sin cos tan asin acos atan atan2 sinh cosh asinh acosh atanh erf erfc "
    "erf_inv rsqrt sqrt cbrt pow lgamma digamma igamma igammac bessel_i0e bessel_i1e".split()
)
#: From many numbers fewer: one operation for each that goes.
REDUCTIONS = set("reduce_sum reduce_max reduce_min reduce_prod argmax argmin".split())
#: Along an axis, every number joined to those before it.
CUMULATIVE = set("cumsum cumprod cummax cummin cumlogsumexp".split())
#: Numbers that are only moved, chosen or made.
MOVES = set(
    "convert_element_type broadcast_in_dim reshape transpose select_n slice dynamic_slice dynamic_update_slice "
    "concatenate pad rev iota squeeze stop_gradient copy gather expand_dims and or not xor real imag split "
    "random_bits random_seed random_wrap random_unwrap random_fold_in random_split shift_left shift_right_logical "
    "is_finite reduce_or reduce_and symbolic_zeros copy_p device_put sharding_constraint mul_any scatter "
    "optimization_barrier reduce_precision empty create_token debug_callback bitcast_convert_type threefry2x32 "
    "shift_right_arithmetic population_count unvmap_any top_k sort name zeros_like complex conj".split()
)


def count(jaxpr: Any) -> Counter[str]:
    """MACs, arithmetic and functions of a jaxpr; a primitive that is not known is counted under its name."""
    found: Counter[str] = Counter()
    for equation in jaxpr.eqns:
        found.update(count_equation(equation))
    return found


def count_equation(equation: Any) -> Counter[str]:
    """What one equation costs."""
    name, params = equation.primitive.name, equation.params
    if name == "scan":
        return times(count(params["jaxpr"].jaxpr), params["length"])
    if name == "while":
        return Counter({"while": 1}) if count(params["body_jaxpr"].jaxpr) else Counter()
    if name == "cond":
        return max((count(branch.jaxpr) for branch in params["branches"]), key=lambda found: sum(found.values()))
    for key in ("jaxpr", "call_jaxpr", "fun_jaxpr"):
        if key in params:
            return count(getattr(params[key], "jaxpr", params[key]))
    ins = [variable.aval for variable in equation.invars]
    out = equation.outvars[0].aval
    products = ("dot_general", "conv_general_dilated")
    if not ins or not (name in products or any(is_float(aval) for aval in (*ins, out))):
        return Counter()
    if name == "max" and any(getattr(variable, "val", 0) == -inf for variable in equation.invars):
        # The greater of a number and -inf, which JAX puts under every greatest of a softmax, is no choice.
        return Counter()
    return count_primitive(name, params, ins, out)


def is_float(aval: Any) -> bool:
    """Whether an array holds numbers with fractions."""
    return getattr(getattr(aval, "dtype", None), "kind", "") in "fcV" and hasattr(aval, "shape")


def count_primitive(name: str, params: Any, ins: list[Any], out: Any) -> Counter[str]:
    """What one operation on arrays costs."""
    size = prod(out.shape)
    if name == "dot_general":
        (left, _), _ = params["dimension_numbers"]
        return Counter(macs=size * prod(ins[0].shape[axis] for axis in left))
    if name == "conv_general_dilated":
        return Counter(macs=conv_macs(params, ins, size))
    if name == "integer_pow":
        power = params["y"]
        return Counter(arithmetic=size * (abs(power) - 1 + (power < 0)))
    if name in ARITHMETIC:
        return Counter(arithmetic=size * (2 if name == "clamp" else 1))
    if name in FUNCTIONS:
        return Counter(functions=size)
    if name in REDUCTIONS:
        return Counter(arithmetic=prod(ins[0].shape) - size)
    if name in CUMULATIVE:
        return Counter(arithmetic=size - size // max(out.shape[params["axis"]], 1))
    if name.startswith("reduce_window"):
        return Counter(arithmetic=size * (prod(params["window_dimensions"]) - 1))
    if name == "select_and_scatter_add":
        return Counter(arithmetic=prod(ins[0].shape))
    if name in ("scatter-add", "scatter_add"):
        return Counter(arithmetic=prod(ins[2].shape))
    return Counter() if name in MOVES else Counter({name: 1})


def conv_macs(params: Any, ins: list[Any], size: int) -> int:
    """The multiply-adds of a convolution: every tap of every window, but none of the zeros put in between.

    A convolution that spreads its input (`lhs_dilation`, or padding as wide as the window, as gradients have)
    multiplies each number of the input with each tap once; any other, each window of the output with each tap once.
    Keras puts the batch first: where it is summed over, this is the gradient to a kernel, whose taps are the output.
    """
    data, kernel = ins[0].shape, ins[1].shape
    lhs, rhs, _ = params["dimension_numbers"]
    outs, wide, *spread = rhs
    if lhs[0] != 0:
        return size * data[0] * min(prod(data[axis] for axis in lhs[2:]), prod(kernel[axis] for axis in spread))
    by_output = size * prod(kernel) // kernel[outs]
    by_input = prod(data) * prod(kernel) // kernel[wide] // params["feature_group_count"]
    return min(by_output, by_input)


def times(found: Counter[str], number: int) -> Counter[str]:
    """So many times as much."""
    return Counter({key: value * number for key, value in found.items()})


def costs_of_model(made: Callable[[int | None], Any], fixed: bool = False) -> dict[str, Any]:
    """What one sample costs: forward, and the MACs of a training step; unknown sizes are `FREE`.

    `made` gives the model for a batch, None where that is open; a `fixed` batch takes a model for each.
    """
    models = [made(batch) for batch in BATCHES] if fixed else [made(None)] * 2
    few, many = (counts_of_model(model, batch) for model, batch in zip(models, BATCHES, strict=True))
    per = BATCHES[1] - BATCHES[0]
    forward, training = (
        {key: (there[key] - here[key]) / per for key in {*here, *there} if there[key] != here[key]}
        for here, there in zip(few, many, strict=True)
    )
    return {"forward": forward, "training": training}


def counts_of_model(model: Any, batch: int) -> tuple[Counter[str], Counter[str]]:
    """What a batch costs, forward and in a training step whose loss is the sum of all outputs."""
    import jax

    trained = [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in model.trainable_variables]
    frozen = [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in model.non_trainable_variables]
    data = [
        jax.ShapeDtypeStruct([batch, *(size or FREE for size in tensor.shape[1:])], tensor.dtype)
        for tensor in model.inputs
    ]

    def forward(weights: Any, frozen: Any, data: Any) -> Any:
        outputs, _ = model.stateless_call(weights, frozen, data, training=False)
        return jax.tree_util.tree_leaves(outputs)

    def step(weights: Any, frozen: Any, data: Any) -> Any:
        outputs, backward = jax.vjp(lambda some: forward(some, frozen, data), weights)
        ones = [jax.numpy.ones(o.shape, o.dtype if is_float(o) else jax.dtypes.float0) for o in outputs]
        return outputs, backward(ones)

    arguments = (trained, frozen, data)
    return counted(forward, *arguments), counted(step if trained else forward, *arguments)


def counted(function: Any, *arguments: Any) -> Counter[str]:
    """What a function calculates, without what nothing depends on."""
    import jax
    from jax.interpreters import partial_eval

    closed = jax.make_jaxpr(function)(*arguments)
    used, _ = partial_eval.dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars))
    return count(used)


def costs_of_case(case: tuple[Any, ...]) -> dict[str, Any]:
    """What one layer costs."""
    from agreement import theirs

    class_name, arguments, inputs, states, dtype, keywords = case
    first = inputs[0] if isinstance(inputs, list) else inputs

    def made(batch: int | None) -> Any:
        shapes = with_batch(inputs, batch)
        return theirs(class_name, arguments, shapes, with_batch(states, batch), dtype, keywords)[1]

    return costs_of_model(made, isinstance(first[0], int))


def with_batch(shapes: Any, batch: int | None) -> Any:
    """Shapes of this batch."""
    if isinstance(shapes, (list, tuple)) and shapes and isinstance(shapes[0], (list, tuple)):
        return type(shapes)(with_batch(shape, batch) for shape in shapes)
    return (batch, *shapes[1:]) if shapes else shapes


def costs_of_spec(spec: Any) -> dict[str, Any]:
    """What a whole model costs."""
    import keras

    from lstmcalc.verification.keras_model import KerasModel

    def made(batch: int | None) -> Any:
        return KerasModel(keras, spec if batch is None else spec._replace(batch=batch), {}).build().model

    return costs_of_model(made, spec.batch is not None)


def costs_of_application(asked: tuple[str, Any]) -> dict[str, Any]:
    """What an architecture of `keras.applications` costs, and its `config` as `model.to_json()` gives it."""
    import keras

    name, arguments = asked
    model = getattr(keras.applications, name)(weights=None, **arguments)
    return {**costs_of_model(lambda batch: model), "config": model.to_json()}


@contextmanager
def loops(unrolled: bool) -> Iterator[None]:
    """Has Keras write every loop over time out, or leave that to the layers' own `unroll`.

    The gradient of a loop is the same for every step: it holds one to the states at its start, which nothing needs.
    """
    from keras.src import backend

    # The loop of its own that a GRU has is one more, for which there is no writing out.
    originals = {name: getattr(backend, name) for name in ("rnn", "gru", "lstm")}

    def written_out(original: Any) -> Any:
        return lambda *arguments, **keywords: original(*arguments, **{**keywords, "unroll": True})

    for name, original in originals.items() if unrolled else ():
        setattr(backend, name, written_out(original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(backend, name, original)


def answer(kind: str, case: Any, unrolled: bool = True) -> dict[str, Any]:
    """What was asked for; what Keras on JAX cannot do is an `error`."""
    import keras

    keras.backend.clear_session(free_memory=False)
    kinds = {"case": costs_of_case, "spec": costs_of_spec, "application": costs_of_application}
    try:
        with loops(unrolled):
            return kinds[kind](case)
    except Exception as error:  # Keras raises whatever its backend raises.
        return {"error": f"{type(error).__name__}: {error}"}


def leave_weights_zero() -> None:
    """Has Keras draw no weights: what they are costs nothing, and compiling how each shape is drawn takes seconds."""
    import numpy
    from keras.src.backend.jax.core import JaxVariable

    def initialized(self: Any, initializer: Any) -> None:
        self._initialize(self._convert_to_tensor(numpy.zeros(self._shape), dtype=self._dtype))

    JaxVariable._initialize_with_initializer = initialized


def main() -> None:
    """Answers one pickled list of questions after the other, each with a line of JSON, until there are no more."""
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ["JAX_PLATFORMS"] = "cpu"
    here = Path(__file__).parent
    sys.path[:0] = [str(here), str(here.parent / "support")]
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    # What libraries print is no answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    leave_weights_zero()
    while True:
        try:
            asked = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        gc.collect()
        print(json.dumps([answer(*question) for question in asked]), file=answers, flush=True)


if __name__ == "__main__":
    main()
