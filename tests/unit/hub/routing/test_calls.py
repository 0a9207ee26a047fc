"""Commands and their answers."""

from __future__ import annotations

import asyncio

import pytest

from hub.ports import new_request_id
from protocol.commands import AgentsList, FileDownload, GatewayUpdate, SessionCreate, SessionResize
from protocol.events import (
    Ack,
    AgentsStatus,
    FileContentBegin,
    FileContentChunk,
    FileContentEnd,
    GatewayUpdateFailed,
    SessionStarted,
)
from protocol.link import Answered
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.routing.rig import Peer, Rig, settle


def resize(name: str = "r1") -> SessionResize:
    return SessionResize(request_id=name, session_id="s1", cols=80, rows=24)


async def calling(
    rig: Rig, *commands: SessionResize | AgentsList | FileDownload | SessionCreate
) -> list[asyncio.Task[Answered]]:
    tasks = [asyncio.create_task(rig.ports.of("gw").call(command)) for command in commands]
    await settle()
    return tasks


async def problem_of(task: asyncio.Task[Answered]) -> Problem:
    with pytest.raises(Problem) as raised:
        await task
    return raised.value


async def test_answers_find_their_questions_in_any_order() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    first, second = await calling(rig, resize("r1"), AgentsList(request_id="r2"))
    assert [getattr(message, "request_id", None) for message in peer.heard()] == ["r1", "r2"]
    status = AgentsStatus(request_id="r2", agents=())
    peer.says(status, Ack(request_id="r1", ok=True))
    assert (await second).events == (status,)
    assert (await first).ok


async def test_a_refusal_is_an_answer() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    (task,) = await calling(rig, resize())
    peer.says(Ack(request_id="r1", ok=False, error="There is no such session."))
    answered = await task
    assert not answered.ok
    assert answered.error == "There is no such session."


async def test_no_answer_in_time() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    (task,) = await calling(rig, resize())
    rig.time.pass_by(9.9)
    assert not task.done()
    rig.time.pass_by(0.2)
    assert (await problem_of(task)).code is ProblemCode.TIMEOUT
    peer.says(Ack(request_id="r1", ok=True))
    assert rig.online()
    assert rig.connections.stats.calls_timed_out == 1


async def test_a_call_may_take_longer_when_asked() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    task = asyncio.create_task(rig.ports.of("gw").call(resize(), within=60))
    await settle()
    rig.time.pass_by(50)
    peer.says(Ack(request_id="r1", ok=True))
    assert (await task).ok


async def test_offline_and_unknown_devices_look_the_same() -> None:
    rig = Rig()
    rig.peer().hello().lose()
    for device in ("gw", "nobody"):
        with pytest.raises(Problem) as raised:
            await rig.ports.of(device).call(resize())
        assert raised.value.code is ProblemCode.DEVICE_OFFLINE
        assert raised.value.details == {"sent": False}


async def test_a_socket_that_goes_before_the_answer() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    (task,) = await calling(rig, resize())
    peer.lose()
    problem = await problem_of(task)
    assert problem.code is ProblemCode.DEVICE_OFFLINE
    assert problem.details == {"sent": True}


async def test_a_replaced_connection_answers_nothing_more() -> None:
    rig = Rig()
    older = rig.peer().hello()
    (task,) = await calling(rig, resize())
    rig.peer().hello()
    older.says(Ack(request_id="r1", ok=True))
    assert (await problem_of(task)).code is ProblemCode.DEVICE_OFFLINE


async def test_one_request_id_twice() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    first, second = await calling(rig, resize(), resize())
    assert (await problem_of(second)).code is ProblemCode.CONFLICT
    peer.says(Ack(request_id="r1", ok=True))
    assert (await first).ok


async def test_too_many_at_a_time() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    tasks = await calling(rig, *(resize(f"r{number}") for number in range(1025)))
    assert (await problem_of(tasks[-1])).code is ProblemCode.TOO_MANY
    peer.says(*(Ack(request_id=f"r{number}", ok=True) for number in range(1024)))
    assert all([(await task).ok for task in tasks[:-1]])


async def test_who_stops_waiting_harms_nobody() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    gone, stays = await calling(rig, resize("r1"), resize("r2"))
    gone.cancel()
    await settle()
    peer.says(Ack(request_id="r1", ok=True), Ack(request_id="r2", ok=True))
    assert (await stays).ok


def pieces(peer: Peer, *chunks: bytes) -> None:
    size = sum(map(len, chunks))
    peer.says(FileContentBegin(transfer_id="t1", path="a", size=size, total_chunks=len(chunks)))
    for number, chunk in enumerate(chunks):
        peer.says(FileContentChunk(transfer_id="t1", seq=number, data=chunk))
    peer.says(FileContentEnd(transfer_id="t1"), Ack(request_id="r1", ok=True))


async def test_a_download_brings_its_pieces() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    (task,) = await calling(rig, FileDownload(request_id="r1", transfer_id="t1", path="a"))
    pieces(peer, b"one", b"two")
    events = (await task).events
    assert [event.type.rpartition(".")[2] for event in events] == ["begin", "chunk", "chunk", "end", "ack"]
    assert not any(kind.startswith("file.") for kind, _ in rig.heard.log)


async def test_a_download_of_more_than_a_file_may_hold() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    (task,) = await calling(rig, FileDownload(request_id="r1", transfer_id="t1", path="a"))
    for number in range(161):
        peer.says(FileContentChunk(transfer_id="t1", seq=number, data=bytes(128 * 1024)))
    peer.says(Ack(request_id="r1", ok=True))
    assert (await problem_of(task)).code is ProblemCode.TOO_LARGE


async def test_one_transfer_twice_and_again() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    first, second = await calling(
        rig,
        FileDownload(request_id="r1", transfer_id="t1", path="a"),
        FileDownload(request_id="r2", transfer_id="t1", path="a"),
    )
    assert (await problem_of(second)).code is ProblemCode.CONFLICT
    pieces(peer, b"one")
    assert (await first).ok
    (again,) = await calling(rig, FileDownload(request_id="r1", transfer_id="t1", path="a"))
    pieces(peer, b"one")
    assert len((await again).events) == 4


async def test_answers_that_are_news_are_told_as_well() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    create = SessionCreate(request_id="r1", session_id="s1", name="api", workdir="api")
    update = GatewayUpdate(request_id="r2", url="https://hub.example/x", sha256="0f" * 32, version="2")
    tasks = [asyncio.create_task(rig.ports.of("gw").call(command)) for command in (create, update)]
    await settle()
    peer.says(SessionStarted(request_id="r1", session_id="s1"), Ack(request_id="r1", ok=True))
    peer.says(GatewayUpdateFailed(request_id="r2", error="no room"))
    assert [(await task).ok for task in tasks] == [True, False]
    assert [kind for kind, _ in rig.heard.log] == ["connected", "session.started", "gateway.update_failed"]


def test_request_ids_are_never_the_same() -> None:
    assert len({new_request_id() for _ in range(1000)}) == 1000
