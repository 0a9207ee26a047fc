"""Every command over REST, answered by a device that does as the test says."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from typing import Any

import pytest

from protocol import commands as wire
from protocol.commands import AnyCommand
from protocol.events import AnyEvent
from tests.doubles.ports import refuse
from tests.doubles.willing import FILE, does
from tests.integration.hub.enrolment.rig import HubRig

P = "/api/devices/pi"
UPDATE = {"url": "https://example.org/hutch.whl", "sha256": "a" * 64, "version": "0.3.0"}
TYPED = {"data": base64.b64encode(b"ls\r").decode()}
Case = tuple[str, str, object, str, int, object]
CASES: list[Case] = [
    ("POST", f"{P}/sessions", {"name": "fix", "workdir": "site", "agent": "codex"}, "olga", 201, None),
    ("DELETE", f"{P}/sessions/s1", None, "olga", 200, {"exit_code": 3}),
    ("POST", f"{P}/sessions/s1/input", TYPED, "olga", 204, None),
    ("POST", f"{P}/sessions/s1/resize", {"cols": 90, "rows": 30}, "olga", 204, None),
    ("POST", f"{P}/sessions/s1/snapshot", None, "vera", 200, None),
    ("GET", f"{P}/ssh-keys", None, "olga", 200, None),
    ("POST", f"{P}/ssh-keys", {"public_key": "ssh-ed25519 AAAA", "label": "mine"}, "anna", 204, None),
    ("DELETE", f"{P}/ssh-keys?fingerprint=SHA256:a/b", None, "anna", 204, None),
    ("GET", f"{P}/agents", None, "vera", 200, {"agents": [{"agent": "codex", "installed": True, "version": "1"}]}),
    ("POST", f"{P}/agents/codex/install", None, "olga", 200, {"agent": "codex", "version": "2"}),
    ("GET", f"{P}/workspaces", None, "vera", 200, {"folders": ["site"]}),
    ("POST", f"{P}/update", UPDATE, "anna", 200, {"version": "0.3.0"}),
    ("POST", f"{P}/commands", {"type": "workspace.list"}, "olga", 200, None),
    ("POST", f"{P}/commands", {"type": "gateway.update", **UPDATE}, "anna", 200, None),
]
LESS = {"anna": "olga", "olga": "vera", "vera": "nina"}
IDS = [f"{method} {path.rsplit('/', 1)[-1]}" for method, path, *_ in CASES]


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_a_command_reaches_the_device_and_its_answer_the_person(rig: HubRig, case: Case) -> None:
    method, path, body, who, status, expected = case
    device = rig.ports.of("pi")
    assert (await rig.call(who, method, path, body)).code == "device_offline"
    device.answering = does
    answered = await rig.call(who, method, path, body)
    assert answered.status == status, answered.json
    if expected is not None:
        assert answered.json == expected
    assert len(device.asked) == 1
    device.answering = lambda command: refuse(command, "The owner does not let the hub do this.")
    refused = await rig.call(who, method, path, body)
    assert (refused.status, refused.json["error"]["message"]) == (409, "The owner does not let the hub do this.")
    asked = len(device.asked)
    assert (await rig.call(LESS[who], method, path, body)).status in (403, 404)
    assert (await rig.call("otto", method, path, body)).status == 404
    assert (await rig.call(None, method, path, body)).status == 401
    assert len(device.asked) == asked, "whoever may not, does not reach the device"


async def test_a_session_gets_an_id_and_what_was_asked(rig: HubRig) -> None:
    rig.ports.of("pi").answering = does
    made = await rig.call("olga", "POST", f"{P}/sessions", {"name": "fix", "workdir": "site", "env": {"A": "b"}})
    (command,) = rig.ports.of("pi").asked
    assert isinstance(command, wire.SessionCreate)
    assert (command.session_id, made.json["pid"]) == (made.json["session_id"], 7)
    assert (command.name, command.agent, command.env) == ("fix", "claude-code", {"A": "b"})


async def test_a_paste_is_typed_in_pieces_in_order(rig: HubRig) -> None:
    rig.ports.of("pi").answering = does
    data = os.urandom(100_000)
    typed = await rig.call("olga", "POST", f"{P}/sessions/s1/input", {"data": base64.b64encode(data).decode()})
    assert typed.status == 204
    asked = [command for command in rig.ports.of("pi").asked if isinstance(command, wire.SessionInput)]
    assert (len(asked), b"".join(command.data for command in asked)) == (4, data)


BAD: list[tuple[str, str, object, str]] = [
    ("POST", f"{P}/commands", {"type": "file.cancel", "transfer_id": "x"}, "unknown_command"),
    ("POST", f"{P}/commands", {"type": "session.end", "session_id": "../x"}, "malformed_message"),
    ("POST", f"{P}/commands", {"type": "gateway.update", **UPDATE}, "forbidden"),
    ("POST", f"{P}/commands?queue=true", {"type": "gateway.update", **UPDATE}, "forbidden"),
    ("POST", f"{P}/commands?queue=true&expires_in=0", {"type": "workspace.list"}, "invalid_request"),
    ("GET", f"{P}/commands/999", None, "not_found"),
    ("POST", f"{P}/sessions", {"name": "x"}, "invalid_request"),
    ("POST", f"{P}/sessions", {"name": "x", "workdir": "y", "agent": "vim"}, "invalid_request"),
    ("POST", f"{P}/sessions/s%00/input", TYPED, "not_found"),
    ("POST", f"{P}/sessions/s1/input", {"data": "%%%"}, "invalid_request"),
    ("POST", f"{P}/sessions/s1/resize", {"cols": 0, "rows": 1}, "invalid_request"),
    ("POST", f"{P}/agents/vim/install", None, "not_found"),
]


@pytest.mark.parametrize(("method", "path", "body", "code"), BAD)
async def test_nonsense_does_not_reach_the_device(rig: HubRig, method: str, path: str, body: object, code: str) -> None:
    rig.ports.of("pi").answering = does
    assert (await rig.call("olga", method, path, body)).code == code
    assert rig.ports.of("pi").asked == []


async def put(rig: HubRig, who: str, data: bytes, device: str = "pi") -> tuple[int, Any]:
    """Upload bytes."""
    auth = {"Authorization": f"Bearer {rig.secrets[who]}"}
    path = f"/api/devices/{device}/files"
    async with rig.client.put(path, params={"path": "site/a.bin"}, data=data, headers=auth) as response:
        return response.status, await response.json()


async def test_an_upload_goes_through_in_pieces(rig: HubRig) -> None:
    rig.ports.of("pi").answering = does
    assert await put(rig, "olga", FILE) == (201, {"path": "site/a.bin", "size": len(FILE)})
    begin, *chunks, end = rig.ports.of("pi").asked
    assert isinstance(begin, wire.FileUploadBegin)
    assert (begin.size, begin.total_chunks, begin.dest_path) == (len(FILE), 3, "site/a.bin")
    sent = [chunk for chunk in chunks if isinstance(chunk, wire.FileUploadChunk)]
    assert [chunk.seq for chunk in sent] == [0, 1, 2]
    assert b"".join(chunk.data for chunk in sent) == FILE
    assert isinstance(end, wire.FileUploadEnd)
    assert (await put(rig, "olga", b""))[0] == 201
    assert (await put(rig, "vera", FILE))[0] == 403


async def test_an_upload_that_the_device_refuses_half_way_is_given_up(rig: HubRig) -> None:
    device = rig.ports.of("pi")

    def full(command: AnyCommand) -> tuple[AnyEvent, ...]:
        if isinstance(command, wire.FileUploadChunk) and command.seq == 1:
            return refuse(command, "The disk is full.")
        return does(command)

    device.answering = full
    status, body = await put(rig, "olga", FILE)
    assert (status, body["error"]["message"]) == (409, "The disk is full.")
    assert isinstance(device.asked[-1], wire.FileCancel)


async def endless() -> AsyncIterator[bytes]:
    yield b"piece"


async def test_a_file_that_is_too_large_or_of_unknown_size_is_refused(rig: HubRig) -> None:
    rig.ports.of("pi").answering = does
    too_large = 20 * 1024 * 1024 + 1
    auth = {"Authorization": f"Bearer {rig.secrets['olga']}"}
    async with rig.client.put(f"{P}/files", params={"path": "x"}, data=BytesIO(bytes(too_large)), headers=auth) as over:
        assert over.status == 413

    async with rig.client.put(f"{P}/files", params={"path": "x"}, data=endless(), headers=auth) as response:
        assert response.status == 400
    assert rig.ports.of("pi").asked == []


Broken = Callable[[tuple[AnyEvent, ...]], tuple[AnyEvent, ...]]
BROKEN: dict[str, Broken] = {
    "a piece is missing": lambda events: (*events[:2], *events[3:]),
    "the last piece is missing": lambda events: (*events[:3], *events[4:]),
    "no beginning": lambda events: events[1:],
}


async def test_a_download_arrives_as_it_is(rig: HubRig) -> None:
    device = rig.ports.of("pi")
    device.answering = does
    auth = {"Authorization": f"Bearer {rig.secrets['vera']}"}
    async with rig.client.get(f"{P}/files", params={"path": 'site/"ä.bin'}, headers=auth) as response:
        assert response.status == 200
        assert await response.read() == FILE
        assert response.headers["Content-Disposition"].startswith('attachment; filename="___.bin"'.replace("___", "__"))
    for name, broken in BROKEN.items():
        device.answering = lambda command, broken=broken: broken(does(command))
        refused = await rig.call("vera", "GET", f"{P}/files?path=x")
        assert refused.code in ("unavailable", "out_of_order"), name


async def test_a_command_is_kept_for_a_device_that_is_offline(rig: HubRig) -> None:
    auth = {"Authorization": f"Bearer {rig.secrets['olga']}", "Idempotency-Key": "once"}
    kept = []
    for _ in range(2):
        body = {"type": "session.end", "session_id": "s1"}
        async with rig.client.post(f"{P}/commands?queue=true", json=body, headers=auth) as response:
            assert response.status == 202
            kept.append(await response.json())
    assert kept[0] == kept[1]
    assert (kept[0]["state"], kept[0]["type"], kept[0]["person"]) == ("pending", "session.end", "olga")
    path = f"{P}/commands/{kept[0]['command_id']}"
    assert [one["command_id"] for one in (await rig.call("vera", "GET", f"{P}/commands")).json["commands"]] == [
        kept[0]["command_id"]
    ]
    assert (await rig.call("vera", "GET", path)).json["state"] == "pending"
    assert (await rig.call("vera", "DELETE", path)).code == "forbidden"
    assert (await rig.call("otto", "GET", path)).code == "not_found"
    assert (await rig.call("olga", "DELETE", path)).json["state"] == "cancelled"
    assert rig.ports.of("pi").asked == []
