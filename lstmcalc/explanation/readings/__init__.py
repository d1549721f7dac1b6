"""A reading explained: for every row what the layer does here, why this shape, and the arithmetic; then the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lstmcalc.errors import Fault, Rejection, SpecError
from lstmcalc.explanation.counts import arithmetic, count_sentences
from lstmcalc.explanation.facts import Facts
from lstmcalc.explanation.output_shapes import SCORES, shape_sentences, units_sentences
from lstmcalc.explanation.purposes import true_purpose
from lstmcalc.explanation.readings.candidates import call_of, facts_of
from lstmcalc.explanation.readings.inputs import Fed, input_sentences, layer_sentence, reads
from lstmcalc.explanation.readings.overview import Remark, overview
from lstmcalc.explanation.readings.printed import (
    INPUT,
    is_guessed,
    mask_sentences,
    printed_sentences,
    unknown_sentences,
    whole_shapes,
    wrong,
)
from lstmcalc.explanation.words import Sentence, as_sentence, joined, listed, told_once
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.arguments import show
from lstmcalc.shapes import show_count
from lstmcalc.summary_text.flow import MASK, parents_of
from lstmcalc.summary_text.reading import Candidate, Nearest, Reading, RowReading, Shape

__all__ = ["ReadingExplanation", "RowExplanation", "explain_reading", "understood"]


#: The hints that rest on what a summary shows.
HINTS = ("no-cudnn", "other-shape-in-keras", "unused-state")
#: How the sentences begin that are headed by their kind where they are shown in columns.
BEGINNINGS = {"other": "It could also be ", "nearest": "The nearest is "}
#: What tells layers apart that differ in their arguments alone; the call shows these.
CONFIG = "only its config would tell"


class RowExplanation(NamedTuple):
    """A row with what is said of it; `call` is its layer as a Keras call.

    Of a sentence that an earlier row has said, `brief` holds what is left to say.
    """

    reading: RowReading
    sentences: tuple[Sentence, ...]
    call: str = ""

    @property
    def full(self) -> tuple[str, ...]:
        """Every sentence, as if no other row stood before it."""
        return tuple(f"{BEGINNINGS.get(sentence.kind, '')}{sentence.text}" for sentence in self.sentences)

    @property
    def brief(self) -> tuple[str, ...]:
        """What is said where the rows are read in order."""
        return tuple(sentence.brief for sentence in self.sentences if sentence.brief)


class ReadingExplanation(NamedTuple):
    """All rows of a summary in order, and what is said of the whole."""

    reading: Reading
    rows: tuple[RowExplanation, ...]
    overview: tuple[Remark, ...]
    hints: tuple[Fault, ...] = ()


def explain_reading(reading: Reading) -> ReadingExplanation:
    """Explains every row and the whole; nothing is calculated that the rules do not say."""
    alike: dict[int, _Layer | None] = {}
    layers = [_layer(row.candidates[0], alike) if row.candidates else None for row in reading.rows]
    said: set[str] = set()
    rows = tuple(
        RowExplanation(row, tuple(told_once(_sentences(row, layer, around), said)), layer.facts.call if layer else "")
        for row, layer, around in zip(reading.rows, layers, _surroundings(reading), strict=True)
    )
    facts = [
        layer.facts if layer and not is_guessed(row) else None for row, layer in zip(reading.rows, layers, strict=True)
    ]
    hints = tuple(_hints(reading)) if any(map(_may_hint, reading.rows, layers)) else ()
    return ReadingExplanation(reading, rows, tuple(overview(reading, facts)), hints)


def _may_hint(row: RowReading, layer: _Layer | None) -> bool:
    """Whether a row may have a hint of `HINTS`: its layer has one by itself, or is connected to more than it reads."""
    if not row.candidates or row.class_name == "InputLayer":
        return False
    return layer is None or layer.hinted or len(row.feeds) > len(layer.facts.x.shapes)


def _hints(reading: Reading) -> Iterator[Fault]:
    """What is worth knowing of the model that prints the summary, where it is one."""
    # Few summaries have a hint, and only the whole model tells whether they are a model.
    from lstmcalc.inference import infer
    from lstmcalc.summary_text.model import to_spec

    try:
        report = infer(to_spec(reading))
    except SpecError:
        return
    yield from (hint for hint in report.hints if hint.code in HINTS)


class _Around(NamedTuple):
    """What other rows tell of a row: the shapes that it is connected to, the rows of the model that it is, and whether
    it makes the mask of an Embedding.
    """

    fed: Fed
    inside: Sequence[RowReading]
    masks: bool


def _surroundings(reading: Reading) -> Iterator[_Around]:
    inside: list[list[RowReading]] = [[] for _ in reading.rows]
    for row, parent in zip(reading.rows, parents_of(reading.table.rows), strict=True):
        if parent is not None:
            inside[parent].append(row)
    embeddings = {place: row for place, row in enumerate(reading.rows) if row.class_name == "Embedding"}
    indices = {feed for row in embeddings.values() for feed in row.feeds if feed}
    for row, held in zip(reading.rows, inside, strict=True):
        fed = [_given(reading.rows[feed.row], feed.tensor) if feed else None for feed in row.feeds]
        # By order alone, what stands behind an embedding is fed by it.
        by_order = not row.row.connections and any(feed and feed.row in embeddings for feed in row.feeds)
        yield _Around(fed, held, row.row.class_name == MASK and (by_order or not indices.isdisjoint(row.feeds)))


def _given(source: RowReading, tensor: int) -> Shape | None:
    """One output of a row; a lone one stands for all applications of a layer."""
    shapes = source.candidates[0].outputs if source.candidates else whole_shapes(source.row)
    place = tensor if len(shapes) > 1 else 0
    return shapes[place] if place < len(shapes) else None


def understood(reading: Reading) -> bool:
    """Whether every row was read, some layer prints it or nothing is to be known of it, and nothing contradicts."""
    faults = (*reading.problems, *reading.table.faults)
    return not any(map(wrong, faults)) and all(map(_row_understood, reading.rows))


def _row_understood(reading: RowReading) -> bool:
    row = reading.row
    return not row.built or not (wrong(row.fault) or wrong(reading.fault) or not (reading.exact or reading.opaque))


class _Layer(NamedTuple):
    """The facts of a candidate, and what follows from them alone, wherever the layer stands.

    `hinted` tells that a hint of `HINTS` may follow, too.
    """

    facts: Facts
    purpose: str
    sentences: tuple[Sentence, ...]
    notes: tuple[Sentence, ...]
    hinted: bool


def _layer(candidate: Candidate, alike: dict[int, _Layer | None]) -> _Layer | None:
    """What follows from a candidate; rows that are alike share it, and have this from one run of the rule."""
    if id(candidate) not in alike:
        facts = facts_of(candidate)
        alike[id(candidate)] = None if facts is None else _described(facts)
    return alike[id(candidate)]


def _described(facts: Facts) -> _Layer:
    sentences = (*shape_sentences(facts), *count_sentences(facts))
    return _Layer(facts, true_purpose(facts), sentences, tuple(_notes(facts)), _hinted(facts))


def _hinted(facts: Facts) -> bool:
    try:
        return any(hint.code in HINTS for hint in facts.rule.hints(facts.x))
    except Rejection:
        return True


def _sentences(reading: RowReading, layer: _Layer | None, around: _Around) -> Iterator[Sentence]:
    yield from printed_sentences(reading)
    if around.masks:
        yield from mask_sentences(reading.row)
    elif not reading.candidates:
        yield from unknown_sentences(reading, around.inside)
        yield from _nearest(reading, reading.nearest)
    elif layer is None or (is_guessed(reading) and layer.facts.params == 0):
        yield from _without_rule(reading.candidates[0])
    else:
        yield from _with_rule(reading, layer, around.fed)
    yield from _others(reading)


def _with_rule(reading: RowReading, layer: _Layer, fed: Fed) -> Iterator[Sentence]:
    yield layer_sentence(reading, layer.facts, fed)
    yield from input_sentences(reading, layer.facts, fed)
    if layer.purpose:
        yield Sentence("purpose", layer.purpose)
    yield from layer.sentences
    if reading.row.trainable is False and layer.facts.params:
        text = "None of them is trained: so the Trainable column says."
        yield Sentence("params", text, text)
    yield from layer.notes


def _without_rule(candidate: Candidate) -> Iterator[Sentence]:
    """A layer of which only the arguments are known: an input, or one on inputs that nothing tells."""
    if candidate.layer.class_name == "InputLayer":
        yield Sentence("layer", INPUT, "An input of the model.")
        return
    yield Sentence("layer", f"`{call_of(candidate)}`; nothing here tells what it reads.", f"`{call_of(candidate)}`.")
    if candidate.params is None:
        yield Sentence("params", "The text does not show the count.")
    elif candidate.params:
        yield Sentence("params", f"{arithmetic(candidate)}.", f"{arithmetic(candidate, names=False)}.")


def _notes(facts: Facts) -> Iterator[Sentence]:
    """What people confuse, and what no summary shows."""
    batch = facts.x.shape[0]
    yield from units_sentences(facts.rule)
    if facts.keywords:
        told = listed(f"`{key}: {show(value)}`" for key, value in facts.keywords.items())
        asks = " asks for the scores" if facts.keywords.get(SCORES) else " is told more than its inputs"
        yield Sentence("note", f"The call{asks}, with {told}; no argument of the layer does.")
    if facts.stand_ins:
        names = listed(f"`{name}`" for name in facts.stand_ins)
        yield Sentence("note", f"A summary does not show its {names}.")
    if isinstance(batch, int):
        fixed = f"The batch is fixed at {show_count(batch)} samples."
        yield Sentence(
            "note", f"{fixed} A stateful layer needs that; whether one is stateful, a summary does not show."
        )


def _nearest(reading: RowReading, nearest: Nearest | None) -> Iterator[Sentence]:
    """How far off the nearest layer is, and why."""
    if nearest is None:
        return
    facts, candidate = facts_of(nearest.candidate), nearest.candidate
    call = reads(reading, facts, "reading") if facts else f"`{call_of(candidate)}`"
    more = f"{show_count(abs(nearest.difference))} {'more' if nearest.difference > 0 else 'fewer'}"
    why = f": {nearest.explained.rstrip('.')}" if nearest.explained else ""
    text = f"{call}: {arithmetic(candidate)}. The line has {more}{why}."
    yield Sentence("nearest", text, text)
    if reading.fault and reading.fault.because:
        because = as_sentence(reading.fault.because)
        yield Sentence("note", because, because)


def _others(reading: RowReading) -> Iterator[Sentence]:
    """The other layers that print this row, with what would tell them apart."""
    for candidate in reading.candidates[1:]:
        same = candidate.inputs == reading.candidates[0].inputs
        facts = None if same else facts_of(candidate)
        call = reads(reading, facts, "reading") if facts else f"`{call_of(candidate)}`"
        count = f": {arithmetic(candidate, names=False)}" if candidate.params else ""
        tells = candidate.tells.partition(":")[0] if candidate.tells.startswith(CONFIG) else candidate.tells.rstrip(".")
        text = joined(f"{call}{count}.", as_sentence(tells))
        yield Sentence("other", text, text)
