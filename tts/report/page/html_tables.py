"""Tables of the page, every text escaped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape

from tts.analysis import CurveRow
from tts.report.notes import label
from tts.report.tables.writing import TextTable, Value

_VERIFIER = "Verifier"
_RUN = "Run"
_COLUMNS = (
    ("Benchmark", ""),
    (_RUN, ""),
    ("Strategy", ""),
    ("Selector", ""),
    (_VERIFIER, ""),
    ("n", "num"),
    ("Accuracy", "num"),
    ("95% interval", "num"),
    ("Std. error", "num"),
    ("Generated tokens", "num"),
    ("Total tokens", "num"),
    ("Problems", "num"),
    ("Seeds", "num"),
    ("Samples", "num"),
    ("Truncated", "num"),
    ("No answer", "num"),
)


def plain_table(table: TextTable) -> str:
    """A table without sorting."""
    texts = [i for i, value in enumerate(table.rows[0]) if isinstance(value, str)] if table.rows else []
    kinds = ["" if i in texts else ' class="num"' for i in range(len(table.columns))]
    head = "".join(f'<th scope="col"{kind}>{_head(name)}</th>' for name, kind in zip(table.columns, kinds, strict=True))
    cells = [(kind, ".2%" if name in table.shares else ".4g") for kind, name in zip(kinds, table.columns, strict=True)]
    body = "".join(
        "<tr>"
        + "".join(f"<td{k}>{escape(_shown(v, form))}</td>" for v, (k, form) in zip(row, cells, strict=True))
        + "</tr>\n"
        for row in table.rows
    )
    return f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>'


_MEANINGS = {
    "a": "of the law exp(a k^b)",
    "b": "of the law exp(a k^b)",
    "alpha": "first parameter of the law",
    "beta": "second parameter of the law",
    "zero": "share of problems that no sample solves",
    "law_misfit": "largest distance of the coverage law from a measured point",
    "bb_misfit": "largest distance of the beta-binomial from a measured point",
    "misfit": "largest distance of the law from a measured point",
    "law": "coverage at k by the coverage law",
    "beta_binomial": "coverage at k by the beta-binomial",
    "auroc_within": "chance that a right sample of a problem is scored above a wrong one; mean over problems",
    "ap_within": "average precision within a problem; mean over problems",
    "auroc_across": "the same for samples of all problems together",
    "ap_across": "average precision of the samples of all problems together",
    "mixed_problems": "problems with both right and wrong samples",
    "base_rate": "share of samples that are right",
    "ece": "expected calibration error: mean distance of stated probability from share right",
    "brier": "mean squared distance of stated probability from what happened",
    "sqrt_kl": "square root of the KL divergence of best-of-n from the policy",
    "spearman": "rank correlation of the two scores within problems",
    "same_answer": "how often the best-scored answers of both are the same",
    "cells": "a problem under one strategy, seed and budget",
    "grader_timeout": "share of cells where the grader ran out of time",
    "grader_disagreement": "share of cells where equal answers got different verdicts",
    "grader_capped": "share of cells with more distinct answers than are compared",
}
"""What columns mean, by name."""


def _head(name: str) -> str:
    shown = escape(name.replace("_", " "))
    return f'<abbr title="{escape(_MEANINGS[name])}">{shown}</abbr>' if name in _MEANINGS else shown


def _shown(value: Value, form: str) -> str:
    if value is None:
        return "–"
    return format(value, form) if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value


def curves_table(rows: Sequence[CurveRow]) -> str:
    """Every row; run and verifier have a column where there is one."""
    left_out = set() if any(row.run for row in rows) else {_RUN}
    left_out |= set() if any(row.verifier for row in rows) else {_VERIFIER}
    head = "".join(
        f'<th scope="col" class="{kind}" aria-sort="none"><button type="button">{escape(name)}</button></th>'
        for name, kind in _COLUMNS
        if name not in left_out
    )
    body = "".join(f"<tr>{_cells(row, left_out)}</tr>\n" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"


def _cells(row: CurveRow, left_out: Collection[str]) -> str:
    named = (("", row.benchmark), (_RUN, row.run), ("", label(row.strategy, row.setting)), ("", row.selector))
    texts = [text for name, text in (*named, (_VERIFIER, row.verifier)) if name not in left_out]
    numbers: list[tuple[str, float]] = [
        (f"{row.n:,}", row.n),
        (f"{row.accuracy:.2%}", row.accuracy),
        (f"{row.ci_low:.2%} – {row.ci_high:.2%}", row.ci_low),
        (f"{row.stderr:.2%}", row.stderr),
        (f"{row.output_tokens:,.0f}", row.output_tokens),
        (f"{row.total_tokens:,.0f}", row.total_tokens),
        (f"{row.problems:,}", row.problems),
        (f"{row.seeds:,}", row.seeds),
        (f"{row.samples:,}", row.samples),
        (f"{row.truncated_rate:.2%}", row.truncated_rate),
        (f"{row.no_answer_rate:.2%}", row.no_answer_rate),
    ]
    plain = "".join(f"<td>{escape(text)}</td>" for text in texts)
    return plain + "".join(f'<td class="num" data-v="{value:.6g}">{escape(text)}</td>' for text, value in numbers)
