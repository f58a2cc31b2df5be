"""Confidence from stored log-probabilities, against loops written from the papers over whole small distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.core import Candidate, Completion, Question, UsageError, Verifier
from tts.core.keys import score_key
from tts.engines import ModelPool
from tts.verifiers import make_verifier

Q = Question("q", "1+1?")
KINDS = ("mean_logprob", "self_certainty", "token_confidence", "lowest_window", "bottom_windows", "tail")


def completion(logprobs, top=None, name=0) -> Completion:
    own = None if logprobs is None else np.array(logprobs, np.float16)
    size = len(top if logprobs is None else logprobs)
    ids = np.arange(size, dtype=np.uint32)
    table = None if top is None else np.array(top, np.float16)
    return Completion(("s", name), "text", ids, "stop", None, own, None, table)


async def value(candidate: Candidate, **options: object) -> float:
    (score,) = await make_verifier("confidence", options, ModelPool(), "v").score(Q, [candidate])
    (only,) = score.values
    assert score.tokens == 0
    return only


weights = st.lists(st.lists(st.floats(0.01, 1), min_size=4, max_size=4), min_size=1, max_size=30)


def tables(rows) -> np.ndarray:
    """Rows of weights as log-probabilities, likeliest first, as half-precision numbers hold them."""
    p = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    return -np.sort(-np.log(p), axis=1).astype(np.float16).astype(float)


@given(weights)
async def test_self_certainty_over_the_whole_vocabulary_is_the_papers(rows):
    """Kang et al. 2025: -1/(n V) sum_i sum_j log(V p(j|i))."""
    top = tables(rows)
    n, v = top.shape
    paper = -sum(math.log(v * math.exp(x)) for row in top for x in row) / (n * v)
    found = await value(Candidate.of(completion(None, top)), kind="self_certainty")
    assert found == pytest.approx(paper, abs=3e-3), "half-precision rows do not sum to one exactly"
    assert found >= 0


async def test_self_certainty_is_zero_for_a_uniform_distribution_and_grows_with_certainty():
    found = [
        await value(
            Candidate.of(completion(None, [[math.log(p), *[math.log((1 - p) / 4)] * 4]])), kind="self_certainty"
        )
        for p in (0.2, 0.5, 0.9, 0.99)
    ]
    assert found[0] == pytest.approx(0, abs=1e-3)
    assert found == sorted(found)


@given(weights, st.integers(1, 40))
async def test_windows_are_those_of_a_plain_loop(rows, window):
    """Fu et al. 2025: C_i = -1/k sum_j log P_i(j); groups are windows of successive tokens."""
    top = tables(rows)
    c = [-sum(row) / len(row) for row in top]
    size = min(window, len(c))
    groups = sorted(sum(c[i : i + size]) / size for i in range(len(c) - size + 1))
    tenth = groups[: max(1, math.ceil(0.1 * len(groups)))]
    paper = {
        "token_confidence": sum(c) / len(c),
        "lowest_window": groups[0],
        "bottom_windows": sum(tenth) / len(tenth),
        "tail": sum(c[-size:]) / size,
    }
    candidate = Candidate.of(completion(None, top))
    for kind, expected in paper.items():
        assert await value(candidate, kind=kind, window=window) == pytest.approx(expected)


@given(st.lists(st.floats(-20, 0), min_size=1, max_size=20))
async def test_mean_logprob_is_the_geometric_mean_of_the_sampled_tokens_probabilities(logprobs):
    kept = np.array(logprobs, np.float16).astype(float)
    found = await value(Candidate.of(completion(logprobs)))
    assert found == pytest.approx(math.prod(math.exp(x) for x in kept) ** (1 / len(kept)))
    assert 0 <= found <= 1


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_in_pieces_is_one_answer(kind):
    rng = np.random.default_rng(1)
    own, top = -rng.exponential(size=9), -np.sort(rng.exponential(size=(9, 3)))
    whole = Candidate.of(completion(own, top))
    parts = Candidate.of(completion(own[:2], top[:2])).then(completion([], np.empty((0, 3)), 1))
    parts = parts.then(completion(own[2:], top[2:], 2))
    assert await value(parts, kind=kind, window=4) == await value(whole, kind=kind, window=4)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_empty_answer_has_no_confidence_and_masked_tokens_no_infinite_one(kind):
    assert await value(Candidate.of(completion([], np.empty((0, 3)))), kind=kind) == 0
    masked = completion([-math.inf, -1.0], [[0.0, -math.inf]] * 2)
    found = await value(Candidate.of(masked), kind=kind)
    assert math.isfinite(found) and found >= 0


@pytest.mark.parametrize(
    ("candidate", "kind", "said"),
    [
        (completion(None, [[0.0]]), "mean_logprob", "question q has none; .*sampling.logprobs of 0"),
        (completion([-1.0]), "tail", "question q has none; .*sampling.logprobs of 20"),
        (completion([-1.0], np.empty((1, 0))), "self_certainty", "sampling.logprobs of 20"),
    ],
)
async def test_log_probabilities_that_were_not_kept_are_asked_for(candidate, kind, said):
    with pytest.raises(UsageError, match=said):
        await value(Candidate.of(candidate), kind=kind)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("confidence", {"knid": "tail"}, r"verifiers\[0\] \(confidence\)\.knid: unknown option .did you mean 'kind'"),
        ("confidence", {"kind": "tial"}, r"\.kind: found 'tial', input should be 'mean_logprob'"),
        ("confidence/window=0", {}, r"\.window: found '0', input should be greater than or equal to 1"),
        ("confidence/tail", {}, r"found 'tail' in 'confidence/tail', expected options, as in confidence/KEY=VALUE"),
        ("confidence/window=1", {"window": 2}, "'window' is said twice"),
    ],
)
def test_a_wrong_option_is_said(name, options, said):
    with pytest.raises(UsageError, match=said):
        make_verifier(name, options, ModelPool(), "verifiers[0]")


def test_options_in_the_name_are_the_same_options_and_make_another_verifier():
    by_name = make_verifier("confidence/kind=tail,window=7", {}, ModelPool(), "v")
    by_key = make_verifier("confidence", {"kind": "tail", "window": 7}, ModelPool(), "v")
    assert by_name.fingerprint == by_key.fingerprint != make_verifier("confidence", {}, ModelPool(), "v").fingerprint
    assert (by_name.name, by_key.name) == ("confidence/kind=tail,window=7", "confidence")


def test_the_same_text_with_other_log_probabilities_is_another_score():
    """A revision may repeat an answer word by word, and be surer of it: neither score may stand for the other."""
    reads, ignores = make_verifier("confidence", {}, ModelPool(), "v"), make_verifier("symbolic", {}, ModelPool(), "v")
    a, b = (Candidate.of(completion([x])) for x in (-1.0, -2.0))

    def key(verifier: Verifier, candidate: Candidate) -> bytes:
        return score_key(verifier.fingerprint, verifier.reads_tokens, "b/q", Q, candidate)

    assert key(reads, a) != key(reads, b)
    assert key(ignores, a) == key(ignores, b)
