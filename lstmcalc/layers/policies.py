"""Dtype policies: what a layer's `dtype` says of the dtypes of its weights, in every form that Keras writes it in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lstmcalc.frozen import NamedTuple
from lstmcalc.layers.arguments import DTYPES, closest, show

__all__ = ["MODES", "Policy", "PolicyError", "policies_in", "policy_of", "variable_dtype"]

#: Keras's quantisation modes (keras/src/dtype_policies/dtype_policy.py, 3.15.1), and how a policy of each is written.
MODES = {
    "int8": "`int8_from_float32`",
    "float8": "`float8_from_float32`",
    "int4": "`int4_from_float32` or `int4/128_from_float32`",
    "gptq": "`gptq/4/128_from_float32`",
    "awq": "`awq/4/128_from_float32`",
}
#: The classes whose config is a name, Keras 2's among them, and those whose config is a mode and a source.
PLAIN_CLASSES = ("DTypePolicy", "FloatDTypePolicy", "Policy", "PolicyV1")
QUANTISED_CLASSES = {
    "QuantizedDTypePolicy": ("int8", "int4", "float8"),
    "QuantizedFloat8DTypePolicy": ("float8", "int8", "int4"),
    "Int4DTypePolicy": ("int4/",),
    "GPTQDTypePolicy": ("gptq/",),
    "AWQDTypePolicy": ("awq/",),
}
#: The longest pattern of a path that is tried.
MAX_PATTERN = 200
GPTQ_BITS = (2, 3, 4, 8)


class Policy(NamedTuple):
    """The dtype of a layer's arithmetic and of its weights, and how the weights are quantised, if they are.

    `block` is how many weights share a scale, -1 where all of a row do; `bits` the width of a quantised weight;
    `history` how many steps float8 remembers the greatest values of.
    """

    compute: str = "float32"
    variable: str = "float32"
    mode: str = ""
    block: int = -1
    bits: int = 8
    history: int = 1024


class PolicyError(ValueError):
    """A `dtype` that no policy is; `expected` says what would be one."""

    def __init__(self, expected: str, fix: str = "") -> None:
        self.expected, self.fix = expected, fix
        super().__init__(expected)


def policy_of(value: Any, path: str = "") -> Policy:
    """The policy that a `dtype` states: a name, a config, or for the layer at `path` what a map of them holds.

    Raises `PolicyError` for what no policy is.

    >>> policy_of("mixed_bfloat16")
    Policy(compute='bfloat16', variable='float32', mode='', block=-1, bits=8, history=1024)
    >>> policy_of({"class_name": "GPTQDTypePolicy", "config": {"mode": "gptq/4/32", "source_name": "float32"}}).block
    32
    """
    if value is None:
        return Policy()
    if isinstance(value, str):
        return _quantised(*_split(value)) if value.startswith(tuple(MODES)) else _plain(value)
    if isinstance(value, Mapping):
        return _of_config(value, path)
    raise PolicyError(_EXPECTED)


def policies_in(value: Any) -> tuple[Policy, ...]:
    """All the policies that a `dtype` holds: one, or those of a map, its default first."""
    if isinstance(value, Mapping) and value.get("class_name") == "DTypePolicyMap":
        default, entries = _map_of(value)
        return (policy_of(default), *map(policy_of, entries.values()))
    return (policy_of(value),)


def variable_dtype(value: Any, path: str = "") -> str:
    """The dtype of the weights that are not quantised; mixed precision keeps them in float32."""
    return policy_of(value, path).variable


_EXPECTED = "the name of a Keras dtype, or a policy"


def _plain(name: Any) -> Policy:
    if name is None:
        return Policy()
    if name not in DTYPES:
        near = closest(name, DTYPES) if isinstance(name, str) else None
        raise PolicyError("the name of a Keras dtype", f"did you mean `{near}`?" if near else "")
    return Policy(name.removeprefix("mixed_"), "float32" if name.startswith("mixed_") else name)


def _split(text: str) -> tuple[str, str]:
    mode, _, source = text.partition("_from_")
    if not source or "_from_" in source:
        known = next(name for name in MODES if text.startswith(name))
        raise PolicyError(f"a policy such as {MODES[known]}", _hint_on_source(text))
    return mode, source


def _hint_on_source(text: str) -> str:
    return "Keras takes `int8` for the start of such a policy, not for a dtype" if text == "int8" else ""


def _quantised(mode: Any, source: Any, history: Any = 1024) -> Policy:
    plain = _plain(source)
    name, *numbers = mode.split("/") if isinstance(mode, str) else [""]
    if name not in MODES:
        raise PolicyError(f"one of the modes {', '.join(f'`{known}`' for known in MODES)}")
    counts = {"int8": (0,), "float8": (0,), "int4": (0, 1), "gptq": (2,), "awq": (2,)}[name]
    if len(numbers) not in counts or not all(re.fullmatch(r"\s*[+-]?\d+\s*", number) for number in numbers):
        raise PolicyError(f"a policy such as {MODES[name]}")
    bits, block = {0: (8, -1), 1: (8, *map(int, numbers)), 2: tuple(map(int, numbers))}[len(numbers)]
    if block == 0 or block < -1:
        raise PolicyError("a policy whose weights share a scale in groups of at least 1, or of all (-1)")
    if (name == "gptq" and bits not in GPTQ_BITS) or (name == "awq" and bits != 4):
        widths = "2, 3, 4 or 8" if name == "gptq" else "4"
        raise PolicyError(f"a policy of {widths} bits")
    if name == "int8" and plain.compute == "float16":
        raise PolicyError("`int8` from a dtype with a wider range than float16", "use `int8_from_mixed_bfloat16`")
    if isinstance(history, bool) or not isinstance(history, int) or history < 0:
        raise PolicyError("a policy whose `amax_history_length` is an integer of at least 0")
    return Policy(plain.compute, plain.variable, name, block, bits, history)


def _of_config(value: Mapping[str, Any], path: str) -> Policy:
    class_name = value.get("class_name")
    config = value.get("config") or {}
    if not isinstance(config, Mapping):
        raise PolicyError(f"a policy whose `config` is a mapping, not {show(config)}")
    if class_name == "DTypePolicyMap":
        return _of_map(value, path)
    if class_name in PLAIN_CLASSES:
        return _plain(config.get("name"))
    if isinstance(class_name, str) and class_name in QUANTISED_CLASSES:
        mode = config.get("mode")
        if not isinstance(mode, str) or not mode.startswith(QUANTISED_CLASSES[class_name]):
            raise PolicyError(f"a {class_name} with a `mode` that is its own")
        return _quantised(mode, config.get("source_name"), config.get("amax_history_length", 1024))
    known = [*PLAIN_CLASSES[:1], *QUANTISED_CLASSES, "DTypePolicyMap"]
    raise PolicyError(f"a policy of one of the classes {', '.join(f'`{name}`' for name in known)}")


def _map_of(value: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
    config = value.get("config") or {}
    if not isinstance(config, Mapping):
        raise PolicyError(f"a policy whose `config` is a mapping, not {show(config)}")
    default, entries = config.get("default_policy"), config.get("policy_map") or {}
    if not isinstance(entries, Mapping):
        raise PolicyError("a DTypePolicyMap whose `policy_map` is a mapping")
    if isinstance(default, Mapping) and default.get("class_name") == "DTypePolicyMap":
        raise PolicyError("a DTypePolicyMap whose `default_policy` is no map itself")
    return default, entries


def _of_map(value: Mapping[str, Any], path: str) -> Policy:
    """The policy of the layer at `path`: under its own path, or under the one pattern that matches all of it."""
    default, entries = _map_of(value)
    if path in entries:
        return policy_of(entries[path])
    matching = [pattern for pattern in entries if path and _matches(pattern, path)]
    if len(matching) > 1:
        raise PolicyError(f'a DTypePolicyMap with one entry for "{path}"')
    return policy_of(entries[matching[0]] if matching else default)


def _matches(pattern: str, path: str) -> bool:
    # A file could hold a pattern that takes longer than anyone waits: one that repeats what repeats.
    if not isinstance(pattern, str) or len(pattern) > MAX_PATTERN or re.search(r"\)\s*[*+{]", pattern):
        raise PolicyError("a DTypePolicyMap whose keys are paths, or short patterns that repeat no group")
    try:
        return re.fullmatch(pattern, path) is not None
    except re.error:
        raise PolicyError("a DTypePolicyMap whose keys are paths, or patterns of them") from None
