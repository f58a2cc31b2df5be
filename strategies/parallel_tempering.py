"""Parallel tempering: particle Gibbs at several temperatures, with swaps between neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import numpy as np
from pydantic import Field, field_validator

from tts.core import Candidate, Question, Tools
from tts.strategies.particle_gibbs import ParticleGibbs, draw
from tts.strategies.particles import candidates_of


class ParallelTempering(ParticleGibbs):
    """n particles in several chains of sweeps (Puri et al. 2025, section 3.2 and its appendix's parallel tempering).

    A chain at temperature T is particle Gibbs for p(x) * (prod_t G_t)^(1/T): a hot one trusts the verifier less and
    wanders further. After each sweep, neighbouring chains may swap their retained answers, by the Metropolis rule that
    leaves all targets unchanged; pairs (0, 1), (2, 3), ... and (1, 2), (3, 4), ... take turns. The paper measures only
    several chains without swaps; ``swap: false`` is that. The candidates are the distinct answers of all chains; their
    score ``weight`` is the mean share of the first chain's weight, 0 for what only hotter chains have found.
    """

    temperatures: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (1.0, 2.0)
    """One a chain, rising. n is divided among the chains, and within a chain among its sweeps."""
    swap: bool = True
    """Whether chains swap."""

    @field_validator("temperatures")
    @classmethod
    def _rising(cls, temperatures: tuple[float, ...]) -> tuple[float, ...]:
        if any(a >= b for a, b in pairwise(temperatures)):
            raise ValueError(f"expected rising temperatures, for instance {sorted(set(temperatures))}")
        return temperatures

    def check(self, n: int) -> None:
        """``n`` must be a multiple of chains times sweeps, with two particles for each."""
        parts = len(self.temperatures) * self.sweeps
        self._divides(n, parts, f"chains times sweeps {parts}")

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """The distinct answers of all sweeps of all chains, at most ``n``."""
        chains = range(len(self.temperatures))
        size = n // (len(chains) * self.sweeps)
        retained: list[Candidate | None] = [None] * len(chains)
        cold, hot = [], []
        for s in range(self.sweeps):
            sweeps = await asyncio.gather(
                *(
                    self.sweep(tools, size, retained[c], ("chain", c, "sweep", s), 1 / self.temperatures[c])
                    for c in chains
                )
            )
            chosen = [draw(sweeps[c], tools.rng("chain", c, "sweep", s, "retain")) for c in chains]
            potentials = [float(sweeps[c].log_potentials[chosen[c]]) for c in chains]
            order = list(chains)
            if self.swap:
                order = swapped(self.temperatures, potentials, s % 2, tools.rng("swap", s))
            retained = [sweeps[c].answers[chosen[c]] for c in order]
            tools.record(round=s, log_potentials=potentials, order=order, retained=[r.path for r in retained if r])
            cold.append(sweeps[0].cloud())
            hot += [sweep.cloud() for sweep in sweeps[1:]]
        return candidates_of(cold, hot)


def swapped(
    temperatures: Sequence[float], log_potentials: Sequence[float], first: int, rng: np.random.Generator
) -> list[int]:
    """Which chain's answer each chain goes on with: pairs from ``first`` on, each swapped by the Metropolis rule."""
    order = list(range(len(temperatures)))
    for cold in range(first, len(order) - 1, 2):
        hot = cold + 1
        gain = (1 / temperatures[cold] - 1 / temperatures[hot]) * (log_potentials[hot] - log_potentials[cold])
        if np.log(1 - rng.random()) < gain:  # a uniform number of (0, 1]
            order[cold], order[hot] = hot, cold
    return order
