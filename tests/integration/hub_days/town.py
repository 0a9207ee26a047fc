"""A whole ``hutch hub`` that a test may kill and start again, somebody who owns everything in it, and devices."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from aiohttp import ClientSession
from pydantic import JsonValue, TypeAdapter

from tests.device_process import DeviceProcess
from tests.hub_process import HubProcess, hub_process
from tests.integration.hub.rig import PASSWORD
from tests.integration.hub_days.gateway import Gateway
from tests.integration.hub_days.terminal import Terminal, terminal

WITHIN: Final = 30.0
Json = dict[str, JsonValue]
_OBJECT: Final = TypeAdapter(Json)


def free_place(host: str = "127.0.0.1") -> str:
    """An address with a port that nobody has."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return f"{host}:{probe.getsockname()[1]}"


@dataclass(frozen=True)
class Answer:
    """What the hub said: status and JSON."""

    status: int
    body: Json

    @property
    def code(self) -> str | None:
        """The code of the problem, where it is one."""
        error = self.body.get("error")
        return str(error["code"]) if isinstance(error, dict) else None

    def list(self, name: str) -> list[Json]:
        """A list of objects in it."""
        return TypeAdapter(list[Json]).validate_python(self.body[name])


@dataclass
class Town:
    """One hub. Everything about it may be asked with :meth:`ask`, also while it is in trouble."""

    data: Path
    http: ClientSession
    environ: Mapping[str, str] = field(default_factory=dict)
    inside: Sequence[str] = ()
    listen: str = field(default_factory=free_place)
    token: str = ""
    _running: AbstractContextManager[HubProcess] | None = None
    _hub: HubProcess | None = None

    @property
    def hub(self) -> HubProcess:
        """Its process."""
        assert self._hub is not None
        return self._hub

    @property
    def url(self) -> str:
        """Its address, the same after every start."""
        return f"http://{self.listen}"

    async def start(self) -> None:
        """Start it; wait until it answers."""
        place = ("--listen", self.listen, "--public-url", self.url)
        self._running = hub_process(self.data, *place, environ=self.environ, inside=self.inside)
        self._hub = await asyncio.to_thread(self._running.__enter__)

    async def close(self) -> None:
        """End it, however it is."""
        running, self._running = self._running, None
        if running is not None:
            await asyncio.to_thread(running.__exit__, None, None, None)

    async def kill_and_restart(self) -> None:
        """SIGKILL, and start over the same data."""
        await asyncio.to_thread(self.hub.kill)
        await self.close()
        await self.start()

    async def another_node(self, data: Path, stack: AsyncExitStack) -> Town:
        """A second process of the same hub, with the same people; ended by ``stack``."""
        node = replace(self, data=data, listen=free_place(), _running=None, _hub=None)
        stack.push_async_callback(node.close)
        await node.start()
        return node

    async def set_up(self) -> None:
        """The first person, who owns the group 1."""
        body: Json = {"code": self.hub.setup_code, "username": "ada", "password": PASSWORD}
        answer = await self.ask("POST", "/api/setup", body)
        assert answer.status == 201, answer
        self.token = str(answer.body["access_token"])

    async def ask(self, method: str, path: str, body: JsonValue = None) -> Answer:
        """Ask as the owner."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.http.request(method, self.url + path, json=body, headers=headers) as response:
            return Answer(response.status, _OBJECT.validate_json(await response.read() or b"{}"))

    async def page(self, path: str) -> tuple[int, str]:
        """Open a page as a browser does; status and text."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "text/html"}
        async with self.http.get(self.url + path, headers=headers, allow_redirects=False) as response:
            return response.status, await response.text()

    async def until(self, path: str, holds: Callable[[Answer], bool]) -> Answer:
        """Ask until the answer is right: nobody tells a test what a hub has written meanwhile."""
        answer: Answer | None = None
        try:
            async with asyncio.timeout(WITHIN):
                while True:
                    answer = await self.ask("GET", path)
                    if holds(answer):
                        return answer
        except TimeoutError:
            raise AssertionError(f"{path} stays {answer}") from None

    async def online(self, *device_ids: str) -> None:
        """Wait until these are connected."""
        wanted = set(device_ids)
        await self.until(
            "/api/devices?state=online",
            lambda answer: answer.status == 200 and wanted <= {str(one["id"]) for one in answer.list("devices")},
        )

    async def queue(self, device_id: str, command: Json) -> Answer:
        """Have a command kept for a device."""
        return await self.ask("POST", f"/api/devices/{device_id}/commands?queue=true", command)

    async def settled(self, device_id: str) -> list[str]:
        """The states of a device's commands, oldest first, once none waits or is on its way."""
        path = f"/api/devices/{device_id}/commands"
        answer = await self.until(
            path,
            lambda found: (
                found.status == 200 and not {"pending", "sent"} & {str(one["state"]) for one in found.list("commands")}
            ),
        )
        return [str(one["state"]) for one in reversed(answer.list("commands"))]

    async def gateway(self, name: str) -> Gateway:
        """A registered gateway that does not run yet."""
        answer = await self.ask("POST", "/api/gateways", {"gateway_id": name, "name": name, "group_id": 1})
        assert answer.status == 201, answer
        return Gateway(name, str(answer.body["token"]), self.url)

    @asynccontextmanager
    async def watching(self, device_id: str, session_id: str) -> AsyncIterator[Terminal]:
        """The terminal of a session through the hub."""
        url = f"{self.url}/api/devices/{device_id}/sessions/{session_id}/terminal"
        async with terminal(self.http, url, self.token, session_id) as watching:
            yield watching

    async def session(self, device_id: str, name: str) -> str:
        """Begin a session on a device; its id."""
        answer = await self.ask(
            "POST", f"/api/devices/{device_id}/sessions", {"name": name, "workdir": ".", "agent": "none"}
        )
        assert answer.status == 201, answer
        return str(answer.body["session_id"])

    @asynccontextmanager
    async def device(
        self, data: Path, environ: Mapping[str, str] | None = None, inside: Sequence[str] = ()
    ) -> AsyncIterator[tuple[DeviceProcess, str]]:
        """A real device that came by itself with the token of a batch, and its id."""
        before = {str(one["id"]) for one in (await self.ask("GET", "/api/devices")).list("devices")}
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        wish: Json = {"group_id": 1, "label": "tests", "max_uses": 1, "expires_at": until}
        secret = str((await self.ask("POST", "/api/batches", wish)).body["token"])
        where = {"HUTCH_HUB": self.url, "HUTCH_HUB_TOKEN": secret}
        device = DeviceProcess(data, {**where, **(environ or {})}, inside, prepared=True)
        try:
            await asyncio.to_thread(device.start)
            answer = await self.until(
                "/api/devices?state=online",
                lambda found: bool({str(one["id"]) for one in found.list("devices")} - before),
            )
            (device_id,) = {str(one["id"]) for one in answer.list("devices")} - before
            yield device, device_id
        finally:
            await asyncio.to_thread(device.close)


@asynccontextmanager
async def town(
    data: Path, environ: Mapping[str, str] | None = None, inside: Sequence[str] = (), host: str = "127.0.0.1"
) -> AsyncIterator[Town]:
    """A hub with an owner, running at this address of the machine."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        made = Town(data, http, environ or {}, inside, free_place(host))
        stack.push_async_callback(made.close)
        await made.start()
        await made.set_up()
        yield made
