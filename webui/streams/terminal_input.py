"""What a viewer sends: read, checked and passed on to its session; refusals are answered and survived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from protocol.frames import BinaryFrame, FrameKind
from protocol.problems import Problem, ProblemCode
from webui.meters import Meters
from webui.streams.terminal_messages import CLIENT_MESSAGE, Ack, Resize, TakeControl

if TYPE_CHECKING:
    from gateway.sessions.manager import Sessions
    from gateway.sessions.viewer import Viewer

    from webui.streams.keyboard import Keyboard

MAX_INPUT: Final = 1024 * 1024
"""Bytes of terminal input in one frame: a paste."""
MAX_FRAME: Final = MAX_INPUT + 2 + 255 + 8
MAX_TEXT: Final = 64 * 1024
"""Bytes of one JSON message."""


class TerminalInput:
    """Takes the messages of one viewer. Every refusal is raised as a :class:`Problem`."""

    def __init__(self, session_id: str, sessions: Sessions, viewer: Viewer, keyboard: Keyboard, meters: Meters) -> None:
        self._session_id = session_id
        self._sessions = sessions
        self._viewer = viewer
        self._keyboard = keyboard
        self._meters = meters

    async def frame(self, data: bytes) -> None:
        """A binary frame: bytes to type. Raises MALFORMED_FRAME, TOO_LARGE, FORBIDDEN, NOT_IN_CONTROL and others."""
        frame = BinaryFrame.decode(data, max_bytes=MAX_FRAME)
        if frame.kind is not FrameKind.INPUT or frame.session_id != self._session_id:
            raise Problem(
                ProblemCode.MALFORMED_FRAME, "Send frames of kind 0x02 with the id of the session this socket shows."
            )
        self._keyboard.check_may_type()
        await self._sessions.input(self._session_id, frame.payload)
        self._meters.input_bytes += len(frame.payload)

    async def text(self, data: bytes) -> None:
        """A JSON message. Raises MALFORMED_MESSAGE, UNKNOWN_COMMAND, TOO_LARGE, NOT_IN_CONTROL and others."""
        if len(data) > MAX_TEXT:
            raise Problem(ProblemCode.TOO_LARGE, f"A JSON message may hold {MAX_TEXT} bytes. Send less.")
        try:
            message = CLIENT_MESSAGE.validate_json(data)
        except ValidationError as error:
            raise _refusal(error) from None
        match message:
            case Ack(seq=seq):
                self._viewer.ack(seq)
            case Resize(cols=cols, rows=rows):
                self._keyboard.check_may_resize()
                await self._sessions.resize(self._session_id, cols, rows)
            case TakeControl():
                self._keyboard.take()


def _refusal(error: ValidationError) -> Problem:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return Problem(
            ProblemCode.UNKNOWN_COMMAND, "Send session.resize, session.ack or session.take_control, in the field type."
        )
    where = ".".join(str(part)[:60] for part in first["loc"])
    return Problem(ProblemCode.MALFORMED_MESSAGE, f"The message cannot be read: {where or 'JSON'}: {first['msg']}.")
