"""``tts import`` of what lm-eval and inspect write."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tts.importing.inspect_logs import _member
from tts.store import read_run

LOGS = Path(__file__).resolve().parents[1] / "importing" / "logs"


def write(name: str, *rows: object, array: bool = False) -> None:
    Path(name).write_text(json.dumps(rows, indent=2) if array else "".join(json.dumps(row) + "\n" for row in rows))


def cells(place: Path, name: str = "new", setting: str = "{}") -> dict[str, object]:
    return {key[1]: cell for key, cell in read_run(place / name).cells.items() if key[3] == setting}


def exported(run: Path) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in (run / "candidates.jsonl").read_text().splitlines()]
    return [row for row in rows if row["setting"] == {}]


def levels(run: Path) -> dict[str, str]:
    return {p.id: p.level for p in next(iter(read_run(run).problems.values()))}


def logged(i, texts, name=None, value=None, **more):
    """A row of lm-eval: of today's with the name of a filter, else as versions up to 0.4.5 wrote it."""
    row = {"doc_id": i, "doc": {"question": f"q{i}"}, "target": f"so #### {i + 1}", "resps": [texts],
           "filtered_resps": ["x"]}  # fmt: skip
    if name is not None:
        row |= {"filter": name, "metrics": ["exact_match"], "doc_hash": str(i),
                "arguments": {"gen_args_0": {"arg_0": f"q{i}", "arg_1": {"until": ["\n"]}}}}  # fmt: skip
    return {**row, "exact_match": value, **more}


def test_lm_eval_samples_are_told_by_their_columns(tts, place):
    both = [
        logged(i, [f"the answer is {i + 1}"], name, v) for i in (0, 1) for name, v in (("strict", 0.0), ("loose", 1.0))
    ]
    write("samples_gsm8k_2025.jsonl", *both)
    result = tts("import", "samples_gsm8k_2025.jsonl", "--labels", "both", "--out", "strict")
    assert "2 of 2 answers that our grader and the file judge differently" in result.out
    result = tts("import", "samples_gsm8k_2025.jsonl", "--labels", "both", "--filter", "loose", "--out", "loose")
    assert "0 of 2 answers" in result.out
    assert tts("export", "loose").code == 0
    assert [(r["question"], r["reference"]) for r in exported(place / "loose")] == [("q0", "1"), ("q1", "2")]
    assert (
        "expected one of strict, loose"
        in tts("import", "samples_gsm8k_2025.jsonl", "--filter", "lose", "--out", "x").err
    )


@pytest.mark.parametrize("array", [True, False])
def test_without_a_filter_column_each_response_counts_once(tts, place, array):
    """lm-eval 0.4.2 wrote a JSON array, in which each filter repeats all documents and is not named."""
    strict = [logged(i, [f"it is {i + 1}", f"it is {i + 2}"], None, 0.0) for i in (0, 1)]
    loose = [logged(i, [f"it is {i + 1}", f"it is {i + 2}"], None, 1.0) for i in (0, 1)]
    write("pretrained__x_gsm8k.jsonl", *strict, *loose, array=array)
    assert tts("import", "pretrained__x_gsm8k.jsonl", "--out", "new").out.startswith("2 problems, 4 samples; n = 1, 2;")
    assert [cell.correct.tolist() for cell in cells(place).values()] == [[True, False]] * 2
    again = [logged(i, [f"it is {i + 7}", "none"], None, 0.0) for i in (0, 1)]
    write("two.jsonl", *strict, *again)
    assert tts("import", "two.jsonl", "--out", "two").out.startswith("2 problems, 8 samples;"), (
        "other responses are more"
    )
    write("one.jsonl", *(logged(i, ["1"], None, v) for v in (0.0, 1.0) for i in (0, 1)))
    out = tts("import", "one.jsonl", "--labels", "file", "--filter", "2", "--out", "one")
    assert out.code == 0
    assert [cell.correct.tolist() for cell in cells(place, "one").values()] == [[True], [True]]


def test_flags_name_columns_of_lm_evals_rows(tts, place):
    rows = [
        logged(i, ["it is 1", "it is 2", None], "f", 1.0, used=[5, 6, 0], rm=[0.5, None, 0.25], ok=[1, 0, 0])
        for i in (0, 1)
    ]
    for row in rows:
        row["doc"] |= {"name": f"p{row['doc_id']}", "answers": ["5", "1"], "text": "?", "hard": 3}
    write("samples_x.jsonl", *rows)
    flags = ("--id", "doc.name", "--gold", "doc.answers", "--question", "doc.text", "--level", "doc.hard",
             "--tokens", "used", "--score", "rm=rm", "--correct", "ok", "--labels", "both")  # fmt: skip
    result = tts("import", "samples_x.jsonl", *flags, "--out", "new")
    assert result.code == 0, result.err
    assert "2 of 6 samples have no text: silent answers" in result.out
    assert "rm:score: 2 of 6 samples have no score (p0 sample 1, p1 sample 1)" in result.out
    cell = cells(place)["p0"]
    assert cell.output_tokens.tolist() == [5, 6, 0]
    assert cell.correct.tolist() == [True, False, False]
    assert cells(place, setting='{"labels":"file"}')["p1"].correct.tolist() == [True, False, False]
    assert tts("export", "new").code == 0
    assert {(r["question"], r["reference"]) for r in exported(place / "new")} == {("?", "5 or 1"), ("?", "5 or 1")}
    assert levels(place / "new") == {"p0": "3", "p1": "3"}


def test_the_label_is_one_metric_for_all_documents(tts, place):
    """Not, where one sample's length happens to be 1, that sample's length."""
    rows = [logged(i, ["it is 1"], "f", v, metrics=["length", "exact_match", "part"], length=n, part=0.5)
            for i, (n, v) in enumerate(((1, 0.0), (7, 1.0)))]  # fmt: skip
    write("samples_x.jsonl", *rows)
    assert tts("import", "samples_x.jsonl", "--labels", "file", "--out", "new").code == 0
    assert [c.correct.tolist() for c in cells(place).values()] == [[False], [True]]
    said = tts("import", "samples_x.jsonl", "--labels", "file", "--metric", "part", "--out", "x").err
    assert "--metric: 'part' has the value 0.5, expected true or false" in said
    said = tts("import", "samples_x.jsonl", "--labels", "file", "--metric", "exact", "--out", "x").err
    assert "(did you mean 'exact_match'?), expected one of length, exact_match, part" in said
    assert (
        "give one of them" in tts("import", "samples_x.jsonl", "--metric", "part", "--correct", "a", "--out", "x").err
    )


def test_files_whose_ids_begin_anew_are_told_apart(tts, place):
    """Equal references and restarted ids do not make one problem of two."""
    algebra = [logged(i, ["1"], "f", 1.0) for i in (0, 1)]
    geometry = [logged(i, ["1"], "f", 1.0, doc={"question": f"area {i}"}) for i in (0, 1)]
    write("samples_algebra_2025-01-01T00-00-00.000001.jsonl", *algebra)
    write("samples_geometry_2025-01-01T00-00-00.000001.jsonl", *geometry)
    write("samples_algebra_2025-01-02T00-00-00.000001.jsonl", *(logged(i, ["2"], "f", 1.0) for i in (0, 1)))
    files = sorted(p.name for p in place.glob("*.jsonl"))
    result = tts("import", *files, "--out", "new")
    assert result.code == 0, result.err
    assert "ids begin anew in some files: problems are named by file or task, as NAME/ID" in result.out
    assert {k: len(c) for k, c in cells(place).items()} == {
        "algebra/0": 2, "algebra/1": 2, "geometry/0": 1, "geometry/1": 1,
    }  # fmt: skip
    result = tts("import", files[0], files[1], "--out", "same")
    assert result.out.startswith("2 problems, 4 samples;") and "anew" not in result.out


def test_files_that_agree_in_part_are_not_guessed_about(tts):
    write("a.jsonl", *({"id": i, "gold": "1", "text": "1", "question": f"q{i}"} for i in range(3)))
    write("b.jsonl", *({"id": i, "gold": "1", "text": "2", "question": f"q{i % 2}"} for i in range(3)))
    said = tts("import", "a.jsonl", "b.jsonl", "--out", "new").err
    assert "problem '2' of b.jsonl is another one than in a.jsonl, while others are the same in both" in said
    write("c.jsonl", *({"id": i, "gold": "1", "text": "2", "question": f"r{i}"} for i in range(3)))
    assert tts("import", "a.jsonl", "c.jsonl", "--out", "new").out.startswith("6 problems, 6 samples;")
    Path("sub").mkdir()
    shutil.move("c.jsonl", "sub/a.jsonl")
    said = tts("import", "a.jsonl", "sub/a.jsonl", "--out", "x").err
    assert "ids of sub/a.jsonl begin anew, and both it and a.jsonl are named 'a'; rename one" in said
    shutil.copy("a.jsonl", "copy.jsonl")
    said = tts("import", "a.jsonl", "copy.jsonl", "--out", "x").err
    assert "copy.jsonl holds the same as a.jsonl, whose samples would count twice" in said


def test_rows_of_one_id_that_ask_other_questions_are_refused(tts):
    write("a.jsonl", *({"id": "a", "gold": "1", "text": "1", "question": q} for q in ("one?", "uno?")))
    said = tts("import", "a.jsonl", "--out", "new").err
    assert "a.jsonl:2: problem 'a' asks 'uno?', and 'one?' in an earlier row; give different problems" in said
    write("b.jsonl", *({"id": "a", "gold": "1", "text": "1", "question": "one?", "seed": i} for i in (0, 1)))
    assert tts("import", "b.jsonl", "--out", "new").out.startswith("1 problems, 2 samples;")
    assert tts("import", "a.jsonl", "--question", "gold", "--out", "gold").out.startswith("1 problems, 2 samples;")
    assert tts("import", "a.jsonl", "--id", "id,question", "--out", "two").out.startswith("2 problems, 2 samples;")


def test_what_of_lm_eval_holds_no_answers_is_refused(tts, place):
    write("old.jsonl", {**logged(0, [], "f", 1.0), "resps": [[[-1.5, False]]]})
    write("choice.jsonl", logged(0, [], "f", 1.0, resps=[[["-1.5", "False"]], [["-2.5", "False"]]],
                                 arguments={"gen_args_0": {"arg_0": "q", "arg_1": " a"}}))  # fmt: skip
    write("results_2025.json", {"results": {}, "configs": {}}, array=False)
    for name in ("old.jsonl", "choice.jsonl"):
        assert "resps holds no generated text" in tts("import", name, "--out", "x").err
    assert "is lm-eval's summary; name the samples_*.jsonl" in tts("import", "results_2025.json", "--out", "x").err


def test_epochs_of_an_inspect_log_are_samples(tts, place):
    """A log as inspect writes it, without inspect: packed by Zstandard, by deflate, and interrupted."""
    with zipfile.ZipFile(LOGS / "sums.eval") as log:
        entries = {info.filename: _member(log, info) for info in log.infolist()}
    with zipfile.ZipFile("deflated.eval", "w", zipfile.ZIP_DEFLATED) as log:
        for name, data in reversed(entries.items()):
            log.writestr(name, data)
    with zipfile.ZipFile("interrupted.eval", "w") as log:
        for name in ("_journal/start.json", *(n for n in entries if n.startswith("samples/"))):
            log.writestr(name, entries[name])
    whole = {**json.loads(entries["header.json"]), "samples": [
        json.loads(data) for name, data in entries.items() if name.startswith("samples/")]}  # fmt: skip
    Path("log.json").write_text(json.dumps(whole, indent=2))
    for file in (str(LOGS / "sums.eval"), "deflated.eval", "interrupted.eval", "log.json"):
        out = f"new-{Path(file).stem}"
        result = tts("import", file, "--labels", "both", "--out", out)
        assert result.code == 0, result.err
        assert result.out.startswith("3 problems, 6 samples; n = 1, 2\n")
        assert "0 of 6 answers that our grader and the file judge differently" in result.out
        assert tts("export", out).code == 0
        assert [(r["problem"], r["question"][:12], r["reference"]) for r in exported(place / out)[::2]] == [
            ("1", "What is 3+0?", "3 or 3.0"), ("2", "What is 3+1?", "4 or 4.0"), ("3", "What is 3+2?", "5 or 5.0"),
        ]  # fmt: skip
        assert levels(place / out) == {"1": "0", "2": "1", "3": "2"}
        found = cells(place, out)
        assert [c.correct.tolist() for c in found.values()] == [[True, True], [False, True], [True, True]]
        assert [c.output_tokens.tolist() for c in found.values()] == [[10, 13], [11, 14], [12, 15]]
        assert [c.finished.tolist() for c in found.values()] == [[True, True], [False, True], [True, True]]


def test_a_metric_of_several_values_and_columns_of_inspects_samples(tts, place):
    log = str(LOGS / "sums.eval")
    flags = ("--labels", "file", "--metric", "pair.seven", "--score", "len=scores.length.value")
    assert tts("import", log, *flags, "--id", "metadata.name", "--out", "new").code == 0
    found = cells(place)
    assert {k: c.correct.tolist() for k, c in found.items()} == {
        "p0": [False, False], "p1": [True, False], "p2": [False, False],
    }  # fmt: skip
    assert found["p2"].scores["len:score"].tolist() == [0.7, 0.3]
    assert tts("import", log, "--labels", "file", "--correct", "scores.match.value", "--out", "match").code == 0
    assert [c.correct.tolist() for c in cells(place, "match").values()][1] == [False, True]
    said = tts("import", log, "--metric", "pair", "--out", "x").err
    assert "(did you mean 'pair.half'?), expected one of length, match, pair.seven, pair.half" in said
    said = tts("import", log, "--metric", "pair.half", "--out", "x").err
    assert "--metric: 'pair.half' has the value 0.5" in said and said.count("\n") == 1


def test_a_sample_without_output_is_a_silent_answer(tts, place):
    result = tts("import", str(LOGS / "minus.json"), "--labels", "both", "--out", "new")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[:3] == [
        "2 problems, 2 samples; n = 1",
        "1 of 2 samples has no text: silent answers",
        f"0 of 2 answers that our grader and the file judge differently: {Path('new/disagreements.jsonl')}",
    ]
    assert [c.correct.tolist() for c in cells(place).values()] == [[True], [False]]
    assert [c.classes.tolist() for c in cells(place).values()] == [[0], [-1]]


def test_the_log_of_a_retry_repeats_no_sample(tts, place):
    """A retry's log has the samples that came to their end before, and those that failed again."""
    first = json.loads((LOGS / "minus.json").read_text())
    retry = json.loads((LOGS / "minus.json").read_text())
    done = retry["samples"][1]
    done |= {
        "output": {"completion": "6", "usage": {"output_tokens": 1}},
        "scores": {"includes": {"value": "C"}},
        "uuid": "another",
    }
    del done["error"]
    retry["status"] = "success"
    Path("a.json").write_text(json.dumps(first))
    Path("b.json").write_text(json.dumps(retry))
    for files in (("a.json", "b.json"), ("b.json", "a.json")):
        result = tts("import", *files, "--labels", "both", "--out", files[0][0])
        assert (result.code, result.err) == (0, "")
        assert result.out.splitlines()[:2] == [
            "2 problems, 2 samples; n = 1", "2 samples are in the log of a retry too, and count once",
        ]  # fmt: skip
        assert [c.correct.tolist() for c in cells(place, files[0][0]).values()] == [[True], [True]]
    retry["eval"]["task_id"] = "another evaluation"
    Path("b.json").write_text(json.dumps(retry))
    assert tts("import", "a.json", "b.json", "--out", "new").out.startswith("2 problems, 4 samples; n = 1, 2\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda log: log.update(samples=None), "x.json holds no samples (its status is 'error')"),
        (lambda log: log.pop("samples"), "x.json holds no samples (its status is 'error')"),
        (lambda log: log["samples"][0].pop("epoch"), "x.json: samples[0].epoch: missing; add it"),
        (lambda log: log["samples"].insert(0, 3), "x.json: samples[0]: found 3, expected a mapping with id, epoch"),
        (lambda log: log["samples"][0].update(output=[]), "x.json: samples[0].output: found [], expected a mapping"),
        (lambda log: log.update(samples={"a": 1}), "x.json: samples: found {'a': 1}, "),
        (lambda log: log.update(eval=3), "x.json: eval: found 3, expected a mapping with task"),
        (lambda log: log["samples"][0].update(target=[]), "sample 1 epoch 1: gold is an empty list"),
        (lambda log: log["samples"][0].update(target=None), "x.json: samples[0].target.str: found nothing"),
    ],
)
def test_what_is_wrong_with_a_log_is_one_line(tts, place, change, said):
    log = json.loads((LOGS / "minus.json").read_text())
    change(log)
    Path("x.json").write_text(json.dumps(log))
    result = tts("import", "x.json", "--out", "new")
    assert (result.code, result.out) == (2, "")
    assert said in result.err and result.err.count("\n") == 1
    assert not (place / "new").exists()


def test_what_is_no_log_of_inspect_is_one_line(tts, place):
    data = (LOGS / "sums.eval").read_bytes()
    Path("cut.eval").write_bytes(data[:4000])
    with zipfile.ZipFile(LOGS / "sums.eval") as log:
        at = log.getinfo("samples/2_epoch_1.json").header_offset + 200
    Path("flipped.eval").write_bytes(data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :])
    Path("empty.eval").write_bytes(b"")
    with zipfile.ZipFile("other.zip", "w") as other:
        other.writestr("a.jsonl", "{}")
    for name, said in (
        ("cut.eval", "cut.eval cannot be read as a log of inspect"),
        ("flipped.eval", "flipped.eval cannot be read as a log of inspect"),
        ("empty.eval", "empty.eval has no rows"),
        ("other.zip", "other.zip is a zip file and no log of inspect; unpack it"),
        ("gone.eval", "no file gone.eval"),
    ):
        result = tts("import", name, "--out", "new")
        assert (result.code, result.out) == (2, "")
        assert said in result.err and result.err.count("\n") == 1
