"""Tokens for programs: scoped to groups, capped by a role, never more than their person may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foundation.accounts.rules import plain_label
from hub.people import directory, token_rows
from hub.people.ground import Ground
from hub.people.places import group
from hub.people.roles import Role
from hub.people.types import Identity, Token
from protocol.problems import Problem, ProblemCode

MAX_GROUPS = 100
"""Of one token."""


@dataclass(frozen=True, slots=True)
class TokenWish:
    """What a token shall be. ``group_ids`` None means all that its person may."""

    label: str
    expires_at: datetime | None = None
    role: Role | None = None
    group_ids: frozenset[int] | None = None


class Tokens:
    """Makes, lists and revokes tokens."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def create(self, identity: Identity, wish: TokenWish) -> tuple[Token, str]:
        """A token for a program, and its secret, which is shown this once.

        Problems: FORBIDDEN for a program that asks, INVALID_REQUEST, NOT_FOUND for a group one has no role in,
        TOO_MANY.
        """
        refuse_programs(identity)
        if wish.expires_at is not None and (wish.expires_at.tzinfo is None or wish.expires_at <= self._ground.now()):
            raise Problem(ProblemCode.INVALID_REQUEST, "A token's end lies in the future.", {"field": "expires_at"})
        if wish.group_ids is not None and not 0 < len(wish.group_ids) <= MAX_GROUPS:
            raise Problem(
                ProblemCode.INVALID_REQUEST,
                f"A token is for 1 to {MAX_GROUPS} groups, or leave the groups out for all of yours.",
                {"field": "group_ids"},
            )
        async with self._ground.store.begin() as connection:
            for number in sorted(wish.group_ids or ()):
                found = await group(connection, number)
                if found is None or identity.grants.role_for(found.id, found.organisation_id) is None:
                    raise Problem(ProblemCode.NOT_FOUND, "There is no such group. Reload the list of groups.")
            owner = await directory.person(connection, identity.person.id)
            return await self._ground.bearers.make_token(
                connection,
                owner,
                label=plain_label(wish.label),
                expires_at=wish.expires_at,
                role=wish.role,
                group_ids=wish.group_ids,
            )

    async def listed(self, person_id: int | None) -> list[Token]:
        """The tokens of a person, or of everybody, newest first."""
        return await self._ground.bearers.listed(person_id)

    async def revoke(self, token_id: int, person_id: int | None) -> Token:
        """End a token (of this person's, unless None). Its sockets are closed. Problems: NOT_FOUND."""
        async with self._ground.change() as change:
            token = await token_rows.token(change.connection, token_id)
            if person_id is not None and token.person_id != person_id:
                raise Problem(ProblemCode.NOT_FOUND, "There is no such token. Reload the list of tokens.")
            await token_rows.remove(change.connection, [token_id])
            change.forgotten.add(token_id)
        return token


def refuse_programs(identity: Identity) -> None:
    """Raise :class:`Problem` FORBIDDEN for an API token: what it cannot do it must not be able to hand itself."""
    if identity.token.kind != "login":
        raise Problem(ProblemCode.FORBIDDEN, "A program's token may not do this. Log in yourself.")
