"""Invitations: a link that works once, for one day, and makes somebody a member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Row

from foundation.accounts.passwords import Passwords
from foundation.accounts.rules import checked_name, checked_password
from foundation.accounts.secrets import digest, digest_of, new_secret
from foundation.store.light import AsyncConnection
from hub.people import directory, memberships, places
from hub.people.ground import Ground
from hub.people.roles import Role, most
from hub.people.rules import checked_email
from hub.people.types import Identity, Invitation, Member
from hub.store.tables.people import invitations
from protocol.problems import Problem, ProblemCode

LIFETIME = timedelta(hours=24)
MAX_OPEN = 500
"""Of one organisation."""
_COLUMNS = [column for column in invitations.c if column.name != "secret_sha256"]
_Row = Row[*tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who shall be invited."""

    name: str
    role: Role
    group_id: int | None = None
    """The one group they are invited to; None for the whole organisation."""
    email: str | None = None
    """Where somebody with this verified address logs in with OpenID Connect, the invitation is theirs."""


class Invitations:
    """Makes, lists, withdraws and accepts invitations."""

    def __init__(self, ground: Ground, passwords: Passwords) -> None:
        self._ground = ground
        self._passwords = passwords

    async def create(self, organisation_id: int, guest: Guest, invited_by: str) -> tuple[Invitation, str]:
        """An invitation, and the secret of its link, which is shown this once.

        Problems: INVALID_REQUEST, NOT_FOUND for a group of another organisation, TOO_MANY.
        """
        now, secret = self._ground.now(), new_secret()
        values = {
            "organisation_id": organisation_id,
            "group_id": guest.group_id,
            "role": guest.role.value,
            "name": checked_name(guest.name),
            "email": None if guest.email is None else checked_email(guest.email),
            "secret_sha256": digest_of(secret),
            "invited_by": invited_by,
            "created_at": now,
            "expires_at": now + LIFETIME,
        }
        async with self._ground.store.begin() as connection:
            await connection.execute(sa.delete(invitations).where(invitations.c.expires_at <= now))
            if guest.group_id is not None:
                await places.group_of(connection, guest.group_id, organisation_id)
            if len(await _open(connection, now, invitations.c.organisation_id == organisation_id)) >= MAX_OPEN:
                raise Problem(ProblemCode.TOO_MANY, f"{MAX_OPEN} invitations are open. Withdraw some first.")
            made = await connection.execute(sa.insert(invitations).values(values).returning(invitations.c.id))
            [invitation] = await _open(connection, now, invitations.c.id == made.scalar_one())
        return invitation, secret

    async def open(self, organisation_id: int) -> list[Invitation]:
        """The invitations of an organisation that can still be accepted, newest first."""
        async with self._ground.store.read() as connection:
            return await _open(connection, self._ground.now(), invitations.c.organisation_id == organisation_id)

    async def withdraw(self, organisation_id: int, invitation_id: int) -> None:
        """Make an invitation worthless. Problems: NOT_FOUND."""
        same = (invitations.c.id == invitation_id) & (invitations.c.organisation_id == organisation_id)
        async with self._ground.store.begin() as connection:
            gone = await connection.execute(sa.delete(invitations).where(same))
        if not gone.rowcount:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such invitation. It may have been accepted already.")

    async def look(self, secret: str) -> Invitation:
        """What an invitation's link is for. Problems: NOT_FOUND."""
        async with self._ground.store.read() as connection:
            return await self._of(connection, secret)

    async def accept(self, secret: str, name: str | None, password: str) -> tuple[Identity, str, Invitation]:
        """Make an account for somebody who was invited, and log them in. ``name`` None takes the invitation's.

        Problems: NOT_FOUND for a link that is used or over, INVALID_REQUEST, NAME_TAKEN, CONFLICT.
        """
        await self.look(secret)
        hashed = await self._passwords.hash(checked_password(password))
        async with self._ground.change() as change:
            invitation = await self._of(change.connection, secret)
            await take(change.connection, invitation)
            # Without the e-mail address: who has the link has not shown that the address is theirs.
            plain = checked_name(name or invitation.name)
            person = await directory.add_person(change.connection, plain, hashed, self._ground.now())
            await join(change.connection, invitation, person.id)
            identity, token, _ = await self._ground.bearers.log_in(change.connection, person, "invitation")
        return identity, token, invitation

    async def join(self, secret: str, identity: Identity) -> Member:
        """Make somebody who has an account a member. Problems: NOT_FOUND for a link that is used or over."""
        async with self._ground.change() as change:
            invitation = await self._of(change.connection, secret)
            await take(change.connection, invitation)
            role = await join(change.connection, invitation, identity.person.id)
            await change.touch([identity.person.id])
        person = identity.person
        return Member(person.id, person.name, invitation.organisation_id, invitation.group_id, role)

    async def _of(self, connection: AsyncConnection, secret: str) -> Invitation:
        known_as = digest(secret)
        now: datetime = self._ground.now()
        found = [] if known_as is None else await _open(connection, now, invitations.c.secret_sha256 == known_as)
        if not found:
            raise _used()
        return found[0]


async def open_for(connection: AsyncConnection, email: str, now: datetime) -> list[Invitation]:
    """The open invitations that were sent to an e-mail address (in lower case)."""
    return await _open(connection, now, invitations.c.email == email)


async def take(connection: AsyncConnection, invitation: Invitation) -> None:
    """Use an invitation up. Raises :class:`Problem` NOT_FOUND where somebody else just has."""
    gone = await connection.execute(sa.delete(invitations).where(invitations.c.id == invitation.id))
    if not gone.rowcount:
        raise _used()


async def join(connection: AsyncConnection, invitation: Invitation, person_id: int) -> Role:
    """Make a person a member as an invitation says; a greater role they have there already stays."""
    grants = await memberships.grants_of(connection, person_id, administrator=False)
    if invitation.group_id is None:
        held = grants.organisations.get(invitation.organisation_id)
    else:
        held = grants.role_for(invitation.group_id, invitation.organisation_id)
    role = most(held, invitation.role) or invitation.role
    if held is None or role is not held:
        await memberships.put(connection, person_id, invitation.organisation_id, invitation.group_id, role)
    return role


async def _open(connection: AsyncConnection, now: datetime, wanted: sa.ColumnElement[bool]) -> list[Invitation]:
    query = sa.select(*_COLUMNS).where(wanted, invitations.c.expires_at > now).order_by(invitations.c.id.desc())
    return [_invitation(row) for row in await connection.execute(query)]


def _invitation(row: _Row) -> Invitation:
    return Invitation(
        id=row.id,
        organisation_id=row.organisation_id,
        group_id=row.group_id,
        role=Role(row.role),
        name=row.name,
        email=row.email,
        invited_by=row.invited_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _used() -> Problem:
    return Problem(
        ProblemCode.NOT_FOUND, "This invitation was used, withdrawn or is over. Ask whoever sent it for a new one."
    )
