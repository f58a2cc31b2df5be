"""What a model can do, by capability: what verifiers (and through the session, strategies) may ask of one.

Nobody but the pool of models knows which engine serves a model. Whoever needs one names it, says what it has to be able
to do, and gets a handle; the same model is the same engine for all who name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Served(Protocol):
    """A model that some engine serves; it is loaded with the first question."""

    identity: Mapping[str, str]
    """What the model is, by part."""
    version: str
    """Name and version of the software."""
    architecture: Mapping[str, object] | None
    """The numbers of its config.json; None where there is none."""
    tokenizer: Any
    """As transformers has it."""

    async def close(self) -> None:
        """Stop it, where nobody else uses it."""
        ...


class ReadsSteps(Served, Protocol):
    """A model that is read at positions of a text."""

    async def read(self, prompt_ids: Sequence[int], positions: Sequence[int], about: str) -> tuple[float, ...] | None:
        """P(good) at each position; None where the model will not read the text, which is too long for it.

        Raises EngineError.
        """
        ...


class ScoresTexts(Served, Protocol):
    """A model with a head over a whole text."""

    async def logits(self, prompt_ids: Sequence[int], about: str) -> list[float] | None:
        """The head's raw outputs at the last token; None where the model will not read the text."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model wrote."""

    text: str
    tokens: int


class GivesProbabilities(Served, Protocol):
    """A language model as an instrument: the probabilities of given tokens, and written replies."""

    def token_id(self, word: str, field: str) -> int:
        """The one token that ``word`` is. Raises UsageError, naming ``field``, where it is another number of tokens."""
        ...

    async def pair(self, prompt_ids: Sequence[int], good: int, bad: int, about: str) -> float | None:
        """P(next is ``good``) where it is ``good`` or ``bad``; None where the prompt fills the context."""
        ...

    async def logprobs(self, prompt_ids: Sequence[int], about: str) -> list[float] | None:
        """log P(token | those before) of every token but the first; None where the text fills the context."""
        ...

    async def replies(
        self, prompt_ids: Sequence[int], n: int, max_tokens: int, temperature: float, about: str
    ) -> list[Reply]:
        """``n`` samples, none where the prompt leaves no room for one token."""
        ...


class Models(Protocol):
    """Where a verifier gets its models; bound to the engine options of its entry.

    Each raises UsageError, naming ``field``, where there is no such model, it cannot do what is asked, or somebody else
    has it with other engine options.
    """

    engine: Mapping[str, Any]
    """The entry's engine options."""

    def bound(self, engine: Mapping[str, Any]) -> Models:
        """The same with other engine options."""
        ...

    def architectures(self, kind: str, model: str, field: str) -> list[str]:
        """The architectures that a model's configuration names. ``kind``: the family that names it, for messages."""
        ...

    def shipped(self, kind: str, model: str) -> bool:
        """Whether ``kind/model`` is one of the package's own."""
        ...

    def at_tags(self, model: str, tag: str, field: str) -> ReadsSteps:
        """A reward model that is read at a step tag."""
        ...

    def at_tokens(self, model: str, good: int, field: str) -> ReadsSteps:
        """A token-classification model; ``good``: index of the class whose probability is the score."""
        ...

    def at_hidden_states(self, model: str, field: str) -> ReadsSteps:
        """A model with a value head over hidden states."""
        ...

    def whole_texts(self, model: str, field: str) -> ScoresTexts:
        """A sequence-classification model."""
        ...

    def language(self, kind: str, model: str, field: str) -> GivesProbabilities:
        """A language model."""
        ...


def is_language_model(names: Iterable[str]) -> bool:
    """Whether architectures of these names write text."""
    return any(name.endswith(("ForCausalLM", "ForConditionalGeneration", "LMHeadModel")) for name in names)
