"""Accounts on a real store, with cheap hashes and clocks that a test turns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from foundation.accounts.limits import GuessLimits
from foundation.accounts.passwords import HashCost, Passwords
from foundation.setup_code import SetupCode
from foundation.store.database import Store
from gateway.accounts.accounts import Accounts
from gateway.accounts.bearers import Bearers
from gateway.accounts.types import Identity, Role
from gateway.events.types import DeviceBus, PeopleChanged

CHEAP = HashCost(memory_kib=8, passes=1, lanes=1)
PASSWORD = "correct horse battery"
HERE = "192.0.2.1"


class Clocks:
    """The wall's time and the monotonic one, turned together."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.monotonic = 1000.0

    def turn(self, **amount: float) -> None:
        delta = timedelta(**amount)
        self.wall += delta
        self.monotonic += delta.total_seconds()


@dataclass
class Device:
    """Everything a test of accounts looks at."""

    accounts: Accounts
    bus: DeviceBus
    store: Store
    code: SetupCode
    clocks: Clocks
    revoked: list[int] = field(default_factory=list)

    def told(self) -> list[tuple[str, str]]:
        events = [published.event for published in self.bus._history]
        return [(event.name, event.action) for event in events if isinstance(event, PeopleChanged)]

    def again(self) -> Accounts:
        """The accounts as another process, or a restarted one, sees them."""
        return make_accounts(self.store, self.bus, self.code, self.clocks)


def make_accounts(store: Store, bus: DeviceBus, code: SetupCode, clocks: Clocks) -> Accounts:
    def now() -> datetime:
        return clocks.wall

    def monotonic() -> float:
        return clocks.monotonic

    return Accounts(
        store,
        bus,
        code,
        passwords=Passwords(CHEAP),
        limits=GuessLimits(monotonic),
        bearers=Bearers(store, now, monotonic),
        now=now,
    )


@pytest.fixture
async def fresh(store: Store, tmp_path: Path) -> AsyncIterator[Device]:
    """A device nobody has set up."""
    bus, code, clocks = DeviceBus(), SetupCode(tmp_path / "setup_code"), Clocks()
    accounts = make_accounts(store, bus, code, clocks)
    device = Device(accounts, bus, store, code, clocks)
    accounts.on_revoked(device.revoked.append)
    yield device
    await accounts.close()


@pytest.fixture
async def device(fresh: Device) -> Device:
    """A device with the admin ann."""
    await fresh.accounts.add_person("ann", PASSWORD, Role.ADMIN)
    return fresh


@pytest.fixture
async def ann(device: Device) -> tuple[Identity, str]:
    """A login of ann's."""
    return await device.accounts.log_in("ann", PASSWORD, HERE, "laptop")
