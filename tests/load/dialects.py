"""What simulated clients say to the hub, and to the servers that it is measured beside."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

STAMP_BYTES: Final = 8
MAX_DEVICES: Final = 20_000
MAX_SECONDS: Final = 120.0
_KEY: Final = base64.b64encode(bytes(16)).decode()
_TEXT: Final = 0x81
_BINARY: Final = 0x82
HEALTH_BYTES: Final = 400
SESSION: Final = "main"
HOST: Final = "hub"
"""What every simulated client calls the server it dials."""
BEARER: Final = "load"
"""The bearer token of every simulated device."""
TOKEN_VARIABLE: Final = "HUTCH_LOAD_TOKEN"
"""The environment variable with tokens of people who may watch the devices of a whole hub, with commas between: one
login may not have more than some terminals open."""


def device_name(number: int) -> str:
    """What simulated device ``number`` is called."""
    return f"load-{number:05d}"


def client_frame(first: int, payload: bytes) -> bytes:
    """A client's WebSocket frame. The mask is zero: the server unmasks all the same."""
    size = len(payload)
    if size < 126:
        return bytes((first, 0x80 | size)) + bytes(4) + payload
    if size < 65536:
        return bytes((first, 0xFE)) + size.to_bytes(2, "big") + bytes(4) + payload
    return bytes((first, 0xFF)) + size.to_bytes(8, "big") + bytes(4) + payload


def server_frames(buffer: bytearray) -> Iterator[tuple[int, bytes]]:
    """The whole frames of a server that never fragments; they are taken out of the buffer."""
    at, end = 0, len(buffer)
    while end - at >= 2:
        first, size, start = buffer[at], buffer[at + 1], at + 2
        if size == 126:
            size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
        elif size == 127:
            size, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
        if start + size > end:
            break
        yield first, bytes(buffer[start : start + size])
        at = start + size
    del buffer[:at]


def upgrade_request(path: str, name: str, bearer: str = BEARER) -> bytes:
    """The request that opens a WebSocket, as a gateway with a bearer token sends it."""
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {HOST}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {_KEY}",
        f"Authorization: Bearer {bearer}",
        f"X-Gateway-Id: {name}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def hello(name: str) -> bytes:
    """A small gateway.hello."""
    info = {"os": "Linux", "arch": "aarch64", "cpus": 4, "ram_total_bytes": 2**32, "disk_total_bytes": 2**35}
    message = {"type": "gateway.hello", "gateway_id": name, "version": "1", "hostname": name, "system_info": info}
    return client_frame(_TEXT, json.dumps(message | {"schema_version": "1"}).encode())


def health(name: str) -> bytes:
    """A gateway.health of 400 bytes."""
    message = {
        "type": "gateway.health",
        "schema_version": "1",
        "gateway_id": name,
        "timestamp": "2026-11-21T08:30:00Z",
        "cpu_percent": 12.5,
        "ram_used_bytes": 2**30,
        "ram_total_bytes": 2**32,
        "disk_used_bytes": 2**33,
        "disk_total_bytes": 2**35,
        "uptime_seconds": 86400,
        "active_sessions": [{"session_id": SESSION, "last_activity_at": "2026-11-21T08:30:00Z"}],
        "padding": "",
    }
    missing = HEALTH_BYTES - len(json.dumps(message))
    return client_frame(_TEXT, json.dumps(message | {"padding": "x" * missing}).encode())


@dataclass(frozen=True, slots=True)
class Answering:
    """What a simulated device sends back for a command, and how far its output was acknowledged."""

    reply: bytes
    acked: int | None = None


def answer(text: bytes, next_seq: int) -> Answering:
    """Answer one command of the hub."""
    command = json.loads(text)
    request_id = command.get("request_id")
    if request_id is None:
        return Answering(b"")
    ack = client_frame(_TEXT, json.dumps({"type": "ack", "request_id": request_id, "ok": True}).encode())
    if command["type"] == "session.snapshot":
        screen = {"type": "session.snapshot", "request_id": request_id, "session_id": SESSION, "content": "$ "}
        ack = client_frame(_TEXT, json.dumps(screen | {"seq": next_seq, "cols": 80, "rows": 24}).encode()) + ack
    acked = command["seq"] if command["type"] == "session.ack" else None
    return Answering(ack, acked)


class Dialect(Protocol):
    """How one kind of server is spoken to."""

    def device_greeting(self, name: str) -> bytes:
        """The first bytes of a device."""
        ...

    def viewer_greeting(self, name: str) -> bytes:
        """The first bytes of a viewer of that device."""
        ...

    def output(self, name: str, seq: int, payload: bytes) -> bytes:
        """A frame of terminal output."""
        ...

    def health(self, name: str) -> bytes:
        """400 bytes of health."""
        ...

    def payloads(self, buffer: bytearray) -> Iterator[bytes]:
        """The payloads that a viewer has got."""
        ...


class HubDialect:
    """The wire of docs/wire.md."""

    head: Final = bytes((1, len(SESSION))) + SESSION.encode()

    def device_greeting(self, name: str) -> bytes:
        """The upgrade; hello follows when it is answered."""
        return upgrade_request("/gw/connect", name)

    def viewer_greeting(self, name: str) -> bytes:
        """The upgrade of a terminal's socket."""
        return upgrade_request(f"/view/{name}/{SESSION}", name)

    def output(self, name: str, seq: int, payload: bytes) -> bytes:
        """A binary frame of kind 1."""
        return client_frame(_BINARY, self.head + seq.to_bytes(8, "big") + payload)

    def health(self, name: str) -> bytes:
        """gateway.health."""
        return health(name)

    def payloads(self, buffer: bytearray) -> Iterator[bytes]:
        """What stands in binary frames."""
        skip = len(self.head) + 8
        for first, data in server_frames(buffer):
            if first == _BINARY:
                yield data[skip:]


class WholeHubDialect(HubDialect):
    """The same wire, at a hub with people: viewers are somebody."""

    def viewer_greeting(self, name: str) -> bytes:
        """The upgrade of a terminal's socket, with one of the tokens that the environment names."""
        tokens = os.environ[TOKEN_VARIABLE].split(",")
        bearer = tokens[int(name.rpartition("-")[2]) % len(tokens)]
        return upgrade_request(f"/api/devices/{name}/sessions/{SESSION}/terminal", name, bearer)


class RawDialect:
    """The floor: ``D name`` or ``V name`` in a line, then frames with a length before them."""

    def device_greeting(self, name: str) -> bytes:
        """Who sends."""
        return f"D {name}\n".encode()

    def viewer_greeting(self, name: str) -> bytes:
        """Who is watched."""
        return f"V {name}\n".encode()

    def output(self, name: str, seq: int, payload: bytes) -> bytes:
        """Length and payload."""
        return len(payload).to_bytes(4, "big") + payload

    def health(self, name: str) -> bytes:
        """A frame that nobody watches."""
        return self.output(name, 0, bytes(HEALTH_BYTES))

    def payloads(self, buffer: bytearray) -> Iterator[bytes]:
        """Frame by frame."""
        at = 0
        while len(buffer) - at >= 4:
            stop = at + 4 + int.from_bytes(buffer[at : at + 4], "big")
            if stop > len(buffer):
                break
            yield bytes(buffer[at + 4 : stop])
            at = stop
        del buffer[:at]


class NatsDialect:
    """The client protocol of NATS: a subject for each session."""

    _CONNECT: Final = b'CONNECT {"verbose":false,"pedantic":false}\r\n'

    def device_greeting(self, name: str) -> bytes:
        """A device also listens, as it would for commands."""
        return self._CONNECT + f"SUB cmd.{name} 1\r\nPING\r\n".encode()

    def viewer_greeting(self, name: str) -> bytes:
        """Subscribe to the session."""
        return self._CONNECT + f"SUB out.{name} 1\r\nPING\r\n".encode()

    def output(self, name: str, seq: int, payload: bytes) -> bytes:
        """Publish."""
        return f"PUB out.{name} {len(payload)}\r\n".encode() + payload + b"\r\n"

    def health(self, name: str) -> bytes:
        """Publish where nobody listens."""
        return f"PUB health.{name} {HEALTH_BYTES}\r\n".encode() + bytes(HEALTH_BYTES) + b"\r\n"

    def payloads(self, buffer: bytearray) -> Iterator[bytes]:
        """What stands after ``MSG subject sid size``."""
        at = 0
        while (stop := buffer.find(b"\r\n", at)) >= 0:
            line = bytes(buffer[at:stop])
            after = stop + 2
            if line.startswith(b"MSG "):
                size = int(line.rsplit(b" ", 1)[1])
                if len(buffer) < after + size + 2:
                    break
                yield bytes(buffer[after : after + size])
                after += size + 2
            at = after
        del buffer[:at]


DIALECTS: Final[dict[str, Callable[[], Dialect]]] = {
    "hub": HubDialect,
    "whole": WholeHubDialect,
    "raw": RawDialect,
    "nats": NatsDialect,
}
"""The servers that can be measured."""
