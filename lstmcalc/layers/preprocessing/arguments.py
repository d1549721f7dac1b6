"""Constructor arguments that only preprocessing layers have: arrays, vocabularies, output modes, windows."""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from lstmcalc.dims import MAX_SIZE, Dim, at_least
from lstmcalc.layers import arguments as arg
from lstmcalc.layers.preprocessing.arrays import array_shape
from lstmcalc.layers.rule import LayerRule

__all__ = [
    "array",
    "boundaries",
    "frames",
    "function_or",
    "idf_weights",
    "layer_list",
    "lookup_modes",
    "max_tokens",
    "modes",
    "ngrams",
    "oov_method",
    "optional",
    "salt",
    "vocabulary",
    "window",
]

OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def optional(argument: Any) -> Any:
    """The argument, with null accepted as well."""
    argument.optional = True
    return argument


def array(default: Any = arg.REQUIRED) -> Any:
    """A number, or numbers in lists that are equally long; rules see it as it is written."""

    def read(name: str, value: Any) -> Any:
        number = constant(value) if isinstance(value, str) else None
        value = value if number is None else number
        if array_shape(value) is None:
            raise arg.refuse(name, "a number, or a list of numbers", value)
        return value

    return arg.Argument(default, read)


def constant(text: str) -> float | None:
    """The value of arithmetic with numbers only, as in `Rescaling(1./255)`; None for anything else.

    >>> constant("1. / 4"), constant("1 / x"), constant("1 / 0")
    (0.25, None, None)
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval").body
        return _value(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError, ArithmeticError):
        return None


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value  # type: ignore[return-value]  # the line above says so
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return -_value(node.operand) if isinstance(node.op, ast.USub) else _value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return OPERATIONS[type(node.op)](_value(node.left), _value(node.right))
    raise ValueError


def layer_list() -> Any:
    """Layers in a list, at least one."""

    def read(name: str, value: Any) -> tuple[LayerRule, ...]:
        if not isinstance(value, (list, tuple)) or not value or not all(isinstance(x, LayerRule) for x in value):
            raise arg.refuse(name, "a list of layers", value)
        return tuple(value)

    return arg.Argument(arg.REQUIRED, read, "layers")


def boundaries() -> Any:
    """Numbers that rise, or at least do not fall; there may be none."""

    def read(name: str, value: Any) -> tuple[float, ...]:
        numbers = isinstance(value, (list, tuple)) and all(isinstance(x, (int, float)) for x in value)
        if not numbers or list(value) != sorted(value):
            raise arg.refuse(name, "a list of numbers, the least first", value)
        return tuple(value)

    return arg.Argument(None, read)


def modes(*options: str, default: str, **old: str) -> Any:
    """One of the ways to write categories, in the very letters, or an `old` name that Keras still takes for one."""
    names = {key.replace("__", "-"): value for key, value in old.items()}
    argument = arg.exact_choice(*options, *names, default=default)
    by_any_name = argument.read
    argument.read = lambda name, value: names.get(by_any_name(name, value), value)
    return argument


def lookup_modes() -> Any:
    """How the numbers of tokens are written."""
    return modes("int", "one_hot", "multi_hot", "count", "tf_idf", default="int", binary="multi_hot", tf__idf="tf_idf")


def salt() -> Any:
    """What changes the hash: null, an integer, or two of them."""

    def read(name: str, value: Any) -> Any:
        pair = isinstance(value, (list, tuple)) and len(value) == 2
        if not pair and not isinstance(value, int):
            raise arg.refuse(name, "an integer or two of them", value)
        return value

    return arg.Argument(None, read)


def max_tokens() -> Any:
    """The greatest size of a vocabulary, special tokens included; at least 2."""
    argument = arg.positive(None)
    of_any_size = argument.read

    def read(name: str, value: Any) -> Dim:
        size = of_any_size(name, value)
        if at_least(size, 2) is False:
            raise arg.refuse(name, "an integer of at least 2", value)
        return size  # type: ignore[no-any-return]  # what `positive` gives

    argument.read = read
    return argument


def vocabulary(of: str) -> Any:
    """The tokens, or the name of a file that holds them, one in a line. `of` is `texts` or `integers`."""

    def read(name: str, value: Any) -> Any:
        if isinstance(value, str):
            return value
        tokens = (_texts(value) if of == "texts" else _integers(value)) if isinstance(value, (list, tuple)) else ()
        if not tokens:
            raise arg.refuse(name, f"a list of {of}, or the name of a file with one in a line", value)
        return tokens

    # No token is a name of a size, whatever it is called.
    return arg.Argument(None, read, "tokens")


def _texts(value: list[Any] | tuple[Any, ...]) -> tuple[str, ...]:
    """The tokens as NumPy makes texts of them, which it does where one of them is a text."""
    if not all(isinstance(item, (str, int, float)) for item in value):
        return ()
    return tuple(map(str, value)) if any(isinstance(item, str) for item in value) else ()


def _integers(value: list[Any] | tuple[Any, ...]) -> tuple[Any, ...]:
    """The tokens, if each can be read as an integer."""
    try:
        integers = list(map(int, value))
    except (TypeError, ValueError, OverflowError):
        return ()
    texts = any(isinstance(item, str) for item in value)
    return tuple(map(str, value) if texts else value) if all(abs(i) <= MAX_SIZE for i in integers) else ()


def idf_weights() -> Any:
    """A number for every token."""

    def read(name: str, value: Any) -> tuple[float, ...]:
        if not isinstance(value, (list, tuple)) or not all(isinstance(x, (int, float)) for x in value):
            raise arg.refuse(name, "a list of numbers", value)
        return tuple(value)

    return arg.Argument(None, read)


def oov_method(keyword_only: bool = False) -> Any:
    """How tokens that are not in the vocabulary are dealt to several numbers."""
    argument = arg.exact_choice("floormod", "farmhash", default="floormod")
    argument.keyword_only = keyword_only
    return argument


def function_or(*options: str, default: str) -> Any:
    """One of a few words, or null, or the config of a function of the user's own."""
    argument = optional(arg.exact_choice(*options, default=default))
    word = argument.read
    argument.read = lambda name, value: value if isinstance(value, Mapping) else word(name, value)
    return argument


#: How many words at most `ngrams` puts together, where it is a number.
MOST_NGRAMS = 1_000


def ngrams() -> Any:
    """How many words to put together: all numbers up to one, or those in a list. Rules see a tuple."""

    def read(name: str, value: Any) -> tuple[int, ...]:
        if isinstance(value, int):
            if value > MOST_NGRAMS:
                raise arg.refuse(name, f"at most {MOST_NGRAMS:,}, which lstmcalc goes through one by one", value)
            return tuple(range(1, value + 1))
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, int) and item > 0 for item in value):
            raise arg.refuse(name, "an integer, or a list of positive ones", value)
        return tuple(value)

    return arg.Argument(None, read)


def window(*names: str) -> Any:
    """A window by its name, null for none, or a list of as many numbers as a frame has."""
    word = arg.exact_choice(*names, default="hann").read
    return optional(arg.Argument("hann", lambda name, value: value if array_shape(value) else word(name, value)))


def frames() -> Any:
    """How many samples a frame has; 0 is as good as null."""
    argument = arg.count(None)
    number = argument.read
    argument.read = lambda name, value: None if number(name, value) == 0 else value
    return argument
