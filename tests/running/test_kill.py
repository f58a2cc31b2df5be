"""A run that is killed at any moment is finished by the next one, with the same curves to the byte."""

from __future__ import annotations

from pathlib import Path

from helpers import rows
from kill_resume import disturbed, undisturbed

from tts.strategies import STRATEGIES


def test_kill_at_random_moments_changes_no_byte_of_the_curves(tmp_path: Path) -> None:
    sweep = ["--model", "simulated", "--benchmark", "arith:levels=1-10,per_level=10"]
    sweep += ["--strategy", "best_of_n", "--strategy", "greedy", "--n", "1,16,128"]
    expected, seconds = undisturbed(sweep, tmp_path / "undisturbed")
    runs = disturbed(sweep, tmp_path / "killed", kills=5, seconds=seconds, seed=1)
    assert sum(len(moments) for _, moments in runs) == 5
    assert all(found == expected for found, _ in runs)
    samples = max(r[0] for place in tmp_path.glob("killed-*") for r in rows(place, "SELECT held FROM sessions"))
    assert samples > 0, "no run was killed after its first sample: nothing was tested"


def test_every_strategy_goes_on_from_a_kill(tmp_path: Path) -> None:
    """Searches are replayed up to where they died: the same draws, scores and random choices."""
    sweep = ["--model", "simulated", "--benchmark", "arith:levels=1-10,per_level=2", "--n", "8"]
    sweep += [flag for name in STRATEGIES.names() for flag in ("--strategy", name)]
    sweep += ["--set", "verifiers=[{name: simulated, process: true, soft: true}]"]
    expected, seconds = undisturbed(sweep, tmp_path / "undisturbed")
    runs = disturbed(sweep, tmp_path / "killed", kills=3, seconds=seconds, seed=2)
    assert sum(len(moments) for _, moments in runs) == 3
    assert all(found == expected for found, _ in runs)
    held = [r[0] for place in tmp_path.glob("killed-*") for r in rows(place, "SELECT held FROM sessions")]
    assert max(held) > 0, "no run was killed after its first sample: nothing was tested"
