"""Notices: what the hub tells a device unasked, about who the device is to it (docs/wire.md)."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from protocol.base import NoticeBase
from protocol.fields import ClaimCode, HubHost, Line, Nonce, PublicKey, Time, Url, Word


class GatewayChallenge(NoticeBase):
    """The first message to a device that said ``Authorization: Hutch-Key``. Answered by gateway.proof."""

    type: Literal["gateway.challenge"] = "gateway.challenge"
    nonce: Nonce = Field(description="32 bytes that were never used before.")
    hub: HubHost = Field(description="The hub's address as it knows itself.")
    time: Time


class GatewayUnclaimed(NoticeBase):
    """The key is right and belongs to nobody: show the code. Sent again, with another code, when one expires."""

    type: Literal["gateway.unclaimed"] = "gateway.unclaimed"
    claim_code: ClaimCode
    claim_url: Url
    expires_at: Time
    fingerprint: Word = Field(description="Of the device's key, as the hub shows it to the person who claims.")


class GatewayWelcome(NoticeBase):
    """The device is known; its hello is expected."""

    type: Literal["gateway.welcome"] = "gateway.welcome"
    hub_key: PublicKey = Field(description="With it the hub signs who comes through it.")
    name: Line | None = Field(default=None, description="What the device is called on the hub.")
    organisation: Line | None = None


class GatewayKeyAccepted(NoticeBase):
    """The hub knows the device by this key from now on; the old one may go."""

    type: Literal["gateway.key_accepted"] = "gateway.key_accepted"
    public_key: PublicKey


AnyNotice = GatewayChallenge | GatewayUnclaimed | GatewayWelcome | GatewayKeyAccepted
Notice = Annotated[AnyNotice, Field(discriminator="type")]
"""Any notice, told apart by ``type``."""

NOTICES: tuple[type[AnyNotice], ...] = get_args(AnyNotice)
