"""Monte Carlo tree search against a process reward model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from tts.core import Bound, Candidate, Question, SamplingParams, Tools
from tts.strategies.search import ROOT, GuidedSearch


@dataclass(eq=False)
class Node:
    """An answer in the making, and what the simulations through it have found."""

    candidate: Candidate
    value: float
    """What the verifier says of it."""
    children: list[Node] = field(default_factory=list)
    visits: int = 0
    total: float = 0.0
    """Sum of the values of the answers that simulations through this node ended in."""
    closed: bool = False
    """Whether every answer below it has been returned."""

    @property
    def mean(self) -> float:
        """Q: the mean value of the answers below it; before the first visit, the verifier's value of the node."""
        return self.total / self.visits if self.visits else self.value


class MCTS(GuidedSearch):
    """Tree search by PUCT with the process reward model as value (Silver et al. 2017, "Search algorithm"; for language
    models Feng et al. 2023, "AlphaZero-like tree search", and the baseline of Wu et al. 2024, section 3.1.1).

    ``n`` simulations, each of which ends in one whole answer. A simulation goes down from the root by the child with
    the largest Q + U, U = c_puct * P * sqrt(parent's visits) / (1 + child's visits). A node without children is first
    given some, steps drawn from the policy and scored by the verifier. At the end of an answer, the verifier's
    value of it (never a reference) is added to every node on the way. The prior P is the same for each child: they
    are draws of the policy, which has thereby already weighted them. Simulations follow one another, since each
    depends on the values that the last one found; only the children of one node are drawn at once.

    The candidates are the answers found, each once. A node below which all answers have been found is closed and not
    chosen again: going there would change nothing but counts. A tree may so have fewer than n answers.
    """

    children: Annotated[int, Field(ge=2)] = 4
    """Steps drawn when a node is expanded."""
    c_puct: Annotated[float, Field(ge=0)] = 1.25
    """Weight of exploration (AlphaZero's 1.25). 0 always follows the best mean value."""

    def bound(self, n: int, sampling: SamplingParams) -> Bound:
        """Each simulation expands a node a step."""
        return super().bound(n * self.children, sampling)

    async def solve(self, question: Question, n: int, tools: Tools) -> list[Candidate]:
        """Up to ``n`` different answers, in the order in which they were found."""
        root, answers = Node(ROOT, 0.0), list[Candidate]()
        while len(answers) < n and not root.closed:
            way = await self.descend(tools, root)
            leaf = way[-1]
            answers.append(leaf.candidate)
            back_up(way)
            tools.record(answer=leaf.candidate.path, value=leaf.value, means=[node.mean for node in way])
        return answers

    async def descend(self, tools: Tools, root: Node) -> list[Node]:
        """One simulation: the nodes from the root to the end of an answer that was not found before."""
        way = [root]
        while self.is_open(way[-1].candidate):
            node = way[-1]
            if not node.children:
                drawn = await self.extend(tools, node.candidate, self.children)
                values = await self.values(tools, drawn)
                node.children = [Node(candidate, value) for candidate, value in zip(drawn, values, strict=True)]
                tools.record(children=[c.path for c in drawn], values=values)
            way.append(self.select(node))
        return way

    def select(self, node: Node) -> Node:
        """The open child with the largest Q + U, ties by lower index."""
        explore = self.c_puct / len(node.children) * math.sqrt(node.visits)
        return max((c for c in node.children if not c.closed), key=lambda c: c.mean + explore / (1 + c.visits))


def back_up(way: Sequence[Node]) -> None:
    """Add the value of the answer at the end of ``way`` to all nodes on it, and close what is exhausted."""
    leaf = way[-1]
    leaf.closed = True
    for node in reversed(way):
        node.visits += 1
        node.total += leaf.value
        node.closed = node.closed or all(child.closed for child in node.children)
