"""Resolve, or check, the pinned set of a CPU machine: `lock.py` writes cpu.txt, `lock.py --check` verifies it.

The roots are pyproject.toml's dependencies, its dev group and cpu.in. Every distribution reachable from them is pinned
as NAME==VERSION, with a marker where only some Pythons or machines need it; what cpu.in omits is not followed. pip
resolves, so that its own settings (an offline folder, a mirror, a constraint) hold, and no address is recorded.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

HERE = Path(__file__).resolve().parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = ("x86_64", "aarch64")
# Tried in this order; the first that selects exactly the environments in need is written.
MARKERS = (
    "",
    *(f'platform_machine == "{m}"' for m in MACHINES),
    *(f'python_version >= "{p}"' for p in PYTHONS[1:]),
    *(f'python_version < "{p}"' for p in PYTHONS[1:]),
)
HERE_AND_NOW = {key: str(value) for key, value in default_environment().items()}
HEADER = """\
# What a CPU machine needs, pinned: written by `make lock` from pyproject.toml and cpu.in, checked by `make lock-check`.
# Install with: pip install --no-deps -r requirements/cpu.txt
"""


@dataclass(frozen=True)
class Dist:
    """One distribution as its metadata describes it."""

    name: str
    version: Version
    requires: tuple[Requirement, ...]


def main() -> int:
    """Write or check the pinned file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="verify the file against this environment and pyproject.toml"
    )
    check = parser.parse_args().check
    roots, omitted = read_roots()
    target = HERE / "cpu.txt"
    if not check:
        if sys.version_info[:2] != (3, 11):  # a newer Python may choose versions that 3.11 cannot install
            say("the pins must hold from Python 3.11 on: run make lock PYTHON=python3.11")
            return 2
        dists = resolve(roots, omitted)
        target.write_text(HEADER + "\n".join(render(dists, roots, omitted)) + "\n")
        say(f"wrote {target.relative_to(HERE.parent)}: {len(dists)} distributions")
        return 0
    problems = list(verify(target, roots, omitted))
    for problem in problems:
        say(problem)
    say(f"{target.relative_to(HERE.parent)}: " + (f"{len(problems)} problems; run `make lock`" if problems else "ok"))
    return 1 if problems else 0


def read_roots() -> tuple[list[Requirement], list[str]]:
    """Return what is asked for directly, and the name patterns that are left out."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text())
    lines = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    lines += [line for line in project["project"]["optional-dependencies"]["vllm"] if Requirement(line).name != "vllm"]
    omitted: list[str] = []
    for raw in (HERE / "cpu.in").read_text().splitlines():
        line = raw.split("#")[0].strip()
        if line.startswith("-"):
            omitted.append(canonicalize_name(line[1:].strip()))
        elif line:
            lines.append(line)
    return [Requirement(line) for line in lines], omitted


def is_omitted(name: str, omitted: Iterable[str]) -> bool:
    """Return whether a distribution is deliberately left out."""
    return any(fnmatch.fnmatchcase(canonicalize_name(name), pattern) for pattern in omitted)


def environments() -> Iterator[dict[str, str]]:
    """Yield the marker environment of each Python and machine that the file is for."""
    for python in PYTHONS:
        for machine in MACHINES:
            yield HERE_AND_NOW | {
                "python_version": python,
                "python_full_version": f"{python}.0",
                "platform_machine": machine,
                "platform_system": "Linux",
                "sys_platform": "linux",
            }


def applies(requirement: Requirement, environment: dict[str, str], extras: Iterable[str]) -> bool:
    """Return whether a requirement holds in an environment with these extras."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate(environment | {"extra": extra}) for extra in ("", *extras))


def requirements_of(
    dists: dict[str, Dist], roots: list[Requirement], omitted: list[str], environment: dict[str, str]
) -> Iterator[tuple[str, Requirement]]:
    """Yield (who asks, requirement) for all that is reachable from the roots in one environment."""
    seen: set[tuple[str, str]] = set()
    queue = [
        ("pyproject.toml or cpu.in", requirement) for requirement in roots if applies(requirement, environment, ())
    ]
    while queue:
        asker, requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        if is_omitted(name, omitted):
            continue
        yield asker, requirement
        for extra in ("", *requirement.extras):
            if name in dists and (name, extra) not in seen:
                seen.add((name, extra))
                wanted = (r for r in dists[name].requires if applies(r, environment, (extra,)))
                queue += [(f"{name} {dists[name].version}", r) for r in wanted]


def pip_report(requirements: Iterable[str], *options: str) -> dict[str, Dist]:
    """Return what pip would install into an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        wanted = Path(folder, "wanted.txt")
        wanted.write_text("\n".join(sorted(requirements)))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", *options]
        subprocess.run([*command, "--report", str(report), "-r", str(wanted)], check=True)
        items = [item["metadata"] for item in json.loads(report.read_text())["install"]]
    return {
        canonicalize_name(item["name"]): Dist(
            canonicalize_name(item["name"]),
            Version(item["version"]),
            tuple(map(Requirement, item.get("requires_dist", ()))),
        )
        for item in items
    }


def resolve(roots: list[Requirement], omitted: list[str]) -> dict[str, Dist]:
    """Return one version of every distribution that some environment needs, less the omitted ones.

    A root that asks for something omitted is kept away from pip's resolver, and what else it asks for takes its place
    there. What only another Python or machine needs is added without its marker, and all is resolved again.
    """
    asked = {plain(requirement) for requirement in roots}
    direct = pip_report(asked, "--no-deps")
    kept_away = {
        name: dist
        for name, dist in direct.items()
        if name != "torch" and any(is_omitted(r.name, omitted) and applies(r, HERE_AND_NOW, ()) for r in dist.requires)
    }
    for dist in kept_away.values():
        asked |= {plain(r) for r in dist.requires if applies(r, HERE_AND_NOW, ()) and not is_omitted(r.name, omitted)}
    asked = {line for line in asked if canonicalize_name(Requirement(line).name) not in kept_away}
    while True:
        say(f"resolving {len(asked)} requirements")
        dists = pip_report(asked) | kept_away
        needed = {
            canonicalize_name(requirement.name): requirement
            for environment in environments()
            for _, requirement in requirements_of(dists, roots, omitted, environment)
        }
        missing = {plain(requirement) for name, requirement in needed.items() if name not in dists}
        if not missing:
            return {name: dists[name] for name in needed}
        asked |= missing


def plain(requirement: Requirement) -> str:
    """Return the requirement without its marker and without local labels: `==2.13.0+cpu` becomes `==2.13.0`."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{','.join(str(s).split('+')[0] for s in requirement.specifier)}"


def render(dists: dict[str, Dist], roots: list[Requirement], omitted: list[str]) -> Iterator[str]:
    """Yield the lines of the pinned file."""
    grid = list(environments())
    users: dict[str, set[int]] = {name: set() for name in dists}
    for index, environment in enumerate(grid):
        for _, requirement in requirements_of(dists, roots, omitted, environment):
            users[canonicalize_name(requirement.name)].add(index)
    for name in sorted(dists):
        marker = next(
            text
            for text in MARKERS
            if {i for i, e in enumerate(grid) if applies(Requirement(f"x; {text}" if text else "x"), e, ())}
            == users[name]
        )
        yield f"{name}=={dists[name].version.public}" + (f"; {marker}" if marker else "")


def verify(target: Path, roots: list[Requirement], omitted: list[str]) -> Iterator[str]:
    """Yield each way in which the file is not what pyproject.toml, cpu.in and the installed distributions ask for."""
    lines = (line for line in target.read_text().splitlines() if line and not line.startswith("#"))
    pins = {canonicalize_name(pin.name): pin for pin in map(Requirement, lines)}
    dists: dict[str, Dist] = {}
    for name, pin in pins.items():
        if is_omitted(name, omitted):
            yield f"{name}: pinned, but cpu.in leaves it out"
        if not applies(pin, HERE_AND_NOW, ()):
            continue
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            yield f"{name}: pinned as {pin.specifier}, not installed"
            continue
        if found.version not in pin.specifier:
            yield f"{name}: pinned as {pin.specifier}, installed {found.version}"
        requires = tuple(map(Requirement, found.requires or ()))
        dists[name] = Dist(name, Version(found.version), requires)
    reached = set()
    for environment in environments():
        for asker, requirement in requirements_of(dists, roots, omitted, environment):
            name = canonicalize_name(requirement.name)
            reached.add(name)
            wanted = pins.get(name)
            if wanted is None or not applies(wanted, environment, ()):
                where = f"Python {environment['python_version']} on {environment['platform_machine']}"
                yield f"{name}: asked for by {asker} ({where}), not pinned"
            elif not Requirement(plain(requirement)).specifier.contains(str(wanted.specifier)[2:], prereleases=True):
                yield f"{name}: pinned as {wanted.specifier}, but {asker} asks for {requirement.specifier}"
    for name in sorted(set(pins) - reached):
        yield f"{name}: pinned, but nothing asks for it"


def say(line: str) -> None:
    """Print one line."""
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
