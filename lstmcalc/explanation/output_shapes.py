"""Why an output has its shape, in one sentence: which argument set an axis, kept it, doubled it or dropped it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lstmcalc.dims import UNKNOWN, Dim, lower, lower_size, product, to_text
from lstmcalc.explanation.cells import cell_of
from lstmcalc.explanation.facts import Facts
from lstmcalc.explanation.named_axes import Made, axis_names_of, reason_of
from lstmcalc.explanation.words import (
    MERGED,
    NOUNS,
    Sentence,
    amount_along,
    capitalized,
    in_steps,
    joined,
    listed,
    size_along,
)
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.kinds import is_recurrent
from lstmcalc.layers.rule import LayerRule, as_shapes
from lstmcalc.patterns import lazily
from lstmcalc.shapes import show_count, show_shape

__all__ = ["SCORES", "because", "shape_sentences", "units_sentences"]

#: `an LSTM inside with `A`, which drops timesteps`, as remedies say it.
REMEDY = lazily(r"(?:.*\ban? (?P<inside>\w+) inside with )?(?P<argument>`[^`]+`), which (?P<does>.*)")


#: What a call asks the scores of an attention layer with.
SCORES = "return_attention_scores"
#: Axes that are called otherwise where their size is meant.
COUNTED = {"timesteps": "number of steps", "channels": "number of channels", "input_dim": "number of features"}


class Part(NamedTuple):
    """What is said of one axis; `brief` is what stays worth saying when it is said again."""

    text: str
    brief: str = ""


def shape_sentences(facts: Facts) -> Iterator[Sentence]:
    """The sentence about the shape; none where there is nothing true to say."""
    special = SPECIAL.get(facts.rule.class_name)
    said = special(facts) if special else None
    if said is None:
        said = _several(facts) if len(facts.outputs) > 1 else _one(facts)
    if said:
        text, brief = (each and f"{capitalized(each)}." for each in said)
        yield Sentence("shape", text, brief)
    for shapes in zip(facts.believed or (), map(lower, facts.outputs), strict=False):
        believed, real = map(show_shape, shapes)
        if believed != real:
            text = f"The line says {believed}: Keras is mistaken until it has data, with which it is {real}."
            yield Sentence("shape", text, text)


def units_sentences(rule: LayerRule) -> Iterator[Sentence]:
    """What the `units` of a recurrent layer are, which people take for steps or for layers."""
    if is_recurrent(rule) and isinstance(given := getattr(rule, "units", None), int):
        text = f"`units` = {show_count(given)} is how many values it keeps and gives at each step; how many steps, the "
        yield Sentence("note", f"{text}input decides.")


def because(facts: Facts) -> str:
    """What the argument that keeps or drops axes does: `` `return_sequences: false` drops the 10 steps ``."""
    remedy = facts.rule.remedy()
    found = remedy and REMEDY.fullmatch(remedy.because)
    if not found:
        return ""
    owner = f" of the {found['inside']} inside" if found["inside"] else ""
    return f"{found['argument']}{owner} {found['does'].replace('timesteps', _steps(facts))}"


def _steps(facts: Facts) -> str:
    """The steps that a recurrent layer goes over; inside TimeDistributed they are another axis than its own."""
    if facts.rule.class_name == "TimeDistributed":
        return size_along("timesteps", lower_size(facts.x.shape[2]), facts.x.ndim)
    return size_along("timesteps", lower_size(getattr(facts.x, "timesteps", UNKNOWN)), facts.x.ndim)


def _one(facts: Facts) -> Part | None:
    """The axes of the only output, those that arguments set first."""
    shape = facts.outputs[0]
    if facts.made is None:
        return _same(facts) if _is_kept(facts) else None
    made = facts.made[0]
    names = list(map(to_text, made.shape))
    arguments = set(made.values) - set(made.axes)
    if names == list(made.axes) or (_is_kept(facts) and not arguments & set(names)):
        return _same(facts)
    if sorted(names) == sorted(made.axes):
        return Part("the axes change places")
    parts = [*_dropped(facts), *_set(made, shape), *_stays(facts, made, shape)]
    return _clauses(parts)


def _is_kept(facts: Facts) -> bool:
    """Whether input and output are alike in every size; two sizes that are open need not be one."""
    return facts.outputs == facts.x.shapes[:1] and UNKNOWN not in facts.outputs[0][1:]


def _same(facts: Facts) -> Part:
    if len(facts.x.shapes) == 1:
        return Part("the shape stays as it is")
    alike = len(set(facts.x.shapes)) == 1
    return Part(f"the output has the shape of {'the inputs' if alike else 'the first input'}")


def _clauses(parts: Iterable[Part]) -> Part | None:
    kept = list(parts)
    return Part(*("; ".join(filter(None, texts)) for texts in zip(*kept, strict=True))) if kept else None


def _dropped(facts: Facts) -> Iterator[Part]:
    reason, left = because(facts), len(facts.outputs[0])
    if reason and left < facts.x.ndim:
        yield Part(f"{reason}, which leaves {left} axes" if left > 1 else reason)


def _set(made: Made, shape: tuple[Dim, ...]) -> Iterator[Part]:
    """The axes that are an argument, and those that are calculated; like arithmetic is not said twice."""
    before = ""
    for position, (name, size) in enumerate(zip(axis_names_of(made), made.shape, strict=True)):
        text = to_text(size)
        if position == 0 or text in made.axes:
            continue
        place = "the last axis" if position == len(shape) - 1 else f"axis {position}"
        if text in made.values:
            yield Part(f"{place} is `{text}` = {show_count(shape[position])}")
            continue
        if size is UNKNOWN:
            yield Part(f"{place} is left open")
            continue
        known = shape[position] is not UNKNOWN
        names, _, numbers = reason_of(made, position, shape[position]).rpartition(" = ")
        if not known:
            names, numbers = names or text, ""
        result = to_text(shape[position]) if known else ""
        subject = f"the {COUNTED.get(name, name)}" if name in NOUNS else place
        verb = "becomes" if name in NOUNS else "is"
        if numbers and numbers == before:
            yield Part(f"{subject} likewise", f"{subject} likewise")
        else:
            full, brief = (" = ".join(filter(None, each)) for each in ((names, numbers, result), (numbers, result)))
            yield Part(f"{subject} {verb} {full}", f"{subject} {verb} {brief}" if known else "")
        before = numbers if name in NOUNS else ""


def _stays(facts: Facts, made: Made, shape: tuple[Dim, ...]) -> Iterator[Part]:
    kept = [
        (position, text) for position, text in enumerate(map(to_text, made.shape)) if position and text in made.axes
    ]
    reason = because(facts)
    if reason and len(shape) >= facts.x.ndim:
        yield Part(reason)
        kept = [(position, text) for position, text in kept if text != "timesteps"]
    if not kept:
        return
    if all(text in NOUNS for _, text in kept):
        nouns = [size_along(text, lower_size(shape[position]), len(shape)) for position, text in kept]
        several = len(kept) > 1 or not amount_along(kept[0][1], lower_size(shape[kept[0][0]]), 3).startswith("1 ")
        yield Part(f"{listed(nouns)} {'stay' if several else 'stays'}")
    elif [position for position, _ in kept] == list(range(1, len(shape) - 1)):
        size = shape[1]
        stays = f"stays {to_text(size)}" if size is not UNKNOWN else "stays open"
        yield Part(f"the axis before it {stays}" if len(kept) == 1 else "the axes before it stay")


def _several(facts: Facts) -> Part | None:
    """Several outputs: of a recurrent layer its output and then its states."""
    first, *others = [show_shape(shape) for shape in facts.outputs]
    rule, cell = facts.rule, cell_of(facts.rule)
    if facts.keywords.get(SCORES):
        return Part(f"the first output is {first}; behind it come the scores, {listed(others)}")
    if not is_recurrent(rule):
        return Part(f"it has {len(facts.outputs)} outputs, {listed([first, *others])}")
    what = "every step" if rule.return_sequences else "the last step only"
    states = f"the states {listed(others)}"
    if cell and len(others) == len(cell.states):
        states = listed(f"the {name} {shape}" for name, shape in zip(cell.states.values(), others, strict=True))
    flag = str(rule.return_sequences).lower()
    text = f"the first output, {first}, is {what}, from `return_sequences: {flag}`"
    return Part(f"{text}; behind it come {states} of the last step, from `return_state: true`")


def _bidirectional(facts: Facts) -> Part | None:
    """Where the doubled width comes from, or why it is not doubled."""
    rule = facts.rule
    halves = [as_shapes(half.output_shape(facts.x))[0][-1] for half in (rule.layer, rule.other)]
    outputs = facts.outputs[: 2 if rule.merge_mode is None else 1]
    mode = "null" if rule.merge_mode is None else rule.merge_mode
    merge = f"`merge_mode: {mode}` {MERGED[rule.merge_mode]}"
    if rule.merge_mode == "concat":
        text = f"the last axis is {' + '.join(map(to_text, halves))} = {to_text(outputs[0][-1])}"
        width = Part(f"{text}: {merge}", text)
    else:
        width = Part(f"the last axis is {to_text(halves[0])}: {merge}")
    parts = [*_dropped(facts), width]
    if len(outputs[0]) >= facts.x.ndim:
        parts.append(Part(because(facts)))
    if len(facts.outputs) > len(outputs):
        states = listed(map(show_shape, facts.outputs[len(outputs) :]))
        parts.append(Part(f"`return_state: true` adds the states, forward ones first, {states}"))
    return _clauses(parts)


def _embedding(facts: Facts) -> Part | None:
    x = facts.x
    several = x.ndim == 2 and isinstance(x.shape[1], int) and x.shape[1] > 1
    each = f"each of the {show_count(x.shape[1])} indices" if several else "each index"
    width = show_count(facts.rule.output_dim)
    return Part(f"{each} becomes a vector of `output_dim` = {width} values, so there is one axis more")


def _flatten(facts: Facts) -> Part | None:
    sizes, result = facts.x.shape[1:], facts.outputs[0][-1]
    if len(sizes) < 2:
        return None
    if not isinstance(result, int):
        return Part("all axes but the batch become one")
    text = f"{'·'.join(map(to_text, sizes))} = {show_count(result)} values in one row"
    return Part(text, text)


def _reshape(facts: Facts) -> Part | None:
    before, after = facts.x.shape[1:], facts.outputs[0][1:]
    count = product(before)
    if not isinstance(count, int) or any(not isinstance(size, int) for size in after):
        return None
    there, here = ("·".join(map(to_text, sizes)) for sizes in (before, after))
    target = show_shape(lower(after))
    text = f"the {in_steps(there, here, show_count(count))} values of a sample are dealt into {target}"
    return Part(text, text)


def _concatenate(facts: Facts) -> Part | None:
    shapes, ndim = facts.x.shapes, facts.x.ndim
    axis = facts.rule.axis % ndim
    total = facts.outputs[0][axis]
    where = "the last axis" if axis == ndim - 1 else f"axis {axis}"
    sizes = " + ".join(to_text(shape[axis]) for shape in shapes)
    if total is UNKNOWN:
        return Part(f"{where} is as long as those of the inputs together")
    text = f"{where} is {sizes} = {show_count(total)}"
    return Part(joined(f"{text};", "the other axes stay") if ndim > 2 else text, text)


#: What the generic sentence would say less clearly; None leaves it to the generic one.
SPECIAL: dict[str, Callable[[Facts], Part | None]] = {
    "Bidirectional": _bidirectional,
    "Concatenate": _concatenate,
    "Embedding": _embedding,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "ReversibleEmbedding": _embedding,
}
