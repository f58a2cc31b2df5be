"""The tiny models' torch code on random weights, and training from end to end in miniature."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from lab import prm, rollouts, train_policy, train_prm  # noqa: E402
from lab.corpus import prompt_ids  # noqa: E402
from lab.generate import Policy  # noqa: E402
from lab.tokenizer import IDS, STEP, encode  # noqa: E402
from tts.benchmarks.arith import question_text  # noqa: E402
from tts.benchmarks.expressions import Stream, draw  # noqa: E402

SMALL = replace(
    train_policy.RECIPES["policy"], hidden=64, intermediate=96, layers=2, heads=1, pools=2, pool_examples=48
)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small policy after next to no training."""
    folder = tmp_path_factory.mktemp("policy")
    model, log = train_policy.train("policy", SMALL, folder / "work")
    train_policy.export(model, folder, log)
    return folder


def test_training_resumes_to_the_same_weights(tmp_path: Path) -> None:
    whole, log = train_policy.train("policy", SMALL, tmp_path / "whole")
    state = tmp_path / "cut" / "policy.pt"

    class Killed(Exception):
        pass

    saved = train_policy.save_state

    def save_and_die(content: object, path: Path) -> None:
        saved(content, path)
        raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(train_policy, "save_state", save_and_die)
        train_policy.train("policy", SMALL, tmp_path / "cut")
    assert torch.load(state, weights_only=True)["log"]["pool"] == 1
    resumed, again = train_policy.train("policy", SMALL, tmp_path / "cut")
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
    assert (log["losses"], log["tokens"]) == (again["losses"], again["tokens"])


def test_sampling_follows_the_model(policy: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(policy, dtype=torch.float32)
    stream = Stream("prompts")
    prompts = [prompt_ids(question_text(draw(stream, level))) for level in (1, 5, 9, 2, 12)]
    for prompt, found in zip(prompts, Policy(policy).sample(prompts, 2, 1e-5, 0, max_tokens=25), strict=True):
        for ids in found:
            with torch.no_grad():
                likeliest = model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1].argmax(-1)
            assert likeliest.tolist() == ids


def test_reward_model_starts_as_the_policy_and_survives_saving(policy: Path, tmp_path: Path) -> None:
    from transformers import AutoModel

    model = prm.from_policy(policy, seed=0, extra_layers=1).eval()
    body = AutoModel.from_pretrained(policy, dtype=torch.float32)
    ids = torch.tensor([prompt_ids("Compute 3*4.")])
    with torch.no_grad():
        same = torch.allclose(model.model(input_ids=ids)[0], body(input_ids=ids)[0], atol=1e-5)
    assert same
    steps = [encode("3*4=12"), encode(r"\boxed{12}")]
    sequences = [prm.input_ids("Compute 3*4.", steps), prm.input_ids("Compute 3*4.", steps[1:])]
    assert [s.count(IDS[STEP]) for s in sequences] == [2, 1]
    scores = prm.step_scores(model, sequences)
    assert [len(s) for s in scores] == [2, 1]
    prm.save(model, tmp_path, {})
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["architectures"] == ["Qwen2ForProcessRewardModel"]
    for a, b in zip(scores, prm.step_scores(prm.load(tmp_path), sequences), strict=True):
        assert a == pytest.approx(b, abs=2e-3)


def test_labels_and_reward_training_in_miniature(policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rollouts.PLANS, "train", rollouts.Plan(1, 12, 1, 2))
    monkeypatch.setattr(rollouts, "answer", lambda ids: 7 if ids else None)
    expressions = rollouts.expressions("heldout", 0)[:12]
    assert all(e.held_out for e in expressions)
    assert not any(e.held_out for e in rollouts.expressions("train", 0))
    assert not any(e.held_out for e in rollouts.expressions("wide", 0))
    wide = rollouts.label(Policy(policy), expressions, rollouts.Plan(1, 12, solutions=2, rollouts=1), seed=5)
    assert [x.expression for x in wide] == [e.text for e in expressions for _ in range(2)]
    assert all(len(x.wins) == len(x.steps) for x in wide)
    labelled = rollouts.label(Policy(policy), expressions, rollouts.Plan(1, 12, solutions=1, rollouts=2), seed=5)
    assert [x.expression for x in labelled] == [e.text for e in expressions]
    assert all(len(x.wins) == len(x.steps) for x in labelled)
    target = rollouts.path(tmp_path, "train", 0)
    target.parent.mkdir()
    rows = [{"cpu_seconds": 1.0}, *({k: getattr(x, k) for k in rollouts.Labelled.__slots__} for x in labelled)]
    target.write_text("".join(json.dumps(r) + "\n" for r in rows))
    assert list(rollouts.read(tmp_path, "train", 1)) == labelled
    _, log = train_prm.train("prm", train_prm.Recipe(seed=1, kinds=("train",), epochs=2), policy, tmp_path)
    assert log["epoch"] == 2
    assert log["steps_labelled"] == sum(len(x.steps) for x in labelled)


def test_frozen_layers_stay_and_slow_ones_move_less(policy: Path) -> None:
    recipe = train_prm.Recipe(seed=1, kinds=(), epochs=1, extra_layers=1, frozen_layers=1, slow=0.2)
    model = prm.from_policy(policy, 1, recipe.extra_layers)
    groups = [g for o in train_prm.optimizers_of(model, recipe) for g in o.param_groups]
    learnt = {id(p): g["scale"] for g in groups for p in g["params"]}
    first, second, third = model.model.layers
    assert not any(id(p) in learnt for p in (*first.parameters(), model.model.embed_tokens.weight))
    assert {learnt[id(p)] for p in second.parameters()} == {0.2}
    assert {learnt[id(p)] for p in (*third.parameters(), *model.score.parameters())} == {1.0}


def test_targets_stand_at_the_step_tags() -> None:
    labelled = [rollouts.Labelled("3*4", 1, [encode("3*4=12"), encode(r"\boxed{12}")], [0.75, 1.0])]
    ((ids, targets),) = train_prm.batches(labelled, "x", 500)
    assert ids[targets >= 0].tolist() == [IDS[STEP]] * 2
    assert targets[targets >= 0].tolist() == [0.75, 1.0]
