"""Who holds a secret: recognised with a short memory so that a request costs no query, and forgotten at once."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Generic, Protocol, TypeVar

from foundation.accounts.secrets import digest
from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from protocol.problems import Problem

LOGIN_IDLE = timedelta(days=30)
LOGIN_LONGEST = timedelta(days=90)
REMEMBERED = 5.0
"""Seconds for which an answer is remembered; what this process revokes is forgotten at once."""
MAX_REMEMBERED = 256
"""Answers remembered, unless somebody needs more."""
NOTE_EVERY = 60.0
"""Seconds between two writes of when tokens were used, and two sweeps."""
_log = logging.getLogger(__name__)

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


class HeldToken(Protocol):
    """What has to be known of a token. Times are aware UTC."""

    @property
    def id(self) -> int:
        """Its number; never given twice."""

    @property
    def kind(self) -> str:
        """``login`` for one that ends when it is not used."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""

    @property
    def last_used_at(self) -> datetime | None:
        """When it was last used, as far as that is written."""

    @property
    def expires_at(self) -> datetime | None:
        """When it ends by itself."""


class Holder(Protocol):
    """Somebody, and the token they showed."""

    @property
    def token(self) -> HeldToken:
        """The token."""


H = TypeVar("H", bound=Holder)
H_co = TypeVar("H_co", bound=Holder, covariant=True)


class TokenRows(Protocol[H_co]):
    """A store's tokens. Every method runs within the transaction of the caller."""

    async def holder(self, connection: AsyncConnection, secret_sha256: str, secret: str) -> H_co | None:
        """Who holds the secret with this digest."""

    async def note_uses(self, connection: AsyncConnection, uses: Mapping[int, datetime]) -> None:
        """Write when tokens were last used."""

    async def over(self, connection: AsyncConnection, now: datetime, idle_since: datetime) -> list[int]:
        """The tokens that expired by ``now``, and the logins that nobody used after ``idle_since``."""

    async def remove(self, connection: AsyncConnection, token_ids: Iterable[int]) -> None:
        """Remove tokens; those that are gone are fine."""


class Holders(Generic[H]):
    """Recognises secrets. What is forgotten calls back with the ids, so that sockets of theirs are closed."""

    def __init__(
        self,
        store: Store,
        rows: TokenRows[H],
        now: Now = utc_now,
        clock: Callable[[], float] = monotonic,
        remember: int = MAX_REMEMBERED,
    ) -> None:
        self._store = store
        self._rows = rows
        self._now = now
        self._clock = clock
        self._most = remember
        self._remembered: OrderedDict[str, tuple[float, H]] = OrderedDict()
        self._uses: dict[int, datetime] = {}
        self._noted_at = clock()
        self._epoch = 0
        self._callbacks: dict[object, Callable[[int], None]] = {}

    async def holder(self, secret: str) -> H | None:
        """Who shows this secret; None where nobody (any more) does."""
        known_as = digest(secret)
        if known_as is None:
            return None
        await self._note_now_and_then()
        found = self._recall(known_as) or await self._look_up(known_as, secret)
        if found is not None:
            self._uses[found.token.id] = self._now()
        return found

    def last_use(self, token: HeldToken) -> datetime | None:
        """When a token was last used, with what is not written yet."""
        return self._uses.get(token.id, token.last_used_at)

    def is_over(self, token: HeldToken) -> bool:
        """Whether a token lets nobody in any more."""
        now = self._now()
        if token.expires_at is not None and token.expires_at <= now:
            return True
        used = self.last_use(token) or token.created_at
        return token.kind == "login" and used + LOGIN_IDLE <= now

    def forget(self, token_ids: Iterable[int]) -> None:
        """These tokens are gone or mean something else now (their rows are changed): tell everybody who asked.

        Also what to call when another process has changed them.
        """
        gone = set(token_ids)
        if not gone:
            return
        self._epoch += 1
        for known_as in [key for key, (_, found) in self._remembered.items() if found.token.id in gone]:
            del self._remembered[known_as]
        for token_id in gone:
            self._uses.pop(token_id, None)
            for callback in list(self._callbacks.values()):
                _call(callback, token_id)

    def on_forgotten(self, callback: Callable[[int], None]) -> Callable[[], None]:
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
        now = self._now()
        try:
            async with self._store.begin() as connection:
                if uses:
                    await self._rows.note_uses(connection, uses)
                over = await self._rows.over(connection, now, now - LOGIN_IDLE)
                await self._rows.remove(connection, over)
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

    def _recall(self, known_as: str) -> H | None:
        at, found = self._remembered.get(known_as, (0.0, None))
        if found is None or self._clock() - at > REMEMBERED or self.is_over(found.token):
            self._remembered.pop(known_as, None)
            return None
        return found

    async def _look_up(self, known_as: str, secret: str) -> H | None:
        while True:
            epoch = self._epoch
            async with self._store.read() as connection:
                found = await self._rows.holder(connection, known_as, secret)
            if epoch == self._epoch:
                break
            # Something was forgotten while we read: what we read may be of before.
        if found is None or self.is_over(found.token):
            return None
        self._remembered[known_as] = (self._clock(), found)
        while len(self._remembered) > self._most:
            self._remembered.popitem(last=False)
        return found


def _call(callback: Callable[[int], None], token_id: int) -> None:
    try:
        callback(token_id)
    except Exception:
        # One listener's mistake must not keep the others' sockets open.
        _log.exception("a listener failed while token %d was forgotten", token_id)
