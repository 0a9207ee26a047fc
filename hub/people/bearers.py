"""Logins and API tokens as they are made, shown and revoked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from time import monotonic

from foundation.accounts.holders import LOGIN_LONGEST, Holders, Now, utc_now
from foundation.accounts.secrets import digest_of, new_secret
from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.people import token_rows
from hub.people.roles import Role
from hub.people.token_rows import TokenRows
from hub.people.types import Identity, Person, Token
from protocol.problems import Problem, ProblemCode

REMEMBERED_LOGINS = 10_000
"""Logins whose grants are remembered for some seconds; each takes about a kilobyte."""
MAX_LOGINS = 50
"""Of one person; the oldest makes room for a new one."""
MAX_TOKENS = 100
"""API tokens of one person; one has to be revoked by somebody."""


class Bearers:
    """The tokens of a hub. Whatever changes what a token may do ends in :meth:`forget`."""

    def __init__(self, store: Store, now: Now = utc_now, clock: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._now = now
        self._holders = Holders(store, TokenRows(), now, clock, REMEMBERED_LOGINS)
        self._tell_others: Callable[[tuple[int, ...]], None] | None = None

    async def log_in(self, connection: AsyncConnection, owner: Person, label: str) -> tuple[Identity, str, list[int]]:
        """A new login, its secret, and the numbers of old ones that made room (to be :meth:`forgotten <forget>`)."""
        held = await token_rows.tokens_of(connection, owner.id, "login")
        oldest = [token.id for token in held[MAX_LOGINS - 1 :]]
        await token_rows.remove(connection, oldest)
        now, secret = self._now(), new_secret()
        shown = await token_rows.add(
            connection,
            owner,
            kind="login",
            label=label,
            secret_sha256=digest_of(secret),
            now=now,
            expires_at=now + LOGIN_LONGEST,
        )
        return await token_rows.identity(connection, owner, shown, secret), secret, oldest

    async def make_token(
        self,
        connection: AsyncConnection,
        owner: Person,
        *,
        label: str,
        expires_at: datetime | None,
        role: Role | None,
        group_ids: frozenset[int] | None,
    ) -> tuple[Token, str]:
        """A new API token and its secret. Raises :class:`Problem` TOO_MANY."""
        if len(await token_rows.tokens_of(connection, owner.id, "api")) >= MAX_TOKENS:
            raise Problem(ProblemCode.TOO_MANY, f"A person holds at most {MAX_TOKENS} tokens. Revoke one first.")
        secret = new_secret()
        made = await token_rows.add(
            connection,
            owner,
            kind="api",
            label=label,
            secret_sha256=digest_of(secret),
            now=self._now(),
            expires_at=expires_at,
            role=role,
            group_ids=group_ids,
        )
        return made, secret

    async def holder(self, secret: str) -> Identity | None:
        """Who shows this secret; None where nobody (any more) does."""
        return await self._holders.holder(secret)

    async def listed(self, person_id: int | None) -> list[Token]:
        """The tokens of a person, or of everybody, newest first, with the uses that are not written yet."""
        async with self._store.read() as connection:
            found = await token_rows.tokens_of(connection, person_id)
        current = [replace(token, last_used_at=self._holders.last_use(token)) for token in found]
        return [token for token in current if not self._holders.is_over(token)]

    def forget(self, token_ids: Iterable[int]) -> None:
        """These tokens are gone or mean something else now, by what this node did."""
        gone = tuple(sorted(set(token_ids)))
        self._holders.forget(gone)
        if gone and self._tell_others is not None:
            self._tell_others(gone)

    def heard_elsewhere(self, token_ids: Iterable[int]) -> None:
        """Another node says so. Without this news, a node notices when it looks again (after 5 s at most)."""
        self._holders.forget(token_ids)

    def tell_others(self, tell: Callable[[tuple[int, ...]], None]) -> None:
        """Have the other nodes told of what :meth:`forget` forgets here; ``tell`` never waits."""
        self._tell_others = tell

    def on_forgotten(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Be told the number of every token that stops being what it was; the answer ends that."""
        return self._holders.on_forgotten(callback)

    async def sweep(self) -> None:
        """Write when tokens were used, and remove those that are over. Raises :class:`Problem`."""
        await self._holders.sweep()
