"""The people of a device: who they are, how they log in, and what lets their programs in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from foundation.accounts.holders import Now, utc_now
from foundation.accounts.limits import GuessLimits
from foundation.accounts.passwords import Passwords
from foundation.accounts.rules import checked_name, checked_password, plain_label, plain_name, plain_password
from foundation.accounts.secrets import csrf_of
from foundation.setup_code import SetupCode
from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from gateway.accounts import directory
from gateway.accounts.bearers import Bearers
from gateway.accounts.types import Identity, Person, Role, Token
from gateway.events.types import DeviceBus, PeopleChanged
from protocol.problems import Problem, ProblemCode

_Change = Literal["added", "changed", "removed", "token_created", "token_revoked"]
_SETUP = "setup code"
"""What guesses at the setup code are counted under; the space keeps it apart from every person's name."""


class Accounts:
    """Accounts, logins and tokens. Every method raises :class:`Problem` where it refuses or the store cannot."""

    def __init__(
        self,
        store: Store,
        bus: DeviceBus,
        setup_code: SetupCode,
        *,
        passwords: Passwords | None = None,
        limits: GuessLimits | None = None,
        bearers: Bearers | None = None,
        now: Now = utc_now,
    ) -> None:
        self._store = store
        self._bus = bus
        self._setup_code = setup_code
        self._passwords = passwords or Passwords()
        self._limits = limits or GuessLimits()
        self._bearers = bearers or Bearers(store, now)
        self._now = now
        self._has_people = False

    async def close(self) -> None:
        """Write what is not written yet; start no more hashing."""
        self._passwords.close()
        await self._bearers.sweep()

    async def needs_setup(self) -> bool:
        """Whether the device has no person yet."""
        if not self._has_people:
            async with self._store.read() as connection:
                self._has_people = await directory.count_people(connection) > 0
        return not self._has_people

    async def complete_setup(self, code: str, name: str, password: str, source: str) -> tuple[Identity, str]:
        """Make the first admin, whoever knows the setup code, and log them in: who they are, and their secret.

        Problems: SETUP_DONE, SETUP_CODE_WRONG, RATE_LIMITED (``retry_after``), INVALID_REQUEST.
        """
        if not await self.needs_setup():
            raise _setup_done()
        attempt = self._limits.attempt(source, _SETUP)
        if not await asyncio.to_thread(self._setup_code.matches, code):
            raise Problem(
                ProblemCode.SETUP_CODE_WRONG,
                "This is not the setup code. It is shown on the device's console, in the form XXXX-XXXX.",
            )
        attempt.succeeded()
        plain = checked_name(name)
        hashed = await self._passwords.hash(checked_password(password))
        async with self._store.begin() as connection:
            if await directory.count_people(connection):
                raise _setup_done()
            person = await directory.add_person(connection, plain, hashed, Role.ADMIN, self._now())
            token, secret, _ = await self._bearers.make(connection, person, "login", "setup")
        await self._people_exist()
        self._tell(person.name, "added")
        return Identity(person, token, csrf_of(secret)), secret

    async def log_in(self, name: str, password: str, source: str, label: str = "") -> tuple[Identity, str]:
        """Check a password: who it is, and the secret of the new login.

        Problems: LOGIN_FAILED, RATE_LIMITED (``retry_after`` in seconds), SETUP_NEEDED.
        """
        if await self.needs_setup():
            raise Problem(ProblemCode.SETUP_NEEDED, "Nobody has set this device up yet. Open its page to do so.")
        plain = plain_name(name)
        attempt = self._limits.attempt(source, plain or "")
        entered = plain_password(password)
        found: directory.Credentials | None = None
        if plain is not None and entered is not None:
            async with self._store.read() as connection:
                found = await directory.credentials(connection, plain)
        keep = await self._passwords.verify(found.password_hash if found else None, entered or b"")
        if found is None or keep is None:
            raise _login_failed()
        async with self._store.begin() as connection:
            if not await directory.note_login(connection, found, keep, self._now()):
                raise _login_failed()
            person = await directory.person(connection, found.person.id)
            token, secret, room = await self._bearers.make(connection, person, "login", plain_label(label))
        attempt.succeeded()
        self._bearers.forget(room)
        return Identity(person, token, csrf_of(secret)), secret

    async def log_out(self, identity: Identity) -> None:
        """End a login: its secret is worthless from here on."""
        async with self._store.begin() as connection:
            await directory.remove_tokens(connection, [identity.token.id])
        self._bearers.forget([identity.token.id])

    async def authenticate(self, secret: str) -> Identity | None:
        """Who shows this secret (a cookie's value or a bearer token); None where it lets nobody in."""
        return await self._bearers.holder(secret)

    async def people(self) -> list[Person]:
        """Everybody, by name."""
        async with self._store.read() as connection:
            return await directory.all_people(connection)

    async def add_person(self, name: str, password: str, role: Role) -> Person:
        """A new person. Problems: INVALID_REQUEST, NAME_TAKEN, TOO_MANY."""
        plain = checked_name(name)
        hashed = await self._passwords.hash(checked_password(password))
        async with self._store.begin() as connection:
            person = await directory.add_person(connection, plain, hashed, role, self._now())
        await self._people_exist()
        self._tell(person.name, "added")
        return person

    async def change_role(self, person_id: int, role: Role) -> Person:
        """Another role. The person's tokens stay, but their sockets are told to come again with the new role.

        Problems: NOT_FOUND, CONFLICT for the last admin.
        """
        async with self._store.begin() as connection:
            before = await directory.person(connection, person_id)
            if role is not Role.ADMIN:
                await directory.refuse_last_admin(connection, person_id)
            await directory.set_role(connection, person_id, role)
            person = await directory.person(connection, person_id)
            held = await self._token_ids(connection, person_id)
        if before.role is not role:
            self._bearers.forget(held)
            self._tell(person.name, "changed")
        return person

    async def change_password(self, person_id: int, password: str, *, keep_token: int | None = None) -> None:
        """Another password. All the person's tokens end, but for ``keep_token`` (the login that asks for it)."""
        hashed = await self._passwords.hash(checked_password(password))
        async with self._store.begin() as connection:
            person = await directory.person(connection, person_id)
            await directory.set_password(connection, person_id, hashed)
            gone = [held for held in await self._token_ids(connection, person_id) if held != keep_token]
            await directory.remove_tokens(connection, gone)
        self._bearers.forget(gone)
        self._tell(person.name, "changed")

    async def remove_person(self, person_id: int) -> None:
        """Remove a person and their tokens. Problems: NOT_FOUND, CONFLICT for the last admin."""
        async with self._store.begin() as connection:
            person = await directory.person(connection, person_id)
            await directory.refuse_last_admin(connection, person_id)
            gone = await self._token_ids(connection, person_id)
            await directory.remove_tokens(connection, gone)
            await directory.remove_person(connection, person_id)
        self._bearers.forget(gone)
        self._tell(person.name, "removed")

    async def create_token(self, person_id: int, label: str, expires_at: datetime | None) -> tuple[Token, str]:
        """A token for a program, and its secret, which is shown this once. Problems: NOT_FOUND, TOO_MANY."""
        if expires_at is not None and (expires_at.tzinfo is None or expires_at <= self._now()):
            raise Problem(ProblemCode.INVALID_REQUEST, "A token's end lies in the future.", {"field": "expires_at"})
        async with self._store.begin() as connection:
            person = await directory.person(connection, person_id)
            token, secret, _ = await self._bearers.make(connection, person, "api", plain_label(label), expires_at)
        self._tell(person.name, "token_created")
        return token, secret

    async def tokens(self, person_id: int | None) -> list[Token]:
        """The tokens of a person, or of everybody, newest first."""
        return await self._bearers.listed(person_id)

    async def revoke_token(self, token_id: int) -> None:
        """End a token. Problems: NOT_FOUND."""
        async with self._store.begin() as connection:
            token = await directory.token(connection, token_id)
            await directory.remove_tokens(connection, [token_id])
        self._bearers.forget([token_id])
        self._tell(token.person_name, "token_revoked")

    async def sweep(self) -> None:
        """Remove tokens that are over and write when the others were used; also done by itself about once a minute."""
        await self._bearers.sweep()

    def on_revoked(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Be told the id of a token once it is revoked, over, or of another role; the answer ends that.

        A socket registers first and authenticates after, or it may miss what happens in between.
        """
        return self._bearers.on_revoked(callback)

    async def _token_ids(self, connection: AsyncConnection, person_id: int) -> list[int]:
        return [token.id for token in await directory.tokens_of(connection, person_id)]

    async def _people_exist(self) -> None:
        self._has_people = True
        await asyncio.to_thread(self._setup_code.spend)

    def _tell(self, name: str, action: _Change) -> None:
        self._bus.publish(PeopleChanged(name=name, action=action))


def _setup_done() -> Problem:
    return Problem(ProblemCode.SETUP_DONE, "This device is set up already. Log in instead.")


def _login_failed() -> Problem:
    return Problem(ProblemCode.LOGIN_FAILED, "The name or the password is wrong. Check both and try again.")
