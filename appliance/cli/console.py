"""The ``hutch`` command's way to the running daemon: its REST API over a socket that only its owner can open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from appliance.cli.answers import Answer, read_answer
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
) -> Answer:
    """Send one request to the daemon and read its answer.

    Raises:
        Problem: what the daemon answered, or UNAVAILABLE when it does not run.
    """
    return asyncio.run(_ask(Layout.of(settings).console, method, path, answer, body=body))


def put_bytes(settings: Settings, path: str, data: bytes, answer: type[Answer]) -> Answer:
    """Send raw bytes to the daemon. Raises as :func:`ask`."""
    return asyncio.run(_ask(Layout.of(settings).console, "PUT", path, answer, data=data))


async def _ask(
    socket: Path,
    method: str,
    path: str,
    answer: type[Answer],
    *,
    body: Mapping[str, JsonValue] | None = None,
    data: bytes | None = None,
) -> Answer:
    # Loaded here: "hutch run" imports this module and asks nobody.
    import aiohttp

    connector = aiohttp.UnixConnector(path=str(socket))
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:
        try:
            async with client.request(method, f"http://localhost{path}", json=body, data=data) as response:
                return read_answer(response.status, await response.read(), answer, "device")
        except (aiohttp.ClientConnectionError, TimeoutError, PermissionError):
            raise Problem(
                ProblemCode.UNAVAILABLE,
                f"No device answers at {socket}. Start it with “hutch run”, or give its folder with --data.",
            ) from None
