"""``tts cost``: every point of a run with its price, and what cannot be counted."""

from __future__ import annotations


def test_points_are_priced_and_what_is_not_known_says_how_to_count_it(tts, place, small):
    tts("run", *small, "--n", "1,4", "--out", "new")
    (place / "prices.yaml").write_text("policy: {input: 0, output: 1000000}\ngpu_hour: 3600\n")
    result = tts("cost", "new", "--prices", "prices.yaml")
    assert (result.code, result.err) == (0, "")
    header, *rows, reason, engine, gpu = [line.split() for line in result.out.splitlines()]
    assert header[-1] == "price"
    assert len(rows) == 3 * 2
    assert all(row[-4] == row[-1] and row[-3:-1] == ["-", "0"] for row in rows), "one a token; no FLOPs are known"
    assert " ".join(reason).startswith("policy: FLOPs are not counted: run.json holds no configuration")
    assert abs(float(engine[1]) - float(gpu[-1])) <= 0.06, "one a second"
    counted = tts("cost", "new", "--parameters", "policy=1e9").out.splitlines()
    tokens, flops, _, price = counted[1].split()[-4:]
    assert (float(flops) > 2e9 * float(tokens), price) == (True, "-")
    assert "policy:" not in counted[-2]


def test_a_model_that_the_run_does_not_have_is_named(tts, small):
    tts("run", *small, "--n", "1", "--out", "new")
    result = tts("cost", "new", "--parameters", "polcy=1e9")
    assert (result.code, "no model 'polcy' (did you mean 'policy'?)" in result.err) == (2, True)
