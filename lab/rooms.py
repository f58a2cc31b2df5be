"""The picture of the rooms in docs/architecture.md, drawn from the contracts of imports : python -m lab.rooms docs."""

from __future__ import annotations

import ast
import sys
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- rooms: made by python -m lab.rooms docs -->", "<!-- rooms end -->"
WIDTH, HEIGHT, GAP, MARGIN = 860, 46, 14, 16


def layers() -> list[list[str]]:
    """The rooms, layer by layer from the top, as pyproject.toml's contract has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (rooms,) = [c["layers"] for c in contracts if c["type"] == "layers"]
    return [[name.strip().removeprefix("tts.") for name in layer.split("|")] for layer in rooms]


def sentence(room: str) -> str:
    """The first paragraph of a room's docstring."""
    folder = ROOT / room if (ROOT / room).is_dir() else ROOT / "tts" / room
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def picture() -> str:
    """An SVG: a row a layer; each room may import those of the rows below it."""
    rows = layers()
    height = 2 * MARGIN + len(rows) * HEIGHT + (len(rows) - 1) * GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="15">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for i, row in enumerate(rows):
        y = MARGIN + i * (HEIGHT + GAP)
        width = (WIDTH - 2 * MARGIN - (len(row) - 1) * GAP) / len(row)
        for j, room in enumerate(row):
            x = MARGIN + j * (width + GAP)
            parts.append(
                f'<rect x="{x:g}" y="{y}" width="{width:g}" height="{HEIGHT}" rx="6" fill="#eef3f8" stroke="#5b7c99"/>'
                f'<text x="{x + width / 2:g}" y="{y + HEIGHT / 2 + 5:g}" text-anchor="middle" fill="#1b2a38">'
                f"{escape(room)}</text>"
            )
        if i + 1 < len(rows):
            middle, end = WIDTH / 2, y + HEIGHT + GAP
            parts.append(f'<path d="M{middle:g} {y + HEIGHT}V{end}" stroke="#5b7c99"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def table() -> str:
    """Each room in a sentence, from the top."""
    lines = ["| room | what it holds |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{room}` | {sentence(room)} |" for row in layers() for room in row)])


def page(text: str) -> str:
    """The page with what stands between its markers made anew."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n![The rooms, layer by layer](rooms.svg)\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    docs = Path(sys.argv[1])
    (docs / "rooms.svg").write_text(picture(), encoding="utf-8")
    (docs / "architecture.md").write_text(
        page((docs / "architecture.md").read_text(encoding="utf-8")), encoding="utf-8"
    )
