"""FLOPs from configurations and positions, against hand counts, brute force and torch's own counter; and prices."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import entry, run_data

import tts
from tts.analysis import (
    Architecture,
    TokenPrices,
    cell_cost,
    curves,
    engine_seconds,
    forward_flops,
    generation_flops,
    gpu_cost,
    models_of,
    pass_flops,
    read_architecture,
    read_prices,
    token_cost,
)
from tts.analysis.architecture import Span
from tts.analysis.compute import COSTS, Models, token_count
from tts.core import Usage, UsageError
from tts.store import CellData, ProblemInfo, RunData, SessionInfo


def spread(counts: list[int]) -> tuple[tuple[int, int], ...]:
    """The table of positions of a number of tokens at each position."""
    changes = np.diff(counts, prepend=0, append=0)
    return tuple((i, int(c)) for i, c in enumerate(changes) if c)


models = st.builds(
    Architecture,
    body=st.integers(1, 1000),
    head=st.integers(0, 500),
    spans=st.lists(
        st.builds(Span, st.integers(0, 50), st.integers(0, 50), st.none() | st.integers(1, 6), st.booleans()),
        max_size=3,
    ).map(tuple),
    state=st.integers(0, 300),
)


def token_by_token(model: Architecture, position: int, logits: bool, generated: bool = False) -> int:
    """The formula, for one token, counting the tokens that it attends to."""
    products = model.body + model.state + (model.head if logits else 0)
    for span in model.spans:
        seen = [
            before
            for before in range(position + 1)
            if span.window is None
            or (before // span.window == position // span.window if span.chunked else position - before < span.window)
        ]
        products += len(seen) * (span.decode if generated else span.prefill)
    return 2 * products


@given(model=models, counts=st.lists(st.integers(0, 3), max_size=12), lengths=st.lists(st.integers(0, 12), max_size=4))
def test_tables_of_positions_give_the_sum_over_tokens(model, counts, lengths):
    tokens = [p for p, count in enumerate(counts) for _ in range(count)]
    assert token_count(spread(counts)) == len(tokens)
    assert generation_flops(model, spread(counts)) == sum(token_by_token(model, p, True, True) for p in tokens)
    assert forward_flops(model, spread(counts)) == sum(token_by_token(model, p, False) for p in tokens)
    passes = [sum(token_by_token(model, p, p == n - 1) for p in range(n)) for n in lengths]
    assert pass_flops(model, lengths).tolist() == passes


@pytest.mark.parametrize("cached", [1, 100, 700])
def test_decoding_the_tiny_policy_costs_what_torch_counts(cached):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from torch.utils.flop_counter import FlopCounterMode

    folder = Path(tts.__file__).parent / "tiny" / "weights" / "policy"
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    ).eval()
    with torch.no_grad():
        cache = model(torch.full((1, cached), 5), use_cache=True).past_key_values
        with FlopCounterMode(display=False) as counter:
            model(torch.tensor([[5]]), past_key_values=cache, use_cache=True)
    ours = read_architecture(json.loads((folder / "config.json").read_text()))
    assert forward_flops(ours, ((cached, 1), (cached + 1, -1)), reads=1) == pytest.approx(
        counter.get_total_flops(), rel=0.02
    )


# --- cells and rows ------------------------------------------------------------------------------------------------

POLICY = Architecture(body=100, head=10, spans=(Span(12, 12),))
JUDGE = Architecture(body=50, head=5, spans=(Span(2, 2),))
KNOWN = Models(POLICY, {"v": JUDGE})
PROBLEM = ProblemInfo("toy", "a", None, prompt_tokens=4)


def made(usage: Usage, tokens: list[int]) -> CellData:
    n = len(tokens)
    return CellData(
        n=n,
        usage=usage,
        grader={},
        classes=np.zeros(n, np.int64),
        correct=np.ones(n, np.bool_),
        finished=np.ones(n, np.bool_),
        output_tokens=np.array(tokens),
        scores={"v:last": np.ones(n)},
    )


SAMPLED = Usage(
    output_tokens=6, prompt_tokens_ideal=4, prompt_tokens_none=8, samples=2,
    output_positions=((4, 2), (6, -1), (8, -1)), prompt_positions_ideal=((0, 1), (4, -1)),
    prompt_positions_none=((0, 2), (4, -2)), selection_tokens={"v": (6, 8)},
)  # fmt: skip
SEARCHED = Usage(
    output_tokens=6, prompt_tokens_ideal=4, prompt_tokens_none=10, samples=3, discarded_tokens=2, verifier_tokens=11,
    output_positions=((4, 2), (6, -1), (8, -1)), prompt_positions_ideal=((0, 1), (4, -1)),
    prompt_positions_none=((0, 2), (4, -1), (6, -1)), verifier_positions={"v": ((0, 2), (5, -1), (6, -1))},
    selection_tokens={"v": (0,)},
)  # fmt: skip


def by_name(usage: Usage, tokens: list[int], independent: bool, k: int, verifier: str | None, known: Models = KNOWN):
    cost = cell_cost(PROBLEM, made(usage, tokens), independent, verifier, known)
    return dict(zip(COSTS, cost.at(k).tolist(), strict=True))


@pytest.mark.parametrize("k", [1, 2])
def test_a_budget_below_the_samples_held_costs_its_share_and_the_prompt_once(k):
    found = by_name(SAMPLED, [2, 4], True, k, "v:last")
    prompt = sum(token_by_token(POLICY, p, False) for p in range(4))
    both = sum(token_by_token(POLICY, p, True) for p in (4, 5, 4, 5, 6, 7))
    scoring = sum(token_by_token(JUDGE, p, p == n - 1) for n in (6, 8) for p in range(n))
    assert found == {
        "output_tokens": 3 * k, "prompt_tokens_ideal": 4, "prompt_tokens_none": 4 * k, "discarded_tokens": 0,
        "verifier_tokens": 7 * k, "policy_flops": prompt + k * both / 2, "verifier_flops": k * scoring / 2,
    }  # fmt: skip
    assert by_name(SAMPLED, [2, 4], True, k, None)["verifier_flops"] == 0, "no verifier, no passes"


def test_a_search_costs_what_it_used_and_selecting_by_its_guide_costs_nothing_more():
    found = by_name(SEARCHED, [4], False, 8, "v:last")
    guiding = sum(token_by_token(JUDGE, p, p == n - 1) for n in (5, 6) for p in range(n))
    policy = sum(token_by_token(POLICY, p, p > 3) for p in (0, 1, 2, 3, 4, 5, 4, 5, 6, 7))
    assert found == {
        "output_tokens": 6, "prompt_tokens_ideal": 4, "prompt_tokens_none": 10, "discarded_tokens": 2,
        "verifier_tokens": 11, "policy_flops": policy, "verifier_flops": guiding,
    }  # fmt: skip
    assert by_name(SEARCHED, [4], False, 8, None) == found, "the guide is paid for whoever selects"


def test_what_is_not_known_is_left_open_and_the_rest_is_counted():
    blind = by_name(SAMPLED, [2, 4], True, 2, "w:last")
    assert np.isnan([blind["verifier_tokens"], blind["verifier_flops"]]).all()
    assert not np.isnan(blind["policy_flops"])
    nobody = by_name(SEARCHED, [4], False, 2, None, Models())
    assert {name for name, value in nobody.items() if np.isnan(value)} == {"policy_flops", "verifier_flops"}
    earlier = Usage(output_tokens=6, prompt_tokens_ideal=4, prompt_tokens_none=8, samples=2)
    assert np.isnan(by_name(earlier, [2, 4], False, 2, None)["policy_flops"]), "positions were not kept"
    counted = Models(Architecture.of_parameters(1000))
    assert by_name(earlier, [2, 4], False, 2, None, counted)["policy_flops"] == 2 * 1000 * 10


def held(architecture: dict | None = None, verifiers=("v:last",), usage: Usage = SAMPLED, sessions=()) -> RunData:
    return run_data(
        [PROBLEM],
        {("toy", "a", "best_of_n", "{}", 0, 0): made(usage, [2, 4])},
        [entry("best_of_n", True, (1, 2))],
        planned=1,
        selectors=("first", "best"),
        verifiers=verifiers,
        architecture=architecture,
        sessions=sessions,
    )


CONFIG = {"model_type": "gpt_neox", "hidden_size": 8, "intermediate_size": 9, "num_hidden_layers": 2,
          "num_attention_heads": 2, "vocab_size": 10}  # fmt: skip


def test_rows_carry_the_costs_and_leave_empty_what_is_not_known():
    rows = {(r.selector, r.n): r for r in curves(held(CONFIG)).rows}
    first, best = rows["first", 2], rows["best", 2]
    model = read_architecture(CONFIG)
    prefill = forward_flops(model, SAMPLED.prompt_positions_ideal)
    assert first.policy_flops == prefill + generation_flops(model, SAMPLED.output_positions)
    assert (first.verifier_tokens, first.verifier_flops) == (0.0, 0.0)
    assert (best.verifier_tokens, best.verifier_flops) == (14.0, None)
    cells = dict(zip(best.__dataclass_fields__, best.cells(), strict=True))
    assert (cells["verifier_flops"], cells["prompt_tokens_none"]) == (None, 8.0)
    given = {(r.selector, r.n): r for r in curves(held(None), {"v": 1000, "policy": 2000}).rows}
    assert (given["best", 2].verifier_flops, given["best", 2].policy_flops) == (14 * 2000, 10 * 4000)


def test_a_model_without_a_configuration_asks_for_a_parameter_count():
    found = models_of(held({"model_type": "llama", "hidden_size": 3}))
    with pytest.raises(UsageError, match=r"policy: .*num_hidden_layers: missing; give .* --parameters policy=1.5e9"):
        found.require()
    with pytest.raises(UsageError, match=r"^v: .*holds no configuration.*--parameters v=1.5e9"):
        found.require("v")
    assert models_of(held(None), {"policy": 7e9}).require() == Architecture.of_parameters(7e9)
    with pytest.raises(UsageError, match=r"no model 'polcy' \(did you mean 'policy'\?\).*policy, v"):
        models_of(held(None), {"polcy": 1e9})


# --- prices --------------------------------------------------------------------------------------------------------


def test_prices_charge_input_once_cached_input_at_its_own_price_and_output(tmp_path):
    file = tmp_path / "prices.yaml"
    file.write_text(
        "policy: {input: 2, cached_input: 0.5, output: 8}\nverifiers: {v: {input: 1}}\ngpu_hour: 3\ngpus: 2\n"
    )
    prices = read_prices(file)
    run = held(sessions=[SessionInfo(engine_seconds=600, seconds=900), SessionInfo(seconds=1200.0), SessionInfo()])
    rows = {(r.selector, r.n): r for r in curves(run).rows}
    assert token_cost(rows["best", 2], prices) == pytest.approx((4 * 2 + 4 * 0.5 + 6 * 8 + 14 * 1) / 1e6)
    assert token_cost(rows["first", 2], prices) == pytest.approx((4 * 2 + 4 * 0.5 + 6 * 8) / 1e6)
    dear = prices.model_copy(update={"policy": TokenPrices(input=2, output=8), "verifiers": {}})
    assert token_cost(rows["first", 2], dear) == pytest.approx((8 * 2 + 6 * 8) / 1e6)
    assert token_cost(rows["best", 2], dear) is None, "the verifier has no price"
    assert engine_seconds(run) == 1800
    assert gpu_cost(run, prices) == 0.5 * 2 * 3
    assert gpu_cost(run, prices.model_copy(update={"gpu_hour": None})) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gpus: 2", "found neither policy nor gpu_hour"),
        ("policy: {inputs: 2}", r"--prices: .*policy.input: missing; .*, for instance policy: \{input: 0.1"),
        ("policy: {input: 1, outputs: 2}", r"policy.outputs: no such field .did you mean 'output'"),
        ("policy: 3", r"policy: found 3, expected a mapping, for instance policy: \{input"),
        ("", "the file: found None, expected a mapping"),
        ("gpu_hour: cheap", r"--prices: .*gpu_hour: found 'cheap', expected a valid number"),
        ("policy: {input: 1}\nverifiers: {v: {}}", r"verifiers.v.input: missing; .*v: \{input: 0.2\}"),
        ("gpu_hours: 2", r"gpu_hours: .*did you mean 'gpu_hour'"),
        ("gpu_hour: -1", "gpu_hour: .*greater than or equal to 0"),
        ("[", "cannot be read"),
        ("gpu_hour: .nan", "gpu_hour"),
    ],
)
def test_a_table_that_is_none_is_refused_by_field(tmp_path, text, said):
    file = tmp_path / "prices.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        read_prices(file)
    assert "\n" not in str(caught.value)


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"--prices: .*none.yaml cannot be read \(No such file"):
        read_prices(tmp_path / "none.yaml")
