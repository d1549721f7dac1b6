"""Texts that want to hang, to fill the memory or to crash their reader, and what each must come to.

An outcome is the code of the first fault where the text is refused, else how many layers were read, and the code of
the first fault that the spec has.
"""
# ruff: noqa

from __future__ import annotations

import json
from typing import Any

__all__ = ["MODEL", "PYTHON", "YAML"]

MODEL = "from keras import *\nm = Sequential()\nm.add(Input((3,)))\n"


def notebook(cells: list[Any]) -> str:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})


def cell(source: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source}


YAML: dict[str, tuple[str, str]] = {
    "brackets 1e6": ("[" * 300000, "too-deep"),
    "brackets closed 1e6": ("a: " + "[" * 300000 + "]" * 300000, "too-deep"),
    "braces 1e6": ("{a: " * 200000, "too-deep"),
    "dashes 1e6": ("- " * 500000, "too-deep"),
    "questions": ("? " * 300000, "too-deep"),
    "nested block maps": ("".join(" " * i + "a:\n" for i in range(1500)), "too-deep"),
    "billion laughs": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi")),
        "too-large",
    ),
    "quadratic merge": (
        "a: &a {" + ",".join(f"k{i}: x" for i in range(3000)) + "}\nb: [" + "{<<: *a}," * 3000 + "]",
        "too-large",
    ),
    "merge list": (
        "a: &a {" + ",".join(f"k{i}: x" for i in range(400)) + "}\nb: {<<: [" + "*a," * 100000 + "]}",
        "too-large",
    ),
    "merge chain": (
        "input: [3]\nk0: &k0 {a0: 1}\n"
        + "".join(f"k{i}: &k{i} {{<<: *k{i - 1}, a{i}: 1}}\n" for i in range(1, 3000))
        + "layers: [Dense: 1]",
        "too-deep",
    ),
    "dup keys": ("input: [3]\n" + "layers: [Dense: 1]\n" * 20000, "duplicate-key"),
    "dup keys 1e5": ("input: [3]\nlayers:\n  - Dense: {" + "units: 1, " * 100000 + "}", "duplicate-key"),
    "later refs": (
        "input: [3]\nlayers:\n"
        + "".join(f"  - Dense: {{units: 1, name: d{i}, inputs: d{i + 1}}}\n" for i in range(20000)),
        "defined-later",
    ),
    "apply many": ("input: [3]\nlayers:\n  - Dense: {units: 3, name: d}\n" + "  - {apply: d}\n" * 60000, "1 layer"),
    "apply many ref": (
        "input: [3]\nlayers:\n  - Dense: {units: 3, name: d}\n"
        + "".join(f"  - {{apply: d, name: a{i}, inputs: d}}\n" for i in range(20000)),
        "1 layer",
    ),
    "apply unknown": (
        "input: [3]\nlayers:\n  - Dense: {units: 3, name: d}\n" + "  - {apply: e}\n" * 40000,
        "unknown-reference",
    ),
    "unknown keys": ("input: [3]\nlayers: [Dense: 1]\n" + "".join(f"zz{i}: 1\n" for i in range(20000)), "unknown-key"),
    "cyclic": (
        "input: [3]\nlayers:\n"
        + "".join(f"  - Dense: {{units: 1, name: d{i}, inputs: d{(i + 1) % 5000}}}\n" for i in range(5000)),
        "cycle",
    ),
    "many inputs": (
        "inputs:\n"
        + "".join(f"  i{i}: [3]\n" for i in range(40000))
        + "layers:\n  - Concatenate: {inputs: ["
        + ",".join(f"i{i}" for i in range(40000))
        + "]}\n",
        "1 layer",
    ),
    "many inputs missing": (
        "inputs:\n" + "".join(f"  i{i}: [3]\n" for i in range(40000)) + "layers:\n  - Dense: 1\n",
        "missing-inputs",
    ),
    "many outputs": (
        "input: [3]\nlayers:\n"
        + "".join(f"  - Dense: {{units: 1, name: d{i}}}\n" for i in range(20000))
        + "outputs: ["
        + ",".join(f"d{i}" for i in range(20000))
        + "]",
        "20000 layers",
    ),
    "symbols": (
        "symbols: {" + ",".join(f"s{i}: 1" for i in range(20000)) + "}\ninput: [3]\nlayers: [Dense: 1]",
        "1 layer",
    ),
    "models chain 1000": (
        "input: [3]\nmodels:\n  m0: {input: [3], layers: [Dense: 3]}\n"
        + "".join(f"  m{i}: {{input: [3], layers: [m{i - 1}]}}\n" for i in range(1, 1000))
        + "layers: [m999]",
        "1 layer",
    ),
    "models chain 5000": (
        "input: [3]\nmodels:\n  m0: {input: [3], layers: [Dense: 3]}\n"
        + "".join(f"  m{i}: {{input: [3], layers: [m{i - 1}]}}\n" for i in range(1, 5000))
        + "layers: [m4999]",
        "1 layer",
    ),
    "models flat 20000": (
        "input: [3]\nmodels:\n"
        + "".join(f"  m{i}: {{input: [3], layers: [Dense: 3]}}\n" for i in range(20000))
        + "layers: [m999]",
        "1 layer",
    ),
    "model used 1000": (
        "input: [3]\nmodels:\n  m: {input: [3], layers: [Dense: 3]}\nlayers:\n" + "  - m\n" * 1000,
        "1 layer",
    ),
    "models mutual": (
        "input: [3]\nmodels:\n"
        + "".join(f"  m{i}: {{input: [3], layers: [m{(i + 1) % 3000}]}}\n" for i in range(3000))
        + "layers: [m0]",
        "defined-later",
    ),
    "int 1e5 digits": ("input: [" + "9" * 100000 + "]\nlayers: [Dense: 1]", "wrong-number"),
    "hex 1e5 digits": ("input: [0x" + "9" * 100000 + "]\nlayers: [Dense: 1]", "wrong-number"),
    "underscores": ("input: [1" + "_" * 100000 + "0]\nlayers: [Dense: 1]", "1 layer"),
    "bin 1e5": ("input: [0b" + "1" * 100000 + "]\nlayers: [Dense: 1]", "wrong-number"),
    "octal 1e5": ("input: [0" + "7" * 100000 + "]\nlayers: [Dense: 1]", "wrong-number"),
    "sexagesimal 1e5": ("input: [1" + ":59" * 50000 + "]\nlayers: [Dense: 1]", "wrong-number"),
    "float 1e5": ("input: [1." + "9" * 100000 + "]\nlayers: [Dense: 1]", "wrong-size"),
    "expr +": ("input: [" + "+".join(["T"] * 50000) + "]\nlayers: [Dense: 1]", "wrong-size"),
    "expr distinct +": ("input: [" + "+".join(f"T{i}" for i in range(20000)) + "]\nlayers: [Dense: 1]", "wrong-size"),
    "expr *": ("input: [" + "*".join(["T"] * 50000) + "]\nlayers: [Dense: 1]", "wrong-size"),
    "expr ((": ('input: ["' + "(" * 50000 + "T" + ")" * 50000 + '"]\nlayers: [Dense: 1]', "wrong-size"),
    "expr pow": ('input: ["(T+1)**1000000000"]\nlayers: [Dense: 1]', "wrong-size"),
    "expr pow2": ('input: ["(A+B+C+D)**300"]\nlayers: [Dense: 1]', "wrong-size"),
    "expr pow tower": ('input: ["10**10**10"]\nlayers: [Dense: 1]', "wrong-size"),
    "expr unary": ('input: ["' + "-" * 50000 + 'T"]\nlayers: [Dense: 1]', "wrong-size"),
    "expr prods": ('input: ["' + "*".join(f"(A{i}+B{i})" for i in range(40)) + '"]\nlayers: [Dense: 1]', "wrong-size"),
    "1e999": ("input: [1e999]\nlayers: [{Dropout: 1e999}]", "wrong-size"),
    "1e5 exp": ("input: [1e" + "9" * 100000 + "]\nlayers: [Dense: 1]", "wrong-size"),
    "inf nan": ("input: [.inf, .nan, -.inf]\nlayers: [{Dense: .nan}]", "wrong-size"),
    "nul": ("input: [3]\0\nlayers: [Dense: 1]", "not-yaml"),
    "formfeed": ("input: [3]\f\nlayers: [Dense: 1]", "not-yaml"),
    "esc nul": ('input: [3]\nlayers: [{Dense: {units: 1, name: "a\\0b\\x1b[31m"}}]', "control-character"),
    "surrogate esc": ('input: [3]\nlayers: [{Dense: {units: 1, name: "\\ud800"}}]', "not-yaml"),
    "surrogate": ('input: [3]\nlayers: [{Dense: {units: 1, name: "\ud800"}}]', "not-yaml"),
    "crlf": ("input: [3]\r\nlayers: [Dense: 1]\r\n", "1 layer"),
    "cr": ("input: [3]\rlayers: [Dense: 1]\r", "1 layer"),
    "bom": ("\ufeffinput: [3]\nlayers: [Dense: 1]", "1 layer"),
    "bom mid": ("input: [3]\n\ufefflayers: [Dense: 1]", "not-yaml"),
    "tabs": ("input: [3]\nlayers:\n\t- Dense: 1", "not-yaml"),
    "tag py": ("!!python/object/apply:os.system ['echo hi']", "yaml-tag"),
    "tag py2": ("input: [3]\nlayers: [Dense: !!python/name:os.system ]", "missing-argument"),
    "tag many": ("input: [3]\nlayers: [" + "!!int 3, " * 60000 + "]", "yaml-tag"),
    "directive": ("%YAML 9.9\n---\ninput: [3]\nlayers: [Dense: 1]", "not-yaml"),
    "directive tag": ("%TAG ! tag:x,2000:\n---\ninput: [3]\nlayers: [Dense: !foo 1]", "yaml-tag"),
    "directives many": ("%FOO bar\n" * 50000 + "---\ninput: [3]\nlayers: [Dense: 1]", "not-yaml"),
    "tagdirs many": (
        "".join(f"%TAG !a{i}! tag:x\n" for i in range(20000)) + "---\ninput: [3]\nlayers: [Dense: 1]",
        "1 layer",
    ),
    "documents": ("---\n" * 100000, "several-documents"),
    "documents 2": ("input: [3]\nlayers: [Dense: 1]\n---\nfoo: 1", "several-documents"),
    "timestamp": ("input: [2001-12-14]\nlayers: [Dense: 2001-12-14t21:59:43.10-05:00]", "1 layer"),
    "anchor keys": ("&a input: [3]\n&b layers: [Dense: 1]\n*a : 3", "duplicate-key"),
    "list key": ("? [a, b]\n: 1\ninput: [3]\nlayers: [Dense: 1]", "wrong-key"),
    "map key": ("? {a: b}\n: 1\ninput: [3]\nlayers: [? {a: b} : 3]", "wrong-key"),
    "null key": ("? \n: 1\ninput: [3]\nlayers: [Dense: 1]", "unknown-key"),
    "anchors many": ("input: [3]\nlayers: [" + ",".join(f"&a{i} Flatten" for i in range(60000)) + "]", "60000 layers"),
    "long anchor": ("input: &" + "a" * 1000000 + " [3]\nlayers: [Dense: 1]", "1 layer"),
    "long key": ("a" * 1000000 + ": 3", "not-yaml"),
    "long scalar": ("input: [3]\nlayers:\n  - " + "a" * 1000000, "1 layer"),
    "long block": ("input: |\n" + "  aaaaa\n" * 200000, "missing-key"),
    "long quoted lines": ('input: "' + "a\n  " * 200000 + '"', "missing-key"),
    "blank lines": ("\n" * 1000000 + "input: [3]\nlayers: [Dense: 1]", "1 layer"),
    "comments": ("#\n" * 500000 + "input: [3]\nlayers: [Dense: 1]", "1 layer"),
    "spaces": (" " * 1000000 + "input: [3]", "missing-key"),
    "call deep": ('input: [3]\nlayers:\n  - "' + "TimeDistributed(" * 3000 + '"', "not-a-layer-call"),
    "call deep closed": ('input: [3]\nlayers:\n  - "' + "LSTM(" * 1500 + ")" * 1500 + '"', "not-a-layer-call"),
    "call brackets": ('input: [3]\nlayers:\n  - "LSTM(' + "[" * 4900 + "]" * 4900 + ')"', "not-a-layer-call"),
    "calls minus many": ("input: [3]\nlayers:\n" + ('  - "LSTM(' + "-" * 9000 + '1)"\n') * 100, "not-a-layer-call"),
    "calls plus many": (
        "input: [3]\nlayers:\n" + ('  - "LSTM(' + "+".join(["1"] * 4500) + ')"\n') * 100,
        "not-a-layer-call",
    ),
    "calls pow": ('input: [3]\nlayers:\n  - "LSTM(10**10**10)"', "1 layer"),
    "calls attr": ('input: [3]\nlayers:\n  - "LSTM(a' + ".a" * 4000 + ')"', "not-a-layer-call"),
    "calls digits": ('input: [3]\nlayers:\n  - "LSTM(' + "9" * 9000 + ')"', "not-a-layer-call"),
    "calls hex digits": ('input: [3]\nlayers:\n  - "LSTM(0x' + "f" * 9000 + ')"', "wrong-number"),
    "calls lambda": ('input: [3]\nlayers:\n  - "LSTM(' + "lambda: " * 1200 + '1)"', "not-a-layer-call"),
    "calls fstring": ("input: [3]\nlayers:\n  - \"LSTM(f'" + "{f'" * 100 + "')\"", "not-a-layer-call"),
    "calls not": ('input: [3]\nlayers:\n  - "LSTM(' + "not " * 2400 + '1)"', "not-a-layer-call"),
    "calls args": ('input: [3]\nlayers:\n  - "LSTM(' + ",".join(f"a{i}=1" for i in range(1200)) + ')"', "1 layer"),
    "wrapped deep": ("input: [3, 3]\nlayers:\n  - " + "TimeDistributed: {" * 95 + "Dense: 3" + "}" * 95, "1 layer"),
    "deep names": (
        "input: [3]\nlayers:\n  - Dense: {units: 3, name: a[1][2]}\n  - Dense: {units: 1, inputs: '"
        + "a"
        + "[1]" * 30000
        + "'}",
        "not-yaml",
    ),
    "expr floor": ('input: ["' + "(" * 40 + "T" + "//2)" * 40 + '"]\nlayers: [Dense: 1]', "1 layer"),
    "size list deep": ("input: " + "[" * 90 + "3" + "]" * 90 + "\nlayers: [Dense: 1]", "wrong-size"),
    "backslashes": ('input: "' + "\\\\" * 300000 + '"', "missing-key"),
    "colon": (":" * 500000, "not-yaml"),
    "close": ("]" * 500000, "not-yaml"),
    "percent": ("%" * 500000, "not-yaml"),
    "at": ("@a", "not-yaml"),
    "stars": ("*a " * 100000, "unknown-alias"),
    "amps": ("&a " * 100000, "not-yaml"),
    "bangs": ("! " * 100000, "yaml-tag"),
    "excl": ("!" * 500000, "yaml-tag"),
    "pipes": ("|" * 500000, "not-yaml"),
}
PYTHON: dict[str, tuple[str, str]] = {
    "f(f(f(": ("f(" * 300000, "not-python"),
    "f(f closed": ("f(" * 100000 + ")" * 100000, "not-python"),
    "( 1e5": ("x=" + "(" * 100000 + ")" * 100000, "not-python"),
    "[ 90": ("x=" + "[" * 90 + "]" * 90, "no-model"),
    "[ 150": (MODEL + "x=" + "[" * 150 + "]" * 150 + "\nm.add(Dense(3))", "1 layer"),
    "- 1e5": (MODEL + "x=" + "-" * 100000 + "1\nm.add(Dense(3))", "1 layer"),
    "- 1e4": (MODEL + "x=" + "-" * 10000 + "1\nm.add(Dense(3))", "1 layer"),
    "not 1e4": (MODEL + "x=" + "not " * 10000 + "1\nm.add(Dense(3))", "1 layer"),
    "~ 900": (MODEL + "x=" + "~" * 900 + "1\nm.add(Dense(x))", "1 layer"),
    "+ 1e5": (MODEL + "x=" + "+".join(["1"] * 100000) + "\nm.add(Dense(3))", "1 layer"),
    "+ 1e3": (MODEL + "x=" + "+".join(["1"] * 900) + "\nm.add(Dense(x))", "1 layer"),
    "+ 5e3": (MODEL + "x=" + "+".join(["1"] * 5000) + "\nm.add(Dense(3))", "1 layer"),
    "+ str": (MODEL + "x=" + "+".join(["'a'"] * 100000) + "\nm.add(Dense(3))", "1 layer"),
    "attr 1e5": (MODEL + "x=a" + ".a" * 100000 + "\nm.add(Dense(3))", "1 layer"),
    "attr 5000": (MODEL + "x=a" + ".a" * 5000 + "\nm.add(Dense(3))", "1 layer"),
    "attr 800": (MODEL + "x=a" + ".a" * 800 + "\nm.add(Dense(3))", "1 layer"),
    "call chain": (MODEL + "x=a" + "()" * 50000 + "\nm.add(Dense(3))", "1 layer, not-python"),
    "subs chain": (MODEL + "x=a" + "[0]" * 50000 + "\nm.add(Dense(3))", "1 layer"),
    "lambda": (MODEL + "x=" + "lambda: " * 20000 + "1\nm.add(Dense(3))", "1 layer"),
    "lambda call": (MODEL + "x=" + "(lambda: " * 80 + "1" + ")()" * 80 + "\nm.add(Dense(3))", "1 layer"),
    "omega": (MODEL + "(lambda f: f(f))(lambda f: f(f))\nm.add(Dense(3))", "1 layer"),
    "ycomb fork": (MODEL + "def f(n):\n  f(n)\n  f(n)\nf(1)\nm.add(Dense(3))", "1 layer"),
    "ycomb fork val": (MODEL + "def f(n):\n  return f(n)+f(n)+f(n)\nf(1)\nm.add(Dense(3))", "1 layer"),
    "fork layers": (MODEL + "def f(n):\n  m.add(Dense(3))\n  f(n)\n  f(n)\nf(1)", "517 layers, too-large"),
    "fork values": (
        MODEL
        + "".join(f"def f{i}(x): return f{i + 1}(x)+f{i + 1}(x)\n" for i in range(20))
        + "def f20(x): return x\nf0(T)\nm.add(Dense(3))",
        "too-large",
    ),
    "recursion layers": (
        MODEL + "def grow(n):\n  if n == 0: return\n  m.add(Dense(3))\n  grow(n - 1)\ngrow(60)",
        "40 layers, too-large",
    ),
    "recursion layers 30": (
        MODEL + "def grow(n):\n  if n == 0: return\n  m.add(Dense(3))\n  grow(n - 1)\ngrow(30)",
        "30 layers",
    ),
    "comps": (MODEL + "x=[0 " + "for a in range(1000) " * 6 + "]\nm.add(Dense(3))", "too-large"),
    "comps nest": (MODEL + "x=" + "[0 for i in " * 90 + "[1]" + "]" * 90 + "\nm.add(Dense(3))", "1 layer"),
    "ifexp": (MODEL + "x=" + "1 if a else " * 10000 + "2\nm.add(Dense(3))", "1 layer"),
    "boolop": (MODEL + "x=" + " or ".join(["0"] * 50000) + "\nm.add(Dense(3))", "1 layer"),
    "compare": (MODEL + "x=" + " < ".join(map(str, range(20000))) + "\nm.add(Dense(3))", "1 layer"),
    "compare==": (MODEL + "x=" + " == ".join(["a"] * 50000) + "\nm.add(Dense(3))", "1 layer"),
    "pow chain": (MODEL + "x=" + "**".join(["2"] * 3000) + "\nm.add(Dense(3))", "1 layer"),
    "fstring deep": (MODEL + 'x=f"' + "{f'" * 3 + '"\nm.add(Dense(3))', "1 layer"),
    "fstring nested": (MODEL + "x=" + "f'{" * 200 + "1" + "}'" * 200 + "\nm.add(Dense(3))", "1 layer"),
    "fstring width": (MODEL + "x=f'{1:99999}'\nm.add(Dense(3,name=f'{1:0999999999}'))", "1 layer"),
    "int 1e5": (MODEL + "m.add(Dense(" + "9" * 100000 + "))", "not-python"),
    "int 4000": (MODEL + "m.add(Dense(" + "9" * 4000 + "))", "1 layer"),
    "int 1000": (MODEL + "m.add(Dense(" + "9" * 1000 + "))", "wrong-number"),
    "hex 1e5": (MODEL + "m.add(Dense(0x" + "f" * 100000 + "))", "1 layer"),
    "hex 3000": (MODEL + "m.add(Dense(0x" + "f" * 3000 + "))", "1 layer"),
    "10**10**10": (MODEL + "m.add(Dense(10**10**10))", "1 layer"),
    "10**1000": (MODEL + "m.add(Dense(10**1000))", "wrong-number"),
    "1e999": (MODEL + "m.add(Dense(1e999))\nm.add(Dropout(-1e999))\nm.add(Dense(int(1e999)))", "3 layers"),
    "shift": (MODEL + "m.add(Dense(1<<10**9))\nm.add(Dense(1<<4000<<4000))", "2 layers"),
    "shift grow": (MODEL + "x=1\nwhile True:\n  x=x<<4000\nm.add(Dense(3))", "1 layer"),
    "mul grow": (MODEL + "x=3\nwhile True:\n  x=x*x\nm.add(Dense(3))", "1 layer"),
    "list rep": (MODEL + "x=[0]*10**9\nm.add(Dense(3))", "1 layer"),
    "list rep nest": (MODEL + "x=[[[[0]*9999]*9999]*9999]*9999\ny=str(x)\nz=sum(x,[])\nm.add(Dense(x))", "too-large"),
    "list rep flat": (
        MODEL + "a=[0]*9999\nb=[a]*9999\nc=[b]*9999\nm.add(Dense(c))\nq=[e for d in c for e in d]",
        "too-large",
    ),
    "shared list deep": (
        MODEL + "a=[]\n" + "a=[a,a]\n" * 100 + "m.add(Dense(a))\nb=(a==a)\nc=sorted(a)\nd=a+a\ne=a in a",
        "too-large",
    ),
    "shared eq": (MODEL + "a=[]\nb=[]\n" + "a=[a,a]\nb=[b,b]\n" * 40 + "c=(a==b)\nm.add(Dense(3))", "1 layer"),
    "shared in": (
        MODEL + "a=()\nb=()\n" + "a=(a,a)\nb=(b,b)\n" * 40 + "c={a: 1}\nd=c.get(b)\nm.add(Dense(3))",
        "1 layer",
    ),
    "shared lt": (
        MODEL + "a=()\nb=()\n" + "a=(a,a)\nb=(b,b)\n" * 40 + "d=sorted([a,b])\ne=max(a,b)\nm.add(Dense(3))",
        "1 layer",
    ),
    "shared name": (MODEL + "a=[1]\n" + "a=[a,a]\n" * 40 + "f'{a}'\nm.add(Dense(3,name=a))", "1 layer"),
    "self list": (MODEL + "a=[]\na.append(a)\nm.add(Dense(a))\nb=(a==a)\nc=[]\nc.append(c)\nd=(a==c)", "unknown-value"),
    "self list2": (MODEL + "a=[1]\na[0]=a\nm.add(Dense(3,kernel_initializer=a))", "unknown-value"),
    "self dict": (MODEL + "a={}\na['x']=a\nm.add(Dense(3,kernel_initializer=a))", "unknown-value"),
    "range": (MODEL + "for i in range(10**12):\n  m.add(Dense(3))", "too-large"),
    "range pass": (MODEL + "for i in range(10**12):\n  pass\nm.add(Dense(3))", "1 layer"),
    "range list": (MODEL + "x=list(range(10**12))\nm.add(Dense(3))", "1 layer"),
    "range len": (
        MODEL
        + "x=len(range(10**30))\ny=sum(range(10**12))\nz=10**11 in range(10**12)\nw=5.5 in range(10**9)\nm.add(Dense(3))",
        "1 layer",
    ),
    "range in obj": (MODEL + "w='a' in range(10**12)\nm.add(Dense(3))", "1 layer"),
    "range count": (
        MODEL + "w=range(10**12).count('a')\nv=range(10**12).index(5.5)\nu=max(range(10**12))\nm.add(Dense(3))",
        "1 layer",
    ),
    "range index float": (MODEL + "v=range(10**10).index(10.0**9+.5)\nm.add(Dense(3))", "1 layer"),
    "str rep": (MODEL + "x='a'*10**10\nm.add(Dense(3))", "1 layer"),
    "str grow": (MODEL + "x='a'\nwhile 1:\n  x=x+x\nm.add(Dense(3))", "1 layer"),
    "str replace": (MODEL + "x='a'*9999\ny=x.replace('a',x)\nz=x.replace('','b'*9999)\nm.add(Dense(3))", "1 layer"),
    "str count": (
        MODEL + "x=('a'*4999+'b')\ny=('a'*9999)\nfor i in range(10**6):\n  z=y.find(x)\nm.add(Dense(3))",
        "1 layer",
    ),
    "str join": (MODEL + "x='a'*9999\ny=x.join([x]*9999)\nm.add(Dense(3))", "1 layer"),
    "str format": (
        MODEL
        + "x='{:>999999999}'.format(1)\ny='%999999999d'%1\nz='{0:{1}}'.format(1,999999999)\nw=('{}'*3000).format(*(['a'*9999]*3000))\nm.add(Dense(3))",
        "1 layer",
    ),
    "str format big": (MODEL + "w='{0}'*3300\nv=w.format('a'*9999)\nm.add(Dense(3))", "1 layer"),
    "str mod big": (MODEL + "w='%s'*4900\nv=w%(('a'*9999,)*4900)\nm.add(Dense(3))", "1 layer"),
    "ljust": (
        MODEL
        + "x='a'.ljust(10**10)\ny='a'.zfill(10**10)\nz='a'.center(10**10)\nw='a\\t'.expandtabs(10**10)\nm.add(Dense(3))",
        "1 layer",
    ),
    "bytes": (MODEL + "x=bytes(10**10)\ny=bytearray(10**10)\nz=b'a'*10**10\nm.add(Dense(3))", "1 layer"),
    "int str": (MODEL + "x=int('9'*9999)\ny=str(10**1200)\nm.add(Dense(x))", "1 layer"),
    "round": (MODEL + "x=round(10**1000,-10**9)\ny=divmod(10**1000,3)\nz=round(1.5,10**9)\nm.add(Dense(3))", "1 layer"),
    "pow3": (MODEL + "x=pow(3,10**9,7)\ny=pow(2.0,10**9)\nz=(-8)**(1/3)\nw=0**-1\nm.add(Dense(3))", "1 layer"),
    "gcd": (
        MODEL
        + "import math\nx=math.factorial(10**9)\ny=math.comb(10**9,10**8)\nz=math.prod([10**14]*9999)\nw=math.exp(10**9)\nm.add(Dense(3))",
        "1 layer",
    ),
    "math.pow list": (
        MODEL
        + "import math\nx=math.prod([10**14]*9999)\nfor i in range(10**6):\n  y=math.prod([10**14]*9999)\nm.add(Dense(3))",
        "1 layer",
    ),
    "list mul loop": (MODEL + "for i in range(10**6):\n  y=[0]*9999\nm.add(Dense(3))", "1 layer"),
    "list keep loop": (MODEL + "z=[]\nfor i in range(9999):\n  z.append([0]*9999)\nm.add(Dense(3))", "1 layer"),
    "list keep loop2": (MODEL + "z={}\nfor i in range(10**6):\n  z[i]=[0]*9999\nm.add(Dense(3))", "1 layer"),
    "str keep loop": (MODEL + "z={}\nfor i in range(10**6):\n  z[i]=('a'*9990)+str(i)\nm.add(Dense(3))", "1 layer"),
    "dict keep build": (
        MODEL + "z={}\nfor i in range(10**6):\n  z[i]=[0]*9999\n  Dense(1)\nm.add(Dense(3))",
        "too-large",
    ),
    "bigint keep": (
        MODEL + "z={}\nfor i in range(10**6):\n  z[i]=10**1200+i\n  Dense(1)\nm.add(Dense(3))",
        "too-large",
    ),
    "sorted loop": (
        MODEL + "a=list(range(9999))\nfor i in range(10**6):\n  b=sorted(a)\n  Dense(1)\nm.add(Dense(3))",
        "too-large",
    ),
    "sum lists": (MODEL + "a=sum([[0]*9000]*9000,[])\nm.add(Dense(3))", "1 layer"),
    "zip": (MODEL + "a=list(zip(*[range(9999)]*9999))\nm.add(Dense(3))", "1 layer"),
    "zip2": (MODEL + "a=zip(*[range(10**9)]*9999)\nm.add(Dense(3))", "1 layer"),
    "slices": (MODEL + "a=[0]*9999\nb=[a[:] for i in range(9999)]\nm.add(Dense(3))", "too-large"),
    "star args": (MODEL + "a=[0]*9999\nDense(*a,*a,*a,*a)\nf=lambda *x: f(*x,*x)\nf(*a)\nm.add(Dense(3))", "too-large"),
    "star list": (MODEL + "a=[0]\nwhile 1:\n  a=[*a,*a]\nm.add(Dense(3))", "1 layer"),
    "kwargs": (MODEL + "a={}\nfor i in range(9000):\n  a['k'+str(i)]=i\nDense(**a)\nm.add(Dense(3))", "1 layer"),
    "while True": (MODEL + "while True:\n  pass\nm.add(Dense(3))", "too-large"),
    "while True add": (MODEL + "while True:\n  m.add(Dense(3))", "too-large"),
    "while 1 nested": (MODEL + "while 1:\n  while 1:\n    while 1:\n      Dense(1)\nm.add(Dense(3))", "too-large"),
    "for nested": (
        MODEL + "for a in range(10**6):\n for b in range(10**6):\n  for c in range(10**6):\n   m.add(Dense(3))",
        "too-large",
    ),
    "for nested pass many": (
        MODEL + "".join(f"for a{i} in range(10**6):\n  pass\n" for i in range(300)) + "m.add(Dense(3))",
        "too-large",
    ),
    "for deep": (
        MODEL + "".join(" " * i + "for a in [1]:\n" for i in range(19)) + " " * 20 + "m.add(Dense(3))",
        "1 layer",
    ),
    "for deep 90": (
        MODEL + "".join(" " * i + "for a in [1]:\n" for i in range(90)) + " " * 95 + "m.add(Dense(3))",
        "1 layer",
    ),
    "if deep": (MODEL + "".join(" " * i + "if 1:\n" for i in range(95)) + " " * 96 + "m.add(Dense(3))", "1 layer"),
    "if deep 2000": (
        MODEL + "".join(" " * i + "if 1:\n" for i in range(1400)) + " " * 1500 + "m.add(Dense(3))",
        "not-python",
    ),
    "elif": (MODEL + "if a: pass\n" + "elif a: pass\n" * 3000 + "m.add(Dense(3))", "not-python"),
    "elif 900": (MODEL + "if 0: pass\n" + "elif 0: pass\n" * 400 + "m.add(Dense(3))", "1 layer"),
    "if doubt deep": (
        MODEL + "".join(" " * i + "if x%d:\n" % i for i in range(95)) + " " * 96 + "m.add(Dense(3))",
        "unknown-value",
    ),
    "if doubt many": (MODEL + "if x: y=1\n" * 20000 + "m.add(Dense(3))", "1 layer"),
    "if doubt many add": (MODEL + "if x: m.add(Dense(1))\n" * 5000 + "m.add(Dense(3))", "1 layer, unknown-value"),
    "if doubt both": (
        MODEL + "if x: m.add(Dense(1))\nelse: m.add(Dense(2))\n" * 5000 + "m.add(Dense(3))",
        "1 layer, unknown-value",
    ),
    "loop doubt many": (
        MODEL + "for i in x:\n  m.add(Dense(1))\n" * 3000 + "m.add(Dense(3))",
        "1 layer, unknown-value",
    ),
    "class deep": (
        MODEL + "".join(" " * i + "class A:\n" for i in range(95)) + " " * 96 + "pass\nm.add(Dense(3))",
        "1 layer",
    ),
    "def deep": (
        MODEL + "".join(" " * i + "def f():\n" for i in range(95)) + " " * 96 + "pass\nm.add(Dense(3))",
        "1 layer",
    ),
    "class bases": (
        MODEL
        + "class A0(Model): pass\n"
        + "".join(f"class A{i}(A{i - 1}): pass\n" for i in range(1, 3000))
        + "m.add(A2999())",
        "unknown-layer",
    ),
    "class diamond": (
        MODEL
        + "class A0: pass\n"
        + "".join(f"class A{i}(A{i - 1},A{i - 1}): pass\n" for i in range(1, 60))
        + "m.add(A59())",
        "wrong-value",
    ),
    "class self": (MODEL + "class A(Layer):\n  def call(self,x): return self(x)\nm.add(A())", "1 layer, unknown-layer"),
    "class mutual": (
        MODEL + "class A(Model):\n  def __init__(self): self.b=A()\n  def call(self,x): return self.b(x)\nm.add(A())",
        "several-models",
    ),
    "class attr self": (
        MODEL
        + "class A(Layer):\n  def __init__(self): self.a=self; self.l=[self]\n  def call(self,x): return x\nq=A()\nq.trainable=False\nm.add(q)",
        "1 layer",
    ),
    "property": (MODEL + "class A:\n  @property\n  def a(self): return self.a\nA().a\nm.add(Dense(3))", "1 layer"),
    "getattr": (MODEL + "x=getattr(getattr,'x')\ngetattr(m,'__class__').__mro__\nm.add(Dense(3))", "1 layer"),
    "recursion": (MODEL + "def f(): return f()\nf()\nm.add(Dense(3))", "1 layer"),
    "recursion deep": (
        MODEL + "def f(x): return [[[[[[[[[[f([[[[[[[x]]]]]]])]]]]]]]]]]\nf(1)\nm.add(Dense(3))",
        "1 layer",
    ),
    "decorators": (MODEL + "@a\n" * 20000 + "def f(): pass\nm.add(Dense(3))", "1 layer"),
    "nul": (MODEL + "\0m.add(Dense(3))", "not-python"),
    "formfeed": (MODEL + "\fm.add(Dense(3))\n\f\nm.add(Dense(4))", "2 layers"),
    "vt": (MODEL + "m.add(Dense(3))\x0b\nm.add(Dense(4))", "1 layer, not-python"),
    "linesep": (MODEL + "m.add(Dense(3, name='a\u2028b'))\nm.add(Dense(4))", "2 layers"),
    "nel": (MODEL + "m.add(Dense(3, name='a\x85b'))\nm.add(Dense(4))", "2 layers"),
    "bom": ("\ufeff" + MODEL + "m.add(Dense(3))", "1 layer"),
    "crlf": ((MODEL + "m.add(Dense(3))").replace("\n", "\r\n"), "1 layer"),
    "cr": ((MODEL + "m.add(Dense(3))").replace("\n", "\r"), "1 layer"),
    "mixed": (MODEL + "m.add(Dense(3))\r\rm.add(Dense(4))\n\rm.add(Dense(5))", "3 layers"),
    "surrogate": (MODEL + "m.add(Dense(3,name='\ud800'))", "not-python"),
    "surrogate esc": (MODEL + "m.add(Dense(3,name='\\ud800'))", "1 layer"),
    "surrogate ident": (MODEL + "\ud800=3\nm.add(Dense(3))", "not-python"),
    "rot13": ("# -*- coding: rot13 -*-\n" + MODEL + "m.add(Dense(3))", "1 layer"),
    "coding bad": ("# -*- coding: nosuch -*-\n" + MODEL + "m.add(Dense(3))", "1 layer"),
    "coding utf7": ("# -*- coding: utf-7 -*-\n" + MODEL + "m.add(Dense(3))", "1 layer"),
    "tabs": (MODEL + "if 1:\n\tm.add(Dense(3))\n        m.add(Dense(4))", "2 layers"),
    "unicode ident": (MODEL + "ℌ=3\nm.add(Dense(H))", "1 layer"),
    "backslash": (MODEL + "x=1\\\n" * 50000 + "m.add(Dense(3))", "not-python"),
    "backslash end": (MODEL + "m.add(Dense(3))\\", "not-python"),
    "triple open": (MODEL + "'''" + "a\n" * 50000, "0 layers"),
    "quotes": (MODEL + "'\n" * 20000, "not-python"),
    "syntax many": (MODEL + "x = = 3\n" * 20000 + "m.add(Dense(3))", "not-python"),
    "syntax many 500": (MODEL + "x = = 3\n" * 500 + "m.add(Dense(3))", "not-python"),
    "syntax many 190": (MODEL + "x = = 3\n" * 190 + "a=1\n" * 60000 + "m.add(Dense(3))", "not-python"),
    "syntax add many": (MODEL + "m.add(Dense(3)\n" * 150, "1 layer, not-python"),
    "open long": (MODEL + "m.add(Dense(3\n" + "a\n" * 20000, "1 layer, not-python"),
    "indent many": (MODEL + "  x=1\n x=2\n" * 2000 + "m.add(Dense(3))", "not-python"),
    "prompts": (">>> " + MODEL.replace("\n", "\n>>> ") + "m.add(Dense(3))\n" + ">>> x\n1\n" * 30000, "1 layer"),
    "fences": ("```\n" * 50001 + MODEL + "m.add(Dense(3))", "1 layer"),
    "magics": (MODEL + "%matplotlib\n!ls\n" * 20000 + "m.add(Dense(3))", "1 layer"),
    "semicolons": (MODEL + "x=1;" * 100000 + "m.add(Dense(3))", "1 layer"),
    "assign chain": (MODEL + "a=" * 50000 + "1\nm.add(Dense(3))", "1 layer"),
    "tuple unpack": (MODEL + "(" * 80 + "a" + ",)" * 80 + "=x\nm.add(Dense(3))", "1 layer"),
    "long unpack": (MODEL + ",".join(f"a{i}" for i in range(30000)) + "=x\nm.add(Dense(3))", "1 layer"),
    "long list": (MODEL + "x=[" + "1," * 200000 + "]\nm.add(Dense(3))", "1 layer"),
    "long dict": (MODEL + "x={" + "1:1," * 100000 + "}\nm.add(Dense(3))", "1 layer"),
    "dict of dict": (MODEL + "x=" + "{1:" * 90 + "1" + "}" * 90 + "\nm.add(Dense(3))", "1 layer"),
    "unhash": (MODEL + "x={[]:1}\ny={{}}\nz={[1]}\nm.add(Dense(3))", "1 layer"),
    "nb empty": (notebook([]), "no-model"),
    "nb plain": (notebook([cell(MODEL + "m.add(Dense(3))")]), "1 layer"),
    "nb lines": (notebook([cell([MODEL, "m.add(Dense(3))"])]), "1 layer"),
    "nb many cells": (notebook([cell(MODEL), *[cell("m.add(Dense(3))")] * 9000]), "9000 layers"),
    "nb many lines": (notebook([cell((MODEL + "m.add(Dense(3))\n" * 9000).splitlines(True))]), "9000 layers"),
    "nb alike lines": (notebook([cell(["a\n"] * 60000), cell(MODEL + "m.add(Dense(3))")]), "1 layer"),
    "nb one line": (notebook([cell(["x = 1\n" + "y\n" * 50000])]), "no-model"),
    "nb source number": (notebook([cell(3)]), "no-model"),
    "nb source null": (notebook([cell(None)]), "no-model"),
    "nb source mapping": (notebook([cell({"a": 1})]), "no-model"),
    "nb source numbers": (notebook([cell([1, 2, None, [], {}])]), "no-model"),
    "nb cells text": ('{"cells": "abc"}', "no-model"),
    "nb cells mapping": ('{"cells": {"a": 1}}', "no-model"),
    "nb cells numbers": ('{"cells": [1, 2]}', "no-model"),
    "nb cells null": ('{"cells": null}', "no-model"),
    "nb deep": ('{"cells": ' + "[" * 100000 + "]" * 100000 + "}", "no-model"),
    "nb cut": (notebook([cell(MODEL)])[:-9], "not-python"),
    "nb magics": (notebook([cell("%%bash\nrm -rf /\n"), cell(MODEL + "m.add(Dense(3))")]), "1 layer"),
    "nb surrogate": (notebook([cell(MODEL + "m.add(Dense(3, name='\ud800'))")]), "not-python"),
    "nb control": (notebook([cell(MODEL + "\x1b[31m\nm.add(Dense(3))")]), "1 layer"),
    "nb syntax many": (notebook([cell(MODEL), *[cell("m.add(Dense(3)")] * 150]), "1 layer, not-python"),
    "nb quoted": (notebook([cell(['"' * 20000, "\n", MODEL, "m.add(Dense(3))"])]), "1 layer"),
    "nb twins": ('{"cells": [], "cells": [{"cell_type": "code", "source": "x"}]}', "no-model"),
    "unknown sizes": (MODEL + "".join(f"m.add(Dense(a{i}))\n" for i in range(5000)), "5000 layers"),
    "unknown alike": (MODEL + "m.add(Dense(a))\n" * 5000, "5000 layers"),
    "unknown same name": (MODEL + "".join(f"m.add(Dense(f({i})))\n" for i in range(5000)), "5000 layers"),
    "unknown chain": (MODEL + "x=T\n" + "x=f(x)\n" * 5000 + "m.add(Dense(x))", "1 layer"),
    "unknown attributes": (MODEL + "x=T\n" + "x=x.a[0]\n" * 5000 + "m.add(Dense(x))", "1 layer"),
    "unknown sum": (MODEL + "x=T\n" + "".join(f"x=x+a{i}\n" for i in range(2000)) + "m.add(Dense(x))", "1 layer"),
    "unknown product": (
        MODEL + "x=T\n" + "".join(f"x=x*(a{i}+1)\n" for i in range(200)) + "m.add(Dense(x))",
        "1 layer",
    ),
    "unknown floors": (MODEL + "x=T\n" + "x=(x+1)//2\n" * 200 + "m.add(Dense(x))", "1 layer"),
    "unknown layers": (MODEL + "".join(f"m.add(own{i}(3))\n" for i in range(5000)), "5000 layers"),
    "unknown unpack": (MODEL + "a,b=f()\n" * 5000 + "m.add(Dense(a))", "1 layer"),
    "nest chain": (
        "from keras import *\nm=Sequential([Input((3,)),Dense(3)])\n" + "m=Sequential([m])\n" * 200,
        "too-large",
    ),
    "nest bomb": (
        "from keras import *\nm=Sequential([Input((3,)),Dense(3)])\n" + "m=Sequential([m,m])\n" * 60,
        "too-large",
    ),
    "nest functional": (
        "from keras import *\ni=Input((3,))\nm=Model(i,Dense(3)(i))\n" + "i=Input((3,))\nm=Model(i,m(i))\n" * 200,
        "too-large",
    ),
    "nest functional bomb": (
        "from keras import *\ni=Input((3,))\nm=Model(i,Dense(3)(i))\n" + "i=Input((3,))\nm=Model(i,m(m(i)))\n" * 60,
        "too-large",
    ),
    "nest wrappers": (MODEL + "x=Dense(3)\n" + "x=TimeDistributed(x)\n" * 200 + "m.add(x)", "too-large"),
    "nest wrappers 90": (MODEL + "x=Dense(3)\n" + "x=TimeDistributed(x)\n" * 90 + "m.add(x)", "1 layer"),
    "nest cells bomb": (MODEL + "x=LSTMCell(3)\n" + "x=StackedRNNCells([x,x])\n" * 60 + "m.add(RNN(x))", "too-large"),
    "nest in itself": ("from keras import *\nm=Sequential([Input((3,))])\nm.add(m)", "too-large"),
    "nest in one another": (
        "from keras import *\na=Sequential([Input((3,))])\nb=Sequential([a])\na.add(b)",
        "too-large",
    ),
    "nest wrapped itself": (MODEL + "m.add(TimeDistributed(m))", "several-models"),
    "seq layers 5000": ("from keras import *\nm=Sequential([Input((3,))," + "Dense(3)," * 5000 + "])", "5000 layers"),
}
