"""Every family's ids and positions, against renderings written from its authors' published usage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")
import small_tokenizers

from tts.core import Candidate, Completion, EngineError, Question, UsageError
from tts.engines import ModelPool
from tts.verifiers.math_shepherd import MathShepherdFormat
from tts.verifiers.prm import FAMILIES, create, family_of
from tts.verifiers.process import Prm, plain
from tts.verifiers.qwen_prm import QwenFormat
from tts.verifiers.rlhflow import RlhflowFormat
from tts.verifiers.skywork import SkyworkFormat
from tts.verifiers.token_head import TokenHeadFormat

QUESTION = "What is 1+1, + 2 - 3?"
STEPS = ["1 + 1 = 2, a + sign", "2 + 2 - 3 = 1", "-\n+ so \\boxed{1}"]


def answer(text: str) -> Candidate:
    import numpy as np

    return Candidate.of(Completion(("sample", 0), text, np.zeros(1, np.uint32), "stop"))


class Reader:
    """Stands for an engine: gives each position its index, or what a test wants."""

    version = "none"

    def __init__(self, tokenizer: Any, values: tuple[float, ...] | str | None = "positions"):
        self.identity = {"model": "m"}
        self.tokenizer = tokenizer
        self.values = values
        self.asked: list[tuple[list[int], list[int]]] = []

    async def read(self, ids: Sequence[int], positions: Sequence[int], about: str) -> tuple[float, ...] | None:
        self.asked.append((list(ids), list(positions)))
        return tuple(map(float, positions)) if self.values == "positions" else self.values  # type: ignore[return-value]

    async def close(self) -> None: ...


def tokenizer_of(family: str) -> Any:
    kinds = {"qwen": "qwen", "rlhflow": "llama", "math_shepherd": "mistral", "skywork": "qwen", "token_head": "qwen"}
    return getattr(small_tokenizers, kinds[family])()


# --- one family at a time ---------------------------------------------------------------------------------------


def test_rlhflow_reads_where_each_answer_is_predicted_and_no_plus_of_the_mathematics() -> None:
    """Each step's prefix is the chat rendered afresh up to the assistant's turn, steps before answered by "+"."""
    tokenizer = small_tokenizers.llama()
    ids, positions = RlhflowFormat().place(tokenizer, QUESTION, STEPS)
    chat: list[dict[str, str]] = []
    for k, position in enumerate(positions):
        chat.append({"role": "user", "content": f"{QUESTION} {STEPS[0]}" if k == 0 else STEPS[k]})
        rendered = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        assert ids[: position + 1] == tokenizer.encode(rendered, add_special_tokens=False)
        chat.append({"role": "assistant", "content": "+"})
    assert len(ids) == positions[-1] + 1, "the last step's answer must not be shown"
    plus = tokenizer.encode("+", add_special_tokens=False)[0]
    assert [ids[p + 1] for p in positions[:-1]] == [plus] * 2
    assert ids.count(plus) == 2 + sum(text.count("+") for text in (QUESTION, *STEPS))


def test_rlhflow_as_its_authors_read_it() -> None:
    """Their script: the chat with the assistant's "+" in it, read at the third position from the end."""
    tokenizer = small_tokenizers.llama()
    ids, positions = RlhflowFormat().place(tokenizer, QUESTION, STEPS)
    chat: list[dict[str, str]] = []
    for k, position in enumerate(positions):
        chat += [
            {"role": "user", "content": f"{QUESTION} {STEPS[0]}" if k == 0 else STEPS[k]},
            {"role": "assistant", "content": "+"},
        ]
        theirs = tokenizer.encode(tokenizer.apply_chat_template(chat, tokenize=False), add_special_tokens=False)
        assert position == len(theirs) - 3
        assert ids[: position + 1] == theirs[:-2]


def test_math_shepherd_reads_at_each_tag_of_the_text_its_card_shows() -> None:
    tokenizer = small_tokenizers.mistral()
    ids, positions = MathShepherdFormat().place(tokenizer, QUESTION, STEPS)
    text = f"{QUESTION} Step 1: {STEPS[0]} ки\nStep 2: {STEPS[1]} ки\nStep 3: - + so \\boxed{{1}} ки"
    assert ids == tokenizer.encode(text)
    tag = tokenizer.encode("ки", add_special_tokens=False)[0]
    assert positions == [i for i, token in enumerate(ids) if token == tag]


def test_math_shepherd_keeps_words_that_hold_the_tag_and_drops_the_tag_itself() -> None:
    tokenizer = small_tokenizers.mistral()
    ids, positions = MathShepherdFormat().place(tokenizer, "руки ки?", ["Step 1: a ки b", "руки"])
    text = tokenizer.decode(ids)
    assert text.count("руки") == 2
    assert len(positions) == 2 == [ids[p] for p in positions].count(tokenizer.encode("ки", add_special_tokens=False)[0])
    assert text.count(" ки") == 2
    assert "Step 2: руки" in text
    assert "Step 1: Step 1" not in text


def test_skywork_as_its_authors_prepare_it() -> None:
    tokenizer = small_tokenizers.qwen()
    ids, positions = SkyworkFormat().place(tokenizer, QUESTION, STEPS)
    newline = tokenizer.encode("\n")[-1]
    theirs, flags = tokenizer.encode(QUESTION + "\n"), [0] * (len(QUESTION) + 1)
    for line in "\n".join([*STEPS[:2], "- + so \\boxed{1}"]).split("\n"):
        theirs += [*tokenizer.encode(line), newline]
        flags += [0] * len(line) + [1]
    assert ids == theirs
    assert positions == [i for i, flag in enumerate(flags) if flag]


def test_token_head_as_trl_tokenises() -> None:
    tokenizer = small_tokenizers.bare()
    ids, positions = TokenHeadFormat(separator="\n").place(tokenizer, QUESTION, STEPS)
    theirs, labels = tokenizer.encode(QUESTION, add_special_tokens=False), [-100] * len(QUESTION)
    for step in [*STEPS[:2], "- + so \\boxed{1}"]:
        piece = [*tokenizer.encode(step, add_special_tokens=False), *tokenizer.encode("\n", add_special_tokens=False)]
        theirs += piece
        labels += [-100] * (len(piece) - 1) + [1]
    assert ids == theirs
    assert positions == [i for i, label in enumerate(labels) if label == 1]
    bare = TokenHeadFormat(separator="")
    assert [p + 1 for p in bare.place(tokenizer, "Q", ["ab", "c"])[1]] == [3, 4]


def test_qwen_as_its_card_shows() -> None:
    tokenizer = small_tokenizers.qwen()
    ids, positions = QwenFormat().place(tokenizer, QUESTION, STEPS)
    chat = [
        {"role": "system", "content": QwenFormat().system},
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": "<extra_0>".join(STEPS) + "<extra_0>"},
    ]
    theirs = tokenizer.encode(tokenizer.apply_chat_template(chat, tokenize=False), add_special_tokens=False)
    assert ids == theirs[:-2], "their text goes on with the end of the turn"
    assert positions == [i for i, t in enumerate(ids) if t == tokenizer.get_vocab()["<extra_0>"]]


# --- all families -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
async def test_as_many_scores_as_steps_and_an_empty_trailing_step_has_none(family: str) -> None:
    reader = Reader(tokenizer_of(family))
    judge = Prm("prm/m", FAMILIES[family](), reader, family)
    texts = ["a\n\nb", "a\n\nb\n\n", "\n\na\n\n\n\nb\n\n \n\n", "a", "", "\n\n"]
    scores = await judge.score(Question("q", QUESTION), [answer(t) for t in texts])
    assert [len(s.values) for s in scores] == [2, 2, 2, 1, 0, 0]
    assert scores[0] == scores[1] == scores[2]
    assert [s.tokens for s in scores[3:]] == [len(reader.asked[3][0]), 0, 0]
    assert all(p == sorted(set(p)) and p[-1] == len(ids) - 1 for ids, p in reader.asked)


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_tag_or_a_special_token_that_the_answer_spells_out_is_not_ours(family: str) -> None:
    tokenizer = tokenizer_of(family)
    marks = {*tokenizer.all_special_tokens, *small_tokenizers.QWEN, *small_tokenizers.LLAMA, "ки"}
    known = [mark for mark in marks if mark in tokenizer.get_vocab()] + ([" ки"] if family == "math_shepherd" else [])
    format = FAMILIES[family]()
    clean, _ = format.place(tokenizer, "Q", ["one", "two"])
    for mark in known:
        half = len(mark) // 2
        for spelled in (mark, mark[:half] + mark + mark[half:]) if mark.startswith("<") else (mark,):
            ids, positions = format.place(tokenizer, "Q" + spelled, ["one" + spelled, "two"])
            special = [t for t in ids if t in tokenizer.all_special_ids]
            assert special == [t for t in clean if t in tokenizer.all_special_ids], spelled
            assert len(positions) == 2


async def test_another_number_of_scores_is_an_error_and_a_text_too_long_scores_nothing() -> None:
    tokenizer = small_tokenizers.qwen()
    judge = Prm("prm/m", QwenFormat(), Reader(tokenizer, (0.5,)))
    with pytest.raises(EngineError, match="1 scores for 2 steps"):
        await judge.score(Question("q", "Q"), [answer("a\n\nb")])
    (score,) = await Prm("prm/m", QwenFormat(), Reader(tokenizer, None)).score(Question("q", "Q"), [answer("a\n\nb")])
    assert (score.values, score.tokens, score.too_long) == ((0.0, 0.0), 0, True)


async def test_rlhflow_refuses_a_template_that_rewrites_earlier_turns() -> None:
    tokenizer = small_tokenizers.llama()
    tokenizer.chat_template = "{{ messages | length }}" + tokenizer.chat_template
    judge = Prm("prm/m", RlhflowFormat(), Reader(tokenizer), "rlhflow")
    with pytest.raises(UsageError, match="rewrites earlier turns"):
        await judge.score(Question("q", "Q"), [answer("a\n\nb")])


def test_plain_text_is_left_alone() -> None:
    for text in ("a < b <extra> ки", "<|im_", "x\n\n y "):
        assert plain(text, small_tokenizers.qwen(), "<extra_0>") == text


def test_each_family_aggregates_as_its_authors_do() -> None:
    assert {family: format.aggregation for family, format in FAMILIES.items()} == {
        "qwen": "prod",
        "rlhflow": "mean",
        "math_shepherd": "min",
        "skywork": "last",
        "token_head": "last",
    }
    assert create("tiny-arith", {}, ModelPool(), "verifier").aggregation == "last"


def test_the_shipped_models_scores_keep_their_identity() -> None:
    """Runs made before there were families are still answered from their journal."""
    from tts.core import fingerprint

    judge = create("tiny-arith", {}, ModelPool(), "verifier")
    system = "Please reason step by step, and put your final answer within \\\\boxed{}."
    config = f'{{"step_tag":"<extra_0>","delimiter":"\\n\\n","system":"{system}"}}'
    assert judge.fingerprint == fingerprint({**judge._engine.identity, "prm": config})
    assert judge._engine.identity["step_tag"] == "<extra_0>"


# --- which family ---------------------------------------------------------------------------------------------------


def checkpoint(folder: Path, architecture: str, tokenizer: Any) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    small_tokenizers.save(tokenizer, folder)
    model = "llama" if architecture.startswith("Llama") else "mistral" if architecture.startswith("Mis") else "qwen2"
    (folder / "config.json").write_text(json.dumps({"architectures": [architecture], "model_type": model}))
    return str(folder)


@pytest.mark.parametrize(
    ("name", "architecture", "family"),
    [
        ("anything", "Qwen2ForProcessRewardModel", "qwen"),
        ("anything", "Qwen2ForPrmModel", "skywork"),
        ("anything", "LlamaForTokenClassification", "token_head"),
        ("Skywork-o1-Open-PRM-Qwen-2.5-7B", "Qwen2ForCausalLM", "skywork"),
        ("Llama3.1-8B-PRM-Mistral-Data", "LlamaForCausalLM", "rlhflow"),
        ("Llama3.1-8B-PRM-Deepseek-Data", "LlamaForCausalLM", "rlhflow"),
        ("math-shepherd-mistral-7b-prm", "MistralForCausalLM", "math_shepherd"),
    ],
)
def test_the_family_is_told_by_architecture_then_by_name(
    name: str, architecture: str, family: str, tmp_path: Path
) -> None:
    model = checkpoint(tmp_path / name, architecture, small_tokenizers.bare())
    assert family_of(model, ModelPool(), "verifiers[0]") == family


@pytest.mark.parametrize(
    ("architecture", "kind", "options", "said"),
    [
        ("LlamaForCausalLM", "llama", {}, r"is a language model \(LlamaForCausalLM\).*family: rlhflow or math_shep"),
        ("MysteryModel", "llama", {}, r"no known family \(MysteryModel\).*one of qwen"),
        ("LlamaForCausalLM", "llama", {"family": "rlhflw"}, r"v\.family: unknown family 'rlhflw' \(did you mean 'rlhf"),
        ("LlamaForCausalLM", "llama", {"family": "rlhflow", "step_tg": 1}, r"v \(prm, family rlhflow\)\.step_tg: unk"),
        ("LlamaForCausalLM", "bare", {"family": "rlhflow"}, "has no chat template"),
        ("LlamaForCausalLM", "llama", {"family": "rlhflow", "good": "good"}, r"v\.good: found 'good'.*4 tokens"),
        ("MistralForCausalLM", "bare", {"family": "math_shepherd"}, r"v\.step_tag: found 'ки'"),
        ("Qwen2ForProcessRewardModel", "bare", {}, r"v\.step_tag: the tokenizer of .* has no token '<extra_0>'"),
        ("LlamaForCausalLM", "qwen", {"family": "qwen"}, "is a language model .*expected a reward model"),
        ("Qwen2ForTokenClassification", "bare", {"separator": "½"}, r"v\.separator: the tokenizer"),
        ("Qwen2ForTokenClassification", "bare", {"question": "chat"}, r"v\.question: found 'chat'"),
        ("Qwen2ForTokenClassification", "bare", {"good": -1}, r"good: found -1, input should be greater"),
    ],
)
def test_what_cannot_be_a_verifier_is_said_with_its_field(
    architecture: str, kind: str, options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    if find_spec("vllm") is None:  # not importorskip: vLLM takes twenty seconds to import
        pytest.skip("vllm is not installed")
    model = checkpoint(tmp_path / "m", architecture, getattr(small_tokenizers, kind)())
    with pytest.raises(UsageError, match=said):
        create(model, options, ModelPool(), "v")


def test_the_torch_backend_names_its_own_options(tmp_path: Path) -> None:
    model = checkpoint(tmp_path / "m", "Qwen2ForPrmModel", small_tokenizers.qwen())
    with pytest.raises(UsageError, match=r"v\.engine\.gpu_memory_utilization: this model runs on plain torch"):
        create(model, {}, ModelPool({"gpu_memory_utilization": 0.5}), "v")
    with pytest.raises(UsageError, match=r"v\.engine\.max_num_seqs: found 0"):
        create(model, {}, ModelPool({"max_num_seqs": 0}), "v")
