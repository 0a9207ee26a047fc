"""The control plane's end of one device's connection."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode

from tests.doubles.control_plane.journal import Journal
from tests.doubles.control_plane.wire import INPUT, Frame, Message, rule_for

PATIENCE = 10.0
"""Seconds a command may take, as control planes in the field have it."""


@dataclass
class Answer:
    """What came back for one command."""

    request_id: str
    acks: list[Message] = field(default_factory=list)
    events: list[Message] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Not refused."""
        return all(ack["ok"] for ack in self.acks)

    @property
    def error(self) -> str:
        """The sentence of the refusal."""
        return str(next((ack["error"] for ack in self.acks if not ack["ok"]), ""))

    def event(self, kind: str) -> Message:
        """The answering event of a type."""
        return next(event for event in self.events if event["type"] == kind)


class DeviceLink:
    """One connected device: scripted commands out, everything it says written down."""

    def __init__(self, connection: ServerConnection, gateway_id: str) -> None:
        self.connection = connection
        self.gateway_id = gateway_id
        self.journal = Journal()
        self.close_code: int | None = None
        self._requests = 0
        self._seq = 0

    async def read(self) -> None:
        """Write down everything until the connection ends."""
        try:
            async for data in self.connection:
                self.journal.add(json.loads(data) if isinstance(data, str) else Frame.unpack(data))
        except ConnectionClosed:
            pass
        finally:
            self.close_code = self.connection.close_code
            self.journal.close()

    # Speaking

    async def send(self, message: Message) -> None:
        """Send a JSON message as it is."""
        await self.connection.send(json.dumps(message))

    async def send_raw(self, data: str | bytes) -> None:
        """Send a text or binary frame with any content."""
        await self.connection.send(data)

    def write_bytes(self, data: bytes) -> None:
        """Put bytes on the socket below the WebSocket protocol."""
        self.connection.transport.write(data)

    async def binary_input(self, session_id: str, data: bytes) -> None:
        """Type into a session (a 0x02 frame)."""
        await self.connection.send(Frame(INPUT, session_id, self._seq, data).pack())
        self._seq += 1

    async def text_input(self, session_id: str, data: bytes) -> Answer:
        """Type into a session (the session.input command)."""
        return await self.command("session.input", session_id=session_id, data=base64.b64encode(data).decode())

    def request_id(self) -> str:
        """A request id that was not used on this connection."""
        self._requests += 1
        return f"r{self._requests}"

    async def post(self, kind: str, **fields: Any) -> str:  # noqa: ANN401  (the wire has no schema here)
        """Send a command and do not wait; returns its request id."""
        request_id = self.request_id()
        await self.send({"type": kind, "schema_version": "1", "request_id": request_id, **fields})
        return request_id

    async def command(self, kind: str, *, within: float = PATIENCE, **fields: Any) -> Answer:  # noqa: ANN401
        """Send a command and wait for all its answers, or for its refusal."""
        mark = self.journal.mark
        request_id = await self.post(kind, **fields)
        return await self.answer(request_id, kind, fields, mark=mark, within=within)

    async def answer(
        self, request_id: str, kind: str, fields: Message, *, mark: int = 0, within: float = PATIENCE
    ) -> Answer:
        """Wait for all answers of a command that was sent already."""
        rule = rule_for(kind)

        def gathered() -> Answer:
            answer = Answer(request_id)
            for message in self.journal.messages(after=mark):
                if message["type"] == "ack":
                    if message["request_id"] == request_id:
                        answer.acks.append(message)
                elif _belongs(message, request_id, fields) and message["type"] in _expected(kind):
                    answer.events.append(message)
            return answer

        def complete() -> bool:
            answer = gathered()
            if not answer.ok:
                return True
            seen = {event["type"] for event in answer.events}
            events = bool(seen) if rule.any_of else seen.issuperset(rule.events)
            return events and (bool(answer.acks) or not rule.ack)

        await self.journal.until(complete, f"answer to {kind}", within)
        return gathered()

    # Listening

    async def event(
        self, kind: str, *, after: int = 0, within: float = PATIENCE, where: Callable[[Message], bool] | None = None
    ) -> Message:
        """Wait for an event of a type (for which a predicate holds)."""

        def found() -> list[Message]:
            return [m for m in self.journal.messages(kind, after=after) if where is None or where(m)]

        await self.journal.until(lambda: bool(found()), kind, within)
        return found()[0]

    async def output(self, session_id: str, text: bytes, *, after: int = 0, within: float = PATIENCE) -> bytes:
        """Wait until a session's output frames contain a text; returns all its bytes so far."""

        def seen() -> bytes:
            return b"".join(frame.payload for frame in self.journal.frames(session_id, after=after))

        await self.journal.until(lambda: text in seen(), f"{text!r} in the output of {session_id}", within)
        return seen()

    # Misbehaving

    def never_pong(self) -> None:
        """Leave every ping unanswered from now on."""
        protocol = self.connection.protocol
        send_frame = protocol.send_frame
        protocol.send_frame = lambda frame: None if frame.opcode is Opcode.PONG else send_frame(frame)  # type: ignore[method-assign]

    def stall(self) -> None:
        """Stop reading from the socket, so that the device's writes pile up."""
        self.connection.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        self.connection.transport.resume_reading()

    def drop(self) -> None:
        """Cut the connection without a word."""
        self.connection.transport.abort()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close as the protocol says."""
        await self.connection.close(code, reason)


def _expected(kind: str) -> tuple[str, ...]:
    return (*rule_for(kind).events, *(("file.content.chunk",) if kind == "file.download" else ()))


def _belongs(message: Message, request_id: str, fields: Message) -> bool:
    if "request_id" in message:
        return bool(message["request_id"] == request_id)
    if message["type"] == "session.ended":
        return bool(message["session_id"] == fields.get("session_id"))
    content = str(message["type"]).startswith("file.content.")
    return content and bool(message["transfer_id"] == fields.get("transfer_id"))
