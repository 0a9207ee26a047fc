"""A hub that does not keep to the wire, or does not read: the device answers where it can, and goes on."""

from __future__ import annotations

import asyncio
import json
import struct
from pathlib import Path

import pytest

from gateway.hub_link.outbox import BULK_BYTES
from gateway.sessions.types import Output, SessionSpec, Snapshot
from tests.doubles.control_plane import ControlPlane, DeviceLink, Frame
from tests.integration.hub_link.memory import MemoryDevice
from tests.integration.hub_link.rig import running, status

MIB = 1024 * 1024


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "session.input", "request_id": "bad", "session_id": "s", "data": "no base64!"}',
        '{"type": "session.resize", "request_id": "bad", "session_id": "s", "cols": 0, "rows": -4}',
        '{"type": "session.create", "request_id": "bad"}',
        '{"type": "agents.install", "request_id": "bad", "agent": "rm -rf"}',
        '{"type": "session.end", "request_id": "bad", "session_id": "../../etc"}',
        '{"type": 7, "request_id": "bad"}',
        '{"request_id": "bad"}',
        '{"type": "session.end", "request_id": "bad", "session_id": ',
        '{"request_id": "bad"} trailing',
        json.dumps({"type": "session.input", "request_id": "bad", "session_id": "s", "data": "A" * MIB}),
    ],
)
async def test_a_bad_command_with_a_request_id_is_refused(text: str, hub: DeviceLink) -> None:
    await hub.send_raw(text)
    ack = await hub.event("ack")
    assert ack["request_id"] == "bad"
    assert ack["ok"] is False
    assert ack["error"]
    assert (await hub.command("workspace.list")).ok


async def test_an_unknown_type_is_refused_by_name(hub: DeviceLink) -> None:
    answer = await hub.command("session.teleport", session_id="s")
    assert answer.error == "unknown command: session.teleport"


@pytest.mark.parametrize(
    "data",
    [
        "",
        "not json",
        "[1, 2, 3]",
        '"text"',
        "{}",
        '{"type": "session.end"}',
        '{"type": "session.end", "request_id": ["x"]}',
        "[" * 100_000,
        '{"type": "x", "fill": "' + "A" * MIB + '"}',
        b"",
        b"\x02",
        b"\x02\x05ab",
        b"\x07\x01a" + bytes(8) + b"unknown kind",
        b"\x02\x02\xff\xfe" + bytes(8) + b"name that is no text",
        b"\x02\x00" + bytes(8) + b"no name",
        Frame(1, "s", 0, b"output from a hub").pack(),
        b"\x02\x01s" + struct.pack("!Q", 0) + b"x" * (MIB + 1),
    ],
    ids=range(17),
)
async def test_what_nobody_can_be_told_about_is_dropped_and_logged(
    data: str | bytes, hub: DeviceLink, caplog: pytest.LogCaptureFixture
) -> None:
    await hub.send_raw(data)
    assert (await hub.command("workspace.list")).ok
    complaints = [m for m in hub.journal.messages() if m["type"] in ("ack", "session.error")]
    assert complaints == [] or complaints[0]["type"] == "session.error"
    assert complaints or "cannot be used" in caplog.text


async def test_a_flood_of_garbage_does_not_fill_the_log(hub: DeviceLink, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(500):
        await hub.send_raw("garbage")
    assert (await hub.command("workspace.list")).ok
    assert caplog.text.count("cannot be used") < 50


async def test_input_for_a_session_that_is_not_there_is_told(hub: DeviceLink) -> None:
    await hub.binary_input("nobody", b"hello")
    error = await hub.event("session.error")
    assert error["session_id"] == "nobody"
    assert error["error"]


async def test_a_repeated_request_id_is_not_done_twice(hub: DeviceLink, memory: MemoryDevice) -> None:
    await memory.sessions.create(SessionSpec("s", Path("w"), session_id="s"))
    message = {"type": "session.input", "request_id": "once", "session_id": "s", "data": "eA=="}
    await hub.send(message)
    await hub.send(message)
    assert (await hub.command("session.snapshot", session_id="s")).ok
    assert memory.sessions.at("s").typed == b"x"
    assert len([m for m in hub.journal.messages("ack") if m["request_id"] == "once"]) == 1


@pytest.mark.parametrize(
    "bytes_below",
    [
        b"\xff\xff\xff\xff garbage instead of a frame",
        b"\x81\x02\xc3\x28",
        b"\x81\x7f" + struct.pack("!Q", 3 * MIB) + b"x" * 100,
        b"\x01\x01a\x01\x01b",
        b"\x88\x01\x00",
    ],
    ids=["garbage", "not utf-8", "over 2 MiB", "fragments mixed up", "bad close"],
)
async def test_a_broken_frame_ends_the_connection_and_the_next_one_works(
    bytes_below: bytes, hub: DeviceLink, plane: ControlPlane
) -> None:
    hub.write_bytes(bytes_below)
    again = await plane.connected(2)
    assert (await again.command("workspace.list")).ok


async def test_a_message_over_the_limit_of_the_socket_ends_the_connection(hub: DeviceLink, plane: ControlPlane) -> None:
    await hub.send_raw("x" * (2 * MIB + 1))
    again = await plane.connected(2)
    assert (await again.command("workspace.list")).ok
    assert hub.close_code == 1009


async def test_a_stalled_hub_costs_no_memory_and_no_local_viewer_any_time(
    hub: DeviceLink, memory: MemoryDevice
) -> None:
    await memory.sessions.create(SessionSpec("flood", Path("w"), session_id="flood"))
    await hub.event("session.snapshot")
    session = memory.sessions.at("flood")
    hub.stall()
    frames = 4000
    async with memory.sessions.attach("flood", name="hub") as local:
        items = aiter(local)
        assert isinstance(await anext(items), Snapshot)
        for number in range(frames):
            session.write(bytes([number % 251]) * 16 * 1024)
            assert await anext(items) == Output(number, bytes([number % 251]) * 16 * 1024)
            await asyncio.sleep(0)  # the link may take what it can
        assert local.peak == 1
    assert session.viewers[0].peak <= 8
    hub.resume()
    await hub.journal.until(lambda: _reached(hub, "flood") == frames, "the present screen", 10)
    session.write(b"the end")
    await hub.output("flood", b"the end")
    received = sum(len(frame.payload) for frame in hub.journal.frames("flood"))
    assert received < 16 * MIB, "the link kept what the hub did not read"
    assert _jumps(hub) >= 1


def _reached(hub: DeviceLink, session_id: str) -> int:
    """The number of the frame that comes next, as the hub sees it."""
    reached = 0
    for item in hub.journal.items:
        if isinstance(item, Frame):
            reached = item.seq + 1
        elif item["type"] == "session.snapshot" and item["session_id"] == session_id:
            reached = item["seq"]
    return reached


def _jumps(hub: DeviceLink) -> int:
    """How often frames were left out; fails where no snapshot stands for them."""
    expected = jumps = 0
    for item in hub.journal.items:
        if isinstance(item, Frame):
            assert item.seq == expected, "frames are missing without a snapshot"
            expected += 1
        elif item["type"] == "session.snapshot":
            jumps += item["seq"] > expected
            expected = item["seq"]
    return jumps


async def test_a_hub_that_asks_and_does_not_read_is_left(
    memory: MemoryDevice, plane: ControlPlane, tmp_path: Path
) -> None:
    memory.workspace.names = [f"{number}" + "x" * 4000 for number in range(200)]
    async with running(memory.services, tmp_path, plane.url) as link:
        hub = await plane.connected()
        await hub.event("gateway.health")
        hub.stall()
        for _ in range(40):
            await hub.post("workspace.list")
        waiting = await status(link, memory.bus, "waiting")
        assert "does not read" in str(waiting.last_error)
        again = await plane.connected(2)
        assert (await again.command("workspace.list")).ok


async def test_bulk_leaves_room_for_an_echo(hub: DeviceLink, memory: MemoryDevice) -> None:
    """While a big file is on its way, an echo waits behind no more than what fits the outbox."""
    memory.transfers.files["big"] = bytes(20 * MIB)
    await memory.sessions.create(SessionSpec("s", Path("w"), session_id="s"))
    await hub.event("session.snapshot")
    request = await hub.post("file.download", transfer_id="d", path="big")
    await hub.event("file.content.chunk")
    mark = hub.journal.mark
    await hub.binary_input("s", b"echo")
    await hub.output("s", b"echo")
    between = list(hub.journal.messages("file.content.chunk", after=mark))
    assert len(between) < 100
    assert BULK_BYTES <= 256 * 1024
    assert (await hub.answer(request, "file.download", {"transfer_id": "d"})).ok
