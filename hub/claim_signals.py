"""How the node that holds a waiting socket hears that its device was claimed, on whichever node that happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol


class Bell:
    """One waiter's end."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake who waits now, or who waits next."""
        self._rung.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until it rings, at most so long; False when the time is over. A ring from before counts once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        was_rung = self._rung.is_set()
        self._rung.clear()
        return was_rung


class ClaimSignals(Protocol):
    """A hint, not the truth: who waits looks into the store after each ring, and now and then without one."""

    async def ring(self, gateway_id: str) -> None:
        """Tell whoever waits for this device, on every node, to look. Never fails: a lost ring costs a delay."""
        ...

    def listen(self, gateway_id: str) -> AbstractAsyncContextManager[Bell]:
        """Wait for rings; those from the moment of entering on are heard."""
        ...


class LocalClaimSignals:
    """Rings within this process."""

    def __init__(self) -> None:
        self._bells: dict[str, set[Bell]] = {}

    async def ring(self, gateway_id: str) -> None:
        """Wake those who wait for this device."""
        self.wake(gateway_id)

    def wake(self, gateway_id: str) -> None:
        """The same, at once."""
        for bell in self._bells.get(gateway_id, ()):
            bell.ring()

    def wake_all(self) -> None:
        """Wake whoever waits for whatever."""
        for gateway_id in self._bells:
            self.wake(gateway_id)

    @asynccontextmanager
    async def listen(self, gateway_id: str) -> AsyncIterator[Bell]:
        """Be woken."""
        bell = Bell()
        self._bells.setdefault(gateway_id, set()).add(bell)
        try:
            yield bell
        finally:
            bells = self._bells[gateway_id]
            bells.discard(bell)
            if not bells:
                del self._bells[gateway_id]
