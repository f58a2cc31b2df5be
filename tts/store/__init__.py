"""The run directory, typed: what is known of a run, its plans and its journal. The only room that speaks SQL."""

from tts.store.columns import path_text
from tts.store.info import (
    FORMAT,
    BenchmarkInfo,
    Entry,
    ImportInfo,
    JudgeInfo,
    ModelInfo,
    RunInfo,
    SessionInfo,
    read_info,
)
from tts.store.journal import Journal
from tts.store.plans import Plan, PlannedPrompt, kept_plans, planned_ids, read_plan
from tts.store.reader import Reader
from tts.store.recorder import Recorder, stored_problems
from tts.store.records import (
    CandidateRecord,
    CandidateRow,
    CellData,
    CellKey,
    CellRecord,
    CellTexts,
    NewProblem,
    ProblemInfo,
    RecordedCell,
    StoredContext,
    StoredProblem,
)
from tts.store.rundata import RunData, read_run
from tts.store.rundir import RunDir

__all__ = [
    "FORMAT",
    "BenchmarkInfo",
    "CandidateRecord",
    "CandidateRow",
    "CellData",
    "CellKey",
    "CellRecord",
    "CellTexts",
    "Entry",
    "ImportInfo",
    "Journal",
    "JudgeInfo",
    "ModelInfo",
    "NewProblem",
    "Plan",
    "PlannedPrompt",
    "ProblemInfo",
    "Reader",
    "RecordedCell",
    "Recorder",
    "RunData",
    "RunDir",
    "RunInfo",
    "SessionInfo",
    "StoredContext",
    "StoredProblem",
    "kept_plans",
    "path_text",
    "planned_ids",
    "read_info",
    "read_plan",
    "read_run",
    "stored_problems",
]
