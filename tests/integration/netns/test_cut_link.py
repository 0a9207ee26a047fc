"""A device behind a wire that is cut: nobody is told, packets are just gone."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.device_process import DeviceProcess
from tests.integration.hub_days.terminal import WITHIN
from tests.integration.hub_days.town import Town, town
from tests.integration.netns.wire import Wire, wire

QUICK: Final = {"HUTCH_HUB_PING_SECONDS": "1"}
NOTICES: Final = {"HUTCH_HUB_SILENT_SECONDS": "2", "HUTCH_HUB_GRACE_SECONDS": "0"}
ESTABLISHED: Final = "01"
"""Of proc_pid_net(5)."""
PATIENT: Final = {"HUTCH_HUB_SILENT_SECONDS": "600"}


@dataclass
class Far:
    """A hub here, and a device at the far end of a wire."""

    wire: Wire
    town: Town
    device: DeviceProcess
    device_id: str
    session_id: str

    @property
    def work(self) -> Path:
        """The device's workspace, which both ends see: only the network is apart."""
        return self.device.data / "workspace"

    async def gave_up(self) -> None:
        """Wait until the device itself holds no connection any more."""
        async with asyncio.timeout(WITHIN):
            while await asyncio.to_thread(self._is_connected):
                pass

    def _is_connected(self) -> bool:
        table = Path(f"/proc/{self.device.pid}/net/tcp").read_text().splitlines()[1:]
        return any(line.split()[3] == ESTABLISHED for line in table)

    async def lines_of(self, name: str) -> list[str]:
        """The lines of a file in the workspace."""
        return (await asyncio.to_thread((self.work / name).read_text)).split()

    async def type(self, text: str) -> bool:
        """Type by request; whether the hub says that the device took it."""
        path = f"/api/devices/{self.device_id}/sessions/{self.session_id}/input"
        answer = await self.town.ask("POST", path, {"data": base64.b64encode(text.encode()).decode()})
        assert answer.status in (204, 503, 504), answer
        return answer.status == 204


@asynccontextmanager
async def far(folder: Path, hub: Mapping[str, str]) -> AsyncIterator[Far]:
    async with AsyncExitStack() as stack:
        line = await stack.enter_async_context(wire())
        made = await stack.enter_async_context(town(folder / "hub", hub, host=line.here))
        device, device_id = await stack.enter_async_context(made.device(folder / "device", QUICK, line.inside))
        yield Far(line, made, device, device_id, await made.session(device_id, "notes"))


async def test_a_viewer_stays_and_sees_the_right_screen_when_the_device_has_dialled_again(tmp_path: Path) -> None:
    async with far(tmp_path, PATIENT) as one, one.town.watching(one.device_id, one.session_id) as view:
        await view.type("until [ -e go ]; do sleep 0.05; done; echo af''terwards\r")
        await view.shows("done; echo")
        one.wire.weather.cut = True
        await asyncio.to_thread((one.work / "go").touch)
        await one.gave_up()
        assert b"afterwards" not in view.shown
        one.wire.weather.cut = False
        await view.shows("afterwards")
        await view.echoes("again")
        assert (view.closed, view.snapshots > 1) == (False, True)


@dataclass
class Typing:
    """Numbers typed one after the other into a session, by request."""

    far: Far
    typed: list[str] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)

    async def one(self) -> bool:
        """Whether the hub says that the device took the next one."""
        number = str(len(self.typed))
        self.typed.append(number)
        if await self.far.type(f"{number}\r"):
            self.acknowledged.add(number)
        return number in self.acknowledged


async def cut_until_offline(one: Far, typing: Typing) -> None:
    """Cut the wire while somebody looks and somebody types."""
    async with one.town.watching(one.device_id, one.session_id) as view:
        one.wire.weather.cut = True
        while await typing.one():
            pass  # until the first that is not acknowledged
        await one.town.until("/api/devices?state=offline", lambda found: bool(found.list("devices")))
        await view.until(lambda: view.closed)
        assert view.problems[-1] == "device_offline"
    refused = await one.town.ask("POST", f"/api/devices/{one.device_id}/commands", {"type": "agents.list"})
    assert (refused.status, refused.code) == (503, "device_offline")


async def test_a_device_is_offline_after_the_silence_comes_back_and_lost_nothing_acknowledged(
    tmp_path: Path,
) -> None:
    async with far(tmp_path, NOTICES) as one:
        typing = Typing(one)
        assert await one.type("exec cat > typed\r")
        for _ in range(10):
            assert await typing.one()
        await cut_until_offline(one, typing)
        one.wire.weather.cut = False
        await one.town.online(one.device_id)
        async with asyncio.timeout(WITHIN):
            while not await typing.one():
                pass
        async with one.town.watching(one.device_id, one.session_id) as view:
            await view.shows(typing.typed[-1])
        async with asyncio.timeout(WITHIN):
            while (lines := await one.lines_of("typed"))[-1] != typing.typed[-1]:
                pass
    assert typing.acknowledged <= set(lines) <= set(typing.typed)
    assert lines == sorted(set(lines), key=int)
