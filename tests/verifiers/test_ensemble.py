"""Ensembles of members whose scores are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.core import Candidate, Completion, Question, Score, TtsError, UsageError, Verifier
from tts.engines import ModelPool
from tts.verifiers import VERIFIERS, make_verifier

Q = Question("q", "1+1?")
C = [Candidate.of(Completion(("s", i), text, np.empty(0, np.uint32), "stop")) for i, text in enumerate(("a", "b"))]
CLOSED: list[str] = []


class Fixed(Verifier):
    """Says what its name says: ``steps:0.5;0.7`` or ``one:0.3``, for every candidate."""

    def __init__(self, model: str):
        kind, _, values = model.partition("=")
        self.process, self.values = kind == "steps", tuple(map(float, values.split(";"))) if values else ()
        self.fingerprint = self.name = model
        self.aggregation = "min"

    async def score(self, question, candidates):
        return [Score(self.values, tokens=10, too_long=0.0 in self.values) for _ in candidates]

    async def close(self):
        CLOSED.append(self.name)


def create(model, options, models, field):
    if options or models.engine:
        assert options == {"a": 1} and models.engine == {"b": 2}
    return Fixed(model)


@pytest.fixture(autouse=True)
def fixed(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "fixed_members", sys.modules[__name__])
    monkeypatch.setitem(VERIFIERS._builtin, "fixed", "fixed_members:create")
    VERIFIERS.__dict__.pop("_known", None)
    CLOSED.clear()
    yield
    VERIFIERS.__dict__.pop("_known", None)


def ensemble(*members, **options):
    return make_verifier("ensemble/x", {"members": list(members), **options}, ModelPool(), "verifiers[0]")


def test_steps_are_combined_one_by_one_as_the_rule_says(fixed):
    import asyncio

    @given(
        st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=5),
        st.tuples(*[st.floats(0.1, 10)] * 3),
    )
    def check(steps, weights):
        names = [f"fixed/steps={';'.join(map(repr, member))}" for member in zip(*steps, strict=True)]
        weighted = [{"name": n, "weight": w} for n, w in zip(names, weights, strict=True)]
        expected = {
            "mean": [sum(w * x for w, x in zip(weights, s, strict=True)) / sum(weights) for s in steps],
            "min": [min(s) for s in steps],
            "prod": [math.prod(s) for s in steps],
        }
        for rule, values in expected.items():
            found = ensemble(*(weighted if rule == "mean" else names), combine=rule)
            assert found.process
            for score in asyncio.run(found.score(Q, C)):
                assert score.values == pytest.approx(values)
                assert score.tokens == 30

    check()


async def test_one_member_without_step_scores_makes_it_one_score_in_all(fixed):
    mixed = ensemble("fixed/steps=0.9;0.4", "fixed/one=0.2")
    assert not mixed.process
    assert [s.values for s in await mixed.score(Q, C)] == [(pytest.approx(0.3),)] * 2, "min of the steps, then the mean"
    last = ensemble({"name": "fixed/steps=0.9;0.5", "aggregation": "max"}, "fixed/one=0.1", combine="prod")
    assert (await last.score(Q, C[:1]))[0].values == (pytest.approx(0.09),)
    empty = ensemble("fixed/steps=", "fixed/one=1.0")
    assert (await empty.score(Q, C[:1]))[0].values == (0.5,), "nothing speaks for an answer without a step"


async def test_what_is_too_long_for_one_member_is_too_long(fixed):
    for members in (("fixed/steps=0.0;0.0", "fixed/steps=1;1"), ("fixed/one=0.0", "fixed/steps=1;1")):
        assert [s.too_long for s in await ensemble(*members).score(Q, C)] == [True, True]
        assert not any(s.too_long for s in await ensemble(members[1], members[1]).score(Q, C))


async def test_members_get_their_own_options_and_are_closed(fixed):
    found = ensemble({"name": "fixed/one=1", "a": 1, "engine": {"b": 2}}, "fixed/one=0")
    assert [m.name for m in found.members] == ["fixed/one=1", "fixed/one=0"]
    await found.close()
    assert sorted(CLOSED) == ["fixed/one=0", "fixed/one=1"]


async def test_members_that_see_other_steps_are_an_error(fixed):
    with pytest.raises(TtsError, match=r"question q \(fixed/steps=1;1: 2, fixed/steps=1: 1\)"):
        await ensemble("fixed/steps=1;1", "fixed/steps=1").score(Q, C)


def test_what_changes_a_score_changes_the_fingerprint_and_a_label_does_not(fixed):
    a, b = "fixed/one=0.1", "fixed/steps=0.2"
    variants = [
        ensemble(a, b),
        ensemble(b, a),
        ensemble(a, b, combine="min"),
        ensemble(a, {"name": b, "weight": 2}),
        ensemble(a, {"name": b, "aggregation": "mean"}),
        ensemble(a, b, b),
    ]
    assert len({v.fingerprint for v in variants}) == len(variants)
    again = make_verifier("ensemble", {"members": [a, b]}, ModelPool(), "v")
    assert again.fingerprint == variants[0].fingerprint
    reads = ensemble(a, "confidence")
    assert reads.reads_tokens and not variants[0].reads_tokens


@pytest.mark.parametrize(
    ("members", "options", "said"),
    [
        (["fixed/one=1"], {}, r"\.members: found .*at least 2 items"),
        (["fixed/one=1", "simulated"], {}, r"members\[1\]\.name: 'simulated' is told which answers are correct"),
        (["fixed/one=1", "fxied/one=1"], {}, r"members\[1\]\.name: unknown verifier 'fxied' .did you mean 'fixed'"),
        (["fixed/one=1", {"name": "fixed/one=1", "weight": 0}], {}, r"weight: found 0, input should be greater than 0"),
        (["fixed/one=1", {"name": "fixed/one=1", "weight": 2}], {"combine": "min"}, r"weight: min takes no weights"),
        (["fixed/one=1", {"name": "fixed/steps=1", "aggregation": "mn"}], {}, r"aggregation 'mn' .did you mean 'min'"),
        (["fixed/steps=1", {"name": "fixed/steps=1", "aggregation": "min"}], {}, "all give a score a step"),
        (["fixed/one=1", "fixed/one=1"], {"combine": "rank"}, r"combine: found 'rank', input should be 'mean', 'min'"),
        (["fixed/one=1", "fixed/one=1"], {"member": 1}, r"\.member: unknown option .did you mean 'members'"),
    ],
)
def test_an_ensemble_that_cannot_be_is_said(fixed, members, options, said):
    with pytest.raises(UsageError, match=said):
        ensemble(*members, **options)
