"""The terminal WebSocket between a browser and a device: its JSON messages (docs/wire.md).

The names are those of the device link; the session is the one of the address, so clients name none. Terminal bytes go
as binary frames both ways (:mod:`protocol.frames`). The first message of the server is a session.snapshot; more of them
may come at any time, and each starts the screen anew.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from pydantic import ConfigDict, Field, TypeAdapter

from protocol.base import WireMessage
from protocol.codec import read
from protocol.fields import Cols, CursorX, CursorY, ErrorText, Line, Rows, Seq, SessionId
from protocol.limits import KIB
from protocol.problems import ProblemCode

MAX_CLIENT_MESSAGE_BYTES: Final = 64 * KIB


class TerminalSnapshot(WireMessage):
    """The screen: clear the terminal, give it this size, write ``content`` and then ``modes``."""

    type: Literal["session.snapshot"] = "session.snapshot"
    session_id: SessionId
    content: str = Field(repr=False, description="History and screen with SGR escapes, lines separated by CR LF.")
    cols: Cols
    rows: Rows
    cursor_x: CursorX = Field(description="Counts from 0.")
    cursor_y: CursorY = Field(description="Counts from 0.")
    cursor_visible: bool
    alternate_on: bool = Field(description="Whether a full-screen program is drawing.")
    seq: Seq = Field(description="Number of the first output frame that comes after this screen.")
    scrollback: int = Field(ge=0, description="Lines of history that stand before the screen.")
    modes: str = Field(description="Escape sequences that bring a fresh terminal into the same modes.")
    title: str


class TerminalResized(WireMessage):
    """The terminal has another size now, in characters."""

    type: Literal["session.resized"] = "session.resized"
    cols: Cols
    rows: Rows


class TerminalControl(WireMessage):
    """Who types: ``holder`` is missing when nobody does."""

    type: Literal["session.control"] = "session.control"
    holder: Line | None = None
    yours: bool = Field(description="Whether this viewer is in control.")
    may_write: bool = Field(description="Whether this viewer may take control at all.")


class TerminalEnded(WireMessage):
    """The session is over; ``exit_code`` where it is known. Nothing follows."""

    type: Literal["session.ended"] = "session.ended"
    exit_code: int | None = None


class TerminalError(WireMessage):
    """Something was refused or went wrong; the socket goes on."""

    type: Literal["session.error"] = "session.error"
    error: ErrorText
    code: ProblemCode


class TerminalTakeControl(WireMessage):
    """The viewer wants to type."""

    type: Literal["session.take_control"] = "session.take_control"


class TerminalResize(WireMessage):
    """The viewer wants another size, in characters."""

    type: Literal["session.resize"] = "session.resize"
    cols: Cols
    rows: Rows


class TerminalAck(WireMessage):
    """The highest frame number that the viewer has shown: each 200 ms, or after 64 KiB of output."""

    type: Literal["session.ack"] = "session.ack"
    seq: Seq


AnyServerMessage = TerminalSnapshot | TerminalResized | TerminalControl | TerminalEnded | TerminalError
ServerMessage = Annotated[AnyServerMessage, Field(discriminator="type")]
"""What the device sends to a browser."""

AnyClientMessage = TerminalTakeControl | TerminalResize | TerminalAck
ClientMessage = Annotated[AnyClientMessage, Field(discriminator="type")]
"""What a browser sends to the device."""

SERVER_MESSAGES: tuple[type[AnyServerMessage], ...] = get_args(AnyServerMessage)
CLIENT_MESSAGES: tuple[type[AnyClientMessage], ...] = get_args(AnyClientMessage)
_CLIENT: Final[TypeAdapter[AnyClientMessage]] = TypeAdapter(ClientMessage, config=ConfigDict(defer_build=True))
_CLIENT_TYPES: Final = frozenset(str(model.model_fields["type"].default) for model in CLIENT_MESSAGES)


def parse_client_message(text: str | bytes) -> AnyClientMessage:
    """Read what a browser sent, at most 64 KiB.

    Raises Problem: TOO_LARGE, MALFORMED_MESSAGE or UNKNOWN_COMMAND. To write a server message use
    ``codec.encode(message, max_bytes=None)``: a snapshot with its history may be larger than the link allows.
    """
    return read(_CLIENT, text, MAX_CLIENT_MESSAGE_BYTES, _CLIENT_TYPES, ProblemCode.UNKNOWN_COMMAND)
