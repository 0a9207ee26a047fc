from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientResponse

from foundation.web.streams import events as event_stream
from gateway.accounts.types import Role
from gateway.events.types import FileChanged, PeopleChanged
from gateway.sessions.types import SessionInfo
from tests.integration.webui.rig import Rig
from webui.meters import METERS


@dataclass
class Block:
    """One block of the stream."""

    fields: dict[str, str] = field(default_factory=dict)
    comment: str | None = None

    @property
    def path(self) -> str:
        """The file an event is about."""
        return str(json.loads(self.fields["data"])["path"])


class Reader:
    """Reads the stream block by block."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response

    async def next(self) -> Block | None:
        """The next block; None at the end."""
        block = Block()
        while line := await asyncio.wait_for(self.response.content.readline(), 10):
            text = line.decode().rstrip("\n")
            if not text:
                return block
            name, _, value = text.partition(":")
            if name:
                block.fields[name] = value.strip()
            else:
                block.comment = value.strip()
        return None


@asynccontextmanager
async def stream(rig: Rig, role: Role = Role.VIEWER, place: str | None = None) -> AsyncIterator[Reader]:
    headers = {**rig.bearer(role), **({"Last-Event-ID": place} if place else {})}
    async with rig.client.get("/api/events", headers=headers) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        yield Reader(response)


def write_file(rig: Rig, name: str) -> None:
    rig.device.bus.publish(FileChanged(path=name, action="uploaded"))


async def test_events_come_as_they_happen(rig: Rig) -> None:
    async with stream(rig) as reader:
        first = await reader.next()
        assert first is not None
        assert first.fields == {"retry": "3000", "id": f"{rig.device.bus.boot}-{rig.device.bus.last_id}"}
        write_file(rig, "a")
        block = await reader.next()
        assert block is not None
        assert block.path == "a"
        assert block.fields["id"] == f"{rig.device.bus.boot}-{rig.device.bus.last_id}"


async def test_a_reader_goes_on_where_it_was_cut_off(rig: Rig) -> None:
    async with stream(rig) as reader:
        await reader.next()
        write_file(rig, "a")
        seen = await reader.next()
    write_file(rig, "b")
    write_file(rig, "c")
    assert seen is not None
    async with stream(rig, place=seen.fields["id"]) as reader:
        await reader.next()
        blocks = [await reader.next(), await reader.next()]
    assert [block.path for block in blocks if block] == ["b", "c"]
    async with rig.client.get(f"/api/events?last_event_id={seen.fields['id']}", headers=rig.bearer()) as response:
        again = Reader(response)
        await again.next()
        block = await again.next()
        assert block is not None
        assert block.path == "b"


@pytest.mark.parametrize("place", ["other-1", "{boot}-99999", "rubbish", "{boot}-0", "{boot}-" + "9" * 18])
async def test_a_lost_place_is_answered_by_a_reset(rig: Rig, place: str) -> None:
    for number in range(150):
        write_file(rig, str(number))
    async with stream(rig, place=place.format(boot=rig.device.bus.boot)) as reader:
        first = await reader.next()
        assert first is not None
        assert first.fields["event"] == "reset"
        write_file(rig, "after")
        block = await reader.next()
        assert block is not None
        assert block.path == "after"


async def test_a_reader_that_falls_behind_is_cut_off_with_a_reset(rig: Rig) -> None:
    async with stream(rig) as reader:
        await reader.next()
        for number in range(200):
            write_file(rig, str(number))
        blocks = []
        while (block := await reader.next()) is not None:
            blocks.append(block)
        assert blocks[-1].fields["event"] == "reset"


async def test_events_about_people_are_for_admins(rig: Rig) -> None:
    async with stream(rig, Role.VIEWER) as viewer, stream(rig, Role.ADMIN) as admin:
        await viewer.next()
        await admin.next()
        rig.device.bus.publish(PeopleChanged(name="otto", action="added"))
        write_file(rig, "a")
        seen, told = await viewer.next(), await admin.next()
        assert seen is not None
        assert told is not None
        assert seen.path == "a"
        assert json.loads(told.fields["data"])["type"] == "people.changed"


async def test_silence_is_broken_by_comments(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "KEEP_ALIVE", 0.05)
    async with stream(rig) as reader:
        await reader.next()
        block = await reader.next()
        assert block is not None
        assert block.comment == "still here"


async def test_the_stream_ends_with_the_login(rig: Rig) -> None:
    async with stream(rig) as reader:
        await reader.next()
        await rig.device.accounts.log_out(rig.identities[Role.VIEWER])
        assert await reader.next() is None
    meters = rig.client.app
    assert meters is not None
    assert meters[METERS].event_streams == 0


async def test_the_stream_ends_when_the_device_stops(rig: Rig) -> None:
    async with stream(rig) as reader:
        await reader.next()
        await rig.client.server.close()
        assert await reader.next() is None


async def test_a_login_has_a_bounded_number_of_streams(rig: Rig) -> None:
    opened = []
    try:
        for _ in range(64):
            response = await rig.client.get("/api/events", headers=rig.bearer())
            opened.append(response)
            assert response.status == 200
        assert (await rig.call("GET", "/api/events")).code == "too_many"
        assert (await rig.call("GET", "/api/auth/me")).status == 200
    finally:
        for response in opened:
            response.close()


async def test_a_reader_that_goes_away_is_no_error(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    async with stream(rig) as reader:
        await reader.next()
        app = rig.client.app
        assert app is not None
        # Both ends of loopback are on this loop: what is published before it turns is written to a closed connection.
        reader.response.close()
        rig.device.bus.publish(FileChanged(path="a", action="created"))
    await rig.client.server.close()
    assert app[METERS].event_streams == 0
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_page_says_from_where_its_scripts_go_on(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = rig.device.bus
    shown = rig.device.sessions.list

    def listed() -> list[SessionInfo]:
        # What happens while the page is being made.
        bus.publish(FileChanged(path="meanwhile", action="uploaded"))
        return shown()

    monkeypatch.setattr(rig.device.sessions, "list", listed)
    async with rig.client.get("/", headers={**rig.cookie(Role.VIEWER), "Accept": "text/html"}) as response:
        found = re.search(r'data-events="([^"]+)"', await response.text())
    assert found is not None
    async with stream(rig, place=found[1]) as reader:
        told = [await reader.next(), await reader.next()]
    assert "meanwhile" in [block.path for block in told if block is not None and "data" in block.fields]
