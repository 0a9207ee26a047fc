"""``hutch user …``: people from the command line, with or without a running daemon."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys

from appliance.config import Settings
from appliance.layout import Layout
from foundation.actors import Actor
from gateway.accounts.types import Person, Role
from protocol.problems import Problem, ProblemCode

_LONGEST_PASSWORD = 1024


def add(options: argparse.Namespace, settings: Settings) -> int:
    """Add a person to the store."""
    password = asked_password(options.password_stdin)
    layout = Layout.of(settings)
    layout.prepare()
    person = asyncio.run(_add(layout, options.name, password, Role(options.role)))
    print(f"Added {person.name} ({person.role}).")
    return 0


async def _add(layout: Layout, name: str, password: str, role: Role) -> Person:
    # Loaded here: the other commands do without the store.
    from foundation.setup_code import SetupCode
    from foundation.store.audit import AuditLog
    from foundation.store.database import Store
    from gateway.accounts.accounts import Accounts
    from gateway.events.types import DeviceBus
    from gateway.store import tables
    from gateway.store.schema import DEVICE_SCHEMA

    store = await Store.open(layout.database_url, DEVICE_SCHEMA)
    try:
        person = await Accounts(store, DeviceBus(), SetupCode(layout.setup_code)).add_person(name, password, role)
        actor = Actor(name="console", source="console")
        await AuditLog(store, tables.audit).record(
            actor, "person.add", person.name, details={"role": person.role.value}
        )
        return person
    finally:
        await store.close()


def asked_password(from_stdin: bool) -> str:
    """A new password, from standard input or asked for twice. Raises :class:`Problem` where the two differ."""
    if from_stdin:
        return sys.stdin.readline(_LONGEST_PASSWORD + 2).rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise Problem(ProblemCode.INVALID_REQUEST, "The two passwords differ. Try again.")
    return password
