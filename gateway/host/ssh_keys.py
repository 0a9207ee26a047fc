"""Who may come in over SSH: keys in authorized_keys, with a label and an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import structlog

from gateway.events.publisher import Publisher
from gateway.events.types import SshKeysChanged
from gateway.host.authorized_keys import Line, checked_label, joined, our_line, read_lines
from gateway.host.key_file import KeyFile
from gateway.host.public_keys import PublicKey, parse_public_key
from gateway.host.types import SshKey
from protocol.problems import Problem, ProblemCode

MAX_KEYS = 200
"""Keys Hutch lets in at the same time."""
SWEEP_SECONDS = 60.0
"""Seconds between looks for keys whose time is over, at most."""

_log = structlog.get_logger(__name__)


class SshKeys:
    """The keys in the authorized_keys file at ``path``. ``now`` is the wall clock, aware UTC.

    Lines of other people are listed (``managed`` False) and otherwise left alone, byte for byte and in their order.
    Expiry stands in the line itself, so sshd keeps to it without us; the sweep only tidies up.
    """

    def __init__(self, path: Path, bus: Publisher, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file = KeyFile(path)
        self._bus = bus
        self._now = now
        self._new_expiry = asyncio.Event()

    async def list(self) -> Sequence[SshKey]:
        """Every key in the file, in its order."""
        lines = read_lines(await asyncio.to_thread(self._file.read))
        return [line.key for line in lines if line.key is not None]

    async def authorize(self, public_key: str, label: str, expires_at: datetime | None = None) -> SshKey:
        """Let a key in until ``expires_at`` (aware; None for no end). One that is in gets the new label and end.

        Raises KEY_INVALID, INVALID_REQUEST (label, time), CONFLICT when somebody else's line has the key, TOO_MANY.
        """
        key, name = parse_public_key(public_key), checked_label(label)
        self._check_expiry(expires_at)
        added = await asyncio.to_thread(self._authorize, key, name, expires_at)
        self._tell(added.fingerprint, "authorized")
        self._new_expiry.set()
        return added

    async def revoke(self, fingerprint: str) -> None:
        """Take a key's right away. Raises NOT_FOUND, and FORBIDDEN when the line is not one of ours."""
        if all(key.fingerprint != fingerprint for key in await self.list()):
            raise Problem(ProblemCode.NOT_FOUND, "No key has this fingerprint. Look at the list of keys again.")
        foreign, removed = await asyncio.to_thread(self._revoke, fingerprint)
        if removed:
            self._tell(fingerprint, "revoked")
        if foreign:
            raise Problem(
                ProblemCode.FORBIDDEN,
                "A line with this key was not written by Hutch, so it stays. Remove it from authorized_keys by hand.",
            )

    async def sweep(self) -> None:
        """Remove our lines whose time is over."""
        if any(key.managed and key.expires_at for key in await self.list()):
            for key in await asyncio.to_thread(self._sweep):
                self._tell(key.fingerprint, "expired")

    async def run(self) -> None:
        """Sweep at the next expiry and every minute, until cancelled."""
        while True:
            self._new_expiry.clear()
            try:
                async with asyncio.timeout(await self._sweep_and_wait()):
                    await self._new_expiry.wait()
            except TimeoutError:
                continue

    async def _sweep_and_wait(self) -> float:
        """Sweep, and say how many seconds the next one may wait."""
        try:
            await self.sweep()
            ends = [key.expires_at for key in await self.list() if key.managed and key.expires_at]
        except Problem as problem:
            _log.warning("ssh_keys.sweep_failed", code=problem.code, reason=problem.message)
            return SWEEP_SECONDS
        waits = [(end - self._now()).total_seconds() for end in ends]
        return max(0.05, min([SWEEP_SECONDS, *waits]))

    def _check_expiry(self, expires_at: datetime | None) -> None:
        if expires_at is None:
            return
        if expires_at.tzinfo is None:
            raise Problem(ProblemCode.INVALID_REQUEST, "The time of expiry needs a time zone. Send it as RFC 3339.")
        # A line holds whole seconds, cut off.
        if expires_at.replace(microsecond=0) <= self._now():
            raise Problem(ProblemCode.INVALID_REQUEST, "The time of expiry is over already. Choose a later one.")

    def _authorize(self, key: PublicKey, label: str, expires_at: datetime | None) -> SshKey:
        with self._file.edited() as edit:
            lines = read_lines(edit.data)
            if any(not line.managed and _has(line, key.fingerprint) for line in lines):
                raise Problem(
                    ProblemCode.CONFLICT,
                    "The key is in authorized_keys already, in a line that is not Hutch's. Remove that line first.",
                )
            mine = [line for line in lines if line.managed]
            known = next((line.key for line in mine if line.key and _has(line, key.fingerprint)), None)
            if known is None and len(mine) >= MAX_KEYS:
                raise Problem(ProblemCode.TOO_MANY, f"{MAX_KEYS} keys are let in already. Revoke one first.")
            line, added = our_line(key, label, (known and known.added_at) or self._now(), expires_at)
            edit.replace(joined(_with(lines, line, key.fingerprint)))
            return added

    def _revoke(self, fingerprint: str) -> tuple[bool, bool]:
        with self._file.edited() as edit:
            lines = read_lines(edit.data)
            foreign = any(not line.managed and _has(line, fingerprint) for line in lines)
            kept = [line for line in lines if not (line.managed and _has(line, fingerprint))]
            edit.replace(joined(kept))
            return foreign, len(kept) < len(lines)

    def _sweep(self) -> Sequence[SshKey]:
        now = self._now()
        with self._file.edited() as edit:
            lines = read_lines(edit.data)
            edit.replace(joined(line for line in lines if not line.expired(now)))
            return [line.key for line in lines if line.key is not None and line.expired(now)]

    def _tell(self, fingerprint: str, action: Literal["authorized", "revoked", "expired"]) -> None:
        self._bus.publish(SshKeysChanged(fingerprint=fingerprint, action=action))


def _has(line: Line, fingerprint: str) -> bool:
    return line.key is not None and line.key.fingerprint == fingerprint


def _with(lines: Sequence[Line], new: Line, fingerprint: str) -> list[Line]:
    """The lines with a new one in place of ours for the same key, else at the end on a line of its own."""
    at = next((i for i, line in enumerate(lines) if line.managed and _has(line, fingerprint)), len(lines))
    rest = [line for line in lines[at:] if not (line.managed and _has(line, fingerprint))]
    before = list(lines[:at])
    if before and not before[-1].raw.endswith(b"\n"):
        before[-1] = Line(before[-1].raw + b"\n", before[-1].key)
    return [*before, new, *rest]
