"""The text messages of streams; their bytes travel in binary frames of kind 0x03 (docs/wire.md)."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from protocol.base import WireMessage
from protocol.fields import ByteCount, ErrorText, StreamId
from protocol.problems import ProblemCode

StreamTarget = Literal["web"]
"""Where a stream ends on the device: ``web`` is the device's own web server."""


class StreamOpen(WireMessage):
    """Hub to device: begin a stream to ``target``."""

    type: Literal["stream.open"] = "stream.open"
    stream_id: StreamId
    target: StreamTarget


class StreamWindow(WireMessage):
    """Either way: the sender of this has room for so many bytes more."""

    type: Literal["stream.window"] = "stream.window"
    stream_id: StreamId
    bytes: ByteCount


class StreamEnd(WireMessage):
    """Either way: the sender of this has no more bytes; the other direction goes on."""

    type: Literal["stream.end"] = "stream.end"
    stream_id: StreamId


class StreamClose(WireMessage):
    """Either way: the stream is over in both directions; ``error`` says why, unless all went well."""

    type: Literal["stream.close"] = "stream.close"
    stream_id: StreamId
    code: ProblemCode | None = None
    error: ErrorText | None = None


AnyStreamMessage = StreamOpen | StreamWindow | StreamEnd | StreamClose
StreamMessage = Annotated[AnyStreamMessage, Field(discriminator="type")]
"""Any message of a stream, told apart by ``type``."""

STREAM_MESSAGES: tuple[type[AnyStreamMessage], ...] = get_args(AnyStreamMessage)
