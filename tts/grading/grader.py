"""The grader: verdicts on pairs, and classes of equivalent answers, in killable worker processes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from tts.grading.compare import Key, cleaned, decide, plain_key
from tts.grading.workers import Call, CallFailedError, Pool, Runner, WorkerDiedError, WorkerTimeoutError

CALLS = "tts.grading.calls"
"""The module that workers answer from."""

Outcome = Literal["ok", "timeout", "error"]


@dataclass(frozen=True)
class Verdict:
    """Whether an answer equals a reference, and how the question was settled.

    Attributes:
        equal: the verdict; False where the outcome is not "ok".
        outcome: "timeout" where it was cut off, "error" where it failed (no memory, a parser's mistake): then it is
            not settled, and counts as unequal.
        detail: what else a benchmark's checker says, as JSON.
    """

    equal: bool
    outcome: Outcome = "ok"
    detail: str | None = None

    def text(self) -> str | None:
        """As JSON, what there is to add to right and wrong; None: nothing."""
        parts = [f'"detail":{self.detail}'] if self.detail is not None else []
        if self.outcome != "ok":
            parts.append(f'"outcome":"{self.outcome}"')
        return f"{{{','.join(parts)}}}" if parts else None


@dataclass(frozen=True)
class Classes:
    """A partition of a sequence of answers by equivalence.

    Attributes:
        labels: the class of each answer, by position; -1 for no answer. Classes are numbered in order of first
            appearance.
        representatives: the first answer of each class.
        capped: the limit on comparisons was reached, so that some classes may be equal.
        timeouts: comparisons that were cut off, each counted as unequal.
    """

    labels: tuple[int, ...]
    representatives: tuple[str, ...]
    capped: bool = False
    timeouts: int = 0


class Grader:
    """Grades pairs and forms classes; a context manager that owns its workers.

    Safe to use from several threads. Every distinct pair is graded once, and remembered in `known`.

    Args:
        workers: the most worker processes at a time; they start when first needed, which takes about a second.
        timeout_s: seconds that one comparison may take in a worker; the worker is then killed and replaced.
        max_comparisons: comparisons of representatives in one call of `classify`.
        runner: how workers are started; default: as subprocesses.
    """

    def __init__(
        self, workers: int = 1, timeout_s: float = 2.0, *, max_comparisons: int = 1000, runner: Runner | None = None
    ) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        if not timeout_s > 0:
            raise ValueError(f"timeout_s must be positive, got {timeout_s}")
        self.timeout_s = timeout_s
        self.max_comparisons = max_comparisons
        self.known: dict[tuple[str, str], Verdict] = {}
        """Verdicts by (gold, answer), of pairs that were not decided by their spelling alone. May be filled beforehand
        with stored ones."""
        self._fresh: list[tuple[tuple[str, str], Verdict]] = []
        self._keys: dict[str, Key | Outcome | None] = {}
        self._lock = threading.Lock()
        self.pool = Pool(workers, runner)
        """The workers; may be asked for other things, too."""

    def __enter__(self) -> Grader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers. Pairs that need no worker can still be graded."""
        self.pool.close()

    def warm(self) -> None:
        """Start a worker now, rather than at the first pair that needs one."""
        self.pool.warm(CALLS)

    @property
    def worker_pids(self) -> list[int]:
        """Process ids of the living workers."""
        return self.pool.pids

    def equivalent(self, gold: str, answer: str | None) -> Verdict:
        """Whether an answer equals the reference; None equals nothing. Takes at most ``timeout_s`` once a worker is
        free and warm.

        Raises:
            TtsError: the grader is closed, or a worker does not start.
        """
        if answer is None:
            return Verdict(equal=False)
        if gold == answer:
            return Verdict(equal=True)
        with self._lock:
            known = self.known.get((gold, answer))
        if known is not None:
            return known
        decided = decide(gold, answer)
        verdict = self._ask(gold, answer) if decided is None else Verdict(decided)
        with self._lock:
            if (gold, answer) not in self.known:
                self.known[gold, answer] = verdict
                if verdict.outcome == "ok":
                    self._fresh.append(((gold, answer), verdict))
            return self.known[gold, answer]

    def fresh_verdicts(self) -> list[tuple[tuple[str, str], Verdict]]:
        """The settled ones of what `known` has gained since the last call; safe while other threads grade."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
            return fresh

    def classify(self, answers: Sequence[str | None]) -> Classes:
        """Classes of equivalent answers.

        Equal strings first, then equal canonical values; only then are the remaining representatives compared, each
        with the first member of each class so far, in order. Equivalence as graders know it is not transitive (0.1 is
        10%, and 10% is 10), so the order of the answers matters; the result depends on nothing else, unless a
        comparison times out.

        Raises:
            TtsError: the grader is closed, or a worker does not start.
        """
        class_of: dict[str, int] = {}
        first: list[str] = []
        keys: list[Key | Outcome | None] = []
        by_value: dict[str, int] = {}
        compared = timeouts = 0
        capped = False
        for answer in dict.fromkeys(answer for answer in answers if answer is not None):
            key = self._key(answer)
            found = by_value.get(key.value) if isinstance(key, Key) else None
            timeouts += key == "timeout"
            if found is None and not isinstance(
                key, str
            ):  # what cannot even be read in time is equal to nothing but itself
                for index, representative in enumerate(first):
                    if _differ(keys[index], key):
                        continue
                    if decide(representative, answer) is None:
                        if compared >= self.max_comparisons:
                            capped = True
                            break
                        compared += 1
                    verdict = self.equivalent(representative, answer)
                    timeouts += verdict.outcome == "timeout"
                    if verdict.equal:
                        found = index
                        break
            if found is None:
                found = len(first)
                first.append(answer)
                keys.append(key)
            class_of[answer] = found
            if isinstance(key, Key):
                by_value.setdefault(key.value, found)
        labels = tuple(-1 if answer is None else class_of[answer] for answer in answers)
        return Classes(labels, tuple(first), capped, timeouts)

    def _ask(self, gold: str, answer: str) -> Verdict:
        return ask_equal(self.pool, gold, answer, self.timeout_s)

    def _key(self, answer: str) -> Key | Outcome | None:
        """The canonical value, computed once; "timeout" or "error" where a worker failed on it, None where there is
        none."""
        with self._lock:
            if answer in self._keys:
                return self._keys[answer]
        key: Key | Outcome | None = plain_key(answer)
        if key is None and cleaned(answer):
            key = self._ask_key(answer)
        with self._lock:
            return self._keys.setdefault(answer, key)

    def _ask_key(self, answer: str) -> Key | Outcome | None:
        try:
            value = self.pool.ask(Call(f"{CALLS}:key", {"answer": answer}, self.timeout_s))
        except WorkerTimeoutError:
            return "timeout"
        except WorkerDiedError:
            return "error"
        except CallFailedError:
            return None
        return None if value is None else Key(*value)


def ask_equal(pool: Pool, gold: str, answer: str, timeout_s: float) -> Verdict:
    """What a worker says of a pair."""
    try:
        return Verdict(pool.ask(Call(f"{CALLS}:equal", {"gold": gold, "answer": answer}, timeout_s)))
    except WorkerTimeoutError:
        return Verdict(equal=False, outcome="timeout")
    except (WorkerDiedError, CallFailedError):
        return Verdict(equal=False, outcome="error")


def _differ(a: Key | Outcome | None, b: Key | Outcome | None) -> bool:
    """Whether the keys alone tell that two answers differ. (One that could not be read equals nothing.)"""
    if isinstance(a, str):
        return True
    return isinstance(a, Key) and isinstance(b, Key) and a.kind is not None and a.kind == b.kind and a.value != b.value
