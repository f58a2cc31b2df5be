"""Reading the numbers of a configuration: what is not there is an error that names the field, never a guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Config = Mapping[str, Any]

_KINDS = {"attention": "full_attention", "global": "full_attention", "local": "sliding_attention"}
_KINDS |= {"mamba": "linear_attention", "recurrent": "linear_attention", "short_conv": "conv"}
"""Other words for kinds of layers, by the version of transformers that filled the configuration in."""


class UnknownArchitectureError(ValueError):
    """A configuration that does not say what is needed; the message names the field."""


class Fields:
    """A configuration's fields by name; the first of several names that is there."""

    def __init__(self, config: Config):
        self._config = config
        self.hidden = self.number("hidden_size", "n_embd", "d_model", "n_embed")

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return self.number("num_hidden_layers", "n_layer", "n_layers", "num_layers")

    @property
    def heads(self) -> int:
        """Query heads of a layer."""
        return self.number("num_attention_heads", "n_head", "n_heads", "num_heads")

    @property
    def head_dim(self) -> int:
        """The width of a head; where it is not given, the heads share the hidden width."""
        whole, rest = divmod(self.hidden, self.heads or 1)
        width = self.number_or(0, "head_dim")
        if not width and rest:
            raise UnknownArchitectureError("head_dim: missing, and the hidden size is no multiple of the heads")
        return width or whole

    def number(self, *names: str) -> int:
        """A whole number that is not negative. Raises UnknownArchitectureError where it is missing."""
        for name in names:
            if self._is_number(name):
                return int(self._config[name])
        for name in names:
            if name in self._config:
                raise UnknownArchitectureError(f"{name}: found {self._config[name]!r}, expected a number")
        raise UnknownArchitectureError(f"{names[0]}: missing")

    def number_or(self, default: int, *names: str) -> int:
        """The same, where the model's own code takes ``default`` for a field that is null or left out.

        Raises UnknownArchitectureError where something else than a number stands there.
        """
        if all(self._config.get(name) is None for name in names):
            return default
        return self.number(*(name for name in names if self._config.get(name) is not None))

    def real(self, name: str, default: float) -> float:
        """A factor. Raises UnknownArchitectureError where something else than a number stands there."""
        value = self._config.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnknownArchitectureError(f"{name}: found {value!r}, expected a number")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """A switch. Raises UnknownArchitectureError where it is something else."""
        value = self._config.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise UnknownArchitectureError(f"{name}: found {value!r}, expected true or false")
        return value

    def each(self, *names: str) -> Sequence[Any] | None:
        """A list with an entry for each layer; None where there is none. Raises UnknownArchitectureError."""
        for name in names:
            if (value := self._config.get(name)) is not None:
                if not isinstance(value, list) or len(value) < self.layers:
                    raise UnknownArchitectureError(f"{name}: expected a list with an entry for each layer")
                return value[: self.layers]
        return None

    def kinds(self) -> Sequence[str]:
        """The kind of each layer. Raises UnknownArchitectureError where it is not said."""
        kinds = self.each("layer_types", "layers_block_type")
        if kinds is None:
            raise UnknownArchitectureError("layer_types: missing")
        return [_KINDS.get(kind, kind) for kind in kinds]

    def indices(self, name: str) -> Sequence[int]:
        """A list of layers; empty where there is none. Raises UnknownArchitectureError where it is something else."""
        value = self._config.get(name) or []
        if not isinstance(value, list) or not all(isinstance(i, int) for i in value):
            raise UnknownArchitectureError(f"{name}: expected a list of layers")
        return value

    def of_layer(self, layer: int) -> Fields:
        """The fields as they are for one layer, where a configuration has overrides by layer."""
        overrides = self._config.get("per_layer_config") or {}
        if not isinstance(overrides, Mapping):
            raise UnknownArchitectureError("per_layer_config: expected fields by layer")
        return Fields({**self._config, **{k: v for i, o in overrides.items() if int(i) == layer for k, v in o.items()}})

    def _is_number(self, name: str) -> bool:
        value = self._config.get(name)
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
