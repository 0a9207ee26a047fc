"""What all messages have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from protocol.fields import RequestId
from protocol.version import WIRE_VERSION, WireVersion


class WireModel(BaseModel):
    """A value on the wire: frozen, exact types, unknown fields ignored, never NaN or infinity."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        ser_json_bytes="base64",
        defer_build=True,
    )


class WireMessage(WireModel):
    """A message: its ``type`` says which. A missing ``schema_version`` is read as the one we speak."""

    schema_version: WireVersion = WIRE_VERSION


class CommandBase(WireMessage):
    """What the hub asks of a device. Exactly one final answer names the same ``request_id``."""

    request_id: RequestId = Field(description="Chosen by the hub; the answer repeats it.")


class EventBase(WireMessage):
    """What a device says to the hub."""


class NoticeBase(WireMessage):
    """What the hub tells a device without asking anything: no ``request_id``, and no answer."""
