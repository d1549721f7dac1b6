"""Names and arguments that another Keras had: what took their place."""

from __future__ import annotations

import re
from dataclasses import replace

from lstmcalc.diagnosis.diagnosis import Cause, Diagnosis
from lstmcalc.diagnosis.families.removed_arguments import METHODS as MODEL_METHODS
from lstmcalc.diagnosis.families.removed_arguments import NO_LAYERS, OPTIMIZERS, Gone, argument_gone, near_argument
from lstmcalc.diagnosis.families.removed_names import name_gone
from lstmcalc.diagnosis.message import Found, family
from lstmcalc.diagnosis.traced import call_of, calls, own_line, with_file
from lstmcalc.diagnosis.words import with_article

#: What TensorFlow and the Keras beside Keras 3 call the modules of Keras.
PREFIXES = re.compile(
    r"^(?:tensorflow\.(?:python\.)?keras|keras\.(?:src\.)?_tf_keras\.keras|keras\.api(?:\._v[12])?\.keras"
    r"|keras\.(?:api|src)|tf_keras(?:\.src)?|tensorflow\.compat\.v1\.keras)(?=\.|$)"
)
#: One keyword and its value, as Python prints a dictionary.
KEYWORD = re.compile(r"'(\w{1,60})': ('[^']{0,60}'|[\[(][^\[\]()]{0,120}[\])]|[\w.+-]{1,40})?")


METHODS = frozenset(
    "call __call__ __init__ build compile evaluate fit fit_generator predict "
    "predict_classes summary load_weights save".split()
)


#: Arguments that a class with no name in the message has only if it is a layer.
LAYER_WORDS = frozenset(
    "units filters kernel_size rate output_dim input_dim nb_filter nb_row nb_col trainable dtype input_shape"
    " batch_input_shape batch_shape name input_length".split()
)


def of_keras(where: str, names: set[str], found: Found) -> bool:
    """Whether a complaint of Python's about arguments is about a class or method of Keras."""
    from lstmcalc.layers import find_rule

    known = where in METHODS or where in NO_LAYERS or where in OPTIMIZERS or find_rule(where) is not None
    return known or bool(names & LAYER_WORDS) or "eras" in found.text


def filled(row: Gone, layer: str = "", value: str = "") -> tuple[str, ...]:
    """The lines of a row, with the value and the class of the message."""
    plain = value.strip("'")
    shape = "(" + plain[1:-1] + ")" if plain.startswith("[") else plain
    return tuple(line.replace("{layer}", layer or "LSTM").replace("{value}", shape or "...") for line in row.new)


def gone_cause(row: Gone, what: str, layer: str = "", value: str = "") -> Cause:
    """A row of the table as a cause."""
    return Cause(
        f"Keras {row.since} dropped {what}, and the code was written for an older one.",
        f"{row.because} Write instead:".strip() if row.new else row.because,
        filled(row, layer, value),
    )


def _keyword_causes(name: str, value: str, where: str) -> list[Cause]:
    from lstmcalc.layers import find_rule

    if row := argument_gone(name, where):
        return [gone_cause(row, f"`{name}`", where, value)]
    near = near_argument(name, where)
    if near == name:
        return [NOT_ALL]
    if near:
        call = f"model.{where}" if where in MODEL_METHODS else where
        return [Cause("The argument is misspelt.", "Write:", (f"{call}(..., {near}={value or '...'})",))]
    if find_rule(where) or not where[:1].isupper():
        return []
    return [_own_class(f"`{where}` is a class of your own", name)]


#: Embedding's `input_length` is one.
NOT_ALL = Cause(
    "Not every Keras 3 takes this argument.",
    "Leave it out, and let `Input` state the shape; or bring Keras up to date:",
    ("python -m pip install -U keras",),
)


def _own_class(which: str, name: str) -> Cause:
    return Cause(
        f"{which}, and its `__init__` takes no `{name}`.",
        "Take all of Keras's arguments and hand them on:",
        ("def __init__(self, units, **kwargs):", "    super().__init__(**kwargs)"),
    )


def _taker(found: Found) -> str | None:
    """The class or method that took no such keyword, "" where unknown, None where it is none of Keras's."""
    where = found["class"]
    if where in ("__init__", "call", "__call__", "build"):
        where = found["owner"] or found.near(r"Error when deserializing class '(\w{1,60})'")
    if where and not where[:1].isupper() and where not in METHODS:
        return None
    if not where and ("not recognized" in found.message or "optimizer" in found.message):
        return found.near(r"keras\.optimizers\.(?:legacy\.)?(\w{1,40})\(") or "Adam"
    return where


def _keywords(found: Found) -> list[tuple[str, str]]:
    """The keywords of a message with their values, "" where it has none."""
    if name := found["name"]:
        # The line of code in a traceback has the value.
        return [(name, found.near(rf"\b{name}=([\w.+'-]{{1,40}})"))]
    return KEYWORD.findall(found["given"]) or [(name, "") for name in re.findall(r"'(\w{1,60})'", found["given"])]


def _argument_causes(pairs: list[tuple[str, str]], where: str, found: Found) -> list[Cause]:
    causes = [cause for name, value in pairs for cause in _keyword_causes(name, value, where)]
    if found.near(r"(deserializing class|load_model|from_config|from_json|deserialize)"):
        from lstmcalc.layers import find_rule

        newer = "'batch_shape'" in found.message or "DTypePolicy" in found.text
        # A class of one's own that does not take Keras's arguments is at fault itself.
        own = where[:1].isupper() and not find_rule(where) and where not in NO_LAYERS and where not in OPTIMIZERS
        causes.insert(len(causes) if own else 0, _FOREIGN if newer else _OLDER)
    if causes:
        return causes
    if pairs and pairs[0][0] == "input_dim":
        return [STATED]
    if row := argument_gone(pairs[0][0], "LSTM") if pairs else None:
        return [gone_cause(row, f"`{row.name}`")]
    return [_of_another(pairs[0][0] if pairs else "", where, found)]


def _of_another(name: str, where: str, found: Found) -> Cause:
    """An argument that no table knows: of a class of one's own, of a newer Keras, or of another class."""
    from lstmcalc.layers import RULES

    if not where and "__init__()" in found.message and name in ("name", "trainable", "dtype", "input_shape"):
        return _own_class("The class is your own", name)
    if "not understood" in found.message and any(name in rule.arguments for rule in RULES.values()):
        said = f"Newer Kerases have `{name}`, and the one that runs is older than the code."
        return Cause(said, "Bring it up to date, or leave the argument out:", ("python -m pip install -U keras",))
    said = "The argument is misspelt, or belongs to another class."
    look = f"help(keras.Model.{where})" if where in METHODS else f"lstmcalc layers {where or 'LSTM'}"
    return Cause(said, "Look at its arguments:", (look,))


@family(
    "unknown-argument",
    (
        "Unrecognized keyword arguments passed to",
        r"Unrecognized keyword arguments passed to (?P<class>\w{1,80}):" r" (?P<given>\{.{1,600})",
    ),
    ("Unrecognized keyword arguments", r"Unrecognized keyword arguments: (?P<given>[\[{][^\]}]{1,400}[\]}])"),
    ("is deprecated in the new", r"(?P<name>decay|lr) is deprecated in the new (?:TF-)?Keras optimizer"),
    ("Argument(s) not recognized", r"Argument\(s\) not recognized: (?P<given>\{.{1,400}?\})"),
    ("Unexpected keyword argument", r"Unexpected keyword argument passed to optimizer: (?P<name>\w{1,60})"),
    ("not understood", r"\('Keyword argument not understood:', '(?P<name>\w{1,60})'\)"),
    ("not understood", r"Keyword argument not understood: (?P<name>\w{1,60})"),
    ("unknown keyword arguments", r"Received unknown keyword arguments: (?P<given>\{.{1,400}?\})"),
    (
        "Invalid keyword argument(s) in compile",
        r"Invalid keyword argument\(s\) in (?P<class>compile)(?:\(\))?:" r" \(?(?P<given>\{.{1,200}?\})",
    ),
    ("dict_keys", r"Unrecognized keyword arguments:', dict_keys\((?P<given>\[[^\]]{1,300}\])"),
    (
        "unexpected keyword argument",
        r"(?:\b(?P<owner>\w{1,80})\.)?(?P<class>\w{1,80})\(\) got an unexpected keyword"
        r" argument '(?P<name>\w{1,60})'",
    ),
    ("unexpected keyword argument", r"got an unexpected keyword argument '(?P<name>\w{1,60})'"),
)
def unknown_argument(found: Found) -> Diagnosis | None:
    """A keyword that the class or method does not take."""
    where, pairs = _taker(found), _keywords(found)
    if "passed to optimizer" in found.message and (diagnosis := _optimizer(pairs[0][0], found)):
        return diagnosis
    if where is None or not ("not understood" in found.message or of_keras(where, {name for name, _ in pairs}, found)):
        return None
    if "'go_backwards'" in found["given"] and found.near(r"(Bidirectional)"):
        return None
    names = ", ".join(f"`{name}`" for name, _ in pairs) or "what was given"
    who = f"`{where}`" if where else "The layer or method"
    word = "argument" if len(pairs) < 2 else "arguments"
    meaning = f"{who} takes no {word} {names} in the Keras that runs."
    is_layer = where[:1].isupper() and argument_gone("batch_input_shape", where) is not None
    causes = with_file(found, tuple(_argument_causes(pairs, where, found)))
    return Diagnosis("", meaning, causes, class_name=where if is_layer else "", got=names.replace("`", ""))


def _optimizer(name: str, found: Found) -> Diagnosis | None:
    """The learning rate under a name that the optimizer does not have; Keras 2 says it."""
    call = next((one for one in calls(found) if name in one.keywords), None)
    other = {"learning_rate": "lr", "lr": "learning_rate"}.get(name, "")
    if not other:
        return None
    if name == "learning_rate":
        said = "The Keras that runs is older than 2.3, which calls it `lr`."
    else:
        said = "The optimizer is a class of another package or of your own, which calls it `learning_rate`."
    code = call.written("", name, **{other: call.keywords[name]}) if call else f"Adam({other}=0.001)"
    cause = Cause(said, "Bring Keras and that package up to date, or write:", (code,))
    return Diagnosis("", f"The optimizer takes no argument `{name}`.", (cause,), expected=other, got=name)


STATED = Cause(
    "The code is written for another Keras than the one that runs.",
    "All of them take the shape of the input so:",
    ("model.add(InputLayer((timesteps, features)))",),
)
_OLDER = Cause(
    "The file was saved by another Keras (2, or the `tf.keras` of TensorFlow before 2.16) than the one that loads it.",
    "Load it with the Keras that saved it (`pip install tf_keras`), or build the model anew and load its weights:",
    ("import tf_keras", 'model = tf_keras.models.load_model("model.h5")'),
)
_FOREIGN = Cause(
    "The file was saved by Keras 3, and Keras 2 (TensorFlow before 2.16, or `tf_keras`) loads it.",
    "Load it with Keras 3, or build the model anew and load its weights:",
    ("import keras  # 3", 'model = keras.models.load_model("model.keras")'),
)


#: What TensorFlow 1 had, and TensorFlow 2 keeps in `tf.compat.v1`.
TENSORFLOW_1 = frozenset(
    "get_default_graph placeholder Session ConfigProto global_variables_initializer reset_default_graph".split()
)


def _unlisted(module: str, name: str) -> list[Cause]:
    causes = []
    if module == "keras.backend":
        said = "Keras 3 keeps the computing functions in `keras.ops`."
        causes.append(Cause(said, "Write:", (f"keras.ops.{name}(...)",)))
    elif module == "keras.layers" and (near := _near_class(name)):
        said = "The class is misspelt, or has another name there."
        causes.append(Cause(said, "Write:", (f"from keras.layers import {near}",)))
    version = ("import keras", "print(keras.__version__)")
    return [*causes, Cause("The code is written for another Keras.", "Look at which one runs:", version)]


@family(
    "removed-name",
    ("has no attribute", r"module '(?P<module>[\w.]{1,120})' has no attribute '(?P<name>\w{1,80})'?(?!\w)"),
    ("cannot import name", r"cannot import name '?(?P<name>\w{1,80})'? from '(?P<module>[\w.]{1,120})'"),
    ("cannot import name", r"cannot import name '?(?P<name>\w{1,80})'?"),
    ("has been removed due to security risk", r"Method (?P<module>model)\.(?P<name>to_yaml)\(\) has been removed"),
    ("No module named", r"No module named '(?P<name>(?:tensorflow\.|tf_)?(?:python\.)?keras[\w.]{0,120})'"),
    ("is not supported in Keras 3", r"(?P<module>keras\.optimizers)\.(?P<name>legacy) is not supported in Keras 3"),
)
def removed_name(found: Found) -> Diagnosis | None:
    """A class, function or module that the Keras that runs does not have."""
    module, name = PREFIXES.sub("keras", found["module"]), found["name"]
    if not module and "cannot import" in found.message:
        # Python 3.6 names the module in the line of code only.
        module = PREFIXES.sub("keras", found.near(rf"from ([\w.]{{1,80}}) import [^\n]{{0,80}}?\b{name}\b"))
        if not module:
            return None
    if name in ("keras", "tensorflow.keras") and not module:
        return _not_installed(name)
    if not module:
        module, name = "", PREFIXES.sub("keras", name)
    if module == "tensorflow" and name in TENSORFLOW_1:
        return _old_tensorflow(name)
    if module != "model" and not (module or name).startswith("keras"):
        return None
    whole = f"{found['module'] or (module if 'cannot import' in found.message else '')}.{found['name']}".strip(".")
    meaning = f"The Keras that runs has no `{whole}`."
    row = name_gone(module, name)
    causes = [gone_cause(row, f"`{whole}`")] if row else _unlisted(module, name)
    if row and (call := call_of(found, name)) and name.startswith("CuDNN"):
        causes = [replace(causes[0], code=(call.written(name[5:]),))]
    elif row and name.startswith("CuDNN") and " import " in own_line(found):
        causes = [replace(causes[0], code=(own_line(found).replace(name, name[5:]),))]
    return Diagnosis("", meaning, tuple(causes), got=whole)


def _not_installed(name: str) -> Diagnosis:
    meaning = f"The Python that runs finds no package `{name}`."
    causes = (
        Cause(
            "It is not installed, or in another environment than the one that runs.",
            "Install it with the Python that runs:",
            ("import sys", "print(sys.executable)", "python -m pip install keras tensorflow"),
        ),
        Cause(
            "TensorFlow before 2.6 has its own Keras, and no package `keras`.",
            "Import that one:",
            ("from tensorflow import keras",),
        ),
    )
    return Diagnosis("not-installed", meaning, causes, got=name)


def _near_class(name: str) -> str:
    from lstmcalc.layers import RULES
    from lstmcalc.layers.arguments import closest

    return closest(name, list(RULES)) or ""


def _old_tensorflow(name: str) -> Diagnosis:
    meaning = f"`tensorflow.{name}` is of TensorFlow 1; TensorFlow 2 runs."
    causes = (
        Cause(
            "An old `keras` (2.2.4 or older) runs with TensorFlow 2, or is mixed with `tf.keras`.",
            "Bring Keras up to date, and import all of it from one place:",
            ("pip install -U keras", "import keras"),
        ),
        Cause(
            "The code itself is of TensorFlow 1.",
            "Leave sessions and placeholders away, or run it as it was:",
            (f"tf.compat.v1.{name}",),
        ),
    )
    return Diagnosis("old-with-new-tensorflow", meaning, causes, got=f"tensorflow.{name}")


@family(
    "removed-name",
    ("object has no attribute", r"'(?P<class>[A-Z]\w{0,60})' object has no attribute '(?P<name>\w{1,60})'"),
)
def removed_attribute(found: Found) -> Diagnosis | None:
    """A method or attribute that models, layers or optimizers had."""
    from lstmcalc.layers import find_rule

    class_name, name = found["class"], found["name"]
    model = class_name in ("Sequential", "Functional", "Model")
    owner = "model" if model else "an optimizer" if class_name in OPTIMIZERS else "a layer"
    row = name_gone(owner, name) or (name_gone("a layer", name) if model else None)
    if row is None or (
        owner == "a layer"
        and not find_rule(class_name)
        and name not in ("add_update", "get_output_at", "inbound_nodes")
    ):
        return None
    meaning = f"{with_article(class_name)} has no `{name}` in the Keras that runs.".replace("a ", "A ", 1).replace(
        "an ", "An ", 1
    )
    return Diagnosis("", meaning, (gone_cause(row, f"`{name}`"),), class_name=class_name, got=name)


@family(
    "history-key",
    ("KeyError: 'acc'", r"KeyError: '(?P<key>acc)'"),
    ("KeyError: 'val_acc'", r"KeyError: '(?P<key>val_acc)'"),
    ("KeyError: 'accuracy'", r"KeyError: '(?P<key>accuracy)'"),
    ("KeyError: 'val_accuracy'", r"KeyError: '(?P<key>val_accuracy)'"),
    ("KeyError: 'val_loss'", r"KeyError: '(?P<key>val_loss)'"),
    ("KeyError: 'lr'", r"KeyError: '(?P<key>lr)'"),
)
def history_key(found: Found) -> Diagnosis | None:
    """A curve that the history does not hold under this name."""
    key = found["key"]
    if key in ("lr", "accuracy") and not found.near(r"(history|[Kk]eras)"):
        return None
    other = {"acc": "accuracy", "accuracy": "acc", "lr": "learning_rate"}.get(key.removeprefix("val_"), "")
    other = ("val_" if key.startswith("val_") else "") + other if other else ""
    causes = [Cause("Look at what was recorded.", "", ("print(history.history.keys())",))]
    if key.startswith("val_"):
        causes.insert(
            0, Cause("`fit` was given no validation data.", "Give some:", ("model.fit(x, y, validation_split=0.2)",))
        )
    if "acc" in key:
        causes.insert(
            0,
            Cause("The metric was not asked for.", "Ask for it:", ('model.compile(loss="mse", metrics=["accuracy"])',)),
        )
    if other:
        causes.insert(
            0,
            Cause(
                "Keras since 2.3 records the metric under its full name; older ones under the "
                "short one: "
                f"`{key}` here is `{other}`.",
                "Write:",
                (f'history.history["{other}"]',),
            ),
        )
    return Diagnosis("", f"The history of `fit` holds no `{key}`.", tuple(causes), got=key)


@family(
    "not-saved-positional",
    (
        "must be passed as a keyword argument",
        r"name must be passed as a keyword argument\. Received:" r" add_weight\('(?P<name>\w{1,60})', \.\.\.\)",
    ),
)
def add_weight(found: Found) -> Diagnosis:
    """`add_weight("kernel", shape)` of Keras 2."""
    cause = Cause(
        "Keras 2 took the name first; Keras 3 takes the shape first.",
        "Name both:",
        (f'self.add_weight(shape=(8, 4), name="{found["name"]}")',),
    )
    return Diagnosis("positional-name", "`add_weight` takes its name by keyword only.", (cause,), got=found["name"])
