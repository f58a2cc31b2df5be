"""What a run says, read from its directory: the reader, curves, cost. No engine, no session, no network."""

from tts.analysis.architecture import Architecture, UnknownArchitectureError, read_architecture
from tts.analysis.axes import AXES, axis_of
from tts.analysis.choices import Choice
from tts.analysis.compute import (
    COSTS,
    POLICY,
    CellCost,
    Models,
    cell_cost,
    forward_flops,
    generation_flops,
    models_of,
    pass_flops,
)
from tts.analysis.curves import curves
from tts.analysis.joined import joined_curves, merged, run_names
from tts.analysis.levels import level_groups
from tts.analysis.prices import Prices, TokenPrices, engine_seconds, gpu_cost, read_prices, token_cost
from tts.analysis.rows import COLUMNS, LEVEL_COLUMNS, CurveRow, Curves, LevelRow, Missing, Refused
from tts.analysis.selection import EXACT, how_to_score, subset_accuracy
from tts.analysis.verdicts import judged_by

__all__ = [
    "AXES",
    "COLUMNS",
    "COSTS",
    "EXACT",
    "LEVEL_COLUMNS",
    "POLICY",
    "Architecture",
    "CellCost",
    "Choice",
    "CurveRow",
    "Curves",
    "LevelRow",
    "Missing",
    "Models",
    "Prices",
    "Refused",
    "TokenPrices",
    "UnknownArchitectureError",
    "axis_of",
    "cell_cost",
    "curves",
    "engine_seconds",
    "forward_flops",
    "generation_flops",
    "gpu_cost",
    "how_to_score",
    "joined_curves",
    "judged_by",
    "level_groups",
    "merged",
    "models_of",
    "pass_flops",
    "read_architecture",
    "read_prices",
    "run_names",
    "subset_accuracy",
    "token_cost",
]
