"""``hutch hub`` as people start it: alone on SQLite, and as two nodes on PostgreSQL."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from aiohttp import ClientSession

from protocol.problems import ErrorAnswer, ProblemCode
from tests.device_process import DeviceProcess
from tests.hub_process import HubProcess, command, hub_process
from tests.integration.hub.rig import PASSWORD


async def ask(
    hub: HubProcess, method: str, path: str, json: object = None, secret: str | None = None
) -> tuple[int, dict[str, object]]:
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    async with (
        ClientSession() as client,
        client.request(method, f"{hub.address}{path}", json=json, headers=headers) as response,
    ):
        return response.status, await response.json() if response.status != 204 else {}


async def set_up(hub: HubProcess) -> str:
    body = {"code": hub.setup_code, "username": "ann", "password": PASSWORD, "organisation": "Work"}
    status, answer = await ask(hub, "POST", "/api/setup", body)
    assert status == 201, answer
    return str(answer["access_token"])


def test_a_hub_starts_is_set_up_stops_and_remembers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with hub_process(data, very_first=True) as hub:
        assert data.stat().st_mode & 0o777 == 0o700
        assert asyncio.run(ask(hub, "GET", "/health"))[1]["status"] == "healthy"
        _, refused = asyncio.run(ask(hub, "GET", "/api/auth/me"))
        assert ErrorAnswer.model_validate(refused).error.code is ProblemCode.SETUP_NEEDED
        secret = asyncio.run(set_up(hub))
        second = subprocess.run(command(data=data), capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert "A hub already runs" in second.stderr
        assert hub.stop() == 0
    with hub_process(data) as hub:
        assert hub.setup_code is None
        assert asyncio.run(ask(hub, "GET", "/api/auth/me", secret=secret))[0] == 200


def test_people_are_added_from_the_console_beside_a_running_hub(tmp_path: Path) -> None:
    with hub_process(tmp_path / "data") as hub:
        arguments = ("user", "add", "bob", "--organisation", "Work", "--password-stdin", "--administrator")
        added = subprocess.run(
            command(*arguments, data=tmp_path / "data"), input=PASSWORD, capture_output=True, text=True, check=False
        )
        assert added.stdout == "Added bob (administrator, owner of Work).\n", added.stderr
        status, login = asyncio.run(ask(hub, "POST", "/api/auth/login", {"username": "bob", "password": PASSWORD}))
        assert status == 200
        _, groups = asyncio.run(ask(hub, "GET", "/api/groups", secret=str(login["access_token"])))
        assert isinstance(groups["groups"], list)
        assert [group["name"] for group in groups["groups"]] == ["Home"]


def test_a_device_is_told_where_the_hub_really_is(tmp_path: Path) -> None:
    with hub_process(tmp_path / "hub") as hub:
        device = DeviceProcess(tmp_path / "device", {"HUTCH_HUB": hub.address}, prepared=True)
        try:
            device.start()
            device.until_logged(f"{hub.address}/claim")
        finally:
            device.close()


def test_two_nodes_on_one_database_are_one_hub(tmp_path: Path, postgresql_hub: str) -> None:
    environ = {"HUTCH_HUB_DATABASE_URL": postgresql_hub}
    with hub_process(tmp_path / "one", environ=environ) as one, hub_process(tmp_path / "two", environ=environ) as two:
        secret = asyncio.run(set_up(one))
        assert asyncio.run(ask(two, "GET", "/api/auth/me", secret=secret))[0] == 200
        status, _ = asyncio.run(ask(two, "POST", "/api/organisations/1/groups", {"name": "Shop"}, secret))
        assert status == 201
        assert one.stop() == 0
        assert asyncio.run(ask(two, "GET", "/api/groups/2", secret=secret))[1]["name"] == "Shop"
        assert two.stop() == 0


def test_a_hub_whose_database_does_not_answer_says_so(tmp_path: Path) -> None:
    line = command("--database", "postgresql://u:pw@127.0.0.1:1/x?ssl=disable", data=tmp_path / "data")
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "database does not answer" in done.stderr
    assert "Traceback" not in done.stderr
