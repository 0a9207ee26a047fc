"""The people of a hub, put together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from foundation.accounts.holders import NOTE_EVERY, Now, utc_now
from foundation.accounts.limits import GuessLimits
from foundation.accounts.passwords import Passwords
from foundation.setup_code import SetupCode
from foundation.store.database import Store
from hub.people.accounts import Accounts
from hub.people.bearers import Bearers
from hub.people.ground import Ground
from hub.people.invitations import Invitations
from hub.people.logins import Logins
from hub.people.organisations import Organisations
from hub.people.tokens import Tokens
from protocol.problems import Problem

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class People:
    """Everything about people; each field is one business of theirs."""

    ground: Ground
    logins: Logins
    accounts: Accounts
    organisations: Organisations
    tokens: Tokens
    invitations: Invitations
    passwords: Passwords

    @classmethod
    def of(
        cls,
        store: Store,
        setup_code: SetupCode,
        *,
        passwords: Passwords | None = None,
        limits: GuessLimits | None = None,
        bearers: Bearers | None = None,
        now: Now = utc_now,
    ) -> People:
        """The people in this store."""
        hashes = passwords or Passwords()
        ground = Ground(store, bearers or Bearers(store, now), now)
        return cls(
            ground=ground,
            logins=Logins(ground, setup_code, hashes, limits or GuessLimits()),
            accounts=Accounts(ground, hashes),
            organisations=Organisations(ground),
            tokens=Tokens(ground),
            invitations=Invitations(ground, hashes),
            passwords=hashes,
        )

    async def run(self) -> None:
        """Write when tokens were used, and end those that are over, about once a minute."""
        while True:
            await asyncio.sleep(NOTE_EVERY)
            try:
                await self.ground.bearers.sweep()
            except Problem as problem:
                log.warning("the use of tokens is not noted", code=problem.code, reason=problem.message)

    async def close(self) -> None:
        """Write what is not written yet; start no more hashing."""
        self.passwords.close()
        await self.ground.bearers.sweep()
