"""Settings that hold the very same samples: drawn before in the run, or in another one of the same model and seed."""

from __future__ import annotations

from collections.abc import Iterator

from tts.store import Entry, Reader, RunData

Setting = tuple[str, str]


def sharing(run: RunData, entry: Entry, other: RunData) -> set[Setting]:
    """(strategy, setting) of ``other`` with a candidate that is, or begins with, one of the samples of ``run`` that
    tell difficulty: those of the last seed of an entry, where there is one seed their second half.

    Revision in many chains begins with the samples of best-of-n; a simulated model and an imported file give the same
    samples again. ``other`` may be ``run`` itself, whose last seed is then left out where it has several.
    """
    same, several = other is run, len(run.seeds) > 1
    if (same and (several or len(run.plan) == 1)) or _model(run) != _model(other):
        return set()
    mine = (entry.strategy, entry.setting)
    told = {key for at, seed, late, key in _keys(run) if at == mine and seed == run.seeds[-1] and (several or late)}
    return {at for at, _, _, key in _keys(other) if key in told and not (same and at == mine)}


def _model(run: RunData) -> object:
    return run.info.model.fingerprint


def _keys(run: RunData) -> Iterator[tuple[Setting, int, bool, int]]:
    """Setting, seed, whether in a cell's second half, and a hash of what was asked and answered; one a candidate."""
    with Reader(run.path) as reader:
        for strategy, setting, seed, late, key in reader.first_samples():
            yield (strategy, setting), seed, late, key
