"""``/gw/connect``: where devices come in. What can be refused before the upgrade is refused with a status."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress
from typing import Final

from aiohttp import hdrs, web

from hub.ports import DeviceRow, Gatekeeper, Unclaimed
from hub.routing.admission import Admission
from hub.routing.connections import GOING_AWAY, Connections
from hub.routing.socket import LinkSocket
from hub.routing.upgrade import Handed, check, upgrade
from hub.routing.waiting import Gone, Waiting
from protocol.close_codes import CloseCode
from protocol.codec import encode, parse_from_device
from protocol.events import GatewayHello, GatewayProof
from protocol.notices import GatewayUnclaimed
from protocol.problems import Problem, ProblemCode

log = logging.getLogger(__name__)

GATEWAY_ID_HEADER: Final = "X-Gateway-Id"
POLICY_VIOLATION: Final = 1008
ENTER_WITHIN: Final = 15.0
"""Seconds for the first message."""
_GATEWAY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_MAX_TOKEN: Final = 4096


class Door:
    """Lets devices in. ``source_of`` is the address a request comes from, behind whatever proxy is trusted."""

    def __init__(
        self,
        connections: Connections,
        gatekeeper: Gatekeeper,
        admission: Admission,
        source_of: Callable[[web.Request], str],
    ) -> None:
        self._connections = connections
        self._gatekeeper = gatekeeper
        self._admission = admission
        self._source_of = source_of

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """The handler. Raises Problem: INVALID_REQUEST, NOT_LOGGED_IN, RATE_LIMITED, UNAVAILABLE, FORBIDDEN."""
        check(request)
        if self._connections.stopping:
            raise Problem(ProblemCode.UNAVAILABLE, "The hub stops. Connect again in a moment.")
        gateway_id = request.headers.get(GATEWAY_ID_HEADER, "")
        if not _GATEWAY_ID.fullmatch(gateway_id):
            raise Problem(ProblemCode.INVALID_REQUEST, f"The header {GATEWAY_ID_HEADER} names no gateway.")
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        source = self._source_of(request)
        try:
            if scheme.lower() == "hutch-key":
                await self._by_key(request, gateway_id, source)
            elif scheme.lower() == "bearer" and 0 < len(token) <= _MAX_TOKEN:
                await self._by_bearer(request, gateway_id, token.strip(), source)
            else:
                raise _who_are_you()
        except Problem:
            self._connections.stats.refused_connects += 1
            raise
        return Handed()

    async def _by_bearer(self, request: web.Request, gateway_id: str, token: str, source: str) -> None:
        with self._admission.stranger(source):
            device = await self._gatekeeper.bearer(gateway_id, token, source)
            if device is not None:
                self._connections.attach(device, upgrade(request, self._connections.make_socket), source)
                return
            if not self._gatekeeper.bootstraps(gateway_id, source):
                self._admission.failed(source)
                raise _who_are_you()
            socket = upgrade(request, self._connections.make_socket)
            waiting = Waiting(socket)
            async with self._closing(socket, source):
                text = await waiting.first(ENTER_WITHIN)
                hello = _read_hello(text)
                device = await self._gatekeeper.greeted(gateway_id, token, hello, source)
                if device is None:
                    raise _refused("The bootstrap token is not known.")
                if socket.open:
                    self._connections.attach(device, socket, source).text(text)

    async def _by_key(self, request: web.Request, gateway_id: str, source: str) -> None:
        with ExitStack() as stranger:
            stranger.enter_context(self._admission.stranger(source))
            socket = upgrade(request, self._connections.make_socket)
            waiting = Waiting(socket)
            async with self._closing(socket, source):
                found = await self._prove(gateway_id, waiting, socket, source)
                stranger.close()
                device = found if isinstance(found, DeviceRow) else await self._wait_claimed(found, waiting, socket)
                if device is not None and socket.open:
                    self._connections.attach(device, socket, source)
                    socket.send_text(encode(self._gatekeeper.welcome(device)))

    async def _prove(self, gateway_id: str, waiting: Waiting, socket: LinkSocket, source: str) -> DeviceRow | Unclaimed:
        challenge = self._gatekeeper.challenge()
        socket.send_text(encode(challenge))
        proof = parse_from_device(await waiting.first(ENTER_WITHIN))
        if not isinstance(proof, GatewayProof):
            raise _refused("The first message was not gateway.proof.")
        return await self._gatekeeper.prove(gateway_id, challenge, proof, source)

    async def _wait_claimed(self, unclaimed: Unclaimed, waiting: Waiting, socket: LinkSocket) -> DeviceRow | None:
        items = self._gatekeeper.wait_claimed(unclaimed)
        try:
            while True:
                item = await waiting.unless_gone(anext(items, None))
                if not isinstance(item, GatewayUnclaimed):
                    return item
                socket.send_text(encode(item))
        finally:
            await _close(items)

    def _closing(self, socket: LinkSocket, source: str) -> _Closing:
        return _Closing(socket, lambda: self._admission.failed(source))


class _Closing:
    """Turns what goes wrong after the upgrade into a close code and a reason."""

    def __init__(self, socket: LinkSocket, failed: Callable[[], None]) -> None:
        self._socket = socket
        self._failed = failed

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        match error:
            case None:
                return False
            case Gone():
                return True
            case TimeoutError():
                self._socket.close(POLICY_VIOLATION, "nothing was said in time")
                return True
            case Problem():
                code = error.details.get("close")
                many = error.code is ProblemCode.RATE_LIMITED
                self._failed()
                default = CloseCode.TOO_MANY if many else POLICY_VIOLATION
                self._socket.close(code if isinstance(code, int) else default, error.message)
                return True
            case asyncio.CancelledError():
                self._socket.close(GOING_AWAY, "the hub stops")
            case _:
                log.error("a device could not be let in", exc_info=error)
                self._socket.close(1011, "something went wrong in the hub; its log says what")
                return isinstance(error, Exception)
        return False


async def _close(items: AsyncIterator[GatewayUnclaimed | DeviceRow]) -> None:
    aclose = getattr(items, "aclose", None)
    if aclose is not None:
        with suppress(RuntimeError):
            await aclose()


def _read_hello(text: bytes) -> GatewayHello:
    message = parse_from_device(text)
    if not isinstance(message, GatewayHello) or message.bootstrap_token is None:
        raise _refused("The token is not known, and the hello has no bootstrap token.")
    return message


def _who_are_you() -> Problem:
    message = "No gateway of this name has this token. Register the gateway on the hub's page, then use its token."
    return Problem(ProblemCode.NOT_LOGGED_IN, message)


def _refused(sentence: str) -> Problem:
    return Problem(ProblemCode.PROOF_WRONG, sentence, {"close": int(CloseCode.PROOF_WRONG)})
