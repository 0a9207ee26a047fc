"""Rows of the store as values, and values as what goes into a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from pydantic import JsonValue, TypeAdapter
from sqlalchemy.engine import Row

from gateway.conversations.parts import AnyPart
from gateway.conversations.types import (
    Conversation,
    ConversationStatus,
    Message,
    Permission,
    SlashCommand,
    Turn,
    TurnProblem,
    TurnState,
    Usage,
    Worktree,
)

AnyRow = Row[*tuple[object, ...]]
_PART: TypeAdapter[AnyPart] = TypeAdapter(AnyPart)
_COMMANDS: TypeAdapter[tuple[SlashCommand, ...]] = TypeAdapter(tuple[SlashCommand, ...])
OURS = "hutch"
"""Who speaks where Hutch itself says something in a conversation."""
_NAMES: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])
_WORKTREE: TypeAdapter[Worktree | None] = TypeAdapter(Worktree | None)


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation as the store has it: what others see, and what only the part that runs it needs."""

    conversation: Conversation
    acp_session: str | None = None
    """The CLI's own name of the conversation, to load it again."""
    acp_opened_at: datetime | None = None
    """When the CLI last began or loaded it."""
    always: frozenset[str] = frozenset()
    """Kinds of tools that a person allowed for good."""


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A turn as the store has it."""

    turn: Turn
    message_id: str
    cli: str
    worker_id: str | None
    tree_before: str | None = None
    tree_after: str | None = None


def kept_of(row: AnyRow) -> Kept:
    """The conversation of a row."""
    values = row._mapping
    conversation = Conversation(
        id=values["id"],
        title=values["title"],
        agent_id=values["worker_id"],
        cli=values["cli"],
        model=values["model"],
        folder=Path(values["folder"]),
        permission=Permission(values["permission"]),
        status=ConversationStatus(values["status"]),
        created_at=values["created_at"],
        updated_at=values["updated_at"],
        archived=values["archived"],
        origin=values["origin"],
        parent_id=values["parent_id"],
        worktree=_WORKTREE.validate_python(values["worktree"]),
        commands=_COMMANDS.validate_python(values["commands"]),
        preview=values["preview"],
        problem=_problem(values["problem"]),
    )
    always = frozenset(_NAMES.validate_python(values["always"]))
    return Kept(conversation, values["acp_session"], values["acp_opened_at"], always)


def row_of(kept: Kept) -> dict[str, object]:
    """The row of a conversation."""
    one = kept.conversation
    tree = one.worktree
    return {
        "id": one.id,
        "title": one.title,
        "worker_id": one.agent_id,
        "cli": one.cli,
        "model": one.model,
        "folder": str(one.folder),
        "permission": one.permission.value,
        "status": one.status.value,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "archived": one.archived,
        "origin": one.origin,
        "parent_id": one.parent_id,
        "worktree": None if tree is None else {"folder": str(tree.folder), "branch": tree.branch, "base": tree.base},
        "commands": [asdict(command) for command in one.commands],
        "preview": one.preview,
        "problem": _json(one.problem),
        "acp_session": kept.acp_session,
        "acp_opened_at": kept.acp_opened_at,
        "always": sorted(kept.always),
    }


def turn_of(row: AnyRow) -> KeptTurn:
    """The turn of a row."""
    values = row._mapping
    turn = Turn(
        id=values["id"],
        conversation_id=values["conversation_id"],
        state=TurnState(values["state"]),
        started_at=values["started_at"],
        ended_at=values["ended_at"],
        by=values["by"],
        usage=None if values["usage"] is None else Usage.model_validate(values["usage"]),
        problem=_problem(values["problem"]),
    )
    return KeptTurn(
        turn, values["message_id"], values["cli"], values["worker_id"], values["tree_before"], values["tree_after"]
    )


def turn_row(kept: KeptTurn) -> dict[str, object]:
    """The row of a turn."""
    turn = kept.turn
    return {
        "id": turn.id,
        "conversation_id": turn.conversation_id,
        "message_id": kept.message_id,
        "state": turn.state.value,
        "started_at": turn.started_at,
        "ended_at": turn.ended_at,
        "by": turn.by,
        "worker_id": kept.worker_id,
        "cli": kept.cli,
        "usage": _json(turn.usage),
        "problem": _json(turn.problem),
        "tree_before": kept.tree_before,
        "tree_after": kept.tree_after,
    }


def message_of(row: AnyRow, parts: tuple[AnyPart, ...]) -> Message:
    """The message of a row and its parts."""
    values = row._mapping
    answers = values["role"] == "agent" and values["by"] != OURS
    return Message(
        id=values["id"],
        conversation_id=values["conversation_id"],
        turn_id=values["turn_id"],
        role=values["role"],
        by=values["by"],
        created_at=values["created_at"],
        completed_at=values["completed_at"],
        parts=parts,
        usage=Usage.model_validate(values["usage"]) if answers and values["usage"] is not None else None,
    )


def part_of(value: object) -> AnyPart:
    """A part of its JSON."""
    return _PART.validate_python(value)


def part_json(part: AnyPart) -> Mapping[str, JsonValue]:
    """A part as JSON."""
    found: Mapping[str, JsonValue] = part.model_dump(mode="json")
    return found


def _problem(value: object) -> TurnProblem | None:
    return None if value is None else TurnProblem.model_validate(value)


def _json(model: Usage | TurnProblem | None) -> object:
    return None if model is None else model.model_dump(mode="json")
