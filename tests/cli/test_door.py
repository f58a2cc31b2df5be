"""What the command line does when nothing is wrong: it starts fast, lists what there is and says where things are."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import yaml

from tts import __version__
from tts.benchmarks import BENCHMARKS
from tts.core import SELECTORS
from tts.engines import ENGINES
from tts.strategies import STRATEGIES

NAMES = {
    "strategies": STRATEGIES.names(),
    "selectors": list(SELECTORS),
    "benchmarks": BENCHMARKS.names(),
    "engines": ENGINES.names(),
}
COMMANDS = (
    *("run", "report", "score", "list", "show-prompt", "export", "import"),
    *("verify-steps", "compare", "optimal", "allocate", "cost"),
)

LOADED = """
import sys
from tts.cli import main
try:
    main(["--help"])
finally:
    print(*sys.modules, file=sys.stderr)
"""

STRATEGY = '''\
from tts.core import Candidate, Strategy


class UntilAgreed(Strategy):
    """Ask until two answers have the same last line, at most n times."""

    patience: int = 2
    """Equal last lines that end the asking."""

    async def solve(self, question, n, tools):
        candidates = []
        for i in range(n):
            (answer,) = await tools.sample(1, path=("ask", i))
            candidates.append(Candidate.of(answer))
            last = [c.text.splitlines()[-1:] for c in candidates]
            if last.count(last[-1]) >= self.patience:
                break
        return candidates
'''


def test_help_loads_neither_torch_nor_vllm_nor_anything_else_that_is_slow():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert "show-prompt" in done.stdout
    loaded = set(done.stderr.split())
    assert "tts.cli.run" in loaded
    heavy = {"torch", "vllm", "transformers", "sympy", "datasets", "numpy", "pydantic", "matplotlib"}
    assert not loaded & heavy


def test_the_module_is_the_same_command():
    done = subprocess.run([sys.executable, "-m", "tts.cli", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"tts, version {__version__}\n"
    assert done.stderr == ""


def test_the_bare_command_shows_the_help(tts):
    bare = tts()
    assert (bare.code, bare.err) == (0, "")
    assert bare.out == tts("--help").out
    for command in COMMANDS:
        assert re.search(rf"^  {command} .*\.$", bare.out, re.M), "one whole line, not cut by an ellipsis"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_says_what_it_is_for(tts, command):
    result = tts(command, "--help")
    assert (result.code, result.err) == (0, "")
    options = re.findall(r"^  (-[^\n]*)\n?(\s{10,}\S)?", result.out, re.M)
    assert options
    for line, below in options:
        assert below or re.search(r"\S  +\S", line), f"{line} has no help"


@pytest.mark.parametrize("kind", NAMES)
def test_list_shows_every_registered_name_with_a_line_about_it(tts, kind):
    result = tts("list", kind)
    assert (result.code, result.err) == (0, "")
    rows = dict(line.split(maxsplit=1) for line in result.out.splitlines())
    assert [name.split(":")[0] for name in rows] == NAMES[kind]
    assert all(rows.values())


def test_list_marks_the_selector_that_sees_the_reference(tts):
    rows = tts("list", "selectors").out.splitlines()
    assert [row.split()[0] for row in rows if row.endswith("(oracle)")] == ["oracle"]


def test_list_shows_the_options_of_a_strategy_of_ones_own(tts, place):
    (place / "agreed.py").write_text(STRATEGY)
    result = tts("list", "strategies", "agreed.py:UntilAgreed")
    assert result.code == 0
    assert "patience (default 2): Equal last lines that end the asking." in result.out


def test_show_prompt_prints_the_prompt_alone_with_its_braces(tts, place):
    problem = r"Let $S=\{x : x^{2}<2\}$ and {question} or {instruction} a mere word. What is $\frac{1}{|S|}$?"
    (place / "own.jsonl").write_text(json.dumps({"id": "braces", "problem": problem, "answer": "0"}))
    result = tts("show-prompt", "--model", "simulated", "--benchmark", "jsonl:own.jsonl")
    assert result.code == 0
    assert problem in result.out
    assert r"\boxed{}" in result.out
    assert result.err.startswith("# jsonl:own.jsonl/braces: ")
    assert result.out.endswith("<assistant>\n\n")
    assert [p.name for p in place.iterdir()] == ["own.jsonl"], "it makes no run"


def test_show_prompt_shows_what_the_run_then_sends(tts, place, small):
    flags = (*small, "--n", "1", "--set", "prompt.system=Be brief.", "--set", "prompt.few_shot=2")
    shown = tts("show-prompt", *flags, "--problem", "02-001").out
    assert shown.count("<user>") == 3
    assert shown.startswith("<system>\nBe brief.")
    assert tts("run", *flags, "--out", "new").code == 0
    assert sent(place, "02-001") == shown.removesuffix("\n")


def sent(place, problem):
    import sqlite3

    with sqlite3.connect(place / "new" / "journal.sqlite") as db:
        return db.execute("SELECT prompt FROM problems WHERE problem = ?", (problem,)).fetchone()[0]


def test_real_problems_from_a_data_folder(tts, shared_data, monkeypatch):
    flags = ("--model", "simulated", "--benchmark", "math500", "--strategy", "greedy", "--limit", "3")
    folder = str(shared_data / "benchmarks")
    by_flag = tts("show-prompt", *flags, "--data-dir", folder)
    monkeypatch.setenv("TTS_DATA_DIR", folder)
    assert tts("show-prompt", *flags) == by_flag
    assert "$(0,3)$" in by_flag.out
    assert "3 cells done; 3 samples drawn" in tts("run", *flags, "--out", "new").out


def test_flags_override_the_file_and_set_overrides_the_flags(tts, place):
    sweep = {
        "model": "simulated",
        "benchmarks": [{"name": "arith:levels=1-2,per_level=2", "limit": 4}],
        "strategies": ["best_of_n", "greedy"],
        "seeds": 7,
    }
    (place / "sweep.yaml").write_text(yaml.safe_dump(sweep))
    result = tts(
        *("run", "sweep.yaml", "--out", "new", "--model", "simulated:seed=5", "--n", "1,3", "--limit", "2"),
        *("--seed", "1", "--seed", "2", "--set", "sampling.top_p=0.9", "--set", "strategies.0.n=[2]"),
    )
    assert result.code == 0, result.err
    config = yaml.safe_load((place / "new" / "config.yaml").read_text())
    assert config["model"] == "simulated:seed=5"
    assert config["seeds"] == [1, 2]
    assert config["sampling"]["top_p"] == 0.9
    assert [(s["name"], s["n"]) for s in config["strategies"]] == [("best_of_n", [2]), ("greedy", None)]
    assert result.out.startswith("8 cells done; 12 samples drawn;"), "2 problems x 2 seeds x (2 samples, 1 greedy)"


def test_a_strategy_of_ones_own_runs_and_is_reported_by_its_name(tts, place):
    (place / "agreed.py").write_text(STRATEGY)
    flags = ("--model", "simulated", "--benchmark", "arith:levels=1,per_level=3", "--strategy", "agreed.py:UntilAgreed")
    result = tts("run", *flags, "--n", "4", "--set", "strategies.0.patience=3", "--out", "new")
    assert result.code == 0, result.err
    assert "3 cells done" in result.out
    plan = json.loads((place / "new" / "run.json").read_text())["plan"]
    ((strategy, setting, n),) = [(p["strategy"], json.loads(p["setting"]), p["n"]) for p in plan]
    assert (strategy, setting["patience"], n) == ("agreed.py:UntilAgreed", 3, [4])
    assert set(setting) == {"patience", "source"}
