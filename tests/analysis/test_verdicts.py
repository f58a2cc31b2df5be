"""Samples imported with two verdicts: one of them counts, since a verdict is no strategy."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tts.analysis import judged_by
from tts.analysis.planning.rules import sampled_entry
from tts.analysis.studies import study_coverage, study_optimal
from tts.analysis.studies.compare import compare_verifiers
from tts.analysis.verdicts import FILE_SETTING
from tts.core import UsageError
from tts.importing import Columns
from tts.importing import run as importing
from tts.store import read_run

N = 8


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """``imported(labels)``: ten problems; the file calls every second right answer wrong."""
    place = tmp_path_factory.mktemp("verdicts")
    rng = np.random.default_rng(3)
    rows = []
    for p in range(10):
        right = rng.random(N) < (p + 1) / 12
        samples = [
            {"text": f"\\boxed{{{7 if ok else 8 + i}}}", "tokens": 10, "ok": bool(ok and i % 2), "s": float(score)}
            for i, (ok, score) in enumerate(zip(right, rng.random(N), strict=True))
        ]
        rows.append({"id": f"p{p}", "gold": "7", "problem": f"{p}?", "samples": samples})
    (place / "file.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = Columns(text="samples.text", tokens="samples.tokens", correct="samples.ok", scores={"v": "samples.s"})

    def make(labels):
        out = place / labels
        if not out.exists():
            importing.import_samples([place / "file.jsonl"], out, columns, labels=labels)
        return read_run(out)

    return make


def test_studies_of_both_verdicts_are_those_of_ours_and_say_so(imported):
    both, own = (study_optimal([imported(labels)], resamples=10) for labels in ("both", "own"))
    assert {c.setting for c in both.table.choices} == {"{}"}
    np.testing.assert_array_equal(both.table.accuracy, own.table.accuracy)
    np.testing.assert_array_equal(both.bins.member, own.bins.member)
    assert "right and wrong are by our grader" in both.notes[0] and "`tts optimal --labels file`" in both.notes[0]
    assert not any("right and wrong" in note for note in own.notes)


def test_the_files_verdicts_can_be_asked_for(imported):
    theirs = study_optimal([judged_by(imported("both"), "file")], resamples=10)
    alone = study_optimal([imported("file")], resamples=10)
    assert {c.setting for c in theirs.table.choices} == {FILE_SETTING}
    exact = [i for i, c in enumerate(alone.table.choices) if c.selector != "weighted"]  # its random orders differ
    np.testing.assert_array_equal(theirs.table.accuracy[exact], alone.table.accuracy[exact])
    assert theirs.notes[0] == "right and wrong are by the labels of the imported file, not by our grader"


def test_comparison_and_allocation_take_our_verdicts(imported):
    both = imported("both")
    assert compare_verifiers(both).entry.setting == sampled_entry(both).setting == "{}"
    assert "`tts compare --labels file`" in compare_verifiers(both).notes[0]
    assert compare_verifiers(judged_by(both, "file")).entry.setting == FILE_SETTING


def test_coverage_shows_both_verdicts(imported):
    assert [one.of.setting for one in study_coverage([imported("both")])] == ["{}", FILE_SETTING]


def test_a_verdict_that_is_not_held_is_refused(imported):
    with pytest.raises(UsageError, match=r"--labels: found file, but .*own holds the labels own alone"):
        judged_by(imported("own"), "file")
    with pytest.raises(UsageError, match=r"--labels: found own, but .*file holds the labels file alone"):
        judged_by(imported("file"), "own")
    assert judged_by(imported("own"), "own").plan == imported("own").plan


def test_the_setting_is_the_one_that_imports_write():
    assert FILE_SETTING == importing.FILE_SETTING
