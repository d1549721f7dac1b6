"""What a row's layer reads, where that is known from, and what nothing tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lstmcalc.dims import lower
from lstmcalc.explanation.facts import Facts
from lstmcalc.explanation.readings.printed import is_guessed
from lstmcalc.explanation.reads import described, reads_from
from lstmcalc.explanation.words import (
    NOUNS,
    Sentence,
    amount_along,
    listed,
    quoted,
)
from lstmcalc.layers.kinds import is_bidirectional, is_recurrent
from lstmcalc.summary_text.reading import RowReading, Shape

__all__ = ["Fed", "input_sentences", "layer_sentence", "reads", "untold_axes"]

#: The shapes of everything that a row is connected to, each None where it is not known.
Fed = Sequence[Shape | None]


def layer_sentence(reading: RowReading, facts: Facts, fed: Fed) -> Sentence:
    """The layer as a Keras call with what it reads: `` `LSTM(128)` reads (None, 10, 50): 10 steps of 50 features. ``"""
    text, words = reads(reading, facts), described(facts, untold_axes(reading, facts))
    if _starts_from_states(facts, fed):
        givers = list(dict.fromkeys(map(quoted, reading.sources[len(facts.x.shapes) :])))
        states = "state" if len(facts.x.states) == 1 else "states"
        text += f", and starts from the {states} that {listed(givers)} {'give' if len(givers) > 1 else 'gives'}"
    brief = f"{text}."
    return Sentence("layer", f"{text}: {words}." if words else brief, brief, " ".join(facts.x.axes) + bool(words) * "!")


def reads(reading: RowReading, facts: Facts, verb: str = "reads") -> str:
    """The call and what it reads, with the rows that give it."""
    # Where no shape and no connection is printed, the order of the rows need not be that of the data.
    names = () if is_guessed(reading) and not reading.row.connections else reading.sources
    return reads_from(facts, [quoted(name) for name in names], verb, untold_axes(reading, facts))


def _starts_from_states(facts: Facts, fed: Fed) -> bool:
    """Whether what else a recurrent layer is connected to are its first states: as many, and of as many axes."""
    recurrent = facts.rule.layer if is_bidirectional(facts.rule) else facts.rule
    if not is_recurrent(recurrent):
        return False
    states = recurrent.state_shapes(facts.x) * (1 if recurrent is facts.rule else 2)
    others = fed[len(facts.x.shapes) :]
    return len(others) == len(states) and all(
        shape is not None and len(shape) == len(state) for shape, state in zip(others, states, strict=True)
    )


def untold_axes(reading: RowReading, facts: Facts) -> frozenset[str]:
    """The axes of the first input whose size is not known, as opposed to those left open in the model.

    Where rows before it give the input, an unknown size is one that they print as None. Where nothing gives it, it is
    one where the output has it and prints None.
    """
    if reading.inputs is not None:
        return frozenset()
    sizes = dict(zip(facts.x.axes[1:], lower(facts.x.shape)[1:], strict=True))
    return frozenset(axis for axis, size in sizes.items() if size is None and axis not in facts.told)


def input_sentences(reading: RowReading, facts: Facts, fed: Fed) -> Iterator[Sentence]:
    """Where the sizes of the input that no row prints are known from; and those that nothing tells."""
    yield from _applications(reading, facts, fed)
    if reading.inputs is not None or len(facts.x.shapes) > 1 or is_guessed(reading):
        return
    sizes = dict(zip(facts.x.axes, lower(facts.x.shape), strict=True))
    hidden = [
        axis for axis, size in sizes.items() if isinstance(size, int) and axis not in facts.told and axis != "batch"
    ]
    solved = {
        ("they follow", "it follows", "from the count"): [
            axis for axis in hidden if axis in facts.counted - facts.used
        ],
        ("they lead", "it leads", "to the printed shape"): [axis for axis in hidden if axis in facts.used],
    }
    for (many, one, where), axes in solved.items():
        amounts = [amount_along(axis, sizes[axis], len(sizes)) for axis in axes]
        if amounts and all(amounts):
            single = len(amounts) == 1 and amounts[0].startswith("1 ")
            verb, reason = ("is", one) if single else ("are", many)
            differs = any(_differs(reading, facts.x.axes.index(axis)) for axis in axes)
            unsure = ", if this is the layer" if differs else ""
            yield Sentence("layer", f"The {listed(amounts)} {verb} not printed: {reason} {where}{unsure}.")
    untold = [axis for axis in facts.x.axes if axis in untold_axes(reading, facts) & NOUNS.keys()]
    for free in (True, False):
        nouns = listed(f"{NOUNS[axis]}s" for axis in untold if (axis not in facts.counted) is free)
        depends = "no weight depends on it" if free else "the count depends on it"
        if nouns:
            yield Sentence("layer", f"How many {nouns} it reads, nothing here tells; {depends}.")


def _differs(reading: RowReading, axis: int) -> bool:
    """Whether another layer that prints the row reads another size along an axis."""
    mine, *others = (each.inputs[0] if each.inputs else () for each in reading.candidates)
    return any(len(shape) != len(mine) or shape[axis] != mine[axis] for shape in others)


def _applications(reading: RowReading, facts: Facts, fed: Fed) -> Iterator[Sentence]:
    """That a layer stands at several places, where it is connected to more than it takes at once."""
    taken = len(facts.x.shapes)
    times, rest = divmod(len(fed), taken)
    alike = all(
        shape is not None and len(shape) == len(facts.x.shapes[place % taken]) for place, shape in enumerate(fed)
    )
    if times > 1 and not rest and alike and facts.rule.arity[1] and len(fed) == len(reading.sources):
        first, others = ({*names} for names in (reading.sources[:taken], reading.sources[taken:]))
        where = "each time" if others == first else "also"
        names = listed(map(quoted, dict.fromkeys(reading.sources[taken:])))
        text = f"It is used {times} times, {where} on {names}, with the same weights, which count once."
        yield Sentence("layer", text, text)
