"""What is often taken for something else about a layer, or missed: short answers from the rule and the shapes.

A line has two cells: what is confused, and what it is. Where another layer is named for comparison, its rule is run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, product, to_text
from lstmcalc.explanation.cells import states_of
from lstmcalc.explanation.keras_calls import call_text, changed
from lstmcalc.explanation.words import Lines, amount, in_steps, listed
from lstmcalc.layers.rule import RULES, Inputs, LayerRule, Shape, as_shapes, show_shapes
from lstmcalc.layers.spatial import AXES, COUNTED
from lstmcalc.shapes import show_count, show_shape

__all__ = ["confusions"]

Words = Callable[[Any, Inputs], Lines]


def confusions(rule: LayerRule, x: Inputs) -> Lines:
    """What is often confused about this layer on this input; no line where nothing is."""
    words = BY_CLASS.get(rule.class_name)
    return words(rule, x) if words else []


def _recurrent(rule: Any, x: Inputs) -> Lines:
    units, cell = to_text(rule.units), f"{rule.class_name.removeprefix('CuDNN')}Cell"
    kernel = next(show_shape(weight.shape) for weight in rule.weights(x) if weight.name == "kernel")
    kept = " and ".join(states_of(rule))
    return [
        (_equal("units", rule.units), f"how many values h has, and so how wide the output is. Papers call each of them "
         f"a cell, Keras all of them together: `{cell}({units})`. It is not the number of time steps, and not the "
         "number of layers: the same ones serve every step."),
        (_equal("timesteps", x.timesteps), "how often the step is repeated. The input decides it; no weight depends on "
         "it."),
        (_equal("input_dim", x.input_dim), f"how many values one step reads. It sets the number of rows of `kernel`, "
         f"{kernel}, and changes no other weight. 1 is enough: {kept} carry what came before, so that no step "
         "has to hold earlier values (lags) too.".replace("h carry", "h carries" if kept == "h" else "h carry")),
        *_order(x),
        *_unknown(x),
    ]  # fmt: skip


def _order(x: Inputs) -> Lines:
    """How the data is laid out, for a number of samples that is an example where the batch is open."""
    samples = x.batch if isinstance(x.batch, int) else 32
    return [("order", f"samples, then time steps, then features: the data of {amount(samples, 'sample')} has the "
             f"shape {show_shape((samples, *x.shape[1:]))}.")]  # fmt: skip


def _unknown(x: Inputs) -> Lines:
    unknown = [axis for axis, size in zip(x.axes, x.shape, strict=False) if size is UNKNOWN]
    said = f"a size left open until data comes, here {' and '.join(unknown)}. No weight depends on it."
    return [("None", said)] if unknown else []


def _conv_lstm(rule: Any, x: Inputs) -> Lines:
    state = rule.state_shapes(x)[0]
    return [
        (_equal("filters", rule.filters), f"how many channels h and c have: each is {show_shape(state)}, "
         "where an LSTM keeps one vector."),
        *_places(rule, x, state[2:] if rule.channels_first else state[1:-1], rule.spatial),
        (_equal("timesteps", x.timesteps), "how often the step is repeated. No weight depends on it."),
    ]  # fmt: skip


def _rnn(rule: Any, x: Inputs) -> Lines:
    name = rule.cell.class_name.removesuffix("Cell") if isinstance(rule.cell, LayerRule) else ""
    if name not in ("LSTM", "GRU", "SimpleRNN"):
        return []
    own = {key: value for key, value in rule.given.items() if key in RULES[name].arguments}
    alike = RULES[name]({**own, **rule.cell.given})
    fused = "" if name == "SimpleRNN" else " and may use the fused kernel of cuDNN on a GPU, which RNN never does"
    return [(name, f"`{call_text(alike)}` does the same with {show_count(alike.count(x))} params{fused}.")]


def _dense(rule: Any, x: Inputs) -> Lines:
    units = (_equal("units", rule.units), f"how many values come out, each a weighted sum of "
             f"{amount(x.input_dim, 'value')}.")  # fmt: skip
    if x.ndim < 3:
        return [units]
    places = product(x.shape[1:-1])
    where = "every place" if places is UNKNOWN else f"each of {amount(places, 'place')}"
    lines: Lines = [
        units,
        ("TimeDistributed", f"is not needed: Dense works on the last axis only, with the same "
         f"{show_count(rule.count(x))} params at {where}. `TimeDistributed({call_text(rule)})` gives the same."),
    ]  # fmt: skip
    flat = product(x.shape[1:])
    if isinstance(flat, int):
        row = x.replace([(x.batch, flat)], rule.axis_names(2))
        instead = f"{show_shapes(rule.output_shape(row))}, {show_count(rule.count(row))} params"
        lines.append(
            ("Flatten", f"before it, every unit would weigh all {show_count(flat)} values of a sample: {instead}.")
        )
    return lines


def _embedding(rule: Any, x: Inputs) -> Lines:
    last = f"0 to {show_count(rule.input_dim - 1)}"
    length = "" if x.ndim < 2 else f" It is not the length of the input, {to_text(x.shape[-1])}."
    return [
        (_equal("input_dim", rule.input_dim), f"how many different numbers the input may hold: {last}.{length}"),
        (_equal("output_dim", rule.output_dim), "how many values stand for each number."),
    ]


def _flatten(rule: Any, x: Inputs) -> Lines:
    row = as_shapes(rule.output_shape(x))[0]
    dense = RULES["Dense"]({"units": 1})
    if not isinstance(row[-1], int):
        return []
    params = show_count(dense.count(x.replace([row], dense.axis_names(2))))
    return [("params", f"It has none, but a Dense behind it weighs each of the {show_count(row[-1])} values by "
             f"itself: `Dense(1)` has {params} params there, and their number grows with every size of the "
             "input.")]  # fmt: skip


def _reshape(rule: Any, x: Inputs) -> Lines:
    return [("order", "The values stay in their order, row by row: nothing is transposed. `Permute` swaps axes.")]


def _permute(rule: Any, x: Inputs) -> Lines:
    return [("dims", "counts the axes from 1, since the batch, axis 0, stays. The values move with their axes; "
             "`Reshape` would leave them in their order.")]  # fmt: skip


def _repeat_vector(rule: Any, x: Inputs) -> Lines:
    output = show_shape(as_shapes(rule.output_shape(x))[0])
    return [
        ("what for", f"A layer that gives one vector, such as LSTM, {show_shape(x.shape)}, cannot feed one that reads "
         f"a sequence. RepeatVector stands between an encoder and a decoder: {output}, the same vector at every step."),
        (_equal("n", rule.n), "how many steps the next layer reads, for instance as many as the decoder is to give."),
    ]  # fmt: skip


def _places(rule: Any, x: Inputs, sizes: Shape, axes: tuple[str, ...]) -> Lines:
    """That the sizes along the spatial axes are not in the count."""
    number = product(sizes)
    factors = "·".join(map(to_text, sizes)) if isinstance(number, int) else show_count(number)
    steps = in_steps(factors, show_count(number))
    here = "" if number is UNKNOWN else f", {steps} here"
    verb = "are" if len(axes) > 1 else "is"
    return [(" and ".join(axes), f"{verb} not in the count: the same {show_count(rule.count(x))} params serve every "
             f"place of the output{here}. A larger input takes more time, not more params.")]  # fmt: skip


def _output_places(rule: Any, x: Inputs) -> Lines:
    output = as_shapes(rule.output_shape(x))[0]
    return _places(rule, x, output[2:] if rule.channels_first else output[1:-1], AXES[rule.rank])


def _filters(rule: Any) -> Lines:
    size = show_shape(rule.kernel_size) if rule.rank > 1 else to_text(rule.kernel_size[0])
    window = "The size of the window is `kernel_size`" + (f", {size}." if size != "kernel_size" else ".")
    return [(_equal("filters", rule.filters), f"how many channels the output has. {window}")]


def _convolution(rule: Any, x: Inputs) -> Lines:
    lines = [*_output_places(rule, x), *_filters(rule)]
    if getattr(rule, "groups", 1) == 1:
        lines.append((_equal("channels", x.channels), "every filter reads all of them, so that they are in the count."))
    return lines


def _separable(rule: Any, x: Inputs) -> Lines:
    name = rule.class_name.removeprefix("Separable")
    plain = RULES[name]({key: value for key, value in rule.given.items() if key in RULES[name].arguments})
    return [
        *_output_places(rule, x),
        *_filters(rule),
        (name, f"with the same arguments has {show_count(plain.count(x))} params, since each of its filters has a "
         "window for every channel."),
    ]  # fmt: skip


def _depthwise(rule: Any, x: Inputs) -> Lines:
    multiplied = to_text(rule.depth_multiplier * x.channels)
    return [
        *_output_places(rule, x),
        (_equal("depth_multiplier", rule.depth_multiplier), f"how many windows each channel has. Channels are not "
         f"mixed, so that the output has {multiplied} of them."),
    ]  # fmt: skip


def _pooling(rule: Any, x: Inputs) -> Lines:
    return [(_equal("channels", x.channels), "stay as many: each is pooled by itself, and nothing is learned.")]


def _global_pooling(rule: Any, x: Inputs) -> Lines:
    lines = _pooling(rule, x)
    flat = product(x.shape[1:])
    counted = " and ".join(COUNTED[axis] for axis in AXES[rule.rank])
    instead = f" would give {show_count(flat)} values, and" if isinstance(flat, int) else ""
    return [*lines, ("Flatten", f"{instead} would tie a Dense behind it to one number of {counted}. Behind this layer "
                     "it takes any.".removeprefix(" "))]  # fmt: skip


def _dropout(rule: Any, x: Inputs) -> Lines:
    if not 0 < rule.rate < 1:
        return []
    scale = f"1/(1 - {rule.rate:g}) = {1 / (1 - rule.rate):.4g}"
    return [
        (f"rate = {rule.rate:g}", f"the share that is dropped, not the share that is kept. What is kept is multiplied "
         f"by {scale}, so that sums stay about as large."),
        ("training", "Nothing is dropped but in training: `predict` and `evaluate` pass the input on as it is."),
    ]  # fmt: skip


def _batch_normalization(rule: Any, x: Inputs) -> Lines:
    frozen = [f"`{weight.name}`" for weight in rule.weights(x) if not weight.trainable]
    return [
        ("not trained", f"{listed(frozen)}: no gradient changes them. They are running averages: every batch in "
         f"training moves them {1 - rule.momentum:.4g} of the way (1 - `momentum`) to its own; `predict` normalizes "
         "with them."),
        (_equal("channels", x.channels), "the only size in the count: each weight holds one value per channel."),
    ]  # fmt: skip


def _layer_normalization(rule: Any, x: Inputs) -> Lines:
    return [("BatchNormalization", "takes mean and variance over the batch and all other axes but one, this layer "
             "of each sample by itself: so it keeps no running averages, and `predict` does as `fit` "
             "does.")]  # fmt: skip


def _masking(rule: Any, x: Inputs) -> Lines:
    values = amount(x.shape[-1], "value")
    return [
        ("values", "pass as they are: nothing is cut out. A mask goes with them, one true or false for each step."),
        ("mask_value", f"One value that equals it masks nothing: all of a step must ({values})."),
    ]


def _adding(rule: Any, x: Inputs) -> Lines:
    return [
        ("Concatenate", "puts the inputs side by side, and adds up their sizes along one axis; "
         f"{rule.class_name} works value by value, and adds up no sizes."),
        ("sizes", "must be equal along every axis, but for a size of 1, which is stretched to that of the others."),
    ]  # fmt: skip


def _concatenate(rule: Any, x: Inputs) -> Lines:
    return [
        ("Add", "adds the inputs up value by value, which leaves the width as it is; Concatenate changes no value.")
    ]


def _bidirectional(rule: Any, x: Inputs) -> Lines:
    if rule.layer.return_sequences:
        return []
    longer = changed(rule.layer, return_sequences=True)
    return [("last step", "The forward layer gives h after the last time step, the backward layer after the first, "
             f"where it ends. Every step of both: `{call_text(longer)}` inside.")]  # fmt: skip


def _equal(name: str, size: Dim) -> str:
    text = to_text(size)
    return name if text == name else f"{name} = {text}"


def _of(words: Words, names: str) -> dict[str, Words]:
    return dict.fromkeys(names.split(), words)


#: What is said of a class.
BY_CLASS: dict[str, Words] = {
    **_of(_recurrent, "LSTM GRU SimpleRNN CuDNNLSTM CuDNNGRU"),
    **_of(_conv_lstm, "ConvLSTM1D ConvLSTM2D ConvLSTM3D"),
    **_of(_rnn, "RNN"),
    **_of(_bidirectional, "Bidirectional"),
    **_of(_dense, "Dense"),
    **_of(_embedding, "Embedding"),
    **_of(_flatten, "Flatten"),
    **_of(_reshape, "Reshape"),
    **_of(_permute, "Permute"),
    **_of(_repeat_vector, "RepeatVector"),
    **_of(_convolution, "Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose"),
    **_of(_separable, "SeparableConv1D SeparableConv2D"),
    **_of(_depthwise, "DepthwiseConv1D DepthwiseConv2D"),
    **_of(_pooling, "MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D"),
    **_of(_global_pooling, "GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D "
          "GlobalAveragePooling2D GlobalAveragePooling3D"),
    **_of(_dropout, "Dropout"),
    **_of(_batch_normalization, "BatchNormalization"),
    **_of(_layer_normalization, "LayerNormalization"),
    **_of(_masking, "Masking"),
    **_of(_adding, "Add Average Maximum Minimum Multiply Subtract"),
    **_of(_concatenate, "Concatenate"),
}  # fmt: skip
