"""What a viewer sends: read, checked and passed on to its session; refusals are answered and survived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocol.frames import BinaryFrame, FrameKind
from protocol.problems import Problem, ProblemCode
from protocol.terminal import TerminalAck, TerminalResize, TerminalTakeControl, parse_client_message
from webui.meters import Meters

if TYPE_CHECKING:
    from gateway.sessions.manager import Sessions
    from gateway.sessions.viewer import Viewer
    from webui.streams.keyboard import Keyboard

MAX_INPUT: Final = 1024 * 1024
"""Bytes of terminal input in one frame: a paste."""
_SEQ_BYTES: Final = 8
MAX_FRAME: Final = MAX_INPUT + 2 + 255 + 8


class TerminalInput:
    """Takes the messages of one viewer. Every refusal is raised as a :class:`Problem`."""

    def __init__(self, session_id: str, sessions: Sessions, viewer: Viewer, keyboard: Keyboard, meters: Meters) -> None:
        self._session_id = session_id
        # What nearly every frame begins with; the others are read in full, and refused for what is wrong with them.
        name = session_id.encode()
        self._head = bytes((FrameKind.INPUT, len(name))) + name
        self._payload = len(self._head) + _SEQ_BYTES
        self._sessions = sessions
        self._viewer = viewer
        self._keyboard = keyboard
        self._meters = meters

    async def frame(self, data: bytes) -> None:
        """A binary frame: bytes to type. Raises MALFORMED_FRAME, TOO_LARGE, FORBIDDEN, NOT_IN_CONTROL and others."""
        if data.startswith(self._head) and self._payload <= len(data) <= MAX_FRAME:
            await self._type(data[self._payload :])
            return
        frame = BinaryFrame.decode(data, max_bytes=MAX_FRAME)
        if frame.kind is not FrameKind.INPUT or frame.session_id != self._session_id:
            raise Problem(
                ProblemCode.MALFORMED_FRAME, "Send frames of kind 0x02 with the id of the session this socket shows."
            )
        await self._type(frame.payload)

    async def _type(self, payload: bytes) -> None:
        self._keyboard.check_may_type()
        await self._sessions.input(self._session_id, payload)
        self._meters.input_bytes += len(payload)

    async def text(self, data: bytes) -> None:
        """A JSON message. Raises MALFORMED_MESSAGE, UNKNOWN_COMMAND, TOO_LARGE, NOT_IN_CONTROL and others."""
        match parse_client_message(data):
            case TerminalAck(seq=seq):
                self._viewer.ack(seq)
            case TerminalResize(cols=cols, rows=rows):
                self._keyboard.check_may_resize()
                await self._sessions.resize(self._session_id, cols, rows)
            case TerminalTakeControl():
                self._keyboard.take()
