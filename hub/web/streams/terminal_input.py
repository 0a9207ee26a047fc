"""What a viewer sends: read, checked and passed on to its watch; refusals are answered and survived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hub.ports import Watch
from protocol.frames import BinaryFrame, FrameKind
from protocol.limits import MIB
from protocol.problems import Problem, ProblemCode
from protocol.terminal import TerminalAck, TerminalResize, TerminalTakeControl, parse_client_message

_SEQ_BYTES: Final = 8
_MAX_FRAME: Final = MIB + 2 + 255 + 8


class TerminalInput:
    """Takes the messages of one viewer. Every refusal is raised as a :class:`Problem`."""

    def __init__(self, session_id: str, watch: Watch, tamed: Callable[[], None]) -> None:
        self.cut = False
        """Whether the session was cut off for its output; taking control shows it again."""
        self._session_id = session_id
        # What nearly every frame begins with; the others are read in full, and refused for what is wrong with them.
        name = session_id.encode()
        self._head = bytes((FrameKind.INPUT, len(name))) + name
        self._payload = len(self._head) + _SEQ_BYTES
        self._watch = watch
        self._tamed = tamed

    async def frame(self, data: bytes) -> None:
        """A binary frame: bytes to type. Raises MALFORMED_FRAME, TOO_LARGE, FORBIDDEN, NOT_IN_CONTROL and others."""
        if data.startswith(self._head) and self._payload <= len(data) <= _MAX_FRAME:
            await self._watch.type(data[self._payload :])
            return
        frame = BinaryFrame.decode(data, max_bytes=_MAX_FRAME)
        if frame.kind is not FrameKind.INPUT or frame.session_id != self._session_id:
            raise Problem(
                ProblemCode.MALFORMED_FRAME, "Send frames of kind 0x02 with the id of the session this socket shows."
            )
        await self._watch.type(frame.payload)

    async def text(self, data: bytes) -> None:
        """A JSON message. Raises MALFORMED_MESSAGE, UNKNOWN_COMMAND, TOO_LARGE, NOT_IN_CONTROL and others."""
        match parse_client_message(data):
            case TerminalAck(seq=seq):
                self._watch.ack(seq)
            case TerminalResize(cols=cols, rows=rows):
                await self._watch.resize(cols, rows)
            case TerminalTakeControl():
                await self._watch.take_control()
                await self._show_again()

    async def _show_again(self) -> None:
        if self.cut:
            await self._watch.resume()
            self.cut = False
            self._tamed()
