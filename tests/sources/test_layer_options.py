"""The words of `lstmcalc explain` become a one-layer spec, or faults that say what to write."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.layers import ALIASES, RULES
from lstmcalc.layers.arguments import REQUIRED
from lstmcalc.sources.layer_options import STAND_INS, find_class, read_layer
from lstmcalc.spec import LayerSpec, Ref, snake_case


def layer_of(*words: str, inputs: Any = ()) -> LayerSpec:
    return next(iter(read_layer(words, inputs).layers.values()))


@pytest.mark.parametrize(
    ("word", "class_name"),
    [
        ("lstm", "LSTM"),
        ("LSTM", "LSTM"),
        ("conv2d", "Conv2D"),
        ("Conv2d", "Conv2D"),
        ("time-distributed", "TimeDistributed"),
        ("time_distributed", "TimeDistributed"),
        ("simple rnn", "SimpleRNN"),
        ("keras.layers.GRU", "GRU"),
        ("MaxPool1D", "MaxPooling1D"),
        ("convolution2d", "Conv2D"),
        ("lsmt", None),
        ("", None),
    ],
)
def test_a_class_by_its_name(word: str, class_name: str | None) -> None:
    assert find_class(word) == class_name


def test_every_class_is_found_under_each_of_its_spellings() -> None:
    for name in RULES:
        assert [find_class(word) for word in (name, name.lower(), snake_case(name))] == [name] * 3
    for alias, name in ALIASES.items():
        assert find_class(alias) == name


ARGUMENTS = [
    ("lstm --units 128", {"units": 128}),
    ("lstm --units=128", {"units": 128}),
    ("lstm 128", {"units": 128}),
    ("lstm --units 2*U+1", {"units": "2*U+1"}),
    ("lstm --Units 8 --return-sequences", {"units": 8, "return_sequences": True}),
    ("lstm --return_sequences 8", {"return_sequences": True, "units": 8}),
    ("lstm 8 --return-sequences=false", {"units": 8, "return_sequences": False}),
    ("lstm 8 --no-use-bias", {"units": 8, "use_bias": False}),
    ("lstm 8 --use-bias False", {"units": 8, "use_bias": False}),
    ("lstm 8 relu --dropout .5", {"units": 8, "activation": "relu", "dropout": 0.5}),
    ("lstm 8 --use-cudnn", {"units": 8, "use_cudnn": True}),
    ("lstm 8 --no-use-cudnn", {"units": 8, "use_cudnn": False}),
    ("lstm 8 --activation none", {"units": 8, "activation": None}),
    ("LSTM(8) --return-state", {"units": 8, "return_state": True}),
    ("lstm(8)", {"units": 8}),
    ("keras.layers.LSTM(units=8)", {"units": 8}),
    ("conv2d 32 3x5", {"filters": 32, "kernel_size": [3, 5]}),
    ("conv2d 32 3,5", {"filters": 32, "kernel_size": [3, 5]}),
    ("conv2d 32 (3,5)", {"filters": 32, "kernel_size": [3, 5]}),
    ("conv2d 32 3", {"filters": 32, "kernel_size": 3}),
    ("conv2d 32 k,2*k", {"filters": 32, "kernel_size": ["k", "2*k"]}),
    ("concatenate --axis -1", {"axis": -1}),
    ("concatenate --axis=1", {"axis": 1}),
    ("reshape -1,4", {"target_shape": [-1, 4]}),
    ("reshape 12", {"target_shape": [12]}),
    ("dropout 0.5", {"rate": 0.5}),
    ("lstm", {"units": "units"}),
    ("conv2d", {"filters": "filters", "kernel_size": ["kernel_height", "kernel_width"]}),
    ("dense --units U", {"units": "U"}),
]


@pytest.mark.parametrize(("words", "arguments"), ARGUMENTS)
def test_arguments(words: str, arguments: dict[str, Any]) -> None:
    assert layer_of(*words.split()).arguments == arguments


@pytest.mark.parametrize(
    "words",
    [
        ["Bidirectional(LSTM(64, return_sequences=True))", "--merge-mode", "sum"],
        ["bidirectional", "--layer", "LSTM(64, return_sequences=True)", "--merge-mode=sum"],
        ["bidirectional(lstm(64, return_sequences=True), merge_mode='sum')"],
    ],
)
def test_a_wrapped_layer(words: list[str]) -> None:
    spec = read_layer(words, ["200,35"])
    layer = spec.layers["bidirectional"]
    assert layer.arguments["merge_mode"] == "sum"
    inner = layer.arguments["layer"]
    assert (inner.class_name, inner.name) == ("LSTM", "lstm")
    assert inner.arguments == {"units": 64, "return_sequences": True}
    assert infer(spec).outputs[0].shape == (None, 200, 64)


def test_a_wrapped_layer_without_its_sizes_is_symbolic() -> None:
    for words in (["Bidirectional(LSTM)"], ["bidirectional(lstm())"], ["bidirectional", "--layer", "lstm"]):
        spec = read_layer(words)
        assert spec.layers["bidirectional"].arguments["layer"].arguments == {"units": "units"}
        assert spec.inputs[0].shape == ("timesteps", "input_dim")


@pytest.mark.parametrize("cells", ["LSTMCell(3),GRUCell(4)", "[LSTMCell(3), GRUCell(4)]", "[lstmcell(3), gru-cell(4)]"])
def test_a_list_of_cells(cells: str) -> None:
    listed = layer_of("rnn", "--cell", cells).arguments["cell"]
    assert [(cell.class_name, cell.arguments) for cell in listed] == [
        ("LSTMCell", {"units": 3}),
        ("GRUCell", {"units": 4}),
    ]


def test_a_cell_gets_its_states() -> None:
    spec = read_layer(["lstmcell", "4"], ["7"])
    assert [(port.name, port.shape) for port in spec.inputs] == [("input", (7,)), ("state_1", (4,)), ("state_2", (4,))]
    assert spec.calls[0].initial_state == (Ref("state_1"), Ref("state_2"))
    assert [port.shape for port in read_layer(["StackedRNNCells([LSTMCell(3), GRUCell(4)])"], ["7"]).inputs] == [
        (7,), (3,), (3,), (4,),
    ]  # fmt: skip


SHAPES: list[tuple[str, str, int | None, tuple[Any, ...]]] = [
    ("lstm", "300", None, ("T", 300)),
    ("lstm", "10,300", None, (10, 300)),
    ("lstm", "10x300", None, (10, 300)),
    ("lstm", "10 300", None, (10, 300)),
    ("lstm", "10 × 300", None, (10, 300)),
    ("lstm", "T,300", None, ("T", 300)),
    ("lstm", "Tx300", None, ("T", 300)),
    ("lstm", "None,35", None, (None, 35)),
    ("lstm", "(None, 35)", None, (None, 35)),
    ("lstm", "?,35", None, (None, 35)),
    ("lstm", "[10, 300]", None, (10, 300)),
    ("lstm", "(10, 300,)", None, (10, 300)),
    ("lstm", "(None, 10, 300)", None, (10, 300)),
    ("lstm", "None,10,300", None, (10, 300)),
    ("lstm", "64,10,300", 64, (10, 300)),
    ("lstm", "B,10,300", None, (10, 300)),
    ("lstm --units T", "300", None, ("timesteps", 300)),
    ("Bidirectional(LSTM(3))", "300", None, ("T", 300)),
    ("TimeDistributed(Dense(3))", "300", None, ("T", 300)),
    ("TimeDistributed(Dense(3))", "10,20,300", None, (10, 20, 300)),
    ("TimeDistributed(Conv2D(3,3))", "28,28,1", None, ("T", 28, 28, 1)),
    ("conv2d", "28,28,1", None, (28, 28, 1)),
    ("conv2d", "(None, 28, 28, 1)", None, (28, 28, 1)),
    ("dense", "300", None, (300,)),
    ("dense", "20,300", None, (20, 300)),
    ("dense", "(None, 300)", None, (300,)),
    ("dense", "None,300", None, (None, 300)),
    ("dense", "(64, 300)", None, (64, 300)),
    ("embedding", "10", None, (10,)),
    ("flatten", "2*T, 3", None, ("2*T", 3)),
]


@pytest.mark.parametrize(("words", "text", "batch", "shape"), SHAPES)
def test_inputs(words: str, text: str, batch: int | None, shape: tuple[Any, ...]) -> None:
    spec = read_layer(words.split(), [text])
    assert (spec.batch, spec.inputs[0].shape) == (batch, shape)


def test_an_input_may_be_an_option_too() -> None:
    for words in (["lstm", "--input", "10,300"], ["lstm", "--input-shape=10,300"], ["lstm", "--input_shape", "10,300"]):
        assert read_layer(words).inputs[0].shape == (10, 300)


def test_several_inputs() -> None:
    spec = read_layer(["concatenate", "--axis", "1"], ["10,128", "20,128"])
    assert [(port.name, port.shape) for port in spec.inputs] == [("input_1", (10, 128)), ("input_2", (20, 128))]
    assert infer(spec).outputs[0].shape == (None, 30, 128)


def test_a_batch() -> None:
    assert read_layer(["lstm", "8", "--stateful", "--batch", "4"], ["5,3"]).batch == 4
    with pytest.raises(SpecError) as caught:
        read_layer(["lstm", "8", "--batch=0"])
    assert str(caught.value) == (
        'error[wrong-size] layer "lstm" (LSTM)\n'
        "  expected every size to be a positive integer, None, or arithmetic with names\n"
        "  got      `0`"
    )


def test_names_and_source() -> None:
    spec = read_layer(["lstm", "8", "--name", "encoder"], ["5,3"])
    assert (spec.name, list(spec.layers), spec.calls[0].layer, spec.source) == (
        "encoder", ["encoder"], "encoder", "lstm 8 --name encoder",
    )  # fmt: skip


def test_integers_go_into_an_embedding() -> None:
    assert read_layer(["embedding"]).inputs[0].dtype == "int32"


FAULTS = [
    (["lsmt"], [], 'error[unknown-layer]\n  expected a Keras layer or a call of one\n  got      `lsmt`\n'
     '  fix      did you mean `LSTM`?'),
    ([], [], 'error[unknown-layer]\n  expected a Keras layer or a call of one\n  got      ``\n'
     '  fix      `lstmcalc layers` lists them'),
    (["lstm", "--unit", "3", "--foo=1"], [],
     'error[unknown-argument] layer "lstm" (LSTM)\n  expected an argument of LSTM\n  got      `--unit`\n'
     '  fix      did you mean `--units`?\n\n'
     'error[unknown-argument] layer "lstm" (LSTM)\n  expected an argument of LSTM\n  got      `--foo`\n'
     '  fix      `lstmcalc layers LSTM` lists them'),
    (["lstm", "--units", "-3", "--actvation", "relu"], ["1,2,3,4"],
     'error[unknown-argument] layer "lstm" (LSTM)\n  expected an argument of LSTM\n  got      `--actvation`\n'
     '  fix      did you mean `--activation`?\n\n'
     'error[wrong-ndim] layer "lstm" (LSTM)\n  expected `--input` with 2 sizes (timesteps, input_dim)\n'
     '  got      `1,2,3,4`\n  fix      such as `--input 10,50`\n\n'
     'error[wrong-value] layer "lstm" (LSTM)\n  expected `units` to be a positive integer\n  got      -3'),
    (["lstm", "--units"], [],
     'error[missing-value] layer "lstm" (LSTM)\n  expected a value behind `--units`\n  got      nothing\n'
     '  fix      such as `--units 128`'),
    (["LSTM(64)", "--units", "3"], [],
     'error[duplicate-argument] layer "lstm" (LSTM)\n  expected `units` once\n  got      `--units` besides'),
    (["dropout"], [],
     'error[missing-argument] layer "dropout" (Dropout)\n'
     '  expected `rate`, which Dropout cannot do without\n  got      nothing\n'
     '  fix      write `--rate 0.5`, for example'),
    (["lambda"], [],
     'error[unknown-shape] layer "lambda" (Lambda)\n  expected `output_shape`\n  got      nothing\n'
     '  because  only running the function would tell the shape\n'
     '  fix      write `--output-shape "5,None"`, for example, without the batch'),
    (["lstm", "--units", "4", "--return-sequences", "no", "--stateful=ON"], [],
     'error[wrong-value] layer "lstm" (LSTM)\n'
     '  expected `--return-sequences` or `--no-return-sequences`, without a value\n  got      `no`\n'
     '  fix      write `--no-return-sequences`\n\n'
     'error[wrong-value] layer "lstm" (LSTM)\n'
     '  expected `--stateful` or `--no-stateful`, without a value\n  got      `ON`\n'
     '  fix      write `--stateful`'),
    (["bidirectional", "--layr", "LSTM(3)"], [],
     'error[unknown-argument] layer "bidirectional" (Bidirectional)\n  expected an argument of Bidirectional\n'
     '  got      `--layr`\n  fix      did you mean `--layer`?'),
    (["permute"], [],
     'error[missing-argument] layer "permute" (Permute)\n  expected `dims`, which Permute cannot do without\n'
     '  got      nothing\n  fix      write `--dims 2,1`, for example'),
    (["flatten", "channels_last", "8"], [],
     'error[unknown-argument] layer "flatten" (Flatten)\n  expected options such as `--data-format VALUE`\n'
     '  got      `8`'),
    (["lstm"], ["0,x!"],
     'error[wrong-size] layer "lstm" (LSTM)\n'
     '  expected every size to be a positive integer, None, or arithmetic with names\n  got      `0` in `0,x!`\n\n'
     'error[wrong-size] layer "lstm" (LSTM)\n'
     '  expected every size to be a positive integer, None, or arithmetic with names\n  got      `x!` in `0,x!`\n'
     '  because  expected whole numbers and names with + - * // ** and parentheses, got `!`'),
    (["bidirectional", "--layer", "LSTM(", "--merge", "sum"], [],
     'error[not-a-layer-call] layer "bidirectional" (Bidirectional)\n  expected a layer call such as `LSTM(64)`\n'
     '  got      `LSTM(`\n  fix      close every bracket; inside { } and [ ] the call needs quotes around it\n\n'
     'error[unknown-argument] layer "bidirectional" (Bidirectional)\n  expected an argument of Bidirectional\n'
     '  got      `--merge`\n  fix      did you mean `--merge-mode`?'),
]  # fmt: skip


@pytest.mark.parametrize(("words", "inputs", "text"), FAULTS)
def test_faults(words: list[str], inputs: list[str], text: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_layer(words, inputs)
    assert str(caught.value) == text


@pytest.mark.parametrize("class_name", sorted(STAND_INS))
def test_what_stands_in_for_an_argument_is_said(class_name: str) -> None:
    spec = read_layer([class_name.lower()])
    (key, text), (hint,) = *STAND_INS[class_name].items(), spec.hints
    assert infer(spec).layers[-1].known
    assert hint.because == f"`{text}` stands in for it" and hint.layer == (spec.calls[0].layer, class_name)
    # What the hint says to write works, and then nothing stands in.
    option, value = hint.fix.split("`")[1].replace('"', "").split(maxsplit=1)
    stated = read_layer([class_name.lower(), option, value])
    assert infer(stated).layers[-1].known and not stated.hints and option == f"--{key.replace('_', '-')}"


def test_a_batch_among_the_sizes_is_said() -> None:
    (hint,) = read_layer(["lstm", "3"], ["10,3,4"]).hints
    assert [text for _, text in hint.slots()] == [
        "`--input` without the batch",
        "`10,3,4`",
        "LSTM takes 2 sizes (timesteps, input_dim), so that 10 is taken for the batch",
        "write `--batch 10 --input 3,4`",
    ]
    for shape in ("(10, 3, 4)", "3,4", "None,3,4"):
        assert not read_layer(["lstm", "3"], [shape]).hints


@pytest.mark.parametrize("words", ["lstm --units 64x", "lstm --units 2.5", "lstm --units true", "lstm --units 0"])
def test_wrong_values_are_left_to_inference(words: str) -> None:
    with pytest.raises(SpecError) as caught:
        infer(read_layer(words.split(), ["5,3"]))
    assert [fault.code for fault in caught.value.faults] == ["wrong-value"]
    assert words.split()[-1] in str(caught.value)


#: Layers that Keras cannot build on open sizes, or on what their arguments are by default.
NEED_NUMBERS = {
    "CategoryEncoding",
    "Lambda",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "Discretization",
    "Equalization",
}
#: Keras's own name of a class that it exports under another.
SPELT = {"GroupQueryAttention": "GroupedQueryAttention"}
#: Layers with weights whose number has no open size in it.
FIXED = {"STFTSpectrogram"}


def missing_arguments(class_name: str) -> list[str]:
    """The required arguments that no symbol can stand for, and no usual example."""
    arguments, usual = RULES[class_name].arguments.items(), STAND_INS.get(class_name, {})
    needed = [k for k, argument in arguments if argument.default is REQUIRED and k not in usual]
    return [key for key in needed if RULES[class_name].arguments[key].kind not in ("size", "sizes")]


@pytest.mark.parametrize("class_name", sorted(filter(missing_arguments, RULES)))
def test_a_bare_name_asks_for_what_no_symbol_can_be(class_name: str) -> None:
    with pytest.raises(SpecError) as caught:
        infer(read_layer([class_name.lower()]))
    asked = [fault.expected.split("`")[1] for fault in caught.value.faults if fault.code == "missing-argument"]
    assert asked == missing_arguments(class_name)


@pytest.mark.parametrize(
    "class_name", sorted(name for name in set(RULES) - NEED_NUMBERS if not missing_arguments(name))
)
def test_a_bare_name_is_explained_in_symbols(class_name: str) -> None:
    spec = read_layer([class_name.lower()])
    report = infer(spec)
    layer = report.layers[-1]
    assert layer.class_name == SPELT.get(class_name, class_name)
    assert layer.output_shapes
    assert not isinstance(layer.params, int) or layer.params == 0 or class_name in FIXED


@settings(derandomize=True, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                "lstm LSTM(64) Bidirectional( --units --units=3 3 -3 --no-use-bias --layer --input 10,300 ( ) [ ,, "
                "--cell --batch --name --= -- - --no- --kernel-size 3x --input-shape None true".split()
            ),
            st.text(max_size=8),
        ),
        max_size=6,
    ),
    st.lists(st.text(max_size=12), max_size=2),
)
@example(["lstm", "--input"], [])
@example(["lstm", "--batch"], [])
@example(["rnn", "--cell", "LSTMCell(3),"], [])
def test_no_words_make_anything_but_a_spec_or_faults(words: list[str], inputs: list[str]) -> None:
    try:
        spec = read_layer(words, inputs)
    except SpecError as error:
        assert error.faults
    else:
        assert len(spec.layers) == 1
