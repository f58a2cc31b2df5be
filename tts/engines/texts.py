"""What an answer's token ids say: the text that people read, verifiers score and grading searches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from tts.core import THINK_TAGS, Message

_ROLES = ("bos", "eos", "unk", "pad", "sep", "cls", "mask")
_CHAT: list[Message] = [
    {"role": "user", "content": "x"},
    {"role": "assistant", "content": "x"},
    {"role": "user", "content": "x"},
]


class Texts:
    """Decodes answers with a model's tokenizer.

    A special token is one that a tokenizer marks so, and usually decoding drops them all: with them the tags around a
    model's thinking, and whatever else its makers marked. Here a special token is dropped only where it says nothing:
    the tokenizer's own first, last, padding and unknown ones, and those that its chat template sets between turns
    (where they are not part of a tag around thinking).
    """

    def __init__(self, tokenizer: Any):
        """``tokenizer``: as transformers loads it."""
        self._tokenizer = tokenizer

    def decode(self, token_ids: Sequence[int]) -> str:
        """The text of an answer's ids."""
        ids = list(token_ids)
        if not self._mute.isdisjoint(ids):
            kept = self._inside_tags(ids)
            ids = [token for at, token in enumerate(ids) if token not in self._mute or at in kept]
        return str(self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    @cached_property
    def _mute(self) -> frozenset[int]:
        """Special tokens that say nothing."""
        added = self._tokenizer.added_tokens_decoder
        if isinstance(added, dict):
            special = {i for i, token in added.items() if token.special}
        else:  # Mistral's own tokenizers have none
            special = set(self._tokenizer.all_special_ids)
        roles = {i for role in _ROLES if (i := getattr(self._tokenizer, f"{role}_token_id", None)) is not None}
        return frozenset(roles | special & set(self._turns()))

    def _turns(self) -> Sequence[int]:
        """The ids of a chat of some turns; none where the tokenizer has no template for one."""
        try:
            return list(self._tokenizer.apply_chat_template(_CHAT, tokenize=True, return_dict=False))
        except Exception:  # a template is a program of the model's author, and may refuse any chat
            return ()

    @cached_property
    def _tags(self) -> tuple[tuple[int, ...], ...]:
        """Tags around thinking in which a token stands that would be dropped elsewhere, as ids."""
        spelled = {tuple(self._tokenizer.encode(tag, add_special_tokens=False)) for pair in THINK_TAGS for tag in pair}
        return tuple(ids for ids in spelled if not self._mute.isdisjoint(ids))

    def _inside_tags(self, ids: Sequence[int]) -> set[int]:
        """Positions of the tokens that tags around thinking are made of."""
        return {
            at + offset
            for tag in self._tags
            for at in range(len(ids) - len(tag) + 1)
            if tuple(ids[at : at + len(tag)]) == tag
            for offset in range(len(tag))
        }
