"""The problem explorer's data: which candidates, which steps, which tree; and what is left out."""

import base64
import json
import shutil
import subprocess
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tts
from tts.core import Candidate, Question, Usage, score_key
from tts.report.explorer.completions import Completions
from tts.report.explorer.data import explorer
from tts.report.explorer.genealogy import DROPPED, KEPT, RETURNED, Tree, genealogy
from tts.report.explorer.highlights import chosen
from tts.report.explorer.texts import cut
from tts.store import CellData, StoredContext, path_text, read_run


def unpack(text):
    return json.loads(zlib.decompress(base64.b64decode(text)))


def sample(*rest):
    return ["sample", *rest]


BEAMS = [
    {"beams": [sample(0), sample(1), sample(2)], "values": [0.9, 0.2, 0.7], "kept": [0, 2]},
    {"beams": [sample(0, 0), sample(0, 1), sample(2, 0)], "values": [0.8, 0.4, 0.123456], "kept": [0]},
]
CHAIN = [[("sample", 0), ("sample", 0, 0)]]


def test_beams_hang_on_the_beam_that_their_path_continues():
    tree = genealogy(BEAMS, CHAIN, 99)
    nodes = sorted(zip(tree.value, [tree.value[p] if p >= 0 else None for p in tree.parent], tree.fate, strict=True))
    assert nodes == [
        (0.1235, 0.7, DROPPED),
        (0.2, None, DROPPED),
        (0.4, 0.9, DROPPED),
        (0.7, None, KEPT),
        (0.8, 0.9, RETURNED),
        (0.9, None, RETURNED),
    ]
    assert [v for v, c in zip(tree.value, tree.candidate, strict=True) if c == 0] == [0.8]
    assert all(p < i for i, p in enumerate(tree.parent)) and tree.left_out == 0


def test_a_limit_leaves_out_what_was_dropped_first_and_keeps_ways_whole():
    tree = genealogy(BEAMS, CHAIN, 3)
    assert (sorted(tree.value), tree.left_out) == ([0.7, 0.8, 0.9], 3)
    tree = genealogy(BEAMS, CHAIN, 2)
    assert (tree.fate, tree.parent, tree.left_out) == ([RETURNED, RETURNED], [-1, 0], 4)


def test_particles_hang_on_the_parents_that_were_recorded():
    history = [
        {"sweep": ["s", 1], "particles": [["a", 0], ["b", 0]], "parents": [0, 1], "scores": [0.5, 0.6]},
        {"sweep": ["s", 2], "particles": [["c", 0], ["d", 0]], "parents": [0, 1], "scores": [0.3, 0.4]},
        {"sweep": ["s", 1], "particles": [["branch", 0], ["b", 0]], "parents": [1, 1], "scores": [0.7, 0.6]},
        {"sweep": ["s", 2], "particles": [["e", 0], ["f", 0]], "parents": [0, 0], "scores": [0.1, 0.2]},
    ]
    tree = genealogy(history, [[("b", 0), ("branch", 0)]], 99)
    up = {tree.value[i]: tree.value[p] for i, p in enumerate(tree.parent) if p >= 0}
    assert up == {0.7: 0.6, 0.1: 0.3, 0.2: 0.3}
    fates = dict(zip(tree.value, tree.fate, strict=True))
    assert fates == {0.5: DROPPED, 0.6: RETURNED, 0.3: KEPT, 0.4: DROPPED, 0.7: RETURNED, 0.1: DROPPED, 0.2: DROPPED}


def test_revisions_form_a_chain_and_flat_samples_no_tree():
    attempts = [sample(0), sample(0, "revision", 1, 0), sample(0, "revision", 2, 0)]
    tree = genealogy([{"chain": 0, "attempts": attempts}], [[tuple(a)] for a in attempts], 99)
    assert (tree.parent, tree.candidate) == ([-1, 0, 1], [0, 1, 2])
    assert genealogy([{"temperature": 0.2, "samples": [sample(0), sample(1)]}], [], 99) is None
    assert genealogy([{"attempts": [sample(0)]}, {"attempts": [sample(1)]}], [], 99) is None


@given(st.text(max_size=40), st.integers(2, 12), st.data())
def test_cutting_a_text_keeps_every_surviving_step_on_its_characters(text, most, data):
    marks = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = [(a, b, float(a)) for a, b in pairwise(marks)]
    shown, gone, moved = cut(text, most, {"v": spans})
    assert len(shown) == min(len(text), most) and gone == len(text) - len(shown)
    kept = [i for i in range(len(text)) if not gone or i < most // 2 or i >= most // 2 + gone]
    assert shown == "".join(text[i] for i in kept)
    slow = [(value, [kept.index(i) for i in range(a, b) if i in kept]) for a, b, value in spans]
    assert [(v, list(range(a, b))) for a, b, v in moved["v"]] == [(v, at) for v, at in slow if at]


def test_numbers_in_problem_ids_are_sorted_as_numbers(make_run, entry):
    made = make_run([entry([1])], problems=3)
    for name in ("p10", "p9", "p9b"):
        made.cell(name, [(0, True)], texts=["yes"])
    assert [line[1] for line in explorer([read_run(made.save())])["problems"]] == ["p9", "p9b", "p10"]


def cell(classes, correct, **scores):
    n = len(classes)
    return CellData(n, Usage(), {}, np.array(classes), np.array(correct), np.ones(n, bool), np.ones(n, int),
                {k: np.array(v) for k, v in scores.items()})  # fmt: skip


def test_the_picks_of_selectors_and_the_misjudged_are_chosen():
    found = chosen(cell([0, 1, 1, 2, 3], [True, False, False, False, True], a=[0.5, 0.1, 0.2, 0.9, 0.3]), 4)
    assert "majority's pick" in found[1]
    assert found[3] == ["highest by a", "highest wrong one by a"]
    assert found[0] == ["first right one"]
    assert "lowest right one by a" in found[4] and len(found) == 4
    assert list(chosen(cell([0] * 9, [True] * 9), 3)) == [0, 1, 2]
    assert chosen(cell([], []), 3) == {}


@pytest.fixture
def told(make_run, entry):
    made = make_run([entry([1, 2])], problems=3, verifiers=("prm/x:last",))
    for name in "abc":
        made.cell(
            name,
            [(0, True), (1, False)],
            texts=["one\n\n two \n\n\n\nthree", "z" * 10],
            scores={"prm/x:last": [0.1, 1]},
        )
    key = score_key("f", False, "toy/b", Question("b", "q"), Candidate((), "one\n\n two \n\n\n\nthree"))
    made.db.execute("INSERT INTO scores VALUES (?, 'prm/x', '[0.5, 0.25, 0.1]', 9)", (key,))
    made.info["judges"] = {"prm/x": {"fingerprint": "f", "reads_tokens": False}}
    return made


def test_steps_come_with_the_scores_that_the_journal_holds_under_their_key(told):
    found = explorer([read_run(told.save())])
    problems = [unpack(text) for text in found["packs"]]
    assert [p["id"] for p in problems] == ["a", "b", "c"]
    first, second = problems[1]["cells"][0]["shown"]
    assert first["steps"] == {"prm/x": [[0, 3, 0.5], [5, 10, 0.25], [14, 19, 0.1]]}
    assert [first["text"][a:b] for a, b, _ in first["steps"]["prm/x"]] == ["one", " two ", "three"]
    assert second["steps"] == {} and problems[0]["cells"][0]["shown"][0]["steps"] == {}
    assert found["problems"][1] == ["toy", "b", "3", "q", 1, 2, [True, True, False]]
    assert found["picks"] == ["prm/x:last"]


def test_scores_that_are_not_one_a_step_are_not_laid_on_the_text(told):
    told.db.execute("UPDATE scores SET \"values\" = '[0.5, 0.25]'")
    problem = unpack(explorer([read_run(told.save())])["packs"][1])
    assert problem["cells"][0]["shown"][0]["steps"] == {}


def test_what_does_not_fit_is_left_out_and_counted(told):
    run = read_run(told.save())
    size = len(explorer([run])["packs"][0])
    found = explorer([run], budget=2 * size + size // 2)
    assert (len(found["packs"]), len(found["problems"]), found["left_out"]) == (2, 2, 1)
    assert found["detail"]["candidates"] < explorer([run])["detail"]["candidates"]


def test_a_cell_that_changed_since_the_run_was_read_is_left_out(told):
    run = read_run(told.save())
    told.db.execute("UPDATE cells SET n = 9 WHERE id = 1")
    told.db.commit()
    assert [len(unpack(p)["cells"]) for p in explorer([run])["packs"]] == [0, 1, 1]


STEPPED = '{"max_tokens":9,"stop":["\\n\\n"]}'
WHOLE = '{"max_tokens":9,"stop":[]}'
OTHER = '{"max_tokens":7,"stop":["\\n\\n"]}'


def ids(*tokens):
    return np.array(tokens, "<u4").tobytes()


class Searched:
    """The completions of one problem: a root with two steps, of which one goes on."""

    def __init__(self):
        self.contexts: list[StoredContext] = []
        self.held: dict[int, dict[str, tuple[str, bytes]]] = {}
        self.context(1, STEPPED, ids())
        self.context(2, STEPPED, ids(5))
        self.sample(1, ["sample", 0], "kept.\n\n", 5)
        self.sample(1, ["sample", 1], "dropped.\n\n", 6)
        self.sample(2, ["sample", 0, 0], "kept.\n\nright", 7)
        self.sample(2, ["sample", 0, 1], "kept.\n\nwrong", 8)

    def context(self, name, params, prefix, seed=0, chat=None):
        self.contexts.append(StoredContext(name, params, prefix, seed, chat))

    def sample(self, context, path, text, *tokens):
        self.held.setdefault(context, {})[path_text(tuple(path))] = (text, ids(*tokens))

    def samples(self, context):
        return self.held.get(context, {})

    def texts(self, keys, parent, returned=None, seed=0):
        size = len(keys)
        tree = Tree(keys, parent, [None] * size, [DROPPED] * size, [-1] * size, 0)
        known = {("sample", 0): 1, ("sample", 0, 0): 2} if returned is None else returned
        return [one and one.text for one in Completions(self, self.contexts).of(tree, known, seed)]


@pytest.fixture
def searched():
    return Searched()


KEYS = [("sample", 0), ("sample", 1), ("sample", 0, 0), ("sample", 0, 1)]
PARENT = [-1, -1, 0, 0]


def test_steps_that_were_dropped_are_found_by_what_they_continue(searched):
    searched.context(3, STEPPED, ids(6))  # another step's, with the same path
    searched.sample(3, ["sample", 0, 1], "elsewhere", 9)
    searched.context(4, STEPPED, ids(5), seed=1)
    searched.sample(4, ["sample", 0, 1], "another seed", 9)
    searched.context(5, OTHER, ids(5))
    searched.sample(5, ["sample", 0, 1], "other parameters", 9)
    searched.context(6, STEPPED, ids(5), chat=1)
    searched.sample(6, ["sample", 0, 1], "another chat", 9)
    assert searched.texts(KEYS, PARENT) == ["kept.\n\n", "dropped.\n\n", "kept.\n\nright", "kept.\n\nwrong"]


def test_the_last_step_of_a_search_may_lack_the_stop_strings_of_the_others(searched):
    searched.context(3, WHOLE, ids(5, 8))
    searched.sample(3, ["sample", 0, 1, 0], "kept.\n\nwrong, whole", 9)
    assert searched.texts([*KEYS, ("sample", 0, 1, 0)], [*PARENT, 3])[-1] == "kept.\n\nwrong, whole"


def test_parameters_of_the_cells_own_candidates_come_first_and_a_tie_has_no_text(searched):
    searched.context(3, WHOLE, ids(5))
    searched.sample(3, ["sample", 0, 1], "of best_of_n", 9)
    assert searched.texts(KEYS, PARENT)[3] == "kept.\n\nwrong"
    both = {("sample", 0): 1, ("sample", 0, 0): 2, ("sample", 9): 3}
    assert searched.texts(KEYS, PARENT, both)[3] is None


def test_steps_that_the_history_skips_are_followed(searched):
    assert searched.texts([("sample", 0, 1)], [-1], {("sample", 0): 1}) == ["kept.\n\nwrong"]
    assert searched.texts([("sample", 1, 1)], [-1], {("sample", 0): 1}) == [None]


def test_what_continues_an_unknown_step_is_unknown(searched):
    del searched.held[1]['["sample",0]']
    assert searched.texts(KEYS, PARENT) == [None, "dropped.\n\n", "kept.\n\nright", None]
    assert searched.texts(KEYS, PARENT, {}) == [None] * 4


@pytest.fixture
def dropping(make_run, entry):
    """A search that returned the first of two steps; the other is longer than is shown, and markup."""
    made = make_run([entry([2], "beam", independent=False)], problems=1)
    history = [
        {"beams": [sample(0), sample(1)], "values": [0.9, 0.2], "kept": [0]},
        {"beams": [sample(0, 0), sample(0, 1)], "values": [0.8, 0.1], "kept": [0]},
    ]
    made.cell("a", [(0, True)], strategy="beam", budget=2, texts=["one\n\n"], history=history)
    made.db.execute('UPDATE candidates SET samples = \'[[1,["sample",0]],[2,["sample",0,0]]]\'')
    made.db.execute(
        "INSERT INTO contexts (id, digest, problem, prefix_ids, params, seed) VALUES (2, x'02', 1, ?, '{}', 0)",
        (bytes(4),),
    )
    made.db.executemany(
        "INSERT INTO samples (context, path, text, token_ids, finish_reason, engine) VALUES (?, ?, ?, ?, 'step', 1)",
        [
            (1, '["sample",1]', MARKUP + "z" * 400, ids(3)),
            (2, '["sample",0,0]', "one\n\ntwo", ids(4)),
            (2, '["sample",0,1]', "one\n\nthree", ids(5)),
        ],
    )
    return made


MARKUP = "<img src=x onerror=document.title='owned'>"


def test_a_tree_says_what_each_step_adds_cut_to_a_length(dropping):
    (pack,) = explorer([read_run(dropping.save())])["packs"]
    problem = unpack(pack)
    tree = problem["cells"][0]["tree"]
    said = {v: problem["steps"][k] for v, k in zip(tree["value"], tree["step"], strict=True)}
    assert said == {0.9: "one", 0.2: MARKUP + "z" * (299 - len(MARKUP)) + "…", 0.8: "two", 0.1: "three"}
    dropping.db.execute("DELETE FROM samples WHERE context = 2")
    tree = unpack(explorer([read_run(dropping.save())])["packs"][0])["cells"][0]["tree"]
    assert dict(zip(tree["value"], tree["step"], strict=True))[0.1] == -1


CHROMIUM = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_dropped_step_is_read_at_its_node_as_text(dropping, tmp_path):
    data = json.dumps(explorer([read_run(dropping.save())]))
    script = (Path(tts.__file__).parent / "report" / "explorer" / "explorer.js").read_text()
    find = """setTimeout(() => document.querySelector('[aria-label^="Step 1: value 0.2"]').focus(), 3000)"""
    parts = [f'<script type="application/json" id="explorer-data">{data}</script>', f"<script>{script}{find}</script>"]
    inputs = '<input id="find"><select id="which"></select><select id="pick"></select><p id="counted"></p>'
    page = tmp_path / "page.html"
    page.write_text(f'<div id="explorer">{inputs}<div id="problem"></div></div>{"".join(parts)}', encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=9000"]  # fmt: skip
    command = [CHROMIUM, *flags, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    shown = dom[dom.index('class="node-text"') :]
    assert "Step 1: value 0.2; dropped" in shown
    assert "Steps shown at this depth: 2; kept or returned: 1, valued 0.9." in shown
    assert "&lt;img src=x onerror" in shown and "<img" not in shown and "<title>owned" not in dom
