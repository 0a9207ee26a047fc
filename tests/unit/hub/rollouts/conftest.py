"""A store with a group of devices, and a hub that reaches them by script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.ports import Stream, ViewerName, Watch
from hub.rollouts.book import RolloutBook, Step
from hub.rollouts.desk import RolloutDesk
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.devices import devices
from hub.store.tables.people import groups, organisations
from protocol.commands import AnyCommand, GatewayUpdate
from protocol.events import GatewayUpdated, GatewayUpdateFailed
from protocol.limits import ANSWER_WITHIN
from protocol.link import Answered
from protocol.problems import Problem, ProblemCode
from tests.stores import hub_file_in

START = datetime(2026, 11, 21, 8, tzinfo=UTC)


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Fleet:
    """Devices as the rest of the hub reaches them. ``answers`` says what an update comes to: None is no answer."""

    def __init__(self) -> None:
        self.offline: set[str] = set()
        self.running: dict[str, str] = {}
        self.answers: dict[str, str | Problem] = {}
        self.told: list[tuple[str, str]] = []
        self.asked = asyncio.Event()

    def of(self, device_id: str) -> ScriptedPort:
        return ScriptedPort(device_id, self)

    def online(self, device_id: str) -> bool:
        return device_id not in self.offline

    async def versions(self, connection: AsyncConnection, device_ids: Sequence[str]) -> Mapping[str, str]:
        return {device_id: self.running[device_id] for device_id in device_ids if device_id in self.running}


class ScriptedPort:
    """One device of the fleet."""

    def __init__(self, device_id: str, fleet: Fleet) -> None:
        self._device_id = device_id
        self._fleet = fleet

    @property
    def device_id(self) -> str:
        return self._device_id

    async def call(self, command: AnyCommand, *, within: float = ANSWER_WITHIN) -> Answered:
        assert isinstance(command, GatewayUpdate)
        assert within > 0
        answer = self._fleet.answers.get(self.device_id, "")
        if isinstance(answer, Problem) and not answer.details.get("sent"):
            self._fleet.asked.set()
            raise answer
        self._fleet.told.append((self.device_id, command.request_id))
        self._fleet.asked.set()
        if isinstance(answer, Problem):
            raise answer
        if answer:
            failed = GatewayUpdateFailed(request_id=command.request_id, error=answer)
            return Answered(command, ok=False, error=answer, events=(failed,))
        updated = GatewayUpdated(request_id=command.request_id, version=command.version)
        return Answered(command, ok=True, error=None, events=(updated,))

    def watch(self, session_id: str, viewer: ViewerName) -> AbstractAsyncContextManager[Watch]:
        raise AssertionError("a rollout watches no session")

    async def open_stream(self) -> Stream:
        raise AssertionError("a rollout opens no stream")


def offline(*, sent: bool) -> Problem:
    """What a port says of a device whose socket is gone."""
    return Problem(ProblemCode.DEVICE_OFFLINE, "The device is not connected.", {"sent": sent})


@pytest.fixture
def clock() -> Clock:
    """A time that stands still until a test moves it."""
    return Clock()


@pytest.fixture
def fleet() -> Fleet:
    """Every device online and willing."""
    return Fleet()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """The hub's store with one organisation, its group 1 with the devices d0 to d9, and an empty group 2."""
    opened = await Store.open(await asyncio.to_thread(hub_file_in, tmp_path), HUB_SCHEMA)
    async with opened.begin() as connection:
        await connection.execute(sa.insert(organisations).values(id=1, name="Home", created_at=START))
        for group_id, name in ((1, "Attic"), (2, "Cellar")):
            row = {"id": group_id, "organisation_id": 1, "name": name, "created_at": START}
            await connection.execute(sa.insert(groups).values(row))
    for number in range(10):
        await add_device(opened, f"d{number}")
    yield opened
    await opened.close()


async def add_device(store: Store, device_id: str, group_id: int = 1) -> None:
    """One more device."""
    async with store.begin() as connection:
        await connection.execute(
            sa.insert(devices).values(
                id=device_id,
                organisation_id=1,
                group_id=group_id,
                name=device_id.upper(),
                state="active",
                created_at=START,
                claimed_by="ada",
            )
        )


@pytest.fixture
def told() -> list[Step]:
    """What the rest of the hub was told."""
    return []


@pytest.fixture
def book(store: Store, fleet: Fleet, clock: Clock) -> RolloutBook:
    """The book of one node."""
    return RolloutBook(store, fleet, fleet, clock)


@pytest.fixture
def desk(store: Store, clock: Clock, told: list[Step]) -> RolloutDesk:
    """Where people move rollouts."""
    return RolloutDesk(store, told.append, clock)
