"""How people get in: the setup, a password, a secret they show."""

from __future__ import annotations

import asyncio

from foundation.accounts.limits import GuessLimits
from foundation.accounts.passwords import Passwords
from foundation.accounts.rules import checked_name, checked_password, plain_label, plain_name, plain_password
from foundation.setup_code import SetupCode
from hub.people import directory, places, token_rows
from hub.people.directory import Credentials
from hub.people.ground import Ground
from hub.people.rules import checked_title
from hub.people.types import Identity
from protocol.problems import Problem, ProblemCode

_SETUP = "setup code"
"""What guesses at the setup code are counted under; the space keeps it apart from every person's name."""
_OWN_PASSWORD = "own password "  # noqa: S105 (what guesses are counted under)


class Logins:
    """Setup, login, logout. Every method raises :class:`Problem` where it refuses or the store cannot."""

    def __init__(self, ground: Ground, setup_code: SetupCode, passwords: Passwords, limits: GuessLimits) -> None:
        self._ground = ground
        self._setup_code = setup_code
        self._passwords = passwords
        self._limits = limits
        self._has_people = False

    async def needs_setup(self) -> bool:
        """Whether the hub has no person yet."""
        if not self._has_people:
            async with self._ground.store.read() as connection:
                self._has_people = await directory.anybody(connection)
        return not self._has_people

    async def complete_setup(
        self, code: str, name: str, password: str, organisation: str, source: str
    ) -> tuple[Identity, str]:
        """Make the first administrator and their organisation, whoever knows the setup code: identity and secret.

        Problems: SETUP_DONE, SETUP_CODE_WRONG, RATE_LIMITED (``retry_after``), INVALID_REQUEST.
        """
        if not await self.needs_setup():
            raise _setup_done()
        attempt = self._limits.attempt(source, _SETUP)
        if not await asyncio.to_thread(self._setup_code.matches, code):
            raise Problem(
                ProblemCode.SETUP_CODE_WRONG,
                "This is not the setup code. It is shown on the console where the hub was started: XXXX-XXXX.",
            )
        attempt.succeeded()
        plain, title = checked_name(name), checked_title(organisation, "organisation")
        hashed = await self._passwords.hash(checked_password(password))
        now = self._ground.now()
        async with self._ground.store.begin() as connection:
            await directory.one_at_a_time(connection)
            if await directory.anybody(connection):
                raise _setup_done()
            person = await directory.add_person(connection, plain, hashed, now, administrator=True)
            await places.add_organisation(connection, title, person.id, now)
            identity, secret, _ = await self._ground.bearers.log_in(connection, person, "setup")
        self._has_people = True
        await asyncio.to_thread(self._setup_code.spend)
        return identity, secret

    async def log_in(self, name: str, password: str, source: str, label: str = "") -> tuple[Identity, str]:
        """Check a password: who it is, and the secret of the new login.

        Problems: LOGIN_FAILED, RATE_LIMITED (``retry_after`` in seconds), SETUP_NEEDED.
        """
        if await self.needs_setup():
            raise Problem(ProblemCode.SETUP_NEEDED, "Nobody has set this hub up yet. Open its page to do so.")
        plain = plain_name(name)
        attempt = self._limits.attempt(source, plain or "")
        found, keep = await self._checked(plain, password)
        if found is None or keep is None:
            raise _login_failed()
        async with self._ground.change() as change:
            if not await directory.note_login(change.connection, found, keep, self._ground.now()):
                raise _login_failed()
            person = await directory.person(change.connection, found.person.id)
            identity, secret, gone = await self._ground.bearers.log_in(change.connection, person, plain_label(label))
            change.forgotten.update(gone)
        attempt.succeeded()
        return identity, secret

    async def log_out(self, identity: Identity) -> None:
        """End a login: its secret is worthless from here on."""
        async with self._ground.change() as change:
            await token_rows.remove(change.connection, [identity.token.id])
            change.forgotten.add(identity.token.id)

    async def authenticate(self, secret: str) -> Identity | None:
        """Who shows this secret (a cookie's value or a bearer token); None where it lets nobody in."""
        return await self._ground.bearers.holder(secret)

    async def change_own_password(self, identity: Identity, old: str, new: str, source: str) -> None:
        """Another password for oneself; every other login and token of one's own ends.

        Somebody without a password (who logs in at an OpenID provider) gives none as the old one.
        Problems: LOGIN_FAILED, RATE_LIMITED, INVALID_REQUEST.
        """
        attempt = self._limits.attempt(source, _OWN_PASSWORD + identity.person.name)
        plain = checked_password(new)
        if identity.person.has_password:
            found, keep = await self._checked(identity.person.name, old)
            if found is None or keep is None:
                raise Problem(ProblemCode.LOGIN_FAILED, "The old password is wrong. Check it and try again.")
        hashed = await self._passwords.hash(plain)
        async with self._ground.change() as change:
            await directory.change(change.connection, identity.person.id, password_hash=hashed)
            await change.touch([identity.person.id])
            change.forgotten.discard(identity.token.id)
            await token_rows.remove(change.connection, change.forgotten)
        attempt.succeeded()

    async def _checked(self, plain: str | None, password: str) -> tuple[Credentials | None, str | None]:
        """Who is called so, and the hash to keep where the password is theirs. Takes as long for nobody."""
        entered = plain_password(password)
        found: Credentials | None = None
        if plain is not None and entered is not None:
            async with self._ground.store.read() as connection:
                found = await directory.credentials(connection, plain)
        keep = await self._passwords.verify(found.password_hash if found else None, entered or b"")
        return found, keep


def _setup_done() -> Problem:
    return Problem(ProblemCode.SETUP_DONE, "This hub is set up already. Log in instead.")


def _login_failed() -> Problem:
    return Problem(ProblemCode.LOGIN_FAILED, "The name or the password is wrong. Check both and try again.")
