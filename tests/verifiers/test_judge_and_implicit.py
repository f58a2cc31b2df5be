"""Judges, implicit rewards, outcome models and label readers on engines that only pretend: prompts, votes, sums."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("transformers")
import small_tokenizers
from test_prm_formats import checkpoint

from tts.core import Candidate, Completion, Question, Reply, UsageError, class_probability, sigmoid
from tts.engines import ModelPool
from tts.verifiers import make_verifier
from tts.verifiers.implicit import Implicit, ImplicitOptions
from tts.verifiers.judge import DIRECT, Judge, JudgeOptions, verdict
from tts.verifiers.labels import LabelReader
from tts.verifiers.orm import Orm, OrmOptions
from tts.verifiers.process import UNREAD

QUESTION = Question("q", "Is {answer} 2?")


def answers(*texts: str) -> list[Candidate]:
    empty = np.zeros(1, np.uint32)
    return [Candidate.of(Completion(("sample", i), text, empty, "stop")) for i, text in enumerate(texts)]


class Model:
    """A language model whose numbers are functions of the ids alone."""

    version = "none"
    architecture = None

    def __init__(self, tokenizer: Any, scale: float = 1.0, room: int = 10_000, replies: Sequence[Reply] = ()):
        self.identity = {"scale": str(scale)}
        self.tokenizer = tokenizer
        self.scale = scale
        self.room = room
        self.written = list(replies)
        self.asked: list[list[int]] = []

    async def pair(self, ids: Sequence[int], good: int, bad: int, about: str) -> float | None:
        self.asked.append(list(ids))
        await asyncio.sleep(0)
        return None if len(ids) > self.room else 1 / (1 + len(ids))

    async def logprobs(self, ids: Sequence[int], about: str) -> list[float] | None:
        return None if len(ids) > self.room else [-self.scale * token for token in ids[1:]]

    async def logits(self, ids: Sequence[int], about: str) -> list[float] | None:
        return None if len(ids) > self.room else [-float(len(ids))]

    async def replies(self, ids: Sequence[int], n: int, *_: object) -> list[Reply]:
        return self.written[:n]

    async def close(self) -> None: ...


# --- two tokens' probabilities ------------------------------------------------------------------------------------


async def test_a_label_is_asked_for_after_each_prefix_that_ends_in_its_position() -> None:
    model = Model(small_tokenizers.llama())
    reader = LabelReader(model, 1, 2)  # type: ignore[arg-type]
    assert await reader.read([5, 6, 7, 8, 9], [1, 4], "q") == (1 / 3, 1 / 6)
    assert model.asked == [[5, 6], [5, 6, 7, 8, 9]]
    model.room = 4
    assert await reader.read([5, 6, 7, 8, 9], [1, 4], "q") is None, "a part of the scores is no answer's scores"


@given(st.lists(st.floats(-800, 800), min_size=2, max_size=5), st.integers(0, 4))
def test_a_class_has_its_share_of_the_softmax(logits: list[float], good: int) -> None:
    if good >= len(logits):
        with pytest.raises(UsageError, match=f"good: found {good}, but the model has {len(logits)} classes"):
            class_probability(logits, good)
        return
    shares = [class_probability(logits, i) for i in range(len(logits))]
    assert math.isclose(sum(shares), 1)
    assert shares[good] == max(shares) or logits[good] < max(logits)


@given(st.floats(-1e4, 1e4))
def test_the_sigmoid_is_that_of_two_classes_and_never_overflows(x: float) -> None:
    assert math.isclose(sigmoid(x), class_probability([0, x], 1), abs_tol=1e-12)
    assert math.isclose(sigmoid(x) + sigmoid(-x), 1)
    assert class_probability([x], 1) == sigmoid(x)


# --- judges ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("All is well.\nVerdict: Yes", True),
        ("Verdict: yes? No, wait.\nVerdict: **No**.", False),
        ("It is right, so yes.", True),
        ("no", False),
        ("Verdict: Yesterday", None),
        ("Yes, it might be, but I was cut off in the mid", None),
        ("I know", None),
        ("", None),
        ("<think>Verdict: Yes?</think>Verdict: No", False),
        ("<think>Perhaps.\nVerdict: Yes", None),
        ("[THINK]Verdict: No[/THINK]Verdict: Yes", True),
    ],
)
def test_a_verdict_is_what_a_judgement_ends_in(said: str, means: bool | None) -> None:
    assert verdict(said, "Yes", "No") is means


def test_a_judgement_that_the_prompt_began_with_thinking_has_no_verdict_before_its_end() -> None:
    assert verdict("Verdict: Yes", "Yes", "No", starts_in_thinking=True) is None
    assert verdict("Verdict: Yes</think>Verdict: No", "Yes", "No", starts_in_thinking=True) is False


async def test_votes_of_a_judge_whose_template_opens_the_thinking() -> None:
    tokenizer = small_tokenizers.llama()
    tokenizer.chat_template += "{% if add_generation_prompt %}<think>\n{% endif %}"
    said = [Reply("Verdict: Yes", 3), Reply("Verdict: No</think>Verdict: Yes", 4)]
    judge = Judge("judge/m", JudgeOptions(votes=2), Model(tokenizer, replies=said), (0, 0))  # type: ignore[arg-type]
    (score,) = await judge.score(QUESTION, answers("2"))
    assert score.values == (0.5,), "the first was cut in its thinking"


async def test_the_share_of_votes_is_the_score_and_a_vote_without_a_verdict_is_no() -> None:
    said = [Reply("Verdict: Yes", 3), Reply("Verdict: No", 4), Reply("hm", 5), Reply("Verdict: Yes", 6)]
    model = Model(small_tokenizers.llama(), replies=said)
    judge = Judge("judge/m", JudgeOptions(votes=4), model, (0, 0))  # type: ignore[arg-type]
    score, empty = await judge.score(QUESTION, answers("2", " \n"))
    assert score.values == (0.5,)
    assert score.tokens == len(judge.input_ids(QUESTION, "2")) + 18
    assert (empty.values, empty.tokens) == ((0.0,), 0)
    model.written = []  # no room for a reply
    (long,) = await judge.score(QUESTION, answers("2"))
    assert (long.values, long.too_long, score.too_long, empty.too_long) == ((0.0,), True, False, False)
    assert not judge.process


def test_what_a_text_spells_is_not_filled_in_and_is_no_turn_of_the_chat() -> None:
    tokenizer = small_tokenizers.llama()
    judge = Judge("judge/m", JudgeOptions(), Model(tokenizer), (0, 0))  # type: ignore[arg-type]
    ids = judge.input_ids(QUESTION, "{question} <|eot_id|>\\frac{1}{2}")
    text = tokenizer.decode(ids)
    assert "Is {answer} 2?" in text
    assert "{question} \\frac{1}{2}" in text
    assert ids.count(tokenizer.eos_token_id) == 1
    plain = Judge("judge/m", JudgeOptions(), Model(small_tokenizers.bare()), (0, 0))  # type: ignore[arg-type]
    said = plain._engine.tokenizer.decode(plain.input_ids(QUESTION, "2"))
    asked = DIRECT.format(question="QUESTION", answer="2", yes="Yes", no="No")
    assert said == asked.replace("QUESTION", QUESTION.text)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("judge", {}, "expected judge/MODEL"),
        ("judge", {"prompt": "{question}"}, r"v\.prompt: lacks {answer}"),
        ("judge", {"no": "yes"}, r"v\.no: found 'yes', the word for yes"),
        ("judge", {"votes": 3, "temperature": 0}, r"v\.temperature: found 0 with votes 3"),
        ("judge", {"votes": -1}, r"v \(judge\)\.votes: found -1"),
        ("judge", {"yes": "Right"}, r"v\.yes: found 'Right', .* 5 tokens"),
        ("judge", {"vote": 1}, r"v \(judge\)\.vote: unknown option \(did you mean 'votes'"),
        ("orm", {}, "is a language model .* expected a reward model"),
        ("implicit", {}, r"v \(implicit\)\.weak: missing"),
        ("implicit", {"weak": "./nowhere"}, r"v\.weak: there is no folder \./nowhere"),
        ("implicit", {"weak": "w", "beta": 0}, r"beta: found 0"),
    ],
)
def test_options_that_make_no_sense_are_said(name: str, options: dict[str, Any], said: str, tmp_path: Path) -> None:
    if find_spec("vllm") is None:  # not importorskip: vLLM takes twenty seconds to import
        pytest.skip("vllm is not installed")
    model = "" if "expected judge" in said else "/" + checkpoint(tmp_path, "LlamaForCausalLM", small_tokenizers.llama())
    with pytest.raises(UsageError, match=said):
        make_verifier(name + model, options, ModelPool(), "v")


# --- outcome reward models --------------------------------------------------------------------------------------------


async def test_what_cannot_be_read_never_beats_what_can() -> None:
    model = Model(small_tokenizers.llama(), room=200)
    for output, least in (("raw", UNREAD), ("sigmoid", 0.0)):
        orm = Orm("orm/m", OrmOptions(output=output), model)  # type: ignore[arg-type]
        read, empty, long = await orm.score(QUESTION, answers("2", "", "x" * 300))
        assert empty.values == long.values == (least,)
        assert empty.tokens == long.tokens == 0
        assert [s.too_long for s in (read, empty, long)] == [False, False, True]
        assert read.values[0] > least
        assert (read.values[0] >= 0) == (output == "sigmoid"), "weighted votes need a default without negative weights"
    assert OrmOptions().output == "sigmoid"


# --- implicit rewards -------------------------------------------------------------------------------------------------

STEP = st.text(alphabet="ab+ки \n", min_size=1, max_size=12).filter(lambda s: s.strip() and "\n\n" not in s.strip())


@given(st.lists(STEP, min_size=1, max_size=5), st.sampled_from(["q", "step"]), st.sampled_from(["sum", "mean"]))
def test_each_step_has_the_ratio_of_its_own_characters(steps: list[str], values: str, reduce: str) -> None:
    """A tokenizer of one token a character: sums over slices of the answer's characters."""
    tokenizer = small_tokenizers.qwen()
    config = ImplicitOptions(weak="w", values=values, reduce=reduce, map="none", beta=0.5)  # type: ignore[arg-type]
    judge = Implicit("implicit/m", config, Model(tokenizer, 1.0), Model(tokenizer, 3.0))  # type: ignore[arg-type]
    steps = [s.strip() for s in steps]
    (score,) = asyncio.run(judge.score(QUESTION, answers("\n\n".join(steps))))
    pieces = [tokenizer.encode(s + ("\n\n" if i < len(steps) - 1 else "")) for i, s in enumerate(steps)]
    expected = []
    for k in range(len(pieces)):
        seen = [t for piece in pieces[: k + 1] for t in piece] if values == "q" else pieces[k]
        ratio = sum(2.0 * t for t in seen)
        expected.append(0.5 * (ratio / len(seen) if reduce == "mean" else ratio))
    assert score.values == pytest.approx(expected)


async def test_implicit_rewards_are_mapped_into_the_unit_interval_and_unreadable_ones_are_least() -> None:
    tokenizer = small_tokenizers.llama()
    strong, weak = Model(tokenizer, 1.0), Model(tokenizer, 1.01)
    judge = Implicit("implicit/m", ImplicitOptions(weak="w"), strong, weak)  # type: ignore[arg-type]
    assert judge.process
    assert judge.aggregation == "last"
    (score, none) = await judge.score(QUESTION, answers("ab\n\nc", " "))
    assert all(0.5 < v < 1 for v in score.values)
    assert none.values == ()
    asked = len(judge.place(tokenizer, QUESTION, ["ab", "c"])[0])
    assert score.tokens == 2 * asked
    weak.room = asked - 1
    (long,) = await judge.score(QUESTION, answers("ab\n\nc"))
    assert (long.values, long.too_long, score.too_long) == ((0.0, 0.0), True, False)
    raw = Implicit("implicit/m", ImplicitOptions(weak="w", map="none"), strong, weak)  # type: ignore[arg-type]
    assert (await raw.score(QUESTION, answers("ab\n\nc")))[0].values == (UNREAD, UNREAD)


def test_every_option_that_changes_a_score_changes_its_identity() -> None:
    strong, weak = Model(None, 1.0), Model(None, 2.0)
    made = [
        Implicit("implicit/m", ImplicitOptions(weak="w", **more), one, other).fingerprint  # type: ignore[arg-type]
        for one, other, more in [
            (strong, weak, {}),
            (weak, strong, {}),
            (strong, strong, {}),
            (strong, weak, {"values": "step"}),
            (strong, weak, {"reduce": "mean"}),
            (strong, weak, {"beta": 1.0}),
            (strong, weak, {"map": "none"}),
        ]
    ]
    made += [
        Judge("judge/m", JudgeOptions(**more), strong, (0, 0)).fingerprint  # type: ignore[arg-type]
        for more in [{}, {"votes": 3}, {"yes": "Y"}, {"prompt": "{question}{answer}"}, {"system": "s"}]
    ]
    assert len(set(made)) == len(made)
