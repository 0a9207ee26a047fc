"""Notices that wait for their moment: some seconds, in which somebody may see it, or the end of quiet hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from gateway.notify.held import HeldRecords
from gateway.notify.types import Kind, Notice
from protocol.problems import Problem

_log = structlog.get_logger(__name__)
MOST_WAITING: Final = 200
STALE: Final = timedelta(days=1)
"""What was to be told longer ago than this, while the device was off, is not told any more."""
MAX_KEY: Final = 200


class Waiting:
    """At most :data:`MOST_WAITING` notices, the oldest of which make room. Those that are held back are stored, too."""

    def __init__(self, records: HeldRecords) -> None:
        self._records = records
        self._notices: dict[str, tuple[datetime, Notice]] = {}
        self._stored: set[str] = set()

    def __len__(self) -> int:
        return len(self._notices)

    def __contains__(self, key: str) -> bool:
        return key in self._notices

    @property
    def nearest(self) -> datetime | None:
        """When the next one is due."""
        return min((due for due, _ in self._notices.values()), default=None)

    async def load(self, now: datetime) -> None:
        """What an earlier run of the daemon held back, as far as it still counts: no question of a conversation is
        open any more, and nobody wants to hear what is long over."""
        try:
            kept = await self._records.all()
        except Problem as problem:
            _log.warning("notices that were held back cannot be read", problem=str(problem))
            return
        self._stored.update(notice.key for _, notice in kept)
        for due, notice in kept:
            if due > now - STALE and not _asked_in_a_conversation(notice):
                self._notices.setdefault(notice.key, (due, notice))
        await self._forget([notice.key for _, notice in kept if notice.key not in self._notices])
        await self._bound()

    async def add(self, due: datetime, notice: Notice, *, held: bool) -> None:
        """Have one told at ``due``; one that is ``held`` survives a restart."""
        if held and len(notice.key) <= MAX_KEY:
            try:
                await self._records.put(due, notice)
                self._stored.add(notice.key)
            except Problem as problem:
                _log.warning("a notice is held in memory alone", problem=str(problem))
        self._notices[notice.key] = (due, notice)
        await self._bound()

    async def drop(self, prefix: str) -> None:
        """Nobody needs to know those whose keys begin so."""
        await self._let_go([key for key in self._notices if key.startswith(prefix)])

    async def take_due(self, now: datetime) -> list[Notice]:
        """Those to be told now; they wait no more."""
        # Let go before they are told: told twice after a kill would be worse than not at all.
        return await self._let_go([key for key, (due, _) in self._notices.items() if due <= now])

    async def _bound(self) -> None:
        await self._let_go(list(self._notices)[: max(0, len(self._notices) - MOST_WAITING)])

    async def _let_go(self, keys: list[str]) -> list[Notice]:
        """Those that still waited when the store had forgotten them."""
        await self._forget(keys)
        gone = [self._notices.pop(key, None) for key in keys]
        return [found[1] for found in gone if found is not None]

    async def _forget(self, keys: list[str]) -> None:
        stored = [key for key in keys if key in self._stored]
        if not stored:
            return
        try:
            await self._records.drop(stored)
            self._stored.difference_update(stored)
        except Problem as problem:
            _log.warning("a notice that was told or is moot is still stored", problem=str(problem))


def _asked_in_a_conversation(notice: Notice) -> bool:
    """Such a question ends with the daemon; one in a terminal does not."""
    return notice.kind is Kind.WAITS and notice.path.startswith("/conversations/")
