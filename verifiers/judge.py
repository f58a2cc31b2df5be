"""A chat model as a judge: P("Yes") of "Yes" and "No" as the next token, or the share of votes for "Yes".

Reading the probability is generative verification (Zhang et al. 2024, "Generative Verifiers", section 3.1); several
votes after written reasoning are repeated judging (their section 3.2). Having one judgement reconsider itself again
and again (Chan et al. 2025, "J1: Exploring Simple Test-Time Scaling for LLM-as-a-Judge", arXiv 2505.11875) is another
thing, which is not here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from tts.core import Candidate, GivesProbabilities, Models, Question, Score, UsageError, Verifier, fingerprint
from tts.grading import after_thinking, opened_thinking
from tts.verifiers.options import VerifierOptions, read_options
from tts.verifiers.process import plain

_TASK = (
    "You are checking a solution.\n\nProblem:\n{question}\n\nSolution:\n{answer}\n\n"
    "Is the final answer of this solution correct? "
)
DIRECT = _TASK + "Reply with one word, {yes} or {no}."
"""The prompt where a probability is read."""
REASONED = _TASK + 'Check it step by step, then end with a line "Verdict: {yes}" or "Verdict: {no}".'
"""The prompt where votes are drawn."""


class JudgeOptions(VerifierOptions):
    """How a judge is asked."""

    votes: int = Field(default=0, ge=0)
    """0: one forward pass, whose probability of yes is the score. More: so many judgements are written, and the score
    is the share that ends in yes; one without a verdict counts as no."""
    prompt: str | None = None
    """What it is asked, with ``{question}``, ``{answer}``, ``{yes}`` and ``{no}`` in it. Default: ``DIRECT``, or with
    votes ``REASONED``, of this module."""
    system: str | None = None
    """System message before it."""
    yes: str = Field(default="Yes", min_length=1)
    """The word for a correct answer; without votes it must be one token."""
    no: str = Field(default="No", min_length=1)
    """The word for a wrong one."""
    max_tokens: int = Field(default=1024, ge=1)
    """Longest judgement, in tokens."""
    temperature: float = Field(default=0.7, ge=0)
    """Of judgements. Without votes it plays no part."""
    chat_template_kwargs: dict[str, object] = Field(default_factory=dict)
    """What the chat template is given besides, for instance ``enable_thinking``."""

    @property
    def asked(self) -> str:
        """The prompt in use."""
        return self.prompt if self.prompt is not None else REASONED if self.votes else DIRECT


def create(model: str, options: Mapping[str, Any], models: Models, field: str) -> Judge:
    """A chat model that is asked whether the answer is correct: the probability of yes, or the share of `votes`.

    Raises UsageError for a missing model or options that make no sense.
    """
    if not model:
        raise UsageError(f"{field}.name: found 'judge', expected judge/MODEL")
    config = read_options(JudgeOptions, "judge", "", options, field)
    if missing := [slot for slot in ("{question}", "{answer}") if slot not in config.asked]:
        raise UsageError(f"{field}.prompt: lacks {' and '.join(missing)}; put it where the text belongs")
    if config.yes.lower() == config.no.lower():
        raise UsageError(f"{field}.no: found {config.no!r}, the word for yes; expected another")
    if config.votes > 1 and config.temperature == 0:
        raise UsageError(f"{field}.temperature: found 0 with votes {config.votes}: all would be alike; expected more")
    served = models.language("judge", model, field)
    labels = (0, 0)
    if not config.votes:
        labels = (served.token_id(config.yes, f"{field}.yes"), served.token_id(config.no, f"{field}.no"))
    return Judge(f"judge/{model}", config, served, labels)


class Judge(Verifier):
    """A chat model that verifies; its engine, apart from the policy's, starts with the first score asked for.

    Votes are sampled: the journal keeps them, a fresh run draws others.
    """

    def __init__(self, name: str, config: JudgeOptions, engine: GivesProbabilities, labels: tuple[int, int]):
        """``name``: as configured, for tables; ``labels``: token ids of yes and no, unless there are votes."""
        self.name = name
        self.config = config
        self.version = engine.version
        described = config.model_copy(update={"prompt": config.asked}).model_dump_json()
        self.fingerprint = fingerprint({**engine.identity, "judge": described})
        self.architecture = getattr(engine, "architecture", None)
        self._engine = engine
        self._labels = labels

    async def score(self, question: Question, candidates: Sequence[Candidate]) -> list[Score]:
        """One value a candidate, in [0, 1]; 0 for an empty answer or one that is longer than the context."""
        return list(await asyncio.gather(*(self._one(question, c.text) for c in candidates)))

    async def _one(self, question: Question, text: str) -> Score:
        if not text.strip():
            return Score((0.0,))
        ids, about, config = self.input_ids(question, text), f"question {question.id}", self.config
        if not config.votes:
            value = await self._engine.pair(ids, *self._labels, about)
            return Score((0.0,), too_long=True) if value is None else Score((value,), tokens=len(ids) + 1)
        replies = await self._engine.replies(ids, config.votes, config.max_tokens, config.temperature, about)
        if not replies:
            return Score((0.0,), too_long=True)
        thinking = self._opens_thinking(question, text)
        yes = sum(verdict(reply.text, config.yes, config.no, thinking) is True for reply in replies)
        return Score((yes / config.votes,), tokens=len(ids) + sum(reply.tokens for reply in replies))

    def input_ids(self, question: Question, text: str) -> list[int]:
        """The ids of what asks for a verdict."""
        tokenizer, chats = self._engine.tokenizer, getattr(self._engine.tokenizer, "chat_template", None) is not None
        ids: list[int] = tokenizer.encode(self._asked(question, text)[1], add_special_tokens=not chats)
        return ids

    def _opens_thinking(self, question: Question, text: str) -> bool:
        """Whether the model's template has it think first."""
        asked, prompt = self._asked(question, text)
        return opened_thinking(prompt, asked) is not None

    def _asked(self, question: Question, text: str) -> tuple[str, str]:
        """The message that asks for a verdict, and the chat with it; plain text for a model without a template."""
        tokenizer, config = self._engine.tokenizer, self.config
        filled = {
            "question": plain(question.text, tokenizer),
            "answer": plain(text, tokenizer),
            "yes": config.yes,
            "no": config.no,
        }
        # In one pass, so that nothing in a question or an answer is taken for a place to fill.
        asked = re.sub(r"\{(question|answer|yes|no)\}", lambda m: filled[m[1]], config.asked)
        if getattr(tokenizer, "chat_template", None) is None:
            return asked, "\n\n".join(filter(None, [config.system, asked]))
        messages = [{"role": "user", "content": asked}]
        if config.system is not None:
            messages.insert(0, {"role": "system", "content": config.system})
        chat = tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, **config.chat_template_kwargs
        )
        return asked, str(chat)

    async def close(self) -> None:
        """Stop the engine."""
        await self._engine.close()


def verdict(text: str, yes: str, no: str, starts_in_thinking: bool = False) -> bool | None:
    """What a judgement ends in: the word after its last "Verdict:", else its last word, if that is yes or no.

    Only what follows its thinking counts; ``starts_in_thinking``: the prompt opened it.
    """
    judged = after_thinking(text, starts_in_thinking=starts_in_thinking)
    if judged is None:
        return None
    words = f"({re.escape(yes)}|{re.escape(no)})"
    said = re.findall(rf"verdict\W*{words}(?!\w)", judged, re.IGNORECASE)
    said = said or re.findall(rf"(?<!\w){words}\W*$", judged, re.IGNORECASE)
    return None if not said else said[-1].lower() == yes.lower()
