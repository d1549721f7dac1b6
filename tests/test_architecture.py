"""The arrows of the design point one way, and nothing heavy is loaded to answer."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lstmcalc

PACKAGE = Path(lstmcalc.__file__).parent
ROOT = Path(__file__).parent.parent

#: From the bottom up: a module may import what stands on its own line or above it.
LAYERS = [
    "errors steering dims collector frozen patterns",
    "shapes spec",
    "layers",
    "held report graph building opening sources summary_text",
    "costs checks",
    "applied entering",
    "masks",
    "memory",
    "measures limits",
    "nesting mask_graph mask_hints reporting causes beliefs hints flow model_hints repairs mending",
    "inference",
    "solving sweeping budgets",
    "explanation verification conversion diagnosis comparing",
    "renderers",
    "cli",
    "__main__",
]
RANK = {name: rank for rank, line in enumerate(LAYERS) for name in line.split()}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def part(module: str) -> str:
    """`lstmcalc.layers.rule` -> `layers`."""
    return module.split(".")[1] if "." in module else ""


def imports(path: Path) -> set[str]:
    """The modules of ours that a file imports, also inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    found |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return {name for name in found if name.split(".")[0] == "lstmcalc"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_arrows_point_one_way(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    targets = {part(name) for name in imports(path)}
    # The package as a whole stands above its parts: only the commands may ask it.
    assert "" not in targets or own == "cli"
    assert {name for name in targets - {""} if RANK[name] > RANK[own]} == set()


HEAVY = {"keras", "tensorflow", "numpy", "jax", "torch"}


def heavy_imports(path: Path) -> set[str]:
    """What a file imports of these, by statement or by name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found |= {arg.value.split(".")[0] for arg in node.args if isinstance(arg, ast.Constant)}
    return found & HEAVY


def test_only_verification_imports_keras() -> None:
    heavy = {(path.relative_to(PACKAGE).parts[0], name) for path in MODULES for name in heavy_imports(path)}
    assert {part for part, name in heavy if name != "numpy"} == {"verification"}
    assert {part for part, name in heavy if name == "numpy"} == {"verification", "sweeping"}


def test_nothing_prints_by_itself() -> None:
    printers = {
        path.relative_to(PACKAGE).parts[0]
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printers == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["summary", "specs/speaker_change.yaml"],
        ["summary", "--json", "specs/speaker_change.yaml"],
        ["explain", "lstm", "--units", "128", "--input", "300"],
        ["explain", "specs/seq2seq.yaml"],
        ["explain", "specs/seq2seq.yaml", "--layer", "decoder"],
        ["solve", "lstm", "--units", "128", "--params", "91648"],
        ["paste", "tests/models/question.txt"],
        ["paste", "--to", "yaml", "tests/models/question.txt"],
        ["paste", "tests/diagnosis/messages.txt", "--model", "specs/forecast.yaml"],
        ["sweep", "specs/seq2seq.yaml", "--set", "width=32..512:32"],
        ["--help"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_no_command_but_verify_loads_keras(arguments: list[str]) -> None:
    code = (
        "import sys; sys.argv[1:] = sys.argv[2:]\n"
        "from lstmcalc.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'pydantic', 'sympy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "-", *arguments], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr


#: What a plain answer does without, as it costs time to load.
SPARED = ("solving", "sweeping", "comparing", "budgets", "limits", "measures", "memory", "explanation.costs",
          "explanation.memory", "verification")  # fmt: skip


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_plain_summary_loads_nothing_of_what_is_not_asked_for(form: str) -> None:
    code = (
        "import sys; sys.argv[1:] = sys.argv[2:]\n"
        "from lstmcalc.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    words = ["summary", "specs/forecast.yaml", "--format", form]
    done = subprocess.run(
        [sys.executable, "-c", code, "-", *words], capture_output=True, text=True, cwd=ROOT, check=True
    )
    loaded = set(done.stderr.split())
    assert {f"lstmcalc.{name}" for name in SPARED} & loaded == set()
    assert {"rich.progress", "matplotlib", "distributed"} & loaded == set()
    assert "lstmcalc.inference" in loaded


def test_modules_and_functions_are_short() -> None:
    long = [path.name for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 400]
    functions = [
        f"{path.name}:{node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 40
    ]
    assert (long, functions) == ([], [])
