"""Solving for sizes: against trying every value, and every text whole."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

import lstmcalc
from lstmcalc import SpecError, infer, load, solve
from lstmcalc.cli import app
from lstmcalc.dims import Dim, at_least, is_multiple, substitute, symbol
from lstmcalc.errors import Fault
from lstmcalc.measures import amount, measure
from lstmcalc.opening import opened
from lstmcalc.solving.curves import Curve
from lstmcalc.solving.domain import allowed
from lstmcalc.solving.polynomials import stretches, value
from lstmcalc.solving.problem import Problem
from lstmcalc.solving.ranges import meet, next_in
from lstmcalc.spec import Spec

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["solve", *words], catch_exceptions=False)


def model(text: str) -> Spec:
    return load("m.yaml", text=text)


# Curves, against every value.

T = symbol("T")


def expressions() -> st.SearchStrategy[Dim]:
    """Expressions in T, with divisions by numbers and by T."""
    divisors = st.one_of(st.integers(1, 6), st.integers(0, 3).map(lambda more: T + more))

    def grown(inner: st.SearchStrategy[Dim]) -> st.SearchStrategy[Dim]:
        pairs = st.tuples(inner, inner)
        return st.one_of(
            pairs.map(lambda pair: pair[0] + pair[1]),
            pairs.map(lambda pair: pair[0] - pair[1]),
            pairs.map(lambda pair: pair[0] * pair[1]),
            st.tuples(inner, divisors).map(lambda pair: pair[0] // pair[1]),
        )

    return st.recursive(st.one_of(st.just(T), st.integers(-9, 9)), grown, max_leaves=8)


@seed(6)
@settings(max_examples=400, deadline=None)
@given(expressions(), st.integers(1, 20), st.integers(0, 120), st.integers(1, 4), st.integers(-500, 3000), st.data())
def test_a_curve_finds_what_trying_finds(
    size: Dim, first: int, length: int, step: int, least: int, data: st.DataObject
) -> None:
    numbers = range(first, first + length, step)
    most = data.draw(st.one_of(st.none(), st.integers(least, least + 600)))
    curve = Curve(size, "T", [numbers])
    found = sorted(number for each in curve.where(least, most) for number in each)
    at = {number: substitute(size, {"T": number}) for number in numbers}
    assert found == [number for number in numbers if least <= at[number] and (most is None or at[number] <= most)]
    assert curve.searched is None
    for piece in curve.pieces:
        values = [at[number] for number in piece.numbers]
        assert values == sorted(values, reverse=not piece.rises)


@seed(6)
@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(-40, 40), min_size=1, max_size=5), st.integers(0, 30), st.integers(0, 60))
def test_stretches_rise_and_fall(polynomial: list[int], first: int, length: int) -> None:
    found = stretches(polynomial, first, first + length)
    assert [number for part in found for number in range(part.first, part.last + 1)] == [
        *range(first, first + length + 1)
    ]
    for part in found:
        values = [value(polynomial, number) for number in range(part.first, part.last + 1)]
        assert values == sorted(values, reverse=not part.rises)


@seed(6)
@settings(max_examples=300)
@given(*[st.integers(0, 30), st.integers(0, 60), st.integers(1, 9)] * 2)
def test_ranges_meet(a: int, b: int, c: int, d: int, e: int, f: int) -> None:
    one, other = range(a, b, c), range(d, e, f)
    assert list(meet(one, other)) == sorted({*one} & {*other})
    numbers = sorted({*one, *other})
    for number in range(-2, 62):
        assert next_in([one, other], number) == next((each for each in numbers if each > number), None)
        assert next_in([one, other], number, up=False) == next((e for e in reversed(numbers) if e < number), None)


@pytest.mark.parametrize("left", [T, 2 * T + 4, T // 3, T * T, (T // 2 * T) // 3])
@pytest.mark.parametrize("right", [1, 4, 6])
def test_multiples_are_kept(left: Dim, right: int) -> None:
    condition = is_multiple(left, right)
    found = allowed([condition], "T", [range(1, 100)]) if not isinstance(condition, bool) else [range(1, 100)]
    kept = sorted(number for each in found for number in each)
    assert kept == [number for number in range(1, 100) if substitute(left, {"T": number}) % right == 0]


def test_multiples_of_a_division_by_the_symbol_are_left_to_infer() -> None:
    condition = is_multiple((T * T + 5) // (T + 2), 4)
    assert not isinstance(condition, bool)
    assert allowed([condition], "T", [range(1, 100)]) == [range(1, 100)]


def test_divisors_and_bounds_are_kept() -> None:
    conditions = [is_multiple(64, T), at_least(T, 3), at_least(40, T)]
    assert [number for each in allowed(conditions, "T") for number in each] == [4, 8, 16, 32]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "size", [(T // 2 * T) // 3, (T // 2 * (T // 3)) // 4 - T, (-5 // T) * T, (7 - T) // (T + 1) * T]
)
def test_divisions_of_divisions_and_negative_ones(size: Dim) -> None:
    whole = Curve(size, "T")
    assert whole.pieces[-1].numbers[-1] > 10**18 and whole.searched is None
    at = {number: substitute(size, {"T": number}) for number in range(1, 200)}
    for level in range(-12, 30):
        found = sorted(number for each in Curve(size, "T", [range(1, 200)]).where(level, level + 2) for number in each)
        assert found == [number for number in at if level <= at[number] <= level + 2]


def test_huge_numbers_are_exact() -> None:
    cube = Curve(T**3 + T, "T")
    number = 10**12 + 12345
    assert cube.where(number**3 + number, number**3 + number) == [range(number, number + 1)]
    assert cube.where(number**3 + number + 1, number**3 + number + 1) == []


# Models, against `infer` with every value.

MODELS = {
    "{input: [10, 7], layers: [LSTM: U, Dense: 3]}": ("U",),
    "{input: [10, 7], layers: [{GRU: {units: U, return_sequences: true}}, {LSTM: {units: 2*U}}, Dense: 5]}": ("U",),
    "{input: [T, 4], layers: [{Conv1D: {filters: 3, kernel_size: 3, strides: 2}}, Flatten, Dense: 2]}": ("T",),
    "{input: [T, 4], layers: [{Conv1D: {filters: 3, kernel_size: 4}}, MaxPooling1D: 3, Flatten, Dense: 2]}": ("T",),
    "{input: [40, 4], layers: [{Conv1D: {filters: 3, kernel_size: K}}, Flatten, Dense: 2]}": ("K",),
    "{input: [40, 4], layers: [{Conv1D: {filters: 3, kernel_size: 5, strides: S}}, Flatten, Dense: 2]}": ("S",),
    "{input: [40, 4], layers: [{MaxPooling1D: {pool_size: P, strides: 3}}, Flatten, Dense: 2]}": ("P",),
    "{input: [40, 4], layers: [{Conv1D: {filters: G, kernel_size: 5, strides: 1, groups: 2}}]}": ("G",),
    "{inputs: {x: [9, 12]}, layers: [{GroupQueryAttention: {head_dim: 4, num_query_heads: 24,"
    " num_key_value_heads: H, inputs: [x, x]}}]}": ("H",),
}
LAST = 60


def tried(spec: Spec, name: str, by: str) -> dict[int, int]:
    """What `infer` measures for each value that it accepts."""
    found = {}
    for number in range(1, LAST):
        try:
            size = measure(infer(spec, {name: number}), by)
        except SpecError:
            continue
        assert isinstance(size, int)
        found[number] = size
    return found


@pytest.mark.parametrize("by", ["params", "macs", "flops"])
@pytest.mark.parametrize("text", MODELS)
def test_one_size_against_every_value(text: str, by: str) -> None:
    spec, (name,) = model(text), MODELS[text]
    every = tried(spec, name, by)
    if len({*every.values()}) == 1:
        with pytest.raises(SpecError, match="no-influence"):
            solve(spec, name, **{by: 5})
        return
    highest = max(every)
    budgets = sorted({size + more for size in every.values() for more in (-1, 0, 1) if size + more > 0})
    for budget in budgets[:: max(1, len(budgets) // 10)]:
        under = {number: size for number, size in every.items() if size <= budget}
        found = solve(spec, name, **{by: budget})
        best = max(under, key=lambda number: (under[number], number), default=None)
        if not found.answers:
            assert best is None
        elif found.answers[0].values[name] <= highest:
            assert (found.answers[0].values[name], found.answers[0].measured[by]) == (best, every[best or 0])
        exact = [number for number, size in every.items() if size == budget]
        answers = solve(spec, name, goal="exactly", **{by: budget})
        assert [each.values[name] for each in answers.answers if each.values[name] < LAST][:12] == exact[:12]
        nearest = min(abs(size - budget) for size in every.values())
        (close,) = solve(spec, name, goal="closest", **{by: budget}).answers
        assert abs(close.measured[by] - budget) <= nearest


def test_the_next_value_exceeds_the_budget() -> None:
    for budget in range(60, 20_000, 997):
        found = solve(load("specs/forecast.yaml"), "lstm.units", params=budget)
        assert found.above is not None
        assert found.above.values["lstm.units"] == found.answers[0].values["lstm.units"] + 1
        assert found.answers[0].measured["params"] <= budget < found.above.measured["params"]


@pytest.mark.parametrize("budget", [120, 500, 1234, 3000])
def test_two_sizes_against_every_pair(budget: int) -> None:
    spec = model("{input: [5, F], layers: [{LSTM: {units: U}}, Dense: 2]}")
    count = {
        (f, u): 4 * u * (f + u + 1) + 2 * (u + 1)
        for f, u in product(range(1, 1500), range(1, 60))
        if 4 * u * (f + u + 1) + 2 * (u + 1) <= budget
    }
    greatest = {(f, u) for f, u in count if (f + 1, u) not in count and (f, u + 1) not in count}
    found = solve(spec, "F", "U", params=budget)
    assert found.count == len(greatest)
    assert {(each.values["F"], each.values["U"]) for each in found.answers} <= greatest
    exact = sorted(pair for pair, params in count.items() if params == budget)
    answers = solve(spec, "F", "U", params=budget, goal="exactly")
    assert answers.count == len(exact)
    assert [(each.values["F"], each.values["U"]) for each in answers.answers] == exact


def test_two_sizes_with_a_condition_and_a_fall() -> None:
    spec = model("{input: [T, 4], layers: [{Conv1D: {filters: 3, kernel_size: K}}, Flatten, Dense: 2]}")
    found = solve(spec, "T", "K", params=119, goal="exactly")
    every = []
    for t, k in product(range(1, 60), range(1, 40)):
        if t >= k and 3 * (4 * k + 1) + 2 * (3 * (t - k + 1) + 1) == 119:
            every.append({"T": t, "K": k})
    assert [dict(each.values) for each in found.answers] == every
    assert every


def test_conditions_are_respected_and_told() -> None:
    spec = model("{input: [T, 4], layers: [{Conv1D: {filters: 3, kernel_size: 9}}, Flatten, Dense: 2]}")
    found = solve(spec, params=50)
    assert found.answers == ()
    assert found.above is not None and found.above.values == {"T": 9}
    assert [held.text for held in found.conditions] == ["T >= 9"]


def test_a_size_that_no_array_has_is_not_given() -> None:
    spec = model("{input: [2, 4], layers: [{Dense: U}, {Concatenate: {axis: 1, inputs: [dense, dense]}}]}")
    found = solve(spec, "U", params=10**30)
    assert found.answers[0].values == {"U": 2**63 - 1}
    wide = model("{input: [2, 4], layers: [{Dense: U}, {Flatten: {}}]}")
    assert solve(wide, "U", params=10**30).answers[0].values == {"U": (2**63 - 1) // 2}


def test_several_budgets_all_hold() -> None:
    spec = load("specs/forecast.yaml")
    both = solve(spec, "lstm.units", params=1_000_000, macs=5_000_000)
    alone = [solve(spec, "lstm.units", **{name: number}) for name, number in both_budgets(both)]
    assert both.answers[0].values["lstm.units"] == min(each.answers[0].values["lstm.units"] for each in alone)
    none = solve(spec, "lstm.units", params=1_000_000, macs=10, goal="at most")
    assert (none.answers, none.alone) == ((), {"params": 496, "macs": None})
    apart = solve(spec, "lstm.units", params=1_000_000, macs=10, goal="exactly")
    assert apart.below is not None, "the nearest is that of the first budget, whatever the second one says"
    assert (apart.answers, apart.below.values) == ((), {"lstm.units": 496})


def both_budgets(found: lstmcalc.Solution) -> list[tuple[str, int]]:
    return [(budget.name, budget.amount) for budget in found.budgets]


def test_opened_arguments() -> None:
    spec = model("{input: [4, 3], symbols: {lstm_units: 2}, layers: [{Bidirectional: {layer: LSTM(5)}}, Dense: 2]}")
    open_spec, symbols = opened(spec, ["bidirectional.units"])
    assert symbols == {"bidirectional.units": "bidirectional_units"}
    assert str(infer(open_spec).layers[0].params) == "8*bidirectional_units*(bidirectional_units + 4)"
    inner = model("{input: [4, 3], models: {enc: {input: [4, 3], layers: [LSTM: 7]}}, layers: [enc, Dense: 2]}")
    assert solve(inner, "enc.lstm.units", params=1000).answers[0].values == {"enc.lstm.units": 13}


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [("91648", "", 91648), ("1,000,000", "", 10**6), ("1e6", "", 10**6), ("2.5e3", "", 2500), ("1.5M", "", 1_500_000),
     ("7b", "", 7 * 10**9), ("8 GB", "B", 8 * 10**9), ("8GiB", "B", 2**33), ("500B", "B", 500), ("1TB", "B", 10**12)],
)  # fmt: skip
def test_amounts(text: str, unit: str, number: int) -> None:
    assert amount(text, unit) == number


@pytest.mark.parametrize("text", ["", "-5", "1.5", "1,5", "8GB", "ten", "1e9999", "9" * 5000, "1__0", "0x10", "5i"])
def test_no_amounts(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected "):
        amount(text)


# Texts.

TEXTS = {
    "lstm --units 128 --params 91648": """\
input = 50

  params  4·128·(50 + 128 + 1) = 91,648
  budget  at most 91,648 params: just as many
  next    input = 51 has 92,160 params, 512 too many
""",
    "lstm --units 128 --params 91649 --exactly": """\
No number for input

  budget  exactly 91,649 params
  below   input = 50 has 91,648 params, 1 too few
  above   input = 51 has 92,160 params, 511 too many
""",
    "specs/forecast.yaml --for lstm.units --params 1M": """\
lstm.units = 496

  params  4·496·(1 + 496 + 1) + 20·(496 + 1) = 997,972
  budget  at most 1,000,000 params: 2,028 left
  next    lstm.units = 497 has 1,001,972 params, 1,972 too many
""",
    "specs/forecast.yaml --for lstm.units --params 1M --closest": """\
lstm.units = 497

  params  4·497·(1 + 497 + 1) + 20·(497 + 1) = 1,001,972
  budget  closest to 1,000,000 params: 1,972 too many
  below   lstm.units = 496 has 997,972 params, 2,028 too few
""",
    "lstm --params 91648 --for units,input --exactly": """\
8 pairs for units and input

  budget  exactly 91,648 params

  units   input  params
      1  22,910  91,648
      2  11,453  91,648
      4   5,723  91,648
      8   2,855  91,648
     16   1,415  91,648
     32     683  91,648
     64     293  91,648
    128      50  91,648
""",
    "conv1d --filters 4 --kernel-size 3 --strides 2 --input T,8 --macs 1000 --for T": """\
T = 22

  macs    96·(floor((22 - 3)/2) + 1) = 960 (MACs forward, per sample)
  params  100
  budget  at most 1,000 MACs forward: 40 left
  next    T = 23 has 1,056 MACs forward, 56 too many
  needs   `T >= 3`: `padding: valid` gives floor((T - 3)/2) + 1 time steps
""",
    "specs/forecast.yaml --for lstm.units --params 5": """\
No number for lstm.units

  budget  at most 5 params
  above   lstm.units = 1 has 52 params, 47 too many
""",
    "specs/forecast.yaml --for lstm.units --params 100 --macs 1": """\
No number for lstm.units

  budget  at most 100 params
          at most 1 MACs forward
  above   lstm.units = 1 has 180 MACs forward, 179 too many
  alone   for the params alone: lstm.units = 2
          for the MACs forward alone: no number for lstm.units
""",
}  # fmt: skip


@pytest.mark.parametrize("words", TEXTS)
def test_text(words: str) -> None:
    result = run(*words.split())
    assert result.stdout == TEXTS[words]
    assert result.exit_code == (1 if result.stdout.startswith("No ") else 0)


FAULTS = {
    "lstm --params 91648": """\
error[missing-symbol] lstm
  expected the size to solve for
  got      2 that are open: `input` and `units`
  fix      name one, such as `--for input`, or both: `--for input,units`
""",
    "lstm --params 91648 --for units": """\
error[unset-symbol] lstm
  expected a value for `input`
  got      none
  because  the params depend on it
  fix      give it one, such as `--input 100`, or solve for both: `--for units,input`
""",
    "specs/forecast.yaml --params 1M": """\
error[missing-symbol] specs/forecast.yaml
  expected the size to solve for
  got      none that is open in the params
  fix      name one, such as `--for lstm.units`
""",
    "specs/seq2seq.yaml --for T --params 1e8": """\
error[no-influence] specs/seq2seq.yaml
  expected a size that the params depend on
  got      `T`
  because  whatever `T` is, there are 2,319,168 params
  fix      solve for `words.input_dim`
""",
    "specs/seq2seq.yaml --for widht --params 1e8": """\
error[unknown-symbol] specs/seq2seq.yaml
  expected a symbol of the model, one of `S`, `T`, `vocabulary`, `width`
  got      `widht`
  fix      did you mean `width`?
""",
    "specs/forecast.yaml --for units --params 1e8": """\
error[unknown-symbol] specs/forecast.yaml
  expected a size of the model, which has no symbols
  got      `units`
  fix      did you mean `lstm.units`?
""",
    "specs/seq2seq.yaml --for decoder.unit --params 1e8": """\
error[unknown-symbol] specs/seq2seq.yaml
  expected a size that "decoder" has: `units`
  got      `decoder.unit`
  fix      did you mean `decoder.units`?
""",
    "specs/seq2seq.yaml --for lstm.units --params 1e8": """\
error[unknown-symbol] specs/seq2seq.yaml
  expected a size of one of the layers: `words`, `encoder.reader`, `decoder`, `dense`
  got      `lstm.units`
""",
    "specs/seq2seq.yaml --for width --set width=3 --params 1e8": """\
error[two-values] specs/seq2seq.yaml
  expected `width` to be given or solved for
  got      both
  fix      leave `width=3` out
""",
    "specs/forecast.yaml --for lstm.units --params 5M --macs 1M --closest": """\
error[too-many-budgets] specs/forecast.yaml
  expected one budget to come closest to
  got      2: params and MACs forward
""",
    "specs/forecast.yaml --for a,b,c --params 5M": """\
error[too-many-symbols] specs/forecast.yaml
  expected one size to solve for, or two
  got      3: `a`, `b`, `c`
  fix      give the others a value
""",
    "specs/none.yaml --params 5M": """\
error[missing-file] specs/none.yaml
  expected a file
  got      none of this name
""",
}


@pytest.mark.parametrize("words", FAULTS)
def test_fault(words: str) -> None:
    result = run(*words.split())
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", FAULTS[words])


def test_an_unknown_measure_names_the_layer() -> None:
    spec = model("{input: [4, 3], layers: [LSTM: U, {Lambda: {function: f, output_shape: [10]}}, Dense: 2]}")
    with pytest.raises(SpecError) as caught:
        solve(spec, "U", macs=1000)
    assert (
        str(caught.value)
        == """\
error[unknown-measure] m.yaml
  expected MACs forward that are known
  got      unknown
  because  those of "lambda" (Lambda) are not known"""
    )


def test_wrong_questions_to_the_library() -> None:
    spec = load("specs/forecast.yaml")
    for words, codes in (
        ({}, ["missing-budget"]),
        ({"params": 0}, ["wrong-budget"]),
        ({"params": -3, "macs": 2.5}, ["wrong-budget", "wrong-budget"]),
        ({"parameters": 3}, ["unknown-measure"]),
        ({"params": 3, "goal": "about"}, ["wrong-goal"]),
    ):
        with pytest.raises(SpecError) as caught:
            solve(spec, "lstm.units", **words)  # type: ignore[arg-type]
        assert [fault.code for fault in caught.value.faults] == codes


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("--params 0", "Invalid value for --params: expected a positive number, got 0"),
        ("--params -5", "Invalid value for --params: expected a number such as 91648, 91_648, 1.5M or 2k, got -5"),
        ("--params 1.5", "Invalid value for --params: expected a whole number, got 1.5"),
        ("--memory 8GF", "Invalid value for --memory: expected an amount such as 500, 8GB or 8GiB, got 8GF"),
        ("", "Invalid value: expected a budget, one or more of --params, --trainable-params, --bytes, --macs,"
             " --flops, --training-macs, --memory"),
        ("--params 5 --exactly --closest", "Invalid value for --closest: expected --exactly or --closest, got both"),
        ("--memory 8GB --optimizer foo", "Invalid value for --optimizer: expected one of SGD, RMSprop, Adam"),
        ("--params 5 --for a,", "Invalid value for --for: expected a size such as U or lstm.units, got nothing"),
        ("--params 5 --unis 4", "Invalid value: expected one file and options of solve, as specs/forecast.yaml is a"
                                " file, got --unis"),
    ],
)  # fmt: skip
def test_usage(words: str, reason: str) -> None:
    result = run("specs/forecast.yaml", *words.split())
    told = " ".join(result.stderr.replace("│", " ").split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in told


def test_json_is_the_contract() -> None:
    document = json.loads(run("lstm", "--units", "128", "--params", "91648", "--json").stdout)
    assert {key: document[key] for key in ("schema", "source", "for", "solutions", "params")} == {
        "schema": "lstmcalc.solution/1", "source": "lstm --units 128", "for": ["input"], "solutions": [{"input": 50}],
        "params": 91648,
    }  # fmt: skip
    assert document["above"] == {"values": {"input": 51}, "measured": {"params": 92160}}
    assert document["formulas"] == {"params": "512*(input_dim + 129)"}


def test_other_forms() -> None:
    words = ("lstm", "--units", "128", "--params", "91648")
    markdown = run(*words, "--format", "markdown").stdout
    assert "# input = 50" in markdown and "4·128·(50 + 128 + 1) = 91,648" in markdown
    assert "4·128·(50 + 128 + 1) = 91,648" in run(*words, "--format", "html").stdout
    assert run(*words, "--format", "svg").exit_code == 2


def test_pairs_that_a_condition_ties_together() -> None:
    spec = model("{input: [T, 4], layers: [{Conv1D: {filters: 3, kernel_size: K}}, Flatten, Dense: 2]}")
    fitting = {(t, k) for t, k in product(range(1, 60), range(1, 40)) if t >= k and 6 * k + 6 * t + 11 <= 119}
    greatest = {(t, k) for t, k in fitting if (t + 1, k) not in fitting and (t, k + 1) not in fitting}
    found = solve(spec, "T", "K", params=119)
    assert {(each.values["T"], each.values["K"]) for each in found.answers} == greatest
    assert found.count == len(greatest) == 9


@pytest.mark.parametrize("total", range(76, 100, 4))
def test_pairs_that_a_condition_rules_out_are_not_counted(total: int) -> None:
    """For the first numbers of T, `T >= K + 8` fails whatever K is."""
    first, second = "Conv1D: {filters: 3, kernel_size: K}", "Conv1D: {filters: 2, kernel_size: 9}"
    spec = model(f"{{input: [T, 4], layers: [{{{first}}}, {{{second}}}, Flatten, Dense: 4]}}")
    fitting = [(t, k) for t, k in product(range(1, 13), range(1, 25)) if t >= k + 8 and 4 * k + 8 * t == total]
    found = solve(spec, "T", "K", params=total + 7, goal="exactly")
    assert [tuple(each.values.values()) for each in found.answers] == fitting
    assert found.count == len(fitting)


def test_a_value_that_the_model_refuses_is_passed_over_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = Problem.answer
    fault = Fault("wrong-value", "an even number")
    monkeypatch.setattr(
        Problem, "answer", lambda self, values: fault if 496 in values.values() else answered(self, values)
    )
    found = solve(load("specs/forecast.yaml"), "lstm.units", params=1_000_000)
    assert (found.answers[0].values, found.refused) == ({"lstm.units": 495}, {496: fault})
    words = ("specs/forecast.yaml", "--for", "lstm.units", "--params", "1M")
    assert "  refused  lstm.units = 496: expected an even number\n" in run(*words).stdout
    assert json.loads(run(*words, "--json").stdout)["refused"] == [{"lstm.units": 496, "error": fault.to_json()}]


def test_memory_names_what_the_model_is_trained_with() -> None:
    words = ("specs/forecast.yaml", "--for", "lstm.units", "--memory", "8MB", "--batch", "4")
    plain, half = run(*words), run(*words, "--precision", "mixed_float16", "--optimizer", "sgd")
    assert plain.stdout.endswith("\n  training  with Adam, float32 and a batch of 4\n")
    assert half.stdout.endswith("\n  training  with LossScaleOptimizer(SGD), mixed_float16 and a batch of 4\n")
    assert plain.stdout.splitlines()[0] != half.stdout.splitlines()[0]
    asked = run("specs/forecast.yaml", "--for", "batch", "--memory", "8MB")
    assert asked.stdout.endswith("\n  training  with Adam, float32\n"), "the batch is the answer"
    assert run(*words, "--precision", "float8").exit_code == 2
