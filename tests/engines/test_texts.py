"""What is kept of an answer's special tokens: those that say something, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.decoders import Fuse
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from transformers import PreTrainedTokenizerFast

from tts.engines.texts import Texts
from tts.grading import extract_answer

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
HARMONY = (
    "{% for m in messages %}<|start|>{{ m.role }}{% if m.role == 'assistant' %}<|channel|>final{% endif %}"
    "<|message|>{{ m.content }}<|end|>{% endfor %}"
)
WORDS = ("analysis", "final", "think", "answer", "user", "assistant")


def tokenizer(special: Sequence[str], template: str | None = None) -> PreTrainedTokenizerFast:
    """A token a character, but for some words and special tokens."""
    vocabulary = ["<pad>", "<eos>", "<unk>", *WORDS, *(chr(c) for c in range(32, 127)), "\n"]
    model = Tokenizer(WordLevel({token: i for i, token in enumerate(vocabulary)}, unk_token="<unk>"))
    model.pre_tokenizer = Split(Regex("|".join([*WORDS, r"[\s\S]"])), "isolated")
    model.decoder = Fuse()
    model.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in ("<pad>", "<eos>", *special)])
    return PreTrainedTokenizerFast(
        tokenizer_object=model, eos_token="<eos>", pad_token="<pad>", unk_token="<unk>", chat_template=template
    )


def decoded(text: str, special: Sequence[str], template: str | None = None) -> str:
    loaded = tokenizer(special, template)
    return Texts(loaded).decode(loaded.encode(text, add_special_tokens=False))


def test_a_special_token_that_says_something_is_kept() -> None:
    assert decoded("1 + 1 = 2<eos>", ["="]) == "1 + 1 = 2"


@pytest.mark.parametrize(
    ("start", "end"), [("[THINK]", "[/THINK]"), ("<think>", "</think>"), ("<ponder>", "</ponder>")]
)
def test_tags_around_thinking_are_kept_where_they_are_special(start: str, end: str) -> None:
    text = decoded(f"{start}draft 7{end}The answer is 8.<eos><pad>", [start, end], CHATML)
    assert text == f"{start}draft 7{end}The answer is 8."


def test_what_stands_between_the_turns_of_a_chat_is_dropped() -> None:
    text = decoded("8<|im_end|>\n<|im_start|>user\nand now?", ["<|im_start|>", "<|im_end|>"], CHATML)
    assert text == "8\nuser\nand now?"


def test_a_turns_token_is_kept_where_it_is_part_of_a_think_tag() -> None:
    special = ["<|start|>", "<|channel|>", "<|message|>", "<|end|>"]
    text = decoded(
        r"<|channel|>analysis<|message|>draft \boxed{7}<|end|><|start|>assistant<|channel|>final<|message|>It is 8.",
        special,
        HARMONY,
    )
    assert text == r"<|channel|>analysis<|message|>draft \boxed{7}assistant<|channel|>final<|message|>It is 8."
    assert extract_answer(text) == "8"


def test_a_model_without_a_chat_template_has_its_own_ends_dropped_only() -> None:
    assert decoded("<pad>5<sep>6<eos>", ["<sep>"]) == "5<sep>6"


def test_a_template_that_refuses_a_chat_does_no_harm() -> None:
    refusing = "{{ raise_exception('no') }}"
    assert decoded("<think>7</think>8<eos>", ["<think>", "</think>"], refusing) == "<think>7</think>8"


def test_mistrals_own_tokenizers() -> None:
    mistral = pytest.importorskip("mistral_common")
    from transformers.tokenization_mistral_common import MistralCommonBackend

    loaded = MistralCommonBackend(tokenizer_path=str(Path(mistral.__file__).parent / "data" / "tekken_240911.json"))
    ids = [loaded.convert_tokens_to_ids(t) for t in ("<s>", "[INST]", "[TOOL_CALLS]")]
    assert Texts(loaded).decode([*ids, *loaded.encode("5.", add_special_tokens=False), 2]) == "[TOOL_CALLS]5."
