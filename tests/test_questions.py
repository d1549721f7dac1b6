"""questions.md: every question has a command, and the lines shown as its answer are lines of what it prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lstmcalc.cli import app

PAGE = (Path(__file__).parent / "questions.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```console\n\$ lstmcalc (.*)\n((?:.*\n)*?)```\n")
#: (question, command, the lines of the answer).
ASKED = [
    (question, *block)
    for question, _, text in (part.partition("\n") for part in PAGE.split("\n## ")[1:])
    for block in BLOCK.findall(text)
]
#: Lines that were left out.
ELSE = "…"


def printed(command: str) -> list[str]:
    """The lines that a command prints, run in this process."""
    run = CliRunner().invoke(app, shlex.split(command))
    assert run.exit_code == 0, run.output
    return run.output.splitlines()


def stands_in(shown: list[str], lines: list[str]) -> bool:
    """Whether lines stand in others in this order, and side by side where no `…` is between them."""
    start, loose = 0, shown[:1] == [ELSE]
    for group in "\n".join(shown).split(ELSE):
        wanted = group.strip("\n").split("\n") if group.strip("\n") else []
        places = range(start, len(lines) - len(wanted) + 1) if loose else range(start, start + 1)
        found = next((at for at in places if lines[at : at + len(wanted)] == wanted), None)
        if found is None:
            return False
        start, loose = found + len(wanted), True
    return shown[-1:] == [ELSE] or start == len(lines)


@pytest.mark.parametrize(("question", "command", "answer"), ASKED, ids=lambda value: value[:60].strip())
def test_the_answer_is_what_the_command_prints(question: str, command: str, answer: str) -> None:
    lines = printed(command)
    missing = [line for line in answer.splitlines() if line != ELSE and line not in lines]
    assert missing == []
    assert stands_in(answer.splitlines(), lines)


def test_lines_are_looked_for_in_their_order() -> None:
    lines = ["a", "b", "c", "d"]
    for shown in (["a", "b", ELSE], [ELSE, "b", "c", ELSE], ["a", ELSE, "c", "d"], [ELSE, "d"]):
        assert stands_in(shown, lines)
    for shown in (["b", ELSE], [ELSE, "c", "b", ELSE], [ELSE, "a", "c", ELSE], [ELSE, "c"], ["a", ELSE, "c"]):
        assert not stands_in(shown, lines)


#: What every answer must say, whatever else is said around it.
POINTS = {
    "What is the 128": ["Papers call each of them a cell", "`LSTMCell(128)`", "not the number of time steps"],
    "How many weights does": ["219,648", "i  input gate", "f  forget gate", "c  candidate", "o  output gate"],
    "Does every time step": ["repeated 10 times", "repeated 200 times", "same 219,648 params"],
    "Why does an LSTM return": ["not on the loss", "`return_sequences: true`"],
    "What do `return_sequences`": ["(None, 10, 128): h after every step", "the states h and c"],
    "What does `stateful`": ["sample k of a batch", "must have 32 samples", "not even between epochs"],
    "And `go_backwards`": ["from the last to the first", "changes no shape and no params"],
    "My series": ["1 is enough", "(lags)"],
    "How are samples": ["samples, then time steps, then features", "(32, 20, 1)"],
    "What does `None`": ["left open until data comes, here batch and timesteps"],
    "Why is `Bidirectional": ["64 + 64 = 128 wide", "`Bidirectional(LSTM(32))`"],
    "How many weights has": ["3,240", "for 1 step as for 200", "gives the same"],
    "Why has a GRU": ["a bias of its own", "192 more"],
    "Why has CuDNNLSTM": ["512 fewer"],
    "PyTorch says": ["512 more than Keras", "equally able"],
    "What is RepeatVector": ["between an encoder and a decoder"],
    "Why does Conv2D": ["the same 80 params serve every place", "638·478 = 304,964"],
    "Why are some params": ["no gradient changes them", "16 are not trained"],
    "Is the rate": ["not the share that is kept"],
    "Is the first argument": ["It is not the length of the input, 10."],
    "How many FLOPs": ["4,404,480", "219,136 · 10 = 2,191,360 MACs", "FLOPS, with a capital S", "50,688·T"],
    "Why does torchinfo": ["torchinfo prints 2,201,600 MACs", "unroll=True prints 4,398,080 FLOPs"],
    "What does a training step": ["2,191,360 forwards", "less 65,536", "here that spares 1,536,000"],
    "Does a longer sequence": ["Twice as many steps cost twice as much; the params stay 219,648."],
}


def test_every_question_is_asked_and_answered() -> None:
    answers: dict[str, str] = {}
    for question, _, answer in ASKED:
        answers[question] = answers.get(question, "") + answer
    assert len(answers) == len(POINTS)
    for start, points in POINTS.items():
        (question,) = (each for each in answers if each.startswith(start))
        assert [point for point in points if point not in answers[question]] == []
