"""What Keras on JAX calculates, counted in its jaxpr: the oracle for costs. Runs as a process of its own.

    KERAS_BACKEND=jax python tests/keras/jax_costs.py < cases.pickle > counts.json

A case holds the arguments of `agreement.theirs`. Counted is what grows with the batch: the difference between a batch of
3 and one of 2. The loop of a scan counts as often as it runs. Conventions are those of `lstmcalc.layers.costs`.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

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
    if not ins or not any(is_float(aval) for aval in (*ins, out)):
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

    A convolution that spreads its input (`lhs_dilation`, or padding as wide as the window, as gradients have) multiplies
    each number of the input with each tap once; any other, each window of the output with each tap once.
    """
    data, kernel = ins[0].shape, ins[1].shape
    outs, wide, *_ = params["dimension_numbers"].rhs_spec
    by_output = size * prod(kernel) // kernel[outs]
    by_input = prod(data) * prod(kernel) // kernel[wide] // params["feature_group_count"]
    return min(by_output, by_input)


def times(found: Counter[str], number: int) -> Counter[str]:
    """So many times as much."""
    return Counter({key: value * number for key, value in found.items()})


def costs_of_model(model: Any, batches: tuple[int, int] = (2, 3), free: int = 7) -> dict[str, Any]:
    """What one sample costs: forward, and the MACs of a training step; unknown sizes are `free`."""
    few, many = (counts_of_model(model, batch, free) for batch in batches)
    per = batches[1] - batches[0]
    forward, training = (
        {key: (there[key] - here[key]) / per for key in {*here, *there}} for here, there in zip(few, many, strict=True)
    )
    return {"forward": forward, "training": training}


def counts_of_model(model: Any, batch: int, free: int) -> tuple[Counter[str], Counter[str]]:
    """What a batch costs, forward and in a training step whose loss is the sum of all outputs."""
    import jax

    trained = [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in model.trainable_variables]
    frozen = [v.value for v in model.non_trainable_variables]
    data = [
        jax.ShapeDtypeStruct([batch, *(size or free for size in tensor.shape[1:])], tensor.dtype)
        for tensor in model.inputs
    ]

    def forward(weights: Any, data: Any) -> Any:
        outputs, _ = model.stateless_call(weights, frozen, data, training=False)
        return jax.tree_util.tree_leaves(outputs)

    def step(weights: Any, data: Any) -> Any:
        outputs, backward = jax.vjp(lambda some: forward(some, data), weights)
        ones = [jax.numpy.ones(o.shape, o.dtype if is_float(o) else jax.dtypes.float0) for o in outputs]
        return outputs, backward(ones)

    return counted(forward, trained, data), counted(step if trained else forward, trained, data)


def counted(function: Any, *arguments: Any) -> Counter[str]:
    """What a function calculates, without what nothing depends on."""
    import jax
    from jax.interpreters import partial_eval

    closed = jax.make_jaxpr(function)(*arguments)
    used, _ = partial_eval.dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars))
    return count(used)


def costs_of_case(case: tuple[Any, ...]) -> dict[str, Any]:
    """What one layer costs; what Keras on JAX cannot do is an `error`."""
    from agreement import theirs

    class_name, arguments, inputs, states, dtype, keywords = case
    try:
        _, model = theirs(class_name, arguments, with_batch(inputs), with_batch(states), dtype, keywords)
        return costs_of_model(model)
    except Exception as error:  # Keras raises whatever its backend raises.
        return {"error": f"{type(error).__name__}: {error}"}


def with_batch(shapes: Any) -> Any:
    """Shapes whose batch is open."""
    if isinstance(shapes, (list, tuple)) and shapes and isinstance(shapes[0], (list, tuple)):
        return type(shapes)(with_batch(shape) for shape in shapes)
    return (None, *shapes[1:]) if shapes else shapes


if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ["JAX_PLATFORMS"] = "cpu"
    here = Path(__file__).parent
    sys.path[:0] = [str(here), str(here.parent / "support")]
    asked = pickle.load(sys.stdin.buffer)
    answers = [costs_of_case(case) for case in asked]
    json.dump(answers, sys.stdout)
