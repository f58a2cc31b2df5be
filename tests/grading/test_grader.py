"""The grader: its memory, its classes, and its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tts.core.errors import TtsError
from tts.grading import Classes, Grader, Verdict

BOMB = "9^{9^{9^{9}}}"


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _gone(pids: list[int], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while any(map(_alive, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_classes_by_string_value_and_comparison(grader: Grader) -> None:
    answers = [
        "1/2",
        "0.5",
        None,
        "2",
        r"\frac{1}{2}",
        "2",
        "x+1",
        "1+x",
        "(1,2)",
        r"\left(1,2\right)",
        r"\text{Yes}",
        "yes",
    ]
    found = grader.classify(answers)
    assert found == Classes((0, 0, -1, 1, 0, 1, 2, 2, 3, 3, 4, 4), ("1/2", "2", "x+1", "(1,2)", r"\text{Yes}"))


def test_classes_depend_on_the_sequence_alone() -> None:
    answers = ["10%", "0.1", "10", r"\sqrt{8}", r"2\sqrt{2}", "2.8284", None, "x=3", "3"]
    results = []
    for _ in range(2):
        with Grader() as fresh:
            results.append(fresh.classify(answers))
    assert results[0] == results[1]
    assert results[0].labels == (0, 0, 0, 1, 1, 1, -1, 2, 2)


def test_no_answers_make_no_classes(grader: Grader) -> None:
    assert grader.classify([]) == Classes((), ())
    assert grader.classify([None, None]) == Classes((-1, -1), ())


def test_the_limit_on_comparisons_is_recorded() -> None:
    with Grader(max_comparisons=3) as small:
        found = small.classify([f"x>{n}" for n in range(5)])
    assert found.capped
    assert found.labels == (0, 1, 2, 3, 4)


def test_numbers_are_classified_without_a_worker() -> None:
    with Grader() as grader:
        for problem in range(200):
            answers = [str(problem + sample * 7919 % 20) for sample in range(256)]
            assert len(grader.classify(answers).representatives) == 20
        assert grader.worker_pids == []


def test_stored_verdicts_are_believed() -> None:
    with Grader() as grader:
        grader.known[("x+1", "x+2")] = Verdict(equal=True)
        assert grader.equivalent("x+1", "x+2") == Verdict(equal=True)
        assert grader.worker_pids == []


def test_verdicts_are_kept() -> None:
    with Grader() as grader:
        grader.equivalent("x+1", "1+x")
        assert grader.known == {("x+1", "1+x"): Verdict(equal=True)}


def test_a_stuck_worker_is_killed_and_replaced() -> None:
    with Grader(timeout_s=1.0) as grader:
        grader.warm()
        stuck = grader.worker_pids
        assert grader.equivalent("x", BOMB) == Verdict(equal=False, outcome="timeout")
        assert _gone(stuck, 1)
        assert grader.equivalent("x+y", "y+x") == Verdict(equal=True)
        assert grader.worker_pids != stuck


def test_a_worker_that_dies_is_an_error_of_one_pair_only() -> None:
    with Grader() as grader:
        grader.warm()
        (pid,) = grader.worker_pids
        os.kill(pid, signal.SIGKILL)
        assert _gone([pid], 5)
        assert grader.equivalent("x+y", "y+x") == Verdict(equal=True)


def test_verdicts_can_be_read_while_others_grade() -> None:
    """The run wing stores new verdicts while its threads grade."""
    with Grader() as grader, ThreadPoolExecutor(4) as threads:
        work = [threads.submit(grader.equivalent, str(i), str(i + 1)) for i in range(20_000)]
        seen = 0
        while not all(w.done() for w in work):
            seen += len(grader.fresh_verdicts())
        seen += len(grader.fresh_verdicts())
        assert seen == len(grader.known) == 20_000


class Unwalked(dict):
    """A mapping that may be asked for one thing, and not walked from its start."""

    def items(self):
        raise AssertionError("walked")

    __iter__ = keys = values = items


def test_fresh_verdicts_are_taken_without_walking_past_all_others():
    """Each cell takes its own: otherwise a run's time grows with its square."""
    with Grader() as grader:
        grader.known = Unwalked({("x", "y"): Verdict(equal=False)})
        for i in range(3):
            grader.equivalent("7", f"{i}.5")
            grader.equivalent("7", f"{i}.5")
            assert [pair for pair, _ in grader.fresh_verdicts()] == [("7", f"{i}.5")]


def test_a_class_of_what_cannot_be_computed() -> None:
    with Grader(timeout_s=1.0) as grader:
        found = grader.classify(["5", BOMB, "x", BOMB])
    assert found.labels == (0, 1, 2, 1)
    assert found.timeouts == 1


def test_several_threads_share_a_grader(grader: Grader) -> None:
    verdicts: dict[int, Verdict] = {}

    def work(number: int) -> None:
        verdicts[number] = grader.equivalent(f"x^2+{number}", f"{number}+x \\cdot x")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == dict.fromkeys(range(12), Verdict(equal=True))


def test_no_worker_outlives_its_grader() -> None:
    with Grader(workers=2) as grader:
        grader.warm()
        pids = grader.worker_pids
        assert len(pids) == 2
    assert _gone(pids, 1)
    with pytest.raises(TtsError, match="closed"):
        grader.equivalent("x+1", "1+x")


def test_no_worker_outlives_a_killed_parent() -> None:
    code = (
        "import sys, threading, time\n"
        "from tts.grading import Grader\n"
        "grader = Grader(workers=2)\n"
        "grader.warm()\n"
        f"threading.Thread(target=grader.equivalent, args=('x', {BOMB!r}), daemon=True).start()\n"
        "time.sleep(0.5)\n"
        "print(*grader.worker_pids, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert _gone(pids, 10)


@pytest.mark.parametrize(("arguments", "message"), [({"workers": 0}, "workers"), ({"timeout_s": 0.0}, "timeout_s")])
def test_senseless_arguments_are_refused(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grader(**arguments)  # type: ignore[arg-type]
