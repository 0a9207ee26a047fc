"""Claims, batches, gateways of another make, and the devices themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from foundation.web.models import NO_CONTROLS, Answer, Body, Number
from hub.enrolment.types import Batch, Claim, Device, DeviceState
from hub.store.tables.devices import MAX_NAME

MAX_USES = 10_000
LONGEST_BATCH = timedelta(days=366)
DeviceName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME, pattern=NO_CONTROLS)
]
GatewayName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]


class ClaimCodeBody(Body):
    """The code that a device shows."""

    code: str = Field(min_length=1, max_length=64, description="Case, dashes and spaces do not matter.", repr=False)


class ClaimAnswer(Answer):
    """The device behind a code. Compare the fingerprint with the device's own page before confirming."""

    claim_id: int
    device_id: str
    fingerprint: str
    short_fingerprint: str = Field(description="The same for reading aloud.")
    hostname: str = Field(description="What the device says of itself, unchecked.")
    version: str = Field(description="What the device says of itself, unchecked.")
    source: str = Field(description="The address it calls from.")
    expires_at: datetime

    @classmethod
    def of(cls, claim: Claim) -> ClaimAnswer:
        """The answer that shows a claim."""
        return cls(
            claim_id=claim.id,
            device_id=claim.gateway_id,
            fingerprint=claim.fingerprint,
            short_fingerprint=claim.short_fingerprint,
            hostname=claim.hostname,
            version=claim.version,
            source=claim.source,
            expires_at=claim.expires_at,
        )


class Confirmation(Body):
    """Where a claimed device goes, and the proof that somebody compared."""

    fingerprint: str = Field(min_length=1, max_length=128, description="As the claim named it.")
    group_id: Number
    name: DeviceName


class DeviceAnswer(Answer):
    """A device and whose it is."""

    id: str
    name: str
    organisation_id: int
    group_id: int
    state: DeviceState
    proves_by: Literal["key", "token"]
    fingerprint: str | None = Field(description="Of its key; null for one with a token.")
    created_at: datetime
    claimed_by: str

    @classmethod
    def of(cls, device: Device) -> DeviceAnswer:
        """The answer that shows a device."""
        return cls(
            id=device.id,
            name=device.name,
            organisation_id=device.organisation_id,
            group_id=device.group_id,
            state=device.state,
            proves_by="token" if device.public_key is None else "key",
            fingerprint=device.fingerprint,
            created_at=device.created_at,
            claimed_by=device.claimed_by,
        )


class DeviceChange(Body):
    """What of a device shall be another."""

    name: DeviceName | None = None
    group_id: Number | None = None


class NewBatchBody(Body):
    """A token that lets devices in without a person."""

    group_id: Number
    label: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=NO_CONTROLS)
    ] = Field(description="What it is for.")
    max_uses: int = Field(ge=1, le=MAX_USES, description="How many devices it lets in.")
    expires_at: AwareDatetime


class BatchAnswer(Answer):
    """A batch, without its token."""

    id: int
    group_id: int
    label: str
    max_uses: int
    uses: int
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, batch: Batch) -> BatchAnswer:
        """The answer that shows a batch."""
        return cls(
            id=batch.id,
            group_id=batch.group_id,
            label=batch.label,
            max_uses=batch.max_uses,
            uses=batch.uses,
            created_at=batch.created_at,
            created_by=batch.created_by,
            expires_at=batch.expires_at,
            revoked_at=batch.revoked_at,
        )


class NewBatchAnswer(Answer):
    """A fresh batch; its token is shown this once."""

    batch: BatchAnswer
    token: str


class BatchesQuery(Body):
    """Which page of the batches."""

    after: Number | None = Field(None, description="The id of the last one of the page before.")
    limit: int = Field(50, ge=1, le=500)


class BatchesAnswer(Answer):
    """Batches, newest first."""

    batches: list[BatchAnswer]
    after: int | None = Field(description="Send it for the next page; null on the last.")


class NewGateway(Body):
    """A gateway of another make."""

    gateway_id: GatewayName
    name: DeviceName
    group_id: Number


class NewGatewayAnswer(Answer):
    """A fresh gateway; its token is shown this once."""

    device: DeviceAnswer
    token: str = Field(description="What it sends as Authorization: Bearer, beside X-Gateway-Id.")
