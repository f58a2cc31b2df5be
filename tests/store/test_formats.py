"""A run opens for ever: one small run of each format, as that format's own code wrote it."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tts.core import UsageError
from tts.report import write_report
from tts.session import run
from tts.store import FORMAT, read_run

FORMATS = Path(__file__).resolve().parents[1] / "formats"


def test_there_is_a_run_of_this_format() -> None:
    assert {int(p.name) for p in FORMATS.iterdir()} == set(range(2, FORMAT + 1))


@pytest.mark.parametrize("kept", sorted(FORMATS.iterdir()), ids=lambda p: p.name)
def test_a_kept_run_gives_every_figure_that_it_gave(kept: Path, tmp_path: Path) -> None:
    place = tmp_path / "run"
    shutil.copytree(kept, place)
    with (kept / "curves.expected.csv").open() as then, write_report(place).csv.open() as now:
        before, after = list(csv.DictReader(then)), list(csv.DictReader(now))
    assert len(before) == len(after) > 0
    for old, new in zip(before, after, strict=True):
        assert {k: new[k] for k in old} == old, "columns may be added, and none may change"


@pytest.mark.parametrize("kept", sorted(FORMATS.iterdir()), ids=lambda p: p.name)
def test_a_kept_run_is_taken_up_without_drawing_anew(kept: Path, tmp_path: Path) -> None:
    place = tmp_path / "run"
    shutil.copytree(kept, place)
    assert run(None, place).drawn == 0


def test_a_directory_of_format_1_gets_one_clear_line(tmp_path: Path) -> None:
    place = tmp_path / "run"
    shutil.copytree(FORMATS / "2", place)
    info = json.loads((place / "run.json").read_text())
    (place / "run.json").write_text(json.dumps({**info, "format": 1, "tts": "0.0.9"}))
    for ask in (lambda: read_run(place), lambda: run(None, place)):
        with pytest.raises(UsageError, match=r"format 1.*0\.0\.9") as told:
            ask()
        assert "\n" not in str(told.value)
