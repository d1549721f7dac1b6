"""Python source that makes a Keras model, read into a `Spec`; it is followed with `ast`, and never run."""

from __future__ import annotations

import ast
import re
from typing import Any

from lstmcalc.errors import Fault, SpecError, Where
from lstmcalc.sources.python.classes import is_model
from lstmcalc.sources.python.graph import Graph
from lstmcalc.sources.python.interpreter import Interpreter
from lstmcalc.sources.python.models import independent, to_spec
from lstmcalc.sources.python.text import Code, read_code
from lstmcalc.sources.python.values import Arguments, Class, Function, Instance, Layer, Model, Tensor
from lstmcalc.spec import Namer, Spec

__all__ = ["looks_like_python", "read_python"]

#: Statements that no other kind of source has.
STATEMENTS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AugAssign, ast.For, ast.With)
LINE = re.compile(
    # One run of spaces at a time: two side by side would be tried in every division.
    r"^[^\S\n]*((>>> |In \[\d*\]: ?)[^\S\n]*)?"
    r"(import \w|from [\w.]+ import|def \w+\(|class \w+|\w[\w, ]* = \S|\w+(\.\w+)*\()",
    re.MULTILINE,
)


def looks_like_python(text: str) -> bool:
    """Whether a text is Python, or a notebook with Python, as far as can be told without following it.

    >>> [looks_like_python(text) for text in ("model.add(Dense(1))", "layers: [Dense(1)]", "Total params: 5")]
    [True, False, False]
    """
    if len(text) > 1_000_000 or (not LINE.search(text) and '"cells"' not in text):
        return False
    try:
        code = read_code(text, "-")
    except SpecError:
        return False
    return any(
        isinstance(node, STATEMENTS) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        for node in code.tree.body
    )


def read_python(text: str, source: str, model: str | None = None) -> Spec:
    """The spec of the model that Python code makes; `model` picks one by its variable's name or its own.

    Lines that have nothing to do with a model are passed over. What is not known becomes a symbol where it is a size.
    Raises SpecError with every fault where no model can be read; a spec that could be read in part has `faults`.

    >>> spec = read_python("model = Sequential([Input((10, 32)), LSTM(units), Dense(1)])", "model.py")
    >>> spec.inputs[0].shape, spec.layers["lstm"].arguments, str(spec.calls[1].where)
    ((10, 32), {'units': 'units'}, 'model.py:1:51')
    """
    code = read_code(text, source)
    reader = _Reader(code, source)
    try:
        return reader.read(model)
    except RecursionError:
        fault = Fault("too-large", "code that is less deep", "expressions or models too deep in one another")
        raise SpecError([fault.placed(Where(source))]) from None


class _Reader:
    def __init__(self, code: Code, source: str) -> None:
        self.code, self.source = code, source
        self.graph = Graph(source)
        self.interpreter = Interpreter(code, self.graph)

    def read(self, wanted: str | None) -> Spec:
        """The spec of the model that is meant."""
        self.interpreter.run()
        models = self._models()
        if not models:
            models = self._from_functions(wanted) or self._loose()
        if not models:
            # In a file of Python, unlike in a text with code in it, a line that is none is a mistake.
            unread = self.code.skipped[:1] if self.source.endswith(".py") else []
            raise SpecError(self.code.faults or unread or [self._nothing()])
        names = self._names(models)
        found = self._pick(models, names, wanted)
        spec = to_spec(self.graph, found, self.source, self.code.faults)
        return spec._replace(resets=self._resets(), hints=tuple(self.graph.hints))

    def _resets(self) -> bool:
        """Whether the code resets the states that stateful layers keep, anywhere in it."""
        if not any("reset_state" in line.text for line in self.code.lines):
            return False
        names = (node.attr for node in ast.walk(self.code.tree) if isinstance(node, ast.Attribute))
        return any(name in ("reset_state", "reset_states") for name in names)

    def _models(self) -> list[Model]:
        """The models that were made, those of one's own classes among them."""
        found = [model for model in self.graph.models if model.layers or model.inputs or model.outputs or model.faults]
        for instance in list(self.interpreter.instances):
            if is_model(instance.of):
                made = self._trace(instance)
                found += [made] if made else []
        return list(dict.fromkeys(found))

    def _trace(self, instance: Instance) -> Model | None:
        """The model that an object of one's own class is."""
        call = instance.of.find("call") if instance.of else None
        if instance not in self.interpreter.traced_as and isinstance(call, Function):
            port = self.graph.input(None, name="inputs", where=instance.where)
            self.interpreter.trace(instance, Arguments((port,), where=instance.where))
        found = self.interpreter.traced_as.get(instance)
        if isinstance(found, Layer):
            model = Model(found.name, "Functional", found.where)
            model.faults.extend(found.faults)
            if not found.faults:
                model.inputs.extend(self.interpreter.ports_of[instance])
                model.outputs.extend(self.graph.node(found, model.inputs))
            return model
        return found

    def _from_functions(self, wanted: str | None) -> list[Model]:
        """The models that functions and classes make which nothing calls, their parameters being symbols."""
        scope, graph = self.interpreter.scopes[0], self.graph
        found: list[Model] = []
        for name, value in self._makers(wanted):
            counts = len(graph.models), len(graph.nodes)
            graph.namer = Namer()
            made = self.interpreter.call(
                value,
                Arguments(
                    where=value.where if isinstance(value, Class) else self.code.place(value.node), text=f"{name}()"
                ),
            )
            if isinstance(made, Instance):
                made = self._trace(made)
            if isinstance(made, Model):
                scope.setdefault(f"{name}()", made)
                found.append(made)
            else:
                del graph.models[counts[0] :], graph.nodes[counts[1] :]
        return found

    def _makers(self, wanted: str | None) -> list[tuple[str, Any]]:
        """The functions that make layers, and the models of one's own, that nothing calls, or that are wanted."""
        makers = []
        for name, value in self.interpreter.scopes[0].items():
            is_function = isinstance(value, Function) and isinstance(value.node, ast.FunctionDef)
            if (
                is_function and value.node not in self.interpreter.called and self.interpreter.builds(value.node.body)
            ) or (isinstance(value, Class) and is_model(value)):
                makers.append((name, value))
        called = self._called_in_functions() if makers else set()
        return [(name, value) for name, value in makers if name not in called or name == wanted]

    def _called_in_functions(self) -> set[str]:
        """The names that functions and lambdas call, in one walk over each of them, however they are nested."""
        called: set[str] = set()
        stack: list[tuple[ast.AST, bool]] = [(self.code.tree, False)]
        while stack:
            node, inside = stack.pop()
            inside = inside or isinstance(node, (ast.FunctionDef, ast.Lambda))
            if inside and isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called.add(node.func.id)
            stack.extend((child, inside) for child in ast.iter_child_nodes(node))
        return called

    def _loose(self) -> list[Model]:
        """A model of all tensors that nothing takes, where code only applies layers."""
        taken = {(tensor.node, tensor.index) for node in self.graph.nodes for tensor in node.sources}
        nodes = [node for node in self.graph.nodes if node.inputs or node.faults]
        ends = [Tensor(node) for node in nodes if (node, 0) not in taken]
        if not ends:
            return []
        ports = [
            Tensor(node) for node in self.graph.nodes if not node.inputs and not node.keywords and (node, 0) in taken
        ]
        return [self.graph.functional(ports, ends, "", ends[-1].node.where)]

    def _nothing(self) -> Fault:
        layers = len(self.graph.layers)
        got = f"{layers} {'layer' if layers == 1 else 'layers'} that no model holds" if layers else "none"
        fix = "put them in `Sequential([...])`" if layers else ""
        if not layers and "torch" in {getattr(value, "path", "").partition(".")[0]
                                      for value in self.interpreter.scopes[0].values()}:  # fmt: skip
            fix = "this is PyTorch; a Keras model is read, or `lstmcalc explain` for one layer"
        return Fault("no-model", "a Keras model", got, fix=fix, where=Where(self.source))

    def _names(self, models: list[Model]) -> dict[Model, list[str]]:
        """What each model is called: its variables, then its own name."""
        names: dict[Model, list[str]] = {model: [] for model in models}
        for name, value in self.interpreter.scopes[0].items():
            found = self.interpreter.traced_as.get(value) if isinstance(value, Instance) else value
            if isinstance(found, Model) and found in names:
                names[found].append(name.removesuffix("()"))
        return {model: [*known, model.name] for model, known in names.items()}

    def _pick(self, models: list[Model], names: dict[Model, list[str]], wanted: str | None) -> Model:
        if wanted is not None:
            every = {**self._names(self.graph.models), **names}
            found = [model for model, known in every.items() if wanted in known]
            if found:
                return found[-1]
            listed = ", ".join(f"`{known[0]}`" for known in every.values())
            raise SpecError([Fault("unknown-model", f"one of {listed}", f"`{wanted}`", where=Where(self.source))])
        others = [made for made in self.interpreter.traced_as.values() if isinstance(made, Model)]
        left = independent(self.graph, models, others)
        if len(left) == 1:
            return left[0]
        labels = [names[model][0] for model in left or models]
        listed = ", ".join(f"`{label}` (line {model.where.line})" for label, model in zip(labels, left, strict=False))
        fix = f"pick one: `--model {labels[-1]}`"
        raise SpecError(
            [Fault("several-models", "one model", f"{len(left)}: {listed}", fix=fix, where=Where(self.source))]
        )
