"""Particle filtering: answers are resampled in proportion to their weights, not pruned by rank."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from tts.core import Candidate, Question, Tools
from tts.strategies.particles import ParticleMethod, Particles, candidates_of
from tts.strategies.resampling import Scheme, ess, resample


class ParticleFilter(ParticleMethod):
    """n particles, one step at a time (Puri et al. 2025, section 3.1, algorithm 1).

    Each step, every particle is continued, scored and weighted by the step's potential; then n particles are drawn from
    these in proportion to their weights, until all are finished. Copies go on by draws of their own. The candidates are
    the distinct answers; each one's score ``weight`` is its share of the final weight, so that a vote of the particles
    is one weighted by it, and copies of a finished answer are no extra votes elsewhere.
    """

    resampling: Scheme = "multinomial"
    """How ancestors are drawn (the paper: multinomial; the others vary less)."""
    ess_below: Annotated[float, Field(gt=0, le=1)] | None = None
    """Resample only where the effective sample size is below this share of n, and let weights accumulate until then.
    Default: resample at every step."""
    finished: Literal["keep", "reweight"] = "keep"
    """``keep``: a finished answer's potential is 1, which makes the target exact. ``reweight``: it is weighted again by
    its last potential at every step until all are finished, as the authors' code does; its target then has that
    potential to a power that grows with the steps that the slowest answer takes. ``increment`` weights have no such
    difference: a value that does not change is an increment of 1."""
    resampling_temperatures: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (1.0,)
    """Ancestors are drawn in proportion to weight^(1/T): T at the first, second, ... step; the last one holds from
    there on. More than 1 keeps more ancestors while scores say little; what is not drawn by stays in the weights, so
    that the target is the same."""
    keep_ancestors: Annotated[int, Field(ge=0)] = 0
    """At least so many of the heaviest particles have a descendant after each resampling, at a weight that allows for
    it; the target is the same."""

    def check(self, n: int) -> None:
        """``n`` particles must have room for the kept ancestors."""
        if n < self.keep_ancestors:
            raise ValueError(
                f"found {n}, fewer than keep_ancestors {self.keep_ancestors}; {self.keep_ancestors} would do"
            )

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """The distinct answers, at most ``n``, in the order of the particles."""
        particles, parents, t = Particles.start(n), np.arange(n), 0
        while True:
            particles = await self.step(tools, particles, reweight=self.finished == "reweight")
            size = ess(particles.log_weights)
            resampled = bool(particles.going.any()) and (self.ess_below is None or size < self.ess_below * n)
            tools.record(
                step=t,
                particles=[answer.path for answer in particles.answers],
                parents=parents,
                scores=particles.scores,
                log_weights=particles.log_weights,
                ess=size,
                ancestors=len(np.unique(particles.roots)),
                resampled=resampled,
            )
            if not particles.going.any():
                return candidates_of([particles.cloud()])
            parents = np.arange(n)
            if resampled:
                parents, left = resample(
                    particles.log_weights,
                    self.resampling,
                    tools.rng("resample", t),
                    temperature=self.resampling_temperatures[min(t, len(self.resampling_temperatures) - 1)],
                    keep=self.keep_ancestors,
                )
                particles = particles.descend(parents, left)
            t += 1
