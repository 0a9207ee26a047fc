"""A device's own pages through the hub: HTML, uploads, events, terminals."""

from __future__ import annotations

import asyncio
import base64
import json

from aiohttp import WSMsgType, hdrs

from gateway.sessions.types import SessionSpec
from protocol.frames import BinaryFrame, FrameKind
from tests.doubles.small_hub import as_role
from tests.integration.tunnel.rig import DEVICE_ID, TunnelRig


async def test_a_page_without_a_login_of_the_device(rig: TunnelRig) -> None:
    page = await rig.ask("GET", "/", headers={"Accept": "text/html"})
    assert page.status == 200
    assert b"ann (hub)" in page.body
    assert f'data-base="/devices/{DEVICE_ID}"'.encode() in page.body
    me = await rig.ask("GET", "/api/auth/me")
    assert (me.json["user"]["name"], me.json["user"]["role"]) == ("ann (hub)", "admin")


async def test_the_frame_of_a_page_is_one_of_the_hub(rig: TunnelRig) -> None:
    cookies = f"{rig.headers('ann')['Cookie']}; hutch_theme=dark"
    page = (await rig.ask("GET", "/", headers={"Accept": "text/html", "Cookie": cookies})).body.decode()
    assert 'data-theme="dark"' in page
    assert "Back to the hub" in page
    assert f'action="/devices/{DEVICE_ID}/logout"' not in page
    assert f'action="/devices/{DEVICE_ID}/theme"' not in page
    settings = (await rig.ask("GET", "/settings/about", headers={"Accept": "text/html"})).body.decode()
    assert "/settings/hub" in settings
    assert "/settings/people" not in settings


async def test_nobody_without_a_login_of_the_hub(rig: TunnelRig) -> None:
    for path in ("/", "/api/auth/me", "/static/x.js"):
        assert (await rig.ask("GET", path, who=None)).code == "not_logged_in"


async def test_the_role_of_the_hub_counts(rig: TunnelRig) -> None:
    rig.hub.people.add("vic", "viewer")
    body = {"name": "one"}
    headers = await rig.csrf("vic")
    refused = await rig.ask("POST", "/api/sessions", who="vic", headers=headers, json=body)
    assert (refused.status, refused.code) == (403, "forbidden")
    rig.hub.people.logins["vic"] = as_role(rig.hub.people.logins["vic"], "operator")
    assert (await rig.ask("POST", "/api/sessions", who="vic", headers=headers, json=body)).status == 201
    entries = await rig.rig.device.audit.entries(limit=5)
    assert [(entry.who, entry.source, entry.result) for entry in entries] == [
        ("vic (hub)", "hub", "ok"),
        ("vic (hub)", "hub", "forbidden"),
    ]


async def test_a_change_needs_the_token_of_the_page(rig: TunnelRig) -> None:
    body = {"name": "one"}
    assert (await rig.ask("POST", "/api/sessions", json=body)).code == "csrf_refused"
    wrong = {"X-CSRF-Token": "csrf-of-the-hub"}
    assert (await rig.ask("POST", "/api/sessions", headers=wrong, json=body)).code == "csrf_refused"
    rig.hub.people.add("bob", "admin")
    others = await rig.csrf("bob")
    assert (await rig.ask("POST", "/api/sessions", headers=others, json=body)).code == "csrf_refused"
    rig.hub.people.add("program", "admin", by_cookie=False)
    assert (await rig.ask("POST", "/api/sessions", who="program", json=body)).status == 201


async def test_a_form_posts_and_leads_back_below_the_prefix(rig: TunnelRig) -> None:
    token = (await rig.csrf())["X-CSRF-Token"]
    form = {"csrf_token": token, "name": "from-a-form", "agent": "shell", "workdir": ""}
    answer = await rig.ask("POST", "/sessions", data=form)
    assert answer.status == 303, answer.body
    assert answer.headers[hdrs.LOCATION].startswith(f"/devices/{DEVICE_ID}/sessions/")


async def test_five_megabytes_up_and_down(rig: TunnelRig) -> None:
    data = bytes(range(256)) * (5 * 4096)
    headers = await rig.csrf()
    begun = {"path": "big.bin", "size": len(data)}
    started = await rig.ask("POST", "/api/files/uploads", headers=headers, json=begun)
    assert started.status == 201, started.json
    size, transfer = started.json["chunk_size"], started.json["transfer_id"]
    for seq in range(0, len(data) // size + (len(data) % size > 0)):
        address = f"/api/files/uploads/{transfer}/chunks/{seq}"
        sent = {**headers, "Content-Type": "application/octet-stream"}
        answer = await rig.ask("PUT", address, headers=sent, data=data[seq * size : (seq + 1) * size])
        assert answer.status < 300, answer.json
    ended = await rig.ask("POST", f"/api/files/uploads/{transfer}/end", headers=headers, json={})
    assert ended.status < 300, ended.json
    got = await rig.ask("GET", "/api/files/content?path=big.bin")
    assert got.body == data
    part = await rig.ask("GET", "/api/files/content?path=big.bin", headers={"Range": "bytes=10-19"})
    assert (part.status, part.body) == (206, data[10:20])


async def test_events_come_as_they_happen(rig: TunnelRig) -> None:
    async with rig.session.get(rig.url("/api/events"), headers=rig.headers("ann")) as stream:
        assert stream.content_type == "text/event-stream"
        await stream.content.readuntil(b"\n\n")
        await rig.rig.device.sessions.create(SessionSpec(name="fresh", workdir=rig.rig.root / "work"))
        seen = b""
        while b"session.started" not in seen:
            seen = await stream.content.readuntil(b"\n\n")


async def test_a_terminal_types(rig: TunnelRig) -> None:
    session = await rig.rig.device.sessions.create(SessionSpec(name="shell", workdir=rig.rig.root / "work"))
    address = rig.url(f"/api/sessions/{session.id}/terminal")
    async with rig.session.ws_connect(address, headers=rig.headers("ann")) as ws:
        first = json.loads((await ws.receive()).data)
        assert first["type"] == "session.snapshot"
        await ws.send_bytes(BinaryFrame(FrameKind.INPUT, session.id, 0, b"echo $((6*7))abc\n").encode())
        seen = b""
        while b"42abc" not in seen:
            message = await ws.receive()
            assert message.type in (WSMsgType.BINARY, WSMsgType.TEXT), message
            if message.type is WSMsgType.BINARY:
                seen += BinaryFrame.decode(message.data).payload
        [visitor] = rig.door.visitors.list()
        assert (visitor.name, visitor.role, visitor.open_sockets) == ("ann", "admin", 1)
        await rig.rig.device.sessions.end(session.id)
        while (message := await ws.receive()).type is not WSMsgType.CLOSE:
            assert message.type in (WSMsgType.BINARY, WSMsgType.TEXT), message
        assert ws.close_code == 1000


async def test_a_socket_that_the_device_refuses_is_refused_with_its_status(rig: TunnelRig) -> None:
    async with rig.session.get(
        rig.url("/api/sessions/nothing/terminal"),
        headers=rig.headers(
            "ann",
            Upgrade="websocket",
            Connection="Upgrade",
            Sec_WebSocket_Version="13",
            Sec_WebSocket_Key=base64.b64encode(bytes(16)).decode(),
        ),
    ) as answer:
        assert answer.status == 404


async def test_many_at_once(rig: TunnelRig) -> None:
    answers = await asyncio.gather(*(rig.ask("GET", "/api/device") for _ in range(60)))
    assert {answer.status for answer in answers} == {200}


async def test_a_device_that_is_away(rig: TunnelRig) -> None:
    async with rig.session.get(rig.url("/", "gw-other"), headers=rig.headers("ann")) as answer:
        assert answer.status == 503
        assert (await answer.json())["error"]["code"] == "device_offline"
    await rig.lose_link()
    assert (await rig.ask("GET", "/")).code == "device_offline"
