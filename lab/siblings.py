"""The reward model inside a search: does it know a false step from a true one where only that step differs?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lab.card import table
from tts.benchmarks.expressions import calculate
from tts.core import canonical_json
from tts.store import Reader

EQUATION = re.compile(r"(\d+)([+*-])(\d+)=(-?\d+)")


def is_false(step: str) -> bool | None:
    """Whether ``a+b=c`` does not hold; None for a step that is no equation."""
    m = EQUATION.fullmatch(step.strip())
    return None if m is None else calculate(int(m[1]), m[2], int(m[3])) != int(m[4])


def searches(reader: Reader, strategy: str) -> Iterator[tuple[int, str, list[dict[str, Any]], Mapping[str, str]]]:
    """Budget, setting and history of each cell, and the last step drawn at each path of its problem."""
    for problem, n, setting, history in reader.histories(strategy):
        texts = {path: text.split("\n\n")[-1] for path, text in reader.step_texts(problem).items()}
        yield n, setting, history, texts


def pairs(run: Path) -> str:
    """By operation: how often the true one of two siblings, same operands, has the larger score (DVTS's siblings)."""
    wins: dict[str, list[bool]] = {}
    with Reader(run) as reader:
        for _, _, history, texts in searches(reader, "dvts"):
            for entry in history:
                steps = [texts[canonical_json(path)] for path in entry["children"]]
                marks = [is_false(step) for step in steps]
                for i, j in np.ndindex(len(steps), len(steps)):
                    left, right = (steps[k].partition("=")[0] for k in (i, j))
                    if left == right and marks[i] is False and marks[j]:
                        values = entry["values"]
                        wins.setdefault(re.sub(r"\d", "", left), []).append(values[i] > values[j])
    lines = [(f"`{op}`", len(won), f"{100 * np.mean(won):.0f}") for op, won in sorted(wins.items())]
    return table(("operation", "pairs", "the true one has the larger score, %"), lines)


def selected(run: Path) -> str:
    """How often a step of beam search is false, among those drawn and those kept, and how many roots survive."""
    false: dict[tuple[str, int], list[tuple[bool, bool]]] = {}
    roots: dict[tuple[str, int], list[int]] = {}
    with Reader(run) as reader:
        for n, setting, history, texts in searches(reader, "beam_search"):
            key = (json.loads(setting).get("aggregation", "last"), n)
            for entry in history:
                for i, path in enumerate(entry["beams"]):
                    mark = is_false(texts.get(canonical_json(path), ""))
                    if mark is not None:
                        false.setdefault(key, []).append((mark, i in entry["kept"]))
            roots.setdefault(key, []).append(
                len({entry["beams"][i][1] for entry in history[-1:] for i in entry["kept"]})
            )
    lines = []
    for (how, n), marks in sorted(false.items()):
        drawn = np.array(marks)
        kept = drawn[drawn[:, 1], 0]
        left = f"{np.mean(roots[how, n]):.1f}"
        lines.append((how, n, f"{100 * drawn[:, 0].mean():.1f}", f"{100 * kept.mean():.1f}", left))
    head = ("guided by", "n", "false among the steps drawn, %", "among those kept, %", "first steps that survive")
    return table(head, lines)
