"""What a viewer sends: read, checked and passed on to its session; refusals are answered and survived."""

from __future__ import annotations

from typing import Final, Protocol

from protocol.frames import BinaryFrame, FrameKind, frame_head
from protocol.limits import MIB
from protocol.problems import Problem, ProblemCode
from protocol.terminal import TerminalAck, TerminalResize, TerminalTakeControl, parse_client_message

MAX_INPUT: Final = MIB
"""Bytes of terminal input in one frame: a paste."""
_SEQ_BYTES: Final = 8
MAX_FRAME: Final = MAX_INPUT + 2 + 255 + 8


class Hands(Protocol):
    """What a viewer may do with its session. Every refusal is raised as a :class:`Problem`."""

    async def type(self, payload: bytes, /) -> None:
        """Type these bytes."""

    def ack(self, seq: int, /) -> None:
        """Every frame up to this one was shown."""

    async def resize(self, cols: int, rows: int, /) -> None:
        """Give the terminal another size, in characters."""

    async def take_control(self) -> None:
        """Take the right to type."""


class TerminalInput:
    """Takes the messages of one viewer. Every refusal is raised as a :class:`Problem`."""

    def __init__(self, session_id: str, hands: Hands) -> None:
        self._session_id = session_id
        # What nearly every frame begins with; the others are read in full, and refused for what is wrong with them.
        self._head = frame_head(FrameKind.INPUT, session_id)
        self._payload = len(self._head) + _SEQ_BYTES
        self._hands = hands

    async def frame(self, data: bytes) -> None:
        """A binary frame: bytes to type. Raises MALFORMED_FRAME, TOO_LARGE, FORBIDDEN, NOT_IN_CONTROL and others."""
        if data.startswith(self._head) and self._payload <= len(data) <= MAX_FRAME:
            await self._hands.type(data[self._payload :])
            return
        frame = BinaryFrame.decode(data, max_bytes=MAX_FRAME)
        if frame.kind is not FrameKind.INPUT or frame.session_id != self._session_id:
            raise Problem(
                ProblemCode.MALFORMED_FRAME, "Send frames of kind 0x02 with the id of the session this socket shows."
            )
        await self._hands.type(frame.payload)

    async def text(self, data: bytes) -> None:
        """A JSON message. Raises MALFORMED_MESSAGE, UNKNOWN_COMMAND, TOO_LARGE, NOT_IN_CONTROL and others."""
        match parse_client_message(data):
            case TerminalAck(seq=seq):
                self._hands.ack(seq)
            case TerminalResize(cols=cols, rows=rows):
                await self._hands.resize(cols, rows)
            case TerminalTakeControl():
                await self._hands.take_control()
