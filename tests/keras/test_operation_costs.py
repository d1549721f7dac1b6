"""What operations, einsums and attention cost, against what Keras calculates on JAX."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from cost_agreement import Case, Costs, Oracle, differing, noted, of_spec, ours, questions, theirs
from jax_costs import FREE
from operation_models import one_operation

from lstmcalc import infer, load
from lstmcalc.layers.operations import OPERATIONS
from lstmcalc.layers.operations.prices import (
    ACTIVATIONS,
    BY_VALUE,
    FREE_OF_COST,
    REDUCTIONS,
    RUNNING,
    UNKNOWN_COSTS,
)
from lstmcalc.layers.rule import Example
from lstmcalc.spec import Call, InputSpec, LayerSpec, Ref, Spec

_TRUTH = "JAX asks of numbers whether they are 0, where it is given no booleans"
_PATCHES = "JAX moves windows by multiplying with zeros and ones"
_WINDOWS = "JAX slides windows of two lengths over every place, and picks; here each window is counted once"
#: Where what an operation costs here is not what Keras on JAX calculates, and why.
DIFFERENT = {
    **dict.fromkeys("All Any LogicalAnd LogicalNot LogicalOr LogicalXor Where".split(), _TRUTH),
    **dict.fromkeys("ExtractPatches ExtractSequences Fold Unfold".split(), _PATCHES),
    **dict.fromkeys("AdaptiveAveragePool AdaptiveMaxPool".split(), _WINDOWS),
    **dict.fromkeys("Argmax Argmin".split(), "JAX looks for the sign of every zero besides"),
    "Ldexp": "JAX puts the bits of a number together; here it is a power of 2, and a product",
    "Resize": "JAX multiplies by matrices, mostly of zeros; here each new value is a weighted sum of its neighbours",
    "Trace": "JAX adds up the whole plane, with zeros beside the diagonal",
}
#: Operations whose cost one sample has none of: each sample is set beside each other one.
ACROSS_SAMPLES = set("Dot Inner Kron Outer Tensordot".split())


def model_of(name: str, arguments: Any, inputs: Any, keywords: Any = None, dtype: Any = "") -> Spec:
    """A model of one operation with an open batch, all of whose outputs go out."""
    shapes = inputs if isinstance(inputs, list) else [inputs]
    free = [(None, *(FREE if size is None else size for size in shape[1:])) for shape in shapes]
    spec = one_operation(name, arguments, free, keywords, dtype)
    outputs = next(layer for layer in infer(spec).layers if layer.name == "operation").output_shapes
    return spec._replace(outputs=tuple(Ref("operation", index) for index in range(len(outputs))))


def held(name: str, mine: Costs, answer: dict[str, Any], label: str) -> str:
    """Holds the cost of an operation against JAX; returns why there is nothing to hold, or a difference."""
    short = name.removeprefix("ops.")
    if "error" in answer:
        return "not on JAX"
    if mine.unknown:
        assert short in {*UNKNOWN_COSTS, *ACROSS_SAMPLES, "Resize", "Norm"}, f"{label}: the cost is not known"
        return "not known"
    other = differing(mine, theirs(answer, label))
    noted(name, [kind for kind in Costs._fields if kind not in other])
    if short in DIFFERENT:
        return "different" if other else ""
    assert not other, f"{label}: {', '.join(other)} of {mine}, which Keras on JAX has as {answer}"
    return ""


def test_every_operation_has_its_cost_stated_once() -> None:
    from lstmcalc.layers.operations.cost_rules import RULES_OF_COST

    tables = [ACTIVATIONS, BY_VALUE, FREE_OF_COST, REDUCTIONS, RUNNING, UNKNOWN_COSTS, RULES_OF_COST]
    stated = [name for table in tables for name in table]
    assert sorted(stated) == sorted(name.removeprefix("ops.") for name in OPERATIONS)


def examples() -> list[tuple[str, Example]]:
    """Every example of every operation that can have any batch."""
    return [
        (name, example)
        for name, rule in OPERATIONS.items()
        for example in rule.examples
        if isinstance(example, Example)
        and name not in ("ops.Slogdet", "ops.CTCLoss", "ops.Correlate")
        and all(shape[0] is None or name[4:] in ACROSS_SAMPLES for shape in as_list(example.inputs))
    ]


def as_list(shapes: Any) -> list[Any]:
    return shapes if isinstance(shapes, list) else [shapes]


def test_examples_cost_what_keras_calculates(oracle: Oracle) -> None:
    asked = [
        (name, model_of(name, one.arguments, one.inputs, dict(one.keywords), one.dtype)) for name, one in examples()
    ]
    answers = oracle.ask([("spec", spec) for _, spec in asked])
    mine = [of_spec(spec) for _, spec in asked]
    found = [
        (name.removeprefix("ops."), held(name, costs, answer, str(spec.layers["operation"])))
        for (name, spec), costs, answer in zip(asked, mine, answers(), strict=True)
    ]
    # A reason that none of the examples needs any more is none.
    assert {name for name, reason in found if reason == "different"} == set(DIFFERENT) - {"All", "Any"}
    assert sum(reason == "" for _, reason in found) > 330


def shape_with(rng: random.Random, ndim: int, low: int = 1, high: int = 5) -> tuple[Any, ...]:
    return (None, *(rng.randint(low, high) for _ in range(ndim - 1)))


def drawn_pair(rng: random.Random) -> tuple[Any, ...]:
    """An operation on two operands, one of which may be repeated."""
    name = rng.choice([name for name, price in BY_VALUE.items() if OPERATIONS[f"ops.{name}"].places == ("x1", "x2")])
    if name in ACROSS_SAMPLES or name == "Ldexp":
        name = "Add"
    whole = shape_with(rng, rng.randint(1, 4))
    shapes = [(None, *(size if rng.random() < 0.7 else 1 for size in whole[1:])) for _ in range(2)]
    if rng.random() < 0.2 and name not in ("Heaviside", "Hypot"):
        return name, {}, whole, {"x2": 2.0}
    return name, {}, shapes, {}


def drawn_reduction(rng: random.Random) -> tuple[Any, ...]:
    inputs = shape_with(rng, rng.randint(2, 4), 2)
    axes = [axis for axis in range(len(inputs)) if rng.random() < 0.5]
    name = rng.choice([*REDUCTIONS, *RUNNING, "Norm", "Moments", "Average", "Trapezoid", "Diff", "Normalize"])
    one = rng.randrange(1, len(inputs))
    if name in ("Argmax", "Argmin", *RUNNING, "Nanargmax", "Nanargmin", "Average", "Trapezoid"):
        return name, {"axis": one}, inputs, {}
    if name == "Diff":
        return name, {"axis": one, "n": rng.randint(0, inputs[one])}, inputs, {}
    if name == "Norm":
        return name, {"axis": [one], "ord": rng.choice([None, 1, 2, float("inf"), 0])}, inputs, {}
    if name == "Normalize":
        return name, {"axis": sorted({one, len(inputs) - 1}), "order": 2}, inputs, {}
    if name == "Moments":
        return name, {"axes": axes or [one], "keepdims": rng.random() < 0.5}, inputs, {}
    return name, {"axis": axes or None}, inputs, {}


def drawn_product(rng: random.Random) -> tuple[Any, ...]:
    a, b, c, d = (rng.randint(1, 5) for _ in range(4))
    kind = rng.choice(
        "matmul vdot tensordot einsum einsum einsum conv depthwise separable cdist cross attention".split()
    )
    if kind == "matmul":
        return "Matmul", {}, [(None, a, b, c), (None, rng.choice([1, a]), c, d)], {}
    if kind == "vdot":
        return "Vdot", {}, [(None, a), (None, a)], {}
    if kind == "tensordot":
        return "Tensordot", {"axes": 1}, (None, a, 2), {"x2": [[1.0] * b] * 2}
    if kind == "cdist":
        return "CDist", {}, [(None, a, c), (None, b, c)], {}
    if kind == "cross":
        width = rng.choice([2, 3])
        return "Cross", {}, [(None, a, width), (None, a, rng.choice([2, 3]))], {}
    if kind == "attention":
        return "DotProductAttention", {"is_causal": rng.random() < 0.5}, [
            (None, a, d, c), (None, b, d, c), (None, b, d, c)], {}  # fmt: skip
    if kind == "einsum":
        return drawn_einsum(rng)
    kernel = (rng.randint(1, 3), b, c)
    same = {"padding": rng.choice(["valid", "same"]), "strides": rng.randint(1, 2)}
    given = {"kernel": [[[1.0] * kernel[2]] * kernel[1]] * kernel[0]}
    if kind == "separable":
        given = {"depthwise_kernel": given["kernel"], "pointwise_kernel": [[[1.0] * d] * (b * c)]}
    name = {"conv": "Conv", "depthwise": "DepthwiseConv", "separable": "SeparableConv"}[kind]
    return name, same, (None, rng.randint(4, 9), b), given


def drawn_einsum(rng: random.Random) -> tuple[Any, ...]:
    """Any letters in any operands, the batch in all or in the first only."""
    sizes = {letter: rng.randint(2, 5) for letter in "ijkl"}
    number = rng.choice([1, 2, 2, 2, 3])
    terms = ["b" + "".join(rng.sample(list(sizes), rng.randint(1, 3))) for _ in range(number)]
    there = sorted({letter for term in terms for letter in term} - {"b"})
    output = "b" + "".join(rng.sample(there, rng.randint(0, len(there))))
    shapes = [(None, *(sizes[letter] for letter in term[1:])) for term in terms]
    return "Einsum", {"subscripts": f"{','.join(terms)}->{output}"}, shapes, {}


def drawn_neural(rng: random.Random) -> tuple[Any, ...]:
    inputs = shape_with(rng, rng.randint(2, 4), 2)
    last = [1.0] * inputs[-1]
    name = rng.choice([*ACTIVATIONS, "Gelu", "Round", "LayerNorm", "LayerNorm", "RMSNorm", "BinaryCrossentropy",
                       "CategoricalCrossentropy", "SparseCategoricalCrossentropy", "BatchNorm", "PSNR"])  # fmt: skip
    if name in ("Softmax", "LogSoftmax"):
        return name, {"axis": rng.choice([None, *range(len(inputs))])}, inputs, {}
    if name == "Gelu":
        return name, {"approximate": rng.random() < 0.5}, inputs, {}
    if name == "Round":
        return name, {"decimals": rng.choice([0, 2])}, inputs, {}
    if name == "LayerNorm":
        given = {key: last for key in ("gamma", "beta") if rng.random() < 0.5}
        return name, {"rms_scaling": rng.random() < 0.3}, inputs, given
    if name == "RMSNorm":
        return name, {}, inputs, {"scale": last} if rng.random() < 0.5 else {}
    if name == "BatchNorm":
        return name, {"axis": -1}, inputs, {"mean": last, "variance": last}
    if name == "PSNR":
        return name, {"max_val": 1.0}, [inputs, inputs], {}
    if "entropy" in name:
        target = inputs[:-1] if name.startswith("Sparse") else inputs
        return name, {"from_logits": rng.random() < 0.5}, [target, inputs], {}
    return name, {}, inputs, {}


@pytest.mark.parametrize("draw", [drawn_pair, drawn_reduction, drawn_product, drawn_neural])
@pytest.mark.parametrize("number", [25, pytest.param(400, marks=pytest.mark.long)])
def test_drawn_operations_cost_what_keras_calculates(oracle: Oracle, draw: Any, number: int) -> None:
    rng = random.Random(f"{draw.__name__} {number}")
    drawn = [draw(rng) for _ in range(number)]
    asked = [(f"ops.{one[0]}", model_of(f"ops.{one[0]}", *one[1:])) for one in drawn]
    answers = oracle.ask([("spec", spec) for _, spec in asked])
    mine = [of_spec(spec) for _, spec in asked]
    reasons = [
        held(name, costs, answer, str(one))
        for (name, _), one, costs, answer in zip(asked, drawn, mine, answers(), strict=True)
    ]
    assert reasons.count("") > number * 0.7, reasons


def drawn_heads(rng: random.Random) -> Case:
    """MultiHeadAttention along any axes, with a key of its own or not, fused or not."""
    rank, wide = rng.choice([1, 1, 1, 2]), rng.randint(1, 5)
    query, value = (tuple(rng.randint(1, 5) for _ in range(rank)) for _ in range(2))
    arguments: dict[str, Any] = {
        "num_heads": rng.randint(1, 3),
        "key_dim": rng.randint(1, 4),
        "use_bias": rng.random() < 0.7,
        "use_gate": rng.random() < 0.3,
        "dropout": rng.choice([0.0, 0.0, 0.1]),
        "trainable": rng.random() < 0.9,
    }
    if rng.random() < 0.3:
        arguments["output_shape"] = [rng.randint(1, 3) for _ in range(rng.randint(1, 2))]
    if rank == 2:
        arguments["value_dim"] = rng.randint(1, 4)
        if rng.random() < 0.5:
            along = rng.randint(1, 2)
            arguments["attention_axes"] = along
            value = tuple(size if place + 1 == along else query[place] for place, size in enumerate(value))
    inputs = [(None, *query, wide), (None, *value, rng.randint(1, 5))]
    if rng.random() < 0.4:
        inputs.append((None, *value, rng.randint(1, 5)))
    keywords = {"return_attention_scores": rng.random() < 0.3}
    if rank == 1:
        keywords["use_causal_mask"] = rng.random() < 0.4
    return Case("MultiHeadAttention", arguments, inputs, keywords=keywords)


def drawn_groups(rng: random.Random) -> Case:
    shared, wide = rng.randint(1, 3), rng.randint(1, 5)
    arguments = {
        "head_dim": rng.randint(1, 4),
        "num_query_heads": shared * rng.randint(1, 3),
        "num_key_value_heads": shared,
        "use_bias": rng.random() < 0.7,
        "use_gate": rng.random() < 0.4,
        "dropout": rng.choice([0.0, 0.1]),
    }
    steps = rng.randint(1, 5)
    inputs = [(None, rng.randint(1, 5), wide), (None, steps, wide)]
    if rng.random() < 0.4:
        inputs.append((None, steps, rng.randint(1, 5)))
    keywords = {"return_attention_scores": rng.random() < 0.3, "use_causal_mask": rng.random() < 0.4}
    return Case("GroupQueryAttention", arguments, inputs, keywords=keywords)


def drawn_headless(rng: random.Random) -> Case:
    name = rng.choice(["Attention", "AdditiveAttention"])
    arguments = {"use_scale": rng.random() < 0.5, "trainable": rng.random() < 0.8}
    if name == "Attention":
        arguments["score_mode"] = rng.choice(["dot", "concat"])
    wide, steps = rng.randint(1, 5), rng.randint(1, 5)
    before = [rng.randint(1, 3)] if rng.random() < 0.2 else []
    own = rng.random() < 0.4
    value = (None, *before, steps, rng.randint(1, 5) if own else wide)
    inputs = [(None, *before, rng.randint(1, 5), wide), value, *([(None, *before, steps, wide)] if own else [])]
    keywords = {"return_attention_scores": rng.random() < 0.3, "use_causal_mask": rng.random() < 0.3}
    return Case(name, arguments, inputs, keywords=keywords)


#: Equations of EinsumDense, an output shape and an input for each.
EQUATIONS: Sequence[tuple[str, Any, Any]] = [
    ("ab,bc->ac", 5, (None, 3)), ("abc,cd->abd", [None, 5], (None, 7, 3)), ("ab,b->ab", 3, (None, 3)),
    ("abc,cde->abde", [None, 2, 5], (None, 7, 3)), ("abcd,cde->abe", [None, 5], (None, 7, 2, 3)),
    ("ab,b->a", [], (None, 3)), ("a,b->ab", 3, (None,)), ("...x,xy->...y", 5, (None, 7, 3)),
    ("...xy,yz->...xz", [None, 5], (None, 7, 3)), ("...xy,xyz->...z", 5, (None, 4, 2, 3)),
    ("ab...,bc->ac...", 5, (None, 3, 7)), ("ab...,bc->ac...", 5, (None, 3, 7, 6)), ("ab,bbc->ac", 5, (None, 3)),
    ("abc,cd->ad", [4], (None, 6, 3)), ("abcd,cd->ac", [4], (None, 6, 4, 3)), ("...x,xy->...y", 6, (None, 3)),
]  # fmt: skip


def drawn_equation(rng: random.Random) -> Case:
    equation, output, inputs = rng.choice(EQUATIONS)
    made = equation.split("->")[1].strip(".")
    arguments = {"equation": equation, "output_shape": output, "trainable": rng.random() < 0.8}
    if rng.random() < 0.6 and len(made) > 1:
        arguments["bias_axes"] = made[-1]
    arguments["lora_rank"] = rng.choice([None, None, 2])
    arguments["activation"] = rng.choice([None, "relu", "softmax", "gelu"])
    return Case("EinsumDense", arguments, inputs)


@pytest.mark.parametrize("draw", [drawn_heads, drawn_groups, drawn_headless, drawn_equation])
@pytest.mark.parametrize("number", [20, pytest.param(300, marks=pytest.mark.long)])
def test_drawn_attention_and_equations_cost_what_keras_calculates(oracle: Oracle, draw: Any, number: int) -> None:
    rng = random.Random(f"{draw.__name__} {number}")
    asked = [draw(rng) for _ in range(number)]
    answers = oracle.ask(questions(asked))
    mine = [ours(case) for case in asked]
    for case, costs, answer in zip(asked, mine, answers(), strict=True):
        assert "error" not in answer, f"{case}: {answer}"
        assert costs == theirs(answer, str(case)), case
        noted(case.class_name, Costs._fields)


def chain(inputs: tuple[Any, ...], *steps: tuple[str, Any, Any]) -> Spec:
    """Layers and operations one behind the other."""
    names = [f"step_{number}" for number in range(len(steps))]
    sources = ["x", *names]
    layers = {name: LayerSpec(kind, name, given) for name, (kind, given, _) in zip(names, steps, strict=True)}
    calls = tuple(
        Call(name, (Ref(source),), keywords=keywords)
        for name, source, (_, _, keywords) in zip(names, sources, steps, strict=False)
    )
    return Spec("chain", (InputSpec("x", inputs[1:]),), layers, calls, (Ref(names[-1]),), batch=inputs[0])


#: Models in which the batch does not stay in front.
MOVED = {
    "joined with the steps, and back": chain(
        (None, 10, 32),
        ("ops.Reshape", {"newshape": [-1, 32]}, {}),
        ("Dense", {"units": 4, "activation": "softmax"}, {}),
        ("ops.Multiply", {}, {"x2": 2.0}),
        ("ops.Reshape", {"newshape": [-1, 10, 4]}, {}),
        ("ops.Sum", {"axis": 1}, {}),
        ("Dense", {"units": 2}, {}),
    ),
    "moved behind the steps, and back": chain(
        (None, 10, 32),
        ("ops.Transpose", {"axes": [1, 0, 2]}, {}),
        ("ops.Exp", {}, {}),
        ("Dense", {"units": 4}, {}),
        ("ops.Softmax", {"axis": 0}, {}),
        ("ops.Transpose", {"axes": [1, 0, 2]}, {}),
        ("Dense", {"units": 2}, {}),
    ),
    "averaged out": chain(
        (None, 10, 32), ("ops.Mean", {"axis": 0}, {}), ("ops.Exp", {}, {}), ("Dense", {"units": 4}, {})
    ),
    "summed with the steps": chain((None, 10, 4), ("ops.Sum", {"axis": [0, 1]}, {})),
    "laid in one row": chain((None, 10, 4), ("ops.Ravel", {}, {}), ("ops.Exp", {}, {})),
}


@pytest.mark.parametrize("name", MOVED)
def test_a_batch_that_moves_is_followed(oracle: Oracle, name: str) -> None:
    answers = oracle.ask([("spec", MOVED[name])])
    assert of_spec(MOVED[name]) == theirs(*answers(), name)


def behind_weights(kind: str, given: Any, shapes: Any, trained: int, keywords: Any) -> Spec:
    """A layer or operation of several inputs, one of which a trained Dense has made."""
    ports = tuple(InputSpec(f"x{place}", shape[1:]) for place, shape in enumerate(shapes))
    layers = {
        "made": LayerSpec("Dense", "made", {"units": shapes[trained][-1]}),
        "layer": LayerSpec(kind, "layer", given),
    }
    refs = [Ref("made") if place == trained else Ref(port.name) for place, port in enumerate(ports)]
    calls = (Call("made", (Ref(f"x{trained}"),)), Call("layer", tuple(refs), keywords=keywords))
    return Spec("behind", ports, layers, calls, (Ref("layer"),))


_THREE = [(None, 3, 4), (None, 5, 6), (None, 5, 4)]
_HEADS = [(None, 3, 2, 4), (None, 5, 2, 4), (None, 5, 2, 4)]
_KERNEL = [[[1.0] * 4] * 4] * 2
#: Products of which each factor is one input; the gradient to another one costs something else.
FACTORS: Sequence[tuple[str, Any, Any, Any]] = [
    ("Attention", {}, _THREE, {}), ("AdditiveAttention", {}, _THREE, {}),
    ("Attention", {"use_scale": True, "trainable": False}, _THREE, {}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, _THREE, {}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "value_dim": 2, "dropout": 0.1}, _THREE, {}),
    ("GroupQueryAttention", {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
     [(None, 3, 6), (None, 5, 6), (None, 5, 4)], {}),
    ("AdditiveAttention", {"use_scale": False}, [(None, 3, 1), (None, 5, 4)], {}),
    ("AdditiveAttention", {}, [(None, 3, 4), (None, 5, 1)], {}),
    ("ops.DotProductAttention", {}, _HEADS, {}), ("ops.Matmul", {}, [(None, 3, 4), (None, 4, 5)], {}),
    ("ops.Vdot", {}, [(None, 4), (None, 4)], {}),
    ("ops.Einsum", {"subscripts": "bij,bjk,bkl->bil"}, [(None, 2, 3), (None, 3, 4), (None, 4, 5)], {}),
    ("ops.Tensordot", {"axes": 1}, [(None, 3, 2)], {"x2": [[1.0] * 5] * 2}),
    ("ops.Dot", {}, [(None, 3, 2)], {"x2": [[1.0] * 5] * 2}),
    ("ops.Inner", {}, [(None, 3, 2)], {"x2": [[1.0] * 2] * 5}), ("ops.Outer", {}, [(None, 3)], {"x2": [1.0, 2.0]}),
    ("ops.Einsum", {"subscripts": "bij,bik,bkl,blj->b"}, [(None, 2, 3), (None, 2, 4), (None, 4, 5), (None, 5, 3)], {}),
    *(("ops.Norm", {"axis": [1], "ord": order}, [(None, 4)], {}) for order in (1, 2, 3, float("inf"), float("-inf"))),
    *(("ops.Norm", {"axis": [1, 2], "ord": order}, [(None, 3, 4)], {}) for order in (1, -1, float("inf"), "fro")),
    ("ops.Conv", {}, [(None, 5, 4)], {"kernel": _KERNEL}),
    ("ops.SeparableConv", {}, [(None, 5, 4)], {"depthwise_kernel": _KERNEL, "pointwise_kernel": [[[1.0] * 3] * 16]}),
]  # fmt: skip


def test_the_gradient_to_each_factor_costs_what_keras_calculates(oracle: Oracle) -> None:
    asked = [
        behind_weights(kind, given, shapes, trained, keywords)
        for kind, given, shapes, keywords in FACTORS
        for trained in range(len(shapes))
    ]
    answers = oracle.ask([("spec", spec) for spec in asked])
    mine = [of_spec(spec) for spec in asked]
    for spec, costs, answer in zip(asked, mine, answers(), strict=True):
        label = f"{spec.layers['layer'].class_name} {spec.calls}"
        assert "error" not in answer, f"{label}: {answer}"
        assert costs == theirs(answer, label), label


def masked_attention(query: bool, value: bool) -> Spec:
    """Attention on whole numbers that are looked up, with zeros masked where that is asked."""
    ports = tuple(InputSpec(name, (size,), "int32") for name, size in (("asked", 3), ("given", 5)))
    layers = {
        "query": LayerSpec("Embedding", "query", {"input_dim": 9, "output_dim": 4, "mask_zero": query}),
        "value": LayerSpec("Embedding", "value", {"input_dim": 9, "output_dim": 4, "mask_zero": value}),
        "layer": LayerSpec("Attention", "layer", {}),
    }
    calls = (
        Call("query", (Ref("asked"),)),
        Call("value", (Ref("given"),)),
        Call("layer", (Ref("query"), Ref("value"))),
    )
    return Spec("masked", ports, layers, calls, (Ref("layer"),))


def test_only_a_mask_of_the_value_changes_scores(oracle: Oracle) -> None:
    asked = [masked_attention(query, value) for query in (True, False) for value in (True, False)]
    answers = oracle.ask([("spec", spec) for spec in asked])
    for spec, answer in zip(asked, answers(), strict=True):
        assert of_spec(spec) == theirs(answer, str(spec.layers)), spec.layers


def test_what_a_stated_batch_hides_is_not_known() -> None:
    spec = chain((2, 10, 32), ("ops.Reshape", {"newshape": [20, 32]}, {}), ("ops.Tanh", {}, {}))
    assert of_spec(spec).unknown


STEPPED = ["Floor", "Ceil", "Round", "Sign", "Trunc", "StopGradient", "Tanh", "Abs", "Relu"]


def around(class_name: str, past: bool, nested: bool) -> Spec:
    """Dense, an operation, Dense; `past` has the first Dense go round the operation too, `nested` be in a model."""
    first = "models: {first: {input: [4], layers: [Dense: 3]}}\n" if nested else ""
    text = f"""sequential: false
{first}input: [4]
layers:
  - {"{layer: first, name: one}" if nested else "Dense: {units: 3, name: one}"}
  - ops.{class_name}: {{name: step}}
{"  - Add: {inputs: [one, step], name: both}" if past else ""}
  - Dense: 5"""
    return load("-", text=text)


def test_no_gradient_goes_back_through_steps(oracle: Oracle) -> None:
    """Where none comes back, none is needed to weights either: those in front are calculated forwards only."""
    asked = [around(name, past, nested) for name in STEPPED for past in (True, False) for nested in (True, False)]
    answers = oracle.ask([("spec", spec) for spec in asked])
    for spec, answer in zip(asked, answers(), strict=True):
        label = str(spec.layers)
        assert "error" not in answer, f"{label}: {answer}"
        assert of_spec(spec) == theirs(answer, label), label
