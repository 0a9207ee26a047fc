"""What holds for every request: the log, crashes, cookies over https, and the device's own socket."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from aiohttp import ClientSession, UnixConnector, web
from structlog.typing import EventDict

from gateway.accounts.types import Role
from gateway.host.types import Health
from tests.integration.webui.rig import PASSWORD, Rig, running_rig
from webui.context import Device
from webui.server import make_app


async def test_each_request_is_one_line_without_its_query(rig: Rig, log: list[EventDict]) -> None:
    await rig.call("GET", "/api/files?path=private-name", role=Role.VIEWER)
    lines = [line for line in log if line["event"] == "request"]
    assert len(lines) == 1
    line = lines[0]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/files", 404)
    assert (line["who"], line["source"]) == ("viewer", "127.0.0.1")
    assert "private-name" not in str(log)
    assert rig.secrets[Role.VIEWER] not in str(log)


async def test_a_crash_is_told_by_its_number_and_nothing_else(tmp_path: Path, log: list[EventDict]) -> None:
    def crash() -> Health | None:
        raise RuntimeError("the inside of the device")

    def change(device: Device) -> Device:
        return replace(device, latest_health=crash)

    async with running_rig(tmp_path, change) as rig:
        await rig.add_people()
        answered = await rig.call("GET", "/api/device")
    assert (answered.status, answered.code) == (500, "internal")
    assert b"inside of the device" not in answered.body
    request_id = answered.json["error"]["details"]["request_id"]
    assert answered.headers["X-Request-Id"] == request_id
    failed = [line for line in log if line["event"] == "request.failed"]
    assert [line["request_id"] for line in failed] == [request_id]


async def test_over_https_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    async with running_rig(tmp_path, lambda device: replace(device, secure_cookies=True)) as rig:
        await rig.add_people()
        login = {"username": "admin", "password": PASSWORD}
        answered = await rig.call("POST", "/api/auth/login", role=None, json=login)
        cookie = answered.headers["Set-Cookie"]
        assert cookie.startswith("__Host-hutch_session=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        plain = {"Cookie": f"hutch_session={rig.secrets[Role.ADMIN]}"}
        assert (await rig.call("GET", "/api/auth/me", role=None, headers=plain)).code == "not_logged_in"


async def test_the_devices_own_socket_needs_no_login(rig: Rig) -> None:
    path = str(rig.root / "console")
    runner = web.AppRunner(await asyncio.to_thread(make_app, replace(rig.device, console_socket=Path(path))))
    await runner.setup()
    try:
        await web.UnixSite(runner, path).start()
        async with ClientSession(connector=UnixConnector(path)) as session:
            async with session.get("http://localhost/api/auth/me") as response:
                assert (await response.json())["user"]["name"] == "console"
            person = {"username": "otto", "password": PASSWORD, "role": "viewer"}
            async with session.post("http://localhost/api/people", json=person) as response:
                assert response.status == 201
            wrong = {"Authorization": "Bearer hutch_wrong"}
            async with session.get("http://localhost/api/auth/me", headers=wrong) as response:
                assert response.status == 401
    finally:
        await runner.cleanup()
    added = (await rig.device.audit.entries(action="person.add", limit=1))[0]
    assert (added.who, added.source) == ("console", "console")


async def test_localhost_over_tcp_is_a_stranger_like_any_other(rig: Rig) -> None:
    headers = {"Host": "localhost", "X-Forwarded-For": "127.0.0.1"}
    assert (await rig.call("GET", "/api/auth/me", role=None, headers=headers)).code == "not_logged_in"
