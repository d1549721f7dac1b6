"""What backpropagation keeps of a call, whatever its dtype and wherever its batch is."""

from __future__ import annotations

from lstmcalc.dims import UNKNOWN
from lstmcalc.errors import Rejection
from lstmcalc.layers.batch import all_rows, moved, numbers, share
from lstmcalc.layers.kept import Held, Kept, Made, bounded
from lstmcalc.layers.policies import policy_of
from lstmcalc.layers.rule import Inputs, LayerRule, all_work, as_shapes

__all__ = ["kept_of_call"]


def kept_of_call(rule: LayerRule, x: Inputs, made: Made) -> Kept:
    """What a call keeps, in the dtype of the layer's arithmetic."""
    found = _of_all_rows(rule, x, made) if moved(x) else rule.kept(x, made)
    compute = policy_of(rule.dtype, rule.name).compute if rule.dtype is not None else ""
    return found._replace(compute=compute)


def _of_all_rows(rule: LayerRule, x: Inputs, made: Made) -> Kept:
    """What a call keeps whose batch is not in front: as much as every row along its first axis."""
    if rule.family == "operations":
        sizes = [numbers(*each) for each in zip(x.shapes, x.batched, strict=True)]
        came, went = ([(1, size) for size in each] for each in (sizes, made.numbers))
        return bounded(came, made._replace(outputs=went))
    view = all_rows(x)
    try:
        weights = tuple(rule.built_weights(view))
        outputs, work = as_shapes(rule.output_shape(view)), all_work(rule, view, weights)
    except Rejection:
        return Kept(most=Held(values=UNKNOWN))
    one, rows = rule.kept(view, Made(outputs, weights, work, made.masked)), view.shape[0]
    least, most = (
        held._replace(values=share(held.values * rows), bytes=share(held.bytes * rows))
        for held in (one.least, one.most)
    )
    return one._replace(least=least, most=most, passing=share(one.passing * rows))
