"""How the device is brought to another version; what does it depends on how the device was installed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from protocol.problems import Problem, ProblemCode


@dataclass(frozen=True, slots=True)
class Rollback:
    """An update that was taken back: the version that did not stay, a sentence that says why, and when (aware UTC)."""

    version: str
    reason: str
    at: datetime


class Updater(Protocol):
    """One way to another version: a second system slot on the image, a release folder elsewhere."""

    async def install(self, url: str, sha256: str, version: str) -> str:
        """Bring the device to ``version`` from the bundle at ``url`` with the given SHA-256 (hex).

        Returns the version that is there now. A Problem (UPDATE_UNAVAILABLE and others) says why it is not.
        """

    def last_rollback(self) -> Rollback | None:
        """The last update that was taken back, unless one went well since. Never blocks."""


class NoUpdater:
    """Stands where a device cannot update itself, and says why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def install(self, url: str, sha256: str, version: str) -> str:
        """Refuse, with the reason this was made with."""
        raise Problem(ProblemCode.UPDATE_UNAVAILABLE, self._reason, {"version": version})

    def last_rollback(self) -> Rollback | None:
        """None: what was never updated was never taken back."""
        return None
