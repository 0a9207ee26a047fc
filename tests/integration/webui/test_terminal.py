from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType

from foundation.web.streams.terminal import MAX_REFUSED
from gateway.accounts.types import Role
from gateway.sessions.types import SessionInfo, SessionSpec
from protocol.frames import BinaryFrame, FrameKind
from tests.integration.webui.rig import Rig

Json = dict[str, Any]


class Screen:
    """A viewer's socket and what came over it."""

    def __init__(self, ws: ClientWebSocketResponse, session_id: str) -> None:
        self.ws = ws
        self.session_id = session_id
        self.output = b""
        self.pictures = ""
        self.seqs: list[int] = []
        self.messages: list[Json] = []

    async def read(self) -> WSMsgType:
        """Take one message."""
        message = await asyncio.wait_for(self.ws.receive(), 10)
        if message.type is WSMsgType.BINARY:
            frame = BinaryFrame.decode(message.data)
            assert (frame.kind, frame.session_id) == (FrameKind.OUTPUT, self.session_id)
            self.output += frame.payload
            self.seqs.append(frame.seq)
        elif message.type is WSMsgType.TEXT:
            self.messages.append(json.loads(message.data))
            self.pictures += self.messages[-1].get("content", "")
        return message.type

    async def until(self, done: Callable[[], bool]) -> None:
        """Take messages until something is so."""
        while not done():
            assert await self.read() in (WSMsgType.BINARY, WSMsgType.TEXT), self.messages[-3:]

    async def shows(self, text: bytes) -> None:
        """Wait until something is on the screen, by output or by a snapshot that stands for it."""
        await self.until(lambda: text in self.output or text.decode() in self.pictures)

    async def message(self, kind: str) -> Json:
        """Wait for a JSON message of a type, and take it out."""
        await self.until(lambda: any(one["type"] == kind for one in self.messages))
        found = next(one for one in self.messages if one["type"] == kind)
        self.messages.remove(found)
        return found

    async def closed(self) -> int | None:
        """Wait for the close; its code."""
        while await self.read() in (WSMsgType.BINARY, WSMsgType.TEXT):
            pass
        return self.ws.close_code

    async def type(self, data: bytes) -> None:
        """Send input."""
        await self.ws.send_bytes(BinaryFrame(FrameKind.INPUT, self.session_id, 0, data).encode())


async def begin(rig: Rig, name: str = "one") -> SessionInfo:
    return await rig.device.sessions.create(SessionSpec(name=name, workdir=rig.root / "work"))


@asynccontextmanager
async def screen(
    rig: Rig, info: SessionInfo, role: Role = Role.OPERATOR, headers: dict[str, str] | None = None
) -> AsyncIterator[Screen]:
    path = f"/api/sessions/{info.id}/terminal"
    async with rig.client.ws_connect(path, headers=headers or rig.bearer(role)) as ws:
        yield Screen(ws, info.id)


async def test_first_a_snapshot_then_who_types_then_output(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info, headers=rig.cookie(Role.OPERATOR)) as one:
        assert await one.read() is WSMsgType.TEXT
        snapshot = one.messages[0]
        assert snapshot["type"] == "session.snapshot"
        assert (snapshot["session_id"], snapshot["cols"], snapshot["rows"]) == (info.id, 80, 24)
        control = await one.message("session.control")
        assert (control.get("holder"), control["yours"], control["may_write"]) == (None, False, True)
        await one.type(b"echo $((6*7))x\r")
        await one.shows(b"42x")
        first = one.seqs[0]
        assert one.seqs == list(range(first, first + len(one.seqs)))
        assert first >= snapshot["seq"]


async def test_a_viewer_looks_and_does_not_type(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info, Role.VIEWER) as looks, screen(rig, info) as types:
        assert (await looks.message("session.control"))["may_write"] is False
        await looks.type(b"echo forbidden\r")
        assert (await looks.message("session.error"))["code"] == "forbidden"
        await looks.ws.send_json({"type": "session.take_control"})
        await types.type(b"echo $((6*7))x\r")
        await looks.shows(b"42x")
        assert b"forbidden" not in looks.output


async def test_one_types_and_the_other_takes_over(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info) as first, screen(rig, info, Role.ADMIN) as second:
        await first.message("session.control")
        await second.message("session.control")
        await first.type(b"#")
        mine = await first.message("session.control")
        theirs = await second.message("session.control")
        assert (mine["holder"], mine["yours"]) == ("operator", True)
        assert (theirs["holder"], theirs["yours"]) == ("operator", False)
        await second.type(b"nothing")
        assert (await second.message("session.error"))["code"] == "not_in_control"
        await second.ws.send_json({"type": "session.take_control"})
        assert (await first.message("session.control"))["yours"] is False
        assert (await second.message("session.control"))["yours"] is True
        await second.type(b"\recho $((6*7))x\r")
        await first.shows(b"42x")


async def test_the_keyboard_is_free_when_its_holder_leaves(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info) as stays:
        await stays.message("session.control")
        async with screen(rig, info, Role.ADMIN) as leaves:
            await leaves.type(b"#")
            assert (await stays.message("session.control"))["holder"] == "admin"
        assert (await stays.message("session.control")).get("holder") is None


async def test_resize_reaches_everybody(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info) as one, screen(rig, info, Role.VIEWER) as other:
        await one.message("session.snapshot")
        await other.message("session.snapshot")
        await one.ws.send_json({"type": "session.resize", "cols": 100, "rows": 30})
        resized = await other.message("session.resized")
        assert (resized["cols"], resized["rows"]) == (100, 30)


async def test_a_paste_of_a_mebibyte(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info) as one:
        await one.type(b'stty raw -echo;echo r""dy;head -c 1048576|cksum\r')
        await one.shows(b"rdy")
        await one.type(b"x" * 1024 * 1024)
        await one.shows(b" 1048576")


async def test_messages_that_cannot_be_used_are_answered_and_survived(rig: Rig) -> None:
    info = await begin(rig)
    frame = BinaryFrame(FrameKind.INPUT, info.id, 0, b"x").encode()
    other = BinaryFrame(FrameKind.INPUT, "other", 0, b"x").encode()
    bad: list[tuple[str | bytes, str]] = [
        ("{", "malformed_message"),
        ("[]", "malformed_message"),
        ('{"type": "session.explode"}', "unknown_command"),
        ('{"type": "session.resize", "cols": -1, "rows": 5}', "malformed_message"),
        ('{"type": "session.resize"}', "malformed_message"),
        ('{"type": "session.ack", "seq": -1}', "malformed_message"),
        ('{"a": "' + "x" * 70_000 + '"}', "too_large"),
        (b"", "malformed_frame"),
        (b"\x09\x01", "malformed_frame"),
        (b"\x01" + frame[1:], "malformed_frame"),
        (other, "malformed_frame"),
        (frame + b"x" * (1024 * 1024 + 300), "too_large"),
    ]
    async with screen(rig, info) as one:
        for sent, code in bad:
            if isinstance(sent, str):
                await one.ws.send_str(sent)
            else:
                await one.ws.send_bytes(sent)
            error = await one.message("session.error")
            assert error["code"] == code, (sent[:50], error)
        await one.ws.send_json({"type": "session.ack", "seq": 2**52})
        await one.type(b"echo $((6*7))x\r")
        await one.shows(b"42x")


async def test_a_socket_that_sends_nothing_but_rubbish_is_closed(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info) as one:
        for _ in range(MAX_REFUSED + 1):
            await one.ws.send_str("{")
        assert await one.closed() == 1008


async def test_the_end_of_the_session_is_told(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info) as one:
        await one.type(b"exit 3\r")
        assert (await one.message("session.ended"))["exit_code"] == 3
        assert await one.closed() == 1000


async def test_logout_closes_the_socket(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info) as one, screen(rig, info, Role.ADMIN) as other:
        await one.message("session.control")
        await rig.device.accounts.log_out(rig.identities[Role.OPERATOR])
        assert await one.closed() == 4401
        await other.type(b"echo $((6*7))x\r")
        await other.shows(b"42x")


async def test_a_lower_role_closes_the_socket(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info) as one:
        await one.message("session.control")
        await rig.device.accounts.change_role(rig.identities[Role.OPERATOR].person.id, Role.VIEWER)
        assert await one.closed() == 4401


async def test_the_stop_of_the_device_closes_the_socket_and_leaves_the_session(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info) as one:
        await one.message("session.control")
        stop = asyncio.create_task(rig.client.server.close())
        assert await one.closed() == 1001
        await stop
    assert rig.device.sessions.get(info.id).status != "ended"


async def test_a_session_that_is_not_there_is_refused_before_the_socket_opens(rig: Rig) -> None:
    answered = await rig.call("GET", "/api/sessions/nope/terminal")
    assert (answered.status, answered.code) == (400, "invalid_request")
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert (await rig.call("GET", "/api/sessions/nope/terminal", headers=upgrade)).code == "not_found"


async def test_what_lies_under_a_full_screen_program_comes_with_the_screen(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info) as one:
        await one.type(b"printf 'un%s\\n' der; printf '\\033[?1049h\\033[Hab%s' ove; cat\r")
        await one.shows(b"above")
    async with screen(rig, info) as late:
        snapshot = await late.message("session.snapshot")
        assert snapshot["alternate_on"] is True
        below, change, above = snapshot["content"].partition("\x1b[?1049h\x1b[H")
        assert change
        assert "under\r\n" in below
        assert above.startswith("above")


async def test_pings_of_a_viewer_are_answered(rig: Rig) -> None:
    info = await begin(rig)
    path = f"/api/sessions/{info.id}/terminal"
    async with rig.client.ws_connect(path, headers=rig.bearer(Role.VIEWER), autoping=False) as ws:
        await ws.ping(b"there?")
        async with asyncio.timeout(10):
            while (message := await ws.receive()).type is not WSMsgType.PONG:
                assert message.type in (WSMsgType.TEXT, WSMsgType.BINARY)
        assert message.data == b"there?"


async def test_a_frame_that_is_not_quite_input_is_refused_for_what_is_wrong(rig: Rig) -> None:
    info = await begin(rig)
    async with screen(rig, info) as one:
        await one.message("session.snapshot")
        head = bytes((FrameKind.INPUT, len(info.id))) + info.id.encode()
        for frame in (head, head + bytes(7), head[:-1] + b"!" + bytes(9)):
            await one.ws.send_bytes(frame)
            assert (await one.message("session.error"))["code"] == "malformed_frame"
        await one.ws.send_bytes(head + bytes(8) + b"echo $((6*7))x\r")
        await one.shows(b"42x")
