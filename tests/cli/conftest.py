"""The command line as its user calls it: in this process where that shows the same, else in one of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tts.cli import main

SMALL = ("--model", "simulated", "--benchmark", "arith:levels=1-2,per_level=2", "--strategy", "best_of_n")


@dataclass(frozen=True)
class Result:
    """What a call left behind."""

    code: int
    out: str
    err: str


Call = Callable[..., Result]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory and an environment without the user's settings or a network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TTS_DATA_DIR", raising=False)
    monkeypatch.setenv("HF_HUB_VERBOSITY", "error")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "no-cache"))
    return tmp_path


@pytest.fixture
def tts(capsys: pytest.CaptureFixture[str]) -> Call:
    """Call ``tts`` in this process."""

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = 0
        try:
            main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def spawn(place: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start ``tts`` in a process of its own."""

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tts.cli", *arguments]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=place,
            env=dict(os.environ),
            # A suite that a shell runs in the background has Ctrl-C ignored, and would hand that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    return start


@pytest.fixture
def small() -> tuple[str, ...]:
    """Flags of a sweep of four problems, without its budgets."""
    return SMALL
