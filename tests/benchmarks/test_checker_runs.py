"""Runs of benchmarks with rules of their own: the simulated policy boxes the reference answer when it is right."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tts.core import Message, Prompt
from tts.engines.simulated import SimulatedEngine, SimulatedPolicy
from tts.session import run
from tts.sweep import parse_config


class ThinkingEngine(SimulatedEngine):
    """Its chat template opens the thinking, which no answer ever closes."""

    def render(self, messages: Sequence[Message], chat_template_kwargs: Mapping[str, object]) -> Prompt:
        return self.encode(super().render(messages, chat_template_kwargs).text + "<think>")


def graded(
    place: Path, benchmark: str, engine: type[SimulatedEngine] = SimulatedEngine
) -> list[tuple[str, str | None, int, int]]:
    """Text, answer, class and verdict of every candidate."""
    data = {"model": "simulated", "benchmarks": [benchmark], "strategies": [{"name": "best_of_n", "n": 16}]}
    run(parse_config(data, "test"), place, engine=engine(SimulatedPolicy(alpha=2, beta=2)))
    sql = """SELECT s.text, d.answer, d.class, d.correct FROM candidates d, json_each(d.samples) j
             JOIN samples s ON s.context = json_extract(j.value, '$[0]') AND s.path = json_extract(j.value, '$[1]')"""
    with sqlite3.connect(place / "journal.sqlite") as db:
        return db.execute(sql).fetchall()


@pytest.mark.parametrize("benchmark", ["hanoi:disks=2-4,per_level=2", "countdown:numbers=3-5,per_level=2,target=24"])
def test_right_samples_are_correct_and_wrong_ones_are_not(tmp_path: Path, benchmark: str) -> None:
    rows = graded(tmp_path, benchmark)
    assert len(rows) == 6 * 16
    right = [row for row in rows if row[3]]
    assert 0 < len(right) < len(rows)
    for text, answer, label, correct in rows:
        assert (answer is None) == (label == -1) == ("boxed" not in text)
        assert bool(correct) == (answer is not None and not answer.isdecimal())


def test_thinking_is_passed_over(tmp_path: Path) -> None:
    rows = graded(tmp_path, "countdown:numbers=3,per_level=2", ThinkingEngine)
    assert all(answer is None and label == -1 and not correct for _, answer, label, correct in rows)


OWN = """
from tts.benchmarks import Benchmark
from tts.grading import Checked, Checker
class Shouting(Checker):
    def extract(self, text):
        return text.split("{")[-1].split("}")[0] if "boxed" in text else None
    def canonical(self, answer):
        return answer.upper()
    def check(self, problem, answer):
        return Checked(answer.upper() == problem.answer.upper())
OWN = Benchmark(name="own", description="mine", filename="own.jsonl", checker=Shouting())
"""


def test_a_benchmark_of_ones_own_brings_its_checker(tmp_path: Path) -> None:
    (tmp_path / "own_rules.py").write_text(OWN)
    (tmp_path / "own.jsonl").write_text(json.dumps({"problem": "Say yes.", "answer": "yes"}) + "\n")
    data = {
        "model": "simulated",
        "benchmarks": [f"{tmp_path}/own_rules.py:OWN"],
        "strategies": [{"name": "best_of_n", "n": 8}],
    }
    engine = SimulatedEngine(SimulatedPolicy(alpha=50, beta=1))
    run(parse_config(data, "test"), tmp_path / "run", engine=engine, data_dir=tmp_path)
    with sqlite3.connect(tmp_path / "run" / "journal.sqlite") as db:
        assert ("yes", 1) in db.execute("SELECT DISTINCT answer, correct FROM candidates").fetchall()
