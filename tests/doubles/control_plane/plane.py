"""The server: accepts devices at ``/gw/connect``, or refuses them as a test wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.doubles.control_plane.keys import KeyDesk
from tests.doubles.control_plane.link import PATIENCE, DeviceLink

TOKEN = "token-of-the-test"
HAS_KEY = "Hutch-Key"


@dataclass(frozen=True)
class Handshake:
    """What a device asked for when it connected, and what it was answered."""

    path: str
    authorization: str | None
    gateway_id: str | None
    extensions: str | None
    status: int


class ControlPlane:
    """Listens on loopback. Use as an async context manager; ``url`` is what the device is configured with."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.refuse_with: int | None = None
        """Answer the next handshakes with this HTTP status, e.g. 401 or 500."""
        self.redirect_to: str | None = None
        """Answer the next handshakes with a redirect to this address."""
        self.close_at_once: int | None = None
        """Close every connection with this code right after its handshake."""
        self.desk = KeyDesk()
        """For devices with a key of their own."""
        self.handshakes: list[Handshake] = []
        self.links: list[DeviceLink] = []
        self._server: Server | None = None
        self._changed = asyncio.Event()
        self._port = 0

    @property
    def url(self) -> str:
        """Where the control plane is, as a person would write it."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> ControlPlane:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; on the same port again after a stop."""
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self._port,
            process_request=self._admit,
            max_size=8 * 1024 * 1024,
            ping_interval=None,
            compression=None,
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Cut every device off and stop listening."""
        for link in self.links:
            link.drop()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def connected(self, number: int = 1, within: float = PATIENCE) -> DeviceLink:
        """The ``number``-th connection since the start (counting from 1), waiting for it."""
        await self._until(lambda: len(self.links) >= number, f"connection {number}", within)
        return self.links[number - 1]

    async def tried(self, number: int, within: float = PATIENCE) -> Handshake:
        """The ``number``-th handshake, refused or not, waiting for it."""
        await self._until(lambda: len(self.handshakes) >= number, f"handshake {number}", within)
        return self.handshakes[number - 1]

    async def _until(self, done: Callable[[], bool], what: str, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                while not done():
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"no {what} within {within} s; handshakes: {self.handshakes}") from None

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _admit(self, _connection: ServerConnection, request: Request) -> Response | None:
        headers = request.headers
        status = self._verdict(request.path, headers)
        self.handshakes.append(
            Handshake(
                path=request.path,
                authorization=headers.get("Authorization"),
                gateway_id=headers.get("X-Gateway-Id"),
                extensions=headers.get("Sec-WebSocket-Extensions"),
                status=status,
            )
        )
        self._wake()
        if status == 101:
            return None
        return _response(status, [("Location", self.redirect_to)] if self.redirect_to else [])

    def _verdict(self, path: str, headers: Headers) -> int:
        if self.redirect_to is not None:
            return 302
        if self.refuse_with is not None:
            return self.refuse_with
        if path != "/gw/connect":
            return 404
        if headers.get("Authorization") not in (f"Bearer {self.token}", HAS_KEY):
            return 401
        gateway_id = headers.get("X-Gateway-Id", "")
        plain = gateway_id.replace("_", "a").replace("-", "a")
        return 101 if plain.isascii() and plain.isalnum() else 400

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        if self.close_at_once is not None:
            await connection.close(self.close_at_once)
            return
        link = DeviceLink(connection, connection.request.headers["X-Gateway-Id"])
        self.links.append(link)
        self._wake()
        reading = asyncio.create_task(link.read())
        if connection.request.headers["Authorization"] == HAS_KEY:
            admitting = asyncio.create_task(self._admit_by_key(link))
            # A device that goes away while nobody claims it is not waited for.
            reading.add_done_callback(lambda _done: admitting.cancel())
            await asyncio.wait([admitting])
        await reading

    async def _admit_by_key(self, link: DeviceLink) -> None:
        # Where the device goes away, the test sees that it did.
        with suppress(AssertionError, ConnectionClosed, TimeoutError):
            await self.desk.admit(link, f"127.0.0.1:{self._port}")


def _response(status: int, headers: Iterable[tuple[str, str]]) -> Response:
    return Response(status, HTTPStatus(status).phrase, Headers([*headers, ("Content-Length", "0")]), b"")
