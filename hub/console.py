"""What is done to a hub's store from the console, with or without a running hub."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.actors import Actor
from foundation.setup_code import SetupCode
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from hub.config import HubSettings
from hub.people.roles import Role
from hub.people.rules import checked_title
from hub.people.service import People
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.people import audit

_CONSOLE = Actor(name="console", source="console")


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to be added."""

    name: str
    password: str
    administrator: bool = False
    """The first person is one in any case."""
    organisation: str | None = None
    """The name of an organisation to make them a member of; made where there is none, and then they own it."""
    role: str = Role.OWNER.value


async def add(settings: HubSettings, wish: NewPerson) -> str:
    """Add a person and say who they are. Raises :class:`Problem`, and has then added nobody."""
    organisation = None if wish.organisation is None else checked_title(wish.organisation, "organisation")
    store = await Store.open(settings.store_url, HUB_SCHEMA)
    try:
        people = People.of(store, SetupCode(settings.setup_code_path))
        # The first person closes the setup: without an administrator nobody could run the hub any more.
        administrator = wish.administrator or await people.logins.needs_setup()
        person = await people.accounts.add(wish.name, wish.password, administrator=administrator)
        role = Role(wish.role)
        if organisation is not None:
            role = await people.accounts.enlist(person.id, organisation, role)
        await AuditLog(store, audit).record(
            _CONSOLE,
            "person.add",
            person.name,
            details={"administrator": administrator, "organisation": organisation, "role": role.value},
        )
        await people.close()
        standing = "administrator" if administrator else "person"
        where = f", {role.value} of {organisation}" if organisation else ""
        return f"{person.name} ({standing}{where})"
    finally:
        await store.close()
