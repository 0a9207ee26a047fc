"""Claims: a device that nobody owns shows a code, and the person who enters it makes the device theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Row

from foundation.accounts.limits import GuessLimits
from foundation.store.light import AsyncConnection
from foundation.store.text import column_text
from hub.claim_signals import ClaimSignals
from hub.enrolment.codes import code_digest, new_code, plain_code
from hub.enrolment.ground import Ground
from hub.enrolment.types import Claim, Device, NewDevice
from hub.ports import Unclaimed
from hub.store.tables.devices import claims
from protocol.problems import Problem, ProblemCode

CODE_LASTS = timedelta(minutes=10)
CONFIRM_WITHIN = timedelta(minutes=10)
"""From entering the code on; the device may show its next code by then."""
_CLAIM = (
    claims.c.id,
    claims.c.gateway_id,
    claims.c.public_key,
    claims.c.hostname,
    claims.c.version,
    claims.c.source,
    claims.c.expires_at,
)


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code to be shown on the device, and on no other way."""

    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Claimant:
    """The person who claims. What groups they may claim into is checked before."""

    person_id: int
    name: str
    source: str
    """The address they come from."""


class Claims:
    """The claims of the whole hub: any node finds a code that another one gave."""

    def __init__(self, ground: Ground, signals: ClaimSignals, limits: GuessLimits, pepper: bytes) -> None:
        """``pepper`` is secret, the same on every node, and not in the database."""
        self._ground = ground
        self._signals = signals
        self._limits = limits
        self._pepper = pepper

    async def issue(self, waiting: Unclaimed) -> IssuedCode:
        """A code for a waiting device; the one before it is worth nothing unless somebody entered it already."""
        now = self._ground.now()
        async with self._ground.store.begin() as connection:
            unopened = (claims.c.gateway_id == waiting.gateway_id) & claims.c.opened_by.is_(None)
            await connection.execute(sa.delete(claims).where(unopened | (claims.c.expires_at <= now)))
            code = await self._unused(connection)
            values = {
                "code_digest": self._digest(code),
                "gateway_id": waiting.gateway_id,
                "public_key": waiting.public_key,
                "hostname": column_text(waiting.hostname or "", 128),
                "version": column_text(waiting.version or "", 128),
                "source": column_text(waiting.source, 64),
                "created_at": now,
                "expires_at": now + CODE_LASTS,
            }
            await connection.execute(sa.insert(claims).values(values))
        return IssuedCode(code, now + CODE_LASTS)

    async def stands(self, issued: IssuedCode) -> bool:
        """Whether a code is still worth something: it was not let go, and no other took its place."""
        same = (claims.c.code_digest == self._digest(issued.code)) & (claims.c.expires_at > self._ground.now())
        async with self._ground.store.read() as connection:
            return await connection.scalar(sa.select(claims.c.id).where(same)) is not None

    async def enter(self, claimant: Claimant, typed: str) -> Claim:
        """Enter a code. It is this person's from now on, who may enter it again; for others it is as wrong as any.

        Raises :class:`Problem` INVALID_REQUEST (mistyped; costs nothing), CLAIM_WRONG, RATE_LIMITED.
        """
        letters = plain_code(typed)
        attempt = self._limits.attempt(claimant.source, claimant.name)
        now = self._ground.now()
        mine = claims.c.opened_by.is_(None) | (claims.c.opened_by == claimant.person_id)
        found = (claims.c.code_digest == code_digest(self._pepper, letters)) & (claims.c.expires_at > now) & mine
        opened = {"opened_by": claimant.person_id, "expires_at": now + CONFIRM_WITHIN}
        async with self._ground.store.begin() as connection:
            row = (await connection.execute(sa.update(claims).where(found).values(opened).returning(*_CLAIM))).first()
        if row is None:
            message = "No device waits with this code: it may be over. Read the code again on the device."
            raise Problem(ProblemCode.CLAIM_WRONG, message)
        attempt.succeeded()
        return _claim(row)

    async def get(self, claimant: Claimant, claim_id: int) -> Claim:
        """A claim that this person opened. Raises :class:`Problem` NOT_FOUND."""
        async with self._ground.store.read() as connection:
            row = (await connection.execute(sa.select(*_CLAIM).where(self._open(claimant, claim_id)))).first()
        if row is None:
            raise _over()
        return _claim(row)

    async def confirm(self, claimant: Claimant, claim_id: int, fingerprint: str, group_id: int, name: str) -> Device:
        """Make the device a group's, under a name; its waiting socket is told at once.

        Raises :class:`Problem` NOT_FOUND (over, or done by now), CLAIM_WRONG (another fingerprint; may be tried
        again), CONFLICT, NAME_TAKEN, TOO_MANY.
        """
        async with self._ground.store.begin() as connection:
            spent = sa.delete(claims).where(self._open(claimant, claim_id)).returning(*_CLAIM)
            row = (await connection.execute(spent)).first()
            if row is None:
                raise _over()
            claim = _claim(row)
            if claim.fingerprint != fingerprint.strip():
                message = "This is not the fingerprint of the device's key. Compare it with the device's own page."
                raise Problem(ProblemCode.CLAIM_WRONG, message)
            new = NewDevice(claim.gateway_id, group_id, name, claimant.name, public_key=claim.public_key)
            device = await self._ground.add_device(connection, new)
            await connection.execute(sa.delete(claims).where(claims.c.gateway_id == claim.gateway_id))
        await self._signals.ring(device.id)
        return device

    async def cancel(self, claimant: Claimant, claim_id: int) -> None:
        """Let a claim go; its code is spent, and the device gets another. One that is over is fine."""
        dropped = sa.delete(claims).where(self._open(claimant, claim_id)).returning(claims.c.gateway_id)
        async with self._ground.store.begin() as connection:
            gateway_id = await connection.scalar(dropped)
        if gateway_id is not None:
            await self._signals.ring(gateway_id)

    async def _unused(self, connection: AsyncConnection) -> str:
        while True:
            code = new_code()
            taken = sa.select(claims.c.id).where(claims.c.code_digest == self._digest(code))
            if await connection.scalar(taken) is None:
                return code

    def _digest(self, code: str) -> str:
        return code_digest(self._pepper, plain_code(code))

    def _open(self, claimant: Claimant, claim_id: int) -> sa.ColumnElement[bool]:
        mine = (claims.c.id == claim_id) & (claims.c.opened_by == claimant.person_id)
        return mine & (claims.c.expires_at > self._ground.now())


def _claim(row: Row[*tuple[object, ...]]) -> Claim:
    return Claim(**row._mapping)


def _over() -> Problem:
    return Problem(ProblemCode.NOT_FOUND, "This claim is over. Enter the code that the device shows now.")
