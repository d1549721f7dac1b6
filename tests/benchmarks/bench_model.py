"""Reading and inferring ResNet152 from its JSON, beside Keras building it from the same text.

python tests/benchmarks/bench_model.py [ROUNDS]
"""

from __future__ import annotations

import os
import sys
from statistics import median
from time import perf_counter


def main() -> None:
    """Prints the seconds of both, alternating, their ratio, and microseconds per layer."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    os.environ.update({"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""})
    import keras

    import lstmcalc

    text = keras.applications.ResNet152(weights=None).to_json()
    ours, theirs = [], []
    for _ in range(rounds):
        start = perf_counter()
        built = keras.models.model_from_json(text).count_params()
        theirs.append(perf_counter() - start)
        keras.utils.clear_session()
        # Nothing is kept from one run to the next; several of ours, as one is short beside what disturbs it.
        for _ in range(5):
            start = perf_counter()
            report = lstmcalc.infer(lstmcalc.load("resnet152.json", text=text))
            ours.append(perf_counter() - start)
        assert report.totals.params == built, (report.totals.params, built)
    slow, fast, layers = median(theirs), median(ours), len(report.layers)
    print(f"Keras     {slow:8.3f} s   model_from_json and count_params of {layers} layers, {built:,} params")
    print(f"lstmcalc  {fast:8.4f} s   load and infer: {fast / layers * 1e6:.0f} µs per layer")
    print(f"ratio     {slow / fast:8.0f}     (from {slow / max(ours):.0f} to {slow / min(ours):.0f})")


if __name__ == "__main__":
    main()
