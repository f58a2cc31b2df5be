"""How long the report of a large run takes: `python tests/speed/report.py [--problems 500] [--samples 256]`.

The run is made up: independent samples of one strategy, three verifiers that scored every step, texts of some 900
characters in words drawn at random. Prints seconds to write the report, the page's size, and, where there is Chromium,
seconds until headless Chromium has drawn the page and the first problem, its own start included (an empty page's time
stands beside). Chromium's time is the best of three.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import tts
from tts.core import Candidate, Question, canonical_json, score_key
from tts.report import write_report

NAMES = ("prm/a", "prm/b", "prm/c")
WORDS = ["we", "then", "so", "now", "hence", "note", "let", "the", "value", "equals", "sum", "of", "root", "term", "x",
         "y", "n", "+", "-", "=", "2", "3", "7", "12"]  # fmt: skip
STEPS, WORDS_A_STEP, TOKENS = 8, 26, 400
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-quic",
         "--disable-background-networking", "--disable-component-update", "--window-size=1300,1000",
         "--virtual-time-budget=5000")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", type=int, default=500)
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--keep", type=Path, help="Make the run here and leave it.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        run = options.keep or Path(scratch) / "run"
        make_run(run, options.problems, options.samples)
        started, cpu = time.perf_counter(), time.process_time()
        page = write_report(run).html
        say(f"written in {time.perf_counter() - started:.1f} s ({time.process_time() - cpu:.1f} s of processor time)")
        say(f"report.html has {page.stat().st_size / 1e6:.1f} MB")
        if browser := shutil.which("chromium"):
            empty = Path(scratch) / "empty.html"
            empty.write_text("<!doctype html><title>empty</title>")
            alone, whole = (min(opened(browser, path) for _ in range(3)) for path in (empty, page))
            say(f"opened in {whole:.1f} s (an empty page: {alone:.1f} s)")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def opened(browser: str, page: Path) -> float:
    """Seconds from the browser's start to its end, when nothing is left to do: waiting is skipped, work is not."""
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", page.resolve().as_uri()]
        started = time.perf_counter()
        dom = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds = time.perf_counter() - started
    if 'id="explorer"' in dom and ('aria-roledescription="point"' not in dom or 'class="step"' not in dom):
        sys.exit("the page came out without its chart or its first problem")
    return seconds


def make_run(place: Path, problems: int, samples: int) -> None:
    """A run directory of ``problems`` x ``samples``."""
    place.mkdir(parents=True)
    db = sqlite3.connect(place / "journal.sqlite")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = OFF")
    db.executescript((Path(tts.__file__).parent / "store" / "schema.sql").read_text(encoding="utf-8"))
    db.execute("INSERT INTO engines VALUES (1, 'made up')")
    db.execute("INSERT INTO sessions VALUES (1, 0, 0)")
    rng, words = np.random.default_rng(0), random.Random(0)
    for i in range(1, problems + 1):
        _problem(db, i, samples, rng, words)
        db.commit()
    db.close()
    (place / "run.json").write_text(json.dumps(_info(problems, samples)), encoding="utf-8")


def _problem(db: sqlite3.Connection, i: int, samples: int, rng: np.random.Generator, words: random.Random) -> None:
    name, question = f"test/{i:03d}", f"Find x_{i} where " + " ".join(words.choices(WORDS, k=40))
    db.execute(
        "INSERT INTO problems (id, benchmark, problem, question, answer, level, messages, prompt, prompt_ids) "
        "VALUES (?, 'math', ?, ?, '42', ?, '[]', ?, ?)",
        (i, name, question, str(1 + i % 5), question, bytes(4 * 90)),
    )
    db.execute(
        "INSERT INTO contexts (id, digest, problem, chat, prefix_ids, params, seed) "
        "VALUES (?, ?, ?, NULL, x'', '{}', 0)",
        (i, i.to_bytes(16, "little"), i),
    )
    usage = {"output_tokens": samples * TOKENS, "samples": samples, "prompt_tokens_ideal": 90}
    usage["selection_tokens"] = {name: [TOKENS + 100] * samples for name in NAMES}
    db.execute(
        "INSERT INTO cells (id, problem, strategy, setting, seed, budget, n, grading, usage, history, grader) "
        "VALUES (?, ?, 'best_of_n', '{}', 0, 0, ?, '{}', ?, '[]', ?)",
        (i, i, samples, canonical_json(usage), canonical_json({"capped": 0, "mixed": 0, "timeouts": 0})),
    )
    rate = rng.beta(0.8, 0.8)
    for j in range(samples):
        answered, right = rng.random() > 0.03, bool(rng.random() < rate)
        label = -1 if not answered else 0 if right else int(rng.integers(1, 12))
        text = "\n\n".join(" ".join(words.choices(WORDS, k=WORDS_A_STEP)) for _ in range(STEPS)) + f" [{j}]"
        path = canonical_json(["sample", j])
        db.execute(
            "INSERT INTO samples (context, path, text, token_ids, finish_reason, engine) "
            "VALUES (?, ?, ?, ?, 'stop', 1)",
            (i, path, text, bytes(4 * TOKENS)),
        )
        scores = {}
        for k, judge in enumerate(NAMES):
            values = np.clip(rng.normal(0.65 if label == 0 else 0.45, 0.2, STEPS), 0.001, 0.999)
            key = score_key(f"f{k}", False, f"math/{name}", Question(name, question), Candidate((), text))
            db.execute(
                "INSERT INTO scores VALUES (?, ?, ?, ?)", (key, judge, json.dumps(values.tolist()), TOKENS + 100)
            )
            scores[f"{judge}:last"] = float(values[-1])
        answer = None if label < 0 else "42" if label == 0 else str(label)
        db.execute(
            "INSERT INTO candidates (cell, idx, samples, answer, class, correct, finished, output_tokens, scores) "
            "VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)",
            (i, j, f"[[{i},{path}]]", answer, label, int(label == 0), TOKENS, canonical_json(scores)),
        )


def _info(problems: int, samples: int) -> dict[str, object]:
    return {
        "format": 2,
        "tts": tts.__version__,
        "model": {"name": "made-up", "fingerprint": "f00"},
        "plan": [
            {"strategy": "best_of_n", "setting": "{}", "independent": True,
             "n": [2**e for e in range(samples.bit_length())]}
        ],
        "seeds": [0],
        "selectors": ["first", "majority", "best", "weighted", "oracle"],
        "verifiers": [f"{name}:last" for name in NAMES],
        "judges": {name: {"fingerprint": f"f{k}", "reads_tokens": False} for k, name in enumerate(NAMES)},
        "benchmarks": {"math": {"source": "made up", "revision": None, "problems": problems}},
        "config": {"model": "made-up"},
        "sessions": [],
    }  # fmt: skip


if __name__ == "__main__":
    main()
