"""The journal keeps what it is given, byte for byte, and says so when it cannot."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from tts.core import Completion, Score, TtsError
from tts.store import Journal


def completion(i: int) -> Completion:
    return Completion(
        path=("sample", i),
        text=f"text {i} \N{GREEK SMALL LETTER PI}",
        token_ids=np.array([i, 2, 3_000_000_000], np.uint32),
        finish_reason="stop",
        stop_reason="\n\n" if i % 2 else None,
        logprobs=np.array([-0.5, -1.25, -3.0], np.float16),
        top_ids=np.arange(6, dtype=np.uint32).reshape(3, 2),
        top_logprobs=-np.arange(6, dtype=np.float16).reshape(3, 2),
    )


def same(a: Completion, b: Completion) -> bool:
    arrays = ("token_ids", "logprobs", "top_ids", "top_logprobs")
    plain = ("path", "text", "finish_reason", "stop_reason")
    return all(np.array_equal(getattr(a, f), getattr(b, f)) for f in arrays) and all(
        getattr(a, f) == getattr(b, f) for f in plain
    )


def place(journal: Journal) -> int:
    return journal.context(
        b"0" * 16, problem=1, model="m", chat=None, prefix_ids=[5, 6], params="{}", seed=0, bound=None
    )


def fill(journal: Journal, count: int) -> int:
    journal.db.execute(
        "INSERT INTO problems (id, benchmark, problem, question, answer, messages, prompt, prompt_ids) "
        "VALUES (1, 'b', 'p', 'q', 'a', '[]', 'prompt', x'')"
    )
    engine = journal.engine("scripted 1")
    context = place(journal)
    answers = [completion(i) for i in range(count)]
    journal.finish(journal.start(context, [a.path for a in answers]), context, answers, engine)
    return context


def test_samples_are_the_same_before_and_after_their_commit_and_after_reopening(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    context = fill(journal, 20)
    paths = [("sample", i) for i in range(21)]
    at_once = journal.samples(context, paths)
    journal.writer.flush()
    assert not journal._samples, "committed samples must leave memory"
    committed = journal.samples(context, paths)
    journal.close()
    again = Journal(tmp_path / "j.sqlite")
    reopened = again.samples(place(again), paths)
    few = again.samples(context, [("sample", 3)])
    again.close()
    for found in (at_once, committed, reopened):
        assert sorted(found) == sorted(paths[:20])
        assert all(same(found["sample", i], completion(i)) for i in range(20))
    assert same(few["sample", 3], completion(3))


def test_an_empty_completion_is_kept_with_its_log_probabilities(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    context = fill(journal, 0)
    none, table = np.empty(0, np.float16), np.empty((0, 5), np.float16)
    empty = Completion(("sample", 0), "", none.astype(np.uint32), "length", None, none, table.astype(np.uint32), table)
    journal.finish(journal.start(context, [empty.path]), context, [empty], 1)
    journal.writer.flush()
    found = journal.samples(context, [empty.path])[empty.path]
    journal.close()
    assert (found.output_tokens, found.truncated, found.top_logprobs.shape[0]) == (0, True, 0)


def test_the_first_answer_written_wins(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    context = fill(journal, 1)
    other = Completion(("sample", 0), "another", np.zeros(1, np.uint32), "stop")
    journal.finish(journal.start(context, [("sample", 0)]), context, [other], 1)
    journal.writer.flush()
    assert journal.samples(context, [("sample", 0)])["sample", 0].text == completion(0).text
    journal.close()


def test_scores_are_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    journal.record_scores("prm", {b"k" * 16: Score((0.25, 0.5), 7)})
    assert journal.scores([b"k" * 16, b"x" * 16]) == {b"k" * 16: Score((0.25, 0.5), 7)}
    journal.writer.flush()
    assert journal.scores([b"k" * 16]) == {b"k" * 16: Score((0.25, 0.5), 7)}
    journal.close()


def test_a_full_disk_stops_the_run_with_one_line_and_what_was_committed_stays(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    context = fill(journal, 3)
    journal.writer.flush()

    def full(db: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    journal.writer.put(full)
    with pytest.raises(TtsError, match=r"disk is full.*run the same directory again"):
        journal.writer.flush()
    assert len(journal.samples(context, [("sample", i) for i in range(3)])) == 3
    with pytest.raises(TtsError, match="disk is full"):
        journal.close()


def test_a_failed_last_batch_is_reported_when_the_journal_is_closed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")

    def full(db: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    journal.writer.put(full)
    with pytest.raises(TtsError, match="disk is full"):
        journal.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        journal.db.execute("SELECT 1")
