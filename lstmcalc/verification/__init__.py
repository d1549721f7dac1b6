"""A report held against real Keras: every weight, every shape, and a forward pass on random data."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from lstmcalc.dims import Size, lift_size, lower_size, symbols_of, total
from lstmcalc.errors import SpecError
from lstmcalc.graph import CallKey
from lstmcalc.inference import infer
from lstmcalc.opening import bound
from lstmcalc.report import LayerReport, Report
from lstmcalc.shapes import size_to_json
from lstmcalc.spec import Spec
from lstmcalc.verification.comparison import compare_layer, compare_model, compare_outputs, compare_real
from lstmcalc.verification.data import random_data
from lstmcalc.verification.keras_model import KerasModel, KerasRefusal, is_stated, sizes_that_keras_needs
from lstmcalc.verification.masks import compare_masks
from lstmcalc.verification.room import no_room
from lstmcalc.verification.session import (
    KerasMissing,
    KerasSession,
    VerificationError,
    device_of,
    keras_session,
    one_line,
)
from lstmcalc.verification.trial_sizes import Trial, name_unknown_sizes, plan_trials
from lstmcalc.verification.trust import checked

__all__ = [
    "RULES_OF",
    "ForwardCheck",
    "KerasMissing",
    "LayerVerification",
    "Verification",
    "VerificationError",
    "to_json",
    "verify",
]

#: The Keras whose layers the rules describe.
RULES_OF = "3.15"
NOT_REACHED = "not reached"
STATED = "stated, not checked"

#: Told what is being done, how many steps are done, and how many there are.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class LayerVerification:
    """One layer beside Keras's: how they differ, in every build of the model.

    `note` says why there is nothing to compare: the shape is only stated, or Keras did not come so far.
    """

    name: str
    agrees: bool
    mismatches: tuple[str, ...] = ()
    note: str = ""
    weights: int = 0
    params: Size = 0


@dataclass(frozen=True)
class ForwardCheck:
    """One forward pass: `sizes` of what was free, the model's real output shapes, and whether all is as stated.

    Where `expected_to_fail`, the sizes go against `assumption`, and agreeing is that Keras fails, as `message` tells.
    """

    batch: int
    sizes: Mapping[str, int]
    output_shapes: tuple[tuple[int, ...], ...]
    agrees: bool
    expected_to_fail: bool = False
    message: str = ""
    assumption: str = ""


@dataclass(frozen=True)
class Verification:
    """What came of holding a model against Keras; `mismatches` are those of the model as a whole."""

    source: str
    name: str
    keras: str
    backend: str
    backend_version: str
    device: str
    python: str
    seconds: float
    layers: tuple[LayerVerification, ...]
    forward: tuple[ForwardCheck, ...]
    mismatches: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether Keras agrees in everything."""
        parts = [*(layer.agrees for layer in self.layers), *(check.agrees for check in self.forward)]
        return not self.mismatches and all(parts)

    @property
    def agreed(self) -> tuple[int, int, Size]:
        """How many layers agree, and how many weights and params those have."""
        layers = [layer for layer in self.layers if layer.agrees and not layer.note]
        params = lower_size(total(lift_size(layer.params) for layer in layers))
        return len(layers), sum(layer.weights for layer in layers), params


def verify(
    spec: Spec,
    values: Mapping[str, int] | None = None,
    batch: int | None = None,
    *,
    device: str = "auto",
    backend: str | None = None,
    trust: bool = False,
    progress: Progress | None = None,
) -> Verification:
    """Builds a model with real Keras, compares it with lstmcalc's report, and runs it on random data.

    `values` and `batch` are as for `infer`. Two batch sizes are run, and two values for each size that is free; then,
    for each assumption, one size that goes against it, on which Keras must fail. Nothing of lstmcalc's shapes goes
    into Keras. The Keras model is made from the classes and arguments of the spec; no code of the model's own is run,
    and what would run or read more is refused. With `trust`, Keras loads and runs the byte code that a saved model
    holds for its Lambdas, and reads the files that vocabularies are in. Raises `SpecError` where the model is wrong or
    not to be trusted, `KerasMissing`, and `VerificationError` where the device or the backend cannot be had.
    """
    start = perf_counter()
    report = infer(spec, values, batch)
    spec = checked(bound(spec, values, batch), trust)
    tell = progress or (lambda text, done, steps: None)
    tell("starting Keras", 0, 1)
    with keras_session(device, backend, trust) as session:
        check = _Check(session, spec, report, tell)
        try:
            check.run()
        except Exception as error:  # A fault of lstmcalc's own is a finding, never a traceback.
            check.note("", iter([f"lstmcalc could not go on: {one_line(error)}"]))
        return check.result(start)


class FailsOnData(Exception):
    """Keras built a model and could not run it."""


@dataclass
class _Check:
    """One model being held against Keras; `mismatches` are kept by layer name, those of the model under ""."""

    session: KerasSession
    spec: Spec
    report: Report
    tell: Progress
    mismatches: dict[str, dict[str, None]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    forward: list[ForwardCheck] = field(default_factory=list)
    device: str = ""
    _built: dict[tuple[int, ...], KerasModel] = field(default_factory=dict)
    _compared: bool = False

    def run(self) -> None:
        """Builds and runs the model at all sizes that it is to be tried with."""
        self.named, self.labels = name_unknown_sizes(self.spec)
        try:
            self.expected = infer(self.named)
        except SpecError:
            # A name can show that no size would do, where an unknown size does not: trying it shows what Keras does.
            self.expected = self.report
        self.needed = sorted(sizes_that_keras_needs(self.spec))
        sizes = {name for port in self.expected.inputs for size in port.shape or () for name in symbols_of(size)}
        free = sorted({*sizes, *self.labels, *self.needed} - set(self.spec.symbols))
        trials = plan_trials(self.expected, free, self._batch())
        for done, trial in enumerate(trials):
            self.tell(self._title(trial), done, len(trials))
            self.forward.append(self._try(trial))
        self.tell("done", len(trials), len(trials))

    def result(self, start: float) -> Verification:
        """What was found, in the time since `start`."""
        return Verification(
            self.report.source,
            self.report.name,
            self.session.version,
            self.session.backend,
            self.session.backend_version,
            self.device or _default_device(self.session),
            platform.python_version(),
            perf_counter() - start,
            tuple(self.layer(layer) for layer in self.report.layers),
            tuple(self.forward),
            tuple(self.mismatches.get("", ())),
        )

    def layer(self, ours: LayerReport) -> LayerVerification:
        """What was found about a layer."""
        found = tuple(self.mismatches.get(ours.name, ()))
        note = self.notes.get(ours.name, "" if self._compared else NOT_REACHED)
        agrees = not found and note != NOT_REACHED
        # A weight that an earlier layer holds too counts there.
        once = {id(weight) for weight in self.report.weights}
        weights = [weight for weight in ours.weights if id(weight) in once]
        params = lower_size(total(lift_size(weight.params) for weight in weights))
        return LayerVerification(ours.name, agrees, found, note, len(weights), params)

    def _batch(self) -> int | None:
        batch = self.report.inputs[0].shape if self.report.inputs else None
        return batch[0] if batch and isinstance(batch[0], int) else None

    def _title(self, trial: Trial) -> str:
        sizes = "".join(f", {name} = {size}" for name, size in self._labelled(trial.sizes or {}).items())
        return f"batch {trial.batch}{sizes}"

    def _labelled(self, sizes: Mapping[str, int]) -> dict[str, int]:
        return {self.labels.get(name, name): size for name, size in sizes.items()}

    def note(self, layer: str, texts: Iterator[str]) -> None:
        """Keeps mismatches of a layer, or of the model (`layer` is empty), each once."""
        found = self.mismatches.setdefault(layer, {})
        try:
            found.update(dict.fromkeys(texts))
        except Exception as error:  # A fault of lstmcalc's own is a finding too, and ends nothing else.
            found[f"cannot be compared: {one_line(error)}"] = None

    def _try(self, trial: Trial) -> ForwardCheck:
        if trial.sizes is None:
            text = "no sizes were found that the assumptions allow, so nothing was run: choose some with `--set`"
            return ForwardCheck(trial.batch, {}, (), False, message=text)
        if text := no_room(self.expected, trial):
            return ForwardCheck(trial.batch, self._labelled(trial.sizes), (), False, message=text)
        expected_to_fail, assumption = bool(trial.against), self._relabel(trial.against)
        outputs: tuple[tuple[int, ...], ...] = ()
        found: list[str] = []
        failure = ""
        try:
            keras_model = self._model(trial)
            outputs, differences = self._run(keras_model, trial)
            found = [] if expected_to_fail else differences
        except (KerasRefusal, FailsOnData) as refusal:
            failure = str(refusal)
        except Exception as error:  # A fault of lstmcalc's own is a finding, never a traceback.
            found = [f"lstmcalc could not go on: {one_line(error)}"]
        if expected_to_fail and not found:
            # A window that does not fit gives no error everywhere: some backends return an empty array. A failure of a
            # model that Keras does not build at all says nothing of the assumption.
            empty = any(0 in shape for shape in outputs)
            agrees = bool(failure and self._built) or empty
            message = failure or ("Keras returns nothing" if empty else f"Keras runs it, though not {assumption}")
        else:
            agrees, message = not failure and not found, failure or "; ".join(found)
        sizes = self._labelled(trial.sizes)
        return ForwardCheck(trial.batch, sizes, outputs, agrees, expected_to_fail, message, assumption)

    def _relabel(self, text: str) -> str:
        for name, label in self.labels.items():
            text = re.sub(rf"\b{re.escape(name)}\b", label, text)
        return text

    def _model(self, trial: Trial) -> KerasModel:
        """The Keras model at a trial's sizes, compared once unless the trial goes against an assumption."""
        sizes = trial.sizes or {}
        key = tuple(sizes[name] for name in self.needed)
        if key not in self._built:
            needed = {name: sizes[name] for name in self.needed}
            model = KerasModel(self.session.keras, self.spec, needed)
            refusal = None
            try:
                model.build()
            except KerasRefusal as raised:
                refusal = raised
            if not trial.against:
                self._compare(model, refusal)
            if refusal:
                raise refusal
            self._built[key] = model
        return self._built[key]

    def _compare(self, model: KerasModel, refusal: KerasRefusal | None) -> None:
        self._compared = True
        values = model.values
        for ours in self.report.layers:
            theirs = model.layers.get(ours.name)
            rule = model.rules.get(ours.name)
            if theirs is None and (ours.name, 0) not in model.tensors:
                self.notes[ours.name] = NOT_REACHED
            if theirs is not None and (ours.name, 0) in model.tensors:
                self.note(ours.name, compare_layer(ours, theirs, values, self.spec.trainable))
            if rule is not None and is_stated(rule):
                self.notes[ours.name] = STATED
            for index, call in enumerate(ours.calls):
                if (ours.name, index) in model.tensors:
                    held = model.tensors[ours.name, index]
                    self.note(ours.name, compare_outputs(call, held, values))
        if refusal is None:
            self.note("", compare_model(self.report, model.model, values))
        else:
            known = {layer.name for layer in self.report.layers}
            self.note(refusal.layer if refusal.layer in known else "", iter([str(refusal)]))

    def _run(self, model: KerasModel, trial: Trial) -> tuple[tuple[tuple[int, ...], ...], list[str]]:
        """The model's real output shapes, and how those of all layers differ from the symbolic ones."""
        layers = [layer for layer in self.expected.layers if layer.name in model.layers]
        nodes = [(layer.name, index) for layer in layers for index in range(len(layer.calls))]
        sizes, data = trial.sizes or {}, random_data(self.session.keras, self.spec, self.expected.inputs, trial)
        # Without a layer there is nothing to look into, and the model itself is run.
        run, given = (model.probe(nodes), data) if nodes else (model.model, data if len(data) > 1 else data[0])
        try:
            real = self.session.keras.tree.flatten(run(given, training=False))
        except Exception as error:  # Keras raises whatever its backend raises.
            raise FailsOnData(f"Keras fails on data: {one_line(error)}") from error
        self.device = device_of(real[0]) if real else ""
        shapes: dict[CallKey, list[tuple[int, ...]]] = {
            (port.name, 0): [tuple(numbers.shape)] for port, numbers in zip(self.spec.inputs, data, strict=True)
        }
        rest = iter(real)
        made = {node: [next(rest) for _ in model.tensors[node]] for node in nodes}
        shapes |= {node: [tuple(tensor.shape) for tensor in tensors] for node, tensors in made.items()}
        for name, text in compare_masks(self.session.keras, model, layers, made):
            self.note(name, iter([text]))
        found = [
            f'"{layer.name}" {text}'
            for layer in layers
            for index, call in enumerate(layer.calls)
            for text in compare_real(call, shapes[layer.name, index], sizes, trial.batch)
        ]
        return tuple(shapes[ref.name, ref.call][ref.index] for ref in self.spec.outputs), found


def _default_device(session: KerasSession) -> str:
    return device_of(session.keras.ops.zeros((1,)))


def to_json(verification: Verification) -> dict[str, Any]:
    """The result in the JSON contract, `lstmcalc.verification/1`."""
    return {
        "schema": "lstmcalc.verification/1",
        "source": verification.source,
        "name": verification.name,
        "agrees": verification.agrees,
        "keras": verification.keras,
        "backend": verification.backend,
        "backend_version": verification.backend_version,
        "device": verification.device,
        "python": verification.python,
        "seconds": round(verification.seconds, 3),
        "layers": [
            {
                "name": layer.name,
                "agrees": layer.agrees,
                "mismatches": list(layer.mismatches),
                "note": layer.note or None,
                "weights": layer.weights,
                "params": size_to_json(layer.params),
            }
            for layer in verification.layers
        ],
        "forward": [
            {
                "batch": check.batch,
                "sizes": dict(check.sizes),
                "output_shapes": [list(shape) for shape in check.output_shapes],
                "agrees": check.agrees,
                "expected_to_fail": check.expected_to_fail,
                "assumption": check.assumption or None,
                "message": check.message or None,
            }
            for check in verification.forward
        ],
        "mismatches": list(verification.mismatches),
    }
