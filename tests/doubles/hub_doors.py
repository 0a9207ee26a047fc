"""A hub without people: who comes with a bearer token is let in, and nobody hears what happens.

For what is about the link and the routing behind it. Implements :class:`hub.ports.Gatekeeper` and
:class:`hub.ports.LinkEvents`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from hub.ports import DeviceRow, Unclaimed
from protocol.events import AnyEvent, GatewayHello, GatewayProof
from protocol.notices import GatewayChallenge, GatewayUnclaimed, GatewayWelcome
from protocol.problems import Problem, ProblemCode

CLAIM_PERIOD = timedelta(minutes=10)


class Everybody:
    """A gatekeeper that knows every bearer token and no key."""

    async def bearer(self, gateway_id: str, token: str, source: str) -> DeviceRow | None:
        """Welcome."""
        return DeviceRow(gateway_id, 1, 1, gateway_id)

    def bootstraps(self, gateway_id: str, source: str) -> bool:
        """Not needed."""
        return False

    async def greeted(self, gateway_id: str, token: str, hello: GatewayHello, source: str) -> DeviceRow | None:
        """Not needed."""
        return None

    def challenge(self) -> GatewayChallenge:
        """A challenge that nobody can answer."""
        return GatewayChallenge(nonce=bytes(32), hub="double", time=datetime.now(UTC))

    async def prove(
        self, gateway_id: str, challenge: GatewayChallenge, proof: GatewayProof, source: str
    ) -> DeviceRow | Unclaimed:
        """Refused, whatever it is."""
        raise Problem(ProblemCode.PROOF_WRONG, "No key is known here. Use a bearer token.")

    async def wait_claimed(self, unclaimed: Unclaimed) -> AsyncIterator[GatewayUnclaimed | DeviceRow]:
        """Nobody claims."""
        expires = datetime.now(UTC) + CLAIM_PERIOD
        yield GatewayUnclaimed(claim_code="0000-0000-0", claim_url="http://double", expires_at=expires, fingerprint="-")

    def welcome(self, device: DeviceRow) -> GatewayWelcome:
        """What every device is greeted with."""
        return GatewayWelcome(hub_key=bytes(32))


class Silent:
    """Hears everything and tells nobody."""

    def connected(self, device: DeviceRow, hello: GatewayHello, at: datetime) -> None:
        """A device came."""

    def disconnected(self, device_id: str, reason: str, at: datetime) -> None:
        """A device left."""

    def heard(self, device_id: str, event: AnyEvent, at: datetime) -> None:
        """A device told something."""

    def runaway(self, device_id: str, session_id: str, problem: Problem, at: datetime) -> None:
        """A session prints too much."""
