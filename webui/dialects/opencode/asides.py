"""What the OpenCode API keeps beside the messages: plans, permission requests and changes of files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import JsonValue

from gateway.conversations.parts import DiffPart, PlanPart
from gateway.conversations.types import Message, PermissionRequest
from webui.dialects.opencode import shapes
from webui.dialects.opencode.names import request_name, session_name
from webui.dialects.opencode.parts import arguments_of


def todos_of(messages: Sequence[Message]) -> list[shapes.Todo]:
    """The latest plan."""
    for message in reversed(messages):
        for part in reversed(message.parts):
            if isinstance(part, PlanPart):
                return [
                    shapes.Todo(
                        id=f"{part.id}-{n}", content=entry.content, status=entry.status, priority=entry.priority
                    )
                    for n, entry in enumerate(part.entries)
                ]
    return []


def permission_of(request: PermissionRequest, message_id: str | None = None) -> shapes.PermissionRequest:
    """A question that waits."""
    metadata: dict[str, JsonValue] = {"title": request.title}
    if request.diffs:
        metadata["files"] = [diff.path for diff in request.diffs]
    metadata["input"] = arguments_of(request.input)
    shape = shapes.PermissionRequest(
        id=request_name(request.id),
        sessionID=session_name(request.conversation_id),
        permission="bash" if request.tool_kind == "execute" else request.tool_kind,
        patterns=[diff.path for diff in request.diffs] or [request.title],
        metadata=metadata,
        always=["*"],
    )
    if message_id is not None:
        shape["tool"] = shapes.ToolCall(messageID=message_id, callID=request.call_id)
    return shape


def diffs_of(messages: Sequence[Message]) -> list[shapes.FileDiff]:
    """What the tools of these messages changed, a row for each file: from its first content to its last."""
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for message in messages:
        for part in message.parts:
            if isinstance(part, DiffPart):
                first.setdefault(part.path, part.old or "")
                last[part.path] = part.new
    return [_file_diff(path, before, last[path]) for path, before in first.items()]


def _file_diff(path: str, before: str, after: str) -> shapes.FileDiff:
    old, new = Counter(before.splitlines()), Counter(after.splitlines())
    return shapes.FileDiff(
        file=path,
        before=before,
        after=after,
        additions=(new - old).total(),
        deletions=(old - new).total(),
    )
