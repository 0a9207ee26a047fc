"""The way to a hub: its REST API and its terminals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, JsonValue

from appliance.cli.answers import Answer, read_answer
from appliance.cli.fleet.account import Access
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from aiohttp import ClientSession, ClientWebSocketResponse

T = TypeVar("T")
_PAGE: Final = "200"
_SECONDS = 60
_MAX_FRAME = 4 * 1024 * 1024


class Page(BaseModel):
    """One page of a list, and where the next one begins; None on the last."""

    next: str | None = None


AnyPage = TypeVar("AnyPage", bound=Page)


class HubClient:
    """Asks one hub as one person. Made by :func:`connected`."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def ask(
        self,
        method: str,
        path: str,
        answer: type[Answer],
        body: Mapping[str, JsonValue] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and read its answer. Raises :class:`Problem`: the hub's, or UNAVAILABLE."""
        from aiohttp import ClientConnectionError

        try:
            async with self._session.request(method, self._url + path, json=body, params=query) as response:
                return read_answer(response.status, await response.read(), answer, "hub")
        except (ClientConnectionError, TimeoutError):
            raise self._silent() from None

    async def pages(self, path: str, page: type[AnyPage], query: Mapping[str, str]) -> AsyncIterator[AnyPage]:
        """Read a list to its end. Raises :class:`Problem` as :meth:`ask` does."""
        after: dict[str, str] = {}
        while True:
            one = await self.ask("GET", path, page, query={**query, **after, "limit": _PAGE})
            yield one
            if one.next is None:
                return
            after = {"after": one.next}

    @asynccontextmanager
    async def terminal(self, device_id: str, session_id: str) -> AsyncIterator[ClientWebSocketResponse]:
        """The terminal socket of a session."""
        from aiohttp import ClientConnectionError, WSServerHandshakeError

        path = f"/api/devices/{quote(device_id)}/sessions/{quote(session_id)}/terminal"
        try:
            async with self._session.ws_connect(self._url + path, max_msg_size=_MAX_FRAME) as socket:
                yield socket
        except WSServerHandshakeError as error:
            raise Problem(
                ProblemCode.UNAVAILABLE, f"The hub does not show this session (status {error.status}). Is it there?"
            ) from None
        except (ClientConnectionError, TimeoutError):
            raise self._silent() from None

    def _silent(self) -> Problem:
        return Problem(ProblemCode.UNAVAILABLE, f"No hub answers at {self._url}. Check the address and the network.")


@asynccontextmanager
async def connected(access: Access) -> AsyncIterator[HubClient]:
    """A client for as long as the block runs."""
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

    token = access.token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    timeout = ClientTimeout(total=_SECONDS)
    async with ClientSession(headers=headers, timeout=timeout, cookie_jar=DummyCookieJar()) as session:
        yield HubClient(session, access.url)


def with_hub(access: Access, work: Callable[[HubClient], Awaitable[T]]) -> T:
    """Run ``work`` with a client, from a command."""

    async def run() -> T:
        async with connected(access) as hub:
            return await work(hub)

    return asyncio.run(run())
