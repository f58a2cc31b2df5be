"""Settings of one run that hold the very same samples: what was drawn before is answered by the journal."""

from __future__ import annotations

from contextlib import closing

from tts.analysis.rundata import Entry, RunData, connect

_QUERY = """
    WITH sizes AS (SELECT cell, count(*) AS held FROM candidates GROUP BY cell),
    apart AS (
        SELECT a.samples FROM candidates a JOIN cells c ON c.id = a.cell JOIN sizes z ON z.cell = a.cell
        WHERE c.strategy = :strategy AND c.setting = :setting AND a.idx >= z.held / 2
        AND a.samples <> '[]'
    )
    SELECT DISTINCT c.strategy, c.setting FROM candidates b JOIN cells c ON c.id = b.cell
    WHERE NOT (c.strategy = :strategy AND c.setting = :setting) AND b.samples IN (SELECT samples FROM apart)
"""


def sharing(run: RunData, entry: Entry) -> set[tuple[str, str]]:
    """(strategy, setting) of others with a candidate from the second half of an entry's samples: revision in many
    chains begins with the samples of best-of-n."""
    if len(run.plan) == 1:
        return set()
    with closing(connect(run.path)) as db:
        return {(s, t) for s, t in db.execute(_QUERY, {"strategy": entry.strategy, "setting": entry.setting})}
