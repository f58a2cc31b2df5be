"""What a model's makers marked as special is not lost between the engine and the grader."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tts.core import Request, SamplingParams
from tts.engines import make_engine
from tts.tiny.weights import weights_path

pytestmark = pytest.mark.integration
pytest.importorskip("vllm")


def _with_special(place: Path, token: str) -> Path:
    """The tiny policy with one more token that its tokenizer calls special; its ids stay."""
    shutil.copytree(weights_path("vllm/tiny-arith"), place)
    file = place / "tokenizer.json"
    data = json.loads(file.read_text())
    new = {**data["added_tokens"][0], "id": data["model"]["vocab"][token], "content": token}
    data["added_tokens"].append(new)
    file.write_text(json.dumps(data))
    return place


async def test_a_special_token_of_the_answer_reaches_its_text(tmp_path: Path) -> None:
    """In answers drawn at once, in steps that end at a delimiter, and in those that go on after other steps."""
    model = _with_special(tmp_path / "model", "=")
    engine = make_engine(f"vllm/{model}", {"max_model_len": 256, "kv_cache_memory_bytes": 2**27})
    prompt = engine.render([{"role": "user", "content": "12 + 7 - 5 ="}], {}).token_ids
    plain, steps = SamplingParams(temperature=0, max_tokens=100), SamplingParams(temperature=0, stop=("\n\n",))

    def request(ids: tuple[int, ...], params: SamplingParams, prefix: int = 0) -> Request:
        return Request((*prompt, *ids), params, (("s", 0),), (bytes(16),), "test/0", prefix=prefix)

    await engine.start()
    try:
        (whole,) = await engine.sample(request((), plain))
        (step,) = await engine.sample(request((), steps))
        ids = tuple(step.token_ids.tolist())
        (rest,) = await engine.sample(request(ids, plain, len(ids)))
    finally:
        await engine.close()
    assert whole.finished
    assert "=" in whole.text
    assert "<|" not in whole.text
    assert rest.text == whole.text
    assert step.stop_reason == "\n\n"
    assert whole.text.startswith(step.text + "\n\n")
