"""The text messages of streams; their bytes travel in binary frames of kind 0x03 (docs/wire.md)."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from protocol.base import WireMessage
from protocol.fields import ByteCount, ErrorText, StreamId
from protocol.problems import ProblemCode

StreamTarget = Literal["web"]
"""Where a stream ends on the device: ``web`` is the device's own web server."""


class StreamMessageBase(WireMessage):
    """What all of them have in common."""

    stream_id: StreamId


class StreamOpen(StreamMessageBase):
    """Hub to device: begin a stream to ``target``."""

    type: Literal["stream.open"] = "stream.open"
    target: StreamTarget


class StreamWindow(StreamMessageBase):
    """Either way: the sender of this has room for so many bytes more."""

    type: Literal["stream.window"] = "stream.window"
    bytes: ByteCount


class StreamEnd(StreamMessageBase):
    """Either way: the sender of this has no more bytes; the other direction goes on."""

    type: Literal["stream.end"] = "stream.end"


class StreamClose(StreamMessageBase):
    """Either way: the stream is over in both directions; ``error`` says why, unless all went well."""

    type: Literal["stream.close"] = "stream.close"
    code: ProblemCode | None = None
    error: ErrorText | None = None


AnyStreamMessage = StreamOpen | StreamWindow | StreamEnd | StreamClose
StreamMessage = Annotated[AnyStreamMessage, Field(discriminator="type")]
"""Any message of a stream, told apart by ``type``."""

STREAM_MESSAGES: tuple[type[AnyStreamMessage], ...] = get_args(AnyStreamMessage)
