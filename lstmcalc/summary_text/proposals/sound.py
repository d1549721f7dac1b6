"""The arguments of layers that cut a sound into frames and tell how strong each frequency is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lstmcalc.layers import LayerRule
from lstmcalc.summary_text.proposals.proposal import Proposal, Proposer
from lstmcalc.summary_text.proposals.trying import agreeing, whole
from lstmcalc.summary_text.solving import Seen

__all__ = ["PROPOSERS"]

#: Steps from frame to frame that people write, with how unusual each is.
STEPS = {512: 0.0, 256: 0.1, 128: 0.2, 160: 0.3, 64: 0.3, 1024: 0.4, 320: 0.5, 200: 0.5, 100: 0.6, 80: 0.6}
#: How many other steps that lead to the output are proposed.
MOST_STEPS = 12


def _steps(samples: Any, frames: Any, longest: int, shortest: int = 0) -> list[int]:
    """The steps that may lead from so many samples to so many frames, likeliest first.

    >>> _steps(1000, 6, 256, 256)[:2]
    [128, 160]
    """
    if not isinstance(samples, int) or not isinstance(frames, int):
        return []
    low = max(max(samples - shortest, 1) // (frames + 1), 1)
    high = min(samples // max(frames - 2, 1) + 1, longest)
    found = sorted(range(low, high + 1), key=lambda step: (STEPS.get(step, 1.0), -step))
    return found[:MOST_STEPS] if len(found) < 4 * MOST_STEPS else [step for step in found if step in STEPS]


def _pitches(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """Pitches are an axis of the output; of the steps, those that lead to its frames."""
    output = whole(seen)
    if output is None or len(output) < 2 or not isinstance(output[-2], int):
        yield Proposal({"num_mel_bins": "num_mel_bins"})
        return
    samples = seen.input[-1] if seen.input else None
    default, length = rule.arguments["sequence_stride"].default, rule.arguments["fft_length"].default
    steps = dict.fromkeys((default, *_steps(samples, output[-1], 10**6)))
    lengths = (length, 1024, 512, 256, 128, 64, 8) if isinstance(samples, int) else (length,)
    options = [
        Proposal(
            {"num_mel_bins": output[-2], "sequence_stride": step, "fft_length": fft},
            STEPS.get(step, 1.0) + 0.3 * (fft != length),
        )
        for step in steps
        for fft in lengths
    ]
    yield from agreeing(rule, seen, before, options)


def _waves(rule: type[LayerRule], seen: Seen, before: Mapping[str, Any]) -> Iterator[Proposal]:
    """Frames whose length gives the count, with the steps that lead to the output."""
    if seen.params is None:
        return
    options = []
    for each, halves in (("log", 2), ("stft", 2), ("real", 1), ("imag", 1)):
        for frame, fft in _frames(seen.params, halves):
            usual = 1 << (frame - 1).bit_length()
            for step in (None, *_likely_steps(seen, frame)):
                arguments = {"mode": each, "frame_length": frame, "frame_step": step}
                arguments["fft_length"] = None if fft == usual else fft
                stated = {key: value for key, value in arguments.items() if value is not None}
                cost = 0.5 * (fft != usual) + 0.7 * (each != "log") + (0.0 if step is None else 0.3)
                options += [Proposal({**stated, **laid}, cost + more) for laid, more in _laid_out(seen)]
    yield from agreeing(rule, seen, before, sorted(options, key=lambda each: each.cost))


def _likely_steps(seen: Seen, frame: int) -> list[int]:
    output = whole(seen)
    if not seen.inputs or len(seen.input) != 3 or not output:
        return [frame // 4] if frame > 4 else []
    found = {
        step for axis in (1, 2) for frames in output[1:] for step in _steps(seen.input[axis], frames, frame, frame)
    }
    likely = sorted(found - {frame // 2}, key=lambda step: (step != frame // 4, STEPS.get(step, 1.0), -step))
    return likely[:MOST_STEPS]


def _laid_out(seen: Seen) -> Iterator[tuple[dict[str, Any], float]]:
    """How frames are taken at the ends, and whether frequencies have an axis of their own."""
    for padding in ("valid", "same"):
        for first in (False, True) if seen.inputs else (False,):
            laid = {"padding": padding, **({"data_format": "channels_first"} if first else {})}
            yield {**laid, "expand_dims": len(seen.output) == 4}, 0.3 * (padding == "same") + 1.0 * first


def _frames(params: int, halves: int) -> Iterator[tuple[int, int]]:
    """Lengths of frames and transforms whose waves hold so many numbers: as many for each frequency as a frame has."""
    for power in range(1, 14):
        fft = 1 << power
        frame, rest = divmod(params, halves * (fft // 2 + 1))
        if not rest and 1 < frame <= fft:
            yield frame, fft


PROPOSERS = (
    Proposer(frozenset({"num_mel_bins", "sequence_stride", "fft_length"}), _pitches),
    Proposer(frozenset({"frame_length", "frame_step", "fft_length"}), _waves),
)
