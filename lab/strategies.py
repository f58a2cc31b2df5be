"""The table of all strategies on ``arith``: ``python -m lab.strategies RUN docs/strategies.md``.

Each row is compared with best-of-n on the same problems at equal measured tokens: as many samples as the strategy's
generated and prompt tokens would have paid for, by the exact expectation over subsets of the samples held.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lab.card import table
from lab.siblings import pairs, selected
from tts.analysis.selection import expected_accuracy, picked_accuracy
from tts.core import SELECTORS
from tts.report.notes import short_labels
from tts.stats import Interval, difference_interval, mean_interval
from tts.store import CellData, Entry, RunData, read_run

Floats = npt.NDArray[np.float64]

BEGIN, STOP = "<!-- table: written by make strategies-table -->", "<!-- end of table -->"
PICKS = (("majority", None), ("best", "prm/tiny-arith:min"), ("weighted", "prm/tiny-arith:min"), ("oracle", None))
"""Selectors of the table, with the scores that they pick by."""
HARDEST = ("9", "10", "11", "12")
BASELINE = "best_of_n"


@dataclass(frozen=True)
class Row:
    """One strategy setting at one budget, on some problems."""

    entry: Entry
    n: int
    cells: Sequence[CellData]
    """One a problem."""

    @property
    def generated(self) -> float:
        """Generated tokens a problem."""
        return float(np.mean([self._share(c) * c.usage.output_tokens for c in self.cells]))

    @property
    def tokens(self) -> float:
        """Generated tokens and the prefill under a perfect cache, a problem."""
        return self.generated + float(np.mean([c.usage.prompt_tokens_ideal for c in self.cells]))

    @property
    def answers(self) -> float:
        """Candidates a problem."""
        return float(np.mean([self._share(c) * len(c) for c in self.cells]))

    @property
    def search_scores(self) -> float:
        """Tokens that the guiding verifier read, a problem."""
        return float(np.mean([c.usage.verifier_tokens for c in self.cells]))

    def _share(self, cell: CellData) -> float:
        """An independent strategy's cell holds the samples of its largest budget."""
        return self.n / cell.n if self.entry.independent else 1.0

    def accuracy(self, selector: str, verifier: str | None) -> Floats:
        """Shape (problems,)."""
        if self.entry.independent:
            return at_budget(self.cells, selector, verifier, self.n)
        return np.array([picked_accuracy(c, SELECTORS[selector], verifier) for c in self.cells])


def at_budget(cells: Sequence[CellData], selector: str, verifier: str | None, k: float) -> Floats:
    """Expected accuracy of ``k`` independent samples, shape (problems,); between two whole budgets, linearly."""
    low = int(k)
    ks = np.array([low, min(low + 1, cells[0].n)])
    found = [expected_accuracy(cell, SELECTORS[selector], verifier, ks, (str(i),))[0] for i, cell in enumerate(cells)]
    return np.asarray(np.array(found) @ np.array([1 - (k - low), k - low]), dtype=np.float64)


def rows(run: RunData, levels: Sequence[str]) -> Iterator[Row]:
    """All settings and budgets on the problems of some levels."""
    (benchmark,) = run.problems
    ids = [p.id for p in run.problems[benchmark] if p.level in levels]
    for entry in run.plan:
        for n in entry.n:
            budget = 0 if entry.independent else n
            keys = [(benchmark, i, entry.strategy, entry.setting, run.seeds[0], budget) for i in ids]
            if all(key in run.cells for key in keys):
                yield Row(entry, n, [run.cells[key] for key in keys])


def difference(row: Row, base: Row, selector: str, verifier: str | None) -> str:
    """The row minus best-of-n at equal tokens, paired, in points."""
    k = (row.tokens - (base.tokens - base.generated)) / (base.generated / base.n)
    if k > base.cells[0].n:
        return f"costs {k:.0f} samples"
    paired = difference_interval(
        row.accuracy(selector, verifier), at_budget(base.cells, selector, verifier, max(k, 1.0))
    )
    return percent(paired)


def percent(interval: Interval) -> str:
    """``41.2 (38.0 to 44.5)``, in percent."""
    return f"{100 * interval.mean:.1f} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def results(run: RunData, levels: Sequence[str]) -> str:
    """One table: cost and accuracy of every row, and its distance to best-of-n at equal tokens."""
    found = list(rows(run, levels))
    base = max((r for r in found if r.entry.strategy == BASELINE), key=lambda r: r.n)
    names = short_labels((r.entry.strategy, r.entry.setting) for r in found)
    lines = []
    for row in found:
        own = row.entry.strategy == BASELINE
        lines.append(
            (
                names[row.entry.strategy, row.entry.setting],
                row.n,
                f"{row.answers:.1f}",
                f"{row.tokens:,.0f}",
                f"{row.search_scores:,.0f}",
                *(percent(mean_interval(row.accuracy(*pick))) for pick in PICKS),
                *("" if own else difference(row, base, *pick) for pick in PICKS[1:3]),
            )
        )
    head = ("strategy", "n", "answers", "tokens", "verifier tokens", *(s for s, _ in PICKS))
    return table((*head, "best, against best-of-n", "weighted, against best-of-n"), lines)


def revisions(run: RunData) -> str:
    """Accuracy of revision by ratio and level, by the weighted vote."""
    levels = sorted({p.level for problems in run.problems.values() for p in problems if p.level}, key=int)
    lines: dict[tuple[int, str], list[str]] = {}
    for level in levels:
        found = list(rows(run, [level]))
        names = short_labels((r.entry.strategy, r.entry.setting) for r in found)
        for row in found:
            if row.entry.strategy == "revision":
                key = (row.n, names[row.entry.strategy, row.entry.setting])
                value = f"{100 * row.accuracy(*PICKS[2]).mean():.0f} / {100 * row.accuracy(*PICKS[0]).mean():.0f}"
                lines.setdefault(key, []).append(value)
    return table(("n", "setting", *(f"level {x}" for x in levels)), [(*key, *line) for key, line in lines.items()])


def main(place: str, file: str) -> None:
    """Write the tables between the two markers of ``file``."""
    run = read_run(Path(place))
    levels = [p.level or "" for problems in run.problems.values() for p in problems]
    count = {name: sum(level in chosen for level in levels) for name, chosen in (("all", levels), ("hard", HARDEST))}
    text = (
        f"Harder half, levels 7 to 12, {count['all']} problems:\n\n{results(run, sorted(set(levels)))}\n\n"
        f"Hardest third, levels 9 to 12, {count['hard']} problems:\n\n{results(run, HARDEST)}\n\n"
        f"Revision by level, weighted vote / majority, in percent:\n\n{revisions(run)}\n\n"
        f"The reward model between siblings that state the same operation (DVTS):\n\n{pairs(run.path)}\n\n"
        f"What beam search keeps:\n\n{selected(run.path)}"
    )
    page = Path(file)
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(STOP)[2]
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{STOP}{after}")


if __name__ == "__main__":
    main(*sys.argv[1:])
