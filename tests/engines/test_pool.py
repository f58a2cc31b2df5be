"""One engine for a model, whoever names it; and nobody but the pool knows which."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import tts.verifiers
from tts.core import UsageError
from tts.engines import ModelPool
from tts.engines.identity import identity
from tts.engines.server import Servers

pytest.importorskip("vllm", reason="vLLM is not installed")


def test_a_policy_and_a_judge_of_one_model_share_its_engine() -> None:
    pool = ModelPool()
    policy = pool.generator("vllm/tiny-arith", {"max_model_len": 512}, "model")
    judge = pool.language("judge", "tiny-arith", "verifiers[0]")
    again = pool.bound({"max_model_len": 512}).language("implicit", "tiny-arith", "verifiers[1]")
    assert policy._server is judge._server is again._server  # type: ignore[attr-defined]
    assert policy._server.users == 3  # type: ignore[attr-defined]


def test_the_same_words_give_the_same_handle_and_other_models_other_engines() -> None:
    pool = ModelPool()
    good, same, weak = (pool.at_tags(m, "<extra_0>", "v") for m in ("tiny-arith", "tiny-arith", "tiny-arith-weak"))
    assert good is same
    assert good._server is not weak._server


def test_conflicting_options_for_one_model_name_both_who_ask() -> None:
    pool = ModelPool()
    pool.generator("vllm/tiny-arith", {"max_model_len": 512}, "model")
    with pytest.raises(
        UsageError, match=r"verifiers\[0\]: engine max_model_len: 256 differs from that of model, max_mo"
    ):
        pool.bound({"max_model_len": 256}).language("judge", "tiny-arith", "verifiers[0]")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda pool: pool.generator("vllm/prm-model", {}, "models.draft"), "models.draft"),
        (lambda pool: pool.at_tags("tiny-arith-large-no", "<extra_0>", "verifiers[1]"), r"verifiers\[1\]"),
    ],
)
def test_a_model_that_cannot_do_what_is_asked_is_named_with_who_asks(ask, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ask(ModelPool())


async def test_every_engine_is_closed_where_one_cannot_be() -> None:
    class Handle:
        closed = 0

        def __init__(self, fails: bool):
            self.fails = fails

        async def close(self) -> None:
            Handle.closed += 1
            if self.fails:
                raise RuntimeError("hangs")

    pool = ModelPool()
    pool._handles |= {"a": Handle(True), "b": Handle(False), "c": Handle(False)}
    with pytest.raises(RuntimeError, match="hangs"):
        await pool.close()
    assert Handle.closed == 3


def test_the_kv_caches_dtype_is_a_part_of_what_a_model_is_and_its_default_is_not(tmp_path: Path) -> None:
    plain = identity("m", "commit", "float32", {})
    assert identity("m", "commit", "float32", {"kv_cache_dtype": "auto"}) == plain
    assert identity("m", "commit", "float32", {"kv_cache_dtype": "fp8"}) != plain


def test_two_models_of_one_name_and_other_runners_are_two_engines() -> None:
    servers = Servers()
    generate = servers.get({"model": "m"}, {"model": "m"}, {}, "v", "a")
    pooling = servers.get({"model": "m"}, {"model": "m", "runner": "pooling"}, {}, "v", "b")
    assert generate is not pooling


def test_no_verifier_imports_an_engine() -> None:
    for file in Path(str(tts.verifiers.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
            assert not [n for n in names if n.startswith(("tts.engines", "vllm"))], file.name
