"""What holds of every layer, whatever its rule: what a call takes and may be told, and how large sizes can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lstmcalc.dims import MAX_SIZE, UNKNOWN, equal, terms_of
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers.arguments import closest
from lstmcalc.layers.rule import Inputs, LayerRule, Shape, Weight
from lstmcalc.report import LayerReport
from lstmcalc.shapes import show_shape
from lstmcalc.spec import Ref, Spec

__all__ = ["MAX_NDIM", "check_arity", "check_keywords", "check_sizes", "check_weights", "stored_otherwise",
           "unknown_output"]  # fmt: skip

#: As many axes as an array can have (numpy 2).
MAX_NDIM = 64


def check_arity(rule: LayerRule, inputs: int, states: int) -> None:
    """Refuses a call with too few inputs or too many, and states where none are taken."""
    least, most = rule.arity
    if inputs < least or (most is not None and inputs > most):
        few = "one input" if most == 1 else f"{least} inputs"
        number = few if most in (1, least) else f"at least {few}" if most is None else f"{least} to {most} inputs"
        raise Rejection("wrong-number-of-inputs", number, str(inputs))
    if states and not rule.takes_state:
        raise Rejection("unknown-argument", "no `initial_state`", "one", "only recurrent layers take it",
                        "leave `initial_state` out")  # fmt: skip


def check_keywords(rule: LayerRule, keywords: Mapping[str, Any]) -> None:
    """Refuses what a call of the layer cannot be told."""
    for key, value in keywords.items():
        argument = rule.keywords.get(key)
        if argument is None and key == "mask" and not any(name.endswith("_mask") for name in rule.keywords):
            passed = f": {rule.class_name} passes on the one of its input" if rule.passes_mask else ""
            raise Rejection("unknown-argument", "no `mask`", "one", f"a call of {rule.class_name} takes none",
                            f"leave `mask` out{passed}")  # fmt: skip
        if argument is None:
            near = closest(key, list(rule.keywords))
            fix = f"did you mean `{near}`?" if near else ""
            raise Rejection("unknown-argument", f"what a call of {rule.class_name} takes", f"`{key}`", fix=fix)
        argument.check(key, value)


def check_sizes(shapes: Sequence[Shape]) -> None:
    """Refuses what no tensor can be, and what no number could be printed for."""
    for shape in shapes:
        if len(shape) > MAX_NDIM:
            raise Rejection("too-large", f"an output of at most {MAX_NDIM} axes", str(len(shape)))
        for size in shape:
            numbers = (size,) if isinstance(size, int) else terms_of(size).values()
            if any(abs(number) > MAX_SIZE for number in numbers):
                raise Rejection("too-large", f"an output whose sizes are at most {MAX_SIZE:,}", "a larger one")


def check_weights(x: Inputs, weights: tuple[Weight, ...], built: tuple[Weight, ...] | None) -> None:
    """Refuses a weight of unknown size, and a shared layer whose weights would differ from those it has."""
    for index, weight in enumerate(weights):
        if UNKNOWN in weight.shape:
            axes = [axis for axis, size in zip(x.axes, x.shape, strict=False) if size is UNKNOWN and axis != "batch"]
            named = f"`{axes[-1]}`" if axes else "the input's size"
            raise Rejection("unknown-size", f"{named} to be known, since `{weight.name}` has that size",
                            show_shape(x.shape))  # fmt: skip
        if built is not None and index < len(built):
            for size, there in zip(weight.shape, built[index].shape, strict=False):
                x.require(
                    equal(size, there),
                    "wrong-size",
                    f"the input that its weights were made for: `{weight.name}` is {show_shape(built[index].shape)}",
                    f"{show_shape(x.shape)}, which needs {show_shape(weight.shape)}",
                    "the layer is shared, and has one set of weights",
                )


def unknown_output(ref: Ref, number: int) -> Fault:
    """The fault of a reference to an output that a call does not have, which has `number` of them."""
    expected = f"one of the {number} outputs" if number > 1 else "the only output"
    return Fault("unknown-output", f'{expected} of "{ref.name}", counted from 0', f"`{ref}`", where=ref.where)


def stored_otherwise(spec: Spec, layers: Iterable[LayerReport]) -> Iterator[Fault]:
    """A fault for every layer of a saved model whose stored weights have other shapes than its config gives.

    A nested model may share layers with others, and then stores only what no other part of the model does. A wrapper
    stores its layer's kernel once more, and low-rank factors are added to their kernel, not stored (Keras 3.15.1).
    """
    for layer in layers if spec.stored else ():
        stored: set[Any] = set(spec.stored.get(layer.name, ()))
        made: set[Any] = {weight.shape for weight in layer.weights}
        kept = {weight.shape for weight in layer.weights if not weight.name.rpartition("/")[2].startswith("lora_")}
        if not stored or (stored <= made and (kept <= stored or layer.nested)):
            continue
        expected = f"weights as its config gives them, {_listed(made)}"
        because = "the weights are those of another model than the config, or of a layer that was built otherwise"
        fault = Fault("weights-contradiction", expected, f"stored ones of {_listed(stored)}", because)
        yield fault.placed(spec.layers[layer.name].where, (layer.name, layer.class_name))


def _listed(shapes: set[Any]) -> str:
    return ", ".join(show_shape(shape) for shape in sorted(shapes, key=str)) or "none"
