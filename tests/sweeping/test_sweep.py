"""A sweep says at every point what inference says there, exactly, with numpy or without, whoever calculates it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lstmcalc import SpecError, infer, load
from lstmcalc import sweep as public
from lstmcalc.dims import Condition, Dim, symbol
from lstmcalc.measures import measure
from lstmcalc.memory import Setting
from lstmcalc.opening import named_sizes, opened
from lstmcalc.spec import Spec
from lstmcalc.sweeping import Column, RangeError, arithmetic, axes_of, plan, read_values, sweep
from lstmcalc.sweeping.plan import Plan, calculate

ROOT = Path(__file__).parent.parent.parent
MEASURED = ["params", "trainable-params", "bytes", "macs", "flops", "training-macs", "memory"]
CONVOLUTIONS = """
name: convolutions
input: [T, 8]
layers:
  - Conv1D: {filters: U, kernel_size: K}
  - Conv1D: {filters: U, kernel_size: K, strides: 2}
  - MaxPooling1D: 2
  - Flatten
  - Dense: 3
"""
DIVIDED = """
name: divided
input: [T, 6]
layers:
  - LSTM: {units: "U - 3", return_sequences: true}
  - Reshape: {target_shape: [-1, 4]}
  - GRU: "U // 2"
"""


def model(text: str) -> Spec:
    return load("-", text=text)


@pytest.fixture(params=["numpy", "plain"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to calculate, whatever the number of points."""
    monkeypatch.setattr(plan, "WORTH_NUMPY", 0)
    if request.param == "plain":
        monkeypatch.setattr(plan, "numpy_or_none", lambda: None)
    return str(request.param)


@pytest.mark.parametrize(
    ("spec", "ranges"),
    [
        (lambda: load("specs/seq2seq.yaml"), {"width": [1, 7, 128], "S": [1, 30], "T": range(1, 100, 33)}),
        (lambda: load("specs/transformer_encoder.yaml"), {"Q": (5, 9), "T": (3, 200)}),
        (lambda: model(CONVOLUTIONS), {"U": [1, 4], "K": [1, 2, 5], "T": range(1, 20)}),
        (lambda: model(DIVIDED), {"U": range(1, 12), "T": range(1, 5)}),
    ],
    ids=["seq2seq", "transformer_encoder", "convolutions", "divided"],
)
def test_every_point_is_what_inference_says(
    spec: Callable[[], Spec], ranges: dict[str, Any], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    found = sweep(spec(), ranges, MEASURED)
    points = list(product(*ranges.values()))
    assert list(zip(*found.sizes.values(), strict=True)) == points
    failing = 0
    for place, values in enumerate(points):
        try:
            report = infer(spec(), dict(zip(ranges, values, strict=True)))
        except SpecError:
            failing += 1
            assert found.fails[place]
            assert {column[place] for column in found.measures.values()} == {None}
        else:
            assert found.fails[place] == 0
            assert [column[place] for column in found.measures.values()] == [measure(report, m) for m in MEASURED]
    assert failing == sum(found.failing)
    assert failing < len(points)


def test_an_argument_of_a_layer_goes_through_a_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = public(load("specs/forecast.yaml"), {"lstm.units": range(3, 6)})
    assert found.sizes["lstm.units"].tolist() == [3, 4, 5]
    assert found.measures["params"].tolist() == [140, 196, 260]
    assert str(found.formulas["params"]) == "4*(lstm_units**2 + 7*lstm_units + 5)"


def test_the_memory_of_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    spec = load("specs/forecast.yaml")
    setting = Setting(batch=symbol("batch"), optimizer="rmsprop", precision="mixed_float16")
    found = sweep(spec, {"lstm.units": (3, 4), "batch": (1, 32)}, ["memory", "macs"], setting=setting)
    expected = [
        measure(infer(opened(spec, ["lstm.units"])[0], {"lstm_units": units}), "memory", replace(setting, batch=batch))
        for units, batch in product((3, 4), (1, 32))
    ]
    assert found.measures["memory"].tolist() == expected
    assert found.measures["macs"].tolist() == [1020, 1020, 1680, 1680]


def test_a_batch_that_the_model_states_is_the_one_of_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    spec = load("specs/char_rnn.yaml")
    assert spec.batch == 64
    found = sweep(spec, {"T": (10,)}, ["memory"])
    report = infer(named_sizes(spec), {"T": 10})
    assert found.measures["memory"].tolist() == [measure(report, "memory", Setting(batch=64))]


def test_a_batch_in_symbols() -> None:
    spec = model("input: [4, 8]\nbatch: 2*B\nsymbols: {B: 7}\nlayers: [{LSTM: {units: U, stateful: true}}]")
    found = sweep(spec, {"U": (3, 4), "B": (1, 16)}, ["memory", "params"])
    expected = [
        measure(infer(spec, {"U": units, "B": b}), "memory", Setting(batch=2 * b)) for units in (3, 4) for b in (1, 16)
    ]
    assert found.measures["memory"].tolist() == expected
    assert found.measures["params"].tolist() == [144, 144, 208, 208]


def test_unknown_sizes_of_the_input_are_called_t() -> None:
    found = sweep(model("input: [null, 35]\nlayers: [LSTM: 64]"), {"T": (1, 2)}, ["macs"])
    assert found.measures["macs"].tolist() == [4 * 64 * (35 + 64), 2 * 4 * 64 * (35 + 64)]


def test_which_condition_fails_first_is_told() -> None:
    found = sweep(model(CONVOLUTIONS), {"U": 4, "K": 3, "T": range(1, 9)}, ["params"])
    assert [held.text for held in found.conditions] == ["T >= K", "T >= 2·K - 1", "T >= 2·K + 1"]
    assert found.fails.tolist() == [1, 1, 2, 2, 3, 3, 0, 0]
    assert found.failing == (2, 2, 2)


def test_a_condition_that_no_point_decides_is_kept() -> None:
    text = "input: [T, 8]\nlayers: [{Conv1D: {filters: U, kernel_size: 3}}, GlobalMaxPooling1D]"
    kept = sweep(model(text), {"U": (4, 5)})
    assert [held.text for held in kept.undecided] == ["T >= 3"]
    assert kept.left_out == dict.fromkeys(("macs", "flops"), "no value is given for `T`")
    assert kept.fails.tolist() == [0, 0]


def test_sizes_beyond_an_array_fail() -> None:
    found = sweep(model('input: [4]\nlayers: [Dense: "4 * U"]'), {"U": (1, 2**61 - 1, 2**61, 2**62)}, ["params"])
    assert found.measures["params"].tolist() == [20, 20 * (2**61 - 1), None, None]
    assert [held.text for held in found.conditions] == ["U <= 2305843009213693951"]


# Exactness.

NEAR = st.one_of(st.integers(1, 9), st.integers(2**31 - 2, 2**31 + 2), st.integers(2**63 - 9, 2**63 - 1))


@st.composite
def sizes(draw: st.DrawFn) -> Dim:
    """A size in two symbols: sums, products, powers, and divisions, also by what can be 0."""
    size: Dim = draw(st.sampled_from([symbol("U"), symbol("T"), symbol("U") * symbol("T")]))
    for _ in range(draw(st.integers(0, 4))):
        other = draw(st.one_of(st.integers(-(2**62), 2**62), st.sampled_from([symbol("U"), symbol("T"), 3])))
        match draw(st.sampled_from("+-*/")):
            case "+":
                size = size + other
            case "-":
                size = size - other
            case "*":
                size = size * other
            case _:
                divisor = draw(st.sampled_from([2, 7, symbol("T"), symbol("T") - 3, symbol("U") - symbol("T")]))
                size = size // divisor
    return size


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """A condition between two sizes that are not both numbers."""
    left, right = draw(sizes()), draw(sizes())
    assume(not isinstance(left, int) and not isinstance(right, int))
    return Condition(left, draw(st.sampled_from(["=", ">=", "multiple of"])), right)


@given(
    st.lists(sizes(), min_size=1, max_size=3),
    st.lists(conditions(), max_size=2),
    st.lists(NEAR, min_size=1, max_size=6, unique=True),
    st.lists(NEAR, min_size=1, max_size=6, unique=True),
)
@settings(max_examples=200, deadline=None)
def test_numpy_never_differs_from_plain_arithmetic(
    wanted: list[Dim], held: list[Condition], us: list[int], ts: list[int]
) -> None:
    whole = Plan({"U": tuple(us), "T": tuple(ts)}, tuple(wanted), tuple(held))
    with_numpy, without = plan._with_numpy(whole, 0, len(whole)), plan._without(whole, 0, len(whole))
    assert with_numpy == without
    # The very bytes are the same, so that it shows nowhere who calculated.
    assert pickle.dumps(with_numpy) == pickle.dumps(without)
    for place, (u, t) in enumerate(product(us, ts)):
        if with_numpy.fails[place] == 0:
            for size, column in zip(wanted, with_numpy.columns, strict=True):
                if column[place] is not None:
                    assert column[place] == plan._number(size, {"U": u, "T": t})


@pytest.mark.parametrize(
    ("formula", "values", "expected"),
    [
        (symbol("U"), [2**63 - 1], [2**63 - 1]),
        (symbol("U") + 1, [2**63 - 2, 2**63 - 1], [2**63 - 1, 2**63]),
        (symbol("U") ** 2, [3_037_000_499, 3_037_000_500], [9223372030926249001, 9223372037000250000]),
        (symbol("U") ** 2 - symbol("U") ** 2 // 2, [2**32], [2**63]),
        (-(symbol("U") ** 2) - symbol("U") ** 2, [2**31, 2**32], [-(2**63), -(2**65)]),
        ((symbol("U") ** 3) // symbol("T"), [2**31, 2**40], [2**93 // 3, 2**120 // 3]),
        (2**70 * symbol("U"), [1], [2**70]),
    ],
)
def test_nothing_overflows_at_the_edge_of_64_bits(formula: Dim, values: list[int], expected: list[int]) -> None:
    whole = Plan({"U": tuple(values), "T": (3,)}, (formula,))
    for found in (plan._with_numpy(whole, 0, len(whole)), plan._without(whole, 0, len(whole))):
        assert found.columns[0].tolist() == expected


def test_the_bound_is_above_every_step_on_the_way() -> None:
    U = symbol("U")
    assert arithmetic.bound(U**2 - U**2 // 2 - 7, {"U": 10}) >= 100 + 50 + 7
    # What is taken away counts on the way, though the result is small.
    assert arithmetic.bound(2**62 * U - 2**62 * U + U, {"U": 4}) == 4
    assert arithmetic.bound(2**62 * U - 2**62, {"U": 2}) > 2**63


# Executors.


class Backwards:
    """Runs nothing before an answer is wanted, and then the last call first."""

    def __init__(self, broken_at: int | None = None) -> None:
        self.calls: list[Any] = []
        self.cancelled = 0
        self.broken_at = broken_at

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Backwards.Future:
        future = Backwards.Future(self, function, arguments, len(self.calls))
        self.calls.append(future)
        return future

    class Future:
        def __init__(self, owner: Backwards, function: Callable[..., Any], arguments: Any, place: int) -> None:
            self.owner, self.function, self.arguments, self.place = owner, function, arguments, place
            self.answer: Any = None

        def result(self) -> Any:
            if self.owner.broken_at == self.place:
                raise ConnectionError("the machine is gone")
            for call in reversed(self.owner.calls):
                call.answer = call.answer or call.function(*call.arguments)
            return self.answer

        def cancel(self) -> bool:
            self.owner.cancelled += 1
            return True


@pytest.fixture
def in_small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstmcalc.sweeping.STRETCH", 7)


@pytest.fixture(params=["threads", "processes", "backwards"])
def executor(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "backwards":
        yield Backwards()
    elif request.param == "threads":
        with ThreadPoolExecutor(3) as pool:
            yield pool
    else:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            yield pool


@pytest.mark.usefixtures("in_small_stretches")
def test_who_calculates_changes_nothing(executor: Any) -> None:
    ranges = {"U": range(1, 6), "K": (2, 3), "T": range(1, 11)}
    spec = model(CONVOLUTIONS)
    alone = sweep(spec, ranges)
    assert sum(alone.failing) > 0
    shared = sweep(spec, ranges, executor=executor)
    assert shared == alone
    assert pickle.dumps(shared.measures) == pickle.dumps(alone.measures)


@pytest.mark.usefixtures("in_small_stretches")
def test_where_a_machine_fails_the_rest_is_called_off() -> None:
    broken = Backwards(broken_at=2)
    with pytest.raises(ConnectionError, match="the machine is gone"):
        sweep(model(CONVOLUTIONS), {"U": range(1, 6), "K": 2, "T": range(1, 11)}, executor=broken)
    assert len(broken.calls) == 8
    assert broken.cancelled == 6


@pytest.mark.usefixtures("in_small_stretches")
def test_progress_counts_points() -> None:
    told: list[tuple[int, int]] = []
    sweep(
        model(CONVOLUTIONS),
        {"U": 3, "K": 2, "T": range(5, 21)},
        progress=lambda done, points: told.append((done, points)),
    )
    assert told == [(0, 16), (7, 16), (14, 16), (16, 16)]


def test_stretches_are_the_whole() -> None:
    U, T = symbol("U"), symbol("T")
    whole = Plan({"U": range(1, 8), "T": (5, 2, 9)}, (U * T, T // U), (Condition(T, ">=", U),))
    parts = [calculate(whole, start, min(start + 4, 21)) for start in range(0, 21, 4)]
    at_once = calculate(whole, 0, 21)
    assert Column.joined([part.fails for part in parts]) == at_once.fails
    assert [Column.joined([part.columns[i] for part in parts]) for i in (0, 1)] == list(at_once.columns)


# Columns.


@pytest.mark.parametrize("numbers", [[], [1, -2, 3], [1, None, 3], [2**63, 1], [None, 2**70, -(2**80)], [2**63 - 1]])
def test_a_column_is_its_numbers(numbers: list[int | None]) -> None:
    column = Column.of(numbers)
    assert column.tolist() == list(column) == [column[place] for place in range(len(numbers))] == numbers
    assert pickle.loads(pickle.dumps(column)) == column
    assert column[1:].tolist() == numbers[1:]
    assert Column.joined([column, column]).tolist() == numbers * 2
    assert np.asarray(column).tolist() == numbers
    assert column.absent == numbers.count(None)
    with pytest.raises(IndexError):
        column[len(numbers)]


def test_a_column_that_fits_is_an_array_of_int64() -> None:
    assert np.asarray(Column.of([1, 2**63 - 1])).dtype == np.int64
    assert np.asarray(Column.of([1, 2**63])).dtype == object


# Values.


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("64", [64]),
        ("50,100", [50, 100]),
        ("1..4", [1, 2, 3, 4]),
        ("32..512:160", [32, 192, 352, 512]),
        ("32..100:32", [32, 64, 96]),
        ("7..7", [7]),
        ("1, 2 , 10..12", [1, 2, 10, 11, 12]),
        ("1_000..3_000:1_000", [1000, 2000, 3000]),
        ("9223372036854775807", [2**63 - 1]),
    ],
)
def test_values_as_they_are_spelled(text: str, values: list[int]) -> None:
    assert list(read_values(text)) == values


FORM = "expected numbers and ranges such as 64, 50,100 or 32..512:32, got "
WHOLE = "expected whole numbers from 1 on, got "


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", f"{FORM}nothing"),
        ("5,", f"{FORM}5,"),
        ("1...5", f"{WHOLE}.5 in 1...5"),
        ("1..", f"{FORM}1.."),
        ("1.5", f"{WHOLE}1.5"),
        ("5:1", f"{FORM}5:1"),
        ("5..1", "expected a range that goes up, such as 1..5, got 5..1"),
        ("1..5:0", "expected a step of at least 1, got 0 in 1..5:0"),
        ("1..5:-1", "expected a step of at least 1, got -1 in 1..5:-1"),
        ("0", f"{WHOLE}0"),
        ("-3", f"{WHOLE}-3"),
        ("0..5", f"{WHOLE}0 in 0..5"),
        ("many", f"{WHOLE}many"),
        ("1e3", f"{WHOLE}1e3"),
        ("4,٤", f"{WHOLE}٤ in 4,٤"),
        ("9223372036854775808", "expected numbers of at most 9223372036854775807, got 9223372036854775808"),
        (
            "1,1..1000000000000",
            "expected at most 10,000,000 points, got 1,000,000,000,001: narrow a range, or give it a greater step",
        ),
    ],
)
def test_values_that_are_none(text: str, reason: str) -> None:
    with pytest.raises(RangeError) as error:
        read_values(text)
    assert str(error.value) == reason


@pytest.mark.parametrize(
    ("ranges", "reason"),
    [
        ({}, "expected a symbol to go through values, got none"),
        ({"U": []}, "expected at least one value for U, got none"),
        ({"U": range(5, 1)}, "expected at least one value for U, got none"),
        ({"U": [1, 2, 1]}, "expected every value once, got 1 twice for U"),
        ({"U": [1.5]}, "expected whole numbers from 1 to 9223372036854775807 for U, got 1.5"),
        ({"U": [True]}, "expected whole numbers from 1 to 9223372036854775807 for U, got True"),
        ({"U": range(0, 3)}, "expected whole numbers from 1 to 9223372036854775807 for U, got 0"),
        ({"U": range(3, -3, -1)}, "expected whole numbers from 1 to 9223372036854775807 for U, got -2"),
        ({"U": "12"}, "expected numbers for U, got '12'"),
        ({"U": 1.5}, "expected numbers for U, got 1.5"),
        (
            {"U": range(1, 10**6 + 1), "T": range(1, 10**6 + 1)},
            "expected at most 10,000,000 points, got 1,000,000,000,000, 1,000,000 · 1,000,000: "
            "narrow a range, or give it a greater step",
        ),
        (
            {"U": range(1, 2**63 - 1)},
            "expected at most 10,000,000 points, got 9,223,372,036,854,775,806: "
            "narrow a range, or give it a greater step",
        ),
    ],
)
def test_ranges_that_no_program_gets_through(ranges: dict[str, Any], reason: str) -> None:
    with pytest.raises(RangeError) as error:
        axes_of(ranges)
    assert str(error.value) == reason


def test_numbers_of_numpy_are_numbers() -> None:
    assert axes_of({"U": np.arange(1, 4)}) == {"U": (1, 2, 3)}


def test_ranges_may_go_down() -> None:
    down = sweep(model(CONVOLUTIONS), {"U": range(3, 0, -1), "K": 1, "T": 9}, ["params"])
    up = sweep(model(CONVOLUTIONS), {"U": range(1, 4), "K": 1, "T": 9}, ["params"])
    assert down.sizes["U"].tolist() == [3, 2, 1]
    assert down.measures["params"].tolist() == up.measures["params"].tolist()[::-1] == [60, 39, 20]


def test_symbols_that_are_not_there() -> None:
    with pytest.raises(SpecError) as error:
        sweep(model(CONVOLUTIONS), {"X": 1, "U": 2, "Y": 3}, ["params"])
    assert str(error.value) == (
        "error[unknown-symbol] -\n  expected one of `K`, `T`, `U`\n  got      X\n\n"
        "error[unknown-symbol] -\n  expected one of `K`, `T`, `U`\n  got      Y"
    )


def test_an_argument_that_is_not_there() -> None:
    with pytest.raises(SpecError) as error:
        sweep(model(CONVOLUTIONS), {"conv1d.filtrs": 1}, ["params"])
    assert str(error.value).endswith("got      `conv1d.filtrs`\n  fix      did you mean `conv1d.filters`?")


def test_a_symbol_that_is_given_its_value_elsewhere() -> None:
    text = """
inputs: {x: [4, 8]}
models: {inner: {input: [N, 8], layers: [LSTM: 3]}}
layers: [inner]
"""
    with pytest.raises(SpecError) as error:
        sweep(model(text), {"N": (1, 2)})
    assert str(error.value) == (
        "error[fixed-symbol] -\n"
        "  expected a symbol that the model changes with\n"
        "  got      `N`\n"
        "  because  every shape and every count is the same whatever its value"
    )


def test_a_measure_that_cannot_be_calculated() -> None:
    with pytest.raises(SpecError) as error:
        sweep(model(CONVOLUTIONS), {"U": 2}, ["params", "macs"])
    assert str(error.value) == (
        "error[unset-symbol] -\n"
        "  expected a value for every symbol in: params\n"
        "  got      none for `K` and `T`\n"
        "  fix      add `--set K=… --set T=…`\n\n"
        "error[unset-symbol] -\n"
        "  expected a value for every symbol in: MACs forward, per sample\n"
        "  got      none for `K` and `T`\n"
        "  fix      add `--set K=… --set T=…`"
    )


def test_a_measure_that_there_is_not() -> None:
    with pytest.raises(RangeError, match=r"^expected measures among params, .*, memory, got flop$"):
        sweep(model(CONVOLUTIONS), {"U": 2}, ["flop"])
