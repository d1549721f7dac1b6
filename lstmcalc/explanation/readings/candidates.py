"""A candidate of a row run once more by its rule, for what the sentences about it need."""

from __future__ import annotations

from lstmcalc.building import Builder
from lstmcalc.explanation.facts import Facts, run
from lstmcalc.explanation.keras_calls import differs, reduced, written
from lstmcalc.layers.kinds import is_bidirectional, is_recurrent
from lstmcalc.summary_text.reading import Candidate

__all__ = ["call_of", "facts_of"]


def facts_of(candidate: Candidate) -> Facts | None:
    """What a candidate's rule says of it; None where it has no rule or nothing is known of its input.

    >>> from lstmcalc.spec import LayerSpec
    >>> layer = LayerSpec("LSTM", "lstm", {"units": 128, "return_sequences": True, "use_bias": True})
    >>> facts = facts_of(Candidate(layer, ((None, 10, 50),), ((None, 10, 128),), 91648))
    >>> sorted(facts.told), sorted(facts.counted)
    (['batch', 'timesteps'], ['input_dim'])
    """
    built = Builder().build(candidate.layer)
    if built is None or not candidate.inputs:
        return None
    rule = reduced(built, differs)
    # What else a recurrent layer is connected to are its first states.
    taken = 1 if is_recurrent(rule) or is_bidirectional(rule) else len(candidate.inputs)
    done = run(rule, candidate.inputs[:taken], candidate.inputs[taken:], candidate.keywords)
    if done is None:
        return None
    return Facts(
        call_of(candidate),
        rule,
        *done,
        candidate.params,
        candidate.formula,
        candidate.arithmetic,
        candidate.believed,
        candidate.keywords,
        candidate.stand_ins,
    )


def call_of(candidate: Candidate) -> str:
    """A candidate as a Keras call, without arguments that equal Keras's defaults or that only stand in for others.

    >>> from lstmcalc.spec import LayerSpec
    >>> layer = LayerSpec("Bidirectional", "both", {"layer": LayerSpec("LSTM", "", {"units": 8, "use_bias": True})})
    >>> call_of(Candidate(layer, (), (), 0))
    'Bidirectional(LSTM(8))'
    >>> call_of(Candidate(LayerSpec("Dropout", "dropout", {"rate": 0.5}), (), (), 0, stand_ins=("rate",)))
    'Dropout'
    """
    built = Builder().build(candidate.layer)
    if built is None:
        return candidate.layer.class_name
    return written(built, candidate.layer.class_name, candidate.stand_ins)
