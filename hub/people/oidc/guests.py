"""Which account belongs to somebody whom the provider vouches for."""

from __future__ import annotations

import re
from datetime import datetime

from foundation.store.light import AsyncConnection
from hub.people import directory, invitations
from hub.people.oidc.types import Claims, ProviderSettings
from hub.people.rules import plain_email
from hub.people.types import Invitation, Person
from protocol.problems import Problem, ProblemCode

_MAX_NAME = 32
_TRIES = 1000


async def person_for(connection: AsyncConnection, claims: Claims, provider: ProviderSettings, now: datetime) -> Person:
    """The account of somebody; made for those who were invited, or whose domain may come in by itself.

    A person is known by the provider's subject, which never changes; by a verified e-mail address only the first time.
    Invitations to that address are theirs. Raises :class:`Problem` FORBIDDEN for somebody nobody invited.
    """
    email = plain_email(claims.email) if claims.email and claims.email_verified else None
    invited = await invitations.open_for(connection, email, now) if email else []
    person = await directory.by_external_login(connection, provider.issuer, claims.sub)
    if person is None:
        person = await _first_time(connection, claims, email=email, invited=invited, provider=provider, now=now)
        await directory.link(connection, person.id, provider.issuer, claims.sub, now)
    for invitation in invited:
        await invitations.take(connection, invitation)
        await invitations.join(connection, invitation, person.id)
    return person


async def _first_time(
    connection: AsyncConnection,
    claims: Claims,
    *,
    email: str | None,
    invited: list[Invitation],
    provider: ProviderSettings,
    now: datetime,
) -> Person:
    if email is None:
        raise Problem(
            ProblemCode.FORBIDDEN,
            "The provider has not verified your e-mail address. Verify it there, or log in with a password.",
        )
    known = await directory.by_email(connection, email)
    if known is not None:
        if await directory.has_external_login(connection, known.id, provider.issuer):
            raise Problem(
                ProblemCode.FORBIDDEN,
                "This e-mail address belongs to another login of the provider. Ask an administrator.",
            )
        return known
    domain = email.rpartition("@")[2]
    if not invited and domain not in provider.allowed_domains:
        raise Problem(
            ProblemCode.FORBIDDEN, "Nobody has invited this e-mail address. Ask an owner for an invitation to it."
        )
    wanted = invited[0].name if invited else claims.preferred_username or email.partition("@")[0]
    name = await _free_name(connection, wanted)
    return await directory.add_person(connection, name, None, now, email=email)


async def _free_name(connection: AsyncConnection, wanted: str) -> str:
    """A name nobody has, close to the wanted one."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", wanted.partition("@")[0].lower()).strip("-")[: _MAX_NAME - 5] or "person"
    for number in range(1, _TRIES):
        name = plain if number == 1 else f"{plain}-{number}"
        if not await directory.name_taken(connection, name):
            return name
    raise Problem(ProblemCode.NAME_TAKEN, "No name is free for this account. Ask an administrator to add you.")
