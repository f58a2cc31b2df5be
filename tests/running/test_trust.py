"""A run directory that somebody else made runs no code of theirs unasked."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from scripted import ScriptedEngine

from tts.core import UsageError
from tts.session import regrade_run, run, score_run
from tts.sweep import parse_config

EVIL = """
from pathlib import Path
from tts.core import Candidate, Strategy
Path(__file__).with_name("ran").touch()
class Evil(Strategy):
    async def solve(self, question, n, tools):
        return [Candidate.of(c) for c in await tools.sample(1)]
"""


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A run made here, whose strategy is then one of somebody else's."""
    place = tmp_path / "run"
    data = {"model": "simulated", "benchmarks": "arith:levels=1,per_level=2", "strategies": ["greedy"]}
    run(parse_config(data, "test"), place, engine=ScriptedEngine())
    (tmp_path / "evil.py").write_text(EVIL)
    config = yaml.safe_load((place / "config.yaml").read_text())
    config["strategies"] = [{"name": f"{tmp_path / 'evil.py'}:Evil", "n": [1]}]
    (place / "config.yaml").write_text(yaml.safe_dump(config))
    return place


def test_taking_up_a_directory_does_not_import_what_it_names(foreign: Path) -> None:
    with pytest.raises(UsageError, match=r"names code that the command does not: .*evil.py:Evil; .*--trust"):
        run(None, foreign)
    with pytest.raises(UsageError, match="--trust"):
        score_run(foreign, [{"name": "symbolic"}])
    with pytest.raises(UsageError, match="--trust"):
        regrade_run(foreign, {})
    assert not (foreign.parent / "ran").exists()


def test_it_is_run_where_one_says_so(foreign: Path) -> None:
    run(None, foreign, trust=True, engine=ScriptedEngine())
    assert (foreign.parent / "ran").exists()


def test_code_that_the_command_names_itself_needs_no_more_words(foreign: Path) -> None:
    config = yaml.safe_load((foreign / "config.yaml").read_text())
    run(parse_config(config, "test"), foreign, engine=ScriptedEngine())


@pytest.mark.parametrize(
    "change",
    [
        {"engine": {"trust_remote_code": True}},
        {"engine": {"worker_cls": "evil.Worker"}},
        {"verifiers": [{"name": "prm/x", "engine": {"trust_remote_code": True}}]},
        {"benchmarks": [{"name": "evil.py:PROBLEMS"}]},
        {"verifiers": [{"name": "ensemble/x", "members": ["evil.py:make", "prm/y"]}]},
        {"models": {"draft": {"name": "vllm/x", "engine": {"trust_remote_code": True}}}},
    ],
)
def test_every_place_that_can_name_code_is_looked_at(foreign: Path, change: dict[str, object]) -> None:
    config = yaml.safe_load((foreign / "config.yaml").read_text())
    (foreign / "config.yaml").write_text(yaml.safe_dump({**config, "strategies": [{"name": "greedy"}], **change}))
    with pytest.raises(UsageError, match="names code that the command does not"):
        run(None, foreign)
