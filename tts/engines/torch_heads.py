"""Reward models that vLLM has no architecture for, in batches on plain torch: one linear head over hidden states."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tts.core import EngineError, UsageError, did_you_mean
from tts.engines.architecture import architecture
from tts.engines.identity import identity, resolve
from tts.engines.server import one_at_a_time, why
from tts.engines.settings import dtype_for
from tts.engines.tokenizers import load_tokenizer


class TorchOptions(BaseModel):
    """Options of the torch backend."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    dtype: str = "auto"
    """``float32``, ``bfloat16``, ``float16``, or ``auto``: the model's own, float32 on a CPU without fast bfloat16."""
    device: str | None = None
    """Where the model goes. Default: the first GPU, else the CPU."""
    max_model_len: int | None = Field(default=None, ge=1)
    """Longest text in tokens. Default: the model's own limit."""
    max_num_seqs: int = Field(default=16, ge=1)
    """Most texts of one batch."""
    max_num_batched_tokens: int = Field(default=16384, ge=1)
    """Most tokens of one batch, padding included."""
    revision: str | None = None
    """The hub's branch, tag or commit."""
    trust_remote_code: bool = False
    """Whether the tokenizer may run code from its repository."""


@dataclass(frozen=True, slots=True)
class _Job:
    ids: Sequence[int]
    positions: Sequence[int]
    about: str
    done: asyncio.Future[tuple[float, ...]]


class ValueHeadEngine:
    """A transformer with a value head ``v_head.summary``: the sigmoid of a linear function of each hidden state."""

    def __init__(self, model: str, engine: Mapping[str, Any], field: str):
        """``engine``: fields of ``TorchOptions``. Raises UsageError where there is no such model, or no torch."""
        options = _options(engine, field)
        try:
            import torch
            import transformers
        except ImportError as error:
            raise UsageError(f"{field}: {error.name} is not installed; pip install 'tts-scaling[vllm]'") from None
        self.version = f"torch {torch.__version__}, transformers {transformers.__version__}"
        given = options.model_dump(exclude_none=True)
        self._path, self._commit = resolve("prm", model, given, field)
        self._options = options
        self._dtype = dtype_for(options.dtype, tiny=False)
        self.identity: Mapping[str, str] = {
            **identity(self._path, self._commit, self._dtype, given),
            "backend": "torch",
        }
        self.architecture: Mapping[str, object] | None = architecture(self._path, self._commit)
        self.tokenizer = load_tokenizer(self._path, self._commit, given)
        self._field = field
        self._waiting: list[_Job] = []
        self._worker: asyncio.Task[None] | None = None
        self._loading: asyncio.Task[None] | None = None
        self._backbone: Any = None
        self._head: tuple[Any, Any] = (None, None)

    async def read(self, prompt_ids: Sequence[int], positions: Sequence[int], about: str) -> tuple[float, ...] | None:
        """The head's sigmoid at each position; None where the text is longer than the context.

        What is asked for while a batch is computed goes into the next ones. Raises EngineError where torch fails.
        """
        if self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(self._load))
        await asyncio.shield(self._loading)
        if len(prompt_ids) > self._context:
            return None
        job = _Job(prompt_ids, positions, about, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await job.done

    async def close(self) -> None:
        """Forget the model, so that its memory is free."""
        if self._worker is not None:
            self._worker.cancel()
        self._backbone, self._head = None, (None, None)
        if self._loading is not None:
            import torch

            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    @property
    def _context(self) -> int:
        longest = int(self._backbone.config.max_position_embeddings)
        return min(self._options.max_model_len or longest, longest)

    async def _work(self) -> None:
        await asyncio.sleep(0)  # let everybody who is about to ask do so
        while self._waiting:
            batch = self._next_batch()
            try:
                values = await asyncio.to_thread(self._forward, batch)
            except Exception as error:  # torch's own kinds, out of memory among them
                failure = EngineError(f"{batch[0].about}: the reward model failed ({why(error)}); lower max_num_seqs")
                for job in batch:
                    if not job.done.done():  # cancelled
                        job.done.set_exception(failure)
                continue
            for job, scores in zip(batch, values, strict=True):
                if not job.done.done():
                    job.done.set_result(scores)

    def _next_batch(self) -> list[_Job]:
        """The longest texts first, so that a batch holds texts of like length."""
        self._waiting.sort(key=lambda job: len(job.ids), reverse=True)
        longest = len(self._waiting[0].ids)
        rows = max(1, min(self._options.max_num_seqs, self._options.max_num_batched_tokens // longest))
        batch, self._waiting = self._waiting[:rows], self._waiting[rows:]
        return batch

    def _forward(self, batch: Sequence[_Job]) -> list[tuple[float, ...]]:
        import torch

        weight, bias = self._head
        ids = torch.zeros((len(batch), max(len(job.ids) for job in batch)), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, job in enumerate(batch):
            ids[row, : len(job.ids)] = torch.tensor(job.ids)
            mask[row, : len(job.ids)] = 1
        with torch.inference_mode():
            device = weight.device
            states = self._backbone(input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False)[0]
            picked = [states[row, list(job.positions)].float() for row, job in enumerate(batch)]
            return [tuple(torch.sigmoid(states @ weight + bias).tolist()) for states in picked]

    def _load(self) -> None:
        import torch
        from transformers import AutoModel

        device = self._options.device or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = "auto" if self._dtype == "auto" else getattr(torch, self._dtype)
        with one_at_a_time:
            try:
                head = _value_head(self._path, self._commit)
                backbone, found = AutoModel.from_pretrained(
                    self._path, revision=self._commit, dtype=dtype, output_loading_info=True
                )
                self._head = (head[0].to(device), head[1].to(device))
                self._backbone = backbone.to(device).eval()
            except (KeyError, OSError, ValueError) as error:
                raise UsageError(f"{self._field}: the reward model cannot be loaded: {why(error)}") from None
        if found["missing_keys"]:
            raise UsageError(
                f"{self._field}: the checkpoint lacks {min(found['missing_keys'])}; expected a whole model"
            )


def _options(engine: Mapping[str, Any], field: str) -> TorchOptions:
    known = TorchOptions.model_fields
    for name in engine:
        if name not in known:
            raise UsageError(
                f"{field}.engine.{name}: this model runs on plain torch, which has no such option"
                f"{did_you_mean(name, known)}; expected one of {', '.join(known)}"
            )
    try:
        return TorchOptions.model_validate(engine)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(f"{field}.engine.{first['loc'][0]}: found {first['input']!r}, {first['msg']}") from None


def _value_head(path: str, commit: str | None) -> tuple[Any, Any]:
    """Weight (hidden,) and bias () of ``v_head.summary``. Raises KeyError where no file of the model has them."""
    names = ("v_head.summary.weight", "v_head.summary.bias")
    folder = Path(path)
    if commit is not None:
        from huggingface_hub import snapshot_download

        folder = Path(snapshot_download(path, revision=commit, allow_patterns=["*.json", "*.safetensors", "*.bin"]))
    found: dict[str, Any] = {}
    for file in _shards(folder, names):
        if file.suffix == ".safetensors":
            from safetensors import safe_open

            with safe_open(file, framework="pt") as tensors:
                found |= {name: tensors.get_tensor(name) for name in names if name in tensors.keys()}  # noqa: SIM118
        else:
            import torch

            tensors = torch.load(file, map_location="cpu", mmap=True, weights_only=True)
            found |= {name: tensors[name] for name in names if name in tensors}
    if set(found) != set(names):
        raise KeyError(
            f"no {' or '.join(sorted(set(names) - set(found)))} in {folder}; is it a model with a value head?"
        )
    return found[names[0]].float().flatten(), found[names[1]].float().squeeze()


def _shards(folder: Path, names: Sequence[str]) -> list[Path]:
    """The files that may hold some tensors: by the index of a checkpoint in parts, else all."""
    for index in sorted(folder.glob("*.index.json")):
        places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        return sorted({folder / places[name] for name in names if name in places})
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin"))
