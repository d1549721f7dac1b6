"""A sweep of a million points beside a loop over Keras's own build and count_params.

python tests/benchmarks/bench_sweep.py
"""

from __future__ import annotations

import os
from collections.abc import Callable
from time import perf_counter
from typing import Any

POINTS = 20


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds that it takes, the best of three, and what comes out."""
    best, answer = float("inf"), None
    for _ in range(3):
        start = perf_counter()
        answer = action()
        best = min(best, perf_counter() - start)
    return best, answer


def keras_params(width: int, vocabulary: int = 8000) -> int:
    """What Keras counts for specs/seq2seq.yaml."""
    import keras

    source, target = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    inner = keras.Input((None, width))
    _, *states = keras.layers.LSTM(width, return_state=True)(keras.layers.Dropout(0.1)(inner))
    encoder = keras.Model(inner, states)
    words = keras.layers.Embedding(vocabulary, width)
    decoded = keras.layers.LSTM(width, return_sequences=True)(words(target), initial_state=encoder(words(source)))
    outputs = keras.layers.Dense(vocabulary, activation="softmax")(decoded)
    return int(keras.Model([source, target], outputs).count_params())


def main() -> None:
    """Prints points per second of both, and that they agree."""
    import lstmcalc
    from lstmcalc.sweeping import plan

    spec = lstmcalc.load("specs/seq2seq.yaml")
    ranges = {"width": range(1, 1001), "T": range(1, 1001), "S": 30}
    seconds, found = timed(lambda: lstmcalc.sweep(spec, ranges))
    print(f"lstmcalc, numpy   {len(found) / seconds:>12,.0f} points/s   ({seconds:.2f} s for {len(found):,})")
    plan.numpy_or_none = lambda: None
    small = {**ranges, "width": range(1, 51)}
    seconds, plain = timed(lambda: lstmcalc.sweep(spec, small))
    print(f"lstmcalc, plain   {len(plain) / seconds:>12,.0f} points/s   ({seconds:.2f} s for {len(plain):,})")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keras_params(8)
    widths = range(50, 50 + POINTS)
    start = perf_counter()
    counted = [keras_params(width) for width in widths]
    seconds = perf_counter() - start
    print(f"Keras             {POINTS / seconds:>12,.1f} points/s   ({seconds:.2f} s for {POINTS}; params alone)")
    ours = lstmcalc.sweep(spec, {"width": widths}, ["params"]).measures["params"].tolist()
    print("agree" if ours == counted else f"DIFFER: {ours} {counted}")


if __name__ == "__main__":
    main()
