"""The applications of a table's rows, as calls of layers: what each takes, in an order in which it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lstmcalc.frozen import NamedTuple
from lstmcalc.layers import find_rule
from lstmcalc.spec import Call, LayerSpec, Ref
from lstmcalc.summary_text.flow import MASK, Feed, nodes_of
from lstmcalc.summary_text.reading import RowReading

__all__ = ["Member", "calls_of", "outputs_of"]


class Member(NamedTuple):
    """A layer of the model: its name there, its row and place in the table, its inputs where its rule does not tell."""

    name: str
    row: RowReading
    place: int
    inputs: int | None = None


def calls_of(members: Sequence[Member], ports: Mapping[int, str], inputs: Sequence[str]) -> list[Call]:
    """The calls of a model's layers, such that each stands behind those whose outputs it takes.

    `ports` names the inputs that have rows, by their places; `inputs` are the names of all.
    """
    times = {name: len(numbers) for name, numbers in nodes_of([member.row.row for member in members]).items()}
    by_place = {**dict(ports), **{member.place: member.name for member in members}}
    # Keras 3 lists the mask that it makes of an embedding's zeros beside what the layer reads.
    masks = {member.place for member in members if member.row.row.class_name == MASK}
    calls: list[Call] = []
    before = inputs[0] if inputs else ""
    for member in members:
        feeds = [feed for feed in member.row.feeds if feed is not None and feed.row in by_place]
        told = [feed for feed in feeds if feed.row in masks and len(feeds) > 1]
        refs = [_ref(feed, by_place) for feed in feeds if feed not in told] or [Ref(before)]
        made = _applications(member, refs, times.get(member.name, 1))
        mask = {"mask": _ref(told[0], by_place)} if told else {}
        calls += (call._replace(keywords={**call.keywords, **mask}) for call in made)
        before = member.name
    return _in_order(calls, inputs)


def _ref(feed: Feed, by_place: Mapping[int, str]) -> Ref:
    return Ref(by_place[feed.row], feed.tensor, feed.node)


def outputs_of(calls: Sequence[Call]) -> tuple[Ref, ...]:
    """What no call takes; of a chain that is the last output."""
    taken = {(ref.name, ref.call) for call in calls for ref in call.refs}
    keys = [(call.layer, number) for number, call in _numbered(calls)]
    return tuple(Ref(name, 0, number) for name, number in keys if (name, number) not in taken)


def _applications(member: Member, refs: Sequence[Ref], times: int) -> Iterator[Call]:
    """What a row is connected to, call by call: a recurrent layer also takes states, any layer may be applied again."""
    row = member.row
    rule = find_rule(row.class_name)
    keywords = row.candidates[0].keywords if row.candidates else {}
    if rule is not None and rule.takes_state and len(refs) == _with_states(row):
        yield Call(member.name, (refs[0],), tuple(refs[1:]))
        return
    each = member.inputs or (len(row.candidates[0].inputs) if row.candidates else 0)
    if not each or (rule is not None and rule.arity[0] > len(refs)):
        each = len(refs) // times if len(refs) % times == 0 else len(refs)
    for start in range(0, len(refs), each):
        yield Call(member.name, tuple(refs[start : start + each]), keywords=keywords)


def _with_states(row: RowReading) -> int:
    """How many connections a recurrent layer has where it is given its states."""
    layer: Any = row.candidates[0].layer if row.candidates else LayerSpec(row.class_name, "")
    inner = layer.arguments.get("layer")
    both = 2 if isinstance(inner, LayerSpec) else 1
    name = inner.class_name if isinstance(inner, LayerSpec) else layer.class_name
    return 1 + both * (2 if "LSTM" in name else 1)


def _numbered(calls: Sequence[Call]) -> Iterator[tuple[int, Call]]:
    """Each call with how many times its layer was applied before."""
    counts: dict[str, int] = {}
    for call in calls:
        number = counts.get(call.layer, 0)
        counts[call.layer] = number + 1
        yield number, call


def _in_order(calls: Sequence[Call], inputs: Sequence[str]) -> list[Call]:
    places = {(call.layer, number): place for place, (number, call) in enumerate(_numbered(calls))}
    there = {(name, 0) for name in inputs}
    needed = [{places.get((ref.name, ref.call)) for ref in call.refs if (ref.name, ref.call) not in there}
              for call in calls]  # fmt: skip
    takers: dict[int | None, list[int]] = {}
    for place, needs in enumerate(needed):
        for need in needs:
            takers.setdefault(need, []).append(place)
    # A call is moved behind as many calls that stand below what they are needed for as lie on its way.
    moves = dict.fromkeys(range(len(calls)), 0)
    waiting = list(map(len, needed))
    ready = [place for place, number in enumerate(waiting) if not number]
    ordered: list[int] = []
    while ready:
        place = ready.pop()
        ordered.append(place)
        for taker in takers.get(place, ()):
            moves[taker] = max(moves[taker], moves[place] + (place > taker))
            waiting[taker] -= 1
            if not waiting[taker]:
                ready.append(taker)
    ordered.sort(key=lambda place: (moves[place], place))
    # What is in a circle, or takes what is not there, stays as it is, for inference to refuse.
    return [calls[place] for place in (*ordered, *(place for place, number in enumerate(waiting) if number))]
