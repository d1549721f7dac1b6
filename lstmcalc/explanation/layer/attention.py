"""What is special to the attention layers: how heads, steps and widths go together, in words and equations.

The equations are Python that runs on the numpy arrays of one sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lstmcalc.dims import UNKNOWN, Dim, is_multiple, product, to_text
from lstmcalc.explanation.keras_calls import call_text, changed
from lstmcalc.explanation.words import Lines, amount, in_steps, shown_size
from lstmcalc.layers.attention.operands import operands
from lstmcalc.layers.kinds import is_headed, is_headless
from lstmcalc.layers.rule import Formula, Inputs, as_shapes
from lstmcalc.shapes import show_count, show_shape

if TYPE_CHECKING:
    from lstmcalc.layers.attention.projections import HeadedAttention

__all__ = ["attention_sections"]


def attention_sections(rule: Any, x: Inputs) -> Iterator[tuple[str, Lines]]:
    """What an attention layer needs said besides its shapes; nothing for any other layer."""
    if is_headed(rule):
        yield "Heads", _heads(rule, x)
        yield "Where the params come from", _params(rule, x)
    if is_headed(rule) or is_headless(rule):
        if all(len(shape) == 3 for shape in x.shapes):
            yield "One sample", _one_sample(rule, x)
        yield "Output and scores", _output(rule, x)


def _sizes(rule: Any) -> tuple[Dim, Dim, Dim, Dim]:
    """Heads of the query, heads of key and value, and what a head holds of the key and of the value."""
    if rule.class_name == "MultiHeadAttention":
        value_dim = rule.key_dim if rule.value_dim is None else rule.value_dim
        return rule.num_heads, rule.num_heads, rule.key_dim, value_dim
    return rule.num_query_heads, rule.num_key_value_heads, rule.head_dim, rule.head_dim


def _heads(rule: Any, x: Inputs) -> Lines:
    heads, shared, key_dim, value_dim = _sizes(rule)
    argument = "key_dim" if rule.class_name == "MultiHeadAttention" else "head_dim"
    lines: Lines = [
        (f"`{argument}` is the size of one head, not of all together: {amount(heads, 'head')} of "
         f"{amount(key_dim, 'value')} make {show_count(heads * key_dim)}.",),
        *_split_width(rule, x, argument),
    ]  # fmt: skip
    if value_dim != key_dim:
        lines.append((f"What a head passes on has a size of its own, `value_dim`: {amount(heads, 'head')} of "
                      f"{amount(value_dim, 'value')} make {show_count(heads * value_dim)}.",))  # fmt: skip
    if shared != heads:
        lines.append((f"Key and value have {amount(shared, 'head')} only; each serves "
                      f"{amount(heads // shared, 'head')} of the query.",))  # fmt: skip
    return lines


def _split_width(rule: Any, x: Inputs, argument: str) -> Lines:
    """How the heads relate to the width of the query, which papers split among them."""
    heads, _, key_dim, _ = _sizes(rule)
    width = x.shape[-1]
    if not isinstance(width, int) or not isinstance(heads, int) or not isinstance(key_dim, int) or heads == 1:
        return []
    if heads * key_dim == width:
        return [(f"That is the width of the query, {width}, as in the paper, which splits it among the heads. Keras "
                 "does not ask for it.",)]  # fmt: skip
    lines: Lines = [(f"Keras does not ask that this be the width of the query, {width}.",)]
    if is_multiple(width, heads) is True:
        split = changed(rule, **{argument: width // heads})
        lines.append((f"When a paper splits a width of {width} among {heads} heads, it is `{call_text(split)}`: "
                      f"{show_count(split.count(x))} params.",))  # fmt: skip
    return lines


def _params(rule: HeadedAttention, x: Inputs) -> Lines:
    lines: Lines = []
    for name, term in rule.terms(x).items():
        formula = Formula((term,))
        lines.append((name, in_steps(formula.in_names(), formula.in_numbers(), show_count(formula.value))))
    bias = " Each + 1 is a bias." if rule.use_bias else ""
    lines.append((f"The number of steps is in none of them: the same weights serve every step.{bias}",))
    return lines


def _one_sample(rule: Any, x: Inputs) -> Lines:
    lines = _headed_lines(rule, x) if is_headed(rule) else _headless_lines(rule, x)
    if x.keywords.get("use_causal_mask"):
        lines.append(("`use_causal_mask: true`: before the softmax, the scores of step t for all steps s after it are "
                      "made so small that it turns them to 0.",))  # fmt: skip
    if getattr(rule, "sliding_window", None) is not None:
        lines.append((f"`sliding_window: {rule.sliding_window}`: step t looks at the steps s less than "
                      f"{rule.sliding_window} away from it; the scores of all others are 0.",))  # fmt: skip
    if rule.dropout > 0:
        lines.append((f"`dropout: {rule.dropout}`: in training, that share of the scores is set to zero and the rest "
                      "scaled up.",))  # fmt: skip
    return lines


def _headed_lines(rule: Any, x: Inputs) -> Lines:
    heads, shared, key_dim, value_dim = _sizes(rule)
    query, value, _ = operands(x)
    steps, there, out = query[1], value[1], as_shapes(rule.output_shape(x))[0][2:]
    letters = "opqrs"[: len(out)]
    mine, theirs = (steps, heads, key_dim), (there, shared, key_dim)
    lines: Lines = [
        (f'q = einsum("td,dhk->thk", query, W_query){_bias(rule, "query")}', show_shape(mine), "what is looked for"),
        (f'k = einsum("sd,dhk->shk", key, W_key){_bias(rule, "key")}', show_shape(theirs), "what can be found"),
        (f'v = einsum("sd,dhk->shk", value, W_value){_bias(rule, "value")}', show_shape((there, shared, value_dim)),
         "what is passed on"),
    ]  # fmt: skip
    if rule.class_name != "MultiHeadAttention":
        times = to_text(heads // shared)
        lines += [(f"{name} = repeat({name}, {times}, 1)", show_shape((there, heads, key_dim)), "heads shared")
                  for name in "kv"]  # fmt: skip
    scores = f'scores = softmax(einsum("thk,shk->hts", q, k) / sqrt({to_text(key_dim)}))'
    mixed = show_shape((steps, heads, value_dim))
    lines += [
        (scores, show_shape((heads, steps, there)), "each row adds up to 1"),
        ('found = einsum("hts,shk->thk", scores, v)', mixed, "the mean of v, weighted by the scores"),
    ]
    if rule.use_gate:
        gate = f'einsum("td,dhk->thk", query, W_gate){_bias(rule, "gate")}'
        lines.append((f"found = found * sigmoid({gate})", mixed, "what is let through"))
    join = f'einsum("thk,hk{letters}->t{letters}", found, W_attention_output){_bias(rule, "attention_output")}'
    lines.append((f"output = {join}", show_shape((steps, *out)), "all heads together"))
    lines.append(("W is a kernel and b a bias; t counts the steps of the query, s those of key and value, h the heads. "
                  "softmax goes along the last axis.",))  # fmt: skip
    return lines


def _bias(rule: Any, name: str) -> str:
    return f" + b_{name}" if rule.use_bias else ""


def _headless_lines(rule: Any, x: Inputs) -> Lines:
    query, value, key = operands(x)
    scale = "scale * " if rule.use_scale else ""
    both = "query[:, None] + key[None]"
    if rule.class_name == "AdditiveAttention":
        inside = f"({scale}tanh({both})).sum(-1)"
    elif rule.score_mode == "dot":
        inside = f"{scale}(query @ key.T)" if scale else "query @ key.T"
    else:
        inside = f"concat_score_weight * tanh({scale}({both})).sum(-1)"
    return [
        (f"scores = softmax({inside})", show_shape((query[1], key[1])), "each row adds up to 1"),
        ("output = scores @ value", show_shape((query[1], value[2])), "the mean of the value, weighted by the scores"),
        ("softmax goes along the last axis.",),
    ]


def _output(rule: Any, x: Inputs) -> Lines:
    lines: Lines = [
        (f"The output is {_width(rule, x)}",),
        ("It has the steps of the query, however many steps key and value have.",),
    ]
    if all(len(shape) == 3 for shape in x.shapes):
        lines.append((_scores(rule, x),))
    return lines


def _width(rule: Any, x: Inputs) -> str:
    query, value = x.shapes[0][-1], x.shapes[1][-1]
    if is_headless(rule):
        return f"as wide as the value, {shown_size(value)}, since it is a mean of the value's steps."
    if getattr(rule, "output_shape_", ()):
        return f"as wide as `output_shape` says; without it, it would be as wide as the query, {shown_size(query)}."
    other = " `output_shape` would give another." if rule.class_name == "MultiHeadAttention" else ""
    return (f"as wide as the query, {shown_size(query)}: `attention_output` leads back to that width, so that the two "
            f"can be added up.{other}")  # fmt: skip


def _scores(rule: Any, x: Inputs) -> str:
    query, _, key = operands(x)
    heads = [_sizes(rule)[0]] if is_headed(rule) else []
    sizes = [*heads, query[1], key[1]]
    number = in_steps("·".join(map(to_text, sizes)), show_count(product(sizes)))
    stated = "" if UNKNOWN in sizes else f": {number} scores for one sample"
    each = " in each head" if heads else ""
    return (f"Every step of the query has a score for every step of the key{each}{stated}. The scores grow with the "
            "steps, the params do not.")  # fmt: skip
