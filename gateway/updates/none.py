"""A device that cannot update itself: a checkout, a container."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from gateway.updates.types import Medium, Release, Rollback, Slot, UpdateState
from protocol.problems import Problem, ProblemCode


class NoUpdater:
    """Stands where a device cannot update itself, and says why. Every change raises UPDATE_UNAVAILABLE."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def check(self) -> Release | None:
        """Refuse."""
        self._refuse()

    async def install(self, url: str, sha256: str, version: str, *, downgrade: bool = False) -> str:
        """Refuse."""
        self._refuse()

    async def install_file(self, bundle: Path, *, downgrade: bool = False) -> str:
        """Refuse."""
        self._refuse()

    async def restart(self) -> None:
        """Refuse."""
        self._refuse()

    async def media(self) -> tuple[Medium, ...]:
        """None: nothing could be done with them."""
        return ()

    def state(self) -> UpdateState:
        """Nothing goes on; the reason stands as its detail."""
        return UpdateState(detail=self._reason)

    def offered(self) -> Release | None:
        """Nothing."""
        return None

    async def slots(self) -> tuple[Slot, ...]:
        """None."""
        return ()

    def last_rollback(self) -> Rollback | None:
        """None: what was never updated was never taken back."""
        return None

    def _refuse(self) -> NoReturn:
        raise Problem(ProblemCode.UPDATE_UNAVAILABLE, self._reason)
