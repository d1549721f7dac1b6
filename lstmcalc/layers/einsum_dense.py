"""Keras's EinsumDense: a dense layer whose sums are written as an einsum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lstmcalc.dims import UNKNOWN, Dim, at_least, equal, product, symbol, symbols_of
from lstmcalc.errors import Fault, Rejection
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.activation_costs import activation_work
from lstmcalc.layers.arguments import show
from lstmcalc.layers.costs import ADD, FREE, MULTIPLY
from lstmcalc.layers.einsum import Equation, broadcast_scales, macs_of, sample_of, scale_of_kernel, summed_alone
from lstmcalc.layers.halving import activated, other_shape
from lstmcalc.layers.kept import Kept, Made, multiplied
from lstmcalc.layers.lora import check_lora, low_rank, rank_argument
from lstmcalc.layers.quantization import (
    KERNEL_MODES,
    as_stored,
    check_low_rank,
    config_argument,
    kernel_weights,
    quantization_hints,
    quantized_policy,
)
from lstmcalc.layers.quantization_costs import Products, product_work
from lstmcalc.layers.rule import (
    Cost,
    Example,
    Formula,
    Inputs,
    LayerRule,
    Rejected,
    Shape,
    Term,
    Weight,
    Work,
    count_axes,
    layer,
)
from lstmcalc.shapes import show_shape

__all__ = ["EinsumDense"]

FORMS = "an equation such as `abc,cd->abd`, `...c,cd->...d` or `ab...,bc->ac...`"


def equation_argument() -> Any:
    """`equation`, as text; rules see an `Equation`."""

    def read(name: str, value: Any) -> Any:
        if isinstance(value, Equation):
            return value
        try:
            parsed = Equation.parse(value)
        except (ValueError, TypeError):
            raise arg.refuse(name, FORMS, value) from None
        lost = next((letter for letter in parsed.made if letter not in parsed.read + parsed.kernel), None)
        if lost:
            raise arg.refuse(name, f"an equation whose output has letters of the input or the kernel, not `{lost}`",
                             value)  # fmt: skip
        free = next((letter for letter in parsed.kernel if letter not in parsed.read + parsed.made), None)
        if free:
            raise arg.refuse(name, f"an equation whose kernel has letters of the input or the output, not `{free}`",
                             value)  # fmt: skip
        if len(set(parsed.made)) < len(parsed.made):
            raise arg.refuse(name, "an equation that has every letter of the output once", value)
        return parsed

    return arg.Argument(arg.REQUIRED, read)


def output_argument() -> Any:
    """`output_shape`: the sizes of the output's letters but the first, or one number; null where the input tells."""
    argument = arg.open_shape()
    several = argument.read
    argument.read = lambda name, value: several(name, value if isinstance(value, (list, tuple)) else [value])
    return argument


def letters_argument() -> Any:
    """`bias_axes`: some letters, as text or a list."""

    def read(name: str, value: Any) -> str:
        letters = "".join(value) if isinstance(value, (list, tuple)) and all(map(_is_letter, value)) else value
        if not isinstance(letters, str) or not letters:
            raise arg.refuse(name, "letters of the output", value)
        return letters

    return arg.Argument(None, read)


def _is_letter(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1


@layer(family="core")
class EinsumDense(LayerRule):
    """Multiplies its input with a kernel and sums up as an equation says; the kernel's letters say what it weighs.

    keras/src/layers/core/einsum_dense.py, 3.15.1. `output_shape` counts the letters of the output but the first, whose
    size Keras takes to be the batch.
    """

    equation: Equation = equation_argument()
    output_shape_: Shape = output_argument()
    activation: Any = arg.activation(None)
    bias_axes: str | None = letters_argument()
    kernel_initializer: Any = arg.initializer("glorot_uniform")
    bias_initializer: Any = arg.initializer("zeros")
    kernel_regularizer: Any = arg.regularizer()
    bias_regularizer: Any = arg.regularizer()
    kernel_constraint: Any = arg.constraint()
    bias_constraint: Any = arg.constraint()
    lora_rank: Dim | None = rank_argument()
    lora_alpha: float | None = arg.number(None)
    gptq_unpacked_column_size: Any = arg.anything(None)
    quantization_config: Any = config_argument()
    dtype: Any = arg.dtype_policy(True, KERNEL_MODES)

    #: Whether a kernel of three axes is split behind its first axis, in a mode that splits it, where names stand for
    #: sizes; with sizes, the greatest decides.
    splits_first: bool = True

    def validate(self) -> None:
        check_lora(self.lora_rank, "kernel_constraint", self.kernel_constraint)
        check_low_rank(self)
        foreign = next((letter for letter in self.bias_axes or "" if letter not in self.equation.made), None)
        if foreign:
            raise Rejection("wrong-value", f"`bias_axes` to be letters of the output, `{self.equation.made}`",
                            show(self.bias_axes))  # fmt: skip
        mode, rank = quantized_policy(self).mode, len(self.equation.kernel)
        if mode in ("gptq", "awq") and rank not in (2, 3):
            raise Rejection("wrong-value", f"a kernel of 2 or 3 axes for a `dtype` of mode {mode}", str(rank))
        if mode not in ("", "float8") and self.equation.ellipsis:
            raise Rejection("wrong-value", f"an equation without an ellipsis for a `dtype` of mode {mode}", "`...`",
                            "Keras 3.15.1 fails where it makes the scales", "write a letter for each axis")  # fmt: skip

    def axis_names(self, ndim: int) -> tuple[str, ...]:
        letters = tuple(self.equation.read)
        more = ndim - len(letters)
        if more < 0 or (more > 0 and not self.equation.ellipsis):
            least = "at least " if self.equation.ellipsis else ""
            raise Rejection("wrong-ndim", f"{least}{count_axes(len(letters))} ({', '.join(letters)})")
        if self.equation.ellipsis == "left":
            return (*("batch", *(f"axis_{i}" for i in range(1, more)))[:more], *letters)
        return (*letters, *(f"axis_{i}" for i in range(len(letters), ndim)))

    def _elided(self, x: Inputs) -> Shape:
        """The sizes that the ellipsis stands for."""
        more = x.ndim - len(self.equation.read)
        return x.shape[:more] if self.equation.ellipsis == "left" else x.shape[x.ndim - more :]

    def _named_letters(self, x: Inputs) -> str:
        """The letters of the output that `output_shape` counts: all but the one that Keras takes for the batch."""
        return self.equation.made if self.equation.ellipsis == "left" and self._elided(x) else self.equation.made[1:]

    def _stated(self, x: Inputs) -> Shape:
        """The output's shape as Keras puts it together from `output_shape`; the axes of a left ellipsis turn round."""
        elided = self._elided(x)
        if self.equation.ellipsis == "left":
            return (x.shape[0], *reversed(elided[1:]), *self.output_shape_)
        return (x.shape[0], *self.output_shape_, *elided)

    def _read_sizes(self, x: Inputs) -> dict[str, Dim]:
        """The size of each letter of the input; a letter that comes twice takes a diagonal."""
        start = len(self._elided(x)) if self.equation.ellipsis == "left" else 0
        sizes: dict[str, Dim] = {}
        for letter, size in zip(self.equation.read, x.shape[start:], strict=False):
            if letter in sizes:
                expected = f"axes of one size for `{letter}`, which the equation has twice"
                x.require(equal(sizes[letter], size), "wrong-size", expected, show_shape(x.shape))
            sizes[letter] = size
        return sizes

    def _made_sizes(self, x: Inputs) -> dict[str, Dim]:
        """The size that `output_shape` gives each letter of the output; unknown where it is null."""
        stated, made = self._stated(x), self.equation.made
        start = len(self._elided(x)) if self.equation.ellipsis == "left" else 0
        if len(stated) < start + len(made):
            raise Rejection(
                "wrong-value",
                f"`output_shape` to have {count_axes(len(self._named_letters(x)))} for the output `{made}`",
                show(tuple(None if size is UNKNOWN else size for size in self.output_shape_)),
            )
        return dict(zip(made, stated[start:], strict=False))

    def _sizes(self, x: Inputs) -> dict[str, Dim]:
        """The size of every letter: what `output_shape` states, or else what the input has."""
        read, made = self._read_sizes(x), self._made_sizes(x)
        for letter, size in read.items():
            stated = made.get(letter, UNKNOWN)
            if stated is UNKNOWN or equal(size, stated) is True:
                continue
            x.require_known(size, f"`{letter}`", f"`output_shape` states {show(stated)} for it",
                            "write null for it in `output_shape`")  # fmt: skip
            x.require(
                equal(size, stated),
                "wrong-size",
                f"`{letter}` to be {show(stated)}, as `output_shape` states",
                show_shape(x.shape),
                fix="write null for it in `output_shape`",
            )
        return {**read, **{letter: size for letter, size in made.items() if letter not in read}}

    def weights(self, x: Inputs) -> Iterable[Weight]:
        policy, equation, sizes = quantized_policy(self), self.equation, self._sizes(x)
        stated = {**sizes, **self._made_sizes(x)}
        shape = tuple(self._weighed(x, letter, stated, "kernel") for letter in equation.kernel)
        elided = self._elided(x)
        others = product(elided[1:] if equation.ellipsis == "left" else elided)
        batch = equation.batch(elided)
        uses = others * product(sizes[letter] for letter in equation.made if letter not in equation.kernel + batch)
        frozen = self.lora_rank is not None
        cost = FREE if self._multiplies_besides else MULTIPLY
        why = "what the equation sums over weighs what it makes"
        kernel = Weight("kernel", shape, uses, why, not frozen, cost=cost)
        beside = [*self._bias(x, stated, elided), *low_rank("kernel", shape, self.lora_rank, uses)]
        yield from as_stored(policy, kernel, beside, self._quantized(x, shape, uses), uses)

    def _weighed(self, x: Inputs, letter: str, stated: dict[str, Dim], weight: str) -> Dim:
        """The size of a letter in a weight, which Keras takes from `output_shape` alone where the output has it."""
        size = stated[letter]
        if size is UNKNOWN and x.checked and letter in self.equation.made:
            expected, got = f"`{letter}` to be a number in `output_shape`", "null"
            if letter == self.equation.made[0] and letter not in self._named_letters(x):
                expected, got = f"`{letter}` to be a number, as the batch", show_shape(x.shape)
            raise Rejection("wrong-value", f"{expected}, since `{weight}` has that size", got)
        return size

    def _bias(self, x: Inputs, stated: dict[str, Dim], elided: Shape) -> list[Weight]:
        axes, made = self.bias_axes, self.equation.made
        if axes is None:
            return []
        spanned = made[min(made.index(letter) for letter in axes) :]
        shape = tuple(self._weighed(x, letter, stated, "bias") if letter in axes else 1 for letter in spanned)
        if self.equation.ellipsis == "right":
            shape += (1,) * len(elided)
        batch, sizes = self.equation.batch(elided), self._sizes(x)
        uses = product(sizes[letter] for letter in made if letter not in axes + batch)
        places = product(elided[1:] if self.equation.ellipsis == "left" else elided)
        return [Weight("bias", shape, uses * places, "an offset for each place along `bias_axes`", cost=ADD)]

    @property
    def _multiplies_besides(self) -> bool:
        """Whether what the products cost is no use of each number of the kernel, or not of one that is trained."""
        return self.lora_rank is not None or not self.equation.uses_all()

    def work(self, x: Inputs) -> Iterable[Work]:
        equation, sizes, elided = self.equation, self._sizes(x), self._elided(x)
        yield from summed_alone(equation, sizes, elided)
        macs, made = macs_of(equation, sizes, elided), sample_of(equation, sizes, elided)
        if self._multiplies_besides and quantized_policy(self).mode in ("", "float8"):
            yield Work("kernel", Cost(macs=macs), "the products that the equation adds up", ((0,),), self.trainable)
        values = product(x.shape[1:])
        summed = product(sizes[letter] for letter in {*equation.read} - {*equation.made})
        products = Products(macs, values, values // summed, product(made[1:]))
        yield from product_work(self, products, sizes[equation.kernel[-1]], self.lora_rank, early=True)
        yield from activation_work(self.activation, made)

    def kept(self, x: Inputs, made: Made) -> Kept:
        return multiplied(self.activation, x.shapes, made)

    def _quantized(self, x: Inputs, shape: Shape, uses: Dim) -> Iterable[Weight]:
        policy, equation = quantized_policy(self), self.equation
        if policy.mode == "int8":
            return kernel_weights(policy, 0, 0, uses, shape, scale_of_kernel(equation, shape))
        if policy.mode == "int4":
            summed = [letter not in equation.made for letter in equation.kernel]
            rows = product(size for size, is_summed in zip(shape, summed, strict=True) if is_summed)
            columns = product(size for size, is_summed in zip(shape, summed, strict=True) if not is_summed)
            return kernel_weights(policy, rows, columns, uses)
        at = 1 if len(shape) == 2 or self._splits_first(x, shape) else 2
        return kernel_weights(policy, product(shape[:at]), product(shape[at:]), uses, zero_name="zero_point")

    def _splits_first(self, x: Inputs, shape: Shape) -> bool:
        """Whether gptq and awq take a kernel of three axes for one that splits its first axis up: the greatest."""
        if not x.checked:
            return self.splits_first
        first, *others = shape
        conditions = [at_least(first, other) for other in others]
        if False in conditions:
            return False
        for condition in conditions:
            x.require(condition, "wrong-size", "", because="Keras splits the kernel where its greatest axis is")
        return True

    def output_shape(self, x: Inputs) -> Any:
        made = self._made(x)
        self._check_quantized(x, made)
        return activated(x, made, self.activation)

    def _check_quantized(self, x: Inputs, made: Shape) -> None:
        """Refuses what Keras builds and cannot run: scales, or low-rank factors, that do not fit the output."""
        policy, sizes = quantized_policy(self), {**self._sizes(x), **self._made_sizes(x)}
        kernel = tuple(sizes[letter] for letter in self.equation.kernel)
        if policy.mode == "int8":
            broadcast_scales(x, self.equation, x.shape, kernel, made)
        if policy.mode in ("int8", "int4") and self.lora_rank is not None:
            self._check_update(x, kernel[-1], made, self.lora_rank)

    def _check_update(self, x: Inputs, last: Dim, made: Shape, rank: Dim) -> None:
        """Refuses a low-rank update that is not added on the kernel's last axis: quantised, it is a sum of its own."""
        letter = self.equation.kernel[-1]
        shape = [rank if other == letter else size for other, size in zip(self.equation.made, made, strict=True)]
        fits = [equal(shape[-1], rank)]
        if letter in self.equation.read:
            fits.append(equal(last, rank))
        shape[-1] = last
        fits += [equal(size, there) for size, there in zip(shape, made, strict=True) if size != 1]
        for condition in fits:
            x.require(condition, "wrong-value", f"an equation whose kernel and output end in the same letter, beside "
                      f"`lora_rank` in mode {quantized_policy(self).mode}", f"`{self.equation}`",
                      "Keras builds this, and fails on data")  # fmt: skip

    def _made(self, x: Inputs) -> Shape:
        """The output before its activation. What `output_shape` leaves open stays so: Keras does not look it up."""
        sizes, made, elided = self._sizes(x), self._made_sizes(x), self._elided(x)
        shape = tuple(
            UNKNOWN if made[letter] is UNKNOWN and isinstance(sizes[letter], int) else sizes[letter] for letter in made
        )
        return (*elided, *shape) if self.equation.ellipsis == "left" else (*shape, *elided)

    def keras_output_shape(self, x: Inputs) -> Any:
        made, stated = self._made(x), self._stated(x)
        as_made = tuple(
            size if there is UNKNOWN else there for size, there in zip(made, stated, strict=False)
        ) + stated[len(made) :]  # fmt: skip
        return None if as_made == made and self.activation != "glu" else as_made

    def named(self) -> tuple[LayerRule, dict[str, Dim]]:
        made = self.equation.made
        whole = self.equation.ellipsis == "left" and len(self.output_shape_) >= len(made)
        return self._named(made if whole else made[1:])

    def _named(self, letters: str) -> tuple[EinsumDense, dict[str, Dim]]:
        """A copy whose `output_shape` is the letters that it stands for."""
        values = dict(zip(letters, self.output_shape_, strict=False))
        named = tuple(size if size is UNKNOWN else symbol(letter) for letter, size in values.items())
        changed: dict[str, Any] = {"output_shape": (*named, *self.output_shape_[len(named) :])}
        if self.lora_rank is not None:
            changed["lora_rank"], values["lora_rank"] = symbol("lora_rank"), self.lora_rank
        return type(self)({**self.given, **changed}, self.name), values

    def formula(self, x: Inputs) -> Formula | None:
        rule, values = self._named(self._named_letters(x))
        real = {**self._sizes(x), **self._made_sizes(x)}
        first, *others = (real[letter] for letter in self.equation.kernel)
        rule.splits_first = False not in [at_least(first, other) for other in others]
        axes = self.axis_names(x.ndim)
        view = Inputs([tuple(map(symbol, axes))], axes)
        view.checked = False
        count = rule.count(view)
        values = {**dict(zip(axes, x.shape, strict=True)), **values}
        return Formula((Term(count, {name: values[name] for name in symbols_of(count)}),))

    def hints(self, x: Inputs) -> Iterator[Fault]:
        yield from quantization_hints(self)
        if self.keras_output_shape(x) is not None:
            yield other_shape(self, x, "Keras puts the shape together from `output_shape`, and leaves the rest out")

    examples = [
        Example({"equation": "abc,cd->abd", "output_shape": [None, 64], "bias_axes": "d"}, (None, 32, 128), 8_256,
                output=(None, None, 64)),
        Example({"equation": "abc,cde->abde", "output_shape": [32, 8, 16]}, (None, 32, 128), 16_384,
                output=(None, 32, 8, 16)),
        Example({"equation": "...x,xy->...y", "output_shape": 64, "bias_axes": "y"}, (None, 32, 128), 8_256,
                output=(None, 32, 64)),
        Example({"equation": "ab...,bc->ac...", "output_shape": 64}, (None, 32, None), 2_048, output=(None, 64, None)),
        Example({"equation": "ab,bcd->acd", "output_shape": [2, 3], "lora_rank": 2}, (None, 3), 36, (None, 2, 3), 18),
        Example({"equation": "ab,bc->ac", "output_shape": 5, "dtype": "int4/4_from_float32"}, (None, 6), 44,
                output=(None, 5), trainable_params=0),
        Rejected({"equation": "ab,bc->ad", "output_shape": 5}, "expected `equation` to be an equation whose output has "
                 'letters of the input or the kernel, not `d`, got "ab,bc->ad"'),
        Rejected({"equation": "ab, bc -> ac", "output_shape": 5}, f'expected `equation` to be {FORMS}, got '
                 '"ab, bc -> ac"'),
        Rejected({"equation": "abc,cd->abd", "output_shape": 64}, "expected `output_shape` to have 2 axes for the "
                 "output `abd`, got [64]"),
        Rejected({"equation": "abc,cd->abd", "output_shape": [9, 64]}, "expected `b` to be 9, as `output_shape` "
                 "states, got (None, 32, 128)"),
        Rejected({"equation": "abc,cd->abd", "output_shape": [None, 64], "bias_axes": "bd"}, "expected `b` to be a "
                 "number in `output_shape`, since `bias` has that size, got null"),
        Rejected({"equation": "ab,bc->ac", "output_shape": 5}, "expected 2 axes (a, b), got (None, 32, 128) from input "
                 '"input_0": the batch is implied, and takes the first axis'),
        Rejected({"equation": "ab,bc->ac", "output_shape": 5, "bias_axes": "b"}, "expected `bias_axes` to be letters "
                 'of the output, `ac`, got "b"'),
        Rejected({"equation": "...x,xy->...y", "output_shape": 5, "dtype": "int8_from_float32"}, "expected an equation "
                 "without an ellipsis for a `dtype` of mode int8, got `...`: Keras 3.15.1 fails where it makes the "
                 "scales"),
    ]  # fmt: skip
