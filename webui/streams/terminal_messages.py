"""The JSON messages of a terminal WebSocket; terminal bytes go in binary frames (:mod:`protocol.frames`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from protocol.fields import Cols, Rows, Seq
from protocol.problems import ProblemCode
from webui.api.models.sessions import SnapshotAnswer


class _FromClient(BaseModel):
    """Unknown fields are ignored, as everywhere on the wire."""

    model_config = ConfigDict(frozen=True)


class Resize(_FromClient):
    """The terminal of the viewer in control has this size now."""

    type: Literal["session.resize"] = "session.resize"
    cols: Cols
    rows: Rows


class Ack(_FromClient):
    """The viewer has drawn everything up to this frame."""

    type: Literal["session.ack"] = "session.ack"
    seq: Seq


class TakeControl(_FromClient):
    """The viewer wants the keyboard, whoever holds it."""

    type: Literal["session.take_control"] = "session.take_control"


ClientMessage = Annotated[Resize | Ack | TakeControl, Field(discriminator="type")]
CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


class _FromServer(BaseModel):
    model_config = ConfigDict(frozen=True)

    schema_version: Literal["1"] = "1"
    session_id: str


class ResizedMessage(_FromServer):
    """The terminal has another size now."""

    type: Literal["session.resized"] = "session.resized"
    cols: int
    rows: int


class ControlMessage(_FromServer):
    """Who holds the keyboard, and whether this viewer does or could."""

    type: Literal["session.control"] = "session.control"
    holder: str | None
    yours: bool
    may_write: bool


class EndedMessage(_FromServer):
    """The session is over; the socket is closed after it."""

    type: Literal["session.ended"] = "session.ended"
    exit_code: int | None


class ErrorMessage(_FromServer):
    """A message was refused; the socket goes on."""

    type: Literal["session.error"] = "session.error"
    error: str
    code: ProblemCode


ServerMessage = Annotated[
    SnapshotAnswer | ResizedMessage | ControlMessage | EndedMessage | ErrorMessage, Field(discriminator="type")
]
SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
