"""Problems from the hub: against the real column names of each data set, and against a small hub on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import pytest

from tts.benchmarks import get_benchmark
from tts.core import Problem, Question, UsageError

COMMIT = "0123456789abcdef0123456789abcdef01234567"

ROWS: list[tuple[str, tuple[Any, ...], dict[str, Any], Problem]] = [
    (
        "math500",
        ("HuggingFaceH4/MATH-500", None, "test"),
        {
            "problem": "p",
            "solution": "s",
            "answer": "a",
            "subject": "Algebra",
            "level": 2,
            "unique_id": "test/x/1.json",
        },
        Problem(Question("test/x/1.json", "p", "Algebra", "2"), "a", "s"),
    ),
    (
        "math",
        ("EleutherAI/hendrycks_math", "algebra", "test"),
        {"problem": "p", "level": "Level 4", "type": "Algebra", "solution": r"\boxed{1} so $\boxed{\frac{1}{2}}.$"},
        Problem(
            Question("math_test/algebra/0", "p", "Algebra", "4"), r"\frac{1}{2}", r"\boxed{1} so $\boxed{\frac{1}{2}}.$"
        ),
    ),
    (
        "aime24",
        ("HuggingFaceH4/aime_2024", None, "train"),
        {
            "id": 62,
            "problem": "p",
            "solution": "s",
            "answer": "025",
            "url": "https://artofproblemsolving.com/wiki/index.php/2024_AIME_II_Problems/Problem_4",
            "year": "2024",
        },
        Problem(Question("aime2024/II/4", "p"), "025", "s"),
    ),
    (
        "aime25",
        ("MathArena/aime_2025", None, "train"),
        {"problem_idx": 16, "problem": "p", "answer": 468, "problem_type": ["Geometry"]},
        Problem(Question("aime2025/II/1", "p"), "468"),
    ),
    (
        "aime26",
        ("MathArena/aime_2026", None, "train"),
        {"problem_idx": 15, "problem": "p", "answer": 70},
        Problem(Question("aime2026/I/15", "p"), "70"),
    ),
    (
        "amc23",
        ("math-ai/amc23", None, "test"),
        {"id": 7, "answer": 27.0, "url": "u", "question": "p"},
        Problem(Question("amc2023/7", "p"), "27"),
    ),
    (
        "gsm8k",
        ("openai/gsm8k", "main", "test"),
        {"question": "p", "answer": "2 * 5 = <<2*5=10>>10\n#### 1,010"},
        Problem(Question("gsm8k/test/0", "p"), "1,010", "2 * 5 = <<2*5=10>>10\n#### 1,010"),
    ),
    (
        "minerva",
        ("math-ai/minervamath", None, "test"),
        {"question": "p", "answer": "4.5e33"},
        Problem(Question("minerva_math/0", "p"), "4.5e33"),
    ),
    (
        "olympiadbench",
        ("Hothan/OlympiadBench", "OE_TO_maths_en_COMP", "train"),
        {
            "id": 1606,
            "question": "p",
            "solution": ["s", "t"],
            "final_answer": ["$1$, $2$"],
            "context": None,
            "is_multiple_answer": True,
            "unit": None,
            "answer_type": "Numerical",
            "error": None,
            "subfield": "Combinatorics",
            "subject": "Math",
        },
        Problem(Question("olympiadbench/1606", "p", "Combinatorics"), "$1$, $2$", "s\n\nt"),
    ),
    (
        "hmmt25",
        ("MathArena/hmmt_feb_2025", None, "train"),
        {"problem_idx": 3, "problem": "p", "answer": r"\frac{1}{576}", "problem_type": ["Algebra", "Geometry"]},
        Problem(Question("hmmt_feb_2025/3", "p", "Algebra, Geometry"), r"\frac{1}{576}"),
    ),
]


class Info:
    sha = COMMIT


@pytest.mark.parametrize(("name", "asked", "row", "problem"), ROWS, ids=[r[0] for r in ROWS])
def test_the_columns_of_each_data_set_become_a_problem(
    name: str, asked: tuple[Any, ...], row: dict[str, Any], problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def load_dataset(path: str, config: str | None, *, split: str, revision: str) -> datasets.Dataset:
        calls.append((path, config, split))
        assert revision == COMMIT
        return datasets.Dataset.from_list([row])

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", lambda *_, **__: Info())
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    loaded = get_benchmark(name).load()
    assert calls[0] == asked
    assert loaded.problems[0] == problem
    assert (loaded.source, loaded.revision) == (asked[0], COMMIT)
    assert len(calls) == len(loaded.problems) == (7 if name == "math" else 1)


@pytest.mark.parametrize("name", [r[0] for r in ROWS])
def test_hub_and_local_file_give_a_problem_the_same_form_of_id(
    name: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {row[0]: row[3].id for row in ROWS}[name]
    local = get_benchmark(name).load(data_dir=shared_data / "benchmarks").problems
    if name != "math500":  # whose made-up row above is in no file
        assert expected in {p.id for p in local}


def test_a_hub_row_without_an_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"question": "p", "answer": "no mark"}
    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", lambda *_, **__: Info())
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: datasets.Dataset.from_list([row]))
    with pytest.raises(UsageError, match=r"openai/gsm8k main row 0: is no row as openai/gsm8k"):
        get_benchmark("gsm8k").load()


@pytest.mark.parametrize(("name", "asked", "row", "problem"), ROWS, ids=[r[0] for r in ROWS])
def test_a_local_file_may_have_the_hubs_own_columns(
    name: str, asked: tuple[Any, ...], row: dict[str, Any], problem: Problem, tmp_path: Path
) -> None:
    """A line as the hub's data set writes it, among lines with the common fields: the same problem, the same id."""
    common = {"id": "own", "problem": "1+1?", "answer": "2"}
    file = tmp_path / str(get_benchmark(name).filename)
    file.write_text("".join(json.dumps(line) + "\n" for line in (row, common)))
    assert get_benchmark(name).load(data_dir=tmp_path).problems == (problem, Problem(Question("own", "1+1?"), "2"))


def test_a_local_file_of_all_subjects_of_math_counts_each_by_itself(tmp_path: Path) -> None:
    lines = [("Algebra", 1), ("Algebra", 2), ("Counting & Probability", 3), ("Algebra", 4)]
    rows = [{"problem": f"{n}?", "level": "Level 1", "type": t, "solution": rf"\boxed{{{n}}}"} for t, n in lines]
    (tmp_path / "math_test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    problems = get_benchmark("math").load(data_dir=tmp_path).problems
    subjects = ["algebra/0", "algebra/1", "counting_and_probability/0", "algebra/2"]
    assert [(p.id, p.answer) for p in problems] == [
        (f"math_test/{s}", str(n)) for s, (_, n) in zip(subjects, lines, strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("gsm8k", {"question": "p", "answer": "18"}, ["gsm8k_test.jsonl:1: is no row as openai/gsm8k", "no ####"]),
        ("gsm8k", {"question": "p", "answer": None}, ["gsm8k_test.jsonl:1: is no row as openai/gsm8k"]),
        ("math", {"problem": "p", "type": "Magic", "solution": "s", "level": "1"}, ["math_test.jsonl:1", "'Magic'"]),
        ("amc23", {"id": 1, "question": "p", "answer": None}, ["amc2023.jsonl:1: answer is null"]),
        ("olympiadbench", {"id": 1, "question": "p", "final_answer": [3]}, ["en_comp.jsonl:1: is no row as Hothan"]),
        ("aime25", {"problem_idx": "x", "problem": "p", "answer": 1}, ["aime2025.jsonl:1: is no row as MathArena"]),
        ("gsm8k", {"question": "p"}, ["gsm8k_test.jsonl:1: no field 'problem'", "own columns question, answer"]),
    ],
)
def test_a_broken_local_row_of_the_hubs_form_gets_one_line(
    name: str, row: dict[str, Any], said: list[str], tmp_path: Path
) -> None:
    (tmp_path / str(get_benchmark(name).filename)).write_text(json.dumps(row) + "\n")
    with pytest.raises(UsageError) as caught:
        get_benchmark(name).load(data_dir=tmp_path)
    assert "\n" not in str(caught.value)
    for part in said:
        assert part in str(caught.value)


CARD = "---\nconfigs:\n- config_name: main\n  data_files:\n  - split: test\n    path: main/test.jsonl\n---\n"
FILES = {
    "README.md": CARD.encode(),
    "main/test.jsonl": json.dumps({"question": "Q {x}?", "answer": "so\n#### 1,234"}).encode() + b"\n",
}


class SmallHub(BaseHTTPRequestHandler):
    """As much of the hub's interface as one public data set needs."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if "/resolve/" in path:
            file = path.partition("/resolve/")[2].partition("/")[2]
            if file in FILES:
                self.answer(FILES[file], X_Repo_Commit=COMMIT, ETag=f'"{blob(file)["oid"]}"')
            else:
                self.answer(b"", 404, X_Error_Code="EntryNotFound")
        elif "/tree/" in path:
            folder = path.partition("/tree/")[2].partition("/")[2]
            self.answer(json.dumps([blob(f) for f in FILES if f.startswith(folder)]).encode())
        elif path.startswith("/api/datasets/openai/gsm8k"):
            info = {"id": "openai/gsm8k", "sha": COMMIT, "private": False, "tags": [], "downloads": 1, "likes": 1}
            self.answer(json.dumps({**info, "siblings": [{"rfilename": f} for f in FILES]}).encode())
        else:
            self.answer(b"{}", 404, X_Error_Code="RepoNotFound")

    do_HEAD = do_GET


def blob(file: str) -> dict[str, Any]:
    data = FILES[file]
    oid = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    return {"type": "file", "path": file, "size": len(data), "oid": oid}


@pytest.fixture
def small_hub() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), SmallHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def load_in_a_new_process(name: str, **environment: str) -> dict[str, Any]:
    """What ``load`` gives or says; the hub's libraries read their environment once, at import."""
    code = (
        "import json, sys; from tts.benchmarks import get_benchmark; from tts.core import UsageError\n"
        "try: loaded = get_benchmark(sys.argv[1]).load()\n"
        "except UsageError as error: print(json.dumps({'error': str(error)}))\n"
        "else: print(json.dumps({'answer': loaded.problems[0].answer, 'revision': loaded.revision}))\n"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", code, name],
        env=clean | environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_a_data_set_is_downloaded_once_and_then_found_offline_with_its_commit(
    small_hub: ThreadingHTTPServer, tmp_path: Path
) -> None:
    endpoint = f"http://127.0.0.1:{small_hub.server_port}"
    expected = {"answer": "1,234", "revision": COMMIT}
    assert load_in_a_new_process("gsm8k", HF_ENDPOINT=endpoint, HF_HOME=str(tmp_path)) == expected
    assert (tmp_path / "datasets").is_dir()
    assert load_in_a_new_process("gsm8k", HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path)) == expected
    unreachable = "http://127.0.0.1:9"
    assert load_in_a_new_process("gsm8k", HF_ENDPOINT=unreachable, HF_HOME=str(tmp_path)) == expected


def test_an_unknown_data_set_is_told_from_an_unreachable_hub(small_hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{small_hub.server_port}"
    error = load_in_a_new_process("aime25", HF_ENDPOINT=endpoint, HF_HOME=str(tmp_path))["error"]
    assert "MathArena/aime_2025" in error and "the hub has no such data set" in error


@pytest.mark.parametrize(
    ("environment", "reason"),
    [({"HF_ENDPOINT": "http://127.0.0.1:9"}, "refused"), ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set")],
)
def test_without_hub_and_cache_the_error_names_the_id_and_the_local_way(
    environment: dict[str, str], reason: str, tmp_path: Path
) -> None:
    error = load_in_a_new_process("math500", **environment, HF_HOME=str(tmp_path))["error"]
    assert "\n" not in error
    for part in ("HuggingFaceH4/MATH-500", reason, "no copy", "--data-dir DIR", "TTS_DATA_DIR", "math500.jsonl"):
        assert part in error
    assert "fields id, problem, answer" in error
