"""The parts of the wire a control plane has to know: binary frames and which events answer which command."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]
"""A JSON object as it went over the wire; deliberately without a schema."""

OUTPUT = 0x01
INPUT = 0x02


@dataclass(frozen=True)
class Frame:
    """One binary frame: kind, session, sequence number and terminal bytes."""

    kind: int
    session_id: str
    seq: int
    payload: bytes

    def pack(self) -> bytes:
        """``kind:u8 | len:u8 | session_id | seq:u64 big-endian | payload``."""
        name = self.session_id.encode()
        return struct.pack("!BB", self.kind, len(name)) + name + struct.pack("!Q", self.seq) + self.payload

    @classmethod
    def unpack(cls, data: bytes) -> Frame:
        """The frame in these bytes; ``struct.error`` when they are too short for one."""
        kind, length = struct.unpack_from("!BB", data)
        (seq,) = struct.unpack_from("!Q", data, 2 + length)
        return cls(kind, data[2 : 2 + length].decode(), seq, data[2 + length + 8 :])


@dataclass(frozen=True)
class Rule:
    """What a command is answered by: the events that have to come, and whether an ack comes beside them."""

    events: tuple[str, ...] = ()
    ack: bool = True
    any_of: bool = False
    """One of the events is enough."""


_ACK_ONLY = Rule()

ANSWERS: dict[str, Rule] = {
    "session.create": Rule(("session.started",)),
    "session.end": Rule(("session.ended",)),
    "session.snapshot": Rule(("session.snapshot",)),
    "ssh.list": Rule(("ssh.keys",), ack=False),
    "file.download": Rule(("file.content.begin", "file.content.end")),
    "agents.install": Rule(("agent.installed",)),
    "agents.list": Rule(("agents.status",), ack=False),
    "workspace.list": Rule(("workspace.folders",), ack=False),
    "gateway.update": Rule(("gateway.updated", "gateway.update_failed"), ack=False, any_of=True),
    "key.rotate": Rule(("key.rotated",), ack=False),
}


def rule_for(command: str) -> Rule:
    """How a command is answered; one that the wire does not know by an ack alone."""
    return ANSWERS.get(command, _ACK_ONLY)
