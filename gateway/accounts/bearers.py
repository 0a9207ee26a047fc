"""Who holds a secret: tokens made, recognised and revoked, with a short memory so that a request costs no query."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic

from foundation.accounts.secrets import csrf_of, digest, digest_of, new_secret
from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from gateway.accounts import directory
from gateway.accounts.directory import Kind
from gateway.accounts.types import Identity, Person, Token
from protocol.problems import Problem, ProblemCode

LOGIN_IDLE = timedelta(days=30)
LOGIN_LONGEST = timedelta(days=90)
REMEMBERED = 5.0
"""Seconds for which an answer is remembered; what this process revokes is forgotten at once."""
MAX_REMEMBERED = 256
NOTE_EVERY = 60.0
"""Seconds between two writes of when tokens were used, and two sweeps."""
MAX_OF_A_KIND = {"login": 50, "api": 100}
"""Tokens of one person: the oldest login makes room for a new one, an API token has to be revoked by somebody."""
_log = logging.getLogger(__name__)

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


class Bearers:
    """The tokens of a device. Revoking calls back with the ids, so that sockets of theirs are closed."""

    def __init__(self, store: Store, now: Now = utc_now, clock: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._now = now
        self._clock = clock
        self._remembered: OrderedDict[str, tuple[float, Identity]] = OrderedDict()
        self._uses: dict[int, datetime] = {}
        self._noted_at = clock()
        self._epoch = 0
        self._callbacks: dict[object, Callable[[int], None]] = {}

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
        known_as = digest(secret)
        if known_as is None:
            return None
        await self._note_now_and_then()
        identity = self._recall(known_as) or await self._look_up(known_as, secret)
        if identity is not None:
            self._uses[identity.token.id] = self._now()
        return identity

    async def listed(self, person_id: int | None) -> list[Token]:
        """The tokens of a person, or of everybody, with the uses that are not written yet."""
        async with self._store.read() as connection:
            found = await directory.tokens_of(connection, person_id)
        now = self._now()
        current = [replace(token, last_used_at=self._uses.get(token.id, token.last_used_at)) for token in found]
        return [token for token in current if not self._is_over(token, now)]

    def forget(self, token_ids: Iterable[int]) -> None:
        """These tokens are gone or mean something else now (their rows are changed): tell everybody who asked."""
        gone = set(token_ids)
        if not gone:
            return
        self._epoch += 1
        for known_as in [key for key, (_, identity) in self._remembered.items() if identity.token.id in gone]:
            del self._remembered[known_as]
        for token_id in gone:
            self._uses.pop(token_id, None)
            for callback in list(self._callbacks.values()):
                _call(callback, token_id)

    def on_revoked(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Be told the id of every token that stops being what it was; the answer ends that."""
        key = object()
        self._callbacks[key] = callback

        def unsubscribe() -> None:
            self._callbacks.pop(key, None)

        return unsubscribe

    async def sweep(self) -> None:
        """Write when tokens were used, and remove those that are over. Raises :class:`Problem`."""
        self._noted_at = self._clock()
        uses, self._uses = self._uses, {}
        try:
            async with self._store.begin() as connection:
                if uses:
                    await directory.note_uses(connection, uses)
                now = self._now()
                over = [t.id for t in await directory.tokens_of(connection, None) if self._is_over(t, now)]
                await directory.remove_tokens(connection, over)
        except BaseException:
            self._uses = {**uses, **self._uses}
            raise
        self.forget(over)

    async def _note_now_and_then(self) -> None:
        if self._clock() - self._noted_at < NOTE_EVERY:
            return
        try:
            await self.sweep()
        except Problem as problem:
            _log.warning("the use of tokens is not noted: %s", problem)

    def _recall(self, known_as: str) -> Identity | None:
        at, identity = self._remembered.get(known_as, (0.0, None))
        if identity is None or self._clock() - at > REMEMBERED or self._is_over(identity.token, self._now()):
            self._remembered.pop(known_as, None)
            return None
        return identity

    async def _look_up(self, known_as: str, secret: str) -> Identity | None:
        while True:
            epoch = self._epoch
            async with self._store.read() as connection:
                found = await directory.holder(connection, known_as)
            if epoch == self._epoch:
                break
            # Something was revoked while we read: what we read may be of before.
        if found is None:
            return None
        owner, token = found
        token = replace(token, last_used_at=self._uses.get(token.id, token.last_used_at))
        if self._is_over(token, self._now()):
            return None
        identity = Identity(owner, token, csrf_of(secret))
        self._remembered[known_as] = (self._clock(), identity)
        while len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        return identity

    def _is_over(self, token: Token, now: datetime) -> bool:
        if token.expires_at is not None and token.expires_at <= now:
            return True
        used = self._uses.get(token.id) or token.last_used_at or token.created_at
        return token.kind == "login" and used + LOGIN_IDLE <= now

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


def _call(callback: Callable[[int], None], token_id: int) -> None:
    try:
        callback(token_id)
    except Exception:
        # One listener's mistake must not keep the others' sockets open.
        _log.exception("a listener failed while token %d was revoked", token_id)
