"""``/devices/{device_id}/…``: a device's own pages, whatever they are made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, hdrs, web
from multidict import CIMultiDict
from yarl import URL

from foundation.web.context import CLIENT
from foundation.web.pages.rendering import theme_of
from hub.ports import Ports
from hub.tunnel.fence import FENCE_HEADERS, policy, redirect_inside
from hub.tunnel.headers import to_browser, to_device
from hub.tunnel.keys import Vouching
from hub.tunnel.sockets import bridge
from hub.tunnel.transport import StreamConnector
from hub.tunnel.visitor import Access
from protocol.problems import Problem, ProblemCode
from protocol.streams.assertion import ASSERTION_HEADER

ANSWER_SECONDS: Final = 60.0
"""How long a device may think before its answer begins, once it has the whole request."""
IDLE_SECONDS: Final = 120.0
"""A request over which nothing moves for so long, in either direction, is given up."""
MAX_BODY: Final = 64 * 1024 * 1024
"""Bytes of one request's body; the device has limits of its own."""
_DEVICE_THEME: Final = "hutch_theme"
"""The one cookie a device gets to see: it looks as the person wants the hub to look."""
_NO_BODY: Final = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the device is to get it."""

    device_id: str
    prefix: str
    browser_url: URL
    """What is in the address bar."""
    url: URL
    headers: CIMultiDict[str]


class DevicePages:
    """Shows the pages of all devices. One request is one stream: nothing of one person's meets another's."""

    def __init__(self, ports: Ports, access: Access, vouching: Vouching, *, idle: float = IDLE_SECONDS) -> None:
        self._ports = ports
        self._access = access
        self._vouching = vouching
        self._idle = idle

    async def root(self, request: web.Request) -> web.StreamResponse:
        """``/devices/ID``: the pages begin below a slash."""
        query = f"?{request.query_string}" if request.query_string else ""
        raise web.HTTPPermanentRedirect(f"/devices/{request.match_info['device_id']}/{query}")

    async def show(self, request: web.Request) -> web.StreamResponse:
        """``/devices/ID/…``, every method, WebSockets too.

        Raises Problem: what :class:`Access` refuses, FORBIDDEN (the device's owner allows no pages, or the request is
        one that a page must not make), DEVICE_OFFLINE, TOO_MANY, TOO_LARGE, TIMEOUT, HUB_REFUSED, UNAVAILABLE.
        """
        _refuse_dangerous(request)
        device_id = request.match_info["device_id"]
        cut = asyncio.timeout(None)
        try:
            async with cut:
                with self._access.watch(request, device_id, lambda: _now(cut)):
                    return await self._pass(self._asked(request, device_id), request)
        except TimeoutError:
            if not cut.expired():
                raise
            # The login is over in the middle of an answer: what it was is not told to its end.
            _abort(request)
            raise Problem(ProblemCode.NOT_LOGGED_IN, "The login has ended. Log in again.") from None

    def _asked(self, request: web.Request, device_id: str) -> Asked:
        client = request[CLIENT]
        visitor = self._access.visitor(request, device_id)
        prefix = f"/devices/{device_id}"
        raw = request.rel_url.raw_path
        if client.host is None or not raw.startswith(f"{prefix}/"):
            raise Problem(ProblemCode.NOT_FOUND, "There is nothing at this address. Check the path.")
        query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
        headers = to_device(request.headers)
        headers[hdrs.HOST] = client.host
        if theme := theme_of(request):
            headers[hdrs.COOKIE] = f"{_DEVICE_THEME}={theme}"
        headers[ASSERTION_HEADER] = self._vouching.for_request(
            visitor, device_id, prefix=prefix, scheme=client.scheme, host=client.host
        )
        return Asked(
            device_id=device_id,
            prefix=prefix,
            browser_url=URL(f"{client.scheme}://{client.host}{raw}{query}", encoded=True),
            url=URL(f"http://device{raw.removeprefix(prefix)}{query}", encoded=True),
            headers=headers,
        )

    async def _pass(self, asked: Asked, request: web.Request) -> web.StreamResponse:
        stream = await self._ports.of(asked.device_id).open_stream()
        connector = StreamConnector(stream, self._idle)
        try:
            async with _session(connector) as session:
                if _is_websocket(request):
                    return await bridge(request, session, asked.url, asked.headers)
                async with _answering(session, request, asked) as upstream:
                    return await _answer(request, upstream, asked)
        except (ClientError, TimeoutError, ConnectionError) as error:
            raise _problem_of(error, connector) from None
        finally:
            await connector.finish()


@asynccontextmanager
async def _session(connector: StreamConnector) -> AsyncIterator[ClientSession]:
    session = ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        timeout=ClientTimeout(total=None, sock_connect=None, sock_read=None),
        skip_auto_headers=(hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.USER_AGENT, hdrs.CONTENT_TYPE),
    )
    async with session:
        yield session


@asynccontextmanager
async def _answering(session: ClientSession, request: web.Request, asked: Asked) -> AsyncIterator[ClientResponse]:
    """The device's answer, once its head is here. The time to think begins when the body is sent."""
    sent = asyncio.Event()
    body = _body(request, sent) if request.can_read_body else None
    if body is None:
        sent.set()
    patience = asyncio.timeout(None)
    answer = session.request(request.method, asked.url, headers=asked.headers, data=body, allow_redirects=False)
    async with patience:
        waiting = asyncio.create_task(_be_patient(sent, patience))
        try:
            upstream = await answer
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        patience.reschedule(None)
    async with upstream:
        yield upstream


async def _be_patient(sent: asyncio.Event, patience: asyncio.Timeout) -> None:
    await sent.wait()
    patience.reschedule(asyncio.get_running_loop().time() + ANSWER_SECONDS)


async def _body(request: web.Request, sent: asyncio.Event) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > MAX_BODY:
            raise ConnectionResetError("the body is too large")
        yield chunk
    sent.set()


async def _answer(request: web.Request, upstream: ClientResponse, asked: Asked) -> web.StreamResponse:
    if upstream.status == 401:
        raise await _not_believed(upstream)
    response = web.StreamResponse(status=upstream.status, headers=to_browser(upstream.headers))
    _put_up_fence(response, asked)
    location = upstream.headers.get(hdrs.LOCATION)
    if location is not None:
        response.headers[hdrs.LOCATION] = redirect_inside(location, asked.browser_url, asked.prefix)
    length = upstream.content_length
    if length is not None and upstream.status not in _NO_BODY:
        response.content_length = length
    await response.prepare(request)
    try:
        if request.method != "HEAD" and upstream.status not in _NO_BODY:
            async for chunk in upstream.content.iter_any():
                await response.write(chunk)
        await response.write_eof()
    except (ClientError, ConnectionError):
        _abort(request)  # half an answer must not look like a whole one
    return response


def _put_up_fence(response: web.StreamResponse, asked: Asked) -> None:
    for name, value in FENCE_HEADERS.items():
        response.headers[name] = value
    url = asked.browser_url
    response.headers.add("Content-Security-Policy", policy(url.scheme, url.raw_authority, asked.prefix))


async def _not_believed(upstream: ClientResponse) -> Problem:
    """The device takes nobody's word but ours here, so a 401 is about us."""
    text = await upstream.content.read(4096)
    if b'"clock_wrong"' in text:
        message = "The clocks of this device and of the hub are too far apart. Set the one that is wrong."
        return Problem(ProblemCode.CLOCK_WRONG, message)
    message = "The device does not take the hub's word for who you are. Restart Hutch on the device, then try again."
    return Problem(ProblemCode.HUB_REFUSED, message)


def _refuse_dangerous(request: web.Request) -> None:
    if request.headers.get("Service-Worker") is not None or request.headers.get("Sec-Fetch-Dest") == "serviceworker":
        raise Problem(ProblemCode.FORBIDDEN, "Pages of a device have no service workers when the hub shows them.")
    if _is_websocket(request) and hdrs.ORIGIN not in request.headers and hdrs.COOKIE in request.headers:
        raise Problem(ProblemCode.ORIGIN_REFUSED, "This request comes from another site's page. Open the hub's page.")
    if request.content_length is not None and request.content_length > MAX_BODY:
        raise Problem(ProblemCode.TOO_LARGE, f"Send at most {MAX_BODY} bytes at once.", {"limit": MAX_BODY})


def _is_websocket(request: web.Request) -> bool:
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def _problem_of(error: Exception, connector: StreamConnector) -> Problem:
    if connector.problem is not None:
        return connector.problem
    if isinstance(error, TimeoutError):
        return Problem(
            ProblemCode.TIMEOUT, "The device did not answer in time. Look whether it is well, then try again."
        )
    return Problem(ProblemCode.UNAVAILABLE, "The device's page broke off. Try again.")


def _now(cut: asyncio.Timeout) -> None:
    if not cut.expired():
        cut.reschedule(asyncio.get_running_loop().time())


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
