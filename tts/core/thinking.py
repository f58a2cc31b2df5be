"""The tags between which models think: one table for engines (what to keep of an answer's tokens) and for grading."""

from __future__ import annotations

from collections.abc import Sequence

ThinkTags = Sequence[tuple[str, str]]
"""Pairs: what begins the thinking, and what ends it and begins the answer."""

THINK_TAGS: ThinkTags = (
    ("<think>", "</think>"),  # DeepSeek R1, Qwen, GLM, Kimi K2, MiniMax M2, Nemotron, OLMo 3, Phi 4 and most others
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),  # EXAONE Deep, Marco-o1
    ("<thoughts>", "</thoughts>"),
    ("<reasoning>", "</reasoning>"),  # Reka Flash 3, LLaVA-CoT, and many trained with rewards
    ("<reason>", "</reason>"),
    ("<analysis>", "</analysis>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("<mm:think>", "</mm:think>"),  # MiniMax M3
    ("<longcat_think>", "</longcat_think>"),
    ("<ifm|think>", "</ifm|think>"),  # K2 Horizon, by effort
    ("<ifm|think_fast>", "</ifm|think_fast>"),
    ("<ifm|think_faster>", "</ifm|think_faster>"),
    ("[THINK]", "[/THINK]"),  # Magistral
    ("◁think▷", "◁/think▷"),  # Kimi-VL
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # Sky-T1, OpenThinker
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A Reasoning
    ("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    ("<|plamo:begin_think:plamo|>", "<|plamo:end_think:plamo|>"),
    ("<|open|>think<|sep|>", "<|close|>think<|sep|>"),  # Kimi K3
    ("<|channel>thought", "<channel|>"),  # Gemma 4
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),  # gpt-oss
    ("<|channel|>commentary<|message|>", "<|channel|>final<|message|>"),
    ("to=self<|message|>", "to=user<|message|>"),  # Muse
    ("<|content_thinking|>", "<|content_text|>"),  # Inkling
    ("<|think|>", "<|content|>"),  # Solar Open
    ("<|im_start|>think", "<|im_start|>answer"),  # s1
    ("Here is my thought process:", "Here is my response:"),  # Granite 3.2
    ("Here's my thought process:", "Here's my response:"),
    ("Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]"),  # Apriel
)
"""Those of the field, whether a model's tags are tokens of their own or plain text. Case does not matter."""
