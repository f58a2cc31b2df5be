"""``tts import`` is all or nothing: a run directory is there as a whole, or not at all."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tts.store import read_run

PROBLEMS = 200


@pytest.fixture
def slow(place: Path) -> Path:
    """A file whose grading takes many seconds: answers that only a computer algebra system can tell apart."""
    rows = [
        {
            "id": i,
            "gold": f"\\sqrt{{{i + 2}x^2+{i}}}",
            "text": [f"\\boxed{{(x+{i + k})^{{{k + 2}}}/x}}" for k in range(6)],
        }
        for i in range(PROBLEMS)
    ]
    (place / "slow.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place / "slow.jsonl"


def begun(place: Path) -> bool:
    """Whether a journal stands somewhere under the working directory: grading is what comes next."""
    return any(name.startswith("journal.sqlite") for _, _, names in os.walk(place) for name in names)


def quick(place: Path) -> None:
    (place / "quick.jsonl").write_text('{"id": "a", "gold": "7", "text": ["7", "8"]}\n')


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGKILL", -9)])
def test_an_interrupted_import_leaves_no_run_and_the_next_one_begins_anew(slow, spawn, tts, place, name, code):
    running = spawn("import", "slow.jsonl", "--out", "deep/new")
    until = time.monotonic() + 60
    while not begun(place):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(1)
    assert running.poll() is None, "it was interrupted, not finished"
    running.send_signal(getattr(signal, name))
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (code, "")
    assert not (place / "deep" / "new").exists()
    if name == "SIGINT":
        assert err == "tts: stopped; nothing was imported, the same command begins anew\n"
        assert not (place / "deep").exists(), "no trace is left"
    quick(place)
    result = tts("import", "quick.jsonl", "--out", "deep/new")
    assert (result.code, result.err) == (0, "")
    assert [p.name for p in (place / "deep").iterdir()] == ["new"]
    (cell,) = read_run(place / "deep" / "new").cells.values()
    assert cell.correct.tolist() == [True, False]


def test_two_imports_into_one_directory_are_one_too_many(slow, spawn, tts, place):
    running = spawn("import", "slow.jsonl", "--out", "new")
    until = time.monotonic() + 60
    while not begun(place):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    quick(place)
    try:
        result = tts("import", "quick.jsonl", "--out", "new")
    finally:
        running.kill()
        running.communicate(timeout=60)
    assert (result.code, result.out) == (2, "")
    assert result.err == ("tts: --out: new is being made by another process; wait for it, or name another directory\n")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda out: out.write_text(""), "--out: new is a file; name a directory"),
        (lambda out: (out.mkdir(), (out / "notes").touch()), "--out: new holds 'notes'; name a new or empty directory"),
        (lambda out: (out.parent / "there").write_text("x") and out.symlink_to("there"), "--out: new is a file"),
    ],
)
def test_what_stands_there_is_not_touched(tts, place, make, said):
    quick(place)
    make(place / "new")
    before = sorted(place.rglob("*"))
    result = tts("import", "quick.jsonl", "--out", "new")
    assert (result.code, result.out) == (2, "")
    assert said in result.err and result.err.count("\n") == 1
    assert sorted(place.rglob("*")) == before


def test_an_empty_directory_is_filled_but_not_the_one_the_user_is_in(tts, place):
    quick(place)
    (place / "empty").mkdir()
    (place / "link").symlink_to("empty")
    assert tts("import", "quick.jsonl", "--out", "link").code == 0
    assert (place / "empty" / "run.json").is_file() and (place / "link").is_symlink()
    (place / "here").mkdir()
    os.chdir(place / "here")
    assert "--out: . is the directory that you are in" in tts("import", "../quick.jsonl", "--out", ".").err
