"""A small random world: a policy, a process verifier and the tools of one cell, all functions of a seed.

A token is a function of a key and of all ids so far, and no more: whatever is drawn in pieces equals what is drawn at
once under the same key. The key is the draw's path, or, in a ``rooted`` world, the root sample's index alone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tts.core import Candidate, Completion, Path, Question, SamplingParams, Score, Strategy, stream
from tts.strategies.search import StepByStep
from tts.verifiers import aggregate

QUESTION = Question("q", "What is it?")
END, DELIMITER = 0, 1
WORDS = 8
GUIDE = "world"


@dataclass(frozen=True)
class Branch:
    """An answer in the making, as the slow references hold it."""

    path: Path = ()
    ids: tuple[int, ...] = ()
    text: str = ""
    depth: int = 0
    ended: bool = False


class World:
    """Tools of one cell. Raises AssertionError when a path is asked for twice."""

    def __init__(
        self,
        seed: int,
        *,
        end: float = 0.08,
        stop: float = 0.3,
        rooted: bool = False,
        levels: int | None = None,
        max_tokens: int = 40,
        shuffle: int = 0,
    ):
        """``end``, ``stop``: probabilities of the end token and the delimiter; ``levels``: of the scores, for ties."""
        self.seed, self.end, self.stop, self.rooted, self.levels = seed, end, stop, rooted, levels
        self.sampling = SamplingParams(max_tokens=max_tokens)
        self.shuffle = random.Random(shuffle)
        self.drawn: dict[Path, Completion] = {}
        self.scored: list[str] = []
        self.history: list[dict[str, object]] = []

    def again(self, shuffle: int = 0) -> World:
        """The same world, unused."""
        return World(
            self.seed,
            end=self.end,
            stop=self.stop,
            rooted=self.rooted,
            levels=self.levels,
            max_tokens=self.sampling.max_tokens,
            shuffle=shuffle,
        )

    def draw(self, path: Path, prefix: Sequence[int], params: SamplingParams) -> Completion:
        """One completion, as the run wing gives it: see ``tts.session.broker``."""
        key = "greedy" if params.temperature == 0 else str(path[1] if self.rooted else path)
        ids = list(prefix)
        room = params.max_tokens - len(prefix)
        limit = min(room, params.step_tokens or room)
        while len(ids) < len(prefix) + limit:
            rng = random.Random(f"{self.seed} {key} {ids}")
            u = rng.random()
            ids.append(END if u < self.end else DELIMITER if u < self.end + self.stop else 2 + rng.randrange(WORDS))
            new = np.array(ids[len(prefix) :], np.uint32)
            if ids[-1] == END:
                return Completion(path, text_of(ids), new, "stop")
            if ids[-1] == DELIMITER and params.stop:
                return Completion(path, text_of(ids).removesuffix("\n\n"), new, "stop", "\n\n")
        new = np.array(ids[len(prefix) :], np.uint32)
        return Completion(path, text_of(ids), new, "step" if limit < room else "length")

    async def sample(
        self, n: int, *, path: Path = ("sample",), prefix: Sequence[int] = (), turns: object = (), **overrides: Any
    ) -> list[Completion]:
        """Answers after a random number of other tasks' turns."""
        params = SamplingParams.model_validate({**self.sampling.model_dump(), **overrides})
        found = [self.draw((*path, i), prefix, params) for i in range(n)]
        for completion in found:
            assert completion.path not in self.drawn, f"{completion.path} drawn twice"
            self.drawn[completion.path] = completion
        for _ in range(self.shuffle.randrange(5)):
            await asyncio.sleep(0)
        return found

    def steps(self, text: str) -> tuple[float, ...]:
        """Scores of the steps of an answer: each a function of the text up to it."""
        pieces = text.split("\n\n")
        upto = ["\n\n".join(pieces[: i + 1]) for i, piece in enumerate(pieces) if piece.strip()]
        found = [random.Random(f"{self.seed} score {t}").random() for t in upto]
        return tuple(found if self.levels is None else [round(v * self.levels) / self.levels for v in found])

    def value(self, text: str, how: str = "last") -> float:
        """The value of an answer, for the references."""
        return aggregate(self.steps(text), how)

    async def score(self, verifier: str, candidates: Sequence[Candidate]) -> list[Score]:
        """See ``tts.core.Tools``."""
        assert verifier == GUIDE
        self.scored += [c.text for c in candidates]
        for _ in range(self.shuffle.randrange(5)):
            await asyncio.sleep(0)
        return [Score(self.steps(c.text), len(c.text)) for c in candidates]

    async def values(self, verifier: str, aggregation: str, candidates: Sequence[Candidate]) -> list[float]:
        """See ``tts.core.Tools``."""
        return [aggregate(s.values, aggregation) for s in await self.score(verifier, candidates)]

    def record(self, **entry: object) -> None:
        """See ``tts.core.Tools``."""
        self.history.append(entry)

    def rng(self, *path: str | int) -> np.random.Generator:
        """See ``tts.core.Tools``."""
        return stream(str(self.seed), *path)

    def branch(self, options: StepByStep, parent: Branch, index: int, **more: Any) -> Branch:
        """The reference's next step of an answer: child ``index`` of ``parent``."""
        path = (*(parent.path or ("sample",)), index)
        limits: dict[str, Any] = {}
        if parent.depth + 1 < options.max_steps:
            limits = {"step_tokens": options.step_tokens, "stop": (options.delimiter,) if options.delimiter else ()}
        params = self.sampling.model_copy(update={**limits, **more})
        c = self.draw(path, parent.ids, params)
        goes_on = c.finish_reason == "step" or c.stop_reason == "\n\n"
        return Branch(path, (*parent.ids, *map(int, c.token_ids)), c.text, parent.depth + 1, not goes_on)


def text_of(ids: Sequence[int]) -> str:
    """Words without meaning."""
    return "".join("" if i == END else "\n\n" if i == DELIMITER else f" {'abcdefgh'[i - 2]}" for i in ids)


def solve(strategy: Strategy, n: int, world: World) -> list[Candidate]:
    """The candidates of one cell, after checks that hold for every search.

    No two are the same draw; each has ended; finished and truncated are told apart; the bound is not exceeded; the
    order in which answers arrive changes neither them nor the history.
    """
    found = asyncio.run(strategy.solve(QUESTION, n, world))
    assert len({c.path for c in found}) == len(found) > 0
    for c in found:
        assert all(not x.finished and not x.truncated for x in c.completions[:-1])
        assert c.finished == (c.token_ids[-1:] == (END,)), "finished: the policy ended it"
        assert c.completions[-1].truncated != c.finished, "each has ended, one way or the other"
        assert c.text == text_of(c.token_ids)
        assert c.output_tokens <= world.sampling.max_tokens
    bound = strategy.bound(n, world.sampling)
    assert len(world.drawn) <= bound.samples
    assert sum(c.output_tokens for c in world.drawn.values()) <= bound.tokens
    shuffled = world.again(shuffle=1)
    again = asyncio.run(strategy.solve(QUESTION, n, shuffled))
    assert outline(again) == outline(found)
    assert shuffled.history == world.history
    return found


def outline(candidates: Sequence[Candidate | Branch]) -> list[tuple[Path, str]]:
    """What is compared: which draws, and their texts."""
    return [(c.path, c.text) for c in candidates]


def worlds(count: int, **fixed: Any) -> list[World]:
    """Random small worlds, half of them with many ties among their scores."""
    found = []
    for seed in range(count):
        rng = random.Random(seed)
        kind = {
            "end": rng.choice([0.03, 0.1, 0.3]),
            "stop": rng.choice([0.1, 0.3, 0.5]),
            "levels": rng.choice([None, None, 2, 4]),
            "max_tokens": rng.choice([6, 20, 40]),
        }
        found.append(World(seed, **{**kind, **fixed}))
    return found


def options(seed: int) -> dict[str, Any]:
    """Random options that every search has."""
    rng = random.Random(f"options {seed}")
    return {
        "verifier": GUIDE,
        "delimiter": rng.choice(["\n\n", "\n\n", "\n\n", ""]),
        "step_tokens": rng.choice([1, 3, 8]),
        "max_steps": rng.choice([1, 2, 4, 10]),
        "aggregation": rng.choice(["last", "min", "mean"]),
    }
