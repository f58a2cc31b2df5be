"""Plug-ins by name: the ones of this package, those of installed packages (entry points), and ``FILE.py:NAME``."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from tts.core.errors import UsageError, did_you_mean
from tts.core.keys import digest


class Registry:
    """The plug-ins of one kind.

    A name is looked up among the package's own, then among the entry points of the group ``tts.<kind>`` of every
    installed distribution. ``package.module:NAME`` and ``path/to/file.py:NAME`` name an object directly.
    """

    def __init__(self, kind: str, builtin: dict[str, str]):
        """``kind``: plural noun, for messages and the entry-point group; ``builtin``: name to ``module:NAME``."""
        self.kind = kind
        self._builtin = builtin

    @property
    def _singular(self) -> str:
        return "strategy" if self.kind == "strategies" else self.kind.removesuffix("s")

    @cached_property
    def _known(self) -> dict[str, str]:
        installed = {e.name: e.value for e in entry_points(group=f"tts.{self.kind}")}
        return {**installed, **self._builtin}

    def names(self) -> list[str]:
        """Every name, the package's own first."""
        return [*self._builtin, *sorted(set(self._known) - set(self._builtin))]

    def source(self, name: str) -> str | None:
        """A hash of the file that ``FILE.py:NAME`` names, as it is now; None for what is installed.

        Of that file alone: what it imports from beside it is not looked at.
        """
        module = name.rpartition(":")[0]
        if name in self._known or not module.endswith(".py"):
            return None
        return digest(Path(module).expanduser().read_bytes()).hex()[:12]

    def is_code(self, name: str) -> bool:
        """Whether a name is that of a file or module to import, and of nothing installed as a plug-in."""
        return name not in self._known and ":" in name

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def load(self, name: str, field: str) -> Any:
        """The object of that name. ``field``: where the name was written, for the message of the UsageError."""
        reference = self._known.get(name)
        if reference is None and ":" not in name:
            raise UsageError(
                f"{field}: unknown {self._singular} {name!r}{did_you_mean(name, self._known)}; "
                f"`tts list {self.kind}` shows them, and FILE.py:NAME names one of your own"
            )
        module, _, attribute = (reference or name).rpartition(":")
        try:
            found = _import(module)
        except UsageError:
            raise
        except Exception as error:  # whatever a file of the user's own raises while it is imported
            raise UsageError(
                f"{field}: {name!r} cannot be imported: {type(error).__name__}: {error}; mend it"
            ) from error
        if not hasattr(found, attribute):
            raise UsageError(f"{field}: there is no {attribute!r} in {module}{did_you_mean(attribute, dir(found))}")
        return getattr(found, attribute)


def _import(module: str) -> Any:
    """Import a module by dotted name or by the path of its file."""
    if not module.endswith(".py"):
        return importlib.import_module(module)
    path = Path(module).expanduser().resolve()
    if not path.is_file():
        raise FileNotFoundError(f"no file {module}")
    name = f"tts_user_{path.stem}_{digest(str(path), path.read_bytes()).hex()[:8]}"  # an edited file is another module
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
