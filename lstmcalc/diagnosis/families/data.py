"""Data that is no array, or arrays that do not belong together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.message import SHAPE, Found, family, shown
from lstmcalc.diagnosis.words import with_article

ARRAYS = ("x = np.asarray(x)", "y = np.asarray(y)")


@family(
    "no-array",
    (
        "Failed to find data adapter",
        r"Failed to find data adapter that can handle input: (?P<types>(?:\(?<class '[\w.]{1,80}'>|[^<]){1,300})",
    ),
    ("Unrecognized data type", r"Unrecognized data type: x=(?P<types>.{0,400}? \(of type <class '[\w.]{1,80}'>\))"),
    ("Unrecognized data type", r"Unrecognized data type: x="),
)
def no_array(found: Found) -> Diagnosis:
    """Lists, or a list beside an array, where Keras takes arrays."""
    names = [name.rpartition(".")[2] for name in re.findall(r"<class '([\w.]{1,80})'>", found["types"])]
    meaning = "Keras takes numpy arrays, tensors, datasets and generators as `x` and `y`. "
    if names[:1] == ["ndarray"]:
        meaning += "Here `x` is an array, and `y` (or `sample_weight`) is none."
    elif names:
        meaning += f"It was given {with_article(names[0])}."
    else:
        meaning += "It was given something else."
    causes = (
        Cause("`x`, `y`, or the validation data is a Python list.", "Make arrays of all of them:", ARRAYS),
        Cause("One of two is an array and the other a list.", "Make both arrays, also in `validation_data`."),
        Cause("A generator or dataset is wrapped in a list, or made by another Keras (`keras` beside `tf.keras`).",
              "Give it alone, and import all of Keras from one of the two."),
    )  # fmt: skip
    return Diagnosis(
        "", meaning, causes, expected="arrays", got=with_article(names[0]) if names and names[0] != "ndarray" else ""
    )


@family(
    "cardinality",
    ("Data cardinality is ambiguous", r"Data cardinality is ambiguous.{0,90}?'?x'? sizes: (?P<x>[\d, ]{1,200})"
     r"'?y'? sizes: (?P<y>[\d, ]{1,200})"),
    ("same number of samples", r"Input arrays should have the same number of samples as target arrays\. "
     r"Found (?P<x>\d{1,15}) input samples and (?P<y>\d{1,15}) target samples"),
    ("Data cardinality is ambiguous", r"Data cardinality is ambiguous.{0,20}?'?x'? sizes: (?P<only>[\d, ]{1,200})"
     r"(?=Please|Make|$)"),
    ("Data cardinality is ambiguous", r"Data cardinality is ambiguous"),
    ("same number of samples", r"All input arrays \(x\) should have the same number of samples\. Got array shapes:"
     r" (?P<shapes>.{0,300})"),
)  # fmt: skip
def cardinality(found: Found) -> Diagnosis:
    """Another number of samples in `x` than in `y`."""
    x, y = (found[name].strip(" ,") for name in "xy")
    if found["only"]:
        return _inputs_alone(found["only"].strip(" ,"))
    one, other = _shortened(x), _shortened(y)
    got = f"`x` has {one}, `y` has {other}." if x and y else ""
    meaning = f"All arrays must hold the same number of samples (axis 0). {got}".rstrip()
    causes = [*_uneven(x, y)]
    causes += [
        Cause("`x` and `y` were cut or split differently, or are of two parts (`x_train` with `y_test`).",
              "Split them in one call:",
              ("x_train, x_test, y_train, y_test = train_test_split(x, y)",)),
        Cause("Windows were cut out of a series, and the targets were not.", "One window has one target:",
              ("y = series[timesteps:]  # for x[i] = series[i : i + timesteps]",)),
        Cause("Several inputs of one model were put in one array.", "Give them as a list: `model.fit([a, b], y)`."),
    ]  # fmt: skip
    if x.isdigit() and y.isdigit() and int(x) and int(y) and len(x) < 16 and len(y) < 16:
        big, small = max(int(x), int(y)), min(int(x), int(y))
        which = "x" if int(x) > int(y) else "y"
        if small <= 3 < big:
            # So few samples are as a rule a list of inputs, or rows and columns turned.
            name = "y" if which == "x" else "x"
            said = f"`{name}` has {small} rows: its rows and columns are turned, or it is {small} arrays made one."
            code = f"{name} = {name}.T  # or, of two arrays, np.stack([a, b], axis=-1)"
            causes.insert(0, Cause(said, "Put the samples on axis 0:", (code,)))
        elif big % small == 0 and big > small:
            said = f"`{which}` has {big // small:,} times as many: its steps or columns were flattened into samples."
            fix = "Give one row per sample back:"
            causes.insert(1, Cause(said, fix, (f"{which} = {which}.reshape({small}, {big // small}, -1)",)))
    return Diagnosis("", meaning, tuple(causes), got=f"x: {one}, y: {other}" if got else "")


def _inputs_alone(sizes: str) -> Diagnosis:
    """Inputs of different numbers of samples, without targets."""
    meaning = f"All inputs must hold the same number of samples (axis 0). They hold {sizes}."
    causes = list(_uneven(sizes, ""))
    if "1" in sizes.split(", "):
        said = "One sample was given, and one of its arrays lacks the batch axis."
        causes = [Cause(said, "Give every array the axis:", ("model.predict([a[None], b[None]])",))]
    return Diagnosis("", meaning, tuple(causes), got=f"x: {sizes}")


def _shortened(sizes: str) -> str:
    """The numbers of samples of several arrays; of many that are equal, how many there are."""
    several = sizes.split(", ")
    return f"{len(several)} arrays of {several[0]}" if len(several) > 4 and len(set(several[:-1])) == 1 else sizes


def _uneven(x: str, y: str) -> Iterator[Cause]:
    """An empty array, a list taken for many arrays, and inputs that differ among themselves."""
    for name, sizes in (("x", x), ("y", y)):
        several = sizes.split(", ")
        if several == ["0"]:
            said = f"`{name}` holds no samples."
            yield Cause(said, "Look where it is read, cut or filtered, and nothing is left:", (f"print(len({name}))",))
        elif len(several) > 4:
            said = f"`{name}` is a Python list, and Keras takes each entry for an array of its own."
            yield Cause(said, "Make one array of it:", (f"{name} = np.array({name})",))
        elif len(several) > 1 and len(set(several)) > 1:
            said = f"The arrays of `{name}` have different numbers of samples: {sizes}."
            cut = f"n = min(map(len, {name}))"
            code = (cut, f"{name} = [one[:n] for one in {name}]") if name == "x" else (cut,)
            yield Cause(said, "Sample i of each belongs together; cut all to the same samples:", code)


RAGGED = (
    Cause(
        "The sequences have different lengths.",
        "Pad them to one length, and mask the padding:",
        ("x = keras.utils.pad_sequences(x, padding=\"post\")", "Embedding(vocabulary, 64, mask_zero=True)"),
    ),
    Cause(
        "The data has `dtype=object`: arrays inside an array, as from a pandas column.",
        "Stack them; all must have the same shape:",
        ('x = np.stack(df["column"].to_numpy())', 'x = x.astype("float32")'),
    ),
)  # fmt: skip


@family(
    "ragged",
    (
        "setting an array element with a sequence",
        r"setting an array element with a sequence\.?"
        r"(?: The requested array has an inhomogeneous shape after \d{1,3} dimensions\."
        rf" The detected shape was (?P<shape>{SHAPE}))?",
    ),
    (
        "Unsupported object type",
        r"Failed to convert a NumPy array to a Tensor \(Unsupported object type (?P<type>[\w.]{1,60})\)",
    ),
    ("Invalid dtype: object", r"Invalid dtype: object"),
    ("non-rectangular Python sequence", r"Can't convert non-rectangular Python sequence to Tensor"),
    ("all input arrays must have the same shape", r"all input arrays must have the same shape"),
)
def ragged(found: Found) -> Diagnosis:
    """Rows of different lengths."""
    shape = found.shape("shape")
    kind = found["type"]
    detail = ""
    if shape:
        many = f"{shape[-1]:,} rows" if len(shape) == 1 and shape[-1] else f"the first axes {shown(shape)}"
        detail = f" numpy found {many}, and then different lengths."
    elif kind and kind not in ("list", "tuple", "numpy.ndarray"):
        detail = f" It holds values of the type `{kind}`."
    meaning = f"The data is no full array of numbers: it holds sequences of different lengths, or objects.{detail}"
    if kind in ("int", "float", "bool", "numpy.bool_", "decimal.Decimal"):
        said = f"The data has `dtype=object`, though it holds numbers, as a table with mixed columns gives it ({kind})."
        numbers = Cause(said, "Turn it into numbers:", ('x = np.asarray(x).astype("float32")',))
        return Diagnosis("", meaning, (numbers, *RAGGED), expected="an array of numbers")
    text = Cause(
        "It holds text or missing values.", "Turn all columns into numbers first:", ('x = x.astype("float32")',)
    )
    return Diagnosis("", meaning, (*RAGGED, text) if kind or not shape else RAGGED, expected="an array of numbers")


@family(
    "text-as-numbers",
    ("Invalid dtype: str", r"Invalid dtype: str\w{0,10}"),
    ("could not convert string to float", r"could not convert string to float:(?: (?P<text>'[^']{0,80}'))?"),
    ("Cast string to", r"Cast string to \w{1,10} is not supported"),
)
def text_as_numbers(found: Found) -> Diagnosis:
    """Words where numbers are wanted."""
    example = f" One of them is {found['text'].strip()}." if found["text"] else ""
    causes = (
        Cause("The labels are words.", "Number them:", ("classes, y = np.unique(y, return_inverse=True)",)),
        Cause("The texts are not turned into word numbers yet.", "Do it before the model:",
              ("vectorize = TextVectorization(output_sequence_length=timesteps)", "vectorize.adapt(texts)",
               "x = vectorize(texts)")),
        Cause("A table has columns of text.", "Leave them out, or encode them:", ("df = pd.get_dummies(df)",)),
    )  # fmt: skip
    return Diagnosis("", f"The data holds text where the model computes with numbers.{example}", causes)


@family(
    "copy-shape",
    (
        "could not broadcast input array",
        rf"could not broadcast input array from shape (?P<got>{SHAPE}) into shape (?P<wanted>{SHAPE})",
    ),
)
def copied(found: Found) -> Diagnosis | None:
    """numpy: rows of another length than the array they go into."""
    got, wanted = found.shape("got"), found.shape("wanted")
    if got is None or wanted is None:
        return None
    if len(got) == len(wanted) > 1 and got[1:] == wanted[1:] and (got[0] or 0) > (wanted[0] or 0):
        said = f"The slice that is written to holds {wanted[0]} rows, and {got[0]} are to go there."
        fix = "Count its start and end from the number of rows that come:"
        row = Cause(said, fix, ("plot[start : start + len(rows)] = rows",))
        meaning = f"numpy was to copy an array of shape {got} into a place of shape {wanted}."
        return Diagnosis("", meaning, (row,), expected=str(wanted), got=str(got))
    causes = [
        Cause(
            "The rows or windows have different lengths, often the last one.",
            "Stop before the last full window, or pad it:",
            ("range(len(series) - timesteps)",),
        ),
        Cause(
            f"The array was made for rows of shape {wanted}.",
            "Make it for the rows there are:",
            (f"np.zeros(({', '.join(['samples', *map(str, got)])}))",),
        ),
    ]
    meaning = f"numpy was to copy an array of shape {got} into a place of shape {wanted}."
    return Diagnosis("", meaning, tuple(causes), expected=str(wanted), got=str(got))


@family(
    "sample-weight",
    (
        "Found a sample_weight array",
        rf"Found a sample_weight array (?:with shape (?P<got>{SHAPE})|for an input with shape (?P<target>{SHAPE}))"
        rf"(?: for an input with shape (?P<wanted>{SHAPE}))?",
    ),
)
def sample_weight(found: Found) -> Diagnosis:
    """Weights of samples, or of their time steps, in another shape than the targets allow."""
    got, target = found.shape("got"), found.shape("target") or found.shape("wanted")
    given = f" It was given {got}." if got else ""
    given += f" The targets have {target}." if target else ""
    meaning = f"`sample_weight` holds one number per sample, or one per sample and time step.{given}"
    causes = [
        Cause(
            "One weight per sample is wanted.", "Give it the shape (samples,):", ("sample_weight.shape == (len(y),)",)
        )
    ]
    steps = 'sample_weight.shape == y.shape[:2]  # in Keras 2 with compile(sample_weight_mode="temporal")'
    if target is None or len(target) > 2:
        causes.append(Cause("One weight per time step is wanted.", "Give it the shape (samples, timesteps):", (steps,)))
    else:
        causes.append(
            Cause(
                "Some steps of the input are to count less, and the model gives no steps.",
                "Mask them in the input instead:",
                ("Masking(mask_value=0.0)",),
            )
        )
    return Diagnosis("", meaning, tuple(causes), expected="(samples,) or (samples, timesteps)", got=str(got or ""))
