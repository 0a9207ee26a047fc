"""A real hub behind a real server on loopback: real store, people, gate; nothing stands in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientResponse, ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from foundation.accounts.limits import GuessLimits
from foundation.accounts.passwords import HashCost, Passwords
from foundation.secrets_box import KEY_BYTES, SecretsBox
from foundation.setup_code import SetupCode
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from foundation.store.settings import SettingsTable
from hub.bootstrap import resolvers_of
from hub.config import HubSettings
from hub.fleet.service import make_fleet
from hub.nodes.commands.announcing import Announcing
from hub.nodes.commands.queue import StoredCommands
from hub.people.bearers import Bearers
from hub.people.oidc.logins import ExternalLogins
from hub.people.oidc.provider import Provider
from hub.people.oidc.types import ProviderSettings
from hub.people.service import People
from hub.people.types import Identity
from hub.rollouts.desk import RolloutDesk
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.people import audit
from hub.tunnel.keys import HubKey, Vouching
from hub.tunnel.proxy import DevicePages
from hub.tunnel.routes import DEVICE_PAGES
from hub.web.context import Hub
from hub.web.device_pages import PeopleAccess
from hub.web.server import make_app
from tests.doubles.ports import ScriptedPorts
from tests.doubles.targets import KeptMessages
from tests.postgres import Postgres
from tests.stores import hub_database_at, hub_file_in
from tests.unit.hub.enrolment.rig import Rig as EnrolmentRig

CHEAP: Final = HashCost(memory_kib=8, passes=1, lanes=1)
PASSWORD: Final = "correct horse battery"
HERE: Final = "192.0.2.1"


class Clocks:
    """The wall's time and the monotonic one, turned together."""

    def __init__(self) -> None:
        self.wall = datetime.now(UTC)
        self.monotonic = 1000.0

    def turn(self, **amount: float) -> None:
        delta = timedelta(**amount)
        self.wall += delta
        self.monotonic += delta.total_seconds()


@dataclass
class World:
    """The people of a hub, on a store of their own."""

    people: People
    store: Store
    setup_code: SetupCode
    clocks: Clocks
    folder: Path
    forgotten: list[int] = field(default_factory=list)

    def another_node(self) -> People:
        """The same people as another process sees them."""
        return make_people(self.store, self.setup_code, self.clocks)

    async def set_up(self, name: str = "ann", organisation: str = "Work") -> tuple[Identity, str]:
        """The first person, administrator and owner of the first organisation."""
        code = await asyncio.to_thread(self.setup_code.ensure)
        return await self.people.logins.complete_setup(code, name, PASSWORD, organisation, HERE)

    async def add(self, name: str, *, administrator: bool = False) -> tuple[Identity, str]:
        """Somebody who is a member of nothing, logged in."""
        await self.people.accounts.add(name, PASSWORD, administrator=administrator)
        return await self.people.logins.log_in(name, PASSWORD, HERE)

    async def again(self, secret: str) -> Identity:
        """Who holds a secret now."""
        identity = await self.people.logins.authenticate(secret)
        assert identity is not None
        return identity


def make_people(store: Store, code: SetupCode, clocks: Clocks) -> People:
    def now() -> datetime:
        return clocks.wall

    def monotonic() -> float:
        return clocks.monotonic

    return People.of(
        store,
        code,
        passwords=Passwords(CHEAP),
        limits=GuessLimits(monotonic),
        bearers=Bearers(store, now, monotonic),
        now=now,
    )


@asynccontextmanager
async def world_at(url: str, folder: Path) -> AsyncIterator[World]:
    """The people in the store at ``url``."""
    store = await Store.open(url, HUB_SCHEMA)
    code, clocks = SetupCode(folder / "setup-code"), Clocks()
    people = make_people(store, code, clocks)
    world = World(people, store, code, clocks, folder)
    people.ground.bearers.on_forgotten(world.forgotten.append)
    try:
        yield world
        await people.close()
    finally:
        await store.close()


@pytest.fixture
def hub_file(tmp_path: Path) -> Path:
    """A store that holds nothing yet."""
    hub_file_in(tmp_path)
    return tmp_path / "hub.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def hub_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty hub's store, on each kind of database."""
    address: str = request.getfixturevalue(f"{request.param}_hub")
    return address


@pytest.fixture
async def world(hub_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The people of a fresh hub, on each kind of database."""
    async with world_at(hub_url, tmp_path) as made:
        yield made


@pytest.fixture
def sqlite_hub(hub_file: Path) -> str:
    """The address of an empty hub's store on SQLite."""
    return f"sqlite:///{hub_file}"


@pytest.fixture
def postgresql_hub(postgres: Postgres) -> str:
    """The address of an empty hub's store on PostgreSQL."""
    return hub_database_at(postgres)


@dataclass
class Rig:
    """A running hub."""

    hub: Hub
    world: World
    client: TestClient[web.Request, web.Application]
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The origin of the hub's own pages."""
        return str(self.client.make_url("/")).rstrip("/")

    async def as_(self, name: str | None, method: str, path: str, json: object = None) -> ClientResponse:
        """A request with somebody's bearer secret; None for a stranger."""
        headers = {} if name is None else {"Authorization": f"Bearer {self.secrets[name]}"}
        return await self.client.request(method, path, json=json, headers=headers)


@asynccontextmanager
async def running(world: World, settings: HubSettings, provider: ProviderSettings | None = None) -> AsyncIterator[Rig]:
    """A hub that answers on loopback while inside."""
    async with ClientSession() as http:
        external = None
        if provider is not None:
            client_of = Provider(provider, http, lambda: world.clocks.monotonic)
            external = ExternalLogins(world.people.ground, client_of)
        fleet = make_fleet(world.store, SecretsBox(bytes(KEY_BYTES)), node="test", sender=KeptMessages())
        rollouts = RolloutDesk(world.store, lambda step: None)
        enrolment = EnrolmentRig(world.store, 0, 0).enrolment
        ports = ScriptedPorts()
        hub = Hub(
            settings=settings,
            people=world.people,
            audit=AuditLog(world.store, audit),
            values=SettingsTable(world.store),
            fleet=fleet,
            rollouts=rollouts,
            enrolment=enrolment,
            queue=StoredCommands(
                world.store,
                SecretsBox(bytes(KEY_BYTES)),
                Announcing(world.store, lambda event: None),
                lambda device_id: None,
            ),
            ports=ports,
            name="hub-test",
            version="0.0.1",
            started_at=datetime.now(UTC),
            external_logins=external,
            resolvers=resolvers_of(world.people, enrolment, fleet, rollouts),
        )
        app = await asyncio.to_thread(make_app, hub)
        key = HubKey(Ed25519PrivateKey.generate())
        app[DEVICE_PAGES] = DevicePages(ports, PeopleAccess(), Vouching(key, lambda: "hub-test"))
        client = TestClient(TestServer(app), cookie_jar=DummyCookieJar())
        async with client:
            yield Rig(hub, world, client)
        await enrolment.close()


@pytest.fixture
async def rig(sqlite_hub: str, tmp_path: Path) -> AsyncIterator[Rig]:
    """A running hub that nobody has set up."""
    async with world_at(sqlite_hub, tmp_path) as world, running(world, HubSettings(data=tmp_path)) as made:
        yield made
