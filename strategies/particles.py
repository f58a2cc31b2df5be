"""What the particle methods share: weighted answers in the making, and the potential of each step.

The model is Puri et al.'s (2025, section 3): a step is a transition of the policy, and a process verifier's score r
of the answer so far gives the step's potential G. Weighted particles then stand for p(x) * prod_t G_t(x_1..x_t), where
p is the policy and x an answer of steps x_1, x_2, ...; a finished answer stays as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from tts.core import Candidate, Path, Tools, UsageError
from tts.strategies.resampling import Floats, Indices, normalise
from tts.strategies.search import ROOT, GuidedSearch

CLIP = 1e-7
"""Scores are kept this far from 0, and for the odds from 1: no potential is zero or infinite."""

Cloud = Mapping[Path, tuple[Candidate, float]]
"""Distinct answers by their path, each with its share of all weight."""


@dataclass(frozen=True, slots=True, eq=False)
class Particles:
    """n weighted answers in the making; copies of one answer are several particles."""

    answers: tuple[Candidate, ...]
    going: npt.NDArray[np.bool_]
    """Shape (n,): whether another step follows."""
    scores: Floats
    """Shape (n,): each answer's value by the verifier, 1 before its first step."""
    log_weights: Floats
    """Shape (n,): accumulated since the last resampling."""
    log_potentials: Floats
    """Shape (n,): log of prod_t G_t over all of the answer."""
    roots: Indices
    """Shape (n,): the particle of the first step that each descends from."""

    @classmethod
    def start(cls, n: int) -> Particles:
        """n empty answers of equal weight."""
        return cls((ROOT,) * n, np.ones(n, np.bool_), np.ones(n), np.zeros(n), np.zeros(n), np.arange(n))

    def descend(self, ancestors: Indices, log_weights: Floats) -> Particles:
        """The particles at ``ancestors`` (n,), with the weights that resampling left them."""
        return Particles(
            tuple(self.answers[i] for i in ancestors.tolist()),
            self.going[ancestors],
            self.scores[ancestors],
            log_weights,
            self.log_potentials[ancestors],
            self.roots[ancestors],
        )

    def cloud(self) -> Cloud:
        """Each answer once, in the order of the particles."""
        found: dict[Path, tuple[Candidate, float]] = {}
        for answer, weight in zip(self.answers, normalise(self.log_weights).tolist(), strict=True):
            path = answer.path
            found[path] = (answer, weight + found[path][1] if path in found else weight)
        return found


class ParticleMethod(GuidedSearch):
    """A search whose answers carry weights."""

    weight: Literal["odds", "score", "increment"] = "odds"
    """A step's potential: ``odds`` is r / (1 - r) (Puri et al.'s code: a softmax over the logits of r), ``score`` is r,
    and ``increment`` is r over the previous step's r, whose product is the last step's r alone."""

    async def step(
        self,
        tools: Tools,
        before: Particles,
        *,
        power: float = 1.0,
        reweight: bool = False,
        reference: Candidate | None = None,
        path: Path | None = None,
    ) -> Particles:
        """Every unfinished particle continued by one step of its own, and weighted by its potential to ``power``.

        ``reweight``: finished particles are weighted by their last step's potential again. ``reference``: an answer
        that the first particle follows instead of drawing. ``path``: begins the paths of all draws, for methods that
        may go on from one answer several times. Raises UsageError where a score is no probability.
        """
        answers = await self._drawn(tools, before, reference, path)
        moved = np.flatnonzero(before.going).tolist()
        scores, going = before.scores.copy(), before.going.copy()
        scores[moved] = await self.values(tools, [answers[i] for i in moved])
        going[moved] = [self.is_open(answers[i]) for i in moved]
        if not np.all((scores >= 0) & (scores <= 1)):  # also where one is not a number
            wrong = scores[~((scores >= 0) & (scores <= 1))][0]
            raise UsageError(
                f"verifier: {self.verifier} gives {wrong:g}, and particles are weighted by scores from 0 to 1; use a "
                "verifier or an aggregation that gives probabilities"
            )
        gain = self._log_potential(scores, before.scores)
        if not reweight:
            gain[~before.going] = 0.0
        return replace(
            before,
            answers=answers,
            going=going,
            scores=scores,
            log_weights=before.log_weights + power * gain,
            log_potentials=before.log_potentials + gain,
        )

    async def _drawn(
        self, tools: Tools, before: Particles, reference: Candidate | None, path: Path | None
    ) -> tuple[Candidate, ...]:
        """The answers one step on. Particles with the same answer are drawn in one request, which names their draws."""
        answers = list(before.answers)
        alike: dict[tuple[int, ...], list[int]] = {}
        for i in np.flatnonzero(before.going).tolist():
            if i == 0 and reference is not None:
                answers[0] = _start(reference, len(answers[0].completions) + 1)
            else:
                alike.setdefault(answers[i].token_ids, []).append(i)
        drawn = await asyncio.gather(
            *(self.extend(tools, answers[who[0]], len(who), _below(answers[who[0]], path)) for who in alike.values())
        )
        for who, children in zip(alike.values(), drawn, strict=True):
            for i, child in zip(who, children, strict=True):
                answers[i] = child
        return tuple(answers)

    def _log_potential(self, scores: Floats, before: Floats) -> Floats:
        """Shape (n,): log G of steps that took the values from ``before`` to ``scores``."""
        r = np.clip(scores, CLIP, 1 - CLIP)
        if self.weight == "odds":
            return np.asarray(np.log(r) - np.log1p(-r))
        if self.weight == "score":
            return np.asarray(np.log(np.maximum(scores, CLIP)))
        return np.asarray(np.log(np.maximum(scores, CLIP)) - np.log(np.maximum(before, CLIP)))


def candidates_of(clouds: Sequence[Cloud], others: Sequence[Cloud] = ()) -> list[Candidate]:
    """Each answer once, its score ``weight`` the mean of its weights over ``clouds``; ``others`` add nothing to it."""
    answers = {path: answer for cloud in (*clouds, *others) for path, (answer, _) in cloud.items()}
    weights = dict.fromkeys(answers, 0.0)
    for cloud in clouds:
        for path, (_, weight) in cloud.items():
            weights[path] += weight / len(clouds)
    return [
        Candidate(answer.completions, answer.text, {**answer.scores, "weight": weights[path]})
        for path, answer in answers.items()
    ]


def _start(answer: Candidate, steps: int) -> Candidate:
    """The first steps of an answer."""
    return Candidate(answer.completions[:steps], answer.completions[steps - 1].text)


def _below(answer: Candidate, path: Path | None) -> Path | None:
    """The path of an answer's next draws: its own where it is below ``path``, else that of a branch off a reference.

    A branch's path cannot hold that of the reference: the reference's next step and the branch's first would meet.
    """
    if path is None or not answer.completions:
        return path
    return answer.path if answer.path[: len(path)] == path else (*path, "branch", len(answer.completions))
