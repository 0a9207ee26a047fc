"""Logins at the OpenID provider, from the first redirect to the hub's own login."""

from __future__ import annotations

from foundation.accounts.limits import GuessLimits
from hub.people import directory
from hub.people.ground import Ground
from hub.people.oidc.flow import Flow
from hub.people.oidc.guests import person_for
from hub.people.oidc.id_tokens import untrusted
from hub.people.oidc.provider import Provider
from hub.people.types import Identity
from protocol.problems import Problem, ProblemCode

LABEL = "single sign-on"


class ExternalLogins:
    """Everything about logging in elsewhere. Every method raises :class:`Problem` where it refuses."""

    def __init__(self, ground: Ground, provider: Provider, limits: GuessLimits | None = None) -> None:
        self._ground = ground
        self._provider = provider
        self._limits = limits or GuessLimits()

    @property
    def name(self) -> str:
        """What the login button says."""
        return self._provider.settings.name

    async def begin(self, flow: Flow, redirect_uri: str) -> str:
        """Where to send the browser."""
        return await self._provider.login_url(flow, redirect_uri)

    async def finish(
        self, flow: Flow, state: str, code: str, redirect_uri: str, *, source: str, issuer: str | None = None
    ) -> tuple[Identity, str]:
        """Log in whom the provider sent back: who it is, and the secret of the new login.

        ``issuer`` is what the answer says of who sent it (RFC 9207), where it says that.
        Problems: LOGIN_FAILED, FORBIDDEN for somebody nobody invited, SETUP_NEEDED, RATE_LIMITED, UNAVAILABLE.
        """
        if not flow.is_answered_by(state) or issuer not in (None, self._provider.settings.issuer):
            raise untrusted()
        # Every answer makes us ask the provider: a stranger may not have us do that all day.
        attempt = self._limits.attempt(source, f"{LABEL} {source}")
        claims = await self._provider.claims(flow, code, redirect_uri)
        now = self._ground.now()
        async with self._ground.change() as change:
            # Or the first person would be one who runs nothing, and nobody could set the hub up any more.
            if not await directory.anybody(change.connection):
                raise Problem(ProblemCode.SETUP_NEEDED, "Nobody has set this hub up yet. Open its page to do so.")
            person = await person_for(change.connection, claims, self._provider.settings, now)
            await directory.change(change.connection, person.id, last_login_at=now)
            await change.touch([person.id])
            identity, secret, gone = await self._ground.bearers.log_in(change.connection, person, LABEL)
            change.forgotten.update(gone)
        attempt.succeeded()
        return identity, secret
