from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.conversations.parts import (
    AnyPart,
    DiffPart,
    FilePart,
    PlanEntry,
    PlanPart,
    ReasoningPart,
    TextPart,
    ToolPart,
    ToolState,
)
from gateway.conversations.types import (
    Conversation,
    ConversationStatus,
    Message,
    Permission,
    PermissionRequest,
    Turn,
    TurnProblem,
    TurnState,
    Usage,
)
from protocol.problems import Problem, ProblemCode
from webui.dialects.opencode.asides import diffs_of, permission_of, todos_of
from webui.dialects.opencode.names import conversation_name, permission_name, session_name
from webui.dialects.opencode.parts import arguments_of, part_of
from webui.dialects.opencode.translate import Thread, failure_of, session_of, status_of

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MS = 1795262400000


def conversation(title: str = "desktop", model: str | None = None) -> Conversation:
    return Conversation(
        id="con_a1",
        title=title,
        agent_id=None,
        cli="codex",
        model=model,
        folder=Path("/work/shop"),
        permission=Permission.ASK,
        status=ConversationStatus.IDLE,
        created_at=NOON,
        updated_at=NOON + timedelta(seconds=1),
        archived=False,
        origin="opencode",
    )


def message(*parts: AnyPart, role: str = "agent", name: str = "msg_2") -> Message:
    return Message.model_validate(
        {
            "id": name,
            "conversation_id": "con_a1",
            "turn_id": "trn_1",
            "role": role,
            "created_at": NOON,
            "completed_at": NOON + timedelta(seconds=2),
            "parts": parts,
        }
    )


def turn(state: TurnState = TurnState.DONE, problem: TurnProblem | None = None, usage: Usage | None = None) -> Turn:
    return Turn("trn_1", "con_a1", state, NOON, NOON, "ana", usage, problem)


def tool(state: ToolState, **more: str) -> ToolPart:
    return ToolPart.model_validate(
        {"id": "prt_9", "call_id": "c1", "name": "bash", "title": "ls", "state": state, "started_at": NOON, **more}
    )


def test_a_session() -> None:
    assert session_of(conversation(), "1.2") == {
        "id": "ses_a1",
        "slug": "a1",
        "projectID": "global",
        "directory": "/work/shop",
        "title": "desktop",
        "version": "1.2",
        "time": {"created": MS, "updated": MS + 1000},
        "agent": "codex",
    }


@pytest.mark.parametrize(
    ("status", "kind"), [("idle", "idle"), ("failed", "idle"), ("working", "busy"), ("waiting", "busy")]
)
def test_a_session_that_waits_for_a_person_is_busy(status: str, kind: str) -> None:
    assert status_of(ConversationStatus(status)) == {"type": kind}


def test_an_answer_names_its_question_and_what_it_took() -> None:
    usage = Usage(model="m-1", input_tokens=10, output_tokens=3, cached_tokens=4, cost_usd=0.5)
    asked, answered = Thread(conversation(), [turn(usage=usage)]).all(
        [message(TextPart(id="prt_1", text="hi"), role="user", name="msg_1"), message(TextPart(id="prt_2", text="ho"))]
    )
    assert asked["info"]["role"] == "user"
    assert asked["info"]["model"] == {"providerID": "codex", "modelID": "default"}
    info = answered["info"]
    assert (info["role"], info["parentID"], info["modelID"], info["finish"]) == ("assistant", "msg_1", "m-1", "stop")
    assert (info["cost"], info["tokens"]) == (
        0.5,
        {"input": 10, "output": 3, "reasoning": 0, "cache": {"read": 4, "write": 0}},
    )
    assert info["time"] == {"created": MS, "completed": MS + 2000}
    assert answered["parts"] == [
        {"id": "prt_2", "sessionID": "ses_a1", "messageID": "msg_2", "type": "text", "text": "ho"}
    ]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (ProblemCode.NOT_LOGGED_IN, "ProviderAuthError"),
        (ProblemCode.RATE_LIMITED, "APIError"),
        (ProblemCode.INTERNAL, "UnknownError"),
    ],
)
def test_why_a_turn_failed(code: ProblemCode, name: str) -> None:
    failed = turn(TurnState.FAILED, TurnProblem(code=code, message="No.", retryable=False))
    assert failure_of(failed) == {"name": name, "data": {"message": "No.", "isRetryable": False}}
    [told] = Thread(conversation(), [failed]).all([message()])
    assert told["info"]["error"]["name"] == name
    assert "finish" not in told["info"]


def test_a_stopped_turn_is_an_aborted_message() -> None:
    failure = failure_of(turn(TurnState.CANCELLED))
    assert failure is not None
    assert failure["name"] == "MessageAbortedError"


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (ToolState.PENDING, "pending"),
        (ToolState.WAITING, "running"),
        (ToolState.RUNNING, "running"),
        (ToolState.COMPLETED, "completed"),
        (ToolState.FAILED, "error"),
        (ToolState.CANCELLED, "error"),
    ],
)
def test_a_tool_call(state: ToolState, status: str) -> None:
    part = part_of(tool(state, input='{"command": "ls"}', output="README"), message())
    assert part is not None
    assert (part["type"], part["tool"], part["callID"]) == ("tool", "bash", "c1")
    assert part["state"]["status"] == status
    assert part["state"]["input"] == {"command": "ls"}


@pytest.mark.parametrize(
    ("text", "arguments"),
    [("", {}), ('{"a": 1}', {"a": 1}), ("[1]", {"value": [1]}), ("no json", {"value": "no json"})],
)
def test_arguments_are_an_object_whatever_the_agent_sent(text: str, arguments: dict[str, object]) -> None:
    assert arguments_of(text) == arguments


def test_other_parts() -> None:
    file = FilePart(id="prt_3", name="a.txt", mime="text/plain", size=1, path="a.txt")
    shapes = [
        part_of(part, message())
        for part in (
            ReasoningPart(id="prt_1", text="hm"),
            DiffPart(id="prt_2", path="a.txt", old=None, new="x"),
            file,
            PlanPart(id="prt_4", entries=()),
        )
    ]
    assert [shape and shape["type"] for shape in shapes] == ["reasoning", "patch", "file", None]
    assert shapes[1] is not None
    assert shapes[1]["files"] == ["a.txt"]
    assert shapes[2] is not None
    assert shapes[2]["url"] == "file://a.txt"


def test_the_latest_plan_is_the_todo_list() -> None:
    early = PlanPart(id="prt_1", entries=(PlanEntry(content="old"),))
    late = PlanPart(id="prt_2", entries=(PlanEntry(content="new", status="completed", priority="high"),))
    assert todos_of([message(early), message(late), message()]) == [
        {"id": "prt_2-0", "content": "new", "status": "completed", "priority": "high"}
    ]
    assert todos_of([message()]) == []


def test_changes_of_a_file_are_told_from_the_first_content_to_the_last() -> None:
    first = DiffPart(id="prt_1", path="a", old="1\n2\n", new="1\n3\n")
    second = DiffPart(id="prt_2", path="a", old="1\n3\n", new="1\n3\n4\n")
    assert diffs_of([message(first), message(second)]) == [
        {"file": "a", "before": "1\n2\n", "after": "1\n3\n4\n", "additions": 2, "deletions": 1}
    ]


def test_a_permission_request() -> None:
    request = PermissionRequest(
        id="prm_5",
        conversation_id="con_a1",
        turn_id="trn_1",
        call_id="c1",
        title="rm -r build",
        tool_kind="execute",
        input='{"command": "rm"}',
        asked_at=NOON,
    )
    assert permission_of(request, "msg_2") == {
        "id": "per_5",
        "sessionID": "ses_a1",
        "permission": "bash",
        "patterns": ["rm -r build"],
        "metadata": {"title": "rm -r build", "input": {"command": "rm"}},
        "always": ["*"],
        "tool": {"messageID": "msg_2", "callID": "c1"},
    }


def test_names_go_both_ways() -> None:
    assert conversation_name(session_name("con_x1")) == "con_x1"
    assert permission_name("per_5") == "prm_5"


@pytest.mark.parametrize("name", ["", "ses_", "con_a1", "ses_a/b", "ses_" + "a" * 65, "ses_é"])
def test_a_name_that_can_be_none_is_not_found(name: str) -> None:
    with pytest.raises(Problem) as refused:
        conversation_name(name)
    assert refused.value.code is ProblemCode.NOT_FOUND
