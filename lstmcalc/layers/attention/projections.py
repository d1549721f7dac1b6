"""What Keras's attention layers with heads share: their projections, which hold all weights, and their masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lstmcalc.dims import Dim, product, symbol, symbols_of, total
from lstmcalc.errors import Fault, Rejection
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.activation_costs import activation_work
from lstmcalc.layers.attention.calls import MASKS, TOLD, Named, causal_mask, hint_on_other_shape, spread_mask
from lstmcalc.layers.attention.costs import headed_work
from lstmcalc.layers.attention.kept import Projected, kept_with_heads
from lstmcalc.layers.costs import ADD, Cost, Work
from lstmcalc.layers.kept import Kept, Made
from lstmcalc.layers.rule import Formula, Inputs, LayerRule, Shape, Term, Weight, variable_dtype

__all__ = ["HeadedAttention", "Projection"]


class Projection(NamedTuple):
    """A layer inside that turns the last axes of a shape, `bound` of them, into others; `reads` is the input it has."""

    name: str
    shape: Shape
    sizes: Shape
    why: str
    bound: int = 1
    reads: int = 0

    def weights(self, use_bias: bool) -> Iterator[Weight]:
        """Its kernel and, with `use_bias`, its bias."""
        kept, turned = self.shape[: -self.bound], self.shape[-self.bound :]
        uses = product(kept[1:])
        yield Weight(f"{self.name}/kernel", (*turned, *self.sizes), uses, self.why, reads=(self.reads,))
        if use_bias:
            each = "output value" if self.bound > 1 else "value of every head"
            yield Weight(f"{self.name}/bias", self.sizes, uses, f"one offset for each {each}", cost=ADD)


class HeadedAttention(LayerRule):
    """What MultiHeadAttention and GroupQueryAttention share: projections with weights, flash attention, masks."""

    kinds = ("headed",)
    passes_mask = True

    operands = "query value key"
    keywords = {**TOLD, **MASKS}
    #: The scores carry on data what the Softmax inside was given: a mask over query and value, which is none of steps.
    followed_outputs = 1

    dropout: float
    use_bias: bool
    sliding_window: int | None
    flash_attention: bool | None

    def validate(self) -> None:
        if self.flash_attention and self.dropout > 0:
            raise Rejection("wrong-value", "no `dropout` beside `flash_attention`", f"`dropout: {self.dropout}`",
                            "Keras's flash attention drops nothing", "leave one of them out")  # fmt: skip

    def projections(self, x: Inputs) -> list[Projection]:
        """The projections, in Keras's order."""
        raise NotImplementedError

    def weights(self, x: Inputs) -> Iterable[Weight]:
        for projection in self.projections(x):
            yield from projection.weights(self.use_bias)

    def built_weights(self, x: Inputs) -> Iterator[Weight]:
        # Keras makes the layers inside when it builds, and does not tell them of `trainable: false`.
        for weight in self.weights(x):
            yield weight._replace(dtype=variable_dtype(self.dtype))

    def looked_up(self, x: Inputs) -> tuple[Shape, int]:
        """The shape of the scores, and how many of its last axes a softmax goes over."""
        raise NotImplementedError

    def work(self, x: Inputs) -> Iterable[Work]:
        scores, along = self.looked_up(x)
        made = {projection.name: (*projection.shape[:-1], *projection.sizes) for projection in self.projections(x)}
        if "gate" in made:
            yield from activation_work("sigmoid", made["gate"], name="gate/sigmoid")
            gated = Cost(arithmetic=product(made["gate"][1:]))
            yield Work("gate", gated, "what was found is multiplied with its gate, value by value")
        widths = made["query"][-1], made["value"][-1]
        yield from headed_work(scores, product(made["query"][1:]), widths, along, self.is_fused(x))

    def kept(self, x: Inputs, made: Made) -> Kept:
        scores, _ = self.looked_up(x)
        each = {projection.name: projection for projection in self.projections(x)}
        given = {name: product((*one.shape[1 : -one.bound], *one.sizes)) for name, one in each.items()}
        heads = each["query"].sizes[0]
        repeated = total(product((*each[name].shape[1:-1], heads, each[name].sizes[-1])) for name in ("key", "value"))
        found = product(each["attention_output"].shape[1:])
        projected = Projected(given["query"], given["key"], given["value"], repeated, found, given.get("gate", 0))
        masks = (1 if self.is_fused(x) else 2) if made.masked or self.masks(x) else 0
        return kept_with_heads(projected, scores, made, self.dropout > 0, masks)

    def terms(self, x: Inputs) -> dict[str, Term]:
        """What each projection adds to the count."""
        rule, values = self.named()
        assert isinstance(rule, HeadedAttention)
        names = self._width_names(x)
        shapes = [(*shape[:-1], symbol(name)) for name, shape in zip(names, x.shapes, strict=True)]
        values.update({name: shape[-1] for name, shape in zip(names, x.shapes, strict=True)})
        terms = {}
        for projection in rule.projections(x.replace(shapes, x.axes)):
            count = total(weight.params for weight in projection.weights(self.use_bias))
            terms[projection.name] = Term(count, {name: values[name] for name in symbols_of(count)})
        return terms

    def formula(self, x: Inputs) -> Formula | None:
        """A term for each projection; those that are alike are told once, with their number."""
        alike: dict[Dim, Term] = {}
        for term in self.terms(x).values():
            there = alike.get(term.expression)
            alike[term.expression] = term if there is None else there._replace(factor=there.factor + 1)
        return Formula(tuple(alike.values()))

    def _width_names(self, x: Inputs) -> tuple[str, ...]:
        """What the last axes are called: as the input's where they are one width, otherwise each by its role."""
        if len({shape[-1] for shape in x.shapes}) == 1:
            return (self.axis_names(x.ndim)[-1],) * len(x.shapes)
        return ("query_width", "value_width", "key_width")[: len(x.shapes)]

    def masks(self, x: Inputs) -> list[Named]:
        """The masks that Keras joins, with the shapes in which it joins them."""
        told: dict[str, Shape] = {name: x.keywords[name] for name in MASKS if x.keywords.get(name) is not None}
        masks = [spread_mask(name, told[name]) for name in ("value_mask", "key_mask") if name in told]
        if "attention_mask" in told:
            masks.append(("attention_mask", told["attention_mask"]))
        if self.sliding_window is not None:
            masks.append(causal_mask(x, "sliding_window"))
        if x.keywords.get("use_causal_mask"):
            masks.append(causal_mask(x, "use_causal_mask"))
        return masks

    def uses_mask(self, x: Inputs) -> bool:
        return any(mask is not None for mask in x.told)

    def check_mask(self, x: Inputs) -> None:
        roles = ("query_mask", "value_mask", "key_mask")
        given = {role: mask for role, mask in zip(roles, x.told, strict=False) if mask is not None}
        if given:
            keywords = {key: value for key, value in x.keywords.items() if key not in MASKS or key == "attention_mask"}
            told = Inputs(x.shapes, x.axes, x.states, {**keywords, **given})
            told.assumptions = x.assumptions
            self.output_shape(told)

    def is_fused(self, x: Inputs) -> bool:
        """Whether Keras leaves the work to its backend's attention, which knows inputs of 3 axes only."""
        return x.ndim == 3 and not self.dropout > 0 and not self.returns_scores(x)

    @staticmethod
    def returns_scores(x: Inputs) -> bool:
        """Whether the call is told to return the attention scores."""
        return bool(x.keywords.get("return_attention_scores"))

    def check_scores(self, x: Inputs) -> None:
        """Refuses scores beside flash attention, which has none."""
        if self.flash_attention and self.returns_scores(x) and x.checked:
            raise Rejection("wrong-value", "no `return_attention_scores` beside `flash_attention`", "both",
                            "flash attention never has all scores at once", "leave one of them out")  # fmt: skip

    def hints(self, x: Inputs) -> Iterator[Fault]:
        if not self.trainable:
            yield Fault("trains-anyway", "`trainable: false` to freeze the weights", "weights that train",
                        "Keras 3.15.1 makes them in layers inside, which it does not tell",
                        "leave it out, and set `trainable = False` on the layer once it is built")  # fmt: skip
        if self.flash_attention and self.is_fused(x):
            yield Fault("backend-needed", "a backend with flash attention: JAX or PyTorch on a GPU",
                        "`flash_attention: true`", "Keras's TensorFlow backend refuses it")  # fmt: skip
        yield from hint_on_other_shape(self, x)
