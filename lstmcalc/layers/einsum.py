"""Einsum equations as Keras's EinsumDense reads them, and the scales that int8 keeps for their inputs and kernels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lstmcalc.dims import UNKNOWN, Condition, Dim, equal, product
from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.rule import Cost, Inputs, Shape, Work

__all__ = ["Equation", "broadcast_scales", "macs_of", "sample_of", "scale_of_kernel", "summed_alone"]


class Equation(NamedTuple):
    """An einsum as letters: of the input, of the kernel, of the output, and where an ellipsis stands, if one does."""

    read: str
    kernel: str
    made: str
    ellipsis: str = ""

    @classmethod
    def parse(cls, text: str) -> Equation:
        """The equation that a text states; raises ValueError for what Keras cannot take apart.

        >>> Equation.parse("...c,cd->...d")
        Equation(read='c', kernel='cd', made='d', ellipsis='left')
        """
        letters = "([a-zA-Z]+)"
        # An ellipsis behind the output alone stands for nothing.
        for ellipsis, pattern in {
            "": rf"{letters},{letters}->{letters}\s*(?:\.\.\.)?\s*",
            "left": rf"\.\.\.{letters},{letters}->\.\.\.{letters}\s*",
            "right": rf"([a-zA-Z]{{2,}})\.\.\.,{letters}->{letters}\.\.\.\s*",
        }.items():
            if found := re.fullmatch(pattern, text):
                return cls(found[1], found[2], found[3], ellipsis)
        raise ValueError(text)

    def batch(self, elided: Shape) -> str:
        """The letter of the batch; none where the ellipsis stands for it."""
        return "" if self.ellipsis == "left" and elided else self.read[0]

    def uses_all(self) -> bool:
        """Whether every sample uses every number of the kernel, as often as any other of them."""
        is_sum_of_samples = not self.ellipsis and self.read[0] not in self.made + self.kernel
        return len({*self.kernel}) == len(self.kernel) and not is_sum_of_samples

    def __str__(self) -> str:
        before, behind = {"left": ("...", ""), "right": ("", "..."), "": ("", "")}[self.ellipsis]
        return f"{before}{self.read}{behind},{self.kernel}->{before}{self.made}{behind}"


def sample_of(equation: Equation, sizes: Mapping[str, Dim], elided: Shape) -> Shape:
    """The shape of the output with the batch first, as costs are counted."""
    batch = equation.batch(elided)
    made = [sizes[letter] for letter in equation.made if letter != batch]
    if equation.ellipsis == "left":
        return (UNKNOWN, *elided[1:], *made)
    return (UNKNOWN, *made, *elided)


def macs_of(equation: Equation, sizes: Mapping[str, Dim], elided: Shape) -> Dim:
    """The multiply-adds of one sample: a product for each choice of a place of every letter.

    >>> macs_of(Equation.parse("abc,cd->abd"), {"a": UNKNOWN, "b": 5, "c": 3, "d": 2}, ())
    30
    """
    batch = equation.batch(elided)
    if batch and batch not in equation.made:
        return 0
    letters = sorted({*equation.made, *equation.kernel} - {batch})
    return product([*(sizes[letter] for letter in letters), *(elided if batch else elided[1:])])


def summed_alone(equation: Equation, sizes: Mapping[str, Dim], elided: Shape) -> Iterator[Work]:
    """What adding up the places of letters that only the input has costs, which is done before anything is multiplied.

    >>> [work.cost for work in summed_alone(Equation.parse("abc,cd->ad"), {"a": UNKNOWN, "b": 5, "c": 3, "d": 2}, ())]
    [Cost(macs=0, arithmetic=12, functions=0)]

    Where the samples are added up as well, each adds all that it has:

    >>> [work.cost for work in summed_alone(Equation.parse("ab,bc->c"), {"a": UNKNOWN, "b": 3, "c": 4}, ())]
    [Cost(macs=0, arithmetic=3, functions=0)]
    """
    batch = equation.batch(elided)
    alone = {*equation.read} - {*equation.made, *equation.kernel}
    if not alone:
        return
    others = list(elided if batch else elided[1:])
    before = product([*others, *(sizes[letter] for letter in sorted({*equation.read} - {batch}))])
    after = product([*others, *(sizes[letter] for letter in sorted({*equation.read} - alone - {batch}))])
    cost = Cost(arithmetic=before if batch in alone else before - after)
    yield Work("sum", cost, f"the input is summed over {' and '.join(f'`{letter}`' for letter in sorted(alone))}")


class Layout(NamedTuple):
    """How the scales of an operand are laid along the output: in which order its axes come, where an axis of 1 is put
    in, and which axis is dropped."""

    summed: list[int]
    order: list[int]
    spare: list[int]
    dropped: list[int]


def layouts(equation: Equation) -> tuple[Layout, Layout]:
    """The layouts of the scales of the input and of the kernel.

    Step by step as Keras does it, oddities included (`_analyze_quantization_info`,
    keras/src/layers/core/einsum_dense.py, 3.15.1): where no place of the output is spare for a summed axis, it goes
    to the place that was used last.
    """
    made = equation.made
    at = made.find(equation.kernel[-1])
    found = []
    for letters in (equation.read, equation.kernel):
        summed = [i for i, letter in enumerate(letters) if letter not in made]
        order = [letters.index(letter) for letter in made if letter in letters]
        spare = [i for i, letter in enumerate(made) if letter not in letters]
        dropped = []
        for axis in summed:
            if spare:
                at = spare.pop(0)
            else:
                dropped.append(axis)
            order.insert(at, axis)
        found.append(Layout(summed, order, spare, dropped))
    return found[0], found[1]


def arranged(layout: Layout, shape: Shape) -> list[Dim]:
    """The shape of the scales of an operand of this shape, before axes are dropped."""
    sizes = [1 if axis in layout.summed else shape[axis] for axis in layout.order]
    for place in sorted(layout.spare):
        sizes.insert(place, 1)
    return sizes


def scale_of_kernel(equation: Equation, shape: Shape) -> Shape:
    """The shape of the scales of an int8 kernel.

    >>> scale_of_kernel(Equation.parse("abc,cde->abde"), (5, 2, 3))
    (1, 1, 2, 3)
    """
    layout = layouts(equation)[1]
    sizes = arranged(layout, shape)
    for place in sorted(layout.dropped, reverse=True):
        sizes.pop(place)
    return tuple(sizes)


def broadcast_scales(x: Inputs, equation: Equation, shape: Shape, kernel: Shape, made: Shape) -> None:
    """Refuses an int8 equation whose scales cannot divide its output, as Keras fails on data then."""

    def require(condition: bool | Condition) -> None:
        x.require(
            condition,
            "wrong-value",
            "an equation whose int8 scales fit its output",
            f"`{equation}`",
            "Keras builds this, and fails on data",
            "use another `dtype`",
        )

    layout = layouts(equation)[0]
    require(sorted(layout.order) == list(range(len(shape))))
    scale = arranged(layout, shape)
    for place in layout.dropped:
        # An open batch is not always 1.
        is_open = scale[place] is UNKNOWN and layout.order[place] == 0
        require(False if is_open else equal(scale[place], 1))
    scale = [size for place, size in enumerate(scale) if place not in layout.dropped]
    for sizes in (scale, scale_of_kernel(equation, kernel)):
        require(len(sizes) <= len(made))
        for size, there in zip(reversed(sizes), reversed(made), strict=False):
            if size != 1:
                require(equal(size, there))
