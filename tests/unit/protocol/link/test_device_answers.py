"""How the device's end answers commands."""

from __future__ import annotations

import json

import pytest

from protocol.events import (
    AgentsStatus,
    FileContentEnd,
    GatewayUpdated,
    SessionSnapshot,
    SessionStarted,
    SshKeys,
    WorkspaceFolders,
)
from protocol.link import Note
from protocol.problems import Problem, ProblemCode
from tests.unit.protocol import examples
from tests.unit.protocol.link.driver import HEALTH, deliver, kinds, live_device, new_device, only, sent

REFUSAL = Problem(ProblemCode.NOT_FOUND, "There is no such session. Choose one from the list.")


def test_a_command_is_delivered_and_acked() -> None:
    link = live_device()
    delivered = deliver(link, "session.resize")
    assert link.waiting == {"r1"}
    assert sent(link.succeed(delivered, now=1)) == [
        {"schema_version": "1", "type": "ack", "request_id": "r1", "ok": True}
    ]
    assert link.waiting == frozenset()


def test_events_stand_before_the_ack() -> None:
    link = live_device()
    started = SessionStarted(request_id="r1", session_id="s1", pid=1)
    assert kinds(sent(link.succeed(deliver(link, "session.create"), started, now=0))) == ["session.started", "ack"]
    screen = SessionSnapshot(request_id="r2", session_id="s1", content="")
    done = link.succeed(deliver(link, "session.snapshot", "r2"), screen, now=0)
    assert kinds(sent(done)) == ["session.snapshot", "ack"]
    end = link.succeed(deliver(link, "file.download", "r3"), FileContentEnd(transfer_id="t1"), now=0)
    assert kinds(sent(end)) == ["file.content.end", "ack"]


def test_questions_are_answered_without_an_ack() -> None:
    link = live_device()
    keys, status = SshKeys(request_id="r1", keys=()), AgentsStatus(request_id="r2", agents=())
    folders, updated = WorkspaceFolders(request_id="r3", folders=()), GatewayUpdated(request_id="r4", version="2")
    assert kinds(sent(link.succeed(deliver(link, "ssh.list", "r1"), keys, now=0))) == ["ssh.keys"]
    assert kinds(sent(link.succeed(deliver(link, "agents.list", "r2"), status, now=0))) == ["agents.status"]
    assert kinds(sent(link.succeed(deliver(link, "workspace.list", "r3"), folders, now=0))) == ["workspace.folders"]
    assert kinds(sent(link.succeed(deliver(link, "gateway.update", "r4"), updated, now=0))) == ["gateway.updated"]


def test_a_refusal_names_the_reason() -> None:
    link = live_device()
    (ack,) = sent(link.refuse(deliver(link, "session.end", "r1"), REFUSAL, now=0))
    assert (ack["type"], ack["ok"], ack["error"]) == ("ack", False, REFUSAL.message)
    (failed,) = sent(link.refuse(deliver(link, "gateway.update", "r2"), REFUSAL, now=0))
    assert (failed["type"], failed["error"]) == ("gateway.update_failed", REFUSAL.message)


def test_a_second_answer_is_not_sent() -> None:
    link = live_device()
    delivered = deliver(link, "session.end")
    link.refuse(delivered, REFUSAL, now=0)
    assert only(Note, link.succeed(delivered, now=0)).problem.code is ProblemCode.CONFLICT


def test_an_answer_after_a_reconnect_goes_nowhere() -> None:
    link = live_device()
    old = deliver(link, "session.end")
    link.lost(1)
    assert not link.current(old)
    assert link.succeed(old, now=1) == []
    link.tick(2)
    link.connected(2)
    link.greet(HEALTH, [], 2)
    new = deliver(link, "session.end", now=2)
    assert link.current(new)
    assert link.refuse(old, REFUSAL, now=3) == []
    assert link.waiting == {"r1"}
    assert kinds(sent(link.succeed(new, now=3))) == ["ack"]


def test_what_was_held_back_is_forgotten_with_its_connection() -> None:
    link = new_device()
    link.start(0)
    link.connected(0)
    link.succeed(deliver(link, "session.end"), now=0)
    link.lost(1)
    link.tick(2)
    link.connected(2)
    assert kinds(sent(link.greet(HEALTH, [], 2))) == ["gateway.health"]


def test_a_refusal_goes_out_whatever_its_sentence_quotes() -> None:
    link = live_device()
    problem = Problem(ProblemCode.NOT_FOUND, "There is no \udcff. " + "x" * 10_000)
    (ack,) = sent(link.refuse(deliver(link, "session.end"), problem, now=0))
    assert str(ack["error"]).startswith("There is no ?. xxx")


def test_a_repeated_request_id_is_answered_once() -> None:
    link = live_device()
    delivered = deliver(link, "session.end")
    wire = json.dumps(examples.command("session.end"))
    assert only(Note, link.received_text(wire, 0)).problem.code is ProblemCode.CONFLICT
    link.succeed(delivered, now=0)
    assert isinstance(only(Note, link.received_text(wire, 0)), Note)
    assert isinstance(only(Note, link.received_text('{"type": "x", "request_id": "r1"}', 0)), Note)


def test_answers_of_another_command_are_a_mistake_of_the_driver() -> None:
    link = live_device()
    create, listing = deliver(link, "session.create", "r1"), deliver(link, "ssh.list", "r2")
    with pytest.raises(ValueError, match="does not answer"):
        link.succeed(create, SshKeys(request_id="r1", keys=()), now=0)
    with pytest.raises(ValueError, match="does not answer"):
        link.succeed(create, SessionStarted(request_id="r9", session_id="s1"), now=0)
    with pytest.raises(ValueError, match="exactly one"):
        link.succeed(listing, now=0)
    with pytest.raises(ValueError, match="use succeed or refuse"):
        link.send(SshKeys(request_id="r2", keys=()), 0)
    assert link.waiting == {"r1", "r2"}


def test_an_answer_too_large_becomes_a_refusal() -> None:
    link = live_device()
    folders = WorkspaceFolders(request_id="r1", folders=tuple("x" * 4000 for _ in range(300)))
    actions = link.succeed(deliver(link, "workspace.list"), folders, now=0)
    assert [(wire["type"], wire["ok"]) for wire in sent(actions)] == [("ack", False)]
