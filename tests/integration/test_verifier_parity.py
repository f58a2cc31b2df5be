"""Every model-backed verifier against a plain torch forward written here, on random checkpoints of the real kinds.

Five engines in all: one language model serves RLHFlow's format, the judge and the implicit reward's strong side.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

pytestmark = pytest.mark.integration
torch = pytest.importorskip("torch")
pytest.importorskip("vllm")
import transformers  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "verifiers"))
import small_tokenizers  # noqa: E402

from tts.core import Candidate, Completion, Question, Score, UsageError  # noqa: E402
from tts.engines import ModelPool  # noqa: E402
from tts.engines.next_token import LanguageModel  # noqa: E402
from tts.verifiers import make_verifier  # noqa: E402
from tts.verifiers.implicit import Implicit, ImplicitOptions  # noqa: E402
from tts.verifiers.judge import Judge, JudgeOptions  # noqa: E402

TOLERANCE = 1e-3
QUESTION = Question("q", "What is 1 + 1, and then 2 - 3?")
ANSWERS = [
    "1 + 1 = 2",
    "1 + 1 = 2\n\nso 2 - 3 = -1\n\n",
    "First + and -.\n\n1 + 1 = 2\n\n2 - 3\nis -1\n\n\\boxed{2, -1}",
    "\n\na\n\nb\n\nc\n\nd\n\ne + f\n\n\n\n" + "a long step " * 12,
]
STEPS = [[s.strip() for s in text.split("\n\n") if s.strip()] for text in ANSWERS]
ENGINE = {"dtype": "float32", "max_model_len": 640, "max_num_seqs": 8, "kv_cache_memory_bytes": 2**26}
SHAPE: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": False,
}


def checkpoint(folder: Path, kind: str, tokenizer: Any, seed: int, head: str, **config: Any) -> Any:
    """A random model saved in ``folder``, its head's weights large enough that its scores differ."""
    torch.manual_seed(seed)
    family = kind.partition("For")[0].removesuffix("Model")
    made = getattr(transformers, f"{family}Config")(**SHAPE, vocab_size=len(tokenizer), **config)
    model = getattr(transformers, kind)(made).eval()
    weights = dict(model.named_parameters())
    for name, value in weights.items():
        if name.startswith(head):
            torch.nn.init.normal_(value, std=1.0)
        elif value.dim() > 1:
            torch.nn.init.normal_(value, std=0.2)
    model.save_pretrained(folder)
    small_tokenizers.save(tokenizer, folder)
    return model


def candidates() -> list[Candidate]:
    ids = np.zeros(1, np.uint32)
    return [Candidate.of(Completion(("sample", i), text, ids, "stop")) for i, text in enumerate(ANSWERS)]


def agree(scores: Sequence[Score], expected: Sequence[Sequence[float]]) -> None:
    """To 1e-3, as many as there are steps, and not all alike (which would agree with anything)."""
    assert [len(s.values) for s in scores] == [len(e) for e in expected]
    found, plain = (np.concatenate([np.asarray(v) for v in rows]) for rows in ([s.values for s in scores], expected))
    assert np.abs(found - plain).max() < TOLERANCE
    assert np.ptp(plain) > 20 * TOLERANCE


def logits_of(model: Any, ids: Sequence[int]) -> Any:
    with torch.inference_mode():
        return model(torch.tensor([list(ids)])).logits[0]


# --- models read through their vocabulary ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("parity") / "Llama3.1-PRM-Deepseek-Data"
    return folder, checkpoint(folder, "LlamaForCausalLM", small_tokenizers.llama(), 1, "lm_head")


@pytest.fixture(scope="module")
def mistral(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("parity") / "math-shepherd"
    return folder, checkpoint(folder, "MistralForCausalLM", small_tokenizers.mistral(), 2, "lm_head")


@pytest_asyncio.fixture(scope="module")
async def rlhflow(llama: tuple[Path, Any]) -> AsyncIterator[Any]:
    judge = make_verifier(f"prm/{llama[0]}", {}, ModelPool(ENGINE), "verifiers[0]")
    yield judge
    await judge.close()


@pytest_asyncio.fixture(scope="module")
async def shepherd(mistral: tuple[Path, Any]) -> AsyncIterator[Any]:
    judge = make_verifier(f"prm/{mistral[0]}", {}, ModelPool(ENGINE), "verifiers[0]")
    yield judge
    await judge.close()


def language_model(judge: Any) -> LanguageModel:
    """The engine that a test's verifier shares with the next: one start for several verifiers."""
    served = judge._engine._model
    assert isinstance(served, LanguageModel)
    return served


async def test_rlhflow(rlhflow: Any, llama: tuple[Path, Any]) -> None:
    """Their script, a chat for each step with the "+" in it: read at the third position from the end."""
    tokenizer, model = small_tokenizers.llama(), llama[1]
    pair = [tokenizer.encode(sign, add_special_tokens=False)[-1] for sign in "+-"]
    expected = []
    for steps in STEPS:
        chat, values = [], []
        for k, step in enumerate(steps):
            chat.append({"role": "user", "content": f"{QUESTION.text} {step}" if k == 0 else step})
            chat.append({"role": "assistant", "content": "+"})
            ids = tokenizer.encode(tokenizer.apply_chat_template(chat, tokenize=False), add_special_tokens=False)
            values.append(float(logits_of(model, ids)[-3, pair].softmax(-1)[0]))
        expected.append(values)
    agree(await rlhflow.score(QUESTION, candidates()), expected)


async def test_math_shepherd(shepherd: Any, mistral: tuple[Path, Any]) -> None:
    """Their card: softmax over the two signs at every token, taken where the token is the tag."""
    tokenizer, model = small_tokenizers.mistral(), mistral[1]
    pair = [tokenizer.get_vocab()[sign] for sign in ("▁+", "▁-")]
    expected = []
    for steps in STEPS:
        lines = [f"Step {k}: {' '.join(s.splitlines())} ки" for k, s in enumerate(steps, 1)]
        ids = torch.tensor(tokenizer.encode(f"{QUESTION.text} " + "\n".join(lines)))
        good = logits_of(model, ids.tolist())[:, pair].softmax(-1)[:, 0]
        expected.append(good[ids == tokenizer.get_vocab()["▁ки"]].tolist())
    agree(await shepherd.score(QUESTION, candidates()), expected)


async def test_judge_reads_the_probability_of_yes(rlhflow: Any, llama: tuple[Path, Any]) -> None:
    tokenizer, model = small_tokenizers.llama(), llama[1]
    pair = [tokenizer.encode(word, add_special_tokens=False)[0] for word in ("Yes", "No")]
    config = JudgeOptions(prompt="Q: {question} A: {answer} {yes}?")
    judge = Judge("judge/m", config, language_model(rlhflow), (pair[0], pair[1]))
    expected, lengths = [], []
    for text in ANSWERS:
        chat = [{"role": "user", "content": f"Q: {QUESTION.text} A: {text} Yes?"}]
        prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        ids = tokenizer.encode(prompt, add_special_tokens=False)
        lengths.append(len(ids) + 1)
        expected.append([float(logits_of(model, ids)[-1, pair].softmax(-1)[0])])
    scores = await judge.score(QUESTION, candidates())
    agree(scores, expected)
    assert [s.tokens for s in scores] == lengths


async def test_judge_draws_votes_and_counts_their_tokens(rlhflow: Any) -> None:
    config = JudgeOptions(votes=4, max_tokens=8, temperature=1.0, prompt="{question} {answer}")
    judge = Judge("judge/m", config, language_model(rlhflow), (0, 0))
    scores = await judge.score(QUESTION, candidates())
    for score, candidate in zip(scores, candidates(), strict=True):
        assert score.values[0] in {0, 0.25, 0.5, 0.75, 1}
        read = len(judge.input_ids(QUESTION, candidate.text))
        assert read + 4 <= score.tokens <= read + 4 * 8


@pytest.mark.parametrize(("values", "reduce"), [("q", "sum"), ("step", "mean")])
async def test_implicit(rlhflow: Any, shepherd: Any, llama: Any, mistral: Any, values: str, reduce: str) -> None:
    """Two models with tokenizers of their own: log P of each step's text by each, at beta."""
    config = ImplicitOptions(weak="w", values=values, reduce=reduce, beta=0.05, map="none")  # type: ignore[arg-type]
    judge = Implicit("implicit/m", config, language_model(rlhflow), language_model(shepherd))
    one, other = small_tokenizers.llama(), small_tokenizers.mistral()
    chat = [{"role": "user", "content": QUESTION.text}]
    prompt = one.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    expected = []
    for steps in STEPS:
        total, count, row = 0.0, 0, []
        for k in range(1, len(steps) + 1):
            strong, tokens = _log_p(llama[1], one.encode(prompt, add_special_tokens=False), one, steps, k)
            weak, _ = _log_p(mistral[1], other.encode(f"{QUESTION.text}\n\n"), other, steps, k)
            if values == "q":
                row.append(0.05 * (strong - weak))
            else:
                row.append(0.05 * (strong - weak - total) / (tokens - count))
            total, count = strong - weak, tokens
        expected.append(row)
    agree(await judge.score(QUESTION, candidates()), expected)


def _log_p(model: Any, prompt: list[int], tokenizer: Any, steps: Sequence[str], k: int) -> tuple[float, int]:
    """log P and number of tokens of the first k steps, each with the delimiter after it but an answer's last.

    In these tokenizers no token reaches over a border of words, so that the first k steps' tokens are a prefix.
    """
    text = "\n\n".join(steps[:k]) + ("\n\n" if k < len(steps) else "")
    answer = tokenizer.encode(text, add_special_tokens=False)
    rows = logits_of(model, [*prompt, *answer]).log_softmax(-1)
    return sum(float(rows[len(prompt) - 1 + i, t]) for i, t in enumerate(answer)), len(answer)


# --- models with a head of their own ---------------------------------------------------------------------------------


async def test_qwen(tmp_path: Path) -> None:
    """Qwen2ForProcessRewardModel: two layers over the hidden states, read at every tag."""
    from safetensors.torch import save_file

    tokenizer = small_tokenizers.qwen()
    model = checkpoint(tmp_path, "Qwen2Model", tokenizer, 3, "none")
    hidden = SHAPE["hidden_size"]
    head = torch.nn.Sequential(torch.nn.Linear(hidden, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 2))
    weights = {f"model.{k}": v for k, v in model.state_dict().items()} | {
        f"score.{k}": v for k, v in head.state_dict().items()
    }
    save_file({k: v.contiguous() for k, v in weights.items()}, tmp_path / "model.safetensors", {"format": "pt"})
    _rename(tmp_path, "Qwen2ForProcessRewardModel")
    expected = []
    for steps in STEPS:
        chat = [
            {"role": "system", "content": "Please reason step by step, and put your final answer within \\boxed{}."},
            {"role": "user", "content": QUESTION.text},
            {"role": "assistant", "content": "<extra_0>".join(steps) + "<extra_0>"},
        ]
        ids = tokenizer.encode(tokenizer.apply_chat_template(chat, tokenize=False), add_special_tokens=False)
        with torch.inference_mode():
            good = head(model(torch.tensor([ids])).last_hidden_state[0]).softmax(-1)[:, 1]
        expected.append(good[torch.tensor(ids) == tokenizer.get_vocab()["<extra_0>"]].tolist())
    await _scored(make_verifier(f"prm/{tmp_path}", {}, ModelPool(ENGINE), "v"), expected)


async def test_token_head(tmp_path: Path) -> None:
    """Qwen2ForTokenClassification with its bias, as TRL trains it."""
    tokenizer = small_tokenizers.bare()
    model = checkpoint(tmp_path, "Qwen2ForTokenClassification", tokenizer, 4, "score", num_labels=2)
    expected = []
    for steps in STEPS:
        ids, ends = tokenizer.encode(QUESTION.text), []
        for step in steps:
            ids += tokenizer.encode(step.replace("\n", " ") + "\n")
            ends.append(len(ids) - 1)
        expected.append(logits_of(model, ids).softmax(-1)[ends, 1].tolist())
    await _scored(make_verifier(f"prm/{tmp_path}", {}, ModelPool(ENGINE), "v"), expected)


async def test_skywork_on_the_torch_backend(tmp_path: Path) -> None:
    """The value head at each line's end, in padded batches of different lengths."""
    from safetensors.torch import load_file, save_file

    tokenizer = small_tokenizers.qwen()
    model = checkpoint(tmp_path, "Qwen2ForCausalLM", tokenizer, 5, "lm_head")
    weight, bias = torch.randn(1, SHAPE["hidden_size"]), torch.randn(1)
    weights = load_file(tmp_path / "model.safetensors")
    heads = {"v_head.summary.weight": weight, "v_head.summary.bias": bias}
    save_file({**weights, **heads}, tmp_path / "model.safetensors", {"format": "pt"})
    _rename(tmp_path, "Qwen2ForPrmModel")
    expected = []
    for steps in STEPS:
        lines = [f"{' '.join(step.splitlines())}\n" for step in steps]
        ids, ends = tokenizer.encode(f"{QUESTION.text}\n"), []
        for line in lines:
            ids += tokenizer.encode(line)
            ends.append(len(ids) - 1)
        with torch.inference_mode():
            states = model.model(torch.tensor([ids])).last_hidden_state[0]
        expected.append(torch.sigmoid(states[ends] @ weight[0] + bias).tolist())
    await _scored(make_verifier(f"prm/{tmp_path}", {}, ModelPool({"max_num_seqs": 3}), "v"), expected)


async def test_orm(tmp_path: Path) -> None:
    """LlamaForSequenceClassification: one logit at the chat's last token, raw and by its sigmoid."""
    tokenizer = small_tokenizers.llama()
    model = checkpoint(tmp_path, "LlamaForSequenceClassification", tokenizer, 6, "score", num_labels=1, pad_token_id=3)
    raw = []
    for text in ANSWERS:
        chat = [{"role": "user", "content": QUESTION.text}, {"role": "assistant", "content": text}]
        ids = tokenizer.encode(tokenizer.apply_chat_template(chat, tokenize=False), add_special_tokens=False)
        with torch.inference_mode():
            states = model.model(torch.tensor([ids])).last_hidden_state[0]
            raw.append([float(states[-1] @ model.score.weight[0])])
    orm = make_verifier(f"orm/{tmp_path}", {"output": "raw"}, ModelPool(ENGINE), "v")
    try:
        agree(await orm.score(QUESTION, candidates()), raw)
        orm.config = orm.config.model_copy(update={"output": "sigmoid"})  # type: ignore[attr-defined]
        scores = await orm.score(QUESTION, candidates())
        assert all(0 <= s.values[0] <= 1 for s in scores)
        assert [s.values[0] for s in scores] == pytest.approx([1 / (1 + np.exp(-r[0])) for r in raw], abs=TOLERANCE)
    finally:
        await orm.close()


async def test_a_whole_model_is_wanted(tmp_path: Path) -> None:
    checkpoint(tmp_path, "Qwen2ForCausalLM", small_tokenizers.qwen(), 7, "lm_head")
    _rename(tmp_path, "Qwen2ForPrmModel")
    judge = make_verifier(f"prm/{tmp_path}", {}, ModelPool(), "verifiers[0]")
    with pytest.raises(UsageError, match=r"verifiers\[0\]: the reward model cannot be loaded: .*v_head"):
        await judge.score(QUESTION, candidates())


def _rename(folder: Path, architecture: str) -> None:
    """The configuration of a class that transformers does not have."""
    import json

    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "architectures": [architecture]}))


async def _scored(judge: Any, expected: Sequence[Sequence[float]]) -> None:
    try:
        agree(await judge.score(QUESTION, candidates()), expected)
    finally:
        await judge.close()
