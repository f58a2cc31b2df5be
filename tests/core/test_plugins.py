"""A user's package adds a strategy and a verifier from outside: the example of docs/plugins.md, installed."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which the example is installed, by pip and without a network."""
    place = tmp_path_factory.mktemp("plugin")
    shutil.copytree(EXAMPLE, place / "source")  # building writes beside the source
    target = place / "site"
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    subprocess.run([*pip, "--target", target, place / "source"], check=True, timeout=120)
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(target), str(ROOT)))}


def call(environment: dict[str, str], place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tts.cli", *arguments]
    return subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, timeout=120)


def test_the_example_sweep_runs_with_the_plugins_strategy_and_verifier(installed, tmp_path):
    done = call(installed, tmp_path, "run", str(EXAMPLE / "sweep.yaml"), "--out", "new")
    assert done.returncode == 0, done.stderr
    assert "18 cells done" in done.stdout, "6 problems x (two budgets of the plug-in's, one of best_of_n)"
    with sqlite3.connect(tmp_path / "new" / "journal.sqlite") as db:
        sizes = db.execute(
            "SELECT c.n, count(*) FROM candidates d JOIN cells c ON c.id = d.cell "
            "WHERE c.strategy = 'best_of_two_rounds' GROUP BY c.id"
        ).fetchall()
        finished = db.execute("SELECT min(finished), min(json_extract(scores, '$.\"brevity:last\"')) FROM candidates")
        all_finished, least = finished.fetchone()
    assert sorted(sizes) == [(4, 2)] * 6 + [(8, 4)] * 6, "half of the beginnings are finished"
    assert all_finished == 1
    assert 0 < least < 1
    report = call(installed, tmp_path, "report", "new")
    assert report.returncode == 0, report.stderr
    table = (tmp_path / "new" / "report" / "curves.csv").read_text()
    assert "best_of_two_rounds" in table and "brevity:last" in table


def test_list_shows_the_plugins_beside_the_built_in_ones(installed, tmp_path):
    strategies = call(installed, tmp_path, "list", "strategies").stdout
    verifiers = call(installed, tmp_path, "list", "verifiers").stdout
    assert re.search(r"^best_of_two_rounds +Begin n answers", strategies, re.M)
    assert re.search(r"^brevity +Prefers short answers", verifiers, re.M)
    options = call(installed, tmp_path, "list", "strategies", "best_of_two_rounds").stdout
    assert "share (default 0.5): How many of the beginnings are finished." in options


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("verifiers.0.half=none", "verifiers[0].half: found 'none', expected a number of words above 0"),
        ("verifiers.0.hlaf=1", "brevity has no option 'hlaf'; expected half"),
        ("strategies.0.share=0.1", "found 4, of which a share of 0.1 leaves none; 10 would do"),
    ],
)
def test_a_wrong_option_of_a_plugin_is_one_line(installed, tmp_path, assignment, said):
    done = call(installed, tmp_path, "run", str(EXAMPLE / "sweep.yaml"), "--out", "new", "--set", assignment)
    assert done.returncode == 2
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_the_code_in_the_docs_is_the_examples():
    source = "".join(f.read_text() for f in [EXAMPLE / "pyproject.toml", *sorted(EXAMPLE.glob("tts_example/*.py"))])
    blocks = re.findall(r"```(?:python|toml)\n(.*?)```", (ROOT / "docs" / "plugins.md").read_text(), re.S)
    assert len(blocks) == 3
    for block in blocks:
        assert block.strip() in source, f"not in examples/plugin:\n{block}"
