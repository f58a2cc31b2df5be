"""The tokenizer that all tiny models share: one token a character, and a few units.

Units are ``\\n\\n`` (between steps) and ``\\boxed{``. Printable ASCII is covered, anything else is ``<unk>``. The chat
template keeps the first line of the first user message, which is the question, so instructions meant for larger models
do not reach these; a later user message, whatever it says, is one ``<|retry|>`` token; system messages are dropped.
"""

from __future__ import annotations

import json
from pathlib import Path

END, USER, ASSISTANT, RETRY, STEP, UNKNOWN, PAD = (
    "<|end|>",
    "<|user|>",
    "<|assistant|>",
    "<|retry|>",
    "<extra_0>",
    "<unk>",
    "<pad>",
)
SPECIALS = (PAD, END, USER, ASSISTANT, RETRY, STEP, UNKNOWN)
BREAK = "\n\n"
BOX = "\\boxed{"
VOCABULARY = (*SPECIALS, BREAK, BOX, "\n", *map(chr, range(32, 127)))
IDS = {token: i for i, token in enumerate(VOCABULARY)}
VOCABULARY_SIZE = 112
"""Rows of the embedding: the vocabulary, rounded up."""

CHAT_TEMPLATE = (
    "{%- set seen = namespace(user=false) -%}"
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'user' and not seen.user -%}"
    "{%- set seen.user = true -%}"
    "{{- '<|user|>' + message['content'].strip().split('\\n')[0] + '<|assistant|>' -}}"
    "{%- elif message['role'] == 'user' -%}{{- '<|retry|>' -}}"
    "{%- elif message['role'] == 'assistant' -%}{{- message['content'] + '<|end|>' -}}"
    "{%- endif -%}"
    "{%- endfor -%}"
)


def encode(text: str) -> list[int]:
    """Token ids of plain text without special tokens, as the saved tokenizer gives them."""
    ids, i = [], 0
    while i < len(text):
        unit = next((u for u in (BREAK, BOX) if text.startswith(u, i)), text[i])
        ids.append(IDS.get(unit, IDS[UNKNOWN]))
        i += len(unit)
    return ids


def save(folder: Path, context: int) -> None:
    """Write the tokenizer's files, which transformers and vLLM load without code of ours."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel(dict(IDS), unk_token=UNKNOWN))
    pattern = Regex(r"\n\n|\\boxed\{|[\s\S]")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pattern, "isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIALS])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        unk_token=UNKNOWN,
        extra_special_tokens=[USER, ASSISTANT, RETRY, STEP],
        clean_up_tokenization_spaces=False,
        model_max_length=context,
        chat_template=CHAT_TEMPLATE,
    )
    fast.save_pretrained(folder)
    config_file = folder / "tokenizer_config.json"
    config = json.loads(config_file.read_text())
    config["tokenizer_class"] = "PreTrainedTokenizerFast"  # the name that every version of transformers knows
    del config["extra_special_tokens"], config["backend"]  # a list only in version 5; the tokens are in tokenizer.json
    config_file.write_text(json.dumps(config, indent=1) + "\n")
