"""How the node that holds a waiting socket hears that its device was claimed, on whichever node that happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol


class Bell(Protocol):
    """One waiter's end."""

    async def wait(self, seconds: float) -> bool:
        """Wait until it rings, at most so long; False when the time is over. A ring from before counts once."""
        ...


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
        self._bells: dict[str, set[_Bell]] = {}

    async def ring(self, gateway_id: str) -> None:
        """Wake those who wait for this device."""
        for bell in self._bells.get(gateway_id, ()):
            bell.rung.set()

    @asynccontextmanager
    async def listen(self, gateway_id: str) -> AsyncIterator[Bell]:
        """Be woken."""
        bell = _Bell()
        self._bells.setdefault(gateway_id, set()).add(bell)
        try:
            yield bell
        finally:
            bells = self._bells[gateway_id]
            bells.discard(bell)
            if not bells:
                del self._bells[gateway_id]


class _Bell:
    def __init__(self) -> None:
        self.rung = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.rung.wait()
        was_rung = self.rung.is_set()
        self.rung.clear()
        return was_rung
