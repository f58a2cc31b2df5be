"""``tts import``: samples made elsewhere, exactly as counted by hand, under our labels and under the file's."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from math import comb
from pathlib import Path

import numpy as np
import pytest

from tts.analysis import axis_of, curves
from tts.analysis.axes import Costed
from tts.core import UsageError
from tts.grading import Graded
from tts.importing.run import by_labels
from tts.session import run as run_sweep
from tts.stats import best_of_k, majority_at_k, pass_at_k
from tts.store import read_run

NESTED = (
    "--text",
    "samples.text",
    "--tokens",
    "samples.tokens",
    "--correct",
    "samples.right",
    "--score",
    "v=samples.s",
)


def write(name: str, *rows: object) -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def nested() -> None:
    write("scored.jsonl", *(
        {"id": name, "gold": "7", "level": level, "problem": "3+4?", "samples": [
            {"text": f"\\boxed{{{answer}}}", "tokens": 10 * i + 10, "right": right, "s": score}
            for i, (answer, right, score) in enumerate(samples)
        ]}
        for name, level, samples in (
            ("a", 1, [("7", True, 0.9), ("7.0", False, 0.8), ("5", False, 0.7), ("5", False, 0.1)]),
            ("b", 2, [("7", True, 0.1), ("8", False, 0.4), ("9", False, 0.3), ("9", False, 0.2)]),
        )
    ))  # fmt: skip


def rows(place: str) -> dict[tuple[str, str, int], dict[str, str]]:
    with (Path(place) / "report" / "curves.csv").open() as f:
        return {(r["setting"], r["selector"], int(r["n"])): r for r in csv.DictReader(f)}


def test_both_labels_stand_beside_each_other_and_every_difference_is_listed(tts, place):
    nested()
    result = tts("import", "scored.jsonl", *NESTED, "--labels", "both", "--out", "new")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "2 problems, 8 samples; n = 1, 2, 4",
        f"1 of 8 answers that our grader and the file judge differently: {Path('new/disagreements.jsonl')}",
        "  a sample 1: ours correct, file wrong; '7.0' for '7'",
        "next: tts report new",
    ]
    listed = [json.loads(line) for line in (place / "new/disagreements.jsonl").read_text().splitlines()]
    assert listed == [{"problem": "a", "sample": 1, "ours": True, "file": False, "answer": "7.0", "gold": "7"}]
    assert tts("report", "new").code == 0
    found = rows("new")
    own, theirs = "{}", '{"labels":"file"}'
    assert float(found[own, "first", 1]["accuracy"]) == pytest.approx((2 / 4 + 1 / 4) / 2)
    assert float(found[theirs, "first", 1]["accuracy"]) == pytest.approx(1 / 4)
    assert float(found[own, "oracle", 2]["accuracy"]) == pytest.approx((5 / 6 + 3 / 6) / 2, abs=1e-6)
    assert float(found[theirs, "best", 2]["accuracy"]) == pytest.approx((3 / 6 + 0) / 2)
    assert (found[own, "best", 4]["verifier"], found[own, "best", 4]["output_tokens"]) == ("v:score", "100")
    assert found[own, "best", 4]["policy_flops"] == found[own, "best", 4]["verifier_tokens"] == ""
    assert found[own, "first", 4]["model"] == "imported"
    levels = (place / "new/report/by_level.csv").read_text()
    assert {line.rpartition(",")[2] for line in levels.splitlines()[1:]} == {"1", "2"}


def test_export_gives_back_what_was_imported(tts, place):
    nested()
    tts("import", "scored.jsonl", *NESTED, "--labels", "file", "--n", "1,3", "--out", "new")
    assert tts("export", "new").code == 0
    found = [json.loads(line) for line in (place / "new/candidates.jsonl").read_text().splitlines()]
    assert [(r["problem"], r["idx"], r["correct"], r["output_tokens"], r["scores"]) for r in found[:2]] == [
        ("a", 0, True, 10, {"v:score": 0.9}),
        ("a", 1, False, 20, {"v:score": 0.8}),
    ]
    assert {(r["question"], r["reference"]) for r in found} == {("3+4?", "7")}
    assert [r["text"] for r in found[4:6]] == ["\\boxed{7}", "\\boxed{8}"]
    data = read_run(place / "new")
    assert data.plan[0].n == (1, 3)
    assert [len(cell) for cell in data.cells.values()] == [4, 4], "all samples are kept"


def test_an_imported_run_is_drawn_no_further(tts, place):
    nested()
    tts("import", "scored.jsonl", *NESTED, "--out", "new")
    for again in (
        ("run", "--out", "new"),
        ("run", "--out", "new", "--n", "64"),
        ("run", "--model", "simulated", "--benchmark", "arith", "--strategy", "greedy", "--out", "new"),
        ("score", "new", "--verifier", "prm/tiny-arith"),
    ):
        result = tts(*again)
        assert (result.code, result.out) == (2, "")
        assert "its samples were imported" in result.err and result.err.count("\n") == 1
    with pytest.raises(UsageError, match="its samples were imported"):
        run_sweep(None, place / "new")
    before = (place / "new" / "run.json").read_bytes()
    result = tts("import", "scored.jsonl", *NESTED, "--out", "new")
    assert (result.code, "--out: new holds a run already" in result.err) == (2, True)
    assert (place / "new" / "run.json").read_bytes() == before


def test_one_sample_a_row_without_tokens_or_labels(tts, place):
    write("flat.jsonl", *({"qid": i % 2, "answer": 3.0 + i % 2, "response": "é" * 6 + f"so {3 + i % 3}",
                           "why": "length" if i == 5 else "stop"} for i in range(6)))  # fmt: skip
    flags = ("--id", "qid", "--gold", "answer", "--text", "response", "--finish", "why")
    result = tts("import", "flat.jsonl", *flags, "--out", "new")
    assert result.out.splitlines()[0] == "2 problems, 6 samples; n = 1, 2, 3; token counts are estimated"
    data = read_run(place / "new")
    cells = {key[1]: cell for key, cell in data.cells.items()}
    assert cells["0"].output_tokens.tolist() == [4, 4, 4], "16 bytes of UTF-8"
    assert cells["0"].correct.tolist() == [True, False, False], "i = 0, 2, 4 say 3, 5, 4, and 3 is right"
    assert cells["1"].finished.tolist() == [True, True, False]
    assert data.info.imported.tokens == "estimated"
    assert "estimated" in "".join(note for note in report_notes(data))


def report_notes(data):
    from tts.report.notes import notes

    return notes([data], [curves(data)])


GOOD = {"id": "a", "gold": "1", "text": "1", "right": True, "s": 0.5}


@pytest.mark.parametrize(
    ("row", "flags", "said"),
    [
        (GOOD, "--text txt", "no column 'txt' (did you mean 'text'?)"),
        (GOOD, "--text text.more", "no column 'text.more'"),
        ({**GOOD, "text": ["1", "2"]}, "--score v=s", "s has 1 values and text has 2"),
        ({**GOOD, "text": []}, "", "text is an empty list"),
        ({**GOOD, "id": [1, 2]}, "", "id has 2 values, expected one a row"),
        ({**GOOD, "right": "yes"}, "--correct right", "right: found 'yes', expected true or false"),
        ({**GOOD, "right": None}, "--correct right --labels file", "sample 0 of problem 'a' has no label"),
        (GOOD, "--labels both", "name their column with --correct"),
        ({**GOOD, "s": float("nan")}, "--score v=s", "s: found nan, expected a finite number"),
        ({**GOOD, "s": 1.5}, "--tokens s", "found 1.5, expected a number of tokens"),
        (GOOD, "--score s", "--score: found 's', expected NAME=COLUMN"),
        (GOOD, "--score v=s --score v:score=id", "--score: two columns have one name"),
        (GOOD, "--text=", "no column '': there is id, gold, text, right, s"),
        (GOOD, "--n=", "--n: found ''"),
        ({**GOOD, "s": 10**400}, "--score v=s", "expected a finite number"),
        (GOOD, "--n 1,2", "--n: found 2, but problem 'a' has 1 samples; 1 or less would do"),
        (GOOD, "--n 0", "--n: found '0', expected budgets of at least 1"),
        (GOOD, "--n many", "--n: found 'many'"),
        (GOOD, "--benchmark mth500", "mth500"),
        (
            [1],
            "",
            'item 0: found a number, expected a JSON object: a row is {"id": ..., "gold": ..., "text"',
        ),
        ({**GOOD, "gold": None}, "", "mine.jsonl:1: gold is null, expected text"),
        ({**GOOD, "gold": ["1", " "]}, "", "mine.jsonl:1: gold is empty; fill it in"),
        ({**GOOD, "gold": []}, "", "mine.jsonl:1: gold is an empty list; give it a reference answer"),
        ({**GOOD, "id": ""}, "", "mine.jsonl:1: id is empty"),
        (GOOD, "--id id,txt", "no column 'txt' (did you mean 'text'?)"),
        (GOOD, "--metric s", "--metric: is for logs of lm-eval and inspect; name the column with --correct"),
        (GOOD, "--filter s", "--filter: is for lm-eval's samples, and none are given"),
        (GOOD, "--format inspect", "--format inspect: mine.jsonl is no log of inspect"),
        (GOOD, "--format parquet", "mine.jsonl cannot be read as Parquet"),
        ({**GOOD, "s": True}, "--finish s", "s: found True, expected a finish reason"),
        ({**GOOD, "s": [{"v": 1}, {"w": 1}]}, "--score v=s.v", "mine.jsonl:1, item 1: no column 's.v'"),
        ({**GOOD, "text": ["1", "2"], "s": [1, "x"]}, "--score v=s", "mine.jsonl:1, sample 1: s: found 'x'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_leaves_nothing(tts, place, row, flags, said):
    write("mine.jsonl", row)
    result = tts("import", "mine.jsonl", *flags.split(), "--out", "new")
    assert (result.code, result.out) == (2, "")
    assert said in result.err and result.err.count("\n") == 1
    assert not (place / "new").exists()


def test_an_empty_file_is_told_what_import_reads(tts, place):
    (place / "mine.jsonl").write_text("\n")
    said = tts("import", "mine.jsonl", "--out", "new").err
    assert 'mine.jsonl has no rows; a row is {"id": ..., "gold": ..., "text": ...}' in said


def test_samples_without_a_score_are_named(tts):
    write("mine.jsonl", {**GOOD, "text": ["1", "2"], "s": [0.5, None]}, {**GOOD, "id": "b", "text": ["1", "2"],
                                                                         "s": [0.5, 0.25]})  # fmt: skip
    out = tts("import", "mine.jsonl", "--score", "v=s", "--out", "new").out.splitlines()
    assert out[1:3] == [
        "v:score: 1 of 4 samples has no score (a sample 1)",
        "  best and weighted leave out their 1 of 2 problems",
    ]


def test_flops_of_imported_samples_are_refused_with_no_advice_that_cannot_help(tts, place):
    nested()
    tts("import", "scored.jsonl", *NESTED, "--out", "new")
    data = read_run(place / "new")
    (key, cell), *_ = data.cells.items()
    at = Costed(data, data.problems[key[0]][0], cell, data.plan[0], "v:score")
    for counts in ((), ("--parameters", "policy=1e9", "--parameters", "v=1e9")):
        out = tts("cost", "new", *counts).out
        (reason,) = [line for line in out.splitlines() if "FLOPs are not counted" in line]
        assert "imported samples are not known" in reason and "1.5e9" not in out
        with pytest.raises(UsageError, match=r"policy: .* imported samples .*; compare by tokens") as caught:
            axis_of("flops", {"policy": 1e9, "v": 1e9} if counts else {})(at, np.array([1, 2]))
        assert "tts run" not in str(caught.value) and "1.5e9" not in str(caught.value)
    assert "no model 'w'" in tts("cost", "new", "--parameters", "w=1e9").err


def test_rows_of_one_problem_must_agree_on_its_answer(tts):
    write("mine.jsonl", GOOD, {**GOOD, "gold": "2"})
    assert (
        "problem 'a' has the gold answer '2', and '1' in an earlier row"
        in tts("import", "mine.jsonl", "--out", "new").err
    )
    assert "no file gone.jsonl" in tts("import", "gone.jsonl", "--out", "new").err


def test_the_files_correct_answers_are_one_class_and_no_class_is_mixed():
    """Else a vote would be right and wrong at once; the estimators refuse such classes."""
    graded = Graded(("7", "7", None, "5", None), (0, 0, -1, 1, -1), (True, True, False, False, False), {"mixed": 0})
    found = by_labels(graded, [True, False, True, False, False])
    assert found.classes == (0, 1, 0, 2, -1)
    assert found.correct == (True, False, True, False, False)
    assert found.grader["mixed"] == 1
    assert 0 <= majority_at_k(found.classes, found.correct, 3) <= 1


def test_real_samples_of_a_real_model_with_real_scores(tts, place, shared_data):
    file = shared_data / "samples" / "math500_first40_qwen25_1.5b_x24_skywork_prm.jsonl"
    if not file.is_file():
        pytest.skip(f"no {file.name} in ../shared/data/samples")
    flags = ("--text", "samples.text", "--tokens", "samples.output_tokens", "--correct", "samples.correct",
             "--score", "skywork=samples.prm_score", "--labels", "both", "--n", "8,24")  # fmt: skip
    result = tts("import", str(file), *flags, "--out", "new")
    assert result.code == 0, result.err
    data = read_run(place / "new")
    theirs = '{"labels":"file"}'
    info = data.info.model_copy(update={"selectors": ("oracle", "best")})
    drawn = curves(replace(data, info=info)).rows
    found = {(r.setting, r.selector, r.n): r.accuracy for r in drawn}
    figures = [found[theirs, s, n] for s in ("oracle", "best") for n in (8, 24)]
    assert figures == pytest.approx([0.671761, 0.725, 0.561775, 0.625], abs=5e-7)

    problems = [json.loads(line) for line in file.read_text().splitlines()]
    listed = [json.loads(line) for line in (place / "new/disagreements.jsonl").read_text().splitlines()]
    assert f"{len(listed)} of 960 answers" in result.out
    changed = {(d["problem"], d["sample"]): d["ours"] for d in listed}
    marks = {p["id"]: [changed.get((p["id"], i), s["correct"]) for i, s in enumerate(p["samples"])] for p in problems}
    own = [1 - comb(24 - sum(m), 8) / comb(24, 8) for m in marks.values()]
    assert found["{}", "oracle", 8] == pytest.approx(sum(own) / 40, abs=1e-9), "ours, by the file and what is listed"
    assert len(listed) <= 20 and all(d["ours"] != d["file"] for d in listed)
    cell = data.cells[f"jsonl:{file.name}", "math500/0", "best_of_n", "{}", 0, 0]
    assert cell.correct.tolist() == marks["math500/0"]
    assert float(pass_at_k(24, cell.correct.sum(), 8)) == pytest.approx(own[0])
    scores = [s["prm_score"] for s in problems[0]["samples"]]
    assert cell.scores["skywork:score"].tolist() == scores
    assert best_of_k(scores, cell.correct, 24, answered=cell.classes >= 0) == float(
        cell.correct[cell.scores["skywork:score"].argmax()]
    )


def test_too_few_samples_are_no_reason_to_run_what_was_imported(tts):
    write("mine.jsonl", {**GOOD, "text": ["1", "2"]}, {**GOOD, "id": "b"})
    tts("import", "mine.jsonl", "--out", "new")
    for command in (("compare", "new"), ("allocate", "new", "--budget", "100")):
        result = tts(*command)
        assert result.code == 2
        assert "import files that have at least two samples of every problem" in result.err
        assert "tts run" not in result.err
