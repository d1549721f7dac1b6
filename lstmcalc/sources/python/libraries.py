"""What names of Keras, TensorFlow, numpy and the standard library stand for, and what calls of them come to."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from lstmcalc.dims import Expression, range_length
from lstmcalc.layers import ALIASES, RULES
from lstmcalc.sources.python.graph import Graph
from lstmcalc.sources.python.layers import call_layer, make_input, make_layer
from lstmcalc.sources.python.operations import call_operation, has_tensor
from lstmcalc.sources.python.values import Arguments, Array, Imported, Instance, Tensor, is_open

__all__ = ["MODEL_CLASSES", "MODULES", "call_imported", "canonical", "default_import", "is_layer_class"]

#: Names that code uses for modules, also where the lines that import them were not copied.
MODULES = {
    "keras": "keras", "tf": "tensorflow", "tensorflow": "tensorflow", "layers": "keras.layers", "ops": "keras.ops",
    "K": "keras.backend", "np": "numpy", "numpy": "numpy", "math": "math", "models": "keras.models",
    "optimizers": "keras.optimizers", "regularizers": "keras.regularizers", "initializers": "keras.initializers",
    "activations": "keras.activations", "constraints": "keras.constraints", "functools": "functools",
    "applications": "keras.applications", "tfkl": "keras.layers", "argparse": "argparse",
}  # fmt: skip
#: Where Keras has lived, and the one name that it has here.
HOMES = ("tensorflow.compat.v1.keras.", "tensorflow.compat.v2.keras.", "tensorflow.python.keras.",
         "tensorflow.contrib.keras.", "tensorflow.keras.", "keras._tf_keras.keras.", "keras.api.", "keras.src.",
         "tf_keras.")  # fmt: skip
MODEL_CLASSES = ("Model", "Functional")
#: Parts of Keras that hold no layers.
OTHERS = frozenset(
    "activations applications backend callbacks config constraints datasets distribution initializers losses metrics "
    "mixed_precision ops optimizers preprocessing random regularizers saving utils".split()
)
OBJECTS = ("initializers", "regularizers", "constraints")
#: The arguments of those that have some, in their order (keras/src/initializers, regularizers and constraints, 3.15.1).
TOLD = {
    "Constant": ("value",),
    "Identity": ("gain",),
    "Orthogonal": ("gain", "seed"),
    "RandomNormal": ("mean", "stddev", "seed"),
    "RandomUniform": ("minval", "maxval", "seed"),
    "TruncatedNormal": ("mean", "stddev", "seed"),
    "VarianceScaling": ("scale", "mode", "distribution", "seed"),
    **dict.fromkeys(("L1", "l1"), ("l1",)),
    **dict.fromkeys(("L2", "l2"), ("l2",)),
    **dict.fromkeys(("L1L2", "l1_l2"), ("l1", "l2")),
    **dict.fromkeys(("MaxNorm", "max_norm"), ("max_value", "axis")),
    **dict.fromkeys(("MinMaxNorm", "min_max_norm"), ("min_value", "max_value", "rate", "axis")),
}
#: How many numbers are multiplied; sizes, of which there are a few.
MAX_FACTORS = 100
#: Functions that merge tensors, by the class of the layer that they make (keras/src/layers/merging).
MERGES = {
    name.lower(): name
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
}
#: Functions that make data, and where they take its shape.
DATA = {"zeros": "shape", "ones": "shape", "empty": "shape", "full": "shape", "normal": "shape", "uniform": "shape",
        "random": "size", "truncated_normal": "shape", "random_normal": "shape", "random_uniform": "shape",
        "random_sample": "size", "standard_normal": "size"}  # fmt: skip


def canonical(path: str) -> str:
    """The path under `keras`, wherever the source has Keras from.

    >>> canonical("tensorflow.keras.layers.Dense"), canonical("tensorflow.nn.relu")
    ('keras.layers.Dense', 'tensorflow.nn.relu')
    """
    home = next((home for home in HOMES if f"{path}.".startswith(home)), None)
    return path if home is None else f"keras.{path[len(home) :]}".rstrip(".")


def default_import(name: str) -> Imported | None:
    """What a name means that the source does not set, if it is one that everybody knows."""
    if any(name in names for names in (RULES, ALIASES, MERGES, ("Input", "InputLayer", "Sequential"), MODEL_CLASSES)):
        return Imported(f"keras.layers.{name}")
    return Imported(MODULES[name]) if name in MODULES else None


def is_layer_class(value: Any) -> bool:
    """Whether a value is a class of Keras that makes layers, models or inputs."""
    if not isinstance(value, Imported) or not value.last[:1].isupper():
        return False
    parts = canonical(value.path).split(".")
    return parts[0] == "keras" and not OTHERS & set(parts[1:-1])


def _config(name: str, given: Arguments) -> dict[str, Any]:
    """What an initializer, regularizer or constraint is told, as far as it is plain."""
    told = {**dict(zip(TOLD.get(name, ()), given.positional, strict=False)), **given.keywords}
    return {key: value for key, value in told.items() if isinstance(value, (bool, int, float, str))}


def call_imported(graph: Graph, imported: Imported, given: Arguments) -> Any:
    """What a call of something imported comes to; None where that is not known here."""
    path = canonical(imported.path)
    root, _, rest = path.partition(".")
    area, _, _ = rest.partition(".")
    if is_layer_class(imported):
        return _make(graph, imported.last, given)
    if root == "keras" and area in OBJECTS:
        return {"class_name": imported.last, "config": _config(imported.last, given)}
    if area == "layers" and imported.last in MERGES:
        return _merge(graph, MERGES[imported.last], given)
    if path == "keras.backend.image_data_format":
        return "channels_last"
    if imported.last == "clear_session" and root == "keras":
        graph.namer = type(graph.namer)()
        return Array(())
    if root in ("keras", "tensorflow") and has_tensor(given.positional, dict(given.keywords)):
        return call_operation(graph, path, given)
    if root in ("keras", "tensorflow") and (known := _constant(graph, imported.last, given)) is not None:
        return known
    if root in ("numpy", "tensorflow", "keras"):
        return _number(imported.last, given) if root == "numpy" and imported.last in NUMBERS else _data(imported, given)
    if root == "math":
        return _number(imported.last, given)
    if path in ("types.SimpleNamespace", "SimpleNamespace", "argparse.Namespace"):
        return Instance(None, dict(given.keywords))
    return None


def _merge(graph: Graph, class_name: str, given: Arguments) -> Any:
    """`concatenate([a, b])`, a layer made and applied at once."""
    keywords = {key: value for key, value in given.keywords.items() if key != "inputs"}
    places = {key if isinstance(key, str) else key - 1: place for key, place in given.places.items()}
    layer = make_layer(graph, class_name, Arguments(given.positional[1:], keywords, places, given.where))
    return call_layer(graph, layer, Arguments((given.get(0, "inputs"),), where=given.where))


def _make(graph: Graph, name: str, given: Arguments) -> Any:
    if name in ("Input", "InputLayer"):
        return make_input(graph, given)
    if name == "Sequential":
        layers, label = given.get(0, "layers"), given.get(2 if len(given.positional) > 2 else 1, "name")
        layers = [] if layers is None else list(layers) if isinstance(layers, (list, tuple)) else [layers]
        model = graph.sequential(layers, label if isinstance(label, str) else "", given.where)
        if given.keywords.get("trainable") is False:
            # It does not tell its layers (keras/src/models/sequential.py, 3.15.1).
            graph.frozen.add(model)
        return model
    if name in MODEL_CLASSES:
        keywords = given.keywords
        inputs, outputs = given.get(0, "inputs", keywords.get("input")), given.get(1, "outputs", keywords.get("output"))
        label = given.get(2, "name")
        model = graph.functional(inputs, outputs, label if isinstance(label, str) else "", given.where)
        if keywords.get("trainable") is False:
            graph.freeze(model, False)
        return model
    return make_layer(graph, name, given)


def _constant(graph: Graph, name: str, given: Arguments) -> Any:
    """A function of `keras.ops` or TensorFlow on plain numbers; None where it is another."""
    if name in ("cast", "convert_to_tensor", "constant"):
        value = given.get(0, "x", given.keywords.get("value"))
        return value if isinstance(value, (int, float, Expression)) else None
    if name in ("arange", "range"):
        return _range(graph, given)
    return _number(name, given)


def _range(graph: Graph, given: Arguments) -> Any:
    """`ops.arange`: data of one axis in a layer of one's own; its length is not known where its bounds are not."""
    if graph.operations_namer is None:
        return None
    start, stop = given.get(0, "start", 0), given.get(1, "stop", given.keywords.get("limit"))
    step = given.get(2, "step", given.keywords.get("delta", 1))
    if stop is None:
        start, stop = 0, start
    if all(isinstance(value, int) for value in (start, stop, step)) and step != 0:
        return graph.constant((range_length(start, stop, step),), given.where)
    return graph.constant((stop if start == 0 and step == 1 else None,), given.where)


NUMBERS: dict[str, Callable[..., Any]] = {
    name: getattr(math, name) for name in "ceil floor sqrt log log2 log10 exp prod gcd pow fabs trunc".split()
} | {"power": math.pow, "abs": abs, "max": max, "min": min, "sum": sum, "int32": int, "int64": int, "float32": float,
     "array": list, "asarray": list, "pi": float}  # fmt: skip


def _number(name: str, given: Arguments) -> Any:
    """A function of `math` or numpy on known numbers."""
    function = NUMBERS.get(name)
    values = given.positional
    if (
        function is None
        or given.keywords
        or is_open(values)
        or any(isinstance(v, (Expression, Tensor)) for v in values)
    ):
        return None
    small = all(abs(v) < 1e15 for value in values for v in (value if isinstance(value, (list, tuple)) else [value])
                if isinstance(v, (int, float)))  # fmt: skip
    if name == "prod" and len(values[0]) > MAX_FACTORS:
        return None
    try:
        return function(*values) if small else None
    except (TypeError, ValueError, OverflowError):
        return None


def _data(imported: Imported, given: Arguments) -> Any:
    """Data of a known shape: `np.zeros((10, 3))`, `np.random.rand(10, 3)`."""
    name = imported.last
    if name in ("rand", "randn"):
        shape: Any = given.positional
    elif name in DATA:
        # Where numpy takes the shape last, it has bounds before it.
        numpys = ".random." in imported.path and name in ("normal", "uniform")
        shape = given.get(
            2 if numpys and imported.path.startswith("numpy") else 0, DATA[name], given.keywords.get("size")
        )
    elif name == "randint":
        shape = given.get(2, "size")
    else:
        return None
    shape = (shape,) if isinstance(shape, (int, Expression)) else shape
    known = isinstance(shape, (list, tuple)) and all(isinstance(size, (int, Expression, type(None))) for size in shape)
    return Array(tuple(shape)) if known else None
