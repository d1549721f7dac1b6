"""Coverage-guided inputs by atheris, where it is installed: `python tests/fuzz/atheris_harness.py --target load-yaml`.

What follows `--` goes to libFuzzer: `-- -max_total_time=600 -max_len=2000`. It stops at the first finding and says
which input it was. The suite needs none of this.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "support")]

import atheris  # noqa: E402

with atheris.instrument_imports(include=["lstmcalc"]):
    from runner import BY_NAME, Input, tried, warm
    from seeds import seeds, word_seeds

#: What separates the words of a command line in the bytes that libFuzzer makes.
SPACE = "\x1f"


def input_of(data: bytes, like: Input) -> Input:
    """Bytes as the kind of input that a target takes."""
    if isinstance(like, bytes):
        return data
    text = data.decode("utf-8", "surrogateescape")
    return text.replace("\0", "0").split(SPACE) if isinstance(like, list) else text


def corpus(target: str, like: Input, folder: Path) -> None:
    """Writes the seeds of a target where libFuzzer looks for them."""
    kind = {"layer": "", "summary-text": "summary", "load-drawn": "yaml"}.get(target, target.removeprefix("load-"))
    known = [SPACE.join(words) for words in word_seeds()] if isinstance(like, list) else seeds(kind)
    for number, seed in enumerate(known):
        data = seed if isinstance(seed, bytes) else seed.encode("utf-8", "surrogatepass")
        (folder / str(number)).write_bytes(data)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    plain = [name for name in BY_NAME if name.startswith(("load-", "layer", "summary-text", "message"))]
    parser.add_argument("--target", choices=plain, default="load-yaml")
    asked, more = parser.parse_known_args()
    target = BY_NAME[asked.target]
    like = target.make(random.Random(1))
    warm()

    def try_one(data: bytes) -> None:
        wrong = tried(target, input_of(data, like), "atheris")
        if wrong:
            raise RuntimeError(f"{wrong[0]}\n{wrong[1]}")

    with tempfile.TemporaryDirectory() as folder:
        corpus(asked.target, like, Path(folder))
        atheris.Setup([sys.argv[0], *(word for word in more if word != "--"), folder], try_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
