"""How a budget is best spent on each prompt: plans, made on one half of the data and rehearsed on the other."""

from tts.analysis.planning.held_out import HeldOut, evaluate_plan
from tts.analysis.planning.plan import Row, make_plan, plan_counts, plan_json
from tts.analysis.planning.rules import Rules, rehearse_run
from tts.analysis.planning.sequential import pass_until, pass_until_interval

__all__ = [
    "HeldOut",
    "Row",
    "Rules",
    "evaluate_plan",
    "make_plan",
    "pass_until",
    "pass_until_interval",
    "plan_counts",
    "plan_json",
    "rehearse_run",
]
