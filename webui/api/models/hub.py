"""The link to the hub, and what the hub may do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from foundation.web.models import NO_CONTROLS, Answer, Body
from gateway.hub_link.status import Claim, HubStatus, LinkState
from gateway.tunnel.visitors import Visitor
from protocol.events import PERMISSIONS, Permission


class ClaimAnswer(Answer):
    """What a person enters at the hub to make this device theirs there."""

    code: str
    url: str
    expires_at: datetime

    @classmethod
    def of(cls, claim: Claim) -> ClaimAnswer:
        """The answer that shows a claim."""
        return cls(code=claim.code, url=claim.url, expires_at=claim.expires_at)


class VisitorAnswer(Answer):
    """Somebody who came through the hub: one login of theirs there."""

    name: str
    role: str
    since: datetime
    last_seen: datetime
    open_sockets: int = Field(description="Requests under way, terminals and event streams among them.")

    @classmethod
    def of(cls, visitor: Visitor) -> VisitorAnswer:
        """The answer that shows a visitor; which login it is stays between the hub and us."""
        return cls(
            name=visitor.name,
            role=visitor.role,
            since=visitor.since,
            last_seen=visitor.last_seen,
            open_sockets=visitor.open_sockets,
        )


class HubAnswer(Answer):
    """The link to the hub; the token and the key are never answered."""

    state: LinkState
    url: str | None
    since: datetime | None
    last_error: str | None
    device_id: str = Field(description="What the hub knows this device by.")
    has_key: bool = Field(description="Whether the device shows a key of its own; a token else.")
    fingerprint: str | None = Field(description="Of that key, to compare with what the hub shows.")
    claim: ClaimAnswer | None = Field(description="There while the state is unclaimed.")
    name: str | None = Field(description="What this device is called at the hub.")
    organisation: str | None
    hub_changed: bool = Field(description="The hub signs with another key than the one that was trusted first.")
    allows: tuple[Permission, ...]
    visitors: list[VisitorAnswer] = Field(description="Who came through the hub in the last minutes, the latest first.")

    @classmethod
    def of(cls, status: HubStatus, visitors: Iterable[Visitor]) -> HubAnswer:
        """The answer that shows a status, and who is in."""
        return cls(
            state=status.state,
            url=status.url,
            since=status.since,
            last_error=status.last_error,
            device_id=status.device_id,
            has_key=status.has_key,
            fingerprint=status.fingerprint,
            claim=None if status.claim is None else ClaimAnswer.of(status.claim),
            name=status.name,
            organisation=status.organisation,
            hub_changed=status.hub_changed,
            allows=status.allows,
            visitors=[VisitorAnswer.of(visitor) for visitor in visitors],
        )


class HubSettings(Body):
    """The hub to link to. Without a token the device shows its own key, and a person claims it there."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2048, pattern=NO_CONTROLS)]
    token: Annotated[SecretStr, Field(min_length=1, max_length=4096)] | None = None


class HubPolicy(Body):
    """What the hub may do; to see how the device is comes with every hub."""

    allows: Annotated[list[Permission], Field(max_length=len(PERMISSIONS))]
