"""Particle Gibbs: several sweeps of particles, each around an answer retained from the one before."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from tts.core import Candidate, Path, Question, Tools
from tts.strategies.particles import ParticleMethod, Particles, candidates_of
from tts.strategies.resampling import ess, multinomial, normalise
from tts.strategies.search import divisible


class ParticleGibbs(ParticleMethod):
    """n particles in several sweeps (Puri et al. 2025, section 3.2; Andrieu, Doucet and Holenstein 2010).

    The first sweep is a particle filter. One of its answers, drawn by weight, is retained: the next sweep's first
    particle follows it step by step and cannot be resampled away, the others may branch off it (conditional sequential
    Monte Carlo). As a Markov chain over retained answers this leaves the target of ``weight`` unchanged, with as few as
    two particles a sweep. The candidates are the distinct answers of all sweeps, each with the mean of its shares of
    the sweeps' weights as its score ``weight``.
    """

    sweeps: Annotated[int, Field(ge=1)] = 2
    """Each has n / sweeps particles, the retained one among them."""

    def check(self, n: int) -> None:
        """``n`` must be a multiple of the sweeps, with two particles each: a retained one alone learns nothing."""
        self._divides(n, self.sweeps, f"the number of sweeps {self.sweeps}")

    def _divides(self, n: int, parts: int, what: str) -> None:
        if self.sweeps > 1 and n < 2 * parts:
            raise ValueError(f"found {n}, fewer than two particles for {what}; {2 * parts} would do")
        divisible(n, parts, what.removesuffix(f" {parts}"))

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """The distinct answers of all sweeps, at most ``n``."""
        retained, clouds = None, []
        for s in range(self.sweeps):
            path: Path = ("sweep", s)
            particles = await self.sweep(tools, n // self.sweeps, retained, path)
            chosen = draw(particles, tools.rng(*path, "retain"))
            tools.record(sweep=s, retained=particles.answers[chosen].path, index=chosen)
            retained = particles.answers[chosen]
            clouds.append(particles.cloud())
        return candidates_of(clouds)

    async def sweep(
        self, tools: Tools, n: int, reference: Candidate | None, path: Path, power: float = 1.0
    ) -> Particles:
        """``n`` finished particles, of which the first is ``reference``; potentials are raised to ``power``."""
        particles, parents, t = Particles.start(n), np.arange(n), 0
        while True:
            particles = await self.step(tools, particles, power=power, reference=reference, path=path)
            tools.record(
                sweep=path,
                step=t,
                particles=[answer.path for answer in particles.answers],
                parents=parents,
                scores=particles.scores,
                log_weights=particles.log_weights,
                ess=ess(particles.log_weights),
                ancestors=len(np.unique(particles.roots)),
            )
            if not particles.going.any():
                return particles
            fixed = np.zeros(0 if reference is None else 1, np.int64)
            drawn = multinomial(normalise(particles.log_weights), n - len(fixed), tools.rng(*path, "resample", t))
            parents = np.concatenate([fixed, drawn])
            particles = particles.descend(parents, np.zeros(n))
            t += 1


def draw(particles: Particles, rng: np.random.Generator) -> int:
    """The index of one particle, drawn in proportion to weight."""
    return int(multinomial(normalise(particles.log_weights), 1, rng)[0])
