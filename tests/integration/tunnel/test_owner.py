"""What the owner of a device decides, and what ends when they, or the hub, change their mind."""

from __future__ import annotations

from contextlib import suppress

import pytest
from aiohttp import ClientError, ClientResponse, WSMsgType

from gateway.agents.login import LoginState
from gateway.sessions.types import SessionSpec
from protocol.events import PERMISSIONS, Permission
from tests.integration.tunnel.rig import TunnelRig


async def _rest(stream: ClientResponse) -> bytes:
    """What still comes, until it ends or breaks off."""
    seen = b""
    with suppress(ClientError, OSError):
        async for chunk in stream.content.iter_any():
            seen += chunk
    return seen


async def test_pages_off(rig: TunnelRig) -> None:
    rig.owner.allows = ["health", "terminals"]
    answer = await rig.ask("GET", "/")
    assert (answer.status, answer.code) == (403, "forbidden")
    assert "owner" in answer.json["error"]["message"]


async def test_switching_pages_off_cuts_what_is_open(rig: TunnelRig) -> None:
    session = await rig.rig.device.sessions.create(SessionSpec(name="shell", workdir=rig.rig.root / "work"))
    address = rig.url(f"/api/sessions/{session.id}/terminal")
    async with rig.session.ws_connect(address, headers=rig.headers("ann")) as ws:
        await ws.receive()
        rig.owner.allows = ["health"]
        rig.tunnel.cut()
        while (message := await ws.receive()).type in (WSMsgType.BINARY, WSMsgType.TEXT):
            pass
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR)
    assert (await rig.ask("GET", "/")).code == "forbidden"


@pytest.mark.parametrize("kind", ["socket", "stream"])
async def test_a_logout_at_the_hub_ends_what_is_open(rig: TunnelRig, kind: str) -> None:
    if kind == "socket":
        session = await rig.rig.device.sessions.create(SessionSpec(name="shell", workdir=rig.rig.root / "work"))
        address = rig.url(f"/api/sessions/{session.id}/terminal")
        async with rig.session.ws_connect(address, headers=rig.headers("ann")) as ws:
            await ws.receive()
            rig.hub.people.log_out("ann")
            while (message := await ws.receive()).type in (WSMsgType.BINARY, WSMsgType.TEXT):
                pass
            assert (message.type, message.data) == (WSMsgType.CLOSE, 4401)
        return
    async with rig.session.get(rig.url("/api/events"), headers=rig.headers("ann")) as stream:
        await stream.content.readuntil(b"\n\n")
        rig.hub.people.log_out("ann")
        await _rest(stream)
    assert (await rig.ask("GET", "/")).code == "not_logged_in"


async def test_a_lost_link_ends_what_is_open(rig: TunnelRig) -> None:
    async with rig.session.get(rig.url("/api/events"), headers=rig.headers("ann")) as stream:
        await stream.content.readuntil(b"\n\n")
        await rig.lose_link()
        await _rest(stream)


_SHUT: list[tuple[Permission, str, str]] = [
    ("terminals", "GET", "/api/sessions"),
    ("terminals", "GET", "/sessions/new"),
    ("files", "GET", "/api/files"),
    ("files", "GET", "/files"),
    ("keys", "GET", "/api/ssh-keys"),
    ("keys", "GET", "/settings/keys"),
    ("agents", "POST", "/api/agents/codex/install"),
]


@pytest.mark.parametrize(("permission", "method", "path"), _SHUT)
async def test_pages_are_no_way_around_what_is_not_allowed(
    rig: TunnelRig, permission: Permission, method: str, path: str
) -> None:
    csrf = await rig.csrf()
    rig.owner.allows = [one for one in PERMISSIONS if one != permission]
    answer = await rig.ask(method, path, headers=csrf)
    assert (answer.status, answer.code) == (403, "forbidden")
    assert permission in answer.json["error"]["message"]
    assert (await rig.ask("GET", "/api/device")).status == 200


@pytest.mark.parametrize("missing", ["agents", "terminals"])
async def test_the_address_of_a_login_is_shown_to_those_who_may_answer_it(rig: TunnelRig, missing: Permission) -> None:
    address = "https://auth.example.org/device?user_code=ABCD-1234"
    rig.rig.device.agent_logins._states["codex"] = LoginState("codex", "s1", "address", address)
    await rig.rig.add_people()
    for page in ("/settings/agents", "/parts/agents"):
        rig.owner.allows = PERMISSIONS
        assert b"auth.example.org" in (await rig.ask("GET", page)).body
        rig.owner.allows = [one for one in PERMISSIONS if one != missing]
        answer = await rig.ask("GET", page)
        assert (answer.status, b"Codex" in answer.body, b"auth.example.org" in answer.body) == (200, True, False)
        # What a hub may do is no concern of those who log in on the device itself.
        assert b"auth.example.org" in (await rig.rig.call("GET", page)).body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/people"),
        ("POST", "/api/people"),
        ("POST", "/api/tokens"),
        ("PUT", "/api/hub"),
        ("DELETE", "/api/hub"),
        ("POST", "/settings/hub"),
        ("POST", "/settings/hub/remove"),
        ("GET", "/settings/people"),
        ("POST", "/settings/account/password"),
        ("POST", "/api/auth/login"),
        ("POST", "/login"),
        ("POST", "/logout"),
        ("POST", "/api/setup"),
        ("GET", "/api/care"),
        ("GET", "/api/care/backup"),
        ("POST", "/api/care/backup"),
        ("POST", "/api/care/restore/begin"),
        ("POST", "/api/care/reset"),
        ("GET", "/parts/care"),
        ("POST", "/settings/care/backup"),
        ("POST", "/settings/care/reset"),
    ],
)
async def test_nobody_of_the_hub_changes_who_may_what_on_the_device(rig: TunnelRig, method: str, path: str) -> None:
    answer = await rig.ask(method, path, headers=await rig.csrf(), json={})
    assert (answer.status, answer.code) == (403, "forbidden")


async def test_an_admin_of_the_hub_makes_a_support_bundle_and_nothing_else_of_its_page(rig: TunnelRig) -> None:
    (rig.rig.root / "work" / "novel").mkdir()
    page = (await rig.ask("GET", "/settings/care")).body.decode()
    assert "Download a support bundle" in page
    assert "are not done by way of the hub" in page
    assert "Reset this device" not in page
    assert "novel" not in page
    bundle = await rig.ask("GET", "/api/support")
    assert (bundle.status, bundle.body[:2]) == (200, b"\x1f\x8b")
    rig.hub.people.add("oli", "operator")
    assert (await rig.ask("GET", "/api/support", who="oli")).code == "forbidden"


async def test_who_is_in(rig: TunnelRig) -> None:
    rig.hub.people.add("vic", "viewer")
    await rig.ask("GET", "/api/device", who="vic")
    await rig.ask("GET", "/api/device")
    seen = rig.door.visitors.list()
    assert [(one.name, one.role, one.login_id) for one in seen] == [
        ("ann", "admin", "login-ann"),
        ("vic", "viewer", "login-vic"),
    ]
