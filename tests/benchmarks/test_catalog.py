"""Benchmarks by name, by name and argument, and from a file of one's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tts.benchmarks import BENCHMARKS, get_benchmark
from tts.core import UsageError

GENERATED = ("arith", "hanoi", "countdown", "reasoning_gym", "jsonl")


@pytest.mark.parametrize("name", [n for n in BENCHMARKS.names() if n not in GENERATED])
def test_every_name_leads_to_a_benchmark_that_knows_its_name(name: str) -> None:
    benchmark = get_benchmark(name)
    assert benchmark.name == name
    assert benchmark.description and "\n" not in benchmark.description
    assert benchmark.hub is not None and benchmark.filename is not None
    assert len(benchmark.exemplars) >= 4


def test_a_misspelt_name_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match=r"^benchmark: unknown benchmark 'mth500' \(did you mean 'math500'\?\)"):
        get_benchmark("mth500")
    with pytest.raises(UsageError, match=r"^--benchmark: .*did you mean 'jsonl'"):
        get_benchmark("jsnl:x.jsonl", "--benchmark")


def test_an_argument_is_refused_where_none_is_taken_and_asked_for_where_one_is_needed() -> None:
    with pytest.raises(UsageError, match="gsm8k takes no argument, found 'train'"):
        get_benchmark("gsm8k:train")
    with pytest.raises(UsageError, match="jsonl needs PATH after a colon; write jsonl:PATH"):
        get_benchmark("jsonl")
    with pytest.raises(UsageError, match="write jsonl:PATH"):
        get_benchmark("jsonl: ")


def test_a_generated_benchmark_needs_neither_hub_nor_folder() -> None:
    loaded = get_benchmark("arith:levels=1-2,per_level=3").load(data_dir=None, limit=4)
    assert len(loaded.problems) == 4


def test_own_files_keep_apart_by_the_path_as_written() -> None:
    assert get_benchmark("jsonl:a/x.jsonl").name != get_benchmark("jsonl:b/x.jsonl").name == "jsonl:b/x.jsonl"


def test_a_benchmark_of_ones_own_is_named_by_file_and_name(tmp_path: Path) -> None:
    (tmp_path / "own_bench.py").write_text(
        "from tts.benchmarks import Benchmark\n"
        "OWN = Benchmark(name='own', description='mine', filename='own.jsonl')\nOTHER = 3\n"
    )
    (tmp_path / "own.jsonl").write_text('{"problem": "1+1?", "answer": 2}\n')
    own = get_benchmark(f"{tmp_path}/own_bench.py:OWN")
    assert own.load(data_dir=tmp_path).problems[0].answer == "2"
    with pytest.raises(UsageError, match="is of type int, expected an instance of"):
        get_benchmark(f"{tmp_path}/own_bench.py:OTHER")
    with pytest.raises(UsageError, match="own has no hub id"):
        own.load()


def test_naming_and_listing_benchmarks_imports_no_data_sets_library() -> None:
    code = (
        "import sys; from tts.benchmarks import get_benchmark; get_benchmark('math500'); "
        "assert not {'datasets', 'torch', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
