"""What an agent tells while it works, in our words: the protocol and its quirks are behind this."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.conversations.parts import PlanEntry, ToolKind, ToolState
from gateway.conversations.types import SlashCommand


@dataclass(frozen=True, slots=True)
class Said:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """More of its thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class FileDiff:
    """A change of one file; ``path`` as the agent gave it."""

    path: str
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class ToolTold:
    """A tool call that is new or another one than before; None says nothing about what was told before."""

    call_id: str
    name: str | None = None
    title: str | None = None
    kind: ToolKind | None = None
    state: ToolState | None = None
    input: str | None = None
    output: str | None = None
    raw_output: str | None = None
    """What the tool gave as a value: shown where nothing better is told."""
    more_output: str = ""
    """Goes behind the output told before."""
    paths: tuple[str, ...] | None = None
    diffs: tuple[FileDiff, ...] | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """The whole plan as it stands."""

    entries: tuple[PlanEntry, ...]


@dataclass(frozen=True, slots=True)
class CommandsTold:
    """The slash commands there are."""

    commands: tuple[SlashCommand, ...]


@dataclass(frozen=True, slots=True)
class ContextTold:
    """How full the model's context is, in tokens, and what the conversation cost so far in US dollars."""

    used: int
    size: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class FailureTold:
    """The turn fails, for a reason in the agent's words; it may come in pieces."""

    text: str


Update = Said | Thought | ToolTold | Planned | CommandsTold | ContextTold | FailureTold
