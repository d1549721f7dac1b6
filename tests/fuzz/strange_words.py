"""What no user means and every program meets: names, numbers and texts that break what is careless."""

from __future__ import annotations

import re

__all__ = ["CONTROLS", "MARKUP", "NAMES", "NUMBERS", "SIGNS", "WORDS"]

#: What steers a terminal, turns the direction of a line, ends it, cannot be seen, or is no whole character.
CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0001-\U000e007f]"
)
#: What must not come out of a page of HTML or a picture as it went in.
MARKUP = "<b id=hostile>"

NAMES = (
    "", " ", "a b", "lstm[1]", "a/b", "../../etc/passwd", "%s%n", "{0.__class__}", "$(id)", "`id`", "a`b", "|", "a|b",
    "'", '"', "\\", "\\n", "#", ": ", "- a", "?", "*a", "&a", "!!python/object:os.system", "<<", "~", "@", "%YAML",
    "[red]x[/red]", "[/]", "[bold", MARKUP, "</script><script>alert(1)</script>", "]]>", "--", "-->", "&amp;", "&#0;",
    "\x1b[31mred\x1b[0m", "\x1b]8;;http://x\x07", "a\rb", "a\nb", "a\tb", "\x00", "\x7f", "\x9b31m", "\u202eevil",
    "\u2066x", "\u200f", "\u200b", "\ufeff", "\u2028", "\u2029", "\x85", "\u0301", "é", "ｕｎｉｔｓ", "漢字", "🙂",
    "👩‍👩‍👧", "\U000e0001", "\ud800", "\udcff", "\uffff", "\U0010ffff", "ﬁ", "ı", "İ", "ß", "x" * 300, "é" * 200,
    "none", "None", "null", "true", "nan", "inf", "__class__", "self", "input", "input_1", "dense", "lstm", "layers",
    "class", "name", "config", "inf.nan", "1", "-1", "1e5", "0x10", "1_000", "١٢", "²", "½", "T", "U*U", "T//2", "U**U",
)  # fmt: skip

NUMBERS = (
    "0", "-0", "1", "-1", "2", "3", "7", "-2", "0.5", "-0.5", "1.0", "1e3", "1e308", "1e999", "-1e999", "nan", "NaN",
    ".nan", "inf", ".inf", "Infinity", "-Infinity", "null", "None", "true", "True", "255", "256", "65536", "2147483647",
    "2147483648", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", "18446744073709551616", "1" + "0" * 30, "9" * 100, "9" * 5000, "0x7fffffff", "0o17",
    "1_000", "1__0", "١٢", "01",
    "1:30", "1j", "1.", ".5", "5e-324", "T", "U", "2*T", "T-3", "T//2", "(T+1)//2", "T**2", "T**T", "10**10", "2**70",
)  # fmt: skip

#: Single signs that mean something somewhere.
SIGNS = tuple("()[]{}<>,:;.=+-*/%&|!?'\"`#@$^~\\_ \t\n\r\0\x1b\x0c\x85\ufeff\u2028\u202e│─━┃┏╇·×…−")

#: Words that mean something to one source or another, beside those of the seeds.
WORDS = (
    "units", "filters", "kernel_size", "axis", "name", "inputs", "input", "outputs", "layers", "models", "symbols",
    "batch", "shape", "dtype", "layer", "apply", "initial_state", "mask", "output_shape", "params", "class_name",
    "config", "inbound_nodes", "module", "registered_name", "batch_shape", "build_config", "return_sequences",
    "return_state", "stateful", "trainable", "training", "sequential", "Lambda", "lambda", "None", "True", "False",
    "int32", "string", "mixed_float16", "Dense", "LSTM", "GRU", "Bidirectional", "TimeDistributed", "RNN", "LSTMCell",
    "Conv2D", "Flatten", "Reshape", "Concatenate", "Add", "Embedding", "Masking", "InputLayer", "Input", "Model",
    "Sequential", "ops.Add", "ops.Reshape", "ops.GetItem", "for", "in", "range", "def", "class", "return", "if", "else",
    "import", "self", "(None,", "Total", "Layer (type)", "Output Shape", "Param #", "Connected to", "ValueError:",
)  # fmt: skip
