"""A run directory as the analysis reads it."""

import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from tts.core import UsageError
from tts.store import ModelInfo, Reader, RunInfo, read_run
from tts.store.connection import connect


def test_cells_come_back_as_arrays_in_the_order_of_their_samples(make_run, entry):
    made = make_run([entry([1, 2])])
    made.cell("b", [(1, False, True, 30), (0, True, False, 50)], usage={"output_tokens": 80, "new_field": 1})
    made.db.execute("""UPDATE candidates SET scores = '{"prm:last":0.5,"null":null}' WHERE idx = 0""")
    made.db.execute("""UPDATE candidates SET scores = '{"prm:last":0.75,"half":1,"null":1}' WHERE idx = 1""")
    made.problem("a", prompt_tokens=7)
    run = read_run(made.save())
    cell = run.cells["toy", "b", "best_of_n", "{}", 0, 0]
    assert cell.classes.tolist() == [1, 0]
    assert cell.correct.tolist() == [False, True]
    assert cell.finished.tolist() == [True, False]
    assert cell.output_tokens.tolist() == [30, 50]
    assert cell.usage.output_tokens == 80
    assert {k: v.tolist() for k, v in cell.scores.items()} == {"prm:last": [0.5, 0.75]}
    assert [(p.id, p.prompt_tokens) for p in run.problems["toy"]] == [("a", 7), ("b", 10)]


def test_the_labels_of_a_runs_verifiers_may_be_absent(make_run, entry):
    made = make_run([entry([1])], verifiers=("prm:last", "prm:min"))
    assert read_run(made.save()).verifiers == ("prm:last", "prm:min")
    del made.info["verifiers"]
    assert read_run(made.save()).verifiers == ()


def test_a_pool_shows_the_verdicts_only_to_oracles(make_run, entry):
    made = make_run([entry([1])])
    made.cell("a", [(1, False), (0, True), (2, False)])
    cell = read_run(made.save()).cells["toy", "a", "best_of_n", "{}", 0, 0]
    pool = cell.pool(np.array([2, 1]), graded=True)
    assert (pool.classes.tolist(), pool.correct.tolist()) == ([2, 0], [False, True])
    assert cell.pool(graded=False).correct is None


def test_reading_neither_disturbs_a_writer_nor_waits_for_it(make_run, entry):
    made = make_run([entry([1])])
    made.cell("a", [(0, True)])
    made.save()
    made.db.execute("BEGIN IMMEDIATE")
    made.db.execute("INSERT INTO sessions VALUES (1, 5, 5)")
    assert read_run(made.path).redrawn == 0
    made.db.commit()
    assert read_run(made.path).redrawn == 5


def test_reading_changes_no_file_of_the_run(make_run, entry, tmp_path):
    made = make_run([entry([1])])
    made.cell("a", [(0, True)])
    made.save()
    made.db.close()
    copy = tmp_path / "copy"
    shutil.copytree(made.path, copy)
    before = {p.name: p.read_bytes() for p in copy.iterdir()}
    assert len(read_run(copy).cells) == 1
    assert {name: (copy / name).read_bytes() for name in before} == before


def test_a_directory_that_is_no_run_is_named_with_what_it_lacks(tmp_path):
    with pytest.raises(UsageError, match="found nothing"):
        read_run(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"no run.json and no journal.sqlite"):
        read_run(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="found a file"):
        read_run(tmp_path / "file")


def test_a_run_of_a_newer_version_is_refused_with_the_fix(make_run, entry):
    made = make_run([entry([1])])
    made.info |= {"format": 3, "tts": "9.0"}
    with pytest.raises(UsageError, match=r"format 3 \(tts 9.0\) is newer than 2.*update tts-scaling"):
        read_run(made.save())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "expected JSON"),
        ("[]", "field format"),
        ('{"format":2}', "benchmarks: missing; `tts run` on this directory"),
        ("\x00", "JSON"),
    ],
)
def test_a_broken_run_json_is_named(make_run, entry, content, message):
    made = make_run([entry([1])])
    made.save()
    (made.path / "run.json").write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_run(made.path)
    assert "run.json" in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_no_journal_is_named(tmp_path):
    info = RunInfo(model=ModelInfo(name="m"), seeds=(0,), selectors=(), plan=(), benchmarks={})
    (tmp_path / "run.json").write_text(info.text())
    (tmp_path / "journal.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(UsageError, match=r"journal.sqlite: cannot be read as a run's journal"):
        read_run(tmp_path)
    (tmp_path / "journal.sqlite").unlink()
    sqlite3.connect(tmp_path / "journal.sqlite").close()
    (tmp_path / "journal.sqlite").touch()
    with pytest.raises(UsageError, match="no such table"):
        read_run(tmp_path)


def test_a_reader_cannot_write_and_is_only_given_to_a_run(make_run, entry, tmp_path):
    made = make_run([entry([1])])
    with closing(connect(made.save())) as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM cells")
    with pytest.raises(UsageError, match="not a run directory"):
        Reader(tmp_path)
