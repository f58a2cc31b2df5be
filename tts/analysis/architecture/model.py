"""A model as far as its compute goes: parameters that multiply, attention to the tokens before, recurrent states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Attention of one kind: what a token multiplies for each token that it attends to."""

    prefill: int
    """Multiply-adds for each token attended to, where a text is read."""
    decode: int
    """The same for a generated token: more where keys and values are kept compressed (latent attention)."""
    window: int | None = None
    """How many tokens are attended to at most, the token itself among them; None: all before."""
    chunked: bool = False
    """Whether the window is a block that starts anew, instead of one that slides."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a layer."""

    parameters: int = 0
    """Parameters that multiply each token."""
    spans: tuple[Span, ...] = ()
    state: int = 0
    """Multiply-adds with a recurrent state for each token."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """What is multiplied for one token. Biases, norms and the embedding's look-up are not counted."""

    body: int
    """Parameters of the layers that multiply each token: of a mixture of experts the router and the active experts;
    those of a layer that is run twice are counted twice."""
    head: int
    """Parameters of the output head, which multiply only where it is read."""
    spans: tuple[Span, ...] = ()
    """Attention, all layers with the same window taken together."""
    state: int = 0
    """Multiply-adds with recurrent states for each token, all layers together."""

    @classmethod
    def of_parameters(cls, count: float) -> Architecture:
        """A model of which only the number of multiplying parameters is known: attention's share is left out."""
        return cls(body=round(count), head=0)

    @classmethod
    def of_parts(cls, parts: Iterable[Part], head: int) -> Architecture:
        """The sum of all parts of all layers."""
        body = state = 0
        spans: dict[tuple[int | None, bool], Span] = {}
        for part in parts:
            body += part.parameters
            state += part.state
            for span in part.spans:
                kind = (span.window, span.chunked)
                before = spans.get(kind, Span(0, 0))
                spans[kind] = Span(before.prefill + span.prefill, before.decode + span.decode, *kind)
        return cls(body, head, tuple(spans.values()), state)
