"""From a device's real socket to a browser's real socket."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from protocol.events import SessionChanged
from protocol.frames import BinaryFrame, FrameKind
from tests.integration.hub.enrolment.rig import HubRig
from tests.integration.hub.fleet.real import door_of, linked
from tests.integration.hub.fleet.test_commands_api import put
from tests.integration.hub.fleet.test_streams import WITHIN, following, typed
from tests.unit.hub.fleet.examples import active, hello

TERMINAL = "/api/devices/gw/sessions/s1/terminal"


async def token_of(rig: HubRig) -> str:
    """The bearer token of a gateway that the hub was told of."""
    body = {"gateway_id": "gw", "name": "gateway", "group_id": rig.group}
    made = await rig.call("anna", "POST", "/api/gateways", body)
    assert made.status == 201
    token: str = made.json["token"]
    return token


async def test_a_device_comes_works_and_shows_its_terminal_to_two_people(rig: HubRig) -> None:
    token = await token_of(rig)
    auth = {name: {"Authorization": f"Bearer {rig.secrets[name]}"} for name in ("olga", "vera")}
    async with AsyncExitStack() as stack:
        events = await stack.enter_async_context(following(rig, "vera"))
        await events.greeted()
        url = await stack.enter_async_context(door_of(rig))
        device = await stack.enter_async_context(linked(url, token, hello("gw")))
        assert (await events.next())["type"] == "device.online"
        await device.say(SessionChanged(session=active("s1", name="fix it", status="waiting")))
        assert (await events.next())["status"] == "waiting"
        (session,) = (await rig.call("vera", "GET", "/api/sessions?status=waiting")).json["sessions"]
        assert (session["device_name"], session["name"]) == ("gateway", "fix it")
        made = await rig.call("olga", "POST", "/api/devices/gw/sessions", {"name": "new", "workdir": "w"})
        assert (made.status, made.json["pid"]) == (201, 7)
        assert (await put(rig, "olga", bytes(200_000), device="gw"))[0] == 201
        async with (
            rig.client.ws_connect(TERMINAL, headers=auth["olga"]) as olga,
            rig.client.ws_connect(TERMINAL, headers=auth["vera"]) as vera,
        ):
            for ws in (olga, vera):
                assert (await ws.receive_json(timeout=WITHIN))["content"] == "$ "
                assert (await ws.receive_json(timeout=WITHIN))["type"] == "session.control"
            await olga.send_bytes(typed(b"ls\r"))
            async with asyncio.timeout(WITHIN):
                assert await device.typed.get() == b"ls\r"
            assert (await vera.receive_json(timeout=WITHIN))["holder"] == "olga"
            await device.output(b"file.txt\r\n")
            assert (await olga.receive_json(timeout=WITHIN))["yours"] is True
            for ws in (olga, vera):
                frame = BinaryFrame.decode(await ws.receive_bytes(timeout=WITHIN))
                assert (frame.kind, frame.seq, frame.payload) == (FrameKind.OUTPUT, 0, b"file.txt\r\n")
