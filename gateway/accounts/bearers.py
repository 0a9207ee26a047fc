"""Logins and API tokens of a device as they are made, shown and revoked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from time import monotonic

from foundation.accounts.holders import LOGIN_LONGEST, Holders, Now, utc_now
from foundation.accounts.secrets import csrf_of, digest_of, new_secret
from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from gateway.accounts import directory
from gateway.accounts.directory import Kind
from gateway.accounts.types import Identity, Person, Token
from protocol.problems import Problem, ProblemCode

MAX_OF_A_KIND = {"login": 50, "api": 100}
"""Tokens of one person: the oldest login makes room for a new one, an API token has to be revoked by somebody."""


class _Rows:
    """What :class:`Holders` asks of the store."""

    async def holder(self, connection: AsyncConnection, secret_sha256: str, secret: str) -> Identity | None:
        found = await directory.holder(connection, secret_sha256)
        return None if found is None else Identity(*found, csrf_of(secret))

    async def note_uses(self, connection: AsyncConnection, uses: Mapping[int, datetime]) -> None:
        await directory.note_uses(connection, uses)

    async def over(self, connection: AsyncConnection, now: datetime, idle_since: datetime) -> list[int]:
        return await directory.tokens_over(connection, now, idle_since)

    async def remove(self, connection: AsyncConnection, token_ids: Iterable[int]) -> None:
        await directory.remove_tokens(connection, token_ids)


class Bearers:
    """The tokens of a device. Revoking calls back with the ids, so that sockets of theirs are closed."""

    def __init__(self, store: Store, now: Now = utc_now, clock: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._now = now
        self._holders = Holders(store, _Rows(), now, clock)

    async def make(
        self, connection: AsyncConnection, owner: Person, kind: Kind, label: str, expires_at: datetime | None = None
    ) -> tuple[Token, str, list[int]]:
        """A token, its secret, and the ids of old logins that made room (to be :meth:`forgotten <forget>`)."""
        room = await self._make_room(connection, owner, kind)
        now = self._now()
        secret = new_secret()
        expiry = now + LOGIN_LONGEST if kind == "login" else expires_at
        known_as = digest_of(secret)
        token = await directory.add_token(
            connection, owner, kind=kind, label=label, secret_sha256=known_as, now=now, expires_at=expiry
        )
        return token, secret, room

    async def holder(self, secret: str) -> Identity | None:
        """Who shows this secret; None where nobody (any more) does."""
        return await self._holders.holder(secret)

    async def listed(self, person_id: int | None) -> list[Token]:
        """The tokens of a person, or of everybody, with the uses that are not written yet."""
        async with self._store.read() as connection:
            found = await directory.tokens_of(connection, person_id)
        current = [replace(token, last_used_at=self._holders.last_use(token)) for token in found]
        return [token for token in current if not self._holders.is_over(token)]

    def forget(self, token_ids: Iterable[int]) -> None:
        """These tokens are gone or mean something else now (their rows are changed): tell everybody who asked."""
        self._holders.forget(token_ids)

    def on_revoked(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Be told the id of every token that stops being what it was; the answer ends that."""
        return self._holders.on_forgotten(callback)

    async def sweep(self) -> None:
        """Write when tokens were used, and remove those that are over. Raises :class:`Problem`."""
        await self._holders.sweep()

    async def _make_room(self, connection: AsyncConnection, owner: Person, kind: Kind) -> list[int]:
        held = await directory.tokens_of(connection, owner.id, kind)
        if len(held) < MAX_OF_A_KIND[kind]:
            return []
        if kind == "api":
            raise Problem(
                ProblemCode.TOO_MANY, f"A person holds at most {MAX_OF_A_KIND[kind]} tokens. Revoke one first."
            )
        oldest = [token.id for token in held[MAX_OF_A_KIND[kind] - 1 :]]
        await directory.remove_tokens(connection, oldest)
        return oldest
