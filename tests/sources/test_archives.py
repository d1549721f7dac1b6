"""Saved models: `.keras` archives and `.h5` files, sound, damaged and hostile."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lstmcalc import load
from lstmcalc.errors import SpecError
from lstmcalc.inference import infer
from lstmcalc.sources import archives

h5py = pytest.importorskip("h5py")

CONFIG = {
    "module": "keras",
    "class_name": "Sequential",
    "config": {
        "name": "small",
        "layers": [
            {"module": "keras.layers", "class_name": "InputLayer",
             "config": {"batch_shape": [None, 10, 8], "dtype": "float32", "name": "x"}},
            {"module": "keras.layers", "class_name": "LSTM", "config": {"name": "memory", "units": 4}},
            {"module": "keras.layers", "class_name": "Dense", "config": {"name": "zeta", "units": 3}},
        ],
    },
}  # fmt: skip
WEIGHTS = {"lstm": ("memory", [(8, 16), (4, 16), (16,)]), "dense": ("zeta", [(4, 3), (3,)])}


def hdf5(write: Any) -> bytes:
    """The bytes of an HDF5 file."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    return buffer.getvalue()


def keras3_weights(weights: Any = WEIGHTS) -> bytes:
    def write(file: Any) -> None:
        for group, (name, shapes) in weights.items():
            variables = file.create_group(f"layers/{group}/vars")
            variables.attrs["name"] = name
            inner = file.create_group(f"layers/{group}/cell/vars") if group == "lstm" else variables
            for i, shape in enumerate(shapes):
                inner.create_dataset(str(i), shape, "float32")

    return hdf5(write)


def saved(path: Path, members: dict[str, bytes | str] | None = None, method: int = zipfile.ZIP_STORED) -> Path:
    """A `.keras` file with the given members, by default a sound one."""
    sound = {"metadata.json": "{}", "config.json": json.dumps(CONFIG), "model.weights.h5": keras3_weights()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in (sound if members is None else members).items():
            archive.writestr(name, content)
    return path


def saved_h5(path: Path, config: Any = CONFIG, kernel: tuple[int, ...] = (4, 3)) -> Path:
    def write(file: Any) -> None:
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
        for name in ("memory/memory/lstm_cell/kernel:0", "zeta/zeta/kernel:0", "zeta/zeta/bias:0"):
            shape = (8, 16) if "memory" in name else kernel if "kernel" in name else (3,)
            file.create_dataset(f"model_weights/{name}", shape, "float32")
        for name, shape in (("recurrent_kernel", (4, 16)), ("bias", (16,))):
            file.create_dataset(f"model_weights/memory/memory/lstm_cell/{name}:0", shape, "float32")

    path.write_bytes(hdf5(write))
    return path


def faults(path: Path) -> list[str]:
    """What is wrong with a file, each in one line."""
    try:
        infer(load(path))
    except SpecError as error:
        return [f"{fault.code}: {fault.message}" for fault in error.faults]
    return []


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_is_read_with_its_weights(tmp_path: Path, method: int) -> None:
    spec = load(saved(tmp_path / "model.keras", method=method))
    assert spec.stored == {"memory": ((8, 16), (4, 16), (16,)), "zeta": ((4, 3), (3,))}
    report = infer(spec)
    assert [(layer.name, layer.params) for layer in report.layers] == [("memory", 208), ("zeta", 15)]


def test_the_content_tells_what_a_file_is(tmp_path: Path) -> None:
    assert infer(load(saved(tmp_path / "model.yaml"))).totals.params == 223
    assert infer(load(saved_h5(tmp_path / "model.json"))).totals.params == 223


def test_an_h5_file_is_read_with_its_weights(tmp_path: Path) -> None:
    spec = load(saved_h5(tmp_path / "model.h5"))
    assert sorted(spec.stored["memory"]) == [(4, 16), (8, 16), (16,)]
    assert infer(spec).totals.params == 223


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    other = {**WEIGHTS, "dense": ("zeta", [(4, 5), (5,)])}
    members = {"config.json": json.dumps(CONFIG), "model.weights.h5": keras3_weights(other)}
    message = (
        "weights-contradiction: expected weights as its config gives them, (3,), (4, 3), got stored ones of (4, 5), "
        "(5,): the weights are those of another model than the config, or of a layer that was built otherwise"
    )
    assert faults(saved(tmp_path / "model.keras", members)) == [message]
    assert faults(saved_h5(tmp_path / "model.h5", kernel=(4, 5)))[0].startswith("weights-contradiction")


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    members = {
        "config.json": json.dumps(CONFIG),
        "model.weights.h5": keras3_weights({"dense": ("zeta", [(4, 3)])}),
    }
    assert faults(saved(tmp_path / "model.keras", members))[0].startswith("weights-contradiction")


def test_what_has_no_model_is_refused(tmp_path: Path) -> None:
    assert faults(saved(tmp_path / "a.keras", {"metadata.json": "{}"})) == [
        "no-model: expected an archive with `config.json`, got one without"
    ]
    weights = tmp_path / "b.weights.h5"
    weights.write_bytes(keras3_weights())
    assert faults(weights) == ["no-model: expected a saved model, got weights without a model"]
    empty = tmp_path / "c.h5"
    empty.write_bytes(hdf5(lambda file: None))
    assert faults(empty) == ["no-model: expected a saved model, got neither a model nor weights"]


@pytest.mark.parametrize("name", ["../config.json", "/etc/passwd", "assets\\..\\..\\x", "\\x"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    found = faults(saved(tmp_path / "model.keras", {"config.json": json.dumps(CONFIG), name: "x"}))
    assert [fault.partition(":")[0] for fault in found] == ["unsafe-archive"]
    assert list(tmp_path.iterdir()) == [tmp_path / "model.keras"]


def test_a_file_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "model.keras")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("config.json", "{}")
    assert faults(path) == ["unsafe-archive: expected one `config.json`, got 2"]


def test_bombs_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("config.json", "w") as member:
        for _ in range(70):
            member.write(b" " * 1_000_000)
    assert path.stat().st_size < 100_000
    assert faults(path) == ["too-large: expected `config.json` of at most 64,000,000 bytes, got 70,000,000 bytes"]
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    assert faults(saved(tmp_path / "b.keras")) == ["unsafe-archive: expected at most 2 files in an archive, got 3"]


def test_compressed_weights_that_are_too_large_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "model.keras", method=zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(archives, "MAX_BYTES", len(json.dumps(CONFIG)))
    assert load(path).stored == {}


def test_damaged_weights_do_not_lose_the_model(tmp_path: Path) -> None:
    members = {"config.json": json.dumps(CONFIG), "model.weights.h5": keras3_weights()[:900]}
    path = saved(tmp_path / "model.keras", members)
    with pytest.raises(SpecError) as caught:
        infer(load(path))
    assert [fault.code for fault in caught.value.faults] == ["damaged-file"]
    assert caught.value.report.totals.params == 223


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_any_damage_is_refused_or_survived(tmp_path: Path, suffix: str) -> None:
    path = (saved if suffix == ".keras" else saved_h5)(tmp_path / f"model{suffix}")
    sound = path.read_bytes()
    for place in range(8, len(sound), max(1, len(sound) // 150)):
        for damaged in (sound[:place], sound[:place] + b"\xff\x00\xff" + sound[place + 3 :]):
            path.write_bytes(damaged)
            assert all(": " in fault for fault in faults(path))


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "model.keras")
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    path.write_bytes(bytes(data))
    assert [fault.partition(":")[0] for fault in faults(path)] == ["damaged-file"]


def test_without_h5py_an_archive_is_read_and_an_h5_file_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = saved(tmp_path / "model.keras"), tmp_path / "model.h5"
    other.write_bytes(b"\x89HDF\r\n\x1a\n")
    monkeypatch.setattr(archives, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "h5py", None)
    spec = load(path)
    assert (spec.stored, infer(spec).totals.params) == ({}, 223)
    with pytest.raises(SpecError) as caught:
        load(other)
    assert str(caught.value).replace(str(tmp_path), "") == (
        "error[missing-package] /model.h5\n"
        "  expected h5py, which reads `.h5` files\n"
        "  got      none\n"
        "  fix      install it: `pip install 'lstmcalc[h5]'`; or save the model as `.keras`"
    )


def entry(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    module = "keras" if class_name == "Sequential" else "keras.layers"
    return {"module": module, "class_name": class_name, "config": {"name": name, **config}}


def lookup(path: Path, vocabulary: str | None, size: int | None = None, nested: bool = False) -> Path:
    """A lookup in a model, or in one inside another, as Keras saves it: with a table beside the weights."""
    port = entry("InputLayer", "words", batch_shape=[None, 5], dtype="string")
    look = entry("StringLookup", "look", output_mode="tf_idf", vocabulary=None, vocabulary_size=size)
    model = entry("Sequential", "inner", layers=[port, look])
    if nested:
        model = entry("Sequential", "outer", layers=[port, model])
    folder = f"layers/{'sequential/layers/' * nested}string_lookup"

    def write(file: Any) -> None:
        variables = file.create_group(f"{folder}/vars")
        variables.attrs["name"] = "look"
        variables.create_dataset("idf_weights", (3,), "float32")
        if nested:
            file.create_group("layers/sequential/vars").attrs["name"] = "inner"

    members: dict[str, bytes | str] = {"config.json": json.dumps(model), "model.weights.h5": hdf5(write)}
    if vocabulary is not None:
        members[f"assets/{folder}/vocabulary.txt"] = vocabulary
    return saved(path, members)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("size", [None, 3])
def test_an_adapted_lookup_has_its_vocabulary_and_a_table_in_the_archive(
    tmp_path: Path, size: int | None, nested: bool
) -> None:
    report = infer(load(lookup(tmp_path / "a.keras", "[UNK]\nb\na\n\n", size, nested)))
    assert (report.outputs[0].shape, report.totals.params) == ((None, 3), 0)
    assert {hint.code for hint in report.hints} <= {"other-shape-in-keras"}


def test_a_lookup_without_a_vocabulary_is_not_taken_for_adapted(tmp_path: Path) -> None:
    def hints(vocabulary: str | None, size: int | None) -> set[str]:
        report = infer(load(lookup(tmp_path / "a.keras", vocabulary, size)))
        return {hint.code for hint in report.hints} - {"other-shape-in-keras"}

    assert hints(None, 3) == {"adapt-first"}
    assert hints(None, None) == hints("", None) == {"vocabulary-unknown"}


def test_a_table_does_not_stand_for_a_weight(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        variables = file.create_group("layers/dense/vars")
        variables.attrs["name"] = "zeta"
        variables.create_dataset("0", (4, 3), "float32")
        variables.create_dataset("idf_weights", (3,), "float32")

    members = {"config.json": json.dumps(CONFIG), "model.weights.h5": hdf5(write)}
    assert [fault.partition(":")[0] for fault in faults(saved(tmp_path / "a.keras", members))] == [
        "weights-contradiction"
    ]


def test_a_vocabulary_that_is_too_large_is_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lookup(tmp_path / "a.keras", "a\n" * 5000)
    assert load(path).layers["look"].arguments["vocabulary_size"] == 5000
    monkeypatch.setattr(archives, "MAX_BYTES", 9999)
    assert load(path).layers["look"].arguments["vocabulary_size"] is None
