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
MAX_FRAME: Final = MAX_INPUT + 2 + 255 + 8


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
        match parse_client_message(data):
            case TerminalAck(seq=seq):
                self._viewer.ack(seq)
            case TerminalResize(cols=cols, rows=rows):
                self._keyboard.check_may_resize()
                await self._sessions.resize(self._session_id, cols, rows)
            case TerminalTakeControl():
                self._keyboard.take()
