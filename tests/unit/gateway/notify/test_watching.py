"""What is worth telling, and what nobody needs to know any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.conversations.types import PermissionRequest, TurnProblem, TurnState
from gateway.events.chat import PermissionAnswered, PermissionAsked, TurnEnded
from gateway.events.types import SessionChanged, SessionEnded
from gateway.notify.types import Kind, Notice
from gateway.notify.watching import WORKED, Moot, Watcher
from gateway.sessions.types import SessionStatus
from protocol.problems import ProblemCode

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def asked(number: str = "p1") -> PermissionAsked:
    request = PermissionRequest(
        id=number,
        conversation_id="con_1",
        turn_id="t1",
        call_id="c1",
        title="make publish",
        input='{"token": "s3cret"}',
        asked_at=AT,
    )
    return PermissionAsked(conversation_id="con_1", title="Blog", cli="codex", request=request)


def ended(state: TurnState, problem: TurnProblem | None = None) -> TurnEnded:
    return TurnEnded(conversation_id="con_1", turn_id="t1", title="Blog", cli="codex", state=state, problem=problem)


def changed(status: SessionStatus, after: float = 0, waiting_for: str | None = None) -> SessionChanged:
    return SessionChanged(
        at=AT + timedelta(seconds=after),
        session_id="s1",
        name="blog",
        status=status,
        title="",
        cols=80,
        rows=24,
        waiting_for=waiting_for,
    )


def test_a_question_is_told_with_nothing_but_its_title() -> None:
    [notice] = Watcher(lambda _: True).see(asked())
    assert isinstance(notice, Notice)
    assert (notice.kind, notice.title, notice.body) == (Kind.WAITS, "Blog waits for you", "make publish")
    assert notice.path == "/conversations/con_1"
    assert "s3cret" not in repr(notice)


def test_an_answered_question_is_moot() -> None:
    watcher = Watcher(lambda _: True)
    [notice] = watcher.see(asked("p7"))
    [moot] = watcher.see(PermissionAnswered(conversation_id="con_1", permission_id="p7", reply=None, by=""))
    assert isinstance(notice, Notice)
    assert isinstance(moot, Moot)
    assert notice.key.startswith(moot.key)
    [other] = watcher.see(asked("p8"))
    assert isinstance(other, Notice)
    assert not other.key.startswith(moot.key)


@pytest.mark.parametrize(
    ("state", "kind"),
    [(TurnState.DONE, Kind.FINISHED), (TurnState.FAILED, Kind.FAILED), (TurnState.CANCELLED, None)],
)
def test_the_end_of_a_turn(state: TurnState, kind: Kind | None) -> None:
    problem = TurnProblem(code=ProblemCode.UNAVAILABLE, message="The network is away.")
    found = Watcher(lambda _: True).see(ended(state, problem if state is TurnState.FAILED else None))
    assert [one.kind for one in found if isinstance(one, Notice)] == ([kind] if kind else [])
    if kind is Kind.FAILED:
        assert any(isinstance(one, Notice) and one.body == "The network is away." for one in found)


def test_a_session_waits_once_for_each_time_it_begins_to() -> None:
    watcher = Watcher(lambda _: True)
    watcher.see(changed(SessionStatus.WORKING))
    [first] = watcher.see(changed(SessionStatus.WAITING, 1, "Send it?"))
    assert isinstance(first, Notice)
    assert (first.body, first.path) == ("Send it?", "/sessions/s1")
    assert watcher.see(changed(SessionStatus.WAITING, 2, "Send it?")) == []
    [moot] = watcher.see(changed(SessionStatus.WORKING, 3))
    assert isinstance(moot, Moot)
    assert first.key.startswith(moot.key)
    [second] = watcher.see(changed(SessionStatus.WAITING, 4))
    assert isinstance(second, Notice)
    assert second.key != first.key
    assert [one for one in watcher.see(SessionEnded(session_id="s1", exit_code=0)) if isinstance(one, Notice)] == []


@pytest.mark.parametrize(("agent", "seconds", "told"), [(True, 30, True), (True, 2, False), (False, 30, False)])
def test_an_agent_in_a_terminal_is_done_after_real_work(agent: bool, seconds: float, told: bool) -> None:
    assert 2 < WORKED.total_seconds() < 30
    watcher = Watcher(lambda _: agent)
    watcher.see(changed(SessionStatus.IDLE))
    watcher.see(changed(SessionStatus.WORKING, 1))
    found = watcher.see(changed(SessionStatus.IDLE, 1 + seconds))
    assert any(isinstance(one, Notice) and one.kind is Kind.FINISHED for one in found) is told
