"""Commands that wait: on SQLite and PostgreSQL, over a bus in the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from foundation.store.database import Store
from hub.nodes.commands.repeats import RULES
from hub.nodes.commands.types import MAX_WAITING, CommandState, Submission
from hub.nodes.local_bus import LocalBus
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.nodes import commands
from protocol.commands import (
    COMMANDS,
    AnyCommand,
    FileCancel,
    SessionCreate,
    SessionEnd,
    SessionInput,
    SessionResize,
    SessionSnapshotRequest,
)
from protocol.events import Ack, SessionSnapshot
from protocol.link.actions import Answered
from protocol.problems import Problem, ProblemCode
from tests.doubles.hub_ports import FakeDevice, accept, offline
from tests.integration.hub.nodes.rig import Node, running
from tests.unit.hub.fleet.stores import add_devices, fill

ENDED = (CommandState.ACKED, CommandState.FAILED, CommandState.UNKNOWN, CommandState.EXPIRED)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(f"{request.param}_hub")
    return address


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url, HUB_SCHEMA)
    await fill(store)
    await add_devices(store, ["d-1", "d-2"])
    yield store
    await store.close()


@pytest.fixture
async def node(store: Store) -> AsyncIterator[Node]:
    bus = LocalBus()
    node = Node(store, bus, alone=True)
    async with running(node):
        yield node
    await bus.close()


def typing(text: bytes = b"ls\n") -> SessionInput:
    return SessionInput(request_id="r", session_id="s-1", data=text)


def wish(command: AnyCommand, **more: object) -> Submission:
    return replace(Submission("d-1", command, "ada", token_id=7), **more)  # type: ignore[arg-type]  # fields of it


async def refuse(command: AnyCommand) -> Answered:
    ack = Ack(request_id=command.request_id, ok=False, error="no")
    return Answered(command, ok=False, error="no", events=(ack,))


async def lose(_command: AnyCommand) -> Answered:
    raise offline(sent=True)


def test_every_command_has_a_rule() -> None:
    assert set(RULES) == {str(model.model_fields["type"].default) for model in COMMANDS}


async def test_commands_wait_for_their_device_and_are_told_in_order(node: Node) -> None:
    accepted = [await node.cluster.commands.submit(wish(typing(b"%d" % n))) for n in range(5)]
    assert [one.state for one in accepted] == [CommandState.PENDING] * 5
    device = FakeDevice("d-1")
    node.come(device)
    done = [await node.until("d-1", one.id, *ENDED) for one in accepted]
    assert [one.state for one in done] == [CommandState.ACKED] * 5
    told = [command.data for command in device.called if isinstance(command, SessionInput)]
    assert told == [b"0", b"1", b"2", b"3", b"4"]
    assert len({command.request_id for command in device.called}) == 5
    assert [event.type for event in done[0].answer] == ["ack"]
    assert await node.states(10) == ["pending"] * 5 + ["acked"] * 5


async def test_a_device_that_is_here_is_told_at_once(node: Node) -> None:
    node.come(FakeDevice("d-1"))
    accepted = await node.cluster.commands.submit(wish(typing()))
    assert (await node.until("d-1", accepted.id, *ENDED)).state is CommandState.ACKED


async def test_the_store_shows_no_secret(node: Node, store: Store) -> None:
    secret = "hunter2-and-more"
    create = SessionCreate(request_id="r", session_id="s-1", name="x", workdir="/", env={"KEY": secret})
    accepted = await node.cluster.commands.submit(wish(create))
    async with store.read() as connection:
        row = (await connection.execute(sa.select(commands).where(commands.c.id == accepted.id))).one()
    assert secret.encode() not in row.payload
    assert secret not in repr(row)
    assert secret not in repr(accepted)


async def test_a_key_that_comes_again_is_the_same_command(node: Node) -> None:
    queue = node.cluster.commands
    first = await queue.submit(wish(typing(), key="k"))
    again = await queue.submit(wish(typing().model_copy(update={"request_id": "other"}), key="k"))
    assert again == first
    with pytest.raises(Problem) as raised:
        await queue.submit(wish(typing(b"other"), key="k"))
    assert raised.value.code is ProblemCode.CONFLICT
    for other in (
        wish(typing(), key="k", token_id=8),
        wish(typing(), key="k", device_id="d-2"),
        wish(typing()),
    ):
        assert (await queue.submit(other)).id != first.id


async def test_the_same_key_from_many_at_once_is_one_command(node: Node) -> None:
    submitted = await asyncio.gather(*(node.cluster.commands.submit(wish(typing(), key="k")) for _ in range(8)))
    assert len({one.id for one in submitted}) == 1


@pytest.mark.parametrize(
    ("submission", "code"),
    [
        (wish(FileCancel(request_id="r", transfer_id="t")), ProblemCode.INVALID_REQUEST),
        (wish(typing(), key=""), ProblemCode.INVALID_REQUEST),
        (wish(typing(), key="a b"), ProblemCode.INVALID_REQUEST),
        (wish(typing(), key="x" * 129), ProblemCode.INVALID_REQUEST),
        (wish(typing(), expires_in=0), ProblemCode.INVALID_REQUEST),
        (wish(typing(), expires_in=float("nan")), ProblemCode.INVALID_REQUEST),
        (wish(typing(), expires_in=1e12), ProblemCode.INVALID_REQUEST),
        (wish(typing(bytes(200_000))), ProblemCode.TOO_LARGE),
        (wish(typing(), device_id="nobody"), ProblemCode.NOT_FOUND),
    ],
)
async def test_what_cannot_be_accepted_is_refused(node: Node, submission: Submission, code: ProblemCode) -> None:
    with pytest.raises(Problem) as raised:
        await node.cluster.commands.submit(submission)
    assert raised.value.code is code


async def test_so_many_wait_and_no_more(node: Node) -> None:
    for _ in range(MAX_WAITING):
        await node.cluster.commands.submit(wish(typing()))
    with pytest.raises(Problem) as raised:
        await node.cluster.commands.submit(wish(typing()))
    assert raised.value.code is ProblemCode.TOO_MANY


async def test_a_refusal_is_a_failure_with_its_sentence(node: Node) -> None:
    node.come(FakeDevice("d-1", refuse))
    accepted = await node.cluster.commands.submit(wish(typing()))
    done = await node.until("d-1", accepted.id, *ENDED)
    assert (done.state, done.error) == (CommandState.FAILED, "no")


async def test_what_must_happen_once_is_not_told_again_and_the_next_one_is_told(node: Node) -> None:
    device = FakeDevice("d-1", lose)
    node.come(device)
    lost = await node.cluster.commands.submit(wish(typing()))
    done = await node.until("d-1", lost.id, *ENDED)
    assert done.state is CommandState.UNKNOWN
    assert done.error is not None
    assert "not told again" in done.error
    device.answer = accept
    after = await node.cluster.commands.submit(wish(typing(b"next")))
    await node.until("d-1", after.id, CommandState.ACKED)
    assert len(device.called) == 2


async def test_what_may_be_told_twice_is_told_again_when_the_device_is_back(node: Node) -> None:
    device = FakeDevice("d-1", lose)
    node.come(device)
    resize = SessionResize(request_id="r", session_id="s-1", cols=80, rows=24)
    accepted = await node.cluster.commands.submit(wish(resize))
    await device.told.wait()
    node.go("d-1")
    await node.until("d-1", accepted.id, CommandState.PENDING)
    device.answer = accept
    node.come(device)
    done = await node.until("d-1", accepted.id, *ENDED)
    assert (done.state, done.attempts) == (CommandState.ACKED, 2)


async def test_a_session_that_was_made_before_the_answer_was_lost_counts_as_made(node: Node) -> None:
    made: list[str] = []

    async def device_of_the_first_time(command: AnyCommand) -> Answered:
        if isinstance(command, SessionSnapshotRequest):
            return await accept(command)
        made.append(command.type)
        if len(made) == 1:
            raise offline(sent=True)
        return await refuse(command)

    device = FakeDevice("d-1", device_of_the_first_time)
    node.come(device)
    create = SessionCreate(request_id="r", session_id="s-1", name="x", workdir="/")
    accepted = await node.cluster.commands.submit(wish(create))
    done = await node.until("d-1", accepted.id, *ENDED)
    assert (done.state, done.attempts) == (CommandState.ACKED, 2)


async def test_a_device_that_goes_before_anything_is_sent_costs_no_attempt(node: Node) -> None:
    device = FakeDevice("d-1")
    node.come(device)
    device.connected = False  # within its grace
    accepted = await node.cluster.commands.submit(wish(typing()))
    await node.until("d-1", accepted.id, CommandState.PENDING)
    node.come(device)
    done = await node.until("d-1", accepted.id, *ENDED)
    assert (done.state, done.attempts) == (CommandState.ACKED, 1)


async def test_a_command_expires(node: Node, store: Store) -> None:
    accepted = await node.cluster.commands.submit(wish(typing()))
    async with store.begin() as connection:
        await connection.execute(sa.update(commands).values(expires_at=commands.c.created_at))
    done = await node.until("d-1", accepted.id, *ENDED)
    assert done.state is CommandState.EXPIRED
    device = FakeDevice("d-1")
    node.come(device)
    after = await node.cluster.commands.submit(wish(SessionEnd(request_id="r", session_id="s-1")))
    await node.until("d-1", after.id, CommandState.ACKED)
    assert [command.type for command in device.called] == ["session.end"]


async def test_a_command_that_waits_is_cancelled_and_one_that_is_over_is_not(node: Node) -> None:
    queue = node.cluster.commands
    accepted = await queue.submit(wish(typing()))
    assert (await queue.cancel("d-1", accepted.id)).state is CommandState.CANCELLED
    with pytest.raises(Problem) as raised:
        await queue.cancel("d-1", accepted.id)
    assert raised.value.code is ProblemCode.CONFLICT
    for device_id, command_id in (("d-2", accepted.id), ("d-1", accepted.id + 99)):
        for refused in (queue.cancel(device_id, command_id), queue.get(device_id, command_id)):
            with pytest.raises(Problem) as raised:
                await refused
            assert raised.value.code is ProblemCode.NOT_FOUND
    node.come(FakeDevice("d-1"))
    assert [one.id for one in await queue.listed("d-1")] == [accepted.id]


async def test_lists_are_pages_newest_first(node: Node) -> None:
    queue = node.cluster.commands
    ids = [(await queue.submit(wish(typing()))).id for _ in range(5)]
    page = await queue.listed("d-1", limit=2)
    assert [one.id for one in page] == ids[:2:-1]
    assert [one.id for one in await queue.listed("d-1", before=page[-1].id)] == ids[2::-1]
    assert await queue.listed("d-2") == []


async def test_what_a_node_was_at_when_it_died_is_sorted_by_the_next_one(store: Store) -> None:
    never = asyncio.Event()

    async def hang(_command: AnyCommand) -> Answered:
        await never.wait()
        raise AssertionError

    bus = LocalBus()
    dead = Node(store, bus, alone=True)
    await dead.start()
    devices = [FakeDevice("d-1", hang), FakeDevice("d-2", hang)]
    for device in devices:
        dead.come(device)
    once = await dead.cluster.commands.submit(wish(typing()))
    safe = await dead.cluster.commands.submit(wish(SessionEnd(request_id="r", session_id="s-1"), device_id="d-2"))
    later = await dead.cluster.commands.submit(wish(typing(b"later")))
    await asyncio.gather(*(device.told.wait() for device in devices))
    await dead.die()
    bus = LocalBus()
    heir = Node(store, bus, alone=True)
    async with running(heir):
        for device in devices:
            device.called.clear()
            device.answer = accept
            heir.come(device)
        states = {one.id: (await heir.until(one.device_id, one.id, *ENDED)).state for one in (once, safe, later)}
    await bus.close()
    assert states == {once.id: CommandState.UNKNOWN, safe.id: CommandState.ACKED, later.id: CommandState.ACKED}
    assert [command.type for command in devices[1].called] == ["session.end"]
    assert [command.data for command in devices[0].called if isinstance(command, SessionInput)] == [b"later"]


async def test_old_commands_are_forgotten_and_those_that_wait_are_not(node: Node) -> None:
    queue = node.cluster.commands
    waits = await queue.submit(wish(typing()))
    over = await queue.submit(wish(typing()))
    done = await queue.cancel("d-1", over.id)
    assert done.finished_at is not None
    await queue.prune(done.finished_at)
    assert len(await queue.listed("d-1")) == 2
    await queue.prune(done.finished_at + timedelta(seconds=1))
    assert [one.id for one in await queue.listed("d-1")] == [waits.id]


async def test_of_a_long_answer_the_beginning_is_kept(node: Node) -> None:
    async def screen(command: AnyCommand) -> Answered:
        events = tuple(
            SessionSnapshot(request_id=command.request_id, session_id="s-1", content=size * "x", seq=0)
            for size in (100_000, 100_000, 200_000)
        )
        return Answered(command, ok=True, error=None, events=events)

    node.come(FakeDevice("d-1", screen))
    look = SessionSnapshotRequest(request_id="r", session_id="s-1")
    accepted = await node.cluster.commands.submit(wish(look))
    done = await node.until("d-1", accepted.id, *ENDED)
    assert [len(event.content) for event in done.answer if isinstance(event, SessionSnapshot)] == [100_000, 100_000]
