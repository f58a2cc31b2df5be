"""Kill a run at random moments, take it up each time, and compare its curves with an undisturbed run's.

    python tests/running/kill_resume.py examples/simulated.yaml --kills 20

Exits with 1 where `curves.csv` differs by a byte. Also called, smaller, by test_kill.py.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TTS = [sys.executable, "-m", "tts.cli"]


def undisturbed(arguments: list[str], place: Path) -> tuple[bytes, float]:
    """The curves of a run that nobody kills, and how long it took, in seconds."""
    began = time.monotonic()
    subprocess.run([*TTS, "run", *arguments, "--out", str(place)], check=True, capture_output=True)
    return curves(place), time.monotonic() - began


def disturbed(
    arguments: list[str], place: Path, kills: int, seconds: float, seed: int
) -> list[tuple[bytes, list[float]]]:
    """Runs that are killed ``kills`` times in all: the curves of each, and the moments (s) at which it was killed.

    A run is taken up until it survives; while there are kills left, another one follows in a new directory.
    """
    rng = random.Random(seed)
    found, moments, left = [], [], kills
    while True:
        command = [*TTS, "run", *arguments, "--out", f"{place}-{len(found)}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        moment = rng.uniform(0.3, seconds) if left else None
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            moments.append(round(moment or 0, 1))
            left -= 1
            continue
        assert process.returncode == 0, f"the run that was taken up failed with {process.returncode}"
        found.append((curves(Path(command[-1])), moments))
        moments = []
        if not left:
            return found


def curves(place: Path) -> bytes:
    """``curves.csv`` of a finished run."""
    subprocess.run([*TTS, "report", str(place)], check=True, capture_output=True)
    return (place / "report" / "curves.csv").read_bytes()


def main() -> int:
    """The command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options, arguments = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        expected, seconds = undisturbed(arguments, Path(folder) / "undisturbed")
        runs = disturbed(arguments, Path(folder) / "killed", options.kills, seconds, options.seed)
    sys.stdout.write(f"undisturbed: {seconds:.1f} s, {len(expected)} bytes\n")
    for found, moments in runs:
        sys.stdout.write(f"killed at {moments} s: {'identical' if found == expected else 'DIFFERS'}\n")
    return 0 if all(found == expected for found, _ in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
