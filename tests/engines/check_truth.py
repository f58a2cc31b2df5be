"""Compare a simulated run's pass@k with the truth that its samples follow: `python tests/engines/check_truth.py RUN`.

The standard error is that of the estimator given the truths: from the variance of the unbiased estimate over the
binomial number of correct samples of each problem. Exits with 1 where one is more than three standard errors away.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path

import numpy as np

from tts.report import write_report
from tts.stats import pass_at_k


def deviations(run: Path) -> list[tuple[int, float, float, float]]:
    """k, estimate, truth and standard error of every pass@k of independent sampling."""
    truth = json.loads((run / "truth.json").read_text())
    p = np.array([t["success"] for t in truth.values()])
    with write_report(run).csv.open() as f:
        rows = [r for r in csv.DictReader(f) if r["selector"] == "oracle" and r["strategy"] == "best_of_n"]
    found = []
    for row in rows:
        n, k = int(row["samples"]) // len(p), int(row["n"])
        counts = np.arange(n + 1)
        choose = [math.lgamma(n + 1) - math.lgamma(c + 1) - math.lgamma(n - c + 1) for c in counts]
        mass = np.exp(choose + counts * np.log(p)[:, None] + (n - counts) * np.log1p(-p)[:, None])
        estimates = pass_at_k(n, counts, k)
        variance = (mass * estimates**2).sum(axis=1) - (mass * estimates).sum(axis=1) ** 2
        found.append((k, float(row["accuracy"]), float(np.mean(1 - (1 - p) ** k)), math.sqrt(variance.sum()) / len(p)))
    return found


def main() -> int:
    """The command line; see the module's text."""
    found = deviations(Path(sys.argv[1]))
    for k, estimate, truth, error in found:
        off = (estimate - truth) / error
        sys.stdout.write(f"pass@{k}: {estimate:.6f}, truth {truth:.6f}, off by {off:+.2f} standard errors\n")
    return 0 if found and all(abs(e - t) < 3 * s for _, e, t, s in found) else 1


if __name__ == "__main__":
    sys.exit(main())
