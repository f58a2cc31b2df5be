"""`tts export`: one row a candidate, with the text that the strategy offered."""

from __future__ import annotations

import json

import pyarrow.parquet as pq

from tts.store import Reader

STEPS = '''
from tts.core import Candidate, Strategy


class Steps(Strategy):
    """Answers of several pieces, one of them put in; it says what it offers."""

    async def solve(self, question, n, tools):
        answers = []
        for i in range(n):
            (first,) = await tools.sample(1, path=("root", i), stop=("\\n\\n",))
            answer = tools.force(Candidate.of(first), "\\n\\nWait, ")
            (last,) = await tools.sample(1, path=("end", i), prefix=answer.token_ids)
            answers.append(answer.then(last))
            answers.append(tools.force(answers[-1], " Done."))
        tools.record(offered=[a.text for a in answers])
        return answers
'''


def exported(tts, *flags):
    result = tts("export", "new", *flags)
    assert result.code == 0, result.err


def test_the_text_of_an_answer_of_several_pieces_is_the_one_that_was_offered(tts, place):
    (place / "steps.py").write_text(STEPS)
    made = tts("run", "--model", "simulated", "--benchmark", "arith:levels=1-2,per_level=2", "--strategy",
               "steps.py:Steps", "--n", "2", "--out", "new")  # fmt: skip
    assert made.code == 0, made.err
    exported(tts)
    rows = [json.loads(line) for line in (place / "new/candidates.jsonl").read_text().splitlines()]
    with Reader(place / "new") as reader:
        offered = [text for *_, history in reader.histories("steps.py:Steps") for text in history[0]["offered"]]
    assert len(offered) == 4 * 4
    assert sorted(row["text"] for row in rows) == sorted(offered)
    exported(tts, "--to", "parquet")
    assert sorted(pq.read_table(place / "new/candidates.parquet")["text"].to_pylist()) == sorted(offered)


def test_the_text_of_a_searched_answer_holds_each_step_once(tts, place):
    (place / "sweep.yaml").write_text(json.dumps({
        "model": "simulated",
        "benchmarks": "arith:levels=1-2,per_level=2",
        "strategies": [{"name": "beam_search", "n": 4}],
        "verifiers": [{"name": "simulated", "process": True}],
    }))  # fmt: skip
    assert tts("run", "sweep.yaml", "--out", "new").code == 0
    exported(tts)
    rows = [json.loads(line) for line in (place / "new/candidates.jsonl").read_text().splitlines()]
    assert rows
    for row in rows:
        assert row["text"].count("boxed") == 1, "one final statement"
        assert f"boxed{{{row['answer']}}}" in row["text"]
        assert len(row["text"].split()) <= row["output_tokens"] + 4, "no step is repeated"
