"""A run directory made by hand: what the run wing would leave, without a run."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import tts
from tts.core import canonical_json

SCHEMA = Path(tts.__file__).parent / "store" / "schema.sql"
Candidates = Sequence[tuple[int, bool] | tuple[int, bool, bool, int]]
"""(class, correct[, finished, output tokens])"""


@dataclass
class RunDirectory:
    """Writes cells into ``path`` as the run wing does; ``save`` writes run.json."""

    path: Path
    info: dict[str, Any]
    db: sqlite3.Connection
    problems: dict[tuple[str, str], int] = field(default_factory=dict)

    def problem(self, name: str, benchmark: str = "toy", prompt_tokens: int = 10, level: str | None = "3") -> int:
        key = (benchmark, name)
        if key not in self.problems:
            self.problems[key] = len(self.problems) + 1
            self.db.execute(
                "INSERT INTO problems (id, benchmark, problem, question, answer, level, messages, prompt, prompt_ids) "
                "VALUES (?, ?, ?, 'q', 'a', ?, '[]', 'p', ?)",
                (self.problems[key], benchmark, name, level, bytes(4 * prompt_tokens)),
            )
        return self.problems[key]

    def cell(
        self,
        name: str,
        candidates: Candidates,
        *,
        benchmark: str = "toy",
        strategy: str = "best_of_n",
        setting: str = "{}",
        seed: int = 0,
        budget: int = 0,
        n: int | None = None,
        usage: dict[str, int] | None = None,
        grader: dict[str, int] | None = None,
        scores: dict[str, Sequence[float | None]] | None = None,
        level: str | None = "3",
        texts: Sequence[str] | None = None,
        history: Sequence[dict[str, Any]] = (),
    ) -> None:
        """``scores``: one number a candidate by label; None where a candidate has no such score. ``texts``: what the
        candidates say, also their answers; without them no completion is held."""
        problem = self.problem(name, benchmark, level=level)
        (cell,) = self.db.execute("SELECT coalesce(max(id), 0) + 1 FROM cells").fetchone()
        grades = {"capped": 0, "mixed": 0, "timeouts": 0} | (grader or {})
        self.db.execute(
            "INSERT INTO cells (id, problem, strategy, setting, seed, budget, n, grading, usage, history, grader) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, '{}', ?, ?, ?)",
            (cell, problem, strategy, setting, seed, budget, n or budget or len(candidates),
             canonical_json(usage or {}), canonical_json(list(history)), canonical_json(grades)),
        )  # fmt: skip
        if texts is not None:
            self.db.execute("INSERT OR IGNORE INTO engines VALUES (1, 'scripted')")
            self.db.execute(
                "INSERT INTO contexts (id, digest, problem, chat, prefix_ids, params, seed) "
                "VALUES (?, ?, ?, NULL, x'', '{}', 0)",
                (cell, cell.to_bytes(16, "little"), problem),
            )
            self.db.executemany(
                "INSERT INTO samples (context, path, text, token_ids, finish_reason, engine) "
                "VALUES (?, ?, ?, ?, 'stop', 1)",
                [(cell, canonical_json(["sample", i]), text, bytes(4)) for i, text in enumerate(texts)],
            )
        for i, (label, correct, *rest) in enumerate(candidates):
            finished, tokens = rest or (True, 100)
            self.db.execute(
                "INSERT INTO candidates (cell, idx, samples, answer, class, correct, finished, output_tokens, scores) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    cell,
                    i,
                    "[]" if texts is None else canonical_json([[cell, ["sample", i]]]),
                    None if texts is None else texts[i],
                    label,
                    int(correct),
                    int(finished),
                    tokens,
                    canonical_json(
                        {name: values[i] for name, values in (scores or {}).items() if values[i] is not None}
                    ),
                ),
            )
        self.db.commit()

    def save(self) -> Path:
        (self.path / "run.json").write_text(json.dumps(self.info), encoding="utf-8")
        self.db.commit()
        return self.path


def plan(
    n: Sequence[int], strategy: str = "best_of_n", setting: str = "{}", independent: bool = True
) -> dict[str, Any]:
    return {"strategy": strategy, "setting": setting, "independent": independent, "n": list(n)}


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunDirectory]:
    """``make_run(entries, problems=..., verifiers=...)``, ...: an empty run directory with that plan."""

    def make(
        entries: Sequence[dict[str, Any]],
        *,
        problems: int = 2,
        seeds: Sequence[int] = (0,),
        name: str = "run",
        verifiers: Sequence[str] = (),
    ) -> RunDirectory:
        path = tmp_path / name
        path.mkdir()
        db = sqlite3.connect(path / "journal.sqlite")
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(SCHEMA.read_text(encoding="utf-8"))
        info = {
            "format": 2,
            "tts": "0.1.0",
            "model": {"name": "simulated", "fingerprint": "f00"},
            "plan": list(entries),
            "seeds": list(seeds),
            "selectors": ["first", "majority", *(["best", "weighted"] if verifiers else []), "oracle"],
            "verifiers": list(verifiers),
            "benchmarks": {"toy": {"source": "toy.jsonl", "revision": None, "problems": problems}},
            "config": {"model": "simulated"},
            "sessions": [{"started": "2025-01-01T00:00:00", "finished": "2025-01-01T00:01:00", "seconds": 60.0,
                          "versions": {"python": "3.11"}, "hardware": {"cpu": "x", "cores": 2, "gpus": []},
                          "git": None}],
        }  # fmt: skip
        return RunDirectory(path, info, db)

    return make


@pytest.fixture
def entry() -> Callable[..., dict[str, Any]]:
    """``entry(n, strategy=..., setting=..., independent=...)``: one entry of a run's plan."""
    return plan
