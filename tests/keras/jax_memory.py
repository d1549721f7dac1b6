"""What Keras on JAX keeps for backpropagation, and the memory of a compiled step. Runs as a process of its own.

    KERAS_BACKEND=jax python tests/keras/jax_memory.py < asked.pickle > answers.json

Asked is (`layer`, arguments of `agreement.theirs`) for what one sample has a layer keep, (`kept`, text of a spec) for
what it has a model keep, or (`model`, text, values, batch, optimizer, precision) for the bytes of a training step, as
XLA plans them on a CPU.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any


def kept_by_layer(case: tuple[Any, ...], precision: str = "float32") -> dict[str, Any]:
    """The bytes that one sample has a layer keep: what a batch of 3 keeps more than one of 2."""
    import keras
    from agreement import theirs

    class_name, arguments, inputs, states, dtype, keywords = case
    keras.config.set_dtype_policy(precision)
    try:
        _, model = theirs(class_name, arguments, with_batch(inputs), with_batch(states), dtype, keywords)
        few, many = (sum(map(size_of, residuals(model, batch))) for batch in (2, 3))
        return {"bytes": many - few}
    except Exception as error:  # Keras raises whatever its backend raises.
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        keras.config.set_dtype_policy("float32")


def kept_by_model(text: str) -> dict[str, Any]:
    """The bytes that one sample has a model keep, its inputs with them where they are read again."""
    import keras

    from lstmcalc import load
    from lstmcalc.verification.keras_model import KerasModel

    model = KerasModel(keras, load("-", text=text), {}).build().model
    few, many = (sum(map(size_of, residuals(model, batch))) for batch in (2, 3))
    return {"bytes": many - few}


def is_float(array: Any) -> bool:
    """Whether an array holds numbers with fractions."""
    return getattr(array.dtype, "kind", "") in "fcV"


def with_batch(shapes: Any) -> Any:
    """Shapes whose batch is open."""
    if isinstance(shapes, (list, tuple)) and shapes and isinstance(shapes[0], (list, tuple)):
        return type(shapes)(with_batch(shape) for shape in shapes)
    return (None, *shapes[1:]) if shapes else shapes


def size_of(array: Any) -> int:
    """The bytes of an array."""
    return int(array.size * array.dtype.itemsize)


def residuals(model: Any, batch: int, free: int = 7) -> list[Any]:
    """The arrays that a training step's forward pass keeps, each once; gradients go to weights and inputs."""
    import jax

    trained = [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in model.trainable_variables]
    frozen = [v.value for v in model.non_trainable_variables]
    data = [jax.ShapeDtypeStruct([batch, *(size or free for size in t.shape[1:])], t.dtype) for t in model.inputs]

    def kept(weights: Any, data: Any) -> Any:
        def forward(weights: Any, floats: Any) -> Any:
            some = [there if there is not None else other for there, other in zip(floats, data, strict=True)]
            outputs, _ = model.stateless_call(weights, frozen, some, training=True)
            return [leaf for leaf in jax.tree_util.tree_leaves(outputs) if is_float(leaf)]

        _, backward = jax.vjp(forward, weights, [each if is_float(each) else None for each in data])
        leaves = [leaf for leaf in jax.tree_util.tree_leaves(backward) if hasattr(leaf, "shape")]
        return list({id(leaf): leaf for leaf in leaves}.values())

    return list(jax.eval_shape(kept, trained, data))


def planned_for_model(
    text: str, values: dict[str, int], batch: int, optimizer: str, precision: str = "float32"
) -> dict[str, int]:
    """The bytes that XLA plans for a training step whose weights and slots are updated in place."""
    import jax
    import keras

    from lstmcalc import load
    from lstmcalc.verification.keras_model import KerasModel

    keras.config.set_dtype_policy(precision)
    try:
        model = KerasModel(keras, load("-", text=text), values).build().model
        chosen = eval(f"keras.optimizers.{optimizer}", {"keras": keras})
        if precision == "mixed_float16":
            chosen = keras.optimizers.LossScaleOptimizer(chosen)
        chosen.build(model.trainable_variables)
        data = [jax.numpy.ones([batch, *(size or 7 for size in t.shape[1:])], t.dtype) for t in model.inputs]
        frozen = [v.value for v in model.non_trainable_variables]
        state = ([v.value for v in model.trainable_variables], frozen, [v.value for v in chosen.variables])
        outputs = jax.eval_shape(lambda *some: model.stateless_call(*some)[0], *state[:2], data)
        targets = [jax.numpy.ones(leaf.shape, "float32") for leaf in jax.tree_util.tree_leaves(outputs)]
        step = jax.jit(training_step(model, chosen), donate_argnums=0)
        plan = step.lower(state, data, targets).compile().memory_analysis()
    finally:
        keras.config.set_dtype_policy("float32")
    arguments, results = plan.argument_size_in_bytes, plan.output_size_in_bytes - plan.alias_size_in_bytes
    return {"arguments": arguments, "results": results, "temporary": plan.temp_size_in_bytes}


def training_step(model: Any, optimizer: Any) -> Any:
    """A training step on the mean squared difference to the targets."""
    import jax

    def loss_of(trained: Any, frozen: Any, data: Any, targets: Any) -> Any:
        outputs, frozen = model.stateless_call(trained, frozen, data, training=True)
        pairs = zip(jax.tree_util.tree_leaves(outputs), targets, strict=True)
        loss = sum(((out.astype("float32") - target) ** 2).mean() for out, target in pairs)
        return optimizer.scale_loss(loss), frozen

    def step(state: Any, data: Any, targets: Any) -> Any:
        trained, frozen, slots = state
        gradient = jax.value_and_grad(loss_of, has_aux=True)
        (loss, frozen), gradients = gradient(trained, frozen, data, targets)
        trained, slots = optimizer.stateless_apply(slots, gradients, trained)
        return (trained, frozen, slots), loss

    return step


def answer(question: tuple[Any, ...]) -> dict[str, Any]:
    """The answer to one question."""
    kind, *rest = question
    answers = {"layer": kept_by_layer, "kept": kept_by_model, "model": planned_for_model}
    return answers[kind](*rest)


if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ["JAX_PLATFORMS"] = "cpu"
    here = Path(__file__).parent
    sys.path[:0] = [str(here), str(here.parent / "support")]
    asked = pickle.load(sys.stdin.buffer)
    json.dump([answer(question) for question in asked], sys.stdout)
