"""Problems from local JSONL files: what is read, and what is said of a broken one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tts.benchmarks import BENCHMARKS, Loaded, get_benchmark
from tts.core import UsageError

COUNTS = {
    "math500": 500,
    "math": 5000,
    "aime24": 30,
    "aime25": 30,
    "aime26": 30,
    "amc23": 40,
    "gsm8k": 1319,
    "minerva": 272,
    "olympiadbench": 674,
    "hmmt25": 30,
    "brumo25": 30,
    "cmimc25": 40,
}


def test_counts_name_every_benchmark_with_a_file() -> None:
    assert set(COUNTS) | {"arith", "hanoi", "countdown", "reasoning_gym", "jsonl"} == set(BENCHMARKS.names())


@pytest.mark.parametrize("name", COUNTS)
def test_every_local_file_loads_whole_with_ids_answers_and_its_hash(name: str, shared_data: Path) -> None:
    folder = shared_data / "benchmarks"
    benchmark = get_benchmark(name)
    loaded = benchmark.load(data_dir=folder)
    assert len(loaded.problems) == len({p.id for p in loaded.problems}) == COUNTS[name]
    assert all(p.question.text.strip() and p.answer.strip() for p in loaded.problems)
    assert benchmark.filename is not None
    file = folder / benchmark.filename
    assert loaded.source == str(file)
    assert loaded.revision == "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
    assert [(p.id, p.answer) for p in loaded.problems] == [(r["id"], r["answer"].strip()) for r in rows]


@pytest.mark.parametrize(("name", "bound"), [("aime24", 999), ("aime25", 999), ("aime26", 999), ("amc23", 9999)])
def test_gold_answers_of_integer_contests_are_integers(name: str, bound: int, shared_data: Path) -> None:
    for problem in get_benchmark(name).load(data_dir=shared_data / "benchmarks").problems:
        assert -1 <= int(problem.answer) <= bound


def test_levels_and_subjects_arrive_as_text(shared_data: Path) -> None:
    problems = get_benchmark("math500").load(data_dir=shared_data / "benchmarks").problems
    assert {p.question.level for p in problems} == {"1", "2", "3", "4", "5"}
    assert "Intermediate Algebra" in {p.question.subject for p in problems}


def test_several_solutions_of_one_problem_are_joined(shared_data: Path) -> None:
    problems = get_benchmark("olympiadbench").load(data_dir=shared_data / "benchmarks").problems
    assert all(p.solution for p in problems)


Load = Callable[[str | bytes], Loaded]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a file of one's own and load it."""

    def write_and_load(content: str | bytes) -> Loaded:
        file = tmp_path / "own.jsonl"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return get_benchmark(f"jsonl:{file}").load()

    return write_and_load


GOOD = '{"id": "a", "problem": "1+1?", "answer": "2"}\n'


def test_limit_keeps_the_first_problems_and_their_ids(load: Load, tmp_path: Path) -> None:
    lines = "".join(json.dumps({"problem": f"{i}?", "answer": i}) + "\n" for i in range(5))
    assert [p.id for p in load(lines).problems] == ["0", "1", "2", "3", "4"]
    limited = get_benchmark(f"jsonl:{tmp_path / 'own.jsonl'}").load(limit=2)
    assert [p.id for p in limited.problems] == ["0", "1"]


def test_numbers_become_text_and_numeric_ids_are_kept(load: Load) -> None:
    lines = [{"id": 7, "problem": "a", "answer": 27.0, "level": 3}, {"id": 8, "problem": "b", "answer": 0.5}]
    first, second = load("\n".join(map(json.dumps, lines))).problems
    assert (first.id, first.answer, first.question.level, second.answer) == ("7", "27", "3", "0.5")


def test_blank_lines_byte_order_mark_and_windows_line_ends_are_tolerated(load: Load) -> None:
    assert load(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode() + b"\r\n\n").problems[0].answer == "2"


def test_line_separators_inside_a_string_do_not_split_it(load: Load) -> None:
    assert load('{"problem": "a\u2028b", "answer": "2"}').problems[0].question.text == "a\u2028b"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ["own.jsonl is empty", '{"id": ..., "problem": ..., "answer": ...}']),
        ("\n \n", ["own.jsonl is empty"]),
        (GOOD + '{"problem": "x", "ans', ["own.jsonl:2: not JSON", "mend or delete the line"]),
        (GOOD + "\n[1]\n", ["own.jsonl:3: found a list, expected a JSON object"]),
        ("null\n", ["own.jsonl:1: found null, expected a JSON object"]),
        ('{"problem": "x", "anwser": "2"}', ["own.jsonl:1: no field 'answer' (did you mean 'anwser'?)"]),
        ('{"answer": "2"}', ["own.jsonl:1: no field 'problem'"]),
        ('{"problem": "x", "answer": " "}', ["own.jsonl:1: answer is empty", "fill it in or delete the line"]),
        ('{"problem": "x", "answer": null}', ["own.jsonl:1: answer is null"]),
        ('{"problem": "x", "answer": ["2"]}', ["own.jsonl:1: answer is a list, expected text or a number"]),
        ('{"problem": "x", "answer": true}', ["own.jsonl:1: answer is true, expected text or a number"]),
        ('{"problem": "x", "answer": NaN}', ["own.jsonl:1: answer is NaN, expected text or a number"]),
        ('{"problem": "x\\ud800", "answer": "2"}', ["own.jsonl:1: problem holds half a surrogate pair"]),
        (GOOD + '{"id": "b", "problem": "x", "answer": "2"}\n' + GOOD, ["own.jsonl:3: id 'a'", "own.jsonl:1"]),
        ('{"problem": "é", "answer": "2"}'.encode("latin-1"), ["own.jsonl:1: not UTF-8 (byte 0xe9 at column 14)"]),
        (GOOD.encode("utf-16"), ["own.jsonl:1: not UTF-8 (byte 0xff at column 1); save the file as UTF-8"]),
        ("[" * 200_000, ["own.jsonl:1: not JSON"]),
        ('{"problem": "x", "answer": ' + "9" * 10_000 + "}", ["own.jsonl:1: not JSON"]),
    ],
)
def test_a_broken_file_gets_one_line_with_place_finding_and_fix(
    content: str | bytes, said: list[str], load: Load
) -> None:
    with pytest.raises(UsageError) as caught:
        load(content)
    message = str(caught.value)
    assert "\n" not in message
    for part in said:
        assert part in message


def test_a_broken_line_is_found_beyond_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text(GOOD + "{}\n")
    with pytest.raises(UsageError, match=r"own\.jsonl:2: no field 'problem'"):
        get_benchmark(f"jsonl:{file}").load(limit=1)


def test_a_missing_file_is_named_with_the_nearest_name_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "math_500.jsonl").write_text(GOOD)
    with pytest.raises(UsageError, match=r"math500\.jsonl \(did you mean 'math_500\.jsonl'\?\)"):
        get_benchmark("math500").load(data_dir=tmp_path)


def test_a_missing_file_without_a_near_name_shows_what_the_folder_has(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text(GOOD)
    with pytest.raises(UsageError, match=r"no file .*gsm8k_test\.jsonl \(the folder has other\.jsonl\)"):
        get_benchmark("gsm8k").load(data_dir=tmp_path)


def test_a_data_folder_that_is_none_is_an_error_not_a_download(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        get_benchmark("math500").load(data_dir=tmp_path / "absent")


def test_a_missing_own_file_and_a_folder_in_its_place_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"benchmark: no file .*absent\.jsonl"):
        get_benchmark(f"jsonl:{tmp_path}/absent.jsonl").load()
    with pytest.raises(UsageError, match="there is no folder"):
        get_benchmark(f"jsonl:{tmp_path}/nowhere/x.jsonl").load()
    with pytest.raises(UsageError, match="benchmark: cannot read"):
        get_benchmark(f"jsonl:{tmp_path}").load()
