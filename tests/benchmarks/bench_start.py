"""How long each command takes to start and answer, beside bare Python, a hello-world typer app, and Keras.

python tests/benchmarks/bench_start.py [ROUNDS]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from measuring import alternating, spent

HELLO = '''import typer

app = typer.Typer()


@app.command()
def hello(name: str = "world") -> None:
    """Say hello."""
    typer.echo(f"hello {name}")


app()
'''
#: specs/speaker_change.yaml, as Keras builds and prints it.
KERAS = """import keras
from keras import layers
keras.Sequential([
    keras.Input((200, 35)),
    layers.Bidirectional(layers.LSTM(64, return_sequences=True)),
    layers.Bidirectional(layers.LSTM(40, return_sequences=True)),
    layers.TimeDistributed(layers.Dense(40, activation="tanh")),
    layers.TimeDistributed(layers.Dense(10, activation="tanh")),
    layers.TimeDistributed(layers.Dense(1, activation="sigmoid")),
]).summary()
"""
TABLE = """Model: "sequential"
_________________________________________________________________
 Layer (type)                Output Shape              Param #
=================================================================
 lstm (LSTM)                 (None, 128)               91648
 dense (Dense)               (None, 10)                1290
=================================================================
Total params: 92,938
"""


def main() -> None:
    """Prints the milliseconds of each command and their ratios to the references."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    os.environ.update({"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""})
    # Compiled files are a part of what is installed.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        hello, table = Path(folder, "hello.py"), Path(folder, "table.txt")
        hello.write_text(HELLO)
        table.write_text(TABLE)
        ours = str(Path(sys.executable).with_name("lstmcalc"))
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "hello world": [sys.executable, str(hello)],
            "hello world --help": [sys.executable, str(hello), "--help"],
            "summary": [ours, "summary", "specs/speaker_change.yaml"],
            "explain": [ours, "explain", "lstm", "--units", "128", "--input", "300"],
            "paste": [ours, "paste", str(table)],
            "--help": [ours, "--help"],
            "--version": [ours, "--version"],
            "completion": ["env", "_LSTMCALC_COMPLETE=complete_bash", "COMP_WORDS=lstmcalc su", "COMP_CWORD=1", ours],
        }
        for terminal in (False, True):
            show(commands, rounds, terminal)
        keras = [sys.executable, "-c", KERAS]
        seconds = sorted(spent(keras).clock for _ in range(3))[1]
        summary = sorted(spent(commands["summary"]).clock for _ in range(3))[1]
        print(f"\nKeras takes {seconds:.2f} s for that summary, {seconds / summary:.0f} times as long")


def show(commands: dict[str, list[str]], rounds: int, terminal: bool) -> None:
    """Prints one table."""
    found = alternating(commands, rounds, terminal)
    bare, hello = found["python -c pass"], found["hello world"]
    print(f"\n{'on a terminal' if terminal else 'into a pipe':20}    clock  processor   x python   x hello world")
    for name, each in found.items():
        clock, processor = 1000 * each.clock, 1000 * each.processor
        ratios = f"{each.processor / bare.processor:9.1f}{each.processor / hello.processor:13.2f}"
        print(f"{name:20}{clock:6.0f} ms{processor:8.0f} ms{ratios}")


if __name__ == "__main__":
    main()
