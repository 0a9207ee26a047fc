"""What an agent may do without asking a person, and which of its answers stands for a person's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.conversations.parts import ToolKind, ToolPart
from gateway.conversations.types import Permission, PermissionOption, Reply

_EDITS: Final = frozenset({ToolKind.READ, ToolKind.SEARCH, ToolKind.THINK, ToolKind.EDIT})
_ORDER: Final[dict[Reply, tuple[str, ...]]] = {
    Reply.ONCE: ("allow_once", "allow_always"),
    Reply.ALWAYS: ("allow_always", "allow_once"),
    Reply.REJECT: ("reject_once", "reject_always"),
}


def remembered_as(call: ToolPart) -> str:
    """Under which name ``always`` is remembered: the kind, and where there is none the tool's own name."""
    return call.tool_kind.value if call.tool_kind is not ToolKind.OTHER else f"other:{call.name}"


def allows(permission: Permission, always: frozenset[str], call: ToolPart) -> bool:
    """Whether nobody has to be asked."""
    return remembered_as(call) in always or allows_kind(permission, call.tool_kind)


def allows_kind(permission: Permission, kind: str) -> bool:
    """Whether the policy lets every tool of a kind work."""
    return permission is Permission.ALL or (permission is Permission.EDITS and kind in _EDITS)


def option_for(reply: Reply, options: Sequence[PermissionOption]) -> str | None:
    """The id of the answer that the CLI offers and that comes closest; None where it offers none of the sort."""
    for kind in _ORDER[reply]:
        for option in options:
            if option.kind == kind:
                return option.id
    return None
