"""A real hub's web on loopback with real people, and devices with real keys at its door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from foundation.accounts.limits import GuessLimits
from foundation.accounts.passwords import HashCost, Passwords
from foundation.secrets_box import KEY_BYTES, SecretsBox
from foundation.setup_code import SetupCode
from foundation.store.database import Store
from foundation.store.settings import SettingsTable
from hub.config import HubSettings
from hub.fleet.service import make_fleet
from hub.nodes.commands.announcing import Announcing
from hub.nodes.commands.queue import StoredCommands
from hub.people import memberships
from hub.people.roles import Role
from hub.people.service import People
from hub.people.types import Identity
from hub.rollouts.desk import RolloutDesk
from hub.web.context import Hub
from hub.web.security.alert_scopes import AlertScope, TargetScope
from hub.web.security.devices import BatchScope, DeviceScope
from hub.web.server import make_app
from tests.doubles.ports import ScriptedPorts
from tests.doubles.targets import KeptMessages
from tests.unit.hub.enrolment.rig import Rig as EnrolmentRig

PASSWORD: Final = "correct horse battery"
CHEAP: Final = HashCost(memory_kib=8, passes=1, lanes=1)


@dataclass(frozen=True)
class Answered:
    """An answer, read to its end."""

    status: int
    json: Any

    @property
    def code(self) -> str | None:
        """The problem's code."""
        return self.json["error"]["code"] if isinstance(self.json, dict) and "error" in self.json else None


@dataclass
class HubRig:
    """A running hub: ``anna`` owns the organisation, ``olga`` operates and ``vera`` views its group, ``otto`` owns
    another organisation, ``nina`` has no role at all."""

    hub: Hub
    doors: EnrolmentRig
    client: TestClient[web.Request, web.Application]
    group: int
    second_group: int
    other_group: int
    ports: ScriptedPorts
    sent: KeptMessages
    secrets: dict[str, str] = field(default_factory=dict)

    async def call(self, who: str | None, method: str, path: str, json: object = None) -> Answered:
        """Send a request with somebody's bearer secret; None for nobody's."""
        headers = {"Authorization": f"Bearer {self.secrets[who]}"} if who else {}
        async with self.client.request(method, path, json=json, headers=headers) as response:
            is_json = response.content_type == "application/json"
            return Answered(response.status, await response.json() if is_json else None)


@asynccontextmanager
async def running_hub(store: Store, root: Path) -> AsyncIterator[HubRig]:
    """A hub over an empty store."""
    setup = SetupCode(root / "setup-code")
    code = await asyncio.to_thread(setup.ensure)
    people = People.of(store, setup, passwords=Passwords(CHEAP), limits=GuessLimits())
    identity, anna = await people.logins.complete_setup(code, "anna", PASSWORD, "home", "127.0.0.1")
    group, second, other = await _groups(people, identity)
    secrets = {"anna": anna}
    for name in ("olga", "vera", "otto", "nina"):
        _, secrets[name] = await people.logins.log_in(name, PASSWORD, "127.0.0.1")
    doors = EnrolmentRig(store, group, other)
    sent, ports = KeptMessages(), ScriptedPorts()
    fleet = make_fleet(store, SecretsBox(bytes(KEY_BYTES)), node="test", sender=sent)
    hub = Hub(
        settings=HubSettings(data=root),
        people=people,
        enrolment=doors.enrolment,
        audit=doors.audit,
        values=SettingsTable(store),
        fleet=fleet,
        rollouts=RolloutDesk(store, lambda step: None),
        ports=ports,
        queue=StoredCommands(
            store, SecretsBox(bytes(KEY_BYTES)), Announcing(store, fleet.announcer.publish), lambda _device: None
        ),
        name="hub-test",
        version="0.0.1",
        started_at=datetime.now(UTC),
        resolvers=(
            DeviceScope(doors.devices),
            BatchScope(doors.batches, people.organisations),
            AlertScope(fleet.alerts),
            TargetScope(fleet.targets),
        ),
    )
    app = await asyncio.to_thread(make_app, hub)
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
        yield HubRig(hub, doors, client, group, second, other, ports, sent, secrets)
    await doors.enrolment.close()
    await people.close()


async def _groups(people: People, anna: Identity) -> tuple[int, int, int]:
    """The group of those with a role in it, another of the same organisation, and one of another organisation."""
    members = {name: await people.accounts.add(name, PASSWORD) for name in ("olga", "vera", "otto", "nina")}
    [home] = await people.organisations.seen(anna.grants)
    group = await people.organisations.add_group(home.id, "pis")
    second = await people.organisations.add_group(home.id, "more pis")
    async with people.ground.change() as change:
        for name, role in (("olga", Role.OPERATOR), ("vera", Role.VIEWER)):
            await memberships.put(change.connection, members[name].id, home.id, group.id, role)
    work = await people.organisations.add("work", members["otto"].id)
    theirs = await people.organisations.add_group(work.id, "theirs")
    return group.id, second.id, theirs.id
