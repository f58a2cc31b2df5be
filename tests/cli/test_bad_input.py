"""Whatever a user gets wrong: exit code 2 and one line that says where, what was found and what to do instead."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import yaml

GOOD = """\
model: simulated
benchmarks: arith:levels=1-2,per_level=2
strategies:
  - name: best_of_n
    n: [1, 2]
"""
FLAGS = "run --model simulated --benchmark arith:levels=1-2,per_level=2 --strategy best_of_n --n 1,2"
MINE = "from tts.core import Strategy\n"

FILES: dict[str, str | bytes] = {
    "good.yaml": GOOD,
    "half.yaml": "model: simulated\nbenchmarks: [arith\nstrategies:",
    "cut.yaml": "model: simulated\nbenchm",
    "list.yaml": "- model: simulated\n",
    "word.yaml": "hello\n",
    "empty.yaml": "",
    "binary.yaml": bytes(range(256)),
    "nul.yaml": b"model: \x00",
    "two.yaml": f"{GOOD}---\n{GOOD}",
    "twice.yaml": f"{GOOD}model: simulated\n",
    "code.yaml": "model: !!python/object/apply:os.getcwd []\n",
    "broken.jsonl": '{"problem": "1+1", "answer": "2"}\n{"problem": "1+\n',
    "anwser.jsonl": '{"problem": "1+1", "anwser": "2"}\n',
    "data/math500.jsonl": '{"problem": "1+1", "answer": "2"}\n[1]\n',
    "a_file": "x",
    "other/readme": "x",
    "plain.py": "class Mine:\n    pass\n\nnumber = 1\n",
    "syntax.py": "class Mine(:\n",
    "raises.py": "1 / 0\n",
    "abstract.py": f"{MINE}\nclass Mine(Strategy):\n    pass\n",
}

SWEEP_FILES = [
    ("half.yaml", "half.yaml:3: is not valid YAML"),
    ("cut.yaml", "cut.yaml:2: is not valid YAML"),
    ("list.yaml", "list.yaml: found a list, expected a mapping with model, benchmarks and strategies"),
    ("word.yaml", "word.yaml: found text, expected a mapping"),
    ("empty.yaml", "empty.yaml: found nothing, expected a mapping"),
    ("binary.yaml", "binary.yaml: is not text in UTF-8"),
    ("nul.yaml", "nul.yaml: is not valid YAML"),
    ("two.yaml", "two.yaml:6: is not valid YAML"),
    ("twice.yaml", "twice.yaml:6: is not valid YAML ('model' is written twice)"),
    ("code.yaml", "code.yaml:1: is not valid YAML"),
    ("god.yaml", "god.yaml: no such sweep file (did you mean 'good.yaml'?)"),
    ("nowhere/x.yaml", "nowhere/x.yaml: no such sweep file; there is no folder nowhere"),
    ("other", "other: is a directory, expected a sweep file in YAML; `tts run --out other` takes up a run"),
]

FIELDS = [
    ("sellectors=[majority]", "sellectors: unknown field (did you mean 'selectors'?)"),
    ("sampling.temprature=0.5", "sampling.temprature: unknown field (did you mean 'temperature'?)"),
    ("sampling.temperature=-1", "sampling.temperature: found -1, expected at least 0"),
    ("sampling.temperature=.nan", "sampling.temperature: found nan, expected a finite number"),
    ("sampling.temperature=hot", "sampling.temperature: found 'hot', expected a number"),
    ("sampling.top_p=2", "sampling.top_p: found 2, expected at most 1"),
    ("sampling.top_p=0", "sampling.top_p: found 0, expected more than 0"),
    ("sampling.max_tokens=1.5", "sampling.max_tokens: found 1.5, expected a whole number"),
    ("sampling=3", "sampling: found 3, expected a mapping with temperature, top_p"),
    ("prompt.template=hello", "good.yaml with the flags: prompt.template: 'hello' has no {question}"),
    ("prompt.few_shot=-1", "prompt.few_shot: found -1, expected at least 0"),
    ("prompt.few_shot=500", "prompt.few_shot: found 500, but benchmark arith"),
    ("prompt.chat=perhaps", "prompt.chat: found 'perhaps', expected true or false"),
    ("selectors=[majorty]", "selectors[0]: unknown selector 'majorty' (did you mean 'majority'?)"),
    ("engine=3", "engine: found 3, expected a mapping"),
    ("engine.alhpa=1", "'alhpa' (did you mean 'alpha'?)"),
    (
        "benchmarks=[{name: arith, answer_forms: [bx]}]",
        "benchmarks[0].answer_forms: unknown form 'bx' (did you mean 'box'?)",
    ),
    ("benchmarks=[{name: arith, answer_forms: []}]", "benchmarks[0].answer_forms: found none, expected some of box"),
    ("benchmarks=[{name: hanoi, answer_forms: box}]", "benchmarks[0].answer_forms: hanoi has rules of its own"),
    ("benchmarks=[{name: arith, answer_form: box}]", "unknown field (did you mean 'answer_forms'?)"),
    ("grading.think_tags=[[<a>]]", "grading.think_tags[0][1]: missing"),
    ("grading.think_tags=[['', </a>]]", "grading.think_tags[0][0]: found '', expected at least 1 character(s)"),
    ("grading.think_tags=<a>", "grading.think_tags: found '<a>', expected a list"),
    ("grading.workers=0", "grading.workers: found 0, expected at least 1"),
    ("seeds=x", "seeds[0]: found 'x', expected a whole number"),
    ("limit=0", "limit: found 0, expected at least 1"),
    ("model=", "model: found nothing, expected text"),
    ("strategies=[]", "strategies: found [], expected a list of 1 or more"),
    ("strategies=[3]", "strategies[0]: found 3, expected a mapping with name, n"),
    ("strategies=[{n: 3}]", "strategies[0].name: missing"),
    ("strategies.0.n=abc", "strategies[0].n[0]: found 'abc', expected a whole number"),
    ("strategies.0.n=[2, 0]", "strategies[0].n[1]: found 0, expected at least 1"),
    ("strategies.0.n=99999999999999999999", "strategies[0].n[0]: found 99999999999999999999, expected at most 1000000"),
    ("strategies.0.n=", "strategies[0].n: missing; expected the budgets of best_of_n, for instance n: [1, 4, 16]"),
    ("strategies.0.temperature=-1", "strategies[0] (best_of_n): temperature: found -1.0, expected at least 0"),
    ("strategies.0.temperature=0", "strategies[0].n: found 2 with temperature 0"),
    ("strategies.0.temprature=1", "temprature: unknown field (did you mean 'temperature'?)"),
    ("strategies.7.n=1", "--set: 'strategies.7.n' leads nowhere"),
    ("model.x=1", "--set: 'model.x' leads nowhere"),
    ("nonsense", "--set: found 'nonsense', expected KEY=VALUE"),
    ("a..b=1", "--set: found 'a..b=1', expected KEY=VALUE"),
    ("sampling.stop=[a", "--set sampling.stop: found '[a', expected a value in YAML"),
]

COMMANDS = [
    ("lst", "unknown command 'lst' (did you mean 'list'?)"),
    ("run", "nothing to run: give a sweep file"),
    ("run --modle x", "'--modle'. Did you mean '--model'?"),
    ("run good.yaml more", "unexpected extra argument (more); see `tts run --help`"),
    ("run --model simulated", "benchmarks, strategies: missing"),
    ("run good.yaml --n 1,x", "--n: found '1,x', expected whole numbers"),
    ("run good.yaml --n 0", "--n: found '0', expected whole numbers of at least 1"),
    ("run good.yaml --n ''", "--n: found '', expected whole numbers"),
    ("run good.yaml --limit 0", "'--limit': 0 is not in the range"),
    ("run good.yaml --seed x", "'--seed': 'x' is not a valid integer"),
    ("run good.yaml --model simulatd", "model: found 'simulatd'"),
    ("run good.yaml --model simulatd", "(did you mean 'simulated'?)"),
    ("run good.yaml --model Org/Name", "(did you mean 'vllm/Org/Name'?)"),
    ("run good.yaml --model simulated:aplha=1", "no option 'aplha' (did you mean 'alpha'?)"),
    ("run good.yaml --model simulated:alpha=x", "alpha: found 'x'"),
    ("run good.yaml --model simulated:alpha", "found 'alpha' in 'simulated:alpha', expected KEY=VALUE"),
    ("run good.yaml --benchmark mth500", "unknown benchmark 'mth500' (did you mean 'math500'?)"),
    ("run good.yaml --benchmark arith:level=3", "found 'level=3' (did you mean 'levels'?)"),
    ("run good.yaml --benchmark jsonl", "jsonl needs PATH after a colon"),
    ("run good.yaml --benchmark jsonl:none.jsonl", "no file none.jsonl"),
    ("run good.yaml --benchmark jsonl:broken.jsonl", "broken.jsonl:2: not JSON"),
    ("run good.yaml --benchmark jsonl:anwser.jsonl", "anwser.jsonl:1: no field 'answer' (did you mean 'anwser'?)"),
    ("run good.yaml --benchmark math500 --data-dir data", "data/math500.jsonl:2: found a list"),
    ("run good.yaml --benchmark gsm8k --data-dir data", "no file data/gsm8k_test.jsonl"),
    ("run good.yaml --benchmark gsm8k --data-dir nowhere", "--data-dir: nowhere is no folder"),
    ("run good.yaml --strategy best_of", "unknown strategy 'best_of' (did you mean 'best_of_n'?)"),
    ("run good.yaml --strategy best_of --n 4", "unknown strategy 'best_of' (did you mean 'best_of_n'?)"),
    ("run good.yaml --strategy plain.py:Mine", "expected a subclass of tts.core.Strategy"),
    ("run good.yaml --strategy plain.py:number", "is a value of type int, expected a subclass of tts.core.Strategy"),
    ("run good.yaml --strategy plain.py:Absent", "there is no 'Absent' in plain.py"),
    ("run good.yaml --strategy syntax.py:Mine --n 2", "'syntax.py:Mine' cannot be imported: SyntaxError"),
    ("run good.yaml --strategy raises.py:Mine", "'raises.py:Mine' cannot be imported: ZeroDivisionError"),
    ("run good.yaml --strategy none.py:Mine", "no file none.py"),
    ("run good.yaml --strategy abstract.py:Mine --n 2", "has no `async def solve(self, question, n, tools)`"),
    ("run --out nowhere", "--out: nowhere holds no run to take up"),
    (f"{FLAGS} --out a_file", "--out: a_file is a file; name a directory"),
    (f"{FLAGS} --out a_file/x", "--out: a_file/x cannot be written"),
    (f"{FLAGS} --out other", "--out: other holds 'readme' and is no run directory"),
    (
        "run good.yaml --set verifiers=[confidence]",
        "'confidence' reads log-probabilities, and a simulated engine has none; leave it out",
    ),
    ("report", "Missing argument 'RUN...'; see `tts report --help`"),
    ("report nowhere", "nowhere"),
    ("report other", "other is not a run directory"),
    ("report a_file", "expected a run directory at a_file, found a file"),
    ("export nowhere", "nowhere"),
    ("export other --to csv", "'csv' is not one of 'jsonl', 'parquet'"),
    ("show-prompt --model simulated --benchmark arith --problem x", "arith has no problem 'x'; its ids are like '01-"),
    ("list things", "'things' is not one of 'strategies'"),
    ("list strategies best", "unknown strategy 'best' (did you mean 'best_of_n'?)"),
    ("list engines vllm", "takes no name"),
]

LOCAL_MODELS = [
    ("vllm", "without a model, expected vllm/ORG/NAME or vllm/PATH"),
    ("vllm/", "without a model, expected vllm/ORG/NAME or vllm/PATH"),
    ("vllm/./nowhere", "there is no folder ./nowhere"),
    ("vllm//nowhere/model", "there is no folder /nowhere/model"),
    ("vllm/other", "other is a folder without config.json"),
    ("vllm/org/name", "vllm/org/name is neither a folder here nor to be had from the model hub"),
]


@pytest.fixture(autouse=True)
def files(place: Path) -> list[Path]:
    """The table's files; nothing may be added to them by a mistake."""
    for name, content in FILES.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return everything(place)


def everything(place: Path) -> list[Path]:
    """All that lies there, but for caches and the empty folder that new runs go to."""
    found = (p for p in place.rglob("*") if not {"__pycache__", "no-cache"} & set(p.parts))
    return sorted(p for p in found if p != place / "runs")


def refused(result, expected: str) -> None:
    assert result.code == 2, result
    assert result.err.count("\n") == 1, "exactly one line on standard error"
    assert result.err.startswith("tts: ")
    assert expected in result.err
    assert result.out == ""


@pytest.mark.parametrize(("file", "expected"), SWEEP_FILES, ids=[f for f, _ in SWEEP_FILES])
def test_a_bad_sweep_file_is_refused_with_its_name_and_line(tts, place, files, file, expected):
    refused(tts("run", file), f"tts: {expected}")
    assert everything(place) == files


@pytest.mark.parametrize(("assignment", "expected"), FIELDS, ids=[a for a, _ in FIELDS])
def test_a_bad_field_is_refused_with_its_name_and_what_was_expected(tts, place, files, assignment, expected):
    refused(tts("run", "good.yaml", "--set", assignment, "--out", "new"), expected)
    assert everything(place) == files


@pytest.mark.parametrize("assignment", ["sampling.temprature=0.5", "strategies.0.temprature=1"])
def test_a_field_in_a_file_is_named_with_that_file_and_not_with_the_run_directory(tts, place, assignment):
    data = yaml.safe_load(GOOD)
    if assignment.startswith("sampling"):
        data["sampling"] = {"temprature": 0.5}
    else:
        data["strategies"][0]["temprature"] = 1
    (place / "mine.yaml").write_text(yaml.safe_dump(data))
    refused(tts("run", "mine.yaml", "--out", "new"), "tts: mine.yaml: s")


@pytest.mark.parametrize(("line", "expected"), COMMANDS, ids=[c for c, _ in COMMANDS])
def test_a_bad_call_is_refused_and_leaves_no_trace(tts, place, files, line, expected):
    refused(tts(*shlex.split(line)), expected)
    assert everything(place) == files


@pytest.mark.parametrize(("model", "expected"), LOCAL_MODELS, ids=[m for m, _ in LOCAL_MODELS])
def test_a_model_that_is_not_there_is_refused_before_an_engine_starts(tts, place, files, model, expected):
    pytest.importorskip("vllm", reason="without vLLM the refusal is about that")
    refused(tts("run", "good.yaml", "--model", model, "--out", "new"), expected)
    assert everything(place) == files


def test_a_benchmark_that_the_hub_does_not_yield_names_the_local_way_out(tts, place, files):
    result = tts("run", "good.yaml", "--benchmark", "math500", "--out", "new")
    refused(result, "benchmark: math500 cannot be loaded from the hub")
    assert "TTS_DATA_DIR" in result.err
    assert everything(place) == files


@pytest.mark.parametrize("where", ["/proc/new", "/proc/self/new/run"])
def test_a_place_that_nobody_can_write_to_is_refused(tts, where):
    refused(tts(*shlex.split(FLAGS), "--out", where), f"--out: {where} cannot be written")


def test_an_export_that_cannot_be_written_is_refused(tts):
    assert tts("run", "good.yaml", "--out", "new").code == 0
    for kind in ("jsonl", "parquet"):
        refused(tts("export", "new", "--to", kind, "--out", "nowhere/file"), "--out: nowhere/file cannot be written")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("--model", "simulated:alpha=1"), "model was 'simulated' when the run was made, is 'simulated:alpha=1' now"),
        (("--set", "sampling.temperature=0.5"), "sampling.temperature was 0.8 when the run was made, is 0.5 now"),
        (("--set", "prompt.instruction=Go"), "prompt.instruction was None when the run was made, is 'Go' now"),
    ],
    ids=["model", "sampling", "prompt"],
)
def test_a_run_directory_of_another_sweep_is_refused_and_stays_as_it_was(tts, place, change, expected):
    assert tts("run", "good.yaml", "--out", "new").code == 0
    before = (place / "new" / "config.yaml").read_bytes()
    result = tts("run", "good.yaml", "--out", "new", *change)
    refused(result, expected)
    assert "--out" in result.err
    assert (place / "new" / "config.yaml").read_bytes() == before


def test_a_long_value_is_cut_in_the_message(tts):
    result = tts("run", "good.yaml", "--set", f"limit={'x' * 5000}")
    refused(result, "limit: found 'xxx")
    assert len(result.err) < 300
