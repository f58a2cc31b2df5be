"""Agreement with given labels, and mutations of real answers; the data lies beside the repository."""

from __future__ import annotations

import json
import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.agreement import equivalence_pairs, gsm8k_samples, measure, qwen_samples
from tts.grading import Grader, extract_answer

# Where we differ on purpose; docs/grading.md gives the reason of each.
DIFFERING_PAIRS = {
    *("eq/0007", "eq/0029", "eq/0127", "eq/0166", "eq/0176", "eq/0181", "eq/0182", "eq/0184", "eq/0185", "eq/0188"),
    *("eq/0245", "eq/0255", "eq/0271", "eq/0282", "eq/0287", "eq/0294", "eq/0333", "eq/0405"),
}
DIFFERING_SAMPLES = {*(f"qwen_rm_maj/3/{number}" for number in range(8)), "qwen_rm_maj/72/7"}

MUTATIONS = int(os.environ.get("TTS_MUTATIONS", "10000"))
_ALPHABET = [
    *"0123456789{}()[]$\\,.;:%^_-+*/=<>|& \n\x00",
    "\ud800",
    "\\frac",
    "\\sqrt",
    "\\text{",
    "\\boxed{",
    "\\pm",
    "x",
    "é",
    "答",
]


def test_equivalence_pairs_of_other_suites(shared_data: Path) -> None:
    with Grader(
        timeout_s=30
    ) as patient:  # a busy machine must not change verdicts; timing is measured by the agreement command
        found = measure(equivalence_pairs(shared_data / "answer_equivalence.jsonl"), patient)
    assert set(found.differing) == DIFFERING_PAIRS
    assert found.agreeing == 390
    assert found.timeouts == 0


def test_labels_of_gsm8k_solutions(shared_data: Path, grader: Grader) -> None:
    found = measure(gsm8k_samples(shared_data / "samples/gsm8k_openai_model_solutions.jsonl"), grader)
    assert found.total == 5276
    assert found.differing == ()


def test_labels_of_qwen_samples(shared_data: Path, grader: Grader) -> None:
    found = measure(qwen_samples(shared_data / "samples/qwen25math_100x8_rm_scored.jsonl"), grader)
    assert found.total == 800
    assert set(found.differing) == DIFFERING_SAMPLES


def _references(folder: Path) -> list[str]:
    return [
        str(json.loads(line)["answer"]) for path in sorted(folder.glob("benchmarks/*.jsonl")) for line in path.open()
    ]


def test_every_reference_equals_its_usual_spellings(shared_data: Path, grader: Grader) -> None:
    failed = []
    for gold in dict.fromkeys(_references(shared_data)):
        bare = gold.replace("$", "") if "\\$" not in gold else gold
        spellings = [
            f"\\boxed{{{gold}}}",
            gold.replace("\\frac", "\\dfrac"),
            gold.replace("\\left", "").replace("\\right", ""),
        ]
        failed += [(gold, spelling) for spelling in [*spellings, bare] if not grader.equivalent(gold, spelling).equal]
    assert failed == []


@pytest.mark.slow
def test_mutated_answers_neither_hang_nor_crash(shared_data: Path, grader: Grader) -> None:
    random_ = random.Random(7)
    golds = _references(shared_data)
    pairs = [(gold, _mutated(gold, random_)) for gold in random_.choices(golds, k=MUTATIONS)]
    with ThreadPoolExecutor(2) as threads:
        verdicts = list(threads.map(lambda pair: grader.equivalent(*pair), pairs))
    assert len(verdicts) == MUTATIONS
    for _, answer in pairs:
        extract_answer(answer)
    outcomes = [verdict.outcome for verdict in verdicts]
    assert outcomes.count("error") < MUTATIONS / 1000
    assert outcomes.count("timeout") < MUTATIONS / 200


def _mutated(text: str, random_: random.Random) -> str:
    """One to three characters inserted, dropped, replaced, or a stretch doubled."""
    characters = list(text)
    for _ in range(random_.randint(1, 3)):
        at, other = sorted(random_.choices(range(len(characters) + 1), k=2))
        change = random_.randrange(4)
        if change == 0:
            characters.insert(at, random_.choice(_ALPHABET))
        elif change == 1:
            del characters[at : at + 1]
        elif change == 2:
            characters[at : at + 1] = [random_.choice(_ALPHABET)]
        else:
            characters[at:at] = characters[at:other]
    return "".join(characters)
