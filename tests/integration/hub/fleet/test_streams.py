"""Terminals and events over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from hub.events import DeviceOffline
from hub.ports import ControlChanged, Output, Refused, SessionEnded
from protocol.events import Ack, SessionSnapshot
from protocol.frames import BinaryFrame, FrameKind
from protocol.problems import Problem, ProblemCode
from tests.doubles.ports import ScriptedWatch
from tests.integration.hub.enrolment.rig import HubRig
from tests.integration.hub.fleet.test_fleet_api import connect_all

WITHIN = 10.0


@asynccontextmanager
async def terminal(rig: HubRig, who: str) -> AsyncIterator[tuple[ClientWebSocketResponse, ScriptedWatch]]:
    """A terminal that was greeted, and the device's side of it."""
    rig.ports.of("pi").answering = lambda command: (Ack(request_id=command.request_id, ok=True),)
    headers = {"Authorization": f"Bearer {rig.secrets[who]}"}
    async with rig.client.ws_connect("/api/devices/pi/sessions/s1/terminal", headers=headers) as ws:
        first = await ws.receive_json(timeout=WITHIN)
        assert (first["type"], first["cols"], first["seq"], first["modes"]) == ("session.snapshot", 100, 7, "")
        control = await ws.receive_json(timeout=WITHIN)
        assert control["type"] == "session.control"
        assert control["may_write"] is (who != "vera")
        yield ws, rig.ports.of("pi").watches[who]


async def did(watch: ScriptedWatch) -> tuple[str, object]:
    """What the viewer did next."""
    async with asyncio.timeout(WITHIN):
        return await watch.did.get()


def typed(data: bytes, session_id: str = "s1") -> bytes:
    return BinaryFrame(FrameKind.INPUT, session_id, 0, data).encode()


async def test_output_goes_to_the_viewer_and_keys_to_the_device(rig: HubRig) -> None:
    async with terminal(rig, "olga") as (ws, watch):
        for seq in range(7, 10):
            watch.items.put_nowait(Output(seq, b"x" * seq))
            frame = BinaryFrame.decode(await ws.receive_bytes(timeout=WITHIN))
            assert (frame.kind, frame.session_id, frame.seq, frame.payload) == (FrameKind.OUTPUT, "s1", seq, b"x" * seq)
        await ws.send_bytes(typed(b"ls\r"))
        await ws.send_json({"type": "session.resize", "cols": 90, "rows": 31})
        await ws.send_json({"type": "session.take_control"})
        await ws.send_json({"type": "session.ack", "seq": 9})
        assert [await did(watch) for _ in range(4)] == [
            ("type", b"ls\r"),
            ("resize", (90, 31)),
            ("take_control", None),
            ("ack", 9),
        ]
        watch.items.put_nowait(ControlChanged("anna", yours=False, may_write=True))
        assert (await ws.receive_json(timeout=WITHIN))["holder"] == "anna"
        watch.items.put_nowait(SessionSnapshot(session_id="s1", content="new", cols=90, rows=31, seq=12))
        assert (await ws.receive_json(timeout=WITHIN))["content"] == "new"
        watch.items.put_nowait(SessionEnded(3))
        watch.items.put_nowait(None)
        assert (await ws.receive_json(timeout=WITHIN))["exit_code"] == 3
        closed = await ws.receive(timeout=WITHIN)
        assert (closed.type, closed.data) == (WSMsgType.CLOSE, 1000)
    async with asyncio.timeout(WITHIN):
        await watch.left.wait()


async def test_a_viewer_looks_and_does_not_type(rig: HubRig) -> None:
    async with terminal(rig, "vera") as (ws, watch):
        await ws.send_bytes(typed(b"rm"))
        assert (await ws.receive_json(timeout=WITHIN))["code"] == "forbidden"
        watch.items.put_nowait(Output(7, b"still here"))
        assert BinaryFrame.decode(await ws.receive_bytes(timeout=WITHIN)).payload == b"still here"
        assert watch.did.empty()


async def test_nonsense_is_answered_and_too_much_of_it_ends_the_socket(rig: HubRig) -> None:
    async with terminal(rig, "olga") as (ws, watch):
        for wrong in (b"", b"\x01\x02s1", typed(b"x", "another")):
            await ws.send_bytes(wrong)
            assert (await ws.receive_json(timeout=WITHIN))["code"] == "malformed_frame"
        await ws.send_str("{")
        assert (await ws.receive_json(timeout=WITHIN))["code"] == "malformed_message"
        assert watch.did.empty()
        for _ in range(100):
            await ws.send_str("{}")
        async with asyncio.timeout(WITHIN):
            while (message := await ws.receive()).type is WSMsgType.TEXT:
                assert json.loads(message.data)["type"] == "session.error"
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1008)


async def test_a_runaway_session_is_told_and_shown_again_to_who_takes_control(rig: HubRig) -> None:
    await connect_all(rig)
    live = rig.hub.fleet.state.get("pi")
    assert live is not None
    live.runaway.add("s1")
    async with terminal(rig, "olga") as (ws, watch):
        watch.items.put_nowait(Refused(Problem(ProblemCode.RUNAWAY_OUTPUT, "Too much output.")))
        assert (await ws.receive_json(timeout=WITHIN))["code"] == "runaway_output"
        await ws.send_json({"type": "session.take_control"})
        assert [await did(watch), await did(watch)] == [("take_control", None), ("resume", None)]
        watch.items.put_nowait(Output(7, b"again"))
        assert BinaryFrame.decode(await ws.receive_bytes(timeout=WITHIN)).payload == b"again"
        assert live.runaway == set()


async def test_the_socket_ends_when_the_device_is_gone_and_when_the_login_is(rig: HubRig) -> None:
    async with terminal(rig, "olga") as (ws, watch):
        watch.items.put_nowait(None)
        closed = await ws.receive(timeout=WITHIN)
        assert (closed.type, closed.data) == (WSMsgType.CLOSE, 1013)
    async with terminal(rig, "olga") as (ws, watch):
        assert (await rig.call("olga", "POST", "/api/auth/logout")).status == 204
        closed = await ws.receive(timeout=WITHIN)
        assert (closed.type, closed.data) == (WSMsgType.CLOSE, 4401)


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("otto", 404), ("nina", 404), ("olga", 503)])
async def test_who_may_not_and_what_is_not_there_is_refused_before_the_upgrade(
    rig: HubRig, who: str | None, status: int
) -> None:
    headers = {"Authorization": f"Bearer {rig.secrets[who]}"} if who else {}
    with pytest.raises(WSServerHandshakeError) as refused:
        await rig.client.ws_connect("/api/devices/pi/sessions/s1/terminal", headers=headers)
    assert refused.value.status == status


async def test_a_page_of_another_site_is_refused(rig: HubRig) -> None:
    headers = {"Authorization": f"Bearer {rig.secrets['olga']}", "Origin": "https://evil.example.org"}
    with pytest.raises(WSServerHandshakeError) as refused:
        await rig.client.ws_connect("/api/devices/pi/sessions/s1/terminal", headers=headers)
    assert refused.value.status == 403


class Reader:
    """Reads server-sent events."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response
        self.place = ""

    async def next(self) -> dict[str, Any]:
        """The next event, or ``{"reset": True}``."""
        kind = ""
        async with asyncio.timeout(WITHIN):
            while line := (await self._response.content.readline()).decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if name == "id":
                    self.place = value
                elif name == "event":
                    kind = value
                elif name == "data":
                    found: dict[str, Any] = {"reset": True} if kind == "reset" else json.loads(value)
                    return found
        raise AssertionError("the stream ended")

    async def greeted(self) -> None:
        """Read up to the first place."""
        async with asyncio.timeout(WITHIN):
            while not self.place:
                line = (await self._response.content.readline()).decode()
                if line.startswith("id: "):
                    self.place = line[4:].strip()


@asynccontextmanager
async def following(rig: HubRig, who: str, place: str = "") -> AsyncIterator[Reader]:
    headers = {"Authorization": f"Bearer {rig.secrets[who]}"} | ({"Last-Event-ID": place} if place else {})
    async with rig.client.get("/api/events", headers=headers) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        yield Reader(response)


async def test_everybody_is_told_of_their_own_devices_only(rig: HubRig) -> None:
    async with following(rig, "anna") as anna, following(rig, "vera") as vera, following(rig, "otto") as otto:
        for reader in (anna, vera, otto):
            await reader.greeted()
        await connect_all(rig)
        assert [(await anna.next())["device_id"] for _ in range(2)] == ["pi", "attic"]
        assert (await vera.next())["device_id"] == "pi"
        assert (await otto.next())["device_id"] == "theirs"
        rig.hub.fleet.state.disconnected(
            "pi", "gone", DeviceOffline.model_fields["at"].get_default(call_default_factory=True)
        )
        assert (await vera.next())["type"] == "device.offline"


async def test_a_reader_goes_on_where_it_was_cut_off_and_starts_anew_where_that_is_lost(rig: HubRig) -> None:
    async with following(rig, "vera") as reader:
        await reader.greeted()
    await connect_all(rig)
    async with following(rig, "vera", reader.place) as again:
        assert (await again.next())["type"] == "device.online"
    async with following(rig, "vera", "another-3") as lost:
        assert await lost.next() == {"reset": True}


async def test_the_stream_ends_with_the_login(rig: HubRig) -> None:
    async with following(rig, "vera") as reader:
        await reader.greeted()
        assert (await rig.call("vera", "POST", "/api/auth/logout")).status == 204
        with pytest.raises((AssertionError, ConnectionError)):
            await reader.next()
