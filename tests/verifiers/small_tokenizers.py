"""Tokenizers like those of the field's reward models, small enough to be made in a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

CHARACTERS = ["\n", *map(chr, range(32, 127)), *"абвгикруы"]

LLAMA = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
LLAMA_TEMPLATE = (
    "{{- '<|begin_of_text|>' -}}{%- for m in messages -%}"
    "{{- '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n' + m['content'] | trim + '<|eot_id|>' -}}"
    "{%- endfor -%}{%- if add_generation_prompt -%}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}{%- endif -%}"
)
QWEN = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<extra_0>")
QWEN_TEMPLATE = (
    "{%- for m in messages -%}{{- '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' -}}"
    "{%- endfor -%}{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)


def _by_character(specials: tuple[str, ...], words: tuple[str, ...], end: str, template: str | None) -> Any:
    """One token a character, and some words; special tokens are recognised wherever a text spells them."""
    vocabulary = [*specials, "<unk>", *words, *CHARACTERS]
    model = Tokenizer(models.WordLevel({t: i for i, t in enumerate(vocabulary)}, unk_token="<unk>"))
    pattern = "|".join([*(rf"\b{w}\b" if w.isalpha() else w.replace("\n", r"\n") for w in words), r"[\s\S]"])
    model.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "isolated")
    model.decoder = decoders.Fuse()
    model.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in (*specials, "<unk>")])
    return PreTrainedTokenizerFast(
        tokenizer_object=model,
        eos_token=end,
        pad_token=end,
        unk_token="<unk>",
        chat_template=template,
        clean_up_tokenization_spaces=False,
    )


def llama() -> Any:
    """Like Llama 3.1's: a blank line is one token; "Yes" and "No" are."""
    return _by_character(LLAMA, ("\n\n", "Yes", "No"), "<|eot_id|>", LLAMA_TEMPLATE)


def qwen() -> Any:
    """Like Qwen2.5-Math-PRM's."""
    return _by_character(QWEN, (), "<|im_end|>", QWEN_TEMPLATE)


def bare() -> Any:
    """Without a chat template and without a step tag."""
    return _by_character(("<|endoftext|>",), (), "<|endoftext|>", None)


def mistral() -> Any:
    """Like Math-Shepherd's: words begin with a mark for the space before them, and texts with ``<s>``."""
    pieces = ["▁", "▁ки", "▁+", "▁-", *CHARACTERS]
    scores = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), *((p, -10.0 if len(p) == 1 else -1.0) for p in pieces)]
    model = Tokenizer(models.Unigram(scores, unk_id=0))
    model.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    model.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="first")
    model.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in ("<unk>", "<s>", "</s>")])
    model.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=model, bos_token="<s>", eos_token="</s>", unk_token="<unk>", clean_up_tokenization_spaces=False
    )


def save(tokenizer: Any, folder: Path) -> None:
    """Write its files so that every version of transformers loads this very tokenizer."""
    tokenizer.save_pretrained(folder)
    file = folder / "tokenizer_config.json"
    config = json.loads(file.read_text())
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    config.pop("backend", None)
    file.write_text(json.dumps(config))
