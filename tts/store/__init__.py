"""The run directory, typed: what is known of a run, its plans and its journal. The only room that speaks SQL."""

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
from tts.store.rundir import RunDir

__all__ = [
    "FORMAT",
    "BenchmarkInfo",
    "Entry",
    "ImportInfo",
    "Journal",
    "JudgeInfo",
    "ModelInfo",
    "Plan",
    "PlannedPrompt",
    "RunDir",
    "RunInfo",
    "SessionInfo",
    "kept_plans",
    "planned_ids",
    "read_info",
    "read_plan",
]
