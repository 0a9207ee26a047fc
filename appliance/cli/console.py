"""The ``hutch`` command's way to the running daemon: its REST API over a socket that only its owner can open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from appliance.cli.answers import Answer, Nothing, read_answer
from appliance.config import Settings
from appliance.layout import Layout
from protocol.problems import Problem, ProblemCode

_SECONDS = 30


def ask(
    settings: Settings,
    method: str,
    path: str,
    answer: type[Answer],
    body: Mapping[str, JsonValue] | None = None,
    *,
    seconds: float | None = _SECONDS,
) -> Answer:
    """Send one request to the daemon and read its answer within ``seconds``; None for as long as it takes.

    Raises:
        Problem: what the daemon answered, or UNAVAILABLE when it does not run.
    """
    status, content = asyncio.run(_ask(Layout.of(settings).console, method, path, body, seconds))
    return read_answer(status, content, answer, "device")


def fetch(settings: Settings, path: str) -> bytes:
    """The bytes of an answer that is no JSON. Raises :class:`Problem` as :func:`ask` does."""
    status, content = asyncio.run(_ask(Layout.of(settings).console, "GET", path, None, _SECONDS))
    if status >= 400:
        read_answer(status, content, Nothing, "device")
    return content


async def _ask(
    socket: Path, method: str, path: str, body: Mapping[str, JsonValue] | None, seconds: float | None
) -> tuple[int, bytes]:
    # Loaded here: "hutch run" imports this module and asks nobody.
    import aiohttp

    connector = aiohttp.UnixConnector(path=str(socket))
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:
        try:
            async with client.request(method, f"http://localhost{path}", json=body) as response:
                return response.status, await response.read()
        except (aiohttp.ClientConnectionError, TimeoutError, PermissionError):
            raise Problem(
                ProblemCode.UNAVAILABLE,
                f"No device answers at {socket}. Start it with “hutch run”, or give its folder with --data.",
            ) from None
