"""What enrolment keeps in the store, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.ports import DeviceRow
from protocol.identity import fingerprint, short_fingerprint


class DeviceState(StrEnum):
    """Whether a device may connect."""

    ACTIVE = "active"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Device:
    """A device of a group. It proves ``public_key`` (32 bytes), or shows the token of ``bearer_digest``."""

    id: str
    organisation_id: int
    group_id: int
    name: str
    public_key: bytes | None
    bearer_digest: str | None = field(repr=False)
    state: DeviceState
    created_at: datetime
    claimed_by: str
    organisation: str
    """The organisation's name."""

    @property
    def fingerprint(self) -> str | None:
        """Of its key, as its own page shows it; None for one with a bearer token."""
        return None if self.public_key is None else fingerprint(self.public_key)

    def row(self) -> DeviceRow:
        """What the other parts of the hub have to know of it."""
        return DeviceRow(self.id, self.organisation_id, self.group_id, self.name)


@dataclass(frozen=True, slots=True)
class Claim:
    """A device that waits for a person, found by its code. To be confirmed before ``expires_at``."""

    id: int
    gateway_id: str
    public_key: bytes
    hostname: str
    version: str
    source: str
    """The address the device calls from."""
    expires_at: datetime

    @property
    def fingerprint(self) -> str:
        """Of the key, to be compared with what the device shows."""
        return fingerprint(self.public_key)

    @property
    def short_fingerprint(self) -> str:
        """The same in a form that is read aloud."""
        return short_fingerprint(self.public_key)


@dataclass(frozen=True, slots=True)
class Batch:
    """A token that lets up to ``max_uses`` devices into a group without a person."""

    id: int
    group_id: int
    label: str
    max_uses: int
    uses: int
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device about to be made somebody's."""

    id: str
    group_id: int
    name: str
    claimed_by: str
    public_key: bytes | None = None
    bearer_digest: str | None = field(default=None, repr=False)
